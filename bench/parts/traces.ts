/** Requests as the numbers of the keys that are asked for: what a cache may have to do with. */

import { SeededRandom } from '../../src/std/random.ts';
import { Zipf } from '../support/zipf.ts';

export interface Trace {
  readonly name: string;
  /** Requests for `keyCount` keys, or a few times as many. */
  readonly make: (keyCount: number, count: number) => Uint32Array;
}

/** Without a common divisor with most numbers, so neighbours in rank are no neighbours in name. */
const STRIDE = 7919;

function spread(rank: number, keyCount: number): number {
  return (rank * STRIDE) % keyCount;
}

function zipf(skew: number): Trace['make'] {
  return (keyCount, count) => {
    const random = new SeededRandom(7);
    const law = new Zipf(keyCount, skew);
    return Uint32Array.from({ length: count }, () => spread(law.draw(random), keyCount));
  };
}

/** One request in five walks through keys that nobody else asks for, over and over. */
const SCANNED = 0.2;

function scanned(keyCount: number, count: number): Uint32Array {
  const random = new SeededRandom(7);
  const law = new Zipf(keyCount, 0.99);
  let at = 0;
  return Uint32Array.from({ length: count }, () => {
    if (random.u32() < SCANNED * 2 ** 32) return keyCount + (at++ % keyCount);
    return spread(law.draw(random), keyCount);
  });
}

/** A tenth of the keys is asked for at a time; it moves on so that all have had their turn. */
const WORKING = 0.1;

function moving(keyCount: number, count: number): Uint32Array {
  const random = new SeededRandom(7);
  const size = Math.max(1, Math.round(keyCount * WORKING));
  const law = new Zipf(size, 0.99);
  return Uint32Array.from({ length: count }, (_, at) => {
    const offset = Math.floor((at / count) * keyCount);
    return (spread(law.draw(random), size) + offset) % keyCount;
  });
}

export const TRACES: readonly Trace[] = [
  { name: 'Zipf 0.9', make: zipf(0.9) },
  { name: 'Zipf 0.99', make: zipf(0.99) },
  { name: 'Zipf 0.99 with a scan', make: scanned },
  { name: 'moving working set', make: moving },
];
