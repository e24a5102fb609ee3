/**
 * Requests made from the grammar of the commands themselves.
 *
 *   registry ─▶ tree of arguments ─walk─▶ words ─now and then─▶ mutate ─▶ bound ─▶ request
 *                 every optional, choice,        drop, double, swap,    nothing that takes a
 *                 repetition; values by name     replace, insert        second or a megabyte
 *
 * A command that is added is generated the same day: only the values of words with a meaning of
 * their own (ids, ranges, weights) come from the table below, by the name they have in the usage
 * line. Keys are few, and shared by all types; mostly a command takes one that its own group likes to
 * write, and a scene is about two groups, or nearly every reply would say WRONGTYPE or find nothing.
 *
 * Whatever is drawn comes from the seed, so a seed is a run.
 */

import type { Command } from '../../src/dispatch/call.ts';
import type { Argument } from '../../src/dispatch/syntax.ts';
import { SeededRandom } from '../../src/std/random.ts';
import { aftermathOf, bounded, LIMITS, type Request, weightOf } from './grammar-tables.ts';

// ── Values ──────────────────────────────────────────────────────────────────────────────────────

const LONG = 'long '.repeat(14);

const words = (line: string): readonly string[] => line.split(' ');

const KEYS: Readonly<Record<string, readonly string[]>> = {
  string: words('s1 s2 s3 n1 n2'),
  bitmap: words('s1 s2 bits'),
  hyperloglog: words('hll1 hll2 hll3'),
  list: words('l1 l2 l3'),
  hash: words('h1 h2'),
  set: words('set1 set2 set3'),
  'sorted-set': words('z1 z2 z3 geo1'),
  geo: words('geo1 geo2'),
  stream: words('x1 x2'),
};
const OTHER_KEYS = ['', 'k\0\xff', `${LONG}key`, 'none'];
const ALL_KEYS = [...new Set([...Object.values(KEYS).flat(), ...OTHER_KEYS])];

const SMALL = words('0 1 2 3 4 5 7 -1 -2 -3 10 100 0 1 2 -1 1 2');
const INTEGER_EDGES = words(
  '9223372036854775807 -9223372036854775808 9223372036854775808 -9223372036854775809 2147483647 ' +
    '-2147483648 4294967296 18446744073709551615 100000000000000000 255 -128 65536',
);
const ODD_NUMBERS = ['', ' 1', '1 ', '+1', '01', '-0', '1.0', '1e3', '0x10', 'a', '-', '1\0'];
// None so small that strtod() tells of it: in a sorted set, Redis takes that for a fault of SORT.
const FLOATS = words(
  '0 1 -1 2 3 1.5 -2.25 0.1 0.2 3.0 1e17 1e-7 123456789.125 -0 -0.0 1e308 -1e308 2.3e-308 ' +
    '17179869184 9007199254740993 1e21 0.30000000000000004 100000000 -7 4 5 6',
);
const FLOAT_EDGES = [
  ...words('inf -inf +inf Infinity -INF nan 1e400 0x1p3 a .5 5. +1 1e --1 1,5 1e-400'),
  ...[' 1', '1 ', '', '3.00000000000000000001', '1\0'],
];
const ELEMENTS = [
  ...words('a b c d e f foo bar A ab abc 1 2 3 10 -1 007 3.5 1e5 4096 70000 -2147483649'),
  ...words('12345678901234567890 9223372036854775807 -9223372036854775808 1099511627776'),
  ...['', ' ', 'a\r\nb', '\0', '\xff\xfe', 'key\0null', LONG],
];
const PATTERNS = [...words('* ? a* [a-c] [^a]* *1 s? \\* [ **b h1 *\xff* [z-a] [\\]] ?*?'), ''];
const SORT_PATTERNS = [...words('s* n* * h*->f h1->* # nosort s1 h*-> ->* none* n1'), ''];
const STREAM_IDS = words(
  '0 0-0 0-1 1-0 1-1 1-2 2-0 2-5 3 3-0 5-1 10 100-1 4-4 6 7-7 8-1 20-2 30 31-1 40 50-5 60-0',
);
const ODD_IDS = [
  ...words('- + $ > 1-* 4-* 35-* (1-1 (2 (- (+ 1- -1 a-1 1-a 01-1 0x1 1-1-1 *-1'),
  ...words('18446744073709551615-18446744073709551615 18446744073709551615 18446744073709551616-1'),
  '',
];
/** Ends of ranges: what a range may begin with, end with, and what is odd. */
const SCORES = [
  words('-inf -inf -1 0 1 (1 (0 (-inf 2 -5'),
  words('+inf inf 3 (3 5 100 (inf 2 1e17 9'),
];
const ODD_SCORES = [...words('a [a - + nan ( (a 1e400'), ''];
const LEXES = [words('- - [a (b [ [1 ( [c [-'), words('+ + [foo (d [f (2 [c [z (\xff')];
const ODD_LEXES = [...words('a 1 -inf inf'), ''];
const NUMBERED = words('0 1 1 2 15');
const ODD_NUMBERED = ['99', '-1', 'a', '', '2147483648'];

