/** Keys that move by MIGRATE: to a redis-server, to another server of ours, and to nobody. */

import { createServer, type Server, type Socket } from 'node:net';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type RunningServer, startServer } from '../../src/index.ts';
import { eventually } from '../support/clock.ts';
import { findRedis, type Running, startRedis } from '../support/redis.ts';
import { type Arg, RespClient } from '../support/resp-client.ts';

const oracle = findRedis();
const MIGRATE = ['MIGRATE', '127.0.0.1', 'PORT'];

/** A server that keys come from, and one that they go to. */
interface Route {
  readonly from: RespClient;
  readonly to: RespClient;
  readonly port: number;
}

/** Requests of the one that has the keys, a `PORT` among them being the other's. */
async function ask({ from, port }: Route, ...words: readonly Arg[]): Promise<string> {
  return (await from.call(...words.map((word) => (word === 'PORT' ? port : word)))).raw;
}

/** What is said on the way, and what both have afterwards. */
async function play(route: Route, lines: readonly (readonly Arg[])[]): Promise<string[]> {
  const { from, to } = route;
  const said: string[] = [];
  for (const client of [from, to]) {
    await client.call('FLUSHALL');
    await client.call('CONFIG', 'RESETSTAT');
    await client.call('SELECT', 0);
  }
  for (const [name, ...words] of lines) {
    const reply = name === 'TO' ? (await to.call(...words)).raw : await ask(route, name, ...words);
    said.push(reply);
  }
  for (const client of [from, to]) {
    for (const db of [0, 9]) {
      await client.call('SELECT', db);
      const keys = (await client.call('SORT', 'none', 'ALPHA')).raw;
      said.push(keys, (await client.call('DBSIZE')).raw);
    }
    await client.call('SELECT', 0);
  }
  return said;
}

const FILL = [
  ['SET', 'a', '1'],
  ['SET', 'b', 'x'.repeat(5000)],
  ['RPUSH', 'list', 'a', 'b', 'c'],
  ['ZADD', 'z', 1, 'one', 2.5, 'two'],
  ['HSET', 'h', 'f', 'v', 'g', '2'],
  ['SADD', 's', '1', '2', 'x'],
];

/** Each is a line of MIGRATE behind its port, and what else is done. */
const JOURNEYS: Record<string, readonly (readonly Arg[])[]> = {
  'one key': [
    [...MIGRATE, 'a', 0, 1000],
    ['GET', 'a'],
    ['TO', 'GET', 'a'],
    ['TO', 'PTTL', 'a'],
  ],
  'to another database': [
    [...MIGRATE, 'list', 9, 1000],
    ['TO', 'SELECT', 9],
    ['TO', 'LRANGE', 'list', 0, -1],
  ],
  'a copy': [
    [...MIGRATE, 'z', 0, 1000, 'copy'],
    ['ZRANGE', 'z', 0, -1],
    ['TO', 'ZRANGE', 'z', 0, -1],
  ],
  'over another key': [
    ['TO', 'SET', 'h', 'old'],
    [...MIGRATE, 'h', 0, 1000],
    ['EXISTS', 'h'],
    [...MIGRATE, 'h', 0, 1000, 'REPLACE'],
    ['EXISTS', 'h'],
    ['TO', 'HGET', 'h', 'g'],
  ],
  'several keys': [
    [...MIGRATE, '', 0, 1000, 'KEYS', 'a', 'b', 'none', 'list', 'z', 'h', 's'],
    ['TO', 'SCARD', 's'],
    ['TO', 'STRLEN', 'b'],
  ],
  'several keys, one of them there': [
    ['TO', 'SET', 'b', 'old'],
    [...MIGRATE, '', 0, 1000, 'KEYS', 'a', 'b', 'list'],
    ['EXISTS', 'a', 'b', 'list'],
    ['TO', 'GET', 'b'],
  ],
  'several keys, copied over others': [
    ['TO', 'SET', 'b', 'old'],
    [...MIGRATE, '', 0, 1000, 'COPY', 'REPLACE', 'KEYS', 'a', 'b'],
    ['EXISTS', 'a', 'b'],
    ['TO', 'STRLEN', 'b'],
  ],
  'a key twice': [[...MIGRATE, '', 0, 1000, 'REPLACE', 'KEYS', 'a', 'a']],
  'no key': [
    [...MIGRATE, 'none', 0, 1000],
    [...MIGRATE, '', 0, 1000],
    [...MIGRATE, '', 0, 1000, 'KEYS', 'none', 'nil'],
    [...MIGRATE, '', 0, 1000, 'KEYS'],
  ],
  'a database that is not there': [
    [...MIGRATE, 'a', 99, 1000],
    ['EXISTS', 'a'],
  ],
  'a password that is not wanted': [
    [...MIGRATE, 'a', 0, 1000, 'AUTH2', 'nobody', 'secret'],
    ['EXISTS', 'a'],
  ],
  'what is no timeout, or is none': [
    [...MIGRATE, 'a', 0, 'x'],
    [...MIGRATE, 'a', 'x', 1000],
    [...MIGRATE, 'a', 'x', 'y'],
    [...MIGRATE, 'a', 0, 0],
    [...MIGRATE, 'z', 0, -5],
  ],
  'what is no option': [
    [...MIGRATE, 'a', 0, 1000, 'MOVE'],
    [...MIGRATE, 'a', 0, 1000, 'AUTH'],
    [...MIGRATE, 'a', 0, 1000, 'AUTH2', 'x'],
    [...MIGRATE, 'a', 0, 1000, 'KEYS', 'b'],
    [...MIGRATE, 'none', 0, 'x', 'KEYS', 'b'],
    [...MIGRATE, 'a', 0],
    [...MIGRATE, 'none', 0, 1000, 'AUTH', 'KEYS'],
  ],
  'nobody there': [
    ['MIGRATE', '127.0.0.1', 1, 'a', 0, 500],
    ['MIGRATE', '127.0.0.1', 'x', 'a', 0, 500],
    ['MIGRATE', '127.0.0.1', 65537, 'a', 0, 500],
    ['MIGRATE', 'no.such.host.invalid', 6379, 'a', 0, 500],
    ['EXISTS', 'a'],
  ],
};

