/** Streams, as a log: entries added, read by their ids, removed and trimmed. */

import type { Call } from '../../src/dispatch/call.ts';
import { family } from '../../src/dispatch/command.ts';
import { events } from '../../src/keyspace/events.ts';
import { errors } from '../../src/resp/errors.ts';
import type { Part } from '../../src/resp/request-writer.ts';
import { Stream } from '../../src/value/stream.ts';
import { INVALID, SEQ_OPEN, StreamId } from '../../src/value/stream-id.ts';
import { NODE_SIZE_MAX } from '../../src/value/stream-node.ts';
import { TYPE_STREAM } from '../../src/value/type.ts';
import { openStream, readEnd, readId, readStart, replyEntry, stream, walk } from './open.ts';

const { command } = family('stream');

const STAR = 0x2a;
const TILDE = 0x7e;
const EQUALS = 0x3d;

/** Entries that trimming by whole nodes removes at most where nothing is said, in nodes. */
const LIMIT_NODES = 100;
const LIMIT_ANY = 10_000;
const LIMIT_MAX = 1_000_000;

const id = new StreamId();
const last = new StreamId();
const end = new StreamId();
const limits = { count: 0, size: 0 };

/** Points at the stream of key 1, to be written. Answers false when there is none. */
function openForWrite({ argv, db }: Call): boolean {
  const entry = db.findForWrite(argv, 1);
  if (entry === 0) return false;
  db.expectType(entry, TYPE_STREAM);
  stream.open(db.zone, entry);
  return true;
}

// ── Options of XADD and XTRIM ───────────────────────────────────────────────────────────────────

const AUTOMATIC = 0;
const SEQ_AUTOMATIC = 1;
const EXPLICIT = 2;

/** What a request says; the id it gives is in `id`. */
const options = {
  idKind: AUTOMATIC,
  /** The argument that says where to trim. */
  threshold: 0,
  /** The argument behind the options: of XADD the id. */
  index: 0,
  makesStream: true,
  isTrimmed: false,
};
const trimming = { length: undefined as number | undefined, least: end, isRough: false, limit: 0 };

function readOptions(call: Call, isAdd: boolean): void {
  const { argv, args } = call;
  let isLimited = false;
  options.idKind = AUTOMATIC;
  options.makesStream = true;
  options.isTrimmed = false;
  trimming.isRough = false;
  trimming.limit = 0;
  let i = 2;
  for (; i < argv.count; i++) {
    if (isAdd && isByte(call, i, STAR)) break;
    const hasMore = i + 1 < argv.count;
    if (hasMore && argv.is(i, 'MAXLEN')) {
      i = readSign(call, i);
      options.threshold = i;
      trimming.length = args.integerAt(i);
      if (trimming.length < 0) throw errors.streamMaxlenNegative;
    } else if (hasMore && argv.is(i, 'MINID')) {
      i = readSign(call, i);
      options.threshold = i;
      trimming.length = undefined;
      readId(call, i, trimming.least);
    } else if (hasMore && argv.is(i, 'LIMIT')) {
      trimming.limit = args.integerAt(++i);
      if (trimming.limit < 0) throw errors.streamLimitNegative;
      isLimited = true;
    } else if (isAdd && argv.is(i, 'NOMKSTREAM')) {
      options.makesStream = false;
    } else if (isAdd) {
      const kind = id.parseNew(argv.bytes, argv.starts[i], argv.ends[i]);
      if (kind === INVALID) throw errors.invalidStreamId;
      options.idKind = kind === SEQ_OPEN ? SEQ_AUTOMATIC : EXPLICIT;
      break;
    } else {
      throw errors.syntax;
    }
  }
  options.index = i;
  if (trimming.limit > 0 && !options.isTrimmed) throw errors.limitWithoutTrimming;
  if (!isAdd && !options.isTrimmed) throw errors.trimmingMissing;
  if (call.client.isReplaying) {
    // How much was trimmed is known by now.
    trimming.limit = 0;
    return;
  }
  if (isLimited && !trimming.isRough) throw errors.limitWithoutTilde;
  if (trimming.isRough && !isLimited) trimming.limit = defaultLimit(call);
}

