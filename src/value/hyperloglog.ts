/**
 * HyperLogLogs: how many different elements there were, from 12 KiB at most.
 *
 * The hash of an element names one of 16384 registers by its low 14 bits; the register keeps the
 * longest run of zeroes seen in the others, plus one. From how many registers hold what follows the
 * count, within about 0.8 %. The bytes are Redis's, because GET shows them and SET takes them:
 *
 *   ┌──────┬──────────┬─────┬───────────────────┬─────────────────────────────────────┐
 *   │ HYLL │ encoding │ 000 │ count, top bit:   │ registers                           │
 *   │      │ 1 byte   │     │ not known, 8 bytes│                                     │
 *   └──────┴──────────┴─────┴───────────────────┴─────────────────────────────────────┘
 *   dense    6 bits a register, the lowest bits of each byte first: 12288 bytes
 *   sparse   runs:   00nnnnnn          n + 1 registers (to 64) are 0
 *                    01nnnnnn nnnnnnnn n + 1 registers (to 16384) are 0
 *                    1vvvvvnn          n + 1 registers (to 4) are v + 1 (to 32)
 *
 * To set a register in a sparse one splits the run it is in, and then joins equal neighbours, but
 * only within five runs: which bytes come out depends on the order of everything before, so it is
 * done step by step as Redis does it. A sparse one becomes dense when a register is beyond 32, or
 * when it would grow beyond hll-sparse-max-bytes, and stays so.
 *
 * An object of the class is a copy of a value outside its zone: it is changed there, and written
 * back as a whole when there is room for it. Only what is dense already is changed in place.
 */

import { murmur, murmurHash64A } from '../std/murmur.ts';
import type { Zone } from '../zone/zone.ts';

export const REGISTER_COUNT = 1 << 14;
const REGISTER_MASK = REGISTER_COUNT - 1;
const INDEX_BITS = 14;
const REGISTER_MAX = 63;
/** The bits of a hash that an index leaves; one more is the longest run there can be. */
const REST_BITS = 64 - INDEX_BITS;
const SEED = 0xadc83b19;
const ALPHA = 0.5 / Math.LN2;

const HEADER_SIZE = 16;
const ENCODING_AT = 4;
const COUNT_AT = 8;
const COUNT_SIZE = 8;
const COUNT_UNKNOWN = 0x80;
const MAGIC = [0x48, 0x59, 0x4c, 0x4c];
export const DENSE_SIZE = HEADER_SIZE + (REGISTER_COUNT * 6) / 8;

export const DENSE = 0;
export const SPARSE = 1;
/** What is not a HyperLogLog at all. */
export const OTHER = -1;

const IS_VALUE = 0x80;
const IS_LONG_ZERO = 0x40;
const ZERO_RUN_MAX = 64;
const VALUE_MAX = 32;
const VALUE_RUN_MAX = 4;
const RUNS_JOINED = 5;

/** No valid sparse one is larger: a run takes two bytes at most, and has one register at least. */
const SPARSE_SIZE_MAX = HEADER_SIZE + REGISTER_COUNT * 2;
/** While one is changed it may grow by as much as its first registers could take. */
const IMAGE_SIZE = HEADER_SIZE + 3 * SPARSE_SIZE_MAX;

/** 2^63: what Redis makes of an estimate that is too large for 64 bits is -2^63. */
const ESTIMATE_END = 2 ** 63;

// ── Elements ────────────────────────────────────────────────────────────────────────────────────

/** The register an element belongs to, and what it says to it: set by hashElement(). */
let register = 0;
let rank = 0;

function hashElement(bytes: Uint8Array, start: number, end: number): void {
  murmurHash64A(bytes, start, end, SEED);
  const { high, low } = murmur;
  register = low & REGISTER_MASK;
  const restLow = (low >>> INDEX_BITS) | (high << (32 - INDEX_BITS));
  // A one behind the last bit ends every run.
  const restHigh = (high >>> INDEX_BITS) | (1 << (REST_BITS - 32));
  rank = 1 + (restLow !== 0 ? trailingZeroes(restLow) : 32 + trailingZeroes(restHigh));
}

function trailingZeroes(word: number): number {
  return 31 - Math.clz32(word & -word);
}

// ── Registers in six bits ───────────────────────────────────────────────────────────────────────

