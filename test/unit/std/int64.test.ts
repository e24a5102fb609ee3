import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { latin1Bytes, latin1Text } from '../../../src/std/ascii.ts';
import {
  addInt64,
  digitCount,
  INT64_DIGITS_MAX,
  INT64_MAX,
  INT64_MIN,
  isInt64,
  parseCursor,
  parseInt64,
  parseSafeInteger,
  parseUint64,
  UINT64_MAX,
  writeInt64,
  writeInteger,
} from '../../../src/std/int64.ts';

const runs = { seed: 1, numRuns: 500 };

/** Calls with the text in the middle of other digits, which must not be read. */
function inside<T>(parse: (bytes: Uint8Array, start: number, end: number) => T, text: string): T {
  const bytes = latin1Bytes(`97${text}53`);
  return parse(bytes, 2, 2 + text.length);
}

/** What string2ll accepts. */
function reference(text: string): bigint | undefined {
  if (!/^(?:0|-?[1-9][0-9]*)$/.test(text)) return undefined;
  const value = BigInt(text);
  return value >= INT64_MIN && value <= INT64_MAX ? value : undefined;
}

const nearInteger = fc.oneof(
  fc.bigInt({ min: INT64_MIN - 1000n, max: INT64_MAX + 1000n }).map(String),
  fc.maxSafeInteger().map(String),
  fc.integer().map(String),
  fc
    .tuple(
      fc.constantFrom(0n, 2n ** 31n, 2n ** 53n, INT64_MAX, UINT64_MAX, 10n ** 15n, 10n ** 16n),
      fc.bigInt({ min: -3n, max: 3n }),
      fc.boolean(),
    )
    .map(([edge, off, isNegative]) => String(isNegative ? -(edge + off) : edge + off)),
  fc.string({ unit: fc.constantFrom('0', '1', '9', '-', '+', ' ', '.', ':', '/'), maxLength: 22 }),
);

describe('parsing', () => {
  it('accepts what Redis accepts and answers its value', () => {
    fc.assert(
      fc.property(nearInteger, (text) => {
        const expected = reference(text);
        const isSafe = expected !== undefined && Number.isSafeInteger(Number(expected));
        expect(inside(parseInt64, text)).toBe(expected);
        expect(inside(parseSafeInteger, text)).toBe(isSafe ? Number(expected) : Number.NaN);
        expect(inside(isInt64, text)).toBe(expected !== undefined);
      }),
      { seed: 1, numRuns: 2000 },
    );
  });

  it.each(['', '-', '+1', ' 1', '1 ', '01', '-0', '-01', '00', '1.0', '1e3', '0x1', '１', '--1'])(
    'refuses %j',
    (text) => {
      expect(inside(parseSafeInteger, text)).toBeNaN();
      expect(inside(parseInt64, text)).toBeUndefined();
      expect(inside(isInt64, text)).toBe(false);
    },
  );

  it('knows the edges of 2^53 and 2^63', () => {
    expect(inside(parseSafeInteger, '9007199254740991')).toBe(Number.MAX_SAFE_INTEGER);
    expect(inside(parseSafeInteger, '-9007199254740991')).toBe(Number.MIN_SAFE_INTEGER);
    for (const text of ['9007199254740992', '9007199254740993', '9999999999999999']) {
      expect(inside(parseSafeInteger, text)).toBeNaN();
      expect(inside(parseInt64, text)).toBe(BigInt(text));
    }
    expect(inside(parseInt64, '9223372036854775807')).toBe(INT64_MAX);
    expect(inside(parseInt64, '9223372036854775808')).toBeUndefined();
    expect(inside(parseInt64, '-9223372036854775808')).toBe(INT64_MIN);
    expect(inside(parseInt64, '-9223372036854775809')).toBeUndefined();
    expect(INT64_DIGITS_MAX).toBe(String(INT64_MIN).length);
  });
});

describe('addInt64', () => {
  it('refuses what 64 bits do not hold', () => {
    expect(addInt64(INT64_MAX, 0n)).toBe(INT64_MAX);
    expect(addInt64(INT64_MAX, 1n)).toBeUndefined();
    expect(addInt64(INT64_MIN, -1n)).toBeUndefined();
    expect(addInt64(INT64_MIN, INT64_MAX)).toBe(-1n);
  });
});

describe('unsigned', () => {
  // As string2ull and SCAN of Redis 7.2.6 answer.
  it.each([
    ['0', 0n, 0n],
    ['7', 7n, 7n],
    ['007', 7n, 7n],
    ['+7', 7n, 7n],
    [' 7', 7n, undefined],
    ['7 ', undefined, undefined],
    ['-1', undefined, UINT64_MAX],
    [' -1', UINT64_MAX, undefined],
    ['-0', 0n, 0n],
    ['', undefined, 0n],
    ['-', undefined, undefined],
    ['+-1', undefined, undefined],
    ['1x', undefined, undefined],
    ['9223372036854775808', 2n ** 63n, 2n ** 63n],
    ['18446744073709551615', UINT64_MAX, UINT64_MAX],
    ['18446744073709551616', undefined, undefined],
    ['0000000000000000000000018446744073709551615', UINT64_MAX, UINT64_MAX],
    ['12\x0034', 12n, 12n],
    ['\x0034', undefined, 0n],
  ])('reads %j as %s in an id and %s in a cursor', (text, id, cursor) => {
    expect(inside(parseUint64, text)).toBe(id);
    expect(inside(parseCursor, text)).toBe(cursor);
  });

  it('reads back every u64', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: UINT64_MAX }), (n) => {
        expect(inside(parseUint64, String(n))).toBe(n);
        expect(inside(parseCursor, String(n))).toBe(n);
      }),
      runs,
    );
  });
});

describe('printing', () => {
  function printed(n: number): string {
    const target = new Uint8Array(40).fill(0x78);
    const end = writeInteger(target, 3, n);
    expect(latin1Text(target, 0, 3)).toBe('xxx');
    expect(target[end]).toBe(0x78);
    expect(digitCount(n)).toBe(end - 3);
    return latin1Text(target, 3, end);
  }

  it('prints any safe integer', () => {
    fc.assert(
      fc.property(fc.oneof(fc.maxSafeInteger(), fc.integer()), (n) => {
        expect(printed(n)).toBe(BigInt(n).toString());
      }),
      runs,
    );
  });

  it('prints around every power of ten, and around multiples of 10^8', () => {
    const edges = [
      0,
      Number.MAX_SAFE_INTEGER,
      90_071_992 * 1e8,
      67_108_864 * 1e8,
      2 ** 31,
      2 ** 32,
    ];
    for (let power = 1; power < 1e16; power *= 10) edges.push(power);
    for (const edge of edges) {
      for (const n of [edge - 1, edge, edge + 1]) {
        if (!Number.isSafeInteger(n)) continue;
        expect(printed(n)).toBe(BigInt(n).toString());
        expect(printed(-n)).toBe(BigInt(-n).toString());
      }
    }
    expect(printed(-0)).toBe('0');
  });

  it('prints bigints', () => {
    const target = new Uint8Array(30);
    for (const n of [INT64_MIN, INT64_MAX, 0n, UINT64_MAX]) {
      const end = writeInt64(target, 2, n);
      expect(latin1Text(target, 2, end)).toBe(String(n));
    }
  });
});
