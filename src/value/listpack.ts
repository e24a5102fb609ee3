/**
 * Listpack: elements one behind the other, in the very bytes Redis keeps them in.
 *
 *   │ size 4 │ count 2 │ element │ element │ … │ ff │
 *
 *   element   │ encoding, size │ bytes │ size of what is left of here │
 *
 *   0xxxxxxx             integer of 7 bits      11110001 + 2 bytes   integers of 16,
 *   110xxxxx + 1 byte    of 13, signed          11110010 + 3         24,
 *   10xxxxxx             up to 63 bytes         11110011 + 4         32,
 *   1110xxxx + 1 byte    up to 4095             11110100 + 8         and 64 bits
 *   11110000 + 4 bytes   more
 *
 * What prints a 64-bit integer is kept as one. The size behind an element is written backwards,
 * seven bits to a byte, so that walking back is as easy as walking on. Numbers are least byte first.
 * The count 65535 means "count them": a listpack has no other limit than 2^30 bytes.
 *
 * Redis's bytes and no better ones, although sorted sets show that there are (packed.ts): these are
 * what DUMP writes and RESTORE reads, and what tells Redis when a value grows out of its encoding.
 *
 * A Listpack is a lens: open() points it at bytes that hold one in one piece, and elements are
 * named by their byte position. The position of the ff, `end`, is that of the element behind the
 * last. Who adds must know that there is room behind: elementSize() says how much.
 *
 *   for (let at = listpack.first; at < listpack.end; at = listpack.next) listpack.read(at);
 *
 * EntryListpack is the listpack that is the whole content of an entry. In one piece it is worked
 * on where it lies. In pieces it is copied out, and what a change touched is written back.
 */

import type { Reply } from '../resp/reply.ts';
import { assert } from '../std/assert.ts';
import { copyBytes, equalBytes } from '../std/bytes.ts';
import {
  INT64_DIGITS_MAX,
  parseInt64,
  parseSafeInteger,
  writeInt64,
  writeInteger,
} from '../std/int64.ts';
import type { Zone } from '../zone/zone.ts';
import type { BulkSink } from './string.ts';

export const LISTPACK_HEADER = 6;
/** Bytes of a listpack without elements. */
export const LISTPACK_EMPTY_SIZE = LISTPACK_HEADER + 1;
/** Redis's LISTPACK_MAX_SAFETY_SIZE: none grows beyond it, whatever limits are configured. */
export const LISTPACK_SIZE_MAX = 2 ** 30;
/** No such element. */
export const NONE = -1;

/** Bytes of the reply for an element of less than SIZE_12 bytes, at most. */
const SHORT_BULK_MAX = 5 + 63 + 2;
const BULK = 0x24;
const CR = 0x0d;
const LF = 0x0a;
const NO_LIMIT = Number.MAX_SAFE_INTEGER;
const END = 0xff;
const COUNT_UNKNOWN = 0xffff;

const STRING_12 = 0xe0;
const STRING_32 = 0xf0;
const INT_16 = 0xf1;
const INT_24 = 0xf2;
const INT_32 = 0xf3;
const INT_64 = 0xf4;

/** Strings from these sizes on have a second byte of size, and five. */
const SIZE_12 = 64;
const SIZE_32 = 4096;

const MINUS = 0x2d;
const ZERO = 0x30;
const NINE = 0x39;

// ── Encoding ────────────────────────────────────────────────────────────────────────────────────

// The integer parsed last: two words, so that one beyond 2^53 needs no bigint to be compared.
let parsedLow = 0;
let parsedHigh = 0;

function setParsed(n: number): void {
  parsedLow = n | 0;
  parsedHigh = (n | 0) === n ? parsedLow >> 31 : Math.floor(n / 2 ** 32) | 0;
}

function setParsed64(n: bigint): void {
  parsedLow = Number(BigInt.asIntN(32, n));
  parsedHigh = Number(BigInt.asIntN(32, n >> 32n));
}

