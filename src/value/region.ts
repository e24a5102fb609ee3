/**
 * Region: blocks of memory inside the content of one entry.
 *
 *   unit 0      29                                    bump            limit
 *   ┌───────────┬─────────────┬───────┬──────┬─ ─ ─ ──┬───────────────┐
 *   │ heads of  │ header of   │ block │ free │        │ fresh: never  │
 *   │ free lists│ the owner   │       │ block│        │ handed out    │
 *   └───────────┴─────────────┴───────┴──────┴─ ─ ─ ──┴───────────────┘
 *
 * Blocks are named by their address in units of 8 bytes. Addresses inside content stay good when
 * the entry moves, when its content goes to chunks, and in a copy of it, so blocks may name each
 * other freely. The price is a translation per step, word(), for which bind() keeps all it needs.
 *
 * No block of a chunk's size or less straddles a chunk: it can be read in one piece wherever the
 * content lies. Of a larger one, or one whose owner does not need that, the first 32 bytes can.
 *
 * Room is reserved before anything is changed, counting fresh units only. So taking a block can't
 * fail, and giving one back needs nothing: removal works in a zone that is full. Blocks given back
 * go to a list by size and are never joined; owners build anew what has become sparse.
 */

import { assert } from '../std/assert.ts';
import { CHUNKED, CHUNKS_LISTED, contentAt, E_META, E_SIZE, LONG_KEY } from '../zone/entry.ts';
import type { Zone } from '../zone/zone.ts';

export const UNIT = 8;

const BUMP = 0;
const FREE = 1;
/** One bit for each list that holds a block. */
const LISTED = 2;
const HEADS = 4;
/** Lists for 1 … 32 units each, then four for every doubling. */
const EXACT = 32;
const LISTS = EXACT + 21;
/** Words of the region's own header. */
export const REGION_WORDS = HEADS + LISTS + 1;
assert(REGION_WORDS % 2 === 0);

/** A block that may straddle a chunk begins at a multiple of this. */
const HEAD_UNITS = 4;
/** Blocks looked at in a list whose sizes differ, before a larger one is cut. */
const TRIES = 6;

// Growth: an eighth of what is there, so that all growth together is cheap, and never so much that
// one write is slow: 256 KiB are a tenth of a millisecond.
const GROWTH_SHIFT = 3;
const GROWTH_MIN = 16;
const GROWTH_MAX = 32 * 1024;
/** From so many chunks on content ends with a whole one: growing then copies no tail. */
const WHOLE_CHUNKS = 8;

function listOf(units: number): number {
  if (units <= EXACT) return units - 1;
  const power = 31 - Math.clz32(units);
  return EXACT + (power - 5) * 4 + ((units >>> (power - 2)) & 3);
}

/**
 * Fresh units that blocks of `units` together may need, none of them larger than `largest`: what is
 * left at the end of a chunk is less than the block that did not fit there.
 */
export function unitsFor(units: number, largest: number, chunkUnits: number): number {
  const block = Math.min(largest, chunkUnits);
  if (block * 2 > chunkUnits) return units * 2 + HEAD_UNITS;
  const skips = Math.floor(units / (chunkUnits - block)) + 1;
  return units + Math.min(units, skips * block);
}

/** Where a block ends that is taken fresh behind `at`. */
export function placeBehind(at: number, units: number, chunkUnits: number): number {
  if (units > chunkUnits) return Math.ceil(at / HEAD_UNITS) * HEAD_UNITS + units;
  const left = chunkUnits - (at & (chunkUnits - 1));
  return at + units + (units > left ? left : 0);
}

export class Region {
  zone!: Zone;
  entry = 0;
  i32: Int32Array = new Int32Array(0);
  u8: Uint8Array = new Uint8Array(0);
  f64: Float64Array = new Float64Array(0);
  /** Word index of unit 0. */
  base = 0;
  /** Units of the content. */
  limit = 0;
  chunkUnits = 0;
  // What word() needs: chunks there are, the word that names the first (or the first list of them),
  // and where unit 0 would be if the tail reached back to it.
  #shift = 0;
  #mask = 0;
  #chunks = 0;
  #first = 0;
  #listed = false;
  #listShift = 0;
  #listMask = 0;
  #start = 0;
  #tail = 0;

