/**
 * Sorts the part of an array that is asked for, and leaves equals where Redis leaves them.
 *
 * SORT … LIMIT and GEOSEARCH … COUNT need a few places of a long row. Redis sorts so far only, with
 * the quicksort of Bentley and McIlroy (Engineering a sort function, 1993), which is not stable:
 * which of two equals comes first follows from every swap on the way. So the swaps are these:
 *
 *   pivot to the front, then    ┌────────┬──────┬─────┬──────┬────────┐
 *   from both ends:             │ equal  │ less │  …  │ more │ equal  │
 *                               └────────┴──────┴─────┴──────┴────────┘
 *   equals to the middle, and on with `less` and `more` where they have places that are asked for.
 */

type Compare<T> = (a: T, b: T) => number;

/** So few are inserted one by one. */
const FEW = 7;
/** From more than this on, the pivot is the median of nine. */
const MANY = 40;

function swap<T>(items: T[], a: number, b: number): void {
  const item = items[a];
  items[a] = items[b];
  items[b] = item;
}

function swapRuns<T>(items: T[], a: number, b: number, size: number): void {
  for (let i = 0; i < size; i++) swap(items, a + i, b + i);
}

/** Which of three places holds the one between the others. */
function median<T>(items: T[], a: number, b: number, c: number, compare: Compare<T>): number {
  if (compare(items[a], items[b]) < 0) {
    if (compare(items[b], items[c]) < 0) return b;
    return compare(items[a], items[c]) < 0 ? c : a;
  }
  if (compare(items[b], items[c]) > 0) return b;
  return compare(items[a], items[c]) < 0 ? a : c;
}

function pivotOf<T>(items: T[], start: number, size: number, compare: Compare<T>): number {
  let middle = start + (size >> 1);
  if (size === FEW) return middle;
  let first = start;
  let last = start + size - 1;
  if (size > MANY) {
    const step = size >> 3;
    first = median(items, first, first + step, first + 2 * step, compare);
    middle = median(items, middle - step, middle, middle + step, compare);
    last = median(items, last - 2 * step, last - step, last, compare);
  }
  return median(items, first, middle, last, compare);
}

function sortRange<T>(
  items: T[],
  start: number,
  size: number,
  compare: Compare<T>,
  from: number,
  to: number,
): void {
  if (size < FEW) {
    for (let i = start + 1; i < start + size; i++) {
      for (let j = i; j > start && compare(items[j - 1], items[j]) > 0; j--) swap(items, j, j - 1);
    }
    return;
  }
  swap(items, start, pivotOf(items, start, size, compare));
  const pivot = items[start];
  // Equals end before `equalLow` and begin behind `equalHigh`.
  let equalLow = start + 1;
  let low = start + 1;
  let high = start + size - 1;
  let equalHigh = high;
  for (;;) {
    for (let order = 0; low <= high && (order = compare(items[low], pivot)) <= 0; low++) {
      if (order === 0) swap(items, equalLow++, low);
    }
    for (let order = 0; low <= high && (order = compare(items[high], pivot)) >= 0; high--) {
      if (order === 0) swap(items, high, equalHigh--);
    }
    if (low > high) break;
    swap(items, low++, high--);
  }
  const end = start + size;
  const less = low - equalLow;
  const more = equalHigh - high;
  const runLow = Math.min(equalLow - start, less);
  swapRuns(items, start, low - runLow, runLow);
  const runHigh = Math.min(more, end - 1 - equalHigh);
  swapRuns(items, low, end - runHigh, runHigh);
  const isAsked = (first: number, count: number): boolean =>
    count > 1 && from < first + count && to >= first;
  if (isAsked(start, less)) sortRange(items, start, less, compare, from, to);
  if (isAsked(end - more, more)) sortRange(items, end - more, more, compare, from, to);
}

/** Brings to the places `from` to `to`, inclusive, what belongs there; the rest is in any order. */
export function partialSort<T>(items: T[], compare: Compare<T>, from: number, to: number): void {
  sortRange(items, 0, items.length, compare, from, to);
}
