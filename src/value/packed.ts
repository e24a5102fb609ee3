/**
 * Packed: the elements of a small sorted set, one behind the other in their order.
 *
 *   │ size of all │ count │ element │ element │ element │ … │ slack
 *     4 bytes       4
 *
 *   element   │ score kind 3 · member size 5 │ (more of the size) │ member │ score │
 *
 * A member of up to 30 bytes costs one byte beside its own and its score's; a score that is a small
 * whole number one to four. Everything is found by walking, which for some dozens of elements is
 * as fast as any structure: sizes are compared before bytes, so most steps read one byte.
 *
 * Content in one piece is worked on where it lies. In pieces (a few KiB in a zone of small pages)
 * it is copied out, changed and written back whole.
 */

import { compareBytes, copyBytes, equalBytes } from '../std/bytes.ts';
import type { Zone } from '../zone/zone.ts';

/** Bytes in front of the elements. */
export const PACKED_HEADER = 8;

const SIZE_MASK = 31;
/** Sizes from here on need a byte more, and from 255 more on five. */
const SIZE_LONG = 31;

// Kinds of scores.
const ZERO = 0;
const INT8 = 1;
const INT16 = 2;
const INT24 = 3;
const INT32 = 4;
const INT48 = 5;
const FLOAT32 = 6;
const FLOAT64 = 7;
const scoreSizes = Uint8Array.of(0, 1, 2, 3, 4, 6, 4, 8);

const float64 = new Float64Array(1);
const float64Bytes = new Uint8Array(float64.buffer);
const float32 = new Float32Array(1);
const float32Bytes = new Uint8Array(float32.buffer);

function scoreKind(score: number): number {
  if ((score | 0) === score) {
    // Minus zero stays what it is, for elements on their way to a tree. In an entry there is none.
    if (score === 0) return Object.is(score, 0) ? ZERO : FLOAT32;
    if (score >= -128 && score < 128) return INT8;
    if (score >= -32768 && score < 32768) return INT16;
    return score >= -8388608 && score < 8388608 ? INT24 : INT32;
  }
  if (Math.abs(score) < 2 ** 47 && Math.floor(score) === score) return INT48;
  return Math.fround(score) === score ? FLOAT32 : FLOAT64;
}

/** Bytes an element takes. */
export function packedSize(memberSize: number, score: number): number {
  const more = memberSize < SIZE_LONG ? 0 : memberSize < SIZE_LONG + 255 ? 1 : 5;
  return 1 + more + memberSize + scoreSizes[scoreKind(score)];
}

/** Writes an element and answers where it ends. */
export function writePacked(
  target: Uint8Array,
  at: number,
  score: number,
  bytes: Uint8Array,
  start: number,
  end: number,
): number {
  const kind = scoreKind(score);
  const size = end - start;
  let to = at;
  if (size < SIZE_LONG) {
    target[to++] = (kind << 5) | size;
  } else {
    target[to++] = (kind << 5) | SIZE_LONG;
    const more = size - SIZE_LONG;
    if (more < 255) {
      target[to++] = more;
    } else {
      target[to++] = 255;
      target[to++] = size;
      target[to++] = size >>> 8;
      target[to++] = size >>> 16;
      target[to++] = size >>> 24;
    }
  }
  copyBytes(target, to, bytes, start, end);
  to += size;
  if (kind === FLOAT64) {
    float64[0] = score;
    for (let i = 0; i < 8; i++) target[to++] = float64Bytes[i];
  } else if (kind === FLOAT32) {
    float32[0] = score;
    for (let i = 0; i < 4; i++) target[to++] = float32Bytes[i];
  } else {
    // Least byte first; of 48 bits the upper 16 are what is left above 32.
    const low = score | 0;
    const size4 = kind === INT48 ? 4 : scoreSizes[kind];
    for (let i = 0; i < size4; i++) target[to++] = low >>> (i * 8);
    if (kind === INT48) {
      const high = Math.floor(score / 2 ** 32);
      target[to++] = high;
      target[to++] = high >>> 8;
    }
  }
  return to;
}

/** Reads elements one by one. */
export class PackedReader {
  bytes: Uint8Array = new Uint8Array(0);
  /** The elements lie in bytes[start, end). */
  start = 0;
  end = 0;
  // The element read last.
  at = 0;
  next = 0;
  memberAt = 0;
  memberSize = 0;
  #kind = 0;

