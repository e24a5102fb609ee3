import { describe, expect, it } from 'vitest';
import { giveBack } from '../../../src/std/give-back.ts';

describe('giving memory back', () => {
  it('a buffer has nothing any more, and neither have its views', () => {
    const buffer = new ArrayBuffer(1000);
    const view = new Uint8Array(buffer, 10, 100);
    giveBack(buffer);
    expect(buffer.byteLength).toBe(0);
    expect(view.length).toBe(0);
  });

  it('the memory is gone from the process before anything else happens', () => {
    const SIZE = 256 * 1024 * 1024;
    const buffer = new ArrayBuffer(SIZE);
    new Uint8Array(buffer).fill(1);
    const before = process.memoryUsage.rss();
    giveBack(buffer);
    expect(before - process.memoryUsage.rss()).toBeGreaterThan(SIZE * 0.9);
  });
});
