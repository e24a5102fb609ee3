import { expect, test } from 'vitest';
import { SeededRandom } from '../../../src/std/random.ts';
import { IdTree } from '../../../src/value/id-tree.ts';
import { REGION_WORDS, Region } from '../../../src/value/region.ts';
import { StreamId } from '../../../src/value/stream-id.ts';
import { TYPE_STREAM } from '../../../src/value/type.ts';
import { KiB, MiB, put, zoneOf } from './support.ts';

const WORDS = 2;

function regionIn(size: number): Region {
  const zone = zoneOf(size);
  const region = new Region();
  region.bind(zone, put(zone, 'k', TYPE_STREAM, 512));
  region.format(0);
  return region;
}

function idOf(n: number): StreamId {
  return new StreamId().setNumbers(Math.floor(n / 8), n % 8);
}

function numberOf({ ms, seq }: StreamId): number {
  return ms * 8 + seq;
}

/** Adds an element whose words follow from its id, having reserved for it alone. */
function add(region: Region, tree: IdTree, n: number, isBehind = false): void {
  expect(region.reserveFresh(tree.freshFor(1, isBehind))).toBe(true);
  tree.insert(idOf(n));
  region.i32[tree.own] = n;
  region.i32[tree.own + 1] = ~n;
}

function keys(tree: IdTree): number[] {
  const found: number[] = [];
  for (let more = tree.seekFirst(); more; more = tree.next()) {
    found.push(numberOf(tree.readId(new StreamId())));
  }
  return found;
}

/** What is wrong with the tree, the region, or how the blocks of one lie in the other. */
function fault(region: Region, ...trees: IdTree[]): string | undefined {
  let problem = region.audit();
  const taken = new Uint8Array(region.limit);
  const claim = (block: number, units: number): void => {
    if (taken.subarray(block, block + units).includes(1)) problem ??= `${block} overlaps`;
    taken.fill(1, block, block + units);
  };
  claim(0, REGION_WORDS / 2);
  region.eachFree(claim);
  for (const tree of trees) problem ??= tree.audit(claim);
  if (taken.subarray(0, region.bump).includes(0)) problem ??= 'a unit is in no block';
  return problem;
}

test('an empty tree takes nothing, and one of a single element some words', () => {
  const region = regionIn(MiB);
  const tree = new IdTree(region, WORDS).open(0);
  const { used } = region;
  expect([tree.count, tree.find(idOf(1)), tree.seekFirst(), tree.seekLast()]).toEqual([
    0,
    false,
    false,
    false,
  ]);
  expect([tree.seekAtLeast(idOf(1)), tree.seekAtMost(idOf(1)), tree.root]).toEqual([
    false,
    false,
    0,
  ]);
  add(region, tree, 5);
  expect(region.used - used).toBe(4);
  expect(tree.find(idOf(5))).toBe(true);
  tree.remove();
  expect([tree.root, region.used]).toEqual([0, used]);
});

test('ids that come in order fill nodes, and take what unitsOf() says', () => {
  const region = regionIn(4 * MiB);
  const tree = new IdTree(region, 1).open(0);
  const { used } = region;
  for (let n = 0; n < 10_000; n++) add(region, tree, n, true);
  expect(tree.count).toBe(10_000);
  expect(region.used - used).toBe(tree.unitsOf(10_000));
  expect((region.used - used) * 8).toBeLessThan(10_000 * 22);
  expect(keys(tree)).toEqual(Array.from({ length: 10_000 }, (_, i) => i));
  expect(fault(region, tree)).toBe(undefined);
});

test('removed from the front like a queue, it takes no more than it holds', () => {
  const region = regionIn(MiB);
  const tree = new IdTree(region, 1).open(0);
  let bump = 0;
  for (let n = 0; n < 20_000; n++) {
    add(region, tree, n, true);
    if (n >= 500) {
      tree.seekFirst();
      expect(numberOf(tree.readId(new StreamId()))).toBe(n - 500);
      tree.remove();
    }
    if (n === 1500) ({ bump } = region);
  }
  expect(region.bump).toBeLessThanOrEqual(bump);
  expect(fault(region, tree)).toBe(undefined);
});

