/**
 * The optimum of a cache: evicting what will be asked for last, which takes knowing the future.
 *
 * What is asked for no more, or later than all that is kept, is not kept at all. For keys of one
 * size no cache has more hits; with sizes that differ it is not quite the best possible.
 */

/** Later than any request. */
const NEVER = 0x8000_0000;

/** For every request, where its key is asked for next; NEVER + key where it is not. */
function nextRequests(requests: Uint32Array): Uint32Array {
  const next = new Uint32Array(requests.length);
  const last = new Map<number, number>();
  for (let at = requests.length - 1; at >= 0; at--) {
    const key = requests[at];
    // Told apart by the key, so that whoever is found in the heap can be named.
    next[at] = last.get(key) ?? NEVER + key;
    last.set(key, at);
  }
  return next;
}

/** Numbers, the greatest first. */
class Heap {
  #items: Uint32Array;
  #size = 0;

  constructor(capacity: number) {
    this.#items = new Uint32Array(capacity);
  }

  push(item: number): void {
    const items = this.#items;
    let at = this.#size++;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (items[parent] >= item) break;
      items[at] = items[parent];
      at = parent;
    }
    items[at] = item;
  }

  pop(): number {
    const items = this.#items;
    const top = items[0];
    const item = items[--this.#size];
    let at = 0;
    for (;;) {
      let child = at * 2 + 1;
      if (child >= this.#size) break;
      if (child + 1 < this.#size && items[child + 1] > items[child]) child++;
      if (items[child] <= item) break;
      items[at] = items[child];
      at = child;
    }
    items[at] = item;
    return top;
  }
}

/**
 * How many requests from the `first` on find their key, where keys of `sizeOf` may take `capacity`
 * together. Keys are numbers below 2^31.
 */
export function optimalHits(
  requests: Uint32Array,
  capacity: number,
  { first = 0, sizeOf = () => 1 }: { first?: number; sizeOf?: (key: number) => number } = {},
): number {
  const next = nextRequests(requests);
  // What is kept, by when it is asked for next; what the heap has beside that is out of date.
  const due = new Map<number, number>();
  const heap = new Heap(requests.length);
  let held = 0;
  let hits = 0;
  for (let at = 0; at < requests.length; at++) {
    const key = requests[at];
    if (!due.has(key)) held += sizeOf(key);
    else if (at >= first) hits++;
    due.set(key, next[at]);
    heap.push(next[at]);
    while (held > capacity) {
      const when = heap.pop();
      const victim = when >= NEVER ? when - NEVER : requests[when];
      if (due.get(victim) !== when) continue;
      due.delete(victim);
      held -= sizeOf(victim);
    }
  }
  return hits;
}
