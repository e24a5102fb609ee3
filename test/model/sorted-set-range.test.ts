import { describe, expect, test } from 'vitest';
import { SeededRandom } from '../../src/std/random.ts';
import { encodingName } from '../../src/value/type.ts';
import { type Offline, openOffline } from '../support/offline.ts';
import { find } from '../unit/zone/support.ts';
import { type ModelElement, SortedSetModel } from './sorted-set.model.ts';

const OOM = "-OOM command not allowed when used memory > 'maxmemory'.\r\n";

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

/** All of `names` has one score, for ranges of names; the scores of the others are below this. */
const KEYS = ['names', 'a', 'b', 'c'];
const SCORES = 60;

const bulk = (text: string): string => `$${text.length}\r\n${text}\r\n`;
const array = (items: readonly string[]): string => `*${items.length}\r\n${items.join('')}`;
const members = (elements: readonly ModelElement[]): string =>
  array(elements.map(({ member }) => bulk(member)));
const pairs = (elements: readonly ModelElement[]): string =>
  array(elements.flatMap(({ member, score }) => [bulk(member), bulk(String(score))]));

/** Two ends of a range, as a request says them, and what is between them. */
interface Range {
  readonly min: string;
  readonly max: string;
  readonly holds: (element: ModelElement) => boolean;
}

interface Outcome {
  readonly server: Offline;
  /** How many requests found no room, and how many sets went to make some. */
  readonly refused: number;
  readonly evicted: number;
}

/** Random operations on sorted sets and on sorted arrays; throws at the first difference. */
function run(options: Run): Outcome {
  const { seed, memberSizes, batch, limits = [128, 64], auditEvery = 10 } = options;
  const random = new SeededRandom(seed);
  const server = openOffline({
    maxmemory: options.maxmemory ?? '4mb',
    'maxmemory-policy': options.policy ?? 'noeviction',
    'zset-max-listpack-entries': String(limits[0]),
    'zset-max-listpack-value': String(limits[1]),
  });
  const { zone } = server;
  const models = new Map(KEYS.map((key) => [key, new SortedSetModel()]));
  let refused = 0;
  let evicted = 0;
  const one = <T>(from: readonly T[]): T => from[random.below(from.length)];

  const pickMember = (): string => {
    const i = random.below(options.members);
    return `${String(i).padStart(4, '0')}`.padEnd(memberSizes[i % memberSizes.length], '.');
  };
  const scoreRange = (): Range => {
    const [low, high] = [random.below(SCORES) - 5, random.below(SCORES) + 5];
    const [opensLow, opensHigh] = [random.below(2) === 0, random.below(2) === 0];
    return {
      min: `${opensLow ? '(' : ''}${low}`,
      max: `${opensHigh ? '(' : ''}${high}`,
      holds: ({ score }) =>
        (opensLow ? score > low : score >= low) && (opensHigh ? score < high : score <= high),
    };
  };
  const lexRange = (): Range => {
    const [low, high] = [pickMember(), pickMember()];
    const [opensLow, opensHigh] = [random.below(2) === 0, random.below(2) === 0];
    return {
      min: `${opensLow ? '(' : '['}${low}`,
      max: `${opensHigh ? '(' : '['}${high}`,
      holds: ({ member }) =>
        (opensLow ? member > low : member >= low) && (opensHigh ? member < high : member <= high),
    };
  };
  const rangeOf = (key: string): Range => (key === 'names' ? lexRange() : scoreRange());
  /** What was evicted is gone for the model too. */
  const forget = (): void => {
    for (const [key, model] of models) {
      if (model.elements.length === 0 || server.run('EXISTS', key) === ':1\r\n') continue;
      evicted++;
      model.elements = [];
    }
  };

  /** Runs a request. Answers undefined when there was no room for it. */
  const write = (...words: string[]): string | undefined => {
    const reply = server.run(...words);
    if (reply !== OOM) return reply;
    refused++;
    return undefined;
  };
  const add = (key: string): void => {
    const model = models.get(key)!;
    const given = Array.from({ length: 1 + random.below(batch) }, () => ({
      member: pickMember(),
      score: key === 'names' ? 7 : random.below(SCORES) + random.below(4) / 4,
    }));
    const words = given.flatMap(({ member, score }) => [String(score), member]);
    const added = new Set(given.map(({ member }) => member).filter((name) => !model.find(name)));
    const reply = write('ZADD', key, ...words);
    if (reply === undefined) return;
    expect(reply).toBe(`:${added.size}\r\n`);
    for (const { member, score } of given) model.set(member, score);
  };
  const increase = (key: string): void => {
    const model = models.get(key)!;
    const member = pickMember();
    const score = (model.find(member)?.score ?? 0) + 2.5;
    const reply = write('ZINCRBY', key, '2.5', member);
    if (reply === undefined) return;
    expect(reply).toBe(bulk(String(score)));
    model.set(member, score);
  };
  const remove = (key: string): void => {
    const model = models.get(key)!;
    const gone = Array.from({ length: 1 + random.below(batch) }, pickMember);
    const count = gone.filter((member) => model.remove(member)).length;
    expect(server.run('ZREM', key, ...gone)).toBe(`:${count}\r\n`);
  };
  const removeRanks = (key: string): void => {
    const model = models.get(key)!;
    const from = random.below(model.elements.length + 1);
    const gone = model.elements.splice(from, 1 + random.below(batch));
    const last = from + gone.length - 1;
    if (gone.length === 0) return;
    const reply = server.run('ZREMRANGEBYRANK', key, String(from), String(last));
    expect(reply).toBe(`:${gone.length}\r\n`);
  };
  const removeRange = (key: string): void => {
    const model = models.get(key)!;
    const { min, max, holds } = rangeOf(key);
    const left = model.elements.filter((element) => !holds(element));
    const name = key === 'names' ? 'ZREMRANGEBYLEX' : 'ZREMRANGEBYSCORE';
    const reply = server.run(name, key, min, max);
    expect(reply).toBe(`:${model.elements.length - left.length}\r\n`);
    model.elements = left;
  };
  const store = (key: string): void => {
    const target = one(['a', 'b', 'c']);
    if (key === 'names' && target !== 'a') return;
    const { elements } = models.get(key)!;
    const from = random.below(elements.length + 1);
    const stored = elements.slice(from, from + 1 + random.below(elements.length + 5));
    const last = String(from + stored.length - 1);
    const words = stored.length === 0 ? ['1', '0'] : [String(from), last];
    const reply = write('ZRANGESTORE', target, key, ...words);
    if (reply === undefined) return;
    expect(reply).toBe(`:${stored.length}\r\n`);
    models.get(target)!.elements = stored.map((element) => ({ ...element }));
  };
  const operations = [add, add, add, add, add, remove, removeRanks, removeRange, store, increase];

  const look = (key: string): void => {
    const { elements } = models.get(key)!;
    const isLex = key === 'names';
    const { min, max, holds } = rangeOf(key);
    const held = elements.filter(holds);
    const count = `:${held.length}\r\n`;
    expect(server.run(isLex ? 'ZLEXCOUNT' : 'ZCOUNT', key, min, max)).toBe(count);
    const [up, down] = isLex
      ? ['ZRANGEBYLEX', 'ZREVRANGEBYLEX']
      : ['ZRANGEBYSCORE', 'ZREVRANGEBYSCORE'];
    expect(server.run(up, key, min, max)).toBe(members(held));
    const limited = [...held].reverse().slice(2, 7);
    expect(server.run(down, key, max, min, 'LIMIT', '2', '5')).toBe(members(limited));
    const from = random.below(elements.length + 1);
    const end = from + random.below(10);
    const ranks = [String(from), String(end)];
    expect(server.run('ZRANGE', key, ...ranks)).toBe(members(elements.slice(from, end + 1)));
    const backwards = pairs([...elements].reverse().slice(from, end + 1));
    expect(server.run('ZREVRANGE', key, ...ranks, 'WITHSCORES')).toBe(backwards);
  };

  for (let step = 0; step < options.operations; step++) {
    const key = one(KEYS);
    if (options.failEvery !== undefined && step % options.failEvery === 0) {
      zone.room.failIn = 1 + random.below(2);
    }
    const operation = one(operations);
    if (operation !== increase || key !== 'names') operation(key);
    zone.room.failIn = 0;
    forget();

    const model = models.get(key)!;
    const probe = pickMember();
    const rank = model.rank(probe);
    expect(server.run('ZRANK', key, probe)).toBe(rank < 0 ? '$-1\r\n' : `:${rank}\r\n`);
    const score = model.find(probe)?.score;
    const text = score === undefined ? '$-1\r\n' : bulk(String(score));
    expect(server.run('ZSCORE', key, probe)).toBe(text);
    look(key);
    if (step % auditEvery !== 0) continue;
    const fault = server.audit();
    if (fault !== undefined) throw new Error(`seed ${seed}, step ${step}: ${fault}`);
    for (const [name, { elements }] of models) {
      expect(server.run('ZRANGE', name, '0', '-1', 'WITHSCORES')).toBe(pairs(elements));
    }
  }
  if (options.policy === undefined) expect(evicted).toBe(0);
  return { server, refused, evicted };
}

