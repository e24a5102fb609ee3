/**
 * A histogram of durations, as HdrHistogram has them: two significant digits from 1 ns to 1 s.
 *
 *   value     0 … 255     256 … 511    512 … 1023      …    2^29 … 2^30-1
 *   a count   each        every 2      every 4              every 2^22
 *
 * Half of the counts of a row would be those of the row before, so each row but the first has 128.
 * What is longer than a second counts as a second.
 */

const ROW_BITS = 7;
const ROW = 1 << ROW_BITS;
/** Values below it have a count each. */
const EXACT = 2 * ROW;
const ROW_COUNT = 23;
const COUNTS = (ROW_COUNT + 1) * ROW;
const VALUE_MAX = 1e9;
/** The first step of steps(), in nanoseconds; each is twice as long as the one before. */
const FIRST_STEP = 1024;
const NANOS_PER_MICRO = 1000;

/** The row that the value lies in: by so many bits it is shortened. */
function rowOf(value: number): number {
  return 31 - Math.clz32(value | (EXACT - 1)) - ROW_BITS;
}

function indexOf(value: number): number {
  const row = rowOf(value);
  return row * ROW + (value >> row);
}

/** The least value that a count is for. */
function valueAt(index: number): number {
  if (index < EXACT) return index;
  const row = (index >> ROW_BITS) - 1;
  return (index - row * ROW) * 2 ** row;
}

/** The greatest value that is counted where `value` is. */
function highestLike(value: number): number {
  return valueAt(indexOf(value) + 1) - 1;
}

export class Histogram {
  readonly #counts = new Float64Array(COUNTS);
  #total = 0;

  /** How many values there are. */
  get total(): number {
    return this.#total;
  }

  /** Counts `count` values of so many nanoseconds. */
  record(nanos: number, count: number): void {
    const value = Math.min(VALUE_MAX, Math.max(1, Math.floor(nanos)));
    this.#counts[indexOf(value)] += count;
    this.#total += count;
  }

  /** The nanoseconds that so many percent of the values don't exceed. */
  percentile(percent: number): number {
    const rank = Math.max(1, Math.floor((Math.min(100, percent) / 100) * this.#total + 0.5));
    let sum = 0;
    for (let i = 0; i < COUNTS; i++) {
      sum += this.#counts[i];
      if (sum >= rank) return percent === 0 ? valueAt(i) : highestLike(valueAt(i));
    }
    return 0;
  }

  /** Pairs of microseconds and how many values are no longer; only steps that add some. */
  steps(): [micros: number, count: number][] {
    const found: [number, number][] = [];
    let sum = 0;
    let before = 0;
    let next = 0;
    for (let step = FIRST_STEP; sum < this.#total; step *= 2) {
      const end = Math.min(indexOf(Math.min(step, 2 ** 30 - 1)), COUNTS - 1);
      while (next <= end) sum += this.#counts[next++];
      if (sum > before) found.push([Math.floor(highestLike(valueAt(end)) / NANOS_PER_MICRO), sum]);
      before = sum;
    }
    return found;
  }
}
