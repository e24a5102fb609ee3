/**
 * Stream groups, as Redis writes them behind the log of a stream.
 *
 *   groups │ name │ last id │ entries read │ pending … │ consumers …
 *   pending │ id │ time │ deliveries          id: 16 bytes, the greatest first
 *   consumer │ name │ seen │ active │ ids of what is pending for it
 *
 * Who has what is told from the ids of consumers. Redis before 7.0 wrote no entries read, before
 * 7.2 no time a consumer was active.
 */

import { compareBytes } from '../std/bytes.ts';
import type { Steps } from '../std/steps.ts';
import { ID_WORDS } from '../value/id-tree.ts';
import { StreamId } from '../value/stream-id.ts';
import {
  type ConsumerImage,
  type GroupImage,
  PENDING_CONSUMER,
  PENDING_COUNT,
  PENDING_TIME,
  PENDING_WORDS,
} from '../value/stream-image.ts';
import type { ByteReader } from './byte-reader.ts';
import type { ByteWriter } from './byte-writer.ts';
import { T_STREAM_LISTPACKS_2, T_STREAM_LISTPACKS_3 } from './format.ts';

const TWO_32 = 2 ** 32;
/** Bytes of what is pending and of a consumer at least. */
const PENDING_SIZE_MIN = 25;
const CONSUMER_SIZE_MIN = 10;
const ID_SIZE = 16;
const NOBODY = -1;
/** Words of what is pending that are written in a step. */
const STEP_WORDS = 1024 * PENDING_WORDS;

/** Whether a reader that knows nothing of active times would lose some. */
export function needsActiveTimes(groups: readonly GroupImage[]): boolean {
  return groups.some(({ consumers }) =>
    consumers.some(({ seenTime, activeTime }) => seenTime !== activeTime),
  );
}

export function writeId(writer: ByteWriter, id: StreamId): void {
  writer.length64(id.ms64);
  writer.length64(id.seq64);
}

export function readId(reader: ByteReader): StreamId {
  const ms = reader.length64();
  return new StreamId().set64(ms, reader.length64());
}

// ── Writing ─────────────────────────────────────────────────────────────────────────────────────

/** Writes groups, with the times consumers were active where those are to be known. */
export function* groupSteps(
  writer: ByteWriter,
  groups: readonly GroupImage[],
  hasActiveTimes: boolean,
): Steps {
  writer.length(groups.length);
  for (const { name, lastId, entriesRead, consumers, pending } of groups) {
    writer.bulk(name);
    writeId(writer, lastId);
    writer.length64(BigInt.asUintN(64, entriesRead));
    writer.length(pending.length / PENDING_WORDS);
    const own: number[][] = consumers.map(() => []);
    for (let at = 0; at < pending.length; at += PENDING_WORDS) {
      const time = at + PENDING_TIME;
      writer.words(pending, at, ID_WORDS);
      writer.milliseconds(pending[time + 1] * TWO_32 + (pending[time] >>> 0));
      writer.length64(countAt(pending, at + PENDING_COUNT));
      own[pending[at + PENDING_CONSUMER]].push(at);
      if (at % STEP_WORDS === 0) yield;
    }
    writer.length(consumers.length);
    for (const [i, consumer] of consumers.entries()) {
      writer.bulk(consumer.name);
      writer.milliseconds(consumer.seenTime);
      if (hasActiveTimes) writer.milliseconds(consumer.activeTime);
      writer.length(own[i].length);
      for (const at of own[i]) writer.words(pending, at, ID_WORDS);
      yield;
    }
  }
}

function countAt(words: Int32Array, at: number): bigint {
  return (BigInt(words[at + 1] >>> 0) << 32n) | BigInt(words[at] >>> 0);
}

// ── Reading ─────────────────────────────────────────────────────────────────────────────────────

/**
 * Reads the groups of a stream that was written as `type`. `countUpTo` tells entries read where
 * they were not written.
 */
export function readGroups(
  reader: ByteReader,
  type: number,
  countUpTo: (id: StreamId) => bigint,
): GroupImage[] {
  const groups: GroupImage[] = [];
  for (let count = reader.count(); count > 0; count--) {
    const name = reader.string();
    const lastId = readId(reader);
    const entriesRead =
      type >= T_STREAM_LISTPACKS_2 ? BigInt.asIntN(64, reader.length64()) : countUpTo(lastId);
    const pending = readPending(reader);
    const consumers = readConsumers(reader, type >= T_STREAM_LISTPACKS_3, pending);
    groups.push({ name, lastId, entriesRead, consumers, pending });
  }
  groups.sort(byName);
  refuseTwice(reader, groups, 'Duplicated consumer group name');
  return groups;
}

