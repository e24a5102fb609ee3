/**
 * Blocking: who waits for what a key does not hold yet.
 *
 *   BLPOP a b 0   finds nothing      block()     waits at keys a and b
 *   LPUSH b x     adds to b          note()      b is ready
 *                 has been answered  serve()     BLPOP runs again, as a whole
 *
 * Nothing is handed over: the command that waits is run again and finds what it finds. Whoever
 * came first at a key runs first. One that still finds nothing waits on, behind the others, with
 * the time limit it began with. All of this is how Redis 7.2 does it (blocked.c).
 *
 * The command runs when the one that made the key ready is over, so a client that blocks sees a
 * whole transaction or script, or none of it.
 */

import { Argv } from '../resp/argv.ts';
import { latin1Text } from '../std/ascii.ts';
import type { Database } from './database.ts';
import type { KeyEvent } from './events.ts';

/** Whose command waits. */
export interface Waiter {
  /** Runs the command again, at once. It may come to wait again. */
  retry(): void;
  /** Ends the wait: time is up. */
  timeOut(): void;
}

/** What a command waits for. */
export interface Wish {
  readonly database: Database;
  readonly keys: readonly Uint8Array[];
  /** What the keys must hold. */
  readonly type: number;
  /** Unix milliseconds, 0 for none. */
  readonly deadline: number;
  /** Whether a key that goes, or becomes another type, ends the wait too. */
  readonly untilGone: boolean;
}

interface Waiting {
  readonly waiter: Waiter;
  readonly wish: Wish;
  deadline: number;
  readonly places: readonly Place[];
  isOver: boolean;
}

/** One key that somebody waits at. */
interface Place {
  readonly name: string;
  readonly database: Database;
  readonly key: Uint8Array;
  /** In order of arrival. */
  readonly queue: Set<Waiting>;
  /** How many of them want to know when the key goes. */
  untilGone: number;
  isReady: boolean;
}

/** Events of the types that can be waited for after which there may be something to take. */
const FILLING = new Set([
  ...['lpush', 'rpush', 'linsert', 'sortstore', 'zadd', 'zincr', 'zrangestore', 'zunionstore'],
  ...['zinterstore', 'zdiffstore', 'georadiusstore', 'geosearchstore', 'xadd', 'xgroup-destroy'],
  ...['rename_to', 'copy_to', 'move_to', 'restore'],
]);
/** Classes of events that leave a key of such a type what it was. */
const KEEPING = new Set(['l', 'z', 't']);

/** Fewer that are over than this are left where they are. */
const OVER_MIN = 64;

export class Blocking {
  readonly #places = new Map<string, Place>();
  readonly #waiting = new Map<Waiter, Waiting>();
  #ready: Place[] = [];
  #isServing = false;
  /** The one whose command runs again, with the time limit it keeps. */
  #retrying: Waiting | undefined;
  /** Those with a time limit, the one that ends first at the front: a binary heap. */
  #limited: Waiting[] = [];
  /** How many of them wait no more. They are cleared away when they are the most. */
  #overCount = 0;
  #untilGoneCount = 0;
  readonly #probe = new Argv();

  /** Clients that wait. */
  get count(): number {
    return this.#waiting.size;
  }

