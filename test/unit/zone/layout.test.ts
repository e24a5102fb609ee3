import { expect, test } from 'vitest';
import {
  type Layout,
  layoutFor,
  pageSizeFor,
  slotSizesFor,
  ZONE_SIZE_MAX,
  ZONE_SIZE_MIN,
  zoneSizeFault,
} from '../../../src/zone/layout.ts';
import { KiB, MiB } from './support.ts';

const SIZES = [ZONE_SIZE_MIN, MiB + 12_345, 63 * MiB, 64 * MiB, 1000 * MiB, ZONE_SIZE_MAX];

test('the parts of a zone follow each other and end within its size', () => {
  for (const size of SIZES) {
    for (const [databases, windows] of [
      [1, 64],
      [16, MiB],
      [1024, 64],
    ]) {
      const layout = layoutFor(size, databases, windows);
      const parts: (keyof Layout)[] = [
        'header',
        'lists',
        'classes',
        'databases',
        'pageTable',
        'deadlineDirectory',
        'superblocks',
        'blocks',
        'buckets',
      ];
      let end = layout.scratch * 2 + layout.chunkSize / 4;
      for (const part of parts) {
        expect(layout[part]).toBeGreaterThanOrEqual(end);
        end = layout[part] as number;
      }
      end += 2 ** layout.bucketBits;
      expect(layout.firstPage * 8).toBe(windows);
      expect(layout.scratch * 8).toBe(windows + layout.pageCount * layout.pageSize);
      expect(end * 4).toBeLessThanOrEqual(windows + size);
      // What is left over would not hold another page.
      expect(windows + size - end * 4).toBeLessThan(layout.pageSize + 1200);
      expect(layout.blockCount * 256).toBe(2 ** layout.bucketBits);
    }
  }
});

test('metadata takes little: below 3.5 % from 8 MiB on', () => {
  for (const size of [8 * MiB, 64 * MiB, 65 * MiB, 127 * MiB, ZONE_SIZE_MAX]) {
    const { pageCount, pageSize } = layoutFor(size, 16, 64);
    expect(1 - (pageCount * pageSize) / size).toBeLessThan(0.035);
  }
});

test('no slot wastes more than 12.5 % or 8 bytes, and no page has a remainder', () => {
  for (const pageSize of [16 * KiB, 64 * KiB]) {
    const sizes = slotSizesFor(pageSize);
    expect(sizes[0]).toBe(32);
    expect(sizes.at(-1)).toBe(pageSize / 8);
    for (let i = 0; i < sizes.length; i++) {
      expect(sizes[i] % 8).toBe(0);
      const slots = Math.floor(pageSize / sizes[i]);
      expect((pageSize - slots * sizes[i]) / pageSize).toBeLessThan(0.02);
      if (i === 0) continue;
      const step = sizes[i] - sizes[i - 1];
      expect(step <= 8 || step / sizes[i] <= 0.125).toBe(true);
    }
    expect(sizes.length).toBeLessThan(255);
  }
});

test('the class of a size is the smallest that holds it', () => {
  const { classOfUnits, slotSizes, chunkSize, chunkClass } = layoutFor(64 * MiB, 16, 64);
  for (let size = 1; size <= chunkSize; size++) {
    const sizeClass = classOfUnits[(size + 7) >>> 3];
    expect(slotSizes[sizeClass]).toBeGreaterThanOrEqual(size);
    if (sizeClass > 0) expect(slotSizes[sizeClass - 1]).toBeLessThan(size);
    expect(sizeClass).toBeLessThan(chunkClass);
  }
});

test('sizes no zone can have are named', () => {
  expect(zoneSizeFault(ZONE_SIZE_MIN)).toBeUndefined();
  expect(zoneSizeFault(ZONE_SIZE_MIN - 1)).toBe(
    'a zone with pages of 16384 bytes has at least 262144 bytes',
  );
  expect(zoneSizeFault(ZONE_SIZE_MAX)).toBeUndefined();
  expect(zoneSizeFault(ZONE_SIZE_MAX + 1)).toMatch(/^a zone has at most 4278190080 bytes/);
  expect(zoneSizeFault(512 * KiB, 64 * KiB)).toMatch(/at least 1048576 bytes$/);
  expect([pageSizeFor(64 * MiB - 1), pageSizeFor(64 * MiB)]).toEqual([16 * KiB, 64 * KiB]);
});
