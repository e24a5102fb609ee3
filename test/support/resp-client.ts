/**
 * A client that hides nothing: it writes the bytes it is given and hands back the bytes it got,
 * beside the tree they parse to.
 *
 * It speaks RESP2 and RESP3, and shares no code with the server: what the server writes is read
 * here by someone else's rules. Text is latin1 throughout, one character per byte.
 */

import { connect, type Socket } from 'node:net';

export interface Address {
  readonly host: string;
  readonly port: number;
}

/** An argument of a request: text with one character per byte, a number, or bytes. */
export type Arg = string | number | Uint8Array;

/** What a reply says. `type` is its first byte; one of `text` and `items` is there, or neither: null. */
export interface Tree {
  readonly type: string;
  readonly text: string | null;
  /** Of arrays, sets and pushes; of maps, key and value in turn. */
  readonly items: readonly Tree[] | null;
}

export interface Answer {
  /** The very bytes, as latin1. */
  readonly raw: string;
  readonly tree: Tree;
}

const TIMEOUT_MS = 10_000;

/** Thrown when a reply does not come: the peer is silent, has hung up, or speaks no RESP. */
export class NoAnswer extends Error {
  override readonly name = 'NoAnswer';
}

export class RespClient {
  readonly #socket: Socket;
  readonly #timeoutMs: number;
  /** Received and not yet read. */
  #received = '';
  #hasEnded = false;
  /** Wakes whoever waits for more bytes, or for the end. */
  #wake: () => void = () => {};
  /** Pushes that arrived while a reply was awaited. */
  readonly pushes: Answer[] = [];

  private constructor(socket: Socket, timeoutMs: number) {
    this.#socket = socket;
    this.#timeoutMs = timeoutMs;
    socket.setNoDelay(true);
    socket.setEncoding('latin1');
    socket.on('data', (text: string) => {
      this.#received += text;
      this.#wake();
    });
    const end = (): void => {
      this.#hasEnded = true;
      this.#wake();
    };
    socket.on('end', end);
    socket.on('close', end);
    // A reset is an end too; 'close' follows.
    socket.on('error', () => {});
  }

  static connect({ host, port }: Address, timeoutMs = TIMEOUT_MS): Promise<RespClient> {
    return new Promise((resolve, reject) => {
      const socket = connect({ host, port });
      socket.once('error', reject);
      socket.once('connect', () => {
        socket.off('error', reject);
        resolve(new RespClient(socket, timeoutMs));
      });
    });
  }

  /** Over a socket that is connected already. */
  static over(socket: Socket, timeoutMs = TIMEOUT_MS): RespClient {
    return new RespClient(socket, timeoutMs);
  }

  /** Sends one request and reads its reply. Pushes on the way go to `pushes`. */
  async call(...argv: Arg[]): Promise<Answer> {
    this.send(...argv);
    return await this.reply();
  }

  /** Sends all requests at once, then reads all replies. */
  async pipeline(requests: readonly (readonly Arg[])[]): Promise<Answer[]> {
    this.write(requests.map(encode).join(''));
    const answers: Answer[] = [];
    for (let i = 0; i < requests.length; i++) answers.push(await this.reply());
    return answers;
  }

  /** Sends one request and reads nothing. */
  send(...argv: Arg[]): void {
    this.write(encode(argv));
  }

  /** Writes bytes as they are. */
  write(raw: string): void {
    this.#socket.write(raw, 'latin1');
  }

  /** The next message that is not a push. */
  async reply(): Promise<Answer> {
    for (;;) {
      const answer = await this.message();
      if (answer.tree.type !== '>') return answer;
      this.pushes.push(answer);
    }
  }

  /** The next message, whatever it is. */
  async message(): Promise<Answer> {
    for (;;) {
      const parsed = parse(this.#received, 0);
      if (parsed !== undefined) {
        const raw = this.#received.slice(0, parsed.end);
        this.#received = this.#received.slice(parsed.end);
        return { raw, tree: parsed.tree };
      }
      if (this.#hasEnded) throw new NoAnswer(`hung up after ${JSON.stringify(this.#received)}`);
      await this.#more();
    }
  }

  /** Everything until the peer hangs up. */
  async rest(): Promise<string> {
    while (!this.#hasEnded) await this.#more();
    const rest = this.#received;
    this.#received = '';
    return rest;
  }

  close(): void {
    this.#socket.destroy();
  }

  #more(): Promise<void> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        const had = JSON.stringify(this.#received.slice(0, 200));
        reject(new NoAnswer(`nothing within ${this.#timeoutMs} ms after ${had}`));
      }, this.#timeoutMs);
      this.#wake = () => {
        clearTimeout(timer);
        this.#wake = () => {};
        resolve();
      };
    });
  }
}

/** A request as an array of bulk strings. */
export function encode(argv: readonly Arg[]): string {
  let raw = `*${argv.length}\r\n`;
  for (const arg of argv) {
    const text = textOf(arg);
    raw += `$${text.length}\r\n${text}\r\n`;
  }
  return raw;
}

export function textOf(arg: Arg): string {
  if (typeof arg === 'number') return String(arg);
  if (typeof arg !== 'string') return Buffer.from(arg).toString('latin1');
  for (let i = 0; i < arg.length; i++) {
    if (arg.charCodeAt(i) > 0xff) throw new Error(`not one byte per character: ${arg}`);
  }
  return arg;
}

export interface Parsed {
  readonly tree: Tree;
  readonly end: number;
}

/** The message that begins at `at`, or undefined when it is not all there. */
export function parse(raw: string, at: number): Parsed | undefined {
  const lineEnd = raw.indexOf('\r\n', at);
  if (lineEnd < 0) return undefined;
  const type = raw[at];
  const line = raw.slice(at + 1, lineEnd);
  const next = lineEnd + 2;
  switch (type) {
    case '+':
    case '-':
    case ':':
    case ',':
    case '(':
    case '#':
      return { tree: { type, text: line, items: null }, end: next };
    case '_':
      return { tree: { type, text: null, items: null }, end: next };
    case '$':
    case '=':
    case '!': {
      const size = countOf(line, raw);
      if (size < 0) return { tree: { type, text: null, items: null }, end: next };
      if (raw.length < next + size + 2) return undefined;
      if (!raw.startsWith('\r\n', next + size)) throw garbled(raw, next + size);
      const text = raw.slice(next, next + size);
      return { tree: { type, text, items: null }, end: next + size + 2 };
    }
    case '*':
    case '~':
    case '>':
    case '%': {
      const count = countOf(line, raw) * (type === '%' ? 2 : 1);
      if (count < 0) return { tree: { type, text: null, items: null }, end: next };
      const items: Tree[] = [];
      let end = next;
      for (let i = 0; i < count; i++) {
        const item = parse(raw, end);
        if (item === undefined) return undefined;
        items.push(item.tree);
        end = item.end;
      }
      return { tree: { type, text: null, items }, end };
    }
    default:
      throw garbled(raw, at);
  }
}

function countOf(line: string, raw: string): number {
  if (!/^(-1|\d+)$/.test(line)) throw garbled(raw, 0);
  return Number(line);
}

function garbled(raw: string, at: number): NoAnswer {
  return new NoAnswer(`not RESP at byte ${at}: ${JSON.stringify(raw.slice(0, 200))}`);
}
