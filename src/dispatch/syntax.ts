/**
 * Usage lines: what `SET key value [NX | XX] [EX seconds | PX milliseconds]` says.
 *
 *   WORD            a token that stands for itself          word      a value
 *   WORD word       a token and its value                   [ … ]     optional
 *   a | b           one of                                  < a | b > one of, required
 *   x [x ...]       once or more                            [x ...]   any number
 *   x y [x y ...]   pairs
 *
 * From the tree follow the arity, where the keys are, and the arguments of COMMAND DOCS.
 */

export type ArgumentType =
  | 'string'
  | 'integer'
  | 'double'
  | 'key'
  | 'pattern'
  | 'unix-time'
  | 'pure-token'
  | 'oneof'
  | 'block';

export interface Argument {
  readonly name: string;
  readonly type: ArgumentType;
  readonly token?: string;
  readonly optional?: boolean;
  readonly multiple?: boolean;
  readonly arguments?: readonly Argument[];
}

/** Where keys are, as key specs of COMMAND INFO say it. */
export type KeyPlace =
  | { readonly index: number; readonly lastKey: number; readonly step: number }
  | { readonly keyNumIndex: number };

export interface Syntax {
  /** Words of the name, as written: one, or container and subcommand. */
  readonly words: readonly string[];
  readonly arguments: readonly Argument[];
  /** As in COMMAND INFO: name included, negative for "at least". */
  readonly arity: number;
  readonly keys: readonly KeyPlace[];
}

/** Names of arguments that are keys. */
const KEY_NAMES = new Set(['key', 'key1', 'key2', 'newkey', 'source', 'destination']);

const TYPES: Record<string, ArgumentType> = {
  count: 'integer',
  cursor: 'integer',
  db: 'integer',
  decrement: 'integer',
  'destination-db': 'integer',
  end: 'integer',
  id: 'integer',
  increment: 'integer',
  index: 'integer',
  index1: 'integer',
  index2: 'integer',
  'min-match-len': 'integer',
  milliseconds: 'integer',
  numkeys: 'integer',
  offset: 'integer',
  pattern: 'pattern',
  protover: 'integer',
  seconds: 'integer',
  score: 'double',
  start: 'integer',
  timeout: 'integer',
};

function typeOf(name: string): ArgumentType {
  if (KEY_NAMES.has(name)) return 'key';
  if (name.startsWith('unix-time')) return 'unix-time';
  return TYPES[name] ?? 'string';
}

