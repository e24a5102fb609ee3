/**
 * Sorted tree: a large sorted set, as a region.
 *
 *   │ lists of free blocks │ count │ header of the score tree │ of the member table │ blocks … │
 *
 * Each member is one record, which the table finds by the member and the tree by its place. What
 * was found last is remembered: insert(), move() and drop() go on from there.
 */

import type { Zone } from '../zone/zone.ts';
import { Growth } from './growth.ts';
import { MemberTable, segmentGrowth, TABLE_WORDS } from './member-table.ts';
import { PackedReader, packedSize, writePacked } from './packed.ts';
import {
  compareMember,
  copyMember,
  hashRecord,
  isLong,
  memberAt,
  memberSizeOf,
  NO_VALUE,
  recordTag,
  SCORE_UNITS,
  scoredUnits,
  scoreOf,
  setScore,
  writeMember,
  writeRecord,
} from './record.ts';
import { REGION_WORDS, Region, UNIT, unitsFor } from './region.ts';
import { INNER_UNITS, LEAF_UNITS, ScoreTree, TREE_WORDS } from './score-tree.ts';
import type { BulkSink } from './string.ts';

const COUNT = REGION_WORDS;
const TREE = COUNT + 1;
const TABLE = TREE + TREE_WORDS;
const OWN_WORDS = 1 + TREE_WORDS + TABLE_WORDS;
const HEADER_UNITS = Math.ceil((REGION_WORDS + OWN_WORDS) / 2);

/** Units of blocks from which on it is worth building anew what is sparse, and how sparse. */
const REBUILD_MIN = 512;
const REBUILD_SHARE = 3;

const nothing = new Growth();
const none = new Uint8Array(0);

export class SortedTree {
  /** The member made readable by readMember(). */
  textBytes: Uint8Array = none;
  textStart = 0;
  textEnd = 0;
  readonly #region = new Region();
  readonly #tree = new ScoreTree(this.#region, TREE);
  readonly #table = new MemberTable(this.#region, TABLE);
  #hash = 0;
  #record = 0;
  /** Whether the tree has been asked for the way to the member found, by moveInPlace(). */
  #isOnWay = false;
  // Where the walk is.
  #leaf = 0;
  #index = 0;
  #leafCount = 0;

  /**
   * Bytes of content for `count` members whose records have `units` together, the largest of them
   * `largest`, and for all of `growth` beside them.
   */
  static sizeFor(
    zone: Zone,
    count: number,
    units: number,
    largest: number,
    growth: Growth,
  ): number {
    const leaves = Math.ceil(count / 60) + 1;
    const height = ScoreTree.heightFor(count);
    const segments = segmentGrowth(0, Math.max(1, count + growth.count));
    // One member splits a node of each level and raises the root, unless that has room.
    const nodes =
      growth.count === 1
        ? LEAF_UNITS + (height === 1 && leaves < 31 ? 0 : height + 1) * INNER_UNITS
        : ScoreTree.growth(growth.count, leaves, Math.ceil(leaves / 30), height);
    const block = Math.max(INNER_UNITS, largest, growth.largest, segments);
    const chunkUnits = zone.layout.chunkSize / UNIT;
    const blocks = units + growth.units + ScoreTree.unitsFor(count) + segments + nodes;
    // And as many as reserve() wants to see unused at the end of a chunk.
    const spare = growth.count === 1 ? 0 : Math.min(block, chunkUnits);
    return (HEADER_UNITS + unitsFor(blocks + spare, block, chunkUnits)) * UNIT;
  }

  open(zone: Zone, entry: number): void {
    this.#isOnWay = false;
    this.#region.bind(zone, entry);
  }

  /** Makes the content an empty set, with buckets for `count` members. */
  format(count: number): void {
    this.#region.format(OWN_WORDS);
    this.#tree.format();
    this.#table.format(count);
  }

  get entry(): number {
    return this.#region.entry;
  }

  get count(): number {
    return this.#region.i32[this.#region.base + COUNT];
  }

  // ── Finding ───────────────────────────────────────────────────────────────────────────────────

  find(bytes: Uint8Array, start: number, end: number): boolean {
    this.#isOnWay = false;
    this.#hash = this.#table.hash(bytes, start, end);
    this.#record = this.#table.find(this.#hash, bytes, start, end);
    return this.#record !== 0;
  }

