/**
 * Ziplists and zipmaps: how Redis before 7.0 packed small values. Only read, never written.
 *
 *   ziplist  │ size 4 │ tail 4 │ count 2 │ entry │ … │ ff │
 *   entry    │ size of the one before 1 or 5 │ encoding │ bytes │
 *   zipmap   │ count │ size │ key │ size │ free │ value │ free bytes │ … │ ff │
 */

import { latin1Bytes } from '../std/ascii.ts';
import { ByteReader, Corrupt } from './byte-reader.ts';

const END = 0xff;
const HEADER = 10;
/** Sizes from here on take four bytes more. */
const BIG = 254;
/** The reader of the value says what it is that is torn. */
const TORN = 'Torn';

/** The elements of a ziplist that is all of `bytes`; undefined when it is torn. */
export function readZiplist(bytes: Uint8Array): Uint8Array[] | undefined {
  return unlessTorn(() => ziplistElements(bytes));
}

/** Keys and values in turn of a zipmap that is all of `bytes`; undefined when it is torn. */
export function readZipmap(bytes: Uint8Array): Uint8Array[] | undefined {
  return unlessTorn(() => zipmapElements(bytes));
}

function unlessTorn(read: () => Uint8Array[]): Uint8Array[] | undefined {
  try {
    return read();
  } catch (error) {
    if (error instanceof Corrupt) return undefined;
    throw error;
  }
}

function ziplistElements(bytes: Uint8Array): Uint8Array[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const reader = new ByteReader(bytes);
  if (bytes.length <= HEADER || view.getUint32(0, true) !== bytes.length) {
    reader.fail(TORN);
  }
  if (bytes[bytes.length - 1] !== END) reader.fail(TORN);
  reader.pass(HEADER);
  const elements: Uint8Array[] = [];
  let before = 0;
  while (reader.at < bytes.length - 1) {
    const begin = reader.at;
    let told = reader.byte();
    if (told === BIG) told = view.getUint32(reader.pass(4), true);
    if (told !== before) reader.fail(TORN);
    elements.push(readEntry(reader, view));
    before = reader.at - begin;
  }
  if (reader.at !== bytes.length - 1) reader.fail(TORN);
  const tail = elements.length === 0 ? HEADER : bytes.length - 1 - before;
  if (view.getUint32(4, true) !== tail) reader.fail(TORN);
  const count = view.getUint16(8, true);
  if (count !== 0xffff && count !== elements.length) reader.fail(TORN);
  return elements;
}

function readEntry(reader: ByteReader, view: DataView): Uint8Array {
  const encoding = reader.byte();
  const text = (n: number | bigint): Uint8Array => latin1Bytes(String(n));
  switch (encoding) {
    case 0xc0:
      return text(view.getInt16(reader.pass(2), true));
    case 0xd0:
      return text(view.getInt32(reader.pass(4), true));
    case 0xe0:
      return text(view.getBigInt64(reader.pass(8), true));
    case 0xf0: {
      const at = reader.pass(3);
      return text(view.getUint16(at, true) | (view.getInt8(at + 2) << 16) | 0);
    }
    case 0xfe:
      return text(view.getInt8(reader.pass(1)));
    default:
  }
  if (encoding > 0xf0 && encoding < 0xfe) return text(encoding - 0xf1);
  let size = encoding & 63;
  if (encoding >>> 6 === 1) size = (size << 8) | reader.byte();
  else if (encoding === 0x80) size = view.getUint32(reader.pass(4));
  else if (encoding >>> 6 !== 0) reader.fail(TORN);
  const at = reader.pass(size);
  return reader.bytes.slice(at, at + size);
}

function zipmapElements(bytes: Uint8Array): Uint8Array[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const reader = new ByteReader(bytes);
  const told = reader.byte();
  const elements: Uint8Array[] = [];
  const size = (first: number): number =>
    first === BIG ? view.getUint32(reader.pass(4), true) : first;
  const string = (free: number, length: number): Uint8Array => {
    const at = reader.pass(length);
    reader.pass(free);
    return reader.bytes.slice(at, at + length);
  };
  for (let first = reader.byte(); first !== END; first = reader.byte()) {
    elements.push(string(0, size(first)));
    const next = reader.byte();
    if (next === END) reader.fail(TORN);
    const length = size(next);
    elements.push(string(reader.byte(), length));
  }
  // There never was one of nothing.
  if (reader.left > 0 || elements.length === 0) reader.fail(TORN);
  if (told !== BIG && told !== elements.length / 2) reader.fail(TORN);
  return elements;
}
