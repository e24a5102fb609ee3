/**
 * The program on a disk that is full, may not be written, or has what is no file; and ended while it
 * saves or loads. A full disk is a small one in memory; and, where that can't be had, a limit on how
 * long a file may become, which comes to the same for one who writes.
 */

import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { StartOptions } from '../support/built.ts';
import { useRestarts } from '../support/restarts.ts';
import { mountSmall, type SmallDisk } from '../support/tmpfs.ts';

const BLOCKS = 200;
const SIZE = BLOCKS * 512;
/** More than there is room for. */
const LARGE = 'x'.repeat(SIZE);

const server = useRestarts(['--rdbcompression', 'no']);
const { start, say } = server;

/** Asks until it is answered so: what is done in the background is over then. */
async function until(isSo: (info: string) => boolean, section: string): Promise<void> {
  while (!isSo(await say('INFO', section)));
}

/** How the start ended, and what was said. */
async function failure(
  options: readonly string[],
): Promise<{ code: number | string; log: string }> {
  let log = '';
  await start(options).catch((error: Error) => {
    log = error.message;
  });
  return { code: Number(/^it ended with (\d+)/.exec(log)?.[1]), log };
}

const MISCONF_SAVE =
  "-MISCONF Redis is configured to save RDB snapshots, but it's currently unable to persist to " +
  'disk. Commands that may modify the data set are disabled, because this instance is configured ' +
  'to report errors during writes if RDB snapshotting fails (stop-writes-on-bgsave-error option). ' +
  'Please check the Redis logs for details about the RDB error.\r\n';

describe.each(['a disk in memory', 'a limit on files'])('a full disk: %s', (kind) => {
  let disk: SmallDisk | undefined;
  let how: StartOptions;

  beforeEach(async ({ skip }) => {
    disk = undefined;
    how = { fileBlocksMax: BLOCKS };
    if (kind === 'a limit on files') return;
    disk = await mountSmall(server.dir, SIZE);
    if (disk === undefined) skip('the system lets us mount nothing');
    else how = { inside: disk.pid };
  });

  afterEach(() => disk?.release());

  /** Where the files are, and there is no limit: what is there may stay. */
  const roomy = (): StartOptions => (disk === undefined ? {} : how);
  const seen = (path: string): string => disk?.seen(path) ?? path;

  it('leaves the file of the save before, and lets nothing be written until a save succeeds', async () => {
    await start(['--save', '3600 1'], how);
    await say('SET', 'small', '1');
    expect(await say('SAVE')).toBe('+OK\r\n');
    const file = readFileSync(seen(join(server.dir, 'dump.rdb')));
    await say('SET', 'large', LARGE);
    expect(await say('BGSAVE')).toBe('+Background saving started\r\n');
    await until((info) => info.includes('rdb_bgsave_in_progress:0'), 'persistence');
    expect(await say('INFO', 'persistence')).toContain('rdb_last_bgsave_status:err');
    expect(await say('SET', 'small', '2')).toBe(MISCONF_SAVE);
    expect(await say('GET', 'small')).toBe('$1\r\n1\r\n');
    expect(await say('SAVE')).toBe('-ERR\r\n');
    expect(readFileSync(seen(join(server.dir, 'dump.rdb'))).equals(file)).toBe(true);
    expect(readdirSync(seen(server.dir))).toEqual(['dump.rdb']);
    await say('CONFIG', 'SET', 'stop-writes-on-bgsave-error', 'no');
    expect(await say('DEL', 'large')).toBe(':1\r\n');
    await say('CONFIG', 'SET', 'stop-writes-on-bgsave-error', 'yes');
    expect(await say('SET', 'small', '2')).toBe(MISCONF_SAVE);
    expect(await say('SAVE')).toBe('+OK\r\n');
    expect(await say('SET', 'small', '2')).toBe('+OK\r\n');
  });

  it('does not let SIGTERM lose what can not be saved', async () => {
    await start(['--save', '3600 1'], how);
    await say('SET', 'large', LARGE);
    server.program.signal('SIGTERM');
    while (!server.program.log.includes('errors trying to shut down')) await say('PING');
    expect(await say('STRLEN', 'large')).toBe(`:${LARGE.length}\r\n`);
    await say('DEL', 'large');
    server.program.signal('SIGTERM');
    expect(await server.program.ended).toBe(0);
  });

  it('lets nothing more be written to the append only file, and all again after a rewrite', async () => {
    await start(['--save', '', '--appendonly', 'yes'], how);
    expect(await say('SET', 'small', '1')).toBe('+OK\r\n');
    await say('SET', 'large', LARGE);
    await until((info) => info.includes('aof_last_write_status:err'), 'persistence');
    expect(await say('SET', 'small', '2')).toMatch(/^-MISCONF Errors writing to the AOF file: /);
    expect(await say('GET', 'small')).toBe('$1\r\n1\r\n');
    await server.program.kill();
    await start(['--save', '', '--appendonly', 'yes'], roomy());
    expect(await say('GET', 'small')).toBe('$1\r\n1\r\n');
    expect(await say('SET', 'small', '2')).toBe('+OK\r\n');
  });

  it('ends a server that has promised to keep what it answers, and nothing answered is lost', async () => {
    await start(['--save', '', '--appendonly', 'yes', '--appendfsync', 'always'], how);
    expect(await say('SET', 'small', '1')).toBe('+OK\r\n');
    server.client.send('SET', 'large', LARGE);
    expect(await server.program.ended).toBe(1);
    expect(server.program.log).toContain("Can't recover from AOF write error");
    await start(['--save', '', '--appendonly', 'yes'], roomy());
    expect(await say('GET', 'small')).toBe('$1\r\n1\r\n');
    expect(await say('EXISTS', 'large')).toBe(':0\r\n');
  });
});

