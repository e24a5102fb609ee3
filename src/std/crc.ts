/**
 * Checksums that others compute too, so that both must agree.
 *
 *   crc16   CCITT, polynomial 0x1021, first bit first (XMODEM): which slot of a cluster a key has
 *   crc64   Jones, polynomial 0xad93d23594c935a9, last bit first: the end of a DUMP payload and of
 *           an RDB file
 *
 * Both start from 0 and are not inverted at the end. They find accidents, not attacks.
 *
 * crc64 runs on two 32-bit halves and takes eight bytes a step: table k says what a byte does to
 * the checksum when k more bytes follow it, so eight look-ups stand for eight steps.
 */

import { indexOfByte } from './bytes.ts';

export const SLOT_COUNT = 16_384;

const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;

const CRC16 = new Uint16Array(256);
for (let byte = 0; byte < 256; byte++) {
  let crc = byte << 8;
  for (let bit = 0; bit < 8; bit++) crc = crc & 0x8000 ? (crc << 1) ^ 0x1021 : crc << 1;
  CRC16[byte] = crc;
}

/** The checksum of bytes[start, end), a u16. */
export function crc16(bytes: Uint8Array, start: number, end: number): number {
  let crc = 0;
  for (let at = start; at < end; at++) {
    crc = ((crc << 8) ^ CRC16[(crc >>> 8) ^ bytes[at]]) & 0xffff;
  }
  return crc;
}

/**
 * The cluster slot of a key: of the part between the first '{' and the next '}' if there is one
 * and it isn't empty, so that related keys can be kept together; else of the whole key.
 */
export function keySlot(bytes: Uint8Array, start: number, end: number): number {
  const open = indexOfByte(bytes, OPEN_BRACE, start, end);
  if (open >= 0) {
    const close = indexOfByte(bytes, CLOSE_BRACE, open + 1, end);
    if (close > open + 1) return crc16(bytes, open + 1, close) % SLOT_COUNT;
  }
  return crc16(bytes, start, end) % SLOT_COUNT;
}

// The polynomial with its bits reversed, and 8 tables of 256, by halves.
const JONES_H = 0x95ac9329;
const JONES_L = 0xac4bc9b5;
const HIGH = new Int32Array(8 * 256);
const LOW = new Int32Array(8 * 256);
for (let byte = 0; byte < 256; byte++) {
  let high = 0;
  let low = byte;
  for (let bit = 0; bit < 8; bit++) {
    const isOdd = (low & 1) === 1;
    low = (low >>> 1) | (high << 31);
    high >>>= 1;
    if (isOdd) {
      high ^= JONES_H;
      low ^= JONES_L;
    }
  }
  HIGH[byte] = high;
  LOW[byte] = low;
}
for (let i = 256; i < 8 * 256; i++) {
  // What the table before says, with one more zero byte behind it.
  const high = HIGH[i - 256];
  const low = LOW[i - 256];
  HIGH[i] = (high >>> 8) ^ HIGH[low & 0xff];
  LOW[i] = ((low >>> 8) | (high << 24)) ^ LOW[low & 0xff];
}

/** The checksum of bytes[start, end), a u64; `from` is the one of what came before. */
export function crc64(bytes: Uint8Array, start: number, end: number, from = 0n): bigint {
  let high = Number(from >> 32n) | 0;
  let low = Number(from & 0xffffffffn) | 0;
  let at = start;
  for (const limit = end - 7; at < limit; at += 8) {
    const a =
      low ^ (bytes[at] | (bytes[at + 1] << 8) | (bytes[at + 2] << 16) | (bytes[at + 3] << 24));
    const b =
      high ^ (bytes[at + 4] | (bytes[at + 5] << 8) | (bytes[at + 6] << 16) | (bytes[at + 7] << 24));
    const i0 = 0x700 | (a & 0xff);
    const i1 = 0x600 | ((a >>> 8) & 0xff);
    const i2 = 0x500 | ((a >>> 16) & 0xff);
    const i3 = 0x400 | (a >>> 24);
    const i4 = 0x300 | (b & 0xff);
    const i5 = 0x200 | ((b >>> 8) & 0xff);
    const i6 = 0x100 | ((b >>> 16) & 0xff);
    const i7 = b >>> 24;
    high = HIGH[i0] ^ HIGH[i1] ^ HIGH[i2] ^ HIGH[i3] ^ HIGH[i4] ^ HIGH[i5] ^ HIGH[i6] ^ HIGH[i7];
    low = LOW[i0] ^ LOW[i1] ^ LOW[i2] ^ LOW[i3] ^ LOW[i4] ^ LOW[i5] ^ LOW[i6] ^ LOW[i7];
  }
  for (; at < end; at++) {
    const i = (low ^ bytes[at]) & 0xff;
    low = ((low >>> 8) | (high << 24)) ^ LOW[i];
    high = (high >>> 8) ^ HIGH[i];
  }
  return (BigInt(high >>> 0) << 32n) | BigInt(low >>> 0);
}
