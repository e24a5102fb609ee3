/** Sorted sets, by range: of ranks, of scores, of names. Every one becomes a range of ranks. */

import type { Call } from '../../src/dispatch/call.ts';
import { family } from '../../src/dispatch/command.ts';
import { limitsOf, openForRead, removeTarget } from '../../src/dispatch/sorted-sets.ts';
import { events } from '../../src/keyspace/events.ts';
import { storeElements } from '../../src/keyspace/sorted-sets.ts';
import { errors } from '../../src/resp/errors.ts';
import { Growth } from '../../src/value/growth.ts';
import { SortedSet } from '../../src/value/sorted-set.ts';
import { max, min } from './bounds.ts';

const { command } = family('sorted-set');

/** The lens of these commands: they run one at a time. */
const set = new SortedSet();
const growth = new Growth();

/** How a range command wants its members. */
type By = 'rank' | 'score' | 'lex';

/** What a request says; read anew for each. */
const wanted = {
  by: 'rank' as By,
  isReverse: false,
  withScores: false,
  offset: 0,
  /** Negative is all. */
  limit: -1,
  // The range, where it is one of ranks.
  start: 0,
  stop: 0,
};

/** Ranks of the members that are wanted: [from, end). */
const ranks = { from: 0, end: 0 };

// ── Reading the request ─────────────────────────────────────────────────────────────────────────

/**
 * Reads what stands behind the key: two ends and options. `by` and `isReverse` are what the name of
 * the command says, undefined where options do.
 */
function readRange(
  { argv, args }: Call,
  source: number,
  by: By | undefined,
  isReverse: boolean | undefined,
  stores: boolean,
): void {
  wanted.by = by ?? 'rank';
  wanted.isReverse = isReverse ?? false;
  wanted.withScores = false;
  wanted.offset = 0;
  wanted.limit = -1;
  let mayReverse = isReverse === undefined;
  let maySort = by === undefined;
  for (let i = source + 3; i < argv.count; i++) {
    if (!stores && argv.is(i, 'WITHSCORES')) {
      wanted.withScores = true;
    } else if (argv.is(i, 'LIMIT') && i + 2 < argv.count) {
      wanted.offset = args.integerAt(i + 1);
      wanted.limit = args.integerAt(i + 2);
      i += 2;
    } else if (mayReverse && argv.is(i, 'REV')) {
      wanted.isReverse = true;
      mayReverse = false;
    } else if (maySort && argv.is(i, 'BYLEX')) {
      wanted.by = 'lex';
      maySort = false;
    } else if (maySort && argv.is(i, 'BYSCORE')) {
      wanted.by = 'score';
      maySort = false;
    } else throw errors.syntax;
  }
  if (wanted.limit !== -1 && wanted.by === 'rank') throw errors.limitNeedsBy;
  if (wanted.withScores && wanted.by === 'lex') throw errors.withScoresNotByLex;

  if (wanted.by === 'rank') {
    wanted.start = args.integerAt(source + 1);
    wanted.stop = args.integerAt(source + 2);
    return;
  }
  // Backwards the higher end is given first.
  const minIndex = wanted.isReverse ? source + 2 : source + 1;
  const maxIndex = wanted.isReverse ? source + 1 : source + 2;
  if (wanted.by === 'score') {
    min.parseScore(argv, minIndex);
    max.parseScore(argv, maxIndex);
  } else {
    min.parseLex(argv, minIndex);
    max.parseLex(argv, maxIndex);
  }
}

/** Finds out which ranks of the open set are wanted. */
function findRanks(): void {
  if (wanted.by !== 'rank') {
    // Redis walks on from a negative offset to the end of all: nothing is left.
    if (wanted.offset < 0 || wanted.limit === 0) ranks.from = ranks.end = 0;
    else if (wanted.isReverse) findDownwards();
    else findUpwards();
    return;
  }
  const { count } = set;
  const { start, stop, isReverse } = wanted;
  const from = Math.max(0, start < 0 ? start + count : start);
  const end = Math.max(from, Math.min(count, (stop < 0 ? stop + count : stop) + 1));
  ranks.from = isReverse ? count - end : from;
  ranks.end = isReverse ? count - from : end;
}

/** From the lower end on. Where the range ends need not be known if the limit is met before. */
function findUpwards(): void {
  const { offset, limit } = wanted;
  const from = min.firstRank(set) + offset;
  let end = from + limit;
  if (limit < 0 || !set.seek(end - 1) || !max.isAbove(set)) end = max.endRank(set);
  ranks.from = from;
  ranks.end = Math.max(from, end);
}

/** The same from the higher end down. */
function findDownwards(): void {
  const { offset, limit } = wanted;
  const end = max.endRank(set) - offset;
  let from = end - limit;
  if (limit < 0 || !set.seek(from) || !min.isBelow(set)) from = min.firstRank(set);
  ranks.from = Math.min(from, end);
  ranks.end = end;
}

// ── Replying ────────────────────────────────────────────────────────────────────────────────────

/** Replies the members that are wanted. */
function replyRange(call: Call, by?: By, isReverse?: boolean): void {
  const { reply } = call;
  readRange(call, 1, by, isReverse, false);
  if (!openForRead(call, set)) return reply.array(0);
  findRanks();
  const { from, end } = ranks;
  const { withScores } = wanted;
  let left = end - from;
  const nests = withScores && reply.resp3;
  reply.array(withScores && !nests ? left * 2 : left);
  if (left === 0) return;
  set.seek(wanted.isReverse ? end - 1 : from);
  for (;;) {
    if (nests) reply.array(2);
    set.writeCurrent(reply);
    if (withScores) reply.double(set.currentScore);
    if (--left === 0) return;
    if (wanted.isReverse) set.previous();
    else set.next();
  }
}

