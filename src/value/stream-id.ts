/**
 * Stream ids: 128 bits, a time and a number among those of that millisecond.
 *
 *   1700000000000-3     msHi msLo - seqHi seqLo
 *
 * Ids are as large as their words say: neither a number nor two hold one, and a bigint lives on the
 * heap. So an id is four words of 32 bits, kept signed as a typed array of words gives them, and
 * compared as if they were not. A StreamId is a place to hold one, used again.
 */

import type { Reply } from '../resp/reply.ts';
import {
  parseSafeInteger,
  parseUint64,
  UINT64_MAX,
  writeInt64,
  writeInteger,
} from '../std/int64.ts';

/** Bytes of the longest id as text. */
export const ID_TEXT_MAX = 41;
/** Redis copies an id to a buffer of 128 bytes to parse it. */
const PARSED_SIZE_MAX = 127;

const TWO_32 = 2 ** 32;
const MINUS = 0x2d;
const PLUS = 0x2b;
const STAR = 0x2a;
const BULK = 0x24;
const ZERO = 0x30;
const CR = 0x0d;
const LF = 0x0a;
/** Bytes in front of the text in a bulk: sign, two digits, end of line. */
const BULK_HEAD = 5;

export class StreamId {
  msHi = 0;
  msLo = 0;
  seqHi = 0;
  seqLo = 0;

  set(msHi: number, msLo: number, seqHi: number, seqLo: number): this {
    this.msHi = msHi;
    this.msLo = msLo;
    this.seqHi = seqHi;
    this.seqLo = seqLo;
    return this;
  }

  copy(id: StreamId): this {
    return this.set(id.msHi, id.msLo, id.seqHi, id.seqLo);
  }

  /** 0-0. */
  setMin(): this {
    return this.set(0, 0, 0, 0);
  }

  /** The largest id there is. */
  setMax(): this {
    return this.set(-1, -1, -1, -1);
  }

  /** Both parts as safe integers. */
  setNumbers(ms: number, seq: number): this {
    return this.set((ms / TWO_32) | 0, ms | 0, (seq / TWO_32) | 0, seq | 0);
  }

  /** The four words from `word` on. */
  read(words: Int32Array, word: number): this {
    return this.set(words[word], words[word + 1], words[word + 2], words[word + 3]);
  }

  write(words: Int32Array, word: number): void {
    words[word] = this.msHi;
    words[word + 1] = this.msLo;
    words[word + 2] = this.seqHi;
    words[word + 3] = this.seqLo;
  }

  get isMin(): boolean {
    return (this.msHi | this.msLo | this.seqHi | this.seqLo) === 0;
  }

  get isMax(): boolean {
    return (this.msHi & this.msLo & this.seqHi & this.seqLo) === -1;
  }

  /** Whether seq is the largest there is. */
  get isLastOfTime(): boolean {
    return (this.seqHi & this.seqLo) === -1;
  }

  /** Milliseconds; beyond 2^53 only nearly. */
  get ms(): number {
    return (this.msHi >>> 0) * TWO_32 + (this.msLo >>> 0);
  }

  get seq(): number {
    return (this.seqHi >>> 0) * TWO_32 + (this.seqLo >>> 0);
  }

  get ms64(): bigint {
    return (BigInt(this.msHi >>> 0) << 32n) | BigInt(this.msLo >>> 0);
  }

  get seq64(): bigint {
    return (BigInt(this.seqHi >>> 0) << 32n) | BigInt(this.seqLo >>> 0);
  }

  set64(ms: bigint, seq: bigint): this {
    return this.set(
      Number(BigInt.asIntN(32, ms >> 32n)),
      Number(BigInt.asIntN(32, ms)),
      Number(BigInt.asIntN(32, seq >> 32n)),
      Number(BigInt.asIntN(32, seq)),
    );
  }

  /** Below 0 when it is smaller than the other, 0 when they are equal. */
  compare(id: StreamId): number {
    if (this.msHi !== id.msHi) return this.msHi >>> 0 < id.msHi >>> 0 ? -1 : 1;
    if (this.msLo !== id.msLo) return this.msLo >>> 0 < id.msLo >>> 0 ? -1 : 1;
    if (this.seqHi !== id.seqHi) return this.seqHi >>> 0 < id.seqHi >>> 0 ? -1 : 1;
    if (this.seqLo !== id.seqLo) return this.seqLo >>> 0 < id.seqLo >>> 0 ? -1 : 1;
    return 0;
  }

  /** The same, with the four words from `word` on. */
  compareAt(words: Int32Array, word: number): number {
    let own = this.msHi;
    let other = words[word];
    if (own !== other) return own >>> 0 < other >>> 0 ? -1 : 1;
    own = this.msLo;
    other = words[word + 1];
    if (own !== other) return own >>> 0 < other >>> 0 ? -1 : 1;
    own = this.seqHi;
    other = words[word + 2];
    if (own !== other) return own >>> 0 < other >>> 0 ? -1 : 1;
    own = this.seqLo;
    other = words[word + 3];
    if (own !== other) return own >>> 0 < other >>> 0 ? -1 : 1;
    return 0;
  }

  /** Goes to the next id. Answers false, and is 0-0, behind the last. */
  increment(): boolean {
    this.seqLo = (this.seqLo + 1) | 0;
    if (this.seqLo !== 0) return true;
    this.seqHi = (this.seqHi + 1) | 0;
    if (this.seqHi !== 0) return true;
    this.msLo = (this.msLo + 1) | 0;
    if (this.msLo !== 0) return true;
    this.msHi = (this.msHi + 1) | 0;
    return this.msHi !== 0;
  }

