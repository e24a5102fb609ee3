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
 * It knows no family: those are handed to it when it is made, and what they say is checked then.
 */

import type { Argv } from '../resp/argv.ts';
import { latin1Bytes } from '../std/ascii.ts';
import type { Command, Commands } from './call.ts';
import { CATEGORIES } from './categories.ts';
import { commandOf, containerOf, type Definition } from './command.ts';

const TABLE_SIZE = 1024;
const NO_NAME: Uint8Array = new Uint8Array(0);

export class Registry implements Commands {
  readonly categories = CATEGORIES;
  /** By the names they are defined with, and by those that requests use. */
  readonly #byName = new Map<string, Command>();
  readonly #inUse = new Map<string, Command>();
  /** By the hashes of the names in use, which stand beside it. */
  readonly #table: (Command | undefined)[] = new Array(TABLE_SIZE).fill(undefined);
  readonly #names: Uint8Array[] = new Array(TABLE_SIZE).fill(NO_NAME);
  /** No name is longer, so that a long argument is not hashed. */
  #nameSizeMax = 0;
  #last: Command | undefined;
  #lastName: Uint8Array = NO_NAME;

  /** `families` are the modules under commands/: whatever they export is defined. */
  constructor(families: readonly (readonly Definition[])[]) {
    const definitions = families.flat();
    const children = new Map<Command, Map<string, Command>>();
    for (const { kind, group, definition } of definitions) {
      if (kind !== 'container') continue;
      const subcommands = new Map<string, Command>();
      const container = containerOf(group, definition, subcommands);
      children.set(container, subcommands);
      this.#add(container);
    }
    for (const { kind, group, definition } of definitions) {
      if (kind !== 'command') continue;
      const [head] = definition.syntax.split(' ', 1);
      const parent = this.#byName.get(head.toLowerCase());
      const siblings = parent === undefined ? undefined : children.get(parent);
      const command = commandOf(group, definition, siblings === undefined ? undefined : parent);
      if (siblings === undefined) this.#add(command, head);
      else if (siblings.has(command.name)) throw new Error(`${command.fullName} is defined twice`);
      else siblings.set(command.name, command);
    }
    for (const [name, command] of this.#byName) this.#inUse.set(name, command);
    this.#fill();
  }

  get commands(): readonly Command[] {
    return [...this.#inUse.values()];
  }

  #add(command: Command, head = command.name): void {
    const { name } = command;
    if (head.toLowerCase() !== name) throw new Error(`${head} ${name}: ${head} is no container`);
    if (this.#byName.has(name)) throw new Error(`${name} is defined twice`);
    this.#byName.set(name, command);
  }

  /**
   * Lets requests name a command otherwise than it is defined; by nothing, if `to` is empty. Answers
   * the reason where that can't be.
   */
  rename(from: string, to: string): string | undefined {
    const old = lowerCase(from);
    const name = lowerCase(to);
    const command = this.#inUse.get(old);
    if (command === undefined) return 'No such command in rename-command';
    this.#inUse.delete(old);
    const isTaken = this.#inUse.has(name);
    if (name !== '' && !isTaken) this.#inUse.set(name, command);
    this.#fill();
    return isTaken ? 'Target command name already exists' : undefined;
  }

  #fill(): void {
    this.#table.fill(undefined);
    this.#last = undefined;
    this.#nameSizeMax = 0;
    for (const [name, command] of this.#inUse) {
      const bytes = latin1Bytes(name);
      this.#nameSizeMax = Math.max(this.#nameSizeMax, bytes.length);
      let at = hashOf(bytes, 0, bytes.length);
      while (this.#table[at] !== undefined) at = (at + 1) % TABLE_SIZE;
      this.#table[at] = command;
      this.#names[at] = bytes;
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
      const command = this.#table[at];
      if (command === undefined) return undefined;
      if (isNamed(this.#names[at], bytes, start, end)) {
        this.#last = command;
        this.#lastName = this.#names[at];
        return command;
      }
    }
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
    return findIn(this.#byName, name);
  }

  inUse(name: string): Command | undefined {
    return findIn(this.#inUse, name);
  }

  *all(): Generator<Command> {
    for (const command of this.#byName.values()) {
      yield command;
      yield* command.subcommands.values();
    }
  }
}

/** Of ASCII alone, as names are compared. */
function lowerCase(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => letter.toLowerCase());
}

function findIn(commands: ReadonlyMap<string, Command>, name: string): Command | undefined {
  const [head, sub, ...more] = name.toLowerCase().split('|');
  const command = commands.get(head);
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
