/** Replication: others may follow this server, which refuses to follow another. */

import { waitInVain } from '../src/dispatch/blocked.ts';
import type { Call } from '../src/dispatch/call.ts';
import { family } from '../src/dispatch/command.ts';
import type { Client } from '../src/instance/clients.ts';
import { splitWords } from '../src/instance/config/words.ts';
import { errors } from '../src/resp/errors.ts';

const { command } = family('server');
const generic = family('generic');

const PORT_MAX = 65535;

export const role = command({
  syntax: 'ROLE',
  summary: 'Tells the part this server has in replication: always that of a master.',
  since: '2.8.12',
  complexity: 'O(1)',
  flags: ['noscript', 'loading', 'stale', 'fast'],
  categories: ['admin', 'dangerous'],
  run({ reply, instance: { replicas } }) {
    const online = [...replicas.all()].filter(({ isOnline }) => isOnline);
    reply.array(3);
    reply.bulkText('master');
    reply.integer(replicas.offset);
    reply.array(online.length);
    for (const { client } of online) {
      reply.array(3);
      reply.bulkText(hostOf(client.address));
      reply.bulkText(String(client.replicaPort));
      reply.bulkText(String(replicas.offset));
    }
  },
});

/** The address without its port. */
function hostOf(address: string): string {
  return address.slice(0, address.lastIndexOf(':'));
}

export const sync = command({
  syntax: 'SYNC',
  summary: 'Makes the client a replica: it is sent all keys, and then what is done to them.',
  since: '1.0.0',
  flags: ['no_async_loading', 'admin', 'no_multi', 'noscript'],
  differs:
    'PSYNC is not known, so a replica begins anew when its connection is lost; zones beside the ' +
    'default one and sessions are not sent.',
  run({ client, instance, reply }) {
    if (client.isReplica) return;
    if (reply.size > 0) throw errors.syncWithPendingOutput;
    instance.replicas.begin(client);
  },
});

export const replconf = command({
  syntax: 'REPLCONF',
  summary: 'Tells what a replica has to say of itself.',
  since: '3.0.0',
  complexity: 'O(1)',
  // Options and their values: which there are is between servers.
  arity: -1,
  flags: ['admin', 'noscript', 'loading', 'stale', 'allow_busy'],
  isSystem: true,
  differs: 'Its port and `rdb-filter-only` are heeded, nothing else: it acknowledges nothing.',
  run(call) {
    const { argv, client, reply } = call;
    if (argv.count % 2 === 0) throw errors.syntax;
    for (let i = 1; i < argv.count; i += 2) {
      if (argv.is(i, 'ACK') || argv.is(i, 'GETACK')) return;
      if (argv.is(i, 'LISTENING-PORT')) client.replicaPort = portAt(call, i + 1);
      else if (argv.is(i, 'RDB-FILTER-ONLY')) filterSnapshot(client, argv.text(i + 1));
      else if (!REPLICA_OPTIONS.some((option) => argv.is(i, option))) {
        throw errors.unknownReplconf(argv.text(i));
      }
    }
    reply.ok();
  },
});

/** What a replica may say beside its port. */
const REPLICA_OPTIONS = ['CAPA', 'IP-ADDRESS', 'VERSION', 'RDB-ONLY'];

/** Only what is named is to be in the snapshot: libraries, or nothing. */
function filterSnapshot({ wanted }: Client, value: string): void {
  const names = splitWords(value);
  if (names === undefined) throw errors.noSnapshotFilter;
  wanted.keys = false;
  wanted.libraries = false;
  for (const name of names) {
    if (name.toLowerCase() !== 'functions') throw errors.unknownSnapshotFilter(name);
    wanted.libraries = true;
  }
}

function portAt({ args }: Call, index: number): number {
  return args.integerFrom(index, Number.NEGATIVE_INFINITY, errors.notInteger);
}

/** Argument `index` as the port of a master. */
function checkPort({ args }: Call, index: number): void {
  const port = args.integerFrom(index, 0, errors.invalidMasterPort);
  if (port > PORT_MAX) throw errors.invalidMasterPort;
}

function follow(call: Call): void {
  const { argv, reply } = call;
  if (argv.is(1, 'NO') && argv.is(2, 'ONE')) return reply.ok();
  checkPort(call, 2);
  throw errors.noReplication;
}

const ARGUMENTS = {
  'data-no-block': { name: 'args' },
  data: { name: 'host-port' },
  'no-block': { name: 'no-one' },
} as const;
const NOT_SUPPORTED = 'Only NO ONE is supported: this server follows no other.';

export const replicaof = command({
  syntax: 'REPLICAOF <host port | NO ONE>',
  summary: 'Makes the server follow no other, as it does anyway.',
  since: '5.0.0',
  complexity: 'O(1)',
  arguments: ARGUMENTS,
  flags: ['no_async_loading', 'admin', 'noscript', 'stale'],
  differs: NOT_SUPPORTED,
  run: follow,
});

