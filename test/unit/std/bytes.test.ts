import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  compareBytes,
  copyBytes,
  equalBytes,
  indexOfByte,
  indexOfBytes,
  sliceBytes,
} from '../../../src/std/bytes.ts';

// Two values only, and lengths on both sides of every threshold: ranges that agree for long.
const bits = fc.uint8Array({ max: 1, maxLength: 8 });
const stretched = fc
  .tuple(fc.constantFrom(0, 10, 30, 62, 100), bits)
  .map(([size, tail]) => Uint8Array.from([...new Array(size).fill(0), ...tail]));
const runs = { seed: 1, numRuns: 400 };

/** The same bytes with others around them. */
function padded(bytes: Uint8Array, before: number): Uint8Array {
  const inside = new Uint8Array(before + bytes.length + 5).fill(0xaa);
  inside.set(bytes, before);
  return inside;
}

describe('compareBytes', () => {
  it('orders as memcmp does, the shorter first', () => {
    fc.assert(
      fc.property(stretched, stretched, (a, b) => {
        const order = compareBytes(padded(a, 3), 3, 3 + a.length, padded(b, 1), 1, 1 + b.length);
        expect(Math.sign(order)).toBe(Buffer.compare(a, b));
      }),
      runs,
    );
  });

  it('compares bytes as unsigned', () => {
    expect(compareBytes(Uint8Array.of(0xff), 0, 1, Uint8Array.of(0x01), 0, 1)).toBeGreaterThan(0);
  });
});

describe('equalBytes', () => {
  it('agrees with compareBytes', () => {
    fc.assert(
      fc.property(stretched, stretched, (a, b) => {
        const equal = equalBytes(padded(a, 3), 3, 3 + a.length, padded(b, 1), 1, 1 + b.length);
        expect(equal).toBe(Buffer.compare(a, b) === 0);
        expect(equalBytes(a, 0, a.length, a.slice(), 0, a.length)).toBe(true);
      }),
      runs,
    );
  });
});

describe('indexOfByte', () => {
  it('finds the first within the range, near and far', () => {
    for (const at of [0, 1, 63, 64, 65, 300]) {
      const bytes = new Uint8Array(400);
      bytes[10 + at] = 7;
      bytes[390] = 7;
      expect(indexOfByte(bytes, 7, 10, 380)).toBe(10 + at);
      expect(indexOfByte(bytes, 7, 10, 10 + at)).toBe(-1);
      expect(indexOfByte(bytes, 7, 10, 11 + at)).toBe(10 + at);
    }
    expect(indexOfByte(new Uint8Array(4), 0, 3, 2)).toBe(-1);
  });
});

describe('indexOfBytes', () => {
  it('agrees with a search in text', () => {
    const needles = fc.uint8Array({ max: 1, maxLength: 5 });
    fc.assert(
      fc.property(stretched, needles, (bytes, needle) => {
        const text = String.fromCharCode(...bytes);
        const found = indexOfBytes(padded(bytes, 2), 2, 2 + bytes.length, needle);
        const expected = text.indexOf(String.fromCharCode(...needle));
        expect(found).toBe(expected < 0 ? -1 : 2 + expected);
      }),
      runs,
    );
  });
});

describe('copyBytes', () => {
  it('copies between arrays and touches nothing else', () => {
    for (const size of [0, 1, 12, 13, 32, 33, 500]) {
      const source = Uint8Array.from({ length: 600 }, (_, i) => i % 251);
      const target = new Uint8Array(600).fill(0xff);
      copyBytes(target, 20, source, 40, 40 + size);
      const expected = new Uint8Array(600).fill(0xff);
      expected.set(source.slice(40, 40 + size), 20);
      expect(target).toEqual(expected);
    }
  });

  it('copies within an array whichever way the ranges overlap', () => {
    for (const size of [0, 1, 5, 12, 13, 100]) {
      for (const shift of [-110, -6, -1, 0, 1, 6, 110]) {
        const bytes = Uint8Array.from({ length: 400 }, (_, i) => i % 251);
        const expected = bytes.slice();
        expected.set(bytes.slice(150, 150 + size), 150 + shift);
        copyBytes(bytes, 150 + shift, bytes, 150, 150 + size);
        expect(bytes).toEqual(expected);
      }
    }
  });
});

describe('sliceBytes', () => {
  it('answers bytes of its own, even from a Buffer', () => {
    const source = Buffer.from('abcdef');
    const slice = sliceBytes(source, 1, 4);
    source[1] = 0;
    expect(slice).toEqual(Uint8Array.from([0x62, 0x63, 0x64]));
    expect(Buffer.isBuffer(slice)).toBe(false);
  });
});
