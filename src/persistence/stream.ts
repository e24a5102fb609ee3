/**
 * Streams, as Redis writes them: the nodes of the log as they are, what is known of the log, groups.
 *
 *   nodes │ id │ listpack │ … │ length │ last id │ first id │ largest deleted id │ added │ groups …
 *
 * Redis before 7.0 wrote nothing between the last id and the groups.
 *
 * Redis takes a node for what it says it is, unless it is told to look. Here each is looked into to
 * its last element before anything is made of it.
 */

import { finish, type Steps } from '../std/steps.ts';
import { ID_WORDS } from '../value/id-tree.ts';
import { Listpack, validateListpack } from '../value/listpack.ts';
import type { Stream } from '../value/stream.ts';
import { StreamId } from '../value/stream-id.ts';
import {
  countUpTo,
  type NodeImage,
  type StreamFace,
  type StreamImage,
} from '../value/stream-image.ts';
import { DELETED, SAME_FIELDS } from '../value/stream-node.ts';
import { ByteReader } from './byte-reader.ts';
import type { ByteWriter } from './byte-writer.ts';
import { T_STREAM_LISTPACKS_2, T_STREAM_LISTPACKS_3 } from './format.ts';
import { groupSteps, needsActiveTimes, readGroups, readId, writeId } from './stream-groups.ts';

const ID_SIZE = ID_WORDS * 4;
/** Bytes of a node at least: the size of the id, the id, that of a listpack, the listpack. */
const NODE_SIZE_MIN = 1 + ID_SIZE + 1 + 7;
const TORN_NODE = 'Stream listpack integrity check failed';

/** The type to write a stream as: the one Redis 7.0 reads, if nothing gets lost. */
export function streamTypeOf({ groups }: StreamImage): number {
  return needsActiveTimes(groups) ? T_STREAM_LISTPACKS_3 : T_STREAM_LISTPACKS_2;
}

/** Writes a stream as one of those types, which is not written. */
export function writeStream(writer: ByteWriter, image: StreamImage, type: number): void {
  writer.length(image.nodes.length);
  for (const node of image.nodes) writeNode(writer, node);
  writeFace(writer, image);
  finish(groupSteps(writer, image.groups, type === T_STREAM_LISTPACKS_3));
}

/** The same, of a stream that stays as it is, in steps. */
export function* streamSteps(writer: ByteWriter, stream: Stream, type: number): Steps {
  writer.length(stream.countNodes());
  for (const node of stream.nodes()) {
    writeNode(writer, node);
    yield;
  }
  writeFace(writer, stream.face());
  yield* groupSteps(writer, stream.groups.images(), type === T_STREAM_LISTPACKS_3);
}

const nodeId = new Int32Array(ID_WORDS);

function writeNode(writer: ByteWriter, { id, listpack }: NodeImage): void {
  id.write(nodeId, 0);
  writer.length(ID_SIZE);
  writer.words(nodeId, 0, ID_WORDS);
  writer.bulk(listpack);
}

function writeFace(writer: ByteWriter, face: StreamFace): void {
  writer.length(face.length);
  writeId(writer, face.lastId);
  writeId(writer, face.firstId);
  writeId(writer, face.maxDeletedId);
  writer.length64(BigInt.asUintN(64, face.added));
}

/** Reads a stream that was written as `type`. */
export function readStream(reader: ByteReader, type: number): StreamImage {
  const nodes: NodeImage[] = [];
  const log = { live: 0, first: new StreamId(), last: new StreamId() };
  for (let count = reader.count(NODE_SIZE_MIN); count > 0; count--) {
    const id = readNodeId(reader);
    const listpack = reader.string();
    const before = nodes.at(-1);
    if (before !== undefined && id.compare(before.id) <= 0)
      reader.fail('Listpack re-added with existing key, or in front of it');
    const problem = inspect(listpack, id, log);
    if (problem !== undefined) reader.fail(problem);
    nodes.push({ id, listpack });
  }
  const length = reader.length();
  if (length !== log.live) reader.fail('Stream length inconsistent with rax entries');
  const lastId = readId(reader);
  if (lastId.compare(log.last) < 0) reader.fail('Stream last ID in front of an entry');
  let maxDeletedId = new StreamId();
  let added = BigInt(length);
  if (type >= T_STREAM_LISTPACKS_2) {
    readId(reader);
    maxDeletedId = readId(reader);
    added = BigInt.asIntN(64, reader.length64());
  }
  const known = { lastId, firstId: log.first, maxDeletedId, added, length };
  const groups = readGroups(reader, type, (id) => countUpTo(known, id));
  return { ...known, nodes, groups };
}

