import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { openLua, runLua, SHOW } from '../../../support/lua.ts';

const lua = openLua();
const run = (expression: string): string => runLua(lua, `${SHOW} return ${expression}`);
const encoded = (value: string): string => run(`cjson.encode(${value})`);
const decoded = (text: string): string =>
  runLua(lua, `${SHOW} return call(cjson.decode, ...)`, text);
const refused = (value: string): string =>
  runLua(lua, `local ok, text = pcall(cjson.encode, ${value}) return text`);

describe('cjson.encode', () => {
  it.each([
    ['nil', 'null'],
    ['cjson.null', 'null'],
    ['true', 'true'],
    ['false', 'false'],
    ['1', '1'],
    ['-0', '-0'],
    ['0.1', '0.1'],
    ['1/3', '0.33333333333333'],
    ['2^53', '9.007199254741e+15'],
    ['99999999999999', '99999999999999'],
    ['1e14', '1e+14'],
    ['1e-5', '1e-05'],
    ['-1e300', '-1e+300'],
    ['""', '""'],
    ['"a/b\\\\c\\"d"', '"a\\/b\\\\c\\"d"'],
    ['"\\b\\t\\n\\f\\r"', '"\\b\\t\\n\\f\\r"'],
    ['"\\0\\1\\31\\127\\128"', '"\\u0000\\u0001\\u001f\\u007f\x80"'],
    ['{}', '{}'],
    ['{1, 2, 3}', '[1,2,3]'],
    ['{1, nil, 3}', '[1,null,3]'],
    ['{{}, {1}, {a = 1}}', '[{},[1],{"a":1}]'],
    ['{[1] = 1, [10] = 2}', '[1,null,null,null,null,null,null,null,null,2]'],
    ['{[0] = 1}', '{"0":1}'],
    ['{[1.5] = 1}', '{"1.5":1}'],
    ['{[2^31] = 1}', '{"2147483648":1}'],
    ['{[1] = 1, a = 2}', '{"1":1,"a":2}'],
  ])('%s', (value, expected) => {
    expect(encoded(value)).toBe(expected);
  });

  it.each([
    ['{[100] = 1}', 'Cannot serialise table: excessively sparse array'],
    ['print', 'Cannot serialise function: type not supported'],
    ['{[true] = 1}', 'Cannot serialise boolean: table key must be a number or string'],
    ['1/0', 'Cannot serialise number: must not be NaN or Inf'],
    ['{0/0}', 'Cannot serialise number: must not be NaN or Inf'],
    ['1, 2', "bad argument #1 to '?' (expected 1 argument)"],
  ])('refuses %s', (value, text) => {
    expect(refused(value)).toBe(text);
  });

  it('goes as deep as it is allowed, and as the stack of Lua', () => {
    const nest = (count: number, more = ''): string =>
      runLua(
        lua,
        `local c, t = cjson.new(), {} ${more} for i = 2, ${count} do t = {t} end
         local ok, text = pcall(c.encode, t) return ok and #text or text`,
      );
    expect(nest(1000)).toBe('2000');
    expect(nest(1001)).toBe('Cannot serialise, excessive nesting (1001)');
    expect(nest(3000, 'c.encode_max_depth(5000)')).toBe('6000');
    expect(nest(9001, 'c.encode_max_depth(2^31-1)')).toBe(
      'Cannot serialise, excessive nesting (7998)',
    );
    expect(encoded('{1}')).toBe('[1]');
  });

  it('reads tables without their metatables', () => {
    expect(encoded('setmetatable({1}, {__index = function() return 2 end})')).toBe('[1]');
  });
});

