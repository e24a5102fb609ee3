/**
 * Saves: snapshots that become files, at once (SAVE) or while the server goes on (BGSAVE).
 *
 *   dump.rdb              the zone default, and the libraries of functions
 *   dump.sessions.rdb     the zone sessions, and so on: a zone that holds nothing has no file
 *
 * There is no fork: a background save takes its snapshots at one moment, and writes them in slices.
 * All files are whole and on disk before the first of them takes its place.
 */

import { extname, resolve } from 'node:path';
import type { Audience } from '../instance/audience.ts';
import { systemReason } from '../instance/config/files.ts';
import { toNative } from '../instance/config/words.ts';
import type { Config } from '../instance/config.ts';
import type { LatencyMonitor } from '../instance/latency.ts';
import type { Log } from '../instance/log.ts';
import type { Database } from '../keyspace/database.ts';
import type { Keyspace } from '../keyspace/keyspace.ts';
import { errors } from '../resp/errors.ts';
import type { Libraries } from '../script/libraries.ts';
import type { Clock } from '../std/clock.ts';
import type { Disk, Draft } from './disk.ts';
import { RdbWriter } from './rdb-writer.ts';
import { Snapshot } from './snapshot.ts';

type Zone = Database['zone'];

/**
 * Microseconds of a slice of a background save: half of that is what a request waits that comes
 * meanwhile. Shorter ones would save no faster and be begun more often.
 */
const SLICE_MICROS = 300;
/** Bytes handed to a file at once, and bytes that may wait for the disk. */
const CHUNK_SIZE = 256 * 1024;
const PENDING_MAX = 8 * 1024 * 1024;
/** Seconds until a background save is begun again that failed. */
const RETRY_SECONDS = 5;
const MS_PER_SECOND = 1000;
const MICROS_PER_MS = 1000;
const MICROS_PER_SECOND = 1_000_000;

/** What saves have to do with. */
export interface SavesContext {
  readonly keyspace: Keyspace;
  readonly functions: { readonly libraries: Libraries };
  readonly config: Config;
  readonly log: Log;
  readonly clock: Clock;
  readonly latency: LatencyMonitor;
  readonly audience: Audience;
  readonly disk: Disk;
}

/** How a server is to end. */
export interface Ending {
  /** Whether it saves first; undefined: if there are save points. */
  readonly saves?: boolean | undefined;
  /** Whether it ends even if it can't save. */
  readonly isForced?: boolean;
}

export interface SaveProgress {
  readonly written: number;
  readonly count: number;
  readonly aheadSize: number;
}

/** One file that is being made. */
interface Part {
  readonly writer: RdbWriter;
  readonly snapshot: Snapshot;
  readonly draft: Draft;
}

/** A background save that goes on. */
interface Running {
  readonly parts: readonly Part[];
  /** Files that are no more when the others are in their place. */
  readonly obsolete: readonly string[];
  /** Monotonic seconds. */
  readonly began: number;
  readonly dirtyBefore: number;
  /** Which part is walked. */
  current: number;
  /** The disk is waited for. */
  isWaiting: boolean;
}

/** Path of the file of a zone. */
export function snapshotPath(config: Config, zone: Zone): string {
  const { dir, dbfilename } = config.values;
  const name = toNative(dbfilename);
  if (zone.name === 'default') return resolve(dir, name);
  const extension = extname(name);
  const stem = name.slice(0, name.length - extension.length);
  return resolve(dir, `${stem}.${zone.name}${extension}`);
}

export class Saves {
  /** Unix seconds of the last save that succeeded, or of the start. */
  lastSave: number;
  /** Seconds it took; -1: there was none. */
  lastTook = -1;
  /** Bytes of keys that it took in ahead because they were about to change. */
  lastAheadSize = 0;
  /** How many were begun. */
  count = 0;
  /** Whether a background save is to be begun as soon as it can be. */
  isScheduled = false;
  /** Called when there is something to do in work(), and was nothing before. */
  onWork: (() => void) | undefined = undefined;
  readonly #context: SavesContext;
  /** Monotonic seconds of the last save that succeeded, or of the start. */
  #lastSaveAt: number;
  #isLastOk = true;
  #running: Running | undefined = undefined;
  /** Monotonic seconds when a background save was begun last. */
  #lastTry = 0;

  constructor(context: SavesContext) {
    this.#context = context;
    this.lastSave = this.#seconds();
    this.#lastSaveAt = this.#monotonicSeconds;
    const follow = (): undefined => this.#followFault();
    context.config.onChange(['save', 'stop-writes-on-bgsave-error'], { apply: follow });
  }

  /** Whether the last background save succeeded. */
  get isLastOk(): boolean {
    return this.#isLastOk;
  }