/** Parses bytes[start, end) if they print a 64-bit integer. */
function parseInteger(bytes: Uint8Array, start: number, end: number): boolean {
  const size = end - start;
  if (size < 1 || size > INT64_DIGITS_MAX) return false;
  const last = bytes[end - 1];
  const first = bytes[start];
  // Most strings are told from their ends.
  if (last < ZERO || last > NINE || first > NINE || (first < ZERO && first !== MINUS)) return false;
  const n = parseSafeInteger(bytes, start, end);
  if (!Number.isNaN(n)) {
    setParsed(n);
    return true;
  }
  if (size < 16) return false;
  const big = parseInt64(bytes, start, end);
  if (big === undefined) return false;
  setParsed64(big);
  return true;
}

/** Bytes of the integer parsed last, without the size behind it. */
function parsedSize(): number {
  const low = parsedLow;
  if (parsedHigh !== low >> 31) return 9;
  if (low >= 0 && low < 128) return 1;
  if (low >= -4096 && low < 4096) return 2;
  if (low >= -32768 && low < 32768) return 3;
  return low >= -8388608 && low < 8388608 ? 4 : 5;
}

function stringSize(size: number): number {
  return size + (size < SIZE_12 ? 1 : size < SIZE_32 ? 2 : 5);
}

/** Bytes that the size behind an element takes. */
function backSize(size: number): number {
  if (size <= 127) return 1;
  if (size < 16383) return 2;
  if (size < 2097151) return 3;
  return size < 268435455 ? 4 : 5;
}

/** Bytes by which a listpack grows with the element bytes[start, end). */
export function elementSize(bytes: Uint8Array, start: number, end: number): number {
  const size = parseInteger(bytes, start, end) ? parsedSize() : stringSize(end - start);
  return size + backSize(size);
}

/** The same for an integer. */
export function integerElementSize(n: number | bigint): number {
  setAny(n);
  return parsedSize() + 1;
}

/** The most a listpack grows with an element of that size, whatever its bytes are. */
export function elementSizeMax(size: number): number {
  const most = stringSize(size);
  return most + backSize(most);
}

function setAny(n: number | bigint): void {
  if (typeof n === 'bigint') setParsed64(n);
  else setParsed(n);
}

/** Writes the integer parsed last and answers where it ends. */
function writeParsed(target: Uint8Array, at: number): number {
  const size = parsedSize();
  const low = parsedLow;
  let to = at;
  if (size === 1) {
    target[to++] = low;
  } else if (size === 2) {
    target[to++] = 0xc0 | ((low >>> 8) & 0x1f);
    target[to++] = low;
  } else {
    target[to++] = size === 9 ? INT_64 : INT_16 + size - 3;
    const lowSize = size === 9 ? 4 : size - 1;
    for (let i = 0; i < lowSize; i++) target[to++] = low >>> (i * 8);
    if (size === 9) for (let i = 0; i < 4; i++) target[to++] = parsedHigh >>> (i * 8);
  }
  return to;
}

/** Writes a string and answers where it ends. */
function writeText(
  target: Uint8Array,
  at: number,
  bytes: Uint8Array,
  start: number,
  end: number,
): number {
  const size = end - start;
  let to = at;
  if (size < SIZE_12) {
    target[to++] = 0x80 | size;
  } else if (size < SIZE_32) {
    target[to++] = STRING_12 | (size >>> 8);
    target[to++] = size;
  } else {
    target[to++] = STRING_32;
    for (let i = 0; i < 4; i++) target[to++] = size >>> (i * 8);
  }
  copyBytes(target, to, bytes, start, end);
  return to + size;
}

/** Writes the size behind an element of that size and answers where it ends. */
function writeBackSize(target: Uint8Array, at: number, size: number): number {
  if (size <= 127) {
    target[at] = size;
    return at + 1;
  }
  const last = backSize(size) - 1;
  for (let i = 0; i <= last; i++) {
    const bits = (size >>> ((last - i) * 7)) & 127;
    target[at + i] = i === 0 ? bits : bits | 128;
  }
  return at + last + 1;
}

