/** ioredis, this version and the one before it, which speaks RESP2: what both must find here. */

import { Cluster as Cluster6, Redis as Redis6, type RedisOptions } from 'ioredis';
import { Cluster as Cluster5, Redis as Redis5 } from 'ioredis5';
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

const versions = [
  // The types of the two differ in what no test here asks for.
  {
    version: 5,
    resp: '2',
    Redis: Redis5 as unknown as typeof Redis6,
    Cluster: Cluster5 as unknown as typeof Cluster6,
  },
  { version: 6, resp: '3', Redis: Redis6, Cluster: Cluster6 },
];

describe.each(versions)('ioredis $version', ({ Redis, Cluster, resp, version }) => {
  let redis: Redis6;
  const opened: Redis6[] = [];

  function connect(options: RedisOptions = {}): Redis6 {
    const client = new Redis({ ...server.address, ...options });
    opened.push(client);
    return client;
  }

  beforeEach(async () => {
    redis = connect({ connectionName: 'tester', db: 3 });
    await redis.flushall();
    await redis.config('RESETSTAT');
  });

  afterEach(async () => {
    for (const client of opened.splice(0)) client.disconnect();
  });

  test('its handshake meets no error, and the server knows who it is', async () => {
    const client = connect({ connectionName: 'ann', db: 3 });
    const line = String(await client.client('INFO'));
    expect(line).toContain(' name=ann ');
    expect(line).toContain(' db=3 ');
    expect(line).toContain(` resp=${resp}`);
    expect(line).toMatch(new RegExp(` lib-name=ioredis lib-ver=${version}\\.`));
    expect(await redis.info('errorstats')).not.toContain('errorstat_');
    expect(await redis.info('commandstats')).not.toMatch(/(rejected|failed)_calls=[1-9]/);
  });

  test('a password and a user are asked for, and given with the first words', async () => {
    await redis.acl('SETUSER', 'ann', 'on', '>secret', '~a:*', '+@all');
    const ann = connect({ username: 'ann', password: 'secret' });
    expect(await ann.acl('WHOAMI')).toBe('ann');
    await expect(ann.get('b')).rejects.toThrow('NOPERM');
    const wrong = connect({ username: 'ann', password: 'wrong', retryStrategy: () => null });
    const said: string[] = [];
    wrong.on('error', (error: Error) => said.push(error.message));
    await expect(wrong.get('a:1')).rejects.toThrow();
    expect(said.join()).toContain('WRONGPASS');
    await redis.acl('DELUSER', 'ann');
  });

  test('what the server has as maps, sets and doubles arrives as it always did', async () => {
    await redis.hset('h', { a: '1', b: '2' });
    expect(await redis.hgetall('h')).toEqual({ a: '1', b: '2' });
    expect(await redis.hgetall('none')).toEqual({});
    await redis.zadd('z', '1.5', 'a', '3', 'b', '-inf', 'c');
    expect(await redis.zscore('z', 'a')).toBe('1.5');
    expect(await redis.zincrby('z', 0.25, 'a')).toBe('1.75');
    expect(await redis.zrange('z', '0', '-1', 'WITHSCORES')).toEqual([
      ...['c', '-inf', 'a', '1.75', 'b', '3'],
    ]);
    expect(await redis.zpopmin('z')).toEqual(['c', '-inf']);
    await redis.sadd('s', 'x', 'y');
    expect((await redis.smembers('s')).sort()).toEqual(['x', 'y']);
    expect(await redis.config('GET', 'maxmemory-policy')).toEqual([
      ...['maxmemory-policy', 'noeviction'],
    ]);
    expect(await redis.geoadd('g', 13.361389, 38.115556, 'Palermo')).toBe(1);
    expect(await redis.xadd('x', '1-1', 'f', 'v')).toBe('1-1');
    expect(await redis.xrange('x', '-', '+')).toEqual([['1-1', ['f', 'v']]]);
    expect(await redis.xread('STREAMS', 'x', '0')).toEqual([['x', [['1-1', ['f', 'v']]]]]);
  });

  test('a pipeline of thousands answers in order, and one made by itself does', async () => {
    const pipeline = redis.pipeline();
    for (let i = 0; i < 5000; i++) pipeline.set(`k${i}`, i).get(`k${i}`);
    const results = (await pipeline.exec()) ?? [];
    expect(results.map(([, value]) => value)).toEqual(
      Array.from({ length: 10_000 }, (_, i) => (i % 2 === 0 ? 'OK' : String(i >> 1))),
    );
    const auto = connect({ db: 3, enableAutoPipelining: true });
    const keys = Array.from({ length: 100 }, (_, i) => `k${i}`);
    expect(await Promise.all(keys.map((key) => auto.get(key)))).toEqual(
      keys.map((k) => k.slice(1)),
    );
  });

  test('a transaction is all or nothing, and none when a watched key has changed', async () => {
    const done = await redis.multi().set('k', 'v').lpush('k', 'x').get('k').exec();
    expect(done?.map(([error, value]) => error?.message ?? value)).toEqual([
      'OK',
      'WRONGTYPE Operation against a key holding the wrong kind of value',
      'v',
    ]);
    await redis.multi({ pipeline: false });
    await redis.set('k', 'w');
    await expect(redis.call('SET', 'k')).rejects.toThrow('wrong number of arguments');
    await expect(redis.exec()).rejects.toThrow('EXECABORT');
    await redis.watch('k');
    await connect({ db: 3 }).set('k', 'other');
    expect(await redis.multi().set('k', 'mine').exec()).toBeNull();
    expect(await redis.get('k')).toBe('other');
  });

  test('a script of its own is sent once, and again after the server forgot it', async () => {
    const client = connect({ db: 3, keyPrefix: 'p:' });
    client.defineCommand('take', {
      numberOfKeys: 1,
      lua: `local n = redis.call('INCRBY', KEYS[1], ARGV[1])
            return {KEYS[1], n, 3.99, false, redis.status_reply('FINE'), {'deep', ARGV[2]}}`,
    });
    type Taking = { take(...words: (string | number)[]): Promise<unknown> };
    const take = (by: number): Promise<unknown> => (client as unknown as Taking).take('n', by, 'é');
    expect(await take(2)).toEqual(['p:n', 2, 3, null, 'FINE', ['deep', 'é']]);
    expect(await take(2)).toEqual(['p:n', 4, 3, null, 'FINE', ['deep', 'é']]);
    await redis.script('FLUSH');
    expect(await take(1)).toEqual(['p:n', 5, 3, null, 'FINE', ['deep', 'é']]);
    await redis.script('FLUSH');
    const piped = client.pipeline() as unknown as { take(...words: unknown[]): typeof piped } & {
      exec(): Promise<[Error | null, unknown][]>;
    };
    const results = await piped.take('n', 1, 'x').take('n', 1, 'y').exec();
    expect(results.map(([, value]) => (value as unknown[])[1])).toEqual([6, 7]);
    expect(await redis.info('commandstats')).toMatch(/cmdstat_eval:calls=[1-4],/);
  });

  test('who waits is served by what comes, and gets nothing when nothing does', async () => {
    const waiter = connect({ db: 3 });
    const popped = waiter.blpop('a', 'b', 10);
    await eventually('somebody waits', async () => {
      return (await redis.info('clients')).includes('blocked_clients:1');
    });
    await redis.rpush('b', 'x', 'y');
    expect(await popped).toEqual(['b', 'x']);
    const scored = waiter.bzpopmin('z', 10);
    await eventually('somebody waits', async () => {
      return (await redis.info('clients')).includes('blocked_clients:1');
    });
    await redis.zadd('z', 2.5, 'm');
    expect(await scored).toEqual(['z', 'm', '2.5']);
    expect(await waiter.brpop('none', 0.01)).toBeNull();
    expect(await waiter.blmove('b', 'c', 'LEFT', 'RIGHT', 1)).toBe('y');
    const read = waiter.xread('COUNT', 2, 'BLOCK', 10_000, 'STREAMS', 'x', '$');
    await eventually('somebody waits', async () => {
      return (await redis.info('clients')).includes('blocked_clients:1');
    });
    await redis.xadd('x', '7-1', 'f', 'v');
    expect(await read).toEqual([['x', [['7-1', ['f', 'v']]]]]);
  });

  test('a subscriber hears bytes, and listens again after its connection was cut', async () => {
    const listener = connect({ retryStrategy: () => 1 });
    const heard: string[] = [];
    listener.on('messageBuffer', (channel: Buffer, message: Buffer) => {
      heard.push(`${channel} ${message.toString('hex')}`);
    });
    listener.on('pmessage', (...words: string[]) => heard.push(words.join(' ')));
    expect(await listener.subscribe('a', 'b')).toBe(2);
    expect(await listener.psubscribe('n*')).toBe(3);
    await redis.publish('a', Buffer.from([0, 255]));
    await redis.publish('news', 'x');
    await eventually('both were heard', () => heard.length === 2);
    await redis.call('CLIENT', 'KILL', 'TYPE', 'pubsub');
    await eventually('it listens again', async () => {
      const [, count] = (await redis.pubsub('NUMSUB', 'b')) as [string, number];
      return count === 1 && Number(await redis.pubsub('NUMPAT')) === 1;
    });
    expect(await redis.publish('b', 'again')).toBe(1);
    await eventually('it hears again', () => heard.length === 3);
    expect(heard).toEqual(['a 00ff', 'n* news x', `b ${Buffer.from('again').toString('hex')}`]);
    expect(await listener.unsubscribe('a', 'b')).toBe(1);
  });

  test.runIf(resp === '3')('a subscriber of RESP3 goes on with other commands', async () => {
    const listener = connect();
    const heard = new Promise((resolve) => listener.once('message', (_, text) => resolve(text)));
    await listener.subscribe('a');
    expect(await listener.publish('a', 'to myself')).toBe(1);
    expect(await listener.incr('n')).toBe(1);
    expect(await heard).toBe('to myself');
  });

  test('channels of shards', async () => {
    const listener = connect();
    const heard = new Promise((resolve) => {
      listener.once('smessage', (...words: string[]) => resolve(words.join(' ')));
    });
    expect(await listener.ssubscribe('s')).toBe(1);
    expect(await redis.spublish('s', 'hello')).toBe(1);
    expect(await heard).toBe('s hello');
  });

  test('a monitor sees what others do', async () => {
    const monitor = await redis.monitor();
    opened.push(monitor);
    const seen = new Promise((resolve) => {
      monitor.on('monitor', (_time: string, words: string[], source: string, db: string) => {
        if (words[0].toLowerCase() === 'set') resolve([words, source !== '', db]);
      });
    });
    await redis.set('k', 'a "b"');
    expect(await seen).toEqual([['set', 'k', 'a "b"'], true, '3']);
  });

  test('a cluster is not what it finds, and it is told so', async () => {
    const cluster = new Cluster([server.address], {
      clusterRetryStrategy: () => null,
    });
    const said: string[] = [];
    cluster.on('error', (error: Error & { lastNodeError?: Error }) => {
      said.push(String(error.lastNodeError?.message ?? error.message));
    });
    await expect(cluster.get('k')).rejects.toThrow();
    await eventually('it says why', () => said.length > 0);
    expect(said.join()).toContain('ERR This instance has cluster support disabled');
    cluster.disconnect();
  });
});
