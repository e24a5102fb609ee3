/**
 * Content: the bytes an entry holds, at addresses from 0, wherever they lie.
 *
 *   flat     │ header │ key │ content │
 *   chunked  │ header │ key │ n │ chunk 0 … chunk n-1 │ tail │            n ≤ 256
 *            │ header │ key │ n │ list 0 … list m │ tail │                n > 256
 *
 * Address a of chunked content is byte a mod C of chunk a / C, or of the tail. What is written here
 * once serves strings of 512 MiB and the insides of collections alike: growth adds chunks and moves
 * nothing, any address is found in two steps, and freeing a value costs one step per chunk.
 *
 * A long key fills the first chunks; addresses count from behind it.
 */

import { copyBytes, equalBytes } from '../std/bytes.ts';
import type { Arena } from './arena.ts';
import {
  alignedFor,
  CHUNKED,
  CHUNKS_LISTED,
  contentAt,
  E_META,
  E_SIZE,
  keyAt,
  LONG_KEY,
} from './entry.ts';
import type { Layout } from './layout.ts';
import type { Slab } from './slab.ts';

export class Content {
  arena: Arena;
  layout: Layout;
  readonly #slab: Slab;
  /** How shapeFor() would lay content out: bytes of the slot, data chunks, chunks of lists. */
  shapeSize = 0;
  shapeChunks = 0;
  shapeLists = 0;
  /** Whether that can be: header, list of chunks and tail in one slot, chunks that can be listed. */
  shapeFits = true;

  constructor(arena: Arena, layout: Layout, slab: Slab) {
    this.arena = arena;
    this.layout = layout;
    this.#slab = slab;
  }

  /** Lays out `size` bytes of content of a type behind `fixed` bytes of header, key and annex. */
  shapeFor(fixed: number, type: number, size: number): void {
    const { chunkSize, chunkShift } = this.layout;
    const flat = alignedFor(type, fixed) + size;
    this.shapeLists = 0;
    this.shapeFits = true;
    if (flat <= chunkSize) {
      this.shapeSize = flat;
      this.shapeChunks = 0;
      return;
    }
    let chunks = Math.floor(size / chunkSize);
    let tail = size - chunks * chunkSize;
    let at = this.#tailOffset(fixed, chunks);
    if (at + tail > chunkSize) {
      chunks++;
      tail = 0;
      at = this.#tailOffset(fixed, chunks);
    }
    this.shapeChunks = chunks;
    this.shapeLists = chunks > CHUNKS_LISTED ? Math.ceil(chunks / (1 << (chunkShift - 2))) : 0;
    this.shapeSize = at + tail;
    this.shapeFits =
      this.shapeSize <= chunkSize && chunks <= CHUNKS_LISTED * (1 << (chunkShift - 2));
  }

