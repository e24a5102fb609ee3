/**
 * Shaping: gives an entry another header, key, annex, type or size of content.
 *
 * A change of shape first looks at what the new one needs beyond the old:
 *
 *   same slot, as many chunks     laid out anew where it lies, by way of the scratch slot
 *   another slot                  asks for that slot, and for the chunks that are more than before
 *   smaller, and nothing is free  stays in its slot, and gives back the chunks it can
 *
 * So a large value is never held twice: chunks that stay are handed over, whether its bytes matter
 * (resize, rename) or will be overwritten (put). And what only shrinks never fails and never
 * evicts. The price of the last line: content may stay chunked, or in a slot larger than need be,
 * until it is written again.
 */

import { assert } from '../std/assert.ts';
import { copyBytes } from '../std/bytes.ts';
import { DELETED, type Entries } from './entries.ts';
import {
  ANNEX,
  alignedFor,
  annexAt,
  annexSizeOf,
  CHUNKED,
  CHUNKS_LISTED,
  contentAt,
  E_HASH,
  E_KEY,
  E_META,
  E_PLACE,
  E_SIZE,
  ENCODING_SHIFT,
  fixedSizeOf,
  HEADER_SIZE,
  isVolatile,
  keyAt,
  keySizeOf,
  LONG_KEY,
  TIMED,
  TIMED_HEADER_SIZE,
  TYPE_MASK,
} from './entry.ts';
import type { Room } from './room.ts';

/** Flags that tell how an entry is laid out. The others go along. */
const FORM = TYPE_MASK | TIMED | CHUNKED | LONG_KEY | ANNEX;

/** Bytes in front of the content. A long key takes 4 of them, for its size. */
export function fixedSizeFor(isTimed: boolean, keyRoom: number, annexSize: number): number {
  const size = (isTimed ? TIMED_HEADER_SIZE : HEADER_SIZE) + keyRoom;
  return annexSize === 0 ? size : ((size + 3) & ~3) + 4 + annexSize * 4;
}

export class Shaping {
  readonly #zone: Entries;
  readonly #room: Room;
  /** The new form, while it is being made. */
  #type = 0;
  #isTimed = false;
  #annexSize = 0;
  #total = 0;
  #keyWord = 0;
  /** Whether the bytes of the content stay. */
  #keeps = true;
  #chunks = 0;
  #lists = 0;
  /** The entry to be given that form. It follows when room is made; 0 when it went. */
  #old = 0;
  /** Bytes of the old content that the new form still has. */
  carried = 0;

  constructor(zone: Entries, room: Room) {
    this.#zone = zone;
    this.#room = room;
  }

  /** Whether the last entry to be reshaped left while room was made: others took it along. */
  get isGone(): boolean {
    return this.#old === 0;
  }

  /**
   * Gives an entry another form. `total` is the size of its content with a long key in front;
   * with `keeps`, bytes up to the smaller size stay. New ones are not cleared. `deadlines` places
   * are made free in the heap. Answers the entry's offset, or 0 when there is no room and nothing
   * has changed.
   */
  reshape(
    entry: number,
    type: number,
    isTimed: boolean,
    total: number,
    annexSize: number,
    deadlines: number,
    keeps: boolean,
  ): number {
    if (this.#room.isMaking) {
      // Called by what watches entries leave: what it makes smaller stays where it is.
      return this.#stay(entry, type, isTimed, total, annexSize, deadlines);
    }
    const { i32, u8 } = this.#zone.arena;
    this.#type = type;
    this.#isTimed = isTimed;
    this.#total = total;
    this.#annexSize = annexSize;
    this.#keeps = keeps;
    this.#keyWord = i32[entry * 2 + E_KEY];
    this.#old = entry;
    const keyRoom = (i32[entry * 2 + E_META] & LONG_KEY) !== 0 ? 4 : keySizeOf(i32, entry);
    const target = this.#findSlot(keyRoom, deadlines);
    const old = this.#old;
    if (old === 0) return 0;
    if (target === 0) return this.#stay(old, type, isTimed, total, annexSize, deadlines);
    if (target === old && this.#hasSameHeader(old)) {
      this.#setTypeAndSize(old, type, total);
      return old;
    }
    const source = target === old ? this.#stash(old) : old;
    const wasVolatile = target !== old && isVolatile(i32, old);
    if (wasVolatile) this.#zone.countVolatile(old, -1);
    const key = keyAt(i32, source);
    this.#fill(source, target, u8, key, key + keyRoom);
    if (target !== old) {
      this.#zone.table.moved(old, target);
      this.#zone.recency.moved(old, target);
      this.#leave(old, target, wasVolatile);
    }
    return target;
  }

