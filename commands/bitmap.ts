/** Bitmaps: the bits of strings, one by one, in ranges, and as fields of numbers. */

import type { Call } from '../src/dispatch/call.ts';
import { family } from '../src/dispatch/command.ts';
import { keyAt } from '../src/dispatch/keys.ts';
import type { Database } from '../src/keyspace/database.ts';
import { events } from '../src/keyspace/events.ts';
import type { Argv } from '../src/resp/argv.ts';
import { errors } from '../src/resp/errors.ts';
import { indexOfByte } from '../src/std/bytes.ts';
import { parseInt64, parseSafeInteger } from '../src/std/int64.ts';
import {
  bounded,
  boundedWide,
  FAIL,
  isExact,
  readField,
  readWideField,
  SAT,
  WRAP,
  writeField,
  writeWideField,
} from '../src/value/bitfield.ts';
import {
  AND,
  bitAt,
  combine,
  countBits,
  findBit,
  NOT,
  OR,
  setBit,
  XOR,
} from '../src/value/bitmap.ts';
import { FROM_EDIT } from '../src/value/string.ts';
import { TYPE_STRING } from '../src/value/type.ts';

const { command } = family('bitmap');

const HASH_SIGN = 0x23;
const SIGNED = 0x69; // i
const UNSIGNED = 0x75; // u
const INT64_BITS = 64;

/**
 * Argument `index` as the number of a bit. With `width`, `#n` is n times that: then it is a product
 * of 64 bits, as in Redis, whatever gets lost above them.
 */
function bitOffsetAt({ argv, instance }: Call, index: number, width = 0): number {
  const { bytes } = argv;
  const end = argv.ends[index];
  let start = argv.starts[index];
  const isScaled = width > 0 && start < end && bytes[start] === HASH_SIGN;
  if (isScaled) start++;
  const factor = isScaled ? width : 1;
  let offset = parseSafeInteger(bytes, start, end) * factor;
  if (!Number.isSafeInteger(offset)) {
    const big = parseInt64(bytes, start, end);
    if (big === undefined) throw errors.bitOffset;
    offset = Number(BigInt.asIntN(INT64_BITS, big * BigInt(factor)));
  }
  const limit = instance.config.values.protoMaxBulkLen;
  if (offset < 0 || Math.floor(offset / 8) >= limit) throw errors.bitOffset;
  return offset;
}

/** Makes a string reach up to bit `last`, a new one if there is none. Answers its entry. */
function reach(db: Database, argv: Argv, existing: number, last: number): number {
  const { zone } = db;
  const size = Math.floor(last / 8) + 1;
  let entry = existing;
  if (existing === 0) {
    entry = db.put(argv, 1, 0, TYPE_STRING, size);
    zone.content.clear(entry, 0, size);
  } else if (zone.content.size(existing) < size) {
    entry = db.resize(existing, size);
  }
  zone.setEncoding(entry, FROM_EDIT);
  return entry;
}

// ── One bit ─────────────────────────────────────────────────────────────────────────────────────

export const setbit = command({
  syntax: 'SETBIT key offset value',
  summary: 'Sets or clears a bit of a string, which grows up to it; tells what it was.',
  since: '2.2.0',
  complexity: 'O(1)',
  keys: 'RW access update',
  flags: ['denyoom'],
  arguments: { value: { type: 'integer' } },
  run(call) {
    const { argv, db, reply } = call;
    const offset = bitOffsetAt(call, 2);
    const bit = parseSafeInteger(argv.bytes, argv.starts[3], argv.ends[3]);
    if (bit !== 0 && bit !== 1) throw errors.bitValue;
    const existing = db.findStringForWrite(argv, 1);
    const oldSize = existing === 0 ? -1 : db.zone.content.size(existing);
    const entry = reach(db, argv, existing, offset);
    const old = setBit(db.zone, entry, offset, bit);
    const hasGrown = db.zone.content.size(entry) !== oldSize;
    if (hasGrown || old !== bit) db.changedKey(argv, 1, events.setbit);
    reply.integer(old);
  },
});

export const getbit = command({
  syntax: 'GETBIT key offset',
  summary: 'Reads a bit of a string; behind its end there are zeroes.',
  since: '2.2.0',
  complexity: 'O(1)',
  keys: 'RO access',
  flags: ['fast'],
  run(call) {
    const { argv, db, reply } = call;
    const offset = bitOffsetAt(call, 2);
    const entry = db.findString(argv, 1);
    reply.integer(entry === 0 ? 0 : bitAt(db.zone, entry, offset));
  },
});

// ── Ranges of bits ──────────────────────────────────────────────────────────────────────────────

