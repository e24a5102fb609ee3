/**
 * Sessions on the wire: what the tests of lua-resty-session assert of a storage (ST1-ST9), its
 * worked examples (W1-W10), and the fixed behaviour for each of its defects (B1-B17).
 */

import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type RunningServer, startServer } from '../../../src/index.ts';
import { ManualClock } from '../../../src/std/clock.ts';
import { type Arg, RespClient, type Tree } from '../../support/resp-client.ts';

const NOW = 1_700_000_000;
const A = 'AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8';
const B = 'ICEiIyQlJicoKSorLC0uLzAxMjM0NTY3ODk6Ozw9Pj8';
const C = 'QEFCQ0RFRkdISUpLTE1OT1BRUlNUVVZXWFlaW1xdXl8';
const AUD = 'ZGVmYXVsdA';
const SUB = 'am9obkBkb2UuY29t';
const META = ['META', 1, AUD, SUB];

const clock = new ManualClock(NOW * 1000);
let server: RunningServer;
let client: RespClient;

type Value = string | null | Value[];

function plain({ text, items }: Tree): Value {
  return items === null ? text : items.map(plain);
}

async function call(...argv: Arg[]): Promise<Value> {
  const { tree } = await client.call(...argv);
  return tree.type === '-' ? `-${tree.text}` : plain(tree);
}

function at(seconds: number): void {
  clock.set((NOW + seconds) * 1000);
}

beforeAll(async () => {
  server = await startServer({
    clock,
    config: { zone: 'sessions 1mb allkeys-lru', 'session-prefix': 'sessions' },
  });
  client = await RespClient.connect(server.address);
});

afterAll(async () => {
  client.close();
  await server.close();
});

beforeEach(async () => {
  at(0);
  expect(await call('FLUSHALL')).toBe('OK');
  expect(await call('SELECT', 16)).toBe('OK');
});

async function meta(audience = AUD, subject = SUB): Promise<Record<string, string>> {
  const list = (await call('SESSION.META', 'session', audience, subject)) as string[];
  const found: Record<string, string> = {};
  for (let i = 0; i < list.length; i += 2) found[list[i]] = list[i + 1];
  return found;
}

const get = (key: string) => call('SESSION.GET', 'session', key);
const set = (key: string, ttl: number, ...rest: Arg[]) =>
  call('SESSION.SET', 'session', key, `value of ${key}`, ttl, ...rest);

describe('what the storages of lua-resty-session promise', () => {
  test('ST1: a session that was set is read back exactly', async () => {
    expect(await set(A, 60)).toBe('OK');
    expect(await get(A)).toBe(`value of ${A}`);
  });

  test('ST2: META without OLD and STALE is enough', async () => {
    expect(await set(A, 60, 'META', 2, 'foo', 'john', 'bar', 'jane')).toBe('OK');
    at(1);
    expect(await get(A)).toBe(`value of ${A}`);
  });

  test('ST3: every session of the same metadata is listed in each index', async () => {
    for (const key of [A, B, C]) await set(key, 60, 'META', 2, 'foo', 'john', 'bar', 'jane');
    at(1);
    for (const [audience, subject] of [
      ['foo', 'john'],
      ['bar', 'jane'],
    ]) {
      expect(Object.keys(await meta(audience, subject)).sort()).toEqual([A, B, C].sort());
    }
  });

  test('ST4: a session that ran out is listed no more', async () => {
    await set(A, 2, ...META);
    at(3);
    await set(B, 60, ...META);
    expect(await meta()).toEqual({ [B]: String(NOW + 63) });
  });

  test('ST5: OLD has STALE seconds left', async () => {
    await set(A, 60);
    await set(B, 60, 'OLD', A, 'STALE', 1);
    expect(await get(A)).toBe(`value of ${A}`);
    at(3);
    expect(await get(A)).toBeNull();
  });

  test('ST6: a session is gone when its ttl is over', async () => {
    await set(A, 2);
    at(1.999);
    expect(await get(A)).toBe(`value of ${A}`);
    at(2);
    expect(await get(A)).toBeNull();
  });

  test('ST7: a deleted session is gone at once', async () => {
    await set(A, 2);
    expect(await call('SESSION.DEL', 'session', A)).toBe('1');
    expect(await get(A)).toBeNull();
  });

  test('ST8: a deleted session leaves its index', async () => {
    await set(A, 60, ...META);
    expect(await call('SESSION.DEL', 'session', A, ...META)).toBe('1');
    expect(await meta()).toEqual({});
  });

  test('ST9: REMEMBER deletes the old session at once', async () => {
    await set(A, 60);
    await set(B, 60, 'OLD', A, 'STALE', 60, 'REMEMBER');
    expect(await get(A)).toBeNull();
  });

  test('deleting what is not there is no error', async () => {
    expect(await call('SESSION.DEL', 'session', A, ...META)).toBe('0');
    expect(await call('EXISTS', `sessions:session:${AUD}:${SUB}`)).toBe('0');
  });
});

