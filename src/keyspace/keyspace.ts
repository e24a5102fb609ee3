/**
 * The keyspace: the zones of a server and the databases in them.
 *
 *   number      0 … 15             16            17 …
 *   zone        default            sessions      further zones, as declared
 *
 * Databases of one zone share its memory, its eviction order and its table, and are told apart by a
 * number in each entry. SWAPDB exchanges those numbers, so clients that selected a database see the
 * other one's keys at once.
 */

import { Argv } from '../resp/argv.ts';
import { type ErrorReply, errors } from '../resp/errors.ts';
import { auditHash } from '../value/hash.ts';
import { auditList } from '../value/list.ts';
import { auditSet } from '../value/set.ts';
import { auditSortedSet } from '../value/sorted-set.ts';
import { auditStream } from '../value/stream.ts';
import { audit, type ValueAudit } from '../zone/audit.ts';
import type { Zone } from '../zone/zone.ts';
import { type Common, Database, type Traffic } from './database.ts';
import type { KeyEvent } from './events.ts';
import { Lookahead } from './lookahead.ts';

/** What INFO counts about keys, over all zones. */
class KeyspaceCounts {
  /** Changes since the last save. */
  dirty = 0;
  readonly #traffic: readonly Traffic[];

  constructor(traffic: readonly Traffic[]) {
    this.#traffic = traffic;
  }

  get hits(): number {
    return this.#traffic.reduce((sum, { hits }) => sum + hits, 0);
  }

  get misses(): number {
    return this.#traffic.reduce((sum, { misses }) => sum + misses, 0);
  }

  /** CONFIG RESETSTAT. */
  reset(): void {
    for (const traffic of this.#traffic) {
      traffic.hits = 0;
      traffic.misses = 0;
    }
  }
}

/** One for each type that has insides. */
const audits: readonly ValueAudit[] = [
  auditHash, //
  auditList,
  auditSet,
  auditSortedSet,
  auditStream,
];

const auditValue: ValueAudit = (zone, entry) => {
  for (const auditType of audits) {
    const fault = auditType(zone, entry);
    if (fault !== undefined) return fault;
  }
  return undefined;
};

export class Keyspace implements Common {
  readonly zones: readonly Zone[];
  /** By number, as clients select them. */
  readonly databases: readonly Database[];
  readonly #zones: ReadonlyMap<string, Zone>;
  readonly #firstOf: ReadonlyMap<Zone, Database>;
  readonly counts: KeyspaceCounts;
  /** Whether any of these below keeps some commands from running: asked at each. */
  isHindered = false;
  #memoryLimit = Number.POSITIVE_INFINITY;
  #isOverLimit = false;
  #isLoading = false;
  #saveFault: ErrorReply | undefined = undefined;
  #lacksReplicas = false;
  #appendFault: ErrorReply | undefined = undefined;
  readonly ahead = new Lookahead();
  observer: Common['observer'] = undefined;
  onReplaced: Common['onReplaced'] = undefined;
  /** Called when what the default zone holds is within a limit that was not met. */
  onFitting: ((limit: number) => void) | undefined = undefined;
  onFlush: Common['onFlush'] = undefined;
  onMiss: Common['onMiss'] = undefined;
  onNew: Common['onNew'] = undefined;
  /** Whether look-ups count as uses; off while a client runs that asked for NO-TOUCH. */
  touches = true;
  /** Whether keys past their deadline stay, seen by nobody: while writes are paused. */
  keepsExpired = false;
  /** Whether expired keys go by themselves; off after DEBUG SET-ACTIVE-EXPIRE 0. */
  expiresActively = true;

  /** The first zone holds `numbered` databases, every further one a single database. */
  constructor(zones: readonly Zone[], numbered: number) {
    this.zones = zones;
    const databases: Database[] = [];
    const traffic = zones.map((zone, i) => {
      const own: Traffic = { hits: 0, misses: 0 };
      const count = i === 0 ? numbered : 1;
      for (let physical = 0; physical < count; physical++) {
        databases.push(new Database(this, databases.length, zone, physical, own));
      }
      return own;
    });
    this.databases = databases;
    this.#zones = new Map(zones.map((zone) => [zone.name, zone]));
    // The first of each zone comes last here, and so stays.
    this.#firstOf = new Map(databases.toReversed().map((database) => [database.zone, database]));
    this.counts = new KeyspaceCounts(traffic);
  }

