import { describe, expect, test } from 'vitest';
import { SeededRandom } from '../../src/std/random.ts';
import { type Offline, openOffline } from '../support/offline.ts';

const OOM = "-OOM command not allowed when used memory > 'maxmemory'.\r\n";
const KEYS = ['a', 'b', 'c', 'd', 'e'];
const SETS = ['x', 'y'];
const AGGREGATES = ['SUM', 'MIN', 'MAX'];
const WEIGHTS = ['1', '2', '-1', '0', '0.5', '-3.25'];

interface Run {
  readonly seed: number;
  readonly operations: number;
  readonly maxmemory?: string;
  readonly policy?: string;
  /** zset-max-listpack-entries and -value. */
  readonly limits?: readonly [count: number, size: number];
  /** How many different members there are, and how long they may be. */
  readonly members: number;
  readonly memberSizes: readonly number[];
  /** Members of one ZADD. */
  readonly batch: number;
  /** Refuses every n-th request for room. */
  readonly failEvery?: number;
  readonly auditEvery?: number;
}

type Scores = ReadonlyMap<string, number>;

/** The bulks of a reply, in pairs. No member has a line end. */
function pairsOf(reply: string): [string, number][] {
  const words = reply.split('\r\n').filter((_, i) => i % 2 === 0);
  const pairs: [string, number][] = [];
  for (let i = 1; i + 1 < words.length; i += 2) pairs.push([words[i], Number(words[i + 1])]);
  return pairs;
}

const aggregate = (how: string, a: number, b: number): number =>
  how === 'SUM' ? a + b : how === 'MIN' ? Math.min(a, b) : Math.max(a, b);

/** What a command should make of sources that have weights already. */
function combined(command: string, sources: readonly Scores[], how: string): [string, number][] {
  const result = new Map<string, number>();
  const [first, ...others] = sources;
  if (command === 'ZUNION') {
    for (const source of sources) {
      for (const [member, score] of source) {
        const old = result.get(member);
        result.set(member, old === undefined ? score : aggregate(how, old, score));
      }
    }
  } else {
    const isWanted = (member: string): boolean =>
      command === 'ZINTER'
        ? others.every((other) => other.has(member))
        : others.every((other) => !other.has(member));
    for (const [member, score] of first) {
      if (!isWanted(member)) continue;
      const all = command === 'ZINTER' ? others.map((other) => other.get(member) ?? 0) : [];
      result.set(
        member,
        all.reduce((sum, other) => aggregate(how, sum, other), score),
      );
    }
  }
  const less = (a: string, b: string): number => (a < b ? -1 : 1);
  const elements = [...result].map(([member, score]): [string, number] => [member, score + 0]);
  return elements.sort((a, b) => (a[1] === b[1] ? less(a[0], b[0]) : a[1] - b[1]));
}

interface Outcome {
  readonly refused: number;
  readonly evicted: number;
  readonly stored: number;
}

