/**
 * The registry: name → command.
 *
 * A request names its command by bytes in any case. They are hashed with the case bit masked off
 * into a small table and compared there, so that finding one makes no string. The command found
 * last is tried first: pipelines repeat themselves.
 *
 * A configuration may give commands other names, or none: requests use these, and COMMAND tells of
 * them. Rules of users and everything inside go by the names that commands are defined with.
 *
 * It knows no family: those are handed to it when it is made. What follows from a definition is
 * found out, and what is wrong in it, when the command is asked for; all() asks for all.
 */

import type { Argv } from '../resp/argv.ts';
import { latin1Bytes } from '../std/ascii.ts';
import type { Command, Commands } from './call.ts';
import { CATEGORIES } from './categories.ts';
import { commandOf, containerOf, type Definition } from './command.ts';

const TABLE_SIZE = 1024;
const NO_NAME: Uint8Array = new Uint8Array(0);

type DefinitionOf<Kind extends Definition['kind']> = Extract<Definition, { readonly kind: Kind }>;

/** What is said of one name: a command, or a container and its subcommands. */
interface Source {
  readonly top: Definition;
  readonly subcommands: DefinitionOf<'command'>[];
}

export class Registry implements Commands {
  readonly categories = CATEGORIES;
  readonly #sources = new Map<string, Source>();
  /** By the names they are defined with: those that have been asked for. */
  readonly #made = new Map<string, Command>();
  /** Names that requests use → names that commands are defined with. */
  readonly #inUse = new Map<string, string>();
  // By the hashes of the names in use: the name, how it is defined, the command once it was found.
  readonly #names: Uint8Array[] = new Array(TABLE_SIZE).fill(NO_NAME);
  readonly #defined: string[] = new Array(TABLE_SIZE).fill('');
  readonly #table: (Command | undefined)[] = new Array(TABLE_SIZE).fill(undefined);
  /** No name is longer, so that a long argument is not hashed. */
  #nameSizeMax = 0;
  #last: Command | undefined;
  #lastName: Uint8Array = NO_NAME;

