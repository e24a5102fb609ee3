/**
 * Fields of a bitmap as integers: signed of 1 to 64 bits, unsigned of 1 to 63.
 *
 * A result that a field can't hold wraps around, stays at the nearest limit, or is refused:
 *
 *   u4, 14 + 3            WRAP  1          SAT  15         FAIL  nothing changes
 *   i4,  7 + 1            WRAP -8          SAT   7         FAIL  nothing changes
 *
 * Sums are made of numbers where those are exact, which is nearly always, and of bigints for wide
 * fields and large operands. Two habits are Redis's, which reckons in 64 bits: a negative number
 * set in an unsigned field is above it, and a number set so far below a signed field that the
 * distance to its upper limit is beyond 2^63 is above it, too.
 */

import type { Zone } from '../zone/zone.ts';
import { readBits, writeBits } from './bitmap.ts';

export const WRAP = 0;
export const SAT = 1;
export const FAIL = 2;

/** Up to here fields, operands and their sums are numbers: far enough below 2^53. */
export const EXACT_BITS = 48;
const EXACT_MAX = 2 ** EXACT_BITS;
const HALF_BITS = 32;

/** Whether a field and an operand are dealt with as numbers. */
export function isExact(bits: number, operand: number): boolean {
  return bits <= EXACT_BITS && Math.abs(operand) <= EXACT_MAX;
}

export function readField(
  zone: Zone,
  entry: number,
  offset: number,
  bits: number,
  isSigned: boolean,
): number {
  const value = readBits(zone, entry, offset, bits);
  return isSigned && value >= 2 ** (bits - 1) ? value - 2 ** bits : value;
}

export function writeField(
  zone: Zone,
  entry: number,
  offset: number,
  bits: number,
  value: number,
): void {
  writeBits(zone, entry, offset, bits, value < 0 ? value + 2 ** bits : value);
}

/** As readField(), for any width. */
export function readWideField(
  zone: Zone,
  entry: number,
  offset: number,
  bits: number,
  isSigned: boolean,
): bigint {
  const highBits = Math.max(0, bits - HALF_BITS);
  const high = readBits(zone, entry, offset, highBits);
  const low = readBits(zone, entry, offset + highBits, bits - highBits);
  const value = (BigInt(high) << BigInt(HALF_BITS)) | BigInt(low);
  return isSigned ? BigInt.asIntN(bits, value) : value;
}

/** As writeField(), for any width. */
export function writeWideField(
  zone: Zone,
  entry: number,
  offset: number,
  bits: number,
  value: bigint,
): void {
  const highBits = Math.max(0, bits - HALF_BITS);
  const field = BigInt.asUintN(bits, value);
  writeBits(zone, entry, offset, highBits, Number(field >> BigInt(HALF_BITS)));
  const low = Number(BigInt.asUintN(HALF_BITS, field));
  writeBits(zone, entry, offset + highBits, bits - highBits, low);
}

/** What a field holds after `value + increment` was put in it; NaN: it is refused. */
export function bounded(
  value: number,
  increment: number,
  bits: number,
  isSigned: boolean,
  overflow: number,
): number {
  const range = 2 ** bits;
  const max = isSigned ? range / 2 - 1 : range - 1;
  const min = isSigned ? -range / 2 : 0;
  const sum = value + increment;
  const isAbove = sum > max || (!isSigned && value < 0);
  if (!isAbove && sum >= min) return sum;
  if (overflow === FAIL) return Number.NaN;
  if (overflow === SAT) return isAbove ? max : min;
  const rest = sum % range; // Between -range and range.
  if (rest > max) return rest - range;
  return rest < min ? rest + range : rest + 0; // No -0.
}

/** As bounded(), for any width and operand; undefined: it is refused. */
export function boundedWide(
  value: bigint,
  increment: bigint,
  bits: number,
  isSigned: boolean,
  overflow: number,
): bigint | undefined {
  const range = 1n << BigInt(bits);
  const max = isSigned ? range / 2n - 1n : range - 1n;
  const min = isSigned ? -range / 2n : 0n;
  const sum = value + increment;
  const isAbove = isSigned
    ? sum > max || (bits < 64 && increment > BigInt.asIntN(64, max - value))
    : sum > max || value < 0n;
  if (!isAbove && sum >= min) return sum;
  if (overflow === FAIL) return undefined;
  if (overflow === SAT) return isAbove ? max : min;
  return isSigned ? BigInt.asIntN(bits, sum) : BigInt.asUintN(bits, sum);
}
