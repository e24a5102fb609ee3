/**
 * The request parser: bytes as they come → requests.
 *
 * Bytes arrive in pieces cut anywhere. A state says what is waited for:
 *
 *   AT_START ──'*'──► count line ──► AT_BULK ◄──────┐
 *      │                               │ '$' line   │ more arguments
 *      └─other──► inline line          ▼            │
 *                                   IN_BULK ────────┘──► a request
 *
 * Bytes offered by feed() are borrowed: they lie where the next read will write. Requests that lie
 * in them whole are framed where they are. Only when one is cut off at the end is it moved, alone,
 * to a buffer of the parser's own; from the next read it takes just the bytes it lacks, so the rest
 * of a pipeline is again framed in place. What has been parsed of a request is not parsed again.
 *
 * The behaviour at every wrong turn is that of processInlineBuffer and processMultibulkBuffer in
 * Redis's networking.c, texts included; after an error the connection is of no more use.
 */

import { hexDigit, isSpace } from '../std/ascii.ts';
import { copyBytes } from '../std/bytes.ts';
import { parseSafeInteger } from '../std/int64.ts';
import { Argv } from './argv.ts';
import { protocolErrors } from './errors.ts';
import {
  ARGUMENT_COUNT_MAX,
  LINE_SIZE_MAX,
  UNAUTHENTICATED_ARGUMENT_COUNT_MAX,
  UNAUTHENTICATED_BULK_SIZE_MAX,
} from './limits.ts';

/** What next() found: a request in `argv`, too few bytes, or an error in `error`. */
export const READY = 0;
export const WAIT = 1;
export const FAILED = 2;

const AT_START = 0;
const AT_BULK = 1;
const IN_BULK = 2;

const CR = 0x0d;
const LF = 0x0a;
const STAR = 0x2a;
const DOLLAR = 0x24;
const ZERO = 0x30;
const DOUBLE_QUOTE = 0x22;
const SINGLE_QUOTE = 0x27;
const BACKSLASH = 0x5c;
const LOWER_X = 0x78;

/** An own buffer larger than this is dropped when it has been emptied. */
const OWN_SIZE_KEPT = 16 * 1024;
const OWN_SIZE_INITIAL = 1024;

export interface RequestLimits {
  /** Largest argument in bytes: proto-max-bulk-len. */
  bulkSizeMax(): number;
  authenticated(): boolean;
}

export class RequestParser {
  readonly argv = new Argv();
  /** The text of the error reply, without its '-', once next() has answered FAILED. */
  error = '';
  readonly #limits: RequestLimits;
  #state: number = AT_START;
  /** Where requests are parsed now: borrowed bytes, or the parser's own. */
  #bytes: Uint8Array;
  #at = 0;
  #limit = 0;
  /** Where the request being parsed begins. */
  #begin = 0;
  /** Arguments still to come, and the size of the one being read. */
  #lacking = 0;
  #bulkSize = 0;
  #own: Uint8Array = new Uint8Array(0);
  #isOwn = false;
  /** Borrowed bytes not yet looked at while an own buffer is parsed. */
  #rest: Uint8Array;
  #restAt = 0;
  #restLimit = 0;

  constructor(limits: RequestLimits) {
    this.#limits = limits;
    this.#bytes = this.#own;
    this.#rest = this.#own;
  }

  /** Bytes held for a request that is not whole yet, and those not yet looked at. */
  get pendingSize(): number {
    return this.#limit - this.#at + (this.#restLimit - this.#restAt);
  }

  /** Bytes allocated for unfinished requests. */
  get bufferSize(): number {
    return this.#own.length;
  }

  /**
   * Offers bytes[start, end). They stay borrowed until next() answers WAIT, or retain() is called.
   * Only after one of these may more be fed.
   */
  feed(bytes: Uint8Array, start: number, end: number): void {
    if (this.#isOwn) {
      this.#rest = bytes;
      this.#restAt = start;
      this.#restLimit = end;
      return;
    }
    this.#bytes = bytes;
    this.#at = start;
    this.#limit = end;
    this.#begin = start;
  }

