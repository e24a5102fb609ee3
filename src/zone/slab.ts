/**
 * Slabs: pages cut into equal slots, one size class to a page.
 *
 *   page 7, class of 64-byte slots
 *   ┌────────┬────────┬────────┬─── ─ ─ ───┬────────┐
 *   │ slot 0 │ slot 1 │ slot 2 │           │ slot n │   a free slot's first word names the next
 *   └────────┴────────┴────────┴─── ─ ─ ───┴────────┘   free slot of its page, plus one
 *
 * A class keeps a list of its pages that have room. The last slot to leave a page gives the whole
 * page back to all classes. Pages never used are handed out last to first need, so a zone that is
 * mostly empty was mostly never touched and costs the machine nothing.
 *
 * Two kinds of slot exist. Slots of the entry classes hold one entry each. Slots of the chunk class
 * hold a piece of a value too big for one slot; the page's descriptor says whose.
 *
 * Not here: whom to evict when no page is left (recency.ts), moving entries together (zone.ts).
 */

import { assert } from '../std/assert.ts';
import type { Arena } from './arena.ts';
import {
  C_FAILS,
  C_LIVE,
  C_PAGES,
  C_PARTIAL,
  C_SLOT_UNITS,
  C_SLOTS,
  CLASS_WORDS,
  DESCRIPTOR_WORDS,
  H_PAGES_FREE,
  H_PAGES_FREE_COUNT,
  H_PAGES_FRESH,
  type Layout,
  P_CLASS,
  P_FREE,
  P_FRESH,
  P_LIVE,
  P_NEXT,
  P_OWNER,
  P_PREV,
  PAGE_OF_DEADLINES,
} from './layout.ts';

/** Word of a slot that tells a free slot from an entry: where an entry keeps type and flags. */
export const SLOT_TAG = 4;
/** Type 7 is no type. */
export const FREE_TAG = 7;
/** Pages looked at to find a sparse one: more would find little better, and take long. */
const PAGES_COMPARED = 256;

export class Slab {
  arena: Arena;
  layout: Layout;
  /** Pages that may be used, at most the layout's: a shrunk zone uses fewer. */
  pageLimit: number;
  /** Whether some class may have a page's worth of free slots: room.ts could win a page. */
  isLoose = false;
  /** Called when a page is taken (1) or given back (-1); tests follow the trace. */
  trace: ((page: number, sizeClass: number, change: 1 | -1) => void) | undefined = undefined;

  constructor(arena: Arena, layout: Layout) {
    this.arena = arena;
    this.layout = layout;
    this.pageLimit = layout.pageCount;
  }

  /** Writes the class table of an empty zone. */
  format(): void {
    const { slotSizes, classes, pageSize } = this.layout;
    const i32 = this.arena.i32;
    for (let c = 0; c < slotSizes.length; c++) {
      const word = classes + c * CLASS_WORDS;
      i32[word + C_SLOT_UNITS] = slotSizes[c] / 8;
      i32[word + C_SLOTS] = Math.floor(pageSize / slotSizes[c]);
    }
  }

  /** Smallest class whose slots hold `size` bytes. Sizes above the chunk size have none. */
  classFor(size: number): number {
    return this.layout.classOfUnits[(size + 7) >>> 3];
  }

  slotSize(sizeClass: number): number {
    return this.layout.slotSizes[sizeClass];
  }

  pageOf(offset: number): number {
    return (offset - this.layout.firstPage) >>> this.layout.pageShift;
  }

  /** Offset of a page's first slot. */
  pageStart(page: number): number {
    return this.layout.firstPage + (page << this.layout.pageShift);
  }

  /** Word index of a page's descriptor. */
  descriptor(page: number): number {
    return this.layout.pageTable + page * DESCRIPTOR_WORDS;
  }

  classOf(offset: number): number {
    return this.arena.i32[this.descriptor(this.pageOf(offset)) + P_CLASS] - 1;
  }

