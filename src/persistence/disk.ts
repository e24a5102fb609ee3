/**
 * Disk: files that take the place of others as a whole, and files that are read from their beginning.
 *
 *   draft   temp-….rdb ─▶ written ─▶ synced ─▶ renamed ─▶ its folder synced
 *
 * At any moment the name stands for a whole file: the old one, or the new one. A draft is written at
 * once (SAVE) or while other things go on (BGSAVE). Errors are the system's own.
 */

import {
  closeSync,
  fstatSync,
  fsync,
  fsyncSync,
  openSync,
  readSync,
  renameSync,
  unlinkSync,
  write,
  writeSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { ByteSource } from './rdb-reader.ts';

/** A new file that nobody sees until it is put in its place. */
export interface Draft {
  /** Bytes given to write() and not written yet. */
  readonly pending: number;
  /** Writes bytes before it returns. Not after write(). */
  writeSync(bytes: Uint8Array): void;
  /** Writes bytes behind all others, by and by. They must stay as they are. */
  write(bytes: Uint8Array): void;
  /** Settled when all that was given to write() is written. Rejects if it can't be. */
  written(): Promise<void>;
  /** Makes sure that it is on disk. */
  sync(): Promise<void>;
  syncSync(): void;
  /** Puts it in its place. It must be synced, and the folder be synced after it. */
  place(): void;
  /** Removes it. Does nothing when it is in its place. */
  discard(): void;
}

export interface ReadFile extends ByteSource {
  close(): void;
}

export interface Disk {
  /** Begins a file that is to have this path. */
  draft(path: string): Draft;
  /** Opens a file to be read, or answers undefined when there is none. */
  open(path: string): ReadFile | undefined;
  /** Removes a file, if there is one. The folder must be synced after it. */
  remove(path: string): void;
  /** Until a folder is on disk too, a crash could bring back what files in it took the place of. */
  syncFolder(path: string): Promise<void>;
  syncFolderSync(path: string): void;
}

class FileDraft implements Draft {
  pending = 0;
  readonly #path: string;
  readonly #draft: string;
  readonly #fd: number;
  #position = 0;
  #written = Promise.resolve();
  #isOpen = true;

  constructor(path: string) {
    this.#path = path;
    // Beside the file, or a rename might have to cross file systems. Redis's own name for it.
    this.#draft = join(dirname(path), `temp-${process.pid}-${basename(path)}`);
    this.#fd = openSync(this.#draft, 'w');
  }

  writeSync(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length; ) at += writeSync(this.#fd, bytes, at);
  }

  write(bytes: Uint8Array): void {
    const position = this.#position;
    this.#position += bytes.length;
    this.pending += bytes.length;
    this.#written = this.#written.then(() => this.#writeAt(bytes, position));
    // Who waits for it hears of it; nobody need wait.
    this.#written.catch(() => {});
  }

  async #writeAt(bytes: Uint8Array, position: number): Promise<void> {
    for (let at = 0; at < bytes.length && this.#isOpen; ) {
      at += await writePart(this.#fd, bytes, at, position + at);
    }
    this.pending -= bytes.length;
  }

  written(): Promise<void> {
    return this.#written;
  }

  sync(): Promise<void> {
    return new Promise((resolve, reject) => {
      fsync(this.#fd, (error) => (error ? reject(error) : resolve()));
    });
  }

  syncSync(): void {
    fsyncSync(this.#fd);
  }

  place(): void {
    this.#close();
    try {
      renameSync(this.#draft, this.#path);
    } catch (error) {
      this.#unlink();
      throw error;
    }
  }

  discard(): void {
    if (!this.#isOpen) return;
    this.#unlink();
    this.#isOpen = false;
    // What is being written now must not find another file under its number.
    const close = (): void => closeSync(this.#fd);
    this.#written.then(close, close);
  }

  #close(): void {
    this.#isOpen = false;
    closeSync(this.#fd);
  }

  /** It may be gone, or its folder: then nothing is left to do. */
  #unlink(): void {
    try {
      unlinkSync(this.#draft);
    } catch {}
  }
}

function writePart(fd: number, bytes: Uint8Array, at: number, position: number): Promise<number> {
  return new Promise((resolve, reject) => {
    write(fd, bytes, at, bytes.length - at, position, (error, count) =>
      error ? reject(error) : resolve(count),
    );
  });
}

function isAbsent(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).code === 'ENOENT';
}

export const systemDisk: Disk = {
  draft: (path) => new FileDraft(path),

  open(path) {
    let fd: number;
    try {
      fd = openSync(path, 'r');
    } catch (error) {
      if (isAbsent(error)) return undefined;
      throw error;
    }
    return {
      size: fstatSync(fd).size,
      read: (target, at, size) => readSync(fd, target, at, size, null),
      close: () => closeSync(fd),
    };
  },

  remove(path) {
    try {
      unlinkSync(path);
    } catch (error) {
      if (!isAbsent(error)) throw error;
    }
  },

  syncFolder(path) {
    const folder = openSync(path, 'r');
    return new Promise((resolve, reject) => {
      fsync(folder, (error) => {
        closeSync(folder);
        if (error) reject(error);
        else resolve();
      });
    });
  },

  syncFolderSync(path) {
    const folder = openSync(path, 'r');
    try {
      fsyncSync(folder);
    } finally {
      closeSync(folder);
    }
  },
};
