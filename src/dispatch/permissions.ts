/**
 * Permissions: whether a user may run a request, by its command, its keys and its channels.
 *
 * A client whose user may do everything never comes here (Client.isUnrestricted). Everything else
 * that runs a request for a client does: the gates, EXEC once more for what was queued, scripts.
 */

import type { DenialContext, DenialReason } from '../instance/acl/log.ts';
import { KEY_READ, KEY_WRITE, type Selector } from '../instance/acl/selector.ts';
import type { User } from '../instance/acl/user.ts';
import type { Client } from '../instance/clients.ts';
import type { Argv } from '../resp/argv.ts';
import { type ErrorReply, errors } from '../resp/errors.ts';
import { latin1Text } from '../std/ascii.ts';
import type { Call, Command, Instance } from './call.ts';
import { clientLine } from './client-line.ts';
import { type FoundKey, hasKeys, type KeyFlag, keysOf } from './keys.ts';

/** Why a request may not be run. */
export interface Denial {
  readonly reason: Exclude<DenialReason, 'auth'>;
  /** The full name of the command, the key or the channel that was refused; latin1. */
  readonly object: string;
}

/** A denial by one selector. The further back what it refuses, the more it tells. */
interface SelectorDenial extends Denial {
  readonly index: number;
}

const RANK: Readonly<Record<Denial['reason'], number>> = { command: 1, key: 2, channel: 3 };

/**
 * Whether `user` may run the request in `argv`, whose command's name is argument `first`: undefined
 * if so, else why not. `command` is what the request names, a subcommand where it has one, with as
 * many arguments as it wants. `further` are keys that the request uses and does not name. Nothing
 * is logged or counted: see noteDenial.
 */
export function checkPermission(
  user: User,
  command: Command,
  argv: Argv,
  instance: Instance,
  first = 0,
  further: readonly FoundKey[] = [],
): Denial | undefined {
  if (user.isUnrestricted) return undefined;
  const request = new CheckedRequest(command, argv, instance, first, further);
  let worst: SelectorDenial | undefined;
  for (const selector of user.selectors) {
    const denial = request.check(selector);
    if (denial === undefined) return undefined;
    const rank = worst === undefined ? 0 : RANK[denial.reason] - RANK[worst.reason];
    if (worst === undefined || rank > 0 || (rank === 0 && denial.index > worst.index)) {
      worst = denial;
    }
  }
  return worst;
}

/** As checkPermission; and one of the selectors that allow the request allows to read any key. */
export function mayReadAnyKey({ argv, client, instance }: Call, command: Command): boolean {
  if (client.user.isUnrestricted) return true;
  const request = new CheckedRequest(command, argv, instance, 0, []);
  return client.user.selectors.some(
    (selector) => selector.allowsAnyKey(KEY_READ) && request.check(selector) === undefined,
  );
}

/** Refuses the running request of a call if it may not use keys that it does not name. */
export function permitFurtherKeys(call: Call, command: Command, keys: readonly FoundKey[]): void {
  const { argv, client, instance } = call;
  const denial = checkPermission(client.user, command, argv, instance, 0, keys);
  if (denial === undefined) return;
  noteDenial(call, denial, contextOf(client));
  throw refusalOf(denial, client.user);
}

/** The error reply that a denial is. */
export function refusalOf({ reason, object }: Denial, user: User): ErrorReply {
  if (reason === 'command') return errors.noCommandPermission(user.name, object);
  return reason === 'key' ? errors.noKeyPermission : errors.noChannelPermission;
}

/**
 * Counts a denial (INFO) and enters it in the log (ACL LOG), as one of `client`: for a script, who
 * runs it.
 */
export function noteDenial(
  call: Call,
  denial: Denial,
  context: DenialContext,
  client = call.client,
): void {
  note({ ...call, client }, denial.reason, denial.object, call.client.user.name, context);
}

/** The same, of a name and password that don't go together. */
export function noteWrongPassword(call: Call, username: string): void {
  note(call, 'auth', call.argv.text(0), username, contextOf(call.client));
}

/** What a running request is part of. Nothing may block while EXEC runs what was queued. */
function contextOf({ mayBlock, queue }: Client): DenialContext {
  return mayBlock && queue === undefined ? 'toplevel' : 'multi';
}

function note(
  call: Call,
  reason: DenialReason,
  object: string,
  username: string,
  context: DenialContext,
): void {
  const { instance, client } = call;
  const { aclLog, config, clock, stats } = instance;
  stats.denied[reason]++;
  const clientInfo = clientLine(client, call);
  const denial = { reason, context, object, username, clientInfo };
  aclLog.note(denial, clock.now(), config.values.acllogMaxLen);
}

/** A request as selectors are asked about it; its keys are found once. */
class CheckedRequest {
  readonly #command: Command;
  readonly #argv: Argv;
  readonly #instance: Instance;
  readonly #first: number;
  readonly #further: readonly FoundKey[];
  #keys: readonly FoundKey[] | undefined = undefined;

  constructor(
    command: Command,
    argv: Argv,
    instance: Instance,
    first: number,
    further: readonly FoundKey[],
  ) {
    this.#command = command;
    this.#argv = argv;
    this.#instance = instance;
    this.#first = first;
    this.#further = further;
  }

  check(selector: Selector): SelectorDenial | undefined {
    const command = this.#command;
    if (!command.needsNoAuth && !selector.allowsCommand(command, this.#firstArgument)) {
      return { reason: 'command', object: command.fullName, index: 0 };
    }
    return this.#checkKeys(selector) ?? this.#checkChannels(selector);
  }

  readonly #firstArgument = (): string | undefined => {
    const index = this.#first + 1;
    return index < this.#argv.count ? this.#argv.text(index) : undefined;
  };

  #checkKeys(selector: Selector): SelectorDenial | undefined {
    if (selector.allowsAllKeys || !hasKeys(this.#command)) return undefined;
    this.#keys ??= [
      ...keysOf(this.#command, this.#argv, this.#first, this.#instance),
      ...this.#further,
    ];
    for (const { bytes, start, end, flags } of this.#keys) {
      if (selector.allowsKey(bytes, start, end, useOf(flags))) continue;
      return { reason: 'key', object: latin1Text(bytes, start, end), index: start };
    }
    return undefined;
  }

  #checkChannels(selector: Selector): SelectorDenial | undefined {
    const { channels } = this.#command;
    if (selector.allowsAllChannels || channels === undefined) return undefined;
    const argv = this.#argv;
    const begin = this.#first + 1;
    const end = channels === 'publish' ? begin + 1 : argv.count;
    for (let i = begin; i < end; i++) {
      const name = argv.text(i);
      if (selector.allowsChannel(name, channels === 'patterns')) continue;
      return { reason: 'channel', object: name, index: i };
    }
    return undefined;
  }
}

/** What a key spec's flags ask of a user, as bits. */
function useOf(flags: readonly KeyFlag[]): number {
  let use = 0;
  for (const flag of flags) {
    if (flag === 'access') use |= KEY_READ;
    else if (flag === 'insert' || flag === 'delete' || flag === 'update') use |= KEY_WRITE;
  }
  return use;
}
