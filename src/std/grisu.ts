/**
 * Grisu2: the digits of a double, as few as tell it from its neighbours.
 *
 *            lower             w             upper
 *   ───┼───────┼───────────────┼───────────────┼───────┼───      every decimal between lower and
 *    x-1 ulp                   x                     x+1 ulp     upper reads back as x
 *
 * All three are multiplied by a power of ten that brings them where 32 bits stand before the
 * binary point; then digits of `upper` are written until the rest is shorter than the way down to
 * `lower`, and the last one is lowered as long as that comes closer to w.
 *
 * JavaScript's own String(x) finds the shortest digits always and the closest among them. Grisu2,
 * after Florian Loitsch, misses one of these about once in a thousand, because its powers of ten
 * have 64 bits only. Redis prints scores with it, so a client that compares texts would see the
 * difference: this is the same algorithm with the same misses.
 *
 * A 64-bit value is two words here, …H and …L, each a number from 0 to 2^32 - 1.
 */

/** What shortestDigits found: x = digits[0] digits[1] … × 10^exponent. Reused by every call. */
export interface Decimal {
  /** Values 0 to 9, not ASCII. */
  readonly digits: Uint8Array;
  count: number;
  exponent: number;
}

const WORD = 0x1_0000_0000;

// 10^-348, 10^-340, … 10^340, each as 64 bits with the top one set, times a power of two.
const POWER_COUNT = 87;
const POWER_FIRST = -348;
const POWER_STEP = 8;
const POWERS_H = new Float64Array(POWER_COUNT);
const POWERS_L = new Float64Array(POWER_COUNT);
const POWERS_EXPONENT = new Int32Array(POWER_COUNT);
for (let i = 0; i < POWER_COUNT; i++) {
  const [fraction, exponent] = powerOfTen(POWER_FIRST + i * POWER_STEP);
  POWERS_H[i] = Number(fraction >> 32n);
  POWERS_L[i] = Number(fraction & 0xffffffffn);
  POWERS_EXPONENT[i] = exponent;
}

// Where the product's binary point may lie, counted from the right: 32 to 60.
const POINT_MAX = 60;
const POINT_MIN = 32;

const bits = new DataView(new ArrayBuffer(8));
const found: Decimal = { digits: new Uint8Array(20), count: 0, exponent: 0 };

/** The digits of a finite number other than 0; its sign is left aside. */
export function shortestDigits(x: number): Decimal {
  bits.setFloat64(0, x);
  const head = bits.getUint32(0);
  const biased = (head >>> 20) & 0x7ff;
  let fractionH = head & 0xfffff;
  const fractionL = bits.getUint32(4);
  if (biased !== 0) fractionH |= 0x100000;
  // A power of two has its lower neighbour half as far away.
  const isLowerCloser = fractionH === 0x100000 && fractionL === 0;

  // w moves up until its top bit is the top bit; half an ulp moves along.
  const shift = fractionH !== 0 ? Math.clz32(fractionH) : 32 + Math.clz32(fractionL);
  const exponent = (biased !== 0 ? biased - 1075 : -1074) - shift;
  const wH =
    (shift < 32 ? (fractionH << shift) | highPart(fractionL, shift) : fractionL << shift) >>> 0;
  const wL = shift < 32 ? (fractionL << shift) >>> 0 : 0;
  const half = shift - 1;
  const quarter = isLowerCloser ? half - 1 : half;
  const upperL = wL + (half < 32 ? 2 ** half : 0);
  const upperH = wH + (half < 32 ? 0 : 2 ** (half - 32)) + (upperL >= WORD ? 1 : 0);
  const lowerL = wL - (quarter < 32 ? 2 ** quarter : 0);
  const lowerH = wH - (quarter < 32 ? 0 : 2 ** (quarter - 32)) - (lowerL < 0 ? 1 : 0);

  const power = findPower(exponent);
  scaleBy(power);
  multiply(wH, wL);
  const scaledH = productH;
  const scaledL = productL;
  multiply(upperH, upperL >>> 0);
  // One unit inside on both sides, since the products are rounded.
  const topL = productL === 0 ? WORD - 1 : productL - 1;
  const topH = productL === 0 ? productH - 1 : productH;
  multiply(lowerH, lowerL >>> 0);
  const bottomL = productL === WORD - 1 ? 0 : productL + 1;
  const bottomH = productL === WORD - 1 ? productH + 1 : productH;

  found.exponent = -(POWER_FIRST + power * POWER_STEP);
  generate(
    -(exponent + POWERS_EXPONENT[power] + 64) - 32,
    topH,
    topL,
    topH - bottomH - (topL < bottomL ? 1 : 0),
    (topL - bottomL) >>> 0,
    topH - scaledH - (topL < scaledL ? 1 : 0),
    (topL - scaledL) >>> 0,
  );
  return found;
}

