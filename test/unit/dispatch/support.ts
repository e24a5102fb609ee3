/** Runs commands without a server: a registry, a reply, and a client that is only its flags. */

import { Args } from '../../../src/dispatch/arguments.ts';
import type { Call, Command, Instance } from '../../../src/dispatch/call.ts';
import type { Definition } from '../../../src/dispatch/command.ts';
import { Registry } from '../../../src/dispatch/registry.ts';
import { Argv } from '../../../src/resp/argv.ts';
import { ErrorReply } from '../../../src/resp/errors.ts';
import { collect, heapWindows, Reply } from '../../../src/resp/reply.ts';
import { latin1Text } from '../../../src/std/ascii.ts';

/** The command that a single definition makes, or the one of several with this full name. */
export function commandFrom(definitions: readonly Definition[], fullName?: string): Command {
  const registry = new Registry([definitions]);
  const all = [...registry.all()];
  const found = fullName === undefined ? all[0] : registry.byName(fullName);
  if (found === undefined) throw new Error(`no ${fullName}`);
  return found;
}

/** Arguments to read, as a handler gets them. */
export function argsOf(...words: string[]): Args {
  const args = new Args();
  args.argv = Argv.of(...words);
  return args;
}

/** The text of the error reply that `action` throws; '' when it throws none. */
export function refusalOf(action: () => unknown): string {
  try {
    action();
    return '';
  } catch (error) {
    if (error instanceof ErrorReply) return error.text;
    throw error;
  }
}

/** What a command replies to `words` in RESP3, line ends as spaces; an error reply thrown too. */
export function replyOf(registry: Registry, ...words: string[]): string {
  const reply = new Reply(heapWindows());
  reply.resp3 = true;
  const argv = Argv.of(...words);
  const args = new Args();
  args.argv = argv;
  let command = registry.find(argv);
  if (command !== undefined && command.subcommands.size > 0 && words.length > 1) {
    command = registry.findSubcommand(command, argv);
  }
  if (command?.run === undefined) throw new Error(`no ${words[0]}`);
  const instance = { registry } as unknown as Instance;
  try {
    command.run({ argv, args, reply, instance } as unknown as Call);
  } catch (error) {
    if (!(error instanceof ErrorReply)) throw error;
    reply.error(error.text);
  }
  return latin1Text(collect(reply)).trimEnd().replaceAll('\r\n', ' ');
}
