import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  bitSize,
  divideByPower,
  hasValue,
  roundBits,
  scanNumber,
  trimZeroes,
} from '../../../src/std/float-text.ts';

const runs = { seed: 1, numRuns: 500 };
const positive = fc.bigInt({ min: 1n, max: 2n ** 200n });

describe('scanNumber', () => {
  it('takes decimal, hexadecimal and infinite texts apart', () => {
    expect(scanNumber('-12.50e3')).toEqual({
      isNegative: true,
      base: 10,
      digits: '1250',
      exponent: 1,
    });
    expect(scanNumber('+0x.8P-2')).toEqual({
      isNegative: false,
      base: 16,
      digits: '8',
      exponent: -6,
    });
    expect(scanNumber('-iNfInItY')).toEqual({
      isNegative: true,
      base: 0,
      digits: '',
      exponent: 0,
    });
  });

  it.each(['', '.', '-', 'e5', '1e', '1e+', '0x', '0x.', '0x1p', 'infi', 'nan', ' 1', '1 ', '1\n'])(
    'leaves %j alone',
    (text) => {
      expect(scanNumber(text)).toBeUndefined();
    },
  );

  it('knows digits that are all 0', () => {
    expect(hasValue('000')).toBe(false);
    expect(hasValue('00a')).toBe(true);
  });
});

describe('rounding', () => {
  it('counts bits', () => {
    fc.assert(
      fc.property(positive, (n) => {
        expect(bitSize(n)).toBe(n.toString(2).length);
      }),
      runs,
    );
  });

  it('divides to the nearest, halves to even', () => {
    expect([1n, 2n, 3n, 4n, 5n, 6n, 7n].map((n) => divideByPower(n, 2))).toEqual([
      0n,
      0n,
      1n,
      1n,
      1n,
      2n,
      2n,
    ]);
    expect(divideByPower(1n, 1)).toBe(0n);
    expect(divideByPower(3n, 1)).toBe(2n);
  });

  it('rounds to 53 bits as conversion to a double does', () => {
    fc.assert(
      fc.property(positive, (n) => {
        const { mantissa, exponent } = roundBits(n, 0, 53, -1074);
        expect(mantissa).toBeLessThanOrEqual(2n ** 53n);
        expect(Number(mantissa) * 2 ** exponent).toBe(Number(n));
      }),
      runs,
    );
  });

  it('keeps no bit below the lowest', () => {
    expect(roundBits(3n, -1075, 53, -1074)).toEqual({ mantissa: 2n, exponent: -1074 });
    expect(roundBits(1n, -1075, 53, -1074)).toEqual({ mantissa: 0n, exponent: -1074 });
    expect(roundBits(5n, -3, 53, -1074)).toEqual({ mantissa: 5n, exponent: -3 });
  });
});

describe('trimZeroes', () => {
  it.each([
    ['1.500', '1.5'],
    ['1.000', '1'],
    ['100', '100'],
    ['0.0', '0'],
    ['10.01', '10.01'],
  ])('makes %s %s', (text, expected) => {
    expect(trimZeroes(text)).toBe(expected);
  });
});
