/**
 * AOF writer: the increment that is written, and when it is on the disk.
 *
 *   stream ─▶ write ─▶ fsync        always: at once    everysec: off the event loop    no: never
 *
 * What can't be written stays in the stream and is tried again; meanwhile writes are refused. With
 * `appendfsync always` there is no such way back: replies must not say what is not on the disk.
 */

import { closeSync, fdatasync, fdatasyncSync, fstatSync, ftruncateSync, writeSync } from 'node:fs';
import type { Values } from '../instance/config/directives.ts';
import { systemReason } from '../instance/config/files.ts';
import type { EffectStream, Effects } from '../instance/effects.ts';
import type { LatencyMonitor } from '../instance/latency.ts';
import type { Log } from '../instance/log.ts';
import type { Clock } from '../std/clock.ts';

const MS_PER_SECOND = 1000;
const MICROS_PER_MS = 1000;
/** Milliseconds that a write is put off while an fsync is under way. */
const POSTPONED_MS_MAX = 2000;
/** A failing write is logged once in so many milliseconds. */
const LOGGED_EVERY_MS = 30_000;
const NONE = -1;

/** What the file asks of the system while it is written. All of it throws the system's errors. */
export interface AofDisk {
  write(fd: number, bytes: Uint8Array, start: number, size: number): number;
  sync(fd: number): void;
  syncLater(fd: number, done: (error: Error | null) => void): void;
}

export const systemDisk: AofDisk = {
  write: (fd, bytes, start, size) => writeSync(fd, bytes, start, size),
  sync: fdatasyncSync,
  syncLater: fdatasync,
};

/** What it needs of the server. */
export interface AofWriterHost {
  readonly values: Values;
  readonly clock: Clock;
  readonly log: Log;
  readonly latency: LatencyMonitor;
  readonly effects: Effects;
  readonly disk: AofDisk;
  /** Told why no more can be written, in the system's words, and when it can again. */
  onFault(fault: string | undefined): void;
  /** Ends the process, and nothing that waits to be replied is. */
  die(): void;
}

export class AofWriter {
  readonly #host: AofWriterHost;
  /** Whether something writes much now, beside it. */
  readonly #isBusy: () => boolean;
  #fd = NONE;
  /** Bytes of the increment, and how many of them have been synced, or are being so. */
  size = 0;
  #syncedSize = 0;
  #lastSync = 0;
  isSyncing = false;
  #postponedSince = NONE;
  delayedSyncs = 0;
  /** Why writes are refused, in the system's words. */
  #writeFault: string | undefined = undefined;
  #syncFault: string | undefined = undefined;
  #loggedAt = Number.NEGATIVE_INFINITY;
  /** What every write takes longer, for tests. */
  delayMs = 0;
  /** Called when an fsync off the event loop has ended. */
  onSynced: (() => void) | undefined = undefined;

  constructor(host: AofWriterHost, isBusy: () => boolean) {
    this.#host = host;
    this.#isBusy = isBusy;
    this.#lastSync = this.#monotonicMs;
  }

  /** Milliseconds that go by whatever the calendar is set to: an fsync must not wait for a date. */
  get #monotonicMs(): number {
    return Math.floor(this.#host.clock.monotonicMicros() / MICROS_PER_MS);
  }

  /** Whether all that has been written is on the disk. */
  get isSynced(): boolean {
    return this.#syncedSize === this.size && !this.isSyncing;
  }

  /** Whether what was done can be written. */
  get isGood(): boolean {
    return this.#writeFault === undefined && this.#syncFault === undefined;
  }

  #setFaults(write: string | undefined, sync: string | undefined): void {
    if (write === this.#writeFault && sync === this.#syncFault) return;
    this.#writeFault = write;
    this.#syncFault = sync;
    this.#host.onFault(write ?? sync);
  }

  /** From now on this file is written; what was before is closed once it is on the disk. */
  open(fd: number): void {
    const old = this.#fd;
    const { disk } = this.#host;
    if (old !== NONE) disk.syncLater(old, () => closeSync(old));
    this.#lastSync = this.#monotonicMs;
    this.#fd = fd;
    this.size = fstatSync(fd).size;
    this.#syncedSize = this.size;
  }

