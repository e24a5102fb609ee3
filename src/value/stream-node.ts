/**
 * Stream node: some entries of a stream in a listpack, in the very way Redis packs them.
 *
 *   master   │ live │ deleted │ n │ field 1 │ … │ field n │ 0 │
 *   entry    │ flags │ ms │ seq │ value 1 │ … │ value n │ elements │               SAME_FIELDS
 *   entry    │ flags │ ms │ seq │ n │ field 1 │ value 1 │ … │ value n │ elements │
 *
 * The id of an entry is told from that of the node, which is the id of its first entry. The master
 * has the fields of the first entry too: entries with the same fields, as most have, leave them out.
 * Entries are deleted by a flag, and go with the node. The number at the end of an entry says how
 * many elements of the listpack it has without it: so one can walk backwards.
 *
 * A node lies in segments (segments.ts). In one it is read where it lies, else it is gathered first.
 */

import {
  appendInteger,
  insertElement,
  LISTPACK_HEADER,
  Listpack,
  NONE,
  storeHeader,
} from './listpack.ts';
import type { Elements } from './quicklist.ts';
import type { Region } from './region.ts';
import type { Segments } from './segments.ts';
import { StreamId } from './stream-id.ts';

export const DELETED = 1;
export const SAME_FIELDS = 2;

/** Bytes behind a node that it can grow by when the count of what is deleted does. */
export const NODE_SLACK = 4;
/** Bytes of an entry beside its fields and values, at most: flags, two parts of an id, two counts. */
export const ENTRY_HEAD_MAX = 2 + 10 + 10 + 10 + 6;
/** Bytes of a master beside its fields, at most, and what the listpack takes. */
export const MASTER_HEAD_MAX = LISTPACK_HEADER + 2 + 2 + 10 + 2 + 1;

/** Redis packs no node beyond it. */
export const NODE_SIZE_MAX = 2 ** 30;
const SAFE_HIGH = 2 ** 21;
/** An integer below is one byte. */
const SMALL = 128;

export class StreamNode {
  /** The node, gathered or where it lies. */
  readonly listpack = new Listpack();
  /** The first of its segments. */
  first = 0;
  readonly masterId = new StreamId();
  /** Entries that are there, and that are marked as deleted. */
  live = 0;
  deleted = 0;
  /** Fields of the master, and where the first is and the first entry. */
  masterCount = 0;
  masterAt = 0;
  firstEntry = 0;
  // The entry read last.
  flags = 0;
  readonly id = new StreamId();
  fieldCount = 0;
  /** Where its first field or value is. */
  bodyAt = 0;
  #flagsAt = 0;
  #isGathered = false;
  #scratch: Uint8Array = new Uint8Array(0);

