/**
 * Spare buffers: large ones that nobody uses at the moment.
 *
 * A request that is cut off by a read and is large needs a large buffer, for as long as it takes to
 * arrive. Made anew each time, that is memory of the system to be cleared and a collector that is
 * busy all the time: half of what MSET of ten values of 16 KiB took.
 */

import { SPARE_BUFFERS_SIZE_MAX } from './limits.ts';

const KiB = 1024;
/** Sizes are powers of two between these. */
const SIZE_MIN = 16 * KiB;
const SIZE_MAX = 1024 * KiB;

function classOf(size: number): number {
  return 32 - Math.clz32((Math.max(size, SIZE_MIN) - 1) / SIZE_MIN);
}

export class SpareBuffers {
  readonly #classes: Uint8Array[][] = [];
  /** Bytes of all that are here. */
  #size = 0;

  constructor() {
    for (let i = 0; i <= classOf(SIZE_MAX); i++) this.#classes.push([]);
  }

  /** A buffer of at least so many bytes, with whatever was in it. */
  take(size: number): Uint8Array {
    if (size > SIZE_MAX) return new Uint8Array(size);
    const index = classOf(size);
    const buffer = this.#classes[index].pop();
    if (buffer === undefined) return new Uint8Array(SIZE_MIN << index);
    this.#size -= buffer.length;
    return buffer;
  }

  /** Takes a buffer back from who won't look at it again. */
  give(buffer: Uint8Array): void {
    const { length } = buffer;
    const index = classOf(length);
    // A very large one, or one that was made elsewhere, is none of these.
    if (length > SIZE_MAX || length !== SIZE_MIN << index) return;
    while (this.#size + length > SPARE_BUFFERS_SIZE_MAX) if (!this.#dropOne(index)) return;
    this.#classes[index].push(buffer);
    this.#size += length;
  }

  /** Gives up one of another size, which nobody may want any more. Answers whether there was one. */
  #dropOne(kept: number): boolean {
    for (let index = this.#classes.length - 1; index >= 0; index--) {
      if (index === kept) continue;
      const buffer = this.#classes[index].pop();
      if (buffer === undefined) continue;
      this.#size -= buffer.length;
      return true;
    }
    return false;
  }
}
