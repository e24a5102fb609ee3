/**
 * Performing: a command runs, past the gates, and who wants to know of it is told.
 *
 *   attempt ─▶ its time ─▶ latency monitor, slow log ─▶ monitors ─▶ effects ─▶ tracking
 *
 * Whatever runs a command comes through here: the gates, EXEC, scripts. Nearly always nobody wants
 * to know; then it is one question, and the time of a short command is shared with its neighbours'
 * (instance/stats.ts).
 */

import type { Client } from '../instance/clients.ts';
import { quoted } from '../instance/config/words.ts';
import { REDACTED } from '../instance/slowlog.ts';
import type { Argv } from '../resp/argv.ts';
import { ErrorReply as Refusal } from '../resp/errors.ts';
import { latin1Text } from '../std/ascii.ts';
import { unixMicros } from '../std/clock.ts';
import type { Call, Command } from './call.ts';
import { keysOf } from './keys.ts';
import { Left } from './left.ts';

/** They read what the commands in them read, and are shown in front of those. */
const SCRIPTS: ReadonlySet<string> = new Set([
  ...['eval', 'evalsha', 'fcall', 'eval_ro', 'evalsha_ro', 'fcall_ro'],
]);
/** What may find that any key has expired: those need not go together. */
const SCATTERING: ReadonlySet<string> = new Set(['randomkey', 'scan']);
const MICROS_PER_MS = 1000;
const MS_PER_SECOND = 1000;
const MICROS_PER_SECOND = 1_000_000;

/**
 * Runs the command of a call and replies what it replies, or the error it refuses with. What it
 * throws to wait by (Blocked, Wait) is thrown on; it has not been counted then.
 */
export function perform(call: Call, command: Command, mark: number): void {
  const { client, instance } = call;
  const { stats } = instance;
  if (!command.isShort || stats.isExact || instance.audience.isPresent) {
    performSeen(call, command, mark);
  } else {
    attempt(call, command, mark);
    stats.noteCall(command);
  }
  if (client.tracking !== undefined || client.isScript) track(call, command, call.argv);
}

/** Apart from perform(), which is to stay small: the compiler takes the handler in. */
function performSeen(call: Call, command: Command, mark: number): void {
  const { audience, effects, keyspace } = call.instance;
  if (audience.isPresent && keyspace.isGuarded) guard(call, command);
  if (effects.isOn) performWithEffects(call, command, mark);
  else performTimed(call, command, mark);
}

/** While a snapshot is taken, it takes keys in before a command changes them. */
function guard({ argv, db, instance }: Call, command: Command): void {
  if (!command.isWrite && !command.flags.has('may_replicate')) return;
  for (const { bytes, start, end } of keysOf(command, argv, 0, instance)) {
    db.beforeChange(bytes, start, end);
  }
}

/** Runs a command and tells what it has brought about. */
function performWithEffects(call: Call, command: Command, mark: number): void {
  const { argv, db, instance, client } = call;
  const { effects, monitors, stats, keyspace } = instance;
  const { counts } = keyspace;
  const { dirty } = counts;
  const { fullName } = command;
  const isScattered = SCATTERING.has(fullName);
  effects.enter();
  try {
    if (!command.isShort || stats.isExact || monitors.isOn) {
      performTimed(call, command, mark);
    } else {
      attempt(call, command, mark);
      stats.noteCall(command);
    }
  } catch (error) {
    effects.abandon();
    if (error instanceof Left) error.afterwards(() => effects.leave(isScattered));
    else effects.leave(isScattered);
    throw error;
  }
  // What it ran has told of itself.
  if (fullName === 'exec' || SCRIPTS.has(fullName)) effects.abandon();
  else effects.tell(db.number, argv, counts.dirty > dirty, client.isScript);
  effects.leave(isScattered);
}

function performTimed(call: Call, command: Command, mark: number): void {
  const { argv, client, instance } = call;
  const { stats, monitors } = instance;
  const began = stats.beginTimed();
  if (monitors.isOn && SCRIPTS.has(command.fullName)) send(call, command, argv);
  try {
    attempt(call, command, mark);
  } catch (error) {
    // What waits is shown when it begins to, and timed when it ends.
    stats.skip();
    if (monitors.isOn && !client.hasBegun) show(call, command, argv);
    if (client.tracking !== undefined) remember(call, command, argv);
    throw error;
  }
  tellSlow(call, command, argv, stats.endTimed(command, began));
  if (monitors.isOn && !client.hasBegun) show(call, command, argv);
}

