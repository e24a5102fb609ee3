/**
 * The library `cjson` of scripts: Lua values to JSON and back (lua-cjson 2.1.0).
 *
 *   table     [ … ] if all keys are positive integers, with null in the holes; {} if it is empty;
 *             { … } else, numbers as keys made strings
 *   number    '%.14g'
 *   null      cjson.null, a light userdata: nil would not stay in a table
 *
 * A table made by cjson.new() has settings of its own. They lie in a userdata that its functions
 * have as upvalue, in Lua's memory, and go when Lua collects it.
 *
 *   word      0        1       2      3          4         5        6            7        8
 *          convert   ratio   safe   depth     invalid   digits   keep buffer   depth   invalid
 *          └─ encode_sparse_array ─┘ └────────── encode_* ───────────────┘     └─ decode_* ─┘
 *
 * Both ways go in loops over what is open, since 4,000 levels are allowed and JavaScript's stack is
 * not ours to fill. Text is read where Lua keeps it; a NUL stands behind it and ends it.
 */

import { hexDigit, isDigit, latin1Text, writeLatin1 } from '../../std/ascii.ts';
import { generalText, parseLooseDouble } from '../../std/double.ts';
import { writeInteger } from '../../std/int64.ts';
import {
  type Library,
  type Lua,
  type LuaFunction,
  TYPE_BOOLEAN,
  TYPE_LIGHT_USERDATA,
  TYPE_NIL,
  TYPE_NUMBER,
  TYPE_STRING,
  TYPE_TABLE,
} from '../lua.ts';

const INT_MAX = 2 ** 31 - 1;
const INT_MIN = -(2 ** 31);

// ── Settings ────────────────────────────────────────────────────────────────────────────────────

const SPARSE_CONVERT = 0;
const SPARSE_RATIO = 1;
const SPARSE_SAFE = 2;
const ENCODE_DEPTH = 3;
const ENCODE_INVALID = 4;
const PRECISION = 5;
const KEEP_BUFFER = 6;
const DECODE_DEPTH = 7;
const DECODE_INVALID = 8;
const DEFAULTS = [0, 2, 10, 1000, 0, 14, 1, 1000, 1];

const PRECISION_MAX = 14;
const SWITCH = ['off', 'on'];
const INVALID_NUMBERS = ['off', 'on', 'null'];
const INVALID_ON = 1;
const INVALID_NULL = 2;

/** Where the settings of the function that runs lie, as an index of words. */
function settings(lua: Lua): number {
  return lua.upvaluePointer(1) >> 2;
}

/** A function that tells settings, and changes those that are given. */
function configure(count: number, set: (lua: Lua) => void): LuaFunction {
  return (lua) => {
    if (lua.top() > count) lua.argumentError(count + 1, 'found too many arguments');
    lua.setTop(count);
    set(lua);
    return count;
  };
}

function setInteger(lua: Lua, index: number, setting: number, min: number, max: number): void {
  if (lua.type(index) !== TYPE_NIL) {
    const value = Number(BigInt.asIntN(32, BigInt(lua.checkInteger(index))));
    // Argument 1, whichever it is: so says the original.
    if (value < min || value > max) {
      lua.argumentError(1, `expected integer between ${min} and ${max}`);
    }
    lua.words[settings(lua) + setting] = value;
  }
  lua.pushNumber(lua.words[settings(lua) + setting]);
}

function setChoice(lua: Lua, index: number, setting: number, options: readonly string[]): void {
  if (lua.type(index) !== TYPE_NIL) {
    const value =
      lua.type(index) === TYPE_BOOLEAN
        ? Number(lua.toBoolean(index))
        : lua.checkOption(index, options);
    lua.words[settings(lua) + setting] = value;
  }
  const value = lua.words[settings(lua) + setting];
  if (value <= 1) lua.pushBoolean(value === 1);
  else lua.pushText(options[value]);
}