  read(at: number): void {
    const { bytes } = this;
    const tag = bytes[at];
    let size = tag & SIZE_MASK;
    let memberAt = at + 1;
    if (size === SIZE_LONG) {
      const more = bytes[at + 1];
      if (more < 255) {
        size += more;
        memberAt = at + 2;
      } else {
        size = bytes[at + 2] | (bytes[at + 3] << 8) | (bytes[at + 4] << 16) | (bytes[at + 5] << 24);
        memberAt = at + 6;
      }
    }
    this.at = at;
    this.#kind = tag >>> 5;
    this.memberAt = memberAt;
    this.memberSize = size;
    this.next = memberAt + size + scoreSizes[this.#kind];
  }

  /** Score of the element read last. */
  get score(): number {
    const { bytes } = this;
    const at = this.memberAt + this.memberSize;
    switch (this.#kind) {
      case ZERO:
        return 0;
      case INT8:
        return (bytes[at] << 24) >> 24;
      case INT16:
        return ((bytes[at] << 16) | (bytes[at + 1] << 24)) >> 16;
      case INT24:
        return ((bytes[at] << 8) | (bytes[at + 1] << 16) | (bytes[at + 2] << 24)) >> 8;
      case INT32:
        return this.#word(at);
      case INT48: {
        const high = ((bytes[at + 4] << 16) | (bytes[at + 5] << 24)) >> 16;
        return high * 2 ** 32 + (this.#word(at) >>> 0);
      }
      case FLOAT32:
        for (let i = 0; i < 4; i++) float32Bytes[i] = bytes[at + i];
        return float32[0];
      default:
        for (let i = 0; i < 8; i++) float64Bytes[i] = bytes[at + i];
        return float64[0];
    }
  }

  #word(at: number): number {
    const { bytes } = this;
    return bytes[at] | (bytes[at + 1] << 8) | (bytes[at + 2] << 16) | (bytes[at + 3] << 24);
  }

  /** Compares the element read last with a score and a member. */
  compare(score: number, bytes: Uint8Array, start: number, end: number): number {
    const own = this.score;
    if (own !== score) return own < score ? -1 : 1;
    return this.compareMember(bytes, start, end);
  }

  compareMember(bytes: Uint8Array, start: number, end: number): number {
    const { memberAt, memberSize } = this;
    return compareBytes(this.bytes, memberAt, memberAt + memberSize, bytes, start, end);
  }
}

const reader = new PackedReader();

/**
 * Turns minus zeroes into zeroes, as Redis's listpacks have them, in elements written behind each
 * other from 0 on. Answers where they end then.
 */
export function dropSignsOfZero(elements: Uint8Array): number {
  reader.bytes = elements;
  let to = 0;
  for (let at = 0; at < elements.length; at = reader.next) {
    reader.read(at);
    const { score, memberAt, memberSize, next } = reader;
    if (to === at && !Object.is(score, -0)) to = next;
    else to = writePacked(elements, to, score + 0, elements, memberAt, memberAt + memberSize);
  }
  return to;
}

/** The elements of one entry. */
export class Packed extends PackedReader {
  #zone!: Zone;
  #entry = 0;
  /** Word index of the header. */
  #header = 0;
  #isFlat = true;
  /** Where content in pieces is copied to. Each Packed has its own: two may be at work. */
  #scratch: Uint8Array = new Uint8Array(0);
  count = 0;
  /** Where the element found last stands in the order. */
  index = 0;
  /** Where elements begin: those of the first ranks, as far as somebody asked. */
  #places: Int32Array = new Int32Array(0);
  #placed = 0;

