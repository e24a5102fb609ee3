/**
 * Set draft: members of a set that is no value of a key yet, or will never be one.
 *
 * What SUNION replies, what SDIFFSTORE stores and what RESTORE reads is gathered here, outside of
 * the zone, and is gone with the command. A draft has the encoding Redis's set would have, changes
 * it when Redis's would, and knows the same order: integers sorted as long as it is an intset, then
 * as they were added.
 *
 *   bytes    │ member │ member │ member │ …      side by side, as they come
 *   order    places of the members, of which removed ones are skipped
 *   table    open addressing by the zone's hash: place + 1, 0 free, -1 removed
 */

import { copyBytes, equalBytes } from '../std/bytes.ts';
import { Words } from '../std/words.ts';
import type { Zone } from '../zone/zone.ts';
import { INTSET_COUNT_MAX, INTSET_WIDTH_MIN, integerWidth } from './intset.ts';
import { elementSize, LISTPACK_EMPTY_SIZE, LISTPACK_SIZE_MAX } from './listpack.ts';
import { SET_HASHTABLE, SET_INTSET, SET_LISTPACK } from './type.ts';

/** Up to where a set has which encoding. */
export interface SetLimits {
  /** Members of an intset. */
  integers: number;
  /** Members of a listpack. */
  count: number;
  /** Bytes of a member of a listpack. */
  size: number;
}

const REMOVED = -1;
const PLACES_MIN = 64;
/** Arrays of more elements are not kept for the next draft. */
const KEPT_MAX = 4096;

export class SetDraft {
  /** The member gone to lies in bytes[start, end). */
  bytes = new Uint8Array(PLACES_MIN * 16);
  start = 0;
  end = 0;
  count = 0;
  encoding = SET_INTSET;
  /** Width of the integers that were ever added. */
  width = INTSET_WIDTH_MIN;
  #zone!: Zone;
  #limits!: SetLimits;
  /** Bytes taken, and places. */
  #size = 0;
  #places = 0;
  // Not Int32Arrays: all members together may be larger than 2 GiB.
  #starts = new Float64Array(PLACES_MIN);
  #ends = new Float64Array(PLACES_MIN);
  #hashes = new Int32Array(PLACES_MIN);
  #isGone = new Uint8Array(PLACES_MIN);
  #table = new Int32Array(PLACES_MIN * 2);
  /** Where the last look into the table ended. */
  #slot = 0;
  #at = -1;
  readonly #words = new Words();
  readonly #others = new Words();

