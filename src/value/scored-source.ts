/**
 * Scored source: a collection that commands on sorted sets read from, whatever type it has.
 *
 * What is not there has no members.
 */

import type { Zone } from '../zone/zone.ts';
import { SortedSet } from './sorted-set.ts';
import { TYPE_SORTED_SET } from './type.ts';

export class ScoredSource {
  /** 0 when there is none. */
  entry = 0;
  count = 0;
  /** What its scores are multiplied by. */
  weight = 1;
  readonly #sortedSet = new SortedSet();

  /** Whether there can be a source of that type. */
  static takes(type: number): boolean {
    return type === TYPE_SORTED_SET;
  }

  /** Points at the entry it has been given. */
  open(zone: Zone): void {
    this.count = this.entry === 0 ? 0 : this.#sortedSet.open(zone, this.entry).count;
  }

  /** Goes to the first member. Answers false when there is none. */
  first(): boolean {
    return this.count > 0 && this.#sortedSet.seek(0);
  }

  next(): boolean {
    return this.#sortedSet.next();
  }

  get currentSize(): number {
    return this.#sortedSet.currentSize;
  }

  get currentScore(): number {
    return this.#sortedSet.currentScore;
  }

  copyCurrent(target: Uint8Array, at: number): void {
    this.#sortedSet.copyCurrent(target, at);
  }

  /** Score of a member, or NaN. */
  score(bytes: Uint8Array, start: number, end: number): number {
    return this.count === 0 ? Number.NaN : this.#sortedSet.score(bytes, start, end);
  }
}
