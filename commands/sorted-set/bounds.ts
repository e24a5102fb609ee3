/**
 * Bounds: what range commands on sorted sets are told to begin and end at.
 *
 *   ZRANGE k (10 20 BYSCORE     min.firstRank()  members up to score 10: the range begins there
 *                               max.endRank()    members up to score 20: it ends there
 *
 * So ranges of scores and of names become ranges of ranks, and all that counts, reads or removes
 * them is written once.
 */

import type { Argv } from '../../src/resp/argv.ts';
import { errors } from '../../src/resp/errors.ts';
import { parseLooseDouble } from '../../src/std/double.ts';
import type { SortedSet } from '../../src/value/sorted-set.ts';

const ROUND = 0x28; // (
const SQUARE = 0x5b; // [
const PLUS = 0x2b;
const MINUS = 0x2d;

/** One end of a range of scores or names: where in the order it is. */
export class Bound {
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
  firstRank(set: SortedSet): number {
    return this.#countBelow(set, this.#isExclusive);
  }

  /** Rank behind the last member a range that ends here has. */
  endRank(set: SortedSet): number {
    return this.#countBelow(set, !this.#isExclusive);
  }

  /** Whether a range that begins here may have the member the walk over `set` is at. */
  isBelow(set: SortedSet): boolean {
    const order = this.#orderOf(set);
    return this.#isExclusive ? order > 0 : order >= 0;
  }

  /** The same of a range that ends here. */
  isAbove(set: SortedSet): boolean {
    const order = this.#orderOf(set);
    return this.#isExclusive ? order < 0 : order <= 0;
  }

  /** Negative: the member the walk is at is below this; positive: above. */
  #orderOf(set: SortedSet): number {
    const score = this.#score;
    if (!this.#isLex) {
      const { currentScore } = set;
      return currentScore === score ? 0 : currentScore < score ? -1 : 1;
    }
    return score !== 0 ? -score : set.compareCurrent(this.#bytes, this.#start, this.#end);
  }

  #countBelow(set: SortedSet, orEqual: boolean): number {
    const score = this.#score;
    if (!this.#isLex) {
      if (orEqual && score === Infinity) return set.count;
      return !orEqual && score === -Infinity ? 0 : set.countBelowScore(score, orEqual);
    }
    if (score !== 0) return score > 0 ? set.count : 0;
    return set.countBelowMember(this.#bytes, this.#start, this.#end, orEqual);
  }
}

/** The ends of the range in the request at hand: commands run one at a time. */
export const min = new Bound();
export const max = new Bound();
