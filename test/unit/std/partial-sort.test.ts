import { describe, expect, test } from 'vitest';
import { partialSort } from '../../../src/std/partial-sort.ts';
import { SeededRandom } from '../../../src/std/random.ts';

const ascending = (a: number, b: number): number => a - b;

describe('partialSort', () => {
  const random = new SeededRandom(5);

  test('brings what belongs there to the places asked for, and loses nothing', () => {
    for (const size of [0, 1, 2, 6, 7, 8, 40, 41, 100, 1000]) {
      for (const kinds of [1, 3, size + 1, 100_000]) {
        for (let round = 0; round < 20; round++) {
          const items = Array.from({ length: size }, () => random.below(kinds));
          const sorted = items.toSorted(ascending);
          const from = random.below(size + 1);
          const to = from + random.below(size - from + 1);
          partialSort(items, ascending, from, to);
          expect(items.slice(from, to + 1)).toEqual(sorted.slice(from, to + 1));
          expect(items.toSorted(ascending)).toEqual(sorted);
        }
      }
    }
  });

  test('leaves the rest alone where it can', () => {
    const items = Array.from({ length: 1000 }, (_, i) => (i * 7919) % 1000);
    partialSort(items, ascending, 0, 4);
    expect(items.slice(0, 5)).toEqual([0, 1, 2, 3, 4]);
    expect(items).not.toEqual(items.toSorted(ascending));
  });
});