describe('worked examples', () => {
  test('W1: a plain session is a string with a deadline at the joined name', async () => {
    await set(A, 3600);
    expect(await call('GET', `sessions:session:${A}`)).toBe(`value of ${A}`);
    expect(await call('PTTL', `sessions:session:${A}`)).toBe('3600000');
    at(3600);
    expect(await get(A)).toBeNull();
  });

  test('W2: a login is listed until it ends, and its index ends with it', async () => {
    await set(A, 3600, ...META);
    at(1);
    expect(await meta()).toEqual({ [A]: String(NOW + 3600) });
    expect(await call('TTL', `sessions:session:${AUD}:${SUB}`)).toBe('3599');
    expect(await call('TYPE', `sessions:session:${AUD}:${SUB}`)).toBe('zset');
  });

  test('W3: rotation leaves the old session readable for ten seconds, and unlisted', async () => {
    await set(A, 3600, ...META);
    at(1800);
    await set(B, 3600, 'OLD', A, ...META);
    at(1801);
    expect(await meta()).toEqual({ [B]: String(NOW + 5400) });
    expect(await get(A)).toBe(`value of ${A}`);
    at(1810);
    expect(await get(A)).toBeNull();
  });

  test('W4: a second rotation from the same old session does not give it more time', async () => {
    await set(A, 3600, ...META);
    at(1800);
    await set(B, 3600, 'OLD', A, ...META);
    at(1802);
    await set(C, 3600, 'OLD', A, ...META);
    expect(Object.keys(await meta()).sort()).toEqual([B, C].sort());
    expect(await call('TTL', `sessions:session:${A}`)).toBe('8');
  });

  test('W5: deleting is idempotent', async () => {
    await set(B, 3600, ...META);
    await set(C, 3600, ...META);
    expect(await call('SESSION.DEL', 'session', B, ...META)).toBe('1');
    expect(await meta()).toEqual({ [C]: String(NOW + 3600) });
    expect(await call('SESSION.DEL', 'session', B, ...META)).toBe('0');
    expect(await meta()).toEqual({ [C]: String(NOW + 3600) });
  });

  test('W6: an index lives as long as its longest-lived session, not longer, not shorter', async () => {
    const index = `sessions:session:${AUD}:${SUB}`;
    await set(A, 3600, ...META);
    at(1800);
    await set(B, 3600, ...META);
    await set(C, 10, ...META);
    expect(await call('TTL', index)).toBe('3600');
    at(3601);
    expect(await meta()).toEqual({ [B]: String(NOW + 5400) });
    at(5400);
    expect(await call('EXISTS', index)).toBe('0');
  });

  test('W7: two audiences are two indexes, without a cross product', async () => {
    await set(A, 60, 'META', 2, 'a1', 's1', 'a2', 's2');
    expect(await meta('a1', 's1')).toEqual({ [A]: String(NOW + 60) });
    expect(await meta('a2', 's2')).toEqual({ [A]: String(NOW + 60) });
    expect(await meta('a1', 's2')).toEqual({});
  });

  test('an index that META names twice lists the session once', async () => {
    await set(A, 60, 'META', 2, 'a', 's', 'a', 's');
    await set(B, 60, 'OLD', A, 'META', 3, 'a', 's', 'b', 's', 'a', 's');
    expect(await meta('a', 's')).toEqual({ [B]: String(NOW + 60) });
    expect(await call('ZONE', 'AUDIT')).toBe('OK');
  });

  test('W8, B1: STALE 0 deletes the old session', async () => {
    await set(A, 1800);
    await set(B, 3600, 'OLD', A, 'STALE', 0);
    expect(await get(A)).toBeNull();
  });

  test('W9: a session that replaces itself has STALE seconds left and is unlisted', async () => {
    await set(A, 3600, 'OLD', A, 'STALE', 5, ...META);
    expect(await call('TTL', `sessions:session:${A}`)).toBe('5');
    expect(await meta()).toEqual({});
  });

  test('W10: what is left is never made longer', async () => {
    await set(A, 10);
    await set(B, 60, 'OLD', A, 'STALE', 10);
    expect(await call('PTTL', `sessions:session:${A}`)).toBe('10000');
    await call('PEXPIRE', `sessions:session:${A}`, 10001);
    await set(C, 60, 'OLD', A, 'STALE', 10);
    expect(await call('PTTL', `sessions:session:${A}`)).toBe('10000');
  });
});

