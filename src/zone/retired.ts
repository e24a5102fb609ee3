/**
 * Retired: what is gone for everyone and not freed yet.
 *
 * Freeing a value takes a step for each of its chunks, emptying a database one for each of its
 * keys. So what is large is only renumbered: it belongs to a database that nobody shows, and is
 * freed in slices, by the timer, or by the first write that needs its room.
 *
 *   FLUSHDB ASYNC     the database is shown under a new number, the old one is retired
 *   UNLINK, expiry    one entry moves to the last number of all
 *
 *   numbers   0 … shown │ … spare ones … │ single entries
 *
 * An entry that is retired has left its indexes already: nobody is told when it is freed.
 */

import type { Arena } from './arena.ts';
import type { Content } from './content.ts';
import { CHUNKS_LISTED, E_HASH } from './entry.ts';
import type { Layout } from './layout.ts';
import type { Recency } from './recency.ts';
import type { Table } from './table.ts';

/** Databases that can be retired at a time, in numbers that a zone keeps for that. */
const SPARE_COUNT = 16;
/** Numbers of databases that are not shown. */
export const RETIRED_COUNT = SPARE_COUNT + 1;

/** What it must know of the zone and do to it. */
export interface Retiring {
  readonly arena: Arena;
  readonly layout: Layout;
  readonly content: Content;
  readonly table: Table;
  readonly recency: Recency;
  moves: number;
  database(entry: number): number;
  entryCount(database: number): number;
  moveToDatabase(entry: number, database: number): void;
  discard(entry: number): void;
}

export class Retired {
  readonly #zone: Retiring;
  /** Number of the database of single entries. */
  readonly #single: number;
  /** Numbers in which no entry is. */
  readonly #spare: number[] = [];
  readonly #databases: number[] = [];
  /** Where the walk over the table goes on that looks for keys of retired databases. */
  #bucket = 0;
  /** Hashes of single entries: how to find them wherever they have been moved to. */
  readonly #hashes: number[] = [];
  /** Called when there is something to free and was nothing before. */
  onBegin: (() => void) | undefined = undefined;
  /** Entries freed this way. */
  freed = 0;

  /** `shown`: how many databases the zone has for its users. */
  constructor(zone: Retiring, shown: number) {
    this.#zone = zone;
    this.#single = shown + SPARE_COUNT;
    for (let number = this.#single - 1; number >= shown; number--) this.#spare.push(number);
  }

  get isEmpty(): boolean {
    return this.#hashes.length === 0 && this.#databases.length === 0;
  }

  /** Entries that wait to be freed. */
  get pending(): number {
    let count = this.#hashes.length;
    for (const number of this.#databases) count += this.#zone.entryCount(number);
    return count;
  }

  /** Whether an entry is one whose content may be gone in part. */
  isSingle(entry: number): boolean {
    return this.#zone.database(entry) === this.#single;
  }

  /** Takes an entry out of its database. It is not volatile and has no annex. */
  addEntry(entry: number): void {
    const wasEmpty = this.isEmpty;
    this.#zone.moveToDatabase(entry, this.#single);
    this.#hashes.push(this.#zone.arena.i32[entry * 2 + E_HASH]);
    if (wasEmpty) this.onBegin?.();
  }

  /** Retires a whole database. Answers the number it is to be shown under, -1 if none is left. */
  replace(database: number): number {
    const number = this.#spare.pop();
    if (number === undefined) return -1;
    const wasEmpty = this.isEmpty;
    this.#databases.push(database);
    this.#bucket = 0;
    if (wasEmpty) this.onBegin?.();
    return number;
  }

  /** Frees what `steps` steps are enough for: one is an entry, or a chunk. */
  free(steps: number): void {
    let left = steps;
    while (left > 0 && this.#hashes.length > 0) left -= this.#freeSingle(left);
    while (left > 0 && this.#databases.length > 0) left -= this.#freeBucket();
  }

  /** Everything has been cleared. */
  reset(): void {
    this.#spare.push(...this.#databases);
    this.#databases.length = 0;
    this.#hashes.length = 0;
  }

  #freeSingle(limit: number): number {
    const zone = this.#zone;
    const { content } = zone;
    const hash = this.#hashes[this.#hashes.length - 1];
    const entry = this.#find(hash);
    const chunks = content.chunkCount(entry);
    if (chunks > limit && chunks > CHUNKS_LISTED + 1) {
      content.dropChunks(entry, Math.max(CHUNKS_LISTED + 1, chunks - limit));
      return limit;
    }
    this.#hashes.pop();
    this.#discard(entry);
    return chunks + 1;
  }

  #find(hash: number): number {
    const { table, arena, layout } = this.#zone;
    const { i32 } = arena;
    let entry = table.head(hash >>> layout.bucketShift);
    while (i32[entry * 2 + E_HASH] !== hash || !this.isSingle(entry)) entry = i32[entry * 2];
    return entry;
  }

  /** Frees the keys of retired databases in one bucket. */
  #freeBucket(): number {
    const zone = this.#zone;
    const { table } = zone;
    this.#bucket = table.nextOccupied(this.#bucket);
    if (this.#bucket >= table.bucketCount) {
      this.#bucket = 0;
      this.#endDatabases();
      return 1;
    }
    let steps = 1;
    for (let entry = table.head(this.#bucket); entry !== 0; ) {
      const next = zone.arena.i32[entry * 2];
      if (this.#databases.includes(zone.database(entry))) {
        steps += zone.content.chunkCount(entry) + 1;
        this.#discard(entry);
      }
      entry = next;
    }
    this.#bucket++;
    return steps;
  }

  /** Those in which no entry is any more can be shown again. */
  #endDatabases(): void {
    for (let i = this.#databases.length - 1; i >= 0; i--) {
      const number = this.#databases[i];
      if (this.#zone.entryCount(number) > 0) continue;
      this.#databases.splice(i, 1);
      this.#spare.push(number);
    }
  }

  #discard(entry: number): void {
    const zone = this.#zone;
    zone.moves++;
    zone.recency.remove(entry);
    zone.discard(entry);
    this.freed++;
  }
}
