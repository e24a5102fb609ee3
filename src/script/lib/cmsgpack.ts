/**
 * The library `cmsgpack` of scripts: Lua values as MessagePack (lua-cmsgpack 0.4.0).
 *
 *   number    an integer if it is one of 64 bits, else a float if that keeps it, else a double
 *   table     an array if its keys are 1 … n, else a map; below 16 levels nil
 *   others    nil
 *
 * Reading goes in a loop over what is open, and not by recursion: a few thousand bytes can open a
 * few thousand arrays. Lua's own stack ends it then.
 */

import {
  type Library,
  type Lua,
  STACK_FREE,
  TYPE_BOOLEAN,
  TYPE_NUMBER,
  TYPE_STRING,
  TYPE_TABLE,
} from '../lua.ts';

const NESTING_MAX = 16;
const INT_MAX = 2 ** 31 - 1;
const INT_MIN = -(2 ** 31);
const TWO_32 = 2 ** 32;
const TWO_63 = 2 ** 63;

const NIL = 0xc0;
const FALSE = 0xc2;
const TRUE = 0xc3;
const FLOAT = 0xca;
const DOUBLE = 0xcb;
const UINT8 = 0xcc;
const UINT16 = 0xcd;
const UINT32 = 0xce;
const UINT64 = 0xcf;
const INT8 = 0xd0;
const INT16 = 0xd1;
const INT32 = 0xd2;
const INT64 = 0xd3;
const RAW8 = 0xd9;
const RAW16 = 0xda;
const RAW32 = 0xdb;
const ARRAY16 = 0xdc;
const ARRAY32 = 0xdd;
const MAP16 = 0xde;
const MAP32 = 0xdf;
const FIX_RAW = 0xa0;
const FIX_ARRAY = 0x90;
const FIX_MAP = 0x80;
const NEGATIVE_FIX = 0xe0;

const floating = new DataView(new Uint8Array(8).buffer);

// ── pack ────────────────────────────────────────────────────────────────────────────────────────

function pack(lua: Lua): number {
  const count = lua.top();
  if (count === 0) lua.argumentError(0, 'MessagePack pack needs input.');
  if (!lua.reserveStack(count)) {
    lua.argumentError(0, 'Too many arguments for MessagePack pack.');
  }
  lua.output.begin();
  for (let index = 1; index <= count; index++) {
    lua.checkStack(1, 'in function mp_check');
    lua.pushCopy(index);
    packTop(lua, 0);
  }
  lua.output.push();
  return 1;
}

/** Packs the value on top of the stack, and takes it off. */
function packTop(lua: Lua, level: number): void {
  switch (lua.type(-1)) {
    case TYPE_STRING:
      lua.readBytes(-1);
      packBytes(lua, lua.start, lua.end);
      break;
    case TYPE_NUMBER:
      packNumber(lua, lua.toNumber(-1));
      break;
    case TYPE_BOOLEAN:
      lua.output.byte(lua.toBoolean(-1) ? TRUE : FALSE);
      break;
    case TYPE_TABLE:
      if (level === NESTING_MAX) lua.output.byte(NIL);
      else packTable(lua, level);
      break;
    default:
      lua.output.byte(NIL);
  }
  lua.pop(1);
}

function packBytes(lua: Lua, start: number, end: number): void {
  const { output } = lua;
  const size = end - start;
  if (size < 32) output.byte(FIX_RAW | size);
  else if (size <= 0xff) packWord(lua, RAW8, size, 1);
  else if (size <= 0xffff) packWord(lua, RAW16, size, 2);
  else packWord(lua, RAW32, size, 4);
  output.append(start, end);
}

/** A type and the low `size` bytes, at most 4, of a word. */
function packWord(lua: Lua, type: number, word: number, size: number): void {
  const at = lua.output.claim(1 + size);
  const { memory } = lua;
  memory[at] = type;
  for (let i = 0; i < size; i++) memory[at + size - i] = word >>> (i * 8);
}

