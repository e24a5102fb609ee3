/**
 * Deadlines: which entry expires next.
 *
 * A heap with four children to a node, in pages of the arena. A place holds the deadline and the
 * entry; the entry holds only its place, so any deadline can be found, moved or dropped where it
 * stands. Whether an entry is due is nearly always told by the earliest deadline of all. Why a
 * heap and not a wheel: the earliest deadline is exact at any time, for `volatile-ttl` and for
 * sleeping until there is something to do, and nothing has to be scanned or cascaded.
 *
 *   place i ┌──────┬──────┬───────┐   parent (i - 1) / 4
 *           │ low  │ high │ entry │   children 4i + 1 … 4i + 4
 *           └──────┴──────┴───────┘
 *
 * A new deadline is usually the latest of all and stays where it is put, at the end: O(1). A page
 * is taken when the last one is full and kept until a whole page behind it is empty, so entries
 * coming and going at the border cost nothing; when nothing else gives room, it goes (trim).
 */

import { assert } from '../std/assert.ts';
import type { Arena } from './arena.ts';
import { E_PLACE } from './entry.ts';
import { H_DEADLINE_PAGES, H_DEADLINES, type Layout, PAGE_OF_DEADLINES } from './layout.ts';
import type { Slab } from './slab.ts';

const PLACE_WORDS = 3;
const TWO_32 = 4294967296;
const HIGH_MAX = 0x7fffffff;

export class Deadlines {
  arena: Arena;
  layout: Layout;
  readonly #slab: Slab;
  /** Places in a page. */
  readonly perPage: number;
  /** Its inverse: to multiply takes a fourth of the time. */
  readonly #pagesPer: number;

  constructor(arena: Arena, layout: Layout, slab: Slab) {
    this.arena = arena;
    this.layout = layout;
    this.#slab = slab;
    this.perPage = Math.floor(layout.pageSize / (PLACE_WORDS * 4));
    this.#pagesPer = 1 / this.perPage;
  }

  get count(): number {
    return this.arena.i32[this.layout.header + H_DEADLINES];
  }

  get pageCount(): number {
    return this.arena.i32[this.layout.header + H_DEADLINE_PAGES];
  }

  /** Pages to take before `added` more deadlines fit. */
  pagesFor(added: number): number {
    const lacking = this.count + added - this.pageCount * this.perPage;
    return lacking <= 0 ? 0 : Math.ceil(lacking / this.perPage);
  }

  /** Takes one more page, or answers false when none is free. */
  grow(): boolean {
    const page = this.#slab.takePage(PAGE_OF_DEADLINES);
    if (page < 0) return false;
    const { i32 } = this.arena;
    const pages = i32[this.layout.header + H_DEADLINE_PAGES]++;
    i32[this.layout.deadlineDirectory + pages] = page;
    return true;
  }

  /** Bytes of the places that are taken. */
  get takenSize(): number {
    return this.count * PLACE_WORDS * 4;
  }

  /** Gives back every page that holds no place. Answers whether there was one. */
  trim(): boolean {
    const pages = this.pageCount;
    while (this.count <= (this.pageCount - 1) * this.perPage) this.#dropPage();
    return this.pageCount < pages;
  }

  /** Entry whose deadline is the earliest, or 0. */
  first(): number {
    return this.count === 0 ? 0 : this.entryAt(0);
  }