describe('what the seed got wrong', () => {
  test('B2: an old session that never expires is shortened too', async () => {
    await call('SET', `sessions:session:${A}`, 'v');
    await set(B, 60, 'OLD', A);
    expect(await call('TTL', `sessions:session:${A}`)).toBe('10');
  });

  test('B3: reading an index changes nothing', async () => {
    await set(A, 3600, ...META);
    const before = await call('DEBUG', 'OBJECT', `sessions:session:${AUD}:${SUB}`);
    await meta();
    await meta();
    expect(await meta()).toEqual({ [A]: String(NOW + 3600) });
    expect(typeof before).toBe('string');
  });

  test('B5: an index goes with its last session', async () => {
    await set(A, 60, ...META);
    await call('DEL', `sessions:session:${A}`);
    expect(await call('EXISTS', `sessions:session:${AUD}:${SUB}`)).toBe('0');
  });

  test('B6, B8, B13: what can never fit is refused, and nothing is evicted or replaced', async () => {
    await set(A, 3600, ...META);
    for (let i = 0; i < 50; i++) await set(`filler${i}`, 3600);
    const size = await call('DBSIZE');
    const huge = 'x'.repeat(2 * 1024 * 1024);
    expect(await call('SESSION.SET', 'session', A, huge, 60, ...META)).toBe(
      "-OOM command not allowed when used memory > 'maxmemory'.",
    );
    expect(await call('DBSIZE')).toBe(size);
    expect(await get(A)).toBe(`value of ${A}`);
    expect(await meta()).toEqual({ [A]: String(NOW + 3600) });
    expect(await call('ZONE', 'AUDIT')).toBe('OK');
  });

  test('B10: keys of any bytes and any length are session keys', async () => {
    const keys = ['', 'a', 'with:colon', `\x00\xff${'k'.repeat(5000)}`];
    for (const key of keys) expect(await set(key, 60, ...META)).toBe('OK');
    for (const key of keys) expect(await get(key)).toBe(`value of ${key}`);
    expect(Object.keys(await meta()).sort()).toEqual([...keys].sort());
    expect(await call('SESSION.DELALL', 'session', AUD, SUB)).toBe(String(keys.length));
    expect(await meta()).toEqual({});
  });

  test('B11: an evicted session leaves its index, and an index outlives its sessions', async () => {
    const value = 'x'.repeat(4000);
    for (let i = 0; i < 600; i++) {
      await call('SESSION.SET', 'session', `key${i}`, value, 3600, ...META);
    }
    const listed = Object.keys(await meta());
    const live: string[] = [];
    for (let i = 0; i < 600; i++) {
      if ((await call('EXISTS', `sessions:session:key${i}`)) === '1') live.push(`key${i}`);
    }
    expect(live.length).toBeLessThan(600);
    expect(live.length).toBeGreaterThan(100);
    expect(listed.sort()).toEqual(live.sort());
    expect(await call('ZONE', 'AUDIT')).toBe('OK');
  });

  test('B15: deleting tells whether there was a live session', async () => {
    await set(A, 5);
    at(6);
    expect(await call('SESSION.DEL', 'session', A)).toBe('0');
  });

  test('B16: NOW is what scores count from; the record follows the clock of the server', async () => {
    await set(A, 60, 'NOW', NOW + 1000, ...META);
    expect(await call('ZSCORE', `sessions:session:${AUD}:${SUB}`, A)).toBe(String(NOW + 1060));
    expect(await call('TTL', `sessions:session:${A}`)).toBe('60');
  });

  test('B17: a session leaves indexes that the delete does not name', async () => {
    await set(A, 60, 'META', 2, 'a1', 's1', 'a2', 's2');
    await call('SESSION.DEL', 'session', A, 'META', 1, 'a1', 's1');
    expect(await meta('a2', 's2')).toEqual({});
    await set(A, 60, 'META', 1, 'a1', 's1');
    await set(B, 60, 'OLD', A, 'META', 1, 'a2', 's2');
    expect(await meta('a1', 's1')).toEqual({});
  });
});

