/** Streams, in groups: entries delivered to consumers, each to one of a group. */

import { waitForKeys } from '../../src/dispatch/blocked.ts';
import type { Call } from '../../src/dispatch/call.ts';
import { family } from '../../src/dispatch/command.ts';
import { type FoundKey, type KeyFlag, keyAt } from '../../src/dispatch/keys.ts';
import { events } from '../../src/keyspace/events.ts';
import type { Argv } from '../../src/resp/argv.ts';
import { errors } from '../../src/resp/errors.ts';
import { StreamId } from '../../src/value/stream-id.ts';
import { TYPE_STREAM } from '../../src/value/type.ts';
import { tellClaim, tellProgress } from './effects.ts';
import {
  beginFinding,
  countUpTo,
  findConsumer,
  findEntry,
  findGroup,
  groups,
  hasGapFrom,
  openStream,
  readId,
  replyEntry,
  stream,
  walk,
} from './open.ts';

const { command } = family('stream');

/** In place of when to stop waiting: at once. */
const NO_WAIT = -1;

const start = new StreamId();
const last = new StreamId();
const end = new StreamId().setMax();

/** What a request asks for. Numbers of arguments, where nothing else is said. */
const request = {
  group: 0,
  consumer: 0,
  /** Entries of each stream at most, 0 for all. */
  limit: 0,
  deadline: NO_WAIT,
  isAcknowledged: false,
  /** The first key, and the first id. */
  keys: 0,
  ids: 0,
};

function readRequest({ argv, args, client, db }: Call): void {
  request.group = 0;
  request.limit = 0;
  request.deadline = NO_WAIT;
  request.isAcknowledged = false;
  request.keys = 0;
  for (let i = 1; request.keys === 0; i++) {
    const behind = argv.count - i - 1;
    if (behind < 0) throw errors.syntax;
    if (behind > 0 && argv.is(i, 'BLOCK')) {
      if (client.isScript) throw errors.noBlockInScript(argv.text(0));
      request.deadline = args.timeoutAt(++i, 1, db.zone.now);
    } else if (behind > 0 && argv.is(i, 'COUNT')) {
      request.limit = Math.max(0, args.integerAt(++i));
    } else if (behind > 0 && argv.is(i, 'STREAMS')) {
      if (behind % 2 !== 0) throw errors.unbalancedStreams('xreadgroup', '>');
      request.keys = i + 1;
      request.ids = i + 1 + behind / 2;
    } else if (behind > 1 && argv.is(i, 'GROUP')) {
      request.group = i + 1;
      request.consumer = i + 2;
      i += 2;
    } else if (argv.is(i, 'NOACK')) {
      request.isAcknowledged = true;
    } else {
      throw errors.syntax;
    }
  }
  if (request.group === 0) throw errors.groupMissing;
}

/** Whether an id asks for what no consumer was given. Otherwise `start` is read. */
function asksForNew(call: Call, index: number): boolean {
  const { argv } = call;
  if (argv.is(index, '>')) return true;
  readId(call, index, start);
  return start.isMax;
}

/** Throws if one of the streams or groups is not there, or one of the ids is none. */
function check(call: Call): void {
  const { argv } = call;
  const { keys, ids, group } = request;
  for (let key = keys; key < ids; key++) {
    if (!openStream(call, key) || !findGroup(call, group)) {
      throw errors.noGroupToRead(argv.text(key), argv.text(group));
    }
    const index = ids + key - keys;
    if (argv.is(index, '$')) throw errors.lastIdInGroup;
    asksForNew(call, index);
  }
}

/** Goes to the first entry behind the last one delivered. Answers false when there is none. */
function seekNew(): boolean {
  groups.readLastId(start);
  if (stream.length === 0 || start.compare(stream.lastId(last)) >= 0) return false;
  start.increment();
  walk.begin(stream, start, end, false);
  return walk.next();
}

/** What countNew() found: the first entry that is new, and its offset in its node. */
const firstNew = new StreamId();
let firstOffset = 0;

