/**
 * A database: keys as clients see them.
 *
 * What a command may do with keys goes through here: look-ups that honour deadlines and count as
 * uses, writes that are all or nothing, and one funnel, `changed()`, for everything that alters a
 * key. A key is named by an argument of the request, `(argv, index)`, so that finding it copies
 * nothing. An entry is what a look-up answers: an offset, 0 for none, good until the next write.
 */

import type { Argv } from '../resp/argv.ts';
import { errors } from '../resp/errors.ts';
import { copyBytes } from '../std/bytes.ts';
import { Hash } from '../value/hash.ts';
import { List } from '../value/list.ts';
import { MemberSet } from '../value/set.ts';
import { SortedSet } from '../value/sorted-set.ts';
import { Stream } from '../value/stream.ts';
import {
  TYPE_HASH,
  TYPE_LIST,
  TYPE_SET,
  TYPE_SORTED_SET,
  TYPE_STREAM,
  TYPE_STRING,
} from '../value/type.ts';
import { DELETED, EXPIRED, FLUSHED, type Zone } from '../zone/zone.ts';
import { events, type KeyEvent } from './events.ts';
import type { Lookahead } from './lookahead.ts';

/** Deadline arguments: none, or the one the key has. */
export const NO_DEADLINE = -1;
export const KEEP_DEADLINE = -2;

/** Bytes of a key worth to be remembered. */
const REPEATED_SIZE_MAX = 32;
/** So often a random key is drawn before all keys are looked at. */
const TRIES_MAX = 100;

/** Look-ups for reading in one zone. */
export interface Traffic {
  hits: number;
  misses: number;
}

/** What the databases of a keyspace have in common. */
export interface Common {
  /** Told of each event of a key, while it is as the event left it. It must not write. */
  observer: ((db: Database, argv: Argv, index: number, event: KeyEvent) => void) | undefined;
  /** Told of a key that was asked for and is not there, and of one that was made. */
  onMiss: ((db: Database, argv: Argv, index: number) => void) | undefined;
  onNew: ((db: Database, argv: Argv, index: number) => void) | undefined;
  /** Told when any key of a database may have come or gone: it was emptied, or swapped. */
  onReplaced: ((db: Database) => void) | undefined;
  /** Told when a database, or all of them, are about to be emptied. */
  onFlush: (() => void) | undefined;
  /** Whether look-ups count as uses; off while a client runs that asked for NO-TOUCH. */
  touches: boolean;
  /** Whether keys past their deadline stay, seen by nobody: while writes are paused. */
  keepsExpired: boolean;
  /** What is known of the requests to come. */
  readonly ahead: Lookahead;
  readonly counts: {
    /** Changes since the last save. */
    dirty: number;
  };
}

/** A value whose insides are laid out for the chunks of its zone. */
interface Insides {
  /** Bytes of content for a copy in another zone. */
  sizeIn(zone: Zone): number;
  copyTo(zone: Zone, entry: number): void;
}

function insidesOf(zone: Zone, entry: number): Insides | undefined {
  switch (zone.type(entry)) {
    case TYPE_HASH:
      return new Hash().open(zone, entry);
    case TYPE_LIST:
      return new List().open(zone, entry);
    case TYPE_SET:
      return new MemberSet().open(zone, entry);
    case TYPE_SORTED_SET:
      return new SortedSet().open(zone, entry);
    case TYPE_STREAM:
      return new Stream().open(zone, entry);
    default:
      return undefined;
  }
}

export class Database {
  readonly keyspace: Common;
  /** The number clients select. */
  readonly number: number;
  readonly zone: Zone;
  /** The number its entries carry in the zone; SWAPDB exchanges two of them. */
  physical: number;
  /** Hits and misses of its zone. */
  readonly traffic: Traffic;
  /** Hash of the key looked up last: a write right after it need not hash again. */
  #hash = 0;
  /** A key that was looked up twice in a row, and its hash; see hashOf(). */
  readonly #repeated = new Uint8Array(REPEATED_SIZE_MAX);
  #repeatedSize = -1;
  #repeatedHash = 0;
  #repeatedPhysical = 0;
  /** Its entry, if nothing has left its place in the table since. */
  #repeatedEntry = 0;
  #repeatedLeaves = -1;

