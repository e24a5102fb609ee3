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
import { matchGlob } from '../std/glob.ts';
import { ABSENT, BadValue, type Directive, type Line, type State } from './config/directive.ts';
import { type DirectiveName, directives, propertyOf, type Values } from './config/directives.ts';

/** The process's working directory, which the directive `dir` moves. */
export interface Directory {
  current(): string;
  /** Throws BadValue with the system's reason. */
  enter(path: string): void;
}

/** Who acts on a change. Both answer a reason to refuse, or undefined. */
export interface ChangeListener {
  /** Asked when all new values of one CONFIG SET are in place and nothing has acted yet. */
  check?(values: Values): string | undefined;
  /** Acts. Called again, with the old values back in place, when anyone refuses after it. */
  apply?(values: Values): string | undefined;
}

/** Why CONFIG SET changed nothing. */
export type SetFailure =
  | { readonly unknown: string }
  | { readonly argument: string; readonly reason: string };

/** A name of a directive: the one in the table, or its older one. */
interface Known {
  /** As CONFIG GET shows it: in lower case, and the alias where that was asked for. */
  readonly shown: string;
  readonly name: DirectiveName;
  readonly directive: Directive<unknown>;
}

interface Registered {
  readonly names: ReadonlySet<DirectiveName>;
  readonly listener: ChangeListener;
}

const known: ReadonlyMap<string, Known> = new Map(
  (Object.keys(directives) as DirectiveName[]).flatMap((name) => {
    const directive: Directive<unknown> = directives[name];
    const shownAs = directive.alias === undefined ? [name] : [name, directive.alias];
    return shownAs.map((shown) => [shown, { shown, name, directive }] as const);
  }),
);

/** The directive of that name or alias, case aside. */
export function findDirective(name: string): Known | undefined {
  return known.get(name.toLowerCase());
}

export class Config {
  /** What every directive is set to. */
  readonly values: Values;
  /** Absolute path of the file given at start-up, which CONFIG REWRITE writes. */
  file: string | undefined;

  readonly #states = new Map<DirectiveName, State>();
  readonly #values: Record<string, unknown>;
  readonly #listeners: Registered[] = [];
  readonly #directory: Directory | undefined;

  /** Without a directory, `dir` is a text like others. */
  constructor(directory?: Directory) {
    this.#directory = directory;
    // Made from entries at once, V8 gives this record fast properties; grown one by one, not.
    this.#values = Object.fromEntries(
      Object.entries<Directive<unknown>>(directives).map(([name, directive]) => [
        propertyOf(name),
        directive.read(directive.initial),
      ]),
    );
    this.values = this.#values as Values;
    for (const { name, directive } of known.values()) this.#states.set(name, directive.initial);
    if (directory !== undefined) this.#place('dir', '.');
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
      for (const { shown, name, directive } of known.values()) {
        if (directive.hidden || found.has(shown) || !isMatch(pattern, shown)) continue;
        found.set(shown, [shown, this.show(name)]);
      }
    }
    return [...found.values()];
  }

  /** CONFIG SET: all of the pairs or none. `mayGuarded`: this client may set guarded ones. */
  set(pairs: readonly (readonly [string, string])[], mayGuarded: boolean): SetFailure | undefined {
    const targets: Known[] = [];
    for (const [argument] of pairs) {
      const target = findDirective(argument);
      if (target === undefined) return { unknown: argument };
      const { fixed, guarded } = target.directive;
      if (fixed) return { argument, reason: "can't set immutable config" };
      if (guarded && !mayGuarded) return { argument, reason: "can't set protected config" };
      if (targets.includes(target)) return { argument, reason: 'duplicate parameter' };
      targets.push(target);
    }
    const before = new Map(targets.map(({ name }) => [name, this.#states.get(name)]));
    const restore = () => {
      for (const [name, state] of before) this.#place(name, state);
    };
    const changed: Known[] = [];
    for (const [i, target] of targets.entries()) {
      try {
        if (this.#put(target, wordsOf(target, pairs[i][1]), false)) changed.push(target);
      } catch (error) {
        if (!(error instanceof BadValue)) throw error;
        restore();
        return { argument: target.shown, reason: error.reason };
      }
    }
    return this.#announce(changed, restore);
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
  contradiction(): SetFailure | undefined {
    const { sessionZone, zone } = this.values;
    if (sessionZone === 'default' || zone.some(({ name }) => name === sessionZone))
      return undefined;
    return { argument: 'session-zone', reason: `no zone '${sessionZone}' is declared` };
  }

  /** Directives that are set to something here but do nothing, with the reason. */
  withoutEffect(): { name: DirectiveName; reason: string }[] {
    return [...this.#states].flatMap(([name, state]) => {
      const directive: Directive<unknown> = directives[name];
      if (state === directive.initial || !('ignored' in directive)) return [];
      return [{ name, reason: directive.ignored }];
    });
  }

  /** The lines of every directive, as a file would have them. */
  lines(): { name: DirectiveName; lines: readonly Line[] }[] {
    return [...this.#states].map(([name, state]) => {
      return { name, lines: directives[name].lines(name, state) };
    });
  }

  /** Puts a new state in place. Answers whether anyone needs to know. */
  #put({ name, directive }: Known, words: readonly string[], isFurther: boolean): boolean {
    const old = this.#states.get(name);
    const isAdding = directive.adds === 'always' || (directive.adds === 'in files' && isFurther);
    this.#place(name, directive.parse(words, isAdding ? old : ABSENT));
    return this.#states.get(name) !== old || directive.reapplied === true;
  }

  #place(name: DirectiveName, state: State): void {
    const directive: Directive<unknown> = directives[name];
    let placed = state;
    if (directive.isDirectory && this.#directory !== undefined) {
      this.#directory.enter(state ?? '.');
      placed = this.#directory.current();
    }
    this.#states.set(name, placed);
    this.#values[propertyOf(name)] = directive.read(placed);
  }

  #announce(changed: readonly Known[], restore: () => void): SetFailure | undefined {
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
    const applied: ChangeListener[] = [];
    for (const [listener, argument] of concerned) {
      applied.push(listener);
      const reason = listener.apply?.(this.values);
      if (reason === undefined) continue;
      restore();
      for (const again of applied) again.apply?.(this.values);
      return { argument, reason };
    }
    return undefined;
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
