/**
 * Threads: the coroutines that a script runs in, and how it is left in the middle.
 *
 *   script's thread ──pcall──► its own ──coroutine.resume──► the script's ──pcall──► …  innermost
 *                                                                                      │ a hook
 *   leave     ◄── each yields to the one it was called from, down to who started all ──┘
 *   resume    goes on with the innermost; what it returns, the next is gone on with
 *
 * A coroutine of Lua 5.1 can't be left while a function of C waits for one of Lua, and pcall and
 * xpcall are such functions. So what they call runs in a coroutine of its own, from which scripts
 * can't yield, as they can't through pcall. Where a function of C does wait (the comparison of
 * table.sort, a metamethod) a script goes on until it no longer does.
 *
 * All this is made of functions as Lua calls them, not of Lua: what a script sees of a call, and of
 * where an error happened, is what it would see of the functions they stand for. Those are called in
 * the frame of these: a function of C knows no difference.
 */

import {
  GLOBALS_INDEX,
  type Lua,
  type LuaFunction,
  REGISTRY_INDEX,
  STATUS_OK,
  STATUS_YIELD,
  TYPE_FUNCTION,
  TYPE_TABLE,
} from './lua.ts';
import type { NativeFunction } from './wasm.ts';

/** Every so many instructions a script is asked how long it has been running. */
const HOOK_INSTRUCTIONS = 100_000;
const MASK_LINE = 4;
const MASK_COUNT = 8;

// Bytes of a lua_State: how deep it is in calls of C, now and when it was resumed last.
const S_C_CALLS = 52;
const S_BASE_C_CALLS = 54;

/** Threads within each other; Lua has 200 calls of C as its limit. */
const DEPTH_MAX = 198;
const TOO_DEEP = 'C stack overflow';
/** How often a function that handles errors may fail by itself. */
const FAILURES_MAX = 198;
const NOT_ACROSS = 'attempt to yield across metamethod/C-call boundary';
const UPVALUE = GLOBALS_INDEX - 1;

// What a thread was made for, and so what becomes of its results.
const PROTECTED = 0;
const HANDLED = 1;
const HANDLER = 2;
const RESUMED = 3;
const WRAPPED = 4;

// Instead of a count of results.
const LEFT = -1;
const RAISES = -2;

/** A thread that another waits for. */
interface Inner {
  readonly state: number;
  readonly outer: number;
  readonly kind: number;
  /** Reference to what handles its error, if something does. */
  readonly handler: number;
  failures: number;
}

export class Threads {
  /** That of the script itself. */
  main = 0;
  readonly #lua: Lua;
  readonly #hook: number;
  readonly #raiseHook: number;
  /** Those that are waited for. */
  readonly #inner = new Map<number, Inner>();
  /** References to the threads that were made here. */
  readonly #references = new Map<number, number>();
  readonly #spare: number[] = [];
  #isLeaving = false;
  #innermost = 0;
  /** Reference to an error that is to be raised where a script goes on. */
  #raised = 0;

  /** Whether every line is asked about, of what is started from now on. */
  isDebugged = false;
  /** What runs aside. */
  #aside: () => void = () => {};

