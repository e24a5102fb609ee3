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

const hash = new Hash();
const list = new List();
const members = new MemberSet();
const sorted = new SortedSet();
const stream = new Stream();
const walk = new StreamWalk();
const first = new StreamId().setMin();
const last = new StreamId().setMax();

/** Writes the requests that make the key of an entry. */
export function writeRequests(out: RequestWriter, zone: Zone, entry: number): void {
  const key = zone.key(entry);
  switch (zone.type(entry)) {
    case TYPE_LIST:
      writeList(out, zone, entry, key);
      break;
    case TYPE_SET:
      writeSet(out, zone, entry, key);
      break;
    case TYPE_SORTED_SET:
      writeSortedSet(out, zone, entry, key);
      break;
    case TYPE_HASH:
      writeHash(out, zone, entry, key);
      break;
    case TYPE_STREAM:
      writeStream(out, zone, entry, key);
      break;
    default:
      begin(out, 'SET', key, 1);
      out.bulk(zone.content.slice(entry, 0, zone.content.size(entry)));
  }
  if (!zone.isVolatile(entry)) return;
  begin(out, 'PEXPIREAT', key, 1);
  out.bulkText(String(zone.deadlines.exactOf(entry)));
}

/** Begins a request with a key and so many arguments behind it. */
function begin(out: RequestWriter, name: string, key: Uint8Array, count: number): void {
  out.begin(count + 2);
  out.bulkText(name);
  out.bulk(key);
}

/** Begins a request for element `i` of `count`, if it is the first of one. */
function beginAt(
  out: RequestWriter,
  name: string,
  key: Uint8Array,
  i: number,
  count: number,
  parts: number,
): void {
  if (i % ELEMENTS_MAX === 0) begin(out, name, key, Math.min(ELEMENTS_MAX, count - i) * parts);
}

function writeList(out: RequestWriter, zone: Zone, entry: number, key: Uint8Array): void {
  list.open(zone, entry);
  const { count } = list;
  list.seek(0);
  for (let i = 0; i < count; i++) {
    beginAt(out, 'RPUSH', key, i, count, 1);
    const element = new Uint8Array(list.currentSize);
    list.copyCurrent(element, 0);
    out.bulk(element);
    list.next();
  }
}

function writeSet(out: RequestWriter, zone: Zone, entry: number, key: Uint8Array): void {
  members.open(zone, entry);
  const { count } = members;
  members.begin();
  for (let i = 0; members.next(); i++) {
    beginAt(out, 'SADD', key, i, count, 1);
    members.readMember();
    out.bulk(members.textBytes, members.textStart, members.textEnd);
  }
}

function writeSortedSet(out: RequestWriter, zone: Zone, entry: number, key: Uint8Array): void {
  sorted.open(zone, entry);
  const { count } = sorted;
  sorted.seek(0);
  for (let i = 0; i < count; i++) {
    beginAt(out, 'ZADD', key, i, count, 2);
    out.bulkText(shortestText(sorted.currentScore));
    const member = new Uint8Array(sorted.currentSize);
    sorted.copyCurrent(member, 0);
    out.bulk(member);
    sorted.next();
  }
}

function writeHash(out: RequestWriter, zone: Zone, entry: number, key: Uint8Array): void {
  hash.open(zone, entry);
  const { count } = hash;
  hash.begin();
  for (let i = 0; hash.next(); i++) {
    beginAt(out, 'HMSET', key, i, count, 2);
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

function writeStream(out: RequestWriter, zone: Zone, entry: number, key: Uint8Array): void {
  stream.open(zone, entry);
  if (stream.length === 0) {
    // There is no other way to make one without entries or groups.
    begin(out, 'XADD', key, 5);
    for (const word of ['MAXLEN', '0', '0-1', 'x', 'y']) out.bulkText(word);
  }
  bulks.out = out;
  walk.begin(stream, first, last, false);
  while (walk.next()) {
    begin(out, 'XADD', key, 1 + walk.fieldCount * 2);
    out.bulkText(String(walk.id));
    walk.writeFields(bulks);
  }
  begin(out, 'XSETID', key, 5);
  out.bulkText(String(stream.lastId(lastId)));
  out.bulkText('ENTRIESADDED');
  out.bulkText(String(stream.added));
  out.bulkText('MAXDELETEDID');
  out.bulkText(String(stream.maxDeletedId(deletedId)));
  for (const group of stream.groups.images()) writeGroup(out, key, group);
}

function writeGroup(out: RequestWriter, key: Uint8Array, group: GroupImage): void {
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
