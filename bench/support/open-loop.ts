/**
 * An open loop: requests are sent when they are due, whether or not earlier ones are answered.
 *
 *   due       │    │    │    │    │    │    │         every 1/rate seconds, over the links in turn
 *   sent      │    │    │    │    ││   │    │         late only where this process was late
 *   answered    ┊    ┊              ┊┊┊┊┊  ┊          a server that pauses answers in a bunch
 *   latency   └─┘  └─┘  └───────────┘                 from due to answered
 *
 * A loop that waited for answers would send nothing during a pause and so measure it once, where
 * everybody who came meanwhile had to wait ("coordinated omission"). Latency counts from the
 * schedule for the same reason: a request that this process sent late has waited, too.
 */

import { performance } from 'node:perf_hooks';
import { Histogram } from '../../src/std/histogram.ts';
import type { Link } from './link.ts';

/** Histograms hold whole numbers: tenths of a microsecond, to a hundred seconds. */
const PER_MICRO = 10;
/** Longer than that until the next is due, and this process may sleep. */
const NAP_MS = 2;
/** A server that is so far behind can't serve that rate. */
const BEHIND_SECONDS = 30;

/** Appends one request to the bytes at `offset` and answers where it ends. */
export type Writer = (bytes: Uint8Array, offset: number) => number;

export interface OpenLoopOptions {
  readonly rate: number;
  readonly write: Writer;
  /** Bytes that no request exceeds. */
  readonly requestMax: number;
}

export interface Latencies {
  /** Microseconds by the name of the percentile. */
  readonly values: Readonly<Record<string, number>>;
  readonly requests: number;
  readonly seconds: number;
}

export const PERCENTILES: readonly (readonly [name: string, percent: number])[] = [
  ['p50', 50],
  ['p99', 99],
  ['p99.9', 99.9],
  ['p99.99', 99.99],
  ['max', 100],
];

export class OpenLoop {
  readonly #links: readonly Link[];
  readonly #options: OpenLoopOptions;
  readonly #interval: number;
  readonly #buffers: Uint8Array[];
  /** How many replies each link has had: the next one answers request link + replies * links. */
  readonly #replies: Float64Array;
  #latencies = new Histogram();
  #lateness = new Histogram();
  #begin = 0;
  /** Requests due before this one are not counted. */
  #counted = 0;
  #sent = 0;
  #answered = 0;
  /** Nothing is sent from this request on. */
  #limit = Number.POSITIVE_INFINITY;
  #hasFailed = false;
  #done: () => void = () => {};
  #failed: (error: Error) => void = () => {};
  readonly #finished: Promise<void>;

  constructor(links: readonly Link[], options: OpenLoopOptions) {
    this.#links = links;
    this.#options = options;
    this.#interval = 1000 / options.rate;
    this.#buffers = links.map(() => this.#newBuffer());
    this.#replies = new Float64Array(links.length);
    this.#finished = new Promise((resolve, reject) => {
      this.#done = resolve;
      this.#failed = (error) => {
        this.#hasFailed = true;
        reject(error);
      };
    });
    // Who stops it hears of it; until then nobody waits.
    this.#finished.catch(() => {});
  }

  #newBuffer(): Uint8Array {
    return new Uint8Array(Math.max(64 * 1024, 4 * this.#options.requestMax));
  }

  start(): void {
    for (const [i, link] of this.#links.entries()) link.listen(() => this.#took(i), this.#failed);
    this.#begin = performance.now();
    this.#turn();
  }

  /** Forgets what was counted so far: what is due from now on counts. */
  countFromNow(): void {
    this.#counted = this.#sent;
    this.#latencies = new Histogram();
    this.#lateness = new Histogram();
  }

  /** Sends nothing more and answers what was counted, once all of it is answered. */
  async stop(): Promise<Latencies> {
    this.#limit = this.#sent;
    const seconds = ((this.#sent - this.#counted) * this.#interval) / 1000;
    if (this.#answered === this.#sent) this.#done();
    await this.#finished;
    const values: Record<string, number> = {};
    for (const [name, percent] of PERCENTILES) {
      values[name] = this.#latencies.percentile(percent) / PER_MICRO;
    }
    values['late p99'] = this.#lateness.percentile(99) / PER_MICRO;
    return { values, requests: this.#latencies.total, seconds };
  }

  #turn = (): void => {
    if (this.#hasFailed || this.#sent >= this.#limit) return;
    const due = Math.floor((performance.now() - this.#begin) / this.#interval) + 1;
    if (due > this.#sent) this.#sendUntil(due);
    if (this.#sent - this.#answered > this.#options.rate * BEHIND_SECONDS) {
      this.#failed(new Error(`${BEHIND_SECONDS} seconds behind ${this.#options.rate}/s`));
      return;
    }
    const wait = this.#begin + this.#sent * this.#interval - performance.now();
    if (wait > NAP_MS) setTimeout(this.#turn, wait - 1);
    else setImmediate(this.#turn);
  };

  /** Sends every request below `due`, in one write per link. */
  #sendUntil(due: number): void {
    const { write, requestMax } = this.#options;
    const count = this.#links.length;
    const now = performance.now();
    for (let i = 0; i < count; i++) {
      let bytes = this.#buffers[i];
      let end = 0;
      for (let at = this.#firstOf(i); at < due; at += count) {
        end = write(bytes, end);
        if (at >= this.#counted) {
          this.#lateness.record((now - this.#begin - at * this.#interval) * 1000 * PER_MICRO, 1);
        }
        if (end + requestMax > bytes.length) {
          bytes = this.#hand(i, end);
          end = 0;
        }
      }
      if (end > 0) this.#hand(i, end);
    }
    this.#sent = due;
  }

  /** The first request not yet sent that is link `i`'s. */
  #firstOf(i: number): number {
    const count = this.#links.length;
    const behind = (this.#sent - i) % count;
    return behind === 0 ? this.#sent : this.#sent + count - ((behind + count) % count);
  }

  /** Sends what was written; answers the bytes to write to next. */
  #hand(i: number, end: number): Uint8Array {
    const isFree = this.#links[i].send(this.#buffers[i].subarray(0, end));
    // What the socket still holds must not change under it.
    if (!isFree) this.#buffers[i] = this.#newBuffer();
    return this.#buffers[i];
  }

  #took(i: number): void {
    const at = i + this.#replies[i]++ * this.#links.length;
    this.#answered++;
    if (at >= this.#counted) {
      const millis = performance.now() - this.#begin - at * this.#interval;
      this.#latencies.record(millis * 1000 * PER_MICRO, 1);
    }
    if (this.#answered === this.#limit) this.#done();
  }
}
