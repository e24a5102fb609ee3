/**
 * Tally: members with scores that a command is putting together, outside the zone.
 *
 *   bytes    │ apple │ pear │ fig │ draft          members, one behind the other
 *   starts   0       5      9     12               and a slot table that finds them, if asked for
 *   scores   1       7      2.5
 *   order    0       2      1                      by (score, member), after sort()
 *
 * A member is drafted first: its bytes are copied behind all others, where it can be looked up.
 * Only what is wanted is kept, the next draft overwrites the rest.
 *
 * Everything is in typed arrays that are used again, so small results allocate nothing and large
 * ones no object for each member. release() lets go of what has become large.
 */

import { errors } from '../resp/errors.ts';
import { compareBytes, equalBytes } from '../std/bytes.ts';
import type { Zone } from '../zone/zone.ts';
import type { Growth } from './growth.ts';
import { packedSize, writePacked } from './packed.ts';

const SMALL_COUNT = 64;
const SMALL_SIZE = 4096;
/** What release() leaves: some hundred KiB. */
const KEPT_COUNT = 4096;
const KEPT_SIZE = 1 << 17;
/** Stretches shorter than this are made as long by insertion, before any two are merged. */
const RUN_MIN = 8;

export class Tally {
  /** Members kept, those taken out since included. */
  count = 0;
  /** Members kept and not taken out. */
  left = 0;
  bytes: Uint8Array = new Uint8Array(SMALL_SIZE);
  /** By the order they were kept in; NaN for those taken out. */
  scores = new Float64Array(SMALL_COUNT);
  /** After sort(): which member comes at each rank. */
  order = new Int32Array(SMALL_COUNT);
  #end = 0;
  /** Where each member begins, and the last one ends. Beyond 2^32 in the extreme. */
  #starts = new Float64Array(SMALL_COUNT + 1);
  #buffer = new Int32Array(SMALL_COUNT);
  #runs = new Int32Array(SMALL_COUNT);

  // The table: a slot holds the number of a member plus one; collisions take the next slot.
  #hashes = new Int32Array(SMALL_COUNT);
  #slots = new Int32Array(SMALL_COUNT * 2);
  #mask = 0;
  // What find() looked for.
  #hash = 0;
  #slot = 0;

  clear(): void {
    this.count = 0;
    this.left = 0;
    this.#end = 0;
    this.#starts[0] = 0;
  }

