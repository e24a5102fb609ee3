/**
 * Commands: what a definition must say, and what follows from it.
 *
 * A family file states each command once, next to its handler:
 *
 *   const { command } = family('string');
 *   export const get = command({ syntax: 'GET key', keys: 'RO access', flags: ['fast'], …, run });
 *
 * Name, arity, key positions and the arguments of COMMAND DOCS follow from the usage line; write or
 * readonly from how keys are used; ACL categories from group and flags. A definition that states
 * what follows anyway is refused when the registry is built, so no fact stands twice.
 */

import { latin1Bytes } from '../std/ascii.ts';
import type { Call } from './call.ts';
import { type Category, impliedCategories, inOrder } from './categories.ts';
import { type Argument, type KeyPlace, parseSyntax } from './syntax.ts';

/** In the order in which COMMAND INFO prints them. */
export const FLAGS = [
  'write',
  'readonly',
  'denyoom',
  'module',
  'admin',
  'pubsub',
  'noscript',
  'blocking',
  'loading',
  'stale',
  'skip_monitor',
  'skip_slowlog',
  'asking',
  'fast',
  'no_auth',
  'no_mandatory_keys',
  'no_async_loading',
  'no_multi',
  'movablekeys',
  'allow_busy',
] as const;
export type Flag = (typeof FLAGS)[number];

/** In the order in which COMMAND INFO prints them. */
const KEY_FLAGS = [
  'RO',
  'RW',
  'OW',
  'RM',
  'access',
  'update',
  'insert',
  'delete',
  'not_key',
  'incomplete',
  'variable_flags',
];

export interface KeySpec {
  readonly flags: readonly string[];
  readonly notes?: string;
  readonly begin:
    | { readonly type: 'index'; readonly index: number }
    | { readonly type: 'keyword'; readonly keyword: string; readonly startFrom: number }
    | { readonly type: 'unknown' };
  readonly find:
    | {
        readonly type: 'range';
        readonly lastKey: number;
        readonly step: number;
        readonly limit: number;
      }
    | {
        readonly type: 'keynum';
        readonly keyNumIndex: number;
        readonly firstKey: number;
        readonly step: number;
      }
    | { readonly type: 'unknown' };
}

export interface CommandDefinition {
  /** The usage line as Redis prints it: name, arity, key positions, argument docs. */
  readonly syntax: string;
  readonly summary: string;
  readonly since: string;
  readonly complexity: string;
  /** How each key of the syntax is used, in order: 'RO access', 'OW update', … Or whole specs. */
  readonly keys?: string | readonly (string | KeySpec)[];
  readonly flags?: readonly Flag[];
  /** Only what group and flags do not already imply. */
  readonly categories?: readonly Category[];
  /** What group and flags imply and is not so, where Redis has it otherwise. */
  readonly notCategories?: readonly Category[];
  /** Only where the syntax misleads. */
  readonly arity?: number;
  readonly deprecated?: { readonly since: string; readonly use: string };
  readonly tips?: readonly string[];
  readonly history?: readonly (readonly [since: string, change: string])[];
  /** What is knowingly done otherwise than Redis does it, in one sentence. */
  readonly differs?: string;
  readonly run: (call: Call) => void;
}

export interface ContainerDefinition {
  readonly name: string;
  readonly summary: string;
  readonly since: string;
  /** Lines of its HELP, without the first and the last two. */
  readonly help: readonly string[];
  /** For a container that is a command by itself too (COMMAND). */
  readonly command?: Omit<CommandDefinition, 'syntax' | 'summary' | 'since'>;
  /** Categories and flags of its HELP, where the group does not say. */
  readonly helpCategories?: readonly Category[];
  readonly helpFlags?: readonly Flag[];
  readonly helpSince?: string;
}

/** What a family file exports for each command. */
export type Definition =
  | { readonly kind: 'command'; readonly group: string; readonly definition: CommandDefinition }
  | {
      readonly kind: 'container';
      readonly group: string;
      readonly definition: ContainerDefinition;
    };

/** Gives the functions that define commands of a group. */
export function family(group: string) {
  return {
    command: (definition: CommandDefinition): Definition => ({
      kind: 'command',
      group,
      definition,
    }),
    container: (definition: ContainerDefinition): Definition => ({
      kind: 'container',
      group,
      definition,
    }),
  };
}

/** A registered command: its definition, what follows from it, and what it has done. */
export class Command {
  /** Lower case, without the container: 'get'. */
  readonly name: string;
  /** 'get', 'config|get'. */
  readonly fullName: string;
  readonly nameBytes: Uint8Array;
  readonly group: string;
  readonly summary: string;
  readonly since: string;
  readonly complexity: string;
  readonly arity: number;
  readonly flags: ReadonlySet<Flag>;
  readonly categories: readonly Category[];
  readonly keySpecs: readonly KeySpec[];
  readonly arguments: readonly Argument[];
  readonly tips: readonly string[];
  readonly history: readonly (readonly [string, string])[];
  readonly deprecated: { readonly since: string; readonly use: string } | undefined;
  readonly differs: string | undefined;
  readonly run: ((call: Call) => void) | undefined;
  readonly parent: Command | undefined;
  /** Subcommands by name, for a container. */
  readonly subcommands = new Map<string, Command>();
  readonly usage: string;

  /** Tested on the hot path. */
  readonly needsNoAuth: boolean;
  readonly isWrite: boolean;
  readonly deniesOutOfMemory: boolean;

  calls = 0;
  microseconds = 0;
  rejected = 0;
  failed = 0;
  /** Calls in the turn that runs, whose time has not been shared out yet. */
  turnCalls = 0;

