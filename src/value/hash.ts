/**
 * Hash: fields, each with a value.
 *
 *   listpack    field, value, field, value, … in one listpack (listpack.ts)
 *   hashtable   the same while it is small, then a dictionary (dictionary.ts)
 *
 * The words are Redis's, for OBJECT ENCODING; they change when Redis changes them: with a field too
 * many, or a field or value too long, and never back. What they say of speed holds for large hashes
 * only: among a few fields looking at each is as fast, and takes half the memory.
 *
 * A Hash is a lens, not a value: open() points it at an entry, and it is good until something else
 * is written to the zone. Writing has three steps, so that it is all or nothing:
 *
 *   plan() for each field       finds out what it will take
 *   makeRoom()                  asks for it, and may find none; or contentSize() and create()
 *   set() for each field        can't fail
 *
 * Removing needs no room.
 */

import type { Reply } from '../resp/reply.ts';
import type { Random } from '../std/random.ts';
import type { ValueAudit } from '../zone/audit.ts';
import type { Zone } from '../zone/zone.ts';
import { Dictionary, DictionaryGrowth } from './dictionary.ts';
import {
  EntryListpack,
  elementSize,
  LISTPACK_EMPTY_SIZE,
  LISTPACK_SIZE_MAX,
  Listpack,
  NONE,
} from './listpack.ts';
import type { BulkSink } from './string.ts';
import { HASH_HASHTABLE, HASH_LISTPACK, HASH_SMALL_TABLE, TYPE_HASH } from './type.ts';

/** Up to where a hash is a listpack. */
export interface HashLimits {
  /** Fields. */
  count: number;
  /** Bytes of a field or a value. */
  size: number;
}

// Up to where a hashtable is kept as a listpack. A dictionary has some 550 bytes beside its records,
// which are 30 bytes smaller than Redis's: of few fields it would be the larger one. The size is
// what fits in a slot of a large page.
const SMALL_COUNT = 32;
const SMALL_SIZE = 7680;

/** Of setInside(): there is no room, or it can't be told easily. */
export const NOT_SET = -1;

const none = new Uint8Array(0);

export class Hash {
  /** The entry; it may lie elsewhere after makeRoom() and settle(). */
  entry = 0;
  /** Bytes made readable by readField() or readValue(). */
  textBytes: Uint8Array = none;
  textStart = 0;
  textEnd = 0;
  #zone!: Zone;
  #isPacked = true;
  readonly #packed = new EntryListpack();
  readonly #dictionary = new Dictionary(true);
  /** Position of the field found last, of a listpack. */
  #at = NONE;
  /** Positions of all fields, once one was drawn. */
  #places: Int32Array = new Int32Array(0);
  #hasPlaces = false;

  // What is planned.
  #limits: HashLimits = { count: 0, size: 0 };
  #pairs = 0;
  /** Fields that may be new. */
  #added = 0;
  /** Bytes by which a listpack grows. */
  #growth = 0;
  /** Bytes of all fields and values, and of the longest. */
  #textSize = 0;
  #textSizeMax = 0;
  /** What a dictionary takes for the records that can't stay as they are, and for all. */
  readonly #some = new DictionaryGrowth();
  readonly #all = new DictionaryGrowth();
  #keepsSizes = true;
  /** Whether the only field planned is the one found last: or set() looks for its own. */
  #isFound = false;

