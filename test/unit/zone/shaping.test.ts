import { expect, test } from 'vitest';
import { SeededRandom } from '../../../src/std/random.ts';
import { audit } from '../../../src/zone/audit.ts';
import type { Zone } from '../../../src/zone/zone.ts';
import {
  copy,
  dump,
  find,
  get,
  KiB,
  MiB,
  openZone,
  put,
  remove,
  rename,
  START,
  set,
  textOf,
} from './support.ts';

const LONG = 'k'.repeat(2500);

/** Fills what is left of a zone with small entries. */
function fillUp(zone: Zone): void {
  for (const size of [1500, 700, 300, 100, 30, 1]) {
    for (let i = 0; set(zone, `fill:${size}:${i}`, 'f'.repeat(size)); i++);
  }
}

function sameBytes(zone: Zone, key: string, bytes: Uint8Array): boolean {
  const entry = find(zone, key);
  if (entry === 0 || zone.content.size(entry) !== bytes.length) return false;
  return Buffer.compare(zone.content.slice(entry, 0, bytes.length), bytes) === 0;
}

test('a value of more than half the zone is replaced by another, in a zone that evicts nothing', () => {
  for (const key of ['k', LONG]) {
    const zone = openZone({ size: 2 * MiB });
    const random = new SeededRandom(1);
    put(zone, key, random.bytes(1200 * KiB));
    fillUp(zone);
    for (const size of [1200, 1100, 900, 3, 901, 1180]) {
      const bytes = random.bytes(size * KiB);
      expect(put(zone, key, bytes)).not.toBe(0);
      expect(sameBytes(zone, key, bytes)).toBe(true);
      expect(audit(zone)).toBeUndefined();
    }
    const before = dump(zone).length;
    expect(put(zone, key, new Uint8Array(1900 * KiB))).toBe(0);
    expect(dump(zone).length).toBe(before);
    expect(audit(zone)).toBeUndefined();
  }
});

test('a value of more than half the zone is renamed, and keeps bytes, deadline and type', () => {
  const zone = openZone({ size: 2 * MiB });
  const bytes = new SeededRandom(2).bytes(1200 * KiB);
  put(zone, 'k', bytes, START + 5000, 2);
  for (const [from, to] of [
    ['k', 'another'],
    ['another', 'a'.repeat(450)],
    ['a'.repeat(450), 'k'],
  ]) {
    expect(rename(zone, from, to)).toBe(true);
    expect(find(zone, from)).toBe(0);
    expect(sameBytes(zone, to, bytes)).toBe(true);
    expect(zone.deadline(find(zone, to))).toBe(START + 5000);
    expect(zone.type(find(zone, to))).toBe(2);
    expect(audit(zone)).toBeUndefined();
  }
  expect(zone.counts).toMatchObject({ deleted: 0, evicted: 0 });
  // With a long key it must be copied, and there is no room for that.
  expect(rename(zone, 'k', LONG)).toBe(false);
  expect(sameBytes(zone, 'k', bytes)).toBe(true);
});

test('a rename leaves the annex and the pin, and tells of the old key', () => {
  for (const to of ['b', 'b'.repeat(300), LONG]) {
    const zone = openZone();
    let entry = put(zone, 'a', Uint8Array.of(1, 2, 3));
    entry = zone.setAnnexSize(entry, 4);
    zone.setEncoding(entry, 5);
    zone.setPinned(entry, true);
    const told: [string, number, number][] = [];
    zone.onRemove = (e, cause) => told.push([textOf(zone.key(e)), zone.annexSize(e), cause]);
    expect(rename(zone, 'a', to)).toBe(true);
    expect(told).toEqual([['a', 4, 2]]);
    entry = find(zone, to);
    expect([zone.annexSize(entry), zone.isPinned(entry), zone.encoding(entry)]).toEqual([
      0,
      false,
      5,
    ]);
    expect(get(zone, to)).toBe('\x01\x02\x03');
    expect(audit(zone)).toBeUndefined();
  }
});

test('a renamed entry stands in front of the one that had the key', () => {
  const zone = openZone();
  set(zone, 'a', 'new');
  set(zone, 'b', 'old');
  const old = find(zone, 'b');
  rename(zone, 'a', 'b');
  expect(get(zone, 'b')).toBe('new');
  const key = zone.key(find(zone, 'b'));
  expect(zone.findAfter(find(zone, 'b'), key, 0, 1)).toBe(old);
});

