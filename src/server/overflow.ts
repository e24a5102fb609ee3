/**
 * Overflow: memory for replies that the windows can't take, since they are large, many, or not read.
 *
 *   slab    [ window │ window of two blocks │ free │ window │ free … ]     blocks of 16 KiB
 *
 * A slab is so large that the system maps it by itself, and goes back to the system when nothing in
 * it is lent. Windows made one by one come from the heap of the C library, which can't give back
 * what lies under one small thing that is still used: clients who had not read 4 GiB of replies
 * left 3 GiB behind, for good.
 */

import type { Window } from '../resp/reply.ts';
import { giveBack } from '../std/give-back.ts';

const KiB = 1024;
export const BLOCK_SIZE = 16 * KiB;
/** Beyond 32 MiB, where glibc's heap ends at the latest (DEFAULT_MMAP_THRESHOLD_MAX). */
export const SLAB_SIZE = 33 * KiB * KiB;
/** Windows of one block in the first slab that are kept as they are, to be lent again. */
const KEPT_MAX = 512;

class Slab {
  readonly bytes: Uint8Array;
  /** For each block whether it is lent. */
  readonly #lent: Uint8Array;
  /** No block in front of this one is free. */
  #from = 0;
  lentCount = 0;

  constructor(blockCount: number) {
    this.bytes = new Uint8Array(blockCount * BLOCK_SIZE);
    this.#lent = new Uint8Array(blockCount);
  }

  /** Takes the first so many blocks in a row that are free; −1: there are none. */
  take(count: number): number {
    const lent = this.#lent;
    if (lent.length - this.lentCount < count) return -1;
    let first = this.#from;
    for (let i = first; i < lent.length; i++) {
      if (lent[i] !== 0) {
        first = i + 1;
      } else if (i - first + 1 === count) {
        lent.fill(1, first, i + 1);
        if (first === this.#from) this.#from = i + 1;
        this.lentCount += count;
        return first;
      }
    }
    return -1;
  }

  release(first: number, count: number): void {
    this.#lent.fill(0, first, first + count);
    this.#from = Math.min(this.#from, first);
    this.lentCount -= count;
  }
}

class OverflowWindow implements Window {
  readonly bytes: Uint8Array;
  readonly base: number;
  readonly limit: number;
  readonly slab: Slab;
  readonly #overflow: Overflow;

  constructor(overflow: Overflow, slab: Slab, base: number, limit: number) {
    this.bytes = slab.bytes;
    this.base = base;
    this.limit = limit;
    this.slab = slab;
    this.#overflow = overflow;
  }

  release(): void {
    this.#overflow.takeBack(this);
  }
}

export class Overflow {
  readonly #slabs: Slab[] = [];
  readonly #kept: OverflowWindow[] = [];

  /** Bytes of all slabs. */
  get size(): number {
    return this.#slabs.reduce((size, { bytes }) => size + bytes.length, 0);
  }

  /** A window of at least `size` bytes. */
  acquire(size: number): Window {
    const count = Math.max(1, Math.ceil(size / BLOCK_SIZE));
    if (count === 1) {
      const kept = this.#kept.pop();
      if (kept !== undefined) return kept;
    }
    // The first ones are filled first, so that the last ones get empty.
    for (const slab of this.#slabs) {
      const first = slab.take(count);
      if (first >= 0) return this.#windowAt(slab, first, count);
    }
    const slab = new Slab(Math.max(SLAB_SIZE / BLOCK_SIZE, count));
    this.#slabs.push(slab);
    return this.#windowAt(slab, slab.take(count), count);
  }

  #windowAt(slab: Slab, first: number, count: number): OverflowWindow {
    const base = first * BLOCK_SIZE;
    return new OverflowWindow(this, slab, base, base + count * BLOCK_SIZE);
  }

  takeBack(window: OverflowWindow): void {
    const { slab, base, limit } = window;
    // The first one stays, unless it was made for a reply that is larger than others.
    const stays = slab === this.#slabs[0] && slab.bytes.length === SLAB_SIZE;
    if (stays && limit - base === BLOCK_SIZE && this.#kept.length < KEPT_MAX) {
      this.#kept.push(window);
      return;
    }
    slab.release(base / BLOCK_SIZE, (limit - base) / BLOCK_SIZE);
    if (slab.lentCount > 0 || stays) return;
    this.#slabs.splice(this.#slabs.indexOf(slab), 1);
    giveBack(slab.bytes.buffer as ArrayBuffer);
  }
}
