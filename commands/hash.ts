/** Hashes: fields set, read, counted with, drawn and scanned. */

import type { Call } from '../src/dispatch/call.ts';
import { family } from '../src/dispatch/command.ts';
import { type Drawable, replyDrawn } from '../src/dispatch/draw.ts';
import { cursorAt, replyNoScan, replyScan, ScanOptions } from '../src/dispatch/scan.ts';
import { events, type KeyEvent } from '../src/keyspace/events.ts';
import { errors } from '../src/resp/errors.ts';
import {
  addLongDoubles,
  formatLongDouble,
  isInfinite,
  parseLongDouble,
} from '../src/std/double.ts';
import {
  addInt64,
  INT64_DIGITS_MAX,
  parseInt64,
  parseSafeInteger,
  writeInt64,
  writeInteger,
} from '../src/std/int64.ts';
import { Hash, NOT_SET } from '../src/value/hash.ts';
import { TYPE_HASH } from '../src/value/type.ts';

const { command } = family('hash');

/** The lens of these commands: they run one at a time. */
const hash = new Hash();
const limits = { count: 0, size: 0 };

// ── Setting ─────────────────────────────────────────────────────────────────────────────────────

function readLimits({ config }: Call['instance']): void {
  const { hashMaxListpackEntries, hashMaxListpackValue } = config.values;
  limits.count = hashMaxListpackEntries;
  limits.size = hashMaxListpackValue;
}

/** Begins a plan for the hash of key 1. Answers its entry, or 0 when there is none. */
function beginPlan({ argv, db, instance }: Call): number {
  readLimits(instance);
  const entry = db.findForWrite(argv, 1);
  if (entry !== 0) db.expectType(entry, TYPE_HASH);
  hash.beginPlan(db.zone, entry, limits);
  return entry;
}

/** Makes room for the plan, in the hash of key 1 or in a new one. */
function makeRoom({ argv, db }: Call, entry: number): void {
  if (entry === 0) hash.create(db.zone, db.put(argv, 1, 0, TYPE_HASH, hash.contentSize));
  else if (!hash.makeRoom()) throw errors.outOfMemory;
}

/** Sets the one field the arguments say, if no room has to be made. Answers how many are new. */
function setAtOnce({ argv, db, instance }: Call): number {
  const { bytes, starts, ends } = argv;
  const entry = db.findForWrite(argv, 1);
  if (entry === 0) return NOT_SET;
  db.expectType(entry, TYPE_HASH);
  hash.open(db.zone, entry);
  readLimits(instance);
  const created = hash.setInside(limits, bytes, starts[2], ends[2], bytes, starts[3], ends[3]);
  if (created !== NOT_SET) db.changedKey(argv, 1, events.hset);
  return created;
}

/** Sets the fields that the arguments from 2 on say. Answers how many are new. */
function setFields(call: Call, name: string): number {
  const { argv, db } = call;
  const { bytes, starts, ends, count } = argv;
  if (count % 2 !== 0) throw errors.wrongArity(name);
  if (count === 4) {
    const created = setAtOnce(call);
    if (created !== NOT_SET) return created;
  }
  const entry = beginPlan(call);
  for (let i = 2; i < count; i += 2) {
    hash.plan(bytes, starts[i], ends[i], bytes, starts[i + 1], ends[i + 1]);
  }
  makeRoom(call, entry);
  let created = 0;
  for (let i = 2; i < count; i += 2) {
    if (hash.set(bytes, starts[i], ends[i], bytes, starts[i + 1], ends[i + 1])) created++;
  }
  hash.settle();
  db.changedKey(argv, 1, events.hset, (count - 2) / 2);
  return created;
}

export const hset = command({
  syntax: 'HSET key field value [field value ...]',
  summary: 'Sets fields of a hash, or makes a hash of them.',
  since: '2.0.0',
  complexity:
    'O(1) for each field/value pair added, so O(N) to add N field/value pairs when the command ' +
    'is called with multiple field/value pairs.',
  keys: 'RW update',
  flags: ['denyoom', 'fast'],
  history: [['4.0.0', 'Accepts multiple `field` and `value` arguments.']],
  run(call) {
    call.reply.integer(setFields(call, 'hset'));
  },
});

