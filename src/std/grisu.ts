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
 * after Florian Loitsch, sometimes misses (one double in 2,600 got a digit too many here), because
 * its powers of ten have 64 bits only. Redis prints scores with it, so a client that compares texts
 * would see the difference: this is the same algorithm with the same misses.
 *
 * A 64-bit value is two words here, …H and …L, as signed 32-bit integers wherever they are kept or
 * passed on: those V8 holds without allocating. `>>> 0` makes them what they mean.
 */

/** What shortestDigits found: x = digits[0] digits[1] … × 10^exponent. Reused by every call. */
export interface Decimal {
  /** Values 0 to 9, not ASCII. */
  readonly digits: Uint8Array;
  count: number;
  exponent: number;
}

// 10^-348, 10^-340, … 10^340, each as 64 bits with the top one set, times a power of two.
const POWER_COUNT = 87;
const POWER_FIRST = -348;
const POWER_STEP = 8;
const POWERS_H = new Int32Array(POWER_COUNT);
const POWERS_L = new Int32Array(POWER_COUNT);
const POWERS_EXPONENT = new Int32Array(POWER_COUNT);
for (let i = 0; i < POWER_COUNT; i++) {
  const [fraction, exponent] = powerOfTen(POWER_FIRST + i * POWER_STEP);
  POWERS_H[i] = Number(fraction >> 32n);
  POWERS_L[i] = Number(fraction & 0xffffffffn);
  POWERS_EXPONENT[i] = exponent;
}

// 10^9, 10^8, … 1.
const UNITS = Int32Array.from({ length: 10 }, (_, i) => 10 ** (9 - i));

// Where the product's binary point may lie, counted from the right.
const POINT_MAX = 60;
const POINT_MIN = 32;

const bits = new DataView(new Uint8Array(8).buffer);
const product = new Int32Array(2);
const found: Decimal = { digits: new Uint8Array(20), count: 0, exponent: 0 };

/** The digits of a finite number other than 0; its sign is left aside. */
export function shortestDigits(x: number): Decimal {
  bits.setFloat64(0, x);
  const head = bits.getInt32(0);
  const biased = (head >>> 20) & 0x7ff;
  const fractionH = (head & 0xfffff) | (biased !== 0 ? 0x100000 : 0);
  const fractionL = bits.getInt32(4);

  // w moves up until its top bit is the top bit; half an ulp, bit `half`, moves along. A power of
  // two has its lower neighbour half as far away. (A shift by 32 and more is one by 32 less.)
  const shift = fractionH !== 0 ? Math.clz32(fractionH) : 32 + Math.clz32(fractionL);
  const exponent = (biased !== 0 ? biased - 1075 : -1074) - shift;
  const wH =
    shift < 32 ? (fractionH << shift) | ((fractionL >>> 1) >>> (31 - shift)) : fractionL << shift;
  const wL = shift < 32 ? fractionL << shift : 0;
  const half = shift - 1;
  const quarter = fractionH === 0x100000 && fractionL === 0 ? half - 1 : half;
  const upperL = half < 32 ? (wL + (1 << half)) | 0 : wL;
  const upperH = (wH + (half < 32 ? carry(upperL, wL) : 1 << half)) | 0;
  const lowerL = quarter < 32 ? (wL - (1 << quarter)) | 0 : wL;
  const lowerH = (wH - (quarter < 32 ? carry(wL, lowerL) : 1 << quarter)) | 0;

  const power = findPower(exponent);
  const factorH = POWERS_H[power];
  const factorL = POWERS_L[power];
  multiply(wH, wL, factorH, factorL);
  const scaledH = product[0];
  const scaledL = product[1];
  multiply(upperH, upperL, factorH, factorL);
  // One unit inside on both sides, since the products are rounded.
  const topL = (product[1] - 1) | 0;
  const topH = (product[0] - (topL === -1 ? 1 : 0)) | 0;
  multiply(lowerH, lowerL, factorH, factorL);
  const bottomL = (product[1] + 1) | 0;
  const bottomH = (product[0] + (bottomL === 0 ? 1 : 0)) | 0;

  found.exponent = -(POWER_FIRST + power * POWER_STEP);
  generate(
    -(exponent + POWERS_EXPONENT[power] + 64) - 32,
    topH,
    topL,
    (topH - bottomH - carry(topL, bottomL)) | 0,
    (topL - bottomL) | 0,
    (topH - scaledH - carry(topL, scaledL)) | 0,
    (topL - scaledL) | 0,
  );
  return found;
}

/**
 * Writes digits of the top until what is left of it is less than the width down to the bottom.
 * `point`: how many bits of the high word lie behind the binary point.
 */