  /** Rank of the member found, whose bytes these are. */
  rank(bytes: Uint8Array, start: number, end: number): number {
    return this.#tree.rankOf(this.#record, this.score, bytes, start, end);
  }

  countBelowScore(score: number, orEqual: boolean): number {
    return this.#tree.countBelowScore(score, orEqual);
  }

  countBelowMember(bytes: Uint8Array, start: number, end: number, orEqual: boolean): number {
    return this.#tree.countBelowMember(bytes, start, end, orEqual);
  }

  /** Goes to the member of a rank that is there. */
  seek(rank: number): void {
    this.#record = this.#tree.seekRank(rank);
    this.#leaf = this.#tree.leaf;
    this.#index = this.#tree.index;
    this.#leafCount = this.#tree.leafCount(this.#leaf);
  }

  next(): boolean {
    if (++this.#index === this.#leafCount) {
      const leaf = this.#tree.nextLeaf(this.#leaf);
      if (leaf === 0) return false;
      this.#leaf = leaf;
      this.#index = 0;
      this.#leafCount = this.#tree.leafCount(leaf);
    }
    this.#record = this.#tree.recordAt(this.#leaf, this.#index);
    return true;
  }

  previous(): boolean {
    if (this.#index === 0) {
      const leaf = this.#tree.previousLeaf(this.#leaf);
      if (leaf === 0) return false;
      this.#leaf = leaf;
      this.#leafCount = this.#tree.leafCount(leaf);
      this.#index = this.#leafCount;
    }
    this.#record = this.#tree.recordAt(this.#leaf, --this.#index);
    return true;
  }

  /** Where a scan from `cursor` that sees about `count` members ends; 0 at the end of all. */
  scanEnd(cursor: number, count: number): number {
    return this.#table.scanEnd(cursor, count);
  }

  /** Begins a walk in no order over the members from `cursor` to where scanEnd() said. */
  beginScan(cursor: number, end: number): void {
    this.#table.beginScan(cursor, end);
  }

  /** Goes to the next member of that walk. Answers false at the end. */
  nextScanned(): boolean {
    const record = this.#table.nextRecord();
    if (record === 0) return false;
    this.#record = record;
    return true;
  }

  // ── The member found, or the one the walk is at ───────────────────────────────────────────────