/** Values by the name of an argument: the usual ones, and some that are odd. The rest go by type. */
const BY_NAME: Readonly<Record<string, readonly [readonly string[], readonly string[]]>> = {
  field: [words('f g a b c 1 name x y'), ['', LONG, '\0']],
  member: [words('a b c d e f 1 2 -5 foo 3.5 1000000'), ['', LONG, '\xff']],
  element: [ELEMENTS, ELEMENTS],
  pivot: [ELEMENTS, ELEMENTS],
  message: [ELEMENTS, ELEMENTS],
  score: [FLOATS, FLOAT_EDGES],
  weight: [words('1 2 0 -1 0.5 1e300 3'), words('inf -inf a nan')],
  longitude: [words('0 13.361389 15.087269 -122.4 179.999 -180 13.5 14'), words('180.1 a inf nan')],
  latitude: [words('0 38.115556 37.502669 85.05 -85.05 37.7 38 37.9'), words('85.06 -86 a nan')],
  radius: [words('0 1 100 200 50000 1e7 0.5'), words('-1 a nan inf')],
  width: [words('0 1 100 400 50000'), words('-1 a nan')],
  height: [words('0 1 100 400 50000'), words('-1 a nan')],
  encoding: [words('u8 i8 u1 i5 u16 i32 u63 i64 i1 u2 i7'), [...words('u64 i65 u0 x8 8 u i'), '']],
  offset: [words('0 1 2 5 7 8 16 33 100 1000 #0 #1 #3'), words('-1 #-1 a # 18446744073709551616')],
  bit: [words('0 1'), [...words('2 -1 a'), '']],
  bits: [words('0 1'), words('2 -1 a')],
  cursor: [words('0 0 0 0 1'), ['-1', 'a', '18446744073709551615', ' 0', '']],
  type: [words('string list hash set zset stream STRING'), ['junk', '']],
  id: [STREAM_IDS, ODD_IDS],
  threshold: [words('0 1 2 3 5 10 1-1 2-0 100'), words('-1 a 1-')],
  'last-id': [STREAM_IDS, ODD_IDS],
  lastid: [STREAM_IDS, ODD_IDS],
  'max-deleted-id': [STREAM_IDS, ODD_IDS],
  group: [words('g g g h'), ['', 'none']],
  consumer: [words('c d e'), ['']],
  'min-idle-time': [words('0 0 99999999999'), words('-1 a')],
  subcommand: [words('GETREG DECODE ENCODING TODENSE encoding'), ['junk']],
  'destination-db': [NUMBERED, ODD_NUMBERED],
  db: [NUMBERED, ODD_NUMBERED],
  index1: [NUMBERED, ODD_NUMBERED],
  index2: [NUMBERED, ODD_NUMBERED],
  timeout: [words('0.001 0.002 0.0005'), [...words('-1 a nan inf 1e400'), '']],
  milliseconds: [words('1 2'), words('-1 a')],
  'connection-name': [
    ['name', ''],
    ['a b', '\xe9'],
  ],
  frequency: [words('0 1 255'), words('256 -1 a')],
};

