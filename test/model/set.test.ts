import { describe, expect, test } from 'vitest';
import { SeededRandom } from '../../src/std/random.ts';
import { encodingName, SET_HASHTABLE } from '../../src/value/type.ts';
import { type Offline, openOffline } from '../support/offline.ts';
import { find } from '../unit/zone/support.ts';

const OOM = "-OOM command not allowed when used memory > 'maxmemory'.\r\n";

interface Run {
  readonly seed: number;
  readonly operations: number;
  readonly maxmemory?: string;
  readonly policy?: string;
  /** set-max-intset-entries, set-max-listpack-entries and -value. */
  readonly limits?: readonly [integers: number, count: number, size: number];
  readonly keys?: readonly string[];
  /** How many different members there are, how many of ten are integers, and how long others are. */
  readonly members: number;
  readonly integers: number;
  readonly sizes?: readonly number[];
  /** Members of one request. */
  readonly batch?: number;
  /** Of ten operations so many remove. */
  readonly removals?: number;
  /** Refuses every n-th request for room. */
  readonly failEvery?: number;
  readonly auditEvery?: number;
}

/** The bulks of a reply. */
function texts(reply: string): string[] {
  const all: string[] = [];
  for (let at = 0; at < reply.length; ) {
    const lineEnd = reply.indexOf('\r\n', at);
    const size = Number(reply.slice(at + 1, lineEnd));
    const isBulk = reply[at] === '$';
    at = lineEnd + 2;
    if (!isBulk || size < 0) continue;
    all.push(reply.slice(at, at + size));
    at += size + 2;
  }
  return all;
}

/** Integers of all widths, few of each. */
const WIDTHS = [1n, 1000n, 40_000n, 3_000_000_000n, 2n ** 45n, 2n ** 52n + 1n];

const sorted = (members: Iterable<string>): string[] => [...members].sort();

const intersected = (sets: readonly Set<string>[]): string[] =>
  [...sets[0]].filter((member) => sets.every((set) => set.has(member)));
const united = (sets: readonly Set<string>[]): string[] => [
  ...new Set(sets.flatMap((set) => [...set])),
];
const subtracted = ([whole, ...others]: readonly Set<string>[]): string[] =>
  [...whole].filter((member) => !others.some((set) => set.has(member)));

const COMBINING = [
  ['SINTER', intersected],
  ['SUNION', united],
  ['SDIFF', subtracted],
] as const;

