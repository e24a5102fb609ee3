/**
 * Bytes: compare, find and copy ranges.
 *
 * A range is an array and two positions, [start, end), so that nothing has to cut a view out of an
 * arena to speak about a part of it. Each function loops over short ranges in JavaScript and hands
 * long ones to native code, whose call costs what the loop spends on some dozens of bytes:
 *
 *   bytes              8    16    32    64   128  1024
 *   loop              12    18    33    60   110   900   ns, node 20
 *   set(subarray)     33    33    33    33    33    44   two arrays
 *   copyWithin        18    18    19    19    20    30   one array
 *   Buffer.compare    58    58    59    60    60    70
 */

const COPY_LOOP_MAX = 32;
const COPY_WITHIN_LOOP_MAX = 12;
const COMPARE_LOOP_MAX = 64;
const INDEX_LOOP_MAX = 64;

const nativeCompare = Buffer.prototype.compare;

/** Negative, 0 or positive, in memcmp's order; of two ranges that agree the shorter comes first. */
export function compareBytes(
  a: Uint8Array,
  aStart: number,
  aEnd: number,
  b: Uint8Array,
  bStart: number,
  bEnd: number,
): number {
  const aSize = aEnd - aStart;
  const bSize = bEnd - bStart;
  const size = Math.min(aSize, bSize);
  // The first bytes mostly decide, however long the ranges are.
  const looped = size < COMPARE_LOOP_MAX ? size : 16;
  for (let i = 0; i < looped; i++) {
    const difference = a[aStart + i] - b[bStart + i];
    if (difference !== 0) return difference;
  }
  if (looped < size) {
    const order = nativeCompare.call(a, b, bStart, bStart + size, aStart, aStart + size);
    if (order !== 0) return order;
  }
  return aSize - bSize;
}

/** Whether two ranges hold the same bytes. */
export function equalBytes(
  a: Uint8Array,
  aStart: number,
  aEnd: number,
  b: Uint8Array,
  bStart: number,
  bEnd: number,
): boolean {
  const size = aEnd - aStart;
  if (bEnd - bStart !== size) return false;
  if (size >= COMPARE_LOOP_MAX) {
    return a[aStart] === b[bStart] && nativeCompare.call(a, b, bStart, bEnd, aStart, aEnd) === 0;
  }
  for (let i = 0; i < size; i++) {
    if (a[aStart + i] !== b[bStart + i]) return false;
  }
  return true;
}

/** Where `byte` first stands in [start, end), or -1. */
export function indexOfByte(bytes: Uint8Array, byte: number, start: number, end: number): number {
  const looped = end - start < INDEX_LOOP_MAX ? end : start + INDEX_LOOP_MAX;
  for (let i = start; i < looped; i++) {
    if (bytes[i] === byte) return i;
  }
  if (looped === end || end < start) return -1;
  // A view bounds the search: indexOf itself has no end, and an arena is long.
  const found = bytes.subarray(looped, end).indexOf(byte);
  return found < 0 ? -1 : looped + found;
}

/** Where `needle` first stands whole in bytes[start, end), or -1. Nothing stands at `start`. */
export function indexOfBytes(
  bytes: Uint8Array,
  start: number,
  end: number,
  needle: Uint8Array,
): number {
  const size = needle.length;
  if (size === 0) return start;
  const last = end - size;
  for (let at = start; at <= last; at++) {
    at = indexOfByte(bytes, needle[0], at, last + 1);
    if (at < 0) return -1;
    if (equalBytes(bytes, at, at + size, needle, 0, size)) return at;
  }
  return -1;
}

/**
 * Copies source[start, end) to target at `at`. Within one array the ranges may overlap; two views
 * of the same memory must not.
 */
export function copyBytes(
  target: Uint8Array,
  at: number,
  source: Uint8Array,
  start: number,
  end: number,
): void {
  const size = end - start;
  if (target === source) {
    // Overlapping upwards, a loop would read what it has written; copyWithin knows.
    if (size > COPY_WITHIN_LOOP_MAX || (at > start && at < end)) {
      target.copyWithin(at, start, end);
      return;
    }
  } else if (size > COPY_LOOP_MAX) {
    target.set(source.subarray(start, end), at);
    return;
  }
  for (let i = 0; i < size; i++) target[at + i] = source[start + i];
}

/** A fresh array of source[start, end). */
export function sliceBytes(source: Uint8Array, start: number, end: number): Uint8Array {
  // Not source.slice: of a Buffer that is a view.
  const bytes = new Uint8Array(end - start);
  copyBytes(bytes, 0, source, start, end);
  return bytes;
}
