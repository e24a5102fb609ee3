/**
 * What counts and what locks: rate-limiter-flexible, express-rate-limit and redlock, over ioredis
 * and node-redis. The clock of the server is turned by hand, so a window passes at once.
 */

import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { ExecutionError, Redlock, ResourceLockedError } from '@sesamecare-oss/redlock';
import express from 'express';
import { rateLimit } from 'express-rate-limit';
import { Redis } from 'ioredis';
import { type RedisReply, RedisStore } from 'rate-limit-redis';
import {
  BurstyRateLimiter,
  RateLimiterQueue,
  RateLimiterRedis,
  RateLimiterRes,
} from 'rate-limiter-flexible';
import { createClient } from 'redis';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type RunningServer, startServer } from '../../src/index.ts';
import { ManualClock } from '../../src/std/clock.ts';

let clock: ManualClock;
let server: RunningServer;
let redis: Redis;

beforeAll(async () => {
  clock = new ManualClock(Date.now());
  server = await startServer({ clock });
});

afterAll(async () => {
  await server.close();
});

beforeEach(async () => {
  redis = new Redis(server.url);
  await redis.flushall();
});

afterEach(async () => {
  await redis.quit();
});

/** What comes of that: how much is left, or that it was too much. */
async function left(consumed: Promise<RateLimiterRes>): Promise<number | 'refused'> {
  try {
    return (await consumed).remainingPoints;
  } catch (error) {
    if (error instanceof RateLimiterRes) return 'refused';
    throw error;
  }
}

describe('rate-limiter-flexible', () => {
  test('points are spent, refused, and there again in the next window', async () => {
    const limiter = new RateLimiterRedis({ storeClient: redis, points: 3, duration: 5 });
    const spent = [];
    for (let i = 0; i < 5; i++) spent.push(await left(limiter.consume('ann')));
    expect(spent).toEqual([2, 1, 0, 'refused', 'refused']);
    expect(await left(limiter.consume('bob', 2))).toBe(1);
    clock.advance(4999);
    expect(await left(limiter.consume('ann'))).toBe('refused');
    clock.advance(1);
    expect(await left(limiter.consume('ann'))).toBe(2);
    expect(await redis.keys('*')).toEqual(['rlflx:ann']);
  });

  test('who refuses says how long', async () => {
    const limiter = new RateLimiterRedis({ storeClient: redis, points: 1, duration: 60 });
    await limiter.consume('ann');
    clock.advance(1500);
    await expect(limiter.consume('ann')).rejects.toMatchObject({
      consumedPoints: 2,
      isFirstInDuration: false,
      msBeforeNext: 58_500,
      remainingPoints: 0,
    });
  });

  test('one asks, gives back, sets, blocks and forgets', async () => {
    const limiter = new RateLimiterRedis({ storeClient: redis, points: 3, duration: 5 });
    expect(await limiter.get('ann')).toBeNull();
    await limiter.consume('ann', 3);
    await limiter.reward('ann', 2);
    expect((await limiter.get('ann'))?.consumedPoints).toBe(1);
    await limiter.penalty('ann', 1);
    expect((await limiter.get('ann'))?.remainingPoints).toBe(1);
    await limiter.set('ann', 3, 0);
    expect(await redis.ttl('rlflx:ann')).toBe(-1);
    expect(await left(limiter.consume('ann'))).toBe('refused');
    expect(await limiter.delete('ann')).toBe(true);
    expect(await left(limiter.consume('ann'))).toBe(2);
    await limiter.block('ann', 10);
    expect(await redis.pttl('rlflx:ann')).toBe(10_000);
  });

  test('one that blocks keeps blocking when the window is over', async () => {
    const options = { points: 1, duration: 1, blockDuration: 30 };
    const limiter = new RateLimiterRedis({ storeClient: redis, ...options });
    expect(await left(limiter.consume('ann'))).toBe(0);
    expect(await left(limiter.consume('ann'))).toBe('refused');
    clock.advance(29_999);
    expect(await left(limiter.consume('ann'))).toBe('refused');
    clock.advance(30_000);
    expect(await left(limiter.consume('ann'))).toBe(0);
  });

  test('a limiter over another lets bursts through', async () => {
    const steady = new RateLimiterRedis({ storeClient: redis, points: 1, duration: 1 });
    const burst = { storeClient: redis, keyPrefix: 'burst', points: 2, duration: 10 };
    const limiter = new BurstyRateLimiter(steady, new RateLimiterRedis(burst));
    const passed = [];
    for (let i = 0; i < 4; i++) passed.push(await left(limiter.consume('ann')));
    expect(passed.map((each) => each === 'refused')).toEqual([false, false, false, true]);
    expect(await redis.get('burst:ann')).toBe('3');
  });

  test('a queue lets in what the points allow', async () => {
    const limiter = new RateLimiterRedis({ storeClient: redis, points: 2, duration: 100 });
    const queue = new RateLimiterQueue(limiter, { maxQueueSize: 1 });
    expect([await queue.removeTokens(1), await queue.removeTokens(1)]).toEqual([1, 0]);
    expect(await queue.getTokensRemaining()).toBe(0);
  });

  test('node-redis does as well', async () => {
    const client = await createClient({ url: server.url }).connect();
    const limiter = new RateLimiterRedis({
      storeClient: client,
      useRedisPackage: true,
      points: 2,
      duration: 5,
    });
    const spent = [];
    for (let i = 0; i < 3; i++) spent.push(await left(limiter.consume('ann')));
    expect(spent).toEqual([1, 0, 'refused']);
    expect(await client.pTTL('rlflx:ann')).toBe(5000);
    await client.close();
  });
});

