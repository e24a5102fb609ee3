/** Lists that find no room: all or nothing, whatever was refused. */

import { describe, test } from 'vitest';
import { type Offline, openOffline } from '../support/offline.ts';
import { named, refuseInTurn, refuseUntilFree, type Words } from '../support/refusal.ts';

const elements = (count: number, size: number): string[] =>
  Array.from({ length: count }, (_, i) => `${i}`.padEnd(size, '.'));

/** A listpack, a quicklist of nodes with several parts each, and one with an element in pieces. */
function furnished(policy: string, maxmemory = '512kb'): Offline {
  const server = openOffline({
    maxmemory,
    'maxmemory-policy': policy,
    'list-max-listpack-size': '-1',
  });
  server.run('SET', 'flat', 'v'.repeat(100));
  server.run('RPUSH', 'list', ...elements(9, 100));
  server.run('RPUSH', 'nodes', ...elements(90, 100), 'mark', ...elements(30, 120));
  server.run('EXPIRE', 'nodes', '100');
  server.run('RPUSH', 'large', 'a', 'v'.repeat(9000), 'b');
  return server;
}

const REQUESTS: readonly Words[] = [
  ['RPUSH', 'new', 'a'],
  ['LPUSH', 'new', ...elements(5, 300)],
  ['LPUSH', 'new', ...elements(100, 300)],
  ['RPUSH', 'new', 'w'.repeat(9000)],
  ['RPUSH', 'list', 'w'.repeat(300)],
  ['LPUSH', 'list', ...elements(100, 300)],
  ['LPUSH', 'list', 'w'.repeat(9000)],
  ['RPUSH', 'nodes', 'w'.repeat(1200)],
  ['LPUSH', 'nodes', ...elements(100, 300)],
  ['RPUSHX', 'nodes', 'a', 'w'.repeat(20_000), 'b'],
  ['LSET', 'list', '3', 'w'.repeat(700)],
  ['LSET', 'list', '3', 'w'.repeat(9000)],
  ['LSET', 'nodes', '3', 'w'.repeat(1700)],
  ['LSET', 'nodes', '40', 'w'.repeat(9000)],
  ['LSET', 'large', '1', 'w'.repeat(20_000)],
  ['LINSERT', 'list', 'AFTER', '3'.padEnd(100, '.'), 'w'.repeat(700)],
  ['LINSERT', 'list', 'BEFORE', '3'.padEnd(100, '.'), 'w'.repeat(9000)],
  ['LINSERT', 'nodes', 'AFTER', 'mark', 'w'.repeat(700)],
  ['LINSERT', 'nodes', 'BEFORE', '20'.padEnd(100, '.'), 'w'.repeat(9000)],
  ['LMOVE', 'list', 'new', 'LEFT', 'RIGHT'],
  ['LMOVE', 'nodes', 'list', 'RIGHT', 'LEFT'],
  ['LMOVE', 'list', 'nodes', 'LEFT', 'LEFT'],
  ['LMOVE', 'nodes', 'nodes', 'RIGHT', 'LEFT'],
  ['LMOVE', 'large', 'large', 'RIGHT', 'LEFT'],
  ['RPOPLPUSH', 'list', 'list'],
  ['COPY', 'nodes', 'flat', 'REPLACE'],
  ['COPY', 'large', 'new', 'DB', '3'],
  ['RENAME', 'nodes', 'a name so long that another slot is needed for it'.repeat(20)],
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
