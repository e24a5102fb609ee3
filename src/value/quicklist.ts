/**
 * Quicklist: a large list, as a region.
 *
 *   │ lists of free blocks │ count │ nodes │ first │ last │ fill │ blocks … │
 *
 *   part   │ next │ previous │ elements │ size │ block │ units, PLAIN, JOINED │
 *                                                └→ a listpack, or the bytes of one element
 *
 * Redis's quicklist is a chain of nodes, each a listpack of at most 8 KiB or what else is set. Where
 * one node ends and the next begins can be seen: a list is a quicklist until a single node is left
 * of it. So nodes are filled, split and joined here by Redis's rules. But a listpack in several
 * pieces could not be worked on where it lies. So a node is one part or several, each of them a
 * listpack in one piece:
 *
 *   nodes          ┌──── node ────┐   ┌─ node ─┐   ┌──────── node ────────┐
 *   parts          part ═════ part ── part ─────── part ═════ part ═════ part        ═ JOINED
 *
 * With the defaults a node has one part where pages are large, and four or five where they are
 * small. To join two nodes is to set a bit. An element that is too large for a part is one by
 * itself, PLAIN: its bytes, in a block that may lie in several pieces.
 *
 * Whoever adds reserves room first. Each reserve function places the blocks that may be taken, one
 * behind the other as if nothing were free, and asks for that. Removing takes nothing. Blocks given
 * back are used again; when many are free, settle() moves the others together.
 */

import { equalBytes } from '../std/bytes.ts';
import type { Zone } from '../zone/zone.ts';
import {
  elementSize,
  elementSizeMax,
  formatListpack,
  LISTPACK_EMPTY_SIZE,
  LISTPACK_HEADER,
  Listpack,
  NONE,
  validateListpack,
} from './listpack.ts';
import { placeBehind, REGION_WORDS, Region, UNIT } from './region.ts';
import type { BulkSink } from './string.ts';

// Words of the header.
const COUNT = REGION_WORDS;
const NODES = COUNT + 1;
const FIRST = COUNT + 2;
const LAST = COUNT + 3;
const FILL = COUNT + 4;
const OWN_WORDS = 6;
const HEADER_UNITS = Math.ceil((REGION_WORDS + OWN_WORDS) / 2);

// Words of a part.
const P_NEXT = 0;
const P_PREVIOUS = 1;
const P_COUNT = 2;
/** Bytes of the listpack, or of the plain element. */
const P_SIZE = 3;
const P_BLOCK = 4;
/** Units of the block, and what the part is. */
const P_FORM = 5;
const PART_UNITS = 3;

/** Belongs to the same node as the part in front of it. */
const JOINED = 1;
/** Holds the bytes of one element. */
const PLAIN = 2;
const FORM_SHIFT = 2;

/** Free units from which on blocks are moved together, if they are a third of all. */
const COMPACT_MIN = 512;
/** Units given back from a block that needs them no more, at least. */
const SPARE_MIN = 8;

// ── What fits in a node ─────────────────────────────────────────────────────────────────────────

/** Redis's optimization_level: bytes of a node for fills of -1 to -5. */
const SIZES = [4096, 8192, 16384, 32768, 65536];
/** Redis's SIZE_SAFETY_LIMIT: of nodes whose elements are counted. */
const COUNTED_SIZE_MAX = 8192;
/** Redis's SIZE_ESTIMATE_OVERHEAD: what an element takes beside its bytes, at a guess. */
const ELEMENT_OVERHEAD = 8;
const FILL_MIN = -5;
const FILL_MAX = 2 ** 15 - 1;

/** Bytes a node may have by `list-max-listpack-size`. */
export function nodeSizeMax(fill: number): number {
  return fill < 0 ? SIZES[Math.min(-fill, SIZES.length) - 1] : Number.POSITIVE_INFINITY;
}

/** Elements a node may have. */
export function nodeCountMax(fill: number): number {
  return fill < 0 ? Number.POSITIVE_INFINITY : Math.max(1, fill);
}

/** Whether a listpack of that size and count is more than a node may be. */
export function exceedsNode(fill: number, size: number, count: number): boolean {
  if (fill < 0) return size > nodeSizeMax(fill);
  return size > COUNTED_SIZE_MAX || count > nodeCountMax(fill);
}

/** Elements that are arguments of a request. */
export interface Elements {
  readonly bytes: Uint8Array;
  readonly starts: Int32Array;
  readonly ends: Int32Array;
}

function clampFill(fill: number): number {
  return Math.max(FILL_MIN, Math.min(FILL_MAX, fill));
}

function unitsOf(size: number): number {
  return Math.ceil(size / UNIT);
}

/** Units of a block for a node that is full. */
function mostUnits(fill: number, chunkUnits: number): number {
  return fill < 0 ? Math.min(chunkUnits, nodeSizeMax(fill) / UNIT) : chunkUnits;
}

/** In a list of many nodes a whole one is little: then no block is ever copied to grow. */
function isLargeAt(units: number, fill: number, chunkUnits: number): boolean {
  return fill < 0 && units > mostUnits(fill, chunkUnits) * 16;
}

/** Where the value goes that #put() puts. */
const IN_FRONT = 0;
const BEHIND = -1;

/**
 * Cuts a listpack into ranges that fit in parts: from, to and count of each. A count of 0 stands
 * for an element that is plain.
 */
function cut(listpack: Listpack, sizeMax: number): number[] {
  const cuts: number[] = [];
  const most = sizeMax - LISTPACK_EMPTY_SIZE;
  let from = listpack.first;
  let count = 0;
  for (let at = from; at < listpack.end; ) {
    const next = listpack.nextOf(at);
    if (next - from > most) {
      if (count > 0) cuts.push(from, at, count);
      from = at;
      count = 0;
    }
    if (next - at > most) {
      cuts.push(at, next, 0);
      from = next;
    } else {
      count++;
    }
    at = next;
  }
  if (count > 0) cuts.push(from, listpack.end, count);
  return cuts;
}

export class Quicklist {
  readonly #region = new Region();
  readonly #listpack = new Listpack();
  /** The largest listpack that lies in one piece. */
  #partSizeMax = 0;
  // The element the walk is at.
  #part = 0;
  #at = 0;
  #isPlain = false;
  // Bytes and elements of the node measured last; bytes as those of one listpack.
  #nodeSize = 0;
  #nodeCount = 0;
  // The run of elements that is planned: see #plan().
  #fill = 0;
  #isLarge = false;
  #endSize = 0;
  #runEnd = 0;
  #runSize = 0;
  #extendsPart = false;
  #joinsNode = false;
  #isPlainRun = false;

