/**
 * The append only file: every effect is added to it before anybody hears of what was done.
 *
 *   effects ─▶ stream ─▶ write, once a turn ─▶ fsync: before replies leave, every second, or never
 *
 *   off ──CONFIG SET──▶ waiting ──first rewrite done──▶ on         on: also from the start
 *
 * It is a base and increments (aof-manifest.ts). A rewrite opens a new increment, and writes a new
 * base of all there was at that moment, in slices; when that is whole, what came before is history.
 * Until the first base is whole, what is written goes to an increment that nothing names yet.
 *
 * How an increment is written, and what if it can't be, is in aof-writer.ts.
 */

import { closeSync, existsSync, mkdirSync, openSync, renameSync, statSync, unlink } from 'node:fs';
import { dirname, join } from 'node:path';
import { systemFiles, systemReason } from '../instance/config/files.ts';
import { toNative } from '../instance/config/words.ts';
import { EffectStream, FOR_FILE } from '../instance/effects.ts';
import { Manifest } from './aof-manifest.ts';
import { Rewrite, removeFile } from './aof-rewrite.ts';
import { AofWriter, type AofWriterHost } from './aof-writer.ts';
import { systemDisk } from './disk.ts';

const MS_PER_SECOND = 1000;
const MICROS_PER_MS = 1000;
const MANIFEST_SUFFIX = '.manifest';
/** Failed rewrites in a row from which on the next one waits, and the longest wait. */
const FAILURES_MAX = 3;
const WAIT_MINUTES_MAX = 60;
const MS_PER_MINUTE = 60_000;

/** What the file needs of the server. */
export interface AofHost extends AofWriterHost {
  /** All there is at the moment of the first piece, as a snapshot or as requests. */
  contents(isSnapshot: boolean): Generator<Uint8Array, void, undefined>;
  /** Whether something else writes all there is. */
  isSaving(): boolean;
}

export type AofState = 'off' | 'waiting' | 'on';

export class AppendOnlyFile {
  state: AofState = 'off';
  manifest: Manifest;
  /** The increment that is written. */
  readonly writer: AofWriter;
  readonly #host: AofHost;
  #stream: EffectStream;
  /** Bytes of base and increments. */
  currentSize = 0;
  /** The same when it was rewritten last, or begun. */
  baseSize = 0;
  #rewrite: Rewrite | undefined = undefined;
  #rewriteBegan = 0;
  isScheduled = false;
  /** Seconds, or -1. */
  lastRewriteSeconds = -1;
  isLastRewriteGood = true;
  rewrites = 0;
  failures = 0;
  #waitMinutes = 0;
  #waitUntil = 0;
  #flushing: NodeJS.Immediate | undefined = undefined;

  constructor(host: AofHost) {
    this.#host = host;
    this.manifest = new Manifest(host.values.appendfilename);
    this.#stream = this.#newStream();
    this.writer = new AofWriter(host, () => this.isRewriting || host.isSaving());
  }

  // ── Names ─────────────────────────────────────────────────────────────────────────────────────

  get #folder(): string {
    return this.path(this.#host.values.appenddirname);
  }

