/**
 * Doubles as Redis reads and prints them.
 *
 * Read: whatever C's strtod takes whole, so '3.0e3', '.5', '0x1.8p3' and '-Infinity', but neither a
 * leading space nor nan, nor a number too big for a double or too small to be told from 0.
 * JavaScript's Number() rounds as strtod does but takes another language ('', ' 1', '0b1'), so the
 * grammar is ours and the rounding is its.
 *
 * Printed: integers in plain digits up to 2^62, all else in the shortest digits that read back as
 * the same double, in the layout of Redis's fpconv: '0.1', '1e-7', '1e+25', 'inf', '-0'.
 *
 * At the end the 80-bit numbers of INCRBYFLOAT. Not here: the digits themselves (grisu.ts), the
 * grammar (float-text.ts).
 */

import { isDigit, latin1Text, writeLatin1 } from './ascii.ts';
import { assert } from './assert.ts';
import {
  bitSize,
  divideByPower,
  hasValue,
  roundBits,
  type ScannedNumber,
  scanNumber,
  trimZeroes,
} from './float-text.ts';
import { shortestDigits } from './grisu.ts';
import { writeInteger } from './int64.ts';

/** No double prints longer. */
export const DOUBLE_TEXT_SIZE_MAX = 32;

const MINUS = 0x2d;
const PLUS = 0x2b;
const DOT = 0x2e;
const ZERO = 0x30;
const LOWER_E = 0x65;

// Powers of ten up to here are doubles without error.
const EXACT_POWERS = Float64Array.from({ length: 16 }, (_, i) => Number(`1e${i}`));

/** The double in bytes[start, end), or NaN when it is none. */
export function parseDouble(bytes: Uint8Array, start: number, end: number): number {
  const simple = parseSimple(bytes, start, end);
  if (!Number.isNaN(simple)) return simple;
  return parseWhole(latin1Text(bytes, start, end), false);
}

/**
 * The double in bytes[start, end) as the bounds of a score range are read: leading spaces, nothing
 * at all (0), overflow (infinity) and underflow (0) pass, and a NUL ends the text. NaN: none.
 */
export function parseLooseDouble(bytes: Uint8Array, start: number, end: number): number {
  const simple = parseSimple(bytes, start, end);
  if (!Number.isNaN(simple)) return simple;
  const [text] = latin1Text(bytes, start, end).split('\0', 1);
  if (text === '') return 0;
  return parseWhole(text.replace(/^[ \t\n\v\f\r]+/, ''), true);
}

/**
 * Up to fifteen digits with a point or none, the numbers of daily life: both the digits and the
 * power of ten are exact as doubles, so one division rounds once. NaN for everything else.
 */
function parseSimple(bytes: Uint8Array, start: number, end: number): number {
  let at = start;
  const isNegative = at < end && bytes[at] === MINUS;
  if (isNegative) at++;
  // With the point 16 bytes at most.
  if (end - at > 16) return Number.NaN;
  let mantissa = 0;
  let digitCount = 0;
  let point = -1;
  for (; at < end; at++) {
    const byte = bytes[at];
    if (isDigit(byte)) {
      mantissa = mantissa * 10 + (byte - ZERO);
      digitCount++;
    } else if (byte === DOT && point < 0) {
      point = digitCount;
    } else {
      return Number.NaN;
    }
  }
  if (digitCount === 0 || digitCount > 15) return Number.NaN;
  const value = point < 0 ? mantissa : mantissa / EXACT_POWERS[digitCount - point];
  return isNegative ? -value : value;
}

function parseWhole(text: string, isLoose: boolean): number {
  const scanned = scanNumber(text);
  if (scanned === undefined) return Number.NaN;
  if (scanned.base === 0) return scanned.isNegative ? -Infinity : Infinity;
  const value = scanned.base === 16 ? fromHex(scanned) : Number(text);
  if (isLoose) return value;
  const isOutOfRange = !Number.isFinite(value) || (value === 0 && hasValue(scanned.digits));
  return isOutOfRange ? Number.NaN : value;
}

function fromHex({ isNegative, digits, exponent }: ScannedNumber): number {
  const magnitude = hexMagnitude(digits, exponent);
  return isNegative ? -magnitude : magnitude;
}