  /** Nothing is written any more. */
  close(): void {
    if (this.#fd === NONE) return;
    const { disk, log } = this.#host;
    try {
      disk.sync(this.#fd);
    } catch (error) {
      log.warning(`Fail to fsync the AOF file: ${systemReason(error)}`);
    }
    closeSync(this.#fd);
    this.#fd = NONE;
    this.size = 0;
    this.#syncedSize = 0;
    this.#postponedSince = NONE;
    this.#setFaults(undefined, undefined);
  }

  /**
   * Writes what has been told, and syncs as `appendfsync` says. While an fsync is under way a write
   * would wait for it, so it is put off for a while, unless `isForced`. Answers how many bytes were
   * written.
   */
  flush(stream: EffectStream, isForced: boolean): number {
    if (this.#fd === NONE) return 0;
    const { effects, clock, values, log } = this.#host;
    const size = effects.wholeSize(stream);
    if (size === 0) {
      if (this.#syncedSize !== this.size) this.#sync();
      return 0;
    }
    if (values.appendfsync === 'everysec' && this.isSyncing && !isForced) {
      const now = this.#monotonicMs;
      if (this.#postponedSince === NONE) this.#postponedSince = now;
      if (now - this.#postponedSince < POSTPONED_MS_MAX) return 0;
      this.delayedSyncs++;
      log.notice(
        'Asynchronous AOF fsync is taking too long (disk is busy?). Writing the AOF buffer ' +
          'without waiting for fsync to complete, this may slow down Redis.',
      );
    }
    this.#postponedSince = NONE;
    if (this.delayMs > 0) clock.stall(this.delayMs);
    const before = this.size;
    if (this.#write(stream, size)) this.#sync();
    return this.size - before;
  }

  /** Writes the first `size` bytes of the stream. Answers whether all of them were. */
  #write(stream: EffectStream, size: number): boolean {
    const { clock, disk, latency, log } = this.#host;
    const { writer } = stream;
    const began = clock.monotonicMicros();
    let written = 0;
    let fault: unknown;
    try {
      while (written < size) {
        written += disk.write(this.#fd, writer.bytes, written, size - written);
      }
    } catch (error) {
      fault = error;
    }
    const took = Math.floor((clock.monotonicMicros() - began) / MICROS_PER_MS);
    const seconds = Math.floor(clock.now() / MS_PER_SECOND);
    const kind = this.isSyncing ? 'pending-fsync' : this.#isBusy() ? 'active-child' : 'alone';
    latency.note(`aof-write-${kind}`, took, seconds);
    latency.note('aof-write', took, seconds);
    if (fault !== undefined) return this.#noteFault(stream, fault, written, size);
    if (this.#writeFault !== undefined) {
      log.notice('AOF write error looks solved, Redis can write again.');
      this.#setFaults(undefined, this.#syncFault);
    }
    this.#noteWritten(stream, size);
    return true;
  }

  #noteWritten(stream: EffectStream, size: number): void {
    stream.drop(size);
    this.size += size;
  }

  #noteFault(stream: EffectStream, error: unknown, written: number, size: number): false {
    const { log, values } = this.#host;
    const now = this.#monotonicMs;
    const isLogged = now - this.#loggedAt > LOGGED_EVERY_MS;
    if (isLogged) this.#loggedAt = now;
    const reason = systemReason(error);
    if (isLogged && written === 0) log.warning(`Error writing to the AOF file: ${reason}`);
    if (written > 0) {
      if (isLogged) {
        log.warning(
          `Short write while writing to the AOF file: (nwritten=${written}, expected=${size})`,
        );
      }
      try {
        ftruncateSync(this.#fd, this.size);
        written = 0;
      } catch (failed) {
        if (isLogged) {
          log.warning(
            'Could not remove short write from the append-only file.  Redis may refuse to load ' +
              `the AOF the next time it starts.  ftruncate: ${systemReason(failed)}`,
          );
        }
      }
    }
    if (values.appendfsync === 'always') {
      log.warning(
        "Can't recover from AOF write error when the AOF fsync policy is 'always'. Exiting...",
      );
      this.#die();
    }
    this.#setFaults(reason, this.#syncFault);
    if (written > 0) this.#noteWritten(stream, written);
    return false;
  }

  /** What has been answered can't be kept: nothing is written any more, and nobody served. */
  #die(): void {
    closeSync(this.#fd);
    this.#fd = NONE;
    this.#host.die();
  }

  #sync(): void {
    const { clock, disk, latency, log, values } = this.#host;
    if (values.noAppendfsyncOnRewrite && this.#isBusy()) return;
    const now = this.#monotonicMs;
    if (values.appendfsync === 'always') {
      const began = clock.monotonicMicros();
      try {
        disk.sync(this.#fd);
      } catch (error) {
        log.warning(
          "Can't persist AOF for fsync error when the AOF fsync policy is 'always': " +
            `${systemReason(error)}. Exiting...`,
        );
        this.#die();
        return;
      }
      const took = Math.floor((clock.monotonicMicros() - began) / MICROS_PER_MS);
      latency.note('aof-fsync-always', took, Math.floor(clock.now() / MS_PER_SECOND));
      this.#syncedSize = this.size;
      this.#lastSync = now;
      return;
    }
    if (values.appendfsync === 'no') return;
    const isDue = Math.floor(now / MS_PER_SECOND) > Math.floor(this.#lastSync / MS_PER_SECOND);
    if (!isDue || this.isSyncing) return;
    this.#syncLater();
    this.#lastSync = now;
  }

  #syncLater(): void {
    const fd = this.#fd;
    const before = this.#syncedSize;
    this.isSyncing = true;
    this.#syncedSize = this.size;
    this.#host.disk.syncLater(fd, (error) => {
      this.isSyncing = false;
      // The file may have been closed meanwhile: then it was synced in another way.
      if (fd !== this.#fd) error = null;
      if (error !== null) this.#host.log.warning(`Fail to fsync the AOF file: ${error.message}`);
      if (error !== null) this.#syncedSize = before;
      this.#setFaults(this.#writeFault, error === null ? undefined : systemReason(error));
      this.onSynced?.();
    });
  }

  /** Has all that is written synced soon, whatever `appendfsync` says. */
  syncSoon(): void {
    if (this.#fd !== NONE && this.#syncedSize !== this.size && !this.isSyncing) this.#syncLater();
  }
}
