import { describe, expect, test } from 'vitest';
import { SeededRandom } from '../../src/std/random.ts';
import { encodingName, HASH_HASHTABLE } from '../../src/value/type.ts';
import { type Offline, openOffline } from '../support/offline.ts';
import { find } from '../unit/zone/support.ts';

const OOM = "-OOM command not allowed when used memory > 'maxmemory'.\r\n";

interface Run {
  readonly seed: number;
  readonly operations: number;
  readonly maxmemory?: string;
  readonly policy?: string;
  /** hash-max-listpack-entries and -value. */
  readonly limits?: readonly [count: number, size: number];
  readonly keys?: readonly string[];
  /** How many different fields there are, and how long they and the values may be. */
  readonly fields: number;
  readonly fieldSizes?: readonly number[];
  readonly valueSizes: readonly number[];
  /** Fields of one request. */
  readonly batch?: number;
  /** Of ten operations so many remove. */
  readonly removals?: number;
  /** Refuses every n-th request for room. */
  readonly failEvery?: number;
  readonly auditEvery?: number;
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

function pairsOf(reply: string): Map<string, string> {
  const all = texts(reply);
  const pairs = new Map<string, string>();
  for (let i = 0; i < all.length; i += 2) pairs.set(all[i], all[i + 1]);
  return pairs;
}

const bulk = (text: string | undefined): string =>
  text === undefined ? '$-1\r\n' : `$${text.length}\r\n${text}\r\n`;

/** Random operations on hashes and on maps; throws at the first difference. */
function run(options: Run): Offline {
  const { seed, fields, valueSizes, keys = ['h'], batch = 1, removals = 3 } = options;
  const { fieldSizes = [0], auditEvery = 10, limits = [512, 64] } = options;
  const random = new SeededRandom(seed);
  const server = openOffline({
    maxmemory: options.maxmemory ?? '4mb',
    'maxmemory-policy': options.policy ?? 'noeviction',
    'hash-max-listpack-entries': String(limits[0]),
    'hash-max-listpack-value': String(limits[1]),
  });
  const { zone } = server;
  const model = new Map(keys.map((key) => [key, new Map<string, string>()]));
  const one = <T>(from: readonly T[]): T => from[random.below(from.length)];
  const pickField = (): string => {
    const i = random.below(fields);
    return `${i}`.padEnd(fieldSizes[i % fieldSizes.length], '.');
  };
  const pickValue = (): string =>
    random.below(4) === 0
      ? String(random.below(1 << 20))
      : String(random.below(1000)).padEnd(one(valueSizes), 'v').slice(0, one(valueSizes));

  for (let step = 0; step < options.operations; step++) {
    const key = one(keys);
    const hash = model.get(key)!;
    // What was evicted is gone for the model too.
    if (hash.size > 0 && server.run('EXISTS', key) === ':0\r\n') {
      expect(options.policy).toBe('allkeys-lru');
      hash.clear();
    }
    if (options.failEvery !== undefined && step % options.failEvery === 0) {
      zone.room.failIn = 1 + random.below(2);
    }
    const choice = random.below(10);
    if (choice < removals) {
      const gone = Array.from({ length: 1 + random.below(batch) }, pickField);
      let count = 0;
      for (const field of gone) if (hash.delete(field)) count++;
      expect(server.run('HDEL', key, ...gone)).toBe(`:${count}\r\n`);
    } else if (choice === 8) {
      const field = pickField();
      const value = pickValue();
      const isThere = hash.has(field);
      const reply = server.run('HSETNX', key, field, value);
      if (reply !== OOM) {
        expect(reply).toBe(isThere ? ':0\r\n' : ':1\r\n');
        if (!isThere) hash.set(field, value);
      }
    } else if (choice === 9) {
      const field = pickField();
      const old = hash.get(field) ?? '0';
      const reply = server.run('HINCRBY', key, field, '-77');
      if (!/^(0|[1-9]\d*|-[1-9]\d*)$/.test(old)) {
        expect(reply).toBe('-ERR hash value is not an integer\r\n');
      } else if (reply !== OOM) {
        hash.set(field, String(Number(old) - 77));
        expect(reply).toBe(`:${Number(old) - 77}\r\n`);
      }
    } else {
      const pairs = Array.from({ length: 1 + random.below(batch) }, () => [
        pickField(),
        pickValue(),
      ]);
      const created = new Set(pairs.map(([field]) => field).filter((field) => !hash.has(field)));
      const reply = server.run('HSET', key, ...pairs.flat());
      if (reply !== OOM) {
        expect(reply).toBe(`:${created.size}\r\n`);
        for (const [field, value] of pairs) hash.set(field, value);
      }
    }
    zone.room.failIn = 0;

    if (hash.size > 0 && server.run('EXISTS', key) === ':0\r\n') {
      expect(options.policy).toBe('allkeys-lru');
      hash.clear();
    }
    expect(server.run('HLEN', key)).toBe(`:${hash.size}\r\n`);
    const probe = pickField();
    expect(server.run('HGET', key, probe)).toBe(bulk(hash.get(probe)));
    if (step % auditEvery === 0) {
      const fault = server.audit();
      if (fault !== undefined) throw new Error(`seed ${seed}, step ${step}: ${fault}`);
      expect(pairsOf(server.run('HGETALL', key))).toEqual(hash);
    }
    if (step % 40 === 0 && hash.size > 0) expectDraws(server, key, hash, random);
  }
  return server;
}

/** Fields that are drawn are there, and as many and as different as was asked for. */
function expectDraws(
  server: Offline,
  key: string,
  hash: ReadonlyMap<string, string>,
  random: SeededRandom,
): void {
  const count = 1 + random.below(hash.size + 5);
  const drawn = pairsOf(server.run('HRANDFIELD', key, String(count), 'WITHVALUES'));
  expect(drawn.size).toBe(Math.min(count, hash.size));
  for (const [field, value] of drawn) expect(hash.get(field)).toBe(value);
  const repeating = texts(server.run('HRANDFIELD', key, String(-count)));
  expect(repeating.length).toBe(count);
  for (const field of repeating) expect(hash.has(field)).toBe(true);
  expect(hash.has(texts(server.run('HRANDFIELD', key))[0])).toBe(true);
}

describe('hashes do what maps do', () => {
  test('as listpacks', () => {
    run({ seed: 1, operations: 1200, fields: 60, valueSizes: [0, 3, 10, 30, 64] });
  });

  test('as listpacks in several pieces', () => {
    const server = run({
      seed: 2,
      operations: 700,
      fields: 120,
      fieldSizes: [5, 60],
      valueSizes: [50, 64],
      removals: 2,
    });
    expect(server.zone.content.isFlat(find(server.zone, 'h'))).toBe(false);
    expect(encodingName(server.zone, find(server.zone, 'h'))).toBe('listpack');
  });

  test('as small hashtables', () => {
    const server = run({
      seed: 3,
      operations: 1200,
      fields: 30,
      valueSizes: [0, 10, 100, 200],
    });
    expect(server.zone.encoding(find(server.zone, 'h'))).not.toBe(HASH_HASHTABLE);
    expect(encodingName(server.zone, find(server.zone, 'h'))).toBe('hashtable');
  });

  test('as large hashtables, again and again', () => {
    run({
      seed: 4,
      operations: 2500,
      keys: ['a', 'b', 'c'],
      limits: [8, 30],
      fields: 150,
      valueSizes: [0, 7, 20, 31, 100],
    });
  });

  test('with fields and values longer than a chunk', () => {
    run({
      seed: 5,
      operations: 700,
      maxmemory: '8mb',
      fields: 60,
      fieldSizes: [3, 10, 2030, 2040, 3000],
      valueSizes: [0, 254, 255, 256, 2000, 2040, 5000, 40_000],
      batch: 3,
    });
  });

  test('in a zone of large pages', () => {
    run({
      seed: 6,
      operations: 300,
      maxmemory: '64mb',
      fields: 500,
      valueSizes: [10, 500, 3000, 9000],
      batch: 20,
      removals: 2,
    });
  });

  test('when many fields come and go at once', () => {
    run({
      seed: 7,
      operations: 500,
      keys: ['a', 'b'],
      limits: [60, 64],
      fields: 1500,
      valueSizes: [0, 5, 30, 60],
      batch: 100,
      removals: 4,
    });
  });

  test('under a key longer than a chunk', () => {
    run({
      seed: 8,
      operations: 800,
      keys: ['k'.repeat(5000)],
      limits: [20, 64],
      fields: 100,
      valueSizes: [0, 10, 40],
    });
  });
});

describe('hashes without room', () => {
  test('stay as they were', () => {
    run({
      seed: 20,
      operations: 2000,
      keys: ['a', 'b'],
      limits: [10, 40],
      fields: 200,
      valueSizes: [0, 10, 45, 120],
      failEvery: 3,
    });
  });

  test('stay as they were when many fields are refused', () => {
    run({
      seed: 21,
      operations: 400,
      keys: ['a', 'b'],
      limits: [50, 64],
      fields: 800,
      valueSizes: [0, 10, 60],
      batch: 50,
      failEvery: 2,
      removals: 2,
    });
  });

  test('fill a zone and are emptied in it', () => {
    run({
      seed: 22,
      operations: 2500,
      maxmemory: '256kb',
      keys: ['a', 'b', 'c', 'd', 'e', 'f'],
      limits: [20, 64],
      fields: 400,
      valueSizes: [0, 20, 50, 200, 1000],
      removals: 2,
      batch: 4,
      auditEvery: 25,
    });
  });

  test('make others leave', () => {
    const server = run({
      seed: 23,
      operations: 2500,
      maxmemory: '256kb',
      policy: 'allkeys-lru',
      keys: Array.from({ length: 40 }, (_, i) => `key:${i}`),
      limits: [20, 64],
      fields: 60,
      valueSizes: [0, 20, 60, 300, 2500],
      removals: 1,
      batch: 12,
      auditEvery: 25,
    });
    expect(server.zone.counts.evicted).toBeGreaterThan(50);
  });
});

describe('HSCAN', () => {
  test.each([1, 2, 3, 4, 5, 6])('sees the fields that stay, run %s', (seed) => {
    const random = new SeededRandom(seed);
    const server = openOffline({ maxmemory: '8mb', 'hash-max-listpack-entries': '20' });
    const staying = Array.from({ length: seed * 60 - 55 }, (_, i) => `staying:${i}`);
    for (const field of staying) server.run('HSET', 'h', field, 'v');
    const passing: string[] = [];
    const seen = new Set<string>();
    let cursor = '0';
    let next = 0;
    do {
      const count = String(1 + random.below(20));
      const [following, ...found] = texts(server.run('HSCAN', 'h', cursor, 'COUNT', count));
      for (let i = 0; i < found.length; i += 2) seen.add(found[i]);
      cursor = following;
      if (random.below(2) === 0) {
        for (let i = random.below(500); i > 0; i--) {
          passing.push(`passing:${next}`);
          server.run('HSET', 'h', `passing:${next++}`, 'v');
        }
      } else if (passing.length > 0) {
        server.run('HDEL', 'h', ...passing.splice(0, 1 + random.below(900)));
      }
    } while (cursor !== '0');
    expect(staying.filter((field) => !seen.has(field))).toEqual([]);
    expect(server.audit()).toBe(undefined);
  });
});
