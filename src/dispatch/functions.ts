/**
 * Functions: the libraries there are, the interpreter they live in, and how they are called.
 *
 *   FUNCTION LOAD ──► compile ──► run once, with `redis` of load() as its only global
 *                                      └─ register_function() ─► Libraries
 *   FCALL ──► ScriptRunner ──► the function, with keys and arguments as two tables
 *
 * All libraries share one interpreter, which is not that of scripts: a library's globals are those
 * of Redis, and can't be changed. While one is loaded its code sees others, though it is the same
 * code: what stands behind the table of globals is exchanged.
 */

import { type ErrorReply, errors, INVALID_FUNCTION_NAME } from '../resp/errors.ts';
import { SCRIPT_FLAGS } from '../script/flags.ts';
import {
  isName,
  Libraries,
  type LibraryEngine,
  type LibraryFunction,
} from '../script/libraries.ts';
import {
  type Lua,
  REGISTRY_INDEX,
  TYPE_FUNCTION,
  TYPE_NIL,
  TYPE_NUMBER,
  TYPE_STRING,
  TYPE_TABLE,
} from '../script/lua.ts';
import { LuaPanic, type Sandbox } from '../script/sandbox.ts';
import type { Call, FunctionCache } from './call.ts';
import type { ScriptRunner } from './script-runner.ts';
import { pushErrorText } from './script-values.ts';

const SOURCE = '@user_function';

/** What redis.register_function() is given. */
interface Registration {
  name?: string;
  description?: string;
  reference?: number;
  flags: ReadonlySet<string>;
}

export class Functions implements FunctionCache, LibraryEngine {
  readonly #runner: ScriptRunner;
  #sandbox: Sandbox | undefined = undefined;
  #libraries = new Libraries(this);
  /**
   * What the sandbox knows functions by, by what libraries know them by: a number that is used once,
   * so that nothing of a sandbox that is gone means anything in the next.
   */
  readonly #references = new Map<number, number>();
  #lastFunction = 0;
  /** What the library that is being loaded has registered. */
  #registered: Map<string, LibraryFunction> | undefined = undefined;

  constructor(runner: ScriptRunner) {
    this.#runner = runner;
  }

  get libraries(): Libraries {
    return this.#libraries;
  }

  /** Bytes the interpreter uses. */
  get memory(): number {
    return this.#sandbox?.memory ?? 0;
  }

  // ── Loading ───────────────────────────────────────────────────────────────────────────────────

  load(body: Uint8Array, timeoutMs: number): ReadonlyMap<string, LibraryFunction> {
    this.#sandbox ??= this.#open();
    const sandbox = this.#sandbox;
    const compiled = sandbox.compile(body, SOURCE);
    if (typeof compiled === 'string') throw errors.libraryNotCompiled(compiled);
    const registered = new Map<string, LibraryFunction>();
    this.#registered = registered;
    sandbox.limitGlobals(true);
    let problem: ErrorReply | undefined;
    try {
      problem = this.#runner.runAside(sandbox, compiled, timeoutMs);
    } catch (error) {
      if (!(error instanceof LuaPanic)) throw error;
      this.#discard();
      throw errors.libraryRaised(error.message);
    } finally {
      this.#registered = undefined;
    }
    sandbox.limitGlobals(false);
    sandbox.forget(compiled);
    if (problem === undefined) return registered;
    for (const { reference } of registered.values()) this.release(reference);
    throw problem;
  }

  release(reference: number): void {
    const known = this.#references.get(reference);
    if (known === undefined) return;
    this.#references.delete(reference);
    this.#sandbox?.forget(known);
  }

  #open(): Sandbox {
    return this.#runner.newSandbox({ register_function: (lua) => this.#register(lua) });
  }

  /** The interpreter is of no more use: another takes in all libraries. */
  readonly #discard = (): void => {
    this.#sandbox = undefined;
    this.#references.clear();
    const codes = [...this.#libraries.all()].map(({ code }) => code);
    this.#libraries = new Libraries(this);
    this.#libraries.restore(codes, false, true);
  };

  #register(lua: Lua): number {
    const registered = this.#registered;
    if (registered === undefined) {
      return raise(lua, 'redis.register_function can only be called on FUNCTION LOAD command');
    }
    const count = lua.top();
    if (count < 1 || count > 2) {
      return raise(lua, 'wrong number of arguments to redis.register_function');
    }
    const found: Registration = { flags: new Set() };
    const problem = (count === 1 ? readNamed(lua, found) : readPair(lua, found)) ?? missing(found);
    const { name = '', description, reference, flags } = found;
    const refusal = problem ?? this.#refusalOf(name, registered);
    if (refusal !== undefined) {
      if (reference !== undefined) this.#sandbox?.forget(reference);
      return raise(lua, refusal);
    }
    const own = ++this.#lastFunction;
    this.#references.set(own, reference as number);
    registered.set(name, { name, description, flags, reference: own });
    return 0;
  }

  #refusalOf(name: string, registered: ReadonlyMap<string, unknown>): string | undefined {
    if (!isName(name)) return INVALID_FUNCTION_NAME;
    return registered.has(name) ? 'Function already exists in the library' : undefined;
  }

  // ── Calling ───────────────────────────────────────────────────────────────────────────────────

  /** FCALL and FCALL_RO: argument 1 is the name of a function, argument 2 how many keys follow. */
  call(call: Call, isReadOnly: boolean): void {
    const { argv, args } = call;
    const found = this.#libraries.function(argv.text(1));
    if (found === undefined) throw errors.noSuchFunction;
    const keys = args.integerFrom(2, -Infinity, errors.functionKeyCount);
    if (keys > argv.count - 3) throw errors.tooManyKeys;
    if (keys < 0) throw errors.negativeScriptKeys;
    const isSaidReadOnly = found.flags.has('no-writes');
    if (isReadOnly && !isSaidReadOnly) throw errors.scriptMayWrite;
    const mayAdd = found.flags.has('allow-oom');
    const isFull = call.keyspace.isOverLimit;
    if (isFull && !mayAdd && !isSaidReadOnly) throw errors.scriptOutOfMemory;
    const isLost = call.keyspace.saveFault !== undefined;
    if (isLost && !isSaidReadOnly) throw errors.scriptNotSaved;
    if (call.keyspace.lacksReplicas && !isSaidReadOnly) throw errors.noReplicas;
    this.#runner.start(
      call,
      {
        sandbox: this.#sandbox as Sandbox,
        reference: this.#references.get(found.reference) as number,
        name: found.name,
        isFunction: true,
        isReadOnly: isSaidReadOnly,
        mayAdd,
        discard: this.#discard,
      },
      (lua) => {
        pushArguments(lua, call, 3, 3 + keys);
        pushArguments(lua, call, 3 + keys, argv.count);
        return 2;
      },
    );
  }
}

