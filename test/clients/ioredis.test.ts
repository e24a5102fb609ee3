/** ioredis 6, as people use it: connect, pipeline, iterate, reconnect, and sessions. */

import { Redis } from 'ioredis';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { type RunningServer, startServer } from '../../src/index.ts';

let server: RunningServer;
let redis: Redis;

beforeAll(async () => {
  server = await startServer();
});

afterAll(async () => {
  await server.close();
});

beforeEach(async () => {
  redis = new Redis(server.url, { connectionName: 'tester' });
  await redis.flushall();
});

afterEach(async () => {
  await redis.quit();
});

test('the handshake leaves a named client that says which library it is', async () => {
  const line = String(await redis.client('INFO'));
  expect(line).toContain('name=tester');
  expect(line).toContain('lib-name=ioredis');
  expect(await redis.client('GETNAME')).toBe('tester');
});

test('strings, numbers and bytes come back as they went', async () => {
  expect(await redis.set('text', 'héllo')).toBe('OK');
  expect(await redis.get('text')).toBe('héllo');
  expect(await redis.incrby('count', 41)).toBe(41);
  expect(await redis.incr('count')).toBe(42);
  const bytes = Buffer.from([0, 255, 13, 10, 128]);
  await redis.set(bytes, bytes);
  expect(await redis.getBuffer(bytes)).toEqual(bytes);
  expect(await redis.get('missing')).toBeNull();
});

test('a pipeline answers in order, errors among the rest', async () => {
  const results = await redis.pipeline().set('k', 'v').incr('k').get('k').exec();
  expect(results?.map(([error, value]) => error?.message ?? value)).toEqual([
    'OK',
    'ERR value is not an integer or out of range',
    'v',
  ]);
});

test('scanning finds every key', async () => {
  const keys = Array.from({ length: 500 }, (_, i) => `key:${i}`);
  await redis.mset(...keys.flatMap((key) => [key, 'v']));
  const found = new Set<string>();
  for await (const page of redis.scanStream({ match: 'key:*', count: 50 })) {
    for (const key of page as string[]) found.add(key);
  }
  expect([...found].sort()).toEqual(keys.sort());
});

test('a large value crosses many windows', async () => {
  const value = 'x'.repeat(3_000_000);
  await redis.set('large', value);
  expect(await redis.get('large')).toBe(value);
  expect(await redis.strlen('large')).toBe(3_000_000);
});

test('databases are apart, and the sessions zone is database 16', async () => {
  await redis.set('k', 'default');
  const other = new Redis({ ...server.address, db: 16 });
  expect(await other.get('k')).toBeNull();
  await other.call('SESSION.SET', 'web', 's1', 'data', 60, 'META', 1, 'app', 'ann');
  expect(await other.get('web:s1')).toBe('data');
  expect(await other.zrange('web:app:ann', '0', '-1')).toEqual(['s1']);
  await other.quit();
});

test('the quick start of the readme', async () => {
  const now = Math.floor(Date.now() / 1000);
  await redis.call('SESSION.SET', 'web', 's1', 'data', 3600, 'META', 1, 'app', 'ann');
  await redis.call('SESSION.SET', 'web', 's2', 'data', 3600, 'OLD', 's1', 'META', 1, 'app', 'ann');
  const listed = (await redis.call('SESSION.META', 'web', 'app', 'ann')) as [string, string];
  expect(listed[0]).toBe('s2');
  expect(Math.abs(Number(listed[1]) - now - 3600)).toBeLessThan(60);
  expect(await redis.call('SESSION.GET', 'web', 's1')).toBe('data');
  expect(await redis.call('SESSION.DELALL', 'web', 'app', 'ann')).toBe(1);
});

test('a client whose connection is cut comes back by itself', async () => {
  await redis.set('k', 'v');
  const id = await redis.client('ID');
  const killer = new Redis(server.url);
  expect(await killer.client('KILL', 'ID', String(id))).toBe(1);
  await killer.quit();
  expect(await redis.get('k')).toBe('v');
  expect(await redis.client('ID')).not.toBe(id);
});

test('a subscriber hears messages, patterns, and what happens to keys', async () => {
  const listener = new Redis(server.url);
  const heard: string[] = [];
  const enough = new Promise<void>((resolve) => {
    const note = (...words: string[]): void => {
      if (heard.push(words.join(' ')) === 4) resolve();
    };
    listener.on('message', note);
    listener.on('pmessage', note);
  });
  await redis.config('SET', 'notify-keyspace-events', 'Kg$');
  expect(await listener.subscribe('news', '__keyspace@0__:k')).toBe(2);
  expect(await listener.psubscribe('n*')).toBe(3);
  expect(await redis.publish('news', 'héllo')).toBe(2);
  await redis.set('k', 'v');
  await redis.del('k');
  await enough;
  expect(heard).toEqual([
    'news héllo',
    'n* news héllo',
    '__keyspace@0__:k set',
    '__keyspace@0__:k del',
  ]);
  await listener.quit();
  expect(await redis.publish('news', 'nobody')).toBe(0);
  await redis.config('SET', 'notify-keyspace-events', '');
});
