import { expect, test } from 'vitest';
import { SeededRandom } from '../../../src/std/random.ts';
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

test('a list that stays open from one push to the next is found as it is, whatever came between', () => {
  const keys = ['a', 'b'];
  for (let seed = 1; seed <= 30; seed++) {
    const random = new SeededRandom(seed);
    const options = {
      'list-max-listpack-size': seed % 2 === 0 ? '3' : '-1',
      'enable-debug-command': 'yes',
    };
    const server = openOffline(options);
    // Here a PING closes what would stay open.
    const twin = openOffline(options);
    const run = (...words: readonly string[]): string => {
      twin.run('PING');
      twin.run(...words);
      return server.run(...words);
    };
    const nodes = (which: Offline, key: string) =>
      /ql_nodes:\d+/.exec(which.run('DEBUG', 'OBJECT', key))?.[0];
    const lists = new Map<string, string[]>(keys.map((key) => [key, []]));
    const step = (key: string, list: string[], other: string): void => {
      const value = String(random.below(5)).repeat(1 + random.below(seed % 3 === 0 ? 300 : 9));
      switch (random.below(24)) {
        case 0:
          run('LTRIM', key, '1', '-2');
          lists.set(key, list.slice(1, -1));
          break;
        case 1:
          run('DEL', key);
          lists.set(key, []);
          break;
        case 2:
          if (list.length > 0) run('RENAME', key, other);
          if (list.length > 0) lists.set(other, list).set(key, []);
          break;
        case 3:
          run('LMOVE', key, other, 'LEFT', 'RIGHT');
          lists.get(other)?.push(...list.splice(0, 1));
          break;
        case 4:
          run('SET', `${key}${value}`, value);
          break;
        case 5:
          run('LSET', key, '0', value);
          if (list.length > 0) list[0] = value;
          break;
        case 6:
          run('DEL', other);
          run('COPY', key, other);
          lists.set(other, [...list]);
          break;
        case 7:
          run('CONFIG', 'SET', 'maxmemory', `${4 + random.below(4)}mb`);
          break;
        case 8:
        case 9:
          run('LPOP', key);
          list.shift();
          break;
        case 10:
          run('RPOP', key);
          list.pop();
          break;
        default:
          if (random.below(2) === 0) {
            expect(run('RPUSH', key, value)).toBe(`:${list.push(value)}\r\n`);
          } else {
            expect(run('LPUSH', key, value)).toBe(`:${list.unshift(value)}\r\n`);
          }
      }
    };
    for (let i = 0; i < 400; i++) {
      const at = random.below(20) === 0 ? 1 : 0;
      step(keys[at], lists.get(keys[at]) ?? [], keys[1 - at]);
      if (i % 10 > 0) continue;
      for (const [key, list] of lists) {
        const items = list.map((item) => `$${item.length}\r\n${item}\r\n`).join('');
        expect(run('LRANGE', key, '0', '-1')).toBe(`*${list.length}\r\n${items}`);
        expect(nodes(server, key)).toBe(nodes(twin, key));
      }
    }
    expect(server.audit()).toBeUndefined();
  }
});
