/**
 * The reply writer of one client: RESP2 and RESP3 types → bytes.
 *
 *   window        [ +OK CR LF $3 CR LF f o o CR LF ……free…… ]
 *                   base                            at      limit
 *   chunks        windows filled before this one, oldest first
 *
 * Replies of a turn are gathered and handed over by take(). Bytes are written into a window lent by
 * the server; it lies in the arena of a zone, so that copying a value out of the zone makes no view
 * (see zone/arena.ts). When it is full another is borrowed.
 *
 * The length of an array may be unknown when it begins. deferArray() then ends the current chunk
 * and leaves a gap, which endDefer() fills with the header.
 */

import { copyBytes } from '../std/bytes.ts';
import { doubleText } from '../std/double.ts';
import { digitCount, INT64_DIGITS_MAX, writeInt64, writeInteger } from '../std/int64.ts';

/** A stretch of memory to write replies into. */
export interface Window {
  readonly bytes: Uint8Array;
  readonly base: number;
  readonly limit: number;
  /** Gives it back: what was in it has been sent. */
  release(): void;
}

export interface WindowPool {
  acquire(): Window;
}

/** Windows in ordinary memory, for replies that go to no socket. */
export function heapWindows(size = 1024): WindowPool {
  return {
    acquire() {
      const bytes = new Uint8Array(size);
      return { bytes, base: 0, limit: size, release() {} };
    },
  };
}

/** Receives bytes[start, end). With a window, it must be released when they have been used. */
export type TakeReply = (
  bytes: Uint8Array,
  start: number,
  end: number,
  window: Window | null,
) => void;

interface Chunk {
  bytes: Uint8Array;
  start: number;
  end: number;
  window: Window | null;
}

const EMPTY = new Uint8Array(0);
const CR = 0x0d;
const LF = 0x0a;
/** Any header: a type byte, a 64-bit integer, CR LF. */
const HEADER_SIZE_MAX = 1 + INT64_DIGITS_MAX + 2;

const T_SIMPLE = 0x2b;
const T_ERROR = 0x2d;
const T_INTEGER = 0x3a;
const T_BULK = 0x24;
const T_ARRAY = 0x2a;
const T_NULL = 0x5f;
const T_BOOLEAN = 0x23;
const T_DOUBLE = 0x2c;
const T_BIG_NUMBER = 0x28;
const T_VERBATIM = 0x3d;
const T_MAP = 0x25;
const T_SET = 0x7e;
const T_PUSH = 0x3e;

export class Reply {
  /** Whether the client speaks RESP3. */
  resp3 = false;
  readonly #pool: WindowPool;
  #window: Window | null = null;
  #bytes: Uint8Array = EMPTY;
  #base = 0;
  #at = 0;
  #limit = 0;
  #chunks: Chunk[] = [];
  #chunksSize = 0;

  constructor(pool: WindowPool) {
    this.#pool = pool;
  }

  /** Bytes written and not taken. */
  get size(): number {
    return this.#chunksSize + this.#at - this.#base;
  }

  // ── Types ─────────────────────────────────────────────────────────────────────────────────────

  ok(): void {
    const at = this.#room(5);
    const bytes = this.#bytes;
    bytes[at] = T_SIMPLE;
    bytes[at + 1] = 0x4f;
    bytes[at + 2] = 0x4b;
    bytes[at + 3] = CR;
    bytes[at + 4] = LF;
    this.#at = at + 5;
  }

  simple(text: string): void {
    this.#line(T_SIMPLE, text);
  }

  /** An error; `text` begins with its code. Line ends in it become spaces, as they would end it. */
  error(text: string): void {
    this.#line(T_ERROR, text.replace(/[\r\n]/g, ' '));
  }

  integer(n: number): void {
    const at = this.#room(HEADER_SIZE_MAX);
    this.#at = this.#writeHeader(at, T_INTEGER, n);
  }

  integer64(n: bigint): void {
    let at = this.#room(HEADER_SIZE_MAX);
    const bytes = this.#bytes;
    bytes[at] = T_INTEGER;
    at = writeInt64(bytes, at + 1, n);
    bytes[at] = CR;
    bytes[at + 1] = LF;
    this.#at = at + 2;
  }

  boolean(value: boolean): void {
    if (this.resp3) this.#line(T_BOOLEAN, value ? 't' : 'f');
    else this.integer(value ? 1 : 0);
  }

  null(): void {
    if (this.resp3) this.#line(T_NULL, '');
    else this.#line(T_BULK, '-1');
  }

  /** No array, where RESP2 tells that from no string. */
  nullArray(): void {
    if (this.resp3) this.#line(T_NULL, '');
    else this.#line(T_ARRAY, '-1');
  }

