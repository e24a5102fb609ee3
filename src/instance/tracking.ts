/**
 * Tracking: clients that keep copies of keys are told when a key is no longer what it was.
 *
 *   a client reads      remember()     the key ─▶ the numbers of the clients that have it
 *   a key changes       note()         they are told, and the key is forgotten
 *   BCAST               note()         every key with a prefix ─▶ told when the turn of all is over
 *   databases emptied   noteFlush()    everyone is told: nothing is what it was
 *
 * What is told is a push, to the client or to the one it redirects to; one that speaks RESP2 is told
 * as by a message of __redis__:invalidate, if it listens at all. Nobody is told between the begin of
 * his own reply and its end.
 *
 * Keys are remembered by name, whatever database they are in, and the numbers of clients that are
 * gone stay until the key changes: as in Redis. `limit` bounds the keys; the oldest are given up.
 */

import type { Reply } from '../resp/reply.ts';
import type { Client, Clients, ClientTracking } from './clients.ts';
import type { PubSub } from './pubsub.ts';

const CHANNEL = '__redis__:invalidate';
/** Keys given up at a time. */
const SLICE = 1000;

interface Broadcast {
  readonly clients: Set<Client>;
  /** Keys changed since it was told, and by whom last. */
  readonly keys: Map<string, Client | undefined>;
}

export class Tracking {
  readonly #clients: Clients;
  readonly #pubsub: PubSub;
  /** Numbers of clients by key: one, or several. */
  readonly #table = new Map<string, number | Set<number>>();
  /** Goes through the table from the oldest key on. */
  #oldest = this.#table.keys();
  #itemCount = 0;
  readonly #prefixes = new Map<string, Broadcast>();
  #hasChanges = false;
  /** Clients that track. */
  readonly #tracking = new Set<Client>();
  /** Keys remembered at most; 0 is any number. */
  #limit = 0;
  /** Told that broadcast() is to be called, when everyone readable has had his turn. */
  onChanges: () => void = () => {};

  constructor(clients: Clients, pubsub: PubSub) {
    this.#clients = clients;
    this.#pubsub = pubsub;
  }

  /** Whether changes of keys are to be noted: asked at every change. */
  get isOn(): boolean {
    return this.#tracking.size > 0 || this.#table.size > 0;
  }

  get clientCount(): number {
    return this.#tracking.size;
  }

  get keyCount(): number {
    return this.#table.size;
  }

  /** How many clients are remembered, over all keys. */
  get itemCount(): number {
    return this.#itemCount;
  }

  get prefixCount(): number {
    return this.#prefixes.size;
  }

  set limit(keys: number) {
    this.#limit = keys;
    this.forgetExcess();
  }

  // ── Who ───────────────────────────────────────────────────────────────────────────────────────

  /** Lets a client track keys, or lets it track them otherwise; prefixes it had stay. */
  enable(
    client: Client,
    options: Pick<
      ClientTracking,
      'isBroadcast' | 'optIn' | 'optOut' | 'noLoop' | 'redirectTo' | 'prefixes'
    >,
  ): void {
    const before = client.tracking;
    const prefixes = new Set([...(before?.prefixes ?? []), ...options.prefixes]);
    if (options.isBroadcast && options.prefixes.size === 0) prefixes.add('');
    client.tracking = {
      ...options,
      prefixes,
      isBroken: false,
      hasCaching: before?.hasCaching ?? false,
    };
    this.#tracking.add(client);
    for (const prefix of prefixes) {
      let broadcast = this.#prefixes.get(prefix);
      if (broadcast === undefined) {
        broadcast = { clients: new Set(), keys: new Map() };
        this.#prefixes.set(prefix, broadcast);
      }
      broadcast.clients.add(client);
    }
  }

  disable(client: Client): void {
    const { tracking } = client;
    if (tracking === undefined) return;
    client.tracking = undefined;
    this.#tracking.delete(client);
    for (const prefix of tracking.prefixes) {
      const broadcast = this.#prefixes.get(prefix);
      broadcast?.clients.delete(client);
      if (broadcast?.clients.size === 0) this.#prefixes.delete(prefix);
    }
  }

  // ── What ──────────────────────────────────────────────────────────────────────────────────────

