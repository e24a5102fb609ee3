/** COMMAND: what the server knows of its commands. */

import type { Call, Command } from '../../src/dispatch/call.ts';
import { CATEGORIES, FLAGS } from '../../src/dispatch/categories.ts';
import { family } from '../../src/dispatch/command.ts';
import { hasKeys, type KeySpec, keysOf } from '../../src/dispatch/keys.ts';
import type { Argument } from '../../src/dispatch/syntax.ts';
import { errors } from '../../src/resp/errors.ts';
import type { Reply } from '../../src/resp/reply.ts';
import { latin1Bytes } from '../../src/std/ascii.ts';
import { matchGlob } from '../../src/std/glob.ts';

const { command, container } = family('server');

const ABOUT_ALL = ['nondeterministic_output_order'];

// ── COMMAND and COMMAND INFO ────────────────────────────────────────────────────────────────────

/** A set of names as simple strings. */
function writeNames(reply: Reply, names: readonly string[], prefix = ''): void {
  reply.set(names.length);
  for (const name of names) reply.simple(`${prefix}${name}`);
}

/** A map of names to integers or texts. */
function writeMap(reply: Reply, pairs: readonly (readonly [string, number | string])[]): void {
  reply.map(pairs.length);
  for (const [name, value] of pairs) {
    reply.bulkText(name);
    if (typeof value === 'number') reply.integer(value);
    else reply.bulkText(value);
  }
}

function writeStep(
  reply: Reply,
  type: string,
  spec: readonly (readonly [string, number | string])[],
) {
  reply.map(2);
  reply.bulkText('type');
  reply.bulkText(type);
  reply.bulkText('spec');
  writeMap(reply, spec);
}

function writeKeySpec(reply: Reply, { flags, notes, begin, find }: KeySpec): void {
  reply.map(notes === undefined ? 3 : 4);
  if (notes !== undefined) {
    reply.bulkText('notes');
    reply.bulkText(notes);
  }
  reply.bulkText('flags');
  writeNames(reply, flags);
  reply.bulkText('begin_search');
  if (begin.type === 'index') writeStep(reply, 'index', [['index', begin.index]]);
  else if (begin.type === 'unknown') writeStep(reply, 'unknown', []);
  else {
    const { keyword, startFrom } = begin;
    writeStep(reply, 'keyword', [
      ['keyword', keyword],
      ['startfrom', startFrom],
    ]);
  }
  reply.bulkText('find_keys');
  if (find.type === 'unknown') writeStep(reply, 'unknown', []);
  else if (find.type === 'range') {
    writeStep(reply, 'range', [
      ['lastkey', find.lastKey],
      ['keystep', find.step],
      ['limit', find.limit],
    ]);
  } else {
    writeStep(reply, 'keynum', [
      ['keynumidx', find.keyNumIndex],
      ['firstkey', find.firstKey],
      ['keystep', find.step],
    ]);
  }
}

function writeInfo(reply: Reply, of: Command): void {
  const { first, last, step } = of.legacyRange;
  reply.array(10);
  reply.bulkText(of.fullName);
  reply.integer(of.arity);
  writeNames(
    reply,
    FLAGS.filter((flag) => of.flags.has(flag)),
  );
  reply.integer(first);
  reply.integer(last);
  reply.integer(step);
  writeNames(reply, of.categories, '@');
  reply.set(of.tips.length);
  for (const tip of of.tips) reply.bulkText(tip);
  reply.set(of.keySpecs.length);
  for (const spec of of.keySpecs) writeKeySpec(reply, spec);
  // What has none answers with an empty set, as Redis.
  if (of.subcommands.size === 0) reply.set(0);
  else reply.array(of.subcommands.size);
  for (const subcommand of of.subcommands.values()) writeInfo(reply, subcommand);
}

function writeAll({ reply, instance }: Call): void {
  const { commands } = instance.registry;
  reply.array(commands.length);
  for (const each of commands) writeInfo(reply, each);
}

export const commandContainer = container({
  name: 'COMMAND',
  summary: 'Tells about all commands.',
  since: '2.8.13',
  help: [
    '(no subcommand)',
    '    Return details about all Redis commands.',
    'COUNT',
    '    Return the total number of commands in this Redis server.',
    'LIST',
    '    Return a list of all commands in this Redis server.',
    'INFO [<command-name> ...]',
    '    Return details about multiple Redis commands.',
    '    If no command names are given, documentation details for all',
    '    commands are returned.',
    'DOCS [<command-name> ...]',
    '    Return documentation details about multiple Redis commands.',
    '    If no command names are given, documentation details for all',
    '    commands are returned.',
    'GETKEYS <full-command>',
    '    Return the keys from a full Redis command.',
    'GETKEYSANDFLAGS <full-command>',
    '    Return the keys and the access flags from a full Redis command.',
  ],
  helpSince: '5.0.0',
  helpCategories: ['connection'],
  command: {
    complexity: 'O(N) where N is the total number of Redis commands',
    flags: ['loading', 'stale'],
    categories: ['connection'],
    arity: -1, // Alone it is a command, and its arguments are those of subcommands.
    tips: ABOUT_ALL,
    run: writeAll,
  },
});

