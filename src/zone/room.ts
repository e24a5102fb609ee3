/**
 * Room: what a write must find free before it changes anything.
 *
 * A write adds up what it will take (a slot here, chunks there, a place among the deadlines), asks
 * once, and is told yes or no. After a yes nothing it does can fail. After a no nothing has been
 * evicted. So every write is all or nothing, and entries move or go **only while room is made**:
 * offsets found before must be found again when `moves` has changed.
 *
 * Room is made in this order: what is retired; entries past their deadline; pages won by moving a class together;
 * then victims of the policy, one at a time.
 *
 *   moved together    page 3 [x . . x] ┐
 *                     page 5 [. x x .] ┴→ page 5 [x x x x], page 3 goes back to all classes
 *
 * That is why a zone full of 100-byte values can turn into one of 1,000-byte values without
 * throwing everything away: two thousand free slots in as many pages are as good as free pages.
 * What it costs: no class keeps a page's worth of free slots while others want pages, so winning a
 * page of n slots moves fewer than n entries and comes after n of them have left. A write pays for
 * less than one move per entry it evicts.
 */

import { assert } from '../std/assert.ts';
import type { Entries } from './entries.ts';
import { C_FAILS, C_LIVE, C_LIVE_VOLATILE, C_SLOTS, CLASS_WORDS, P_FRESH } from './layout.ts';

/** Retired entries and chunks freed between two looks at whether that is enough. */
const RETIRED_STEPS = 64;

export class Room {
  readonly #zone: Entries;
  /** Slots asked for, per class, and the classes asked for: nearly always one or two. */
  readonly #slots = new Int32Array(256);
  readonly #classes = new Uint8Array(256);
  #classCount = 0;
  #deadlines = 0;
  /** Class of the slot granted last by takeOne() or takeSlot(): it may be larger than asked for. */
  granted = 0;
  /** Something was asked for that no slot can hold. */
  #isImpossible = false;
  /** Whether live entries may be evicted. Off while a write must not force others out. */
  mayEvict = true;
  /** Whether room is being made now: what is called meanwhile must not ask for any. */
  isMaking = false;
  /** Test hook: the n-th request from now is refused. 0 is off. */
  failIn = 0;

  constructor(zone: Entries) {
    this.#zone = zone;
  }

