/**
 * Bitmaps: a string as a row of bits, the highest bit of byte 0 first.
 *
 *   bit       0 1 2 3 4 5 6 7 │ 8 …            a field of 5 bits at 6 lies in two bytes,
 *   byte 0    1 0 0 0 0 0 1 1 │ byte 1         most significant bit first
 *                         └─ field ─┘
 *
 * Behind the end of a string there are only zeroes. A string lies in one piece or in chunks, so the
 * bits of a large one are looked at run by run, and within a run word by word: bytes up to the next
 * address that can be divided by four, 32-bit words, and the bytes that are left. Which byte of a
 * word comes first matters neither for counting bits, nor for finding a word that is not all
 * zeroes or all ones, nor for joining words bit by bit; so no byte is ever turned around.
 */

import type { Zone } from '../zone/zone.ts';

/** Bits set in every byte. */
const ONES = Uint8Array.from({ length: 256 }, (_, byte) => {
  let count = 0;
  for (let rest = byte; rest !== 0; rest &= rest - 1) count++;
  return count;
});

// ── One bit, and fields of some ─────────────────────────────────────────────────────────────────

/** Bit `offset`, 0 or 1. */
export function bitAt(zone: Zone, entry: number, offset: number): number {
  const address = Math.floor(offset / 8);
  if (address >= zone.content.size(entry)) return 0;
  return (zone.arena.u8[zone.content.at(entry, address)] >>> (7 - (offset % 8))) & 1;
}

/** Sets bit `offset`, which must lie in the string, to 0 or 1. Answers what it was. */
export function setBit(zone: Zone, entry: number, offset: number, bit: number): number {
  const { u8 } = zone.arena;
  const at = zone.content.at(entry, Math.floor(offset / 8));
  const shift = 7 - (offset % 8);
  const old = (u8[at] >>> shift) & 1;
  u8[at] = (u8[at] & ~(1 << shift)) | (bit << shift);
  return old;
}

/** The unsigned number in `count` bits, at most 48, from bit `offset` on. */
export function readBits(zone: Zone, entry: number, offset: number, count: number): number {
  const { u8 } = zone.arena;
  const { content } = zone;
  const size = content.size(entry);
  let address = Math.floor(offset / 8);
  let value = 0;
  let skipped = offset % 8;
  for (let left = count; left > 0; address++) {
    const taken = Math.min(8 - skipped, left);
    const byte = address < size ? u8[content.at(entry, address)] : 0;
    const piece = (byte >>> (8 - skipped - taken)) & ((1 << taken) - 1);
    value = value * (1 << taken) + piece;
    left -= taken;
    skipped = 0;
  }
  return value;
}

/** Writes a number into `count` bits, at most 48, from bit `offset` on, all in the string. */
export function writeBits(
  zone: Zone,
  entry: number,
  offset: number,
  count: number,
  value: number,
): void {
  const { u8 } = zone.arena;
  const { content } = zone;
  const end = offset + count;
  let address = Math.floor((end - 1) / 8);
  let rest = value;
  // From the last byte to the first: the lowest bits are at hand.
  for (let left = count, kept = address * 8 + 8 - end; left > 0; address--) {
    const taken = Math.min(8 - kept, left);
    const limit = 1 << taken;
    const piece = rest % limit;
    const mask = (limit - 1) << kept;
    const at = content.at(entry, address);
    u8[at] = (u8[at] & ~mask) | (piece << kept);
    rest = (rest - piece) / limit;
    left -= taken;
    kept = 0;
  }
}

// ── Counting ────────────────────────────────────────────────────────────────────────────────────

/** How many bits are set in bits [from, end), which lie in the string. */
export function countBits(zone: Zone, entry: number, from: number, end: number): number {
  if (from >= end) return 0;
  const { content, arena } = zone;
  const first = Math.floor(from / 8);
  const last = Math.floor((end - 1) / 8);
  let count = 0;
  for (let address = first; address <= last; ) {
    const at = content.at(entry, address);
    const run = Math.min(content.runAt(entry, address), last + 1 - address);
    count += countRun(arena.u8, arena.i32, at, at + run);
    address += run;
  }
  // Whole bytes were counted: what lies in them before `from` and from `end` on was too many.
  const before = arena.u8[content.at(entry, first)] >>> (8 - (from % 8));
  const behind = arena.u8[content.at(entry, last)] & ((1 << (last * 8 + 8 - end)) - 1);
  return count - ONES[before] - ONES[behind];
}

function countRun(u8: Uint8Array, i32: Int32Array, start: number, end: number): number {
  let count = 0;
  let at = start;
  for (; at < end && (at & 3) !== 0; at++) count += ONES[u8[at]];
  if (end - at >= 4) {
    const words = Math.floor((end - at) / 4);
    count += countWords(i32, at >>> 2, (at >>> 2) + words);
    at += words * 4;
  }
  for (; at < end; at++) count += ONES[u8[at]];
  return count;
}

/**
 * Bits set in words [from, end). Eight words at a time go through adders that work on 32 places at
 * once (Harley and Seal): `ones`, `twos` and `fours` are what is left over, and only a carry of
 * eights is counted.
 */