function pushArguments(lua: Lua, { argv }: Call, from: number, to: number): void {
  lua.newTable();
  for (let i = from; i < to; i++) {
    lua.pushBytes(argv.bytes, argv.starts[i], argv.ends[i]);
    lua.rawSetIndex(-2, i - from + 1);
  }
}

/** A number is one, too. */
function isText(lua: Lua, index: number): boolean {
  const type = lua.type(index);
  return type === TYPE_STRING || type === TYPE_NUMBER;
}

function raise(lua: Lua, text: string): never {
  pushErrorText(lua, text);
  return lua.throwTop();
}

// ── Arguments of redis.register_function ────────────────────────────────────────────────────────
//
// Each answers what is wrong with them. A reference that was made is in `found` by then.

/** (name, function) */
function readPair(lua: Lua, found: Registration): string | undefined {
  if (!isText(lua, 1)) {
    return 'first argument to redis.register_function must be a string';
  }
  if (lua.type(2) !== TYPE_FUNCTION) {
    return 'second argument to redis.register_function must be a function';
  }
  found.name = lua.text(1);
  found.reference = lua.x['luaL_ref'](lua.state, REGISTRY_INDEX);
  return undefined;
}

/** {function_name=…, callback=…, description=…, flags={…}} */
function readNamed(lua: Lua, found: Registration): string | undefined {
  if (lua.type(1) !== TYPE_TABLE) {
    return (
      'calling redis.register_function with a single argument is only applicable to Lua table ' +
      '(representing named arguments).'
    );
  }
  lua.pushNil();
  while (lua.next(1)) {
    if (!isText(lua, -2)) {
      return 'named argument key given to redis.register_function is not a string';
    }
    const problem = readNamedOne(lua, lua.text(-2) as string, found);
    if (problem !== undefined) return problem;
  }
  return undefined;
}

/** Takes one named argument, whose value is on top. */
function readNamedOne(lua: Lua, key: string, found: Registration): string | undefined {
  const type = lua.type(-1);
  switch (key.toLowerCase()) {
    case 'function_name':
      if (!isText(lua, -1)) {
        return 'function_name argument given to redis.register_function must be a string';
      }
      found.name = lua.text(-1);
      break;
    case 'description':
      if (!isText(lua, -1)) {
        return 'description argument given to redis.register_function must be a string';
      }
      found.description = lua.text(-1);
      break;
    case 'callback':
      if (type !== TYPE_FUNCTION) {
        return 'callback argument given to redis.register_function must be a function';
      }
      found.reference = lua.x['luaL_ref'](lua.state, REGISTRY_INDEX);
      return undefined;
    case 'flags': {
      if (type !== TYPE_TABLE) {
        return 'flags argument to redis.register_function must be a table representing function flags';
      }
      const flags = readFlags(lua);
      if (flags === undefined) return 'unknown flag given';
      found.flags = flags;
      break;
    }
    default:
      return 'unknown argument given to redis.register_function';
  }
  lua.pop(1);
  return undefined;
}

/** The flags in the list on top; undefined: one of them is none. */
function readFlags(lua: Lua): ReadonlySet<string> | undefined {
  const flags = new Set<string>();
  for (let i = 1; ; i++) {
    lua.pushNumber(i);
    lua.getTable(-2);
    if (lua.type(-1) === TYPE_NIL) break;
    const name = lua.text(-1)?.toLowerCase() ?? '';
    lua.pop(1);
    if (!(SCRIPT_FLAGS as readonly string[]).includes(name)) return undefined;
    flags.add(name);
  }
  lua.pop(1);
  return flags;
}

function missing({ name, reference }: Registration): string | undefined {
  if (name === undefined) return 'redis.register_function must get a function name argument';
  if (reference === undefined) return 'redis.register_function must get a callback argument';
  return undefined;
}
