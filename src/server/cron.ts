/**
 * Cron: what happens by itself.
 *
 * Expired entries go when their deadline comes, not when someone looks: a timer is set for the
 * earliest deadline of all zones, and moved forward when a turn brings an earlier one. What is due
 * is removed in slices, so that a million entries expiring at once keep nobody waiting; and so is
 * freed what a zone has retired.
 */

import type { Instance } from '../dispatch/call.ts';
import type { Saves } from '../persistence/saves.ts';
import { ClockSteps } from '../std/clock.ts';

/** Entries removed before others are served again: about a millisecond's worth. */
const SLICE = 1000;
/** A timer further off than this is set anew by then; longer ones overflow. */
const FARTHEST_MS = 60_000;
/** What must not be done now is thought of again after so long. */
const LATER_MS = 100;

export class Cron {
  readonly #instance: Instance;
  readonly #saves: Saves;
  readonly #closeOverdue: () => void;
  readonly #steps: ClockSteps;
  #saving: NodeJS.Immediate | undefined;
  #savingLater: NodeJS.Timeout | undefined;
  #interval: NodeJS.Timeout | undefined;
  #expiry: NodeJS.Timeout | undefined;
  #slice: NodeJS.Immediate | undefined;
  #freeing: NodeJS.Immediate | undefined;
  /** Unix milliseconds for which the expiry timer is set. */
  #expiryAt = Number.POSITIVE_INFINITY;

  #pause: NodeJS.Timeout | undefined;
  /** Unix milliseconds for which the timer of CLIENT PAUSE is set. */
  #pauseUntil = 0;

  #waits: NodeJS.Timeout | undefined;
  /** Unix milliseconds for which the timer of blocking commands is set. */
  #waitsUntil = Number.POSITIVE_INFINITY;

  constructor(instance: Instance, saves: Saves, closeOverdue: () => void) {
    this.#instance = instance;
    this.#saves = saves;
    this.#closeOverdue = closeOverdue;
    this.#steps = new ClockSteps(instance.clock);
  }

  start(): void {
    this.#beat();
    this.watchDeadlines();
    for (const { retired } of this.#instance.keyspace.zones) {
      retired.onBegin = () => this.#freeLater();
    }
    this.#saves.onWork = () => this.#saveLater(0);
  }