/** The range read last, in bits: [from, end). */
let from = 0;
let end = 0;

/** Turns two indexes, both included and negative ones from the end, into a range of bits. */
function setRange(first: number, last: number, size: number, bitsEach: number): void {
  const count = (size * 8) / bitsEach;
  const start = Math.max(0, first < 0 ? count + first : first);
  const stop = Math.min(Math.max(0, last < 0 ? count + last : last), count - 1);
  from = start * bitsEach;
  end = (stop + 1) * bitsEach;
}

/** How many bits an index stands for, as argument `index` says. */
function unitAt(argv: Argv, index: number): number {
  if (argv.is(index, 'BIT')) return 1;
  if (argv.is(index, 'BYTE')) return 8;
  throw errors.syntax;
}

/** Whether both indexes count from the end, the first from farther behind than the last. */
function isReversed({ args }: Call, first: number, last: number): boolean {
  if (first >= 0 || last >= 0 || first < last) return false;
  return first > last || args.int64At(2) > args.int64At(3);
}

/** What BITCOUNT and BITPOS have in common. */
const ranging = {
  complexity: 'O(N)',
  keys: 'RO access',
  arguments: { unit: { since: '7.0.0' } },
  history: [['7.0.0', 'Added the `BYTE|BIT` option.']],
} as const;

export const bitcount = command({
  syntax: 'BITCOUNT key [start end [BYTE | BIT]]',
  summary: 'Counts the bits that are set in a string or in part of it, both ends included.',
  since: '2.6.0',
  ...ranging,
  run(call) {
    const { argv, args, db, reply } = call;
    const entry = db.findString(argv, 1);
    if (entry === 0) return reply.integer(0);
    const size = db.zone.content.size(entry);
    if (argv.count === 2) {
      from = 0;
      end = size * 8;
    } else {
      if (argv.count !== 4 && argv.count !== 5) throw errors.syntax;
      const first = args.integerAt(2);
      const last = args.integerAt(3);
      if (isReversed(call, first, last)) return reply.integer(0);
      setRange(first, last, size, argv.count === 5 ? unitAt(argv, 4) : 8);
    }
    reply.integer(countBits(db.zone, entry, from, end));
  },
});

export const bitpos = command({
  syntax: 'BITPOS key bit [start [end [BYTE | BIT]]]',
  summary: 'Finds the first bit that is set, or clear, in a string or in part of it.',
  since: '2.8.7',
  ...ranging,
  run(call) {
    const { argv, args, db, reply } = call;
    const bit = args.integerAt(2);
    if (bit !== 0 && bit !== 1) throw errors.bitArgument;
    const entry = db.findString(argv, 1);
    if (entry === 0) return reply.integer(bit === 1 ? -1 : 0);
    if (argv.count > 6) throw errors.syntax;
    const size = db.zone.content.size(entry);
    const hasEnd = argv.count > 4;
    const first = argv.count > 3 ? args.integerAt(3) : 0;
    const unit = argv.count === 6 ? unitAt(argv, 5) : 8;
    setRange(first, hasEnd ? args.integerAt(4) : -1, size, unit);
    const found = findBit(db.zone, entry, bit, from, end);
    // Without an end the string goes on with zeroes.
    reply.integer(found < 0 && bit === 0 && !hasEnd && from < end ? end : found);
  },
});

// ── Several strings ─────────────────────────────────────────────────────────────────────────────

function operationOf(argv: Argv): number {
  if (argv.is(1, 'AND')) return AND;
  if (argv.is(1, 'OR')) return OR;
  if (argv.is(1, 'XOR')) return XOR;
  if (argv.is(1, 'NOT')) return NOT;
  throw errors.syntax;
}

/** The entries of the arguments from the fourth on, zeroes for keys that are not there. */
const sources: number[] = [];

/**
 * Finds them and answers the size of the longest, but for `target`. That one is a source only where
 * it has been there before.
 */
function findSources(db: Database, argv: Argv, target = 0, isSource = false): number {
  let longest = 0;
  for (let i = 3; i < argv.count; i++) {
    const entry = db.peek(argv, i);
    const isTarget = entry !== 0 && entry === target;
    sources[i - 3] = isTarget && !isSource ? 0 : entry;
    if (entry !== 0 && !isTarget) longest = Math.max(longest, db.zone.content.size(entry));
  }
  sources.length = argv.count - 3;
  return longest;
}

