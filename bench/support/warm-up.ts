/** Warm-up: measures nothing until a server does not get faster any more. */

import { countFor } from './statistics.ts';

/** So much faster than any before, a round of warming up says that it is not over. */
const STILL_FASTER = 1.03;
const WARM_UPS_MAX = 10;

/**
 * Has a server do work until it does not get faster any more: what is compiled while it runs gets
 * there later than what was before. Two rounds must agree.
 *
 * `take` does so many requests and answers how many that was per second; the first time `first` of
 * them, then as many as last `seconds`. Answers the best it did, per second.
 */
export async function warmUp(
  take: (requests: number) => Promise<number>,
  seconds: number,
  first: number,
): Promise<number> {
  let best = await take(first);
  let slower = 0;
  for (let i = 0; i < WARM_UPS_MAX && slower < 2; i++) {
    // The first guess is far off: of fewer requests redis-benchmark may say that they took no time.
    const perSecond = await take(countFor(best, i === 0 ? seconds / 5 : seconds));
    if (perSecond < best * STILL_FASTER) slower++;
    else slower = 0;
    best = Math.max(best, perSecond);
  }
  return best;
}
