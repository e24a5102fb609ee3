import { describe, expect, test } from 'vitest';
import { SeededRandom } from '../../src/std/random.ts';
import { encodingName } from '../../src/value/type.ts';
import { type Offline, openOffline } from '../support/offline.ts';
import { find } from '../unit/zone/support.ts';
import { SortedSetModel } from './sorted-set.model.ts';

const OOM = "-OOM command not allowed when used memory > 'maxmemory'.\r\n";

interface Run {
  readonly seed: number;
  readonly operations: number;
  readonly maxmemory?: string;
  readonly policy?: string;
  /** zset-max-listpack-entries and -value. */
  readonly limits?: readonly [count: number, size: number];
  readonly keys?: readonly string[];
  /** How many different members there are, and how long they may be. */
  readonly members: number;
  readonly memberSizes: readonly number[];
  /** Members of one request. */
  readonly batch?: number;
  /** Refuses every n-th request for room: adding may fail, popping may not. */
  readonly failEvery?: number;
}

/** A reply of bulks and arrays, flat. */
function texts(reply: string): string[] {
  const all: string[] = [];
  for (let at = 0; at < reply.length; ) {
    const lineEnd = reply.indexOf('\r\n', at);
    const size = Number(reply.slice(at + 1, lineEnd));
    const isBulk = reply[at] === '$';
    at = lineEnd + 2;
    if (!isBulk) continue;
    all.push(reply.slice(at, at + size));
    at += size + 2;
  }
  return all;
}

/** Random pops, draws and scans of sorted sets and sorted arrays; throws at the first difference. */
function run(options: Run): Offline {
  const { seed, members, memberSizes, batch = 1, keys = ['z'], limits = [128, 64] } = options;
  const random = new SeededRandom(seed);
  const server = openOffline({
    maxmemory: options.maxmemory ?? '4mb',
    'maxmemory-policy': options.policy ?? 'noeviction',
    'zset-max-listpack-entries': String(limits[0]),
    'zset-max-listpack-value': String(limits[1]),
  });
  const { zone } = server;
  const models = new Map(keys.map((key) => [key, new SortedSetModel()]));
  const pick = (): string => {
    const i = random.below(members);
    return `${i}`.padEnd(memberSizes[i % memberSizes.length], '.');
  };
  /** What was evicted is gone for the model too. */
  const forget = (key: string): void => {
    const model = models.get(key)!;
    if (model.elements.length === 0 || server.run('EXISTS', key) === ':1\r\n') return;
    expect(options.policy).toBe('allkeys-lru');
    model.elements = [];
  };
  const flat = (key: string, fromLowest: boolean, count: number): string[] => {
    const { elements } = models.get(key)!;
    const taken = fromLowest
      ? elements.splice(0, count)
      : elements.splice(Math.max(0, elements.length - count)).reverse();
    return taken.flatMap(({ member, score }) => [member, String(score)]);
  };

  for (let step = 0; step < options.operations; step++) {
    const key = keys[random.below(keys.length)];
    const model = models.get(key)!;
    forget(key);
    if (options.failEvery !== undefined && step % options.failEvery === 0) {
      zone.room.failIn = 1 + random.below(3);
    }
    const fromLowest = random.below(2) === 0;
    const [pop, end] = fromLowest ? ['ZPOPMIN', 'MIN'] : ['ZPOPMAX', 'MAX'];
    const count = random.below(5) === 0 ? random.below(members) : random.below(batch + 2);
    const choice = random.below(10);
    if (choice < 5) {
      const pairs = Array.from({ length: 1 + random.below(batch) }, () => ({
        member: pick(),
        score: random.below(60) - 30,
      }));
      const words = pairs.flatMap(({ member, score }) => [String(score), member]);
      const reply = server.run('ZADD', key, ...words);
      if (reply !== OOM) for (const { member, score } of pairs) model.set(member, score);
    } else if (choice === 5) {
      expect(texts(server.run(pop, key))).toEqual(flat(key, fromLowest, 1));
    } else if (choice === 6) {
      expect(texts(server.run(pop, key, String(count)))).toEqual(flat(key, fromLowest, count));
    } else if (choice === 7) {
      for (const each of keys) forget(each);
      const first = keys.find((each) => models.get(each)!.elements.length > 0);
      const more = String(count + 1);
      const reply = server.run('ZMPOP', `${keys.length}`, ...keys, end, 'COUNT', more);
      if (first === undefined) expect(reply).toBe('*-1\r\n');
      else expect(texts(reply)).toEqual([first, ...flat(first, fromLowest, count + 1)]);
    } else if (choice === 8) {
      expectDraws(server, key, model, count);
    } else {
      expectScan(server, key, model, 1 + count);
    }
    zone.room.failIn = 0;

    forget(key);
    expect(server.run('ZCARD', key)).toBe(`:${model.elements.length}\r\n`);
    if (step % 10 === 0) {
      const fault = server.audit();
      if (fault !== undefined) throw new Error(`seed ${seed}, step ${step}: ${fault}`);
      const names = model.elements.map(({ member }) => member);
      expect(texts(server.run('ZRANGE', key, '0', '-1'))).toEqual(names);
    }
  }
  return server;
}

