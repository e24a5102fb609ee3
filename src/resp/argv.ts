/**
 * Argv: one framed request, its arguments as ranges of one byte array.
 *
 *   bytes   … $3 CR LF S E T CR LF $1 CR LF k CR LF …
 *   starts              ^                   ^
 *   ends                      ^               ^
 *
 * Nothing is copied to make one: the bytes are usually those the socket was read into, and the
 * object is used again for every request of a client. It is dead after the command.
 */

import { isToken, latin1Bytes, latin1Text } from '../std/ascii.ts';
import { equalBytes } from '../std/bytes.ts';

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

  size(index: number): number {
    return this.ends[index] - this.starts[index];
  }

  /** An argument as text, a character for each byte. */
  text(index: number): string {
    return latin1Text(this.bytes, this.starts[index], this.ends[index]);
  }

  /** A fresh copy of an argument. */
  copy(index: number): Uint8Array {
    return this.bytes.slice(this.starts[index], this.ends[index]);
  }

  /** Whether an argument is a token, whatever its case. */
  is(index: number, token: string): boolean {
    return isToken(this.bytes, this.starts[index], this.ends[index], token);
  }

  /** Whether two arguments are the same bytes. */
  sameAs(a: number, b: number): boolean {
    const { bytes, starts, ends } = this;
    return equalBytes(bytes, starts[a], ends[a], bytes, starts[b], ends[b]);
  }

  /** A copy with bytes of its own. */
  clone(): Argv {
    const parts: Uint8Array[] = [];
    for (let i = 0; i < this.count; i++) parts.push(this.copy(i));
    return Argv.of(...parts);
  }

  /** A request made of texts (a byte for each character) and bytes. */
  static of(...parts: (string | Uint8Array)[]): Argv {
    const argv = new Argv();
    const pieces = parts.map((part) => (typeof part === 'string' ? latin1Bytes(part) : part));
    argv.reserve(pieces.length);
    argv.bytes = new Uint8Array(pieces.reduce((size, piece) => size + piece.length, 0));
    let at = 0;
    for (const piece of pieces) {
      argv.bytes.set(piece, at);
      argv.starts[argv.count] = at;
      at += piece.length;
      argv.ends[argv.count++] = at;
    }
    return argv;
  }
}
