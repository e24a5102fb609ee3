/** Strings: bytes, counters and pieces of both. */

import type { Call } from '../src/dispatch/call.ts';
import { family } from '../src/dispatch/command.ts';
import { keyAt } from '../src/dispatch/keys.ts';
import { removal } from '../src/instance/effects.ts';
import { KEEP_DEADLINE, NO_DEADLINE } from '../src/keyspace/database.ts';
import { events } from '../src/keyspace/events.ts';
import { reserveStrings } from '../src/keyspace/reservation.ts';
import type { Argv } from '../src/resp/argv.ts';
import { errors } from '../src/resp/errors.ts';
import { copyBytes } from '../src/std/bytes.ts';
import { addLongDoubles, formatLongDouble, parseLongDouble } from '../src/std/double.ts';
import {
  addInt64,
  INT64_MIN,
  parseInt64,
  parseSafeInteger,
  writeInt64,
  writeInteger,
} from '../src/std/int64.ts';
import { longestCommonSubsequence } from '../src/value/lcs.ts';
import { FROM_EDIT, FROM_FLOAT, INTEGER_SIZE_MAX, writeString } from '../src/value/string.ts';
import { TYPE_STRING } from '../src/value/type.ts';

const { command } = family('string');

// ── SET and GET, with what they share ───────────────────────────────────────────────────────────

const NX = 1 << 0;
const XX = 1 << 1;
const GET = 1 << 2;
const KEEPTTL = 1 << 3;
const PERSIST = 1 << 4;
const EX = 1 << 5;
const PX = 1 << 6;
const EXAT = 1 << 7;
const PXAT = 1 << 8;
const TIME_OPTION = EX | PX | EXAT | PXAT;

/** Index of the time of the options parsed last. */
let timeIndex = 0;

/** Reads the options of SET and GETEX from `first` on: which exclude each other is Redis's. */
function parseOptions(argv: Argv, first: number, isSet: boolean): number {
  let options = 0;
  timeIndex = 0;
  for (let i = first; i < argv.count; i++) {
    const isLast = i === argv.count - 1;
    if (isSet && argv.is(i, 'NX') && (options & XX) === 0) options |= NX;
    else if (isSet && argv.is(i, 'XX') && (options & NX) === 0) options |= XX;
    else if (isSet && argv.is(i, 'GET')) options |= GET;
    else if (isSet && argv.is(i, 'KEEPTTL') && (options & TIME_OPTION) === 0) options |= KEEPTTL;
    else if (!isSet && argv.is(i, 'PERSIST') && (options & TIME_OPTION) === 0) options |= PERSIST;
    else {
      const option = isLast ? 0 : timeOption(argv, i);
      const others = KEEPTTL | PERSIST | (TIME_OPTION & ~option);
      if (option === 0 || (options & others) !== 0) throw errors.syntax;
      options |= option;
      timeIndex = ++i;
    }
  }
  return options;
}

function timeOption(argv: Argv, index: number): number {
  if (argv.is(index, 'EX')) return EX;
  if (argv.is(index, 'PX')) return PX;
  if (argv.is(index, 'EXAT')) return EXAT;
  if (argv.is(index, 'PXAT')) return PXAT;
  return 0;
}

/** The deadline an argument gives, in Unix milliseconds. */
function deadlineFrom({ args, db }: Call, index: number, options: number, name: string): number {
  const unitMs = (options & (EX | EXAT)) !== 0 ? 1000 : 1;
  const base = (options & (EX | PX)) !== 0 ? db.zone.now : 0;
  return args.positiveDeadlineAt(index, unitMs, base, name);
}

/**
 * Stores the value of argument `valueIndex` as the options say. Answers whether it did. With GET the
 * old value is replied first, and taken back with the whole reply when the write is refused.
 */
