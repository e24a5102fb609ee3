import { describe, expect, test } from 'vitest';
import { latin1Bytes, latin1Text } from '../../../src/std/ascii.ts';
import { Growth } from '../../../src/value/growth.ts';
import {
  ADDED,
  auditSortedSet,
  INCR,
  NOT_A_NUMBER,
  SortedSet,
  UNCHANGED,
} from '../../../src/value/sorted-set.ts';
import { encodingName, TYPE_SORTED_SET, TYPE_STRING } from '../../../src/value/type.ts';
import { audit } from '../../../src/zone/audit.ts';
import { DELETED, type Zone } from '../../../src/zone/zone.ts';
import { add, find, KiB, LIMITS, MiB, open, put, scoreOf, zoneOf } from './support.ts';

function encodingOf(zone: Zone, key: string): string {
  return encodingName(zone, find(zone, key));
}

function name(i: number): string {
  return `mem${String(i).padStart(7, '0')}`;
}

function fill(zone: Zone, key: string, count: number, score = (i: number): number => i): void {
  for (let i = 0; i < count; i++) expect(add(zone, key, score(i), name(i))).toBe(ADDED);
}

describe('the encoding', () => {
  test('changes with the member after the 128th, and not for one that is there', () => {
    const zone = zoneOf(MiB);
    fill(zone, 'z', 128);
    add(zone, 'z', 9, name(0));
    expect(encodingOf(zone, 'z')).toBe('listpack');
    add(zone, 'z', 1, 'one more');
    expect(encodingOf(zone, 'z')).toBe('skiplist');
    expect(open(zone, 'z').count).toBe(129);
  });

  test('changes with a member longer than 64 bytes', () => {
    const zone = zoneOf(MiB);
    add(zone, 'z', 1, 'x'.repeat(64));
    expect(encodingOf(zone, 'z')).toBe('listpack');
    add(zone, 'z', 1, 'x'.repeat(65));
    expect(encodingOf(zone, 'z')).toBe('skiplist');
    expect(audit(zone, auditSortedSet)).toBe(undefined);
  });

  test('does not change back', () => {
    const zone = zoneOf(MiB);
    fill(zone, 'z', 200);
    const set = open(zone, 'z');
    set.removeRanks(1, 200);
    set.settle();
    expect(encodingOf(zone, 'z')).toBe('skiplist');
    expect(scoreOf(zone, 'z', name(0))).toBe(0);
  });

  test('changes when more come at once than may be packed, even if they are there', () => {
    const zone = zoneOf(MiB);
    fill(zone, 'z', 100);
    const growth = new Growth();
    for (let i = 0; i < 129; i++) growth.add(10, i);
    const set = open(zone, 'z');
    expect(set.prepare(growth, LIMITS)).toBe(true);
    expect(encodingOf(zone, 'z')).toBe('skiplist');
    expect(set.count).toBe(100);
  });
});

describe('scores', () => {
  test('minus zero is zero while packed, and itself in a tree', () => {
    const zone = zoneOf(MiB);
    add(zone, 'z', -0, 'a');
    expect(Object.is(scoreOf(zone, 'z', 'a'), 0)).toBe(true);
    add(zone, 'z', 1, 'x'.repeat(65));
    add(zone, 'z', -0, 'b');
    expect(Object.is(scoreOf(zone, 'z', 'b'), -0)).toBe(true);
    expect(add(zone, 'z', 0, 'b')).toBe(UNCHANGED);
  });

  test('that are no number are not taken', () => {
    const zone = zoneOf(MiB);
    add(zone, 'z', Infinity, 'a');
    expect(add(zone, 'z', -Infinity, 'a', INCR)).toBe(NOT_A_NUMBER);
    expect(add(zone, 'z', Number.NaN, 'a')).toBe(NOT_A_NUMBER);
    expect(scoreOf(zone, 'z', 'a')).toBe(Infinity);
  });
});

describe('ranges', () => {
  for (const count of [50, 500]) {
    test(`of names among ${count} members of one score are ranges of ranks`, () => {
      const zone = zoneOf(MiB);
      fill(zone, 'z', count, () => 7);
      const set = open(zone, 'z');
      const below = (text: string, orEqual: boolean): number =>
        set.countBelowMember(latin1Bytes(text), 0, text.length, orEqual);
      expect(below(name(10), false)).toBe(10);
      expect(below(name(10), true)).toBe(11);
      expect(below('a', true)).toBe(0);
      expect(below('z', false)).toBe(count);
      expect(below(`${name(10)}x`, false)).toBe(11);
    });

    test(`among ${count} members can be walked from any rank, up and down`, () => {
      const zone = zoneOf(MiB);
      fill(zone, 'z', count);
      const set = open(zone, 'z');
      const member = (): string => {
        const bytes = new Uint8Array(set.currentSize);
        set.copyCurrent(bytes, 0);
        return latin1Text(bytes);
      };
      expect(set.seek(count)).toBe(false);
      expect(set.seek(-1)).toBe(false);
      expect(set.seek(count - 3)).toBe(true);
      expect(member()).toBe(name(count - 3));
      expect([set.next(), set.next(), member(), set.next()]).toEqual([
        true,
        true,
        name(count - 1),
        false,
      ]);
      set.seek(1);
      expect([set.previous(), member(), set.previous()]).toEqual([true, name(0), false]);
    });
  }
});

