/**
 * List layout: how many units the parts of a list take, and where they come to lie.
 *
 * Room for a write is asked for at once, before it is known which free blocks there are for what.
 * So blocks are placed here as if nothing were free but the end of the region, one behind the other:
 *
 *   │ … in use │ part, up to the end of the chunk │ part │
 *                                                 └ the next chunk
 *
 * What really happens ends no later: each block that is found elsewhere leaves less to be placed,
 * and a block that begins earlier holds as much or more. For many elements at once a bound is
 * enough, Demand: their units, and what the ends of chunks may waste.
 */

import { elementSizeMax, LISTPACK_EMPTY_SIZE, type Listpack } from './listpack.ts';
import { placeBehind, UNIT, unitsFor } from './region.ts';

/** Bytes of a part in front of its listpack; see list-parts.ts. */
export const PART_HEADER = 12;
/** Bytes in front of those of a plain element in its first block, which is the part, … */
export const PLAIN_HEADER = 20;
/** … and in the others. */
export const PIECE_HEADER = 8;
/** Units given back from a block that needs them no more, at least. */
export const SPARE_MIN = 8;
const SPARE_MAX = 256;
/** Who could use more takes no smaller block. */
export const BLOCK_MIN = 32;

/** Elements from an eighth of a chunk on are plain; in small chunks, from so many bytes on. */
const PLAIN_SIZE_MIN = 512;
/** Units a part takes beside its elements: its header, the ends of its listpack, half a unit. */
const PART_OVERHEAD = Math.ceil((PART_HEADER + LISTPACK_EMPTY_SIZE) / UNIT) + 1;

export function unitsOf(size: number): number {
  return Math.ceil(size / UNIT);
}

/** Units of a part whose listpack has `size` bytes. */
export function partUnits(size: number): number {
  return Math.ceil((size + PART_HEADER) / UNIT);
}

/** Bytes of the listpack that fits in a part of `units`. */
export function partCapacity(units: number): number {
  return units * UNIT - PART_HEADER;
}

/** Units a part at an end of the list gets to grow where the list has `used`. */
export function spareUnits(used: number): number {
  return Math.max(SPARE_MIN, Math.min(SPARE_MAX, used >>> 5));
}

/** How sizes relate to the chunks of a zone. */
export class Scale {
  readonly chunkUnits: number;
  /** Elements from this size on are plain. */
  readonly plainSize: number;
  /** Units in which any other fits as a listpack. */
  readonly elementUnits: number;

  constructor(chunkUnits: number) {
    this.chunkUnits = chunkUnits;
    this.plainSize = Math.max(PLAIN_SIZE_MIN, chunkUnits);
    this.elementUnits = partUnits(elementSizeMax(this.plainSize) + LISTPACK_EMPTY_SIZE);
  }
}

const scales = new Map<number, Scale>();

export function scaleOf(chunkUnits: number): Scale {
  const known = scales.get(chunkUnits);
  if (known !== undefined) return known;
  const scale = new Scale(chunkUnits);
  scales.set(chunkUnits, scale);
  return scale;
}

/** Where the blocks of a plain element end if all are taken behind `at`. */
export function placePlain(at: number, size: number, chunkUnits: number): number {
  let to = at;
  let header = PLAIN_HEADER;
  for (let rest = size; rest > 0; ) {
    const wanted = Math.min(unitsOf(rest + header), chunkUnits);
    const units = freshUnits(to, 1, wanted, chunkUnits);
    to = placeBehind(to, units, chunkUnits);
    rest -= units * UNIT - header;
    header = PIECE_HEADER;
  }
  return to;
}

/** Where the next plain element of a listpack begins from `from` on, or the end. */
export function endOfRun(listpack: Listpack, from: number, plainSize: number): number {
  for (let at = from; at < listpack.end; at = listpack.next) {
    listpack.read(at);
    if (!listpack.isInteger && listpack.textEnd - listpack.textStart >= plainSize) return at;
  }
  return listpack.end;
}

