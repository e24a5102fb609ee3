/** Sorted sets, made smaller: members removed by name, and by range of ranks, scores or names. */

import type { Call } from '../../src/dispatch/call.ts';
import { family } from '../../src/dispatch/command.ts';
import { openForWrite, tellRemoved } from '../../src/dispatch/sorted-sets.ts';
import { events, type KeyEvent } from '../../src/keyspace/events.ts';
import { SortedSet } from '../../src/value/sorted-set.ts';
import { max, min } from './bounds.ts';

const { command } = family('sorted-set');

/** The lens of these commands: they run one at a time. */
const set = new SortedSet();

export const zrem = command({
  syntax: 'ZREM key member [member ...]',
  summary: 'Removes members from a sorted set, and the set with the last of them.',
  since: '1.2.0',
  complexity:
    'O(M*log(N)) with N being the number of elements in the sorted set and M the number of ' +
    'elements to be removed.',
  keys: 'RW delete',
  flags: ['fast'],
  history: [['2.4.0', 'Accepts multiple elements.']],
  run(call) {
    const { argv, reply } = call;
    if (!openForWrite(call, set)) return reply.integer(0);
    let removed = 0;
    for (let i = 2; i < argv.count && set.count > 0; i++) {
      if (set.remove(argv.bytes, argv.starts[i], argv.ends[i])) removed++;
    }
    if (removed > 0) tellRemoved(call, set, events.zrem, removed);
    reply.integer(removed);
  },
});

// ── By range ────────────────────────────────────────────────────────────────────────────────────

/** Removes the members of ranks [from, end) from the open set, and replies how many. */
function removeRanks(call: Call, from: number, end: number, event: KeyEvent): void {
  const removed = set.removeRanks(from, end);
  if (removed > 0) tellRemoved(call, set, event, removed);
  call.reply.integer(removed);
}

/** The same with what is within the bounds that were read. */
function removeWithin(call: Call, event: KeyEvent): void {
  if (!openForWrite(call, set)) return call.reply.integer(0);
  removeRanks(call, min.firstRank(set), max.endRank(set), event);
}

/** What the three commands have in common. */
const removing = {
  complexity:
    'O(log(N)+M) with N being the number of elements in the sorted set and M the number of ' +
    'elements removed by the operation.',
  keys: 'RW delete',
} as const;

export const zremrangebyrank = command({
  syntax: 'ZREMRANGEBYRANK key start stop',
  summary:
    'Removes the members of a sorted set within a range of ranks, and the set with the last.',
  since: '2.0.0',
  ...removing,
  run(call) {
    const start = call.args.integerAt(2);
    const stop = call.args.integerAt(3);
    if (!openForWrite(call, set)) return call.reply.integer(0);
    const { count } = set;
    const from = start < 0 ? start + count : start;
    const end = (stop < 0 ? stop + count : stop) + 1;
    removeRanks(call, from, end, events.zremrangebyrank);
  },
});

export const zremrangebyscore = command({
  syntax: 'ZREMRANGEBYSCORE key min max',
  summary:
    'Removes the members of a sorted set within a range of scores, and the set with the last.',
  since: '1.2.0',
  ...removing,
  arguments: { min: { type: 'double' }, max: { type: 'double' } },
  run(call) {
    min.parseScore(call.argv, 2);
    max.parseScore(call.argv, 3);
    removeWithin(call, events.zremrangebyscore);
  },
});

export const zremrangebylex = command({
  syntax: 'ZREMRANGEBYLEX key min max',
  summary:
    'Removes the members of a sorted set within a range of names, and the set with the last.',
  since: '2.8.9',
  ...removing,
  run(call) {
    min.parseLex(call.argv, 2);
    max.parseLex(call.argv, 3);
    removeWithin(call, events.zremrangebylex);
  },
});
