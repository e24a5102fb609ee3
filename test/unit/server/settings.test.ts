/** CONFIG SET of what acts on a running server: how often it ticks, how large its zone is. */

import { afterEach, describe, expect, it, vi } from 'vitest';
import { type RunningServer, type StartOptions, startServer } from '../../../src/index.ts';
import { ManualClock } from '../../../src/std/clock.ts';
import { openOffline } from '../../support/offline.ts';
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
    await client.call('CONFIG', 'SET', 'hz', '1', 'maxmemory', '5gb');
    clock.advance(6000);
    vi.advanceTimersByTime(10);
    expect(await client.rest()).toBe('');
  });
});

describe('maxmemory', () => {
  async function set(size: string): Promise<string> {
    return (await client.call('CONFIG', 'SET', 'maxmemory', size)).raw;
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

  it('of less than must stay lets nothing be added, until it fits', async () => {
    await start({ config: { maxmemory: '4mb' } });
    const call = async (...words: string[]) => (await client.call(...words)).raw;
    const info = async (name: string) =>
      Number(
        new RegExp(`^${name}:(\\d+)\r`, 'm').exec((await client.call('INFO')).tree.text ?? '')?.[1],
      );
    await call('SET', 'a', 'x'.repeat(1024 * 1024));
    await call('SET', 'b', 'x'.repeat(1024 * 1024));
    expect(await set('2mb')).toBe(OK);
    expect(await info('maxmemory')).toBe(2 * 1024 * 1024);
    expect(await call('SET', 'c', 'v')).toMatch(/^-OOM /);
    expect(await call('DEL', 'b')).toBe(':1\r\n');
    expect(await call('SET', 'c', 'v')).toBe(OK);
    // Now it is the size of the zone, which takes no more than that.
    expect(await call('SET', 'b', 'x'.repeat(1024 * 1024))).toMatch(/^-OOM /);
    expect(await call('EXISTS', 'a', 'b', 'c')).toBe(':2\r\n');
    expect(await set('4mb')).toBe(OK);
    expect(await call('SET', 'b', 'x'.repeat(1024 * 1024))).toBe(OK);
  });

  it('of less than a zone must have is held to the byte, after each command', async () => {
    await start({ config: { 'maxmemory-policy': 'allkeys-lru' } });
    const call = async (...words: string[]) => (await client.call(...words)).raw;
    const used = async () =>
      Number(/^used_memory:(\d+)\r/m.exec((await client.call('INFO')).tree.text ?? '')?.[1]);
    const limit = 100_000;
    expect(await set(String(limit))).toBe(OK);
    for (let i = 0; i < 300; i++) await call('SET', `k:${i}`, 'x'.repeat(i * 10));
    expect(await used()).toBeLessThanOrEqual(limit);
    expect(await used()).toBeGreaterThan(limit - 4096);
    expect(await call('EXISTS', 'k:299', 'k:0')).toBe(':1\r\n');
    // One command may take more; what is too much goes before the next.
    expect(await call('SETBIT', 'large', '800000', '1')).toBe(':0\r\n');
    expect(await call('DBSIZE')).toBe(':0\r\n');
    expect(await used()).toBeLessThan(limit / 2);
  });

  it('below what is held: who tracks a key hears that it went before the reply', async () => {
    await start({ config: { 'maxmemory-policy': 'volatile-lru' } });
    expect(await set('100kb')).toBe(OK);
    await client.call('HELLO', '3');
    await client.call('CLIENT', 'TRACKING', 'ON');
    await client.call('SET', 'k', 'v', 'EX', '1000');
    await client.call('GET', 'k');
    await client.call('SETBIT', 'large', '1600000', '1');
    expect(client.pushes).toEqual([]);
    expect((await client.call('GETBIT', 'large', '0')).raw).toBe(':0\r\n');
    expect(client.pushes.map(({ raw }) => raw)).toEqual([
      '>2\r\n$10\r\ninvalidate\r\n*1\r\n$1\r\nk\r\n',
    ]);
  });

  it('below what is held: the latency monitor hears how long evicting takes', () => {
    const offline = openOffline({
      'latency-monitor-threshold': '5',
      'maxmemory-policy': 'allkeys-lru',
    });
    offline.run('CONFIG', 'SET', 'maxmemory', '100kb');
    offline.run('SETBIT', 'large', '1600000', '1');
    const { clock } = offline;
    const now = clock.monotonicMicros();
    let looks = 0;
    vi.spyOn(clock, 'monotonicMicros').mockImplementation(() => now + 3000 * looks++);
    expect(offline.run('DBSIZE')).toBe(':0\r\n');
    expect(offline.run('LATENCY', 'LATEST')).not.toContain('eviction-cycle');
    offline.run('SETBIT', 'large', '1600000', '1');
    looks = 0;
    vi.mocked(clock.monotonicMicros).mockImplementation(() => now + 6000 * looks++);
    expect(offline.run('DBSIZE')).toBe(':0\r\n');
    expect(offline.run('LATENCY', 'LATEST')).toContain('$14\r\neviction-cycle\r\n');
  });

  it('below what is held: a transaction goes on with what it has', async () => {
    await start({ config: { 'maxmemory-policy': 'allkeys-lru' } });
    const replies = await client.pipeline([
      ['MULTI'],
      ['INCR', 'n'],
      ['CONFIG', 'SET', 'maxmemory', '1'],
      ['INCR', 'n'],
      ['EXEC'],
      ['DBSIZE'],
    ]);
    expect(replies.slice(4).map(({ raw }) => raw)).toEqual(['*3\r\n:1\r\n+OK\r\n:2\r\n', ':0\r\n']);
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
