/**
 * The request parser: bytes as they come → requests.
 *
 * Bytes arrive in pieces cut anywhere. A state says what is waited for:
 *
 *   AT_START ──'*' line──► AT_BULK ──'$' line──► IN_BULK ──bytes CR LF──► a request, or
 *      │                      ▲                                  │        the next argument
 *      └──any other line      └──────────────────────────────────┘
 *
 * Bytes offered by feed() are borrowed: they lie where the next read will write. Requests that lie
 * in them whole are framed where they are, and nothing is copied or allocated. Only what is cut off
 * at the end is moved, alone, to a buffer of the parser's own; from the next read it takes just the
 * bytes it lacks, and what follows is framed in place again:
 *
 *   read 1   [ SET… ][ SET… ][ GE            own   [ GE ]
 *   read 2   T… ][ SET… ][ SET… ]            own   [ GET… ], then empty; the rest stays in read 2
 *
 * What has been found of a request is not looked at again, however it is cut.
 *
 * The behaviour at every wrong turn is that of processInlineBuffer and processMultibulkBuffer in
 * Redis's networking.c, texts included. That of lines near 64 KiB depends there on how they are
 * read; here a line is too big as soon as its end is not among its first 64 KiB. After an error the
 * connection is of no more use.
 */

import { copyBytes, indexOfByte } from '../std/bytes.ts';
import { isInt64, parseSafeInteger } from '../std/int64.ts';
import { Argv } from './argv.ts';
import { protocolErrors } from './errors.ts';
import { splitInline } from './inline.ts';
import {
  ARGUMENT_COUNT_MAX,
  BUFFER_AHEAD_MAX,
  BUFFER_SIZE_INITIAL,
  BUFFER_SIZE_KEPT,
  LINE_SIZE_MAX,
  REQUEST_SIZE_MAX,
  UNAUTHENTICATED_ARGUMENT_COUNT_MAX,
  UNAUTHENTICATED_BULK_SIZE_MAX,
} from './limits.ts';
import type { SpareBuffers } from './spare-buffers.ts';

/** What next() found: a request in `argv`, too few bytes, or an error in `error`. */
export const READY = 0;
export const WAIT = 1;
export const FAILED = 2;

type Found = typeof READY | typeof WAIT | typeof FAILED;
/** What the start of a request may be besides. */
const IS_ARRAY = 3;

const AT_START = 0;
const AT_BULK = 1;
const IN_BULK = 2;
const BROKEN = 3;

/** What a line may be instead of a number. */
const LINE_WAIT = Number.NEGATIVE_INFINITY;
const LINE_FAILED = Number.POSITIVE_INFINITY;

const CR = 0x0d;
const LF = 0x0a;
const STAR = 0x2a;
const DOLLAR = 0x24;
const MINUS = 0x2d;
const ZERO = 0x30;

/** A size of at most nine digits is an integer to the engine, too. */
const SHORT_HEADER_SIZE = 10;

export interface RequestLimits {
  /** Largest argument in bytes: proto-max-bulk-len. Asked only about arguments beyond 16 KiB. */
  bulkSizeMax(): number;
  authenticated(): boolean;
}

/** Where keys lie in bytes. */
export interface KeyRanges {
  readonly starts: Int32Array;
  readonly ends: Int32Array;
  bytes: Uint8Array;
  count: number;
}

export class RequestParser {
  /** The request, once next() has answered READY, until it is called again. */
  readonly argv = new Argv();
  /** The text of the error reply, without its '-', once next() has answered FAILED. */
  error = '';
  readonly #limits: RequestLimits;
  readonly #buffers: SpareBuffers;
  #state: typeof AT_START | typeof AT_BULK | typeof IN_BULK | typeof BROKEN = AT_START;
  /** Where requests are looked for now: borrowed bytes, or the parser's own. */
  #bytes: Uint8Array;
  #at = 0;
  #limit = 0;
  /** Where the unfinished request begins. */
  #begin = 0;
  /** Up to here no end of a line stands. Behind #at it has served, and does no harm. */
  #searchedTo = 0;
  /** Arguments still to come, and the size of the one being waited for. */
  #lackingCount = 0;
  #bulkSize = 0;
  #own: Uint8Array = new Uint8Array(0);
  #isOwn = false;
  /** How much of it is there to be used. */
  #capacity = 0;
  /** What the own buffer was before it became large. */
  #small: Uint8Array = this.#own;
  /** Borrowed bytes that wait while the parser's own are looked at. */
  #rest: Uint8Array;
  #restAt = 0;
  #restLimit = 0;

  /** Buffers for large requests are taken from `buffers`, and given back. */
  constructor(limits: RequestLimits, buffers: SpareBuffers) {
    this.#limits = limits;
    this.#buffers = buffers;
    this.#bytes = this.#own;
    this.#rest = this.#own;
  }

