/**
 * The registry: name → command.
 *
 * A request names its command by bytes in any case. They are hashed with the case bit masked off
 * into a small table and compared there, so that finding one makes no string. The command found
 * last is tried first: pipelines repeat themselves.
 */

import type { Argv } from '../resp/argv.ts';
import { Command, type ContainerDefinition, type Definition } from './command.ts';

const TABLE_SIZE = 1024;

export class Registry {
  /** Top-level commands and containers, in order of definition. */
  readonly commands: readonly Command[];
  readonly #byName = new Map<string, Command>();
  readonly #table: (Command | undefined)[] = new Array(TABLE_SIZE).fill(undefined);
  #last: Command;

  /** `families` are the modules under commands/: whatever they export is defined. */
  constructor(families: readonly (readonly Definition[])[]) {
    const definitions = families.flat();
    for (const { kind, group, definition } of definitions) {
      if (kind === 'container') this.#add(containerOf(group, definition));
    }
    for (const { kind, group, definition } of definitions) {
      if (kind !== 'command') continue;
      const [head, second] = definition.syntax.split(' ');
      const parent = this.#byName.get(head.toLowerCase());
      if (parent !== undefined && second !== undefined && parent.run === undefined) {
        this.#addTo(parent, new Command(group, definition, parent));
      } else if (parent !== undefined) {
        this.#addTo(parent, new Command(group, definition, parent));
      } else {
        this.#add(new Command(group, definition));
      }
    }
    this.commands = [...this.#byName.values()];
    this.#last = this.commands[0];
  }

  #add(command: Command): void {
    if (this.#byName.has(command.name)) throw new Error(`${command.name} is defined twice`);
    this.#byName.set(command.name, command);
    let at = hashOf(command.nameBytes, 0, command.nameBytes.length);
    while (this.#table[at] !== undefined) at = (at + 1) % TABLE_SIZE;
    this.#table[at] = command;
  }

  #addTo(parent: Command, command: Command): void {
    if (parent.subcommands.has(command.name))
      throw new Error(`${command.fullName} is defined twice`);
    parent.subcommands.set(command.name, command);
  }

  /** The command a request names, a container for its subcommands; or undefined. */
  find(argv: Argv, index = 0): Command | undefined {
    const { bytes } = argv;
    const start = argv.starts[index];
    const end = argv.ends[index];
    if (isNamed(this.#last, bytes, start, end)) return this.#last;
    for (let at = hashOf(bytes, start, end); ; at = (at + 1) % TABLE_SIZE) {
      const command = this.#table[at];
      if (command === undefined) return undefined;
      if (isNamed(command, bytes, start, end)) {
        this.#last = command;
        return command;
      }
    }
  }

  /** The subcommand that argument `index` names, or undefined. */
  findSubcommand(container: Command, argv: Argv, index = 1): Command | undefined {
    return container.subcommands.get(argv.text(index).toLowerCase());
  }

  /** By full name: 'get', 'config|get'. */
  byName(name: string): Command | undefined {
    const [head, sub, ...more] = name.toLowerCase().split('|');
    const command = this.#byName.get(head);
    if (sub === undefined || command === undefined) return command;
    return more.length > 0 ? undefined : command.subcommands.get(sub);
  }

  /** Every command and subcommand, containers included. */
  *all(): Generator<Command> {
    for (const command of this.commands) {
      yield command;
      yield* command.subcommands.values();
    }
  }
}

function hashOf(bytes: Uint8Array, start: number, end: number): number {
  let hash = end - start;
  for (let i = start; i < end; i++) hash = (Math.imul(hash, 31) + (bytes[i] & 0xdf)) | 0;
  return (hash ^ (hash >>> 10)) & (TABLE_SIZE - 1);
}

function isNamed(command: Command, bytes: Uint8Array, start: number, end: number): boolean {
  const name = command.nameBytes;
  if (name.length !== end - start) return false;
  for (let i = 0; i < name.length; i++) {
    const byte = bytes[start + i];
    if (byte !== name[i]) {
      // Letters differ in one bit by case; nothing else may.
      if ((byte | 0x20) !== name[i] || byte < 0x41 || byte > 0x5a) return false;
    }
  }
  return true;
}

/** The container itself, with the HELP that every container has. */
function containerOf(group: string, definition: ContainerDefinition): Command {
  const { name, summary, since, help, command } = definition;
  const container = new Command(group, {
    complexity: 'Depends on subcommand.',
    ...command,
    notCategories: command === undefined ? IMPLIED_OF_CONTAINERS : (command.notCategories ?? []),
    syntax: name,
    summary,
    since,
    arity: command === undefined ? -2 : command.arity,
    run: command?.run as never,
  });
  const lines = [
    `${name} <subcommand> [<arg> [value] [opt] ...]. Subcommands are:`,
    ...help,
    'HELP',
    '    Print this help.',
  ];
  const helpCommand = new Command(
    group,
    {
      syntax: `${name} HELP`,
      summary: 'Lists the subcommands.',
      since: definition.helpSince ?? since,
      complexity: 'O(1)',
      flags: definition.helpFlags ?? ['loading', 'stale'],
      categories: definition.helpCategories ?? [],
      run({ reply }) {
        reply.array(lines.length);
        for (const line of lines) reply.simple(line);
      },
    },
    container,
  );
  container.subcommands.set('help', helpCommand);
  return container;
}

/** A container has no category of its own but @slow. */
const IMPLIED_OF_CONTAINERS = ['keyspace', 'connection', 'pubsub', 'stream', 'scripting'] as const;
