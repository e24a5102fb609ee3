/**
 * AOF reader: one file of the append only file, request by request.
 *
 *   file ─▶ window ─▶ one request in argv       `position` is behind it
 *
 * The file is only read. Where it ends in the middle of a request nobody knows whether the writer
 * was interrupted or the file is broken: that is for who reads to decide.
 */

import { Argv } from '../resp/argv.ts';
import { indexOfByte } from '../std/bytes.ts';
import { parseSafeInteger } from '../std/int64.ts';

/** A request is in argv; the file ends here; it ends within a request; or what is there is none. */
export const READ = 0;
export const ENDED = 1;
export const TORN = 2;
export const MALFORMED = 3;

/** Bytes read at once. */
const WINDOW_SIZE = 1024 * 1024;
/** A line says how many arguments or bytes follow, or when what follows was done. */
const LINE_SIZE_MAX = 1024;

const HASH = 0x23;
const STAR = 0x2a;
const DOLLAR = 0x24;
const LF = 0x0a;
const CR = 0x0d;

/** More of the file is needed than the window holds. */
const MORE = -1;
const BAD = -2;

/** Where the bytes of a file come from. */
export interface AofSource {
  /** Reads up to so many bytes to target[at…). Answers how many; 0 at the end. */
  read(target: Uint8Array, at: number, size: number): number;
}

export class AofReader {
  /** The request read last. Good until the next one. */
  readonly argv = new Argv();
  readonly #source: AofSource;
  #window = new Uint8Array(WINDOW_SIZE);
  #at = 0;
  #end = 0;
  /** Where the window begins in the file. */
  #before: number;
  #lineEnd = 0;

  /** Reads a source, which stands at byte `from` of its file. */
  constructor(source: AofSource, from: number) {
    this.#source = source;
    this.#before = from;
    this.argv.bytes = this.#window;
  }

  /** Bytes of the file that have been read as whole requests. */
  get position(): number {
    return this.#before + this.#at;
  }

  /** Reads the next request. */
  next(): number {
    for (;;) {
      const end = this.#parse();
      if (end >= 0) {
        this.#at = end;
        if (this.argv.count > 0) return READ;
      } else if (end === BAD) {
        return MALFORMED;
      } else if (!this.#refill()) {
        return this.#at === this.#end ? ENDED : TORN;
      }
    }
  }

  /** Reads a request, or a line that is none: then there are no arguments. Answers its end. */
  #parse(): number {
    const { argv } = this;
    argv.count = 0;
    if (this.#at === this.#end) return MORE;
    const mark = this.#window[this.#at];
    if (mark === HASH) {
      const end = indexOfByte(this.#window, LF, this.#at, this.#end);
      return end < 0 ? this.#orTooLong(this.#at) : end + 1;
    }
    if (mark !== STAR) return BAD;
    const count = this.#number(this.#at);
    if (count < 0) return count;
    if (count === 0) return BAD;
    let at = this.#lineEnd;
    // Each takes six bytes at least: what announces more than there can be is not believed.
    for (let i = 0; i < count; i++) {
      if (at >= this.#end) return MORE;
      if (this.#window[at] !== DOLLAR) return BAD;
      const size = this.#number(at);
      if (size < 0) return size;
      const start = this.#lineEnd;
      at = start + size + 2;
      if (at > this.#end) return MORE;
      argv.reserve(i + 1);
      argv.starts[i] = start;
      argv.ends[i] = start + size;
    }
    argv.count = count;
    return at;
  }

  /** The number in the line at `at`, behind its mark. */
  #number(at: number): number {
    const end = indexOfByte(this.#window, LF, at, this.#end);
    if (end < 0) return this.#orTooLong(at);
    this.#lineEnd = end + 1;
    const last = this.#window[end - 1] === CR ? end - 1 : end;
    const n = parseSafeInteger(this.#window, at + 1, last);
    return n >= 0 ? n : BAD;
  }

  #orTooLong(at: number): number {
    return this.#end - at > LINE_SIZE_MAX ? BAD : MORE;
  }

  /** Moves what is left to the beginning of the window, a larger one if it is full, and reads on. */
  #refill(): boolean {
    const left = this.#end - this.#at;
    const old = this.#window;
    if (left === old.length) {
      this.#window = new Uint8Array(old.length * 2);
      this.argv.bytes = this.#window;
    }
    this.#window.set(old.subarray(this.#at, this.#end));
    this.#before += this.#at;
    this.#at = 0;
    this.#end = left;
    const count = this.#source.read(this.#window, left, this.#window.length - left);
    this.#end += count;
    return count > 0;
  }
}
