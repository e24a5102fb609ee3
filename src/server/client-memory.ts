/**
 * Client memory: what all clients take together, held to `maxmemory-clients`.
 *
 *   a turn, a reply not taken ─▶ note()      the client is measured soon
 *                                check()     all of them too much: the largest go, until it is not
 *
 * Clients that asked for it (CLIENT NO-EVICT) are neither counted nor closed.
 */

import { type Client, memoryOf } from '../instance/clients.ts';

/** A limit below it would leave no client alive. */
const LIMIT_MIN = 128 * 1024;

/** The limit that a setting stands for: bytes, or as a negative number percent of the zone. */
export function clientMemoryLimit(setting: number, zoneSize: number): number {
  if (setting === 0) return Number.POSITIVE_INFINITY;
  const size = setting < 0 ? Math.floor((zoneSize * -setting) / 100) : setting;
  return Math.max(LIMIT_MIN, size);
}

export class ClientMemory {
  readonly #sizes = new Map<Client, number>();
  /** To be measured. */
  readonly #noted = new Set<Client>();
  readonly #evict: (client: Client) => void;
  #limit = Number.POSITIVE_INFINITY;
  #total = 0;
  #isDue = false;

  /** `evict` closes a client, and has it forgotten. */
  constructor(evict: (client: Client) => void) {
    this.#evict = evict;
  }

  get isOn(): boolean {
    return this.#limit !== Number.POSITIVE_INFINITY;
  }

  /** Sets the limit; `clients` are all there are. */
  follow(limit: number, clients: Iterable<Client>): void {
    this.#limit = limit;
    this.#sizes.clear();
    this.#noted.clear();
    this.#total = 0;
    if (this.isOn) for (const client of clients) this.note(client);
  }

  /** A client may take more than it did, or less. */
  note(client: Client): void {
    // One alone may take too much before anyone looks.
    if (mayEvict(client) && memoryOf(client) >= this.#limit) return this.#evict(client);
    this.#noted.add(client);
    if (this.#isDue) return;
    this.#isDue = true;
    setImmediate(() => this.#check());
  }

  forget(client: Client): void {
    this.#noted.delete(client);
    this.#total -= this.#sizes.get(client) ?? 0;
    this.#sizes.delete(client);
  }

  #check(): void {
    this.#isDue = false;
    for (const client of this.#noted) {
      this.forget(client);
      if (!mayEvict(client) || client.closing || !this.isOn) continue;
      const size = memoryOf(client);
      this.#sizes.set(client, size);
      this.#total += size;
    }
    if (this.#total < this.#limit) return;
    const largestFirst = [...this.#sizes].sort(([, a], [, b]) => b - a);
    for (const [client] of largestFirst) {
      if (this.#total < this.#limit) return;
      this.#evict(client);
    }
  }
}

/** Replicas have a limit of their own. */
function mayEvict({ noEvict, isReplica }: Client): boolean {
  return !noEvict && !isReplica;
}
