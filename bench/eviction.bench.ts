/**
 * Eviction: how often a full zone has what is asked for.
 *
 * A cache in front of something slow: a key that is missed is stored, and evicts. Requests follow
 * Zipf's law, so few keys are asked for often and most hardly ever; the second half of a run shifts
 * which ones, as the day does. Sizes differ. The optimum (Belady's, for what is known of the future)
 * evicts what will be asked for last; with sizes that differ it is not quite the best possible.
 */

import { SeededRandom } from '../src/std/random.ts';
import { POLICIES, type Policy } from '../src/zone/recency.ts';
import { Zone } from '../src/zone/zone.ts';
import { optimalHits } from './support/belady.ts';
import { Zipf } from './support/zipf.ts';

const KEY_SIZE = 12;
const MiB = 1024 * 1024;

/** Requests as ranks of keys, 0 the most popular. Their sizes follow from the key. */
function requestsFor(keyCount: number, count: number, skew: number, seed: number): Uint32Array {
  const random = new SeededRandom(seed);
  const law = new Zipf(keyCount, skew);
  return Uint32Array.from({ length: count }, (_, at) => {
    const rank = law.draw(random);
    return at < count / 2 ? rank : (rank * 7919 + 13) % keyCount;
  });
}

function sizeOf(key: number): number {
  return 50 + (((key * 2654435761) >>> 0) % 1000);
}

function hitRate(policy: Policy, size: number, requests: Uint32Array): number {
  const random = new SeededRandom(1);
  const zone = new Zone({ name: 'bench', size, policy, random, seed: new Uint8Array(16) });
  const key = new Uint8Array(KEY_SIZE);
  let now = 1_700_000_000_000;
  let hits = 0;
  for (const [at, request] of requests.entries()) {
    if (at % 100 === 0) zone.tick((now += 1000));
    for (let i = 0, n = request; i < KEY_SIZE; i++, n = Math.floor(n / 10)) key[i] = 48 + (n % 10);
    const hash = zone.hashOf(0, key, 0, KEY_SIZE);
    const entry = zone.find(0, hash, key, 0, KEY_SIZE);
    if (entry !== 0) {
      hits++;
      zone.touch(entry);
      continue;
    }
    const timed = policy.startsWith('volatile');
    const made = zone.put(0, 0, hash, key, 0, KEY_SIZE, 0, sizeOf(request), timed);
    if (timed && made !== 0) zone.setDeadline(made, now + 1e9);
  }
  return hits / requests.length;
}

/** What evicting the key that is asked for last would reach, with as many bytes of values. */
function optimum(size: number, requests: Uint32Array): number {
  const sizeOfEntry = (key: number): number => sizeOf(key) + KEY_SIZE + 28;
  return optimalHits(requests, size, { sizeOf: sizeOfEntry }) / requests.length;
}

export function run(
  print: (line: string) => void = (line) => process.stdout.write(`${line}\n`),
  count = 1_000_000,
): void {
  const keyCount = Math.ceil(count / 10);
  const sizes = [2, 8, 24].map((share) =>
    Math.max(MiB, Math.floor((keyCount * 590 * share) / 100)),
  );
  const skews = [0.8, 1];
  print(`hit rate in %, ${count} requests of ${keyCount} keys, by zone size and skew`);
  const columns = sizes.flatMap((size) => skews.map((skew) => ({ size, skew })));
  const title = ({ size, skew }: { size: number; skew: number }) =>
    `${(size / MiB).toFixed(1)} MiB ${skew}`.padStart(14);
  print(''.padEnd(18) + columns.map(title).join(''));
  const requests = skews.map((skew) => requestsFor(keyCount, count, skew, 7));
  const row = (name: string, rate: (size: number, requests: Uint32Array) => number) => {
    const cells = columns.map(({ size, skew }) => {
      const percent = rate(size, requests[skews.indexOf(skew)]) * 100;
      return percent.toFixed(2).padStart(14);
    });
    print(name.padEnd(18) + cells.join(''));
  };
  for (const policy of POLICIES) {
    if (policy === 'volatile-ttl' || policy === 'volatile-random') continue;
    row(policy, (size, asked) => hitRate(policy, size, asked));
  }
  row('optimum', optimum);
}
