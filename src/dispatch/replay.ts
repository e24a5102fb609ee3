/**
 * Replay: requests that were run before are run again, from a file.
 *
 * Nobody replies to them and no gate stops them: what was allowed once is done. No key expires
 * meanwhile, since its end is told by a request of its own; and nothing is told of them, or it would
 * be written to where it comes from.
 */

import { Client, type ClientConnection } from '../instance/clients.ts';
import type { Argv } from '../resp/argv.ts';
import { ErrorReply, errors } from '../resp/errors.ts';
import { heapWindows, Reply } from '../resp/reply.ts';
import { Args } from './arguments.ts';
import type { Call, Command, Instance } from './call.ts';
import { Wait } from './wait.ts';

/** In front of the name of a zone, where the number of a database is expected. */
export const ZONE_PREFIX = 'zone:';

/** A connection to nobody. */
export const nowhere: ClientConnection = {
  close() {},
  closeAfterReply() {},
  flushSoon() {},
  resume() {},
  retry() {},
  release() {},
  checkLimits() {},
  unparsedSize: 0,
  querySize: 0,
  queryBufferSize: 0,
  outputSize: 0,
  fd: -1,
};

/** Told which request failed, and why. */
export type Refusal = (command: Command, argv: Argv, error: ErrorReply) => void;

/** Requests of a file in one go, transactions included. */
export class Replay {
  readonly #call: Call;
  readonly #instance: Instance;

  constructor(instance: Instance) {
    this.#instance = instance;
    const { keyspace, clock, users } = instance;
    const reply = new Reply(heapWindows());
    const client = new Client({
      id: 0,
      address: 'aof',
      localAddress: '',
      isUnix: false,
      reply,
      now: clock.now(),
      user: users.default,
    });
    client.connection = nowhere;
    client.authenticated = true;
    client.isUnrestricted = true;
    client.mayBlock = false;
    client.isReplaying = true;
    const [db] = keyspace.databases;
    const args = new Args();
    this.#call = { argv: args.argv, args, db, keyspace, client, reply, instance };
  }

  /** Whether a transaction has begun and not ended. */
  get isInTransaction(): boolean {
    return this.#call.client.queue !== undefined;
  }

  /** Forgets a transaction that has not ended. */
  revert(): void {
    this.#call.client.queue = undefined;
  }

  /** The command that a request names, a subcommand where it does; or undefined. */
  find(argv: Argv): Command | undefined {
    const { registry } = this.#instance;
    const command = registry.find(argv);
    if (command === undefined || command.subcommands.size === 0 || argv.count === 1) return command;
    return registry.findSubcommand(command, argv);
  }

  /** Selects the database of a zone, if that is meant. Answers whether it did. */
  #selectZone(name: string): boolean {
    if (!name.startsWith(ZONE_PREFIX)) return false;
    const { keyspace } = this.#instance;
    const zone = keyspace.zone(name.slice(ZONE_PREFIX.length));
    if (zone === undefined) return false;
    const call = this.#call;
    call.db = keyspace.databaseOf(zone);
    call.client.database = call.db.number;
    return true;
  }

  /** Runs a request; EXEC all that were queued. Tells what failed, and why. */
  run(command: Command, argv: Argv, onRefusal: Refusal): void {
    const { client } = this.#call;
    const { queue } = client;
    if (queue === undefined) {
      const refusal = this.#runOne(command, argv);
      if (refusal !== undefined) onRefusal(command, argv, refusal);
    } else if (command.name !== 'exec') {
      queue.push(argv);
    } else {
      client.queue = undefined;
      queue.rewind();
      for (let request = queue.next(); request !== undefined; request = queue.next()) {
        // It was found when it was queued.
        this.run(this.find(request) as Command, request, onRefusal);
      }
      this.#instance.queues.give(queue);
    }
  }

  #runOne(command: Command, argv: Argv): ErrorReply | undefined {
    const call = this.#call;
    const { args, client, reply } = call;
    call.argv = argv;
    args.argv = argv;
    client.lastCommand = command.fullName;
    if (command.fullName === 'select' && argv.count === 2 && this.#selectZone(argv.text(1))) {
      return undefined;
    }
    const { countMin, countMax, fullName } = command;
    if (argv.count < countMin || argv.count > countMax) return errors.wrongArity(fullName);
    try {
      command.run?.(call);
    } catch (error) {
      if (error instanceof ErrorReply) return error;
      if (error instanceof Wait) return errors.notInTransaction;
      throw error;
    } finally {
      reply.rewind(0);
    }
    return undefined;
  }
}
