/**
 * Value writer: values as Redis writes them to its files and dumps.
 *
 *   type │ what it holds          a set:    2 │ length │ member │ member │ …
 *
 * What is kept in Redis's own bytes here (listpacks, intsets) is written as it lies.
 */

import type { Database } from '../keyspace/database.ts';
import { latin1Bytes } from '../std/ascii.ts';
import { unreachable } from '../std/assert.ts';
import { DOUBLE_TEXT_SIZE_MAX, doubleText } from '../std/double.ts';
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
import { Stream } from '../value/stream.ts';
import { writeString } from '../value/string.ts';
import {
  HASH_LISTPACK,
  SET_INTSET,
  SORTED_SET_LISTPACK,
  TYPE_HASH,
  TYPE_LIST,
  TYPE_SET,
  TYPE_SORTED_SET,
  TYPE_STREAM,
  TYPE_STRING,
} from '../value/type.ts';
import type { ByteWriter } from './byte-writer.ts';
import {
  NODE_PACKED,
  T_HASH,
  T_HASH_LISTPACK,
  T_LIST_QUICKLIST_2,
  T_SET,
  T_SET_INTSET,
  T_STREAM_LISTPACKS_2,
  T_STRING,
  T_ZSET_2,
  T_ZSET_LISTPACK,
} from './format.ts';
import { streamTypeOf, writeStream } from './stream.ts';

type Zone = Database['zone'];

/** Bytes of an element that is a score. */
const SCORE_ELEMENT_MAX = elementSizeMax(DOUBLE_TEXT_SIZE_MAX);

// ── Values ──────────────────────────────────────────────────────────────────────────────────────

const list = new List();
const hash = new Hash();
const members = new MemberSet();
const integers = new Intset();
const set = new SortedSet();
const stream = new Stream();
const packed = new EntryListpack();
/** Of sorted sets, whose own packed elements Redis does not know. */
const made = new Listpack();

/** Writes what an entry holds: its type, then the value. */
export function writeValue(writer: ByteWriter, { zone }: Database, entry: number): void {
  if (zone.type(entry) === TYPE_STREAM) {
    const image = stream.open(zone, entry).image();
    const type = streamTypeOf(image);
    writer.byte(type);
    writeStream(writer, image, type);
    return;
  }
  writer.byte(writtenTypeOf(zone, entry));
  writeContent(writer, zone, entry);
}

/** Writes a key as files have it: type, name, value. Of a stream no times of activity. */
export function writeKey(writer: ByteWriter, zone: Zone, entry: number): void {
  writer.byte(writtenTypeOf(zone, entry));
  const size = zone.keySize(entry);
  const at = zone.keyAt(entry);
  if (at >= 0) writer.bulk(zone.arena.u8, at, at + size);
  else writer.bulk(zone.key(entry));
  writeContent(writer, zone, entry);
}

/** What Redis 7.0 knows a value as. */
function writtenTypeOf(zone: Zone, entry: number): number {
  const encoding = zone.encoding(entry);
  switch (zone.type(entry)) {
    case TYPE_STRING:
      return T_STRING;
    case TYPE_LIST:
      return T_LIST_QUICKLIST_2;
    case TYPE_HASH:
      return encoding === HASH_LISTPACK ? T_HASH_LISTPACK : T_HASH;
    case TYPE_SET:
      // Of sets that are listpacks 7.0 knows nothing.
      return encoding === SET_INTSET ? T_SET_INTSET : T_SET;
    case TYPE_SORTED_SET:
      return encoding === SORTED_SET_LISTPACK ? T_ZSET_LISTPACK : T_ZSET_2;
    case TYPE_STREAM:
      return T_STREAM_LISTPACKS_2;
    default:
      return unreachable(zone.type(entry) as never);
  }
}

function writeContent(writer: ByteWriter, zone: Zone, entry: number): void {
  switch (zone.type(entry)) {
    case TYPE_STRING:
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
    case TYPE_STREAM:
      writeStream(writer, stream.open(zone, entry).image(), T_STREAM_LISTPACKS_2);
      return;
    default:
      unreachable(zone.type(entry) as never);
  }
}

/** A listpack as a string: it looks like none that is better written otherwise. */
function writeListpack(writer: ByteWriter, { bytes, start, size }: Listpack): void {
  writer.bulk(bytes, start, start + size);
}

function writeList(writer: ByteWriter, zone: Zone, entry: number): void {
  list.open(zone, entry);
  let nodes = 0;
  list.eachNode(() => void nodes++);
  writer.length(nodes);
  list.eachNode((node) => {
    writer.length(NODE_PACKED);
    writeListpack(writer, node);
  });
}

function writeHash(writer: ByteWriter, zone: Zone, entry: number): void {
  if (zone.encoding(entry) === HASH_LISTPACK) {
    writeListpack(writer, packed.openEntry(zone, entry));
    return;
  }
  hash.open(zone, entry);
  writer.length(hash.count);
  hash.begin();
  while (hash.next()) {
    hash.writeField(writer);
    hash.writeValue(writer);
  }
}

function writeSet(writer: ByteWriter, zone: Zone, entry: number): void {
  if (zone.encoding(entry) === SET_INTSET) {
    writer.bulk(integers.openEntry(zone, entry).copy());
    return;
  }
  members.open(zone, entry);
  writer.length(members.count);
  members.begin();
  while (members.next()) members.writeMember(writer);
}

function writeSortedSet(writer: ByteWriter, zone: Zone, entry: number): void {
  set.open(zone, entry);
  if (zone.encoding(entry) === SORTED_SET_LISTPACK) {
    writeListpack(writer, listpackOf(set));
    return;
  }
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
