/**
 * Byte writer: lengths, numbers and strings as Redis writes them to its files and dumps.
 *
 *   length   1, 2, 5 or 9 bytes, by its first two bits
 *   string   length │ bytes, or an integer in 1, 2 or 4 bytes, or compressed
 *
 * A writer is a sink for bulks, so that values write their elements into it as they do into a reply.
 */

import { copyBytes } from '../std/bytes.ts';
import { parseSafeInteger, writeInteger } from '../std/int64.ts';
import type { Steps } from '../std/steps.ts';
import type { BulkSink } from '../value/string.ts';
import {
  COMPRESSED_SIZE_MIN,
  ENCODED,
  ENCODED_INT8,
  ENCODED_INT16,
  ENCODED_INT32,
  ENCODED_LZF,
  LENGTH_14,
  LENGTH_32,
  LENGTH_64,
} from './format.ts';
import { compress, Packer } from './lzf.ts';

const SIZE_MIN = 256;
/** Bytes from which on a string is worth several steps. */
export const LARGE_SIZE = 64 * 1024;
/** Bytes compressed or written in a step. */
const STEP_SIZE = 128 * 1024;
/** No integer of 32 bits is longer. */
const INTEGER_SIZE_MAX = 11;

export class ByteWriter implements BulkSink {
  bytes = new Uint8Array(SIZE_MIN);
  size = 0;
  /** Whether long strings are compressed where that makes them shorter. */
  readonly compresses: boolean;
  /** The string that comes in pieces, and how much of it has. */
  #whole: Uint8Array | undefined;
  #wholeSize = 0;

  constructor(compresses: boolean) {
    this.compresses = compresses;
  }

  /** Forgets what has been written. */
  clear(): void {
    this.size = 0;
  }

  /** What has been written. */
  get written(): Uint8Array {
    return this.bytes.subarray(0, this.size);
  }

  #room(size: number): void {
    const needed = this.size + size;
    if (needed <= this.bytes.length) return;
    const larger = new Uint8Array(Math.max(needed, this.bytes.length * 2));
    larger.set(this.written);
    this.bytes = larger;
  }

  byte(value: number): void {
    this.#room(1);
    this.bytes[this.size++] = value;
  }

  /** Bytes as they are, with nothing to say how many. */
  append(bytes: Uint8Array, start: number, end: number): void {
    if (this.#whole !== undefined) {
      copyBytes(this.#whole, this.#wholeSize, bytes, start, end);
      this.#wholeSize += end - start;
      return;
    }
    this.#room(end - start);
    copyBytes(this.bytes, this.size, bytes, start, end);
    this.size += end - start;
  }

  /** A number of so many bytes, least first. */
  #least(value: number, size: number): void {
    for (let i = 0; i < size; i++) this.byte(Math.floor(value / 2 ** (8 * i)) & 255);
  }

  /** The same, greatest first. */
  #greatest(value: number, size: number): void {
    for (let i = size - 1; i >= 0; i--) this.byte(Math.floor(value / 2 ** (8 * i)) & 255);
  }

  length(value: number): void {
    if (value < 64) {
      this.byte(value);
    } else if (value < 16384) {
      this.byte((LENGTH_14 << 6) | (value >>> 8));
      this.byte(value & 255);
    } else if (value < 2 ** 32) {
      this.byte(LENGTH_32);
      this.#greatest(value, 4);
    } else {
      this.byte(LENGTH_64);
      this.#greatest(value, 8);
    }
  }

  /** The same of an unsigned number of 64 bits. */
  length64(value: bigint): void {
    if (value < 2n ** 32n) {
      this.length(Number(value));
      return;
    }
    this.byte(LENGTH_64);
    this.#room(8);
    new DataView(this.bytes.buffer).setBigUint64(this.size, value);
    this.size += 8;
  }

  /** Unix milliseconds, in eight bytes. */
  milliseconds(time: number): void {
    this.milliseconds64(BigInt(time));
  }

  milliseconds64(time: bigint): void {
    this.#room(8);
    new DataView(this.bytes.buffer).setBigInt64(this.size, time, true);
    this.size += 8;
  }

  /** So many words as they are, each with its greatest byte first. */
  words(words: Int32Array, start: number, count: number): void {
    this.#room(count * 4);
    const view = new DataView(this.bytes.buffer);
    for (let i = 0; i < count; i++) view.setInt32(this.size + i * 4, words[start + i]);
    this.size += count * 4;
  }

  double(value: number): void {
    this.#room(8);
    new DataView(this.bytes.buffer).setFloat64(this.size, value, true);
    this.size += 8;
  }

  /** A string: as an integer or compressed where that is shorter. */
  bulk(bytes: Uint8Array, start = 0, end = bytes.length): void {
    const size = end - start;
    if (size <= INTEGER_SIZE_MAX && this.#asInteger(bytes, start, end)) return;
    if (this.compresses && size > COMPRESSED_SIZE_MIN) {
      const packed = compress(bytes, start, end, size - 4);
      if (packed !== undefined) {
        this.#packedHeader(packed.length, size);
        this.append(packed, 0, packed.length);
        return;
      }
    }
    this.length(size);
    this.append(bytes, start, end);
  }

  /** The same of a string too long to be an integer, in steps. The bytes must stay as they are. */
  *bulkSteps(bytes: Uint8Array, start = 0, end = bytes.length): Steps {
    const size = end - start;
    if (this.compresses && size > COMPRESSED_SIZE_MIN) {
      const packer = new Packer();
      packer.begin(bytes, start, end, size - 4);
      while (packer.step(STEP_SIZE)) yield;
      const packed = packer.end();
      if (packed !== undefined) {
        this.#packedHeader(packed.length, size);
        yield* this.#appendSteps(packed, 0, packed.length);
        return;
      }
    }
    this.length(size);
    yield* this.#appendSteps(bytes, start, end);
  }

  *#appendSteps(bytes: Uint8Array, start: number, end: number): Steps {
    for (let at = start; at < end; at += STEP_SIZE) {
      this.append(bytes, at, Math.min(end, at + STEP_SIZE));
      yield;
    }
  }

  #packedHeader(packedSize: number, size: number): void {
    this.byte((ENCODED << 6) | ENCODED_LZF);
    this.length(packedSize);
    this.length(size);
  }

  #asInteger(bytes: Uint8Array, start: number, end: number): boolean {
    const value = parseSafeInteger(bytes, start, end);
    if (Number.isNaN(value) || value < -(2 ** 31) || value >= 2 ** 31) return false;
    // Only what prints the same.
    if (writeInteger(digits, 0, value) !== end - start) return false;
    if (value >= -128 && value < 128) {
      this.byte((ENCODED << 6) | ENCODED_INT8);
      this.#least(value & 255, 1);
    } else if (value >= -32768 && value < 32768) {
      this.byte((ENCODED << 6) | ENCODED_INT16);
      this.#least(value & 0xffff, 2);
    } else {
      this.byte((ENCODED << 6) | ENCODED_INT32);
      this.#least(value >>> 0, 4);
    }
    return true;
  }

  // A bulk in pieces is written as it is.
  // A string in pieces is as one in one piece: to be compressed it must be whole.

  bulkHeader(size: number): void {
    if (this.compresses && size > COMPRESSED_SIZE_MIN) {
      this.#whole = new Uint8Array(size);
      this.#wholeSize = 0;
    } else {
      this.length(size);
    }
  }

  bulkEnd(): void {
    const whole = this.#whole;
    if (whole === undefined) return;
    this.#whole = undefined;
    this.bulk(whole);
  }
}

const digits = new Uint8Array(24);
