/**
 * Scored source: a collection that commands on sorted sets read from, whatever type it has.
 *
 * Members of a set have the score 1. What is not there has no members.
 */

import { copyBytes } from '../std/bytes.ts';
import type { Zone } from '../zone/zone.ts';
import { MemberSet } from './set.ts';
import { SortedSet } from './sorted-set.ts';
import { TYPE_SET, TYPE_SORTED_SET } from './type.ts';

const SET_SCORE = 1;

export class ScoredSource {
  /** 0 when there is none. */
  entry = 0;
  count = 0;
  /** What its scores are multiplied by. */
  weight = 1;
  #isSet = false;
  readonly #sortedSet = new SortedSet();
  readonly #set = new MemberSet();

  /** Whether there can be a source of that type. */
  static takes(type: number): boolean {
    return type === TYPE_SORTED_SET || type === TYPE_SET;
  }

  /** Points at the entry it has been given. */
  open(zone: Zone): void {
    const { entry } = this;
    this.#isSet = entry !== 0 && zone.type(entry) === TYPE_SET;
    if (entry === 0) this.count = 0;
    else if (this.#isSet) this.count = this.#set.open(zone, entry).count;
    else this.count = this.#sortedSet.open(zone, entry).count;
  }

  /** Goes to the first member. Answers false when there is none. */
  first(): boolean {
    if (this.count === 0) return false;
    if (!this.#isSet) return this.#sortedSet.seek(0);
    this.#set.begin();
    return this.next();
  }

  next(): boolean {
    if (!this.#isSet) return this.#sortedSet.next();
    if (!this.#set.next()) return false;
    this.#set.readMember();
    return true;
  }

  get currentSize(): number {
    if (!this.#isSet) return this.#sortedSet.currentSize;
    return this.#set.textEnd - this.#set.textStart;
  }

  get currentScore(): number {
    return this.#isSet ? SET_SCORE : this.#sortedSet.currentScore;
  }

  copyCurrent(target: Uint8Array, at: number): void {
    if (this.#isSet) {
      const { textBytes, textStart, textEnd } = this.#set;
      copyBytes(target, at, textBytes, textStart, textEnd);
    } else {
      this.#sortedSet.copyCurrent(target, at);
    }
  }

  /** Score of a member, or NaN. */
  score(bytes: Uint8Array, start: number, end: number): number {
    if (this.count === 0) return Number.NaN;
    if (!this.#isSet) return this.#sortedSet.score(bytes, start, end);
    return this.#set.has(bytes, start, end) ? SET_SCORE : Number.NaN;
  }
}
