/**
 * Libraries of functions, as FUNCTION LOAD makes them.
 *
 *   #!lua name=lib LF          the engine, and a name
 *   redis.register_function(…)  …  run once, it says which functions there are
 *
 * What happens with them is all or nothing: a library is loaded, or restored with many others, or
 * everything is as it was. So a restore first makes a collection of its own, and joins it then.
 *
 * Names of libraries are case-sensitive, those of functions and engines are not: as in Redis, where
 * two functions of one library may differ by case alone, and one of them is called.
 *
 * Not here: how the code is run.
 */

import { Argv } from '../resp/argv.ts';
import { errors } from '../resp/errors.ts';
import { splitInline } from '../resp/inline.ts';
import { indexOfByte } from '../std/bytes.ts';

/** A function that a library has registered. */
export interface LibraryFunction {
  readonly name: string;
  readonly description: string | undefined;
  /** Of SCRIPT_FLAGS. */
  readonly flags: ReadonlySet<string>;
  /** What the engine knows it by. */
  readonly reference: number;
}

export interface Library {
  readonly name: string;
  /** All of it, the first line too. */
  readonly code: Uint8Array;
  readonly functions: ReadonlyMap<string, LibraryFunction>;
}

/** What runs the code of libraries. */
export interface LibraryEngine {
  /** Runs a library's code, behind its first line, for what it registers. Throws an error reply. */
  load(body: Uint8Array, timeoutMs: number): ReadonlyMap<string, LibraryFunction>;
  /** Forgets a function. */
  release(reference: number): void;
}

export const ENGINE_NAME = 'LUA';

/** How long a library may take to register its functions. */
export const LOAD_TIMEOUT_MS = 500;
const NO_TIMEOUT = 0;

const LF = 0x0a;
const NAME_OPTION = 'name=';

/** Letters, digits and underscores, one at least. */
export function isName(text: string): boolean {
  return /^\w+$/.test(text) && !text.endsWith('\n');
}

interface Heading {
  readonly engine: string;
  readonly name: string;
  /** Where the code goes on. */
  readonly end: number;
}

/** What the first line of a library says. */
function readHeading(code: Uint8Array): Heading {
  if (code[0] !== 0x23 || code[1] !== 0x21) throw errors.noLibraryMetadata;
  const end = indexOfByte(code, LF, 0, code.length);
  const nul = indexOfByte(code, 0, 0, code.length);
  if (end < 0 || (nul >= 0 && nul < end)) throw errors.invalidLibraryMetadata;
  const parts = new Argv();
  if (!splitInline(code.slice(0, end), 0, end, parts)) throw errors.invalidLibraryMetadata;
  let name: string | undefined;
  for (let i = 1; i < parts.count; i++) {
    const part = parts.text(i);
    if (part.slice(0, NAME_OPTION.length).toLowerCase() !== NAME_OPTION) {
      throw errors.unknownLibraryMetadata(part);
    }
    if (name !== undefined) throw errors.repeatedLibraryName;
    name = part.slice(NAME_OPTION.length);
  }
  if (name === undefined) throw errors.noLibraryName;
  return { engine: parts.text(0).slice(2), name, end };
}

export class Libraries {
  readonly #engine: LibraryEngine;
  readonly #byName = new Map<string, Library>();
  /** By name in lower case. */
  readonly #functions = new Map<string, LibraryFunction>();

  constructor(engine: LibraryEngine) {
    this.#engine = engine;
  }

  get count(): number {
    return this.#byName.size;
  }

  /** Counted by library: of functions that differ by case all count. */
  get functionCount(): number {
    let count = 0;
    for (const { functions } of this.#byName.values()) count += functions.size;
    return count;
  }

  /** Bytes of their codes. */
  get size(): number {
    let size = 0;
    for (const { code } of this.#byName.values()) size += code.length;
    return size;
  }

  all(): Iterable<Library> {
    return this.#byName.values();
  }

  function(name: string): LibraryFunction | undefined {
    return this.#functions.get(name.toLowerCase());
  }

  /** Loads a library and answers its name. Throws an error reply with nothing changed. */
  load(code: Uint8Array, replaces: boolean, timeoutMs = LOAD_TIMEOUT_MS): string {
    const { engine, name, end } = readHeading(code);
    if (!isName(name)) throw errors.invalidLibraryName;
    if (engine.toUpperCase() !== ENGINE_NAME) throw errors.noSuchEngine(engine);
    const before = this.#byName.get(name);
    if (before !== undefined && !replaces) throw errors.libraryExists(name);
    const functions = this.#engine.load(code.subarray(end), timeoutMs);
    const library: Library = { name, code, functions };
    const clash =
      functions.size === 0 ? errors.noFunctions : this.#clashOf(library, before?.functions);
    if (clash !== undefined) {
      this.#release(library);
      throw clash;
    }
    if (before !== undefined) this.#remove(before);
    this.#add(library);
    return name;
  }

  /** The error for a function of a library that others than those of `leaving` have. */
  #clashOf(library: Library, leaving: ReadonlyMap<string, LibraryFunction> = new Map()) {
    for (const { name } of library.functions.values()) {
      const other = this.function(name);
      if (other !== undefined && leaving.get(other.name) !== other) {
        return errors.functionExists(name);
      }
    }
    return undefined;
  }

  #add(library: Library): void {
    this.#byName.set(library.name, library);
    for (const item of library.functions.values()) {
      const key = item.name.toLowerCase();
      // Of two that differ by case the first is called.
      if (!this.#functions.has(key)) this.#functions.set(key, item);
    }
  }

  #unlink(library: Library): void {
    this.#byName.delete(library.name);
    for (const { name } of library.functions.values()) this.#functions.delete(name.toLowerCase());
  }

  #release({ functions }: Library): void {
    for (const { reference } of functions.values()) this.#engine.release(reference);
  }

  #remove(library: Library): void {
    this.#unlink(library);
    this.#release(library);
  }

  /** Deletes a library; false: there is none of that name. */
  delete(name: string): boolean {
    const library = this.#byName.get(name);
    if (library === undefined) return false;
    this.#remove(library);
    return true;
  }

  /** Deletes all of them. */
  clear(): void {
    for (const library of [...this.#byName.values()]) this.#remove(library);
  }

  /**
   * Loads libraries that were dumped. `isWhole`: they take the place of all others. Throws an error
   * reply with nothing changed.
   */
  restore(codes: readonly Uint8Array[], replaces: boolean, isWhole: boolean): void {
    const restored = new Libraries(this.#engine);
    try {
      for (const code of codes) restored.load(code, false, NO_TIMEOUT);
      if (!isWhole) this.#checkJoin(restored, replaces);
    } catch (error) {
      restored.clear();
      throw error;
    }
    if (isWhole) this.clear();
    for (const library of restored.all()) {
      const before = this.#byName.get(library.name);
      if (before !== undefined) this.#remove(before);
    }
    for (const library of restored.all()) this.#add(library);
  }

  #checkJoin(restored: Libraries, replaces: boolean): void {
    const leaving = new Map<string, LibraryFunction>();
    for (const { name } of restored.all()) {
      const before = this.#byName.get(name);
      if (before === undefined) continue;
      if (!replaces) throw errors.restoredLibraryExists(name);
      for (const item of before.functions.values()) leaving.set(item.name, item);
    }
    for (const library of restored.all()) {
      const clash = this.#clashOf(library, leaving);
      if (clash !== undefined) throw clash;
    }
  }
}
