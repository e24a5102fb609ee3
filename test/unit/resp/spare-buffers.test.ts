import { describe, expect, it } from 'vitest';
import { SPARE_BUFFERS_SIZE_MAX } from '../../../src/resp/limits.ts';
import { SpareBuffers } from '../../../src/resp/spare-buffers.ts';

const KiB = 1024;

describe('spare buffers', () => {
  it('one that was given back is taken again for what fits, and only for that', () => {
    const buffers = new SpareBuffers();
    const buffer = buffers.take(100 * KiB);
    expect(buffer.length).toBe(128 * KiB);
    buffers.give(buffer);
    expect(buffers.take(129 * KiB)).not.toBe(buffer);
    expect(buffers.take(64 * KiB)).not.toBe(buffer);
    expect(buffers.take(128 * KiB)).toBe(buffer);
    expect(buffers.take(128 * KiB)).not.toBe(buffer);
  });

  it('of every size there is one at least as large, and at most twice as large beyond the least', () => {
    const buffers = new SpareBuffers();
    for (const size of [1, 16 * KiB, 16 * KiB + 1, 100_000, 1024 * KiB - 1, 1024 * KiB]) {
      const { length } = buffers.take(size);
      expect(length).toBeGreaterThanOrEqual(size);
      expect(length).toBeLessThan(Math.max(16 * KiB + 1, size * 2));
    }
  });

  it('a very large one is as large as asked for, and is not kept', () => {
    const buffers = new SpareBuffers();
    const size = 1024 * KiB + 1;
    const buffer = buffers.take(size);
    expect(buffer.length).toBe(size);
    buffers.give(buffer);
    expect(buffers.take(size)).not.toBe(buffer);
  });

  it('no more are kept than the limit says', () => {
    const buffers = new SpareBuffers();
    const size = 512 * KiB;
    const given = new Set(Array.from({ length: 20 }, () => buffers.take(size)));
    for (const buffer of given) buffers.give(buffer);
    let kept = 0;
    for (let i = 0; i < given.size; i++) if (given.has(buffers.take(size))) kept++;
    expect(kept * size).toBe(SPARE_BUFFERS_SIZE_MAX);
  });

  it('those of a size that nobody wants any more make place for others', () => {
    const buffers = new SpareBuffers();
    const take = (size: number) =>
      Array.from({ length: SPARE_BUFFERS_SIZE_MAX / size }, () => buffers.take(size));
    for (const buffer of take(128 * KiB)) buffers.give(buffer);
    const given = take(256 * KiB);
    for (const buffer of given) buffers.give(buffer);
    expect(new Set(take(256 * KiB))).toEqual(new Set(given));
  });

  it('one that was not taken here is not kept', () => {
    const buffers = new SpareBuffers();
    const foreign = new Uint8Array(20 * KiB);
    buffers.give(foreign);
    expect(buffers.take(20 * KiB)).not.toBe(foreign);
    expect(buffers.take(16 * KiB)).not.toBe(foreign);
  });
});
