/**
 * RDB reader: the file of a snapshot, of any version from Redis 1 to 7.2, key by key.
 *
 *   file ─▶ window ─▶ one record ─▶ handler         a record: an opcode with its key, if it has one
 *
 * The window holds a part of the file. A record that goes beyond it is read again from its beginning
 * when more is there, so nothing is kept between records but what an opcode says of the next key.
 *
 * Nothing is believed: what is unknown, torn, or not what its checksum says is thrown as Corrupt,
 * with where that is.
 */

import { systemReason } from '../instance/config/files.ts';
import { latin1Text } from '../std/ascii.ts';
import { Crc64 } from '../std/crc64.ts';
import { ByteReader, Corrupt, EmptyValue, NeedsMore } from './byte-reader.ts';
import {
  MAGIC,
  OPCODE_AUX,
  OPCODE_DATABASE,
  OPCODE_DEADLINE,
  OPCODE_DEADLINE_SECONDS,
  OPCODE_END,
  OPCODE_FREQUENCY,
  OPCODE_FUNCTION,
  OPCODE_FUNCTION_EARLY,
  OPCODE_IDLE,
  OPCODE_MODULE_AUX,
  OPCODE_SIZES,
  T_MODULE,
  T_MODULE_2,
  T_STRING,
  VERSION_READ,
  VERSION_WITH_SUM,
} from './format.ts';
import { readValueOf, type Value } from './value-reader.ts';

const HEADER_SIZE = MAGIC.length + 4;
const SUM_SIZE = 8;
/** Bytes read at once. */
const WINDOW_SIZE = 1024 * 1024;
const MS_PER_SECOND = 1000n;
const none: Uint8Array = new Uint8Array(0);

/** Where the bytes of a file come from. */
export interface ByteSource {
  /** Bytes there are. */
  readonly size: number;
  /** Reads up to so many bytes to target[at…). Answers how many; 0 at the end. */
  read(target: Uint8Array, at: number, size: number): number;
}

/** A file that lies in memory. */
export function bytesSource(bytes: Uint8Array): ByteSource {
  let from = 0;
  return {
    size: bytes.length,
    read(target, at, size) {
      const count = Math.min(size, bytes.length - from);
      target.set(bytes.subarray(from, from + count), at);
      from += count;
      return count;
    },
  };
}

/** What a file says of a key. */
export interface KeyRecord {
  readonly database: number;
  readonly key: Uint8Array;
  /** Undefined: a collection of nothing, as old versions wrote some. */
  readonly value: Value | undefined;
  /** Unix milliseconds, or undefined. */
  readonly deadline: bigint | undefined;
  /** Seconds since its last use, and how often it is used; or -1. */
  readonly idle: number;
  readonly frequency: number;
}

/** The same of a key that holds a string, as nearly all do: nothing is made to tell of it. */
export interface StringRecord {
  database: number;
  keyBytes: Uint8Array;
  keyStart: number;
  keyEnd: number;
  bytes: Uint8Array;
  start: number;
  end: number;
  deadline: bigint | undefined;
  idle: number;
  frequency: number;
}

/**
 * Who is told what a file holds, in its order. What it throws is thrown on. Bytes are good until it
 * returns.
 */
export interface RdbHandler {
  /** Text is latin1. */
  aux(name: string, value: Uint8Array): void;
  library(code: Uint8Array): void;
  key(record: KeyRecord): void;
  string(record: StringRecord): void;
}

