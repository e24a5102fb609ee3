import { describe, expect, test } from 'vitest';
import { latin1Bytes, latin1Text } from '../../src/std/ascii.ts';
import { SeededRandom } from '../../src/std/random.ts';
import { Growth } from '../../src/value/growth.ts';
import {
  ADDED,
  auditSortedSet,
  GT,
  INCR,
  LT,
  NO_ROOM,
  NX,
  type PackedLimits,
  REFUSED,
  SortedSet,
  UNCHANGED,
  UPDATED,
  XX,
} from '../../src/value/sorted-set.ts';
import { encodingName, TYPE_SORTED_SET } from '../../src/value/type.ts';
import { audit } from '../../src/zone/audit.ts';
import { Zone } from '../../src/zone/zone.ts';
import { SortedSetModel } from './sorted-set.model.ts';

const KiB = 1024;
const MiB = 1024 * KiB;
const SEED = Uint8Array.from({ length: 16 }, (_, i) => i);
const KEY = latin1Bytes('board');

interface Run {
  readonly seed: number;
  readonly operations: number;
  readonly zoneSize?: number;
  readonly key?: Uint8Array;
  readonly limits?: PackedLimits;
  /** How many different members there are, and how long they may be. */
  readonly members: number;
  readonly memberSizes: readonly number[];
  readonly scores: (random: SeededRandom) => number;
  /** Of ten operations so many remove. */
  readonly removals?: number;
  /** Members of one write. */
  readonly batch?: number;
  /** Refuses every n-th request for room. */
  readonly failEvery?: number;
  readonly auditEvery?: number;
}

const smallScores = (random: SeededRandom): number => random.below(20) - 10;
const evenScores = (random: SeededRandom): number => random.below(1 << 30);
const someScores = [0, -0, 1.5, 0.1, -1e300, 1e-300, 2 ** 40, -(2 ** 46), 2 ** 53, 32768, -129];
const oddScores = (random: SeededRandom): number => {
  const choice = random.below(someScores.length + 3);
  if (choice < someScores.length) return someScores[choice];
  if (choice === someScores.length) return Number.POSITIVE_INFINITY;
  if (choice === someScores.length + 1) return Number.NEGATIVE_INFINITY;
  return random.below(1000) / 7;
};

class Subject {
  readonly zone: Zone;
  readonly lens = new SortedSet();
  readonly limits: PackedLimits;
  readonly #key: Uint8Array;
  readonly #hash: number;

  constructor(run: Run) {
    this.zone = new Zone({
      name: 'test',
      size: run.zoneSize ?? MiB,
      random: new SeededRandom(run.seed),
      seed: SEED,
    });
    this.limits = run.limits ?? { count: 16, memberSize: 64 };
    this.#key = run.key ?? KEY;
    this.#hash = this.zone.hashOf(0, this.#key, 0, this.#key.length);
  }

