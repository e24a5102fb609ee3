import { beforeEach, describe, expect, test } from 'vitest';
import { type EventsOf, watchEvents } from '../../support/events.ts';
import { type Offline, openOffline } from '../../support/offline.ts';

let server: Offline;
let eventsOf: EventsOf;

beforeEach(() => {
  server = openOffline();
  eventsOf = watchEvents(server);
});

describe('a change of a bitmap says so', () => {
  test.each([
    ['SETBIT new 7 0', ['$ setbit new'], 1],
    ['SETBIT there 0 1', ['$ setbit there'], 1],
    ['SETBIT there 0 0', [], 0],
    ['SETBIT there 100 0', ['$ setbit there'], 1],
    ['SETBIT set 1 1', [], 0],
    ['GETBIT there 1', [], 0],
    ['BITFIELD there GET u8 0', [], 0],
    ['BITFIELD none GET u8 0', [], 0],
    ['BITFIELD there SET u8 0 97', [], 0],
    ['BITFIELD there SET u8 0 98 SET u8 0 98 INCRBY u8 8 1', ['$ setbit there'], 2],
    ['BITFIELD there INCRBY u8 0 0', [], 0],
    ['BITFIELD there SET u8 80 0 SET u8 80 0', ['$ setbit there'], 2],
    ['BITFIELD there OVERFLOW FAIL SET u8 0 256', [], 0],
    ['BITFIELD new OVERFLOW FAIL SET u8 0 256', [], 0],
    ['BITFIELD new SET u8 0 0', ['$ setbit new'], 1],
    ['BITFIELD there SET u8 0 7 SET u8 x 7', [], 0],
    ['BITOP OR to there', ['$ set to'], 1],
    ['BITOP OR there there', ['$ set there'], 1],
    ['BITOP NOT set there', ['$ set set'], 1],
    ['BITOP OR there none', ['g del there, gone'], 1],
    ['BITOP OR none none', [], 0],
    ['BITOP OR to there set', [], 0],
    ['BITCOUNT there', [], 0],
    ['BITPOS there 1', [], 0],
  ])('%s', (line, events, changes) => {
    server.run('SET', 'there', 'abc');
    server.run('ZADD', 'set', '1', 'a');
    expect(eventsOf(...line.split(' '))).toEqual({ events, changes });
    expect(server.audit()).toBe(undefined);
  });
});

test('each key that is read is a hit or a miss, and those that are written are neither', () => {
  server.run('SET', 'there', 'abc');
  const { traffic } = server.instance.keyspace.databases[0];
  const { hits, misses } = traffic;
  for (const line of ['GETBIT there 1', 'BITCOUNT there', 'BITPOS there 1']) {
    server.run(...line.split(' '));
    server.run(...line.replace('there', 'none').split(' '));
  }
  server.run('BITFIELD_RO', 'there', 'GET', 'u8', '0');
  server.run('BITOP', 'OR', 'to', 'there', 'none', 'there');
  server.run('SETBIT', 'there', '1', '1');
  server.run('BITFIELD', 'there', 'SET', 'u8', '0', '1');
  expect(traffic.hits - hits).toBe(6);
  expect(traffic.misses - misses).toBe(4);
});

describe('BITOP in a full zone that evicts', () => {
  beforeEach(() => {
    server = openOffline({ maxmemory: '256kb', 'maxmemory-policy': 'allkeys-lru' });
    eventsOf = watchEvents(server);
  });

  test('counts a source that had to leave for its result as not there', () => {
    server.run('SET', 'long', 'l'.repeat(90_000));
    server.run('SET', 'short', 's'.repeat(50_000));
    // Long and result do not fit together with it: the source used longest ago goes.
    expect(server.run('BITOP', 'OR', 'to', 'long', 'short')).toBe(':50000\r\n');
    expect(server.run('EXISTS', 'long')).toBe(':0\r\n');
    expect(server.run('GET', 'to')).toBe(`$50000\r\n${'s'.repeat(50_000)}\r\n`);
    expect(server.audit()).toBe(undefined);
  });

  test('leaves nothing when all of them had to', () => {
    server.run('SET', 'long', 'l'.repeat(140_000));
    expect(server.run('BITOP', 'NOT', 'to', 'long')).toBe(':0\r\n');
    expect(server.run('DBSIZE')).toBe(':0\r\n');
    expect(server.audit()).toBe(undefined);
  });

  test('keeps a target that is a source', () => {
    server.run('SET', 'long', 'a'.repeat(150_000));
    server.run('SET', 'to', 'b'.repeat(20_000));
    expect(server.run('BITOP', 'OR', 'to', 'long', 'to')).toBe(':20000\r\n');
    expect(server.run('GET', 'to')).toBe(`$20000\r\n${'b'.repeat(20_000)}\r\n`);
    expect(server.audit()).toBe(undefined);
  });
});