  /** Keys somebody waits at, and those whose end somebody waits for. */
  get keyCounts(): { readonly all: number; readonly untilGone: number } {
    let untilGone = 0;
    for (const place of this.#places.values()) if (place.untilGone > 0) untilGone++;
    return { all: this.#places.size, untilGone };
  }

  /** Clients that wait with a time limit. */
  get limitedCount(): number {
    return this.#limited.length - this.#overCount;
  }

  /** Whether anyone waits for a key to go: expiry and eviction are to be told, too. */
  get heedsRemoval(): boolean {
    return this.#untilGoneCount > 0;
  }

  get hasReady(): boolean {
    return this.#ready.length > 0;
  }

  /** Lets a command wait. One that runs again keeps the time limit it had. */
  block(waiter: Waiter, wish: Wish): void {
    const places: Place[] = [];
    for (const key of wish.keys) {
      const place = this.#placeOf(wish.database, key);
      if (places.includes(place)) continue;
      places.push(place);
    }
    const again = this.#retrying?.waiter === waiter ? this.#retrying : undefined;
    const deadline = again === undefined ? wish.deadline : again.deadline;
    const waiting: Waiting = { waiter, wish, deadline, places, isOver: false };
    for (const place of places) {
      place.queue.add(waiting);
      if (wish.untilGone) place.untilGone++;
    }
    this.#waiting.set(waiter, waiting);
    if (wish.untilGone) this.#untilGoneCount++;
    if (deadline > 0) this.#limit(waiting);
  }

  /** A waiter waits no more: it was answered, or is gone. */
  forget(waiter: Waiter): void {
    const waiting = this.#waiting.get(waiter);
    if (waiting !== undefined) this.#release(waiting);
  }

  /** An event of a key: somebody may be waiting for it. */
  note(database: Database, argv: Argv, index: number, event: KeyEvent): void {
    if (this.#places.size === 0) return;
    const place = this.#places.get(nameOf(database, argv.text(index)));
    if (place === undefined) return;
    if (FILLING.has(event.name) || (place.untilGone > 0 && !KEEPING.has(event.class))) {
      this.#makeReady(place);
    }
  }

  /** Any key of a database may have come or gone: it was emptied, or took another's place. */
  noteAll(database: Database): void {
    for (const place of this.#places.values()) {
      if (place.database === database) this.#makeReady(place);
    }
  }

  /** Runs the commands that wait at keys that have become ready, and those this makes ready. */
  serve(): void {
    if (this.#isServing) return;
    this.#isServing = true;
    while (this.#ready.length > 0) {
      const ready = this.#ready;
      this.#ready = [];
      for (const place of ready) {
        place.isReady = false;
        this.#serveAt(place);
      }
    }
    this.#isServing = false;
  }

  /** Unix milliseconds at which the next wait ends by itself, or Infinity. */
  nextDeadline(): number {
    while (this.#limited.length > 0 && this.#limited[0].isOver) this.#dropFirst();
    return this.#limited.length > 0 ? this.#limited[0].deadline : Number.POSITIVE_INFINITY;
  }

  /** Ends the waits whose time is up. */
  expire(now: number): void {
    while (this.nextDeadline() <= now) {
      const [first] = this.#limited;
      this.#release(first);
      first.waiter.timeOut();
    }
  }

  /** The calendar has been set by so many milliseconds: waits last as long as before. */
  shift(ms: number): void {
    for (const waiting of this.#limited) waiting.deadline += ms;
  }

  #serveAt(place: Place): void {
    // One that comes to wait again is behind all that wait now.
    let left = place.queue.size;
    for (const waiting of place.queue) {
      if (left-- === 0) break;
      const { wish, waiter } = waiting;
      const type = this.#typeAt(place);
      if (type !== wish.type && !wish.untilGone) {
        if (type < 0 && place.untilGone === 0) break;
        continue;
      }
      this.#release(waiting);
      this.#retrying = waiting;
      waiter.retry();
      this.#retrying = undefined;
    }
  }

  /** Type of what a key holds, or -1. */
  #typeAt({ database, key }: Place): number {
    const probe = this.#probe;
    probe.bytes = key;
    probe.count = 1;
    probe.starts[0] = 0;
    probe.ends[0] = key.length;
    // One past its deadline is left to whoever asks for it.
    const entry = database.findStale(probe, 0);
    const { zone } = database;
    return entry === 0 || zone.isExpired(entry) ? -1 : zone.type(entry);
  }

  #placeOf(database: Database, key: Uint8Array): Place {
    const name = nameOf(database, latin1Text(key, 0, key.length));
    let place = this.#places.get(name);
    if (place === undefined) {
      place = { name, database, key, queue: new Set(), untilGone: 0, isReady: false };
      this.#places.set(name, place);
    }
    return place;
  }

  #makeReady(place: Place): void {
    if (place.isReady) return;
    place.isReady = true;
    this.#ready.push(place);
  }

  #release(waiting: Waiting): void {
    waiting.isOver = true;
    if (waiting.deadline > 0) this.#clearAway();
    this.#waiting.delete(waiting.waiter);
    if (waiting.wish.untilGone) this.#untilGoneCount--;
    for (const place of waiting.places) {
      place.queue.delete(waiting);
      if (waiting.wish.untilGone) place.untilGone--;
      if (place.queue.size === 0) this.#places.delete(place.name);
    }
  }

  #limit(waiting: Waiting): void {
    const heap = this.#limited;
    let at = heap.push(waiting) - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (heap[parent].deadline <= waiting.deadline) break;
      heap[at] = heap[parent];
      at = parent;
    }
    heap[at] = waiting;
  }

  /** One more with a time limit is over. */
  #clearAway(): void {
    this.#overCount++;
    if (this.#overCount < OVER_MIN || this.#overCount * 2 < this.#limited.length) return;
    // What is sorted is a heap.
    this.#limited = this.#limited
      .filter(({ isOver }) => !isOver)
      .sort((a, b) => a.deadline - b.deadline);
    this.#overCount = 0;
  }

  /** Drops the first of the heap, which is over. */
  #dropFirst(): void {
    const heap = this.#limited;
    this.#overCount--;
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return;
    let at = 0;
    for (;;) {
      let child = at * 2 + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && heap[child + 1].deadline < heap[child].deadline) child++;
      if (heap[child].deadline >= last.deadline) break;
      heap[at] = heap[child];
      at = child;
    }
    heap[at] = last;
  }
}

function nameOf(database: Database, key: string): string {
  return `${database.number}:${key}`;
}