/** Random operations on sets here and on those of JavaScript; throws at the first difference. */
function run(options: Run): Offline {
  const { seed, keys = ['a', 'b'], batch = 1, removals = 3, sizes = [0] } = options;
  const { auditEvery = 10, limits = [512, 128, 64] } = options;
  const random = new SeededRandom(seed);
  const server = openOffline({
    maxmemory: options.maxmemory ?? '4mb',
    'maxmemory-policy': options.policy ?? 'noeviction',
    'set-max-intset-entries': String(limits[0]),
    'set-max-listpack-entries': String(limits[1]),
    'set-max-listpack-value': String(limits[2]),
  });
  const { zone } = server;
  const model = new Map(keys.map((key) => [key, new Set<string>()]));
  const one = <T>(from: readonly T[]): T => from[random.below(from.length)];
  const pick = (): string => {
    const i = random.below(options.members);
    if (random.below(10) >= options.integers) return `${i}:`.padEnd(sizes[i % sizes.length], '.');
    return String((i % 2 === 0 ? 1n : -1n) * BigInt(i) * WIDTHS[i % WIDTHS.length]);
  };
  const several = (): string[] => Array.from({ length: 1 + random.below(batch) }, pick);
  /** What was evicted is gone for the model too. */
  const forget = (key: string): void => {
    if (model.get(key)!.size === 0 || server.run('EXISTS', key) === ':1\r\n') return;
    expect(options.policy).toBe('allkeys-lru');
    model.get(key)!.clear();
  };

  for (let step = 0; step < options.operations; step++) {
    const key = one(keys);
    const other = one(keys);
    const set = model.get(key)!;
    for (const each of keys) if (options.policy !== undefined) forget(each);
    if (options.failEvery !== undefined && step % options.failEvery === 0) {
      zone.room.failIn = 1 + random.below(2);
    }
    const choice = random.below(12);
    if (choice < removals) {
      const gone = several();
      let count = 0;
      for (const member of gone) if (set.delete(member)) count++;
      expect(server.run('SREM', key, ...gone)).toBe(`:${count}\r\n`);
    } else if (choice === 9) {
      const member = set.size > 0 && random.below(2) === 0 ? one([...set]) : pick();
      const reply = server.run('SMOVE', key, other, member);
      if (reply === ':1\r\n') {
        expect(set.delete(member)).toBe(true);
        model.get(other)!.add(member);
      } else if (reply !== OOM) {
        expect(reply).toBe(':0\r\n');
        forget(key);
        expect(set.has(member)).toBe(false);
      }
    } else if (choice === 10 && random.below(4) === 0) {
      const [name, combine] = one(COMBINING);
      const reply = server.run(`${name}STORE`, key, key, other);
      if (reply !== OOM) {
        const members = combine([set, model.get(other)!]);
        expect(reply).toBe(`:${members.length}\r\n`);
        model.set(key, new Set(members));
      }
    } else if (choice === 11 && random.below(4) === 0) {
      const count = random.below(set.size + 3);
      const popped = texts(server.run('SPOP', key, String(count)));
      expect(new Set(popped).size).toBe(Math.min(count, set.size));
      for (const member of popped) expect(set.delete(member)).toBe(true);
    } else {
      const members = several();
      const created = new Set(members.filter((member) => !set.has(member)));
      const reply = server.run('SADD', key, ...members);
      if (reply !== OOM) {
        expect(reply).toBe(`:${created.size}\r\n`);
        for (const member of members) set.add(member);
      }
    }
    zone.room.failIn = 0;

    for (const each of keys) if (options.policy !== undefined) forget(each);
    const now = model.get(key)!;
    expect(server.run('SCARD', key)).toBe(`:${now.size}\r\n`);
    const probe = pick();
    expect(server.run('SISMEMBER', key, probe)).toBe(now.has(probe) ? ':1\r\n' : ':0\r\n');
    if (step % auditEvery === 0) {
      const fault = server.audit();
      if (fault !== undefined) throw new Error(`seed ${seed}, step ${step}: ${fault}`);
      expect(sorted(texts(server.run('SMEMBERS', key)))).toEqual(sorted(now));
      const sets = [now, model.get(other)!, model.get(one(keys))!];
      const names = sets.map((of) => keys.find((each) => model.get(each) === of)!);
      for (const [name, combine] of COMBINING) {
        expect(sorted(texts(server.run(name, ...names)))).toEqual(sorted(combine(sets)));
      }
      expect(server.run('SINTERCARD', '3', ...names, 'LIMIT', '5')).toBe(
        `:${Math.min(5, intersected(sets).length)}\r\n`,
      );
    }
    if (step % 40 === 0 && now.size > 0) expectDraws(server, key, now, random);
  }
  return server;
}

/** Members that are drawn are there, and as many and as different as was asked for. */
function expectDraws(
  server: Offline,
  key: string,
  set: ReadonlySet<string>,
  random: SeededRandom,
): void {
  const count = 1 + random.below(set.size + 5);
  const drawn = new Set(texts(server.run('SRANDMEMBER', key, String(count))));
  expect(drawn.size).toBe(Math.min(count, set.size));
  for (const member of drawn) expect(set.has(member)).toBe(true);
  const repeating = texts(server.run('SRANDMEMBER', key, String(-count)));
  expect(repeating.length).toBe(count);
  for (const member of repeating) expect(set.has(member)).toBe(true);
  expect(set.has(texts(server.run('SRANDMEMBER', key))[0])).toBe(true);
}

