/**
 * Value writer: values as Redis writes them to its files and dumps.
 *
 *   type │ what it holds          a set:    2 │ length │ member │ member │ …
 *
 * What is kept in Redis's own bytes here (listpacks, intsets) is written as it lies.
 *
 * A large value is written in steps, between which other things are done: so it has lenses of its
 * own, and must stay as it is until the last.
 */

import type { Database } from '../keyspace/database.ts';
import { latin1Bytes } from '../std/ascii.ts';
import { unreachable } from '../std/assert.ts';
import { DOUBLE_TEXT_SIZE_MAX, doubleText } from '../std/double.ts';
import { finish, type Steps } from '../std/steps.ts';
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
import { type ByteWriter, LARGE_SIZE } from './byte-writer.ts';
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
import { streamSteps, streamTypeOf, writeStream } from './stream.ts';

type Zone = Database['zone'];

/** Bytes of an element that is a score. */
const SCORE_ELEMENT_MAX = elementSizeMax(DOUBLE_TEXT_SIZE_MAX);

// ── Values ──────────────────────────────────────────────────────────────────────────────────────

/** What values are looked at through. */
class Lenses {
  readonly list = new List();
  readonly hash = new Hash();
  readonly members = new MemberSet();
  readonly integers = new Intset();
  readonly set = new SortedSet();
  readonly stream = new Stream();
  readonly packed = new EntryListpack();
}

/** Of what is written at once. */
const shared = new Lenses();
/** Of sorted sets, whose own packed elements Redis does not know. */
const made = new Listpack();

/** Elements written in a step. */
const STEP_ELEMENTS = 256;
/** Bytes of a string brought together in a step. */
const GATHERED_SIZE = 1024 * 1024;

/** Writes what an entry holds: its type, then the value. */
export function writeValue(writer: ByteWriter, { zone }: Database, entry: number): void {
  if (zone.type(entry) === TYPE_STREAM) {
    const image = shared.stream.open(zone, entry).image();
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
  writeName(writer, zone, entry);
  writeContent(writer, zone, entry);
}

/** Writes what is in front of a value in a file: type and name. */
export function writeName(writer: ByteWriter, zone: Zone, entry: number): void {
  writer.byte(writtenTypeOf(zone, entry));
  const size = zone.keySize(entry);
  const at = zone.keyAt(entry);
  if (at >= 0) writer.bulk(zone.arena.u8, at, at + size);
  else writer.bulk(zone.key(entry));
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
  if (zone.type(entry) === TYPE_STRING) writeString(zone, entry, writer);
  else finish(elementSteps(writer, zone, entry, shared));
}

/** Writes a value as writeKey() does, in steps. Nothing of the zone must change meanwhile. */
export function contentSteps(writer: ByteWriter, zone: Zone, entry: number): Steps {
  return zone.type(entry) === TYPE_STRING
    ? stringSteps(writer, zone, entry)
    : elementSteps(writer, zone, entry, new Lenses());
}

/** A string must be in one piece to be compressed. */
function* stringSteps(writer: ByteWriter, { content }: Zone, entry: number): Steps {
  const bytes = new Uint8Array(content.size(entry));
  for (let at = 0; at < bytes.length; at += GATHERED_SIZE) {
    content.read(entry, at, bytes, at, Math.min(GATHERED_SIZE, bytes.length - at));
    yield;
  }
  yield* writer.bulkSteps(bytes);
}

function elementSteps(writer: ByteWriter, zone: Zone, entry: number, lenses: Lenses): Steps {
  switch (zone.type(entry)) {
    case TYPE_LIST:
      return listSteps(writer, lenses.list.open(zone, entry));
    case TYPE_HASH:
      return zone.encoding(entry) === HASH_LISTPACK
        ? listpackSteps(writer, lenses.packed.openEntry(zone, entry))
        : hashSteps(writer, lenses.hash.open(zone, entry));
    case TYPE_SET:
      return zone.encoding(entry) === SET_INTSET
        ? intsetSteps(writer, lenses.integers.openEntry(zone, entry))
        : setSteps(writer, lenses.members.open(zone, entry));
    case TYPE_SORTED_SET:
      lenses.set.open(zone, entry);
      return zone.encoding(entry) === SORTED_SET_LISTPACK
        ? listpackSteps(writer, listpackOf(lenses.set))
        : sortedSetSteps(writer, lenses.set);
    case TYPE_STREAM:
      return streamSteps(writer, lenses.stream.open(zone, entry), T_STREAM_LISTPACKS_2);
    default:
      return unreachable(zone.type(entry) as never);
  }
}

/** A listpack as a string: it looks like none that is better written otherwise. */
function* listpackSteps(writer: ByteWriter, { bytes, start, size }: Listpack): Steps {
  if (size < LARGE_SIZE) writer.bulk(bytes, start, start + size);
  else yield* writer.bulkSteps(bytes, start, start + size);
}

function* intsetSteps(writer: ByteWriter, integers: Intset): Steps {
  const bytes = integers.copy();
  if (bytes.length < LARGE_SIZE) writer.bulk(bytes);
  else yield* writer.bulkSteps(bytes);
}

function* listSteps(writer: ByteWriter, list: List): Steps {
  writer.length(list.countNodes());
  for (const node of list.nodes()) {
    writer.length(NODE_PACKED);
    yield* listpackSteps(writer, node);
    yield;
  }
}

function* hashSteps(writer: ByteWriter, hash: Hash): Steps {
  writer.length(hash.count);
  hash.begin();
  for (let i = 1; hash.next(); i++) {
    hash.writeField(writer);
    hash.writeValue(writer);
    if (i % STEP_ELEMENTS === 0) yield;
  }
}

function* setSteps(writer: ByteWriter, members: MemberSet): Steps {
  writer.length(members.count);
  members.begin();
  for (let i = 1; members.next(); i++) {
    members.writeMember(writer);
    if (i % STEP_ELEMENTS === 0) yield;
  }
}

function* sortedSetSteps(writer: ByteWriter, set: SortedSet): Steps {
  const { count } = set;
  writer.length(count);
  // The last comes first, so that a reader always adds in front.
  set.seek(count - 1);
  for (let i = 1; i <= count; i++) {
    set.writeCurrent(writer);
    writer.double(set.currentScore);
    set.previous();
    if (i % STEP_ELEMENTS === 0) yield;
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
