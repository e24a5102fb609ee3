import { describe, expect, test } from 'vitest';
import { SeededRandom } from '../../../src/std/random.ts';
import {
  addToDense,
  DENSE,
  DENSE_SIZE,
  forgetCount,
  HyperLogLog,
  kindOf,
  noteCount,
  notedCount,
  OTHER,
  REGISTER_COUNT,
  SPARSE,
} from '../../../src/value/hyperloglog.ts';
import type { Zone } from '../../../src/zone/zone.ts';
import { bytesOf, openZone, put } from '../zone/support.ts';
import { KiB, MiB } from './support.ts';

const SPARSE_SIZE_MAX = 3000;
const random = new SeededRandom(3);

function add(log: HyperLogLog, element: string, sizeMax = SPARSE_SIZE_MAX): number {
  return log.add(bytesOf(element), 0, element.length, sizeMax);
}

function made(count: number, sizeMax = SPARSE_SIZE_MAX): HyperLogLog {
  const log = new HyperLogLog();
  log.reset();
  let faults = 0;
  for (let i = 0; i < count; i++) if (add(log, `element:${i}`, sizeMax) < 0) faults++;
  expect(faults).toBe(0);
  return log;
}

function registersOf(log: HyperLogLog): Uint8Array {
  const registers = new Uint8Array(REGISTER_COUNT);
  expect(log.mergeInto(registers)).toBe(true);
  return registers;
}

function store(zone: Zone, key: string, log: HyperLogLog): number {
  return put(zone, key, log.bytes.slice(0, log.size));
}

describe('a count', () => {
  test.each([0, 1, 2, 10, 100, 1000, 10_000, 100_000])('of %i is close', (count) => {
    const log = made(count);
    expect(Math.abs(log.count() - count)).toBeLessThanOrEqual(0.03 * count);
    expect(log.countOf(registersOf(log))).toBe(log.count());
  });

  test('is the same from sparse and dense registers', () => {
    for (const count of [0, 5, 300, 2000]) {
      const log = made(count, 100_000);
      expect(log.isDense).toBe(false);
      const before = log.count();
      expect(log.promote()).toBe(true);
      expect(log.isDense).toBe(true);
      expect(log.size).toBe(DENSE_SIZE);
      expect(log.count()).toBe(before);
    }
  });

  test('that no 64 bits hold is what Redis makes of it', () => {
    const log = new HyperLogLog();
    log.reset();
    log.fillDense(new Uint8Array(REGISTER_COUNT).fill(63));
    expect(log.count()).toBe(-(2 ** 63));
    const zone = openZone();
    const entry = store(zone, 'k', log);
    noteCount(zone, entry, log.count());
    expect(notedCount(zone, entry)).toBe(undefined);
  });

  test('is noted to the last bit, and forgotten', () => {
    const zone = openZone();
    const entry = store(zone, 'k', made(3));
    for (const count of [0, 1, 255, 2 ** 31, 2 ** 32 - 1, 2 ** 32, 2 ** 53 - 1, 2 ** 62]) {
      noteCount(zone, entry, count);
      expect(notedCount(zone, entry)).toBe(BigInt(count));
      forgetCount(zone, entry);
      expect(notedCount(zone, entry)).toBe(undefined);
    }
  });
});

