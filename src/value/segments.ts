/**
 * Segments: bytes of any number in a region, in a chain of blocks of any size.
 *
 *   address ──▶ │ next │ units │ bytes … │ ──▶ │ next │ units │ bytes … │ ──▶ 0
 *
 * What grows at its end and goes at the front, like a log, would leave gaps that its next piece
 * fits in or not. A chain fits in any gaps: it takes blocks that were given back as they are, and
 * the rest at the end of a chunk, before it takes fresh units. So nothing is ever moved to grow.
 *
 * A chain has a capacity; how many of the bytes are used is the owner's business.
 */

import { copyBytes } from '../std/bytes.ts';
import type { Claim } from './id-tree.ts';
import { type Region, UNIT } from './region.ts';

/**
 * Units of the smallest segment worth having, its header included. All have a multiple of it, or
 * taking and giving back would leave pieces that are too small for anything.
 */
const UNITS_MIN = 8;
/** Units of a segment of what is not large. */
const UNITS_MAX = 128;

/** Fresh units that a chain for `size` bytes may take at most. */
export function freshForSegments(size: number, chunkUnits: number): number {
  const units = Math.ceil(size / UNIT);
  const segments = Math.ceil(units / (UNITS_MAX - 1));
  // At the end of each chunk one is cut short, or nothing fits in what is left.
  const chunks = Math.ceil(units / (chunkUnits - UNITS_MIN * 2)) + 1;
  return units + segments + chunks * UNITS_MIN * 2;
}

/** Units of a single segment for `size` bytes. */
export function leastUnits(size: number): number {
  return (Math.ceil(size / UNIT) + UNITS_MIN) & -UNITS_MIN;
}

export class Segments {
  readonly #region: Region;

  constructor(region: Region) {
    this.#region = region;
  }

  next(segment: number): number {
    return this.#region.i32[this.#region.word(segment)];
  }

  units(segment: number): number {
    return this.#region.i32[this.#region.word(segment) + 1];
  }

  /** Bytes that a segment holds. */
  capacity(segment: number): number {
    return (this.units(segment) - 1) * UNIT;
  }

  /** Byte position in the arena of a segment's first byte. */
  at(segment: number): number {
    return this.#region.word(segment) * 4 + UNIT;
  }

  /** Copies the first `size` bytes of a chain to the front of `target`. */
  read(first: number, target: Uint8Array, size: number): void {
    const { u8 } = this.#region;
    let done = 0;
    for (let segment = first; done < size; segment = this.next(segment)) {
      const at = this.at(segment);
      const run = Math.min(this.capacity(segment), size - done);
      copyBytes(target, done, u8, at, at + run);
      done += run;
    }
  }

  /** Writes bytes[start, end) at an offset behind the first byte of a segment, and over those behind it. */
  write(segment: number, offset: number, bytes: Uint8Array, start: number, end: number): void {
    const { u8 } = this.#region;
    let to = segment;
    let skip = offset;
    for (let at = start; at < end; to = this.next(to)) {
      const room = this.capacity(to) - skip;
      if (room <= 0) {
        skip = -room;
        continue;
      }
      const run = Math.min(room, end - at);
      copyBytes(u8, this.at(to) + skip, bytes, at, at + run);
      at += run;
      skip = 0;
    }
  }

  /** Fresh units that a chain for `size` bytes may take at most, behind `before` for something else. */
  freshFor(size: number, before: number): number {
    const { bump, chunkUnits } = this.#region;
    const least = leastUnits(size);
    const left = chunkUnits - (bump & (chunkUnits - 1));
    const fits = least <= UNITS_MAX && before + least <= left;
    return before + (fits ? least : freshForSegments(size, chunkUnits));
  }

  /** Takes a chain for `need` bytes, which there must be room for, and for `wanted` if that is easy. */
  take(need: number, wanted: number): number {
    let size = wanted;
    const first = this.#takeOne(need, size);
    let last = first;
    for (let rest = need - this.capacity(first); rest > 0; rest -= this.capacity(last)) {
      size -= this.capacity(last);
      last = this.#chain(last, rest, size);
    }
    return first;
  }

  /** Makes a chain larger, at its last segment, by `need` bytes at least. As take() otherwise. */
  add(last: number, need: number, wanted: number): void {
    const region = this.#region;
    const units = this.units(last);
    const most = Math.min(region.extensible(last, units), region.fresh, UNITS_MAX - units);
    if (most * UNIT >= need) {
      const whole = (units + Math.ceil(wanted / UNIT) + UNITS_MIN - 1) & -UNITS_MIN;
      const added = Math.min(most, whole - units);
      region.extend(last, units, added);
      region.i32[region.word(last) + 1] = units + added;
      return;
    }
    let end = last;
    let size = wanted;
    for (let rest = need; rest > 0; rest -= this.capacity(end)) {
      end = this.#chain(end, rest, size);
      size -= this.capacity(end);
    }
  }

  #chain(last: number, need: number, wanted: number): number {
    const segment = this.#takeOne(need, wanted);
    this.#region.i32[this.#region.word(last)] = segment;
    return segment;
  }

  /** Takes one segment, in which `need` bytes may fit or not. */
  #takeOne(need: number, wanted: number): number {
    const region = this.#region;
    const { chunkUnits } = region;
    const most = need > UNITS_MAX * 2 * UNIT ? chunkUnits : UNITS_MAX;
    const least = Math.min(most, leastUnits(need));
    let units = Math.min(most, Math.max(least, leastUnits(wanted)));
    const free = region.largestFree;
    if (free >= UNITS_MIN) {
      // Nothing fits in what would be left of it.
      if (free < units + UNITS_MIN) units = free;
    } else {
      const left = chunkUnits - (region.bump & (chunkUnits - 1));
      if (left >= UNITS_MIN) units = Math.min(units, left);
      const spare = region.fresh - (left < units ? left : 0);
      units = Math.min(units, Math.max(least, spare & -UNITS_MIN));
    }
    const segment = region.take(units);
    const word = region.word(segment);
    region.i32[word] = 0;
    region.i32[word + 1] = units;
    return segment;
  }

  /** Gives back what is behind the first `used` bytes of a segment, if it is worth it. */
  cut(segment: number, used: number): void {
    const region = this.#region;
    const word = region.word(segment);
    const next = region.i32[word];
    if (next !== 0) {
      const here = this.capacity(segment);
      if (used > here) {
        this.cut(next, used - here);
        return;
      }
      this.give(next);
      region.i32[word] = 0;
    }
    const units = region.i32[word + 1];
    const kept = leastUnits(used);
    if (units - kept < UNITS_MIN) return;
    region.give(segment + kept, units - kept);
    region.i32[word + 1] = kept;
  }

  /** Gives a chain back. */
  give(first: number): void {
    for (let segment = first; segment !== 0; ) {
      const next = this.next(segment);
      this.#region.give(segment, this.units(segment));
      segment = next;
    }
  }

  /** Bytes that a chain holds. Calls `claim` for every block. */
  claim(first: number, claim: Claim): number {
    const region = this.#region;
    let size = 0;
    for (let segment = first; segment !== 0; segment = this.next(segment)) {
      const units = this.units(segment);
      if (segment >= region.bump || units < 1 || segment + units > region.bump) return -1;
      claim(segment, units);
      size += this.capacity(segment);
    }
    return size;
  }
}