  /** A path in the working directory. */
  path(name: string): string {
    return join(toNative(this.#host.values.dir ?? '.'), toNative(name));
  }

  /** The path of one of its files. */
  pathOf(name: string): string {
    return join(this.#folder, toNative(name));
  }

  get manifestPath(): string {
    return this.pathOf(this.#host.values.appendfilename + MANIFEST_SUFFIX);
  }

  get #temporaryIncrement(): string {
    return `temp-${this.#host.values.appendfilename}.incr`;
  }

  // ── State ─────────────────────────────────────────────────────────────────────────────────────

  get isOn(): boolean {
    return this.state !== 'off';
  }

  get isRewriting(): boolean {
    return this.#rewrite !== undefined;
  }

  /** Seconds since the rewrite that runs began, or -1. */
  get rewriteSeconds(): number {
    if (!this.isRewriting) return -1;
    return Math.floor((this.#monotonicMs - this.#rewriteBegan) / MS_PER_SECOND);
  }

  /** How long something takes is not asked of the calendar, which may be set. */
  get #monotonicMs(): number {
    return Math.floor(this.#host.clock.monotonicMicros() / MICROS_PER_MS);
  }

  get bufferSize(): number {
    return this.#stream.writer.size;
  }

  /** Whether all that has been told is on the disk. Without a first base, nothing is. */
  get isSynced(): boolean {
    return this.state === 'on' && this.#stream.writer.size === 0 && this.writer.isSynced;
  }

  // ── Opening ───────────────────────────────────────────────────────────────────────────────────

  /** Makes the folder, unless it is there. Throws why it can't. */
  makeFolder(): void {
    try {
      const made = mkdirSync(this.#folder, { recursive: true, mode: 0o755 });
      // Or a crash could take it away again, with all that is put into it and synced.
      if (made !== undefined) systemDisk.syncFolderSync(dirname(this.#folder));
    } catch (error) {
      const { appenddirname } = this.#host.values;
      throw new Error(`no append-only dir ${appenddirname}: ${systemReason(error)}`);
    }
  }

  /** Begins to write, as a server starts whose data has been loaded. Throws the system's errors. */
  open(): void {
    const { values, log } = this.#host;
    this.makeFolder();
    const { manifest } = this;
    const isNew = manifest.increments.length === 0;
    if (manifest.isEmpty) {
      const name = manifest.addBase(values.aofUseRdbPreamble);
      const temporary = this.path(`temp-rewriteaof-${process.pid}.aof`);
      const contents = this.#host.contents(values.aofUseRdbPreamble);
      new Rewrite(temporary, contents, this.#host.disk, () => 0).finish();
      renameSync(temporary, this.pathOf(name));
      log.notice(`Creating AOF base file ${name} on server start`);
    }
    const name = manifest.increments.at(-1)?.name ?? manifest.addIncrement();
    this.writer.open(openSync(this.pathOf(name), 'a', 0o644));
    this.persist(manifest);
    log.notice(`${isNew ? 'Creating' : 'Opening'} AOF incr file ${name} on server start`);
    this.state = 'on';
    this.#attach();
  }

  /** Writes a manifest, and all of it or nothing. Throws the system's error. */
  persist(manifest: Manifest): void {
    systemFiles.replace(this.manifestPath, manifest.toString());
    this.manifest = manifest;
  }

  #newStream(): EffectStream {
    const { values, clock } = this.#host;
    return new EffectStream(FOR_FILE, {
      seconds: () => (values.aofTimestampEnabled ? Math.floor(clock.now() / MS_PER_SECOND) : 0),
    });
  }

  #attach(): void {
    this.#host.effects.attach(this.#stream);
    this.#stream.onUnit = () => {
      this.#flushing ??= setImmediate(() => {
        this.#flushing = undefined;
        this.flush();
      });
    };
  }

  #detach(): void {
    this.#host.effects.detach(this.#stream);
    clearImmediate(this.#flushing);
    this.#flushing = undefined;
    this.#stream = this.#newStream();
  }

  /** Turns it off: CONFIG SET appendonly no, or the server ends. */
  stop(): void {
    if (this.state === 'off') return;
    this.#cancelRewrite();
    this.flush(true);
    this.writer.close();
    this.#detach();
    if (this.state === 'waiting') this.#removeTemporary();
    this.state = 'off';
    this.isScheduled = false;
  }

  /** Turns it on while the server runs. Answers whether it can be. */
  start(isInTransaction: boolean): boolean {
    const { log } = this.#host;
    this.state = 'waiting';
    if (this.#host.isSaving() || isInTransaction) {
      this.isScheduled = true;
      const when = isInTransaction
        ? 'during a transaction'
        : 'but there is already another background operation';
      log.notice(
        `AOF was enabled ${when}. An AOF background was scheduled to start when possible.`,
      );
    } else {
      if (this.isRewriting) {
        log.notice(
          'AOF was enabled but there is already an AOF rewriting in background. Stopping ' +
            'background AOF and starting a rewrite now.',
        );
        this.#cancelRewrite();
      }
      if (!this.rewrite()) {
        this.state = 'off';
        log.warning(
          "Redis needs to enable the AOF but can't trigger a background AOF rewrite operation. " +
            'Check the above logs for more info about the error.',
        );
        return false;
      }
    }
    return true;
  }

  // ── Writing ───────────────────────────────────────────────────────────────────────────────────

  /** Writes what has been told, and syncs as `appendfsync` says; see AofWriter. */
  flush(isForced = false): void {
    this.currentSize += this.writer.flush(this.#stream, isForced);
  }

  /** Has all that is written synced soon, whatever `appendfsync` says. */
  syncSoon(): void {
    this.flush(true);
    this.writer.syncSoon();
  }

  /** What is to be done every now and then: writes that failed or were put off, and rewrites. */
  tick(): void {
    if (this.state !== 'off') this.flush(!this.writer.isGood);
    if (this.isRewriting || this.#host.isSaving()) return;
    if (this.isScheduled) {
      if (!this.#isHeldBack()) this.rewrite();
      return;
    }
    const { values, log } = this.#host;
    const { autoAofRewritePercentage: percentage, autoAofRewriteMinSize: least } = values;
    if (this.state !== 'on' || percentage === 0 || this.currentSize <= least) return;
    const growth = Math.floor((this.currentSize * 100) / (this.baseSize || 1)) - 100;
    if (growth < percentage || this.#isHeldBack()) return;
    log.notice(`Starting automatic rewriting of AOF on ${growth}% growth`);
    this.rewrite();
  }

  // ── Rewriting ─────────────────────────────────────────────────────────────────────────────────

  /** Whether rewrites have failed so often that the next one waits. */
  #isHeldBack(): boolean {
    if (this.failures < FAILURES_MAX) {
      this.#waitMinutes = 0;
      this.#waitUntil = 0;
      return false;
    }
    const { log } = this.#host;
    const now = this.#monotonicMs;
    if (this.#waitUntil !== 0) {
      if (now < this.#waitUntil) return true;
      this.#waitUntil = 0;
      return false;
    }
    this.#waitMinutes = Math.min(WAIT_MINUTES_MAX, Math.max(1, this.#waitMinutes * 2));
    this.#waitUntil = now + this.#waitMinutes * MS_PER_MINUTE;
    log.warning(
      'Background AOF rewrite has repeatedly failed and triggered the limit, will retry in ' +
        `${this.#waitMinutes} minutes`,
    );
    return true;
  }

  /** Begins to rewrite. Answers whether it could. */
  rewrite(): boolean {
    const { log, values, disk } = this.#host;
    if (this.isRewriting || this.#host.isSaving()) return false;
    const isSnapshot = values.aofUseRdbPreamble;
    const temporary = this.path(`temp-rewriteaof-bg-${process.pid}.aof`);
    let rewrite: Rewrite;
    try {
      this.makeFolder();
      this.flush(true);
      this.#openIncrement();
      const delayMs = () => values.rdbKeySaveDelay / MICROS_PER_MS;
      rewrite = new Rewrite(temporary, this.#host.contents(isSnapshot), disk, delayMs);
    } catch (error) {
      log.warning(`Can't rewrite append only file in background: ${systemReason(error)}`);
      this.isLastRewriteGood = false;
      return false;
    }
    if (this.state === 'waiting') this.#attach();
    this.#stream.selected = -1;
    this.rewrites++;
    this.isScheduled = false;
    this.#rewriteBegan = this.#monotonicMs;
    this.#rewrite = rewrite;
    log.notice(`Background append only file rewriting started by pid ${process.pid}`);
    rewrite.run((error) => this.#endRewrite(temporary, isSnapshot, error));
    return true;
  }

  /** Opens the increment that what happens from now on goes to. Throws the system's errors. */
  #openIncrement(): void {
    if (this.state === 'off') return;
    const manifest = this.manifest.copy();
    const isWaiting = this.state === 'waiting';
    const name = isWaiting ? this.#temporaryIncrement : manifest.addIncrement();
    const fd = openSync(this.pathOf(name), 'w', 0o644);
    try {
      if (!isWaiting) this.persist(manifest);
    } catch (error) {
      closeSync(fd);
      throw error;
    }
    this.#host.log.notice(`Creating AOF incr file ${name} on background rewrite`);
    this.writer.open(fd);
  }

  /** Has the rewrite that goes on fail, if there is one. */
  failRewrite(error: Error): void {
    this.#rewrite?.fail(error);
  }

  #cancelRewrite(): void {
    if (!this.isRewriting) return;
    this.#host.log.notice(`Killing running AOF rewrite child: ${process.pid}`);
    this.#rewrite?.cancel();
    this.#rewrite = undefined;
  }

  #endRewrite(temporary: string, isSnapshot: boolean, error: unknown): void {
    const { log } = this.#host;
    this.#rewrite = undefined;
    let fault = error;
    if (fault === undefined) {
      try {
        this.#takeBase(temporary, isSnapshot);
      } catch (failed) {
        fault = failed;
      }
    }
    this.isLastRewriteGood = fault === undefined;
    if (fault === undefined) {
      this.failures = 0;
      this.removeHistory();
      log.notice('Background AOF rewrite finished successfully');
      if (this.state === 'waiting') this.state = 'on';
    } else {
      this.failures++;
      log.warning(`Background AOF rewrite terminated with error: ${systemReason(fault)}`);
      removeFile(temporary);
      if (this.state === 'waiting') {
        this.#detach();
        this.writer.close();
        this.#removeTemporary();
        this.isScheduled = true;
      }
    }
    const seconds = Math.floor((this.#monotonicMs - this.#rewriteBegan) / MS_PER_SECOND);
    this.lastRewriteSeconds = seconds;
  }

  /** Puts the new base in the place of what it was made of. Throws the system's errors. */
  #takeBase(temporary: string, isSnapshot: boolean): void {
    const { log } = this.#host;
    const manifest = this.manifest.copy();
    const base = manifest.addBase(isSnapshot);
    this.#rename(temporary, this.pathOf(base));
    log.notice(`Successfully renamed the temporary AOF base file ${temporary} into ${base}`);
    if (this.state === 'waiting') {
      const increment = manifest.addIncrement();
      const from = this.#temporaryIncrement;
      this.#rename(this.pathOf(from), this.pathOf(increment));
      log.notice(`Successfully renamed the temporary AOF incr file ${from} into ${increment}`);
    }
    manifest.retireIncrements(this.state === 'off' ? 0 : 1);
    this.persist(manifest);
    if (this.state === 'off') return;
    this.currentSize = statSync(this.pathOf(base)).size + this.writer.size;
    this.baseSize = this.currentSize;
  }

  #rename(from: string, to: string): void {
    const { clock, latency } = this.#host;
    const began = clock.monotonicMicros();
    renameSync(from, to);
    const took = Math.floor((clock.monotonicMicros() - began) / MICROS_PER_MS);
    latency.note('aof-rename', took, Math.floor(clock.now() / MS_PER_SECOND));
  }

  #removeTemporary(): void {
    const name = this.#temporaryIncrement;
    this.#host.log.notice(`Removing the temp incr aof file ${name}`);
    removeFile(this.pathOf(name));
  }

  /** Removes the files that are history. */
  removeHistory(): void {
    const { log, values } = this.#host;
    const { history } = this.manifest;
    if (values.aofDisableAutoGc || history.length === 0) return;
    const manifest = this.manifest.copy();
    manifest.history = [];
    try {
      this.persist(manifest);
    } catch (error) {
      log.warning(`Can't write the AOF manifest file: ${systemReason(error)}`);
      return;
    }
    for (const { name } of history) {
      log.notice(`Removing the history file ${name} in the background`);
      unlink(this.pathOf(name), () => {});
    }
  }

  /** Whether a path of one of its files, or of the folder, is there. */
  exists(path: string): boolean {
    return existsSync(path);
  }
}