  /** Looks at the content of an entry, until something moves. */
  bind(zone: Zone, entry: number): void {
    const { arena } = zone;
    const { i32 } = arena;
    this.entry = entry;
    if (i32 !== this.i32) this.#look(zone, arena);
    const meta = i32[entry * 2 + E_META];
    const at = contentAt(i32, entry);
    this.limit = i32[entry * 2 + E_SIZE] >>> 3;
    this.#start = 0;
    if ((meta & CHUNKED) === 0) {
      this.#chunks = 0;
      this.base = at >>> 2;
      this.#tail = this.base;
      return;
    }
    const first = at >>> 2;
    const chunks = i32[first];
    this.#chunks = chunks;
    this.#first = first + 1;
    if ((meta & LONG_KEY) !== 0 || chunks === 0) {
      this.#bindRare(zone, entry);
      return;
    }
    // As Content does it, for what nearly all are: this is done once for each command.
    const isListed = chunks > CHUNKS_LISTED;
    const lists = isListed ? Math.ceil(chunks / (this.#listMask + 1)) : chunks;
    const tail = entry * 8 + ((at - entry * 8 + 4 + lists * 4 + 7) & ~7);
    this.#listed = isListed;
    this.#tail = (tail >>> 2) - chunks * this.chunkUnits * 2;
    this.base = (isListed ? i32[i32[first + 1] * 2] : i32[first + 1]) * 2;
  }

  /** Looks at another zone, or at one that has moved. */
  #look(zone: Zone, arena: Zone['arena']): void {
    const { chunkSize, chunkShift } = zone.layout;
    this.zone = zone;
    this.i32 = arena.i32;
    this.u8 = arena.u8;
    this.f64 = arena.f64;
    this.chunkUnits = chunkSize >>> 3;
    this.#shift = chunkShift - 3;
    this.#mask = this.chunkUnits - 1;
    this.#listShift = chunkShift - 2;
    this.#listMask = (1 << this.#listShift) - 1;
  }

  #bindRare(zone: Zone, entry: number): void {
    const { content, layout } = zone;
    this.limit = content.size(entry) >>> 3;
    if (this.#chunks === 0) {
      this.base = content.flatAt(entry) >>> 2;
      this.#tail = this.base;
      return;
    }
    this.#listed = content.listCount(entry) > 0;
    const start = content.startOf(entry);
    this.#start = start >>> layout.chunkShift;
    const tail = this.#chunks * layout.chunkSize;
    this.#tail = (content.rawAt(entry, tail) >>> 2) - ((tail - start) >>> 2);
    this.base = content.at(entry, 0) >>> 2;
  }