describe('sets do what sets do', () => {
  test('as intsets', () => {
    const server = run({ seed: 1, operations: 800, members: 300, integers: 10, batch: 4 });
    expect(encodingName(server.zone, find(server.zone, 'a'))).toBe('intset');
  });

  test('as intsets in several pieces', () => {
    const server = run({
      seed: 2,
      operations: 400,
      members: 1500,
      integers: 10,
      limits: [5000, 128, 64],
      keys: ['a', 'k'.repeat(5000)],
      batch: 20,
      removals: 2,
    });
    expect(server.zone.content.isFlat(find(server.zone, 'a'))).toBe(false);
    expect(encodingName(server.zone, find(server.zone, 'a'))).toBe('intset');
  });

  test('as listpacks', () => {
    run({ seed: 3, operations: 800, members: 60, integers: 3, sizes: [3, 10, 30, 64] });
  });

  test('as listpacks in several pieces', () => {
    run({
      seed: 4,
      operations: 500,
      members: 300,
      integers: 2,
      limits: [10, 1000, 64],
      sizes: [50, 64],
      removals: 2,
    });
  });

  test('as small hashtables', () => {
    const server = run({
      seed: 5,
      operations: 800,
      members: 16,
      integers: 4,
      sizes: [3, 100, 200],
      removals: 2,
    });
    expect(server.zone.encoding(find(server.zone, 'a'))).not.toBe(SET_HASHTABLE);
  });

  test('as large hashtables, again and again', () => {
    run({
      seed: 6,
      operations: 1500,
      keys: ['a', 'b', 'c'],
      limits: [20, 30, 30],
      members: 150,
      integers: 5,
      sizes: [3, 7, 20, 31, 100],
      batch: 3,
    });
  });

  test('with members longer than a chunk', () => {
    run({
      seed: 7,
      operations: 400,
      maxmemory: '8mb',
      members: 60,
      integers: 3,
      sizes: [3, 10, 2030, 2040, 3000, 9000, 40_000],
      batch: 3,
    });
  });

  test('in a zone of large pages', () => {
    run({
      seed: 8,
      operations: 200,
      maxmemory: '64mb',
      members: 500,
      integers: 3,
      sizes: [10, 500, 3000, 9000],
      batch: 20,
      removals: 2,
    });
  });

  test('when many members come and go at once', () => {
    run({
      seed: 9,
      operations: 300,
      limits: [60, 60, 64],
      members: 1500,
      integers: 5,
      sizes: [5, 30, 60],
      batch: 100,
      removals: 4,
    });
  });

  test('under limits that hardly let anything be small', () => {
    for (const limits of [
      [0, 0, 0],
      [2, 1, 5],
      [1, 3, 100],
      [3, 40, 8],
    ] as const) {
      run({
        seed: 10,
        operations: 200,
        limits,
        members: 30,
        integers: 6,
        sizes: [3, 5, 8, 9],
        batch: 4,
        removals: 4,
      });
    }
  });
});

describe('sets without room', () => {
  test('stay as they were', () => {
    run({
      seed: 20,
      operations: 1200,
      limits: [10, 10, 40],
      members: 200,
      integers: 5,
      sizes: [3, 10, 45, 120],
      failEvery: 3,
      batch: 3,
    });
  });

  test('fill a zone and are emptied in it', () => {
    run({
      seed: 22,
      operations: 1500,
      maxmemory: '256kb',
      keys: ['a', 'b', 'c', 'd', 'e', 'f'],
      limits: [20, 20, 64],
      members: 400,
      integers: 4,
      sizes: [3, 20, 50, 200, 1000],
      removals: 2,
      batch: 4,
      auditEvery: 25,
    });
  });

  test('make others leave', () => {
    const server = run({
      seed: 23,
      operations: 1200,
      maxmemory: '256kb',
      policy: 'allkeys-lru',
      keys: Array.from({ length: 30 }, (_, i) => `key:${i}`),
      limits: [20, 20, 64],
      members: 60,
      integers: 3,
      sizes: [3, 20, 60, 300, 2500],
      removals: 1,
      batch: 12,
      auditEvery: 25,
    });
    expect(server.zone.counts.evicted).toBeGreaterThan(50);
  });
});

describe('SSCAN', () => {
  test.each([1, 2, 3, 4])('sees the members that stay, run %s', (seed) => {
    const random = new SeededRandom(seed);
    const server = openOffline({ maxmemory: '8mb', 'set-max-listpack-entries': '20' });
    const staying = Array.from({ length: seed * 60 - 55 }, (_, i) => `staying:${i}`);
    for (const member of staying) server.run('SADD', 's', member);
    const passing: string[] = [];
    const seen = new Set<string>();
    let cursor = '0';
    let next = 0;
    do {
      const count = String(1 + random.below(20));
      const [following, ...found] = texts(server.run('SSCAN', 's', cursor, 'COUNT', count));
      for (const member of found) seen.add(member);
      cursor = following;
      if (random.below(2) === 0) {
        for (let i = random.below(500); i > 0; i--) {
          passing.push(`passing:${next}`);
          server.run('SADD', 's', `passing:${next++}`);
        }
      } else if (passing.length > 0) {
        server.run('SREM', 's', ...passing.splice(0, 1 + random.below(900)));
      }
    } while (cursor !== '0');
    expect(staying.filter((member) => !seen.has(member))).toEqual([]);
    expect(server.audit()).toBe(undefined);
  });
});
