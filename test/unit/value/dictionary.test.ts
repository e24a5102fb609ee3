import { describe, expect, test } from 'vitest';
import { latin1Bytes, latin1Text } from '../../../src/std/ascii.ts';
import { assert } from '../../../src/std/assert.ts';
import { equalBytes } from '../../../src/std/bytes.ts';
import { SeededRandom } from '../../../src/std/random.ts';
import { Dictionary, DictionaryGrowth } from '../../../src/value/dictionary.ts';
import { PLACES } from '../../../src/value/member-table.ts';
import { NO_VALUE } from '../../../src/value/record.ts';
import { TYPE_HASH } from '../../../src/value/type.ts';
import type { Zone } from '../../../src/zone/zone.ts';
import { MiB, put, zoneOf } from './support.ts';

const growth = new DictionaryGrowth();

function make(zone: Zone, hasValues = true, key = 'd'): Dictionary {
  growth.clear(zone);
  const entry = put(zone, key, TYPE_HASH, Dictionary.sizeFor(growth));
  const dictionary = new Dictionary(hasValues).open(zone, entry);
  dictionary.format(0);
  return dictionary;
}

/** Adds a member or gives it another value. */
function set(zone: Zone, dictionary: Dictionary, member: string, value?: string): void {
  const bytes = latin1Bytes(member);
  const size = bytes.length;
  growth.clear(zone);
  if (!dictionary.find(bytes, 0, size)) {
    growth.add(size, value === undefined ? NO_VALUE : value.length);
    assert(dictionary.reserve(growth));
    assert(!dictionary.find(bytes, 0, size));
    if (value === undefined) dictionary.insert(bytes, 0, size);
    else dictionary.insert(bytes, 0, size, latin1Bytes(value), 0, value.length);
    return;
  }
  if (value === undefined) return;
  if (!dictionary.staysInPlace(value.length)) growth.addReplacement(size, value.length);
  assert(dictionary.reserve(growth));
  dictionary.find(bytes, 0, size);
  dictionary.replace(bytes, 0, size, latin1Bytes(value), 0, value.length);
  dictionary.settle();
}

function remove(dictionary: Dictionary, member: string): boolean {
  if (!dictionary.find(latin1Bytes(member), 0, member.length)) return false;
  dictionary.remove();
  return true;
}

function member(dictionary: Dictionary): string {
  const bytes = new Uint8Array(dictionary.memberSize);
  dictionary.copyMember(bytes, 0);
  dictionary.readMember();
  const { textBytes, textStart, textEnd } = dictionary;
  assert(equalBytes(textBytes, textStart, textEnd, bytes, 0, bytes.length));
  return latin1Text(bytes);
}

function value(dictionary: Dictionary): string {
  const bytes = new Uint8Array(dictionary.valueSize);
  dictionary.copyValue(bytes, 0);
  dictionary.readValue();
  const { textBytes, textStart, textEnd } = dictionary;
  assert(equalBytes(textBytes, textStart, textEnd, bytes, 0, bytes.length));
  return latin1Text(bytes);
}

function members(dictionary: Dictionary): string[] {
  const all: string[] = [];
  dictionary.begin();
  while (dictionary.next()) all.push(member(dictionary));
  return all;
}

const name = (i: number): string => `member:${i}`;

