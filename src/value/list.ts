/**
 * List: elements in the order in which they were put there, with two ends.
 *
 *   listpack    one listpack (listpack.ts), as long as it is no more than a node may be
 *   quicklist   a chain of nodes in a region (quicklist.ts)
 *
 * The words are Redis's, for OBJECT ENCODING; they change when Redis changes them. Growing, a list
 * is judged before elements come, by their plain sizes: it may turn into a quicklist one element
 * before it must. Shrinking, it turns back when a single node is left of it and that has come down
 * to half of what it may be.
 *
 * A List is a lens, not a value: open() points it at an entry, and it is good until something else
 * is written to the zone. Adding asks for room first and changes nothing without it; removing never
 * needs room. Nothing that leaves a zone takes elements of a list along, so what was found before
 * room was made is there afterwards, if not at the same place.
 */

import type { Reply } from '../resp/reply.ts';
import { assert } from '../std/assert.ts';
import type { ValueAudit } from '../zone/audit.ts';
import type { Zone } from '../zone/zone.ts';
import {
  EntryListpack,
  elementSize,
  formatListpack,
  LISTPACK_EMPTY_SIZE,
  Listpack,
  NONE,
} from './listpack.ts';
import { exceedsNode, nodeCountMax, nodeSizeMax } from './node-limit.ts';
import { type Elements, Quicklist } from './quicklist.ts';
import type { BulkSink } from './string.ts';
import { LIST_LISTPACK, LIST_QUICKLIST, TYPE_LIST } from './type.ts';

const emptyBytes = new Uint8Array(LISTPACK_EMPTY_SIZE);
formatListpack(emptyBytes, 0);
const empty = new Listpack().open(emptyBytes, 0);
/** A node that comes from elsewhere. */
const passing = new Listpack();

export class List {
  /** The entry; it may lie elsewhere after something was added, and after settle(). */
  entry = 0;
  #zone!: Zone;
  #isPacked = true;
  readonly #packed = new EntryListpack();
  readonly #quick = new Quicklist();
  /** Of keepOpen(). */
  #keptFor = -1;
  #keptMoves = 0;

  // ── Making and opening ────────────────────────────────────────────────────────────────────────

  /** Whether a list made for the elements [first, end) begins as a listpack. */
  static beginsPacked(elements: Elements, first: number, end: number, fill: number): boolean {
    let size = LISTPACK_EMPTY_SIZE;
    for (let i = first; i < end; i++) size += elements.ends[i] - elements.starts[i];
    return !exceedsNode(fill, size, end - first);
  }

  /** Bytes of content for a new list, with room for the elements [first, end) to be pushed. */
  contentSize(zone: Zone, elements: Elements, first: number, end: number, fill: number): number {
    if (!List.beginsPacked(elements, first, end, fill)) {
      return this.#quick.sizeToPush(zone, empty, fill, elements, first, end);
    }
    return LISTPACK_EMPTY_SIZE + packedSize(elements, first, end);
  }

  /** Points at an entry whose content was made for a new list, and makes it one of nothing. */
  create(zone: Zone, entry: number, isPacked: boolean, fill: number): this {
    this.#zone = zone;
    this.entry = entry;
    this.#isPacked = isPacked;
    zone.setEncoding(entry, isPacked ? LIST_LISTPACK : LIST_QUICKLIST);
    if (isPacked) this.#packed.create(zone, entry);
    else this.#quick.open(zone, entry).format(fill);
    return this;
  }

  /** Bytes of content for a list of these nodes, each of them a listpack. */
  static sizeOfNodes(nodes: readonly Uint8Array[], zone: Zone, fill: number): number {
    return isOneNode(nodes, fill) ? nodes[0].length : Quicklist.sizeOfNodes(nodes, zone);
  }

  /** Points at an entry, with sizeOfNodes() bytes of content, and makes it a list of these nodes. */
  createOfNodes(nodes: readonly Uint8Array[], zone: Zone, entry: number, fill: number): this {
    const isPacked = isOneNode(nodes, fill);
    this.create(zone, entry, isPacked, fill);
    if (isPacked) zone.content.write(entry, 0, nodes[0], 0, nodes[0].length);
    else for (const node of nodes) this.#quick.append(passing.open(node, 0));
    return this.open(zone, entry);
  }

