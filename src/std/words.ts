/**
 * Integers of 64 bits as two words, for where each is compared or stored and none is counted with.
 *
 *   │ low 32 bits │ high 32 bits │      both signed, as an Int32Array has them
 *
 * A number is exact to 2^53 only, and a bigint is an object: two words are neither. Text is parsed
 * into them and printed from them, by way of a bigint only beyond 2^53.
 */

import {
  INT64_DIGITS_MAX,
  parseInt64,
  parseSafeInteger,
  writeInt64,
  writeInteger,
} from './int64.ts';

const MINUS = 0x2d;
const ZERO = 0x30;
const NINE = 0x39;
/** Texts that are shorter print no integer beyond 2^53. */
const UNSAFE_SIZE_MIN = 16;

export class Words {
  low = 0;
  high = 0;

  /** Takes the integer that bytes[start, end) print, strictly. Answers false when they print none. */
  parse(bytes: Uint8Array, start: number, end: number): boolean {
    const size = end - start;
    if (size < 1 || size > INT64_DIGITS_MAX) return false;
    const last = bytes[end - 1];
    const first = bytes[start];
    // Most texts are told from their ends.
    if (last < ZERO || last > NINE || first > NINE || (first < ZERO && first !== MINUS)) {
      return false;
    }
    const n = parseSafeInteger(bytes, start, end);
    if (!Number.isNaN(n)) {
      this.low = n | 0;
      this.high = (n | 0) === n ? n >> 31 : Math.floor(n / 2 ** 32) | 0;
      return true;
    }
    if (size < UNSAFE_SIZE_MIN) return false;
    const exact = parseInt64(bytes, start, end);
    if (exact === undefined) return false;
    this.low = Number(BigInt.asIntN(32, exact));
    this.high = Number(BigInt.asIntN(32, exact >> 32n));
    return true;
  }
}

/** Prints the integer of two words at target[at…), where it must fit. Answers where it ends. */
export function writeWords(target: Uint8Array, at: number, low: number, high: number): number {
  const n = high * 2 ** 32 + (low >>> 0);
  if (Number.isSafeInteger(n)) return writeInteger(target, at, n);
  return writeInt64(target, at, (BigInt(high) << 32n) | BigInt(low >>> 0));
}