/** Up to where elements from `from` on fit in a listpack of `size` bytes. */
export function endOfFit(listpack: Listpack, from: number, to: number, size: number): number {
  const end = Math.min(to, from + size - LISTPACK_EMPTY_SIZE);
  let at = from;
  for (let next = from; next <= end; next = next < to ? listpack.nextOf(next) : to + 1) at = next;
  return at;
}

/** Where the blocks end of the parts that a listpack is cut into, all taken behind `at`. */
export function placeAll(at: number, listpack: Listpack, scale: Scale): number {
  const { chunkUnits, plainSize } = scale;
  let place = at;
  for (let from = listpack.first; from < listpack.end; ) {
    const to = endOfRun(listpack, from, plainSize);
    if (to === from) {
      place = placePlain(place, listpack.textEnd - listpack.textStart, chunkUnits);
      from = listpack.next;
      continue;
    }
    while (from < to) {
      const need = partUnits(LISTPACK_EMPTY_SIZE + listpack.nextOf(from) - from);
      const wanted = Math.min(partUnits(LISTPACK_EMPTY_SIZE + to - from), chunkUnits);
      const units = freshUnits(place, need, wanted, chunkUnits);
      place = placeBehind(place, units, chunkUnits);
      from = endOfFit(listpack, from, to, partCapacity(units));
    }
  }
  return place;
}

/** Units to take fresh at a place: what is left of the chunk, unless that is next to nothing. */
export function freshUnits(at: number, need: number, wanted: number, chunkUnits: number): number {
  const left = chunkUnits - (at & (chunkUnits - 1));
  return left < wanted && left >= Math.max(need, Math.min(wanted, BLOCK_MIN)) ? left : wanted;
}

/**
 * Where the blocks end that an insertion takes at most: a part of `partSize` bytes is cut in two,
 * then the element of `size` bytes gets a part of its own, or one of up to `grownSize` is copied to
 * a larger block.
 */
export function placeInsert(
  at: number,
  partSize: number,
  grownSize: number,
  size: number,
  { chunkUnits, plainSize, elementUnits }: Scale,
): number {
  const to = placeBehind(at, partUnits(partSize), chunkUnits);
  if (size >= plainSize) return placePlain(to, size, chunkUnits);
  const units = partUnits(grownSize) + elementUnits;
  return placeBehind(to, Math.min(units + (units >>> 3), chunkUnits), chunkUnits);
}

/** Blocks that are going to be needed, added up. */
export class Demand {
  #scale = scaleOf(1024);
  #bytes = 0;
  #parts = 0;
  #plainUnits = 0;
  /** Units of the largest block that must lie in one piece. */
  #largest = 0;

  begin(scale: Scale): this {
    this.#scale = scale;
    this.#bytes = 0;
    this.#parts = 0;
    this.#plainUnits = 0;
    this.#largest = BLOCK_MIN;
    return this;
  }

  /** An element that takes so many bytes of a listpack. */
  addElement(bytes: number): void {
    this.#bytes += bytes;
    this.#largest = Math.max(this.#largest, partUnits(LISTPACK_EMPTY_SIZE + bytes));
  }

  /** The part that ends behind the element added last. */
  addPart(): void {
    this.#parts++;
  }

  addPlain(size: number): void {
    const units = unitsOf(size);
    const blocks = Math.ceil(units / (this.#scale.chunkUnits - BLOCK_MIN)) + 1;
    this.#plainUnits += units + blocks + unitsOf(PLAIN_HEADER);
  }

  /** Units, wherever they come to lie: at the end of each chunk some may stay unused. */
  units(spare: number): number {
    const units = unitsOf(this.#bytes) + this.#parts * PART_OVERHEAD + this.#plainUnits + spare;
    const waste = this.#largest + PART_OVERHEAD;
    return unitsFor(units, waste, this.#scale.chunkUnits);
  }
}