function isByte({ argv }: Call, index: number, byte: number): boolean {
  return argv.size(index) === 1 && argv.bytes[argv.starts[index]] === byte;
}

/** Passes MAXLEN or MINID, and the sign behind it. Answers where the threshold is. */
function readSign(call: Call, index: number): number {
  if (options.isTrimmed) throw errors.trimmingTwice;
  options.isTrimmed = true;
  const next = index + 1;
  trimming.isRough = false;
  if (next + 1 === call.argv.count) return next;
  trimming.isRough = isByte(call, next, TILDE);
  return trimming.isRough || isByte(call, next, EQUALS) ? next + 1 : next;
}

function defaultLimit({ instance }: Call): number {
  const limit = LIMIT_NODES * instance.config.values.streamNodeMaxEntries;
  return limit <= 0 ? LIMIT_ANY : Math.min(limit, LIMIT_MAX);
}

// ── Adding ──────────────────────────────────────────────────────────────────────────────────────

/** Makes `id` that of the new entry. */
function chooseId({ db }: Call): void {
  if (options.idKind === AUTOMATIC) {
    const { now } = db.zone;
    if (now > last.ms) id.setNumbers(now, 0);
    else id.copy(last).increment();
  } else if (options.idKind === SEQ_AUTOMATIC && id.msLo === last.msLo && id.msHi === last.msHi) {
    if (last.isLastOfTime) throw errors.streamIdTooSmall;
    id.copy(last).increment();
  }
  if (id.compare(last) <= 0) throw errors.streamIdTooSmall;
}

function refuseLarge({ argv }: Call, first: number): void {
  const { starts, ends, count } = argv;
  if (ends[count - 1] - starts[first] <= NODE_SIZE_MAX) return;
  let size = 0;
  for (let i = first; i < count; i++) size += argv.size(i);
  if (size > NODE_SIZE_MAX) throw errors.streamElementsTooLarge;
}

/** Tells what was done so that it is the same done again: the id given, and how much is left. */
function tellExactly({ argv, instance }: Call, added?: StreamId): void {
  const parts: Part[] = Array.from({ length: argv.count }, (_, i) => i);
  if (added !== undefined && options.idKind !== EXPLICIT) parts[options.index] = String(added);
  if (options.isTrimmed && trimming.isRough) {
    const { threshold } = options;
    const isByLength = trimming.length !== undefined;
    parts[threshold - 1] = '=';
    const first = stream.length === 0 ? last.setMax() : stream.firstId(last);
    parts[threshold] = isByLength ? String(stream.length) : String(first);
  }
  instance.effects.instead(argv, ...parts);
}