  /** Goes to the previous id. Answers false, and is the largest, in front of the first. */
  decrement(): boolean {
    this.seqLo = (this.seqLo - 1) | 0;
    if (this.seqLo !== -1) return true;
    this.seqHi = (this.seqHi - 1) | 0;
    if (this.seqHi !== -1) return true;
    this.msLo = (this.msLo - 1) | 0;
    if (this.msLo !== -1) return true;
    this.msHi = (this.msHi - 1) | 0;
    return this.msHi !== -1;
  }

  /** Writes the text, ID_TEXT_MAX bytes at most, and answers where it ends. */
  writeText(target: Uint8Array, at: number): number {
    if (this.msHi !== timeHi || this.msLo !== timeLo) setTime(this.msHi, this.msLo);
    for (let i = 0; i < timeSize; i++) target[at + i] = timeText[i];
    return writeWords(target, at + timeSize, this.seqHi, this.seqLo);
  }

  /** Writes it as one bulk, where the reply is: half as long as writing it elsewhere first. */
  writeTo(reply: Reply): void {
    const at = reply.claim(BULK_HEAD + ID_TEXT_MAX + 2);
    const target = reply.claimed;
    const end = this.writeText(target, at + BULK_HEAD);
    const size = end - at - BULK_HEAD;
    if (size < 10) {
      // The header has a digit less.
      reply.bulk(text, 0, this.writeText(text, 0));
      return;
    }
    const tens = (size / 10) | 0;
    target[at] = BULK;
    target[at + 1] = ZERO + tens;
    target[at + 2] = ZERO + size - tens * 10;
    target[at + 3] = CR;
    target[at + 4] = LF;
    target[end] = CR;
    target[end + 1] = LF;
    reply.wrote(end + 2);
  }

  toString(): string {
    return `${this.ms64}-${this.seq64}`;
  }

  /**
   * Reads bytes[start, end) as a client writes an id: `ms`, with the smallest or (`fillsUp`) the
   * largest seq, or `ms-seq`. `-` and `+` are the smallest and the largest id, unless it must be
   * `strict`. Answers false, and is anything, when it is none.
   */
  parse(bytes: Uint8Array, start: number, end: number, fillsUp: boolean, strict: boolean): boolean {
    return this.#parse(bytes, start, end, fillsUp, strict, false) === GIVEN;
  }

  /** Reads the id of a new entry: as above and strict, or `ms-*`: then it answers SEQ_OPEN. */
  parseNew(bytes: Uint8Array, start: number, end: number): number {
    return this.#parse(bytes, start, end, false, true, true);
  }

  #parse(
    bytes: Uint8Array,
    start: number,
    end: number,
    fillsUp: boolean,
    strict: boolean,
    mayBeOpen: boolean,
  ): number {
    if (end - start > PARSED_SIZE_MAX) return INVALID;
    if (end - start === 1 && (bytes[start] === MINUS || bytes[start] === PLUS)) {
      if (strict) return INVALID;
      if (bytes[start] === MINUS) this.setMin();
      else this.setMax();
      return GIVEN;
    }
    // What follows a NUL is not seen.
    let limit = start;
    while (limit < end && bytes[limit] !== 0) limit++;
    let middle = start;
    while (middle < limit && bytes[middle] !== MINUS) middle++;
    if (!readWords(bytes, start, middle)) return INVALID;
    this.msHi = wordsHi;
    this.msLo = wordsLo;
    if (middle === limit) {
      this.seqHi = fillsUp ? -1 : 0;
      this.seqLo = this.seqHi;
      return GIVEN;
    }
    if (mayBeOpen && limit - middle === 2 && bytes[middle + 1] === STAR) {
      this.seqHi = 0;
      this.seqLo = 0;
      return SEQ_OPEN;
    }
    if (!readWords(bytes, middle + 1, limit)) return INVALID;
    this.seqHi = wordsHi;
    this.seqLo = wordsLo;
    return GIVEN;
  }
}

/** What parseNew() answers: no id, an id, or one whose seq is to be found. */
export const INVALID = 0;
export const GIVEN = 1;
export const SEQ_OPEN = 2;

const text = new Uint8Array(ID_TEXT_MAX);

// The time written last, with the minus behind it: many ids have the same.
const timeText = new Uint8Array(ID_TEXT_MAX);
let timeSize = 0;
let timeHi = 0;
let timeLo = 0;
setTime(0, 0);

function setTime(hi: number, lo: number): void {
  timeHi = hi;
  timeLo = lo;
  timeSize = writeWords(timeText, 0, hi, lo);
  timeText[timeSize++] = MINUS;
}

// The number read last.
let wordsHi = 0;
let wordsLo = 0;

function readWords(bytes: Uint8Array, start: number, end: number): boolean {
  const n = parseSafeInteger(bytes, start, end);
  if (n >= 0) {
    wordsHi = (n / TWO_32) | 0;
    wordsLo = n | 0;
    return true;
  }
  const big = parseUint64(bytes, start, end);
  if (big === undefined || big > UINT64_MAX) return false;
  wordsHi = Number(BigInt.asIntN(32, big >> 32n));
  wordsLo = Number(BigInt.asIntN(32, big));
  return true;
}

function writeWords(target: Uint8Array, at: number, hi: number, lo: number): number {
  const n = (hi >>> 0) * TWO_32 + (lo >>> 0);
  if (n <= Number.MAX_SAFE_INTEGER) return writeInteger(target, at, n);
  return writeInt64(target, at, (BigInt(hi >>> 0) << 32n) | BigInt(lo >>> 0));
}
