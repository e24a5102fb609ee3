/** Saves and loads: what becomes a file when, and what is served meanwhile. */

import { describe, expect, test } from 'vitest';
import type { Loading } from '../../../src/persistence/loading.ts';
import { LoadError } from '../../../src/persistence/rdb-load.ts';
import type { Saves } from '../../../src/persistence/saves.ts';
import { type MemoryDisk, memoryDisk } from '../../support/disk.ts';
import { type Offline, openOffline } from '../../support/offline.ts';

interface Saved extends Offline {
  readonly disk: MemoryDisk;
  readonly saves: Saves;
  readonly loading: Loading;
  /** Goes on with a background save until it ends. */
  finish(): Promise<void>;
  /** What INFO persistence says of a field. */
  info(field: string): string | undefined;
}

function open(directives: Readonly<Record<string, string>> = {}, disk = memoryDisk()): Saved {
  const server = openOffline(
    { maxmemory: '4mb', dir: '/data', save: '""', ...directives },
    { disk },
  );
  const saves = server.instance.saving as Saves;
  return {
    ...server,
    disk,
    saves,
    loading: server.instance.loading as Loading,
    async finish() {
      while (saves.isRunning) {
        saves.work();
        await Promise.resolve();
      }
    },
    info: (field) =>
      new RegExp(`^${field}:(.*)\r$`, 'm').exec(server.run('INFO', 'persistence'))?.[1],
  };
}

/** A server that has loaded what another left on a disk. */
async function restarted({ disk }: Saved, directives: Readonly<Record<string, string>> = {}) {
  const server = open(directives, disk);
  await server.loading.load();
  return server;
}

const NO_SPACE = '-MISCONF Redis is configured to save RDB snapshots';

describe('SAVE', () => {
  test('writes what a server that starts later loads', async () => {
    const server = open();
    server.run('SET', 'a', '1');
    server.run('SET', 'b', '2', 'EX', '100');
    expect(server.info('rdb_changes_since_last_save')).toBe('2');
    server.clock.advance(5000);
    expect(server.run('SAVE')).toBe('+OK\r\n');
    expect([...server.disk.files.keys()]).toEqual(['/data/dump.rdb']);
    expect(server.info('rdb_changes_since_last_save')).toBe('0');
    expect(server.info('rdb_saves')).toBe('1');
    const time = Math.floor(server.clock.now() / 1000);
    expect(server.run('LASTSAVE')).toBe(`:${time}\r\n`);
    const other = await restarted(server);
    expect(other.run('MGET', 'a', 'b')).toBe('*2\r\n$1\r\n1\r\n$1\r\n2\r\n');
    expect(other.info('rdb_last_load_keys_loaded')).toBe('2');
    expect(other.info('rdb_changes_since_last_save')).toBe('0');
    expect(other.info('loading')).toBe('0');
  });

  test('gives each zone that holds something a file of its own', async () => {
    const server = open({ dbfilename: 'my.data.rdb' });
    server.run('SET', 'a', '1');
    server.run('SESSION.SET', 'web', 'k', 'v', '60', 'META', '1', 'user', '7');
    server.run('SAVE');
    expect([...server.disk.files.keys()]).toEqual([
      '/data/my.data.rdb',
      '/data/my.data.sessions.rdb',
    ]);
    const other = await restarted(server, { dbfilename: 'my.data.rdb' });
    expect(other.run('SESSION.GET', 'web', 'k')).toBe('$1\r\nv\r\n');
    other.run('SESSION.DEL', 'web', 'k');
    other.run('SELECT', '16');
    expect(other.run('DBSIZE')).toBe(':0\r\n');
    // What is empty must not come back.
    other.run('SAVE');
    expect([...other.disk.files.keys()]).toEqual(['/data/my.data.rdb']);
  });

  test.each(['draft', 'write', 'sync', 'place'] as const)(
    'that fails at its %s leaves the old file as it was',
    (failing) => {
      const server = open();
      server.run('SET', 'a', '1');
      server.run('SAVE');
      const before = server.disk.files.get('/data/dump.rdb');
      server.run('SET', 'a', '2');
      server.disk.failing = failing;
      expect(server.run('SAVE')).toBe('-ERR\r\n');
      expect(server.disk.files.get('/data/dump.rdb')).toBe(before);
      expect(server.disk.drafts).toBe(0);
      expect(server.zone.table.guard).toBeUndefined();
      expect(server.info('rdb_changes_since_last_save')).toBe('1');
      server.disk.failing = undefined;
      expect(server.run('SAVE')).toBe('+OK\r\n');
    },
  );
});

