/** The debugger of scripts, as redis-cli --ldb-sync-mode speaks to it: the same lines as Redis. */

import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type RunningServer, startServer } from '../../src/index.ts';
import { findRedis, startRedis } from '../support/redis.ts';
import { type Address, RespClient } from '../support/resp-client.ts';

const SCRIPT = `local a = 1
local t = {1, 2, {x = 'y', [true] = false}, 2.5, 1e21}
local function double(n)
  local inner = n * 2
  redis.call('SET', 'k', inner)
  return inner
end
redis.debug('hello', t, a)
local ok, e = pcall(function()
  local deep = 'in pcall'
  redis.breakpoint()
  return double(21)
end)
local co = coroutine.wrap(function(x)
  coroutine.yield(x + 1)
  error('bad')
end)
for i = 1, 3 do
  a = a + co(i)
end
return {a, ok, e}
`;

/** Commands of a session, each of which is answered while the script stands. */
const LOOKS = [
  ...['help', 'p', 'p a', 'p nope', 'p KEYS', 'print ARGV', 'l', 'list 3', 'l 0 1', 'w', 'trace'],
  ...['b', 'b 6', 'b 6', 'b 99', 'b x', 'b -7', 'b -6', 'b 6 12', 'b', 'break 0', 'b 6'],
  ...['e 1+1', "eval {1,'a',{b=2.5}}", 'e x y', 'e error("boom")', 'e local z = 1', 'e nope'],
  ...['r set foo b\u00e4r', 'redis get foo', 'r lrange none 0 -1', 'r hgetall none', 'r nosuch'],
  ...['r get', 'r', 'maxlen', 'm 10', 'm 0', 'm 100', 'foo', 'r incr foo', 'r mget foo none'],
];

/** Runs a script in a session. Answers all that was replied, until the connection is closed. */
async function session(address: Address, script: string, commands: readonly string[]) {
  const client = await RespClient.connect(address);
  const texts: string[] = [];
  try {
    texts.push((await client.call('SCRIPT', 'DEBUG', 'SYNC')).raw);
    texts.push((await client.call('EVAL', script, '2', 'k1', 'k2', 'a 1')).raw);
    for (const each of commands.slice(0, -1)) {
      texts.push(`${each}\r\n${(await client.call(...each.split(' '))).raw}`);
    }
    client.send(...(commands.at(-1) as string).split(' '));
    texts.push(await client.rest());
  } finally {
    client.close();
  }
  return texts;
}

const SESSIONS: readonly (readonly [string, string, readonly string[]])[] = [
  ['looks', SCRIPT, [...LOOKS, 'continue', ...LOOKS, 'c', ...LOOKS, 'c']],
  [
    'steps',
    SCRIPT,
    [...Array.from({ length: 17 }, (_, i) => ['s', 'n', 'step', 'next'][i % 4]), 'c'],
  ],
  ['aborts', SCRIPT, ['s', 's', 'abort']],
  ['aborts what catches errors', 'return pcall(function()\n return 1\nend)', ['s', 'a']],
  ['fails', "local x = 1\nerror('no ' .. x)", ['s', 's']],
  ['is of one line', "return redis.call('PING')", ['t', 's']],
  ['says what it is', '#!lua flags=no-writes\nlocal x = ARGV[1]\nreturn x', ['l', 's', 'p x', 'c']],
  [
    'has a long value',
    "local x = string.rep('x', 300)\nreturn x",
    ['s', 'p', 'p x', 'm 0', 'p x', 'c'],
  ],
];

const binary = findRedis();

describe.skipIf(binary === undefined)('says what Redis says of a script that', () => {
  test.each(SESSIONS)('%s', async (_, script, commands) => {
    const redis = await startRedis(binary as string);
    const server = await startServer({ port: 0 });
    try {
      // Functions are told with where they lie.
      const texts = async (address: Address): Promise<string[]> =>
        (await session(address, script, commands)).map((text) =>
          text.replace(/@0x[0-9a-f]+/g, '@'),
        );
      expect(await texts(server.address)).toEqual(await texts(redis.address));
    } finally {
      await server.close();
      await redis.close();
    }
  });
});