  entryAt(place: number): number {
    return this.arena.i32[this.#wordOf(place) + 2];
  }

  /** Unix milliseconds of an entry that has a deadline. */
  of(entry: number): number {
    return this.deadlineAt(this.arena.i32[entry * 2 + E_PLACE] - 1);
  }

  /**
   * Whether the deadline of an entry that has one is no later than `time`. While no entry's is, one
   * look at the earliest answers for all: it is in the processor's cache, which a place is not.
   */
  isDue(entry: number, time: number): boolean {
    const { i32 } = this.arena;
    const word = this.#slab.pageStart(i32[this.layout.deadlineDirectory]) * 2;
    if (i32[word + 1] * TWO_32 + (i32[word] >>> 0) > time) return false;
    return this.of(entry) <= time;
  }

  /**
   * Enters an entry, or moves its deadline. There must be a place (see pagesFor). As a number the
   * last deadline of 64 bits is 2^63, which they don't hold.
   */
  set(entry: number, deadline: number): void {
    const { i32 } = this.arena;
    const high = Math.min(Math.floor(deadline / TWO_32), HIGH_MAX);
    const low = (deadline - high * TWO_32) | 0;
    let place = i32[entry * 2 + E_PLACE] - 1;
    if (place < 0) {
      place = i32[this.layout.header + H_DEADLINES]++;
      assert(place < this.pageCount * this.perPage);
      this.#put(place, low, high, entry);
      this.#rise(place);
      return;
    }
    this.#put(place, low, high, entry);
    this.#settle(place);
  }

  /**
   * Gives an entry that has a deadline beyond 2^53 the exact one: 64 bits are kept, of which a
   * number tells the order but not the last digits.
   */
  setExact(entry: number, deadline: bigint): void {
    const { i32 } = this.arena;
    const low = Number(BigInt.asIntN(32, deadline));
    const high = Number(deadline >> 32n);
    const place = i32[entry * 2 + E_PLACE] - 1;
    this.#put(place, low, high, entry);
    this.#settle(place);
  }

  exactOf(entry: number): bigint {
    const { i32 } = this.arena;
    const word = this.#wordOf(i32[entry * 2 + E_PLACE] - 1);
    return (BigInt(i32[word + 1]) << 32n) | BigInt(i32[word] >>> 0);
  }

  /** Drops an entry's deadline. */
  remove(entry: number): void {
    const { i32 } = this.arena;
    const place = i32[entry * 2 + E_PLACE] - 1;
    assert(place >= 0);
    i32[entry * 2 + E_PLACE] = 0;
    const last = --i32[this.layout.header + H_DEADLINES];
    if (place !== last) {
      const word = this.#wordOf(last);
      this.#put(place, i32[word], i32[word + 1], i32[word + 2]);
      this.#settle(place);
    }
    this.#shrink();
  }

  /** The entry moved to another slot. */
  moved(entry: number): void {
    const { i32 } = this.arena;
    i32[this.#wordOf(i32[entry * 2 + E_PLACE] - 1) + 2] = entry;
  }

  /** Deadline of a place, in Unix milliseconds. */
  deadlineAt(place: number): number {
    const { i32 } = this.arena;
    const word = this.#wordOf(place);
    return i32[word + 1] * TWO_32 + (i32[word] >>> 0);
  }

  #shrink(): void {
    if (this.count === 0) this.trim();
    else if (this.count <= (this.pageCount - 2) * this.perPage) this.#dropPage();
  }

  #dropPage(): void {
    const { i32 } = this.arena;
    const page = --i32[this.layout.header + H_DEADLINE_PAGES];
    this.#slab.givePage(i32[this.layout.deadlineDirectory + page]);
  }

  /** A page of places was copied elsewhere. */
  pageMoved(from: number, to: number): void {
    const { i32 } = this.arena;
    i32[i32.indexOf(from, this.layout.deadlineDirectory)] = to;
  }

  #wordOf(place: number): number {
    // From the middle of the place, so that no rounding takes it to the page before.
    const page = ((place + 0.5) * this.#pagesPer) | 0;
    const index = this.arena.i32[this.layout.deadlineDirectory + page];
    return this.#slab.pageStart(index) * 2 + (place - page * this.perPage) * PLACE_WORDS;
  }

  #put(place: number, low: number, high: number, entry: number): void {
    const { i32 } = this.arena;
    const word = this.#wordOf(place);
    i32[word] = low;
    i32[word + 1] = high;
    i32[word + 2] = entry;
    i32[entry * 2 + E_PLACE] = place + 1;
  }

  /** Moves a place's entry to where it belongs, up or down. */
  #settle(place: number): void {
    if (!this.#rise(place)) this.#sink(place);
  }

  #rise(place: number): boolean {
    const { i32 } = this.arena;
    let word = this.#wordOf(place);
    const low = i32[word];
    const high = i32[word + 1];
    const entry = i32[word + 2];
    const deadline = high * TWO_32 + (low >>> 0);
    let at = place;
    while (at > 0) {
      const parent = (at - 1) >>> 2;
      word = this.#wordOf(parent);
      if (i32[word + 1] * TWO_32 + (i32[word] >>> 0) <= deadline) break;
      this.#put(at, i32[word], i32[word + 1], i32[word + 2]);
      at = parent;
    }
    if (at === place) return false;
    this.#put(at, low, high, entry);
    return true;
  }

  #sink(place: number): void {
    const { i32 } = this.arena;
    const count = this.count;
    let word = this.#wordOf(place);
    const low = i32[word];
    const high = i32[word + 1];
    const entry = i32[word + 2];
    const deadline = high * TWO_32 + (low >>> 0);
    let at = place;
    for (;;) {
      const first = at * 4 + 1;
      if (first >= count) break;
      const limit = Math.min(first + 4, count);
      let least = first;
      let leastDeadline = this.deadlineAt(first);
      for (let child = first + 1; child < limit; child++) {
        const other = this.deadlineAt(child);
        if (other < leastDeadline) {
          least = child;
          leastDeadline = other;
        }
      }
      if (leastDeadline >= deadline) break;
      word = this.#wordOf(least);
      this.#put(at, i32[word], i32[word + 1], i32[word + 2]);
      at = least;
    }
    if (at !== place) this.#put(at, low, high, entry);
  }
}