function hexMagnitude(digits: string, exponent: number): number {
  const mantissa = BigInt(`0x${digits}`);
  if (mantissa === 0n) return 0;
  const top = bitSize(mantissa) + exponent;
  if (top > 1024) return Infinity;
  if (top < -1080) return 0;
  const rounded = roundBits(mantissa, exponent, 53, -1074);
  // Two steps, since 2^1024 is no double where 2^1024 - 1 ulp is; both factors are exact.
  const first = Math.max(rounded.exponent, -1022);
  return Number(rounded.mantissa) * 2 ** first * 2 ** (rounded.exponent - first);
}

/** Writes x as Redis replies with it at `at`; returns the position behind it. */
export function writeDouble(target: Uint8Array, at: number, x: number): number {
  if (Number.isSafeInteger(x) && (x !== 0 || Object.is(x, 0))) return writeInteger(target, at, x);
  if (Number.isNaN(x)) return writeLatin1(target, at, 'nan');
  let next = at;
  if (x < 0 || x === 0) target[next++] = MINUS;
  if (x === 0) return writeLatin1(target, next, '0');
  if (!Number.isFinite(x)) return writeLatin1(target, next, 'inf');
  if (Number.isInteger(x) && Math.abs(x) <= 2 ** 62) {
    return writeLatin1(target, next, BigInt(Math.abs(x)).toString());
  }
  return writeShortest(target, next, x);
}

/** Writes the fewest digits of x, finite and not 0, without its sign. */
function writeShortest(target: Uint8Array, at: number, x: number): number {
  const { digits, count, exponent } = shortestDigits(x);
  return layOut(target, at, digits, count, exponent);
}

/** The same as text. */
export function doubleText(x: number): string {
  return latin1Text(scratch, 0, writeDouble(scratch, 0, x));
}

/** x in its fewest digits, integers too: '1e+17'. Digests of scores are made of this. */
export function shortestText(x: number): string {
  if (!Number.isFinite(x) || x === 0) return doubleText(x);
  const sign = x < 0 ? '-' : '';
  return sign + latin1Text(scratch, 0, writeShortest(scratch, 0, x));
}

const scratch = new Uint8Array(DOUBLE_TEXT_SIZE_MAX);

/** Plain digits where few zeroes fill them up, else d.ddde±xx: fpconv's bounds. */
function layOut(
  target: Uint8Array,
  at: number,
  digits: Uint8Array,
  count: number,
  exponent: number,
): number {
  const top = count + exponent - 1;
  const magnitude = Math.abs(top);
  if (exponent >= 0 && magnitude < count + 7) {
    return writeZeroes(target, writeDigits(target, at, digits, 0, count), exponent);
  }
  if (exponent < 0 && (exponent > -7 || magnitude < 4)) {
    const whole = count + exponent;
    let next = at;
    if (whole <= 0) {
      target[next] = ZERO;
      target[next + 1] = DOT;
      next = writeZeroes(target, next + 2, -whole);
      return writeDigits(target, next, digits, 0, count);
    }
    next = writeDigits(target, next, digits, 0, whole);
    target[next] = DOT;
    return writeDigits(target, next + 1, digits, whole, count);
  }
  let next = writeDigits(target, at, digits, 0, 1);
  if (count > 1) {
    target[next] = DOT;
    next = writeDigits(target, next + 1, digits, 1, count);
  }
  target[next] = LOWER_E;
  target[next + 1] = top < 0 ? MINUS : PLUS;
  return writeInteger(target, next + 2, magnitude);
}

function writeDigits(
  target: Uint8Array,
  at: number,
  digits: Uint8Array,
  from: number,
  to: number,
): number {
  for (let i = from; i < to; i++) target[at + i - from] = ZERO + digits[i];
  return at + to - from;
}

function writeZeroes(target: Uint8Array, at: number, count: number): number {
  for (let i = 0; i < count; i++) target[at + i] = ZERO;
  return at + count;
}

/**
 * x as C's '%.17g' prints it. ZSCAN shows the scores of large sorted sets so, 0.1 for one as
 * '0.10000000000000001'; those of small ones it shows as everywhere else.
 */
export function doubleText17(x: number): string {
  return generalText(x, 17);
}

