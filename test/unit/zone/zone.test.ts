import { expect, test } from 'vitest';
import { audit } from '../../../src/zone/audit.ts';
import { DELETED, EVICTED, EXPIRED } from '../../../src/zone/zone.ts';
import {
  bytesOf,
  dump,
  find,
  get,
  KiB,
  keysOf,
  MiB,
  openZone,
  put,
  remove,
  START,
  set,
  textOf,
} from './support.ts';

test('what is set is found, until it is removed', () => {
  const zone = openZone();
  expect(find(zone, 'key')).toBe(0);
  expect(set(zone, 'key', 'value')).toBe(true);
  expect(get(zone, 'key')).toBe('value');
  expect(set(zone, 'key', 'other')).toBe(true);
  expect(get(zone, 'key')).toBe('other');
  remove(zone, 'key');
  expect(get(zone, 'key')).toBeUndefined();
  expect([zone.slab.usedPages(), zone.table.count]).toEqual([0, 0]);
});

test('keys are any bytes of any size', () => {
  const zone = openZone({ size: MiB });
  const keys = ['', '\0', 'a\r\nb', 'x'.repeat(511), 'x'.repeat(512), 'x'.repeat(513)];
  keys.push('x'.repeat(2048), 'x'.repeat(60_000), `${'x'.repeat(60_000)}y`);
  for (const key of keys) expect(set(zone, key, `of ${key.length}`)).toBe(true);
  for (const key of keys) {
    expect(get(zone, key)).toBe(`of ${key.length}`);
    expect(zone.keySize(find(zone, key))).toBe(key.length);
    expect(textOf(zone.key(find(zone, key)))).toBe(key);
  }
  expect(keysOf(zone)).toEqual([...keys].sort());
});

test('databases hold the same keys apart, and count them', () => {
  const zone = openZone({ databases: 3000 });
  for (const database of [0, 1, 2999]) {
    put(zone, 'key', bytesOf(`of ${database}`), database === 1 ? START + 5 : -1, 0, database);
  }
  for (const database of [0, 1, 2999]) expect(get(zone, 'key', database)).toBe(`of ${database}`);
  expect([0, 1, 2, 2999].map((database) => zone.entryCount(database))).toEqual([1, 1, 0, 1]);
  zone.moveToDatabase(find(zone, 'key', 1), 2);
  expect([find(zone, 'key', 1), get(zone, 'key', 2)]).toEqual([0, 'of 1']);
  expect([zone.volatileCount(1), zone.volatileCount(2)]).toEqual([0, 1]);
  expect(audit(zone)).toBeUndefined();
});

test('type, encoding and deadline are kept as they were set', () => {
  const zone = openZone();
  const entry = put(zone, 'key', bytesOf('value'), START + 5, 6);
  zone.setEncoding(entry, 15);
  expect([zone.type(entry), zone.encoding(entry), zone.deadline(entry)]).toEqual([
    6,
    15,
    START + 5,
  ]);
  expect(zone.isExpired(entry)).toBe(false);
  zone.tick(START + 5);
  expect(zone.isExpired(entry)).toBe(true);
  expect(find(zone, 'key')).toBe(entry);
  set(zone, 'key', 'value');
  const after = find(zone, 'key');
  expect([zone.type(after), zone.encoding(after), zone.deadline(after)]).toEqual([0, 0, -1]);
});

test('all who leave are told of while they can be read, with the cause', () => {
  const zone = openZone({ policy: 'allkeys-lru' });
  const seen: [string, string, number][] = [];
  zone.onRemove = (entry, cause) => {
    const value = textOf(zone.content.slice(entry, 0, zone.content.size(entry)));
    seen.push([textOf(zone.key(entry)), value, cause]);
  };
  set(zone, 'a', '1');
  set(zone, 'b', '2', START + 1);
  set(zone, 'c', '3');
  zone.tick(START + 1);
  expect([zone.expireOne(), zone.expireOne()]).toEqual([true, false]);
  zone.evict(find(zone, 'a'));
  remove(zone, 'c');
  expect(seen).toEqual([
    ['b', '2', EXPIRED],
    ['a', '1', EVICTED],
    ['c', '3', DELETED],
  ]);
  expect(zone.counts).toMatchObject({ evicted: 1, expired: 1, deleted: 1 });
});

