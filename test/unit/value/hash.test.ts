import { describe, expect, test } from 'vitest';
import { latin1Bytes, latin1Text } from '../../../src/std/ascii.ts';
import { assert } from '../../../src/std/assert.ts';
import { SeededRandom } from '../../../src/std/random.ts';
import { auditHash, Hash } from '../../../src/value/hash.ts';
import { encodingName, HASH_HASHTABLE, TYPE_HASH } from '../../../src/value/type.ts';
import { audit } from '../../../src/zone/audit.ts';
import type { Zone } from '../../../src/zone/zone.ts';
import { find, KiB, MiB, put, zoneOf } from './support.ts';

/** Redis's defaults. */
const LIMITS = { count: 512, size: 64 };
const hash = new Hash();

function set(zone: Zone, key: string, pairs: readonly string[], limits = LIMITS): boolean {
  const words = pairs.map(latin1Bytes);
  const entry = find(zone, key);
  hash.beginPlan(zone, entry, limits);
  for (let i = 0; i < words.length; i += 2) {
    hash.plan(words[i], 0, words[i].length, words[i + 1], 0, words[i + 1].length);
  }
  if (entry === 0) hash.create(zone, put(zone, key, TYPE_HASH, hash.contentSize));
  else if (!hash.makeRoom()) return false;
  for (let i = 0; i < words.length; i += 2) {
    hash.set(words[i], 0, words[i].length, words[i + 1], 0, words[i + 1].length);
  }
  hash.settle();
  return true;
}

function get(zone: Zone, key: string, field: string): string | undefined {
  hash.open(zone, find(zone, key));
  if (!hash.find(latin1Bytes(field), 0, field.length)) return undefined;
  hash.readValue();
  const text = latin1Text(hash.textBytes, hash.textStart, hash.textEnd);
  assert(text.length === hash.valueSize);
  return text;
}

function encodingOf(zone: Zone, key: string): string {
  return encodingName(zone, find(zone, key));
}

const fields = (count: number, value = 'value', from = 0): string[] =>
  Array.from({ length: count }, (_, i) => [`field:${from + i}`, value]).flat();

const isDictionary = (zone: Zone, key: string): boolean =>
  zone.encoding(find(zone, key)) === HASH_HASHTABLE;

