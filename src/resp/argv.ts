/**
 * Argv: one framed request, its arguments as ranges of one byte array.
 *
 *   bytes   … $3 CR LF S E T CR LF $1 CR LF k CR LF …
 *   starts              ^                   ^
 *   ends                      ^               ^
 *
 * Nothing is copied to make one: the bytes are usually those the socket was read into, at a high
 * offset of an arena, and the object is used again for every request of a client. It is dead after
 * the command; what must live longer (a transaction's queue) is cloned.
 *
 * Not here: how bytes become arguments (request.ts), what the arguments mean.
 */

import { isToken, latin1Bytes, latin1Text } from '../std/ascii.ts';
import { copyBytes, equalBytes, sliceBytes } from '../std/bytes.ts';
import { ARGUMENTS_KEPT } from './limits.ts';

const ARGUMENTS_INITIAL = 16;

export class Argv {
  bytes: Uint8Array = new Uint8Array(0);
  count = 0;
  starts = new Int32Array(ARGUMENTS_INITIAL);
  ends = new Int32Array(ARGUMENTS_INITIAL);

  /** Makes place for `count` arguments, keeping those there are. */
  reserve(count: number): void {
    if (count <= this.starts.length) return;
    const size = Math.max(count, this.starts.length * 2);
    const starts = new Int32Array(size);
    const ends = new Int32Array(size);
    starts.set(this.starts);
    ends.set(this.ends);
    this.starts = starts;
    this.ends = ends;
  }

  /** Forgets all arguments, and gives back the place that an unusually long request took. */
  trim(): void {
    this.count = 0;
    if (this.starts.length <= ARGUMENTS_KEPT) return;
    this.starts = new Int32Array(ARGUMENTS_INITIAL);
    this.ends = new Int32Array(ARGUMENTS_INITIAL);
  }

  size(index: number): number {
    return this.ends[index] - this.starts[index];
  }

  /** An argument as text, a character for each byte. */
  text(index: number): string {
    return latin1Text(this.bytes, this.starts[index], this.ends[index]);
  }

  /** A fresh copy of an argument. */
  copy(index: number): Uint8Array {
    return sliceBytes(this.bytes, this.starts[index], this.ends[index]);
  }

  /** Whether an argument is a token, whatever its case. The token is written in upper case. */
  is(index: number, token: string): boolean {
    return isToken(this.bytes, this.starts[index], this.ends[index], token);
  }

  /** Whether two arguments are the same bytes. */
  sameAs(a: number, b: number): boolean {
    const { bytes, starts, ends } = this;
    return equalBytes(bytes, starts[a], ends[a], bytes, starts[b], ends[b]);
  }

  /** A copy with bytes of its own, those of the arguments and no more. */
  clone(): Argv {
    let size = 0;
    for (let i = 0; i < this.count; i++) size += this.size(i);
    const argv = new Argv();
    argv.reserve(this.count);
    argv.bytes = new Uint8Array(size);
    for (let i = 0; i < this.count; i++) argv.#append(this.bytes, this.starts[i], this.ends[i]);
    return argv;
  }

  /** A request made of texts (a byte for each character) and bytes. */
  static of(...parts: (string | Uint8Array)[]): Argv {
    const pieces = parts.map((part) => (typeof part === 'string' ? latin1Bytes(part) : part));
    const argv = new Argv();
    argv.reserve(pieces.length);
    argv.bytes = new Uint8Array(pieces.reduce((size, piece) => size + piece.length, 0));
    for (const piece of pieces) argv.#append(piece, 0, piece.length);
    return argv;
  }

  /** Adds an argument behind the last. The place must be there. */
  #append(source: Uint8Array, start: number, end: number): void {
    const at = this.count === 0 ? 0 : this.ends[this.count - 1];
    copyBytes(this.bytes, at, source, start, end);
    this.starts[this.count] = at;
    this.ends[this.count++] = at + end - start;
  }
}
