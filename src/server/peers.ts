/**
 * Connections to other servers, for one exchange at a time.
 *
 *   connect ─► write all ─► read lines ─► idle ─► write all … ─► close
 *
 * One that is idle is kept for some seconds: keys that move one by one go the same way. If the other
 * side has closed it meanwhile, the exchange begins anew with another. What that side says is
 * believed line by line: it may be anyone.
 */

import { connect, type Socket } from 'node:net';
import { connect as connectTls, type SecureContext } from 'node:tls';
import type { Exchange, Failure, Peer, Peers } from '../instance/peers.ts';

/** Timers of Node know no more. */
const IDLE_MAX = 2 ** 31 - 1;
/** Nobody who speaks our protocol has a line this long. */
const LINE_MAX = 64 * 1024;
/** Milliseconds for which a connection is kept that nothing is asked of. */
const KEPT_MS = 10_000;
const KEPT_MAX = 64;

/** What goes on over a connection. */
interface Asking {
  readonly requests: Uint8Array;
  readonly count: number;
  readonly lines: string[];
  stage: Failure;
  /** Whether it was waited for in vain. */
  isLate: boolean;
  done(isOver: boolean): void;
}

class PeerSocket {
  readonly #socket: Socket;
  #asking: Asking | undefined = undefined;
  #text = '';
  #isOpen = false;
  #isGone = false;
  /** Called when it is closed while nothing goes on. */
  onGone: () => void = () => {};
  #timer: NodeJS.Timeout | undefined = undefined;

  constructor(host: string, port: number, secureContext: SecureContext | undefined) {
    const isPlain = secureContext === undefined;
    const socket = isPlain
      ? connect({ host, port, noDelay: true })
      : connectTls({ host, port, secureContext, checkServerIdentity: anyName });
    this.#socket = socket;
    socket.setEncoding('latin1');
    socket.on('error', (error: NodeJS.ErrnoException) => {
      // Redis does not see a refusal before it writes, which a handshake does.
      if (error.code === 'ECONNREFUSED' && isPlain && this.#asking) this.#asking.stage = 'writing';
      this.#gone();
    });
    socket.on('close', () => this.#gone());
    socket.on('timeout', () => {
      if (this.#asking !== undefined) this.#asking.isLate = true;
      this.destroy();
    });
    socket.on(isPlain ? 'connect' : 'secureConnect', () => {
      this.#isOpen = true;
      this.#write();
    });
    socket.on('data', (more) => this.#read(String(more)));
  }

  /** Whether nothing can be asked any more. */
  get isGone(): boolean {
    return this.#isGone;
  }

  ask(asking: Asking, idleMs: number): void {
    clearTimeout(this.#timer);
    this.#socket.ref();
    this.#socket.setTimeout(Math.min(idleMs, IDLE_MAX));
    this.#asking = asking;
    if (this.#isGone) this.#gone();
    else if (this.#isOpen) this.#write();
  }

  /** Keeps it for a while. It does not keep the process from ending. */
  rest(): void {
    this.#socket.setTimeout(0);
    this.#socket.unref();
    this.#timer = setTimeout(() => this.destroy(), KEPT_MS).unref();
  }

  destroy(): void {
    this.#socket.destroy();
    this.#gone();
  }

  #write(): void {
    const asking = this.#asking;
    if (asking === undefined) return;
    asking.stage = 'writing';
    this.#socket.write(asking.requests, () => {
      asking.stage = 'reading';
    });
  }

  #read(more: string): void {
    const asking = this.#asking;
    // Nobody has asked for that.
    if (asking === undefined) return this.destroy();
    this.#text += more;
    for (let at = this.#text.indexOf('\n'); at >= 0; at = this.#text.indexOf('\n')) {
      asking.lines.push(this.#text.slice(0, at).replace(/\r$/, ''));
      this.#text = this.#text.slice(at + 1);
      if (asking.lines.length < asking.count) continue;
      this.#asking = undefined;
      if (this.#text !== '') this.destroy();
      asking.done(true);
      return;
    }
    if (this.#text.length > LINE_MAX) this.destroy();
  }

  #gone(): void {
    const asking = this.#asking;
    this.#asking = undefined;
    clearTimeout(this.#timer);
    if (!this.#isGone) {
      this.#isGone = true;
      this.#socket.destroy();
      this.onGone();
    }
    asking?.done(false);
  }
}

export class PeerSockets implements Peers {
  readonly #all = new Set<PeerSocket>();
  /** Those that nothing goes on over, by whom they lead to and who asks there. */
  readonly #kept = new Map<string, PeerSocket>();
  readonly #context: () => SecureContext | undefined;

  /** `context`: what to encrypt with, if that is to be. */
  constructor(context: () => SecureContext | undefined) {
    this.#context = context;
  }

  get keptCount(): number {
    return this.#kept.size;
  }

  async ask(
    { host, port, identity }: Peer,
    requests: Uint8Array,
    count: number,
    idleMs: number,
  ): Promise<Exchange> {
    const context = this.#context();
    // What is to be encrypted from now on does not go where it was not.
    const key = `${context === undefined ? 'tcp' : 'tls'} ${host} ${port} ${identity}`;
    const kept = this.#kept.get(key);
    if (kept !== undefined) {
      this.#kept.delete(key);
      const { exchange, isLate } = await this.#exchange(kept, key, requests, count, idleMs);
      const { lines, failure } = exchange;
      // It was closed. Should all have been done before, no key is lost by asking once more.
      if (failure === undefined || lines.length > 0 || isLate) return exchange;
    }
    const socket = new PeerSocket(host, port, context);
    this.#all.add(socket);
    return (await this.#exchange(socket, key, requests, count, idleMs)).exchange;
  }

  #exchange(
    socket: PeerSocket,
    key: string,
    requests: Uint8Array,
    count: number,
    idleMs: number,
  ): Promise<{ readonly exchange: Exchange; readonly isLate: boolean }> {
    return new Promise((resolve) => {
      const lines: string[] = [];
      socket.onGone = () => this.#all.delete(socket);
      const asking: Asking = {
        requests,
        count,
        lines,
        stage: 'connecting',
        isLate: false,
        done: (isOver) => {
          if (isOver) this.#keep(socket, key);
          const exchange = { lines, failure: isOver ? undefined : asking.stage };
          resolve({ exchange, isLate: asking.isLate });
        },
      };
      socket.ask(asking, idleMs);
    });
  }

  #keep(socket: PeerSocket, key: string): void {
    if (socket.isGone) return;
    if (this.#kept.has(key) || this.#kept.size >= KEPT_MAX) return socket.destroy();
    this.#kept.set(key, socket);
    socket.onGone = () => {
      this.#all.delete(socket);
      this.#kept.delete(key);
    };
    socket.rest();
  }

  /** Breaks off every exchange. */
  close(): void {
    for (const socket of this.#all) socket.destroy();
  }
}

/** Redis looks who has signed a certificate, and not which name is in it. */
function anyName(): undefined {
  return undefined;
}
