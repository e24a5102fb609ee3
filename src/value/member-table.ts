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
 * names them. Buckets chain records through their own words. Where many records go, the table can
 * become smaller in the same way, one bucket at a time.
 *
 * A bucket is one word: its first record, and how many there are, up to seven.
 *
 * A random record. Buckets hold different numbers of records, so a random one of a random bucket
 * would not do. A group of neighbouring buckets and a rank are drawn until the group has a record of
 * that rank: every record is one pair of the two, and all pairs are equally likely. The ranks are
 * more than practically any group has records, and a third of the draws finds one. A bucket's word tells
 * how many records it has, so those that are not drawn are not looked at.
 *
 * For who walks the table while it changes, a place in it is a hash with its bits reversed. A bucket
 * is all hashes that end alike, so reversed they are neighbours:
 *
 *   places    000…      001…  010…      011…  100…            110…            111…
 *             ├─ bucket 0 ────┼─ bucket 2 ────┼─ bucket 1 ────┼─ bucket 3 ────┤
 *             ├ 0 ────┬ 4 ────┤ once bucket 4 is split off bucket 0
 *
 * Splitting cuts a range in two and joining makes one of two: what is behind a place stays behind it.
 */

import { assert } from '../std/assert.ts';
import { equalBytes } from '../std/bytes.ts';
import type { Random } from '../std/random.ts';
import {
  equalsMember,
  hasHash,
  hashBit,
  hashMember,
  hashRecord,
  longTag,
  NO_VALUE,
  R_MEMBER,
  R_NEXT,
  R_TAG,
  recordTag,
  TAG_BITS,
  TAG_SHIFT,
} from './record.ts';
import type { Region } from './region.ts';

/** Buckets of the first segment, and the bits that name one. */
const FIRST_BITS = 5;
export const FIRST = 1 << FIRST_BITS;
/** Beyond so many buckets chains become longer instead: the content has an end too. */
const BITS_MAX = 27;
const SEGMENTS = 1 + (BITS_MAX - FIRST_BITS) * 2;
const BUCKETS = 0;
const SEGMENT = 1;
/** Words of header: the count of buckets and the segments. */
export const TABLE_WORDS = SEGMENT + SEGMENTS;
assert(FIRST_BITS === TAG_SHIFT);

/** Bits of a bucket's word that name its first record: units of the largest zone. */
const RECORD_BITS = 29;
const RECORD = (1 << RECORD_BITS) - 1;
/** In the bits above: so many records, or more. */
const MANY = 7;

/**
 * Buckets that are drawn from at once: their words lie side by side in any zone, as a segment begins
 * at a multiple of four units, and mostly in one cache line.
 */
const GROUP = 8;
/** Ranks drawn from, beyond those a group may be expected to have, in standard deviations. */
const DEVIATIONS = 6;
const RANKS_MIN = 5;
assert(FIRST % GROUP === 0);

/** Places there are. */
export const PLACES = 2 ** 32;
/** Of a scan no more buckets than so many for each record wanted are looked at. */
const SCAN_BUCKETS = 10;

/** Units of the segment that bucket `bucket` begins, or 0 when it begins none. */
export function segmentUnits(bucket: number): number {
  if (bucket < FIRST) return bucket === 0 ? FIRST / 2 : 0;
  const size = 1 << (30 - Math.clz32(bucket));
  return (bucket & (size - 1)) === 0 ? size / 2 : 0;
}

