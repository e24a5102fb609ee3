/**
 * Lookahead: memory that the next requests of a pipeline will need, asked for before they run.
 *
 * In a large zone a look-up is mostly waiting: the bucket, the entry, and its neighbours in the
 * order of eviction are each a cache line from far away, and each names the next. Key by key that
 * is three or four waits for every one. For the keys of a whole pipeline, step by step, the
 * processor waits for all of them at the same time:
 *
 *   requests     GET a    SET b …   INCR c
 *   buckets        │        │         │       at once
 *   entries        │        │         │       at once
 *   neighbours     ▼        ▼         ▼       at once
 *
 * Nothing found out here is relied upon but the hashes. Whose pipeline turns out to be about one
 * key is left alone for a while: that is in the cache.
 */

import type { KeyRanges, RequestParser } from '../resp/request.ts';
import { WARM_COUNT_MAX, type Zone } from '../zone/zone.ts';

/** Requests looked at ahead, and how many there must be. */
const DEPTH = WARM_COUNT_MAX;
const COUNT_MIN = 4;
/** A pipeline of COUNT_MIN requests with a key has as many bytes at least. */
const SIZE_MIN = COUNT_MIN * 20;
/** With fewer entries, what a look-up needs is in the cache anyway. */
const ENTRIES_MIN = 8192;
/** Looks left out where a pipeline was about one key. */
const PAUSE = 32;
const NOTHING = new Uint8Array(0);

/** A database, as far as it is of interest here. */
interface Place {
  readonly zone: Zone;
  /** The number its entries carry. */
  readonly physical: number;
}

export class Lookahead implements KeyRanges {
  bytes: Uint8Array = NOTHING;
  readonly starts = new Int32Array(DEPTH);
  readonly ends = new Int32Array(DEPTH);
  count = 0;
  readonly #hashes = new Int32Array(DEPTH);
  /** The database they are hashes for, and the number its entries carried then. */
  #database: Place | undefined = undefined;
  #physical = 0;
  /** Index of the request that runs. */
  #at = 0;
  #pause = 0;

  /** The next request of a parser is about to run in a database, unless it selects another. */
  advance(parser: RequestParser, database: Place): void {
    if (++this.#at < this.count || parser.pendingSize < SIZE_MIN) return;
    this.#look(parser, database);
  }

  /** Forgets what it knows: the bytes may change. */
  end(): void {
    this.bytes = NOTHING;
    this.count = 0;
  }

  #look(parser: RequestParser, database: Place): void {
    const { zone, physical } = database;
    this.end();
    if (zone.table.count < ENTRIES_MIN) return;
    if (this.#pause > 0) {
      this.#pause--;
      return;
    }
    parser.peek(this);
    if (this.count < COUNT_MIN) {
      this.end();
      return;
    }
    const { bytes, starts, ends, count } = this;
    const hashes = this.#hashes;
    let repeated = 0;
    for (let i = 0; i < count; i++) {
      hashes[i] = zone.hashOf(physical, bytes, starts[i], ends[i]);
      if (hashes[i] === hashes[0]) repeated++;
    }
    this.#at = 0;
    this.#database = database;
    this.#physical = physical;
    if (repeated > COUNT_MIN) this.#pause = PAUSE;
    else zone.warm(hashes, count);
  }

  /** Index, for hash(), of the hash of the key at bytes[start…) in a database; -1: not known. */
  find(bytes: Uint8Array, start: number, database: Place): number {
    const at = this.#at;
    if (bytes !== this.bytes || start !== this.starts[at]) return -1;
    return database === this.#database && database.physical === this.#physical ? at : -1;
  }

  hash(index: number): number {
    return this.#hashes[index];
  }
}