describe('cjson.decode', () => {
  it.each([
    ['null', 'null'],
    [' true ', 'true'],
    ['[1,2.5,-3e2]', '{1=1,2=2.5,3=-300}'],
    ['{"a":{"b":[]}}', '{"a"={"b"={}}}'],
    ['[ ]', '{}'],
    ['{ }', '{}'],
    ['{"a":1,"a":2}', '{"a"=2}'],
    ['"\\u0041\\u00e9\\u20ac\\ud83d\\ude00"', '"A\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80"'],
    ['"\\"\\\\\\/\\b\\f\\n\\r\\t"', '"\\"\\\\/\b\f\\n\\r\t"'],
    ['"\\u0000"', '"\\000"'],
    ['"\x80\xff"', '"\x80\xff"'],
    ['12345678901234567890', '1.2345678901234567e+19'],
    ['0.1234567890123456789', '0.12345678901234568'],
    ['1e400', 'inf'],
    ['0x1F', '31'],
    ['0x1p4', '16'],
    ['01', '1'],
    ['1.', '1'],
    ['+5', '5'],
    ['-Infinity', '-inf'],
    ['nan', 'nan'],
    ['-nan', '-nan'],
    ['12\0rubbish', '12'],
  ])('%s', (text, expected) => {
    expect(decoded(text)).toBe(expected);
  });

  it.each([
    ['', 'Expected value but found T_END at character 1'],
    ['x', 'Expected value but found invalid token at character 1'],
    ['nul', 'Expected value but found invalid token at character 1'],
    ['-', 'Expected value but found invalid number at character 1'],
    ['.5', 'Expected value but found invalid token at character 1'],
    ['[1', 'Expected comma or array end but found T_END at character 3'],
    ['[1,]', 'Expected value but found T_ARR_END at character 4'],
    ['{"a"}', 'Expected colon but found T_OBJ_END at character 5'],
    ['{"a":1', 'Expected comma or object end but found T_END at character 7'],
    ['{1:2}', 'Expected object key string but found T_NUMBER at character 2'],
    ['{"a":1,}', 'Expected object key string but found T_OBJ_END at character 8'],
    ['1 2', 'Expected the end but found T_NUMBER at character 3'],
    ['"abc', 'Expected value but found unexpected end of string at character 5'],
    ['"\\q"', 'Expected value but found invalid escape code at character 2'],
    ['"\\', 'Expected value but found invalid escape code at character 2'],
    ['"\\u12"', 'Expected value but found invalid unicode escape code at character 2'],
    ['"\\udc00"', 'Expected value but found invalid unicode escape code at character 2'],
    ['"\\ud83dx"', 'Expected value but found invalid unicode escape code at character 2'],
    ['\0\x01', 'JSON parser does not support UTF-16 or UTF-32'],
    ['[\0', 'JSON parser does not support UTF-16 or UTF-32'],
  ])('refuses %s', (text, message) => {
    expect(decoded(text)).toBe(`error: ${message}`);
  });

  it('goes as deep as it is allowed, and as the stack of Lua', () => {
    const nest = (count: number): string => '['.repeat(count) + ']'.repeat(count);
    expect(decoded(nest(1000))).toMatch(/^\{1=\{/);
    expect(decoded(nest(1001))).toBe(
      'error: Found too many nested data structures (1001) at character 1001',
    );
    const deep = runLua(
      lua,
      'local c = cjson.new() c.decode_max_depth(2^31-1) local ok, text = pcall(c.decode, ...) return text',
      nest(20_000),
    );
    expect(deep).toBe('Found too many nested data structures (7999) at character 7999');
    expect(decoded('[1]')).toBe('{1=1}');
  });

  it('gives back what was encoded, and is understood by JSON', () => {
    const number = fc
      .integer({ min: -99_999_999_999_999, max: 99_999_999_999_999 })
      .map((n) => (n === 0 ? 0 : n));
    const { value } = fc.letrec<{ value: unknown }>((tie) => ({
      value: fc.oneof(
        { depthSize: 'small' },
        number,
        fc.string({ unit: 'binary' }),
        fc.boolean(),
        fc.array(tie('value'), { minLength: 1, maxLength: 20 }),
        fc.dictionary(fc.string({ unit: 'grapheme', minLength: 1 }), tie('value')),
      ),
    }));
    fc.assert(
      fc.property(value, (value) => {
        const text = Buffer.from(JSON.stringify(value)).toString('latin1');
        const back = runLua(lua, 'return cjson.encode(cjson.decode(...))', text);
        expect(JSON.parse(Buffer.from(back, 'latin1').toString())).toEqual(value);
      }),
      { seed: 1, numRuns: 200 },
    );
  });
});

describe('the settings of cjson', () => {
  const configured = (code: string): string => runLua(lua, `${SHOW} local c = cjson.new() ${code}`);

  it.each([
    ['return call(c.encode_sparse_array)', 'false 2 10'],
    ['return call(c.encode_sparse_array, true, 3, 20)', 'true 3 20'],
    ['return call(c.encode_max_depth, 7)', '7'],
    ['return call(c.decode_max_depth)', '1000'],
    ['return call(c.encode_number_precision, 3)', '3'],
    ['return call(c.encode_keep_buffer, "off")', 'false'],
    ['return call(c.encode_invalid_numbers, "null")', '"null"'],
    ['return call(c.decode_invalid_numbers)', 'true'],
    ['c.encode_sparse_array(true) return c.encode({[100] = 1})', '{"100":1}'],
    ['c.encode_sparse_array(false, 0) return #c.encode({[100] = 1})', '498'],
    ['c.encode_number_precision(3) return c.encode({1/3, 1234.5})', '[0.333,1.23e+03]'],
    ['c.encode_invalid_numbers(true) return c.encode({1/0, 0/0})', '[inf,nan]'],
    ['c.encode_invalid_numbers("null") return c.encode({1/0, 0/0})', '[null,null]'],
    [
      'c.decode_invalid_numbers(false) return call(c.decode, "0x10")',
      'error: Expected value but found invalid number at character 1',
    ],
    [
      'c.decode_invalid_numbers(false) return call(c.decode, "nan")',
      'error: Expected value but found invalid token at character 1',
    ],
    [
      'c.decode_max_depth(1) return call(c.decode, "[[1]]")',
      'error: Found too many nested data structures (2) at character 2',
    ],
  ])('%s', (code, expected) => {
    expect(configured(code)).toBe(expected);
  });

  it.each([
    ['encode_max_depth, 0', 'expected integer between 1 and 2147483647'],
    ['encode_number_precision, 15', 'expected integer between 1 and 14'],
    ['encode_sparse_array, true, -1', 'expected integer between 0 and 2147483647'],
    ['encode_keep_buffer, "x"', "invalid option 'x'"],
    ['encode_max_depth, {}', 'number expected, got table'],
  ])('refuse %s', (call, text) => {
    expect(configured(`return call(c.${call})`)).toBe(`error: bad argument #1 to '?' (${text})`);
  });

  it('refuse more than they are', () => {
    expect(configured('return call(c.encode_max_depth, 1, 2)')).toBe(
      "error: bad argument #2 to '?' (found too many arguments)",
    );
  });

  it('are those of one table, and what a refused one left behind', () => {
    expect(configured('c.encode_max_depth(3) return call(cjson.encode_max_depth)')).toBe('1000');
    expect(
      configured('c.encode_max_depth(3) pcall(c.encode_max_depth, 0) return c.encode_max_depth()'),
    ).toBe('3');
    expect(run('cjson._NAME .. cjson._VERSION')).toBe('cjson2.1.0');
  });
});