test('in a full zone deadlines are set where the slot has room, and values shrink', () => {
  const zone = openZone({ size: 512 * KiB });
  const random = new SeededRandom(3);
  const kept = new Map<string, Uint8Array>();
  for (let i = 0; i < 300; i++) {
    const bytes = random.bytes(i % 9 === 0 ? 6000 : random.below(900));
    if (put(zone, `key:${i}`, bytes, i % 2 === 0 ? START + 100 : -1) !== 0)
      kept.set(`key:${i}`, bytes);
  }
  fillUp(zone);
  expect(zone.slab.freePages()).toBe(0);
  let set40 = 0;
  for (const key of kept.keys()) if (zone.setDeadline(find(zone, key), START + 50) !== 0) set40++;
  expect(set40).toBeGreaterThan(kept.size * 0.75);
  expect(audit(zone)).toBeUndefined();
  for (const [key, bytes] of kept) {
    const size = Math.floor(bytes.length * 0.7);
    expect(zone.resize(find(zone, key), size)).not.toBe(0);
    expect(sameBytes(zone, key, bytes.subarray(0, size))).toBe(true);
    const less = bytes.subarray(0, size >>> 1);
    expect(put(zone, key, less)).not.toBe(0);
    expect(sameBytes(zone, key, less)).toBe(true);
  }
  expect(audit(zone)).toBeUndefined();
});

test('a list of chunks that shrinks in a full zone gives back what it can', () => {
  const zone = openZone({ size: 4 * MiB });
  const bytes = new SeededRandom(4).bytes(2 * MiB);
  put(zone, 'large', bytes, START + 100);
  fillUp(zone);
  for (const size of [2 * MiB - 5, 1_500_000, 600_000, 500_000, 100_000, 3000, 1000, 1, 0]) {
    zone.room.failIn = 1;
    const target = zone.resize(find(zone, 'large'), size);
    zone.room.failIn = 0;
    expect(target).not.toBe(0);
    expect(sameBytes(zone, 'large', bytes.subarray(0, size))).toBe(true);
    expect(audit(zone)).toBeUndefined();
  }
  // Of 1,024 chunks the list keeps 257: there is no place to name fewer.
  expect(zone.content.chunkCount(find(zone, 'large'))).toBe(257);
  remove(zone, 'fill:1500:0');
  expect(zone.resize(find(zone, 'large'), 10)).not.toBe(0);
  expect(zone.content.chunkCount(find(zone, 'large'))).toBeLessThan(257);
  expect(audit(zone)).toBeUndefined();
});

test('an annex is kept by every change of shape, up to what a slot holds', () => {
  const zone = openZone();
  let entry = zone.setAnnexSize(put(zone, 'key', Uint8Array.of(7)), 3);
  zone.arena.i32.set([11, 22, 33], zone.annexWord(entry));
  const words = () => {
    entry = find(zone, 'key');
    const at = zone.annexWord(entry);
    return [...zone.arena.i32.subarray(at, at + zone.annexSize(entry))];
  };
  zone.setDeadline(entry, START + 5);
  expect(words()).toEqual([11, 22, 33]);
  zone.resize(entry, 30_000);
  expect(words()).toEqual([11, 22, 33]);
  put(zone, 'key', Uint8Array.of(1, 2), -1, 3);
  expect(words()).toEqual([11, 22, 33]);
  zone.setAnnexSize(entry, 5);
  expect(words().slice(0, 3)).toEqual([11, 22, 33]);
  expect(zone.setAnnexSize(find(zone, 'key'), 600)).toBe(0);
  expect(zone.setAnnexSize(find(zone, 'key'), 2 ** 28)).toBe(0);
  expect(words().length).toBe(5);
  zone.setAnnexSize(find(zone, 'key'), 2);
  expect(words()).toEqual([11, 22]);
  zone.setAnnexSize(find(zone, 'key'), 0);
  expect([words(), get(zone, 'key')]).toEqual([[], '\x01\x02']);
  expect(audit(zone)).toBeUndefined();
});

test('a copy has type, content and deadline, and no annex', () => {
  for (const [from, to] of [
    ['a', 'b'],
    [LONG, 'b'],
    ['a', LONG],
  ]) {
    const zone = openZone({ size: MiB });
    const bytes = new SeededRandom(5).bytes(100_000);
    const entry = put(zone, from, bytes, START + 77, 3);
    zone.setEncoding(entry, 2);
    zone.setAnnexSize(find(zone, from), 2);
    expect(copy(zone, from, to)).toBe(true);
    const made = find(zone, to);
    expect(sameBytes(zone, to, bytes)).toBe(true);
    expect(sameBytes(zone, from, bytes)).toBe(true);
    expect([
      zone.type(made),
      zone.encoding(made),
      zone.deadline(made),
      zone.annexSize(made),
    ]).toEqual([3, 2, START + 77, 0]);
    expect(audit(zone)).toBeUndefined();
  }
});
