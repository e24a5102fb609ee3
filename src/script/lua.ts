/**
 * A Lua 5.1 interpreter, and its C API as functions written here use it.
 *
 *   stack of the running function      1 … top        arguments first
 *                                     −1 … −top       from above
 *
 * Values never leave Lua to be objects of JavaScript: a function takes them from the stack, where
 * they are numbers, or strings to be read in `memory` from `start` to `end`, and pushes its
 * results. A call across costs 5 ns in this direction and 40 in the other.
 *
 * A function may be called from a coroutine, whose stack is another: `state` is always the one
 * that runs. Errors jump out of it (wasm.ts), so a function must leave nothing half done when it
 * asks for anything that can fail.
 *
 * Names are those of the C API without its prefixes, where what it does is the same.
 */

import { latin1Text, writeLatin1 } from '../std/ascii.ts';
import { assert } from '../std/assert.ts';
import { copyBytes } from '../std/bytes.ts';
import { systemClock } from '../std/clock.ts';
import { Output } from './output.ts';
import {
  type NativeFunction,
  type NativeTable,
  nativeFunction,
  nativeHook,
  startProgram,
} from './wasm.ts';

/** A function that Lua calls: arguments are on the stack, it answers how many results are. */
export type LuaFunction = (lua: Lua) => number;

/** A table of functions under a global name. */
export interface Library {
  readonly name: string;
  readonly functions?: Readonly<Record<string, LuaFunction>>;
  readonly fields?: Readonly<Record<string, string>>;
  /** Pushes the table, if it takes more than that to make it. */
  readonly open?: LuaFunction;
}

export const TYPE_NONE = -1;
export const TYPE_NIL = 0;
export const TYPE_BOOLEAN = 1;
export const TYPE_LIGHT_USERDATA = 2;
export const TYPE_NUMBER = 3;
export const TYPE_STRING = 4;
export const TYPE_TABLE = 5;
export const TYPE_FUNCTION = 6;

export const STATUS_OK = 0;
export const STATUS_YIELD = 1;
export const STATUS_SYNTAX = 3;
export const STATUS_MEMORY = 4;

export const REGISTRY_INDEX = -10_000;
export const GLOBALS_INDEX = -10_002;

/** What a function finds free on the stack above its arguments without asking. */
export const STACK_FREE = 20;

// Where a lua_State has its top and its base, a value its type, and a string its size and bytes.
// What is read at every call is read there: each function of the API is a call across.
const S_TOP = 8;
const S_BASE = 12;
const VALUE_SIZE = 16;
const VALUE_TYPE = 8;
const STRING_SIZE = 12;
const STRING_BYTES = 16;

const TWO_63 = 2 ** 63;
const SIZE_IMPOSSIBLE = 2 ** 31 - 256;
/** Texts up to here are put where memory is kept for them. */
const TEXT_KEPT_MAX = 1024;
const MEMORY_MAX_DEFAULT = 2 ** 31 - 65_536;

export class Lua {
  /** The lua_State of the thread that runs: the main one, or a coroutine's. */
  state: number;
  /** All of the interpreter's memory. Another array whenever it has grown. */
  memory: Uint8Array;
  /** The same as words of 32 bits. */
  words: Int32Array;
  /** Where the string read last lies in memory, … */
  start = 0;
  /** … and where it ends. A NUL follows. */
  end = 0;
  /** The C API itself. */
  readonly x: Readonly<Record<string, NativeFunction>>;
  readonly table: NativeTable;
  /** Where libraries build strings. */
  readonly output: Output;
  /** A word that the C API can write to. */
  readonly #size: number;
  readonly #text: number;
  readonly #pointers = new Map<LuaFunction, number>();
  readonly #names = new Map<string, number>();