function setGeneric(
  call: Call,
  valueIndex: number,
  options: number,
  deadlineIndex: number,
  name: string,
): boolean {
  const { argv, db, reply } = call;
  let deadline = (options & KEEPTTL) !== 0 ? KEEP_DEADLINE : NO_DEADLINE;
  let exact: bigint | undefined;
  if (deadlineIndex !== 0) {
    deadline = deadlineFrom(call, deadlineIndex, options, name);
    exact = call.args.exactDeadline;
  }
  if ((options & GET) !== 0) {
    const old = db.findString(argv, 1);
    if (old === 0) reply.null();
    else writeString(db.zone, old, reply);
  }
  const entry = db.findForWrite(argv, 1);
  if (((options & NX) !== 0 && entry !== 0) || ((options & XX) !== 0 && entry === 0)) return false;
  const start = argv.starts[valueIndex];
  db.setString(argv, 1, entry, argv.bytes, start, argv.ends[valueIndex], deadline, exact);
  db.tell(argv, 1, events.set);
  if (deadline >= 0) db.tell(argv, 1, events.expire);
  if (call.instance.effects.isOn) tellSet(call, valueIndex, options, deadline);
  return true;
}

/** The same SET whenever it is done again: it says when the key expires, and reads nothing. */
function tellSet(call: Call, valueIndex: number, options: number, deadline: number): void {
  const { argv, args, instance } = call;
  const { effects } = instance;
  if (deadline >= 0 && (options & PXAT) === 0) {
    const until = String(args.exactDeadline ?? deadline);
    effects.instead(argv, 'SET', 1, valueIndex, 'PXAT', until);
  } else if (deadline < 0 && (options & GET) !== 0) {
    const others = Array.from({ length: argv.count - 3 }, (_, i) => i + 3);
    effects.instead(argv, 'SET', 1, 2, ...others.filter((i) => !argv.is(i, 'GET')));
  }
}

const READ_TOO = ['RW', 'access', 'update'] as const;
const WRITTEN = ['OW', 'update'] as const;

/** Whether a SET at argument `first` reads what it replaces. */
function hasGet(argv: Argv, first: number): boolean {
  for (let i = first + 3; i < argv.count; i++) if (argv.is(i, 'GET')) return true;
  return false;
}

export const set = command({
  syntax:
    'SET key value [NX | XX] [GET] [EX seconds | PX milliseconds | EXAT unix-time-seconds | ' +
    'PXAT unix-time-milliseconds | KEEPTTL]',
  summary: 'Stores a string under a key, whatever the key held, and sets or clears its expiry.',
  since: '1.0.0',
  complexity: 'O(1)',
  keys: {
    use: 'RW access update variable_flags',
    notes: 'RW and ACCESS due to the optional `GET` argument',
  },
  findKeys: (argv, first) => [keyAt(argv, first + 1, hasGet(argv, first) ? READ_TOO : WRITTEN)],
  flags: ['denyoom'],
  arguments: {
    condition: { since: '2.6.12' },
    GET: { since: '6.2.0' },
    EX: { since: '2.6.12' },
    PX: { since: '2.6.12' },
    EXAT: { since: '6.2.0' },
    PXAT: { since: '6.2.0' },
    KEEPTTL: { since: '6.0.0' },
  },
  history: [
    ['2.6.12', 'Added the `EX`, `PX`, `NX` and `XX` options.'],
    ['6.0.0', 'Added the `KEEPTTL` option.'],
    ['6.2.0', 'Added the `GET`, `EXAT` and `PXAT` option.'],
    ['7.0.0', 'Allowed the `NX` and `GET` options to be used together.'],
  ],
  run(call) {
    const { argv, db, reply } = call;
    if (argv.count === 3) {
      const entry = db.findForWrite(argv, 1);
      db.setString(argv, 1, entry, argv.bytes, argv.starts[2], argv.ends[2], NO_DEADLINE);
      db.tell(argv, 1, events.set);
      reply.ok();
      return;
    }
    const options = parseOptions(argv, 3, true);
    const stored = setGeneric(call, 2, options, timeIndex, 'set');
    if ((options & GET) !== 0) return;
    if (stored) reply.ok();
    else reply.null();
  },
});

