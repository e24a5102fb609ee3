/**
 * Entries: who is in a zone, how they leave, and how they move.
 *
 * Every entry is in four places at once: a slot holds it, a bucket chain names it, a recency list
 * orders it, and the heap of deadlines when it has one. This class owns the four and keeps them
 * agreed. It finds no room and writes no content: room.ts and shaping.ts do, on top of it, and
 * zone.ts is what others see.
 *
 * `onRemove` is called for every entry that leaves, with the cause, while it can still be read.
 */

import { copyBytes } from '../std/bytes.ts';
import type { Random } from '../std/random.ts';
import { Arena } from './arena.ts';
import { Content } from './content.ts';
import { Deadlines } from './deadline.ts';
import {
  annexAt,
  annexSizeOf,
  CHUNKED,
  DATABASE_SHIFT,
  databaseOf,
  E_HASH,
  E_KEY,
  E_META,
  ENCODING_SHIFT,
  isVolatile,
  KEY_IDENTITY,
  keyAt,
  keySizeOf,
  LONG_KEY,
  PINNED,
  TYPE_MASK,
} from './entry.ts';
import {
  C_LIVE_VOLATILE,
  CLASS_WORDS,
  DATABASE_WORDS,
  DB_ENTRIES,
  DB_VOLATILE,
  type Layout,
  layoutFor,
} from './layout.ts';
import { type Policy, Recency } from './recency.ts';
import { RETIRED_COUNT, Retired } from './retired.ts';
import { Slab } from './slab.ts';
import { Table } from './table.ts';

/** Why an entry left. */
export const EVICTED = 0;
export const EXPIRED = 1;
export const DELETED = 2;
export const FLUSHED = 3;
export type Cause = typeof EVICTED | typeof EXPIRED | typeof DELETED | typeof FLUSHED;

/** Chunks from which on an entry is not freed at once: that would take half a millisecond. */
const RETIRED_CHUNKS = 4096;

export interface EntriesOptions {
  readonly name: string;
  /** Bytes, all included but the windows. */
  readonly size: number;
  readonly databases?: number;
  /** Bytes of a page: what fits its size if nothing else is said. */
  readonly pageSize?: number;
  readonly policy?: Policy;
  readonly random: Random;
  /** Bytes for windows in front of the zone; see arena.ts. */
  readonly windowSize?: number;
  /** Puts the zone in a SharedArrayBuffer: 15-25 % slower, and visible to other threads. */
  readonly shared?: boolean;
}

export interface ZoneCounts {
  /** Live entries evicted for space. */
  evicted: number;
  expired: number;
  deleted: number;
  /** Writes that evicted at least one live entry, and writes refused for want of space. */
  forced: number;
  refused: number;
}

export class Entries {
  readonly name: string;
  arena: Arena;
  layout: Layout;
  readonly slab: Slab;
  readonly content: Content;
  readonly table: Table;
  readonly deadlines: Deadlines;
  readonly recency: Recency;
  readonly random: Random;
  readonly counts: ZoneCounts = { evicted: 0, expired: 0, deleted: 0, forced: 0, refused: 0 };
  /** Times any entry may have moved or gone. */
  moves = 0;
  /** Entry that making room must not evict; follows the entry when it moves. */
  spared = 0;
  /** What is gone and not freed yet. */
  readonly retired: Retired;
  /** Whether all that goes is freed at once: while room is made. */
  freesAtOnce = false;
  /** Unix milliseconds, as of the last tick. */
  now = 0;
  /** What is due by then has expired: now, or nothing at all. */
  dueBy = 0;
  #heedsDeadlines = true;
  /** Called for each entry that leaves, before it does. It may remove others, but not write. */
  onRemove: ((entry: number, cause: Cause) => void) | undefined = undefined;
  /** Entries evicted since the last call of takeForced(). */
  #evictedNow = 0;

