/**
 * Request queue: requests that will be run later, one behind the other in two arrays.
 *
 *   bytes   S E T k v G E T k …
 *   bounds  3 │ 3 4 5 │ 2 │ 8 9 │ …      how many arguments, and where each ends
 *
 * Why not an object for each? A request of a transaction would take four allocations, and more time
 * by them than most commands take to run. A queue that is spare is used again.
 */

import { copyBytes } from '../std/bytes.ts';
import { Argv } from './argv.ts';
import { QUEUE_SIZE_KEPT, SPARE_QUEUES_MAX } from './limits.ts';

const BYTES_INITIAL = 512;
/** Arguments of up to so many bytes, as nearly all are, are copied on the spot. */
const SHORT = 32;
const BOUNDS_INITIAL = 64;

export class RequestQueue {
  /** How many requests there are. */
  count = 0;
  /** Bytes of all arguments. */
  size = 0;
  #bytes = new Uint8Array(BYTES_INITIAL);
  #bounds = new Int32Array(BOUNDS_INITIAL);
  /** Where the next request is put, and where it is taken, in bounds. */
  #end = 0;
  #at = 0;
  /** Where the bytes of the next to be taken begin. */
  #start = 0;
  /** The request that was taken last. */
  readonly #taken = new Argv();

  /** Puts a copy of a request at the end. */
  push(argv: Argv): void {
    const { bytes, count, starts, ends } = argv;
    const bounds = this.#boundsFor(1 + count);
    let size = 0;
    for (let i = 0; i < count; i++) size += ends[i] - starts[i];
    const target = this.#bytesFor(size);
    let at = this.size;
    let bound = this.#end;
    bounds[bound++] = count;
    for (let i = 0; i < count; i++) {
      const start = starts[i];
      const end = ends[i];
      if (end - start > SHORT) {
        copyBytes(target, at, bytes, start, end);
        at += end - start;
      } else {
        for (let from = start; from < end; from++) target[at++] = bytes[from];
      }
      bounds[bound++] = at;
    }
    this.#end = bound;
    this.size = at;
    this.count++;
  }

  /** Has next() begin with the first request again. */
  rewind(): void {
    this.#at = 0;
    this.#start = 0;
  }

  /** The next request, the same object for each; or undefined at the end. */
  next(): Argv | undefined {
    if (this.#at === this.#end) return undefined;
    const bounds = this.#bounds;
    const argv = this.#taken;
    let bound = this.#at;
    const count = bounds[bound++];
    argv.reserve(count);
    argv.bytes = this.#bytes;
    argv.count = count;
    const { starts, ends } = argv;
    let at = this.#start;
    for (let i = 0; i < count; i++) {
      starts[i] = at;
      at = bounds[bound++];
      ends[i] = at;
    }
    this.#at = bound;
    this.#start = at;
    return argv;
  }

  /** Forgets all requests, and gives back the memory that unusually long ones took. */
  clear(): void {
    this.count = 0;
    this.size = 0;
    this.#end = 0;
    this.rewind();
    this.#taken.trim();
    if (this.#bytes.length > QUEUE_SIZE_KEPT) this.#bytes = new Uint8Array(BYTES_INITIAL);
    if (this.#bounds.length > QUEUE_SIZE_KEPT) this.#bounds = new Int32Array(BOUNDS_INITIAL);
  }

  #bytesFor(more: number): Uint8Array {
    const size = this.size + more;
    if (size > this.#bytes.length) {
      const larger = new Uint8Array(Math.max(size, this.#bytes.length * 2));
      larger.set(this.#bytes.subarray(0, this.size));
      this.#bytes = larger;
    }
    return this.#bytes;
  }

  #boundsFor(more: number): Int32Array {
    const size = this.#end + more;
    if (size > this.#bounds.length) {
      const larger = new Int32Array(Math.max(size, this.#bounds.length * 2));
      larger.set(this.#bounds.subarray(0, this.#end));
      this.#bounds = larger;
    }
    return this.#bounds;
  }
}

/** Queues that nobody uses at the moment. */
export class SpareQueues {
  readonly #queues: RequestQueue[] = [];

  /** An empty queue. */
  take(): RequestQueue {
    return this.#queues.pop() ?? new RequestQueue();
  }

  /** Takes a queue back from who won't look at it again. */
  give(queue: RequestQueue): void {
    if (this.#queues.length === SPARE_QUEUES_MAX) return;
    queue.clear();
    this.#queues.push(queue);
  }
}