function countWords(i32: Int32Array, from: number, end: number): number {
  let eights = 0;
  let ones = 0;
  let twos = 0;
  let fours = 0;
  let at = from;
  for (; at + 8 <= end; at += 8) {
    const a = i32[at];
    const b = i32[at + 1];
    let half = ones ^ a;
    const twosA = (ones & a) | (half & b);
    ones = half ^ b;
    const c = i32[at + 2];
    const d = i32[at + 3];
    half = ones ^ c;
    const twosB = (ones & c) | (half & d);
    ones = half ^ d;
    half = twos ^ twosA;
    const foursA = (twos & twosA) | (half & twosB);
    twos = half ^ twosB;
    const e = i32[at + 4];
    const f = i32[at + 5];
    half = ones ^ e;
    const twosC = (ones & e) | (half & f);
    ones = half ^ f;
    const g = i32[at + 6];
    const h = i32[at + 7];
    half = ones ^ g;
    const twosD = (ones & g) | (half & h);
    ones = half ^ h;
    half = twos ^ twosC;
    const foursB = (twos & twosC) | (half & twosD);
    twos = half ^ twosD;
    half = fours ^ foursA;
    eights += countWord((fours & foursA) | (half & foursB));
    fours = half ^ foursB;
  }
  let count = eights * 8 + countWord(fours) * 4 + countWord(twos) * 2 + countWord(ones);
  for (; at < end; at++) count += countWord(i32[at]);
  return count;
}

function countWord(word: number): number {
  const pairs = word - ((word >>> 1) & 0x55555555);
  const nibbles = (pairs & 0x33333333) + ((pairs >>> 2) & 0x33333333);
  return Math.imul((nibbles + (nibbles >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
}

// ── Finding ─────────────────────────────────────────────────────────────────────────────────────

/** The first of bits [from, end), which lie in the string, that is `bit`; or -1. */
export function findBit(zone: Zone, entry: number, bit: number, from: number, end: number): number {
  if (from >= end) return -1;
  const { content, arena } = zone;
  const { u8, i32 } = arena;
  const last = Math.floor((end - 1) / 8);
  // A byte with this in all places, bit by bit, has none.
  const none = bit === 1 ? 0 : 0xff;
  let address = Math.floor(from / 8);
  let found = (u8[content.at(entry, address)] ^ none) & (0xff >>> (from % 8));
  if (found === 0) {
    for (address++; address <= last; ) {
      const at = content.at(entry, address);
      const run = Math.min(content.runAt(entry, address), last + 1 - address);
      const stop = findOther(u8, i32, none, at, at + run);
      address += stop - at;
      if (stop < at + run) {
        found = u8[stop] ^ none;
        break;
      }
    }
  }
  if (found === 0) return -1;
  const offset = address * 8 + Math.clz32(found) - 24;
  return offset < end ? offset : -1;
}

/** Where in [start, end) a byte is not `byte`, which is 0 or 255; or `end`. */
function findOther(
  u8: Uint8Array,
  i32: Int32Array,
  byte: number,
  start: number,
  end: number,
): number {
  let at = start;
  for (; at < end && (at & 3) !== 0; at++) if (u8[at] !== byte) return at;
  const word = byte === 0 ? 0 : -1;
  while (end - at >= 16) {
    const i = at >>> 2;
    if (((i32[i] ^ word) | (i32[i + 1] ^ word) | (i32[i + 2] ^ word) | (i32[i + 3] ^ word)) !== 0) {
      break;
    }
    at += 16;
  }
  for (; at < end; at++) if (u8[at] !== byte) return at;
  return end;
}

// ── Joining ─────────────────────────────────────────────────────────────────────────────────────

export const AND = 0;
export const OR = 1;
export const XOR = 2;
export const NOT = 3;

/** The chunks of a large zone begin and end where pieces do, and two pieces fit in a core's cache. */
const PIECE_SIZE = 8192;
const result = new Int32Array(PIECE_SIZE / 4);
const operand = new Int32Array(PIECE_SIZE / 4);
const resultBytes = new Uint8Array(result.buffer);
const operandBytes = new Uint8Array(operand.buffer);

/**
 * Makes bytes [0, size) of `target` what an operation makes of `sources`; 0 among them is a string
 * of zeroes. The target may be a source, too: each piece is read from all before it is written.
 */
export function combine(
  zone: Zone,
  operation: number,
  sources: readonly number[],
  target: number,
  size: number,
): void {
  for (let address = 0; address < size; address += PIECE_SIZE) {
    const count = Math.min(PIECE_SIZE, size - address);
    const words = (count + 3) >>> 2;
    readPiece(zone, sources[0], address, resultBytes, count);
    if (operation === NOT) for (let i = 0; i < words; i++) result[i] = ~result[i];
    for (let s = 1; s < sources.length; s++) {
      readPiece(zone, sources[s], address, operandBytes, count);
      if (operation === AND) for (let i = 0; i < words; i++) result[i] &= operand[i];
      else if (operation === OR) for (let i = 0; i < words; i++) result[i] |= operand[i];
      else for (let i = 0; i < words; i++) result[i] ^= operand[i];
    }
    zone.content.write(target, address, resultBytes, 0, count);
  }
}

/** Reads part of a string, zeroes behind its end. */
function readPiece(
  zone: Zone,
  entry: number,
  address: number,
  target: Uint8Array,
  count: number,
): void {
  const size = entry === 0 ? 0 : zone.content.size(entry);
  const there = Math.max(0, Math.min(count, size - address));
  if (there > 0) zone.content.read(entry, address, target, 0, there);
  if (there < count) target.fill(0, there, count);
}
