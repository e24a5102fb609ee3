/** Embedding: what startServer takes, and where it says that it listens. */

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { afterEach, describe, expect, it } from 'vitest';
import { type RunningServer, type StartOptions, startServer } from '../../src/index.ts';
import { freePort } from '../support/redis.ts';
import { RespClient } from '../support/resp-client.ts';

const started: RunningServer[] = [];

async function start(options?: StartOptions): Promise<RunningServer> {
  const server = await startServer(options);
  started.push(server);
  return server;
}

afterEach(async () => {
  for (const server of started.splice(0)) await server.close();
});

/** What CONFIG GET says to a client that goes where the server says it is. */
async function shown({ address }: RunningServer, name: string): Promise<string | null | undefined> {
  const client = await RespClient.connect(address);
  const { tree } = await client.call('CONFIG', 'GET', name);
  client.close();
  return tree.items?.[1].text;
}

async function pingBy(url: string): Promise<string> {
  const client = new Redis(url);
  try {
    return await client.ping();
  } finally {
    client.disconnect();
  }
}

describe('where it listens', () => {
  it('is a free port of 127.0.0.1 where nothing is said', async () => {
    const { address, url } = await start();
    expect(address.host).toBe('127.0.0.1');
    expect(address.port).toBeGreaterThan(0);
    expect(url).toBe(`redis://127.0.0.1:${address.port}`);
    expect(await pingBy(url)).toBe('PONG');
  });

  it('is written in brackets in a URL where the address has colons', async () => {
    const { address, url } = await start({ host: '::1' });
    expect(url).toBe(`redis://[::1]:${address.port}`);
    expect(await pingBy(url)).toBe('PONG');
  });

  it('is what the directives say, where they do', async () => {
    const port = await freePort();
    const server = await start({ port: 1, host: '127.0.0.9', config: { bind: '127.0.0.2', port } });
    expect(server.address).toEqual({ host: '127.0.0.2', port });
    expect(await pingBy(server.url)).toBe('PONG');
  });

  it('is the loopback address where it listens on all', async () => {
    const four = await start({ host: '*' });
    expect(four.url).toBe(`redis://127.0.0.1:${four.address.port}`);
    const six = await start({ host: '::*' });
    expect(six.url).toBe(`redis://[::1]:${six.address.port}`);
  });

  it('is a free port besides a Unix socket, or the socket alone', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'zonis-'));
    const unixsocket = join(folder, 'z.sock');
    const both = await start({ config: { unixsocket } });
    expect(await pingBy(both.url)).toBe('PONG');
    expect(await pingBy(`unix://${unixsocket}`)).toBe('PONG');
    await both.close();
    const alone = await start({ config: { unixsocket, port: 0 } });
    expect(alone.address.port).toBe(0);
    expect(alone.url).toBe(`unix://${unixsocket}`);
    expect(await pingBy(alone.url)).toBe('PONG');
    await alone.close();
    rmSync(folder, { recursive: true });
  });

  it('may not be nowhere', async () => {
    await expect(start({ config: { port: 0 } })).rejects.toThrow(
      'Configured to not listen anywhere, exiting.',
    );
    await expect(start({ config: { bind: '' } })).rejects.toThrow('not listen anywhere');
  });

  it('is told with the code of the system where it can not be', async () => {
    const { address } = await start();
    await expect(start({ port: address.port })).rejects.toMatchObject({
      message: `Could not listen on port ${address.port} of 127.0.0.1: address already in use.`,
      code: 'EADDRINUSE',
    });
    await expect(start({ config: { unixsocket: '/none/z.sock' } })).rejects.toMatchObject({
      message: 'Could not listen on the Unix socket /none/z.sock: no such file or directory.',
      code: 'ENOENT',
    });
  });
});

describe('directives', () => {
  it('take numbers and booleans', async () => {
    const server = await start({
      config: { maxmemory: 64 * 1024 * 1024, rdbcompression: false, 'protected-mode': true },
    });
    expect(await shown(server, 'maxmemory')).toBe('67108864');
    expect(await shown(server, 'rdbcompression')).toBe('no');
    expect(await shown(server, 'protected-mode')).toBe('yes');
  });

  it('take a value as it is, whatever is in it', async () => {
    for (const requirepass of ['with space', '"quoted', "it's", 'a\\nb', '#', 'é\n']) {
      const { address } = await start({ config: { requirepass } });
      const client = await RespClient.connect(address);
      expect((await client.call('AUTH', Buffer.from(requirepass))).raw).toBe('+OK\r\n');
      client.close();
    }
    const empty = await start({
      config: { requirepass: '', save: '', 'session-prefix': undefined },
    });
    expect(await shown(empty, 'save')).toBe('');
  });

  it('take an array as lines where they gather them, and as words elsewhere', async () => {
    const server = await start({
      config: {
        zone: ['web 1mb', 'api 2mb noeviction'],
        'session-zone': 'api',
        bind: ['127.0.0.1', '-192.0.2.1'],
        save: ['60 1', '10 2'],
      },
    });
    expect(await shown(server, 'zone')).toContain('web 1048576 allkeys-lru api 2097152 noeviction');
    expect(await shown(server, 'bind')).toBe('127.0.0.1 -192.0.2.1');
    expect(await shown(server, 'save')).toBe('60 1 10 2');
    // Nothing is to be left behind.
    const client = await RespClient.connect(server.address);
    await client.call('CONFIG', 'SET', 'save', '');
    client.close();
  });

  it('that are wrong are named', async () => {
    const reasonOf = async (config: StartOptions['config']): Promise<string> => {
      const error = await start({ config }).catch((reason: Error) => reason);
      expect(error).toMatchObject({ name: 'ConfigError' });
      return (error as Error).message;
    };
    expect(await reasonOf({ maxmemory: 'lots' })).toBe(
      'maxmemory: argument must be a memory value',
    );
    expect(await reasonOf({ timeout: 1, hz: Number.NaN })).toBe(
      "hz: argument couldn't be parsed into an integer",
    );
    expect(await reasonOf({ 'no-such-thing': 1 })).toBe(
      'no-such-thing: Bad directive or wrong number of arguments',
    );
    expect(await reasonOf({ zone: ['web 1mb', 'api'] })).toContain('zone: wrong number');
    expect(await reasonOf({ 'session-zone': 'none' })).toBe(
      "session-zone: no zone 'none' is declared",
    );
  });
});
