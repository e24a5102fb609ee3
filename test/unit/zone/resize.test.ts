import { expect, test } from 'vitest';
import { SeededRandom } from '../../../src/std/random.ts';
import { audit } from '../../../src/zone/audit.ts';
import { ZONE_SIZE_MAX, zoneSizeFault } from '../../../src/zone/layout.ts';
import type { Policy } from '../../../src/zone/recency.ts';
import type { Zone } from '../../../src/zone/zone.ts';
import {
  dump,
  find,
  get,
  KiB,
  keysOf,
  MiB,
  openZone,
  order,
  put,
  removalsOf,
  remove,
  START,
  set,
  touch,
} from './support.ts';

/** A zone with entries of every kind, some of which have left again. */
function mixedZone(size: number, policy: Policy, amount: number): Zone {
  const zone = openZone({ size, policy });
  const random = new SeededRandom(9);
  for (let written = 0, i = 0; written < amount; i++) {
    const bytes = random.bytes(i % 41 === 0 ? 30_000 : 500 + random.below(30));
    const key = i % 37 === 0 ? `key:${i}`.padEnd(3000, 'k') : `key:${i}`;
    const entry = put(zone, key, bytes, i % 3 === 0 ? START + 1e6 + i : -1, i % 2, i % 5);
    expect(entry).not.toBe(0);
    if (i % 11 === 0) zone.setAnnexSize(entry, 3);
    written += bytes.length;
  }
  const keys = keysOf(zone);
  for (let i = 0; i < keys.length; i += 4) {
    for (let database = 0; database < 5; database++) {
      const entry = find(zone, keys[i], database);
      if (entry !== 0) zone.remove(entry, 2);
    }
  }
  return zone;
}

test('a zone grows with all that is in it', () => {
  const zone = mixedZone(MiB, 'noeviction', 500 * KiB);
  const before = dump(zone);
  const { length } = before;
  expect(length).toBeGreaterThan(200);
  for (const size of [MiB + 8, 3 * MiB, 64 * MiB + 5]) {
    expect(zone.resizeTo(size)).toBe(true);
    expect(zone.size).toBe(size - (size % 8));
    expect(audit(zone)).toBeUndefined();
    expect(dump(zone)).toEqual(before);
  }
  expect(set(zone, 'more', 'x'.repeat(10 * MiB))).toBe(true);
  expect(audit(zone)).toBeUndefined();
});

test('a zone shrinks to what is in it, and no further', () => {
  const zone = mixedZone(2 * MiB, 'noeviction', 400 * KiB);
  const before = dump(zone);
  let size = zone.size;
  while (zone.resizeTo(size - 64 * KiB)) {
    size -= 64 * KiB;
    expect(audit(zone)).toBeUndefined();
    expect(dump(zone)).toEqual(before);
  }
  expect(zone.size).toBe(size);
  expect(dump(zone)).toEqual(before);
  expect(audit(zone)).toBeUndefined();
  // Every page is needed: what is in use is within a page of what there is.
  expect(zone.slab.freePages()).toBeLessThanOrEqual(64 / 16);
  expect(zone.counts).toMatchObject({ evicted: 0, refused: 0, forced: 0 });
});

test('a zone that shrinks under allkeys-lru evicts the oldest, and only as many as must go', () => {
  const zone = openZone({ size: 2 * MiB, policy: 'allkeys-lru' });
  for (let i = 0; i < 1000; i++) set(zone, `key:${i}`, 'v'.repeat(1000));
  for (let i = 0; i < 500; i++) touch(zone, `key:${i}`);
  const before = order(zone);
  const gone = removalsOf(zone);
  expect(zone.resizeTo(MiB)).toBe(true);
  expect(gone).toEqual(before.slice(0, gone.length));
  expect(order(zone)).toEqual(before.slice(gone.length));
  expect(zone.usedSize).toBeGreaterThan(0.95 * MiB);
  expect(zone.usedSize).toBeLessThanOrEqual(MiB);
  expect(audit(zone)).toBeUndefined();
});

