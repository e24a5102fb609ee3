import { expect, test } from 'vitest';
import { SeededRandom } from '../../../src/std/random.ts';
import type { Zone } from '../../../src/zone/zone.ts';
import { bytesOf, find, get, KiB, MiB, openZone, remove, set, textOf } from './support.ts';

/** One step of a scan: keys of whole buckets from a place among the hashes, and the next place. */
function scan(zone: Zone, cursor: number, count: number): [number, string[]] {
  const { table, layout, arena } = zone;
  const step = 2 ** layout.bucketShift;
  const keys: string[] = [];
  let bucket = table.nextOccupied(Math.floor(cursor / step));
  while (bucket < table.bucketCount && keys.length < count) {
    for (let e = table.head(bucket); e !== 0; e = arena.i32[e * 2]) keys.push(textOf(zone.key(e)));
    bucket = table.nextOccupied(bucket + 1);
  }
  return [bucket < table.bucketCount ? bucket * step : 0, keys];
}

test('a scan returns what stays, whatever comes, goes, grows or shrinks meanwhile', () => {
  for (let seed = 1; seed <= 12; seed++) {
    const random = new SeededRandom(seed);
    const zone = openZone({ size: MiB });
    for (let i = 0; i < 1500; i++) set(zone, `stays:${i}`, 'v');
    const seen = new Map<string, number>();
    let cursor = 0;
    let step = 0;
    do {
      const [next, keys] = scan(zone, cursor, 10);
      cursor = next;
      for (const key of keys) seen.set(key, (seen.get(key) ?? 0) + 1);
      for (let i = 0; i < 20; i++) {
        const key = `comes:${random.below(400)}`;
        if (find(zone, key) === 0) set(zone, key, 'v');
        else remove(zone, key);
      }
      if (step++ % 25 === 7) expect(zone.resizeTo(512 * KiB + random.below(6 * MiB))).toBe(true);
    } while (cursor !== 0);
    for (let i = 0; i < 1500; i++) expect(seen.has(`stays:${i}`)).toBe(true);
    expect(step).toBeGreaterThan(50);
  }
});

test('without changes a scan returns each key once', () => {
  const zone = openZone({ size: MiB });
  for (let i = 0; i < 2000; i++) set(zone, `key:${i}`, 'v');
  const all: string[] = [];
  let cursor = 0;
  do {
    const [next, keys] = scan(zone, cursor, 7);
    cursor = next;
    all.push(...keys);
  } while (cursor !== 0);
  expect(all.length).toBe(2000);
  expect(new Set(all).size).toBe(2000);
});

test('an entry by rank is any, each with the same chance', () => {
  const zone = openZone({ size: MiB });
  const random = new SeededRandom(4);
  for (let i = 0; i < 500; i++) set(zone, `key:${i}`, 'v');
  for (let i = 0; i < 250; i++) remove(zone, `key:${i * 2}`);
  const { table } = zone;
  const all = new Set<number>();
  for (let rank = 0; rank < table.count; rank++) all.add(table.byRank(rank));
  expect(all.size).toBe(250);
  const draws = 50_000;
  const hits = new Map<number, number>();
  for (let i = 0; i < draws; i++) {
    const entry = table.byRank(random.below(table.count));
    hits.set(entry, (hits.get(entry) ?? 0) + 1);
  }
  const expected = draws / 250;
  let chiSquare = 0;
  for (const entry of all) chiSquare += ((hits.get(entry) ?? 0) - expected) ** 2 / expected;
  // 249 degrees of freedom: above 330 once in 2,500 seeds.
  expect(chiSquare).toBeLessThan(330);
  expect(chiSquare).toBeGreaterThan(170);
});

test('a random entry of a crowded table is any, each with the same chance', () => {
  const zone = openZone({ size: MiB });
  const random = new SeededRandom(5);
  const { table } = zone;
  for (let i = 0; i < 5000; i++) set(zone, `key:${i}`, 'v');
  for (let i = 0; i < 900; i++) remove(zone, `key:${i}`);
  const draws = 200_000;
  const hits = new Map<number, number>();
  for (let i = 0; i < draws; i++) {
    const entry = table.random(random);
    hits.set(entry, (hits.get(entry) ?? 0) + 1);
  }
  expect(hits.size).toBe(4100);
  const expected = draws / 4100;
  let chiSquare = 0;
  for (const count of hits.values()) chiSquare += (count - expected) ** 2 / expected;
  // 4,099 degrees of freedom, a standard deviation of 91: within three of it.
  expect(Math.abs(chiSquare - 4099)).toBeLessThan(3 * 91);
});

test('keys that share a hash are told apart, in find, in findAfter and by database', () => {
  const zone = openZone();
  const hash = 0x12345678;
  const names = ['a', 'b', 'longer', 'l'.repeat(3000), 'm'.repeat(3000)];
  for (const database of [0, 3]) {
    for (const name of names) {
      const key = bytesOf(name);
      expect(zone.put(0, database, hash, key, 0, key.length, 0, 1, false)).not.toBe(0);
    }
  }
  for (const name of names) {
    const key = bytesOf(name);
    const entry = zone.find(3, hash, key, 0, key.length);
    expect(textOf(zone.key(entry))).toBe(name);
    expect(zone.database(entry)).toBe(3);
    expect(zone.findAfter(entry, key, 0, key.length)).toBe(0);
  }
  expect(zone.find(1, hash, bytesOf('a'), 0, 1)).toBe(0);
  // One entered again is found first, and the older one behind it.
  const twin = zone.put(0, 3, hash, bytesOf('a'), 0, 1, 0, 1, false);
  expect(zone.find(3, hash, bytesOf('a'), 0, 1)).toBe(twin);
  const older = zone.findAfter(twin, bytesOf('a'), 0, 1);
  expect(older).not.toBe(0);
  expect(older).not.toBe(twin);
});

test('walks step over what is empty and end at the number of buckets', () => {
  const zone = openZone({ size: 16 * MiB });
  const { table } = zone;
  expect(table.nextOccupied(0)).toBe(table.bucketCount);
  set(zone, 'only', 'v');
  const bucket = table.nextOccupied(0);
  expect(table.head(bucket)).toBe(find(zone, 'only'));
  expect(table.nextOccupied(bucket)).toBe(bucket);
  expect(table.nextOccupied(bucket + 1)).toBe(table.bucketCount);
  table.clear();
  expect([table.count, table.nextOccupied(0)]).toEqual([0, table.bucketCount]);
  expect(get(zone, 'only')).toBeUndefined();
});

test('chains stay short when all is tiny', () => {
  const zone = openZone({ size: 4 * MiB });
  let i = 0;
  while (set(zone, `k${i}`, '')) i++;
  const longest = Array.from({ length: zone.table.bucketCount }, (_, bucket) => {
    let size = 0;
    for (let e = zone.table.head(bucket); e !== 0; e = zone.arena.i32[e * 2]) size++;
    return size;
  }).reduce((a, b) => Math.max(a, b));
  expect(i / zone.table.bucketCount).toBeLessThan(8);
  expect(longest).toBeLessThan(26);
});
