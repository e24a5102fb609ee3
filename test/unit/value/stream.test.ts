import { expect, test } from 'vitest';
import { latin1Bytes, latin1Text } from '../../../src/std/ascii.ts';
import { SeededRandom } from '../../../src/std/random.ts';
import { Stream } from '../../../src/value/stream.ts';
import { StreamId } from '../../../src/value/stream-id.ts';
import type { NodeLimits } from '../../../src/value/stream-tail.ts';
import { StreamWalk } from '../../../src/value/stream-walk.ts';
import { TYPE_STREAM } from '../../../src/value/type.ts';
import type { Zone } from '../../../src/zone/zone.ts';
import { find, KiB, MiB, put, zoneOf } from './support.ts';

const LIMITS: NodeLimits = { count: 100, size: 4 * KiB };
const MIN = new StreamId().setMin();
const MAX = new StreamId().setMax();

function elementsOf(words: readonly string[]) {
  const starts = new Int32Array(words.length);
  const ends = new Int32Array(words.length);
  let at = 0;
  for (const [i, { length }] of words.entries()) {
    starts[i] = at;
    at += length;
    ends[i] = at;
  }
  return { bytes: latin1Bytes(words.join('')), starts, ends };
}

function idOf(ms: number, seq = 0): StreamId {
  return new StreamId().setNumbers(ms, seq);
}

/** Adds an entry to the stream of a key, which it makes if there is none. Answers whether it did. */
function add(zone: Zone, key: string, id: StreamId, words: string[], limits = LIMITS): boolean {
  const stream = new Stream();
  const elements = elementsOf(words);
  let entry = find(zone, key);
  if (entry === 0) {
    entry = put(zone, key, TYPE_STREAM, Stream.contentSize(zone, elements, 0, words.length));
    if (entry === 0) return false;
    stream.create(zone, entry);
  } else {
    stream.open(zone, entry);
  }
  stream.plan(elements, 0, words.length, limits);
  if (!stream.makeRoom()) return false;
  stream.append(id, elements, 0, words.length);
  return true;
}

function open(zone: Zone, key: string): Stream {
  return new Stream().open(zone, find(zone, key));
}

/** A sink for bulks that keeps them as texts. */
class Texts {
  readonly all: string[] = [];
  bulk(bytes: Uint8Array, start = 0, end = bytes.length): void {
    this.all.push(latin1Text(bytes, start, end));
  }
  bulkHeader(): void {}
  bulkEnd(): void {}
  append(): void {}
}

function entries(stream: Stream, start = MIN, end = MAX, isReverse = false): string[][] {
  const walk = new StreamWalk();
  const found: string[][] = [];
  walk.begin(stream, start, end, isReverse);
  while (walk.next()) {
    const texts = new Texts();
    walk.writeFields(texts);
    expect(texts.all.length).toBe(walk.fieldCount * 2);
    found.push([String(walk.id), ...texts.all]);
  }
  return found;
}

test('entries are told in order, with their fields', () => {
  const zone = zoneOf(MiB);
  add(zone, 's', idOf(1, 1), ['a', '1', 'b', '2']);
  add(zone, 's', idOf(1, 2), ['a', '3', 'b', '']);
  add(zone, 's', idOf(5, 0), ['c', '-70000', 'a', 'x'.repeat(300), 'c', '9223372036854775807']);
  const stream = open(zone, 's');
  const all = [
    ['1-1', 'a', '1', 'b', '2'],
    ['1-2', 'a', '3', 'b', ''],
    ['5-0', 'c', '-70000', 'a', 'x'.repeat(300), 'c', '9223372036854775807'],
  ];
  expect(entries(stream)).toEqual(all);
  expect(entries(stream, MIN, MAX, true)).toEqual(all.toReversed());
  expect(entries(stream, idOf(1, 2), idOf(4))).toEqual([all[1]]);
  expect([stream.length, stream.added, stream.nodeCount]).toEqual([3, 3n, 1]);
  expect(stream.audit()).toBe(undefined);
});

