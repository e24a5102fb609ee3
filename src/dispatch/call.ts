/** A call: a command with its arguments and its context, running. */

import type { Client, Clients } from '../instance/clients.ts';
import type { Config } from '../instance/config.ts';
import type { Stats } from '../instance/stats.ts';
import type { Database } from '../keyspace/database.ts';
import type { Keyspace } from '../keyspace/keyspace.ts';
import type { Argv } from '../resp/argv.ts';
import type { Reply } from '../resp/reply.ts';
import type { Clock } from '../std/clock.ts';
import type { Random } from '../std/random.ts';
import type { Args } from './arguments.ts';
import type { Registry } from './registry.ts';

/** One running server, as far as commands may touch it. */
export interface Instance {
  readonly config: Config;
  readonly keyspace: Keyspace;
  readonly clients: Clients;
  readonly stats: Stats;
  readonly registry: Registry;
  readonly clock: Clock;
  readonly random: Random;
  /** Unix milliseconds. */
  readonly startedAt: number;
  /** The TCP port listened on, 0 for none. */
  tcpPort(): number;
  /** Ends the server in good order. */
  shutDown(): void;
}

export interface Call {
  argv: Argv;
  readonly args: Args;
  /** The client's selected database. */
  db: Database;
  readonly keyspace: Keyspace;
  readonly client: Client;
  readonly reply: Reply;
  readonly instance: Instance;
}