/** Members that are drawn are there, and as many and as different as was asked for. */
function expectDraws(server: Offline, key: string, model: SortedSetModel, count: number): void {
  const size = model.elements.length;
  const scores = new Map(model.elements.map(({ member, score }) => [member, String(score)]));
  const drawn = texts(server.run('ZRANDMEMBER', key, String(count), 'WITHSCORES'));
  expect(drawn.length).toBe(Math.min(count, size) * 2);
  expect(new Set(drawn.filter((_, i) => i % 2 === 0)).size).toBe(drawn.length / 2);
  const repeating = texts(server.run('ZRANDMEMBER', key, String(-count), 'WITHSCORES'));
  expect(repeating.length).toBe(size === 0 ? 0 : count * 2);
  const all = [...drawn, ...repeating];
  for (let i = 0; i < all.length; i += 2) expect(scores.get(all[i])).toBe(all[i + 1]);
}

/** A scan of what stays as it is sees each member once. */
function expectScan(server: Offline, key: string, model: SortedSetModel, count: number): void {
  const seen: string[] = [];
  let cursor = '0';
  do {
    const [following, ...found] = texts(server.run('ZSCAN', key, cursor, 'COUNT', String(count)));
    seen.push(...found);
    cursor = following;
  } while (cursor !== '0');
  const expected = new Map(model.elements.map(({ member, score }) => [member, String(score)]));
  expect(seen.length).toBe(expected.size * 2);
  for (let i = 0; i < seen.length; i += 2) expect(expected.get(seen[i])).toBe(seen[i + 1]);
}

describe('pops, draws and scans of a sorted set do what a sorted array does', () => {
  test('while it is packed', () => {
    const server = run({ seed: 1, operations: 600, members: 80, memberSizes: [0, 10, 64] });
    server.run('ZADD', 'z', '1', 'one');
    expect(encodingName(server.zone, find(server.zone, 'z'))).toBe('listpack');
  });

  test('while it is packed in several pieces', () => {
    run({
      seed: 2,
      operations: 350,
      limits: [1000, 400],
      members: 100,
      memberSizes: [64, 200, 290],
      batch: 10,
    });
  });

  test('as it comes and goes in both encodings', () => {
    run({
      seed: 3,
      operations: 600,
      limits: [8, 30],
      members: 60,
      memberSizes: [3, 20, 31],
      keys: ['a', 'b', 'c'],
      batch: 3,
    });
  });

  test('as a tree, of hundreds of members', () => {
    run({ seed: 4, operations: 400, members: 700, memberSizes: [5, 20], batch: 60 });
  });

  test('with members longer than a chunk', () => {
    run({
      seed: 5,
      operations: 300,
      members: 40,
      memberSizes: [10, 2040, 2048, 5000, 40_000],
      batch: 4,
    });
  });

  test('under a key longer than a chunk', () => {
    const keys = ['k'.repeat(5000)];
    run({ seed: 6, operations: 500, keys, members: 300, memberSizes: [10, 90], batch: 8 });
  });
});

describe('without room', () => {
  test('what adds may be refused, what takes away is not', () => {
    run({
      seed: 20,
      operations: 700,
      members: 300,
      memberSizes: [5, 60, 120],
      batch: 8,
      failEvery: 2,
    });
  });

  test.each(['noeviction', 'allkeys-lru'])(
    'sets fill a zone and are emptied in it, %s',
    (policy) => {
      run({
        seed: 21,
        operations: 1200,
        maxmemory: '256kb',
        policy,
        keys: Array.from({ length: 20 }, (_, i) => `key:${i}`),
        limits: [20, 64],
        members: 80,
        memberSizes: [10, 60, 300, 2500],
        batch: 20,
      });
    },
  );
});

describe('ZSCAN', () => {
  test.each([1, 2, 3, 4, 5, 6])('sees the members that stay, run %s', (seed) => {
    const random = new SeededRandom(seed);
    const server = openOffline({ maxmemory: '8mb', 'zset-max-listpack-entries': '20' });
    const staying = Array.from({ length: seed * 60 - 55 }, (_, i) => `staying:${i}`);
    for (const member of staying) server.run('ZADD', 'z', '0', member);
    const passing: string[] = [];
    const seen = new Set<string>();
    let cursor = '0';
    let next = 0;
    do {
      const count = String(1 + random.below(20));
      const [following, ...found] = texts(server.run('ZSCAN', 'z', cursor, 'COUNT', count));
      for (let i = 0; i < found.length; i += 2) seen.add(found[i]);
      cursor = following;
      const choice = random.below(4);
      if (choice < 2) {
        for (let i = random.below(500); i > 0; i--) {
          passing.push(`passing:${next}`);
          server.run('ZADD', 'z', String(1 + next), `passing:${next++}`);
        }
      } else if (passing.length > 0 && choice === 2) {
        server.run('ZREM', 'z', ...passing.splice(0, 1 + random.below(900)));
      } else {
        const most = Math.max(0, passing.length - random.below(20));
        server.run('ZPOPMAX', 'z', String(passing.splice(most).length));
      }
      // A staying member may get another place in the order.
      server.run('ZADD', 'z', `-${random.below(100)}`, staying[random.below(staying.length)]);
    } while (cursor !== '0');
    expect(staying.filter((member) => !seen.has(member))).toEqual([]);
    expect(server.audit()).toBe(undefined);
  });
});