  constructor(options: { memoryMax?: number; now?: () => number } = {}) {
    const { memoryMax = MEMORY_MAX_DEFAULT, now = systemClock.now } = options;
    const { run, table, buffer } = startProgram({
      memoryMax,
      now,
      onGrow: (grown) => {
        this.memory = new Uint8Array(grown);
        this.words = new Int32Array(grown);
      },
    });
    this.memory = new Uint8Array(buffer);
    this.words = new Int32Array(buffer);
    this.x = run;
    this.table = table;
    this.#size = run['malloc'](4);
    this.#text = run['malloc'](TEXT_KEPT_MAX);
    this.output = new Output(this);
    this.state = run['luaL_newstate']();
    run['luaL_openlibs'](this.state);
    this.#checkLayout();
  }

  /** Refuses a program whose values lie elsewhere. */
  #checkLayout(): void {
    this.pushText('layout');
    this.pushNumber(1);
    const isKnown =
      this.argumentCount() === this.top() &&
      this.topType() === TYPE_NUMBER &&
      this.readString(0) &&
      latin1Text(this.memory, this.start, this.end) === 'layout';
    assert(isKnown, 'the program of Lua is not the one that is known');
    this.setTop(0);
  }

  // ── Functions and libraries ───────────────────────────────────────────────────────────────────

  /** A function as a pointer of C. The same one for the same function. */
  pointer(run: LuaFunction): number {
    const known = this.#pointers.get(run);
    if (known !== undefined) return known;
    const pointer = this.table.grow(1);
    this.table.set(
      pointer,
      nativeFunction((state) => {
        const before = this.state;
        this.state = state;
        try {
          return run(this);
        } finally {
          this.state = before;
        }
      }),
    );
    this.#pointers.set(run, pointer);
    return pointer;
  }

  /** A function that Lua calls as a hook, with a pointer to its lua_Debug, as a pointer of C. */
  hookPointer(run: (lua: Lua, debug: number) => void): number {
    const pointer = this.table.grow(1);
    this.table.set(
      pointer,
      nativeHook((state, debug) => {
        const before = this.state;
        this.state = state;
        try {
          run(this, debug);
        } finally {
          this.state = before;
        }
      }),
    );
    return pointer;
  }

  /** Pushes a function, with as many upvalues as it takes from the stack. */
  pushFunction(run: LuaFunction, upvalueCount = 0): void {
    this.x['lua_pushcclosure'](this.state, this.pointer(run), upvalueCount);
  }

  /** The block of the userdata that is an upvalue of the running function. */
  upvaluePointer(index: number): number {
    return this.x['lua_touserdata'](this.state, GLOBALS_INDEX - index);
  }

  /** Makes a library a global. */
  install(library: Library): void {
    if (library.open !== undefined) library.open(this);
    else this.newTable();
    for (const [name, run] of Object.entries(library.functions ?? {})) {
      this.pushFunction(run);
      this.setField(-2, name);
    }
    for (const [name, text] of Object.entries(library.fields ?? {})) {
      this.pushText(text);
      this.setField(-2, name);
    }
    this.setField(GLOBALS_INDEX, library.name);
  }

  /** A name as a string of C, kept for good: only for texts that the program knows beforehand. */
  name(text: string): number {
    const known = this.#names.get(text);
    if (known !== undefined) return known;
    const pointer = this.x['malloc'](text.length + 1);
    if (pointer === 0) this.outOfMemory();
    this.memory[writeLatin1(this.memory, pointer, text)] = 0;
    this.#names.set(text, pointer);
    return pointer;
  }

  // ── The stack ─────────────────────────────────────────────────────────────────────────────────

  top(): number {
    return this.x['lua_gettop'](this.state);
  }

  setTop(top: number): void {
    this.x['lua_settop'](this.state, top);
  }

  pop(count: number): void {
    this.x['lua_settop'](this.state, -count - 1);
  }

  insert(index: number): void {
    this.x['lua_insert'](this.state, index);
  }

  /** Makes room for `count` values; false: so many there can't be. */
  reserveStack(count: number): boolean {
    return this.x['lua_checkstack'](this.state, count) !== 0;
  }

  /** The same, and an error that says what there is too much of. */
  checkStack(count: number, text: string): void {
    if (!this.reserveStack(count)) this.error(`stack overflow (${text})`);
  }

  // ── What is there ─────────────────────────────────────────────────────────────────────────────

  /** How many values the running function has: top(), read from memory. */
  argumentCount(): number {
    const { state, words } = this;
    return (words[(state + S_TOP) >> 2] - words[(state + S_BASE) >> 2]) / VALUE_SIZE;
  }

  /** Reads argument `i`, from 0, if it is a string and no number; false: it is something else. */
  readString(i: number): boolean {
    const { words } = this;
    const at = words[(this.state + S_BASE) >> 2] + i * VALUE_SIZE;
    if (words[(at + VALUE_TYPE) >> 2] !== TYPE_STRING) return false;
    const string = words[at >> 2];
    this.start = string + STRING_BYTES;
    this.end = this.start + words[(string + STRING_SIZE) >> 2];
    return true;
  }

  /** The type of the value on top, of which there must be one. */
  topType(): number {
    const { words } = this;
    return words[(words[(this.state + S_TOP) >> 2] - VALUE_SIZE + VALUE_TYPE) >> 2];
  }

  type(index: number): number {
    return this.x['lua_type'](this.state, index);
  }

  typeName(index: number): string {
    const start = this.x['lua_typename'](this.state, this.type(index));
    return latin1Text(this.memory, start, this.memory.indexOf(0, start));
  }

  /** Whether it is a number, or a string that can be one. */
  isNumber(index: number): boolean {
    return this.x['lua_isnumber'](this.state, index) !== 0;
  }

  toNumber(index: number): number {
    return this.x['lua_tonumber'](this.state, index);
  }

  toBoolean(index: number): boolean {
    return this.x['lua_toboolean'](this.state, index) !== 0;
  }

  isNullPointer(index: number): boolean {
    return this.x['lua_touserdata'](this.state, index) === 0;
  }

  /** Reads a string, or a number, which becomes one on the stack; false: it is neither. */
  readBytes(index: number): boolean {
    return this.#read(this.x['lua_tolstring'](this.state, index, this.#size));
  }

  #read(pointer: number): boolean {
    this.start = pointer;
    this.end = pointer + this.words[this.#size >> 2];
    return pointer !== 0;
  }

  /** A string as text; undefined: it is none. */
  text(index: number): string | undefined {
    return this.readBytes(index) ? latin1Text(this.memory, this.start, this.end) : undefined;
  }

  // ── Arguments: an error if they are not what they must be ─────────────────────────────────────

  checkBytes(index: number): void {
    this.#read(this.x['luaL_checklstring'](this.state, index, this.#size));
  }

  checkNumber(index: number): number {
    return this.x['luaL_checknumber'](this.state, index);
  }

  /** A number as x86 makes a 64-bit integer of it: −2^63 if it is out of range. */
  checkInteger(index: number): number {
    const integer = Math.trunc(this.checkNumber(index));
    return integer >= -TWO_63 && integer < TWO_63 ? integer : -TWO_63;
  }

  optionalInteger(index: number, otherwise: number): number {
    return this.type(index) <= TYPE_NIL ? otherwise : this.checkInteger(index);
  }

  /** Which of some words a string is. */
  checkOption(index: number, options: readonly string[]): number {
    this.checkBytes(index);
    const [word] = latin1Text(this.memory, this.start, this.end).split('\0', 1);
    const option = options.indexOf(word);
    if (option < 0) this.argumentError(index, `invalid option '${word}'`);
    return option;
  }

  // ── Errors ────────────────────────────────────────────────────────────────────────────────────

  /** A text in front of which Lua says where it was called from. */
  error(text: string): never {
    this.x['luaL_where'](this.state, 1);
    this.pushText(text);
    this.x['lua_concat'](this.state, 2);
    return this.throwTop();
  }

  /** The value on top as an error. */
  throwTop(): never {
    this.x['lua_error'](this.state);
    throw new TypeError('lua_error returned');
  }

  /** 'bad argument #1 to 'f' (text)' */
  argumentError(index: number, text: string): never {
    this.pushText(text);
    this.readBytes(-1);
    this.x['luaL_argerror'](this.state, index, this.start);
    return this.throwTop();
  }

  /** 'bad argument #1 to 'f' (type expected, got other)' */
  typeError(index: number, type: string): never {
    this.x['luaL_typerror'](this.state, index, this.name(type));
    return this.throwTop();
  }

  /** 'not enough memory', as Lua says it: it is asked for more than there can be. */
  outOfMemory(): never {
    this.x['lua_newuserdata'](this.state, SIZE_IMPOSSIBLE);
    return this.throwTop();
  }

  // ── Pushing ───────────────────────────────────────────────────────────────────────────────────

  pushNil(): void {
    this.x['lua_pushnil'](this.state);
  }

  pushBoolean(value: boolean): void {
    this.x['lua_pushboolean'](this.state, value ? 1 : 0);
  }

  pushNumber(x: number): void {
    this.x['lua_pushnumber'](this.state, x);
  }

  /** A light userdata of address 0. */
  pushNullPointer(): void {
    this.x['lua_pushlightuserdata'](this.state, 0);
  }

  /** A string that lies in `memory`. */
  pushMemory(start: number, size: number): void {
    this.x['lua_pushlstring'](this.state, start, size);
  }

  /** A string of bytes[start, end). */
  pushBytes(bytes: Uint8Array, start = 0, end = bytes.length): void {
    const pointer = this.#place(end - start);
    copyBytes(this.memory, pointer, bytes, start, end);
    this.#pushPlaced(pointer, end - start);
  }

  /** A string of latin1 text. */
  pushText(text: string): void {
    const pointer = this.#place(text.length);
    writeLatin1(this.memory, pointer, text);
    this.#pushPlaced(pointer, text.length);
  }

  #place(size: number): number {
    if (size <= TEXT_KEPT_MAX) return this.#text;
    const pointer = this.x['malloc'](size);
    if (pointer === 0) this.outOfMemory();
    return pointer;
  }

  #pushPlaced(pointer: number, size: number): void {
    try {
      this.pushMemory(pointer, size);
    } finally {
      if (pointer !== this.#text) this.x['free'](pointer);
    }
  }

  pushCopy(index: number): void {
    this.x['lua_pushvalue'](this.state, index);
  }

  /** Pushes a userdata of `size` bytes; answers where they lie. */
  pushUserdata(size: number): number {
    return this.x['lua_newuserdata'](this.state, size);
  }

  // ── Tables ────────────────────────────────────────────────────────────────────────────────────

  newTable(): void {
    this.x['lua_createtable'](this.state, 0, 0);
  }

  /**
   * A table for the elements 1 to `count`: as large as one to which they were added one by one,
   * since # of a table with holes depends on its size.
   */
  newArray(count: number): void {
    const size = count < 2 ? count : 2 ** (32 - Math.clz32(count - 1));
    this.x['lua_createtable'](this.state, size, 0);
  }

  /** What # answers, without asking a metatable. */
  length(index: number): number {
    return this.x['lua_objlen'](this.state, index);
  }

  getField(index: number, name: string): void {
    this.x['lua_getfield'](this.state, index, this.name(name));
  }

  setField(index: number, name: string): void {
    this.x['lua_setfield'](this.state, index, this.name(name));
  }

  /** Replaces the key on top by its value. */
  getTable(index: number): void {
    this.x['lua_gettable'](this.state, index);
  }

  rawSet(index: number): void {
    this.x['lua_rawset'](this.state, index);
  }

  rawGetIndex(index: number, element: number): void {
    this.x['lua_rawgeti'](this.state, index, element);
  }

  rawSetIndex(index: number, element: number): void {
    this.x['lua_rawseti'](this.state, index, element);
  }

  /** Replaces the key on top by the next one and its value; false: it was the last, and is gone. */
  next(index: number): boolean {
    return this.x['lua_next'](this.state, index) !== 0;
  }
}