  /**
   * `leaves` is asked every now and then whether to leave the script: only where that can be. It is
   * told of a lua_Debug.
   */
  constructor(lua: Lua, leaves: (debug: number) => boolean) {
    this.#lua = lua;
    const { x } = lua;
    this.#hook = lua.hookPointer((_, debug) => {
      if (!leaves(debug)) return;
      this.#isLeaving = true;
      this.#innermost = lua.state;
      x['lua_yield'](lua.state, 0);
    });
    this.#raiseHook = lua.hookPointer(() => {
      this.#watch(lua.state);
      lua.rawGetIndex(REGISTRY_INDEX, this.#raised);
      x['luaL_unref'](lua.state, REGISTRY_INDEX, this.#raised);
      lua.throwTop();
    });
    this.#install();
    this.main = x['lua_newthread'](lua.state);
    this.#keep(lua.state, this.main);
  }

  // ── Running ───────────────────────────────────────────────────────────────────────────────────

  /** Runs the function on the main thread's stack with the arguments above it. Answers the status. */
  start(argumentCount: number): number {
    this.#watch(this.main);
    return this.#lua.x['lua_resume'](this.main, argumentCount);
  }

  /** Goes on with a script that was left. */
  resume(): number {
    const lua = this.#lua;
    this.#isLeaving = false;
    let state = this.#innermost;
    let count = 0;
    for (;;) {
      lua.state = state;
      const inner = this.#inner.get(state);
      if (inner === undefined) return lua.x['lua_resume'](state, count);
      count = this.#run(inner, count);
      if (count === LEFT) return STATUS_YIELD;
      state = inner.outer;
      if (count === RAISES) {
        // Nothing but a hook can raise an error in a thread that waits.
        this.#raised = lua.x['luaL_ref'](state, REGISTRY_INDEX);
        lua.x['lua_sethook'](state, this.#raiseHook, MASK_COUNT, 1);
        count = 0;
      }
    }
  }

  /** The script has ended, or is given up. */
  finish(failed: boolean): void {
    const lua = this.#lua;
    const { x } = lua;
    if (this.#inner.size > 0) {
      for (const inner of [...this.#inner.values()]) {
        this.#end(inner);
        this.#drop(inner.state);
      }
    }
    this.#isLeaving = false;
    if (!failed) {
      x['lua_settop'](this.main, 0);
      return;
    }
    this.#drop(this.main);
    this.main = x['lua_newthread'](lua.state);
    this.#keep(lua.state, this.main);
  }

  /** From now on every line of what runs is asked about, whoever catches its errors. */
  hookLines(): void {
    for (let state: number | undefined = this.#lua.state; state !== undefined; ) {
      this.#lua.x['lua_sethook'](state, this.#hook, MASK_LINE, 0);
      state = this.#inner.get(state)?.outer;
    }
  }

  #watch(state: number): void {
    const mask = this.isDebugged ? MASK_COUNT | MASK_LINE : MASK_COUNT;
    this.#lua.x['lua_sethook'](state, this.#hook, mask, HOOK_INSTRUCTIONS);
  }

  /** The thread that was left, the one that waits for it, and so on. */
  get left(): number[] {
    const states: number[] = [];
    for (let state: number | undefined = this.#innermost; state !== undefined; ) {
      states.push(state);
      state = this.#inner.get(state)?.outer;
    }
    return states;
  }

  /**
   * Runs something while a script is left, in a thread of its own with the globals of scripts.
   * Answers the error that it raised, if it did.
   */
  aside(run: () => void): string | undefined {
    const lua = this.#lua;
    const before = { state: lua.state, innermost: this.#innermost, run: this.#aside };
    const state = this.#take(this.main);
    lua.state = state;
    this.#isLeaving = false;
    this.#aside = run;
    try {
      lua.pushFunction(this.#runAside);
      if (lua.x['lua_pcall'](state, 0, 0, 0) === STATUS_OK) return undefined;
      return lua.text(-1) ?? lua.typeName(-1);
    } finally {
      this.#drop(state);
      lua.state = before.state;
      this.#aside = before.run;
      this.#innermost = before.innermost;
      this.#isLeaving = true;
    }
  }

  readonly #runAside: LuaFunction = () => {
    this.#aside();
    return 0;
  };

  /** Whether no function of C waits for what runs. */
  canLeave(): boolean {
    const lua = this.#lua;
    const words = new Uint16Array(lua.memory.buffer);
    for (let state: number | undefined = lua.state; state !== undefined; ) {
      if (words[(state + S_C_CALLS) >> 1] > words[(state + S_BASE_C_CALLS) >> 1]) return false;
      if (state === this.main) return true;
      state = this.#inner.get(state)?.outer;
    }
    return false;
  }

  /**
   * Runs a thread with the `argumentCount` values on its stack, or what they answer it, until it has
   * results for the outer one, where they are put. Answers how many, LEFT or RAISES.
   */
  #run(first: Inner, argumentCount: number): number {
    const { x } = this.#lua;
    const { outer } = first;
    let inner = first;
    let count = argumentCount;
    for (;;) {
      const { state, kind } = inner;
      const status = x['lua_resume'](state, count);
      if (this.#isLeaving) return LEFT;
      this.#end(inner);
      if (status === STATUS_OK || status === STATUS_YIELD) return this.#succeed(inner);
      if (kind === HANDLED || kind === HANDLER) {
        if (inner.failures < FAILURES_MAX) {
          inner = this.#handle(inner);
          count = 1;
          continue;
        }
        x['lua_settop'](state, 0);
        x['lua_pushstring'](state, this.#lua.name('error in error handling'));
      }
      return this.#fail(inner, outer);
    }
  }

  #succeed({ state, outer, kind, handler }: Inner): number {
    const { x } = this.#lua;
    if (handler !== 0) x['luaL_unref'](outer, REGISTRY_INDEX, handler);
    if (kind === HANDLER) x['lua_settop'](state, 1);
    const count = x['lua_gettop'](state);
    if (x['lua_checkstack'](outer, count + 1) === 0) {
      x['lua_settop'](state, 0);
      x['lua_pushboolean'](outer, 0);
      x['lua_pushstring'](outer, this.#lua.name('too many results to resume'));
      return 2;
    }
    if (kind !== WRAPPED) x['lua_pushboolean'](outer, kind === HANDLER ? 0 : 1);
    x['lua_xmove'](state, outer, count);
    if (kind < RESUMED) this.#spare.push(state);
    return kind === WRAPPED ? count : count + 1;
  }

  #fail({ state, kind, handler }: Inner, outer: number): number {
    const { x } = this.#lua;
    if (handler !== 0) x['luaL_unref'](outer, REGISTRY_INDEX, handler);
    x['lua_checkstack'](outer, 3);
    if (kind !== WRAPPED) x['lua_pushboolean'](outer, 0);
    x['lua_xmove'](state, outer, 1);
    if (kind < RESUMED) this.#drop(state);
    if (kind === PROTECTED) this.#unwrap(outer);
    if (kind !== WRAPPED) return 2;
    if (x['lua_isstring'](outer, -1) !== 0) {
      x['luaL_where'](outer, 1);
      x['lua_insert'](outer, -2);
      x['lua_concat'](outer, 2);
    }
    return RAISES;
  }

  /** A thread for what handles the error of one that has failed. */
  #handle({ state, outer, handler, failures }: Inner): Inner {
    const { x } = this.#lua;
    const next = this.#take(outer);
    x['lua_rawgeti'](next, REGISTRY_INDEX, handler);
    x['lua_xmove'](state, next, 1);
    this.#drop(state);
    return this.#begin({ state: next, outer, kind: HANDLER, handler, failures: failures + 1 });
  }

  /** The error of a command is a table; who catches it gets its text. */
  #unwrap(state: number): void {
    const { x } = this.#lua;
    if (x['lua_type'](state, -1) !== TYPE_TABLE) return;
    x['lua_getfield'](state, -1, this.#lua.name('err'));
    if (x['lua_isstring'](state, -1) === 0) x['lua_settop'](state, -2);
    else x['lua_replace'](state, -2);
  }

  #begin(inner: Inner): Inner {
    this.#inner.set(inner.state, inner);
    return inner;
  }

  #end({ state }: Inner): void {
    this.#inner.delete(state);
  }

  // ── Threads made here ─────────────────────────────────────────────────────────────────────────

  /** A thread with nothing on its stack and the globals of `outer`. */
  #take(outer: number): number {
    const { x } = this.#lua;
    let state = this.#spare.pop();
    if (state === undefined) {
      state = x['lua_newthread'](outer);
      this.#keep(outer, state);
    } else {
      x['lua_pushvalue'](outer, GLOBALS_INDEX);
      x['lua_xmove'](outer, state, 1);
      x['lua_replace'](state, GLOBALS_INDEX);
    }
    this.#watch(state);
    return state;
  }

  /** Keeps the thread on top of a stack. */
  #keep(holder: number, state: number): void {
    this.#references.set(state, this.#lua.x['luaL_ref'](holder, REGISTRY_INDEX));
  }

  #drop(state: number): void {
    const reference = this.#references.get(state);
    if (reference === undefined) return;
    this.#references.delete(state);
    this.#lua.x['luaL_unref'](state, REGISTRY_INDEX, reference);
  }

  // ── What scripts call ─────────────────────────────────────────────────────────────────────────

  #install(): void {
    const lua = this.#lua;
    const pcall = this.#replace('pcall', () => this.#pcall(pcall));
    const xpcall = this.#replace('xpcall', () => this.#xpcall(xpcall));
    lua.getField(GLOBALS_INDEX, 'coroutine');
    const resume = this.#replace('resume', () => this.#resume(resume), -2);
    const wrap = this.#replace('wrap', () => this.#wrap(wrap), -2);
    const yieldTo = this.#replace(
      'yield',
      () => {
        if (this.#isOwn(lua.state)) return this.#raise(NOT_ACROSS);
        return yieldTo(lua.state);
      },
      -2,
    );
    this.#replace('running', () => this.#running(), -2);
    lua.pop(1);
  }

  /** Puts a function in the place of another; answers that. The table is above a function of it. */
  #replace(name: string, run: LuaFunction, table = GLOBALS_INDEX): NativeFunction {
    const lua = this.#lua;
    lua.getField(table === GLOBALS_INDEX ? table : -1, name);
    const native = lua.table.get(lua.x['lua_tocfunction'](lua.state, -1));
    lua.pop(1);
    lua.pushFunction(run);
    lua.setField(table, name);
    return native;
  }

  #raise(text: string): never {
    this.#lua.pushText(text);
    return this.#lua.throwTop();
  }

  #pcall(native: NativeFunction): number {
    const lua = this.#lua;
    const { x, state } = lua;
    if (x['lua_type'](state, 1) === TYPE_FUNCTION && x['lua_iscfunction'](state, 1) === 0) {
      return this.#call(PROTECTED, 0, x['lua_gettop'](state) - 1);
    }
    // What is written in C does not take long.
    if (x['lua_gettop'](state) === 0) {
      lua.pushBoolean(false);
      lua.pushText('attempt to call a boolean value');
      return 2;
    }
    const count = native(state);
    if (x['lua_toboolean'](state, 1) === 0) this.#unwrap(state);
    return count;
  }

  #xpcall(native: NativeFunction): number {
    const { x, state } = this.#lua;
    const isOfLua =
      x['lua_type'](state, 1) === TYPE_FUNCTION && x['lua_iscfunction'](state, 1) === 0;
    if (!isOfLua || x['lua_gettop'](state) < 2) return native(state);
    x['lua_settop'](state, 2);
    const handler = x['luaL_ref'](state, REGISTRY_INDEX);
    return this.#call(HANDLED, handler, 0);
  }

  /** Calls the function under `argumentCount` arguments in a thread of its own. */
  #call(kind: number, handler: number, argumentCount: number): number {
    const lua = this.#lua;
    const { x, state: outer } = lua;
    if (this.#inner.size >= DEPTH_MAX) {
      lua.pushBoolean(false);
      lua.pushText(TOO_DEEP);
      return 2;
    }
    const state = this.#take(outer);
    if (x['lua_checkstack'](state, argumentCount + 1) === 0) this.#raise('stack overflow');
    x['lua_xmove'](outer, state, argumentCount + 1);
    return this.#answer(
      this.#run(this.#begin({ state, outer, kind, handler, failures: 0 }), argumentCount),
      outer,
    );
  }

  #answer(count: number, outer: number): number {
    return count === LEFT ? this.#lua.x['lua_yield'](outer, 0) : count;
  }

  #resume(native: NativeFunction): number {
    const { x, state } = this.#lua;
    return this.#runOther(x['lua_tothread'](state, 1), RESUMED, native);
  }

  #wrap(native: NativeFunction): number {
    const lua = this.#lua;
    const { x, state } = lua;
    native(state);
    this.#nativeWrapped ??= lua.table.get(x['lua_tocfunction'](state, -1));
    x['lua_getupvalue'](state, -1, 1);
    lua.pushFunction(this.#wrapped, 1);
    return 1;
  }

  #nativeWrapped: NativeFunction | undefined = undefined;

  /** What coroutine.wrap answers. */
  readonly #wrapped: LuaFunction = ({ x, state }) =>
    this.#runOther(
      x['lua_tothread'](state, UPVALUE),
      WRAPPED,
      this.#nativeWrapped as NativeFunction,
    );

  /** Has `native` resume a thread of the script's. */
  #runOther(other: number, kind: number, native: NativeFunction): number {
    const lua = this.#lua;
    const outer = lua.state;
    // What runs already can't be resumed, and is told so.
    if (other === 0 || other === this.main || this.#inner.has(other)) return native(outer);
    if (this.#inner.size >= DEPTH_MAX) {
      if (kind === WRAPPED) return lua.error(TOO_DEEP);
      lua.pushBoolean(false);
      lua.pushText(TOO_DEEP);
      return 2;
    }
    const inner = this.#begin({ state: other, outer, kind, handler: 0, failures: 0 });
    let count: number;
    try {
      count = native(outer);
    } finally {
      if (!this.#isLeaving) this.#end(inner);
    }
    return this.#answer(this.#isLeaving ? LEFT : count, outer);
  }

  /** Whether scripts must not know that a thread is one. */
  #isOwn(state: number): boolean {
    return state === this.main || (this.#inner.get(state)?.kind ?? RESUMED) < RESUMED;
  }

  #running(): number {
    const lua = this.#lua;
    const { x } = lua;
    let state = lua.state;
    while (state !== this.main && this.#isOwn(state))
      state = (this.#inner.get(state) as Inner).outer;
    if (state === this.main) {
      lua.pushNil();
      return 1;
    }
    x['lua_pushthread'](state);
    if (state !== lua.state) x['lua_xmove'](state, lua.state, 1);
    return 1;
  }
}
