/** Sets that find no room: all or nothing, whatever was refused. */

import { describe, test } from 'vitest';
import { type Offline, openOffline } from '../support/offline.ts';
import { named, refuseInTurn, refuseUntilFree, type Words } from '../support/refusal.ts';

const names = (count: number, size = 10, from = 0): string[] =>
  Array.from({ length: count }, (_, i) => `${from + i}:`.padEnd(size, '.'));
const numbers = (count: number, from = 0): string[] =>
  Array.from({ length: count }, (_, i) => String(from + i));

/** An intset, a listpack, a small hashtable, a large one, and one with members in pieces. */
function furnished(policy: string, maxmemory = '512kb'): Offline {
  const server = openOffline({
    maxmemory,
    'maxmemory-policy': policy,
    'set-max-intset-entries': '60',
    'set-max-listpack-entries': '20',
  });
  server.run('SET', 'flat', 'v'.repeat(100));
  server.run('SADD', 'integers', ...numbers(60, -20));
  server.run('SADD', 'few', ...numbers(19));
  server.run('SADD', 'packed', ...names(19));
  server.run('SADD', 'small', ...names(5), 'v'.repeat(100));
  server.run('SADD', 'table', ...names(60, 20));
  server.run('EXPIRE', 'table', '100');
  server.run('SADD', 'large', ...names(35, 60), 'v'.repeat(9000));
  return server;
}

const REQUESTS: readonly Words[] = [
  ['SADD', 'new', 'a'],
  ['SADD', 'new', '1'],
  ['SADD', 'new', 'w'.repeat(9000)],
  ['SADD', 'new', ...numbers(150)],
  ['SADD', 'new', ...names(150, 40)],
  ['SADD', 'new', '1', '2', 'a', 'w'.repeat(20_000), 'b'],
  ['SADD', 'integers', '70'],
  ['SADD', 'integers', 'a'],
  ['SADD', 'integers', ...numbers(150)],
  ['SADD', 'few', '9007199254740993'],
  ['SADD', 'few', 'a'],
  ['SADD', 'few', 'w'.repeat(65)],
  ['SADD', 'few', '9007199254740993', 'w'.repeat(9000), '7'],
  ['SADD', 'few', ...numbers(60, 10)],
  ['SADD', 'few', ...Array.from({ length: 70 }, () => '1')],
  ['SADD', 'packed', 'more'],
  ['SADD', 'packed', 'more', 'and more'],
  ['SADD', 'packed', 'w'.repeat(9000)],
  ['SADD', 'packed', ...names(100, 50)],
  ['SADD', 'small', 'more'],
  ['SADD', 'small', 'w'.repeat(7600)],
  ['SADD', 'table', 'more'],
  ['SADD', 'table', 'w'.repeat(9000)],
  ['SADD', 'table', ...names(100, 60, 50)],
  ['SADD', 'large', 'w'.repeat(9000), 'w'.repeat(20_000)],
  ['SMOVE', 'table', 'new', '3:..................'],
  ['SMOVE', 'packed', 'few', '3:........'],
  ['SMOVE', 'large', 'table', 'v'.repeat(9000)],
  ['SINTERSTORE', 'new', 'large', 'large'],
  ['SUNIONSTORE', 'new', 'integers', 'few'],
  ['SUNIONSTORE', 'new', 'integers', 'packed', 'table', 'large'],
  ['SUNIONSTORE', 'table', 'table', 'large'],
  ['SDIFFSTORE', 'table', 'large', 'few'],
  ['SDIFFSTORE', 'new', 'integers', 'few'],
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
