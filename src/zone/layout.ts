/**
 * The drawing of a zone: where everything is.
 *
 *   byte 0                                                                                   end of buffer
 *   ┌─────────┬────────┬────────┬─ ─ ─┬────────┬─────────┬────────┬───────┬──────────┬────────┬─────────┐
 *   │ windows │ page 0 │ page 1 │     │ page n │ scratch │ header │ pages │ deadline │ block  │ buckets │
 *   │         │        │        │     │        │ slot    │        │ table │ pages    │ counts │         │
 *   └─────────┴────────┴────────┴─ ─ ─┴────────┴─────────┴────────┴───────┴──────────┴────────┴─────────┘
 *             offsets count 8-byte units from byte 0, so offset 0 is never a slot: it is "none"
 *
 * Pages come first so that their offsets stay good when the zone is copied into a larger one; what
 * describes them comes behind and is laid out anew. All numbers here are word indexes (32 bits)
 * unless a name says otherwise.
 *
 * A page is cut into equal slots of one size class. Slot sizes are page/n for whole n, so a page
 * has no remainder to speak of; neighbours are at most 12.5 % or 8 bytes apart, mostly 2 % in large
 * pages and 10 % in small ones: a small zone can't afford a half-empty page for each of many classes.
 */

import { assert } from '../std/assert.ts';
import { ARENA_SIZE_MAX } from './arena.ts';

export const KiB = 1024;
export const MiB = 1024 * 1024;

/** Zones smaller than this use small pages, or half-empty pages would take too large a share. */
const SMALL_ZONE = 64 * MiB;
export const SMALL_PAGE = 16 * KiB;
const LARGE_PAGE = 64 * KiB;
/** With fewer pages than this a zone could not hold one of every common class. */
const PAGES_MIN = 16;
/** The smallest zone that can be opened; one opened large can't be shrunk below 1 MiB. */
export const ZONE_SIZE_MIN = PAGES_MIN * SMALL_PAGE;
/** The largest zone: windows and zone lie in one typed array. 16 MiB are left for windows. */
export const ZONE_SIZE_MAX = ARENA_SIZE_MAX - 16 * MiB;
/** A class larger than this share of the next is one too many. */
const SMALL_STEP = 0.9;
const LARGE_STEP = 0.98;
/** Slots of the largest class in a page, and chunks of big values. */
export const CHUNKS_PER_PAGE = 8;
const SLOT_SIZE_MIN = 32;
/**
 * One bucket for so many bytes of zone, rounded to a power of two: 1 to 2 % of it. Chains of one
 * where entries are sessions, of two or three where all is tiny: each link is a visit to memory,
 * 100 ns or more in a zone of any size.
 */
const BYTES_PER_BUCKET = 192;
/** Buckets counted together: what SCAN and RANDOMKEY step over when nothing is there. */
export const BLOCK_SHIFT = 8;
/** Blocks counted together in turn. */
export const SUPERBLOCK_SHIFT = 6;

// A page's descriptor, 16 words.
export const DESCRIPTOR_WORDS = 16;
/** Class index + 1; 0 is a free page, PAGE_OF_DEADLINES a page of the deadline heap. */
export const P_CLASS = 0;
export const P_LIVE = 1;
/** First free slot + 1; a free slot's first word holds the next one. */
export const P_FREE = 2;
/** Slots from here on were never handed out. */
export const P_FRESH = 3;
/** Neighbours + 1 in the list of pages with room (of its class), or of free pages. */
export const P_PREV = 4;
export const P_NEXT = 5;
/** Chunk pages: who holds chunk i, as an offset; 0 when it is free. */
export const P_OWNER = 8;
assert(P_OWNER + CHUNKS_PER_PAGE === DESCRIPTOR_WORDS);
export const PAGE_OF_DEADLINES = 0xffff;

// The header: words from `header` on.
export const H_PAGES_FRESH = 0; // pages from here on were never used
export const H_PAGES_FREE = 1; // first free page + 1
export const H_PAGES_FREE_COUNT = 2;
export const H_DEADLINES = 3; // entries in the deadline heap
export const H_DEADLINE_PAGES = 4;
export const H_ENTRIES = 5;
const H_LISTS = 8;

/** Recency lists: 256 frequencies, one for what may not be evicted, one for pinned entries. */
export const LIST_COUNT = 258;
// Per list: newest, oldest.
export const LIST_WORDS = 2;

// Per class: words from `classes` on.
export const CLASS_WORDS = 8;
export const C_SLOT_UNITS = 0;
export const C_SLOTS = 1; // slots of a page
export const C_PAGES = 2;
export const C_LIVE = 3;
export const C_LIVE_VOLATILE = 4;
export const C_PARTIAL = 5; // first page with room + 1
export const C_FAILS = 6; // writes refused for want of this class

// Per database: words from `databases` on.
export const DATABASE_WORDS = 2;
export const DB_ENTRIES = 0;
export const DB_VOLATILE = 1;