/** What fills keys: {} is a key of the group, other words in braces are values by their name. */
const FILLS: Readonly<Record<string, readonly string[]>> = {
  string: ['SET {} {count}', 'SET {} {element}', 'MSET {} {element} {} {score} {} {count}'],
  bitmap: ['SETBIT {} 77 1', 'SET {} foobar', 'BITFIELD {} SET u8 #1 {count} SET i16 40 {count}'],
  hyperloglog: ['PFADD {} {element} {element} {element}', 'PFADD {} {member} {field} {score}'],
  list: ['RPUSH {} {element} {element} {element} {element}', 'LPUSH {} {element} {member}'],
  hash: [
    'HSET {} {field} {element} {field} {count} {field} {score}',
    'HSET {} {element} {element}',
  ],
  set: ['SADD {} {member} {member} {member}', 'SADD {} {count} {count}', 'SADD {} {element}'],
  'sorted-set': [
    'ZADD {} {score} {member} {score} {member} {score} {member}',
    'ZADD {} {count} {member} {count} {member}',
    'ZADD {} {score} {element}',
  ],
  geo: ['GEOADD {} {longitude} {latitude} {member} {longitude} {latitude} {member}'],
  stream: [
    'XADD {} {next} {field} {element}',
    'XADD {} {next} {field} {element} {field} {count}',
    'XADD {} {next} f 1 g 2',
    'XGROUP CREATE {} {group} 0 MKSTREAM',
    'XREADGROUP GROUP {group} {consumer} COUNT 3 STREAMS {} >',
  ],
};

/** Deadlines are far, or long ago: no reply depends on when it is given. */
const FAR_SECONDS = 1_000_000;
const EPOCHS = words('0 1 -1 4102444800 5000000000 4102444801 9223372036854775 a');
const EPOCHS_MS = words(
  '0 1 -1 4102444800000 5000000000000 4102444800001 9223372036854775807 9223372036854775808 a 1000',
);

// ── The walk ────────────────────────────────────────────────────────────────────────────────────

const OPTION_CHANCE = 0.4;
const MUTATION_CHANCE = 0.07;
const ODD_CHANCE = 0.06;
/** How often a request only puts something there, for the others to find. */
const FILL_CHANCE = 0.15;
const [BY_RANK, BY_SCORE, BY_LEX] = [0, 1, 2];
/** How often a request is of the groups that the scene is about. */
const FOCUS_CHANCE = 0.7;
/** How often a key is one that the group likes. */
const OWN_KEY_CHANCE = 0.85;

/** Commands by weight. */
class Choice {
  readonly #commands: readonly Command[];
  readonly #sums: readonly number[];

  /** Of the first of them. */
  readonly group: string;

  constructor(commands: readonly Command[]) {
    let sum = 0;
    this.group = commands[0].group;
    this.#commands = commands;
    this.#sums = commands.map((command) => (sum += weightOf(command)));
  }

  draw(random: SeededRandom): Command {
    const at = (random.below(1 << 24) / (1 << 24)) * (this.#sums.at(-1) ?? 0);
    return this.#commands[this.#sums.findIndex((sum) => at < sum)];
  }
}

export class Grammar {
  readonly #commands: readonly Command[];
  readonly #all: Choice;
  readonly #ofGroup: readonly Choice[];
  /** Those that every type is to get along with. */
  readonly #generic: Choice;
  /** The groups that most requests of this scene are of. */
  #focus: readonly Choice[] = [];
  readonly #tokens: readonly string[];
  readonly #payloads: readonly string[];
  #random = new SeededRandom(0);
  /** Of the entries that XADD was to add in this scene. */
  #ids: string[] = [];
  /** Whether this request is XADD, whether it is XREADGROUP: their ids are of other kinds. */
  #adds = false;
  #reads = false;
  /** What ends of ranges are in this request: ranks, scores, names. */
  #rangeKind = 0;

  /** The commands to choose among, and what RESTORE can be given. */
  constructor(commands: readonly Command[], payloads: readonly string[]) {
    this.#commands = commands;
    this.#payloads = payloads;
    this.#all = new Choice(commands);
    const generic = commands.filter(({ group }) => group === 'generic');
    this.#generic = generic.length > 0 ? new Choice(generic) : this.#all;
    const groups = [...new Set(commands.map(({ group }) => group))];
    this.#ofGroup = groups
      .filter((group) => Object.hasOwn(KEYS, group))
      .map((group) => new Choice(commands.filter((command) => command.group === group)));
    const tokens = new Set<string>();
    const gather = ({ token, arguments: inner = [] }: Argument): void => {
      if (token !== undefined) tokens.add(token);
      inner.forEach(gather);
    };
    for (const command of commands) command.arguments.forEach(gather);
    this.#tokens = [...tokens];
  }

