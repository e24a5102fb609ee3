/** SORT: the elements of a list, set or sorted set, in another order and by what other keys say. */

import type { Call, Command } from '../src/dispatch/call.ts';
import { family } from '../src/dispatch/command.ts';
import { type FoundKey, type KeySpec, keyAt } from '../src/dispatch/keys.ts';
import { mayReadAnyKey } from '../src/dispatch/permissions.ts';
import { type Database, NO_DEADLINE } from '../src/keyspace/database.ts';
import { elementsOf } from '../src/keyspace/elements.ts';
import { events } from '../src/keyspace/events.ts';
import { storeList } from '../src/keyspace/lists.ts';
import { Argv } from '../src/resp/argv.ts';
import { errors } from '../src/resp/errors.ts';
import { latin1Text } from '../src/std/ascii.ts';
import { compareBytes, indexOfByte, indexOfBytes } from '../src/std/bytes.ts';
import { parseLooseDouble } from '../src/std/double.ts';
import { partialSort } from '../src/std/partial-sort.ts';
import { Hash } from '../src/value/hash.ts';
import { TYPE_HASH, TYPE_SET, TYPE_STRING } from '../src/value/type.ts';

const { command } = family('generic');

const hash = new Hash();
const STAR = 0x2a;
const ARROW = Uint8Array.of(0x2d, 0x3e);
const EMPTY = new Uint8Array(0);

// ── Patterns ────────────────────────────────────────────────────────────────────────────────────

/** `#`, or a key with `*` where the element goes, and `->field` behind it for a field of a hash. */
interface Pattern {
  readonly isElement: boolean;
  /** Undefined without a `*`: no key is meant. */
  readonly before: Uint8Array | undefined;
  readonly after: Uint8Array;
  readonly field: Uint8Array | undefined;
}

function patternAt(argv: Argv, index: number): Pattern {
  const bytes = argv.copy(index);
  const isElement = bytes.length === 1 && bytes[0] === 0x23;
  const star = indexOfByte(bytes, STAR, 0, bytes.length);
  if (star < 0) return { isElement, before: undefined, after: EMPTY, field: undefined };
  const arrow = indexOfBytes(bytes, star + 1, bytes.length, ARROW);
  // An arrow with nothing behind it is part of the key.
  const hasField = arrow >= 0 && arrow + 2 < bytes.length;
  return {
    isElement,
    before: bytes.slice(0, star),
    after: bytes.slice(star + 1, hasField ? arrow : bytes.length),
    field: hasField ? bytes.slice(arrow + 2) : undefined,
  };
}

/** What a pattern says of an element, or undefined. */
function lookUp(
  database: Database,
  { isElement, before, after, field }: Pattern,
  element: Uint8Array,
): Uint8Array | undefined {
  if (isElement) return element;
  if (before === undefined) return undefined;
  const name = new Uint8Array(before.length + element.length + after.length);
  name.set(before);
  name.set(element, before.length);
  name.set(after, before.length + element.length);
  const entry = database.find(Argv.of(name), 0);
  if (entry === 0) return undefined;
  const { zone } = database;
  if (field === undefined) {
    if (zone.type(entry) !== TYPE_STRING) return undefined;
    return zone.content.slice(entry, 0, zone.content.size(entry));
  }
  if (zone.type(entry) !== TYPE_HASH) return undefined;
  if (!hash.open(zone, entry).find(field, 0, field.length)) return undefined;
  hash.readValue();
  return hash.textBytes.slice(hash.textStart, hash.textEnd);
}

// ── The request ─────────────────────────────────────────────────────────────────────────────────

interface Options {
  by: Pattern | undefined;
  /** Whether to leave the elements in the order they have. */
  isUnsorted: boolean;
  offset: number;
  count: number;
  readonly gets: Pattern[];
  isDescending: boolean;
  isAlpha: boolean;
  /** Argument that names the key for the result, 0 for none. */
  target: number;
}

/** Refuses an option that reads keys the request doesn't name to who may not read them all. */
function checkPattern(call: Call, option: 'BY' | 'GET', mayStore: boolean): void {
  const command = call.instance.registry.byName(mayStore ? 'sort' : 'sort_ro') as Command;
  if (!mayReadAnyKey(call, command)) throw errors.sortNotPermitted(option);
}

