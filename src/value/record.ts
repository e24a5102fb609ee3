/**
 * Record: a member and what belongs to it, as a block of a region that a member table finds.
 *
 *             ▼ its address
 *   │ (score) │ next in bucket │ hash 21 · size 11 │ member … │ (value size │ value …) │
 *     8 bytes   4                4                              1 or 5
 *
 *   a long one            │ next │ hash 21 · 2047 │ member size │ value size │ member … │ value … │
 *
 * The member of a sorted set has its score in front, the field of a hash its value behind; whose
 * record it is knows which. A record is long when it might not lie in one piece in a zone of small
 * chunks. Whatever the zone, it is so for the same sizes: so a record is copied as it is.
 *
 * The 21 bits of the hash serve twice: a chain is walked without looking at the members that
 * differ, and a bucket is split without hashing its members anew.
 */

import { assert } from '../std/assert.ts';
import { compareBytes, copyBytes, equalBytes } from '../std/bytes.ts';
import { CHUNKS_PER_PAGE, SMALL_PAGE } from '../zone/layout.ts';
import type { Region } from './region.ts';
import type { BulkSink } from './string.ts';

// Words of a record.
export const R_NEXT = 0;
export const R_TAG = 1;
const R_MEMBER_SIZE = 2;
const R_VALUE_SIZE = 3;

const HEADER = 8;
/** Bytes from the address of a short record to its member. */
export const R_MEMBER = HEADER;
const LONG_HEADER = 16;
const SCORE_SIZE = 8;
export const SCORE_UNITS = SCORE_SIZE / 8;
/** Value size of a member that has none. */
export const NO_VALUE = -1;
/** A value size from here on takes five bytes. */
const VALUE_LONG = 255;

/** Bits 5 to 25 of a hash: the lower ones are told by the bucket. */
export const TAG_SHIFT = 5;
export const TAG_BITS = 21;
const SIZE_BITS = 32 - TAG_BITS;
/** In place of the size: the record is a long one. */
const LONG = (1 << SIZE_BITS) - 1;

/** Bytes of a short record, but for the score: with it, it lies in one piece in any zone. */
export const SHORT_SIZE_MAX = SMALL_PAGE / CHUNKS_PER_PAGE - SCORE_SIZE;
assert(SHORT_SIZE_MAX - HEADER < LONG);

function shortSize(memberSize: number, valueSize: number): number {
  if (valueSize < 0) return HEADER + memberSize;
  return HEADER + memberSize + (valueSize < VALUE_LONG ? 1 : 5) + valueSize;
}

/** Bytes of a record from its address on. */
export function recordSize(memberSize: number, valueSize: number): number {
  const size = shortSize(memberSize, valueSize);
  if (size <= SHORT_SIZE_MAX) return size;
  return LONG_HEADER + memberSize + Math.max(valueSize, 0);
}

/** Units of a record from its address on. */
export function recordUnits(memberSize: number, valueSize: number): number {
  return Math.ceil(recordSize(memberSize, valueSize) / 8);
}

/** Units of a record with its score. */
export function scoredUnits(memberSize: number): number {
  return SCORE_UNITS + recordUnits(memberSize, NO_VALUE);
}

/** Whether a record of such a member is a long one. */
export function isLongOf(memberSize: number, valueSize: number): boolean {
  return shortSize(memberSize, valueSize) > SHORT_SIZE_MAX;
}

/** What the tag word of a member's record says. */
export function recordTag(hash: number, memberSize: number, valueSize: number): number {
  const size = isLongOf(memberSize, valueSize) ? LONG : memberSize;
  return ((hash >>> TAG_SHIFT) << SIZE_BITS) | size;
}

/** The same of a long record, whatever its sizes. */
export function longTag(hash: number): number {
  return ((hash >>> TAG_SHIFT) << SIZE_BITS) | LONG;
}

/** Whether a tag word has the hash bits of that hash. */
export function hasHash(tag: number, hash: number): boolean {
  return (tag ^ longTag(hash)) >>> SIZE_BITS === 0;
}

/** Bit `bit` of the hash that a tag word keeps. */
export function hashBit(tag: number, bit: number): number {
  return (tag >>> (bit - TAG_SHIFT + SIZE_BITS)) & 1;
}

/** Writes a record for a member without value, or for one whose value writeValue() writes then. */
export function writeRecord(
  region: Region,
  record: number,
  tag: number,
  valueSize: number,
  bytes: Uint8Array,
  start: number,
  end: number,
): void {
  const word = region.word(record);
  const { i32, u8 } = region;
  i32[word + R_TAG] = tag;
  if ((tag & LONG) === LONG) {
    i32[word + R_MEMBER_SIZE] = end - start;
    i32[word + R_VALUE_SIZE] = valueSize;
    region.zone.content.write(region.entry, record * 8 + LONG_HEADER, bytes, start, end);
    return;
  }
  const at = word * 4 + HEADER;
  copyBytes(u8, at, bytes, start, end);
  if (valueSize >= 0) writeValueSize(u8, at + end - start, valueSize);
}

