/**
 * What a server counts about itself: INFO's stats, errorstats and commandstats.
 *
 * Time is taken once per turn, not per command: reading the clock twice would cost as much as a
 * GET. A turn runs the requests that one read brought, nearly always all of one kind; its time is
 * shared out among the commands it ran by their number.
 */

import type { Clock } from '../std/clock.ts';

/** What is counted on a registered command. */
export interface CommandCounts {
  calls: number;
  microseconds: number;
  turnCalls: number;
  rejected: number;
  failed: number;
}

/** Redis forgets error codes beyond this many different ones. */
const ERROR_KINDS_MAX = 128;
const SAMPLES = 16;

/** A rate per second over the last sixteen samples. */
class Rate {
  readonly #samples = new Float64Array(SAMPLES);
  #at = 0;
  #lastCount = 0;
  #lastMs = 0;

  sample(count: number, nowMs: number): void {
    const elapsed = nowMs - this.#lastMs;
    if (this.#lastMs !== 0 && elapsed > 0) {
      this.#samples[this.#at] = ((count - this.#lastCount) * 1000) / elapsed;
      this.#at = (this.#at + 1) % SAMPLES;
    }
    this.#lastCount = count;
    this.#lastMs = nowMs;
  }

  get perSecond(): number {
    return this.#samples.reduce((sum, sample) => sum + sample, 0) / SAMPLES;
  }

  clear(): void {
    this.#samples.fill(0);
  }
}

export class Stats {
  commandsProcessed = 0;
  connectionsReceived = 0;
  connectionsRejected = 0;
  inputBytes = 0;
  outputBytes = 0;
  readsProcessed = 0;
  writesProcessed = 0;
  errorReplies = 0;
  unexpectedErrorReplies = 0;
  queryBufferLimitDisconnections = 0;
  outputBufferLimitDisconnections = 0;
  /** Refusals for lack of permission, by what they were about. */
  readonly denied = { auth: 0, command: 0, key: 0, channel: 0 };
  expireCycleMicros = 0;
  peakMemory = 0;
  /** Turns of the event loop that did something, and microseconds: in all, in commands, in cron. */
  cycles = 0;
  cycleMicros = 0;
  commandMicros = 0;
  cronMicros = 0;
  longestCycleMicros = 0;
  mostCallsInCycle = 0;
  readonly errors = new Map<string, number>();
  readonly operations = new Rate();
  readonly input = new Rate();
  readonly output = new Rate();
  readonly cycleRate = new Rate();
  readonly cycleMicrosRate = new Rate();
  readonly #clock: Clock;
  #turn: CommandCounts[] = [];
  #turnBegan = 0;
  #turnTotal = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  beginTurn(): void {
    this.#turnBegan = this.#clock.monotonicMicros();
  }

  noteCall(command: CommandCounts): void {
    this.commandsProcessed++;
    command.calls++;
    this.#turnTotal++;
    if (command.turnCalls++ === 0) this.#turn.push(command);
  }

  /** Shares the time of a turn out among its commands. */
  endTurn(): void {
    if (this.#turnTotal === 0) return;
    const took = this.#countCycle();
    this.commandMicros += took;
    if (this.#turnTotal > this.mostCallsInCycle) this.mostCallsInCycle = this.#turnTotal;
    const each = took / this.#turnTotal;
    for (let i = 0; i < this.#turn.length; i++) {
      const command = this.#turn[i];
      command.microseconds += each * command.turnCalls;
      command.turnCalls = 0;
    }
    this.#turn.length = 0;
    this.#turnTotal = 0;
  }

  /** Ends a turn that ran no commands but what is done regularly. */
  endCron(): void {
    this.cronMicros += this.#countCycle();
  }

  /** Counts a turn that ends now and answers how long it took. */
  #countCycle(): number {
    const took = this.#clock.monotonicMicros() - this.#turnBegan;
    this.cycles++;
    this.cycleMicros += took;
    if (took > this.longestCycleMicros) this.longestCycleMicros = took;
    return took;
  }

  noteError(text: string): void {
    this.errorReplies++;
    const end = text.indexOf(' ');
    const code = end < 0 ? text : text.slice(0, end);
    const count = this.errors.get(code);
    if (count === undefined && this.errors.size >= ERROR_KINDS_MAX) return;
    this.errors.set(code, (count ?? 0) + 1);
  }

  /** Takes a sample of the rates; ten a second make them those of the last 1.6 seconds. */
  sample(): void {
    const now = this.#clock.monotonicMicros() / 1000;
    this.operations.sample(this.commandsProcessed, now);
    this.input.sample(this.inputBytes, now);
    this.output.sample(this.outputBytes, now);
    this.cycleRate.sample(this.cycles, now);
    this.cycleMicrosRate.sample(this.cycleMicros, now);
  }

  /** CONFIG RESETSTAT. */
  reset(commands: Iterable<CommandCounts>): void {
    for (const command of commands) {
      command.calls = 0;
      command.microseconds = 0;
      command.rejected = 0;
      command.failed = 0;
    }
    this.commandsProcessed = 0;
    this.connectionsReceived = 0;
    this.connectionsRejected = 0;
    this.inputBytes = 0;
    this.outputBytes = 0;
    this.readsProcessed = 0;
    this.writesProcessed = 0;
    this.errorReplies = 0;
    this.unexpectedErrorReplies = 0;
    this.queryBufferLimitDisconnections = 0;
    this.outputBufferLimitDisconnections = 0;
    Object.assign(this.denied, { auth: 0, command: 0, key: 0, channel: 0 });
    this.errors.clear();
    this.operations.clear();
    this.input.clear();
    this.output.clear();
    this.cycleRate.clear();
    this.cycleMicrosRate.clear();
    this.cycles = 0;
    this.cycleMicros = 0;
    this.commandMicros = 0;
    this.cronMicros = 0;
    this.longestCycleMicros = 0;
    this.mostCallsInCycle = 0;
  }
}
