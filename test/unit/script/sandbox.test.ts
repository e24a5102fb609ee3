/** What scripts can't do to each other, and what they may have. */

import { expect, test } from 'vitest';
import { openOffline } from '../../support/offline.ts';

/** A server, and what a script answers there. */
function open(): (script: string) => string {
  const { run } = openOffline();
  return (script) => run('EVAL', script, '0');
}

const READ_ONLY = /Attempt to modify a readonly table/;

test('no table that scripts share can be changed, by whatever changes tables', () => {
  const evaluate = open();
  const shared = [
    ...['_G', 'redis', 'string', 'table', 'math', 'coroutine', 'bit', 'cjson', 'cmsgpack'],
    ...['struct', 'getfenv(pairs)', 'getfenv(pcall)', 'getfenv(0)', 'getmetatable(_G)'],
    ...["getmetatable('')", "getmetatable('').__index", 'getfenv(redis.call)'],
  ];
  for (const table of shared) {
    for (const change of [
      `${table}.leak = 1`,
      `${table}[1] = 1`,
      `rawset(${table}, 'leak', 1)`,
      `table.insert(${table}, 1)`,
      `setmetatable(${table}, {})`,
      `local t = setmetatable({}, {__newindex = ${table}}) t.leak = 1`,
      `pcall(function() ${table}.leak = 1 end) error('Attempt to modify a readonly table')`,
    ]) {
      expect(evaluate(change), change).toMatch(READ_ONLY);
    }
    expect(evaluate(`return {rawget(${table}, 'leak'), rawget(${table}, 1)}`)).toBe('*0\r\n');
  }
});

test('what scripts share can be gone through as any table', () => {
  const evaluate = open();
  expect(evaluate('local n = 0 for k in pairs(bit) do n = n + 1 end return n')).toBe(':12\r\n');
  expect(evaluate('local n = 0 for k in next, bit do n = n + 1 end return n')).toBe(':12\r\n');
  expect(evaluate('local n = 0 table.foreach(bit, function() n = n + 1 end) return n')).toBe(
    ':12\r\n',
  );
  expect(evaluate('return {#redis, rawequal(_G, getfenv()), getmetatable(redis)}')).toBe(
    '*2\r\n:0\r\n:1\r\n',
  );
});

test('tables of a script are as they were', () => {
  const evaluate = open();
  const script =
    'local t = setmetatable({}, {}) t.a = 1 t[1] = 2 rawset(t, 2, 3) table.insert(t, 4) ' +
    'collectgarbage() t.b = 5 getmetatable(t).__index = function() return 6 end ' +
    'return {t.a, t[1], t[2], t[3], t.b, t.c}';
  expect(evaluate(script)).toBe('*6\r\n:1\r\n:2\r\n:3\r\n:4\r\n:5\r\n:6\r\n');
});

test('the environment of a function that scripts share stays', () => {
  const evaluate = open();
  for (const name of ['pcall', 'xpcall', 'pairs', 'loadstring', 'coroutine.wrap', 'redis.call']) {
    expect(evaluate(`setfenv(${name}, {leak = 1})`)).toMatch(/'setfenv' cannot change environment/);
  }
  expect(evaluate("setfenv(0, {}) return loadstring('return redis')")).not.toMatch(/^-/);
  expect(evaluate('pcall(function() setfenv(0, {leak = 1}) end)')).not.toMatch(/^-/);
  expect(evaluate("return pcall(function() return loadstring('return leak')() end)")).toBe(
    '$-1\r\n',
  );
});

test('no chunk is loaded that was compiled before', () => {
  const evaluate = open();
  const text = /unexpected symbol near 'char\(27\)'/;
  expect(evaluate('return select(2, loadstring(string.dump(function() end)))')).toMatch(text);
  expect(
    evaluate(
      'local c = string.dump(function() end) ' +
        'return select(2, load(function() local r = c c = nil return r end))',
    ),
  ).toMatch(text);
  expect(evaluate('\x1bLuaQ')).toMatch(text);
});

test('a protected call is what it is in Lua', () => {
  const evaluate = open();
  const across = /attempt to yield across metamethod\/C-call boundary/;
  expect(evaluate('return {pcall(function(...) return select("#", ...) end, nil, nil)}')).toBe(
    '*2\r\n:1\r\n:2\r\n',
  );
  expect(evaluate('return select(2, pcall(function() coroutine.yield() end))')).toMatch(across);
  expect(
    evaluate(
      'local w = coroutine.wrap(function() return select(2, pcall(function() coroutine.yield() end)) end) ' +
        'return w()',
    ),
  ).toMatch(across);
  expect(
    evaluate(
      'local co co = coroutine.create(function() return pcall(function() ' +
        'return coroutine.running() == co end) end) return {coroutine.resume(co)}',
    ),
  ).toBe('*3\r\n:1\r\n:1\r\n:1\r\n');
  expect(
    evaluate("return {xpcall(function() error('a', 0) end, function(e) return e .. 'b' end)}"),
  ).toBe('*2\r\n$-1\r\n$2\r\nab\r\n');
  expect(
    evaluate("return select(2, xpcall(function() error('a') end, function() error('b') end))"),
  ).toBe('$23\r\nerror in error handling\r\n');
});

test('threads within each other end in an error, and none of them stays', () => {
  const evaluate = open();
  const nested =
    'local n = 0 local function f() n = n + 1 local ok, e = pcall(f) return e end f() return n';
  const wrapped =
    'local n = 0 local function f() n = n + 1 return coroutine.wrap(f)() end ' +
    'local ok, e = pcall(f) return {n, e}';
  for (let i = 0; i < 3; i++) {
    expect(evaluate(nested)).toBe(':199\r\n');
    expect(evaluate(wrapped)).toMatch(/C stack overflow\r\n$/);
  }
});
