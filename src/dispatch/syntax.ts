/**
 * Usage lines: what `SET key value [NX | XX] [EX seconds | PX milliseconds]` says.
 *
 *   WORD           a token that stands for itself        word             a value
 *   WORD word …    a token and its values                a | b            one of
 *   [ … ]          optional                              < … >            required, as one
 *   x [x ...]      once or more                          WORD x [WORD x ...]
 *   [x [x ...]]    any number                                             each with its token
 *
 * Two steps. The line becomes words and groups; then a walk over them makes arguments, looking
 * ahead for a group that repeats what stands before it. From the tree follow the arity, where the
 * keys are, and the arguments of COMMAND DOCS. Names and types that the line does not show are a
 * matter of convention (the tables below); a definition notes where Redis has them otherwise.
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
  /** The word shown in the usage line, where that is not the name. */
  readonly display?: string;
  readonly token?: string;
  readonly since?: string;
  readonly deprecatedSince?: string;
  /** Of a key: which key spec finds it. */
  readonly keySpec?: number;
  readonly optional?: boolean;
  readonly multiple?: boolean;
  /** Whether each repetition begins with the token. */
  readonly multipleToken?: boolean;
  /** Alternatives of a oneof, parts of a block. */
  readonly arguments?: readonly Argument[];
}

/** What COMMAND DOCS says of an argument otherwise than the usage line would have it. */
export interface ArgumentNote {
  readonly name?: string;
  readonly type?: ArgumentType;
  readonly display?: string;
  readonly since?: string;
  readonly deprecatedSince?: string;
  readonly keySpec?: number;
}

/** Notes by token (`EX`), else by the name that follows from the line; `where 2` is the second. */
export type ArgumentNotes = Readonly<Record<string, ArgumentNote>>;

/** Where keys are: the first of a range, or the count in front of them. */
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

// ── Conventions ─────────────────────────────────────────────────────────────────────────────────

const TYPES: ReadonlyMap<string, ArgumentType> = new Map(
  (
    [
      ['key', 'key key1 key2 newkey source destination destkey sourcekey src dst'],
      ['double', 'height latitude longitude radius score timeout width'],
      ['pattern', 'pattern'],
      ['unix-time', 'unix-time unix-time-seconds unix-time-milliseconds'],
      [
        'integer',
        'bit bits client-id count cursor db decrement destination-db end entries-added ' +
          'entries-read frequency increment index index1 index2 len limit milliseconds ' +
          'min-match-len ms num-matches numkeys numlocal numreplicas offset port protover rank ' +
          'seconds start stop ttl version weight',
      ],
    ] as const
  ).flatMap(([type, names]) => names.split(' ').map((name) => [name, type] as const)),
);

/** Names of choices, by what can be chosen. */
const CHOICES: ReadonlyMap<string, string> = new Map([
  ['* id', 'id-selector'],
  ['= ~', 'operator'],
  ['ASC DESC', 'order'],
  ['ASYNC SYNC', 'flush-type'],
  ['BEFORE AFTER', 'where'],
  ['BYRADIUS BYBOX', 'by'],
  ['BYSCORE BYLEX', 'sortby'],
  ['BYTE BIT', 'unit'],
  ['EX PX EXAT PXAT KEEPTTL', 'expiration'],
  ['EX PX EXAT PXAT PERSIST', 'expiration'],
  ['EX PX', 'expiration'],
  ['FROMMEMBER FROMLONLAT', 'from'],
  ['GT LT', 'comparison'],
  ['LEFT RIGHT', 'where'],
  ['MAXLEN MINID', 'strategy'],
  ['MIN MAX', 'where'],
  ['NX XX', 'condition'],
  ['NX XX GT LT', 'condition'],
  ['ON OFF', 'enabled'],
  ['STORE STOREDIST', 'store'],
  ['YES NO', 'mode'],
  ['M KM FT MI', 'unit'],
  ['id $', 'id-selector'],
]);

/** Names of tokens that are not the token in lower case. */
const TOKENS: ReadonlyMap<string, string> = new Map([
  ['""', 'empty-string'],
  ['$', 'new-id'],
  ['*', 'auto-id'],
  ['=', 'equal'],
  ['~', 'approximately'],
]);

/** Names of blocks, by their first word. */
const BLOCKS: ReadonlyMap<string, string> = new Map([
  ['BYBOX', 'box'],
  ['BYRADIUS', 'circle'],
  ['count', 'options'],
  ['end', 'end-unit-block'],
  ['start', 'range'],
  ['strategy', 'trim'],
]);

/** The one command whose first argument is a token and that is no container. */
const NOT_A_CONTAINER = 'XREADGROUP';

// ── Words and groups ────────────────────────────────────────────────────────────────────────────

interface Word {
  readonly kind: 'token' | 'value';
  /** As written: equal texts are equal arguments. */
  readonly text: string;
}

