import { expect, test } from 'vitest';
import { SeededRandom } from '../../../src/std/random.ts';
import { REGION_WORDS, Region } from '../../../src/value/region.ts';
import { freshForSegments, Segments } from '../../../src/value/segments.ts';
import { TYPE_STREAM } from '../../../src/value/type.ts';
import { MiB, put, zoneOf } from './support.ts';

function regionIn(size: number): Region {
  const zone = zoneOf(size);
  const region = new Region();
  region.bind(zone, put(zone, 'k', TYPE_STREAM, 512));
  region.format(0);
  return region;
}

function bytesOf(random: SeededRandom, size: number): Uint8Array {
  const first = random.below(256);
  return Uint8Array.from({ length: size }, (_, i) => first + i * 7);
}

function lastOf(segments: Segments, first: number): number {
  let last = first;
  while (segments.next(last) !== 0) last = segments.next(last);
  return last;
}

/** What is wrong with the region, or how chains lie in it. */
function fault(region: Region, chains: readonly number[]): string | undefined {
  const segments = new Segments(region);
  let problem = region.audit();
  const taken = new Uint8Array(region.limit);
  const claim = (block: number, units: number): void => {
    if (taken.subarray(block, block + units).includes(1)) problem ??= `${block} overlaps`;
    taken.fill(1, block, block + units);
  };
  claim(0, REGION_WORDS / 2);
  region.eachFree(claim);
  for (const first of chains) segments.claim(first, claim);
  if (taken.subarray(0, region.bump).includes(0)) problem ??= 'a unit is in no block';
  return problem;
}

test('chains keep their bytes while others grow, are cut and go', () => {
  const region = regionIn(4 * MiB);
  const segments = new Segments(region);
  const random = new SeededRandom(9);
  const chains: { first: number; bytes: Uint8Array }[] = [];
  const read = (first: number, size: number): Uint8Array => {
    const bytes = new Uint8Array(size);
    segments.read(first, bytes, size);
    return bytes;
  };
  for (let step = 0; step < 800; step++) {
    const size = 1 + random.below(random.below(20) === 0 ? 9000 : 400);
    const wanted = size + random.below(500);
    const choice = random.below(10);
    if (choice < 3 || chains.length === 0) {
      expect(region.reserveFresh(segments.freshFor(size, 0))).toBe(true);
      const chain = { first: segments.take(size, wanted), bytes: bytesOf(random, size) };
      segments.write(chain.first, 0, chain.bytes, 0, size);
      chains.push(chain);
    } else if (choice < 7) {
      const chain = chains[random.below(chains.length)];
      const before = chain.bytes.length;
      const capacity = segments.claim(chain.first, () => {});
      const need = Math.max(0, before + size - capacity);
      if (need > 0) {
        expect(region.reserveFresh(segments.freshFor(need, 0))).toBe(true);
        segments.add(lastOf(segments, chain.first), need, need + wanted);
      }
      const added = bytesOf(random, size);
      segments.write(chain.first, before, added, 0, size);
      const grown = new Uint8Array(before + size);
      grown.set(chain.bytes);
      grown.set(added, before);
      chain.bytes = grown;
    } else if (choice === 7) {
      const chain = chains[random.below(chains.length)];
      segments.cut(chain.first, chain.bytes.length);
    } else {
      const [gone] = chains.splice(random.below(chains.length), 1);
      expect(Buffer.compare(read(gone.first, gone.bytes.length), gone.bytes)).toBe(0);
      segments.give(gone.first);
    }
    if (step % 80 !== 0) continue;
    const firsts = chains.map(({ first }) => first);
    expect(fault(region, firsts)).toBe(undefined);
    for (const { first, bytes } of chains) {
      expect(Buffer.compare(read(first, bytes.length), bytes)).toBe(0);
    }
  }
});

test('a chain takes what was given back before anything fresh', () => {
  const region = regionIn(MiB);
  const segments = new Segments(region);
  region.reserveFresh(freshForSegments(12_000, region.chunkUnits) * 2);
  const chains = Array.from({ length: 12 }, () => segments.take(1000, 1000));
  for (const first of chains) segments.give(first);
  const { bump } = region;
  const first = segments.take(10_000, 10_000);
  expect(region.bump).toBe(bump);
  expect(fault(region, [first])).toBe(undefined);
});

test('no more is taken than was reserved, wherever a chunk ends', () => {
  for (let size = 1; size < 6000; size += 97) {
    const region = regionIn(MiB);
    const segments = new Segments(region);
    const chains: number[] = [];
    for (let i = 0; i < 6; i++) {
      const fresh = segments.freshFor(size, 0);
      expect(region.reserveFresh(fresh, 0)).toBe(true);
      const before = region.bump;
      chains.push(segments.take(size, size));
      expect(region.bump - before).toBeLessThanOrEqual(fresh);
    }
    expect(fault(region, chains)).toBe(undefined);
  }
});
