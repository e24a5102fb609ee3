/**
 * Values between Redis and scripts: what a command replied as Lua's, and what a script returns as a
 * reply. Rules and texts are those of script_lua.c in Redis 7.2.
 *
 *   reply                  Lua                         reply                 Lua
 *   :1                     1                           , double              {double=…}
 *   $2 hi                  'hi'                        ( big number          {big_number=…}
 *   $-1  *-1               false (_ : nil)             = verbatim            {verbatim_string={…}}
 *   *2                     {…, …}                      % map                 {map={…}}
 *   +OK                    {ok='OK'}                   ~ set                 {set={[…]=true}}
 *   -ERR no                {err='ERR no'}              # boolean             true, false
 */

import { errors } from '../resp/errors.ts';
import type { Reply } from '../resp/reply.ts';
import {
  type Lua,
  TYPE_BOOLEAN,
  TYPE_NIL,
  TYPE_NUMBER,
  TYPE_STRING,
  TYPE_TABLE,
} from '../script/lua.ts';
import { latin1Text } from '../std/ascii.ts';
import { parseDouble } from '../std/double.ts';

// Bytes that replies begin with.
const INTEGER = 0x3a;
const BULK = 0x24;
const ARRAY = 0x2a;
const SIMPLE = 0x2b;
const ERROR = 0x2d;
const MAP = 0x25;
const SET = 0x7e;
const DOUBLE = 0x2c;
const BIG_NUMBER = 0x28;
const VERBATIM = 0x3d;
const BOOLEAN = 0x23;
const ATTRIBUTE = 0x7c;

const NOTHING = new Uint8Array(0);
const CR = 0x0d;
const MINUS = 0x2d;
const ZERO = 0x30;

/** So many digits make a number that is exact. */
const EXACT_DIGITS = 15;

/** What a value takes of the stack while it is made, or read. */
const STACK_OF_VALUE = 5;

// ── From a reply ────────────────────────────────────────────────────────────────────────────────

/** Pushes what replies say. */
export class ReplyReader {
  #bytes: Uint8Array = NOTHING;
  #at = 0;

  /** Pushes the reply that begins at bytes[at]. */
  push(lua: Lua, bytes: Uint8Array, at: number): void {
    this.#bytes = bytes;
    this.#at = at;
    this.#value(lua);
    this.#bytes = NOTHING;
  }

  #value(lua: Lua): void {
    const bytes = this.#bytes;
    const kind = bytes[this.#at];
    // What is one value has room: in a script's call, and in what reserves it for its own.
    if (kind !== INTEGER && kind !== BULK) lua.checkStack(STACK_OF_VALUE, 'reply');
    switch (kind) {
      case INTEGER:
        lua.pushNumber(this.#number());
        return;
      case BULK: {
        const size = this.#number();
        if (size < 0) {
          lua.pushBoolean(false);
          return;
        }
        const start = this.#at;
        this.#at = start + size + 2;
        lua.pushBytes(bytes, start, start + size);
        return;
      }
      case ARRAY: {
        const count = this.#number();
        if (count < 0) lua.pushBoolean(false);
        else this.#array(lua, count);
        return;
      }
      case SIMPLE:
        lua.newTable();
        this.#field(lua, 'ok');
        return;
      case ERROR:
        pushErrorText(lua, `-${this.#line()}`);
        setIgnored(lua);
        return;
      case MAP:
        this.#wrapped(lua, 'map', this.#number(), false);
        return;
      case SET:
        this.#wrapped(lua, 'set', this.#number(), true);
        return;
      case DOUBLE: {
        const start = this.#at + 1;
        const text = this.#line();
        lua.newTable();
        lua.pushNumber(parseDouble(bytes, start, start + text.length));
        lua.setField(-2, 'double');
        return;
      }
      case BIG_NUMBER:
        lua.newTable();
        this.#field(lua, 'big_number');
        return;
      case VERBATIM: {
        const size = this.#number();
        const start = this.#at;
        this.#at = start + size + 2;
        lua.newTable();
        lua.newTable();
        lua.pushBytes(bytes, start + 4, start + size);
        lua.setField(-2, 'string');
        lua.pushBytes(bytes, start, start + 3);
        lua.setField(-2, 'format');
        lua.setField(-2, 'verbatim_string');
        return;
      }
      case ATTRIBUTE: {
        // About the reply that follows: nothing that scripts are told.
        const count = this.#number();
        for (let i = 0; i < count * 2; i++) {
          this.#value(lua);
          lua.pop(1);
        }
        this.#value(lua);
        return;
      }
      case BOOLEAN:
        lua.pushBoolean(this.#line() === 't');
        return;
      default:
        this.#line();
        lua.pushNil();
    }
  }

  #array(lua: Lua, count: number): void {
    lua.newTable();
    for (let i = 1; i <= count; i++) {
      this.#value(lua);
      lua.rawSetIndex(-2, i);
    }
  }

  #wrapped(lua: Lua, name: string, count: number, isSet: boolean): void {
    lua.newTable();
    lua.newTable();
    for (let i = 0; i < count; i++) {
      this.#value(lua);
      if (isSet) lua.pushBoolean(true);
      else this.#value(lua);
      lua.rawSet(-3);
    }
    lua.setField(-2, name);
  }

