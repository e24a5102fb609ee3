/**
 * Directive: what one line of configuration may say, and the kinds of them.
 *
 *   "port 7000"  ── parse ──▶  state '7000'  ── read ──▶  values.port = 7000
 *                                   │
 *                                   ├── CONFIG GET shows it as it is
 *                                   └── lines ──▶ "port 7000"  (CONFIG REWRITE)
 *
 * The state of a directive is a text: the one CONFIG GET shows. What code reads is made from it
 * once per change. So what is shown, kept for a rollback and compared is always the same thing,
 * and numbers beyond 2^53, which Redis takes, are shown as they were given.
 *
 * A state may be ABSENT, shown as empty. For most strings of Redis the empty one is the absent
 * one; where a present empty string means something of its own, the two differ.
 */

import { INT64_MAX, INT64_MIN, UINT64_MAX } from '../../std/int64.ts';
import { quoted, toNative } from './words.ts';

export type State = string | undefined;
export const ABSENT = undefined;

/** Why a value was refused, in Redis's words. Thrown as it is: nobody needs a stack. */
export class BadValue {
  readonly reason: string;
  constructor(reason: string) {
    this.reason = reason;
  }
}

/** A line for the file. Forced: it is added even if the file never mentioned the directive. */
export interface Line {
  readonly text: string;
  readonly isForced: boolean;
}

/** What the kind of a directive decides. */
export interface Kind<Value> {
  /** As documented: 'yes or no', 'memory' … */
  readonly type: string;
  readonly initial: State;
  /** Takes any number of words; else exactly one. */
  readonly takesWords?: boolean;
  /**
   * Whether a further line adds to what was there: 'always', or only 'in files', where the first
   * line still replaces the default. Absent: a line replaces.
   */
  readonly adds?: 'always' | 'in files';
  /** The state after these words; `before` is what they add to. Throws BadValue. */
  parse(words: readonly string[], before: State): State;
  read(state: State): Value;
  lines(name: string, state: State): readonly Line[];
}

/** What a directive does, or why it does nothing here: one of the two. */
export type Effect = { readonly doc: string } | { readonly ignored: string };

export interface Facts {
  /** An older name under which Redis knows it too. */
  readonly alias?: string;
  /** Fixed at start-up: CONFIG SET refuses it. */
  readonly fixed?: true;
  /** Fixed, but CONFIG SET takes the value it has: what CONFIG GET * lists can be set again. */
  readonly keepsValue?: true;
  /** CONFIG GET shows it only when asked by its full name. */
  readonly hidden?: true;
  /** The value is a secret: logs must not show it. */
  readonly sensitive?: true;
  /** CONFIG SET needs enable-protected-configs. */
  readonly guarded?: true;
  /** Applied even if set to what it was: a file behind the same path may be a new one. */
  readonly reapplied?: true;
  /** The state is the process's working directory. */
  readonly isDirectory?: true;
}

export type Directive<Value> = Kind<Value> & Facts & Effect;
type About = Facts & Effect;

export function yesNo(initial: boolean, about: About): Directive<boolean> {
  return {
    type: 'yes or no',
    initial: initial ? 'yes' : 'no',
    parse([word]) {
      const lower = word.toLowerCase();
      if (lower !== 'yes' && lower !== 'no') throw new BadValue("argument must be 'yes' or 'no'");
      return lower;
    },
    read: (state) => state === 'yes',
    lines: oneLine(initial ? 'yes' : 'no'),
    ...about,
  };
}

/** One of a list of words. `same` says which of them are another word for one of them. */
export function choice<const Words extends readonly string[]>(
  words: Words,
  initial: Words[number],
  about: About,
  same: { readonly [Word in Words[number]]?: Words[number] } = {},
): Directive<Words[number]> {
  return {
    type: words.join(', '),
    initial,
    parse(given) {
      const lower = given.length === 1 ? given[0].toLowerCase() : '';
      const word: Words[number] | undefined = words.find((known) => known === lower);
      if (word === undefined) throw notOneOf(words);
      return same[word] ?? word;
    },
    read: (state) => words.find((word) => word === state) ?? initial,
    lines: oneLine(initial),
    ...about,
  };
}

