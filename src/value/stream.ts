/**
 * Stream: a log of entries, each an id and fields with values, and the groups that read it.
 *
 *   log       tree of nodes by id (id-tree.ts)
 *   node      entries in a listpack of Redis's own (stream-node.ts), in segments (segments.ts);
 *             the last one is added to (stream-tail.ts)
 *   groups    who was given what (stream-groups.ts)
 *
 * Nodes begin and end where Redis's do, by the same limits. So trimming by whole nodes trims what
 * Redis trims, and a dump is a copy of them.
 *
 * Adding is all or nothing: plan() what is added, makeRoom(), append(). Removing needs no room.
 */

import type { ValueAudit } from '../zone/audit.ts';
import type { Zone } from '../zone/zone.ts';
import { IdTree } from './id-tree.ts';
import type { Elements } from './quicklist.ts';
import { REGION_WORDS, Region, UNIT } from './region.ts';
import { freshForSegments, Segments } from './segments.ts';
import { auditBlocks } from './stream-audit.ts';
import { StreamGroups } from './stream-groups.ts';
import { StreamId } from './stream-id.ts';
import type { NodeImage, StreamFace, StreamImage } from './stream-image.ts';
import {
  ADDED,
  FIRST_ID,
  GROUPS,
  HEADER_UNITS,
  HEADER_WORDS,
  LAST_ID,
  LENGTH,
  LOG,
  MAX_DELETED_ID,
} from './stream-layout.ts';
import { DELETED, NODE_SLACK, StreamNode, sizeAt } from './stream-node.ts';
import { type NodeLimits, StreamTail } from './stream-tail.ts';
import { TYPE_STREAM } from './type.ts';

// Units from which on it is worth building anew what is sparse, and how sparse.
const REBUILD_MIN = 512;
const REBUILD_RATIO = 2;

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
  readonly #tail = new StreamTail(this.region, this.segments, this.log);
  readonly #node = new StreamNode();
  readonly #nodeId = new StreamId();
  readonly #id = new StreamId();

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
    return node.open(region, segments, region.i32[log.own], log.readId(this.#nodeId));
  }

  // ── Adding ────────────────────────────────────────────────────────────────────────────────────

  /** Bytes of content for a new stream that can take the entry of the arguments [first, end). */
  static contentSize(zone: Zone, elements: Elements, first: number, end: number): number {
    return StreamTail.unitsFor(elements, first, end, zone.layout.chunkSize / UNIT) * UNIT;
  }

  static readonly emptySize = HEADER_UNITS * UNIT;

  /** Bytes of content for a new stream that can take a group whose name has so many bytes. */
  sizeForGroup(zone: Zone, nameSize: number): number {
    const chunkUnits = zone.layout.chunkSize / UNIT;
    return Stream.emptySize + this.groups.freshForFirst(nameSize, chunkUnits) * UNIT;
  }

  /** Plans to add the entry of the arguments [first, end), fields and values in turn. */
  plan(elements: Elements, first: number, end: number, limits: NodeLimits): void {
    this.#tail.plan(elements, first, end, limits);
  }

  /** Makes room for what is planned. Answers false when there is none; nothing has changed then. */
  makeRoom(): boolean {
    return this.#tail.makeRoom();
  }

  /** Adds what was planned, with an id larger than the last one. */
  append(id: StreamId, elements: Elements, first: number, end: number): void {
    const { i32, base } = this.region;
    this.#tail.add(id, elements, first, end);
    const length = this.length + 1;
    this.#set(LENGTH, length);
    const added = (i32[base + ADDED] + 1) | 0;
    i32[base + ADDED] = added;
    if (added === 0) i32[base + ADDED + 1]++;
    id.write(i32, base + LAST_ID);
    if (length === 1) id.write(i32, base + FIRST_ID);
  }

  // ── Removing: needs no room ───────────────────────────────────────────────────────────────────

  /** Removes the node that the log is gone to. */
  #dropNode(node: StreamNode): void {
    const { first } = node;
    this.segments.give(first);
    this.log.remove();
    this.#set(LOG, this.log.root);
    if (first === this.#tail.first) this.#tail.find();
  }

  #recount(node: StreamNode, removed: number): void {
    node.setCounts(this.segments, node.live - removed, node.deleted + removed);
    if (node.first === this.#tail.first) this.#tail.find();
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
    return { ...this.face(), nodes: [...this.nodes()], groups: this.groups.images() };
  }

  /** The nodes of the log, on the heap. Nothing must change meanwhile. */
  *nodes(): Generator<NodeImage, void, undefined> {
    const { region, log, segments } = this;
    for (let more = log.seekFirst(); more; more = log.next()) {
      const first = region.i32[log.own];
      const listpack = new Uint8Array(sizeAt(region.u8, segments.at(first)));
      segments.read(first, listpack, listpack.length);
      yield { id: log.readId(new StreamId()), listpack };
    }
  }

  /** How many there are. */
  countNodes(): number {
    const { log } = this;
    let count = 0;
    for (let more = log.seekFirst(); more; more = log.next()) count++;
    return count;
  }

  /** What is known of all of it, on the heap. */
  face(): StreamFace {
    return {
      lastId: this.lastId(new StreamId()),
      firstId: this.firstId(new StreamId()),
      maxDeletedId: this.maxDeletedId(new StreamId()),
      added: this.added,
      length: this.length,
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
    this.#tail.find();
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

  /** What is wrong, or undefined: nodes, counts, and that every unit is in one block. */
  audit(): string | undefined {
    const { region, log } = this;
    if (log.root !== this.#get(LOG)) return 'the root of the log is another';
    const problem = region.audit() ?? auditBlocks(this) ?? this.#tail.audit();
    if (problem !== undefined) return problem;
    const firstId = this.firstId(new StreamId());
    this.#refreshFirstId();
    const isFirst = firstId.compareAt(region.i32, region.base + FIRST_ID) === 0;
    return isFirst ? undefined : 'the first id is wrong';
  }
}

/** Looks into an entry of the zone, if it is a stream. */
export const auditStream: ValueAudit = (zone, entry) =>
  zone.type(entry) === TYPE_STREAM ? new Stream().open(zone, entry).audit() : undefined;