  /** Slots of a class that are in its pages and not taken. */
  freeSlots(sizeClass: number): number {
    const i32 = this.arena.i32;
    const c = this.layout.classes + sizeClass * CLASS_WORDS;
    return i32[c + C_PAGES] * i32[c + C_SLOTS] - i32[c + C_LIVE];
  }

  /** Whether a slot of a class is free in a page it has. */
  hasRoom(sizeClass: number): boolean {
    return this.arena.i32[this.layout.classes + sizeClass * CLASS_WORDS + C_PARTIAL] !== 0;
  }

  /** Pages that may be taken; below zero while a zone is being shrunk. */
  freePages(): number {
    return this.pageLimit - this.usedPages();
  }

  /** Pages in use by classes and the deadline heap. */
  usedPages(): number {
    const { header } = this.layout;
    return this.arena.i32[header + H_PAGES_FRESH] - this.arena.i32[header + H_PAGES_FREE_COUNT];
  }

  /** Takes a page for `owner` (class + 1 or a marker), or -1 when none is free. */
  takePage(owner: number): number {
    const { header } = this.layout;
    const i32 = this.arena.i32;
    let page = i32[header + H_PAGES_FREE] - 1;
    if (page >= 0) {
      i32[header + H_PAGES_FREE] = i32[this.descriptor(page) + P_NEXT];
      i32[header + H_PAGES_FREE_COUNT]--;
    } else {
      page = i32[header + H_PAGES_FRESH];
      if (page >= this.pageLimit) return -1;
      i32[header + H_PAGES_FRESH] = page + 1;
    }
    const d = this.descriptor(page);
    i32.fill(0, d, d + DESCRIPTOR_WORDS);
    i32[d + P_CLASS] = owner;
    this.trace?.(page, owner - 1, 1);
    return page;
  }

  /** Gives a page with nothing in it back to all. */
  givePage(page: number): void {
    const { header } = this.layout;
    const i32 = this.arena.i32;
    const d = this.descriptor(page);
    this.trace?.(page, i32[d + P_CLASS] - 1, -1);
    i32[d + P_CLASS] = 0;
    i32[d + P_NEXT] = i32[header + H_PAGES_FREE];
    i32[header + H_PAGES_FREE] = page + 1;
    i32[header + H_PAGES_FREE_COUNT]++;
  }

  /** Gives a class one more page, or answers false when none is free. */
  growClass(sizeClass: number): boolean {
    const page = this.takePage(sizeClass + 1);
    if (page < 0) return false;
    this.arena.i32[this.layout.classes + sizeClass * CLASS_WORDS + C_PAGES]++;
    this.#linkPartial(page, sizeClass);
    return true;
  }

  /** Gives back pages that growClass() took and nobody used. */
  giveEmptyPages(sizeClass: number): void {
    const i32 = this.arena.i32;
    const c = this.layout.classes + sizeClass * CLASS_WORDS;
    // They were linked last, so they come first.
    while (i32[c + C_PARTIAL] !== 0) {
      const page = i32[c + C_PARTIAL] - 1;
      if (i32[this.descriptor(page) + P_LIVE] > 0) return;
      this.#unlinkPartial(page, sizeClass);
      i32[c + C_PAGES]--;
      this.givePage(page);
    }
  }

  /** Takes a slot. The class must have one free (see growClass). Bytes are not cleared. */
  acquire(sizeClass: number): number {
    const i32 = this.arena.i32;
    const c = this.layout.classes + sizeClass * CLASS_WORDS;
    const page = i32[c + C_PARTIAL] - 1;
    assert(page >= 0);
    const d = this.descriptor(page);
    const start = this.pageStart(page);
    const units = i32[c + C_SLOT_UNITS];
    let slot = i32[d + P_FREE] - 1;
    let offset: number;
    if (slot >= 0) {
      offset = start + slot * units;
      i32[d + P_FREE] = i32[offset * 2];
    } else {
      slot = i32[d + P_FRESH]++;
      offset = start + slot * units;
    }
    i32[c + C_LIVE]++;
    if (++i32[d + P_LIVE] === i32[c + C_SLOTS]) this.#unlinkPartial(page, sizeClass);
    return offset;
  }

