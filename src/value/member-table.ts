/**
 * Member table: finds the record of a member, in a region.
 *
 * Linear hashing. The table grows by one bucket for each member, never all at once:
 *
 *   buckets  0  1  2  3 │ 4  5          6 buckets: 4 and 5 were split off 0 and 1, and the next
 *            └──┴───────┴─┘ split       member splits 6 off 2
 *
 * A hash picks its bucket by as many low bits as name one; if that bucket is not there yet, by one
 * bit less. So a million members cost a ZADD no more than a hundred do.
 *
 * Buckets lie in segments, each at most half as large as all before it, so none ever moves. The header
 * names them. Buckets chain records through their own words.
 */

import { assert } from '../std/assert.ts';
import {
  equalsMember,
  hashMember,
  hashRecord,
  R_NEXT,
  R_TAG,
  recordTag,
  TAG_BITS,
  TAG_SHIFT,
} from './record.ts';
import type { Region } from './region.ts';

/** Buckets of the first segment, and the bits that name one. */
const FIRST_BITS = 5;
const FIRST = 1 << FIRST_BITS;
/** Beyond so many buckets chains become longer instead: the content has an end too. */
const BITS_MAX = 27;
const SEGMENTS = 1 + (BITS_MAX - FIRST_BITS) * 2;
const BUCKETS = 0;
const SEGMENT = 1;
/** Words of header: the count of buckets and the segments. */
export const TABLE_WORDS = SEGMENT + SEGMENTS;
assert(FIRST_BITS === TAG_SHIFT);

/** Units of the segment that bucket `bucket` begins, or 0 when it begins none. */
function segmentUnits(bucket: number): number {
  if (bucket < FIRST) return bucket === 0 ? FIRST / 2 : 0;
  const size = 1 << (30 - Math.clz32(bucket));
  return (bucket & (size - 1)) === 0 ? size / 2 : 0;
}

/** First bucket of the segment behind that of `bucket`. */
function nextSegment(bucket: number): number {
  return bucket < FIRST ? FIRST : bucket + (1 << (30 - Math.clz32(bucket)));
}

/** Units of the segments that growing from `from` to `to` buckets takes. */
export function segmentGrowth(from: number, to: number): number {
  let units = 0;
  for (let bucket = 0; bucket < to && bucket < 2 ** BITS_MAX; bucket = nextSegment(bucket)) {
    if (bucket >= from) units += segmentUnits(bucket);
  }
  return units;
}

export class MemberTable {
  readonly #region: Region;
  /** Words from the region's base to this table's header. */
  readonly #header: number;

  constructor(region: Region, header: number) {
    this.#region = region;
    this.#header = header;
  }

  get bucketCount(): number {
    return this.#region.i32[this.#region.base + this.#header + BUCKETS];
  }

