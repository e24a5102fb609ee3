/** Sessions: the commands of lua-resty-session's storages, each in one indivisible step. */

import type { Call, Command, Instance } from '../src/dispatch/call.ts';
import { family } from '../src/dispatch/command.ts';
import type { FoundKey, KeyFlag } from '../src/dispatch/keys.ts';
import { permitFurtherKeys } from '../src/dispatch/permissions.ts';
import { FOR_FILE } from '../src/instance/effects.ts';
import type { Database } from '../src/keyspace/database.ts';
import { type SessionRequest, sessionNames } from '../src/keyspace/sessions.ts';
import type { Argv } from '../src/resp/argv.ts';
import { type ErrorReply, errors } from '../src/resp/errors.ts';
import type { Part } from '../src/resp/request-writer.ts';
import { latin1Bytes } from '../src/std/ascii.ts';
import { parseDouble } from '../src/std/double.ts';
import { parseSafeInteger } from '../src/std/int64.ts';
import { writeString } from '../src/value/string.ts';

const { command } = family('session');

/** A request read whole: nothing has been looked up or changed yet. */
interface Parsed {
  readonly request: SessionRequest;
  readonly database: Database;
  /** Unix seconds. */
  readonly now: number;
  /** Index of the argument, 0 for none. */
  readonly old: number;
  readonly except: number;
  readonly staleMs: number;
  /** What of it the configuration has said, and the request does not. */
  readonly unsaid: readonly Part[];
  /** Unix milliseconds when it was done first, for one that is done again; otherwise NaN. */
  readonly at: number;
}

/** Options a request has given, a bit each: none may be given twice. */
const ZONE = 1 << 0;
const PREFIX = 1 << 1;
const SUFFIX = 1 << 2;
const NOW = 1 << 3;
const OLD = 1 << 4;
const STALE = 1 << 5;
const REMEMBER = 1 << 6;
const EXCEPT = 1 << 7;
const META = 1 << 8;
/** Only of those that are done again: then the configuration has no say. */
const AT = 1 << 9;

/** Which of them a command takes besides ZONE, PREFIX and SUFFIX. */
const ROTATION = NOW | OLD | STALE | REMEMBER | META;

function optionAt(argv: Argv, index: number): number {
  switch (argv.size(index)) {
    case 2:
      return argv.is(index, 'AT') ? AT : 0;
    case 3:
      return argv.is(index, 'OLD') ? OLD : argv.is(index, 'NOW') ? NOW : 0;
    case 4:
      return argv.is(index, 'META') ? META : argv.is(index, 'ZONE') ? ZONE : 0;
    case 5:
      return argv.is(index, 'STALE') ? STALE : 0;
    case 6:
      if (argv.is(index, 'PREFIX')) return PREFIX;
      if (argv.is(index, 'SUFFIX')) return SUFFIX;
      return argv.is(index, 'EXCEPT') ? EXCEPT : 0;
    case 8:
      return argv.is(index, 'REMEMBER') ? REMEMBER : 0;
    default:
      return 0;
  }
}

function bytesOf(text: string | undefined): Uint8Array | undefined {
  return text === undefined ? undefined : latin1Bytes(text);
}

function doubleAt(argv: Argv, index: number, refusal: ErrorReply): number {
  const value = parseDouble(argv.bytes, argv.starts[index], argv.ends[index]);
  if (Number.isNaN(value)) throw refusal;
  return value;
}

/** How many pairs META at `index` announces; all of them are there. */
function pairCountAt(argv: Argv, index: number): number {
  const count = parseSafeInteger(argv.bytes, argv.starts[index + 1], argv.ends[index + 1]);
  if (Number.isNaN(count)) throw errors.notInteger;
  if (count < 1) throw errors.notPositive;
  if (index + 1 + count * 2 >= argv.count) throw errors.syntax;
  return count;
}