  constructor(group: string, definition: CommandDefinition, parent?: Command) {
    const syntax = parseSyntax(definition.syntax);
    this.usage = definition.syntax;
    this.name = (syntax.words.at(-1) as string).toLowerCase();
    this.fullName = parent === undefined ? this.name : `${parent.name}|${this.name}`;
    this.nameBytes = latin1Bytes(this.name);
    this.group = group;
    this.parent = parent;
    this.summary = definition.summary;
    this.since = definition.since;
    this.complexity = definition.complexity;
    this.arguments = syntax.arguments;
    if (definition.arity !== undefined && definition.arity === syntax.arity) {
      throw new Error(`${this.fullName}: the arity follows from the syntax, remove it`);
    }
    this.arity = definition.arity ?? syntax.arity;
    this.keySpecs = keySpecsOf(this.fullName, definition, syntax.keys);
    this.flags = flagsOf(this.fullName, definition, this.keySpecs);
    this.categories = categoriesOf(this.fullName, group, definition, this.flags);
    this.tips = definition.tips ?? [];
    this.history = definition.history ?? [];
    this.deprecated = definition.deprecated;
    this.differs = definition.differs;
    this.run = definition.run;
    this.needsNoAuth = this.flags.has('no_auth');
    this.isWrite = this.flags.has('write');
    this.deniesOutOfMemory = this.flags.has('denyoom');
  }

  /** First key, last key and step as COMMAND INFO has always had them; zeroes without. */
  get legacyRange(): { first: number; last: number; step: number } {
    const none = { first: 0, last: 0, step: 0 };
    const specs = this.keySpecs.filter((s) => s.begin.type === 'index' && s.find.type === 'range');
    if (this.keySpecs.length === 1 && specs.length === 1) {
      const [{ begin, find }] = specs;
      if (begin.type !== 'index' || find.type !== 'range') return none;
      const last = find.lastKey >= 0 ? find.lastKey + begin.index : find.lastKey;
      return { first: begin.index, last, step: find.step };
    }
    let first = Number.POSITIVE_INFINITY;
    let last = 0;
    let previous = 0;
    for (const { begin, find } of specs) {
      if (begin.type !== 'index' || find.type !== 'range' || find.step !== 1) continue;
      if (previous !== 0 && previous !== begin.index - 1) continue;
      first = Math.min(first, begin.index);
      const end = find.lastKey >= 0 ? find.lastKey + begin.index : find.lastKey;
      if (last >= 0) last = end < 0 ? end : Math.max(last, end);
      previous = end;
    }
    return first === Number.POSITIVE_INFINITY ? none : { first, last, step: 1 };
  }
}

function keySpecsOf(
  name: string,
  definition: CommandDefinition,
  places: readonly KeyPlace[],
): readonly KeySpec[] {
  const given = definition.keys;
  const accesses = given === undefined ? [] : typeof given === 'string' ? [given] : given;
  const derived = accesses.filter((access) => typeof access === 'string').length;
  // One access may stand for all keys of the syntax (key1 key2): Redis has one range for them.
  const isRange = derived === 1 && places.length > 1 && places.every((p) => 'index' in p);
  if (!isRange && derived !== places.length && accesses.every((a) => typeof a === 'string')) {
    throw new Error(`${name}: ${derived} key accesses for ${places.length} keys in the syntax`);
  }
  let next = 0;
  return accesses.map((access) => {
    if (typeof access !== 'string') return access;
    const words = access.split(' ');
    const unknown = words.find((word) => !KEY_FLAGS.includes(word));
    if (unknown !== undefined) throw new Error(`${name}: unknown key flag ${unknown}`);
    const flags = KEY_FLAGS.filter((flag) => words.includes(flag));
    const place = places[next++];
    if ('keyNumIndex' in place) {
      return {
        flags,
        begin: { type: 'index', index: place.keyNumIndex },
        find: { type: 'keynum', keyNumIndex: 0, firstKey: 1, step: 1 },
      };
    }
    const lastKey = isRange ? places.length - 1 : place.lastKey;
    return {
      flags,
      begin: { type: 'index', index: place.index },
      find: { type: 'range', lastKey, step: place.step, limit: 0 },
    };
  });
}

function flagsOf(
  name: string,
  definition: CommandDefinition,
  keySpecs: readonly KeySpec[],
): ReadonlySet<Flag> {
  const flags = new Set<Flag>(definition.flags ?? []);
  for (const flag of flags) if (!FLAGS.includes(flag)) throw new Error(`${name}: flag ${flag}`);
  if (keySpecs.length > 0) {
    const keys = keySpecs.filter((spec) => !spec.flags.includes('not_key'));
    const writes = keys.some((spec) => !spec.flags.includes('RO'));
    const implied = writes ? 'write' : 'readonly';
    if (flags.has(implied) && keys.length > 0) {
      throw new Error(`${name}: the flag ${implied} follows from the keys, remove it`);
    }
    if (!flags.has('write') && !flags.has('readonly')) flags.add(implied);
  }
  const isMovable = keySpecs.some(
    ({ begin, find, flags: f }) =>
      begin.type !== 'index' || find.type !== 'range' || f.includes('incomplete'),
  );
  if (isMovable) flags.add('movablekeys');
  return flags;
}

function categoriesOf(
  name: string,
  group: string,
  definition: CommandDefinition,
  flags: ReadonlySet<Flag>,
): readonly Category[] {
  const categories = impliedCategories(group, flags);
  for (const category of definition.categories ?? []) {
    if (categories.has(category)) {
      throw new Error(`${name}: the category ${category} is implied, remove it`);
    }
    categories.add(category);
  }
  for (const category of definition.notCategories ?? []) categories.delete(category);
  return inOrder(categories);
}
