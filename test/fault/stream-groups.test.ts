/** Groups of streams that find no room: all or nothing, whatever was refused. */

import { describe, test } from 'vitest';
import { type Offline, openOffline } from '../support/offline.ts';
import { named, refuseInTurn, refuseUntilFree, type Words } from '../support/refusal.ts';

const LONG = 'name'.repeat(700);

/** A stream of which a part is pending for two consumers, one that is empty, and a long one. */
function furnished(policy: string, maxmemory = '512kb'): Offline {
  const server = openOffline({ maxmemory, 'maxmemory-policy': policy });
  server.run('SET', 'flat', 'v'.repeat(100));
  for (let i = 1; i <= 120; i++) {
    server.run('XADD', 'stream', `${i}-0`, 'field', `value ${i}`);
    server.run('XADD', 'long', `${i}-0`, 'field', 'v'.repeat(i % 7 === 0 ? 700 : 20));
  }
  for (const key of ['stream', 'long']) {
    server.run('XGROUP', 'CREATE', key, 'g', '0');
    server.run('XREADGROUP', 'GROUP', 'g', 'a', 'COUNT', '30', 'STREAMS', key, '>');
    server.run('XREADGROUP', 'GROUP', 'g', 'b', 'COUNT', '1', 'STREAMS', key, '>');
  }
  server.run('XDEL', 'stream', '3', '4');
  server.run('XGROUP', 'CREATE', 'empty', 'g', '0', 'MKSTREAM');
  return server;
}

const ids = Array.from({ length: 60 }, (_, i) => `${i + 1}`);
const read = (...words: string[]): Words => ['XREADGROUP', 'GROUP', 'g', ...words];

const REQUESTS: readonly Words[] = [
  ['XGROUP', 'CREATE', 'new', 'g', '0', 'MKSTREAM'],
  ['XGROUP', 'CREATE', 'new', LONG, '0', 'MKSTREAM'],
  ['XGROUP', 'CREATE', 'stream', 'h', '0'],
  ['XGROUP', 'CREATE', 'stream', LONG, '0'],
  ['XGROUP', 'CREATECONSUMER', 'empty', 'g', 'c'],
  ['XGROUP', 'CREATECONSUMER', 'stream', 'g', LONG],
  read('a', 'STREAMS', 'stream', '>'),
  read('a', 'COUNT', '1', 'STREAMS', 'stream', '>'),
  read('c', 'COUNT', '40', 'STREAMS', 'long', '>'),
  read('c', 'NOACK', 'STREAMS', 'long', '>'),
  read(LONG, 'STREAMS', 'stream', 'long', 'empty', '>', '>', '>'),
  read('c', 'COUNT', '20', 'STREAMS', 'stream', 'stream', 'long', '>', '>', '0'),
  read('c', 'STREAMS', 'empty', '>'),
  ['XCLAIM', 'stream', 'g', 'b', '0', ...ids],
  ['XCLAIM', 'stream', 'g', 'c', '0', ...ids, 'FORCE', 'LASTID', '100'],
  ['XCLAIM', 'stream', 'g', LONG, '0', '99-99', 'LASTID', '100'],
  ['XAUTOCLAIM', 'stream', 'g', 'b', '0', '0'],
  ['XAUTOCLAIM', 'stream', 'g', 'c', '0', '0', 'JUSTID'],
  ['COPY', 'stream', 'flat', 'REPLACE'],
  ['COPY', 'long', 'new', 'DB', '3'],
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