describe('values', () => {
  test('of all sizes are read as they were written, and replaced by others', () => {
    const zone = zoneOf(4 * MiB);
    const dictionary = make(zone);
    const sizes = [0, 1, 254, 255, 256, 2000, 2020, 2030, 2040, 2100, 5000, 40_000];
    for (const from of sizes) {
      for (const to of sizes) {
        for (const memberSize of [0, 7, 2010, 2040, 6000]) {
          const field = 'f'.repeat(memberSize);
          set(zone, dictionary, field, 'a'.repeat(from));
          set(zone, dictionary, field, 'b'.repeat(to));
          assert(dictionary.find(latin1Bytes(field), 0, memberSize));
          assert(member(dictionary) === field);
          assert(value(dictionary) === 'b'.repeat(to), `${memberSize}: ${from} to ${to}`);
        }
        expect(dictionary.audit()).toBe(undefined);
      }
    }
    expect(dictionary.count).toBe(5);
  });

  test('are rewritten inside their record if that keeps its size, and else not at all', () => {
    const zone = zoneOf(4 * MiB);
    const dictionary = make(zone);
    const sizes = [0, 1, 6, 7, 253, 254, 255, 256, 262, 1998, 2000, 2007, 2020, 2030, 2040, 5000];
    const seen = new Set<boolean>();
    for (const from of sizes) {
      for (const to of sizes) {
        for (const memberSize of [0, 7, 2010, 6000]) {
          const field = 'f'.repeat(memberSize);
          const was = 'a'.repeat(from);
          const next = 'b'.repeat(to);
          set(zone, dictionary, field, was);
          assert(dictionary.find(latin1Bytes(field), 0, memberSize));
          const keepsSize = dictionary.keepsSize(to);
          const isDone = dictionary.replaceInside(latin1Bytes(next), 0, to);
          seen.add(isDone);
          assert(keepsSize || !isDone, `${memberSize}: ${from} to ${to} needs another record`);
          assert(isDone || from !== to, `${memberSize}: ${from} keeps its size`);
          assert(value(dictionary) === (isDone ? next : was), `${memberSize}: ${from} to ${to}`);
          assert(member(dictionary) === field);
        }
        expect(dictionary.audit()).toBe(undefined);
      }
    }
    expect(seen.size).toBe(2);
  });

  test('that become smaller need no room', () => {
    const zone = zoneOf(4 * MiB);
    const dictionary = make(zone);
    set(zone, dictionary, 'long', 'x'.repeat(100_000));
    set(zone, dictionary, 'short', 'x'.repeat(1000));
    zone.room.failIn = 1;
    set(zone, dictionary, 'short', 'y');
    set(zone, dictionary, 'long', 'y'.repeat(5000));
    zone.room.failIn = 0;
    expect(dictionary.audit()).toBe(undefined);
    dictionary.find(latin1Bytes('long'), 0, 4);
    expect(value(dictionary)).toBe('y'.repeat(5000));
  });

  test('as large as half the zone find room', () => {
    const zone = zoneOf(4 * MiB);
    const dictionary = make(zone);
    set(zone, dictionary, 'large', 'x'.repeat(2 * MiB));
    dictionary.settle();
    expect(zone.sizeOf(dictionary.entry)).toBeLessThan(2.4 * MiB);
  });
});

describe('a walk', () => {
  test('goes to every element once', () => {
    const zone = zoneOf(4 * MiB);
    const dictionary = make(zone, false);
    for (let i = 0; i < 1000; i++) set(zone, dictionary, name(i));
    const all = members(dictionary);
    expect(all.length).toBe(1000);
    expect(new Set(all).size).toBe(1000);
  });

  test('over nothing ends at once', () => {
    expect(members(make(zoneOf(MiB)))).toEqual([]);
  });
});

describe('a scan', () => {
  const scan = (
    dictionary: Dictionary,
    cursor: number,
    count: number,
    seen: Map<string, number>,
  ): number => {
    const end = dictionary.scanEnd(cursor, count);
    dictionary.beginScan(cursor, end);
    while (dictionary.next()) {
      const text = member(dictionary);
      seen.set(text, (seen.get(text) ?? 0) + 1);
    }
    return end;
  };

  test('of what stays as it is sees each element once, about as many as wanted at a time', () => {
    const zone = zoneOf(4 * MiB);
    for (const count of [1, 20, 31, 32, 33, 500, 1024, 1500]) {
      const dictionary = make(zone, false, `d${count}`);
      for (let i = 0; i < count; i++) set(zone, dictionary, name(i));
      const seen = new Map<string, number>();
      let cursor = 0;
      do {
        const before = seen.size;
        cursor = scan(dictionary, cursor, 10, seen);
        expect(seen.size - before).toBeLessThan(25);
      } while (cursor !== 0);
      expect(seen.size).toBe(count);
      expect([...seen.values()].every((times) => times === 1)).toBe(true);
    }
  });

  test('sees what stays while others come and go by the thousand', () => {
    for (let seed = 1; seed <= 8; seed++) {
      const zone = zoneOf(8 * MiB);
      const dictionary = make(zone, false);
      const random = new SeededRandom(seed);
      const staying = Array.from({ length: 300 }, (_, i) => `staying:${i}`);
      for (const text of staying) set(zone, dictionary, text);
      const passing: string[] = [];
      const seen = new Map<string, number>();
      let cursor = 0;
      let next = 0;
      do {
        cursor = scan(dictionary, cursor, 1 + random.below(30), seen);
        // Now it grows, now it shrinks, by up to four bits of buckets.
        if (random.below(2) === 0) {
          for (let i = random.below(1000); i > 0; i--) {
            passing.push(name(next));
            set(zone, dictionary, name(next++));
          }
        } else {
          for (const text of passing.splice(0, random.below(1600))) remove(dictionary, text);
          dictionary.settle();
        }
      } while (cursor !== 0);
      for (const text of staying) expect(seen.get(text), text).toBeGreaterThan(0);
    }
  });

  test('ends from any cursor at all', () => {
    const zone = zoneOf(MiB);
    const dictionary = make(zone, false);
    for (let i = 0; i < 100; i++) set(zone, dictionary, name(i));
    for (const from of [1, 12345, PLACES - 1, PLACES, 2 ** 53, 2 ** 64]) {
      let cursor = from;
      let calls = 0;
      do cursor = scan(dictionary, cursor, 10, new Map());
      while (cursor !== 0 && ++calls < 100);
      expect(cursor).toBe(0);
    }
  });
});

