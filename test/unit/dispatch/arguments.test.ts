import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { errors } from '../../../src/resp/errors.ts';
import { argsOf, refusalOf } from './support.ts';

const INT64_MAX = '9223372036854775807';
const NOT_INTEGER = errors.notInteger.text;
const INVALID_EXPIRE = "ERR invalid expire time in 'set' command";

describe('arguments by index', () => {
  it('are integers of 64 bits', () => {
    const args = argsOf('x', '-12', INT64_MAX, '9007199254740993', '9223372036854775808', '1.0');
    expect(args.integerAt(1)).toBe(-12);
    expect(args.integerAt(2)).toBe(2 ** 63);
    expect(args.int64At(2)).toBe(2n ** 63n - 1n);
    expect(args.int64At(3)).toBe(9007199254740993n);
    for (const index of [0, 4, 5]) {
      expect(refusalOf(() => args.integerAt(index))).toBe(NOT_INTEGER);
      expect(refusalOf(() => args.int64At(index))).toBe(NOT_INTEGER);
    }
  });

  it('are integers within bounds, both included', () => {
    const args = argsOf('0', '1', '2', '3');
    expect(args.integerBetween(1, 1, 2)).toBe(1);
    expect(args.integerBetween(2, 1, 2)).toBe(2);
    expect(refusalOf(() => args.integerBetween(0, 1, 2))).toBe('ERR value is out of range');
    expect(refusalOf(() => args.integerBetween(3, 1, 2, errors.syntax))).toBe('ERR syntax error');
  });

  it('are integers of 32 bits', () => {
    const args = argsOf('2147483647', '-2147483648', '2147483648', '-2147483649', 'x');
    expect([args.int32At(0), args.int32At(1)]).toEqual([2147483647, -2147483648]);
    const refused = 'ERR value is out of range, value must between -2147483648 and 2147483647';
    expect(refusalOf(() => args.int32At(2))).toBe(refused);
    expect(refusalOf(() => args.int32At(3))).toBe(refused);
    expect(refusalOf(() => args.int32At(4))).toBe(NOT_INTEGER);
  });

  it('are doubles', () => {
    const args = argsOf('1.5', 'inf', 'nan', '');
    expect(args.doubleAt(0)).toBe(1.5);
    expect(args.doubleAt(1)).toBe(Infinity);
    expect(refusalOf(() => args.doubleAt(2))).toBe('ERR value is not a valid float');
    expect(refusalOf(() => args.doubleAt(3))).toBe('ERR value is not a valid float');
  });
});

describe('deadlines', () => {
  const BASE = 1_700_000_000_000;
  /** What is made of a text: a number, a bigint where a number is not exact, or the refusal. */
  const at = (text: string, unitMs: number, base = BASE) => {
    const args = argsOf(text);
    let deadline = Number.NaN;
    const refusal = refusalOf(() => {
      deadline = args.deadlineAt(0, unitMs, base, 'set');
    });
    if (refusal !== '') return refusal;
    if (args.exactDeadline === undefined) return deadline;
    expect(deadline).toBeGreaterThan(Number.MAX_SAFE_INTEGER);
    expect(deadline).toBeLessThan(2 ** 63);
    return args.exactDeadline;
  };

  it('add a time to the base, also one that is past', () => {
    expect(at('10', 1000)).toBe(BASE + 10_000);
    expect(at('-10', 1)).toBe(BASE - 10);
    expect(at('5', 1000, 0)).toBe(5000);
  });

  it('must fit in 64 bits, product and sum', () => {
    expect(at('9223372036854775', 1000, 0)).toBe(9223372036854775000n);
    expect(at('9223372036854776', 1000, 0)).toBe(INVALID_EXPIRE);
    expect(at('-9223372036854776', 1000, 0)).toBe(INVALID_EXPIRE);
    expect(at(INT64_MAX, 1, 0)).toBe(2n ** 63n - 1n);
    expect(at(INT64_MAX, 1)).toBe(INVALID_EXPIRE);
    expect(at('9223372036854775', 1000)).toBe(INVALID_EXPIRE);
    expect(at('1x', 1)).toBe(NOT_INTEGER);
  });

  it('are what exact arithmetic makes of them', () => {
    const time = fc.oneof(
      fc.bigInt(-(2n ** 63n), 2n ** 63n - 1n),
      fc.bigInt(-(10n ** 13n), 10n ** 13n),
    );
    fc.assert(
      fc.property(time, fc.constantFrom(1, 1000), fc.constantFrom(0, BASE), (n, unit, base) => {
        const product = n * BigInt(unit);
        const sum = product + BigInt(base);
        const fits = product >= -(2n ** 63n) && sum < 2n ** 63n;
        const isSafe = sum <= Number.MAX_SAFE_INTEGER;
        expect(at(String(n), unit, base)).toBe(!fits ? INVALID_EXPIRE : isSafe ? Number(sum) : sum);
      }),
      { seed: 11, numRuns: 300 },
    );
  });

  it('beyond 53 bits leave nothing behind for the next one', () => {
    const args = argsOf(INT64_MAX, '5');
    args.deadlineAt(0, 1, 0, 'set');
    args.deadlineAt(1, 1, 0, 'set');
    expect(args.exactDeadline).toBe(undefined);
  });

  it('may have to be above zero', () => {
    const positive = (text: string) =>
      refusalOf(() => argsOf(text).positiveDeadlineAt(0, 1000, BASE, 'set'));
    expect(positive('1')).toBe('');
    expect(positive('0')).toBe(INVALID_EXPIRE);
    expect(positive('-1')).toBe(INVALID_EXPIRE);
    expect(positive(`-${INT64_MAX}`)).toBe(INVALID_EXPIRE);
    expect(positive(INT64_MAX)).toBe(INVALID_EXPIRE);
    expect(positive('x')).toBe(NOT_INTEGER);
  });
});

describe('the cursor', () => {
  it('passes tokens in any case, and only when they are next', () => {
    const args = argsOf('ZRANGE', 'k', 'rEv', 'LIMIT', '1', '2');
    args.begin(2);
    expect(args.nextIs('LIMIT')).toBe(false);
    expect(args.token('LIMIT')).toBe(false);
    expect(args.token('REV')).toBe(true);
    expect(args.nextIs('LIMIT')).toBe(true);
    expect(args.token('LIMIT')).toBe(true);
    expect(args.remaining).toBe(2);
    expect([args.integer(), args.integer()]).toEqual([1, 2]);
    expect(args.atEnd).toBe(true);
    expect(args.token('REV')).toBe(false);
  });

  it('reads values of every kind', () => {
    const args = argsOf('k', '7', '8', '1.5', 'text');
    args.begin(0);
    expect([args.index(), args.integer(), args.int64(), args.double(), args.text()]).toEqual([
      0,
      7,
      8n,
      1.5,
      'text',
    ]);
    args.end();
  });

  it('refuses to read beyond the end, and to end before it', () => {
    const args = argsOf('a');
    args.begin(0);
    expect(refusalOf(() => args.end())).toBe('ERR syntax error');
    args.index();
    for (const read of [() => args.index(), () => args.integer(), () => args.text()]) {
      expect(refusalOf(read)).toBe('ERR syntax error');
    }
  });

  it('looks at nothing that an earlier request left behind', () => {
    const args = argsOf('a', 'LIMIT');
    args.argv.count = 1;
    args.begin(1);
    expect(args.token('LIMIT')).toBe(false);
    expect(args.remaining).toBe(0);
  });
});
