/**
 * Streams, in groups: what reading and claiming are to those who do it again.
 *
 * Which entries a consumer is given depends on the time and on who asks first. So what is told is
 * the outcome: for each entry an XCLAIM that makes it pending as it is now, whatever it was before.
 */

import type { Call } from '../../src/dispatch/call.ts';
import type { Part } from '../../src/resp/request-writer.ts';
import { sliceBytes } from '../../src/std/bytes.ts';
import { StreamId } from '../../src/value/stream-id.ts';
import { settableCount } from '../../src/value/stream-image.ts';
import type { BulkSink } from '../../src/value/string.ts';
import { groups } from './open.ts';

const lastId = new StreamId();

/** Keeps one bulk that is written to it. */
class OneBulk implements BulkSink {
  bytes: Uint8Array = new Uint8Array(0);
  #size = 0;

  bulk(bytes: Uint8Array, start = 0, end = bytes.length): void {
    this.bytes = sliceBytes(bytes, start, end);
  }

  bulkHeader(size: number): void {
    this.bytes = new Uint8Array(size);
    this.#size = 0;
  }

  append(bytes: Uint8Array, start: number, end: number): void {
    this.bytes.set(bytes.subarray(start, end), this.#size);
    this.#size += end - start;
  }

  bulkEnd(): void {}
}

const owner = new OneBulk();

/** The entry `id` of key 1 and group 2 is pending as `groups` is at. */
export function tellPending(call: Call, id: Part): void {
  groups.writeOwnerName(owner);
  tellClaim(call, 1, 2, owner.bytes, id, groups.deliveryTime, groups.deliveries);
}

/** An entry is pending for a consumer. Key and group are arguments. */
export function tellClaim(
  { argv, db, instance }: Call,
  key: number,
  group: number,
  consumer: Part,
  id: Part,
  time: number,
  deliveries: bigint,
): void {
  const delivered: Part[] = ['TIME', String(time), 'RETRYCOUNT', String(deliveries)];
  const last = String(groups.readLastId(lastId));
  const { effects } = instance;
  const claim: Part[] = ['XCLAIM', key, group, consumer, '0', id, ...delivered];
  effects.also(db.number, argv, ...claim, 'FORCE', 'JUSTID', 'LASTID', last);
}

/** How far a group is. Key and group are arguments. */
export function tellProgress({ argv, db, instance }: Call, key: number, group: number): void {
  const last = String(groups.readLastId(lastId));
  const read = String(settableCount(groups.entriesRead));
  instance.effects.also(
    db.number,
    argv,
    ...['XGROUP', 'SETID'],
    ...[key, group],
    ...[last, 'ENTRIESREAD', read],
  );
}