/** Reads options from argument `at` on. `name` and `key` are where those arguments are. */
function parse(
  argv: Argv,
  instance: Instance,
  name: number,
  key: number,
  at: number,
  takes: number,
): Parsed {
  const { config, keyspace } = instance;
  const { values } = config;
  let zoneName = values.sessionZone;
  let prefix = bytesOf(values.sessionPrefix);
  let suffix = bytesOf(values.sessionSuffix);
  let now = Number.NaN;
  let stale = values.sessionStaleTtl;
  let old = 0;
  let except = 0;
  let pairs = 0;
  let pairCount = 0;
  let done = Number.NaN;
  let given = 0;
  for (let i = at; i < argv.count; i++) {
    const option = optionAt(argv, i);
    const isKnown = (option & (takes | ZONE | PREFIX | SUFFIX)) !== 0;
    if (!isKnown || (given & option) !== 0) throw errors.syntax;
    given |= option;
    if (option === REMEMBER) continue;
    if (i + 1 >= argv.count) throw errors.syntax;
    if (option === META) {
      pairs = i + 2;
      pairCount = pairCountAt(argv, i);
      i += 1 + pairCount * 2;
      continue;
    }
    i++;
    if (option === OLD) old = i;
    else if (option === EXCEPT) except = i;
    else if (option === ZONE) zoneName = argv.text(i);
    else if (option === PREFIX) prefix = argv.copy(i);
    else if (option === SUFFIX) suffix = argv.copy(i);
    else if (option === AT) done = doubleAt(argv, i, errors.notInteger);
    else if (option === STALE) stale = doubleAt(argv, i, errors.notFloat);
    else {
      now = doubleAt(argv, i, errors.notFloat);
      if (!Number.isFinite(now)) throw errors.notFloat;
    }
  }
  if ((given & AT) !== 0) {
    if ((given & PREFIX) === 0) prefix = undefined;
    if ((given & SUFFIX) === 0) suffix = undefined;
  }
  const zone = keyspace.zone(zoneName);
  if (zone === undefined) throw errors.noSuchZone(zoneName);
  const unsaid: Part[] = [];
  if (instance.effects.isOn) {
    if ((given & ZONE) === 0) unsaid.push('ZONE', zoneName);
    if ((given & PREFIX) === 0 && prefix !== undefined) unsaid.push('PREFIX', prefix);
    if ((given & SUFFIX) === 0 && suffix !== undefined) unsaid.push('SUFFIX', suffix);
    if ((takes & ~given & STALE) !== 0) unsaid.push('STALE', String(stale));
  }
  return {
    request: { argv, name, key, prefix, suffix, pairs, pairCount },
    database: keyspace.databaseOf(zone),
    now: Number.isNaN(now) ? (Number.isNaN(done) ? zone.now : done) / 1000 : now,
    old,
    except,
    staleMs: (given & REMEMBER) !== 0 ? 0 : Math.min(stale * 1000, TIME_MAX),
    unsaid,
    at: done,
  };
}

/** The option that says when a request was done first. */
function timeOf({ client }: Call): number {
  return client.isReplaying ? AT : 0;
}

/**
 * Runs what a request asks for at the time it was done first, if it is done again. Its effect is
 * itself, with that time and all that the configuration has said.
 */
function at<T>(call: Call, { database, unsaid, at: done }: Parsed, run: () => T): T {
  const { argv, instance } = call;
  const { effects } = instance;
  const { zone } = database;
  const { now } = zone;
  if (effects.isOn) {
    const said = Array.from({ length: argv.count }, (_, i) => i);
    effects.instead(argv, ...said, ...unsaid, 'AT', String(now));
    // A replica that is a Redis would not know what to do with it.
    effects.only(FOR_FILE);
  }
  if (Number.isNaN(done)) return run();
  zone.now = done;
  try {
    return run();
  } finally {
    zone.now = now;
  }
}

/** Joined names as keys that are used so. */
function used(names: readonly Uint8Array[], ...flags: readonly KeyFlag[]): FoundKey[] {
  return names.map((bytes) => ({ bytes, start: 0, end: bytes.length, flags }));
}

/** Milliseconds beyond which a deadline would leave 64 bits. */
const TIME_MAX = 2 ** 53;

