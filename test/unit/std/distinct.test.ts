/** Whether spans of bytes are all different: few of them, many, and many that share a hash. */

import { describe, expect, test } from 'vitest';
import { areDistinct, type Spans } from '../../../src/std/distinct.ts';

function spansOf(texts: readonly string[], hash: (i: number) => number): Spans {
  return { count: texts.length, hash: (_, i) => hash(i), areSame: (i, j) => texts[i] === texts[j] };
}

const hashes: Record<string, (texts: readonly string[]) => (i: number) => number> = {
  'of their texts': (texts) => (i) => Number(texts[i].slice(1)) * 2654435761,
  'all the same': () => () => 0xffffffff,
};

describe.each(Object.entries(hashes))('hashes %s', (_, hashOf) => {
  test.each([0, 1, 2, 16, 17, 100, 600, 3000])('of %i', (count) => {
    const texts = Array.from({ length: count }, (_, i) => `t${i}`);
    expect(areDistinct(spansOf(texts, hashOf(texts)), 1)).toBe(true);
    for (const twice of [0, count >> 1, count - 1].filter((i) => i >= 0 && i < count)) {
      const more = [...texts, texts[twice]];
      expect(areDistinct(spansOf(more, hashOf(more)), 1)).toBe(false);
    }
  });

  test.each([1, 9, 300])('of every other of %i pairs', (count) => {
    const pairs = Array.from({ length: count }, (_, i) => [`t${i}`, 't0']).flat();
    expect(areDistinct(spansOf(pairs, hashOf(pairs)), 2)).toBe(true);
    const more = [...pairs, 't0', 't1'];
    expect(areDistinct(spansOf(more, hashOf(more)), 2)).toBe(false);
  });
});