function generate(
  point: number,
  topH: number,
  topL: number,
  firstWidthH: number,
  firstWidthL: number,
  firstToWH: number,
  firstToWL: number,
): void {
  const digits = found.digits;
  const one = 1 << point;
  let widthH = firstWidthH >>> 0;
  let widthL = firstWidthL >>> 0;
  let toWH = firstToWH;
  let toWL = firstToWL;
  let whole = topH >>> point;
  let restH = topH & (one - 1);
  let restL = topL >>> 0;
  let count = 0;

  // The digits before the point.
  for (let i = 0; i < 10; i++) {
    const unit = UNITS[i];
    const digit = (whole / unit) >>> 0;
    if (digit !== 0 || count !== 0) digits[count++] = digit;
    whole = (whole - Math.imul(digit, unit)) >>> 0;
    const leftH = ((whole << point) | restH) >>> 0;
    if (leftH < widthH || (leftH === widthH && restL <= widthL)) {
      found.exponent += 9 - i;
      found.count = count;
      approach(widthH | 0, widthL | 0, leftH | 0, restL | 0, unit << point, toWH, toWL);
      return;
    }
  }

  // And those behind it: everything is ten times as big for each.
  for (let kappa = -1; ; kappa--) {
    restH = (Math.imul(restH, 10) + tenfoldCarry(restL)) | 0;
    restL = Math.imul(restL, 10) >>> 0;
    widthH = (Math.imul(widthH, 10) + tenfoldCarry(widthL)) >>> 0;
    widthL = Math.imul(widthL, 10) >>> 0;
    toWH = (Math.imul(toWH, 10) + tenfoldCarry(toWL)) | 0;
    toWL = Math.imul(toWL, 10);
    const digit = restH >>> point;
    if (digit !== 0 || count !== 0) digits[count++] = digit;
    restH &= one - 1;
    if (restH < widthH || (restH === widthH && restL < widthL)) {
      found.exponent += kappa;
      found.count = count;
      approach(widthH | 0, widthL | 0, restH, restL | 0, one, toWH, toWL);
      return;
    }
  }
}

/**
 * Lowers the last digit while that leads closer to w and stays above the bottom. All four are
 * distances down from the top: the bottom's, ours, one step (its low word is 0), w's.
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
  const step = stepH >>> 0;
  const goalH = toWH >>> 0;
  const isLowLess = leftL >>> 0 < toWL >>> 0;
  const roomH = (widthH >>> 0) - carry(widthL, leftL);
  for (let atH = leftH >>> 0; ; atH += step) {
    const isAboveW = atH < goalH || (atH === goalH && isLowLess);
    if (!isAboveW || roomH - atH < step) return;
    const nextH = atH + step;
    if (nextH > goalH || (nextH === goalH && !isLowLess)) {
      // The step leads past w: taken only if it ends nearer than it began.
      const beforeH = goalH - atH - carry(toWL, leftL);
      const afterH = nextH - goalH - carry(leftL, toWL);
      const beforeL = (toWL - leftL) >>> 0;
      const afterL = (leftL - toWL) >>> 0;
      if (beforeH < afterH || (beforeH === afterH && beforeL <= afterL)) return;
    }
    found.digits[last]--;
  }
}

/** Which power brings a value with this binary exponent to 32 … 60 bits behind the point. */
function findPower(exponent: number): number {
  // The constant is log10(2), and the first guess is part of the algorithm: two powers may fit.
  const guess = Math.trunc(-(exponent + POWER_COUNT) * 0.30102999566398114);
  let power = ((guess - POWER_FIRST) / POWER_STEP) | 0;
  for (;;) {
    const point = -(exponent + POWERS_EXPONENT[power] + 64);
    if (point > POINT_MAX) power++;
    else if (point < POINT_MIN) power--;
    else return power;
  }
}

/** The upper half of a 64 by 64 bit product, rounded, into `product`. */
function multiply(aH: number, aL: number, bH: number, bL: number): void {
  // Three words and a half are added per column: doubles carry what a word can't.
  const middle =
    (Math.imul(aH, bL) >>> 0) + (Math.imul(aL, bH) >>> 0) + upperWord(aL, bL) + 0x8000_0000;
  const low = (Math.imul(aH, bH) >>> 0) + upperWord(aH, bL) + upperWord(aL, bH) + overflow(middle);
  product[0] = upperWord(aH, bH) + overflow(low);
  product[1] = low;
}

/** The upper 32 bits of a product of two words. */
function upperWord(a: number, b: number): number {
  const aTop = a >>> 16;
  const aLow = a & 0xffff;
  const bTop = b >>> 16;
  const bLow = b & 0xffff;
  const first = Math.imul(aTop, bLow);
  const second = Math.imul(aLow, bTop);
  const middle = (Math.imul(aLow, bLow) >>> 16) + (first & 0xffff) + (second & 0xffff);
  return (Math.imul(aTop, bTop) + (first >>> 16) + (second >>> 16) + (middle >>> 16)) >>> 0;
}

/** What a sum of a few words has above 32 bits. */
function overflow(sum: number): number {
  return Math.floor(sum / 0x1_0000_0000);
}

/** What ten times a word has above 32 bits. */
function tenfoldCarry(word: number): number {
  return (Math.imul(word >>> 16, 10) + (Math.imul(word & 0xffff, 10) >>> 16)) >>> 16;
}

/** 1 if a is less than b, both unsigned: what a - b borrows, or a sum a with a part b carries. */
function carry(a: number, b: number): number {
  return a >>> 0 < b >>> 0 ? 1 : 0;
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