/** `point`: how many bits of the top's high word lie behind the binary point. */
function generate(
  point: number,
  topH: number,
  topL: number,
  width0H: number,
  width0L: number,
  toW0H: number,
  toW0L: number,
): void {
  let widthH = width0H;
  let widthL = width0L;
  let toWH = toW0H;
  let toWL = toW0L;
  const oneH = 2 ** point;
  let whole = topH >>> point;
  let restH = topH & (oneH - 1);
  let restL = topL;
  let count = 0;
  const digits = found.digits;

  // The digits before the point.
  for (let kappa = 9, unit = 1_000_000_000; kappa >= 0; kappa--, unit /= 10) {
    const digit = Math.floor(whole / unit);
    if (digit !== 0 || count !== 0) digits[count++] = digit;
    whole -= digit * unit;
    const leftH = ((whole << point) | restH) >>> 0;
    if (leftH < widthH || (leftH === widthH && restL <= widthL)) {
      found.exponent += kappa;
      found.count = count;
      approach(widthH, widthL, leftH, restL, (unit << point) >>> 0, toWH, toWL);
      return;
    }
  }

  // And those behind it: everything is ten times as big for each.
  for (let kappa = -1; ; kappa--) {
    restL *= 10;
    restH = restH * 10 + Math.floor(restL / WORD);
    restL >>>= 0;
    widthL *= 10;
    widthH = widthH * 10 + Math.floor(widthL / WORD);
    widthL >>>= 0;
    toWL *= 10;
    toWH = toWH * 10 + Math.floor(toWL / WORD);
    toWL >>>= 0;
    const digit = restH >>> point;
    if (digit !== 0 || count !== 0) digits[count++] = digit;
    restH &= oneH - 1;
    if (restH < widthH || (restH === widthH && restL < widthL)) {
      found.exponent += kappa;
      found.count = count;
      approach(widthH, widthL, restH, restL, oneH, toWH, toWL);
      return;
    }
  }
}

/**
 * Lowers the last digit while that leads closer to w and stays above the lower bound. All four are
 * distances down from the top: the bound's, ours, one step (its low word is 0), w's.
 */
function approach(
  widthH: number,
  widthL: number,
  leftH: number,
  leftL: number,
  stepH: number,
  toWH: number,
  toWL: number,
): void {
  const last = found.count - 1;
  for (let atH = leftH; ; atH += stepH) {
    const isAboveW = atH < toWH || (atH === toWH && leftL < toWL);
    if (!isAboveW) return;
    const room = widthH - atH - (widthL < leftL ? 1 : 0);
    if (room < stepH) return;
    const nextH = atH + stepH;
    if (nextH > toWH || (nextH === toWH && leftL >= toWL)) {
      // The step leads past w: taken only if it ends nearer than it began. The low words of both
      // ways are toWL - leftL and leftL - toWL.
      const beforeL = (toWL - leftL) >>> 0;
      const beforeH = toWH - atH - (toWL < leftL ? 1 : 0);
      const afterL = (leftL - toWL) >>> 0;
      const afterH = nextH - toWH - (leftL < toWL ? 1 : 0);
      if (beforeH < afterH || (beforeH === afterH && beforeL <= afterL)) return;
    }
    found.digits[last]--;
  }
}

/** Which power brings a value with this binary exponent to 32 … 60 bits behind the point. */
function findPower(exponent: number): number {
  // The constant is log10(2), and the first guess is part of the algorithm: two powers may fit.
  const guess = Math.trunc(-(exponent + POWER_COUNT) * 0.30102999566398114);
  let power = Math.trunc((guess - POWER_FIRST) / POWER_STEP);
  for (;;) {
    const point = -(exponent + POWERS_EXPONENT[power] + 64);
    if (point > POINT_MAX) power++;
    else if (point < POINT_MIN) power--;
    else return power;
  }
}

let factorH = 0;
let factorL = 0;
let productH = 0;
let productL = 0;

function scaleBy(power: number): void {
  factorH = POWERS_H[power];
  factorL = POWERS_L[power];
}

/** The upper half of a 64 by 64 bit product, rounded, into productH and productL. */
function multiply(aH: number, aL: number): void {
  const middle =
    (Math.imul(aH, factorL) >>> 0) +
    (Math.imul(aL, factorH) >>> 0) +
    upperWord(aL, factorL) +
    0x8000_0000;
  const low =
    (Math.imul(aH, factorH) >>> 0) +
    upperWord(aH, factorL) +
    upperWord(aL, factorH) +
    Math.floor(middle / WORD);
  productL = low >>> 0;
  productH = upperWord(aH, factorH) + Math.floor(low / WORD);
}

/** The upper 32 bits of a product of two words. Each half product fits a double's 53 bits. */
function upperWord(a: number, b: number): number {
  return Math.floor(((a >>> 16) * b + Math.floor(((a & 0xffff) * b) / 0x1_0000)) / 0x1_0000);
}

/** The top `shift` bits of a word, at its bottom. */
function highPart(word: number, shift: number): number {
  return shift === 0 ? 0 : word >>> (32 - shift);
}

/** 10^k as [64 bits, exponent of two], rounded to the nearest. */
function powerOfTen(k: number): [bigint, number] {
  const sizeOf = (n: bigint) => n.toString(2).length;
  if (k >= 0) {
    const power = 10n ** BigInt(k);
    const exponent = sizeOf(power) - 64;
    if (exponent <= 0) return [power << BigInt(-exponent), exponent];
    return [((power >> BigInt(exponent - 1)) + 1n) >> 1n, exponent];
  }
  const divisor = 10n ** BigInt(-k);
  const scale = sizeOf(divisor) + 63;
  return [(2n ** BigInt(scale + 1) / divisor + 1n) >> 1n, -scale];
}
