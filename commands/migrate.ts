/**
 * Keys that move to another server: MIGRATE.
 *
 *   dump the keys ─► AUTH, SELECT, RESTORE … there ─► for each +OK, remove the key here
 *
 * Only the client that asked waits; others are served meanwhile. So a key may change while it is on
 * its way. Then it stays: what the other server got is a copy of what it was, and the reply says so.
 * A key that has gone meanwhile is as if it had gone afterwards.
 */

import type { Call } from '../src/dispatch/call.ts';
import { family } from '../src/dispatch/command.ts';
import { type FoundKey, keyAt } from '../src/dispatch/keys.ts';
import { Wait } from '../src/dispatch/wait.ts';
import type { Client } from '../src/instance/clients.ts';
import type { Exchange } from '../src/instance/peers.ts';
import type { Database } from '../src/keyspace/database.ts';
import { events } from '../src/keyspace/events.ts';
import type { Watcher } from '../src/keyspace/watches.ts';
import { dumpValue } from '../src/persistence/dump.ts';
import { Argv } from '../src/resp/argv.ts';
import { type ErrorReply, errors } from '../src/resp/errors.ts';
import { collect, heapWindows, Reply } from '../src/resp/reply.ts';
import { latin1Text } from '../src/std/ascii.ts';

const { command } = family('generic');

const TIMEOUT_DEFAULT = 1000;
const PORT_MASK = 0xffff;

interface Options {
  copy: boolean;
  replace: boolean;
  /** Arguments of AUTH, or none. */
  credentials: Uint8Array[];
  /** The keys are the arguments [from, end). */
  from: number;
  end: number;
}

/** A key on its way. */
interface Passenger {
  /** The key alone, as argument 0. */
  readonly key: Argv;
  /** Told when it changes. */
  readonly watcher: Watcher;
}

/** What a request came to, until its client asks: undefined is well. */
const outcomes = new WeakMap<Client, { readonly refusal: ErrorReply | undefined }>();

function readOptions({ argv }: Call): Options {
  const options: Options = { copy: false, replace: false, credentials: [], from: 3, end: 4 };
  for (let i = 6; i < argv.count; i++) {
    const behind = argv.count - i - 1;
    if (argv.is(i, 'COPY')) options.copy = true;
    else if (argv.is(i, 'REPLACE')) options.replace = true;
    else if (argv.is(i, 'AUTH') && behind >= 1) {
      // A name that was given before stays, as in Redis.
      options.credentials = [...options.credentials.slice(0, -1), argv.copy(++i)];
    } else if (argv.is(i, 'AUTH2') && behind >= 2) {
      options.credentials = [argv.copy(++i), argv.copy(++i)];
    } else if (argv.is(i, 'KEYS')) {
      if (argv.size(3) > 0) throw errors.migrateKeyAndKeys;
      options.from = i + 1;
      options.end = argv.count;
      break;
    } else throw errors.syntax;
  }
  return options;
}

/** Milliseconds a key has left, at least 1, as text; '0' for ever. */
function lifeOf({ zone }: Database, entry: number): string {
  const deadline = zone.deadline(entry);
  if (deadline < 0) return '0';
  if (deadline <= Number.MAX_SAFE_INTEGER) return String(Math.max(1, deadline - zone.now));
  return String(zone.deadlines.exactOf(entry) - BigInt(zone.now));
}

/** The keys that are there. */
function findPassengers({ argv, db }: Call, options: Options): Passenger[] {
  const passengers: Passenger[] = [];
  for (let i = options.from; i < options.end; i++) {
    if (db.find(argv, i) === 0) continue;
    passengers.push({ key: Argv.of(argv.copy(i)), watcher: { isDirty: false, keyCount: 0 } });
  }
  return passengers;
}

/** What is sent. There is one reply to each. */
function writeRequests(call: Call, options: Options, passengers: readonly Passenger[]): Uint8Array {
  const { args, db, instance } = call;
  const requests = new Reply(heapWindows());
  const { credentials } = options;
  if (credentials.length > 0) {
    requests.array(1 + credentials.length);
    requests.bulkText('AUTH');
    for (const word of credentials) requests.bulk(word);
  }
  requests.array(2);
  requests.bulkText('SELECT');
  requests.bulkText(String(args.int64At(4)));
  for (const { key } of passengers) {
    const entry = db.peek(key, 0);
    requests.array(options.replace ? 5 : 4);
    requests.bulkText('RESTORE');
    requests.bulk(key.bytes);
    requests.bulkText(lifeOf(db, entry));
    requests.bulk(dumpValue(db, entry, instance.config.values.rdbcompression));
    if (options.replace) requests.bulkText('REPLACE');
  }
  return collect(requests);
}

/** Removes what has arrived. Answers what there is to complain of. */
function settle(
  { db, instance }: Call,
  { copy, credentials }: Options,
  passengers: readonly Passenger[],
  { lines, failure }: Exchange,
): ErrorReply | undefined {
  const before = credentials.length > 0 ? 2 : 1;
  const refused = lines.slice(0, before).find((line) => line.startsWith('-'));
  let refusal: string | undefined;
  let hasChanged = false;
  const removed: Uint8Array[] = [];
  if (failure === 'connecting') return errors.migrateNotConnected;
  // All went off together: what is one's time is all the others'.
  instance.keyspace.tick(instance.clock.now());
  for (let i = 0; i < passengers.length && before + i < lines.length; i++) {
    const line = refused ?? lines[before + i];
    if (line.startsWith('-')) {
      refusal ??= line.slice(1);
    } else if (!copy) {
      const { key, watcher } = passengers[i];
      const entry = db.peek(key, 0);
      if (entry === 0) continue;
      if (watcher.isDirty) {
        hasChanged = true;
        continue;
      }
      db.remove(entry);
      db.tell(key, 0, events.del);
      removed.push(key.bytes);
    }
  }
  if (removed.length > 0) {
    const { effects } = instance;
    effects.enter();
    effects.also(db.number, passengers[0].key, 'DEL', ...removed);
    effects.leave(false);
  }
  if (refusal !== undefined) return errors.migrateRefused(refusal);
  if (failure !== undefined) return errors.migrateBroken(failure);
  return hasChanged ? errors.migrateChanged : undefined;
}

