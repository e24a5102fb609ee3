/**
 * A zone: a fixed block of memory that stores entries.
 *
 * The public face of this folder. What the parts know:
 *
 *   layout ─ where everything is          table ─── key → entry
 *   arena ── the bytes                    recency ─ who would go
 *   slab ─── slots and chunks             deadlines  who expires next
 *   content  the bytes of one entry       room ──── making place before a write
 *
 * An entry is named by its offset. Offsets stay good until something is written: `moves` counts the
 * times any entry may have moved or gone, so a caller that wrote compares it and finds again.
 *
 * A zone knows nothing of types but that strings need no alignment, and nothing of databases but
 * their numbers. It calls `onRemove` for every entry that leaves, with the cause, while the entry
 * can still be read.
 */

import { copyBytes } from '../std/bytes.ts';
import { KeyedHash } from '../std/hash.ts';
import type { Random } from '../std/random.ts';
import { Arena } from './arena.ts';
import { Content } from './content.ts';
import { Deadlines } from './deadline.ts';
import {
  annexAt,
  annexSizeOf,
  CHUNKED,
  contentAt,
  DATABASE_SHIFT,
  databaseOf,
  E_HASH,
  E_KEY,
  E_META,
  E_PLACE,
  E_SIZE,
  ENCODING_SHIFT,
  fixedSizeOf,
  isVolatile,
  KEY_IDENTITY,
  keyAt,
  keySizeOf,
  LONG_KEY,
  LONG_KEY_SIZE,
  PINNED,
  TIMED,
  TYPE_MASK,
  TYPE_STRING,
} from './entry.ts';
import {
  C_LIVE,
  C_LIVE_VOLATILE,
  C_PAGES,
  C_PARTIAL,
  CLASS_WORDS,
  DATABASE_WORDS,
  DB_ENTRIES,
  DB_VOLATILE,
  H_DEADLINE_PAGES,
  H_DEADLINES,
  H_PAGES_FREE,
  H_PAGES_FREE_COUNT,
  H_PAGES_FRESH,
  type Layout,
  LIST_COUNT,
  LIST_WORDS,
  layoutFor,
} from './layout.ts';
import { type Policy, Recency } from './recency.ts';
import { Room } from './room.ts';
import { fixedSizeFor, Shaping } from './shaping.ts';
import { Slab } from './slab.ts';
import { Table } from './table.ts';

/** Why an entry left. */
export const EVICTED = 0;
export const EXPIRED = 1;
export const DELETED = 2;
export const FLUSHED = 3;
export type Cause = typeof EVICTED | typeof EXPIRED | typeof DELETED | typeof FLUSHED;

export interface ZoneOptions {
  readonly name: string;
  /** Bytes, all included but the windows. */
  readonly size: number;
  readonly databases?: number;
  readonly policy?: Policy;
  readonly random: Random;
  /** 16 bytes that nobody outside knows: keys the hash. */
  readonly seed: Uint8Array;
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

const KEY_SIZE_SHARE = 4; // A key longer than a quarter of a chunk lies in chunks.

export class Zone {
  readonly name: string;
  arena: Arena;
  layout: Layout;
  readonly slab: Slab;
  readonly content: Content;
  readonly table: Table;
  readonly deadlines: Deadlines;
  readonly recency: Recency;
  readonly room: Room;
  readonly random: Random;
  readonly counts: ZoneCounts = { evicted: 0, expired: 0, deleted: 0, forced: 0, refused: 0 };
  /** Times any entry may have moved or gone. */
  moves = 0;
  /** Entry that making room must not evict; follows the entry when it moves. */
  spared = 0;
  /** Unix milliseconds, as of the last tick. */
  now = 0;
  /** Called for each entry that leaves, before it does. It may remove others, but not write. */
  onRemove: ((entry: number, cause: Cause) => void) | undefined = undefined;
  /** Called after the zone moved to another arena. */
  onResize: (() => void) | undefined = undefined;
  /** Entries evicted since the last call of takeForced(). */
  #evictedNow = 0;
  readonly #hash: KeyedHash;
  readonly #shaping: Shaping;

