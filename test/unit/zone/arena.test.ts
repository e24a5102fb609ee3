import { expect, test } from 'vitest';
import { ARENA_SIZE_MAX, Arena } from '../../../src/zone/arena.ts';

test('all views look at the same bytes, windows in front', () => {
  const arena = new Arena(1024, 64);
  arena.i32[16] = 0x04030201;
  expect([...arena.u8.subarray(64, 68)]).toEqual([1, 2, 3, 4]);
  arena.f64[9] = 1;
  expect(arena.i32[19]).toBe(0x3ff00000);
  const view = arena.view(64, 4);
  view[0] = 9;
  expect(arena.u8[64]).toBe(9);
  expect(arena.u8.length).toBe(1088);
});

test('a shared arena works the same', () => {
  const arena = new Arena(1024, 64, true);
  arena.i32[16] = 7;
  expect(arena.view(64, 1)[0]).toBe(7);
  expect([arena.isShared, new Arena(1024, 64).isShared]).toEqual([true, false]);
});

test('an arena is as large as one array may be, and no larger', () => {
  // Not touched, it costs no memory.
  const arena = new Arena(ARENA_SIZE_MAX - 64, 64);
  arena.u8[ARENA_SIZE_MAX - 1] = 5;
  expect(arena.i32[ARENA_SIZE_MAX / 4 - 1] >>> 24).toBe(5);
  expect(() => new Arena(ARENA_SIZE_MAX, 64)).toThrow();
  expect(() => new Arena(1023, 64)).toThrow();
});
