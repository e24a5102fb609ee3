import { expect, test } from 'vitest';
import { type Offline, openOffline } from '../../support/offline.ts';
import { parse } from '../../support/resp-client.ts';

const library = (name: string, code: string): string => `#!lua name=${name}\n${code}`;
const single = (name: string, body: string): string =>
  library(name, `redis.register_function('${name}', function(keys, args) ${body} end)`);

function load(server: Offline, code: string): string {
  return server.run('FUNCTION', 'LOAD', code);
}

test('a library that takes half a second to load is not', () => {
  const server = openOffline();
  let now = 0;
  // Every look at the clock is 1 ms later than the one before.
  server.clock.monotonicMicros = () => (now += 1000);
  load(server, single('before', 'return 1'));
  expect(load(server, library('a', 'while true do end'))).toBe(
    '-ERR Error registering functions: ERR FUNCTION LOAD timeout\r\n',
  );
  expect(now).toBeGreaterThan(500_000);
  expect(now).toBeLessThan(600_000);
  expect(server.run('FCALL', 'before', '0')).toBe(':1\r\n');
  expect(load(server, single('a', 'return 2'))).toBe('$1\r\na\r\n');
});

test('all libraries go on in another interpreter when one breaks theirs', () => {
  const server = openOffline({ 'lua-memory-limit': '32mb' });
  load(server, single('one', 'return {keys[1], args[1]}'));
  load(server, single('eat', 'local t = {} while true do t[#t + 1] = {t} end'));
  for (let i = 0; i < 3; i++) {
    expect(server.run('FCALL', 'eat', '0')).toMatch(/^-ERR .*not enough memory/);
    expect(server.run('FCALL', 'one', '1', 'k', 'v')).toBe('*2\r\n$1\r\nk\r\n$1\r\nv\r\n');
  }
  expect(server.run('FUNCTION', 'DELETE', 'eat')).toBe('+OK\r\n');
  expect(server.run('FCALL', 'one', '1', 'k', 'v')).toBe('*2\r\n$1\r\nk\r\n$1\r\nv\r\n');
});

test('what is dumped can be restored, and counts as changes', () => {
  const server = openOffline();
  const changes = (): number => server.instance.keyspace.counts.dirty;
  load(server, single('one', 'return 1'));
  load(server, single('two', `return 2 -- ${'long '.repeat(50)}\n`));
  expect(changes()).toBe(2);
  const dump = parse(server.run('FUNCTION', 'DUMP'), 0)?.tree.text ?? '';
  expect(dump.length).toBeLessThan(300);
  server.run('FUNCTION', 'FLUSH');
  expect(server.run('FCALL', 'one', '0')).toBe('-ERR Function not found\r\n');
  expect(server.run('FUNCTION', 'RESTORE', dump)).toBe('+OK\r\n');
  expect(server.run('FCALL', 'one', '0') + server.run('FCALL', 'two', '0')).toBe(':1\r\n:2\r\n');
  expect(server.run('FUNCTION', 'DELETE', 'one')).toBe('+OK\r\n');
  expect(changes()).toBe(5);
  expect(server.run('INFO', 'memory')).toMatch(
    /number_of_functions:1\r\nnumber_of_libraries:1\r\n/,
  );
  for (let at = 0; at < dump.length; at += 7) {
    const torn =
      dump.slice(0, at) + String.fromCharCode(dump.charCodeAt(at) ^ 1) + dump.slice(at + 1);
    expect(server.run('FUNCTION', 'RESTORE', torn, 'FLUSH')).toMatch(/^-ERR DUMP payload/);
  }
  expect(server.run('FCALL', 'two', '0')).toBe(':2\r\n');
});

test('scripts and functions have globals of their own', () => {
  const server = openOffline();
  load(server, single('f', "return redis.call('GET', keys[1])"));
  expect(server.run('EVAL', 'return redis.register_function', '0')).toBe('$-1\r\n');
  expect(server.run('SET', 'k', 'v')).toBe('+OK\r\n');
  expect(server.run('FCALL', 'f', '1', 'k')).toBe('$1\r\nv\r\n');
  expect(server.run('SCRIPT', 'FLUSH')).toBe('+OK\r\n');
  expect(server.run('FCALL', 'f', '1', 'k')).toBe('$1\r\nv\r\n');
  expect(server.audit()).toBeUndefined();
});
