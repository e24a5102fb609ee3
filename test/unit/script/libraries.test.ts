import { describe, expect, it } from 'vitest';
import { ErrorReply } from '../../../src/resp/errors.ts';
import {
  isName,
  Libraries,
  type LibraryEngine,
  type LibraryFunction,
} from '../../../src/script/libraries.ts';
import { latin1Bytes, latin1Text } from '../../../src/std/ascii.ts';

/** An engine for which the words of a library are the functions it registers; '!' is an error. */
class Words implements LibraryEngine {
  readonly alive = new Set<number>();
  #next = 1;

  load(body: Uint8Array): ReadonlyMap<string, LibraryFunction> {
    const names = latin1Text(body).split(/\s+/).filter(Boolean);
    if (names.includes('!')) throw new ErrorReply('ERR broken');
    return new Map(
      names.map((name) => {
        const reference = this.#next++;
        this.alive.add(reference);
        return [name, { name, description: undefined, flags: new Set(), reference }];
      }),
    );
  }

  release(reference: number): void {
    expect(this.alive.delete(reference)).toBe(true);
  }
}

function open() {
  const engine = new Words();
  const libraries = new Libraries(engine);
  /** What a library of these functions answers when it is loaded. */
  const load = (name: string, functions: string, replaces = false): string =>
    answer(() => libraries.load(code(name, functions), replaces));
  const shown = (): string =>
    [...libraries.all()]
      .map(({ name, functions }) => `${name}(${[...functions.keys()].join(' ')})`)
      .join(' ');
  /** Nothing leaks: every function alive is one that is there. */
  const audit = (): void => {
    const known = [...libraries.all()].flatMap(({ functions }) => [...functions.values()]);
    expect([...engine.alive].sort()).toEqual(known.map(({ reference }) => reference).sort());
    for (const { name } of known) expect(libraries.function(name)).toBeDefined();
  };
  return { engine, libraries, load, shown, audit };
}

const code = (name: string, functions: string): Uint8Array =>
  latin1Bytes(`#!lua name=${name}\n${functions}`);

function answer(run: () => string): string {
  try {
    return run();
  } catch (error) {
    if (error instanceof ErrorReply) return error.text;
    throw error;
  }
}

describe('the first line of a library', () => {
  it.each([
    ['#!lua name=a\nf', 'a'],
    ['#!LUA NAME=a\nf', 'a'],
    ['#!lua "name=a"\nf', 'a'],
    ['', 'ERR Missing library metadata'],
    ['return 1', 'ERR Missing library metadata'],
    ['#!lua name=a', 'ERR Invalid library metadata'],
    ['#!lua\0 name=a\nf', 'ERR Invalid library metadata'],
    ['#!lua "name=a\nf', 'ERR Invalid library metadata'],
    ['#!lua\nf', 'ERR Library name was not given'],
    [
      '#!lua name=a name=b\nf',
      'ERR Invalid metadata value, name argument was given multiple times',
    ],
    ['#!lua name=a flags=x\nf', 'ERR Invalid metadata value given: flags=x'],
    ['#!tcl name=a\nf', "ERR Engine 'tcl' not found"],
  ])('%j', (text, expected) => {
    const { libraries, audit } = open();
    expect(answer(() => libraries.load(latin1Bytes(text), false))).toBe(expected);
    audit();
  });

  it('names what is made of letters, digits and underscores', () => {
    expect(['a', 'A_9', '_'].every(isName)).toBe(true);
    expect(['', 'a-b', 'a b', 'a\n', '\xe9', 'a\0'].some(isName)).toBe(false);
    expect(open().load('a-b', 'f')).toMatch(/^ERR Library names can only contain letters/);
  });
});

describe('Libraries', () => {
  it('finds functions in any case, and libraries in theirs', () => {
    const { libraries, load, shown, audit } = open();
    expect(load('lib', 'Get set')).toBe('lib');
    expect(load('LIB', 'other')).toBe('LIB');
    expect(libraries.function('gET')?.name).toBe('Get');
    expect(libraries.function('none')).toBeUndefined();
    expect(libraries.delete('Lib')).toBe(false);
    expect(libraries.delete('LIB')).toBe(true);
    expect(shown()).toBe('lib(Get set)');
    expect([libraries.count, libraries.functionCount]).toEqual([1, 2]);
    audit();
  });

  it('replaces a library only if told to, and whole', () => {
    const { libraries, load, shown, audit } = open();
    load('lib', 'a b');
    expect(load('lib', 'c')).toBe("ERR Library 'lib' already exists");
    expect(load('lib', 'b c', true)).toBe('lib');
    expect(shown()).toBe('lib(b c)');
    expect(libraries.function('a')).toBeUndefined();
    audit();
  });

  it('leaves everything as it was where a load fails', () => {
    const { load, shown, audit } = open();
    load('one', 'a');
    load('two', 'b');
    expect(load('two', '!', true)).toBe('ERR broken');
    expect(load('two', '', true)).toBe('ERR No functions registered');
    expect(load('two', 'c A', true)).toBe('ERR Function A already exists');
    expect(load('three', 'B')).toBe('ERR Function B already exists');
    expect(shown()).toBe('one(a) two(b)');
    audit();
  });

  it('restores next to what there is, in its place, or instead of all', () => {
    const { libraries, load, shown, audit } = open();
    const restore = (codes: Uint8Array[], replaces: boolean, isWhole = false): string =>
      answer(() => {
        libraries.restore(codes, replaces, isWhole);
        return shown();
      });
    load('one', 'a');
    load('two', 'b');
    expect(restore([code('three', 'c')], false)).toBe('one(a) two(b) three(c)');
    expect(restore([code('four', 'd'), code('one', 'e')], false)).toBe(
      'ERR Library one already exists',
    );
    expect(restore([code('four', 'd'), code('five', 'B')], false)).toBe(
      'ERR Function B already exists',
    );
    expect(restore([code('four', 'd'), code('five', '!')], false)).toBe('ERR broken');
    expect(restore([code('four', 'd'), code('four', 'e')], true)).toBe(
      "ERR Library 'four' already exists",
    );
    expect(shown()).toBe('one(a) two(b) three(c)');
    audit();
    // A function may go from one that leaves to another.
    expect(restore([code('one', 'x'), code('two', 'a')], true)).toBe('three(c) one(x) two(a)');
    audit();
    expect(restore([code('three', 'a')], true)).toBe('ERR Function a already exists');
    expect(restore([code('six', 'c')], false, true)).toBe('six(c)');
    expect(restore([], false, true)).toBe('');
    audit();
  });

  it('is empty when cleared', () => {
    const { libraries, load, engine } = open();
    load('one', 'a');
    load('two', 'b c');
    libraries.clear();
    expect([libraries.count, libraries.functionCount, engine.alive.size]).toEqual([0, 0, 0]);
    expect(load('three', 'a')).toBe('three');
  });
});
