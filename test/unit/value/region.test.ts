import { expect, test } from 'vitest';
import { SeededRandom } from '../../../src/std/random.ts';
import { Region } from '../../../src/value/region.ts';
import { TYPE_SORTED_SET } from '../../../src/value/type.ts';
import { find, KiB, MiB, put, zoneOf } from './support.ts';

function regionIn(size: number): Region {
  const zone = zoneOf(size);
  const region = new Region();
  region.bind(zone, put(zone, 'k', TYPE_SORTED_SET, 512));
  region.format(0);
  return region;
}

test('blocks keep what is written in them while others come and go', () => {
  const region = regionIn(MiB);
  const random = new SeededRandom(7);
  const blocks: { block: number; units: number; mark: number }[] = [];
  const wordsOf = ({ block, units }: { block: number; units: number }): number[] =>
    Array.from({ length: units * 2 }, (_, i) => region.word(block + (i >>> 1)) + (i & 1));

  for (let step = 0; step < 3000; step++) {
    if (random.below(5) < 2 && blocks.length > 0) {
      const [gone] = blocks.splice(random.below(blocks.length), 1);
      for (const word of wordsOf(gone)) expect(region.i32[word]).toBe(gone.mark);
      region.give(gone.block, gone.units);
    } else if (blocks.length < 150) {
      const units = 1 + random.below(random.below(10) === 0 ? 700 : 40);
      expect(region.reserve(units, units)).toBe(true);
      const made = { block: region.take(units), units, mark: step + 1 };
      for (const word of wordsOf(made)) region.i32[word] = made.mark;
      blocks.push(made);
    }
    if (step % 50 === 0) expect(region.audit()).toBe(undefined);
  }
  for (const made of blocks) {
    for (const word of wordsOf(made)) expect(region.i32[word]).toBe(made.mark);
  }
});

test('a block no larger than a chunk lies in one piece', () => {
  const region = regionIn(MiB);
  for (const units of [3, 100, 256, 31, 255, 7, 200, 256, 1, 129]) {
    expect(region.reserve(units, units)).toBe(true);
    const block = region.take(units);
    const first = region.word(block);
    for (let i = 0; i < units; i++) expect(region.word(block + i)).toBe(first + i * 2);
  }
});

test('blocks given back are taken again before fresh ones', () => {
  const region = regionIn(MiB);
  region.reserve(200, 50);
  const blocks = Array.from({ length: 20 }, () => region.take(8));
  for (const block of blocks) region.give(block, 8);
  const { bump } = region;
  const again = Array.from({ length: 20 }, () => region.take(8));
  expect(new Set(again)).toEqual(new Set(blocks));
  for (const block of again) region.give(block, 8);
  for (let i = 0; i < 40; i++) region.take(4);
  expect(region.bump).toBe(bump);
});

test('a reservation that is refused changes nothing', () => {
  const region = regionIn(256 * KiB);
  const { bump, limit, entry, zone } = region;
  expect(region.reserve(100_000, 8)).toBe(false);
  region.bind(zone, find(zone, 'k'));
  expect(region.entry).toBe(entry);
  expect([region.bump, region.limit]).toEqual([bump, limit]);
});

test('content that is reserved and not used is given back', () => {
  const region = regionIn(MiB);
  region.reserve(5000, 8);
  const { limit } = region;
  region.trim();
  expect(region.limit).toBeLessThan(limit / 10);
});