test('the bytes of a node are those Redis makes', () => {
  const zone = zoneOf(MiB);
  add(zone, 's', idOf(1000, 5), ['temp', '20']);
  add(zone, 's', idOf(1001, 0), ['temp', 'hot']);
  add(zone, 's', idOf(1300, 0), ['other', '1']);
  const [{ id, listpack }] = open(zone, 's').image().nodes;
  expect(String(id)).toBe('1000-5');
  const text = Buffer.from(listpack).toString('hex');
  // Master, then three entries.
  expect(text).toBe(
    '420000001600' +
      '0301' +
      '0001' +
      '0101' +
      '8474656d7005' +
      '0001' +
      '0201' +
      '0001' +
      '0001' +
      '1401' +
      '0401' +
      '0201' +
      '0101' +
      'dffb02' +
      '83686f7404' +
      '0401' +
      '0001' +
      'c12c02' +
      'dffb02' +
      '0101' +
      '856f7468657206' +
      '0101' +
      '0601' +
      'ff',
  );
});

test('a node holds no more than the limits say', () => {
  const zone = zoneOf(4 * MiB);
  for (let i = 1; i <= 250; i++) add(zone, 'many', idOf(i), ['f', 'v']);
  expect(open(zone, 'many').nodeCount).toBe(3);
  for (let i = 1; i <= 50; i++) add(zone, 'large', idOf(i), ['f', 'v'.repeat(1000)]);
  expect(open(zone, 'large').nodeCount).toBe(13);
  for (let i = 1; i <= 3000; i++) add(zone, 'any', idOf(i), ['f', 'v'], { count: 0, size: 0 });
  const any = open(zone, 'any');
  expect(any.nodeCount).toBe(1);
  expect(entries(any).length).toBe(3000);
  for (const key of ['many', 'large', 'any']) expect(open(zone, key).audit()).toBe(undefined);
});

test('small streams are small, and large ones have little beside their entries', () => {
  const zone = zoneOf(64 * MiB);
  add(zone, 's', idOf(1_700_000_000_000), ['field', 'value']);
  expect(open(zone, 's').region.limit * 8).toBeLessThan(500);
  let bytes = 0;
  for (let i = 0; i < 100_000; i++) {
    add(zone, 'l', idOf(1_700_000_000_000 + i), ['field', 'value']);
  }
  const stream = open(zone, 'l');
  for (const { listpack } of stream.image().nodes) bytes += listpack.length;
  expect(stream.region.limit * 8).toBeLessThan(bytes * 1.15);
});

test('entries are removed by id, and nodes with their last', () => {
  const zone = zoneOf(MiB);
  for (let i = 1; i <= 10; i++) add(zone, 's', idOf(i), ['f', 'v'], { count: 3, size: 0 });
  const stream = open(zone, 's');
  expect(stream.nodeCount).toBe(4);
  for (const i of [5, 4, 6, 10]) expect(stream.remove(idOf(i))).toBe(true);
  expect([stream.remove(idOf(5)), stream.remove(idOf(99)), stream.remove(MIN)]).toEqual([
    false,
    false,
    false,
  ]);
  expect([stream.length, stream.nodeCount]).toEqual([6, 2]);
  expect(entries(stream).map(([id]) => id)).toEqual(['1-0', '2-0', '3-0', '7-0', '8-0', '9-0']);
  expect(String(stream.lastEntryId(new StreamId()))).toBe('9-0');
  stream.remove(idOf(1));
  stream.noteFirstRemoved(true);
  expect(String(stream.firstId(new StreamId()))).toBe('2-0');
  expect(stream.audit()).toBe(undefined);
  add(zone, 's', idOf(11), ['f', 'v'], { count: 3, size: 0 });
  expect(entries(stream.open(zone, find(zone, 's'))).at(-1)?.[0]).toBe('11-0');
  expect(stream.audit()).toBe(undefined);
});

test('counts that need another byte are kept, in one segment and in many', () => {
  for (const value of ['v', 'v'.repeat(40)]) {
    const zone = zoneOf(4 * MiB);
    const limits = { count: 0, size: 0 };
    for (let i = 1; i <= 600; i++) add(zone, 's', idOf(i), ['f', value], limits);
    const stream = open(zone, 's');
    for (let i = 2; i <= 500; i++) {
      expect(stream.remove(idOf(i))).toBe(true);
      if (i % 50 === 0) expect(stream.audit()).toBe(undefined);
    }
    expect([stream.nodeCount, stream.length]).toEqual([1, 101]);
    for (let i = 601; i <= 700; i++) add(zone, 's', idOf(i), ['f', value], limits);
    expect(open(zone, 's').audit()).toBe(undefined);
    expect(entries(open(zone, 's')).length).toBe(201);
  }
});