function readNodeId(reader: ByteReader): StreamId {
  const bytes = reader.string();
  if (bytes.length !== ID_SIZE) reader.fail('Stream node key entry is not the size of a stream ID');
  const words = new Int32Array(ID_WORDS);
  new ByteReader(bytes).words(words, 0, ID_WORDS);
  return new StreamId().read(words, 0);
}

// ── Looking into a node ─────────────────────────────────────────────────────────────────────────

const packed = new Listpack();
const entryId = new StreamId();

/** What of a log was seen so far. */
interface Seen {
  /** Entries that are not deleted. */
  live: number;
  /** The first of them, 0-0 for none; and the last entry, deleted or not. */
  readonly first: StreamId;
  readonly last: StreamId;
}

/** A way over the elements of a listpack that ends where they end. */
class Elements {
  left: number;
  #at: number;

  constructor(count: number) {
    this.left = count;
    this.#at = packed.first;
  }

  get at(): number {
    return this.#at;
  }

  /** Passes so many elements. Answers false when there are not as many. */
  pass(count: number): boolean {
    if (!(count >= 0 && count <= this.left)) return false;
    for (let i = 0; i < count; i++) this.#at = packed.nextOf(this.#at);
    this.left -= count;
    return true;
  }

  /** Passes an integer and answers it; NaN when the element is none. */
  integer(): number {
    if (this.left === 0) return Number.NaN;
    packed.read(this.#at);
    if (!packed.isInteger) return Number.NaN;
    this.#at = packed.next;
    this.left--;
    return packed.integer;
  }
}

/** What is wrong with a node whose entries come behind what was seen, or undefined. */
function inspect(bytes: Uint8Array, masterId: StreamId, seen: Seen): string | undefined {
  const count = validateListpack(bytes, 0, bytes.length);
  if (count < 0) return TORN_NODE;
  packed.open(bytes, 0);
  const elements = new Elements(count);
  const live = elements.integer();
  const deleted = elements.integer();
  const fields = elements.integer();
  if (!elements.pass(fields) || elements.integer() !== 0) return TORN_NODE;
  // Trimming by id may leave a node with none that lives.
  if (!(live >= 0 && deleted >= 0)) return TORN_NODE;
  const before = { live: 0, deleted: 0 };
  while (elements.left > 0) {
    if (!inspectEntry(elements, fields, masterId)) return TORN_NODE;
    if (entryId.compare(seen.last) <= 0) return TORN_NODE;
    if (entryId.compare(masterId) < 0) return TORN_NODE;
    seen.last.copy(entryId);
    if (isDeleted) {
      before.deleted++;
      continue;
    }
    before.live++;
    if (seen.live++ === 0) seen.first.copy(entryId);
  }
  return before.live === live && before.deleted === deleted ? undefined : TORN_NODE;
}

/** Whether the entry looked at last is deleted. */
let isDeleted = false;

/** Passes an entry and reads its id. Answers false when it is none. */
function inspectEntry(elements: Elements, masterFields: number, masterId: StreamId): boolean {
  // Flags are changed where they lie: nothing but one byte will do.
  const { at, left } = elements;
  const flags = elements.integer();
  if (!(flags >= 0 && flags <= (DELETED | SAME_FIELDS) && packed.bytes[at] === flags)) return false;
  isDeleted = (flags & DELETED) !== 0;
  if (Number.isNaN(elements.integer())) return false;
  const ms = masterId.ms64 + packed.integer64;
  if (Number.isNaN(elements.integer())) return false;
  entryId.set64(ms, masterId.seq64 + packed.integer64);
  const isSame = (flags & SAME_FIELDS) !== 0;
  const fields = isSame ? masterFields : elements.integer();
  if (!elements.pass(isSame ? fields : fields * 2)) return false;
  const size = left - elements.left;
  return elements.integer() === size;
}
