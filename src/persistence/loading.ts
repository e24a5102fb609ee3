/**
 * Loading the files of saves: at the start, in slices, or at once (DEBUG RELOAD).
 *
 * At the start the server listens already: what touches keys is refused with LOADING, what tells how
 * far it has come is answered. A load is all or nothing: what is wrong with one file ends the server
 * before it has served a key, and the files stay as they are.
 */

import { setImmediate, setTimeout } from 'node:timers/promises';
import { systemReason } from '../instance/config/files.ts';
import { REDACTED } from '../instance/slowlog.ts';
import { errors } from '../resp/errors.ts';
import { Corrupt } from './byte-reader.ts';
import type { ReadFile } from './disk.ts';
import { isLoadFault, LoadError, type LoadOptions, RdbLoad } from './rdb-load.ts';
import { RdbReader } from './rdb-reader.ts';
import { type Saves, type SavesContext, snapshotPath } from './saves.ts';

/** Microseconds of a slice. */
const SLICE_MICROS = 10_000;
/** Bytes that take a small part of that. */
const UNASKED_SIZE = 16 * 1024;
const MS_PER_SECOND = 1000;
const MICROS_PER_MS = 1000;

export interface Reloading {
  /** Whether keys are saved first, or what was saved before is loaded. */
  readonly saves: boolean;
  /** Whether what is there is forgotten. */
  readonly flushes: boolean;
  /** Whether a key may take the place of one that is there. */
  readonly merges: boolean;
}

/** A file that is being loaded. */
interface Opened {
  readonly file: ReadFile;
  readonly path: string;
  readonly load: RdbLoad;
  readonly reader: RdbReader;
}

export class Loading {
  /** Keys that the last load took in, and those past their deadline. */
  loaded = 0;
  expired = 0;
  /** Unix seconds. */
  startedAt = 0;
  /** Bytes of all files, and those read. */
  totalSize = 0;
  /** DEBUG SET-SKIP-CHECKSUM-VALIDATION: whether checksums need not be right. */
  skipsSums = false;
  /**
   * Called when a file that is not whole has taken the place of what there was: a part of it is no
   * data set, and must not be saved over the file.
   */
  onFatal: (() => void) | undefined = undefined;
  /** Called when more has been read. */
  onProgress: (() => void) | undefined = undefined;
  readonly #context: SavesContext;
  readonly #saves: Saves;
  /** Bytes of the files that have been loaded. */
  #doneSize = 0;
  #current: Opened | undefined = undefined;
  #isStopped = false;

  constructor(context: SavesContext, saves: Saves) {
    this.#context = context;
    this.#saves = saves;
  }

