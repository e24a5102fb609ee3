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

import { errors } from '../resp/errors.ts';
import type { Zone } from '../zone/zone.ts';
import { Database } from './database.ts';

/** What INFO counts about keys, over all zones. */
export interface KeyspaceCounts {
  hits: number;
  misses: number;
  /** Changes since the last save. */
  dirty: number;
}

export class Keyspace {
  readonly zones: readonly Zone[];
  /** By number, as clients select them. */
  readonly databases: readonly Database[];
  readonly counts: KeyspaceCounts = { hits: 0, misses: 0, dirty: 0 };
  /** Whether look-ups count as uses; off while a client runs that asked for NO-TOUCH. */
  touches = true;
  /** Whether expired keys go by themselves; off after DEBUG SET-ACTIVE-EXPIRE 0. */
  expiresActively = true;

  /** The first zone holds `numbered` databases, every further one a single database. */
  constructor(zones: readonly Zone[], numbered: number) {
    this.zones = zones;
    const databases: Database[] = [];
    zones.forEach((zone, i) => {
      const count = i === 0 ? numbered : 1;
      for (let physical = 0; physical < count; physical++) {
        databases.push(new Database(this, databases.length, zone, physical));
      }
    });
    this.databases = databases;
  }

  /** The zone of a name, or undefined. */
  zone(name: string): Zone | undefined {
    return this.zones.find((zone) => zone.name === name);
  }

  /** The first database of a zone. */
  databaseOf(zone: Zone): Database {
    return this.databases.find((database) => database.zone === zone)!;
  }

  /** The database that shows a zone's databases numbered `physical` now. */
  databaseWith(zone: Zone, physical: number): Database {
    return this.databases.find((d) => d.zone === zone && d.physical === physical)!;
  }

  /** Tells every zone the time. */
  tick(now: number): void {
    const { zones } = this;
    for (let i = 0; i < zones.length; i++) zones[i].tick(now);
  }

  /** Removes keys past their deadline, at most `limit` of them. Answers how many there were. */
  expireDue(limit: number): number {
    if (!this.expiresActively) return 0;
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
  }

  /** Removes every key of every database. */
  clear(): void {
    for (const zone of this.zones) {
      this.counts.dirty += zone.table.count;
      zone.clear();
    }
  }
}