  /** Takes a copy of all bytes not parsed yet: parsing is to go on after the next read. */
  retain(): void {
    if (!this.#isOwn) this.#moveToOwn();
    this.#takeRest(this.#restLimit - this.#restAt);
  }

  /** Finds the next request. */
  next(): typeof READY | typeof WAIT | typeof FAILED {
    for (;;) {
      const found = this.#parse();
      if (found !== WAIT) return found;
      if (!this.#isOwn) {
        if (this.#at < this.#limit || this.#state !== AT_START) this.#moveToOwn();
        return WAIT;
      }
      if (this.#restAt < this.#restLimit) {
        if (this.#at === this.#limit && this.#state === AT_START) this.#backToBorrowed();
        else this.#takeRest(this.#lackingBytes());
        continue;
      }
      if (this.#at === this.#limit && this.#state === AT_START) this.#backToBorrowed();
      return WAIT;
    }
  }

  #parse(): typeof READY | typeof WAIT | typeof FAILED {
    const bytes = this.#bytes;
    const limit = this.#limit;
    const { argv } = this;
    for (;;) {
      if (this.#state === AT_START) {
        if (this.#at >= limit) return WAIT;
        this.#begin = this.#at;
        argv.count = 0;
        if (bytes[this.#at] !== STAR) {
          const found = this.#parseInline();
          if (found !== READY || argv.count > 0) return found;
          continue;
        }
        const count = this.#parseLine(protocolErrors.tooBigCount, protocolErrors.invalidCount);
        if (count === LINE_WAIT) return WAIT;
        if (count === LINE_FAILED) return FAILED;
        if (count > ARGUMENT_COUNT_MAX) return this.#fail(protocolErrors.invalidCount);
        if (count > UNAUTHENTICATED_ARGUMENT_COUNT_MAX && !this.#limits.authenticated()) {
          return this.#fail(protocolErrors.unauthenticatedCount);
        }
        if (count <= 0) continue;
        this.#lacking = count;
        this.#state = AT_BULK;
      }
      if (this.#state === AT_BULK) {
        if (this.#at >= limit) return WAIT;
        // The common header, '$' and at most a few digits, without a call.
        let at = this.#at + 1;
        let size = 0;
        let digit = at < limit ? bytes[at] - ZERO : -1;
        if (bytes[this.#at] === DOLLAR && digit > 0 && digit <= 9) {
          do {
            size = size * 10 + digit;
            digit = ++at < limit ? bytes[at] - ZERO : -1;
          } while (digit >= 0 && digit <= 9 && size < 100_000_000);
        }
        if (size > 0 && at + 1 < limit && bytes[at] === CR) {
          this.#at = at + 2;
        } else {
          size = this.#parseLine(protocolErrors.tooBigBulkCount, protocolErrors.invalidBulk, true);
          if (size === LINE_WAIT) return WAIT;
          if (size === LINE_FAILED) return FAILED;
          if (size < 0) return this.#fail(protocolErrors.invalidBulk);
        }
        if (size > this.#limits.bulkSizeMax()) return this.#fail(protocolErrors.invalidBulk);
        if (size > UNAUTHENTICATED_BULK_SIZE_MAX && !this.#limits.authenticated()) {
          return this.#fail(protocolErrors.unauthenticatedBulk);
        }
        this.#bulkSize = size;
        this.#state = IN_BULK;
      }
      const end = this.#at + this.#bulkSize;
      if (end + 2 > limit) return WAIT;
      const index = argv.count++;
      if (index >= argv.starts.length) argv.reserve(index + 1);
      argv.starts[index] = this.#at;
      argv.ends[index] = end;
      this.#at = end + 2;
      if (--this.#lacking === 0) {
        this.#state = AT_START;
        argv.bytes = bytes;
        return READY;
      }
      this.#state = AT_BULK;
    }
  }

  /**
   * Reads the integer of a line that begins at #at with '*' or '$' and moves behind the line.
   * LINE_WAIT or LINE_FAILED when there is none.
   */
  #parseLine(tooBig: string, invalid: string, isBulk = false): number {
    const bytes = this.#bytes;
    let at = this.#at;
    // A NUL ends the search, as it ends a C string: no line is found, and more is waited for.
    while (at < this.#limit && bytes[at] !== CR && bytes[at] !== 0) at++;
    if (at >= this.#limit || bytes[at] === 0) {
      if (this.#limit - this.#at > LINE_SIZE_MAX) {
        this.#fail(tooBig);
        return LINE_FAILED;
      }
      return LINE_WAIT;
    }
    if (at + 1 >= this.#limit) return LINE_WAIT;
    if (isBulk && bytes[this.#at] !== DOLLAR) {
      this.#fail(protocolErrors.expectedBulk(bytes[this.#at]));
      return LINE_FAILED;
    }
    const value = parseSafeInteger(bytes, this.#at + 1, at);
    if (Number.isNaN(value)) {
      this.#fail(invalid);
      return LINE_FAILED;
    }
    this.#at = at + 2;
    return value;
  }

  #parseInline(): typeof READY | typeof WAIT | typeof FAILED {
    const bytes = this.#bytes;
    let end = this.#at;
    while (end < this.#limit && bytes[end] !== LF && bytes[end] !== 0) end++;
    if (end >= this.#limit || bytes[end] === 0) {
      if (this.#limit - this.#at > LINE_SIZE_MAX) {
        return this.#fail(protocolErrors.tooBigInline);
      }
      return WAIT;
    }
    const next = end + 1;
    if (end > this.#at && bytes[end - 1] === CR) end--;
    if (!this.#splitLine(this.#at, end)) return this.#fail(protocolErrors.unbalancedQuotes);
    this.#at = next;
    this.argv.bytes = bytes;
    return READY;
  }

  /** Splits a line as sdssplitargs does. Quoted arguments are unescaped where they stand. */
  #splitLine(start: number, end: number): boolean {
    const bytes = this.#bytes;
    const { argv } = this;
    let at = start;
    for (;;) {
      while (at < end && isSpace(bytes[at])) at++;
      if (at >= end) return true;
      const first = at;
      let to = at;
      let quote = 0;
      for (;;) {
        const byte = at < end ? bytes[at] : 0;
        if (quote !== 0) {
          if (at >= end) return false;
          if (byte === quote) {
            // The closing quote must be followed by a space or by nothing.
            if (at + 1 < end && !isSpace(bytes[at + 1])) return false;
            at++;
            break;
          }
          if (quote === DOUBLE_QUOTE && byte === BACKSLASH && at + 1 < end) {
            const high = at + 3 < end ? hexDigit(bytes[at + 2]) : -1;
            const low = at + 3 < end ? hexDigit(bytes[at + 3]) : -1;
            if (bytes[at + 1] === LOWER_X && high >= 0 && low >= 0) {
              bytes[to++] = high * 16 + low;
              at += 4;
            } else {
              bytes[to++] = unescaped(bytes[at + 1]);
              at += 2;
            }
          } else if (
            quote === SINGLE_QUOTE &&
            byte === BACKSLASH &&
            at + 1 < end &&
            bytes[at + 1] === SINGLE_QUOTE
          ) {
            bytes[to++] = SINGLE_QUOTE;
            at += 2;
          } else {
            bytes[to++] = byte;
            at++;
          }
          continue;
        }
        if (at >= end || byte === 0x20 || byte === LF || byte === CR || byte === 0x09) {
          if (at < end) at++;
          break;
        }
        if (byte === DOUBLE_QUOTE || byte === SINGLE_QUOTE) {
          quote = byte;
          at++;
        } else {
          bytes[to++] = byte;
          at++;
        }
      }
      const index = argv.count++;
      argv.reserve(index + 1);
      argv.starts[index] = first;
      argv.ends[index] = to;
    }
  }

  #fail(text: string): typeof FAILED {
    this.error = text;
    return FAILED;
  }

  /** Bytes the own buffer lacks to get one step further: the rest of an argument, or of a line. */
  #lackingBytes(): number {
    if (this.#state === IN_BULK) return this.#at + this.#bulkSize + 2 - this.#limit;
    const end = this.#rest.indexOf(LF, this.#restAt);
    return end < 0 || end >= this.#restLimit ? this.#restLimit - this.#restAt : end + 1 - this.#restAt;
  }

  /** Moves the unfinished request from borrowed bytes to the own buffer. */
  #moveToOwn(): void {
    const from = this.#state === AT_START ? this.#at : this.#begin;
    const size = this.#limit - from;
    this.#rest = this.#bytes;
    this.#restAt = from;
    this.#restLimit = this.#limit;
    this.#rebase(from);
    this.#isOwn = true;
    this.#limit = 0;
    this.#bytes = this.#own;
    this.#takeRest(size);
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
  }

  /** Appends up to `wanted` of the borrowed bytes to the own buffer. */
  #takeRest(wanted: number): void {
    const size = Math.min(wanted, this.#restLimit - this.#restAt);
    if (size <= 0) return;
    if (this.#begin > 0 || (this.#state === AT_START && this.#at > 0)) {
      const from = this.#state === AT_START ? this.#at : this.#begin;
      this.#own.copyWithin(0, from, this.#limit);
      this.#limit -= from;
      this.#rebase(from);
    }
    const needed = this.#limit + size;
    if (needed > this.#own.length) {
      // Twice what is there, but no more than the argument needs: announcing much costs nothing.
      const whole = this.#state === IN_BULK ? this.#at + this.#bulkSize + 2 : 0;
      const doubled = Math.max(OWN_SIZE_INITIAL, this.#own.length * 2);
      const capacity = Math.max(needed, whole > needed ? Math.min(doubled, whole) : doubled);
      const own = new Uint8Array(capacity);
      own.set(this.#own.subarray(0, this.#limit));
      this.#own = own;
    }
    copyBytes(this.#own, this.#limit, this.#rest, this.#restAt, this.#restAt + size);
    this.#bytes = this.#own;
    this.#limit = needed;
    this.#restAt += size;
  }

  /** The own buffer is empty: goes on in what is borrowed. */
  #backToBorrowed(): void {
    if (this.#own.length > OWN_SIZE_KEPT) this.#own = new Uint8Array(0);
    this.#isOwn = false;
    this.#bytes = this.#rest;
    this.#at = this.#restAt;
    this.#limit = this.#restLimit;
    this.#begin = this.#restAt;
    this.#restAt = this.#restLimit;
  }
}

const LINE_WAIT = Number.NEGATIVE_INFINITY;
const LINE_FAILED = Number.POSITIVE_INFINITY;

function unescaped(byte: number): number {
  switch (byte) {
    case 0x6e:
      return 0x0a; // n
    case 0x72:
      return 0x0d; // r
    case 0x74:
      return 0x09; // t
    case 0x62:
      return 0x08; // b
    case 0x61:
      return 0x07; // a
    default:
      return byte;
  }
}