export const hmset = command({
  syntax: 'HMSET key field value [field value ...]',
  summary: 'Sets fields of a hash, or makes a hash of them.',
  since: '2.0.0',
  complexity: 'O(N) where N is the number of fields being set.',
  keys: 'RW update',
  flags: ['denyoom', 'fast'],
  deprecated: { since: '4.0.0', use: '`HSET` with multiple field-value pairs' },
  run(call) {
    setFields(call, 'hmset');
    call.reply.ok();
  },
});

/** Gives field 2 of the hash the value bytes[start, end). The plan has begun. */
function setField(
  call: Call,
  entry: number,
  event: KeyEvent,
  bytes: Uint8Array,
  start: number,
  end: number,
): void {
  const { argv, db } = call;
  const fieldStart = argv.starts[2];
  const fieldEnd = argv.ends[2];
  hash.plan(argv.bytes, fieldStart, fieldEnd, bytes, start, end);
  makeRoom(call, entry);
  hash.set(argv.bytes, fieldStart, fieldEnd, bytes, start, end);
  hash.settle();
  db.changedKey(argv, 1, event);
}

/** Goes to the field that argument `index` names. Answers false when there is none. */
function findField({ argv }: Call, index: number): boolean {
  return hash.find(argv.bytes, argv.starts[index], argv.ends[index]);
}

export const hsetnx = command({
  syntax: 'HSETNX key field value',
  summary: 'Sets a field of a hash that does not have it.',
  since: '2.0.0',
  complexity: 'O(1)',
  keys: 'RW insert',
  flags: ['denyoom', 'fast'],
  run(call) {
    const { argv, reply } = call;
    const entry = beginPlan(call);
    const isThere = entry !== 0 && findField(call, 2);
    if (!isThere) setField(call, entry, events.hset, argv.bytes, argv.starts[3], argv.ends[3]);
    reply.integer(isThere ? 0 : 1);
  },
});

// ── Counters ────────────────────────────────────────────────────────────────────────────────────

/** Where a number is printed before it is stored: Redis's MAX_LONG_DOUBLE_CHARS and more. */
const digits = new Uint8Array(8192);
const ZERO = Uint8Array.of(0x30);

/** What HINCRBY and HINCRBYFLOAT have in common. */
const counting = {
  complexity: 'O(1)',
  keys: 'RW access update',
  flags: ['denyoom', 'fast'],
} as const;

/** Makes the value of field 2 readable: '0' when there is none. */
function readNumber(call: Call, entry: number): void {
  if (entry !== 0 && findField(call, 2)) {
    hash.readValue();
    return;
  }
  hash.textBytes = ZERO;
  hash.textStart = 0;
  hash.textEnd = 1;
}

/** The same as HINCRBY where a number would not be exact, or what is there is no integer. */
function addBigInteger(call: Call, entry: number, amount: bigint): void {
  const { textBytes, textStart, textEnd } = hash;
  const isTooLong = textEnd - textStart > INT64_DIGITS_MAX;
  const value = isTooLong ? undefined : parseInt64(textBytes, textStart, textEnd);
  if (value === undefined) throw errors.hashNotInteger;
  const sum = addInt64(value, amount);
  if (sum === undefined) throw errors.incrementOverflow;
  setField(call, entry, events.hincrby, digits, 0, writeInt64(digits, 0, sum));
  call.reply.integer64(sum);
}

export const hincrby = command({
  syntax: 'HINCRBY key field increment',
  summary: 'Adds to the integer a field holds; a missing field counts as 0.',
  since: '2.0.0',
  ...counting,
  run(call) {
    const { args, reply } = call;
    const amount = args.integerAt(3);
    const entry = beginPlan(call);
    readNumber(call, entry);
    const sum = parseSafeInteger(hash.textBytes, hash.textStart, hash.textEnd) + amount;
    if (!Number.isSafeInteger(amount) || !Number.isSafeInteger(sum)) {
      addBigInteger(call, entry, args.int64At(3));
      return;
    }
    setField(call, entry, events.hincrby, digits, 0, writeInteger(digits, 0, sum));
    reply.integer(sum);
  },
});