describe('express-rate-limit', () => {
  test('a site counts requests in headers, and refuses the third until the window is over', async () => {
    const client = await createClient({ url: server.url, RESP: 2 }).connect();
    const app = express();
    const store = new RedisStore({
      sendCommand: async (...words) => (await client.sendCommand(words)) as unknown as RedisReply,
    });
    app.use(rateLimit({ windowMs: 60_000, limit: 2, standardHeaders: 'draft-6', store }));
    app.get('/', (_, response) => void response.send('hello'));
    const site = app.listen(0, '127.0.0.1');
    await once(site, 'listening');
    const url = `http://127.0.0.1:${(site.address() as AddressInfo).port}/`;
    const visit = async (): Promise<[number, string | null]> => {
      const { status, headers } = await fetch(url);
      return [status, headers.get('ratelimit-remaining')];
    };
    expect([await visit(), await visit(), await visit()]).toEqual([
      [200, '1'],
      [200, '0'],
      [429, '0'],
    ]);
    clock.advance(60_000);
    expect(await visit()).toEqual([200, '1']);
    // The scripts are gone: the store loads them again.
    await redis.script('FLUSH');
    expect(await visit()).toEqual([200, '0']);
    const [key] = await redis.keys('rl:*');
    const who = key.slice('rl:'.length);
    expect(await store.get(who)).toMatchObject({ totalHits: 2 });
    await store.decrement(who);
    expect(await store.get(who)).toMatchObject({ totalHits: 1 });
    await store.resetKey(who);
    // That is what it makes of the null for a key that is not there.
    expect(await store.get(who)).toMatchObject({ totalHits: Number.NaN });
    site.closeAllConnections();
    site.close();
    await once(site, 'close');
    await client.close();
  });
});

describe('redlock', () => {
  const settings = { retryCount: 0, driftFactor: 0 };

  test('a lock keeps others out of all it is for, until it is released', async () => {
    const locks = new Redlock([redis], settings);
    const lock = await locks.acquire(['a', 'b'], 5000);
    expect([await redis.get('a'), await redis.pttl('b')]).toEqual([lock.value, 5000]);
    const refused = await locks.acquire(['b', 'c'], 5000).catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(ExecutionError);
    const [vote] = (await (refused as ExecutionError).attempts[0]).votesAgainst.values();
    expect(vote).toBeInstanceOf(ResourceLockedError);
    expect(await redis.exists('c')).toBe(0);
    await lock.release();
    await (await locks.acquire(['b', 'c'], 5000)).release();
    expect(await redis.dbsize()).toBe(0);
  });

  test('a lock is extended by who has it, and by nobody after its time', async () => {
    const locks = new Redlock([redis], settings);
    const lock = await locks.acquire(['a'], 1000);
    const longer = await lock.extend(60_000);
    expect(await redis.pttl('a')).toBe(60_000);
    clock.advance(60_000);
    const other = await locks.acquire(['a'], 1000);
    await expect(longer.extend(1000)).rejects.toBeInstanceOf(ExecutionError);
    expect(await redis.get('a')).toBe(other.value);
  });

  test('a lock over three servers is had with two of them', async () => {
    const others = [await startServer(), await startServer()];
    const clients = others.map(({ url }) => new Redis(url));
    const locks = new Redlock([redis, ...clients], settings);
    await clients[1].set('a', 'taken');
    expect(await locks.using(['a'], 5000, async () => await clients[0].exists('a'))).toBe(1);
    expect([await clients[0].exists('a'), await clients[1].get('a')]).toEqual([0, 'taken']);
    await clients[0].set('a', 'taken');
    await expect(locks.acquire(['a'], 5000)).rejects.toBeInstanceOf(ExecutionError);
    expect(await redis.exists('a')).toBe(0);
    for (const client of clients) await client.quit();
    for (const other of others) await other.close();
  });
});
