/**
 * The Lua 5.1 interpreter as WebAssembly: its program, and the little of a C library's world that
 * it asks for.
 *
 *   liblua5.1.wasm   exports lua_*, luaL_*, malloc, its memory and its table of functions
 *                    imports system calls, of which scripts can reach none, and longjmp
 *
 * WebAssembly has no longjmp. The compiler made one from exceptions: what may be jumped out of is
 * called through invoke_vii, and longjmp throws. So a Lua error goes through JavaScript frames as
 * an exception like any other, `finally` runs, and nobody else may catch it.
 *
 * The program comes from the package wasmoon-lua5.1, whose own JavaScript is not used: it checks
 * and converts at every call.
 */

import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { assert } from '../std/assert.ts';
import { indexOfBytes } from '../std/bytes.ts';

/** A function of the program: of Lua's C API or of the C library. */
export type NativeFunction = (...values: number[]) => number;

export interface NativeTable {
  readonly length: number;
  grow(count: number): number;
  get(index: number): NativeFunction;
  set(index: number, run: NativeFunction): void;
}

interface NativeMemory {
  readonly buffer: ArrayBuffer;
  grow(pages: number): number;
}

interface Exports {
  readonly memory: NativeMemory;
  readonly __indirect_function_table: NativeTable;
}

type Imports = Record<string, Record<string, unknown>>;

// Neither the language's own types nor Node's know it.
declare const WebAssembly: {
  readonly Module: {
    new (bytes: Uint8Array): object;
    imports(module: object): { module: string; name: string }[];
  };
  readonly Instance: new (module: object, imports: Imports) => { readonly exports: object };
};

const PAGE_SIZE = 65_536;

/**
 * What the memory may grow beyond its limit outside of a protected call, where an error has nobody
 * to catch it and ends everything: what prepares the next call, behind one that took all there is.
 */
const PAGES_UNPROTECTED = 16;

/** Thrown by longjmp. There is one: where it goes to, the program remembers itself. */
const LONGJMP: unique symbol = Symbol('longjmp');

/**
 * How the hash of a string begins: of a long one the program takes every (l >> 5) + 1st byte only.
 * Redis changed its Lua to take them all, and the order in which pairs() goes through a table shows
 * it; with a shift by 31 there is no string too long.
 *
 *   local.get l   local.set h   local.get l   local.get l   i32.const 5   i32.shr_u   local.tee …
 */
const STRING_HASH = [0x20, 2, 0x21, 4, 0x20, 2, 0x20, 2, 0x41, 5, 0x76, 0x22, 5, 0x4b];
const SHIFT_AT = 9;
const SHIFT_BY_ALL = 31;

let program: object | undefined;

/** The program, compiled once in a process. */
function compiled(): object {
  if (program !== undefined) return program;
  const path = createRequire(import.meta.url).resolve('wasmoon-lua5.1/dist/liblua5.1.wasm');
  const bytes = new Uint8Array(readFileSync(path));
  const hash = indexOfBytes(bytes, 0, bytes.length, Uint8Array.from(STRING_HASH));
  assert(hash > 0, 'the program of Lua is not the one that is known');
  bytes[hash + SHIFT_AT] = SHIFT_BY_ALL;
  program = new WebAssembly.Module(bytes);
  return program;
}

/** A module that imports e.f, i32 → i32, and exports it: a JavaScript function as a native one. */
const FUNCTION_MODULE = Uint8Array.of(
  ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
  ...[1, 6, 1, 0x60, 1, 0x7f, 1, 0x7f],
  ...[2, 7, 1, 1, 0x65, 1, 0x66, 0, 0],
  ...[7, 5, 1, 1, 0x66, 0, 0],
);

/** The same of (i32, i32) → (): a hook, which is told where the program is. */
const HOOK_MODULE = FUNCTION_MODULE.slice();
HOOK_MODULE.set([0x60, 2, 0x7f, 0x7f, 0], 11);

let functionModule: object | undefined;

