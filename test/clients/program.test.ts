/** The program as people run it: start, screen, signals, mistakes, redis-cli. */

import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { buildProgram } from '../support/built.ts';
import { freePort } from '../support/redis.ts';
import { RespClient } from '../support/resp-client.ts';

const folder = mkdtempSync(join(tmpdir(), 'zonis-'));
let main: string;
const started: ChildProcess[] = [];

beforeAll(() => {
  main = buildProgram(folder);
});

afterAll(async () => {
  for (const child of started) {
    if (child.exitCode !== null || child.signalCode !== null) continue;
    child.kill('SIGKILL');
    await once(child, 'exit');
  }
  rmSync(folder, { recursive: true });
});

interface Program {
  readonly child: ChildProcess;
  /** What it has printed until it said that it is ready. */
  readonly screen: string;
  readonly port: number;
}

/** Starts the program and waits until it is ready. What it says later is read from its stdout. */
async function run(...argv: string[]): Promise<Omit<Program, 'port'>> {
  // Nothing is to be left behind; who wants files says so.
  const save = argv.includes('--save') ? [] : ['--save', ''];
  const child = spawn('node', [main, ...argv, ...save], {
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  started.push(child);
  let screen = '';
  for await (const text of child.stdout.iterator({ destroyOnReturn: false })) {
    screen += String(text);
    if (screen.includes('Ready to accept connections')) break;
  }
  return { child, screen };
}

/** Starts the program on a port that is free. */
async function start(...argv: string[]): Promise<Program> {
  const port = await freePort();
  return { ...(await run(...argv, '--port', String(port))), port };
}

/** What the program says from now on until it ends, and its exit code. */
async function ending({
  child,
}: {
  child: ChildProcess;
}): Promise<{ text: string; code: unknown }> {
  let text = '';
  child.stdout?.on('data', (bytes) => {
    text += String(bytes);
  });
  child.stderr?.on('data', (bytes) => {
    text += String(bytes);
  });
  const [code] = await once(child, 'close');
  return { text, code };
}

function fail(argv: string[], input = '') {
  const { status, stdout, stderr } = spawnSync('node', [main, ...argv], { input, timeout: 20_000 });
  return { status, text: `${stdout}${stderr}` };
}

test('it prints version, address, zones with sizes and how to connect', async () => {
  const { child, screen, port } = await start('--zone', 'sessions 16mb allkeys-lru');
  expect(screen).toContain('Zonis 9.9.9');
  expect(screen).toMatch(/default +512 MiB +noeviction +databases 0-15/);
  expect(screen).toMatch(/sessions +16 MiB +allkeys-lru +database 16/);
  expect(screen).toContain(`redis-cli -p ${port}`);
  child.kill('SIGTERM');
  expect(await once(child, 'exit')).toEqual([0, null]);
});

for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  test(`${signal} answers what was asked and ends with 0`, async () => {
    const { child, port } = await start();
    const client = await RespClient.connect({ host: '127.0.0.1', port });
    expect((await client.call('SET', 'k', 'v')).raw).toBe('+OK\r\n');
    child.kill(signal);
    expect(await once(child, 'exit')).toEqual([0, null]);
    expect(await client.rest()).toBe('');
    client.close();
  });
}

test('a port that is taken is told in one line, with exit code 1', async () => {
  const holder = createServer().listen(0, '127.0.0.1');
  await once(holder, 'listening');
  const { port } = holder.address() as { port: number };
  const { status, text } = fail(['--bind', '127.0.0.1', '--port', String(port)]);
  holder.close();
  expect(status).toBe(1);
  expect(text).toBe(`Could not listen on port ${port} of 127.0.0.1: address already in use.\n`);
});

test('a Unix socket that can not be is named with the reason, with exit code 1', async () => {
  const port = String(await freePort());
  for (const [path, reason] of [
    [join(folder, 'none/z.sock'), 'no such file or directory'],
    [join(main, 'z.sock'), 'not a directory'],
  ]) {
    expect(fail(['--unixsocket', path, '--port', port])).toEqual({
      status: 1,
      text: `Could not listen on the Unix socket ${path}: ${reason}.\n`,
    });
  }
});

test('without a port and without a Unix socket it does not start', async () => {
  const nowhere = { status: 1, text: 'Configured to not listen anywhere, exiting.\n' };
  expect(fail(['--port', '0'])).toEqual(nowhere);
  expect(fail(['--port', String(await freePort()), '--bind', ''])).toEqual(nowhere);
});

test('the pidfile holds the process id while it runs', async () => {
  const pidfile = join(folder, 'z.pid');
  const program = await start('--pidfile', pidfile);
  expect(readFileSync(pidfile, 'utf8')).toBe(`${program.child.pid}\n`);
  program.child.kill('SIGTERM');
  expect((await ending(program)).code).toBe(0);
  expect(existsSync(pidfile)).toBe(false);
});

test('a pidfile that can not be written is logged, and no more', async () => {
  const program = await start('--pidfile', join(folder, 'none/z.pid'));
  expect(program.screen).toContain(
    `Could not write the pidfile ${join(folder, 'none/z.pid')}: No such file or directory`,
  );
  program.child.kill('SIGTERM');
  const { code, text } = await ending(program);
  expect(code).toBe(0);
  expect(text).not.toContain('pidfile');
});

test('a pidfile that somebody removed is logged, and SHUTDOWN ends with 0', async () => {
  const pidfile = join(folder, 'gone.pid');
  const program = await start('--pidfile', pidfile);
  rmSync(pidfile);
  const client = await RespClient.connect({ host: '127.0.0.1', port: program.port });
  client.send('SHUTDOWN');
  const { code, text } = await ending(program);
  client.close();
  expect(code).toBe(0);
  expect(text).toContain(`Could not remove the pidfile ${pidfile}: No such file or directory`);
});

test('a relative pidfile goes with the server even after CONFIG SET dir', async () => {
  const [first, second] = ['first', 'second'].map((name) => join(folder, name));
  for (const path of [first, second]) mkdirSync(path);
  const program = await start(
    ...['--dir', first, '--pidfile', 'z.pid', '--enable-protected-configs', 'yes'],
  );
  expect(existsSync(join(first, 'z.pid'))).toBe(true);
  const client = await RespClient.connect({ host: '127.0.0.1', port: program.port });
  expect((await client.call('CONFIG', 'SET', 'dir', second)).raw).toBe('+OK\r\n');
  client.close();
  program.child.kill('SIGTERM');
  expect((await ending(program)).code).toBe(0);
  expect(existsSync(join(first, 'z.pid'))).toBe(false);
});

test('what it has is saved at the end, and loaded at the next start', async () => {
  const dir = mkdtempSync(join(folder, 'saved-'));
  const argv = ['--dir', dir, '--save', '3600 1'];
  const first = await start(...argv);
  const client = await RespClient.connect({ host: '127.0.0.1', port: first.port });
  await client.call('SET', 'k', 'v');
  first.child.kill('SIGTERM');
  expect(await once(first.child, 'exit')).toEqual([0, null]);
  client.close();
  expect(readdirSync(dir)).toEqual(['dump.rdb']);

  const second = await start(...argv);
  const other = await RespClient.connect({ host: '127.0.0.1', port: second.port });
  expect((await other.call('GET', 'k')).raw).toBe('$1\r\nv\r\n');
  expect((await other.call('BGSAVE')).raw).toBe('+Background saving started\r\n');
  const isSaving = async (): Promise<boolean> =>
    (await other.call('INFO', 'persistence')).raw.includes('rdb_bgsave_in_progress:1');
  while (await isSaving());
  await other.call('SET', 'k', 'not kept');
  second.child.kill('SIGKILL');
  await once(second.child, 'exit');
  other.close();
  expect(readdirSync(dir)).toEqual(['dump.rdb']);

  const third = await start(...argv);
  const last = await RespClient.connect({ host: '127.0.0.1', port: third.port });
  expect((await last.call('GET', 'k')).raw).toBe('$1\r\nv\r\n');
  last.close();
  third.child.kill('SIGKILL');
  await once(third.child, 'exit');
});

test('a file that is not whole ends the start with exit code 1, and stays as it is', async () => {
  const dir = mkdtempSync(join(folder, 'torn-'));
  const file = join(dir, 'dump.rdb');
  const torn = Buffer.from('REDIS0010\xfe\x00\x00\x01k\x05v', 'latin1');
  writeFileSync(file, torn);
  const { status, text } = fail(['--dir', dir, '--port', String(await freePort())]);
  expect(status).toBe(1);
  expect(text).toContain(
    `Can't load the RDB file ${file}: Unexpected EOF reading RDB file at byte 15, in what begins at byte 11`,
  );
  expect(readFileSync(file)).toEqual(torn);
  expect(readdirSync(dir)).toEqual(['dump.rdb']);
});

test('SHUTDOWN saves if told so, and not otherwise', async () => {
  for (const [words, files] of [
    [['SAVE'], ['dump.rdb']],
    [['NOSAVE'], []],
    [[], []],
  ]) {
    const dir = mkdtempSync(join(folder, 'shutdown-'));
    const { child, port } = await start('--dir', dir);
    const client = await RespClient.connect({ host: '127.0.0.1', port });
    void client.call('SHUTDOWN', ...words).catch(() => {});
    expect(await once(child, 'exit')).toEqual([0, null]);
    client.close();
    expect(readdirSync(dir)).toEqual(files);
  }
});

test('an unknown directive is told with its line, with exit code 1', () => {
  const file = join(folder, 'bad.conf');
  writeFileSync(file, '# a comment\nport 0\nno-such-thing 1\n');
  const { status, text } = fail([file]);
  expect(status).toBe(1);
  expect(text).toContain(`at line 3 of ${file}`);
  expect(text).toContain(">>> 'no-such-thing 1'");
});

test('a bad value on the command line or in standard input is refused', () => {
  expect(fail(['--maxmemory', 'lots']).status).toBe(1);
  expect(fail(['-'], 'port abc\n').status).toBe(1);
  expect(fail(['--maxmemory', '100gb']).text).toContain("zone 'default'");
});

test('files include files, and options come after them', async () => {
  const included = join(folder, 'included.conf');
  const file = join(folder, 'good.conf');
  writeFileSync(included, 'maxmemory 32mb\ntimeout 7\n');
  writeFileSync(file, `include ${included}\n`);
  const port = await freePort();
  const { child, screen } = await run(file, '--port', String(port), '--timeout', '9');
  expect(screen).toMatch(/default +32 MiB/);
  const client = await RespClient.connect({ host: '127.0.0.1', port });
  expect((await client.call('CONFIG', 'GET', 'timeout')).raw).toBe(
    '*2\r\n$7\r\ntimeout\r\n$1\r\n9\r\n',
  );
  client.close();
  child.kill('SIGTERM');
  await once(child, 'exit');
});

test('users of the configuration are written back by CONFIG REWRITE', async () => {
  const file = join(folder, 'users.conf');
  writeFileSync(
    file,
    'user ann on >secret ~app:* +@all (%R~x +get)\nuser default on nopass -@all\n',
  );
  const first = await start(file);
  const client = await RespClient.connect({ host: '127.0.0.1', port: first.port });
  expect((await client.call('PING')).raw).toContain('NOPERM User default has no permissions');
  expect((await client.call('AUTH', 'ann', 'secret')).raw).toBe('+OK\r\n');
  await client.call('ACL', 'SETUSER', 'bob', 'on', '~a"b', '(~c', '+get)');
  await client.call('ACL', 'SETUSER', 'ann', '-flushall');
  const { raw } = await client.call('ACL', 'LIST');
  expect((await client.call('CONFIG', 'REWRITE')).raw).toBe('+OK\r\n');
  client.close();
  first.child.kill('SIGTERM');
  expect((await ending(first)).code).toBe(0);
  expect(readFileSync(file, 'latin1')).toMatch(/^user ann .*\nuser bob .*\n.*user default /s);
  const second = await start(file);
  const again = await RespClient.connect({ host: '127.0.0.1', port: second.port });
  await again.call('AUTH', 'ann', 'secret');
  expect((await again.call('ACL', 'LIST')).raw).toBe(raw);
  again.close();
  second.child.kill('SIGTERM');
  await ending(second);
});

test('users have a file of their own, which ACL SAVE writes and ACL LOAD reads', async () => {
  const users = join(folder, 'users');
  mkdirSync(users);
  const file = join(users, 'z.acl');
  writeFileSync(file, 'user ann on >secret ~app:* +@all\n');
  const conf = join(folder, 'acl.conf');
  writeFileSync(conf, `dir ${users}\naclfile z.acl\n`);
  const program = await start(conf);
  const client = await RespClient.connect({ host: '127.0.0.1', port: program.port });
  await client.call('ACL', 'SETUSER', 'bob', 'on');
  expect((await client.call('ACL', 'SAVE')).raw).toBe('+OK\r\n');
  expect(readFileSync(file, 'latin1')).toMatch(/^user ann .*\nuser bob .*\nuser default .*\n$/);
  expect(readdirSync(users)).toEqual(['z.acl']);
  // Users are no business of the configuration then.
  expect((await client.call('CONFIG', 'REWRITE')).raw).toBe('+OK\r\n');
  expect(readFileSync(conf, 'latin1')).not.toContain('user ann');
  writeFileSync(file, 'user ann on\nuser ann on\n');
  expect((await client.call('ACL', 'LOAD')).raw).toBe(
    "-ERR WARNING: Duplicate user 'ann' found on line 2. WARNING: ACL errors detected, no change " +
      'to the previously active ACL rules was performed\r\n',
  );
  expect((await client.call('ACL', 'USERS')).raw).toContain('bob');
  writeFileSync(file, 'user cid on\n');
  expect((await client.call('ACL', 'LOAD')).raw).toBe('+OK\r\n');
  expect((await client.call('ACL', 'USERS')).raw).toBe('*2\r\n$3\r\ncid\r\n$7\r\ndefault\r\n');
  rmSync(users, { recursive: true });
  expect((await client.call('ACL', 'SAVE')).raw).toContain(
    '-ERR There was an error trying to save',
  );
  client.close();
  program.child.kill('SIGTERM');
  await ending(program);
});

test('commands may have other names, or none', async () => {
  const file = join(folder, 'renamed.conf');
  writeFileSync(file, 'rename-command FLUSHALL badger\nrename-command KEYS ""\n');
  const program = await start(file);
  const client = await RespClient.connect({ host: '127.0.0.1', port: program.port });
  expect((await client.call('FLUSHALL')).raw).toContain('unknown command');
  expect((await client.call('KEYS', '*')).raw).toContain('unknown command');
  expect((await client.call('Badger', 'x')).raw).toBe('-ERR syntax error\r\n');
  expect((await client.call('BADGER')).raw).toBe('+OK\r\n');
  // Rules of users go by the names everybody knows.
  await client.call('ACL', 'SETUSER', 'ann', 'on', 'nopass', '+@all', '-flushall');
  await client.call('AUTH', 'ann', 'x');
  expect((await client.call('BADGER')).raw).toContain("run the 'flushall' command");
  client.close();
  program.child.kill('SIGTERM');
  await ending(program);
  expect(fail(['--rename-command', 'none', 'x']).text).toContain('No such command');
});

test('users that make no sense end the start, with exit code 1', () => {
  const file = join(folder, 'bad.acl');
  writeFileSync(file, 'user ann on +none\n');
  const told = fail(['--aclfile', file]);
  expect(told.status).toBe(1);
  expect(told.text).toContain(`${file}:1: Error in applying operation '+none'`);
  expect(fail(['--aclfile', join(folder, 'no.acl')]).text).toContain('No such file or directory');
  expect(fail(['--user', 'ann', 'on', '--aclfile', file]).text).toContain('but not both');
  expect(fail(['--user', 'ann', '--user', 'ann']).text).toContain('Duplicate user found');
  expect(fail(['--user', 'ann', '+none']).text).toBe(
    "Error loading ACL rule '+none' for the user named 'ann': Unknown command or category name " +
      'in ACL\n',
  );
});

test('a Unix socket has the permissions asked for and goes with the server', async () => {
  const path = join(folder, 'z.sock');
  const { child } = await start('--unixsocket', path, '--unixsocketperm', '700');
  expect(statSync(path).mode & 0o777).toBe(0o700);
  const { stdout } = spawnSync('redis-cli', ['-s', path, 'PING']);
  if (stdout !== null) expect(String(stdout)).toBe('PONG\n');
  child.kill('SIGTERM');
  expect(await once(child, 'exit')).toEqual([0, null]);
  expect(() => statSync(path)).toThrow();
});

test('--version and --help print and end', () => {
  expect(fail(['--version'])).toEqual({ status: 0, text: 'Zonis 9.9.9\n' });
  expect(fail(['--help']).text).toContain('Usage: zonis');
});
