/**
 * Config: the directives of one running server, and what each is set to.
 *
 *   a line of a file ──┐                       ┌─▶ CONFIG GET, CONFIG REWRITE
 *   the command line ──┼─▶ state of directive ─┤
 *   CONFIG SET ────────┘                       └─▶ values.maxclients   (what code reads)
 *
 * Code reads `values`, plain properties that always hold what is in force. Who must act when one
 * changes says so with onChange. CONFIG SET of several directives happens all or not at all: first
 * every new value is put in place, then every listener concerned is asked, then each applies, and
 * the first refusal puts everything back.
 *
 * What directives there are is in config/directives.ts; how files are read, in config/load.ts.
 */

import { latin1Bytes } from '../std/ascii.ts';
import { assert } from '../std/assert.ts';
import { matchGlob } from '../std/glob.ts';
import type { UserDefinition } from './acl/users.ts';
import { ABSENT, BadValue, type Directive, type State } from './config/directive.ts';
import {
  type DirectiveName,
  directives,
  findDirective,
  type Known,
  knownDirectives,
  propertyOf,
  type Values,
} from './config/directives.ts';
import { type Directory, type Files, isSystemError, systemReason } from './config/files.ts';
import { rewriteText, type WantedLines } from './config/rewrite.ts';
import { toLatin1, toNative } from './config/words.ts';

/** Who acts on a change. Both answer a reason to refuse, or undefined. */
export interface ChangeListener {
  /** Asked when all new values of one CONFIG SET are in place and nothing has acted yet. */
  check?(values: Values): string | undefined;
  /**
   * Acts. Called again, with the old values back in place, when it or anyone after it refuses. What
   * takes time answers a promise.
   */
  apply?(values: Values): string | undefined | Promise<string | undefined>;
}

/** Why CONFIG SET changed nothing. */
export type SetFailure = { readonly unknown: string } | Refusal;

/** What CONFIG SET came to; undefined is done. A promise where a listener takes time. */
export type SetOutcome = SetFailure | undefined | Promise<SetFailure | undefined>;

export interface Refusal {
  /** The argument as the client wrote it, or the directive it was found to be about. */
  readonly argument: string;
  readonly reason: string;
}

interface Concerned {
  readonly listener: ChangeListener;
  /** The first of its directives that changed, as the client knows it. */
  readonly argument: string;
}

interface Registered {
  readonly names: ReadonlySet<DirectiveName>;
  readonly listener: ChangeListener;
}

export class Config {
  /** What every directive is set to. */
  readonly values: Values;
  /** The `user` lines of what was read at start-up. */
  readonly users: UserDefinition[] = [];
  /** Absolute path of the file given at start-up, which CONFIG REWRITE writes. */
  file: string | undefined;

  /** The CONFIG SET that takes time, while it does. */
  changing: Promise<SetFailure | undefined> | undefined;

  readonly #states = new Map<DirectiveName, State>();
  readonly #values: Record<string, unknown>;
  readonly #listeners: Registered[] = [];
  readonly #directory: Directory | undefined;
  readonly #files: Files | undefined;

  /** Without a directory, `dir` is a text like others; without files, nothing is rewritten. */
  constructor(system: { readonly directory?: Directory; readonly files?: Files } = {}) {
    this.#directory = system.directory;
    this.#files = system.files;
    // Made from entries at once, V8 gives this record fast properties; grown one by one, not.
    this.#values = Object.fromEntries(
      Object.entries<Directive<unknown>>(directives).map(([name, directive]) => [
        propertyOf(name),
        directive.read(directive.initial),
      ]),
    );
    this.values = this.#values as Values;
    for (const { name, directive } of knownDirectives()) this.#states.set(name, directive.initial);
    if (this.#directory !== undefined) this.#place('dir', '.');
  }

  /** What CONFIG GET shows for a directive. */
  show(name: DirectiveName): string {
    return this.#states.get(name) ?? '';
  }

  state(name: DirectiveName): State {
    return this.#states.get(name);
  }