  /** Gives a slot back; with the last one, its page. */
  release(offset: number): void {
    const i32 = this.arena.i32;
    const page = this.pageOf(offset);
    const d = this.descriptor(page);
    const sizeClass = i32[d + P_CLASS] - 1;
    const c = this.layout.classes + sizeClass * CLASS_WORDS;
    const slot = this.slotIndex(offset, page, sizeClass);
    i32[c + C_LIVE]--;
    const live = --i32[d + P_LIVE];
    if (sizeClass === this.layout.chunkClass) i32[d + P_OWNER + slot] = 0;
    else i32[offset * 2 + SLOT_TAG] = FREE_TAG;
    if (live === 0) {
      if (i32[c + C_SLOTS] > 1) this.#unlinkPartial(page, sizeClass);
      i32[c + C_PAGES]--;
      this.givePage(page);
      return;
    }
    i32[offset * 2] = i32[d + P_FREE];
    i32[d + P_FREE] = slot + 1;
    const slots = i32[c + C_SLOTS];
    if (live === slots - 1) this.#linkPartial(page, sizeClass);
    if ((i32[c + C_PAGES] - 1) * slots >= i32[c + C_LIVE]) this.isLoose = true;
  }

  slotIndex(offset: number, page: number, sizeClass: number): number {
    const units = this.arena.i32[this.layout.classes + sizeClass * CLASS_WORDS + C_SLOT_UNITS];
    return ((offset - this.pageStart(page)) / units) | 0;
  }

  /** Whether slot `slot` of a page is taken: its own tag, or its holder for a chunk. */
  isLive(page: number, sizeClass: number, slot: number): boolean {
    const i32 = this.arena.i32;
    const d = this.descriptor(page);
    if (slot >= i32[d + P_FRESH]) return false;
    if (sizeClass === this.layout.chunkClass) return i32[d + P_OWNER + slot] !== 0;
    const units = i32[this.layout.classes + sizeClass * CLASS_WORDS + C_SLOT_UNITS];
    const offset = this.pageStart(page) + slot * units;
    return (i32[offset * 2 + SLOT_TAG] & 7) !== FREE_TAG;
  }

  /** A page of a class with few slots taken, or -1 when all its pages are full. */
  sparsePage(sizeClass: number): number {
    const i32 = this.arena.i32;
    let best = -1;
    let fewest = 1 << 30;
    let page = i32[this.layout.classes + sizeClass * CLASS_WORDS + C_PARTIAL] - 1;
    for (let compared = 0; page >= 0 && compared < PAGES_COMPARED; compared++) {
      const d = this.descriptor(page);
      if (i32[d + P_LIVE] < fewest) {
        fewest = i32[d + P_LIVE];
        best = page;
      }
      page = i32[d + P_NEXT] - 1;
    }
    return best;
  }

  /** Takes a page out of the pages with room, so that acquire() passes it over. */
  sealPage(page: number, sizeClass: number): void {
    this.#unlinkPartial(page, sizeClass);
  }

  /** Gives back a sealed page whose slots have all been moved elsewhere. */
  giveSealedPage(page: number, sizeClass: number): void {
    const i32 = this.arena.i32;
    const c = this.layout.classes + sizeClass * CLASS_WORDS;
    i32[c + C_LIVE] -= i32[this.descriptor(page) + P_LIVE];
    i32[c + C_PAGES]--;
    this.givePage(page);
  }

  /** Drops pages from `limit` on from the free pages. Used pages there are moved after. */
  forgetPagesFrom(limit: number): void {
    const { header } = this.layout;
    const i32 = this.arena.i32;
    const fresh = i32[header + H_PAGES_FRESH];
    i32[header + H_PAGES_FRESH] = Math.min(fresh, limit);
    i32[header + H_PAGES_FREE] = 0;
    i32[header + H_PAGES_FREE_COUNT] = 0;
    for (let page = Math.min(fresh, limit) - 1; page >= 0; page--) {
      const d = this.descriptor(page);
      if (i32[d + P_CLASS] !== 0) continue;
      i32[d + P_NEXT] = i32[header + H_PAGES_FREE];
      i32[header + H_PAGES_FREE] = page + 1;
      i32[header + H_PAGES_FREE_COUNT]++;
    }
  }

