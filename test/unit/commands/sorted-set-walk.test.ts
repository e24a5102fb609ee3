import { beforeEach, describe, expect, test } from 'vitest';
import { type Offline, openOffline } from '../../support/offline.ts';

let server: Offline;

beforeEach(() => {
  server = openOffline();
});

describe('ZRANDMEMBER', () => {
  const LONG = 'x'.repeat(65);
  /** 6 are packed; more are drawn from a tree, few of them or most. */
  const SETS = [
    [6, 0],
    [6, 1],
    [40, 1],
  ] as const;

  test.each(SETS)('draws each of %s members as often as any other', (size, longs) => {
    for (let i = 0; i < size; i++) server.run('ZADD', 'z', '1', `m${i}`.padEnd(longs * 65, '.'));
    const drawn = new Map<string, number>();
    const draws = size * 100;
    for (let i = 0; i < draws; i++) {
      const [name] = server.run('ZRANDMEMBER', 'z').match(/m\d+/)!;
      drawn.set(name, (drawn.get(name) ?? 0) + 1);
    }
    expect(drawn.size).toBe(size);
    const deviation = [...drawn.values()].reduce((sum, n) => sum + (n - 100) ** 2 / 100, 0);
    expect(deviation).toBeLessThan(size + 5 * Math.sqrt(2 * size));
  });

  test.each(SETS)('chooses each pair of %s members as often as any other', (size, longs) => {
    for (let i = 0; i < size; i++) server.run('ZADD', 'z', '1', `m${i}`.padEnd(longs * 65, '.'));
    const chosen = new Map<string, number>();
    const draws = size * (size - 1) * 20;
    for (let i = 0; i < draws; i++) {
      const pair = server.run('ZRANDMEMBER', 'z', '2').match(/m\d+/g)!;
      const name = pair.sort().join();
      chosen.set(name, (chosen.get(name) ?? 0) + 1);
    }
    const pairs = (size * (size - 1)) / 2;
    expect(chosen.size).toBe(pairs);
    const deviation = [...chosen.values()].reduce((sum, n) => sum + (n - 40) ** 2 / 40, 0);
    expect(deviation).toBeLessThan(pairs + 5 * Math.sqrt(2 * pairs));
  });

  test('draws with a negative count independently, from both encodings', () => {
    for (const long of ['', LONG]) {
      for (let i = 0; i < 10; i++) server.run('ZADD', 'z', '1', `m${i}${long}`);
      const names = server.run('ZRANDMEMBER', 'z', '-4000').match(/m\d+/g)!;
      expect(names.length).toBe(4000);
      const pairs = new Map<string, number>();
      for (let i = 0; i < 4000; i += 2) {
        const pair = names[i] + names[i + 1];
        pairs.set(pair, (pairs.get(pair) ?? 0) + 1);
      }
      expect(pairs.size).toBe(100);
      const deviation = [...pairs.values()].reduce((sum, n) => sum + (n - 20) ** 2 / 20, 0);
      expect(deviation).toBeLessThan(100 + 5 * Math.sqrt(200));
      server.run('DEL', 'z');
    }
  });

  test('refuses to repeat a member until memory is full', () => {
    server.run('CONFIG', 'SET', 'proto-max-bulk-len', '1mb');
    server.run('ZADD', 'z', '1', 'm'.repeat(1000));
    const refusal = '-ERR value is out of range\r\n';
    expect(server.run('ZRANDMEMBER', 'z', '-2000')).toBe(refusal);
    expect(server.run('ZRANDMEMBER', 'z', '-9223372036854775807')).toBe(refusal);
    expect(server.run('ZRANDMEMBER', 'z', '-1000').length).toBeGreaterThan(1_000_000);
  });
});

describe('ZSCAN', () => {
  test('of a set that stays as it is replies each member once, about as many as wanted', () => {
    const pairs = Array.from({ length: 3000 }, (_, i) => [String(i), `m${i}`]).flat();
    server.run('ZADD', 'z', ...pairs);
    const seen: string[] = [];
    let cursor = '0';
    let calls = 0;
    do {
      const reply = server.run('ZSCAN', 'z', cursor, 'COUNT', '30');
      cursor = /^\*2\r\n\$\d+\r\n(\d+)/.exec(reply)![1];
      const found = reply.match(/m\d+/g)!;
      expect(found.length).toBeGreaterThanOrEqual(cursor === '0' ? 1 : 30);
      expect(found.length).toBeLessThan(50);
      seen.push(...found);
      calls++;
    } while (cursor !== '0');
    expect(seen.length).toBe(3000);
    expect(new Set(seen).size).toBe(3000);
    expect(calls).toBeGreaterThan(60);
  });

  test('does not look through an empty table for long', () => {
    const pairs = Array.from({ length: 3000 }, (_, i) => [String(i), `m${i}`]).flat();
    server.run('ZADD', 'z', ...pairs);
    const reply = server.run('ZSCAN', 'z', '0', 'MATCH', 'nobody');
    expect(reply).toMatch(/^\*2\r\n\$\d+\r\n[1-9]\d*\r\n\*0\r\n$/);
  });
});

test('reading counts as a hit or a miss', () => {
  server.run('ZADD', 'z', '1', 'a');
  const { traffic } = server.instance.keyspace.databases[0];
  const { hits, misses } = traffic;
  for (const line of ['ZRANDMEMBER z', 'ZRANDMEMBER z -3', 'ZSCAN z 0']) {
    server.run(...line.split(' '));
  }
  for (const line of ['ZRANDMEMBER none', 'ZRANDMEMBER none 3', 'ZSCAN none 0 JUNK']) {
    server.run(...line.split(' '));
  }
  expect([traffic.hits - hits, traffic.misses - misses]).toEqual([3, 3]);
});