describe('a random element', () => {
  test('is each with the same chance', () => {
    const zone = zoneOf(4 * MiB);
    for (const count of [1, 2, 5, 40, 151]) {
      const dictionary = make(zone, false, `d${count}`);
      for (let i = 0; i < count; i++) set(zone, dictionary, name(i));
      const random = new SeededRandom(count);
      const drawn = new Map<string, number>();
      const draws = count * 200;
      for (let i = 0; i < draws; i++) {
        dictionary.draw(random);
        const text = member(dictionary);
        drawn.set(text, (drawn.get(text) ?? 0) + 1);
      }
      let deviation = 0;
      for (let i = 0; i < count; i++) deviation += ((drawn.get(name(i)) ?? 0) - 200) ** 2 / 200;
      // Of count - 1 degrees of freedom, five standard deviations.
      expect(deviation).toBeLessThan(count + 5 * Math.sqrt(2 * count));
    }
  });

  test('is any of the few that many have left', () => {
    const zone = zoneOf(4 * MiB);
    const dictionary = make(zone, false);
    for (let i = 0; i < 2000; i++) set(zone, dictionary, name(i));
    for (let i = 0; i < 1990; i++) remove(dictionary, name(i));
    const random = new SeededRandom(5);
    const drawn = new Set<string>();
    for (let i = 0; i < 400; i++) {
      dictionary.draw(random);
      drawn.add(member(dictionary));
    }
    expect(drawn.size).toBe(10);
    expect(dictionary.audit()).toBe(undefined);
  });

  test('is found soon when nearly all have gone', () => {
    const zone = zoneOf(16 * MiB);
    const dictionary = make(zone, false);
    for (let i = 0; i < 20_000; i++) set(zone, dictionary, name(i));
    for (let i = 3; i < 20_000; i++) remove(dictionary, name(i));
    expect(dictionary.audit()).toBe(undefined);
    let calls = 0;
    const random = new SeededRandom(1);
    const below = random.below.bind(random);
    random.below = (n) => {
      calls++;
      return below(n);
    };
    for (let i = 0; i < 100; i++) dictionary.draw(random);
    expect(calls / 100).toBeLessThan(400);
  });

  test('can be removed', () => {
    const zone = zoneOf(4 * MiB);
    const dictionary = make(zone, false);
    const long = 'x'.repeat(5000);
    for (let i = 0; i < 500; i++) set(zone, dictionary, i % 50 === 0 ? `${i}${long}` : name(i));
    const random = new SeededRandom(1);
    const gone = new Set<string>();
    while (dictionary.count > 0) {
      dictionary.draw(random);
      gone.add(member(dictionary));
      dictionary.removeCurrent();
      if (dictionary.count % 50 === 0) expect(dictionary.audit()).toBe(undefined);
    }
    expect(gone.size).toBe(500);
  });
});

