/**
 * Keys as requests that make them: a base of the append only file without a snapshot.
 *
 *   SET k v      RPUSH k a b …      XADD k 1-1 f v … XSETID … XGROUP CREATE … XCLAIM …
 *   PEXPIREAT k 1700000000000
 *
 * Large collections take several requests, so that none is unusually long.
 */

import type { Database } from '../keyspace/database.ts';
import type { RequestWriter } from '../resp/request-writer.ts';
import { shortestText } from '../std/double.ts';
import { finish, type Steps } from '../std/steps.ts';
import { Hash } from '../value/hash.ts';
import { List } from '../value/list.ts';
import { MemberSet } from '../value/set.ts';
import { SortedSet } from '../value/sorted-set.ts';
import { Stream } from '../value/stream.ts';
import { StreamId } from '../value/stream-id.ts';
import {
  type ConsumerImage,
  type GroupImage,
  PENDING_CONSUMER,
  PENDING_COUNT,
  PENDING_TIME,
  PENDING_WORDS,
  settableCount,
} from '../value/stream-image.ts';
import { StreamWalk } from '../value/stream-walk.ts';
import type { BulkSink } from '../value/string.ts';
import { TYPE_HASH, TYPE_LIST, TYPE_SET, TYPE_SORTED_SET, TYPE_STREAM } from '../value/type.ts';

type Zone = Database['zone'];

/** Elements in one request. */
const ELEMENTS_MAX = 64;

const first = new StreamId().setMin();
const last = new StreamId().setMax();

/** Writes the requests that make the key of an entry. */
export function writeRequests(out: RequestWriter, zone: Zone, entry: number): void {
  const key = zone.key(entry);
  finish(requestSteps(out, zone, entry, key));
  if (zone.isVolatile(entry)) writeDeadline(out, key, zone.deadlines.exactOf(entry));
}

/** Writes the request that says when a key expires, in Unix milliseconds. */
export function writeDeadline(out: RequestWriter, key: Uint8Array, deadline: bigint): void {
  begin(out, 'PEXPIREAT', key, 1);
  out.bulkText(String(deadline));
}

/**
 * Writes the requests that make a key what an entry holds, and stops between them. The zone must
 * stay as it is.
 */
export function requestSteps(
  out: RequestWriter,
  zone: Zone,
  entry: number,
  key: Uint8Array,
): Steps {
  switch (zone.type(entry)) {
    case TYPE_LIST:
      return listSteps(out, new List().open(zone, entry), key);
    case TYPE_SET:
      return setSteps(out, new MemberSet().open(zone, entry), key);
    case TYPE_SORTED_SET:
      return sortedSetSteps(out, new SortedSet().open(zone, entry), key);
    case TYPE_HASH:
      return hashSteps(out, new Hash().open(zone, entry), key);
    case TYPE_STREAM:
      return streamSteps(out, new Stream().open(zone, entry), key);
    default:
      return stringSteps(out, zone, entry, key);
  }
}

/** Begins a request with a key and so many arguments behind it. */
function begin(out: RequestWriter, name: string, key: Uint8Array, count: number): void {
  out.begin(count + 2);
  out.bulkText(name);
  out.bulk(key);
}

/** Begins a request for element `i` of `count`, if it is the first of one. */
function* beginAt(
  out: RequestWriter,
  name: string,
  key: Uint8Array,
  i: number,
  count: number,
  parts: number,
): Steps {
  if (i % ELEMENTS_MAX !== 0) return;
  if (i > 0) yield;
  begin(out, name, key, Math.min(ELEMENTS_MAX, count - i) * parts);
}

// biome-ignore lint/correctness/useYield: one request is one step.
function* stringSteps(out: RequestWriter, zone: Zone, entry: number, key: Uint8Array): Steps {
  begin(out, 'SET', key, 1);
  out.bulk(zone.content.slice(entry, 0, zone.content.size(entry)));
}

function* listSteps(out: RequestWriter, list: List, key: Uint8Array): Steps {
  const { count } = list;
  list.seek(0);
  for (let i = 0; i < count; i++) {
    yield* beginAt(out, 'RPUSH', key, i, count, 1);
    const element = new Uint8Array(list.currentSize);
    list.copyCurrent(element, 0);
    out.bulk(element);
    list.next();
  }
}

function* setSteps(out: RequestWriter, members: MemberSet, key: Uint8Array): Steps {
  const { count } = members;
  members.begin();
  for (let i = 0; members.next(); i++) {
    yield* beginAt(out, 'SADD', key, i, count, 1);
    members.readMember();
    out.bulk(members.textBytes, members.textStart, members.textEnd);
  }
}