  /** Makes an empty table of buckets for `count` members. */
  format(count: number): void {
    const { i32, base } = this.#region;
    i32[base + this.#header + BUCKETS] = 0;
    const wanted = Math.min(Math.max(count, FIRST), 2 ** BITS_MAX);
    for (let bucket = 0; bucket < wanted; bucket = nextSegment(bucket)) this.#addSegment(bucket);
    i32[base + this.#header + BUCKETS] = wanted;
  }

  /** The record of a member, or 0. */
  find(hash: number, bytes: Uint8Array, start: number, end: number): number {
    const region = this.#region;
    const { i32 } = region;
    const tag = recordTag(hash, end - start);
    let record = i32[this.#bucketWord(this.#bucketOf(hash))];
    while (record !== 0) {
      const word = region.word(record);
      if (i32[word + R_TAG] === tag && equalsMember(region, record, bytes, start, end)) break;
      record = i32[word + R_NEXT];
    }
    return record;
  }

  /** Enters a record; `count` members are in the table then. Room is there. */
  insert(record: number, hash: number, count: number): void {
    if (count > this.bucketCount) this.#split();
    const region = this.#region;
    const head = this.#bucketWord(this.#bucketOf(hash));
    region.i32[region.word(record) + R_NEXT] = region.i32[head];
    region.i32[head] = record;
  }

  remove(record: number, hash: number): void {
    const region = this.#region;
    const { i32 } = region;
    let link = this.#bucketWord(this.#bucketOf(hash));
    while (i32[link] !== record) {
      assert(i32[link] !== 0, 'a record is in its chain');
      link = region.word(i32[link]) + R_NEXT;
    }
    i32[link] = i32[region.word(record) + R_NEXT];
  }

  /**
   * Walks all chains: calls `visit` for each record, and for each segment with its block and units.
   * Answers what is wrong, or undefined.
   */
  audit(
    visit: (record: number) => boolean,
    segment: (block: number, units: number) => void,
  ): string | undefined {
    const region = this.#region;
    const { i32, base } = region;
    const buckets = this.bucketCount;
    for (let bucket = 0; bucket < buckets; bucket++) {
      const units = segmentUnits(bucket);
      if (units > 0) segment(i32[base + this.#header + this.#segmentOf(bucket)], units);
      for (let record = i32[this.#bucketWord(bucket)]; record !== 0; ) {
        if (!visit(record)) return `record ${record} is chained twice, or is none`;
        const hash = hashRecord(region, record);
        if (this.#bucketOf(hash) !== bucket) return `record ${record} is in a wrong bucket`;
        const word = region.word(record);
        if ((i32[word + R_TAG] ^ recordTag(hash, 0)) >>> 16 !== 0) {
          return `record ${record} has a tag that is not its member's`;
        }
        record = i32[word + R_NEXT];
      }
    }
    return undefined;
  }

  hash(bytes: Uint8Array, start: number, end: number): number {
    return hashMember(this.#region, bytes, start, end);
  }

  #bucketOf(hash: number): number {
    const buckets = this.bucketCount;
    // As many bits as name the last bucket.
    const bits = 32 - Math.clz32(buckets - 1);
    const bucket = hash & ((1 << bits) - 1);
    return bucket < buckets ? bucket : bucket & ((1 << (bits - 1)) - 1);
  }

  /** Word of the header that names the segment of a bucket. */
  #segmentOf(bucket: number): number {
    if (bucket < FIRST) return SEGMENT;
    const power = 31 - Math.clz32(bucket);
    return SEGMENT + 1 + (power - FIRST_BITS) * 2 + ((bucket >>> (power - 1)) & 1);
  }

  #bucketWord(bucket: number): number {
    const { i32, base } = this.#region;
    const segment = i32[base + this.#header + this.#segmentOf(bucket)];
    const within = bucket < FIRST ? bucket : bucket & ((1 << (30 - Math.clz32(bucket))) - 1);
    return this.#region.word(segment + (within >>> 1)) + (within & 1);
  }

  #addSegment(bucket: number): void {
    const region = this.#region;
    const units = segmentUnits(bucket);
    const block = region.take(units);
    region.clear(block, units);
    region.i32[region.base + this.#header + this.#segmentOf(bucket)] = block;
  }

  /** Adds a bucket, with the records of an older one that belong there now. */
  #split(): void {
    const region = this.#region;
    const { i32, base } = region;
    const added = this.bucketCount;
    const bit = 31 - Math.clz32(added);
    if (bit >= BITS_MAX) return;
    if (segmentUnits(added) > 0) this.#addSegment(added);
    i32[base + this.#header + BUCKETS] = added + 1;
    const head = this.#bucketWord(added);
    i32[head] = 0;
    let link = this.#bucketWord(added - (1 << bit));
    for (let record = i32[link]; record !== 0; record = i32[link]) {
      const word = region.word(record);
      // The new bucket's records have the bit that names it.
      const moves =
        bit < TAG_SHIFT + TAG_BITS
          ? (i32[word + R_TAG] >>> (bit - TAG_SHIFT + 16)) & 1
          : (hashRecord(region, record) >>> bit) & 1;
      if (moves === 0) {
        link = word + R_NEXT;
        continue;
      }
      i32[link] = i32[word + R_NEXT];
      i32[word + R_NEXT] = i32[head];
      i32[head] = record;
    }
  }
}
