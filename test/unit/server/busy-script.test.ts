/** Scripts that take too long: others are told so, and an operator ends them. */

import { afterEach, expect, test } from 'vitest';
import { type RunningServer, startServer } from '../../../src/index.ts';
import { eventually } from '../../support/clock.ts';
import { openOffline } from '../../support/offline.ts';
import { RespClient } from '../../support/resp-client.ts';

const servers: RunningServer[] = [];
const clients: RespClient[] = [];

/** A server at which scripts are busy at once, with so many clients. */
async function startBusy(count: number): Promise<RespClient[]> {
  const server = await startServer({ config: { 'busy-reply-threshold': 1 } });
  servers.push(server);
  for (let i = 0; i < count; i++) clients.push(await RespClient.connect(server.address));
  return clients.slice(-count);
}

afterEach(async () => {
  for (const client of clients.splice(0)) client.close();
  for (const server of servers.splice(0)) await server.close();
});

/** Waits until others are told that a script runs. */
async function untilBusy(client: RespClient): Promise<void> {
  await eventually('busy', async () => (await client.call('PING')).raw.startsWith('-BUSY'));
}

const BUSY =
  '-BUSY Redis is busy running a script. You can only call SCRIPT KILL or SHUTDOWN NOSAVE.\r\n';

test('a script that has not written is killed', async () => {
  const [caller, other, late] = await startBusy(3);
  caller.send('EVAL', 'while true do end', '0');
  caller.send('PING');
  await untilBusy(other);
  expect((await other.call('GET', 'k')).raw).toBe(BUSY);
  expect((await late.call('INFO')).raw).toBe(BUSY);
  expect((await other.call('SCRIPT', 'KILL')).raw).toBe('+OK\r\n');
  expect((await caller.reply()).raw).toMatch(
    /^-ERR Script killed by user with SCRIPT KILL\.\.\. script: /,
  );
  expect((await caller.reply()).raw).toBe('+PONG\r\n');
  expect((await other.call('GET', 'k')).raw).toBe('$-1\r\n');
  expect((await other.call('SCRIPT', 'KILL')).raw).toMatch(/^-NOTBUSY /);
});

test('a script that has written is not, and ends by itself', async () => {
  const [caller, other] = await startBusy(2);
  await other.call('SET', 'stop', 'no');
  const script =
    "redis.call('SET', 'k', 1) local n = 0 while n < 2e7 do n = n + 1 end return {n, redis.call('GET', 'k')}";
  caller.send('EVAL', script, '0');
  await untilBusy(other);
  expect((await other.call('SCRIPT', 'KILL')).raw).toMatch(/^-UNKILLABLE /);
  expect((await caller.reply()).raw).toBe('*2\r\n:20000000\r\n$1\r\n1\r\n');
  expect((await other.call('GET', 'k')).raw).toBe('$1\r\n1\r\n');
});

test('nobody else is served in the middle of one', async () => {
  const [caller, other] = await startBusy(2);
  const script =
    "redis.call('SET', 'a', 1) local n = 0 while n < 2e7 do n = n + 1 end return redis.call('INCR', 'a')";
  caller.send('EVAL', script, '0');
  await untilBusy(other);
  expect((await other.call('INCR', 'a')).raw).toBe(BUSY);
  other.send('MULTI');
  expect((await other.reply()).raw).toBe('+OK\r\n');
  expect((await other.call('INCR', 'a')).raw).toBe(BUSY);
  expect((await other.call('EXEC')).raw).toMatch(/^-EXECABORT /);
  expect((await caller.reply()).raw).toBe(':2\r\n');
});

test('a client that leaves its script behind takes nothing with it', async () => {
  const [caller, other] = await startBusy(2);
  caller.send('EVAL', 'while true do end', '0');
  await untilBusy(other);
  caller.close();
  expect((await other.call('SCRIPT', 'KILL')).raw).toBe('+OK\r\n');
  await eventually('free', async () => (await other.call('PING')).raw === '+PONG\r\n');
  expect((await other.call('EVAL', 'return 7', '0')).raw).toBe(':7\r\n');
});