describe.skipIf(oracle === undefined)('as redis-server does it', () => {
  let servers: Running[];
  let ours: RunningServer;
  let routes: { fromOurs: Route; fromTheirs: Route; toOurs: Route };

  beforeAll(async () => {
    servers = [await startRedis(oracle as string), await startRedis(oracle as string)];
    ours = await startServer({ config: { databases: 16 } });
    const [one, two] = servers;
    const connect = RespClient.connect;
    const route = async (from: Running | RunningServer, to: Running | RunningServer) => ({
      from: await connect(from.address),
      to: await connect(to.address),
      port: to.address.port,
    });
    routes = {
      fromOurs: await route(ours, two),
      fromTheirs: await route(one, two),
      toOurs: await route(one, ours),
    };
  });

  afterAll(async () => {
    for (const { from, to } of Object.values(routes ?? {})) {
      from.close();
      to.close();
    }
    await ours?.close();
    for (const server of servers ?? []) await server.close();
  });

  test.each(Object.keys(JOURNEYS))('%s', async (name) => {
    const lines = [...FILL, ...JOURNEYS[name]];
    const expected = await play(routes.fromTheirs, lines);
    expect(await play(routes.fromOurs, lines)).toEqual(expected);
    // A Redis that brings its keys to us.
    expect(await play(routes.toOurs, lines)).toEqual(expected);
  });

  test('deadlines go along', async () => {
    for (const route of Object.values(routes)) {
      await play(route, [
        ['SET', 'k', 'v', 'PX', 60_000],
        [...MIGRATE, 'k', 0, 1000],
      ]);
      const left = Number((await route.to.call('PTTL', 'k')).tree.text);
      expect(left).toBeGreaterThan(50_000);
      expect(left).toBeLessThanOrEqual(60_000);
    }
  });

  test('a server that wants a password', async () => {
    for (const route of Object.values(routes)) {
      await play(route, FILL);
      await route.to.call('CONFIG', 'SET', 'requirepass', 'secret');
      // Redis keeps its connection, and that one knows the password once it was said.
      const refused = await ask(route, ...MIGRATE, 'a', 0, 1000, 'AUTH', 'wrong');
      expect(refused).toBe(
        '-ERR Target instance replied with error: WRONGPASS invalid username-password pair or ' +
          'user is disabled.\r\n',
      );
      expect(await ask(route, 'EXISTS', 'a')).toBe(':1\r\n');
      expect(await ask(route, ...MIGRATE, 'a', 0, 1000, 'REPLACE', 'AUTH', 'secret')).toBe(
        '+OK\r\n',
      );
      const second = await ask(route, ...MIGRATE, 'b', 0, 1000, 'AUTH2', 'default', 'secret');
      expect(second).toBe('+OK\r\n');
      await route.to.call('CONFIG', 'SET', 'requirepass', '');
      expect((await route.to.call('EXISTS', 'a', 'b')).raw).toBe(':2\r\n');
    }
  });
});

