/**
 * Gates: what stands between a request and its handler.
 *
 * The order is behaviour that clients can observe; it is that of processCommand in Redis. What a
 * gate answers is counted as rejected, what a handler throws as failed.
 */

import { type Client, REPLY_ON, REPLY_SKIP, REPLY_SKIP_NEXT } from '../instance/clients.ts';
import { type ErrorReply, errors } from '../resp/errors.ts';
import { Blocked } from './blocked.ts';
import type { Call, Command, Instance } from './call.ts';
import { evictExcess } from './eviction.ts';
import { Left } from './left.ts';
import { endCaching, perform, tellSlow } from './perform.ts';
import { checkPermission, noteDenial, refusalOf } from './permissions.ts';
import { type Intent, intentOf } from './script-rules.ts';
import { endTransaction, hasQueued, isQueued, queue, someQueued } from './transaction.ts';
import { Wait } from './wait.ts';

type Gate = (call: Call, command: Command) => ErrorReply | undefined;

const wrongArity: Gate = ({ argv }, { countMin, countMax, fullName }) =>
  argv.count < countMin || argv.count > countMax ? errors.wrongArity(fullName) : undefined;

const protectedCommand: Gate = ({ instance, client }, command) => {
  if (!command.isProtected) return undefined;
  const { enableDebugCommand, enableModuleCommand } = instance.config.values;
  const isDebug = command.name === 'debug';
  const who = isDebug ? enableDebugCommand : enableModuleCommand;
  if (who === 'yes' || (who === 'local' && client.isLocal)) return undefined;
  return isDebug
    ? errors.notAllowed('DEBUG', 'enable-debug-command')
    : errors.notAllowed('MODULE', 'enable-module-command');
};

const notAuthenticated: Gate = ({ client, instance }, command) => {
  if (client.authenticated || command.needsNoAuth) return undefined;
  return instance.users.areAsked ? errors.noAuth : undefined;
};

const forbiddenInTransaction: Gate = ({ client }, { isNoMulti }) =>
  client.queue !== undefined && isNoMulti ? errors.notInTransaction : undefined;

const notPermitted: Gate = (call, command) => {
  const { argv, client, instance } = call;
  const denial = checkPermission(client.user, command, argv, instance);
  if (denial === undefined) return undefined;
  noteDenial(call, denial, client.queue === undefined ? 'toplevel' : 'multi');
  return refusalOf(denial, client.user);
};

/** All that a client may do which listens and speaks RESP2: its replies look like messages. */
const WHILE_LISTENING = new Set([
  ...['ping', 'quit', 'reset', 'subscribe', 'unsubscribe', 'psubscribe', 'punsubscribe'],
  ...['ssubscribe', 'sunsubscribe'],
]);

const forbiddenWhileListening: Gate = ({ client }, { name, fullName }) =>
  client.subscriptions !== undefined && !client.resp3 && !WHILE_LISTENING.has(name)
    ? errors.whileListening(fullName)
    : undefined;

const forbiddenForMonitor: Gate = ({ client }, { flags }) =>
  client.isMonitor && (flags.has('write') || flags.has('readonly') || flags.has('may_replicate'))
    ? errors.monitorTouchesNothing
    : undefined;

const overLimit: Gate = (call, { flags, name }) => {
  if (!call.instance.keyspace.isOverLimit) return undefined;
  const isAdding = flags.has('denyoom') || (name === 'exec' && hasQueued(call, 'denyoom'));
  return isAdding ? errors.outOfMemory : undefined;
};

const cannotSave: Gate = (call, { flags, name }) => {
  const fault = call.instance.keyspace.writeFault;
  if (fault === undefined) return undefined;
  const isWrite = flags.has('write') || name === 'ping';
  return isWrite || (name === 'exec' && hasQueued(call, 'write')) ? fault : undefined;
};

const lackingReplicas: Gate = (call, command) => {
  const { argv, instance } = call;
  if (!instance.keyspace.lacksReplicas) return undefined;
  const isWrite =
    command.name === 'exec'
      ? hasQueuedIntent(call, 'writes')
      : intentOf(instance, command, argv).writes;
  return isWrite ? errors.noReplicas : undefined;
};

const loading: Gate = ({ instance }, { flags }) =>
  instance.keyspace.isLoading && !flags.has('loading') ? errors.loading : undefined;

/** A script takes too long: what may end it is let through. */
const busy: Gate = ({ instance }, { flags }) =>
  flags.has('allow_busy') ? undefined : instance.scriptRuns.busy;

