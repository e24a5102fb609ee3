/** Keys whatever they hold: existence, names, expiry, iteration. */

import type { Call } from '../src/dispatch/call.ts';
import { family } from '../src/dispatch/command.ts';
import { cursorAt, ScanOptions } from '../src/dispatch/scan.ts';
import { removal } from '../src/instance/effects.ts';
import type { Database } from '../src/keyspace/database.ts';
import { events } from '../src/keyspace/events.ts';
import { errors } from '../src/resp/errors.ts';
import { encodingName, referenceCount, typeName } from '../src/value/type.ts';

const { command, container } = family('generic');

// ── Existence ───────────────────────────────────────────────────────────────────────────────────

function removeKeys({ argv, db, reply }: Call, isLazy: boolean): void {
  let count = 0;
  for (let i = 1; i < argv.count; i++) {
    const entry = db.peek(argv, i);
    if (entry === 0) continue;
    if (isLazy) db.unlink(entry);
    else db.remove(entry);
    db.tell(argv, i, events.del);
    count++;
  }
  reply.integer(count);
}

export const del = command({
  syntax: 'DEL key [key ...]',
  summary: 'Deletes keys.',
  since: '1.0.0',
  complexity:
    'O(N) where N is the number of keys that will be removed. When a key to remove holds a value ' +
    'other than a string, the individual complexity for this key is O(M) where M is the number of ' +
    'elements in the list, set, sorted set or hash. Removing a single key that holds a string ' +
    'value is O(1).',
  keys: 'RM delete',
  tips: ['request_policy:multi_shard', 'response_policy:agg_sum'],
  run(call) {
    removeKeys(call, call.instance.config.values.lazyfreeLazyUserDel);
  },
});

export const unlink = command({
  syntax: 'UNLINK key [key ...]',
  summary: 'Deletes keys; large values are freed in slices.',
  since: '4.0.0',
  complexity:
    'O(1) for each key removed regardless of its size. Then the command does O(N) work in a ' +
    'different thread in order to reclaim memory, where N is the number of allocations the ' +
    'deleted objects where composed of.',
  keys: 'RM delete',
  flags: ['fast'],
  tips: ['request_policy:multi_shard', 'response_policy:agg_sum'],
  run(call) {
    removeKeys(call, true);
  },
});

function countKeys({ argv, db, reply }: Call): void {
  let count = 0;
  for (let i = 1; i < argv.count; i++) if (db.find(argv, i) !== 0) count++;
  reply.integer(count);
}

export const exists = command({
  syntax: 'EXISTS key [key ...]',
  summary: 'Counts which of the keys exist.',
  since: '1.0.0',
  complexity: 'O(N) where N is the number of keys to check.',
  keys: 'RO',
  flags: ['fast'],
  tips: ['request_policy:multi_shard', 'response_policy:agg_sum'],
  history: [['3.0.3', 'Accepts multiple `key` arguments.']],
  run: ({ argv, db, reply }) => {
    let count = 0;
    const { touches } = db.keyspace;
    db.keyspace.touches = false; // Looking whether a key is there is not a use.
    for (let i = 1; i < argv.count; i++) if (db.find(argv, i) !== 0) count++;
    db.keyspace.touches = touches;
    reply.integer(count);
  },
});

export const touch = command({
  syntax: 'TOUCH key [key ...]',
  summary: 'Counts a use of each of the keys and tells how many exist.',
  since: '3.2.1',
  complexity: 'O(N) where N is the number of keys that will be touched.',
  keys: 'RO',
  flags: ['fast'],
  tips: ['request_policy:multi_shard', 'response_policy:agg_sum'],
  run: countKeys,
});

export const type = command({
  syntax: 'TYPE key',
  summary: 'Tells what type of value a key holds.',
  since: '1.0.0',
  complexity: 'O(1)',
  keys: 'RO',
  flags: ['fast'],
  run({ argv, db, reply }) {
    const entry = db.findUnused(argv, 1);
    reply.simple(entry === 0 ? 'none' : typeName(db.zone.type(entry)));
  },
});

// ── Names ───────────────────────────────────────────────────────────────────────────────────────