  get entry(): number {
    return this.zone.find(0, this.#hash, this.#key, 0, this.#key.length);
  }

  open(): SortedSet {
    return this.lens.open(this.zone, this.entry);
  }

  /** Makes the set, or makes room in it. */
  prepare(growth: Growth, firstSize: number): boolean {
    const { zone, limits, entry } = this;
    if (entry !== 0) return this.open().prepare(growth, limits);
    const isTree = SortedSet.beginsAsTree(growth, firstSize, limits);
    const size = SortedSet.contentSize(zone, growth, isTree, limits);
    const end = this.#key.length;
    const made = zone.put(0, 0, this.#hash, this.#key, 0, end, TYPE_SORTED_SET, size, false);
    if (made === 0) return false;
    this.lens.create(zone, made, isTree);
    return true;
  }
}

function contents(set: SortedSet): { member: string; score: number }[] {
  const elements: { member: string; score: number }[] = [];
  for (let more = set.seek(0); more; more = set.next()) {
    const bytes = new Uint8Array(set.currentSize);
    set.copyCurrent(bytes, 0);
    // While it is packed a set does not tell -0 from 0.
    elements.push({ member: latin1Text(bytes), score: set.currentScore + 0 });
  }
  return elements;
}

function reversed(set: SortedSet): string[] {
  const members: string[] = [];
  for (let more = set.seek(set.count - 1); more; more = set.previous()) {
    const bytes = new Uint8Array(set.currentSize);
    set.copyCurrent(bytes, 0);
    members.push(latin1Text(bytes));
  }
  return members;
}

/** Random operations on a sorted set and its model; throws at the first difference. */
function run(options: Run): Subject {
  const random = new SeededRandom(options.seed);
  const subject = new Subject(options);
  const { zone, limits } = subject;
  const model = new SortedSetModel();
  const batch = options.batch ?? 1;
  const auditEvery = options.auditEvery ?? 1;
  const growth = new Growth();

  const memberOf = (i: number): string => {
    const size = options.memberSizes[i % options.memberSizes.length];
    return `${i}:`.padEnd(size, String.fromCharCode(97 + (i % 7)));
  };
  const pick = (): string => memberOf(random.below(options.members));

  for (let step = 0; step < options.operations; step++) {
    if (options.failEvery !== undefined && step % options.failEvery === 0) {
      zone.room.failIn = 1 + random.below(3);
    }
    const choice = random.below(10);
    const removals = options.removals ?? 3;
    if (choice < removals && model.elements.length > 0) {
      const set = subject.open();
      if (choice === 0 && random.below(4) === 0) {
        const from = random.below(model.elements.length);
        const end = Math.min(from + random.below(6), model.elements.length);
        expect(set.removeRanks(from, end)).toBe(end - from);
        model.elements.splice(from, end - from);
      } else {
        const member = random.below(3) === 0 ? pick() : model.elements[0].member;
        const bytes = latin1Bytes(member);
        expect(set.remove(bytes, 0, bytes.length)).toBe(model.remove(member));
      }
      if (random.below(3) === 0) set.settle();
    } else {
      const pairs = Array.from({ length: batch === 1 ? 1 : 1 + random.below(batch) }, () => ({
        member: pick(),
        score: options.scores(random),
      }));
      growth.clear();
      for (const { member, score } of pairs) growth.add(member.length, score);
      const isNew = subject.entry === 0;
      const before = isNew ? undefined : contents(subject.open());
      const isSingle = !isNew && pairs.length === 1;
      if (isSingle || subject.prepare(growth, pairs[0].member.length)) {
        const set = isSingle ? subject.open() : subject.lens;
        const flags = [0, 0, 0, NX, XX, GT, LT, INCR][random.below(8)];
        for (const { member, score } of pairs) {
          const bytes = latin1Bytes(member);
          const outcome = set.add(bytes, 0, bytes.length, score, flags, limits);
          if (outcome === NO_ROOM) {
            expect(isSingle, 'what was prepared fails').toBe(true);
            break;
          }
          const old = model.find(member)?.score;
          const next = flags === INCR && old !== undefined ? score + old : score;
          if (Number.isNaN(next)) continue;
          const refused =
            (old === undefined && flags === XX) ||
            (old !== undefined &&
              (flags === NX || (flags === GT && next <= old) || (flags === LT && next >= old)));
          if (refused) expect(outcome).toBe(REFUSED);
          else if (old === undefined) expect(outcome).toBe(ADDED);
          else expect(outcome).toBe(old === next ? UNCHANGED : UPDATED);
          if (refused) continue;
          expect(set.result).toBe(next);
          if (old !== next) model.set(member, next + 0);
        }
        if (batch > 1) set.settle();
      } else if (before !== undefined) {
        expect(contents(subject.open())).toEqual(before);
      }
    }
    zone.room.failIn = 0;

    if (subject.entry === 0) continue;
    const set = subject.open();
    expect(set.count).toBe(model.elements.length);
    if (step % auditEvery === 0) {
      const fault = audit(zone, auditSortedSet);
      if (fault !== undefined) throw new Error(`seed ${options.seed}, step ${step}: ${fault}`);
    }
    const probe = pick();
    const bytes = latin1Bytes(probe);
    expect(set.rank(bytes, 0, bytes.length)).toBe(model.rank(probe));
    expect(set.score(bytes, 0, bytes.length) + 0).toBe(model.find(probe)?.score ?? Number.NaN);
    const score = options.scores(random);
    expect(set.countBelowScore(score, false)).toBe(model.countBelowScore(score, false));
    expect(set.countBelowScore(score, true)).toBe(model.countBelowScore(score, true));
    if (step % 50 === 0) {
      expect(contents(set)).toEqual(model.elements);
      expect(reversed(set)).toEqual(model.elements.map(({ member }) => member).reverse());
    }
  }
  return subject;
}

describe('a sorted set does what a sorted array does', () => {
  test('while it is packed', () => {
    const subject = run({
      seed: 1,
      operations: 1500,
      limits: { count: 1000, memberSize: 400 },
      members: 60,
      memberSizes: [4, 10, 30, 31, 32, 64, 300],
      scores: oddScores,
    });
    expect(encodingName(subject.zone, subject.entry)).toBe('listpack');
  });

  test('while it is packed in several pieces', () => {
    const subject = run({
      seed: 2,
      operations: 800,
      limits: { count: 1000, memberSize: 400 },
      members: 120,
      memberSizes: [64, 200, 290],
      scores: smallScores,
      removals: 2,
    });
    expect(subject.zone.content.isFlat(subject.entry)).toBe(false);
  });

  test('beyond the limits of the packed form', () => {
    const subject = run({
      seed: 3,
      operations: 2500,
      members: 600,
      memberSizes: [5, 10, 20, 36, 60],
      scores: evenScores,
      removals: 2,
    });
    expect(encodingName(subject.zone, subject.entry)).toBe('skiplist');
  });

  test('when many members have one score', () => {
    run({
      seed: 4,
      operations: 2000,
      members: 500,
      memberSizes: [8, 12],
      scores: (random) => random.below(2),
      removals: 3,
    });
  });

  test('with scores of all kinds', () => {
    run({ seed: 5, operations: 1500, members: 200, memberSizes: [6, 14], scores: oddScores });
  });

  test('with members longer than a chunk', () => {
    run({
      seed: 6,
      operations: 700,
      zoneSize: 4 * MiB,
      members: 60,
      memberSizes: [10, 1000, 2040, 2048, 5000, 70_000],
      scores: smallScores,
      removals: 4,
    });
  });

  test('under a key longer than a chunk', () => {
    run({
      seed: 7,
      operations: 800,
      key: latin1Bytes('k'.repeat(5000)),
      members: 300,
      memberSizes: [10, 90],
      scores: smallScores,
    });
  });

  test('when many members come at once', () => {
    run({
      seed: 8,
      operations: 250,
      members: 3000,
      memberSizes: [10, 24, 100],
      scores: evenScores,
      batch: 60,
      removals: 4,
      auditEvery: 5,
    });
  });

  test('in a zone of large pages, with lists of chunks', () => {
    run({
      seed: 9,
      operations: 40,
      zoneSize: 64 * MiB,
      members: 2000,
      memberSizes: [3000, 7000],
      scores: evenScores,
      batch: 120,
      removals: 1,
      auditEvery: 10,
    });
  });
});

describe('a sorted set without room', () => {
  test('stays as it was when single members are refused', () => {
    run({
      seed: 20,
      operations: 2000,
      members: 400,
      memberSizes: [5, 10, 60, 120],
      scores: smallScores,
      failEvery: 3,
    });
  });

  test('stays as it was when batches are refused', () => {
    run({
      seed: 21,
      operations: 250,
      members: 2000,
      memberSizes: [5, 10, 60, 120],
      scores: evenScores,
      failEvery: 2,
      batch: 40,
      auditEvery: 5,
    });
  });

  test('takes members until the zone is full, and loses them without room', () => {
    const subject = new Subject({
      seed: 22,
      operations: 0,
      zoneSize: 256 * KiB,
      members: 0,
      memberSizes: [],
      scores: evenScores,
    });
    const { zone, limits } = subject;
    const growth = new Growth();
    growth.add(8, 0);
    subject.prepare(growth, 8);
    let count = 0;
    for (;;) {
      const bytes = latin1Bytes(`m${count}`.padEnd(8, '.'));
      if (subject.open().add(bytes, 0, 8, count % 100, 0, limits) === NO_ROOM) break;
      count++;
    }
    expect(count).toBeGreaterThan(2500);
    expect(audit(zone, auditSortedSet)).toBe(undefined);
    const set = subject.open();
    zone.room.failIn = 1; // Whoever asks fails.
    expect(set.removeRanks(10, count)).toBe(count - 10);
    zone.room.failIn = 0;
    expect(audit(zone, auditSortedSet)).toBe(undefined);
    expect(set.count).toBe(10);
  });
});
