/**
 * The sandbox: an interpreter with what Redis's scripts find in theirs, and nothing else.
 *
 *   _G of scripts     Lua's own functions that Redis lets through, string, table, math, coroutine
 *                     cjson, cmsgpack, struct, bit
 *                     redis, given by whoever runs scripts
 *
 * Globals and libraries can't be changed (prelude.ts), and a name that is none is an error. Each
 * script runs in a thread, so that it can be left in the middle when it takes too long (threads.ts).
 */

import { latin1Bytes } from '../std/ascii.ts';
import { bit } from './lib/bit.ts';
import { cjson } from './lib/cjson.ts';
import { cmsgpack } from './lib/cmsgpack.ts';
import { struct } from './lib/struct.ts';
import { Lrand48 } from './lrand48.ts';
import { GLOBALS_INDEX, type Library, Lua, REGISTRY_INDEX, STATUS_OK } from './lua.ts';
import { PRELUDE } from './prelude.ts';
import { Threads } from './threads.ts';
import { READ_ONLY, TABLE_FLAGS } from './wasm.ts';

/** Globals that scripts have, beside the libraries. */
const ALLOWED = [
  ...['_G', '_VERSION', 'assert', 'collectgarbage', 'coroutine', 'error', 'gcinfo', 'getfenv'],
  ...['getmetatable', 'ipairs', 'load', 'loadstring', 'math', 'newproxy', 'next', 'pairs', 'pcall'],
  ...['rawequal', 'rawget', 'rawset', 'select', 'setfenv', 'setmetatable', 'string', 'table'],
  ...['tonumber', 'tostring', 'type', 'unpack', 'xpcall'],
  ...['bit', 'cjson', 'cmsgpack', 'struct', 'redis'],
];

// Words of a lua_Debug, and its size in bytes.
const D_WHAT = 3;
const D_SOURCE = 4;
const D_LINE = 5;
const DEBUG_SIZE = 128;

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
  /** What math.random goes on with: one for all scripts of a server. */
  readonly random?: Lrand48;
  /** Numbers that `redis` has beside its functions, and a text or two. */
  readonly constants: Readonly<Record<string, number | string>>;
  /**
   * Called every now and then while a script runs. Answers whether to leave it for a while: only if
   * it `canLeave`. While it is debugged, it is called at every line, too. `debug` points to a
   * lua_Debug.
   */
  onHook(sandbox: Sandbox, debug: number): boolean;
}

export class Sandbox {
  readonly lua: Lua;
  readonly #main: number;
  readonly #threads: Threads;
  readonly #debug: number;
  /** What scripts see as _G: a reference, and where it lies. */
  readonly #env: number;
  readonly #globals: number;
  /** Reference: exchanges the globals. */
  readonly #limit: number;

  constructor(options: SandboxOptions) {
    const lua = new Lua({ memoryMax: options.memoryMax });
    this.lua = lua;
    this.#main = lua.state;
    const { x } = lua;
    x['lua_atpanic'](
      lua.state,
      lua.pointer(() => {
        throw new LuaPanic(lua.text(-1) ?? 'panic');
      }),
    );
    for (const library of [bit, cjson, cmsgpack, struct]) lua.install(library);
    this.#installRandom(options.random ?? new Lrand48());
    lua.install(options.redis);
    lua.getField(GLOBALS_INDEX, 'redis');
    for (const [name, value] of Object.entries(options.constants)) {
      if (typeof value === 'number') lua.pushNumber(value);
      else lua.pushText(value);
      lua.setField(-2, name);
    }
    lua.pop(1);
    this.#debug = x['malloc'](DEBUG_SIZE);
    this.#threads = new Threads(lua, (debug) => options.onHook(this, debug));
    this.#load(latin1Bytes(PRELUDE), '@prelude');
    lua.pushFunction((own) => {
      this.#setReadOnly(x['lua_topointer'](own.state, 1), own.toBoolean(2));
      return 0;
    });
    lua.pushFunction((own) =>
      own.error(
        `Script attempted to access nonexistent global variable '${own.text(2) ?? own.typeName(2)}'`,
      ),
    );
    lua.newTable();
    for (const name of ALLOWED) {
      lua.pushBoolean(true);
      lua.setField(-2, name);
    }
    x['lua_call'](lua.state, 3, 2);
    this.#limit = x['luaL_ref'](lua.state, REGISTRY_INDEX);
    this.#globals = x['lua_topointer'](lua.state, -1);
    this.#env = x['luaL_ref'](lua.state, REGISTRY_INDEX);
    lua.rawGetIndex(REGISTRY_INDEX, this.#env);
    x['lua_replace'](lua.state, GLOBALS_INDEX);
  }

  #setReadOnly(table: number, isReadOnly: boolean): void {
    this.lua.memory[table + TABLE_FLAGS] = isReadOnly ? READ_ONLY : 0;
  }