function writeValueSize(u8: Uint8Array, at: number, size: number): void {
  if (size < VALUE_LONG) {
    u8[at] = size;
    return;
  }
  u8[at] = VALUE_LONG;
  for (let i = 0; i < 4; i++) u8[at + 1 + i] = size >>> (i * 8);
}

/** Gives a record, whose block is large enough, another value: its size first, then its bytes. */
export function writeValue(
  region: Region,
  record: number,
  bytes: Uint8Array,
  start: number,
  end: number,
): void {
  const word = region.word(record);
  const { i32, u8 } = region;
  const memberSize = i32[word + R_TAG] & LONG;
  if (memberSize === LONG) {
    i32[word + R_VALUE_SIZE] = end - start;
    const address = record * 8 + LONG_HEADER + i32[word + R_MEMBER_SIZE];
    region.zone.content.write(region.entry, address, bytes, start, end);
    return;
  }
  const at = word * 4 + HEADER + memberSize;
  const size = end - start;
  writeValueSize(u8, at, size);
  copyBytes(u8, at + (size < VALUE_LONG ? 1 : 5), bytes, start, end);
}

/**
 * Gives a record another value if its block can be told to be large enough at a glance: that of a
 * short one if its size in units stays, that of a long one if its value keeps its size. Answers
 * whether it did.
 */
export function rewriteValue(
  region: Region,
  record: number,
  bytes: Uint8Array,
  start: number,
  end: number,
): boolean {
  const word = region.word(record);
  const { u8, i32 } = region;
  const memberSize = i32[word + R_TAG] & LONG;
  const size = end - start;
  if (memberSize === LONG) {
    if (i32[word + R_VALUE_SIZE] !== size) return false;
    writeValue(region, record, bytes, start, end);
    return true;
  }
  const at = word * 4 + HEADER + memberSize;
  const old = u8[at];
  if (old < VALUE_LONG && size < VALUE_LONG) {
    const bare = HEADER + memberSize + 1;
    if ((bare + size + 7) >>> 3 !== (bare + old + 7) >>> 3) return false;
    u8[at] = size;
    copyBytes(u8, at + 1, bytes, start, end);
    return true;
  }
  const fits = shortSize(memberSize, size);
  const units = recordUnits(memberSize, valueSizeOf(region, record));
  if (fits > SHORT_SIZE_MAX || (fits + 7) >>> 3 !== units) return false;
  writeValue(region, record, bytes, start, end);
  return true;
}

export function memberSizeOf(region: Region, record: number): number {
  const word = region.word(record);
  const size = region.i32[word + R_TAG] & LONG;
  return size < LONG ? size : region.i32[word + R_MEMBER_SIZE];
}

/** Address of a member in the content. */
export function memberAddress(region: Region, record: number): number {
  return record * 8 + (isLong(region, record) ? LONG_HEADER : HEADER);
}

export function valueSizeOf(region: Region, record: number): number {
  const word = region.word(record);
  const memberSize = region.i32[word + R_TAG] & LONG;
  if (memberSize === LONG) return region.i32[word + R_VALUE_SIZE];
  const { u8 } = region;
  const at = word * 4 + HEADER + memberSize;
  const size = u8[at];
  if (size < VALUE_LONG) return size;
  return u8[at + 1] | (u8[at + 2] << 8) | (u8[at + 3] << 16) | (u8[at + 4] << 24);
}

/** Units of the record at an address. */
export function unitsOf(region: Region, record: number, hasValue: boolean): number {
  const valueSize = hasValue ? valueSizeOf(region, record) : NO_VALUE;
  return recordUnits(memberSizeOf(region, record), valueSize);
}

/** Says anew of what hash a record is: one copied from another zone. */
export function setHash(region: Region, record: number, hash: number): void {
  const word = region.word(record) + R_TAG;
  region.i32[word] = (longTag(hash) & ~LONG) | (region.i32[word] & LONG);
}

/** Address of a value in the content. */
export function valueAddress(region: Region, record: number): number {
  const memberSize = memberSizeOf(region, record);
  if (isLong(region, record)) return record * 8 + LONG_HEADER + memberSize;
  const at = region.word(record) * 4 + HEADER + memberSize;
  return record * 8 + HEADER + memberSize + (region.u8[at] < VALUE_LONG ? 1 : 5);
}

