/** A server that nobody is connected to, and a client that runs requests in it. */

import { families } from '../../commands/index.ts';
import { Args } from '../../src/dispatch/arguments.ts';
import type { Call, Instance } from '../../src/dispatch/call.ts';
import { execute } from '../../src/dispatch/gates.ts';
import { Registry } from '../../src/dispatch/registry.ts';
import { Client } from '../../src/instance/clients.ts';
import { systemFiles } from '../../src/instance/config/files.ts';
import { loadConfiguration } from '../../src/instance/config/load.ts';
import { Config } from '../../src/instance/config.ts';
import { silentLog } from '../../src/instance/log.ts';
import type { Disk } from '../../src/persistence/disk.ts';
import { Argv } from '../../src/resp/argv.ts';
import { collect, heapWindows, Reply, type TakeReply } from '../../src/resp/reply.ts';
import { Server } from '../../src/server/server.ts';
import { latin1Text } from '../../src/std/ascii.ts';
import { ManualClock } from '../../src/std/clock.ts';
import { SeededRandom } from '../../src/std/random.ts';
import type { Zone } from '../../src/zone/zone.ts';
import { memoryDisk } from './disk.ts';

/** How an error reply begins. */
const ERROR = 0x2d;
/** Some time in 2023. */
const START = 1_700_000_000_000;

export interface Offline {
  readonly instance: Instance;
  readonly clock: ManualClock;
  /** The default one. */
  readonly zone: Zone;
  /** Runs a request. Answers the bytes of the reply; '' when it waits. */
  run(...words: readonly string[]): string;
  /** Runs a request made before. Answers how many bytes were replied; an error reply is thrown. */
  send(argv: Argv): number;
  /** What is wrong with the default zone, or undefined. */
  audit(): string | undefined;
}

/** Opens a server with these directives. Nothing of it has to be closed. */
export function openOffline(
  directives: Readonly<Record<string, string>> = {},
  { seed = 1, disk = memoryDisk() }: { readonly seed?: number; readonly disk?: Disk } = {},
): Offline {
  const registry = new Registry(families);
  const config = new Config();
  const lines = Object.entries(directives).map(([name, value]) => `${name} ${value}`);
  loadConfiguration(
    config,
    { action: 'run', file: undefined, readsStdin: false, lines },
    {
      files: systemFiles,
      readStdin: () => '',
      renameCommand: (from, to) => registry.rename(from, to),
    },
  );
  const clock = new ManualClock(START);
  const server = new Server({
    config,
    disk,
    clock,
    random: new SeededRandom(3),
    seed: Uint8Array.from({ length: 16 }, (_, i) => i * 7 + seed),
    log: silentLog,
    registry,
    onShutdown() {},
  });
  const { instance } = server;
  const { keyspace } = instance;
  const reply = new Reply(heapWindows());
  const client = new Client({
    id: 1,
    address: '127.0.0.1:1',
    localAddress: '127.0.0.1:2',
    isUnix: false,
    reply,
    now: START,
    user: instance.users.default,
  });
  client.connection = {
    close() {},
    closeAfterReply() {},
    flushSoon() {},
    resume() {},
    retry() {},
    release() {},
    checkLimits() {},
    querySize: 0,
    unparsedSize: 0,
    queryBufferSize: 0,
    outputSize: 0,
    fd: -1,
  };
  const [db] = keyspace.databases;
  const { zone } = db;
  const args = new Args();
  const call: Call = { argv: args.argv, args, db, keyspace, client, reply, instance };
  let replied = 0;
  const discard: TakeReply = (bytes, start, end, window) => {
    if (replied === 0 && bytes[start] === ERROR) {
      throw new Error(latin1Text(bytes, start, end));
    }
    replied += end - start;
    window?.release();
  };
  return {
    instance,
    clock,
    zone,
    send(argv) {
      call.argv = argv;
      args.argv = argv;
      server.beginTurn(client);
      execute(call);
      replied = 0;
      reply.take(discard);
      return replied;
    },
    run(...words) {
      call.argv = Argv.of(...words);
      args.argv = call.argv;
      server.beginTurn(client);
      execute(call);
      return latin1Text(collect(reply));
    },
    audit: () => keyspace.audit(zone),
  };
}
