import { beforeEach, describe, expect, test } from 'vitest';
import { type EventsOf, watchEvents } from '../../support/events.ts';
import { type Offline, openOffline } from '../../support/offline.ts';

let server: Offline;
let eventsOf: EventsOf;

beforeEach(() => {
  server = openOffline();
  eventsOf = watchEvents(server);
});

describe('a change of a set says which it was', () => {
  test.each([
    ['SADD s a', ['s sadd s'], 1],
    ['SADD s a b a 1', ['s sadd s'], 3],
    ['SADD there a x', ['s sadd there'], 1],
    ['SADD there a b', [], 0],
    ['SADD string a', [], 0],
    ['SREM there a x b', ['s srem there'], 2],
    ['SREM there x', [], 0],
    ['SREM there c b a d', ['s srem there', 'g del there, gone'], 3],
    ['SREM none a', [], 0],
    ['SMOVE there other a', ['s srem there', 's sadd other'], 2],
    ['SMOVE there other 2', [], 0],
    ['SMOVE there other c', ['s srem there'], 1],
    ['SMOVE there new a', ['s srem there', 's sadd new'], 2],
    ['SMOVE one new 7', ['s srem one', 'g del one, gone', 's sadd new'], 2],
    ['SMOVE there there a', [], 0],
    ['SMOVE there string a', [], 0],
    ['SPOP there', ['s spop there'], 1],
    ['SPOP one', ['s spop one', 'g del one, gone'], 1],
    ['SPOP there 2', ['s spop there'], 2],
    ['SPOP there 3', ['s spop there', 'g del there, gone'], 3],
    ['SPOP there 9', ['s spop there', 'g del there, gone'], 3],
    ['SPOP there 0', [], 0],
    ['SPOP none', [], 0],
    ['SPOP none 5', [], 0],
    ['SINTERSTORE t there other', ['s sinterstore t'], 1],
    ['SINTERSTORE string there other', ['s sinterstore string'], 1],
    ['SINTERSTORE there there one', ['g del there, gone'], 1],
    ['SINTERSTORE t there one', [], 0],
    ['SINTERSTORE string there none', ['g del string, gone'], 1],
    ['SUNIONSTORE t there other', ['s sunionstore t'], 1],
    ['SUNIONSTORE string none', ['g del string, gone'], 1],
    ['SDIFFSTORE t there other', ['s sdiffstore t'], 1],
    ['SDIFFSTORE there there there', ['g del there, gone'], 1],
    ['SINTER there other', [], 0],
    ['SRANDMEMBER there 2', [], 0],
  ])('%s', (line, events, changes) => {
    server.run('SET', 'string', 'v');
    server.run('SADD', 'there', 'a', 'b', 'c');
    server.run('SADD', 'other', 'c', '1', '2');
    server.run('SADD', 'one', '7');
    expect(eventsOf(...line.split(' '))).toEqual({ events, changes });
    expect(server.audit()).toBe(undefined);
  });
});

const names = (count: number): string[] => Array.from({ length: count }, (_, i) => `m:${i}`);
const numbers = (count: number): string[] => Array.from({ length: count }, (_, i) => `${i}`);

/** The bulks of a reply. */
function texts(reply: string): string[] {
  return [...reply.matchAll(/\$\d+\r\n([^\r]*)\r\n/g)].map(([, text]) => text);
}