export const xadd = command({
  syntax:
    'XADD key [NOMKSTREAM] [<MAXLEN | MINID> [= | ~] threshold [LIMIT count]] <* | id> ' +
    'field value [field value ...]',
  summary: 'Adds an entry at the end of a stream, which it makes if there is none.',
  since: '5.0.0',
  complexity:
    'O(1) when adding a new entry, O(N) when trimming where N being the number of entries evicted.',
  arguments: {
    NOMKSTREAM: { since: '6.2.0' },
    MINID: { since: '6.2.0' },
    LIMIT: { since: '6.2.0' },
  },
  keys: {
    use: 'RW update',
    notes: 'UPDATE instead of INSERT because of the optional trimming feature',
  },
  flags: ['denyoom', 'fast'],
  tips: ['nondeterministic_output'],
  history: [
    ['6.2.0', 'Added the `NOMKSTREAM` option, `MINID` trimming strategy and the `LIMIT` option.'],
    ['7.0.0', 'Added support for the `<ms>-*` explicit ID form.'],
  ],
  run(call) {
    const { argv, db, reply, instance } = call;
    const { count } = argv;
    readOptions(call, true);
    const first = options.index + 1;
    if (count - first < 2 || (count - first) % 2 !== 0) throw errors.wrongArity('xadd');
    if (options.idKind === EXPLICIT && id.isMin) throw errors.streamIdZero;
    const isThere = openForWrite(call);
    if (!isThere && !options.makesStream) {
      reply.null();
      return;
    }
    if (isThere) stream.lastId(last);
    else last.setMin();
    if (last.isMax) throw errors.streamExhausted;
    chooseId(call);
    refuseLarge(call, first);
    const { streamNodeMaxEntries, streamNodeMaxBytes } = instance.config.values;
    limits.count = streamNodeMaxEntries;
    limits.size = streamNodeMaxBytes;
    if (!isThere) {
      const size = Stream.contentSize(db.zone, argv, first, count);
      stream.create(db.zone, db.put(argv, 1, 0, TYPE_STREAM, size));
    }
    stream.plan(argv, first, count, limits);
    if (!stream.makeRoom()) throw errors.outOfMemory;
    stream.append(id, argv, first, count);
    id.writeTo(reply);
    db.changedKey(argv, 1, events.xadd);
    const isTrimmed = options.isTrimmed && stream.trim(trimming) > 0;
    if (instance.effects.isOn) tellExactly(call, id);
    if (!isTrimmed) return;
    db.tell(argv, 1, events.xtrim);
    stream.settle();
  },
});

// ── Reading ─────────────────────────────────────────────────────────────────────────────────────

export const xlen = command({
  syntax: 'XLEN key',
  summary: 'Counts the entries of a stream.',
  since: '5.0.0',
  complexity: 'O(1)',
  keys: 'RO',
  flags: ['fast'],
  run(call) {
    call.reply.integer(openStream(call, 1) ? stream.length : 0);
  },
});

/** Reads COUNT, -1 where it is not said. */
function readCount({ argv, args }: Call): number {
  let most = -1;
  for (let i = 4; i < argv.count; i += 2) {
    if (i + 1 === argv.count || !argv.is(i, 'COUNT')) throw errors.syntax;
    most = Math.max(0, args.integerAt(i + 1));
  }
  return most;
}

function range(call: Call, isReverse: boolean): void {
  const { reply } = call;
  readStart(call, isReverse ? 3 : 2, id);
  readEnd(call, isReverse ? 2 : 3, end);
  const most = readCount(call);
  if (!openStream(call, 1)) {
    reply.array(0);
    return;
  }
  if (most === 0) {
    reply.nullArray();
    return;
  }
  const token = reply.deferArray();
  let found = 0;
  walk.begin(stream, id, end, isReverse);
  while (found !== most && walk.next()) {
    replyEntry(reply);
    found++;
  }
  reply.endDefer(token, found);
}

const RANGE_COMPLEXITY =
  'O(N) with N being the number of elements returned. If N is constant (e.g. always asking for ' +
  'the first 10 elements with COUNT), you can consider it O(1).';

export const xrange = command({
  syntax: 'XRANGE key start end [COUNT count]',
  summary: 'Tells the entries of a stream from one id to another.',
  since: '5.0.0',
  complexity:
    'O(N) with N being the number of elements being returned. If N is constant (e.g. always ' +
    'asking for the first 10 elements with COUNT), you can consider it O(1).',
  arguments: { start: { type: 'string' }, end: { type: 'string' } },
  keys: 'RO access',
  history: [['6.2.0', 'Added exclusive ranges.']],
  run: (call) => range(call, false),
});

export const xrevrange = command({
  syntax: 'XREVRANGE key end start [COUNT count]',
  summary: 'Tells the entries of a stream from one id to another, the last one first.',
  since: '5.0.0',
  complexity: RANGE_COMPLEXITY,
  arguments: { end: { type: 'string' }, start: { type: 'string' } },
  keys: 'RO access',
  history: [['6.2.0', 'Added exclusive ranges.']],
  run: (call) => range(call, true),
});

// ── Removing ────────────────────────────────────────────────────────────────────────────────────