  /**
   * Gives an entry another key (its key word in `identity`); neither may be long. Content and deadline stay, annex and pin do
   * not. Answers its offset, or 0 when there is no room and nothing has changed.
   */
  rename(
    entry: number,
    identity: number,
    hash: number,
    bytes: Uint8Array,
    start: number,
    end: number,
  ): number {
    const zone = this.#zone;
    const { table, recency, slab } = zone;
    const { i32 } = zone.arena;
    const meta = i32[entry * 2 + E_META];
    this.#type = meta & TYPE_MASK;
    this.#isTimed = (meta & TIMED) !== 0;
    this.#total = i32[entry * 2 + E_SIZE] >>> 0;
    this.#annexSize = 0;
    this.#keeps = true;
    this.#keyWord = identity | (zone.encoding(entry) << ENCODING_SHIFT);
    this.#old = entry;
    let target = this.#findSlot(end - start, 0);
    const old = this.#old;
    if (target === 0) return old === 0 ? 0 : this.#room.refuse();
    if (target !== old) slab.release(target);
    this.#room.isMaking = true;
    zone.onRemove?.(old, DELETED);
    this.#room.isMaking = false;
    // Others may have left with it, and pages with them that had been made free for this.
    if (target !== old) {
      assert(this.#room.again());
      target = slab.acquire(this.#room.granted);
    }
    zone.setPinned(old, false);
    const wasVolatile = isVolatile(i32, old);
    if (wasVolatile) zone.countVolatile(old, -1);
    zone.countEntry(old, -1);
    table.unlink(old);
    this.#fill(target === old ? this.#stash(old) : old, target, bytes, start, end);
    i32[target * 2 + E_HASH] = hash;
    table.link(target);
    zone.countEntry(target, 1);
    if (target !== old) {
      recency.moved(old, target);
      this.#leave(old, target, wasVolatile);
    } else if (wasVolatile) {
      zone.countVolatile(target, 1);
    }
    return target;
  }

  /** Where the new form can lie: the entry's own slot, or a fresh one; 0 when there is no room. */
  #findSlot(keyRoom: number, deadlines: number): number {
    const zone = this.#zone;
    const { content, slab } = zone;
    const room = this.#room;
    const entry = this.#old;
    const fixed = fixedSizeFor(this.#isTimed, keyRoom, this.#annexSize);
    content.shapeFor(fixed, this.#type, this.#total);
    room.begin();
    if (!content.shapeFits) return 0;
    const sizeClass = slab.classFor(content.shapeSize);
    this.#chunks = content.shapeChunks;
    this.#lists = content.shapeLists;
    zone.spared = entry;
    let target = -1;
    // Again, if chunks of this very entry were given back while others went.
    while (target < 0) target = this.#takeSlot(sizeClass, deadlines);
    this.#old = zone.spared;
    zone.spared = 0;
    return target;
  }

  /** Its own slot, or one of a class; 0 when there is no room, -1 when the entry has changed. */
  #takeSlot(sizeClass: number, deadlines: number): number {
    const zone = this.#zone;
    const { content, slab } = zone;
    const room = this.#room;
    const entry = zone.spared;
    const oldChunks = content.chunkCount(entry);
    if (sizeClass === slab.classOf(entry) && this.#chunks === oldChunks) {
      if (deadlines === 0 || zone.deadlines.pagesFor(deadlines) === 0) return entry;
      return room.takeDeadlines(deadlines) ? zone.spared : 0;
    }
    const addedLists = Math.max(0, this.#lists - content.listCount(entry));
    const added = Math.max(0, this.#chunks - oldChunks) + addedLists;
    const taken = this.#isShrinking(entry, deadlines)
      ? room.takeFree(sizeClass, added)
      : room.takeSlot(sizeClass, added, deadlines);
    if (!taken) return 0;
    if (zone.spared === 0 || content.chunkCount(zone.spared) !== oldChunks) {
      room.giveBack();
      return zone.spared === 0 ? 0 : -1;
    }
    return slab.acquire(room.granted);
  }

  /** Whether bytes only go: that takes what is free, and evicts nothing. */
  #isShrinking(entry: number, deadlines: number): boolean {
    return (
      this.#keeps &&
      deadlines === 0 &&
      this.#hasSameHeader(entry) &&
      this.#total <= this.#zone.arena.i32[entry * 2 + E_SIZE] >>> 0
    );
  }

  #hasSameHeader(entry: number): boolean {
    const { i32 } = this.#zone.arena;
    const meta = i32[entry * 2 + E_META];
    return this.#isTimed === ((meta & TIMED) !== 0) && this.#annexSize === annexSizeOf(i32, entry);
  }

  /** There is no room for a new form: takes it in the old slot if that can be, or answers 0. */
  #stay(
    entry: number,
    type: number,
    isTimed: boolean,
    total: number,
    annexSize: number,
    deadlines: number,
  ): number {
    const { arena, content, slab, layout, deadlines: heap } = this.#zone;
    const room = this.#room;
    const { i32 } = arena;
    const lacksHeader = isTimed && (i32[entry * 2 + E_META] & TIMED) === 0;
    const lacksPlace = deadlines > 0 && heap.pagesFor(deadlines) > 0;
    if (lacksHeader || lacksPlace || annexSize !== annexSizeOf(i32, entry)) return room.refuse();
    if (content.isFlat(entry)) {
      const fixed = fixedSizeOf(i32, entry);
      const used = alignedFor(type, fixed) + total;
      if (used > slab.slotSize(slab.classOf(entry))) return room.refuse();
    } else {
      if (total > i32[entry * 2 + E_SIZE] >>> 0) return room.refuse();
      if (total <= content.chunkCount(entry) * layout.chunkSize) this.#dropChunks(entry, total);
    }
    this.#setTypeAndSize(entry, type, total);
    return entry;
  }

  #setTypeAndSize(entry: number, type: number, total: number): void {
    const { i32 } = this.#zone.arena;
    this.carried = Math.min(total, i32[entry * 2 + E_SIZE] >>> 0);
    i32[entry * 2 + E_META] = (i32[entry * 2 + E_META] & ~TYPE_MASK) | type;
    i32[entry * 2 + E_SIZE] = total;
  }

