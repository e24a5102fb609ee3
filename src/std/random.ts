/**
 * Randomness, and the only place that makes it.
 *
 * Whoever needs chance is given a Random. A server seeds one from the operating system when it
 * starts; a test seeds one with a number and gets the same run again.
 *
 * The generator is xoshiro128** (Blackman and Vigna): four words of state, a period of 2^128 - 1,
 * a handful of 32-bit operations per draw. It is fast and even, and it is not secret: anyone who
 * sees a few outputs knows the rest. Keys and identifiers that must not be guessed come from
 * systemSeed().
 */

import { randomBytes } from 'node:crypto';
import { assert } from './assert.ts';

export interface Random {
  /** A whole number, 0 to 2^32 - 1. */
  u32(): number;
  /** A whole number from 0 up to but not including `n`, each equally likely. */
  below(n: number): number;
  /** `n` fresh bytes. */
  bytes(n: number): Uint8Array;
}

/** `size` bytes nobody can guess, from the operating system. */
export function systemSeed(size = 16): Uint8Array {
  return new Uint8Array(randomBytes(size));
}

/** A generator that repeats itself exactly for the same seed. */
export class SeededRandom implements Random {
  #a: number;
  #b: number;
  #c: number;
  #d: number;

  /** A number for tests; at least 16 bytes for a server. */
  constructor(seed: number | Uint8Array) {
    if (typeof seed === 'number') {
      // Four neighbours of a well-mixed sequence, so that seeds 1 and 2 share nothing.
      this.#a = scramble(seed);
      this.#b = scramble(seed + 0x9e3779b9);
      this.#c = scramble(seed + 0x3c6ef372);
      this.#d = scramble(seed + 0xdaa66d2b);
    } else {
      assert(seed.length >= 16, 'a seed has at least 16 bytes');
      const words = new DataView(seed.buffer, seed.byteOffset, 16);
      this.#a = words.getInt32(0, true);
      this.#b = words.getInt32(4, true);
      this.#c = words.getInt32(8, true);
      this.#d = words.getInt32(12, true);
    }
    // From all zeroes the generator would draw zeroes for ever.
    if ((this.#a | this.#b | this.#c | this.#d) === 0) this.#a = 1;
  }

  u32(): number {
    const result = Math.imul(rotate(Math.imul(this.#b, 5), 7), 9) >>> 0;
    const shifted = this.#b << 9;
    this.#c ^= this.#a;
    this.#d ^= this.#b;
    this.#b ^= this.#c;
    this.#a ^= this.#d;
    this.#c ^= shifted;
    this.#d = rotate(this.#d, 11);
    return result;
  }

  below(n: number): number {
    assert(n >= 1 && n <= Number.MAX_SAFE_INTEGER);
    // Draws as many bits as n - 1 has, again and again until the draw fits: no remainder, so no
    // number is favoured. On average fewer than two draws.
    if (n <= 0x1_0000_0000) {
      const shift = Math.clz32(n - 1);
      if (shift === 32) return 0;
      for (;;) {
        const draw = this.u32() >>> shift;
        if (draw < n) return draw;
      }
    }
    const shift = Math.clz32(Math.floor((n - 1) / 0x1_0000_0000));
    for (;;) {
      const draw = (this.u32() >>> shift) * 0x1_0000_0000 + this.u32();
      if (draw < n) return draw;
    }
  }

  bytes(n: number): Uint8Array {
    const bytes = new Uint8Array(n);
    for (let i = 0; i < n; i += 4) {
      const word = this.u32();
      bytes[i] = word;
      if (i + 1 < n) bytes[i + 1] = word >>> 8;
      if (i + 2 < n) bytes[i + 2] = word >>> 16;
      if (i + 3 < n) bytes[i + 3] = word >>> 24;
    }
    return bytes;
  }
}

function rotate(word: number, by: number): number {
  return (word << by) | (word >>> (32 - by));
}

/** The finalizer of MurmurHash3: every bit of the seed reaches every bit of the word. */
function scramble(seed: number): number {
  let word = seed | 0;
  word = Math.imul(word ^ (word >>> 16), 0x85ebca6b);
  word = Math.imul(word ^ (word >>> 13), 0xc2b2ae35);
  return word ^ (word >>> 16);
}
