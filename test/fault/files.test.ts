/**
 * Files that can't be read, or say what they can't: the start ends with exit code 1 and one line that
 * says which file, and where in it; nothing is changed.
 */

import {
  chmodSync,
  chownSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { StartedProgram, StartOptions } from '../support/built.ts';
import { RespClient } from '../support/resp-client.ts';
import { useBuild } from '../support/restarts.ts';

const AOF = ['--appendonly', 'yes'];
const RDB = 'dump.rdb';
const SESSIONS = 'dump.sessions.rdb';
const LIBRARY = "#!lua name=lib\nredis.register_function('f', function() return 1 end)";
/** root may read everything, so that somebody else must be sent. */
const NOBODY = 65534;
const isRoot = process.getuid?.() === 0;

const build = useBuild();
let dir: string;
/** Good files, by name. */
const good = new Map<string, Buffer>();

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'zonis-data-'));
  const plain = ['--rdbcompression', 'no', '--rdbchecksum', 'no', '--save', ''];
  await using(await start([...AOF, ...plain]), async (say) => {
    await say('SET', 'k', 'v');
    await say('FUNCTION', 'LOAD', LIBRARY);
    await say('SESSION.SET', 'web', 's', 'data', '1000', 'META', '1', 'site', 'user');
    await say('BGREWRITEAOF');
    while ((await say('INFO', 'persistence')).includes('aof_rewrite_in_progress:1'));
    await say('RPUSH', 'list', 'a', 'b');
    await say('SAVE');
  });
  for (const name of readdirSync(dir, { recursive: true }).map(String)) {
    if (!statSync(join(dir, name)).isDirectory()) good.set(name, readFileSync(join(dir, name)));
  }
  rmSync(dir, { recursive: true });
}, 60_000);

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'zonis-data-'));
  for (const [name, bytes] of good) write(name, bytes);
});

afterEach(() => rmSync(dir, { recursive: true, force: true }));

function write(name: string, bytes: string | Uint8Array): void {
  mkdirSync(dirname(join(dir, name)), { recursive: true });
  writeFileSync(join(dir, name), bytes, 'latin1');
}

/** The name of a good file that has a part of its name. */
function named(part: string): string {
  const name = [...good.keys()].find((each) => each.includes(part));
  if (name === undefined) throw new Error(`no ${part} among ${[...good.keys()].join()}`);
  return name;
}

async function start(options: readonly string[], how: StartOptions = {}): Promise<StartedProgram> {
  return build.start(['--dir', dir, ...options], how);
}

async function using(
  program: StartedProgram,
  use: (say: (...request: string[]) => Promise<string>) => Promise<void>,
): Promise<void> {
  const client = await RespClient.connect(program.address);
  try {
    await use(async (...request) => (await client.call(...request)).raw);
  } finally {
    client.close();
    await program.kill();
  }
}

/** What is in the folder, by name. */
function contents(): Record<string, string> {
  const names = readdirSync(dir, { recursive: true }).map(String).sort();
  const files = names.filter((name) => !statSync(join(dir, name)).isDirectory());
  return Object.fromEntries(files.map((name) => [name, readFileSync(join(dir, name), 'latin1')]));
}

/** Expects a start to fail with a line that says so, and everything to be as before. */
async function refused(
  options: readonly string[],
  words: RegExp,
  how: StartOptions = {},
): Promise<void> {
  const before = contents();
  let said = '';
  await start(options, how).then(
    (program) => program.kill(),
    (error: Error) => {
      said = error.message;
    },
  );
  expect(said).toMatch(/^it ended with 1:/);
  expect(said).toMatch(words);
  // No stack trace.
  expect(said).not.toMatch(/^ +at /m);
  expect(contents()).toEqual(before);
}

type Change = (bytes: Buffer) => Buffer | string;
const cut: Change = (bytes) => bytes.subarray(0, bytes.length - 12);
const nothing: Change = () => '';
const garbage: Change = () => 'This is no file of ours, but someone has put it here.\n';
const version: Change = (bytes) => Buffer.concat([Buffer.from('REDIS0099'), bytes.subarray(9)]);
const swapped =
  (from: string, to: string): Change =>
  (bytes) =>
    Buffer.from(bytes.toString('latin1').replace(from, to), 'latin1');
/** The checksum, when it is not 0, must be right. */
const sum: Change = (bytes) => Buffer.concat([bytes.subarray(0, -1), Buffer.from([1])]);