/** Answers whether the key got its new name. */
function renameKey({ argv, db }: Call, onlyIfFree: boolean): boolean {
  const entry = db.findForWrite(argv, 1);
  if (entry === 0) throw errors.noSuchKey;
  if (argv.sameAs(1, 2)) return !onlyIfFree;
  if (db.peek(argv, 2) !== 0) {
    if (onlyIfFree) return false;
  }
  // Looking for the new name may have removed what had it, and with a session its index.
  const source = db.peek(argv, 1);
  if (source === 0) throw errors.noSuchKey;
  db.rename(source, argv, 2);
  db.tell(argv, 1, events.rename_from);
  db.tell(argv, 2, events.rename_to);
  return true;
}

const LONGER_NAME =
  'In a full zone that evicts nothing it can answer OOM: a longer name takes more of the zone.';

export const rename = command({
  syntax: 'RENAME key newkey',
  summary: 'Gives a key another name, in place of what had that name.',
  since: '1.0.0',
  complexity: 'O(1)',
  keys: ['RW access delete', 'OW update'],
  differs: LONGER_NAME,
  run(call) {
    renameKey(call, false);
    call.reply.ok();
  },
});

export const renamenx = command({
  syntax: 'RENAMENX key newkey',
  summary: 'Gives a key another name when no key has it.',
  since: '1.0.0',
  complexity: 'O(1)',
  keys: ['RW access delete', 'OW insert'],
  flags: ['fast'],
  history: [
    [
      '3.2.0',
      'The command no longer returns an error when source and destination names are the same.',
    ],
  ],
  differs: LONGER_NAME,
  run(call) {
    call.reply.integer(renameKey(call, true) ? 1 : 0);
  },
});

/** The database whose number is argument `index`. */
function databaseAt({ args, keyspace }: Call, index: number): Database {
  const database = keyspace.databases[args.int32At(index)];
  if (database === undefined) throw errors.dbIndexOutOfRange;
  return database;
}

export const move = command({
  syntax: 'MOVE key db',
  summary: 'Moves a key to another database.',
  since: '1.0.0',
  complexity: 'O(1)',
  keys: 'RW access update',
  flags: ['fast'],
  differs: 'To the database of another zone it can answer OOM: the key takes its room there.',
  run(call) {
    const { argv, db, reply } = call;
    const target = databaseAt(call, 2);
    if (target === db) throw errors.sameObject;
    if (db.findForWrite(argv, 1) === 0) return reply.integer(0);
    if (target.peek(argv, 1) !== 0) return reply.integer(0);
    const source = db.peek(argv, 1);
    if (source === 0) return reply.integer(0);
    db.moveTo(source, target, argv, 1);
    db.tell(argv, 1, events.move_from);
    target.tell(argv, 1, events.move_to);
    reply.integer(1);
  },
});

export const copy = command({
  syntax: 'COPY source destination [DB destination-db] [REPLACE]',
  summary: 'Copies what a key holds to another key.',
  since: '6.2.0',
  complexity:
    'O(N) worst case for collections, where N is the number of nested items. O(1) for string values.',
  keys: ['RO access', 'OW update'],
  flags: ['denyoom'],
  run(call) {
    const { argv, db, reply } = call;
    let target = db;
    let replace = false;
    for (let i = 3; i < argv.count; i++) {
      if (argv.is(i, 'REPLACE')) replace = true;
      else if (argv.is(i, 'DB') && i + 1 < argv.count) target = databaseAt(call, ++i);
      else throw errors.syntax;
    }
    if (target === db && argv.sameAs(1, 2)) throw errors.sameObject;
    if (db.find(argv, 1) === 0) return reply.integer(0);
    if (target.peek(argv, 2) !== 0 && !replace) return reply.integer(0);
    const source = db.peek(argv, 1);
    if (source === 0) return reply.integer(0);
    db.copyTo(source, target, argv, 2);
    target.tell(argv, 2, events.copy_to);
    reply.integer(1);
  },
});

// ── Expiry ──────────────────────────────────────────────────────────────────────────────────────

/** What EXPIRE and its relatives have in common. */
const expiring = {
  complexity: 'O(1)',
  keys: 'RW update',
  flags: ['fast'],
  arguments: { condition: { since: '7.0.0' } },
  history: [['7.0.0', 'Added options: `NX`, `XX`, `GT` and `LT`.']],
  differs:
    'In a full zone that evicts nothing it can answer OOM: the first deadline of a key takes 12 ' +
    'bytes in front of it.',
} as const;