function packNumber(lua: Lua, x: number): void {
  const isInteger = Math.floor(x) === x && x >= -TWO_63 && x < TWO_63;
  if (isInteger) packInteger(lua, x);
  else packFloating(lua, x);
}

function packInteger(lua: Lua, n: number): void {
  if (n >= 0) {
    // `| 0`: -0 is 0.
    if (n <= 127) lua.output.byte(n | 0);
    else if (n <= 0xff) packWord(lua, UINT8, n, 1);
    else if (n <= 0xffff) packWord(lua, UINT16, n, 2);
    else if (n < TWO_32) packWord(lua, UINT32, n, 4);
    else packInteger64(lua, UINT64, n);
  } else if (n >= -32) {
    lua.output.byte(n & 0xff);
  } else if (n >= -0x80) {
    packWord(lua, INT8, n, 1);
  } else if (n >= -0x8000) {
    packWord(lua, INT16, n, 2);
  } else if (n >= INT_MIN) {
    packWord(lua, INT32, n, 4);
  } else {
    packInteger64(lua, INT64, n);
  }
}

function packInteger64(lua: Lua, type: number, n: number): void {
  const high = Math.floor(n / TWO_32);
  packWord(lua, type, high, 4);
  const at = lua.output.claim(4);
  const low = n - high * TWO_32;
  for (let i = 0; i < 4; i++) lua.memory[at + 3 - i] = low >>> (i * 8);
}

function packFloating(lua: Lua, x: number): void {
  const isFloat = Math.fround(x) === x;
  const size = isFloat ? 4 : 8;
  const at = lua.output.claim(1 + size);
  if (isFloat) floating.setFloat32(0, x);
  else floating.setFloat64(0, x);
  lua.memory[at] = isFloat ? FLOAT : DOUBLE;
  for (let i = 0; i < size; i++) lua.memory[at + 1 + i] = floating.getUint8(i);
}

function packTable(lua: Lua, level: number): void {
  if (isArray(lua)) packArray(lua, level + 1);
  else packMap(lua, level + 1);
}

/** Whether the keys of the table on top are 1 … n, in whatever order they come. */
function isArray(lua: Lua): boolean {
  lua.checkStack(2, 'in function table_is_an_array');
  let count = 0;
  let largest = 0;
  lua.pushNil();
  while (lua.next(-2)) {
    lua.pop(1);
    const key = lua.type(-1) === TYPE_NUMBER ? lua.toNumber(-1) : 0;
    if (key <= 0 || key > INT_MAX || Math.floor(key) !== key) {
      lua.pop(1);
      return false;
    }
    if (key > largest) largest = key;
    count++;
  }
  return largest === count;
}

function packArray(lua: Lua, level: number): void {
  const count = lua.length(-1);
  if (count <= 15) lua.output.byte(FIX_ARRAY | count);
  else if (count <= 0xffff) packWord(lua, ARRAY16, count, 2);
  else packWord(lua, ARRAY32, count, 4);
  lua.checkStack(1, 'in function mp_encode_lua_table_as_array');
  for (let i = 1; i <= count; i++) {
    // Not a raw read: a table that has an __index is asked.
    lua.pushNumber(i);
    lua.getTable(-2);
    packTop(lua, level);
  }
}

function packMap(lua: Lua, level: number): void {
  lua.checkStack(3, 'in function mp_encode_lua_table_as_map');
  let count = 0;
  lua.pushNil();
  while (lua.next(-2)) {
    lua.pop(1);
    count++;
  }
  if (count <= 15) lua.output.byte(FIX_MAP | count);
  else if (count <= 0xffff) packWord(lua, MAP16, count, 2);
  else packWord(lua, MAP32, count, 4);
  lua.pushNil();
  while (lua.next(-2)) {
    lua.pushCopy(-2);
    packTop(lua, level);
    packTop(lua, level);
  }
}

// ── unpack ──────────────────────────────────────────────────────────────────────────────────────

/** What is being unpacked; one for all, since no two overlap. */
const input = { at: 0, end: 0, depth: 0, used: 0 };

