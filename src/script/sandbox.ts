/**
 * The sandbox: an interpreter with what Redis's scripts find in theirs, and nothing else.
 *
 *   _G of scripts     Lua's own functions that Redis lets through, string, table, math, coroutine
 *                     cjson, cmsgpack, struct, bit
 *                     redis, given by whoever runs scripts
 *
 * Globals and libraries can't be changed (prelude.ts), and a name that is none is an error. Each
 * script runs in a coroutine, so that it can be left in the middle when it takes too long.
 */

import { latin1Bytes } from '../std/ascii.ts';
import { bit } from './lib/bit.ts';
import { cjson } from './lib/cjson.ts';
import { cmsgpack } from './lib/cmsgpack.ts';
import { struct } from './lib/struct.ts';
import { Lrand48 } from './lrand48.ts';
import { GLOBALS_INDEX, type Library, Lua, REGISTRY_INDEX, STATUS_OK, TYPE_NUMBER } from './lua.ts';
import { PRELUDE } from './prelude.ts';

export const STATUS_YIELD = 1;

/** Globals that scripts have, beside the libraries. */
const ALLOWED = [
  ...['_G', '_VERSION', 'assert', 'collectgarbage', 'coroutine', 'error', 'gcinfo', 'getfenv'],
  ...['getmetatable', 'ipairs', 'load', 'loadstring', 'math', 'newproxy', 'next', 'pairs', 'pcall'],
  ...['rawequal', 'rawget', 'rawset', 'select', 'setfenv', 'setmetatable', 'string', 'table'],
  ...['tonumber', 'tostring', 'type', 'unpack', 'xpcall'],
  ...['bit', 'cjson', 'cmsgpack', 'struct', 'redis'],
];

/** Every so many instructions a script is asked how long it has been running. */
const HOOK_INSTRUCTIONS = 100_000;
const MASK_LINE = 4;
const MASK_COUNT = 8;

// Bytes of a lua_State: how deep it is in calls of C, now and when it was resumed last.
const S_C_CALLS = 52;
const S_BASE_C_CALLS = 54;

// Words of a lua_Debug, and its size in bytes.
const D_WHAT = 3;
const D_SOURCE = 4;
const D_LINE = 5;
const DEBUG_SIZE = 128;

const SOURCE_OF_PRELUDE = '@sandbox';

/** Where an error came from. */
export interface Place {
  readonly source: string;
  readonly line: number;
}

/** The interpreter has no way on: its memory is used up where nothing can be taken back. */
export class LuaPanic extends Error {}

export interface SandboxOptions {
  /** Bytes. */
  readonly memoryMax: number;
  readonly redis: Library;
  /** Numbers that `redis` has beside its functions, and a text or two. */
  readonly constants: Readonly<Record<string, number | string>>;
  /** Called every now and then while a script runs. Answers whether to leave it for a while. */
  onHook(sandbox: Sandbox): boolean;
}

export class Sandbox {
  readonly lua: Lua;
  /** The lua_State of the coroutine that scripts run in. */
  thread = 0;
  readonly #main: number;
  readonly #debug: number;
  readonly #hook: number;
  /** References: what scripts see as _G, and what it stands for. */
  readonly #env: number;
  readonly #globals: number;
  /** Reference: forgets protected calls that were not ended. */
  readonly #reset: number;
  /** Of each coroutine that is a protected call: the one it was called from. */
  readonly #callers = new Map<number, number>();
  /** Reference: exchanges the globals. */
  readonly #limit: number;
  #threadReference = 0;