describe('ways for a session to leave', () => {
  for (const leave of [
    ['DEL', `sessions:session:${A}`],
    ['UNLINK', `sessions:session:${A}`],
    ['GETDEL', `sessions:session:${A}`],
    ['RENAME', `sessions:session:${A}`, 'elsewhere'],
    ['EXPIRE', `sessions:session:${A}`, -1],
    ['FLUSHDB'],
  ]) {
    test(`${leave[0]} takes it out of its index`, async () => {
      await set(A, 60, ...META);
      expect(await call(...leave)).not.toMatch(/^-/);
      expect(await meta()).toEqual({});
      expect(await call('ZONE', 'AUDIT')).toBe('OK');
    });
  }

  test('SESSION.DELALL logs a subject out everywhere but here', async () => {
    for (const key of [A, B, C]) await set(key, 60, 'META', 2, AUD, SUB, 'other', 'sub');
    expect(await call('SESSION.DELALL', 'session', AUD, SUB, 'EXCEPT', B)).toBe('2');
    expect(await meta()).toEqual({ [B]: String(NOW + 60) });
    expect(await meta('other', 'sub')).toEqual({ [B]: String(NOW + 60) });
    expect(await get(A)).toBeNull();
    expect(await call('SESSION.DELALL', 'session', AUD, SUB)).toBe('1');
    expect(await call('DBSIZE')).toBe('0');
  });

  test('SESSION.TOUCH moves a session and its index entries', async () => {
    await set(A, 60, ...META);
    at(30);
    expect(await call('SESSION.TOUCH', 'session', A, 100)).toBe('1');
    expect(await meta()).toEqual({ [A]: String(NOW + 130) });
    expect(await call('TTL', `sessions:session:${AUD}:${SUB}`)).toBe('100');
    at(131);
    expect(await call('SESSION.TOUCH', 'session', A, 100)).toBe('0');
  });
});

describe('what the stock redis storage and SESSION.* share', () => {
  test('what it writes, SESSION.* sees', async () => {
    const index = `sessions:session:${AUD}:${SUB}`;
    await call('set', `sessions:session:${A}`, 'v', 'EX', 3600);
    await call('zremrangebyscore', index, 0, NOW - 1);
    await call('zadd', index, NOW + 3600, A);
    await call('expire', index, 3600);
    expect(await get(A)).toBe('v');
    expect(await meta()).toEqual({ [A]: String(NOW + 3600) });
    expect(await call('SESSION.DELALL', 'session', AUD, SUB)).toBe('1');
  });

  test('what SESSION.* writes, it sees', async () => {
    await set(A, 3600, ...META);
    const index = `sessions:session:${AUD}:${SUB}`;
    expect(await call('zrange', index, NOW, '+inf', 'BYSCORE', 'WITHSCORES')).toEqual([
      A,
      String(NOW + 3600),
    ]);
    expect(await call('ttl', `sessions:session:${A}`)).toBe('3600');
  });
});

