/** Hashes that find no room: all or nothing, whatever was refused. */

import { describe, test } from 'vitest';
import { type Offline, openOffline } from '../support/offline.ts';
import { named, refuseInTurn, refuseUntilFree, type Words } from '../support/refusal.ts';

const pairs = (count: number, size: number, from = 0): string[] =>
  Array.from({ length: count }, (_, i) => [`field:${from + i}`, `${i}`.padEnd(size, '.')]).flat();

/** A listpack, a small hashtable, a large one, and one with values in pieces. */
function furnished(policy: string, maxmemory = '512kb'): Offline {
  const server = openOffline({
    maxmemory,
    'maxmemory-policy': policy,
    'hash-max-listpack-entries': '20',
  });
  server.run('SET', 'flat', 'v'.repeat(100));
  server.run('HSET', 'packed', ...pairs(19, 10), 'n', '1');
  server.run('HSET', 'small', ...pairs(5, 10), 'long', 'v'.repeat(100));
  server.run('HSET', 'table', ...pairs(120, 20), 'n', '9999');
  server.run('EXPIRE', 'table', '100');
  server.run('HSET', 'large', ...pairs(40, 100), 'long', 'v'.repeat(9000));
  return server;
}

const REQUESTS: readonly Words[] = [
  ['HSET', 'new', 'a', '1'],
  ['HSET', 'new', 'a', 'w'.repeat(9000)],
  ['HSET', 'new', ...pairs(20, 10)],
  ['HSET', 'new', ...pairs(21, 10)],
  ['HSET', 'new', ...pairs(200, 40)],
  ['HMSET', 'new', 'a', '1', 'b', 'w'.repeat(20_000), 'c', '2'],
  ['HSETNX', 'new', 'a', 'w'.repeat(300)],
  ['HSET', 'packed', 'field:3', 'w'.repeat(60)],
  ['HSET', 'packed', 'more', '1'],
  ['HSET', 'packed', 'more', 'w'.repeat(100)],
  ['HSET', 'packed', 'more', 'w'.repeat(9000)],
  ['HSET', 'packed', ...pairs(40, 50)],
  ['HSET', 'packed', 'field:3', '1', 'more', '1', 'more', '2'],
  ['HSETNX', 'packed', 'more', '1'],
  ['HINCRBY', 'packed', 'n', '9223372036854775806'],
  ['HINCRBY', 'packed', 'more', '1'],
  ['HINCRBYFLOAT', 'packed', 'n', '1e100'],
  ['HSET', 'small', 'more', '1'],
  ['HSET', 'small', 'long', 'w'.repeat(5000)],
  ['HSET', 'small', ...pairs(40, 50, 3)],
  ['HSET', 'table', 'more', '1'],
  ['HSET', 'table', 'more', 'w'.repeat(300)],
  ['HSET', 'table', 'more', 'w'.repeat(9000)],
  ['HSET', 'table', 'field:3', 'w'.repeat(21)],
  ['HSET', 'table', 'field:3', 'w'.repeat(300)],
  ['HSET', 'table', 'field:3', '1', 'field:3', 'w'.repeat(20), 'field:3', 'w'.repeat(60)],
  ['HSET', 'table', ...pairs(150, 60, 50)],
  ['HINCRBY', 'table', 'n', '9223372036854765808'],
  ['HINCRBYFLOAT', 'table', 'n', '1e100'],
  ['HSETNX', 'large', 'more', 'w'.repeat(9000)],
  ['HSET', 'large', 'long', 'w'.repeat(20_000)],
  ['HSET', 'large', 'long', 'w'.repeat(100), 'field:1', 'w'.repeat(9000)],
  ['COPY', 'table', 'flat', 'REPLACE'],
  ['COPY', 'large', 'new', 'DB', '3'],
  ['RENAME', 'table', 'a name so long that another slot is needed for it'.repeat(20)],
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
