/**
 * Room: what a write must find free before it changes anything.
 *
 * A write adds up what it will take (a slot here, chunks there, a place among the deadlines), asks
 * once, and is told yes or no. After a yes nothing it does can fail. After a no nothing has been
 * evicted. So every write is all or nothing, and entries move or go **only while room is made**:
 * offsets found before must be found again when `moves` has changed.
 *
 * Room is made in this order: entries past their deadline; pages won by moving a class together;
 * then victims of the policy, one at a time.
 *
 *   moved together    page 3 [x . . x] ┐
 *                     page 5 [. x x .] ┴→ page 5 [x x x x], page 3 goes back to all classes
 *
 * That is why a zone full of 100-byte values can turn into one of 1,000-byte values without
 * throwing everything away: two thousand free slots in as many pages are as good as free pages.
 */

import { C_FAILS, C_LIVE, C_LIVE_VOLATILE, C_SLOTS, CLASS_WORDS, P_FRESH } from './layout.ts';
import type { Zone } from './zone.ts';

export class Room {
  readonly #zone: Zone;
  /** Slots asked for, per class. */
  readonly #slots: Int32Array;
  #deadlines = 0;
  /** Test hook: the n-th request from now is refused. 0 is off. */
  failIn = 0;

  constructor(zone: Zone) {
    this.#zone = zone;
    this.#slots = new Int32Array(256);
  }

  /** Begins a new request. */
  begin(): void {
    this.#slots.fill(0);
    this.#deadlines = 0;
  }

  /** Adds an entry slot of `size` bytes. */
  addSlot(size: number, count = 1): void {
    this.#slots[this.#zone.slab.classFor(size)] += count;
  }

  addChunks(count: number): void {
    this.#slots[this.#zone.layout.chunkClass] += count;
  }

  addDeadlines(count: number): void {
    this.#deadlines += count;
  }

  /** Slot of one class, chunks and deadlines: the request of nearly every write. */
  takeOne(sizeClass: number, chunks: number, deadlines: number): boolean {
    if (this.failIn !== 0 && --this.failIn === 0) return false;
    const { slab, deadlines: heap } = this.#zone;
    if (
      chunks === 0 &&
      slab.hasRoom(sizeClass) &&
      (deadlines === 0 || heap.pagesFor(deadlines) === 0)
    ) {
      return true;
    }
    this.begin();
    this.#slots[sizeClass] = 1;
    this.#slots[this.#zone.layout.chunkClass] += chunks;
    this.#deadlines = deadlines;
    return this.#make();
  }

  /** Answers whether all that was added is free now; makes it so if it can. */
  take(): boolean {
    if (this.failIn !== 0 && --this.failIn === 0) return false;
    return this.#make();
  }

  #make(): boolean {
    if (this.#provide()) return true;
    const { counts } = this.#zone;
    const evicted = counts.evicted;
    const made = this.#clear();
    if (!made) counts.refused++;
    else if (counts.evicted > evicted) counts.forced++;
    return made;
  }