  /** Word index of a unit. */
  word(unit: number): number {
    const chunk = (unit >>> this.#shift) + this.#start;
    if (chunk >= this.#chunks) return this.#tail + unit * 2;
    const { i32 } = this;
    const offset = this.#listed
      ? i32[i32[this.#first + (chunk >>> this.#listShift)] * 2 + (chunk & this.#listMask)]
      : i32[this.#first + chunk];
    return (offset + (unit & this.#mask)) * 2;
  }

  /** Makes the content an empty region whose owner has `ownerWords` words of header, all zero. */
  format(ownerWords: number): void {
    const { i32, base } = this;
    i32.fill(0, base, base + REGION_WORDS + ownerWords);
    i32[base + BUMP] = Math.ceil((REGION_WORDS + ownerWords) / 2);
  }

  /** Units never handed out. */
  get fresh(): number {
    return this.limit - this.i32[this.base + BUMP];
  }

  /** Units in use, headers included. */
  get used(): number {
    return this.i32[this.base + BUMP] - this.i32[this.base + FREE];
  }

  /** Units of the blocks given back. */
  get free(): number {
    return this.i32[this.base + FREE];
  }

  /** Units from 0 that blocks may lie in. */
  get bump(): number {
    return this.i32[this.base + BUMP];
  }

  /**
   * Makes sure blocks of `units` together, none larger than `largest`, can be taken. Answers false
   * when there is no room; the entry may lie elsewhere then. After true the region is bound to it.
   */
  reserve(units: number, largest: number): boolean {
    return this.reserveFresh(unitsFor(units, largest, this.chunkUnits));
  }

  /** As reserve(), of so many fresh units. No more than `growthMax` is asked for beside them. */
  reserveFresh(need: number, growthMax = GROWTH_MAX): boolean {
    if (need <= this.fresh) return true;
    const { zone } = this;
    const bump = this.i32[this.base + BUMP];
    const growth = Math.min(Math.max(bump >>> GROWTH_SHIFT, GROWTH_MIN), growthMax);
    const least = bump + need;
    let wanted = this.#rounded(least + growth);
    // What is only for later is not worth an eviction.
    const pages = ((wanted - this.limit) * UNIT) / zone.layout.pageSize;
    if (zone.slab.freePages() < pages + 2) wanted = least;
    return this.#resize(wanted);
  }

  /** The same, with hardly any more: for owners who leave room to grow in their blocks. */
  reserveClosely(need: number): boolean {
    if (need <= this.fresh) return true;
    const least = this.bump + need;
    const isLarge = least >= WHOLE_CHUNKS * 4 * this.chunkUnits;
    return this.#resize(isLarge ? this.#rounded(least) : least);
  }

  /** Gives back fresh units if there are many, and doing so can't cost another entry its place. */
  trim(): void {
    const { bump } = this;
    const spare = Math.max(bump >>> GROWTH_SHIFT, GROWTH_MIN);
    if (this.limit - bump < spare * 3) return;
    const wanted = this.#rounded(bump + spare);
    if (wanted >= this.limit) return;
    if (this.zone.slab.freePages() >= 2) this.#resize(wanted);
  }

  /** Makes the content so small again as it was before room was made that is not needed. */
  shrinkTo(units: number): void {
    if (units < this.limit && units >= this.bump) this.#resize(units);
  }

  #resize(units: number): boolean {
    const entry = this.zone.resize(this.entry, units * UNIT);
    if (entry === 0) return false;
    this.bind(this.zone, entry);
    return true;
  }

  #rounded(units: number): number {
    if (units < WHOLE_CHUNKS * this.chunkUnits) return units;
    return Math.ceil(units / this.chunkUnits) * this.chunkUnits;
  }

  /** Takes a block. There must be room for it. Not cleared. */
  take(units: number, isWhole = units <= this.chunkUnits): number {
    const { i32, base, chunkUnits } = this;
    if (i32[base + FREE] >= units && units <= chunkUnits) {
      const block = this.#takeFree(units);
      if (block !== 0) return block;
    }
    let bump = i32[base + BUMP];
    if (isWhole) {
      const left = chunkUnits - (bump & this.#mask);
      if (units > left) {
        this.#list(bump, left);
        bump += left;
      }
    } else if ((bump & (HEAD_UNITS - 1)) !== 0) {
      const skipped = HEAD_UNITS - (bump & (HEAD_UNITS - 1));
      this.#list(bump, skipped);
      bump += skipped;
    }
    assert(bump + units <= this.limit, 'a region takes what it reserved');
    i32[base + BUMP] = bump + units;
    return bump;
  }

  /** Whether take() finds such a block among those given back. */
  hasFree(units: number): boolean {
    const { i32, base } = this;
    if (i32[base + FREE] < units || units > this.chunkUnits) return false;
    const list = listOf(units);
    let block = i32[base + HEADS + list];
    for (let tries = 0; tries < TRIES && block !== 0; tries++) {
      const word = this.word(block);
      if (i32[word + 1] >= units) return true;
      block = i32[word];
    }
    const above = list + 1;
    return (
      (above < 32 && (i32[base + LISTED] & (-1 << above)) !== 0) ||
      (i32[base + LISTED + 1] & (-1 << Math.max(0, above - 32))) !== 0
    );
  }

  /** Units of a block given back, of those that are about the largest; 0 when there is none. */
  get largestFree(): number {
    const { i32, base } = this;
    const high = i32[base + LISTED + 1];
    const bits = high === 0 ? i32[base + LISTED] : high;
    if (bits === 0) return 0;
    const list = 31 - Math.clz32(bits) + (high === 0 ? 0 : 32);
    return i32[this.word(i32[base + HEADS + list]) + 1];
  }

  /** By how much a block could be larger where it lies, were there more fresh units. */
  extensible(block: number, units: number): number {
    const end = block + units;
    if (end !== this.bump) return 0;
    return this.chunkUnits - (block & this.#mask) - units;
  }

  /** Makes a block larger where it lies, which must be possible. */
  extend(block: number, units: number, added: number): void {
    const { i32, base } = this;
    assert(added <= Math.min(this.extensible(block, units), this.fresh));
    i32[base + BUMP] += added;
  }

  /** Forgets what is free, for an owner who has moved all blocks in front of `bump`. */
  restart(bump: number): void {
    const { i32, base } = this;
    i32.fill(0, base, base + REGION_WORDS);
    i32[base + BUMP] = bump;
  }

  /** Gives a block back. */
  give(block: number, units: number): void {
    let at = block;
    const end = block + units;
    // Cut at chunks, or the pieces would straddle them.
    while (at < end) {
      const piece = Math.min(end - at, this.chunkUnits - (at & this.#mask));
      this.#list(at, piece);
      at += piece;
    }
  }

  /** Sets all units of a block to zero. */
  clear(block: number, units: number): void {
    const end = block + units;
    for (let at = block; at < end; ) {
      const piece = Math.min(end - at, this.chunkUnits - (at & this.#mask));
      const word = this.word(at);
      this.i32.fill(0, word, word + piece * 2);
      at += piece;
    }
  }

  /** Calls `visit` for every free block. For audits. */
  eachFree(visit: (block: number, units: number) => void): void {
    const { i32, base } = this;
    for (let list = 0; list < LISTS; list++) {
      for (let block = i32[base + HEADS + list]; block !== 0; ) {
        const word = this.word(block);
        visit(block, i32[word + 1]);
        block = i32[word];
      }
    }
  }

  /** What is wrong with the lists of free blocks, or undefined. */
  audit(): string | undefined {
    const { i32, base } = this;
    let total = 0;
    let previous = 0;
    for (let list = 0; list < LISTS; list++) {
      const head = i32[base + HEADS + list];
      const isListed = (i32[base + LISTED + (list >>> 5)] & (1 << (list & 31))) !== 0;
      if (isListed !== (head !== 0)) return `free list ${list} and its bit differ`;
      for (let block = head; block !== 0; block = previous) {
        const word = this.word(block);
        const units = i32[word + 1];
        if (units < 1 || listOf(units) !== list) return `free block ${block} is in a wrong list`;
        total += units;
        if (total > this.limit) return `free list ${list} has a loop`;
        previous = i32[word];
      }
    }
    if (total !== i32[base + FREE]) return 'free units are counted wrongly';
    if (i32[base + BUMP] > this.limit) return 'blocks lie behind the end';
    return undefined;
  }

  #takeFree(units: number): number {
    const { i32, base } = this;
    let list = listOf(units);
    let previous = base + HEADS + list;
    for (let tries = 0; tries < TRIES && i32[previous] !== 0; tries++) {
      const block = i32[previous];
      const word = this.word(block);
      const size = i32[word + 1];
      if (size >= units) return this.#unlist(list, previous, block, size, units);
      previous = word;
    }
    // Any block of a later list is large enough.
    list++;
    let bits = list < 32 ? i32[base + LISTED] & (-1 << list) : 0;
    let first = 0;
    if (bits === 0) {
      first = 32;
      const from = Math.max(0, list - 32);
      bits = i32[base + LISTED + 1] & (-1 << from);
      if (bits === 0) return 0;
    }
    list = first + 31 - Math.clz32(bits & -bits);
    const head = base + HEADS + list;
    const block = i32[head];
    return this.#unlist(list, head, block, i32[this.word(block) + 1], units);
  }

  /** Takes a block of `size` units out of a list, and lists what is more than `units` of it. */
  #unlist(list: number, link: number, block: number, size: number, units: number): number {
    const { i32, base } = this;
    i32[link] = i32[this.word(block)];
    if (i32[base + HEADS + list] === 0) {
      i32[base + LISTED + (list >>> 5)] &= ~(1 << (list & 31));
    }
    i32[base + FREE] -= size;
    if (size > units) this.#list(block + units, size - units);
    return block;
  }

  #list(block: number, units: number): void {
    const { i32, base } = this;
    const list = listOf(units);
    const word = this.word(block);
    i32[word] = i32[base + HEADS + list];
    i32[word + 1] = units;
    i32[base + HEADS + list] = block;
    i32[base + LISTED + (list >>> 5)] |= 1 << (list & 31);
    i32[base + FREE] += units;
  }
}
