import { beforeEach, describe, expect, test } from 'vitest';
import { type EventsOf, watchEvents } from '../../support/events.ts';
import { type Offline, openOffline } from '../../support/offline.ts';

let server: Offline;
let eventsOf: EventsOf;

beforeEach(() => {
  server = openOffline({ maxmemory: '4mb' });
  eventsOf = watchEvents(server);
  for (const id of ['1-0', '2-0', '3-0']) server.run('XADD', 'there', id, 'f', 'v');
});

describe('a change of a stream says which it was', () => {
  test.each([
    ['XADD s 1-1 a 1', ['t xadd s'], 1],
    ['XADD there MAXLEN 3 9-1 a 1', ['t xadd there', 't xtrim there'], 1],
    ['XADD there MAXLEN 9 9-1 a 1', ['t xadd there'], 1],
    ['XADD there MAXLEN ~ 1 9-1 a 1', ['t xadd there'], 1],
    ['XADD there MINID 3 9-1 a 1', ['t xadd there', 't xtrim there'], 1],
    ['XADD there 3-0 a 1', [], 0],
    ['XADD none NOMKSTREAM * a 1', [], 0],
    ['XADD there * a', [], 0],
    ['XTRIM there MAXLEN 1', ['t xtrim there'], 2],
    ['XTRIM there MAXLEN 5', [], 0],
    ['XTRIM there MAXLEN 0', ['t xtrim there'], 3],
    ['XDEL there 1 2 9 1', ['t xdel there'], 2],
    ['XDEL there 9', [], 0],
    ['XDEL there 1 x', [], 0],
    ['XSETID there 5', ['t xsetid there'], 1],
    ['XSETID there 1', [], 0],
    ['XREAD STREAMS there 0', [], 0],
    ['XRANGE there - +', [], 0],
  ])('%s', (line, events, changes) => {
    expect(eventsOf(...line.split(' '))).toEqual({ events, changes });
    expect(server.audit()).toBe(undefined);
  });
});

test('an id of its own is the time, or the one behind the last', () => {
  expect(server.run('XADD', 's', '*', 'a', '1')).toBe('$15\r\n1700000000000-0\r\n');
  expect(server.run('XADD', 's', '*', 'a', '1')).toBe('$15\r\n1700000000000-1\r\n');
  server.clock.advance(5);
  server.instance.keyspace.tick(server.clock.now());
  expect(server.run('XADD', 's', '*', 'a', '1')).toBe('$15\r\n1700000000005-0\r\n');
  server.run('XADD', 's', '1700000000999-7', 'a', '1');
  expect(server.run('XADD', 's', '*', 'a', '1')).toBe('$15\r\n1700000000999-8\r\n');
});

test('trimming by whole nodes stops after so many entries where nothing is said', () => {
  server = openOffline({ maxmemory: '4mb', 'stream-node-max-entries': '2' });
  for (let i = 1; i <= 600; i++) server.run('XADD', 's', `${i}-0`, 'f', 'v');
  expect(server.run('XTRIM', 's', 'MAXLEN', '~', '0')).toBe(':200\r\n');
  expect(server.run('XTRIM', 's', 'MAXLEN', '~', '0', 'LIMIT', '0')).toBe(':400\r\n');
});

test('a stream takes no more memory than in Redis', () => {
  for (let i = 0; i < 20_000; i++) server.run('XADD', 's', '*', 'field', `value:${i}`);
  const size = Number(server.run('MEMORY', 'USAGE', 's').slice(1));
  // Redis 7.2.6 tells 24.4 bytes for each of them.
  expect(size / 20_000).toBeLessThan(24);
});

test('a node of nothing but what was deleted is dumped and restored', () => {
  server.run('XDEL', 'there', '3-0');
  expect(server.run('XTRIM', 'there', 'MINID', '3-0')).toBe(':2\r\n');
  const reply = server.run('DUMP', 'there');
  const dump = reply.slice(reply.indexOf('\r\n') + 2, -2);
  expect(server.run('RESTORE', 'again', '0', dump)).toBe('+OK\r\n');
  expect(server.run('DUMP', 'again')).toBe(reply);
  expect(server.audit()).toBe(undefined);
});
