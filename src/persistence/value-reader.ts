/**
 * Value reader: what Redis 1 to 7.2 wrote of a value, as plain elements.
 *
 * Every encoding a value of some type ever had comes to the same here: the bytes of a string, the
 * elements of a list, the fields and values of a hash in turn, the members of a set, or members with
 * their scores. How they are kept is then decided as if they had been added one by one. Of a stream
 * the nodes of its log are kept as they are; and so is what is packed as it would be here.
 *
 * Nothing is believed: what is torn, empty, there twice or no number is thrown as Corrupt.
 */

import { latin1Bytes } from '../std/ascii.ts';
import { areDistinct } from '../std/distinct.ts';
import { parseDouble } from '../std/double.ts';
import { Listpack, validateListpack } from '../value/listpack.ts';
import { ListpackReview } from '../value/listpack-review.ts';
import type { StreamImage } from '../value/stream-image.ts';
import type { ByteReader } from './byte-reader.ts';
import { ByteStrings } from './byte-strings.ts';
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
  | { readonly type: 'stream'; readonly image: StreamImage }
  /** The nodes of a list, in which elements are written as they would be here. */
  | { readonly type: 'packed list'; readonly nodes: readonly Uint8Array[] }
  | Packed<'packed hash'>
  /** Not all members are integers. */
  | Packed<'packed set'>
  | { readonly type: 'integers'; readonly bytes: Uint8Array; readonly count: number };

/** A listpack that can be kept as it is, if it may be so large. */
export interface Packed<Type extends string> {
  readonly type: Type;
  readonly bytes: Uint8Array;
  /** Elements. */
  readonly count: number;
  /** Bytes of the longest, or a little more. */
  readonly longest: number;
}

const NOTHING = 'A collection of nothing';
const DUPLICATE_MEMBER = 'Duplicate set members detected';

const listpack = new Listpack();
const review = new ListpackReview();

/** What is said of an encoding that is not what it should be. */
function broken(encoding: string): string {
  return `${encoding} integrity check failed`;
}

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
      return listOf(reader, ziplist(reader, 'List ziplist'));
    case T_LIST_QUICKLIST:
      return listOf(
        reader,
        nodes(reader, () => ziplist(reader, 'Ziplist')),
      );
    case T_LIST_QUICKLIST_2:
      return readQuicklist(reader);
    case T_SET:
      return setOf(reader, strings(reader, reader.count()), DUPLICATE_MEMBER, true);
    case T_SET_INTSET:
      return readIntset(reader);
    case T_SET_LISTPACK:
      return readPackedSet(reader, broken('Set listpack'));
    case T_HASH:
      return hashOf(reader, strings(reader, reader.count(2) * 2), 'Duplicate hash fields detected');
    case T_HASH_ZIPMAP:
      return hashOf(reader, zipmap(reader), 'Hash zipmap with dup elements');
    case T_HASH_ZIPLIST:
      return hashOf(reader, ziplist(reader, 'Hash ziplist'), broken('Hash ziplist'));
    case T_HASH_LISTPACK:
      return readPackedHash(reader, broken('Hash listpack'));
    case T_ZSET:
    case T_ZSET_2:
      return sortedSetOf(
        reader,
        readScored(reader, type === T_ZSET),
        'Duplicate zset fields detected',
      );
    case T_ZSET_ZIPLIST:
      return pairedSetOf(reader, ziplist(reader, 'Zset ziplist'), broken('Zset ziplist'));
    case T_ZSET_LISTPACK:
      return pairedSetOf(reader, readListpack(reader, 'Zset listpack'), broken('Zset listpack'));
    case T_STREAM_LISTPACKS:
    case T_STREAM_LISTPACKS_2:
    case T_STREAM_LISTPACKS_3:
      return { type: 'stream', image: readStream(reader, type) };
    default:
      return reader.fail(`Unknown RDB encoding type ${type}`);
  }
}

// ── Elements ────────────────────────────────────────────────────────────────────────────────────

function strings(reader: ByteReader, count: number): Uint8Array[] {
  const elements: Uint8Array[] = [];
  for (let i = 0; i < count; i++) elements.push(reader.string());
  return elements;
}

function ziplist(reader: ByteReader, name: string): Uint8Array[] {
  return readZiplist(reader.string()) ?? reader.fail(broken(name));
}

function zipmap(reader: ByteReader): Uint8Array[] {
  return readZipmap(reader.string()) ?? reader.fail(broken('Zipmap'));
}

function readListpack(reader: ByteReader, name: string): Uint8Array[] {
  return elementsOf(validListpack(reader, broken(name)));
}

function validListpack(reader: ByteReader, fault: string): Uint8Array {
  const bytes = reader.string();
  if (validateListpack(bytes, 0, bytes.length) < 0) reader.fail(fault);
  return bytes;
}

