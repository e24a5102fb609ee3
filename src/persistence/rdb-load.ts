/**
 * Loading: what a file holds becomes keys of a zone, and libraries.
 *
 *   reader ─▶ RdbLoad ─▶ storeValue      keys past their deadline and empty ones are passed over
 *
 * What can't be taken in (a database that is not there, a key twice, no room) ends the load with a
 * LoadError. What was loaded by then stays: who loads decides whether that is the end.
 */

import type { Values } from '../instance/config/directives.ts';
import type { Log } from '../instance/log.ts';
import { type Database, NO_DEADLINE } from '../keyspace/database.ts';
import { Argv } from '../resp/argv.ts';
import { ErrorReply, errors } from '../resp/errors.ts';
import type { Libraries } from '../script/libraries.ts';
import { latin1Text } from '../std/ascii.ts';
import { Corrupt } from './byte-reader.ts';
import { EXTRAS_NAME, type Extras, KeyExtras, readExtras, withActiveTimes } from './key-extras.ts';
import type { KeyRecord, RdbHandler, StringRecord } from './rdb-reader.ts';
import { storeValue } from './store.ts';

/** Names of empty keys that are told. */
const EMPTY_NAMES_MAX = 10;
const MS_PER_SECOND = 1000;
const MEGABYTE = 1024 * 1024;
/** What files say of themselves that is of no use here. */
const SILENT_FIELDS = new Set(['redis-bits', 'lua', 'repl-stream-db', 'repl-id', 'repl-offset']);
/** Later deadlines are no safe integers. */
const SAFE_MS = Number.MAX_SAFE_INTEGER;
const SAFE = BigInt(SAFE_MS);

/** Why a file can't be loaded, in one line. */
export class LoadError extends Error {
  override readonly name = 'LoadError';
}

export interface LoadTarget {
  /** By the numbers of the file. All of one zone. */
  readonly databases: readonly Database[];
  /** Where libraries of functions go; undefined: they are passed over. */
  readonly libraries: Libraries | undefined;
  readonly config: Values;
  /** Hears what a file says of itself; undefined: nobody does. */
  readonly log?: Log | undefined;
}

export interface LoadOptions {
  /** Whether keys past their deadline are loaded too: what follows the snapshot may speak of them. */
  readonly keepsExpired?: boolean;
  /** Whether a key may take the place of one that is there. */
  readonly merges?: boolean;
}

export class RdbLoad implements RdbHandler {
  /** Keys loaded, passed over for their deadline, and passed over because nothing was in them. */
  loaded = 0;
  expired = 0;
  empty = 0;
  /** Names of the first of those, in latin1. */
  readonly emptyNames: string[] = [];
  /** What the file says of itself, by name. */
  readonly fields = new Map<string, string>();
  readonly #target: LoadTarget;
  readonly #options: LoadOptions;
  readonly #extras: KeyExtras;
  /** Said of the next key. */
  #next: Extras | undefined = undefined;
  /** The key that is stored, as an argument. */
  readonly #argv = Argv.of('');
  readonly #codes: Uint8Array[] = [];

  constructor(target: LoadTarget, options: LoadOptions = {}) {
    this.#target = target;
    this.#options = options;
    this.#extras = new KeyExtras(target.databases[0].zone);
  }

  aux(name: string, value: Uint8Array): void {
    if (name === EXTRAS_NAME) this.#next = readExtras(value);
    else {
      const text = latin1Text(value, 0, value.length);
      this.fields.set(name.toLowerCase(), text);
      this.#tell(name, text);
    }
  }