/** Writes a number below 128 and the end of its line. */
function writeDigits(target: Uint8Array, at: number, n: number): number {
  let to = at;
  if (n >= 10) {
    if (n >= 100) {
      target[to++] = ZERO + 1;
      target[to++] = ZERO + (((n - 100) * 205) >> 11);
    } else {
      target[to++] = ZERO + ((n * 205) >> 11);
    }
  }
  target[to] = ZERO + (n % 10);
  target[to + 1] = CR;
  target[to + 2] = LF;
  return to + 3;
}

/** Makes the bytes in [at, to) of a listpack that ends at `end` `size` bytes large. */
function openGap(bytes: Uint8Array, at: number, to: number, end: number, size: number): void {
  // At the end there is but the end mark to move: a call of native code costs 18 ns.
  if (to === end) bytes[at + size] = END;
  else bytes.copyWithin(at + size, to, end + 1);
}

/**
 * Puts source[from, to) as an element at `at` of a listpack that ends at `end`. Answers by how much
 * it grew, or 0: that would be more than `limit`. The header is left to storeHeader().
 */
export function insertElement(
  bytes: Uint8Array,
  at: number,
  end: number,
  limit: number,
  source: Uint8Array,
  from: number,
  to: number,
): number {
  const isNumber = parseInteger(source, from, to);
  const size = isNumber ? parsedSize() : stringSize(to - from);
  const added = size + backSize(size);
  if (added > limit) return 0;
  openGap(bytes, at, at, end, added);
  const next = isNumber ? writeParsed(bytes, at) : writeText(bytes, at, source, from, to);
  writeBackSize(bytes, next, size);
  return added;
}

/**
 * Writes source[from, to) as an element that ends at `end`, over what is there. Answers how many
 * bytes it takes, or 0, with nothing written: that would be more than `limit`.
 */
export function writeElementBefore(
  bytes: Uint8Array,
  end: number,
  limit: number,
  source: Uint8Array,
  from: number,
  to: number,
): number {
  const isNumber = parseInteger(source, from, to);
  const size = isNumber ? parsedSize() : stringSize(to - from);
  const added = size + backSize(size);
  if (added > limit) return 0;
  const at = end - added;
  const next = isNumber ? writeParsed(bytes, at) : writeText(bytes, at, source, from, to);
  writeBackSize(bytes, next, size);
  return added;
}

/** Removes what lies in [from, to) of a listpack that ends at `end`, but for the header. */
export function removeElements(bytes: Uint8Array, from: number, to: number, end: number): void {
  openGap(bytes, from, to, end, 0);
}

/** Says in the header that a listpack has `size` bytes, and `change` elements more than before. */
export function storeHeader(bytes: Uint8Array, start: number, size: number, change: number): void {
  bytes[start] = size;
  bytes[start + 1] = size >>> 8;
  bytes[start + 2] = size >>> 16;
  bytes[start + 3] = size >>> 24;
  const told = bytes[start + 4] | (bytes[start + 5] << 8);
  if (change === 0 || told === COUNT_UNKNOWN) return;
  const count = Math.min(told + change, COUNT_UNKNOWN);
  bytes[start + 4] = count;
  bytes[start + 5] = count >>> 8;
}

/** Makes bytes from `at` a listpack without elements. */
export function formatListpack(bytes: Uint8Array, at: number): void {
  bytes[at] = LISTPACK_EMPTY_SIZE;
  for (let i = 1; i < LISTPACK_HEADER; i++) bytes[at + i] = 0;
  bytes[at + LISTPACK_HEADER] = END;
}

/** Writes an integer as an element where a listpack ends, and marks the end, which it answers. */
export function appendInteger(target: Uint8Array, at: number, n: number | bigint): number {
  if (typeof n === 'number' && n >= 0 && n < 128) {
    target[at] = n;
    target[at + 1] = 1;
    target[at + 2] = END;
    return at + 2;
  }
  setAny(n);
  const next = writeParsed(target, at);
  target[next] = next - at;
  target[next + 1] = END;
  return next + 1;
}

