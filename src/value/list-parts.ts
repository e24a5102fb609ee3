/**
 * List parts: where the elements of a large list lie.
 *
 *   │ lists of free blocks │ count │ nodes │ first │ last │ fill │ blocks … │
 *
 *   part   │ next │ previous │ units, PLAIN, JOINED │ a listpack, in one piece │
 *
 * A list is a chain of nodes, each of which Redis would have as one listpack of 8 KiB, or what else
 * is configured. Here a node is a part or several, because each listpack must lie in one piece to
 * be worked on, and because blocks as large as a chunk would leave holes between them:
 *
 *   nodes          ┌──── node ────┐   ┌─ node ─┐   ┌──────── node ────────┐
 *   parts          part ═════ part ── part ─────── part ═════ part ═════ part        ═ JOINED
 *
 * So parts take what is free: a hole, the rest of a chunk. To join two nodes is to set a bit. An
 * element too large to be shoved about is a part by itself, PLAIN, which goes on in other blocks:
 *
 *   │ next │ previous │ units, PLAIN, JOINED │ size │ block │ bytes … │
 *                                                     └→ │ next block │ units │ bytes … │ ─→ …
 *
 * Whoever adds reserves room first, for the blocks it may take if nothing is free but what lies
 * behind all others; removing takes nothing. When many blocks are free, settle() moves the others
 * together.
 */

import { assert } from '../std/assert.ts';
import { copyBytes, equalBytes } from '../std/bytes.ts';
import type { Zone } from '../zone/zone.ts';
import {
  BLOCK_MIN,
  freshUnits,
  PART_HEADER,
  PIECE_HEADER,
  PLAIN_HEADER,
  partCapacity,
  partUnits,
  placePlain,
  SPARE_MIN,
  scaleOf,
  spareUnits,
  unitsOf,
} from './list-layout.ts';
import {
  elementSizeMax,
  formatListpack,
  insertElement,
  LISTPACK_EMPTY_SIZE,
  LISTPACK_HEADER,
  Listpack,
  removeElements,
  validateListpack,
  writeElementBefore,
} from './listpack.ts';
import { clampFill, exceedsNode, nodeSizeMax } from './node-limit.ts';
import { placeBehind, REGION_WORDS, Region, UNIT } from './region.ts';
import type { BulkSink } from './string.ts';

// Words of the header.
const COUNT = REGION_WORDS;
const NODES = COUNT + 1;
const FIRST = COUNT + 2;
const LAST = COUNT + 3;
const FILL = COUNT + 4;
const OWN_WORDS = 6;
export const HEADER_UNITS = Math.ceil((REGION_WORDS + OWN_WORDS) / 2);

// Words of a part.
const P_NEXT = 0;
const P_PREVIOUS = 1;
/** Units of the block, and what the part is. */
const P_FORM = 2;
/** Bytes of the listpack, or of the plain element. */
const P_SIZE = 3;
/** In the lower half: elements of the listpack. Above it, in the listpack, its first bytes. */
const P_COUNT = 4;
/** Of a plain element: the block in which it goes on. */
const P_PIECE = 4;

const COUNT_MASK = 0xffff;
// The header of a listpack is read as words, so these must be least byte first too.
assert(new Uint8Array(Int32Array.of(1).buffer)[0] === 1, 'the machine is little-endian');
assert(PART_HEADER === P_SIZE * 4 && PLAIN_HEADER === (P_PIECE + 1) * 4);

/** Belongs to the same node as the part in front of it. */
export const JOINED = 1;
/** Holds one element, by itself. */
export const PLAIN = 2;
/**
 * The elements of the listpack lie at the end of its block, not behind its header: what is pushed
 * and popped in front moves nothing. openPart() ends that, so that only what works at the front of
 * a list has to know. The last part is never like that for longer than a call.
 */
const AT_END = 4;
const FORM_SHIFT = 3;

// Words of a block in which a plain element goes on; its bytes are behind.
const B_NEXT = 0;
const B_UNITS = 1;

/** Free units from which on blocks are moved together, if they are a third of all. */
const COMPACT_MIN = 512;
/** Redis's SIZE_ESTIMATE_OVERHEAD: what an element takes beside its bytes, at a guess. */
const ELEMENT_OVERHEAD = 8;

