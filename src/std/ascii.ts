/**
 * ASCII and latin1: the text of the protocol.
 *
 * Command names, options and numbers are ASCII, and case never matters in them. Everything else is
 * bytes. Where bytes must become text for a moment (an error message that quotes an argument) the
 * text is latin1: one char per byte, so that no byte is lost on the way there and back. UTF-8
 * would lose some, which is why neither TextEncoder nor TextDecoder appears here.
 *
 * Bytes are compared as C's functions do it in the "C" locale: only A-Z and a-z have case.
 */

const ZERO = 0x30;
const NINE = 0x39;
const UPPER_A = 0x41;
const UPPER_Z = 0x5a;
const LOWER_A = 0x61;
const LOWER_Z = 0x7a;
const CASE_BIT = 0x20;

// What node gives every Buffer works on any Uint8Array, and without making a view first: 36 ns
// where Buffer.from(…).toString('latin1') takes 88 (node 20). Its types don't list it.
const native = Buffer.prototype as unknown as {
  latin1Slice(this: Uint8Array, start: number, end: number): string;
  latin1Write(this: Uint8Array, text: string, at: number, size: number): number;
};
const latin1Slice = native.latin1Slice;
const latin1Write = native.latin1Write;

// Below these the loop wins over the call into native code: measured on node 20.
const TEXT_LOOP_MAX = 6;
const WRITE_LOOP_MAX = 24;

export function isDigit(byte: number): boolean {
  return byte >= ZERO && byte <= NINE;
}

/** C's isspace: space, \t, \n, \v, \f, \r. */
export function isSpace(byte: number): boolean {
  return byte === 0x20 || (byte >= 0x09 && byte <= 0x0d);
}

/** The value of a hexadecimal digit, or -1. */
export function hexDigit(byte: number): number {
  if (byte >= ZERO && byte <= NINE) return byte - ZERO;
  const lower = byte | CASE_BIT;
  return lower >= LOWER_A && lower <= 0x66 ? lower - LOWER_A + 10 : -1;
}

export function toUpper(byte: number): number {
  return byte >= LOWER_A && byte <= LOWER_Z ? byte - CASE_BIT : byte;
}

export function toLower(byte: number): number {
  return byte >= UPPER_A && byte <= UPPER_Z ? byte + CASE_BIT : byte;
}

/** Whether bytes[start, end) is `token`, case aside. The token is written in upper case. */
export function isToken(bytes: Uint8Array, start: number, end: number, token: string): boolean {
  const size = token.length;
  if (end - start !== size) return false;
  for (let i = 0; i < size; i++) {
    if (toUpper(bytes[start + i]) !== token.charCodeAt(i)) return false;
  }
  return true;
}

/** Whether a[aStart, aEnd) and b[bStart, bEnd) are equal, case aside. */
export function equalIgnoringCase(
  a: Uint8Array,
  aStart: number,
  aEnd: number,
  b: Uint8Array,
  bStart: number,
  bEnd: number,
): boolean {
  const size = aEnd - aStart;
  if (bEnd - bStart !== size) return false;
  for (let i = 0; i < size; i++) {
    if (toLower(a[aStart + i]) !== toLower(b[bStart + i])) return false;
  }
  return true;
}

/** bytes[start, end) as text, one char per byte. */
export function latin1Text(bytes: Uint8Array, start = 0, end = bytes.length): string {
  if (end - start > TEXT_LOOP_MAX) return latin1Slice.call(bytes, start, end);
  let text = '';
  for (let i = start; i < end; i++) text += String.fromCharCode(bytes[i]);
  return text;
}

/** The bytes of latin1 text. Of a char beyond latin1 only the low byte remains. */
export function latin1Bytes(text: string): Uint8Array {
  const bytes = new Uint8Array(text.length);
  writeLatin1(bytes, 0, text);
  return bytes;
}

/** Writes latin1 text at `at`, where it must fit; returns the position behind it. */
export function writeLatin1(target: Uint8Array, at: number, text: string): number {
  const size = text.length;
  if (size > WRITE_LOOP_MAX) latin1Write.call(target, text, at, size);
  else for (let i = 0; i < size; i++) target[at + i] = text.charCodeAt(i);
  return at + size;
}
