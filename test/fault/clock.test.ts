/**
 * A calendar that is set back or forward: keys expire at their date, and what takes so long takes so
 * long. Nothing hangs, and nothing ends before its time.
 */

import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { families } from '../../commands/index.ts';
import { Registry } from '../../src/dispatch/registry.ts';
import { systemFiles } from '../../src/instance/config/files.ts';
import { loadConfiguration } from '../../src/instance/config/load.ts';
import { Config } from '../../src/instance/config.ts';
import { silentLog } from '../../src/instance/log.ts';
import { systemDisk } from '../../src/persistence/aof-writer.ts';
import { Server } from '../../src/server/server.ts';
import { ManualClock } from '../../src/std/clock.ts';
import { SeededRandom, systemSeed } from '../../src/std/random.ts';
import { eventually } from '../support/clock.ts';
import { RespClient } from '../support/resp-client.ts';

const HOUR = 3_600_000;
const STEPS = [
  ['back', -HOUR],
  ['forward', HOUR],
] as const;

let folder: string;
let clock: ManualClock;
let server: Server;
let client: RespClient;
let other: RespClient;
let syncs: number;
let warnings: string[];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'zonis-clock-'));
  clock = new ManualClock();
  syncs = 0;
});

afterEach(async () => {
  client.close();
  other.close();
  await server.close();
  rmSync(folder, { recursive: true, force: true });
});

async function start(...lines: string[]): Promise<void> {
  const config = new Config();
  const all = [
    'bind 127.0.0.1',
    'port 0',
    `dir ${folder}`,
    'save ""',
    'enable-debug-command yes',
    ...lines,
  ];
  loadConfiguration(
    config,
    { action: 'run', file: undefined, readsStdin: false, lines: all },
    { files: systemFiles, readStdin: () => '', renameCommand: () => undefined },
  );
  server = new Server({
    config,
    clock,
    random: new SeededRandom(systemSeed()),
    seed: systemSeed(),
    log: { ...silentLog, warning: (text) => warnings.push(text) },
    registry: new Registry(families),
    aofDisk: {
      ...systemDisk,
      syncLater(fd, done) {
        syncs++;
        systemDisk.syncLater(fd, done);
      },
    },
    onShutdown() {},
    takesAnyPort: true,
  });
  await server.listen();
  client = await RespClient.connect({ host: '127.0.0.1', port: server.port });
  other = await RespClient.connect({ host: '127.0.0.1', port: server.port });
}

async function ask(...request: string[]): Promise<string | null> {
  return (await client.call(...request)).tree.text;
}

const info = async (section: string): Promise<string> => (await ask('INFO', section)) ?? '';

/** Sets the calendar, and resolves when the server has noticed. */
async function set(step: number): Promise<void> {
  warnings = [];
  clock.set(clock.now() + step);
  const words = `The system clock was set ${step > 0 ? 'forward' : 'back'} by ${Math.abs(step)} ms`;
  await eventually('the step is noticed', () => warnings.includes(words));
}

const says = (section: string, words: string) => async (): Promise<boolean> =>
  (await info(section)).includes(words);

