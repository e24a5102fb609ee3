import { describe, expect, test } from 'vitest';
import { SeededRandom } from '../../src/std/random.ts';
import { audit } from '../../src/zone/audit.ts';
import type { Policy } from '../../src/zone/recency.ts';
import type { Zone } from '../../src/zone/zone.ts';
import { find, keysOf, MiB, openZone, set, textOf } from '../unit/zone/support.ts';
import { ZoneModel } from './zone.model.ts';

/** Fills a zone and overwrites at random, so that every page holds entries of all ages. */
function settle(zone: Zone, name: string, size: number, random: SeededRandom): number {
  let count = 0;
  const { evicted } = zone.counts;
  while (zone.counts.evicted === evicted) set(zone, `${name}:${count++}`, 'v'.repeat(size));
  for (let i = 0; i < count * 2; i++) {
    set(zone, `${name}:${random.below(count)}`, 'w'.repeat(size));
  }
  return count;
}

interface Turnover {
  share: number;
  /** Bytes evicted beyond 1.5 times those of new keys, at worst, as a share of the zone. */
  excess: number;
}

/** Writes keys with values of another size, as many bytes as the zone has; others are overwritten. */
function turnOver(zone: Zone, name: string, size: number, random: SeededRandom): Turnover {
  let created = 0;
  let evicted = 0;
  let excess = 0;
  zone.onRemove = (entry) => {
    evicted += zone.sizeOf(entry);
  };
  for (let i = 0; created < zone.size; i++) {
    const key = `${name}:${random.below(2) === 0 ? i : random.below(i + 1)}`;
    const isNew = find(zone, key) === 0;
    expect(set(zone, key, 'x'.repeat(size))).toBe(true);
    if (isNew) created += zone.sizeOf(find(zone, key));
    excess = Math.max(excess, (evicted - created * 1.5) / zone.size);
  }
  zone.onRemove = undefined;
  let served = 0;
  for (const key of keysOf(zone)) {
    if (key.startsWith(`${name}:`)) served += zone.sizeOf(find(zone, key));
  }
  return { share: served / zone.size, excess };
}

describe('a full zone whose values change size', () => {
  test.each<[Policy]>([['allkeys-lru'], ['allkeys-lfu'], ['allkeys-random']])(
    'under %s, serves the new size after one turnover, and evicts no more than it writes',
    (policy) => {
      const random = new SeededRandom(11);
      const zone = openZone({ size: 5 * MiB, policy });
      settle(zone, 'small', 100, random);
      const up = turnOver(zone, 'large', 1000, random);
      expect(up.excess).toBeLessThan(0.05);
      expect(audit(zone)).toBeUndefined();
      // LFU keeps what was used often, random some of everything: only LRU turns all over.
      if (policy === 'allkeys-lru') expect(up.share).toBeGreaterThan(0.9);
      const down = turnOver(zone, 'tiny', 100, random);
      expect(down.excess).toBeLessThan(0.05);
      if (policy === 'allkeys-lru') expect(down.share).toBeGreaterThan(0.9);
      expect(audit(zone)).toBeUndefined();
    },
  );

  test('a turnover to values of many chunks, and back', () => {
    const random = new SeededRandom(12);
    const zone = openZone({ size: 5 * MiB, policy: 'allkeys-lru' });
    settle(zone, 'small', 100, random);
    const up = turnOver(zone, 'large', 40_000, random);
    expect(up.excess).toBeLessThan(0.05);
    expect(up.share).toBeGreaterThan(0.9);
    const down = turnOver(zone, 'tiny', 60, random);
    expect(down.excess).toBeLessThan(0.05);
    expect(down.share).toBeGreaterThan(0.9);
    expect(audit(zone)).toBeUndefined();
  });
});

test('64 MiB under four times as many bytes of mixed writes: none fails, victims exactly by age', () => {
  const random = new SeededRandom(13);
  const zone = openZone({ size: 64 * MiB, policy: 'allkeys-lru' });
  const model = new ZoneModel();
  const value = random.bytes(MiB);
  let writing = '';
  let wrong = 0;
  zone.onRemove = (entry) => {
    const key = textOf(zone.key(entry));
    let oldest = model.oldest(false);
    if (oldest === writing) {
      model.touch(writing);
      oldest = model.oldest(false);
    }
    if (oldest !== key) wrong++;
    model.entries.delete(key);
  };
  let written = 0;
  let failed = 0;
  for (let i = 0; written < 256 * MiB; i++) {
    const kind = random.below(1000);
    const size =
      kind === 0 ? random.below(MiB) : kind < 20 ? random.below(60_000) : random.below(kind * 4);
    writing = `key:${random.below(40_000)}`;
    if (!set(zone, writing, value.subarray(0, size))) failed++;
    model.put(writing, value, -1);
    model.touch(writing);
    written += size;
    if (i % 20_000 === 0) expect(audit(zone)).toBeUndefined();
  }
  expect([failed, wrong]).toEqual([0, 0]);
  expect(zone.counts.evicted).toBeGreaterThan(10_000);
  expect(zone.counts.refused).toBe(0);
  expect(zone.usedSize).toBeLessThanOrEqual(zone.size);
  expect(audit(zone)).toBeUndefined();
  expect(keysOf(zone)).toEqual([...model.entries.keys()].sort());
});
