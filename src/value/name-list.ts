/**
 * Name lists: records in the order of their names, in a region. The groups of a stream, and the
 * consumers of each of them.
 *
 *   list     │ records │ capacity │ record │ record │ …                 sorted by name
 *   record   │ name │ bytes of the name │ words of the owner …
 *   name     │ bytes …
 *
 * Redis tells groups and consumers in the order of their names, so they are kept in it, and a name
 * is found by halves. A new name moves the addresses behind it, four bytes each: names are few and
 * seldom new. The list is one block that doubles as it fills; an empty one is an address of 0.
 *
 * The owner keeps the address: open() says where the list is, `list` may be another after changes.
 */

import { compareBytes } from '../std/bytes.ts';
import { type Region, unitsFor } from './region.ts';
import type { BulkSink } from './string.ts';

// Words of a record.
const R_NAME = 0;
const R_SIZE = 1;
/** The first word of a record that is the owner's. */
export const NAMED = 2;

const COUNT = 0;
const CAPACITY = 1;
const HEADER_UNITS = 1;
const CAPACITY_MIN = 2;
/** From so many on a list grows by half. */
const MANY = 1024;
/** Units skipped at most in front of a block that may straddle a chunk. */
const SKIP = 3;

/** Blocks that are about to be taken, at most. */
export class BlockNeed {
  #chunkUnits = 0;
  #units = 0;
  #largest = 1;
  #large = 0;

  /** Begins anew, for a region whose chunks have so many units. */
  clear(chunkUnits: number): this {
    this.#chunkUnits = chunkUnits;
    this.#units = 0;
    this.#largest = 1;
    this.#large = 0;
    return this;
  }

  /** Adds a block that lies in one piece if it can. */
  add(units: number): void {
    if (units > this.#chunkUnits) {
      this.#large += units + SKIP;
      return;
    }
    this.#units += units;
    if (units > this.#largest) this.#largest = units;
  }

  /** Adds blocks of so many units together, none of them larger than `largest`. */
  addMany(units: number, largest: number): void {
    if (units === 0) return;
    this.#units += units;
    if (largest > this.#largest) this.#largest = largest;
  }

  /** Fresh units that all of them may take. */
  get fresh(): number {
    const units = this.#units;
    const small = units === 0 ? 0 : unitsFor(units, this.#largest, this.#chunkUnits);
    return small + this.#large;
  }
}

/** Units of a list for so many records. */
function listUnits(capacity: number): number {
  return HEADER_UNITS + Math.ceil(capacity / 2);
}

/** Units of the block of a name. */
function nameUnits(size: number): number {
  return Math.ceil(size / 8);
}

export class NameList {
  /** Address of the list, 0 when it is empty. */
  list = 0;
  /** Where in the order a name was found, or belongs. */
  place = 0;
  readonly #region: Region;
  readonly #recordUnits: number;

  /** A lens on lists of records that have `words` words, those of the name included. */
  constructor(region: Region, words: number) {
    this.#region = region;
    this.#recordUnits = Math.ceil(words / 2);
  }

  open(list: number): this {
    this.list = list;
    return this;
  }

  get count(): number {
    return this.list === 0 ? 0 : this.#region.i32[this.#region.word(this.list) + COUNT];
  }

  get #capacity(): number {
    return this.list === 0 ? 0 : this.#region.i32[this.#region.word(this.list) + CAPACITY];
  }

  /** The record at a place. */
  at(place: number): number {
    return this.#region.i32[this.#slot(place)];
  }

  #slot(place: number): number {
    return this.#region.word(this.list + HEADER_UNITS + (place >>> 1)) + (place & 1);
  }

  /** The record of a name, or 0. `place` is where it is, or belongs. */
  find(bytes: Uint8Array, start: number, end: number): number {
    let low = 0;
    let high = this.count;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const record = this.at(middle);
      const order = this.#compare(record, bytes, start, end);
      if (order === 0) {
        this.place = middle;
        return record;
      }
      if (order < 0) low = middle + 1;
      else high = middle;
    }
    this.place = low;
    return 0;
  }