  /** Points at an entry. */
  open(zone: Zone, entry: number): this {
    this.#keptFor = -1;
    this.#zone = zone;
    this.entry = entry;
    this.#isPacked = zone.encoding(entry) === LIST_LISTPACK;
    if (this.#isPacked) this.#packed.openEntry(zone, entry);
    else this.#quick.open(zone, entry);
    return this;
  }

  /** Says that the command after this one, of that number, may find this list open. */
  keepOpen(command: number): void {
    this.#keptFor = this.#isPacked ? -1 : command;
    this.#keptMoves = this.#zone.moves;
  }

  /** Whether the list of an entry has been kept open for the command of that number. */
  isOpenFor(command: number, zone: Zone, entry: number): boolean {
    if (command !== this.#keptFor || entry !== this.entry) return false;
    return zone === this.#zone && zone.moves === this.#keptMoves;
  }

  /** Whether it is a listpack now. */
  get isPacked(): boolean {
    return this.#isPacked;
  }

  get count(): number {
    return this.#isPacked ? this.#packed.count : this.#quick.count;
  }

  // ── Walking ───────────────────────────────────────────────────────────────────────────────────

  /** Goes to the element of an index, from -1, the last, below 0. False: there is none. */
  seek(index: number): boolean {
    if (this.#isPacked) {
      const at = this.#packed.seek(index);
      if (at === NONE) return false;
      this.#packed.read(at);
      return true;
    }
    const { count } = this.#quick;
    const wanted = index < 0 ? count + index : index;
    if (wanted < 0 || wanted >= count) return false;
    this.#quick.seek(wanted);
    return true;
  }

  /** Goes to the next element. Answers false at the end. */
  next(): boolean {
    if (!this.#isPacked) return this.#quick.next();
    const packed = this.#packed;
    if (packed.next >= packed.end) return false;
    packed.read(packed.next);
    return true;
  }

  /** Goes to the element in front. Answers false at the end. */
  previous(): boolean {
    if (!this.#isPacked) return this.#quick.previous();
    const at = this.#packed.previousOf(this.#packed.at);
    if (at === NONE) return false;
    this.#packed.read(at);
    return true;
  }

  /** Size of the element the walk is at. */
  get currentSize(): number {
    return this.#isPacked ? this.#packed.textSize : this.#quick.currentSize;
  }

  /** Writes the element the walk is at as one bulk. */
  writeCurrent(sink: BulkSink): void {
    if (this.#isPacked) this.#packed.writeTo(sink);
    else this.#quick.writeCurrent(sink);
  }

  /** Writes `count` elements from an index from 0 on, all of which are there. The walk is over. */
  writeRange(reply: Reply, index: number, count: number): void {
    if (!this.#isPacked) this.#quick.writeRange(reply, index, count);
    else this.#packed.writeRun(reply, this.#packed.seek(index), count);
  }

  /** Copies the element the walk is at to target[at…). */
  copyCurrent(target: Uint8Array, at: number): void {
    if (this.#isPacked) this.#packed.copyTo(target, at);
    else this.#quick.copyCurrent(target, at);
  }

  /** Whether the element the walk is at is bytes[start, end). */
  currentEquals(bytes: Uint8Array, start: number, end: number): boolean {
    return this.#isPacked
      ? this.#packed.equals(this.#packed.at, bytes, start, end)
      : this.#quick.currentEquals(bytes, start, end);
  }

  // ── Adding ────────────────────────────────────────────────────────────────────────────────────

  /**
   * Pushes the elements [first, end) one by one at one end. Answers false when there is no room;
   * nothing has changed then.
   */
  push(elements: Elements, first: number, end: number, atFirst: boolean, fill: number): boolean {
    const quick = this.#quick;
    if (this.#isPacked) {
      const packed = this.#packed;
      if (!this.#outgrows(elements, first, end, fill)) {
        const isReserved = packed.reserve(packedSize(elements, first, end));
        this.entry = packed.entry;
        if (!isReserved) return false;
        for (let i = first; i < end; i++) {
          const at = atFirst ? packed.first : packed.end;
          packed.insert(at, elements.bytes, elements.starts[i], elements.ends[i]);
        }
        return true;
      }
      const zone = this.#zone;
      const size = quick.sizeToPush(zone, packed, fill, elements, first, end);
      if (!this.#unpack(size, fill)) return false;
    }
    const { bytes, starts, ends } = elements;
    const isOne = end === first + 1;
    if (isOne && quick.pushInside(atFirst, bytes, starts[first], ends[first])) return true;
    const isReserved = quick.reservePush(elements, first, end, atFirst);
    this.entry = quick.entry;
    if (isReserved) quick.push(elements, first, end, atFirst);
    return isReserved;
  }

  #outgrows(elements: Elements, first: number, end: number, fill: number): boolean {
    const packed = this.#packed;
    let { size } = packed;
    for (let i = first; i < end; i++) size += elements.ends[i] - elements.starts[i];
    return exceedsNode(fill, size, packed.count + end - first);
  }

  /**
   * Turns a listpack into a quicklist if an element of `size` bytes makes it too large, as Redis
   * does before it inserts or replaces one. Answers false when there is no room. The walk is over.
   */
  grow(size: number, fill: number): boolean {
    const packed = this.#packed;
    if (!this.#isPacked || !exceedsNode(fill, packed.size + size, packed.count + 1)) return true;
    return this.#unpack(Quicklist.sizeToInsert(this.#zone, packed, size), fill);
  }

  /** Inserts bytes in front of the element the walk is at, or behind it. False: no room. */
  insert(isBehind: boolean, bytes: Uint8Array, start: number, end: number): boolean {
    if (!this.#isPacked) {
      if (!this.#reserveInsert(false, bytes, start, end)) return false;
      this.#quick.insert(isBehind, bytes, start, end);
      return true;
    }
    const packed = this.#packed;
    const offset = (isBehind ? packed.next : packed.at) - packed.start;
    const isReserved = packed.reserve(elementSize(bytes, start, end));
    this.entry = packed.entry;
    if (isReserved) packed.insert(packed.start + offset, bytes, start, end);
    return isReserved;
  }

  /** Puts bytes in place of the element the walk is at. Answers false when there is no room. */
  replace(bytes: Uint8Array, start: number, end: number): boolean {
    if (!this.#isPacked) {
      if (!this.#reserveInsert(true, bytes, start, end)) return false;
      this.#quick.replace(bytes, start, end);
      return true;
    }
    const packed = this.#packed;
    const offset = packed.at - packed.start;
    const old = packed.next - packed.at;
    const isReserved = packed.reserve(Math.max(0, elementSize(bytes, start, end) - old));
    this.entry = packed.entry;
    if (isReserved) packed.replace(packed.start + offset, bytes, start, end);
    return isReserved;
  }

  #reserveInsert(isReplacement: boolean, bytes: Uint8Array, start: number, end: number): boolean {
    const isReserved = this.#quick.reserveInsert(isReplacement, bytes, start, end);
    this.entry = this.#quick.entry;
    return isReserved;
  }

  /**
   * Makes room to take the element the walk is at, the first or the last one, away and push it
   * again at either end. Answers false when there is none. The walk is over.
   */
  reserveRotation(fromFirst: boolean, toFirst: boolean, fill: number): boolean {
    const size = this.currentSize;
    const packed = this.#packed;
    if (this.#isPacked) {
      // Pushed again it is judged by its plain size. Then the listpack goes, a little early.
      const rest = packed.size - (packed.next - packed.at);
      if (!exceedsNode(fill, rest + size, packed.count)) return true;
      if (!this.#unpack(Quicklist.sizeToInsert(this.#zone, packed, size), fill)) return false;
    }
    const isReserved = this.#quick.reserveRotation(size, fromFirst, toFirst);
    this.entry = this.#quick.entry;
    return isReserved;
  }

  /** Turns the listpack into a quicklist, with content of `size` bytes. False: no room. */
  #unpack(size: number, fill: number): boolean {
    const zone = this.#zone;
    const { bytes, start, end } = this.#packed;
    const copy = new Listpack().open(bytes.slice(start, end + 1), 0);
    const entry = zone.resize(this.entry, size);
    if (entry === 0) return false;
    this.create(zone, entry, false, fill);
    if (!copy.isEmpty) this.#quick.append(copy);
    return true;
  }

  // ── Removing: needs no room ───────────────────────────────────────────────────────────────────

  /**
   * Removes the element the walk is at and goes to the one behind it, or in front of it. Answers
   * false when there is none.
   */
  removeCurrent(isForward: boolean): boolean {
    if (!this.#isPacked) return this.#quick.removeCurrent(isForward);
    const packed = this.#packed;
    const { at } = packed;
    const previous = isForward ? NONE : packed.previousOf(at);
    packed.remove(at);
    const next = isForward && at < packed.end ? at : previous;
    if (next === NONE) return false;
    packed.read(next);
    return true;
  }

  /** Tells the element at an end, which is there, and removes it. The walk is over. */
  popEnd(atFirst: boolean, sink: BulkSink): void {
    if (!this.#isPacked) {
      this.#quick.popEnd(atFirst, sink);
      return;
    }
    const packed = this.#packed;
    const at = atFirst ? packed.first : packed.last;
    packed.cut(at, packed.writeAt(at, sink), 1);
  }

  /** Removes `count` elements, all of which are there, from an index from 0 on. */
  remove(index: number, count: number): void {
    if (count === 0) return;
    if (this.#isPacked) this.#packed.remove(this.#packed.seek(index), count);
    else this.#quick.remove(index, count);
  }

  /**
   * Turns a quicklist into a listpack if a single node is left of it, small enough. For after
   * elements were removed or replaced; the walk is over.
   */
  shrink(fill: number): void {
    if (this.#isPacked || this.#quick.nodeCount !== 1) return;
    const isSmall =
      this.#quick.firstNodeSize <= nodeSizeMax(fill) / 2 &&
      this.#quick.count <= Math.floor(nodeCountMax(fill) / 2);
    if (isSmall) this.#pack();
  }

  #pack(): void {
    const zone = this.#zone;
    const bytes = this.#quick.gather();
    const entry = zone.resize(this.entry, bytes.length);
    assert(entry !== 0, 'a list that becomes smaller has room');
    this.entry = entry;
    this.#isPacked = true;
    zone.setEncoding(entry, LIST_LISTPACK);
    this.#packed.fill(zone, entry, bytes, 0, bytes.length);
  }

  /**
   * Gives back memory that is not needed, if much is, and if that costs no other entry its place.
   * The entry may lie elsewhere afterwards, and the walk is over.
   */
  settle(): void {
    if (this.#isPacked) {
      this.#packed.settle();
      this.entry = this.#packed.entry;
    } else {
      this.#quick.settle();
      this.entry = this.#quick.entry;
    }
  }

  // ── As a whole ────────────────────────────────────────────────────────────────────────────────

  /**
   * Every node as a listpack, good until the next, in their order: what DUMP writes. Nothing must
   * change meanwhile.
   */
  *nodes(): Generator<Listpack, void, undefined> {
    if (this.#isPacked) yield this.#packed;
    else yield* this.#quick.nodes();
  }

  /** How many there are. */
  countNodes(): number {
    return this.#isPacked ? 1 : this.#quick.nodeCount;
  }

  /** Bytes of content for a copy in another zone. Within a zone a copy is one of bytes. */
  sizeIn(zone: Zone): number {
    return this.#isPacked ? this.#packed.size : this.#quick.sizeIn(zone);
  }

  /** Makes an entry of another zone, with sizeIn() bytes of content, a copy of this list. */
  copyTo(zone: Zone, entry: number): void {
    zone.setEncoding(entry, this.#isPacked ? LIST_LISTPACK : LIST_QUICKLIST);
    if (!this.#isPacked) {
      this.#quick.copyTo(zone, entry);
      return;
    }
    const { bytes, start, end } = this.#packed;
    zone.content.write(entry, 0, bytes, start, end + 1);
  }

  /** What is wrong with the entry it points at, or undefined. */
  audit(): string | undefined {
    if (this.count === 0) return 'a list is empty';
    return this.#isPacked ? this.#packed.audit() : this.#quick.audit();
  }
}

/** Whether a list of these nodes is a listpack. */
function isOneNode(nodes: readonly Uint8Array[], fill: number): boolean {
  if (nodes.length > 1) return false;
  const { size, count } = passing.open(nodes[0], 0);
  return !exceedsNode(fill, size, count);
}

function packedSize({ bytes, starts, ends }: Elements, first: number, end: number): number {
  let size = 0;
  for (let i = first; i < end; i++) size += elementSize(bytes, starts[i], ends[i]);
  return size;
}

/** Looks into an entry of the zone, if it is a list. */
export const auditList: ValueAudit = (zone, entry) =>
  zone.type(entry) === TYPE_LIST ? new List().open(zone, entry).audit() : undefined;