describe('registers', () => {
  test('hold the highest value they were given, sparse or dense', () => {
    for (const sizeMax of [0, 200, 3000, 100_000]) {
      const expected = new Uint8Array(REGISTER_COUNT);
      const log = made(0);
      for (let n = 0; n < 2000; n++) {
        // Neighbours, so that runs are joined and split again.
        const index = n % 3 === 0 ? random.below(REGISTER_COUNT) : 7000 + random.below(600);
        const value = 1 + random.below(n % 500 === 499 ? 51 : 4);
        expect(log.raise(index, value, sizeMax)).toBe(value > expected[index] ? 1 : 0);
        expected[index] = Math.max(expected[index], value);
        if (n % 500 === 0) expect(registersOf(log)).toEqual(expected);
      }
      expect(registersOf(log)).toEqual(expected);
    }
  });

  test('the first and the last are as good as others', () => {
    const log = made(0);
    log.fillDense(new Uint8Array(REGISTER_COUNT));
    for (const index of [0, 1, 2, 3, REGISTER_COUNT - 2, REGISTER_COUNT - 1]) {
      expect(log.raise(index, 51, 0)).toBe(1);
      expect(log.raise(index, 51, 0)).toBe(0);
    }
    expect(registersOf(log).filter((value) => value === 51)).toHaveLength(6);
    expect(log.bytes[DENSE_SIZE]).toBe(0);
  });

  test('change where they lie as they do in a copy', () => {
    const places: readonly [size: number, key: string][] = [
      [256 * KiB, 'k'],
      [256 * KiB, 'k'.repeat(3000)],
      [64 * MiB, 'key'],
    ];
    for (const [size, key] of places) {
      const zone = openZone({ size });
      const log = made(0);
      log.promote();
      const entry = store(zone, key, log);
      for (let i = 0; i < 5000; i++) {
        const element = bytesOf(`${i % 4000}`);
        const isNew = addToDense(zone, entry, element, 0, element.length);
        expect(isNew ? 1 : 0).toBe(log.add(element, 0, element.length, 0));
      }
      const copy = new HyperLogLog();
      expect(copy.load(zone, entry)).toBe(true);
      expect(registersOf(copy)).toEqual(registersOf(log));
    }
  });
});

describe('a value', () => {
  test('is told by its header and size', () => {
    const zone = openZone({ size: MiB });
    const sparse = made(5);
    const dense = made(5);
    dense.promote();
    expect(kindOf(zone, store(zone, 'k', sparse))).toBe(SPARSE);
    expect(kindOf(zone, store(zone, 'k', dense))).toBe(DENSE);
    expect(kindOf(zone, put(zone, 'k', dense.bytes.slice(0, DENSE_SIZE - 1)))).toBe(OTHER);
    expect(kindOf(zone, put(zone, 'k', dense.bytes.slice(0, DENSE_SIZE + 1)))).toBe(OTHER);
    expect(kindOf(zone, put(zone, 'k', sparse.bytes.slice(0, 15)))).toBe(OTHER);
    expect(kindOf(zone, put(zone, 'k', bytesOf('HYLL\x02'.padEnd(16, '\0'))))).toBe(OTHER);
    expect(kindOf(zone, put(zone, 'k', bytesOf('HYLO\x01'.padEnd(16, '\0'))))).toBe(OTHER);
    expect(kindOf(zone, put(zone, 'k', bytesOf('')))).toBe(OTHER);
  });

  test('that is larger than any sparse one is not read', () => {
    const zone = openZone({ size: MiB });
    const value = bytesOf('HYLL\x01'.padEnd(40_000, '\0'));
    expect(new HyperLogLog().load(zone, put(zone, 'k', value))).toBe(false);
  });

  test('with registers missing, or with too many, is corrupted whatever is asked of it', () => {
    const zone = openZone();
    const header = 'HYLL\x01'.padEnd(15, '\0').concat('\x80');
    for (const runs of [
      '',
      '\x7f\xfe',
      '\x00',
      '\x7f\xff\x00',
      '\x7f\xff\x80',
      '\x7f\xff\xff\xff',
    ]) {
      const entry = put(zone, 'k', bytesOf(header + runs));
      const log = new HyperLogLog();
      log.load(zone, entry);
      const before = log.bytes.slice(0, log.size);
      expect(log.count()).toBeNaN();
      expect(log.mergeInto(new Uint8Array(REGISTER_COUNT))).toBe(false);
      expect(log.promote()).toBe(false);
      expect(log.raise(3, 40, SPARSE_SIZE_MAX)).toBe(-1);
      expect(log.bytes.slice(0, log.size)).toEqual(before);
    }
  });

  test('of random bytes is survived', () => {
    const zone = openZone();
    for (let n = 0; n < 100; n++) {
      const size = 16 + random.below(300);
      const value = random.bytes(size);
      value.set(bytesOf('HYLL\x01'));
      const log = new HyperLogLog();
      log.load(zone, put(zone, 'k', value));
      for (let i = 0; i < 100; i++) {
        const result = log.raise(random.below(REGISTER_COUNT), 1 + random.below(51), 500);
        expect([-1, 0, 1]).toContain(result);
        expect(log.size).toBeLessThanOrEqual(DENSE_SIZE);
      }
      log.count();
      expect(log.runs()).toMatch(/^([zZ]:\d+|v:\d+,\d+| )*$/);
    }
  });
});