  /** `families` are the modules under commands/: whatever they export is defined. */
  constructor(families: readonly (readonly Definition[])[]) {
    const definitions = families.flat();
    for (const top of definitions) {
      if (top.kind === 'container') this.#define(top.definition.name, top);
    }
    for (const one of definitions) {
      if (one.kind !== 'command') continue;
      const [head] = one.definition.syntax.split(' ', 1);
      const there = this.#sources.get(head.toLowerCase());
      if (there?.top.kind === 'container') there.subcommands.push(one);
      else this.#define(head, one);
    }
    for (const name of this.#sources.keys()) this.#inUse.set(name, name);
    this.#fill();
  }

  get commands(): readonly Command[] {
    return Array.from(this.#inUse.values(), (name) => this.#command(name) as Command);
  }

  #define(head: string, top: Definition): void {
    const name = head.toLowerCase();
    if (this.#sources.has(name)) throw new Error(`${name} is defined twice`);
    this.#sources.set(name, { top, subcommands: [] });
  }

  /**
   * The command of a name that it is defined with. What follows from a definition is found out here,
   * when somebody asks: for all of them it takes as long as everything else at the start.
   */
  #command(name: string): Command | undefined {
    const made = this.#made.get(name);
    if (made !== undefined) return made;
    const source = this.#sources.get(name);
    if (source === undefined) return undefined;
    const { top, subcommands } = source;
    const command =
      top.kind === 'container'
        ? withSubcommands(top, subcommands)
        : commandOf(top.group, top.definition);
    if (command.name !== name) throw new Error(`${name.toUpperCase()} is no container`);
    this.#made.set(name, command);
    return command;
  }

  /**
   * Lets requests name a command otherwise than it is defined; by nothing, if `to` is empty. Answers
   * the reason where that can't be.
   */
  rename(from: string, to: string): string | undefined {
    const old = lowerCase(from);
    const name = lowerCase(to);
    const defined = this.#inUse.get(old);
    if (defined === undefined) return 'No such command in rename-command';
    this.#inUse.delete(old);
    const isTaken = this.#inUse.has(name);
    if (name !== '' && !isTaken) this.#inUse.set(name, defined);
    this.#fill();
    return isTaken ? 'Target command name already exists' : undefined;
  }

  #fill(): void {
    this.#names.fill(NO_NAME);
    this.#table.fill(undefined);
    this.#last = undefined;
    this.#nameSizeMax = 0;
    for (const [name, defined] of this.#inUse) {
      const bytes = latin1Bytes(name);
      this.#nameSizeMax = Math.max(this.#nameSizeMax, bytes.length);
      let at = hashOf(bytes, 0, bytes.length);
      while (this.#names[at] !== NO_NAME) at = (at + 1) % TABLE_SIZE;
      this.#names[at] = bytes;
      this.#defined[at] = defined;
    }
  }

  find(argv: Argv, index = 0): Command | undefined {
    const { bytes } = argv;
    const start = argv.starts[index];
    const end = argv.ends[index];
    const last = this.#last;
    if (last !== undefined && isNamed(this.#lastName, bytes, start, end)) return last;
    if (end - start > this.#nameSizeMax) return undefined;
    for (let at = hashOf(bytes, start, end); ; at = (at + 1) % TABLE_SIZE) {
      const name = this.#names[at];
      if (name === NO_NAME) return undefined;
      if (isNamed(name, bytes, start, end)) {
        const command = this.#table[at] ?? this.#findAt(at);
        this.#last = command;
        this.#lastName = name;
        return command;
      }
    }
  }

  #findAt(at: number): Command {
    const command = this.#command(this.#defined[at]) as Command;
    this.#table[at] = command;
    return command;
  }

  findSubcommand(container: Command, argv: Argv, index = 1): Command | undefined {
    const { bytes } = argv;
    const start = argv.starts[index];
    const end = argv.ends[index];
    for (const command of container.subcommands.values()) {
      if (isNamed(command.nameBytes, bytes, start, end)) return command;
    }
    return undefined;
  }

  byName(name: string): Command | undefined {
    return findIn((head) => this.#command(head), name);
  }

  inUse(name: string): Command | undefined {
    return findIn((head) => this.#command(this.#inUse.get(head) ?? ''), name);
  }

  *all(): Generator<Command> {
    for (const name of this.#sources.keys()) yield* andSubcommands(this.#command(name) as Command);
  }

  *asked(): Generator<Command> {
    for (const command of this.#made.values()) yield* andSubcommands(command);
  }
}

function* andSubcommands(command: Command): Generator<Command> {
  yield command;
  yield* command.subcommands.values();
}

function withSubcommands(
  { group, definition }: DefinitionOf<'container'>,
  definitions: readonly DefinitionOf<'command'>[],
): Command {
  const subcommands = new Map<string, Command>();
  const container = containerOf(group, definition, subcommands);
  for (const one of definitions) {
    const command = commandOf(one.group, one.definition, container);
    if (subcommands.has(command.name)) throw new Error(`${command.fullName} is defined twice`);
    subcommands.set(command.name, command);
  }
  return container;
}

/** Of ASCII alone, as names are compared. */
function lowerCase(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => letter.toLowerCase());
}

function findIn(find: (head: string) => Command | undefined, name: string): Command | undefined {
  const [head, sub, ...more] = name.toLowerCase().split('|');
  const command = find(head);
  if (sub === undefined || command === undefined) return command;
  return more.length > 0 ? undefined : command.subcommands.get(sub);
}

function hashOf(bytes: Uint8Array, start: number, end: number): number {
  let hash = end - start;
  for (let i = start; i < end; i++) hash = (Math.imul(hash, 31) + (bytes[i] & 0xdf)) | 0;
  return (hash ^ (hash >>> 10)) & (TABLE_SIZE - 1);
}

function isNamed(name: Uint8Array, bytes: Uint8Array, start: number, end: number): boolean {
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
