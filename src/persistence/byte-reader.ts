/**
 * Byte reader: lengths, numbers and strings as Redis writes them, from bytes nobody vouches for.
 *
 * What does not fit is thrown as Corrupt, with where it was found. Nothing is allocated by what the
 * bytes say of themselves alone: a length is held against what is left first.
 */

import { latin1Bytes } from '../std/ascii.ts';
import { parseDouble } from '../std/double.ts';
import {
  ENCODED,
  ENCODED_INT8,
  ENCODED_INT16,
  ENCODED_INT32,
  ENCODED_LZF,
  LENGTH_6,
  LENGTH_14,
  LENGTH_32,
  LENGTH_64,
} from './format.ts';
import { decompress } from './lzf.ts';

/** A longer string is none that a server keeps. */
const STRING_SIZE_MAX = 2 ** 32;
/** What LZF makes of one byte at most. */
const EXPANSION_MAX = 264;
const BAD_LZF = 'Invalid LZF compressed string';

/** What is said of bytes that end before what they hold does. */
const TOO_SHORT = 'Unexpected EOF reading RDB file';

/** Bytes are not what they should be. What is wrong is said in Redis's words, where it has any. */
export class Corrupt extends Error {
  override readonly name: string = 'Corrupt';
  readonly reason: string;
  /** The byte where it was found. */
  readonly at: number;
  /** Lines of the log about it. */
  readonly lines: readonly string[];

  /** `start`: the byte at which what is torn begins. */
  constructor(reason: string, at: number, start = -1) {
    super(`${reason} at byte ${at}${start < 0 ? '' : `, in what begins at byte ${start}`}`);
    this.reason = reason;
    this.at = at;
    const line = `Internal error in RDB reading offset ${at} -> ${reason}`;
    this.lines =
      reason === TOO_SHORT
        ? ['Short read or OOM loading DB. Unrecoverable error, aborting now.', line]
        : [line];
  }
}

/** A collection of nothing: old versions of Redis wrote some, and readers of files pass over them. */
export class EmptyValue extends Corrupt {
  override readonly name = 'EmptyValue';
}

/** So many bytes more are needed, and there are as many: offer them, and read again. */
export class NeedsMore extends Error {
  override readonly name = 'NeedsMore';
  readonly size: number;

  constructor(size: number) {
    super('more bytes are needed');
    this.size = size;
  }
}

export class ByteReader {
  readonly bytes: Uint8Array;
  at: number;
  readonly end: number;
  /** The string that text() has read. */
  textBytes: Uint8Array;
  textStart = 0;
  textEnd = 0;
  /** What comes in front of `bytes`, and behind `end`, where they are a part of something. */
  readonly #before: number;
  readonly #behind: number;
  readonly #view: DataView;

  constructor(bytes: Uint8Array, start = 0, end = bytes.length, before = 0, behind = 0) {
    this.bytes = bytes;
    this.textBytes = bytes;
    this.at = start;
    this.end = end;
    this.#before = before;
    this.#behind = behind;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  get left(): number {
    return this.end - this.at;
  }