/** The register whose lowest bit is bit `shift` of a byte; `next` is the byte behind it. */
function unpacked(byte: number, next: number, shift: number): number {
  return ((byte >>> shift) | (next << (8 - shift))) & REGISTER_MAX;
}

/** Writes all registers into bytes from `at` on. */
function pack(registers: Uint8Array, bytes: Uint8Array, at: number): void {
  for (let i = 0, to = at; i < REGISTER_COUNT; i += 4, to += 3) {
    const four =
      registers[i] | (registers[i + 1] << 6) | (registers[i + 2] << 12) | (registers[i + 3] << 18);
    bytes[to] = four;
    bytes[to + 1] = four >>> 8;
    bytes[to + 2] = four >>> 16;
  }
}

// ── Values in a zone ────────────────────────────────────────────────────────────────────────────

const header = new Uint8Array(HEADER_SIZE);

/** DENSE, SPARSE or OTHER: what a string is, as far as its header and size tell. */
export function kindOf(zone: Zone, entry: number): number {
  const { content } = zone;
  const size = content.size(entry);
  if (size < HEADER_SIZE) return OTHER;
  content.read(entry, 0, header, 0, HEADER_SIZE);
  for (let i = 0; i < MAGIC.length; i++) if (header[i] !== MAGIC[i]) return OTHER;
  const encoding = header[ENCODING_AT];
  if (encoding === SPARSE || (encoding === DENSE && size === DENSE_SIZE)) return encoding;
  return OTHER;
}

/** Adds an element to a dense one. Answers whether a register changed. */
export function addToDense(
  zone: Zone,
  entry: number,
  bytes: Uint8Array,
  start: number,
  end: number,
): boolean {
  hashElement(bytes, start, end);
  const { content, arena } = zone;
  const { u8 } = arena;
  const bit = register * 6;
  const address = HEADER_SIZE + (bit >>> 3);
  const shift = bit & 7;
  const at = content.at(entry, address);
  const isSplit = shift > 2;
  const nextAt = isSplit ? content.at(entry, address + 1) : at;
  if (unpacked(u8[at], isSplit ? u8[nextAt] : 0, shift) >= rank) return false;
  u8[at] = (u8[at] & ~(REGISTER_MAX << shift)) | (rank << shift);
  if (isSplit) {
    const rest = 8 - shift;
    u8[nextAt] = (u8[nextAt] & ~(REGISTER_MAX >>> rest)) | (rank >>> rest);
  }
  return true;
}

/** Says in a value that its count is not known any more. */
export function forgetCount(zone: Zone, entry: number): void {
  zone.arena.u8[zone.content.at(entry, COUNT_AT + COUNT_SIZE - 1)] |= COUNT_UNKNOWN;
}

/** The count that is noted in a value, or undefined. */
export function notedCount(zone: Zone, entry: number): bigint | undefined {
  zone.content.read(entry, 0, header, 0, HEADER_SIZE);
  if ((header[COUNT_AT + COUNT_SIZE - 1] & COUNT_UNKNOWN) !== 0) return undefined;
  const word = (at: number): bigint =>
    BigInt(
      (header[at] | (header[at + 1] << 8) | (header[at + 2] << 16)) + header[at + 3] * 2 ** 24,
    );
  return (word(COUNT_AT + 4) << 32n) | word(COUNT_AT);
}

/** Notes a count in a value. */
export function noteCount(zone: Zone, entry: number, count: number): void {
  const low = ((count % 2 ** 32) + 2 ** 32) % 2 ** 32;
  const high = Math.floor(count / 2 ** 32);
  for (let i = 0; i < 4; i++) {
    header[i] = low >>> (8 * i);
    header[4 + i] = high >> (8 * i);
  }
  zone.content.write(entry, COUNT_AT, header, 0, COUNT_SIZE);
}

// ── Copies outside ──────────────────────────────────────────────────────────────────────────────

export class HyperLogLog {
  /** The value, bytes [0, size); a zero stands behind it. */
  readonly bytes: Uint8Array = new Uint8Array(IMAGE_SIZE);
  size = 0;
  readonly #registers = new Uint8Array(REGISTER_COUNT);
  readonly #histogram = new Int32Array(REGISTER_MAX + 1);
  /** What a run is split into. */
  readonly #split = new Uint8Array(5);
  #splitSize = 0;
  /** A run and its first register, to look for those behind it from there on. */
  #knownAt = HEADER_SIZE;
  #knownFirst = 0;

