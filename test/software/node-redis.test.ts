/** node-redis in RESP2 and RESP3: all kinds of clients it has, and its cache that the server keeps current. */

import {
  BasicClientSideCache,
  createClient,
  createClientPool,
  createCluster,
  defineScript,
  ErrorReply,
  RESP_TYPES,
  WatchError,
} from 'redis';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type RunningServer, startServer } from '../../src/index.ts';
import { eventually } from '../support/clock.ts';

let server: RunningServer;

beforeAll(async () => {
  server = await startServer();
});

afterAll(async () => {
  await server.close();
});

const scripts = {
  take: defineScript({
    NUMBER_OF_KEYS: 1,
    SCRIPT: "return {redis.call('INCRBY', KEYS[1], ARGV[1]), false, {double = 2.5}}",
    parseCommand(parser, key: string, by: number) {
      parser.pushKey(key);
      parser.push(String(by));
    },
    transformReply: (reply: unknown) => reply,
  }),
};

describe.each([2, 3] as const)('RESP%i', (RESP) => {
  const connect = () => createClient({ url: server.url, RESP, scripts, name: 'ann', database: 2 });
  type Client = ReturnType<typeof connect>;
  let redis: Client;
  const opened: Client[] = [];

  async function another(): Promise<Client> {
    const client = connect();
    opened.push(client);
    client.on('error', () => {});
    await client.connect();
    return client;
  }

  beforeEach(async () => {
    redis = await another();
    await redis.flushAll();
    await redis.configResetStat();
  });

  afterEach(async () => {
    await redis.aclDelUser('ann');
    for (const client of opened.splice(0)) if (client.isOpen) client.destroy();
  });

  async function isBlocked(): Promise<void> {
    await eventually('somebody waits', async () => {
      return (await redis.info('clients')).includes('blocked_clients:1');
    });
  }

  test('its handshake leaves a client that the server knows', async () => {
    const info = await (await another()).clientInfo();
    expect(info).toMatchObject({ name: 'ann', db: 2, resp: RESP, libName: 'node-redis' });
    expect(info.libVer).toMatch(/^6\./);
    // It asks for news of moving servers, which only a managed Redis tells: no fault to it.
    const stats = (await redis.info('commandstats')).match(/^.*failed_calls=[1-9].*$/gm) ?? [];
    expect(stats.every((line) => line.startsWith('cmdstat_client'))).toBe(true);
  });

  test('a password and a user, from the address', async () => {
    await redis.aclSetUser('ann', ['on', '>secret', '~a', '+@all']);
    const url = server.url.replace('://', '://ann:secret@');
    const ann = await createClient({ url, RESP }).connect();
    expect(await ann.aclWhoAmI()).toBe('ann');
    await expect(ann.get('b')).rejects.toThrow(/^NOPERM/);
    await ann.close();
    const wrong = createClient({
      url: url.replace('secret', 'wrong'),
      RESP,
      socket: { reconnectStrategy: false },
    });
    wrong.on('error', () => {});
    await expect(wrong.connect()).rejects.toThrow(/WRONGPASS/);
  });

  test('maps, sets, doubles and nulls of either protocol are the same to its caller', async () => {
    await redis.hSet('h', { a: '1', b: '2' });
    expect({ ...(await redis.hGetAll('h')) }).toEqual({ a: '1', b: '2' });
    await redis.zAdd('z', [
      { score: 1.5, value: 'a' },
      { score: Number.NEGATIVE_INFINITY, value: 'b' },
    ]);
    expect(await redis.zScore('z', 'a')).toBe(1.5);
    expect(await redis.zRangeWithScores('z', 0, -1)).toEqual([
      { value: 'b', score: Number.NEGATIVE_INFINITY },
      { value: 'a', score: 1.5 },
    ]);
    await redis.sAdd('s', ['x', 'y']);
    expect([...(await redis.sMembers('s'))].sort()).toEqual(['x', 'y']);
    expect({ ...(await redis.configGet('maxmemory-policy')) }).toEqual({
      'maxmemory-policy': 'noeviction',
    });
    expect(await redis.get('none')).toBeNull();
    await redis.geoAdd('g', { longitude: 13.361389, latitude: 38.115556, member: 'Palermo' });
    expect(await redis.geoPos('g', ['Palermo', 'none'])).toEqual([
      RESP === 3
        ? { longitude: 13.361389338970184, latitude: 38.1155563954963 }
        : { longitude: '13.36138933897018433', latitude: '38.11555639549629859' },
      null,
    ]);
    await redis.xAdd('x', '1-1', { f: 'v' });
    const [entry] = (await redis.xRange('x', '-', '+')) ?? [];
    expect([entry.id, { ...entry.message }]).toEqual(['1-1', { f: 'v' }]);
    expect(await redis.xInfoStream('x')).toMatchObject({ length: 1, 'last-generated-id': '1-1' });
    expect((await redis.memoryStats())['keys.count']).toBe(5);
    expect((await redis.commandInfo(['GET']))[0]).toMatchObject({ name: 'get', arity: 2 });
  });

  test('bytes stay bytes', async () => {
    const bytes = Buffer.from([0, 255, 13, 10, 128]);
    const binary = redis.withTypeMapping({ [RESP_TYPES.BLOB_STRING]: Buffer });
    await binary.set(bytes, bytes);
    expect(await binary.get(bytes)).toEqual(bytes);
    await binary.hSet('h', 'f', bytes);
    expect(await binary.hGet('h', 'f')).toEqual(bytes);
  });

  test('a transaction, its errors, and one that was too late', async () => {
    expect(await redis.multi().set('k', '1').incr('k').get('k').exec()).toEqual(['OK', 2, '2']);
    const failed = await redis
      .multi()
      .lPush('k', 'x')
      .get('k')
      .exec()
      .catch((error: unknown) => (error as { replies: unknown[] }).replies);
    expect(failed.map(String)).toEqual([expect.stringContaining('WRONGTYPE'), '2']);
    const other = await another();
    await redis.watch('k');
    await other.set('k', 'other');
    await expect(redis.multi().set('k', 'mine').exec()).rejects.toBeInstanceOf(WatchError);
    await expect(redis.sendCommand(['GET'])).rejects.toBeInstanceOf(ErrorReply);
    await expect(redis.multi().addCommand(['GET']).exec()).rejects.toThrow(/wrong number/);
    expect(await redis.get('k')).toBe('other');
  });

  test('a script of its own, and a function', async () => {
    const half = RESP === 3 ? 2.5 : '2.5';
    expect(await redis.take('n', 5)).toEqual([5, null, half]);
    await redis.scriptFlush();
    expect(await redis.take('n', 5)).toEqual([10, null, half]);
    await redis.functionLoad(
      "#!lua name=lib\nredis.register_function('f', function(k, a) return #k + #a end)",
      { REPLACE: true },
    );
    expect(await redis.fCall('f', { keys: ['a', 'b'], arguments: ['c'] })).toBe(3);
    expect((await redis.functionList()).map(({ library_name }) => library_name)).toEqual(['lib']);
  });

  test('who waits is served by what comes', async () => {
    const waiter = await another();
    const popped = waiter.blPop(['a', 'b'], 10);
    await isBlocked();
    await redis.rPush('b', 'x');
    expect(await popped).toEqual({ key: 'b', element: 'x' });
    const scored = waiter.bzPopMin('z', 10);
    await isBlocked();
    await redis.zAdd('z', { score: 2.5, value: 'm' });
    expect(await scored).toEqual({ key: 'z', value: 'm', score: 2.5 });
    expect(await waiter.blMove('none', 'b', 'LEFT', 'RIGHT', 0.01)).toBeNull();
    await redis.xGroupCreate('x', 'g', '$', { MKSTREAM: true });
    const read = waiter.xReadGroup('g', 'me', { key: 'x', id: '>' }, { BLOCK: 10_000, COUNT: 1 });
    await isBlocked();
    const id = await redis.xAdd('x', '*', { f: 'v' });
    const [stream] = (await read) as unknown as { name: string; messages: { id: string }[] }[];
    expect([stream.name, stream.messages.map((each) => each.id)]).toEqual(['x', [id]]);
    expect(await redis.xAck('x', 'g', id)).toBe(1);
  });

  test('a subscriber hears channels, patterns and shards, and again after a cut', async () => {
    const listener = await another();
    const heard: string[] = [];
    const note = (message: string, channel: string): void =>
      void heard.push(`${channel} ${message}`);
    await listener.subscribe('a', note);
    await listener.pSubscribe('n*', note);
    await listener.sSubscribe('shard', note);
    await listener.subscribe('bytes', (message) => heard.push(message.toString('hex')), true);
    expect(await redis.publish('a', 'héllo')).toBe(1);
    await redis.publish('news', 'x');
    await redis.sPublish('shard', 'y');
    await redis.publish('bytes', Buffer.from([0, 255]) as unknown as string);
    await eventually('all was heard', () => heard.length === 4);
    expect(heard).toEqual(['a héllo', 'news x', 'shard y', '00ff']);
    expect({ ...(await redis.pubSubNumSub(['a', 'none'])) }).toEqual({ a: 1, none: 0 });
    expect({ ...(await redis.pubSubShardNumSub(['shard'])) }).toEqual({ shard: 1 });
    await redis.clientKill({ filter: 'TYPE', type: 'pubsub' });
    await eventually('it listens again', async () => {
      return (await redis.publish('a', 'again')) === 1;
    });
    await eventually('it hears again', () => heard.at(-1) === 'a again');
    if (RESP === 3) expect(await listener.incr('n')).toBe(1);
    await listener.unsubscribe();
    expect(await redis.publish('a', 'nobody')).toBe(0);
  });

  test('it meets all keys, fields and members while iterating', async () => {
    const names = Array.from({ length: 700 }, (_, i) => `n${i}`).sort();
    await redis.mSet(names.flatMap((name) => [name, '1']));
    await redis.sAdd('{set}', names);
    await redis.hSet('{hash}', Object.fromEntries(names.map((name) => [name, '1'])));
    const gather = async (pages: AsyncIterable<string[]>): Promise<string[]> => {
      const found = new Set<string>();
      for await (const page of pages) for (const each of page) found.add(each);
      return [...found].sort();
    };
    expect(await gather(redis.scanIterator({ MATCH: 'n*', COUNT: 50, TYPE: 'string' }))).toEqual(
      names,
    );
    expect(await gather(redis.sScanIterator('{set}'))).toEqual(names);
    const fields: string[] = [];
    for await (const page of redis.hScanIterator('{hash}')) {
      for (const { field } of page) fields.push(field);
    }
    expect(fields.sort()).toEqual(names);
  });

  test('a monitor sees what others do', async () => {
    const monitor = await another();
    const lines: string[] = [];
    await monitor.monitor((line) => void lines.push(String(line)));
    await redis.set('k', 'a "b"');
    await eventually('it was seen', () => lines.some((line) => line.includes('"SET"')));
    expect(lines.find((line) => line.includes('"SET"'))).toMatch(
      /^\d+\.\d{6} \[2 127\.0\.0\.1:\d+\] "SET" "k" "a \\"b\\""$/,
    );
  });

  test('a pool', async () => {
    const pool = createClientPool({ url: server.url, RESP, database: 2 }, { maximum: 4 });
    pool.on('error', () => {});
    await pool.connect();
    expect(await Promise.all(Array.from({ length: 20 }, () => pool.incr('n')))).toHaveLength(20);
    expect(await pool.get('n')).toBe('20');
    await pool.close();
  });

  test('a cluster is not what it finds', async () => {
    const cluster = createCluster({ rootNodes: [{ url: server.url }], RESP });
    cluster.on('error', () => {});
    await expect(cluster.connect()).rejects.toThrow('root nodes');
    const refused = /^cmdstat_cluster.*(rejected|failed)_calls=[1-9]/m;
    expect(await redis.info('commandstats')).toMatch(refused);
    cluster.destroy();
  });
});