  constructor(keyspace: Common, number: number, zone: Zone, physical: number, traffic: Traffic) {
    this.traffic = traffic;
    this.keyspace = keyspace;
    this.number = number;
    this.zone = zone;
    this.physical = physical;
  }

  // ── Finding ───────────────────────────────────────────────────────────────────────────────────

  /** Entry of a key for reading: a hit or a miss, and a use. */
  find(argv: Argv, index: number): number {
    const entry = this.findUnused(argv, index);
    if (entry !== 0 && this.keyspace.touches) this.zone.touch(entry);
    return entry;
  }

  /** As find(), for what only asks about the key: not a use. */
  findUnused(argv: Argv, index: number): number {
    const entry = this.peek(argv, index);
    if (entry !== 0) {
      this.traffic.hits++;
    } else {
      this.traffic.misses++;
      this.keyspace.onMiss?.(this, argv, index);
    }
    return entry;
  }

  /** Entry of a key that is about to be written: a use, and neither hit nor miss. */
  findForWrite(argv: Argv, index: number): number {
    const entry = this.peek(argv, index);
    if (entry !== 0 && this.keyspace.touches) this.zone.touch(entry);
    return entry;
  }

  /** Entry of a key that is only looked at: not a use. Removes it when its deadline has passed. */
  peek(argv: Argv, index: number): number {
    if (!this.#isRepeated(argv, index)) {
      return this.peekHashed(argv, index, this.#newHashOf(argv, index));
    }
    const { leaves } = this.zone.table;
    if (this.#repeatedLeaves !== leaves || this.zone.isExpired(this.#repeatedEntry)) {
      const entry = this.peekHashed(argv, index, this.#repeatedHash);
      this.#repeatedEntry = entry;
      this.#repeatedLeaves = entry === 0 ? -1 : leaves;
      return entry;
    }
    this.#hash = this.#repeatedHash;
    return this.#repeatedEntry;
  }

  /** Hash of a key, to look it up with more than once. */
  hashOf(argv: Argv, index: number): number {
    return this.#isRepeated(argv, index) ? this.#repeatedHash : this.#newHashOf(argv, index);
  }

  /**
   * Whether a key is the one remembered. Pipelines often work on one collection: its key is neither
   * hashed nor looked up any more.
   */
  #isRepeated({ bytes, starts, ends }: Argv, index: number): boolean {
    const start = starts[index];
    const size = ends[index] - start;
    if (size !== this.#repeatedSize || this.physical !== this.#repeatedPhysical) return false;
    // From its end, where keys differ.
    let i = size - 1;
    while (i >= 0 && bytes[start + i] === this.#repeated[i]) i--;
    return i < 0;
  }

  #newHashOf({ bytes, starts, ends }: Argv, index: number): number {
    const start = starts[index];
    const { ahead } = this.keyspace;
    const known = ahead.find(bytes, start, this);
    if (known >= 0) return ahead.hash(known);
    const end = ends[index];
    const hash = this.zone.hashOf(this.physical, bytes, start, end);
    if (hash === this.#hash && end - start <= REPEATED_SIZE_MAX) {
      this.#noteRepeated(bytes, start, end);
    }
    return hash;
  }

  #noteRepeated(bytes: Uint8Array, start: number, end: number): void {
    this.#repeatedSize = end - start;
    this.#repeatedPhysical = this.physical;
    this.#repeatedHash = this.#hash;
    this.#repeatedLeaves = -1;
    copyBytes(this.#repeated, 0, bytes, start, end);
  }

  /** As peek(), with the hash of the key. */
  peekHashed(argv: Argv, index: number, hash: number): number {
    const { zone } = this;
    this.#hash = hash;
    const start = argv.starts[index];
    const entry = zone.find(this.physical, hash, argv.bytes, start, argv.ends[index]);
    if (entry !== 0 && zone.isExpired(entry)) {
      if (!this.keyspace.keepsExpired) zone.remove(entry, EXPIRED);
      return 0;
    }
    return entry;
  }

  /** Entry of a key even past its deadline, while it is there. Not a use. */
  findStale(argv: Argv, index: number): number {
    const { zone, physical } = this;
    const start = argv.starts[index];
    const end = argv.ends[index];
    const hash = zone.hashOf(physical, argv.bytes, start, end);
    return zone.find(physical, hash, argv.bytes, start, end);
  }

  /** As findStale(), and put() may follow. */
  lookUpStale({ bytes, starts, ends }: Argv, index: number): number {
    const { zone, physical } = this;
    const hash = zone.hashOf(physical, bytes, starts[index], ends[index]);
    this.#hash = hash;
    return zone.find(physical, hash, bytes, starts[index], ends[index]);
  }

  /** Whoever takes a snapshot must see a key now: it may be about to change. */
  beforeChange(bytes: Uint8Array, start: number, end: number): void {
    const { zone, physical } = this;
    zone.table.beforeChange(zone.hashOf(physical, bytes, start, end));
  }

  /** Refuses an entry of another type. */
  expectType(entry: number, type: number): void {
    if (this.zone.type(entry) !== type) throw errors.wrongType;
  }

  /** As find(), refusing what is no string. */
  findString(argv: Argv, index: number): number {
    const entry = this.find(argv, index);
    if (entry !== 0 && this.zone.type(entry) !== TYPE_STRING) throw errors.wrongType;
    return entry;
  }

  /** As findForWrite(), refusing what is no string. */
  findStringForWrite(argv: Argv, index: number): number {
    const entry = this.findForWrite(argv, index);
    if (entry !== 0 && this.zone.type(entry) !== TYPE_STRING) throw errors.wrongType;
    return entry;
  }

  // ── Writing ───────────────────────────────────────────────────────────────────────────────────

  /**
   * Makes an entry of `size` bytes for a key, in place of what it held. The key must have been the
   * last one looked up; `existing` is what the look-up answered. See Zone.put.
   */
  put(
    argv: Argv,
    index: number,
    existing: number,
    type: number,
    size: number,
    timed = false,
    annexSize = 0,
  ): number {
    const { zone } = this;
    if (existing === 0 && this.keyspace.keepsExpired) this.#removeStale(argv, index);
    const entry = zone.put(
      existing,
      this.physical,
      this.#hash,
      argv.bytes,
      argv.starts[index],
      argv.ends[index],
      type,
      size,
      timed,
      annexSize,
    );
    if (entry === 0) throw errors.outOfMemory;
    if (existing !== 0) zone.setPinned(entry, false);
    else this.keyspace.onNew?.(this, argv, index);
    return entry;
  }

  /** As put(), and the entry expires at `deadline` (Unix milliseconds), or with NO_DEADLINE never. */
  putUntil(
    argv: Argv,
    index: number,
    existing: number,
    type: number,
    size: number,
    deadline: number,
  ): number {
    const entry = this.put(argv, index, existing, type, size, deadline >= 0);
    if (deadline >= 0) this.zone.setDeadline(entry, deadline);
    else this.zone.clearDeadline(entry);
    return entry;
  }

  /**
   * Makes a key hold the string bytes[start, end). The key must have been the last one looked up;
   * `existing` is what the look-up answered. `deadline` is Unix milliseconds, NO_DEADLINE or
   * KEEP_DEADLINE; `exact` says it beyond 2^53. Throws out of memory with nothing changed.
   */
  setString(
    argv: Argv,
    index: number,
    existing: number,
    bytes: Uint8Array,
    start: number,
    end: number,
    deadline: number,
    exact?: bigint,
    annexSize = 0,
  ): number {
    const { zone } = this;
    const size = end - start;
    const timed = deadline >= 0;
    const entry = this.put(argv, index, existing, TYPE_STRING, size, timed, annexSize);
    if (zone.content.isFlat(entry)) {
      copyBytes(zone.arena.u8, zone.content.flatAt(entry), bytes, start, end);
    } else {
      zone.content.write(entry, 0, bytes, start, end);
    }
    if (timed) {
      zone.setDeadline(entry, deadline);
      if (exact !== undefined) zone.deadlines.setExact(entry, exact);
    } else if (deadline === NO_DEADLINE) zone.clearDeadline(entry);
    this.changed();
    return entry;
  }

  /** Another string of the same size was written over the one of an entry. */
  rewritten(entry: number): void {
    const { zone } = this;
    zone.setPinned(entry, false);
    zone.setEncoding(entry, 0);
    this.changed();
  }

  /** Removes a key that was kept past its deadline: nothing may stand beside its successor. */
  #removeStale(argv: Argv, index: number): void {
    const stale = this.findStale(argv, index);
    if (stale !== 0) this.zone.remove(stale, EXPIRED);
  }

  /** Changes the size of an entry's value; new bytes are zero. Throws with nothing changed. */
  resize(entry: number, size: number): number {
    const target = this.zone.resize(entry, size);
    if (target === 0) throw errors.outOfMemory;
    return target;
  }

  /**
   * Sets when an entry expires; `exact` says it beyond 2^53. Throws with nothing changed when there
   * is no room for it.
   */
  setDeadline(entry: number, deadline: number, exact?: bigint): number {
    const target = this.zone.setDeadline(entry, deadline);
    if (target === 0) throw errors.outOfMemory;
    if (exact !== undefined) this.zone.deadlines.setExact(target, exact);
    this.changed();
    return target;
  }

  clearDeadline(entry: number): void {
    this.zone.clearDeadline(entry);
    this.changed();
  }

  remove(entry: number): void {
    this.zone.remove(entry, DELETED);
    this.changed();
  }

  /** As remove(), and what takes more than one step to free is freed later. */
  unlink(entry: number): void {
    this.zone.unlink(entry, DELETED);
    this.changed();
  }

  /** Every change of a key passes here. */
  changed(count = 1): void {
    this.keyspace.counts.dirty += count;
  }

  /** Says what happened to the key argv[index], and how many changes it counts for. */
  changedKey(argv: Argv, index: number, event: KeyEvent, count = 1): void {
    this.changed(count);
    this.tell(argv, index, event);
  }

  /** Says what happened to the key argv[index], where what did it has counted as a change. */
  tell(argv: Argv, index: number, event: KeyEvent): void {
    this.keyspace.observer?.(this, argv, index, event);
  }

  /** Removes the entry of the key argv[index] because nothing is left in it. */
  removeEmpty(argv: Argv, index: number, entry: number): void {
    this.zone.remove(entry, DELETED);
    this.tell(argv, index, events.del);
  }

  /** Gives an entry the key argv[index], in place of what had it. Throws with nothing changed. */
  rename(entry: number, argv: Argv, index: number): void {
    const { zone, physical } = this;
    const start = argv.starts[index];
    const end = argv.ends[index];
    const hash = zone.hashOf(physical, argv.bytes, start, end);
    const made = zone.rename(entry, physical, hash, argv.bytes, start, end);
    this.#replaceBehind(this, made, argv, index);
    this.keyspace.onNew?.(this, argv, index);
  }

  /** Copies an entry to the key argv[index] of `target`, in place of what had it. */
  copyTo(entry: number, target: Database, argv: Argv, index: number): void {
    const start = argv.starts[index];
    const end = argv.ends[index];
    const hash = target.zone.hashOf(target.physical, argv.bytes, start, end);
    const made =
      target.zone === this.zone
        ? this.zone.copy(entry, target.physical, hash, argv.bytes, start, end)
        : this.#copyAcross(entry, target, hash, argv, index);
    this.#replaceBehind(target, made, argv, index);
    this.keyspace.onNew?.(target, argv, index);
  }

  /** Moves an entry to another database under its key argv[index], which is free there. */
  moveTo(entry: number, target: Database, argv: Argv, index: number): void {
    if (target.zone === this.zone) {
      this.#leaveIndexes(entry);
      this.zone.moveToDatabase(entry, target.physical);
      this.keyspace.onNew?.(target, argv, index);
      this.changed();
      return;
    }
    this.copyTo(entry, target, argv, index);
    this.zone.remove(entry, DELETED); // Another zone made room: nothing here has moved.
  }

  /** A session goes where its indexes are not: they lose it, and it is a session no longer. */
  #leaveIndexes(entry: number): void {
    const { zone } = this;
    const count = zone.annexSize(entry);
    if (count === 0) return;
    zone.onRemove?.(entry, DELETED);
    const words = zone.annexWord(entry);
    zone.arena.i32.fill(0, words, words + count);
  }

