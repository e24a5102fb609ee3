/** A rewrite: all there is goes to a new file, in slices between which others are served. */

import { closeSync, openSync, unlinkSync } from 'node:fs';
import type { AofDisk } from './aof-writer.ts';

/** Bytes written before others are served. */
const SLICE_SIZE = 256 * 1024;

/** Removes a file of a rewrite, which may be gone. At once: the next one has a file of that name. */
export function removeFile(path: string): void {
  try {
    unlinkSync(path);
  } catch {}
}

export class Rewrite {
  readonly #path: string;
  readonly #contents: Generator<Uint8Array, void, undefined>;
  readonly #disk: AofDisk;
  readonly #fd: number;
  /** Milliseconds that every piece takes longer, for tests. */
  readonly #delayMs: () => number;
  #next: NodeJS.Immediate | undefined = undefined;
  #later: NodeJS.Timeout | undefined = undefined;
  #done: ((error: unknown) => void) | undefined = undefined;
  #isOver = false;
  /** The first piece: made with the rewrite, so that it is about this moment. */
  #piece: IteratorResult<Uint8Array, void>;

  /** Throws the system's error when there can be no such file. */
  constructor(
    path: string,
    contents: Generator<Uint8Array, void, undefined>,
    disk: AofDisk,
    delayMs: () => number,
  ) {
    this.#path = path;
    this.#delayMs = delayMs;
    this.#contents = contents;
    this.#disk = disk;
    this.#fd = openSync(path, 'w', 0o644);
    this.#piece = contents.next();
  }

  /** Writes all of it at once. Throws the system's errors, and leaves nothing then. */
  finish(): void {
    try {
      while (this.#writePiece());
      this.#disk.sync(this.#fd);
      closeSync(this.#fd);
    } catch (error) {
      this.cancel();
      throw error;
    }
  }

  /** Writes it bit by bit. Tells when it is on the disk, or why it is not. */
  run(done: (error: unknown) => void): void {
    this.#done = done;
    this.#next = setImmediate(() => {
      try {
        this.#writeSlice(done);
      } catch (error) {
        this.cancel();
        done(error);
      }
    });
  }

  #writeSlice(done: (error: unknown) => void): void {
    let written = 0;
    for (let isMore = true; isMore; ) {
      const size = this.#piece.value?.length ?? 0;
      written += size;
      isMore = this.#writePiece();
      const delay = this.#delayMs();
      if (isMore && delay > 0) {
        this.#later = setTimeout(() => this.run(done), delay);
        return;
      }
      if (isMore && (written > SLICE_SIZE || size === 0)) return this.run(done);
    }
    this.#disk.syncLater(this.#fd, (error) => {
      if (this.#isOver) return;
      this.#isOver = true;
      closeSync(this.#fd);
      done(error ?? undefined);
    });
  }

  /** Writes a piece. False: there was none. */
  #writePiece(): boolean {
    const { done, value } = this.#piece;
    if (done === true) return false;
    for (let at = 0; at < value.length; ) {
      at += this.#disk.write(this.#fd, value, at, value.length - at);
    }
    this.#piece = this.#contents.next();
    return true;
  }

  /** Has what is written bit by bit fail. */
  fail(error: Error): void {
    this.cancel();
    this.#done?.(error);
  }

  /** Ends it, and leaves nothing. */
  cancel(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    clearImmediate(this.#next);
    clearTimeout(this.#later);
    this.#contents.return();
    closeSync(this.#fd);
    removeFile(this.#path);
  }
}
