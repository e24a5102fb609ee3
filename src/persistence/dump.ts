/**
 * Dumps: one value as bytes that any Redis can make a key of.
 *
 *   │ type │ value │ version 2 │ CRC-64 of all before 8 │
 */

import type { Database } from '../keyspace/database.ts';
import { Crc64 } from '../std/crc64.ts';
import { ByteReader, Corrupt } from './byte-reader.ts';
import { ByteWriter } from './byte-writer.ts';
import { T_STREAM_LISTPACKS_3, VERSION_READ, VERSION_WRITTEN } from './format.ts';
import { readValue, type Value } from './value-reader.ts';
import { writeValue } from './value-writer.ts';

const VERSION_SIZE = 2;
const SUM_SIZE = 8;
export const FOOTER_SIZE = VERSION_SIZE + SUM_SIZE;

/** What an entry holds, as DUMP replies it. */
export function dumpValue(database: Database, entry: number, compresses: boolean): Uint8Array {
  const writer = new ByteWriter(compresses);
  writeValue(writer, database, entry);
  return signed(writer, writer.bytes[0] === T_STREAM_LISTPACKS_3 ? VERSION_READ : VERSION_WRITTEN);
}

/** What was written, with the version that can read it and a checksum behind. */
export function signed(writer: ByteWriter, version: number): Uint8Array {
  writer.byte(version & 255);
  writer.byte(version >>> 8);
  const sum = new Uint8Array(SUM_SIZE);
  const crc = new Crc64();
  crc.add(writer.bytes, 0, writer.size);
  crc.writeTo(sum, 0);
  writer.append(sum, 0, SUM_SIZE);
  return writer.written;
}

/** Whether bytes are signed as a dump of a version that can be read. `sums`: whether the sum counts. */
export function isSigned(bytes: Uint8Array, sums: boolean): boolean {
  const end = bytes.length - FOOTER_SIZE;
  if (end < 0) return false;
  const version = bytes[end] | (bytes[end + 1] << 8);
  if (version > VERSION_READ) return false;
  if (!sums) return true;
  const crc = new Crc64();
  crc.add(bytes, 0, end + VERSION_SIZE);
  return crc.isAt(bytes, end + VERSION_SIZE);
}

/** The value of a signed dump, or what is wrong with it. */
export function readDump(bytes: Uint8Array): Value | Corrupt {
  const reader = new ByteReader(bytes, 0, bytes.length - FOOTER_SIZE);
  try {
    return readValue(reader);
  } catch (error) {
    if (error instanceof Corrupt) return error;
    throw error;
  }
}
