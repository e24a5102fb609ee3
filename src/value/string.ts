/**
 * Strings: what can be asked of an entry of type string.
 *
 * A string is its bytes, whatever it holds; nothing is kept as a number. A counter of seven digits
 * takes seven bytes here and eight as an integer, and reading it back is a few nanoseconds. What
 * OBJECT ENCODING tells follows from the bytes and from how they got here, as in Redis:
 *
 *   FROM_SET     `int` when they print a 64-bit integer, else `embstr` up to 44 bytes, else `raw`
 *   FROM_EDIT    `raw`: APPEND, SETRANGE and SETBIT leave a buffer with room to grow
 *   FROM_FLOAT   `embstr` or `raw`: the result of INCRBYFLOAT is never looked at as an integer
 */

import type { Zone } from '../zone/zone.ts';

export const FROM_SET = 0;
export const FROM_EDIT = 1;
export const FROM_FLOAT = 2;

/** The longest string that may be an integer: the digits of -2^63. */
export const INTEGER_SIZE_MAX = 20;
/** Redis's OBJ_ENCODING_EMBSTR_SIZE_LIMIT. */
export const EMBSTR_SIZE_MAX = 44;

/** What a reply must offer to have a value written into it. */
export interface BulkSink {
  bulkHeader(size: number): void;
  append(bytes: Uint8Array, start: number, end: number): void;
  bulkEnd(): void;
  bulk(bytes: Uint8Array, start?: number, end?: number): void;
}

export function stringSize(zone: Zone, entry: number): number {
  return zone.content.size(entry);
}

/** Writes a string, or bytes [from, end) of it, as one bulk. */
export function writeString(
  zone: Zone,
  entry: number,
  sink: BulkSink,
  from = 0,
  end = zone.content.size(entry),
): void {
  const { content, arena } = zone;
  if (content.isFlat(entry)) {
    const at = content.flatAt(entry);
    sink.bulk(arena.u8, at + from, at + end);
    return;
  }
  sink.bulkHeader(end - from);
  for (let address = from; address < end; ) {
    const at = content.at(entry, address);
    const run = Math.min(content.runAt(entry, address), end - address);
    sink.append(arena.u8, at, at + run);
    address += run;
  }
  sink.bulkEnd();
}
