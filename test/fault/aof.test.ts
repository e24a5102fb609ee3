/**
 * The append only file on a disk that fails: nothing is answered that could not be kept, nothing is
 * kept by half, and what was refused goes on when the disk does.
 */

import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { families } from '../../commands/index.ts';
import { Registry } from '../../src/dispatch/registry.ts';
import { systemFiles } from '../../src/instance/config/files.ts';
import { loadConfiguration } from '../../src/instance/config/load.ts';
import { Config } from '../../src/instance/config.ts';
import { silentLog } from '../../src/instance/log.ts';
import { type AofDisk, systemDisk } from '../../src/persistence/aof-writer.ts';
import { Server } from '../../src/server/server.ts';
import { ManualClock } from '../../src/std/clock.ts';
import { SeededRandom, systemSeed } from '../../src/std/random.ts';
import { NoAnswer, RespClient } from '../support/resp-client.ts';

const noSpace = (): Error => Object.assign(new Error('no space'), { errno: -28, code: 'ENOSPC' });
const MISCONF = 'MISCONF Errors writing to the AOF file: No space left on device';

/** A disk that fails when it is told to, and tells when it is used. */
class FailingDisk implements AofDisk {
  failing: 'write' | 'sync' | undefined = undefined;
  /** Bytes that are written before writing fails. */
  space = 0;
  onSync: () => void = () => {};
  onWrite: () => void = () => {};

  write(fd: number, bytes: Uint8Array, start: number, size: number): number {
    this.onWrite();
    if (this.failing !== 'write') return systemDisk.write(fd, bytes, start, size);
    const count = Math.min(size, this.space);
    this.space -= count;
    if (count === 0) throw noSpace();
    return systemDisk.write(fd, bytes, start, count);
  }

  sync(fd: number): void {
    if (this.failing === 'sync') throw noSpace();
    this.onSync();
    systemDisk.sync(fd);
  }

  syncLater(fd: number, done: (error: Error | null) => void): void {
    systemDisk.syncLater(fd, (error) => done(this.failing === 'sync' ? noSpace() : error));
  }
}

let folder: string;
let disk: FailingDisk;
let clock: ManualClock;
let server: Server;
let client: RespClient;
let deaths: number;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'zonis-aof-'));
  disk = new FailingDisk();
  clock = new ManualClock();
  deaths = 0;
});

afterEach(async () => {
  disk.failing = undefined;
  client.close();
  await server.close();
  rmSync(folder, { recursive: true, force: true });
});

async function start(...lines: string[]): Promise<void> {
  const config = new Config();
  const all = ['bind 127.0.0.1', 'port 0', `dir ${folder}`, 'appendonly yes', 'save ""', ...lines];
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
    log: silentLog,
    registry: new Registry(families),
    aofDisk: disk,
    onShutdown() {},
    onFatal: () => deaths++,
    takesAnyPort: true,
  });
  await server.listen();
  client = await RespClient.connect({ host: '127.0.0.1', port: server.port });
}

async function ask(...request: string[]): Promise<string | null> {
  return (await client.call(...request)).tree.text;
}

/** Resolves when PING is answered so. */
async function pinged(answer: string): Promise<void> {
  while (!(await ask('PING'))?.includes(answer));
}

const info = async (): Promise<string> => (await ask('INFO', 'persistence')) ?? '';
const path = (name: string): string => join(folder, 'appendonlydir', name);
const increment = (number = 1): string =>
  readFileSync(path(`appendonly.aof.${number}.incr.aof`), 'latin1');
const set = (key: string): string => `*3\r\n$3\r\nSET\r\n$1\r\n${key}\r\n$1\r\nv\r\n`;

describe('with appendfsync always', () => {
  it('nothing leaves before what it speaks of is on the disk', async () => {
    await start('appendfsync always');
    await ask('SETRANGE', 'large', '200000', 'x');
    const { stats } = server.instance;
    const sent: number[] = [];
    disk.onSync = () => sent.push(stats.outputBytes);
    const before = stats.outputBytes;
    // A reply that is too large to wait for the others, and one that is the last.
    client.send('SET', 'a', 'v');
    client.send('GET', 'large');
    client.send('SET', 'b', 'v');
    client.send('QUIT');
    await client.rest();
    const size = stats.outputBytes - before;
    expect(sent.map((bytes) => bytes - before)).toEqual([0, size - '+OK\r\n+OK\r\n'.length]);
    expect(increment()).toContain(set('a'));
    expect(increment()).toContain(set('b'));
  });

  for (const failing of ['write', 'sync'] as const) {
    it(`nothing is answered any more when it can't be kept: ${failing}`, async () => {
      await start('appendfsync always');
      await ask('SET', 'a', 'v');
      disk.failing = failing;
      await expect(client.call('SET', 'b', 'v')).rejects.toThrow(NoAnswer);
      expect(deaths).toBe(1);
    });
  }
});

describe('a disk that is slow', () => {
  it('is told of by the latency monitor', async () => {
    await start('appendfsync always', 'latency-monitor-threshold 10');
    disk.onSync = () => clock.advance(20);
    disk.onWrite = () => clock.advance(30);
    await ask('SET', 'a', 'v');
    const { tree } = await client.call('LATENCY', 'LATEST');
    const latest = tree.items?.map(({ items }) => [items?.[0].text, items?.[2].text]);
    expect(latest).toEqual(
      expect.arrayContaining([
        ['aof-write-alone', '30'],
        ['aof-write', '30'],
        ['aof-fsync-always', '20'],
      ]),
    );
  });
});