  /** What the file says of the memory that was used when it was made. */
  get usedMemory(): number {
    return Number(this.#current?.load.fields.get('used-mem') ?? 0);
  }

  get loadedSize(): number {
    return this.#doneSize + (this.#current?.reader.position ?? 0);
  }

  /** Begins to tell of files of so many bytes: the append only file's are loaded by others. */
  begin(totalSize: number): void {
    this.startedAt = Math.floor(this.#context.clock.now() / MS_PER_SECOND);
    this.totalSize = totalSize;
    this.#doneSize = 0;
    this.loaded = 0;
    this.expired = 0;
  }

  /** Tells how many bytes of those have been read. */
  reach(size: number): void {
    this.#doneSize = size;
    this.onProgress?.();
  }

  /** Stops a load that goes on: what is loaded is of no use any more. */
  stop(): void {
    this.#isStopped = true;
  }

  /** Loads the files there are, in slices. Rejects with a LoadError. */
  async load(): Promise<void> {
    const { clock, log } = this.#context;
    const began = clock.monotonicMicros();
    try {
      if (!(await this.#loadFiles())) return;
    } catch (error) {
      if (error instanceof LoadError) {
        log.warning(error.message);
        log.warning('Terminating server after rdb file reading failure.');
        log.warning('Fatal error loading the DB, check server logs. Exiting.');
      }
      throw error;
    }
    this.onProgress?.();
    const seconds = ((clock.monotonicMicros() - began) / 1_000_000).toFixed(3);
    log.notice(`DB loaded from disk: ${seconds} seconds`);
  }

  /** Answers whether all there is was loaded, and there was something. */
  async #loadFiles(): Promise<boolean> {
    const { keyspace, clock, config } = this.#context;
    const files = this.#open({});
    if (files.length === 0) return false;
    this.#begin(files);
    try {
      for (const opened of files) {
        this.#current = opened;
        let owed = 0;
        let until = clock.monotonicMicros() + SLICE_MICROS;
        // To ask for the time takes as long as a small key: it is asked for after so many bytes.
        let unasked = 0;
        while (this.#next(opened)) {
          owed += config.values.keyLoadDelay;
          const { position } = opened.reader;
          if (owed === 0 && position < unasked) continue;
          unasked = position + UNASKED_SIZE;
          if (owed >= MICROS_PER_MS) await setTimeout(owed / MICROS_PER_MS);
          else if (clock.monotonicMicros() >= until) await setImmediate();
          else continue;
          owed = 0;
          this.onProgress?.();
          keyspace.tick(clock.now());
          if (this.#isStopped) return false;
          until = clock.monotonicMicros() + SLICE_MICROS;
        }
        this.#end(opened);
      }
    } finally {
      this.#finish(files);
    }
    return true;
  }

  /** DEBUG RELOAD. Throws an error reply. */
  reload({ saves, flushes, merges }: Reloading): void {
    const { keyspace, functions, log } = this.#context;
    if (saves && !this.#saves.save()) throw errors.saveFailed;
    this.#saves.abort();
    const files = this.#openNow({ merges });
    if (flushes) {
      keyspace.clear();
      functions.libraries.clear();
    }
    this.#begin(files);
    try {
      for (const opened of files) {
        this.#current = opened;
        while (this.#next(opened));
        this.#end(opened);
      }
    } catch (error) {
      if (!(error instanceof LoadError)) throw error;
      log.warning(error.message);
      // With NOFLUSH, all is still there that was.
      if (flushes) this.onFatal?.();
      throw errors.reloadFailed;
    } finally {
      this.#finish(files);
    }
    log.notice('DB reloaded by DEBUG RELOAD');
  }

  #openNow(options: LoadOptions): Opened[] {
    const { log } = this.#context;
    try {
      const files = this.#open(options);
      if (files.length > 0) return files;
      log.warning('There is no RDB file to load');
    } catch (error) {
      if (!(error instanceof LoadError)) throw error;
      log.warning(error.message);
    }
    throw errors.reloadFailed;
  }

  #open(options: LoadOptions): Opened[] {
    const { keyspace, config, disk, functions, log: fullLog } = this.#context;
    const files: Opened[] = [];
    for (const [i, zone] of keyspace.zones.entries()) {
      const path = snapshotPath(config, zone);
      const file = this.#openFile(disk, path);
      if (file === undefined) continue;
      const databases = keyspace.databasesOf(zone);
      const libraries = i === 0 ? functions.libraries : undefined;
      // What the files of zones say of themselves is the same.
      const log = files.length === 0 ? fullLog : undefined;
      const load = new RdbLoad({ databases, libraries, config: config.values, log }, options);
      const reader = new RdbReader(file, load, config.values.rdbchecksum && !this.skipsSums);
      files.push({ file, path, load, reader });
    }
    return files;
  }

  #openFile(disk: SavesContext['disk'], path: string): ReadFile | undefined {
    try {
      return disk.open(path);
    } catch (error) {
      throw new LoadError(
        `Fatal error: can't open the RDB file ${path} for reading: ${systemReason(error)}`,
      );
    }
  }

  #begin(files: readonly Opened[]): void {
    const { keyspace } = this.#context;
    this.begin(files.reduce((sum, { file }) => sum + file.size, 0));
    this.#onNew = keyspace.onNew;
    // What is loaded is not new.
    keyspace.onNew = undefined;
    keyspace.isLoading = true;
  }

  #onNew: SavesContext['keyspace']['onNew'] = undefined;

  #end({ load, file, path }: Opened): void {
    try {
      load.end();
    } catch (error) {
      throw this.#faultOf(path, error);
    }
    this.#doneSize += file.size;
    this.loaded += load.loaded;
    this.expired += load.expired;
    const { hideUserDataFromLog: isHidden } = this.#context.config.values;
    for (const name of load.emptyNames) {
      this.#context.log.notice(`skipping empty key: ${isHidden ? REDACTED : name}`);
    }
    const empty = load.empty === 0 ? '' : `, empty keys skipped: ${load.empty}`;
    this.#context.log.notice(
      `Done loading RDB, keys loaded: ${load.loaded}, keys expired: ${load.expired}${empty}.`,
      { file: path },
    );
  }

  /** Reads the next record of a file. */
  #next({ reader, path }: Opened): boolean {
    try {
      return reader.next();
    } catch (error) {
      throw this.#faultOf(path, error);
    }
  }

  #faultOf(path: string, error: unknown): unknown {
    if (!isLoadFault(error)) return error;
    if (error instanceof Corrupt) for (const line of error.lines) this.#context.log.warning(line);
    return new LoadError(`Can't load the RDB file ${path}: ${error.message}`);
  }

  #finish(files: readonly Opened[]): void {
    const { keyspace } = this.#context;
    this.#current = undefined;
    for (const { file } of files) file.close();
    keyspace.onNew = this.#onNew;
    keyspace.isLoading = false;
    keyspace.counts.dirty = 0;
  }
}
