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

import type { ErrorReply } from '../resp/errors.ts';
import { latin1Bytes } from '../std/ascii.ts';
import type { Call, Command, Instance, Secrets } from './call.ts';
import {
  type Category,
  FLAGS,
  type Flag,
  type Group,
  HIDDEN_FLAGS,
  impliedCategories,
  inOrder,
} from './categories.ts';
import {
  type ChannelUse,
  type KeyFinder,
  type KeySpec,
  type KeyUse,
  keySpecsOf,
  legacyRangeOf,
} from './keys.ts';
import { type Argument, type ArgumentNotes, parseSyntax } from './syntax.ts';

export interface CommandDefinition {
  /** The usage line as Redis prints it: name, arity, key positions, argument docs. */
  readonly syntax: string;
  readonly summary: string;
  readonly since: string;
  /** Absent where Redis gives none. */
  readonly complexity?: string;
  /** How each key of the syntax is used, in order: 'RO access', 'OW update', … Or whole specs. */
  readonly keys?: KeyUse | readonly (KeyUse | KeySpec)[];
  /** Where the specs of the keys don't say which arguments of a request are keys. */
  readonly findKeys?: KeyFinder<Instance>;
  /** What its arguments are, if they are channels. */
  readonly channels?: ChannelUse;
  /** Without write, readonly and movablekeys where the keys tell. */
  readonly flags?: readonly Flag[];
  /** What the keys imply and is not so: EVAL has keys to write and no flag. */
  readonly notFlags?: readonly Flag[];
  /** Only what group and flags do not already imply. */
  readonly categories?: readonly Category[];
  /** What group and flags imply and is not so. */
  readonly notCategories?: readonly Category[];
  /** Only where the syntax misleads. The reason goes in a comment. */
  readonly arity?: number;
  /** What COMMAND DOCS says of arguments beyond the syntax, by token or name. */
  readonly arguments?: ArgumentNotes;
  readonly deprecated?: { readonly since: string; readonly use: string };
  /** Marked as one for the system itself, not for applications. */
  readonly isSystem?: boolean;
  readonly tips?: readonly string[];
  readonly history?: readonly (readonly [since: string, change: string])[];
  /** Arguments that no log may show. */
  readonly secrets?: Secrets;
  /** Lines of HELP about subcommands that are no commands of their own; so for DEBUG. */
  readonly subcommandHelp?: readonly string[];
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
  readonly helpSince?: string;
  /** What its HELP answers instead of its lines. */
  readonly refusesHelp?: ErrorReply;
  /** For a container that is a command by itself too (COMMAND). */
  readonly command?: Omit<CommandDefinition, 'syntax' | 'summary' | 'since'>;
  /** Categories of its HELP that its group does not imply; so for COMMAND. */
  readonly helpCategories?: readonly Category[];
}

/** What a family file exports for each command. */
export type Definition =
  | { readonly kind: 'command'; readonly group: Group; readonly definition: CommandDefinition }
  | { readonly kind: 'container'; readonly group: Group; readonly definition: ContainerDefinition };