  // ── Making and opening ────────────────────────────────────────────────────────────────────────

  open(zone: Zone, entry: number): this {
    this.#region.bind(zone, entry);
    this.#partSizeMax = this.#region.chunkUnits * UNIT;
    this.#fill = this.fill;
    this.#isLarge = false;
    return this;
  }

  /** Makes the content an empty list; `fill` as `list-max-listpack-size` says. */
  format(fill: number): void {
    this.#region.format(OWN_WORDS);
    this.#fill = clampFill(fill);
    this.#set(FILL, this.#fill);
  }

  get entry(): number {
    return this.#region.entry;
  }

  /** Elements. */
  get count(): number {
    return this.#get(COUNT);
  }

  /** Nodes, as Redis would have them. */
  get nodeCount(): number {
    return this.#get(NODES);
  }

  get fill(): number {
    return this.#get(FILL);
  }

  /** Bytes the first node has as one listpack. */
  get firstNodeSize(): number {
    this.#measureFrom(this.#get(FIRST));
    return this.#nodeSize;
  }

  #get(word: number): number {
    return this.#region.i32[this.#region.base + word];
  }

  #set(word: number, value: number): void {
    this.#region.i32[this.#region.base + word] = value;
  }

  #read(part: number, word: number): number {
    return this.#region.i32[this.#region.word(part) + word];
  }

  #write(part: number, word: number, value: number): void {
    this.#region.i32[this.#region.word(part) + word] = value;
  }

  #is(part: number, flag: number): boolean {
    return (this.#read(part, P_FORM) & flag) !== 0;
  }

  #mark(part: number, flag: number, isOn: boolean): void {
    const form = this.#read(part, P_FORM);
    this.#write(part, P_FORM, isOn ? form | flag : form & ~flag);
  }

  /** Units of a part's block. */
  #unitsOfBlock(part: number): number {
    return this.#read(part, P_FORM) >>> FORM_SHIFT;
  }

  /** Opens the listpack of a part. */
  #openPart(part: number): Listpack {
    const { u8 } = this.#region;
    return this.#listpack.open(u8, this.#region.word(this.#read(part, P_BLOCK)) * 4);
  }

  /** Bytes a part has of its node's listpack: elements alone. */
  #elementsSize(part: number): number {
    const size = this.#read(part, P_SIZE);
    return this.#is(part, PLAIN) ? elementSizeMax(size) : size - LISTPACK_EMPTY_SIZE;
  }

  // ── Nodes ─────────────────────────────────────────────────────────────────────────────────────

  /** First part of the node a part belongs to. */
  #nodeOf(part: number): number {
    let first = part;
    while (this.#is(first, JOINED)) first = this.#read(first, P_PREVIOUS);
    return first;
  }

  /** First part of the node behind one that begins with `first`, or 0. */
  #nodeBehind(first: number): number {
    let part = this.#read(first, P_NEXT);
    while (part !== 0 && this.#is(part, JOINED)) part = this.#read(part, P_NEXT);
    return part;
  }

  /** First part of the node in front, or 0. */
  #nodeInFront(first: number): number {
    const part = this.#read(first, P_PREVIOUS);
    return part === 0 ? 0 : this.#nodeOf(part);
  }

  /** Last part of the node that begins with `first`. */
  #lastOf(first: number): number {
    const behind = this.#nodeBehind(first);
    return behind === 0 ? this.#get(LAST) : this.#read(behind, P_PREVIOUS);
  }

  /** Measures the node that begins with `first`. */
  #measureFrom(first: number): void {
    this.#nodeSize = LISTPACK_EMPTY_SIZE;
    this.#nodeCount = 0;
    let part = first;
    do {
      this.#nodeSize += this.#elementsSize(part);
      this.#nodeCount += this.#read(part, P_COUNT);
      part = this.#read(part, P_NEXT);
    } while (part !== 0 && this.#is(part, JOINED));
  }

  /** Whether an element may be added to the node measured last. */
  #allows(size: number): boolean {
    const added = size + ELEMENT_OVERHEAD;
    return !exceedsNode(this.#fill, this.#nodeSize + added, this.#nodeCount + 1);
  }

  // ── Walking ───────────────────────────────────────────────────────────────────────────────────

  /** Goes to the element of an index from 0, which is there. Steps over parts from the nearer end. */
  seek(index: number): void {
    const { count } = this;
    let part: number;
    let first: number;
    if (index < count / 2) {
      part = this.#get(FIRST);
      first = 0;
      for (;;) {
        const size = this.#read(part, P_COUNT);
        if (first + size > index) break;
        first += size;
        part = this.#read(part, P_NEXT);
      }
    } else {
      part = this.#get(LAST);
      first = count - this.#read(part, P_COUNT);
      while (first > index) {
        part = this.#read(part, P_PREVIOUS);
        first -= this.#read(part, P_COUNT);
      }
    }
    this.#part = part;
    this.#isPlain = this.#is(part, PLAIN);
    if (this.#isPlain) return;
    const listpack = this.#openPart(part);
    this.#at = listpack.seek(index - first);
    listpack.read(this.#at);
  }

  next(): boolean {
    if (!this.#isPlain) {
      const listpack = this.#listpack;
      if (listpack.next < listpack.end) {
        this.#at = listpack.next;
        listpack.read(this.#at);
        return true;
      }
    }
    return this.#enter(this.#read(this.#part, P_NEXT), true);
  }

  previous(): boolean {
    if (!this.#isPlain) {
      const at = this.#listpack.previousOf(this.#at);
      if (at !== NONE) {
        this.#at = at;
        this.#listpack.read(at);
        return true;
      }
    }
    return this.#enter(this.#read(this.#part, P_PREVIOUS), false);
  }

  /** Goes to the first or last element of a part. */
  #enter(part: number, atFirst: boolean): boolean {
    if (part === 0) return false;
    this.#part = part;
    this.#isPlain = this.#is(part, PLAIN);
    if (this.#isPlain) return true;
    const listpack = this.#openPart(part);
    this.#at = atFirst ? listpack.first : listpack.last;
    listpack.read(this.#at);
    return true;
  }

  // ── The element the walk is at ────────────────────────────────────────────────────────────────

  get currentSize(): number {
    return this.#isPlain ? this.#read(this.#part, P_SIZE) : this.#listpack.textSize;
  }

  writeCurrent(sink: BulkSink): void {
    if (!this.#isPlain) {
      this.#listpack.writeTo(sink);
      return;
    }
    const region = this.#region;
    const { content } = region.zone;
    const size = this.currentSize;
    const first = this.#read(this.#part, P_BLOCK) * UNIT;
    sink.bulkHeader(size);
    for (let done = 0; done < size; ) {
      const at = content.at(region.entry, first + done);
      const run = Math.min(content.runAt(region.entry, first + done), size - done);
      sink.append(region.u8, at, at + run);
      done += run;
    }
    sink.bulkEnd();
  }

  copyCurrent(target: Uint8Array, at: number): void {
    if (this.#isPlain) this.#copyPlain(this.#part, target, at);
    else this.#listpack.copyTo(target, at);
  }

  #copyPlain(part: number, target: Uint8Array, at: number): void {
    const { zone, entry } = this.#region;
    const first = this.#read(part, P_BLOCK) * UNIT;
    zone.content.read(entry, first, target, at, this.#read(part, P_SIZE));
  }

  currentEquals(bytes: Uint8Array, start: number, end: number): boolean {
    if (!this.#isPlain) return this.#listpack.equals(this.#at, bytes, start, end);
    const size = this.currentSize;
    if (size !== end - start) return false;
    const region = this.#region;
    const { content } = region.zone;
    const first = this.#read(this.#part, P_BLOCK) * UNIT;
    for (let done = 0; done < size; ) {
      const at = content.at(region.entry, first + done);
      const run = Math.min(content.runAt(region.entry, first + done), size - done);
      const from = start + done;
      if (!equalBytes(region.u8, at, at + run, bytes, from, from + run)) return false;
      done += run;
    }
    return true;
  }

  // ── Pushing ───────────────────────────────────────────────────────────────────────────────────

  /**
   * Makes room for the elements [first, end), to be pushed right afterwards. Answers false when
   * there is none; the entry may lie elsewhere then.
   */
  reservePush(elements: Elements, first: number, end: number, atFirst: boolean): boolean {
    const region = this.#region;
    const { chunkUnits } = region;
    this.#measureEnd(atFirst);
    this.#plan(elements, first, end);
    if (this.#extendsPart && this.#runEnd === end) {
      const part = this.#end(atFirst);
      if (this.#runSize <= this.#unitsOfBlock(part) * UNIT) return true;
    }
    if (end === first + 1) {
      const units = this.#runUnits(true, chunkUnits);
      const hasData = region.hasFree(units);
      if (hasData && this.#extendsPart) return true;
      let to = hasData ? region.bump : placeBehind(region.bump, units, chunkUnits);
      if (hasData || !region.hasFree(PART_UNITS)) to = placeBehind(to, PART_UNITS, chunkUnits);
      return region.reserveFresh(to - region.bump, chunkUnits);
    }
    this.#measureEnd(atFirst);
    const to = this.#place(region.bump, chunkUnits, elements, first, end);
    return region.reserveFresh(to - region.bump, chunkUnits);
  }

  /** Where the blocks for elements to be pushed would end, all taken fresh behind `at`. */
  #place(at: number, chunkUnits: number, elements: Elements, first: number, end: number): number {
    let to = at;
    for (let i = first; i < end; i = this.#runEnd) {
      this.#plan(elements, i, end);
      to = placeBehind(to, this.#runUnits(this.#runEnd === end, chunkUnits), chunkUnits);
      to = placeBehind(to, PART_UNITS, chunkUnits);
    }
    return to;
  }

  /** Pushes the elements [first, end) one by one. Room is there. */
  push(elements: Elements, first: number, end: number, atFirst: boolean): void {
    const { bytes, starts, ends } = elements;
    this.#measureEnd(atFirst);
    for (let i = first; i < end; ) {
      this.#plan(elements, i, end);
      const isLast = this.#runEnd === end;
      let part: number;
      if (this.#extendsPart) {
        part = this.#end(atFirst);
        this.#grow(part, this.#runSize, isLast);
      } else {
        part = this.#addEnd(atFirst, isLast);
      }
      if (this.#isPlainRun) {
        const address = this.#read(part, P_BLOCK) * UNIT;
        this.#region.zone.content.write(this.entry, address, bytes, starts[i], ends[i]);
        i++;
      } else {
        const listpack = this.#openPart(part);
        const from = i;
        for (; i < this.#runEnd; i++) {
          const at = atFirst ? listpack.first : listpack.end;
          listpack.insert(at, bytes, starts[i], ends[i]);
        }
        this.#write(part, P_SIZE, listpack.size);
        this.#write(part, P_COUNT, this.#read(part, P_COUNT) + i - from);
        this.#set(COUNT, this.count + i - from);
      }
    }
  }

  #end(atFirst: boolean): number {
    return this.#get(atFirst ? FIRST : LAST);
  }

  /** Measures the node elements are pushed to. */
  #measureEnd(atFirst: boolean): void {
    const { used, chunkUnits } = this.#region;
    const part = this.#end(atFirst);
    this.#fill = this.fill;
    this.#isLarge = isLargeAt(used, this.#fill, chunkUnits);
    this.#nodeCount = 0;
    this.#nodeSize = LISTPACK_EMPTY_SIZE;
    this.#endSize = 0;
    if (part === 0) return;
    this.#measureFrom(atFirst ? part : this.#nodeOf(part));
    if (!this.#is(part, PLAIN)) this.#endSize = this.#read(part, P_SIZE);
  }

  /**
   * Plans a run: elements from `first` on that come into one part. Its node and the size of its
   * listpack were measured, or are what the run planned before made them.
   */
  #plan({ bytes, starts, ends }: Elements, first: number, end: number): void {
    let size = ends[first] - starts[first];
    let added = elementSize(bytes, starts[first], ends[first]);
    this.#joinsNode = this.#nodeCount > 0 && this.#allows(size);
    this.#extendsPart =
      this.#joinsNode && this.#endSize > 0 && this.#endSize + added <= this.#partSizeMax;
    this.#isPlainRun = LISTPACK_EMPTY_SIZE + added > this.#partSizeMax;
    this.#runSize = this.#extendsPart ? this.#endSize : LISTPACK_EMPTY_SIZE;
    if (!this.#joinsNode) {
      this.#nodeSize = LISTPACK_EMPTY_SIZE;
      this.#nodeCount = 0;
    }
    let i = first;
    for (;;) {
      this.#runSize += added;
      this.#nodeSize += added;
      this.#nodeCount++;
      if (++i === end || this.#isPlainRun) break;
      size = ends[i] - starts[i];
      if (!this.#allows(size)) break;
      added = elementSize(bytes, starts[i], ends[i]);
      if (this.#runSize + added > this.#partSizeMax) break;
    }
    this.#runEnd = i;
    this.#endSize = this.#isPlainRun ? 0 : this.#runSize;
    if (this.#isPlainRun) this.#runSize = ends[first] - starts[first];
  }

  /** Units of a block for the run planned. The last one gets some to grow. */
  #runUnits(isLast: boolean, chunkUnits: number): number {
    const isRoomy = isLast && !this.#isPlainRun;
    return isRoomy ? this.#roomy(this.#runSize, chunkUnits) : unitsOf(this.#runSize);
  }

  /** Units of a block for a listpack that is going to grow. */
  #roomy(size: number, chunkUnits: number): number {
    const units = unitsOf(size);
    const most = mostUnits(this.#fill, chunkUnits);
    const wanted = this.#isLarge ? most : Math.min(most, units + (units >>> 2) + 1);
    return Math.max(units, wanted);
  }

  /** Adds an empty part for the run planned, at an end. */
  #addEnd(atFirst: boolean, isLast: boolean): number {
    const old = this.#end(atFirst);
    const isPlain = this.#isPlainRun;
    const size = isPlain ? this.#runSize : LISTPACK_EMPTY_SIZE;
    const units = this.#runUnits(isLast, this.#region.chunkUnits);
    const part = this.#newPart(units, size, isPlain, atFirst ? 0 : old);
    // Afterwards: what is given back must not hide the block that was found free.
    if (old !== 0) this.#giveSpare(old);
    if (this.#joinsNode) this.#mark(atFirst ? old : part, JOINED, true);
    else this.#set(NODES, this.nodeCount + 1);
    return part;
  }

  /** Makes a part behind another one, or the first. Its listpack is empty. */
  #newPart(units: number, size: number, isPlain: boolean, previous: number): number {
    const region = this.#region;
    // The block first: it may take the end of a chunk, and the rest is large enough for a part.
    const block = region.take(units);
    const part = region.take(PART_UNITS);
    const next = previous === 0 ? this.#get(FIRST) : this.#read(previous, P_NEXT);
    const word = region.word(part);
    const { i32 } = region;
    i32[word + P_NEXT] = next;
    i32[word + P_PREVIOUS] = previous;
    i32[word + P_COUNT] = isPlain ? 1 : 0;
    i32[word + P_SIZE] = size;
    i32[word + P_BLOCK] = block;
    i32[word + P_FORM] = (units << FORM_SHIFT) | (isPlain ? PLAIN : 0);
    if (previous === 0) this.#set(FIRST, part);
    else this.#write(previous, P_NEXT, part);
    if (next === 0) this.#set(LAST, part);
    else this.#write(next, P_PREVIOUS, part);
    if (isPlain) this.#set(COUNT, this.count + 1);
    else formatListpack(region.u8, region.word(block) * 4);
    return part;
  }

  /** Makes the block of a part at least that large. Room is there. */
  #grow(part: number, size: number, isRoomy: boolean): void {
    const region = this.#region;
    const old = this.#unitsOfBlock(part);
    if (size <= old * UNIT) return;
    const block = this.#read(part, P_BLOCK);
    const units = isRoomy ? this.#roomy(size, region.chunkUnits) : unitsOf(size);
    if (region.extend(block, old, units - old)) {
      this.#setUnits(part, units);
      return;
    }
    const target = region.take(units);
    this.#copyBlock(target, block, unitsOf(this.#read(part, P_SIZE)));
    region.give(block, old);
    this.#write(part, P_BLOCK, target);
    this.#setUnits(part, units);
  }

  #setUnits(part: number, units: number): void {
    const flags = this.#read(part, P_FORM) & (JOINED | PLAIN);
    this.#write(part, P_FORM, (units << FORM_SHIFT) | flags);
  }

  /** Copies a block that lies in one piece, as does its target. */
  #copyBlock(target: number, block: number, units: number): void {
    const { i32 } = this.#region;
    const from = this.#region.word(block);
    i32.copyWithin(this.#region.word(target), from, from + units * 2);
  }

  /** Gives back what a block has too much, if it is worth it. */
  #giveSpare(part: number): void {
    if (this.#is(part, PLAIN)) return;
    const units = this.#unitsOfBlock(part);
    const needed = unitsOf(this.#read(part, P_SIZE));
    if (units - needed < SPARE_MIN) return;
    this.#region.give(this.#read(part, P_BLOCK) + needed, units - needed);
    this.#setUnits(part, needed);
  }

  // ── Removing: needs no room ───────────────────────────────────────────────────────────────────

  /**
   * Removes the element the walk is at and goes to the one behind it, or in front of it. Answers
   * false when there is none.
   */
  removeCurrent(isForward: boolean): boolean {
    const part = this.#part;
    const beside = this.#read(part, isForward ? P_NEXT : P_PREVIOUS);
    if (this.#read(part, P_COUNT) === 1) {
      this.#drop(part);
      return this.#enter(beside, isForward);
    }
    const listpack = this.#listpack;
    const previous = isForward ? NONE : listpack.previousOf(this.#at);
    listpack.remove(this.#at);
    this.#shrunk(part, 1);
    if (isForward && this.#at < listpack.end) {
      listpack.read(this.#at);
      return true;
    }
    if (isForward || previous === NONE) return this.#enter(beside, isForward);
    this.#at = previous;
    listpack.read(previous);
    return true;
  }

  /** Removes `count` elements from an index on; all of them are there. */
  remove(index: number, count: number): void {
    this.seek(index);
    let part = this.#part;
    let isWhole = this.#isPlain || this.#at === this.#listpack.first;
    for (let rest = count; rest > 0; ) {
      const own = this.#read(part, P_COUNT);
      const next = this.#read(part, P_NEXT);
      if (isWhole && rest >= own) {
        this.#drop(part);
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
    const listpack = this.#openPart(part);
    const from = fromFirst ? listpack.first : this.#at;
    let to = from;
    let removed = 0;
    for (; removed < count && to < listpack.end; removed++) to = listpack.nextOf(to);
    listpack.cut(from, to, removed);
    this.#shrunk(part, removed);
    return removed;
  }

  /** Elements were removed from the listpack that is open. */
  #shrunk(part: number, removed: number): void {
    const { size } = this.#listpack;
    this.#write(part, P_SIZE, size);
    this.#write(part, P_COUNT, this.#read(part, P_COUNT) - removed);
    this.#set(COUNT, this.count - removed);
    // Not at the ends: what is popped there goes with its part, and blocks stay whole.
    const isInside = this.#read(part, P_NEXT) !== 0 && this.#read(part, P_PREVIOUS) !== 0;
    if (isInside && size * 2 < this.#unitsOfBlock(part) * UNIT) this.#giveSpare(part);
  }

  /** Removes a part with all its elements. */
  #drop(part: number): void {
    const next = this.#read(part, P_NEXT);
    const previous = this.#read(part, P_PREVIOUS);
    if (!this.#is(part, JOINED)) {
      // The node goes on with the part behind, or is gone.
      if (next !== 0 && this.#is(next, JOINED)) this.#mark(next, JOINED, false);
      else this.#set(NODES, this.nodeCount - 1);
    }
    this.#set(COUNT, this.count - this.#read(part, P_COUNT));
    if (previous === 0) this.#set(FIRST, next);
    else this.#write(previous, P_NEXT, next);
    if (next === 0) this.#set(LAST, previous);
    else this.#write(next, P_PREVIOUS, previous);
    this.#region.give(this.#read(part, P_BLOCK), this.#unitsOfBlock(part));
    this.#region.give(part, PART_UNITS);
  }

  // ── Inserting and replacing ───────────────────────────────────────────────────────────────────

  /**
   * Makes room to insert bytes beside the element the walk is at, or to put them in its place. It
   * stays there. Answers false when there is no room; the entry may lie elsewhere then.
   */
  reserveInsert(isReplacement: boolean, bytes: Uint8Array, start: number, end: number): boolean {
    const region = this.#region;
    const listpack = this.#listpack;
    const part = this.#part;
    if (!this.#isPlain) {
      this.#measureFrom(this.#nodeOf(part));
      const old = isReplacement ? listpack.next - this.#at : 0;
      const size = listpack.size - old + elementSize(bytes, start, end);
      const isThere = isReplacement || this.#allows(end - start);
      if (isThere && size <= this.#unitsOfBlock(part) * UNIT) return true;
    }
    const own = this.#isPlain ? 0 : this.#read(part, P_SIZE);
    const to = placeInsert(region.bump, own, end - start, region.chunkUnits);
    const offset = this.#at - listpack.start;
    if (!region.reserveFresh(to - region.bump, region.chunkUnits)) return false;
    if (!this.#isPlain) {
      this.#at = this.#openPart(part).start + offset;
      listpack.read(this.#at);
    }
    return true;
  }

  /**
   * Makes room for an element to be taken from one end and pushed to the other right afterwards.
   * Answers false when there is none; the entry may lie elsewhere then.
   */
  reserveRotation(size: number): boolean {
    const region = this.#region;
    const to = placeInsert(region.bump, 0, size, region.chunkUnits);
    return region.reserveFresh(to - region.bump, region.chunkUnits);
  }

  /** Inserts bytes beside the element the walk is at, which is over then. Room is there. */
  insert(isBehind: boolean, bytes: Uint8Array, start: number, end: number): void {
    const size = end - start;
    const part = this.#part;
    const node = this.#nodeOf(part);
    const listpack = this.#listpack;
    const where = this.#isPlain
      ? isBehind
        ? BEHIND
        : IN_FRONT
      : (isBehind ? listpack.next : this.#at) - listpack.start;
    const isFirst = this.#isPlain ? !isBehind : where === LISTPACK_HEADER;
    const isLast = this.#isPlain ? isBehind : where === listpack.end - listpack.start;
    this.#measureFrom(node);
    if (this.#allows(size)) {
      this.#put(part, where, bytes, start, end);
    } else if (isBehind && isLast && part === this.#lastOf(node)) {
      const beside = this.#read(part, P_NEXT);
      if (beside !== 0) this.#measureFrom(beside);
      if (beside !== 0 && this.#allows(size)) this.#put(beside, IN_FRONT, bytes, start, end);
      else this.#putAlone(part, bytes, start, end, false);
    } else if (!isBehind && isFirst && part === node) {
      const beside = this.#nodeInFront(part);
      if (beside !== 0) this.#measureFrom(beside);
      const last = this.#read(part, P_PREVIOUS);
      if (beside !== 0 && this.#allows(size)) this.#put(last, BEHIND, bytes, start, end);
      else this.#putAlone(last, bytes, start, end, false);
    } else {
      const right = this.#divide(part, isFirst, isLast, where);
      if (isBehind) this.#put(right, IN_FRONT, bytes, start, end);
      else this.#put(this.#read(right, P_PREVIOUS), BEHIND, bytes, start, end);
      this.#joinAround(isBehind ? node : this.#nodeBehind(node));
    }
  }

  /** Ends a node inside a part, or beside it. Answers the first part of the node behind. */
  #divide(part: number, isFirst: boolean, isLast: boolean, where: number): number {
    let right = part;
    if (isLast) right = this.#read(part, P_NEXT);
    else if (!isFirst) right = this.#split(part, where);
    this.#mark(right, JOINED, false);
    this.#set(NODES, this.nodeCount + 1);
    return right;
  }

  /** Cuts a part in two of the same node, the second from `offset` of its listpack on. */
  #split(part: number, offset: number): number {
    const size = this.#read(part, P_SIZE);
    const rightSize = size - offset + LISTPACK_HEADER;
    const right = this.#newPart(unitsOf(rightSize), LISTPACK_EMPTY_SIZE, false, part);
    const listpack = this.#openPart(part);
    let count = 0;
    for (let at = listpack.first; at < listpack.start + offset; count++) at = listpack.nextOf(at);
    const moved = this.#read(part, P_COUNT) - count;
    this.#fillPart(right, listpack.bytes, listpack.start + offset, listpack.end, moved);
    listpack.cut(listpack.start + offset, listpack.end, moved);
    this.#write(part, P_SIZE, listpack.size);
    this.#write(part, P_COUNT, count);
    this.#mark(right, JOINED, true);
    this.#giveSpare(part);
    return right;
  }

  /** Makes the listpack of a part, which is empty, hold elements that lie in bytes[from, to). */
  #fillPart(part: number, bytes: Uint8Array, from: number, to: number, count: number): void {
    const { u8 } = this.#region;
    const at = this.#region.word(this.#read(part, P_BLOCK)) * 4;
    const size = LISTPACK_EMPTY_SIZE + to - from;
    for (let i = 0; i < 4; i++) u8[at + i] = size >>> (i * 8);
    const told = Math.min(count, 0xffff);
    u8[at + 4] = told;
    u8[at + 5] = told >>> 8;
    if (bytes === u8) u8.copyWithin(at + LISTPACK_HEADER, from, to);
    else u8.set(bytes.subarray(from, to), at + LISTPACK_HEADER);
    u8[at + size - 1] = 0xff;
    this.#write(part, P_SIZE, size);
    this.#write(part, P_COUNT, count);
  }

  /** Puts bytes at an offset of a part's listpack, or in front of or behind all of it. */
  #put(part: number, where: number, bytes: Uint8Array, start: number, end: number): void {
    const added = elementSize(bytes, start, end);
    const isPlain = this.#is(part, PLAIN);
    if (!isPlain && this.#hasPlace(part, added)) {
      this.#putIn(part, where, added, bytes, start, end);
      return;
    }
    const size = this.#read(part, P_SIZE);
    if (where === IN_FRONT || (!isPlain && where === LISTPACK_HEADER)) {
      // Takes the place of the first part, if it was that.
      const previous = this.#read(part, P_PREVIOUS);
      const isJoined = this.#is(part, JOINED);
      const made = this.#putAlone(previous, bytes, start, end, true);
      this.#mark(made, JOINED, isJoined);
      this.#mark(part, JOINED, true);
    } else if (where === BEHIND || where === size - 1) {
      this.#putAlone(part, bytes, start, end, true);
    } else {
      const right = this.#split(part, where);
      if (this.#hasPlace(part, added)) this.#putIn(part, BEHIND, added, bytes, start, end);
      else if (this.#hasPlace(right, added)) this.#putIn(right, IN_FRONT, added, bytes, start, end);
      else this.#putAlone(part, bytes, start, end, true);
    }
  }

  #hasPlace(part: number, added: number): boolean {
    return this.#read(part, P_SIZE) + added <= this.#partSizeMax;
  }

  #putIn(
    part: number,
    where: number,
    added: number,
    bytes: Uint8Array,
    start: number,
    end: number,
  ): void {
    this.#grow(part, this.#read(part, P_SIZE) + added, true);
    const listpack = this.#openPart(part);
    const at =
      where === IN_FRONT
        ? listpack.first
        : where === BEHIND
          ? listpack.end
          : listpack.start + where;
    listpack.insert(at, bytes, start, end);
    this.#write(part, P_SIZE, listpack.size);
    this.#write(part, P_COUNT, this.#read(part, P_COUNT) + 1);
    this.#set(COUNT, this.count + 1);
  }

  /** Puts bytes into a part of their own behind another one, or as the first. */
  #putAlone(
    previous: number,
    bytes: Uint8Array,
    start: number,
    end: number,
    isJoined: boolean,
  ): number {
    const size = LISTPACK_EMPTY_SIZE + elementSize(bytes, start, end);
    const isPlain = size > this.#partSizeMax;
    const units = unitsOf(isPlain ? end - start : size);
    const own = isPlain ? end - start : LISTPACK_EMPTY_SIZE;
    const part = this.#newPart(units, own, isPlain, previous);
    if (isPlain) {
      const address = this.#read(part, P_BLOCK) * UNIT;
      this.#region.zone.content.write(this.entry, address, bytes, start, end);
    } else {
      const listpack = this.#openPart(part);
      listpack.append(bytes, start, end);
      this.#write(part, P_SIZE, size);
      this.#write(part, P_COUNT, 1);
      this.#set(COUNT, this.count + 1);
    }
    if (isJoined) this.#mark(part, JOINED, true);
    else this.#set(NODES, this.nodeCount + 1);
    return part;
  }

  /** Joins the nodes around one that was divided as far as may be, in Redis's order. */
  #joinAround(center: number): void {
    const previous = this.#nodeInFront(center);
    if (previous !== 0) {
      const before = this.#nodeInFront(previous);
      if (before !== 0) this.#join(before, previous);
    }
    const next = this.#nodeBehind(center);
    if (next !== 0) {
      const after = this.#nodeBehind(next);
      if (after !== 0) this.#join(next, after);
    }
    const left = this.#nodeInFront(center);
    const target = left !== 0 && this.#join(left, center) ? left : center;
    const right = this.#nodeBehind(target);
    if (right !== 0) this.#join(target, right);
  }

  /** Joins two nodes if they may be one. */
  #join(left: number, right: number): boolean {
    this.#measureFrom(right);
    const size = this.#nodeSize - LISTPACK_EMPTY_SIZE;
    const count = this.#nodeCount;
    this.#measureFrom(left);
    if (exceedsNode(this.fill, this.#nodeSize + size, this.#nodeCount + count)) return false;
    this.#mark(right, JOINED, true);
    this.#set(NODES, this.nodeCount - 1);
    this.#fuse(this.#read(right, P_PREVIOUS), right);
    return true;
  }

  /** Makes two parts of one node one, if there is a block for it. */
  #fuse(left: number, right: number): void {
    if (this.#is(left, PLAIN) || this.#is(right, PLAIN)) return;
    const region = this.#region;
    const added = this.#read(right, P_SIZE) - LISTPACK_EMPTY_SIZE;
    const size = this.#read(left, P_SIZE) + added;
    if (size > this.#partSizeMax) return;
    const units = unitsOf(size);
    if (units > this.#unitsOfBlock(left)) {
      const to = placeBehind(region.bump, units, region.chunkUnits);
      if (to - region.bump > region.fresh && !region.hasFree(units)) return;
      this.#grow(left, size, false);
    }
    const from = region.word(this.#read(right, P_BLOCK)) * 4 + LISTPACK_HEADER;
    const at = region.word(this.#read(left, P_BLOCK)) * 4;
    region.u8.copyWithin(at + this.#read(left, P_SIZE) - 1, from, from + added + 1);
    const count = this.#read(left, P_COUNT) + this.#read(right, P_COUNT);
    for (let i = 0; i < 4; i++) region.u8[at + i] = size >>> (i * 8);
    const told = Math.min(count, 0xffff);
    region.u8[at + 4] = told;
    region.u8[at + 5] = told >>> 8;
    this.#write(left, P_SIZE, size);
    this.#write(left, P_COUNT, count);
    // What #drop() takes off is counted with the other part now.
    this.#set(COUNT, this.count + this.#read(right, P_COUNT));
    this.#drop(right);
  }

  /** Puts bytes in place of the element the walk is at, which is over then. Room is there. */
  replace(bytes: Uint8Array, start: number, end: number): void {
    const part = this.#part;
    const listpack = this.#listpack;
    if (!this.#isPlain) {
      const old = listpack.next - this.#at;
      const size = listpack.size - old + elementSize(bytes, start, end);
      if (size <= this.#partSizeMax) {
        const offset = this.#at - listpack.start;
        this.#grow(part, size, false);
        this.#openPart(part).replace(this.#listpack.start + offset, bytes, start, end);
        this.#write(part, P_SIZE, size);
        return;
      }
      const behind = listpack.next - listpack.start;
      if (listpack.next < listpack.end) this.#split(part, behind);
    }
    // A part of its own behind, and the old element, now the last of its part, goes.
    this.#putAlone(part, bytes, start, end, true);
    if (this.#read(part, P_COUNT) === 1) {
      this.#drop(part);
    } else {
      const rest = this.#openPart(part);
      rest.remove(rest.last);
      this.#shrunk(part, 1);
    }
  }

  // ── Making one of something else ──────────────────────────────────────────────────────────────

  /** Bytes of content for a list made of a listpack, with room for elements to be pushed. */
  sizeToPush(
    zone: Zone,
    listpack: Listpack,
    fill: number,
    elements: Elements,
    first: number,
    end: number,
    atFirst: boolean,
  ): number {
    const { chunkSize } = zone.layout;
    const chunkUnits = chunkSize / UNIT;
    const at = placeCuts(HEADER_UNITS, listpack, chunkUnits);
    const cuts = cut(listpack, chunkSize);
    const i = atFirst ? 0 : cuts.length - 3;
    this.#partSizeMax = chunkSize;
    this.#fill = clampFill(fill);
    this.#isLarge = isLargeAt(at, this.#fill, chunkUnits);
    this.#nodeSize = listpack.size;
    this.#nodeCount = listpack.count;
    this.#endSize = 0;
    if (cuts.length > 0 && cuts[i + 2] > 0) {
      this.#endSize = cuts[i + 1] - cuts[i] + LISTPACK_EMPTY_SIZE;
    }
    return this.#place(at, chunkUnits, elements, first, end) * UNIT;
  }

  /** The same, with room for an element of `size` bytes to be inserted or to replace another. */
  static sizeToInsert(zone: Zone, listpack: Listpack, size: number): number {
    const chunkUnits = zone.layout.chunkSize / UNIT;
    const at = placeCuts(HEADER_UNITS, listpack, chunkUnits);
    return placeInsert(at, Math.min(zone.layout.chunkSize, listpack.size), size, chunkUnits) * UNIT;
  }

  /** Appends the elements of a listpack as a node. Room is there. */
  append(listpack: Listpack): void {
    const cuts = cut(listpack, this.#partSizeMax);
    for (let i = 0; i < cuts.length; i += 3) {
      const from = cuts[i];
      const to = cuts[i + 1];
      const count = cuts[i + 2];
      const isJoined = i > 0;
      const last = this.#get(LAST);
      if (count === 0) {
        listpack.read(from);
        this.#putAlone(last, listpack.bytes, listpack.textStart, listpack.textEnd, isJoined);
      } else {
        const units = unitsOf(to - from + LISTPACK_EMPTY_SIZE);
        const part = this.#newPart(units, LISTPACK_EMPTY_SIZE, false, last);
        this.#fillPart(part, listpack.bytes, from, to, count);
        this.#set(COUNT, this.count + count);
        if (isJoined) this.#mark(part, JOINED, true);
        else this.#set(NODES, this.nodeCount + 1);
      }
    }
  }

  /** The first node as one listpack. */
  gather(): Uint8Array {
    const bytes = new Uint8Array(this.firstNodeSize);
    this.#gatherNode(this.#get(FIRST), bytes);
    return bytes;
  }

  #gatherNode(first: number, bytes: Uint8Array): void {
    formatListpack(bytes, 0);
    const target = new Listpack().open(bytes, 0);
    let part = first;
    do {
      if (this.#is(part, PLAIN)) {
        const element = new Uint8Array(this.#read(part, P_SIZE));
        this.#copyPlain(part, element, 0);
        target.append(element, 0, element.length);
      } else {
        const source = this.#openPart(part);
        const count = this.#read(part, P_COUNT);
        target.appendAll(source.bytes, source.first, source.end, count);
      }
      part = this.#read(part, P_NEXT);
    } while (part !== 0 && this.#is(part, JOINED));
  }

  /** Calls `visit` with every node as one listpack, in their order. */
  eachNode(visit: (listpack: Listpack) => void): void {
    const listpack = new Listpack();
    for (let first = this.#get(FIRST); first !== 0; first = this.#nodeBehind(first)) {
      this.#measureFrom(first);
      const bytes = new Uint8Array(this.#nodeSize);
      this.#gatherNode(first, bytes);
      visit(listpack.open(bytes, 0));
    }
  }

  /** Bytes of content for a copy in another zone. */
  sizeIn(zone: Zone): number {
    const chunkUnits = zone.layout.chunkSize / UNIT;
    let to = HEADER_UNITS;
    this.eachNode((listpack) => {
      to = placeCuts(to, listpack, chunkUnits);
    });
    return to * UNIT;
  }

  /** Makes the content of an entry of another zone, sizeIn() bytes, a copy. */
  copyTo(zone: Zone, entry: number): void {
    const target = new Quicklist().open(zone, entry);
    target.format(this.fill);
    this.eachNode((listpack) => target.append(listpack));
  }

  // ── Housekeeping ──────────────────────────────────────────────────────────────────────────────

  /**
   * Gives back memory that is not needed, if much is, and if that costs no other entry its place.
   * The entry may lie elsewhere afterwards, and the walk is over.
   */
  settle(): void {
    const region = this.#region;
    const free = region.bump - region.used;
    if (free >= COMPACT_MIN && free * 3 >= region.bump) this.#moveTogether();
    region.trim();
  }

  /** Moves all blocks together, in the order in which they lie: none comes to lie behind its place. */
  #moveTogether(): void {
    const region = this.#region;
    const { chunkUnits } = region;
    const blocks: Block[] = [];
    for (let part = this.#get(FIRST); part !== 0; part = this.#read(part, P_NEXT)) {
      const units = unitsOf(this.#read(part, P_SIZE));
      this.#setUnits(part, units);
      blocks.push({ at: part, units: PART_UNITS, to: 0, isPart: true });
      blocks.push({ at: this.#read(part, P_BLOCK), units, to: 0, isPart: false });
    }
    blocks.sort((a, b) => a.at - b.at);
    const gaps: number[] = [];
    const places = new Map<number, number>([[0, 0]]);
    let bump = HEADER_UNITS;
    for (const block of blocks) {
      const end = placeBehind(bump, block.units, chunkUnits);
      block.to = end - block.units;
      if (block.to > bump) gaps.push(bump, block.to - bump);
      places.set(block.at, block.to);
      bump = end;
    }
    for (const { at, units, to } of blocks) if (to !== at) this.#moveBlock(to, at, units);
    const placeOf = (at: number): number => places.get(at) as number;
    for (const { to, isPart } of blocks) {
      if (!isPart) continue;
      for (const word of [P_NEXT, P_PREVIOUS, P_BLOCK]) {
        this.#write(to, word, placeOf(this.#read(to, word)));
      }
    }
    this.#set(FIRST, placeOf(this.#get(FIRST)));
    this.#set(LAST, placeOf(this.#get(LAST)));
    region.restart(bump);
    for (let i = 0; i < gaps.length; i += 2) region.give(gaps[i], gaps[i + 1]);
  }

  /** Moves a block down, piece by piece if it lies in several. */
  #moveBlock(to: number, from: number, units: number): void {
    const { chunkUnits, i32 } = this.#region;
    for (let done = 0; done < units; ) {
      const run = Math.min(
        units - done,
        chunkUnits - ((from + done) % chunkUnits),
        chunkUnits - ((to + done) % chunkUnits),
      );
      const word = this.#region.word(from + done);
      i32.copyWithin(this.#region.word(to + done), word, word + run * 2);
      done += run;
    }
  }

  /** What is wrong, or undefined. */
  audit(): string | undefined {
    const region = this.#region;
    const { chunkUnits } = region;
    const owners = new Uint8Array(region.bump);
    owners.fill(1, 0, HEADER_UNITS);
    const own = (at: number, units: number): boolean => {
      const isFree = at + units <= owners.length && !owners.subarray(at, at + units).includes(1);
      owners.fill(1, at, at + units);
      return isFree;
    };
    let count = 0;
    let nodes = 0;
    let previous = 0;
    for (let part = this.#get(FIRST); part !== 0; part = this.#read(part, P_NEXT)) {
      if (!own(part, PART_UNITS)) return `part ${part} lies where something else does`;
      const block = this.#read(part, P_BLOCK);
      const units = this.#unitsOfBlock(part);
      if (!own(block, units)) return `the block of part ${part} lies where something else does`;
      if (this.#read(part, P_PREVIOUS) !== previous) return `part ${part} names a wrong neighbour`;
      const size = this.#read(part, P_SIZE);
      if (size > units * UNIT) return `part ${part} is larger than its block`;
      const isJoined = this.#is(part, JOINED);
      if (isJoined && previous === 0) return 'the first part is joined to nothing';
      if (!isJoined) nodes++;
      const elements = this.#read(part, P_COUNT);
      if (this.#is(part, PLAIN)) {
        if (elements !== 1) return `part ${part} counts a plain element wrongly`;
      } else {
        if ((block % chunkUnits) + units > chunkUnits) return `part ${part} lies in pieces`;
        const listpack = this.#openPart(part);
        if (listpack.size !== size) return `part ${part} has a wrong size`;
        const found = validateListpack(listpack.bytes, listpack.start, size);
        if (found < 1 || found !== elements) return `the listpack of part ${part} is torn`;
      }
      count += elements;
      previous = part;
    }
    if (this.#get(LAST) !== previous) return 'the last part is not the last';
    if (count !== this.count) return 'elements are counted wrongly';
    if (nodes !== this.nodeCount) return 'nodes are counted wrongly';
    let fault = region.audit();
    region.eachFree((block, units) => {
      if (!own(block, units)) fault ??= `free block ${block} lies where something else does`;
    });
    if (fault === undefined && owners.includes(0)) return 'units are lost';
    return fault;
  }
}

/** Of #moveTogether(). */
interface Block {
  readonly at: number;
  readonly units: number;
  to: number;
  readonly isPart: boolean;
}

/** Where the parts for a listpack would end behind `at`. */
function placeCuts(at: number, listpack: Listpack, chunkUnits: number): number {
  const cuts = cut(listpack, chunkUnits * UNIT);
  let to = at;
  for (let i = 0; i < cuts.length; i += 3) {
    const size = cuts[i + 1] - cuts[i] + LISTPACK_EMPTY_SIZE;
    to = placeBehind(to, unitsOf(size), chunkUnits);
    to = placeBehind(to, PART_UNITS, chunkUnits);
  }
  return to;
}

/**
 * Where the blocks would end that an insertion beside an element takes at most: a part of
 * `partSize` bytes is cut in two, then the element of `size` bytes gets a part of its own, or one
 * of the others a larger block.
 */
function placeInsert(at: number, partSize: number, size: number, chunkUnits: number): number {
  let to = placeBehind(at, unitsOf(partSize), chunkUnits);
  to = placeBehind(to, PART_UNITS, chunkUnits);
  to = placeBehind(to, Math.max(chunkUnits, unitsOf(size)), chunkUnits);
  return placeBehind(to, PART_UNITS, chunkUnits);
}
