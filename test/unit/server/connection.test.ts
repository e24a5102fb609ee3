/** Clients over real sockets: waiting, muting, leaving. */

import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type RunningServer, startServer } from '../../../src/index.ts';
import { eventually } from '../../support/clock.ts';
import { RespClient } from '../../support/resp-client.ts';

let server: RunningServer;
const clients: RespClient[] = [];

async function connect(): Promise<RespClient> {
  const client = await RespClient.connect(server.address);
  clients.push(client);
  return client;
}

async function infoField(client: RespClient, name: string): Promise<string> {
  const { tree } = await client.call('INFO', 'everything');
  return new RegExp(`^${name}:(.*?)\r?$`, 'm').exec(tree.text ?? '')?.[1] ?? '(missing)';
}

beforeEach(async () => {
  server = await startServer();
});

afterEach(async () => {
  for (const client of clients.splice(0)) client.close();
  await server.close();
});

describe('CLIENT PAUSE', () => {
  it('ends by time', async () => {
    const admin = await connect();
    const writer = await connect();
    await admin.call('CLIENT', 'PAUSE', '30', 'WRITE');
    writer.send('SET', 'k', 'v');
    writer.send('GET', 'k');
    expect(await infoField(admin, 'blocked_clients')).toBe('1');
    expect((await writer.reply()).raw).toBe('+OK\r\n');
    expect((await writer.reply()).raw).toBe('$1\r\nv\r\n');
    expect(await infoField(admin, 'blocked_clients')).toBe('0');
  });

  it('of everything lets even its own end wait', async () => {
    const client = await connect();
    const replies = await client.pipeline([
      ['CLIENT', 'PAUSE', '20', 'ALL'],
      ['CLIENT', 'UNPAUSE'],
      ['PING'],
    ]);
    expect(replies.map(({ raw }) => raw)).toEqual(['+OK\r\n', '+OK\r\n', '+PONG\r\n']);
  });

  it('runs what waited in order, however it arrived', async () => {
    const admin = await connect();
    const writer = await connect();
    await admin.call('CLIENT', 'PAUSE', '60000', 'WRITE');
    writer.write('*2\r\n$4\r\nINCR\r\n$1\r\nn\r\n*2\r\n$4\r\nINCR\r\n');
    await eventually('waits', async () => (await infoField(admin, 'blocked_clients')) === '1');
    writer.write('$1\r\nn\r\n*1\r\n$4\r\nPI');
    await admin.call('PING');
    writer.write(`NG\r\n*3\r\n$3\r\nSET\r\n$1\r\nl\r\n$100000\r\n${'x'.repeat(100_000)}\r\n`);
    await admin.call('PING');
    await admin.call('CLIENT', 'UNPAUSE');
    const raw = [];
    for (let i = 0; i < 4; i++) raw.push((await writer.reply()).raw);
    expect(raw).toEqual([':1\r\n', ':2\r\n', '+PONG\r\n', '+OK\r\n']);
    expect((await admin.call('STRLEN', 'l')).raw).toBe(':100000\r\n');
  });

  it('forgets a client that does not wait for its end', async () => {
    const admin = await connect();
    const writer = await connect();
    await admin.call('CLIENT', 'PAUSE', '60000', 'WRITE');
    writer.send('SET', 'k', 'v');
    await eventually('waits', async () => (await infoField(admin, 'blocked_clients')) === '1');
    writer.close();
    await eventually('gone', async () => (await infoField(admin, 'connected_clients')) === '1');
    await admin.call('CLIENT', 'UNPAUSE');
    expect((await admin.call('EXISTS', 'k')).raw).toBe(':0\r\n');
  });
});

describe('CLIENT REPLY', () => {
  it('mutes large replies, too', async () => {
    const client = await connect();
    await client.call('SET', 'k', 'x'.repeat(200_000));
    client.send('CLIENT', 'REPLY', 'OFF');
    for (let i = 0; i < 5; i++) client.send('GET', 'k');
    expect((await client.call('CLIENT', 'REPLY', 'ON')).raw).toBe('+OK\r\n');
    client.send('CLIENT', 'REPLY', 'SKIP');
    client.send('GET', 'k');
    expect((await client.call('ECHO', 'heard')).raw).toBe('$5\r\nheard\r\n');
  });
});

describe('a muted client', () => {
  for (const mute of ['OFF', 'SKIP']) {
    it(`hears nothing of its mistakes in the protocol, and is closed (${mute})`, async () => {
      const client = await connect();
      client.write(`CLIENT REPLY ${mute}\r\n*1\r\n$abc\r\nPING\r\n`);
      expect(await client.rest()).toBe('');
    });

    it(`is closed by QUIT without a word (${mute})`, async () => {
      const client = await connect();
      client.write(`CLIENT REPLY ${mute}\r\nQUIT\r\nPING\r\n`);
      expect(await client.rest()).toBe('');
    });
  }
});

