/** Sorted sets, by range: of ranks, of scores, of names. Every one becomes a range of ranks. */

import { family } from '../../src/dispatch/command.ts';
import { events } from '../../src/keyspace/events.ts';
import type { Argv } from '../../src/resp/argv.ts';
import { errors } from '../../src/resp/errors.ts';
import type { Reply } from '../../src/resp/reply.ts';
import { parseLooseDouble } from '../../src/std/double.ts';
import { SortedSet } from '../../src/value/sorted-set.ts';
import { TYPE_SORTED_SET } from '../../src/value/type.ts';

const { command } = family('sorted-set');

/** The lens of these commands: they run one at a time. */
const set = new SortedSet();

// ── Bounds ──────────────────────────────────────────────────────────────────────────────────────

const ROUND = 0x28; // (
const SQUARE = 0x5b; // [
const PLUS = 0x2b;
const MINUS = 0x2d;

/** One end of a range of scores or names: where in the order it is. */
class Bound {
  #isLex = false;
  #isExclusive = false;
  /** The score; for names, the infinity that - and + are, or 0. */
  #score = 0;
  #bytes: Uint8Array = new Uint8Array(0);
  #start = 0;
  #end = 0;

  /** `1.5` or `(1.5`. */
  parseScore({ bytes, starts, ends }: Argv, index: number): void {
    const start = starts[index];
    const end = ends[index];
    this.#isLex = false;
    this.#isExclusive = start < end && bytes[start] === ROUND;
    this.#score = parseLooseDouble(bytes, this.#isExclusive ? start + 1 : start, end);
    if (Number.isNaN(this.#score)) throw errors.minOrMaxNotFloat;
  }

  /** `[name`, `(name`, `-` or `+`. */
  parseLex({ bytes, starts, ends }: Argv, index: number): void {
    const start = starts[index];
    const end = ends[index];
    const mark = start < end ? bytes[start] : 0;
    this.#isLex = true;
    this.#isExclusive = mark === ROUND;
    this.#score = 0;
    this.#bytes = bytes;
    this.#start = start + 1;
    this.#end = end;
    if (mark === ROUND || mark === SQUARE) return;
    // A NUL ends the text for Redis.
    const isAlone = end - start === 1 || bytes[start + 1] === 0;
    if ((mark !== PLUS && mark !== MINUS) || !isAlone) throw errors.minOrMaxNotLex;
    this.#score = mark === PLUS ? Infinity : -Infinity;
  }

  /** Rank of the first member a range that begins here has. */
  firstRank(): number {
    return this.#countBelow(this.#isExclusive);
  }

  /** Rank behind the last member a range that ends here has. */
  endRank(): number {
    return this.#countBelow(!this.#isExclusive);
  }

  #countBelow(orEqual: boolean): number {
    if (!this.#isLex) return set.countBelowScore(this.#score, orEqual);
    if (this.#score !== 0) return this.#score > 0 ? set.count : 0;
    return set.countBelowMember(this.#bytes, this.#start, this.#end, orEqual);
  }
}

const min = new Bound();
const max = new Bound();

// ── Asking ──────────────────────────────────────────────────────────────────────────────────────

const BY_RANK = 0;
const BY_SCORE = 1;
const BY_LEX = 2;

/** How a range command wants its members. */
interface Options {
  by: number;
  isReverse: boolean;
  withScores: boolean;
  offset: number;
  /** -1 is all. */
  limit: number;
}

/**
 * Writes the members of ranks [from, end), upwards or downwards, some skipped and no more than the
 * limit.
 */
function writeRange(reply: Reply, from: number, end: number, options: Options): void {
  const { isReverse, withScores, offset, limit } = options;
  // Redis walks back from a negative offset to the end of all: nothing is left.
  let count = offset < 0 ? 0 : Math.max(0, end - from - offset);
  if (limit >= 0 && limit < count) count = limit;
  const nests = withScores && reply.resp3;
  reply.array(withScores && !nests ? count * 2 : count);
  if (count === 0) return;
  set.seek(isReverse ? end - 1 - offset : from + offset);
  for (;;) {
    if (nests) reply.array(2);
    set.writeCurrent(reply);
    if (withScores) reply.double(set.currentScore);
    if (--count === 0) return;
    if (isReverse) set.previous();
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
  run({ argv, args, db, reply }) {
    const options: Options = {
      by: BY_RANK,
      isReverse: false,
      withScores: false,
      offset: 0,
      limit: -1,
    };
    for (let i = 4; i < argv.count; i++) {
      if (argv.is(i, 'WITHSCORES')) {
        options.withScores = true;
      } else if (argv.is(i, 'LIMIT') && i + 2 < argv.count) {
        options.offset = args.integerAt(i + 1);
        options.limit = args.integerAt(i + 2);
        i += 2;
      } else if (!options.isReverse && argv.is(i, 'REV')) {
        options.isReverse = true;
      } else if (options.by === BY_RANK && argv.is(i, 'BYLEX')) {
        options.by = BY_LEX;
      } else if (options.by === BY_RANK && argv.is(i, 'BYSCORE')) {
        options.by = BY_SCORE;
      } else throw errors.syntax;
    }
    const { by, isReverse } = options;
    if (options.limit !== -1 && by === BY_RANK) throw errors.limitNeedsBy;
    if (options.withScores && by === BY_LEX) throw errors.withScoresNotByLex;

    let start = 0;
    let stop = 0;
    if (by === BY_RANK) {
      start = args.integerAt(2);
      stop = args.integerAt(3);
      options.offset = 0; // Said with LIMIT -1, and ignored.
    } else {
      // Backwards the higher bound is given first.
      const minIndex = isReverse ? 3 : 2;
      const maxIndex = isReverse ? 2 : 3;
      if (by === BY_SCORE) {
        min.parseScore(argv, minIndex);
        max.parseScore(argv, maxIndex);
      } else {
        min.parseLex(argv, minIndex);
        max.parseLex(argv, maxIndex);
      }
    }

    const entry = db.find(argv, 1);
    if (entry === 0) {
      reply.array(0);
      return;
    }
    db.expectType(entry, TYPE_SORTED_SET);
    const { count } = set.open(db.zone, entry);
    if (by !== BY_RANK) {
      writeRange(reply, min.firstRank(), max.endRank(), options);
      return;
    }
    const from = Math.max(0, start < 0 ? start + count : start);
    const end = Math.min(count, (stop < 0 ? stop + count : stop) + 1);
    if (isReverse) writeRange(reply, count - end, count - from, options);
    else writeRange(reply, from, end, options);
  },
});

// ── Removing ────────────────────────────────────────────────────────────────────────────────────

export const zremrangebyscore = command({
  syntax: 'ZREMRANGEBYSCORE key min max',
  summary:
    'Removes the members of a sorted set within a range of scores, and the set with the last.',
  since: '1.2.0',
  complexity:
    'O(log(N)+M) with N being the number of elements in the sorted set and M the number of ' +
    'elements removed by the operation.',
  keys: 'RW delete',
  arguments: { min: { type: 'double' }, max: { type: 'double' } },
  run({ argv, db, reply }) {
    min.parseScore(argv, 2);
    max.parseScore(argv, 3);
    const entry = db.findForWrite(argv, 1);
    if (entry === 0) {
      reply.integer(0);
      return;
    }
    db.expectType(entry, TYPE_SORTED_SET);
    set.open(db.zone, entry);
    const removed = set.removeRanks(min.firstRank(), max.endRank());
    if (removed > 0) {
      db.changedKey(argv, 1, events.zremrangebyscore, removed);
      if (set.count === 0) db.removeEmpty(argv, 1, entry);
      else set.settle();
    }
    reply.integer(removed);
  },
});
