/**
 * What is said about repeated measurements: the middle one, and how far the others lie apart.
 *
 * No mean and no deviation: on a shared machine the errors are one-sided (somebody else had the
 * core), so the mean is a mix of two things and the deviation describes neither.
 */

export interface Spread {
  readonly median: number;
  readonly min: number;
  readonly max: number;
  readonly count: number;
}

/** Median and extremes. Of an even count, the median is the mean of the middle two. */
export function spreadOf(values: readonly number[]): Spread {
  if (values.length === 0) throw new Error('nothing was measured');
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const median =
    sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
  return { median, min: sorted[0], max: sorted[sorted.length - 1], count: sorted.length };
}

/**
 * Ratios of measurements made in the same round.
 *
 * A round lasts seconds and a run lasts minutes, so what slows the machine for a while slows both
 * sides of a pair: their ratio varies less than the ratio of two medians would.
 */
export function pairedRatios(values: readonly number[], base: readonly number[]): Spread {
  if (values.length !== base.length) throw new Error('rounds without a partner');
  return spreadOf(values.map((value, round) => value / base[round]));
}

/** How many requests keep a server of this speed busy for `seconds`, in round thousands. */
export function countFor(perSecond: number, seconds: number): number {
  return Math.max(1000, Math.round((perSecond * seconds) / 1000) * 1000);
}

/** The mean of ratios: twice as fast and half as fast make one. */
export function geometricMean(ratios: readonly number[]): number {
  if (ratios.length === 0) throw new Error('nothing was measured');
  return Math.exp(ratios.reduce((sum, ratio) => sum + Math.log(ratio), 0) / ratios.length);
}
