/**
 * Pub/sub: who hears what.
 *
 *   channel, pattern or shard channel  ─▶  clients that subscribed to it, in the order they did
 *
 * A message goes to each as a push of its own. What a client is told while its own request runs
 * comes behind the reply of that request, so that a reply is never torn.
 */

import type { Reply } from '../resp/reply.ts';
import { latin1Bytes } from '../std/ascii.ts';
import { matchGlob } from '../std/glob.ts';
import { type Client, type SubscriptionKind, Subscriptions } from './clients.ts';

/** A message as bytes that stay. */
interface Message {
  readonly kind: SubscriptionKind;
  readonly pattern: string;
  readonly channel: string;
  readonly payload: Uint8Array;
}

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
  readonly #deferred: Message[] = [];
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
      for (const client of listeners) this.#send(client, kind, '', channel, bytes, start, end);
      count = listeners.size;
    }
    if (kind === 'shard' || this.patterns.size === 0) return count;
    const name = latin1Bytes(channel);
    for (const [pattern, { bytes: glob, clients }] of this.patterns) {
      if (!matchGlob(glob, 0, glob.length, name, 0, name.length, false)) continue;
      for (const client of clients) {
        this.#send(client, 'pattern', pattern, channel, bytes, start, end);
        count++;
      }
    }
    return count;
  }

  /** Sends what was said to the client whose request ran. Called behind its reply. */
  sendDeferred(client: Client): void {
    this.hasDeferred = false;
    for (const send of this.#before) send();
    this.#before.length = 0;
    for (const { kind, pattern, channel, payload } of this.#deferred) {
      writeMessage(client.reply, kind, pattern, channel, payload, 0, payload.length);
    }
    this.#deferred.length = 0;
  }

  #send(
    client: Client,
    kind: SubscriptionKind,
    pattern: string,
    channel: string,
    bytes: Uint8Array,
    start: number,
    end: number,
  ): void {
    if (client === this.executing) {
      this.hasDeferred = true;
      this.#deferred.push({ kind, pattern, channel, payload: bytes.slice(start, end) });
      return;
    }
    writeMessage(client.reply, kind, pattern, channel, bytes, start, end);
    client.connection.flushSoon();
  }
}

function writeMessage(
  reply: Reply,
  kind: SubscriptionKind,
  pattern: string,
  channel: string,
  bytes: Uint8Array,
  start: number,
  end: number,
): void {
  if (kind === 'pattern') {
    reply.push(4);
    reply.bulkText('pmessage');
    reply.bulkText(pattern);
  } else {
    reply.push(3);
    reply.bulkText(kind === 'channel' ? 'message' : 'smessage');
  }
  reply.bulkText(channel);
  reply.bulk(bytes, start, end);
}
