import { beforeEach, describe, expect, it } from 'vitest';
import type { Window } from '../../../src/resp/reply.ts';
import { BLOCK_SIZE, Overflow, SLAB_SIZE } from '../../../src/server/overflow.ts';
import { SeededRandom } from '../../../src/std/random.ts';

const BLOCKS = SLAB_SIZE / BLOCK_SIZE;

let overflow: Overflow;

beforeEach(() => {
  overflow = new Overflow();
});

const sizeOf = (window: Window): number => window.limit - window.base;

function many(count: number, size: number): Window[] {
  return Array.from({ length: count }, () => overflow.acquire(size));
}

// Whether two things are the same is asked here: a failing toBe() would show all their bytes.
describe('overflow', () => {
  it('windows are whole blocks, as many as it takes', () => {
    for (const [size, blocks] of [
      [1, 1],
      [BLOCK_SIZE, 1],
      [BLOCK_SIZE + 1, 2],
      [10 * BLOCK_SIZE, 10],
    ]) {
      expect(sizeOf(overflow.acquire(size))).toBe(blocks * BLOCK_SIZE);
    }
    expect(overflow.size).toBe(SLAB_SIZE);
  });

  it('windows that are lent share nothing, whatever has come back', () => {
    const random = new SeededRandom(1);
    const lent: { window: Window; mark: number }[] = [];
    for (let step = 0; step < 3000; step++) {
      if (lent.length > 0 && random.below(100) < 45) {
        const [{ window, mark }] = lent.splice(random.below(lent.length), 1);
        const { bytes, base, limit } = window;
        // At both ends of each of its blocks.
        for (let at = base; at < limit; at += BLOCK_SIZE) {
          expect([bytes[at], bytes[at + BLOCK_SIZE - 1]]).toEqual([mark, mark]);
        }
        window.release();
        continue;
      }
      const window = overflow.acquire(1 + random.below(BLOCK_SIZE << random.below(10)));
      const mark = step % 256;
      const { bytes, base, limit } = window;
      for (let at = base; at < limit; at += BLOCK_SIZE) {
        bytes[at] = mark;
        bytes[at + BLOCK_SIZE - 1] = mark;
      }
      lent.push({ window, mark });
    }
    expect(overflow.size).toBeGreaterThan(SLAB_SIZE);
    for (const { window } of lent) window.release();
    expect(overflow.size).toBe(SLAB_SIZE);
  });

  it('a slab in which nothing is lent goes back, and its memory with it', () => {
    const first = many(BLOCKS, BLOCK_SIZE);
    const second = many(BLOCKS, BLOCK_SIZE);
    expect(overflow.size).toBe(2 * SLAB_SIZE);
    const [{ bytes }] = second;
    for (const window of second.slice(1)) window.release();
    expect(bytes.length).toBe(SLAB_SIZE);
    second[0].release();
    expect(bytes.length).toBe(0);
    expect(overflow.size).toBe(SLAB_SIZE);
    for (const window of first) window.release();
    expect(overflow.size).toBe(SLAB_SIZE);
  });

  it('the first ones are filled first', () => {
    const first = many(BLOCKS, BLOCK_SIZE);
    const [behind] = many(1, BLOCK_SIZE);
    expect(behind.bytes === first[0].bytes).toBe(false);
    first[7].release();
    const [again] = many(1, BLOCK_SIZE);
    expect([again.bytes === first[7].bytes, again.base]).toEqual([true, first[7].base]);
  });

  it('a reply larger than a slab has one of its own, which is not kept', () => {
    const large = overflow.acquire(SLAB_SIZE + 1);
    expect(sizeOf(large)).toBe(SLAB_SIZE + BLOCK_SIZE);
    expect(overflow.size).toBe(SLAB_SIZE + BLOCK_SIZE);
    const small = overflow.acquire(1);
    expect(overflow.size).toBe(2 * SLAB_SIZE + BLOCK_SIZE);
    large.release();
    expect(overflow.size).toBe(SLAB_SIZE);
    small.release();
    expect(overflow.size).toBe(SLAB_SIZE);
  });

  it('small windows of the first slab are lent again as they are', () => {
    const window = overflow.acquire(1);
    window.release();
    expect(overflow.acquire(BLOCK_SIZE) === window).toBe(true);
    expect(overflow.acquire(BLOCK_SIZE) === window).toBe(false);
  });
});
