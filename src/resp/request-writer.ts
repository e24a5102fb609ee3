/**
 * Writes requests: arrays of bulks, one behind the other in one growing buffer.
 *
 *   *3 CR LF $3 CR LF SET CR LF $1 CR LF k CR LF $1 CR LF v CR LF
 *
 * What has been written lies in bytes[0, size). Who has taken it calls clear(), and the buffer is
 * written to again from its beginning.
 */

import { latin1Bytes, writeLatin1 } from '../std/ascii.ts';
import { copyBytes } from '../std/bytes.ts';
import { INT64_DIGITS_MAX, writeInteger } from '../std/int64.ts';
import type { Argv } from './argv.ts';

const STAR = 0x2a;
const DOLLAR = 0x24;
const CR = 0x0d;
const LF = 0x0a;
/** A count or a size with its mark and line end. */
const HEADER_SIZE_MAX = INT64_DIGITS_MAX + 3;
const SIZE_INITIAL = 256;
/** A buffer larger than this is dropped when it has been emptied. */
const SIZE_KEPT = 256 * 1024;

/** Part of a request: an argument of another by its index, text (a byte for each character), bytes. */
export type Part = number | string | Uint8Array;

export class RequestWriter {
  bytes = new Uint8Array(0);
  size = 0;

  clear(): void {
    this.size = 0;
    if (this.bytes.length > SIZE_KEPT) this.bytes = new Uint8Array(0);
  }

  /** Forgets the first `size` bytes. */
  drop(size: number): void {
    if (size === this.size) return this.clear();
    this.bytes.copyWithin(0, size, this.size);
    this.size -= size;
  }

  /** Begins a request of `count` bulks, which follow. */
  begin(count: number): void {
    this.#makePlace(HEADER_SIZE_MAX);
    this.#header(STAR, count);
  }

  bulk(bytes: Uint8Array, start = 0, end = bytes.length): void {
    this.#makePlace(end - start + HEADER_SIZE_MAX + 2);
    this.#header(DOLLAR, end - start);
    copyBytes(this.bytes, this.size, bytes, start, end);
    this.size += end - start;
    this.bytes[this.size++] = CR;
    this.bytes[this.size++] = LF;
  }

  bulkText(text: string): void {
    this.#makePlace(text.length + HEADER_SIZE_MAX + 2);
    this.#header(DOLLAR, text.length);
    this.size = writeLatin1(this.bytes, this.size, text);
    this.bytes[this.size++] = CR;
    this.bytes[this.size++] = LF;
  }

  /** A whole request as it is. */
  request(argv: Argv): void {
    const { bytes, starts, ends, count } = argv;
    this.begin(count);
    for (let i = 0; i < count; i++) this.bulk(bytes, starts[i], ends[i]);
  }

  /** A whole request made of parts; numbers are arguments of `argv`. */
  made(argv: Argv, parts: readonly Part[]): void {
    this.begin(parts.length);
    for (const part of parts) {
      if (typeof part === 'string') this.bulkText(part);
      else if (typeof part === 'number') {
        this.bulk(argv.bytes, argv.starts[part], argv.ends[part]);
      } else this.bulk(part);
    }
  }

  /** Bytes as they are. */
  raw(bytes: Uint8Array, start = 0, end = bytes.length): void {
    this.#makePlace(end - start);
    copyBytes(this.bytes, this.size, bytes, start, end);
    this.size += end - start;
  }

  /** Text as it is, put in at `at`; what is behind moves. */
  insert(at: number, text: string): void {
    const bytes = latin1Bytes(text);
    this.#makePlace(bytes.length);
    this.bytes.copyWithin(at + bytes.length, at, this.size);
    this.bytes.set(bytes, at);
    this.size += bytes.length;
  }

  #header(mark: number, n: number): void {
    const { bytes } = this;
    bytes[this.size] = mark;
    const at = writeInteger(bytes, this.size + 1, n);
    bytes[at] = CR;
    bytes[at + 1] = LF;
    this.size = at + 2;
  }

  #makePlace(size: number): void {
    const needed = this.size + size;
    if (needed <= this.bytes.length) return;
    const grown = new Uint8Array(Math.max(SIZE_INITIAL, needed, this.bytes.length * 2));
    copyBytes(grown, 0, this.bytes, 0, this.size);
    this.bytes = grown;
  }
}
