/**
 * Keys: which arguments of a request are keys, and how they are used.
 *
 *   spec = where to begin                 + how to go on              + flags
 *          index 1                          range: to the last but n    RO access
 *          keyword STREAMS, from 1 on       keynum: as many as it says  OW update
 *          unknown                          unknown
 *
 * The specs are what COMMAND INFO prints. Most follow from the usage line; the finder below reads
 * them. What they cannot say (a key that an option makes one that is read, a name that is put
 * together from several arguments) a definition finds itself, with `findKeys`.
 */

import type { Argv } from '../resp/argv.ts';
import { ErrorReply } from '../resp/errors.ts';
import { parseSafeInteger } from '../std/int64.ts';
import type { KeyPlace } from './syntax.ts';

/** In the order in which COMMAND INFO prints them. */
export const KEY_FLAGS = [
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
] as const;
export type KeyFlag = (typeof KEY_FLAGS)[number];

export interface KeySpec {
  readonly flags: readonly KeyFlag[];
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

/**
 * Which arguments of a command are channels to ask permission for: the first, which is spoken to;
 * all, which are listened to; or all, which are patterns of such.
 */
export type ChannelUse = 'publish' | 'channels' | 'patterns';

/** How a key of the usage line is used: 'RO access'; with what COMMAND INFO remarks on it. */
export type KeyUse = string | { readonly use: string; readonly notes: string };

export interface FoundKey {
  readonly bytes: Uint8Array;
  readonly start: number;
  readonly end: number;
  readonly flags: readonly KeyFlag[];
}

/**
 * Finds the keys of a request whose command's name is argument `first`; none, or an error reply
 * thrown, when the request contradicts itself. A name alone is a key that is read by a readonly
 * command and written by any other. `Context` is what else it may have to know.
 */
export type KeyFinder<Context> = (
  argv: Argv,
  first: number,
  context: Context,
) => readonly (FoundKey | Uint8Array)[];

/** Argument `index` as a key. */
export function keyAt(argv: Argv, index: number, flags: readonly KeyFlag[]): FoundKey {
  return { bytes: argv.bytes, start: argv.starts[index], end: argv.ends[index], flags };
}

// ── From a definition to specs ──────────────────────────────────────────────────────────────────

function flagsOf(use: string): readonly KeyFlag[] {
  const words = use.split(' ');
  const unknown = words.find((word) => !KEY_FLAGS.some((flag) => flag === word));
  if (unknown !== undefined) throw new Error(`unknown key flag ${unknown}`);
  return KEY_FLAGS.filter((flag) => words.includes(flag));
}

function isSpec(use: KeyUse | KeySpec): use is KeySpec {
  return typeof use === 'object' && 'begin' in use;
}

/** The specs of a command: those it gives, and one for each use of a place in the usage line. */
export function keySpecsOf(
  keys: KeyUse | readonly (KeyUse | KeySpec)[] | undefined,
  places: readonly KeyPlace[],
): readonly KeySpec[] {
  const given: readonly (KeyUse | KeySpec)[] =
    keys === undefined ? [] : Array.isArray(keys) ? keys : [keys];
  const uses = given.filter((use) => !isSpec(use)).length;
  // Redis has one range for keys that stand next to each other and are used alike: LCS key1 key2.
  const isOneRange = uses === 1 && places.length > 1;
  const isGiven = uses === 0 && given.length > 0;
  if (!isOneRange && !isGiven && uses !== places.length) {
    throw new Error(`${uses} uses of keys, where the syntax has ${places.length}`);
  }
  let next = 0;
  return given.map((use) => {
    if (isSpec(use)) return use;
    const place = places[next++];
    const words = typeof use === 'string' ? use : use.use;
    const notes = typeof use === 'string' ? {} : { notes: use.notes };
    return { flags: flagsOf(words), ...notes, ...specAt(place, isOneRange ? places.length : 1) };
  });
}

function specAt(place: KeyPlace, count: number): Pick<KeySpec, 'begin' | 'find'> {
  if ('keyNumIndex' in place) {
    return {
      begin: { type: 'index', index: place.keyNumIndex },
      find: { type: 'keynum', keyNumIndex: 0, firstKey: 1, step: 1 },
    };
  }
  const { index, step } = place;
  const lastKey = count > 1 ? count - 1 : place.lastKey;
  return { begin: { type: 'index', index }, find: { type: 'range', lastKey, step, limit: 0 } };
}

/** First key, last key and step as COMMAND INFO had them before specs; zeroes without. */
export interface LegacyRange {
  readonly first: number;
  readonly last: number;
  readonly step: number;
  /** Whether the three don't tell all keys: the flag movablekeys. */
  readonly isPartial: boolean;
}

/** As populateCommandLegacyRangeSpec of Redis. */
export function legacyRangeOf(specs: readonly KeySpec[]): LegacyRange {
  let first = 0;
  let last = 0;
  let isPartial = false;
  for (const { begin, find, flags } of specs) {
    if (flags.includes('incomplete')) isPartial = true;
    if (begin.type !== 'index' || find.type !== 'range') {
      isPartial = true;
      continue;
    }
    const end = find.lastKey >= 0 ? find.lastKey + begin.index : find.lastKey;
    if (specs.length === 1) return { first: begin.index, last: end, step: find.step, isPartial };
    if (find.step !== 1 || (last !== 0 && last !== begin.index - 1)) {
      isPartial = true;
      continue;
    }
    first = first === 0 ? begin.index : Math.min(first, begin.index);
    // As unsigned: a negative one counts from the end, so it is behind every positive one.
    last = Math.max(last >>> 0, end >>> 0) | 0;
  }
  return { first, last, step: first === 0 ? 0 : 1, isPartial };
}

// ── From a request to keys ──────────────────────────────────────────────────────────────────────

/** What keysOf() has to know of a command. */
export interface HasKeys<Context> {
  readonly keySpecs: readonly KeySpec[];
  readonly findKeys: KeyFinder<Context> | undefined;
  readonly isWrite: boolean;
}

/** Whether a command can have keys at all. */
export function hasKeys({ keySpecs, findKeys }: HasKeys<never>): boolean {
  return findKeys !== undefined || keySpecs.some(({ flags }) => !flags.includes('not_key'));
}

/** The keys of a request with as many arguments as the command wants; see KeyFinder. */
export function keysOf<Context>(
  command: HasKeys<Context>,
  argv: Argv,
  first: number,
  context: Context,
): readonly FoundKey[] {
  if (command.findKeys !== undefined) return findOwn(command, argv, first, context);
  const found: FoundKey[] = [];
  for (const spec of command.keySpecs) {
    if (spec.flags.includes('not_key')) continue;
    const begin = beginOf(spec, argv, first);
    if (begin === 0) continue; // An option that is not there.
    // One that cannot be followed says nothing of the others either.
    if (!collect(spec, begin, argv, first, found)) return [];
  }
  return found;
}

/** How a name alone is used, by a command that writes and by any other. */
const CHANGED = flagsOf('RW access update');
const READ = flagsOf('RO access');

function findOwn<Context>(
  { findKeys, isWrite }: HasKeys<Context>,
  argv: Argv,
  first: number,
  context: Context,
): readonly FoundKey[] {
  const flags = isWrite ? CHANGED : READ;
  try {
    return (findKeys?.(argv, first, context) ?? []).map((key) =>
      key instanceof Uint8Array ? { bytes: key, start: 0, end: key.length, flags } : key,
    );
  } catch (error) {
    if (error instanceof ErrorReply) return [];
    throw error;
  }
}

/** Where the keys of a spec begin, counted from `first`; 0 for nowhere, -1 for unknown. */
function beginOf({ begin }: KeySpec, argv: Argv, first: number): number {
  if (begin.type === 'index') return begin.index;
  if (begin.type === 'unknown') return -1;
  const { keyword, startFrom } = begin;
  const count = argv.count - first;
  const step = startFrom > 0 ? 1 : -1;
  const start = startFrom > 0 ? startFrom : count + startFrom;
  // As Redis: neither the last argument nor, going back, the first one is looked at.
  const stop = startFrom > 0 ? count - 1 : 1;
  for (let i = start; i !== stop && i >= 1 && i < count; i += step) {
    if (argv.is(first + i, keyword)) return i + 1;
  }
  return 0;
}

/** Adds the keys of a spec, unless it leads out of the request. */
function collect(
  { find, flags }: KeySpec,
  begin: number,
  argv: Argv,
  first: number,
  found: FoundKey[],
): boolean {
  const count = argv.count - first;
  if (begin < 0 || find.type === 'unknown') return false;
  let from = begin;
  let last = begin;
  if (find.type === 'range') {
    const { lastKey, limit } = find;
    if (lastKey >= 0) last = begin + lastKey;
    else if (limit === 0) last = count + lastKey;
    else last = begin + Math.floor((count - begin) / limit) + lastKey;
  } else {
    const at = begin + find.keyNumIndex;
    if (at >= count) return false;
    const { bytes, starts, ends } = argv;
    const keyCount = parseSafeInteger(bytes, starts[first + at], ends[first + at]);
    from = begin + find.firstKey;
    last = from + keyCount - 1;
  }
  // NaN, from a count that is none, is neither.
  if (!(last < count && last >= from)) return false;
  for (let i = from; i <= last; i += find.step) found.push(keyAt(argv, first + i, flags));
  return true;
}