/** First bucket of the segment behind that of `bucket`. */
export function nextSegment(bucket: number): number {
  if (bucket < FIRST) return FIRST;
  const size = 1 << (30 - Math.clz32(bucket));
  return (bucket & -size) + size;
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
  // Where the walk is: the record, its bucket, and of a scan the place of the next and the end.
  #record = 0;
  #bucket = 0;
  #place = 0;
  #end = 0;
  /** Of #recordOf(). */
  #rankLeft = 0;

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
    const { i32, u8 } = region;
    const tag = recordTag(hash, end - start, NO_VALUE);
    const long = longTag(hash);
    let record = i32[this.#bucketWord(this.#bucketOf(hash))] & RECORD;
    while (record !== 0) {
      const word = region.word(record);
      const own = i32[word + R_TAG];
      if (own === long) {
        if (equalsMember(region, record, bytes, start, end)) break;
      } else if (own === tag) {
        const at = word * 4 + R_MEMBER;
        if (equalBytes(u8, at, at + end - start, bytes, start, end)) break;
      }
      record = i32[word + R_NEXT];
    }
    return record;
  }

  /** Whether the next member that comes makes the table take memory of its own. */
  get isAboutToGrow(): boolean {
    return segmentUnits(this.bucketCount) > 0;
  }

  /** Enters a record; `count` members are in the table then. Room is there. */
  insert(record: number, hash: number, count: number): void {
    if (count > this.bucketCount) this.#split();
    const region = this.#region;
    const { i32 } = region;
    const head = this.#bucketWord(this.#bucketOf(hash));
    const old = i32[head];
    i32[region.word(record) + R_NEXT] = old & RECORD;
    i32[head] = wordOf(record, (old >>> RECORD_BITS) + 1);
  }

  remove(record: number, hash: number): void {
    const region = this.#region;
    const { i32 } = region;
    const head = this.#relink(record, hash, i32[region.word(record) + R_NEXT]);
    const old = i32[head];
    const told = old >>> RECORD_BITS;
    const count = told < MANY ? told - 1 : this.#count(old & RECORD);
    i32[head] = wordOf(old & RECORD, count);
  }

  /** Puts a record of the same hash in place of another. */
  replace(record: number, other: number, hash: number): void {
    const region = this.#region;
    const { i32 } = region;
    i32[region.word(other) + R_NEXT] = i32[region.word(record) + R_NEXT];
    this.#relink(record, hash, other);
  }

  /** Makes what names a record of the table name another, or none. Answers the bucket's word. */
  #relink(record: number, hash: number, other: number): number {
    const region = this.#region;
    const { i32 } = region;
    const head = this.#bucketWord(this.#bucketOf(hash));
    let next = i32[head] & RECORD;
    if (next === record) {
      i32[head] = (i32[head] & ~RECORD) | other;
      return head;
    }
    let word = 0;
    while (next !== record) {
      assert(next !== 0, 'a record is in its chain');
      word = region.word(next);
      next = i32[word + R_NEXT];
    }
    i32[word + R_NEXT] = other;
    return head;
  }

  /** Records of a chain. */
  #count(first: number): number {
    let count = 0;
    for (let record = first; record !== 0; record = this.next(record)) count++;
    return count;
  }

  // ── Walking ───────────────────────────────────────────────────────────────────────────────────

  /** First record of a bucket, or 0. */
  head(bucket: number): number {
    return this.#region.i32[this.#bucketWord(bucket)] & RECORD;
  }

  /** The record behind another in its bucket, or 0. */
  next(record: number): number {
    return this.#region.i32[this.#region.word(record) + R_NEXT];
  }

  /** Begins a walk over all records: nextRecord() goes to the first. Nothing must change meanwhile. */
  beginWalk(): void {
    this.#record = 0;
    this.#bucket = -1;
    this.#end = 0;
  }

  /** Where a scan from `cursor` that sees about `count` records ends; 0 at the end of all. */
  scanEnd(cursor: number, count: number): number {
    let place = cursor % PLACES;
    let seen = 0;
    for (let buckets = 0; seen < count && buckets < count * SCAN_BUCKETS; buckets++) {
      let record = this.head(this.bucketAt(place));
      for (; record !== 0; seen++) record = this.next(record);
      place = this.placeBehind(place);
      if (place === PLACES) return 0;
    }
    return place;
  }

  /**
   * Begins a walk over the records from `cursor` to where scanEnd() said. What is there from the
   * first scan of a series to the last is seen, however the table grows or shrinks between.
   */
  beginScan(cursor: number, end: number): void {
    this.#record = 0;
    this.#place = cursor % PLACES;
    this.#end = end === 0 ? PLACES : end;
  }

  /** The next record of the walk, 0 at the end. */
  nextRecord(): number {
    let record = this.#record === 0 ? 0 : this.next(this.#record);
    while (record === 0) {
      if (!this.#nextBucket()) return 0;
      record = this.head(this.#bucket);
    }
    this.#record = record;
    return record;
  }

  #nextBucket(): boolean {
    if (this.#end === 0) return ++this.#bucket < this.bucketCount;
    if (this.#place >= this.#end) return false;
    this.#bucket = this.bucketAt(this.#place);
    this.#place = this.placeBehind(this.#place);
    return true;
  }

  /**
   * Any record, each with the same chance; there are `count`, more than none. A group of buckets
   * and a rank are drawn until the group has a record of that rank. A bucket and the one split off
   * it belong together: so all groups may be expected to have as many records.
   */
  draw(random: Random, count: number): number {
    const buckets = this.bucketCount;
    const older = 1 << (31 - Math.clz32(buckets));
    const mean = (count * GROUP) / older;
    const ranks = Math.ceil(mean + Math.sqrt(mean) * DEVIATIONS) + RANKS_MIN;
    const groups = older / GROUP;
    for (;;) {
      const first = random.below(groups) * GROUP;
      let record = this.#recordOf(first, first + GROUP, random.below(ranks));
      if (record !== 0) return record;
      const split = older + first;
      if (split >= buckets) continue;
      record = this.#recordOf(split, Math.min(split + GROUP, buckets), this.#rankLeft);
      if (record !== 0) return record;
    }
  }

  /**
   * The record of that rank, from 0, of those in the buckets [first, end), all of a group. 0: they
   * have fewer, and so many less is #rankLeft.
   */
  #recordOf(first: number, end: number, rank: number): number {
    const { i32 } = this.#region;
    const at = this.#bucketWord(first);
    const stop = at + end - first;
    let left = rank;
    for (let word = at; word < stop; word++) {
      const own = i32[word];
      const told = own >>> RECORD_BITS;
      const count = told < MANY ? told : this.#count(own & RECORD);
      if (left < count) {
        let record = own & RECORD;
        for (; left > 0; left--) record = this.next(record);
        return record;
      }
      left -= count;
    }
    this.#rankLeft = left;
    return 0;
  }

  /** The bucket that a place lies in. */
  bucketAt(place: number): number {
    return this.#bucketOf(reverseBits(place));
  }

  /** Place where the next bucket begins, PLACES behind the last one. */
  placeBehind(place: number): number {
    const buckets = this.bucketCount;
    const bits = 32 - Math.clz32(buckets - 1);
    const half = 1 << (bits - 1);
    const low = reverseBits(place) & (half * 2 - 1);
    // Of a bucket and the one split off it, the latter ends where they ended together.
    const isSplit = low + half < buckets;
    const size = 2 ** (32 - (isSplit ? bits : bits - 1));
    return (Math.floor(place / size) + 1) * size;
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
      const own = i32[this.#bucketWord(bucket)];
      let count = 0;
      for (let record = own & RECORD; record !== 0; count++) {
        if (!visit(record)) return `record ${record} is chained twice, or is none`;
        const hash = hashRecord(region, record);
        if (this.#bucketOf(hash) !== bucket) return `record ${record} is in a wrong bucket`;
        const word = region.word(record);
        if (!hasHash(i32[word + R_TAG], hash)) {
          return `record ${record} has a tag that is not its member's`;
        }
        record = i32[word + R_NEXT];
      }
      if (own >>> RECORD_BITS !== Math.min(count, MANY)) return `bucket ${bucket} is miscounted`;
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
    const old = this.#bucketWord(added - (1 << bit));
    let kept = 0;
    let keptCount = 0;
    let last = 0;
    let moved = 0;
    let movedCount = 0;
    let next = 0;
    for (let record = i32[old] & RECORD; record !== 0; record = next) {
      const word = region.word(record);
      next = i32[word + R_NEXT];
      // The new bucket's records have the bit that names it.
      const moves =
        bit < TAG_SHIFT + TAG_BITS
          ? hashBit(i32[word + R_TAG], bit)
          : (hashRecord(region, record) >>> bit) & 1;
      if (moves === 0) {
        if (last === 0) kept = record;
        else i32[last + R_NEXT] = record;
        last = word;
        keptCount++;
      } else {
        i32[word + R_NEXT] = moved;
        moved = record;
        movedCount++;
      }
    }
    if (last !== 0) i32[last + R_NEXT] = 0;
    i32[old] = wordOf(kept, keptCount);
    i32[this.#bucketWord(added)] = wordOf(moved, movedCount);
  }

  /** Joins the last bucket to the one it was split off. */
  join(): void {
    const region = this.#region;
    const { i32, base } = region;
    const last = this.bucketCount - 1;
    assert(last >= FIRST, 'a table has its first buckets');
    const target = this.#bucketWord(last - (1 << (31 - Math.clz32(last))));
    const own = i32[target];
    const other = i32[this.#bucketWord(last)];
    const count = (own >>> RECORD_BITS) + (other >>> RECORD_BITS);
    if ((own & RECORD) === 0) {
      i32[target] = other;
    } else {
      let word = region.word(own & RECORD);
      for (; i32[word + R_NEXT] !== 0; word = region.word(i32[word + R_NEXT]));
      i32[word + R_NEXT] = other & RECORD;
      i32[target] = wordOf(own & RECORD, count);
    }
    const units = segmentUnits(last);
    if (units > 0) region.give(i32[base + this.#header + this.#segmentOf(last)], units);
    i32[base + this.#header + BUCKETS] = last;
  }
}

/** The word of a bucket. */
function wordOf(first: number, count: number): number {
  return (Math.min(count, MANY) << RECORD_BITS) | first;
}

function reverseBits(n: number): number {
  let bits = n;
  bits = ((bits >>> 1) & 0x55555555) | ((bits & 0x55555555) << 1);
  bits = ((bits >>> 2) & 0x33333333) | ((bits & 0x33333333) << 2);
  bits = ((bits >>> 4) & 0x0f0f0f0f) | ((bits & 0x0f0f0f0f) << 4);
  bits = ((bits >>> 8) & 0x00ff00ff) | ((bits & 0x00ff00ff) << 8);
  return ((bits >>> 16) | (bits << 16)) >>> 0;
}