describe('the cache of a client', () => {
  const cache = new BasicClientSideCache({ ttl: 0, maxEntries: 100, evictPolicy: 'LRU' });
  const create = () => createClient({ url: server.url, RESP: 3, clientSideCache: cache });
  let cached: ReturnType<typeof create>;
  let other: ReturnType<typeof create>;

  beforeEach(async () => {
    cached = create();
    await cached.connect();
    other = createClient({ url: server.url, RESP: 3 }) as unknown as typeof cached;
    await other.connect();
    await other.flushAll();
    cache.clear();
  });

  afterEach(async () => {
    await cached.close();
    await other.close();
  });

  async function calls(): Promise<number> {
    const stats = await other.info('commandstats');
    return Number(/^cmdstat_get:calls=(\d+)/m.exec(stats)?.[1] ?? 0);
  }

  test('what was read once is read no more, until somebody changes it', async () => {
    await other.set('k', '1');
    const before = await calls();
    expect([await cached.get('k'), await cached.get('k'), await cached.get('k')]).toEqual([
      ...['1', '1', '1'],
    ]);
    expect(await calls()).toBe(before + 1);
    await other.set('k', '2');
    await eventually('the news is there', async () => (await cached.get('k')) === '2');
    expect(await calls()).toBe(before + 2);
    await other.expire('k', 0);
    await eventually('the end is there', async () => (await cached.get('k')) === null);
  });

  test('keys that run out, and all of them at once', async () => {
    await other.set('a', '1', { expiration: { type: 'PX', value: 400 } });
    await other.mSet(['b', '2', 'c', '3']);
    await cached.mGet(['a', 'b', 'c']);
    expect([await cached.get('a'), await cached.get('b')]).toEqual(['1', '2']);
    await eventually('its time is over', async () => (await cached.get('a')) === null);
    expect(cache.size()).toBeGreaterThan(0);
    await other.flushAll();
    await eventually('nothing is cached', () => cache.size() === 0);
    expect(await cached.get('b')).toBeNull();
  });

  test('a client that was cut off forgets, and asks to be told again', async () => {
    await other.set('k', '1');
    expect(await cached.get('k')).toBe('1');
    cached.on('error', () => {});
    const again = new Promise((resolve) => cached.once('ready', resolve));
    await other.sendCommand(['CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes']);
    await other.set('k', '2');
    await again;
    expect(await cached.get('k')).toBe('2');
    await other.set('k', '3');
    await eventually('the news is there', async () => (await cached.get('k')) === '3');
  });
});
