/**
 * What a server counts about itself: INFO's stats, errorstats, commandstats and latencystats.
 *
 * Reading the clock costs 50 ns, a quarter of a GET, so it is read where it tells something. A turn
 * runs the requests that one read brought; it is divided where a command ends that may take long:
 *
 *   turn      │ GET  SET  GET  INCR │ LRANGE │ GET  GET │ SORT │
 *   clock     ^                     ^        ^          ^      ^
 *   time of     a quarter each        its own  half each  its own
 *
 * Short commands (Command.isShort: what Redis calls fast or O(1)) share the time between two readings
 * by their number, at most STRETCH_MAX of them; but for those with a large request or reply. So of every command that
 * can be slow by what it does, commandstats, the histograms and the slow log have its own time; as
 * they have of every command that comes alone. Every command is timed by itself while somebody
 * wants to know of less than EXACT_BELOW microseconds, and EXACT_COUNT of them after short commands
 * were slow together: what it was has a name if it comes again soon. Not for long: on a machine that
 * has too much to do any command may stand still for a while, and is to blame for nothing.
 */

import type { Clock } from '../std/clock.ts';
import { Histogram } from '../std/histogram.ts';

/** What is counted on a registered command. */
export interface CommandCounts {
  calls: number;
  microseconds: number;
  /** Calls since the clock was read last. */
  stretchCalls: number;
  rejected: number;
  failed: number;
  /** How long its calls took; made by the first. */
  histogram: Histogram | undefined;
}

/** Short commands that share the time between two readings of the clock. */
const STRETCH_MAX = 64;
/** Microseconds; sharing would hide what is shorter. */
const EXACT_BELOW = 1000;
const EXACT_COUNT = 4096;
/** The same with a large request, and what arrived in front of it. */
const LARGE_COUNT = 64;
/** What a short command takes as a rule, its request included. */
const USUAL_MICROS = 1;
const UNKNOWN = -1;
const NANOS_PER_MICRO = 1000;

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

  /** Begins anew, as what it is the rate of does. */
  clear(): void {
    this.#lastCount = 0;
    this.#lastMs = 0;
    this.#samples.fill(0);
  }
}

export class Stats {
  /** Number of the command that runs now, or comes next. */
  sequence = 0;
  /** The same when the statistics were reset. */
  #sequenceAtReset = 0;
  connectionsReceived = 0;
  connectionsRejected = 0;
  /** Replicas that were sent all there is. */
  fullSyncs = 0;
  inputBytes = 0;
  outputBytes = 0;
  readsProcessed = 0;
  writesProcessed = 0;
  errorReplies = 0;
  unexpectedErrorReplies = 0;
  queryBufferLimitDisconnections = 0;
  outputBufferLimitDisconnections = 0;
  evictedClients = 0;
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
  /** Whether the latency of each command is kept. */
  keepsLatency = true;
  /** Microseconds from which on somebody wants to know what took so long. */
  #slowFrom = Number.POSITIVE_INFINITY;
  /** Whether every command is timed by itself. */
  #isExact = false;
  /** Commands that are, until it is as the configuration wants it. */
  #exactLeft = 0;
  readonly #clock: Clock;
  #turnBegan = 0;
  #turnTotal = 0;
  /** When the clock was read last. */
  #readAt = 0;
  /** Commands since then, and how often any of them was called. */
  readonly #stretch: CommandCounts[] = [];
  /** How many of #stretch are meant: setting its length costs more than all else here. */
  #stretchCount = 0;
  #stretchTotal = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  // ── The time of commands ──────────────────────────────────────────────────────────────────────

  get isExact(): boolean {
    return this.#isExact;
  }

  get slowFrom(): number {
    return this.#slowFrom;
  }

  /** From now on who took so many microseconds is to be told. */
  set slowFrom(micros: number) {
    this.#slowFrom = micros;
    this.#isExact = micros < EXACT_BELOW;
  }

  /** `isLarge`: there is a request among those that have arrived which is large. */
  beginTurn(isLarge = false): void {
    const now = this.#clock.monotonicMicros();
    if (isLarge) this.#timeEach(LARGE_COUNT);
    this.#turnBegan = now;
    this.#readAt = now;
  }

  get commandsProcessed(): number {
    return this.sequence - this.#sequenceAtReset;
  }