// ── encode ──────────────────────────────────────────────────────────────────────────────────────

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const COLON = 0x3a;
const OPEN_ARRAY = 0x5b;
const CLOSE_ARRAY = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;
const LOWER_U = 0x75;
const LOWER_E = 0x65;
const LOWER_X = 0x78;
const PLUS = 0x2b;
const MINUS = 0x2d;
const POINT = 0x2e;

/** How a byte is written: 0 as it is, 1 as \\u00xx, else \\ and this. */
const ESCAPES = new Uint8Array(256);
ESCAPES.fill(1, 0, 0x20);
ESCAPES[0x7f] = 1;
for (const [char, letter] of ['\bb', '\tt', '\nn', '\ff', '\rr', '""', '//', '\\\\']) {
  ESCAPES[char.charCodeAt(0)] = letter.charCodeAt(0);
}
const HEX_DIGITS = '0123456789abcdef';

/** What an array that is being written has of elements, outermost first; −1 in an object. */
const lengths: number[] = [];
/** How many of them are written. */
const written: number[] = [];
const IS_OBJECT = -1;

/** No number is longer: 14 digits, a sign, a point, an exponent. */
const NUMBER_SIZE_MAX = 24;
/** Integers below are printed without exponent, at the usual precision. */
const PLAIN_MAX = 1e14;

function encode(lua: Lua): number {
  if (lua.top() !== 1) lua.argumentError(1, 'expected 1 argument');
  const { output } = lua;
  output.begin();
  const config = settings(lua);
  let depth = 0;
  for (;;) {
    // The value to write is on top; tables stay there until all of them is written.
    if (lua.type(-1) === TYPE_TABLE) {
      depth++;
      openTable(lua, config, depth);
    } else {
      writeScalar(lua, config);
      if (depth === 0) break;
      lua.pop(1);
    }
    while (!nextElement(lua, config, depth - 1)) {
      depth--;
      if (depth === 0) {
        output.push();
        return 1;
      }
      lua.pop(1);
    }
  }
  output.push();
  return 1;
}

function openTable(lua: Lua, config: number, depth: number): void {
  if (depth > lua.words[config + ENCODE_DEPTH] || !lua.reserveStack(3)) {
    lua.error(`Cannot serialise, excessive nesting (${depth})`);
  }
  const length = arrayLength(lua, config);
  written[depth - 1] = 0;
  if (length > 0) {
    lengths[depth - 1] = length;
    lua.output.byte(OPEN_ARRAY);
  } else {
    lengths[depth - 1] = IS_OBJECT;
    lua.output.byte(OPEN_OBJECT);
    lua.pushNil();
  }
}

/**
 * Puts the next element of the innermost table on top of the stack, with what stands before it in
 * the text. Without one closes the table and answers false.
 */
function nextElement(lua: Lua, config: number, top: number): boolean {
  const { output } = lua;
  const index = written[top]++;
  const length = lengths[top];
  if (length !== IS_OBJECT) {
    if (index === length) {
      output.byte(CLOSE_ARRAY);
      return false;
    }
    if (index > 0) output.byte(COMMA);
    lua.rawGetIndex(-1, index + 1);
    return true;
  }
  if (!lua.next(-2)) {
    output.byte(CLOSE_OBJECT);
    return false;
  }
  if (index > 0) output.byte(COMMA);
  writeKey(lua, config);
  output.byte(COLON);
  return true;
}

/**
 * How many elements the table on top has as an array, up to its largest index; −1 or less, or 0,
 * if it is an object.
 */
function arrayLength(lua: Lua, config: number): number {
  let largest = 0;
  let count = 0;
  lua.pushNil();
  while (lua.next(-2)) {
    const key = lua.type(-2) === TYPE_NUMBER ? lua.toNumber(-2) : 0;
    if (key < 1 || Math.floor(key) !== key) {
      lua.pop(2);
      return IS_OBJECT;
    }
    // Too large an index becomes INT_MIN, as x86 converts it, and so the table an object.
    if (key > largest) largest = key > INT_MAX ? INT_MIN : key;
    count++;
    lua.pop(1);
  }
  const ratio = lua.words[config + SPARSE_RATIO];
  const isSparse =
    ratio > 0 && largest > Math.imul(count, ratio) && largest > lua.words[config + SPARSE_SAFE];
  if (!isSparse) return largest;
  if (lua.words[config + SPARSE_CONVERT] === 0) {
    cannotSerialise(lua, -1, 'excessively sparse array');
  }
  return IS_OBJECT;
}

