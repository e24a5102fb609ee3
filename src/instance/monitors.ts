/** Monitors: clients that are sent every request as it is run. */

import type { Audience } from './audience.ts';
import { type Client, REPLY_ON } from './clients.ts';

export class Monitors {
  readonly #clients = new Set<Client>();
  readonly #audience: Audience;
  /** Whether there are any. */
  isOn = false;

  constructor(audience: Audience) {
    this.#audience = audience;
  }

  add(client: Client): void {
    client.isMonitor = true;
    this.#clients.add(client);
    this.#follow();
  }

  remove(client: Client): void {
    client.isMonitor = false;
    this.#clients.delete(client);
    this.#follow();
  }

  #follow(): void {
    const isOn = this.#clients.size > 0;
    if (isOn !== this.isOn) this.#audience.count(isOn);
    this.isOn = isOn;
  }

  /** Sends a line to all of them. */
  send(line: string): void {
    for (const client of this.#clients) {
      if (client.replyMode !== REPLY_ON) continue;
      client.reply.simple(line);
      client.connection.flushSoon();
    }
  }
}
