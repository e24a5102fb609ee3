import { describe, expect, test } from 'vitest';
import { latin1Bytes } from '../../../src/std/ascii.ts';
import { FROM_EDIT, FROM_FLOAT, FROM_SET } from '../../../src/value/string.ts';
import {
  encodingName,
  referenceCount,
  SORTED_SET_LISTPACK,
  SORTED_SET_SKIPLIST,
  TYPE_HASH,
  TYPE_SORTED_SET,
  TYPE_STREAM,
  TYPE_STRING,
  typeByName,
  typeName,
} from '../../../src/value/type.ts';
import { MiB, put, zoneOf } from './support.ts';

test('types are named as TYPE prints them', () => {
  const names = [0, 1, 2, 3, 4, 5].map(typeName);
  expect(names).toEqual(['string', 'list', 'set', 'zset', 'hash', 'stream']);
  expect(names.map(typeByName)).toEqual([0, 1, 2, 3, 4, 5]);
  expect(typeByName('sorted-set')).toBe(-1);
});

test('small integers are shared as in Redis, unless the policy needs a clock in each', () => {
  const zone = zoneOf(MiB);
  const countOf = (text: string, made: number): number => {
    const entry = put(zone, `${text} ${made}`, TYPE_STRING, text.length);
    zone.content.write(entry, 0, latin1Bytes(text), 0, text.length);
    zone.setEncoding(entry, made);
    return referenceCount(zone, entry);
  };
  for (const text of ['0', '7', '9999']) expect(countOf(text, FROM_SET)).toBe(2 ** 31 - 1);
  for (const text of ['10000', '-1', '-999', '07', 'abcd', '']) {
    expect(countOf(text, FROM_SET)).toBe(1);
  }
  expect(countOf('7', FROM_EDIT)).toBe(1);
  expect(countOf('7', FROM_FLOAT)).toBe(1);
  expect(referenceCount(zone, put(zone, 'z', TYPE_SORTED_SET, 8))).toBe(1);
  zone.recency.setPolicy('allkeys-lru');
  expect(countOf('8', FROM_SET)).toBe(1);
  zone.recency.setPolicy('volatile-ttl');
  expect(countOf('9', FROM_SET)).toBe(2 ** 31 - 1);
});

describe('OBJECT ENCODING', () => {
  const encodingOf = (text: string, made: number, key = 'k'): string => {
    const zone = zoneOf(MiB);
    const entry = put(zone, key, TYPE_STRING, text.length);
    zone.content.write(entry, 0, latin1Bytes(text), 0, text.length);
    zone.setEncoding(entry, made);
    return encodingName(zone, entry);
  };

  test('of a string follows from its bytes and how it was made', () => {
    expect(encodingOf('123', FROM_SET)).toBe('int');
    expect(encodingOf('-9223372036854775808', FROM_SET)).toBe('int');
    expect(encodingOf('9223372036854775808', FROM_SET)).toBe('embstr');
    expect(encodingOf('0123', FROM_SET)).toBe('embstr');
    expect(encodingOf('x'.repeat(44), FROM_SET)).toBe('embstr');
    expect(encodingOf('x'.repeat(45), FROM_SET)).toBe('raw');
    expect(encodingOf('12', FROM_EDIT)).toBe('raw');
    expect(encodingOf('12', FROM_FLOAT)).toBe('embstr');
  });

  test('of a string under a long key is the same', () => {
    expect(encodingOf('123', FROM_SET, 'k'.repeat(5000))).toBe('int');
  });

  test('of a collection is the number in its entry', () => {
    const zone = zoneOf(MiB);
    const set = put(zone, 'z', TYPE_SORTED_SET, 8);
    zone.setEncoding(set, SORTED_SET_LISTPACK);
    expect(encodingName(zone, set)).toBe('listpack');
    zone.setEncoding(set, SORTED_SET_SKIPLIST);
    expect(encodingName(zone, set)).toBe('skiplist');
    expect(encodingName(zone, put(zone, 'h', TYPE_HASH, 8))).toBe('listpack');
    expect(encodingName(zone, put(zone, 's', TYPE_STREAM, 8))).toBe('stream');
  });
});