function cannotSerialise(lua: Lua, index: number, reason: string): never {
  lua.error(`Cannot serialise ${lua.typeName(index)}: ${reason}`);
}

function writeKey(lua: Lua, config: number): void {
  const { output } = lua;
  const type = lua.type(-2);
  if (type === TYPE_STRING) {
    writeString(lua, -2);
  } else if (type === TYPE_NUMBER) {
    output.byte(QUOTE);
    writeNumber(lua, config, -2);
    output.byte(QUOTE);
  } else {
    cannotSerialise(lua, -2, 'table key must be a number or string');
  }
}

function writeScalar(lua: Lua, config: number): void {
  switch (lua.type(-1)) {
    case TYPE_STRING:
      return writeString(lua, -1);
    case TYPE_NUMBER:
      return writeNumber(lua, config, -1);
    case TYPE_BOOLEAN:
      return lua.output.text(lua.toBoolean(-1) ? 'true' : 'false');
    case TYPE_NIL:
      return lua.output.text('null');
    case TYPE_LIGHT_USERDATA:
      if (lua.isNullPointer(-1)) return lua.output.text('null');
  }
  cannotSerialise(lua, -1, 'type not supported');
}

function writeString(lua: Lua, index: number): void {
  lua.readBytes(index);
  const { start, end, output } = lua;
  // At the most, all of them escaped: 6 bytes each.
  let at = output.claim((end - start) * 6 + 2);
  const claimed = at + (end - start) * 6 + 2;
  const { memory } = lua;
  memory[at++] = QUOTE;
  for (let from = start; from < end; from++) {
    const byte = memory[from];
    const letter = ESCAPES[byte];
    if (letter === 0) {
      memory[at++] = byte;
      continue;
    }
    memory[at] = BACKSLASH;
    if (letter > 1) {
      memory[at + 1] = letter;
      at += 2;
    } else {
      at = writeLatin1(memory, at + 1, `u00${HEX_DIGITS[byte >> 4]}${HEX_DIGITS[byte & 15]}`);
    }
  }
  memory[at++] = QUOTE;
  output.unclaim(claimed - at);
}

function writeNumber(lua: Lua, config: number, index: number): void {
  const x = lua.toNumber(index);
  const { output } = lua;
  const precision = lua.words[config + PRECISION];
  if (precision === PRECISION_MAX && x > -PLAIN_MAX && x < PLAIN_MAX && isPlainInteger(x)) {
    const at = output.claim(NUMBER_SIZE_MAX);
    const end = writeInteger(lua.memory, at, x);
    output.unclaim(at + NUMBER_SIZE_MAX - end);
    return;
  }
  if (!Number.isFinite(x)) {
    const choice = lua.words[config + ENCODE_INVALID];
    if (choice === INVALID_NULL) return output.text('null');
    if (choice !== INVALID_ON) cannotSerialise(lua, index, 'must not be NaN or Inf');
  }
  output.text(generalText(x, precision));
}

/** -0 is not one: it is written with its sign. */
function isPlainInteger(x: number): boolean {
  return Math.floor(x) === x && (x !== 0 || !Object.is(x, -0));
}

// ── decode ──────────────────────────────────────────────────────────────────────────────────────

const ERROR = 0;
const WORD = 1;
const SPACE = 2;
const END = 3;
const COMMA_TOKEN = 4;
const COLON_TOKEN = 5;
const OBJECT_BEGIN = 6;
const OBJECT_END = 7;
const ARRAY_BEGIN = 8;
const ARRAY_END = 9;
const STRING = 10;
const NUMBER = 11;
const BOOLEAN = 12;
const NULL = 13;