  /** Lets go of arrays that have become large. What was in them is gone. */
  release(): void {
    this.clear();
    if (this.bytes.length > KEPT_SIZE) this.bytes = new Uint8Array(SMALL_SIZE);
    if (this.#slots.length > KEPT_COUNT * 2) this.#slots = new Int32Array(SMALL_COUNT * 2);
    if (this.scores.length > KEPT_COUNT) this.#makeArrays(SMALL_COUNT);
  }

  // ── Putting together ──────────────────────────────────────────────────────────────────────────

  /** Makes place for a draft. Answers where in `bytes` it is to be written. */
  draft(size: number): number {
    const at = this.#end;
    if (at + size > this.bytes.length) this.#growBytes(at + size);
    return at;
  }

  /** Where in `bytes` the draft is. */
  get draftAt(): number {
    return this.#end;
  }

  /** Keeps the draft. */
  keep(size: number, score: number): void {
    const { count } = this;
    if (count === this.scores.length) this.#growArrays();
    this.#end += size;
    this.scores[count] = score;
    this.#starts[count + 1] = this.#end;
    this.count = count + 1;
    this.left++;
  }

  /** Makes the table ready, for about as many members. Only then find() and enter() are good. */
  index(count: number): void {
    let size = SMALL_COUNT * 2;
    while (size < count * 2) size *= 2;
    if (size > this.#slots.length) this.#slots = allocate(() => new Int32Array(size));
    else this.#slots.fill(0, 0, size);
    this.#mask = size - 1;
  }

  /** The number of the member that has the bytes of the draft, or -1. */
  find(zone: Zone, size: number): number {
    const { bytes } = this;
    const at = this.#end;
    const slots = this.#slots;
    const mask = this.#mask;
    const hash = zone.hashOf(0, bytes, at, at + size) | 0;
    this.#hash = hash;
    let slot = hash & mask;
    for (; slots[slot] !== 0; slot = (slot + 1) & mask) {
      const i = slots[slot] - 1;
      if (this.#hashes[i] !== hash) continue;
      if (equalBytes(bytes, this.startOf(i), this.endOf(i), bytes, at, at + size)) return i;
    }
    this.#slot = slot;
    return -1;
  }

  /** Keeps the draft, which find() did not find, and enters it in the table. */
  enter(size: number, score: number): void {
    this.keep(size, score);
    const { count } = this;
    this.#hashes[count - 1] = this.#hash;
    this.#slots[this.#slot] = count;
    if (count * 2 > this.#mask) this.#growTable();
  }

  /** Takes a member out that find() found. Answers false when it is out already. */
  takeOut(i: number): boolean {
    if (Number.isNaN(this.scores[i])) return false;
    this.scores[i] = Number.NaN;
    this.left--;
    return true;
  }

  #growBytes(size: number): void {
    const bytes = allocate(() => new Uint8Array(Math.max(size, this.bytes.length * 2)));
    bytes.set(this.bytes.subarray(0, this.#end));
    this.bytes = bytes;
  }

  #growArrays(): void {
    const scores = this.scores;
    const starts = this.#starts;
    const hashes = this.#hashes;
    this.#makeArrays(scores.length * 2);
    this.scores.set(scores);
    this.#starts.set(starts);
    this.#hashes.set(hashes);
  }

  #makeArrays(count: number): void {
    allocate(() => {
      this.scores = new Float64Array(count);
      this.#starts = new Float64Array(count + 1);
      this.#hashes = new Int32Array(count);
      this.order = new Int32Array(count);
      this.#buffer = new Int32Array(count);
      this.#runs = new Int32Array(count);
    });
  }

  #growTable(): void {
    const size = (this.#mask + 1) * 2;
    const mask = size - 1;
    if (size > this.#slots.length) this.#slots = allocate(() => new Int32Array(size));
    else this.#slots.fill(0, 0, size);
    const slots = this.#slots;
    for (let i = 0; i < this.count; i++) {
      let slot = this.#hashes[i] & mask;
      while (slots[slot] !== 0) slot = (slot + 1) & mask;
      slots[slot] = i + 1;
    }
    this.#mask = mask;
  }

  // ── The members ───────────────────────────────────────────────────────────────────────────────

  startOf(i: number): number {
    return this.#starts[i];
  }

  endOf(i: number): number {
    return this.#starts[i + 1];
  }

  /**
   * Finds the order. A merge sort that takes what stretches there are already, upwards or
   * downwards: sources come in their order, and what weights do to it mostly leaves long ones.
   */
  sort(): void {
    const { order, scores, count } = this;
    let size = 0;
    for (let i = 0; i < count; i++) {
      if (!Number.isNaN(scores[i])) order[size++] = i;
    }
    let runs = this.#findRuns(size);
    let from = order;
    let to = this.#buffer;
    const ends = this.#runs;
    while (runs > 1) {
      let merged = 0;
      let start = 0;
      for (let run = 0; run < runs; run += 2) {
        const middle = ends[run];
        const end = run + 1 < runs ? ends[run + 1] : middle;
        this.#merge(from, to, start, middle, end);
        ends[merged++] = end;
        start = end;
      }
      runs = merged;
      [from, to] = [to, from];
    }
    this.order = from;
    this.#buffer = to;
  }

  /** Cuts the order into runs, each in order, notes their ends, and answers how many there are. */
  #findRuns(size: number): number {
    const { order } = this;
    let runs = 0;
    for (let start = 0; start < size; ) {
      let end = start + 1;
      if (end < size && this.#precedes(order[end], order[start])) {
        while (end < size && this.#precedes(order[end], order[end - 1])) end++;
        order.subarray(start, end).reverse();
      } else {
        while (end < size && !this.#precedes(order[end], order[end - 1])) end++;
      }
      const least = Math.min(size, start + RUN_MIN);
      for (; end < least; end++) {
        const i = order[end];
        let at = end;
        for (; at > start && this.#precedes(i, order[at - 1]); at--) order[at] = order[at - 1];
        order[at] = i;
      }
      this.#runs[runs++] = end;
      start = end;
    }
    return runs;
  }

  #merge(from: Int32Array, to: Int32Array, start: number, middle: number, end: number): void {
    let low = start;
    let high = middle;
    for (let at = start; at < end; at++) {
      if (low < middle && (high >= end || !this.#precedes(from[high], from[low]))) {
        to[at] = from[low++];
      } else {
        to[at] = from[high++];
      }
    }
  }

  #precedes(a: number, b: number): boolean {
    const { scores, bytes } = this;
    const low = scores[a];
    const high = scores[b];
    if (low !== high) return low < high;
    const starts = this.#starts;
    return compareBytes(bytes, starts[a], starts[a + 1], bytes, starts[b], starts[b + 1]) < 0;
  }

  /** All of them, packed, in the order sort() found, and in `growth` what they need in a zone. */
  elements(growth: Growth): Uint8Array {
    const { order, scores, bytes, left } = this;
    growth.clear();
    let size = 0;
    for (let rank = 0; rank < left; rank++) {
      const i = order[rank];
      const memberSize = this.endOf(i) - this.startOf(i);
      growth.add(memberSize, scores[i]);
      size += packedSize(memberSize, scores[i]);
    }
    const elements = allocate(() => new Uint8Array(size));
    let at = 0;
    for (let rank = 0; rank < left; rank++) {
      const i = order[rank];
      at = writePacked(elements, at, scores[i], bytes, this.startOf(i), this.endOf(i));
    }
    return elements;
  }
}

/** Memory outside the zone may be short, too. */
function allocate<T>(make: () => T): T {
  try {
    return make();
  } catch (error) {
    throw error instanceof RangeError ? errors.outOfMemory : error;
  }
}