  /** math.random of Redis: the same sequence everywhere. */
  #installRandom(random: Lrand48): void {
    const { lua } = this;
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

  /** Bytes in use. */
  get memory(): number {
    const { x } = this.lua;
    return x.lua_gc(this.#main, 3, 0) * 1024 + x.lua_gc(this.#main, 4, 0);
  }

  /** Pushes a chunk as a function, or a message. Answers whether it is the function. */
  load(bytes: Uint8Array, source: string): boolean {
    return this.#load(bytes, source) === STATUS_OK;
  }

  /** The same; answers the status. */
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
    const status = this.#load(bytes, source);
    if (status === STATUS_OK) return lua.x['luaL_ref'](lua.state, REGISTRY_INDEX);
    const text = lua.text(-1) ?? '';
    lua.pop(1);
    return text;
  }

  forget(reference: number): void {
    this.lua.x.luaL_unref(this.#main, REGISTRY_INDEX, reference);
  }

  /** Makes the table on top of the main stack a global, past all protection. */
  setGlobal(name: string): void {
    this.#setReadOnly(this.#globals, false);
    this.lua.setField(GLOBALS_INDEX, name);
    this.#setReadOnly(this.#globals, true);
  }

  /** Whether code sees all globals, or those a library has while it is loaded. */
  limitGlobals(isLimited: boolean): void {
    const { lua } = this;
    lua.rawGetIndex(REGISTRY_INDEX, this.#limit);
    lua.pushBoolean(isLimited);
    lua.x.lua_call(lua.state, 1, 0);
  }

  /**
   * Starts a compiled script with the `count` values on top of the main stack as its arguments.
   * Answers the status; results, or the error, lie on the stack that is that of `lua` until finish().
   */
  start(reference: number, count: number): number {
    const { lua } = this;
    const { x } = lua;
    const { main: thread } = this.#threads;
    // A script may have given its thread other globals.
    x['lua_rawgeti'](thread, REGISTRY_INDEX, this.#env);
    x['lua_replace'](thread, GLOBALS_INDEX);
    x['lua_rawgeti'](thread, REGISTRY_INDEX, reference);
    if (count > 0) {
      x['lua_checkstack'](thread, count);
      x['lua_xmove'](this.#main, thread, count);
    }
    lua.state = thread;
    return this.#threads.start(count);
  }

  /** Goes on with one that was left. */
  resume(): number {
    return this.#threads.resume();
  }

  /** Has every line of the script that is started next asked about. */
  debugNext(): void {
    this.#threads.isDebugged = true;
  }

  /** The threads of the script that was left, the innermost first. */
  get left(): readonly number[] {
    return this.#threads.left;
  }

  /** Runs something while a script is left. Answers the error that it raised, if it did. */
  aside(run: () => void): string | undefined {
    return this.#threads.aside(run);
  }

  /** Whether the running script can be left now. */
  get canLeave(): boolean {
    return this.#threads.canLeave();
  }

  /** From now on every line of the running script asks onHook(), whoever catches its errors. */
  hookLines(): void {
    this.#threads.hookLines();
  }

  /** The script is over: its results have been taken. */
  finish(failed: boolean): void {
    const { lua } = this;
    lua.state = this.#main;
    lua.setTop(0);
    this.#threads.isDebugged = false;
    this.#threads.finish(failed);
    lua.setTop(0);
  }

  /** Where in a script the error was raised that has ended it; as Redis's handler finds it. */
  errorPlace(): Place | undefined {
    const { lua } = this;
    const { x } = lua;
    const words = this.#debug >> 2;
    for (let level = 0; x['lua_getstack'](lua.state, level, this.#debug) !== 0; level++) {
      x['lua_getinfo'](lua.state, lua.name('Sl'), this.#debug);
      if (level === 0 && this.#string(lua.words[words + D_WHAT]) === 'C') continue;
      return {
        source: this.#string(lua.words[words + D_SOURCE]),
        line: lua.words[words + D_LINE],
      };
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
