/**
 * Sorted set: members, each with a score, in the order of (score, member).
 *
 *   listpack   elements packed one behind the other (packed.ts), up to the limits Redis sets
 *   skiplist   a B+tree and a hash table in a region (sorted-tree.ts)
 *
 * The words are Redis's, for OBJECT ENCODING; they change when Redis changes them: when a member
 * comes that is one too many or too long, and never back.
 *
 * A SortedSet is a lens, not a value: open() points it at an entry, and it is good until something
 * else is written to the zone. One lens serves a whole program, but who is called back while
 * another makes room (eviction) must have its own.
 *
 * Ranges of all sorts are ranges of ranks: ask for the count below both ends, then walk.
 *
 *   ZRANGEBYSCORE k 10 (20      from countBelowScore(10, false) up to countBelowScore(20, false)
 *
 * Adding asks for room first and changes nothing without it. Removing never needs room. Between
 * the asking and the changing the zone may have evicted an entry whose going removed members from
 * this very set; so after room was made everything is looked up again.
 */

import { copyBytes } from '../std/bytes.ts';
import type { ValueAudit } from '../zone/audit.ts';
import type { Zone } from '../zone/zone.ts';
import { Growth } from './growth.ts';
import { dropSignsOfZero, PACKED_HEADER, Packed, packedSize } from './packed.ts';
import { scoredUnits } from './record.ts';
import { SortedTree } from './sorted-tree.ts';
import type { BulkSink } from './string.ts';
import { SORTED_SET_LISTPACK, SORTED_SET_SKIPLIST, TYPE_SORTED_SET } from './type.ts';

// Conditions of add(), as ZADD names them.
export const NX = 1 << 0;
export const XX = 1 << 1;
export const GT = 1 << 2;
export const LT = 1 << 3;
export const INCR = 1 << 4;

// What add() did.
/** A condition did not hold. */
export const REFUSED = 0;
export const ADDED = 1;
export const UPDATED = 2;
/** The member has that score already. */
export const UNCHANGED = 3;
export const NOT_A_NUMBER = 4;
/** Nothing changed, but entries may have moved: the lens is good no longer. */
export const NO_ROOM = 5;
export type Outcome =
  | typeof REFUSED
  | typeof ADDED
  | typeof UPDATED
  | typeof UNCHANGED
  | typeof NOT_A_NUMBER
  | typeof NO_ROOM;

/** Up to where a sorted set stays packed. */
export interface PackedLimits {
  /** Members. */
  readonly count: number;
  /** Bytes of a member. */
  readonly memberSize: number;
}

/**
 * Bytes that are not given back: those of a member that goes and is followed by another, as where a
 * session gets a new id.
 */
const SLACK = 64;

/** Redis's LISTPACK_MAX_SAFETY_LIMIT: no listpack grows beyond it, whatever the limits say. */
const PACKED_SIZE_MAX = 2 ** 30;

/** The single member add() makes a tree for. */
const one = new Growth();
const none = new Uint8Array(0);
const nothing = new Growth();

export class SortedSet {
  /** The entry; it may lie elsewhere after something was added. */
  entry = 0;
  /** Score the member has after add(). */
  result = 0;
  /** The member made readable by readCurrent(). */
  textBytes: Uint8Array = none;
  textStart = 0;
  textEnd = 0;
  #zone!: Zone;
  #isPacked = true;
  readonly #packed = new Packed();
  readonly #tree = new SortedTree();
  /** Where the walk is. */
  #rank = 0;

  // ── Making and opening ────────────────────────────────────────────────────────────────────────

  /** Whether a new set for what is in `growth` begins as a tree; Redis asks its first member. */
  static beginsAsTree(growth: Growth, firstMemberSize: number, limits: PackedLimits): boolean {
    return growth.count > limits.count || firstMemberSize > limits.memberSize;
  }

  /** Bytes of content for a new set that can take all of `growth`. */
  static contentSize(zone: Zone, growth: Growth, isTree: boolean, limits: PackedLimits): number {
    const packed = PACKED_HEADER + growth.packedSize;
    if (!isTree && growth.memberSizeMax <= limits.memberSize) return packed;
    return Math.max(packed, SortedTree.sizeFor(zone, 0, 0, 0, growth));
  }