  /** Bytes the default zone is to hold at most, where that is not just its size: else Infinity. */
  get memoryLimit(): number {
    return this.#memoryLimit;
  }

  set memoryLimit(limit: number) {
    this.#memoryLimit = limit;
    this.#isOverLimit = this.#defaultUse > limit;
    this.#noteHindrances();
  }

  /** Whether more is held than may be, as found by fitIn(): nothing may be added. */
  get isOverLimit(): boolean {
    return this.#isOverLimit;
  }

  /** Evicts until what is held is within the limit, or all is gone that may go. */
  fitIn(): void {
    const limit = this.#memoryLimit;
    if (limit === Number.POSITIVE_INFINITY || this.#isLoading || this.keepsExpired) return;
    const [zone] = this.zones;
    if (this.#defaultUse > limit) zone.retired.free(Number.MAX_SAFE_INTEGER);
    while (this.#defaultUse > limit) {
      const victim = zone.recency.victim(0);
      if (victim === 0) break;
      zone.evict(victim);
    }
    this.#isOverLimit = this.#defaultUse > limit;
    if (!this.#isOverLimit) this.onFitting?.(limit);
  }

  get #defaultUse(): number {
    const [zone] = this.zones;
    return zone.fixedSize + zone.withShare(zone.takenSize);
  }

  /** Bytes in use before there is any key. */
  get startupMemory(): number {
    return this.zones[0].fixedSize;
  }

  /** Bytes that all zones hold, with what describes them. The default one full is its size. */
  get usedMemory(): number {
    const { startupMemory, zones } = this;
    return zones.reduce((sum, zone) => sum + zone.withShare(zone.takenSize), startupMemory);
  }

  /** Whether keys are being loaded: nobody may see them yet. */
  get isLoading(): boolean {
    return this.#isLoading;
  }

  set isLoading(isSo: boolean) {
    this.#isLoading = isSo;
    this.#noteHindrances();
  }

  /** What writes are refused with, because what they change could not be saved. */
  get saveFault(): ErrorReply | undefined {
    return this.#saveFault;
  }

  set saveFault(fault: ErrorReply | undefined) {
    this.#saveFault = fault;
    this.#noteHindrances();
  }

  /** Whether writes are refused because fewer replicas have them than must. */
  get lacksReplicas(): boolean {
    return this.#lacksReplicas;
  }

  set lacksReplicas(isSo: boolean) {
    this.#lacksReplicas = isSo;
    this.#noteHindrances();
  }

  /** The same, because the append only file can't be written. */
  set appendFault(fault: ErrorReply | undefined) {
    this.#appendFault = fault;
    this.#noteHindrances();
  }

  /** What writes are refused with. */
  get writeFault(): ErrorReply | undefined {
    return this.#saveFault ?? this.#appendFault;
  }

  #noteHindrances(): void {
    const isRefusing = this.writeFault !== undefined || this.#lacksReplicas;
    const isLimited = this.#memoryLimit !== Number.POSITIVE_INFINITY;
    this.isHindered = isLimited || this.#isLoading || isRefusing;
  }

  /** The zone of a name, or undefined. */
  zone(name: string): Zone | undefined {
    return this.#zones.get(name);
  }

  /** The first database of a zone. */
  databaseOf(zone: Zone): Database {
    return this.#firstOf.get(zone) as Database;
  }

  /** The databases of a zone, by number. */
  databasesOf(zone: Zone): readonly Database[] {
    return this.databases.filter((database) => database.zone === zone);
  }

  /** Whether a snapshot of any zone is being taken. */
  get isGuarded(): boolean {
    return this.zones.some(({ table }) => table.guard !== undefined);
  }

  /** The database that shows a zone's databases numbered `physical` now. */
  databaseWith(zone: Zone, physical: number): Database | undefined {
    return this.databases.find((d) => d.zone === zone && d.physical === physical);
  }

  /** The first broken invariant of a zone and of all it holds, or undefined. */
  audit(zone: Zone): string | undefined {
    return audit(zone, auditValue);
  }

  /** What ZONE STATS tells of a zone. Sizes in bytes. */
  figures(zone: Zone) {
    const { hits, misses } = this.databaseOf(zone).traffic;
    const { evicted, expired, forced, refused } = zone.counts;
    return {
      capacity: zone.size,
      used: zone.usedSize,
      free: zone.size - zone.usedSize,
      overhead: zone.overheadSize,
      entries: zone.table.count,
      expires: zone.deadlines.count,
      hits,
      misses,
      evicted,
      expired,
      'forced-writes': forced,
      'refused-writes': refused,
      'oldest-idle-seconds': oldestIdle(zone),
      classes: zone.slab.figures(),
    };
  }

  /** Tells every zone the time. */
  tick(now: number): void {
    const { zones } = this;
    for (let i = 0; i < zones.length; i++) zones[i].tick(now);
  }

  /** Whether keys past their deadline go by themselves at present. */
  get expiresNow(): boolean {
    return this.expiresActively && !this.keepsExpired;
  }

  /** Removes keys past their deadline, at most `limit` of them. Answers how many there were. */
  expireDue(limit: number): number {
    if (!this.expiresNow) return 0;
    let count = 0;
    for (const zone of this.zones) {
      while (count < limit && zone.expireOne()) count++;
    }
    return count;
  }

  /** Unix milliseconds of the next deadline in any zone, or Infinity. */
  nextDeadline(): number {
    let next = Number.POSITIVE_INFINITY;
    for (const { deadlines } of this.zones) {
      if (deadlines.count > 0) next = Math.min(next, deadlines.deadlineAt(0));
    }
    return next;
  }

  /** Exchanges the keys of two databases. Both must lie in one zone. */
  swap(a: number, b: number): void {
    const first = this.databases[a];
    const second = this.databases[b];
    if (first.zone !== second.zone) throw errors.swapAcrossZones;
    const physical = first.physical;
    first.physical = second.physical;
    second.physical = physical;
    this.counts.dirty++;
    this.onReplaced?.(first);
    this.onReplaced?.(second);
  }

  /** Tells of an entry that leaves a zone by itself, while it is still there. */
  tellRemoval(zone: Zone, entry: number, event: KeyEvent): void {
    const { observer } = this;
    if (observer === undefined) return;
    const database = this.databaseWith(zone, zone.database(entry));
    // Retired keys are gone already.
    if (database !== undefined) observer(database, Argv.of(zone.key(entry)), 0, event);
  }

  /** Whether anything waits to be freed in slices. */
  get hasRetired(): boolean {
    return this.zones.some(({ retired }) => !retired.isEmpty);
  }

  /** Entries that wait to be freed, and those that have been. */
  get retiredCount(): number {
    return this.zones.reduce((sum, { retired }) => sum + retired.pending, 0);
  }

  get freedCount(): number {
    return this.zones.reduce((sum, { retired }) => sum + retired.freed, 0);
  }

  /** Frees some of what waits for it. */
  freeRetired(steps: number): void {
    for (const { retired } of this.zones) retired.free(steps);
  }

  /** Removes every key of every database. */
  clear(): void {
    this.onFlush?.();
    for (const zone of this.zones) {
      this.counts.dirty += zone.table.count;
      zone.clear();
    }
    for (const database of this.databases) this.onReplaced?.(database);
  }
}

/** Seconds since the entry that would be evicted first was used. */
function oldestIdle(zone: Zone): number {
  const entry = zone.recency.oldest();
  return entry === 0 || zone.recency.keepsFrequency
    ? 0
    : Math.floor(zone.recency.idleMs(entry) / 1000);
}
