/**
 * Intset: integers in order, in the very bytes Redis keeps them in.
 *
 *   │ width 4 │ count 4 │ integer │ integer │ … │      each of `width` bytes: 2, 4 or 8
 *
 * All are as wide as the widest that ever came: one that is too wide makes all of them wider, and
 * they stay so. It is then the least or the greatest, for it lies beyond what the others could be.
 * Numbers are least byte first, so DUMP copies them.
 *
 * An Intset is a lens over the whole content of an entry, which may lie in pieces: widths divide
 * the size of a piece, so no integer does. Integers are two words each (words.ts): none is made a
 * number or a bigint to be compared. Who inserts must have made room: intsetSize() says how much.
 */

import { INT64_DIGITS_MAX } from '../std/int64.ts';
import { writeWords } from '../std/words.ts';
import type { Zone } from '../zone/zone.ts';

const HEADER = 8;
/** Of width, the least. */
export const INTSET_WIDTH_MIN = 2;
/** Redis's limit, whatever is configured. */
export const INTSET_COUNT_MAX = 2 ** 30;

/** Bytes of an intset. */
export function intsetSize(count: number, width: number): number {
  return HEADER + count * width;
}

/** Bytes that an integer takes among others. */
export function integerWidth(low: number, high: number): number {
  if (high !== low >> 31) return 8;
  return low === (low << 16) >> 16 ? 2 : 4;
}

export class Intset {
  /** It may lie elsewhere after settle(). */
  entry = 0;
  count = 0;
  width = INTSET_WIDTH_MIN;
  /** Place of the integer found last, or where it belongs. */
  index = 0;
  /** The integer read last. */
  low = 0;
  high = 0;
  /** Its text, after spell(). */
  readonly textBytes: Uint8Array = new Uint8Array(INT64_DIGITS_MAX);
  textEnd = 0;
  #zone!: Zone;
  #isFlat = true;
  /** Byte position of the content, which its first piece begins with. */
  #at = 0;

  /** Points at an entry whose content is an intset. */
  openEntry(zone: Zone, entry: number): this {
    const { content, arena } = zone;
    this.#zone = zone;
    this.entry = entry;
    this.#isFlat = content.isFlat(entry);
    this.#at = content.flatAt(entry);
    const word = this.#at >>> 2;
    this.width = arena.i32[word];
    this.count = arena.i32[word + 1];
    return this;
  }

  /** Makes the content of an entry an intset of nothing. */
  create(zone: Zone, entry: number): this {
    const { i32 } = zone.arena;
    const word = zone.content.flatAt(entry) >>> 2;
    i32[word] = INTSET_WIDTH_MIN;
    i32[word + 1] = 0;
    this.index = 0;
    return this.openEntry(zone, entry);
  }

  /** Bytes of all of it. */
  get size(): number {
    return intsetSize(this.count, this.width);
  }