  /**
   * Bytes that arrived and have not become a request. Unlike in Redis that counts the arguments
   * already found, since they are held as well; a limit on it bounds what a client can occupy.
   */
  get pendingSize(): number {
    const from = this.#state === AT_START ? this.#at : this.#begin;
    return this.#limit - from + this.#restLimit - this.#restAt;
  }

  /** The same without the arguments already found: what Redis calls the query buffer. */
  get unparsedSize(): number {
    return this.#limit - this.#at + this.#restLimit - this.#restAt;
  }

  /** Bytes allocated for unfinished requests; what a spare buffer has beyond that is not used. */
  get bufferSize(): number {
    return this.#capacity;
  }

  /**
   * Offers bytes[start, end). They are borrowed until next() answers WAIT or FAILED, or retain()
   * has been called; only then may more be offered. Inline requests are unescaped in them.
   */
  feed(bytes: Uint8Array, start: number, end: number): void {
    if (this.#isOwn) {
      this.#rest = bytes;
      this.#restAt = start;
      this.#restLimit = end;
    } else {
      this.#bytes = bytes;
      this.#at = start;
      this.#limit = end;
      this.#searchedTo = start;
    }
  }

  /** Takes a copy of all bytes not looked at yet: next() is to go on after they are gone. */
  retain(): void {
    if (!this.#isOwn) this.#moveToOwn();
    this.#take(this.#restLimit - this.#restAt);
  }

  /**
   * Fills `keys` with the first argument of each request that follows, as far as they are of the
   * common shapes and lie in borrowed bytes: those stay as they are.
   */
  peek(keys: KeyRanges): void {
    const bytes = this.#bytes;
    const limit = this.#limit;
    const { starts, ends } = keys;
    keys.bytes = bytes;
    keys.count = 0;
    if (this.#isOwn || this.#state !== AT_START) return;
    let at = this.#at;
    for (let index = 0; index < starts.length; index++) {
      if (at + 4 >= limit || bytes[at] !== STAR || bytes[at + 2] !== CR) return;
      const count = bytes[at + 1] - ZERO;
      if (count < 2 || count > 9) return;
      at += 4;
      for (let i = 0; i < count; i++) {
        if (at >= limit || bytes[at] !== DOLLAR) return;
        let size = 0;
        let next = at + 1;
        for (; next < limit && next < at + SHORT_HEADER_SIZE; next++) {
          const digit = bytes[next] - ZERO;
          if (digit < 0 || digit > 9) break;
          size = size * 10 + digit;
        }
        const start = next + 2;
        at = start + size + 2;
        if (at > limit) return;
        if (i === 1) {
          starts[index] = start;
          ends[index] = start + size;
        }
      }
      keys.count = index + 1;
    }
  }

  /** Finds the next request. */
  next(): Found {
    const found = this.#find();
    return found === WAIT ? this.#findInNext() : found;
  }

  /**
   * Looks for a request in #bytes from #at on.
   *
   * The common shapes, '*' and a digit, '$' and a few, are read on the spot, and positions are kept
   * in locals: 21 ns for a SET where a call for each argument and fields took 33 (request.bench,
   * node 20).
   */
  #find(): Found {
    const bytes = this.#bytes;
    const limit = this.#limit;
    const { argv } = this;
    let lackingCount = this.#lackingCount;
    let index = argv.count;
    let at = this.#at;

    if (this.#state !== AT_BULK) {
      if (this.#state === AT_START) {
        if (at + 3 < limit && bytes[at] === STAR && bytes[at + 2] === CR) {
          lackingCount = bytes[at + 1] - ZERO;
        } else {
          lackingCount = 0;
        }
        if (lackingCount > 0 && lackingCount <= 9) {
          this.#begin = at;
          at += 4;
        } else {
          const found = this.#findStart();
          if (found !== IS_ARRAY) return found;
          lackingCount = this.#lackingCount;
          at = this.#at;
        }
        index = 0;
      } else if (this.#state === IN_BULK) {
        const end = at + this.#bulkSize;
        if (end + 2 > limit) return WAIT;
        if (index === argv.starts.length) argv.reserve(index + 1);
        argv.starts[index] = at;
        argv.ends[index++] = end;
        at = end + 2;
        lackingCount--;
      } else {
        return FAILED;
      }
    }

    let { starts, ends } = argv;
    while (lackingCount > 0) {
      const digitsLimit = Math.min(at + SHORT_HEADER_SIZE, limit);
      let next = at + 1;
      let size = 0;
      while (next < digitsLimit) {
        const digit = bytes[next] - ZERO;
        if (digit < 0 || digit > 9) break;
        size = size * 10 + digit;
        next++;
      }
      // One digit, or several that begin with another than 0.
      if (
        next + 1 < limit &&
        bytes[next] === CR &&
        bytes[at] === DOLLAR &&
        next > at + 1 &&
        (next === at + 2 || bytes[at + 1] !== ZERO)
      ) {
        next += 2;
      } else {
        this.#at = at;
        size = this.#readLine(DOLLAR);
        if (size === LINE_FAILED) return FAILED;
        if (size === LINE_WAIT) {
          this.#waitAt(AT_BULK, at, index, lackingCount);
          return WAIT;
        }
        if (size < 0) return this.#fail(protocolErrors.invalidBulk);
        next = this.#at;
      }
      if (size > UNAUTHENTICATED_BULK_SIZE_MAX) {
        if (size > this.#limits.bulkSizeMax()) return this.#fail(protocolErrors.invalidBulk);
        if (!this.#limits.authenticated()) return this.#fail(protocolErrors.unauthenticatedBulk);
      }
      const end = next + size;
      if (end + 2 > limit) {
        this.#bulkSize = size;
        this.#waitAt(IN_BULK, next, index, lackingCount);
        return WAIT;
      }
      if (index === starts.length) {
        argv.reserve(index + 1);
        starts = argv.starts;
        ends = argv.ends;
      }
      starts[index] = next;
      ends[index++] = end;
      at = end + 2;
      lackingCount--;
    }
    argv.bytes = bytes;
    argv.count = index;
    this.#at = at;
    this.#state = AT_START;
    return READY;
  }

  #waitAt(
    state: typeof AT_BULK | typeof IN_BULK,
    at: number,
    index: number,
    lackingCount: number,
  ): void {
    this.#state = state;
    this.#at = at;
    this.argv.count = index;
    this.#lackingCount = lackingCount;
  }

  /**
   * The start of a request, whatever it looks like: finds one that is inline, or the count of one
   * that is an array. Empty ones are passed over without a word.
   */
  #findStart(): Found | typeof IS_ARRAY {
    for (;;) {
      const at = this.#at;
      this.#begin = at;
      if (at >= this.#limit) return WAIT;
      if (this.#bytes[at] !== STAR) {
        const end = this.#lineEnd(LF);
        if (end === LINE_FAILED) return this.#fail(protocolErrors.tooBigInline);
        if (end === LINE_WAIT) return WAIT;
        const lineEnd = end > at && this.#bytes[end - 1] === CR ? end - 1 : end;
        if (!splitInline(this.#bytes, at, lineEnd, this.argv)) {
          return this.#fail(protocolErrors.unbalancedQuotes);
        }
        this.#at = end + 1;
        if (this.argv.count > 0) return READY;
        continue;
      }
      const count = this.#readLine(STAR);
      if (count === LINE_WAIT) return WAIT;
      if (count === LINE_FAILED) return FAILED;
      if (count > ARGUMENT_COUNT_MAX) return this.#fail(protocolErrors.invalidCount);
      if (count > UNAUTHENTICATED_ARGUMENT_COUNT_MAX && !this.#limits.authenticated()) {
        return this.#fail(protocolErrors.unauthenticatedCount);
      }
      if (count > 0) {
        this.#lackingCount = count;
        return IS_ARRAY;
      }
    }
  }

  /** Reads the number in the line at #at, which is to begin with `type`, and goes behind it. */
  #readLine(type: typeof STAR | typeof DOLLAR): number {
    const bytes = this.#bytes;
    const at = this.#at;
    const end = this.#lineEnd(CR);
    if (end === LINE_WAIT) return LINE_WAIT;
    if (end === LINE_FAILED) {
      this.#fail(type === STAR ? protocolErrors.tooBigCount : protocolErrors.tooBigBulkCount);
      return LINE_FAILED;
    }
    // What the line is to begin with is looked at only when it has come; what follows the CR never.
    if (end + 1 >= this.#limit) return LINE_WAIT;
    if (bytes[at] !== type) {
      this.#fail(protocolErrors.expectedBulk(bytes[at]));
      return LINE_FAILED;
    }
    const value = parseSafeInteger(bytes, at + 1, end);
    this.#at = end + 2;
    if (!Number.isNaN(value)) return value;
    if (bytes[at + 1] === MINUS && isInt64(bytes, at + 1, end)) return -1;
    this.#fail(type === STAR ? protocolErrors.invalidCount : protocolErrors.invalidBulk);
    return LINE_FAILED;
  }

  /**
   * Where `byte` ends the line at #at. A NUL ends the search, as it ends a C string: the end of that
   * line is never found, and more is waited for until it is too big.
   */
  #lineEnd(byte: typeof CR | typeof LF): number {
    const bytes = this.#bytes;
    const last = this.#at + LINE_SIZE_MAX;
    const limit = Math.min(this.#limit, last + 1);
    let end = Math.max(this.#at, this.#searchedTo);
    while (end < limit && bytes[end] !== byte && bytes[end] !== 0) end++;
    if (end < limit && bytes[end] === byte) return end;
    this.#searchedTo = end;
    return this.#limit > last ? LINE_FAILED : LINE_WAIT;
  }

  #fail(text: string): typeof FAILED {
    this.error = text;
    this.#state = BROKEN;
    return FAILED;
  }

  // ── The parser's own buffer ───────────────────────────────────────────────────────────────────

  /** Goes on where #find() ran out of bytes, with those of the next read if there are any. */
  #findInNext(): Found {
    if (!this.#isOwn) {
      if (this.#limit === this.#at && this.#state === AT_START) this.argv.trim();
      else this.#moveToOwn();
      return WAIT;
    }
    for (;;) {
      if (this.#limit === this.#at && this.#state === AT_START) {
        this.#backToBorrowed();
        return this.next();
      }
      if (this.#restAt === this.#restLimit) return WAIT;
      const size = this.#lackingSize();
      if (this.#limit - this.#begin + size > REQUEST_SIZE_MAX) {
        return this.#fail(protocolErrors.invalidBulk);
      }
      this.#take(size);
      const found = this.#find();
      if (found !== WAIT) return found;
    }
  }

  /** Bytes it takes to get one step further: the rest of an argument, or of a line. */
  #lackingSize(): number {
    if (this.#state === IN_BULK) return this.#at + this.#bulkSize + 2 - this.#limit;
    const end = indexOfByte(this.#rest, LF, this.#restAt, this.#restLimit);
    return (end < 0 ? this.#restLimit : end + 1) - this.#restAt;
  }

  /** Moves the unfinished request from borrowed bytes to the own buffer. */
  #moveToOwn(): void {
    const from = this.#state === AT_START ? this.#at : this.#begin;
    this.#rest = this.#bytes;
    this.#restAt = from;
    this.#restLimit = this.#limit;
    this.#rebase(from);
    this.#isOwn = true;
    this.#bytes = this.#own;
    this.#limit = 0;
    this.#take(this.#restLimit - from);
  }

  /** Appends up to `wanted` of the borrowed bytes to the own buffer. */
  #take(wanted: number): void {
    const from = this.#state === AT_START ? this.#at : this.#begin;
    if (from > 0) {
      this.#own.copyWithin(0, from, this.#limit);
      this.#limit -= from;
      this.#rebase(from);
    }
    const size = Math.min(wanted, this.#restLimit - this.#restAt);
    const needed = this.#limit + size;
    if (needed > this.#capacity) this.#grow(needed);
    copyBytes(this.#own, this.#limit, this.#rest, this.#restAt, this.#restAt + size);
    this.#limit = needed;
    this.#restAt += size;
  }

  /** Makes the own buffer larger: for what the argument will take, or with room for more to come. */
  #grow(needed: number): void {
    const isSmall = needed * 2 <= BUFFER_SIZE_KEPT;
    let capacity = isSmall ? Math.max(BUFFER_SIZE_INITIAL, needed * 2) : Math.ceil(needed * 1.5);
    const whole = this.#state === IN_BULK ? this.#at + this.#bulkSize + 2 : 0;
    if (whole > needed) {
      const ahead = Math.min(whole, Math.max(needed * 2, needed + BUFFER_AHEAD_MAX));
      capacity = this.#lackingCount > 1 ? Math.max(ahead, capacity) : ahead;
    }
    this.#capacity = capacity;
    const buffers = this.#buffers;
    const old = this.#own;
    if (capacity <= old.length) return;
    const own = capacity > BUFFER_SIZE_KEPT ? buffers.take(capacity) : new Uint8Array(capacity);
    copyBytes(own, 0, old, 0, this.#limit);
    this.#own = own;
    this.#bytes = own;
    if (old.length > BUFFER_SIZE_KEPT) buffers.give(old);
    else this.#small = old;
  }

  /** Makes positions count from `from`. */
  #rebase(from: number): void {
    const { argv } = this;
    if (this.#state !== AT_START) {
      for (let i = 0; i < argv.count; i++) {
        argv.starts[i] -= from;
        argv.ends[i] -= from;
      }
    }
    this.#at -= from;
    this.#begin = 0;
    this.#searchedTo = Math.max(0, this.#searchedTo - from);
  }

  /** The own buffer is empty: goes on in what is borrowed. */
  #backToBorrowed(): void {
    if (this.#own.length > BUFFER_SIZE_KEPT) {
      this.#buffers.give(this.#own);
      this.#own = this.#small;
      this.#capacity = this.#own.length;
    }
    this.#isOwn = false;
    this.#bytes = this.#rest;
    this.#at = this.#restAt;
    this.#limit = this.#restLimit;
    this.#searchedTo = this.#restAt;
    this.#restAt = this.#restLimit;
  }
}
