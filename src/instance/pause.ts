/**
 * Pause: CLIENT PAUSE, and who waits for its end.
 *
 * A request that may not run is not refused: it waits, and with it all that its client sent behind
 * it. The end comes by UNPAUSE or by time. Of two pauses the later end counts, and one of
 * everything is not weakened by a later one of writes alone.
 *
 * While it lasts the data stays as it is: keys past their deadline are seen by nobody, but remain.
 */

import type { Client } from './clients.ts';

export class Pause {
  /** Unix milliseconds at which it ends; 0 while there is none. */
  until = 0;
  /** Whether everything waits, not writes alone. */
  ofAll = false;
  readonly #waiting = new Set<Client>();
  readonly #onChange: (isOn: boolean) => void;

  /** `onChange` is told when a pause begins, and when it ends. */
  constructor(onChange: (isOn: boolean) => void = () => {}) {
    this.#onChange = onChange;
  }

  begin(until: number, ofAll: boolean): void {
    this.#onChange(true);
    if (until > this.until) this.until = until;
    if (ofAll) this.ofAll = true;
  }

  /** The calendar has been set by so many milliseconds: a pause lasts as long as before. */
  shift(ms: number): void {
    if (this.until !== 0) this.until += ms;
  }

  /** Lets a client wait. */
  hold(client: Client): void {
    client.isBlocked = true;
    this.#waiting.add(client);
  }

  /** Forgets a client that is gone. */
  forget(client: Client): void {
    this.#waiting.delete(client);
  }

  /** Ends the pause; the requests that waited run, in the order in which they came. */
  end(): void {
    this.until = 0;
    this.ofAll = false;
    this.#onChange(false);
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const client of waiting) {
      client.isBlocked = false;
      client.connection.resume();
    }
  }
}
