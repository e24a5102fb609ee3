/**
 * Node limit: what a node of a list may hold, by `list-max-listpack-size`, the fill.
 *
 *   -1 … -5       4, 8, 16, 32, 64 KiB
 *   1, 2, 3, …    so many elements, and 8 KiB; 0 means 1
 *
 * Redis's rules (quicklist.c), which decide when a list is a listpack, too.
 */

/** Redis's optimization_level. */
const SIZES = [4096, 8192, 16384, 32768, 65536];
/** Redis's SIZE_SAFETY_LIMIT: of nodes whose elements are counted. */
const COUNTED_SIZE_MAX = 8192;
const FILL_MIN = -5;
const FILL_MAX = 2 ** 15 - 1;

/** Bytes a node may have. */
export function nodeSizeMax(fill: number): number {
  return fill < 0 ? SIZES[Math.min(-fill, SIZES.length) - 1] : Number.POSITIVE_INFINITY;
}

/** Elements a node may have. */
export function nodeCountMax(fill: number): number {
  return fill < 0 ? Number.POSITIVE_INFINITY : Math.max(1, fill);
}

/** Whether a listpack of that size and count is more than a node may be. */
export function exceedsNode(fill: number, size: number, count: number): boolean {
  if (fill < 0) return size > nodeSizeMax(fill);
  return size > COUNTED_SIZE_MAX || count > nodeCountMax(fill);
}

/** The fill a quicklist keeps, in 16 bits. */
export function clampFill(fill: number): number {
  return Math.max(FILL_MIN, Math.min(FILL_MAX, fill));
}
