/** maxmemory-clients: the largest clients go when all of them take too much. */

import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type RunningServer, startServer } from '../../../src/index.ts';
import { clientMemoryLimit } from '../../../src/server/client-memory.ts';
import { eventually } from '../../support/clock.ts';
import { RespClient } from '../../support/resp-client.ts';

const MiB = 1024 * 1024;
let server: RunningServer;
let control: RespClient;

beforeEach(async () => {
  server = await startServer({ config: { 'maxmemory-clients': '64mb' } });
  control = await RespClient.connect(server.address);
  await control.call('CLIENT', 'NO-EVICT', 'ON');
});

afterEach(async () => {
  control.close();
  await server.close();
});

async function connectAs(name: string): Promise<RespClient> {
  const client = await RespClient.connect(server.address);
  await client.call('CLIENT', 'SETNAME', name);
  return client;
}

/** Sends so many bytes of a request that does not end. */
async function occupy(client: RespClient, size: number): Promise<void> {
  const begun = `*2\r\n$4\r\nECHO\r\n$${size * 2}\r\n`;
  client.write(begun + 'x'.repeat(size - begun.length));
}

async function names(): Promise<string[]> {
  const text = (await control.call('CLIENT', 'LIST')).tree.text ?? '';
  return [...text.matchAll(/ name=(\w+) /g)].map(([, name]) => name).sort();
}

async function evicted(): Promise<string | undefined> {
  const text = (await control.call('INFO', 'stats')).tree.text ?? '';
  return /evicted_clients:(\d+)/.exec(text)?.[1];
}

describe('maxmemory-clients', () => {
  it('closes the largest, until the others are below it', async () => {
    const clients: RespClient[] = [];
    for (const [name, size] of [
      ['small', MiB / 2],
      ['large', 1.5 * MiB],
      ['medium', MiB],
    ] as const) {
      const client = await connectAs(name);
      await occupy(client, size);
      clients.push(client);
    }
    await eventually('all to be held', async () => {
      const text = (await control.call('CLIENT', 'LIST')).tree.text ?? '';
      return (
        [...text.matchAll(/qbuf=(\d+)/g)].filter(([, size]) => Number(size) > 1e5).length === 3
      );
    });
    expect(await names()).toEqual(['large', 'medium', 'small']);
    const text = (await control.call('CLIENT', 'LIST', 'TYPE', 'normal')).tree.text ?? '';
    const sizes = [...text.matchAll(/name=\w+ .* tot-mem=(\d+)/g)].map(([, size]) => Number(size));
    const total = sizes.reduce((sum, size) => sum + size, 0);
    await control.call('CONFIG', 'SET', 'maxmemory-clients', String(total));
    await eventually('one to go', async () => (await names()).length === 2);
    expect(await names()).toEqual(['medium', 'small']);
    expect(await evicted()).toBe('1');
    for (const client of clients) client.close();
  });

  it('counts what a transaction holds, and keys and channels', async () => {
    await control.call('CONFIG', 'SET', 'maxmemory-clients', '200000');
    const requests: ((i: number) => string[])[] = [
      () => ['SET', 'k', 'v'.repeat(10_000)],
      (i) => ['WATCH', `${i}`],
      (i) => ['SSUBSCRIBE', `${i}`],
    ];
    for (const [index, request] of requests.entries()) {
      const client = await connectAs('one');
      if (index === 0) await client.call('MULTI');
      const all = Array.from({ length: 3000 }, (_, i) => request(i));
      await expect(client.pipeline(all)).rejects.toThrow();
      await eventually('it to go', async () => (await names()).length === 0);
      client.close();
    }
  });

  it('leaves alone who asks for it, while he does', async () => {
    const client = await connectAs('large');
    await client.call('CLIENT', 'NO-EVICT', 'ON');
    await control.call('SET', 'v', 'v'.repeat(300_000));
    await control.call('CONFIG', 'SET', 'maxmemory-clients', '200000');
    await client.call('MULTI');
    await client.call('SET', 'k', 'v'.repeat(300_000));
    expect((await client.call('EXEC')).raw).toBe('*1\r\n+OK\r\n');
    await client.call('MULTI');
    await client.call('SET', 'k', 'v'.repeat(300_000));
    await client.call('CLIENT', 'GETNAME');
    expect(await names()).toEqual(['large']);
    await client.call('DISCARD');
    await client.call('CLIENT', 'NO-EVICT', 'OFF');
    await client.call('MULTI');
    await client.call('SET', 'k', 'v'.repeat(300_000)).catch(() => {});
    await eventually('it to go', async () => (await names()).length === 0);
    client.close();
  });

  it('is bytes or a part of the zone, and leaves room to talk', () => {
    expect(clientMemoryLimit(0, 1e9)).toBe(Number.POSITIVE_INFINITY);
    expect(clientMemoryLimit(1e6, 1e9)).toBe(1e6);
    expect(clientMemoryLimit(-5, 1e9)).toBe(5e7);
    expect(clientMemoryLimit(1, 1e9)).toBe(128 * 1024);
  });
});