test('the memory of scripts has a limit, and they go on working', async () => {
  const server = await startServer({ config: { 'lua-memory-limit': '16mb' } });
  servers.push(server);
  const client = await RespClient.connect(server.address);
  clients.push(client);
  for (const script of [
    "local t = {} for i = 1, 1e9 do t[i] = i end return 'no'",
    "local s = 'x' while true do s = s .. s end",
    "return string.rep('x', 1e9)",
  ]) {
    expect((await client.call('EVAL', script, '0')).raw).toMatch(/^-ERR .*not enough memory/);
    expect((await client.call('EVAL', 'return 7', '0')).raw).toBe(':7\r\n');
  }
  expect((await client.call('EVAL', 'return #ARGV[1]', '0', 'x'.repeat(20e6))).raw).toMatch(
    /^-ERR .*not enough memory/,
  );
  expect((await client.call('EVAL', 'return #ARGV[1]', '0', 'x'.repeat(1e6))).raw).toBe(
    ':1000000\r\n',
  );
});

test('tables within tables without end end in an error', async () => {
  const [client] = await startBusy(1);
  const { raw } = await client.call('EVAL', 'local a = {} a[1] = a return a', '0');
  expect(raw).toMatch(/^(\*1\r\n)+-ERR reached lua stack limit\r\n$/);
  const deep = 'local t = {} local b = t for i = 1, 1e5 do b[1] = {} b = b[1] end return t';
  expect((await client.call('EVAL', deep, '0')).raw).toMatch(/reached lua stack limit\r\n$/);
});

test('a script that catches errors is killed all the same', async () => {
  for (const script of [
    'local function f() while true do end end while true do pcall(f) end',
    "local function f() while true do redis.call('PING') end end while true do pcall(f) end",
    'local function f() while true do end end while true do xpcall(f, function(e) return e end) end',
    'local function f() pcall(function() while true do end end) return f() end return f()',
    'while true do xpcall(function() error() end, function() while true do end end) end',
    'coroutine.wrap(function() while true do end end)()',
    'local function f() pcall(function() while true do end end) end while true do coroutine.resume(coroutine.create(f)) end',
  ]) {
    const [caller, other] = await startBusy(2);
    caller.send('EVAL', script, '0');
    await untilBusy(other);
    expect((await other.call('SCRIPT', 'KILL')).raw).toBe('+OK\r\n');
    expect((await caller.reply()).raw, script).toMatch(/Script killed by user/);
    expect((await other.call('EVAL', 'return {pcall(function() return 7 end)}', '0')).raw).toBe(
      '*2\r\n:1\r\n:7\r\n',
    );
  }
});

test('protected calls within each other end in an error', async () => {
  const [client] = await startBusy(1);
  const script =
    'local n = 0 local function f() n = n + 1 local ok, e = pcall(f) return e end f() return n';
  for (let i = 0; i < 3; i++) {
    const { raw } = await client.call('EVAL', script, '0');
    expect(Number(raw.slice(1))).toBeGreaterThan(150);
  }
});

test('a function is ended by FUNCTION KILL, and FUNCTION STATS tells of it', async () => {
  const [caller, other] = await startBusy(2);
  const code = `#!lua name=l
    redis.register_function('loop', function() while true do end end)`;
  await caller.call('FUNCTION', 'LOAD', code);
  caller.send('FCALL', 'loop', '1', 'key', 'arg');
  await untilBusy(other);
  expect((await other.call('SCRIPT', 'KILL')).raw).toMatch(/^-BUSY /);
  expect((await other.call('FUNCTION', 'STATS')).raw).toMatch(
    /^\*4\r\n\$14\r\nrunning_script\r\n\*6\r\n\$4\r\nname\r\n\$4\r\nloop\r\n\$7\r\ncommand\r\n\*5\r\n\$5\r\nFCALL\r\n\$4\r\nloop\r\n\$1\r\n1\r\n\$3\r\nkey\r\n\$3\r\narg\r\n\$11\r\nduration_ms\r\n:\d+\r\n/,
  );
  expect((await other.call('FUNCTION', 'KILL')).raw).toBe('+OK\r\n');
  expect((await caller.reply()).raw).toMatch(/^-ERR Script killed by user with /);
  expect((await other.call('FUNCTION', 'KILL')).raw).toMatch(/^-NOTBUSY /);
});

test('FUNCTION STATS tells nothing of a script', async () => {
  const [caller, other] = await startBusy(2);
  caller.send('EVAL', 'while true do end', '0');
  await untilBusy(other);
  expect((await other.call('FUNCTION', 'STATS')).raw).toBe(BUSY);
  expect((await other.call('FUNCTION', 'KILL')).raw).toMatch(/^-BUSY /);
  expect((await other.call('SCRIPT', 'KILL')).raw).toBe('+OK\r\n');
  await caller.reply();
});

