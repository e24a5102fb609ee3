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

  it('is refused below what a zone must have, at the start and later', async () => {
    const reason = 'a zone must have at least 256kb';
    await expect(startServer({ config: { maxmemory: '255kb' } })).rejects.toThrow(
      `maxmemory: ${reason}`,
    );
    await expect(startServer({ config: { zone: 'z 255kb' } })).rejects.toThrow(`zone: ${reason}`);
    await start({ config: { maxmemory: '256kb' } });
    expect(await set('255kb')).toBe(refusal(reason));
    expect(await set('1mb')).toBe(OK);
    expect(await set('256kb')).toBe(OK);
    expect((await client.call('INFO', 'memory')).tree.text).toContain('\nmaxmemory:262144\r\n');
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
