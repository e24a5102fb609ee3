/**
 * The library `struct` of scripts: values to bytes and back, as a format says (struct 0.2 by
 * Roberto Ierusalimschy, in its behaviour on 64-bit Linux).
 *
 *   >        <        !n          ' '       big, little endian; align to n at most; nothing
 *   x                                       a byte of padding
 *   b B  h H  l L  T  in In                 integers of 1, 2, 8, 8, n bytes; lower case has a sign
 *   f d                                     float, double
 *   cn  s                                   n bytes; up to a NUL
 *   c0                                      all of a string; as many as the number before said
 *
 * An item is aligned to its size or to `!n`, whichever is less; without `!` nothing is.
 */

import { isDigit } from '../../std/ascii.ts';
import { indexOfByte } from '../../std/bytes.ts';
import type { Library, Lua } from '../lua.ts';

const INTEGER_SIZE_MAX = 32;
const INT_MAX = 2 ** 31 - 1;
const ALIGNMENT_DEFAULT = 8;
const TWO_32 = 2 ** 32;
const TWO_63 = 2 ** 63;

const BIG = 0x3e;
const LITTLE = 0x3c;
const ALIGN = 0x21;
const SPACE = 0x20;
const ZERO = 0x30;

const LOWER_B = 0x62;
const LOWER_C = 0x63;
const LOWER_D = 0x64;
const LOWER_F = 0x66;
const LOWER_H = 0x68;
const LOWER_I = 0x69;
const LOWER_L = 0x6c;
const LOWER_S = 0x73;
const LOWER_X = 0x78;
const UPPER_B = 0x42;
const UPPER_H = 0x48;
const UPPER_I = 0x49;
const UPPER_L = 0x4c;
const UPPER_T = 0x54;

const floating = new DataView(new Uint8Array(8).buffer);
const EMPTY = new Uint8Array(0);

/** A format being read. One for all: no format is read while another is. */
const format = {
  // A copy: the engine's memory may move while results are made.
  text: EMPTY,
  at: 0,
  isLittle: true,
  alignment: 1,
};

/** Begins to read the format that is the first argument. */
function openFormat(lua: Lua): void {
  lua.checkBytes(1);
  const nul = indexOfByte(lua.memory, 0, lua.start, lua.end);
  format.text = lua.memory.slice(lua.start, nul < 0 ? lua.end : nul);
  format.at = 0;
  format.isLittle = true;
  format.alignment = 1;
}

function readNumber(lua: Lua, otherwise: number): number {
  const { text } = format;
  if (!isDigit(text[format.at])) return otherwise;
  let value = 0;
  while (isDigit(text[format.at])) {
    value = value * 10 + text[format.at++] - ZERO;
    if (value > INT_MAX) lua.error('integral size overflow');
  }
  return value;
}

/** The size that an option says of itself; 0 where there is none. */
function optionSize(lua: Lua, option: number): number {
  switch (option) {
    case LOWER_B:
    case UPPER_B:
    case LOWER_X:
      return 1;
    case LOWER_H:
    case UPPER_H:
      return 2;
    case LOWER_F:
      return 4;
    case LOWER_L:
    case UPPER_L:
    case UPPER_T:
    case LOWER_D:
      return 8;
    case LOWER_C:
      return readNumber(lua, 1);
    case LOWER_I:
    case UPPER_I: {
      const size = readNumber(lua, 4);
      if (size > INTEGER_SIZE_MAX) {
        lua.error(`integral size ${size} is larger than limit of ${INTEGER_SIZE_MAX}`);
      }
      return size;
    }
    default:
      return 0;
  }
}

function isInteger(option: number): boolean {
  switch (option) {
    case LOWER_B:
    case UPPER_B:
    case LOWER_H:
    case UPPER_H:
    case LOWER_L:
    case UPPER_L:
    case UPPER_T:
    case LOWER_I:
    case UPPER_I:
      return true;
    default:
      return false;
  }
}

/** How much padding an item of `size` needs at `position`. */
function padding(position: number, option: number, size: number): number {
  if (size === 0 || option === LOWER_C) return 0;
  const unit = Math.min(size, format.alignment);
  // As masks, and not by division: of a size that is no power of two these are the bits.
  return (unit - (position & (unit - 1))) & (unit - 1);
}

