/**
 * Value reader: what Redis 1 to 7.2 wrote of a value, as plain elements.
 *
 * Every encoding a value of some type ever had comes to the same here: the bytes of a string, the
 * elements of a list, the fields and values of a hash in turn, the members of a set, or members with
 * their scores. How they are kept is then decided as if they had been added one by one. Of a stream
 * the nodes of its log are kept as they are.
 *
 * Nothing is believed: what is torn, empty, there twice or no number is thrown as Corrupt.
 */

import { parseDouble } from '../std/double.ts';
import { Listpack, validateListpack } from '../value/listpack.ts';
import type { StreamImage } from '../value/stream-image.ts';
import type { ByteReader } from './byte-reader.ts';
import {
  NODE_PACKED,
  NODE_PLAIN,
  T_HASH,
  T_HASH_LISTPACK,
  T_HASH_ZIPLIST,
  T_HASH_ZIPMAP,
  T_LIST,
  T_LIST_QUICKLIST,
  T_LIST_QUICKLIST_2,
  T_LIST_ZIPLIST,
  T_SET,
  T_SET_INTSET,
  T_SET_LISTPACK,
  T_STREAM_LISTPACKS,
  T_STREAM_LISTPACKS_2,
  T_STREAM_LISTPACKS_3,
  T_STRING,
  T_ZSET,
  T_ZSET_2,
  T_ZSET_LISTPACK,
  T_ZSET_ZIPLIST,
} from './format.ts';
import { readStream } from './stream.ts';
import { readZiplist, readZipmap } from './ziplist.ts';

export type Value =
  | { readonly type: 'string'; readonly bytes: Uint8Array }
  | { readonly type: 'list'; readonly elements: readonly Uint8Array[] }
  /** `isPlain`: not as an intset or a listpack. */
  | { readonly type: 'set'; readonly members: readonly Uint8Array[]; readonly isPlain: boolean }
  /** Fields and values in turn. */
  | { readonly type: 'hash'; readonly pairs: readonly Uint8Array[] }
  | {
      readonly type: 'sorted set';
      readonly members: readonly { readonly member: Uint8Array; readonly score: number }[];
    }
  | { readonly type: 'stream'; readonly image: StreamImage };

const listpack = new Listpack();

/** Reads the value that follows, its type in front. */
export function readValue(reader: ByteReader): Value {
  return readValueOf(reader, reader.byte());
}

/** Reads the value that follows, which is of this type. */
export function readValueOf(reader: ByteReader, type: number): Value {
  switch (type) {
    case T_STRING:
      return { type: 'string', bytes: reader.string() };
    case T_LIST:
      return listOf(reader, strings(reader, reader.count()));
    case T_LIST_ZIPLIST:
      return listOf(reader, readZiplist(reader.string()));
    case T_LIST_QUICKLIST:
      return listOf(
        reader,
        nodes(reader, () => readZiplist(reader.string())),
      );
    case T_LIST_QUICKLIST_2:
      return listOf(
        reader,
        nodes(reader, () => readNode(reader)),
      );
    case T_SET:
      return setOf(reader, strings(reader, reader.count()), true);
    case T_SET_INTSET:
      return setOf(reader, readIntset(reader));
    case T_SET_LISTPACK:
      return setOf(reader, readListpack(reader));
    case T_HASH:
      return hashOf(reader, strings(reader, reader.count(2) * 2));
    case T_HASH_ZIPMAP:
      return hashOf(reader, readZipmap(reader.string()));
    case T_HASH_ZIPLIST:
      return hashOf(reader, readZiplist(reader.string()));
    case T_HASH_LISTPACK:
      return hashOf(reader, readListpack(reader));
    case T_ZSET:
    case T_ZSET_2:
      return sortedSetOf(reader, ...readScored(reader, type === T_ZSET));
    case T_ZSET_ZIPLIST:
      return sortedSetOf(reader, ...paired(reader, readZiplist(reader.string())));
    case T_ZSET_LISTPACK:
      return sortedSetOf(reader, ...paired(reader, readListpack(reader)));
    case T_STREAM_LISTPACKS:
    case T_STREAM_LISTPACKS_2:
    case T_STREAM_LISTPACKS_3:
      return { type: 'stream', image: readStream(reader, type) };
    default:
      return reader.fail(`an unknown type, ${type},`);
  }
}

// ── Elements ────────────────────────────────────────────────────────────────────────────────────

function strings(reader: ByteReader, count: number): Uint8Array[] {
  const elements: Uint8Array[] = [];
  for (let i = 0; i < count; i++) elements.push(reader.string());
  return elements;
}