function readOptions(call: Call, mayStore: boolean): Options {
  const { argv, args } = call;
  const options: Options = {
    by: undefined,
    isUnsorted: false,
    offset: 0,
    count: -1,
    gets: [],
    isDescending: false,
    isAlpha: false,
    target: 0,
  };
  for (let i = 2; i < argv.count; i++) {
    const left = argv.count - i - 1;
    if (argv.is(i, 'ASC')) options.isDescending = false;
    else if (argv.is(i, 'DESC')) options.isDescending = true;
    else if (argv.is(i, 'ALPHA')) options.isAlpha = true;
    else if (argv.is(i, 'LIMIT') && left >= 2) {
      options.offset = args.integerAt(++i);
      options.count = args.integerAt(++i);
    } else if (argv.is(i, 'STORE') && left >= 1 && mayStore) options.target = ++i;
    else if (argv.is(i, 'BY') && left >= 1) {
      options.by = patternAt(argv, ++i);
      if (options.by.before === undefined) options.isUnsorted = true;
      else checkPattern(call, 'BY', mayStore);
    } else if (argv.is(i, 'GET') && left >= 1) {
      checkPattern(call, 'GET', mayStore);
      options.gets.push(patternAt(argv, ++i));
    } else throw errors.syntax;
  }
  return options;
}

// ── Sorting ─────────────────────────────────────────────────────────────────────────────────────

interface Weighed {
  readonly element: Uint8Array;
  /** What it is sorted by: a number, or bytes that may be missing. */
  readonly weight: number;
  readonly text: Uint8Array | undefined;
}

/** The number an element is sorted by, as strtod() reads it; NaN where it is none. */
function numberOf(bytes: Uint8Array): number {
  const value = parseLooseDouble(bytes, 0, bytes.length);
  // What is too large or too small for a double is no number here. A NUL ends the text.
  const [text] = latin1Text(bytes).split('\0', 1);
  if (value === 0 && /^[^eEpP]*[1-9]/.test(text)) return Number.NaN;
  if (Math.abs(value) === Infinity && !/inf/i.test(text)) return Number.NaN;
  return value;
}

function weigh(database: Database, elements: readonly Uint8Array[], options: Options): Weighed[] {
  const { by, isAlpha, target } = options;
  return elements.map((element) => {
    const text = by === undefined ? element : lookUp(database, by, element);
    // What is stored is in order of all bytes, as nobody's locale should tell.
    if (isAlpha) return { element, weight: 0, text: target === 0 ? collated(text) : text };
    if (text === undefined) return { element, weight: 0, text };
    const weight = numberOf(text);
    if (Number.isNaN(weight)) throw errors.sortNotDouble;
    return { element, weight, text };
  });
}

/** As strcoll() sees it: up to its first NUL. */
function collated(text: Uint8Array | undefined): Uint8Array | undefined {
  const end = text === undefined ? -1 : text.indexOf(0);
  return end < 0 ? text : text?.subarray(0, end);
}

function compareTexts(a: Uint8Array | undefined, b: Uint8Array | undefined): number {
  if (a === undefined || b === undefined)
    return (a === undefined ? 0 : 1) - (b === undefined ? 0 : 1);
  return compareBytes(a, 0, a.length, b, 0, b.length);
}

/** Infinities are equal to themselves. */
function compareNumbers(a: number, b: number): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** The part of so many elements that LIMIT asks for, as Redis bounds it. */
function boundsOf(size: number, { offset, count }: Options): { start: number; end: number } {
  const start = Math.min(Math.max(0, offset), size);
  return { start, end: count < 0 ? size : Math.min(size, start + count) };
}

/** Elements in the order that is asked for. */
function sorted(
  database: Database,
  elements: readonly Uint8Array[],
  options: Options,
): Uint8Array[] {
  const sign = options.isDescending ? -1 : 1;
  const weighed = weigh(database, elements, options);
  const compare = (a: Weighed, b: Weighed): number => {
    if (options.isAlpha) return compareTexts(a.text, b.text) * sign;
    // Of the same weight, those of smaller bytes come first.
    return (compareNumbers(a.weight, b.weight) || compareTexts(a.element, b.element)) * sign;
  };
  const { start, end } = boundsOf(elements.length, options);
  // Redis sorts no more than it needs where a pattern makes it slow.
  const isPart = options.by !== undefined && end - start < elements.length;
  if (isPart) partialSort(weighed, compare, start, end - 1);
  else weighed.sort(compare);
  return weighed.map(({ element }) => element);
}

