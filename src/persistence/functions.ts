/**
 * Dumps of libraries of functions: their codes, as FUNCTION DUMP replies them.
 *
 *   │ 245 │ code │ 245 │ code │ … │ version 2 │ CRC-64 of all before 8 │
 */

import { errors } from '../resp/errors.ts';
import { ByteReader, Corrupt } from './byte-reader.ts';
import { ByteWriter } from './byte-writer.ts';
import { FOOTER_SIZE, isSigned, signed } from './dump.ts';
import { OPCODE_FUNCTION, OPCODE_FUNCTION_EARLY, VERSION_WRITTEN } from './format.ts';

export function dumpLibraries(codes: Iterable<Uint8Array>, compresses: boolean): Uint8Array {
  const writer = new ByteWriter(compresses);
  for (const code of codes) {
    writer.byte(OPCODE_FUNCTION);
    writer.bulk(code);
  }
  return signed(writer, VERSION_WRITTEN);
}

/** The codes in a dump. `sums`: whether the checksum must be right. Throws an error reply. */
export function readLibraries(bytes: Uint8Array, sums: boolean): Uint8Array[] {
  if (!isSigned(bytes, sums)) throw errors.wrongPayload;
  const reader = new ByteReader(bytes, 0, bytes.length - FOOTER_SIZE);
  const codes: Uint8Array[] = [];
  try {
    while (reader.left > 0) {
      const opcode = reader.byte();
      if (opcode === OPCODE_FUNCTION_EARLY) throw errors.functionsTooEarly;
      if (opcode !== OPCODE_FUNCTION) throw errors.functionsOtherType;
      codes.push(reader.string().slice());
    }
  } catch (error) {
    if (error instanceof Corrupt) throw errors.functionsTornPayload;
    throw error;
  }
  return codes;
}