export const zrange = command({
  syntax: 'ZRANGE key start stop [BYSCORE | BYLEX] [REV] [LIMIT offset count] [WITHSCORES]',
  summary: 'Reads the members of a sorted set within a range of ranks, scores or names.',
  since: '1.2.0',
  complexity:
    'O(log(N)+M) with N being the number of elements in the sorted set and M the number of ' +
    'elements returned.',
  keys: 'RO access',
  arguments: {
    start: { type: 'string' },
    stop: { type: 'string' },
    sortby: { since: '6.2.0' },
    REV: { since: '6.2.0' },
    LIMIT: { since: '6.2.0' },
  },
  history: [['6.2.0', 'Added the `REV`, `BYSCORE`, `BYLEX` and `LIMIT` options.']],
  run: (call) => replyRange(call),
});

export const zrevrange = command({
  syntax: 'ZREVRANGE key start stop [WITHSCORES]',
  summary: 'Reads the members of a sorted set within a range of ranks, the highest score first.',
  since: '1.2.0',
  complexity:
    'O(log(N)+M) with N being the number of elements in the sorted set and M the number of ' +
    'elements returned.',
  keys: 'RO access',
  deprecated: { since: '6.2.0', use: '`ZRANGE` with the `REV` argument' },
  run: (call) => replyRange(call, 'rank', true),
});

/** What the commands that have scores or names in their name have in common. */
const ranging = {
  complexity:
    'O(log(N)+M) with N being the number of elements in the sorted set and M the number of ' +
    'elements being returned. If M is constant (e.g. always asking for the first 10 elements ' +
    'with LIMIT), you can consider it O(log(N)).',
  keys: 'RO access',
} as const;

export const zrangebyscore = command({
  syntax: 'ZRANGEBYSCORE key min max [WITHSCORES] [LIMIT offset count]',
  summary: 'Reads the members of a sorted set within a range of scores.',
  since: '1.0.5',
  ...ranging,
  arguments: { min: { type: 'double' }, max: { type: 'double' }, WITHSCORES: { since: '2.0.0' } },
  deprecated: { since: '6.2.0', use: '`ZRANGE` with the `BYSCORE` argument' },
  history: [['2.0.0', 'Added the `WITHSCORES` modifier.']],
  run: (call) => replyRange(call, 'score', false),
});

export const zrevrangebyscore = command({
  syntax: 'ZREVRANGEBYSCORE key max min [WITHSCORES] [LIMIT offset count]',
  summary: 'Reads the members of a sorted set within a range of scores, the highest first.',
  since: '2.2.0',
  ...ranging,
  arguments: { max: { type: 'double' }, min: { type: 'double' } },
  deprecated: { since: '6.2.0', use: '`ZRANGE` with the `REV` and `BYSCORE` arguments' },
  history: [['2.1.6', '`min` and `max` can be exclusive.']],
  run: (call) => replyRange(call, 'score', true),
});

export const zrangebylex = command({
  syntax: 'ZRANGEBYLEX key min max [LIMIT offset count]',
  summary: 'Reads the members of a sorted set within a range of names.',
  since: '2.8.9',
  ...ranging,
  deprecated: { since: '6.2.0', use: '`ZRANGE` with the `BYLEX` argument' },
  run: (call) => replyRange(call, 'lex', false),
});

export const zrevrangebylex = command({
  syntax: 'ZREVRANGEBYLEX key max min [LIMIT offset count]',
  summary: 'Reads the members of a sorted set within a range of names, the last first.',
  since: '2.8.9',
  ...ranging,
  deprecated: { since: '6.2.0', use: '`ZRANGE` with the `REV` and `BYLEX` arguments' },
  run: (call) => replyRange(call, 'lex', true),
});

// ── Storing ─────────────────────────────────────────────────────────────────────────────────────

export const zrangestore = command({
  syntax: 'ZRANGESTORE dst src min max [BYSCORE | BYLEX] [REV] [LIMIT offset count]',
  summary: 'Stores the members of a sorted set within a range of ranks, scores or names.',
  since: '6.2.0',
  complexity:
    'O(log(N)+M) with N being the number of elements in the sorted set and M the number of ' +
    'elements stored into the destination key.',
  keys: ['OW update', 'RO access'],
  flags: ['denyoom'],
  differs:
    'A score of -0 stays one in a skiplist. Redis, when it does not know how large a range will be, ' +
    'begins with a listpack, which has none.',
  run(call) {
    const { argv, db, reply } = call;
    readRange(call, 2, undefined, undefined, true);
    const isThere = openForRead(call, set, 2);
    if (isThere) findRanks();
    const { from, end } = ranks;
    if (isThere && end > from) {
      // A copy first: the source may be what makes room for the other, or be it.
      const elements = set.elements(from, end, growth);
      storeElements(db, argv, 1, elements, growth, limitsOf(call));
      db.changedKey(argv, 1, events.zrangestore);
    } else {
      removeTarget(call, 1);
    }
    reply.integer(isThere ? end - from : 0);
  },
});