/** An option that stands for no item. */
function control(lua: Lua, option: number): void {
  switch (option) {
    case SPACE:
      return;
    case BIG:
      format.isLittle = false;
      return;
    case LITTLE:
      format.isLittle = true;
      return;
    case ALIGN: {
      const alignment = readNumber(lua, ALIGNMENT_DEFAULT);
      if (alignment === 0 || (alignment & (alignment - 1)) !== 0) {
        lua.error(`alignment ${alignment} is not a power of 2`);
      }
      format.alignment = alignment;
      return;
    }
    default:
      lua.argumentError(1, `invalid format option '${String.fromCharCode(option)}'`);
  }
}

// ── pack ────────────────────────────────────────────────────────────────────────────────────────

function pack(lua: Lua): number {
  openFormat(lua);
  // What is missing among the arguments is nil, not none: so the messages say.
  lua.pushNil();
  const { output } = lua;
  output.begin();
  const { text } = format;
  let index = 2;
  while (format.at < text.length) {
    const option = text[format.at++];
    const size = optionSize(lua, option);
    output.zeroes(padding(output.size, option, size));
    if (isInteger(option)) {
      packInteger(lua, lua.checkNumber(index++), size);
      continue;
    }
    switch (option) {
      case LOWER_X:
        output.byte(0);
        break;
      case LOWER_F:
        floating.setFloat32(0, lua.checkNumber(index++), format.isLittle);
        packFloating(lua, size);
        break;
      case LOWER_D:
        floating.setFloat64(0, lua.checkNumber(index++), format.isLittle);
        packFloating(lua, size);
        break;
      case LOWER_C:
      case LOWER_S:
        packString(lua, index++, option, size);
        break;
      default:
        control(lua, option);
    }
  }
  output.push();
  return 1;
}

function packInteger(lua: Lua, value: number, size: number): void {
  // The low 64 bits of the integer, as two words.
  const { low, high } = wordsOf(value);
  const at = lua.output.claim(size);
  const { memory } = lua;
  for (let i = 0; i < size; i++) {
    const byte = i < 4 ? low >>> (i * 8) : i < 8 ? high >>> ((i - 4) * 8) : 0;
    memory[format.isLittle ? at + i : at + size - 1 - i] = byte;
  }
}

const words = { low: 0, high: 0 };

/** What x86 makes of a double converted to 64 bits: signed if negative, else unsigned. */
function wordsOf(value: number): typeof words {
  words.low = 0;
  words.high = 0;
  if (Number.isNaN(value) || value < -TWO_63) {
    words.high = 0x80000000 | 0;
  } else if (value < 2 * TWO_63) {
    const whole = Math.trunc(value);
    const high = Math.floor(whole / TWO_32);
    words.high = high | 0;
    words.low = (whole - high * TWO_32) | 0;
  }
  return words;
}

function packFloating(lua: Lua, size: number): void {
  const at = lua.output.claim(size);
  for (let i = 0; i < size; i++) lua.memory[at + i] = floating.getUint8(i);
}

function packString(lua: Lua, index: number, option: number, wanted: number): void {
  lua.checkBytes(index);
  const available = lua.end - lua.start;
  const size = wanted === 0 ? available : wanted;
  // The number of the argument behind it: so says the original.
  if (available < size) lua.argumentError(index + 1, 'string too short');
  lua.output.append(lua.start, lua.start + size);
  if (option === LOWER_S) lua.output.byte(0);
}

// ── unpack ──────────────────────────────────────────────────────────────────────────────────────

