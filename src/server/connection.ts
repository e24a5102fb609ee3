/**
 * A connection: one socket, from bytes to requests to replies to bytes.
 *
 *   socket ─► read window ─► RequestParser ─► execute ─► Reply ─► write windows ─► socket
 *
 * One turn per readable event: every request that has arrived whole is run, then all replies leave
 * in one write. When the kernel takes all of it at once, which is nearly always, the window is free
 * again before the next event and nothing was allocated.
 *
 * A peer that sends and does not read is made to wait: beyond OUTPUT_PAUSE bytes that it has not
 * taken, nothing more of it is read or run until it has.
 */

import type { Socket } from 'node:net';
import type { Client, ClientConnection } from '../instance/clients.ts';
import type { Window } from '../resp/reply.ts';
import { FAILED, READY, type RequestParser } from '../resp/request.ts';

/** Bytes a peer may leave untaken before it has to take some to be served further. */
const OUTPUT_PAUSE = 1024 * 1024;
/** Replies are handed to the socket at this size even while requests are left. */
const FLUSH_SIZE = 64 * 1024;

/** What a connection needs of the server. */
export interface ConnectionHost {
  /** Runs the request in the client's parser. */
  execute(client: Client, parser: RequestParser): void;
  /** Called once before the requests of a turn. */
  beginTurn(): void;
  /** Called when the socket is gone. */
  closed(connection: Connection): void;
  countInput(bytes: number): void;
  countOutput(bytes: number): void;
  /** Answers why a client must be disconnected for what it has queued, or undefined. */
  overLimit(client: Client, connection: Connection): string | undefined;
  log(level: 'debug' | 'warn', message: string): void;
}

export class Connection implements ClientConnection {
  readonly socket: Socket;
  readonly parser: RequestParser;
  readonly #host: ConnectionHost;
  client!: Client;
  #paused = false;
  #closing = false;
  #closed = false;
  /** Runs `drive` at most once at a time: a command may close or flush its own client. */
  #running = false;

  constructor(socket: Socket, parser: RequestParser, host: ConnectionHost) {
    this.socket = socket;
    this.parser = parser;
    this.#host = host;
    socket.on('drain', () => this.#drained());
    socket.on('error', () => {}); // 'close' follows.
    socket.on('end', () => this.#ended());
    socket.on('close', () => {
      this.#closed = true;
      host.closed(this);
    });
  }

  get querySize(): number {
    return this.parser.pendingSize;
  }

  get outputSize(): number {
    return this.socket.writableLength + this.client.reply.size;
  }

  get fd(): number {
    const handle = (this.socket as unknown as { _handle?: { fd?: number } })._handle;
    return handle?.fd ?? -1;
  }

  get isClosed(): boolean {
    return this.#closed;
  }

  /** Bytes [start, end) have been read. They are borrowed: the next read overwrites them. */
  received(bytes: Uint8Array, start: number, end: number): void {
    if (this.#closing || this.#closed) return;
    this.#host.countInput(end - start);
    this.parser.feed(bytes, start, end);
    this.#drive();
  }

  close(): void {
    if (this.#closed) return;
    this.#closing = true;
    this.client.closing = true;
    this.socket.destroy();
  }

  closeAfterReply(): void {
    if (this.#closing) return;
    this.#closing = true;
    this.client.closing = true;
    if (!this.#running) this.#finish();
  }

  /** Sends what has been replied. */
  flush(): void {
    if (this.client.reply.size === 0 || this.#closed) return;
    this.client.reply.take((bytes, start, end, window) => this.#send(bytes, start, end, window));
    const reason = this.#host.overLimit(this.client, this);
    if (reason !== undefined) {
      this.#host.log('warn', reason);
      this.close();
    }
  }

  #send(bytes: Uint8Array, start: number, end: number, window: Window | null): void {
    const { socket } = this;
    this.#host.countOutput(end - start);
    const view = Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start);
    if (window === null) {
      socket.write(view);
      return;
    }
    socket.write(view, () => {
      if (!released) window.release();
      released = true;
    });
    let released = false;
    // Written at once: the kernel has a copy, and the window need not wait for the callback.
    if (socket.writableLength === 0) {
      released = true;
      window.release();
    }
  }

  /** Runs requests until bytes are lacking, the peer must read first, or the client is closing. */
  #drive(): void {
    if (this.#running || this.#paused) return;
    const { parser, client } = this;
    this.#running = true;
    this.#host.beginTurn();
    for (;;) {
      const state = parser.next();
      if (state !== READY) {
        if (state === FAILED) {
          client.reply.error(parser.error);
          this.#closing = true;
        }
        break;
      }
      this.#host.execute(client, parser);
      if (this.#closing) break;
      if (client.reply.size >= FLUSH_SIZE) {
        this.flush();
        if (this.socket.writableLength > OUTPUT_PAUSE) {
          this.#pause();
          break;
        }
      }
    }
    this.#running = false;
    if (this.#closing) this.#finish();
    else this.flush();
    if (!this.#paused && this.socket.writableLength > OUTPUT_PAUSE) this.#pause();
  }

  #finish(): void {
    if (this.#closed) return;
    this.flush();
    this.socket.end();
    // A peer that never closes its side is not waited for once it has taken everything.
    this.socket.destroySoon();
  }

  #pause(): void {
    this.#paused = true;
    this.parser.retain();
    this.socket.pause();
  }

  #drained(): void {
    if (!this.#paused) return;
    this.#paused = false;
    this.socket.resume();
    this.#drive();
  }

  #ended(): void {
    // The peer sends no more: what it asked for is still answered.
    if (!this.#closed) this.socket.end();
  }
}