// Of each open table, outermost first: how many elements are to come (keys count too), and the
// index of the last one, or that it is a map.
const remaining: number[] = [];
const indexes: number[] = [];
const IS_MAP = -1;

/** How much of the stack may be used without asking: some less than every function is given. */
const STACK_UNASKED = STACK_FREE - 3;
const TOO_MANY = 'too many return values at once; use unpack_one or unpack_limit instead.';

function unpackFull(lua: Lua, wantedLimit: number, offset: number): number {
  lua.checkBytes(1);
  const { start } = lua;
  const size = lua.end - start;
  if (offset < 0 || wantedLimit < 0) {
    // Of the limit it speaks, and the size it tells: so does the original.
    lua.error(`Invalid request to unpack with offset of ${offset | 0} and limit of ${size | 0}.`);
  }
  if (offset > size) {
    lua.error(`Start offset ${offset | 0} greater than input length ${size | 0}.`);
  }
  const isWhole = wantedLimit === 0 && offset === 0;
  const limit = isWhole ? INT_MAX : wantedLimit;
  input.at = start + offset;
  input.end = lua.end;
  input.used = 0;
  let count = 0;
  for (; input.at < input.end && count < limit; count++) unpackValue(lua);
  if (isWhole) return count;
  lua.checkStack(1, 'in function mp_unpack_full');
  lua.pushNumber(input.at === input.end ? -1 : input.at - start);
  // In front of the values.
  lua.insert(2);
  return count + 1;
}

/** Unpacks one value, with all that is in it, to the top of the stack. */
function unpackValue(lua: Lua): void {
  input.depth = 0;
  do {
    const isComplete = unpackItem(lua);
    if (isComplete) putInto(lua);
  } while (input.depth > 0);
}

/** Puts a complete value on top of the stack into its table, and that, if complete, into its own. */
function putInto(lua: Lua): void {
  while (input.depth > 0) {
    const top = input.depth - 1;
    const left = --remaining[top];
    if (indexes[top] !== IS_MAP) {
      lua.rawSetIndex(-3, ++indexes[top]);
      input.used--;
    } else if (left % 2 === 0) {
      lua.rawSet(-3);
      input.used -= 2;
    }
    if (left > 0) return;
    if (indexes[top] !== IS_MAP) {
      lua.pop(1);
      input.used--;
    }
    input.depth--;
  }
}

/** Opens a table; true if it is complete with that. */
function open(lua: Lua, count: number, index: number): boolean {
  // Not made for `count` elements at once: scripts see in pairs() and # how a table has grown.
  lua.newTable();
  input.used++;
  if (index !== IS_MAP) checkRoom(lua, 'in function mp_decode_to_lua_array');
  if (count === 0) return true;
  remaining[input.depth] = index === IS_MAP ? count * 2 : count;
  indexes[input.depth] = index;
  input.depth++;
  if (index === IS_MAP) return false;
  // Where the original keeps the index of an element. Here it only makes the stack as deep.
  lua.pushNil();
  input.used++;
  return false;
}

function checkRoom(lua: Lua, text: string): void {
  if (input.used >= STACK_UNASKED) lua.checkStack(1, text);
}

