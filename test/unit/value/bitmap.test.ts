import { describe, expect, test } from 'vitest';
import { SeededRandom } from '../../../src/std/random.ts';
import {
  AND,
  bitAt,
  combine,
  countBits,
  findBit,
  NOT,
  OR,
  readBits,
  setBit,
  writeBits,
  XOR,
} from '../../../src/value/bitmap.ts';
import { openZone, put } from '../zone/support.ts';
import { KiB, MiB } from './support.ts';

const random = new SeededRandom(5);
const bitsOf = (bytes: Uint8Array): number[] =>
  [...bytes].flatMap((byte) => [7, 6, 5, 4, 3, 2, 1, 0].map((shift) => (byte >> shift) & 1));

/** Strings in one piece and in several, with keys that put them at every kind of address. */
const PLACES: readonly [what: string, size: number, key: string][] = [
  ...[0, 1, 2, 3, 4, 5, 6, 7].map((n): [string, number, string] => [
    `flat, ${n} bytes further`,
    150,
    'k'.repeat(1 + n),
  ]),
  ['in chunks', 9001, 'k'],
  ['in chunks behind a long key', 5000, 'k'.repeat(3000)],
];

/** A string of noise with long stretches of zeroes and ones, as bytes and in a zone. */
function openString(size: number, key: string) {
  const bytes = random.bytes(size);
  for (let n = 0; n < 6; n++) {
    const from = random.below(size);
    bytes.fill(n % 2 === 0 ? 0 : 0xff, from, from + random.below(size >> 1));
  }
  const zone = openZone({ size: 512 * KiB });
  return { zone, entry: put(zone, key, bytes), bytes, bits: bitsOf(bytes) };
}

describe.each(PLACES)('a string %s', (_, size, key) => {
  const { zone, entry, bits } = openString(size, key);
  const length = bits.length;
  const range = (): [number, number] => {
    const from = random.below(length + 1);
    const end = random.below(3) === 0 ? from + random.below(40) : from + random.below(length);
    return [from, Math.min(length, end)];
  };

  test('counts the bits of any range', () => {
    expect(countBits(zone, entry, 0, length)).toBe(bits.filter((bit) => bit === 1).length);
    for (let n = 0; n < 150; n++) {
      const [from, end] = range();
      const expected = bits.slice(from, end).filter((bit) => bit === 1).length;
      expect(countBits(zone, entry, from, end), `${from} to ${end}`).toBe(expected);
    }
  });

  test('finds the first bit of any range', () => {
    for (let n = 0; n < 300; n++) {
      const [from, end] = range();
      const bit = n % 2;
      const first = bits.slice(from, end).indexOf(bit);
      const expected = first < 0 ? -1 : first + from;
      expect(findBit(zone, entry, bit, from, end), `${bit} in ${from} to ${end}`).toBe(expected);
    }
  });

  test('has zeroes behind its end', () => {
    expect(bitAt(zone, entry, length)).toBe(0);
    expect(bitAt(zone, entry, length + 2 ** 33)).toBe(0);
    setBit(zone, entry, length - 1, 1);
    expect(readBits(zone, entry, length - 1, 48)).toBe(2 ** 47);
    expect(readBits(zone, entry, 2 ** 40, 48)).toBe(0);
    setBit(zone, entry, length - 1, bits[length - 1]);
  });
});

test.each(PLACES)('fields and bits written in a string %s change nothing else', (_, size, key) => {
  const { zone, entry, bits } = openString(size, key);
  const length = bits.length;
  for (let n = 0; n < 400; n++) {
    if (n % 4 === 0) {
      const offset = random.below(length);
      const bit = random.below(2);
      expect(setBit(zone, entry, offset, bit)).toBe(bits[offset]);
      bits[offset] = bit;
      expect(bitAt(zone, entry, offset)).toBe(bit);
    } else {
      const count = random.below(49);
      const offset = random.below(length - count);
      const value = Array.from({ length: count }, () => random.below(2));
      const old = bits.splice(offset, count, ...value);
      const number = (digits: number[]): number => Number.parseInt(`0${digits.join('')}`, 2);
      expect(readBits(zone, entry, offset, count)).toBe(number(old));
      writeBits(zone, entry, offset, count, number(value));
      expect(readBits(zone, entry, offset, count)).toBe(number(value));
    }
  }
  expect(bitsOf(zone.content.slice(entry, 0, size)).join('')).toBe(bits.join(''));
});

test('a bitmap of many runs is counted and searched as one', () => {
  const zone = openZone({ size: 8 * MiB });
  const entry = put(zone, 'k', new Uint8Array(3_000_001));
  expect(findBit(zone, entry, 1, 0, 24_000_008)).toBe(-1);
  for (const offset of [23_999_999, 9_999_999, 24_000_007]) {
    setBit(zone, entry, offset, 1);
    expect(bitAt(zone, entry, offset)).toBe(1);
  }
  expect(findBit(zone, entry, 1, 0, 24_000_008)).toBe(9_999_999);
  expect(findBit(zone, entry, 1, 10_000_000, 24_000_000)).toBe(23_999_999);
  expect(countBits(zone, entry, 0, 24_000_008)).toBe(3);
  expect(countBits(zone, entry, 10_000_000, 24_000_007)).toBe(1);
});

describe('strings joined', () => {
  const SIZES = [0, 1, 3, 4, 100, 8191, 8192, 8193, 20_000];
  const zone = openZone({ size: 2 * MiB });
  const strings = SIZES.map((size, i) => {
    const bytes = random.bytes(size);
    return { bytes, entry: put(zone, `s${i}`, bytes) };
  });
  strings.push({ bytes: new Uint8Array(0), entry: 0 });

  test.each([
    ['AND', AND, (a: number, b: number) => a & b],
    ['OR', OR, (a: number, b: number) => a | b],
    ['XOR', XOR, (a: number, b: number) => a ^ b],
  ])('by %s', (_, operation, join) => {
    for (let n = 0; n < 25; n++) {
      const chosen = Array.from({ length: 1 + random.below(4) }, () =>
        random.below(strings.length),
      );
      const sources = chosen.map((i) => strings[i]);
      const size = Math.max(...sources.map(({ bytes }) => bytes.length));
      const target = put(zone, 'target', new Uint8Array(size).fill(0xaa));
      combine(
        zone,
        operation,
        sources.map(({ entry }) => entry),
        target,
        size,
      );
      const expected = Uint8Array.from({ length: size }, (_, at) =>
        sources.map(({ bytes }) => bytes[at] ?? 0).reduce(join),
      );
      expect(zone.content.slice(target, 0, size)).toEqual(expected);
    }
  });

  test('by NOT, and into itself', () => {
    for (const { bytes } of strings) {
      const entry = put(zone, 'target', bytes);
      combine(zone, NOT, [entry], entry, bytes.length);
      const expected = bytes.map((byte) => ~byte);
      expect(zone.content.slice(entry, 0, bytes.length)).toEqual(expected);
    }
  });
});
