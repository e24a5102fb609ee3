/** Distinct: whether spans of bytes are all different, whoever has chosen them. */

import { HASH_SEED_SIZE, KeyedHash } from './hash.ts';
import { systemSeed } from './random.ts';

/** Spans of bytes by their numbers from 0. */
export interface Spans {
  readonly count: number;
  hash(hash: KeyedHash, i: number): number;
  areSame(i: number, j: number): boolean;
}

const keyed = new KeyedHash(systemSeed().subarray(0, HASH_SEED_SIZE));
/** Up to so many, each is compared with each. */
const FEW = 16;
/** Numbers plus one, by hash. A larger one is not kept: it would be cleared for every small one. */
const kept = new Int32Array(1024);

/** Whether every `step`-th span is another one. */
export function areDistinct(spans: Spans, step: number): boolean {
  const { count } = spans;
  if (count <= FEW * step) {
    for (let i = step; i < count; i += step) {
      for (let j = 0; j < i; j += step) if (spans.areSame(i, j)) return false;
    }
    return true;
  }
  let size = kept.length;
  while (size < (count / step) * 2) size *= 2;
  const table = size === kept.length ? kept.fill(0) : new Int32Array(size);
  for (let i = 0; i < count; i += step) {
    let slot = spans.hash(keyed, i) & (size - 1);
    for (; table[slot] !== 0; slot = (slot + 1) & (size - 1)) {
      if (spans.areSame(i, table[slot] - 1)) return false;
    }
    table[slot] = i + 1;
  }
  return true;
}
