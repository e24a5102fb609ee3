import { beforeEach, expect, test } from 'vitest';
import { type EventsOf, watchEvents } from '../../support/events.ts';
import { type Offline, openOffline } from '../../support/offline.ts';

let server: Offline;
let eventsOf: EventsOf;

beforeEach(() => {
  server = openOffline();
  eventsOf = watchEvents(server);
});

test.each([
  ['ZUNIONSTORE to 2 a b', ['z zunionstore to'], 1],
  ['ZINTERSTORE to 2 a b', ['z zinterstore to'], 1],
  ['ZDIFFSTORE to 2 a b', ['z zdiffstore to'], 1],
  ['ZUNIONSTORE a 2 a b', ['z zunionstore a'], 1],
  ['ZUNIONSTORE string 2 a none', ['z zunionstore string'], 1],
  ['ZINTERSTORE a 2 a none', ['g del a, gone'], 1],
  ['ZDIFFSTORE string 2 a a', ['g del string, gone'], 1],
  ['ZUNIONSTORE none 1 nil', [], 0],
  ['ZUNIONSTORE to 1 string', [], 0],
  ['ZUNIONSTORE to 1 a WEIGHTS x', [], 0],
  ['ZUNION 2 a b', [], 0],
  ['ZINTERCARD 2 a b', [], 0],
])('%s says what changed', (line, events, changes) => {
  server.run('SET', 'string', 'v');
  server.run('ZADD', 'a', '1', 'one', '2', 'two');
  server.run('ZADD', 'b', '1', 'one');
  expect(eventsOf(...line.split(' '))).toEqual({ events, changes });
  expect(server.audit()).toBe(undefined);
});

test('a source past its deadline is none, and the others are found again', () => {
  server.run('ZADD', 'a', '1', 'one', '2', 'two');
  server.run('ZADD', 'b', '5', 'one', '2', 'three');
  server.run('ZADD', 'old', '3', 'one');
  server.run('PEXPIRE', 'old', '10');
  server.clock.advance(20);
  server.zone.tick(server.zone.now + 20);
  expect(server.run('ZUNION', '3', 'a', 'old', 'b', 'WITHSCORES')).toBe(
    '*6\r\n$5\r\nthree\r\n$1\r\n2\r\n$3\r\ntwo\r\n$1\r\n2\r\n$3\r\none\r\n$1\r\n6\r\n',
  );
  expect(server.run('EXISTS', 'old')).toBe(':0\r\n');
});

test('more sources than there are lenses for', () => {
  const keys = Array.from({ length: 100 }, (_, i) => `key:${i}`);
  for (const [i, key] of keys.entries()) server.run('ZADD', key, String(i), 'same', '1', key);
  expect(server.run('ZINTER', '100', ...keys, 'WITHSCORES')).toBe(
    '*2\r\n$4\r\nsame\r\n$4\r\n4950\r\n',
  );
  expect(server.run('ZUNIONSTORE', 'to', '100', ...keys)).toBe(':101\r\n');
  expect(server.run('ZDIFF', '100', ...keys)).toBe('*1\r\n$5\r\nkey:0\r\n');
});
