/**
 * Pub/sub: who hears what.
 *
 *   channel, pattern or shard channel  ─▶  clients that subscribed to it, in the order they did
 *
 * A message goes to each as a push of its own. What a client is told while its own request runs
 * comes behind the reply of that request, so that a reply is never torn.
 *
 * A message is written once, behind those of the same turn, and who hears it is told where:
 *
 *   feed   [ message ][ message ][ message ] …          one for RESP2, one for RESP3
 *             client 1, client 2, … 100: [0, 3)         one write each, without a copy
 */

import { ARRAY, PUSH, type Reply } from '../resp/reply.ts';
import { RequestWriter } from '../resp/request-writer.ts';
import { latin1Bytes } from '../std/ascii.ts';
import { copyBytes } from '../std/bytes.ts';
import { matchGlob } from '../std/glob.ts';
import { type Client, type SubscriptionKind, Subscriptions } from './clients.ts';

/** Bytes of messages that are written for all at once. What is beyond is copied for each. */
const FEED_SIZE = 64 * 1024;

/** The messages of a turn, until all who are told of them have been sent them. */
class Feed {
  readonly #mark: number;
  bytes = new Uint8Array(0);
  #size = 0;
  /** The message put in last lies in bytes[start, end); in none if there was no place for it. */
  start = 0;
  end = 0;
  /** Number of that message. */
  #number = 0;

  /** `mark`: how messages begin. */
  constructor(mark: number) {
    this.#mark = mark;
  }

  /** Has message `number` in it, if there is place. */
  put(number: number, message: Uint8Array, size: number): void {
    if (number === this.#number) return;
    this.#number = number;
    if (this.bytes.length === 0) this.bytes = new Uint8Array(FEED_SIZE);
    this.start = this.#size;
    this.end = this.start;
    if (this.#size + size > FEED_SIZE) return;
    copyBytes(this.bytes, this.start, message, 0, size);
    this.bytes[this.start] = this.#mark;
    this.end += size;
    this.#size = this.end;
  }

  clear(): void {
    this.#size = 0;
    // A message is not over yet, where it is being sent: it is put in again.
    this.#number = 0;
  }
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
  readonly #deferred: Uint8Array[] = [];
  /** The message that is being sent: what all get is written once. */
  readonly #message = new RequestWriter();
  #number = 0;
  readonly #arrays = new Feed(ARRAY);
  readonly #pushes = new Feed(PUSH);
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

  /** All who were told something have been sent it. */
  sent(): void {
    this.#arrays.clear();
    this.#pushes.clear();
  }

  #begin(count: number): RequestWriter {
    this.#number++;
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
    const { reply } = client;
    const feed = reply.resp3 ? this.#pushes : this.#arrays;
    feed.put(this.#number, bytes, size);
    if (feed.end > feed.start) reply.share(feed.bytes, feed.start, feed.end);
    else writeMessage(reply, bytes, size);
    client.connection.flushSoon();
  }
}

/** Writes a message, which is an array of bulks, as the push that it is in RESP3. */
function writeMessage(reply: Reply, bytes: Uint8Array, size: number): void {
  bytes[0] = reply.resp3 ? PUSH : ARRAY;
  reply.append(bytes, 0, size);
}