function isToken(word: string): boolean {
  return /^[A-Z"*~=!][A-Z0-9-]*$/.test(word);
}

class Reader {
  readonly #words: readonly string[];
  #at = 0;

  constructor(text: string) {
    this.#words = text
      .replace(/([[\]<>|])/g, ' $1 ')
      .trim()
      .split(/\s+/);
  }

  get peek(): string | undefined {
    return this.#words[this.#at];
  }

  next(): string {
    return this.#words[this.#at++];
  }

  /** Items up to a closing bracket or the end; `|` makes them alternatives. */
  group(): { items: Argument[]; repeats: boolean } {
    const alternatives: Argument[][] = [];
    let items: Argument[] = [];
    let repeats = false;
    while (this.peek !== undefined && this.peek !== ']' && this.peek !== '>') {
      const word = this.next();
      if (word === '|') {
        alternatives.push(items);
        items = [];
      } else if (word === '...') {
        repeats = true;
      } else if (word === '[' || word === '<') {
        const inner = this.group();
        this.next();
        merge(items, inner, word === '[');
      } else if (isToken(word)) {
        items.push(this.#token(word));
      } else {
        items.push({ name: word, type: typeOf(word) });
      }
    }
    if (alternatives.length === 0) return { items, repeats };
    alternatives.push(items);
    const choices = alternatives.map((choice) => (choice.length === 1 ? choice[0] : block(choice)));
    return { items: [{ name: nameOf(choices), type: 'oneof', arguments: choices }], repeats };
  }

  #token(word: string): Argument {
    const { peek } = this;
    const bare = word.replaceAll('"', '');
    if (peek === undefined || !/^[a-z]/.test(peek)) {
      return { name: bare.toLowerCase(), type: 'pure-token', token: bare };
    }
    const name = this.next();
    return { name, type: typeOf(name), token: bare };
  }
}

function nameOf(choices: readonly Argument[]): string {
  return choices.some((c) => c.token === 'EX')
    ? 'expiration'
    : choices.map((c) => c.name).join('-');
}

function block(items: readonly Argument[]): Argument {
  const [first] = items;
  return { name: first.token?.toLowerCase() ?? 'data', type: 'block', arguments: items };
}

/** Adds a bracketed group: a repetition of what stands before it, or something optional. */
function merge(
  items: Argument[],
  { items: inner, repeats }: { items: Argument[]; repeats: boolean },
  optional: boolean,
): void {
  if (repeats) {
    const before = items.slice(-inner.length);
    const same =
      before.length === inner.length && before.every((item, i) => item.name === inner[i].name);
    if (same) {
      items.splice(-inner.length);
      const repeated = inner.length === 1 ? before[0] : block(before);
      items.push({ ...repeated, multiple: true });
      return;
    }
  }
  const whole = inner.length === 1 ? inner[0] : block(inner);
  items.push({
    ...whole,
    ...(optional ? { optional: true } : {}),
    ...(repeats ? { multiple: true } : {}),
  });
}

/** Words an argument takes at least. */
function sizeOf(argument: Argument): number {
  if (argument.optional) return 0;
  const token = argument.token !== undefined && argument.type !== 'pure-token' ? 1 : 0;
  if (argument.type === 'oneof') return Math.min(...(argument.arguments ?? []).map(sizeOf));
  if (argument.type === 'block') {
    return (argument.arguments ?? []).reduce((sum, inner) => sum + sizeOf(inner), 0);
  }
  return token + 1;
}

function isOpen(argument: Argument): boolean {
  return (
    argument.optional === true ||
    argument.multiple === true ||
    (argument.arguments ?? []).some(isOpen)
  );
}

function keyPlaces(args: readonly Argument[], first: number): KeyPlace[] {
  const places: KeyPlace[] = [];
  let index = first;
  for (let i = 0; i < args.length; i++) {
    const argument = args[i];
    const after = args.slice(i + 1).reduce((sum, next) => sum + sizeOf(next), 0);
    if (argument.name === 'numkeys' && args[i + 1]?.type === 'key') {
      places.push({ keyNumIndex: index });
      break;
    }
    if (argument.type === 'key' && !argument.optional && argument.token === undefined) {
      const lastKey = argument.multiple ? -1 - after : 0;
      places.push({ index, lastKey, step: 1 });
    } else if (argument.type === 'block' && argument.multiple && !argument.optional) {
      const inner = argument.arguments ?? [];
      if (inner[0].type === 'key') places.push({ index, lastKey: -1 - after, step: inner.length });
    }
    // Behind something of open length nothing has a fixed place.
    if (isOpen(argument)) break;
    index += sizeOf(argument);
  }
  return places;
}

/** Reads a usage line. */
export function parseSyntax(line: string): Syntax {
  const [head, ...rest] = line.split(' ');
  const words = [head];
  // A second word in capitals right after the name is a subcommand: CONFIG GET.
  if (rest.length > 0 && /^[A-Z][A-Z-]*$/.test(rest[0]) && CONTAINERS.has(head)) {
    words.push(rest.shift() as string);
  }
  const { items } = new Reader(rest.join(' ')).group();
  const args = rest.length === 0 ? [] : items;
  const size = words.length + args.reduce((sum, argument) => sum + sizeOf(argument), 0);
  return {
    words,
    arguments: args,
    arity: args.some(isOpen) ? -size : size,
    keys: keyPlaces(args, words.length),
  };
}

/** Commands whose second word is part of their subcommands' names. */
const CONTAINERS = new Set([
  'ACL',
  'CLIENT',
  'CLUSTER',
  'COMMAND',
  'CONFIG',
  'FUNCTION',
  'LATENCY',
  'MEMORY',
  'MODULE',
  'OBJECT',
  'PUBSUB',
  'SCRIPT',
  'SLOWLOG',
  'XGROUP',
  'XINFO',
  'ZONE',
]);