export class ListParts {
  readonly region = new Region();
  /** The listpack of the part opened last. */
  readonly listpack = new Listpack();
  scale = scaleOf(1024);
  fill = 0;
  /** Bytes and elements of the node measured last; bytes as those of one listpack. */
  nodeSize = 0;
  nodeCount = 0;
  /**
   * What the node at an end has in other parts than the one at the end: part 0 if that is not known.
   * Good while the list stays open and no part comes, goes or is joined.
   */
  #restOf = 0;
  #restAtFirst = false;
  #restSize = 0;
  #restCount = 0;
  /** Whether the block chosen last is one given back. */
  #isFree = false;

  open(zone: Zone, entry: number): void {
    const { region } = this;
    region.bind(zone, entry);
    this.#restOf = 0;
    if (region.chunkUnits !== this.scale.chunkUnits) this.scale = scaleOf(region.chunkUnits);
    this.fill = this.#get(FILL);
  }

  /** Makes the content an empty list. */
  format(fill: number): void {
    this.region.format(OWN_WORDS);
    this.fill = clampFill(fill);
    this.#set(FILL, this.fill);
  }

  get count(): number {
    return this.#get(COUNT);
  }

  get nodes(): number {
    return this.#get(NODES);
  }

  get first(): number {
    return this.#get(FIRST);
  }

  get last(): number {
    return this.#get(LAST);
  }

