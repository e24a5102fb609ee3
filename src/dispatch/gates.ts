/**
 * Gates: what stands between a request and its handler.
 *
 * The order is behaviour that clients can observe; it is that of processCommand in Redis. What a
 * gate answers is counted as rejected, what a handler throws as failed.
 */

import { type ErrorReply, errors, ErrorReply as Refusal } from '../resp/errors.ts';
import type { Call } from './call.ts';
import type { Command } from './command.ts';

type Gate = (call: Call, command: Command) => ErrorReply | undefined;

const wrongArity: Gate = ({ argv }, command) => {
  const { arity } = command;
  if (arity > 0 ? argv.count === arity : argv.count >= -arity) return undefined;
  return errors.wrongArity(command.fullName);
};

const protectedCommand: Gate = ({ instance, client }, command) => {
  const top = command.parent ?? command;
  if (top.name !== 'debug') return undefined;
  const { enableDebugCommand } = instance.config.values;
  if (enableDebugCommand === 'yes') return undefined;
  if (enableDebugCommand === 'local' && client.isLocal) return undefined;
  return errors.notAllowed('DEBUG', 'enable-debug-command');
};

const notAuthenticated: Gate = ({ client }, command) =>
  client.authenticated || command.needsNoAuth ? undefined : errors.noAuth;

/** Asked in this order; the first to answer ends the call. */
export const gates: readonly Gate[] = [wrongArity, protectedCommand, notAuthenticated];

/** Runs the request of a call. */
export function execute(call: Call): void {
  const { argv, client, reply, instance } = call;
  let command = instance.registry.find(argv);
  if (command === undefined)
    return reject(call, undefined, errors.unknownCommand(argv.text(0), argv));
  if (command.subcommands.size > 0 && argv.count > 1) {
    const subcommand = instance.registry.findSubcommand(command, argv);
    if (subcommand === undefined) return reject(call, command, errors.unknownSubcommand(argv));
    command = subcommand;
  }
  client.lastCommand = command.fullName;
  for (let i = 0; i < gates.length; i++) {
    const refusal = gates[i](call, command);
    if (refusal !== undefined) return reject(call, command, refusal);
  }
  instance.stats.noteCall(command);
  const mark = reply.size;
  try {
    command.run?.(call);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    reply.rewind(mark);
    reply.error(error.text);
    command.failed++;
    instance.stats.noteError(error.text);
  }
}

function reject({ reply, instance }: Call, command: Command | undefined, error: ErrorReply): void {
  if (command !== undefined) command.rejected++;
  instance.stats.noteError(error.text);
  reply.error(error.text);
}