describe('a file that is not what it should be ends the start', () => {
  it.each<[string, string, Change, RegExp]>([
    ['a snapshot that is empty', RDB, nothing, /dump\.rdb.*byte \d+/s],
    ['a snapshot that is something else', RDB, garbage, /dump\.rdb.*byte \d+/s],
    ['a snapshot that is cut', RDB, cut, /dump\.rdb.*byte \d+/s],
    ['a snapshot of the future', RDB, version, /dump\.rdb.*99/s],
    ['a snapshot with a wrong checksum', RDB, sum, /dump\.rdb: RDB CRC error at byte \d+/],
    ['a library that does not compile', RDB, swapped('return 1', 'retur( 1'), /dump\.rdb.*lib/s],
    ['sessions that are cut', SESSIONS, cut, /dump\.sessions\.rdb.*byte \d+/s],
    ['sessions that are something else', SESSIONS, garbage, /dump\.sessions\.rdb.*byte \d+/s],
  ])('%s', async (_, name, change, words) => {
    write(name, change(good.get(name) as Buffer));
    await refused([], words);
  });

  it.each<[string, string, Change, RegExp]>([
    ['a base that is empty', 'base', cut, /base\.rdb.*byte \d+/s],
    ['a base of the future', 'base', version, /base\.rdb.*99/s],
    ['a base with a wrong checksum', 'base', sum, /base\.rdb.*RDB CRC error at byte \d+/],
    ['an increment that is something else', 'incr', garbage, /incr\.aof at byte 0/],
    ['an increment with a word too many', 'incr', swapped('*4', '*3'), /incr\.aof at byte \d+/],
    ['an unknown command', 'incr', swapped('RPUSH', 'RPUSX'), /RPUSX.*incr\.aof at byte \d+/],
    ['a manifest that is empty', 'manifest', nothing, /manifest/i],
    ['a manifest that is something else', 'manifest', garbage, /manifest/i],
    ['a manifest with a path in it', 'manifest', swapped('file a', 'file ../a'), /manifest|path/i],
  ])('%s', async (_, part, change, words) => {
    const name = named(part);
    write(name, change(good.get(name) as Buffer));
    await refused(AOF, words);
  });

  it.each([
    ['base', /base\.rdb.*No such file/s],
    ['incr', /incr\.aof.*No such file/s],
  ])('a file that the manifest names and that has vanished: %s', async (part, words) => {
    rmSync(join(dir, named(part)));
    await refused(AOF, words);
  });

  it.each([
    ['dump.rdb', []],
    [SESSIONS, []],
    ['base', AOF],
    ['incr', AOF],
    ['manifest', AOF],
  ])('a folder in its place: %s', async (part, options) => {
    const name = named(part);
    rmSync(join(dir, name));
    mkdirSync(join(dir, name));
    await refused(options, /directory/i);
  });

  it('a list of users that is none, or is not there', async () => {
    write('users.acl', 'user ann on nopass ~* +@all\nnonsense\n');
    await refused(['--aclfile', join(dir, 'users.acl')], /users\.acl:2/);
    write('users.acl', 'user ann on +nosuchcommand\n');
    await refused(['--aclfile', join(dir, 'users.acl')], /users\.acl:1.*nosuchcommand/s);
    await refused(['--aclfile', join(dir, 'none.acl')], /none\.acl/);
  });

  it('a configuration that is none, or is not there', async () => {
    write('bad.conf', 'save 60 1\nmaxmemory much\n');
    await refused(['--include', join(dir, 'bad.conf')], /maxmemory/);
    await refused(['--include', join(dir, 'none.conf')], /none\.conf/);
    mkdirSync(join(dir, 'folder.conf'));
    await refused(['--include', join(dir, 'folder.conf')], /folder\.conf/);
  });
});

describe('what may not be read or written', () => {
  const how: StartOptions = isRoot ? { uid: NOBODY } : {};
  let reason = '';

  beforeAll(async () => {
    if (!isRoot) return;
    for (const folder of [build.folder, join(build.folder, 'dist')]) chmodSync(folder, 0o755);
    const empty = mkdtempSync(join(tmpdir(), 'zonis-data-'));
    chownSync(empty, NOBODY, NOBODY);
    try {
      const program = await build.start(['--dir', empty], how);
      await program.kill();
    } catch {
      reason = 'the program lies where only root goes';
    }
    rmSync(empty, { recursive: true });
  });

  beforeEach(({ skip }) => {
    if (reason !== '') skip(reason);
  });

  it.each([
    ['dump.rdb', [], /dump\.rdb.*Permission denied/s],
    [SESSIONS, [], /dump\.sessions\.rdb.*Permission denied/s],
    ['base', AOF, /base\.rdb.*Permission denied/s],
    ['incr', AOF, /incr\.aof.*Permission denied/s],
    ['manifest', AOF, /manifest.*Permission denied/s],
  ])('ends the start: %s', async (part, options, words) => {
    const name = named(part);
    chmodSync(dir, 0o755);
    chmodSync(join(dir, name), 0o000);
    const before = { mode: statSync(join(dir, name)).mode };
    let said = '';
    await start(options, how).then(
      (program) => program.kill(),
      (error: Error) => {
        said = error.message;
      },
    );
    expect(said).toMatch(/^it ended with 1:/);
    expect(said).toMatch(words);
    expect(statSync(join(dir, name)).mode).toBe(before.mode);
  });

  it('a folder that is read only: all is there, and saving says why it can not be', async () => {
    chmodSync(dir, 0o555);
    try {
      await using(await start(['--save', '3600 1'], how), async (say) => {
        expect(await say('GET', 'k')).toBe('$1\r\nv\r\n');
        expect(await say('SET', 'k', '2')).toBe('+OK\r\n');
        expect(await say('SAVE')).toBe('-ERR\r\n');
        await say('BGSAVE');
        while (!(await say('INFO', 'persistence')).includes('rdb_last_bgsave_status:err'));
        expect(await say('SET', 'k', '3')).toMatch(/^-MISCONF/);
        chmodSync(dir, 0o777);
        expect(await say('SAVE')).toBe('+OK\r\n');
        expect(await say('SET', 'k', '3')).toBe('+OK\r\n');
      });
    } finally {
      chmodSync(dir, 0o755);
    }
  });

  it('an append only file that is read only ends the start', async () => {
    chmodSync(dir, 0o755);
    chmodSync(join(dir, 'appendonlydir'), 0o555);
    for (const name of [named('base'), named('incr'), named('manifest')]) {
      chmodSync(join(dir, name), 0o444);
    }
    await refused(AOF, /append-only file.*Permission denied/s, how);
  });
});
