/**
 * The keyed hash of keys: HalfSipHash-1-3, bytes to 32 bits.
 *
 *            seed                         one 4-byte word m at a time
 *   ┌────┬────┬────┬────┐      v3 ^= m ─► round ─► v0 ^= m ─► … ─► v2 ^= 0xff ─► 3 rounds
 *   │ v0 │ v1 │ v2 │ v3 │                                                           │
 *   └────┴────┴────┴────┘      the last word holds what is left, and the size    v1 ^ v3
 *
 * Why keyed? Whoever may choose keys could otherwise choose a million that share one bucket, and
 * every look-up would walk them all. The seed is drawn when the process starts, so nobody outside
 * knows which keys collide.
 *
 * Why this one? SipHash wants 64-bit words, which JavaScript has only as slow pairs. HalfSipHash
 * is the same design by the same authors on 32-bit words; 1-3 (one round a word, three at the end)
 * is what Linux uses for its tables. Every bit of the result depends on every byte, so a table may
 * take its bucket from the low bits and a fingerprint from the high ones.
 * docs/decisions/001-hash.md has the figures.
 *
 * It is for tables only. As a signature 32 bits are nothing.
 */

import { assert } from './assert.ts';

/** Bytes of a seed. */
export const HASH_SEED_SIZE = 16;

// The halves of the state must differ even for a seed of zeroes: 'lyge' and 'tedb', from SipHash.
const V2 = 0x6c796765;
const V3 = 0x74656462;

export class KeyedHash {
  readonly #k0: number;
  readonly #k1: number;
  readonly #k2: number;
  readonly #k3: number;
  // The array of the last call and a view of it: mostly the same one, the zone's arena, again and
  // again. Words read through a view make 51 bytes take 34 ns, put together from bytes 49. A new
  // view costs 70 ns.
  #bytes: Uint8Array = new Uint8Array(0);
  #view: DataView = new DataView(this.#bytes.buffer);

  /**
   * HalfSipHash has a key of 8 bytes; these 16 fill the whole first state. Of a seed whose halves
   * are equal the result is the published function's.
   */
  constructor(seed: Uint8Array) {
    assert(seed.length === HASH_SEED_SIZE, 'a hash seed has 16 bytes');
    const words = new DataView(seed.buffer, seed.byteOffset, HASH_SEED_SIZE);
    this.#k0 = words.getInt32(0, true);
    this.#k1 = words.getInt32(4, true);
    this.#k2 = words.getInt32(8, true) ^ V2;
    this.#k3 = words.getInt32(12, true) ^ V3;
  }

  /** The hash of bytes[start, end), a u32. Keeps `bytes` alive until another array comes. */
  hash(bytes: Uint8Array, start: number, end: number): number {
    if (bytes !== this.#bytes) {
      this.#bytes = bytes;
      this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    }
    return hashView(this.#k0, this.#k1, this.#k2, this.#k3, this.#view, start, end);
  }

  /** The same, where the caller has a view. */
  hashView(view: DataView, start: number, end: number): number {
    return hashView(this.#k0, this.#k1, this.#k2, this.#k3, view, start, end);
  }
}

function hashView(
  k0: number,
  k1: number,
  k2: number,
  k3: number,
  view: DataView,
  start: number,
  end: number,
): number {
  // `| 0` tells the compiler these are integers before the loop; without it they travel as
  // doubles, and the hash takes twice as long.
  let v0 = k0 | 0;
  let v1 = k1 | 0;
  let v2 = k2 | 0;
  let v3 = k3 | 0;
  const size = end - start;
  const tail = end - (size & 3);

  for (let at = start; at < tail; at += 4) {
    const word = view.getInt32(at, true);
    v3 ^= word;
    // One round. Written out here and below: four values can't be returned without allocating.
    v0 = (v0 + v1) | 0;
    v1 = ((v1 << 5) | (v1 >>> 27)) ^ v0;
    v0 = (v0 << 16) | (v0 >>> 16);
    v2 = (v2 + v3) | 0;
    v3 = ((v3 << 8) | (v3 >>> 24)) ^ v2;
    v0 = (v0 + v3) | 0;
    v3 = ((v3 << 7) | (v3 >>> 25)) ^ v0;
    v2 = (v2 + v1) | 0;
    v1 = ((v1 << 13) | (v1 >>> 19)) ^ v2;
    v2 = (v2 << 16) | (v2 >>> 16);
    v0 ^= word;
  }

  let last = size << 24;
  for (let at = tail; at < end; at++) last |= view.getUint8(at) << ((at - tail) << 3);

  v3 ^= last;
  for (let round = 0; round < 4; round++) {
    v0 = (v0 + v1) | 0;
    v1 = ((v1 << 5) | (v1 >>> 27)) ^ v0;
    v0 = (v0 << 16) | (v0 >>> 16);
    v2 = (v2 + v3) | 0;
    v3 = ((v3 << 8) | (v3 >>> 24)) ^ v2;
    v0 = (v0 + v3) | 0;
    v3 = ((v3 << 7) | (v3 >>> 25)) ^ v0;
    v2 = (v2 + v1) | 0;
    v1 = ((v1 << 13) | (v1 >>> 19)) ^ v2;
    v2 = (v2 << 16) | (v2 >>> 16);
    if (round === 0) {
      // The word is done; from here on only the state is stirred.
      v0 ^= last;
      v2 ^= 0xff;
    }
  }
  return (v1 ^ v3) >>> 0;
}