function expireGeneric(call: Call, unitMs: number, isRelative: boolean, name: string): void {
  const { argv, db, reply } = call;
  let nx = false;
  let xx = false;
  let gt = false;
  let lt = false;
  for (let i = 3; i < argv.count; i++) {
    if (argv.is(i, 'NX')) nx = true;
    else if (argv.is(i, 'XX')) xx = true;
    else if (argv.is(i, 'GT')) gt = true;
    else if (argv.is(i, 'LT')) lt = true;
    else throw errors.unsupportedOption(argv.text(i));
  }
  if (nx && (xx || gt || lt)) throw errors.expireNxWithOthers;
  if (gt && lt) throw errors.expireGtWithLt;

  const deadline = call.args.deadlineAt(2, unitMs, isRelative ? db.zone.now : 0, name);
  const entry = db.findForWrite(argv, 1);
  if (entry === 0) return reply.integer(0);
  const exact = call.args.exactDeadline;
  const old = db.zone.deadline(entry);
  let difference = deadline - old;
  // Beyond 2^53 numbers don't tell one deadline from the next.
  if (old >= Number.MAX_SAFE_INTEGER) {
    difference = Number((exact ?? BigInt(deadline)) - db.zone.deadlines.exactOf(entry));
  }
  const isRefused =
    (nx && old >= 0) ||
    (xx && old < 0) ||
    (gt && (old < 0 || difference <= 0)) ||
    (lt && old >= 0 && difference >= 0);
  if (isRefused) return reply.integer(0);
  const { effects, config } = call.instance;
  if (deadline <= db.zone.dueBy) {
    db.remove(entry);
    db.tell(argv, 1, events.del);
    if (effects.isOn) effects.instead(argv, removal(config.values.lazyfreeLazyExpire), 1);
  } else {
    db.setDeadline(entry, deadline, exact);
    db.tell(argv, 1, events.expire);
    if (effects.isOn && (isRelative || unitMs > 1)) {
      const conditions = Array.from({ length: argv.count - 3 }, (_, i) => i + 3);
      effects.instead(argv, 'PEXPIREAT', 1, String(exact ?? deadline), ...conditions);
    }
  }
  reply.integer(1);
}

export const expire = command({
  syntax: 'EXPIRE key seconds [NX | XX | GT | LT]',
  summary: 'Lets a key expire after some seconds.',
  since: '1.0.0',
  ...expiring,
  run: (call) => expireGeneric(call, 1000, true, 'expire'),
});

export const pexpire = command({
  syntax: 'PEXPIRE key milliseconds [NX | XX | GT | LT]',
  summary: 'Lets a key expire after some milliseconds.',
  since: '2.6.0',
  ...expiring,
  run: (call) => expireGeneric(call, 1, true, 'pexpire'),
});

export const expireat = command({
  syntax: 'EXPIREAT key unix-time-seconds [NX | XX | GT | LT]',
  summary: 'Lets a key expire at a time given in seconds.',
  since: '1.2.0',
  ...expiring,
  run: (call) => expireGeneric(call, 1000, false, 'expireat'),
});

export const pexpireat = command({
  syntax: 'PEXPIREAT key unix-time-milliseconds [NX | XX | GT | LT]',
  summary: 'Lets a key expire at a time given in milliseconds.',
  since: '2.6.0',
  ...expiring,
  run: (call) => expireGeneric(call, 1, false, 'pexpireat'),
});

export const persist = command({
  syntax: 'PERSIST key',
  summary: 'Takes the expiry of a key away.',
  since: '2.2.0',
  complexity: 'O(1)',
  keys: 'RW update',
  flags: ['fast'],
  run({ argv, db, reply }) {
    const entry = db.findForWrite(argv, 1);
    if (entry === 0 || !db.zone.isVolatile(entry)) return reply.integer(0);
    db.clearDeadline(entry);
    db.tell(argv, 1, events.persist);
    reply.integer(1);
  },
});

