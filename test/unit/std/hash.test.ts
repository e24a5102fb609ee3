import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { run } from '../../../bench/hash.bench.ts';
import { latin1Bytes } from '../../../src/std/ascii.ts';
import { AssertionError } from '../../../src/std/assert.ts';
import { KeyedHash } from '../../../src/std/hash.ts';
import { SeededRandom } from '../../../src/std/random.ts';

/** HalfSipHash-1-3 of the bytes 0, 1, 2, … n - 1 under the key 00 01 … 07, n from 0 to 63. */
const VECTORS = [
  0x5814c896, 0xe7e864ca, 0xbc4b0e30, 0x01539939, 0x7e059ea6, 0x88e3d89b, 0xa0080b65, 0x9d38d9d6,
  0x577999b1, 0xc839caed, 0xe4fa32cf, 0x959246ee, 0x6b28096c, 0x66dd9cd6, 0x16658a7c, 0xd0257b04,
  0x8b31d501, 0x2b1cd04b, 0x06712339, 0x522aca67, 0x911bb605, 0x90a65f0e, 0xf826ef7b, 0x62512deb,
  0x57150ad7, 0x5d473507, 0x1ec47442, 0xab64afd3, 0x0a4100d0, 0x6d2ce652, 0x2331b6a3, 0x08d8791a,
  0xbc6dda8d, 0xe0f6c934, 0xb0652033, 0x9b9851cc, 0x7c46fb7f, 0x732ba8cb, 0xf142997a, 0xfcc9aa1b,
  0x05327eb2, 0xe110131c, 0xf9e5e7c0, 0xa7d708a6, 0x11795ab1, 0x65671619, 0x9f5fff91, 0xd89c5267,
  0x007783eb, 0x95766243, 0xab639262, 0x9c7e1390, 0xc368dda6, 0x38ddc455, 0xfa13d379, 0x979ea4e8,
  0x53ecd77e, 0x2ee80657, 0x33dbb66a, 0xae3f0577, 0x88b4c4cc, 0x3e7f480b, 0x74c1ebf8, 0x87178304,
];

/** The published definition, over BigInt, with the first state given. */
function reference(seed: Uint8Array, bytes: Uint8Array): number {
  const mask = 0xffffffffn;
  const rotate = (x: bigint, k: bigint) => ((x << k) | (x >> (32n - k))) & mask;
  const words = new DataView(seed.buffer, seed.byteOffset);
  const v = [0, 4, 8, 12].map((at) => BigInt(words.getUint32(at, true)));
  v[2] ^= 0x6c796765n;
  v[3] ^= 0x74656462n;
  const round = () => {
    v[0] = (v[0] + v[1]) & mask;
    v[1] = rotate(v[1], 5n) ^ v[0];
    v[0] = rotate(v[0], 16n);
    v[2] = (v[2] + v[3]) & mask;
    v[3] = rotate(v[3], 8n) ^ v[2];
    v[0] = (v[0] + v[3]) & mask;
    v[3] = rotate(v[3], 7n) ^ v[0];
    v[2] = (v[2] + v[1]) & mask;
    v[1] = rotate(v[1], 13n) ^ v[2];
    v[2] = rotate(v[2], 16n);
  };
  const padded = [...bytes];
  while (padded.length % 4 !== 3) padded.push(0);
  padded.push(bytes.length & 0xff);
  for (let at = 0; at < padded.length; at += 4) {
    const word = BigInt(new DataView(Uint8Array.from(padded).buffer).getUint32(at, true));
    v[3] ^= word;
    round();
    v[0] ^= word;
  }
  v[2] ^= 0xffn;
  for (let i = 0; i < 3; i++) round();
  return Number(v[1] ^ v[3]);
}

/** Chi squared of how 2^bits buckets are filled, less its expectation, in standard deviations. */
function unevenness(buckets: Int32Array, count: number): number {
  const expected = count / buckets.length;
  let chi = 0;
  for (const filled of buckets) chi += (filled - expected) ** 2 / expected;
  const freedom = buckets.length - 1;
  return (chi - freedom) / Math.sqrt(2 * freedom);
}

const seedOf = (n: number) => new SeededRandom(n).bytes(16);