  bulk(source: Uint8Array, start = 0, end = source.length): void {
    const size = end - start;
    let at = this.#room(HEADER_SIZE_MAX);
    at = this.#writeHeader(at, T_BULK, size);
    if (at + size + 2 > this.#limit) {
      this.#at = at;
      this.append(source, start, end);
      this.bulkEnd();
      return;
    }
    const bytes = this.#bytes;
    copyBytes(bytes, at, source, start, end);
    at += size;
    bytes[at] = CR;
    bytes[at + 1] = LF;
    this.#at = at + 2;
  }

  bulkText(text: string): void {
    const at = this.#room(HEADER_SIZE_MAX);
    this.#at = this.#writeHeader(at, T_BULK, text.length);
    this.#text(text);
    this.bulkEnd();
  }

  /** An integer as a bulk string. */
  bulkInteger(n: number): void {
    let at = this.#room(HEADER_SIZE_MAX * 2);
    at = this.#writeHeader(at, T_BULK, digitCount(n));
    at = writeInteger(this.#bytes, at, n);
    this.#bytes[at] = CR;
    this.#bytes[at + 1] = LF;
    this.#at = at + 2;
  }

  /** Begins a bulk of `size` bytes, which follow by append(), then bulkEnd(). */
  bulkHeader(size: number): void {
    const at = this.#room(HEADER_SIZE_MAX);
    this.#at = this.#writeHeader(at, T_BULK, size);
  }

  append(source: Uint8Array, start: number, end: number): void {
    let from = start;
    while (from < end) {
      if (this.#at === this.#limit) this.#nextWindow(end - from);
      const run = Math.min(end - from, this.#limit - this.#at);
      copyBytes(this.#bytes, this.#at, source, from, from + run);
      this.#at += run;
      from += run;
    }
  }

  bulkEnd(): void {
    const at = this.#room(2);
    this.#bytes[at] = CR;
    this.#bytes[at + 1] = LF;
    this.#at = at + 2;
  }

  array(count: number): void {
    const at = this.#room(HEADER_SIZE_MAX);
    this.#at = this.#writeHeader(at, T_ARRAY, count);
  }

  /** `count` pairs follow. */
  map(count: number): void {
    const at = this.#room(HEADER_SIZE_MAX);
    this.#at = this.resp3
      ? this.#writeHeader(at, T_MAP, count)
      : this.#writeHeader(at, T_ARRAY, count * 2);
  }

  set(count: number): void {
    const at = this.#room(HEADER_SIZE_MAX);
    this.#at = this.#writeHeader(at, this.resp3 ? T_SET : T_ARRAY, count);
  }

  push(count: number): void {
    const at = this.#room(HEADER_SIZE_MAX);
    this.#at = this.#writeHeader(at, this.resp3 ? T_PUSH : T_ARRAY, count);
  }

  double(value: number): void {
    const text = doubleText(value);
    if (this.resp3) this.#line(T_DOUBLE, text);
    else this.bulkText(text);
  }

  bigNumber(text: string): void {
    if (this.resp3) this.#line(T_BIG_NUMBER, text);
    else this.bulkText(text);
  }

  /** Text for people; `format` is three letters ('txt'). RESP2 has only the text. */
  verbatim(format: string, text: string): void {
    if (!this.resp3) return this.bulkText(text);
    const at = this.#room(HEADER_SIZE_MAX);
    this.#at = this.#writeHeader(at, T_VERBATIM, text.length + 4);
    this.#text(`${format}:`);
    this.#text(text);
    this.bulkEnd();
  }

  // ── Lengths known later ───────────────────────────────────────────────────────────────────────

  /** Begins an array whose length endDefer() tells. Answers what to give it. */
  deferArray(): number {
    return this.#gap();
  }

  deferMap(): number {
    return this.#gap();
  }

  deferSet(): number {
    return this.#gap();
  }

  endDefer(token: number, count: number): void {
    this.#fillGap(token, T_ARRAY, count);
  }

  endDeferMap(token: number, count: number): void {
    if (this.resp3) this.#fillGap(token, T_MAP, count);
    else this.#fillGap(token, T_ARRAY, count * 2);
  }

  endDeferSet(token: number, count: number): void {
    this.#fillGap(token, this.resp3 ? T_SET : T_ARRAY, count);
  }

  #gap(): number {
    this.#seal();
    this.#chunks.push({ bytes: EMPTY, start: 0, end: 0, window: null });
    return this.#chunks.length - 1;
  }

  #fillGap(token: number, type: number, count: number): void {
    const bytes = new Uint8Array(HEADER_SIZE_MAX);
    bytes[0] = type;
    const at = writeInteger(bytes, 1, count);
    bytes[at] = CR;
    bytes[at + 1] = LF;
    const chunk = this.#chunks[token];
    chunk.bytes = bytes;
    chunk.end = at + 2;
    this.#chunksSize += chunk.end;
  }

  // ── Taking back and handing over ──────────────────────────────────────────────────────────────

  /** The place reached, for rewind(). */
  mark(): number {
    return this.size;
  }

  /** Forgets what has been written since a mark. */
  rewind(mark: number): void {
    while (this.#chunksSize > mark) {
      // The mark lies in a chunk that is full: that chunk becomes the open one again.
      const chunk = this.#chunks.pop() as Chunk;
      this.#window?.release();
      this.#chunksSize -= chunk.end - chunk.start;
      this.#window = chunk.window;
      this.#bytes = chunk.bytes;
      this.#base = chunk.start;
      this.#at = chunk.end;
      this.#limit = chunk.window === null ? chunk.end : chunk.window.limit;
    }
    this.#at = this.#base + mark - this.#chunksSize;
  }

  /** Hands over all that was written, in order, and empties. */
  take(consume: TakeReply): void {
    if (this.#chunks.length > 0) {
      const chunks = this.#chunks;
      this.#chunks = [];
      this.#chunksSize = 0;
      for (const chunk of chunks) consume(chunk.bytes, chunk.start, chunk.end, chunk.window);
    }
    const window = this.#window;
    if (window === null) return;
    const start = this.#base;
    const end = this.#at;
    this.#window = null;
    this.#bytes = EMPTY;
    this.#base = this.#at = this.#limit = 0;
    if (end > start) consume(this.#bytesOf(window), start, end, window);
    else window.release();
  }

  #bytesOf(window: Window): Uint8Array {
    return window.bytes;
  }

  // ── Writing ───────────────────────────────────────────────────────────────────────────────────

  /** Where `size` bytes can be written in one piece. */
  #room(size: number): number {
    if (this.#at + size > this.#limit) this.#nextWindow(size);
    return this.#at;
  }

  #nextWindow(wanted: number): void {
    this.#seal();
    let window = this.#pool.acquire();
    if (window.limit - window.base < Math.min(wanted, HEADER_SIZE_MAX * 2)) {
      const bytes = new Uint8Array(wanted);
      window.release();
      window = { bytes, base: 0, limit: wanted, release() {} };
    }
    this.#window = window;
    this.#bytes = window.bytes;
    this.#base = this.#at = window.base;
    this.#limit = window.limit;
  }

  /** Puts the open window among the full ones. */
  #seal(): void {
    if (this.#window === null) return;
    if (this.#at > this.#base) {
      const { bytes, window } = { bytes: this.#bytes, window: this.#window };
      this.#chunks.push({ bytes, start: this.#base, end: this.#at, window });
      this.#chunksSize += this.#at - this.#base;
    } else {
      this.#window.release();
    }
    this.#window = null;
    this.#bytes = EMPTY;
    this.#base = this.#at = this.#limit = 0;
  }

  #writeHeader(at: number, type: number, n: number): number {
    const bytes = this.#bytes;
    bytes[at] = type;
    let next: number;
    if (n >= 0 && n < 10) {
      bytes[at + 1] = 0x30 + n;
      next = at + 2;
    } else {
      next = writeInteger(bytes, at + 1, n);
    }
    bytes[next] = CR;
    bytes[next + 1] = LF;
    return next + 2;
  }

  #line(type: number, text: string): void {
    const size = text.length + 3;
    if (size > 1024) {
      // Longer than some windows: in pieces.
      const at = this.#room(1);
      this.#bytes[at] = type;
      this.#at = at + 1;
      this.#text(text);
      this.bulkEnd();
      return;
    }
    let at = this.#room(size);
    const bytes = this.#bytes;
    bytes[at++] = type;
    for (let i = 0; i < text.length; i++) bytes[at++] = text.charCodeAt(i);
    bytes[at] = CR;
    bytes[at + 1] = LF;
    this.#at = at + 2;
  }

  #text(text: string): void {
    for (let i = 0; i < text.length; ) {
      if (this.#at === this.#limit) this.#nextWindow(text.length - i);
      const run = Math.min(text.length - i, this.#limit - this.#at);
      const bytes = this.#bytes;
      for (let k = 0; k < run; k++) bytes[this.#at + k] = text.charCodeAt(i + k);
      this.#at += run;
      i += run;
    }
  }
}

/** Everything a reply holds, in one piece; the reply is empty afterwards. */
export function collect(reply: Reply): Uint8Array {
  const all = new Uint8Array(reply.size);
  let at = 0;
  reply.take((bytes, start, end, window) => {
    all.set(bytes.subarray(start, end), at);
    at += end - start;
    window?.release();
  });
  return all;
}