  fail(what: string): never {
    throw new Corrupt(what, this.#before + this.at);
  }

  /** Refuses a collection that has been read and holds nothing. */
  failEmpty(what: string): never {
    throw new EmptyValue(what, this.#before + this.at);
  }

  /** Refuses what takes so many bytes unless they are there, or may come. */
  #expect(size: number, what: string): void {
    if (size <= this.left) return;
    if (size <= this.left + this.#behind) throw new NeedsMore(size - this.left);
    this.fail(what);
  }

  /** Passes so many bytes and answers where they begin. */
  pass(size: number): number {
    const { at } = this;
    if (size > this.end - at) this.#expect(size, TOO_SHORT);
    this.at = at + size;
    return at;
  }

  byte(): number {
    return this.bytes[this.pass(1)];
  }

  /** A length, or -1 - the encoding of a string that follows instead. */
  #lengthOrEncoding(): number {
    const first = this.byte();
    switch (first >>> 6) {
      case LENGTH_6:
        return first;
      case LENGTH_14:
        return ((first & 63) << 8) | this.byte();
      case ENCODED:
        return -1 - (first & 63);
      default:
        if (first === LENGTH_32) return this.#view.getUint32(this.pass(4));
        if (first === LENGTH_64) return Number(this.#view.getBigUint64(this.pass(8)));
        return this.fail(`Unknown length encoding ${first >>> 6} in rdbLoadLen()`);
    }
  }

  length(): number {
    const length = this.#lengthOrEncoding();
    if (length < 0) this.fail('An encoded string where a length should be');
    return length;
  }

  /** The same, as an unsigned number of 64 bits. */
  length64(): bigint {
    if (this.left > 0 && this.bytes[this.at] === LENGTH_64) {
      this.at++;
      return this.bigUint64();
    }
    return BigInt(this.length());
  }

  /** So many words, each with its greatest byte first. */
  words(words: Int32Array, start: number, count: number): void {
    const at = this.pass(count * 4);
    for (let i = 0; i < count; i++) words[start + i] = this.#view.getInt32(at + i * 4);
  }

  /** The number of elements that follow, each of `sizeMin` bytes at least. */
  count(sizeMin = 1): number {
    const count = this.length();
    this.#expect(count * sizeMin, TOO_SHORT);
    return count;
  }

  /** A string: a view of its bytes where it is written as it is. They are good as long as `bytes`. */
  string(): Uint8Array {
    this.text();
    const { textBytes, textStart, textEnd } = this;
    return textBytes === this.bytes ? textBytes.subarray(textStart, textEnd) : textBytes;
  }

  /** Reads a string and says where its bytes are. */
  text(): void {
    const length = this.#lengthOrEncoding();
    if (length >= 0) {
      this.textStart = this.pass(length);
      this.textEnd = this.at;
      this.textBytes = this.bytes;
      return;
    }
    this.textBytes = this.#decoded(-1 - length);
    this.textStart = 0;
    this.textEnd = this.textBytes.length;
  }

  #decoded(encoding: number): Uint8Array {
    switch (encoding) {
      case ENCODED_INT8:
        return latin1Bytes(String(this.#view.getInt8(this.pass(1))));
      case ENCODED_INT16:
        return latin1Bytes(String(this.#view.getInt16(this.pass(2), true)));
      case ENCODED_INT32:
        return latin1Bytes(String(this.#view.getInt32(this.pass(4), true)));
      case ENCODED_LZF:
        return this.#compressed();
      default:
        return this.fail(`Unknown RDB string encoding type ${encoding}`);
    }
  }

  #compressed(): Uint8Array {
    const packedSize = this.length();
    const size = this.length();
    if (size > STRING_SIZE_MAX || size > packedSize * EXPANSION_MAX) this.fail(BAD_LZF);
    const at = this.pass(packedSize);
    return decompress(this.bytes, at, at + packedSize, size) ?? this.fail(BAD_LZF);
  }

  /** A double of eight bytes. */
  double(): number {
    return this.#view.getFloat64(this.pass(8), true);
  }

  /** A double as text, as the first versions wrote it. */
  textDouble(): number {
    const size = this.byte();
    if (size === 255) return Number.NEGATIVE_INFINITY;
    if (size === 254) return Number.POSITIVE_INFINITY;
    if (size === 253) return Number.NaN;
    const at = this.pass(size);
    return parseDouble(this.bytes, at, at + size);
  }

  /** Milliseconds, in eight bytes. */
  milliseconds(): number {
    return Number(this.milliseconds64());
  }

  milliseconds64(): bigint {
    return this.#view.getBigInt64(this.pass(8), true);
  }

  /** Seconds, in four bytes. */
  seconds(): number {
    return this.#view.getInt32(this.pass(4), true);
  }

  bigUint64(): bigint {
    return this.#view.getBigUint64(this.pass(8));
  }
}