/** Asked in this order; the first to answer ends the call. */
export const gates: readonly Gate[] = [
  wrongArity,
  protectedCommand,
  notAuthenticated,
  forbiddenInTransaction,
  notPermitted,
  overLimit,
  cannotSave,
  lackingReplicas,
  forbiddenWhileListening,
  loading,
  busy,
  forbiddenForMonitor,
];

/** Whether every gate lets a call pass, told from what nearly all of them have in common. */
function isOrdinary({ argv, client, instance }: Call, command: Command): boolean {
  const { count } = argv;
  const { countMin, countMax, isProtected } = command;
  const isIn = count >= countMin && count <= countMax;
  const isPlain =
    client.subscriptions === undefined && (client.queue === undefined || !command.isNoMulti);
  if (instance.scriptRuns.busy !== undefined || instance.keyspace.isHindered) return false;
  return isIn && client.isUnrestricted && !isProtected && isPlain && !client.isMonitor;
}

/**
 * Runs the request of a call. Answers false, with nothing done, when it has to wait: then it is
 * run again, from here, when the wait is over.
 */
export function execute(call: Call): boolean {
  const { client, reply } = call;
  const { blocking, pubsub } = call.instance;
  const mark = reply.mark();
  pubsub.executing = client;
  const hasRun = run(call, mark);
  pubsub.executing = undefined;
  if (hasRun && client.replyMode !== REPLY_ON) mute(call, mark);
  if (pubsub.hasDeferred) pubsub.sendDeferred(client);
  if (blocking.hasReady) serveWaiting(call.instance);
  return hasRun;
}

/** Runs what waited for what has been done, unless a script is in the middle of it. */
function serveWaiting({ blocking, clock, keyspace, scriptRuns }: Instance): void {
  if (scriptRuns.busy !== undefined) return;
  // What waited runs by a clock of its own: the one before it may have taken long.
  keyspace.tick(clock.now());
  blocking.serve();
}

function run(call: Call, begin: number): boolean {
  let mark = begin;
  const { argv, client, instance } = call;
  let command = instance.registry.find(argv);
  if (command === undefined) return refuseUnknown(call);
  if (command.subcommands.size > 0 && argv.count > 1) {
    const subcommand = instance.registry.findSubcommand(command, argv);
    if (subcommand === undefined) return refuseUnnamed(call, errors.unknownSubcommand(argv));
    command = subcommand;
  }
  client.lastCommand = command.fullName;
  if (!isOrdinary(call, command)) {
    // What waited for something outside goes on when nobody is in the middle of anything.
    const { busy, isDebugged } = instance.scriptRuns;
    const waits = client.hasBegun || (isDebugged && !command.flags.has('allow_busy'));
    if (busy !== undefined && waits) return hold(call, instance.scriptRuns.whenFree());
    if (busy === undefined && instance.keyspace.isHindered) mark = fitIn(call);
    for (const gate of gates) {
      const refusal = gate(call, command);
      if (refusal !== undefined) return reject(call, command, refusal);
    }
  }
  if (instance.pause.until !== 0 && isPaused(call, command)) {
    instance.pause.hold(client);
    return false;
  }
  if (isQueued(call, command)) {
    queue(call);
    return true;
  }
  try {
    perform(call, command, mark);
  } catch (error) {
    if (error instanceof Blocked) return block(call, error);
    if (error instanceof Wait) return hold(call, error.until);
    if (error instanceof Left) return leave(call, command, error, mark);
    throw error;
  }
  client.hasBegun = false;
  return true;
}

/**
 * Evicts what is too much before a request is run. Who is to hear of it hears it before the reply;
 * but of a muted client only what comes behind the reply is not taken back. Answers the new mark.
 */
function fitIn({ client, instance, reply }: Call): number {
  const { pubsub } = instance;
  if (client.replyMode === REPLY_ON) pubsub.executing = undefined;
  evictExcess(instance);
  pubsub.executing = client;
  return reply.mark();
}

/** Lets the request of a call wait for something outside. */
function hold({ client }: Call, until: Promise<unknown>): false {
  const resume = (): void => {
    client.isBlocked = false;
    client.connection.resume();
  };
  client.isBlocked = true;
  client.hasBegun = true;
  until.then(resume, resume);
  return false;
}

