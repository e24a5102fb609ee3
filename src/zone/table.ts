/**
 * The table: key → entry.
 *
 * Its number of buckets is fixed when the zone opens, so nothing is ever rehashed and no command
 * pays for growth. A bucket is chosen by the *high* bits of the hash: walking buckets in order walks
 * the hashes in order, whatever the number of buckets. That makes a scan cursor a place among the
 * hashes, not among the buckets: it stays good when the zone is copied into a larger one.
 *
 * Most buckets of a big, nearly empty zone are empty. So entries are counted per block of buckets
 * and per block of blocks: a walk steps over what holds nothing, and a random entry is found by its
 * rank, every entry with the same chance.
 *
 *   superblocks  [ 5 ][ 0 ][ 9 ]     64 blocks each
 *   blocks       [1 0 2 …]           256 buckets each
 *   buckets      [e . . e → e …]
 */

import { equalBytes } from '../std/bytes.ts';
import type { Random } from '../std/random.ts';
import type { Arena } from './arena.ts';
import type { Content } from './content.ts';
import { E_CHAIN, E_HASH, E_KEY, E_META, KEY_IDENTITY, keyAt, LONG_KEY } from './entry.ts';
import { BLOCK_SHIFT, H_ENTRIES, type Layout, SUPERBLOCK_SHIFT } from './layout.ts';

/** From so many entries on, a random one of a block is drawn. */
const CROWDED = 64;
const DRAWS_MAX = 200;

/** Who must see what is in a bucket before it changes. */
export interface TableGuard {
  /** Entries of a bucket are about to come, to go, or to change. */
  beforeChange(bucket: number): void;
  /** All buckets are about to change at once. */
  finish(): void;
}

export class Table {
  /** While a snapshot is taken. */
  guard: TableGuard | undefined = undefined;
  arena: Arena;
  layout: Layout;
  /** Counts the times an entry may have left its place: what find() answered before may be wrong. */
  leaves = 0;
  readonly #content: Content;
  /** Rank, within the block found last, of the rank looked for. */
  #rankInBlock = 0;

  constructor(arena: Arena, layout: Layout, content: Content) {
    this.arena = arena;
    this.layout = layout;
    this.#content = content;
  }

  get count(): number {
    return this.arena.i32[this.layout.header + H_ENTRIES];
  }

  /** Entry of a key, or 0. `identity` is the entry's key word without encoding. */
  find(hash: number, identity: number, bytes: Uint8Array, start: number, end: number): number {
    const first = this.arena.i32[this.layout.buckets + (hash >>> this.layout.bucketShift)];
    return this.#find(first, hash, identity, bytes, start, end);
  }

  /** The next entry behind `entry` in its chain with the same identity and this key, or 0. */
  findAfter(entry: number, bytes: Uint8Array, start: number, end: number): number {
    const { i32 } = this.arena;
    const word = entry * 2;
    return this.#find(i32[word], i32[word + E_HASH], i32[word + E_KEY], bytes, start, end);
  }