  /** Sets a field to the line at hand. */
  #field(lua: Lua, name: string): void {
    const start = this.#at + 1;
    this.#skipLine();
    lua.pushBytes(this.#bytes, start, this.#at - 2);
    lua.setField(-2, name);
  }

  #skipLine(): void {
    const bytes = this.#bytes;
    let at = this.#at;
    while (bytes[at] !== CR) at++;
    this.#at = at + 2;
  }

  #line(): string {
    const start = this.#at + 1;
    this.#skipLine();
    return latin1Text(this.#bytes, start, this.#at - 2);
  }

  #number(): number {
    const bytes = this.#bytes;
    let at = this.#at + 1;
    const isNegative = bytes[at] === MINUS;
    if (isNegative) at++;
    let n = 0;
    const start = at;
    for (; bytes[at] !== CR; at++) n = n * 10 + bytes[at] - ZERO;
    this.#at = at + 2;
    // Beyond 2^53 each step would round, and all of them not to what is nearest.
    if (at - start > EXACT_DIGITS) n = Number(latin1Text(bytes, start, at));
    return isNegative ? -n : n;
  }
}

/**
 * Pushes an error as scripts know it, a table: of '-CODE text', or of a text that gets the code ERR.
 */
export function pushErrorText(lua: Lua, text: string): void {
  let code = 'ERR';
  let rest = text;
  if (text.startsWith('-')) {
    const space = text.indexOf(' ');
    if (space > 0) code = text.slice(1, space);
    rest = text.slice(space > 0 ? space + 1 : 1);
  }
  lua.newTable();
  lua.pushText(`${code} ${rest.replace(/^[\r\n]+|[\r\n]+$/g, '')}`);
  lua.setField(-2, 'err');
}

/** Says of the error on top that it has been counted. */
export function setIgnored(lua: Lua): void {
  lua.pushBoolean(true);
  lua.setField(-2, 'ignore_error_stats_update');
}

// ── As a reply ──────────────────────────────────────────────────────────────────────────────────

/** Tables within tables that are replied; Redis ends near the limit of Lua's stack, 8,000. */
const NESTING_MAX = 1000;

/** An error that a script returned. */
export interface ReturnedError {
  readonly text: string;
  /** Whether errorstats know of it. */
  readonly isCounted: boolean;
}

/** Pushes the field of the table on top, without asking a metatable; answers its type. */
function rawField(lua: Lua, name: string): number {
  lua.pushMemory(lua.name(name), name.length);
  lua.x['lua_rawget'](lua.state, -2);
  return lua.type(-1);
}

/** Text up to the first NUL, as C reads it. */
function textUpToNul(lua: Lua, index: number): string {
  const text = lua.text(index) ?? '';
  const nul = text.indexOf('\0');
  return nul < 0 ? text : text.slice(0, nul);
}

function inOneLine(text: string): string {
  return text.replace(/[\r\n]/g, ' ');
}

/** The error that the table on top is, which stays there. */
export function errorOf(lua: Lua): ReturnedError & { source: string | undefined; line: string } {
  const field = (name: string): string | undefined => {
    lua.getField(-1, name);
    const text = lua.readBytes(-1) ? textUpToNul(lua, -1) : undefined;
    lua.pop(1);
    return text;
  };
  const text = field('err') ?? '';
  const source = field('source');
  const line = field('line') ?? '';
  lua.getField(-1, 'ignore_error_stats_update');
  const isCounted = lua.type(-1) === TYPE_BOOLEAN && lua.toBoolean(-1);
  lua.pop(1);
  return { text, source, line, isCounted };
}

