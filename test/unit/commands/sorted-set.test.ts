import { beforeEach, describe, expect, test } from 'vitest';
import { type EventsOf, watchEvents } from '../../support/events.ts';
import { type Offline, openOffline } from '../../support/offline.ts';

let server: Offline;
let eventsOf: EventsOf;

beforeEach(() => {
  server = openOffline();
  eventsOf = watchEvents(server);
});

describe('a change of a sorted set says which it was', () => {
  test.each([
    ['ZADD z 1 a', ['z zadd z'], 1],
    ['ZADD z 1 a 2 b 3 a', ['z zadd z'], 3],
    ['ZADD there 5 a 9 new', ['z zadd there'], 2],
    ['ZADD there 1 a', [], 0],
    ['ZADD there NX 5 a', [], 0],
    ['ZADD there XX 5 new', [], 0],
    ['ZADD there GT 0 a 3 b', ['z zadd there'], 1],
    ['ZADD none XX 5 new', [], 0],
    ['ZADD there INCR 1 a', ['z zincr there'], 1],
    ['ZADD there INCR 0 a', [], 0],
    ['ZADD there INCR 1 new', ['z zincr there'], 1],
    ['ZADD there NX INCR 1 a', [], 0],
    ['ZINCRBY there 1 a', ['z zincr there'], 1],
    ['ZINCRBY there 0 a', [], 0],
    ['ZINCRBY z 0 a', ['z zincr z'], 1],
    ['ZINCRBY z nan a', [], 0],
    ['ZREM there a c none', ['z zrem there'], 2],
    ['ZREM there none', [], 0],
    ['ZREM none a', [], 0],
    ['ZREM there a b c d', ['z zrem there', 'g del there, gone'], 3],
    ['ZREMRANGEBYRANK there 0 1', ['z zremrangebyrank there'], 2],
    ['ZREMRANGEBYRANK there 3 4', [], 0],
    ['ZREMRANGEBYRANK there 0 -1', ['z zremrangebyrank there', 'g del there, gone'], 3],
    ['ZREMRANGEBYSCORE there (1 2', ['z zremrangebyscore there'], 1],
    ['ZREMRANGEBYSCORE there 5 6', [], 0],
    ['ZREMRANGEBYSCORE there 1 3', ['z zremrangebyscore there', 'g del there, gone'], 3],
    ['ZREMRANGEBYLEX there [b (c', ['z zremrangebylex there'], 1],
    ['ZREMRANGEBYLEX there [x +', [], 0],
    ['ZREMRANGEBYLEX there - +', ['z zremrangebylex there', 'g del there, gone'], 3],
    ['ZRANGESTORE d there 0 1', ['z zrangestore d'], 1],
    ['ZRANGESTORE there there 0 1', ['z zrangestore there'], 1],
    ['ZRANGESTORE string there 1 3 BYSCORE', ['z zrangestore string'], 1],
    ['ZRANGESTORE string there 7 8', ['g del string, gone'], 1],
    ['ZRANGESTORE string none 0 -1', ['g del string, gone'], 1],
    ['ZRANGESTORE d none 0 -1', [], 0],
    ['ZRANGESTORE d string 0 -1', [], 0],
    ['ZADD string 1 a', [], 0],
    ['ZSCORE there a', [], 0],
    ['ZRANGE there 0 -1', [], 0],
    ['ZREVRANGEBYLEX there + -', [], 0],
    ['ZCOUNT there 0 1', [], 0],
  ])('%s', (line, events, changes) => {
    server.run('SET', 'string', 'v');
    server.run('ZADD', 'there', '1', 'a', '2', 'b', '3', 'c');
    expect(eventsOf(...line.split(' '))).toEqual({ events, changes });
    expect(server.audit()).toBe(undefined);
  });
});

test('reading counts as a hit or a miss', () => {
  server.run('ZADD', 'z', '1', 'a');
  const { traffic } = server.instance.keyspace.databases[0];
  const { hits, misses } = traffic;
  const reads = ['ZSCORE z a', 'ZMSCORE z a b', 'ZCARD z', 'ZRANK z b', 'ZREVRANK z a'];
  reads.push('ZCOUNT z 0 1', 'ZLEXCOUNT z - +', 'ZRANGE z 0 1', 'ZREVRANGE z 0 1');
  reads.push('ZRANGEBYSCORE z 0 1', 'ZREVRANGEBYLEX z + -', 'ZRANGESTORE d z 0 1');
  for (const line of reads) server.run(...line.split(' '));
  expect([traffic.hits - hits, traffic.misses - misses]).toEqual([reads.length, 0]);
  for (const line of reads) server.run(...line.replace(' z', ' none').split(' '));
  expect([traffic.hits - hits, traffic.misses - misses]).toEqual([reads.length, reads.length]);
});

test('what a range stores has no more memory than the same members added', () => {
  const pairs = (from: number, end: number): string[] =>
    Array.from({ length: end - from }, (_, i) => [`${from + i}`, `member:${from + i}`]).flat();
  for (const end of [80, 900]) {
    server.run('ZADD', 'all', ...pairs(0, 1000));
    server.run('ZADD', 'some', ...pairs(20, end));
    server.run('ZRANGESTORE', 'kept', 'all', '20', String(end - 1));
    const usage = (key: string): number => Number(server.run('MEMORY', 'USAGE', key).slice(1));
    expect(usage('kept')).toBeLessThanOrEqual(usage('some'));
    const members = server.run('ZRANGE', 'kept', '0', '-1', 'WITHSCORES');
    expect(members).toBe(server.run('ZRANGE', 'some', '0', '-1', 'WITHSCORES'));
    server.run('FLUSHALL');
  }
});
