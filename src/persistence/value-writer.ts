/**
 * Value writer: values as Redis writes them to its files and dumps.
 *
 *   type │ what it holds          a set:    2 │ length │ member │ member │ …
 *   length   1, 2, 5 or 9 bytes, by its first two bits
 *   string   length │ bytes, or an integer in 1, 2 or 4 bytes, or compressed
 *
 * What is kept in Redis's own bytes here (listpacks, intsets) is written as it lies. A writer is a
 * sink for bulks, so that values write their elements into it as they do into a reply.
 */

import type { Database } from '../keyspace/database.ts';
import { latin1Bytes } from '../std/ascii.ts';
import { unreachable } from '../std/assert.ts';
import { copyBytes } from '../std/bytes.ts';
import { DOUBLE_TEXT_SIZE_MAX, doubleText } from '../std/double.ts';
import { parseSafeInteger, writeInteger } from '../std/int64.ts';
import { Hash } from '../value/hash.ts';
import { Intset } from '../value/intset.ts';
import { List } from '../value/list.ts';
import {
  EntryListpack,
  elementSizeMax,
  formatListpack,
  LISTPACK_EMPTY_SIZE,
  Listpack,
} from '../value/listpack.ts';
import { MemberSet } from '../value/set.ts';
import { SortedSet } from '../value/sorted-set.ts';
import { type BulkSink, writeString } from '../value/string.ts';
import {
  HASH_LISTPACK,
  SET_INTSET,
  SORTED_SET_LISTPACK,
  TYPE_HASH,
  TYPE_LIST,
  TYPE_SET,
  TYPE_SORTED_SET,
  TYPE_STRING,
} from '../value/type.ts';
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
  NODE_PACKED,
  T_HASH,
  T_HASH_LISTPACK,
  T_LIST_QUICKLIST_2,
  T_SET,
  T_SET_INTSET,
  T_STRING,
  T_ZSET_2,
  T_ZSET_LISTPACK,
} from './format.ts';
import { compress } from './lzf.ts';

const SIZE_MIN = 256;
/** Bytes of an element that is a score. */
const SCORE_ELEMENT_MAX = elementSizeMax(DOUBLE_TEXT_SIZE_MAX);
/** No integer of 32 bits is longer. */
const INTEGER_SIZE_MAX = 11;

export class ByteWriter implements BulkSink {
  bytes = new Uint8Array(SIZE_MIN);
  size = 0;
  /** Whether long strings are compressed where that makes them shorter. */
  readonly #compresses: boolean;

  constructor(compresses: boolean) {
    this.#compresses = compresses;
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

  double(value: number): void {
    this.#room(8);
    new DataView(this.bytes.buffer).setFloat64(this.size, value, true);
    this.size += 8;
  }

  /** A string: as an integer or compressed where that is shorter. */
  bulk(bytes: Uint8Array, start = 0, end = bytes.length): void {
    const size = end - start;
    if (size <= INTEGER_SIZE_MAX && this.#asInteger(bytes, start, end)) return;
    if (this.#compresses && size > COMPRESSED_SIZE_MIN) {
      const packed = compress(bytes, start, end, size - 4);
      if (packed !== undefined) {
        this.byte((ENCODED << 6) | ENCODED_LZF);
        this.length(packed.length);
        this.length(size);
        this.append(packed, 0, packed.length);
        return;
      }
    }
    this.length(size);
    this.append(bytes, start, end);
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
  bulkHeader(size: number): void {
    this.length(size);
  }

  bulkEnd(): void {}
}

const digits = new Uint8Array(24);

// ── Values ──────────────────────────────────────────────────────────────────────────────────────

const list = new List();
const hash = new Hash();
const members = new MemberSet();
const integers = new Intset();
const set = new SortedSet();
const packed = new EntryListpack();
/** Of sorted sets, whose own packed elements Redis does not know. */
const made = new Listpack();

/** Writes what an entry holds: its type, then the value. */
export function writeValue(writer: ByteWriter, { zone }: Database, entry: number): void {
  switch (zone.type(entry)) {
    case TYPE_STRING:
      writer.byte(T_STRING);
      writeString(zone, entry, writer);
      return;
    case TYPE_LIST:
      writeList(writer, zone, entry);
      return;
    case TYPE_HASH:
      writeHash(writer, zone, entry);
      return;
    case TYPE_SET:
      writeSet(writer, zone, entry);
      return;
    case TYPE_SORTED_SET:
      writeSortedSet(writer, zone, entry);
      return;
    default:
      unreachable(zone.type(entry) as never);
  }
}

/** A listpack as a string: it looks like none that is better written otherwise. */
function writeListpack(writer: ByteWriter, { bytes, start, size }: Listpack): void {
  writer.bulk(bytes, start, start + size);
}

function writeList(writer: ByteWriter, zone: Database['zone'], entry: number): void {
  list.open(zone, entry);
  let nodes = 0;
  list.eachNode(() => void nodes++);
  writer.byte(T_LIST_QUICKLIST_2);
  writer.length(nodes);
  list.eachNode((node) => {
    writer.length(NODE_PACKED);
    writeListpack(writer, node);
  });
}

function writeHash(writer: ByteWriter, zone: Database['zone'], entry: number): void {
  if (zone.encoding(entry) === HASH_LISTPACK) {
    writer.byte(T_HASH_LISTPACK);
    writeListpack(writer, packed.openEntry(zone, entry));
    return;
  }
  hash.open(zone, entry);
  writer.byte(T_HASH);
  writer.length(hash.count);
  hash.begin();
  while (hash.next()) {
    hash.writeField(writer);
    hash.writeValue(writer);
  }
}

function writeSet(writer: ByteWriter, zone: Database['zone'], entry: number): void {
  if (zone.encoding(entry) === SET_INTSET) {
    writer.byte(T_SET_INTSET);
    writer.bulk(integers.openEntry(zone, entry).copy());
    return;
  }
  // A listpack too: Redis 7.0 knows none of sets.
  members.open(zone, entry);
  writer.byte(T_SET);
  writer.length(members.count);
  members.begin();
  while (members.next()) members.writeMember(writer);
}

function writeSortedSet(writer: ByteWriter, zone: Database['zone'], entry: number): void {
  set.open(zone, entry);
  if (zone.encoding(entry) === SORTED_SET_LISTPACK) {
    writer.byte(T_ZSET_LISTPACK);
    writeListpack(writer, listpackOf(set));
    return;
  }
  writer.byte(T_ZSET_2);
  writer.length(set.count);
  // The last comes first, so that a reader always adds in front.
  for (let more = set.seek(set.count - 1); more; more = set.previous()) {
    set.writeCurrent(writer);
    writer.double(set.currentScore);
  }
}

/** Members and scores in turn, as Redis packs them. */
function listpackOf(members: SortedSet): Listpack {
  let size = LISTPACK_EMPTY_SIZE;
  for (let more = members.seek(0); more; more = members.next()) {
    size += elementSizeMax(members.currentSize) + SCORE_ELEMENT_MAX;
  }
  const bytes = new Uint8Array(size);
  formatListpack(bytes, 0);
  made.open(bytes, 0);
  for (let more = members.seek(0); more; more = members.next()) {
    const member = new Uint8Array(members.currentSize);
    members.copyCurrent(member, 0);
    made.append(member, 0, member.length);
    const score = latin1Bytes(doubleText(members.currentScore));
    made.append(score, 0, score.length);
  }
  return made;
}
