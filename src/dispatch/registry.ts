/**
 * The registry: name → command.
 *
 * A request names its command by bytes in any case. They are hashed with the case bit masked off
 * into a small table and compared there, so that finding one makes no string. The command found
 * last is tried first: pipelines repeat themselves.
 *
 * It knows no family: those are handed to it when it is made, and what they say is checked then.
 */

import type { Argv } from '../resp/argv.ts';
import type { Command, Commands } from './call.ts';
import { CATEGORIES } from './categories.ts';
import { commandOf, containerOf, type Definition } from './command.ts';

const TABLE_SIZE = 1024;

export class Registry implements Commands {
  readonly categories = CATEGORIES;
  readonly commands: readonly Command[];
  readonly #byName = new Map<string, Command>();
  readonly #table: (Command | undefined)[] = new Array(TABLE_SIZE).fill(undefined);
  /** No name is longer, so that a long argument is not hashed. */
  #nameSizeMax = 0;
  #last: Command | undefined;

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
    this.commands = [...this.#byName.values()];
  }

  #add(command: Command, head = command.name): void {
    const { name, nameBytes } = command;
    if (head.toLowerCase() !== name) throw new Error(`${head} ${name}: ${head} is no container`);
    if (this.#byName.has(name)) throw new Error(`${name} is defined twice`);
    this.#byName.set(name, command);
    this.#nameSizeMax = Math.max(this.#nameSizeMax, nameBytes.length);
    let at = hashOf(nameBytes, 0, nameBytes.length);
    while (this.#table[at] !== undefined) at = (at + 1) % TABLE_SIZE;
    this.#table[at] = command;
  }

  find(argv: Argv, index = 0): Command | undefined {
    const { bytes } = argv;
    const start = argv.starts[index];
    const end = argv.ends[index];
    const last = this.#last;
    if (last !== undefined && isNamed(last, bytes, start, end)) return last;
    if (end - start > this.#nameSizeMax) return undefined;
    for (let at = hashOf(bytes, start, end); ; at = (at + 1) % TABLE_SIZE) {
      const command = this.#table[at];
      if (command === undefined) return undefined;
      if (isNamed(command, bytes, start, end)) {
        this.#last = command;
        return command;
      }
    }
  }

  findSubcommand(container: Command, argv: Argv, index = 1): Command | undefined {
    const { bytes } = argv;
    const start = argv.starts[index];
    const end = argv.ends[index];
    for (const command of container.subcommands.values()) {
      if (isNamed(command, bytes, start, end)) return command;
    }
    return undefined;
  }

  byName(name: string): Command | undefined {
    const [head, sub, ...more] = name.toLowerCase().split('|');
    const command = this.#byName.get(head);
    if (sub === undefined || command === undefined) return command;
    return more.length > 0 ? undefined : command.subcommands.get(sub);
  }

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
