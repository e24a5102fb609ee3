import { expect, test } from 'vitest';
import { SeededRandom } from '../../../src/std/random.ts';
import { audit } from '../../../src/zone/audit.ts';
import type { Policy } from '../../../src/zone/recency.ts';
import type { Zone } from '../../../src/zone/zone.ts';
import {
  dump,
  find,
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

/** Fills a zone until it is full: nothing of this size fits without something leaving. */
function fill(zone: Zone, size: number, deadline = -1): number {
  const before = { ...zone.counts };
  let i = 0;
  while (
    set(zone, `fill:${size}:${i}`, 'v'.repeat(size), deadline) &&
    zone.counts.evicted === before.evicted
  ) {
    i++;
  }
  return i;
}

test('what can not fit is refused before anything is evicted', () => {
  for (const policy of ['allkeys-lru', 'allkeys-random', 'volatile-ttl', 'volatile-lfu'] as const) {
    const zone = openZone({ policy });
    fill(zone, 100, START + 1000);
    const before = dump(zone);
    const { evicted, refused } = zone.counts;
    expect(put(zone, 'large', new Uint8Array(300 * KiB))).toBe(0);
    expect(dump(zone)).toEqual(before);
    expect(zone.counts).toMatchObject({ evicted, refused: refused + 1 });
    expect(put(zone, 'large', new Uint8Array(200 * KiB))).not.toBe(0);
  }
});

test('the largest value that fits an empty zone fits a full one, whatever fills it', () => {
  const empty = openZone();
  let size = 256 * KiB;
  while (put(empty, 'large', new Uint8Array(size)) === 0) size -= 512;
  for (const policy of ['allkeys-lru', 'allkeys-lfu', 'volatile-ttl', 'volatile-random'] as const) {
    for (const value of [10, 300, 1900, 30_000]) {
      const zone = openZone({ policy });
      fill(zone, value, START + 1000);
      expect(put(zone, 'large', new Uint8Array(size))).not.toBe(0);
      expect(audit(zone)).toBeUndefined();
    }
  }
});

test('expired entries go before live ones, each with its cause', () => {
  const zone = openZone({ policy: 'allkeys-lru' });
  for (let i = 0; i < 50; i++) set(zone, `old:${i}`, 'v'.repeat(500));
  for (let i = 0; i < 50; i++) set(zone, `due:${i}`, 'v'.repeat(500), START + 10);
  fill(zone, 500);
  zone.tick(START + 20);
  const { evicted } = zone.counts;
  for (let i = 0; i < 40; i++) set(zone, `new:${i}`, 'v'.repeat(500));
  expect(zone.counts).toMatchObject({ evicted, expired: 40 });
});

test('what is written is not evicted for itself, not even when it is the oldest', () => {
  const policies: Policy[] = ['allkeys-lru', 'allkeys-lfu', 'allkeys-random', 'volatile-ttl'];
  for (const policy of policies) {
    const zone = openZone({ policy });
    fill(zone, 900, START + 20);
    set(zone, 'first', 'f'.repeat(900), START + 10);
    for (const key of keysOf(zone)) if (key !== 'first') touch(zone, key);
    const gone = removalsOf(zone);
    for (const size of [1000, 3000, 60_000, 150_000]) {
      const target = zone.resize(find(zone, 'first'), size);
      expect(target).not.toBe(0);
      expect(zone.arena.u8[zone.content.at(target, 899)]).toBe(102);
    }
    expect(gone).not.toContain('first');
    expect(gone.length).toBeGreaterThan(50);
    expect(audit(zone)).toBeUndefined();
  }
});

test('what is written is not removed for its age either: its writer has found it alive', () => {
  const zone = openZone({ policy: 'allkeys-lru' });
  fill(zone, 900);
  const entry = put(zone, 'first', new Uint8Array(900), START + 10);
  zone.tick(START + 20);
  expect(zone.resize(entry, 50_000)).not.toBe(0);
  expect(zone.counts.expired).toBe(0);
  expect(zone.deadline(find(zone, 'first'))).toBe(START + 10);
});

test('a class with a page of free slots gives one up instead of an eviction', () => {
  const zone = openZone({ policy: 'allkeys-lru' });
  const count = fill(zone, 200);
  const kept = keysOf(zone).filter((_, i) => i % 2 === 0);
  for (const key of keysOf(zone)) if (!kept.includes(key)) remove(zone, key);
  const { evicted } = zone.counts;
  const { moves } = zone;
  let stored = 0;
  while (set(zone, `large:${stored}`, 'v'.repeat(1500)) && zone.counts.evicted === evicted)
    stored++;
  // Half of the zone was free, a slot here and a slot there.
  expect(stored * 1500).toBeGreaterThan(count * 200 * 0.4);
  expect(zone.moves).toBeGreaterThan(moves);
  const gone = kept.filter((key) => find(zone, key) === 0);
  expect(gone.length).toBe(zone.counts.evicted - evicted);
});

test('under noeviction all free slots can be had, together', () => {
  const zone = openZone({ policy: 'noeviction' });
  const random = new SeededRandom(1);
  for (let i = 0; set(zone, `key:${i}`, 'v'.repeat([100, 200, 700][random.below(3)])); i++);
  const keys = keysOf(zone);
  keys.forEach((key, i) => {
    if (i % 3 !== 0) remove(zone, key);
  });
  const left = dump(zone);
  expect(put(zone, 'large', new Uint8Array(110 * KiB))).not.toBe(0);
  remove(zone, 'large');
  expect(dump(zone)).toEqual(left);
  expect(audit(zone)).toBeUndefined();
});

test('a write that has no slot of its size takes a larger one rather than be refused', () => {
  const zone = openZone({ size: 256 * KiB });
  const { pageCount } = zone.layout;
  // A page for each of as many classes as there are pages.
  for (let i = 0, size = 40; zone.slab.freePages() > 0; size += 8) {
    const entry = put(zone, `key:${i}`, new Uint8Array(size));
    if (entry !== 0) i++;
  }
  expect(zone.slab.usedPages()).toBe(pageCount);
  const before = zone.table.count;
  for (let i = 0; i < 200; i++) expect(put(zone, `tiny:${i}`, new Uint8Array(1))).not.toBe(0);
  expect(zone.table.count).toBe(before + 200);
  expect(zone.counts.refused).toBe(0);
  expect(audit(zone)).toBeUndefined();
});

test('the last page of deadlines is no reason to refuse', () => {
  const zone = openZone({ policy: 'noeviction' });
  const { perPage } = zone.deadlines;
  for (let i = 0; i < perPage + 1; i++) set(zone, `due:${i}`, 'v'.repeat(8), START + 1000);
  for (let i = 0; i < 2; i++) remove(zone, `due:${i}`);
  expect(zone.deadlines.pageCount).toBe(2);
  const pages = zone.slab.freePages();
  expect(put(zone, 'large', new Uint8Array((pages + 1) * zone.layout.pageSize - 4096))).not.toBe(0);
  expect(zone.deadlines.pageCount).toBe(1);
});

test('forced and refused writes are counted once each', () => {
  const zone = openZone({ policy: 'allkeys-lru' });
  fill(zone, 100);
  zone.takeForced();
  const { forced, refused } = zone.counts;
  set(zone, 'large', 'v'.repeat(5000));
  expect(zone.takeForced()).toBeGreaterThan(20);
  expect(zone.takeForced()).toBe(0);
  expect(zone.counts).toMatchObject({ forced: forced + 1, refused });
  touch(zone, 'large');
  expect(set(zone, 'large', 'v'.repeat(300 * KiB))).toBe(false);
  expect(zone.counts).toMatchObject({ forced: forced + 1, refused: refused + 1 });
  expect(zone.slab.figures().some(({ fails }) => fails > 0)).toBe(true);
});

test('without leave to evict, what is not free is refused', () => {
  const zone = openZone({ policy: 'allkeys-lru' });
  fill(zone, 100);
  const before = order(zone);
  zone.room.mayEvict = false;
  expect(set(zone, 'large', 'v'.repeat(5000))).toBe(false);
  expect(order(zone)).toEqual(before);
  zone.room.mayEvict = true;
  expect(set(zone, 'large', 'v'.repeat(5000))).toBe(true);
});

test('room for many writes is asked for at once, and then each has its own', () => {
  for (const policy of ['noeviction', 'allkeys-lru'] as const) {
    const zone = openZone({ size: 512 * KiB, policy });
    if (policy === 'allkeys-lru') fill(zone, 300);
    zone.room.begin();
    for (let i = 0; i < 60; i++) zone.addPut(10, 0, i * 60);
    expect(zone.room.take()).toBe(true);
    expect(audit(zone)).toBeUndefined();
    const { evicted } = zone.counts;
    for (let i = 0; i < 60; i++)
      expect(set(zone, `many:${1000 + i}`, 'v'.repeat(i * 60))).toBe(true);
    expect(zone.counts.evicted).toBe(evicted);
    zone.room.begin();
    zone.addPut(10, 0, 600 * KiB);
    expect(zone.room.take()).toBe(false);
    zone.room.begin();
    zone.addPut(2 ** 31, 0, 10);
    expect(zone.room.take()).toBe(false);
    expect(audit(zone)).toBeUndefined();
  }
});

test('who watches entries leave may remove others, and make them smaller', () => {
  const zone = openZone({ size: MiB, policy: 'allkeys-lru' });
  set(zone, 'index', 'i'.repeat(40_000));
  zone.setPinned(find(zone, 'index'), true);
  for (let i = 0; i < 200; i++) {
    set(zone, `a:${i}`, 'v'.repeat(500));
    set(zone, `b:${i}`, 'v'.repeat(1500));
  }
  let faults = 0;
  zone.onRemove = (entry) => {
    const key = String.fromCharCode(...zone.key(entry));
    if (!key.startsWith('a:')) return;
    const other = find(zone, `b:${key.slice(2)}`);
    if (other !== 0) zone.remove(other, 2);
    const index = find(zone, 'index');
    const size = zone.content.size(index) - 180;
    const smaller = zone.resize(index, size);
    if (smaller === 0 || zone.content.size(smaller) !== size) faults++;
  };
  for (let i = 0; i < 150; i++) {
    expect(set(zone, `c:${i}`, 'v'.repeat(8000))).toBe(true);
    expect(audit(zone)).toBeUndefined();
    // The very entry that is written becomes smaller, too.
    const index = find(zone, 'index');
    const wanted = zone.content.size(index) + 3000;
    if (i % 30 === 0) expect(zone.content.size(zone.resize(index, wanted))).toBe(wanted);
  }
  expect(faults).toBe(0);
  expect(audit(zone)).toBeUndefined();
});