export const bitop = command({
  syntax: 'BITOP <AND | OR | XOR | NOT> destkey key [key ...]',
  summary: 'Joins strings bit by bit and stores the result under a key.',
  since: '2.6.0',
  complexity: 'O(N)',
  keys: ['OW update', 'RO access'],
  flags: ['denyoom'],
  arguments: { 'and-or-xor-not': { name: 'operation' } },
  run(call) {
    const { argv, db, reply } = call;
    const { zone } = db;
    const operation = operationOf(argv);
    if (operation === NOT && argv.count !== 4) throw errors.bitopNotOne;
    for (let i = 3; i < argv.count; i++) db.findString(argv, i);
    let size = findSources(db, argv);
    const existing = db.findForWrite(argv, 2);
    if (size === 0) {
      if (existing !== 0) {
        db.removeEmpty(argv, 2, existing);
        db.changed();
      }
      return reply.integer(0);
    }
    // A target that is a source, too, keeps its bytes until they have been read.
    const isSource = sources.includes(existing) && existing !== 0;
    const ownSize = isSource ? zone.content.size(existing) : 0;
    let target = isSource
      ? db.resize(existing, size)
      : db.put(argv, 2, existing, TYPE_STRING, size);
    // What had to leave to make room for the result counts as never having been there.
    const left = Math.max(ownSize, findSources(db, argv, target, isSource));
    if (left < size) {
      size = left;
      if (size === 0) {
        db.removeEmpty(argv, 2, target);
        if (existing !== 0) db.changed();
        return reply.integer(0);
      }
      target = db.resize(target, size);
      findSources(db, argv, target, isSource);
    }
    combine(zone, operation, sources, target, size);
    zone.clearDeadline(target);
    zone.setPinned(target, false);
    zone.setEncoding(target, FROM_EDIT);
    db.changedKey(argv, 2, events.set);
    reply.integer(size);
  },
});

// ── Fields ──────────────────────────────────────────────────────────────────────────────────────

const GET = 0;
const SET = 1;
const INCRBY = 2;

/** The operation read last. */
const operation = {
  kind: GET,
  isSigned: false,
  bits: 0,
  offset: 0,
  /** The argument that is set or added, 0 for none; and as a number, not always exact. */
  operandIndex: 0,
  operand: 0,
  overflow: WRAP,
};

/**
 * Reads the operation at argument `index`, or how those behind it deal with overflow (then `bits`
 * is 0). Answers the index behind it.
 */
function readOperation(call: Call, index: number): number {
  const { argv, args } = call;
  const left = argv.count - index - 1;
  operation.bits = 0;
  if (argv.is(index, 'GET') && left >= 2) operation.kind = GET;
  else if (argv.is(index, 'SET') && left >= 3) operation.kind = SET;
  else if (argv.is(index, 'INCRBY') && left >= 3) operation.kind = INCRBY;
  else if (argv.is(index, 'OVERFLOW') && left >= 1) {
    operation.overflow = overflowAt(argv, index + 1);
    return index + 2;
  } else throw errors.syntax;
  readType(argv, index + 1);
  operation.offset = bitOffsetAt(call, index + 2, operation.bits);
  if (operation.kind === GET) return index + 3;
  operation.operandIndex = index + 3;
  operation.operand = args.integerAt(index + 3);
  return index + 4;
}

function overflowAt(argv: Argv, index: number): number {
  if (argv.is(index, 'WRAP')) return WRAP;
  if (argv.is(index, 'SAT')) return SAT;
  if (argv.is(index, 'FAIL')) return FAIL;
  throw errors.overflowType;
}

/** Reads a type: `i` and 1 to 64, `u` and 1 to 63. A NUL ends it. */
function readType({ bytes, starts, ends }: Argv, index: number): void {
  const start = starts[index];
  const nul = indexOfByte(bytes, 0, start, ends[index]);
  const sign = start < ends[index] ? bytes[start] : 0;
  const bits = parseSafeInteger(bytes, start + 1, nul < 0 ? ends[index] : nul);
  operation.isSigned = sign === SIGNED;
  const limit = operation.isSigned ? 64 : 63;
  if ((sign !== SIGNED && sign !== UNSIGNED) || !(bits >= 1 && bits <= limit)) {
    throw errors.bitfieldType;
  }
  operation.bits = bits;
}

function replyField({ db, reply }: Call, entry: number): void {
  const { offset, bits, isSigned } = operation;
  if (entry === 0) reply.integer(0);
  else if (isExact(bits, 0)) reply.integer(readField(db.zone, entry, offset, bits, isSigned));
  else reply.integer64(readWideField(db.zone, entry, offset, bits, isSigned));
}

