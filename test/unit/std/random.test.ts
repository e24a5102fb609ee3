import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AssertionError } from '../../../src/std/assert.ts';
import { SeededRandom, systemSeed } from '../../../src/std/random.ts';

/** xoshiro128** over BigInt, as its authors print it. */
function reference(seed: Uint8Array, count: number): number[] {
  const mask = 0xffffffffn;
  const rotate = (x: bigint, k: bigint) => ((x << k) | (x >> (32n - k))) & mask;
  const view = new DataView(seed.buffer, seed.byteOffset);
  const s = [0, 4, 8, 12].map((at) => BigInt(view.getUint32(at, true)));
  const drawn: number[] = [];
  for (let i = 0; i < count; i++) {
    drawn.push(Number((rotate((s[1] * 5n) & mask, 7n) * 9n) & mask));
    const t = (s[1] << 9n) & mask;
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= t;
    s[3] = rotate(s[3], 11n);
  }
  return drawn;
}

describe('SeededRandom', () => {
  it('draws what xoshiro128** draws', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 16, maxLength: 20 }), (seed) => {
        fc.pre(seed.subarray(0, 16).some((byte) => byte !== 0));
        const random = new SeededRandom(seed);
        const drawn = Array.from({ length: 20 }, () => random.u32());
        expect(drawn).toEqual(reference(seed, 20));
      }),
      { seed: 1, numRuns: 50 },
    );
  });

  it('repeats itself for the same seed and not for its neighbour', () => {
    const draw = (seed: number) => Array.from({ length: 8 }, drawFrom(new SeededRandom(seed)));
    expect(draw(7)).toEqual(draw(7));
    expect(draw(7)).not.toEqual(draw(8));
    expect(new Set([...draw(0), ...draw(1), ...draw(-1)]).size).toBe(24);
  });

  it('is not stuck on a seed of zeroes', () => {
    const random = new SeededRandom(new Uint8Array(16));
    expect(Array.from({ length: 8 }, drawFrom(random)).some((word) => word !== 0)).toBe(true);
  });

  it('draws below n, evenly', () => {
    const random = new SeededRandom(3);
    const counts = new Array(7).fill(0);
    for (let i = 0; i < 7000; i++) counts[random.below(7)]++;
    // Chi squared with 6 degrees of freedom: above 22.5 once in a thousand seeds.
    const chi = counts.reduce((sum, count) => sum + (count - 1000) ** 2 / 1000, 0);
    expect(chi).toBeLessThan(22.5);
  });

  it('draws below any n up to 2^53', () => {
    const random = new SeededRandom(4);
    fc.assert(
      fc.property(fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }), (n) => {
        const draw = random.below(n);
        return Number.isSafeInteger(draw) && draw >= 0 && draw < n;
      }),
      { seed: 2, numRuns: 500 },
    );
    expect(random.below(1)).toBe(0);
    expect(random.below(2 ** 32)).toBeLessThan(2 ** 32);
    let high = 0;
    for (let i = 0; i < 100; i++) high = Math.max(high, random.below(2 ** 40));
    expect(high).toBeGreaterThan(2 ** 39);
    expect(() => random.below(0)).toThrow(AssertionError);
  });

  it('fills any number of bytes', () => {
    const random = new SeededRandom(5);
    for (const size of [0, 1, 3, 4, 5, 4099]) expect(random.bytes(size).length).toBe(size);
    const counts = new Array(256).fill(0);
    for (const byte of random.bytes(65_536)) counts[byte]++;
    expect(Math.min(...counts)).toBeGreaterThan(180);
    expect(Math.max(...counts)).toBeLessThan(340);
  });

  it('refuses a short seed', () => {
    expect(() => new SeededRandom(new Uint8Array(15))).toThrow(AssertionError);
  });
});

describe('systemSeed', () => {
  it('answers fresh bytes of the size asked for', () => {
    expect(systemSeed().length).toBe(16);
    expect(systemSeed(40).length).toBe(40);
    expect(systemSeed()).not.toEqual(systemSeed());
  });
});

function drawFrom(random: SeededRandom): () => number {
  return () => random.u32();
}