  get isDense(): boolean {
    return this.bytes[ENCODING_AT] === DENSE;
  }

  /** Begins an empty one, sparse: a single run. */
  reset(): void {
    const { bytes } = this;
    bytes.fill(0, 0, HEADER_SIZE);
    bytes.set(MAGIC);
    bytes[ENCODING_AT] = SPARSE;
    this.#begin(this.#writeZeroes(bytes, HEADER_SIZE, REGISTER_COUNT));
  }

  /** Copies a value, of which kindOf() says what it is. False: no sparse one can be that large. */
  load(zone: Zone, entry: number): boolean {
    const size = zone.content.size(entry);
    if (size > SPARSE_SIZE_MAX) return false;
    zone.content.read(entry, 0, this.bytes, 0, size);
    this.#begin(size);
    return true;
  }

  #begin(size: number): void {
    this.bytes[size] = 0;
    this.size = size;
    this.#knownAt = HEADER_SIZE;
    this.#knownFirst = 0;
  }

  /** Says that the count is not known any more. */
  forgetCount(): void {
    this.bytes[COUNT_AT + COUNT_SIZE - 1] |= COUNT_UNKNOWN;
  }

  /** Adds an element. 1: a register changed. 0: none did. -1: the value is corrupted. */
  add(bytes: Uint8Array, start: number, end: number, sparseSizeMax: number): number {
    hashElement(bytes, start, end);
    return this.raise(register, rank, sparseSizeMax);
  }

  /** Raises a register to a value. Answers as add() does. */
  raise(index: number, value: number, sparseSizeMax: number): number {
    return this.isDense
      ? this.#raiseDense(index, value)
      : this.#raiseSparse(index, value, sparseSizeMax);
  }

  #raiseDense(index: number, value: number): number {
    const { bytes } = this;
    const at = HEADER_SIZE + ((index * 6) >>> 3);
    const shift = (index * 6) & 7;
    const rest = 8 - shift;
    // The last register ends with its byte: the one behind it is read and keeps its bits.
    if (unpacked(bytes[at], bytes[at + 1], shift) >= value) return 0;
    bytes[at] = (bytes[at] & ~(REGISTER_MAX << shift)) | (value << shift);
    bytes[at + 1] = (bytes[at + 1] & ~(REGISTER_MAX >>> rest)) | (value >>> rest);
    return 1;
  }

  #raiseSparse(index: number, value: number, sizeMax: number): number {
    if (value > VALUE_MAX) return this.#raisePromoted(index, value);
    const { bytes } = this;
    const { size } = this;

    // The run that has the register, and the one before it.
    const isBehind = index > this.#knownFirst;
    let at = isBehind ? this.#knownAt : HEADER_SIZE;
    let first = isBehind ? this.#knownFirst : 0;
    let before = -1;
    let beforeFirst = 0;
    let length = 0;
    for (;;) {
      if (at >= size) return -1;
      const byte = bytes[at];
      let runSize = 1;
      if ((byte & IS_VALUE) !== 0) length = (byte & 3) + 1;
      else if ((byte & IS_LONG_ZERO) === 0) length = byte + 1;
      else {
        length = (((byte & 0x3f) << 8) | bytes[at + 1]) + 1;
        runSize = 2;
      }
      if (index < first + length) {
        if (before >= 0 || at === HEADER_SIZE) break;
        // It is the very run that was known: what is before it is not.
        at = HEADER_SIZE;
        first = 0;
        continue;
      }
      before = at;
      beforeFirst = first;
      first += length;
      at += runSize;
    }
    const start = before < 0 ? HEADER_SIZE : before;
    this.#knownAt = start;
    this.#knownFirst = beforeFirst;

    const byte = bytes[at];
    const isValue = (byte & IS_VALUE) !== 0;
    const old = isValue ? runValue(byte) : 0;
    if (old >= value) return 0;
    const oldSize = this.#runSize(at);
    if (length === 1 && oldSize === 1) {
      bytes[at] = valueRun(value, 1);
    } else {
      this.#splitRun(index - first, length, old, value);
      const growth = this.#splitSize - oldSize;
      if (growth > 0 && size + growth > sizeMax) return this.#raisePromoted(index, value);
      if (growth !== 0) bytes.copyWithin(at + oldSize + growth, at + oldSize, size);
      for (let i = 0; i < this.#splitSize; i++) bytes[at + i] = this.#split[i];
      this.size = size + growth;
    }
    this.#join(start);
    bytes[this.size] = 0;
    this.forgetCount();
    return 1;
  }

  /** Registers of the run at `at`. A run cut off by the end is read on into the zero behind it. */
  #runLength(at: number): number {
    const byte = this.bytes[at];
    if ((byte & IS_VALUE) !== 0) return (byte & 3) + 1;
    if ((byte & IS_LONG_ZERO) === 0) return (byte & 0x3f) + 1;
    return (((byte & 0x3f) << 8) | this.bytes[at + 1]) + 1;
  }

  #runSize(at: number): number {
    return (this.bytes[at] & (IS_VALUE | IS_LONG_ZERO)) === IS_LONG_ZERO ? 2 : 1;
  }

  /** Writes a run of zeroes. Answers the position behind it. */
  #writeZeroes(target: Uint8Array, at: number, length: number): number {
    if (length <= ZERO_RUN_MAX) {
      target[at] = length - 1;
      return at + 1;
    }
    target[at] = ((length - 1) >>> 8) | IS_LONG_ZERO;
    target[at + 1] = length - 1;
    return at + 2;
  }

  /** Splits a run of registers that are `old` so that the one at `place` in it is `value`. */
  #splitRun(place: number, length: number, old: number, value: number): void {
    const split = this.#split;
    const behind = length - place - 1;
    let at = 0;
    if (place > 0) {
      if (old === 0) at = this.#writeZeroes(split, at, place);
      else split[at++] = valueRun(old, place);
    }
    split[at++] = valueRun(value, 1);
    if (behind > 0) {
      if (old === 0) at = this.#writeZeroes(split, at, behind);
      else split[at++] = valueRun(old, behind);
    }
    this.#splitSize = at;
  }

  /** Joins neighbours of the same value among five runs from `start` on. */
  #join(start: number): void {
    const { bytes } = this;
    let at = start;
    for (let left = RUNS_JOINED; at < this.size && left > 0; left--) {
      const byte = bytes[at];
      if ((byte & IS_VALUE) === 0) {
        at += this.#runSize(at);
        continue;
      }
      const next = bytes[at + 1];
      if (at + 1 < this.size && (next & IS_VALUE) !== 0 && runValue(byte) === runValue(next)) {
        const length = (byte & 3) + 1 + (next & 3) + 1;
        if (length <= VALUE_RUN_MAX) {
          bytes[at + 1] = valueRun(runValue(byte), length);
          bytes.copyWithin(at, at + 1, this.size);
          this.size--;
          continue; // What is joined may be joined again.
        }
      }
      at++;
    }
  }

  #raisePromoted(index: number, value: number): number {
    return this.promote() ? this.#raiseDense(index, value) : -1;
  }

  /** Makes it dense. False: the value is corrupted, and stays. */
  promote(): boolean {
    if (this.isDense) return true;
    this.#registers.fill(0);
    if (!this.mergeInto(this.#registers)) return false;
    this.fillDense(this.#registers);
    return true;
  }

  /** Makes it dense with these registers. */
  fillDense(registers: Uint8Array): void {
    const { bytes } = this;
    bytes[ENCODING_AT] = DENSE;
    pack(registers, bytes, HEADER_SIZE);
    this.#begin(DENSE_SIZE);
  }

  /** Raises each of `registers` to what this one has there. False: the value is corrupted. */
  mergeInto(registers: Uint8Array): boolean {
    return this.isDense ? this.#mergeDense(registers) : this.#mergeSparse(registers);
  }

  #mergeDense(registers: Uint8Array): true {
    const { bytes } = this;
    for (let i = 0, at = HEADER_SIZE; i < REGISTER_COUNT; i += 4, at += 3) {
      const four = bytes[at] | (bytes[at + 1] << 8) | (bytes[at + 2] << 16);
      const a = four & REGISTER_MAX;
      const b = (four >>> 6) & REGISTER_MAX;
      const c = (four >>> 12) & REGISTER_MAX;
      const d = four >>> 18;
      if (a > registers[i]) registers[i] = a;
      if (b > registers[i + 1]) registers[i + 1] = b;
      if (c > registers[i + 2]) registers[i + 2] = c;
      if (d > registers[i + 3]) registers[i + 3] = d;
    }
    return true;
  }

  #mergeSparse(registers: Uint8Array): boolean {
    let index = 0;
    for (let at = HEADER_SIZE; at < this.size; at += this.#runSize(at)) {
      const byte = this.bytes[at];
      const length = this.#runLength(at);
      if ((byte & IS_VALUE) !== 0) {
        if (index + length > REGISTER_COUNT) return false;
        const value = runValue(byte);
        for (let i = index; i < index + length; i++) {
          if (value > registers[i]) registers[i] = value;
        }
      }
      index += length;
    }
    return index === REGISTER_COUNT;
  }

  /** How many different elements were added, about; NaN: the value is corrupted. */
  count(): number {
    const histogram = this.#histogram.fill(0);
    const { bytes } = this;
    if (this.isDense) {
      for (let at = HEADER_SIZE; at < DENSE_SIZE; at += 3) {
        const four = bytes[at] | (bytes[at + 1] << 8) | (bytes[at + 2] << 16);
        histogram[four & REGISTER_MAX]++;
        histogram[(four >>> 6) & REGISTER_MAX]++;
        histogram[(four >>> 12) & REGISTER_MAX]++;
        histogram[four >>> 18]++;
      }
      return estimate(histogram);
    }
    let index = 0;
    for (let at = HEADER_SIZE; at < this.size; at += this.#runSize(at)) {
      const byte = bytes[at];
      const length = this.#runLength(at);
      histogram[(byte & IS_VALUE) !== 0 ? runValue(byte) : 0] += length;
      index += length;
    }
    return index === REGISTER_COUNT ? estimate(histogram) : Number.NaN;
  }

  /** How many different elements all were given that were merged into these registers. */
  countOf(registers: Uint8Array): number {
    const histogram = this.#histogram.fill(0);
    for (let i = 0; i < REGISTER_COUNT; i++) histogram[registers[i]]++;
    return estimate(histogram);
  }

  /** The runs of a sparse one, as PFDEBUG DECODE prints them. */
  runs(): string {
    const runs: string[] = [];
    for (let at = HEADER_SIZE; at < this.size; at += this.#runSize(at)) {
      const byte = this.bytes[at];
      const length = this.#runLength(at);
      if ((byte & IS_VALUE) !== 0) runs.push(`v:${runValue(byte)},${length}`);
      else runs.push(`${this.#runSize(at) === 2 ? 'Z' : 'z'}:${length}`);
    }
    return runs.join(' ');
  }
}