  /** Looks at a node, until something in the region changes. */
  open(region: Region, segments: Segments, first: number, id: StreamId): this {
    const { u8 } = region;
    const at = segments.at(first);
    const size = sizeAt(u8, at);
    this.first = first;
    this.masterId.copy(id);
    this.#isGathered = size > segments.capacity(first);
    if (this.#isGathered) {
      // Room for a count of more digits.
      if (this.#scratch.length < size + NODE_SLACK) {
        this.#scratch = new Uint8Array((size + NODE_SLACK) * 1.5);
      }
      segments.read(first, this.#scratch, size);
      this.listpack.open(this.#scratch, 0);
    } else {
      this.listpack.open(u8, at);
    }
    this.#readMaster();
    return this;
  }

  /** Looks at a node that lies in bytes, whole. */
  openBytes(bytes: Uint8Array, id: StreamId): this {
    this.masterId.copy(id);
    this.listpack.open(bytes, 0);
    this.#readMaster();
    return this;
  }

  #readMaster(): void {
    const { listpack } = this;
    listpack.read(listpack.first);
    this.live = listpack.integer;
    listpack.read(listpack.next);
    this.deleted = listpack.integer;
    listpack.read(listpack.next);
    this.masterCount = listpack.integer;
    this.masterAt = listpack.next;
    let at = this.masterAt;
    // And the 0 at its end.
    for (let i = this.masterCount; i >= 0; i--) at = listpack.nextOf(at);
    this.firstEntry = at;
  }

  /** Where the nodes's entries end. */
  get end(): number {
    return this.listpack.end;
  }

  /** Reads what is in front of the fields of the entry at `at`. */
  readEntry(at: number): void {
    const { listpack, id, masterId } = this;
    this.#flagsAt = at;
    const { bytes } = listpack;
    // Flags are one byte, and what ids differ by often is.
    this.flags = bytes[at];
    let low = bytes[at + 2];
    let high = 0;
    let next = at + 4;
    if (low >= SMALL) {
      listpack.read(at + 2);
      ({ low, high, next } = listpack);
    }
    low = (masterId.msLo >>> 0) + (low >>> 0);
    id.msHi = (masterId.msHi + high + (low >= 2 ** 32 ? 1 : 0)) | 0;
    id.msLo = low | 0;
    low = bytes[next];
    high = 0;
    if (low < SMALL) {
      next += 2;
    } else {
      listpack.read(next);
      ({ low, high, next } = listpack);
    }
    low = (masterId.seqLo >>> 0) + (low >>> 0);
    id.seqHi = (masterId.seqHi + high + (low >= 2 ** 32 ? 1 : 0)) | 0;
    id.seqLo = low | 0;
    if ((this.flags & SAME_FIELDS) !== 0) {
      this.fieldCount = this.masterCount;
      this.bodyAt = next;
    } else {
      listpack.read(next);
      this.fieldCount = listpack.integer;
      this.bodyAt = listpack.next;
    }
  }

  /** Where the entry behind the one read last is. */
  get behind(): number {
    const { listpack } = this;
    let at = this.bodyAt;
    const isSame = (this.flags & SAME_FIELDS) !== 0;
    for (let i = isSame ? this.fieldCount : this.fieldCount * 2; i >= 0; i--) {
      at = listpack.nextOf(at);
    }
    return at;
  }

  /** Where the entry in front of `at`, that of an entry or the end, is; NONE: it is the first. */
  previousOf(at: number): number {
    const { listpack } = this;
    if (at <= this.firstEntry) return NONE;
    let from = listpack.previousOf(at);
    listpack.read(from);
    for (let i = listpack.integer; i > 0; i--) from = listpack.previousOf(from);
    return from;
  }

  /** Whether the fields of the arguments [first, end) are those of the master. */
  hasFields({ bytes, starts, ends }: Elements, first: number, end: number): boolean {
    if (this.masterCount !== (end - first) >>> 1) return false;
    const { listpack } = this;
    let at = this.masterAt;
    for (let i = first; i < end; i += 2) {
      if (!listpack.equals(at, bytes, starts[i], ends[i])) return false;
      at = listpack.next;
    }
    return true;
  }

  /** Marks the entry read last as deleted. The counts are left as they are. */
  markDeleted(segments: Segments): void {
    this.flags |= DELETED;
    const { listpack } = this;
    const at = this.#flagsAt;
    listpack.bytes[at] |= DELETED;
    if (!this.#isGathered) return;
    segments.write(this.first, at - listpack.start, listpack.bytes, at, at + 1);
  }

  /** Sets the counts. Entries may lie elsewhere afterwards. */
  setCounts(segments: Segments, live: number, deleted: number): void {
    const { listpack } = this;
    const { size } = listpack;
    listpack.replaceInteger(listpack.first, live);
    listpack.replaceInteger(listpack.nextOf(listpack.first), deleted);
    this.live = live;
    this.deleted = deleted;
    if (!this.#isGathered) return;
    const end = listpack.size === size ? this.masterAt : listpack.size;
    segments.write(this.first, 0, listpack.bytes, listpack.start, listpack.start + end);
  }
}

/** Bytes of the listpack at `at`. */
export function sizeAt(bytes: Uint8Array, at: number): number {
  return (bytes[at] | (bytes[at + 1] << 8) | (bytes[at + 2] << 16) | (bytes[at + 3] << 24)) >>> 0;
}

/** Elements of an entry of so many fields, without the last one that counts them. */
function elementsOf(fields: number, isSame: boolean): number {
  return isSame ? fields + 3 : fields * 2 + 4;
}

/** Says in the header of a listpack that it has such an entry more, and that size. */
export function addEntry(
  bytes: Uint8Array,
  start: number,
  size: number,
  fields: number,
  isSame: boolean,
): void {
  storeHeader(bytes, start, size, elementsOf(fields, isSame) + 1);
}

/**
 * Writes an entry of the arguments [first, end), fields and values, where a listpack ends. Answers
 * where it ends then, which is marked.
 */
export function writeEntry(
  target: Uint8Array,
  at: number,
  id: StreamId,
  masterId: StreamId,
  isSame: boolean,
  { bytes, starts, ends }: Elements,
  first: number,
  end: number,
): number {
  const fields = (end - first) >>> 1;
  let to = appendInteger(target, at, isSame ? SAME_FIELDS : 0);
  to = appendDifference(target, to, id.msHi, id.msLo, masterId.msHi, masterId.msLo);
  to = appendDifference(target, to, id.seqHi, id.seqLo, masterId.seqHi, masterId.seqLo);
  if (!isSame) to = appendInteger(target, to, fields);
  for (let i = first; i < end; i += 2) {
    if (!isSame) to += insertElement(target, to, to, NODE_SIZE_MAX, bytes, starts[i], ends[i]);
    to += insertElement(target, to, to, NODE_SIZE_MAX, bytes, starts[i + 1], ends[i + 1]);
  }
  return appendInteger(target, to, elementsOf(fields, isSame));
}

/** Writes a listpack with a master of these fields for one entry. As writeEntry() otherwise. */
export function writeMaster(
  target: Uint8Array,
  at: number,
  { bytes, starts, ends }: Elements,
  first: number,
  end: number,
): number {
  const fields = (end - first) >>> 1;
  target.fill(0, at, at + LISTPACK_HEADER);
  let to = appendInteger(target, at + LISTPACK_HEADER, 1);
  to = appendInteger(target, to, 0);
  to = appendInteger(target, to, fields);
  for (let i = first; i < end; i += 2) {
    to += insertElement(target, to, to, NODE_SIZE_MAX, bytes, starts[i], ends[i]);
  }
  to = appendInteger(target, to, 0);
  storeHeader(target, at, to + 1 - at, fields + 4);
  return to;
}

function appendDifference(
  target: Uint8Array,
  at: number,
  high: number,
  low: number,
  masterHigh: number,
  masterLow: number,
): number {
  if (high === masterHigh) return appendInteger(target, at, (low >>> 0) - (masterLow >>> 0));
  if (high >>> 0 < SAFE_HIGH && masterHigh >>> 0 < SAFE_HIGH) {
    const difference = (high - masterHigh) * 2 ** 32 + (low >>> 0) - (masterLow >>> 0);
    if (Number.isSafeInteger(difference)) return appendInteger(target, at, difference);
  }
  const whole = ((BigInt(high) - BigInt(masterHigh)) << 32n) + BigInt(low >>> 0);
  return appendInteger(target, at, BigInt.asIntN(64, whole - BigInt(masterLow >>> 0)));
}
