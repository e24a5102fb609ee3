import { describe, expect, test } from 'vitest';
import { murmur, murmurHash64A } from '../../../src/std/murmur.ts';
import { SeededRandom } from '../../../src/std/random.ts';

const M = 0xc6a4a7935bd1e995n;
const u64 = (n: bigint): bigint => BigInt.asUintN(64, n);

/** The function as it is published, on whole 64-bit words. */
function published(bytes: Uint8Array, seed: bigint): bigint {
  const words = bytes.length >> 3;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  let h = seed ^ u64(BigInt(bytes.length) * M);
  for (let i = 0; i < words; i++) {
    let k = u64(view.getBigUint64(i * 8, true) * M);
    k = u64((k ^ (k >> 47n)) * M);
    h = u64((h ^ k) * M);
  }
  if (bytes.length % 8 > 0) {
    let rest = 0n;
    for (let i = bytes.length - 1; i >= words * 8; i--) rest = (rest << 8n) | BigInt(bytes[i]);
    h = u64((h ^ rest) * M);
  }
  h = u64((h ^ (h >> 47n)) * M);
  return h ^ (h >> 47n);
}

function ours(bytes: Uint8Array, start: number, end: number, seed: number): bigint {
  murmurHash64A(bytes, start, end, seed);
  return (BigInt(murmur.high) << 32n) | BigInt(murmur.low);
}

describe('MurmurHash64A', () => {
  test('is the published function for any bytes', () => {
    const random = new SeededRandom(1);
    for (let n = 0; n < 3000; n++) {
      const bytes = random.bytes(n % 67);
      if (n % 7 === 0) bytes.fill(n % 2 === 0 ? 0xff : 0);
      const seed = random.u32();
      expect(ours(bytes, 0, bytes.length, seed)).toBe(published(bytes, BigInt(seed)));
    }
  });

  test('looks at the range it is given and at nothing else', () => {
    const bytes = new SeededRandom(2).bytes(50);
    for (let start = 0; start < 20; start++) {
      for (let end = start; end < 50; end += 3) {
        const alone = bytes.slice(start, end);
        expect(ours(bytes, start, end, 7)).toBe(ours(alone, 0, alone.length, 7));
      }
    }
  });
});
