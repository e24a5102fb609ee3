/**
 * Set: members, each once.
 *
 *   intset      integers in order (intset.ts)
 *   listpack    member, member, … in one listpack (listpack.ts)
 *   hashtable   the same while it is small, then a dictionary (dictionary.ts)
 *
 * The words are Redis's, for OBJECT ENCODING; they change when Redis changes them: with a member
 * that is no integer, with one too many or one too long, and never back. Of what is called a
 * hashtable a few members are kept as a listpack, as hashes keep theirs.
 *
 * A MemberSet is a lens, not a value: open() points it at an entry, and it is good until something
 * else is written to the zone. Adding has three steps, so that it is all or nothing:
 *
 *   plan() for each member      finds out what it will take
 *   makeRoom()                  asks for it, and may find none; or contentSize() and create()
 *   add() for each member       can't fail
 *
 * Removing needs no room.
 */

import type { Random } from '../std/random.ts';
import { Words } from '../std/words.ts';
import type { ValueAudit } from '../zone/audit.ts';
import type { Zone } from '../zone/zone.ts';
import { Dictionary, DictionaryGrowth } from './dictionary.ts';
import { INTSET_COUNT_MAX, INTSET_WIDTH_MIN, Intset, integerWidth, intsetSize } from './intset.ts';
import {
  EntryListpack,
  elementSize,
  formatListpack,
  LISTPACK_EMPTY_SIZE,
  LISTPACK_SIZE_MAX,
  Listpack,
  NONE,
} from './listpack.ts';
import { NO_VALUE } from './record.ts';
import { SetDraft, type SetLimits } from './set-draft.ts';
import type { BulkSink } from './string.ts';
import { SET_HASHTABLE, SET_INTSET, SET_LISTPACK, SET_SMALL_TABLE, TYPE_SET } from './type.ts';

// How members are kept.
const INTEGERS = 0;
const PACKED = 1;
const TABLE = 2;

// Up to where a hashtable is kept as a listpack: see hash.ts.
const SMALL_COUNT = 32;
const SMALL_SIZE = 7680;
/** An element of a listpack that is an integer of an intset takes at most so many bytes more. */
const ELEMENT_EXTRA = 2;
/** No integer is printed with more. */
const INTEGER_TEXT_MAX = 20;

/** Redis's SPOP_MOVE_STRATEGY_MUL: if so many times those that stay are no more than those popped. */
const NEW_SET_SHARE = 5;
/** With so many times the members that are popped, they are drawn; else all are walked over. */
const DRAWN_SHARE = 3;
/** Of the members that stay. */
const draft = new SetDraft();
const none = new Uint8Array(0);

export class MemberSet {
  /** The entry; it may lie elsewhere after makeRoom() and settle(). */
  entry = 0;
  /** Bytes made readable by readMember(). */
  textBytes: Uint8Array = none;
  textStart = 0;
  textEnd = 0;
  #zone!: Zone;
  #kind = INTEGERS;
  readonly #integers = new Intset();
  readonly #packed = new EntryListpack();
  readonly #dictionary = new Dictionary(false);
  readonly #words = new Words();
  /** Where the member found, drawn or walked to is: its place, or its position. */
  #at = NONE;
  /** Members drawn since it was opened; positions of all, once several were. */
  #draws = 0;
  #positions = new Int32Array(0);

  // What is planned.
  #limits: SetLimits = { integers: 0, count: 0, size: 0 };
  #planned = 0;
  /** Members that may be new, and those of them that are integers. */
  #added = 0;
  #addedIntegers = 0;
  #width = INTSET_WIDTH_MIN;
  /** Bytes of the elements of a listpack, those integers aside, and of the longest member. */
  #growth = 0;
  #sizeMax = 0;
  readonly #records = new DictionaryGrowth();
  /** Whether add() need not look for the member: the only one planned was not found. */
  #isMissing = false;
  /** Whether the member looked at last prints an integer: the words are it then. */
  #isInteger = false;