  /** A short command was run. */
  noteCall(command: CommandCounts): void {
    this.sequence++;
    command.calls++;
    if (command.stretchCalls++ === 0) this.#stretch[this.#stretchCount++] = command;
    if (++this.#stretchTotal === STRETCH_MAX) this.share();
  }

  /** A command begins that has a time of its own. Answers when: endTimed() wants to know. */
  beginTimed(): number {
    if (this.#stretchTotal > 0) this.share();
    return this.#readAt;
  }

  /** A command was run that began by itself. Answers how many microseconds it took. */
  endTimed(command: CommandCounts, began: number): number {
    const now = this.#clock.monotonicMicros();
    // Those that it ran share its time with each other.
    if (this.#stretchTotal > 0) this.#shareUntil(now);
    this.#readAt = now;
    this.sequence++;
    command.calls++;
    this.#turnTotal++;
    this.#count(command, now - began, 1);
    if (this.#exactLeft > 0 && --this.#exactLeft === 0)
      this.#isExact = this.#slowFrom < EXACT_BELOW;
    return now - began;
  }

  /** A command began by itself and waits now: when it goes on it begins again. */
  skip(): void {
    this.#readAt = this.#clock.monotonicMicros();
  }

  /** Whether there are calls whose time is not known yet. */
  get isUnsettled(): boolean {
    return this.#stretchTotal > 0;
  }

  /**
   * The last of such calls has been run: one of `large`, where given, which took most of the time.
   * Answers how many microseconds it took; UNKNOWN if it shares them with others.
   */
  settle(large?: CommandCounts): number {
    const now = this.#clock.monotonicMicros();
    const total = this.#stretchTotal;
    if (total < 2 || large === undefined || large.stretchCalls === 0) return this.#shareUntil(now);
    const took = now - this.#readAt;
    const others = (total - 1) * Math.min(USUAL_MICROS, took / total);
    large.stretchCalls--;
    this.#stretchTotal--;
    this.#turnTotal++;
    this.#shareUntil(this.#readAt + others);
    this.#readAt = now;
    this.#count(large, took - others, 1);
    return took - others;
  }

  /**
   * Shares the time out that has passed since the clock was read last. Answers how many
   * microseconds the only command took that was run since then; UNKNOWN if there were several.
   */
  share(): number {
    return this.#shareUntil(this.#clock.monotonicMicros());
  }

  #shareUntil(now: number): number {
    const total = this.#stretchTotal;
    const took = now - this.#readAt;
    this.#readAt = now;
    if (total === 0) return UNKNOWN;
    const stretch = this.#stretch;
    const each = took / total;
    const commands = this.#stretchCount;
    for (let i = 0; i < commands; i++) {
      const command = stretch[i];
      const count = command.stretchCalls;
      if (count === 0) continue;
      command.stretchCalls = 0;
      this.#count(command, each, count);
    }
    this.#stretchCount = 0;
    this.#stretchTotal = 0;
    this.#turnTotal += total;
    if (total === 1) return took;
    if (took >= this.#slowFrom) this.#timeEach(EXACT_COUNT);
    return UNKNOWN;
  }

  /** Has every command timed by itself for so many of them. */
  #timeEach(count: number): void {
    this.#isExact = true;
    this.#exactLeft = Math.max(this.#exactLeft, count);
  }

  #count(command: CommandCounts, micros: number, count: number): void {
    command.microseconds += micros * count;
    if (!this.keepsLatency) return;
    command.histogram ??= new Histogram();
    command.histogram.record(micros * NANOS_PER_MICRO, count);
  }

  endTurn(): void {
    if (this.#stretchTotal > 0) this.share();
    if (this.#turnTotal === 0) return;
    this.commandMicros += this.#countCycle(this.#readAt);
    if (this.#turnTotal > this.mostCallsInCycle) this.mostCallsInCycle = this.#turnTotal;
    this.#turnTotal = 0;
  }

  /** Ends a turn that ran no commands but what is done regularly. */
  endCron(): void {
    this.cronMicros += this.#countCycle(this.#clock.monotonicMicros());
  }

  /** Counts a turn that ended and answers how long it took. */
  #countCycle(now: number): number {
    const took = now - this.#turnBegan;
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
      command.stretchCalls = 0;
      command.histogram = undefined;
    }
    this.#stretchCount = 0;
    this.#stretchTotal = 0;
    this.#sequenceAtReset = this.sequence;
    this.connectionsReceived = 0;
    this.connectionsRejected = 0;
    this.fullSyncs = 0;
    this.inputBytes = 0;
    this.outputBytes = 0;
    this.readsProcessed = 0;
    this.writesProcessed = 0;
    this.errorReplies = 0;
    this.unexpectedErrorReplies = 0;
    this.queryBufferLimitDisconnections = 0;
    this.outputBufferLimitDisconnections = 0;
    this.evictedClients = 0;
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
