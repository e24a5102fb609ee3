/**
 * Loading the append only file: what its manifest names, in its order.
 *
 *   base     a snapshot, or requests, or an old file that is both, one behind the other
 *   incr …   requests
 *
 * A file that ends in the middle of a request, or of a transaction, was cut off by a crash: with
 * `aof-load-truncated` it is truncated there, if it is the last one. Anything else that is wrong ends
 * the load, and leaves the files as they are.
 */

import {
  closeSync,
  fstatSync,
  openSync,
  readSync,
  renameSync,
  statSync,
  truncateSync,
} from 'node:fs';
import type { Command, Instance } from '../dispatch/call.ts';
import { Replay } from '../dispatch/replay.ts';
import { isSystemError, systemFiles, systemReason } from '../instance/config/files.ts';
import { REDACTED } from '../instance/slowlog.ts';
import type { AppendOnlyFile } from '../persistence/aof.ts';
import { Manifest, ManifestError } from '../persistence/aof-manifest.ts';
import { AofReader, ENDED, MALFORMED, TORN } from '../persistence/aof-reader.ts';
import { Corrupt } from '../persistence/byte-reader.ts';
import { isLoadFault, LoadError, RdbLoad } from '../persistence/rdb-load.ts';
import {
  type KeyRecord,
  type RdbHandler,
  RdbReader,
  type StringRecord,
} from '../persistence/rdb-reader.ts';
import type { Argv } from '../resp/argv.ts';
import { type ErrorReply, errors } from '../resp/errors.ts';
import { latin1Text } from '../std/ascii.ts';
import type { Steps } from '../std/steps.ts';

const MAGIC = 'REDIS';
/** Fields of a snapshot: the zones whose keys it has, and how many databases are the first one's. */
export const ZONES_FIELD = 'zonis-zones';
export const NUMBERED_FIELD = 'zonis-databases';
const MICROS_PER_SECOND = 1_000_000;
/** Microseconds of a slice, and what is done between two looks at the clock. */
const SLICE_MICROS = 10_000;
const CHECKED_EVERY = 100;

/** Why it could not be loaded, in one line. */
export class AofLoadError extends Error {
  override readonly name = 'AofLoadError';
}

/** A file from some byte on. */
class FileSource {
  readonly size: number;
  readonly #fd: number;
  #at: number;

  constructor(fd: number, at: number) {
    this.#fd = fd;
    this.#at = at;
    this.size = fstatSync(fd).size;
  }

  read(target: Uint8Array, at: number, size: number): number {
    const count = readSync(this.#fd, target, at, size, this.#at);
    this.#at += count;
    return count;
  }
}

/** A snapshot whose databases are those of several zones. */
class ZonesLoad implements RdbHandler {
  readonly #loads: readonly RdbLoad[];
  readonly #zones: readonly string[];
  /** Zones of the file, and how many databases are the first one's. */
  #names: readonly string[];
  #numbered: number;
  #aux: (readonly [string, Uint8Array])[] = [];

