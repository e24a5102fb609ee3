import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { openLua, runLua } from '../../../support/lua.ts';

const lua = openLua();
const run = (expression: string): string => runLua(lua, `return ${expression}`);
const int32 = fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 });

describe('bit', () => {
  it.each([
    ['bit.tobit(0xffffffff)', '-1'],
    ['bit.tobit(0xffffffff + 1)', '0'],
    ['bit.tobit(2^40 + 1234)', '1234'],
    ['bit.bnot(0)', '-1'],
    ['bit.bor(1, 2, 4, 8)', '15'],
    ['bit.band(0x12345678, 0xff)', '120'],
    ['bit.bxor(0xa5a5f0f0, 0xaa55ff00)', '267390960'],
    ['bit.lshift(1, 31)', '-2147483648'],
    ['bit.lshift(1, 32)', '1'],
    ['bit.rshift(-256, 8)', '16777215'],
    ['bit.arshift(-256, 8)', '-1'],
    ['bit.rol(0x12345678, 12)', '1164411171'],
    ['bit.ror(0x12345678, 12)', '1736516421'],
    ['bit.rol(7, 0)', '7'],
    ['bit.bswap(0x12345678)', '2018915346'],
    ['bit.tohex(1)', '00000001'],
    ['bit.tohex(-1)', 'ffffffff'],
    ['bit.tohex(0xabcdef, 4)', 'cdef'],
    ['bit.tohex(0xabcdef, -4)', 'CDEF'],
    ['bit.tohex(5, 0)', ''],
    ['bit.tohex(5, -2^31)', '00000005'],
  ])('%s is %s', (expression, expected) => {
    expect(run(expression)).toBe(expected);
  });

  it('rounds what is no integer to the nearest, halves to even', () => {
    expect(run('bit.tobit(0.5)')).toBe('0');
    expect(run('bit.tobit(1.5)')).toBe('2');
    expect(run('bit.tobit(-2.5)')).toBe('-2');
    expect(run('bit.tobit(2^51 + 0.5)')).toBe('0');
  });

  it('takes strings that are numbers, and nothing else', () => {
    expect(run('bit.bor("1", " 0x10 ")')).toBe('17');
    expect(run('bit.bor(1, {})')).toBe(
      "!user_script:1: bad argument #2 to 'bor' (number expected, got table)",
    );
    expect(run('bit.tohex(1, nil)')).toMatch(/number expected, got nil/);
    expect(run('bit.lshift(1)')).toMatch(/number expected, got no value/);
    expect(run('bit.band()')).toMatch(/number expected, got no value/);
  });

  it('does what JavaScript does with 32 bits', () => {
    fc.assert(
      fc.property(int32, int32, fc.nat(31), (a, b, count) => {
        const code = `return table.concat({bit.band(${a}, ${b}), bit.bor(${a}, ${b}),
          bit.bxor(${a}, ${b}), bit.bnot(${a}), bit.lshift(${a}, ${count}),
          bit.rshift(${a}, ${count}), bit.arshift(${a}, ${count})}, ' ')`;
        const expected = [a & b, a | b, a ^ b, ~a, a << count, (a >>> count) | 0, a >> count];
        expect(runLua(lua, code)).toBe(expected.join(' '));
      }),
      { seed: 1, numRuns: 200 },
    );
  });
});
