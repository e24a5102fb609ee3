/**
 * Directives whose values have a form of their own: addresses, save points, buffer limits, zones …
 *
 * Several of them gather what more than one line says:
 *
 *   save 3600 1                            in a file, each line adds a save point and the first
 *   save 300 100                           forgets the default ones; CONFIG SET replaces them all
 *
 *   client-output-buffer-limit pubsub …    changes that class and leaves the others alone
 *
 *   zone sessions 16mb                     changes that zone; another name adds one
 */

import { latin1Bytes } from '../../std/ascii.ts';
import { parseDouble } from '../../std/double.ts';
import {
  ABSENT,
  BadValue,
  type Directive,
  type Effect,
  type Facts,
  type Line,
  oneLine,
  parseMemory,
  type State,
  writeMemory,
} from './directive.ts';
import { quoted, toNative } from './words.ts';

type About = Facts & Effect;

export interface SavePoint {
  readonly seconds: number;
  readonly changes: number;
}

/** The classes as CONFIG GET names them; 'replica' is taken too, and written to files. */
const CLIENT_CLASSES: readonly string[] = ['normal', 'slave', 'pubsub'];

export interface OutputLimit {
  /** Bytes of output at which a client is closed; 0 is never. */
  readonly hard: number;
  /** Bytes at which it is closed after `softSeconds` above them without a break; 0 is never. */
  readonly soft: number;
  readonly softSeconds: number;
}

export interface OutputLimits {
  readonly normal: OutputLimit;
  readonly replica: OutputLimit;
  readonly pubsub: OutputLimit;
}

export interface ZoneSpec {
  readonly name: string;
  readonly size: number;
  readonly policy: EvictionPolicy;
}

export const EVICTION_POLICIES = [
  'volatile-lru',
  'volatile-lfu',
  'volatile-random',
  'volatile-ttl',
  'allkeys-lru',
  'allkeys-lfu',
  'allkeys-random',
  'noeviction',
] as const;
export type EvictionPolicy = (typeof EVICTION_POLICIES)[number];

/** Less has no room for a page and its bookkeeping. */
const ZONE_SIZE_MIN = 256 * 1024;
const BIND_ADDRESSES_MAX = 16; // As in Redis.

export function addresses(initial: readonly string[], about: About): Directive<readonly string[]> {
  const initialState = initial.join(' ');
  return {
    type: 'addresses',
    initial: initialState,
    takesWords: true,
    parse(words) {
      if (words.length > BIND_ADDRESSES_MAX) {
        throw new BadValue('Too many bind addresses specified.');
      }
      return words.join(' ');
    },
    read: splitList,
    lines(name, state = '') {
      if (state === initialState) return [];
      return [{ text: `${name} ${state === '' ? '""' : state}`, isForced: true }];
    },
    ...about,
  };
}

export function savePoints(initial: string, about: About): Directive<readonly SavePoint[]> {
  return {
    type: 'pairs of seconds and changes',
    initial,
    takesWords: true,
    adds: 'in files',
    parse(words, before) {
      if (words.length === 1 && words[0] === '') return '';
      const numbers = words.map(parseLong);
      const isValid = numbers.every((n, i) => n !== undefined && n >= (i % 2 === 0 ? 1 : 0));
      if (numbers.length % 2 !== 0 || !isValid) throw new BadValue('Invalid save parameters');
      return [...splitList(before), ...numbers].join(' ');
    },
    read: readSavePoints,
    lines(name, state) {
      const points = readSavePoints(state);
      if (points.length === 0) return [{ text: `${name} ""`, isForced: true }];
      return points.map(({ seconds, changes }) => ({
        text: `${name} ${seconds} ${changes}`,
        isForced: true,
      }));
    },
    ...about,
  };
}

function readSavePoints(state: State): readonly SavePoint[] {
  const points: SavePoint[] = [];
  const numbers = splitList(state).map(Number);
  for (let i = 0; i < numbers.length; i += 2) {
    points.push({ seconds: numbers[i], changes: numbers[i + 1] });
  }
  return points;
}

