/**
 * Record: a member with its score, as a block of a region.
 *
 *   │ score f64 │ next in bucket │ hash 16 · size 16 │ member … │
 *     8 bytes     4                4
 *
 * A member of 65,535 bytes or more has its size in the four bytes behind, and begins at byte 24.
 * Only such a one, or one too large for a chunk, can lie in more than one piece.
 *
 * The 16 bits of the hash serve twice: a chain is walked without looking at the members that
 * differ, and a bucket is split without hashing its members anew.
 */

import { compareBytes, copyBytes, equalBytes } from '../std/bytes.ts';
import type { Region } from './region.ts';

// Words of a record.
export const R_NEXT = 2;
export const R_TAG = 3;
const R_LONG_SIZE = 4;

const LONG = 0xffff;
const HEADER = 16;
const LONG_HEADER = 24;

/** Bits 5 to 20 of a hash: the lower ones are told by the bucket. */
export const TAG_SHIFT = 5;
export const TAG_BITS = 16;

export function recordUnits(memberSize: number): number {
  return Math.ceil(((memberSize < LONG ? HEADER : LONG_HEADER) + memberSize) / 8);
}

/** What the tag word of a member's record says. */
export function recordTag(hash: number, memberSize: number): number {
  return (((hash >>> TAG_SHIFT) & 0xffff) << 16) | Math.min(memberSize, LONG);
}

export function writeRecord(
  region: Region,
  record: number,
  score: number,
  tag: number,
  bytes: Uint8Array,
  start: number,
  end: number,
): void {
  const word = region.word(record);
  region.f64[word >>> 1] = score;
  region.i32[word + R_TAG] = tag;
  const size = end - start;
  if (size >= LONG) region.i32[word + R_LONG_SIZE] = size;
  if (isWhole(region, size)) {
    copyBytes(region.u8, word * 4 + HEADER, bytes, start, end);
  } else {
    region.zone.content.write(region.entry, memberAddress(record, size), bytes, start, end);
  }
}

export function memberSizeOf(region: Region, record: number): number {
  const word = region.word(record);
  const size = region.i32[word + R_TAG] & LONG;
  return size < LONG ? size : region.i32[word + R_LONG_SIZE];
}

export function scoreOf(region: Region, record: number): number {
  return region.f64[region.word(record) >>> 1];
}

/** Whether a member of that size lies in one piece, and behind a short header. */
export function isWhole(region: Region, memberSize: number): boolean {
  return memberSize < LONG && memberSize + HEADER <= region.chunkUnits * 8;
}

/** Byte position of a member that is whole. */
export function memberAt(region: Region, record: number): number {
  return region.word(record) * 4 + HEADER;
}

/** Address of a member in the content. */
export function memberAddress(record: number, memberSize: number): number {
  return record * 8 + (memberSize < LONG ? HEADER : LONG_HEADER);
}

/** Order of a record's member and bytes[start, end). */
export function compareMember(
  region: Region,
  record: number,
  bytes: Uint8Array,
  start: number,
  end: number,
): number {
  const size = memberSizeOf(region, record);
  if (isWhole(region, size)) {
    const at = memberAt(region, record);
    return compareBytes(region.u8, at, at + size, bytes, start, end);
  }
  const { content } = region.zone;
  const address = memberAddress(record, size);
  const common = Math.min(size, end - start);
  for (let done = 0; done < common; ) {
    const at = content.at(region.entry, address + done);
    const run = Math.min(content.runAt(region.entry, address + done), common - done);
    const from = start + done;
    const order = compareBytes(region.u8, at, at + run, bytes, from, from + run);
    if (order !== 0) return order;
    done += run;
  }
  return size - (end - start);
}

/** Whether a record with this tag word has the member bytes[start, end). */
export function equalsMember(
  region: Region,
  record: number,
  bytes: Uint8Array,
  start: number,
  end: number,
): boolean {
  const size = end - start;
  if (isWhole(region, size)) {
    const at = memberAt(region, record);
    return equalBytes(region.u8, at, at + size, bytes, start, end);
  }
  return compareMember(region, record, bytes, start, end) === 0;
}

export function copyMember(
  region: Region,
  record: number,
  size: number,
  target: Uint8Array,
  at: number,
): void {
  if (isWhole(region, size)) {
    const from = memberAt(region, record);
    copyBytes(target, at, region.u8, from, from + size);
  } else {
    region.zone.content.read(region.entry, memberAddress(record, size), target, at, size);
  }
}

/** Hash of a record's member, for what its tag does not tell. */
export function hashRecord(region: Region, record: number): number {
  const size = memberSizeOf(region, record);
  if (isWhole(region, size)) {
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