  constructor(options: EntriesOptions) {
    const { name, size, databases = 16, random, windowSize = 64, shared = false } = options;
    const { pageSize } = options;
    this.name = name;
    this.random = random;
    this.layout = layoutFor(size, databases + RETIRED_COUNT, windowSize, pageSize);
    this.arena = new Arena(this.layout.zoneSize, windowSize, shared);
    this.slab = new Slab(this.arena, this.layout);
    this.content = new Content(this.arena, this.layout, this.slab);
    this.table = new Table(this.arena, this.layout, this.content);
    this.deadlines = new Deadlines(this.arena, this.layout, this.slab);
    this.recency = new Recency(this.arena, this.layout, this.deadlines, this.table, random);
    this.retired = new Retired(this, databases);
    this.slab.format();
    if (options.policy !== undefined) this.recency.setPolicy(options.policy);
  }

  /** Goes on in another arena, which holds the same pages. */
  adopt(arena: Arena, layout: Layout): void {
    this.arena = arena;
    this.layout = layout;
    for (const part of [this.slab, this.content, this.table, this.deadlines, this.recency]) {
      part.arena = arena;
      part.layout = layout;
    }
    this.slab.pageLimit = layout.pageCount;
  }

  /** Tells the zone the time: deadlines are judged and uses are stamped by it. */
  tick(now: number): void {
    if (now === this.now) return;
    this.now = now;
    if (this.#heedsDeadlines) this.dueBy = now;
    this.recency.tick(now);
  }

  /** Whether entries expire: not while what happened before is done again. */
  set heedsDeadlines(heeds: boolean) {
    this.#heedsDeadlines = heeds;
    this.dueBy = heeds ? this.now : Number.NEGATIVE_INFINITY;
  }

  type(entry: number): number {
    return this.arena.i32[entry * 2 + E_META] & TYPE_MASK;
  }

  encoding(entry: number): number {
    return (this.arena.i32[entry * 2 + E_KEY] >>> ENCODING_SHIFT) & 15;
  }

  setEncoding(entry: number, encoding: number): void {
    const { i32 } = this.arena;
    const word = entry * 2 + E_KEY;
    i32[word] = (i32[word] & KEY_IDENTITY) | (encoding << ENCODING_SHIFT);
  }

  database(entry: number): number {
    return databaseOf(this.arena.i32, entry);
  }

  hash(entry: number): number {
    return this.arena.i32[entry * 2 + E_HASH];
  }

  keySize(entry: number): number {
    return keySizeOf(this.arena.i32, entry);
  }

  /** Copies the key of an entry to target[at…). */
  readKey(entry: number, target: Uint8Array, at: number): void {
    const { i32, u8 } = this.arena;
    if ((i32[entry * 2 + E_META] & LONG_KEY) !== 0) {
      this.content.readLongKey(entry, target, at);
      return;
    }
    const from = keyAt(i32, entry);
    copyBytes(target, at, u8, from, from + keySizeOf(i32, entry));
  }

  /** A fresh copy of the key. */
  key(entry: number): Uint8Array {
    const bytes = new Uint8Array(this.keySize(entry));
    this.readKey(entry, bytes, 0);
    return bytes;
  }

  /** Byte position of a key that lies in its slot, or -1 for a long one. */
  keyAt(entry: number): number {
    const { i32 } = this.arena;
    return (i32[entry * 2 + E_META] & LONG_KEY) !== 0 ? -1 : keyAt(i32, entry);
  }

  isVolatile(entry: number): boolean {
    return isVolatile(this.arena.i32, entry);
  }

  /** Unix milliseconds at which the entry expires, or -1 when it does not. */
  deadline(entry: number): number {
    return isVolatile(this.arena.i32, entry) ? this.deadlines.of(entry) : -1;
  }

  isExpired(entry: number): boolean {
    return isVolatile(this.arena.i32, entry) && this.deadlines.isDue(entry, this.dueBy);
  }

  /** Makes an entry live until it is removed. */
  clearDeadline(entry: number): void {
    if (!isVolatile(this.arena.i32, entry)) return;
    if (this.recency.onlyVolatile) this.recency.remove(entry);
    this.countVolatile(entry, -1);
    this.deadlines.remove(entry);
    if (this.recency.onlyVolatile) this.recency.reinsert(entry);
  }

  enterDeadline(entry: number, deadline: number): void {
    if (this.recency.onlyVolatile) this.recency.remove(entry);
    this.deadlines.set(entry, deadline);
    this.countVolatile(entry, 1);
    if (this.recency.onlyVolatile) this.recency.reinsert(entry);
  }

  /** Counts an entry's slots among those with a deadline. */
  countVolatile(entry: number, change: number): void {
    const { i32 } = this.arena;
    const { classes, databases, chunkClass } = this.layout;
    i32[databases + databaseOf(i32, entry) * DATABASE_WORDS + DB_VOLATILE] += change;
    i32[classes + this.slab.classOf(entry) * CLASS_WORDS + C_LIVE_VOLATILE] += change;
    if ((i32[entry * 2 + E_META] & CHUNKED) !== 0) {
      const chunks = this.content.chunkCount(entry) + this.content.listCount(entry);
      i32[classes + chunkClass * CLASS_WORDS + C_LIVE_VOLATILE] += change * chunks;
    }
  }

  /** Removes the entry that expired first, if any has. */
  expireOne(): boolean {
    const entry = this.deadlines.first();
    if (entry === 0 || this.deadlines.of(entry) > this.dueBy) return false;
    this.remove(entry, EXPIRED);
    return true;
  }

  annexSize(entry: number): number {
    return annexSizeOf(this.arena.i32, entry);
  }

  /** Word index of the annex's first word. */
  annexWord(entry: number): number {
    return (annexAt(this.arena.i32, entry) >>> 2) + 1;
  }

  isPinned(entry: number): boolean {
    return (this.arena.i32[entry * 2 + E_META] & PINNED) !== 0;
  }

  /** Keeps an entry from being evicted while anything else can be, or no longer. */
  setPinned(entry: number, pinned: boolean): void {
    if (this.isPinned(entry) === pinned) return;
    this.recency.remove(entry);
    this.arena.i32[entry * 2 + E_META] ^= PINNED;
    this.recency.reinsert(entry);
  }

  /** Counts a use: moves the entry in the eviction order as the policy says. */
  touch(entry: number): void {
    this.recency.touch(entry);
  }

  /** Moves an entry to another database of the zone under the same key, which must be free there. */
  moveToDatabase(entry: number, database: number): void {
    const { i32 } = this.arena;
    const from = databaseOf(i32, entry);
    this.table.unlink(entry);
    const change = Math.imul(from, 0x9e3779b1) ^ Math.imul(database, 0x9e3779b1);
    i32[entry * 2 + E_HASH] ^= change;
    i32[entry * 2 + E_KEY] =
      (i32[entry * 2 + E_KEY] & ((1 << DATABASE_SHIFT) - 1)) | (database << DATABASE_SHIFT);
    this.table.link(entry);
    const { databases } = this.layout;
    i32[databases + from * DATABASE_WORDS + DB_ENTRIES]--;
    i32[databases + database * DATABASE_WORDS + DB_ENTRIES]++;
    if (isVolatile(i32, entry)) {
      i32[databases + from * DATABASE_WORDS + DB_VOLATILE]--;
      i32[databases + database * DATABASE_WORDS + DB_VOLATILE]++;
    }
  }

  /** Takes an entry out. A large one is only retired, if nobody waits for its room. */
  remove(entry: number, cause: Cause): void {
    this.#take(entry, cause, RETIRED_CHUNKS);
  }

  /** As remove(), and what has chunks at all is retired. */
  unlink(entry: number, cause: Cause): void {
    this.#take(entry, cause, 1);
  }

  #take(entry: number, cause: Cause, chunks: number): void {
    if (this.table.guard !== undefined) this.table.beforeChange(this.hash(entry));
    this.onRemove?.(entry, cause);
    if (entry === this.spared) this.spared = 0;
    if (cause === EXPIRED) this.counts.expired++;
    else if (cause === EVICTED) this.counts.evicted++;
    else this.counts.deleted++;
    this.moves++;
    const isLarge = this.content.chunkCount(entry) >= chunks && this.annexSize(entry) === 0;
    if (isLarge && !this.freesAtOnce) {
      this.clearDeadline(entry);
      this.retired.addEntry(entry);
      return;
    }
    this.recency.remove(entry);
    this.discard(entry);
  }

