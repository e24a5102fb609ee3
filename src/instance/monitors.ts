/** Monitors: clients that are sent every request as it is run. */

import { type Client, REPLY_ON } from './clients.ts';

export class Monitors {
  readonly #clients = new Set<Client>();
  /** Whether there are any: asked at every command. */
  isOn = false;

  add(client: Client): void {
    client.isMonitor = true;
    this.#clients.add(client);
    this.isOn = true;
  }

  remove(client: Client): void {
    client.isMonitor = false;
    this.#clients.delete(client);
    this.isOn = this.#clients.size > 0;
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
