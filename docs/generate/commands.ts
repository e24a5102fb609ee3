/** Makes docs/commands.md from the registry: what is here, and what of Redis 7.2 is not yet. */

import { families } from '../../commands/index.ts';
import type { Command } from '../../src/dispatch/call.ts';
import { Registry } from '../../src/dispatch/registry.ts';
import { redisCommands, redisSubcommands } from './redis-commands.ts';

/** A line that is answered otherwise than Redis does, and why; as test/conformance declares them. */
export interface KnownDifference {
  readonly line: string;
  readonly because: string;
}

export function commandsPage(differences: readonly KnownDifference[]): string {
  const registry = new Registry(families);
  const groups = [...new Set(registry.commands.map(({ group }) => group))].sort();
  const names = Object.values(redisCommands).flatMap((line) => line.split(' '));
  const present = names.filter((name) => registry.byName(name) !== undefined).length;
  return [
    '# Commands',
    '',
    '<!-- Made by `make docs` from the definitions in commands/. -->',
    '',
    `${present} of the ${names.length} commands of Redis 7.2 are here, and ` +
      `${registry.commands.length - present} of our own for sessions and zones.`,
    'Usage is written as Redis writes it, and *since* is the version of Redis that brought a command;',
    'for ours, of Zonis. Commands with subcommands have `HELP` too.',
    '',
    'What differs from Redis is said with the command; line by line it is in',
    '[compatibility.md](compatibility.md).',
    '',
    ...groups.flatMap((group) => [
      `## ${group}`,
      '',
      '| usage | what it does | since |',
      '|---|---|---|',
      ...[...registry.all()]
        .filter((command) => command.group === group && isListed(command))
        .map((command) => rowOf(command, differencesOf(command, registry, differences))),
      '',
    ]),
    '## Not there yet',
    '',
    'These are answered as unknown commands are.',
    '',
    '| group | commands |',
    '|---|---|',
    ...Object.entries(redisCommands).flatMap(([group, line]) =>
      missingRow(group, line, (name) => name, registry),
    ),
    '',
    'Of commands that are here, these subcommands are missing:',
    '',
    '| command | subcommands |',
    '|---|---|',
    ...Object.entries(redisSubcommands)
      .filter(([container]) => registry.byName(container) !== undefined)
      .flatMap(([container, line]) =>
        missingRow(`\`${container}\``, line, (name) => `${container}|${name}`, registry),
      ),
    '',
  ].join('\n');
}

/** Containers are listed by what they contain, unless they are commands themselves. */
function isListed({ run, parent, name }: Command): boolean {
  return run !== undefined && !(parent !== undefined && name === 'help');
}

function rowOf(command: Command, reasons: readonly string[]): string {
  const { usage, summary, since, deprecated } = command;
  const notes = [
    summary,
    ...(deprecated === undefined ? [] : [`Deprecated for ${plain(deprecated.use)}.`]),
    ...reasons.map((reason) => `*Differs:* ${reason}`),
  ];
  return `| \`${inCell(usage)}\` | ${inCell(notes.join(' '))} | ${since} |`;
}

/** Names in the texts of Redis carry a mark for its site to link them. */
function plain(text: string): string {
  return text.replaceAll('`!', '`');
}

function differencesOf(
  command: Command,
  registry: Registry,
  differences: readonly KnownDifference[],
): string[] {
  const reasons = differences
    .filter(({ line }) => commandOf(line, registry) === command)
    .map(({ because }) => `${because}.`);
  return [...new Set([...(command.differs === undefined ? [] : [command.differs]), ...reasons])];
}

/** The command a line calls. */
function commandOf(line: string, registry: Registry): Command | undefined {
  const [head, sub = ''] = line.split(' ');
  return registry.byName(`${head}|${sub}`) ?? registry.byName(head);
}

function missingRow(
  title: string,
  line: string,
  nameOf: (word: string) => string,
  registry: Registry,
): string[] {
  const missing = line.split(' ').filter((word) => registry.byName(nameOf(word)) === undefined);
  return missing.length === 0
    ? []
    : [`| ${title} | ${missing.map((name) => `\`${name}\``).join(', ')} |`];
}

/** A bar would end the cell. */
function inCell(text: string): string {
  return text.replaceAll('|', '\\|');
}