/** Lets the request of a call wait for its script to end, which replies by itself. */
function leave(call: Call, command: Command, left: Left, mark: number): false {
  const { client, instance, reply } = call;
  const { pubsub, stats } = instance;
  const argv = call.argv.clone();
  if (client.replyMode !== REPLY_ON) reply.rewind(mark);
  const own = reply.mark();
  client.isBlocked = true;
  client.hasBegun = true;
  left.afterwards(() => {
    awake(client);
    client.hasBegun = false;
    tellSlow(call, command, argv, stats.endTimed(command, left.began));
    if (client.replyMode !== REPLY_ON) mute(call, own);
    if (client.closing) reply.rewind(0);
    else client.connection.release();
    if (pubsub.hasDeferred) pubsub.sendDeferred(client);
    serveWaiting(instance);
  });
  return false;
}

/** Lets the request of a call wait for a key: it runs again, or ends by time or CLIENT UNBLOCK. */
function block(call: Call, { wish, inVain }: Blocked): false {
  const { client, instance } = call;
  const { blocking } = instance;
  client.waiter ??= {
    retry() {
      awake(client);
      client.connection.retry();
    },
    timeOut: () => endWait(call, false),
  };
  const { waiter } = client;
  client.isBlocked = true;
  client.hasBegun = true;
  client.inVain = inVain;
  client.unblock = (withError) => {
    blocking.forget(waiter);
    endWait(call, withError);
  };
  blocking.block(waiter, wish);
  return false;
}

/** Answers a command that waited in vain. */
function endWait(call: Call, withError: boolean): void {
  const { client, instance, reply } = call;
  const { stats, registry } = instance;
  const command = registry.byName(client.lastCommand) as Command;
  const mark = reply.mark();
  const began = stats.beginTimed();
  awake(client);
  client.hasBegun = false;
  if (withError) {
    command.failed++;
    stats.noteError(errors.unblocked.text);
    reply.error(errors.unblocked.text);
  } else {
    client.inVain(reply);
  }
  if (client.replyMode !== REPLY_ON) mute(call, mark);
  stats.endTimed(command, began);
  client.connection.release();
}

function awake(client: Client): void {
  client.isBlocked = false;
  client.unblock = undefined;
}

function isPaused(call: Call, command: Command): boolean {
  const { argv, instance } = call;
  if (instance.pause.ofAll) return true;
  if (command.name === 'exec') return hasQueuedIntent(call, 'mayReplicate');
  return intentOf(instance, command, argv).mayReplicate;
}

/** Whether a transaction holds a request that means to do so. */
function hasQueuedIntent(call: Call, what: keyof Intent): boolean {
  return someQueued(call, (command, argv) => intentOf(call.instance, command, argv)[what]);
}

/** Takes back what was replied, as CLIENT REPLY has it. */
function mute({ client, reply }: Call, mark: number): void {
  if (client.replyMode === REPLY_SKIP_NEXT) {
    client.replyMode = REPLY_SKIP; // The command that just ran was CLIENT REPLY SKIP itself.
    return;
  }
  // Confirmations of subscriptions are messages, not replies.
  if (!/subscribe$/.test(client.lastCommand)) reply.rewind(mark);
  if (client.replyMode === REPLY_SKIP) client.replyMode = REPLY_ON;
}

function reject(call: Call, command: Command, error: ErrorReply): boolean {
  command.rejected++;
  endCaching(call.client, command);
  if (command.name !== 'exec') return refuse(call, error);
  endTransaction(call.client, call.instance);
  return refuse(call, errors.execAbortBecause(error.text.replace(/^ERR /, '')));
}

function refuse({ client, reply, instance }: Call, error: ErrorReply): boolean {
  if (client.queue !== undefined) client.isAborted = true;
  instance.stats.noteError(error.text);
  reply.error(error.text);
  return true;
}

/** No command is to blame, the container of an unknown subcommand neither. */
function refuseUnnamed(call: Call, error: ErrorReply): boolean {
  call.client.lastCommand = 'NULL';
  endCaching(call.client, undefined);
  return refuse(call, error);
}

function refuseUnknown(call: Call): boolean {
  const { argv, client, instance } = call;
  // A browser that was talked into sending HTTP here: what follows must not be read as requests.
  if (argv.is(0, 'POST') || argv.is(0, 'HOST:')) {
    instance.log.warning('Possible security attack: a client speaks HTTP. Closed.', {
      client: client.address,
    });
    client.connection.close();
    return true;
  }
  return refuseUnnamed(call, errors.unknownCommand(argv.text(0), argv));
}
