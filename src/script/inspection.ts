/**
 * Inspection: what a script that was left in the middle holds, for its debugger.
 *
 * Values are described as Redis's debugger does: strings in quotes, tables with what is in them.
 */

import { latin1Text } from '../std/ascii.ts';
import {
  type Lua,
  TYPE_BOOLEAN,
  TYPE_FUNCTION,
  TYPE_LIGHT_USERDATA,
  TYPE_NIL,
  TYPE_NUMBER,
  TYPE_STRING,
  TYPE_TABLE,
} from './lua.ts';

// Words of a lua_Debug, and its size in bytes.
const D_NAME = 1;
const D_SOURCE = 4;
const D_LINE = 5;
const DEBUG_SIZE = 128;
/** Byte of a lua_State: the instruction that comes next. */
const S_PC = 24;
const INSTRUCTION_SIZE = 4;

/** Tables within each other that are shown, and values on the stack that a description takes. */
const DEPTH_MAX = 10;
const STACK_NEEDED = 3 * DEPTH_MAX + 2;
const TYPE_USERDATA = 7;
const TYPE_THREAD = 8;
const OBJECTS: Readonly<Record<number, string>> = {
  [TYPE_FUNCTION]: 'function',
  [TYPE_USERDATA]: 'userdata',
  [TYPE_THREAD]: 'thread',
  [TYPE_LIGHT_USERDATA]: 'light-userdata',
};

/** A call that has not returned. */
export interface Frame {
  readonly source: string;
  readonly line: number;
  /** What it is called by, or undefined. */
  readonly name: string | undefined;
}

export class Inspection {
  readonly #lua: Lua;
  readonly #debug: number;
  /** A string in quotes. */
  readonly #quote: (text: string) => string;

  constructor(lua: Lua, quote: (text: string) => string) {
    this.#lua = lua;
    this.#quote = quote;
    this.#debug = lua.x['malloc'](DEBUG_SIZE);
  }

  /** It is of no more use. */
  close(): void {
    this.#lua.x['free'](this.#debug);
  }

  /**
   * Lets a thread that a hook has left be inspected: what it was left at is the instruction that
   * comes next, and Lua takes what comes next to be one further.
   */
  atHook<T>(state: number, run: () => T): T {
    const { words } = this.#lua;
    words[(state + S_PC) >> 2] += INSTRUCTION_SIZE;
    try {
      return run();
    } finally {
      this.#lua.words[(state + S_PC) >> 2] -= INSTRUCTION_SIZE;
    }
  }

  /** The call at a level of a thread, 0 the innermost; undefined: there are not so many. */
  frame(state: number, level: number): Frame | undefined {
    const { x } = this.#lua;
    if (x['lua_getstack'](state, level, this.#debug) === 0) return undefined;
    x['lua_getinfo'](state, this.#lua.name('Snl'), this.#debug);
    const { words } = this.#lua;
    const at = this.#debug >> 2;
    const name = words[at + D_NAME];
    return {
      source: this.#text(words[at + D_SOURCE]),
      line: words[at + D_LINE],
      name: name === 0 ? undefined : this.#text(name),
    };
  }

  /** Shows the local variables of a call, each described, until one is taken. */
  locals(state: number, level: number, take: (name: string, value: () => string) => boolean): void {
    const lua = this.#lua;
    const { x } = lua;
    if (x['lua_getstack'](state, level, this.#debug) === 0) return;
    const before = lua.state;
    lua.state = state;
    try {
      for (let i = 1; ; i++) {
        const name = x['lua_getlocal'](state, this.#debug, i);
        if (name === 0) return;
        const isTaken = take(this.#text(name), () => this.describe());
        lua.pop(1);
        if (isTaken) return;
      }
    } finally {
      lua.state = before;
    }
  }

  /** The value on top of the stack. */
  describe(): string {
    const { x, state } = this.#lua;
    if (x['lua_checkstack'](state, STACK_NEEDED) === 0) return '<no room to show it>';
    return this.#describe(0);
  }

  #describe(depth: number): string {
    const lua = this.#lua;
    if (depth === DEPTH_MAX) return '<max recursion level reached! Nested table?>';
    const type = lua.type(-1);
    switch (type) {
      case TYPE_STRING:
        lua.readBytes(-1);
        return this.#quote(latin1Text(lua.memory, lua.start, lua.end));
      case TYPE_BOOLEAN:
        return String(lua.toBoolean(-1));
      case TYPE_NUMBER:
        return shortNumber(lua.toNumber(-1));
      case TYPE_NIL:
        return 'nil';
      case TYPE_TABLE:
        return this.#describeTable(depth);
      default: {
        const pointer = lua.x['lua_topointer'](lua.state, -1) >>> 0;
        return `"${OBJECTS[type] ?? 'unknown'}@0x${pointer.toString(16)}"`;
      }
    }
  }

  #describeTable(depth: number): string {
    const lua = this.#lua;
    const { x, state } = lua;
    const keys: string[] = [];
    const values: string[] = [];
    let isArray = true;
    lua.pushNil();
    while (x['lua_next'](state, -2) !== 0) {
      values.push(this.#describe(depth + 1));
      lua.pop(1);
      isArray &&= lua.type(-1) === TYPE_NUMBER && lua.toNumber(-1) === values.length;
      keys.push(this.#describe(depth + 1));
    }
    const items = isArray ? values : values.map((value, i) => `[${keys[i]}]=${value}`);
    return `{${items.join('; ')}}`;
  }

  #text(pointer: number): string {
    const { memory } = this.#lua;
    return latin1Text(memory, pointer, memory.indexOf(0, pointer));
  }
}

/** As C's %g prints it. */
function shortNumber(value: number): string {
  if (Number.isNaN(value)) return 'nan';
  if (!Number.isFinite(value)) return value > 0 ? 'inf' : '-inf';
  if (value === 0) return Object.is(value, -0) ? '-0' : '0';
  const [digits, exponent] = value.toExponential(5).split('e');
  const power = Number(exponent);
  const trim = (text: string): string => (text.includes('.') ? text.replace(/\.?0+$/, '') : text);
  if (power >= -4 && power < 6) return trim(value.toFixed(5 - power));
  const sign = power < 0 ? '-' : '+';
  return `${trim(digits)}e${sign}${String(Math.abs(power)).padStart(2, '0')}`;
}
