import { beforeEach, describe, expect, test } from 'vitest';
import { type EventsOf, watchEvents } from '../../support/events.ts';
import { type Offline, openOffline } from '../../support/offline.ts';

let server: Offline;
let eventsOf: EventsOf;

beforeEach(() => {
  server = openOffline();
  eventsOf = watchEvents(server);
});

describe('what pops says so once, and that the set has gone', () => {
  test.each([
    ['ZPOPMIN there', ['z zpopmin there'], 1],
    ['ZPOPMAX there', ['z zpopmax there'], 1],
    ['ZPOPMIN there 2', ['z zpopmin there'], 2],
    ['ZPOPMAX there 2', ['z zpopmax there'], 2],
    ['ZPOPMIN there 3', ['z zpopmin there', 'g del there, gone'], 3],
    ['ZPOPMAX there 9', ['z zpopmax there', 'g del there, gone'], 3],
    ['ZPOPMIN there 0', [], 0],
    ['ZPOPMIN none', [], 0],
    ['ZPOPMIN none 3', [], 0],
    ['ZPOPMIN string', [], 0],
    ['ZPOPMIN there -1', [], 0],
    ['ZMPOP 2 none there MIN', ['z zpopmin there'], 1],
    ['ZMPOP 2 there other MAX COUNT 3', ['z zpopmax there', 'g del there, gone'], 3],
    ['ZMPOP 1 none MAX', [], 0],
    ['ZMPOP 2 string there MIN', [], 0],
    ['BZPOPMIN none there other 0', ['z zpopmin there'], 1],
    ['BZPOPMAX other there 0', ['z zpopmax other', 'g del other, gone'], 1],
    ['BZMPOP 0 2 there other MIN COUNT 2', ['z zpopmin there'], 2],
    ['BZMPOP 0 1 there MAX COUNT 7', ['z zpopmax there', 'g del there, gone'], 3],
    ['BZPOPMIN string 0', [], 0],
    ['ZRANDMEMBER there 3', [], 0],
    ['ZSCAN there 0', [], 0],
  ])('%s', (line, events, changes) => {
    server.run('SET', 'string', 'v');
    server.run('ZADD', 'there', '1', 'a', '2', 'b', '3', 'c');
    server.run('ZADD', 'other', '1', 'a');
    expect(eventsOf(...line.split(' '))).toEqual({ events, changes });
    expect(server.audit()).toBe(undefined);
  });
});

test('what waits changes nothing', () => {
  server.run('SET', 'string', 'v');
  expect(eventsOf('BZPOPMIN', 'none', 'other', '0')).toEqual({ events: [], changes: 0 });
});

test('a set that loses most of its members gives its memory back', () => {
  const pairs = Array.from({ length: 20_000 }, (_, i) => [String(i), `member:${i}`]).flat();
  server.run('ZADD', 'z', ...pairs);
  const usage = (): number => Number(server.run('MEMORY', 'USAGE', 'z').slice(1));
  const before = usage();
  for (let i = 0; i < 9950; i++) {
    server.run('ZPOPMIN', 'z');
    server.run('ZPOPMAX', 'z', '1');
  }
  expect(usage()).toBeLessThan(before / 50);
  expect(server.run('ZCARD', 'z')).toBe(':100\r\n');
  expect(server.audit()).toBe(undefined);
});