describe('memory', () => {
  // What MEMORY USAGE of Redis 7.2.6 says for the same elements, per element.
  const redis = { set: 56, hash: 77 };

  test('an element takes less than in Redis', () => {
    for (const count of [500, 20_000]) {
      const zone = zoneOf(16 * MiB);
      const bare = make(zone, false, 'bare');
      const valued = make(zone, true, 'valued');
      for (let i = 0; i < count; i++) {
        set(zone, bare, name(1_000_000 + i));
        set(zone, valued, name(1_000_000 + i), `value:${1_000_000 + i}`);
      }
      expect(zone.sizeOf(bare.entry) / count).toBeLessThan(redis.set * 0.75);
      expect(zone.sizeOf(valued.entry) / count).toBeLessThan(redis.hash * 0.75);
    }
  });

  test('is given back when most elements have gone', () => {
    const zone = zoneOf(8 * MiB);
    const dictionary = make(zone);
    for (let i = 0; i < 10_000; i++) set(zone, dictionary, name(i), 'value');
    const before = zone.sizeOf(dictionary.entry);
    for (let i = 500; i < 10_000; i++) remove(dictionary, name(i));
    dictionary.settle();
    expect(zone.sizeOf(dictionary.entry)).toBeLessThan(before / 8);
    expect(dictionary.audit()).toBe(undefined);
    expect(new Set(members(dictionary)).size).toBe(500);
  });

  test('does not grow while elements and values come and go', () => {
    const zone = zoneOf(8 * MiB);
    const dictionary = make(zone);
    const random = new SeededRandom(3);
    const fill = (i: number): void => set(zone, dictionary, name(i), 'v'.repeat(random.below(100)));
    for (let i = 0; i < 2000; i++) fill(i);
    const before = zone.sizeOf(dictionary.entry);
    for (let i = 2000; i < 20_000; i++) {
      fill(i);
      remove(dictionary, name(i - 2000));
      fill(i - random.below(2000));
    }
    expect(zone.sizeOf(dictionary.entry)).toBeLessThan(before * 1.5);
    expect(dictionary.audit()).toBe(undefined);
  });
});

test('a copy in a zone of other pages is whole, whatever the elements', () => {
  for (const [size, otherSize] of [
    [64 * MiB, 4 * MiB],
    [4 * MiB, 64 * MiB],
  ]) {
    for (const count of [1, 40, 900]) {
      const zone = zoneOf(size);
      const other = zoneOf(otherSize);
      const dictionary = make(zone);
      for (let i = 0; i < count; i++) set(zone, dictionary, name(i), `value ${i}`);
      for (const long of [2030, 2100, 5000, 30_000]) {
        set(zone, dictionary, 'x'.repeat(long), 'y'.repeat(long));
        set(zone, dictionary, `of ${long}`, 'y'.repeat(long));
      }
      const entry = put(other, 'd', TYPE_HASH, dictionary.sizeIn(other));
      dictionary.copyTo(other, entry);
      const copied = new Dictionary(true).open(other, entry);
      expect(copied.audit()).toBe(undefined);
      expect(copied.count).toBe(dictionary.count);
      dictionary.begin();
      while (dictionary.next()) {
        const bytes = latin1Bytes(member(dictionary));
        assert(copied.find(bytes, 0, bytes.length));
        assert(value(copied) === value(dictionary));
      }
    }
  }
});

describe('an audit', () => {
  test('sees a lost element', () => {
    const zone = zoneOf(MiB);
    const dictionary = make(zone);
    for (let i = 0; i < 10; i++) set(zone, dictionary, name(i), 'v');
    zone.arena.i32[zone.content.at(dictionary.entry, 58 * 4) >>> 2]++;
    expect(dictionary.audit()).toContain('elements are counted wrongly');
  });

  test('sees a chain longer than is said', () => {
    const zone = zoneOf(MiB);
    const dictionary = make(zone);
    for (let i = 0; i < 10; i++) set(zone, dictionary, name(i), 'v');
    const { i32 } = zone.arena;
    // The block of the first buckets, and the first of them that has an element.
    const block = i32[zone.content.at(dictionary.entry, 60 * 4) >>> 2];
    let at = zone.content.at(dictionary.entry, block * 8) >>> 2;
    while (i32[at] === 0) at++;
    i32[at] -= 1 << 29;
    expect(dictionary.audit()).toMatch(/bucket \d+ is miscounted/);
  });
});
