/** Eviction before a command, where less may be held than there is: see server/maxmemory.ts. */

import type { Instance } from './call.ts';

const MICROS_PER_MS = 1000;
const MS_PER_SECOND = 1000;

/** Evicts what is too much. The latency monitor, if it is on, hears how long it took. */
export function evictExcess({ clock, keyspace, latency }: Instance): void {
  if (latency.threshold === 0) {
    keyspace.fitIn();
    return;
  }
  const began = clock.monotonicMicros();
  keyspace.fitIn();
  const ms = Math.floor((clock.monotonicMicros() - began) / MICROS_PER_MS);
  latency.note('eviction-cycle', ms, Math.floor(clock.now() / MS_PER_SECOND));
}
