/** Keyv in @keyv/redis: a cache of namespaces, in batches, with deadlines. */

import KeyvRedis, { createClient, Keyv } from '@keyv/redis';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type RunningServer, startServer } from '../../src/index.ts';
import { ManualClock } from '../../src/std/clock.ts';

let clock: ManualClock;
let server: RunningServer;
let client: ReturnType<typeof createClient>;

beforeAll(async () => {
  // Deadlines are counted from the caller's now, so both begin with the same one.
  clock = new ManualClock(Date.now());
  server = await startServer({ clock });
});

afterAll(async () => {
  await server.close();
});

describe.each([true, false])('with unlink: %s', (useUnlink) => {
  let cache: Keyv;
  let other: Keyv;

  beforeEach(async () => {
    client = createClient({ url: server.url });
    const store = new KeyvRedis(client, { useUnlink });
    cache = new Keyv({ store, namespace: 'pages', useKeyPrefix: false });
    const second = new KeyvRedis(client, { useUnlink });
    other = new Keyv({ store: second, namespace: 'users', useKeyPrefix: false });
    await cache.set('connect', 1);
    await client.flushAll();
  });

  afterEach(async () => {
    await client.close();
  });

  test('values come back as they went, each namespace its own', async () => {
    const value = { text: 'héllo', list: [1, null, { deep: true }], bytes: Buffer.from([0, 255]) };
    expect(await cache.set('k', value)).toBe(true);
    await other.set('k', 'other');
    expect(await cache.get('k')).toEqual(value);
    expect(await other.get('k')).toBe('other');
    expect((await client.keys('*')).sort()).toEqual(['pages::k', 'users::k']);
    expect(await cache.has('k')).toBe(true);
    expect(await cache.delete('k')).toBe(true);
    expect(await cache.delete('k')).toBe(false);
    expect([await cache.get('k'), await cache.has('k')]).toEqual([undefined, false]);
  });

  test('a deadline is one of the server, to the millisecond', async () => {
    await cache.set('k', 'v', 60_000);
    expect(await client.pTTL('pages::k')).toBeGreaterThan(59_000);
    clock.advance(61_000);
    expect(await client.exists('pages::k')).toBe(0);
    expect(await cache.get('k')).toBeUndefined();
  });

  test('batches are set, read, asked for and deleted', async () => {
    const entries = Array.from({ length: 300 }, (_, i) => ({ key: `k${i}`, value: i, ttl: 1e6 }));
    await cache.setMany(entries);
    expect(await cache.get(['k0', 'none', 'k299'])).toEqual([0, undefined, 299]);
    expect(await cache.hasMany(['k1', 'none'])).toEqual([true, false]);
    expect(await cache.deleteMany(['k0', 'k1'])).toBe(true);
    expect(await client.dbSize()).toBe(298);
  });

  test('iterating meets each key of a namespace, clearing it leaves the others', async () => {
    const keys = Array.from({ length: 500 }, (_, i) => `k${i}`).sort();
    await cache.setMany(keys.map((key) => ({ key, value: key })));
    await other.set('k', 'kept');
    const found = new Set<string>();
    for await (const [key, value] of cache.iterator?.({}) ?? []) {
      expect(value).toBe(key);
      found.add(key);
    }
    expect([...found].sort()).toEqual(keys);
    await cache.clear();
    expect(await client.keys('*')).toEqual(['users::k']);
  });

  test('without a namespace, clearing takes all there is', async () => {
    const all = new KeyvRedis(client, { useUnlink, noNamespaceAffectsAll: true });
    await other.set('k', 'v');
    await all.set('k', 'v', 1000);
    await all.clear();
    expect(await client.dbSize()).toBe(0);
  });
});
