/**
 * Resizing: a running zone takes another size.
 *
 *   grown     │ pages ……… │ metadata │          →  │ pages ……… … │ more metadata │
 *   shrunk    │ pages … ▓ · ▓ │ metadata │      →  │ pages ▓▓… │ metadata │
 *
 * Whatever points to an entry says how far from byte 0 it lies, and pages come first: copied to an
 * arena of another size they are right as they are, and so are the lists, classes and deadlines
 * that name them. Only the buckets are filled anew, since their number follows the size.
 *
 * Before a zone can shrink, what lies in its last pages must go or move. All that may fail comes
 * first: the larger block of memory, then room. While bytes are copied both blocks exist.
 */

import { assert } from '../std/assert.ts';
import { Arena } from './arena.ts';
import type { Entries } from './entries.ts';
import {
  DESCRIPTOR_WORDS,
  H_ENTRIES,
  H_PAGES_FRESH,
  type Layout,
  layoutFor,
  P_CLASS,
  P_FRESH,
  PAGE_OF_DEADLINES,
  zoneSizeFault,
} from './layout.ts';
import type { Room } from './room.ts';

/**
 * Gives a zone another size. Answers false, with nothing changed, when the size is none a zone of
 * its page size can have (see zoneSizeFault), when memory for it can't be had, or when what may not
 * be evicted needs more.
 */
export function resizeZone(zone: Entries, room: Room, size: number): boolean {
  const { databaseCount, windowSize, pageSize, zoneSize } = zone.layout;
  if (size === zoneSize) return true;
  if (zoneSizeFault(size, pageSize) !== undefined) return false;
  const layout = layoutFor(size, databaseCount, windowSize, pageSize);
  const arena = arenaFor(layout, zone.arena.isShared);
  if (arena === undefined || !room.limitPages(layout.pageCount)) return false;
  zone.table.guard?.finish();
  leavePagesFrom(zone, layout.pageCount);
  copyPages(zone, arena);
  copyMetadata(zone, arena, layout);
  const old = { arena: zone.arena, layout: zone.layout };
  zone.adopt(arena, layout);
  linkAll(zone, old.arena, old.layout);
  zone.moves++;
  return true;
}

/** A block of memory for a layout, or undefined when there is none. Not touched, it costs nothing. */
function arenaFor(layout: Layout, shared: boolean): Arena | undefined {
  try {
    return new Arena(layout.zoneSize, layout.windowSize, shared);
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

/** Moves what lies in pages from `limit` on to free pages below. There must be enough. */
function leavePagesFrom(zone: Entries, limit: number): void {
  const { slab, layout } = zone;
  const { i32 } = zone.arena;
  const fresh = i32[layout.header + H_PAGES_FRESH];
  slab.forgetPagesFrom(limit);
  for (let page = limit; page < fresh; page++) {
    if (i32[slab.descriptor(page) + P_CLASS] !== 0) movePage(zone, page);
  }
}

function movePage(zone: Entries, page: number): void {
  const { slab, layout, content, deadlines } = zone;
  const { i32 } = zone.arena;
  const owner = i32[slab.descriptor(page) + P_CLASS];
  const target = slab.copyPage(page);
  if (owner === PAGE_OF_DEADLINES) {
    deadlines.pageMoved(page, target);
    return;
  }
  const sizeClass = owner - 1;
  const units = slab.slotSize(sizeClass) / 8;
  const fresh = i32[slab.descriptor(page) + P_FRESH];
  for (let slot = 0; slot < fresh; slot++) {
    if (!slab.isLive(page, sizeClass, slot)) continue;
    const from = slab.pageStart(page) + slot * units;
    const to = slab.pageStart(target) + slot * units;
    if (sizeClass === layout.chunkClass) content.moveChunk(from, to);
    else zone.moveEntry(from, to);
  }
}

function copyPages(zone: Entries, arena: Arena): void {
  const { layout } = zone;
  const used = zone.arena.i32[layout.header + H_PAGES_FRESH] * layout.pageSize;
  arena.u8.set(zone.arena.view(layout.windowSize, used), layout.windowSize);
}

/** Copies the header, lists, classes and databases, and what describes the pages. */
function copyMetadata(zone: Entries, arena: Arena, layout: Layout): void {
  const old = zone.layout;
  const { i32 } = zone.arena;
  const pages = Math.min(old.pageCount, layout.pageCount);
  const table = old.pageTable - old.header;
  assert(table === layout.pageTable - layout.header);
  const copy = (from: number, to: number, words: number) => {
    arena.i32.set(i32.subarray(from, from + words), to);
  };
  copy(old.header, layout.header, table);
  copy(old.pageTable, layout.pageTable, pages * DESCRIPTOR_WORDS);
  copy(old.deadlineDirectory, layout.deadlineDirectory, pages);
  arena.i32[layout.header + H_ENTRIES] = 0;
}

/** Enters every entry in the buckets, which are empty. */
function linkAll(zone: Entries, arena: Arena, layout: Layout): void {
  const { table } = zone;
  const end = layout.buckets + 2 ** layout.bucketBits;
  for (let bucket = layout.buckets; bucket < end; bucket++) {
    // Chains are followed in the old arena: linking changes the words of the new one.
    for (let entry = arena.i32[bucket]; entry !== 0; entry = arena.i32[entry * 2]) {
      table.link(entry);
    }
  }
}
