/** Sorted sets, for those who wait: pops that block until there is a member. */

import { WAKES_FOR_VALUES, waitForKeys } from '../../src/dispatch/blocked.ts';
import type { Call } from '../../src/dispatch/call.ts';
import { family } from '../../src/dispatch/command.ts';
import { TYPE_SORTED_SET } from '../../src/value/type.ts';
import { openForWrite, popManyWithKey, popOneWithKey, readPops } from './ends.ts';

const { command } = family('sorted-set');

/** Argument `index`, seconds, as when to stop waiting. */
function deadlineAt({ args, db }: Call, index: number): number {
  return args.timeoutAt(index, 1000, db.zone.now);
}

function popOrWait(call: Call, fromLowest: boolean): void {
  const last = call.argv.count - 1;
  const deadline = deadlineAt(call, last);
  for (let key = 1; key < last; key++) {
    if (openForWrite(call, key)) return popOneWithKey(call, key, fromLowest);
  }
  waitForKeys(call, 1, last, TYPE_SORTED_SET, deadline);
}

/** What BZPOPMIN and BZPOPMAX have in common. */
const waiting = {
  since: '5.0.0',
  complexity: 'O(log(N)) with N being the number of elements in the sorted set.',
  keys: 'RW access delete',
  flags: ['fast', 'blocking'],
  history: [['6.0.0', '`timeout` is interpreted as a double instead of an integer.']],
  differs: WAKES_FOR_VALUES,
} as const;

export const bzpopmin = command({
  syntax: 'BZPOPMIN key [key ...] timeout',
  summary: 'Removes the lowest member of the first of some sorted sets there is, or waits for one.',
  ...waiting,
  run: (call) => popOrWait(call, true),
});

export const bzpopmax = command({
  syntax: 'BZPOPMAX key [key ...] timeout',
  summary:
    'Removes the highest member of the first of some sorted sets there is, or waits for one.',
  ...waiting,
  run: (call) => popOrWait(call, false),
});

export const bzmpop = command({
  syntax: 'BZMPOP timeout numkeys key [key ...] <MIN | MAX> [COUNT count]',
  summary:
    'Removes members at one end of the first of some sorted sets there is, or waits for one.',
  since: '7.0.0',
  complexity:
    'O(K) + O(M*log(N)) where K is the number of provided keys, N being the number of elements ' +
    'in the sorted set, and M being the number of elements popped.',
  keys: 'RW access delete',
  flags: ['blocking'],
  differs: WAKES_FOR_VALUES,
  run(call) {
    const { first, end, fromLowest, count } = readPops(call, 2);
    const deadline = deadlineAt(call, 1);
    for (let key = first; key < end; key++) {
      if (openForWrite(call, key)) return popManyWithKey(call, key, fromLowest, count);
    }
    waitForKeys(call, first, end, TYPE_SORTED_SET, deadline);
  },
});
