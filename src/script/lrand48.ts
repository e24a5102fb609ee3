/** The generator of random numbers of Redis's scripts (lrand48 of POSIX): 48 bits, 31 of them told. */

const HALF = 2 ** 24;
// 0x5deece66d in halves of 24 bits, and what is added.
const A_LOW = 0xece66d;
const A_HIGH = 0x5de;
const C = 0xb;

export class Lrand48 {
  static readonly MAX = 2 ** 31 - 1;
  // 0x1234abcd330e.
  #high = 0x1234ab;
  #low = 0xcd330e;

  /** `seed` is 32 bits. */
  seed(seed: number): void {
    this.#high = (seed >>> 8) & 0xffffff;
    this.#low = ((seed & 0xff) << 16) | 0x330e;
  }

  /** From 0 up to MAX, which is told as 0. */
  next(): number {
    const low = this.#low * A_LOW + C;
    const carry = Math.floor(low / HALF);
    this.#high = (this.#high * A_LOW + this.#low * A_HIGH + carry) % HALF;
    this.#low = low % HALF;
    return Math.floor((this.#high * HALF + this.#low) / 2 ** 17) % Lrand48.MAX;
  }
}