export function outputLimits(initial: string, about: About): Directive<OutputLimits> {
  return {
    type: 'class, hard limit, soft limit, soft seconds; any number of times',
    initial,
    takesWords: true,
    adds: 'always',
    parse(words, before) {
      if (words.length % 4 !== 0) {
        throw new BadValue('Wrong number of arguments in buffer limit configuration.');
      }
      const state = splitList(before);
      for (let i = 0; i < words.length; i += 4) {
        const lower = words[i].toLowerCase();
        const index = CLIENT_CLASSES.indexOf(lower.replace('replica', 'slave'));
        if (index < 0) {
          throw new BadValue('Invalid client class specified in buffer limit configuration.');
        }
        const hard = parseMemory(words[i + 1]);
        const soft = parseMemory(words[i + 2]);
        const seconds = parseLong(words[i + 3]);
        if (hard === undefined || soft === undefined || seconds === undefined || seconds < 0) {
          throw new BadValue(
            'Error in hard, soft or soft_seconds setting in buffer limit configuration.',
          );
        }
        state.splice(index * 4 + 1, 3, String(hard), String(soft), String(seconds));
      }
      return state.join(' ');
    },
    read(state) {
      const words = splitList(state);
      const limit = (index: number): OutputLimit => ({
        hard: Number(words[index * 4 + 1]),
        soft: Number(words[index * 4 + 2]),
        softSeconds: Number(words[index * 4 + 3]),
      });
      return { normal: limit(0), replica: limit(1), pubsub: limit(2) };
    },
    lines(name, state) {
      const words = splitList(state);
      const initially = splitList(initial);
      const lines = CLIENT_CLASSES.map((_, index): Line => {
        const [label, hard, soft, seconds] = words.slice(index * 4, index * 4 + 4);
        const shownAs = label === 'slave' ? 'replica' : label;
        return {
          text: `${name} ${shownAs} ${writeMemory(hard)} ${writeMemory(soft)} ${seconds}`,
          isForced: [1, 2, 3].some((i) => words[index * 4 + i] !== initially[index * 4 + i]),
        };
      });
      // Those that must be there come first and take the lines there are, or each rewrite would
      // move one to the end.
      return [...lines.filter((l) => l.isForced), ...lines.filter((l) => !l.isForced)];
    },
    ...about,
  };
}

function tooSmall(): BadValue {
  return new BadValue(`a zone must have at least ${writeMemory(String(ZONE_SIZE_MIN))}`);
}

/** Zones besides the default one, each once, in the order of their first mention. */
export function zones(initial: string, about: About): Directive<readonly ZoneSpec[]> {
  return {
    type: 'name, size, policy (allkeys-lru where left out); repeatable',
    initial,
    takesWords: true,
    adds: 'always',
    parse(words, before) {
      if (words.length !== 2 && words.length !== 3) {
        throw new BadValue(
          'wrong number of arguments, a zone has a NAME, a SIZE and maybe a POLICY',
        );
      }
      const [name, sizeText, policyText = 'allkeys-lru'] = words;
      // A number, SELECT would take for a database; 'default' is the zone of maxmemory.
      if (!/^[!-~]+$/.test(name) || /^[+-]?\d+$/.test(name) || name === 'default') {
        throw new BadValue(`'${name}' can't be the name of a zone`);
      }
      const size = parseMemory(sizeText);
      if (size === undefined) throw new BadValue('the size of a zone must be a memory value');
      if (size < ZONE_SIZE_MIN) throw tooSmall();
      const policy = EVICTION_POLICIES.find((known) => known === policyText.toLowerCase());
      if (policy === undefined) {
        throw new BadValue(
          `the policy of a zone must be one of the following: ${EVICTION_POLICIES.join(', ')}`,
        );
      }
      const specs = readZones(before).filter((zone) => zone.name !== name);
      const place = readZones(before).findIndex((zone) => zone.name === name);
      specs.splice(place < 0 ? specs.length : place, 0, { name, size: Number(size), policy });
      return specs.map((zone) => `${zone.name} ${zone.size} ${zone.policy}`).join(' ');
    },
    read: readZones,
    lines: (name, state) =>
      readZones(state).map((zone) => ({
        text: `${name} ${zone.name} ${writeMemory(String(zone.size))} ${zone.policy}`,
        isForced: state !== initial,
      })),
    ...about,
  };
}

function readZones(state: State): ZoneSpec[] {
  const words = splitList(state);
  const specs: ZoneSpec[] = [];
  for (let i = 0; i < words.length; i += 3) {
    const policy = EVICTION_POLICIES.find((known) => known === words[i + 2]) ?? 'allkeys-lru';
    specs.push({ name: words[i], size: Number(words[i + 1]), policy });
  }
  return specs;
}

