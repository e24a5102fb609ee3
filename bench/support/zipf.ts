/**
 * Zipf's law: of n keys the r-th most popular is asked for in proportion to 1 / r^skew.
 *
 * Drawn by halving a table of sums, so it is exact; the table takes 8 bytes for a key.
 */

import type { Random } from '../../src/std/random.ts';

export class Zipf {
  /** Sums of the weights of ranks 0 to i. */
  readonly #sums: Float64Array;

  constructor(keyCount: number, skew: number) {
    this.#sums = new Float64Array(keyCount);
    let sum = 0;
    for (let i = 0; i < keyCount; i++) this.#sums[i] = sum += 1 / (i + 1) ** skew;
  }

  /** A rank, 0 the most popular. */
  draw(random: Random): number {
    const sums = this.#sums;
    const wanted = (random.u32() / 2 ** 32) * sums[sums.length - 1];
    let low = 0;
    let high = sums.length - 1;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (sums[middle] <= wanted) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** The share of requests that the so many most popular get. */
  shareOf(count: number): number {
    return this.#sums[count - 1] / this.#sums[this.#sums.length - 1];
  }
}
