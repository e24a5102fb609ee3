/**
 * An entry: one key with its value, in one slot.
 *
 *   word  0 chain    next entry of the bucket          4 type 3 | flags 5 | access clock 24
 *         1 hash     of key and database               5 key size 16 | encoding 4 | database 12
 *         2 newer ┐  neighbours in its                 6 content size in bytes
 *         3 older ┘  recency list                      7 place in the deadline heap, plus one:
 *                                                        only when TIMED
 *
 *   then, in this order: the key │ annex: a count and so many words (ANNEX) │ content
 *
 * Content is what the key holds: the bytes of a string, or the insides of a collection. It lies
 * here when all of it fits in the slot. What doesn't is CHUNKED: whole chunks elsewhere, and here
 * the list of them (or, beyond 256, the list of chunks that hold the list), then the tail that
 * fills no chunk:
 *
 *   │ header │ key │ chunk, chunk, chunk, … │ tail │
 *
 * So content has addresses from 0 whatever the pages look like, any of them found in two steps, and
 * grows at its end without being copied. A key too long for a slot goes in front of the content.
 *
 * The clock is seconds, or for the LFU policies minutes 16 | frequency 8, as Redis keeps it. The
 * annex belongs to the layer above; the zone carries it along.
 */

import { assert } from '../std/assert.ts';
import { SLOT_TAG } from './slab.ts';

export const E_CHAIN = 0;
export const E_HASH = 1;
export const E_NEWER = 2;
export const E_OLDER = 3;
export const E_META = 4;
export const E_KEY = 5;
export const E_SIZE = 6;
export const E_PLACE = 7;
assert(E_META === SLOT_TAG);

export const HEADER_SIZE = 28;
export const TIMED_HEADER_SIZE = 32;

export const TYPE_MASK = 7;
/** Type 0 is the string; its content needs no alignment. Others start at a multiple of 4, or … */
export const TYPE_STRING = 0;
/** … of 8 where doubles are in it: a bit for each of those types, sorted sets and streams. */
const TYPES_OF_DOUBLES = (1 << 3) | (1 << 5);

/** Has room for a deadline (which may be none: place 0). */
export const TIMED = 1 << 3;
export const CHUNKED = 1 << 4;
/** The key lies at the start of the content; the slot holds its size. */
export const LONG_KEY = 1 << 5;
export const ANNEX = 1 << 6;
/** Kept out of the eviction order while anything else can go. */
export const PINNED = 1 << 7;
export const CLOCK_SHIFT = 8;
export const CLOCK_MASK = 0xffffff;

export const ENCODING_SHIFT = 16;
export const DATABASE_SHIFT = 20;
/** What must be equal for two keys to be: size and database. */
export const KEY_IDENTITY = ~(15 << ENCODING_SHIFT);
/** Key size field of a LONG_KEY. */
export const LONG_KEY_SIZE = 0xffff;

/** More chunks than this are listed in chunks of their own. */
export const CHUNKS_LISTED = 256;

export function isVolatile(i32: Int32Array, entry: number): boolean {
  return (i32[entry * 2 + E_META] & TIMED) !== 0 && i32[entry * 2 + E_PLACE] !== 0;
}

export function typeOf(i32: Int32Array, entry: number): number {
  return i32[entry * 2 + E_META] & TYPE_MASK;
}

export function databaseOf(i32: Int32Array, entry: number): number {
  return i32[entry * 2 + E_KEY] >>> DATABASE_SHIFT;
}

/** Byte position right after the header: the key, or its size when it is long. */
export function keyAt(i32: Int32Array, entry: number): number {
  return entry * 8 + headerSizeOf(i32, entry);
}

export function keySizeOf(i32: Int32Array, entry: number): number {
  if ((i32[entry * 2 + E_META] & LONG_KEY) !== 0) return i32[keyAt(i32, entry) >>> 2];
  return i32[entry * 2 + E_KEY] & 0xffff;
}

function headerSizeOf(i32: Int32Array, entry: number): number {
  return (i32[entry * 2 + E_META] & TIMED) !== 0 ? TIMED_HEADER_SIZE : HEADER_SIZE;
}

/** Bytes of header and key inside the slot. */
function keyEndOf(i32: Int32Array, entry: number): number {
  const isLong = (i32[entry * 2 + E_META] & LONG_KEY) !== 0;
  return headerSizeOf(i32, entry) + (isLong ? 4 : i32[entry * 2 + E_KEY] & 0xffff);
}

// Positions are rounded within the slot and added last: bit operations end at 2 GiB.

/** Byte position of the annex's count. Only with ANNEX. */
export function annexAt(i32: Int32Array, entry: number): number {
  return entry * 8 + ((keyEndOf(i32, entry) + 3) & ~3);
}

export function annexSizeOf(i32: Int32Array, entry: number): number {
  if ((i32[entry * 2 + E_META] & ANNEX) === 0) return 0;
  return i32[annexAt(i32, entry) >>> 2];
}

/** Bytes of the slot in front of the content: header, key and annex. */
export function fixedSizeOf(i32: Int32Array, entry: number): number {
  const end = keyEndOf(i32, entry);
  if ((i32[entry * 2 + E_META] & ANNEX) === 0) return end;
  const annex = (end + 3) & ~3;
  return annex + 4 + 4 * i32[entry * 2 + (annex >>> 2)];
}

/** Where content of a type that lies in the slot begins, behind `size` bytes. */
export function alignedFor(type: number, size: number): number {
  if (type === TYPE_STRING) return size;
  return (TYPES_OF_DOUBLES & (1 << type)) !== 0 ? (size + 7) & ~7 : (size + 3) & ~3;
}

/** Byte position where content that lies in the slot begins, or the list of its chunks. */
export function contentAt(i32: Int32Array, entry: number): number {
  const meta = i32[entry * 2 + E_META];
  const at = fixedSizeOf(i32, entry);
  if ((meta & CHUNKED) !== 0) return entry * 8 + ((at + 3) & ~3);
  return entry * 8 + alignedFor(meta & TYPE_MASK, at);
}
