/**
 * A stream as plain data on the heap: what DUMP writes and RESTORE reads, what goes to another zone,
 * and what a stream is built anew from when it has become sparse.
 */

import type { StreamId } from './stream-id.ts';

/** Some entries of the log: a listpack as Redis has it. */
export interface NodeImage {
  /** The id that those of the entries are told from. */
  readonly id: StreamId;
  readonly listpack: Uint8Array;
}

export interface ConsumerImage {
  readonly name: Uint8Array;
  /** Unix milliseconds. */
  readonly seenTime: number;
  /** The same, or -1: it never was. */
  readonly activeTime: number;
}

/**
 * Words of each element of `pending`: the id, the time of delivery, how often it was delivered, the
 * consumer. Time and count have 64 bits, the lower word first.
 */
export const PENDING_WORDS = 9;
export const PENDING_TIME = 4;
export const PENDING_COUNT = 6;
export const PENDING_CONSUMER = 8;

export interface GroupImage {
  readonly name: Uint8Array;
  readonly lastId: StreamId;
  /** -1: not known. */
  readonly entriesRead: bigint;
  readonly consumers: readonly ConsumerImage[];
  /**
   * What was delivered and not acknowledged, in order of ids, PENDING_WORDS each. The consumer is
   * an index of `consumers`.
   */
  readonly pending: Int32Array;
}

/** What is known of a stream beside what is in it. */
export interface StreamFace {
  readonly lastId: StreamId;
  readonly firstId: StreamId;
  readonly maxDeletedId: StreamId;
  /** All entries there ever were. */
  readonly added: bigint;
  /** Entries. */
  readonly length: number;
}

export interface StreamImage extends StreamFace {
  readonly nodes: readonly NodeImage[];
  readonly groups: readonly GroupImage[];
}

/** In place of how many entries a group has read: nobody knows. */
export const UNKNOWN = -1n;

/** A count of entries read as XGROUP takes it: one that has run over 2^63 says nothing. */
export function settableCount(count: bigint): bigint {
  return count < UNKNOWN ? UNKNOWN : count;
}

/** How many entries there ever were in a stream up to an id, or UNKNOWN. */
export function countUpTo(stream: StreamFace, id: StreamId): bigint {
  const { added, length, lastId, firstId, maxDeletedId } = stream;
  if (added === 0n) return 0n;
  const toLast = id.compare(lastId);
  if (toLast === 0 || (length === 0 && toLast < 0)) return added;
  if (toLast > 0) return UNKNOWN;
  if (!maxDeletedId.isMin && maxDeletedId.compare(firstId) >= 0) return UNKNOWN;
  const toFirst = id.compare(firstId);
  if (toFirst > 0) return UNKNOWN;
  return added - BigInt(length) + (toFirst === 0 ? 1n : 0n);
}