  /** Points at an entry. */
  open(zone: Zone, entry: number): this {
    this.#zone = zone;
    this.entry = entry;
    this.#isPacked = zone.encoding(entry) !== HASH_HASHTABLE;
    this.#hasPlaces = false;
    if (this.#isPacked) this.#packed.openEntry(zone, entry);
    else this.#dictionary.open(zone, entry);
    return this;
  }

  get count(): number {
    return this.#isPacked ? this.#packed.count / 2 : this.#dictionary.count;
  }

  // ── Finding ───────────────────────────────────────────────────────────────────────────────────

  find(bytes: Uint8Array, start: number, end: number): boolean {
    if (!this.#isPacked) return this.#dictionary.find(bytes, start, end);
    const packed = this.#packed;
    this.#at = packed.find(packed.first, bytes, start, end, 1);
    return this.#at !== NONE;
  }

  /** Goes to a field, each with the same chance. */
  draw(random: Random): void {
    if (this.#isPacked) this.#at = this.#placeOf(random.below(this.count));
    else this.#dictionary.draw(random);
  }

  /** Names the field gone to, until something changes. */
  get mark(): number {
    return this.#isPacked ? this.#at : this.#dictionary.mark;
  }

  #placeOf(index: number): number {
    if (!this.#hasPlaces) {
      const packed = this.#packed;
      const { count } = this;
      if (this.#places.length < count) this.#places = new Int32Array(count * 2);
      let at = packed.first;
      for (let i = 0; i < count; i++) {
        this.#places[i] = at;
        at = packed.nextOf(packed.nextOf(at));
      }
      this.#hasPlaces = true;
    }
    return this.#places[index];
  }

  // ── Walking ───────────────────────────────────────────────────────────────────────────────────

  /** Begins a walk over all fields: next() goes to the first. */
  begin(): void {
    this.#at = NONE;
    if (!this.#isPacked) this.#dictionary.begin();
  }

  /** Goes to the next field of the walk. Answers false at the end. */
  next(): boolean {
    if (!this.#isPacked) return this.#dictionary.next();
    const packed = this.#packed;
    this.#at = this.#at === NONE ? packed.first : packed.nextOf(packed.nextOf(this.#at));
    return this.#at < packed.end;
  }

  /** Writes all fields, each before its value. */
  writeAll(reply: Reply): void {
    if (this.#isPacked) {
      const packed = this.#packed;
      packed.writeRun(reply, packed.first, packed.count);
      return;
    }
    const dictionary = this.#dictionary;
    dictionary.begin();
    while (dictionary.next()) {
      dictionary.writeMember(reply);
      dictionary.writeValue(reply);
    }
  }

  /** Where a scan from `cursor` that sees about `count` fields ends; 0 at the end of all. */
  scanEnd(cursor: number, count: number): number {
    return this.#isPacked ? 0 : this.#dictionary.scanEnd(cursor, count);
  }

  /** Begins a walk over the fields from `cursor` to where scanEnd() said. */
  beginScan(cursor: number, end: number): void {
    this.#at = NONE;
    if (!this.#isPacked) this.#dictionary.beginScan(cursor, end);
  }

  // ── The field found, drawn or walked to ───────────────────────────────────────────────────────

  get valueSize(): number {
    if (!this.#isPacked) return this.#dictionary.valueSize;
    this.#readPackedValue();
    return this.#packed.textSize;
  }

  writeField(sink: BulkSink): void {
    if (this.#isPacked) {
      this.#packed.read(this.#at);
      this.#packed.writeTo(sink);
    } else {
      this.#dictionary.writeMember(sink);
    }
  }

  writeValue(sink: BulkSink): void {
    if (this.#isPacked) {
      this.#readPackedValue();
      this.#packed.writeTo(sink);
    } else {
      this.#dictionary.writeValue(sink);
    }
  }

  /** Makes the field stand in textBytes[textStart, textEnd), until something changes. */
  readField(): void {
    if (this.#isPacked) this.#packed.read(this.#at);
    else this.#dictionary.readMember();
    this.#showText();
  }

  readValue(): void {
    if (this.#isPacked) this.#readPackedValue();
    else this.#dictionary.readValue();
    this.#showText();
  }

  #readPackedValue(): void {
    this.#packed.read(this.#packed.nextOf(this.#at));
  }

  #showText(): void {
    if (this.#isPacked) this.#packed.spell();
    const source = this.#isPacked ? this.#packed : this.#dictionary;
    this.textBytes = source.textBytes;
    this.textStart = source.textStart;
    this.textEnd = source.textEnd;
  }

  // ── Setting at once ───────────────────────────────────────────────────────────────────────────

  /**
   * Sets a field without a plan, where that needs no room to be made: mostly. Answers how many are
   * new, or NOT_SET with nothing changed.
   */
  setInside(
    limits: HashLimits,
    bytes: Uint8Array,
    start: number,
    end: number,
    value: Uint8Array,
    valueStart: number,
    valueEnd: number,
  ): number {
    const dictionary = this.#dictionary;
    if (this.#isPacked) {
      return this.#setPacked(limits, bytes, start, end, value, valueStart, valueEnd);
    }
    if (dictionary.find(bytes, start, end)) {
      return dictionary.replaceInside(value, valueStart, valueEnd) ? 0 : NOT_SET;
    }
    if (!dictionary.hasRoomFor(end - start, valueEnd - valueStart)) return NOT_SET;
    dictionary.insert(bytes, start, end, value, valueStart, valueEnd);
    return 1;
  }

  #setPacked(
    { count, size }: HashLimits,
    bytes: Uint8Array,
    start: number,
    end: number,
    value: Uint8Array,
    valueStart: number,
    valueEnd: number,
  ): number {
    const zone = this.#zone;
    const packed = this.#packed;
    const isShort = end - start <= size && valueEnd - valueStart <= size;
    // Limits may have been lowered since: then any write makes it another encoding.
    if (!isShort || packed.count > count * 2) return NOT_SET;
    if (zone.encoding(this.entry) !== HASH_LISTPACK) return NOT_SET;
    const field = packed.find(packed.first, bytes, start, end, 1);
    const added = elementSize(value, valueStart, valueEnd);
    const room = zone.content.size(this.entry) - packed.size;
    if (field !== NONE) {
      const at = packed.nextOf(field);
      const growth = added - (packed.nextOf(at) - at);
      if (growth < 0 || growth > room) return NOT_SET;
      packed.replace(at, value, valueStart, valueEnd);
      return 0;
    }
    if (packed.count >= count * 2 || elementSize(bytes, start, end) + added > room) return NOT_SET;
    packed.append(bytes, start, end);
    packed.append(value, valueStart, valueEnd);
    return 1;
  }

  // ── Planning ──────────────────────────────────────────────────────────────────────────────────

  /** Begins a plan for the hash of an entry, or for a new one where the entry is 0. */
  beginPlan(zone: Zone, entry: number, limits: HashLimits): void {
    if (entry !== 0) {
      this.open(zone, entry);
    } else {
      this.#zone = zone;
      this.entry = 0;
      this.#isPacked = true;
    }
    this.#limits = limits;
    this.#pairs = 0;
    this.#added = 0;
    this.#growth = 0;
    this.#textSize = 0;
    this.#textSizeMax = 0;
    this.#some.clear(zone);
    this.#all.clear(zone);
    this.#keepsSizes = true;
    this.#isFound = false;
  }

  /** Adds to the plan that a field is set. */
  plan(
    bytes: Uint8Array,
    start: number,
    end: number,
    value: Uint8Array,
    valueStart: number,
    valueEnd: number,
  ): void {
    const fieldSize = end - start;
    const valueSize = valueEnd - valueStart;
    this.#pairs++;
    this.#textSize += fieldSize + valueSize;
    this.#textSizeMax = Math.max(this.#textSizeMax, fieldSize, valueSize);
    this.#all.add(fieldSize, valueSize);
    const isThere = this.entry !== 0 && this.find(bytes, start, end);
    this.#isFound = isThere && this.#pairs === 1;
    if (!isThere) this.#added++;
    if (!this.#isPacked) {
      if (!isThere) {
        this.#some.add(fieldSize, valueSize);
      } else if (!this.#dictionary.keepsSize(valueSize)) {
        this.#keepsSizes = false;
        if (!this.#dictionary.staysInPlace(valueSize)) {
          this.#some.addReplacement(fieldSize, valueSize);
        }
      }
      return;
    }
    const added = elementSize(value, valueStart, valueEnd);
    if (isThere) {
      const packed = this.#packed;
      const at = packed.nextOf(this.#at);
      this.#growth += Math.max(0, added - (packed.nextOf(at) - at));
    } else {
      this.#growth += elementSize(bytes, start, end) + added;
    }
  }

  /** Bytes of content for a new hash that can take all that is planned. */
  get contentSize(): number {
    if (this.#outgrows() && !this.#staysSmall()) return Dictionary.sizeFor(this.#all);
    return LISTPACK_EMPTY_SIZE + this.#growth;
  }

  /** Points at an entry whose content was made for what is planned, and makes it an empty hash. */
  create(zone: Zone, entry: number): void {
    const outgrows = this.#outgrows();
    this.#isPacked = !outgrows || this.#staysSmall();
    this.entry = entry;
    this.#hasPlaces = false;
    if (this.#isPacked) {
      zone.setEncoding(entry, outgrows ? HASH_SMALL_TABLE : HASH_LISTPACK);
      this.#packed.create(zone, entry);
    } else {
      zone.setEncoding(entry, HASH_HASHTABLE);
      this.#dictionary.open(zone, entry).format(0);
    }
  }

  /** Makes room for what is planned. Answers false when there is none; nothing has changed then. */
  makeRoom(): boolean {
    if (!this.#isPacked) {
      // Of several, see Dictionary.reserve().
      const growth = this.#keepsSizes || this.#pairs === 1 ? this.#some : this.#all;
      growth.count = this.#added;
      const isReserved = this.#dictionary.reserve(growth);
      this.entry = this.#dictionary.entry;
      return isReserved;
    }
    let size = this.#packed.size + this.#growth;
    const outgrows = this.#outgrows();
    const staysSmall = this.#staysSmall();
    if (!staysSmall && (outgrows || this.count + this.#added > this.#limits.count)) {
      size = Math.max(size, this.#sizeAsDictionary());
    }
    if (size > this.#zone.content.size(this.entry)) {
      const entry = this.#zone.resize(this.entry, size);
      if (entry === 0) return false;
      const { start } = this.#packed;
      this.open(this.#zone, entry);
      this.#at += this.#packed.start - start;
    }
    if (outgrows) {
      this.#zone.setEncoding(this.entry, HASH_SMALL_TABLE);
      if (!staysSmall) this.#convert();
    }
    return true;
  }

  /** Whether Redis has a hashtable, or makes one before it sets the first of these fields. */
  #outgrows(): boolean {
    const { count, size } = this.#limits;
    if (this.#pairs > count || this.#textSizeMax > size) return true;
    if (this.entry === 0) return this.#textSize > LISTPACK_SIZE_MAX;
    if (this.#zone.encoding(this.entry) !== HASH_LISTPACK) return true;
    return this.#packed.size + this.#textSize > LISTPACK_SIZE_MAX;
  }

  /** Whether it may be kept as a listpack when it is called a hashtable. */
  #staysSmall(): boolean {
    const isNew = this.entry === 0;
    const count = (isNew ? 0 : this.count) + this.#added;
    const size = (isNew ? LISTPACK_EMPTY_SIZE : this.#packed.size) + this.#growth;
    return count <= SMALL_COUNT && size <= SMALL_SIZE;
  }

  /** Bytes of content for the listpack as a dictionary, with room for what is planned. */
  #sizeAsDictionary(): number {
    const packed = this.#packed;
    for (let at = packed.first; at < packed.end; at = packed.next) {
      packed.read(at);
      const fieldSize = packed.textSize;
      packed.read(packed.next);
      this.#all.add(fieldSize, packed.textSize);
    }
    return Dictionary.sizeFor(this.#all);
  }

  #convert(): void {
    const { bytes, start, end } = this.#packed;
    const elements = bytes.slice(start, end + 1);
    const fields = new Listpack().open(elements, 0);
    const values = new Listpack().open(elements, 0);
    const dictionary = this.#dictionary;
    this.#zone.setEncoding(this.entry, HASH_HASHTABLE);
    this.#isPacked = false;
    this.#isFound = false;
    dictionary.open(this.#zone, this.entry).format(0);
    for (let at = fields.first; at < fields.end; at = values.next) {
      fields.read(at);
      values.read(fields.next);
      fields.spell();
      values.spell();
      dictionary.find(fields.textBytes, fields.textStart, fields.textEnd);
      dictionary.insert(
        fields.textBytes,
        fields.textStart,
        fields.textEnd,
        values.textBytes,
        values.textStart,
        values.textEnd,
      );
    }
  }

  // ── Changing ──────────────────────────────────────────────────────────────────────────────────

  /** Sets a field as planned. Answers whether it is new. */
  set(
    bytes: Uint8Array,
    start: number,
    end: number,
    value: Uint8Array,
    valueStart: number,
    valueEnd: number,
  ): boolean {
    const isThere = this.#isFound || this.find(bytes, start, end);
    if (!this.#isPacked) {
      const dictionary = this.#dictionary;
      if (isThere) dictionary.replace(bytes, start, end, value, valueStart, valueEnd);
      else dictionary.insert(bytes, start, end, value, valueStart, valueEnd);
      return !isThere;
    }
    const packed = this.#packed;
    this.#hasPlaces = false;
    if (isThere) {
      packed.replace(packed.nextOf(this.#at), value, valueStart, valueEnd);
    } else {
      packed.append(bytes, start, end);
      packed.append(value, valueStart, valueEnd);
    }
    if (this.count > this.#limits.count) this.#becomeTable();
    return !isThere;
  }

  #becomeTable(): void {
    this.#zone.setEncoding(this.entry, HASH_SMALL_TABLE);
    if (this.count > SMALL_COUNT || this.#packed.size > SMALL_SIZE) this.#convert();
  }

  /** Removes a field. Answers whether it was there. Needs no room. */
  remove(bytes: Uint8Array, start: number, end: number): boolean {
    if (!this.find(bytes, start, end)) return false;
    if (this.#isPacked) {
      this.#hasPlaces = false;
      this.#packed.remove(this.#at, 2);
    } else {
      this.#dictionary.remove();
    }
    return true;
  }

  /** Gives back memory that is not needed, if much is. The entry may lie elsewhere afterwards. */
  settle(): void {
    if (this.#isPacked) {
      this.#packed.settle();
      this.entry = this.#packed.entry;
    } else {
      this.#dictionary.settle();
      this.entry = this.#dictionary.entry;
    }
  }

  // ── As a whole ────────────────────────────────────────────────────────────────────────────────

  /** Bytes of content for a copy in another zone. Within a zone a copy is one of bytes. */
  sizeIn(zone: Zone): number {
    return this.#isPacked ? this.#packed.size : this.#dictionary.sizeIn(zone);
  }

  /** Makes an entry of another zone, with sizeIn() bytes of content, a copy of this hash. */
  copyTo(zone: Zone, entry: number): void {
    if (this.#isPacked) {
      const { bytes, start, end } = this.#packed;
      zone.setEncoding(entry, this.#zone.encoding(this.entry));
      zone.content.write(entry, 0, bytes, start, end + 1);
    } else {
      zone.setEncoding(entry, HASH_HASHTABLE);
      this.#dictionary.copyTo(zone, entry);
    }
  }

  /** What is wrong with the entry it points at, or undefined. */
  audit(): string | undefined {
    if (!this.#isPacked) return this.#dictionary.audit();
    const problem = this.#packed.audit();
    if (problem !== undefined) return problem;
    if (this.#packed.count % 2 !== 0) return 'a field has no value';
    const places = new Set<number>();
    this.begin();
    while (this.next()) places.add(this.#at);
    for (const place of places) {
      const field = this.#packed;
      field.read(place);
      const text = field.copy();
      if (!this.find(text, 0, text.length) || this.#at !== place) return 'a field is there twice';
    }
    return undefined;
  }
}

/** Looks into an entry of the zone, if it is a hash. */
export const auditHash: ValueAudit = (zone, entry) =>
  zone.type(entry) === TYPE_HASH ? new Hash().open(zone, entry).audit() : undefined;