  /** Order of the name of a record and bytes[start, end). */
  #compare(record: number, bytes: Uint8Array, start: number, end: number): number {
    const region = this.#region;
    const word = region.word(record);
    const name = region.i32[word + R_NAME];
    const size = region.i32[word + R_SIZE];
    if (nameUnits(size) <= region.chunkUnits) {
      const at = region.word(name) * 4;
      return compareBytes(region.u8, at, at + size, bytes, start, end);
    }
    const { content } = region.zone;
    const common = Math.min(size, end - start);
    for (let done = 0; done < common; ) {
      const at = content.at(region.entry, name * 8 + done);
      const run = Math.min(content.runAt(region.entry, name * 8 + done), common - done);
      const from = start + done;
      const order = compareBytes(region.u8, at, at + run, bytes, from, from + run);
      if (order !== 0) return order;
      done += run;
    }
    return size - (end - start);
  }

  // ── Names ─────────────────────────────────────────────────────────────────────────────────────

  nameSize(record: number): number {
    return this.#region.i32[this.#region.word(record) + R_SIZE];
  }

  /** A copy of a record's name. */
  copyName(record: number): Uint8Array {
    const region = this.#region;
    const bytes = new Uint8Array(this.nameSize(record));
    const name = region.i32[region.word(record) + R_NAME];
    if (bytes.length > 0) {
      region.zone.content.read(region.entry, name * 8, bytes, 0, bytes.length);
    }
    return bytes;
  }

  /** Writes a record's name as one bulk. */
  writeName(record: number, sink: BulkSink): void {
    const region = this.#region;
    const word = region.word(record);
    const name = region.i32[word + R_NAME];
    const size = region.i32[word + R_SIZE];
    if (nameUnits(size) <= region.chunkUnits) {
      const at = region.word(name) * 4;
      sink.bulk(region.u8, at, at + size);
      return;
    }
    const { content } = region.zone;
    sink.bulkHeader(size);
    for (let done = 0; done < size; ) {
      const at = content.at(region.entry, name * 8 + done);
      const run = Math.min(content.runAt(region.entry, name * 8 + done), size - done);
      sink.append(region.u8, at, at + run);
      done += run;
    }
    sink.bulkEnd();
  }

  // ── Adding ────────────────────────────────────────────────────────────────────────────────────

  /** Adds to `need` what a new record takes whose name has `nameSize` bytes. */
  addNeed(need: BlockNeed, nameSize: number): void {
    this.addRecordNeed(need, nameSize);
    const capacity = this.#capacity;
    if (this.count === capacity) need.add(listUnits(grown(capacity)));
  }

  /** The same in a list that has room for it. */
  addRecordNeed(need: BlockNeed, nameSize: number): void {
    need.add(this.#recordUnits);
    if (nameSize > 0) need.add(nameUnits(nameSize));
  }

  /** Adds to `need` the list itself, of so many records, made by prepare(). */
  addListNeed(need: BlockNeed, count: number): void {
    if (count > 0) need.add(listUnits(count));
  }

  /** Makes an empty list one of so many records at most. */
  prepare(capacity: number): void {
    if (capacity > 0) this.list = this.#make(capacity);
  }

  #make(capacity: number): number {
    const region = this.#region;
    const list = region.take(listUnits(capacity));
    const word = region.word(list);
    region.i32[word + COUNT] = 0;
    region.i32[word + CAPACITY] = capacity;
    return list;
  }

  /** Adds a record for a name that find() did not find, its other words zero. Room is there. */
  insert(bytes: Uint8Array, start: number, end: number): number {
    const region = this.#region;
    const { place, count } = this;
    if (count === this.#capacity) this.#grow();
    const size = end - start;
    const name = size === 0 ? 0 : region.take(nameUnits(size));
    if (size > 0) region.zone.content.write(region.entry, name * 8, bytes, start, end);
    const record = region.take(this.#recordUnits);
    region.clear(record, this.#recordUnits);
    const word = region.word(record);
    region.i32[word + R_NAME] = name;
    region.i32[word + R_SIZE] = size;
    const { i32 } = region;
    if (listUnits(this.#capacity) <= region.chunkUnits) {
      const slot = this.#slot(place);
      i32.copyWithin(slot + 1, slot, slot + count - place);
    } else {
      for (let i = count; i > place; i--) i32[this.#slot(i)] = i32[this.#slot(i - 1)];
    }
    i32[this.#slot(place)] = record;
    i32[region.word(this.list) + COUNT] = count + 1;
    return record;
  }

  #grow(): void {
    const region = this.#region;
    const old = this.list;
    const { count } = this;
    const capacity = this.#capacity;
    const made = this.#make(grown(capacity));
    const { i32 } = region;
    for (let i = 0; i < count; i++) {
      const record = this.at(i);
      this.list = made;
      i32[this.#slot(i)] = record;
      this.list = old;
    }
    this.list = made;
    i32[region.word(made) + COUNT] = count;
    if (old !== 0) region.give(old, listUnits(capacity));
  }

  // ── Removing: needs no room ───────────────────────────────────────────────────────────────────

  /** Removes the record at `place`, with its name. */
  remove(): void {
    const region = this.#region;
    const { place } = this;
    const count = this.count - 1;
    this.#giveRecord(this.at(place));
    if (count === 0) {
      region.give(this.list, listUnits(this.#capacity));
      this.list = 0;
      return;
    }
    const { i32 } = region;
    if (listUnits(this.#capacity) <= region.chunkUnits) {
      const slot = this.#slot(place);
      i32.copyWithin(slot, slot + 1, slot + 1 + count - place);
    } else {
      for (let i = place; i < count; i++) i32[this.#slot(i)] = i32[this.#slot(i + 1)];
    }
    i32[region.word(this.list) + COUNT] = count;
  }

  /** Gives back all records and the list. */
  free(): void {
    if (this.list === 0) return;
    for (let i = this.count - 1; i >= 0; i--) this.#giveRecord(this.at(i));
    this.#region.give(this.list, listUnits(this.#capacity));
    this.list = 0;
  }

  #giveRecord(record: number): void {
    const region = this.#region;
    const word = region.word(record);
    const name = region.i32[word + R_NAME];
    const size = region.i32[word + R_SIZE];
    if (size > 0) region.give(name, nameUnits(size));
    region.give(record, this.#recordUnits);
  }

  // ── Audit ─────────────────────────────────────────────────────────────────────────────────────

  /** What is wrong, or undefined. Calls `claim` for every block. */
  audit(claim: (block: number, units: number) => void): string | undefined {
    if (this.list === 0) return undefined;
    const region = this.#region;
    const { count } = this;
    claim(this.list, listUnits(this.#capacity));
    if (count < 1 || count > this.#capacity) return 'names are counted wrongly';
    let before: Uint8Array | undefined;
    for (let i = 0; i < count; i++) {
      const record = this.at(i);
      claim(record, this.#recordUnits);
      const size = this.nameSize(record);
      if (size > 0) claim(region.i32[region.word(record) + R_NAME], nameUnits(size));
      if (before !== undefined && this.#compare(record, before, 0, before.length) <= 0) {
        return 'names are out of order';
      }
      before = this.copyName(record);
    }
    return undefined;
  }
}

function grown(capacity: number): number {
  if (capacity === 0) return CAPACITY_MIN;
  return capacity < MANY ? capacity * 2 : capacity + (capacity >>> 2) * 2;
}