export const setnx = command({
  syntax: 'SETNX key value',
  summary: 'Stores a string under a key that does not exist.',
  since: '1.0.0',
  complexity: 'O(1)',
  keys: 'OW insert',
  flags: ['denyoom', 'fast'],
  deprecated: { since: '2.6.12', use: '`SET` with the `NX` argument' },
  run(call) {
    call.reply.integer(setGeneric(call, 2, NX, 0, 'setnx') ? 1 : 0);
  },
});

export const setex = command({
  syntax: 'SETEX key seconds value',
  summary: 'Stores a string with an expiry in seconds.',
  since: '2.0.0',
  complexity: 'O(1)',
  keys: 'OW update',
  flags: ['denyoom'],
  deprecated: { since: '2.6.12', use: '`SET` with the `EX` argument' },
  run(call) {
    setGeneric(call, 3, EX, 2, 'setex');
    call.reply.ok();
  },
});

export const psetex = command({
  syntax: 'PSETEX key milliseconds value',
  summary: 'Stores a string with an expiry in milliseconds.',
  since: '2.6.0',
  complexity: 'O(1)',
  keys: 'OW update',
  flags: ['denyoom'],
  deprecated: { since: '2.6.12', use: '`SET` with the `PX` argument' },
  run(call) {
    setGeneric(call, 3, PX, 2, 'psetex');
    call.reply.ok();
  },
});

export const get = command({
  syntax: 'GET key',
  summary: 'Reads a string.',
  since: '1.0.0',
  complexity: 'O(1)',
  keys: 'RO access',
  flags: ['fast'],
  run({ argv, db, reply }) {
    const entry = db.findString(argv, 1);
    if (entry === 0) reply.null();
    else writeString(db.zone, entry, reply);
  },
});

export const getex = command({
  syntax:
    'GETEX key [EX seconds | PX milliseconds | EXAT unix-time-seconds | ' +
    'PXAT unix-time-milliseconds | PERSIST]',
  summary: 'Reads a string and sets or clears its expiry.',
  since: '6.2.0',
  complexity: 'O(1)',
  keys: { use: 'RW access update', notes: 'RW and UPDATE because it changes the TTL' },
  flags: ['fast'],
  differs:
    'In a full zone that evicts nothing it can answer OOM: the first deadline of a key takes 12 ' +
    'bytes in front of it.',
  run(call) {
    const { argv, db, reply } = call;
    const options = parseOptions(argv, 2, false);
    const time = timeIndex;
    const entry = db.findString(argv, 1);
    if (entry === 0) return reply.null();
    const deadline = time === 0 ? NO_DEADLINE : deadlineFrom(call, time, options, 'getex');
    writeString(db.zone, entry, reply); // Taken back when there is no room for the deadline.
    const { effects, config } = call.instance;
    if ((options & (PXAT | EXAT)) !== 0 && deadline <= db.zone.dueBy) {
      db.remove(entry);
      db.tell(argv, 1, events.del);
      if (effects.isOn) effects.instead(argv, removal(config.values.lazyfreeLazyExpire), 1);
    } else if (time !== 0) {
      db.setDeadline(entry, deadline, call.args.exactDeadline);
      db.tell(argv, 1, events.expire);
      const until = String(call.args.exactDeadline ?? deadline);
      if (effects.isOn) effects.instead(argv, 'PEXPIREAT', 1, until);
    } else if ((options & PERSIST) !== 0 && db.zone.isVolatile(entry)) {
      db.clearDeadline(entry);
      db.tell(argv, 1, events.persist);
      if (effects.isOn) effects.instead(argv, 'PERSIST', 1);
    }
  },
});