  /** Expires, moves together and evicts until what was asked for is free. */
  #clear(): boolean {
    const zone = this.#zone;
    zone.moves++;
    while (zone.expireOne()) if (this.#provide()) return true;
    if (!this.#fits()) {
      this.#noteFailure();
      return false;
    }
    const { slotSizes } = zone.layout;
    for (let c = 0; c < slotSizes.length; c++) {
      while (this.#compact(c)) if (this.#provide()) return true;
    }
    for (;;) {
      const victim = zone.recency.victim(zone.spared);
      if (victim === 0) break;
      const sizeClass = zone.slab.classOf(victim);
      zone.evict(victim);
      if (this.#provide()) return true;
      let won = false;
      while (this.#compact(sizeClass) || this.#compact(zone.layout.chunkClass)) {
        won = true;
        if (this.#provide()) return true;
      }
      // An eviction can take others along (a session its index): classes other than the victim's.
      if (!won && zone.table.count === 0) break;
    }
    for (let c = 0; c < slotSizes.length; c++) {
      while (this.#compact(c)) if (this.#provide()) return true;
    }
    this.#noteFailure();
    return false;
  }

  /** Gives pages to the classes that lack slots, if there are enough for all of them. */
  #provide(): boolean {
    const { slab, deadlines, layout, arena } = this.#zone;
    const { i32 } = arena;
    let lacking = deadlines.pagesFor(this.#deadlines);
    for (let c = 0; c < layout.slotSizes.length; c++) {
      const short = this.#slots[c] === 0 ? 0 : this.#slots[c] - slab.freeSlots(c);
      if (short > 0) lacking += Math.ceil(short / i32[layout.classes + c * CLASS_WORDS + C_SLOTS]);
    }
    if (lacking === 0) return true;
    if (lacking > slab.freePages()) return false;
    for (let c = 0; c < layout.slotSizes.length; c++) {
      while (this.#slots[c] > 0 && slab.freeSlots(c) < this.#slots[c]) slab.growClass(c);
    }
    while (deadlines.pagesFor(this.#deadlines) > 0) deadlines.grow();
    return true;
  }

  /** Whether the request could be met if all that may be evicted were, and all moved together. */
  #fits(): boolean {
    const { layout, arena, recency, deadlines, slab } = this.#zone;
    const { i32 } = arena;
    const evictsAll = recency.evicts && !recency.onlyVolatile;
    let pages = 0;
    for (let c = 0; c < layout.slotSizes.length; c++) {
      const word = layout.classes + c * CLASS_WORDS;
      const live = i32[word + C_LIVE];
      const evictable = !recency.evicts ? 0 : evictsAll ? live : i32[word + C_LIVE_VOLATILE];
      const kept = live - evictable + this.#sparedIn(c, evictsAll);
      pages += Math.ceil((kept + this.#slots[c]) / i32[word + C_SLOTS]);
    }
    const kept = recency.evicts ? 0 : deadlines.count;
    pages += Math.ceil((kept + this.#deadlines) / deadlines.perPage);
    return pages <= slab.pageLimit;
  }

  /** Slots of a class that belong to the spared entry and were counted as evictable. */
  #sparedIn(sizeClass: number, evictsAll: boolean): number {
    const { spared, slab, content, layout } = this.#zone;
    if (spared === 0) return 0;
    if (!evictsAll && !(this.#zone.recency.evicts && this.#zone.isVolatile(spared))) return 0;
    const own = slab.classOf(spared) === sizeClass ? 1 : 0;
    if (sizeClass !== layout.chunkClass) return own;
    return own + content.chunkCount(spared) + content.listCount(spared);
  }

  /** Wins a page from a class that has a page's worth of free slots, or answers false. */
  #compact(sizeClass: number): boolean {
    const zone = this.#zone;
    const { slab, layout, arena } = zone;
    const { i32 } = arena;
    const slots = i32[layout.classes + sizeClass * CLASS_WORDS + C_SLOTS];
    if (slab.freeSlots(sizeClass) - this.#slots[sizeClass] < slots) return false;
    const page = slab.sparsestPage(sizeClass);
    slab.sealPage(page, sizeClass);
    zone.moves++;
    const units = slab.slotSize(sizeClass) / 8;
    const start = slab.pageStart(page);
    const fresh = i32[slab.descriptor(page) + P_FRESH];
    for (let slot = 0; slot < fresh; slot++) {
      if (!slab.isLive(page, sizeClass, slot)) continue;
      const from = start + slot * units;
      const to = slab.acquire(sizeClass);
      if (sizeClass === layout.chunkClass) zone.content.moveChunk(from, to);
      else zone.moveEntry(from, to);
    }
    slab.giveSealedPage(page, sizeClass);
    return true;
  }

  #noteFailure(): void {
    const { layout, arena } = this.#zone;
    for (let c = 0; c < layout.slotSizes.length; c++) {
      if (this.#slots[c] !== 0) arena.i32[layout.classes + c * CLASS_WORDS + C_FAILS]++;
    }
  }
}