  /** Byte position of the integer at a place. */
  #place(index: number): number {
    const address = HEADER + index * this.width;
    return this.#isFlat ? this.#at + address : this.#zone.content.at(this.entry, address);
  }

  // ── Finding ───────────────────────────────────────────────────────────────────────────────────

  /** Reads the integer at a place. */
  read(index: number): void {
    const { arena } = this.#zone;
    const at = this.#place(index);
    if (this.width === 2) {
      this.low = ((arena.u8[at] << 16) | (arena.u8[at + 1] << 24)) >> 16;
      this.high = this.low >> 31;
    } else {
      this.low = arena.i32[at >>> 2];
      this.high = this.width === 8 ? arena.i32[(at >>> 2) + 1] : this.low >> 31;
    }
  }

  /** Makes the text of the integer read last stand in textBytes[0, textEnd). */
  spell(): void {
    this.textEnd = writeWords(this.textBytes, 0, this.low, this.high);
  }

  /** Order of the integer at a place and that of two words. */
  #order(index: number, low: number, high: number): number {
    this.read(index);
    if (this.high !== high) return this.high < high ? -1 : 1;
    return this.low === low ? 0 : this.low >>> 0 < low >>> 0 ? -1 : 1;
  }

  /** Finds an integer, or where it belongs. */
  find(low: number, high: number): boolean {
    const { count } = this;
    // Most that come are the greatest.
    if (count === 0 || this.#order(count - 1, low, high) < 0) {
      this.index = count;
      return false;
    }
    let from = 0;
    let to = count - 1;
    while (from <= to) {
      const middle = (from + to) >>> 1;
      const order = this.#order(middle, low, high);
      if (order === 0) {
        this.index = middle;
        return true;
      }
      if (order < 0) from = middle + 1;
      else to = middle - 1;
    }
    this.index = from;
    return false;
  }

  // ── Changing ──────────────────────────────────────────────────────────────────────────────────

  /** Inserts the integer that was not found, where it belongs. Room is there. */
  insert(low: number, high: number): void {
    const { index, count } = this;
    const width = integerWidth(low, high);
    if (width > this.width) this.#widen(width, index === 0 ? 1 : 0);
    else if (index < count) this.#move(index, index + 1);
    this.#write(index, low, high);
    this.#setCount(count + 1);
  }

  removeAt(index: number): void {
    if (index < this.count - 1) this.#move(index + 1, index);
    this.#setCount(this.count - 1);
  }

  #setCount(count: number): void {
    this.count = count;
    this.#zone.arena.i32[(this.#at >>> 2) + 1] = count;
  }

  #write(index: number, low: number, high: number): void {
    const { u8, i32 } = this.#zone.arena;
    const at = this.#place(index);
    if (this.width === 2) {
      u8[at] = low;
      u8[at + 1] = low >>> 8;
      return;
    }
    i32[at >>> 2] = low;
    if (this.width === 8) i32[(at >>> 2) + 1] = high;
  }

  /** Makes all integers wider, and moves them `by` places up. */
  #widen(width: number, by: number): void {
    const old = this.width;
    for (let i = this.count - 1; i >= 0; i--) {
      // From the last on: wider ones never lie in front of those yet to be read.
      this.width = old;
      this.read(i);
      this.width = width;
      this.#write(i + by, this.low, this.high);
    }
    this.width = width;
    this.#zone.arena.i32[this.#at >>> 2] = width;
  }

  /** Moves the integers from place `from` on to place `to`. */
  #move(from: number, to: number): void {
    const { width, count } = this;
    const start = HEADER + from * width;
    const end = HEADER + count * width;
    const target = HEADER + to * width;
    const { content, arena } = this.#zone;
    if (this.#isFlat) {
      const at = this.#at;
      arena.u8.copyWithin(at + target, at + start, at + end);
    } else {
      const moved = content.slice(this.entry, start, end);
      content.write(this.entry, target, moved, 0, moved.length);
    }
  }

  // ── As a whole ────────────────────────────────────────────────────────────────────────────────

  /** A copy of its bytes. */
  copy(): Uint8Array {
    return this.#zone.content.slice(this.entry, 0, this.size);
  }

  /** Gives back memory that is not needed, if much is and it costs no other entry its place. */
  settle(): void {
    const zone = this.#zone;
    const { size } = this;
    if (zone.content.size(this.entry) < size * 1.25 + 32 || zone.slab.freePages() < 2) return;
    const entry = zone.resize(this.entry, size);
    if (entry !== 0) this.openEntry(zone, entry);
  }

  /** What is wrong, or undefined. */
  audit(): string | undefined {
    const { width, count } = this;
    if (width !== 2 && width !== 4 && width !== 8) return 'integers have no width there is';
    if (count < 0 || this.size > this.#zone.content.size(this.entry)) {
      return 'integers lie behind the end';
    }
    for (let i = 1; i < count; i++) {
      this.read(i - 1);
      const { low, high } = this;
      if (this.#order(i, low, high) <= 0) return 'integers are out of order';
    }
    return undefined;
  }
}