  /** Points at an entry whose content was made for a new set, and makes it one without members. */
  create(zone: Zone, entry: number, isTree: boolean): this {
    this.#zone = zone;
    this.entry = entry;
    this.#isPacked = !isTree;
    zone.setEncoding(entry, isTree ? SORTED_SET_SKIPLIST : SORTED_SET_LISTPACK);
    if (isTree) {
      this.#tree.open(zone, entry);
      this.#tree.format(0);
    } else {
      this.#packed.format(zone, entry);
    }
    return this;
  }

  /** Points at an entry. */
  open(zone: Zone, entry: number): this {
    this.#zone = zone;
    this.entry = entry;
    this.#isPacked = zone.encoding(entry) === SORTED_SET_LISTPACK;
    if (this.#isPacked) this.#packed.open(zone, entry);
    else this.#tree.open(zone, entry);
    return this;
  }

  /** Whether its encoding is listpack. */
  get isPacked(): boolean {
    return this.#isPacked;
  }

  get count(): number {
    return this.#isPacked ? this.#packed.count : this.#tree.count;
  }

  // ── Asking ────────────────────────────────────────────────────────────────────────────────────

  /** Score of a member, or NaN. */
  score(bytes: Uint8Array, start: number, end: number): number {
    return this.#find(bytes, start, end) ? this.#foundScore() : Number.NaN;
  }

  /** Rank of a member from the lowest, or -1. */
  rank(bytes: Uint8Array, start: number, end: number): number {
    if (!this.#find(bytes, start, end)) return -1;
    return this.#isPacked ? this.#packed.index : this.#tree.rank(bytes, start, end);
  }

  /** Members whose score is less than `score`, or also those that have it. */
  countBelowScore(score: number, orEqual: boolean): number {
    return this.#isPacked
      ? this.#packed.countBelowScore(score, orEqual)
      : this.#tree.countBelowScore(score, orEqual);
  }

  /** Members that come before another, or also that one, where all have the same score. */
  countBelowMember(bytes: Uint8Array, start: number, end: number, orEqual: boolean): number {
    return this.#isPacked
      ? this.#packed.countBelowMember(bytes, start, end, orEqual)
      : this.#tree.countBelowMember(bytes, start, end, orEqual);
  }

  #find(bytes: Uint8Array, start: number, end: number): boolean {
    return this.#isPacked
      ? this.#packed.find(bytes, start, end)
      : this.#tree.find(bytes, start, end);
  }

  #foundScore(): number {
    return this.#isPacked ? this.#packed.score : this.#tree.score;
  }

  // ── Walking ───────────────────────────────────────────────────────────────────────────────────

  /** Goes to the member of a rank. Answers false when there is none. */
  seek(rank: number): boolean {
    if (rank < 0 || rank >= this.count) return false;
    this.#rank = rank;
    if (this.#isPacked) this.#packed.read(this.#packed.placeOf(rank));
    else this.#tree.seek(rank);
    return true;
  }

  /** Goes to the next member up. Answers false at the end. */
  next(): boolean {
    this.#rank++;
    return this.#isPacked ? this.#readNext() : this.#tree.next();
  }

  #readNext(): boolean {
    const packed = this.#packed;
    if (packed.next >= packed.end) return false;
    packed.read(packed.next);
    return true;
  }