function* sortedSetSteps(out: RequestWriter, sorted: SortedSet, key: Uint8Array): Steps {
  const { count } = sorted;
  sorted.seek(0);
  for (let i = 0; i < count; i++) {
    yield* beginAt(out, 'ZADD', key, i, count, 2);
    out.bulkText(shortestText(sorted.currentScore));
    const member = new Uint8Array(sorted.currentSize);
    sorted.copyCurrent(member, 0);
    out.bulk(member);
    sorted.next();
  }
}

function* hashSteps(out: RequestWriter, hash: Hash, key: Uint8Array): Steps {
  const { count } = hash;
  hash.begin();
  for (let i = 0; hash.next(); i++) {
    yield* beginAt(out, 'HMSET', key, i, count, 2);
    hash.readField();
    out.bulk(hash.textBytes, hash.textStart, hash.textEnd);
    hash.readValue();
    out.bulk(hash.textBytes, hash.textStart, hash.textEnd);
  }
}

/** Bulks of a request whose beginning is written. */
class Bulks implements BulkSink {
  out: RequestWriter | undefined = undefined;
  #pieces: Uint8Array[] = [];

  bulk(bytes: Uint8Array, start = 0, end = bytes.length): void {
    this.out?.bulk(bytes, start, end);
  }

  bulkHeader(): void {
    this.#pieces = [];
  }

  append(bytes: Uint8Array, start: number, end: number): void {
    this.#pieces.push(bytes.slice(start, end));
  }

  bulkEnd(): void {
    this.out?.bulk(Buffer.concat(this.#pieces));
  }
}

const bulks = new Bulks();
const lastId = new StreamId();
const deletedId = new StreamId();

function* streamSteps(out: RequestWriter, stream: Stream, key: Uint8Array): Steps {
  if (stream.length === 0) {
    // There is no other way to make one without entries or groups.
    begin(out, 'XADD', key, 5);
    for (const word of ['MAXLEN', '0', '0-1', 'x', 'y']) out.bulkText(word);
  }
  const walk = new StreamWalk();
  walk.begin(stream, first, last, false);
  while (walk.next()) {
    bulks.out = out;
    begin(out, 'XADD', key, 1 + walk.fieldCount * 2);
    out.bulkText(String(walk.id));
    walk.writeFields(bulks);
    yield;
  }
  begin(out, 'XSETID', key, 5);
  out.bulkText(String(stream.lastId(lastId)));
  out.bulkText('ENTRIESADDED');
  out.bulkText(String(stream.added));
  out.bulkText('MAXDELETEDID');
  out.bulkText(String(stream.maxDeletedId(deletedId)));
  for (const group of stream.groups.images()) yield* groupSteps(out, key, group);
}

function* groupSteps(out: RequestWriter, key: Uint8Array, group: GroupImage): Steps {
  out.begin(7);
  out.bulkText('XGROUP');
  out.bulkText('CREATE');
  out.bulk(key);
  out.bulk(group.name);
  out.bulkText(String(group.lastId));
  out.bulkText('ENTRIESREAD');
  out.bulkText(String(settableCount(group.entriesRead)));
  // Those that have entries pending are made by what makes these pending.
  const busy = new Set<ConsumerImage>();
  const { pending } = group;
  for (let at = 0; at < pending.length; at += PENDING_WORDS) {
    const consumer = group.consumers[pending[at + PENDING_CONSUMER]];
    busy.add(consumer);
    begin(out, 'XCLAIM', key, 10);
    out.bulk(group.name);
    out.bulk(consumer.name);
    out.bulkText('0');
    out.bulkText(String(lastId.read(pending, at)));
    out.bulkText('TIME');
    out.bulkText(String(word64(pending, at + PENDING_TIME)));
    out.bulkText('RETRYCOUNT');
    out.bulkText(String(word64(pending, at + PENDING_COUNT)));
    out.bulkText('JUSTID');
    out.bulkText('FORCE');
    yield;
  }
  for (const consumer of group.consumers) {
    if (busy.has(consumer)) continue;
    out.begin(5);
    out.bulkText('XGROUP');
    out.bulkText('CREATECONSUMER');
    out.bulk(key);
    out.bulk(group.name);
    out.bulk(consumer.name);
  }
}

function word64(words: Int32Array, at: number): bigint {
  return (BigInt(words[at + 1]) << 32n) | BigInt(words[at] >>> 0);
}
