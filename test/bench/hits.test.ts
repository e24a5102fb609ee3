/** Zipf's law is followed, the optimum is one, and traces are what they are called. */

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { replay } from '../../bench/parts/hits.ts';
import { TRACES } from '../../bench/parts/traces.ts';
import { optimalHits } from '../../bench/support/belady.ts';
import { Zipf } from '../../bench/support/zipf.ts';
import { SeededRandom } from '../../src/std/random.ts';
import { RespClient } from '../support/resp-client.ts';
import { startOurs } from '../support/server.ts';

it('the r-th most popular is drawn in proportion to 1 / r^skew', () => {
  const random = new SeededRandom(1);
  for (const skew of [0, 0.9, 0.99, 1.5]) {
    const law = new Zipf(100, skew);
    const seen = new Float64Array(100);
    const draws = 50_000;
    for (let i = 0; i < draws; i++) seen[law.draw(random)]++;
    for (const rank of [0, 1, 4, 9]) {
      const weight = (rank + 1) ** -skew;
      const share =
        weight / Array.from({ length: 100 }, (_, i) => (i + 1) ** -skew).reduce((a, b) => a + b);
      expect(seen[rank] / draws).toBeCloseTo(share, 1.7);
    }
    expect(law.shareOf(100)).toBe(1);
    const top = seen.slice(0, 10).reduce((a, b) => a + b) / draws;
    expect(law.shareOf(10)).toBeCloseTo(top, 1.5);
  }
});

describe('the optimum', () => {
  /** The best of all ways to keep and to leave, by trying them. */
  const best = (requests: readonly number[], capacity: number): number => {
    const known = new Map<string, number>();
    const from = (at: number, kept: readonly number[]): number => {
      if (at === requests.length) return 0;
      const name = `${at}:${kept.join()}`;
      const before = known.get(name);
      if (before !== undefined) return before;
      const key = requests[at];
      let most: number;
      if (kept.includes(key)) most = 1 + from(at + 1, kept);
      else {
        // Not kept at all, or in the place of any.
        most = from(at + 1, kept);
        if (kept.length < capacity) most = Math.max(most, from(at + 1, [...kept, key].sort()));
        for (const out of kept) {
          const others = kept.filter((one) => one !== out);
          most = Math.max(most, from(at + 1, [...others, key].sort()));
        }
      }
      known.set(name, most);
      return most;
    };
    return from(0, []);
  };

  it('is what trying everything finds', () => {
    const requests = fc.array(fc.integer({ min: 0, max: 5 }), { minLength: 1, maxLength: 14 });
    fc.assert(
      fc.property(requests, fc.integer({ min: 0, max: 4 }), (list, capacity) => {
        expect(optimalHits(Uint32Array.from(list), capacity)).toBe(best(list, capacity));
      }),
      { seed: 7, numRuns: 300 },
    );
  });

  it('counts from where it is told, and heeds sizes', () => {
    const requests = Uint32Array.of(1, 2, 1, 2, 1, 2);
    expect(optimalHits(requests, 2)).toBe(4);
    expect(optimalHits(requests, 2, { first: 4 })).toBe(2);
    expect(optimalHits(requests, 2, { sizeOf: (key) => (key === 1 ? 1 : 5) })).toBe(2);
  });
});

describe('traces', () => {
  it.each(TRACES.map(({ name, make }) => [name, make] as const))('%s', (name, make) => {
    const keyCount = 1000;
    const trace = make(keyCount, 20_000);
    expect(trace).toHaveLength(20_000);
    expect(make(keyCount, 20_000)).toEqual(trace);
    const distinct = (from: number, to: number): number => new Set(trace.subarray(from, to)).size;
    // A thousand requests for one popular key at least.
    const counts = new Map<number, number>();
    for (const key of trace) counts.set(key, (counts.get(key) ?? 0) + 1);
    if (name.includes('moving')) {
      expect(distinct(0, 2000)).toBeLessThan(300);
      expect(distinct(0, 20_000)).toBeGreaterThan(990);
    } else {
      expect(Math.max(...counts.values())).toBeGreaterThan(1000);
    }
    const beyond = trace.filter((key) => key >= keyCount).length / trace.length;
    if (name.includes('scan')) expect(beyond).toBeCloseTo(0.2, 1);
    else expect(beyond).toBe(0);
  });
});

it('a cache that has room for all misses each key once', async () => {
  const ours = await startOurs();
  const client = await RespClient.connect(ours.address);
  try {
    const trace = Uint32Array.from({ length: 500 }, (_, i) => (i * i) % 97);
    const keys = new Set(trace).size;
    // A key may be asked for again in the pipeline that missed it.
    const hits = await replay(ours.address, trace, 0);
    expect(hits).toBeLessThanOrEqual(500 - keys);
    expect(hits).toBeGreaterThan(500 - 2 * keys);
    expect(await replay(ours.address, trace, 100)).toBe(400);
    expect((await client.call('DBSIZE')).tree.text).toBe(String(keys));
  } finally {
    client.close();
    await ours.close();
  }
});
