/**
 * A connection: one socket, from bytes to requests to replies to bytes.
 *
 *   socket ─► read window ─► RequestParser ─► execute ─► Reply ─► write windows ─► socket
 *
 * One turn per readable event: every request that has arrived whole is run. When all sockets that
 * were readable have had their turn, their replies leave, one write each: peers are woken together
 * and answer together, which made -P 16 1.1 times as fast as writing at the end of each turn. When
 * the kernel takes all of it at once, which is nearly always, the window is free again before the
 * next event and nothing was allocated.
 *
 * A peer may send all its requests before it reads the first reply, so replies that it has not taken
 * are kept, as in Redis; client-output-buffer-limit and maxmemory-clients say when that is too much.
 * Without either a peer is made to wait beyond client-output-pause: nothing more of it is read or run
 * until it has taken some.
 */

import { writeSync } from 'node:fs';
import type { Socket } from 'node:net';
import type { Call } from '../dispatch/call.ts';
import { type Client, type ClientConnection, REPLY_ON } from '../instance/clients.ts';
import type { Argv } from '../resp/argv.ts';
import { SHARED, type Window } from '../resp/reply.ts';
import { FAILED, READY, type RequestParser } from '../resp/request.ts';

/**
 * Replies are handed to the socket at this size even while requests are left. A window has room for
 * them and the next of 16 KiB, so they leave in one write: GET of such values at -P 16 takes 3.4 us
 * of CPU, and 5.7 at 64 KiB with windows of as much, which end in the middle of one.
 */
const FLUSH_SIZE = 112 * 1024;
/** Replies that leave together are too much for some client at this size, or never. */
const CHECK_SIZE = 64 * 1024;

/** What a peer behind TLS has time to take of what it was replied, and of the end of it. */
const FAREWELL_SIZE = 16 * 1024;
const FAREWELL_MS = 1000;

/** What a connection needs of the server. */
export interface ConnectionHost {
  /** Called before the requests of a client's turn, and after. */
  beginTurn(client: Client): void;
  endTurn(client: Client): void;
  /** Replies are about to leave: what they speak of must be kept by now. */
  beforeReply(): void;
  /** Has a connection flushed when every socket that was readable has had its turn. */
  flushLater(connection: Connection): void;
  /** Runs the request of a call, or answers false: it has to wait until resume(). */
  execute(call: Call): boolean;
  /** A request was run, is still there, and is the last; or replies are large by now. */
  settle(call: Call, isLarge: boolean): void;
  /** Called when nothing can be sent to the peer any more. */
  closed(connection: Connection): void;
  countInput(size: number): void;
  countOutput(size: number): void;
  /** Whether a client has to take some of `size` bytes of replies before more of it is read. */
  pausesAt(size: number, client: Client): boolean;
  /** Whether replies stay here until the turn ends, since it may come to their being too much. */
  holdsBack(client: Client): boolean;
  /** Closes the client if what it has queued or sent unfinished is beyond its limits. */
  checkLimits(connection: Connection): void;
}

export class Connection implements ClientConnection {
  readonly socket: Socket;
  readonly parser: RequestParser;
  readonly #host: ConnectionHost;
  /** The call that every request of this client becomes. */
  call!: Call;
  /** Whether it is among those that have replies to send. */
  isUnsent = false;
  /** The request that waits, and holds up all behind it. */
  #held: Argv | undefined;
  #paused = false;
  #closing = false;
  #closed = false;
  /** A command may flush or close its own client: requests are run by one loop at a time. */
  #running = false;
  readonly #isEncrypted: boolean;
  /** Where writeSync() may write; -1 where the system has no such thing, or bytes go encrypted. */
  readonly #fd: number;

