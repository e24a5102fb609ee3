/**
 * The text of floating-point numbers, apart from any one format of them.
 *
 *   '-12.5e3'  ──scanNumber──►  - 125 × 10^2  ──roundBits──►  the nearest 53 or 64 bits
 *
 * C's strtod and strtold take the same language and differ only in how many bits they keep. What
 * they share stands here: taking a text apart, and rounding an exact number as the processor does,
 * to the nearest and of two equally near to the even one.
 */

/** A number's text taken apart: digits × base^exponent for 10, digits × 2^exponent for 16. */
export interface ScannedNumber {
  readonly isNegative: boolean;
  /** 0 is infinity. */
  readonly base: 0 | 10 | 16;
  /** All digits without the point. */
  readonly digits: string;
  readonly exponent: number;
}

// What strtod takes, nan aside. Written so that no digit can be matched in two ways: a text of
// megabytes must not take the square of its size.
const DECIMAL = /^[+-]?(?:(\d+)(?:\.(\d*))?|\.(\d+))(?:[eE]([+-]?\d+))?$/;
const HEXADECIMAL =
  /^[+-]?0[xX](?:([\da-fA-F]+)(?:\.([\da-fA-F]*))?|\.([\da-fA-F]+))(?:[pP]([+-]?\d+))?$/;
const INFINITE = /^[+-]?inf(?:inity)?$/i;

/** Takes a whole text apart as strtod and strtold do; undefined where they would leave some. */
export function scanNumber(text: string): ScannedNumber | undefined {
  const isNegative = text.startsWith('-');
  let base: 10 | 16 = 10;
  let match = DECIMAL.exec(text);
  if (match === null) {
    base = 16;
    match = HEXADECIMAL.exec(text);
  }
  if (match === null) {
    if (!INFINITE.test(text)) return undefined;
    return { isNegative, base: 0, digits: '', exponent: 0 };
  }
  const [, whole = '', behindWhole = '', behindNothing = '', written = '0'] = match;
  const fraction = behindWhole + behindNothing;
  const scale = base === 16 ? 4 : 1;
  return {
    isNegative,
    base,
    digits: whole + fraction,
    exponent: Number(written) - fraction.length * scale,
  };
}

/** Whether any digit is not 0. */
export function hasValue(digits: string): boolean {
  return /[1-9a-fA-F]/.test(digits);
}

/** How many bits a positive integer has. */
export function bitSize(n: bigint): number {
  const hex = n.toString(16);
  return hex.length * 4 - (Math.clz32(Number.parseInt(hex[0], 16)) - 28);
}

/**
 * mantissa × 2^exponent in at most `precision` bits, none of them below 2^lowest: the nearest such
 * value, of two equally near the even one.
 */
export function roundBits(
  mantissa: bigint,
  exponent: number,
  precision: number,
  lowest: number,
): { mantissa: bigint; exponent: number } {
  const excess = Math.max(bitSize(mantissa) - precision, lowest - exponent);
  if (excess <= 0) return { mantissa, exponent };
  return { mantissa: divideByPower(mantissa, excess), exponent: exponent + excess };
}

/** n / 2^power, rounded to the nearest, halves to even. */
export function divideByPower(n: bigint, power: number): bigint {
  const shift = BigInt(power);
  const quotient = n >> shift;
  const rest = n - (quotient << shift);
  const half = 1n << (shift - 1n);
  const isUp = rest > half || (rest === half && (quotient & 1n) === 1n);
  return isUp ? quotient + 1n : quotient;
}

/** Without the zeroes behind the last digit of a fraction, and without a point behind none. */
export function trimZeroes(text: string): string {
  return text.includes('.') ? text.replace(/\.?0*$/, '') : text;
}