describe('memory', () => {
  // What MEMORY USAGE of Redis 7.2.6 says for the same members, per member.
  const redis = { packed: 14.8, packedTimes: 22.8, tree: 101.9 };

  test('a packed member takes 15 % less than in Redis', () => {
    const zone = zoneOf(MiB);
    fill(zone, 'small', 100);
    expect(zone.sizeOf(find(zone, 'small')) / 100).toBeLessThan(redis.packed * 0.86);
    fill(zone, 'times', 100, (i) => 1_700_000_000_000 + i * 1000);
    expect(zone.sizeOf(find(zone, 'times')) / 100).toBeLessThan(redis.packedTimes * 0.85);
  });

  test('a member of a tree takes half of what it does in Redis', () => {
    const zone = zoneOf(4 * MiB);
    fill(zone, 'z', 10_000, (i) => (i * 7919) % 10_000);
    expect(zone.sizeOf(find(zone, 'z')) / 10_000).toBeLessThan(redis.tree / 2);
  });

  test('is given back when most members have gone', () => {
    const zone = zoneOf(4 * MiB);
    fill(zone, 'z', 5000);
    const before = zone.sizeOf(find(zone, 'z'));
    const set = open(zone, 'z');
    set.removeRanks(0, 4500);
    set.settle();
    expect(zone.sizeOf(find(zone, 'z'))).toBeLessThan(before / 5);
    expect(audit(zone, auditSortedSet)).toBe(undefined);
    expect(set.count).toBe(500);
  });

  test('does not grow while members come and go', () => {
    const zone = zoneOf(4 * MiB);
    fill(zone, 'z', 2000);
    const before = zone.sizeOf(find(zone, 'z'));
    for (let i = 2000; i < 20_000; i++) {
      add(zone, 'z', i, name(i));
      open(zone, 'z').removeRanks(0, 1);
    }
    expect(zone.sizeOf(find(zone, 'z'))).toBeLessThan(before * 1.5);
    expect(audit(zone, auditSortedSet)).toBe(undefined);
  });
});

test('a copy is a set of its own', () => {
  const zone = zoneOf(4 * MiB);
  fill(zone, 'z', 1000);
  const key = latin1Bytes('a longer key than that of the original');
  const hash = zone.hashOf(0, key, 0, key.length);
  const copy = zone.copy(find(zone, 'z'), 0, hash, key, 0, key.length);
  open(zone, 'z').removeRanks(0, 999);
  expect(audit(zone, auditSortedSet)).toBe(undefined);
  const set = new SortedSet().open(zone, copy);
  expect(set.count).toBe(1000);
  expect(set.score(latin1Bytes(name(500)), 0, 10)).toBe(500);
});

test('a copy in a zone of other pages is whole, whatever the members', () => {
  for (const [size, otherSize] of [
    [64 * MiB, 2 * MiB],
    [2 * MiB, 64 * MiB],
  ]) {
    for (const count of [0, 40, 900]) {
      const zone = zoneOf(size);
      const other = zoneOf(otherSize);
      add(zone, 'z', -1, 'first');
      fill(zone, 'z', count);
      if (count > 100) for (const long of [2100, 5000]) add(zone, 'z', long, 'x'.repeat(long));
      const set = open(zone, 'z');
      const copy = put(other, 'z', TYPE_SORTED_SET, set.sizeIn(other));
      set.copyTo(other, copy);
      expect(audit(other, auditSortedSet)).toBe(undefined);
      expect(encodingOf(other, 'z')).toBe(encodingOf(zone, 'z'));
      const copied = open(other, 'z');
      expect(copied.count).toBe(set.count);
      for (let more = set.seek(0); more; more = set.next()) {
        const bytes = new Uint8Array(set.currentSize);
        set.copyCurrent(bytes, 0);
        expect(copied.score(bytes, 0, bytes.length)).toBe(set.currentScore);
      }
    }
  }
});

