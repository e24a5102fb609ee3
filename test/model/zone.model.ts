/**
 * What a zone must do, said with a Map: keys in order of use, values as bytes, deadlines as numbers.
 * It knows nothing of memory: the zone tells it which entries left and why, and it checks that the
 * one evicted was the one to go.
 */

export interface ModelEntry {
  value: Uint8Array;
  deadline: number;
}

export class ZoneModel {
  /** Oldest use first, as a Map keeps them. */
  readonly entries = new Map<string, ModelEntry>();
  now = 0;

  get(key: string): ModelEntry | undefined {
    return this.entries.get(key);
  }

  put(key: string, value: Uint8Array, deadline: number): void {
    const entry = this.entries.get(key);
    if (entry === undefined) this.entries.set(key, { value, deadline });
    else Object.assign(entry, { value, deadline });
  }

  touch(key: string): void {
    const entry = this.entries.get(key);
    if (entry === undefined) return;
    this.entries.delete(key);
    this.entries.set(key, entry);
  }

  /** Another name in the same place of the order. */
  rename(from: string, to: string): void {
    const all = [...this.entries];
    this.entries.clear();
    for (const [key, entry] of all) this.entries.set(key === from ? to : key, entry);
  }

  /** The key that exact LRU evicts next. */
  oldest(onlyVolatile: boolean): string | undefined {
    for (const [key, entry] of this.entries) {
      if (!onlyVolatile || entry.deadline >= 0) return key;
    }
    return undefined;
  }

  /** The earliest deadline there is. */
  earliest(): number {
    let least = Number.POSITIVE_INFINITY;
    for (const { deadline } of this.entries.values()) {
      if (deadline >= 0 && deadline < least) least = deadline;
    }
    return least;
  }
}