  /** Takes an entry that is in no recency list out of all else. */
  discard(entry: number): void {
    if (this.table.guard !== undefined) this.table.beforeChange(this.hash(entry));
    if (isVolatile(this.arena.i32, entry)) {
      this.countVolatile(entry, -1);
      this.deadlines.remove(entry);
    }
    this.table.unlink(entry);
    this.countEntry(entry, -1);
    this.content.releaseChunks(entry);
    this.slab.release(entry);
  }

  evict(entry: number): void {
    this.#evictedNow++;
    this.remove(entry, EVICTED);
    this.recency.evicted();
  }

  /** Live entries evicted since the last call: what `forcible` counts. */
  takeForced(): number {
    const count = this.#evictedNow;
    this.#evictedNow = 0;
    return count;
  }

  /** Keys of a database, those past their deadline included. */
  entryCount(database: number): number {
    return this.arena.i32[this.layout.databases + database * DATABASE_WORDS + DB_ENTRIES];
  }

  /** Keys of a database that have a deadline. */
  volatileCount(database: number): number {
    return this.arena.i32[this.layout.databases + database * DATABASE_WORDS + DB_VOLATILE];
  }

  /** Bytes in use: pages taken by data, and the metadata. */
  get usedSize(): number {
    return this.slab.usedPages() * this.layout.pageSize + this.overheadSize;
  }