export interface Layout {
  readonly zoneSize: number;
  readonly windowSize: number;
  readonly pageSize: number;
  /** log2 of a page's size in offset units. */
  readonly pageShift: number;
  readonly pageCount: number;
  /** Offset (8-byte units) of page 0. */
  readonly firstPage: number;
  readonly chunkSize: number;
  readonly chunkShift: number;
  /** Slot sizes in bytes, ascending; the last is the chunk class. */
  readonly slotSizes: readonly number[];
  /** Class by size in 8-byte units, for sizes up to the chunk size. */
  readonly classOfUnits: Uint8Array;
  readonly chunkClass: number;
  readonly databaseCount: number;
  readonly bucketBits: number;
  readonly bucketShift: number;
  readonly blockCount: number;
  /** Offset of a slot of the largest size that is no page's: for laying an entry out anew. */
  readonly scratch: number;
  readonly header: number;
  readonly lists: number;
  readonly classes: number;
  readonly databases: number;
  readonly pageTable: number;
  /** Page index of each page of the deadline heap. */
  readonly deadlineDirectory: number;
  readonly superblocks: number;
  readonly blocks: number;
  readonly buckets: number;
}

/** What is wrong with the size of a zone, as a sentence, or undefined. */
export function zoneSizeFault(size: number, pageSize = pageSizeFor(size)): string | undefined {
  const least = PAGES_MIN * pageSize;
  if (size < least) return `a zone with pages of ${pageSize} bytes has at least ${least} bytes`;
  if (size > ZONE_SIZE_MAX) {
    return `a zone has at most ${ZONE_SIZE_MAX} bytes, what one array of the engine may span`;
  }
  return undefined;
}

export function pageSizeFor(zoneSize: number): number {
  return zoneSize < SMALL_ZONE ? SMALL_PAGE : LARGE_PAGE;
}

/** Slot sizes for a page: page/n, rounded down to 8 bytes, thinned to even steps. */
export function slotSizesFor(pageSize: number): number[] {
  const step = pageSize < LARGE_PAGE ? SMALL_STEP : LARGE_STEP;
  const sizes: number[] = [];
  let size = pageSize / CHUNKS_PER_PAGE;
  while (size >= SLOT_SIZE_MIN) {
    sizes.push(size);
    let count = Math.floor(pageSize / size) + 1;
    let next = Math.floor(pageSize / count / 8) * 8;
    while (next >= size) next = Math.floor(pageSize / ++count / 8) * 8;
    for (;;) {
      const candidate = Math.floor(pageSize / ++count / 8) * 8;
      if (candidate < size * step) break;
      next = candidate;
    }
    size = next;
  }
  return sizes.reverse();
}

/** Lays out a zone of `zoneSize` bytes, metadata included. A zone keeps its page size for life. */
export function layoutFor(
  size: number,
  databaseCount: number,
  windowSize: number,
  pageSize = pageSizeFor(size),
): Layout {
  const zoneSize = Math.floor(size / 8) * 8;
  assert(zoneSizeFault(zoneSize, pageSize) === undefined);
  assert(databaseCount >= 1 && databaseCount <= 4096);
  const chunkSize = pageSize / CHUNKS_PER_PAGE;
  const entrySizes = slotSizesFor(pageSize);
  // Chunks have a class of their own: they carry no header, their pages name their holders.
  const slotSizes = [...entrySizes, chunkSize];
  const chunkClass = slotSizes.length - 1;
  const classOfUnits = new Uint8Array(chunkSize / 8 + 1);
  let sizeClass = 0;
  for (let units = 0; units < classOfUnits.length; units++) {
    while (entrySizes[sizeClass] < units * 8) sizeClass++;
    classOfUnits[units] = sizeClass;
  }

  const bucketBits = Math.max(8, Math.floor(Math.log2(zoneSize / BYTES_PER_BUCKET)));
  const bucketCount = 2 ** bucketBits;
  const blockCount = bucketCount >>> BLOCK_SHIFT;
  const superblockCount = Math.max(1, blockCount >>> SUPERBLOCK_SHIFT);
  const fixedWords =
    chunkSize / 4 +
    H_LISTS +
    LIST_COUNT * LIST_WORDS +
    slotSizes.length * CLASS_WORDS +
    databaseCount * DATABASE_WORDS +
    superblockCount +
    blockCount +
    bucketCount;
  const perPage = pageSize + (DESCRIPTOR_WORDS + 1) * 4;
  const pageCount = Math.floor((zoneSize - fixedWords * 4 - 64) / perPage);
  assert(pageCount >= PAGES_MIN / 2);

  const scratch = (windowSize + pageCount * pageSize) / 8;
  const header = scratch * 2 + chunkSize / 4;
  const lists = header + H_LISTS;
  const classes = lists + LIST_COUNT * LIST_WORDS;
  const databases = classes + slotSizes.length * CLASS_WORDS;
  const pageTable = databases + databaseCount * DATABASE_WORDS;
  const deadlineDirectory = pageTable + pageCount * DESCRIPTOR_WORDS;
  const superblocks = deadlineDirectory + pageCount;
  const blocks = superblocks + superblockCount;
  const buckets = blocks + blockCount;
  assert((buckets + bucketCount) * 4 <= windowSize + zoneSize); // The drawing above, as arithmetic.

  return {
    zoneSize,
    windowSize,
    pageSize,
    pageShift: Math.log2(pageSize) - 3,
    pageCount,
    firstPage: windowSize / 8,
    chunkSize,
    chunkShift: Math.log2(chunkSize),
    slotSizes,
    classOfUnits,
    chunkClass,
    databaseCount,
    bucketBits,
    bucketShift: 32 - bucketBits,
    blockCount,
    scratch,
    header,
    lists,
    classes,
    databases,
    pageTable,
    deadlineDirectory,
    superblocks,
    blocks,
    buckets,
  };
}
