/**
 * Dictionary: members, each with a value or all without, found by their hash. A region.
 *
 *   │ lists of free blocks │ count │ header of the member table │ blocks … │
 *
 * What is large of a hash or a set lies so: one record for each element, and a table that grows and
 * shrinks by one bucket at a time (member-table.ts). Nothing is ever done to all elements at once,
 * but for settle(), which builds anew what has become sparse.
 *
 * What was found, drawn or walked to last is the element that the rest of the face speaks of.
 *
 * A write adds up what it will take in a DictionaryGrowth, reserves it, and can't fail then.
 */

import type { Random } from '../std/random.ts';
import type { Zone } from '../zone/zone.ts';
import { FIRST, MemberTable, nextSegment, segmentUnits, TABLE_WORDS } from './member-table.ts';
import {
  copyMember,
  hashRecord,
  isLong,
  isLongOf,
  memberAddress,
  memberSizeOf,
  NO_VALUE,
  recordTag,
  recordUnits,
  rewriteValue,
  SHORT_SIZE_MAX,
  setHash,
  unitsOf,
  valueAddress,
  valueSizeOf,
  writeMember,
  writeRecord,
  writeValue,
  writeValueTo,
} from './record.ts';
import { REGION_WORDS, Region, UNIT, unitsFor } from './region.ts';
import type { BulkSink } from './string.ts';

const COUNT = REGION_WORDS;
const TABLE = COUNT + 1;
const OWN_WORDS = 1 + TABLE_WORDS;
const HEADER_UNITS = Math.ceil((REGION_WORDS + OWN_WORDS) / 2);

/** Units skipped at most in front of a block that may straddle a chunk: a long record or a segment. */
const SKIP = 3;
/** Units asked for beside what is needed, and as a part of what is there. */
const SPARE_MIN = 32;
const SPARE_SHIFT = 5;
/** With fewer than one element for so many buckets, some are joined. */
const BUCKETS_PER_ELEMENT = 4;
/** And as many with each element that goes, so that they keep up. */
const JOINS = 5;
// Units from which on it is worth building anew what is sparse, and how sparse. Values that change
// their size leave 1.2 to 1.4 times the units that are used; only values that all grow leave more.
// From 1 MiB on building takes milliseconds, and is done more seldom.
const REBUILD_MIN = 512;
const REBUILD_LARGE = 128 * 1024;
const REBUILD_RATIO = 1.5;
const REBUILD_RATIO_LARGE = 2;

const none = new Uint8Array(0);

/** The blocks a write is about to take, at most. */
export class DictionaryGrowth {
  /** Elements that may be new. */
  count = 0;
  #chunkUnits = 0;
  // Blocks that lie in one piece: all together, and the largest.
  #units = 0;
  #largest = 0;
  /** Blocks that may straddle chunks, with what is skipped in front of each. */
  #large = 0;

  /** Begins anew, for a dictionary in that zone. */
  clear(zone: Zone): void {
    this.count = 0;
    this.#chunkUnits = zone.layout.chunkSize / UNIT;
    this.#units = 0;
    this.#largest = 0;
    this.#large = 0;
  }

  /** Adds a member that may be new. Without a value, its size is NO_VALUE. */
  add(memberSize: number, valueSize: number): void {
    this.count++;
    this.#addRecord(memberSize, valueSize);
  }

  /** Adds the record that another value of a member needs; see Dictionary.staysInPlace(). */
  addReplacement(memberSize: number, valueSize: number): void {
    this.#addRecord(memberSize, valueSize);
  }

  #addRecord(memberSize: number, valueSize: number): void {
    const units = recordUnits(memberSize, valueSize);
    if (isLongOf(memberSize, valueSize)) {
      this.#large += units + SKIP;
      return;
    }
    this.#units += units;
    if (units > this.#largest) this.#largest = units;
  }

  /** Fresh units for all of it in a table of so many buckets, that has so many elements then. */
  unitsIn(buckets: number, count: number): number {
    let units = this.#units;
    let largest = this.#largest;
    let large = this.#large;
    const first = segmentUnits(buckets) > 0 ? buckets : nextSegment(buckets);
    for (let bucket = first; bucket < count; bucket = nextSegment(bucket)) {
      const segment = segmentUnits(bucket);
      if (segment > this.#chunkUnits) {
        large += segment + SKIP;
      } else {
        units += segment;
        largest = Math.max(largest, segment);
      }
    }
    return unitsFor(units, largest, this.#chunkUnits) + large;
  }
}

export class Dictionary {
  /** Bytes made readable by readMember() or readValue(). */
  textBytes: Uint8Array = none;
  textStart = 0;
  textEnd = 0;
  readonly #region = new Region();
  readonly #table = new MemberTable(this.#region, TABLE);
  readonly #hasValues: boolean;
  #hash = 0;
  #record = 0;
  #scratch: Uint8Array = none;

