/** Streams, in groups: what is pending for one consumer becomes another's. */

import type { Args } from '../../src/dispatch/arguments.ts';
import type { Call } from '../../src/dispatch/call.ts';
import { family } from '../../src/dispatch/command.ts';
import { events } from '../../src/keyspace/events.ts';
import { errors } from '../../src/resp/errors.ts';
import { INT64_MAX } from '../../src/std/int64.ts';
import { ID_WORDS } from '../../src/value/id-tree.ts';
import { StreamId } from '../../src/value/stream-id.ts';
import { tellPending, tellProgress } from './effects.ts';
import {
  beginFinding,
  findConsumer,
  findEntry,
  groups,
  openGroup,
  readId,
  readStart,
  replyEntry,
  stream,
} from './open.ts';

const { command } = family('stream');

const id = new StreamId();
const lastId = new StreamId();
const groupLast = new StreamId();

/** What a request asks for. */
const request = {
  minIdle: 0,
  /** The argument behind the last id. */
  end: 0,
  /** When what is claimed counts as delivered, in Unix milliseconds; -1 for now. */
  time: -1,
  /** -1n: not given. */
  deliveries: -1n,
  isForced: false,
  isJustId: false,
  /** Entries at most. */
  limit: 0,
};

function begin(): void {
  request.time = -1;
  request.deliveries = -1n;
  request.isForced = false;
  request.isJustId = false;
  lastId.setMin();
}

/** Reads argument 4, the time what is claimed has been pending at least. */
function readMinIdle({ args }: Call, name: string): void {
  const refusal = errors.minIdleInvalid(name);
  request.minIdle = Math.max(0, args.integerFrom(4, Number.NEGATIVE_INFINITY, refusal));
}

/** Goes to the consumer 3, which is made when there is none. Room is there. */
function enterConsumer(call: Call): void {
  const { argv, db } = call;
  if (findConsumer(call, 3)) {
    groups.seenTime = db.zone.now;
    return;
  }
  groups.createConsumer(argv.bytes, argv.starts[3], argv.ends[3], db.zone.now);
  db.changedKey(argv, 1, events['xgroup-createconsumer']);
}

/** Makes room for a new consumer 3, and so many ids for it and for the group. */
function reserve(call: Call, groupIds: number, ownIds: number): void {
  const nameSize = findConsumer(call, 3) ? -1 : call.argv.size(3);
  if (nameSize < 0 && ownIds === 0) return;
  if (!groups.reserve(nameSize, groupIds, ownIds, false)) throw errors.outOfMemory;
}

// ── XCLAIM ──────────────────────────────────────────────────────────────────────────────────────

function anyInteger(args: Args, index: number, option: string): number {
  return args.integerFrom(index, Number.NEGATIVE_INFINITY, errors.claimOptionInvalid(option));
}

function readOptions({ args, argv, db }: Call): void {
  const { now } = db.zone;
  args.begin(request.end);
  while (!args.atEnd) {
    const hasValue = args.remaining > 1;
    if (args.token('FORCE')) {
      request.isForced = true;
    } else if (args.token('JUSTID')) {
      request.isJustId = true;
    } else if (hasValue && args.token('IDLE')) {
      request.time = now - anyInteger(args, args.index(), 'IDLE');
    } else if (hasValue && args.token('TIME')) {
      request.time = anyInteger(args, args.index(), 'TIME');
    } else if (hasValue && args.token('RETRYCOUNT')) {
      const index = args.index();
      anyInteger(args, index, 'RETRYCOUNT');
      request.deliveries = args.int64At(index);
    } else if (hasValue && args.token('LASTID')) {
      const index = args.index();
      if (!lastId.parse(argv.bytes, argv.starts[index], argv.ends[index], false, true)) {
        throw errors.invalidStreamId;
      }
    } else {
      throw errors.unknownClaimOption(args.text());
    }
  }
  if (request.time < 0 || request.time > now) request.time = now;
}

function isId({ argv }: Call, index: number): boolean {
  return id.parse(argv.bytes, argv.starts[index], argv.ends[index], false, true);
}