  #find(
    first: number,
    hash: number,
    identity: number,
    bytes: Uint8Array,
    start: number,
    end: number,
  ): number {
    const { i32, u8 } = this.arena;
    let entry = first;
    while (entry !== 0) {
      const word = entry * 2;
      if (i32[word + E_HASH] === hash && ((i32[word + E_KEY] ^ identity) & KEY_IDENTITY) === 0) {
        if ((i32[word + E_META] & LONG_KEY) !== 0) {
          if (this.#content.longKeyEquals(entry, bytes, start, end)) return entry;
        } else {
          const at = keyAt(i32, entry);
          if (equalBytes(u8, at, at + end - start, bytes, start, end)) return entry;
        }
      }
      entry = i32[word];
    }
    return 0;
  }

  /** First entry of a bucket chain with this hash, or 0; and the next one after it. */
  firstWithHash(hash: number): number {
    return this.#withHash(
      this.arena.i32[this.layout.buckets + (hash >>> this.layout.bucketShift)],
      hash,
    );
  }

  nextWithHash(entry: number, hash: number): number {
    return this.#withHash(this.arena.i32[entry * 2], hash);
  }

  #withHash(from: number, hash: number): number {
    const { i32 } = this.arena;
    let entry = from;
    while (entry !== 0 && i32[entry * 2 + E_HASH] !== hash) entry = i32[entry * 2];
    return entry;
  }

  /**
   * Enters an entry at the end of its chain, but in front of any with the same hash: a key found
   * again is the one entered last. Who enters a key has looked for it, so the chain is at hand; and
   * the oldest, which is evicted first, comes first: unlinking it is one visit.
   */
  link(entry: number): void {
    const { i32 } = this.arena;
    const hash = i32[entry * 2 + E_HASH];
    const bucket = hash >>> this.layout.bucketShift;
    if (this.guard !== undefined) this.guard.beforeChange(bucket);
    let word = this.layout.buckets + bucket;
    let next = i32[word];
    while (next !== 0 && i32[next * 2 + E_HASH] !== hash) {
      word = next * 2 + E_CHAIN;
      next = i32[word];
    }
    i32[entry * 2 + E_CHAIN] = next;
    i32[word] = entry;
    this.#count(bucket, 1);
  }

  unlink(entry: number): void {
    const { i32 } = this.arena;
    if (this.guard !== undefined) this.beforeChange(i32[entry * 2 + E_HASH]);
    this.leaves++;
    i32[this.#linkTo(entry)] = i32[entry * 2 + E_CHAIN];
    this.#count(i32[entry * 2 + E_HASH] >>> this.layout.bucketShift, -1);
  }

  /** What has this hash is about to change, or to go. */
  beforeChange(hash: number): void {
    this.guard?.beforeChange(hash >>> this.layout.bucketShift);
  }

  /** The entry lies at another offset now. Its chain word has been copied. */
  moved(from: number, to: number): void {
    this.leaves++;
    this.arena.i32[this.#linkTo(from)] = to;
  }

  /** First entry of bucket `bucket`, or 0. */
  head(bucket: number): number {
    return this.arena.i32[this.layout.buckets + bucket];
  }

  get bucketCount(): number {
    return 2 ** this.layout.bucketBits;
  }

  /** First bucket at or after `bucket` that may hold something, or the number of buckets. */
  nextOccupied(bucket: number): number {
    const { i32 } = this.arena;
    const { blocks, superblocks, blockCount, buckets } = this.layout;
    const bucketCount = this.bucketCount;
    let at = bucket;
    while (at < bucketCount) {
      const block = at >>> BLOCK_SHIFT;
      if (i32[blocks + block] === 0) {
        let next = block + 1;
        while (next < blockCount && i32[blocks + next] === 0) {
          const superblock = next >>> SUPERBLOCK_SHIFT;
          const atStart = (next & ((1 << SUPERBLOCK_SHIFT) - 1)) === 0;
          if (atStart && i32[superblocks + superblock] === 0) next += 1 << SUPERBLOCK_SHIFT;
          else next++;
        }
        at = Math.min(next, blockCount) << BLOCK_SHIFT;
        continue;
      }
      if (i32[buckets + at] !== 0) return at;
      at++;
    }
    return bucketCount;
  }

  /** The entry of rank `rank` in table order, 0 ≤ rank < count. */
  byRank(rank: number): number {
    const { i32 } = this.arena;
    const { buckets } = this.layout;
    const block = this.#blockOfRank(rank);
    let left = this.#rankInBlock;
    for (let bucket = block << BLOCK_SHIFT; ; bucket++) {
      for (let entry = i32[buckets + bucket]; entry !== 0; entry = i32[entry * 2]) {
        if (left-- === 0) return entry;
      }
    }
  }

  #blockOfRank(rank: number): number {
    const { i32 } = this.arena;
    const { blocks, superblocks } = this.layout;
    let left = rank;
    let superblock = 0;
    while (left >= i32[superblocks + superblock]) left -= i32[superblocks + superblock++];
    let block = superblock << SUPERBLOCK_SHIFT;
    while (left >= i32[blocks + block]) left -= i32[blocks + block++];
    this.#rankInBlock = left;
    return block;
  }

  /** Any entry, each with the same chance. There must be one. */
  random(random: Random): number {
    const { i32 } = this.arena;
    const { blocks, buckets } = this.layout;
    const rank = random.below(this.count);
    const block = this.#blockOfRank(rank);
    if (i32[blocks + block] >= CROWDED) {
      // Any place of any chain of the block, until one is taken: walking them all to a rank would
      // visit hundreds of entries. No chain has more places than drawn from, with a keyed hash.
      const first = buckets + (block << BLOCK_SHIFT);
      const shift = i32[blocks + block] < 3 << BLOCK_SHIFT ? 28 : 27;
      for (let draws = 0; draws < DRAWS_MAX; draws++) {
        const draw = random.u32();
        let entry = i32[first + (draw & ((1 << BLOCK_SHIFT) - 1))];
        for (let left = draw >>> shift; entry !== 0 && left > 0; left--) entry = i32[entry * 2];
        if (entry !== 0) return entry;
      }
    }
    return this.byRank(rank);
  }

  /** Empties all buckets; entries are not visited. */
  clear(): void {
    const { i32 } = this.arena;
    this.leaves++;
    const { blocks, superblocks, blockCount, buckets, header } = this.layout;
    for (let block = 0; block < blockCount; block++) {
      if (i32[blocks + block] === 0) continue;
      i32[blocks + block] = 0;
      const first = buckets + (block << BLOCK_SHIFT);
      i32.fill(0, first, first + (1 << BLOCK_SHIFT));
    }
    i32.fill(0, superblocks, blocks);
    i32[header + H_ENTRIES] = 0;
  }

  /** Word that points to an entry: its bucket, or the chain word before it. */
  #linkTo(entry: number): number {
    const { i32 } = this.arena;
    let word = this.layout.buckets + (i32[entry * 2 + E_HASH] >>> this.layout.bucketShift);
    while (i32[word] !== entry) word = i32[word] * 2 + E_CHAIN;
    return word;
  }

  #count(bucket: number, change: number): void {
    const { i32 } = this.arena;
    const block = bucket >>> BLOCK_SHIFT;
    i32[this.layout.blocks + block] += change;
    i32[this.layout.superblocks + (block >>> SUPERBLOCK_SHIFT)] += change;
    i32[this.layout.header + H_ENTRIES] += change;
  }
}