  /** Copies to another zone. Bytes go over through a buffer: two arenas share nothing. */
  #copyAcross(entry: number, target: Database, hash: number, argv: Argv, index: number): number {
    const from = this.zone;
    const to = target.zone;
    const type = from.type(entry);
    const insides = insidesOf(from, entry);
    const size = insides === undefined ? from.content.size(entry) : insides.sizeIn(to);
    const deadline = from.deadline(entry);
    const start = argv.starts[index];
    const end = argv.ends[index];
    const timed = deadline >= 0;
    const made = to.put(0, target.physical, hash, argv.bytes, start, end, type, size, timed);
    if (made === 0) return 0;
    to.setEncoding(made, from.encoding(entry));
    if (insides !== undefined) {
      insides.copyTo(to, made);
    } else {
      const { content } = from;
      for (let address = 0; address < size; ) {
        const at = content.at(entry, address);
        const run = content.runAt(entry, address);
        to.content.write(made, address, from.arena.u8, at, at + run);
        address += run;
      }
    }
    if (deadline >= 0) {
      to.setDeadline(made, deadline);
      to.deadlines.setExact(made, from.deadlines.exactOf(entry));
    }
    return made;
  }

  /** A new entry stands in front of what had its key before: that goes, as nothing can fail now. */
  #replaceBehind(target: Database, made: number, argv: Argv, index: number): void {
    if (made === 0) throw errors.outOfMemory;
    const { zone } = target;
    const old = zone.findAfter(made, argv.bytes, argv.starts[index], argv.ends[index]);
    if (old !== 0) zone.remove(old, DELETED);
    this.changed();
  }

  // ── The database as a whole ───────────────────────────────────────────────────────────────────

  /** Keys, those past their deadline and not yet removed included, as DBSIZE counts. */
  get size(): number {
    return this.zone.entryCount(this.physical);
  }

  get volatileSize(): number {
    return this.zone.volatileCount(this.physical);
  }

  /** Removes every key; `isLazy`: what can't be done at once is done in slices. */
  clear(isLazy: boolean): void {
    const { zone } = this;
    this.changed(this.size);
    this.keyspace.onFlush?.();
    this.keyspace.onReplaced?.(this);
    // A snapshot that is being taken is not to be finished at once: what is retired is still there.
    const isGuarded = zone.table.guard !== undefined;
    if (zone.table.count === this.size && !isGuarded) {
      zone.clear();
      return;
    }
    const number = isLazy || isGuarded ? zone.retired.replace(this.physical) : -1;
    if (number >= 0) {
      this.physical = number;
      return;
    }
    const { table, arena } = zone;
    for (let b = table.nextOccupied(0); b < table.bucketCount; b = table.nextOccupied(b + 1)) {
      let entry = table.head(b);
      while (entry !== 0) {
        const next = arena.i32[entry * 2];
        if (zone.database(entry) === this.physical) {
          zone.remove(entry, FLUSHED);
          // What left may have taken others along: begin the chain again.
          entry = table.head(b);
        } else {
          entry = next;
        }
      }
    }
  }

  /** Calls `visit` for every live key. It must not write. */
  each(visit: (entry: number) => void): void {
    const { zone } = this;
    const { table, arena } = zone;
    for (let b = table.nextOccupied(0); b < table.bucketCount; b = table.nextOccupied(b + 1)) {
      for (let entry = table.head(b); entry !== 0; entry = arena.i32[entry * 2]) {
        if (zone.database(entry) === this.physical && !zone.isExpired(entry)) visit(entry);
      }
    }
  }

  /**
   * Visits a stretch of the table from `cursor` on, whole buckets until about `count` entries were
   * seen, and answers the cursor to go on with, 0 at the end. A cursor is a place among the hashes:
   * keys that stay are seen whatever comes, goes or grows meanwhile.
   */
  scan(cursor: number, count: number, visit: (entry: number) => void): number {
    const { zone } = this;
    const { table, arena, layout } = zone;
    const step = 2 ** layout.bucketShift;
    let bucket = table.nextOccupied(Math.min(Math.floor(cursor / step), table.bucketCount));
    let seen = 0;
    let buckets = 0;
    while (bucket < table.bucketCount && seen < count && buckets < count * 10) {
      for (let entry = table.head(bucket); entry !== 0; entry = arena.i32[entry * 2]) {
        if (zone.database(entry) !== this.physical) continue;
        seen++;
        visit(entry);
      }
      buckets++;
      bucket = table.nextOccupied(bucket + 1);
    }
    return bucket < table.bucketCount ? bucket * step : 0;
  }

  /** Removes keys past their deadline which a scan from `cursor` to `next` has seen. */
  removeExpired(cursor: number, next: number, matches: (entry: number) => boolean): void {
    if (this.keyspace.keepsExpired) return;
    const { zone } = this;
    const { table, arena, layout } = zone;
    const step = 2 ** layout.bucketShift;
    const limit = next === 0 ? table.bucketCount : next / step;
    let bucket = table.nextOccupied(Math.floor(cursor / step));
    while (bucket < limit) {
      let entry = table.head(bucket);
      while (entry !== 0) {
        const isGone =
          zone.database(entry) === this.physical && zone.isExpired(entry) && matches(entry);
        // Others of the chain may go with it.
        if (isGone) zone.remove(entry, EXPIRED);
        entry = isGone ? table.head(bucket) : arena.i32[entry * 2];
      }
      bucket = table.nextOccupied(bucket + 1);
    }
  }

  /** A live key, each with the same chance, or 0 when there is none. */
  random(): number {
    const { zone } = this;
    for (let tries = 0; this.size > 0; tries++) {
      const entry = this.#anyEntry();
      if (!zone.isExpired(entry)) return entry;
      if (!this.keyspace.keepsExpired) zone.remove(entry, EXPIRED);
      else if (tries === TRIES_MAX) return this.#anyLive();
    }
    return 0;
  }

  /** Some live key, however many others are kept past their deadline, or 0. */
  #anyLive(): number {
    const live: number[] = [];
    this.each((entry) => live.push(entry));
    return live.length === 0 ? 0 : live[this.zone.random.below(live.length)];
  }

  #anyEntry(): number {
    const { zone } = this;
    const { table } = zone;
    // Databases share the table: try until one of ours comes up, then walk to the next.
    for (let tries = 0; tries < TRIES_MAX; tries++) {
      const entry = table.random(zone.random);
      if (zone.database(entry) === this.physical) return entry;
    }
    const first = zone.random.below(table.count);
    for (let i = 0; ; i++) {
      const entry = table.byRank((first + i) % table.count);
      if (zone.database(entry) === this.physical) return entry;
    }
  }
}
