/**
 * Combination: several collections become one, and the scores of each member one score.
 *
 *   union          all members into the tally, which finds those it has
 *   intersection   each member of the smallest is looked up in all others
 *   difference     each member of the first is looked up in all others; or, where the first is far
 *                  larger, all of it goes into the tally and what the others have is taken out
 *
 * Scores are added in Redis's order, from the smallest source to the largest: a sum of doubles
 * depends on it.
 */

import type { Zone } from '../zone/zone.ts';
import { ScoredSource } from './scored-source.ts';
import { Tally } from './tally.ts';

// How the scores of a member become one.
export const SUM = 0;
export const MIN = 1;
export const MAX = 2;

/** So many sources are kept to be used again. */
const SOURCES_KEPT = 16;

export class Combination {
  /** In the order of the request, and while they are combined in that of their work. */
  readonly sources: ScoredSource[] = [];
  /** The result. */
  readonly tally = new Tally();
  aggregate = SUM;
  readonly #pool: ScoredSource[] = [];
  #zone!: Zone;

  /** Forgets what was combined before. */
  begin(): void {
    this.sources.length = 0;
    this.aggregate = SUM;
  }

  /** Adds a source, 0 for one that is not there. */
  add(entry: number): void {
    const { length } = this.sources;
    if (length === this.#pool.length) this.#pool.push(new ScoredSource());
    const source = this.#pool[length];
    source.entry = entry;
    source.weight = 1;
    this.sources.push(source);
  }

  /** Looks at the sources. They must stay as they are until the result is there. */
  open(zone: Zone): void {
    this.#zone = zone;
    for (const source of this.sources) source.open(zone);
    this.tally.clear();
  }

  /** Lets go of all sources, and of what only a large result needed. */
  release(): void {
    this.sources.length = 0;
    if (this.#pool.length > SOURCES_KEPT) this.#pool.length = SOURCES_KEPT;
    this.tally.release();
  }

  /** Members of any source. */
  unite(): void {
    const { sources, tally } = this;
    this.#orderBySize();
    tally.index(sources[sources.length - 1].count);
    for (const source of sources) {
      for (let more = source.first(); more; more = source.next()) {
        const size = this.#draft(source);
        const score = weighed(source.currentScore, source.weight);
        const found = tally.find(this.#zone, size);
        if (found < 0) tally.enter(size, score);
        else tally.scores[found] = this.#aggregated(tally.scores[found], score);
      }
    }
  }

  /** Members of all sources. */
  intersect(): void {
    const smallest = this.#orderBySize();
    for (let more = smallest.first(); more; more = smallest.next()) {
      const size = this.#draft(smallest);
      const score = this.#scoreInAll(smallest, size);
      if (!Number.isNaN(score)) this.tally.keep(size, score);
    }
  }

  /** How many members all sources have, no more than the limit if it is not 0. */
  countCommon(limit: number): number {
    const smallest = this.#orderBySize();
    let count = 0;
    for (let more = smallest.first(); more; more = smallest.next()) {
      if (Number.isNaN(this.#scoreInAll(smallest, this.#draft(smallest)))) continue;
      if (++count === limit) break;
    }
    return count;
  }

  /** Members of the first source that no other has, in whichever way is less work. */
  subtract(): void {
    const { sources } = this;
    const [first] = sources;
    let total = first.count;
    for (let i = 1; i < sources.length; i++) {
      if (sources[i].entry === first.entry) return;
      total += sources[i].count;
    }
    // Looking up has better constants, and ends early.
    if ((first.count * sources.length) / 2 <= total) this.#subtractByLooking(first);
    else this.#subtractByTaking(first);
  }

  #subtractByLooking(first: ScoredSource): void {
    const { tally } = this;
    const others = this.sources.slice(1).sort((a, b) => b.count - a.count);
    for (let more = first.first(); more; more = first.next()) {
      const size = this.#draft(first);
      const at = tally.draftAt;
      let isElsewhere = false;
      for (let i = 0; i < others.length && !isElsewhere; i++) {
        isElsewhere = !Number.isNaN(others[i].score(tally.bytes, at, at + size));
      }
      if (!isElsewhere) tally.keep(size, first.currentScore);
    }
  }

  #subtractByTaking(first: ScoredSource): void {
    const { sources, tally } = this;
    tally.index(first.count);
    for (let more = first.first(); more; more = first.next()) {
      const size = this.#draft(first);
      tally.find(this.#zone, size);
      tally.enter(size, first.currentScore);
    }
    for (let i = 1; i < sources.length; i++) {
      const source = sources[i];
      for (let more = source.first(); more; more = source.next()) {
        const found = tally.find(this.#zone, this.#draft(source));
        if (found >= 0 && tally.takeOut(found) && tally.left === 0) return;
      }
    }
  }

  /** Orders the sources from the smallest on, as they came where they are alike. */
  #orderBySize(): ScoredSource {
    const { sources } = this;
    for (let i = 1; i < sources.length; i++) {
      if (sources[i - 1].count > sources[i].count) {
        sources.sort((a, b) => a.count - b.count);
        break;
      }
    }
    return sources[0];
  }

  /** Copies the member a source is at behind those of the tally. Answers its size. */
  #draft(source: ScoredSource): number {
    const { tally } = this;
    const size = source.currentSize;
    const at = tally.draft(size);
    source.copyCurrent(tally.bytes, at);
    return size;
  }

  /** Score of the draft, of that size, as all sources together have it; NaN if one does not. */
  #scoreInAll(smallest: ScoredSource, size: number): number {
    const { sources, tally } = this;
    const at = tally.draftAt;
    const own = smallest.currentScore;
    let score = weighed(own, smallest.weight);
    for (let i = 1; i < sources.length; i++) {
      const source = sources[i];
      const isSame = source.entry === smallest.entry;
      const other = isSame ? own : source.score(tally.bytes, at, at + size);
      if (Number.isNaN(other)) return Number.NaN;
      score = this.#aggregated(score, other * source.weight);
    }
    return score;
  }

  #aggregated(score: number, other: number): number {
    const { aggregate } = this;
    if (aggregate === SUM) {
      const sum = score + other;
      return Number.isNaN(sum) ? 0 : sum;
    }
    // Not Math.min: a NaN, 0 times infinity, changes nothing, nor does a zero of the other sign.
    const isChosen = aggregate === MIN ? other < score : other > score;
    return isChosen ? other : score;
  }
}

function weighed(score: number, weight: number): number {
  const product = score * weight;
  return Number.isNaN(product) ? 0 : product;
}
