/**
 * A buffer in Lua's memory, in which a library builds a string before Lua gets it.
 *
 *   base ──┬──────────────┬───────── limit
 *          │ written      │ free
 *          └──────────────┘ size
 *
 * There is one for an interpreter. A library begins it, writes, and pushes what is there; nothing
 * is kept between two calls but memory, and of that little. Whoever claims room must look at
 * lua.memory again: it may have moved.
 */

import { writeLatin1 } from '../std/ascii.ts';
import type { NativeFunction } from './wasm.ts';

/** What is kept from one string to the next. */
const KEPT_MAX = 64 * 1024;
const SIZE_INITIAL = 1024;

/** The interpreter that a buffer belongs to. */
export interface Owner {
  readonly memory: Uint8Array;
  readonly x: Readonly<Record<string, NativeFunction>>;
  pushMemory(start: number, size: number): void;
  outOfMemory(): never;
}

export class Output {
  /** Bytes written. */
  size = 0;
  #base = 0;
  #limit = 0;
  readonly #lua: Owner;

  constructor(lua: Owner) {
    this.#lua = lua;
  }

  /** Forgets what is in it. */
  begin(): void {
    this.size = 0;
    if (this.#limit <= KEPT_MAX) return;
    this.#lua.x['free'](this.#base);
    this.#base = 0;
    this.#limit = 0;
  }

  /** Takes `size` bytes more; answers where in lua.memory they lie. */
  claim(size: number): number {
    const before = this.size;
    this.size = before + size;
    if (this.size > this.#limit) this.#grow();
    return this.#base + before;
  }

  #grow(): void {
    const limit = Math.max(SIZE_INITIAL, this.size * 2);
    // Beyond the signed range there are no addresses.
    const base = limit < 2 ** 31 ? this.#lua.x['realloc'](this.#base, limit) : 0;
    if (base === 0) this.#lua.outOfMemory();
    this.#base = base;
    this.#limit = limit;
  }

  /** Gives back the last `size` bytes that were claimed. */
  unclaim(size: number): void {
    this.size -= size;
  }

  byte(byte: number): void {
    const at = this.claim(1);
    this.#lua.memory[at] = byte;
  }

  /** `count` bytes of 0. */
  zeroes(count: number): void {
    const at = this.claim(count);
    this.#lua.memory.fill(0, at, at + count);
  }

  /** Latin1 text. */
  text(text: string): void {
    const at = this.claim(text.length);
    writeLatin1(this.#lua.memory, at, text);
  }

  /** Bytes that lie in Lua's memory, but not in this buffer. */
  append(start: number, end: number): void {
    const at = this.claim(end - start);
    this.#lua.memory.copyWithin(at, start, end);
  }

  /** Pushes what was written as a string. */
  push(): void {
    this.#lua.pushMemory(this.#base, this.size);
  }
}
