/**
 * The reply writer of one client: RESP2 and RESP3 types → bytes.
 *
 *   chunks   [ full ] [ full ]              oldest first
 *   open                      [ +OK CR LF $3 CR LF f o o CR LF ……free…… ]
 *                             base                             at       limit
 *
 * Replies of a turn are gathered and handed over by take(). They are written into windows lent by a
 * pool; the server's lie in the arena of a zone, so that copying a value out of the zone is one
 * move inside one buffer and makes no view. What is too big for one is lent one of its own size.
 *
 * The length of an array may be unknown when it begins. deferArray() leaves a gap as wide as any
 * header; endDefer() writes the header into it and moves up what has been written behind it in the
 * same chunk. So a reply stays in one piece, and one write to the socket, however many of its
 * arrays were deferred. Chunks behind that one are not touched.
 *
 * A message to many is written once, by who sends it; what each of them holds is where it stands,
 * until something else is written behind it:
 *
 *   shared    [ message ][ message ] }      no chunk, none open
 *
 * Byte for byte this is what addReply* in Redis's networking.c write.
 */

import { writeLatin1 } from '../std/ascii.ts';
import { assert } from '../std/assert.ts';
import { copyBytes } from '../std/bytes.ts';
import { DOUBLE_TEXT_SIZE_MAX, writeDouble } from '../std/double.ts';
import { digitCount, INT64_DIGITS_MAX, writeInt64, writeInteger } from '../std/int64.ts';

/** A stretch of memory to write replies into: bytes[base, limit). */
export interface Window {
  readonly bytes: Uint8Array;
  readonly base: number;
  readonly limit: number;
  /** Gives it back: what was in it has been sent. */
  release(): void;
}

export interface WindowPool {
  /** A window of at least `size` bytes. */
  acquire(size: number): Window;
}

/** Windows in ordinary memory, for replies that go to no socket. Released ones are lent again. */
export function heapWindows(size = 1024): WindowPool {
  const free: Window[] = [];
  return {
    acquire(wanted) {
      if (wanted > size) {
        return { bytes: new Uint8Array(wanted), base: 0, limit: wanted, release() {} };
      }
      const lent = free.pop();
      if (lent !== undefined) return lent;
      const window: Window = {
        bytes: new Uint8Array(size),
        base: 0,
        limit: size,
        release: () => free.push(window),
      };
      return window;
    },
  };
}

/** In place of a window: bytes that others are sent, too. Who can't use them at once copies them. */
export const SHARED: Window = { bytes: new Uint8Array(0), base: 0, limit: 0, release() {} };

/** Receives bytes[start, end) and the window they lie in, to be released when they have been used. */
export type TakeReply = (bytes: Uint8Array, start: number, end: number, window: Window) => void;

interface Chunk {
  readonly bytes: Uint8Array;
  readonly start: number;
  end: number;
  readonly limit: number;
  readonly window: Window;
}

const EMPTY = new Uint8Array(0);
const CR = 0x0d;
const LF = 0x0a;
const SPACE = 0x20;
const ZERO = 0x30;

const SIMPLE = 0x2b;
const ERROR = 0x2d;
const INTEGER = 0x3a;
const BULK = 0x24;
export const ARRAY = 0x2a;
const NULL = 0x5f;
const BOOLEAN = 0x23;
const DOUBLE = 0x2c;
const BIG_NUMBER = 0x28;
const VERBATIM = 0x3d;
const MAP = 0x25;
const SET = 0x7e;
export const PUSH = 0x3e;

/** A type, any 64-bit integer, CR LF. */
const HEADER_SIZE_MAX = 1 + INT64_DIGITS_MAX + 2;
/** The same for the count of an array that fits in memory. */
const GAP_SIZE = 16;
/** 'txt:' */
const FORMAT_SIZE = 4;

