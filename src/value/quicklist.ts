/**
 * Quicklist: a large list, as Redis divides it.
 *
 * Redis's quicklist is a chain of nodes, each of them a listpack. Where one node ends and the next
 * begins can be seen: a list is a quicklist until a single node is left of it. So this file fills,
 * splits and joins nodes by the rules of Redis's quicklist.c; list-parts.ts knows where the
 * elements of a node lie, in parts.
 *
 *   RPUSH   to the last node if it may take the element, else as a node of its own
 *   LINSERT into the node, or that beside it; if both are full the node is divided at the place,
 *           and what is small around there is joined
 *   LSET    into the node, however large it becomes
 *   LREM    a node goes with its last element; others stay as they are
 *
 * Whoever adds reserves room first, which is exact for one element and a little more than needed
 * for many. Then nothing can fail. Removing takes nothing.
 */

import type { Reply } from '../resp/reply.ts';
import type { Zone } from '../zone/zone.ts';
import {
  Demand,
  endOfFit,
  endOfRun,
  partCapacity,
  partUnits,
  placeAll,
  placeInsert,
  placePlain,
  type Scale,
  scaleOf,
  spareUnits,
} from './list-layout.ts';
import { HEADER_UNITS, ListParts, PLAIN } from './list-parts.ts';
import {
  elementSize,
  elementSizeMax,
  formatListpack,
  LISTPACK_EMPTY_SIZE,
  Listpack,
  NONE,
} from './listpack.ts';
import { clampFill } from './node-limit.ts';
import { placeBehind, UNIT } from './region.ts';
import type { BulkSink } from './string.ts';

/** A listpack at an end that is smaller is copied to grow; a larger one gets another part. */
const REGROW_UNITS_MAX = 48;
/** Units it has then, at most. */
const REGROWN_UNITS_MAX = REGROW_UNITS_MAX * 1.5;

// Where the value goes that #put() puts, if not at an offset of a listpack.
const IN_FRONT = 0;
const BEHIND = -1;

/** Elements that are arguments of a request. */
export interface Elements {
  readonly bytes: Uint8Array;
  readonly starts: Int32Array;
  readonly ends: Int32Array;
}

const demand = new Demand();

export class Quicklist {
  readonly #parts = new ListParts();
  // The element the walk is at.
  #part = 0;
  #at = 0;
  #isPlain = false;
  /** Size of the node elements are pushed to, before any was. */
  #endNodeSize = 0;

  // ── Making and opening ────────────────────────────────────────────────────────────────────────

  open(zone: Zone, entry: number): this {
    this.#parts.open(zone, entry);
    return this;
  }

  /** Makes the content an empty list; `fill` as `list-max-listpack-size` says. */
  format(fill: number): void {
    this.#parts.format(fill);
  }

  get entry(): number {
    return this.#parts.region.entry;
  }

  /** Elements. */
  get count(): number {
    return this.#parts.count;
  }

  /** Nodes, as Redis would have them. */
  get nodeCount(): number {
    return this.#parts.nodes;
  }

  /** Bytes the first node has as one listpack. */
  get firstNodeSize(): number {
    this.#parts.measure(this.#parts.first);
    return this.#parts.nodeSize;
  }

  // ── Walking ───────────────────────────────────────────────────────────────────────────────────

