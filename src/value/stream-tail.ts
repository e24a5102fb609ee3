/**
 * Stream tail: the last node of a log, where entries are added.
 *
 *   first ──▶ │ master, entries … │ ──▶ last ──▶ │ … entries │ end │ room │ ──▶ room
 *
 * The header says where it begins, in which segment it ends, and how many bytes lie in front of
 * that. So adding an entry touches the front of the node, for its counts, and the end.
 *
 * A node gets room as it grows, by half of what it has. A new one gets as much as the one before it
 * took, for it mostly comes to the same; what is too much is given back when the next one begins.
 */

import { ID_WORDS, type IdTree } from './id-tree.ts';
import { elementSizeMax, Listpack } from './listpack.ts';
import type { Elements } from './quicklist.ts';
import { type Region, UNIT } from './region.ts';
import { freshForSegments, leastUnits, type Segments } from './segments.ts';
import { StreamId } from './stream-id.ts';
import { HEADER_UNITS, LOG, TAIL_FIRST, TAIL_FRONT, TAIL_ID, TAIL_LAST } from './stream-layout.ts';
import {
  addEntry,
  ENTRY_HEAD_MAX,
  MASTER_HEAD_MAX,
  NODE_SIZE_MAX,
  NODE_SLACK,
  StreamNode,
  sizeAt,
  writeEntry,
  writeMaster,
} from './stream-node.ts';

/** Units asked for beside what is needed, and as a part of what is there. */
const SPARE_MIN = 32;
const SPARE_SHIFT = 5;
/** A node is not given more than so many bytes before it needs them. */
const WANTED_MAX = 8192;
/** Units of a tree of one node. */
const LEAF_UNITS = Math.ceil((2 + ID_WORDS + 1) / 2);

// Where small counts are in a listpack: an element of one byte and its size, three times.
const LIVE_AT = 6;
const DELETED_AT = LIVE_AT + 2;
const FIELDS_AT = DELETED_AT + 2;
const MASTER_AT = FIELDS_AT + 2;
const SMALL = 128;
/** How texts of less than 64 bytes begin in a listpack. */
const SHORT_TEXT = 0x80;
const SHORT_TEXT_MAX = 63;
/** What tells the size of an element. */
const ELEMENT_HEAD_MAX = 5;

/** Up to where Redis puts entries in a node. 0: any number. */
export interface NodeLimits {
  readonly count: number;
  readonly size: number;
}

export class StreamTail {
  readonly #region: Region;
  readonly #segments: Segments;
  readonly #log: IdTree;
  readonly #node = new StreamNode();
  readonly #head = new Listpack();
  readonly #id = new StreamId();
  #scratch: Uint8Array = new Uint8Array(512);

  // What is planned.
  #isNewNode = false;
  /** Bytes of the entry at most. */
  #entrySize = 0;
  /** Bytes that the node needs, or needs more, at most; and what it may have. */
  #need = 0;
  #wanted = 0;
  /** Where the last node is, when it has room in one piece for the entry; and where that is. */
  #headAt = 0;
  #entryAt = 0;

  constructor(region: Region, segments: Segments, log: IdTree) {
    this.#region = region;
    this.#segments = segments;
    this.#log = log;
  }