/** Gives the functions that define commands of a group. */
export function family(group: Group) {
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

/** A command with all that follows from its definition. Throws for what is wrong in it. */
export function commandOf(
  group: Group,
  definition: CommandDefinition,
  parent?: Command,
  subcommands: ReadonlyMap<string, Command> = new Map(),
): Command {
  try {
    return derive(group, definition, parent, { isContainer: false, subcommands });
  } catch (error) {
    throw named(definition.syntax, error);
  }
}

/** A container, and the HELP that every container has. Its subcommands are added to the map. */
export function containerOf(
  group: Group,
  definition: ContainerDefinition,
  subcommands: Map<string, Command>,
): Command {
  const { name, summary, since, help, command } = definition;
  try {
    const container = derive(
      group,
      { complexity: 'Depends on subcommand.', ...command, syntax: name, summary, since, run: idle },
      undefined,
      { isContainer: true, subcommands },
    );
    const whole: Command = {
      ...container,
      ...(command === undefined ? { ...arityOf(-2), run: undefined } : { run: command.run }),
    };
    subcommands.set('help', helpOf(group, definition, whole, help));
    return whole;
  } catch (error) {
    throw named(name, error);
  }
}

function idle(): void {}

function named(syntax: string, error: unknown): Error {
  return new Error(`${syntax}: ${error instanceof Error ? error.message : String(error)}`);
}

function helpOf(
  group: Group,
  { name, since, helpSince, helpCategories, refusesHelp }: ContainerDefinition,
  parent: Command,
  help: readonly string[],
): Command {
  const lines = [
    `${name} <subcommand> [<arg> [value] [opt] ...]. Subcommands are:`,
    ...help,
    'HELP',
    '    Print this help.',
  ];
  return commandOf(
    group,
    {
      syntax: `${name} HELP`,
      summary: 'Lists the subcommands.',
      since: helpSince ?? since,
      complexity: 'O(1)',
      flags: ['loading', 'stale'],
      categories: helpCategories ?? [],
      run({ reply }) {
        if (refusesHelp !== undefined) throw refusesHelp;
        reply.array(lines.length);
        for (const line of lines) reply.simple(line);
      },
    },
    parent,
  );
}

function derive(
  group: Group,
  definition: CommandDefinition,
  parent: Command | undefined,
  { isContainer, subcommands }: { isContainer: boolean; subcommands: ReadonlyMap<string, Command> },
): Command {
  const syntax = parseSyntax(definition.syntax, definition.arguments);
  const name = syntax.words[syntax.words.length - 1].toLowerCase();
  if (definition.arity === syntax.arity) throw new Error('the arity follows, remove it');
  // Where a command only finds its keys itself, the keys of the syntax are not the keys.
  const isHidden = definition.keys === undefined && definition.findKeys !== undefined;
  const keySpecs = isHidden ? [] : keySpecsOf(definition.keys, syntax.keys);
  const legacyRange = legacyRangeOf(keySpecs);
  const flags = flagsOf(definition, keySpecs);
  if (legacyRange.isPartial || isHidden) flags.add('movablekeys');
  return {
    name,
    fullName: parent === undefined ? name : `${parent.name}|${name}`,
    nameBytes: latin1Bytes(name),
    usage: definition.syntax,
    group,
    summary: definition.summary,
    since: definition.since,
    complexity: definition.complexity,
    ...arityOf(definition.arity ?? syntax.arity),
    flags,
    categories: categoriesOf(isContainer ? undefined : group, definition, flags),
    keySpecs,
    legacyRange,
    findKeys: definition.findKeys,
    channels: definition.channels,
    arguments: linkKeys(syntax.arguments, keySpecs.length),
    tips: definition.tips ?? [],
    history: definition.history ?? [],
    deprecated: definition.deprecated,
    isSystem: definition.isSystem ?? false,
    subcommandHelp: definition.subcommandHelp ?? [],
    differs: definition.differs,
    run: definition.run,
    parent,
    subcommands,
    secrets: definition.secrets ?? noSecrets,
    isShort: isShort(definition, keySpecs),
    needsNoAuth: flags.has('no_auth'),
    isProtected: flags.has('protected'),
    isNoMulti: flags.has('no_multi'),
    runsAtOnce: parent === undefined && NOT_QUEUED.has(name),
    isWrite: flags.has('write'),
    calls: 0,
    microseconds: 0,
    rejected: 0,
    failed: 0,
    stretchCalls: 0,
    histogram: undefined,
  };
}

const noSecrets: Secrets = () => [];

/** Run at once even between MULTI and EXEC. */
const NOT_QUEUED: ReadonlySet<string> = new Set([
  ...['exec', 'discard', 'multi', 'watch', 'quit', 'reset'],
]);

/** Whether its calls need not be timed one by one; see instance/stats.ts. */
function isShort(
  { flags = [], complexity }: CommandDefinition,
  keySpecs: readonly KeySpec[],
): boolean {
  if (flags.includes('blocking')) return false;
  return flags.includes('fast') || (complexity === 'O(1)' && keySpecs.length > 0);
}

function arityOf(arity: number): Pick<Command, 'arity' | 'countMin' | 'countMax'> {
  const count = Math.abs(arity);
  return { arity, countMin: count, countMax: arity > 0 ? count : 2 ** 31 - 1 };
}

function flagsOf(definition: CommandDefinition, keySpecs: readonly KeySpec[]): Set<Flag> {
  const { flags: stated = [], notFlags = [] } = definition;
  const known: readonly Flag[] = [...FLAGS, ...HIDDEN_FLAGS];
  for (const flag of [...stated, ...notFlags]) {
    if (!known.includes(flag)) throw new Error(`unknown flag ${flag}`);
  }
  const flags = new Set<Flag>(stated);
  if (flags.size < stated.length) throw new Error('a flag is stated twice');
  const keys = keySpecs.filter((spec) => !spec.flags.includes('not_key'));
  if (keys.length === 0) return flags;
  const implied: Flag = keys.every((spec) => spec.flags.includes('RO')) ? 'readonly' : 'write';
  if (flags.has(implied)) throw new Error(`the flag ${implied} follows from the keys, remove it`);
  if (notFlags.includes(implied)) return flags;
  if (!flags.has('write') && !flags.has('readonly')) flags.add(implied);
  return flags;
}

function categoriesOf(
  group: Group | undefined,
  definition: CommandDefinition,
  flags: ReadonlySet<Flag>,
): readonly Category[] {
  const categories = impliedCategories(group, flags);
  for (const category of definition.categories ?? []) {
    if (categories.has(category)) throw new Error(`@${category} is implied, remove it`);
    categories.add(category);
  }
  for (const category of definition.notCategories ?? []) {
    if (!categories.delete(category)) throw new Error(`@${category} is not implied, remove it`);
  }
  return inOrder(categories);
}

/** Says of each key which spec finds it: in order, the last one for all that are left. */
function linkKeys(args: readonly Argument[], specCount: number): readonly Argument[] {
  let next = 0;
  const link = (argument: Argument): Argument => {
    if (argument.arguments !== undefined) {
      return { ...argument, arguments: argument.arguments.map(link) };
    }
    if (argument.type !== 'key' || argument.keySpec !== undefined || specCount === 0) {
      return argument;
    }
    return { ...argument, keySpec: Math.min(next++, specCount - 1) };
  };
  return args.map(link);
}