interface Group {
  readonly kind: 'optional' | 'required';
  readonly text: string;
  readonly alternatives: readonly (readonly Node[])[];
  /** Ends in `...`. */
  readonly repeats: boolean;
}

type Node = Word | Group;

const CLOSING: Record<string, string> = { '[': ']', '<': '>' };

function textOf(nodes: readonly Node[]): string {
  return nodes.map((node) => node.text).join(' ');
}

function readGroup(words: string[], open: string): Group {
  const alternatives: Node[][] = [[]];
  let repeats = false;
  for (;;) {
    const word = words.shift();
    const last = alternatives[alternatives.length - 1];
    if (word === CLOSING[open]) break;
    if (word === undefined) throw new Error(`no ${CLOSING[open]} in a usage line`);
    if (word === '...') repeats = true;
    else if (word === '|') alternatives.push([]);
    else if (word in CLOSING) last.push(readGroup(words, word));
    else last.push({ kind: isToken(word) ? 'token' : 'value', text: word });
  }
  const inner = alternatives.map(textOf).join(' | ');
  const text = `${open}${inner}${repeats ? ' ...' : ''}${CLOSING[open]}`;
  return { kind: open === '[' ? 'optional' : 'required', text, alternatives, repeats };
}

function isToken(word: string): boolean {
  return /^([A-Z][A-Z0-9-]*|""|[*=~$])$/.test(word);
}

function readLine(line: string): readonly Node[] {
  const words = `${line} ]`
    .replace(/([[\]<>|])/g, ' $1 ')
    .trim()
    .split(/\s+/);
  const { alternatives, repeats } = readGroup(words, '[');
  if (words.length > 0 || repeats || alternatives.length > 1) throw new Error(`odd line: ${line}`);
  return alternatives[0];
}

// ── Arguments ───────────────────────────────────────────────────────────────────────────────────

function build(nodes: readonly Node[]): Argument[] {
  const built: Argument[] = [];
  for (let i = 0; i < nodes.length; ) {
    const repetition = repetitionFrom(nodes, i);
    const size = repetition ?? unitSize(nodes, i);
    const unit = nodes.slice(i, i + size);
    const argument = whole(repetition === undefined ? buildUnit(unit) : buildRepeated(unit));
    built.push(repetition === undefined ? argument : { ...argument, multiple: true });
    i += repetition === undefined ? size : size + 1;
  }
  return built;
}

/** How many nodes from `i` on are repeated by the group right behind them, if they are. */
function repetitionFrom(nodes: readonly Node[], i: number): number | undefined {
  for (let end = i + 1; end < nodes.length; end++) {
    const node = nodes[end];
    if (node.kind !== 'optional' || !node.repeats) continue;
    if (node.text === `[${textOf(nodes.slice(i, end))} ...]`) return end - i;
  }
  return undefined;
}

/** How many nodes from `i` on make one argument: a token takes the values behind it. */
function unitSize(nodes: readonly Node[], i: number): number {
  if (nodes[i].kind !== 'token') return 1;
  if (nodes[i + 1]?.kind === 'required') return 2;
  let end = i + 1;
  while (end < nodes.length && isValues(nodes[end])) end++;
  // In `BYBOX width height <M | KM>` the whole belongs to the token: it stands with the first.
  return nodes[end]?.kind === 'required' ? Math.min(end - i, 2) : end - i;
}

function isValues(node: Node): boolean {
  return node.kind === 'value' || (node.kind === 'optional' && node.repeats);
}

/** Builds what is repeated; a token in front is repeated too. */
function buildRepeated(nodes: readonly Node[]): Argument[] {
  const built = build(nodes);
  const isOne = built.length === 1 && nodes[0].kind === 'token';
  return isOne ? [{ ...built[0], multipleToken: true }] : built;
}

function buildUnit(nodes: readonly Node[]): Argument[] {
  const [head, ...rest] = nodes;
  if (head.kind === 'value') return [{ name: head.text, type: typeOf(head.text) }];
  if (head.kind === 'token') {
    const name = TOKENS.get(head.text) ?? head.text.toLowerCase();
    const token = head.text === '""' ? '' : head.text;
    if (rest.length === 0) return [{ name, type: 'pure-token', token }];
    const values = build(rest);
    if (values.length === 1) {
      const [value] = values;
      return [value.type === 'oneof' ? { ...value, name, token } : { ...value, token }];
    }
    return [{ name, type: 'block', token, arguments: values }];
  }
  const built = buildGroup(head as Group);
  return [head.kind === 'optional' ? { ...built, optional: true } : built];
}

