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
import { DELETED, Entries, type EntriesOptions } from './entries.ts';
import {
  ANNEX,
  alignedFor,
  annexAt,
  annexSizeOf,
  CHUNKED,
  DATABASE_SHIFT,
  E_HASH,
  E_KEY,
  E_META,
  E_NEWER,
  E_OLDER,
  E_PLACE,
  E_SIZE,
  fixedSizeOf,
  isVolatile,
  KEY_IDENTITY,
  keyAt,
  LONG_KEY,
  LONG_KEY_SIZE,
  TIMED,
  TYPE_MASK,
} from './entry.ts';
import {
  C_LIVE,
  C_LIVE_VOLATILE,
  C_PAGES,
  C_PARTIAL,
  CLASS_WORDS,
  H_DEADLINE_PAGES,
  H_DEADLINES,
  H_PAGES_FREE,
  H_PAGES_FREE_COUNT,
  H_PAGES_FRESH,
  LIST_COUNT,
  LIST_WORDS,
} from './layout.ts';
import { resizeZone } from './resize.ts';
import { Room } from './room.ts';
import { fixedSizeFor, Shaping } from './shaping.ts';

export { type Cause, DELETED, EVICTED, EXPIRED, FLUSHED } from './entries.ts';

export interface ZoneOptions extends EntriesOptions {
  /** 16 bytes that nobody outside knows: keys the hash. */
  readonly seed: Uint8Array;
}

/** Hashes warm() takes at once. */
export const WARM_COUNT_MAX = 16;
/** A cache line is 16 words: of a small entry this is on the second. */
const WARM_WORDS = 15;
const KEY_SIZE_SHIFT = 2; // A key longer than a quarter of a chunk lies in chunks.

export class Zone extends Entries {
  readonly room: Room;
  /** Called after the zone moved to another arena. */
  onResize: (() => void) | undefined = undefined;
  readonly #hash: KeyedHash;
  readonly #shaping: Shaping;
  /** Of warm(). */
  readonly #warmWords = new Int32Array(WARM_COUNT_MAX + 1);
  /** Where the entry spared by the last #insert() lies now. */
  #beside = 0;

  constructor(options: ZoneOptions) {
    super(options);
    this.#hash = new KeyedHash(options.seed);
    this.room = new Room(this);
    this.#shaping = new Shaping(this, this.room);
  }

  // ── Finding ───────────────────────────────────────────────────────────────────────────────────

  hashOf(database: number, bytes: Uint8Array, start: number, end: number): number {
    return this.#hash.hash(bytes, start, end) ^ Math.imul(database, 0x9e3779b1);
  }

  /**
   * Reads what looking up keys of these hashes, and using them, will read: each step for all of
   * them, so that the waits for memory are one.
   */
  warm(hashes: Int32Array, count: number): void {
    const { i32 } = this.arena;
    const words = this.#warmWords;
    this.warmEntries(hashes, count);
    let sum = 0;
    for (let i = 0; i < count; i++) {
      const word = words[i];
      if (word === 0) continue;
      sum ^= i32[i32[word + E_NEWER] * 2 + E_OLDER] ^ i32[i32[word + E_OLDER] * 2 + E_NEWER];
    }
    words[WARM_COUNT_MAX] = sum;
  }

  /** The same for looking up alone. */
  warmEntries(hashes: Int32Array, count: number): void {
    const { i32 } = this.arena;
    const { buckets, bucketShift } = this.layout;
    const words = this.#warmWords;
    for (let i = 0; i < count; i++) words[i] = i32[buckets + (hashes[i] >>> bucketShift)] * 2;
    // What is read must be of use, or the compiler may leave it out.
    let sum = 0;
    for (let i = 0; i < count; i++) sum ^= i32[words[i] + E_HASH] ^ i32[words[i] + WARM_WORDS];
    words[WARM_COUNT_MAX] = sum;
  }

  /** Entry of a key whether or not it has expired, or 0. Does not count as a use. */
  find(database: number, hash: number, bytes: Uint8Array, start: number, end: number): number {
    return this.table.find(hash, this.#identity(database, end - start), bytes, start, end);
  }

  /** The next entry behind `entry` in its chain that has the same database and this key, or 0. */
  findAfter(entry: number, bytes: Uint8Array, start: number, end: number): number {
    return this.table.findAfter(entry, bytes, start, end);
  }

  /** The key word of an entry, encoding 0: what must be equal for two keys to be. */
  #identity(database: number, keySize: number): number {
    const size = keySize > this.#keySizeMax() ? LONG_KEY_SIZE : keySize;
    return size | (database << DATABASE_SHIFT);
  }