describe('BGSAVE', () => {
  test('keeps the moment it began, and the changes since count', async () => {
    const server = open();
    for (let i = 0; i < 100; i++) server.run('SET', `key:${i}`, 'before');
    expect(server.run('BGSAVE')).toBe('+Background saving started\r\n');
    expect(server.run('BGSAVE')).toBe('-ERR Background save already in progress\r\n');
    expect(server.run('SAVE')).toBe('-ERR Background save already in progress\r\n');
    expect(server.info('rdb_bgsave_in_progress')).toBe('1');
    expect(server.info('current_save_keys_total')).toBe('100');
    for (let i = 0; i < 50; i++) server.run('SET', `key:${i}`, 'after');
    server.run('SET', 'new', 'after');
    server.run('DEL', 'key:99');
    await server.finish();
    expect(server.info('rdb_bgsave_in_progress')).toBe('0');
    expect(server.info('rdb_last_bgsave_status')).toBe('ok');
    expect(server.info('rdb_last_bgsave_time_sec')).toBe('0');
    expect(server.info('rdb_changes_since_last_save')).toBe('52');
    expect(server.instance.audience.isPresent).toBe(false);
    const other = await restarted(server);
    expect(other.run('DBSIZE')).toBe(':100\r\n');
    for (let i = 0; i < 100; i++) expect(other.run('GET', `key:${i}`)).toBe('$6\r\nbefore\r\n');
  });

  test('is given up for FLUSHALL, as in Redis', async () => {
    const server = open();
    server.run('SET', 'a', '1');
    server.run('BGSAVE');
    server.run('FLUSHALL');
    expect(server.info('rdb_bgsave_in_progress')).toBe('0');
    expect(server.info('rdb_last_bgsave_status')).toBe('ok');
    expect(server.disk.files.size).toBe(0);
    expect(server.disk.drafts).toBe(0);
  });

  test('waits in a transaction until that is over', async () => {
    const server = open();
    server.run('MULTI');
    server.run('BGSAVE');
    expect(server.run('EXEC')).toBe('*1\r\n+Background saving scheduled\r\n');
    expect(server.info('rdb_bgsave_in_progress')).toBe('0');
    server.saves.tick();
    expect(server.info('rdb_bgsave_in_progress')).toBe('1');
    await server.finish();
    expect(server.disk.files.size).toBe(1);
  });

  test.each(['write', 'sync', 'place', 'folder'] as const)(
    'that fails at its %s has writes refused until one succeeds',
    async (failing) => {
      const server = open({ save: '3600 1' });
      server.run('SET', 'a', '1');
      server.disk.failing = failing;
      server.run('BGSAVE');
      await server.finish();
      expect(server.info('rdb_last_bgsave_status')).toBe('err');
      expect(server.disk.drafts).toBe(0);
      expect(server.run('SET', 'a', '2')).toContain(NO_SPACE);
      expect(server.run('PING')).toContain(NO_SPACE);
      expect(server.run('EVAL', "return redis.call('SET', 'a', '3')", '0')).toContain(NO_SPACE);
      expect(server.run('EVAL', '#!lua\nreturn 1', '0')).toContain('Writable scripts are blocked');
      expect(server.run('EVAL', '#!lua flags=no-writes\nreturn 1', '0')).toBe(':1\r\n');
      expect(server.run('GET', 'a')).toBe('$1\r\n1\r\n');
      server.run('MULTI');
      expect(server.run('SET', 'a', '2')).toContain(NO_SPACE);
      expect(server.run('EXEC')).toMatch(/^-EXECABORT/);
      server.run('CONFIG', 'SET', 'stop-writes-on-bgsave-error', 'no');
      expect(server.run('SET', 'a', '2')).toBe('+OK\r\n');
      server.run('CONFIG', 'SET', 'stop-writes-on-bgsave-error', 'yes');
      expect(server.run('SET', 'a', '2')).toContain(NO_SPACE);
      server.run('CONFIG', 'SET', 'save', '');
      expect(server.run('SET', 'a', '2')).toBe('+OK\r\n');
      server.run('CONFIG', 'SET', 'save', '3600 1');
      server.disk.failing = undefined;
      server.run('BGSAVE');
      await server.finish();
      expect(server.run('SET', 'a', '3')).toBe('+OK\r\n');
      expect(server.info('rdb_last_bgsave_status')).toBe('ok');
    },
  );

  test('that can not begin has failed', () => {
    const server = open();
    server.disk.failing = 'draft';
    // As in Redis, whose child fails a moment later.
    expect(server.run('BGSAVE')).toBe('+Background saving started\r\n');
    expect(server.info('rdb_last_bgsave_status')).toBe('err');
    expect(server.zone.table.guard).toBeUndefined();
  });

  test('goes on when a zone takes another size', async () => {
    const server = open();
    for (let i = 0; i < 100; i++) server.run('SET', `key:${i}`, 'before');
    server.run('BGSAVE');
    server.run('CONFIG', 'SET', 'maxmemory', '8mb');
    server.run('SET', 'key:1', 'after');
    await server.finish();
    const other = await restarted(server);
    for (let i = 0; i < 100; i++) expect(other.run('GET', `key:${i}`)).toBe('$6\r\nbefore\r\n');
  });
});

