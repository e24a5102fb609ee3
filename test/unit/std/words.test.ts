import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { latin1Bytes, latin1Text } from '../../../src/std/ascii.ts';
import { INT64_MAX, INT64_MIN } from '../../../src/std/int64.ts';
import { Words, writeWords } from '../../../src/std/words.ts';

const words = new Words();

function parsed(text: string): boolean {
  const bytes = latin1Bytes(`<${text}>`);
  return words.parse(bytes, 1, bytes.length - 1);
}

function printed(low: number, high: number): string {
  const target = new Uint8Array(24);
  return latin1Text(target, 1, writeWords(target, 1, low, high));
}

describe('an integer of two words', () => {
  test.each([
    ['0', 0, 0],
    ['-1', -1, -1],
    ['2147483647', 0x7fffffff, 0],
    ['2147483648', -0x80000000, 0],
    ['-2147483648', -0x80000000, -1],
    ['-2147483649', 0x7fffffff, -1],
    ['4294967296', 0, 1],
    ['9007199254740993', 1, 0x200000],
    ['9223372036854775807', -1, 0x7fffffff],
    ['-9223372036854775808', 0, -0x80000000],
  ])('%s', (text, low, high) => {
    expect(parsed(text)).toBe(true);
    expect([words.low, words.high]).toEqual([low, high]);
    expect(printed(low, high)).toBe(text);
  });

  test.each([
    ...['', '-', '+1', '01', '-0', '00', ' 1', '1 ', '1.0', '1e3', 'a', '-a1', '1-1', '0x1'],
    ...['9223372036854775808', '-9223372036854775809', '99999999999999999999', '--1', '1\0'],
    ...['123456789012345678901234567890', '1234567890123456a8', '/1', ':1', '1:', '-01'],
  ])('is not %j', (text) => {
    expect(parsed(text)).toBe(false);
  });

  test('is printed as it was parsed', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: INT64_MIN, max: INT64_MAX }), (n) => {
        expect(parsed(String(n))).toBe(true);
        expect((BigInt(words.high) << 32n) | BigInt(words.low >>> 0)).toBe(n);
        expect(printed(words.low, words.high)).toBe(String(n));
      }),
      { seed: 1, numRuns: 500 },
    );
  });
});