/** Bytes of the element at `at`, without the size behind it; 0: no element begins like that. */
function encodedSize(bytes: Uint8Array, at: number): number {
  const tag = bytes[at];
  if (tag < 0x80) return 1;
  if (tag < 0xc0) return 1 + (tag & 0x3f);
  if (tag < STRING_12) return 2;
  if (tag < STRING_32) return 2 + (((tag & 15) << 8) | bytes[at + 1]);
  if (tag === STRING_32) return 5 + uint32(bytes, at + 1);
  if (tag < INT_64) return tag - INT_16 + 3;
  return tag === INT_64 ? 9 : 0;
}

function uint32(bytes: Uint8Array, at: number): number {
  return (bytes[at] | (bytes[at + 1] << 8) | (bytes[at + 2] << 16) | (bytes[at + 3] << 24)) >>> 0;
}

function int32(bytes: Uint8Array, at: number): number {
  return bytes[at] | (bytes[at + 1] << 8) | (bytes[at + 2] << 16) | (bytes[at + 3] << 24);
}

/**
 * Looks whether bytes from anywhere, [start, start + size), are a listpack through and through.
 * Answers how many elements it has, or -1.
 */
export function validateListpack(bytes: Uint8Array, start: number, size: number): number {
  const end = start + size - 1;
  if (size < LISTPACK_EMPTY_SIZE || uint32(bytes, start) !== size || bytes[end] !== END) return -1;
  const told = bytes[start + 4] | (bytes[start + 5] << 8);
  let count = 0;
  for (let at = start + LISTPACK_HEADER; at < end; count++) {
    const tag = bytes[at];
    // The end mark is none before the end.
    if (tag > INT_64) return -1;
    const headSize = tag === STRING_32 ? 5 : tag >= STRING_12 && tag < STRING_32 ? 2 : 1;
    if (at + headSize > end) return -1;
    const own = encodedSize(bytes, at);
    const back = backSize(own);
    at += own + back;
    if (at > end || readBackSize(bytes, at - 1, start) !== own) return -1;
  }
  return told === count || told === COUNT_UNKNOWN ? count : -1;
}

/** The size that ends at `at`; -1 when it has no end. */
function readBackSize(bytes: Uint8Array, at: number, least: number): number {
  if (at >= least && bytes[at] < 128) return bytes[at];
  let size = 0;
  for (let i = 0; i < 5 && at - i >= least; i++) {
    const byte = bytes[at - i];
    size += (byte & 127) * 2 ** (i * 7);
    if (byte < 128) return size;
  }
  return -1;
}

// ── The lens ────────────────────────────────────────────────────────────────────────────────────

export class Listpack {
  bytes: Uint8Array = new Uint8Array(0);
  /** The header begins here, the elements at `first`, and at `end` stands the end mark. */
  start = 0;
  end = 0;
  // The element read last: where it begins, where the one behind it does, and what it is.
  at = 0;
  next = 0;
  isInteger = false;
  /** Its bytes. Of an integer only after spell(). */
  textBytes: Uint8Array = this.bytes;
  textStart = 0;
  textEnd = 0;
  #low = 0;
  #high = 0;
  #isSpelt = true;
  readonly #digits = new Uint8Array(INT64_DIGITS_MAX);

  open(bytes: Uint8Array, start: number): this {
    this.bytes = bytes;
    this.start = start;
    this.end = start + uint32(bytes, start) - 1;
    return this;
  }

  /** Bytes of all of it. */
  get size(): number {
    return this.end + 1 - this.start;
  }

  /** Position of the first element, or `end`. */
  get first(): number {
    return this.start + LISTPACK_HEADER;
  }

  /** Position of the last element, or NONE. */
  get last(): number {
    return this.previousOf(this.end);
  }

