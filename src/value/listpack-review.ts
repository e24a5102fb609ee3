/**
 * Listpack review: whether a listpack that came from outside can be kept as it lies.
 *
 * Its structure has been validated (validateListpack). What is asked here: is every element written
 * as we would write it, so that it is found by its bytes; how long is the longest; and is any there
 * twice that must not be.
 */

import { equalBytes } from '../std/bytes.ts';
import { areDistinct, type Spans } from '../std/distinct.ts';
import type { KeyedHash } from '../std/hash.ts';
import { elementSize, integerElementSize, Listpack } from './listpack.ts';

/** The longest text of an integer. */
const INTEGER_SIZE_MAX = 20;
/** Places of elements that are kept. */
const PLACES_KEPT = 64 * 1024;

export class ListpackReview implements Spans {
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
    return !areDistinct(this, step);
  }

  hash(hash: KeyedHash, i: number): number {
    return hash.hash(this.#listpack.bytes, this.#places[i], this.#places[i + 1]);
  }

  areSame(i: number, j: number): boolean {
    const places = this.#places;
    const { bytes } = this.#listpack;
    return equalBytes(bytes, places[i], places[i + 1], bytes, places[j], places[j + 1]);
  }
}