export const getdel = command({
  syntax: 'GETDEL key',
  summary: 'Reads a string and deletes the key.',
  since: '6.2.0',
  complexity: 'O(1)',
  keys: 'RW access delete',
  flags: ['fast'],
  run({ argv, db, reply, instance }) {
    const entry = db.findString(argv, 1);
    if (entry === 0) return reply.null();
    writeString(db.zone, entry, reply);
    db.remove(entry);
    db.tell(argv, 1, events.del);
    if (instance.effects.isOn) instance.effects.instead(argv, 'DEL', 1);
  },
});

export const getset = command({
  syntax: 'GETSET key value',
  summary: 'Stores a string and reads the one it replaces.',
  since: '1.0.0',
  complexity: 'O(1)',
  keys: 'RW access update',
  flags: ['denyoom', 'fast'],
  deprecated: { since: '6.2.0', use: '`SET` with the `!GET` argument' },
  run(call) {
    setGeneric(call, 2, GET, 0, 'getset');
  },
});

// ── Several keys ────────────────────────────────────────────────────────────────────────────────

export const mget = command({
  syntax: 'MGET key [key ...]',
  summary: 'Reads the strings of several keys.',
  since: '1.0.0',
  complexity: 'O(N) where N is the number of keys to retrieve.',
  keys: 'RO access',
  flags: ['fast'],
  tips: ['request_policy:multi_shard'],
  run({ argv, db, reply }) {
    reply.array(argv.count - 1);
    for (let i = 1; i < argv.count; i++) {
      const entry = db.find(argv, i);
      if (entry === 0 || db.zone.type(entry) !== TYPE_STRING) reply.null();
      else writeString(db.zone, entry, reply);
    }
  },
});

/** Stores every pair of the request, or none when there is no room for all. */
function setPairs({ argv, db }: Call): void {
  reserveStrings(db, argv, 1);
  for (let i = 1; i < argv.count; i += 2) {
    const entry = db.findForWrite(argv, i);
    db.setString(argv, i, entry, argv.bytes, argv.starts[i + 1], argv.ends[i + 1], NO_DEADLINE);
    db.tell(argv, i, events.set);
  }
}

export const mset = command({
  syntax: 'MSET key value [key value ...]',
  summary: 'Stores strings under several keys at once.',
  since: '1.0.1',
  complexity: 'O(N) where N is the number of keys to set.',
  keys: 'OW update',
  flags: ['denyoom'],
  tips: ['request_policy:multi_shard', 'response_policy:all_succeeded'],
  run(call) {
    if (call.argv.count % 2 === 0) throw errors.wrongArity('mset');
    setPairs(call);
    call.reply.ok();
  },
});

export const msetnx = command({
  syntax: 'MSETNX key value [key value ...]',
  summary: 'Stores strings under several keys when none of them exists.',
  since: '1.0.1',
  complexity: 'O(N) where N is the number of keys to set.',
  keys: 'OW insert',
  flags: ['denyoom'],
  run(call) {
    const { argv, db, reply } = call;
    if (argv.count % 2 === 0) throw errors.wrongArity('msetnx');
    for (let i = 1; i < argv.count; i += 2) {
      if (db.findForWrite(argv, i) !== 0) return reply.integer(0);
    }
    setPairs(call);
    reply.integer(1);
  },
});

// ── Counters ────────────────────────────────────────────────────────────────────────────────────

/** Where a number is printed before it is stored. */
const digits = new Uint8Array(8192);

/** Adds to the integer a key holds. `amount` is safe; sums beyond that go through bigint. */
function addInteger(call: Call, amount: number): void {
  const { argv, db, reply } = call;
  const { content, arena } = db.zone;
  const entry = db.findStringForWrite(argv, 1);
  let value = 0;
  let at = 0;
  let end = 0;
  if (entry !== 0) {
    const size = content.size(entry);
    if (size > INTEGER_SIZE_MAX) throw errors.notInteger;
    at = content.flatAt(entry);
    end = at + size;
    value = parseSafeInteger(arena.u8, at, end);
  }
  const sum = value + amount;
  if (!Number.isSafeInteger(sum)) return addBigInteger(call, entry, BigInt(amount));
  const size = writeInteger(digits, 0, sum);
  if (size === end - at) {
    // Nearly always as many digits as before: they go over the old ones.
    copyBytes(arena.u8, at, digits, 0, size);
    db.rewritten(entry);
  } else {
    db.setString(argv, 1, entry, digits, 0, size, KEEP_DEADLINE);
  }
  db.tell(argv, 1, events.incrby);
  reply.integer(sum);
}