/** Loops that are left and gone on with, somewhere inside. */
const LOOP = 'local n = 0 while n < 2e7 do n = n + 1 end';

test('a script that was left goes on as if it had not been', async () => {
  for (const [script, reply] of [
    [
      `return {pcall(function(a) ${LOOP} return a, n end, 'x')}`,
      '*3\r\n:1\r\n$1\r\nx\r\n:20000000\r\n',
    ],
    [`return {pcall(function() ${LOOP} error('x', 0) end)}`, '*2\r\n$-1\r\n$1\r\nx\r\n'],
    [
      `return {pcall(function() ${LOOP} redis.call('NOSUCH') end)}`,
      '*2\r\n$-1\r\n$44\r\nERR Unknown Redis command called from script\r\n',
    ],
    [
      `return {xpcall(function() ${LOOP} error('x', 0) end, function(e) return e .. 'y' end)}`,
      '*2\r\n$-1\r\n$2\r\nxy\r\n',
    ],
    [
      `return {xpcall(function() error('x', 0) end, function(e) ${LOOP} return e .. 'y' end)}`,
      '*2\r\n$-1\r\n$2\r\nxy\r\n',
    ],
    [
      `local co = coroutine.create(function(a) ${LOOP} local b = coroutine.yield(a + 1) return b + 1 end)
       local _, first = coroutine.resume(co, 1) local _, second = coroutine.resume(co, 5)
       return {first, second, coroutine.status(co)}`,
      '*3\r\n:2\r\n:6\r\n$4\r\ndead\r\n',
    ],
    [
      `return {coroutine.resume(coroutine.create(function() ${LOOP} error('x', 0) end))}`,
      '*2\r\n$-1\r\n$1\r\nx\r\n',
    ],
    [
      `local w = coroutine.wrap(function() ${LOOP} coroutine.yield(1) coroutine.yield(2) end)
       return {w(), w()}`,
      '*2\r\n:1\r\n:2\r\n',
    ],
    [
      `local w = coroutine.wrap(function() ${LOOP} error({err = 'MY x'}) end)
       return {pcall(function() w() return 'not here' end)}`,
      '*2\r\n$-1\r\n$4\r\nMY x\r\n',
    ],
  ]) {
    const [caller, other] = await startBusy(2);
    caller.send('EVAL', script, '0');
    await untilBusy(other);
    expect((await caller.reply()).raw, script).toBe(reply);
  }
});

test('an error of what was left says where it was called', async () => {
  const [caller, other] = await startBusy(2);
  caller.send('EVAL', `local w = coroutine.wrap(function() ${LOOP} error('x') end)\nw()`, '0');
  await untilBusy(other);
  expect((await caller.reply()).raw).toMatch(
    /^-ERR user_script:2: user_script:1: x script: [0-9a-f]{40}, on @user_script:2\.\r\n$/,
  );
});

test('a transaction whose script is busy is gone on with as one', async () => {
  const [caller, other] = await startBusy(2);
  const script = `redis.call('SET', 'k', 'script') ${LOOP} return n`;
  caller.send('MULTI');
  caller.send('SET', 'k', 'before');
  caller.send('EVAL', script, '0');
  caller.send('GET', 'k');
  caller.send('EVAL', `${LOOP} return redis.call('INCR', 'n')`, '0');
  caller.send('INCR', 'n');
  caller.send('EXEC');
  caller.send('PING');
  await untilBusy(other);
  for (let raw = ''; raw !== '$1\r\n2\r\n'; ) {
    raw = (await other.call('GET', 'n')).raw;
    expect([BUSY, '$1\r\n2\r\n']).toContain(raw);
  }
  expect((await caller.reply()).raw).toBe('+OK\r\n');
  for (let i = 0; i < 5; i++) expect((await caller.reply()).raw).toBe('+QUEUED\r\n');
  expect((await caller.reply()).raw).toBe('*5\r\n+OK\r\n:20000000\r\n$6\r\nscript\r\n:1\r\n:2\r\n');
  expect((await caller.reply()).raw).toBe('+PONG\r\n');
});