  get isEmpty(): boolean {
    return this.first === this.end;
  }

  /** Number of elements. Counts those of a listpack that had 65535 once. */
  get count(): number {
    const told = this.#toldCount();
    if (told !== COUNT_UNKNOWN) return told;
    let count = 0;
    for (let at = this.first; at < this.end; at = this.nextOf(at)) count++;
    if (count < COUNT_UNKNOWN) this.#tellCount(count);
    return count;
  }

  // ── Walking ───────────────────────────────────────────────────────────────────────────────────

  /** Position behind the element at `at`: of the next one, or `end`. */
  nextOf(at: number): number {
    const size = encodedSize(this.bytes, at);
    return at + size + backSize(size);
  }

  /** Position of the element in front of `at`, which may be `end`; NONE in front of the first. */
  previousOf(at: number): number {
    if (at <= this.first) return NONE;
    const size = readBackSize(this.bytes, at - 1, this.first);
    return at - size - backSize(size);
  }

  /** Position of an element by its index; from -1, the last, below 0. NONE when there is none. */
  seek(index: number): number {
    const told = this.#toldCount();
    let rest = index;
    if (told !== COUNT_UNKNOWN) {
      if (rest < -told || rest >= told) return NONE;
      // From the nearer end.
      if (rest > told / 2) rest -= told;
      else if (rest < -told / 2) rest += told;
    }
    let at: number;
    if (rest >= 0) {
      at = this.first;
      for (; rest > 0 && at < this.end; rest--) at = this.nextOf(at);
      return at < this.end ? at : NONE;
    }
    at = this.last;
    for (; rest < -1 && at !== NONE; rest++) at = this.previousOf(at);
    return at;
  }

  // ── Reading ───────────────────────────────────────────────────────────────────────────────────

  /** Reads the element at a position. */
  read(at: number): void {
    const { bytes } = this;
    const tag = bytes[at];
    this.at = at;
    if (tag < 0x80) {
      this.#readInteger(1, tag);
    } else if (tag < 0xc0) {
      this.#readText(1, tag & 0x3f);
    } else if (tag < STRING_12) {
      this.#readInteger(2, (((tag << 8) | bytes[at + 1]) << 19) >> 19);
    } else if (tag < STRING_32) {
      this.#readText(2, ((tag & 15) << 8) | bytes[at + 1]);
    } else if (tag === STRING_32) {
      this.#readText(5, uint32(bytes, at + 1));
    } else if (tag === INT_16) {
      this.#readInteger(3, ((bytes[at + 1] << 16) | (bytes[at + 2] << 24)) >> 16);
    } else if (tag === INT_24) {
      const high = bytes[at + 3] << 24;
      this.#readInteger(4, ((bytes[at + 1] << 8) | (bytes[at + 2] << 16) | high) >> 8);
    } else if (tag === INT_32) {
      this.#readInteger(5, int32(bytes, at + 1));
    } else {
      assert(tag === INT_64, 'a listpack is read at an element');
      this.#readInteger(9, int32(bytes, at + 1));
      this.#high = int32(bytes, at + 5);
    }
  }