describe('the encoding', () => {
  test('is told as Redis tells it, whatever is kept', () => {
    const zone = zoneOf(MiB);
    set(zone, 'h', fields(512));
    set(zone, 'h', ['field:7', 'x'.repeat(64)]);
    expect(encodingOf(zone, 'h')).toBe('listpack');
    set(zone, 'h', ['one more', '']);
    expect(encodingOf(zone, 'h')).toBe('hashtable');
    set(zone, 'long', ['a', 'x'.repeat(65)]);
    expect(encodingOf(zone, 'long')).toBe('hashtable');
    expect(isDictionary(zone, 'long')).toBe(false);
    expect(audit(zone, auditHash)).toBe(undefined);
  });

  test('of a small hashtable becomes a dictionary with its 33rd field, or when it is large', () => {
    const zone = zoneOf(MiB);
    const long = ['long', 'x'.repeat(65)];
    set(zone, 'h', [...fields(31), ...long]);
    expect(isDictionary(zone, 'h')).toBe(false);
    set(zone, 'h', ['field:32', '1']);
    expect(isDictionary(zone, 'h')).toBe(true);
    expect(get(zone, 'h', 'field:32')).toBe('1');
    expect(get(zone, 'h', 'long')).toBe(long[1]);
    for (let size = 1000; size < 7000; size += 1000) set(zone, 'g', ['a', 'x'.repeat(size)]);
    expect(isDictionary(zone, 'g')).toBe(false);
    set(zone, 'g', ['a', 'x'.repeat(8000)]);
    expect(isDictionary(zone, 'g')).toBe(true);
    expect(get(zone, 'g', 'a')).toBe('x'.repeat(8000));
    expect(audit(zone, auditHash)).toBe(undefined);
  });

  test('changes for a field that is there, too', () => {
    const zone = zoneOf(MiB);
    set(zone, 'h', fields(100));
    set(zone, 'h', ['field:7', 'x'.repeat(65)]);
    expect(isDictionary(zone, 'h')).toBe(true);
    expect(get(zone, 'h', 'field:7')).toBe('x'.repeat(65));
    expect(hash.count).toBe(100);
    expect(audit(zone, auditHash)).toBe(undefined);
  });

  test('does not change back', () => {
    const zone = zoneOf(MiB);
    set(zone, 'h', fields(600));
    hash.open(zone, find(zone, 'h'));
    for (let i = 1; i < 600; i++) hash.remove(latin1Bytes(`field:${i}`), 0, `field:${i}`.length);
    hash.settle();
    expect(encodingOf(zone, 'h')).toBe('hashtable');
    expect(get(zone, 'h', 'field:0')).toBe('value');
    expect(audit(zone, auditHash)).toBe(undefined);
  });

  test('of a listpack ends as many fields from one request are set', () => {
    for (const count of [1, 30, 600]) {
      const zone = zoneOf(MiB);
      set(zone, 'h', fields(10, '12345'));
      set(zone, 'h', fields(count, 'other', 5), { count: 8, size: 64 });
      expect(encodingOf(zone, 'h')).toBe('hashtable');
      expect(get(zone, 'h', 'field:0')).toBe('12345');
      expect(get(zone, 'h', 'field:5')).toBe('other');
      expect(hash.count).toBe(Math.max(10, 5 + count));
      expect(audit(zone, auditHash)).toBe(undefined);
    }
  });
});

test('a field that one request names again and again holds what it said last', () => {
  for (const first of ['12', 'x'.repeat(100), 'x'.repeat(9000)]) {
    for (const more of [0, 100]) {
      const zone = zoneOf(4 * MiB);
      set(zone, 'h', ['f', first, 'g', first, ...fields(more)]);
      // Shorter first: the record is cut, and must be had again.
      for (const sizes of [
        [first.length >> 1, first.length],
        [1, 50_000, 3],
        [9000, 5000, 9000],
      ]) {
        const pairs = sizes.flatMap((size) => ['f', 'y'.repeat(size), 'g', 'z'.repeat(size)]);
        expect(set(zone, 'h', pairs)).toBe(true);
        expect(get(zone, 'h', 'f')).toBe('y'.repeat(sizes[sizes.length - 1]));
        expect(get(zone, 'h', 'g')).toBe('z'.repeat(sizes[sizes.length - 1]));
        expect(audit(zone, auditHash)).toBe(undefined);
        set(zone, 'h', ['f', first, 'g', first]);
      }
    }
  }
});

test('values that keep their size are replaced in a zone without room', () => {
  const zone = zoneOf(MiB);
  set(zone, 'h', fields(600));
  zone.room.failIn = 1;
  expect(set(zone, 'h', fields(600, 'other'))).toBe(true);
  expect(zone.room.failIn).toBe(1);
  zone.room.failIn = 0;
  expect(get(zone, 'h', 'field:599')).toBe('other');
});

describe('a field drawn', () => {
  test.each([
    ['a listpack', 20, 'value'],
    ['a small hashtable', 20, 'x'.repeat(70)],
    ['a dictionary', 150, 'x'.repeat(70)],
  ])('of %s is each with the same chance', (_, count, value) => {
    const zone = zoneOf(MiB);
    set(zone, 'h', fields(count, value));
    hash.open(zone, find(zone, 'h'));
    const random = new SeededRandom(count);
    const drawn = new Map<string, number>();
    for (let i = 0; i < count * 100; i++) {
      hash.draw(random);
      hash.readField();
      const field = latin1Text(hash.textBytes, hash.textStart, hash.textEnd);
      drawn.set(field, (drawn.get(field) ?? 0) + 1);
    }
    expect(drawn.size).toBe(count);
    const deviation = [...drawn.values()].reduce((sum, n) => sum + (n - 100) ** 2 / 100, 0);
    expect(deviation).toBeLessThan(count + 5 * Math.sqrt(2 * count));
  });
});

