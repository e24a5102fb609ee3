/** The append only file of a server: what commands, configuration and the start ask of it. */

import { setImmediate, setTimeout } from 'node:timers/promises';
import type { AppendOnly, Instance } from '../dispatch/call.ts';
import type { Values } from '../instance/config/directives.ts';
import { AppendOnlyFile } from '../persistence/aof.ts';
import { type AofDisk, systemDisk } from '../persistence/aof-writer.ts';
import { errors } from '../resp/errors.ts';
import { finish } from '../std/steps.ts';
import { AofLoad, AofLoadError } from './aof-load.ts';
import { type Pieces, requestsOf, snapshotOf } from './contents.ts';

const MICROS_PER_MS = 1000;
/** Why CONFIG SET appendonly failed, in Redis's words. */
const CANNOT_START = 'Unable to turn on AOF. Check server logs.';

export class ServerAppendOnly implements AppendOnly {
  readonly #instance: Instance;
  readonly #file: AppendOnlyFile;
  readonly #load: AofLoad;
  #waiting: (() => void)[] = [];
  #isClosed = false;

  /** It will be part of that instance. `die` ends the process at once. */
  constructor(
    parts: Omit<Instance, 'appendOnly' | 'replicas'>,
    die: () => void,
    disk: AofDisk = systemDisk,
  ) {
    const instance = parts as Instance;
    this.#instance = instance;
    const { config, clock, effects, latency, log } = instance;
    this.#file = new AppendOnlyFile({
      values: config.values,
      clock,
      log,
      latency,
      effects,
      disk,
      contents: (isSnapshot) => this.#contents(isSnapshot),
      isSaving: () => instance.saving.isRunning,
      onFault(fault) {
        instance.keyspace.appendFault = fault === undefined ? undefined : errors.misconfAof(fault);
      },
      die,
    });
    this.#file.writer.onSynced = () => this.#tellSynced();
    this.#load = new AofLoad(instance, this.#file);
    config.onChange('appendonly', {
      apply: (values) => this.#follow(values),
    });
    config.onChange('aof-disable-auto-gc', {
      apply: () => {
        this.#file.removeHistory();
        return undefined;
      },
    });
  }

  /** Whether there is to be one. */
  get isWanted(): boolean {
    return this.#instance.config.values.appendonly;
  }

  /** Loads it, if there is to be one, as a server starts. Rejects with an AofLoadError. */
  async load(): Promise<void> {
    this.#load.readManifest();
    if (!this.isWanted) return;
    const { keyspace, clock, config } = this.#instance;
    const steps = this.#load.run();
    let owed = 0;
    while (steps.next().done !== true) {
      owed += config.values.keyLoadDelay / MICROS_PER_MS;
      if (owed >= 1) await setTimeout(owed);
      else if (config.values.keyLoadDelay === 0) await setImmediate();
      else continue;
      owed = 0;
      if (this.#isClosed) return void steps.return();
      keyspace.tick(clock.now());
    }
  }

  /** Begins to write it, if that is wanted. Throws the system's errors. */
  open(): void {
    if (this.isWanted && !this.#isClosed) this.#file.open();
  }

  /** Whether the server may end: not before what it was to keep is written for the first time. */
  mayEnd(isForced: boolean): boolean {
    if (this.#file.state !== 'waiting' || !this.isRewriting) return true;
    const { log } = this.#instance;
    log.warning(`Writing initial AOF${isForced ? '. Exit anyway.' : ", can't exit."}`);
    return isForced;
  }

  /** Writes what is left. */
  close(): void {
    this.#isClosed = true;
    this.#file.stop();
  }

  /** Writes what has been told: before a reply leaves that speaks of it. */
  beforeReply(): void {
    if (this.#file.isOn) this.#file.flush();
  }

  tick(): void {
    const { keyspace, scriptRuns } = this.#instance;
    if (keyspace.isLoading || scriptRuns.busy !== undefined) return;
    this.#file.tick();
    if (this.#waiting.length > 0) this.#tellSynced();
  }

  #follow({ appendonly }: Values): string | undefined {
    const file = this.#file;
    if (appendonly === file.isOn) return undefined;
    if (appendonly) return file.start(this.#isInTransaction) ? undefined : CANNOT_START;
    file.stop();
    this.#tellSynced();
    return undefined;
  }

  get #isInTransaction(): boolean {
    return this.#instance.pubsub.executing?.mayBlock === false;
  }

  /** All there is now, in pieces. */
  #contents(isSnapshot: boolean): Pieces {
    const { keyspace } = this.#instance;
    const hasOthers = keyspace.zones.some((zone, i) => i > 0 && zone.table.count > 0);
    if (!isSnapshot && !hasOthers) return requestsOf(this.#instance);
    return snapshotOf(this.#instance, keyspace.zones, { isAofBase: true });
  }

  // ── What commands ask for ─────────────────────────────────────────────────────────────────────

  get isOn(): boolean {
    return this.#file.isOn;
  }

  get isRewriting(): boolean {
    return this.#file.isRewriting;
  }

  get isScheduled(): boolean {
    return this.#file.isScheduled;
  }

  get lastRewriteSeconds(): number {
    return this.#file.lastRewriteSeconds;
  }

  get rewriteSeconds(): number {
    return this.#file.rewriteSeconds;
  }

  get isLastRewriteGood(): boolean {
    return this.#file.isLastRewriteGood;
  }

  get rewrites(): number {
    return this.#file.rewrites;
  }

  get failures(): number {
    return this.#file.failures;
  }

  get isGood(): boolean {
    return this.#file.writer.isGood;
  }

  get currentSize(): number {
    return this.#file.currentSize;
  }

  get baseSize(): number {
    return this.#file.baseSize;
  }

  get bufferSize(): number {
    return this.#file.bufferSize;
  }

  get isSyncing(): boolean {
    return this.#file.writer.isSyncing;
  }

  get delayedSyncs(): number {
    return this.#file.writer.delayedSyncs;
  }

  get isSynced(): boolean {
    return this.#file.isSynced;
  }

  get writeDelayMs(): number {
    return this.#file.writer.delayMs;
  }

  set writeDelayMs(ms: number) {
    this.#file.writer.delayMs = ms;
  }

  resetCounts(): void {
    this.#file.rewrites = 0;
    this.#file.failures = 0;
    this.#file.writer.delayedSyncs = 0;
  }

  rewrite(): boolean {
    return this.#file.rewrite();
  }

  failRewrite(error: Error): void {
    this.#file.failRewrite(error);
  }

  schedule(): void {
    this.#file.isScheduled = true;
    this.#file.failures = 0;
  }

  reload(): boolean {
    const { functions, keyspace, effects, log } = this.#instance;
    const file = this.#file;
    file.flush(true);
    keyspace.clear();
    functions.libraries.clear();
    try {
      this.#load.readManifest();
      file.removeHistory();
      finish(this.#load.run());
    } catch (error) {
      if (!(error instanceof AofLoadError)) throw error;
      return false;
    } finally {
      effects.withhold();
    }
    keyspace.counts.dirty = 0;
    log.notice('Append Only File loaded by DEBUG LOADAOF');
    return true;
  }

  whenSynced(): Promise<void> {
    const done = new Promise<void>((resolve) => this.#waiting.push(resolve));
    this.#file.syncSoon();
    return done;
  }

  #tellSynced(): void {
    if (this.#file.isOn && !this.#file.isSynced) {
      if (this.#waiting.length > 0) this.#file.syncSoon();
      return;
    }
    for (const tell of this.#waiting.splice(0)) tell();
  }
}