export const xdel = command({
  syntax: 'XDEL key id [id ...]',
  summary: 'Removes entries of a stream by their ids, and tells how many.',
  since: '5.0.0',
  complexity: 'O(1) for each single item to delete in the stream, regardless of the stream size.',
  keys: 'RW delete',
  flags: ['fast'],
  run(call) {
    const { argv, db, reply } = call;
    if (!openForWrite(call)) {
      reply.integer(0);
      return;
    }
    for (let i = 2; i < argv.count; i++) readId(call, i, id);
    stream.firstId(end);
    let removed = 0;
    let isFirst = false;
    for (let i = 2; i < argv.count; i++) {
      readId(call, i, id);
      if (!stream.remove(id)) continue;
      if (id.compare(end) === 0) isFirst = true;
      stream.noteRemoved(id);
      removed++;
    }
    if (removed > 0) {
      stream.noteFirstRemoved(isFirst);
      db.changedKey(argv, 1, events.xdel, removed);
      stream.settle();
    }
    reply.integer(removed);
  },
});

export const xtrim = command({
  syntax: 'XTRIM key <<MAXLEN | MINID> [= | ~] threshold [LIMIT count]>',
  summary: 'Removes the first entries of a stream, down to a number of them or up to an id.',
  since: '5.0.0',
  complexity:
    'O(N), with N being the number of evicted entries. Constant times are very small however, ' +
    'since entries are organized in macro nodes containing multiple entries that can be ' +
    'released with a single deallocation.',
  arguments: { MINID: { since: '6.2.0' }, LIMIT: { since: '6.2.0' } },
  keys: 'RW delete',
  tips: ['nondeterministic_output'],
  history: [['6.2.0', 'Added the `MINID` trimming strategy and the `LIMIT` option.']],
  run(call) {
    const { argv, db, reply } = call;
    readOptions(call, false);
    if (!openForWrite(call)) {
      reply.integer(0);
      return;
    }
    const removed = stream.trim(trimming);
    if (removed > 0) {
      db.changedKey(argv, 1, events.xtrim, removed);
      if (call.instance.effects.isOn) tellExactly(call);
      stream.settle();
    }
    reply.integer(removed);
  },
});

export const xsetid = command({
  syntax: 'XSETID key last-id [ENTRIESADDED entries-added] [MAXDELETEDID max-deleted-id]',
  summary: 'Sets what a stream remembers of the entries it had.',
  since: '5.0.0',
  complexity: 'O(1)',
  arguments: { ENTRIESADDED: { since: '7.0.0' }, MAXDELETEDID: { since: '7.0.0' } },
  keys: 'RW update',
  flags: ['denyoom', 'fast'],
  history: [['7.0.0', 'Added the `entries_added` and `max_deleted_entry_id` arguments.']],
  run(call) {
    const { argv, args, db, reply } = call;
    readId(call, 2, id);
    let added = -1n;
    end.setMin();
    for (let i = 3; i < argv.count; i += 2) {
      const hasMore = i + 1 < argv.count;
      if (hasMore && argv.is(i, 'ENTRIESADDED')) {
        added = args.int64At(i + 1);
        if (added < 0n) throw errors.entriesAddedNegative;
      } else if (hasMore && argv.is(i, 'MAXDELETEDID')) {
        readId(call, i + 1, end);
        if (id.compare(end) < 0) throw errors.setIdBelowGiven;
      } else {
        throw errors.syntax;
      }
    }
    if (!openForWrite(call)) throw errors.noSuchKey;
    if (id.compare(stream.maxDeletedId(last)) < 0) throw errors.setIdBelowDeleted;
    if (stream.length > 0) {
      if (id.compare(stream.lastEntryId(last)) < 0) throw errors.setIdBelowLast;
      if (added >= 0n && BigInt(stream.length) > added) throw errors.entriesAddedTooFew;
    }
    stream.setLastId(id);
    if (added >= 0n) stream.added = added;
    if (!end.isMin) stream.setMaxDeletedId(end);
    reply.ok();
    db.changedKey(argv, 1, events.xsetid);
  },
});