export function scoreOf(region: Region, record: number): number {
  return region.f64[(region.word(record) >>> 1) - 1];
}

export function setScore(region: Region, record: number, score: number): void {
  region.f64[(region.word(record) >>> 1) - 1] = score;
}

/** Whether a record may lie in more than one piece. */
export function isLong(region: Region, record: number): boolean {
  return (region.i32[region.word(record) + R_TAG] & LONG) === LONG;
}

/** Byte position of the member of a record that is not long. */
export function memberAt(region: Region, record: number): number {
  return region.word(record) * 4 + HEADER;
}

/** Order of a record's member and bytes[start, end). */
export function compareMember(
  region: Region,
  record: number,
  bytes: Uint8Array,
  start: number,
  end: number,
): number {
  const word = region.word(record);
  const size = region.i32[word + R_TAG] & LONG;
  if (size < LONG) {
    const at = word * 4 + HEADER;
    return compareBytes(region.u8, at, at + size, bytes, start, end);
  }
  const { content } = region.zone;
  const address = record * 8 + LONG_HEADER;
  const ownSize = region.i32[word + R_MEMBER_SIZE];
  const common = Math.min(ownSize, end - start);
  for (let done = 0; done < common; ) {
    const at = content.at(region.entry, address + done);
    const run = Math.min(content.runAt(region.entry, address + done), common - done);
    const from = start + done;
    const order = compareBytes(region.u8, at, at + run, bytes, from, from + run);
    if (order !== 0) return order;
    done += run;
  }
  return ownSize - (end - start);
}

/** Whether a record, short ones being of the right size, has the member bytes[start, end). */
export function equalsMember(
  region: Region,
  record: number,
  bytes: Uint8Array,
  start: number,
  end: number,
): boolean {
  const word = region.word(record);
  const size = region.i32[word + R_TAG] & LONG;
  if (size < LONG) {
    const at = word * 4 + HEADER;
    return equalBytes(region.u8, at, at + size, bytes, start, end);
  }
  if (region.i32[word + R_MEMBER_SIZE] !== end - start) return false;
  return compareMember(region, record, bytes, start, end) === 0;
}

export function copyMember(
  region: Region,
  record: number,
  size: number,
  target: Uint8Array,
  at: number,
): void {
  if (isLong(region, record)) {
    region.zone.content.read(region.entry, record * 8 + LONG_HEADER, target, at, size);
  } else {
    const from = memberAt(region, record);
    copyBytes(target, at, region.u8, from, from + size);
  }
}

/** Writes the member of a record as one bulk. */
export function writeMember(region: Region, record: number, sink: BulkSink): void {
  const word = region.word(record);
  const size = region.i32[word + R_TAG] & LONG;
  if (size < LONG) {
    const at = word * 4 + HEADER;
    sink.bulk(region.u8, at, at + size);
  } else {
    writePieces(region, record * 8 + LONG_HEADER, region.i32[word + R_MEMBER_SIZE], sink);
  }
}

/** Writes the value of a record as one bulk. */
export function writeValueTo(region: Region, record: number, sink: BulkSink): void {
  const word = region.word(record);
  const { i32, u8 } = region;
  const memberSize = i32[word + R_TAG] & LONG;
  if (memberSize === LONG) {
    const address = record * 8 + LONG_HEADER + i32[word + R_MEMBER_SIZE];
    writePieces(region, address, i32[word + R_VALUE_SIZE], sink);
    return;
  }
  const at = word * 4 + HEADER + memberSize;
  const isByte = u8[at] < VALUE_LONG;
  const from = at + (isByte ? 1 : 5);
  sink.bulk(u8, from, from + (isByte ? u8[at] : valueSizeOf(region, record)));
}

function writePieces(region: Region, from: number, size: number, sink: BulkSink): void {
  const { content } = region.zone;
  const end = from + size;
  sink.bulkHeader(size);
  for (let address = from; address < end; ) {
    const at = content.at(region.entry, address);
    const run = Math.min(content.runAt(region.entry, address), end - address);
    sink.append(region.u8, at, at + run);
    address += run;
  }
  sink.bulkEnd();
}

/** Hash of a record's member, for what its tag does not tell. */
export function hashRecord(region: Region, record: number): number {
  const size = memberSizeOf(region, record);
  if (!isLong(region, record)) {
    const at = memberAt(region, record);
    return hashMember(region, region.u8, at, at + size);
  }
  const bytes = new Uint8Array(size);
  copyMember(region, record, size, bytes, 0);
  return hashMember(region, bytes, 0, size);
}

/** Copies and moves keep members where they are, so the database must not tell in their hash. */
export function hashMember(region: Region, bytes: Uint8Array, start: number, end: number): number {
  return region.zone.hashOf(0, bytes, start, end);
}