  constructor(options: SandboxOptions) {
    const lua = new Lua({ memoryMax: options.memoryMax });
    this.lua = lua;
    this.#main = lua.state;
    const { x } = lua;
    x.lua_atpanic(
      lua.state,
      lua.pointer(() => {
        throw new LuaPanic(lua.text(-1) ?? 'panic');
      }),
    );
    for (const library of [bit, cjson, cmsgpack, struct]) lua.install(library);
    this.#installRandom();
    lua.install(options.redis);
    lua.getField(GLOBALS_INDEX, 'redis');
    for (const [name, value] of Object.entries(options.constants)) {
      if (typeof value === 'number') lua.pushNumber(value);
      else lua.pushText(value);
      lua.setField(-2, name);
    }
    lua.pop(1);
    this.#debug = x.malloc(DEBUG_SIZE);
    this.#load(latin1Bytes(PRELUDE), SOURCE_OF_PRELUDE);
    lua.pushFunction((own) => {
      // Called for a function of C, which says no place; or by an assignment.
      const text = 'Attempt to modify a readonly table';
      if (own.type(1) !== TYPE_NUMBER) return own.error(text);
      own.pushText(text);
      return own.throwTop();
    });
    lua.pushFunction((own) =>
      own.error(
        `Script attempted to access nonexistent global variable '${own.text(2) ?? own.typeName(2)}'`,
      ),
    );
    lua.pushFunction((own) => {
      own.pushBoolean(own.state === this.thread || this.#callers.has(own.state));
      return 1;
    });
    lua.pushFunction((own) => {
      own.pushText('attempt to yield across metamethod/C-call boundary');
      return own.throwTop();
    });
    lua.pushFunction((own) => {
      this.#callers.set(x.lua_tothread(own.state, 1), own.state);
      return 0;
    });
    lua.pushFunction((own) => {
      this.#callers.delete(x.lua_tothread(own.state, 1));
      return 0;
    });
    lua.newTable();
    for (const name of ALLOWED) {
      lua.pushBoolean(true);
      lua.setField(-2, name);
    }
    x.lua_call(lua.state, 7, 4);
    this.#limit = x.luaL_ref(lua.state, REGISTRY_INDEX);
    this.#reset = x.luaL_ref(lua.state, REGISTRY_INDEX);
    this.#globals = x.luaL_ref(lua.state, REGISTRY_INDEX);
    this.#env = x.luaL_ref(lua.state, REGISTRY_INDEX);
    lua.rawGetIndex(REGISTRY_INDEX, this.#env);
    x.lua_replace(lua.state, GLOBALS_INDEX);
    this.#hook = lua.hookPointer(() => {
      if (options.onHook(this) && this.#mayYield()) x.lua_yield(lua.state, 0);
    });
    this.#newThread();
  }

  /** math.random of Redis: the same sequence everywhere. */
  #installRandom(): void {
    const { lua } = this;
    const random = new Lrand48();
    lua.getField(GLOBALS_INDEX, 'math');
    lua.pushFunction((own) => {
      const r = random.next() / Lrand48.MAX;
      switch (own.top()) {
        case 0:
          own.pushNumber(r);
          return 1;
        case 1: {
          const most = own.checkInteger(1) | 0;
          if (most < 1) own.argumentError(1, 'interval is empty');
          own.pushNumber(Math.floor(r * most) + 1);
          return 1;
        }
        case 2: {
          const least = own.checkInteger(1) | 0;
          const most = own.checkInteger(2) | 0;
          if (least > most) own.argumentError(2, 'interval is empty');
          own.pushNumber(Math.floor(r * (most - least + 1)) + least);
          return 1;
        }
        default:
          return own.error('wrong number of arguments');
      }
    });
    lua.setField(-2, 'random');
    lua.pushFunction((own) => {
      random.seed(own.checkInteger(1) | 0);
      return 0;
    });
    lua.setField(-2, 'randomseed');
    lua.pop(1);
  }

