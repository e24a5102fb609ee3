/** Sorted sets, counted: where a member stands, and how many stand within bounds. */

import type { Call } from '../../src/dispatch/call.ts';
import { family } from '../../src/dispatch/command.ts';
import { openForRead } from '../../src/dispatch/sorted-sets.ts';
import { errors } from '../../src/resp/errors.ts';
import { SortedSet } from '../../src/value/sorted-set.ts';
import { max, min } from './bounds.ts';

const { command } = family('sorted-set');

/** The lens of these commands: they run one at a time. */
const set = new SortedSet();

// ── ZRANK ───────────────────────────────────────────────────────────────────────────────────────

function replyRank(call: Call, name: string, isReverse: boolean): void {
  const { argv, reply } = call;
  if (argv.count > 4) throw errors.wrongArity(name);
  const withScore = argv.count === 4;
  if (withScore && !argv.is(3, 'WITHSCORE')) throw errors.syntax;
  const isThere = openForRead(call, set);
  const rank = isThere ? set.rank(argv.bytes, argv.starts[2], argv.ends[2]) : -1;
  if (rank < 0) {
    if (withScore) reply.nullArray();
    else reply.null();
    return;
  }
  if (withScore) reply.array(2);
  reply.integer(isReverse ? set.count - 1 - rank : rank);
  if (withScore) reply.double(set.currentScore);
}

/** What ZRANK and ZREVRANK have in common. */
const ranking = {
  since: '2.0.0',
  complexity: 'O(log(N))',
  keys: 'RO access',
  flags: ['fast'],
  history: [['7.2.0', 'Added the optional `WITHSCORE` argument.']],
} as const;

export const zrank = command({
  syntax: 'ZRANK key member [WITHSCORE]',
  summary: 'Tells how many members of a sorted set stand before one, from the lowest score.',
  ...ranking,
  run: (call) => replyRank(call, 'zrank', false),
});

export const zrevrank = command({
  syntax: 'ZREVRANK key member [WITHSCORE]',
  summary: 'Tells how many members of a sorted set stand before one, from the highest score.',
  ...ranking,
  run: (call) => replyRank(call, 'zrevrank', true),
});

// ── ZCOUNT ──────────────────────────────────────────────────────────────────────────────────────

/** Replies how many members stand within the bounds that were read. */
function replyCount(call: Call): void {
  const isThere = openForRead(call, set);
  call.reply.integer(isThere ? Math.max(0, max.endRank(set) - min.firstRank(set)) : 0);
}

/** What ZCOUNT and ZLEXCOUNT have in common. */
const counting = {
  complexity: 'O(log(N)) with N being the number of elements in the sorted set.',
  keys: 'RO access',
  flags: ['fast'],
} as const;

export const zcount = command({
  syntax: 'ZCOUNT key min max',
  summary: 'Counts the members of a sorted set within a range of scores.',
  since: '2.0.0',
  ...counting,
  arguments: { min: { type: 'double' }, max: { type: 'double' } },
  run(call) {
    min.parseScore(call.argv, 2);
    max.parseScore(call.argv, 3);
    replyCount(call);
  },
});

export const zlexcount = command({
  syntax: 'ZLEXCOUNT key min max',
  summary: 'Counts the members of a sorted set within a range of names.',
  since: '2.8.9',
  ...counting,
  run(call) {
    min.parseLex(call.argv, 2);
    max.parseLex(call.argv, 3);
    replyCount(call);
  },
});