test('a zone that is cleared is as new', () => {
  const zone = openZone({ size: MiB });
  for (let i = 0; i < 2000; i++) set(zone, `key:${i}`, 'v'.repeat(i % 400), i % 2 ? START + 9 : -1);
  set(zone, 'large', 'l'.repeat(300 * KiB));
  const { moves } = zone;
  zone.clear();
  expect(zone.moves).toBeGreaterThan(moves);
  expect(dump(zone)).toEqual([]);
  expect([zone.slab.usedPages(), zone.entryCount(0), zone.volatileCount(0)]).toEqual([0, 0, 0]);
  expect(zone.usedSize).toBe(zone.overheadSize);
  expect(audit(zone)).toBeUndefined();
  expect(set(zone, 'large', 'l'.repeat(900 * KiB))).toBe(true);
});

test('offsets stay good as long as moves stays the same', () => {
  const zone = openZone({ policy: 'allkeys-lru' });
  const offsets = new Map<string, number>();
  let { moves } = zone;
  let checked = 0;
  for (let i = 0; i < 3000; i++) {
    const key = `key:${i % 700}`;
    set(zone, key, 'v'.repeat((i * 37) % 500));
    if (zone.moves !== moves) {
      offsets.clear();
      moves = zone.moves;
    }
    for (const [known, offset] of offsets) {
      checked++;
      if (known !== key && find(zone, known) !== offset) throw new Error(`${known} has moved`);
    }
    offsets.set(key, find(zone, key));
  }
  expect(checked).toBeGreaterThan(1000);
});

test('the figures of memory agree with the pages in use', () => {
  const zone = openZone({ size: 4 * MiB });
  const empty = zone.usedSize;
  expect(empty).toBeLessThan(0.035 * zone.size);
  for (let i = 0; i < 1000; i++) set(zone, `key:${i}`, 'v'.repeat(1000));
  expect(zone.usedSize - empty).toBe(zone.slab.usedPages() * zone.layout.pageSize);
  expect(zone.sizeOf(find(zone, 'key:1'))).toBeGreaterThanOrEqual(28 + 5 + 1000);
});

test('a zone beyond 2 GiB keeps its entries apart and its alignment', () => {
  // Untouched pages cost nothing: only what lies at the far end is.
  const zone = openZone({ size: 3 * 1024 * MiB, policy: 'noeviction' });
  const { slab } = zone;
  const skipped = Math.floor((2.4 * 1024 * MiB) / zone.layout.pageSize);
  const i32 = zone.arena.i32;
  i32[zone.layout.header] = skipped;
  const bytes = new Uint8Array(50_000).map((_, i) => i * 7);
  for (const key of ['k', 'x'.repeat(300), 'l'.repeat(5000)]) {
    for (const type of [0, 2]) {
      const entry = put(zone, `${key}${type}`, bytes, START + 5, type);
      expect(slab.pageOf(entry)).toBeGreaterThanOrEqual(skipped);
      const annexed = zone.setAnnexSize(entry, 2);
      zone.arena.i32.set([1, 2], zone.annexWord(annexed));
      const resized = zone.resize(annexed, 70_000);
      expect(Buffer.compare(zone.content.slice(resized, 0, 50_000), bytes)).toBe(0);
      if (type === 2) expect(zone.content.at(resized, 0) % 8).toBe(0);
      expect(zone.annexSize(resized)).toBe(2);
      const small = put(zone, `${key}${type}`, bytesOf('small'), -1, type);
      expect(get(zone, `${key}${type}`)).toBe('small');
      expect(zone.arena.i32[zone.annexWord(small) + 1]).toBe(2);
    }
  }
});
