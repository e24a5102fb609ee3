/**
 * Stream: a log of entries, each an id and fields with values, and the groups that read it.
 *
 *   │ free lists │ last, first, largest deleted id │ counts │ log │ last node │ groups │ blocks … │
 *
 *   log       tree of nodes by id (id-tree.ts)
 *   node      entries in a listpack of Redis's own (stream-node.ts), in segments (segments.ts)
 *   groups    stream-groups.ts
 *
 * Nodes begin and end where Redis's do, by the same limits. So trimming by whole nodes trims what
 * Redis trims, and a dump is a copy of them. Entries are added to the last node only: where it is
 * and how far it is filled stands in the header, so that adding one looks for nothing.
 *
 * Adding is all or nothing: plan() what is added, makeRoom(), append(). Removing needs no room.
 */

import type { ValueAudit } from '../zone/audit.ts';
import type { Zone } from '../zone/zone.ts';
import { type Claim, ID_WORDS, IdTree } from './id-tree.ts';
import { elementSizeMax, Listpack, validateListpack } from './listpack.ts';
import type { Elements } from './quicklist.ts';
import { REGION_WORDS, Region, UNIT } from './region.ts';
import { freshForSegments, leastUnits, Segments } from './segments.ts';
import { StreamGroups } from './stream-groups.ts';
import { StreamId } from './stream-id.ts';
import type { StreamImage } from './stream-image.ts';
import {
  addEntry,
  DELETED,
  ENTRY_HEAD_MAX,
  MASTER_HEAD_MAX,
  NODE_SIZE_MAX,
  NODE_SLACK,
  StreamNode,
  sizeAt,
  writeEntry,
  writeMaster,
} from './stream-node.ts';
import { TYPE_STREAM } from './type.ts';

// Words behind the region's own.
const LAST_ID = REGION_WORDS;
const FIRST_ID = LAST_ID + ID_WORDS;
const MAX_DELETED_ID = FIRST_ID + ID_WORDS;
const ADDED = MAX_DELETED_ID + ID_WORDS;
const LENGTH = ADDED + 2;
const LOG = LENGTH + 1;
const TAIL_ID = LOG + 1;
const TAIL_FIRST = TAIL_ID + ID_WORDS;
const TAIL_LAST = TAIL_FIRST + 1;
/** Bytes of the last node in front of its last segment. */
const TAIL_FRONT = TAIL_LAST + 1;
const GROUPS = TAIL_FRONT + 1;
const HEADER_WORDS = GROUPS + 1;
const HEADER_UNITS = Math.ceil(HEADER_WORDS / 2);

/** Units asked for beside what is needed, and as a part of what is there. */
const SPARE_MIN = 32;
const SPARE_SHIFT = 5;
// Units from which on it is worth building anew what is sparse, and how sparse.
const REBUILD_MIN = 512;
const REBUILD_RATIO = 2;

/** A node is not given more than so many bytes before it needs them. */
const WANTED_MAX = 8192;
/** Where the count of entries is in a listpack, and what tells the size of an element. */
const LIVE_AT = 6;
const ELEMENT_HEAD_MAX = 5;
/** Units of a tree of one node. */
const LEAF_UNITS = Math.ceil((2 + ID_WORDS + 1) / 2);

/** Up to where Redis puts entries in a node. 0: any number. */
export interface NodeLimits {
  readonly count: number;
  readonly size: number;
}

/** What trim() leaves: so many entries, or those from an id on. */
export interface Trimming {
  /** Undefined: by id. */
  readonly length: number | undefined;
  readonly least: StreamId;
  /** Whether only whole nodes go. */
  readonly isRough: boolean;
  /** No more entries than so many are removed; 0 for any number. */
  readonly limit: number;
}

