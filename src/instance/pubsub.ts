/**
 * Pub/sub: who hears what.
 *
 *   channel, pattern or shard channel  ─▶  clients that subscribed to it, in the order they did
 *
 * A message goes to each as a push of its own. What a client is told while its own request runs
 * comes behind the reply of that request, so that a reply is never torn.
 */

import { ARRAY, PUSH, type Reply } from '../resp/reply.ts';
import { RequestWriter } from '../resp/request-writer.ts';
import { latin1Bytes } from '../std/ascii.ts';
import { matchGlob } from '../std/glob.ts';
import { type Client, type SubscriptionKind, Subscriptions } from './clients.ts';

interface PatternSubscribers {
  readonly bytes: Uint8Array;
  readonly clients: Set<Client>;
}

export class PubSub {
  /** Names are Latin-1: a character for each byte. */
  readonly channels = new Map<string, Set<Client>>();
  readonly shards = new Map<string, Set<Client>>();
  readonly patterns = new Map<string, PatternSubscribers>();
  /** Whose request runs now. */
  executing: Client | undefined = undefined;
  readonly #deferred: Uint8Array[] = [];
  /** The message that is being sent: what all get is written once. */
  readonly #message = new RequestWriter();
  readonly #before: (() => void)[] = [];
  /** Whether sendDeferred() has something to say: asked at every command. */
  hasDeferred = false;

  /** Has something else said to who executes, in front of messages. */
  defer(send: () => void): void {
    this.#before.push(send);
    this.hasDeferred = true;
  }

  subscribe(client: Client, kind: SubscriptionKind, name: string): void {
    client.subscriptions ??= new Subscriptions();
    client.subscriptions[kind].add(name);
    if (kind === 'pattern') {
      const there = this.patterns.get(name);
      const those = there ?? { bytes: latin1Bytes(name), clients: new Set() };
      if (there === undefined) this.patterns.set(name, those);
      those.clients.add(client);
      return;
    }
    const map = kind === 'channel' ? this.channels : this.shards;
    const those = map.get(name) ?? new Set();
    if (those.size === 0) map.set(name, those);
    those.add(client);
  }

  unsubscribe(client: Client, kind: SubscriptionKind, name: string): void {
    const { subscriptions } = client;
    if (subscriptions?.[kind].delete(name) !== true) return;
    if (subscriptions.count === 0) client.subscriptions = undefined;
    const map = kind === 'channel' ? this.channels : kind === 'shard' ? this.shards : this.patterns;
    const those = map.get(name);
    const clients = those instanceof Set ? those : those?.clients;
    clients?.delete(client);
    if (clients?.size === 0) map.delete(name);
  }

  /** Takes a client out of everything, without a word. */
  forget(client: Client): void {
    const { subscriptions } = client;
    if (subscriptions === undefined) return;
    for (const kind of ['channel', 'pattern', 'shard'] as const) {
      for (const name of subscriptions[kind]) this.unsubscribe(client, kind, name);
    }
  }

  /** Sends bytes[start, end) to whoever listens to a channel. Answers how often it was sent. */
  publish(
    kind: 'channel' | 'shard',
    channel: string,
    bytes: Uint8Array,
    start: number,
    end: number,
  ): number {
    let count = 0;
    const listeners = (kind === 'channel' ? this.channels : this.shards).get(channel);
    if (listeners !== undefined) {
      const message = this.#begin(3);
      message.bulkText(kind === 'channel' ? 'message' : 'smessage');
      message.bulkText(channel);
      message.bulk(bytes, start, end);
      for (const client of listeners) this.#send(client);
      count = listeners.size;
    }
    if (kind === 'shard' || this.patterns.size === 0) return count;
    const name = latin1Bytes(channel);
    for (const [pattern, { bytes: glob, clients }] of this.patterns) {
      if (!matchGlob(glob, 0, glob.length, name, 0, name.length, false)) continue;
      const message = this.#begin(4);
      message.bulkText('pmessage');
      message.bulkText(pattern);
      message.bulkText(channel);
      message.bulk(bytes, start, end);
      for (const client of clients) this.#send(client);
      count += clients.size;
    }
    return count;
  }

  /** Sends what was said to the client whose request ran. Called behind its reply. */
  sendDeferred(client: Client): void {
    this.hasDeferred = false;
    for (const send of this.#before) send();
    this.#before.length = 0;
    for (const message of this.#deferred) writeMessage(client.reply, message, message.length);
    this.#deferred.length = 0;
  }

  #begin(count: number): RequestWriter {
    this.#message.clear();
    this.#message.begin(count);
    return this.#message;
  }

  #send(client: Client): void {
    const { bytes, size } = this.#message;
    if (client === this.executing) {
      this.hasDeferred = true;
      this.#deferred.push(bytes.slice(0, size));
      return;
    }
    writeMessage(client.reply, bytes, size);
    client.connection.flushSoon();
  }
}

/** Writes a message, which is an array of bulks, as the push that it is in RESP3. */
function writeMessage(reply: Reply, bytes: Uint8Array, size: number): void {
  bytes[0] = reply.resp3 ? PUSH : ARRAY;
  reply.append(bytes, 0, size);
}
