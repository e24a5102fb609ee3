/** Distinct: whether byte strings are all different, whoever has chosen them. */

import { equalBytes } from '../std/bytes.ts';
import { HASH_SEED_SIZE, KeyedHash } from '../std/hash.ts';
import { systemSeed } from '../std/random.ts';

const hash = new KeyedHash(systemSeed().subarray(0, HASH_SEED_SIZE));
/** Up to so many elements each is compared with each. */
const FEW = 16;
/** Numbers of elements plus one, by hash. A large one is not kept. */
const kept = new Int32Array(1024);

/** Whether every `step`-th is another one. */
export function areDistinct(elements: readonly Uint8Array[], step: number): boolean {
  if (elements.length <= FEW * step) {
    for (let i = step; i < elements.length; i += step) {
      for (let j = 0; j < i; j += step) if (areSame(elements[i], elements[j])) return false;
    }
    return true;
  }
  let size = 1024;
  while (size < (elements.length / step) * 2) size *= 2;
  const table = size === kept.length ? kept.fill(0) : new Int32Array(size);
  for (let i = 0; i < elements.length; i += step) {
    const element = elements[i];
    let slot = hash.hash(element, 0, element.length) & (size - 1);
    for (; table[slot] !== 0; slot = (slot + 1) & (size - 1)) {
      if (areSame(element, elements[table[slot] - 1])) return false;
    }
    table[slot] = i + 1;
  }
  return true;
}

function areSame(a: Uint8Array, b: Uint8Array): boolean {
  const { length } = a;
  // Members often begin alike.
  if (length !== b.length || a[length - 1] !== b[length - 1]) return false;
  return equalBytes(a, 0, length, b, 0, length);
}