  constructor({ keyspace, functions, config, log: fullLog }: Instance) {
    this.#zones = keyspace.zones.map(({ name }) => name);
    this.#names = this.#zones;
    this.#numbered = config.values.databases;
    this.#loads = keyspace.zones.map((zone, i) => {
      const databases = keyspace.databasesOf(zone);
      const libraries = i === 0 ? functions.libraries : undefined;
      const log = i === 0 ? fullLog : undefined;
      const target = { databases, libraries, config: config.values, log };
      return new RdbLoad(target, { keepsExpired: true });
    });
  }

  aux(name: string, value: Uint8Array): void {
    const text = latin1Text(value);
    if (name === ZONES_FIELD) this.#names = text.split(' ');
    else if (name === NUMBERED_FIELD) this.#numbered = Number(text);
    else this.#aux.push([name, value.slice()]);
  }

  library(code: Uint8Array): void {
    this.#loads[0].library(code);
  }

  key(record: KeyRecord): void {
    this.#loadOf(record.database).key({ ...record, database: this.#numberOf(record.database) });
  }

  string(record: StringRecord): void {
    const load = this.#loadOf(record.database);
    record.database = this.#numberOf(record.database);
    load.string(record);
  }

  /** Who loads the keys of a database of the file, and has been told what is known of the next. */
  #loadOf(database: number): RdbLoad {
    const name = this.#names[this.#placeOf(database)];
    const load = name === undefined ? this.#loads[0] : this.#loads[this.#zones.indexOf(name)];
    if (load === undefined)
      throw new LoadError(`it has keys of the zone '${name}', which is not there`);
    for (const [field, value] of this.#aux) load.aux(field, value);
    if (this.#aux.length > 0) this.#aux = [];
    return load;
  }

  #placeOf(database: number): number {
    return Math.max(0, database - this.#numbered + 1);
  }

  /** Its number in its zone. */
  #numberOf(database: number): number {
    const place = this.#placeOf(database);
    return place === 0 || this.#names[place] === undefined ? database : 0;
  }

  end(): void {
    for (const load of this.#loads) load.end();
  }

  get loaded(): number {
    return this.#loads.reduce((sum, { loaded }) => sum + loaded, 0);
  }

  get expired(): number {
    return this.#loads.reduce((sum, { expired }) => sum + expired, 0);
  }
}

export class AofLoad {
  readonly #instance: Instance;
  readonly #aof: AppendOnlyFile;
  readonly #replay: Replay;
  /** Monotonic microseconds: when others are to be served. */
  #sliceEnd = 0;
  /** Bytes of the files in front of the one that is read. */
  #doneSize = 0;

  constructor(instance: Instance, aof: AppendOnlyFile) {
    this.#instance = instance;
    this.#aof = aof;
    this.#replay = new Replay(instance);
  }