  constructor(socket: Socket, parser: RequestParser, host: ConnectionHost) {
    this.socket = socket;
    this.parser = parser;
    this.#host = host;
    this.#isEncrypted = 'encrypted' in socket;
    this.#fd = this.#isEncrypted ? -1 : this.fd;
    socket.on('drain', () => this.#drained());
    // The socket ends when its peer has: what was replied to its last words goes first.
    socket.prependListener('end', () => this.flush());
    socket.on('error', () => {}); // 'close' follows.
    socket.on('close', () => {
      this.#leave();
      // The system has let go of what it was given.
      this.#releaseLent();
      this.client.reply.rewind(0);
    });
  }

  get client(): Client {
    return this.call.client;
  }

  get querySize(): number {
    return this.parser.pendingSize;
  }

  get unparsedSize(): number {
    return this.parser.unparsedSize;
  }

  get queryBufferSize(): number {
    return this.parser.bufferSize;
  }

  get outputSize(): number {
    return this.socket.writableLength + this.client.reply.size;
  }

  get fd(): number {
    const handle = (this.socket as unknown as { _handle?: { fd?: number } })._handle;
    return handle?.fd ?? -1;
  }

  /** Bytes [start, end) have been read. They are borrowed: the next read overwrites them. */
  received(bytes: Uint8Array, start: number, end: number): void {
    if (this.#closing || this.#closed) return;
    this.#host.countInput(end - start);
    this.parser.feed(bytes, start, end);
    if (this.#held === undefined && !this.#paused) this.#drive();
    else {
      if (this.client.debugger !== undefined) this.#debug();
      this.parser.retain();
    }
    if (this.parser.bufferSize > 0) this.#host.checkLimits(this);
  }

  /** What was sent while a script is debugged are commands of the debugger. */
  #debug(): void {
    const { parser, client } = this;
    while (client.debugger !== undefined && !this.#closing) {
      const state = parser.next();
      if (state === FAILED) this.close();
      if (state !== READY) return;
      client.debugger.command(parser.argv);
    }
  }

  close(): void {
    if (this.#closed) return;
    this.#leave();
    const { socket } = this;
    if (!this.#isEncrypted || socket.writableLength > FAREWELL_SIZE) return void socket.destroy();
    // Behind TLS an end that is not announced is taken for an attack.
    socket.setTimeout(FAREWELL_MS, () => socket.destroy());
    socket.end();
    socket.destroySoon();
  }

  /** The client is gone as of now, whatever the socket still has to do. */
  #leave(): void {
    if (this.#closed) return;
    this.#closing = true;
    this.#closed = true;
    this.client.closing = true;
    this.#host.closed(this);
  }

  flushSoon(): void {
    if (!this.#closed) this.#host.flushLater(this);
  }

  resume(): void {
    // Whoever ends the wait is in the middle of a turn of its own.
    setImmediate(() => {
      if (!this.#closing && this.#held !== undefined) this.#drive();
    });
  }

  retry(): void {
    if (this.#closing || this.#held === undefined) return;
    const ran = this.#runHeld();
    if (this.client.reply.size > 0) this.#host.flushLater(this);
    if (ran) this.#goOn();
  }

  release(): void {
    this.#held = undefined;
    if (this.client.reply.size > 0) this.#host.flushLater(this);
    this.#goOn();
  }

  checkLimits(): void {
    this.#host.checkLimits(this);
  }

  /** Runs what was sent behind a request that has waited, when who ended the wait is done. */
  #goOn(): void {
    setImmediate(() => {
      if (!this.#closing && this.#held === undefined) this.#drive();
    });
  }

  closeAfterReply(): void {
    if (this.#closing) return;
    this.#closing = true;
    this.client.closing = true;
    if (!this.#running) this.#finish();
  }

  /** Sends what has been replied. */
  flush(): void {
    const { reply } = this.client;
    this.isUnsent = false;
    if (this.#closed || reply.size === 0) return;
    this.#host.beforeReply();
    if (this.#closed) return;
    // What the kernel would take at once is too much, too.
    if (reply.size >= CHECK_SIZE) {
      this.#host.checkLimits(this);
      if (this.#closed) return;
    }
    reply.take(this.#send);
    if (this.socket.writableLength === 0) return;
    this.#host.checkLimits(this);
    if (this.#paused || this.#closing) return;
    if (!this.#host.pausesAt(this.socket.writableLength, this.client)) return;
    this.#paused = true;
    this.socket.pause();
  }

  /** A field, so that flushing makes no function. */
  readonly #send = (bytes: Uint8Array, start: number, end: number, window: Window): void => {
    const { socket } = this;
    this.#host.countOutput(end - start);
    const taken = this.#sendAtOnce(bytes, start, end);
    if (taken === end - start) {
      window.release();
      return;
    }
    const rest = Buffer.from(bytes.buffer, bytes.byteOffset + start + taken, end - start - taken);
    socket.write(window === SHARED ? Buffer.from(rest) : rest, this.#written);
    // Taken at once: the kernel has a copy. Otherwise the window is the socket's until it has.
    const isTaken = socket.writableLength === 0;
    if (isTaken) window.release();
    this.#lent.push(isTaken ? null : window);
  };

  /**
   * Hands bytes to the kernel without the socket's help, as far as it takes them now, and answers
   * how many it took: 1 us less for each reply of its own than by way of the stream. Only while the
   * socket has nothing queued, or bytes would overtake others.
   */
  #sendAtOnce(bytes: Uint8Array, start: number, end: number): number {
    const { socket } = this;
    if (this.#fd < 0 || socket.writableLength > 0 || socket.destroyed) return 0;
    try {
      return writeSync(this.#fd, bytes, start, end - start);
    } catch {
      return 0; // Not now, or never again: the socket finds out.
    }
  }

  /** For each write that has not been reported done: the window the socket may still read. */
  readonly #lent: (Window | null)[] = [];

  /** The oldest write is done. */
  readonly #written = (): void => {
    this.#lent.shift()?.release();
    if (this.socket.writableLength > 0) return;
    if (this.#closing) this.#leave();
    // No 'drain' tells of little.
    else if (this.#paused) this.#drained();
  };

  /** Runs requests until bytes are lacking, the peer must read first, or the client is closing. */
  #drive(): void {
    if (this.#running || this.#paused) return;
    const { parser, call } = this;
    const { reply } = call;
    const { ahead } = call.keyspace;
    this.#running = true;
    this.#host.beginTurn(call.client);
    if (this.#held !== undefined && !this.#runHeld()) {
      this.#running = false;
      this.#host.endTurn(call.client);
      return;
    }
    while (!this.#closing) {
      ahead.advance(parser, call.db);
      const state = parser.next();
      if (state !== READY) {
        if (state === FAILED) {
          if (call.client.replyMode === REPLY_ON) reply.error(parser.error);
          this.#closing = true;
        }
        break;
      }
      if (!this.#host.execute(call)) {
        this.#held = this.#takeRequest().clone();
        parser.retain();
        break;
      }
      const isLarge = reply.size >= FLUSH_SIZE;
      if (isLarge || parser.pendingSize === 0) this.#host.settle(call, isLarge);
      if (this.#closing) break;
      if (isLarge && this.#host.holdsBack(call.client)) {
        this.#host.checkLimits(this);
      } else if (isLarge) {
        this.flush();
        if (this.#paused) {
          parser.retain();
          break;
        }
      }
    }
    ahead.end();
    this.#running = false;
    this.#host.endTurn(call.client);
    if (this.#closing) this.#finish();
    else if (reply.size > 0) this.#host.flushLater(this);
  }

  /** Runs the request that waited. Answers false when it has to wait again. */
  #runHeld(): boolean {
    const { call } = this;
    const held = this.#held as Argv;
    this.#held = undefined;
    call.argv = held;
    call.args.argv = held;
    const ran = this.#host.execute(call);
    if (ran) this.#host.settle(call, call.reply.size >= FLUSH_SIZE);
    const request = this.#takeRequest();
    if (!ran) this.#held = request;
    return ran;
  }

  /** The request that was run: a command that waits may have put another in its place. */
  #takeRequest(): Argv {
    const { call, parser } = this;
    const { argv } = call;
    call.argv = parser.argv;
    call.args.argv = parser.argv;
    return argv;
  }

  #finish(): void {
    if (this.#closed) return;
    this.flush();
    this.socket.end();
    this.socket.destroySoon();
    // Who has read the last reply finds the client gone.
    if (this.socket.writableLength === 0) this.#leave();
  }

  #drained(): void {
    if (!this.#paused) return;
    this.#paused = false;
    this.socket.resume();
    this.#drive();
  }

  #releaseLent(): void {
    for (const window of this.#lent) window?.release();
    this.#lent.length = 0;
  }
}
