/**
 * The library `bit` of scripts: operations on 32-bit integers (BitOp 1.0.2).
 *
 *   any number  ──+ 2^52 + 2^51──►  low 32 bits of the sum's mantissa  ──►  signed 32 bits
 *
 * Adding that constant leaves the units in the lowest bit of a double, so the sum itself rounds to
 * the nearest integer, halves to even, and wraps around at 2^32. Beyond 2^51 the sum rounds more
 * than that; scripts see it, and so it is done the same way.
 */

import type { Library, Lua } from '../lua.ts';

const NORMALISER = 2 ** 52 + 2 ** 51;
const HEX_DIGITS_MAX = 8;

const sum = new Float64Array(1);
const sumBits = new DataView(sum.buffer);
// The platform's order of bytes decides where the low half of a double lies; a DataView's doesn't.
const isLittle = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1;
const LOW = isLittle ? 0 : 4;

/** An argument as 32 bits. */
function bits(lua: Lua, index: number): number {
  sum[0] = lua.toNumber(index) + NORMALISER;
  const value = sumBits.getInt32(LOW, isLittle);
  // What is no number was taken for 0 until here.
  if (value === 0 && !lua.isNumber(index)) lua.typeError(index, 'number');
  return value;
}

function answer(lua: Lua, value: number): number {
  lua.pushNumber(value | 0);
  return 1;
}

function fold(operation: (a: number, b: number) => number): (lua: Lua) => number {
  return (lua) => {
    let value = bits(lua, 1);
    for (let index = lua.top(); index > 1; index--) value = operation(value, bits(lua, index));
    return answer(lua, value);
  };
}

function shift(operation: (a: number, count: number) => number): (lua: Lua) => number {
  return (lua) => {
    const value = bits(lua, 1);
    return answer(lua, operation(value, bits(lua, 2) & 31));
  };
}

function hexText(lua: Lua): number {
  const value = bits(lua, 1);
  const wanted = lua.top() < 2 ? HEX_DIGITS_MAX : bits(lua, 2);
  const digits = Math.min(Math.abs(wanted), HEX_DIGITS_MAX);
  const text = (value >>> 0)
    .toString(16)
    .padStart(HEX_DIGITS_MAX, '0')
    .slice(-digits || 8);
  lua.pushText(digits === 0 ? '' : wanted < 0 ? text.toUpperCase() : text);
  return 1;
}

function swapBytes(value: number): number {
  return (
    (value >>> 24) | ((value >>> 8) & 0xff00) | ((value & 0xff00) << 8) | ((value & 0xff) << 24)
  );
}

export const bit: Library = {
  name: 'bit',
  functions: {
    tobit: (lua) => answer(lua, bits(lua, 1)),
    bnot: (lua) => answer(lua, ~bits(lua, 1)),
    band: fold((a, b) => a & b),
    bor: fold((a, b) => a | b),
    bxor: fold((a, b) => a ^ b),
    lshift: shift((a, count) => a << count),
    rshift: shift((a, count) => a >>> count),
    arshift: shift((a, count) => a >> count),
    rol: shift((a, count) => (a << count) | (a >>> (32 - count))),
    ror: shift((a, count) => (a << (32 - count)) | (a >>> count)),
    bswap: (lua) => answer(lua, swapBytes(bits(lua, 1))),
    tohex: hexText,
  },
};