function readListpack(reader: ByteReader): Uint8Array[] {
  return elementsOf(reader, reader.string());
}

function elementsOf(reader: ByteReader, bytes: Uint8Array): Uint8Array[] {
  if (validateListpack(bytes, 0, bytes.length) < 0) reader.fail('a torn listpack');
  const elements: Uint8Array[] = [];
  listpack.open(bytes, 0);
  for (let at = listpack.first; at < listpack.end; at = listpack.next) {
    listpack.read(at);
    elements.push(listpack.copy());
  }
  return elements;
}

function nodes(reader: ByteReader, readOne: () => Uint8Array[]): Uint8Array[] {
  const elements: Uint8Array[] = [];
  for (let count = reader.count(); count > 0; count--) {
    for (const element of readOne()) elements.push(element);
  }
  return elements;
}

function readNode(reader: ByteReader): Uint8Array[] {
  const container = reader.length();
  if (container === NODE_PLAIN) {
    const element = reader.string();
    // Only what is large stands alone.
    if (element.length === 0) reader.fail('a node of nothing');
    return [element];
  }
  if (container !== NODE_PACKED) reader.fail('an unknown node');
  return readListpack(reader);
}

function readIntset(reader: ByteReader): Uint8Array[] {
  const bytes = reader.string();
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const width = bytes.length < 8 ? 0 : view.getUint32(0, true);
  if (width !== 2 && width !== 4 && width !== 8) reader.fail('an intset of another width');
  if (bytes.length !== 8 + width * view.getUint32(4, true)) reader.fail('a torn intset');
  const members: Uint8Array[] = [];
  let before: bigint | undefined;
  for (let at = 8; at < bytes.length; at += width) {
    const member =
      width === 8
        ? view.getBigInt64(at, true)
        : BigInt(width === 4 ? view.getInt32(at, true) : view.getInt16(at, true));
    if (before !== undefined && member <= before) reader.fail('an intset out of order');
    before = member;
    members.push(Uint8Array.from(String(member), (char) => char.charCodeAt(0)));
  }
  return members;
}

function readScored(reader: ByteReader, isText: boolean): [Uint8Array[], number[]] {
  const members: Uint8Array[] = [];
  const scores: number[] = [];
  for (let count = reader.count(2); count > 0; count--) {
    members.push(reader.string());
    scores.push(isText ? reader.textDouble() : reader.double());
  }
  return [members, scores];
}

/** Members and scores of a list where they alternate. */
function paired(reader: ByteReader, elements: readonly Uint8Array[]): [Uint8Array[], number[]] {
  const members: Uint8Array[] = [];
  const scores: number[] = [];
  if (elements.length % 2 !== 0) reader.fail('a member without a score');
  for (let i = 0; i < elements.length; i += 2) {
    members.push(elements[i]);
    scores.push(parseDouble(elements[i + 1], 0, elements[i + 1].length));
  }
  return [members, scores];
}

// ── Values ──────────────────────────────────────────────────────────────────────────────────────

function listOf(reader: ByteReader, elements: readonly Uint8Array[]): Value {
  if (elements.length === 0) reader.failEmpty('an empty list');
  return { type: 'list', elements };
}

function setOf(reader: ByteReader, members: readonly Uint8Array[], isPlain = false): Value {
  refuseTwice(reader, members, 1);
  return { type: 'set', members, isPlain };
}

function hashOf(reader: ByteReader, pairs: readonly Uint8Array[]): Value {
  if (pairs.length % 2 !== 0) reader.fail('a field without a value');
  refuseTwice(reader, pairs, 2);
  return { type: 'hash', pairs };
}

function sortedSetOf(
  reader: ByteReader,
  members: readonly Uint8Array[],
  scores: readonly number[],
): Value {
  refuseTwice(reader, members, 1);
  if (scores.some(Number.isNaN)) reader.fail('a score that is no number');
  return {
    type: 'sorted set',
    members: members.map((member, i) => ({ member, score: scores[i] })),
  };
}

/** Refuses none at all, and any that is there twice, of every `step`-th element. */
function refuseTwice(reader: ByteReader, elements: readonly Uint8Array[], step: number): void {
  if (elements.length === 0) reader.failEmpty('a collection of nothing');
  const seen = new Set<string>();
  for (let i = 0; i < elements.length; i += step) {
    const text = Buffer.from(elements[i]).toString('latin1');
    if (seen.has(text)) reader.fail('the same member twice');
    seen.add(text);
  }
}
