/**
 * lua-resty-session 4.1: what its redis storage sends, in its order, on the keys that SESSION.* use.
 *
 * A site behind nginx and one in Node share their sessions: the one stores, the other finds, lists,
 * rotates and ends. The library wants OpenResty around it; here are its commands as they go over
 * the wire, by lua-resty-redis: RESP2, lower case, pipelines without MULTI.
 */

import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { ManualClock } from '../../src/std/clock.ts';
import { findRedis, type Running, startRedis } from '../support/redis.ts';
import { RespClient } from '../support/resp-client.ts';
import { startOurs } from '../support/server.ts';

const NAME = 'session';
const STALE = 10;

interface Metadata {
  readonly audiences: readonly string[];
  readonly subjects: readonly string[];
}

const joined = (...parts: string[]): string => ['sessions', NAME, ...parts].join(':');

/** The storage of the library; every reply as its bytes. */
class Storage {
  readonly #client: RespClient;

  constructor(client: RespClient) {
    this.#client = client;
  }

  async set(key: string, value: string, ttl: number, now: number, old?: string, meta?: Metadata) {
    const set = ['set', joined(key), value, 'EX', String(ttl)];
    if (old === undefined && meta === undefined) return [(await this.#client.call(...set)).raw];
    const pipeline = [set];
    if (old !== undefined) {
      const left = Number((await this.#client.call('ttl', joined(old))).tree.text);
      if (left > STALE) pipeline.push(['expire', joined(old), String(STALE)]);
    }
    for (const list of this.#lists(meta)) {
      pipeline.push(['zremrangebyscore', list, '0', String(now - 1)]);
      pipeline.push(['zadd', list, String(now + ttl), key]);
      if (old !== undefined) pipeline.push(['zrem', list, old]);
      pipeline.push(['expire', list, String(ttl)]);
    }
    return (await this.#client.pipeline(pipeline)).map(({ raw }) => raw);
  }

  async get(key: string): Promise<string | null> {
    return (await this.#client.call('get', joined(key))).tree.text;
  }

  async delete(key: string, now: number, meta?: Metadata): Promise<string[]> {
    const pipeline = [['unlink', joined(key)]];
    for (const list of this.#lists(meta)) {
      pipeline.push(['zremrangebyscore', list, '0', String(now - 1)], ['zrem', list, key]);
    }
    return (await this.#client.pipeline(pipeline)).map(({ raw }) => raw);
  }

  async readMetadata(audience: string, subject: string, now: number): Promise<string[]> {
    const words = ['zrange', joined(audience, subject), String(now), '+inf', 'BYSCORE'];
    const { tree } = await this.#client.call(...words, 'WITHSCORES');
    return (tree.items ?? []).map(({ text }) => text ?? '');
  }

  #lists(meta?: Metadata): string[] {
    return (meta?.audiences ?? []).map((audience, i) => joined(audience, meta?.subjects[i] ?? ''));
  }
}

// As the library makes them: base64url of "default" and of "john@doe.com".
const AUDIENCE = 'ZGVmYXVsdA';
const SUBJECT = 'am9obkBkb2UuY29t';
const META = { audiences: [AUDIENCE], subjects: [SUBJECT] };
const VALUE = '["R2Vow-bytes_","e30"]';

let clock: ManualClock;
let server: Running;
let client: RespClient;
let nginx: Storage;

const now = (): number => Math.floor(clock.now() / 1000);

beforeAll(async () => {
  clock = new ManualClock(1_700_000_000_000);
  server = await startOurs({ clock });
  client = await RespClient.connect(server.address);
  // The storage selects its database before each operation.
  await client.call('select', '16');
  nginx = new Storage(client);
});

afterAll(async () => {
  client.close();
  await server.close();
});

beforeEach(async () => {
  await client.call('FLUSHALL');
});

/** What Node does: SESSION.* with the prefix of the library. */
async function node(command: string, ...words: (string | number)[]): Promise<unknown> {
  const { tree } = await client.call(`SESSION.${command}`, NAME, ...words, 'PREFIX', 'sessions');
  return tree.items === null ? tree.text : tree.items.map(({ text }) => text);
}

test('a session that nginx stores is found, listed, touched and ended by Node', async () => {
  expect(await nginx.set('A', VALUE, 3600, now(), undefined, META)).toEqual([
    ...['+OK\r\n', ':0\r\n', ':1\r\n', ':1\r\n'],
  ]);
  expect(await node('GET', 'A')).toBe(VALUE);
  expect(await node('META', AUDIENCE, SUBJECT)).toEqual(['A', String(now() + 3600)]);
  // Which index it is in, only nginx knows: that one is left as it is.
  expect(await node('TOUCH', 'A', 7200)).toBe('1');
  expect((await client.call('TTL', joined('A'))).raw).toBe(':7200\r\n');
  expect(await nginx.readMetadata(AUDIENCE, SUBJECT, now())).toEqual(['A', String(now() + 3600)]);
  expect(await node('DELALL', AUDIENCE, SUBJECT)).toBe('1');
  expect([await nginx.get('A'), await nginx.readMetadata(AUDIENCE, SUBJECT, now())]).toEqual([
    null,
    [],
  ]);
});

test('a session that Node stores is found, rotated and ended by nginx', async () => {
  await node('SET', 'A', VALUE, 3600, 'META', 1, AUDIENCE, SUBJECT);
  expect(await nginx.get('A')).toBe(VALUE);
  clock.advance(1_800_000);
  expect(await nginx.set('B', VALUE, 3600, now(), 'A', META)).toEqual([
    ...['+OK\r\n', ':1\r\n', ':0\r\n', ':1\r\n', ':1\r\n', ':1\r\n'],
  ]);
  expect(await node('META', AUDIENCE, SUBJECT)).toEqual(['B', String(now() + 3600)]);
  expect(await node('GET', 'A')).toBe(VALUE);
  clock.advance(STALE * 1000);
  expect([await node('GET', 'A'), await nginx.get('A')]).toEqual([null, null]);
  expect(await nginx.delete('B', now(), META)).toEqual([':1\r\n', ':0\r\n', expect.any(String)]);
  expect([await node('GET', 'B'), await node('META', AUDIENCE, SUBJECT)]).toEqual([null, []]);
});

test('Node rotates what nginx stored; both find the old one as long as it is stale', async () => {
  await nginx.set('A', VALUE, 3600, now(), undefined, META);
  await node('SET', 'B', 'new', 3600, 'OLD', 'A', 'META', 1, AUDIENCE, SUBJECT);
  expect(await nginx.readMetadata(AUDIENCE, SUBJECT, now())).toEqual(['B', String(now() + 3600)]);
  expect([await nginx.get('A'), await nginx.get('B')]).toEqual([VALUE, 'new']);
  // A second rotation from the same cookie leaves it what it has left.
  clock.advance(4000);
  await nginx.set('C', 'newer', 3600, now(), 'A', META);
  clock.advance(5999);
  expect(await nginx.get('A')).toBe(VALUE);
  clock.advance(1);
  expect(await nginx.get('A')).toBeNull();
});

test('sessions of other names, audiences and without an index are apart', async () => {
  const two = { audiences: ['a1', 'a2'], subjects: ['s1', 's2'] };
  await nginx.set('A', VALUE, 60, now(), undefined, two);
  await nginx.set('B', VALUE, 60, now());
  expect(await node('META', 'a1', 's1')).toEqual(['A', String(now() + 60)]);
  expect(await node('META', 'a1', 's2')).toEqual([]);
  expect(await node('GET', 'B')).toBe(VALUE);
  expect((await client.call('SESSION.GET', 'remember', 'A', 'PREFIX', 'sessions')).tree.text).toBe(
    null,
  );
  clock.advance(60_000);
  expect([await nginx.get('A'), await node('META', 'a1', 's1')]).toEqual([null, []]);
});

describe.skipIf(findRedis() === undefined)('a redis-server', () => {
  test('answers the storage as we do', async () => {
    const redis = await startRedis(findRedis() as string);
    const other = await RespClient.connect(redis.address);
    const theirs = new Storage(other);
    // It has the clock of the machine.
    const at = Math.floor(Date.now() / 1000);
    clock.set(at * 1000);
    const steps: ((storage: Storage) => Promise<unknown>)[] = [
      (storage) => storage.set('A', VALUE, 3600, at, undefined, META),
      (storage) => storage.readMetadata(AUDIENCE, SUBJECT, at),
      (storage) => storage.set('B', VALUE, 3600, at + 5, 'A', META),
      (storage) => storage.set('C', VALUE, 3600, at + 6, 'none', META),
      (storage) => storage.readMetadata(AUDIENCE, SUBJECT, at + 3605),
      (storage) => storage.delete('C', at + 7, META),
      (storage) => storage.delete('C', at + 7),
      (storage) => storage.readMetadata(AUDIENCE, SUBJECT, at),
      (storage) => storage.get('B'),
      (storage) => storage.get('C'),
    ];
    for (const step of steps) expect(await step(nginx)).toEqual(await step(theirs));
    other.close();
    await redis.close();
  });
});
