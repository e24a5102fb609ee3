/** What commands on the groups of streams have in common. */

import type { Call } from '../../src/dispatch/call.ts';
import { errors } from '../../src/resp/errors.ts';
import type { Reply } from '../../src/resp/reply.ts';
import { Stream } from '../../src/value/stream.ts';
import { StreamId } from '../../src/value/stream-id.ts';
import { countUpTo as countEntriesUpTo } from '../../src/value/stream-image.ts';
import { StreamWalk } from '../../src/value/stream-walk.ts';
import { TYPE_STREAM } from '../../src/value/type.ts';

/** The lenses of these commands: they run one at a time. */
export const stream = new Stream();
export const { groups } = stream;
export const walk = new StreamWalk();

/** Points at the stream of a key, to be read. Answers false when there is none. */
export function openStream({ argv, db }: Call, key: number): boolean {
  const entry = db.find(argv, key);
  if (entry === 0) return false;
  db.expectType(entry, TYPE_STREAM);
  stream.open(db.zone, entry);
  return true;
}

/** Goes to the group that an argument names. Answers false when there is none. */
export function findGroup({ argv }: Call, index: number): boolean {
  return groups.find(argv.bytes, argv.starts[index], argv.ends[index]);
}

/** Goes to the consumer that an argument names. Answers false when there is none. */
export function findConsumer({ argv }: Call, index: number): boolean {
  return groups.findConsumer(argv.bytes, argv.starts[index], argv.ends[index]);
}

/** Points at the stream of key 1 and at its group 2, which must be there. */
export function openGroup(call: Call): void {
  if (openStream(call, 1) && findGroup(call, 2)) return;
  throw errors.noGroup(call.argv.text(1), call.argv.text(2));
}

/** Reads an id, without the names of the first and the last. */
export function readId({ argv }: Call, index: number, id: StreamId): void {
  if (!id.parse(argv.bytes, argv.starts[index], argv.ends[index], false, true)) {
    throw errors.invalidStreamId;
  }
}

const OPEN = 0x28;

/** Reads where an interval begins; `(` excludes the id. */
export function readStart(call: Call, index: number, id: StreamId): void {
  if (readBound(call, index, id, false) && !id.increment()) throw errors.invalidIntervalStart;
}

/** Reads where an interval ends. */
export function readEnd(call: Call, index: number, id: StreamId): void {
  if (readBound(call, index, id, true) && !id.decrement()) throw errors.invalidIntervalEnd;
}

/** Answers whether the id is excluded. */
function readBound({ argv }: Call, index: number, id: StreamId, fillsUp: boolean): boolean {
  const start = argv.starts[index];
  const end = argv.ends[index];
  const isOpen = end - start > 1 && argv.bytes[start] === OPEN;
  if (id.parse(argv.bytes, isOpen ? start + 1 : start, end, fillsUp, isOpen)) return isOpen;
  throw errors.invalidStreamId;
}

// ── Entries ─────────────────────────────────────────────────────────────────────────────────────

/** Entries passed by before an id is looked for anew. */
const STEPS_MAX = 32;

const greatest = new StreamId().setMax();
const sought = new StreamId();
let isWalking = false;

/** Begins to look for entries by their ids: before the first findEntry(), once the log is open. */
export function beginFinding(): void {
  isWalking = false;
}

/**
 * Goes to the entry of an id. Answers false when there is none. Ids mostly come in order, and what
 * they name lies close together: then it is found on the way from the one before.
 */
export function findEntry(id: StreamId): boolean {
  if (isWalking && id.compare(sought) < 0) isWalking = false;
  sought.copy(id);
  for (let steps = 0; isWalking && walk.id.compare(id) < 0; steps++) {
    isWalking = steps < STEPS_MAX && walk.next();
  }
  if (!isWalking) {
    walk.begin(stream, id, greatest, false);
    isWalking = walk.next();
  }
  return isWalking && walk.id.compare(id) === 0;
}

/** Replies the entry gone to: its id, and its fields and values. */
export function replyEntry(reply: Reply): void {
  reply.array(2);
  walk.id.writeTo(reply);
  reply.array(walk.fieldCount * 2);
  walk.writeFields(reply);
}

/** Replies how often the pending entry gone to was delivered. */
export function replyDeliveries(reply: Reply): void {
  const few = groups.fewDeliveries;
  if (few >= 0) reply.integer(few);
  else reply.integer64(groups.deliveries);
}

// ── Progress of groups ──────────────────────────────────────────────────────────────────────────

const firstId = new StreamId();
const lastId = new StreamId();
const maxDeletedId = new StreamId();

/** Whether an entry with that id or a larger one was deleted from the midst of the stream. */
export function hasGapFrom(id: StreamId): boolean {
  if (stream.length === 0 || stream.maxDeletedId(maxDeletedId).isMin) return false;
  return stream.firstId(firstId).compare(maxDeletedId) <= 0 && id.compare(maxDeletedId) <= 0;
}

/** How many entries there ever were up to an id, or UNKNOWN. */
export function countUpTo(id: StreamId): bigint {
  stream.firstId(firstId);
  stream.lastId(lastId);
  stream.maxDeletedId(maxDeletedId);
  const { added, length } = stream;
  return countEntriesUpTo({ added, length, lastId, firstId, maxDeletedId }, id);
}