function unpack(lua: Lua): number {
  openFormat(lua);
  const { text } = format;
  lua.checkBytes(2);
  // The argument stays where it is as long as it is on the stack.
  const { start } = lua;
  const size = lua.end - lua.start;
  let position = lua.optionalInteger(3, 1);
  if (position === 0) lua.argumentError(3, 'offset must be 1 or greater');
  position--;
  let count = 0;
  while (format.at < text.length) {
    const option = text[format.at++];
    let itemSize = optionSize(lua, option);
    if (position >= 0) position += padding(position, option, itemSize);
    checkData(lua, position, itemSize, size);
    lua.checkStack(2, 'too many results');
    const at = start + position;
    if (isInteger(option)) {
      lua.pushNumber(unpackInteger(lua.memory, at, itemSize, option >= LOWER_B));
      count++;
    } else {
      switch (option) {
        case LOWER_X:
          break;
        case LOWER_F:
        case LOWER_D:
          lua.pushNumber(unpackFloating(lua.memory, at, itemSize));
          count++;
          break;
        case LOWER_C:
          if (itemSize === 0) {
            itemSize = countBefore(lua, count);
            count--;
            checkData(lua, position, itemSize, size);
          }
          lua.pushMemory(at, itemSize);
          count++;
          break;
        case LOWER_S: {
          const nul = indexOfByte(lua.memory, 0, at, start + size);
          if (nul < 0) lua.error('unfinished string in data');
          itemSize = nul - at + 1;
          lua.pushMemory(at, itemSize - 1);
          count++;
          break;
        }
        default:
          control(lua, option);
      }
    }
    position += itemSize;
  }
  lua.pushNumber(position + 1);
  return count + 1;
}

function checkData(lua: Lua, position: number, itemSize: number, size: number): void {
  // An offset below 1 is, to the original, one far behind the end.
  if (position < 0 || itemSize > size || position > size - itemSize) {
    lua.argumentError(2, 'data string too short');
  }
}

/** Takes the number unpacked last, as the size of a string. */
function countBefore(lua: Lua, count: number): number {
  if (count === 0 || !lua.isNumber(-1)) lua.error("format 'c0' needs a previous size");
  const size = Math.trunc(lua.toNumber(-1));
  lua.pop(1);
  return size >= 0 ? size : Number.POSITIVE_INFINITY;
}

function unpackInteger(memory: Uint8Array, at: number, size: number, isSigned: boolean): number {
  if (size > 8) return unpackLarge(memory, at, size, isSigned);
  let low = 0;
  let high = 0;
  for (let i = 0; i < size; i++) {
    const byte = memory[format.isLittle ? at + i : at + size - 1 - i];
    if (i < 4) low |= byte << (i * 8);
    else high |= byte << ((i - 4) * 8);
  }
  if (isSigned && size > 0) {
    if (size <= 4) {
      const unused = 32 - size * 8;
      return (low << unused) >> unused;
    }
    const unused = 64 - size * 8;
    high = (high << unused) >> unused;
  } else {
    high >>>= 0;
  }
  return high * TWO_32 + (low >>> 0);
}

/**
 * Of more than 8 bytes the original keeps the low 64 bits, and looks for the sign where x86 shifts
 * to when told to shift by 64 or more.
 */
function unpackLarge(memory: Uint8Array, at: number, size: number, isSigned: boolean): number {
  let value = 0n;
  for (let i = 7; i >= 0; i--) {
    value = (value << 8n) | BigInt(memory[format.isLittle ? at + i : at + size - 1 - i]);
  }
  if (!isSigned) return Number(value);
  const mask = BigInt.asUintN(64, -1n << BigInt((size * 8 - 1) & 63));
  if ((value & mask) !== 0n) value |= mask;
  return Number(BigInt.asIntN(64, value));
}

function unpackFloating(memory: Uint8Array, at: number, size: number): number {
  for (let i = 0; i < size; i++) floating.setUint8(i, memory[at + i]);
  return size === 4
    ? floating.getFloat32(0, format.isLittle)
    : floating.getFloat64(0, format.isLittle);
}

// ── size ────────────────────────────────────────────────────────────────────────────────────────

function size(lua: Lua): number {
  openFormat(lua);
  const { text } = format;
  let position = 0;
  while (format.at < text.length) {
    const option = text[format.at++];
    const itemSize = optionSize(lua, option);
    position += padding(position, option, itemSize);
    if (option === LOWER_S) lua.argumentError(1, "option 's' has no fixed size");
    if (option === LOWER_C && itemSize === 0) {
      lua.argumentError(1, "option 'c0' has no fixed size");
    }
    // A letter that is no option is not found here.
    if (!isAlphanumeric(option)) control(lua, option);
    position += itemSize;
  }
  lua.pushNumber(position);
  return 1;
}

function isAlphanumeric(byte: number): boolean {
  const lower = byte | 0x20;
  return isDigit(byte) || (lower >= 0x61 && lower <= 0x7a);
}

export const struct: Library = { name: 'struct', functions: { pack, unpack, size } };