/** Reads what is pending, by id, and for nobody yet. */
function readPending(reader: ByteReader): Int32Array {
  const count = reader.count(PENDING_SIZE_MIN);
  const pending = new Int32Array(count * PENDING_WORDS);
  let isSorted = true;
  for (let at = 0; at < pending.length; at += PENDING_WORDS) {
    reader.words(pending, at, ID_WORDS);
    const time = reader.milliseconds();
    pending[at + PENDING_TIME] = time;
    pending[at + PENDING_TIME + 1] = Math.floor(time / TWO_32);
    const deliveries = reader.length64();
    pending[at + PENDING_COUNT] = Number(BigInt.asIntN(32, deliveries));
    pending[at + PENDING_COUNT + 1] = Number(BigInt.asIntN(32, deliveries >> 32n));
    pending[at + PENDING_CONSUMER] = NOBODY;
    if (at > 0 && compareIds(pending, at - PENDING_WORDS, at) >= 0) isSorted = false;
  }
  return isSorted ? pending : sorted(reader, pending);
}

const id = new StreamId();

function compareIds(words: Int32Array, a: number, b: number): number {
  return id.read(words, a).compareAt(words, b);
}

function sorted(reader: ByteReader, pending: Int32Array): Int32Array {
  const places = Array.from(
    { length: pending.length / PENDING_WORDS },
    (_, i) => i * PENDING_WORDS,
  );
  places.sort((a, b) => compareIds(pending, a, b));
  const result = new Int32Array(pending.length);
  for (const [i, from] of places.entries()) {
    const at = i * PENDING_WORDS;
    result.set(pending.subarray(from, from + PENDING_WORDS), at);
    if (i > 0 && compareIds(result, at - PENDING_WORDS, at) === 0) {
      reader.fail('Duplicated global PEL entry loading stream consumer group');
    }
  }
  return result;
}

/** Reads consumers, by name, and says whose each of what is pending is. */
function readConsumers(
  reader: ByteReader,
  hasActiveTimes: boolean,
  pending: Int32Array,
): ConsumerImage[] {
  const consumers: ConsumerImage[] = [];
  for (let left = reader.count(CONSUMER_SIZE_MIN); left > 0; left--) {
    const name = reader.string();
    const seenTime = reader.milliseconds();
    const activeTime = hasActiveTimes ? reader.milliseconds() : seenTime;
    const number = consumers.push({ name, seenTime, activeTime }) - 1;
    for (let count = reader.count(ID_SIZE); count > 0; count--) {
      const at = place(reader, pending);
      if (pending[at + PENDING_CONSUMER] === number)
        reader.fail('Duplicated consumer PEL entry loading a stream consumer group');
      pending[at + PENDING_CONSUMER] = number;
    }
  }
  const order = consumers.map((_, i) => i);
  order.sort((a, b) => byName(consumers[a], consumers[b]));
  const places = new Int32Array(order.length);
  for (const [placed, i] of order.entries()) places[i] = placed;
  for (let at = PENDING_CONSUMER; at < pending.length; at += PENDING_WORDS) {
    if (pending[at] === NOBODY) reader.fail('Stream CG PEL entry without consumer');
    pending[at] = places[pending[at]];
  }
  const result = order.map((i) => consumers[i]);
  refuseTwice(reader, result, 'Duplicate stream consumer detected');
  return result;
}

const own = new Int32Array(ID_WORDS);

/** Reads an id, and answers where it is among what is pending. */
function place(reader: ByteReader, pending: Int32Array): number {
  reader.words(own, 0, ID_WORDS);
  id.read(own, 0);
  let low = 0;
  let high = pending.length / PENDING_WORDS;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const order = id.compareAt(pending, middle * PENDING_WORDS);
    if (order === 0) return middle * PENDING_WORDS;
    if (order > 0) low = middle + 1;
    else high = middle;
  }
  return reader.fail('Consumer entry not found in group global PEL');
}

interface Named {
  readonly name: Uint8Array;
}

function byName({ name: a }: Named, { name: b }: Named): number {
  return compareBytes(a, 0, a.length, b, 0, b.length);
}

function refuseTwice(reader: ByteReader, all: readonly Named[], fault: string): void {
  for (let i = 1; i < all.length; i++) {
    if (byName(all[i - 1], all[i]) === 0) reader.fail(fault);
  }
}