/** Any of a list of words, except that the first stands for none of them. */
export function flags<const Words extends readonly [string, ...string[]]>(
  words: Words,
  about: About,
  clash?: (given: ReadonlySet<string>) => string | undefined,
): Directive<readonly Words[number][]> {
  const [none, ...others] = words;
  return {
    type: `words: ${words.join(', ')}`,
    initial: none,
    takesWords: true,
    parse(given) {
      const lower = given.map((word) => word.toLowerCase());
      if (lower.length === 0 || lower.some((word) => !words.includes(word))) throw notOneOf(words);
      const reason = clash?.(new Set(lower));
      if (reason !== undefined) throw new BadValue(reason);
      return others.filter((word) => lower.includes(word)).join(' ') || none;
    },
    read: (state) => words.filter((word) => (state ?? '').split(' ').includes(word)),
    lines: oneLine(none),
    ...about,
  };
}

interface NumberForm {
  readonly type: string;
  readonly radix?: 8;
  /** The number, or undefined where the text isn't one. */
  parse(text: string): bigint | undefined;
  readonly malformed: string;
  /** As a file has it, from what CONFIG GET shows. */
  write(state: string): string;
}

const INTEGER: NumberForm = {
  type: 'integer',
  parse: parseInteger,
  malformed: "argument couldn't be parsed into an integer",
  write: (state) => state,
};

const MEMORY: NumberForm = {
  type: 'memory',
  parse: parseMemory,
  malformed: 'argument must be a memory value',
  write: writeMemory,
};

const OCTAL: NumberForm = {
  type: 'octal',
  radix: 8,
  parse: (text) => (/^\s*[+-]?[0-7]+$/.test(text) ? BigInt(Number.parseInt(text, 8)) : undefined),
  malformed: "argument couldn't be parsed as an octal number",
  write: (state) => state,
};

type Range = readonly [min: number | bigint, max: number | bigint];

export function integer(initial: number, range: Range, about: About): Directive<number> {
  return numeric(INTEGER, initial, range, about);
}

/** An integer that is taken in a wide range and then held to a narrow one. */
export function cappedInteger(
  initial: number,
  range: Range,
  [least, most]: readonly [number, number],
  about: About,
): Directive<number> {
  const wide = integer(initial, range, about);
  return {
    ...wide,
    parse(words, before) {
      const state = wide.parse(words, before);
      return String(Math.min(most, Math.max(least, wide.read(state))));
    },
  };
}

/** Bytes, with units: k, m and g count in thousands, kb, mb and gb in 1024. */
export function memory(initial: number, range: Range, about: About): Directive<number> {
  return numeric(MEMORY, initial, range, about);
}

/** Bytes, of which fewer than `least` are taken for `least`. */
export function flooredMemory(
  initial: number,
  range: Range,
  least: number,
  about: About,
): Directive<number> {
  const wide = memory(initial, range, about);
  return {
    ...wide,
    parse(words, before) {
      const state = wide.parse(words, before) ?? '0';
      return BigInt(state) < least ? String(least) : state;
    },
  };
}

export function octal(initial: number, range: Range, about: About): Directive<number> {
  return numeric(OCTAL, initial, range, about);
}

/** Bytes, or a part of something as 'n%'. A percentage is read as a negative number. */
export function memoryOrPercent(initial: number, range: Range, about: About): Directive<number> {
  const bytes = memory(initial, range, about);
  const min = BigInt(range[0]);
  return {
    ...bytes,
    type: 'memory or percentage',
    parse([word], before) {
      const percent = /^(.+)%$/.exec(word);
      const given = percent ? parseInteger(percent[1]) : undefined;
      const size = parseMemory(word);
      // Redis keeps a percentage as a negative number, and has bytes that wrap become one.
      const wrapped = size === undefined ? 0n : -BigInt.asIntN(64, size);
      const value = given !== undefined && given >= 0n ? given : wrapped > 0n ? wrapped : undefined;
      if (value !== undefined) {
        if (-value < min) {
          throw new BadValue(`percentage argument must be less or equal to ${-min}`);
        }
        return value === 0n ? '0' : `${value}%`;
      }
      if (size === undefined) throw new BadValue('argument must be a memory or percent value');
      return bytes.parse([word], before);
    },
    read: (state = '0') => (state.endsWith('%') ? -Number(state.slice(0, -1)) : Number(state)),
    lines: oneLine(String(initial), (state) => (state.endsWith('%') ? state : writeMemory(state))),
  };
}

