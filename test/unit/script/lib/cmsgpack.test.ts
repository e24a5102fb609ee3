import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { openLua, runLua, SHOW } from '../../../support/lua.ts';

const lua = openLua();
const run = (expression: string): string => runLua(lua, `${SHOW} return ${expression}`);
const hex = (text: string): string => Buffer.from(text, 'latin1').toString('hex');
const packed = (values: string): string => hex(run(`cmsgpack.pack(${values})`));
const unpacked = (bytes: string, unpack = 'unpack', rest = ''): string =>
  runLua(
    lua,
    `${SHOW} return call(cmsgpack.${unpack}, ...${rest})`,
    Buffer.from(bytes.replaceAll(' ', ''), 'hex').toString('latin1'),
  );

describe('cmsgpack.pack', () => {
  it.each([
    ['0', '00'],
    ['-0', '00'],
    ['127', '7f'],
    ['128', 'cc80'],
    ['65535', 'cdffff'],
    ['65536', 'ce00010000'],
    ['2^32', 'cf0000000100000000'],
    ['2^53 + 2', 'cf0020000000000002'],
    ['2^63', 'ca5f000000'],
    ['-32', 'e0'],
    ['-33', 'd0df'],
    ['-129', 'd1ff7f'],
    ['-32769', 'd2ffff7fff'],
    ['-2^31 - 1', 'd3ffffffff7fffffff'],
    ['-2^63', 'd38000000000000000'],
    ['1.5', 'ca3fc00000'],
    ['0.1', 'cb3fb999999999999a'],
    ['1/0', 'ca7f800000'],
    ['true', 'c3'],
    ['false', 'c2'],
    ['nil', 'c0'],
    ['print', 'c0'],
    ["'abc'", 'a3616263'],
    ["string.rep('a', 32):sub(1, 0)", 'a0'],
    ['{}', '90'],
    ['{1, 2, 3}', '93010203'],
    ['{1, nil, 3}', '82010103 03'.replace(' ', '')],
    ['{a = 1}', '81a16101'],
    ['{[1] = 1, [2.5] = 2}', '820101ca4020000002'],
    ['1, "a", {}', '01a16190'],
  ])('%s', (values, expected) => {
    expect(packed(values)).toBe(expected);
  });

  it('gives each size its header', () => {
    expect(packed("string.rep('a', 32)").slice(0, 4)).toBe('d920');
    expect(packed("string.rep('a', 256)").slice(0, 6)).toBe('da0100');
    expect(packed("string.rep('a', 65536)").slice(0, 10)).toBe('db00010000');
    const list = (count: number): string =>
      packed(`(function() local t = {} for i = 1, ${count} do t[i] = 1 end return t end)()`);
    expect(list(15).slice(0, 2)).toBe('9f');
    expect(list(16).slice(0, 6)).toBe('dc0010');
    expect(list(65536).slice(0, 10)).toBe('dd00010000');
  });

  it('makes tables nil behind 16 levels', () => {
    const nested = (count: number): string => '{'.repeat(count) + '}'.repeat(count);
    expect(packed(nested(16))).toBe(`${'91'.repeat(15)}90`);
    expect(packed(nested(17))).toBe(`${'91'.repeat(16)}c0`);
    expect(hex(runLua(lua, 'local t = {} t[1] = t return cmsgpack.pack(t)'))).toBe(
      `${'91'.repeat(16)}c0`,
    );
  });

  it('asks a metatable for elements', () => {
    const code = 'return cmsgpack.pack(setmetatable({7, 8}, {__index = function() return 9 end}))';
    expect(hex(runLua(lua, code))).toBe('920708');
  });

  it('needs something', () => {
    expect(run('call(cmsgpack.pack)')).toBe(
      "error: bad argument #0 to '?' (MessagePack pack needs input.)",
    );
  });
});