/** What TTL and PTTL have in common. */
const remainder = {
  complexity: 'O(1)',
  keys: 'RO access',
  flags: ['fast'],
  tips: ['nondeterministic_output'],
  history: [['2.8.0', 'Added the -2 reply.']],
} as const;

/** -2 tells "no such key" from -1, "no expiry": clients branch on it. */
function remaining({ argv, db, reply }: Call, inSeconds: boolean, isAbsolute: boolean): void {
  const entry = db.findUnused(argv, 1);
  if (entry === 0) return reply.integer(-2);
  const deadline = db.zone.deadline(entry);
  if (deadline < 0) return reply.integer(-1);
  if (deadline > Number.MAX_SAFE_INTEGER) {
    const exact = db.zone.deadlines.exactOf(entry);
    const time = isAbsolute ? exact : exact - BigInt(db.zone.now);
    return reply.integer64(inSeconds ? (time + 500n) / 1000n : time);
  }
  const time = isAbsolute ? deadline : Math.max(0, deadline - db.zone.now);
  reply.integer(inSeconds ? Math.floor((time + 500) / 1000) : time);
}

export const ttl = command({
  syntax: 'TTL key',
  summary: 'Tells how many seconds a key has left.',
  since: '1.0.0',
  ...remainder,
  run: (call) => remaining(call, true, false),
});

export const pttl = command({
  syntax: 'PTTL key',
  summary: 'Tells how many milliseconds a key has left.',
  since: '2.6.0',
  ...remainder,
  run: (call) => remaining(call, false, false),
});

export const expiretime = command({
  syntax: 'EXPIRETIME key',
  summary: 'Tells when a key expires, in Unix seconds.',
  since: '7.0.0',
  complexity: 'O(1)',
  keys: 'RO access',
  flags: ['fast'],
  run: (call) => remaining(call, true, true),
});

export const pexpiretime = command({
  syntax: 'PEXPIRETIME key',
  summary: 'Tells when a key expires, in Unix milliseconds.',
  since: '7.0.0',
  complexity: 'O(1)',
  keys: 'RO access',
  flags: ['fast'],
  run: (call) => remaining(call, false, true),
});

// ── Iteration ───────────────────────────────────────────────────────────────────────────────────

/** Writes the key of an entry as a bulk. */
function replyKey({ db, reply }: Call, entry: number): void {
  const at = db.zone.keyAt(entry);
  if (at >= 0) reply.bulk(db.zone.arena.u8, at, at + db.zone.keySize(entry));
  else reply.bulk(db.zone.key(entry));
}

const options = new ScanOptions();

function keyMatches(db: Database, entry: number): boolean {
  const at = db.zone.keyAt(entry);
  if (at >= 0) return options.matches(db.zone.arena.u8, at, at + db.zone.keySize(entry));
  const key = db.zone.key(entry);
  return options.matches(key, 0, key.length);
}

export const keys = command({
  syntax: 'KEYS pattern',
  summary: 'Lists the keys that match a pattern.',
  since: '1.0.0',
  complexity:
    'O(N) with N being the number of keys in the database, under the assumption that the key ' +
    'names in the database and the given pattern have limited length.',
  flags: ['readonly'],
  categories: ['dangerous'],
  tips: ['request_policy:all_shards', 'nondeterministic_output_order'],
  run(call) {
    const { argv, db, reply } = call;
    options.match(argv, 1);
    const token = reply.deferArray();
    let count = 0;
    db.each((entry) => {
      if (!keyMatches(db, entry)) return;
      replyKey(call, entry);
      count++;
    });
    reply.endDefer(token, count);
  },
});

