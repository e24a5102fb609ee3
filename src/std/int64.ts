/**
 * Integers as Redis reads and prints them: signed 64-bit, in strict decimal.
 *
 * JavaScript has no such type. A number is exact to 2^53, a bigint to any size but lives on the
 * heap, and a function that returns now one and now the other is slow everywhere it is called. So
 * every question is asked in two steps:
 *
 *   const n = parseSafeInteger(bytes, start, end);   a number; NaN: not one, or one beyond 2^53
 *   if (n === n) …                                   nearly always
 *   const big = parseInt64(bytes, start, end);       a bigint; undefined: not an integer
 *
 * In the same way two safe numbers are added as numbers, and only when the sum is not safe again
 * (`!Number.isSafeInteger(a + b)`) through addInt64.
 *
 * Strict means that printing gives the same bytes back: no '+', no spaces, no leading zeroes, no
 * '-0'. That is why a string that parses may be kept as an integer.
 */

import { isSpace, latin1Text, writeLatin1 } from './ascii.ts';

export const INT64_MIN = -(2n ** 63n);
export const INT64_MAX = 2n ** 63n - 1n;
export const UINT64_MAX = 2n ** 64n - 1n;

/** The most bytes an int64 takes: those of INT64_MIN. */
export const INT64_DIGITS_MAX = 20;

const MINUS = 0x2d;
const PLUS = 0x2b;
const ZERO = 0x30;
const EIGHT_DIGITS = 100_000_000;

/** The integer in bytes[start, end) if it lies within ±(2^53 - 1), else NaN. */
export function parseSafeInteger(bytes: Uint8Array, start: number, end: number): number {
  let at = start;
  const isNegative = at < end && bytes[at] === MINUS;
  if (isNegative) at++;
  const digitCount = end - at;
  if (digitCount < 1 || digitCount > 16) return Number.NaN;
  const first = bytes[at] - ZERO;
  if (first === 0) return digitCount === 1 && !isNegative ? 0 : Number.NaN;
  let value = 0;
  for (; at < end; at++) {
    const digit = bytes[at] - ZERO;
    if (digit < 0 || digit > 9) return Number.NaN;
    // Fifteen digits are exact. With the sixteenth the sum may round, but only beyond 2^53.
    value = value * 10 + digit;
  }
  if (value > Number.MAX_SAFE_INTEGER) return Number.NaN;
  return isNegative ? -value : value;
}

/** The integer in bytes[start, end) if it fits in 64 bits, else undefined. */
export function parseInt64(bytes: Uint8Array, start: number, end: number): bigint | undefined {
  const safe = parseSafeInteger(bytes, start, end);
  if (!Number.isNaN(safe)) return BigInt(safe);
  // Whatever is a smaller integer was found above: this one is long and begins with 1 to 9.
  const isNegative = start < end && bytes[start] === MINUS;
  const digits = isNegative ? start + 1 : start;
  const size = end - digits;
  if (size < 16 || size > 19 || bytes[digits] === ZERO) return undefined;
  if (!isAllDigits(bytes, digits, end)) return undefined;
  const value = BigInt(latin1Text(bytes, start, end));
  return value >= INT64_MIN && value <= INT64_MAX ? value : undefined;
}

/** Whether bytes[start, end) is an integer of 64 bits. */
export function isInt64(bytes: Uint8Array, start: number, end: number): boolean {
  // A string that is clearly no number, or a long one, is told from its size and first byte.
  const size = end - start;
  if (size < 1 || size > INT64_DIGITS_MAX || bytes[start] > 0x39) return false;
  return (
    !Number.isNaN(parseSafeInteger(bytes, start, end)) ||
    parseInt64(bytes, start, end) !== undefined
  );
}

/** a + b, or undefined where 64 bits don't hold it. */
export function addInt64(a: bigint, b: bigint): bigint | undefined {
  const sum = a + b;
  return sum >= INT64_MIN && sum <= INT64_MAX ? sum : undefined;
}

/**
 * The unsigned integer in bytes[start, end), as the ids of streams are read: strict decimal up to
 * 2^64 - 1, or else whatever C's strtoull takes whole. So ' 7', '+7' and '007' are 7, ' -1' is
 * 2^64 - 1, but '-1' is refused. A NUL ends the text. Undefined: not an integer.
 */
