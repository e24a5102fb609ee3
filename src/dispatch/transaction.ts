/**
 * Transactions: requests that are queued, then run as one.
 *
 * What the gates refuse is not queued, and spoils the transaction: EXEC will run none of it. What a
 * handler refuses is found only when it runs, and the others run all the same.
 *
 * A queued request is a copy: the bytes it came in are overwritten by the next.
 */

import type { Client } from '../instance/clients.ts';
import type { Argv } from '../resp/argv.ts';
import { errors } from '../resp/errors.ts';
import type { RequestQueue } from '../resp/request-queue.ts';
import type { Call, Command, Instance } from './call.ts';
import type { Flag } from './categories.ts';
import { Left } from './left.ts';
import { perform } from './perform.ts';
import { checkPermission, type Denial, noteDenial } from './permissions.ts';
import { Wait } from './wait.ts';

/** Whether the request of a call is to be queued. */
export function isQueued({ client }: Call, command: Command): boolean {
  return client.queue !== undefined && !command.runsAtOnce;
}

export function queue({ argv, client, reply }: Call): void {
  client.queue?.push(argv);
  reply.queued();
}

/** Ends a transaction, run or not; nothing is watched any more. */
export function endTransaction(client: Client, { queues, watches }: Instance): void {
  if (client.queue !== undefined) queues.give(client.queue);
  client.queue = undefined;
  client.isAborted = false;
  watches.forget(client.watcher);
}

/** The command a request names, its subcommand where it has one. */
export function commandOf({ instance }: Call, argv: Argv): Command {
  const { registry } = instance;
  const command = registry.find(argv) as Command;
  if (command.subcommands.size === 0 || argv.count === 1) return command;
  return registry.findSubcommand(command, argv) as Command;
}

/** Whether a transaction holds a request that answers a question with yes. */
export function someQueued(call: Call, test: (command: Command, argv: Argv) => boolean): boolean {
  const { queue } = call.client;
  if (queue === undefined) return false;
  queue.rewind();
  for (let argv = queue.next(); argv !== undefined; argv = queue.next()) {
    if (test(commandOf(call, argv), argv)) return true;
  }
  return false;
}

/** Whether a transaction holds a command with that flag. */
export function hasQueued(call: Call, flag: Flag): boolean {
  return someQueued(call, ({ flags }) => flags.has(flag));
}

/** Runs all that has been queued, and replies what each replies. The queue is spare then. */
export function runQueued(call: Call, queue: RequestQueue): void {
  queue.rewind();
  runOthers(call, queue);
}

/** Runs what is left of a queue. */
function runOthers(call: Call, queue: RequestQueue): void {
  const { argv, args, client, instance } = call;
  client.mayBlock = false;
  let isOver = true;
  try {
    for (let request = queue.next(); request !== undefined; request = queue.next()) {
      call.argv = request;
      args.argv = request;
      const command = commandOf(call, request);
      if (refuseSince(call, command)) continue;
      runOne(call, command);
    }
  } catch (error) {
    if (error instanceof Left) {
      isOver = false;
      error.afterwards(() => runOthers(call, queue));
    }
    throw error;
  } finally {
    if (isOver) instance.queues.give(queue);
    client.mayBlock = true;
    call.argv = argv;
    args.argv = argv;
  }
}

const NOT_PERMITTED: Readonly<Record<Denial['reason'], string>> = {
  command: 'no permission to execute the command or subcommand',
  key: 'no permission to touch the specified keys',
  channel: 'no permission to access one of the channels used as arguments',
};

/** Refuses what was permitted when it was queued and is no longer; answers whether it did. */
function refuseSince(call: Call, command: Command): boolean {
  const { argv, client, instance, reply } = call;
  if (client.isUnrestricted) return false;
  const denial = checkPermission(client.user, command, argv, instance);
  if (denial === undefined) return false;
  noteDenial(call, denial, 'multi');
  const refusal = errors.noPermissionSince(NOT_PERMITTED[denial.reason]);
  instance.stats.noteError(refusal.text);
  reply.error(refusal.text);
  return true;
}

function runOne(call: Call, command: Command): void {
  const { reply, instance } = call;
  const mark = reply.mark();
  try {
    perform(call, command, mark);
  } catch (error) {
    // What waits for something outside can't hold up what others must not see half done.
    if (!(error instanceof Wait)) throw error;
    const { text } = errors.notInTransaction;
    reply.rewind(mark);
    reply.error(text);
    command.failed++;
    instance.stats.noteError(text);
    instance.stats.noteCall(command);
  }
}