/** The same where a number would not be exact, or what the key holds is no integer. */
function addBigInteger(call: Call, entry: number, amount: bigint): void {
  const { argv, db, reply } = call;
  let value: bigint | undefined = 0n;
  if (entry !== 0) {
    const { content, arena } = db.zone;
    const size = content.size(entry);
    const at = content.flatAt(entry);
    value = size > INTEGER_SIZE_MAX ? undefined : parseInt64(arena.u8, at, at + size);
  }
  if (value === undefined) throw errors.notInteger;
  const sum = addInt64(value, amount);
  if (sum === undefined) throw errors.incrementOverflow;
  const size = writeInt64(digits, 0, sum);
  db.setString(argv, 1, entry, digits, 0, size, KEEP_DEADLINE);
  db.tell(argv, 1, events.incrby);
  reply.integer64(sum);
}

function addArgument(call: Call, isDecrement: boolean): void {
  const { argv, db } = call;
  const start = argv.starts[2];
  const end = argv.ends[2];
  const amount = parseSafeInteger(argv.bytes, start, end);
  if (!Number.isNaN(amount)) return addInteger(call, isDecrement ? 0 - amount : amount);
  const big = parseInt64(argv.bytes, start, end);
  if (big === undefined) throw errors.notInteger;
  if (isDecrement && big === INT64_MIN) throw errors.decrementOverflow;
  addBigInteger(call, db.findStringForWrite(argv, 1), isDecrement ? -big : big);
}

/** What INCR and its relatives have in common. */
const counting = {
  complexity: 'O(1)',
  keys: 'RW access update',
  flags: ['denyoom', 'fast'],
} as const;

export const incr = command({
  syntax: 'INCR key',
  summary: 'Adds one to the integer a key holds; a missing key counts as 0.',
  since: '1.0.0',
  ...counting,
  run(call) {
    addInteger(call, 1);
  },
});

export const decr = command({
  syntax: 'DECR key',
  summary: 'Subtracts one from the integer a key holds; a missing key counts as 0.',
  since: '1.0.0',
  ...counting,
  run(call) {
    addInteger(call, -1);
  },
});

export const incrby = command({
  syntax: 'INCRBY key increment',
  summary: 'Adds to the integer a key holds; a missing key counts as 0.',
  since: '1.0.0',
  ...counting,
  run(call) {
    addArgument(call, false);
  },
});

export const decrby = command({
  syntax: 'DECRBY key decrement',
  summary: 'Subtracts from the integer a key holds; a missing key counts as 0.',
  since: '1.0.0',
  ...counting,
  run(call) {
    addArgument(call, true);
  },
});

export const incrbyfloat = command({
  syntax: 'INCRBYFLOAT key increment',
  summary: 'Adds to the number a key holds; a missing key counts as 0.',
  since: '2.6.0',
  ...counting,
  arguments: { increment: { type: 'double' } },
  run({ argv, db, reply, instance }) {
    const entry = db.findStringForWrite(argv, 1);
    let value = parseLongDouble(ZERO, 0, 1);
    if (entry !== 0) {
      const bytes = db.zone.content.slice(entry, 0, db.zone.content.size(entry));
      value = parseLongDouble(bytes, 0, bytes.length);
    }
    const amount = parseLongDouble(argv.bytes, argv.starts[2], argv.ends[2]);
    if (value === undefined || amount === undefined) throw errors.notFloat;
    const sum = addLongDoubles(value, amount);
    if (sum === undefined) throw errors.nanOrInfinity;
    const text = formatLongDouble(sum);
    for (let i = 0; i < text.length; i++) digits[i] = text.charCodeAt(i);
    const stored = db.setString(argv, 1, entry, digits, 0, text.length, KEEP_DEADLINE);
    db.zone.setEncoding(stored, FROM_FLOAT);
    db.tell(argv, 1, events.incrbyfloat);
    // The sum: another machine might round otherwise.
    if (instance.effects.isOn) instance.effects.instead(argv, 'SET', 1, text, 'KEEPTTL');
    reply.bulk(digits, 0, text.length);
  },
});