  /**
   * Names and values for CONFIG GET, each once. A name that is no pattern is answered as it was
   * asked, whatever its case; a pattern doesn't find the hidden ones.
   */
  get(patterns: readonly string[]): [name: string, value: string][] {
    const found = new Map<string, [string, string]>();
    for (const pattern of patterns) {
      if (!/[[*?]/.test(pattern)) {
        const one = findDirective(pattern);
        if (one && !found.has(one.shown)) found.set(one.shown, [pattern, this.show(one.name)]);
        continue;
      }
      for (const { shown, name, directive } of knownDirectives()) {
        if (directive.hidden || found.has(shown) || !isMatch(pattern, shown)) continue;
        found.set(shown, [shown, this.show(name)]);
      }
    }
    return [...found.values()];
  }

  /**
   * CONFIG SET: all of the pairs or none. `mayGuarded`: this client may set guarded ones. While the
   * promise of one is open (see `changing`), there must be no other.
   */
  set(pairs: readonly (readonly [string, string])[], mayGuarded: boolean): SetOutcome {
    assert(this.changing === undefined);
    const targets: Known[] = [];
    const wanted: string[] = [];
    for (const [argument, value] of pairs) {
      const target = findDirective(argument);
      if (target === undefined) return { unknown: argument };
      const { fixed, guarded, keepsValue } = target.directive;
      if (keepsValue && value === this.show(target.name)) continue;
      if (fixed) return { argument, reason: "can't set immutable config" };
      if (guarded && !mayGuarded) return { argument, reason: "can't set protected config" };
      if (targets.includes(target)) return { argument, reason: 'duplicate parameter' };
      targets.push(target);
      wanted.push(value);
    }
    const before = new Map(targets.map(({ name }) => [name, this.#states.get(name)]));
    const restore = () => this.#restore(before);
    const changed: Known[] = [];
    for (const [i, target] of targets.entries()) {
      try {
        if (this.#put(target, wordsOf(target, wanted[i]), false)) changed.push(target);
      } catch (error) {
        if (!(error instanceof BadValue)) throw error;
        restore();
        return { argument: target.shown, reason: error.reason };
      }
    }
    const outcome = this.#announce(changed, restore);
    if (!(outcome instanceof Promise)) return outcome;
    this.changing = outcome.finally(() => {
      this.changing = undefined;
    });
    return this.changing;
  }

  /**
   * One line of a file or of the command line; `isFirst` as the directive's first there. Throws
   * BadValue. Listeners are not told: they come to be after the configuration is read.
   */
  load(name: DirectiveName, words: readonly string[], isFirst: boolean): void {
    this.#put({ shown: name, name, directive: directives[name] }, words, !isFirst);
  }

  /** From now on `listener` has a say when one of these changes, and acts on it. */
  onChange(names: DirectiveName | readonly DirectiveName[], listener: ChangeListener): void {
    this.#listeners.push({ names: new Set(typeof names === 'string' ? [names] : names), listener });
  }

  /** Whether the value of that directive must not appear in any log. */
  isSensitive(name: string): boolean {
    return findDirective(name)?.directive.sensitive === true;
  }

  /** What contradicts itself across directives, for start-up and CONFIG SET alike. */
  contradiction(): Refusal | undefined {
    const { sessionZone, zone } = this.values;
    if (sessionZone === 'default' || zone.some(({ name }) => name === sessionZone))
      return undefined;
    return { argument: 'session-zone', reason: `no zone '${sessionZone}' is declared` };
  }

  /**
   * Directives that ask for something here but do nothing, with the reason. `save ""` and
   * `appendonly no` ask for nothing.
   */
  withoutEffect(): { name: DirectiveName; reason: string }[] {
    return [...this.#states].flatMap(([name, state]) => {
      const directive: Directive<unknown> = directives[name];
      const asks = state !== directive.initial && state !== 'no' && (state ?? '') !== '';
      if (!asks || !('ignored' in directive)) return [];
      return [{ name, reason: directive.ignored }];
    });
  }

  /**
   * CONFIG REWRITE: puts what is in force into the file, and `others` (such as `user`, which is no
   * directive) with it. Answers the reason where that can't be. There must be a file. `writesAll`:
   * also what the file says nothing of and is as it is by default.
   */
  rewrite(others: readonly WantedLines[] = [], writesAll = false): string | undefined {
    assert(this.file !== undefined && this.#files !== undefined);
    const wanted = [...this.#states].map(([name, state]) => {
      const lines = directives[name].lines(name, state);
      return {
        name,
        lines: lines.map((line) => ({ ...line, isForced: line.isForced || writesAll })),
      };
    });
    try {
      this.#files.replace(this.file, rewriteText(this.#oldText(), [...wanted, ...others]));
    } catch (error) {
      return systemReason(error);
    }
    return undefined;
  }

  /** What the file says; nothing when it has been removed. */
  #oldText(): string {
    try {
      return this.#files?.read(this.file as string) ?? '';
    } catch (error) {
      if (isSystemError(error) && error.code === 'ENOENT') return '';
      throw error;
    }
  }

  /** Puts a new state in place. Answers whether anyone needs to know. */
  #put({ name, directive }: Known, words: readonly string[], isFurther: boolean): boolean {
    const old = this.#states.get(name);
    const isAdding = directive.adds === 'always' || (directive.adds === 'in files' && isFurther);
    this.#place(name, directive.parse(words, isAdding ? old : ABSENT));
    return this.#states.get(name) !== old || directive.reapplied === true;
  }

  #restore(before: ReadonlyMap<DirectiveName, State>): void {
    for (const [name, state] of before) {
      try {
        this.#place(name, state);
      } catch (error) {
        // The directory that was left is gone: there is no way back into it.
        if (!(error instanceof BadValue)) throw error;
      }
    }
  }

  #place(name: DirectiveName, state: State): void {
    const directive: Directive<unknown> = directives[name];
    let placed = state;
    if (directive.isDirectory && this.#directory !== undefined) {
      try {
        this.#directory.enter(toNative(state ?? '.'));
      } catch (error) {
        throw new BadValue(systemReason(error));
      }
      placed = toLatin1(this.#directory.current());
    }
    this.#states.set(name, placed);
    this.#values[propertyOf(name)] = directive.read(placed);
  }

  #announce(changed: readonly Known[], restore: () => void): SetOutcome {
    const contradiction = this.contradiction();
    if (contradiction !== undefined) {
      restore();
      return contradiction;
    }
    // Each listener is told once, and answers for the first of its directives that changed.
    const concerned = new Map<ChangeListener, string>();
    for (const { shown, name } of changed) {
      for (const { names, listener } of this.#listeners) {
        if (names.has(name) && !concerned.has(listener)) concerned.set(listener, shown);
      }
    }
    for (const [listener, argument] of concerned) {
      const reason = listener.check?.(this.values);
      if (reason === undefined) continue;
      restore();
      return { argument, reason };
    }
    const all = [...concerned].map(([listener, argument]) => ({ listener, argument }));
    return this.#apply(all, 0, restore);
  }

