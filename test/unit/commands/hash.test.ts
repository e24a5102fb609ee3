import { beforeEach, describe, expect, test } from 'vitest';
import { type EventsOf, watchEvents } from '../../support/events.ts';
import { type Offline, openOffline } from '../../support/offline.ts';
import { find } from '../zone/support.ts';

let server: Offline;
let eventsOf: EventsOf;

beforeEach(() => {
  server = openOffline();
  eventsOf = watchEvents(server);
});

describe('a change of a hash says which it was', () => {
  test.each([
    ['HSET h a 1', ['h hset h'], 1],
    ['HSET h a 1 b 2 a 3', ['h hset h'], 3],
    ['HSET there f v', ['h hset there'], 1],
    ['HMSET h a 1 b 2', ['h hset h'], 2],
    ['HSETNX h a 1', ['h hset h'], 1],
    ['HSETNX there f 1', [], 0],
    ['HINCRBY h a 0', ['h hincrby h'], 1],
    ['HINCRBY there f 1', [], 0],
    ['HINCRBYFLOAT h a 1.5', ['h hincrbyfloat h'], 1],
    ['HDEL there g h', ['h hdel there'], 2],
    ['HDEL there none', [], 0],
    ['HDEL there f g h i', ['h hdel there', 'g del there, gone'], 3],
    ['HDEL none f', [], 0],
    ['HSET string a 1', [], 0],
    ['HSET h a', [], 0],
    ['HGETALL there', [], 0],
    ['HRANDFIELD there 2', [], 0],
  ])('%s', (line, events, changes) => {
    server.run('SET', 'string', 'v');
    server.run('HSET', 'there', 'f', 'v', 'g', '1', 'h', '2');
    expect(eventsOf(...line.split(' '))).toEqual({ events, changes });
    expect(server.audit()).toBe(undefined);
  });
});

describe('HRANDFIELD', () => {
  test('chooses each pair of fields as often as any other', () => {
    for (const size of [6, 40]) {
      const long = 'x'.repeat(65);
      for (let i = 0; i < size; i++) server.run('HSET', `of ${size}`, `f${i}`, long);
      const chosen = new Map<string, number>();
      const draws = size * (size - 1) * 20;
      for (let i = 0; i < draws; i++) {
        const pair = server.run('HRANDFIELD', `of ${size}`, '2').match(/f\d+/g)!;
        const name = pair.sort().join();
        chosen.set(name, (chosen.get(name) ?? 0) + 1);
      }
      const pairs = (size * (size - 1)) / 2;
      expect(chosen.size).toBe(pairs);
      const deviation = [...chosen.values()].reduce((sum, n) => sum + (n - 40) ** 2 / 40, 0);
      expect(deviation).toBeLessThan(pairs + 5 * Math.sqrt(2 * pairs));
    }
  });

  test('refuses to repeat a field until memory is full', () => {
    server.run('CONFIG', 'SET', 'proto-max-bulk-len', '1mb');
    server.run('HSET', 'h', 'f'.repeat(1000), 'v');
    const refusal = '-ERR value is out of range\r\n';
    expect(server.run('HRANDFIELD', 'h', '-2000')).toBe(refusal);
    expect(server.run('HRANDFIELD', 'h', '-9223372036854775807')).toBe(refusal);
    expect(server.run('HRANDFIELD', 'h', '-1000').length).toBeGreaterThan(1_000_000);
  });
});

test('reading counts as a use, asking for the size does not write', () => {
  server.run('HSET', 'h', 'a', '1');
  const { traffic } = server.instance.keyspace.databases[0];
  const { hits, misses } = traffic;
  for (const line of ['HGET h a', 'HLEN h', 'HMGET h a b', 'HSCAN h 0', 'HRANDFIELD h']) {
    server.run(...line.split(' '));
  }
  for (const line of ['HGET none a', 'HSTRLEN none a', 'HKEYS none', 'HSCAN none 0 JUNK']) {
    server.run(...line.split(' '));
  }
  expect(traffic.hits - hits).toBe(5);
  expect(traffic.misses - misses).toBe(4);
  expect(find(server.zone, 'h')).not.toBe(0);
});