describe.each(STEPS)('set %s by an hour', (_, step) => {
  it('BLPOP waits as long as it said', async () => {
    await start();
    const replies: string[] = [];
    const wait = other.call('BLPOP', 'list', '0.3').then(({ raw }) => replies.push(raw));
    await eventually('it waits', says('clients', 'blocked_clients:1'));
    await set(step);
    expect(await ask('PING')).toBe('PONG');
    expect(replies).toEqual([]);
    clock.advance(300);
    await wait;
    expect(replies).toEqual(['*-1\r\n']);
  });

  it('CLIENT PAUSE lasts as long as it said', async () => {
    await start();
    await ask('CLIENT', 'PAUSE', '300', 'WRITE');
    const replies: string[] = [];
    const wait = other.call('SET', 'k', 'v').then(({ raw }) => replies.push(raw));
    await set(step);
    expect(await ask('PING')).toBe('PONG');
    expect(replies).toEqual([]);
    clock.advance(300);
    await wait;
    expect(replies).toEqual(['+OK\r\n']);
  });

  it('what is written is on the disk a second later', async () => {
    await start('appendonly yes', 'appendfsync everysec');
    await ask('SET', 'k', '1');
    await set(step);
    await ask('SET', 'k', '2');
    const before = syncs;
    clock.advance(1000);
    await eventually('it is on the disk', () => syncs > before);
  });

  it('a save point is reached when its time is over, and not before', async () => {
    await start('save 10 1');
    await ask('SET', 'k', '1');
    clock.advance(9000);
    await set(step);
    await ask('PING');
    expect(await info('persistence')).toContain('rdb_saves:0');
    clock.advance(2000);
    await eventually('it is saved', says('persistence', 'rdb_saves:1'));
    await eventually('it is saved', says('persistence', 'rdb_bgsave_in_progress:0'));
    expect(await ask('LASTSAVE')).toBe(String(Math.floor(clock.now() / 1000)));
  });

  it('a save that failed is tried again', async () => {
    await start('save 10 1');
    await ask('SET', 'k', '1');
    rmSync(folder, { recursive: true });
    await ask('BGSAVE');
    await eventually('it has failed', says('persistence', 'rdb_last_bgsave_status:err'));
    await set(step);
    expect(await ask('SET', 'k', '2')).toContain('MISCONF');
    mkdirSync(folder);
    clock.advance(20_000);
    await eventually('it is saved', says('persistence', 'rdb_last_bgsave_status:ok'));
    expect(await ask('SET', 'k', '2')).toBe('OK');
  });

  it('how long something took is not asked of it', async () => {
    await start('slowlog-log-slower-than 0', 'latency-monitor-threshold 1');
    await set(step);
    await ask('SET', 'k', '1');
    await ask('DEBUG', 'SLEEP', '0.05');
    const { tree } = await client.call('SLOWLOG', 'GET', '10');
    const took = (tree.items ?? []).map(({ items }) => Number(items?.[2].text));
    expect(Math.max(...took)).toBe(50_000);
    expect(Math.min(...took)).toBe(0);
  });

  it('keys and sessions expire at their date', async () => {
    await start();
    await ask('SET', 'soon', 'v', 'EX', '1800');
    await ask('SET', 'late', 'v', 'EX', '36000');
    await ask('SESSION.SET', 'web', 's', 'data', '1800', 'META', '1', 'site', 'user');
    await set(step);
    const left = 1800 - step / 1000;
    if (step > 0) {
      await eventually('both are gone unasked', says('stats', 'expired_keys:2'));
      expect(await ask('EXISTS', 'soon')).toBe('0');
      expect((await client.call('SESSION.META', 'web', 'site', 'user')).raw).toBe('*0\r\n');
    } else {
      expect(await ask('TTL', 'soon')).toBe(String(left));
      expect(await ask('SESSION.GET', 'web', 's')).toBe('data');
      await set(2 * HOUR);
      await eventually('both are gone unasked', says('stats', 'expired_keys:2'));
    }
    expect(await ask('EXISTS', 'late')).toBe('1');
    expect(await ask('ZONE', 'AUDIT', 'sessions')).toBe('OK');
  });

  it.each(['allkeys-lru', 'allkeys-lfu'])('what was used last is kept: %s', async (policy) => {
    await start('maxmemory 256kb', `maxmemory-policy ${policy}`);
    await ask('SET', 'old', 'x'.repeat(1000));
    clock.advance(1000);
    await set(step);
    await ask('SET', 'hot', 'x'.repeat(1000));
    for (let i = 0; i < 500; i++) {
      await ask('SET', `k${i}`, 'x'.repeat(1000));
      await ask('GET', 'hot');
    }
    expect(await ask('EXISTS', 'old')).toBe('0');
    expect(await ask('EXISTS', 'hot')).toBe('1');
    expect(await ask('ZONE', 'AUDIT', 'default')).toBe('OK');
    if (policy === 'allkeys-lru') expect(await ask('OBJECT', 'IDLETIME', 'hot')).toBe('0');
  });
});