  /** Lets listeners act from `first` on. The first that refuses has everything put back. */
  #apply(concerned: readonly Concerned[], first: number, restore: () => void): SetOutcome {
    for (let i = first; i < concerned.length; i++) {
      const { listener, argument } = concerned[i];
      const undo = (reason: string): SetOutcome =>
        this.#undo(concerned.slice(0, i + 1), restore, { argument, reason });
      const answer = listener.apply?.(this.values);
      if (answer instanceof Promise) {
        return answer.then((reason) =>
          reason === undefined ? this.#apply(concerned, i + 1, restore) : undo(reason),
        );
      }
      if (answer !== undefined) return undo(answer);
    }
    return undefined;
  }

  /** Puts the old values back, and lets those who acted act on them. */
  #undo(acted: readonly Concerned[], restore: () => void, refusal: Refusal): SetOutcome {
    restore();
    const again = acted.map(({ listener }) => listener.apply?.(this.values));
    const open = again.filter((answer) => answer instanceof Promise);
    return open.length === 0 ? refusal : Promise.all(open).then(() => refusal);
  }
}

function wordsOf({ directive }: Known, given: string): string[] {
  if (!directive.takesWords) return [given];
  return given === '' ? [] : given.split(' ');
}

function isMatch(pattern: string, name: string): boolean {
  return matchGlob(
    latin1Bytes(pattern),
    0,
    pattern.length,
    latin1Bytes(name),
    0,
    name.length,
    true,
  );
}