  constructor(options: ZoneOptions) {
    const { name, size, databases = 16, random, seed, windowSize = 64, shared = false } = options;
    this.name = name;
    this.random = random;
    this.#hash = new KeyedHash(seed);
    this.layout = layoutFor(size, databases, windowSize);
    this.arena = new Arena(size, windowSize, shared);
    this.slab = new Slab(this.arena, this.layout);
    this.content = new Content(this.arena, this.layout, this.slab);
    this.table = new Table(this.arena, this.layout, this.content);
    this.deadlines = new Deadlines(this.arena, this.layout, this.slab);
    this.recency = new Recency(this.arena, this.layout, this.deadlines, this.table, random);
    this.room = new Room(this);
    this.#shaping = new Shaping(this);
    this.slab.format();
    if (options.policy !== undefined) this.recency.setPolicy(options.policy);
  }

  /** Tells the zone the time: deadlines are judged and uses are stamped by it. */
  tick(now: number): void {
    if (now === this.now) return;
    this.now = now;
    this.recency.tick(now);
  }

  // ── Finding ───────────────────────────────────────────────────────────────────────────────────

  hashOf(database: number, bytes: Uint8Array, start: number, end: number): number {
    return this.#hash.hash(bytes, start, end) ^ Math.imul(database, 0x9e3779b1);
  }

  /** Entry of a key whether or not it has expired, or 0. Does not count as a use. */
  find(database: number, hash: number, bytes: Uint8Array, start: number, end: number): number {
    return this.table.find(hash, this.identity(database, end - start), bytes, start, end);
  }

  /** The next entry behind `entry` in its chain that has the same database and this key, or 0. */
  findAfter(entry: number, bytes: Uint8Array, start: number, end: number): number {
    return this.table.findAfter(entry, bytes, start, end);
  }

  /** The key word of an entry, encoding 0: what must be equal for two keys to be. */
  identity(database: number, keySize: number): number {
    const size = keySize > this.#keySizeMax() ? LONG_KEY_SIZE : keySize;
    return size | (database << DATABASE_SHIFT);
  }

  #keySizeMax(): number {
    return this.layout.chunkSize / KEY_SIZE_SHARE;
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

  // ── Deadlines ─────────────────────────────────────────────────────────────────────────────────

  isVolatile(entry: number): boolean {
    return isVolatile(this.arena.i32, entry);
  }

  /** Unix milliseconds at which the entry expires, or -1 when it does not. */
  deadline(entry: number): number {
    return isVolatile(this.arena.i32, entry) ? this.deadlines.of(entry) : -1;
  }

  isExpired(entry: number): boolean {
    return isVolatile(this.arena.i32, entry) && this.deadlines.of(entry) <= this.now;
  }

  /** Sets when an entry expires. Its offset afterwards, or 0 when there is no room (no change). */
  setDeadline(entry: number, deadline: number): number {
    const { i32 } = this.arena;
    if (isVolatile(i32, entry)) {
      this.deadlines.set(entry, deadline);
      return entry;
    }
    const isReady = (i32[entry * 2 + E_META] & TIMED) !== 0 && this.deadlines.pagesFor(1) === 0;
    const total = i32[entry * 2 + E_SIZE] >>> 0;
    const annexSize = annexSizeOf(i32, entry);
    const target = isReady
      ? entry
      : this.#shaping.reshape(entry, this.type(entry), true, total, annexSize, 1, true);
    if (target !== 0) this.#enterDeadline(target, deadline);
    return target;
  }

  /** Makes an entry live until it is removed. */
  clearDeadline(entry: number): void {
    if (!isVolatile(this.arena.i32, entry)) return;
    if (this.recency.onlyVolatile) this.recency.remove(entry);
    this.countVolatile(entry, -1);
    this.deadlines.remove(entry);
    if (this.recency.onlyVolatile) this.recency.reinsert(entry);
  }

  #enterDeadline(entry: number, deadline: number): void {
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
    if (entry === 0 || this.deadlines.of(entry) > this.now) return false;
    this.remove(entry, EXPIRED);
    return true;
  }

  // ── Writing ───────────────────────────────────────────────────────────────────────────────────