function replyNumber(reply: Reply, x: number): void {
  const integer = Math.trunc(x);
  if (Number.isSafeInteger(integer)) reply.integer(integer + 0);
  else if (integer >= -(2 ** 63) && integer < 2 ** 63) reply.integer64(BigInt(integer));
  else reply.integer64(-(2n ** 63n));
}

/**
 * Replies the value on top, and takes it away. `isResp3` is what the script asked for; the reply
 * itself is as its client wants it. `onError` is told of errors, which are replied, too.
 */
export function replyValue(
  lua: Lua,
  reply: Reply,
  isResp3: boolean,
  onError: (error: ReturnedError) => void,
  depth = 0,
): void {
  const type = lua.topType();
  const isNestedTooDeep = depth > NESTING_MAX;
  if (isNestedTooDeep || (type === TYPE_TABLE && !lua.reserveStack(STACK_OF_VALUE))) {
    onError({ text: errors.luaStackLimit.text, isCounted: false });
    lua.pop(1);
    return;
  }
  switch (type) {
    case TYPE_STRING:
      lua.readBytes(-1);
      reply.bulk(lua.memory, lua.start, lua.end);
      break;
    case TYPE_BOOLEAN:
      if (isResp3) reply.boolean(lua.toBoolean(-1));
      else if (lua.toBoolean(-1)) reply.integer(1);
      else reply.null();
      break;
    case TYPE_NUMBER:
      replyNumber(reply, lua.toNumber(-1));
      break;
    case TYPE_TABLE:
      replyTable(lua, reply, isResp3, onError, depth);
      break;
    default:
      reply.null();
  }
  lua.pop(1);
}

/** Replies the table on top, which stays there. */
function replyTable(
  lua: Lua,
  reply: Reply,
  isResp3: boolean,
  onError: (error: ReturnedError) => void,
  depth: number,
): void {
  if (rawField(lua, 'err') === TYPE_STRING) {
    lua.pop(1);
    onError(errorOf(lua));
    return;
  }
  lua.pop(1);
  if (rawField(lua, 'ok') === TYPE_STRING) {
    reply.simple(inOneLine(textUpToNul(lua, -1)));
    lua.pop(1);
    return;
  }
  lua.pop(1);
  if (rawField(lua, 'double') === TYPE_NUMBER) {
    reply.double(lua.toNumber(-1));
    lua.pop(1);
    return;
  }
  lua.pop(1);
  if (rawField(lua, 'big_number') === TYPE_STRING) {
    reply.bigNumber(inOneLine(lua.text(-1) ?? ''));
    lua.pop(1);
    return;
  }
  lua.pop(1);
  if (rawField(lua, 'verbatim_string') === TYPE_TABLE) {
    if (rawField(lua, 'format') === TYPE_STRING) {
      const format = textUpToNul(lua, -1);
      lua.pop(1);
      if (rawField(lua, 'string') === TYPE_STRING) {
        reply.verbatim(format, lua.text(-1) ?? '');
        lua.pop(2);
        return;
      }
    }
    lua.pop(1);
  }
  lua.pop(1);
  if (rawField(lua, 'map') === TYPE_TABLE) {
    replyPairs(lua, reply, isResp3, onError, depth, false);
    return;
  }
  lua.pop(1);
  if (rawField(lua, 'set') === TYPE_TABLE) {
    replyPairs(lua, reply, isResp3, onError, depth, true);
    return;
  }
  lua.pop(1);
  const length = reply.deferArray();
  let count = 0;
  for (;;) {
    lua.rawGetIndex(-1, count + 1);
    if (lua.type(-1) === TYPE_NIL) break;
    replyValue(lua, reply, isResp3, onError, depth + 1);
    count++;
  }
  lua.pop(1);
  reply.endDefer(length, count);
}

/** Replies the keys of the table on top, and their values unless it is a set, and takes it away. */
function replyPairs(
  lua: Lua,
  reply: Reply,
  isResp3: boolean,
  onError: (error: ReturnedError) => void,
  depth: number,
  isSet: boolean,
): void {
  const length = isSet ? reply.deferSet() : reply.deferMap();
  let count = 0;
  lua.pushNil();
  while (lua.next(-2)) {
    if (isSet) lua.pop(1);
    // Behind the key, which next() wants back: the value, then a copy of the key on top.
    lua.pushCopy(isSet ? -1 : -2);
    replyValue(lua, reply, isResp3, onError, depth + 1);
    if (!isSet) replyValue(lua, reply, isResp3, onError, depth + 1);
    count++;
  }
  lua.pop(1);
  reply.endDefer(length, count);
}