/** Makes room for what claiming the ids of the request may add. */
function reserveClaims(call: Call): void {
  let added = 0;
  let taken = 0;
  findConsumer(call, 3);
  for (let i = 5; i < request.end; i++) {
    readId(call, i, id);
    if (!groups.findPending(id)) {
      if (request.isForced) added++;
    } else if (!groups.isOwn) {
      taken++;
    }
  }
  reserve(call, added, added + taken);
}

/** Entries claimed by this request. */
let claimed = 0;

/** Claims the entry of `id`, if that may be, and replies it. Answers how many changes there were. */
function claim(call: Call, index: number): number {
  const { effects } = call.instance;
  const isPending = groups.findPending(id);
  if (!findEntry(id)) {
    if (!isPending) return 0;
    if (effects.isOn) tellPending(call, index);
    groups.removePending(id);
    return 1;
  }
  if (!isPending) {
    if (!request.isForced) return 0;
    groups.addPending(id);
    groups.deliveries = 1n;
  } else {
    const idle = call.db.zone.now - groups.deliveryTime;
    if (request.minIdle > 0 && idle < request.minIdle) return 0;
    if (!groups.isOwn) groups.takeOver(id);
  }
  groups.deliveryTime = request.time;
  if (request.deliveries >= 0n) groups.deliveries = request.deliveries;
  else if (!request.isJustId) groups.countDelivery();
  groups.activeTime = call.db.zone.now;
  if (request.isJustId) id.writeTo(call.reply);
  else replyEntry(call.reply);
  if (effects.isOn) tellPending(call, index);
  claimed++;
  return 1;
}

export const xclaim = command({
  syntax:
    'XCLAIM key group consumer min-idle-time id [id ...] [IDLE ms] ' +
    '[TIME unix-time-milliseconds] [RETRYCOUNT count] [FORCE] [JUSTID] [LASTID lastid]',
  summary: 'Makes entries pending for a consumer that are pending for another.',
  since: '5.0.0',
  complexity: 'O(log N) with N being the number of messages in the PEL of the consumer group.',
  keys: 'RW update',
  flags: ['fast'],
  tips: ['nondeterministic_output'],
  run(call) {
    const { argv, db, reply } = call;
    begin();
    openGroup(call);
    readMinIdle(call, 'XCLAIM');
    request.end = 5;
    while (request.end < argv.count && isId(call, request.end)) request.end++;
    readOptions(call);
    reserveClaims(call);
    const movesLast = lastId.compare(groups.readLastId(groupLast)) > 0;
    if (movesLast) groups.setLastId(lastId);
    enterConsumer(call);
    beginFinding();
    const array = reply.deferArray();
    let changes = 0;
    claimed = 0;
    for (let i = 5; i < request.end; i++) {
      readId(call, i, id);
      changes += claim(call, i);
    }
    reply.endDefer(array, claimed);
    const { effects } = call.instance;
    if (effects.isOn && movesLast && changes === 0) tellProgress(call, 1, 2);
    effects.withhold();
    stream.settle();
    if (changes > 0 || movesLast) db.changed(Math.max(1, changes));
  },
});

// ── XAUTOCLAIM ──────────────────────────────────────────────────────────────────────────────────

/** For each entry that is claimed so many that are pending are looked at. */
const ATTEMPTS = 10;
const COUNT = 100;
const COUNT_MAX = INT64_MAX / 16n;
/** Ids of 16 bytes each: redis-server reserves address space for all of them, and has 2^47 bytes. */
const COUNT_POSSIBLE = 2 ** 42;

function readAutoOptions({ args }: Call): void {
  request.limit = COUNT;
  args.begin(6);
  while (!args.atEnd) {
    if (args.remaining > 1 && args.token('COUNT')) {
      const refusal = errors.claimCountNotPositive;
      const index = args.index();
      request.limit = args.integerFrom(index, 1, refusal);
      if (request.limit > COUNT_POSSIBLE && args.int64At(index) > COUNT_MAX) throw refusal;
    } else if (args.token('JUSTID')) {
      request.isJustId = true;
    } else {
      throw errors.syntax;
    }
  }
}