describe('client-output-buffer-limit', () => {
  const limit = 'normal 100000 0 0';

  it('closes a client whose pipeline has too much to say, and tells it nothing', async () => {
    const client = await connect();
    const admin = await connect();
    await admin.call('CONFIG', 'SET', 'client-output-buffer-limit', limit);
    await admin.call('SET', 'k', 'x'.repeat(10_000));
    client.write('GET k\r\n'.repeat(15));
    expect(await client.rest()).toBe('');
    expect(await infoField(admin, 'connected_clients')).toBe('1');
  });

  it('ends a reply that would never end', async () => {
    const admin = await connect();
    await admin.call('CONFIG', 'SET', 'client-output-buffer-limit', limit);
    await admin.call('HSET', 'h', 'f', 'v');
    await admin.call('SADD', 's', 'm');
    await admin.call('ZADD', 'z', '1', 'm');
    const requests = ['HRANDFIELD h', 'HRANDFIELD h', 'SRANDMEMBER s', 'ZRANDMEMBER z'];
    for (const request of requests) {
      const client = await connect();
      client.write(`${request} -999999999\r\nPING\r\n`);
      expect(await client.rest()).toBe('');
    }
    expect((await admin.call('PING')).raw).toBe('+PONG\r\n');
  });
});

describe('CLIENT KILL', () => {
  it('takes effect before the next command', async () => {
    const admin = await connect();
    const victim = await connect();
    const id = (await victim.call('CLIENT', 'ID')).tree.text as string;
    const [killed, list] = await admin.pipeline([
      ['CLIENT', 'KILL', 'ID', id],
      ['CLIENT', 'LIST'],
    ]);
    expect(killed.raw).toBe(':1\r\n');
    expect(list.tree.text?.trim().split('\n')).toHaveLength(1);
    expect(await victim.rest()).toBe('');
  });
});

describe('CLIENT NO-TOUCH', () => {
  it('leaves the order of eviction alone, but for TOUCH', async () => {
    const client = await connect();
    await client.call('CONFIG', 'SET', 'maxmemory-policy', 'allkeys-lfu');
    await client.call('CONFIG', 'SET', 'lfu-log-factor', '0');
    await client.call('SET', 'k', 'v');
    const frequency = async (): Promise<number> =>
      Number((await client.call('OBJECT', 'FREQ', 'k')).tree.text);
    await client.call('CLIENT', 'NO-TOUCH', 'ON');
    const before = await frequency();
    for (let i = 0; i < 20; i++) await client.call('GET', 'k');
    expect(await frequency()).toBe(before);
    await client.call('TOUCH', 'k');
    expect(await frequency()).toBeGreaterThan(before);
    await client.call('CLIENT', 'NO-TOUCH', 'OFF');
    const touched = await frequency();
    await client.call('GET', 'k');
    expect(await frequency()).toBeGreaterThan(touched);
  });
});

describe('a zone by its name', () => {
  it('is selected as by the number of its first database', async () => {
    const client = await connect();
    expect((await client.call('SELECT', 'sessions')).raw).toBe('+OK\r\n');
    await client.call('SET', 'k', 'v');
    expect((await client.call('CLIENT', 'INFO')).tree.text).toContain(' db=16 ');
    await client.call('SELECT', '0');
    expect((await client.call('EXISTS', 'k')).raw).toBe(':0\r\n');
    await client.call('SELECT', '16');
    expect((await client.call('GET', 'k')).raw).toBe('$1\r\nv\r\n');
    expect((await client.call('SELECT', 'nowhere')).raw).toMatch(/^-ERR value is not an integer/);
    expect((await client.call('SWAPDB', '0', '16')).raw).toMatch(/^-ERR SWAPDB needs two/);
  });
});

describe('INFO', () => {
  it('tells of the process and of every zone', async () => {
    const client = await connect();
    expect(await infoField(client, 'process_id')).toBe(String(process.pid));
    expect(await infoField(client, 'run_id')).toMatch(/^[0-9a-f]{40}$/);
    expect(Number(await infoField(client, 'used_memory_rss'))).toBeGreaterThan(10_000_000);
    await client.call('SELECT', 'sessions');
    await client.call('SET', 'k', 'v', 'EX', '100');
    expect(await infoField(client, 'zone_sessions')).toMatch(/databases=16,.*keys=1,expires=1,/);
    expect(await infoField(client, 'db16')).toMatch(/^keys=1,expires=1,avg_ttl=(99\d{3}|100000)$/);
  });
});