/** The working directory. It has no initial state: that is wherever the process was started. */
export function directory(about: About): Directive<string> {
  return {
    type: 'path',
    initial: '.',
    parse: ([word]) => word,
    read: (state = '.') => toNative(state),
    lines: (name, state = '.') => [{ text: `${name} ${quoted(state)}`, isForced: true }],
    ...about,
    isDirectory: true,
  };
}

const EVENT_CLASSES = 'g$lshzxetd'; // What 'A' stands for.
const EVENT_LETTERS = `A${EVENT_CLASSES}nKEm`; // In the order they are shown.

/** Classes of keyspace events, in the order Redis shows them, all of a kind as 'A'. */
export function eventClasses(about: About): Directive<string> {
  return {
    type: 'letters of Ag$lshzxeKEtmdn',
    initial: '',
    parse([word]) {
      if ([...word].some((letter) => !EVENT_LETTERS.includes(letter))) {
        throw new BadValue("Invalid event class character. Use 'Ag$lshzxeKEtmdn'.");
      }
      const isAll = word.includes('A') || [...EVENT_CLASSES].every((l) => word.includes(l));
      const known = isAll ? 'AnKEm' : EVENT_LETTERS;
      return [...known].filter((l) => (l === 'A' ? isAll : word.includes(l))).join('');
    },
    read: (state = '') => state,
    lines: oneLine('', quoted),
    ...about,
  };
}

/** 'host port' of a primary; absent: none. */
export function primaryAddress(about: About): Directive<string | undefined> {
  return {
    type: 'host and port',
    initial: ABSENT,
    takesWords: true,
    parse(words) {
      if (words.length !== 2) throw new BadValue('wrong number of arguments');
      const [host, portText] = words;
      if (host.toLowerCase() === 'no' && portText.toLowerCase() === 'one') return ABSENT;
      const port = parseLong(portText);
      if (port === undefined || port < 0 || port > 65535) throw new BadValue('Invalid master port');
      return `${host} ${port}`;
    },
    read: (state) => state,
    lines: oneLine(ABSENT),
    ...about,
  };
}

export function percentiles(initial: string, about: About): Directive<readonly number[]> {
  const name = 'latency-tracking-info-percentiles';
  return {
    type: 'percentages',
    initial,
    takesWords: true,
    parse(words) {
      if (words.length === 1 && words[0] === '') return '';
      const numbers = words.map((word) => {
        const number = parseDouble(latin1Bytes(word), 0, word.length);
        if (Number.isNaN(number)) throw new BadValue(`Invalid ${name} parameters`);
        return number;
      });
      if (numbers.some((n) => n < 0 || n > 100)) {
        throw new BadValue(`${name} parameters should sit between [0.0,100.0]`);
      }
      return numbers.map((n) => (Object.is(n, -0) ? '-0' : sixDigits(n))).join(' ');
    },
    read: (state) => splitList(state).map(Number),
    lines: (_, state = '') => [{ text: `${name} ${state === '' ? '""' : state}`, isForced: true }],
    ...about,
  };
}

/** As C's %f prints it, without zeroes at its end. */
function sixDigits(n: number): string {
  return n.toFixed(6).replace(/\.?0+$/, '');
}

export function oomScores(initial: string, about: About): Directive<readonly number[]> {
  return {
    type: 'three integers from -2000 to 2000',
    initial,
    takesWords: true,
    parse(words) {
      if (words.length !== 3) throw new BadValue('wrong number of arguments');
      const scores = words.map(parseLong);
      if (scores.some((score) => score === undefined || score < -2000 || score > 2000)) {
        throw new BadValue(
          'Invalid oom-score-adj-values, elements must be between -2000 and 2000.',
        );
      }
      return scores.join(' ');
    },
    read: (state) => splitList(state).map(Number),
    lines: oneLine(initial),
    ...about,
  };
}

/** Decimal as C's strtoll reads it: spaces and a sign before it, and nothing at all is 0. */
function parseLong(text: string): number | undefined {
  return /^(?:\s*[+-]?\d+)?$/.test(text) ? Number(text) : undefined;
}

function splitList(state: State): string[] {
  return state === undefined || state === '' ? [] : state.split(' ');
}