  #keySizeMax(): number {
    return this.layout.chunkSize >>> KEY_SIZE_SHIFT;
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
    if (target !== 0) this.enterDeadline(target, deadline);
    return target;
  }

  // ── Writing ───────────────────────────────────────────────────────────────────────────────────

  /**
   * Makes an entry for a key with `size` bytes of content, not cleared, in place of what `existing`
   * (the key's entry, or 0) held. Deadline, annex and place in the eviction order of an existing
   * entry stay. With `timed`, the entry has room for a deadline and a place is free for it.
   * A new entry has an annex of `annexSize` words, not cleared. Answers the entry's offset, or 0
   * when there is no room and nothing has changed.
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
    annexSize = 0,
  ): number {
    const { i32 } = this.arena;
    const { slab } = this;
    if (existing !== 0) {
      const meta = i32[existing * 2 + E_META];
      // In place: same slot class, same header, nothing in chunks.
      if (
        (meta & (CHUNKED | LONG_KEY)) === 0 &&
        (!timed || ((meta & TIMED) !== 0 && this.#hasPlaceFor(existing)))
      ) {
        const fixed = fixedSizeOf(i32, existing);
        const used = alignedFor(type, fixed) + size;
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

    return this.#insert(0, database, hash, bytes, start, end, type, size, timed, annexSize);
  }

  /** Makes an entry for a new key. `beside` is an entry not to be evicted for it, or 0. */
  #insert(
    beside: number,
    database: number,
    hash: number,
    bytes: Uint8Array,
    start: number,
    end: number,
    type: number,
    size: number,
    timed: boolean,
    annexSize = 0,
  ): number {
    const { i32 } = this.arena;
    const { content, slab, room } = this;
    const keySize = end - start;
    const isLong = keySize > this.#keySizeMax();
    const total = isLong ? size + content.paddedKeySize(keySize) : size;
    const fixed = fixedSizeFor(timed, isLong ? 4 : keySize, annexSize);
    content.shapeFor(fixed, type, total);
    const { shapeSize, shapeChunks, shapeLists } = content;
    room.begin();
    if (!content.shapeFits) return room.refuse();
    const sizeClass = slab.classFor(shapeSize);
    this.spared = beside;
    const taken = room.takeOne(sizeClass, shapeChunks + shapeLists, timed ? 1 : 0);
    this.#beside = this.spared;
    this.spared = 0;
    if (!taken) return 0;
    if (beside !== 0 && this.#beside === 0) {
      room.giveBack();
      return 0;
    }

    const entry = slab.acquire(room.granted);
    const word = entry * 2;
    i32[word + E_HASH] = hash;
    i32[word + E_META] =
      type |
      (timed ? TIMED : 0) |
      (isLong ? LONG_KEY : 0) |
      (shapeChunks > 0 ? CHUNKED : 0) |
      (annexSize > 0 ? ANNEX : 0);
    i32[word + E_KEY] = this.#identity(database, keySize);
    i32[word + E_SIZE] = total;
    if (timed) i32[word + E_PLACE] = 0;
    if (isLong) i32[keyAt(i32, entry) >>> 2] = keySize;
    else copyBytes(this.arena.u8, keyAt(i32, entry), bytes, start, end);
    if (annexSize > 0) i32[annexAt(i32, entry) >>> 2] = annexSize;
    if (shapeChunks > 0) content.acquireChunks(entry, shapeChunks, shapeLists);
    if (isLong) content.writeLongKey(entry, bytes, start, end);
    this.enter(entry);
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
    const isTimed = (i32[entry * 2 + E_META] & TIMED) !== 0;
    const total = size + this.content.startOf(entry);
    const annexSize = annexSizeOf(i32, entry);
    const type = this.type(entry);
    const target = this.#shaping.reshape(entry, type, isTimed, total, annexSize, 0, true);
    if (target === 0) return 0;
    const kept = this.#shaping.carried - this.content.startOf(target);
    if (size > kept) this.content.clear(target, kept, size - kept);
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

  /** Adds what put() of a key that does not exist would take to the request room is asked for. */
  addPut(keySize: number, type: number, size: number): void {
    const { content, room } = this;
    const isLong = keySize > this.#keySizeMax();
    const total = isLong ? size + content.paddedKeySize(keySize) : size;
    content.shapeFor(this.#fixedSize(false, keySize, isLong), type, total);
    room.addSlot(content.shapeSize);
    room.addChunks(content.shapeChunks + content.shapeLists);
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
      const identity = this.#identity(database, end - start);
      return this.#shaping.rename(entry, identity, hash, bytes, start, end);
    }
    const copy = this.copy(entry, database, hash, bytes, start, end);
    if (copy === 0) return 0;
    const original = this.#beside;
    this.onRemove?.(original, DELETED);
    this.setPinned(original, false);
    this.recency.inherit(original, copy);
    this.discard(original);
    return copy;
  }

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
    let size = content.size(entry);
    const timed = this.isVolatile(entry);
    const type = this.type(entry);
    const encoding = this.encoding(entry);
    // Two entries must survive making room: the source is spared, the target does not exist yet.
    let target = this.#insert(entry, database, hash, bytes, start, end, type, size, timed);
    if (target === 0) return 0;
    const source = this.#beside;
    if (content.size(source) < size) {
      // It became smaller while others went. To follow it never fails.
      size = content.size(source);
      target = this.resize(target, size);
    }
    for (let done = 0; done < size; ) {
      const from = content.at(source, done);
      const to = content.at(target, done);
      const run = Math.min(content.runAt(source, done), content.runAt(target, done));
      this.arena.u8.copyWithin(to, from, from + run);
      done += run;
    }
    this.setEncoding(target, encoding);
    if (timed) {
      this.enterDeadline(target, this.deadlines.of(source));
      this.deadlines.setExact(target, this.deadlines.exactOf(source));
    }
    return target;
  }

  /**
   * Gives the zone another size: grows, or evicts and moves until it fits. Answers false, with
   * nothing changed, when it can't be: zoneSizeFault() says so of sizes no zone can have; else what
   * may not be evicted needs more, or the machine has no memory left.
   */
  resizeTo(size: number): boolean {
    if (!resizeZone(this, this.room, size)) return false;
    this.onResize?.();
    return true;
  }

  /** Removes everything, without visiting it. */
  clear(): void {
    const { i32 } = this.arena;
    const { layout } = this;
    this.table.guard?.finish();
    this.slab.isLoose = false;
    this.counts.deleted += this.table.count - this.retired.pending;
    this.retired.reset();
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

  /** Size in bytes of what comes before the content of a new entry. */
  #fixedSize(timed: boolean, keySize: number, isLong: boolean): number {
    return fixedSizeFor(timed, isLong ? 4 : keySize, 0);
  }
}