describe('a session', () => {
  let server: RunningServer;
  let client: RespClient;
  let other: RespClient;
  beforeEach(async () => {
    server = await startServer({ port: 0 });
    client = await RespClient.connect(server.address);
    other = await RespClient.connect(server.address);
  });
  afterEach(async () => {
    client.close();
    other.close();
    await server.close();
  });
  const begin = async (script: string): Promise<string> => {
    await client.call('SCRIPT', 'DEBUG', 'SYNC');
    return (await client.call('EVAL', script, '0')).raw;
  };

  test('keeps others waiting, but for those who may end it', async () => {
    expect(await begin("redis.call('SET', 'k', 'v')\nreturn 1")).toContain('Stopped at 1');
    const waiting = other.call('GET', 'k');
    const operator = await RespClient.connect(server.address);
    expect((await operator.call('SCRIPT', 'KILL', 'now')).raw).toMatch(/^-ERR wrong number/);
    operator.close();
    client.send('c');
    expect(await client.rest()).toBe('*1\r\n+<endsession>\r\n:1\r\n');
    expect((await waiting).raw).toBe('$1\r\nv\r\n');
  });

  test('is over when the client is gone: the script goes on', async () => {
    await begin("redis.call('SET', 'k', 'v')\nredis.breakpoint()\nreturn 1");
    client.close();
    expect((await other.call('GET', 'k')).raw).toBe('$1\r\nv\r\n');
  });

  test('is over when SCRIPT KILL ends the script', async () => {
    await begin('local x = 1\nwhile true do x = x + 1 end');
    expect((await other.call('SCRIPT', 'KILL')).raw).toBe('+OK\r\n');
    expect(await client.rest()).toContain('Script killed by user with SCRIPT KILL');
    expect((await other.call('PING')).raw).toBe('+PONG\r\n');
  });

  test('stops what takes too long, and ends it with the client', async () => {
    await other.call('CONFIG', 'SET', 'busy-reply-threshold', '20');
    await begin('local x = 1\nwhile true do x = x + 1 end');
    const { raw } = await client.call('c');
    expect(raw).toContain('Stopped at 2, stop reason = timeout reached, infinite loop?');
    client.close();
    expect((await other.call('PING')).raw).toBe('+PONG\r\n');
  });

  test('does not stop where a function of C waits for the script', async () => {
    await begin('local t = {2, 1}\ntable.sort(t, function(a, b)\n return a < b\nend)\nreturn t[1]');
    expect((await client.call('b', '3')).raw).toContain('#3');
    client.send('c');
    expect(await client.rest()).toBe('*1\r\n+<endsession>\r\n:1\r\n');
  });

  test('an eval that takes for ever is ended', async () => {
    await other.call('CONFIG', 'SET', 'busy-reply-threshold', '20');
    await begin('return 1');
    const { raw } = await client.call('e', 'while true do end');
    expect(raw).toBe('*1\r\n+<error> timeout\r\n');
  });

  test('is none in a transaction, nor after NO; and YES is refused', async () => {
    expect((await client.call('SCRIPT', 'DEBUG', 'YES')).raw).toMatch(
      /^-ERR SCRIPT DEBUG YES would/,
    );
    // redis-cli does not look at the reply.
    const refused = (await client.call('EVAL', "return redis.call('SET', 'k', 'v')", '0')).raw;
    expect(refused).toMatch(/^-ERR SCRIPT DEBUG YES would/);
    expect((await other.call('EXISTS', 'k')).raw).toBe(':0\r\n');
    await client.call('SCRIPT', 'DEBUG', 'SYNC');
    await client.call('MULTI');
    await client.call('EVAL', 'return redis.breakpoint()', '0');
    expect((await client.call('EXEC')).raw).toBe('*1\r\n$-1\r\n');
    await client.call('SCRIPT', 'DEBUG', 'NO');
    expect((await client.call('EVAL', 'return 1', '0')).raw).toBe(':1\r\n');
    const answers = await client.pipeline([['PING'], ['SCRIPT', 'DEBUG', 'SYNC']]);
    expect(answers[1].raw).toBe('-ERR SCRIPT DEBUG must be called outside a pipeline\r\n');
  });
});