/** How many entries behind the last one delivered are to be delivered, of so many at most. */
function countNew(limit: number): number {
  if (!seekNew()) return 0;
  firstNew.copy(walk.id);
  firstOffset = walk.offset;
  let count = 1;
  while (count !== limit && walk.next()) count++;
  return count;
}

/** How many entries are to be delivered of the stream read last, or that nobody counted them. */
let counted = 0;
const UNCOUNTED = -1;

/** Where room was made for this request: keys, and the size of the stream before. */
const made: [key: number, units: number][] = [];

/** Makes room for what reading all the streams adds. Throws with nothing changed. */
function reserve(call: Call): void {
  const { argv, db } = call;
  const { keys, ids, group, consumer, limit, isAcknowledged } = request;
  made.length = 0;
  counted = UNCOUNTED;
  for (let key = keys; key < ids; key++) {
    // Making room for one may have evicted another.
    const entry = db.peek(argv, key);
    if (entry === 0) continue;
    stream.open(db.zone, entry);
    findGroup(call, group);
    const isNew = asksForNew(call, ids + key - keys);
    const count = isNew && !isAcknowledged ? countNew(limit * timesOf(call, key)) : 0;
    if (isNew && !isAcknowledged) counted = count;
    const nameSize = findConsumer(call, consumer) ? -1 : argv.size(consumer);
    if (count === 0 && nameSize < 0) continue;
    const units = stream.region.limit;
    if (!groups.reserve(nameSize, count, count, true)) {
      giveBack(call);
      throw errors.outOfMemory;
    }
    if (ids - keys > 1) made.push([key, units]);
  }
}

/** Gives back the room that was made, as there is too little for all. */
function giveBack({ argv, db }: Call): void {
  for (const [key, units] of made.toReversed()) {
    const entry = db.peek(argv, key);
    if (entry !== 0) stream.open(db.zone, entry).region.shrinkTo(units);
  }
}

/** How often a key is among those to be read. */
function timesOf({ argv }: Call, key: number): number {
  const { keys, ids } = request;
  if (ids - keys === 1) return 1;
  let times = 0;
  for (let i = keys; i < ids; i++) if (argv.sameAs(i, key)) times++;
  return times;
}

/** Goes to the consumer, which is made when there is none. Room is there. */
function enterConsumer(call: Call, key: number): void {
  const { argv, db } = call;
  const { consumer } = request;
  if (findConsumer(call, consumer)) {
    groups.seenTime = db.zone.now;
    return;
  }
  groups.createConsumer(argv.bytes, argv.starts[consumer], argv.ends[consumer], db.zone.now);
  db.changedKey(argv, key, events['xgroup-createconsumer']);
  const { effects } = call.instance;
  if (effects.isOn && request.isAcknowledged) {
    const { group } = request;
    effects.also(db.number, argv, 'XGROUP', 'CREATECONSUMER', key, group, consumer);
  }
}

/** Goes to the first new entry when room has been made. Answers false when there is none. */
function seekCounted(): boolean {
  const { keys, ids } = request;
  if (ids - keys > 1 || counted === UNCOUNTED) return seekNew();
  if (counted === 0) return false;
  walk.beginAt(stream, firstNew, end, firstOffset);
  return walk.next();
}

/** Replies new entries, from the one gone to on, and delivers them. */
function replyNew(call: Call, key: number): void {
  const { db, reply, instance } = call;
  const { effects } = instance;
  const { limit, isAcknowledged, group, consumer } = request;
  const { now } = db.zone;
  const array = reply.deferArray();
  const areNew = groups.nothingIsBehind();
  let count = 0;
  do {
    count++;
    const { id } = walk;
    replyEntry(reply);
    if (groups.knowsEntriesRead && !hasGapFrom(id)) groups.countRead();
    else if (stream.added !== 0n) groups.entriesRead = countUpTo(id);
    groups.setLastId(id);
    if (!isAcknowledged) groups.deliver(id, now, areNew);
    if (effects.isOn && !isAcknowledged) {
      tellClaim(call, key, group, consumer, String(id), now, 1n);
    }
  } while (count !== limit && walk.next());
  if (!isAcknowledged) groups.activeTime = now;
  else if (effects.isOn) tellProgress(call, key, group);
  reply.endDefer(array, count);
}

