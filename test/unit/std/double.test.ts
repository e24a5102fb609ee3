import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { latin1Bytes, latin1Text } from '../../../src/std/ascii.ts';
import {
  addLongDoubles,
  DOUBLE_TEXT_SIZE_MAX,
  doubleText,
  doubleText17,
  fixedText,
  formatLongDouble,
  isInfinite,
  type LongDouble,
  parseDouble,
  parseLongDouble,
  parseLooseDouble,
  writeDouble,
} from '../../../src/std/double.ts';
import { SCORES, SUMS } from './recorded/doubles.ts';

const runs = { seed: 1, numRuns: 1000 };

/** Calls with the text in the middle of other digits, which must not be read. */
function inside<T>(parse: (bytes: Uint8Array, start: number, end: number) => T, text: string): T {
  return parse(latin1Bytes(`97${text}53`), 2, 2 + text.length);
}

function longDouble(text: string): LongDouble {
  const value = inside(parseLongDouble, text);
  if (value === undefined) throw new Error(`refused ${text}`);
  return value;
}

describe('parseDouble', () => {
  it('reads scores as redis-server does', () => {
    for (const [text, score] of SCORES) {
      const expected = score === 'not-a-float' ? 'nan' : score;
      expect([text, doubleText(inside(parseDouble, text))]).toEqual([text, expected]);
    }
  });

  it.each(['', ' 1', '\t1', '1 ', 'nan', '-nan', 'nan(1)', 'inf ', '1e5.5', '+-1', '0b1', '1\0'])(
    'refuses %j',
    (text) => {
      expect(inside(parseDouble, text)).toBeNaN();
    },
  );

  it('refuses what is too big for a double, or too small to be told from 0', () => {
    expect(inside(parseDouble, '1.7976931348623157e308')).toBe(Number.MAX_VALUE);
    expect(inside(parseDouble, '1.7976931348623159e308')).toBeNaN();
    expect(inside(parseDouble, '-1e999999999999999999999')).toBeNaN();
    expect(inside(parseDouble, '2.4703282292062328e-324')).toBe(Number.MIN_VALUE);
    expect(inside(parseDouble, '2.4703282292062327e-324')).toBeNaN();
    expect(inside(parseDouble, '0e-9999')).toBe(0);
  });

  it('rounds hexadecimal digits to the nearest, halves to even', () => {
    expect(inside(parseDouble, '0x20000000000001')).toBe(2 ** 53);
    expect(inside(parseDouble, '0x20000000000003')).toBe(2 ** 53 + 4);
    expect(inside(parseDouble, '0x20000000000001.0000001')).toBe(2 ** 53 + 2);
    expect(inside(parseDouble, '-0x1.8p-1075')).toBe(-Number.MIN_VALUE);
    expect(inside(parseDouble, '0x1p-1075')).toBeNaN();
    expect(inside(parseDouble, '0x1.fffffffffffff7p1023')).toBe(Number.MAX_VALUE);
    expect(inside(parseDouble, '0x1.fffffffffffff8p1023')).toBeNaN();
  });

  it('reads what JavaScript reads, wherever both take the text', () => {
    const plain = fc
      .tuple(fc.constantFrom('', '-'), fc.stringMatching(/^\d{0,17}(\.\d{0,9})?$/))
      .map(([sign, digits]) => sign + digits)
      .filter((text) => /\d/.test(text));
    fc.assert(
      fc.property(fc.oneof(plain, fc.double({ noNaN: true }).map(String)), (text) => {
        expect(inside(parseDouble, text)).toBe(Number(text));
      }),
      runs,
    );
  });

  it('takes time in proportion to the text, whatever it is', () => {
    const long = latin1Bytes(`${'1'.repeat(300_000)}x`);
    expect(parseDouble(long, 0, long.length)).toBeNaN();
    const zeroes = latin1Bytes(`0.${'0'.repeat(300_000)}x`);
    expect(parseLooseDouble(zeroes, 0, zeroes.length)).toBeNaN();
  });
});

describe('parseLooseDouble', () => {
  it.each([
    ['', 0],
    [' 1.5', 1.5],
    ['\n\t-inf', -Infinity],
    ['1e400', Infinity],
    ['-1e400', -Infinity],
    ['1e-400', 0],
    ['0x1p99999', Infinity],
    ['1\x002', 1],
    ['\x002', 0],
    ['0x10', 16],
  ])('reads %j as %d', (text, expected) => {
    expect(inside(parseLooseDouble, text)).toBe(expected);
  });

  it.each([' ', '1 ', 'nan', '-', '(1', '1x'])('refuses %j', (text) => {
    expect(inside(parseLooseDouble, text)).toBeNaN();
  });
});