function runValue(run: number): number {
  return ((run >>> 2) & 0x1f) + 1;
}

function valueRun(value: number, length: number): number {
  return IS_VALUE | ((value - 1) << 2) | (length - 1);
}

// ── Counting ────────────────────────────────────────────────────────────────────────────────────

/**
 * The count that a histogram of registers stands for, after Otmar Ertl, "New cardinality estimation
 * algorithms for HyperLogLog sketches". Each step rounds as Redis's does.
 */
function estimate(histogram: Int32Array): number {
  const m = REGISTER_COUNT;
  let z = m * tau((m - histogram[REST_BITS + 1]) / m);
  for (let i = REST_BITS; i >= 1; i--) {
    z += histogram[i];
    z *= 0.5;
  }
  z += m * sigma(histogram[0] / m);
  const count = Math.round((ALPHA * m * m) / z);
  return count < ESTIMATE_END ? count : -ESTIMATE_END;
}

function sigma(share: number): number {
  if (share === 1) return Number.POSITIVE_INFINITY;
  let x = share;
  let y = 1;
  let z = x;
  for (let last = Number.NaN; last !== z; ) {
    x *= x;
    last = z;
    z += x * y;
    y += y;
  }
  return z;
}

function tau(share: number): number {
  if (share === 0 || share === 1) return 0;
  let x = share;
  let y = 1;
  let z = 1 - x;
  for (let last = Number.NaN; last !== z; ) {
    x = Math.sqrt(x);
    last = z;
    y *= 0.5;
    z -= (1 - x) * (1 - x) * y;
  }
  return z / 3;
}