const ZERO = Uint8Array.of(0x30);

// ── Pieces ──────────────────────────────────────────────────────────────────────────────────────

/** Refuses a string that would grow beyond proto-max-bulk-len, as Redis's checkStringLength. */
function checkSize(call: Call, size: number): void {
  if (size > call.instance.config.values.protoMaxBulkLen) throw errors.stringTooLong;
}

export const append = command({
  syntax: 'APPEND key value',
  summary: 'Adds bytes to the end of a string; a missing key counts as empty.',
  since: '2.0.0',
  complexity:
    'O(1). The amortized time complexity is O(1) assuming the appended value is small and the ' +
    'already present value is of any size, since the dynamic string library used by Redis will ' +
    'double the free space available on every reallocation.',
  keys: 'RW insert',
  flags: ['denyoom', 'fast'],
  run(call) {
    const { argv, db, reply } = call;
    const { zone } = db;
    const start = argv.starts[2];
    const end = argv.ends[2];
    const entry = db.findStringForWrite(argv, 1);
    if (entry === 0) {
      db.setString(argv, 1, 0, argv.bytes, start, end, NO_DEADLINE);
      db.tell(argv, 1, events.append);
      return reply.integer(end - start);
    }
    const old = zone.content.size(entry);
    const size = old + end - start;
    checkSize(call, size);
    const target = db.resize(entry, size);
    zone.content.write(target, old, argv.bytes, start, end);
    zone.setEncoding(target, FROM_EDIT);
    db.changedKey(argv, 1, events.append);
    reply.integer(size);
  },
});

export const strlen = command({
  syntax: 'STRLEN key',
  summary: 'Tells the size of a string in bytes.',
  since: '2.2.0',
  complexity: 'O(1)',
  keys: 'RO',
  flags: ['fast'],
  run({ argv, db, reply }) {
    const entry = db.findString(argv, 1);
    reply.integer(entry === 0 ? 0 : db.zone.content.size(entry));
  },
});

export const setrange = command({
  syntax: 'SETRANGE key offset value',
  summary: 'Overwrites part of a string from an offset on; gaps are filled with zero bytes.',
  since: '2.2.0',
  complexity:
    'O(1), not counting the time taken to copy the new string in place. Usually, this string is ' +
    'very small so the amortized complexity is O(1). Otherwise, complexity is O(M) with M being ' +
    'the length of the value argument.',
  keys: 'RW update',
  flags: ['denyoom'],
  run(call) {
    const { argv, db, reply, args } = call;
    const { zone } = db;
    const offset = args.integerAt(2);
    if (offset < 0) throw errors.offsetOutOfRange;
    const start = argv.starts[3];
    const end = argv.ends[3];
    const entry = db.findStringForWrite(argv, 1);
    const old = entry === 0 ? 0 : zone.content.size(entry);
    if (start === end) return reply.integer(old);
    checkSize(call, offset + end - start);
    const size = Math.max(old, offset + end - start);
    let target: number;
    if (entry === 0) {
      target = db.put(argv, 1, 0, TYPE_STRING, size);
      zone.content.clear(target, 0, offset);
    } else {
      target = db.resize(entry, size);
    }
    zone.content.write(target, offset, argv.bytes, start, end);
    zone.setEncoding(target, FROM_EDIT);
    db.changedKey(argv, 1, events.setrange);
    reply.integer(size);
  },
});