test('a zone that can not shrink under volatile-lru evicts nothing', () => {
  const zone = openZone({ size: 2 * MiB, policy: 'volatile-lru' });
  for (let i = 0; i < 1200; i++)
    set(zone, `key:${i}`, 'v'.repeat(1000), i < 600 ? START + 1e6 : -1);
  const before = dump(zone);
  expect(zone.resizeTo(512 * KiB)).toBe(false);
  expect(dump(zone)).toEqual(before);
  expect(zone.resizeTo(MiB)).toBe(true);
  expect(zone.counts.evicted).toBeGreaterThan(0);
  expect(get(zone, 'key:1199')).toBe('v'.repeat(1000));
  expect(audit(zone)).toBeUndefined();
});

test('what has expired goes before anything is evicted for a smaller size', () => {
  const zone = openZone({ size: 2 * MiB, policy: 'allkeys-lru' });
  for (let i = 0; i < 1200; i++) set(zone, `key:${i}`, 'v'.repeat(1000), i < 600 ? -1 : START + 10);
  zone.tick(START + 20);
  expect(zone.resizeTo(MiB)).toBe(true);
  expect(zone.counts.evicted).toBe(0);
  expect(zone.counts.expired).toBeGreaterThan(200);
  expect(keysOf(zone).length).toBeGreaterThanOrEqual(600);
});

test('pages of deadlines and of chunks come along', () => {
  const zone = openZone({ size: 8 * MiB, policy: 'noeviction' });
  set(zone, 'filler', 'f'.repeat(4 * MiB));
  for (let i = 0; i < 4000; i++) set(zone, `key:${i}`, 'v', START + 5000 - i);
  set(zone, 'large', 'l'.repeat(MiB));
  remove(zone, 'filler');
  const before = dump(zone);
  expect(zone.resizeTo(2 * MiB)).toBe(true);
  expect(audit(zone)).toBeUndefined();
  expect(dump(zone)).toEqual(before);
  zone.tick(START + 5000 - 3990);
  let expired = 0;
  while (zone.expireOne()) expired++;
  expect(expired).toBe(10);
  expect(get(zone, 'large')).toBe('l'.repeat(MiB));
});

test('sizes no zone can have are refused with a sentence', () => {
  const zone = openZone({ size: 64 * MiB });
  for (const size of [0, 1000, MiB - 8, ZONE_SIZE_MAX + 8]) {
    expect(zone.resizeTo(size)).toBe(false);
    expect(zoneSizeFault(size, zone.layout.pageSize)).toMatch(/^a zone .* bytes/);
  }
  expect(zone.resizeTo(MiB)).toBe(true);
  expect(zone.layout.pageSize).toBe(64 * KiB);
  expect(zoneSizeFault(256 * KiB)).toBeUndefined();
  expect(audit(zone)).toBeUndefined();
});

test('who holds views of the arena is told, and only when it is another', () => {
  const zone = openZone({ size: MiB, windowSize: 4096 });
  const { arena } = zone;
  const seen: unknown[] = [];
  zone.onResize = () => seen.push(zone.arena);
  expect(zone.resizeTo(MiB)).toBe(true);
  expect(zone.resizeTo(100)).toBe(false);
  zone.resizeTo(2 * MiB);
  expect(seen.length).toBe(2);
  expect(seen[1]).not.toBe(arena);
  expect(zone.arena.u8.length).toBe(2 * MiB + 4096);
});

test('a shared zone stays shared', () => {
  const zone = openZone({ size: MiB, shared: true });
  set(zone, 'key', 'value');
  expect(zone.resizeTo(2 * MiB)).toBe(true);
  expect(zone.arena.u8.buffer).toBeInstanceOf(SharedArrayBuffer);
  expect(get(zone, 'key')).toBe('value');
});