describe('while the keys are on their way', () => {
  let server: RunningServer;
  /** Somebody who listens; what is said to whom connects is up to the test. */
  let peer: Server;
  let peerPort: number;
  let onData: (socket: Socket, text: string) => void;
  const sockets = new Set<Socket>();
  const clients: RespClient[] = [];

  async function connect(): Promise<RespClient> {
    const client = await RespClient.connect(server.address);
    clients.push(client);
    return client;
  }

  beforeEach(async () => {
    server = await startServer();
    onData = () => {};
    peer = createServer((socket) => {
      sockets.add(socket);
      socket.setEncoding('latin1');
      socket.on('data', (text: string) => onData(socket, text));
      socket.on('error', () => {});
    });
    await new Promise<void>((resolve) => peer.listen(0, '127.0.0.1', resolve));
    const address = peer.address();
    peerPort = typeof address === 'object' && address !== null ? address.port : 0;
  });

  afterEach(async () => {
    for (const client of clients.splice(0)) client.close();
    for (const socket of sockets) socket.destroy();
    sockets.clear();
    await new Promise((resolve) => peer.close(resolve));
    await server.close();
  });

  /** Sends a key off, and waits until it has been received. Answers how to reply. */
  async function depart(client: RespClient, ...options: Arg[]): Promise<(text: string) => void> {
    let replyTo: Socket | undefined;
    onData = (socket) => {
      replyTo = socket;
    };
    client.send('MIGRATE', '127.0.0.1', peerPort, 'k', 0, 5000, ...options);
    await eventually('the peer is asked', () => replyTo !== undefined);
    return (text) => replyTo?.write(text);
  }

  test('others are served', async () => {
    const mover = await connect();
    const other = await connect();
    await mover.call('SET', 'k', 'v');
    const reply = await depart(mover);
    mover.send('PING');
    expect((await other.call('GET', 'k')).raw).toBe('$1\r\nv\r\n');
    expect((await other.call('SET', 'other', '1')).raw).toBe('+OK\r\n');
    reply('+OK\r\n+O');
    reply('K\r\n');
    expect((await mover.reply()).raw).toBe('+OK\r\n');
    expect((await mover.reply()).raw).toBe('+PONG\r\n');
    expect((await other.call('EXISTS', 'k')).raw).toBe(':0\r\n');
  });

  test.each([
    ['APPEND', 'k', 'more'],
    ['SET', 'k', 'v'],
    ['EXPIRE', 'k', '100'],
  ])('a key that changes stays: %s', async (...words) => {
    const mover = await connect();
    const other = await connect();
    await mover.call('SET', 'k', 'v');
    const reply = await depart(mover);
    await other.call(...words);
    reply('+OK\r\n+OK\r\n');
    expect((await mover.reply()).raw).toBe(
      '-ERR A key changed while it was sent: it stays, and the target has it as it was\r\n',
    );
    expect((await other.call('EXISTS', 'k')).raw).toBe(':1\r\n');
    // Nothing of it is remembered.
    const again = await depart(mover);
    again('+OK\r\n+OK\r\n');
    expect((await mover.reply()).raw).toBe('+OK\r\n');
  });

  test('a copy may change, and a key may go', async () => {
    const mover = await connect();
    const other = await connect();
    await mover.call('SET', 'k', 'v');
    const first = await depart(mover, 'COPY');
    await other.call('SET', 'k', 'w');
    first('+OK\r\n+OK\r\n');
    expect((await mover.reply()).raw).toBe('+OK\r\n');
    const second = await depart(mover);
    await other.call('DEL', 'k');
    second('+OK\r\n+OK\r\n');
    expect((await mover.reply()).raw).toBe('+OK\r\n');
  });

  test('a client that leaves does not hold it up', async () => {
    const mover = await connect();
    const other = await connect();
    await mover.call('SET', 'k', 'v');
    const reply = await depart(mover);
    mover.close();
    reply('+OK\r\n+OK\r\n');
    await eventually(
      'the key has gone',
      async () => (await other.call('EXISTS', 'k')).raw === ':0\r\n',
    );
  });

  test('a peer that hangs up, and one that says nothing', async () => {
    const client = await connect();
    await client.call('SET', 'k', 'v');
    const broken = '-IOERR error or timeout reading to target instance\r\n';
    onData = (socket) => socket.end('+OK\r\n');
    expect((await client.call('MIGRATE', '127.0.0.1', peerPort, 'k', 0, 5000)).raw).toBe(broken);
    onData = () => {};
    expect((await client.call('MIGRATE', '127.0.0.1', peerPort, 'k', 0, 20)).raw).toBe(broken);
    onData = (socket) => socket.write('x'.repeat(100_000));
    expect((await client.call('MIGRATE', '127.0.0.1', peerPort, 'k', 0, 5000)).raw).toBe(broken);
    expect((await client.call('EXISTS', 'k')).raw).toBe(':1\r\n');
  });

  test('what has been taken is gone, though the rest is not known', async () => {
    const client = await connect();
    await client.call('MSET', 'a', '1', 'b', '2');
    onData = (socket) => socket.end('+OK\r\n+OK\r\n');
    const words = ['MIGRATE', '127.0.0.1', peerPort, '', 0, 5000, 'KEYS', 'a', 'b'];
    expect((await client.call(...words)).raw).toBe(
      '-IOERR error or timeout reading to target instance\r\n',
    );
    expect((await client.call('MGET', 'a', 'b')).raw).toBe('*2\r\n$-1\r\n$1\r\n2\r\n');
  });

  test('a connection is kept for the next, as long as it is open', async () => {
    const client = await connect();
    const cached = async (): Promise<string | undefined> =>
      /migrate_cached_sockets:\d+/.exec((await client.call('INFO', 'stats')).raw)?.[0];
    const move = async (replies: string, ...options: Arg[]): Promise<string> => {
      await client.call('SET', 'k', 'v');
      onData = (socket) => socket.write(replies);
      return (await client.call('MIGRATE', '127.0.0.1', peerPort, 'k', 0, 5000, ...options)).raw;
    };
    expect(await cached()).toBe('migrate_cached_sockets:0');
    for (let i = 0; i < 3; i++) expect(await move('+OK\r\n+OK\r\n')).toBe('+OK\r\n');
    expect(sockets.size).toBe(1);
    expect(await cached()).toBe('migrate_cached_sockets:1');
    // Who logs in goes by another.
    expect(await move('+OK\r\n+OK\r\n+OK\r\n', 'AUTH', 'secret')).toBe('+OK\r\n');
    expect(sockets.size).toBe(2);
    expect(await cached()).toBe('migrate_cached_sockets:2');
    // Those that the other side closes are gone, also when that is not known yet.
    const [first, second] = sockets;
    second.end();
    await eventually('it is gone', async () => (await cached()) === 'migrate_cached_sockets:1');
    onData = (socket) => (socket === first ? socket.destroy() : socket.write('+OK\r\n+OK\r\n'));
    await client.call('SET', 'k', 'v');
    expect((await client.call('MIGRATE', '127.0.0.1', peerPort, 'k', 0, 5000)).raw).toBe('+OK\r\n');
    expect(sockets.size).toBe(3);
    // Nobody has asked for that.
    [...sockets][2].write('+OK\r\n');
    await eventually('it is gone', async () => (await cached()) === 'migrate_cached_sockets:0');
  });

  test('not in a transaction, and a server may close meanwhile', async () => {
    const client = await connect();
    await client.call('SET', 'k', 'v');
    await client.call('MULTI');
    await client.call('MIGRATE', '127.0.0.1', peerPort, 'none', 0, 5000);
    await client.call('MIGRATE', '127.0.0.1', peerPort, 'k', 0, 5000);
    expect((await client.call('EXEC')).raw).toBe(
      '*2\r\n+NOKEY\r\n-ERR Command not allowed inside a transaction\r\n',
    );
    await depart(client);
    await server.close();
    server = await startServer();
  });

  test('to itself, which Redis can not', async () => {
    const client = await connect();
    const { port } = server.address;
    await client.call('SET', 'k', 'v');
    expect((await client.call('MIGRATE', '127.0.0.1', port, 'k', 1, 5000)).raw).toBe('+OK\r\n');
    expect((await client.call('EXISTS', 'k')).raw).toBe(':0\r\n');
    await client.call('SELECT', 1);
    expect((await client.call('GET', 'k')).raw).toBe('$1\r\nv\r\n');
    const same = await client.call('MIGRATE', '127.0.0.1', port, 'k', 1, 5000, 'REPLACE');
    expect(same.raw).toMatch(/^-ERR A key changed while it was sent/);
    expect((await client.call('GET', 'k')).raw).toBe('$1\r\nv\r\n');
  });

  test('large keys', async () => {
    const target = await startServer();
    const client = await connect();
    const { port } = target.address;
    const value = 'abcdefgh'.repeat(1_000_000);
    await client.call('CONFIG', 'SET', 'rdbcompression', 'no');
    await client.call('SET', 'k', value);
    expect((await client.call('MIGRATE', '127.0.0.1', port, 'k', 0, 5000)).raw).toBe('+OK\r\n');
    const there = await RespClient.connect(target.address);
    expect((await there.call('STRLEN', 'k')).raw).toBe(`:${value.length}\r\n`);
    there.close();
    await target.close();
  });
});