  /**
   * Copies a page in use, bytes and descriptor, to a free page and answers that. What points into
   * the old page is the caller's; its descriptor stays readable until then.
   */
  copyPage(page: number): number {
    const i32 = this.arena.i32;
    const from = this.descriptor(page);
    const owner = i32[from + P_CLASS];
    const target = this.takePage(owner);
    assert(target >= 0);
    this.trace?.(page, owner - 1, -1);
    const words = this.layout.pageSize / 4;
    const start = this.pageStart(page) * 2;
    i32.copyWithin(this.pageStart(target) * 2, start, start + words);
    const isPartial =
      owner !== PAGE_OF_DEADLINES &&
      i32[from + P_LIVE] < i32[this.layout.classes + (owner - 1) * CLASS_WORDS + C_SLOTS];
    if (isPartial) this.#unlinkPartial(page, owner - 1);
    i32.copyWithin(this.descriptor(target), from, from + DESCRIPTOR_WORDS);
    if (isPartial) this.#linkPartial(target, owner - 1);
    return target;
  }

  /** Bytes in slots that are taken. */
  takenSize(): number {
    const { i32 } = this.arena;
    const { slotSizes, classes } = this.layout;
    let size = 0;
    for (let c = 0; c < slotSizes.length; c++) {
      size += i32[classes + c * CLASS_WORDS + C_LIVE] * slotSizes[c];
    }
    return size;
  }

  /** Figures of the classes that have or were refused pages: sizes in bytes, counts of slots. */
  figures() {
    const { i32 } = this.arena;
    const { slotSizes, classes } = this.layout;
    return slotSizes
      .map((slotSize, sizeClass) => {
        const word = classes + sizeClass * CLASS_WORDS;
        return {
          'slot-size': slotSize,
          pages: i32[word + C_PAGES],
          used: i32[word + C_LIVE],
          free: this.freeSlots(sizeClass),
          fails: i32[word + C_FAILS],
        };
      })
      .filter(({ pages, fails }) => pages > 0 || fails > 0);
  }

  setOwner(chunk: number, owner: number): void {
    const page = this.pageOf(chunk);
    const slot = this.slotIndex(chunk, page, this.layout.chunkClass);
    this.arena.i32[this.descriptor(page) + P_OWNER + slot] = owner;
  }

  ownerOf(chunk: number): number {
    const page = this.pageOf(chunk);
    const slot = this.slotIndex(chunk, page, this.layout.chunkClass);
    return this.arena.i32[this.descriptor(page) + P_OWNER + slot];
  }

  #linkPartial(page: number, sizeClass: number): void {
    const i32 = this.arena.i32;
    const head = this.layout.classes + sizeClass * CLASS_WORDS + C_PARTIAL;
    const d = this.descriptor(page);
    const next = i32[head];
    i32[d + P_PREV] = 0;
    i32[d + P_NEXT] = next;
    if (next !== 0) i32[this.descriptor(next - 1) + P_PREV] = page + 1;
    i32[head] = page + 1;
  }

  #unlinkPartial(page: number, sizeClass: number): void {
    const i32 = this.arena.i32;
    const d = this.descriptor(page);
    const prev = i32[d + P_PREV];
    const next = i32[d + P_NEXT];
    if (prev !== 0) i32[this.descriptor(prev - 1) + P_NEXT] = next;
    else i32[this.layout.classes + sizeClass * CLASS_WORDS + C_PARTIAL] = next;
    if (next !== 0) i32[this.descriptor(next - 1) + P_PREV] = prev;
    i32[d + P_PREV] = 0;
    i32[d + P_NEXT] = 0;
  }
}