/** Random commands; each result must be what the sources held before it. */
function run(options: Run): Outcome {
  const { memberSizes, limits = [128, 64], auditEvery = 10 } = options;
  const random = new SeededRandom(options.seed);
  const server: Offline = openOffline({
    maxmemory: options.maxmemory ?? '4mb',
    'maxmemory-policy': options.policy ?? 'noeviction',
    'zset-max-listpack-entries': String(limits[0]),
    'zset-max-listpack-value': String(limits[1]),
  });
  const { zone } = server;
  const one = <T>(from: readonly T[]): T => from[random.below(from.length)];
  const contents = (key: string): [string, number][] => {
    if (!SETS.includes(key)) return pairsOf(server.run('ZRANGE', key, '0', '-1', 'WITHSCORES'));
    const words = server.run('SMEMBERS', key).split('\r\n');
    return words.filter((_, i) => i % 2 === 0 && i > 0).map((member) => [member, 1]);
  };
  let refused = 0;
  let stored = 0;

  const add = (): void => {
    const key = one([...KEYS, ...SETS]);
    const isSet = SETS.includes(key);
    const words: string[] = [];
    for (let i = random.below(options.batch); i >= 0; i--) {
      const m = random.below(options.members);
      const member = String(m)
        .padStart(4, '0')
        .padEnd(memberSizes[m % memberSizes.length], '.');
      if (!isSet) words.push(String((random.below(200) - 100) / 4));
      words.push(member);
    }
    if (server.run(isSet ? 'SADD' : 'ZADD', key, ...words) === OOM) refused++;
  };

  const combine = (): void => {
    const command = one(['ZUNION', 'ZINTER', 'ZDIFF']);
    const keys = Array.from({ length: 1 + random.below(4) }, () => one([...KEYS, ...SETS]));
    const weighs = command !== 'ZDIFF' && random.below(2) === 0;
    const weights = keys.map(() => (weighs ? one(WEIGHTS) : '1'));
    const how = command !== 'ZDIFF' ? one(AGGREGATES) : 'SUM';
    const words = [String(keys.length), ...keys];
    if (weighs) words.push('WEIGHTS', ...weights);
    if (how !== 'SUM') words.push('AGGREGATE', how);

    const sources = keys.map((key, i): Scores => {
      const weight = Number(weights[i]);
      return new Map(contents(key).map(([member, score]) => [member, score * weight]));
    });
    const expected = combined(command, sources, how);
    const read = pairsOf(server.run(command, ...words, 'WITHSCORES'));
    expect(read.map(([member, score]) => [member, score + 0])).toEqual(expected);
    if (command === 'ZINTER') {
      const limit = 1 + random.below(20);
      const count = Math.min(limit, expected.length);
      const reply = server.run('ZINTERCARD', String(keys.length), ...keys, 'LIMIT', String(limit));
      expect(reply).toBe(`:${count}\r\n`);
    }
    const target = one(KEYS);
    const before = contents(target);
    const reply = server.run(`${command}STORE`, target, ...words);
    const after = contents(target).map(([member, score]) => [member, score + 0]);
    if (reply === OOM) {
      refused++;
      // What could be evicted may be gone.
      if (options.policy === undefined || after.length > 0) {
        expect(after).toEqual(before.map(([member, score]) => [member, score + 0]));
      }
    } else {
      stored++;
      expect(reply).toBe(`:${expected.length}\r\n`);
      expect(after).toEqual(expected);
    }
  };

  for (let i = 0; i < options.operations; i++) {
    if (options.failEvery !== undefined && i % options.failEvery === 0) zone.room.failIn = 1;
    const choice = random.below(20);
    if (choice < 9) add();
    else if (choice < 10) server.run('DEL', one([...KEYS, ...SETS]));
    else combine();
    zone.room.failIn = 0;
    if (i % auditEvery === 0) expect(server.audit()).toBeUndefined();
  }
  expect(server.audit()).toBeUndefined();
  return { refused, evicted: zone.counts.evicted, stored };
}

describe('what commands make of several sorted sets is what arrays make of them', () => {
  test('packed', () => {
    expect(
      run({ seed: 1, operations: 500, members: 60, memberSizes: [4, 9], batch: 6 }).stored,
    ).toBeGreaterThan(100);
  });

  test('packed and trees', () => {
    const options = { members: 300, memberSizes: [5, 40, 8], batch: 60, limits: [40, 64] } as const;
    run({ seed: 2, operations: 200, ...options });
  });

  test('long members, in several pieces', () => {
    const memberSizes = [4, 100, 3000, 20_000];
    run({ seed: 3, operations: 100, maxmemory: '16mb', members: 40, memberSizes, batch: 5 });
  });

  test('room is refused now and then', () => {
    const options = { members: 200, memberSizes: [6, 30], batch: 30, limits: [20, 64] } as const;
    const { refused } = run({ seed: 4, operations: 300, failEvery: 3, ...options });
    expect(refused).toBeGreaterThan(20);
  });

  test('in a zone that is nearly full', () => {
    const options = {
      members: 900,
      memberSizes: [6, 300, 90],
      batch: 60,
      limits: [20, 64],
    } as const;
    const { refused } = run({ seed: 5, operations: 300, maxmemory: '256kb', ...options });
    expect(refused).toBeGreaterThan(5);
  });

  test('sources are evicted to make room for what they become', () => {
    const options = {
      members: 900,
      memberSizes: [6, 300, 90],
      batch: 60,
      limits: [20, 64],
    } as const;
    const policy = 'allkeys-lru';
    const { evicted } = run({ seed: 6, operations: 300, maxmemory: '256kb', policy, ...options });
    expect(evicted).toBeGreaterThan(10);
  });
});