test('a range becomes a set of its own, in the encoding its members ask for', () => {
  const zone = zoneOf(8 * MiB);
  fill(zone, 'few', 100);
  fill(zone, 'many', 900);
  add(zone, 'many', -0, 'minus zero');
  add(zone, 'long', 1, 'short');
  add(zone, 'long', 2, 'x'.repeat(5000));
  const growth = new Growth();
  for (const [source, from, end, encoding] of [
    ['few', 0, 100, 'listpack'],
    ['few', 30, 31, 'listpack'],
    ['many', 0, 128, 'listpack'],
    ['many', 0, 129, 'skiplist'],
    ['many', 300, 901, 'skiplist'],
    ['long', 0, 1, 'listpack'],
    ['long', 0, 2, 'skiplist'],
  ] as const) {
    const elements = open(zone, source).elements(from, end, growth);
    const isTree = SortedSet.loadsAsTree(growth, LIMITS);
    const entry = put(zone, 'part', TYPE_SORTED_SET, SortedSet.loadSize(zone, growth, isTree));
    const part = new SortedSet().load(zone, entry, elements, growth.count, isTree);
    expect(audit(zone, auditSortedSet)).toBe(undefined);
    expect(encodingOf(zone, 'part')).toBe(encoding);
    expect(part.count).toBe(end - from);
    const whole = open(zone, source);
    expect(part.seek(0) && whole.seek(from)).toBe(true);
    for (let i = 0; i < part.count; i++) {
      const bytes = new Uint8Array(whole.currentSize);
      whole.copyCurrent(bytes, 0);
      expect(part.compareCurrent(bytes, 0, bytes.length)).toBe(0);
      expect(part.currentScore + 0).toBe(whole.currentScore + 0);
      expect(part.next()).toBe(i + 1 < part.count);
      whole.next();
    }
    expect(part.score(latin1Bytes('none'), 0, 4)).toBeNaN();
    zone.remove(find(zone, 'part'), DELETED);
  }
});

/** Every string that leaves leaves the set too: what an index of sessions does. */
function indexed(zone: Zone): void {
  const forgetting = new SortedSet();
  zone.onRemove = (entry) => {
    const index = find(zone, 'index');
    if (zone.type(entry) !== TYPE_STRING || index === 0) return;
    const key = zone.key(entry);
    forgetting.open(zone, index).remove(key, 0, key.length);
  };
}

test('members that leave while room is made for others are gone afterwards', () => {
  const zone = zoneOf(256 * KiB, 'allkeys-lru');
  indexed(zone);
  const limits = { count: 16, memberSize: 64 };
  for (let i = 0; i < 6000; i++) {
    const session = `session:${i}`;
    expect(put(zone, session, TYPE_STRING, 100 + (i % 5) * 60)).not.toBe(0);
    if (find(zone, 'index') !== 0) zone.touch(find(zone, 'index'));
    // The new session is the youngest, so it is here still.
    expect(add(zone, 'index', i % 50, session, 0, limits)).toBe(ADDED);
    if (i % 100 === 0) expect(audit(zone, auditSortedSet)).toBe(undefined);
    zone.setPinned(find(zone, 'index'), true);
  }
  const set = open(zone, 'index');
  expect(zone.counts.evicted).toBeGreaterThan(4000);
  expect(zone.entryCount(0)).toBe(set.count + 1);
  for (let more = set.seek(0); more; more = set.next()) {
    const bytes = new Uint8Array(set.currentSize);
    set.copyCurrent(bytes, 0);
    expect(find(zone, latin1Text(bytes))).not.toBe(0);
  }
});

test('a batch that makes others leave is whole', () => {
  const zone = zoneOf(256 * KiB, 'allkeys-lru');
  indexed(zone);
  zone.setPinned(put(zone, 'index', TYPE_SORTED_SET, 8), true);
  const set = new SortedSet().create(zone, find(zone, 'index'), false);
  const growth = new Growth();
  for (let batch = 0; batch < 60; batch++) {
    const sessions = Array.from({ length: 20 }, (_, i) => `session:${batch}:${i}`);
    for (const session of sessions) put(zone, session, TYPE_STRING, 300);
    growth.clear();
    for (const session of sessions) growth.add(session.length, batch);
    expect(set.open(zone, find(zone, 'index')).prepare(growth, LIMITS)).toBe(true);
    for (const session of sessions) {
      expect(set.add(latin1Bytes(session), 0, session.length, batch, 0, LIMITS)).toBe(ADDED);
    }
    set.settle();
    expect(audit(zone, auditSortedSet)).toBe(undefined);
  }
  expect(zone.counts.evicted).toBeGreaterThan(500);
});
