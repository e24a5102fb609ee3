/** Sorted sets that find no room: all or nothing, whatever was refused. */

import { describe, expect, test } from 'vitest';
import { type Offline, openOffline } from '../support/offline.ts';
import { named, refuseInTurn, refuseUntilFree, type Words } from '../support/refusal.ts';

const pairs = (count: number, size: number, from = 0): string[] =>
  Array.from({ length: count }, (_, i) => [
    String(((from + i) * 37) % 100),
    `m:${from + i}`.padEnd(size, '.'),
  ]).flat();

/** Packed in one piece and in several, a small tree, a large one, and one with long members. */
function furnished(policy: string, maxmemory = '512kb'): Offline {
  const server = openOffline({
    maxmemory,
    'maxmemory-policy': policy,
    'zset-max-listpack-entries': '30',
  });
  server.run('SET', 'flat', 'v'.repeat(100));
  server.run('ZADD', 'packed', ...pairs(30, 12));
  server.run('ZADD', 'pieces', ...pairs(30, 64));
  server.run('ZADD', 'small', ...pairs(5, 10), '50', 'v'.repeat(100));
  server.run('ZADD', 'tree', ...pairs(150, 20));
  server.run('EXPIRE', 'tree', '100');
  server.run('ZADD', 'large', ...pairs(40, 100), '7', 'v'.repeat(9000));
  return server;
}

const REQUESTS: readonly Words[] = [
  ['ZINCRBY', 'new', '1', 'a'],
  ['ZINCRBY', 'new', '1', 'w'.repeat(9000)],
  ['ZINCRBY', 'packed', '1', 'another'],
  ['ZINCRBY', 'packed', '0.3', 'm:3'.padEnd(12, '.')],
  ['ZINCRBY', 'pieces', '0.3', 'm:3'.padEnd(64, '.')],
  ['ZINCRBY', 'pieces', '3', 'another'],
  ['ZINCRBY', 'tree', '40', 'm:3'.padEnd(20, '.')],
  ['ZINCRBY', 'tree', '40', 'another'],
  ['ZINCRBY', 'large', '1', 'w'.repeat(9000)],
  ['ZADD', 'pieces', ...pairs(80, 60, 20)],
  ['ZADD', 'tree', ...pairs(120, 40, 100)],
  ['ZRANGESTORE', 'new', 'packed', '3', '17'],
  ['ZRANGESTORE', 'new', 'pieces', '0', '-1', 'REV'],
  ['ZRANGESTORE', 'new', 'tree', '5', '20'],
  ['ZRANGESTORE', 'new', 'tree', '0', '-1'],
  ['ZRANGESTORE', 'new', 'large', '0', '-1'],
  ['ZRANGESTORE', 'flat', 'tree', '10', '80', 'BYSCORE'],
  ['ZRANGESTORE', 'packed', 'tree', '80', '10', 'BYSCORE', 'REV', 'LIMIT', '1', '90'],
  ['ZRANGESTORE', 'tree', 'pieces', '0', '-1'],
  ['ZRANGESTORE', 'tree', 'tree', '0', '100'],
  ['ZRANGESTORE', 'pieces', 'pieces', '0', '100'],
  ['ZRANGESTORE', 'large', 'large', '20', '-1'],
  ['ZRANGESTORE', 'large', 'packed', '90', '95'],
  ['COPY', 'tree', 'flat', 'REPLACE'],
  ['COPY', 'large', 'new', 'DB', '3'],
];

describe.each(['noeviction', 'allkeys-lru'])('under %s, room refused artificially', (policy) => {
  test.each(named(REQUESTS))('%s: all or nothing', (_, words) => {
    refuseInTurn(() => furnished(policy), words);
  });
});

describe('in a zone that is full', () => {
  test.each(named(REQUESTS))('%s: all or nothing', (_, words) => {
    refuseUntilFree(furnished('noeviction', '256kb'), words);
  });
});

/** Removing asks for no room: it works however little there is. */
const REMOVALS: readonly Words[] = [
  ['ZREM', 'packed', 'm:3'.padEnd(12, '.'), 'none'],
  ['ZREM', 'pieces', 'm:3'.padEnd(64, '.')],
  ['ZREM', 'tree', 'm:3'.padEnd(20, '.'), 'm:140'.padEnd(20, '.')],
  ['ZREM', 'large', 'v'.repeat(9000)],
  ['ZREMRANGEBYRANK', 'pieces', '5', '20'],
  ['ZREMRANGEBYRANK', 'tree', '3', '-3'],
  ['ZREMRANGEBYRANK', 'large', '0', '-1'],
  ['ZREMRANGEBYSCORE', 'packed', '(10', '+inf'],
  ['ZREMRANGEBYSCORE', 'tree', '-inf', '50'],
  ['ZREMRANGEBYLEX', 'tree', '-', '+'],
  ['ZRANGESTORE', 'tree', 'none', '0', '-1'],
];

describe('what takes members away', () => {
  test.each(named(REMOVALS))('%s needs no room', (_, words) => {
    const server = furnished('noeviction', '256kb');
    let name = 0;
    for (const size of [9000, 1000, 100, 1]) {
      while (server.run('SET', `filling:${name}`, 'f'.repeat(size)).startsWith('+')) name++;
    }
    server.zone.room.failIn = 1;
    const reply = server.run(...words);
    server.zone.room.failIn = 0;
    expect(reply).toMatch(/^:\d/);
    expect(server.audit()).toBe(undefined);
  });
});
