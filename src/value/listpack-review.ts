/**
 * Listpack review: whether a listpack that came from outside can be kept as it lies.
 *
 * Its structure has been validated (validateListpack). What is asked here: is every element written
 * as we would write it, so that it is found by its bytes; how long is the longest; and is any there
 * twice that must not be.
 */

import { HASH_SEED_SIZE, KeyedHash } from '../std/hash.ts';
import { systemSeed } from '../std/random.ts';
import { elementSize, integerElementSize, Listpack } from './listpack.ts';

/** The longest text of an integer. */
const INTEGER_SIZE_MAX = 20;
/** Up to so many elements each is compared with each. */
const FEW = 12;
/** Of a table that is kept. */
const TABLE_SIZE = 1024;
/** Places of elements that are kept. */
const PLACES_KEPT = 64 * 1024;

const hash = new KeyedHash(systemSeed().subarray(0, HASH_SEED_SIZE));

export class ListpackReview {
  /** Elements. */
  count = 0;
  /** Bytes of the longest as text; integers are taken for as long as any. */
  longest = 0;
  /** Whether all are written as they would be here. */
  isOwn = true;
  /** Whether one of them is no integer. */
  hasText = false;
  readonly #listpack = new Listpack();
  /** Where elements begin, and behind the last. */
  #places = new Int32Array(64);
  /** Numbers of elements plus one, by hash. */
  readonly #table = new Int32Array(TABLE_SIZE);

  /** Looks at a listpack that begins at `start`. */
  look(bytes: Uint8Array, start: number): this {
    const listpack = this.#listpack.open(bytes, start);
    if (this.#places.length > PLACES_KEPT) this.#places = new Int32Array(64);
    this.count = 0;
    this.longest = 0;
    this.isOwn = true;
    this.hasText = false;
    let at = listpack.first;
    for (; at < listpack.end; at = listpack.next) {
      listpack.read(at);
      this.#note(at);
      const { isInteger, textStart, textEnd, next } = listpack;
      if (isInteger) {
        if (this.longest < INTEGER_SIZE_MAX) this.longest = INTEGER_SIZE_MAX;
        const { integer } = listpack;
        const size = integerElementSize(
          Number.isSafeInteger(integer) ? integer : listpack.integer64,
        );
        if (size !== next - at) this.isOwn = false;
      } else {
        this.hasText = true;
        if (textEnd - textStart > this.longest) this.longest = textEnd - textStart;
        if (elementSize(listpack.textBytes, textStart, textEnd) !== next - at) this.isOwn = false;
      }
    }
    this.#places[this.count] = at;
    return this;
  }

  #note(at: number): void {
    if (this.count + 2 > this.#places.length) {
      const more = new Int32Array(this.#places.length * 2);
      more.set(this.#places);
      this.#places = more;
    }
    this.#places[this.count++] = at;
  }

  /** Whether one is there twice, of every `step`-th. All must be written as they would be here. */
  hasTwice(step: number): boolean {
    const { count } = this;
    const places = this.#places;
    if (count <= FEW * step) {
      for (let i = step; i < count; i += step) {
        for (let j = 0; j < i; j += step) if (this.#areSame(i, j)) return true;
      }
      return false;
    }
    let size = TABLE_SIZE;
    while (size < (count / step) * 2) size *= 2;
    // A large one is not kept: it would be cleared for every small one.
    const table = size === TABLE_SIZE ? this.#table.fill(0) : new Int32Array(size);
    const { bytes } = this.#listpack;
    for (let i = 0; i < count; i += step) {
      let slot = hash.hash(bytes, places[i], places[i + 1]) & (size - 1);
      for (; table[slot] !== 0; slot = (slot + 1) & (size - 1)) {
        if (this.#areSame(i, table[slot] - 1)) return true;
      }
      table[slot] = i + 1;
    }
    return false;
  }

  #areSame(i: number, j: number): boolean {
    const places = this.#places;
    const { bytes } = this.#listpack;
    const a = places[i];
    const b = places[j];
    const size = places[i + 1] - a;
    if (size !== places[j + 1] - b) return false;
    for (let at = 0; at < size; at++) if (bytes[a + at] !== bytes[b + at]) return false;
    return true;
  }
}
