/** A plan so small that it is over in a moment, for tests of the tool. */

import type { Candidate } from '../../bench/support/servers.ts';
import type { Setup } from '../../bench/support/setup.ts';

/** Measures the cases whose names contain one of `cases`. */
export function setupFor(
  candidates: readonly Candidate[],
  cases: readonly string[],
  more: Partial<Setup> = {},
): Setup {
  return {
    ...{ candidates, scope: 'quick', isCross: false },
    wanted: (name) => cases.some((one) => name.includes(one)),
    ...{ rounds: 2, seconds: 0.01, warmUpSeconds: 0.01, scale: 0.0001, rate: undefined },
    ...{ pins: undefined, redisBenchmark: 'redis-benchmark', commit: 'none', distribution: '' },
    print: () => {},
    ...more,
  };
}