/** What messages call them: 'Expected value but found T_OBJ_END'. */
const TOKEN_NAMES: readonly string[] = [
  'T_ERROR',
  'T_UNKNOWN',
  'T_WHITESPACE',
  'T_END',
  'T_COMMA',
  'T_COLON',
  'T_OBJ_BEGIN',
  'T_OBJ_END',
  'T_ARR_BEGIN',
  'T_ARR_END',
  'T_STRING',
  'T_NUMBER',
  'T_BOOLEAN',
  'T_NULL',
];

/** What token a byte begins. */
const TOKENS = new Uint8Array(256);
for (const byte of latin1('fiInNt"+-0123456789')) TOKENS[byte] = WORD;
for (const byte of latin1(' \t\n\r')) TOKENS[byte] = SPACE;
TOKENS[0] = END;
TOKENS[COMMA] = COMMA_TOKEN;
TOKENS[COLON] = COLON_TOKEN;
TOKENS[OPEN_OBJECT] = OBJECT_BEGIN;
TOKENS[CLOSE_OBJECT] = OBJECT_END;
TOKENS[OPEN_ARRAY] = ARRAY_BEGIN;
TOKENS[CLOSE_ARRAY] = ARRAY_END;

function latin1(text: string): number[] {
  return [...text].map((char) => char.charCodeAt(0));
}

/** What the letter behind a backslash stands for; 0: nothing. */
const UNESCAPED = new Uint8Array(256);
for (const [letter, char] of ['""', '\\\\', '//', 'b\b', 't\t', 'n\n', 'f\f', 'r\r', 'uu']) {
  UNESCAPED[letter.charCodeAt(0)] = char.charCodeAt(0);
}

/** The text being decoded, and the token found last in it. One for all: no two overlap. */
const input = {
  start: 0,
  at: 0,
  takesInvalid: true,
  token: ERROR,
  /** Where it begins, or where what is wrong with it stands. */
  tokenAt: 0,
  /** A number's value. */
  number: 0,
  isTrue: false,
  problem: '',
  /** The bytes of a string: in the text, or unescaped in the output buffer. */
  stringStart: 0,
  stringEnd: 0,
};

/** Of each open table the last index, if it is an array; −1 if it is an object. */
const opened: number[] = [];

function decode(lua: Lua): number {
  if (lua.top() !== 1) lua.argumentError(1, 'expected 1 argument');
  const config = settings(lua);
  lua.checkBytes(1);
  const { start, end, memory } = lua;
  if (end - start >= 2 && (memory[start] === 0 || memory[start + 1] === 0)) {
    lua.error('JSON parser does not support UTF-16 or UTF-32');
  }
  input.start = start;
  input.at = start;
  input.takesInvalid = lua.words[config + DECODE_INVALID] !== 0;
  let depth = 0;
  let token = readToken(lua);
  for (;;) {
    // A value stands at the token.
    if (token === ARRAY_BEGIN || token === OBJECT_BEGIN) {
      const isArray = token === ARRAY_BEGIN;
      depth++;
      descend(lua, config, depth, isArray ? 2 : 3);
      lua.newTable();
      opened[depth - 1] = isArray ? 0 : IS_OBJECT;
      token = readToken(lua);
      if (token !== (isArray ? ARRAY_END : OBJECT_END)) {
        if (!isArray) token = readKey(lua, token);
        continue;
      }
      depth--;
    } else {
      pushScalar(lua, token);
    }
    // A value is complete; with it perhaps the tables around it.
    for (;;) {
      token = readTokenBehind(lua, depth);
      if (depth === 0) return 1;
      const isArray = opened[depth - 1] !== IS_OBJECT;
      if (token === COMMA_TOKEN) {
        token = readToken(lua);
        if (!isArray) token = readKey(lua, token);
        break;
      }
      if (token !== (isArray ? ARRAY_END : OBJECT_END)) {
        unexpected(lua, isArray ? 'comma or array end' : 'comma or object end');
      }
      depth--;
    }
  }
}

/** Puts the value on top into the table it stands in, and reads what stands behind it. */
function readTokenBehind(lua: Lua, depth: number): number {
  if (depth === 0) {
    const token = readToken(lua);
    if (token !== END) unexpected(lua, 'the end');
    return token;
  }
  const top = depth - 1;
  if (opened[top] === IS_OBJECT) lua.rawSet(-3);
  else lua.rawSetIndex(-2, ++opened[top]);
  return readToken(lua);
}

