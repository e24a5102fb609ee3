/**
 * The arena: the raw bytes of a zone and the typed views on them.
 *
 *   ┌───────────┬──────────────────────────────────────────────┐
 *   │  windows  │  the zone: pages first, metadata behind them │
 *   └───────────┴──────────────────────────────────────────────┘
 *
 * Windows are stretches of the same buffer where requests are read and replies are written. They
 * are here because `copyWithin` moves bytes inside one buffer without making a view first: a
 * 512-byte value goes out 1.8 times as fast as with `set(subarray)` (node 20). They hold nothing
 * that outlives a turn of the event loop and do not count as the zone's size.
 *
 * Everything stored points to everything else by offset, never by address, so an arena can be
 * copied into a larger one and go on.
 */

import { assert } from '../std/assert.ts';

/** Bytes one typed array may span: a limit of the JavaScript engine (Node 20 and 22). */
export const ARENA_SIZE_MAX = 2 ** 32;

/** One block of memory with the views on it. A shared buffer works the same, 15-25 % slower. */
export class Arena {
  readonly u8: Uint8Array;
  /** Words are signed here: V8 keeps a signed 32-bit integer unboxed everywhere. */
  readonly i32: Int32Array;
  readonly f64: Float64Array;
  /** Bytes at the front of the buffer that belong to the windows. */
  readonly windowSize: number;
  readonly isShared: boolean;
  readonly #buffer: ArrayBuffer | SharedArrayBuffer;

  constructor(size: number, windowSize: number, shared = false) {
    assert(size % 8 === 0 && windowSize % 8 === 0 && windowSize + size <= ARENA_SIZE_MAX);
    const buffer = shared
      ? new SharedArrayBuffer(windowSize + size)
      : new ArrayBuffer(windowSize + size);
    this.#buffer = buffer;
    this.windowSize = windowSize;
    this.isShared = shared;
    this.u8 = new Uint8Array(buffer);
    this.i32 = new Int32Array(buffer);
    this.f64 = new Float64Array(buffer);
  }

  /** A view over part of the arena, for what must hand bytes to the operating system. */
  view(start: number, size: number): Uint8Array {
    return new Uint8Array(this.#buffer, start, size);
  }
}