export const scan = command({
  syntax: 'SCAN cursor [MATCH pattern] [COUNT count] [TYPE type]',
  summary: 'Lists keys a few at a time.',
  since: '2.8.0',
  complexity:
    'O(1) for every call. O(N) for a complete iteration, including enough command calls for the ' +
    'cursor to return back to 0. N is the number of elements inside the collection.',
  flags: ['readonly'],
  tips: ['nondeterministic_output', 'request_policy:special', 'response_policy:special'],
  arguments: { TYPE: { since: '6.0.0' } },
  history: [['6.0.0', 'Added the `TYPE` subcommand.']],
  run(call) {
    const { db, reply } = call;
    const { zone } = db;
    const cursor = cursorAt(call, 1);
    const { count, type: wantedType } = options.read(call, 2, true);

    // Keys are collected first: the cursor comes before them in the reply.
    const found: number[] = [];
    let hasExpired = false;
    const next = db.scan(cursor, count, (entry) => {
      if (!keyMatches(db, entry)) return;
      if (zone.isExpired(entry)) hasExpired = true;
      else if (wantedType === undefined || zone.type(entry) === wantedType) found.push(entry);
    });
    reply.array(2);
    reply.bulkText(String(next));
    reply.array(found.length);
    for (const entry of found) replyKey(call, entry);
    // Last, as an index goes with its sessions: it may be among those found.
    if (hasExpired) db.removeExpired(cursor, next, (entry) => keyMatches(db, entry));
  },
});

export const randomkey = command({
  syntax: 'RANDOMKEY',
  summary: 'Names a key, each with the same chance.',
  since: '1.0.0',
  complexity: 'O(1)',
  flags: ['readonly'],
  tips: ['request_policy:all_shards', 'response_policy:special', 'nondeterministic_output'],
  run(call) {
    const entry = call.db.random();
    if (entry === 0) call.reply.null();
    else replyKey(call, entry);
  },
});

// ── OBJECT ──────────────────────────────────────────────────────────────────────────────────────

export const object = container({
  name: 'OBJECT',
  summary: 'A container for object introspection commands.',
  since: '2.2.3',
  helpSince: '6.2.0',
  help: [
    'ENCODING <key>',
    '    Return the kind of internal representation used in order to store the value',
    '    associated with a <key>.',
    'FREQ <key>',
    '    Return the access frequency index of the <key>. The returned integer is',
    '    proportional to the logarithm of the recent access frequency of the key.',
    'IDLETIME <key>',
    '    Return the idle time of the <key>, that is the approximated number of',
    '    seconds elapsed since the last access to the key.',
    'REFCOUNT <key>',
    '    Return the number of references of the value associated with the specified',
    '    <key>.',
  ],
});

export const objectEncoding = command({
  syntax: 'OBJECT ENCODING key',
  summary: 'Tells how the value of a key is kept.',
  since: '2.2.3',
  complexity: 'O(1)',
  keys: 'RO',
  tips: ['nondeterministic_output'],
  run({ argv, db, reply }) {
    const entry = db.peek(argv, 2);
    if (entry === 0) reply.null();
    else reply.bulkText(encodingName(db.zone, entry));
  },
});

export const objectRefcount = command({
  syntax: 'OBJECT REFCOUNT key',
  summary: 'Tells how many references Redis would count for a value.',
  since: '2.2.3',
  complexity: 'O(1)',
  keys: 'RO',
  tips: ['nondeterministic_output'],
  run({ argv, db, reply }) {
    const entry = db.peek(argv, 2);
    if (entry === 0) reply.null();
    else reply.integer(referenceCount(db.zone, entry));
  },
});

export const objectIdletime = command({
  syntax: 'OBJECT IDLETIME key',
  summary: 'Tells how many seconds ago a key was used last.',
  since: '2.2.3',
  complexity: 'O(1)',
  keys: 'RO',
  tips: ['nondeterministic_output'],
  run({ argv, db, reply }) {
    const entry = db.peek(argv, 2);
    if (entry === 0) return reply.null();
    if (db.zone.recency.keepsFrequency) throw errors.idleTimeNotTracked;
    reply.integer(Math.floor(db.zone.recency.idleMs(entry) / 1000));
  },
});

export const objectFreq = command({
  syntax: 'OBJECT FREQ key',
  summary: 'Tells the logarithmic use counter of a key.',
  since: '4.0.0',
  complexity: 'O(1)',
  keys: 'RO',
  tips: ['nondeterministic_output'],
  differs:
    'The counter falls by evictions as well as by the minute: what nobody asks for any more goes ' +
    'though it was asked for often.',
  run({ argv, db, reply }) {
    const entry = db.peek(argv, 2);
    if (entry === 0) return reply.null();
    if (!db.zone.recency.keepsFrequency) throw errors.frequencyNotTracked;
    reply.integer(db.zone.recency.frequencyOf(entry));
  },
});