/** Sends the keys off, and lets the client wait for what becomes of them. */
function send(
  call: Call,
  options: Options,
  passengers: readonly Passenger[],
  timeout: number,
): Wait {
  const { argv, client, db, instance } = call;
  const { peers, watches } = instance;
  const requests = writeRequests(call, options, passengers);
  const count = passengers.length + (options.credentials.length > 0 ? 2 : 1);
  // As atoi() and htons() read it: what is no number is port 0, where nobody is.
  const port = Number.parseInt(argv.text(2), 10) & PORT_MASK;
  if (!options.copy) {
    for (const { key, watcher } of passengers) watches.watch(watcher, db, key.bytes);
  }
  const identity = options.credentials.map((word) => latin1Text(word)).join(' ');
  const peer = { host: argv.text(1), port, identity };
  const exchange = peers.ask(peer, requests, count, timeout);
  return new Wait(
    exchange.then((done) => {
      outcomes.set(client, { refusal: settle(call, options, passengers, done) });
      for (const { watcher } of passengers) watches.forget(watcher);
    }),
  );
}

/** How keys are used that are read, sent and deleted. */
const TAKEN = ['RW', 'access', 'delete'] as const;

/** Where the keys are: behind KEYS, if it is there. */
function findKeys(argv: Argv, first: number): readonly FoundKey[] {
  let from = first + 3;
  let end = from + 1;
  for (let i = first + 6; i < argv.count; i++) {
    if (argv.is(i, 'KEYS')) {
      if (argv.size(first + 3) > 0) return [];
      from = i + 1;
      end = argv.count;
      break;
    }
    if (argv.is(i, 'AUTH')) i += 1;
    else if (argv.is(i, 'AUTH2')) i += 2;
  }
  const keys: FoundKey[] = [];
  for (let i = from; i < end; i++) keys.push(keyAt(argv, i, TAKEN));
  return keys;
}

/** What it logs in with at the other server. */
function credentialsAt(argv: Argv): readonly number[] {
  const found: number[] = [];
  for (let i = 6; i < argv.count && !argv.is(i, 'KEYS'); i++) {
    if (argv.is(i, 'AUTH')) found.push(++i);
    else if (argv.is(i, 'AUTH2')) found.push(++i, ++i);
  }
  return found;
}

export const migrate = command({
  syntax:
    'MIGRATE host port <key | ""> destination-db timeout [COPY] [REPLACE] ' +
    '[AUTH password | AUTH2 username password] [KEYS key [key ...]]',
  summary: 'Moves keys to another server.',
  since: '2.6.0',
  complexity:
    'This command actually executes a DUMP+DEL in the source instance, and a RESTORE in the ' +
    'target instance. See the pages of these commands for time complexity. Also an O(N) data ' +
    'transfer between the two instances is performed.',
  arguments: {
    'key-empty-string': { name: 'key-selector' },
    timeout: { type: 'integer' },
    COPY: { since: '3.0.0' },
    REPLACE: { since: '3.0.0' },
    'password-auth2': { name: 'authentication' },
    AUTH: { name: 'auth', since: '4.0.7' },
    AUTH2: { since: '6.0.0' },
    KEYS: { name: 'keys', since: '3.0.6' },
  },
  keys: [
    {
      flags: TAKEN,
      begin: { type: 'index', index: 3 },
      find: { type: 'range', lastKey: 0, step: 1, limit: 0 },
    },
    {
      flags: [...TAKEN, 'incomplete'],
      begin: { type: 'keyword', keyword: 'KEYS', startFrom: -2 },
      find: { type: 'range', lastKey: -1, step: 1, limit: 0 },
    },
  ],
  findKeys,
  categories: ['dangerous'],
  tips: ['nondeterministic_output'],
  history: [
    ['3.0.0', 'Added the `COPY` and `REPLACE` options.'],
    ['3.0.6', 'Added the `KEYS` option.'],
    ['4.0.7', 'Added the `AUTH` option.'],
    ['6.0.0', 'Added the `AUTH2` option.'],
  ],
  differs:
    'Other clients are served while the keys are on their way; one that changes meanwhile stays, ' +
    'which the reply says. It is refused in a transaction.',
  secrets: credentialsAt,
  run(call) {
    const { args, client, reply } = call;
    const outcome = outcomes.get(client);
    if (outcome !== undefined) {
      outcomes.delete(client);
      if (outcome.refusal !== undefined) throw outcome.refusal;
      return reply.ok();
    }
    const options = readOptions(call);
    const timeout = args.integerAt(5);
    args.integerAt(4);
    const passengers = findPassengers(call, options);
    if (passengers.length === 0) return reply.simple('NOKEY');
    // What can't wait for its end must not begin.
    if (!client.mayBlock) throw errors.notInTransaction;
    throw send(call, options, passengers, timeout > 0 ? timeout : TIMEOUT_DEFAULT);
  },
});