export class Stream {
  readonly region = new Region();
  readonly segments = new Segments(this.region);
  /** The nodes of the log. The word beside an id is the first of its segments. */
  readonly log = new IdTree(this.region, 1);
  readonly groups = new StreamGroups(this.region, GROUPS);
  readonly #node = new StreamNode();
  readonly #head = new Listpack();
  readonly #tailId = new StreamId();
  readonly #id = new StreamId();
  #scratch: Uint8Array = new Uint8Array(512);

  // What is planned.
  #isNewNode = false;
  /** Bytes that the node needs, or needs more, at most. */
  #need = 0;
  #wanted = 0;

  open(zone: Zone, entry: number): this {
    this.region.bind(zone, entry);
    this.log.open(this.#get(LOG));
    return this;
  }

  /** Makes the content of an entry a stream without entries. */
  create(zone: Zone, entry: number): this {
    this.region.bind(zone, entry);
    this.region.format(HEADER_WORDS - REGION_WORDS);
    this.log.open(0);
    return this;
  }

  /** The entry; it may lie elsewhere after makeRoom() and settle(). */
  get entry(): number {
    return this.region.entry;
  }

  #get(word: number): number {
    return this.region.i32[this.region.base + word];
  }

  #set(word: number, value: number): void {
    this.region.i32[this.region.base + word] = value;
  }

  // ── What it knows of itself ───────────────────────────────────────────────────────────────────

  /** Entries. */
  get length(): number {
    return this.#get(LENGTH) >>> 0;
  }

  /** All entries that were ever added. */
  get added(): bigint {
    return (BigInt(this.#get(ADDED + 1)) << 32n) | BigInt(this.#get(ADDED) >>> 0);
  }

  set added(count: bigint) {
    this.#set(ADDED, Number(BigInt.asIntN(32, count)));
    this.#set(ADDED + 1, Number(BigInt.asIntN(32, count >> 32n)));
  }

  /** Makes `id` the one that was given to an entry last. */
  lastId(id: StreamId): StreamId {
    return id.read(this.region.i32, this.region.base + LAST_ID);
  }

  setLastId(id: StreamId): void {
    id.write(this.region.i32, this.region.base + LAST_ID);
  }

  /** Makes `id` that of the first entry, 0-0 when there is none. */
  firstId(id: StreamId): StreamId {
    return id.read(this.region.i32, this.region.base + FIRST_ID);
  }

  /** Makes `id` the largest that was deleted by its id, 0-0 when none was. */
  maxDeletedId(id: StreamId): StreamId {
    return id.read(this.region.i32, this.region.base + MAX_DELETED_ID);
  }

  setMaxDeletedId(id: StreamId): void {
    id.write(this.region.i32, this.region.base + MAX_DELETED_ID);
  }

  /** Nodes of the log. */
  get nodeCount(): number {
    return this.log.count;
  }

  /** Makes `id` that of the last entry there is, 0-0 when there is none. */
  lastEntryId(id: StreamId): StreamId {
    for (let more = this.log.seekLast(); more; more = this.log.previous()) {
      const node = this.openNode(this.#node);
      for (let at = node.previousOf(node.end); at >= 0; at = node.previousOf(at)) {
        node.readEntry(at);
        if ((node.flags & DELETED) === 0) return id.copy(node.id);
      }
    }
    return id.setMin();
  }

  #refreshFirstId(): void {
    const { i32, base } = this.region;
    const id = this.#id.setMin();
    if (this.length > 0) {
      this.#findFirst(id);
    }
    id.write(i32, base + FIRST_ID);
  }

  #findFirst(id: StreamId): void {
    for (let more = this.log.seekFirst(); more; more = this.log.next()) {
      const node = this.openNode(this.#node);
      for (let at = node.firstEntry; at < node.end; at = node.behind) {
        node.readEntry(at);
        if ((node.flags & DELETED) !== 0) continue;
        id.copy(node.id);
        return;
      }
    }
  }

  /** Makes `node` look at the node that the log is gone to. */
  openNode(node: StreamNode): StreamNode {
    const { region, log, segments } = this;
    return node.open(region, segments, region.i32[log.own], log.readId(this.#tailId));
  }

  // ── Adding ────────────────────────────────────────────────────────────────────────────────────

  /** Bytes of content for a new stream that can take the entry of the arguments [first, end). */
  static contentSize(zone: Zone, { starts, ends }: Elements, first: number, end: number): number {
    let size = MASTER_HEAD_MAX + ENTRY_HEAD_MAX + NODE_SLACK;
    for (let i = first; i < end; i++) {
      size += elementSizeMax(ends[i] - starts[i]) * ((i - first) % 2 === 0 ? 2 : 1);
    }
    const chunkUnits = zone.layout.chunkSize / UNIT;
    const units = HEADER_UNITS + LEAF_UNITS;
    const least = leastUnits(size);
    const isWhole = units + least <= chunkUnits;
    return (units + (isWhole ? least : freshForSegments(size, chunkUnits))) * UNIT;
  }

  static readonly emptySize = HEADER_UNITS * UNIT;

  /** Bytes of content for a new stream that can take a group whose name has so many bytes. */
  sizeForGroup(zone: Zone, nameSize: number): number {
    const chunkUnits = zone.layout.chunkSize / UNIT;
    return Stream.emptySize + this.groups.freshForFirst(nameSize, chunkUnits) * UNIT;
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
    const tail = this.#get(TAIL_FIRST);
    const tailSize = tail === 0 ? 0 : sizeAt(this.region.u8, this.segments.at(tail));
    this.#isNewNode = tail === 0 || this.#isFull(tail, tailSize, size, limits);
    if (this.#isNewNode) {
      this.#need = entrySize + packedFields + MASTER_HEAD_MAX;
      this.#wanted = Math.max(this.#need, Math.min(tailSize + NODE_SLACK, WANTED_MAX));
      return;
    }
    const spare = this.#tailCapacity() - tailSize;
    this.#need = Math.max(0, entrySize - spare);
    this.#wanted = Math.max(this.#need, tailSize >>> 1);
  }

  #isFull(tail: number, tailSize: number, added: number, limits: NodeLimits): boolean {
    const { size, count } = limits;
    const most = size === 0 || size > NODE_SIZE_MAX ? NODE_SIZE_MAX : size;
    if (tailSize + added >= most) return true;
    if (count === 0) return false;
    const head = this.#head.open(this.region.u8, this.segments.at(tail));
    head.read(head.first);
    const live = head.integer;
    head.read(head.next);
    return live + head.integer >= count;
  }

  /** Bytes that the last node can have. */
  #tailCapacity(): number {
    const { segments } = this;
    let capacity = this.#get(TAIL_FRONT);
    for (let segment = this.#get(TAIL_LAST); segment !== 0; segment = segments.next(segment)) {
      capacity += segments.capacity(segment);
    }
    return capacity;
  }

  /** Makes room for what is planned. Answers false when there is none; nothing has changed then. */
  makeRoom(): boolean {
    if (this.#need === 0) return true;
    const { region, segments } = this;
    const isFirst = this.log.root === 0;
    let before = 0;
    if (this.#isNewNode) before = isFirst ? LEAF_UNITS : this.log.freshFor(1, true);
    const fresh = segments.freshFor(this.#need, before);
    if (region.fresh >= fresh) return true;
    const spare = Math.max(SPARE_MIN, region.bump >>> SPARE_SHIFT);
    const wanted = segments.freshFor(this.#wanted, before);
    // What is only for later is not worth an eviction.
    const pages = ((wanted + spare) * UNIT) / region.zone.layout.pageSize;
    const isEasy = region.zone.slab.freePages() >= pages + 2;
    return isEasy ? region.reserveFresh(wanted, spare) : region.reserveFresh(fresh, 0);
  }

  /** Adds what was planned, with an id larger than the last one. */
  append(id: StreamId, elements: Elements, first: number, end: number): void {
    const { region } = this;
    const { i32, base } = region;
    if (this.#isNewNode) this.#beginNode(id, elements, first, end);
    else this.#extendNode(id, elements, first, end);
    const length = this.length + 1;
    this.#set(LENGTH, length);
    const added = (i32[base + ADDED] + 1) | 0;
    i32[base + ADDED] = added;
    if (added === 0) i32[base + ADDED + 1]++;
    id.write(i32, base + LAST_ID);
    if (length === 1) id.write(i32, base + FIRST_ID);
  }

  #beginNode(id: StreamId, elements: Elements, first: number, end: number): void {
    const { region, segments, log } = this;
    const { i32, base, u8 } = region;
    this.#finishTail();
    log.insert(id);
    this.#set(LOG, log.root);
    const node = segments.take(this.#need, this.#wanted);
    i32[log.own] = node;
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
    if (!isWhole) {
      segments.write(node, 0, target, 0, to + 1);
      this.#advanceTail(to + 1);
    }
  }

  #extendNode(id: StreamId, elements: Elements, first: number, end: number): void {
    const { region, segments } = this;
    const { i32, base, u8 } = region;
    const node = this.#get(TAIL_FIRST);
    if (this.#need > 0) segments.add(this.#lastSegment(), this.#need, this.#wanted);
    const head = segments.at(node);
    const isSame = this.#hasFields(node, head, elements, first, end);
    this.#countOne(node, head);
    const size = sizeAt(u8, head);
    const last = this.#get(TAIL_LAST);
    const offset = size - 1 - this.#get(TAIL_FRONT);
    const need = entrySizeMax(elements, first, end);
    const isWhole = segments.capacity(last) - offset >= need;
    const target = isWhole ? u8 : this.#scratchOf(need);
    const at = isWhole ? segments.at(last) + offset : 0;
    const masterId = this.#tailId.read(i32, base + TAIL_ID);
    const to = writeEntry(target, at, id, masterId, isSame, elements, first, end);
    addEntry(u8, head, size + to - at, (end - first) >>> 1, isSame);
    if (!isWhole) {
      segments.write(last, offset, target, 0, to + 1);
      this.#advanceTail(size + to);
    }
  }

  #scratchOf(size: number): Uint8Array {
    if (this.#scratch.length < size) this.#scratch = new Uint8Array(size * 2);
    return this.#scratch;
  }

  /** Counts one entry more in a master. */
  #countOne(node: number, head: number): void {
    const { u8 } = this.region;
    const at = head + LIVE_AT;
    if (u8[at] < 127) {
      u8[at]++;
      return;
    }
    const whole = this.#node.open(this.region, this.segments, node, this.#tailId);
    whole.setCounts(this.segments, whole.live + 1, whole.deleted);
    this.#advanceTail(sizeAt(u8, head));
  }

  /** Whether the fields of the arguments [first, end) are those of a master. */
  #hasFields(
    node: number,
    headAt: number,
    elements: Elements,
    first: number,
    end: number,
  ): boolean {
    const { region, segments } = this;
    const head = this.#head.open(region.u8, headAt);
    const limit = headAt + segments.capacity(node);
    // Two counts and one of fields lie in every first segment.
    head.read(head.first);
    head.read(head.next);
    head.read(head.next);
    if (head.integer !== (end - first) >>> 1) return false;
    const { bytes, starts, ends } = elements;
    let at = head.next;
    for (let i = first; i < end; i += 2) {
      if (at + ELEMENT_HEAD_MAX > limit || head.nextOf(at) > limit) {
        const whole = this.#node.open(region, segments, node, this.#tailId);
        return whole.hasFields(elements, first, end);
      }
      if (!head.equals(at, bytes, starts[i], ends[i])) return false;
      at = head.next;
    }
    return true;
  }

  #lastSegment(): number {
    const { segments } = this;
    let last = this.#get(TAIL_LAST);
    for (let next = segments.next(last); next !== 0; next = segments.next(last)) last = next;
    return last;
  }

  /** Makes the last segment of the last node, of that size, the one where it ends. */
  #advanceTail(size: number): void {
    const { segments } = this;
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
  #finishTail(): void {
    const node = this.#get(TAIL_FIRST);
    if (node === 0) return;
    const size = sizeAt(this.region.u8, this.segments.at(node));
    this.segments.cut(this.#get(TAIL_LAST), size - this.#get(TAIL_FRONT) + NODE_SLACK);
  }

  /** Says which node is the last. */
  #findTail(): void {
    const { region, log, segments } = this;
    if (!log.seekLast()) {
      this.#set(TAIL_FIRST, 0);
      this.#set(TAIL_LAST, 0);
      return;
    }
    const node = region.i32[log.own];
    log.readId(this.#tailId).write(region.i32, region.base + TAIL_ID);
    this.#set(TAIL_FIRST, node);
    this.#set(TAIL_LAST, node);
    this.#set(TAIL_FRONT, 0);
    this.#advanceTail(sizeAt(region.u8, segments.at(node)));
  }

  // ── Removing: needs no room ───────────────────────────────────────────────────────────────────

  /** Removes the node that the log is gone to. */
  #dropNode(node: StreamNode): void {
    const { first } = node;
    this.segments.give(first);
    this.log.remove();
    this.#set(LOG, this.log.root);
    if (first === this.#get(TAIL_FIRST)) this.#findTail();
  }

  #recount(node: StreamNode, removed: number): void {
    node.setCounts(this.segments, node.live - removed, node.deleted + removed);
    if (node.first === this.#get(TAIL_FIRST)) this.#findTail();
  }

  /** Goes to the node an id would be in. */
  seekNode(id: StreamId): boolean {
    return this.log.seekAtMost(id);
  }

  /** Removes entries by ids, one call each; then removedIds() is to be told. */
  remove(id: StreamId): boolean {
    if (!this.seekNode(id)) return false;
    const node = this.openNode(this.#node);
    for (let at = node.firstEntry; at < node.end; at = node.behind) {
      node.readEntry(at);
      const order = node.id.compare(id);
      if (order > 0) return false;
      if (order < 0 || (node.flags & DELETED) !== 0) continue;
      node.markDeleted(this.segments);
      if (node.live === 1) this.#dropNode(node);
      else this.#recount(node, 1);
      this.#set(LENGTH, this.length - 1);
      return true;
    }
    return false;
  }

  /** Tells that an entry was removed by its id, after all were. */
  noteRemoved(id: StreamId): void {
    const { i32, base } = this.region;
    if (id.compareAt(i32, base + MAX_DELETED_ID) > 0) id.write(i32, base + MAX_DELETED_ID);
  }

  /** Finds the first entry anew if it was that one, or there is none. */
  noteFirstRemoved(wasFirst: boolean): void {
    if (wasFirst || this.length === 0) this.#refreshFirstId();
  }

  /** Removes the first entries, in the very steps Redis does. Answers how many. */
  trim(trimming: Trimming): number {
    const { length, least, isRough, limit } = trimming;
    let removed = 0;
    while (this.log.seekFirst()) {
      if (length !== undefined && this.length <= length) break;
      const node = this.openNode(this.#node);
      const { live } = node;
      if (limit > 0 && removed + live > limit) break;
      const isWhole =
        length === undefined ? this.#endsBelow(node, least) : this.length - live >= length;
      if (isWhole) {
        this.#dropNode(node);
        this.#set(LENGTH, this.length - live);
        removed += live;
        continue;
      }
      if (!isRough) removed += this.#trimNode(node, length, least);
      break;
    }
    if (removed > 0 || this.length === 0) this.#refreshFirstId();
    return removed;
  }

  #endsBelow(node: StreamNode, id: StreamId): boolean {
    const at = node.previousOf(node.end);
    if (at < 0) return !id.isMin;
    node.readEntry(at);
    return node.id.compare(id) < 0;
  }

  #trimNode(node: StreamNode, length: number | undefined, least: StreamId): number {
    let removed = 0;
    for (let at = node.firstEntry; at < node.end; at = node.behind) {
      node.readEntry(at);
      if (length === undefined ? node.id.compare(least) >= 0 : this.length <= length) break;
      if ((node.flags & DELETED) !== 0) continue;
      node.markDeleted(this.segments);
      this.#set(LENGTH, this.length - 1);
      removed++;
    }
    if (removed > 0) this.#recount(node, removed);
    return removed;
  }

  // ── As a whole ────────────────────────────────────────────────────────────────────────────────

  /** Gives back memory that is not needed, if much is. The entry may lie elsewhere afterwards. */
  settle(): void {
    const { region } = this;
    if (region.bump > REBUILD_MIN && region.used * REBUILD_RATIO < region.bump) {
      const { zone, entry } = region;
      const image = this.image();
      if (Stream.sizeFor(zone, image) <= region.limit * UNIT) this.adopt(zone, entry, image);
    }
    region.trim();
  }

  /** All of it, on the heap. */
  image(): StreamImage {
    const { region, log, segments } = this;
    const nodes = [];
    for (let more = log.seekFirst(); more; more = log.next()) {
      const first = region.i32[log.own];
      const listpack = new Uint8Array(sizeAt(region.u8, segments.at(first)));
      segments.read(first, listpack, listpack.length);
      nodes.push({ id: log.readId(new StreamId()), listpack });
    }
    return {
      lastId: this.lastId(new StreamId()),
      firstId: this.firstId(new StreamId()),
      maxDeletedId: this.maxDeletedId(new StreamId()),
      added: this.added,
      length: this.length,
      nodes,
      groups: this.groups.images(),
    };
  }

  /** Bytes of content for such a stream. */
  static sizeFor(zone: Zone, { nodes, groups }: StreamImage): number {
    const chunkUnits = zone.layout.chunkSize / UNIT;
    const empty = new Stream();
    let units = HEADER_UNITS + empty.log.freshForTree(nodes.length, chunkUnits);
    units += empty.groups.unitsForImages(groups, chunkUnits);
    for (const { listpack } of nodes) {
      units += freshForSegments(listpack.length + NODE_SLACK, chunkUnits);
    }
    return units * UNIT;
  }

  /** Makes an entry, with sizeFor() bytes of content, such a stream. */
  adopt(zone: Zone, entry: number, image: StreamImage): this {
    const { region, log, segments } = this.create(zone, entry);
    const { i32, base } = region;
    log.prepare(image.nodes.length);
    for (const { id, listpack } of image.nodes) {
      const size = listpack.length + NODE_SLACK;
      const first = segments.take(size, size);
      segments.write(first, 0, listpack, 0, listpack.length);
      log.insert(id);
      i32[log.own] = first;
    }
    this.#set(LOG, log.root);
    this.#findTail();
    this.#set(LENGTH, image.length);
    this.added = image.added;
    image.lastId.write(i32, base + LAST_ID);
    image.firstId.write(i32, base + FIRST_ID);
    image.maxDeletedId.write(i32, base + MAX_DELETED_ID);
    this.groups.addImages(image.groups);
    return this;
  }

  /** Bytes of content for a copy in another zone. Within a zone a copy is one of bytes. */
  sizeIn(zone: Zone): number {
    return Stream.sizeFor(zone, this.image());
  }

  /** Makes an entry of another zone, with sizeIn() bytes of content, a copy of this stream. */
  copyTo(zone: Zone, entry: number): void {
    new Stream().adopt(zone, entry, this.image());
  }

  // ── Audit ─────────────────────────────────────────────────────────────────────────────────────

  /** What is wrong, or undefined: nodes, counts, and that every unit is in one block. */
  audit(): string | undefined {
    const { region, log } = this;
    let problem = region.audit();
    if (problem !== undefined) return problem;
    const taken = new Uint8Array(region.limit);
    const claim: Claim = (block, units) => {
      if (block < 1 || block + units > region.bump) {
        problem ??= `block ${block} lies behind the end`;
        return;
      }
      if (taken.subarray(block, block + units).includes(1)) problem ??= `block ${block} overlaps`;
      taken.fill(1, block, block + units);
    };
    taken.fill(1, 0, HEADER_UNITS);
    region.eachFree(claim);
    problem ??= log.audit(claim) ?? this.#auditNodes(claim) ?? this.groups.audit(claim);
    const lost = taken.subarray(0, region.bump).indexOf(0);
    if (lost >= 0) problem ??= `unit ${lost} is in no block`;
    return problem;
  }

  #auditNodes(claim: Claim): string | undefined {
    const { region, log, segments } = this;
    const node = new StreamNode();
    const before = new StreamId();
    let length = 0;
    for (let more = log.seekFirst(); more; more = log.next()) {
      const first = region.i32[log.own];
      const id = log.readId(new StreamId());
      const capacity = segments.claim(first, claim);
      const size = sizeAt(region.u8, segments.at(first));
      if (size + NODE_SLACK > capacity + NODE_SLACK) return `node ${id} is larger than its room`;
      const bytes = new Uint8Array(size);
      segments.read(first, bytes, size);
      if (validateListpack(bytes, 0, size) < 0) return `node ${id} is a torn listpack`;
      const problem = auditNode(node.openBytes(bytes, id), before);
      if (problem !== undefined) return `node ${id}: ${problem}`;
      length += node.live;
    }
    if (length !== this.length) return 'entries are counted wrongly';
    if (before.compare(this.lastId(new StreamId())) > 0) return 'the last id is too small';
    return this.#auditHeader();
  }

  #auditHeader(): string | undefined {
    const { region, log } = this;
    const kept = [TAIL_FIRST, TAIL_LAST, TAIL_FRONT].map((word) => this.#get(word));
    const firstId = this.firstId(new StreamId());
    if (log.root !== this.#get(LOG)) return 'the root of the log is another';
    this.#findTail();
    const found = [TAIL_FIRST, TAIL_LAST, TAIL_FRONT].map((word) => this.#get(word));
    if (log.root !== 0 && String(kept) !== String(found)) return 'the last node is another';
    this.#refreshFirstId();
    const isFirst = firstId.compareAt(region.i32, region.base + FIRST_ID) === 0;
    firstId.write(region.i32, region.base + FIRST_ID);
    return isFirst ? undefined : 'the first id is wrong';
  }
}

/** Bytes of an entry at most, its fields among them. */
function entrySizeMax({ starts, ends }: Elements, first: number, end: number): number {
  let size = ENTRY_HEAD_MAX + 1;
  for (let i = first; i < end; i++) size += elementSizeMax(ends[i] - starts[i]);
  return size;
}

/** Looks at the entries of a node that come behind `before`, and makes that the last of them. */
function auditNode(node: StreamNode, before: StreamId): string | undefined {
  let live = 0;
  let deleted = 0;
  for (let at = node.firstEntry; at < node.end; at = node.behind) {
    node.readEntry(at);
    const isFirst = live + deleted === 0;
    if (isFirst && node.id.compare(node.masterId) < 0) return 'its id is larger than an entry';
    if (node.id.compare(before) <= 0) return 'entries are out of order';
    before.copy(node.id);
    if ((node.flags & DELETED) !== 0) deleted++;
    else live++;
  }
  return live === node.live && deleted === node.deleted ? undefined : 'counts are wrong';
}

/** Looks into an entry of the zone, if it is a stream. */
export const auditStream: ValueAudit = (zone, entry) =>
  zone.type(entry) === TYPE_STREAM ? new Stream().open(zone, entry).audit() : undefined;