export class Reply {
  /** Whether the client speaks RESP3. */
  resp3 = false;
  readonly #pool: WindowPool;
  // The open chunk. Without one all three positions are 0, so there is no room in it either.
  #window: Window | null = null;
  #bytes: Uint8Array = EMPTY;
  #base = 0;
  #at = 0;
  #limit = 0;
  #chunks: Chunk[] = [];
  /** Bytes in full chunks; or those that are shared. */
  #chunksSize = 0;
  #shared: Uint8Array = EMPTY;
  #sharedStart = 0;
  #sharedEnd = 0;
  /** Where the gaps begin that endDefer() has yet to fill, innermost last. */
  readonly #gaps: number[] = [];

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
    bytes[at] = SIMPLE;
    bytes[at + 1] = 0x4f;
    bytes[at + 2] = 0x4b;
    bytes[at + 3] = CR;
    bytes[at + 4] = LF;
    this.#at = at + 5;
  }

  /** That a request is queued. */
  queued(): void {
    const at = this.#room(9);
    const bytes = this.#bytes;
    bytes[at] = SIMPLE;
    bytes[at + 1] = 0x51;
    bytes[at + 2] = 0x55;
    bytes[at + 3] = 0x45;
    bytes[at + 4] = 0x55;
    bytes[at + 5] = 0x45;
    bytes[at + 6] = 0x44;
    bytes[at + 7] = CR;
    bytes[at + 8] = LF;
    this.#at = at + 9;
  }

  /** A status in one line. */
  simple(text: string): void {
    this.#line(SIMPLE, text);
  }

  /** An error; `text` begins with its code. Line ends in it become spaces: they would end it. */
  error(text: string): void {
    const at = this.#room(text.length + 3);
    const bytes = this.#bytes;
    bytes[at] = ERROR;
    const end = writeLatin1(bytes, at + 1, text);
    for (let i = at + 1; i < end; i++) {
      if (bytes[i] === CR || bytes[i] === LF) bytes[i] = SPACE;
    }
    this.#endLine(end);
  }

  integer(n: number): void {
    this.#header(INTEGER, n);
  }

  integer64(n: bigint): void {
    const at = this.#room(HEADER_SIZE_MAX);
    this.#bytes[at] = INTEGER;
    this.#endLine(writeInt64(this.#bytes, at + 1, n));
  }

  boolean(value: boolean): void {
    if (this.resp3) this.#line(BOOLEAN, value ? 't' : 'f');
    else this.#header(INTEGER, value ? 1 : 0);
  }

  null(): void {
    if (this.resp3) this.#line(NULL, '');
    else this.#header(BULK, -1);
  }

  /** No array, where RESP2 tells that from no string. */
  nullArray(): void {
    if (this.resp3) this.#line(NULL, '');
    else this.#header(ARRAY, -1);
  }

  bulk(source: Uint8Array, start = 0, end = source.length): void {
    const size = end - start;
    const at = this.#at;
    if (at + HEADER_SIZE_MAX + size + 2 > this.#limit) {
      this.bulkHeader(size);
      this.append(source, start, end);
      this.bulkEnd();
      return;
    }
    const bytes = this.#bytes;
    const body = writeHeader(bytes, at, BULK, size);
    copyBytes(bytes, body, source, start, end);
    const behind = body + size;
    bytes[behind] = CR;
    bytes[behind + 1] = LF;
    this.#at = behind + 2;
  }

  bulkText(text: string): void {
    const at = this.#room(HEADER_SIZE_MAX + text.length + 2);
    const body = writeHeader(this.#bytes, at, BULK, text.length);
    this.#endLine(writeLatin1(this.#bytes, body, text));
  }

  /** An integer as a bulk string. */
  bulkInteger(n: number): void {
    const at = this.#room(HEADER_SIZE_MAX * 2);
    const body = writeHeader(this.#bytes, at, BULK, digitCount(n));
    this.#endLine(writeInteger(this.#bytes, body, n));
  }

  /** Begins a bulk of `size` bytes, which follow by append(), then bulkEnd(). */
  bulkHeader(size: number): void {
    this.#header(BULK, size);
  }

  /** Writes bytes as they are: a piece of a bulk, or replies written elsewhere. */
  append(source: Uint8Array, start: number, end: number): void {
    const size = end - start;
    let from = start;
    const free = this.#limit - this.#at;
    if (size > free) {
      copyBytes(this.#bytes, this.#at, source, start, start + free);
      this.#at += free;
      from += free;
      this.#open(size - free + 2); // With the CR LF of a bulk's end.
    }
    copyBytes(this.#bytes, this.#at, source, from, end);
    this.#at += end - from;
  }

  /** As append(), of bytes that stay as they are until they are taken. They may not be copied. */
  share(bytes: Uint8Array, start: number, end: number): void {
    if (bytes === this.#shared && start === this.#sharedEnd) {
      this.#sharedEnd = end;
      this.#chunksSize += end - start;
    } else if (this.size > 0 || start === end) {
      this.append(bytes, start, end);
    } else {
      this.#close();
      this.#shared = bytes;
      this.#sharedStart = start;
      this.#sharedEnd = end;
      this.#chunksSize = end - start;
    }
  }

  bulkEnd(): void {
    this.#endLine(this.#room(2));
  }

  // Who has many small values to write does it itself: 8 ns for each of them, where a call of
  // bulk() takes 17. What goes into claimed[at, claimedLimit) is part of the reply with wrote().

  /** Where `size` bytes, or more, can be written. */
  claim(size: number): number {
    return this.#room(size);
  }

  get claimed(): Uint8Array {
    return this.#bytes;
  }

  get claimedLimit(): number {
    return this.#limit;
  }

  /** Takes over what was written where claim() said, up to `at`. */
  wrote(at: number): void {
    this.#at = at;
  }

  array(count: number): void {
    this.#header(ARRAY, count);
  }

  /** `count` pairs follow. */
  map(count: number): void {
    if (this.resp3) this.#header(MAP, count);
    else this.#header(ARRAY, count * 2);
  }

  set(count: number): void {
    this.#header(this.resp3 ? SET : ARRAY, count);
  }

  /** A message that answers nothing. */
  push(count: number): void {
    this.#header(this.resp3 ? PUSH : ARRAY, count);
  }

  double(value: number): void {
    const at = this.#room(HEADER_SIZE_MAX + DOUBLE_TEXT_SIZE_MAX + 2);
    const bytes = this.#bytes;
    // `| 0`: these positions come out of arithmetic with doubles. One that is kept as such makes
    // #at a field of doubles for good, and a short bulk took 17 ns instead of 13 (reply.bench).
    if (this.resp3) {
      bytes[at] = DOUBLE;
      this.#endLine(writeDouble(bytes, at + 1, value) | 0);
      return;
    }
    const size = writeDouble(scratch, 0, value) | 0;
    const body = writeHeader(bytes, at, BULK, size);
    copyBytes(bytes, body, scratch, 0, size);
    this.#endLine(body + size);
  }

  /** The same of a number that was printed otherwise. */
  doubleText(text: string): void {
    if (this.resp3) this.#line(DOUBLE, text);
    else this.bulkText(text);
  }

  /** An integer of any size, in digits. */
  bigNumber(text: string): void {
    if (this.resp3) this.#line(BIG_NUMBER, text);
    else this.bulkText(text);
  }

  /** Text for people; `format` has three letters: 'txt', 'mkd'. RESP2 has only the text. */
  verbatim(format: string, text: string): void {
    if (!this.resp3) {
      this.bulkText(text);
      return;
    }
    const size = FORMAT_SIZE + text.length;
    const at = this.#room(HEADER_SIZE_MAX + size + 2);
    let next = writeHeader(this.#bytes, at, VERBATIM, size);
    next = writeLatin1(this.#bytes, next, `${format.slice(0, 3).padEnd(3)}:`);
    this.#endLine(writeLatin1(this.#bytes, next, text));
  }

  // ── Lengths known later ───────────────────────────────────────────────────────────────────────

  /** Begins an array whose length endDefer() tells. Answers what to give to it. */
  deferArray(): number {
    return this.#gap(ARRAY);
  }

  /** The same for a map; its count is one of pairs. */
  deferMap(): number {
    return this.#gap(MAP);
  }

  deferSet(): number {
    return this.#gap(SET);
  }

  /** Ends what was deferred last: deferred lengths nest. */
  endDefer(token: number, count: number): void {
    assert(this.#gaps.pop() === token, 'deferred lengths end in the order opposite to their begin');
    if (token >= this.#chunksSize) {
      const gap = this.#base + token - this.#chunksSize;
      this.#at = this.#fillGap(this.#bytes, gap, this.#at, count);
      return;
    }
    let index = this.#chunks.length;
    let position = this.#chunksSize;
    do {
      const { start, end } = this.#chunks[--index];
      position -= end - start;
    } while (position > token);
    const chunk = this.#chunks[index];
    const end = this.#fillGap(chunk.bytes, chunk.start + token - position, chunk.end, count);
    this.#chunksSize -= chunk.end - end;
    chunk.end = end;
  }

  #gap(type: number): number {
    const at = this.#room(GAP_SIZE);
    this.#bytes[at] = type;
    const token = this.size;
    this.#gaps.push(token);
    this.#at = at + GAP_SIZE;
    return token;
  }

  /** Writes the header of what was deferred at `gap`, closes up, and answers the new end. */
  #fillGap(bytes: Uint8Array, gap: number, end: number, count: number): number {
    const isMap = bytes[gap] === MAP;
    const type = this.resp3 ? bytes[gap] : ARRAY;
    const next = writeHeader(bytes, gap, type, isMap && !this.resp3 ? count * 2 : count);
    copyBytes(bytes, next, bytes, gap + GAP_SIZE, end);
    return next + end - gap - GAP_SIZE;
  }

  // ── Taking back and handing over ──────────────────────────────────────────────────────────────

  /** The place reached, for rewind(). It is good until something is ended that began before it. */
  mark(): number {
    return this.size;
  }

  /** Forgets what has been written since a mark, lengths not yet known included. */
  rewind(mark: number): void {
    assert(mark <= this.size, 'a mark lies behind what has been written');
    if (this.#shared !== EMPTY) {
      this.#sharedEnd = this.#sharedStart + mark;
      this.#chunksSize = mark;
      if (mark === 0) this.#shared = EMPTY;
      return;
    }
    while (this.#chunksSize > mark) {
      // The mark lies in a chunk that is full: it becomes the open one again.
      this.#window?.release();
      const chunk = this.#chunks.pop() as Chunk;
      this.#chunksSize -= chunk.end - chunk.start;
      this.#window = chunk.window;
      this.#bytes = chunk.bytes;
      this.#base = chunk.start;
      this.#at = chunk.end;
      this.#limit = chunk.limit;
    }
    this.#at = this.#base + mark - this.#chunksSize;
    while (this.#gaps.length > 0 && this.#gaps[this.#gaps.length - 1] >= mark) this.#gaps.pop();
    // A client that is sent nothing must not keep a window from the others.
    if (this.#at === this.#base) this.#close();
  }

  /** Hands over all that was written, in order, and empties. */
  take(consume: TakeReply): void {
    assert(this.#gaps.length === 0, 'a length is still to come');
    if (this.#shared !== EMPTY) {
      const shared = this.#shared;
      this.#shared = EMPTY;
      this.#chunksSize = 0;
      consume(shared, this.#sharedStart, this.#sharedEnd, SHARED);
      return;
    }
    if (this.#chunks.length > 0) {
      const chunks = this.#chunks;
      this.#chunks = [];
      this.#chunksSize = 0;
      for (const { bytes, start, end, window } of chunks) consume(bytes, start, end, window);
    }
    const bytes = this.#bytes;
    const start = this.#base;
    const end = this.#at;
    if (end === start) {
      this.#close();
      return;
    }
    const window = this.#window as Window;
    this.#window = null;
    this.#bytes = EMPTY;
    this.#base = this.#at = this.#limit = 0;
    consume(bytes, start, end, window);
  }

  // ── Room ──────────────────────────────────────────────────────────────────────────────────────

  /** Where `size` bytes can be written in one piece. */
  #room(size: number): number {
    if (this.#at + size > this.#limit) this.#open(size);
    return this.#at;
  }

  /** Opens a chunk with room for `size` bytes. */
  #open(size: number): void {
    if (this.#shared !== EMPTY) return this.#openBehindShared(size);
    if (this.#at > this.#base) {
      this.#chunks.push({
        bytes: this.#bytes,
        start: this.#base,
        end: this.#at,
        limit: this.#limit,
        window: this.#window as Window,
      });
      this.#chunksSize += this.#at - this.#base;
      this.#window = null;
    }
    this.#close();
    const window = this.#pool.acquire(size);
    this.#window = window;
    this.#bytes = window.bytes;
    this.#base = this.#at = window.base;
    this.#limit = window.limit;
  }

  #openBehindShared(size: number): void {
    const shared = this.#shared;
    this.#shared = EMPTY;
    this.#chunksSize = 0;
    const start = this.#sharedStart;
    const end = this.#sharedEnd;
    this.#open(end - start + size);
    copyBytes(this.#bytes, this.#at, shared, start, end);
    this.#at += end - start;
  }

  /** Leaves the open chunk, in which nothing is. */
  #close(): void {
    this.#window?.release();
    this.#window = null;
    this.#bytes = EMPTY;
    this.#base = this.#at = this.#limit = 0;
  }

  #header(type: number, n: number): void {
    const at = this.#at;
    if (at + HEADER_SIZE_MAX > this.#limit) {
      this.#open(HEADER_SIZE_MAX);
      this.#at = writeHeader(this.#bytes, this.#at, type, n);
      return;
    }
    this.#at = writeHeader(this.#bytes, at, type, n);
  }

  #line(type: number, text: string): void {
    const at = this.#room(text.length + 3);
    this.#bytes[at] = type;
    this.#endLine(writeLatin1(this.#bytes, at + 1, text));
  }

  #endLine(at: number): void {
    this.#bytes[at] = CR;
    this.#bytes[at + 1] = LF;
    this.#at = at + 2;
  }
}

const scratch = new Uint8Array(DOUBLE_TEXT_SIZE_MAX);

/** A type and a number in a line; returns the position behind it. */
function writeHeader(bytes: Uint8Array, at: number, type: number, n: number): number {
  bytes[at] = type;
  let next: number;
  if (n >= 0 && n < 10) {
    bytes[at + 1] = ZERO + n;
    next = at + 2;
  } else {
    next = writeInteger(bytes, at + 1, n);
  }
  bytes[next] = CR;
  bytes[next + 1] = LF;
  return next + 2;
}

/** Everything a reply holds, in one piece of its own; the reply is empty afterwards. */
export function collect(reply: Reply): Uint8Array {
  const all = new Uint8Array(reply.size);
  let at = 0;
  reply.take((bytes, start, end, window) => {
    copyBytes(all, at, bytes, start, end);
    at += end - start;
    window.release();
  });
  return all;
}