/** Replies entries that were delivered to the consumer and are not acknowledged, behind `start`. */
function replyHistory({ db, reply }: Call): void {
  const { limit } = request;
  const { now } = db.zone;
  start.increment();
  beginFinding();
  const array = reply.deferArray();
  let count = 0;
  let more = groups.seekOwn(start);
  for (; more && (limit === 0 || count < limit); more = groups.nextOwn()) {
    count++;
    groups.readOwnId(last);
    if (findEntry(last)) {
      replyEntry(reply);
      groups.findPending(last);
      groups.deliveryTime = now;
      groups.countDelivery();
    } else {
      reply.array(2);
      last.writeTo(reply);
      reply.nullArray();
    }
  }
  reply.endDefer(array, count);
}

const READ: readonly KeyFlag[] = ['RO', 'access'];

/** As readRequest() finds them. The spec can't tell a group named STREAMS from the option. */
function findKeys(argv: Argv, first: number): readonly FoundKey[] {
  let hasGroup = false;
  for (let i = first + 1; i < argv.count; i++) {
    if (argv.is(i, 'GROUP')) {
      hasGroup = true;
      i += 2;
    } else if (argv.is(i, 'COUNT') || argv.is(i, 'BLOCK')) {
      i++;
    } else if (argv.is(i, 'STREAMS')) {
      const count = (argv.count - i - 1) / 2;
      if (!hasGroup || !Number.isInteger(count)) return [];
      return Array.from({ length: count }, (_, key) => keyAt(argv, i + 1 + key, READ));
    }
  }
  return [];
}

export const xreadgroup = command({
  syntax:
    'XREADGROUP GROUP group consumer [COUNT count] [BLOCK milliseconds] [NOACK] ' +
    'STREAMS key [key ...] id [id ...]',
  summary: 'Reads entries no other consumer of the group was given, or those pending for this one.',
  since: '5.0.0',
  complexity:
    'For each stream mentioned: O(M) with M being the number of elements returned. If M is ' +
    'constant (e.g. always asking for the first 10 elements with COUNT), you can consider it ' +
    'O(1). On the other side when XREADGROUP blocks, XADD will pay the O(N) time in order to ' +
    'serve the N clients blocked on the stream getting new data.',
  arguments: { GROUP: { name: 'group-block' } },
  keys: [
    {
      flags: READ,
      begin: { type: 'keyword', keyword: 'STREAMS', startFrom: 4 },
      find: { type: 'range', lastKey: -1, step: 1, limit: 2 },
    },
  ],
  findKeys,
  flags: ['blocking', 'write'],
  run(call) {
    const { argv, db, reply } = call;
    readRequest(call);
    check(call);
    reserve(call);
    const { keys, ids, group } = request;
    let served = 0;
    let all = 0;
    for (let key = keys; key < ids; key++) {
      if (!openStream(call, key) || !findGroup(call, group)) continue;
      enterConsumer(call, key);
      const isNew = asksForNew(call, ids + key - keys);
      if (isNew && !seekCounted()) continue;
      if (served++ === 0) all = reply.resp3 ? reply.deferMap() : reply.deferArray();
      if (!reply.resp3) reply.array(2);
      reply.bulk(argv.bytes, argv.starts[key], argv.ends[key]);
      if (isNew) replyNew(call, key);
      else replyHistory(call);
      db.changed();
    }
    call.instance.effects.withhold();
    if (served > 0) reply.endDefer(all, served);
    else if (request.deadline === NO_WAIT) reply.nullArray();
    else waitForKeys(call, keys, ids, TYPE_STREAM, request.deadline, true);
  },
});