  #get(word: number): number {
    return this.region.i32[this.region.base + word];
  }

  #set(word: number, value: number): void {
    this.region.i32[this.region.base + word] = value;
  }

  #add(word: number, value: number): void {
    this.region.i32[this.region.base + word] += value;
  }

  // ── A part ────────────────────────────────────────────────────────────────────────────────────

  #read(part: number, word: number): number {
    return this.region.i32[this.region.word(part) + word];
  }

  #write(part: number, word: number, value: number): void {
    this.region.i32[this.region.word(part) + word] = value;
  }

  next(part: number): number {
    return this.#read(part, P_NEXT);
  }

  previous(part: number): number {
    return this.#read(part, P_PREVIOUS);
  }

  countOf(part: number): number {
    const { i32 } = this.region;
    const word = this.region.word(part);
    return (i32[word + P_FORM] & PLAIN) !== 0 ? 1 : i32[word + P_COUNT] & COUNT_MASK;
  }

  /** Bytes of the listpack, or of the plain element. */
  sizeOf(part: number): number {
    return this.#read(part, P_SIZE);
  }

  /** Units of a part, or of the first block of a plain one. */
  unitsOf(part: number): number {
    return this.#read(part, P_FORM) >>> FORM_SHIFT;
  }

  /** Bytes the listpack may have. */
  capacityOf(part: number): number {
    return partCapacity(this.unitsOf(part));
  }

  is(part: number, flag: number): boolean {
    return (this.#read(part, P_FORM) & flag) !== 0;
  }

  #mark(part: number, flag: number, isOn: boolean): void {
    this.#restOf = 0;
    const form = this.#read(part, P_FORM);
    this.#write(part, P_FORM, isOn ? form | flag : form & ~flag);
  }

  #setUnits(part: number, units: number): void {
    const flags = this.#read(part, P_FORM) & (JOINED | PLAIN | AT_END);
    this.#write(part, P_FORM, (units << FORM_SHIFT) | flags);
  }

  /** Opens the listpack of a part. */
  openPart(part: number): Listpack {
    const { region } = this;
    const word = region.word(part);
    if ((region.i32[word + P_FORM] & AT_END) !== 0) this.#align(word);
    return this.listpack.open(region.u8, word * 4 + PART_HEADER);
  }

  /** Moves elements of the part at a word that lie at the end of its block to the beginning. */
  #align(word: number): void {
    const { i32, u8 } = this.region;
    const form = i32[word + P_FORM];
    const end = word * 4 + (form >>> FORM_SHIFT) * UNIT;
    const size = i32[word + P_SIZE] - LISTPACK_HEADER;
    u8.copyWithin(word * 4 + PART_HEADER + LISTPACK_HEADER, end - size, end);
    i32[word + P_FORM] = form & ~AT_END;
  }

  /** The same if they do. */
  #alignPart(part: number): void {
    const word = this.region.word(part);
    if ((this.region.i32[word + P_FORM] & AT_END) !== 0) this.#align(word);
  }

  /** Takes over that elements were added to the listpack that is open, or removed. */
  added(count: number): void {
    this.#add(COUNT, count);
  }

  // ── Nodes ─────────────────────────────────────────────────────────────────────────────────────

  /** First part of the node a part belongs to. */
  nodeOf(part: number): number {
    let first = part;
    while (this.is(first, JOINED)) first = this.previous(first);
    return first;
  }

  /** First part of the node behind one that begins with `first`, or 0. */
  nodeBehind(first: number): number {
    let part = this.next(first);
    while (part !== 0 && this.is(part, JOINED)) part = this.next(part);
    return part;
  }

  /** First part of the node in front, or 0. */
  nodeInFront(first: number): number {
    const part = this.previous(first);
    return part === 0 ? 0 : this.nodeOf(part);
  }

  /** Whether a part is the last of its node. */
  isLastOfNode(part: number): boolean {
    const next = this.next(part);
    return next === 0 || !this.is(next, JOINED);
  }

  /** Measures the node at an end of the list, which is not empty. */
  measureEnd(atFirst: boolean): void {
    const { region } = this;
    const { i32 } = region;
    let size = LISTPACK_EMPTY_SIZE;
    let count = 0;
    let part = atFirst ? this.first : this.last;
    for (;;) {
      const word = region.word(part);
      const own = i32[word + P_SIZE];
      const form = i32[word + P_FORM];
      const isPlain = (form & PLAIN) !== 0;
      size += isPlain ? elementSizeMax(own) : own - LISTPACK_EMPTY_SIZE;
      count += isPlain ? 1 : i32[word + P_COUNT] & COUNT_MASK;
      if (!atFirst && (form & JOINED) === 0) break;
      part = i32[word + (atFirst ? P_NEXT : P_PREVIOUS)];
      if (atFirst && (part === 0 || !this.is(part, JOINED))) break;
    }
    this.nodeSize = size;
    this.nodeCount = count;
  }

  /** Measures the node that begins with `first`. */
  measure(first: number): void {
    this.nodeSize = LISTPACK_EMPTY_SIZE;
    this.nodeCount = 0;
    let part = first;
    do {
      const size = this.sizeOf(part);
      this.nodeSize += this.is(part, PLAIN) ? elementSizeMax(size) : size - LISTPACK_EMPTY_SIZE;
      this.nodeCount += this.countOf(part);
      part = this.next(part);
    } while (part !== 0 && this.is(part, JOINED));
  }

  /** Whether an element may be added to the node measured last. */
  allows(size: number): boolean {
    return !exceedsNode(this.fill, this.nodeSize + size + ELEMENT_OVERHEAD, this.nodeCount + 1);
  }

  /** Ends a node in front of a part. */
  divide(part: number): void {
    this.#mark(part, JOINED, false);
    this.#add(NODES, 1);
  }

  /**
   * Makes a node part of the one in front, if there may be such a node. Answers its first part then,
   * which may lie elsewhere; else 0.
   */
  join(left: number, right: number): number {
    this.measure(right);
    const size = this.nodeSize - LISTPACK_EMPTY_SIZE;
    const count = this.nodeCount;
    this.measure(left);
    if (exceedsNode(this.fill, this.nodeSize + size, this.nodeCount + count)) return 0;
    this.#mark(right, JOINED, true);
    this.#add(NODES, -1);
    const beside = this.previous(right);
    const fused = this.#fuse(beside, right);
    return beside === left ? fused : left;
  }

  // ── Choosing blocks ───────────────────────────────────────────────────────────────────────────

  isPlainSize(size: number): boolean {
    return size >= this.scale.plainSize;
  }

  /**
   * Units of the block to take for who needs `need` and has use for `wanted`, or even for `most` if
   * they are free anyway; all within a chunk. `bump` is where it would be taken fresh.
   */
  #choose(need: number, wanted: number, most: number, bump: number): number {
    const { region } = this;
    this.#isFree = true;
    if (region.hasFree(most)) return most;
    const largest = region.largestFree;
    if (largest >= Math.max(need, Math.min(wanted, BLOCK_MIN))) return Math.min(largest, most);
    this.#isFree = false;
    return freshUnits(bump, need, wanted, region.chunkUnits);
  }

  /** Units of a node that is full; where elements are counted, the size of another one tells. */
  #nodeUnitsMax(nodeSize: number): number {
    const units = partUnits(this.fill < 0 ? nodeSizeMax(this.fill) : nodeSize);
    return Math.min(this.region.chunkUnits, units);
  }

  /**
   * Units for a part at an end of the list, with a listpack that is going to grow, if taken fresh:
   * some to spare, and where elements are counted as many as the node before it has.
   */
  roomyUnits(size: number, nodeSize: number): number {
    const { chunkUnits, used } = this.region;
    const need = Math.min(partUnits(size), chunkUnits);
    const most = this.#nodeUnitsMax(nodeSize);
    return Math.max(need, Math.min(most, this.fill < 0 ? need + spareUnits(used) : most));
  }

  /** Fresh units needed for a part; see addPart(). */
  freshForPart(need: number, wanted: number, isGrowing: boolean): number {
    const { bump, chunkUnits } = this.region;
    const units = this.#chooseForPart(need, wanted, isGrowing);
    return this.#isFree ? 0 : placeBehind(bump, units, chunkUnits) - bump;
  }

  /** Units to take for a part; see addPart(). */
  #chooseForPart(need: number, wanted: number, isGrowing: boolean): number {
    const most = isGrowing ? Math.max(wanted, this.#nodeUnitsMax(0)) : wanted;
    return this.#choose(need, wanted, most, this.region.bump);
  }

  /** Fresh units needed for a plain element. */
  freshForPlain(size: number): number {
    const { bump, chunkUnits } = this.region;
    return placePlain(bump, size, chunkUnits) - bump;
  }

  /** Fresh units needed for a block of that size. */
  freshForBlock(units: number): number {
    const { region } = this;
    if (region.hasFree(units)) return 0;
    return placeBehind(region.bump, units, region.chunkUnits) - region.bump;
  }

  /** Makes sure of fresh units. Answers false when there is no room. */
  reserveFresh(units: number): boolean {
    return this.region.reserveClosely(units);
  }

  // ── At the ends ───────────────────────────────────────────────────────────────────────────────

  /**
   * Pushes bytes[start, end) at an end of the list if the part there may take them and has the room:
   * nearly always. Answers false, with nothing changed, otherwise.
   */
  pushInside(atFirst: boolean, bytes: Uint8Array, start: number, end: number): boolean {
    const { region } = this;
    const { i32, base } = region;
    const part = i32[base + (atFirst ? FIRST : LAST)];
    if (part === 0 || this.isPlainSize(end - start)) return false;
    const word = region.word(part);
    const form = i32[word + P_FORM];
    if ((form & PLAIN) !== 0) return false;
    const old = i32[word + P_SIZE];
    if (part !== this.#restOf || atFirst !== this.#restAtFirst) this.#measureRest(part, atFirst);
    this.nodeSize = this.#restSize + old;
    this.nodeCount = this.#restCount + (i32[word + P_COUNT] & COUNT_MASK);
    if (!this.allows(end - start)) return false;
    const room = partCapacity(form >>> FORM_SHIFT) - old;
    if (atFirst && part !== i32[base + LAST]) {
      return this.#pushInFront(word, room, bytes, start, end);
    }
    const { u8 } = region;
    if ((form & AT_END) !== 0) this.#align(word);
    const listpack = word * 4 + PART_HEADER;
    const last = listpack + old - 1;
    const at = atFirst ? listpack + LISTPACK_HEADER : last;
    const added = insertElement(u8, at, last, room, bytes, start, end);
    if (added === 0) return false;
    i32[word + P_SIZE] = old + added;
    i32[word + P_COUNT]++;
    i32[base + COUNT]++;
    return true;
  }

  #measureRest(part: number, atFirst: boolean): void {
    this.measureEnd(atFirst);
    this.#restOf = part;
    this.#restAtFirst = atFirst;
    this.#restSize = this.nodeSize - this.sizeOf(part);
    this.#restCount = this.nodeCount - this.countOf(part);
  }

  /** Of pushInside(): in front of the part at a word, whose block has `room` bytes. */
  #pushInFront(word: number, room: number, bytes: Uint8Array, start: number, end: number): boolean {
    const { i32, u8, base } = this.region;
    const size = i32[word + P_SIZE];
    const first = this.#moveToEnd(word, size);
    const added = writeElementBefore(u8, first, room, bytes, start, end);
    if (added === 0) return false;
    i32[word + P_SIZE] = size + added;
    i32[word + P_COUNT]++;
    i32[base + COUNT]++;
    return true;
  }

  /** Makes elements of the part at a word lie at the end of its block, and answers where. */
  #moveToEnd(word: number, size: number): number {
    const { i32, u8 } = this.region;
    const form = i32[word + P_FORM];
    const first = word * 4 + (form >>> FORM_SHIFT) * UNIT - size + LISTPACK_HEADER;
    if ((form & AT_END) === 0) {
      const from = word * 4 + PART_HEADER;
      u8.copyWithin(first, from + LISTPACK_HEADER, from + size);
      i32[word + P_FORM] = form | AT_END;
    }
    return first;
  }

  /**
   * Tells the element at an end of the list and removes it, if it is not the last one of its part,
   * or plain. Answers whether it is gone: nearly always.
   */
  popInside(atFirst: boolean, sink: BulkSink): boolean {
    const { region, listpack } = this;
    const { i32, u8, base } = region;
    // A node may be at both ends.
    if (atFirst !== this.#restAtFirst) this.#restOf = 0;
    const part = i32[base + (atFirst ? FIRST : LAST)];
    const word = region.word(part);
    const form = i32[word + P_FORM];
    if ((form & PLAIN) !== 0 || (i32[word + P_COUNT] & COUNT_MASK) === 1) return false;
    const size = i32[word + P_SIZE];
    let removed: number;
    if (atFirst && part !== i32[base + LAST]) {
      listpack.bytes = u8;
      const at = this.#moveToEnd(word, size);
      removed = listpack.writeAt(at, sink) - at;
    } else {
      if ((form & AT_END) !== 0) this.#align(word);
      listpack.open(u8, word * 4 + PART_HEADER);
      const at = atFirst ? listpack.first : listpack.last;
      const next = listpack.writeAt(at, sink);
      removeElements(u8, at, next, listpack.end);
      removed = next - at;
    }
    i32[word + P_SIZE] = size - removed;
    i32[word + P_COUNT]--;
    i32[base + COUNT]--;
    return true;
  }

  // ── Adding parts ──────────────────────────────────────────────────────────────────────────────

  /**
   * Adds a part without elements behind another one, or as the first: of `need` to `wanted` units;
   * if it is going to grow, of more where more is free. It is a node unless it is joined.
   */
  addPart(
    previous: number,
    isJoined: boolean,
    need: number,
    wanted: number,
    isGrowing: boolean,
  ): number {
    const { region } = this;
    const units = this.#chooseForPart(need, wanted, isGrowing);
    const part = region.take(units);
    this.#link(part, previous, units << FORM_SHIFT, isJoined);
    formatListpack(region.u8, region.word(part) * 4 + PART_HEADER);
    return part;
  }

  /** Adds a plain element as a part. */
  addPlain(
    previous: number,
    isJoined: boolean,
    bytes: Uint8Array,
    start: number,
    end: number,
  ): number {
    const { region } = this;
    const { i32, u8, chunkUnits } = region;
    let part = 0;
    // Word that names the block an element goes on in.
    let link = 0;
    let header = PLAIN_HEADER;
    for (let from = start; from < end; ) {
      const wanted = Math.min(unitsOf(end - from + header), chunkUnits);
      const units = this.#choose(1, wanted, wanted, region.bump);
      const block = region.take(units);
      const word = region.word(block);
      if (part === 0) {
        part = block;
        this.#link(part, previous, (units << FORM_SHIFT) | PLAIN, isJoined);
        i32[word + P_SIZE] = end - start;
        i32[word + P_PIECE] = 0;
        link = word + P_PIECE;
      } else {
        i32[word + B_NEXT] = 0;
        i32[word + B_UNITS] = units;
        i32[link] = block;
        link = word + B_NEXT;
      }
      const to = Math.min(end, from + units * UNIT - header);
      copyBytes(u8, word * 4 + header, bytes, from, to);
      from = to;
      header = PIECE_HEADER;
    }
    this.#add(COUNT, 1);
    return part;
  }

  #link(part: number, previous: number, form: number, isJoined: boolean): void {
    this.#restOf = 0;
    const { i32 } = this.region;
    const next = previous === 0 ? this.first : this.next(previous);
    const word = this.region.word(part);
    // In front of all others there is nothing to be joined to: what was first is, to this.
    const joinsNext = previous === 0 && isJoined;
    i32[word + P_NEXT] = next;
    i32[word + P_PREVIOUS] = previous;
    i32[word + P_FORM] = form | (isJoined && !joinsNext ? JOINED : 0);
    if (previous === 0) this.#set(FIRST, part);
    else this.#write(previous, P_NEXT, part);
    if (next === 0) this.#set(LAST, part);
    else this.#write(next, P_PREVIOUS, part);
    if (joinsNext) this.#mark(next, JOINED, true);
    if (!isJoined) this.#add(NODES, 1);
  }

  /** Makes a part the first of its node instead of the one behind it, which it was joined to. */
  lead(part: number): void {
    const next = this.next(part);
    this.#mark(part, JOINED, this.is(next, JOINED));
    this.#mark(next, JOINED, true);
  }

  /** Makes a part larger where it lies, up to `wanted` units. */
  extend(part: number, wanted: number): void {
    this.#alignPart(part);
    const units = this.unitsOf(part);
    const { region } = this;
    const added = Math.min(wanted - units, region.extensible(part, units), region.fresh);
    region.extend(part, units, added);
    this.#setUnits(part, units + added);
  }

  /** Units a part could have where it lies. */
  extensibleTo(part: number): number {
    const units = this.unitsOf(part);
    return units + this.region.extensible(part, units);
  }

  /** Gives a part `units` somewhere else, which it answers. */
  regrow(part: number, units: number): number {
    this.#alignPart(part);
    const { region } = this;
    const { i32 } = region;
    const old = this.unitsOf(part);
    const used = partUnits(this.sizeOf(part));
    const target = region.take(units);
    const from = region.word(part);
    i32.copyWithin(region.word(target), from, from + used * 2);
    region.give(part, old);
    this.#setUnits(target, units);
    const next = this.next(target);
    const previous = this.previous(target);
    if (previous === 0) this.#set(FIRST, target);
    else this.#write(previous, P_NEXT, target);
    if (next === 0) this.#set(LAST, target);
    else this.#write(next, P_PREVIOUS, target);
    return target;
  }

  /** Gives back what a part has too much, if it is worth it. */
  giveSpare(part: number): void {
    if (this.is(part, PLAIN)) return;
    const units = this.unitsOf(part);
    const needed = partUnits(this.sizeOf(part));
    if (units - needed < SPARE_MIN) return;
    this.#alignPart(part);
    this.region.give(part + needed, units - needed);
    this.#setUnits(part, needed);
  }

  // ── Removing parts ────────────────────────────────────────────────────────────────────────────

  /** Elements were removed from the listpack that is open, a part's. */
  shrunk(part: number, removed: number): void {
    this.added(-removed);
    // Not at the ends: what is popped there goes with its part, and blocks stay whole.
    const isInside = part !== this.first && part !== this.last;
    if (isInside && this.sizeOf(part) * 2 < this.capacityOf(part)) this.giveSpare(part);
  }

  /** Removes a part with all its elements. */
  drop(part: number): void {
    this.#restOf = 0;
    const next = this.next(part);
    const previous = this.previous(part);
    if (!this.is(part, JOINED)) {
      // The node goes on with the part behind, or is gone.
      if (next !== 0 && this.is(next, JOINED)) this.#mark(next, JOINED, false);
      else this.#add(NODES, -1);
    }
    this.#add(COUNT, -this.countOf(part));
    if (previous === 0) this.#set(FIRST, next);
    else this.#write(previous, P_NEXT, next);
    if (next === 0) this.#set(LAST, previous);
    else this.#write(next, P_PREVIOUS, previous);
    const { region } = this;
    const isPlain = this.is(part, PLAIN);
    let block = isPlain ? this.#read(part, P_PIECE) : 0;
    region.give(part, this.unitsOf(part));
    while (block !== 0) {
      const word = region.word(block);
      const beside = region.i32[word + B_NEXT];
      region.give(block, region.i32[word + B_UNITS]);
      block = beside;
    }
  }

  // ── Plain elements ────────────────────────────────────────────────────────────────────────────

  /** Calls `visit` with each run of bytes of a plain element, [from, to) in the arena. */
  #eachRun(part: number, visit: (from: number, to: number) => void): void {
    const { i32 } = this.region;
    let rest = this.sizeOf(part);
    let word = this.region.word(part);
    let units = i32[word + P_FORM] >>> FORM_SHIFT;
    let header = PLAIN_HEADER;
    let block = i32[word + P_PIECE];
    for (;;) {
      const from = word * 4 + header;
      const run = Math.min(rest, units * UNIT - header);
      visit(from, from + run);
      rest -= run;
      if (block === 0) return;
      word = this.region.word(block);
      units = i32[word + B_UNITS];
      header = PIECE_HEADER;
      block = i32[word + B_NEXT];
    }
  }

  writePlain(part: number, sink: BulkSink): void {
    const { u8 } = this.region;
    sink.bulkHeader(this.sizeOf(part));
    this.#eachRun(part, (from, to) => sink.append(u8, from, to));
    sink.bulkEnd();
  }

  copyPlain(part: number, target: Uint8Array, at: number): void {
    const { u8 } = this.region;
    let end = at;
    this.#eachRun(part, (from, to) => {
      copyBytes(target, end, u8, from, to);
      end += to - from;
    });
  }

  plainEquals(part: number, bytes: Uint8Array, start: number, end: number): boolean {
    if (this.sizeOf(part) !== end - start) return false;
    const { u8 } = this.region;
    let at = start;
    let isEqual = true;
    this.#eachRun(part, (from, to) => {
      isEqual &&= equalBytes(u8, from, to, bytes, at, at + to - from);
      at += to - from;
    });
    return isEqual;
  }

  // ── Cutting and joining ───────────────────────────────────────────────────────────────────────

  /** Cuts a part in two of the same node, the second from `offset` of its listpack on. */
  split(part: number, offset: number): number {
    const { region } = this;
    const units = partUnits(this.sizeOf(part) - offset + LISTPACK_HEADER);
    const right = region.take(units);
    this.#link(right, part, units << FORM_SHIFT, true);
    const listpack = this.openPart(part);
    const from = listpack.start + offset;
    let kept = 0;
    for (let at = listpack.first; at < from; kept++) at = listpack.nextOf(at);
    const moved = this.countOf(part) - kept;
    const to = region.word(right) * 4 + PART_HEADER;
    formatListpack(region.u8, to);
    filled.open(region.u8, to).appendAll(listpack.bytes, from, listpack.end, moved);
    listpack.cut(from, listpack.end, moved);
    this.giveSpare(part);
    return right;
  }

  /** Appends elements that lie in bytes[from, to) of a listpack to that of a part, with room. */
  appendAll(part: number, bytes: Uint8Array, from: number, to: number, count: number): void {
    this.openPart(part).appendAll(bytes, from, to, count);
    this.added(count);
  }

  /** Makes two parts of one node one, if there is a block for it. Answers the left one. */
  #fuse(left: number, right: number): number {
    if (this.is(left, PLAIN) || this.is(right, PLAIN)) return left;
    const { region } = this;
    const units = partUnits(this.sizeOf(left) + this.sizeOf(right) - LISTPACK_EMPTY_SIZE);
    if (units > region.chunkUnits) return left;
    let target = left;
    if (units > this.unitsOf(left)) {
      if (this.freshForBlock(units) > region.fresh) return left;
      target = this.regrow(left, units);
    }
    const source = this.openPart(right);
    const { first, end } = source;
    const count = this.countOf(right);
    this.appendAll(target, region.u8, first, end, count);
    // They are counted with both parts now, and drop() takes them off once.
    this.drop(right);
    return target;
  }

  // ── Housekeeping ──────────────────────────────────────────────────────────────────────────────

  /** See Quicklist.settle(). */
  settle(): void {
    const { region } = this;
    const { free } = region;
    if (free >= COMPACT_MIN && free * 3 >= region.bump) this.#moveTogether();
    region.trim();
  }

  /** Moves all blocks together, in the order in which they lie: none comes to lie behind its place. */
  #moveTogether(): void {
    this.#restOf = 0;
    const { region } = this;
    const { chunkUnits, i32 } = region;
    const blocks = this.#blocks();
    const gaps: number[] = [];
    const places = new Map<number, number>([[0, 0]]);
    let bump = HEADER_UNITS;
    for (const block of blocks) {
      const end = placeBehind(bump, block.units, chunkUnits);
      const to = end - block.units;
      if (to > bump) gaps.push(bump, to - bump);
      places.set(block.at, to);
      bump = end;
    }
    const placeOf = (at: number): number => places.get(at) as number;
    for (const { at, units, links } of blocks) {
      const from = region.word(at);
      const to = region.word(placeOf(at));
      if (to !== from) i32.copyWithin(to, from, from + units * 2);
      for (const link of links) i32[to + link] = placeOf(i32[to + link]);
    }
    this.#set(FIRST, placeOf(this.first));
    this.#set(LAST, placeOf(this.last));
    region.restart(bump);
    for (let i = 0; i < gaps.length; i += 2) region.give(gaps[i], gaps[i + 1]);
  }

  /** All blocks in the order in which they lie, parts without room to grow. */
  #blocks(): Block[] {
    const { region } = this;
    const { i32 } = region;
    const blocks: Block[] = [];
    for (let part = this.first; part !== 0; part = this.next(part)) {
      if (!this.is(part, PLAIN)) {
        this.#alignPart(part);
        const units = partUnits(this.sizeOf(part));
        this.#setUnits(part, units);
        blocks.push({ at: part, units, links: PART_LINKS });
        continue;
      }
      blocks.push({ at: part, units: this.unitsOf(part), links: PLAIN_LINKS });
      for (let piece = this.#read(part, P_PIECE); piece !== 0; ) {
        const word = region.word(piece);
        blocks.push({ at: piece, units: i32[word + B_UNITS], links: PIECE_LINKS });
        piece = i32[word + B_NEXT];
      }
    }
    return blocks.sort((a, b) => a.at - b.at);
  }

  /** What is wrong, or undefined. */
  audit(): string | undefined {
    const { region } = this;
    const owners = new Uint8Array(region.bump);
    owners.fill(1, 0, HEADER_UNITS);
    const own = (at: number, units: number): boolean => {
      const isFree = at + units <= owners.length && !owners.subarray(at, at + units).includes(1);
      owners.fill(1, at, at + units);
      const isWhole = (at % region.chunkUnits) + units <= region.chunkUnits;
      return isFree && isWhole;
    };
    let count = 0;
    let nodes = 0;
    let previous = 0;
    for (let part = this.first; part !== 0; part = this.next(part)) {
      if (!own(part, this.unitsOf(part))) return `part ${part} lies where it can't`;
      if (this.previous(part) !== previous) return `part ${part} names a wrong neighbour`;
      if (this.is(part, JOINED) && previous === 0) return 'the first part is joined to nothing';
      if (!this.is(part, JOINED)) nodes++;
      const fault = this.is(part, PLAIN) ? this.#auditPlain(part, own) : this.#auditPart(part);
      if (fault !== undefined) return `part ${part}: ${fault}`;
      count += this.countOf(part);
      previous = part;
    }
    if (this.last !== previous) return 'the last part is not the last';
    if (count !== this.count) return 'elements are counted wrongly';
    if (nodes !== this.nodes) return 'nodes are counted wrongly';
    let fault = region.audit();
    region.eachFree((block, units) => {
      if (!own(block, units)) fault ??= `free block ${block} lies where it can't`;
    });
    return fault ?? (owners.includes(0) ? 'units are lost' : undefined);
  }

  #auditPart(part: number): string | undefined {
    const size = this.sizeOf(part);
    if (size > this.capacityOf(part)) return 'is larger than its block';
    const { bytes, start } = this.openPart(part);
    const found = validateListpack(bytes, start, size);
    return found > 0 && found === this.countOf(part) ? undefined : 'is torn, or miscounted';
  }

  #auditPlain(part: number, own: (at: number, units: number) => boolean): string | undefined {
    const { region } = this;
    let rest = this.sizeOf(part);
    if (!this.isPlainSize(rest)) return 'is small and plain';
    rest -= this.unitsOf(part) * UNIT - PLAIN_HEADER;
    for (let block = this.#read(part, P_PIECE); block !== 0; ) {
      const word = region.word(block);
      const units = region.i32[word + B_UNITS];
      if (!own(block, units)) return "goes on where it can't";
      if (rest <= 0) return 'has blocks it does not need';
      rest -= units * UNIT - PIECE_HEADER;
      block = region.i32[word + B_NEXT];
    }
    return rest <= 0 ? undefined : 'lacks blocks';
  }
}

/** Of #moveTogether(): a block, and its words that name others. */
interface Block {
  readonly at: number;
  readonly units: number;
  readonly links: readonly number[];
}

const PART_LINKS = [P_NEXT, P_PREVIOUS];
const PLAIN_LINKS = [P_NEXT, P_PREVIOUS, P_PIECE];
const PIECE_LINKS = [B_NEXT];

const filled = new Listpack();