  /** A client that tracks has read a key. */
  remember(client: Client, key: string): void {
    const { id } = client;
    const there = this.#table.get(key);
    if (there === undefined) {
      this.#table.set(key, id);
    } else if (typeof there === 'number') {
      if (there === id) return;
      this.#table.set(key, new Set([there, id]));
    } else {
      if (there.has(id)) return;
      there.add(id);
    }
    this.#itemCount++;
    if (there === undefined) this.forgetExcess();
  }

  /** Gives up keys as long as there are too many, a slice of them at a time. */
  forgetExcess(): void {
    if (this.#limit === 0) return;
    for (let i = 0; i < SLICE && this.#table.size > this.#limit; i++) {
      let next = this.#oldest.next();
      if (next.done === true) {
        this.#oldest = this.#table.keys();
        next = this.#oldest.next();
      }
      // It is told even to who wants to hear nothing of himself: he has to give it up too.
      if (next.done !== true) this.#invalidate(next.value, undefined);
    }
  }

  /** A key has changed, by the request of `by` or by itself. */
  note(key: string, by: Client | undefined): void {
    for (const [prefix, { keys }] of this.#prefixes) {
      if (!key.startsWith(prefix)) continue;
      keys.set(key, by);
      if (this.#hasChanges) continue;
      this.#hasChanges = true;
      this.onChanges();
    }
    this.#invalidate(key, this.#pubsub.executing);
  }

  /** Databases are emptied. */
  noteFlush(): void {
    for (const client of this.#tracking) this.#tell(client, (reply) => reply.null());
    this.#table.clear();
    this.#oldest = this.#table.keys();
    this.#itemCount = 0;
  }

  /** Tells of a key, but not whom it is a loop for if that is `maker`. */
  #invalidate(key: string, maker: Client | undefined): void {
    const there = this.#table.get(key);
    if (there === undefined) return;
    this.#table.delete(key);
    const ids = typeof there === 'number' ? [there] : [...there].sort((a, b) => a - b);
    this.#itemCount -= ids.length;
    for (const id of ids) {
      const client = this.#clients.find(id);
      // What it read before it went over to prefixes is of no interest.
      if (client?.tracking === undefined || client.tracking.isBroadcast) continue;
      if (client.tracking.noLoop && client === maker) continue;
      this.#tell(client, (reply) => writeKeys(reply, [key]));
    }
  }

  /** Tells of what has changed by prefix. */
  broadcast(): void {
    if (!this.#hasChanges) return;
    this.#hasChanges = false;
    for (const prefix of [...this.#prefixes.keys()].sort()) {
      const { clients, keys } = this.#prefixes.get(prefix) as Broadcast;
      if (keys.size === 0) continue;
      const all = [...keys.keys()].sort();
      for (const client of clients) {
        const isLeftOut = (key: string): boolean => keys.get(key) === client;
        const own = client.tracking?.noLoop ? all.filter((key) => !isLeftOut(key)) : all;
        if (own.length > 0) this.#tell(client, (reply) => writeKeys(reply, own));
      }
      keys.clear();
    }
  }

  // ── Telling ───────────────────────────────────────────────────────────────────────────────────

  /** Tells what `write` writes, behind the reply of a request that runs. */
  #tell(client: Client, write: (reply: Reply) => void): void {
    const { executing } = this.#pubsub;
    const isRunning =
      executing !== undefined &&
      (client === executing || client.tracking?.redirectTo === executing.id);
    if (isRunning) this.#pubsub.defer(() => this.#send(client, write));
    else this.#send(client, write);
  }

  #send(client: Client, write: (reply: Reply) => void): void {
    const { tracking } = client;
    if (tracking === undefined || client.closing) return;
    const { redirectTo } = tracking;
    const target = redirectTo === 0 ? client : this.#clients.find(redirectTo);
    if (target === undefined) {
      tracking.isBroken = true;
      if (!client.resp3) return;
      client.reply.push(2);
      client.reply.bulkText('tracking-redir-broken');
      client.reply.integer(redirectTo);
      client.connection.flushSoon();
      return;
    }
    const { reply } = target;
    if (target.resp3) {
      reply.push(2);
      reply.bulkText('invalidate');
    } else if (redirectTo !== 0 && target.subscriptions !== undefined) {
      reply.push(3);
      reply.bulkText('message');
      reply.bulkText(CHANNEL);
    } else return; // RESP2 has no way to say it.
    write(reply);
    target.connection.flushSoon();
  }
}

function writeKeys(reply: Reply, keys: readonly string[]): void {
  reply.array(keys.length);
  for (const key of keys) reply.bulkText(key);
}