function run(call: Call, mayStore: boolean): void {
  const { argv, client, db, reply } = call;
  const options = readOptions(call, mayStore);
  const entry = db.find(argv, 1);
  let elements: Uint8Array[] = [];
  if (entry !== 0) {
    elements = elementsOf(db, entry);
    const type = db.zone.type(entry);
    // Sets have no order of their own: what is stored, or a script does, must not depend on how
    // they are kept.
    const isKept = options.target !== 0 || client.isScript;
    if (options.isUnsorted && type === TYPE_SET && isKept) {
      options.isUnsorted = false;
      options.isAlpha = true;
      options.by = undefined;
    }
    if (options.isUnsorted && type !== TYPE_SET && options.isDescending) elements.reverse();
  }
  const ordered = options.isUnsorted ? elements : sorted(db, elements, options);
  const results: (Uint8Array | undefined)[] = [];
  const { start, end } = boundsOf(ordered.length, options);
  for (const element of ordered.slice(start, end)) {
    if (options.gets.length === 0) results.push(element);
    for (const pattern of options.gets) results.push(lookUp(db, pattern, element));
  }
  if (options.target !== 0) {
    store(call, options.target, results);
    return;
  }
  reply.array(results.length);
  for (const result of results) {
    if (result === undefined) reply.null();
    else reply.bulk(result);
  }
}

function store(call: Call, target: number, results: readonly (Uint8Array | undefined)[]): void {
  const { argv, db, reply, instance } = call;
  if (results.length > 0) {
    const elements = results.map((result) => result ?? EMPTY);
    const fill = instance.config.values.listMaxListpackSize;
    storeList(db, argv, target, elements, NO_DEADLINE, fill);
    db.changedKey(argv, target, events.sortstore, results.length);
  } else {
    const old = db.peek(argv, target);
    if (old !== 0) {
      db.removeEmpty(argv, target, old);
      db.changed();
    }
  }
  reply.integer(results.length);
}

// ── The commands ────────────────────────────────────────────────────────────────────────────────

const COMPLEXITY =
  'O(N+M*log(M)) where N is the number of elements in the list or set to sort, and M the number ' +
  'of returned elements. When the elements are not sorted, complexity is O(N).';
const CATEGORIES = ['set', 'sortedset', 'list', 'dangerous'] as const;
const ARGUMENTS = {
  BY: { name: 'by-pattern', keySpec: 1 },
  GET: { name: 'get-pattern', keySpec: 1 },
  ALPHA: { name: 'sorting' },
};

const SORTED: KeySpec = {
  flags: ['RO', 'access'],
  begin: { type: 'index', index: 1 },
  find: { type: 'range', lastKey: 0, step: 1, limit: 0 },
};
const LOOKED_UP: KeySpec = {
  flags: ['RO', 'access'],
  notes:
    "For the optional BY/GET keyword. It is marked 'unknown' because the key names derive from the " +
    'content of the key we sort',
  begin: { type: 'unknown' },
  find: { type: 'unknown' },
};
const STORED: KeySpec = {
  flags: ['OW', 'update'],
  notes:
    "For the optional STORE keyword. It is marked 'unknown' because the keyword can appear anywhere " +
    'in the argument array',
  begin: { type: 'unknown' },
  find: { type: 'unknown' },
};

/** How many arguments the options have that Redis passes over when it looks for STORE. */
const PASSED: Readonly<Record<string, number>> = { LIMIT: 2, GET: 1, BY: 1 };

/** The key that is sorted, and the last that STORE names. */
function findKeys(argv: Argv, first: number): FoundKey[] {
  let target = 0;
  for (let i = first + 2; i < argv.count; i++) {
    if (argv.is(i, 'STORE') && i + 1 < argv.count) target = ++i;
    else i += PASSED[argv.text(i).toUpperCase()] ?? 0;
  }
  const keys = [keyAt(argv, first + 1, SORTED.flags)];
  if (target !== 0) keys.push(keyAt(argv, target, STORED.flags));
  return keys;
}

export const sort = command({
  syntax:
    'SORT key [BY pattern] [LIMIT offset count] [GET pattern [GET pattern ...]] [ASC | DESC] ' +
    '[ALPHA] [STORE destination]',
  summary: 'Tells the elements of a list, set or sorted set in order, or stores them.',
  since: '1.0.0',
  complexity: COMPLEXITY,
  arguments: { ...ARGUMENTS, STORE: { keySpec: 2 } },
  keys: [SORTED, LOOKED_UP, STORED],
  findKeys,
  flags: ['denyoom'],
  categories: CATEGORIES,
  notCategories: ['keyspace'],
  differs: 'A small sorted set stays a listpack, of which Redis makes a skiplist to sort it.',
  run: (call) => run(call, true),
});

export const sortRo = command({
  syntax:
    'SORT_RO key [BY pattern] [LIMIT offset count] [GET pattern [GET pattern ...]] [ASC | DESC] ' +
    '[ALPHA]',
  summary: 'Tells the elements of a list, set or sorted set in order.',
  since: '7.0.0',
  complexity: COMPLEXITY,
  arguments: ARGUMENTS,
  keys: [SORTED, LOOKED_UP],
  findKeys: (argv, first) => [keyAt(argv, first + 1, SORTED.flags)],
  categories: CATEGORIES,
  notCategories: ['keyspace'],
  run: (call) => run(call, false),
});