  get score(): number {
    return scoreOf(this.#region, this.#record);
  }

  get memberSize(): number {
    return memberSizeOf(this.#region, this.#record);
  }

  /** Makes the member readable. */
  readMember(): void {
    const region = this.#region;
    const size = this.memberSize;
    const isWhole = !isLong(region, this.#record);
    this.textBytes = isWhole ? region.u8 : this.#memberCopy();
    this.textStart = isWhole ? memberAt(region, this.#record) : 0;
    this.textEnd = this.textStart + size;
  }

  compareMember(bytes: Uint8Array, start: number, end: number): number {
    return compareMember(this.#region, this.#record, bytes, start, end);
  }

  copyMember(target: Uint8Array, at: number): void {
    copyMember(this.#region, this.#record, this.memberSize, target, at);
  }

  writeMember(sink: BulkSink): void {
    writeMember(this.#region, this.#record, sink);
  }

  // ── Adding ────────────────────────────────────────────────────────────────────────────────────

  /** Room for a member of that size. Answers false when there is none, as Region.reserve does. */
  reserveInsert(memberSize: number): boolean {
    const nodes = this.#tree.growth(1);
    const record = scoredUnits(memberSize);
    const buckets = this.#table.bucketCount;
    const { count } = this;
    const segment = count < buckets ? 0 : segmentGrowth(buckets, count + 1);
    const largest = Math.max(nodes > LEAF_UNITS ? INNER_UNITS : LEAF_UNITS, record, segment);
    return this.#region.reserve(nodes + record + segment, largest);
  }

  /** Room for a member's new place. */
  reserveMove(): boolean {
    const nodes = this.#tree.growth(1);
    return this.#region.reserve(nodes, nodes > LEAF_UNITS ? INNER_UNITS : LEAF_UNITS);
  }

  /** Room for all of `growth`: no reserveInsert() or reserveMove() for it asks the zone then. */
  reserve(growth: Growth): boolean {
    const segments = segmentGrowth(this.#table.bucketCount, this.count + growth.count);
    const block = Math.max(INNER_UNITS, growth.largest, segments);
    const spare = Math.min(block, this.#region.chunkUnits);
    const nodes = this.#tree.growth(growth.count);
    return this.#region.reserve(nodes + growth.units + segments + spare, block);
  }

  /** Adds the member that find() did not find. Room is there. */
  insert(score: number, bytes: Uint8Array, start: number, end: number): void {
    const region = this.#region;
    const record = this.#makeRecord(score, this.#hash, bytes, start, end);
    this.#tree.seekElement(score, bytes, start, end);
    this.#tree.insert(record, score);
    const count = ++region.i32[region.base + COUNT];
    this.#table.insert(record, this.#hash, count);
  }

  /** Gives the member found another score if that leaves the order as it is. Needs no room. */
  moveInPlace(score: number, bytes: Uint8Array, start: number, end: number): boolean {
    this.#tree.seekPresent(this.#record, this.score, bytes, start, end);
    if (!this.#tree.staysInPlace(score, bytes, start, end)) {
      this.#isOnWay = true;
      return false;
    }
    setScore(this.#region, this.#record, score);
    return true;
  }

  /** Gives the member found another score, and its place. Room is there. */
  move(score: number, bytes: Uint8Array, start: number, end: number): void {
    // Room that was made since may have moved the region, but not what is in it.
    if (!this.#isOnWay) this.#tree.seekPresent(this.#record, this.score, bytes, start, end);
    this.#isOnWay = false;
    this.#tree.remove();
    setScore(this.#region, this.#record, score);
    this.#tree.seekElement(score, bytes, start, end);
    this.#tree.insert(this.#record, score);
  }

  #makeRecord(score: number, hash: number, bytes: Uint8Array, start: number, end: number): number {
    const region = this.#region;
    const size = end - start;
    const record = region.take(scoredUnits(size)) + SCORE_UNITS;
    setScore(region, record, score);
    writeRecord(region, record, recordTag(hash, size, NO_VALUE), NO_VALUE, bytes, start, end);
    return record;
  }

  // ── Removing: needs no room ───────────────────────────────────────────────────────────────────

  /** Removes the member found, whose bytes these are. */
  remove(bytes: Uint8Array, start: number, end: number): void {
    this.#tree.seekPresent(this.#record, this.score, bytes, start, end);
    this.#drop(this.#hash);
  }

  removeRank(rank: number): void {
    this.seek(rank);
    this.removeSought();
  }

  /** Removes the member that seek() went to, before anything else is gone to. */
  removeSought(): void {
    this.#drop(hashRecord(this.#region, this.#record));
  }

  /** Takes the record at which the tree's last search ended out of everything. */
  #drop(hash: number): void {
    const region = this.#region;
    const record = this.#record;
    this.#tree.remove();
    this.#table.remove(record, hash);
    region.give(record - SCORE_UNITS, scoredUnits(memberSizeOf(region, record)));
    region.i32[region.base + COUNT]--;
  }

  // ── All at once ───────────────────────────────────────────────────────────────────────────────

  /** Gives back memory that is not needed, if much is. The entry may lie elsewhere afterwards. */
  settle(): void {
    const region = this.#region;
    if (region.bump > REBUILD_MIN && region.used * 2 < region.bump && this.#isSparse()) {
      this.#rebuild();
    }
    region.trim();
  }

  /** Whether most units are of no use: free, or nodes and buckets of members that have gone. */
  #isSparse(): boolean {
    const region = this.#region;
    const buckets = segmentGrowth(this.count, this.#table.bucketCount);
    const used = region.used - this.#tree.freeUnits - buckets;
    return used * REBUILD_SHARE < region.bump;
  }

  /** Builds everything anew, without the gaps that removed members left. */
  #rebuild(): void {
    const { count } = this;
    this.load(this.elements(0, count), count);
  }

  /** The elements of `count` ranks from one on, packed, in order. */
  elements(from: number, count: number): Uint8Array {
    const region = this.#region;
    // Looking at every record twice would cost more than some room too much, or a second try.
    let elements = new Uint8Array(Math.ceil((region.used * UNIT * count) / this.count));
    let at = 0;
    this.#each(from, count, (memberSize) => {
      const { score } = this;
      const end = at + packedSize(memberSize, score);
      if (end > elements.length) {
        const larger = new Uint8Array(end + (end >>> 1));
        larger.set(elements);
        elements = larger;
      }
      if (!isLong(region, this.#record)) {
        const from = memberAt(region, this.#record);
        writePacked(elements, at, score, region.u8, from, from + memberSize);
      } else {
        writePacked(elements, at, score, this.#memberCopy(), 0, memberSize);
      }
      at = end;
    });
    return elements.subarray(0, at);
  }

  /** Bytes of content for a copy in another zone, whose chunks may be of another size. */
  sizeIn(zone: Zone): number {
    let units = 0;
    let largest = 0;
    this.#each(0, this.count, (memberSize) => {
      const record = scoredUnits(memberSize);
      units += record;
      if (record > largest) largest = record;
    });
    return SortedTree.sizeFor(zone, this.count, units, largest, nothing);
  }

  #each(from: number, count: number, visit: (memberSize: number) => void): void {
    if (count === 0) return;
    this.seek(from);
    for (let left = count; ; ) {
      visit(this.memberSize);
      if (--left === 0) return;
      this.next();
    }
  }

  /** Makes the content, whatever it was, a set of these elements in order. Room is there. */
  load(elements: Uint8Array, count: number): void {
    const region = this.#region;
    this.format(count);
    const reader = new PackedReader();
    reader.bytes = elements;
    let loaded = 0;
    for (let at = 0; at < elements.length; at = reader.next) {
      reader.read(at);
      const { memberAt: from, memberSize, score } = reader;
      const end = from + memberSize;
      const hash = this.#table.hash(elements, from, end);
      const record = this.#makeRecord(score, hash, elements, from, end);
      this.#tree.append(record, score);
      this.#table.insert(record, hash, ++loaded);
    }
    region.i32[region.base + COUNT] = count;
  }

  #memberCopy(): Uint8Array {
    const bytes = new Uint8Array(this.memberSize);
    this.copyMember(bytes, 0);
    return bytes;
  }

  // ── Audit ─────────────────────────────────────────────────────────────────────────────────────

  /** What is wrong, or undefined: order, ranks, reachability, and that every unit is in one block. */
  audit(): string | undefined {
    const region = this.#region;
    let problem = region.audit();
    if (problem !== undefined) return problem;

    const taken = new Uint8Array(region.limit);
    const claim = (block: number, units: number): void => {
      const chunk = Math.floor(block / region.chunkUnits);
      const isSplit = chunk !== Math.floor((block + units - 1) / region.chunkUnits);
      if (units <= region.chunkUnits && isSplit) problem ??= `block ${block} straddles a chunk`;
      if (block + units > region.bump) problem ??= `block ${block} lies behind the end`;
      if (taken.subarray(block, block + units).indexOf(1) >= 0) {
        problem ??= `block ${block} overlaps another`;
      }
      taken.fill(1, block, block + units);
    };
    claim(0, HEADER_UNITS);
    region.eachFree(claim);

    const records = new Set<number>();
    let previous = 0;
    problem ??= this.#tree.audit((record) => {
      const size = memberSizeOf(region, record);
      claim(record - SCORE_UNITS, scoredUnits(size));
      records.add(record);
      if (previous !== 0 && !this.#inOrder(previous, record)) {
        problem ??= `record ${record} is out of order`;
      }
      previous = record;
    }, claim);
    if (records.size !== this.count) problem ??= 'members are counted wrongly';

    let chained = 0;
    problem ??= this.#table.audit((record) => {
      chained++;
      return records.delete(record);
    }, claim);
    if (chained !== this.count) problem ??= 'the table has lost members';
    const lost = taken.subarray(0, region.bump).indexOf(0);
    if (lost >= 0) problem ??= `unit ${lost} is in no block`;
    return problem;
  }

  #inOrder(before: number, after: number): boolean {
    const region = this.#region;
    const low = scoreOf(region, before);
    const high = scoreOf(region, after);
    if (low !== high) return low < high;
    const size = memberSizeOf(region, after);
    const bytes = new Uint8Array(size);
    copyMember(region, after, size, bytes, 0);
    return compareMember(region, before, bytes, 0, size) < 0;
  }
}