const encodingOf = ({ zone }: Offline, key: string): string => encodingName(zone, find(zone, key));

describe('ranges of sorted sets are slices of sorted arrays', () => {
  test('while they are packed', () => {
    const { server } = run({
      seed: 1,
      operations: 1200,
      members: 60,
      memberSizes: [4, 30],
      batch: 4,
    });
    expect(encodingOf(server, 'names')).toBe('listpack');
  });

  test('while they are packed in several pieces', () => {
    const options = { members: 100, memberSizes: [30, 64], batch: 12 };
    const { server } = run({ seed: 2, operations: 600, maxmemory: '1mb', ...options });
    expect(encodingOf(server, 'names')).toBe('listpack');
  });

  test('as trees', () => {
    const options = { members: 700, memberSizes: [4, 12, 40], batch: 40 };
    const { server } = run({ seed: 3, operations: 500, limits: [8, 64], ...options });
    expect(encodingOf(server, 'names')).toBe('skiplist');
  });

  test('with members longer than a chunk', () => {
    run({
      seed: 4,
      operations: 400,
      maxmemory: '8mb',
      members: 60,
      memberSizes: [10, 1000, 2040, 2048, 5000],
      batch: 4,
    });
  });
});

describe('without room', () => {
  test('what is refused changes nothing', () => {
    const { refused } = run({
      seed: 10,
      operations: 700,
      limits: [20, 64],
      members: 300,
      memberSizes: [5, 20, 70],
      batch: 15,
      failEvery: 2,
    });
    expect(refused).toBeGreaterThan(20);
  });

  test('sets come and go in a zone that is too small for them', () => {
    const { refused } = run({
      seed: 11,
      operations: 500,
      maxmemory: '256kb',
      limits: [20, 64],
      members: 3000,
      memberSizes: [10, 60, 120],
      batch: 100,
    });
    expect(refused).toBeGreaterThan(20);
  });

  test('sets are evicted as wholes', () => {
    const { evicted } = run({
      seed: 12,
      operations: 500,
      maxmemory: '256kb',
      policy: 'allkeys-lru',
      limits: [20, 64],
      members: 4000,
      memberSizes: [10, 60, 120],
      batch: 150,
    });
    expect(evicted).toBeGreaterThan(20);
  });
});