describe('KeyedHash', () => {
  it('is HalfSipHash-1-3 where the seed is an 8-byte key twice', () => {
    const hash = new KeyedHash(Uint8Array.from({ length: 16 }, (_, i) => i & 7));
    const bytes = Uint8Array.from({ length: 64 }, (_, i) => i);
    expect(VECTORS.map((_, size) => hash.hash(bytes, 0, size))).toEqual(VECTORS);
  });

  it('agrees with the definition for any seed, key and place', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 16, maxLength: 16 }),
        fc.uint8Array({ maxLength: 300 }),
        fc.nat(9),
        (seed, key, before) => {
          const hash = new KeyedHash(seed);
          const arena = new Uint8Array(before + key.length + 7).fill(0xee);
          arena.set(key, before);
          const expected = reference(seed, key);
          expect(hash.hash(key, 0, key.length)).toBe(expected);
          expect(hash.hash(arena, before, before + key.length)).toBe(expected);
          // A view that does not begin where its memory begins.
          const part = arena.subarray(before);
          expect(hash.hash(part, 0, key.length)).toBe(expected);
          const view = new DataView(arena.buffer);
          expect(hash.hashView(view, before, before + key.length)).toBe(expected);
        },
      ),
      { seed: 1, numRuns: 150 },
    );
  });

  it('spreads numbered keys evenly over low bits, high bits and both', () => {
    const bits = 10;
    for (const [prefix, seed] of [
      ['', 1],
      ['session:', 2],
      ['user:profile:0000000000:', 3],
    ] as const) {
      const hash = new KeyedHash(seedOf(seed));
      const low = new Int32Array(1 << bits);
      const high = new Int32Array(1 << bits);
      const folded = new Int32Array(1 << bits);
      const count = 40_000;
      for (let i = 0; i < count; i++) {
        const key = latin1Bytes(prefix + i);
        const h = hash.hash(key, 0, key.length);
        low[h & ((1 << bits) - 1)]++;
        high[h >>> (32 - bits)]++;
        folded[(h ^ (h >>> 16)) & ((1 << bits) - 1)]++;
      }
      // Of even spreads one in 15,000 lies four deviations off. Too even is wrong as well.
      for (const buckets of [low, high, folded]) {
        expect(Math.abs(unevenness(buckets, count))).toBeLessThan(4);
      }
    }
  });

  it('turns about half of all bits when one bit of the key turns', () => {
    const random = new SeededRandom(9);
    const hash = new KeyedHash(seedOf(9));
    const size = 21;
    for (let bit = 0; bit < size * 8; bit++) {
      let turned = 0;
      const trials = 64;
      for (let trial = 0; trial < trials; trial++) {
        const changed = random.bytes(size);
        const before = hash.hash(changed, 0, size);
        changed[bit >> 3] ^= 1 << (bit & 7);
        turned += bitCount(before ^ hash.hash(changed, 0, size));
      }
      // 2,048 bits looked at: 1,024 ± 23.
      expect(Math.abs(turned - trials * 16)).toBeLessThan(23 * 5);
    }
  });

  it('turns about half of all bits when one bit of the seed turns', () => {
    const random = new SeededRandom(10);
    for (let bit = 0; bit < 128; bit++) {
      let turned = 0;
      for (let trial = 0; trial < 64; trial++) {
        const seed = random.bytes(16);
        const key = random.bytes(trial & 15);
        const before = new KeyedHash(seed).hash(key, 0, key.length);
        seed[bit >> 3] ^= 1 << (bit & 7);
        turned += bitCount(before ^ new KeyedHash(seed).hash(key, 0, key.length));
      }
      expect(Math.abs(turned - 1024)).toBeLessThan(23 * 5);
    }
  });

  it('does not collide on keys that collide under another seed', () => {
    // A hash without a key in its state would keep these together whatever the seed.
    const first = new KeyedHash(seedOf(11));
    const seen = new Map<number, Uint8Array>();
    const pairs: [Uint8Array, Uint8Array][] = [];
    for (let i = 0; pairs.length < 20; i++) {
      const key = latin1Bytes(`k${i}`);
      const bucket = first.hash(key, 0, key.length) & 0xfffff;
      const other = seen.get(bucket);
      if (other !== undefined) pairs.push([other, key]);
      seen.set(bucket, key);
    }
    const second = new KeyedHash(seedOf(12));
    const still = pairs.filter(
      ([a, b]) => ((second.hash(a, 0, a.length) ^ second.hash(b, 0, b.length)) & 0xfffff) === 0,
    );
    expect(still).toEqual([]);
  });

  it('tells runs of zeroes apart by their size', () => {
    const hash = new KeyedHash(new Uint8Array(16));
    const zeroes = new Uint8Array(256);
    const hashes = new Set(Array.from({ length: 256 }, (_, size) => hash.hash(zeroes, 0, size)));
    expect(hashes.size).toBe(256);
  });

  it('refuses a seed of another size', () => {
    expect(() => new KeyedHash(new Uint8Array(8))).toThrow(AssertionError);
  });
});

describe('hash.bench', () => {
  it('runs', () => {
    const lines: string[] = [];
    run((line) => lines.push(line), 2);
    expect(lines.length).toBe(8);
    expect(lines.at(-1)).toMatch(/^checksum [0-9a-f]+$/);
  });
});

function bitCount(word: number): number {
  let count = 0;
  for (let rest = word >>> 0; rest !== 0; rest >>>= 1) count += rest & 1;
  return count;
}
