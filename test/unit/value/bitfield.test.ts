import { describe, expect, test } from 'vitest';
import { SeededRandom } from '../../../src/std/random.ts';
import {
  bounded,
  boundedWide,
  EXACT_BITS,
  FAIL,
  isExact,
  readField,
  readWideField,
  SAT,
  WRAP,
  writeField,
  writeWideField,
} from '../../../src/value/bitfield.ts';
import { openZone, put } from '../zone/support.ts';

const random = new SeededRandom(9);

describe('what a field can not hold', () => {
  test.each([
    [14, 3, 4, false, 1, 15],
    [3, -4, 4, false, 15, 0],
    [7, 1, 4, true, -8, 7],
    [-8, -1, 4, true, 7, -8],
    [0, 1, 1, true, -1, 0],
    // A negative number set in an unsigned field is above it, as Redis has it.
    [-1, 0, 8, false, 255, 255],
    [-256, 0, 8, false, 0, 255],
    [300, 0, 8, true, 44, 127],
    [-300, 0, 8, true, -44, -128],
  ])('%i + %i in %i bits, signed: %s', (value, increment, bits, isSigned, wrapped, saturated) => {
    expect(bounded(value, increment, bits, isSigned, WRAP)).toBe(wrapped);
    expect(bounded(value, increment, bits, isSigned, SAT)).toBe(saturated);
    expect(bounded(value, increment, bits, isSigned, FAIL)).toBeNaN();
  });

  test('is the same for numbers as for bigints', () => {
    for (let n = 0; n < 5000; n++) {
      const bits = 1 + random.below(EXACT_BITS);
      const isSigned = n % 2 === 0;
      const limit = 2 ** (1 + random.below(EXACT_BITS));
      const operand = random.below(limit * 2 + 1) - limit;
      expect(isExact(bits, operand)).toBe(true);
      const raw = random.below(2 ** bits);
      const old = isSigned ? Number(BigInt.asIntN(bits, BigInt(raw))) : raw;
      const [value, increment] = n % 3 === 0 ? [operand, 0] : [old, operand];
      for (const overflow of [WRAP, SAT, FAIL]) {
        const number = bounded(value, increment, bits, isSigned, overflow);
        const big = boundedWide(BigInt(value), BigInt(increment), bits, isSigned, overflow);
        expect(Number.isNaN(number) ? undefined : BigInt(number)).toBe(big);
        expect(Object.is(number, -0)).toBe(false);
      }
    }
  });

  test('is exact to 64 bits', () => {
    const max = 2n ** 63n - 1n;
    expect(boundedWide(max, 1n, 64, true, WRAP)).toBe(-(2n ** 63n));
    expect(boundedWide(max, 1n, 64, true, SAT)).toBe(max);
    expect(boundedWide(-(2n ** 63n), -1n, 64, true, SAT)).toBe(-(2n ** 63n));
    expect(boundedWide(max, 1n, 64, true, FAIL)).toBe(undefined);
    expect(boundedWide(-(2n ** 63n), max, 64, true, FAIL)).toBe(-1n);
    expect(boundedWide(max, 1n, 63, false, WRAP)).toBe(0n);
    expect(boundedWide(max, max, 63, false, SAT)).toBe(max);
    // So far below that Redis, in 64 bits, takes it for above.
    expect(boundedWide(-(2n ** 63n), 0n, 8, true, SAT)).toBe(127n);
    expect(boundedWide(-(2n ** 62n), 0n, 8, true, SAT)).toBe(-128n);
  });
});

test('fields of any width are read as they were written', () => {
  const zone = openZone();
  const entry = put(zone, 'k', random.bytes(100));
  for (let n = 0; n < 3000; n++) {
    const isSigned = n % 2 === 0;
    const bits = 1 + random.below(isSigned ? 64 : 63);
    const offset = random.below(800 - bits);
    const wide = (BigInt(random.u32()) << 32n) | BigInt(random.u32());
    const value = isSigned ? BigInt.asIntN(bits, wide) : BigInt.asUintN(bits, wide);
    if (bits <= EXACT_BITS && n % 3 === 0) {
      writeField(zone, entry, offset, bits, Number(value));
    } else {
      writeWideField(zone, entry, offset, bits, value);
    }
    expect(readWideField(zone, entry, offset, bits, isSigned)).toBe(value);
    if (bits <= EXACT_BITS) {
      expect(readField(zone, entry, offset, bits, isSigned)).toBe(Number(value));
    }
  }
});