function numeric(form: NumberForm, initial: number, range: Range, about: About): Directive<number> {
  const [min, max] = [BigInt(range[0]), BigInt(range[1])];
  const initialState = initial.toString(form.radix);
  const bounds = `${min.toString(form.radix)} and ${max.toString(form.radix)}`;
  return {
    type: `${form.type}, ${rangeText(form, min, max)}`,
    initial: initialState,
    parse([word]) {
      const value = form.parse(word);
      if (value === undefined) throw new BadValue(form.malformed);
      if (value < min || value > max) {
        throw new BadValue(`argument must be between ${bounds} inclusive`);
      }
      return value.toString(form.radix);
    },
    read: (state = initialState) => Number.parseInt(state, form.radix ?? 10),
    lines: oneLine(initialState, form.write),
    ...about,
  };
}

function rangeText(form: NumberForm, min: bigint, max: bigint): string {
  const from = form === MEMORY ? writeMemory(String(min)) : min.toString(form.radix);
  // Nobody reads the limits of C's types with profit.
  if (max >= 2n ** 31n - 1n) return min < -(2n ** 30n) ? 'any' : `${from} or more`;
  return `${from} to ${form === MEMORY ? writeMemory(String(max)) : max.toString(form.radix)}`;
}

/** A string that is always there; it may be empty. */
export function text(
  initial: string,
  about: About,
  refusal?: (word: string) => string | undefined,
): Directive<string> {
  return {
    type: 'string',
    initial,
    parse: ([word]) => checked(word, refusal),
    read: (state = '') => state,
    lines: oneLine(initial, quoted),
    ...about,
  };
}

/** A string that may be absent; the empty one is. */
export function optionalText(
  about: About,
  refusal?: (word: string) => string | undefined,
): Directive<string | undefined> {
  return {
    type: 'string',
    initial: ABSENT,
    parse: ([word]) => (checked(word, refusal) === '' ? ABSENT : word),
    read: (state) => state,
    lines: oneLine(ABSENT, quoted),
    ...about,
  };
}

/** A string that may be absent, which is not the same as being there and empty. */
export function presentText(about: About): Directive<string | undefined> {
  return { ...optionalText(about), type: 'string, may be empty', parse: ([word]) => word };
}

/** A path: read as the system wants it, where every other text is one char per byte. */
export function path(initial: string, about: About): Directive<string> {
  return { ...text(initial, about), type: 'path', read: (state = '') => toNative(state) };
}

export function optionalPath(about: About): Directive<string | undefined> {
  const read = (state: State) => (state === ABSENT ? undefined : toNative(state));
  return { ...optionalText(about), type: 'path', read };
}

/** What a line of the file says: one line, added where the state is not the initial one. */
export function oneLine(
  initial: State,
  write: (state: string) => string = (state) => state,
): (name: string, state: State) => readonly Line[] {
  return (name, state) =>
    state === ABSENT ? [] : [{ text: `${name} ${write(state)}`, isForced: state !== initial }];
}

function checked(word: string, refusal?: (word: string) => string | undefined): string {
  const reason = refusal?.(word);
  if (reason !== undefined) throw new BadValue(reason);
  return word;
}

function notOneOf(words: readonly string[]): BadValue {
  return new BadValue(`argument(s) must be one of the following: ${words.join(', ')}`);
}

/** Strict, as everywhere in Redis: no '+', no leading zeroes, no spaces, 64 bits. */
function parseInteger(text: string): bigint | undefined {
  if (!/^(?:0|-?[1-9][0-9]{0,18})$/.test(text)) return undefined;
  const value = BigInt(text);
  return value >= INT64_MIN && value <= INT64_MAX ? value : undefined;
}

const UNITS: Readonly<Record<string, bigint>> = {
  '': 1n,
  b: 1n,
  k: 1000n,
  kb: 1024n,
  m: 1000n ** 2n,
  mb: 1024n ** 2n,
  g: 1000n ** 3n,
  gb: 1024n ** 3n,
};

/** No digits at all are 0, and what passes 64 bits wraps, as Redis has it. */
export function parseMemory(text: string): bigint | undefined {
  const match = /^([0-9]{0,127})([a-z]*)$/i.exec(text);
  const unit = match ? UNITS[match[2].toLowerCase()] : undefined;
  if (match === null || unit === undefined) return undefined;
  const digits = BigInt(match[1]);
  return BigInt.asUintN(64, (digits > UINT64_MAX ? UINT64_MAX : digits) * unit);
}

/** In the largest unit that divides it: '64mb'. */
export function writeMemory(state: string): string {
  const bytes = BigInt(state);
  for (const unit of ['gb', 'mb', 'kb']) {
    if (bytes !== 0n && bytes % UNITS[unit] === 0n) return `${bytes / UNITS[unit]}${unit}`;
  }
  return String(bytes);
}
