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

/** The interpreter's own functions have no names in the program: they are known by their code. */
const CALL_RUN_ERROR = [0x10, 0xe4, 1]; // luaG_runerror(L, format, arguments)

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

/**
 * How f_parser tells a chunk that was compiled elsewhere, which can break the interpreter, from
 * text. Redis's Lua takes text alone; here the first byte is compared with one there is not.
 *
 *   local.get c   i32.const 27   i32.eq   if (result i32)
 */
const BINARY_CHUNK = [0x21, 9, 0x20, 2, 0x41, 27, 0x46, 4, 0x7f];
const SIGNATURE_AT = 5;
const NO_SIGNATURE = 0x40;

/**
 * Redis changed its Lua so that a table can be made read-only, and so do we. Its flags are one byte
 * of a Table, of which a new one has all bits, and one that was written to has the lowest five at
 * most: what has the highest bit and not the next is read-only.
 */
export const TABLE_FLAGS = 6;
export const READ_ONLY = 0x80;
const READ_ONLY_LIMIT = 0x40; // −64, below which a signed byte begins with the bits 10.

/** Where the message lies: in front of what the program has itself. */
const MESSAGE_AT = 16;
const MESSAGE = 'Attempt to modify a readonly table';

/** if (table's flags are those of a read-only one) luaG_runerror(L, MESSAGE) */
function refuseIfReadOnly(...table: readonly number[]): readonly number[] {
  return [
    ...[...table, 0x2c, 0, TABLE_FLAGS, 0x41, READ_ONLY_LIMIT, 0x48, 4, 0x40],
    ...[0x20, 0, 0x41, MESSAGE_AT, 0x41, 0, ...CALL_RUN_ERROR, 0x0b],
  ];
}

/** Code that goes in front of other code, at `at` of it. */
interface Insertion {
  readonly before: readonly number[];
  readonly at: number;
  readonly code: readonly number[];
}

const INSERTIONS: readonly Insertion[] = [
  // luaH_set(L, t, key): lua_rawset, and all assignments.
  {
    before: [0x20, 1, 0x20, 2, 0x10, 0x9f, 3, 0x21, 3, 0x20, 1, 0x41, 0, 0x3a, 0, TABLE_FLAGS],
    at: 0,
    code: refuseIfReadOnly(0x20, 1),
  },
  // luaH_setnum(L, t, n): lua_rawseti.
  {
    before: [
      ...[0x23, 0, 0x41, 16, 0x6b, 0x22, 4, 0x24, 0, 2, 0x40, 2, 0x40, 2, 0x40],
      ...[0x20, 2, 0x41, 1, 0x6b, 0x22, 3, 0x20, 1, 0x28, 2, 28, 0x49],
    ],
    at: 0,
    code: refuseIfReadOnly(0x20, 1),
  },
  // lua_setmetatable(L, index), where the object has turned out to be a table.
  {
    before: [0x0e, 3, 0, 2, 1, 2, 0x0b, 0x20, 2, 0x28, 2, 0, 0x20, 1, 0x36, 2, 8],
    at: 7,
    code: refuseIfReadOnly(0x20, 2, 0x28, 2, 0),
  },
];

let program: object | undefined;

/** The program, compiled once in a process. */
function compiled(): object {
  if (program !== undefined) return program;
  const path = createRequire(import.meta.url).resolve('wasmoon-lua5.1/dist/liblua5.1.wasm');
  const bytes = new Uint8Array(readFileSync(path));
  bytes[placeOf(bytes, STRING_HASH) + SHIFT_AT] = SHIFT_BY_ALL;
  bytes[placeOf(bytes, BINARY_CHUNK) + SIGNATURE_AT] = NO_SIGNATURE;
  program = new WebAssembly.Module(withInsertions(bytes));
  return program;
}

/** Where the one place is that has such code. */
function placeOf(bytes: Uint8Array, code: readonly number[]): number {
  const wanted = Uint8Array.from(code);
  const place = indexOfBytes(bytes, 0, bytes.length, wanted);
  const isOnly = indexOfBytes(bytes, place + 1, bytes.length, wanted) < 0;
  assert(place > 0 && isOnly, 'the program of Lua is not the one that is known');
  return place;
}

/**
 * A program with INSERTIONS made.
 *
 *   magic, version   section: id, size, content   …
 *   content of 10    count   function: size, locals, code   …
 */
function withInsertions(bytes: Uint8Array): Uint8Array {
  const insertions = INSERTIONS.map(({ before, at, code }) => ({
    place: placeOf(bytes, before) + at,
    code,
  }));
  const out: Uint8Array[] = [bytes.subarray(0, PREAMBLE_SIZE)];
  for (let at = PREAMBLE_SIZE; at < bytes.length; ) {
    const [size, begin] = readSize(bytes, at + 1);
    const end = begin + size;
    if (bytes[at] !== CODE_SECTION) {
      out.push(bytes.subarray(at, end));
      at = end;
      continue;
    }
    const bodies: Uint8Array[] = [];
    const [count, first] = readSize(bytes, begin);
    for (let i = 0, body = first; i < count; i++) {
      const [bodySize, bodyBegin] = readSize(bytes, body);
      const bodyEnd = bodyBegin + bodySize;
      const own = insertions.find(({ place }) => place >= bodyBegin && place < bodyEnd);
      if (own === undefined) {
        bodies.push(bytes.subarray(body, bodyEnd));
      } else {
        bodies.push(
          sizeBytes(bodySize + own.code.length),
          bytes.subarray(bodyBegin, own.place),
          Uint8Array.from(own.code),
          bytes.subarray(own.place, bodyEnd),
        );
      }
      body = bodyEnd;
    }
    const contents = concatBytes([sizeBytes(count), ...bodies]);
    out.push(Uint8Array.of(CODE_SECTION), sizeBytes(contents.length), contents);
    at = end;
  }
  return concatBytes(out);
}

const PREAMBLE_SIZE = 8;
const CODE_SECTION = 10;

/** A number of seven bits a byte, lowest first, and where it ends. */
function readSize(bytes: Uint8Array, start: number): readonly [number, number] {
  let size = 0;
  let at = start;
  for (let shift = 0; ; shift += 7) {
    const byte = bytes[at++];
    size |= (byte & 0x7f) << shift;
    if (byte < 0x80) return [size, at];
  }
}

function sizeBytes(size: number): Uint8Array {
  const bytes: number[] = [];
  let rest = size;
  for (; rest >= 0x80; rest >>>= 7) bytes.push((rest & 0x7f) | 0x80);
  bytes.push(rest);
  return Uint8Array.from(bytes);
}

function concatBytes(parts: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((size, part) => size + part.length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
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

/** A JavaScript function as a hook: it is told the lua_State and a lua_Debug. */
export function nativeHook(run: (state: number, debug: number) => void): NativeFunction {
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
  new TextEncoder().encodeInto(`${MESSAGE}\0`, new Uint8Array(memory.buffer, MESSAGE_AT));
  run['emscripten_stack_init']();
  run['__wasm_call_ctors']();
  return { run, table, buffer: memory.buffer };
}