  open(zone: Zone, entry: number): void {
    const { content, arena } = zone;
    this.#zone = zone;
    this.#entry = entry;
    this.#placed = 0;
    const at = content.at(entry, 0);
    this.#header = at >>> 2;
    const size = arena.i32[this.#header];
    this.count = arena.i32[this.#header + 1];
    this.#isFlat = content.isFlat(entry);
    if (this.#isFlat) {
      this.bytes = arena.u8;
      this.start = at + PACKED_HEADER;
    } else {
      const room = content.size(entry) - PACKED_HEADER;
      if (this.#scratch.length < room) this.#scratch = new Uint8Array(room * 2);
      content.read(entry, PACKED_HEADER, this.#scratch, 0, size);
      this.bytes = this.#scratch;
      this.start = 0;
    }
    this.end = this.start + size;
  }

  /** Makes the content of an entry hold nothing. */
  format(zone: Zone, entry: number): void {
    const { i32 } = zone.arena;
    const header = zone.content.at(entry, 0) >>> 2;
    i32[header] = 0;
    i32[header + 1] = 0;
    this.open(zone, entry);
  }

  /** Makes the content of an entry hold the elements in bytes[start, end). */
  fill(
    zone: Zone,
    entry: number,
    bytes: Uint8Array,
    start: number,
    end: number,
    count: number,
  ): void {
    this.format(zone, entry);
    zone.content.write(entry, PACKED_HEADER, bytes, start, end);
    const { i32 } = zone.arena;
    i32[this.#header] = end - start;
    i32[this.#header + 1] = count;
    this.open(zone, entry);
  }

  /** Bytes of all elements. */
  get size(): number {
    return this.end - this.start;
  }

  /** Reads the element of a member, if there is one. */
  find(bytes: Uint8Array, start: number, end: number): boolean {
    const { bytes: own, end: last } = this;
    const size = end - start;
    let index = 0;
    for (let at = this.start; at < last; index++) {
      const tag = own[at];
      const ownSize = tag & SIZE_MASK;
      let memberAt = at + 1;
      let next = memberAt + ownSize + scoreSizes[tag >>> 5];
      // Most are stepped over without read(), by size or last byte: members often begin alike.
      // 2.5 times as fast among a hundred.
      let mayBe = ownSize === size && (size === 0 || own[at + size] === bytes[end - 1]);
      if (ownSize === SIZE_LONG) {
        this.read(at);
        ({ memberAt, next } = this);
        mayBe = this.memberSize === size;
      }
      if (mayBe && equalBytes(own, memberAt, memberAt + size, bytes, start, end)) {
        this.read(at);
        this.index = index;
        return true;
      }
      at = next;
    }
    return false;
  }

  /** Adds an element that is not there. The content must have room. */
  insert(given: number, bytes: Uint8Array, start: number, end: number): void {
    // Redis's listpack keeps minus zero as the integer 0, and prints "-0" only beyond.
    const score = given + 0;
    let at = this.start;
    while (at < this.end) {
      this.read(at);
      if (this.compare(score, bytes, start, end) > 0) break;
      at = this.next;
    }
    const added = packedSize(end - start, score);
    if (at < this.end) this.bytes.copyWithin(at + added, at, this.end);
    writePacked(this.bytes, at, score, bytes, start, end);
    this.end += added;
    this.count++;
    this.#store();
  }

  /** Gives the element read last another score, and its place. The content must have room. */
  move(score: number, bytes: Uint8Array, start: number, end: number): void {
    this.cut(this.at, this.next, 1);
    this.insert(score, bytes, start, end);
  }

  /** Removes elements that lie in [from, to). */
  cut(from: number, to: number, count: number): void {
    if (to < this.end) this.bytes.copyWithin(from, to, this.end);
    this.end -= to - from;
    this.count -= count;
    this.#store();
  }

  countBelowScore(score: number, orEqual: boolean): number {
    let rank = 0;
    for (let at = this.start; at < this.end; rank++) {
      this.read(at);
      const own = this.score;
      if (own > score || (own === score && !orEqual)) break;
      at = this.next;
    }
    return rank;
  }

  countBelowMember(bytes: Uint8Array, start: number, end: number, orEqual: boolean): number {
    let rank = 0;
    for (let at = this.start; at < this.end; rank++) {
      this.read(at);
      const order = this.compareMember(bytes, start, end);
      if (order > 0 || (order === 0 && !orEqual)) break;
      at = this.next;
    }
    return rank;
  }

  /** Begin of the element of a rank, or the end of all. Lower ranks are known then too. */
  placeOf(rank: number): number {
    if (rank >= this.count) return this.end;
    if (rank >= this.#placed) this.#walkTo(rank);
    return this.#places[rank];
  }

  #walkTo(rank: number): void {
    if (this.#places.length < this.count) {
      this.#places = new Int32Array(this.count * 2);
      this.#placed = 0;
    }
    const { bytes } = this;
    const places = this.#places;
    let i = this.#placed;
    let at = i === 0 ? this.start : this.#nextOf(bytes, places[i - 1]);
    for (; i < rank; i++) {
      places[i] = at;
      at = this.#nextOf(bytes, at);
    }
    places[rank] = at;
    this.#placed = rank + 1;
  }

  /** Where the element at `at` ends: most are stepped over without read(). */
  #nextOf(bytes: Uint8Array, at: number): number {
    const tag = bytes[at];
    const size = tag & SIZE_MASK;
    if (size < SIZE_LONG) return at + 1 + size + scoreSizes[tag >>> 5];
    this.read(at);
    return this.next;
  }

  /** Finds out where all begin: for who asks for many ranks. */
  indexAll(): void {
    if (this.count > 0) this.placeOf(this.count - 1);
  }

  /** What is wrong, or undefined. */
  audit(): string | undefined {
    const room = this.#zone.content.size(this.#entry) - PACKED_HEADER;
    if (this.size > room) return 'elements lie behind the end';
    let count = 0;
    let member: Uint8Array = new Uint8Array(0);
    let score = Number.NEGATIVE_INFINITY;
    for (let at = this.start; at < this.end; at = this.next) {
      this.read(at);
      if (this.next > this.end) return 'the last element is torn';
      if (Number.isNaN(this.score)) return `element ${count} has no score`;
      if (count > 0 && this.compare(score, member, 0, member.length) <= 0) {
        return `element ${count} is out of order`;
      }
      score = this.score;
      member = this.bytes.slice(this.memberAt, this.memberAt + this.memberSize);
      count++;
    }
    return count === this.count ? undefined : 'elements are counted wrongly';
  }

  #store(): void {
    const { i32 } = this.#zone.arena;
    i32[this.#header] = this.size;
    i32[this.#header + 1] = this.count;
    this.#placed = 0;
    if (!this.#isFlat) {
      this.#zone.content.write(this.#entry, PACKED_HEADER, this.bytes, 0, this.size);
    }
  }
}