  #readInteger(size: number, low: number): void {
    this.isInteger = true;
    this.#isSpelt = false;
    this.#low = low;
    this.#high = low >> 31;
    this.next = this.at + size + 1;
  }

  #readText(headSize: number, size: number): void {
    this.isInteger = false;
    this.#isSpelt = true;
    this.textBytes = this.bytes;
    this.textStart = this.at + headSize;
    this.textEnd = this.textStart + size;
    this.next = this.textEnd + backSize(headSize + size);
  }

  /** The integer read last; beyond 2^53 only nearly. */
  get integer(): number {
    return this.#high * 2 ** 32 + (this.#low >>> 0);
  }

  /** The same to the last bit. */
  get integer64(): bigint {
    return (BigInt(this.#high) << 32n) | BigInt(this.#low >>> 0);
  }

  /** Its lower and its upper 32 bits. */
  get low(): number {
    return this.#low;
  }

  get high(): number {
    return this.#high;
  }

  /** Makes the text of the element read last stand in textBytes[textStart, textEnd). */
  spell(): void {
    if (this.#isSpelt) return;
    this.#isSpelt = true;
    const { integer } = this;
    this.textBytes = this.#digits;
    this.textStart = 0;
    this.textEnd = Number.isSafeInteger(integer)
      ? writeInteger(this.#digits, 0, integer)
      : writeInt64(this.#digits, 0, this.integer64);
  }

  /** Size of the text of the element read last. */
  get textSize(): number {
    this.spell();
    return this.textEnd - this.textStart;
  }

  /** Writes the element read last as one bulk. */
  writeTo(sink: BulkSink): void {
    this.spell();
    sink.bulk(this.textBytes, this.textStart, this.textEnd);
  }

  /**
   * Writes up to `count` elements from the one at `from` on as bulks. Answers how many there were;
   * `next` is behind them.
   */
  writeRun(reply: Reply, from: number, count: number): number {
    const { bytes, end } = this;
    let at = from;
    let left = count;
    while (left > 0 && at < end) {
      let to = reply.claim(SHORT_BULK_MAX);
      const target = reply.claimed;
      const last = reply.claimedLimit - SHORT_BULK_MAX;
      // Short strings and small integers, as most are: on the spot.
      for (; left > 0 && at < end && to <= last; left--) {
        const tag = bytes[at];
        if (tag >= 0xc0) break;
        target[to] = BULK;
        if (tag >= 0x80) {
          const size = tag & 0x3f;
          to = writeDigits(target, to + 1, size);
          copyBytes(target, to, bytes, at + 1, at + 1 + size);
          to += size;
          at += size + 2;
        } else {
          to = writeDigits(target, to + 1, tag < 10 ? 1 : tag < 100 ? 2 : 3);
          to = writeDigits(target, to, tag) - 2;
          at += 2;
        }
        target[to] = CR;
        target[to + 1] = LF;
        to += 2;
      }
      reply.wrote(to);
      if (left === 0 || at >= end) break;
      this.read(at);
      this.writeTo(reply);
      at = this.next;
      left--;
    }
    this.next = at;
    return count - left;
  }

  /** Writes the element at a position as one bulk, and answers the position behind it. */
  writeAt(at: number, sink: BulkSink): number {
    const tag = this.bytes[at];
    if (tag < 0x80 || tag >= 0xc0) {
      this.read(at);
      this.writeTo(sink);
      return this.next;
    }
    // A short string, as most are.
    const end = at + 1 + (tag & 0x3f);
    sink.bulk(this.bytes, at + 1, end);
    return end + 1;
  }

  /** Copies the text of the element read last to target[at…) and answers where it ends. */
  copyTo(target: Uint8Array, at: number): number {
    this.spell();
    copyBytes(target, at, this.textBytes, this.textStart, this.textEnd);
    return at + this.textEnd - this.textStart;
  }

  /** A fresh copy of the text of the element read last. */
  copy(): Uint8Array {
    const bytes = new Uint8Array(this.textSize);
    this.copyTo(bytes, 0);
    return bytes;
  }

  /** Whether the element at a position is bytes[start, end). Reads it. */
  equals(at: number, bytes: Uint8Array, start: number, end: number): boolean {
    this.read(at);
    if (this.isInteger) return parseInteger(bytes, start, end) && this.#isParsed();
    return equalBytes(this.bytes, this.textStart, this.textEnd, bytes, start, end);
  }

  #isParsed(): boolean {
    return this.#low === parsedLow && this.#high === parsedHigh;
  }

  /**
   * Position of the first element from `from` on that is bytes[start, end), or NONE; of elements
   * looked at, `skip` are passed over (1: every second is looked at). Reads the one it finds.
   */
  find(from: number, bytes: Uint8Array, start: number, end: number, skip = 0): number {
    const { bytes: own, end: limit } = this;
    const size = end - start;
    const isNumber = parseInteger(bytes, start, end);
    for (let at = from; at < limit; ) {
      const tag = own[at];
      let next: number;
      if (tag >= 0x80 && tag < 0xc0) {
        // A short string, as most are: told by its size or last byte without read().
        const ownSize = tag & 0x3f;
        const textAt = at + 1;
        next = textAt + ownSize + 1;
        if (
          ownSize === size &&
          (size === 0 || own[at + size] === bytes[end - 1]) &&
          equalBytes(own, textAt, textAt + size, bytes, start, end)
        ) {
          this.read(at);
          return at;
        }
      } else {
        this.read(at);
        next = this.next;
        const isEqual = this.isInteger
          ? isNumber && this.#isParsed()
          : equalBytes(own, this.textStart, this.textEnd, bytes, start, end);
        if (isEqual) return at;
      }
      for (let i = 0; i < skip && next < limit; i++) next = this.nextOf(next);
      at = next;
    }
    return NONE;
  }

  // ── Changing ──────────────────────────────────────────────────────────────────────────────────

  /**
   * Puts bytes[start, end) in front of the element at `at`, or behind the last one. There must be
   * room, and the bytes must not be among those of this listpack.
   */
  insert(at: number, bytes: Uint8Array, start: number, end: number): void {
    this.end += insertElement(this.bytes, at, this.end, NO_LIMIT, bytes, start, end);
    this.#store(at, 1);
  }

  append(bytes: Uint8Array, start: number, end: number): void {
    this.insert(this.end, bytes, start, end);
  }

  /** Puts `count` elements of another listpack, which lie in bytes[from, to), behind the last one. */
  appendAll(bytes: Uint8Array, from: number, to: number, count: number): void {
    const at = this.end;
    this.#open(at, at, to - from);
    copyBytes(this.bytes, at, bytes, from, to);
    this.#store(at, count);
  }

  insertInteger(at: number, n: number | bigint): void {
    setAny(n);
    const size = parsedSize();
    this.#open(at, at, size + 1);
    this.bytes[writeParsed(this.bytes, at)] = size;
    this.#store(at, 1);
  }

  appendInteger(n: number | bigint): void {
    this.insertInteger(this.end, n);
  }

  /** Puts bytes[start, end) in place of the element at `at`. As insert() otherwise. */
  replace(at: number, bytes: Uint8Array, start: number, end: number): void {
    const next = this.nextOf(at);
    const isNumber = parseInteger(bytes, start, end);
    const size = isNumber ? parsedSize() : stringSize(end - start);
    this.#open(at, next, size + backSize(size));
    const sizeAt = isNumber
      ? writeParsed(this.bytes, at)
      : writeText(this.bytes, at, bytes, start, end);
    writeBackSize(this.bytes, sizeAt, size);
    this.#store(at, 0);
  }

  replaceInteger(at: number, n: number | bigint): void {
    const next = this.nextOf(at);
    setAny(n);
    const size = parsedSize();
    this.#open(at, next, size + 1);
    this.bytes[writeParsed(this.bytes, at)] = size;
    this.#store(at, 0);
  }

  /** Removes up to `count` elements from position `at` on. What was behind them is at `at` then. */
  remove(at: number, count = 1): void {
    let to = at;
    let removed = 0;
    for (; removed < count && to < this.end; removed++) to = this.nextOf(to);
    this.cut(at, to, removed);
  }

  /** Removes the `count` elements that lie in [from, to). */
  cut(from: number, to: number, count: number): void {
    this.#open(from, to, 0);
    this.#store(from, -count);
  }

  /** Removes all elements. */
  clear(): void {
    formatListpack(this.bytes, this.start);
    this.end = this.first;
    this.#store(this.first, 0);
  }

  /** Makes [at, to) `size` bytes large. */
  #open(at: number, to: number, size: number): void {
    openGap(this.bytes, at, to, this.end, size);
    this.end += at + size - to;
  }

  #store(from: number, change: number): void {
    const { bytes, start } = this;
    storeHeader(bytes, start, this.end + 1 - start, change);
    this.changed(from);
  }

  /** Told after every change: bytes from `from` on, and the header, are others. */
  protected changed(_from: number): void {}

  #toldCount(): number {
    return this.bytes[this.start + 4] | (this.bytes[this.start + 5] << 8);
  }

  #tellCount(count: number): void {
    const told = Math.min(count, COUNT_UNKNOWN);
    this.bytes[this.start + 4] = told;
    this.bytes[this.start + 5] = told >>> 8;
  }
}

