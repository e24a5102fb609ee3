/** Streams that find no room: all or nothing, whatever was refused. */

import { describe, test } from 'vitest';
import { type Offline, openOffline } from '../support/offline.ts';
import { named, refuseInTurn, refuseUntilFree, type Words } from '../support/refusal.ts';

function fill(server: Offline, key: string, count: number, size: number): void {
  for (let i = 1; i <= count; i++) {
    server.run('XADD', key, `${i}-1`, 'field', `${i}`.padEnd(size, '.'), 'n', '1');
  }
}

/** Streams of one entry, a full node, many nodes, large entries, and none. */
function furnished(policy: string, maxmemory = '512kb'): Offline {
  const server = openOffline({
    maxmemory,
    'maxmemory-policy': policy,
    'stream-node-max-entries': '5',
  });
  server.run('SET', 'flat', 'v'.repeat(100));
  fill(server, 'one', 1, 10);
  fill(server, 'node', 5, 10);
  fill(server, 'many', 130, 20);
  server.run('EXPIRE', 'many', '100');
  server.run('XDEL', 'many', '130-1');
  fill(server, 'large', 3, 9000);
  fill(server, 'empty', 1, 10);
  server.run('XTRIM', 'empty', 'MAXLEN', '0');
  return server;
}

const entry = (size: number): string[] => ['9999-1', 'field', 'w'.repeat(size), 'n', '1'];

const REQUESTS: readonly Words[] = [
  ...['new', 'one', 'node', 'many', 'large', 'empty'].flatMap((key): Words[] => [
    ['XADD', key, ...entry(1)],
    ['XADD', key, ...entry(9000)],
  ]),
  ['XADD', 'one', ...entry(300)],
  ['XADD', 'new', ...entry(40_000)],
  ['XADD', 'many', ...entry(40_000)],
  ['XADD', 'node', '9999-1', ...Array.from({ length: 300 }, (_, i) => `item ${i}`)],
  ['XADD', 'node', 'MAXLEN', '2', ...entry(300)],
  ['XADD', 'many', 'MAXLEN', '~', '20', ...entry(300)],
  ['XADD', 'large', 'MINID', '3', ...entry(9000)],
  ['COPY', 'many', 'flat', 'REPLACE'],
  ['COPY', 'large', 'new', 'DB', '3'],
  ['RENAME', 'many', 'a name so long that another slot is needed for it'.repeat(20)],
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