function track(call: Call, command: Command, argv: Argv): void {
  remember(call, command, argv);
  endCaching(call.client, command);
}

/** Remembers which keys a client has read that tracks them: itself, or by a script. */
function remember({ client, instance }: Call, command: Command, argv: Argv): void {
  const reader = client.isScript ? instance.pubsub.executing : client;
  const tracking = reader?.tracking;
  if (reader === undefined || tracking === undefined) return;
  const { isBroadcast, optIn, optOut, hasCaching } = tracking;
  const { flags, fullName } = command;
  const isAsked = !(optIn && !hasCaching) && !(optOut && hasCaching);
  if (isAsked && !isBroadcast && flags.has('readonly') && !SCRIPTS.has(fullName)) {
    for (const { bytes, start, end } of keysOf(command, argv, 0, instance)) {
      instance.tracking.remember(reader, latin1Text(bytes, start, end));
    }
  }
}

/** CLIENT CACHING is about the next command, or the next transaction. */
export function endCaching({ tracking, queue }: Client, command: Command | undefined): void {
  if (tracking === undefined || queue !== undefined) return;
  if (command?.parent?.name !== 'client') tracking.hasCaching = false;
}

function attempt(call: Call, command: Command, mark: number): void {
  const { client, reply, instance } = call;
  try {
    if (client.noTouch) runUntouching(call, command);
    else command.run?.(call);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    reply.rewind(mark);
    reply.error(error.text);
    command.failed++;
    instance.stats.noteError(error.text);
  }
}

/** Runs a command of a client that asked for its look-ups not to count as uses (NO-TOUCH). */
function runUntouching(call: Call, command: Command): void {
  const { keyspace } = call;
  keyspace.touches = command.name === 'touch';
  try {
    command.run?.(call);
  } finally {
    keyspace.touches = true;
  }
}

/**
 * The requests that had arrived have been run, and the last is still there: a short command that
 * came alone has its own time. `isLarge`: there is a large reply, as a rule the last one's.
 */
export function settle(call: Call, isLarge: boolean): void {
  const { stats, registry } = call.instance;
  if (!stats.isUnsettled) return;
  const last = isLarge ? registry.byName(call.client.lastCommand) : undefined;
  const took = stats.settle(last);
  if (took < stats.slowFrom) return;
  const command = last ?? registry.byName(call.client.lastCommand);
  if (command !== undefined) tellSlow(call, command, call.argv, took);
}

/** Tells the latency monitor and the slow log, if a command took long. */
export function tellSlow(call: Call, command: Command, argv: Argv, took: number): void {
  const { instance, client } = call;
  if (took < instance.stats.slowFrom) return;
  const { clock, config, latency, slowLog } = instance;
  const { slowlogLogSlowerThan: from, slowlogMaxLen } = config.values;
  const micros = Math.floor(took);
  const seconds = Math.floor(clock.now() / MS_PER_SECOND);
  const event = command.flags.has('fast') ? 'fast-command' : 'command';
  latency.note(event, Math.floor(micros / MICROS_PER_MS), seconds);
  if (from < 0 || micros < from || command.flags.has('skip_slowlog')) return;
  const secrets = command.secrets(argv, instance);
  slowLog.note(client, argv, secrets, micros, seconds, slowlogMaxLen);
}

/** Shows a request to the monitors, if it is one that they may see. */
function show(call: Call, command: Command, argv: Argv): void {
  if (!command.flags.has('skip_monitor') && !command.flags.has('admin')) send(call, command, argv);
}

function send({ client, instance, db }: Call, command: Command, argv: Argv): void {
  const secrets = command.secrets(argv, instance);
  const now = unixMicros(instance.clock);
  const seconds = Math.floor(now / MICROS_PER_SECOND);
  const micros = String(now % MICROS_PER_SECOND).padStart(6, '0');
  const from = client.isUnix ? `unix:${instance.config.values.unixsocket}` : client.address;
  let line = `${seconds}.${micros} [${db.number} ${from}]`;
  for (let i = 0; i < argv.count; i++) {
    line += ` ${quoted(secrets.includes(i) ? REDACTED : argv.text(i))}`;
  }
  instance.monitors.send(line);
}