describe('cmsgpack.unpack', () => {
  it.each([
    ['7f', '127'],
    ['ff', '-1'],
    ['ccff cdffff ceffffffff', '255 65535 4294967295'],
    ['d0ff d1fffe d2fffffffd', '-1 -2 -3'],
    ['cfffffffffffffffff', '-1'],
    ['cf0000000100000002', '4294967298'],
    ['d3fffffffffffffffe', '-2'],
    ['ca3fc00000 cb3ff8000000000000', '1.5 1.5'],
    ['c3 c2 00', 'true false 0'],
    ['d90161 da000162 db0000000163', '"a" "b" "c"'],
    ['9301a16190', '{1=1,2="a",3={}}'],
    ['dc000101 dd0000000102', '{1=1} {1=2}'],
    ['81a16101 de0001a16102 df00000001a16103', '{"a"=1} {"a"=2} {"a"=3}'],
    ['82 a161 9101 9102 80', null],
    ['80', '{}'],
    ['93c001c0', '{2=1}'],
    ['', ''],
  ])('%s', (bytes, expected) => {
    if (expected !== null) expect(unpacked(bytes)).toBe(expected);
    else expect(unpacked(bytes)).toMatch(/"a"=\{1=1\}/);
  });

  it.each([
    ['cc', 'Missing bytes in input.'],
    ['a261', 'Missing bytes in input.'],
    ['9201', 'Missing bytes in input.'],
    ['81a161', 'Missing bytes in input.'],
    ['dbffffffff', 'Missing bytes in input.'],
    ['ddffffffff', 'Missing bytes in input.'],
    ['c1', 'Bad data format in input.'],
    ['91c7', 'Bad data format in input.'],
    ['81c001', 'table index is nil'],
    ['81cb7ff800000000000001', 'table index is NaN'],
  ])('refuses %s', (bytes, text) => {
    expect(unpacked(bytes)).toBe(`error: ${text}`);
  });

  it('goes as deep as the stack of Lua', () => {
    // As many levels, and the same texts, as in Redis 7.2.6.
    const left = (count: number): string =>
      unpacked(`${'91'.repeat(count)}01`, 'unpack').replace(/^\{.*\}$/, 'fine');
    expect(left(3999)).toBe('fine');
    expect(left(4000)).toBe('error: stack overflow (in function mp_decode_to_lua_array)');
    expect(unpacked('00'.repeat(8000))).toBe(
      'error: stack overflow (too many return values at once; ' +
        'use unpack_one or unpack_limit instead.)',
    );
    expect(unpacked('0102')).toBe('1 2');
  });

  it('goes on from an offset, and tells the next one', () => {
    expect(unpacked('0102', 'unpack_one')).toBe('1 1');
    expect(unpacked('0102', 'unpack_one', ', 1')).toBe('-1 2');
    expect(unpacked('010203', 'unpack_limit', ', 2')).toBe('2 1 2');
    expect(unpacked('010203', 'unpack_limit', ', 5, 1')).toBe('-1 2 3');
    expect(unpacked('010203', 'unpack_limit', ', 0')).toBe('1 2 3');
    expect(unpacked('01', 'unpack_one', ', 1')).toBe('-1');
    expect(unpacked('01', 'unpack_one', ', 2')).toBe(
      'error: Start offset 2 greater than input length 1.',
    );
    expect(unpacked('0102', 'unpack_limit', ', -1, 7')).toBe(
      'error: Invalid request to unpack with offset of 7 and limit of 2.',
    );
    expect(unpacked('0102', 'unpack_limit')).toMatch(/bad argument #2 .*got no value/);
  });

  it('gives back what was packed', () => {
    const scalar = fc.oneof(
      fc.maxSafeInteger().map(String),
      fc.double({ noNaN: true, noDefaultInfinity: true }).map((x) => (x === 0 ? '0' : String(x))),
      fc.boolean().map(String),
      fc.uint8Array({ maxLength: 300 }).map((bytes) => luaString(bytes)),
    );
    const { value } = fc.letrec<{ value: string }>((tie) => ({
      value: fc.oneof(
        { depthSize: 'small' },
        scalar,
        fc.array(tie('value'), { maxLength: 20 }).map((items) => `{${items.join(',')}}`),
        fc
          .array(fc.tuple(scalar, tie('value')), { maxLength: 20 })
          .map((pairs) => `{${pairs.map(([key, item]) => `[${key}]=${item}`).join(',')}}`),
      ),
    }));
    const code = `
      local function equal(a, b)
        if type(a) ~= 'table' or type(b) ~= 'table' then return a == b end
        for key, item in pairs(a) do if not equal(item, b[key]) then return false end end
        for key in pairs(b) do if a[key] == nil then return false end end
        return true
      end
      local value = `;
    fc.assert(
      fc.property(value, (text) => {
        const rest = ' return tostring(equal(value, cmsgpack.unpack(cmsgpack.pack(value))))';
        expect(runLua(lua, code + text + rest)).toBe('true');
      }),
      { seed: 1, numRuns: 150 },
    );
  });

  it('takes any bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
        const answer = runLua(
          lua,
          `local ok, text = pcall(cmsgpack.unpack, ...) return ok and 'ok' or text`,
          Buffer.from(bytes).toString('latin1'),
        );
        expect(answer).toMatch(/^ok$|^Missing bytes|^Bad data|^table index/);
      }),
      { seed: 1, numRuns: 500 },
    );
  });
});

function luaString(bytes: Uint8Array): string {
  return `"${[...bytes].map((byte) => `\\${String(byte).padStart(3, '0')}`).join('')}"`;
}