/** A JavaScript function as one that the table of a program takes. */
export function nativeFunction(run: (state: number) => number): NativeFunction {
  functionModule ??= new WebAssembly.Module(FUNCTION_MODULE);
  const { exports } = new WebAssembly.Instance(functionModule, { e: { f: run } });
  return (exports as { f: NativeFunction }).f;
}

/** A JavaScript function as a hook. */
export function nativeHook(run: (state: number) => void): NativeFunction {
  const hookModule = new WebAssembly.Module(HOOK_MODULE);
  const { exports } = new WebAssembly.Instance(hookModule, { e: { f: run } });
  return (exports as { f: NativeFunction }).f;
}

export interface ProgramOptions {
  /** The most bytes of memory that the program may have, its own 4 MiB of stack included. */
  readonly memoryMax: number;
  /** Unix time in milliseconds, for os.clock(). */
  now(): number;
  /** Told whenever the memory has grown: views of it must be made again. */
  onGrow(buffer: ArrayBuffer): void;
}

export interface Program {
  readonly run: Readonly<Record<string, NativeFunction>>;
  readonly table: NativeTable;
  readonly buffer: ArrayBuffer;
}

/** A fresh instance of the program, with memory of its own. */
export function startProgram({ memoryMax, now, onGrow }: ProgramOptions): Program {
  const module = compiled();
  const imports: Imports = {};
  for (const { module: from, name } of WebAssembly.Module.imports(module)) {
    imports[from] ??= {};
    // Files, processes, time zones: there are none.
    imports[from][name] = () => -1;
  }
  let protectedCalls = 0;
  const { env, wasi_snapshot_preview1: wasi } = imports;
  env['emscripten_date_now'] = now;
  env['exit'] = () => assert(false, 'Lua ended itself');
  env['_emscripten_throw_longjmp'] = () => {
    throw LONGJMP;
  };
  env['invoke_vii'] = (index: number, first: number, second: number) => {
    const stack = run['stackSave']();
    protectedCalls++;
    try {
      table.get(index)(first, second);
    } catch (thrown) {
      run['stackRestore'](stack);
      if (thrown !== LONGJMP) throw thrown;
      run['setThrew'](1, 0);
    } finally {
      protectedCalls--;
    }
  };
  env['emscripten_memcpy_js'] = (target: number, source: number, size: number) => {
    new Uint8Array(memory.buffer).copyWithin(target, source, source + size);
  };
  env['emscripten_resize_heap'] = (wanted: number) => {
    const before = memory.buffer.byteLength / PAGE_SIZE;
    const limit = Math.floor(memoryMax / PAGE_SIZE) + (protectedCalls > 0 ? 0 : PAGES_UNPROTECTED);
    // A size is unsigned, where JavaScript is given a signed word.
    const pages = Math.ceil((wanted >>> 0) / PAGE_SIZE);
    if (pages > limit) return 0;
    // A quarter more, so that not every table that grows comes here.
    const ample = Math.min(Math.max(pages, Math.ceil(before * 1.25)), limit);
    try {
      memory.grow(ample - before);
    } catch {
      return 0;
    }
    onGrow(memory.buffer);
    return 1;
  };
  wasi['environ_sizes_get'] = (count: number, size: number) => {
    const words = new Int32Array(memory.buffer);
    words[count >> 2] = 0;
    words[size >> 2] = 0;
    return 0;
  };
  // print() writes to nowhere, and is told that it did.
  wasi['fd_write'] = (_: number, vectors: number, count: number, written: number) => {
    const words = new Int32Array(memory.buffer);
    let size = 0;
    for (let i = 0; i < count; i++) size += words[(vectors >> 2) + i * 2 + 1];
    words[written >> 2] = size;
    return 0;
  };

  const { exports } = new WebAssembly.Instance(module, imports);
  const { memory, __indirect_function_table: table } = exports as Exports;
  const run = exports as unknown as Readonly<Record<string, NativeFunction>>;
  run['emscripten_stack_init']();
  run['__wasm_call_ctors']();
  return { run, table, buffer: memory.buffer };
}