test('trimming is by whole nodes, or exact', () => {
  const zone = zoneOf(MiB);
  const limits = { count: 10, size: 0 };
  for (let i = 1; i <= 100; i++) add(zone, 's', idOf(i), ['f', String(i)], limits);
  const stream = open(zone, 's');
  const by = { least: MIN, limit: 0 };
  expect(stream.trim({ ...by, length: 95, isRough: true })).toBe(0);
  expect(stream.trim({ ...by, length: 85, isRough: true })).toBe(10);
  expect(stream.trim({ ...by, length: 83, isRough: false })).toBe(7);
  expect(stream.trim({ ...by, length: 0, isRough: true, limit: 25 })).toBe(23);
  expect(String(stream.firstId(new StreamId()))).toBe('41-0');
  expect(stream.audit()).toBe(undefined);
  const from = { length: undefined, limit: 0 };
  expect(stream.trim({ ...from, least: idOf(61), isRough: true })).toBe(20);
  expect(stream.trim({ ...from, least: idOf(65), isRough: true })).toBe(0);
  expect(stream.trim({ ...from, least: idOf(65), isRough: false })).toBe(4);
  expect(stream.audit()).toBe(undefined);
  expect(stream.trim({ ...by, length: 0, isRough: false })).toBe(36);
  expect([stream.length, stream.log.root, stream.firstId(new StreamId()).isMin]).toEqual([
    0,
    0,
    true,
  ]);
  expect(stream.audit()).toBe(undefined);
});

test('a log that is trimmed as it grows keeps to its memory', () => {
  const zone = zoneOf(4 * MiB);
  const random = new SeededRandom(5);
  let most = 0;
  for (let i = 1; i <= 40_000; i++) {
    add(zone, 's', idOf(i), ['field', 'v'.repeat(random.below(60))]);
    const stream = open(zone, 's');
    stream.trim({ length: 2000, least: MIN, isRough: true, limit: 0 });
    stream.settle();
    if (i === 10_000) most = stream.region.bump;
  }
  const stream = open(zone, 's');
  expect(stream.audit()).toBe(undefined);
  expect(stream.region.bump).toBeLessThan(most * 1.1);
  expect(stream.region.used).toBeGreaterThan(stream.region.bump * 0.8);
});

test('a stream most of which is gone is built anew', () => {
  const zone = zoneOf(4 * MiB);
  for (let i = 1; i <= 5000; i++) add(zone, 's', idOf(i), ['field', `value${i}`]);
  const stream = open(zone, 's');
  const { limit } = stream.region;
  stream.trim({ length: 100, least: MIN, isRough: false, limit: 0 });
  const left = entries(stream);
  stream.settle();
  expect(stream.region.limit).toBeLessThan(limit / 5);
  expect(entries(open(zone, 's'))).toEqual(left);
  expect(open(zone, 's').audit()).toBe(undefined);
});

test('a copy in a zone of other chunks is equal', () => {
  const zone = zoneOf(MiB);
  const other = zoneOf(64 * MiB);
  for (let i = 1; i <= 300; i++) add(zone, 's', idOf(i * 7, i), ['f', 'v'.repeat(i)]);
  add(zone, 's', idOf(9999), ['large', 'x'.repeat(100_000)]);
  const stream = open(zone, 's');
  stream.remove(idOf(7, 1));
  stream.noteFirstRemoved(true);
  stream.copyTo(other, put(other, 's', TYPE_STREAM, stream.sizeIn(other)));
  expect(entries(open(other, 's'))).toEqual(entries(stream));
  expect(open(other, 's').image()).toEqual(stream.image());
  expect(open(other, 's').audit()).toBe(undefined);
  add(other, 's', idOf(10_000), ['f', 'v']);
  expect(open(other, 's').audit()).toBe(undefined);
});

test('an entry of any size is kept', () => {
  const zone = zoneOf(16 * MiB);
  const sizes = [0, 1, 63, 64, 500, 1015, 1016, 1017, 4000, 4096, 8000, 20_000, 1_000_000];
  for (const [i, size] of sizes.entries()) {
    add(zone, 's', idOf(i + 1), ['f'.repeat(size), 'v'.repeat(size), 'g', 'w']);
    expect(open(zone, 's').audit()).toBe(undefined);
  }
  const all = entries(open(zone, 's'));
  expect(all.map(([, field, value]) => [field.length, value.length])).toEqual(
    sizes.map((size) => [size, size]),
  );
});
