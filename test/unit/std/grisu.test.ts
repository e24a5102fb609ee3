import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { shortestDigits } from '../../../src/std/grisu.ts';

/** The digits and exponent as text, in the form JavaScript can read. */
function text(x: number): string {
  const { digits, count, exponent } = shortestDigits(x);
  return `${digits.subarray(0, count).join('')}e${exponent}`;
}

/** How many digits String(x) has: the fewest possible. */
function fewest(x: number): number {
  const [mantissa] = Math.abs(x).toExponential().split('e');
  return mantissa.replace('.', '').length;
}

const finite = fc
  .double({ noNaN: true, noDefaultInfinity: true })
  .filter((x) => x !== 0)
  .map(Math.abs);

/** ZSCORE of 7.2.6 answers these with 17 digits, where 16 would do. */
const MISSES: [number, string][] = [
  [3776.570363142622, '37765703631426222e-13'],
  [25437781.46917204, '25437781469172038e-9'],
  [56499752376.83041, '56499752376830406e-6'],
  [0.000001321958040231558, '13219580402315581e-22'],
  [937.410450625387, '9374104506253871e-13'],
  [17.74614526000782, '17746145260007822e-15'],
];

describe('shortestDigits', () => {
  it.each([
    [0.1, '1e-1'],
    [0.3, '3e-1'],
    [123.456, '123456e-3'],
    [1e23, '9999999999999999e7'],
    [5e-324, '5e-324'],
    [2 ** -1022, '22250738585072014e-324'],
    [Number.MAX_VALUE, '17976931348623157e292'],
    [2 ** 62, '4611686018427388e3'],
  ])('finds those of %d', (x, expected) => {
    expect(text(x)).toBe(expected);
    expect(text(-x)).toBe(expected);
  });

  it('always reads back, and is nearly always as short as can be', () => {
    let longer = 0;
    let total = 0;
    fc.assert(
      fc.property(finite, (x) => {
        expect(Number(text(x))).toBe(x);
        total++;
        if (shortestDigits(x).count > fewest(x)) longer++;
      }),
      { seed: 3, numRuns: 3000 },
    );
    expect(longer / total).toBeLessThan(0.005);
  });

  it('misses the shortest where Redis misses it', () => {
    for (const [x, expected] of MISSES) {
      expect(text(x)).toBe(expected);
      expect(shortestDigits(x).count).toBeGreaterThan(fewest(x));
    }
  });

  it('reads back at every power of two and its neighbours', () => {
    for (let power = -1074; power < 1024; power += 7) {
      const x = 2 ** power;
      for (const near of [x, x * (1 + Number.EPSILON), x * (1 - Number.EPSILON / 2)]) {
        if (near > 0) expect(Number(text(near))).toBe(near);
      }
    }
  });
});
