/** CONFIG SET of what acts on a running server: how often it ticks, how large its zone is. */

import { afterEach, describe, expect, it, vi } from 'vitest';
import { type RunningServer, type StartOptions, startServer } from '../../../src/index.ts';
import { ManualClock } from '../../../src/std/clock.ts';
import { RespClient } from '../../support/resp-client.ts';

const OK = '+OK\r\n';
let server: RunningServer;
let client: RespClient;

async function start(options: StartOptions): Promise<void> {
  server = await startServer(options);
  client = await RespClient.connect(server.address);
}

afterEach(async () => {
  vi.useRealTimers();
  client.close();
  await server.close();
});

describe('hz', () => {
  it('is how often idle clients are looked for, from now on', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    const clock = new ManualClock(1_700_000_000_000);
    await start({ clock, config: { hz: 1, timeout: 5 } });
    expect((await client.call('CONFIG', 'SET', 'hz', '100')).raw).toBe(OK);
    clock.advance(6000);
    vi.advanceTimersByTime(9);
    expect((await client.call('PING')).raw).toBe('+PONG\r\n');
    clock.advance(6000);
    vi.advanceTimersByTime(1);
    expect(await client.rest()).toBe('');
  });

  it('stays as it was where another directive is refused', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    const clock = new ManualClock(1_700_000_000_000);
    await start({ clock, config: { hz: 100, timeout: 5 } });
    await client.call('CONFIG', 'SET', 'hz', '1', 'maxmemory', '512kb');
    clock.advance(6000);
    vi.advanceTimersByTime(10);
    expect(await client.rest()).toBe('');
  });
});

describe('maxmemory', () => {
  async function set(size: string): Promise<string> {
    return (await client.call('CONFIG', 'SET', 'maxmemory', size)).raw;
  }

  function refusal(reason: string): string {
    return `-ERR CONFIG SET failed (possibly related to argument 'maxmemory') - ${reason}\r\n`;
  }

  it('is that of a zone at least', async () => {
    const reason = 'a zone must have at least 256kb';
    await expect(startServer({ config: { zone: 'z 255kb' } })).rejects.toThrow(`zone: ${reason}`);
    await start({ config: { maxmemory: '256kb' } });
    expect(await set('1mb')).toBe(OK);
    expect(await set('256kb')).toBe(OK);
    expect((await client.call('INFO', 'memory')).tree.text).toContain('\nmaxmemory:262144\r\n');
  });

  it('of less than a zone must have lets nothing be added', async () => {
    const full = "-OOM command not allowed when used memory > 'maxmemory'.\r\n";
    await start({ config: { maxmemory: '1mb' } });
    await client.call('SET', 'k', 'v');
    expect(await set('1')).toBe(OK);
    expect((await client.call('SET', 'k', 'w')).raw).toBe(full);
    expect((await client.call('GET', 'k')).raw).toBe('$1\r\nv\r\n');
    expect((await client.call('DEL', 'k')).raw).toBe(':1\r\n');
    expect((await client.call('MULTI')).raw).toBe(OK);
    expect((await client.call('SET', 'k', 'w')).raw).toBe(full);
    expect((await client.call('EXEC')).raw).toMatch(/^-EXECABORT /);
    expect((await client.call('EVAL', "return redis.call('SET', 'k', 1)", '0')).raw).toMatch(
      /^-OOM command not allowed when used memory > 'maxmemory'\. script: /,
    );
    expect((await client.call('EVAL', '#!lua\nreturn 1', '0')).raw).toMatch(
      /^-OOM allow-oom flag /,
    );
    expect(
      (await client.call('EVAL', "#!lua flags=allow-oom\nreturn redis.call('SET', 'k', 1)", '0'))
        .raw,
    ).toBe(OK);
    expect((await client.call('CONFIG', 'GET', 'maxmemory')).raw).toContain('$1\r\n1\r\n');
    expect(await set('1mb')).toBe(OK);
    expect((await client.call('SET', 'k', 'w')).raw).toBe(OK);
  });

  it('has a least of its own in a zone that began with large pages', async () => {
    await start({ config: { maxmemory: '64mb' } });
    expect(await set('256kb')).toBe(
      refusal('a zone that began with large pages must have at least 1mb'),
    );
    expect(await set('1mb')).toBe(OK);
  });

  it('has a most', async () => {
    await start({ config: { maxmemory: '64mb' } });
    expect(await set('5gb')).toMatch(/a zone has at most \d+ bytes/);
  });
});

it('with less memory than a zone must have, what may be evicted goes and nothing is added', async () => {
  await start({});
  const call = async (line: string) => (await client.call(...line.split(' '))).raw;
  await call('MSET a 1 b 2 c 3');
  await call('EXPIRE a 100');
  await call('CONFIG SET maxmemory 1');
  expect(await call('DBSIZE')).toBe(':3\r\n');
  await call('CONFIG SET maxmemory-policy volatile-lru');
  expect(await call('DBSIZE')).toBe(':2\r\n');
  await call('EXPIRE b 100');
  expect(await call('EXISTS a b c')).toBe(':1\r\n');
  await call('CONFIG SET maxmemory-policy allkeys-lru maxmemory 2');
  expect(await call('DBSIZE')).toBe(':0\r\n');
  expect(await call('SET d 4')).toMatch(/^-OOM /);
  await call('CONFIG SET maxmemory 0');
  expect(await call('SET d 4')).toBe(OK);
});