  #tailOffset(fixed: number, chunks: number): number {
    const words =
      chunks > CHUNKS_LISTED ? Math.ceil(chunks / (1 << (this.layout.chunkShift - 2))) : chunks;
    return (((fixed + 3) & ~3) + 4 + words * 4 + 7) & ~7;
  }

  /**
   * Whether the value lies in one piece in its slot: then flatAt() and size() say all. Never to be
   * told from the size: a value with a long key is not flat, nor one that shrank in a full zone.
   */
  isFlat(entry: number): boolean {
    return (this.arena.i32[entry * 2 + E_META] & CHUNKED) === 0;
  }

  /** Byte position where the value begins: all of it when it is flat, else its first piece. */
  flatAt(entry: number): number {
    const { i32 } = this.arena;
    if ((i32[entry * 2 + E_META] & CHUNKED) === 0) return contentAt(i32, entry);
    return this.at(entry, 0);
  }

  /** Bytes in front of the value that hold a long key, padded to whole chunks. */
  startOf(entry: number): number {
    const { i32 } = this.arena;
    if ((i32[entry * 2 + E_META] & LONG_KEY) === 0) return 0;
    return this.paddedKeySize(i32[keyAt(i32, entry) >>> 2]);
  }

  paddedKeySize(keySize: number): number {
    const { chunkSize } = this.layout;
    return Math.ceil(keySize / chunkSize) * chunkSize;
  }

  /** Size of the value in bytes. */
  size(entry: number): number {
    return (this.arena.i32[entry * 2 + E_SIZE] >>> 0) - this.startOf(entry);
  }

  chunkCount(entry: number): number {
    const { i32 } = this.arena;
    if ((i32[entry * 2 + E_META] & CHUNKED) === 0) return 0;
    return i32[contentAt(i32, entry) >>> 2];
  }

  /** Chunks that hold the list of chunks. */
  listCount(entry: number): number {
    const chunks = this.chunkCount(entry);
    return chunks > CHUNKS_LISTED ? Math.ceil(chunks / (1 << (this.layout.chunkShift - 2))) : 0;
  }

  /** Offset of data chunk `index`. */
  chunkAt(entry: number, index: number): number {
    const { i32 } = this.arena;
    return i32[this.chunkWord(entry, index)];
  }

  /** Word that names data chunk `index`. */
  chunkWord(entry: number, index: number): number {
    const { i32 } = this.arena;
    const at = contentAt(i32, entry) >>> 2;
    if (i32[at] <= CHUNKS_LISTED) return at + 1 + index;
    const shift = this.layout.chunkShift - 2;
    return i32[at + 1 + (index >>> shift)] * 2 + (index & ((1 << shift) - 1));
  }

  /** Byte position of address `address` of the value. */
  at(entry: number, address: number): number {
    return this.rawAt(entry, address + this.startOf(entry));
  }

  /** As at(), counted from the start of a long key. */
  rawAt(entry: number, address: number): number {
    const { i32 } = this.arena;
    const at = contentAt(i32, entry);
    if ((i32[entry * 2 + E_META] & CHUNKED) === 0) return at + address;
    const { chunkSize, chunkShift } = this.layout;
    const chunks = i32[at >>> 2];
    const chunk = Math.floor(address / chunkSize);
    if (chunk < chunks) {
      const shift = chunkShift - 2;
      const offset =
        chunks <= CHUNKS_LISTED
          ? i32[(at >>> 2) + 1 + chunk]
          : i32[i32[(at >>> 2) + 1 + (chunk >>> shift)] * 2 + (chunk & ((1 << shift) - 1))];
      return offset * 8 + (address - chunk * chunkSize);
    }
    return this.#tailAt(entry, at, chunks) + (address - chunks * chunkSize);
  }

  #tailAt(entry: number, at: number, chunks: number): number {
    const base = entry * 8;
    return base + this.#tailOffset(at - base, chunks);
  }

  /** Bytes that follow address `address` in the same piece, that byte included. */
  runAt(entry: number, address: number): number {
    const start = this.startOf(entry);
    return this.rawRunAt(entry, address + start);
  }

  /** As runAt(), counted from the start of a long key. */
  rawRunAt(entry: number, address: number): number {
    const size = this.arena.i32[entry * 2 + E_SIZE] >>> 0;
    const chunks = this.chunkCount(entry);
    const { chunkSize } = this.layout;
    if (address < chunks * chunkSize) {
      return Math.min(chunkSize - (address % chunkSize), size - address);
    }
    return size - address;
  }

  /** Copies `count` bytes from address `address` to `target`. */
  read(entry: number, address: number, target: Uint8Array, at: number, count: number): void {
    const start = this.startOf(entry);
    for (let done = 0; done < count; ) {
      const from = this.rawAt(entry, start + address + done);
      const run = Math.min(this.rawRunAt(entry, start + address + done), count - done);
      copyBytes(target, at + done, this.arena.u8, from, from + run);
      done += run;
    }
  }

  /** Writes source[from, end) at address `address`. The content must be that large already. */
  write(entry: number, address: number, source: Uint8Array, from: number, end: number): void {
    const start = this.startOf(entry);
    const count = end - from;
    for (let done = 0; done < count; ) {
      const to = this.rawAt(entry, start + address + done);
      const run = Math.min(this.rawRunAt(entry, start + address + done), count - done);
      copyBytes(this.arena.u8, to, source, from + done, from + done + run);
      done += run;
    }
  }

  /** Sets `count` bytes from address `address` to zero. */
  clear(entry: number, address: number, count: number): void {
    const start = this.startOf(entry);
    for (let done = 0; done < count; ) {
      const at = this.rawAt(entry, start + address + done);
      const run = Math.min(this.rawRunAt(entry, start + address + done), count - done);
      this.arena.u8.fill(0, at, at + run);
      done += run;
    }
  }

  /** A fresh copy of part of the value. For cold paths: hot ones copy to where it goes. */
  slice(entry: number, from: number, end: number): Uint8Array {
    const bytes = new Uint8Array(end - from);
    this.read(entry, from, bytes, 0, end - from);
    return bytes;
  }

  /** Copies a long key into content that was made for it. */
  writeLongKey(entry: number, bytes: Uint8Array, from: number, end: number): void {
    for (let done = 0; done < end - from; ) {
      const run = Math.min(this.layout.chunkSize, end - from - done);
      copyBytes(this.arena.u8, this.rawAt(entry, done), bytes, from + done, from + done + run);
      done += run;
    }
  }

  longKeyEquals(entry: number, bytes: Uint8Array, from: number, end: number): boolean {
    const { i32, u8 } = this.arena;
    const size = i32[keyAt(i32, entry) >>> 2];
    if (size !== end - from) return false;
    for (let done = 0; done < size; ) {
      const run = Math.min(this.layout.chunkSize, size - done);
      const at = this.rawAt(entry, done);
      if (!equalBytes(u8, at, at + run, bytes, from + done, from + done + run)) return false;
      done += run;
    }
    return true;
  }

  readLongKey(entry: number, target: Uint8Array, at: number): void {
    const { i32, u8 } = this.arena;
    const size = i32[keyAt(i32, entry) >>> 2];
    for (let done = 0; done < size; ) {
      const run = Math.min(this.layout.chunkSize, size - done);
      const from = this.rawAt(entry, done);
      copyBytes(target, at + done, u8, from, from + run);
      done += run;
    }
  }

  /** Fills the list of chunks of a slot that has none yet. They must be free (see room.ts). */
  acquireChunks(entry: number, chunks: number, lists: number): void {
    const { i32 } = this.arena;
    const { chunkClass, chunkSize } = this.layout;
    const at = contentAt(i32, entry) >>> 2;
    i32[at] = chunks;
    for (let i = 0; i < lists; i++) {
      const list = this.#slab.acquire(chunkClass);
      this.#slab.setOwner(list, entry);
      i32[at + 1 + i] = list;
    }
    for (let i = 0; i < chunks; i++) {
      const chunk = this.#slab.acquire(chunkClass);
      const owner = lists === 0 ? entry : i32[at + 1 + Math.floor(i / (chunkSize / 4))];
      this.#slab.setOwner(chunk, owner);
      i32[this.chunkWord(entry, i)] = chunk;
    }
  }

  /** Gives the chunks of an entry back. */
  releaseChunks(entry: number): void {
    const { i32 } = this.arena;
    const chunks = this.chunkCount(entry);
    if (chunks === 0) return;
    for (let i = 0; i < chunks; i++) this.#slab.release(this.chunkAt(entry, i));
    const lists = this.listCount(entry);
    const at = contentAt(i32, entry) >>> 2;
    for (let i = 0; i < lists; i++) this.#slab.release(i32[at + 1 + i]);
  }

  /**
   * Gives back the chunks from `kept` on. A list of chunks stays one: there may be no place in the
   * slot to name them all, so CHUNKS_LISTED + 1 are the least that one keeps.
   */
  dropChunks(entry: number, kept: number): void {
    const { i32 } = this.arena;
    const chunks = this.chunkCount(entry);
    const lists = this.listCount(entry);
    const at = contentAt(i32, entry) >>> 2;
    for (let i = kept; i < chunks; i++) this.#slab.release(this.chunkAt(entry, i));
    i32[at] = kept;
    for (let i = this.listCount(entry); i < lists; i++) this.#slab.release(i32[at + 1 + i]);
  }

  /** Tells an entry's chunks where their holder lies now. */
  adoptChunks(entry: number): void {
    const { i32 } = this.arena;
    const chunks = this.chunkCount(entry);
    const lists = this.listCount(entry);
    const at = (contentAt(i32, entry) >>> 2) + 1;
    const held = lists === 0 ? chunks : lists;
    for (let i = 0; i < held; i++) this.#slab.setOwner(i32[at + i], entry);
  }

  /** A chunk moved: its holder names it anew, and what it lists learns its new place. */
  moveChunk(from: number, to: number): void {
    const { i32 } = this.arena;
    const { chunkSize, chunkClass, chunkShift } = this.layout;
    const owner = this.#slab.ownerOf(from);
    i32.copyWithin(to * 2, from * 2, from * 2 + chunkSize / 4);
    this.#slab.setOwner(to, owner);
    if (this.#slab.classOf(owner) === chunkClass) {
      const word = i32.indexOf(from, owner * 2);
      i32[word] = to;
      return;
    }
    const at = contentAt(i32, owner) >>> 2;
    i32[i32.indexOf(from, at + 1)] = to;
    const chunks = i32[at];
    if (chunks <= CHUNKS_LISTED) return;
    // A chunk of the list: those it names are told.
    const perList = 1 << (chunkShift - 2);
    const list = i32.indexOf(to, at + 1) - at - 1;
    const count = Math.min(perList, chunks - list * perList);
    for (let i = 0; i < count; i++) this.#slab.setOwner(i32[to * 2 + i], to);
  }
}