export const commandInfo = command({
  syntax: 'COMMAND INFO [command-name [command-name ...]]',
  summary: 'Tells name, arity, flags, keys and categories of commands.',
  since: '2.8.13',
  complexity: 'O(N) where N is the number of commands to look up',
  flags: ['loading', 'stale'],
  categories: ['connection'],
  tips: ABOUT_ALL,
  history: [['7.0.0', 'Allowed to be called with no argument to get info on all commands.']],
  run(call) {
    const { argv, reply, instance } = call;
    if (argv.count === 2) return writeAll(call);
    reply.array(argv.count - 2);
    for (let i = 2; i < argv.count; i++) {
      const found = instance.registry.inUse(argv.text(i));
      if (found === undefined) reply.null();
      else writeInfo(reply, found);
    }
  },
});

export const commandCount = command({
  syntax: 'COMMAND COUNT',
  summary: 'Counts the commands.',
  since: '2.8.13',
  complexity: 'O(1)',
  flags: ['loading', 'stale'],
  categories: ['connection'],
  run({ reply, instance }) {
    reply.integer(instance.registry.commands.length);
  },
});

// ── COMMAND DOCS ────────────────────────────────────────────────────────────────────────────────

/** Pairs of a map whose size is not known before they are: a name, and what writes its value. */
type Fields = [name: string, write: () => void][];

function writeFields(reply: Reply, fields: Fields): void {
  reply.map(fields.length);
  for (const [name, write] of fields) {
    reply.bulkText(name);
    write();
  }
}

function argumentFields(reply: Reply, argument: Argument): Fields {
  const { name, display = name, keySpec, token, since, deprecatedSince } = argument;
  const inner = argument.arguments;
  const flags = [
    ...(argument.optional ? ['optional'] : []),
    ...(argument.multiple ? ['multiple'] : []),
    ...(argument.multipleToken ? ['multiple_token'] : []),
  ];
  const fields: Fields = [];
  const text = (field: string, value: string | undefined) => {
    if (value !== undefined) fields.push([field, () => reply.bulkText(value)]);
  };
  text('name', name);
  text('type', argument.type);
  if (inner === undefined) text('display_text', display);
  if (keySpec !== undefined) fields.push(['key_spec_index', () => reply.integer(keySpec)]);
  text('token', token);
  text('since', since);
  text('deprecated_since', deprecatedSince);
  if (flags.length > 0) fields.push(['flags', () => writeNames(reply, flags)]);
  if (inner !== undefined) fields.push(['arguments', () => writeArguments(reply, inner)]);
  return fields;
}

function writeArguments(reply: Reply, list: readonly Argument[]): void {
  reply.array(list.length);
  for (const argument of list) writeFields(reply, argumentFields(reply, argument));
}

function writeHistory(reply: Reply, history: Command['history']): void {
  reply.set(history.length);
  for (const [since, change] of history) {
    reply.array(2);
    reply.bulkText(since);
    reply.bulkText(change);
  }
}

function writeDocs(reply: Reply, of: Command): void {
  const { deprecated, history, subcommands, isSystem, complexity } = of;
  const marks = [
    ...(deprecated === undefined ? [] : ['deprecated']),
    ...(isSystem ? ['syscmd'] : []),
  ];
  const fields: Fields = [
    ['summary', () => reply.bulkText(of.summary)],
    ['since', () => reply.bulkText(of.since)],
    ['group', () => reply.bulkText(of.group)],
  ];
  if (complexity !== undefined) fields.push(['complexity', () => reply.bulkText(complexity)]);
  if (marks.length > 0) fields.push(['doc_flags', () => writeNames(reply, marks)]);
  if (deprecated !== undefined) {
    fields.push(['deprecated_since', () => reply.bulkText(deprecated.since)]);
    fields.push(['replaced_by', () => reply.bulkText(deprecated.use)]);
  }
  if (history.length > 0) fields.push(['history', () => writeHistory(reply, history)]);
  if (of.arguments.length > 0) {
    fields.push(['arguments', () => writeArguments(reply, of.arguments)]);
  }
  if (subcommands.size > 0) {
    fields.push(['subcommands', () => writeAllDocs(reply, [...subcommands.values()])]);
  }
  writeFields(reply, fields);
}