/** x as C's '%.{precision}g' prints it: that many digits at most, 17 or fewer. */
export function generalText(x: number, precision: number): string {
  if (!Number.isFinite(x) || x === 0) return doubleText(x);
  const magnitude = Math.abs(x);
  if (precision <= 15 && magnitude >= 1e-4 && magnitude < EXACT_POWERS[precision]) {
    // A double that few digits tell from its neighbours is those digits when rounded to some more,
    // as long as they are not more than every double keeps.
    const shortest = String(x);
    if (shortest.length - (x < 0 ? 2 : 1) <= precision) return shortest;
  }
  const [mantissa, exponentText] = roundedText(x, precision).split('e');
  const exponent = Number(exponentText);
  if (exponent < -4 || exponent >= precision) {
    const sign = exponent < 0 ? '-' : '+';
    return `${trimZeroes(mantissa)}e${sign}${String(Math.abs(exponent)).padStart(2, '0')}`;
  }
  const sign = x < 0 ? '-' : '';
  const plain = mantissa.replace(/[-.]/g, '');
  if (exponent < 0) return trimZeroes(`${sign}0.${'0'.repeat(-exponent - 1)}${plain}`);
  return trimZeroes(`${sign}${plain.slice(0, exponent + 1)}.${plain.slice(exponent + 1)}`);
}

/**
 * x in `precision` digits, as 'd.ddde±x'. Of two equally near, C takes the even one and JavaScript
 * the greater. Both are equally near where nothing but zeroes follows a 5; no double comes that
 * close without being there.
 */
function roundedText(x: number, precision: number): string {
  const rounded = x.toExponential(precision - 1);
  const longer = x.toExponential(60);
  const end = longer.indexOf('e');
  const start = end - 61 + precision;
  const isTie = longer[start] === '5' && /^0*$/.test(longer.slice(start + 1, end));
  if (!isTie) return rounded;
  const last = longer[start - 1] === '.' ? start - 2 : start - 1;
  if (Number(longer[last]) % 2 === 1) return rounded;
  return longer.slice(0, last + 1) + longer.slice(end);
}

/** x with exactly `digitCount` digits behind the point, as GEO replies with distances. */
export function fixedText(x: number, digitCount: number): string {
  // As Redis: scaled and rounded as doubles are, halves to even, and never '-0.0000'.
  const scaled = roundToEven(x * EXACT_POWERS[digitCount]);
  assert(digitCount >= 1 && Number.isSafeInteger(scaled));
  const digits = String(Math.abs(scaled)).padStart(digitCount + 1, '0');
  const point = digits.length - digitCount;
  return `${scaled < 0 ? '-' : ''}${digits.slice(0, point)}.${digits.slice(point)}`;
}

function roundToEven(x: number): number {
  const floor = Math.floor(x);
  const rest = x - floor;
  if (rest !== 0.5) return rest < 0.5 ? floor : floor + 1;
  return floor % 2 === 0 ? floor : floor + 1;
}

// ── Long doubles ────────────────────────────────────────────────────────────────────────────────
//
// INCRBYFLOAT and HINCRBYFLOAT add in C's long double, which on x86 has a mantissa of 64 bits where
// a double has 53, and print 17 digits behind the point. That is why 0.1 + 0.2 is 0.3 there: the
// error is behind the 17th digit. Clients see the sum and count on it, so it is made the same way:
// text to the nearest 64 bits, one addition rounded to 64 bits, an exact print.
//
// The numbers are bigints, two microseconds for it all: for these two commands only. A
// redis-server on ARM, whose long double has other sizes, differs in the last digits of some sums.

/** mantissa × 2^exponent. The mantissa of infinity is undefined. */
export interface LongDouble {
  readonly isNegative: boolean;
  readonly mantissa: bigint | undefined;
  readonly exponent: number;
}

const LONG_PRECISION = 64;
const LONG_EXPONENT_MIN = -16445;
const LONG_EXPONENT_MAX = 16384;

/** Redis copies the text to a buffer of 5 KiB first, and refuses what doesn't fit. */
const LONG_TEXT_SIZE_MAX = 5 * 1024 - 1;

const SCALE = 10n ** 17n;