export const hincrbyfloat = command({
  syntax: 'HINCRBYFLOAT key field increment',
  summary: 'Adds to the number a field holds; a missing field counts as 0.',
  since: '2.6.0',
  ...counting,
  arguments: { increment: { type: 'double' } },
  run(call) {
    const { argv, reply } = call;
    const amount = parseLongDouble(argv.bytes, argv.starts[3], argv.ends[3]);
    if (amount === undefined) throw errors.notFloat;
    if (isInfinite(amount)) throw errors.isNanOrInfinity;
    const entry = beginPlan(call);
    readNumber(call, entry);
    const value = parseLongDouble(hash.textBytes, hash.textStart, hash.textEnd);
    if (value === undefined) throw errors.hashNotFloat;
    const sum = addLongDoubles(value, amount);
    if (sum === undefined) throw errors.nanOrInfinity;
    const text = formatLongDouble(sum);
    for (let i = 0; i < text.length; i++) digits[i] = text.charCodeAt(i);
    setField(call, entry, events.hincrbyfloat, digits, 0, text.length);
    // The sum: another machine might round otherwise.
    const { effects } = call.instance;
    if (effects.isOn) effects.instead(argv, 'HSET', 1, 2, text);
    reply.bulk(digits, 0, text.length);
  },
});

// ── Removing ────────────────────────────────────────────────────────────────────────────────────

export const hdel = command({
  syntax: 'HDEL key field [field ...]',
  summary: 'Removes fields from a hash, and the hash with the last of them.',
  since: '2.0.0',
  complexity: 'O(N) where N is the number of fields to be removed.',
  keys: 'RW delete',
  flags: ['fast'],
  history: [['2.4.0', 'Accepts multiple `field` arguments.']],
  run({ argv, db, reply }) {
    const entry = db.findForWrite(argv, 1);
    if (entry === 0) {
      reply.integer(0);
      return;
    }
    db.expectType(entry, TYPE_HASH);
    hash.open(db.zone, entry);
    let removed = 0;
    for (let i = 2; i < argv.count && hash.count > 0; i++) {
      if (hash.remove(argv.bytes, argv.starts[i], argv.ends[i])) removed++;
    }
    if (removed > 0) {
      db.changedKey(argv, 1, events.hdel, removed);
      if (hash.count === 0) db.removeEmpty(argv, 1, entry);
      else hash.settle();
    }
    reply.integer(removed);
  },
});

// ── Reading ─────────────────────────────────────────────────────────────────────────────────────

/** Points at the hash of key 1. Answers false when there is none. */
function openForRead({ argv, db }: Call): boolean {
  const entry = db.find(argv, 1);
  if (entry === 0) return false;
  db.expectType(entry, TYPE_HASH);
  hash.open(db.zone, entry);
  return true;
}

export const hget = command({
  syntax: 'HGET key field',
  summary: 'Reads the value of a field.',
  since: '2.0.0',
  complexity: 'O(1)',
  keys: 'RO access',
  flags: ['fast'],
  run(call) {
    if (openForRead(call) && findField(call, 2)) hash.writeValue(call.reply);
    else call.reply.null();
  },
});

export const hmget = command({
  syntax: 'HMGET key field [field ...]',
  summary: 'Reads the values of several fields.',
  since: '2.0.0',
  complexity: 'O(N) where N is the number of fields being requested.',
  keys: 'RO access',
  flags: ['fast'],
  run(call) {
    const { argv, reply } = call;
    const isThere = openForRead(call);
    reply.array(argv.count - 2);
    for (let i = 2; i < argv.count; i++) {
      if (isThere && findField(call, i)) hash.writeValue(reply);
      else reply.null();
    }
  },
});

export const hlen = command({
  syntax: 'HLEN key',
  summary: 'Counts the fields of a hash.',
  since: '2.0.0',
  complexity: 'O(1)',
  keys: 'RO',
  flags: ['fast'],
  run(call) {
    call.reply.integer(openForRead(call) ? hash.count : 0);
  },
});