export class RdbReader {
  readonly #source: ByteSource;
  readonly #handler: RdbHandler;
  readonly #checks: boolean;
  readonly #crc = new Crc64();
  #window: Uint8Array;
  #windowEnd = 0;
  #reader: ByteReader;
  /** Where the window begins in the file. */
  #before = 0;
  /** Up to where the window is in the checksum. */
  #summed = 0;
  #version = 0;
  #isAtEnd = false;
  // Said of the next key.
  #database = 0;
  #deadline: bigint | undefined = undefined;
  #idle = -1;
  #frequency = -1;
  readonly #string: StringRecord = {
    ...{ database: 0, keyBytes: none, keyStart: 0, keyEnd: 0, bytes: none, start: 0, end: 0 },
    ...{ deadline: undefined, idle: -1, frequency: -1 },
  };

  /** `checks`: whether the checksum must be right. */
  constructor(source: ByteSource, handler: RdbHandler, checks: boolean) {
    this.#source = source;
    this.#handler = handler;
    this.#checks = checks;
    this.#window = new Uint8Array(Math.min(WINDOW_SIZE, Math.max(HEADER_SIZE, source.size)));
    this.#reader = this.#open(0);
  }

  /** Bytes of the file that have been read: all of it that is a snapshot, at the end. */
  get position(): number {
    return this.#before + this.#reader.at;
  }

  /** Reads the next record. False at the end. Throws Corrupt. */
  next(): boolean {
    if (this.#isAtEnd) return false;
    const start = this.position;
    for (;;) {
      const reader = this.#reader;
      const { at } = reader;
      try {
        if (this.#version === 0) this.#readHeader();
        else this.#readRecord();
        return !this.#isAtEnd;
      } catch (error) {
        if (error instanceof NeedsMore) {
          reader.at = at;
          this.#refill(error.size);
        } else if (error instanceof Corrupt && reader.at > at && this.#version > 0) {
          throw new Corrupt(error.reason, error.at, start);
        } else throw error;
      }
    }
  }

  /** Moves what is left in the window to its beginning and reads on, `more` bytes at least. */
  #refill(more: number): void {
    const { at, end, left } = this.#reader;
    this.#sumUp();
    this.#before += at;
    this.#summed = 0;
    const wanted = left + more;
    const old = this.#window;
    if (wanted > old.length) this.#window = new Uint8Array(Math.max(wanted, old.length * 2));
    this.#window.set(old.subarray(at, end));
    this.#windowEnd = left;
    while (this.#windowEnd < wanted) {
      const room = this.#window.length - this.#windowEnd;
      const count = this.#read(room);
      if (count === 0) break;
      this.#windowEnd += count;
    }
    const isAll = this.#windowEnd < wanted;
    this.#reader = this.#open(0, isAll);
  }

  #read(size: number): number {
    try {
      return this.#source.read(this.#window, this.#windowEnd, size);
    } catch (error) {
      throw new Corrupt(systemReason(error), this.#before + this.#windowEnd);
    }
  }

  #open(at: number, isAll = false): ByteReader {
    const behind = isAll ? 0 : this.#source.size - this.#before - this.#windowEnd;
    return new ByteReader(this.#window, at, this.#windowEnd, this.#before, Math.max(0, behind));
  }

  #sumUp(): void {
    if (!this.#checks || this.#version < VERSION_WITH_SUM) return;
    const { at } = this.#reader;
    this.#crc.add(this.#window, this.#summed, at);
    this.#summed = at;
  }

  #readHeader(): void {
    const reader = this.#reader;
    const at = reader.pass(HEADER_SIZE);
    const text = latin1Text(reader.bytes, at, at + HEADER_SIZE);
    reader.at = at;
    if (!text.startsWith(MAGIC)) reader.fail('Wrong signature trying to load DB from file');
    const digits = text.slice(MAGIC.length);
    const version = /^\d+$/.test(digits) ? Number(digits) : 0;
    if (version < 1 || version > VERSION_READ) {
      reader.fail(`Can't handle RDB format version ${version}`);
    }
    reader.at = at + HEADER_SIZE;
    this.#version = version;
  }

  #readRecord(): void {
    const reader = this.#reader;
    const opcode = reader.byte();
    if (opcode === T_STRING) return this.#readString();
    switch (opcode) {
      case OPCODE_AUX: {
        const name = reader.string();
        const value = reader.string();
        this.#handler.aux(latin1Text(name, 0, name.length), value);
        return;
      }
      case OPCODE_FUNCTION:
        this.#handler.library(reader.string());
        return;
      case OPCODE_FUNCTION_EARLY:
        return reader.fail('Pre-release function format not supported');
      case OPCODE_MODULE_AUX:
        return reader.fail(
          "The RDB file contains AUX module data I can't load: no matching module " +
            `'${moduleName(reader.length64())}'`,
        );
      case OPCODE_DATABASE:
        this.#database = reader.length();
        return;
      case OPCODE_SIZES:
        reader.length();
        reader.length();
        return;
      case OPCODE_DEADLINE:
        this.#deadline = reader.milliseconds64();
        return;
      case OPCODE_DEADLINE_SECONDS:
        this.#deadline = BigInt(reader.seconds()) * MS_PER_SECOND;
        return;
      case OPCODE_IDLE:
        this.#idle = reader.length();
        return;
      case OPCODE_FREQUENCY:
        this.#frequency = reader.byte();
        return;
      case OPCODE_END:
        return this.#readEnd();
      default:
        this.#readKey(opcode);
    }
  }

  #readString(): void {
    const reader = this.#reader;
    const record = this.#string;
    reader.text();
    record.keyBytes = reader.textBytes;
    record.keyStart = reader.textStart;
    record.keyEnd = reader.textEnd;
    reader.text();
    record.bytes = reader.textBytes;
    record.start = reader.textStart;
    record.end = reader.textEnd;
    record.database = this.#database;
    record.deadline = this.#deadline;
    record.idle = this.#idle;
    record.frequency = this.#frequency;
    this.#handler.string(record);
    this.#deadline = undefined;
    this.#idle = -1;
    this.#frequency = -1;
  }

  #readKey(type: number): void {
    const reader = this.#reader;
    const key = reader.string();
    if (type === T_MODULE) reader.fail('Pre-release module format not supported');
    if (type === T_MODULE_2) {
      reader.fail(
        "The RDB file contains module data I can't load: no matching module type " +
          `'${moduleName(reader.length64())}'`,
      );
    }
    let value: Value | undefined;
    try {
      value = readValueOf(reader, type);
    } catch (error) {
      if (!(error instanceof EmptyValue)) throw error;
    }
    const deadline = this.#deadline;
    const idle = this.#idle;
    const frequency = this.#frequency;
    this.#handler.key({ database: this.#database, key, value, deadline, idle, frequency });
    this.#deadline = undefined;
    this.#idle = -1;
    this.#frequency = -1;
  }

  #readEnd(): void {
    const reader = this.#reader;
    if (this.#version >= VERSION_WITH_SUM) {
      const end = reader.at;
      const at = reader.pass(SUM_SIZE);
      reader.at = end;
      this.#sumUp();
      const sum = reader.bytes.subarray(at, at + SUM_SIZE);
      // Eight zeros: none was made.
      if (this.#checks && sum.some((byte) => byte !== 0) && !this.#crc.isAt(sum, 0)) {
        reader.fail('RDB CRC error');
      }
      reader.at = end + SUM_SIZE;
    }
    this.#isAtEnd = true;
  }
}

/** Nine letters of six bits each, and ten bits of a version. */
function moduleName(id: bigint): string {
  const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
  let name = '';
  for (let shift = 58n; shift >= 10n; shift -= 6n) name += letters[Number((id >> shift) & 63n)];
  return name;
}