function descend(lua: Lua, config: number, depth: number, slots: number): void {
  if (depth <= lua.words[config + DECODE_DEPTH] && lua.reserveStack(slots)) return;
  lua.error(
    `Found too many nested data structures (${depth}) at character ${input.at - input.start}`,
  );
}

/** Takes a key, which is the token at hand, and the colon; answers the token behind. */
function readKey(lua: Lua, token: number): number {
  if (token !== STRING) unexpected(lua, 'object key string');
  lua.pushMemory(input.stringStart, input.stringEnd - input.stringStart);
  if (readToken(lua) !== COLON_TOKEN) unexpected(lua, 'colon');
  return readToken(lua);
}

function pushScalar(lua: Lua, token: number): void {
  switch (token) {
    case STRING:
      return lua.pushMemory(input.stringStart, input.stringEnd - input.stringStart);
    case NUMBER:
      return lua.pushNumber(input.number);
    case BOOLEAN:
      return lua.pushBoolean(input.isTrue);
    case NULL:
      return lua.pushNullPointer();
    default:
      unexpected(lua, 'value');
  }
}

function unexpected(lua: Lua, expected: string): never {
  const found = input.token === ERROR ? input.problem : TOKEN_NAMES[input.token];
  const position = input.tokenAt - input.start + 1;
  lua.error(`Expected ${expected} but found ${found} at character ${position}`);
}

/** The token at hand is no token, for what is at the position reached. */
function problem(text: string): void {
  input.token = ERROR;
  input.tokenAt = input.at;
  input.problem = text;
}

/** Reads the next token into `input`, and answers its type. */
function readToken(lua: Lua): number {
  const { memory } = lua;
  let token = TOKENS[memory[input.at]];
  while (token === SPACE) token = TOKENS[memory[++input.at]];
  input.token = token;
  input.tokenAt = input.at;
  if (token > WORD) {
    if (token !== END) input.at++;
    return token;
  }
  if (token === WORD) readWord(lua, memory);
  else problem('invalid token');
  return input.token;
}

function readWord(lua: Lua, memory: Uint8Array): void {
  const { at } = input;
  const byte = memory[at];
  if (byte === QUOTE) return readString(lua);
  if (byte === MINUS || isDigit(byte)) {
    if (!input.takesInvalid && isInvalidNumber(memory, at)) return problem('invalid number');
    return readNumber(memory);
  }
  if (startsWith(memory, at, 'true') || startsWith(memory, at, 'false')) {
    input.token = BOOLEAN;
    input.isTrue = byte === 0x74;
    input.at = at + (input.isTrue ? 4 : 5);
  } else if (startsWith(memory, at, 'null')) {
    input.token = NULL;
    input.at = at + 4;
  } else if (input.takesInvalid && isInvalidNumber(memory, at)) {
    readNumber(memory);
  } else {
    problem('invalid token');
  }
}

function startsWith(memory: Uint8Array, at: number, word: string): boolean {
  for (let i = 0; i < word.length; i++) {
    if (memory[at + i] !== word.charCodeAt(i)) return false;
  }
  return true;
}

/** Whether what strtod may take as a number here is none in JSON. */
function isInvalidNumber(memory: Uint8Array, start: number): boolean {
  if (memory[start] === PLUS) return true;
  const at = memory[start] === MINUS ? start + 1 : start;
  if (memory[at] === 0x30) return (memory[at + 1] | 0x20) === 0x78 || isDigit(memory[at + 1]);
  // Signed bytes: those above 127 pass here too, and fail to be read as a number.
  if (memory[at] <= 0x39 || memory[at] > 0x7f) return false;
  const word = latin1Text(memory, at, at + 3).toLowerCase();
  return word === 'inf' || word === 'nan';
}