describe('printing doubles', () => {
  it.each([
    [0, '0'],
    [-0, '-0'],
    [3, '3'],
    [-3.5, '-3.5'],
    [Number.NaN, 'nan'],
    [Infinity, 'inf'],
    [-Infinity, '-inf'],
    [0.1, '0.1'],
    [0.000001, '0.000001'],
    [0.0000001, '1e-7'],
    [4e18, '4000000000000000000'],
    [1e20, '1e+20'],
    [1e23, '99999999999999990000000'],
    [1.5e300, '1.5e+300'],
    [123456789012345680000, '123456789012345680000'],
    [2 ** 53, '9007199254740992'],
    [2 ** 62, '4611686018427387904'],
    [-(2 ** 62), '-4611686018427387904'],
    [2 ** 63, '9223372036854776000'],
    [5e-324, '5e-324'],
    [Number.MAX_VALUE, '1.7976931348623157e+308'],
  ])('prints %d as %s', (x, text) => {
    expect(doubleText(x)).toBe(text);
  });

  it('prints text that reads back as the same double', () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true }), (x) => {
        const text = doubleText(x);
        expect(text.length).toBeLessThanOrEqual(DOUBLE_TEXT_SIZE_MAX);
        expect(inside(parseDouble, text)).toBe(x);
      }),
      runs,
    );
  });

  it('writes in place and says where it ended', () => {
    for (const x of [0.1, -1e300, 12, -0, Infinity]) {
      const target = new Uint8Array(50).fill(0x78);
      const end = writeDouble(target, 4, x);
      expect(latin1Text(target, 4, end)).toBe(doubleText(x));
      expect(latin1Text(target, 0, 4) + latin1Text(target, end, end + 1)).toBe('xxxxx');
    }
  });

  it('prints 17 digits where ZSCAN does', () => {
    for (const [text, score, scanned] of SCORES) {
      if (score === 'not-a-float') continue;
      expect([text, doubleText17(inside(parseDouble, text))]).toEqual([text, scanned]);
    }
  });

  it('takes the even one of two 17th digits that are equally near', () => {
    const base = 2 ** 50;
    expect(doubleText17(base + 0.25)).toBe('1125899906842624.2');
    expect(doubleText17(base + 0.75)).toBe('1125899906842624.8');
    expect(doubleText17(-base - 1.25)).toBe('-1125899906842625.2');
  });

  it('prints a fixed number of digits', () => {
    expect(fixedText(166274.15156, 4)).toBe('166274.1516');
    expect(fixedText(0, 4)).toBe('0.0000');
    expect(fixedText(-0.00001, 4)).toBe('0.0000');
    expect(fixedText(-0.5, 4)).toBe('-0.5000');
    expect(fixedText(0.0775, 4)).toBe('0.0775');
    // 2.5 and 3.5 ten-thousandths are doubles' halves here: to even.
    expect(fixedText(0.25, 1)).toBe('0.2');
    expect(fixedText(0.75, 1)).toBe('0.8');
  });
});

describe('long doubles', () => {
  it('add and print as INCRBYFLOAT does', () => {
    for (const [a, b, expected] of SUMS) {
      const left = inside(parseLongDouble, a);
      const right = inside(parseLongDouble, b);
      let text = 'not-a-float';
      if (left !== undefined && right !== undefined) {
        const sum = addLongDoubles(left, right);
        text = sum === undefined ? 'infinite' : formatLongDouble(sum);
      }
      expect([a, b, text]).toEqual([a, b, expected]);
    }
  });

  it('are exact for integers up to 2^64', () => {
    const limit = 2n ** 63n - 1n;
    const int64 = fc.bigInt({ min: -limit, max: limit });
    fc.assert(
      fc.property(int64, int64, (a, b) => {
        const sum = addLongDoubles(longDouble(String(a)), longDouble(String(b)));
        expect(sum && formatLongDouble(sum)).toBe(String(a + b));
      }),
      runs,
    );
  });

  it('know infinity, which no sum may be', () => {
    expect(isInfinite(longDouble('-inf'))).toBe(true);
    expect(isInfinite(longDouble('1e4900'))).toBe(false);
    expect(formatLongDouble(longDouble('-Infinity'))).toBe('-inf');
    expect(addLongDoubles(longDouble('inf'), longDouble('1'))).toBeUndefined();
    expect(addLongDoubles(longDouble('1e4932'), longDouble('1e4932'))).toBeUndefined();
  });

  it('refuse what is beyond their range, and a text of 5 KiB', () => {
    expect(inside(parseLongDouble, '1e4933')).toBeUndefined();
    expect(inside(parseLongDouble, '1e-4952')).toBeUndefined();
    expect(inside(parseLongDouble, '1e999999999')).toBeUndefined();
    expect(inside(parseLongDouble, `${'0'.repeat(5118)}1`)).toBeDefined();
    expect(inside(parseLongDouble, `${'0'.repeat(5119)}1`)).toBeUndefined();
    expect(formatLongDouble(longDouble(`1${'0'.repeat(4932)}`)).length).toBe(4933);
  });

  it.each(['', ' 1', '1 ', 'nan', '1x', '1\0'])('refuse %j', (text) => {
    expect(inside(parseLongDouble, text)).toBeUndefined();
  });
});
