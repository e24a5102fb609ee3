/** Sessions where names meet, and where keys become sessions or cease to be. */

import { beforeEach, expect, test } from 'vitest';
import { type Offline, openOffline } from '../../support/offline.ts';

let server: Offline;

beforeEach(() => {
  server = openOffline({ 'session-zone': 'default', maxmemory: '1mb' });
});

/** Runs a line of words. */
const run = (line: string): string => server.run(...line.split(' '));

test('a session can not have the name of its own index', () => {
  expect(run('SESSION.SET n a:s value 60 META 1 a s')).toMatch(/^-WRONGTYPE/);
  expect(run('DBSIZE')).toBe(':0\r\n');
});

test('an old session that is not there may have the name of an index', () => {
  expect(run('SESSION.SET n k v 60 OLD a:b STALE 0 META 1 a b')).toBe('+OK\r\n');
  expect(run('TTL n:a:b')).toBe(':60\r\n');
});

test('an index without a deadline gets one, and loses members that are past', () => {
  run('ZADD n:a:s 1 past');
  run('SESSION.SET n k v 60 META 1 a s');
  expect(run('ZRANGE n:a:s 0 -1')).toBe('*1\r\n$1\r\nk\r\n');
  expect(run('TTL n:a:s')).toBe(':60\r\n');
  expect(server.audit()).toBeUndefined();
});

test('an index without a deadline lives as long as its last member', () => {
  run('ZADD n:a:s 99999999999 later');
  run('SESSION.SET n k v 60 META 1 a s');
  expect(run('EXPIRETIME n:a:s')).toBe(':99999999999\r\n');
  run('ZADD n:b:s inf ever');
  run('SESSION.SET n k v 60 META 1 b s');
  expect(run('TTL n:b:s')).toBe(':-1\r\n');
});

test('an index ends with its last member, when that is made to end sooner', () => {
  run('SESSION.SET n k v 60 META 1 a b');
  run('SESSION.TOUCH n k 10');
  expect(run('TTL n:a:b')).toBe(':10\r\n');
  run('SESSION.SET n k v 5');
  expect(run('TTL n:a:b')).toBe(':5\r\n');
});

test('a session that is moved to another database is one no longer', () => {
  run('SESSION.SET n k v 60 META 1 a s');
  expect(run('MOVE n:k 3')).toBe(':1\r\n');
  expect(run('EXISTS n:a:s')).toBe(':0\r\n');
  run('SELECT 3');
  expect(run('GET n:k')).toBe('$1\r\nv\r\n');
  expect(run('DEL n:k')).toBe(':1\r\n');
  expect(server.audit()).toBeUndefined();
});

test.each([
  ['RENAME n:a:s n:c', '-ERR no such key\r\n'],
  ['RENAMENX n:a:s n:c', '-ERR no such key\r\n'],
  ['COPY n:a:s n:c', ':0\r\n'],
])('%s, where looking for the target ends the source', (line, reply) => {
  run('SESSION.SET n c v 1 META 1 a s');
  run('EXPIRE n:a:s 100');
  server.clock.advance(2000);
  expect(run(line)).toBe(reply);
  expect(server.audit()).toBeUndefined();
});

test('what fits but for its indexes is refused, and leaves nothing', () => {
  const small = openOffline({
    'session-zone': 'default',
    maxmemory: '256kb',
    'maxmemory-policy': 'allkeys-lru',
  });
  for (let size = 180_000; size < 200_000; size += 500) {
    const words = ['SESSION.SET', 'n', 'k0', 'v'.repeat(size), '10', 'META', '2'];
    const reply = small.run(...words, 'x', 'y', 'aud', 'sub');
    const there = small.run('EXISTS', 'n:k0', 'n:x:y', 'n:aud:sub');
    expect([reply.slice(0, 4), there]).toEqual(
      reply === '+OK\r\n' ? ['+OK\r', ':3\r\n'] : ['-OOM', ':0\r\n'],
    );
    expect(small.audit()).toBeUndefined();
    small.run('FLUSHALL');
  }
});

test('a session that replaces itself leaves its indexes to the others', () => {
  run('SESSION.SET n other v 20 META 1 a s');
  run('SESSION.SET n k v 60 META 1 a s');
  expect(run('SESSION.SET n k v 60 OLD k STALE 5 META 1 a s')).toBe('+OK\r\n');
  expect(run('ZRANGE n:a:s 0 -1')).toBe('*1\r\n$5\r\nother\r\n');
  expect(run('TTL n:a:s')).toBe(':20\r\n');
  expect(run('TTL n:k')).toBe(':5\r\n');
  run('ZADD n:b:s 1 past');
  run('SESSION.SET n j v 60 OLD j STALE 5 META 1 b s');
  expect(run('EXISTS n:b:s')).toBe(':0\r\n');
  expect(server.audit()).toBeUndefined();
});