for (const [name, range, bias] of [
  ['few', 60, 5],
  ['some', 600, 5],
  ['many', 6000, 6],
  ['growing and shrinking', 3000, 0],
] as const) {
  test(`against a sorted array: ${name}`, () => {
    const region = regionIn(MiB);
    const random = new SeededRandom(range);
    const tree = new IdTree(region, WORDS).open(0);
    const other = new IdTree(region, 0).open(0);
    const model = new Set<number>();
    for (let step = 0; step < 6000; step++) {
      const n = random.below(range);
      const chance = bias === 0 ? (Math.floor(step / 1500) % 2 === 0 ? 8 : 2) : bias;
      const id = idOf(n);
      if (model.has(n)) {
        expect(tree.find(id)).toBe(true);
        expect(region.i32[tree.own]).toBe(n);
        expect(region.i32[tree.own + 1]).toBe(~n);
        if (random.below(10) >= chance) {
          tree.remove();
          model.delete(n);
          expect(tree.find(id)).toBe(false);
          if (other.find(id)) other.remove();
        }
      } else if (random.below(10) < chance) {
        add(region, tree, n);
        model.add(n);
        if (n % 3 === 0) {
          expect(region.reserveFresh(other.freshFor(1, false))).toBe(true);
          other.insert(id);
        }
      } else {
        expect(tree.find(id)).toBe(false);
      }
      expect(tree.count).toBe(model.size);
      if (step % 100 !== 0) continue;
      const sorted = [...model].sort((a, b) => a - b);
      expect(keys(tree)).toEqual(sorted);
      expect(keys(other)).toEqual(sorted.filter((k) => k % 3 === 0));
      expect(fault(region, tree, other)).toBe(undefined);
      const at = random.below(range);
      const above = sorted.find((k) => k >= at);
      expect(tree.seekAtLeast(idOf(at))).toBe(above !== undefined);
      if (above !== undefined) expect(region.i32[tree.own]).toBe(above);
      const below = sorted.findLast((k) => k <= at);
      expect(tree.seekAtMost(idOf(at))).toBe(below !== undefined);
      const backwards: number[] = [];
      for (let more = tree.seekLast(); more; more = tree.previous()) {
        backwards.push(region.i32[tree.own]);
      }
      expect(backwards).toEqual(sorted.toReversed());
    }
    tree.free();
    other.free();
    expect([tree.root, tree.count]).toEqual([0, 0]);
    expect(fault(region)).toBe(undefined);
    expect(region.used).toBe(REGION_WORDS / 2);
  });
}

test('what is reserved for many is enough for them', () => {
  for (const isBehind of [true, false]) {
    const random = new SeededRandom(3);
    const region = regionIn(4 * MiB);
    const tree = new IdTree(region, 3).open(0);
    let next = 0;
    for (let round = 0; round < 60; round++) {
      const count = 1 + random.below(random.below(3) === 0 ? 400 : 20);
      expect(region.reserveFresh(tree.freshFor(count, isBehind))).toBe(true);
      for (let i = 0; i < count; i++) {
        next++;
        tree.insert(idOf(isBehind ? next : (next * 7919) % 100_003));
      }
      expect(fault(region, tree)).toBe(undefined);
    }
    expect(tree.count).toBe(next);
  }
});

test('a tree prepared for its elements takes exactly their units', () => {
  for (const count of [1, 3, 15, 16, 40, 1000]) {
    const region = regionIn(MiB);
    const tree = new IdTree(region, 4).open(0);
    const { used } = region;
    expect(region.reserve(tree.unitsOf(count), 64)).toBe(true);
    tree.prepare(count);
    for (let n = 0; n < count; n++) tree.insert(idOf(n));
    expect(region.used - used).toBe(tree.unitsOf(count));
    expect(fault(region, tree)).toBe(undefined);
  }
});

test('a reservation that is refused leaves the tree as it is', () => {
  const region = regionIn(256 * KiB);
  const tree = new IdTree(region, 4).open(0);
  let n = 0;
  while (region.reserveFresh(tree.freshFor(1, true))) tree.insert(idOf(n++));
  expect(tree.count).toBe(n);
  expect(fault(region, tree)).toBe(undefined);
});

test('ids of all sizes are in order', () => {
  const region = regionIn(MiB);
  const tree = new IdTree(region, 0).open(0);
  const words = [0, 1, 2 ** 31 - 1, -(2 ** 31), -1];
  const ids = words.flatMap((msHi) =>
    words.flatMap((msLo) =>
      words.flatMap((seqHi) => words.map((seqLo) => new StreamId().set(msHi, msLo, seqHi, seqLo))),
    ),
  );
  const order = ids.map((_, i) => (i * 271) % ids.length);
  expect(region.reserveFresh(tree.freshFor(ids.length, false))).toBe(true);
  for (const i of order) tree.insert(ids[i]);
  const found: string[] = [];
  for (let more = tree.seekFirst(); more; more = tree.next()) {
    found.push(String(tree.readId(new StreamId())));
  }
  expect(found).toEqual(ids.map(String));
});