describe('bad input', () => {
  const cases: [string, Arg[], string][] = [
    [
      'a ttl of 0',
      ['SESSION.SET', 'n', 'k', 'v', 0],
      "-ERR invalid expire time in 'session.set' command",
    ],
    [
      'a negative ttl',
      ['SESSION.SET', 'n', 'k', 'v', -1],
      "-ERR invalid expire time in 'session.set' command",
    ],
    [
      'an infinite ttl',
      ['SESSION.SET', 'n', 'k', 'v', 'inf'],
      "-ERR invalid expire time in 'session.set' command",
    ],
    [
      'a ttl that is no number',
      ['SESSION.SET', 'n', 'k', 'v', 'x'],
      '-ERR value is not a valid float',
    ],
    [
      'no ttl',
      ['SESSION.SET', 'n', 'k', 'v'],
      "-ERR wrong number of arguments for 'session.set' command",
    ],
    [
      'an option twice',
      ['SESSION.SET', 'n', 'k', 'v', 1, 'OLD', 'a', 'OLD', 'b'],
      '-ERR syntax error',
    ],
    [
      'META of no pairs',
      ['SESSION.SET', 'n', 'k', 'v', 1, 'META', 0],
      '-ERR value is out of range, must be positive',
    ],
    ['META cut short', ['SESSION.SET', 'n', 'k', 'v', 1, 'META', 2, 'a', 's'], '-ERR syntax error'],
    ['an unknown zone', ['SESSION.GET', 'n', 'k', 'ZONE', 'x'], "-ERR no such zone 'x'"],
    ['an unknown option', ['SESSION.GET', 'n', 'k', 'NOW', 1], '-ERR syntax error'],
  ];
  for (const [what, argv, expected] of cases) {
    test(`${what} is refused`, async () => {
      expect(await call(...argv)).toBe(expected);
      expect(await call('DBSIZE')).toBe('0');
    });
  }

  test('names that hold another type are refused, with nothing changed', async () => {
    await call('ZADD', `sessions:session:${A}`, 1, 'm');
    expect(await set(A, 60, ...META)).toMatch(/^-WRONGTYPE/);
    await call('SET', `sessions:session:${AUD}:${SUB}`, 'v');
    expect(await set(B, 60, ...META)).toMatch(/^-WRONGTYPE/);
    expect(await call('DBSIZE')).toBe('2');
  });

  test('STALE and REMEMBER without OLD, and an OLD that is not there, do nothing', async () => {
    expect(await set(A, 60, 'STALE', 0)).toBe('OK');
    expect(await set(A, 60, 'REMEMBER')).toBe('OK');
    expect(await set(A, 60, 'OLD', B, 'STALE', 0)).toBe('OK');
    expect(await get(A)).toBe(`value of ${A}`);
  });
});

describe('a rotation from a session that is not there', () => {
  for (const old of [B, A]) {
    test(`${old === B ? 'another' : 'the same'} key: the new session is stored and listed`, async () => {
      expect(await set(A, 60, 'OLD', old, 'STALE', 5, ...META)).toBe('OK');
      const isItself = old === A;
      expect(await call('TTL', `sessions:session:${A}`)).toBe(isItself ? '5' : '60');
      expect(await meta()).toEqual(isItself ? {} : { [A]: String(NOW + 60) });
      expect(await call('ZONE', 'AUDIT')).toBe('OK');
    });
  }
});

describe('names', () => {
  test('prefix and suffix come from options, else from the configuration', async () => {
    await call('SESSION.SET', 'n', 'k', 'v', 60, 'PREFIX', 'p', 'SUFFIX', 's');
    expect(await call('GET', 'p:n:k:s')).toBe('v');
    await call('SESSION.SET', 'n', 'k', 'v', 60, 'PREFIX', '');
    expect(await call('GET', ':n:k')).toBe('v');
  });

  test('the zone is chosen by option, whatever database is selected', async () => {
    await call('SELECT', 3);
    await set(A, 60);
    await call('SESSION.SET', 'n', 'k', 'v', 60, 'ZONE', 'default');
    expect(await call('DBSIZE')).toBe('0');
    await call('SELECT', 'sessions');
    expect(await call('KEYS', '*')).toEqual([`sessions:session:${A}`]);
    await call('SELECT', 0);
    expect(await call('KEYS', '*')).toEqual(['sessions:n:k']);
  });

  test('COMMAND GETKEYS names the joined names', async () => {
    const argv = ['SESSION.SET', 'session', B, 'v', 60, 'OLD', A, ...META];
    expect(await call('COMMAND', 'GETKEYS', ...argv)).toEqual([
      `sessions:session:${B}`,
      `sessions:session:${A}`,
      `sessions:session:${AUD}:${SUB}`,
    ]);
  });
});
