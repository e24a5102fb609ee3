/**
 * Watches: who wants to know whether a key changes before a transaction is run.
 *
 *   WATCH k      watch()    remembers the key, and whether it is there
 *   any event    note()     its watchers' transactions will not be run
 *   EXEC         isBroken() also asks whether a watched key has expired meanwhile
 *
 * A key that was past its deadline when the watch began may go without a change: it was none.
 */

import { Argv } from '../resp/argv.ts';
import { latin1Text } from '../std/ascii.ts';
import type { Database } from './database.ts';

/** Whose transaction it is. */
export interface Watcher {
  /** Whether a watched key has changed. */
  isDirty: boolean;
  /** How many keys it watches. */
  keyCount: number;
}

interface Watched {
  readonly database: Database;
  readonly key: Uint8Array;
  /** Whether the key was there, and alive. */
  readonly wasThere: boolean;
  readonly watchers: Set<Watcher>;
}

const probe = new Argv();

/** Whether a key is there, and alive. */
function isThere(database: Database, key: Uint8Array): boolean {
  probe.bytes = key;
  probe.count = 1;
  probe.starts[0] = 0;
  probe.ends[0] = key.length;
  const entry = database.findStale(probe, 0);
  return entry !== 0 && !database.zone.isExpired(entry);
}

export class Watches {
  readonly #byName = new Map<string, Map<boolean, Watched>>();
  readonly #byWatcher = new Map<Watcher, Set<Watched>>();

  /** Whether anyone watches any key: expiry and eviction are to be told, too. */
  get isEmpty(): boolean {
    return this.#byWatcher.size === 0;
  }

  watch(watcher: Watcher, database: Database, key: Uint8Array): void {
    const name = nameOf(database, latin1Text(key, 0, key.length));
    let both = this.#byName.get(name);
    if (both === undefined) {
      both = new Map();
      this.#byName.set(name, both);
    }
    let own = this.#byWatcher.get(watcher);
    if (own === undefined) {
      own = new Set();
      this.#byWatcher.set(watcher, own);
    }
    for (const watched of both.values()) if (own.has(watched)) return;
    const wasThere = isThere(database, key);
    let watched = both.get(wasThere);
    if (watched === undefined) {
      watched = { database, key, wasThere, watchers: new Set() };
      both.set(wasThere, watched);
    }
    watched.watchers.add(watcher);
    own.add(watched);
    watcher.keyCount++;
  }

  /** A watcher watches nothing any more. */
  forget(watcher: Watcher): void {
    watcher.isDirty = false;
    watcher.keyCount = 0;
    const own = this.#byWatcher.get(watcher);
    if (own === undefined) return;
    this.#byWatcher.delete(watcher);
    for (const watched of own) {
      watched.watchers.delete(watcher);
      if (watched.watchers.size > 0) continue;
      const { database, key, wasThere } = watched;
      const name = nameOf(database, latin1Text(key, 0, key.length));
      const both = this.#byName.get(name);
      both?.delete(wasThere);
      if (both?.size === 0) this.#byName.delete(name);
    }
  }

  /** Whether a watched key has changed, or its time has come. */
  isBroken(watcher: Watcher): boolean {
    if (watcher.isDirty) return true;
    for (const { database, key, wasThere } of this.#byWatcher.get(watcher) ?? []) {
      if (wasThere && !isThere(database, key)) return true;
    }
    return false;
  }

  /** An event of a key. */
  note(database: Database, argv: Argv, index: number): void {
    if (this.#byName.size === 0) return;
    const both = this.#byName.get(nameOf(database, argv.text(index)));
    if (both === undefined) return;
    for (const watched of both.values()) spoil(watched);
  }

  /** A key is gone because its time had come. Who saw it dead already has lost nothing. */
  noteExpiry(database: Database, argv: Argv, index: number): void {
    const both = this.#byName.get(nameOf(database, argv.text(index)));
    const watched = both?.get(true);
    if (watched !== undefined) spoil(watched);
  }

  /**
   * A database is about to lose all its keys, or to change places with another: what is there is
   * not what it was.
   */
  noteAll(database: Database): void {
    for (const both of this.#byName.values()) {
      for (const watched of both.values()) {
        if (watched.database !== database) continue;
        if (watched.wasThere || isThere(database, watched.key)) spoil(watched);
      }
    }
  }
}

function spoil({ watchers }: Watched): void {
  for (const watcher of watchers) watcher.isDirty = true;
}

function nameOf(database: Database, key: string): string {
  return `${database.number}:${key}`;
}
