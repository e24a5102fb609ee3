import { describe, expect, test } from 'vitest';
import { latin1Bytes, latin1Text } from '../../../src/std/ascii.ts';
import { SeededRandom } from '../../../src/std/random.ts';
import { Words } from '../../../src/std/words.ts';
import { Intset, integerWidth, intsetSize } from '../../../src/value/intset.ts';
import { TYPE_SET } from '../../../src/value/type.ts';
import type { Zone } from '../../../src/zone/zone.ts';
import { find, KiB, MiB, put, zoneOf } from './support.ts';

const words = new Words();

/** An intset of a key in a zone, with room for so many integers. */
function made(zone: Zone, room: number, key = 'key'): Intset {
  return new Intset().create(zone, put(zone, key, TYPE_SET, intsetSize(room, 8)));
}

function has(intset: Intset, n: bigint): boolean {
  const text = latin1Bytes(String(n));
  words.parse(text, 0, text.length);
  return intset.find(words.low, words.high);
}

function add(intset: Intset, n: bigint): boolean {
  if (has(intset, n)) return false;
  intset.insert(words.low, words.high);
  return true;
}

function all(intset: Intset): bigint[] {
  return Array.from({ length: intset.count }, (_, i) => {
    intset.read(i);
    intset.spell();
    return BigInt(latin1Text(intset.textBytes, 0, intset.textEnd));
  });
}

/** Integers around the limits of each width. */
const EDGES = [0n, 1n, 7n, 15n, 16n, 31n, 32n, 53n, 62n].flatMap((bits) => {
  const edge = 1n << bits;
  return [edge - 1n, edge, edge + 1n, -edge - 1n, -edge, -edge + 1n];
});
EDGES.push(2n ** 63n - 1n, 2n ** 63n - 2n, -(2n ** 63n), -(2n ** 63n) + 1n);

const inOrder = (integers: Iterable<bigint>): bigint[] =>
  [...new Set(integers)].sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));

describe('the bytes of an intset', () => {
  test("are Redis's", () => {
    const intset = made(zoneOf(MiB), 10);
    add(intset, 5n);
    add(intset, -2n);
    expect([...intset.copy()]).toEqual([2, 0, 0, 0, 2, 0, 0, 0, 0xfe, 0xff, 5, 0]);
    add(intset, 65536n);
    expect([...intset.copy()]).toEqual([
      ...[4, 0, 0, 0, 3, 0, 0, 0],
      ...[0xfe, 0xff, 0xff, 0xff, 5, 0, 0, 0, 0, 0, 1, 0],
    ]);
    add(intset, -(2n ** 40n));
    expect([...intset.copy()].slice(0, 24)).toEqual([
      ...[8, 0, 0, 0, 4, 0, 0, 0],
      ...[0, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
    ]);
    intset.removeAt(0);
    expect(intset.width).toBe(8);
    expect(all(intset)).toEqual([-2n, 5n, 65536n]);
  });

  test('are two, four or eight to an integer', () => {
    const width = (n: bigint): number => {
      const text = latin1Bytes(String(n));
      words.parse(text, 0, text.length);
      return integerWidth(words.low, words.high);
    };
    for (const n of EDGES) {
      const expected = n === BigInt.asIntN(16, n) ? 2 : n === BigInt.asIntN(32, n) ? 4 : 8;
      expect([n, width(n)]).toEqual([n, expected]);
    }
  });
});

describe.each([
  ['in one piece', MiB, 'key'],
  ['in pieces', 256 * KiB, 'key'],
  ['behind a key longer than a chunk', 256 * KiB, 'k'.repeat(5000)],
])('an intset %s', (_, size, key) => {
  test('holds every integer where it belongs, in whatever order they come', () => {
    for (let seed = 1; seed <= 5; seed++) {
      const random = new SeededRandom(seed);
      const zone = zoneOf(size);
      const intset = made(zone, 1000, key);
      const integers = new Set<bigint>();
      const pool = [
        ...EDGES,
        ...Array.from({ length: 900 }, () => BigInt(random.below(100_000) - 50_000)),
      ];
      // Small ones first, so that each width has its time.
      const width = [15n, 31n, 63n];
      for (const bits of width) {
        for (const n of pool) {
          if (n >= -(1n << bits) && n < 1n << bits && random.below(2) === 0) {
            expect(add(intset, n)).toBe(!integers.has(n));
            integers.add(n);
          }
        }
        intset.openEntry(zone, find(zone, key));
        expect(intset.audit()).toBe(undefined);
        expect(all(intset)).toEqual(inOrder(integers));
        for (const n of pool) expect(has(intset, n)).toBe(integers.has(n));
        for (const n of pool) {
          if (random.below(3) > 0 || !has(intset, n)) continue;
          intset.removeAt(intset.index);
          integers.delete(n);
        }
        expect(all(intset)).toEqual(inOrder(integers));
      }
      expect(intset.width).toBe(8);
    }
  });
});

test('an audit finds what is out of order, out of bounds or of no width', () => {
  const zone = zoneOf(MiB);
  const intset = made(zone, 2);
  for (const n of [1n, 2n, 3n]) add(intset, n);
  const entry = find(zone, 'key');
  const word = zone.content.flatAt(entry) >>> 2;
  const { i32 } = zone.arena;
  expect(intset.audit()).toBe(undefined);
  i32[word + 2] = 0x00010002;
  expect(intset.openEntry(zone, entry).audit()).toMatch('order');
  i32[word] = 3;
  expect(intset.openEntry(zone, entry).audit()).toMatch('width');
  i32[word] = 2;
  i32[word + 1] = 100;
  expect(intset.openEntry(zone, entry).audit()).toMatch('behind the end');
});

test('memory that is not needed is given back', () => {
  const zone = zoneOf(MiB);
  const intset = made(zone, 1000);
  for (let n = 0n; n < 50n; n++) add(intset, n);
  intset.settle();
  expect(zone.content.size(intset.entry)).toBe(intset.size);
  expect(intset.count).toBe(50);
});