function buildGroup({ alternatives, repeats }: Group): Argument {
  const built = alternatives.map((nodes) => whole(build(nodes)));
  const choice = alternatives.map((nodes) => nodes[0].text).join(' ');
  const argument: Argument =
    built.length === 1
      ? built[0]
      : { name: CHOICES.get(choice) ?? nameOfChoice(built), type: 'oneof', arguments: built };
  return repeats ? { ...argument, multiple: true } : argument;
}

function nameOfChoice(choices: readonly Argument[]): string {
  return choices.map(({ name }) => name).join('-');
}

/** One argument, or a block of several. */
function whole(items: readonly Argument[]): Argument {
  if (items.length === 1) return items[0];
  const [first] = items;
  const word = first.token ?? first.name;
  const name = first.token === undefined ? 'data' : `${first.token.toLowerCase()}-block`;
  return { name: BLOCKS.get(word) ?? name, type: 'block', arguments: items };
}

function typeOf(name: string): ArgumentType {
  return TYPES.get(name) ?? 'string';
}

// ── Notes ───────────────────────────────────────────────────────────────────────────────────────

/** Applies the notes of a definition; throws for one that meets nothing or says nothing new. */
function annotate(args: readonly Argument[], notes: ArgumentNotes): Argument[] {
  const left = new Map(Object.entries(notes));
  const seen = new Map<string, number>();
  const apply = (argument: Argument): Argument => {
    const own = argument.token ?? argument.name;
    const times = (seen.get(own) ?? 0) + 1;
    seen.set(own, times);
    const key = times === 1 ? own : `${own} ${times}`;
    const note = left.get(key);
    left.delete(key);
    const inner = argument.arguments?.map(apply);
    const whole = inner === undefined ? argument : { ...argument, arguments: inner };
    if (note === undefined) return whole;
    for (const [field, value] of Object.entries(note)) {
      if (argument[field as keyof ArgumentNote] === value) {
        throw new Error(`the ${field} of ${key} follows from the syntax, remove it`);
      }
    }
    const isShown = argument.arguments === undefined && argument.type !== 'pure-token';
    const display = note.name !== undefined && isShown ? { display: argument.name } : {};
    return { ...whole, ...display, ...note };
  };
  const annotated = args.map(apply);
  for (const key of left.keys()) throw new Error(`a note on ${key}, which the syntax has not`);
  return annotated;
}

// ── Arity and keys ──────────────────────────────────────────────────────────────────────────────

/** Words an argument takes at least. */
function sizeOf(argument: Argument): number {
  if (argument.optional) return 0;
  const own = argument.token === undefined ? 0 : 1;
  const sizes = (argument.arguments ?? []).map(sizeOf);
  if (argument.type === 'oneof') return own + Math.min(...sizes);
  if (argument.type === 'block') return own + sizes.reduce((sum, size) => sum + size, 0);
  return argument.type === 'pure-token' ? 1 : own + 1;
}

/** Whether it can take more. */
function isOpen(argument: Argument): boolean {
  const { type, arguments: inner = [] } = argument;
  const isUneven = type === 'oneof' && new Set(inner.map(sizeOf)).size > 1;
  return Boolean(argument.optional || argument.multiple) || isUneven || inner.some(isOpen);
}

/** Keys at a place that the number of arguments tells; what tokens or options lead to is not. */
function keyPlaces(args: readonly Argument[], first: number): KeyPlace[] {
  const places: KeyPlace[] = [];
  let index = first;
  for (let i = 0; i < args.length; i++) {
    const argument = args[i];
    if (argument.name === 'numkeys' && args[i + 1]?.type === 'key') {
      places.push({ keyNumIndex: index });
      break;
    }
    const { type, token, multiple = false, optional = false, arguments: inner = [] } = argument;
    const isBlock = type === 'block' && inner[0].type === 'key';
    if ((type === 'key' || isBlock) && token === undefined && (multiple || !optional)) {
      const after = args.slice(i + 1).reduce((sum, next) => sum + sizeOf(next), 0);
      const lastKey = multiple ? -1 - after : 0;
      places.push({ index, lastKey, step: isBlock ? inner.length : 1 });
    }
    // Behind something of open size nothing has a fixed place.
    if (isOpen(argument)) break;
    index += sizeOf(argument);
  }
  return places;
}

/** Reads a usage line. */
export function parseSyntax(line: string, notes: ArgumentNotes = {}): Syntax {
  const [head, second] = line.split(' ', 2);
  const isSubcommand = second !== undefined && /^[A-Z]/.test(second) && head !== NOT_A_CONTAINER;
  const words = isSubcommand ? [head, second] : [head];
  const args = annotate(build(readLine(line.slice(words.join(' ').length))), notes);
  const size = args.reduce((sum, argument) => sum + sizeOf(argument), words.length);
  return {
    words,
    arguments: args,
    arity: args.some(isOpen) ? -size : size,
    keys: keyPlaces(args, words.length),
  };
}