/** What strtod takes; the text it finds no number in is caught before or is 'invalid number'. */
const STRTOD =
  /^[+-]?(?:0x(?:[\da-f]+\.?[\da-f]*|\.[\da-f]+)(?:p[+-]?\d+)?|(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?|inf(?:inity)?|nan(?:\(\w*\))?)/i;

const EXACT_DIGITS = 15;
const NEGATIVE_NAN = new Float64Array(new BigUint64Array([0xfff8n << 48n]).buffer)[0];

function readNumber(memory: Uint8Array): void {
  input.token = NUMBER;
  const start = input.at;
  let at = start;
  const isNegative = memory[at] === MINUS;
  if (isNegative) at++;
  const digits = at;
  let value = 0;
  while (isDigit(memory[at])) value = value * 10 + memory[at++] - 0x30;
  const count = at - digits;
  const isWhole = memory[at] !== POINT;
  if (!isWhole) while (isDigit(memory[++at]));
  const next = memory[at] | 0x20;
  if (count === 0 || next === LOWER_E || next === LOWER_X) {
    readUnusualNumber(memory, start);
    return;
  }
  input.at = at;
  if (isWhole && count <= EXACT_DIGITS) input.number = isNegative ? -value : value;
  else input.number = parseLooseDouble(memory, start, at);
}

function readUnusualNumber(memory: Uint8Array, start: number): void {
  let limit = start;
  while (isNumberByte(memory[limit])) limit++;
  const match = STRTOD.exec(latin1Text(memory, start, limit));
  if (match === null) return problem('invalid number');
  input.at = start + match[0].length;
  const value = parseLooseDouble(memory, start, input.at);
  // Lua prints the sign of what is not a number.
  input.number = Number.isNaN(value) && memory[start] === MINUS ? NEGATIVE_NAN : value;
}

/** Whether strtod may take this in some place: of letters also n(…). */
function isNumberByte(byte: number): boolean {
  const lower = byte | 0x20;
  if (isDigit(byte) || (lower >= 0x61 && lower <= 0x7a)) return true;
  return byte === PLUS || byte === MINUS || byte === POINT || (byte | 1) === 0x29 || byte === 0x5f;
}

/** Reads a string: as it stands in the text, or, with escapes in it, to the output buffer. */
function readString(lua: Lua): void {
  const { memory } = lua;
  const start = input.at + 1;
  let at = start;
  for (;;) {
    const byte = memory[at];
    if (byte === QUOTE) break;
    if (byte === BACKSLASH) return readEscaped(lua, start, at);
    if (byte === 0) {
      input.at = at;
      return problem('unexpected end of string');
    }
    at++;
  }
  input.token = STRING;
  input.stringStart = start;
  input.stringEnd = at;
  input.at = at + 1;
}

function readEscaped(lua: Lua, start: number, firstEscape: number): void {
  // Unescaped a string is never longer.
  let limit = firstEscape;
  while (lua.memory[limit] !== 0 && lua.memory[limit] !== QUOTE) {
    // Behind a backslash any byte but the end belongs to the string.
    limit += lua.memory[limit] === BACKSLASH && lua.memory[limit + 1] !== 0 ? 2 : 1;
  }
  lua.output.begin();
  const base = lua.output.claim(limit - start);
  const { memory } = lua;
  memory.copyWithin(base, start, firstEscape);
  let to = base + firstEscape - start;
  input.at = firstEscape;
  for (;;) {
    const byte = memory[input.at];
    if (byte === QUOTE) break;
    if (byte === 0) return problem('unexpected end of string');
    if (byte !== BACKSLASH) {
      memory[to++] = byte;
      input.at++;
      continue;
    }
    const unescaped = UNESCAPED[memory[input.at + 1]];
    if (unescaped === 0) return problem('invalid escape code');
    if (unescaped !== LOWER_U) {
      memory[to++] = unescaped;
      input.at += 2;
      continue;
    }
    const codePoint = readCodePoint(memory);
    if (codePoint < 0) return problem('invalid unicode escape code');
    to = writeUtf8(memory, to, codePoint);
  }
  input.token = STRING;
  input.stringStart = base;
  input.stringEnd = to;
  input.at++;
}

/** The code point of one \\uxxxx or a pair of them, which it goes past; −1: not one. */
function readCodePoint(memory: Uint8Array): number {
  const { at } = input;
  const unit = hexUnit(memory, at + 2);
  if (unit < 0) return -1;
  if ((unit & 0xf800) !== 0xd800) {
    input.at = at + 6;
    return unit;
  }
  // The second half of a pair can't come first.
  if ((unit & 0x400) !== 0) return -1;
  if (memory[at + 6] !== BACKSLASH || memory[at + 7] !== LOWER_U) return -1;
  const low = hexUnit(memory, at + 8);
  if (low < 0 || (low & 0xfc00) !== 0xdc00) return -1;
  input.at = at + 12;
  return (((unit & 0x3ff) << 10) | (low & 0x3ff)) + 0x10000;
}

function hexUnit(memory: Uint8Array, at: number): number {
  let unit = 0;
  for (let i = 0; i < 4; i++) {
    const digit = hexDigit(memory[at + i]);
    if (digit < 0) return -1;
    unit = unit * 16 + digit;
  }
  return unit;
}

function writeUtf8(memory: Uint8Array, start: number, codePoint: number): number {
  let at = start;
  if (codePoint <= 0x7f) {
    memory[at++] = codePoint;
    return at;
  }
  if (codePoint <= 0x7ff) {
    memory[at++] = 0xc0 | (codePoint >> 6);
  } else {
    if (codePoint <= 0xffff) {
      memory[at++] = 0xe0 | (codePoint >> 12);
    } else {
      memory[at++] = 0xf0 | (codePoint >> 18);
      memory[at++] = 0x80 | ((codePoint >> 12) & 0x3f);
    }
    memory[at++] = 0x80 | ((codePoint >> 6) & 0x3f);
  }
  memory[at++] = 0x80 | (codePoint & 0x3f);
  return at;
}

// ── The table ───────────────────────────────────────────────────────────────────────────────────

/** cjson.new(): a table like this one, with settings of its own. */
function create(lua: Lua): number {
  lua.newTable();
  const words = lua.pushUserdata(DEFAULTS.length * 4) >> 2;
  lua.words.set(DEFAULTS, words);
  for (const [name, run] of Object.entries(functions)) {
    lua.pushCopy(-1);
    lua.pushFunction(run, 1);
    lua.setField(-3, name);
  }
  lua.pop(1);
  lua.pushNullPointer();
  lua.setField(-2, 'null');
  lua.pushText('cjson');
  lua.setField(-2, '_NAME');
  lua.pushText('2.1.0');
  lua.setField(-2, '_VERSION');
  return 1;
}

const functions: Readonly<Record<string, LuaFunction>> = {
  encode,
  decode,
  encode_sparse_array: configure(3, (lua) => {
    setChoice(lua, 1, SPARSE_CONVERT, SWITCH);
    setInteger(lua, 2, SPARSE_RATIO, 0, INT_MAX);
    setInteger(lua, 3, SPARSE_SAFE, 0, INT_MAX);
  }),
  encode_max_depth: configure(1, (lua) => setInteger(lua, 1, ENCODE_DEPTH, 1, INT_MAX)),
  decode_max_depth: configure(1, (lua) => setInteger(lua, 1, DECODE_DEPTH, 1, INT_MAX)),
  encode_number_precision: configure(1, (lua) => setInteger(lua, 1, PRECISION, 1, PRECISION_MAX)),
  // Nothing follows from it here: the buffer is shared, and what is large is given back.
  encode_keep_buffer: configure(1, (lua) => setChoice(lua, 1, KEEP_BUFFER, SWITCH)),
  encode_invalid_numbers: configure(1, (lua) => setChoice(lua, 1, ENCODE_INVALID, INVALID_NUMBERS)),
  decode_invalid_numbers: configure(1, (lua) => setChoice(lua, 1, DECODE_INVALID, SWITCH)),
  new: create,
};

/** Opens with its settings, so by a function and not a list. */
export const cjson: Library = { name: 'cjson', open: create };
