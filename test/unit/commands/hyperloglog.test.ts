import { beforeEach, describe, expect, test } from 'vitest';
import { type EventsOf, watchEvents } from '../../support/events.ts';
import { type Offline, openOffline } from '../../support/offline.ts';

let server: Offline;
let eventsOf: EventsOf;

beforeEach(() => {
  server = openOffline();
  eventsOf = watchEvents(server);
});

describe('a change of a HyperLogLog says so', () => {
  test.each([
    ['PFADD new', ['$ pfadd new'], 1],
    ['PFADD new a b c', ['$ pfadd new'], 4],
    ['PFADD new a a a', ['$ pfadd new'], 2],
    ['PFADD sparse', [], 0],
    ['PFADD sparse a b', [], 0],
    ['PFADD sparse a x y', ['$ pfadd sparse'], 2],
    ['PFADD dense a b', [], 0],
    ['PFADD dense a x y', ['$ pfadd dense'], 2],
    ['PFADD text a', [], 0],
    ['PFCOUNT sparse', [], 1],
    ['PFCOUNT counted', [], 0],
    ['PFCOUNT sparse dense', [], 0],
    ['PFCOUNT none', [], 0],
    ['PFMERGE to', ['$ pfadd to'], 1],
    ['PFMERGE sparse', ['$ pfadd sparse'], 1],
    ['PFMERGE sparse dense counted', ['$ pfadd sparse'], 1],
    ['PFMERGE sparse text', [], 0],
    ['PFDEBUG TODENSE sparse', [], 1],
    ['PFDEBUG TODENSE dense', [], 0],
    ['PFDEBUG GETREG sparse', [], 1],
    ['PFDEBUG GETREG dense', [], 0],
    ['PFDEBUG DECODE sparse', [], 0],
    ['PFDEBUG ENCODING sparse', [], 0],
  ])('%s', (line, events, changes) => {
    server.run('SET', 'text', 'abc');
    for (const key of ['sparse', 'dense', 'counted']) server.run('PFADD', key, 'a', 'b', 'c');
    server.run('PFDEBUG', 'TODENSE', 'dense');
    server.run('PFCOUNT', 'counted');
    expect(eventsOf(...line.split(' '))).toEqual({ events, changes });
    expect(server.audit()).toBe(undefined);
  });
});

test('each key that is read is a hit or a miss, and those that are written are neither', () => {
  const { traffic } = server.instance.keyspace.databases[0];
  server.run('PFADD', 'there', 'a');
  const { hits, misses } = traffic;
  server.run('PFADD', 'there', 'b');
  server.run('PFCOUNT', 'there');
  server.run('PFCOUNT', 'none');
  server.run('PFCOUNT', 'there', 'none', 'there');
  server.run('PFMERGE', 'to', 'there', 'none');
  expect(traffic.hits - hits).toBe(4);
  expect(traffic.misses - misses).toBe(4);
});

test('an addition that fails has changed nothing', () => {
  // Only the first 8192 registers are there: `d` has one of them and `b` has not.
  const value = 'HYLL\x01'.padEnd(15, '\0').concat('\x80\x5f\xff');
  server.run('SET', 'bad', value);
  const failure = '-INVALIDOBJ Corrupted HLL object detected\r\n';
  expect(eventsOf('PFADD', 'bad', 'd', 'b')).toEqual({ events: [], changes: 0 });
  expect(server.run('PFADD', 'bad', 'd', 'b')).toBe(failure);
  expect(server.run('GET', 'bad')).toBe(`$18\r\n${value}\r\n`);
  expect(server.run('PFADD', 'bad', 'd')).toBe(':1\r\n');
  expect(server.run('PFCOUNT', 'bad')).toBe(failure);
});

test('what goes on behind the last register is corrupted', () => {
  const value = 'HYLL\x01'.padEnd(15, '\0').concat('\x80\x7f\xff\x80');
  const failure = '-INVALIDOBJ Corrupted HLL object detected\r\n';
  for (const line of ['PFCOUNT bad', 'PFCOUNT bad x', 'PFMERGE to bad', 'PFMERGE bad']) {
    server.run('SET', 'bad', value);
    expect(server.run(...line.split(' '))).toBe(failure);
  }
  for (const size of [40_000, 100_000]) {
    server.run('SET', 'bad', value.padEnd(size, '\0'));
    for (const line of ['PFADD bad a', 'PFCOUNT bad', 'PFMERGE bad', 'PFDEBUG DECODE bad']) {
      expect(server.run(...line.split(' '))).toBe(failure);
    }
  }
});
