import { expect, test } from 'vitest';
import {
  ANNEX,
  annexAt,
  annexSizeOf,
  CHUNKED,
  contentAt,
  E_KEY,
  E_META,
  fixedSizeOf,
  keyAt,
  keySizeOf,
  LONG_KEY,
  TIMED,
} from '../../../src/zone/entry.ts';

/** An entry at offset 4 with the given flags, key size and annex size. */
function entryWith(flags: number, keySize: number, annexSize = 0): Int32Array {
  const i32 = new Int32Array(200);
  i32[8 + E_META] = flags;
  i32[8 + E_KEY] = keySize;
  if ((flags & ANNEX) !== 0) i32[annexAt(i32, 4) >>> 2] = annexSize;
  return i32;
}

test('parts follow each other: header, key, annex, content', () => {
  // [flags, type, key size, annex] → [key, annex's count, content], from the start of the slot
  const cases: [number, number, number, number, number, number | undefined, number][] = [
    [0, 0, 3, 0, 28, undefined, 31],
    [0, 1, 3, 0, 28, undefined, 32],
    [TIMED, 0, 3, 0, 32, undefined, 35],
    [TIMED, 1, 1, 0, 32, undefined, 36],
    [TIMED, 3, 1, 0, 32, undefined, 40],
    [TIMED, 5, 1, 0, 32, undefined, 40],
    [ANNEX, 0, 3, 2, 28, 32, 44],
    [ANNEX, 1, 3, 2, 28, 32, 44],
    [ANNEX, 3, 3, 2, 28, 32, 48],
    [TIMED | ANNEX, 0, 5, 1, 32, 40, 48],
    [CHUNKED, 0, 3, 0, 28, undefined, 32],
    [CHUNKED | TIMED, 1, 5, 0, 32, undefined, 40],
    [LONG_KEY | CHUNKED, 0, 0, 0, 28, undefined, 32],
    [LONG_KEY | CHUNKED | ANNEX, 0, 0, 3, 28, 32, 48],
  ];
  for (const [flags, type, keySize, annexSize, key, annex, content] of cases) {
    const i32 = entryWith(flags | type, keySize, annexSize);
    expect(keyAt(i32, 4) - 32).toBe(key);
    if (annex !== undefined) expect(annexAt(i32, 4) - 32).toBe(annex);
    expect(annexSizeOf(i32, 4)).toBe(annexSize);
    expect(contentAt(i32, 4) - 32).toBe(content);
    expect(fixedSizeOf(i32, 4)).toBeLessThanOrEqual(content);
  }
});

test('the size of a long key is where the key would be', () => {
  const i32 = entryWith(LONG_KEY | CHUNKED, 0xffff);
  i32[(32 + 28) / 4] = 123_456;
  expect(keySizeOf(i32, 4)).toBe(123_456);
});