  /** Begins a new request. */
  begin(): void {
    for (let i = 0; i < this.#classCount; i++) this.#slots[this.#classes[i]] = 0;
    this.#classCount = 0;
    this.#deadlines = 0;
    this.#isImpossible = false;
  }

  /** Adds an entry slot of `size` bytes. */
  addSlot(size: number, count = 1): void {
    if (size > this.#zone.layout.chunkSize) this.#isImpossible = true;
    else this.addClass(this.#zone.slab.classFor(size), count);
  }

  addChunks(count: number): void {
    this.addClass(this.#zone.layout.chunkClass, count);
  }

  addDeadlines(count: number): void {
    this.#deadlines += count;
  }

  /** Adds slots of a class. */
  addClass(sizeClass: number, count: number): void {
    if (count === 0) return;
    if (this.#slots[sizeClass] === 0) this.#classes[this.#classCount++] = sizeClass;
    this.#slots[sizeClass] += count;
  }

  /**
   * Slot of one class, chunks and deadlines: the request of a new entry. When nothing more can be
   * won, a free slot of a larger class will do (see `granted`): a zone does not refuse while it has
   * a place.
   */
  takeOne(sizeClass: number, chunks: number, deadlines: number): boolean {
    if (this.failIn !== 0 && --this.failIn === 0) return false;
    const { slab, deadlines: heap } = this.#zone;
    if (
      chunks === 0 &&
      slab.hasRoom(sizeClass) &&
      (deadlines === 0 || heap.pagesFor(deadlines) === 0)
    ) {
      this.granted = sizeClass;
      return true;
    }
    return this.#takeSlot(sizeClass, chunks, deadlines) || this.#refuse();
  }

  /** As takeOne(), for who can do without: a no is not counted. */
  takeSlot(sizeClass: number, chunks: number, deadlines: number): boolean {
    if (this.failIn !== 0 && --this.failIn === 0) return false;
    return this.#takeSlot(sizeClass, chunks, deadlines);
  }

  #takeSlot(sizeClass: number, chunks: number, deadlines: number): boolean {
    this.#ask(sizeClass, chunks, deadlines);
    if (this.#make()) {
      this.#hand();
      return true;
    }
    const { slab, layout } = this.#zone;
    let larger = sizeClass + 1;
    while (larger < layout.chunkClass && !slab.hasRoom(larger)) larger++;
    if (larger === layout.chunkClass) return false;
    this.#ask(larger, chunks, deadlines);
    if (this.again()) return true;
    this.#ask(sizeClass, chunks, deadlines);
    return false;
  }

  #ask(sizeClass: number, chunks: number, deadlines: number): void {
    this.begin();
    this.addClass(sizeClass, 1);
    this.addChunks(chunks);
    this.#deadlines = deadlines;
    this.granted = sizeClass;
  }

  /**
   * Answers whether all that was added is free now; makes it so if it can. Pages are kept free, not
   * handed out: the writes that follow take them, and nothing is lost if they need fewer.
   */
  take(): boolean {
    if (this.failIn !== 0 && --this.failIn === 0) return this.#refuse();
    return this.#make() || this.#refuse();
  }

  /** As takeSlot(), of what is free already: nothing moves or goes. */
  takeFree(sizeClass: number, chunks: number): boolean {
    if (this.failIn !== 0 && --this.failIn === 0) return false;
    this.#ask(sizeClass, chunks, 0);
    return this.again();
  }

  /** Deadlines alone, for an entry that keeps its slot. A no is not counted. */
  takeDeadlines(count: number): boolean {
    if (this.failIn !== 0 && --this.failIn === 0) return false;
    this.begin();
    this.#deadlines = count;
    if (!this.#make()) return false;
    this.#hand();
    return true;
  }

  /** Asks once more for what was asked for last, of what is free now. */
  again(): boolean {
    if (!this.#isFree()) return false;
    this.#hand();
    return true;
  }

  /** What was granted last is not needed after all: pages handed out for it go back. */
  giveBack(): void {
    for (let i = 0; i < this.#classCount; i++) this.#zone.slab.giveEmptyPages(this.#classes[i]);
  }

  /** Counts a write as refused for want of what was added. */
  refuse(): 0 {
    this.#refuse();
    return 0;
  }

  #refuse(): false {
    const { layout, arena, counts } = this.#zone;
    counts.refused++;
    for (let i = 0; i < this.#classCount; i++) {
      arena.i32[layout.classes + this.#classes[i] * CLASS_WORDS + C_FAILS]++;
    }
    return false;
  }

  /**
   * Makes do with `limit` pages: expires, moves together and evicts until no more are used, then
   * lets no more be used. Answers false, with nothing evicted, when what must stay needs more.
   */
  limitPages(limit: number): boolean {
    const { slab } = this.#zone;
    const before = slab.pageLimit;
    slab.pageLimit = limit;
    this.begin();
    if (this.#isFree() || this.#clear()) return true;
    slab.pageLimit = before;
    return false;
  }

  #make(): boolean {
    if (this.#isImpossible) return false;
    if (this.#isFree()) return true;
    const { counts } = this.#zone;
    const { evicted } = counts;
    const isFree = this.#clear();
    if (counts.evicted > evicted) counts.forced++;
    return isFree;
  }

  #clear(): boolean {
    assert(!this.isMaking);
    this.isMaking = true;
    this.#zone.freesAtOnce = true;
    const isFree = this.#search();
    this.#zone.freesAtOnce = false;
    this.isMaking = false;
    return isFree;
  }

  /** Expires, moves together and evicts until what was asked for is free. */
  #search(): boolean {
    const zone = this.#zone;
    const { deadlines, recency, retired, slab } = zone;
    while (!retired.isEmpty) {
      retired.free(RETIRED_STEPS);
      if (this.#isFree()) return true;
    }
    // What is being written is not removed for its age: its writer has found it alive.
    while (deadlines.first() !== zone.spared && zone.expireOne()) if (this.#isFree()) return true;
    if (!this.#fits()) return false;
    if (this.#moveTogether()) return true;
    while (this.mayEvict) {
      const victim = recency.victim(zone.spared);
      if (victim === 0) break;
      zone.evict(victim);
      if (this.#isFree() || (slab.isLoose && this.#moveTogether())) return true;
    }
    return deadlines.trim() && (this.#isFree() || this.#moveTogether());
  }

  /** Whether what was asked for is free: in pages of its classes, or in pages free for all. */
  #isFree(): boolean {
    const { slab, deadlines, layout, arena } = this.#zone;
    const { i32 } = arena;
    let lacking = deadlines.pagesFor(this.#deadlines);
    for (let i = 0; i < this.#classCount; i++) {
      const c = this.#classes[i];
      const short = this.#slots[c] - slab.freeSlots(c);
      if (short > 0) lacking += Math.ceil(short / i32[layout.classes + c * CLASS_WORDS + C_SLOTS]);
    }
    return lacking <= slab.freePages();
  }

  /** Gives pages to the classes that lack slots. What was asked for must be free. */
  #hand(): void {
    const { slab, deadlines } = this.#zone;
    for (let i = 0; i < this.#classCount; i++) {
      const c = this.#classes[i];
      while (slab.freeSlots(c) < this.#slots[c]) slab.growClass(c);
    }
    while (deadlines.pagesFor(this.#deadlines) > 0) deadlines.grow();
  }

  /** Whether the request could be met if all that may be evicted were, and all moved together. */
  #fits(): boolean {
    const { layout, arena, deadlines, slab } = this.#zone;
    const { i32 } = arena;
    if (this.#fitsEasily()) return true;
    let pages = 0;
    for (let c = 0; c < layout.slotSizes.length; c++) {
      const word = layout.classes + c * CLASS_WORDS;
      const kept = i32[word + C_LIVE] - this.#evictableSlots(c);
      pages += Math.ceil((kept + this.#slots[c]) / i32[word + C_SLOTS]);
    }
    const places = this.#keptDeadlines() + this.#deadlines;
    return pages + Math.ceil(places / deadlines.perPage) <= slab.pageLimit;
  }

  /** Whether victims in the very classes asked for would do: true at most writes to a full zone. */
  #fitsEasily(): boolean {
    if (this.#classCount === 0 || this.#zone.deadlines.pagesFor(this.#deadlines) > 0) return false;
    for (let i = 0; i < this.#classCount; i++) {
      const c = this.#classes[i];
      if (this.#zone.slab.freeSlots(c) + this.#evictableSlots(c) < this.#slots[c]) return false;
    }
    return true;
  }

  /** Slots of a class whose entries may be evicted. */
  #evictableSlots(sizeClass: number): number {
    const { recency, layout, arena, spared, slab, content } = this.#zone;
    if (!this.mayEvict || !recency.evicts) return 0;
    const kind = recency.onlyVolatile ? C_LIVE_VOLATILE : C_LIVE;
    const slots = arena.i32[layout.classes + sizeClass * CLASS_WORDS + kind];
    if (spared === 0 || (recency.onlyVolatile && !this.#zone.isVolatile(spared))) return slots;
    if (sizeClass === layout.chunkClass) {
      return slots - content.chunkCount(spared) - content.listCount(spared);
    }
    return slots - (slab.classOf(spared) === sizeClass ? 1 : 0);
  }

  /** Deadlines that stay when all that may be evicted is. */
  #keptDeadlines(): number {
    const { recency, deadlines, spared } = this.#zone;
    if (!this.mayEvict || !recency.evicts) return deadlines.count;
    return spared !== 0 && this.#zone.isVolatile(spared) ? 1 : 0;
  }

  /** Moves together every class it can, until what was asked for is free. */
  #moveTogether(): boolean {
    const { slab, layout, arena } = this.#zone;
    if (!slab.isLoose) return false;
    let isLoose = false;
    for (let c = 0; c < layout.slotSizes.length; c++) {
      while (this.#winPage(c)) if (this.#isFree()) return true;
      // What is asked for was left alone, and may be more than the next request asks for.
      if (slab.freeSlots(c) >= arena.i32[layout.classes + c * CLASS_WORDS + C_SLOTS])
        isLoose = true;
    }
    slab.isLoose = isLoose;
    return false;
  }

  /** Wins a page from a class that has a page's worth of free slots, or answers false. */
  #winPage(sizeClass: number): boolean {
    const zone = this.#zone;
    const { slab, layout, arena } = zone;
    const { i32 } = arena;
    const slots = i32[layout.classes + sizeClass * CLASS_WORDS + C_SLOTS];
    if (slab.freeSlots(sizeClass) - this.#slots[sizeClass] < slots) return false;
    const page = slab.sparsePage(sizeClass);
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
}