function writeAllDocs(reply: Reply, list: readonly Command[]): void {
  reply.map(list.length);
  for (const each of list) {
    reply.bulkText(each.fullName);
    writeDocs(reply, each);
  }
}

export const commandDocs = command({
  syntax: 'COMMAND DOCS [command-name [command-name ...]]',
  summary: 'Documents commands: summary, arguments, history.',
  since: '7.0.0',
  complexity: 'O(N) where N is the number of commands to look up',
  flags: ['loading', 'stale'],
  categories: ['connection'],
  tips: ABOUT_ALL,
  run({ argv, reply, instance }) {
    const { registry } = instance;
    if (argv.count === 2) return writeAllDocs(reply, registry.commands);
    const found: Command[] = [];
    for (let i = 2; i < argv.count; i++) {
      const named = registry.inUse(argv.text(i));
      if (named !== undefined) found.push(named);
    }
    writeAllDocs(reply, found);
  },
});

// ── COMMAND LIST ────────────────────────────────────────────────────────────────────────────────

/** What FILTERBY lets through. There are no modules, so none has a command. */
function filterOf({ argv, args }: Call): (of: Command) => boolean {
  args.begin(2);
  if (args.atEnd) return () => true;
  if (!args.token('FILTERBY') || args.remaining !== 2) throw errors.syntax;
  if (args.token('MODULE')) return () => false;
  if (args.token('ACLCAT')) {
    const name = args.text().toLowerCase();
    const category = CATEGORIES.find((each) => each === name);
    return (of) => category !== undefined && of.categories.includes(category);
  }
  if (!args.token('PATTERN')) throw errors.syntax;
  const pattern = argv.copy(args.index());
  return ({ fullName }) => {
    const name = latin1Bytes(fullName);
    return matchGlob(pattern, 0, pattern.length, name, 0, name.length, true);
  };
}

export const commandList = command({
  syntax: 'COMMAND LIST [FILTERBY <MODULE module-name | ACLCAT category | PATTERN pattern>]',
  summary: 'Lists the names of commands.',
  since: '7.0.0',
  complexity: 'O(N) where N is the total number of Redis commands',
  flags: ['loading', 'stale'],
  categories: ['connection'],
  tips: ABOUT_ALL,
  run(call) {
    const { reply, instance } = call;
    const passes = filterOf(call);
    const names: string[] = [];
    for (const command of instance.registry.commands) {
      for (const each of [command, ...command.subcommands.values()]) {
        if (passes(each)) names.push(each.fullName);
      }
    }
    reply.array(names.length);
    for (const name of names) reply.bulkText(name);
  },
});

// ── COMMAND GETKEYS ─────────────────────────────────────────────────────────────────────────────

function writeKeys({ argv, reply, instance }: Call, withFlags: boolean): void {
  const { registry } = instance;
  let named = registry.find(argv, 2);
  if (named !== undefined && named.subcommands.size > 0 && argv.count > 3) {
    named = registry.findSubcommand(named, argv, 3);
  }
  if (named === undefined) throw errors.invalidCommandName;
  if (!hasKeys(named)) throw errors.noKeyArguments;
  const count = argv.count - 2;
  if (count < named.countMin || count > named.countMax) throw errors.invalidArity;
  const keys = keysOf(named, argv, 2, instance);
  if (keys.length === 0 && !named.flags.has('no_mandatory_keys')) throw errors.invalidArguments;
  reply.array(keys.length);
  for (const { bytes, start, end, flags } of keys) {
    if (withFlags) reply.array(2);
    reply.bulk(bytes, start, end);
    if (withFlags) writeNames(reply, flags);
  }
}

export const commandGetkeys = command({
  syntax: 'COMMAND GETKEYS command [arg [arg ...]]',
  summary: 'Picks the keys out of a command with its arguments.',
  since: '2.8.13',
  complexity: 'O(N) where N is the number of arguments to the command',
  flags: ['loading', 'stale'],
  categories: ['connection'],
  run: (call) => writeKeys(call, false),
});

export const commandGetkeysandflags = command({
  syntax: 'COMMAND GETKEYSANDFLAGS command [arg [arg ...]]',
  summary: 'Picks the keys out of a command with its arguments, and tells how each is used.',
  since: '7.0.0',
  complexity: 'O(N) where N is the number of arguments to the command',
  flags: ['loading', 'stale'],
  categories: ['connection'],
  run: (call) => writeKeys(call, true),
});
