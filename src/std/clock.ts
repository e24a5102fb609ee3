/**
 * Time, and the only place that asks the machine for it.
 *
 * Two questions that must not be mixed up:
 *
 *   now()              what the calendar says, in whole milliseconds. Deadlines are written in it,
 *                      and an administrator can set it back.
 *   monotonicMicros()  how long something took, in whole microseconds. Never goes back; its zero
 *                      means nothing.
 *
 * What waits for so long, and not until some date, must end in time when the calendar is set: it counts
 * on the second face, or is told of the step (ClockSteps).
 *
 * Everything above takes a Clock from whoever made it, so tests turn the hands themselves and
 * never sleep.
 */

// Not the global one, which is a getter: time is asked for twice at every request.
import { performance } from 'node:perf_hooks';
import { assert } from './assert.ts';

export interface Clock {
  /** Unix time in whole milliseconds. */
  now(): number;
  /** Whole microseconds since some fixed moment of this process; never decreases. */
  monotonicMicros(): number;
  /** Lets `ms` pass, with nothing else happening in this thread. For DEBUG SLEEP alone. */
  stall(ms: number): void;
}

/** By how much each clock's microseconds of the calendar are ahead of its monotonic ones. */
const offsets = new WeakMap<Clock, number>();

/**
 * Unix time in microseconds. The calendar has milliseconds only: within one, time goes on as on the
 * other face, and no further than its end. It is set back only when the calendar is.
 */
export function unixMicros(clock: Clock): number {
  const begin = clock.now() * 1000;
  const monotonic = clock.monotonicMicros();
  const micros = monotonic + (offsets.get(clock) ?? 0);
  const held = Math.min(begin + 999, Math.max(begin, micros));
  if (held !== micros) offsets.set(clock, held - monotonic);
  return held;
}

/** Milliseconds by which both faces may differ without one having been set: a busy machine. */
const LEAST_STEP_MS = 100;

/** Notices when the calendar has been set: otherwise time goes by on both faces alike. */
export class ClockSteps {
  readonly #clock: Clock;
  #ahead: number;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#ahead = this.#aheadNow;
  }

  get #aheadNow(): number {
    return this.#clock.now() - Math.floor(this.#clock.monotonicMicros() / 1000);
  }

  /** By how many milliseconds it has been set since this was asked last: forward, or back (< 0). */
  take(): number {
    const step = this.#aheadNow - this.#ahead;
    // What is less is forgotten: a calendar that is adjusted little by little is not set.
    this.#ahead += step;
    return Math.abs(step) < LEAST_STEP_MS ? 0 : step;
  }
}

/** The machine's clock. */
export const systemClock: Clock = {
  now: () => Date.now(),
  // performance.now() is a double of milliseconds: no tuple and no bigint per question, unlike
  // process.hrtime() (74 ns against 49 here).
  monotonicMicros: () => Math.floor(performance.now() * 1000),
  stall: (ms) => void Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms),
};

/** A clock that stands still until it is moved. */
export class ManualClock implements Clock {
  #nowMs: number;
  #micros = 0;

  constructor(nowMs = 1_700_000_000_000) {
    assert(Number.isSafeInteger(nowMs));
    this.#nowMs = nowMs;
  }

  now(): number {
    return this.#nowMs;
  }

  monotonicMicros(): number {
    return this.#micros;
  }

  stall(ms: number): void {
    this.advance(ms);
  }

  /** Lets `ms` pass, on both faces. Fractions reach only the monotonic one. */
  advance(ms: number): void {
    assert(ms >= 0, 'time does not run backwards: use set()');
    this.#micros += Math.floor(ms * 1000);
    this.#nowMs += Math.floor(ms);
  }

  /** Sets the calendar, forward or back, as an administrator would. No time passes. */
  set(nowMs: number): void {
    assert(Number.isSafeInteger(nowMs));
    this.#nowMs = nowMs;
  }
}