  /** Gives back the chunks behind the new size. The tail is empty then, the last chunk stays. */
  #dropChunks(entry: number, total: number): void {
    const zone = this.#zone;
    const { i32 } = zone.arena;
    const { content, layout } = zone;
    const chunks = content.chunkCount(entry);
    const least = content.listCount(entry) > 0 ? CHUNKS_LISTED + 1 : 1;
    const kept = Math.min(chunks, Math.max(least, Math.ceil(total / layout.chunkSize)));
    const volatile = isVolatile(i32, entry);
    if (volatile) zone.countVolatile(entry, -1);
    content.dropChunks(entry, kept);
    if (volatile) zone.countVolatile(entry, 1);
  }

  /** Copies an entry's slot aside, so that its parts can be laid out anew over it. */
  #stash(entry: number): number {
    const { slab, layout, arena } = this.#zone;
    const words = slab.slotSize(slab.classOf(entry)) / 4;
    arena.i32.copyWithin(layout.scratch * 2, entry * 2, entry * 2 + words);
    return layout.scratch;
  }

  /** Writes the new form into a slot: all that the old one says, key from bytes[start, end). */
  #fill(source: number, target: number, bytes: Uint8Array, start: number, end: number): void {
    const { i32, u8 } = this.#zone.arena;
    const meta = i32[source * 2 + E_META];
    const oldAnnex = annexSizeOf(i32, source);
    const annexSize = this.#annexSize;
    // Chain, hash and neighbours. Word by word: the call of copyWithin() takes longer.
    for (let word = 0; word < E_META; word++) i32[target * 2 + word] = i32[source * 2 + word];
    i32[target * 2 + E_META] =
      (meta & (~FORM | LONG_KEY)) |
      this.#type |
      (this.#isTimed ? TIMED : 0) |
      (this.#chunks > 0 ? CHUNKED : 0) |
      (annexSize > 0 ? ANNEX : 0);
    i32[target * 2 + E_KEY] = this.#keyWord;
    i32[target * 2 + E_SIZE] = this.#total;
    if (this.#isTimed) {
      i32[target * 2 + E_PLACE] = (meta & TIMED) === 0 ? 0 : i32[source * 2 + E_PLACE];
    }
    copyBytes(u8, keyAt(i32, target), bytes, start, end);
    if (annexSize > 0) {
      const to = annexAt(i32, target) >>> 2;
      i32[to] = annexSize;
      if (oldAnnex > 0) {
        const from = annexAt(i32, source) >>> 2;
        i32.copyWithin(to + 1, from + 1, from + 1 + Math.min(annexSize, oldAnnex));
      }
    }
    this.#carryContent(source, target);
  }

  /** Hands chunks and bytes of content to the slot that has been given the new form. */
  #carryContent(old: number, target: number): void {
    const { i32, u8 } = this.#zone.arena;
    const { content, slab, layout } = this.#zone;
    const { chunkSize, chunkClass } = layout;
    const chunks = this.#chunks;
    const lists = this.#lists;
    const oldTotal = i32[old * 2 + E_SIZE] >>> 0;
    const oldChunks = content.chunkCount(old);
    const oldLists = content.listCount(old);
    const oldAt = contentAt(i32, old) >>> 2;
    const at = contentAt(i32, target) >>> 2;
    const perList = chunkSize / 4;
    const kept = Math.min(oldChunks, chunks);

    if (chunks > 0) i32[at] = chunks;
    for (let i = 0; i < lists; i++) {
      i32[at + 1 + i] = i < oldLists ? i32[oldAt + 1 + i] : slab.acquire(chunkClass);
      slab.setOwner(i32[at + 1 + i], target);
    }
    for (let i = lists > 0 && oldLists > 0 ? kept : 0; i < chunks; i++) {
      // Those named in a list that goes along are passed over: their holder is the list.
      const chunk = i < kept ? content.chunkAt(old, i) : slab.acquire(chunkClass);
      slab.setOwner(chunk, lists === 0 ? target : i32[at + 1 + Math.floor(i / perList)]);
      i32[content.chunkWord(target, i)] = chunk;
    }

    // Bytes that lie in the slot, or in chunks that go, or must go into chunks that are new.
    const from = kept * chunkSize;
    this.carried = Math.min(oldTotal, this.#total);
    const moving = this.#keeps ? this.carried - from : 0;
    for (let done = 0; done < moving; ) {
      const source = content.rawAt(old, from + done);
      const run = Math.min(
        content.rawRunAt(old, from + done),
        content.rawRunAt(target, from + done),
        moving - done,
      );
      u8.copyWithin(content.rawAt(target, from + done), source, source + run);
      done += run;
    }
    for (let i = kept; i < oldChunks; i++) slab.release(content.chunkAt(old, i));
    for (let i = lists; i < oldLists; i++) slab.release(i32[oldAt + 1 + i]);
  }

  /** The entry lies in another slot now, chunks handed over: gives the old slot back. */
  #leave(old: number, target: number, wasVolatile: boolean): void {
    const zone = this.#zone;
    if (wasVolatile) {
      zone.deadlines.moved(target);
      zone.countVolatile(target, 1);
    }
    zone.slab.release(old);
  }
}