  /**
   * Makes an entry for a key with `size` bytes of content, not cleared, in place of what `existing`
   * (the key's entry, or 0) held. Deadline, annex and place in the eviction order of an existing
   * entry stay. With `timed`, the entry has room for a deadline and a place is free for it.
   * Answers the entry's offset, or 0 when there is no room and nothing has changed.
   */
  put(
    existing: number,
    database: number,
    hash: number,
    bytes: Uint8Array,
    start: number,
    end: number,
    type: number,
    size: number,
    timed: boolean,
  ): number {
    const { i32 } = this.arena;
    const { content, slab } = this;
    if (existing !== 0) {
      const meta = i32[existing * 2 + E_META];
      // In place: same slot class, same header, nothing in chunks.
      if (
        (meta & (CHUNKED | LONG_KEY)) === 0 &&
        (!timed || ((meta & TIMED) !== 0 && this.#hasPlaceFor(existing)))
      ) {
        const fixed = fixedSizeOf(i32, existing);
        const used = (type === TYPE_STRING ? fixed : (fixed + 7) & ~7) + size;
        if (
          used <= this.layout.chunkSize &&
          this.layout.classOfUnits[(used + 7) >>> 3] === slab.classOf(existing)
        ) {
          i32[existing * 2 + E_META] = (meta & ~TYPE_MASK) | type;
          i32[existing * 2 + E_KEY] &= KEY_IDENTITY;
          i32[existing * 2 + E_SIZE] = size;
          return existing;
        }
      }
      const entry = this.#renew(existing, type, size, timed);
      if (entry !== 0 || !this.#shaping.isGone) return entry;
    }

    const keySize = end - start;
    const isLong = keySize > this.#keySizeMax();
    const total = isLong ? size + content.paddedKeySize(keySize) : size;
    content.shapeFor(this.#fixedSize(timed, keySize, isLong), type !== TYPE_STRING, total);
    const { shapeSize, shapeChunks, shapeLists } = content;
    this.room.begin();
    if (!content.shapeFits) return this.room.refuse();
    const sizeClass = slab.classFor(shapeSize);
    if (!this.room.takeOne(sizeClass, shapeChunks + shapeLists, timed ? 1 : 0)) return 0;

    const entry = slab.acquire(sizeClass);
    const word = entry * 2;
    i32[word + E_HASH] = hash;
    i32[word + E_META] =
      type | (timed ? TIMED : 0) | (isLong ? LONG_KEY : 0) | (shapeChunks > 0 ? CHUNKED : 0);
    i32[word + E_KEY] = this.identity(database, keySize);
    i32[word + E_SIZE] = total;
    if (timed) i32[word + E_PLACE] = 0;
    if (isLong) i32[keyAt(i32, entry) >>> 2] = keySize;
    else copyBytes(this.arena.u8, keyAt(i32, entry), bytes, start, end);
    if (shapeChunks > 0) this.#acquireChunks(entry, shapeChunks, shapeLists);
    if (isLong) content.writeLongKey(entry, bytes, start, end);
    this.#enter(entry);
    return entry;
  }

  /** Whether a deadline can be set without asking for room. The header must have room for it. */
  #hasPlaceFor(entry: number): boolean {
    return isVolatile(this.arena.i32, entry) || this.deadlines.pagesFor(1) === 0;
  }

  /** As put() for a key that exists and can't be overwritten where it is. */
  #renew(existing: number, type: number, size: number, timed: boolean): number {
    const { i32 } = this.arena;
    const wasVolatile = isVolatile(i32, existing);
    const total = size + this.content.startOf(existing);
    const annexSize = annexSizeOf(i32, existing);
    const deadlines = timed && !wasVolatile ? 1 : 0;
    const isTimed = timed || wasVolatile;
    const entry = this.#shaping.reshape(
      existing,
      type,
      isTimed,
      total,
      annexSize,
      deadlines,
      false,
    );
    if (entry !== 0) this.setEncoding(entry, 0);
    return entry;
  }

  /**
   * Changes the size of an entry's value. Bytes up to the smaller size stay, new ones are zero.
   * Answers the entry's offset, or 0 when there is no room and nothing has changed.
   */
  resize(entry: number, size: number): number {
    const { i32 } = this.arena;
    const old = this.content.size(entry);
    const isTimed = (i32[entry * 2 + E_META] & TIMED) !== 0;
    const total = size + this.content.startOf(entry);
    const annexSize = annexSizeOf(i32, entry);
    const type = this.type(entry);
    const target = this.#shaping.reshape(entry, type, isTimed, total, annexSize, 0, true);
    if (target !== 0 && size > old) this.content.clear(target, old, size - old);
    return target;
  }

  /**
   * Gives an entry an annex of `count` words, not cleared, or none with 0. Answers the entry's
   * offset, or 0 when there is no room and nothing has changed.
   */
  setAnnexSize(entry: number, count: number): number {
    const { i32 } = this.arena;
    const isTimed = (i32[entry * 2 + E_META] & TIMED) !== 0;
    const total = i32[entry * 2 + E_SIZE] >>> 0;
    return this.#shaping.reshape(entry, this.type(entry), isTimed, total, count, 0, true);
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

  /** Adds what put() of a key that does not exist would take to the request room is asked for. */
  addPut(keySize: number, type: number, size: number): void {
    const { content, room } = this;
    const isLong = keySize > this.#keySizeMax();
    const total = isLong ? size + content.paddedKeySize(keySize) : size;
    content.shapeFor(this.#fixedSize(false, keySize, isLong), type !== TYPE_STRING, total);
    room.addSlot(content.shapeSize);
    room.addChunks(content.shapeChunks + content.shapeLists);
  }

  /** Counts a use: moves the entry in the eviction order as the policy says. */
  touch(entry: number): void {
    this.recency.touch(entry);
  }

  /** Takes an entry out. */
  remove(entry: number, cause: Cause): void {
    this.onRemove?.(entry, cause);
    if (entry === this.spared) this.spared = 0;
    if (cause === EXPIRED) this.counts.expired++;
    else if (cause === EVICTED) this.counts.evicted++;
    else this.counts.deleted++;
    this.moves++;
    this.recency.remove(entry);
    this.#discard(entry);
  }

  /** Takes an entry that is in no recency list out of all else. */
  #discard(entry: number): void {
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
  }

  /** Live entries evicted since the last call: what `forcible` counts. */
  takeForced(): number {
    const count = this.#evictedNow;
    this.#evictedNow = 0;
    return count;
  }

  /**
   * Gives an entry another key, content and deadline kept, annex and pin not. One that has the new
   * key already comes to lie behind this one (see findAfter). Chunks are handed over, unless one of
   * the keys is long: then everything is copied first. Answers the entry's offset, or 0 when there
   * is no room and nothing has changed.
   */
  rename(
    entry: number,
    database: number,
    hash: number,
    bytes: Uint8Array,
    start: number,
    end: number,
  ): number {
    const isLong = (this.arena.i32[entry * 2 + E_META] & LONG_KEY) !== 0;
    if (!isLong && end - start <= this.#keySizeMax()) {
      return this.#shaping.rename(entry, database, hash, bytes, start, end);
    }
    const copy = this.copy(entry, database, hash, bytes, start, end);
    if (copy === 0) return 0;
    const original = this.#copiedFrom;
    this.onRemove?.(original, DELETED);
    this.setPinned(original, false);
    this.recency.inherit(original, copy);
    this.#discard(original);
    return copy;
  }

  /** Where the entry copied last lies now. */
  #copiedFrom = 0;

  /** Copies an entry to a key that must not exist: type, content and deadline. 0: no room. */
  copy(
    entry: number,
    database: number,
    hash: number,
    bytes: Uint8Array,
    start: number,
    end: number,
  ): number {
    const { content } = this;
    const size = content.size(entry);
    const timed = this.isVolatile(entry);
    const type = this.type(entry);
    const encoding = this.encoding(entry);
    // Two entries must survive making room: the source is spared, the target does not exist yet.
    const target = this.#putBeside(entry, database, hash, bytes, start, end, type, size, timed);
    if (target === 0) return 0;
    const source = this.#copiedFrom;
    for (let done = 0; done < size; ) {
      const from = content.at(source, done);
      const to = content.at(target, done);
      const run = Math.min(content.runAt(source, done), content.runAt(target, done));
      this.arena.u8.copyWithin(to, from, from + run);
      done += run;
    }
    this.setEncoding(target, encoding);
    if (timed) this.#enterDeadline(target, this.deadlines.of(source));
    return target;
  }

  #putBeside(
    beside: number,
    database: number,
    hash: number,
    bytes: Uint8Array,
    start: number,
    end: number,
    type: number,
    size: number,
    timed: boolean,
  ): number {
    const { content, slab } = this;
    const keySize = end - start;
    const isLong = keySize > this.#keySizeMax();
    const total = isLong ? size + content.paddedKeySize(keySize) : size;
    content.shapeFor(this.#fixedSize(timed, keySize, isLong), type !== TYPE_STRING, total);
    this.room.begin();
    if (!content.shapeFits) return this.room.refuse();
    const sizeClass = slab.classFor(content.shapeSize);
    this.spared = beside;
    const chunks = content.shapeChunks + content.shapeLists;
    const taken = this.room.takeOne(sizeClass, chunks, timed ? 1 : 0);
    this.#copiedFrom = this.spared;
    this.spared = 0;
    if (!taken || this.#copiedFrom === 0) return 0;
    return this.put(0, database, hash, bytes, start, end, type, size, timed);
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

  /** Removes everything, without visiting it. */
  clear(): void {
    const { i32 } = this.arena;
    const { layout } = this;
    this.counts.deleted += this.table.count;
    this.moves++;
    this.table.clear();
    i32.fill(0, layout.lists, layout.lists + LIST_COUNT * LIST_WORDS);
    for (let c = 0; c < layout.slotSizes.length; c++) {
      const word = layout.classes + c * CLASS_WORDS;
      i32[word + C_PAGES] = 0;
      i32[word + C_LIVE] = 0;
      i32[word + C_LIVE_VOLATILE] = 0;
      i32[word + C_PARTIAL] = 0;
    }
    i32.fill(0, layout.databases, layout.pageTable);
    i32[layout.header + H_PAGES_FRESH] = 0;
    i32[layout.header + H_PAGES_FREE] = 0;
    i32[layout.header + H_PAGES_FREE_COUNT] = 0;
    i32[layout.header + H_DEADLINES] = 0;
    i32[layout.header + H_DEADLINE_PAGES] = 0;
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

  get size(): number {
    return this.layout.zoneSize;
  }

  /** Bytes an entry takes: its slot and its chunks. */
  sizeOf(entry: number): number {
    const chunks = this.content.chunkCount(entry) + this.content.listCount(entry);
    const own = this.slab.slotSize(this.slab.classOf(entry)) + chunks * this.layout.chunkSize;
    return own + (this.isVolatile(entry) ? 12 : 0);
  }

  // ── Moving ────────────────────────────────────────────────────────────────────────────────────

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

  /** Size in bytes of what comes before the content of a new entry. */
  #fixedSize(timed: boolean, keySize: number, isLong: boolean): number {
    return fixedSizeFor(timed, isLong ? 4 : keySize, 0);
  }

  /** Makes a filled-in slot an entry of the zone. */
  #enter(entry: number): void {
    this.table.link(entry);
    this.recency.insert(entry);
    this.countEntry(entry, 1);
  }

  /** Counts an entry in its database. */
  countEntry(entry: number, change: number): void {
    const { i32 } = this.arena;
    i32[this.layout.databases + databaseOf(i32, entry) * DATABASE_WORDS + DB_ENTRIES] += change;
  }

  /** Fills the list of chunks of a slot that has none yet. Room has been made. */
  #acquireChunks(entry: number, chunks: number, lists: number): void {
    const { i32 } = this.arena;
    const { chunkClass, chunkSize } = this.layout;
    const at = contentAt(i32, entry) >>> 2;
    i32[at] = chunks;
    const perList = chunkSize / 4;
    for (let i = 0; i < lists; i++) {
      const list = this.slab.acquire(chunkClass);
      this.slab.setOwner(list, entry);
      i32[at + 1 + i] = list;
    }
    for (let i = 0; i < chunks; i++) {
      const chunk = this.slab.acquire(chunkClass);
      const owner = lists === 0 ? entry : i32[at + 1 + Math.floor(i / perList)];
      this.slab.setOwner(chunk, owner);
      i32[this.content.chunkWord(entry, i)] = chunk;
    }
  }
}
