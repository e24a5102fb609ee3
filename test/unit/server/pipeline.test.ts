/** A pipeline answers what its requests answer one by one, however many keys there are. */

import { afterAll, beforeAll, expect, test } from 'vitest';
import { type RunningServer, startServer } from '../../../src/index.ts';
import { SeededRandom } from '../../../src/std/random.ts';
import { RespClient } from '../../support/resp-client.ts';

/** More than fit in the cache: then pipelines are looked at ahead. */
const KEYS = 12_000;

const servers: RunningServer[] = [];

beforeAll(async () => {
  for (let i = 0; i < 2; i++) servers.push(await startServer({ config: { zone: 'other 4mb' } }));
});

afterAll(async () => {
  for (const server of servers) await server.close();
});

test('requests of all kinds, in pipelines and one by one', async () => {
  const [piped, single] = await Promise.all(
    servers.map(({ address }) => RespClient.connect(address)),
  );
  const random = new SeededRandom(11);
  const key = (): string => `key:${random.below(KEYS)}`;
  const kinds: (() => string[])[] = [
    () => ['SET', key(), String(random.below(1e6))],
    () => ['SET', key(), 'text'.repeat(random.below(20))],
    () => ['GET', key()],
    () => ['INCR', key()],
    () => ['DEL', key()],
    () => ['MGET', key(), key(), key()],
    () => ['RENAME', key(), key()],
    () => ['SELECT', String(random.below(3))],
    () => ['SELECT', '16'],
    () => ['SELECT', '0'],
    () => ['SWAPDB', '0', '1'],
    () => ['PING'],
    () => ['MULTI'],
    () => ['EXEC'],
  ];
  const fill = Array.from({ length: KEYS }, (_, i) => ['SET', `key:${i}`, String(i)]);
  for (const client of [piped, single]) await client.pipeline(fill);
  for (let round = 0; round < 60; round++) {
    const requests = Array.from({ length: 100 }, () => {
      // Mostly keys: what changes the database is to fall in the middle of a look ahead.
      const kind = random.below(8) === 0 ? random.below(kinds.length) : random.below(5);
      return kinds[kind]();
    });
    const replies = await piped.pipeline(requests);
    for (const [i, request] of requests.entries()) {
      const { raw } = await single.call(...request);
      expect([request, replies[i].raw]).toEqual([request, raw]);
    }
  }
  for (const client of [piped, single]) client.close();
});