  /** Reads the manifest, if there is one. Throws an AofLoadError. */
  readManifest(): void {
    const { config, log } = this.#instance;
    const { appendfilename } = config.values;
    const aof = this.#aof;
    aof.manifest = new Manifest(appendfilename);
    if (!aof.exists(aof.manifestPath)) return;
    try {
      aof.manifest = Manifest.parse(appendfilename, systemFiles.read(aof.manifestPath));
    } catch (error) {
      if (!(error instanceof ManifestError)) {
        const reason = systemReason(error);
        throw this.#fail(
          `Fatal error: can't open the AOF manifest file ${aof.manifestPath} for reading: ${reason}`,
        );
      }
      log.warning('*** FATAL AOF MANIFEST FILE ERROR ***');
      if (error.number > 0) {
        log.warning(`Reading the manifest file, at line ${error.number}`);
        log.warning(`>>> '${error.line}'`);
      }
      throw this.#fail(error.message);
    }
  }

  /** Loads what the manifest names, in steps between which others are served. Throws an AofLoadError. */
  *run(): Steps {
    const aof = this.#aof;
    const { keyspace, clock, effects, loading, log } = this.#instance;
    this.#upgrade();
    const { base, files } = aof.manifest;
    const sizes = files.map(({ name }) => this.#sizeOf(name));
    const size = sizes.reduce((sum, each) => sum + each, 0);
    if (size === 0) return;
    keyspace.tick(clock.now());
    for (const zone of keyspace.zones) zone.heedsDeadlines = false;
    keyspace.isLoading = true;
    loading.begin(size);
    this.#doneSize = 0;
    const release = effects.silence();
    try {
      for (const [i, { name }] of files.entries()) {
        const began = clock.monotonicMicros();
        yield* this.#load(name, i === files.length - 1);
        const seconds = (clock.monotonicMicros() - began) / MICROS_PER_SECOND;
        const kind = base !== undefined && i === 0 ? 'base' : 'incr';
        log.notice(`DB loaded from ${kind} file ${name}: ${seconds.toFixed(3)} seconds`);
        this.#doneSize += sizes[i];
        loading.reach(this.#doneSize);
      }
    } finally {
      release();
      keyspace.isLoading = false;
      for (const zone of keyspace.zones) zone.heedsDeadlines = true;
    }
    aof.currentSize = size;
    aof.baseSize = base === undefined ? 0 : sizes[0];
  }

  /** Whether others are to be served behind the command or key `count`: not behind each. */
  #isDue(position: number, count: number): boolean {
    const { clock, config, loading } = this.#instance;
    if (config.values.keyLoadDelay === 0) {
      if (count % CHECKED_EVERY !== 0) return false;
      const now = clock.monotonicMicros();
      if (now < this.#sliceEnd) return false;
      this.#sliceEnd = now + SLICE_MICROS;
    }
    loading.reach(this.#doneSize + position);
    return true;
  }

  /** A file of before Redis 7 becomes the base. Throws an AofLoadError. */
  #upgrade(): void {
    const aof = this.#aof;
    const { config, log } = this.#instance;
    const { appendfilename: name, appenddirname } = config.values;
    const old = aof.path(name);
    const { base, increments, isEmpty } = aof.manifest;
    const isInterrupted =
      base?.name === name && increments.length === 0 && !aof.exists(aof.pathOf(name));
    if (!aof.exists(old) || !(isEmpty || isInterrupted)) return;
    try {
      aof.makeFolder();
      const manifest = aof.manifest.copy();
      manifest.adopt(name);
      aof.persist(manifest);
      renameSync(old, aof.pathOf(name));
    } catch (error) {
      const reason = systemReason(error);
      throw this.#fail(
        `Error trying to move the old AOF file ${name} into dir ${appenddirname}: ${reason}`,
      );
    }
    log.notice(
      `Successfully migrated an old-style AOF file (${name}) into the AOF directory ` +
        `(${appenddirname}).`,
    );
  }

  #sizeOf(name: string): number {
    try {
      return statSync(this.#aof.pathOf(name)).size;
    } catch (error) {
      const reason = systemReason(error);
      throw this.#fail(`Unable to obtain the AOF file ${name} length. stat: ${reason}`);
    }
  }

  *#load(name: string, isLast: boolean): Steps {
    let fd: number;
    try {
      fd = openSync(this.#aof.pathOf(name), 'r');
    } catch (error) {
      const reason = systemReason(error);
      throw this.#fail(
        `Fatal error: can't open the append log file ${name} for reading: ${reason}`,
      );
    }
    try {
      yield* this.#read(fd, name, isLast);
    } catch (error) {
      if (!isSystemError(error)) throw error;
      const reason = systemReason(error);
      throw this.#fail(`Unrecoverable error reading the append only file ${name}: ${reason}`);
    } finally {
      closeSync(fd);
      this.#replay.revert();
    }
  }

  *#read(fd: number, name: string, isLast: boolean): Steps {
    const replay = this.#replay;
    const from = yield* this.#readSnapshot(fd, name);
    const reader = new AofReader(new FileSource(fd, from), from);
    // Up to where it is good, and up to where the transaction begins that has not ended.
    let good = reader.position;
    let beforeTransaction = good;
    let count = 0;
    for (;;) {
      const state = reader.next();
      if (state === MALFORMED) {
        throw this.#fail(
          `Bad file format reading the append only file ${name} at byte ${reader.position}: make a ` +
            'backup of your AOF file, then use ./redis-check-aof --fix <filename.manifest>',
        );
      }
      if (state === TORN) break;
      if (state === ENDED) {
        if (!replay.isInTransaction) return;
        const { log } = this.#instance;
        log.warning(`Revert incomplete MULTI/EXEC transaction in AOF file ${name}`);
        good = beforeTransaction;
        break;
      }
      if (!replay.isInTransaction) beforeTransaction = good;
      this.#run(reader.argv, name, good);
      good = reader.position;
      if (this.#isDue(good, ++count)) yield;
    }
    this.#truncate(name, replay.isInTransaction ? beforeTransaction : good, isLast);
  }

  /** Reads the snapshot that a file begins with, if it does. Answers where it ends. */
  *#readSnapshot(fd: number, name: string): Generator<undefined, number, undefined> {
    const magic = Buffer.alloc(MAGIC.length);
    if (readSync(fd, magic, 0, MAGIC.length, 0) < MAGIC.length) return 0;
    if (magic.toString('latin1') !== MAGIC) return 0;
    const { config, loading, log } = this.#instance;
    const isOld = name === config.values.appendfilename;
    log.notice(
      isOld ? 'Reading RDB preamble from AOF file...' : 'Reading RDB base file on AOF loading...',
    );
    const load = new ZonesLoad(this.#instance);
    const sums = config.values.rdbchecksum && !loading.skipsSums;
    const reader = new RdbReader(new FileSource(fd, 0), load, sums);
    try {
      for (let count = 1; reader.next(); count++) {
        if (this.#isDue(reader.position, count)) yield;
      }
      load.end();
      loading.loaded += load.loaded;
      loading.expired += load.expired;
    } catch (error) {
      if (!isLoadFault(error)) throw error;
      const what = isOld ? `the RDB preamble of the AOF file ${name}` : `the RDB base file ${name}`;
      if (error instanceof Corrupt) for (const line of error.lines) log.warning(line);
      throw this.#fail(`Error reading ${what}, AOF loading aborted: ${error.message}`);
    }
    if (isOld) log.notice('Reading the remaining AOF tail...');
    return reader.position;
  }

  #run(argv: Argv, name: string, at: number): void {
    const command = this.#replay.find(argv);
    if (command === undefined) {
      const isHidden = this.#instance.config.values.hideUserDataFromLog;
      const word = isHidden ? REDACTED : argv.text(0);
      throw this.#fail(
        `Unknown command '${word}' reading the append only file ${name} at byte ${at}`,
      );
    }
    this.#replay.run(command, argv, (...refusal) => this.#refused(name, at, ...refusal));
  }

  /** Ends the load where what follows would be wrong too. Throws an AofLoadError then. */
  #refused(name: string, at: number, command: Command, argv: Argv, refusal: ErrorReply): void {
    if (refusal === errors.outOfMemory) {
      throw this.#fail(
        `What the append only file ${name} holds does not fit: ${command.fullName} at byte ${at} ` +
          'found no room, and nothing may be evicted',
      );
    }
    // What follows would be done to other keys.
    if (command.fullName === 'select') {
      throw this.#fail(
        `The append only file ${name} has keys of the database ${argv.text(1)} at byte ${at}, which ` +
          'is not there',
      );
    }
    this.#instance.log.warning(
      `This server is sending an error to the AOF-loading-client: '${refusal.text}' after ` +
        `processing the command '${command.fullName}'`,
    );
  }

  /** Makes a file end where it is good, if that is allowed. Throws an AofLoadError. */
  #truncate(name: string, size: number, isLast: boolean): void {
    const { config, log } = this.#instance;
    if (!config.values.aofLoadTruncated) {
      throw this.#fail(
        `Unexpected end of file reading the append only file ${name} at byte ${size}. You can: 1) ` +
          'Make a backup of your AOF file, then use ./redis-check-aof --fix <filename.manifest>. ' +
          "2) Alternatively you can set the 'aof-load-truncated' configuration option to yes and " +
          'restart the server.',
      );
    }
    if (!isLast) throw this.#fail('Fatal error: the truncated file is not the last file');
    log.warning(`!!! Warning: short read while loading the AOF file ${name}!!!`);
    log.warning(`!!! Truncating the AOF ${name} at offset ${size} !!!`);
    try {
      truncateSync(this.#aof.pathOf(name), size);
    } catch (error) {
      throw this.#fail(`Error truncating the AOF file ${name}: ${systemReason(error)}`);
    }
    log.warning(`AOF ${name} loaded anyway because aof-load-truncated is enabled`);
  }

  #fail(message: string): AofLoadError {
    this.#instance.log.warning(message);
    return new AofLoadError(message);
  }
}
