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
  T_STRING,
  T_ZSET_2,
  T_ZSET_LISTPACK,
} from './format.ts';
import { writeStream } from './stream.ts';

/** Bytes of an element that is a score. */
const SCORE_ELEMENT_MAX = elementSizeMax(DOUBLE_TEXT_SIZE_MAX);

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
    case TYPE_STREAM:
      writeStream(writer, zone, entry);
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