/** Argument `index`, seconds to live, in milliseconds. */
function ttlAt({ argv }: Call, index: number, name: string): number {
  const seconds = doubleAt(argv, index, errors.notFloat);
  if (!(seconds > 0) || seconds * 1000 > TIME_MAX) throw errors.invalidExpire(name);
  return Math.max(1, Math.round(seconds * 1000));
}

export const sessionSet = command({
  syntax:
    'SESSION.SET name key value ttl [NOW unix-time] [OLD old-key] [STALE seconds] [REMEMBER] ' +
    '[META count audience subject [audience subject ...]] [ZONE zone] [PREFIX prefix] ' +
    '[SUFFIX suffix]',
  summary: 'Stores a session, lets the one it replaces run out, and enters it in its indexes.',
  since: '0.1.0',
  complexity: 'O(M*log(N)) with M indexes of N sessions.',
  flags: ['write', 'denyoom'],
  findKeys(argv, first, instance) {
    const { request, old } = parse(argv, instance, first + 1, first + 2, first + 5, ROTATION);
    const [session, ...others] = sessionNames(request, old, false);
    const oldOnes = others.splice(0, old === 0 ? 0 : 1);
    return [
      ...used([session], 'OW', 'update'),
      ...used(oldOnes, 'RW', 'update', 'delete'),
      ...used(others, 'RW', 'update'),
    ];
  },
  run(call) {
    const { argv, instance, reply } = call;
    const parsed = parse(argv, instance, 1, 2, 5, ROTATION | timeOf(call));
    const { request, database, now, old, staleMs } = parsed;
    const ttlMs = ttlAt(call, 4, 'session.set');
    at(call, parsed, () => {
      instance.sessions.set(database, request, 3, ttlMs, now, old, staleMs);
    });
    reply.ok();
  },
});

export const sessionGet = command({
  syntax: 'SESSION.GET name key [ZONE zone] [PREFIX prefix] [SUFFIX suffix]',
  summary: 'Reads a session.',
  since: '0.1.0',
  complexity: 'O(1)',
  flags: ['readonly', 'fast'],
  findKeys(argv, first, instance) {
    const { request } = parse(argv, instance, first + 1, first + 2, first + 3, 0);
    return sessionNames(request, 0, false);
  },
  run({ argv, instance, reply }) {
    const { request, database } = parse(argv, instance, 1, 2, 3, 0);
    const entry = instance.sessions.find(database, request);
    if (entry === 0) reply.null();
    else writeString(database.zone, entry, reply);
  },
});

export const sessionDel = command({
  syntax:
    'SESSION.DEL name key [NOW unix-time] [META count audience subject [audience subject ...]] ' +
    '[ZONE zone] [PREFIX prefix] [SUFFIX suffix]',
  summary: 'Deletes a session and takes it out of its indexes.',
  since: '0.1.0',
  complexity: 'O(M*log(N)) with M indexes of N sessions.',
  flags: ['write'],
  findKeys(argv, first, instance) {
    const { request } = parse(argv, instance, first + 1, first + 2, first + 3, NOW | META);
    const [session, ...indexes] = sessionNames(request, 0, false);
    return [...used([session], 'RM', 'delete'), ...used(indexes, 'RW', 'delete')];
  },
  run(call) {
    const { argv, instance, reply } = call;
    const parsed = parse(argv, instance, 1, 2, 3, NOW | META | timeOf(call));
    const { database, request, now } = parsed;
    const removed = at(call, parsed, () => instance.sessions.remove(database, request, now));
    reply.integer(removed ? 1 : 0);
  },
});

export const sessionMeta = command({
  syntax:
    'SESSION.META name audience subject [NOW unix-time] [ZONE zone] [PREFIX prefix] ' +
    '[SUFFIX suffix]',
  summary: 'Lists the sessions of an audience and subject with their expiry, soonest first.',
  since: '0.1.0',
  complexity: 'O(N) with N sessions listed.',
  flags: ['readonly'],
  findKeys(argv, first, instance) {
    const { request } = parse(argv, instance, first + 1, first + 2, first + 4, NOW);
    return sessionNames(request, 0, true);
  },
  run({ argv, instance, reply }) {
    const { request, database, now } = parse(argv, instance, 1, 2, 4, NOW);
    instance.sessions.list(
      database,
      request,
      now,
      (count) => reply.map(count),
      (set) => {
        set.writeCurrent(reply);
        reply.double(set.currentScore);
      },
    );
  },
});