/** Unpacks a value, or opens a table: true if that is a complete value. */
function unpackItem(lua: Lua): boolean {
  need(lua, 1);
  checkRoom(lua, TOO_MANY);
  const { memory } = lua;
  const type = memory[input.at];
  if (type < FIX_MAP) return number(lua, type, 1);
  if (type >= NEGATIVE_FIX) return number(lua, type - 0x100, 1);
  if (type < FIX_ARRAY) return table(lua, type & 0xf, 1, IS_MAP);
  if (type < FIX_RAW) return table(lua, type & 0xf, 1, 0);
  if (type < NIL) return raw(lua, type & 0x1f, 1);
  const at = input.at + 1;
  switch (type) {
    case NIL:
      lua.pushNil();
      break;
    case TRUE:
    case FALSE:
      lua.pushBoolean(type === TRUE);
      break;
    case UINT8:
      need(lua, 2);
      return number(lua, memory[at], 2);
    case INT8:
      need(lua, 2);
      return number(lua, (memory[at] << 24) >> 24, 2);
    case UINT16:
      need(lua, 3);
      return number(lua, word16(memory, at), 3);
    case INT16:
      need(lua, 3);
      return number(lua, (word16(memory, at) << 16) >> 16, 3);
    case UINT32:
      need(lua, 5);
      return number(lua, word32(memory, at) >>> 0, 5);
    case INT32:
      need(lua, 5);
      return number(lua, word32(memory, at), 5);
    case UINT64:
    case INT64:
      // Without a sign too: Lua's integers had one when this was written.
      need(lua, 9);
      return number(lua, word32(memory, at) * TWO_32 + (word32(memory, at + 4) >>> 0), 9);
    case FLOAT:
      need(lua, 5);
      return number(lua, floatingAt(memory, at, 4).getFloat32(0), 5);
    case DOUBLE:
      need(lua, 9);
      return number(lua, floatingAt(memory, at, 8).getFloat64(0), 9);
    case RAW8:
      need(lua, 2);
      return raw(lua, memory[at], 2);
    case RAW16:
      need(lua, 3);
      return raw(lua, word16(memory, at), 3);
    case RAW32:
      need(lua, 5);
      return raw(lua, word32(memory, at) >>> 0, 5);
    case ARRAY16:
      need(lua, 3);
      return table(lua, word16(memory, at), 3, 0);
    case ARRAY32:
      need(lua, 5);
      return table(lua, word32(memory, at) >>> 0, 5, 0);
    case MAP16:
      need(lua, 3);
      return table(lua, word16(memory, at), 3, IS_MAP);
    case MAP32:
      need(lua, 5);
      return table(lua, word32(memory, at) >>> 0, 5, IS_MAP);
    default:
      lua.error('Bad data format in input.');
  }
  input.used++;
  input.at++;
  return true;
}

function need(lua: Lua, size: number): void {
  if (input.end - input.at < size) lua.error('Missing bytes in input.');
}

function number(lua: Lua, x: number, size: number): true {
  lua.pushNumber(x);
  input.used++;
  input.at += size;
  return true;
}

function raw(lua: Lua, size: number, headerSize: number): true {
  need(lua, headerSize + size);
  lua.pushMemory(input.at + headerSize, size);
  input.used++;
  input.at += headerSize + size;
  return true;
}

function table(lua: Lua, count: number, headerSize: number, index: number): boolean {
  input.at += headerSize;
  return open(lua, count, index);
}

function word16(memory: Uint8Array, at: number): number {
  return (memory[at] << 8) | memory[at + 1];
}

function word32(memory: Uint8Array, at: number): number {
  return (memory[at] << 24) | (memory[at + 1] << 16) | (memory[at + 2] << 8) | memory[at + 3];
}

function floatingAt(memory: Uint8Array, at: number, size: number): DataView {
  for (let i = 0; i < size; i++) floating.setUint8(i, memory[at + i]);
  return floating;
}

function unpack(lua: Lua): number {
  return unpackFull(lua, 0, 0);
}

function unpackOne(lua: Lua): number {
  const offset = lua.optionalInteger(2, 0);
  lua.setTop(1);
  return unpackFull(lua, 1, offset);
}

function unpackLimit(lua: Lua): number {
  const limit = lua.checkInteger(2);
  const offset = lua.optionalInteger(3, 0);
  lua.setTop(1);
  return unpackFull(lua, limit, offset);
}

export const cmsgpack: Library = {
  name: 'cmsgpack',
  functions: { pack, unpack, unpack_one: unpackOne, unpack_limit: unpackLimit },
  fields: {
    _NAME: 'cmsgpack',
    _VERSION: 'lua-cmsgpack 0.4.0',
    _COPYRIGHT: 'Copyright (C) 2012, Salvatore Sanfilippo',
    _DESCRIPTION: 'MessagePack C implementation for Lua',
  },
};