/** Ids in a row, kept for the next request. */
class Ids {
  count = 0;
  #words = new Int32Array(64);

  add(id: StreamId): void {
    const at = this.count * ID_WORDS;
    if (at === this.#words.length) {
      const larger = new Int32Array(at * 2);
      larger.set(this.#words);
      this.#words = larger;
    }
    id.write(this.#words, at);
    this.count++;
  }

  read(place: number, id: StreamId): StreamId {
    return id.read(this.#words, place * ID_WORDS);
  }
}

const first = new StreamId();
const taken = new Ids();
const gone = new Ids();

/** Makes room for what claiming from `first` on may add. */
function reserveAutoClaims(call: Call): void {
  const { now } = call.db.zone;
  const { limit, minIdle } = request;
  findConsumer(call, 3);
  let count = 0;
  let attempts = limit * ATTEMPTS;
  let more = groups.seekPending(first);
  for (; more && attempts > 0 && count < limit; attempts--) {
    if (!groups.isOwn && (minIdle === 0 || now - groups.deliveryTime >= minIdle)) count++;
    more = groups.nextPending();
  }
  reserve(call, 0, count);
}

/**
 * Claims from `first` on. What is claimed is in `taken` then, what is pending no more because there
 * is no such entry in `gone`, and `first` is the next pending one.
 */
function claimAll(call: Call): void {
  const { db, instance } = call;
  const { effects } = instance;
  const { now } = db.zone;
  const { minIdle } = request;
  taken.count = 0;
  gone.count = 0;
  beginFinding();
  let left = request.limit;
  let attempts = left * ATTEMPTS;
  let more = groups.seekPending(first);
  for (; more && attempts > 0 && left > 0; attempts--) {
    groups.readPendingId(id);
    if (!findEntry(id)) {
      if (effects.isOn) tellPending(call, String(id));
      groups.removePending(id);
      gone.add(id);
      left--;
      more = groups.seekPending(id);
      continue;
    }
    if (minIdle === 0 || now - groups.deliveryTime >= minIdle) {
      if (!groups.isOwn) groups.takeOver(id);
      groups.deliveryTime = now;
      if (!request.isJustId) groups.countDelivery();
      if (effects.isOn) tellPending(call, String(id));
      taken.add(id);
      left--;
    }
    more = groups.nextPending();
  }
  if (more) groups.readPendingId(first);
  else first.setMin();
  if (taken.count > 0) groups.activeTime = now;
}

export const xautoclaim = command({
  syntax: 'XAUTOCLAIM key group consumer min-idle-time start [COUNT count] [JUSTID]',
  summary: 'Makes entries pending for a consumer that have been so for long for others.',
  since: '6.2.0',
  complexity: 'O(1) if COUNT is small.',
  arguments: { start: { type: 'string' } },
  keys: 'RW delete',
  flags: ['fast'],
  tips: ['nondeterministic_output'],
  history: [
    [
      '7.0.0',
      'Added an element to the reply array, containing deleted entries the command cleared from ' +
        'the PEL',
    ],
  ],
  run(call) {
    begin();
    const { db, reply } = call;
    readMinIdle(call, 'XAUTOCLAIM');
    readStart(call, 5, first);
    readAutoOptions(call);
    openGroup(call);
    if (request.limit > COUNT_POSSIBLE) throw errors.claimCountTooHigh;
    reserveAutoClaims(call);
    enterConsumer(call);
    claimAll(call);
    call.instance.effects.withhold();
    beginFinding();
    reply.array(3);
    first.writeTo(reply);
    reply.array(taken.count);
    for (let i = 0; i < taken.count; i++) {
      taken.read(i, id);
      if (request.isJustId) {
        id.writeTo(reply);
      } else {
        findEntry(id);
        replyEntry(reply);
      }
    }
    reply.array(gone.count);
    for (let i = 0; i < gone.count; i++) gone.read(i, id).writeTo(reply);
    db.changed(taken.count + gone.count);
    stream.settle();
  },
});