  /** Points at an entry. */
  open(zone: Zone, entry: number): this {
    this.#zone = zone;
    this.entry = entry;
    this.#draws = 0;
    const encoding = zone.encoding(entry);
    if (encoding === SET_HASHTABLE) {
      this.#kind = TABLE;
      this.#dictionary.open(zone, entry);
    } else if (encoding === SET_INTSET) {
      this.#kind = INTEGERS;
      this.#integers.openEntry(zone, entry);
    } else {
      this.#kind = PACKED;
      this.#packed.openEntry(zone, entry);
    }
    return this;
  }

  get count(): number {
    if (this.#kind === TABLE) return this.#dictionary.count;
    return this.#kind === PACKED ? this.#packed.count : this.#integers.count;
  }

  get isTable(): boolean {
    return this.#kind === TABLE;
  }

  get encoding(): number {
    return this.#zone.encoding(this.entry);
  }

  // ── Finding ───────────────────────────────────────────────────────────────────────────────────

  /** Finds a member. Answers whether it is there. */
  has(bytes: Uint8Array, start: number, end: number): boolean {
    if (this.#kind === TABLE) return this.#dictionary.find(bytes, start, end);
    if (this.#kind === PACKED) {
      this.#at = this.#packed.find(this.#packed.first, bytes, start, end);
      return this.#at !== NONE;
    }
    const words = this.#words;
    this.#isInteger = words.parse(bytes, start, end);
    if (!this.#isInteger) return false;
    const isThere = this.#integers.find(words.low, words.high);
    this.#at = this.#integers.index;
    return isThere;
  }

  /** Whether the member that another set is at is one of this, too. */
  hasOf(other: MemberSet): boolean {
    if (this.#kind === INTEGERS && other.#kind === INTEGERS) {
      other.#integers.read(other.#at);
      return this.#integers.find(other.#integers.low, other.#integers.high);
    }
    other.readMember();
    return this.has(other.textBytes, other.textStart, other.textEnd);
  }

  /** Goes to a member, each with the same chance. */
  draw(random: Random): void {
    if (this.#kind === TABLE) {
      this.#dictionary.draw(random);
      return;
    }
    const index = random.below(this.count);
    if (this.#kind === INTEGERS) {
      this.#at = index;
      return;
    }
    this.#draws++;
    this.#at = this.#draws === 1 ? this.#packed.seek(index) : this.#positionOf(index);
  }

  #positionOf(index: number): number {
    if (this.#draws === 2) {
      const packed = this.#packed;
      const { count } = packed;
      if (this.#positions.length < count) this.#positions = new Int32Array(count * 2);
      let at = packed.first;
      for (let i = 0; i < count; i++) {
        this.#positions[i] = at;
        at = packed.nextOf(at);
      }
    }
    return this.#positions[index];
  }

  /** Names the member gone to, until something changes. */
  get mark(): number {
    return this.#kind === TABLE ? this.#dictionary.mark : this.#at;
  }

  // ── Walking ───────────────────────────────────────────────────────────────────────────────────

  /** Begins a walk over all members: next() goes to the first. */
  begin(): void {
    this.#at = NONE;
    if (this.#kind === TABLE) this.#dictionary.begin();
  }

  /** Goes to the next member of the walk. Answers false at the end. */
  next(): boolean {
    if (this.#kind === TABLE) return this.#dictionary.next();
    if (this.#kind === INTEGERS) return ++this.#at < this.#integers.count;
    const packed = this.#packed;
    this.#at = this.#at === NONE ? packed.first : packed.nextOf(this.#at);
    return this.#at < packed.end;
  }

  /** Where a scan from `cursor` that sees about `count` members ends; 0 at the end of all. */
  scanEnd(cursor: number, count: number): number {
    return this.#kind === TABLE ? this.#dictionary.scanEnd(cursor, count) : 0;
  }

  /** Begins a walk over the members from `cursor` to where scanEnd() said. */
  beginScan(cursor: number, end: number): void {
    this.#at = NONE;
    if (this.#kind === TABLE) this.#dictionary.beginScan(cursor, end);
  }

  // ── The member found, drawn or walked to ──────────────────────────────────────────────────────

  writeMember(sink: BulkSink): void {
    if (this.#kind === TABLE) {
      this.#dictionary.writeMember(sink);
    } else if (this.#kind === PACKED) {
      this.#packed.read(this.#at);
      this.#packed.writeTo(sink);
    } else {
      this.#spell();
      sink.bulk(this.#integers.textBytes, 0, this.#integers.textEnd);
    }
  }

  #spell(): void {
    this.#integers.read(this.#at);
    this.#integers.spell();
  }

  /** Makes the member stand in textBytes[textStart, textEnd), until something changes. */
  readMember(): void {
    if (this.#kind === INTEGERS) {
      this.#spell();
      this.textBytes = this.#integers.textBytes;
      this.textStart = 0;
      this.textEnd = this.#integers.textEnd;
      return;
    }
    if (this.#kind === TABLE) {
      this.#dictionary.readMember();
    } else {
      this.#packed.read(this.#at);
      this.#packed.spell();
    }
    const source = this.#kind === TABLE ? this.#dictionary : this.#packed;
    this.textBytes = source.textBytes;
    this.textStart = source.textStart;
    this.textEnd = source.textEnd;
  }

  // ── Planning ──────────────────────────────────────────────────────────────────────────────────

  /** Begins a plan for the set of an entry, or for a new one where the entry is 0. */
  beginPlan(zone: Zone, entry: number, limits: SetLimits): void {
    if (entry !== 0) {
      this.open(zone, entry);
    } else {
      this.#zone = zone;
      this.entry = 0;
      this.#kind = INTEGERS;
    }
    this.#clearPlan(limits);
  }

  #clearPlan(limits: SetLimits): void {
    this.#limits = limits;
    this.#planned = 0;
    this.#added = 0;
    this.#addedIntegers = 0;
    this.#width = INTSET_WIDTH_MIN;
    this.#growth = 0;
    this.#sizeMax = 0;
    this.#records.clear(this.#zone);
    this.#isMissing = false;
  }

  /** Adds to the plan that a member is added. */
  plan(bytes: Uint8Array, start: number, end: number): void {
    this.#planned++;
    if (this.entry === 0) {
      if (this.#kind === INTEGERS) this.#isInteger = this.#words.parse(bytes, start, end);
      // A new set begins with integers if its first member is one.
      if (this.#planned === 1 && !this.#isInteger) this.#kind = PACKED;
    } else if (this.has(bytes, start, end)) {
      this.#isMissing = false;
      return;
    }
    this.#isMissing = this.#planned === 1;
    this.#planNew(bytes, start, end);
  }

  /**
   * Plans that the open set, whose member has() just now did not find, is given it and no other.
   */
  planMissing(bytes: Uint8Array, start: number, end: number, limits: SetLimits): void {
    this.#clearPlan(limits);
    this.#planned = 1;
    this.#isMissing = true;
    this.#planNew(bytes, start, end);
  }

  #planNew(bytes: Uint8Array, start: number, end: number): void {
    const size = end - start;
    this.#added++;
    this.#records.add(size, NO_VALUE);
    if (this.#kind === TABLE) return;
    if (size > this.#sizeMax) this.#sizeMax = size;
    if (this.#kind === INTEGERS && this.#isInteger) {
      const words = this.#words;
      const width = integerWidth(words.low, words.high);
      this.#addedIntegers++;
      if (width > this.#width) this.#width = width;
    } else {
      this.#growth += elementSize(bytes, start, end);
    }
  }

  /** Whether all that is planned is there, and changes nothing. */
  get isNothing(): boolean {
    return this.#added === 0 && !this.#outgrows();
  }

  /** Whether Redis makes it a hashtable before it adds the first of so many members. */
  #outgrows(): boolean {
    const { integers, count } = this.#limits;
    if (this.#kind === TABLE) return false;
    if (this.entry === 0) {
      return this.#planned > count && (this.#kind === PACKED || this.#planned > integers);
    }
    const encoding = this.#zone.encoding(this.entry);
    if (encoding === SET_SMALL_TABLE) return false;
    return this.#planned > (encoding === SET_INTSET ? integers : count);
  }

  /** Bytes of content for a new set that can take all that is planned. */
  get contentSize(): number {
    return this.#sizeNeeded();
  }

  /** Points at an entry whose content was made for what is planned, and makes it an empty set. */
  create(zone: Zone, entry: number): void {
    const outgrows = this.#outgrows();
    const { integers } = this.#limits;
    this.entry = entry;
    this.#zone = zone;
    this.#draws = 0;
    if (this.#kind === INTEGERS && !outgrows && this.#planned <= integers) {
      zone.setEncoding(entry, SET_INTSET);
      this.#integers.create(zone, entry);
      return;
    }
    this.#kind = PACKED;
    zone.setEncoding(entry, outgrows ? SET_SMALL_TABLE : SET_LISTPACK);
    this.#packed.create(zone, entry);
  }

  /** Makes room for what is planned. Answers false when there is none; nothing has changed then. */
  makeRoom(): boolean {
    if (this.#kind === TABLE) {
      const isReserved = this.#dictionary.reserve(this.#records);
      this.entry = this.#dictionary.entry;
      return isReserved;
    }
    const size = this.#sizeNeeded();
    if (size > this.#zone.content.size(this.entry)) {
      const entry = this.#zone.resize(this.entry, size);
      if (entry === 0) return false;
      this.open(this.#zone, entry);
    }
    if (this.#outgrows()) this.#becomeTable(0, 0);
    return true;
  }

  /** Bytes of content that all of the plan can be added to, whatever becomes of the set on the way. */
  #sizeNeeded(): number {
    const { integers, count: countMax, size: sizeMax } = this.#limits;
    const isNew = this.entry === 0;
    const total = (isNew ? 0 : this.count) + this.#added;
    const outgrows = this.#outgrows();
    let size = 0;
    let packed = this.#growth;
    if (this.#kind === INTEGERS) {
      const width = isNew ? this.#width : Math.max(this.#width, this.#integers.width);
      const count = (isNew ? 0 : this.#integers.count) + this.#addedIntegers;
      size = intsetSize(count, width);
      const isWithin = total <= integers && total <= INTSET_COUNT_MAX && !outgrows;
      const staysIntegers = this.#addedIntegers === this.#added;
      if (isWithin && staysIntegers && (!isNew || this.#planned <= integers)) return size;
      packed += packedIntegersSize(count, width);
    } else {
      packed += isNew ? LISTPACK_EMPTY_SIZE : this.#packed.size;
    }
    size = Math.max(size, packed);
    const mayOutgrow =
      outgrows ||
      total > countMax ||
      total > (this.#kind === INTEGERS ? integers : total) ||
      this.#sizeMax > sizeMax ||
      sizeMax < INTEGER_TEXT_MAX ||
      packed > LISTPACK_SIZE_MAX ||
      (!isNew && this.encoding === SET_SMALL_TABLE);
    if (mayOutgrow && (total > SMALL_COUNT || packed > SMALL_SIZE)) {
      size = Math.max(size, this.#sizeAsDictionary());
    }
    return size;
  }

  /** Bytes of content for a dictionary of all members, with room for what is planned. */
  #sizeAsDictionary(): number {
    const records = this.#records;
    if (this.entry !== 0) {
      this.begin();
      while (this.next()) {
        this.readMember();
        records.add(this.textEnd - this.textStart, NO_VALUE);
      }
    }
    return Dictionary.sizeFor(records);
  }

  // ── Adding ────────────────────────────────────────────────────────────────────────────────────

  /**
   * Adds the member that has() just now did not find, where that surely needs no room, as it mostly
   * does not in a dictionary. Answers false with nothing changed.
   */
  addAtOnce(bytes: Uint8Array, start: number, end: number): boolean {
    if (this.#kind !== TABLE || !this.#dictionary.hasRoomFor(end - start, NO_VALUE)) return false;
    this.#dictionary.insert(bytes, start, end);
    return true;
  }

  /** Adds a member as planned. Answers whether it is new. */
  add(bytes: Uint8Array, start: number, end: number): boolean {
    const isMissing = this.#isMissing || !this.has(bytes, start, end);
    if (!isMissing) return false;
    const size = end - start;
    this.#draws = 0;
    if (this.#kind === INTEGERS) {
      if (this.#isInteger) {
        const integers = this.#integers;
        integers.insert(this.#words.low, this.#words.high);
        if (integers.count > Math.min(this.#limits.integers, INTSET_COUNT_MAX)) {
          this.#becomeTable(0, 0);
        }
        return true;
      }
      this.#leaveIntegers(size, elementSize(bytes, start, end));
    }
    if (this.#kind === PACKED) {
      const isListpack = this.#zone.encoding(this.entry) === SET_LISTPACK;
      if (!isListpack || !this.#staysListpack(this.#packed.count, this.#packed.size, size)) {
        this.#becomeTable(1, elementSize(bytes, start, end));
      }
    }
    if (this.#kind === PACKED) {
      this.#packed.append(bytes, start, end);
    } else {
      if (!this.#isMissing) this.#dictionary.find(bytes, start, end);
      this.#dictionary.insert(bytes, start, end);
    }
    return true;
  }

  /** Whether a listpack of so many members and bytes can take one of that size. */
  #staysListpack(count: number, packedSize: number, size: number): boolean {
    const { count: countMax, size: sizeMax } = this.#limits;
    return count < countMax && size <= sizeMax && packedSize + size <= LISTPACK_SIZE_MAX;
  }

  /** Makes an intset what can take a member of that size that is no integer. */
  #leaveIntegers(size: number, packedSize: number): void {
    const integers = this.#integers;
    const { count } = integers;
    let longest = 0;
    if (count > 0) {
      for (this.#at = 0; this.#at < count; this.#at += Math.max(1, count - 1)) {
        this.#spell();
        longest = Math.max(longest, integers.textEnd);
      }
    }
    const estimate = packedIntegersSize(count, integers.width);
    if (longest > this.#limits.size || !this.#staysListpack(count, estimate, size)) {
      this.#becomeTable(1, packedSize);
      return;
    }
    this.#pack(SET_LISTPACK);
  }

  /** Makes an intset a listpack. */
  #pack(encoding: number): void {
    const bytes = this.#integers.copy();
    const { width, count } = this.#integers;
    const packed = this.#packed;
    const elements = new Uint8Array(packedIntegersSize(count, width));
    formatListpack(elements, 0);
    const made = new Listpack().open(elements, 0);
    const view = new DataView(bytes.buffer);
    for (let i = 0; i < count; i++) {
      const at = intsetSize(i, width);
      if (width === 2) made.appendInteger(view.getInt16(at, true));
      else if (width === 4) made.appendInteger(view.getInt32(at, true));
      else made.appendInteger(view.getBigInt64(at, true));
    }
    this.#zone.setEncoding(this.entry, encoding);
    this.#kind = PACKED;
    packed.fill(this.#zone, this.entry, elements, 0, made.size);
  }

  /** Makes it a hashtable, which `added` members of so many bytes in a listpack are added to. */
  #becomeTable(added: number, addedSize: number): void {
    const isPacked = this.#kind === PACKED;
    const integers = this.#integers;
    const size = isPacked ? this.#packed.size : packedIntegersSize(integers.count, integers.width);
    if (this.count + added > SMALL_COUNT || size + addedSize > SMALL_SIZE) this.#convert();
    else if (isPacked) this.#zone.setEncoding(this.entry, SET_SMALL_TABLE);
    else this.#pack(SET_SMALL_TABLE);
  }

  /** Makes it a dictionary. */
  #convert(): void {
    if (this.#kind === INTEGERS) this.#pack(SET_SMALL_TABLE);
    const { bytes, start, end } = this.#packed;
    const members = new Listpack().open(bytes.slice(start, end + 1), 0);
    const dictionary = this.#dictionary;
    this.#zone.setEncoding(this.entry, SET_HASHTABLE);
    this.#kind = TABLE;
    this.#isMissing = false;
    dictionary.open(this.#zone, this.entry).format(0);
    for (let at = members.first; at < members.end; at = members.next) {
      members.read(at);
      members.spell();
      dictionary.find(members.textBytes, members.textStart, members.textEnd);
      dictionary.insert(members.textBytes, members.textStart, members.textEnd);
    }
  }

  // ── Removing ──────────────────────────────────────────────────────────────────────────────────

  /** Removes a member. Answers whether it was there. Needs no room. */
  remove(bytes: Uint8Array, start: number, end: number): boolean {
    if (!this.has(bytes, start, end)) return false;
    if (this.#kind === TABLE) this.#dictionary.remove();
    else this.#removeAt();
    return true;
  }

  /** Removes the member that was drawn or walked to. */
  removeCurrent(): void {
    if (this.#kind === TABLE) this.#dictionary.removeCurrent();
    else this.#removeAt();
  }

  #removeAt(): void {
    if (this.#kind === INTEGERS) {
      this.#integers.removeAt(this.#at);
    } else {
      this.#draws = 0;
      this.#packed.remove(this.#at);
    }
  }

  /**
   * Writes `count` members, each choice of them equally likely, and removes them; fewer than there
   * are. Where few stay, Redis makes a new set of them, whose encoding need not be the same.
   */
  pop(count: number, limits: SetLimits, random: Random, sink: BulkSink): void {
    const left = this.count - count;
    const isNew = left * NEW_SET_SHARE <= count;
    if (this.#zone.encoding(this.entry) === SET_LISTPACK) {
      this.#popPacked(count, random, sink);
    } else if (isNew && this.#kind === INTEGERS) {
      this.#popIntegers(left, limits, random, sink);
    } else {
      if (this.#kind === TABLE && count * DRAWN_SHARE > this.count) {
        this.#popWalking(count, random, sink);
      } else {
        this.#popDrawing(count, random, sink);
      }
      if (isNew && left <= limits.count) this.#becomeListpack(limits);
    }
  }

  #popDrawing(count: number, random: Random, sink: BulkSink): void {
    for (let i = 0; i < count; i++) {
      this.draw(random);
      this.writeMember(sink);
      this.removeCurrent();
    }
  }

  #popWalking(count: number, random: Random, sink: BulkSink): void {
    const dictionary = this.#dictionary;
    const popped = new Float64Array(count);
    let wanted = count;
    this.begin();
    for (let left = this.count; wanted > 0 && this.next(); left--) {
      if (random.below(left) >= wanted) continue;
      this.writeMember(sink);
      popped[--wanted] = dictionary.mark;
    }
    for (const mark of popped) {
      dictionary.goTo(mark);
      dictionary.removeCurrent();
    }
  }

  /** Writes members of a listpack in their order, and copies those that stay. */
  #popPacked(count: number, random: Random, sink: BulkSink): void {
    const packed = this.#packed;
    const staying = new Uint8Array(packed.size);
    formatListpack(staying, 0);
    const made = new Listpack().open(staying, 0);
    let wanted = count;
    this.begin();
    for (let left = packed.count; left > 0 && this.next(); left--) {
      if (random.below(left) < wanted) {
        wanted--;
        this.writeMember(sink);
      } else {
        made.appendAll(packed.bytes, this.#at, packed.nextOf(this.#at), 1);
      }
    }
    packed.fill(this.#zone, this.entry, staying, 0, made.size);
    this.#draws = 0;
  }

  /** Writes integers in order, all but `staying` of them. */
  #popIntegers(staying: number, limits: SetLimits, random: Random, sink: BulkSink): void {
    draft.begin(this.#zone, limits, SET_INTSET);
    let wanted = staying;
    this.begin();
    for (let left = this.count; left > 0 && this.next(); left--) {
      if (random.below(left) < wanted) {
        wanted--;
        this.readMember();
        draft.add(this.textBytes, this.textStart, this.textEnd);
      } else {
        this.writeMember(sink);
      }
    }
    this.createOf(draft, this.#zone, this.entry);
  }

  /** Makes a hashtable a listpack if its members are short enough. It is smaller then. */
  #becomeListpack(limits: SetLimits): void {
    draft.begin(this.#zone, limits, SET_LISTPACK);
    this.begin();
    while (this.next()) {
      this.readMember();
      draft.add(this.textBytes, this.textStart, this.textEnd);
    }
    if (draft.encoding === SET_LISTPACK) this.createOf(draft, this.#zone, this.entry);
  }

  // ── As a whole ────────────────────────────────────────────────────────────────────────────────

  /** Gives back memory that is not needed, if much is. The entry may lie elsewhere afterwards. */
  settle(): void {
    if (this.#kind === TABLE) {
      this.#dictionary.settle();
      this.entry = this.#dictionary.entry;
    } else if (this.#kind === PACKED) {
      this.#packed.settle();
      this.entry = this.#packed.entry;
    } else {
      this.#integers.settle();
      this.entry = this.#integers.entry;
    }
  }

  /** Bytes of content for a set of what is in a draft. */
  static sizeOf(made: SetDraft, zone: Zone): number {
    if (made.encoding === SET_INTSET) return intsetSize(made.count, made.width);
    if (made.encoding === SET_LISTPACK || isSmall(made)) return made.packedSize;
    const records = new DictionaryGrowth();
    records.clear(zone);
    made.begun();
    while (made.next()) records.add(made.end - made.start, NO_VALUE);
    return Dictionary.sizeFor(records);
  }

  /** Points at an entry, with sizeOf() bytes of content, and makes it a set of what is in a draft. */
  createOf(made: SetDraft, zone: Zone, entry: number): void {
    this.#zone = zone;
    this.entry = entry;
    this.#draws = 0;
    made.begun();
    if (made.encoding === SET_INTSET) {
      zone.setEncoding(entry, SET_INTSET);
      this.#kind = INTEGERS;
      this.#integers.create(zone, entry);
      const words = this.#words;
      while (made.next()) {
        words.parse(made.bytes, made.start, made.end);
        this.#integers.find(words.low, words.high);
        this.#integers.insert(words.low, words.high);
      }
    } else if (made.encoding === SET_LISTPACK || isSmall(made)) {
      zone.setEncoding(entry, made.encoding === SET_LISTPACK ? SET_LISTPACK : SET_SMALL_TABLE);
      this.#kind = PACKED;
      this.#packed.create(zone, entry);
      while (made.next()) this.#packed.append(made.bytes, made.start, made.end);
    } else {
      zone.setEncoding(entry, SET_HASHTABLE);
      this.#kind = TABLE;
      const dictionary = this.#dictionary.open(zone, entry);
      dictionary.format(0);
      while (made.next()) {
        dictionary.find(made.bytes, made.start, made.end);
        dictionary.insert(made.bytes, made.start, made.end);
      }
    }
  }

  /** Bytes of content for a copy in another zone. Within a zone a copy is one of bytes. */
  sizeIn(zone: Zone): number {
    if (this.#kind === TABLE) return this.#dictionary.sizeIn(zone);
    return this.#kind === PACKED ? this.#packed.size : this.#integers.size;
  }

  /** Makes an entry of another zone, with sizeIn() bytes of content, a copy of this set. */
  copyTo(zone: Zone, entry: number): void {
    zone.setEncoding(entry, this.#zone.encoding(this.entry));
    if (this.#kind === TABLE) {
      this.#dictionary.copyTo(zone, entry);
    } else if (this.#kind === PACKED) {
      const { bytes, start, end } = this.#packed;
      zone.content.write(entry, 0, bytes, start, end + 1);
    } else {
      const bytes = this.#integers.copy();
      zone.content.write(entry, 0, bytes, 0, bytes.length);
    }
  }

  /** What is wrong with the entry it points at, or undefined. */
  audit(): string | undefined {
    if (this.#kind === TABLE) return this.#dictionary.audit();
    if (this.#kind === INTEGERS) return this.#integers.audit();
    const problem = this.#packed.audit();
    if (problem !== undefined) return problem;
    const places = new Set<number>();
    this.begin();
    while (this.next()) places.add(this.#at);
    for (const place of places) {
      this.#packed.read(place);
      const text = this.#packed.copy();
      if (!this.has(text, 0, text.length) || this.#at !== place) return 'a member is there twice';
    }
    return undefined;
  }
}

/** The most bytes a listpack of so many integers takes that are so wide in an intset. */
function packedIntegersSize(count: number, width: number): number {
  return LISTPACK_EMPTY_SIZE + count * (width + ELEMENT_EXTRA);
}

/** Whether what is called a hashtable is kept as a listpack. */
function isSmall({ count, packedSize }: SetDraft): boolean {
  return count <= SMALL_COUNT && packedSize <= SMALL_SIZE;
}

/** Looks into an entry of the zone, if it is a set. */
export const auditSet: ValueAudit = (zone, entry) =>
  zone.type(entry) === TYPE_SET ? new MemberSet().open(zone, entry).audit() : undefined;
