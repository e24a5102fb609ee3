/**
 * Digests: forty hexadecimal digits that say whether two values, or two data sets, are equal.
 *
 * Those of DEBUG DIGEST and DIGEST-VALUE, digit for digit what Redis computes: SHA-1 over type,
 * elements and whether there is an expiry, so that an encoding or an order that does not matter
 * does not show. Two operations make it: `mix` where order matters, `xor` where it does not.
 */

import { createHash } from 'node:crypto';
import { latin1Bytes } from '../std/ascii.ts';
import { shortestText } from '../std/double.ts';
import { Hash } from '../value/hash.ts';
import { List } from '../value/list.ts';
import { MemberSet } from '../value/set.ts';
import { SortedSet } from '../value/sorted-set.ts';
import { Stream } from '../value/stream.ts';
import { StreamId } from '../value/stream-id.ts';
import { StreamWalk } from '../value/stream-walk.ts';
import { TYPE_HASH, TYPE_LIST, TYPE_SET, TYPE_SORTED_SET, TYPE_STREAM } from '../value/type.ts';
import type { Zone } from '../zone/zone.ts';
import type { Keyspace } from './keyspace.ts';

const SIZE = 20;
const EXPIRES = latin1Bytes('!!expire!!');
/** The number Redis has for streams; the other types have the same here. */
const REDIS_STREAM = 6;

class Digest {
  readonly bytes = new Uint8Array(SIZE);

  /** Adds something without regard to order. */
  xor(added: Uint8Array): void {
    const hash = createHash('sha1').update(added).digest();
    for (let i = 0; i < SIZE; i++) this.bytes[i] ^= hash[i];
  }

  /** Adds something so that what was added before and after it matters. */
  mix(added: Uint8Array): void {
    this.xor(added);
    this.bytes.set(createHash('sha1').update(this.bytes).digest());
  }

  mixNumber(number: number): void {
    this.mix(Uint8Array.of(number >>> 24, number >>> 16, number >>> 8, number));
  }

  get text(): string {
    return Buffer.from(this.bytes).toString('hex');
  }
}

const hash = new Hash();
const list = new List();
const set = new SortedSet();
const members = new MemberSet();

function addHash(digest: Digest, zone: Zone, entry: number): void {
  hash.open(zone, entry);
  hash.begin();
  while (hash.next()) {
    const element = new Digest();
    hash.readField();
    element.mix(hash.textBytes.subarray(hash.textStart, hash.textEnd));
    hash.readValue();
    element.mix(hash.textBytes.subarray(hash.textStart, hash.textEnd));
    digest.xor(element.bytes);
  }
}

function addList(digest: Digest, zone: Zone, entry: number): void {
  list.open(zone, entry);
  for (let more = list.seek(0); more; more = list.next()) {
    const element = new Uint8Array(list.currentSize);
    list.copyCurrent(element, 0);
    digest.mix(element);
  }
}

function addSet(digest: Digest, zone: Zone, entry: number): void {
  members.open(zone, entry);
  members.begin();
  while (members.next()) {
    members.readMember();
    digest.xor(members.textBytes.subarray(members.textStart, members.textEnd));
  }
}

function addSortedSet(digest: Digest, zone: Zone, entry: number): void {
  set.open(zone, entry);
  for (let more = set.seek(0); more; more = set.next()) {
    const member = new Uint8Array(set.currentSize);
    set.copyCurrent(member, 0);
    const element = new Digest();
    element.mix(member);
    element.mix(latin1Bytes(shortestText(set.currentScore)));
    digest.xor(element.bytes);
  }
}

/** Its entries in order; who reads it does not count. */
function addStream(digest: Digest, zone: Zone, entry: number): void {
  const walk = new StreamWalk();
  const sink = {
    bulk: (bytes: Uint8Array, start = 0, end = bytes.length) => {
      digest.mix(bytes.subarray(start, end));
    },
    bulkHeader() {},
    append() {},
    bulkEnd() {},
  };
  const first = new StreamId().setMin();
  walk.begin(new Stream().open(zone, entry), first, new StreamId().setMax(), false);
  while (walk.next()) {
    digest.mix(latin1Bytes(`${walk.id.ms64}.${walk.id.seq64}`));
    walk.writeFields(sink);
  }
}

function addValue(digest: Digest, zone: Zone, entry: number): void {
  const type = zone.type(entry);
  digest.mixNumber(type === TYPE_STREAM ? REDIS_STREAM : type);
  if (type === TYPE_SORTED_SET) addSortedSet(digest, zone, entry);
  else if (type === TYPE_HASH) addHash(digest, zone, entry);
  else if (type === TYPE_LIST) addList(digest, zone, entry);
  else if (type === TYPE_SET) addSet(digest, zone, entry);
  else if (type === TYPE_STREAM) addStream(digest, zone, entry);
  else digest.mix(zone.content.slice(entry, 0, zone.content.size(entry)));
  if (zone.isVolatile(entry)) digest.xor(EXPIRES);
}

/** The digest of one value; of none, where the entry is 0. */
export function valueDigest(zone: Zone, entry: number): string {
  const digest = new Digest();
  if (entry !== 0) addValue(digest, zone, entry);
  return digest.text;
}

/** The digest of everything. */
export function keyspaceDigest(keyspace: Keyspace): string {
  const all = new Digest();
  for (const db of keyspace.databases) {
    if (db.size === 0) continue;
    all.mixNumber(db.number);
    db.each((entry) => {
      const pair = new Digest();
      pair.mix(db.zone.key(entry));
      addValue(pair, db.zone, entry);
      all.xor(pair.bytes);
    });
  }
  return all.text;
}