/** The number in bytes[start, end); undefined where Redis says 'not a valid float'. */
export function parseLongDouble(
  bytes: Uint8Array,
  start: number,
  end: number,
): LongDouble | undefined {
  if (end - start > LONG_TEXT_SIZE_MAX) return undefined;
  const scanned = scanNumber(latin1Text(bytes, start, end));
  if (scanned === undefined) return undefined;
  const { isNegative, base, digits, exponent } = scanned;
  if (base === 0) return { isNegative, mantissa: undefined, exponent: 0 };
  if (!hasValue(digits)) return { isNegative, mantissa: 0n, exponent: 0 };
  // Far outside the range nothing needs computing, and 10^exponent could not be. The digits, 5,000
  // at most, may stand for a power of ten each.
  const bitsPerStep = base === 16 ? 1 : 3.3219;
  const estimate = exponent * bitsPerStep + digits.length * (base === 16 ? 4 : bitsPerStep);
  if (Math.abs(estimate) > 40_000) return undefined;
  const rounded =
    base === 16
      ? roundBits(BigInt(`0x${digits}`), exponent, LONG_PRECISION, LONG_EXPONENT_MIN)
      : roundDecimal(BigInt(digits), exponent);
  if (rounded.mantissa === 0n || isOverflow(rounded.mantissa, rounded.exponent)) return undefined;
  return { isNegative, mantissa: rounded.mantissa, exponent: rounded.exponent };
}

export function isInfinite(x: LongDouble): boolean {
  return x.mantissa === undefined;
}

/** a + b; undefined where that is infinite or not a number. */
export function addLongDoubles(a: LongDouble, b: LongDouble): LongDouble | undefined {
  if (a.mantissa === undefined || b.mantissa === undefined) return undefined;
  const exponent = Math.min(a.exponent, b.exponent);
  const sum = signedAt(a, a.mantissa, exponent) + signedAt(b, b.mantissa, exponent);
  // Equal and opposite make +0; two negative zeroes make -0. Both print as '0'.
  if (sum === 0n) return { isNegative: false, mantissa: 0n, exponent: 0 };
  const isNegative = sum < 0n;
  const rounded = roundBits(isNegative ? -sum : sum, exponent, LONG_PRECISION, LONG_EXPONENT_MIN);
  if (isOverflow(rounded.mantissa, rounded.exponent)) return undefined;
  return { isNegative, mantissa: rounded.mantissa, exponent: rounded.exponent };
}

/** As Redis prints it: plain digits, at most 17 behind the point, no zeroes at the end. */
export function formatLongDouble({ isNegative, mantissa, exponent }: LongDouble): string {
  if (mantissa === undefined) return isNegative ? '-inf' : 'inf';
  const scaled =
    exponent < 0
      ? divideByPower(mantissa * SCALE, -exponent)
      : (mantissa << BigInt(exponent)) * SCALE;
  const digits = scaled.toString().padStart(18, '0');
  const text = trimZeroes(`${digits.slice(0, -17)}.${digits.slice(-17)}`);
  return isNegative && text !== '0' ? `-${text}` : text;
}

const doubleValue = new Float64Array(1);
const doubleBits = new DataView(doubleValue.buffer);

/** A finite double as a long double: exactly. */
export function longDoubleOf(x: number): LongDouble {
  doubleBits.setFloat64(0, x);
  const high = doubleBits.getUint32(0);
  const raw = (high >>> 20) & 0x7ff;
  const fraction = (BigInt(high & 0xfffff) << 32n) | BigInt(doubleBits.getUint32(4));
  const mantissa = raw === 0 ? fraction : fraction | (1n << 52n);
  return { isNegative: high >>> 31 === 1, mantissa, exponent: Math.max(raw, 1) - 1075 };
}

function signedAt(x: LongDouble, mantissa: bigint, exponent: number): bigint {
  const shifted = mantissa << BigInt(x.exponent - exponent);
  return x.isNegative ? -shifted : shifted;
}

function isOverflow(mantissa: bigint, exponent: number): boolean {
  return mantissa !== 0n && bitSize(mantissa) + exponent > LONG_EXPONENT_MAX;
}

function roundDecimal(digits: bigint, exponent: number): { mantissa: bigint; exponent: number } {
  if (exponent >= 0) {
    return roundBits(digits * 10n ** BigInt(exponent), 0, LONG_PRECISION, LONG_EXPONENT_MIN);
  }
  // A quotient with bits to spare, and one more that says whether a rest remained: enough to
  // round as the exact quotient would be.
  const divisor = 10n ** BigInt(-exponent);
  const shift = Math.max(0, bitSize(divisor) - bitSize(digits) + LONG_PRECISION + 2);
  const dividend = digits << BigInt(shift);
  const quotient = dividend / divisor;
  const sticky = quotient * divisor === dividend ? 0n : 1n;
  return roundBits((quotient << 1n) | sticky, -shift - 1, LONG_PRECISION, LONG_EXPONENT_MIN);
}