  /** Goes to the element of an index from 0, which is there. Steps over parts from the nearer end. */
  seek(index: number): void {
    const parts = this.#parts;
    const { count } = parts;
    let part: number;
    let first: number;
    if (index < count / 2) {
      part = parts.first;
      first = 0;
      for (;;) {
        const behind = first + parts.countOf(part);
        if (behind > index) break;
        first = behind;
        part = parts.next(part);
      }
    } else {
      part = parts.last;
      first = count - parts.countOf(part);
      while (first > index) {
        part = parts.previous(part);
        first -= parts.countOf(part);
      }
    }
    this.#part = part;
    this.#isPlain = parts.is(part, PLAIN);
    if (this.#isPlain) return;
    const listpack = parts.openPart(part);
    this.#at = listpack.seek(index - first);
    listpack.read(this.#at);
  }

  next(): boolean {
    if (!this.#isPlain) {
      const { listpack } = this.#parts;
      if (listpack.next < listpack.end) {
        this.#at = listpack.next;
        listpack.read(this.#at);
        return true;
      }
    }
    return this.#enter(this.#parts.next(this.#part), true);
  }

  previous(): boolean {
    if (!this.#isPlain) {
      const { listpack } = this.#parts;
      const at = listpack.previousOf(this.#at);
      if (at !== NONE) {
        this.#at = at;
        listpack.read(at);
        return true;
      }
    }
    return this.#enter(this.#parts.previous(this.#part), false);
  }

  /** Goes to the first or last element of a part. */
  #enter(part: number, atFirst: boolean): boolean {
    if (part === 0) return false;
    this.#part = part;
    this.#isPlain = this.#parts.is(part, PLAIN);
    if (this.#isPlain) return true;
    const listpack = this.#parts.openPart(part);
    this.#at = atFirst ? listpack.first : listpack.last;
    listpack.read(this.#at);
    return true;
  }

  /** Writes `count` elements from an index on, all of which are there. The walk is over. */
  writeRange(reply: Reply, index: number, count: number): void {
    const parts = this.#parts;
    this.seek(index);
    let at = this.#at;
    let left = count;
    for (let part = this.#part; ; ) {
      if (parts.is(part, PLAIN)) {
        parts.writePlain(part, reply);
        left--;
      } else {
        left -= parts.listpack.writeRun(reply, at, left);
      }
      if (left === 0) return;
      part = parts.next(part);
      if (!parts.is(part, PLAIN)) at = parts.openPart(part).first;
    }
  }

  // ── The element the walk is at ────────────────────────────────────────────────────────────────

  get currentSize(): number {
    return this.#isPlain ? this.#parts.sizeOf(this.#part) : this.#parts.listpack.textSize;
  }

  writeCurrent(sink: BulkSink): void {
    if (this.#isPlain) this.#parts.writePlain(this.#part, sink);
    else this.#parts.listpack.writeTo(sink);
  }

  copyCurrent(target: Uint8Array, at: number): void {
    if (this.#isPlain) this.#parts.copyPlain(this.#part, target, at);
    else this.#parts.listpack.copyTo(target, at);
  }

  currentEquals(bytes: Uint8Array, start: number, end: number): boolean {
    return this.#isPlain
      ? this.#parts.plainEquals(this.#part, bytes, start, end)
      : this.#parts.listpack.equals(this.#at, bytes, start, end);
  }

  // ── Pushing ───────────────────────────────────────────────────────────────────────────────────

  /** Pushes bytes[start, end) if that takes no room and no other part. Answers whether it did. */
  pushInside(atFirst: boolean, bytes: Uint8Array, start: number, end: number): boolean {
    return this.#parts.pushInside(atFirst, bytes, start, end);
  }

  /**
   * Makes room for the elements [first, end), to be pushed right afterwards. Answers false when
   * there is none; the entry may lie elsewhere then.
   */
  reservePush(elements: Elements, first: number, end: number, atFirst: boolean): boolean {
    const parts = this.#parts;
    this.#measureEnd(atFirst);
    if (end === first + 1) return this.#reserveOne(elements, first, atFirst);
    const units = this.#demandOf(elements, first, end, parts.scale, parts.region.used);
    return parts.reserveFresh(units);
  }

  #reserveOne({ bytes, starts, ends }: Elements, index: number, atFirst: boolean): boolean {
    const parts = this.#parts;
    const start = starts[index];
    const end = ends[index];
    if (parts.isPlainSize(end - start)) {
      return parts.reserveFresh(parts.freshForPlain(end - start));
    }
    const added = elementSize(bytes, start, end);
    const part = this.#end(atFirst);
    const isJoined = parts.nodeCount > 0 && parts.allows(end - start);
    if (isJoined && !parts.is(part, PLAIN)) {
      const size = parts.sizeOf(part) + added;
      const own = parts.unitsOf(part);
      if (partUnits(size) <= own) return true;
      const most = parts.extensibleTo(part);
      if (partUnits(size) <= most) {
        const units = Math.min(most, parts.roomyUnits(size, this.#endNodeSize));
        return parts.reserveFresh(units - own);
      }
      if (partUnits(size) <= REGROW_UNITS_MAX) {
        return parts.reserveFresh(parts.freshForBlock(regrownUnits(size, size)));
      }
    }
    const size = LISTPACK_EMPTY_SIZE + added;
    const wanted = parts.roomyUnits(size, this.#endNodeSize);
    return parts.reserveFresh(parts.freshForPart(partUnits(size), wanted, true));
  }

  /**
   * Units that pushing the elements [first, end) may take fresh in a list that has `used`. The node
   * at that end was measured.
   */
  #demandOf(
    { bytes, starts, ends }: Elements,
    first: number,
    end: number,
    scale: Scale,
    used: number,
  ): number {
    demand.begin(scale);
    let isOpen = false;
    for (let i = first; i < end; i++) {
      const size = ends[i] - starts[i];
      const added = elementSize(bytes, starts[i], ends[i]);
      const isPlain = size >= scale.plainSize;
      const isJoined = this.#count(size, added);
      if (isOpen && (isPlain || !isJoined)) demand.addPart();
      isOpen = !isPlain;
      if (isPlain) demand.addPlain(size);
      else demand.addElement(added);
    }
    if (isOpen) demand.addPart();
    // The last part gets room to grow, and the one that is there may be copied to do so.
    return demand.units(this.#spareUnits(used + demand.units(0), scale) + REGROWN_UNITS_MAX);
  }

  /** Units the last part of a push gets to grow, at most; see ListParts.roomyUnits(). */
  #spareUnits(used: number, { chunkUnits }: Scale): number {
    const isCounted = this.#parts.fill >= 0;
    return Math.min(chunkUnits, isCounted ? partUnits(this.#endNodeSize) : spareUnits(used));
  }

  /** Counts an element to the node measured last, if it joins that, or to a new one. */
  #count(size: number, added: number): boolean {
    const parts = this.#parts;
    const isJoined = parts.nodeCount > 0 && parts.allows(size);
    if (!isJoined) {
      parts.nodeSize = LISTPACK_EMPTY_SIZE;
      parts.nodeCount = 0;
    }
    parts.nodeSize += added;
    parts.nodeCount++;
    return isJoined;
  }

  /** Pushes the elements [first, end) one by one. Room is there. */
  push(elements: Elements, first: number, end: number, atFirst: boolean): void {
    const { bytes, starts, ends } = elements;
    const parts = this.#parts;
    this.#measureEnd(atFirst);
    for (let i = first; i < end; ) {
      let size = ends[i] - starts[i];
      let run = elementSize(bytes, starts[i], ends[i]);
      const isJoined = this.#count(size, run);
      const from = i++;
      if (parts.isPlainSize(size)) {
        const old = this.#end(atFirst);
        parts.addPlain(atFirst ? 0 : old, isJoined, bytes, starts[from], ends[from]);
        if (old !== 0) parts.giveSpare(old);
        continue;
      }
      for (; i < end; i++) {
        size = ends[i] - starts[i];
        if (parts.isPlainSize(size) || !parts.allows(size)) break;
        const added = elementSize(bytes, starts[i], ends[i]);
        this.#count(size, added);
        run += added;
      }
      this.#pushRun(elements, from, i, run, isJoined, atFirst, i === end);
    }
  }

  /** Pushes elements of one node that are not plain; `run` bytes in their listpacks. */
  #pushRun(
    { bytes, starts, ends }: Elements,
    first: number,
    end: number,
    run: number,
    isJoined: boolean,
    atFirst: boolean,
    isLast: boolean,
  ): void {
    const parts = this.#parts;
    const isSingle = end === first + 1;
    let rest = run;
    for (let i = first; i < end; ) {
      const added = isSingle ? run : elementSize(bytes, starts[i], ends[i]);
      const old = this.#end(atFirst);
      const isOld = isJoined || i > first;
      let part = isOld ? this.#makeRoom(old, added, rest, isLast) : 0;
      if (part === 0) {
        const size = LISTPACK_EMPTY_SIZE + rest;
        const wanted = isLast
          ? parts.roomyUnits(size, this.#endNodeSize)
          : Math.min(partUnits(size), parts.scale.chunkUnits);
        const need = partUnits(LISTPACK_EMPTY_SIZE + added);
        part = parts.addPart(atFirst ? 0 : old, isOld, need, wanted, isLast);
        if (old !== 0) parts.giveSpare(old);
      }
      const listpack = parts.openPart(part);
      const capacity = parts.capacityOf(part);
      const from = i;
      for (; i < end; i++) {
        const size = isSingle ? run : elementSize(bytes, starts[i], ends[i]);
        if (listpack.size + size > capacity) break;
        listpack.insert(atFirst ? listpack.first : listpack.end, bytes, starts[i], ends[i]);
        rest -= size;
      }
      parts.added(i - from);
    }
  }

  /**
   * Makes room for `added` bytes in the part at an end, and for `rest` if that is easy. Answers the
   * part, which may lie elsewhere, or 0.
   */
  #makeRoom(part: number, added: number, rest: number, isLast: boolean): number {
    const parts = this.#parts;
    if (parts.is(part, PLAIN)) return 0;
    const old = parts.sizeOf(part);
    const units = partUnits(old + added);
    if (units <= parts.unitsOf(part)) return part;
    if (units <= parts.extensibleTo(part)) {
      const size = old + rest;
      parts.extend(part, isLast ? parts.roomyUnits(size, this.#endNodeSize) : partUnits(size));
      return part;
    }
    return units > REGROW_UNITS_MAX ? 0 : parts.regrow(part, regrownUnits(old + added, old + rest));
  }

  #end(atFirst: boolean): number {
    return atFirst ? this.#parts.first : this.#parts.last;
  }

  /** Measures the node elements are pushed to. */
  #measureEnd(atFirst: boolean): void {
    const parts = this.#parts;
    if (parts.first === 0) {
      parts.nodeSize = LISTPACK_EMPTY_SIZE;
      parts.nodeCount = 0;
    } else {
      parts.measureEnd(atFirst);
    }
    this.#endNodeSize = parts.nodeSize;
  }

  // ── Removing: needs no room ───────────────────────────────────────────────────────────────────

  /**
   * Removes the element the walk is at and goes to the one behind it, or in front of it. Answers
   * false when there is none.
   */
  removeCurrent(isForward: boolean): boolean {
    const parts = this.#parts;
    const part = this.#part;
    const beside = isForward ? parts.next(part) : parts.previous(part);
    if (parts.countOf(part) === 1) {
      parts.drop(part);
      return this.#enter(beside, isForward);
    }
    const { listpack } = parts;
    const previous = isForward ? NONE : listpack.previousOf(this.#at);
    listpack.remove(this.#at);
    parts.shrunk(part, 1);
    if (isForward && this.#at < listpack.end) {
      listpack.read(this.#at);
      return true;
    }
    if (isForward || previous === NONE) return this.#enter(beside, isForward);
    this.#at = previous;
    listpack.read(previous);
    return true;
  }

  /** Tells the element at an end, which is there, and removes it. The walk is over. */
  popEnd(atFirst: boolean, sink: BulkSink): void {
    const parts = this.#parts;
    if (parts.popInside(atFirst, sink)) return;
    this.#enter(this.#end(atFirst), atFirst);
    this.writeCurrent(sink);
    parts.drop(this.#part);
  }

  /** Removes `count` elements from an index on; all of them are there. */
  remove(index: number, count: number): void {
    const parts = this.#parts;
    this.seek(index);
    let part = this.#part;
    let isWhole = this.#isPlain || this.#at === parts.listpack.first;
    for (let rest = count; rest > 0; ) {
      const own = parts.countOf(part);
      const next = parts.next(part);
      if (isWhole && rest >= own) {
        parts.drop(part);
        rest -= own;
      } else {
        rest -= this.#removeFrom(part, isWhole, rest);
      }
      part = next;
      isWhole = true;
    }
  }

  /** Removes up to `count` elements of a part, from where the walk is or the first one on. */
  #removeFrom(part: number, fromFirst: boolean, count: number): number {
    const listpack = this.#parts.openPart(part);
    const from = fromFirst ? listpack.first : this.#at;
    let to = from;
    let removed = 0;
    for (; removed < count && to < listpack.end; removed++) to = listpack.nextOf(to);
    listpack.cut(from, to, removed);
    this.#parts.shrunk(part, removed);
    return removed;
  }

  // ── Inserting and replacing ───────────────────────────────────────────────────────────────────

  /**
   * Makes room to insert bytes beside the element the walk is at, or to put them in its place. It
   * stays there. Answers false when there is no room; the entry may lie elsewhere then.
   */
  reserveInsert(isReplacement: boolean, bytes: Uint8Array, start: number, end: number): boolean {
    const parts = this.#parts;
    const { listpack, region, scale } = parts;
    const part = this.#part;
    if (!this.#isPlain && !parts.isPlainSize(end - start)) {
      parts.measure(parts.nodeOf(part));
      const old = isReplacement ? listpack.next - this.#at : 0;
      const size = listpack.size - old + elementSize(bytes, start, end);
      const isThere = isReplacement || parts.allows(end - start);
      if (isThere && size <= parts.capacityOf(part)) return true;
    }
    const own = this.#isPlain ? 0 : parts.sizeOf(part);
    const largest = Math.max(own, this.#sizeBeside(parts.next(part)));
    const grown = Math.max(largest, this.#sizeBeside(parts.previous(part)));
    const offset = this.#at - listpack.start;
    const to = placeInsert(region.bump, own, grown, end - start, scale);
    if (!parts.reserveFresh(to - region.bump)) return false;
    if (!this.#isPlain) {
      this.#at = parts.openPart(part).start + offset;
      listpack.read(this.#at);
    }
    return true;
  }

  /** Size of a listpack that may be put into instead. */
  #sizeBeside(part: number): number {
    return part === 0 || this.#parts.is(part, PLAIN) ? 0 : this.#parts.sizeOf(part);
  }

  /**
   * Makes room for an element of `size` bytes to be taken from one end and pushed to an end right
   * afterwards. Answers false when there is none; the entry may lie elsewhere then.
   */
  reserveRotation(size: number, fromFirst: boolean, toFirst: boolean): boolean {
    const parts = this.#parts;
    const { region } = parts;
    const { bump, chunkUnits } = region;
    if (parts.isPlainSize(size)) return parts.reserveFresh(parts.freshForPlain(size));
    this.#measureEnd(toFirst);
    const part = this.#end(toFirst);
    const whole = this.#sizeBeside(part) + elementSizeMax(size) + LISTPACK_EMPTY_SIZE;
    const stays = part !== this.#end(fromFirst) || parts.countOf(part) > 1;
    const isThere = stays && !parts.is(part, PLAIN) && parts.allows(size);
    if (isThere && whole <= parts.capacityOf(part)) return true;
    const units = Math.max(parts.roomyUnits(whole, this.#endNodeSize), REGROWN_UNITS_MAX);
    return parts.reserveFresh(placeBehind(bump, units, chunkUnits) - bump);
  }

  /** Inserts bytes beside the element the walk is at, which is over then. Room is there. */
  insert(isBehind: boolean, bytes: Uint8Array, start: number, end: number): void {
    const parts = this.#parts;
    const { listpack } = parts;
    const size = end - start;
    const part = this.#part;
    const node = parts.nodeOf(part);
    let where = isBehind ? BEHIND : IN_FRONT;
    if (!this.#isPlain) {
      const at = isBehind ? listpack.next : this.#at;
      if (at !== listpack.first && at !== listpack.end) where = at - listpack.start;
    }
    parts.measure(node);
    if (parts.allows(size)) {
      this.#put(part, where, bytes, start, end);
    } else if (isBehind && where === BEHIND && parts.isLastOfNode(part)) {
      const beside = parts.next(part);
      if (beside !== 0) parts.measure(beside);
      if (beside !== 0 && parts.allows(size)) this.#put(beside, IN_FRONT, bytes, start, end);
      else this.#putAlone(part, false, bytes, start, end);
    } else if (!isBehind && where === IN_FRONT && part === node) {
      const beside = parts.nodeInFront(part);
      if (beside !== 0) parts.measure(beside);
      const last = parts.previous(part);
      if (beside !== 0 && parts.allows(size)) this.#put(last, BEHIND, bytes, start, end);
      else this.#putAlone(last, false, bytes, start, end);
    } else {
      const right = this.#divide(part, where);
      if (isBehind) this.#put(right, IN_FRONT, bytes, start, end);
      else this.#put(parts.previous(right), BEHIND, bytes, start, end);
      this.#joinAround(isBehind ? node : right);
    }
  }

  /** Ends a node inside a part, or beside it. Answers the first part of the node behind. */
  #divide(part: number, where: number): number {
    const parts = this.#parts;
    let right = part;
    if (where === BEHIND) right = parts.next(part);
    else if (where !== IN_FRONT) right = parts.split(part, where);
    parts.divide(right);
    return right;
  }

  /** Joins the nodes around one that was divided as far as may be, in Redis's order. */
  #joinAround(center: number): void {
    const parts = this.#parts;
    const previous = parts.nodeInFront(center);
    const before = previous === 0 ? 0 : parts.nodeInFront(previous);
    if (before !== 0) parts.join(before, previous);
    const next = parts.nodeBehind(center);
    const after = next === 0 ? 0 : parts.nodeBehind(next);
    if (after !== 0) parts.join(next, after);
    const left = parts.nodeInFront(center);
    const joined = left === 0 ? 0 : parts.join(left, center);
    const target = joined === 0 ? center : joined;
    const right = parts.nodeBehind(target);
    if (right !== 0) parts.join(target, right);
  }

  /** Puts bytes into a node: at an offset of a part's listpack, or in front of or behind the part. */
  #put(part: number, where: number, bytes: Uint8Array, start: number, end: number): void {
    const parts = this.#parts;
    const isPlain = parts.isPlainSize(end - start);
    const added = isPlain ? 0 : elementSize(bytes, start, end);
    if (!isPlain && this.#hasPlace(part, added)) {
      this.#putIn(part, where, added, bytes, start, end);
    } else if (where === IN_FRONT) {
      const previous = parts.previous(part);
      const made = this.#putAlone(previous, true, bytes, start, end);
      if (previous !== 0) parts.lead(made);
    } else if (where === BEHIND) {
      this.#putAlone(part, true, bytes, start, end);
    } else {
      const right = parts.split(part, where);
      if (isPlain) this.#putAlone(part, true, bytes, start, end);
      else if (this.#hasPlace(part, added)) this.#putIn(part, BEHIND, added, bytes, start, end);
      else if (this.#hasPlace(right, added)) this.#putIn(right, IN_FRONT, added, bytes, start, end);
      else this.#putAlone(part, true, bytes, start, end);
    }
  }

  #hasPlace(part: number, added: number): boolean {
    const parts = this.#parts;
    const units = partUnits(parts.sizeOf(part) + added);
    return !parts.is(part, PLAIN) && units <= parts.scale.chunkUnits;
  }

  #putIn(
    part: number,
    where: number,
    added: number,
    bytes: Uint8Array,
    start: number,
    end: number,
  ): void {
    const grown = this.#grow(part, this.#parts.sizeOf(part) + added);
    const listpack = this.#parts.openPart(grown);
    let at = listpack.start + where;
    if (where === IN_FRONT) at = listpack.first;
    else if (where === BEHIND) at = listpack.end;
    listpack.insert(at, bytes, start, end);
    this.#parts.added(1);
  }

  /** Makes a part inside the list large enough, and answers where it is then. */
  #grow(part: number, size: number): number {
    const parts = this.#parts;
    const need = partUnits(size);
    if (need <= parts.unitsOf(part)) return part;
    const wanted = Math.min(need + (need >>> 3), parts.scale.chunkUnits);
    if (need > parts.extensibleTo(part)) return parts.regrow(part, wanted);
    parts.extend(part, wanted);
    return part;
  }

  /** Puts bytes into a part of their own behind another one, or as the first. */
  #putAlone(
    previous: number,
    isJoined: boolean,
    bytes: Uint8Array,
    start: number,
    end: number,
  ): number {
    const parts = this.#parts;
    if (parts.isPlainSize(end - start)) {
      return parts.addPlain(previous, isJoined, bytes, start, end);
    }
    const units = partUnits(LISTPACK_EMPTY_SIZE + elementSize(bytes, start, end));
    const part = parts.addPart(previous, isJoined, units, units, false);
    parts.openPart(part).append(bytes, start, end);
    parts.added(1);
    return part;
  }

  /** Puts bytes in place of the element the walk is at, which is over then. Room is there. */
  replace(bytes: Uint8Array, start: number, end: number): void {
    const parts = this.#parts;
    const { listpack } = parts;
    const part = this.#part;
    if (!this.#isPlain) {
      const isPlain = parts.isPlainSize(end - start);
      const added = isPlain ? 0 : elementSize(bytes, start, end);
      const size = listpack.size - (listpack.next - this.#at) + added;
      if (!isPlain && partUnits(size) <= parts.scale.chunkUnits) {
        const offset = this.#at - listpack.start;
        const grown = parts.openPart(this.#grow(part, size));
        grown.replace(grown.start + offset, bytes, start, end);
        return;
      }
      if (listpack.next < listpack.end) parts.split(part, listpack.next - listpack.start);
    }
    // A part of its own behind, and the old element, now the last of its part, goes.
    this.#putAlone(part, true, bytes, start, end);
    if (parts.countOf(part) === 1) {
      parts.drop(part);
    } else {
      const rest = parts.openPart(part);
      rest.remove(rest.last);
      parts.shrunk(part, 1);
    }
  }

  // ── Made of listpacks, and into them ──────────────────────────────────────────────────────────

  /** Bytes of content for a list made of a listpack, with room for elements to be pushed. */
  sizeToPush(
    zone: Zone,
    listpack: Listpack,
    fill: number,
    elements: Elements,
    first: number,
    end: number,
  ): number {
    const parts = this.#parts;
    const scale = scaleOf(zone.layout.chunkSize / UNIT);
    const at = placeAll(HEADER_UNITS, listpack, scale);
    parts.fill = clampFill(fill);
    parts.nodeSize = listpack.size;
    parts.nodeCount = listpack.count;
    this.#endNodeSize = listpack.size;
    if (end > first + 1) return (at + this.#demandOf(elements, first, end, scale, at)) * UNIT;
    const { chunkUnits, plainSize } = scale;
    const start = elements.starts[first];
    const size = elements.ends[first] - start;
    if (size >= plainSize) {
      return placePlain(at, size, chunkUnits) * UNIT;
    }
    const added = LISTPACK_EMPTY_SIZE + elementSize(elements.bytes, start, start + size);
    const wanted = partUnits(added) + this.#spareUnits(at, scale);
    const units = Math.min(chunkUnits, Math.max(wanted, REGROWN_UNITS_MAX));
    return placeBehind(at, units, chunkUnits) * UNIT;
  }

  /** The same, with room for an element of `size` bytes to be inserted or to replace another. */
  static sizeToInsert(zone: Zone, listpack: Listpack, size: number): number {
    const scale = scaleOf(zone.layout.chunkSize / UNIT);
    const at = placeAll(HEADER_UNITS, listpack, scale);
    const partSize = Math.min(partCapacity(scale.chunkUnits), listpack.size);
    return placeInsert(at, partSize, partSize, size, scale) * UNIT;
  }

  /** Appends the elements of a listpack as a node. Room is there. */
  append(listpack: Listpack): void {
    const parts = this.#parts;
    let isJoined = false;
    for (let from = listpack.first; from < listpack.end; isJoined = true) {
      const to = endOfRun(listpack, from, parts.scale.plainSize);
      if (to > from) {
        from = this.#appendPart(listpack, from, to, isJoined);
      } else {
        const { bytes, textStart, textEnd } = listpack;
        parts.addPlain(parts.last, isJoined, bytes, textStart, textEnd);
        from = listpack.next;
      }
    }
  }

  /** Appends elements that lie in [from, to), as many as come into one part. Answers the next. */
  #appendPart(listpack: Listpack, from: number, to: number, isJoined: boolean): number {
    const parts = this.#parts;
    const need = partUnits(LISTPACK_EMPTY_SIZE + listpack.nextOf(from) - from);
    const wanted = Math.min(partUnits(LISTPACK_EMPTY_SIZE + to - from), parts.scale.chunkUnits);
    const part = parts.addPart(parts.last, isJoined, need, wanted, false);
    const end = endOfFit(listpack, from, to, parts.capacityOf(part));
    let count = 0;
    for (let at = from; at < end; count++) at = listpack.nextOf(at);
    parts.appendAll(part, listpack.bytes, from, end, count);
    return end;
  }

  /** The first node as one listpack. */
  gather(): Uint8Array {
    const bytes = new Uint8Array(this.firstNodeSize);
    this.#gatherNode(this.#parts.first, bytes);
    return bytes;
  }

  #gatherNode(first: number, bytes: Uint8Array): void {
    const parts = this.#parts;
    formatListpack(bytes, 0);
    const target = new Listpack().open(bytes, 0);
    for (let part = first; ; part = parts.next(part)) {
      if (parts.is(part, PLAIN)) {
        const element = new Uint8Array(parts.sizeOf(part));
        parts.copyPlain(part, element, 0);
        target.append(element, 0, element.length);
      } else {
        const source = parts.openPart(part);
        target.appendAll(source.bytes, source.first, source.end, parts.countOf(part));
      }
      if (parts.isLastOfNode(part)) return;
    }
  }

  /** Every node as one listpack, good until the next, in their order. */
  *nodes(): Generator<Listpack, void, undefined> {
    const parts = this.#parts;
    const listpack = new Listpack();
    for (let first = parts.first; first !== 0; first = parts.nodeBehind(first)) {
      parts.measure(first);
      const bytes = new Uint8Array(parts.nodeSize);
      this.#gatherNode(first, bytes);
      yield listpack.open(bytes, 0);
    }
  }

  /** Bytes of content for a copy in another zone. */
  sizeIn(zone: Zone): number {
    const scale = scaleOf(zone.layout.chunkSize / UNIT);
    let at = HEADER_UNITS;
    for (const listpack of this.nodes()) at = placeAll(at, listpack, scale);
    return at * UNIT;
  }

  /** The same for a list of these nodes, each of them a listpack. */
  static sizeOfNodes(nodes: readonly Uint8Array[], zone: Zone): number {
    const scale = scaleOf(zone.layout.chunkSize / UNIT);
    const listpack = new Listpack();
    let at = HEADER_UNITS;
    for (const node of nodes) at = placeAll(at, listpack.open(node, 0), scale);
    return at * UNIT;
  }

  /** Makes the content of an entry of another zone, sizeIn() bytes, a copy. */
  copyTo(zone: Zone, entry: number): void {
    const target = new Quicklist().open(zone, entry);
    target.format(this.#parts.fill);
    for (const listpack of this.nodes()) target.append(listpack);
  }

  // ── Housekeeping ──────────────────────────────────────────────────────────────────────────────

  /**
   * Gives back memory that is not needed, if much is, and if that costs no other entry its place.
   * The entry may lie elsewhere afterwards, and the walk is over.
   */
  settle(): void {
    this.#parts.settle();
  }

  /** What is wrong, or undefined. */
  audit(): string | undefined {
    return this.#parts.audit();
  }
}

/** Units of a part whose small listpack is copied to grow to `size`, or up to `wanted`. */
function regrownUnits(size: number, wanted: number): number {
  const units = partUnits(size);
  return Math.max(
    units,
    Math.min(REGROWN_UNITS_MAX, Math.max(units + (units >>> 1), partUnits(wanted))),
  );
}