test('a script of a transaction is killed, and the rest of that runs', async () => {
  const [caller, other] = await startBusy(2);
  for (const request of [['MULTI'], ['EVAL', 'while true do end', '0'], ['SET', 'k', 'v']]) {
    await caller.call(...request);
  }
  caller.send('EXEC');
  await untilBusy(other);
  expect((await other.call('SCRIPT', 'KILL')).raw).toBe('+OK\r\n');
  expect((await caller.reply()).raw).toMatch(/^\*2\r\n-ERR Script killed by user.*\r\n\+OK\r\n$/);
  expect((await other.call('GET', 'k')).raw).toBe('$1\r\nv\r\n');
});

test('a transaction is done all of it when its client has gone in the middle', async () => {
  const [caller, other] = await startBusy(2);
  for (const request of [['MULTI'], ['EVAL', LOOP, '0'], ['SET', 'k', 'v']]) {
    await caller.call(...request);
  }
  caller.send('EXEC');
  await untilBusy(other);
  caller.close();
  await eventually('free', async () => !(await other.call('PING')).raw.startsWith('-BUSY'));
  expect((await other.call('GET', 'k')).raw).toBe('$1\r\nv\r\n');
});

test('time stands still for a script, and keys stay that it found', async () => {
  const [caller, other] = await startBusy(2);
  const script =
    "redis.call('SET', 'k', 'v', 'PX', 20) local t = redis.call('TIME') " +
    `${LOOP} local u = redis.call('TIME') ` +
    "return {redis.call('GET', 'k'), redis.call('PTTL', 'k'), t[1] == u[1] and t[2] == u[2]}";
  caller.send('EVAL', script, '0');
  await untilBusy(other);
  expect((await caller.reply()).raw).toBe('*3\r\n$1\r\nv\r\n:20\r\n:1\r\n');
  expect((await other.call('GET', 'k')).raw).toBe('$-1\r\n');
});

test('who waits for a key sees what a busy script has left of it', async () => {
  const [caller, other, waiting, late] = await startBusy(4);
  waiting.send('BLPOP', 'list', '0');
  late.send('BLPOP', 'nothing', '0.05');
  await eventually('waiting', async () =>
    (await other.call('INFO', 'clients')).raw.includes('blocked_clients:2'),
  );
  const script = `redis.call('RPUSH', 'list', 'a', 'b') ${LOOP} return redis.call('LPOP', 'list')`;
  caller.send('EVAL', script, '0');
  await untilBusy(other);
  expect((await caller.reply()).raw).toBe('$1\r\na\r\n');
  expect((await waiting.reply()).raw).toBe('*2\r\n$4\r\nlist\r\n$1\r\nb\r\n');
  expect((await late.reply()).raw).toBe('*-1\r\n');
});

test('a client that wants no replies is sent none of a busy script', async () => {
  const [caller, other] = await startBusy(2);
  caller.send('CLIENT', 'REPLY', 'OFF');
  caller.send('MULTI');
  caller.send('PING');
  caller.send('EVAL', LOOP, '0');
  caller.send('EXEC');
  await untilBusy(other);
  caller.send('EVAL', `${LOOP} return n`, '0');
  caller.send('CLIENT', 'REPLY', 'ON');
  expect((await caller.reply()).raw).toBe('+OK\r\n');
});

test('a server ends in the middle of a script', async () => {
  const [caller, other] = await startBusy(2);
  caller.send('EVAL', 'while true do end', '0');
  await untilBusy(other);
  await servers.pop()?.close();
});

test('a script that takes too long where it can not be left is ended, unless it has written', async () => {
  const { clock, run } = openOffline({ 'busy-reply-threshold': '10' });
  // A hook asks for the time, and each time much of it has passed.
  const { monotonicMicros } = clock;
  let passed = 0;
  clock.monotonicMicros = () => monotonicMicros.call(clock) + (passed += 1_000_000);
  const loop = 'local n = 0 while n < 3e6 do n = n + 1 end';
  const script = `table.sort({1, 2}, function(a, b) ${loop} return a < b end)`;
  expect(run('EVAL', script, '0')).toMatch(/^-ERR Script is busy where it cannot be left script: /);
  expect(
    run(
      'EVAL',
      `table.sort({1, 2}, function() while true do pcall(function() ${loop} end) end end)`,
      '0',
    ),
  ).toMatch(/^-ERR Script is busy where it cannot be left script: /);
  expect(run('EVAL', `redis.call('SET', 'k', 'v') ${script} return 1`, '0')).toBe(':1\r\n');
});
