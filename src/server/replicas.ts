/**
 * Replicas: clients that are sent all there is, and then every effect.
 *
 *   SYNC ─▶ $size, a snapshot of that moment ─▶ what was done since ─▶ what is done, as it is done
 *
 * Any Redis can follow us so, in the way of before 2.8: it begins anew when the connection is lost.
 * What Redis does not have is not sent: zones beside the default one, and sessions.
 */

import type { Instance, Replica, Replicas } from '../dispatch/call.ts';
import type { Client } from '../instance/clients.ts';
import { EffectStream, FOR_REPLICAS } from '../instance/effects.ts';
import { latin1Bytes } from '../std/ascii.ts';
import { type Pieces, snapshotOf } from './contents.ts';

const MS_PER_SECOND = 1000;
const PING = latin1Bytes('*1\r\n$4\r\nPING\r\n');

/** One that is being sent all there is, or has been. */
class Following implements Replica {
  readonly client: Client;
  isOnline = false;
  readonly #pieces: Pieces;
  readonly #made: Uint8Array[] = [];
  /** What it is to be sent when it has all there was. */
  readonly #waiting: Uint8Array[] = [];
  #next: NodeJS.Immediate | undefined = undefined;

  constructor(client: Client, pieces: Pieces) {
    this.client = client;
    this.#pieces = pieces;
  }

  /** Makes the snapshot, bit by bit, and sends it. The moment is that of the first call. */
  start(): void {
    const { done, value } = this.#pieces.next();
    if (done !== true) {
      this.#made.push(value);
      this.#next = setImmediate(() => this.start());
      return;
    }
    const made = this.#made.splice(0);
    const size = made.reduce((sum, piece) => sum + piece.length, 0);
    this.isOnline = true;
    this.send(latin1Bytes(`$${size}\r\n`));
    for (const piece of [...made, ...this.#waiting.splice(0)]) this.send(piece);
  }

  send(bytes: Uint8Array): void {
    if (!this.isOnline) {
      this.#waiting.push(bytes.slice());
      return;
    }
    this.client.reply.append(bytes, 0, bytes.length);
    this.client.connection.flushSoon();
  }

  stop(): void {
    clearImmediate(this.#next);
    this.#pieces.return();
  }
}

export class ServerReplicas implements Replicas {
  offset = 0;
  readonly #instance: Instance;
  readonly #stream: EffectStream;
  readonly #all = new Map<Client, Following>();
  #pingedAt = 0;

  /** They will be part of that instance. */
  constructor(parts: Omit<Instance, 'replicas'>) {
    const instance = parts as Instance;
    this.#instance = instance;
    const { keyspace } = instance;
    const [first] = keyspace.zones;
    this.#stream = new EffectStream(FOR_REPLICAS, {
      takes: (number) => keyspace.databases[number].zone === first,
    });
    this.#stream.onUnit = () => this.#send();
  }

  get count(): number {
    return this.#all.size;
  }

  all(): Iterable<Replica> {
    return this.#all.values();
  }

  begin(client: Client): void {
    if (this.#all.has(client)) return;
    const { clock, effects, keyspace, log, stats } = this.#instance;
    if (this.#all.size === 0) {
      effects.attach(this.#stream);
      this.#pingedAt = clock.now();
    }
    log.notice(`Replica ${client.address} asks for synchronization`);
    client.isReplica = true;
    // The next effect says which database it is for.
    this.#stream.selected = -1;
    stats.fullSyncs++;
    const { keys, libraries: hasLibraries } = client.wanted;
    const zones = keyspace.zones.slice(0, keys ? 1 : 0);
    const pieces = snapshotOf(this.#instance, zones, { hasLibraries });
    const replica = new Following(client, pieces);
    this.#all.set(client, replica);
    replica.start();
  }

  forget(client: Client): void {
    const replica = this.#all.get(client);
    if (replica === undefined) return;
    replica.stop();
    this.#all.delete(client);
    if (this.#all.size === 0) this.#instance.effects.detach(this.#stream);
  }

  /** Lets replicas know that we are there. */
  tick(): void {
    const { clock, config } = this.#instance;
    const now = clock.now();
    if (this.#all.size === 0) return;
    if (now - this.#pingedAt < config.values.replPingReplicaPeriod * MS_PER_SECOND) return;
    this.#pingedAt = now;
    this.#stream.writer.raw(PING);
    this.#send();
  }

  #send(): void {
    const { writer } = this.#stream;
    const size = this.#instance.effects.wholeSize(this.#stream);
    if (size === 0) return;
    this.offset += size;
    const bytes = writer.bytes.subarray(0, size);
    for (const replica of this.#all.values()) replica.send(bytes);
    this.#stream.drop(size);
  }
}