  #newThread(): void {
    const { lua } = this;
    const { x } = lua;
    if (this.#threadReference !== 0) {
      x.luaL_unref(this.#main, REGISTRY_INDEX, this.#threadReference);
    }
    this.thread = x.lua_newthread(this.#main);
    this.#threadReference = x.luaL_ref(this.#main, REGISTRY_INDEX);
  }

  /** Bytes in use. */
  get memory(): number {
    const { x } = this.lua;
    return x.lua_gc(this.#main, 3, 0) * 1024 + x.lua_gc(this.#main, 4, 0);
  }

  /** Pushes a chunk as a function, or a message; answers which (STATUS_OK). */
  #load(bytes: Uint8Array, source: string): number {
    const { lua } = this;
    const { x } = lua;
    const at = x.malloc(bytes.length + 1);
    if (at === 0) throw new LuaPanic('not enough memory');
    lua.memory.set(bytes, at);
    const status = x.luaL_loadbuffer(lua.state, at, bytes.length, lua.name(source));
    x.free(at);
    return status;
  }

  /** Compiles a script. Answers its reference, or what is wrong with it. */
  compile(bytes: Uint8Array, source: string): number | string {
    const { lua } = this;
    const isBinary = bytes[0] === 0x1b;
    const status = isBinary ? -1 : this.#load(bytes, source);
    if (status === STATUS_OK) return lua.x.luaL_ref(lua.state, REGISTRY_INDEX);
    if (isBinary) return `${source.slice(1)}:1: unexpected symbol near 'char(27)'`;
    const text = lua.text(-1) ?? '';
    lua.pop(1);
    return text;
  }

  forget(reference: number): void {
    this.lua.x.luaL_unref(this.#main, REGISTRY_INDEX, reference);
  }

  /** Makes the table on top of the main stack a global, past all protection. */
  setGlobal(name: string): void {
    const { lua } = this;
    lua.rawGetIndex(REGISTRY_INDEX, this.#globals);
    lua.pushText(name);
    lua.pushCopy(-3);
    lua.rawSet(-3);
    lua.pop(2);
  }

  /** Whether code sees all globals, or those a library has while it is loaded. */
  limitGlobals(isLimited: boolean): void {
    const { lua } = this;
    lua.rawGetIndex(REGISTRY_INDEX, this.#limit);
    lua.pushBoolean(isLimited);
    lua.x.lua_call(lua.state, 1, 0);
  }

  /**
   * Starts a compiled script with the `count` values on top of the main stack as its arguments, or
   * goes on with one that was left. Answers the status; results, or the error, lie on the stack of
   * `thread`, which is the state of `lua` until finish().
   */
  start(reference: number, count: number): number {
    const { lua, thread } = this;
    const { x } = lua;
    // A script may have given its thread other globals.
    lua.rawGetIndex(REGISTRY_INDEX, this.#env);
    x.lua_xmove(this.#main, thread, 1);
    x.lua_replace(thread, GLOBALS_INDEX);
    lua.rawGetIndex(REGISTRY_INDEX, reference);
    lua.insert(-count - 1);
    x.lua_checkstack(thread, count + 1);
    x.lua_xmove(this.#main, thread, count + 1);
    x.lua_sethook(thread, this.#hook, MASK_COUNT, HOOK_INSTRUCTIONS);
    lua.state = thread;
    return x.lua_resume(thread, count);
  }

  resume(): number {
    this.lua.state = this.thread;
    return this.lua.x.lua_resume(this.thread, 0);
  }

  /** From now on every line of the running script asks onHook(), whoever catches its errors. */
  hookLines(): void {
    const { lua, thread } = this;
    for (let state: number | undefined = lua.state; state !== undefined; ) {
      lua.x.lua_sethook(state, this.#hook, MASK_LINE, 0);
      state = this.#callers.get(state);
    }
    lua.x.lua_sethook(thread, this.#hook, MASK_LINE, 0);
  }

  /** The script is over: its results have been taken. */
  finish(failed: boolean): void {
    const { lua } = this;
    const { x } = lua;
    lua.state = this.#main;
    x.lua_settop(this.#main, 0);
    if (!failed) {
      x.lua_settop(this.thread, 0);
      return;
    }
    this.#newThread();
    this.#callers.clear();
    lua.rawGetIndex(REGISTRY_INDEX, this.#reset);
    x.lua_call(this.#main, 0, 0);
  }

  /** Whether the running script can be left: no function of C waits for it, and no coroutine. */
  #mayYield(): boolean {
    const { lua, thread } = this;
    const words = new Uint16Array(lua.memory.buffer);
    for (let state: number | undefined = lua.state; state !== undefined; ) {
      if (words[(state + S_C_CALLS) >> 1] > words[(state + S_BASE_C_CALLS) >> 1]) return false;
      if (state === thread) return true;
      state = this.#callers.get(state);
    }
    return false;
  }

  /** Where in a script the error of `thread` was raised; as Redis's handler finds it. */
  errorPlace(): Place | undefined {
    const { lua, thread } = this;
    const { x } = lua;
    const words = this.#debug >> 2;
    let isFunctionOfC = true;
    for (let level = 0; x.lua_getstack(thread, level, this.#debug) !== 0; level++) {
      x.lua_getinfo(thread, lua.name('Sl'), this.#debug);
      const source = this.#string(lua.words[words + D_SOURCE]);
      const isC = this.#string(lua.words[words + D_WHAT]) === 'C';
      if (source === SOURCE_OF_PRELUDE || (isC && isFunctionOfC)) {
        isFunctionOfC = source === SOURCE_OF_PRELUDE;
        continue;
      }
      return { source, line: lua.words[words + D_LINE] };
    }
    return undefined;
  }

  #string(pointer: number): string {
    const { memory } = this.lua;
    let text = '';
    for (let at = pointer; memory[at] !== 0; at++) text += String.fromCharCode(memory[at]);
    return text;
  }
}