export const hstrlen = command({
  syntax: 'HSTRLEN key field',
  summary: 'Tells how long the value of a field is.',
  since: '3.2.0',
  complexity: 'O(1)',
  keys: 'RO',
  flags: ['fast'],
  run(call) {
    call.reply.integer(openForRead(call) && findField(call, 2) ? hash.valueSize : 0);
  },
});

export const hexists = command({
  syntax: 'HEXISTS key field',
  summary: 'Tells whether a hash has a field.',
  since: '2.0.0',
  complexity: 'O(1)',
  keys: 'RO',
  flags: ['fast'],
  run(call) {
    call.reply.integer(openForRead(call) && findField(call, 2) ? 1 : 0);
  },
});

/** What HKEYS, HVALS and HGETALL have in common. */
const walking = {
  since: '2.0.0',
  complexity: 'O(N) where N is the size of the hash.',
  keys: 'RO access',
  tips: ['nondeterministic_output_order'],
} as const;

export const hkeys = command({
  syntax: 'HKEYS key',
  summary: 'Lists the fields of a hash.',
  ...walking,
  run(call) {
    const { reply } = call;
    const isThere = openForRead(call);
    reply.array(isThere ? hash.count : 0);
    if (!isThere) return;
    hash.begin();
    while (hash.next()) hash.writeField(reply);
  },
});

export const hvals = command({
  syntax: 'HVALS key',
  summary: 'Lists the values of a hash.',
  ...walking,
  run(call) {
    const { reply } = call;
    const isThere = openForRead(call);
    reply.array(isThere ? hash.count : 0);
    if (!isThere) return;
    hash.begin();
    while (hash.next()) hash.writeValue(reply);
  },
});

export const hgetall = command({
  syntax: 'HGETALL key',
  summary: 'Lists the fields of a hash with their values.',
  ...walking,
  run(call) {
    const { reply } = call;
    const isThere = openForRead(call);
    reply.map(isThere ? hash.count : 0);
    if (!isThere) return;
    hash.writeAll(reply);
  },
});

// ── HRANDFIELD ──────────────────────────────────────────────────────────────────────────────────

const fields: Drawable = {
  open: openForRead,
  get count() {
    return hash.count;
  },
  draw(random) {
    hash.draw(random);
  },
  get mark() {
    return hash.mark;
  },
  begin() {
    hash.begin();
  },
  next: () => hash.next(),
  write(reply) {
    hash.writeField(reply);
  },
  writeMore(reply) {
    hash.writeValue(reply);
  },
};

export const hrandfield = command({
  syntax: 'HRANDFIELD key [count [WITHVALUES]]',
  summary: 'Draws fields of a hash: different ones, or with a negative count any.',
  since: '6.2.0',
  complexity: 'O(N) where N is the number of fields returned',
  keys: 'RO access',
  tips: ['nondeterministic_output'],
  differs: 'Fields that repeat are no more than proto-max-bulk-len bytes of reply.',
  run: (call) => replyDrawn(call, fields, 'WITHVALUES'),
});

// ── HSCAN ───────────────────────────────────────────────────────────────────────────────────────

const options = new ScanOptions();

export const hscan = command({
  syntax: 'HSCAN key cursor [MATCH pattern] [COUNT count]',
  summary: 'Lists fields with their values a few at a time.',
  since: '2.8.0',
  complexity:
    'O(1) for every call. O(N) for a complete iteration, including enough command calls for the ' +
    'cursor to return back to 0. N is the number of elements inside the collection.',
  keys: 'RO access',
  tips: ['nondeterministic_output'],
  run(call) {
    const { reply } = call;
    const cursor = cursorAt(call, 2);
    if (!openForRead(call)) return replyNoScan(call);
    options.read(call, 3);
    replyScan(call, hash, cursor, options, () => {
      hash.readField();
      if (!options.matches(hash.textBytes, hash.textStart, hash.textEnd)) return 0;
      hash.writeField(reply);
      hash.writeValue(reply);
      return 2;
    });
  },
});