  /** Bytes that describe pages and hold buckets. */
  get overheadSize(): number {
    return this.layout.zoneSize - this.layout.pageCount * this.layout.pageSize;
  }

  /** Bytes in slots and places of deadlines that hold something. */
  get takenSize(): number {
    return this.slab.takenSize() + this.deadlines.takenSize;
  }

  /**
   * Bytes of metadata that a zone of any size has. What grows with the size belongs to the pages:
   * the figure for an empty zone is the same for a large one.
   */
  get fixedSize(): number {
    const { pageTable, scratch } = this.layout;
    return pageTable * 4 - scratch * 8;
  }

  /** `size` bytes of pages with their share of the other metadata. */
  withShare(size: number): number {
    const { zoneSize, pageCount, pageSize } = this.layout;
    return Math.floor((size * (zoneSize - this.fixedSize)) / (pageCount * pageSize));
  }

  get size(): number {
    return this.layout.zoneSize;
  }

  /** Bytes an entry takes: its slot and its chunks. */
  sizeOf(entry: number): number {
    const chunks = this.content.chunkCount(entry) + this.content.listCount(entry);
    const own = this.slab.slotSize(this.slab.classOf(entry)) + chunks * this.layout.chunkSize;
    return own + (this.isVolatile(entry) ? 12 : 0);
  }

  /** Copies an entry to another slot of its class and tells all who point to it. */
  moveEntry(from: number, to: number): void {
    const { i32 } = this.arena;
    i32.copyWithin(to * 2, from * 2, from * 2 + this.slab.slotSize(this.slab.classOf(from)) / 4);
    this.table.moved(from, to);
    this.recency.moved(from, to);
    if (isVolatile(i32, to)) this.deadlines.moved(to);
    if ((i32[to * 2 + E_META] & CHUNKED) !== 0) this.content.adoptChunks(to);
    if (this.spared === from) this.spared = to;
  }

  /** Makes a filled-in slot an entry of the zone. */
  enter(entry: number): void {
    this.table.link(entry);
    this.recency.insert(entry);
    this.countEntry(entry, 1);
  }

  /** Counts an entry in its database. */
  countEntry(entry: number, change: number): void {
    const { i32 } = this.arena;
    i32[this.layout.databases + databaseOf(i32, entry) * DATABASE_WORDS + DB_ENTRIES] += change;
  }
}