describe('save points', () => {
  test('save when there were so many changes in so many seconds', async () => {
    const server = open({ save: '60 2' });
    server.run('SET', 'a', '1');
    server.clock.advance(61_000);
    server.saves.tick();
    expect(server.saves.isRunning).toBe(false);
    server.run('SET', 'a', '2');
    server.saves.tick();
    expect(server.saves.isRunning).toBe(true);
    await server.finish();
    server.run('SET', 'a', '3');
    server.run('SET', 'a', '4');
    server.saves.tick();
    expect(server.saves.isRunning).toBe(false);
  });

  test('try again some seconds after a failure', async () => {
    const server = open({ save: '60 1' });
    server.run('SET', 'a', '1');
    server.clock.advance(61_000);
    server.disk.failing = 'write';
    server.saves.tick();
    await server.finish();
    server.saves.tick();
    expect(server.saves.isRunning).toBe(false);
    server.clock.advance(6000);
    server.disk.failing = undefined;
    server.saves.tick();
    await server.finish();
    expect(server.info('rdb_last_bgsave_status')).toBe('ok');
  });

  test('have FLUSHALL leave an empty file', async () => {
    const server = open({ save: '60 1' });
    server.run('SET', 'a', '1');
    server.run('SAVE');
    server.run('FLUSHALL');
    expect(server.info('rdb_changes_since_last_save')).toBe('0');
    expect((await restarted(server)).run('DBSIZE')).toBe(':0\r\n');
  });
});

describe('SHUTDOWN', () => {
  test.each([
    ['', [], 0],
    ['3600 1', [], 1],
    ['', ['SAVE'], 1],
    ['3600 1', ['NOSAVE'], 0],
    ['3600 1', ['NOW', 'FORCE'], 1],
  ])('with save points "%s" and options %s leaves so many files: %i', (save, options, count) => {
    const server = open({ save: `"${save}"` });
    server.run('SET', 'a', '1');
    server.run('SHUTDOWN', ...options);
    expect(server.disk.files.size).toBe(count);
  });

  test('does not happen when what is to be saved can not be, unless it must', () => {
    const server = open({ save: '3600 1' });
    server.disk.failing = 'write';
    expect(server.run('SHUTDOWN')).toBe('-ERR Errors trying to SHUTDOWN. Check logs.\r\n');
    expect(server.run('SHUTDOWN', 'FORCE')).toBe('');
    expect(server.run('SHUTDOWN', 'NOSAVE')).toBe('');
    expect(server.run('SHUTDOWN', 'ABORT')).toBe('-ERR No shutdown in progress.\r\n');
  });

  test('gives a background save up', () => {
    const server = open();
    server.run('BGSAVE');
    server.run('SHUTDOWN');
    expect(server.disk.drafts).toBe(0);
  });
});

test('DEBUG FAIL-BACKGROUND fails the background save that goes on', async () => {
  const server = open({ 'enable-debug-command': 'yes', save: '900 1' });
  server.run('SET', 'a', '1');
  expect(server.run('DEBUG', 'FAIL-BACKGROUND')).toBe('+OK\r\n');
  server.run('BGSAVE');
  expect(server.info('rdb_bgsave_in_progress')).toBe('1');
  server.run('DEBUG', 'FAIL-BACKGROUND');
  expect(server.info('rdb_bgsave_in_progress')).toBe('0');
  expect(server.info('rdb_last_bgsave_status')).toBe('err');
  expect([...server.disk.files.keys()]).toEqual([]);
  expect(server.run('SET', 'a', '2')).toMatch(/^-MISCONF/);
  expect(server.run('GET', 'a')).toBe('$1\r\n1\r\n');
  server.run('BGSAVE');
  await server.finish();
  expect(server.run('SET', 'a', '2')).toBe('+OK\r\n');
});