// ── The whole content of an entry ───────────────────────────────────────────────────────────────

export class EntryListpack extends Listpack {
  /** It may lie elsewhere after reserve() or settle(). */
  entry = 0;
  #zone!: Zone;
  #isFlat = true;
  #scratch: Uint8Array = new Uint8Array(0);

  /** Points at an entry whose content is a listpack. */
  openEntry(zone: Zone, entry: number): this {
    const { content, arena } = zone;
    this.#zone = zone;
    this.entry = entry;
    this.#isFlat = content.isFlat(entry);
    // The first piece is at least a chunk or all there is: the header does not straddle.
    const at = content.flatAt(entry);
    if (this.#isFlat) {
      this.open(arena.u8, at);
    } else {
      this.#makeScratch();
      content.read(entry, 0, this.#scratch, 0, uint32(arena.u8, at));
      this.open(this.#scratch, 0);
    }
    return this;
  }

  /** Makes the content of an entry, LISTPACK_EMPTY_SIZE bytes at least, a listpack of nothing. */
  create(zone: Zone, entry: number): this {
    const { content, arena } = zone;
    if (content.isFlat(entry)) {
      formatListpack(arena.u8, content.flatAt(entry));
    } else {
      const empty = new Uint8Array(LISTPACK_EMPTY_SIZE);
      formatListpack(empty, 0);
      content.write(entry, 0, empty, 0, empty.length);
    }
    return this.openEntry(zone, entry);
  }

  /** Makes the content of an entry a listpack that is complete in bytes[start, end). */
  fill(zone: Zone, entry: number, bytes: Uint8Array, start: number, end: number): this {
    zone.content.write(entry, 0, bytes, start, end);
    return this.openEntry(zone, entry);
  }

  /**
   * Makes sure the listpack can grow by `added` bytes. Answers false when there is no room: nothing
   * has changed then, but the entry may be gone from where it was. After true it is open, though
   * making room may have changed what is in it if `zone.moves` did.
   */
  reserve(added: number): boolean {
    const zone = this.#zone;
    const size = this.size + added;
    if (size <= zone.content.size(this.entry)) return true;
    const entry = zone.resize(this.entry, size);
    if (entry === 0) return false;
    this.openEntry(zone, entry);
    return true;
  }

  /** Gives back memory that is not needed, if much is and it costs no other entry its place. */
  settle(): void {
    const zone = this.#zone;
    const { size } = this;
    if (zone.content.size(this.entry) < size * 1.25 + 32 || zone.slab.freePages() < 2) return;
    const entry = zone.resize(this.entry, size);
    if (entry !== 0) this.openEntry(zone, entry);
  }

  /** What is wrong, or undefined. */
  audit(): string | undefined {
    if (this.size > this.#zone.content.size(this.entry)) return 'elements lie behind the end';
    const count = validateListpack(this.bytes, this.start, this.size);
    return count < 0 ? 'the listpack is torn' : undefined;
  }

  #makeScratch(): void {
    const size = this.#zone.content.size(this.entry);
    if (this.#scratch.length < size) this.#scratch = new Uint8Array(size * 2);
  }

  protected override changed(from: number): void {
    if (this.#isFlat) return;
    const { content } = this.#zone;
    content.write(this.entry, 0, this.bytes, 0, LISTPACK_HEADER);
    content.write(this.entry, from, this.bytes, from, this.end + 1);
  }
}