describe('a disk without space', () => {
  it('lets nothing more be written, and everything when it has space again', async () => {
    await start();
    await ask('SET', 'a', 'v');
    disk.failing = 'write';
    expect(await ask('SET', 'b', 'v')).toBe('OK');
    for (const request of [['SET', 'c', 'v'], ['PING'], ['EVAL', "redis.call('DEL', 'a')", '0']]) {
      expect(await ask(...request)).toContain(MISCONF);
    }
    expect(await ask('MULTI')).toBe('OK');
    expect(await ask('SET', 'c', 'v')).toContain(MISCONF);
    expect(await ask('EXEC')).toContain('EXECABORT');
    expect(await ask('GET', 'b')).toBe('v');
    expect(await info()).toContain('aof_last_write_status:err');
    disk.failing = undefined;
    await pinged('PONG');
    expect(await info()).toContain('aof_last_write_status:ok');
    await ask('SET', 'd', 'v');
    expect(increment().endsWith(set('a') + set('b') + set('d'))).toBe(true);
  });

  it('leaves no half of what was written', async () => {
    await start();
    await ask('SET', 'a', 'v');
    const before = increment();
    disk.failing = 'write';
    disk.space = 10;
    expect(await ask('SET', 'b', 'v')).toBe('OK');
    expect(await ask('PING')).toContain(MISCONF);
    expect(increment()).toBe(before);
    disk.failing = undefined;
    await pinged('PONG');
    expect(increment()).toBe(before + set('b'));
  });

  it('lets nothing more be written when an fsync has failed, until one succeeds', async () => {
    await start();
    await ask('SET', 'a', 'v');
    disk.failing = 'sync';
    clock.advance(1000);
    await ask('SET', 'b', 'v');
    await pinged(MISCONF);
    disk.failing = undefined;
    clock.advance(1000);
    await pinged('PONG');
    expect(await ask('SET', 'c', 'v')).toBe('OK');
  });

  it('keeps the old files when they are rewritten', async () => {
    await start();
    await ask('SET', 'a', 'v');
    const before = readdirSync(join(folder, 'appendonlydir'));
    disk.failing = 'write';
    disk.space = 50;
    await ask('BGREWRITEAOF');
    while ((await info()).includes('aof_rewrite_in_progress:1'));
    expect(await info()).toContain('aof_last_bgrewrite_status:err');
    expect(await info()).toContain('aof_rewrites_consecutive_failures:1');
    expect(readdirSync(join(folder, 'appendonlydir'))).toEqual(expect.arrayContaining(before));
    expect(readdirSync(folder)).toEqual(['appendonlydir']);
    disk.failing = undefined;
    await ask('SET', 'b', 'v');
    expect(increment(2)).toContain(set('b'));
    await ask('BGREWRITEAOF');
    while ((await info()).includes('aof_rewrite_in_progress:1'));
    expect(await info()).toContain('aof_last_bgrewrite_status:ok');
  });

  it('does no harm when the folder of what is rewritten goes away', async () => {
    await start('rdb-key-save-delay 1000');
    for (let i = 0; i < 100; i++) await ask('SET', `k${i}`, 'v');
    await ask('BGREWRITEAOF');
    rmSync(folder, { recursive: true });
    await ask('CONFIG', 'SET', 'rdb-key-save-delay', '0');
    while ((await info()).includes('aof_rewrite_in_progress:1'));
    expect(await info()).toContain('aof_last_bgrewrite_status:err');
    expect(await ask('SET', 'a', 'v')).toBe('OK');
    // And all is there again with the next one.
    await ask('BGREWRITEAOF');
    while ((await info()).includes('aof_rewrite_in_progress:1'));
    expect(await info()).toContain('aof_last_bgrewrite_status:ok');
    await ask('SET', 'b', 'v');
    expect(increment(3)).toContain(set('b'));
  });

  it('keeps the server from ending before all there is was written for the first time', async () => {
    await start('appendonly no', 'rdb-key-save-delay 1000000000');
    await ask('SET', 'a', 'v');
    await ask('SET', 'b', 'v');
    await ask('CONFIG', 'SET', 'appendonly', 'yes');
    expect(server.prepareToEnd()).toBe(false);
    expect(server.prepareToEnd({ isForced: true })).toBe(true);
    await ask('CONFIG', 'SET', 'appendonly', 'no');
    expect(server.prepareToEnd()).toBe(true);
  });

  it('is tried again when the file is turned on while the server runs', async () => {
    await start('appendonly no');
    await ask('SET', 'a', 'v');
    disk.failing = 'write';
    await ask('CONFIG', 'SET', 'appendonly', 'yes');
    while (!(await info()).includes('aof_last_bgrewrite_status:err'));
    expect(await ask('SET', 'b', 'v')).toBe('OK');
    disk.failing = undefined;
    while (!(await info()).includes('aof_last_bgrewrite_status:ok'));
    await ask('SET', 'c', 'v');
    expect(increment()).toContain(set('c'));
    expect(readdirSync(join(folder, 'appendonlydir')).sort()).toEqual([
      'appendonly.aof.1.base.rdb',
      'appendonly.aof.1.incr.aof',
      'appendonly.aof.manifest',
    ]);
  });
});