describe('DEBUG RELOAD', () => {
  const debugging = { 'enable-debug-command': 'yes' };

  test('loads what it saves, or what was saved before', () => {
    const server = open(debugging);
    server.run('SET', 'a', '1');
    expect(server.run('DEBUG', 'RELOAD')).toBe('+OK\r\n');
    server.run('SET', 'a', '2');
    server.run('SET', 'b', '3');
    expect(server.run('DEBUG', 'RELOAD', 'NOSAVE')).toBe('+OK\r\n');
    expect(server.run('MGET', 'a', 'b')).toBe('*2\r\n$1\r\n1\r\n$-1\r\n');
  });

  test('merges with what is there', () => {
    const server = open(debugging);
    server.run('SET', 'a', '1');
    server.run('SAVE');
    server.run('SET', 'a', '2');
    server.run('SET', 'b', '3');
    expect(server.run('DEBUG', 'RELOAD', 'NOSAVE', 'NOFLUSH', 'MERGE')).toBe('+OK\r\n');
    expect(server.run('MGET', 'a', 'b')).toBe('*2\r\n$1\r\n1\r\n$1\r\n3\r\n');
  });

  test('says what it does not know, and that there is no file', () => {
    const server = open(debugging);
    expect(server.run('DEBUG', 'RELOAD', 'x')).toBe(
      '-ERR DEBUG RELOAD only supports the MERGE, NOFLUSH and NOSAVE options.\r\n',
    );
    server.run('SET', 'a', '1');
    expect(server.run('DEBUG', 'RELOAD', 'NOSAVE')).toBe(
      '-ERR Error trying to load the RDB dump, check server logs.\r\n',
    );
    expect(server.run('GET', 'a')).toBe('$1\r\n1\r\n');
    server.disk.failing = 'write';
    expect(server.run('DEBUG', 'RELOAD')).toBe('-ERR\r\n');
  });

  test('ends the server when the file is not whole: half of it must not be saved', () => {
    const server = open(debugging);
    server.run('SET', 'a', '1');
    server.run('SAVE');
    const bytes = server.disk.files.get('/data/dump.rdb') as Uint8Array;
    server.disk.files.set('/data/dump.rdb', bytes.slice(0, -3));
    let isFatal = false;
    server.loading.onFatal = () => {
      isFatal = true;
    };
    expect(server.run('DEBUG', 'RELOAD', 'NOSAVE')).toMatch(/^-ERR Error trying to load/);
    expect(isFatal).toBe(true);
  });
});

describe('loading', () => {
  test('refuses what touches keys, and tells how far it is', async () => {
    const first = open();
    for (let i = 0; i < 50; i++) first.run('SET', `key:${i}`, 'x');
    first.run('SAVE');
    const server = open({ 'key-load-delay': '1000' }, first.disk);
    const done = server.loading.load();
    expect(server.run('GET', 'key:1')).toBe('-LOADING Redis is loading the dataset in memory\r\n');
    expect(server.run('CONFIG', 'SET', 'dir', '/')).toMatch(/^-LOADING/);
    expect(server.run('CONFIG', 'SET', 'hz', '20')).toBe('+OK\r\n');
    expect(server.info('loading')).toBe('1');
    expect(server.info('loading_total_bytes')).toBe(
      String(first.disk.files.get('/data/dump.rdb')?.length),
    );
    expect(server.info('loading_loaded_perc')).toMatch(/^\d\.\d\d$/);
    await done;
    expect(server.info('loading')).toBe('0');
    expect(server.run('DBSIZE')).toBe(':50\r\n');
  });

  test('ends with a file that is not whole', async () => {
    const server = open();
    server.run('SET', 'a', '1');
    server.run('SAVE');
    const bytes = server.disk.files.get('/data/dump.rdb') as Uint8Array;
    server.disk.files.set('/data/dump.rdb', bytes.slice(0, -3));
    const load = restarted(server);
    await expect(load).rejects.toThrow(LoadError);
    await expect(load).rejects.toThrow(
      /^Can't load the RDB file \/data\/dump\.rdb: Unexpected EOF reading RDB file at byte \d+/,
    );
    server.disk.failing = 'open';
    await expect(restarted(server)).rejects.toThrow("can't open the RDB file /data/dump.rdb");
  });
});