export const slaveof = command({
  syntax: 'SLAVEOF <host port | NO ONE>',
  summary: 'Makes the server follow no other, as it does anyway.',
  since: '1.0.0',
  complexity: 'O(1)',
  arguments: ARGUMENTS,
  flags: ['no_async_loading', 'admin', 'noscript', 'stale'],
  deprecated: { since: '5.0.0', use: '`REPLICAOF`' },
  differs: NOT_SUPPORTED,
  run: follow,
});

export const failover = command({
  syntax: 'FAILOVER [TO <host port [FORCE]>] [ABORT] [TIMEOUT milliseconds]',
  summary: 'Hands over to a replica; there is none.',
  since: '6.2.0',
  complexity: 'O(1)',
  arguments: { TO: { name: 'target' } },
  flags: ['admin', 'noscript', 'stale'],
  run({ args, argv }) {
    if (argv.count === 2 && argv.is(1, 'ABORT')) throw errors.noFailover;
    const given = { timeout: false, to: false, force: false };
    for (let i = 1; i < argv.count; i++) {
      const behind = argv.count - i - 1;
      if (!given.timeout && behind >= 1 && argv.is(i, 'TIMEOUT')) {
        if (args.integerAt(++i) <= 0) throw errors.failoverTimeout;
        given.timeout = true;
      } else if (!given.to && behind >= 2 && argv.is(i, 'TO')) {
        i += 2;
        args.integerAt(i);
        given.to = true;
      } else if (!given.force && argv.is(i, 'FORCE')) {
        given.force = true;
      } else throw errors.syntax;
    }
    throw errors.failoverNeedsReplicas;
  },
});

export const wait = generic.command({
  syntax: 'WAIT numreplicas timeout',
  summary: 'Waits for replicas to have what was written; none ever has.',
  since: '3.0.0',
  complexity: 'O(1)',
  arguments: { timeout: { type: 'integer' } },
  categories: ['connection'],
  notCategories: ['keyspace'],
  tips: ['request_policy:all_shards', 'response_policy:agg_min'],
  run(call) {
    const { args, db, reply } = call;
    const replicas = args.integerAt(1);
    const deadline = args.timeoutAt(2, 1, db.zone.now);
    if (replicas <= 0) return reply.integer(0);
    waitInVain(call, deadline, (later) => later.integer(0));
  },
});

export const waitaof = generic.command({
  syntax: 'WAITAOF numlocal numreplicas timeout',
  summary: 'Waits for files of this server and of replicas to have what was written.',
  since: '7.2.0',
  complexity: 'O(1)',
  arguments: { timeout: { type: 'integer' } },
  flags: ['noscript'],
  categories: ['connection'],
  notCategories: ['keyspace'],
  tips: ['request_policy:all_shards', 'response_policy:agg_min'],
  differs: 'Has the file synced at once, also where appendfsync says no.',
  run(call) {
    const { args, db, reply } = call;
    const local = args.integerBetween(1, 0, 1, errors.notBetween(0, 1));
    const replicas = args.integerFrom(2, 0, errors.notPositive);
    const deadline = args.timeoutAt(3, 1, db.zone.now);
    const { client, instance } = call;
    const { appendOnly, blocking } = instance;
    if (local > 0 && !appendOnly.isOn) throw errors.waitaofWithoutAof;
    const tell = (to: typeof reply): void => {
      to.array(2);
      to.integer(appendOnly.isOn && appendOnly.isSynced ? 1 : 0);
      to.integer(0);
    };
    if (replicas === 0 && (local === 0 || appendOnly.isSynced)) return tell(reply);
    if (replicas === 0 && client.mayBlock) {
      void appendOnly.whenSynced().then(() => {
        const { waiter } = client;
        if (!client.isBlocked || waiter === undefined) return;
        blocking.forget(waiter);
        waiter.retry();
      });
    }
    waitInVain(call, deadline, tell);
  },
});

export const bgrewriteaof = command({
  syntax: 'BGREWRITEAOF',
  summary: 'Writes the append only file anew, in slices between which others are served.',
  since: '1.0.0',
  complexity: 'O(1)',
  flags: ['no_async_loading', 'admin', 'noscript'],
  run({ client, reply, instance }) {
    const { appendOnly, saving } = instance;
    if (appendOnly.isRewriting) throw errors.rewriteInProgress;
    if (!client.mayBlock || saving.isRunning) {
      appendOnly.schedule();
      reply.simple('Background append only file rewriting scheduled');
    } else if (appendOnly.rewrite()) {
      reply.simple('Background append only file rewriting started');
    } else {
      throw errors.rewriteFailed;
    }
  },
});