  #get(word: number): number {
    return this.#region.i32[this.#region.base + word];
  }

  #set(word: number, value: number): void {
    this.#region.i32[this.#region.base + word] = value;
  }

  /** The first segment of the last node, 0 when there is none. */
  get first(): number {
    return this.#get(TAIL_FIRST);
  }

  // ── Room ──────────────────────────────────────────────────────────────────────────────────────

  /** Units of a new stream that can take the entry of the arguments [first, end). */
  static unitsFor({ starts, ends }: Elements, first: number, end: number, chunkUnits: number) {
    let size = MASTER_HEAD_MAX + ENTRY_HEAD_MAX + NODE_SLACK;
    for (let i = first; i < end; i++) {
      size += elementSizeMax(ends[i] - starts[i]) * ((i - first) % 2 === 0 ? 2 : 1);
    }
    const units = HEADER_UNITS + LEAF_UNITS;
    const least = leastUnits(size);
    const isWhole = units + least <= chunkUnits;
    return units + (isWhole ? least : freshForSegments(size, chunkUnits));
  }

  /** Plans to add the entry of the arguments [first, end), fields and values in turn. */
  plan({ starts, ends }: Elements, first: number, end: number, limits: NodeLimits): void {
    let size = 0;
    let packed = 0;
    let packedFields = 0;
    for (let i = first; i < end; i += 2) {
      const fieldSize = ends[i] - starts[i];
      const valueSize = ends[i + 1] - starts[i + 1];
      size += fieldSize + valueSize;
      packedFields += elementSizeMax(fieldSize);
      packed += elementSizeMax(valueSize);
    }
    const entrySize = ENTRY_HEAD_MAX + packedFields + packed + NODE_SLACK;
    const region = this.#region;
    const { i32, base } = region;
    const node = i32[base + TAIL_FIRST];
    const word = node === 0 ? 0 : region.word(node);
    const at = word * 4 + UNIT;
    const nodeSize = node === 0 ? 0 : sizeAt(region.u8, at);
    this.#entrySize = entrySize;
    this.#headAt = 0;
    this.#isNewNode = node === 0 || this.#isFull(at, nodeSize + size, limits);
    if (!this.#isNewNode) {
      // Nearly always there is room behind the last entry: then nothing is looked for twice.
      const last = i32[base + TAIL_LAST];
      const lastWord = last === node ? word : region.word(last);
      const offset = nodeSize - 1 - i32[base + TAIL_FRONT];
      if (offset + entrySize <= capacityAt(i32, lastWord)) {
        this.#need = 0;
        this.#headAt = at;
        this.#entryAt = lastWord * 4 + UNIT + offset;
        return;
      }
    }
    if (this.#isNewNode) {
      this.#need = entrySize + packedFields + MASTER_HEAD_MAX;
      this.#wanted = Math.max(this.#need, Math.min(nodeSize + NODE_SLACK, WANTED_MAX));
      return;
    }
    this.#need = Math.max(0, nodeSize + entrySize - this.#capacity());
    this.#wanted = Math.max(this.#need, nodeSize >>> 1);
  }

  /** Whether Redis begins a new node where the last one would come to `size` bytes. */
  #isFull(at: number, size: number, limits: NodeLimits): boolean {
    const most = limits.size === 0 || limits.size > NODE_SIZE_MAX ? NODE_SIZE_MAX : limits.size;
    if (size >= most) return true;
    const { count } = limits;
    if (count === 0) return false;
    const { u8 } = this.#region;
    const live = u8[at + LIVE_AT];
    const deleted = u8[at + DELETED_AT];
    if (live < SMALL && deleted < SMALL) return live + deleted >= count;
    const head = this.#head.open(u8, at);
    head.read(head.first);
    const many = head.integer;
    head.read(head.next);
    return many + head.integer >= count;
  }

  /** Bytes that the last node can have. */
  #capacity(): number {
    const segments = this.#segments;
    let capacity = this.#get(TAIL_FRONT);
    for (let segment = this.#get(TAIL_LAST); segment !== 0; segment = segments.next(segment)) {
      capacity += segments.capacity(segment);
    }
    return capacity;
  }

  /** Makes room for what is planned. Answers false when there is none; nothing has changed then. */
  makeRoom(): boolean {
    if (this.#need === 0) return true;
    const region = this.#region;
    const segments = this.#segments;
    const isFirst = this.#log.root === 0;
    let before = 0;
    if (this.#isNewNode) before = isFirst ? LEAF_UNITS : this.#log.freshFor(1, true);
    const fresh = segments.freshFor(this.#need, before);
    if (region.fresh >= fresh) return true;
    const spare = Math.max(SPARE_MIN, region.bump >>> SPARE_SHIFT);
    const wanted = segments.freshFor(this.#wanted, before);
    // What is only for later is not worth an eviction.
    const pages = ((wanted + spare) * UNIT) / region.zone.layout.pageSize;
    const isEasy = region.zone.slab.freePages() >= pages + 2;
    return isEasy ? region.reserveFresh(wanted, spare) : region.reserveFresh(fresh, 0);
  }

  // ── Adding ────────────────────────────────────────────────────────────────────────────────────

  /** Adds the entry that was planned. */
  add(id: StreamId, elements: Elements, first: number, end: number): void {
    if (this.#isNewNode) this.#begin(id, elements, first, end);
    else if (this.#headAt === 0 || !this.#addWhole(id, elements, first, end)) {
      this.#extend(id, elements, first, end);
    }
  }

  /** Adds it where plan() found room, if its counts and fields are as simple as they mostly are. */
  #addWhole(id: StreamId, elements: Elements, first: number, end: number): boolean {
    const { i32, u8, base } = this.#region;
    const head = this.#headAt;
    const fields = (end - first) >>> 1;
    const live = u8[head + LIVE_AT];
    if (live >= SMALL - 1 || u8[head + DELETED_AT] >= SMALL) return false;
    if (u8[head + FIELDS_AT] !== fields || fields >= SMALL) return false;
    const limit = head + capacityAt(i32, (head - UNIT) >>> 2);
    if (!hasTexts(u8, head + MASTER_AT, limit, elements, first, end)) return false;
    u8[head + LIVE_AT] = live + 1;
    const at = this.#entryAt;
    const masterId = this.#id.read(i32, base + TAIL_ID);
    const to = writeEntry(u8, at, id, masterId, true, elements, first, end);
    addEntry(u8, head, sizeAt(u8, head) + to - at, fields, true);
    return true;
  }

  #begin(id: StreamId, elements: Elements, first: number, end: number): void {
    const segments = this.#segments;
    const { i32, base, u8 } = this.#region;
    this.#finish();
    this.#log.insert(id);
    this.#set(LOG, this.#log.root);
    const node = segments.take(this.#need, this.#wanted);
    i32[this.#log.own] = node;
    id.write(i32, base + TAIL_ID);
    this.#set(TAIL_FIRST, node);
    this.#set(TAIL_LAST, node);
    this.#set(TAIL_FRONT, 0);
    const isWhole = segments.capacity(node) >= this.#need;
    const target = isWhole ? u8 : this.#scratchOf(this.#need);
    const at = isWhole ? segments.at(node) : 0;
    const entryAt = writeMaster(target, at, elements, first, end);
    const to = writeEntry(target, entryAt, id, id, true, elements, first, end);
    addEntry(target, at, to + 1 - at, (end - first) >>> 1, true);
    if (isWhole) return;
    segments.write(node, 0, target, 0, to + 1);
    this.#advance(to + 1);
  }

  #extend(id: StreamId, elements: Elements, first: number, end: number): void {
    const segments = this.#segments;
    const { i32, base, u8 } = this.#region;
    const node = i32[base + TAIL_FIRST];
    if (this.#need > 0) segments.add(this.#lastSegment(), this.#need, this.#wanted);
    const head = segments.at(node);
    const isSame = this.#hasFields(node, head, elements, first, end);
    if (u8[head + LIVE_AT] < SMALL - 1) u8[head + LIVE_AT]++;
    else this.#countOne(node, head);
    const size = sizeAt(u8, head);
    const last = i32[base + TAIL_LAST];
    const offset = size - 1 - i32[base + TAIL_FRONT];
    const isWhole = segments.capacity(last) - offset >= this.#entrySize;
    const target = isWhole ? u8 : this.#scratchOf(this.#entrySize);
    const at = isWhole ? segments.at(last) + offset : 0;
    const masterId = this.#id.read(i32, base + TAIL_ID);
    const to = writeEntry(target, at, id, masterId, isSame, elements, first, end);
    addEntry(u8, head, size + to - at, (end - first) >>> 1, isSame);
    if (isWhole) return;
    segments.write(last, offset, target, 0, to + 1);
    this.#advance(size + to);
  }

  #scratchOf(size: number): Uint8Array {
    if (this.#scratch.length < size) this.#scratch = new Uint8Array(size * 2);
    return this.#scratch;
  }

  /** Counts one entry more in a master, where the count takes another byte or more than one. */
  #countOne(node: number, head: number): void {
    const segments = this.#segments;
    const whole = this.#node.open(this.#region, segments, node, this.#id);
    whole.setCounts(segments, whole.live + 1, whole.deleted);
    this.#advance(sizeAt(this.#region.u8, head));
  }

  /** Whether the fields of the arguments [first, end) are those of a master. */
  #hasFields(
    node: number,
    headAt: number,
    elements: Elements,
    first: number,
    end: number,
  ): boolean {
    const { u8 } = this.#region;
    const fields = u8[headAt + FIELDS_AT];
    const isSmall = u8[headAt + LIVE_AT] < SMALL && u8[headAt + DELETED_AT] < SMALL;
    if (!isSmall || fields >= SMALL) return this.#hasAllFields(node, elements, first, end);
    if (fields !== (end - first) >>> 1) return false;
    const { bytes, starts, ends } = elements;
    const head = this.#head.open(u8, headAt);
    const limit = headAt + this.#segments.capacity(node);
    let at = headAt + MASTER_AT;
    for (let i = first; i < end; i += 2) {
      if (at + ELEMENT_HEAD_MAX > limit || head.nextOf(at) > limit) {
        return this.#hasAllFields(node, elements, first, end);
      }
      if (!head.equals(at, bytes, starts[i], ends[i])) return false;
      at = head.next;
    }
    return true;
  }

  #hasAllFields(node: number, elements: Elements, first: number, end: number): boolean {
    const whole = this.#node.open(this.#region, this.#segments, node, this.#id);
    return whole.hasFields(elements, first, end);
  }

  // ── Where it is ───────────────────────────────────────────────────────────────────────────────

  #lastSegment(): number {
    const segments = this.#segments;
    let last = this.#get(TAIL_LAST);
    for (let next = segments.next(last); next !== 0; next = segments.next(last)) last = next;
    return last;
  }

  /** Makes the last segment, for a node of that size, the one where it ends. */
  #advance(size: number): void {
    const segments = this.#segments;
    let last = this.#get(TAIL_LAST);
    let front = this.#get(TAIL_FRONT);
    for (;;) {
      const behind = front + segments.capacity(last);
      if (behind >= size) break;
      front = behind;
      last = segments.next(last);
    }
    this.#set(TAIL_LAST, last);
    this.#set(TAIL_FRONT, front);
  }

  /** Nothing will be added to the last node: gives back what it has too much. */
  #finish(): void {
    const node = this.#get(TAIL_FIRST);
    if (node === 0) return;
    const size = sizeAt(this.#region.u8, this.#segments.at(node));
    this.#segments.cut(this.#get(TAIL_LAST), size - this.#get(TAIL_FRONT) + NODE_SLACK);
  }

  /** Says which node is the last, and where it ends. */
  find(): void {
    const { i32, u8, base } = this.#region;
    if (!this.#log.seekLast()) {
      this.#set(TAIL_FIRST, 0);
      this.#set(TAIL_LAST, 0);
      this.#set(TAIL_FRONT, 0);
      return;
    }
    const node = i32[this.#log.own];
    this.#log.readId(this.#id).write(i32, base + TAIL_ID);
    this.#set(TAIL_FIRST, node);
    this.#set(TAIL_LAST, node);
    this.#set(TAIL_FRONT, 0);
    this.#advance(sizeAt(u8, this.#segments.at(node)));
  }

  /** What is wrong, or undefined. */
  audit(): string | undefined {
    const words = [TAIL_FIRST, TAIL_LAST, TAIL_FRONT, TAIL_ID, TAIL_ID + 1, TAIL_ID + 3];
    const kept = words.map((word) => this.#get(word));
    if (kept[0] === 0 && this.#log.root === 0) return undefined;
    this.find();
    const found = words.map((word) => this.#get(word));
    return String(kept) === String(found) ? undefined : 'the last node is another';
  }
}

/** Bytes that a segment holds, told by its first word. */
function capacityAt(i32: Int32Array, word: number): number {
  return (i32[word + 1] - 1) * UNIT;
}

/** Whether the fields of the arguments [first, end) are short texts, those from `at` on. */
function hasTexts(
  u8: Uint8Array,
  at: number,
  limit: number,
  { bytes, starts, ends }: Elements,
  first: number,
  end: number,
): boolean {
  let next = at;
  for (let i = first; i < end; i += 2) {
    const start = starts[i];
    const size = ends[i] - start;
    if (size > SHORT_TEXT_MAX || next + size + 2 > limit) return false;
    if (u8[next] !== (SHORT_TEXT | size)) return false;
    for (let j = 0; j < size; j++) {
      if (u8[next + 1 + j] !== bytes[start + j]) return false;
    }
    next += size + 2;
  }
  return true;
}