  #noteOutcome(isOk: boolean): void {
    this.#isLastOk = isOk;
    this.#followFault();
  }

  /** Writes are refused while they could not be saved, if the configuration wants that. */
  #followFault(): undefined {
    const { keyspace, config } = this.#context;
    const isFault = !this.#isLastOk && config.values.stopWritesOnBgsaveError && this.isWanted;
    keyspace.saveFault = isFault ? errors.misconf : undefined;
  }

  /** Whether a background save goes on. */
  get isRunning(): boolean {
    return this.#running !== undefined;
  }

  /** Seconds since it began, or -1. */
  get currentTook(): number {
    return this.#running === undefined ? -1 : this.#monotonicSeconds - this.#running.began;
  }

  /** Keys of it that are written, and all; bytes of those that were about to change. */
  get progress(): SaveProgress {
    let written = 0;
    let count = 0;
    let aheadSize = 0;
    for (const { snapshot } of this.#running?.parts ?? []) {
      written += snapshot.written;
      count += snapshot.count;
      aheadSize += snapshot.aheadSize;
    }
    return { written, count, aheadSize };
  }

  #seconds(): number {
    return Math.floor(this.#context.clock.now() / MS_PER_SECOND);
  }

  /** Seconds that go by whatever the calendar is set to. */
  get #monotonicSeconds(): number {
    return Math.floor(this.#context.clock.monotonicMicros() / MICROS_PER_SECOND);
  }

  #noteSave(): void {
    this.lastSave = this.#seconds();
    this.#lastSaveAt = this.#monotonicSeconds;
  }

  // ── At once ───────────────────────────────────────────────────────────────────────────────────

  /** Saves before it returns; a background save is given up. False: the log says why. */
  save(): boolean {
    const { keyspace, log, disk } = this.#context;
    this.abort();
    this.count++;
    const parts: Part[] = [];
    try {
      const obsolete = this.#open(parts);
      for (const { snapshot, writer, draft } of parts) {
        while (snapshot.step()) if (writer.size >= CHUNK_SIZE) draft.writeSync(writer.take());
        draft.writeSync(writer.end());
        draft.syncSync();
      }
      this.#place(parts, obsolete);
      disk.syncFolderSync(this.#folder);
    } catch (error) {
      log.warning(`Write error saving DB on disk: ${systemReason(error)}`);
      discard(parts);
      return false;
    }
    log.notice('DB saved on disk');
    keyspace.counts.dirty = 0;
    this.#noteSave();
    this.#noteOutcome(true);
    return true;
  }

  /** Begins the snapshots of all zones that hold something. Answers the files of the others. */
  #open(parts: Part[]): string[] {
    const { keyspace, config, disk, functions, clock } = this.#context;
    const { rdbcompression, rdbchecksum } = config.values;
    const { usedMemory } = keyspace;
    const obsolete: string[] = [];
    for (const [i, zone] of keyspace.zones.entries()) {
      const path = snapshotPath(config, zone);
      if (i > 0 && zone.table.count === 0) {
        obsolete.push(path);
        continue;
      }
      const draft = disk.draft(path);
      const writer = new RdbWriter({ compresses: rdbcompression, sums: rdbchecksum });
      const libraries = i === 0 ? [...functions.libraries.all()].map(({ code }) => code) : [];
      writer.begin({ now: clock.now(), usedMemory, isAofBase: false, libraries });
      parts.push({ draft, writer, snapshot: new Snapshot(keyspace.databasesOf(zone), writer) });
    }
    return obsolete;
  }

  get #folder(): string {
    return resolve(this.#context.config.values.dir);
  }

  #place(parts: readonly Part[], obsolete: readonly string[]): void {
    for (const { draft } of parts) draft.place();
    for (const path of obsolete) this.#context.disk.remove(path);
  }

  // ── While the server goes on ──────────────────────────────────────────────────────────────────

  /** Begins a background save; there must be none. False: the log says why. */
  begin(): boolean {
    const { keyspace, audience, clock, latency, log } = this.#context;
    const micros = clock.monotonicMicros();
    this.count++;
    this.#lastTry = this.#monotonicSeconds;
    const parts: Part[] = [];
    let obsolete: string[];
    try {
      obsolete = this.#open(parts);
    } catch (error) {
      log.warning(`Can't save in background: ${systemReason(error)}`);
      discard(parts);
      this.#noteOutcome(false);
      return false;
    }
    this.#running = {
      parts,
      obsolete,
      began: this.#monotonicSeconds,
      dirtyBefore: keyspace.counts.dirty,
      current: 0,
      isWaiting: false,
    };
    audience.count(true);
    const took = (clock.monotonicMicros() - micros) / MICROS_PER_MS;
    // In Redis, that is what beginning takes.
    latency.note('fork', Math.floor(took), this.#seconds());
    log.notice('Background saving started');
    this.onWork?.();
    return true;
  }

  /**
   * Writes a slice of the background save. Answers milliseconds until it is to be called again, or
   * -1: when onWork() is.
   */
  work(): number {
    const running = this.#running;
    if (running === undefined || running.isWaiting) return -1;
    const { clock, config } = this.#context;
    const delay = config.values.rdbKeySaveDelay;
    let owed = 0;
    const until = clock.monotonicMicros() + SLICE_MICROS;
    while (running.current < running.parts.length) {
      const { snapshot, writer, draft } = running.parts[running.current];
      const before = snapshot.written;
      const hasMore = snapshot.step();
      owed += delay * (snapshot.written - before);
      if (!hasMore) {
        draft.write(writer.end());
        running.current++;
      }
      if (owed >= MICROS_PER_MS) return Math.ceil(owed / MICROS_PER_MS);
      if (clock.monotonicMicros() >= until) break;
    }
    let pending = 0;
    for (const { writer, draft } of running.parts.slice(running.current)) {
      if (writer.size >= CHUNK_SIZE) draft.write(writer.take());
    }
    for (const { draft } of running.parts) pending += draft.pending;
    if (running.current === running.parts.length) {
      this.#wait(running, this.#settle(running));
    } else if (pending > PENDING_MAX) {
      this.#wait(
        running,
        Promise.all(running.parts.map(({ draft }) => draft.written())).then(() => {
          running.isWaiting = false;
          this.onWork?.();
        }),
      );
    } else return 0;
    return -1;
  }

  /** Has the disk do something that may fail. */
  #wait(running: Running, done: Promise<void>): void {
    running.isWaiting = true;
    done.catch((error) => {
      if (this.#running === running) this.#fail(running, error);
    });
  }

  /** Puts the files in their place, once they are on disk. */
  async #settle(running: Running): Promise<void> {
    const { parts, obsolete } = running;
    for (const { draft } of parts) await draft.written();
    for (const { draft } of parts) await draft.sync();
    // Given up meanwhile.
    if (this.#running !== running) return;
    this.#place(parts, obsolete);
    await this.#context.disk.syncFolder(this.#folder);
    if (this.#running !== running) return;
    this.#end(running);
    const { keyspace, log } = this.#context;
    log.notice('Background saving terminated with success');
    keyspace.counts.dirty -= running.dirtyBefore;
    this.#noteSave();
    this.#noteOutcome(true);
  }

  /** Has the background save that goes on fail, if there is one. */
  fail(error: Error): void {
    if (this.#running !== undefined) this.#fail(this.#running, error);
  }

  #fail(running: Running, error: unknown): void {
    this.#end(running);
    discard(running.parts);
    this.#noteOutcome(false);
    this.#context.log.warning(`Background saving error: ${systemReason(error)}`);
  }

  #end(running: Running): void {
    for (const { snapshot } of running.parts) snapshot.end();
    this.lastAheadSize = this.progress.aheadSize;
    this.lastTook = this.#monotonicSeconds - running.began;
    this.#running = undefined;
    this.#context.audience.count(false);
  }

  /** Gives a background save up; what it has written goes. */
  abort(): void {
    const running = this.#running;
    if (running === undefined) return;
    const { clock, latency, log } = this.#context;
    log.warning('Background saving given up');
    this.#end(running);
    const micros = clock.monotonicMicros();
    discard(running.parts);
    const took = (clock.monotonicMicros() - micros) / MICROS_PER_MS;
    latency.note('rdb-unlink-temp-file', Math.floor(took), this.#seconds());
  }

  // ── By itself ─────────────────────────────────────────────────────────────────────────────────

  /** Whether there are save points: the server keeps its data. */
  get isWanted(): boolean {
    return this.#context.config.values.save.length > 0;
  }

  /** Begins a background save when a save point says so, or one is scheduled. */
  tick(): void {
    if (this.#running !== undefined) return;
    const { keyspace, config, log } = this.#context;
    const now = this.#monotonicSeconds;
    if (!this.isLastOk && now - this.#lastTry <= RETRY_SECONDS) return;
    if (this.isScheduled) {
      if (this.begin()) this.isScheduled = false;
      return;
    }
    const { dirty } = keyspace.counts;
    for (const { seconds, changes } of config.values.save) {
      if (dirty < changes || now - this.#lastSaveAt <= seconds) continue;
      log.notice(`${changes} changes in ${seconds} seconds. Saving...`);
      this.begin();
      return;
    }
  }

  /** The server ends: saves if that is wanted. False: it must not end, the log says why. */
  prepareToEnd({ saves = this.isWanted, isForced = false }: Ending): boolean {
    const { keyspace, log } = this.#context;
    if (this.#running !== undefined) this.abort();
    if (!saves || keyspace.isLoading) return true;
    log.notice('Saving the final RDB snapshot before exiting.');
    if (this.save()) return true;
    if (isForced) {
      log.warning('Error trying to save the DB. Exit anyway.');
      return true;
    }
    log.warning("Error trying to save the DB, can't exit.");
    return false;
  }

  /** All keys of all databases are gone: so they are to be in the file. */
  afterFlush(): void {
    if (this.isWanted) this.save();
  }
}

function discard(parts: readonly Part[]): void {
  for (const { snapshot, draft } of parts) {
    snapshot.end();
    draft.discard();
  }
}
