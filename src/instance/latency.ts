/**
 * The latency monitor: when what kept others waiting for `latency-monitor-threshold` milliseconds
 * or longer, by kind of event.
 *
 *   'command'  'fast-command'  'command-unblocking'  'expire-cycle'  'eviction-cycle'
 *
 * Of each kind the last 160 seconds in which it happened are kept, with the longest of each second.
 */

const SAMPLES_MAX = 160;

export interface LatencySample {
  /** Unix seconds. */
  readonly time: number;
  /** Milliseconds. */
  ms: number;
}

/** What is known of one kind of event. */
export interface LatencySeries {
  /** Milliseconds of the longest there ever was. */
  worst: number;
  /** The oldest first; there is one at least. */
  readonly samples: LatencySample[];
}

export interface LatencyFigures {
  readonly count: number;
  readonly average: number;
  /** The mean deviation from the average. */
  readonly deviation: number;
  /** Seconds since the oldest sample, at least 1. */
  readonly period: number;
}

export class LatencyMonitor {
  readonly #series = new Map<string, LatencySeries>();
  /** Milliseconds from which on something is noted; 0: nothing is. */
  threshold = 0;

  /** By kind of event, in the order in which they first happened. */
  get series(): ReadonlyMap<string, LatencySeries> {
    return this.#series;
  }

  /** Something took `ms` whole milliseconds and ended at `time`, in Unix seconds. */
  note(event: string, ms: number, time: number): void {
    if (this.threshold === 0 || ms < this.threshold) return;
    let series = this.#series.get(event);
    if (series === undefined) {
      series = { worst: 0, samples: [] };
      this.#series.set(event, series);
    }
    series.worst = Math.max(series.worst, ms);
    const { samples } = series;
    const last = samples[samples.length - 1];
    if (last?.time === time) {
      last.ms = Math.max(last.ms, ms);
      return;
    }
    samples.push({ time, ms });
    if (samples.length > SAMPLES_MAX) samples.shift();
  }

  /** Forgets a kind of event, named in any case, or all. Answers how many there were. */
  reset(event?: string): number {
    let count = 0;
    for (const name of [...this.#series.keys()]) {
      if (event !== undefined && name !== event.toLowerCase()) continue;
      this.#series.delete(name);
      count++;
    }
    return count;
  }
}

/** What the samples of a kind of event come to, in whole milliseconds. */
export function latencyFigures({ samples }: LatencySeries, time: number): LatencyFigures {
  const count = samples.length;
  const average = Math.floor(samples.reduce((sum, { ms }) => sum + ms, 0) / count);
  const off = samples.reduce((sum, { ms }) => sum + Math.abs(average - ms), 0);
  const oldest = Math.min(...samples.map((sample) => sample.time));
  return { count, average, deviation: Math.floor(off / count), period: time - oldest || 1 };
}
