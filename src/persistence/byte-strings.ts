/** Byte strings, as spans that can be compared. */

import { equalBytes } from '../std/bytes.ts';
import type { Spans } from '../std/distinct.ts';
import type { KeyedHash } from '../std/hash.ts';

export class ByteStrings implements Spans {
  readonly #elements: readonly Uint8Array[];

  constructor(elements: readonly Uint8Array[]) {
    this.#elements = elements;
  }

  get count(): number {
    return this.#elements.length;
  }

  hash(hash: KeyedHash, i: number): number {
    const element = this.#elements[i];
    return hash.hash(element, 0, element.length);
  }

  areSame(i: number, j: number): boolean {
    const a = this.#elements[i];
    const b = this.#elements[j];
    const { length } = a;
    // Members often begin alike.
    if (length !== b.length || a[length - 1] !== b[length - 1]) return false;
    return equalBytes(a, 0, length, b, 0, length);
  }
}