/** Sets or adds to a field. Answers whether that changed it, or gave it its place in the string. */
function writeOperand({ db, reply, args }: Call, entry: number, isNew: boolean): boolean {
  const { kind, offset, bits, isSigned, operand, operandIndex, overflow } = operation;
  const { zone } = db;
  if (isExact(bits, operand)) {
    const old = readField(zone, entry, offset, bits, isSigned);
    const value =
      kind === SET
        ? bounded(operand, 0, bits, isSigned, overflow)
        : bounded(old, operand, bits, isSigned, overflow);
    if (Number.isNaN(value)) {
      reply.null();
      return false;
    }
    writeField(zone, entry, offset, bits, value);
    reply.integer(kind === SET ? old : value);
    return isNew || value !== old;
  }
  const exact = args.int64At(operandIndex);
  const old = readWideField(zone, entry, offset, bits, isSigned);
  const value =
    kind === SET
      ? boundedWide(exact, 0n, bits, isSigned, overflow)
      : boundedWide(old, exact, bits, isSigned, overflow);
  if (value === undefined) {
    reply.null();
    return false;
  }
  writeWideField(zone, entry, offset, bits, value);
  reply.integer64(kind === SET ? old : value);
  return isNew || value !== old;
}

/**
 * Reads the operations twice: first for what is wrong with them and how far they reach, so that
 * nothing has been written when one is refused, and then to do them.
 */
function runBitfield(call: Call, mayWrite: boolean): void {
  const { argv, db, reply } = call;
  let count = 0;
  let last = -1;
  for (let i = 2; i < argv.count; ) {
    i = readOperation(call, i);
    if (operation.bits === 0) continue;
    count++;
    if (operation.kind !== GET) last = Math.max(last, operation.offset + operation.bits - 1);
  }
  let entry = 0;
  let hasGrown = false;
  if (last < 0) {
    entry = db.findString(argv, 1);
  } else {
    if (!mayWrite) throw errors.bitfieldReadOnly;
    const existing = db.findStringForWrite(argv, 1);
    const oldSize = existing === 0 ? -1 : db.zone.content.size(existing);
    entry = reach(db, argv, existing, last);
    hasGrown = db.zone.content.size(entry) !== oldSize;
  }
  reply.array(count);
  let changes = 0;
  operation.overflow = WRAP;
  for (let i = 2; i < argv.count; ) {
    i = readOperation(call, i);
    if (operation.bits === 0) continue;
    if (operation.kind === GET) replyField(call, entry);
    else if (writeOperand(call, entry, hasGrown)) changes++;
  }
  if (changes > 0) db.changedKey(argv, 1, events.setbit, changes);
}

const READ = ['RO', 'access'] as const;
const READ_AND_WRITTEN = ['RW', 'access', 'update'] as const;

/** Whether every operation of a BITFIELD at argument `first` only reads. */
function onlyReads(argv: Argv, first: number): boolean {
  for (let i = first + 2; i < argv.count; ) {
    const left = argv.count - i - 1;
    if (argv.is(i, 'GET') && left >= 2) i += 3;
    else if (argv.is(i, 'OVERFLOW') && left >= 1) i += 2;
    else return false;
  }
  return true;
}

export const bitfield = command({
  syntax:
    'BITFIELD key [<GET encoding offset | [OVERFLOW <WRAP | SAT | FAIL>] ' +
    '<SET encoding offset value | INCRBY encoding offset increment>> ' +
    '[<GET encoding offset | [OVERFLOW <WRAP | SAT | FAIL>] ' +
    '<SET encoding offset value | INCRBY encoding offset increment>> ...]]',
  summary: 'Reads, sets and adds to numbers of any width anywhere in a string.',
  since: '3.2.0',
  complexity: 'O(1) for each subcommand specified',
  keys: {
    use: 'RW access update variable_flags',
    notes: 'This command allows both access and modification of the key',
  },
  findKeys: (argv, first) => [
    keyAt(argv, first + 1, onlyReads(argv, first) ? READ : READ_AND_WRITTEN),
  ],
  flags: ['denyoom'],
  arguments: {
    'get-overflow-block': { name: 'operation' },
    GET: { name: 'get-block' },
    'overflow-block': { name: 'write' },
    OVERFLOW: { name: 'overflow-block' },
    'set-incrby': { name: 'write-operation' },
    SET: { name: 'set-block' },
    INCRBY: { name: 'incrby-block' },
    value: { type: 'integer' },
  },
  run(call) {
    runBitfield(call, true);
  },
});

export const bitfieldRo = command({
  syntax: 'BITFIELD_RO key [GET encoding offset [GET encoding offset ...]]',
  summary: 'Reads numbers of any width anywhere in a string.',
  since: '6.0.0',
  complexity: 'O(1) for each subcommand specified',
  keys: 'RO access',
  flags: ['fast'],
  arguments: { GET: { name: 'get-block' } },
  run(call) {
    runBitfield(call, false);
  },
});