describe('memory', () => {
  // What MEMORY USAGE of Redis 7.2.6 says for fields `field:N` with values of these sizes.
  test.each([
    [1, 65, 272],
    [5, 65, 816],
    [40, 65, 5688],
    [1000, 65, 128_328],
    [1, 1000, 1216],
    [5, 1000, 5536],
    [40, 1000, 43_576],
    [1000, 200, 272_584],
    [1000, 7, 80_664],
    [20, 7, 456],
  ])('%s fields with values of %s bytes take no more than in Redis', (count, size, redis) => {
    const zone = zoneOf(64 * MiB);
    for (let i = 0; i < count; i++) set(zone, 'h', [`field:${i}`, 'v'.repeat(size)]);
    expect(zone.sizeOf(find(zone, 'h'))).toBeLessThanOrEqual(redis);
  });

  test('is given back when values become short', () => {
    const zone = zoneOf(4 * MiB);
    set(zone, 'h', fields(100, 'x'.repeat(2000)));
    const before = zone.sizeOf(find(zone, 'h'));
    for (let i = 0; i < 100; i++) set(zone, 'h', [`field:${i}`, 'x'.repeat(20)]);
    expect(zone.sizeOf(find(zone, 'h'))).toBeLessThan(before / 10);
  });

  test('stays in bounds while all values grow', () => {
    const zone = zoneOf(16 * MiB);
    for (let size = 10; size < 300; size += 7) set(zone, 'h', fields(600, 'x'.repeat(size)));
    const needed = 600 * (300 + 30);
    expect(zone.sizeOf(find(zone, 'h'))).toBeLessThan(needed * 1.6);
  });
});

test('a copy in a zone of other pages is whole', () => {
  for (const [size, otherSize] of [
    [64 * MiB, 2 * MiB],
    [2 * MiB, 64 * MiB],
  ]) {
    for (const pairs of [
      fields(3),
      fields(500),
      fields(20, 'x'.repeat(100)),
      fields(700, 'v'),
      [...fields(40), 'long', 'x'.repeat(30_000)],
    ]) {
      const zone = zoneOf(size);
      const other = zoneOf(otherSize);
      set(zone, 'h', pairs);
      const source = new Hash().open(zone, find(zone, 'h'));
      const copy = put(other, 'h', TYPE_HASH, source.sizeIn(other));
      source.copyTo(other, copy);
      expect(audit(other, auditHash)).toBe(undefined);
      expect(encodingOf(other, 'h')).toBe(encodingOf(zone, 'h'));
      for (let i = 0; i < pairs.length; i += 2) {
        assert(get(other, 'h', pairs[i]) === pairs[i + 1], pairs[i]);
      }
      expect(hash.count).toBe(pairs.length / 2);
    }
  }
});

describe('an audit', () => {
  test('sees a field that is there twice, and one without value', () => {
    const zone = zoneOf(256 * KiB);
    set(zone, 'h', ['a', '1', 'b', '2']);
    const at = zone.content.at(find(zone, 'h'), 0);
    const { u8 } = zone.arena;
    // Behind the header: a string of one byte, its size, an integer, its size, and again.
    expect(u8[at + 12]).toBe('b'.charCodeAt(0));
    u8[at + 12] = 'a'.charCodeAt(0);
    expect(audit(zone, auditHash)).toContain('twice');
    u8[at + 12] = 'b'.charCodeAt(0);
    u8[at + 4] = 3;
    expect(audit(zone, auditHash)).toContain('torn');
  });
});