  #tell(name: string, value: string): void {
    const { databases, log } = this.#target;
    if (log === undefined) return;
    if (name.startsWith('%')) {
      log.notice(`RDB '${name}': ${value}`);
      return;
    }
    switch (name.toLowerCase()) {
      case 'redis-ver':
        log.notice(`Loading RDB produced by version ${value}`);
        break;
      case 'ctime': {
        const age = Math.floor(databases[0].zone.now / MS_PER_SECOND) - Number.parseInt(value, 10);
        log.notice(`RDB age ${Math.max(0, age)} seconds`);
        break;
      }
      case 'used-mem': {
        const size = (Number.parseInt(value, 10) / MEGABYTE).toFixed(2);
        log.notice(`RDB memory usage when created ${size} Mb`);
        break;
      }
      case 'aof-preamble':
        if (Number.parseInt(value, 10) > 0) log.notice('RDB has an AOF tail');
        break;
      case 'aof-base':
        if (Number.parseInt(value, 10) > 0) log.notice('RDB is base AOF');
        break;
      default:
        if (!SILENT_FIELDS.has(name.toLowerCase())) {
          log.debug(`Unrecognized RDB AUX field: '${name}'`);
        }
    }
  }

  library(code: Uint8Array): void {
    this.#codes.push(code.slice());
  }

  key(record: KeyRecord): void {
    const { key, value } = record;
    const extras = this.#next;
    this.#next = undefined;
    const database = this.#databaseOf(record.database);
    if (value === undefined) {
      if (this.empty++ < EMPTY_NAMES_MAX) this.emptyNames.push(latin1Text(key, 0, key.length));
      return;
    }
    const deadline = deadlineOf(record.deadline);
    if (this.#isPast(database, deadline)) return;
    const argv = this.#argv;
    argv.bytes = key;
    argv.starts[0] = 0;
    argv.ends[0] = key.length;
    this.#expectNew(database.findStale(argv, 0), record.database);
    const times = extras?.activeTimes;
    const stored =
      value.type === 'stream' && times !== undefined
        ? { ...value, image: withActiveTimes(value.image, times) }
        : value;
    try {
      storeValue(database, argv, 0, stored, deadline, this.#target.config);
    } catch (error) {
      if (error !== errors.outOfMemory) throw error;
      throw this.#noRoom(database);
    }
    const { idle, frequency } = record;
    const isMore = idle >= 0 || frequency >= 0 || deadline > SAFE_MS || extras !== undefined;
    if (isMore) this.#note(database, database.findStale(argv, 0), record, extras);
    this.loaded++;
  }

  string(record: StringRecord): void {
    const extras = this.#next;
    this.#next = undefined;
    const database = this.#databaseOf(record.database);
    const deadline = deadlineOf(record.deadline);
    if (this.#isPast(database, deadline)) return;
    const argv = this.#argv;
    argv.bytes = record.keyBytes;
    argv.starts[0] = record.keyStart;
    argv.ends[0] = record.keyEnd;
    const existing = database.lookUpStale(argv, 0);
    if (existing !== 0) this.#expectNew(existing, record.database);
    const { bytes, start, end } = record;
    let entry: number;
    try {
      entry = database.setString(argv, 0, existing, bytes, start, end, deadline);
    } catch (error) {
      if (error !== errors.outOfMemory) throw error;
      throw this.#noRoom(database);
    }
    const { idle, frequency } = record;
    const isMore = idle >= 0 || frequency >= 0 || deadline > SAFE_MS || extras !== undefined;
    if (isMore) this.#note(database, entry, record, extras);
    this.loaded++;
  }

  #databaseOf(number: number): Database {
    const { databases } = this.#target;
    const database = databases[number];
    if (database !== undefined) return database;
    throw new LoadError(
      'Data file was created with a Redis server configured to handle more than ' +
        `${databases.length} databases`,
    );
  }

  /** Whether a key has expired: then it is counted and passed over. */
  #isPast({ zone }: Database, deadline: number): boolean {
    if (deadline === NO_DEADLINE || deadline >= zone.now || this.#options.keepsExpired)
      return false;
    this.expired++;
    return true;
  }

  /** Refuses a key that is there, unless it may be replaced. */
  #expectNew(existing: number, number: number): void {
    if (existing === 0 || this.#options.merges) return;
    const { bytes, starts, ends } = this.#argv;
    const name = latin1Text(bytes, starts[0], ends[0]);
    throw new LoadError(`RDB has duplicated key '${name}' in DB ${number}`);
  }

  /** Notes what a file says of a key beside what it holds. */
  #note(
    database: Database,
    stored: number,
    { deadline, idle, frequency }: KeyRecord | StringRecord,
    extras: Extras | undefined,
  ): void {
    const { zone } = database;
    const { recency } = zone;
    let entry = stored;
    if (extras !== undefined) {
      entry = this.#extras.apply(entry, extras);
      if (entry === 0) throw this.#noRoom(database);
    }
    if (deadline !== undefined && deadline > SAFE) zone.deadlines.setExact(entry, deadline);
    if (idle >= 0 && !recency.keepsFrequency) recency.setIdle(entry, idle);
    if (frequency >= 0 && recency.keepsFrequency) recency.setFrequency(entry, frequency);
  }

  #noRoom({ zone }: Database): LoadError {
    return new LoadError(
      `what the file holds does not fit in the zone '${zone.name}' of ${zone.size} bytes, and ` +
        `nothing of it may be evicted`,
    );
  }

  /** The file has been read. */
  end(): void {
    this.#extras.settle();
    const { libraries } = this.#target;
    if (libraries === undefined || this.#codes.length === 0) return;
    try {
      libraries.restore(this.#codes, this.#options.merges === true, false);
    } catch (error) {
      if (!(error instanceof ErrorReply)) throw error;
      throw new LoadError(`Failed loading library, ${error.text.replace(/^ERR /, '')}`);
    }
  }
}

/** Unix milliseconds, or NO_DEADLINE. -1 says that there is none, and what is past is past. */
function deadlineOf(deadline: bigint | undefined): number {
  if (deadline === undefined || deadline === -1n) return NO_DEADLINE;
  return Math.max(0, Number(deadline));
}

/** Whether an error says that a file can't be loaded. */
export function isLoadFault(error: unknown): error is Corrupt | LoadError {
  return error instanceof Corrupt || error instanceof LoadError;
}
