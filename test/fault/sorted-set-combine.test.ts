/** Results of several sorted sets that find no room: all or nothing, and nothing stale. */

import { describe, expect, test } from 'vitest';
import { type Offline, openOffline } from '../support/offline.ts';
import { dump } from '../unit/zone/support.ts';

const OOM = "-OOM command not allowed when used memory > 'maxmemory'.\r\n";

function furnished(policy: string, maxmemory = '512kb'): Offline {
  const server = openOffline({
    maxmemory,
    'maxmemory-policy': policy,
    'zset-max-listpack-entries': '8',
  });
  const add = (key: string, count: number, from: number, size = 0): void => {
    const words: string[] = [];
    for (let i = from; i < from + count; i++) {
      words.push(String(i % 17), `member:${i}`.padEnd(size, '.'));
    }
    server.run('ZADD', key, ...words);
  };
  add('packed', 6, 0);
  add('other', 5, 3);
  add('tree', 150, 0);
  add('large', 100, 75);
  add('long', 7, 0, 5000);
  server.run('EXPIRE', 'tree', '100');
  server.run('SET', 'string', 'v'.repeat(300), 'EX', '100');
  return server;
}

const LINES = [
  'ZUNIONSTORE new 2 packed other',
  'ZUNIONSTORE new 2 tree large',
  'ZUNIONSTORE tree 2 tree large',
  'ZUNIONSTORE packed 3 packed other tree WEIGHTS 1 2 -3',
  'ZUNIONSTORE string 2 long large',
  'ZINTERSTORE new 2 tree large',
  'ZINTERSTORE string 2 packed other',
  'ZDIFFSTORE new 2 tree packed',
  'ZDIFFSTORE string 2 packed tree',
];

describe.each(['noeviction', 'allkeys-lru'])('under %s', (policy) => {
  test.each(LINES)('%s: all or nothing', (line) => {
    let refusals = 0;
    for (let nth = 1; ; nth++) {
      const server = furnished(policy);
      server.zone.room.failIn = nth;
      const before = dump(server.zone);
      const reply = server.run(...line.split(' '));
      expect(server.audit()).toBeUndefined();
      if (reply === OOM) {
        refusals++;
        expect(dump(server.zone)).toEqual(before);
      } else {
        expect(reply).toMatch(/^:\d+\r\n$/);
      }
      if (server.zone.room.failIn !== 0) break;
    }
    // What replaces a key in its own slot, or leaves nothing, asks for no room.
    if (line.includes(' new ')) expect(refusals).toBeGreaterThan(0);
  });
});

test('a source that is evicted for the result is in it as it was', () => {
  const server = openOffline({
    maxmemory: '256kb',
    'maxmemory-policy': 'allkeys-lru',
    'zset-max-listpack-entries': '8',
  });
  for (const [key, from] of [
    ['one', 0],
    ['two', 600],
  ] as const) {
    for (let i = from; i < from + 600; i++) server.run('ZADD', key, '1', `member:${i}`.padEnd(60));
  }
  expect(server.zone.counts.evicted).toBe(0);
  expect(server.run('ZUNIONSTORE', 'to', '2', 'one', 'two')).toBe(':1200\r\n');
  expect(server.run('EXISTS', 'one', 'two')).not.toBe(':2\r\n');
  expect(server.run('ZCARD', 'to')).toBe(':1200\r\n');
  for (const member of ['member:0', 'member:599', 'member:600', 'member:1199']) {
    expect(server.run('ZSCORE', 'to', member.padEnd(60))).toBe('$1\r\n1\r\n');
  }
  expect(server.audit()).toBeUndefined();
});

test('what is too large for the zone changes nothing, whoever was evicted', () => {
  const server = furnished('noeviction', '256kb');
  for (let i = 0; ; i++) {
    if (server.run('SET', `filling:${i}`, 'f'.repeat(1000)) === OOM) break;
  }
  const before = dump(server.zone);
  expect(server.run('ZUNIONSTORE', 'packed', '3', 'tree', 'large', 'long')).toBe(OOM);
  expect(dump(server.zone)).toEqual(before);
  expect(server.audit()).toBeUndefined();
});