export function parseUint64(bytes: Uint8Array, start: number, end: number): bigint | undefined {
  const safe = parseSafeInteger(bytes, start, end);
  if (!Number.isNaN(safe)) return safe < 0 ? undefined : BigInt(safe);
  const limit = endOfText(bytes, start, end);
  if (limit === start) return undefined;
  const strict = parseInt64(bytes, start, limit);
  if (strict !== undefined) return strict < 0n ? undefined : strict;
  return strtoull(bytes, start, limit);
}

/**
 * The cursor in bytes[start, end), as SCAN reads it: what C's strtoul takes whole, but no leading
 * space. The empty text is 0 and '-1' is 2^64 - 1. Undefined: not a cursor.
 */
export function parseCursor(bytes: Uint8Array, start: number, end: number): bigint | undefined {
  const limit = endOfText(bytes, start, end);
  if (limit === start) return 0n;
  if (isSpace(bytes[start])) return undefined;
  return strtoull(bytes, start, limit);
}

/** How many bytes writeInteger writes for a safe integer. */
export function digitCount(n: number): number {
  return n < 0 ? 1 + unsignedDigitCount(-n) : unsignedDigitCount(n);
}

/** Writes a safe integer in decimal at `at`, where it must fit; returns the position behind it. */
export function writeInteger(target: Uint8Array, at: number, n: number): number {
  let rest = n;
  let next = at;
  if (rest < 0) {
    target[next++] = MINUS;
    rest = -rest;
  }
  if (rest < EIGHT_DIGITS) return writeSmall(target, next, rest | 0);
  // Exact: a quotient below 2^27 has room for 1 / 10^8 behind the point. A safe integer has at
  // most 16 digits, so two steps are enough.
  const high = (rest / EIGHT_DIGITS) | 0;
  let low = (rest - high * EIGHT_DIGITS) | 0;
  next = writeSmall(target, next, high);
  for (let i = 7; i >= 0; i--) {
    const tenth = (low / 10) | 0;
    target[next + i] = ZERO + low - tenth * 10;
    low = tenth;
  }
  return next + 8;
}

/** The same for a bigint. */
export function writeInt64(target: Uint8Array, at: number, n: bigint): number {
  return writeLatin1(target, at, n.toString());
}

function writeSmall(target: Uint8Array, at: number, n: number): number {
  const next = at + smallDigitCount(n);
  let rest = n | 0;
  for (let i = next - 1; i > at; i--) {
    const tenth = (rest / 10) | 0;
    target[i] = ZERO + rest - tenth * 10;
    rest = tenth;
  }
  target[at] = ZERO + rest;
  return next;
}

function unsignedDigitCount(n: number): number {
  if (n < EIGHT_DIGITS) return smallDigitCount(n);
  return 8 + smallDigitCount((n / EIGHT_DIGITS) | 0);
}

/** For n below 10^8. */
function smallDigitCount(n: number): number {
  if (n < 10_000) {
    if (n < 100) return n < 10 ? 1 : 2;
    return n < 1000 ? 3 : 4;
  }
  if (n < 1_000_000) return n < 100_000 ? 5 : 6;
  return n < 10_000_000 ? 7 : 8;
}

function isAllDigits(bytes: Uint8Array, start: number, end: number): boolean {
  for (let at = start; at < end; at++) {
    if (bytes[at] < ZERO || bytes[at] > 0x39) return false;
  }
  return true;
}

function endOfText(bytes: Uint8Array, start: number, end: number): number {
  let at = start;
  while (at < end && bytes[at] !== 0) at++;
  return at;
}

/** C's strtoull in base 10, where it takes the whole text and does not overflow. */
function strtoull(bytes: Uint8Array, start: number, end: number): bigint | undefined {
  let at = start;
  while (at < end && isSpace(bytes[at])) at++;
  const isNegative = at < end && bytes[at] === MINUS;
  if (isNegative || bytes[at] === PLUS) at++;
  if (at >= end || !isAllDigits(bytes, at, end)) return undefined;
  while (at < end - 1 && bytes[at] === ZERO) at++;
  if (end - at > 20) return undefined;
  const value = BigInt(latin1Text(bytes, at, end));
  if (value > UINT64_MAX) return undefined;
  // A minus is not an error to strtoull: the value wraps around.
  return isNegative ? BigInt.asUintN(64, -value) : value;
}