  /** Ticks as often as `hz` says now. */
  followHz(): void {
    if (this.#interval !== undefined) this.#beat();
  }

  #beat(): void {
    clearInterval(this.#interval);
    this.#interval = setInterval(() => this.#tick(), 1000 / this.#instance.config.values.hz);
  }

  stop(): void {
    clearInterval(this.#interval);
    this.#interval = undefined;
    clearTimeout(this.#expiry);
    clearTimeout(this.#pause);
    clearTimeout(this.#waits);
    clearImmediate(this.#slice);
    clearImmediate(this.#freeing);
    this.#saves.onWork = undefined;
    clearTimeout(this.#savingLater);
    clearImmediate(this.#saving);
  }

  /** Makes sure that the next deadline is met. Called after every turn: it must cost nothing. */
  watchDeadlines(): void {
    const { pause, blocking } = this.#instance;
    if (pause.until !== this.#pauseUntil) this.#watchPause();
    if (blocking.count > 0 && blocking.nextDeadline() < this.#waitsUntil) this.#watchWaits();
    const next = this.#instance.keyspace.nextDeadline();
    if (next >= this.#expiryAt) return;
    this.#setTimer(next);
  }

  #watchPause(): void {
    const { pause } = this.#instance;
    clearTimeout(this.#pause);
    this.#pauseUntil = pause.until;
    if (pause.until === 0) return;
    const wait = this.#waitUntil(pause.until);
    this.#pause = setTimeout(() => {
      if (this.#isBusy) return this.#watchPause();
      this.endPause();
      this.#pauseUntil = 0;
      this.watchDeadlines();
    }, wait);
  }

  /** Ends a pause whose time is over. */
  endPause(): void {
    this.#followSteps();
    const { pause, clock } = this.#instance;
    if (pause.until !== 0 && clock.now() >= pause.until) pause.end();
  }

  /** Has waits end that have a time limit. */
  #watchWaits(): void {
    const { blocking, clock } = this.#instance;
    clearTimeout(this.#waits);
    this.#waitsUntil = blocking.nextDeadline();
    if (this.#waitsUntil === Number.POSITIVE_INFINITY) return;
    const wait = this.#waitUntil(this.#waitsUntil);
    this.#waits = setTimeout(() => {
      this.#followSteps();
      if (!this.#isBusy) blocking.expire(clock.now());
      this.#watchWaits();
    }, wait);
  }

  /**
   * When the calendar has been set, waits last as long as before, and keys expire at their date: timers,
   * which know nothing of dates, are set anew.
   */
  #followSteps(): void {
    const step = this.#steps.take();
    if (step === 0) return;
    const { blocking, log, pause } = this.#instance;
    log.warning(
      `The system clock was set ${step > 0 ? 'forward' : 'back'} by ${Math.abs(step)} ms`,
    );
    blocking.shift(step);
    pause.shift(step);
    if (this.#waitsUntil !== Number.POSITIVE_INFINITY) this.#watchWaits();
    if (this.#expiryAt !== Number.POSITIVE_INFINITY) {
      this.#expiryAt = Number.POSITIVE_INFINITY;
      this.watchDeadlines();
    }
  }

  #setTimer(deadline: number): void {
    clearTimeout(this.#expiry);
    const wait = this.#waitUntil(deadline);
    this.#expiryAt = deadline;
    this.#expiry = setTimeout(() => this.#expire(), wait);
  }

  /** A script is in the middle of something: for it time stands still. */
  get #isBusy(): boolean {
    return this.#instance.scriptRuns.busy !== undefined;
  }

  /** Milliseconds for a timer that is meant for a time. */
  #waitUntil(time: number): number {
    const wait = Math.min(FARTHEST_MS, Math.max(0, time - this.#instance.clock.now()));
    return this.#isBusy ? Math.max(LATER_MS, wait) : wait;
  }

  #expire(): void {
    const { keyspace, clock, stats, latency } = this.#instance;
    this.#expiryAt = Number.POSITIVE_INFINITY;
    if (this.#isBusy) return this.#setTimer(clock.now() + LATER_MS);
    const began = clock.monotonicMicros();
    keyspace.tick(clock.now());
    const count = keyspace.expireDue(SLICE);
    const took = clock.monotonicMicros() - began;
    stats.expireCycleMicros += took;
    latency.note('expire-cycle', Math.floor(took / 1000), Math.floor(clock.now() / 1000));
    if (count === SLICE) {
      this.#expiryAt = 0;
      this.#slice = setImmediate(() => this.#expire());
    } else if (keyspace.expiresNow) {
      this.watchDeadlines();
    } else {
      // Deadlines pass unheeded during a pause, or after DEBUG SET-ACTIVE-EXPIRE 0: look again later.
      this.#setTimer(clock.now() + LATER_MS);
    }
  }

  #freeLater(): void {
    clearImmediate(this.#freeing);
    this.#freeing = setImmediate(() => {
      const { keyspace } = this.#instance;
      keyspace.freeRetired(SLICE);
      if (keyspace.hasRetired) this.#freeLater();
    });
  }

  #saveLater(wait: number): void {
    const work = (): void => {
      const next = this.#saves.work();
      if (next >= 0) this.#saveLater(next);
    };
    if (wait > 0) this.#savingLater = setTimeout(work, wait);
    else this.#saving = setImmediate(work);
  }

  #tick(): void {
    const { keyspace, clock, stats } = this.#instance;
    this.#followSteps();
    if (this.#isBusy) return this.#closeOverdue();
    keyspace.tick(clock.now());
    stats.beginTurn();
    stats.sample();
    const used = keyspace.usedMemory;
    if (used > stats.peakMemory) stats.peakMemory = used;
    this.#instance.tracking.forgetExcess();
    this.#closeOverdue();
    if (!keyspace.isLoading && !this.#instance.appendOnly.isRewriting) this.#saves.tick();
    stats.endCron();
  }
}
