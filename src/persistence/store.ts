/** Makes keys of values that were read: each all at once, or not at all. */

import type { Values } from '../instance/config/directives.ts';
import type { Database } from '../keyspace/database.ts';
import { storeList, storeNodes } from '../keyspace/lists.ts';
import { storeSet } from '../keyspace/sets.ts';
import { storeSortedSet } from '../keyspace/sorted-sets.ts';
import type { Argv } from '../resp/argv.ts';
import { Hash } from '../value/hash.ts';
import { SetDraft } from '../value/set-draft.ts';
import { Stream } from '../value/stream.ts';
import type { StreamImage } from '../value/stream-image.ts';
import {
  HASH_LISTPACK,
  SET_HASHTABLE,
  SET_INTSET,
  SET_LISTPACK,
  TYPE_HASH,
  TYPE_SET,
  TYPE_STREAM,
} from '../value/type.ts';
import { elementsOf, integersOf, type Packed, type Value } from './value-reader.ts';

const hash = new Hash();
const draft = new SetDraft();

/**
 * Makes the key argv[index] hold a value, in place of what it held, until `deadline` (Unix
 * milliseconds, or NO_DEADLINE). Throws out of memory with nothing changed.
 */
export function storeValue(
  database: Database,
  argv: Argv,
  index: number,
  value: Value,
  deadline: number,
  config: Values,
): void {
  switch (value.type) {
    case 'string': {
      const existing = database.peek(argv, index);
      const { bytes } = value;
      database.setString(argv, index, existing, bytes, 0, bytes.length, deadline);
      return;
    }
    case 'list':
      storeList(database, argv, index, value.elements, deadline, config.listMaxListpackSize);
      return;
    case 'set': {
      // A plain one of more members than an intset may have begins as a table, in Redis too.
      const isTable = value.isPlain && value.members.length > config.setMaxIntsetEntries;
      storeMembers(database, argv, index, value.members, deadline, config, isTable);
      return;
    }
    case 'hash':
      storeHash(database, argv, index, value.pairs, deadline, config);
      return;
    case 'packed hash':
      storePackedHash(database, argv, index, value, deadline, config);
      return;
    case 'packed set':
      storePackedSet(database, argv, index, value, deadline, config);
      return;
    case 'integers': {
      const { bytes, count } = value;
      if (count > config.setMaxIntsetEntries) {
        const members = integersOf(bytes);
        return storeMembers(database, argv, index, members, deadline, config);
      }
      storeBytes(database, argv, index, TYPE_SET, SET_INTSET, bytes, deadline);
      return;
    }
    case 'packed list':
      storeNodes(database, argv, index, value.nodes, deadline, config.listMaxListpackSize);
      return;
    case 'stream':
      storeStream(database, argv, index, value.image, deadline);
      return;
    case 'sorted set': {
      const { zsetMaxListpackEntries: count, zsetMaxListpackValue: memberSize } = config;
      storeSortedSet(database, argv, index, value.members, { count, memberSize }, deadline);
    }
  }
}

function storeMembers(
  database: Database,
  argv: Argv,
  index: number,
  members: readonly Uint8Array[],
  deadline: number,
  config: Values,
  isTable = false,
): void {
  const { setMaxIntsetEntries: integers, setMaxListpackEntries: count } = config;
  const limits = { integers, count, size: config.setMaxListpackValue };
  draft.begin(database.zone, limits, isTable ? SET_HASHTABLE : SET_INTSET);
  for (const member of members) draft.add(member, 0, member.length);
  storeSet(database, argv, index, draft, deadline);
}

/** Keeps what is packed as it would be here. */
function storeBytes(
  database: Database,
  argv: Argv,
  index: number,
  type: number,
  encoding: number,
  bytes: Uint8Array,
  deadline: number,
): void {
  const { zone } = database;
  const existing = database.peek(argv, index);
  const entry = database.putUntil(argv, index, existing, type, bytes.length, deadline);
  zone.setEncoding(entry, encoding);
  zone.content.write(entry, 0, bytes, 0, bytes.length);
}

function storePackedHash(
  database: Database,
  argv: Argv,
  index: number,
  { bytes, count, longest }: Packed<'packed hash'>,
  deadline: number,
  config: Values,
): void {
  const { hashMaxListpackEntries, hashMaxListpackValue } = config;
  if (count / 2 <= hashMaxListpackEntries && longest <= hashMaxListpackValue) {
    storeBytes(database, argv, index, TYPE_HASH, HASH_LISTPACK, bytes, deadline);
  } else storeHash(database, argv, index, elementsOf(bytes), deadline, config);
}

function storePackedSet(
  database: Database,
  argv: Argv,
  index: number,
  { bytes, count, longest }: Packed<'packed set'>,
  deadline: number,
  config: Values,
): void {
  const { setMaxListpackEntries, setMaxListpackValue } = config;
  if (count <= setMaxListpackEntries && longest <= setMaxListpackValue) {
    storeBytes(database, argv, index, TYPE_SET, SET_LISTPACK, bytes, deadline);
  } else storeMembers(database, argv, index, elementsOf(bytes), deadline, config);
}

function storeHash(
  database: Database,
  argv: Argv,
  index: number,
  pairs: readonly Uint8Array[],
  deadline: number,
  { hashMaxListpackEntries: count, hashMaxListpackValue: size }: Values,
): void {
  const { zone } = database;
  hash.beginPlan(zone, 0, { count, size });
  for (let i = 0; i < pairs.length; i += 2) {
    const [field, value] = [pairs[i], pairs[i + 1]];
    hash.plan(field, 0, field.length, value, 0, value.length);
  }
  const existing = database.peek(argv, index);
  const entry = database.putUntil(argv, index, existing, TYPE_HASH, hash.contentSize, deadline);
  hash.create(zone, entry);
  for (let i = 0; i < pairs.length; i += 2) {
    const [field, value] = [pairs[i], pairs[i + 1]];
    hash.set(field, 0, field.length, value, 0, value.length);
  }
  hash.settle();
}

function storeStream(
  database: Database,
  argv: Argv,
  index: number,
  image: StreamImage,
  deadline: number,
): void {
  const { zone } = database;
  const existing = database.peek(argv, index);
  const size = Stream.sizeFor(zone, image);
  const entry = database.putUntil(argv, index, existing, TYPE_STREAM, size, deadline);
  new Stream().adopt(zone, entry, image);
}