  /** Begins anew with nothing, in an encoding that Redis would begin with. */
  begin(zone: Zone, limits: SetLimits, encoding: number): this {
    this.#zone = zone;
    this.#limits = limits;
    this.encoding = encoding;
    this.count = 0;
    this.width = INTSET_WIDTH_MIN;
    this.#size = 0;
    this.#places = 0;
    if (this.#starts.length > KEPT_MAX) this.#allot(PLACES_MIN);
    else this.#table.fill(0);
    if (this.bytes.length > KEPT_MAX * 16) this.bytes = new Uint8Array(PLACES_MIN * 16);
    return this;
  }

  #allot(places: number): void {
    this.#starts = resized(this.#starts, new Float64Array(places), this.#places);
    this.#ends = resized(this.#ends, new Float64Array(places), this.#places);
    this.#hashes = resized(this.#hashes, new Int32Array(places), this.#places);
    this.#isGone = resized(this.#isGone, new Uint8Array(places), this.#places);
    this.#table = new Int32Array(places * 2);
    for (let place = 0; place < this.#places; place++) {
      if (this.#isGone[place] === 1) continue;
      let slot = this.#first(this.#hashes[place]);
      while (this.#table[slot] !== 0) slot = this.#behind(slot);
      this.#table[slot] = place + 1;
    }
  }

  #first(hash: number): number {
    return hash & (this.#table.length - 1);
  }

  #behind(slot: number): number {
    return (slot + 1) & (this.#table.length - 1);
  }

  /** Place of a member, or -1. */
  #find(hash: number, bytes: Uint8Array, start: number, end: number): number {
    let slot = this.#first(hash);
    for (; this.#table[slot] !== 0; slot = this.#behind(slot)) {
      const place = this.#table[slot] - 1;
      if (place < 0 || this.#hashes[place] !== hash) continue;
      if (equalBytes(this.bytes, this.#starts[place], this.#ends[place], bytes, start, end)) {
        this.#slot = slot;
        return place;
      }
    }
    this.#slot = slot;
    return -1;
  }

  // ── Changing ──────────────────────────────────────────────────────────────────────────────────

  /** Adds a member. Answers whether it is new. */
  add(bytes: Uint8Array, start: number, end: number): boolean {
    const hash = this.#zone.hashOf(0, bytes, start, end) | 0;
    if (this.#find(hash, bytes, start, end) >= 0) return false;
    const size = end - start;
    const isInteger = this.encoding === SET_INTSET && this.#words.parse(bytes, start, end);
    if (this.encoding === SET_INTSET && !isInteger) this.#leaveIntegers();
    if (this.encoding === SET_LISTPACK && !this.#takes(size)) this.encoding = SET_HASHTABLE;
    if (isInteger) {
      this.width = Math.max(this.width, integerWidth(this.#words.low, this.#words.high));
    }
    this.#append(hash, bytes, start, end);
    if (isInteger && this.count > Math.min(this.#limits.integers, INTSET_COUNT_MAX)) {
      this.encoding = SET_HASHTABLE;
    }
    return true;
  }

  /** Whether a listpack takes one more member of that size. */
  #takes(size: number): boolean {
    return (
      this.count < this.#limits.count &&
      size <= this.#limits.size &&
      this.#size + size <= LISTPACK_SIZE_MAX
    );
  }

  #leaveIntegers(): void {
    this.#sort();
    let longest = 0;
    for (let i = 0; i < this.#places; i++) {
      if (this.#isGone[i] === 0) longest = Math.max(longest, this.#ends[i] - this.#starts[i]);
    }
    this.encoding = longest > this.#limits.size ? SET_HASHTABLE : SET_LISTPACK;
  }

  #append(hash: number, bytes: Uint8Array, start: number, end: number): void {
    const place = this.#places;
    if (place === this.#starts.length) {
      this.#allot(place * 2);
      this.#find(hash, bytes, start, end);
    }
    const at = this.#size;
    const next = at + end - start;
    if (next > this.bytes.length) {
      this.bytes = resized(this.bytes, new Uint8Array(next * 2), at);
    }
    copyBytes(this.bytes, at, bytes, start, end);
    this.#size = next;
    this.#starts[place] = at;
    this.#ends[place] = next;
    this.#hashes[place] = hash;
    this.#isGone[place] = 0;
    this.#table[this.#slot] = place + 1;
    this.#places = place + 1;
    this.count++;
  }

  /** Removes a member. Answers whether it was there. */
  remove(bytes: Uint8Array, start: number, end: number): boolean {
    const hash = this.#zone.hashOf(0, bytes, start, end) | 0;
    const place = this.#find(hash, bytes, start, end);
    if (place < 0) return false;
    this.#table[this.#slot] = REMOVED;
    this.#isGone[place] = 1;
    this.count--;
    return true;
  }

  /** Makes it an intset if all of its members are integers, and not too many. */
  becomeIntegers(): void {
    if (this.count > Math.min(this.#limits.integers, INTSET_COUNT_MAX)) return;
    let width = INTSET_WIDTH_MIN;
    for (let i = 0; i < this.#places; i++) {
      if (this.#isGone[i] === 1) continue;
      if (!this.#words.parse(this.bytes, this.#starts[i], this.#ends[i])) return;
      width = Math.max(width, integerWidth(this.#words.low, this.#words.high));
    }
    this.width = width;
    this.encoding = SET_INTSET;
  }

  /** Bytes of a listpack of the members. */
  get packedSize(): number {
    let size = LISTPACK_EMPTY_SIZE;
    for (let i = 0; i < this.#places; i++) {
      if (this.#isGone[i] === 0) size += elementSize(this.bytes, this.#starts[i], this.#ends[i]);
    }
    return size;
  }

  // ── Walking ───────────────────────────────────────────────────────────────────────────────────

  /** Begins a walk over all members: next() goes to the first. Nothing may be added then. */
  begun(): this {
    this.#at = -1;
    if (this.encoding === SET_INTSET) this.#sort();
    return this;
  }

  /** Goes to the next member of the walk. Answers false at the end. */
  next(): boolean {
    do this.#at++;
    while (this.#at < this.#places && this.#isGone[this.#at] === 1);
    if (this.#at >= this.#places) return false;
    this.start = this.#starts[this.#at];
    this.end = this.#ends[this.#at];
    return true;
  }

  /** Sorts the members, which are integers. */
  #sort(): void {
    const places: number[] = [];
    for (let i = 0; i < this.#places; i++) if (this.#isGone[i] === 0) places.push(i);
    const { bytes } = this;
    const starts = this.#starts;
    const ends = this.#ends;
    const [a, b] = [this.#words, this.#others];
    const order = (i: number, j: number): number => {
      a.parse(bytes, starts[i], ends[i]);
      b.parse(bytes, starts[j], ends[j]);
      return a.high - b.high || (a.low >>> 0) - (b.low >>> 0);
    };
    if (places.every((place, i) => i === 0 || order(places[i - 1], place) < 0)) return;
    places.sort(order);
    const sortedStarts = places.map((i) => starts[i]);
    const sortedEnds = places.map((i) => ends[i]);
    const hashes = places.map((i) => this.#hashes[i]);
    this.#places = places.length;
    starts.set(sortedStarts);
    ends.set(sortedEnds);
    this.#hashes.set(hashes);
    this.#isGone.fill(0, 0, places.length);
    this.#allot(this.#starts.length);
  }
}

/** Puts the first `count` elements of an array in front of another, which it answers. */
function resized<T extends Float64Array | Int32Array | Uint8Array>(
  from: T,
  to: T,
  count: number,
): T {
  to.set(from.subarray(0, count));
  return to;
}