describe('what can not be written or read', () => {
  it('is told by SAVE, and nothing else happens', async () => {
    // Nobody may write there, not even root.
    await start(['--save', '', '--dir', '/proc']);
    await say('SET', 'k', 'v');
    expect(await say('SAVE')).toBe('-ERR\r\n');
    expect(await say('BGSAVE')).toBe('+Background saving started\r\n');
    await until((info) => info.includes('rdb_last_bgsave_status:err'), 'persistence');
    expect(await say('GET', 'k')).toBe('$1\r\nv\r\n');
  });

  it('is told by SAVE when the folder has gone', async () => {
    await start(['--save', '']);
    rmSync(server.dir, { recursive: true });
    await say('SET', 'k', 'v');
    expect(await say('SAVE')).toBe('-ERR\r\n');
    mkdirSync(server.dir);
    expect(await say('GET', 'k')).toBe('$1\r\nv\r\n');
  });

  for (const [name, options, words] of [
    ['dump.rdb', [], /dump\.rdb.*Is a directory/s],
    ['appendonlydir', ['--appendonly', 'yes'], /appendonlydir/],
    ['users.acl', ['--aclfile', 'users.acl'], /users\.acl/],
  ] as const) {
    it(`ends the start when it is of another kind: ${name}`, async () => {
      if (name === 'appendonlydir') writeFileSync(join(server.dir, name), 'a file');
      else mkdirSync(join(server.dir, name));
      const { code, log } = await failure(
        options.map((one) => one.replace('users', `${server.dir}/users`)),
      );
      expect(code).toBe(1);
      expect(log).toMatch(words);
    });
  }
});

describe('SIGTERM', () => {
  /** So much that saving and loading take a while. */
  async function fill(): Promise<void> {
    const script =
      "for i = 1, 200000 do redis.call('SET', 'key:' .. i, 'value of some length:' .. i) end";
    await say('EVAL', script, '0');
  }

  it('during a save ends with a save of all there is', async () => {
    await start(['--save', '3600 1000000']);
    await fill();
    expect(await say('BGSAVE')).toBe('+Background saving started\r\n');
    await say('SET', 'later', '1');
    server.program.signal('SIGTERM');
    expect(await server.program.ended).toBe(0);
    expect(readdirSync(server.dir)).toEqual(['dump.rdb']);
    await start(['--save', '']);
    expect(await say('DBSIZE')).toBe(':200001\r\n');
  });

  it('during a rewrite of the append only file ends with all there is', async () => {
    await start(['--save', '', '--appendonly', 'yes']);
    await fill();
    await say('BGREWRITEAOF');
    await say('SET', 'later', '1');
    server.program.signal('SIGTERM');
    expect(await server.program.ended).toBe(0);
    await start(['--save', '', '--appendonly', 'yes']);
    expect(await say('DBSIZE')).toBe(':200001\r\n');
  });

  it('during loading ends at once, and the file stays', async () => {
    await start(['--save', '']);
    await fill();
    await say('SAVE');
    await server.program.kill();
    const file = readFileSync(join(server.dir, 'dump.rdb'));
    await start(['--save', '3600 1', '--key-load-delay', '100'], { waits: false });
    expect(await say('GET', 'key:1')).toMatch(/^-LOADING /);
    server.program.signal('SIGTERM');
    expect(await server.program.ended).toBe(0);
    expect(server.program.log).toContain('during loading');
    expect(readFileSync(join(server.dir, 'dump.rdb')).equals(file)).toBe(true);
    expect(readdirSync(server.dir)).toEqual(['dump.rdb']);
  });

  it('during the loading of an append only file ends at once, and the files stay', async () => {
    // Not every second: what comes while the disk is at it is written later, and a kill would lose it.
    const options = ['--save', '', '--appendonly', 'yes', '--appendfsync', 'no'];
    await start(options);
    await say('CONFIG', 'SET', 'auto-aof-rewrite-percentage', '0');
    await fill();
    for (let i = 0; i < 1000; i++) await say('SET', `later:${i}`, 'v');
    await server.program.kill();
    const files = join(server.dir, 'appendonlydir');
    const sizes = (): number[] =>
      readdirSync(files).map((name) => statSync(join(files, name)).size);
    const before = sizes();
    const total = before.reduce((sum, size) => sum + size, 0);
    // It takes minutes, if it is not ended.
    await start([...options, '--key-load-delay', '2000'], { waits: false });
    expect(await say('GET', 'key:1')).toMatch(/^-LOADING /);
    const info = async (name: string): Promise<number> =>
      Number(new RegExp(`^${name}:(\\d+)`, 'm').exec(await say('INFO', 'persistence'))?.[1]);
    while ((await info('loading_loaded_bytes')) === 0);
    expect(await info('loading')).toBe(1);
    expect(await say('INFO', 'persistence')).toMatch(/loading_loaded_perc:\d+\.\d\d\r\n/);
    expect(await info('loading_loaded_bytes')).toBeLessThan(total);
    expect(total - (await info('loading_total_bytes'))).toBeLessThan(200);
    server.program.signal('SIGTERM');
    expect(await server.program.ended).toBe(0);
    expect(server.program.log).toContain('during loading');
    expect(sizes()).toEqual(before);
    await start(options);
    expect(await say('DBSIZE')).toBe(':201000\r\n');
  });
});