export const sessionTouch = command({
  syntax: 'SESSION.TOUCH name key ttl [ZONE zone] [PREFIX prefix] [SUFFIX suffix]',
  summary: 'Lets a session and its index entries end some seconds from now.',
  since: '0.1.0',
  complexity: 'O(M*log(N)) with M indexes of N sessions.',
  flags: ['write'],
  findKeys(argv, first, instance) {
    const { request } = parse(argv, instance, first + 1, first + 2, first + 4, 0);
    return used(sessionNames(request, 0, false), 'RW', 'update');
  },
  run(call) {
    const { argv, instance, reply } = call;
    const parsed = parse(argv, instance, 1, 2, 4, timeOf(call));
    const { request, database } = parsed;
    const ttlMs = ttlAt(call, 3, 'session.touch');
    const touched = at(call, parsed, () => instance.sessions.touch(database, request, ttlMs));
    reply.integer(touched ? 1 : 0);
  },
});

export const sessionDelall = command({
  syntax:
    'SESSION.DELALL name audience subject [EXCEPT key] [ZONE zone] [PREFIX prefix] ' +
    '[SUFFIX suffix]',
  summary: 'Deletes every session of an audience and subject, optionally but one.',
  since: '0.1.0',
  complexity: 'O(N*M*log(N)) with N sessions in M indexes each.',
  flags: ['write'],
  findKeys(argv, first, instance) {
    const { request } = parse(argv, instance, first + 1, first + 2, first + 4, EXCEPT);
    return used(sessionNames(request, 0, true), 'RW', 'delete');
  },
  run(call) {
    const { argv, client, instance, reply } = call;
    const parsed = parse(argv, instance, 1, 2, 4, EXCEPT | timeOf(call));
    const { request, database, except } = parsed;
    if (!client.isUnrestricted) {
      const names = instance.sessions.namesOfAll(database, request, except);
      const self = instance.registry.byName('session.delall') as Command;
      permitFurtherKeys(call, self, used(names, 'RM', 'delete'));
    }
    const remove = () => instance.sessions.removeAll(database, request, except);
    reply.integer(at(call, parsed, remove));
  },
});

const HELP = [
  'SESSION.<subcommand> [<arg> [value] [opt] ...]. Subcommands are:',
  'DEL <name> <key> [NOW <unix-time>] [META <count> <audience> <subject> ...]',
  '    Delete a session. Return 1 if there was a live one.',
  'DELALL <name> <audience> <subject> [EXCEPT <key>]',
  '    Delete every session of an audience and subject. Return how many.',
  'GET <name> <key>',
  '    Return the value of a session.',
  'META <name> <audience> <subject> [NOW <unix-time>]',
  '    Return the sessions of an audience and subject with their expiry.',
  'SET <name> <key> <value> <ttl> [NOW <unix-time>] [OLD <old-key>] [STALE <seconds>]',
  '    [REMEMBER] [META <count> <audience> <subject> ...]',
  '    Store a session, let the old one run out, and enter it in its indexes.',
  'TOUCH <name> <key> <ttl>',
  '    Let a session end <ttl> seconds from now. Return 1 if it was live.',
  'All but HELP take [ZONE <zone>] [PREFIX <prefix>] [SUFFIX <suffix>].',
  'HELP',
  '    Print this help.',
];

export const sessionHelp = command({
  syntax: 'SESSION.HELP',
  summary: 'Lists the commands of sessions.',
  since: '0.1.0',
  complexity: 'O(1)',
  flags: ['loading', 'stale'],
  run({ reply }) {
    reply.array(HELP.length);
    for (const line of HELP) reply.simple(line);
  },
});