/** The elements of a listpack, one by one. */
export function elementsOf(bytes: Uint8Array): Uint8Array[] {
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

function readQuicklist(reader: ByteReader): Value {
  const packed: Uint8Array[] = [];
  let elements: Uint8Array[] | undefined;
  for (let count = reader.count(); count > 0; count--) {
    const container = reader.length();
    if (container !== NODE_PACKED && container !== NODE_PLAIN) reader.fail(broken('Quicklist'));
    const isPlain = container === NODE_PLAIN;
    const bytes = isPlain ? reader.string() : validListpack(reader, broken('Listpack'));
    // Only what is large stands alone.
    if (isPlain && bytes.length === 0) reader.fail(broken('Quicklist'));
    const isKept = !isPlain && review.look(bytes, 0).isOwn && review.count > 0;
    if (!isKept) elements ??= packed.flatMap(elementsOf);
    if (elements === undefined) packed.push(bytes);
    else for (const element of isPlain ? [bytes] : elementsOf(bytes)) elements.push(element);
  }
  if (elements === undefined && packed.length > 0) return { type: 'packed list', nodes: packed };
  return listOf(reader, elements ?? []);
}

function readPackedHash(reader: ByteReader, fault: string): Value {
  const bytes = validListpack(reader, fault);
  const { count, longest, isOwn } = review.look(bytes, 0);
  if (!isOwn || count === 0 || count % 2 !== 0) return hashOf(reader, elementsOf(bytes), fault);
  if (review.hasTwice(2)) reader.fail(fault);
  return { type: 'packed hash', bytes, count, longest };
}

function readPackedSet(reader: ByteReader, fault: string): Value {
  const bytes = validListpack(reader, fault);
  const { count, longest, isOwn, hasText } = review.look(bytes, 0);
  if (!isOwn || !hasText) return setOf(reader, elementsOf(bytes), fault);
  if (review.hasTwice(1)) reader.fail(fault);
  return { type: 'packed set', bytes, count, longest };
}

function readIntset(reader: ByteReader): Value {
  const bytes = reader.string();
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const width = bytes.length < 8 ? 0 : view.getUint32(0, true);
  if (width !== 2 && width !== 4 && width !== 8) reader.fail(broken('Intset'));
  if (bytes.length !== 8 + width * view.getUint32(4, true)) reader.fail(broken('Intset'));
  const count = view.getUint32(4, true);
  if (count === 0) reader.failEmpty(NOTHING);
  let low = 0;
  let high = 0;
  for (let i = 0, at = 8; i < count; i++, at += width) {
    const nextLow = width === 2 ? view.getInt16(at, true) : view.getInt32(at, true);
    const nextHigh = width === 8 ? view.getInt32(at + 4, true) : nextLow >> 31;
    const isMore = nextHigh > high || (nextHigh === high && nextLow >>> 0 > low >>> 0);
    if (i > 0 && !isMore) reader.fail(broken('Intset'));
    low = nextLow;
    high = nextHigh;
  }
  return { type: 'integers', bytes, count };
}

/** The members of an intset as text. */
export function integersOf(bytes: Uint8Array): Uint8Array[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const width = view.getUint32(0, true);
  const members: Uint8Array[] = [];
  for (let at = 8; at < bytes.length; at += width) {
    const member =
      width === 8
        ? view.getBigInt64(at, true)
        : width === 4
          ? view.getInt32(at, true)
          : view.getInt16(at, true);
    members.push(latin1Bytes(String(member)));
  }
  return members;
}

interface Scored {
  readonly member: Uint8Array;
  readonly score: number;
}

function readScored(reader: ByteReader, isText: boolean): Scored[] {
  const members: Scored[] = [];
  for (let count = reader.count(2); count > 0; count--) {
    members.push({
      member: reader.string(),
      score: isText ? reader.textDouble() : reader.double(),
    });
  }
  return members;
}

// ── Values ──────────────────────────────────────────────────────────────────────────────────────

function listOf(reader: ByteReader, elements: readonly Uint8Array[]): Value {
  if (elements.length === 0) reader.failEmpty(NOTHING);
  return { type: 'list', elements };
}

/** `fault`: what is said of a member that is there twice. */
function setOf(
  reader: ByteReader,
  members: readonly Uint8Array[],
  fault: string,
  isPlain = false,
): Value {
  refuseTwice(reader, members, 1, fault);
  return { type: 'set', members, isPlain };
}

/** `fault`: what is said of a field that is there twice, or has no value. */
function hashOf(reader: ByteReader, pairs: readonly Uint8Array[], fault: string): Value {
  if (pairs.length % 2 !== 0) reader.fail(fault);
  refuseTwice(reader, pairs, 2, fault);
  return { type: 'hash', pairs };
}

/** A sorted set of a list in which members and scores alternate. */
function pairedSetOf(reader: ByteReader, elements: readonly Uint8Array[], fault: string): Value {
  const members: Scored[] = [];
  if (elements.length % 2 !== 0) reader.fail(fault);
  for (let i = 0; i < elements.length; i += 2) {
    const score = parseDouble(elements[i + 1], 0, elements[i + 1].length);
    members.push({ member: elements[i], score });
  }
  return sortedSetOf(reader, members, fault);
}

/** `fault`: what is said of a member that is there twice. */
function sortedSetOf(reader: ByteReader, members: readonly Scored[], fault: string): Value {
  const names = members.map(({ member }) => member);
  refuseTwice(reader, names, 1, fault);
  if (members.some(({ score }) => Number.isNaN(score))) {
    reader.fail('Zset with NAN score detected');
  }
  return { type: 'sorted set', members };
}

/** Refuses none at all, and any that is there twice, of every `step`-th element. */
function refuseTwice(
  reader: ByteReader,
  elements: readonly Uint8Array[],
  step: number,
  fault: string,
): void {
  if (elements.length === 0) reader.failEmpty(NOTHING);
  if (!areDistinct(new ByteStrings(elements), step)) reader.fail(fault);
}
