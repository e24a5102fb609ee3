/**
 * Types and encodings: numbers in an entry, words for clients.
 *
 *   number   TYPE     encodings, by their 4-bit number
 *   0        string   told by its bytes (string.ts)
 *   1        list     listpack  quicklist
 *   2        set      intset  listpack  hashtable
 *   3        zset     listpack  skiplist
 *   4        hash     listpack  hashtable
 *   5        stream   stream
 *
 * The words are Redis's, because clients and tests ask for them; how a value really lies in the
 * zone is the business of the file of its type. Number 0 is always the encoding a value begins
 * with: a new entry needs none set.
 */

import { isInt64 } from '../std/int64.ts';
import type { Zone } from '../zone/zone.ts';
import { EMBSTR_SIZE_MAX, FROM_EDIT, FROM_SET, INTEGER_SIZE_MAX } from './string.ts';

export const TYPE_STRING = 0;
export const TYPE_LIST = 1;
export const TYPE_SET = 2;
export const TYPE_SORTED_SET = 3;
export const TYPE_HASH = 4;
export const TYPE_STREAM = 5;

export const LIST_LISTPACK = 0;
export const LIST_QUICKLIST = 1;
export const SET_INTSET = 0;
export const SET_LISTPACK = 1;
export const SET_HASHTABLE = 2;
/** As HASH_SMALL_TABLE. */
export const SET_SMALL_TABLE = 3;
export const SORTED_SET_LISTPACK = 0;
export const SORTED_SET_SKIPLIST = 1;
export const HASH_LISTPACK = 0;
export const HASH_HASHTABLE = 1;
/** Also called a hash table, but as long as it is small kept as a listpack is. */
export const HASH_SMALL_TABLE = 2;

/** Redis's OBJ_SHARED_INTEGERS is 10000: integers of up to four digits. */
const SHARED_SIZE_MAX = 4;
/** Redis's OBJ_SHARED_REFCOUNT. */
const SHARED_COUNT = 2 ** 31 - 1;
const MINUS = 0x2d;

const typeNames = ['string', 'list', 'set', 'zset', 'hash', 'stream'];

const encodingNames = [
  [],
  ['listpack', 'quicklist'],
  ['intset', 'listpack', 'hashtable', 'hashtable'],
  ['listpack', 'skiplist'],
  ['listpack', 'hashtable', 'hashtable'],
  ['stream'],
];

/** As TYPE prints it. */
export function typeName(type: number): string {
  return typeNames[type];
}

/** The type of that name, or -1. */
export function typeByName(name: string): number {
  return typeNames.indexOf(name);
}

/** As OBJECT ENCODING prints it. */
export function encodingName(zone: Zone, entry: number): string {
  const type = zone.type(entry);
  return type === TYPE_STRING
    ? stringEncoding(zone, entry)
    : encodingNames[type][zone.encoding(entry)];
}

/**
 * As OBJECT REFCOUNT prints it. Nothing here is shared; Redis shares the integers below 10000 among
 * all keys unless its policy needs a clock in each, and tells so with the largest count there is.
 */
export function referenceCount(zone: Zone, entry: number): number {
  if (zone.type(entry) !== TYPE_STRING || /l[rf]u$/.test(zone.recency.policy)) return 1;
  const size = zone.content.size(entry);
  const isShared =
    size <= SHARED_SIZE_MAX &&
    stringEncoding(zone, entry) === 'int' &&
    zone.content.slice(entry, 0, 1)[0] !== MINUS;
  return isShared ? SHARED_COUNT : 1;
}

function stringEncoding(zone: Zone, entry: number): string {
  const { content } = zone;
  const size = content.size(entry);
  const made = zone.encoding(entry);
  if (made === FROM_EDIT) return 'raw';
  if (made === FROM_SET && size <= INTEGER_SIZE_MAX) {
    const digits = content.slice(entry, 0, size);
    if (isInt64(digits, 0, size)) return 'int';
  }
  return size <= EMBSTR_SIZE_MAX ? 'embstr' : 'raw';
}
