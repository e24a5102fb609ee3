import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { openLua, runLua, SHOW } from '../../../support/lua.ts';

const lua = openLua();
const run = (expression: string): string => runLua(lua, `${SHOW} return ${expression}`);

describe('struct.pack', () => {
  it.each([
    ["'<i'", '1', '\x01\0\0\0'],
    ["'>i'", '-2', '\xff\xff\xff\xfe'],
    ["'>I3'", '0x010203', '\x01\x02\x03'],
    ["'<l'", '-1', '\xff\xff\xff\xff\xff\xff\xff\xff'],
    ["'>L'", '2^63', '\x80\0\0\0\0\0\0\0'],
    ["'<I12'", '-1', '\xff\xff\xff\xff\xff\xff\xff\xff\0\0\0\0'],
    ["'>bB'", '-1, 255', '\xff\xff'],
    ["'>d'", '1', '\x3f\xf0\0\0\0\0\0\0'],
    ["'<f'", '-2', '\0\0\0\xc0'],
    ["'s'", "'ab'", 'ab\0'],
    ["'c3'", "'abcd'", 'abc'],
    ["'c0'", "'abcd'", 'abcd'],
    ["'c'", "'abcd'", 'a'],
    ["'>!4 b i'", '1, 2', '\x01\0\0\0\0\0\0\x02'],
    ["'>!2 b i'", '1, 2', '\x01\0\0\0\0\x02'],
    ["'x'", 'nil', '\0'],
    ["''", 'nil', ''],
  ])('%s of %s', (format, values, expected) => {
    expect(run(`struct.pack(${format}, ${values})`)).toBe(expected);
  });

  it.each([
    ["'i'", "bad argument #2 to 'pack' (number expected, got nil)"],
    ["'c4', 'abc'", "bad argument #3 to 'pack' (string too short)"],
    ["'z', 1", "bad argument #1 to 'pack' (invalid format option 'z')"],
    ["'!3'", 'alignment 3 is not a power of 2'],
    ["'i33', 1", 'integral size 33 is larger than limit of 32'],
    ["'i2147483648', 1", 'integral size overflow'],
  ])('refuses %s', (call, text) => {
    expect(runLua(lua, `return struct.pack(${call})`)).toBe(`!user_script:1: ${text}`);
  });
});

describe('struct.unpack', () => {
  it.each([
    ["'>I2', '\\1\\2'", '258 3'],
    ["'<I2', '\\1\\2'", '513 3'],
    ["'b', '\\255'", '-1 2'],
    ["'>i3', '\\255\\255\\254'", '-2 4'],
    ["'>L', '\\255\\255\\255\\255\\255\\255\\255\\255'", '1.8446744073709552e+19 9'],
    ["'>l', '\\255\\255\\255\\255\\255\\255\\255\\255'", '-1 9'],
    ["'<I9', '\\1\\0\\0\\0\\0\\0\\0\\0\\9'", '1 10'],
    ["'ss', 'ab\\0c\\0'", '"ab" "c" 6'],
    ["'bc0', '\\2abc'", '"ab" 4'],
    ["'c2', 'abc', 2", '"bc" 4'],
    ["'>d', '\\63\\240\\0\\0\\0\\0\\0\\0'", '1 9'],
    ["'>!4 b i', '\\1\\0\\0\\0\\0\\0\\0\\2'", '1 2 9'],
    ["'', '', 1", '1'],
  ])('%s', (call, expected) => {
    expect(run(`call(struct.unpack, ${call})`)).toBe(expected);
  });

  it.each([
    ["'i', 'abc'", "bad argument #2 to '?' (data string too short)"],
    ["'b', 'abc', 0", "bad argument #3 to '?' (offset must be 1 or greater)"],
    ["'b', 'abc', -1", "bad argument #2 to '?' (data string too short)"],
    ["'b', 'abc', 4", "bad argument #2 to '?' (data string too short)"],
    ["'s', 'abc'", 'unfinished string in data'],
    ["'c0', 'abc'", "format 'c0' needs a previous size"],
    ["'bc0', '\\9abc'", "bad argument #2 to '?' (data string too short)"],
    ["'bc0', '\\255abc'", "bad argument #2 to '?' (data string too short)"],
  ])('refuses %s', (call, text) => {
    expect(run(`call(struct.unpack, ${call})`)).toBe(`error: ${text}`);
  });

  it('gives back what was packed', () => {
    const double = fc.double({ noNaN: true });
    fc.assert(
      fc.property(fc.nat(2 ** 32 - 1), double, fc.constantFrom('<', '>'), (n, x, endian) => {
        const format = `'${endian}!8 b I d s'`;
        const code = `local x = ${Number.isFinite(x) ? x : `${x < 0 ? '-' : ''}1/0`}
          local a, b, c, d = struct.unpack(${format}, struct.pack(${format}, -7, ${n}, x, 'end'))
          return tostring(a == -7 and b == ${n} and c == x and d == 'end')`;
        expect(runLua(lua, code)).toBe('true');
      }),
      { seed: 1, numRuns: 100 },
    );
  });
});

describe('struct.size', () => {
  it('adds sizes and padding', () => {
    expect(run("struct.size('b!4i') .. struct.size('bi') .. struct.size('c5xT')")).toBe('8514');
  });

  it('does not know that of strings', () => {
    expect(run("call(struct.size, 's')")).toMatch(/option 's' has no fixed size/);
    expect(run("call(struct.size, 'c0')")).toMatch(/option 'c0' has no fixed size/);
    expect(run("call(struct.size, '%')")).toMatch(/invalid format option '%'/);
  });

  it('passes over letters that are no options', () => {
    expect(run("struct.size('zb')")).toBe('1');
  });
});
