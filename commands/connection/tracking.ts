/** CLIENT TRACKING: copies that clients keep, and how they learn that one is old. */

import type { Call } from '../../src/dispatch/call.ts';
import { family } from '../../src/dispatch/command.ts';
import type { ClientTracking } from '../../src/instance/clients.ts';
import { errors } from '../../src/resp/errors.ts';

const { command } = family('connection');

type Options = Omit<ClientTracking, 'isBroken' | 'hasCaching'>;

/** Reads the options of CLIENT TRACKING from argument 3 on. */
function optionsFrom({ args, argv, instance }: Call): Options {
  const options = {
    isBroadcast: false,
    prefixes: new Set<string>(),
    optIn: false,
    optOut: false,
    noLoop: false,
    redirectTo: 0,
  };
  for (let i = 3; i < argv.count; i++) {
    const hasMore = i + 1 < argv.count;
    if (hasMore && argv.is(i, 'REDIRECT')) {
      if (options.redirectTo !== 0) throw errors.redirectTwice;
      options.redirectTo = args.integerAt(++i);
      if (instance.clients.find(options.redirectTo) === undefined) throw errors.redirectNowhere;
    } else if (hasMore && argv.is(i, 'PREFIX')) {
      options.prefixes.add(argv.text(++i));
    } else if (argv.is(i, 'BCAST')) {
      options.isBroadcast = true;
    } else if (argv.is(i, 'OPTIN')) {
      options.optIn = true;
    } else if (argv.is(i, 'OPTOUT')) {
      options.optOut = true;
    } else if (argv.is(i, 'NOLOOP')) {
      options.noLoop = true;
    } else throw errors.syntax;
  }
  return options;
}

/** Refuses what does not go together, or not with how the client tracks now. */
function check(call: Call, options: Options): void {
  const { isBroadcast, prefixes, optIn, optOut } = options;
  const { tracking } = call.client;
  if (prefixes.size > 0 && !isBroadcast) throw errors.prefixWithoutBroadcast;
  if (tracking !== undefined && tracking.isBroadcast !== isBroadcast) throw errors.broadcastSwitch;
  if (isBroadcast && (optIn || optOut)) throw errors.optWithBroadcast;
  if (optIn && optOut) throw errors.optInAndOut;
  if (tracking !== undefined && ((optIn && tracking.optOut) || (optOut && tracking.optIn))) {
    throw errors.optSwitch;
  }
  if (isBroadcast) checkPrefixes(call, tracking);
}

/** Refuses prefixes of which one begins with another: the client would be told twice. */
function checkPrefixes({ argv }: Call, tracking: ClientTracking | undefined): void {
  const given: string[] = [];
  for (let i = 3; i < argv.count; i++) if (argv.is(i, 'PREFIX')) given.push(argv.text(++i));
  const existing = [...(tracking?.prefixes ?? [])].sort();
  for (const [i, prefix] of given.entries()) {
    const clash = existing.find((other) => overlap(prefix, other));
    if (clash !== undefined) throw errors.prefixOverlaps(prefix, clash);
    const other = given.slice(i + 1).find((later) => overlap(prefix, later));
    if (other !== undefined) throw errors.prefixesOverlap(prefix, other);
  }
}

function overlap(a: string, b: string): boolean {
  return a.startsWith(b) || b.startsWith(a);
}

export const clientTracking = command({
  syntax:
    'CLIENT TRACKING <ON | OFF> [REDIRECT client-id] [PREFIX prefix [PREFIX prefix ...]] ' +
    '[BCAST] [OPTIN] [OPTOUT] [NOLOOP]',
  summary: 'Has this connection told of changes to the keys it has read, or to those of prefixes.',
  since: '6.0.0',
  complexity: 'O(1). Some options may introduce additional complexity.',
  flags: ['noscript', 'loading', 'stale'],
  arguments: { enabled: { name: 'status' } },
  differs:
    'A client that another redirects to is told behind the reply to its own request, not before; ' +
    'a clash between the second prefix given and a later one is refused, where Redis answers an ' +
    'error and OK.',
  run(call) {
    const { argv, client, reply, instance } = call;
    const options = optionsFrom(call);
    if (argv.is(2, 'ON')) {
      check(call, options);
      instance.tracking.enable(client, options);
    } else if (argv.is(2, 'OFF')) {
      instance.tracking.disable(client);
    } else throw errors.syntax;
    reply.ok();
  },
});

export const clientCaching = command({
  syntax: 'CLIENT CACHING <YES | NO>',
  summary: 'Says whether keys that the next command reads are tracked (OPTIN, OPTOUT).',
  since: '6.0.0',
  complexity: 'O(1)',
  flags: ['noscript', 'loading', 'stale'],
  run({ argv, client, reply }) {
    const { tracking } = client;
    if (tracking === undefined) throw errors.cachingWithoutOpt;
    if (argv.is(2, 'YES')) {
      if (!tracking.optIn) throw errors.cachingYesNeedsOptIn;
    } else if (argv.is(2, 'NO')) {
      if (!tracking.optOut) throw errors.cachingNoNeedsOptOut;
    } else throw errors.syntax;
    tracking.hasCaching = true;
    reply.ok();
  },
});

export const clientGetredir = command({
  syntax: 'CLIENT GETREDIR',
  summary: 'Tells the number of the connection that is told of changes instead of this one.',
  since: '6.0.0',
  complexity: 'O(1)',
  flags: ['noscript', 'loading', 'stale'],
  run({ client, reply }) {
    reply.integer(client.tracking?.redirectTo ?? -1);
  },
});

function flagsOf(tracking: ClientTracking | undefined): readonly string[] {
  if (tracking === undefined) return ['off'];
  const { isBroadcast, optIn, optOut, noLoop, hasCaching, isBroken } = tracking;
  const flags: readonly (readonly [boolean, string])[] = [
    [true, 'on'],
    [isBroadcast, 'bcast'],
    [optIn, 'optin'],
    [optIn && hasCaching, 'caching-yes'],
    [optOut, 'optout'],
    [optOut && hasCaching, 'caching-no'],
    [noLoop, 'noloop'],
    [isBroken, 'broken_redirect'],
  ];
  return flags.filter(([isSet]) => isSet).map(([, name]) => name);
}

export const clientTrackinginfo = command({
  syntax: 'CLIENT TRACKINGINFO',
  summary: 'Tells how this connection tracks keys.',
  since: '6.2.0',
  complexity: 'O(1)',
  flags: ['noscript', 'loading', 'stale'],
  run({ client, reply }) {
    const { tracking } = client;
    const flags = flagsOf(tracking);
    const prefixes = [...(tracking?.prefixes ?? [])].sort();
    reply.map(3);
    reply.bulkText('flags');
    reply.set(flags.length);
    for (const flag of flags) reply.bulkText(flag);
    reply.bulkText('redirect');
    reply.integer(tracking?.redirectTo ?? -1);
    reply.bulkText('prefixes');
    reply.array(prefixes.length);
    for (const prefix of prefixes) reply.bulkText(prefix);
  },
});
