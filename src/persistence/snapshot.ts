/**
 * Snapshot: the keys of a zone as they are at one moment, written while they change.
 *
 *   buckets   [ w w w w w │ . . w . . . w . ]      w: written
 *              the walk ──▶ ahead of it, only what was about to change
 *
 * The walk writes bucket after bucket, in slices. Before the chain of a bucket changes, or the value
 * of a key in it, the whole bucket is written first, if it has not been: what comes later is none of
 * the snapshot. So where an entry lies, and whether it moves, means nothing here; and a key that is
 * neither changed nor reached yet costs nothing.
 *
 * A large value takes long to be written: it is copied first, and written from the copy in steps. If
 * it is about to change that waits for the copy alone.
 *
 * Databases are those that clients saw at the moment it began, whatever is swapped or emptied since.
 */

import type { Database } from '../keyspace/database.ts';
import { canBeFrozen, Frozen } from '../keyspace/frozen.ts';
import { LARGE_SIZE } from './byte-writer.ts';

type Zone = Database['zone'];

/** Buckets looked at in a step, at most. */
const STEP_BUCKETS = 64;

/** What keys are written to. */
export interface SnapshotWriter {
  /** How many keys of a database will follow. */
  sizes(database: number, keys: number, volatile: number): void;
  /** The key of an entry, which belongs to this database. */
  entry(zone: Zone, entry: number, database: number): void;
  /** The same of a large key: as step() is called, its value is copied, and then written. */
  large(zone: Zone, entry: number, database: number, value: Frozen): void;
  /** Writes some of the large keys that wait. False: there are none. */
  step(): boolean;
}

export class Snapshot {
  readonly zone: Zone;
  readonly writer: SnapshotWriter;
  /** Keys there were at that moment, and those written. */
  readonly count: number;
  written = 0;
  /** Bytes of those that were written because they were about to change. */
  aheadSize = 0;
  /** Whether the last step was one of many for a large value: what it has written may be nothing. */
  isInLarge = false;
  /** Bytes from which on a value is a large one. */
  readonly #largeSize: number;
  /** Number of a database in the file, by that in its entries; -1 for none. */
  readonly #numbers: Int32Array;
  /** One bit for each bucket: written ahead of the walk. */
  readonly #ahead: Uint8Array;
  /** Where the walk goes on. */
  #bucket = 0;
  /** Large values of the bucket that was written last, which may not be copied yet. */
  #copying: Frozen[] = [];
  #isOpen = true;

  /** Begins one of these databases, numbered as they come from `first` on, all of one zone. */
  constructor(
    databases: readonly Database[],
    writer: SnapshotWriter,
    first = 0,
    largeSize = LARGE_SIZE,
  ) {
    const { zone } = databases[0];
    // There is one at a time: the other is taken as a whole now.
    zone.table.guard?.finish();
    this.zone = zone;
    this.writer = writer;
    this.#largeSize = largeSize;
    this.#numbers = new Int32Array(zone.layout.databaseCount).fill(-1);
    this.#ahead = new Uint8Array(Math.ceil(zone.table.bucketCount / 8));
    let count = 0;
    for (const [i, database] of databases.entries()) {
      const number = first + i;
      this.#numbers[database.physical] = number;
      if (database.size === 0) continue;
      writer.sizes(number, database.size, database.volatileSize);
      count += database.size;
    }
    this.count = count;
    zone.table.guard = this;
  }

  /** Writes some of what is left. False when nothing is. */
  step(): boolean {
    const { table } = this.zone;
    if (!this.#isOpen) return false;
    this.isInLarge = this.writer.step();
    if (this.isInLarge) return true;
    if (this.#copying.length > 0) this.#copying = [];
    const { bucketCount } = table;
    for (let i = 0; i < STEP_BUCKETS; i++) {
      const bucket = table.nextOccupied(this.#bucket);
      if (bucket >= bucketCount) {
        this.end();
        return false;
      }
      this.#bucket = bucket + 1;
      if (!this.#isAhead(bucket) && this.#write(bucket, false)) return true;
    }
    return true;
  }

  /** Writes all that is left. */
  finish(): void {
    while (this.step());
  }

  /** No more is written. */
  end(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.zone.table.guard = undefined;
  }

  /** What is in a bucket is about to change. */
  beforeChange(bucket: number): void {
    if (bucket === this.#bucket - 1) for (const value of this.#copying) value.finish();
    if (bucket < this.#bucket || this.#isAhead(bucket)) return;
    this.#ahead[bucket >>> 3] |= 1 << (bucket & 7);
    this.#write(bucket, true);
    const { zone } = this;
    for (let entry = zone.table.head(bucket); entry !== 0; entry = zone.arena.i32[entry * 2]) {
      this.aheadSize += zone.sizeOf(entry);
    }
  }

  #isAhead(bucket: number): boolean {
    return (this.#ahead[bucket >>> 3] & (1 << (bucket & 7))) !== 0;
  }

  /** Writes the keys of a bucket, which is about to change if `isAhead`. Answers whether there were any. */
  #write(bucket: number, isAhead: boolean): boolean {
    const { zone, writer } = this;
    const { table, arena } = zone;
    const before = this.written;
    if (!isAhead) this.#copying = [];
    for (let entry = table.head(bucket); entry !== 0; entry = arena.i32[entry * 2]) {
      const number = this.#numbers[zone.database(entry)];
      if (number < 0) continue;
      this.written++;
      if (zone.content.size(entry) < this.#largeSize || !canBeFrozen(zone, entry)) {
        writer.entry(zone, entry, number);
        continue;
      }
      const value = new Frozen(zone, entry);
      if (isAhead) value.finish();
      else this.#copying.push(value);
      writer.large(zone, entry, number, value);
    }
    return this.written > before;
  }
}