describe('SRANDMEMBER and SPOP', () => {
  test.each([
    ['SRANDMEMBER', 'integers', numbers(6)],
    ['SRANDMEMBER', 'a listpack', names(6)],
    ['SRANDMEMBER', 'a hashtable', [...names(5), 'x'.repeat(65)]],
    ['SPOP', 'integers', numbers(6)],
    ['SPOP', 'a listpack', names(6)],
    ['SPOP', 'a hashtable', [...names(5), 'x'.repeat(65)]],
  ])('%s of %s chooses each two as often as any other', (name, _, members) => {
    const chosen = new Map<string, number>();
    for (let i = 0; i < 15 * 40; i++) {
      if (name === 'SPOP' || i === 0) server.run('SADD', 's', ...members);
      const pair = texts(server.run(name, 's', '2'))
        .sort()
        .join();
      chosen.set(pair, (chosen.get(pair) ?? 0) + 1);
    }
    expect(chosen.size).toBe(15);
    const deviation = [...chosen.values()].reduce((sum, n) => sum + (n - 40) ** 2 / 40, 0);
    expect(deviation).toBeLessThan(15 + 5 * Math.sqrt(30));
  });

  test.each([
    ['integers', numbers(24)],
    ['a listpack', names(24)],
    ['a hashtable', [...names(23), 'x'.repeat(65)]],
    ['a dictionary', [...names(59), 'x'.repeat(65)]],
  ])('SPOP of nearly all of %s leaves each as often as any other', (_, members) => {
    const left = new Map<string, number>();
    const rounds = members.length * 15;
    for (let i = 0; i < rounds; i++) {
      server.run('SADD', 's', ...members);
      const popped = texts(server.run('SPOP', 's', `${members.length - 2}`));
      expect(new Set(popped).size).toBe(members.length - 2);
      const rest = texts(server.run('SMEMBERS', 's'));
      expect(rest.length).toBe(2);
      for (const member of rest) left.set(member, (left.get(member) ?? 0) + 1);
      server.run('DEL', 's');
    }
    const mean = 30;
    const deviation = members.reduce((sum, m) => sum + ((left.get(m) ?? 0) - mean) ** 2 / mean, 0);
    expect(deviation).toBeLessThan(members.length + 5 * Math.sqrt(2 * members.length));
  });

  test('SPOP of nearly all makes the encoding that of a new set', () => {
    server.run('SADD', 's', ...names(2000));
    expect(server.run('OBJECT', 'ENCODING', 's')).toMatch('hashtable');
    server.run('SPOP', 's', '1500');
    expect(server.run('OBJECT', 'ENCODING', 's')).toMatch('hashtable');
    server.run('SPOP', 's', '480');
    expect(server.run('OBJECT', 'ENCODING', 's')).toMatch('listpack');
    expect(server.run('SCARD', 's')).toBe(':20\r\n');
    expect(server.audit()).toBe(undefined);
    server.run('SADD', 'i', ...numbers(600));
    server.run('SPOP', 'i', '599');
    expect(server.run('OBJECT', 'ENCODING', 'i')).toMatch('listpack');
    server.run('SADD', 'j', ...numbers(100), '9007199254740993');
    server.run('SPOP', 'j', '99');
    expect(server.run('OBJECT', 'ENCODING', 'j')).toMatch('intset');
    expect(server.audit()).toBe(undefined);
  });

  test('SRANDMEMBER refuses to repeat a member until memory is full', () => {
    server.run('CONFIG', 'SET', 'proto-max-bulk-len', '1mb');
    server.run('SADD', 's', 'm'.repeat(1000));
    const refusal = '-ERR value is out of range\r\n';
    expect(server.run('SRANDMEMBER', 's', '-2000')).toBe(refusal);
    expect(server.run('SRANDMEMBER', 's', '-9223372036854775807')).toBe(refusal);
    expect(server.run('SRANDMEMBER', 's', '-1000').length).toBeGreaterThan(1_000_000);
  });
});

test('a set that has to make room for its own member in another stays whole or goes', () => {
  server = openOffline({ maxmemory: '256kb', 'maxmemory-policy': 'allkeys-lru' });
  for (let round = 0; round < 300; round++) {
    server.run('SADD', `s:${round}`, ...names(20), 'x'.repeat(600));
    const source = `s:${(round * 7) % (round + 1)}`;
    const target = `s:${(round * 5) % (round + 1)}`;
    const isThere = server.run('EXISTS', source) === ':1\r\n';
    const moved = server.run('SMOVE', source, `${target}:t`, 'm:3');
    expect(server.audit()).toBe(undefined);
    if (!isThere) expect(moved).toBe(':0\r\n');
    if (moved === ':1\r\n') expect(server.run('SISMEMBER', `${target}:t`, 'm:3')).toBe(':1\r\n');
  }
  expect(server.zone.counts.evicted).toBeGreaterThan(20);
});

test('many sets are combined, however many', () => {
  for (let i = 0; i < 40; i++) server.run('SADD', `s:${i}`, 'a', `${i}`, `m:${i}`);
  const keys = Array.from({ length: 40 }, (_, i) => `s:${i}`);
  expect(texts(server.run('SINTER', ...keys))).toEqual(['a']);
  expect(texts(server.run('SUNION', ...keys)).length).toBe(81);
  expect(texts(server.run('SDIFF', ...keys)).sort()).toEqual(['0', 'm:0']);
  expect(server.run('SINTERCARD', '40', ...keys)).toBe(':1\r\n');
});

test('reading counts as a use', () => {
  server.run('SADD', 's', 'a', '1');
  const { traffic } = server.instance.keyspace.databases[0];
  const { hits, misses } = traffic;
  for (const line of ['SISMEMBER s a', 'SCARD s', 'SMEMBERS s', 'SSCAN s 0', 'SRANDMEMBER s']) {
    server.run(...line.split(' '));
  }
  for (const line of ['SISMEMBER none a', 'SINTER s none', 'SDIFF none s', 'SSCAN none 0 JUNK']) {
    server.run(...line.split(' '));
  }
  expect(traffic.hits - hits).toBe(7);
  expect(traffic.misses - misses).toBe(4);
});
