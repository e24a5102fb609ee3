import { expect, test } from 'vitest';
import { type Offline, openOffline } from '../../support/offline.ts';

/** The events of a request with their keys, and the changes it counts for. */
function told(server: Offline, ...words: readonly string[]): string[] {
  const { keyspace } = server.instance;
  const found: string[] = [];
  const { dirty } = keyspace.counts;
  const { observer } = keyspace;
  keyspace.observer = (_, argv, index, { name }) => found.push(`${name} ${argv.text(index)}`);
  server.run(...words);
  keyspace.observer = observer;
  const changes = keyspace.counts.dirty - dirty;
  return [...found, `${changes}`];
}

test('every change of a list tells what it was, and how much', () => {
  const server = openOffline();
  expect(told(server, 'RPUSH', 'a', '1', '2', '3')).toEqual(['rpush a', '3']);
  expect(told(server, 'LPUSHX', 'a', '0')).toEqual(['lpush a', '1']);
  expect(told(server, 'LPUSHX', 'none', '0')).toEqual(['0']);
  expect(told(server, 'LSET', 'a', '0', 'zero')).toEqual(['lset a', '1']);
  expect(told(server, 'LSET', 'a', '9', 'zero')).toEqual(['0']);
  expect(told(server, 'LINSERT', 'a', 'AFTER', '1', 'x')).toEqual(['linsert a', '1']);
  expect(told(server, 'LINSERT', 'a', 'AFTER', 'none', 'x')).toEqual(['0']);
  expect(told(server, 'LREM', 'a', '0', 'x')).toEqual(['lrem a', '1']);
  expect(told(server, 'LREM', 'a', '0', 'x')).toEqual(['0']);
  expect(told(server, 'LTRIM', 'a', '0', '-1')).toEqual(['ltrim a', '0']);
  expect(told(server, 'LTRIM', 'a', '1', '-1')).toEqual(['ltrim a', '1']);
  expect(told(server, 'LPOP', 'a')).toEqual(['lpop a', '1']);
  expect(told(server, 'LPOP', 'a', '0')).toEqual(['0']);
  expect(told(server, 'RPUSH', 'a', '4')).toEqual(['rpush a', '1']);
  expect(told(server, 'LMOVE', 'a', 'b', 'LEFT', 'RIGHT')).toEqual(['rpush b', 'lpop a', '1']);
  expect(told(server, 'RPOPLPUSH', 'b', 'b')).toEqual(['lpush b', 'rpop b', '1']);
  expect(told(server, 'RPOPLPUSH', 'b', 'a')).toEqual(['lpush a', 'rpop b', 'del b', '1']);
  expect(told(server, 'LMPOP', '2', 'b', 'a', 'RIGHT', 'COUNT', '2')).toEqual(['rpop a', '2']);
  expect(told(server, 'RPOP', 'a', '9')).toEqual(['rpop a', 'del a', '1']);
});

test('a list that is emptied goes, whoever emptied it', () => {
  const server = openOffline();
  for (const words of [
    ['LREM', 'k', '0', 'a'],
    ['LTRIM', 'k', '5', '1'],
    ['LPOP', 'k'],
    ['RPOP', 'k', '2'],
    ['LMPOP', '1', 'k', 'LEFT', 'COUNT', '5'],
  ]) {
    server.run('RPUSH', 'k', 'a');
    expect(told(server, ...words)).toContain('del k');
    expect(server.run('EXISTS', 'k')).toBe(':0\r\n');
  }
});

test('LMOVE finds nothing when the list has to go to make room for its element', () => {
  const server = openOffline({ maxmemory: '256kb', 'maxmemory-policy': 'allkeys-lru' });
  for (const [target, before] of [
    ['new', []],
    ['old', ['a', 'b']],
  ] as const) {
    server.run('DEL', 'new', 'old');
    if (before.length > 0) server.run('RPUSH', target, ...before);
    server.run('RPUSH', 'source', 'x'.repeat(150_000));
    expect(server.run('LMOVE', 'source', target, 'LEFT', 'RIGHT')).toBe('$-1\r\n');
    expect(server.run('EXISTS', 'source')).toBe(':0\r\n');
    expect(server.run('LLEN', target)).toBe(`:${before.length}\r\n`);
    expect(server.audit()).toBe(undefined);
  }
});