  /**
   * A run of requests on empty databases: first how large small values may be. What belongs
   * together, so that the state of both servers stays the same, is one unit.
   */
  scene(seed: number, size: number): Request[][] {
    this.#random = new SeededRandom(seed);
    this.#ids = [];
    this.#focus = [this.#pick(this.#ofGroup), this.#pick(this.#ofGroup)];
    const units: Request[][] = [this.#limits()];
    for (let count = 0; count < size; ) {
      const unit = this.#unit();
      units.push(unit);
      count += unit.length;
    }
    return units;
  }

  #limits(): Request[] {
    const isSmall = this.#chance(0.6);
    return LIMITS.map(([name, usual, few]) => [
      ...['CONFIG', 'SET', name, isSmall ? this.#pick(words(few)) : usual],
    ]);
  }

  #unit(): Request[] {
    if (this.#chance(FILL_CHANCE)) return [this.#fill(this.#pick(this.#focus).group)];
    const command = this.#command();
    let words = this.#request(command);
    if (this.#chance(MUTATION_CHANCE)) words = this.#mutated(words);
    const request = bounded(words);
    const { before, after } = aftermathOf(request);
    // What must come before or after may not be there (yet).
    const around = [...before, ...after];
    return around.every(([name]) => this.#isThere(name)) ? [...before, request, ...after] : [];
  }

  #fill(group: string): Request {
    this.#adds = true;
    return this.#pick(FILLS[group])
      .split(' ')
      .map((word) => {
        if (word === '{}') return this.#pick(KEYS[group]);
        if (word === '{count}') return this.#pick(SMALL);
        if (word === '{next}') return this.#id();
        return word.startsWith('{') ? this.#pick(BY_NAME[word.slice(1, -1)][0]) : word;
      });
  }

  #isThere(name: string): boolean {
    return this.#commands.some((command) => command.fullName === name.toLowerCase());
  }

  #command(): Command {
    const isFocused = this.#chance(FOCUS_CHANCE);
    const choice = isFocused
      ? this.#pick(this.#focus)
      : this.#chance(0.5)
        ? this.#generic
        : this.#all;
    return choice.draw(this.#random);
  }

  #request(command: Command): string[] {
    const { name } = command;
    this.#adds = name === 'xadd';
    this.#reads = name === 'xreadgroup';
    if (this.#chance(0.05)) this.#rangeKind = this.#random.below(3);
    else if (/lex/.test(name)) this.#rangeKind = BY_LEX;
    else if (/score|zcount/.test(name)) this.#rangeKind = BY_SCORE;
    else this.#rangeKind = /^zrange/.test(name) ? this.#random.below(3) : BY_RANK;
    const names =
      command.parent === undefined ? [command.name] : [command.parent.name, command.name];
    const words = names.map((name) => (this.#chance(0.8) ? name.toUpperCase() : this.#cased(name)));
    // COMMAND GETKEYS takes a request.
    if (/^command\|getkeys/.test(command.fullName))
      return [...words, ...this.#request(this.#command())];
    words.push(...this.#sequence(command.arguments, command.group));
    if (!/^zrange(store)?$/.test(name) || this.#chance(0.2)) return words;
    // The ends say what they are.
    const token = ['', 'BYSCORE', 'BYLEX'][this.#rangeKind];
    return [...words.filter((word) => !/^by(score|lex)$/i.test(word)), ...(token ? [token] : [])];
  }

  #sequence(all: readonly Argument[], group: string): string[] {
    const parts: string[][] = [];
    /** How many keys came, for the ids that follow them. */
    let keyCount = 0;
    let first = -1;
    // Many of them mostly exclude each other.
    const optionCount = all.filter(({ optional }) => optional).length;
    const optionChance = Math.min(OPTION_CHANCE, 0.9 / optionCount);
    for (let i = 0; i < all.length; i++) {
      const argument = all[i];
      const next = all[i + 1];
      if (argument.optional) {
        if (first < 0) first = parts.length;
        if (this.#chance(optionChance)) parts.push(this.#argument(argument, group));
        continue;
      }
      if (first >= 0) this.#shuffleSome(parts, first);
      first = -1;
      if (argument.name === 'numkeys' && next?.type === 'key') {
        const keys = this.#argument(next, group);
        const count = this.#chance(0.95) ? String(keys.length) : this.#pick([...SMALL, 'a', '']);
        parts.push([count], keys);
        i++;
      } else if (argument.type === 'key' && argument.multiple) {
        const keys = this.#argument(argument, group);
        keyCount = keys.length;
        parts.push(keys);
      } else if (keyCount > 0 && argument.multiple && argument.name === 'id') {
        const count = this.#chance(0.95) ? keyCount : 1 + this.#random.below(3);
        parts.push(Array.from({ length: count }, () => this.#value(argument, group)));
      } else {
        parts.push(this.#argument(argument, group));
      }
    }
    // Options may come in any order, mostly.
    if (first >= 0) this.#shuffleSome(parts, first);
    return parts.flat();
  }

  #shuffleSome(parts: string[][], from: number): void {
    if (!this.#chance(0.3)) return;
    for (let i = parts.length - 1; i > from; i--) {
      const other = from + this.#random.below(i - from + 1);
      [parts[i], parts[other]] = [parts[other], parts[i]];
    }
  }

  #argument(argument: Argument, group: string): string[] {
    const times = argument.multiple ? this.#times() : 1;
    const words: string[] = [];
    for (let i = 0; i < times; i++) {
      if (argument.token !== undefined && (i === 0 || argument.multipleToken)) {
        words.push(this.#chance(0.85) ? argument.token : this.#cased(argument.token));
      }
      if (argument.type === 'pure-token') continue;
      const { arguments: inner = [] } = argument;
      if (argument.type === 'oneof') words.push(...this.#argument(this.#choice(inner), group));
      else if (argument.type === 'block') words.push(...this.#sequence(inner, group));
      else words.push(this.#value(argument, group));
    }
    return words;
  }

  #choice(from: readonly Argument[]): Argument {
    const choice = this.#pick(from);
    // What an id of the server's makes can not be kept.
    return choice.token === '*' && this.#chance(0.9) ? from[from.length - 1] : choice;
  }

  #times(): number {
    const at = this.#random.below(100);
    if (at < 50) return 1;
    return at < 97 ? 2 + this.#random.below(3) : 5 + this.#random.below(12);
  }

  #value(argument: Argument, group: string): string {
    const name = argument.display ?? argument.name;
    if (argument.type === 'key') return this.#key(group);
    const token = argument.token ?? '';
    if (token === 'BY' || token === 'GET') {
      if (argument.type === 'pattern' || argument.type === 'string')
        return this.#pick(SORT_PATTERNS);
    }
    if (name === 'serialized-value') return this.#pick(this.#payloads);
    if (/^(seconds|ttl)$/.test(name)) return this.#far(FAR_SECONDS);
    if (name === 'milliseconds' && token !== 'BLOCK') return this.#far(FAR_SECONDS * 1000);
    if (/^unix-time-m|^ms-time/.test(name)) return this.#pick(EPOCHS_MS);
    if (/^unix-time/.test(name)) return this.#pick(token === 'PXAT' ? EPOCHS_MS : EPOCHS);
    if (/^(start|end|stop|min|max)$/.test(name)) {
      if (group === 'stream')
        return this.#chance(0.3) ? this.#id() : this.#either(STREAM_IDS, ODD_IDS, 0.4);
      if (group === 'sorted-set') return this.#rangeEnd(name);
    }
    if (name === 'id' && this.#reads && this.#chance(0.6)) return '>';
    if (name === 'id' && this.#chance(0.6)) return this.#id();
    if (group === 'bitmap' && name === 'value') return this.#either(...BY_NAME.bit);
    if (Object.hasOwn(BY_NAME, name)) {
      // Among ids the odd ones are as good as the others.
      return this.#either(...BY_NAME[name], name === 'id' ? 0.2 : ODD_CHANCE);
    }
    switch (argument.type) {
      case 'integer':
        return this.#integer();
      case 'double':
        return this.#either(FLOATS, FLOAT_EDGES);
      case 'pattern':
        return this.#pick(PATTERNS);
      default:
        // Strings are numbers as often as not, or nothing could be added to them.
        return this.#chance(0.5)
          ? this.#pick(ELEMENTS)
          : this.#pick(this.#chance(0.5) ? SMALL : FLOATS);
    }
  }

  #either(usual: readonly string[], odd: readonly string[], chance = ODD_CHANCE): string {
    return this.#pick(this.#chance(chance) ? odd : usual);
  }

  /** For XADD a greater one than before; for the others one of those. */
  #id(): string {
    if (!this.#adds) return this.#ids.length > 0 ? this.#pick(this.#ids) : this.#pick(STREAM_IDS);
    const time = 10 * (this.#ids.length + 1) + this.#random.below(5);
    this.#ids.push(this.#chance(0.2) ? `${time}` : `${time}-${this.#random.below(4)}`);
    return this.#chance(0.1) ? `${time}-*` : (this.#ids.at(-1) ?? '');
  }

  /** By rank, by score or in order: both ends of a range are mostly of one kind. */
  #rangeEnd(name: string): string {
    if (this.#rangeKind === BY_RANK) return this.#integer();
    const side = this.#chance(0.1) ? this.#random.below(2) : /^(start|min)$/.test(name) ? 0 : 1;
    if (this.#rangeKind === BY_SCORE) return this.#either(SCORES[side], ODD_SCORES);
    return this.#either(LEXES[side], ODD_LEXES);
  }

  #key(group: string): string {
    const own = KEYS[group];
    return own !== undefined && this.#chance(OWN_KEY_CHANCE)
      ? this.#pick(own)
      : this.#pick(ALL_KEYS);
  }

  #integer(): string {
    const at = this.#random.below(100);
    if (at < 88) return this.#pick(SMALL);
    if (at < 96) return this.#pick(INTEGER_EDGES);
    return this.#pick(at < 98 ? ODD_NUMBERS : FLOATS);
  }

  /** A time to live: no two the same, or one could be the later of two by a millisecond. */
  #far(from: number): string {
    const at = this.#random.below(100);
    if (at < 75) return String(from + this.#random.below(8 * from));
    if (at < 85) return this.#pick(['0', '-1', '-100']);
    return this.#pick([...INTEGER_EDGES, ...ODD_NUMBERS]);
  }

  // ── Mutations ─────────────────────────────────────────────────────────────────────────────────

  #mutated(words: readonly string[]): string[] {
    const mutant = [...words];
    const at = this.#random.below(mutant.length);
    const other = this.#random.below(mutant.length);
    switch (this.#random.below(8)) {
      case 0:
        // The name stays, or there is no request.
        if (at > 0) mutant.splice(at, 1);
        break;
      case 1:
        mutant.splice(at, 0, mutant[at]);
        break;
      case 2:
        mutant.splice(at + 1, 0, this.#anything());
        break;
      case 3:
        if (at > 0) mutant[at] = this.#anything();
        break;
      case 4:
        if (at > 0 && other > 0) [mutant[at], mutant[other]] = [mutant[other], mutant[at]];
        break;
      case 5:
        mutant.length = Math.max(1, at);
        break;
      case 6:
        mutant.push(this.#anything());
        break;
      default:
        mutant[at] = this.#cased(mutant[at]);
    }
    return mutant;
  }

  #anything(): string {
    switch (this.#random.below(6)) {
      case 0:
        return this.#pick(this.#tokens);
      case 1:
        return this.#pick(ELEMENTS);
      case 2:
        return this.#pick(FLOAT_EDGES);
      case 3:
        return this.#pick(ODD_NUMBERS);
      case 4:
        return this.#pick(ALL_KEYS);
      default:
        return this.#integer();
    }
  }

  /** Letters of either case; ASCII alone has one byte for each. */
  #cased(text: string): string {
    return text.replace(/[a-z]/gi, (letter) =>
      this.#chance(0.5) ? letter.toUpperCase() : letter.toLowerCase(),
    );
  }

  #chance(probability: number): boolean {
    return this.#random.below(1 << 20) < probability * (1 << 20);
  }

  #pick<T>(from: readonly T[]): T {
    return from[this.#random.below(from.length)];
  }
}
