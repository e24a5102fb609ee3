/** Socket.IO over two servers that know each other by Redis: four adapters, one behaviour. */

import { createServer, type Server as HttpServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createAdapter, createShardedAdapter } from '@socket.io/redis-adapter';
import { createAdapter as createStreamsAdapter } from '@socket.io/redis-streams-adapter';
import { Redis } from 'ioredis';
import { createClient } from 'redis';
import { Server, type ServerOptions } from 'socket.io';
import { io as connect, type Socket } from 'socket.io-client';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type RunningServer, startServer } from '../../src/index.ts';
import { eventually } from '../support/clock.ts';

let redis: RunningServer;
let probe: ReturnType<typeof createClient>;

beforeAll(async () => {
  redis = await startServer();
  probe = createClient({ url: redis.url });
  await probe.connect();
});

afterAll(async () => {
  await probe.close();
  await redis.close();
});

type Adapter = ServerOptions['adapter'];
const closing: (() => unknown)[] = [];

async function ioredis(): Promise<Redis> {
  const client = new Redis(redis.url);
  closing.push(() => client.quit());
  return client;
}

async function nodeRedis() {
  const client = createClient({ url: redis.url });
  await client.connect();
  closing.push(() => client.close());
  return client;
}

async function streams(client: unknown): Promise<Adapter> {
  return createStreamsAdapter(client, { blockTimeInMs: 200, heartbeatInterval: 1000 }) as Adapter;
}

const adapters: Record<string, () => Promise<Adapter>> = {
  'redis-adapter over ioredis': async () => createAdapter(await ioredis(), await ioredis()),
  'redis-adapter over node-redis': async () => createAdapter(await nodeRedis(), await nodeRedis()),
  'redis-adapter, sharded': async () => createShardedAdapter(await nodeRedis(), await nodeRedis()),
  'redis-streams-adapter over ioredis': async () => await streams(await ioredis()),
  'redis-streams-adapter over node-redis': async () => await streams(await nodeRedis()),
};

describe.each(Object.keys(adapters))('%s', (name) => {
  let sites: { io: Server; http: HttpServer; url: string }[];
  const sockets: Socket[] = [];

  async function site(): Promise<(typeof sites)[number]> {
    const http = createServer();
    const io = new Server(http, {
      adapter: await adapters[name](),
      connectionStateRecovery: name.includes('streams') ? {} : undefined,
    });
    io.on('connection', (socket) => {
      socket.on('join', (room: string, done: () => void) => {
        void Promise.resolve(socket.join(room)).then(done);
      });
    });
    await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
    return { io, http, url: `http://127.0.0.1:${(http.address() as AddressInfo).port}` };
  }

  /** A visitor of each site, the one in the room `a`, the other in `b`. */
  async function visitors(): Promise<Socket[]> {
    for (const [i, { url }] of sites.entries()) {
      const socket = connect(url, { transports: ['websocket'], reconnectionDelay: 20 });
      sockets.push(socket);
      await new Promise<void>((resolve) => socket.once('connect', resolve));
      await socket.emitWithAck('join', 'ab'[i]);
    }
    if (name.includes('sharded')) {
      await eventually('each room has its channel', async () => {
        const channels = await probe.pubSubShardChannels();
        return ['#a#', '#b#'].every((room) => channels.some((each) => each.endsWith(room)));
      });
    }
    return sockets;
  }

  beforeEach(async () => {
    sites = [await site(), await site()];
    await eventually(
      'the sites know each other',
      async () => {
        const counts = await Promise.all(
          sites.map(({ io }) =>
            io
              .of('/')
              .adapter.serverCount()
              .catch(() => 0),
          ),
        );
        return counts.every((count) => count === 2);
      },
      10_000,
    );
  });

  afterEach(async () => {
    for (const socket of sockets.splice(0)) socket.disconnect();
    for (const { io } of sites) await io.close();
    for (const close of closing.splice(0)) await close();
  });

  /** The first words of an event; where visits can be recovered, its place comes behind them. */
  const heard = (socket: Socket, event: string, count: number): Promise<unknown[]> =>
    new Promise((resolve) => {
      socket.once(event, (...words) => resolve(words.slice(0, count)));
    });

  test('what one says, visitors of the other hear: text, bytes and trees', async () => {
    const both = await visitors();
    const words = [
      'héllo',
      Buffer.from([0, 255, 13, 10]),
      { a: [1, null, { b: 'x'.repeat(20_000) }] },
    ];
    const all = Promise.all(both.map((socket) => heard(socket, 'news', words.length)));
    sites[0].io.emit('news', ...words);
    expect(await all).toEqual([words, words]);
  });

  test('a room of the other site hears what is for it, in turn, and no other', async () => {
    const [, inB] = await visitors();
    const got: unknown[] = [];
    inB.on('n', (n) => got.push(n));
    for (let n = 0; n < 50; n++) sites[0].io.to(n % 5 === 4 ? 'a' : 'b').emit('n', n);
    const last = heard(inB, 'last', 0);
    sites[0].io.except('a').emit('last');
    await last;
    expect(got).toEqual(Array.from({ length: 50 }, (_, n) => n).filter((n) => n % 5 !== 4));
  });

  test('sites ask each other: who is there, what they answer, and make visitors join', async () => {
    const [a, b] = await visitors();
    for (const socket of [a, b]) {
      socket.on('name', (reply: (word: string) => void) => reply(socket === a ? 'ann' : 'bob'));
    }
    const io = sites[0].io;
    expect((await io.fetchSockets()).map(({ id }) => id).sort()).toEqual([a.id, b.id].sort());
    expect((await io.timeout(5000).emitWithAck('name')).sort()).toEqual(['ann', 'bob']);
    sites[1].io.on('ping', (reply: (word: string) => void) => reply('pong'));
    expect(await io.serverSideEmitWithAck('ping')).toEqual(['pong']);
    io.in('b').socketsJoin('c');
    await eventually('the visitor has joined', async () => {
      return (await io.in('c').fetchSockets()).map(({ id }) => id).join() === b.id;
    });
    const left = heard(b, 'disconnect', 1);
    io.in('c').disconnectSockets();
    await left;
  });

  test.runIf(name.includes('streams'))('who comes back hears what was said meanwhile', async () => {
    const [, b] = await visitors();
    const { id } = b;
    const first = heard(b, 'n', 1);
    sites[0].io.emit('n', 1);
    expect(await first).toEqual([1]);
    const gone = new Promise<void>((resolve) => {
      for (const socket of sites[1].io.sockets.sockets.values()) {
        socket.once('disconnect', () => resolve());
      }
    });
    b.io.engine.close();
    await gone;
    sites[0].io.emit('n', 2);
    expect(await heard(b, 'n', 1)).toEqual([2]);
    expect([b.recovered, b.id]).toEqual([true, id]);
  });
});