const EMPTY = new Uint8Array(0);

function getRange({ argv, db, reply, args }: Call): void {
  let start = args.integerAt(2);
  let end = args.integerAt(3);
  const entry = db.findString(argv, 1);
  if (entry === 0) return reply.bulk(EMPTY);
  const size = db.zone.content.size(entry);
  if (start < 0 && end < 0 && start > end) return reply.bulk(EMPTY);
  start = Math.max(0, start < 0 ? size + start : start);
  end = Math.min(Math.max(0, end < 0 ? size + end : end), size - 1);
  if (start > end || size === 0) return reply.bulk(EMPTY);
  writeString(db.zone, entry, reply, start, end + 1);
}

/** GETRANGE, and SUBSTR, as it was called before. */
const ranging = {
  summary: 'Reads part of a string, both ends included; negative offsets count from its end.',
  complexity:
    'O(N) where N is the length of the returned string. The complexity is ultimately determined ' +
    'by the returned length, but because creating a substring from an existing string is very ' +
    'cheap, it can be considered O(1) for small strings.',
  keys: 'RO access',
  run: getRange,
} as const;

export const getrange = command({
  syntax: 'GETRANGE key start end',
  since: '2.4.0',
  ...ranging,
});

export const substr = command({
  syntax: 'SUBSTR key start end',
  since: '1.0.0',
  ...ranging,
  deprecated: { since: '2.0.0', use: '`GETRANGE`' },
});

// ── Comparison ──────────────────────────────────────────────────────────────────────────────────

export const lcs = command({
  syntax: 'LCS key1 key2 [LEN] [IDX] [MINMATCHLEN min-match-len] [WITHMATCHLEN]',
  summary: 'Finds the longest common subsequence of two strings.',
  since: '7.0.0',
  complexity: 'O(N*M) where N and M are the lengths of s1 and s2, respectively',
  keys: 'RO access',
  run(call) {
    const { argv, db, reply, args } = call;
    const bytes = [1, 2].map((i) => {
      const entry = db.find(argv, i);
      if (entry !== 0 && db.zone.type(entry) !== TYPE_STRING) throw errors.lcsNotStrings;
      return entry === 0 ? EMPTY : db.zone.content.slice(entry, 0, db.zone.content.size(entry));
    });
    let wantsLength = false;
    let wantsIndexes = false;
    let withMatchLength = false;
    let minMatchLength = 0;
    for (let i = 3; i < argv.count; i++) {
      if (argv.is(i, 'IDX')) wantsIndexes = true;
      else if (argv.is(i, 'LEN')) wantsLength = true;
      else if (argv.is(i, 'WITHMATCHLEN')) withMatchLength = true;
      else if (argv.is(i, 'MINMATCHLEN') && i + 1 < argv.count) {
        minMatchLength = Math.max(0, args.integerAt(++i));
      } else throw errors.syntax;
    }
    if (wantsLength && wantsIndexes) throw errors.lcsAmbiguous;
    const [a, b] = bytes;
    const tableSize = (a.length + 1) * (b.length + 1) * 4;
    if (tableSize > call.instance.config.values.protoMaxBulkLen) throw errors.lcsTooLarge;

    const found = longestCommonSubsequence(a, b);
    if (wantsIndexes) {
      const matches = found.matches.filter((match) => match.size >= minMatchLength);
      reply.map(2);
      reply.bulkText('matches');
      reply.array(matches.length);
      for (const { startA, startB, size } of matches) {
        reply.array(withMatchLength ? 3 : 2);
        reply.array(2);
        reply.integer(startA);
        reply.integer(startA + size - 1);
        reply.array(2);
        reply.integer(startB);
        reply.integer(startB + size - 1);
        if (withMatchLength) reply.integer(size);
      }
      reply.bulkText('len');
      reply.integer(found.bytes.length);
    } else if (wantsLength) {
      reply.integer(found.bytes.length);
    } else {
      reply.bulk(found.bytes);
    }
  },
});