  constructor(hasValues: boolean) {
    this.#hasValues = hasValues;
  }

  /** Bytes of content for a new dictionary that can take all of `growth`. */
  static sizeFor(growth: DictionaryGrowth): number {
    return (HEADER_UNITS + growth.unitsIn(0, Math.max(1, growth.count))) * UNIT;
  }

  open(zone: Zone, entry: number): this {
    this.#region.bind(zone, entry);
    return this;
  }

  /** Makes the content an empty dictionary, with buckets for `count` elements. */
  format(count: number): void {
    this.#region.format(OWN_WORDS);
    this.#table.format(count);
  }

  get entry(): number {
    return this.#region.entry;
  }

  get count(): number {
    return this.#get(COUNT);
  }

  #get(word: number): number {
    return this.#region.i32[this.#region.base + word];
  }

  #set(word: number, value: number): void {
    this.#region.i32[this.#region.base + word] = value;
  }

  // ── Finding ───────────────────────────────────────────────────────────────────────────────────

  find(bytes: Uint8Array, start: number, end: number): boolean {
    this.#hash = this.#table.hash(bytes, start, end);
    this.#record = this.#table.find(this.#hash, bytes, start, end);
    return this.#record !== 0;
  }

  /** Goes to an element, each with the same chance. There must be one. */
  draw(random: Random): void {
    this.#record = this.#table.draw(random, this.count);
  }

  /** Names the element as long as it is there, until something is added or settle() is called. */
  get mark(): number {
    return this.#record;
  }

  /** Goes to the element that a mark names. */
  goTo(mark: number): void {
    this.#record = mark;
  }

  // ── Walking ───────────────────────────────────────────────────────────────────────────────────

  /** Begins a walk over all elements: next() goes to the first. Nothing must change meanwhile. */
  begin(): void {
    this.#table.beginWalk();
  }

  /** Where a scan from `cursor` that sees about `count` elements ends; 0 at the end of all. */
  scanEnd(cursor: number, count: number): number {
    return this.#table.scanEnd(cursor, count);
  }

  /** Begins a walk over the elements from `cursor` to where scanEnd() said. */
  beginScan(cursor: number, end: number): void {
    this.#table.beginScan(cursor, end);
  }

  /** Goes to the next element of the walk. Answers false at the end. */
  next(): boolean {
    const record = this.#table.nextRecord();
    if (record === 0) return false;
    this.#record = record;
    return true;
  }

  // ── The element ───────────────────────────────────────────────────────────────────────────────

  get memberSize(): number {
    return memberSizeOf(this.#region, this.#record);
  }

  get valueSize(): number {
    return valueSizeOf(this.#region, this.#record);
  }

  writeMember(sink: BulkSink): void {
    writeMember(this.#region, this.#record, sink);
  }

  writeValue(sink: BulkSink): void {
    writeValueTo(this.#region, this.#record, sink);
  }

  copyMember(target: Uint8Array, at: number): void {
    copyMember(this.#region, this.#record, this.memberSize, target, at);
  }

  copyValue(target: Uint8Array, at: number): void {
    const region = this.#region;
    const address = valueAddress(region, this.#record);
    region.zone.content.read(region.entry, address, target, at, this.valueSize);
  }

  /** Makes the member stand in textBytes[textStart, textEnd), until something changes. */
  readMember(): void {
    this.#read(memberAddress(this.#region, this.#record), this.memberSize);
  }

  readValue(): void {
    this.#read(valueAddress(this.#region, this.#record), this.valueSize);
  }

  #read(address: number, size: number): void {
    const region = this.#region;
    const { content } = region.zone;
    if (content.runAt(region.entry, address) >= size) {
      this.textBytes = region.u8;
      this.textStart = content.at(region.entry, address);
    } else {
      if (this.#scratch.length < size) this.#scratch = new Uint8Array(size);
      content.read(region.entry, address, this.#scratch, 0, size);
      this.textBytes = this.#scratch;
      this.textStart = 0;
    }
    this.textEnd = this.textStart + size;
  }

  // ── Adding ────────────────────────────────────────────────────────────────────────────────────

  /**
   * Makes room for all of `growth`. Answers false when there is none; nothing has changed then, but
   * the entry may lie elsewhere. After true what was found has to be found again.
   *
   * Where several values are replaced that do not keep their size, all of them must be in it: a
   * member may be named twice, and what the first time needs no room may need some the second.
   */
  reserve(growth: DictionaryGrowth): boolean {
    const need = growth.unitsIn(this.#table.bucketCount, this.count + growth.count);
    const spare = Math.max(SPARE_MIN, this.#region.bump >>> SPARE_SHIFT);
    return this.#region.reserveFresh(need, spare);
  }

  /** Whether there surely is room for one member that is new, as there mostly is. */
  hasRoomFor(memberSize: number, valueSize: number): boolean {
    if (isLongOf(memberSize, valueSize) || this.#table.isAboutToGrow) return false;
    // What is skipped at the end of a chunk is less than the record.
    return this.#region.fresh >= recordUnits(memberSize, valueSize) * 2;
  }

  /** Gives the element another value if its record stays as large as it is. */
  replaceInside(value: Uint8Array, start: number, end: number): boolean {
    return rewriteValue(this.#region, this.#record, value, start, end);
  }

  /** Whether the element can be given a value of that size without taking another record. */
  staysInPlace(valueSize: number): boolean {
    const { memberSize } = this;
    const old = this.valueSize;
    const isAlike = isLongOf(memberSize, old) === isLongOf(memberSize, valueSize);
    return isAlike && recordUnits(memberSize, valueSize) <= recordUnits(memberSize, old);
  }

  /** Whether a value of that size leaves the record as large as it is. */
  keepsSize(valueSize: number): boolean {
    const { memberSize } = this;
    return recordUnits(memberSize, valueSize) === recordUnits(memberSize, this.valueSize);
  }

  /** Adds the member that find() did not find, with its value if they have any. Room is there. */
  insert(
    bytes: Uint8Array,
    start: number,
    end: number,
    value: Uint8Array = none,
    valueStart = 0,
    valueEnd = 0,
  ): void {
    this.#record = this.#make(bytes, start, end, value, valueStart, valueEnd);
    this.#enter(this.#record, this.#hash);
  }

  /** Gives the member found, whose bytes these are, another value. Room is there. */
  replace(
    bytes: Uint8Array,
    start: number,
    end: number,
    value: Uint8Array,
    valueStart: number,
    valueEnd: number,
  ): void {
    const region = this.#region;
    const record = this.#record;
    const valueSize = valueEnd - valueStart;
    const oldUnits = unitsOf(region, record, true);
    if (!this.staysInPlace(valueSize)) {
      this.#record = this.#make(bytes, start, end, value, valueStart, valueEnd);
      this.#table.replace(record, this.#record, this.#hash);
      region.give(record, oldUnits);
      return;
    }
    const units = recordUnits(end - start, valueSize);
    if (units < oldUnits && !isLong(region, record) && region.hasFree(units)) {
      // Cutting records shorter one after the other would leave pieces that nothing fits in. Fresh
      // units are not taken: they may be reserved for others.
      this.#record = this.#make(bytes, start, end, value, valueStart, valueEnd);
      this.#table.replace(record, this.#record, this.#hash);
      region.give(record, oldUnits);
      return;
    }
    writeValue(region, record, value, valueStart, valueEnd);
    if (units < oldUnits) region.give(record + units, oldUnits - units);
  }

  #make(
    bytes: Uint8Array,
    start: number,
    end: number,
    value: Uint8Array,
    valueStart: number,
    valueEnd: number,
  ): number {
    const region = this.#region;
    const size = end - start;
    const valueSize = this.#hasValues ? valueEnd - valueStart : NO_VALUE;
    const isShort = !isLongOf(size, valueSize);
    const record = region.take(recordUnits(size, valueSize), isShort);
    const tag = recordTag(this.#hash, size, valueSize);
    writeRecord(region, record, tag, valueSize, bytes, start, end);
    if (this.#hasValues) writeValue(region, record, value, valueStart, valueEnd);
    return record;
  }

  #enter(record: number, hash: number): void {
    const count = this.count + 1;
    this.#set(COUNT, count);
    this.#table.insert(record, hash, count);
  }

  // ── Removing: needs no room ───────────────────────────────────────────────────────────────────

  /** Removes the member that find() found. */
  remove(): void {
    this.#drop(this.#hash);
  }

  /** Removes the element that was drawn or walked to. A walk must begin anew then. */
  removeCurrent(): void {
    this.#drop(hashRecord(this.#region, this.#record));
  }

  #drop(hash: number): void {
    const region = this.#region;
    const table = this.#table;
    table.remove(this.#record, hash);
    region.give(this.#record, unitsOf(region, this.#record, this.#hasValues));
    this.#record = 0;
    const count = this.count - 1;
    this.#set(COUNT, count);
    for (let i = 0; i < JOINS; i++) {
      const buckets = table.bucketCount;
      if (buckets === FIRST || count * BUCKETS_PER_ELEMENT >= buckets) break;
      table.join();
    }
  }

  // ── All at once ───────────────────────────────────────────────────────────────────────────────

  /**
   * Gives back memory that is not needed, if much is. The entry may lie elsewhere afterwards. For
   * the end of every write: mostly it only looks.
   */
  settle(): void {
    const region = this.#region;
    const { bump, used } = region;
    const ratio = bump < REBUILD_LARGE ? REBUILD_RATIO : REBUILD_RATIO_LARGE;
    if (bump > REBUILD_MIN && used * ratio < bump) this.#rebuild();
    region.trim();
  }

  /** Builds everything anew, without the gaps that elements left. */
  #rebuild(): void {
    const region = this.#region;
    const { content } = region.zone;
    const { count } = this;
    const records = new Uint8Array(region.used * UNIT);
    const sizes = new Int32Array(count);
    let at = 0;
    this.begin();
    for (let i = 0; this.next(); i++) {
      sizes[i] = unitsOf(region, this.#record, this.#hasValues) * UNIT;
      content.read(region.entry, this.#record * UNIT, records, at, sizes[i]);
      at += sizes[i];
    }
    this.format(count);
    at = 0;
    for (const size of sizes) {
      const record = region.take(size / UNIT, size <= SHORT_SIZE_MAX);
      content.write(region.entry, record * UNIT, records, at, at + size);
      this.#adopt(record);
      at += size;
    }
  }

  /** Enters a record that was copied here. */
  #adopt(record: number): void {
    const hash = hashRecord(this.#region, record);
    setHash(this.#region, record, hash);
    this.#enter(record, hash);
  }

  /** Bytes of content for a copy in another zone, whose chunks may be of another size. */
  sizeIn(zone: Zone): number {
    const growth = new DictionaryGrowth();
    growth.clear(zone);
    this.addAllTo(growth);
    return Dictionary.sizeFor(growth);
  }

  /** Adds all elements to what a dictionary is to take. */
  addAllTo(growth: DictionaryGrowth): void {
    this.begin();
    while (this.next()) growth.add(this.memberSize, this.#hasValues ? this.valueSize : NO_VALUE);
  }

  /** Makes an entry of another zone, with sizeIn() bytes of content, a copy of this dictionary. */
  copyTo(zone: Zone, entry: number): void {
    const region = this.#region;
    const { content } = region.zone;
    const copy = new Dictionary(this.#hasValues).open(zone, entry);
    copy.format(this.count);
    this.begin();
    while (this.next()) {
      const units = unitsOf(region, this.#record, this.#hasValues);
      const record = copy.#region.take(units, units * UNIT <= SHORT_SIZE_MAX);
      for (let done = 0; done < units * UNIT; ) {
        const address = this.#record * UNIT + done;
        const at = content.at(region.entry, address);
        const run = Math.min(content.runAt(region.entry, address), units * UNIT - done);
        zone.content.write(entry, record * UNIT + done, region.u8, at, at + run);
        done += run;
      }
      copy.#adopt(record);
    }
  }

  // ── Audit ─────────────────────────────────────────────────────────────────────────────────────

  /** What is wrong, or undefined: chains, counts, and that every unit is in one block. */
  audit(): string | undefined {
    const region = this.#region;
    let problem = region.audit();
    if (problem !== undefined) return problem;

    const taken = new Uint8Array(region.limit);
    const claim = (block: number, units: number): void => {
      if (block + units > region.bump) problem ??= `block ${block} lies behind the end`;
      if (taken.subarray(block, block + units).indexOf(1) >= 0) {
        problem ??= `block ${block} overlaps another`;
      }
      taken.fill(1, block, block + units);
    };
    claim(0, HEADER_UNITS);
    region.eachFree(claim);

    const records = new Set<number>();
    problem ??= this.#table.audit((record) => {
      const units = unitsOf(region, record, this.#hasValues);
      const isSplit = region.word(record + units - 1) !== region.word(record) + (units - 1) * 2;
      if (isSplit && !isLong(region, record)) problem ??= `record ${record} is in pieces`;
      claim(record, units);
      const isNew = !records.has(record);
      records.add(record);
      return isNew;
    }, claim);
    if (records.size !== this.count) problem ??= 'elements are counted wrongly';
    const lost = taken.subarray(0, region.bump).indexOf(0);
    if (lost >= 0) problem ??= `unit ${lost} is in no block`;
    return problem;
  }
}