  /** Goes to the next member down. Answers false at the end. */
  previous(): boolean {
    if (!this.#isPacked) return this.#tree.previous();
    if (this.#rank === 0) return false;
    this.#packed.read(this.#packed.placeOf(--this.#rank));
    return true;
  }

  /** Makes seek() as fast for any rank, where many are going to be asked for. */
  indexRanks(): void {
    if (this.#isPacked) this.#packed.indexAll();
  }

  /** Where a scan from `cursor` that sees about `count` members ends; 0 at the end of all. */
  scanEnd(cursor: number, count: number): number {
    return this.#isPacked ? 0 : this.#tree.scanEnd(cursor, count);
  }

  /**
   * Begins a walk over the members from `cursor` to where scanEnd() said: in no order, but nobody
   * who is there from the first scan of a series to the last is left out.
   */
  beginScan(cursor: number, end: number): void {
    if (this.#isPacked) this.#packed.next = this.#packed.start;
    else this.#tree.beginScan(cursor, end);
  }

  /** Goes to the next member of that walk. Answers false at the end. */
  nextScanned(): boolean {
    return this.#isPacked ? this.#readNext() : this.#tree.nextScanned();
  }

  /** Score of the member the walk is at. */
  get currentScore(): number {
    return this.#foundScore();
  }

  /** Order of the member the walk is at and bytes[start, end). */
  compareCurrent(bytes: Uint8Array, start: number, end: number): number {
    return this.#isPacked
      ? this.#packed.compareMember(bytes, start, end)
      : this.#tree.compareMember(bytes, start, end);
  }

  get currentSize(): number {
    return this.#isPacked ? this.#packed.memberSize : this.#tree.memberSize;
  }

  /** Makes the member the walk is at readable. */
  readCurrent(): void {
    if (this.#isPacked) {
      const { bytes, memberAt, memberSize } = this.#packed;
      this.textBytes = bytes;
      this.textStart = memberAt;
      this.textEnd = memberAt + memberSize;
    } else {
      this.#tree.readMember();
      ({
        textBytes: this.textBytes,
        textStart: this.textStart,
        textEnd: this.textEnd,
      } = this.#tree);
    }
  }

  /** Writes the member the walk is at as one bulk. */
  writeCurrent(sink: BulkSink): void {
    if (this.#isPacked) {
      const { bytes, memberAt, memberSize } = this.#packed;
      sink.bulk(bytes, memberAt, memberAt + memberSize);
    } else {
      this.#tree.writeMember(sink);
    }
  }

  /** Copies the member the walk is at to target[at…). */
  copyCurrent(target: Uint8Array, at: number): void {
    if (this.#isPacked) {
      const { bytes, memberAt, memberSize } = this.#packed;
      copyBytes(target, at, bytes, memberAt, memberAt + memberSize);
    } else {
      this.#tree.copyMember(target, at);
    }
  }

  // ── Adding ────────────────────────────────────────────────────────────────────────────────────

  /**
   * Makes room for all of `growth`, so that adding its members can't fail. Answers false when there
   * is none; nothing has changed then. Not needed for a single member: add() asks for itself.
   */
  prepare(growth: Growth, limits: PackedLimits): boolean {
    const zone = this.#zone;
    for (;;) {
      if (!this.#isPacked) return this.#reserved(this.#tree.reserve(growth));
      const packed = this.#packed;
      const { moves } = zone;
      // Redis does not wait whether all are new when more come at once than may be packed.
      const converts = growth.count > limits.count;
      let size = PACKED_HEADER + packed.size + growth.packedSize;
      if (
        converts ||
        packed.count + growth.count > limits.count ||
        growth.memberSizeMax > limits.memberSize ||
        size > PACKED_SIZE_MAX
      ) {
        size = Math.max(size, this.#sizeAsTree(growth));
      }
      if (!this.#resize(size)) return false;
      if (zone.moves !== moves) continue;
      if (converts) this.#convert();
      return true;
    }
  }

  /**
   * Adds a member, or gives it another score, if the conditions in `flags` hold. With INCR the
   * score is added to the one it has.
   */
  add(
    bytes: Uint8Array,
    start: number,
    end: number,
    score: number,
    flags: number,
    limits: PackedLimits,
  ): Outcome {
    if (Number.isNaN(score)) return NOT_A_NUMBER;
    const zone = this.#zone;
    // Comes round again when making room moved something.
    for (;;) {
      const { moves } = zone;
      const { entry } = this;
      if (!this.#find(bytes, start, end)) {
        if ((flags & XX) !== 0) return REFUSED;
        this.result = score;
        if (this.#isPacked && this.#isTooMuch(end - start, score, limits)) {
          if (!this.#makeTree(end - start)) return NO_ROOM;
          continue;
        }
        if (!this.#reserveInsert(end - start, score)) return NO_ROOM;
        if (zone.moves !== moves || this.entry !== entry) continue;
        if (this.#isPacked) this.#packed.insert(score, bytes, start, end);
        else this.#tree.insert(score, bytes, start, end);
        return ADDED;
      }

      if ((flags & NX) !== 0) return REFUSED;
      const old = this.#foundScore();
      const next = (flags & INCR) !== 0 ? score + old : score;
      if (Number.isNaN(next)) return NOT_A_NUMBER;
      if ((flags & LT) !== 0 && next >= old) return REFUSED;
      if ((flags & GT) !== 0 && next <= old) return REFUSED;
      this.result = next;
      if (next === old) return UNCHANGED;
      if (!this.#isPacked && this.#tree.moveInPlace(next, bytes, start, end)) return UPDATED;
      if (!this.#reserveMove(end - start, old, next)) return NO_ROOM;
      if (zone.moves !== moves || this.entry !== entry) continue;
      if (this.#isPacked) this.#packed.move(next, bytes, start, end);
      else this.#tree.move(next, bytes, start, end);
      return UPDATED;
    }
  }

  #isTooMuch(memberSize: number, score: number, limits: PackedLimits): boolean {
    const packed = this.#packed;
    return (
      packed.count >= limits.count ||
      memberSize > limits.memberSize ||
      packed.size + packedSize(memberSize, score) > PACKED_SIZE_MAX
    );
  }

  #reserveInsert(memberSize: number, score: number): boolean {
    if (!this.#isPacked) return this.#reserved(this.#tree.reserveInsert(memberSize));
    return this.#resize(PACKED_HEADER + this.#packed.size + packedSize(memberSize, score));
  }

  #reserveMove(memberSize: number, old: number, next: number): boolean {
    if (!this.#isPacked) return this.#reserved(this.#tree.reserveMove());
    const more = packedSize(memberSize, next) - packedSize(memberSize, old);
    return this.#resize(PACKED_HEADER + this.#packed.size + more);
  }

  /** Follows the tree to where its entry lies now. */
  #reserved(isReserved: boolean): boolean {
    this.entry = this.#tree.entry;
    return isReserved;
  }

  /** Makes packed content at least that large. */
  #resize(size: number): boolean {
    if (size <= this.#zone.content.size(this.entry)) return true;
    const entry = this.#zone.resize(this.entry, size);
    if (entry === 0) return false;
    this.open(this.#zone, entry);
    return true;
  }

  /** Turns packed elements into a tree that can take one more member. */
  #makeTree(memberSize: number): boolean {
    one.clear();
    one.add(memberSize, 0);
    if (!this.#resize(this.#sizeAsTree(one))) return false;
    this.#convert();
    return true;
  }

  /** Bytes of content for the packed elements as a tree, with room for `growth`. */
  #sizeAsTree(growth: Growth): number {
    const packed = this.#packed;
    let units = 0;
    let largest = 0;
    for (let at = packed.start; at < packed.end; at = packed.next) {
      packed.read(at);
      const record = scoredUnits(packed.memberSize);
      units += record;
      if (record > largest) largest = record;
    }
    return SortedTree.sizeFor(this.#zone, packed.count, units, largest, growth);
  }

  #convert(): void {
    const { bytes, start, end, count } = this.#packed;
    const elements = bytes.slice(start, end);
    this.#zone.setEncoding(this.entry, SORTED_SET_SKIPLIST);
    this.open(this.#zone, this.entry);
    this.#tree.load(elements, count);
  }

  // ── Copying to another zone ───────────────────────────────────────────────────────────────────

  /** Bytes of content for a copy in another zone. Within a zone a copy is one of bytes. */
  sizeIn(zone: Zone): number {
    return this.#isPacked ? PACKED_HEADER + this.#packed.size : this.#tree.sizeIn(zone);
  }

  /** Makes an entry of another zone, with sizeIn() bytes of content, a copy of this set. */
  copyTo(zone: Zone, entry: number): void {
    const { count } = this;
    const packed = this.#packed;
    if (this.#isPacked) {
      new Packed().fill(zone, entry, packed.bytes, packed.start, packed.end, count);
      return;
    }
    const tree = new SortedTree();
    zone.setEncoding(entry, SORTED_SET_SKIPLIST);
    tree.open(zone, entry);
    tree.load(this.#tree.elements(0, count), count);
  }

  // ── A range as a new set ──────────────────────────────────────────────────────────────────────

  /** The members of ranks [from, end), at least one, packed, and in `growth` what they need. */
  elements(from: number, end: number, growth: Growth): Uint8Array {
    growth.clear();
    this.seek(from);
    for (let rank = from; ; ) {
      growth.add(this.currentSize, this.currentScore);
      if (++rank === end) break;
      this.next();
    }
    const packed = this.#packed;
    if (!this.#isPacked) return this.#tree.elements(from, end - from);
    return packed.bytes.slice(packed.placeOf(from), packed.placeOf(end));
  }

  /** Whether a new set for elements becomes a tree. */
  static loadsAsTree({ count, memberSizeMax, packedSize }: Growth, limits: PackedLimits): boolean {
    const isLarge = count > limits.count || memberSizeMax > limits.memberSize;
    return isLarge || packedSize > PACKED_SIZE_MAX;
  }

  /** Bytes of content for load(). */
  static loadSize(zone: Zone, growth: Growth, isTree: boolean): number {
    const { count, units, largest } = growth;
    if (!isTree) return PACKED_HEADER + growth.packedSize;
    return SortedTree.sizeFor(zone, count, units, largest, nothing);
  }

  /**
   * Points at an entry whose content was made for elements(), and makes it a set of them. They may
   * be written over.
   */
  load(zone: Zone, entry: number, elements: Uint8Array, count: number, isTree: boolean): this {
    this.create(zone, entry, isTree);
    if (isTree) this.#tree.load(elements, count);
    else this.#packed.fill(zone, entry, elements, 0, dropSignsOfZero(elements), count);
    return this;
  }

  // ── Removing ──────────────────────────────────────────────────────────────────────────────────

  /** Removes a member. Answers whether it was there. Needs no room. */
  remove(bytes: Uint8Array, start: number, end: number): boolean {
    if (!this.#find(bytes, start, end)) return false;
    if (this.#isPacked) this.#packed.cut(this.#packed.at, this.#packed.next, 1);
    else this.#tree.remove(bytes, start, end);
    return true;
  }

  /** Removes the member that seek() went to, before anything else is gone to. Needs no room. */
  removeSought(): void {
    const packed = this.#packed;
    if (this.#isPacked) packed.cut(packed.at, packed.next, 1);
    else this.#tree.removeSought();
  }

  /** Removes the members of ranks [from, end) and answers how many there were. Needs no room. */
  removeRanks(from: number, end: number): number {
    const first = Math.max(0, from);
    const count = Math.min(end, this.count) - first;
    if (count <= 0) return 0;
    if (this.#isPacked) {
      const packed = this.#packed;
      packed.cut(packed.placeOf(first), packed.placeOf(first + count), count);
    } else {
      for (let i = 0; i < count; i++) this.#tree.removeRank(first);
    }
    return count;
  }

  /**
   * Gives back memory that is not needed, if much is, and if that costs no other entry its place.
   * For commands that added or removed many. The entry may lie elsewhere afterwards.
   */
  settle(): void {
    const zone = this.#zone;
    if (!this.#isPacked) {
      this.#tree.settle();
      this.entry = this.#tree.entry;
      return;
    }
    const size = PACKED_HEADER + this.#packed.size;
    if (zone.content.size(this.entry) < size * 1.25 + SLACK || zone.slab.freePages() < 2) return;
    const entry = zone.resize(this.entry, size);
    if (entry !== 0) this.open(zone, entry);
  }

  /** What is wrong with the entry it points at, or undefined. */
  audit(): string | undefined {
    return this.#isPacked ? this.#packed.audit() : this.#tree.audit();
  }
}

/** Looks into an entry of the zone, if it is a sorted set. */
export const auditSortedSet: ValueAudit = (zone, entry) =>
  zone.type(entry) === TYPE_SORTED_SET ? new SortedSet().open(zone, entry).audit() : undefined;
