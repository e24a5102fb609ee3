/** Messages between clients: channels, patterns of channels, and shard channels. */

import type { Call } from '../src/dispatch/call.ts';
import { family } from '../src/dispatch/command.ts';
import type { Client, SubscriptionKind } from '../src/instance/clients.ts';
import { FOR_REPLICAS } from '../src/instance/effects.ts';
import { errors } from '../src/resp/errors.ts';
import { latin1Bytes } from '../src/std/ascii.ts';
import { matchGlob } from '../src/std/glob.ts';

const { command, container } = family('pubsub');

const LISTENING = ['pubsub', 'noscript', 'loading', 'stale'] as const;
const ASKING = ['pubsub', 'loading', 'stale'] as const;
const SAYING = ['pubsub', 'loading', 'stale', 'fast', 'may_replicate'] as const;

/** Shard channels are routed as keys are, without being any. */
function shardKeys(lastKey: number) {
  return [
    {
      flags: ['not_key'],
      begin: { type: 'index', index: 1 },
      find: { type: 'range', lastKey, step: 1, limit: 0 },
    },
  ] as const;
}

// ── Listening ───────────────────────────────────────────────────────────────────────────────────

/** Subscriptions a client has of a kind, as the confirmations count: shard channels apart. */
function countOf({ subscriptions }: Client, kind: SubscriptionKind): number {
  if (subscriptions === undefined) return 0;
  const { channel, pattern, shard } = subscriptions;
  return kind === 'shard' ? shard.size : channel.size + pattern.size;
}

function confirm(
  { client, reply }: Call,
  word: string,
  kind: SubscriptionKind,
  name: string | undefined,
): void {
  reply.push(3);
  reply.bulkText(word);
  if (name === undefined) reply.null();
  else reply.bulkText(name);
  reply.integer(countOf(client, kind));
}

function subscribeTo(kind: SubscriptionKind, word: string) {
  return (call: Call): void => {
    const { argv, client, instance } = call;
    if (kind === 'shard' && !client.mayBlock) throw errors.notForDenyBlocking(word.toUpperCase());
    for (let i = 1; i < argv.count; i++) {
      instance.pubsub.subscribe(client, kind, argv.text(i));
      confirm(call, word, kind, argv.text(i));
    }
  };
}

function unsubscribeFrom(kind: SubscriptionKind, word: string) {
  return (call: Call): void => {
    const { argv, client, instance } = call;
    const names =
      argv.count > 1
        ? Array.from({ length: argv.count - 1 }, (_, i) => argv.text(i + 1))
        : [...(client.subscriptions?.[kind] ?? [])];
    for (const name of names) {
      instance.pubsub.unsubscribe(client, kind, name);
      confirm(call, word, kind, name);
    }
    if (names.length === 0) confirm(call, word, kind, undefined);
  };
}

export const subscribe = command({
  syntax: 'SUBSCRIBE channel [channel ...]',
  summary: 'Listens to channels.',
  since: '2.0.0',
  complexity: 'O(N) where N is the number of channels to subscribe to.',
  channels: 'channels',
  flags: LISTENING,
  run: subscribeTo('channel', 'subscribe'),
});

export const unsubscribe = command({
  syntax: 'UNSUBSCRIBE [channel [channel ...]]',
  summary: 'Stops listening to channels, to all of them if none is named.',
  since: '2.0.0',
  complexity: 'O(N) where N is the number of channels to unsubscribe.',
  flags: LISTENING,
  run: unsubscribeFrom('channel', 'unsubscribe'),
});

export const psubscribe = command({
  syntax: 'PSUBSCRIBE pattern [pattern ...]',
  summary: 'Listens to the channels that match patterns.',
  since: '2.0.0',
  complexity: 'O(N) where N is the number of patterns to subscribe to.',
  channels: 'patterns',
  flags: LISTENING,
  run: subscribeTo('pattern', 'psubscribe'),
});

export const punsubscribe = command({
  syntax: 'PUNSUBSCRIBE [pattern [pattern ...]]',
  summary: 'Stops listening to patterns, to all of them if none is named.',
  since: '2.0.0',
  complexity: 'O(N) where N is the number of patterns to unsubscribe.',
  flags: LISTENING,
  run: unsubscribeFrom('pattern', 'punsubscribe'),
});

export const ssubscribe = command({
  syntax: 'SSUBSCRIBE shardchannel [shardchannel ...]',
  summary: 'Listens to shard channels.',
  since: '7.0.0',
  complexity: 'O(N) where N is the number of shard channels to subscribe to.',
  keys: shardKeys(-1),
  channels: 'channels',
  flags: LISTENING,
  run: subscribeTo('shard', 'ssubscribe'),
});

export const sunsubscribe = command({
  syntax: 'SUNSUBSCRIBE [shardchannel [shardchannel ...]]',
  summary: 'Stops listening to shard channels, to all of them if none is named.',
  since: '7.0.0',
  complexity: 'O(N) where N is the number of shard channels to unsubscribe.',
  keys: shardKeys(-1),
  flags: LISTENING,
  run: unsubscribeFrom('shard', 'sunsubscribe'),
});

// ── Saying ──────────────────────────────────────────────────────────────────────────────────────

function say({ argv, instance, reply }: Call, kind: 'channel' | 'shard'): void {
  const { bytes, starts, ends } = argv;
  const { pubsub } = instance;
  reply.integer(pubsub.publish(kind, argv.text(1), bytes, starts[2], ends[2]));
  instance.effects.force(FOR_REPLICAS);
}

export const publish = command({
  syntax: 'PUBLISH channel message',
  summary: 'Sends a message to who listens to a channel, and answers to how many.',
  since: '2.0.0',
  complexity:
    'O(N+M) where N is the number of clients subscribed to the receiving channel and M is the ' +
    'total number of subscribed patterns (by any client).',
  channels: 'publish',
  flags: SAYING,
  run: (call) => say(call, 'channel'),
});

export const spublish = command({
  syntax: 'SPUBLISH shardchannel message',
  summary: 'Sends a message to who listens to a shard channel, and answers to how many.',
  since: '7.0.0',
  complexity: 'O(N) where N is the number of clients subscribed to the receiving shard channel.',
  keys: shardKeys(0),
  channels: 'publish',
  flags: SAYING,
  run: (call) => say(call, 'shard'),
});

// ── Asking ──────────────────────────────────────────────────────────────────────────────────────

export const pubsub = container({
  name: 'PUBSUB',
  summary: 'A container for Pub/Sub commands.',
  since: '2.8.0',
  helpSince: '6.2.0',
  help: [
    'CHANNELS [<pattern>]',
    "    Return the currently active channels matching a <pattern> (default: '*').",
    'NUMPAT',
    '    Return number of subscriptions to patterns.',
    'NUMSUB [<channel> ...]',
    '    Return the number of subscribers for the specified channels, excluding',
    '    pattern subscriptions(default: no channels).',
    'SHARDCHANNELS [<pattern>]',
    "    Return the currently active shard level channels matching a <pattern> (default: '*').",
    'SHARDNUMSUB [<shardchannel> ...]',
    '    Return the number of subscribers for the specified shard level channel(s)',
  ],
});

function replyNames({ argv, reply }: Call, names: Iterable<string>): void {
  if (argv.count > 3) throw errors.subcommandSyntax(argv);
  const pattern = argv.count === 3 ? argv.copy(2) : undefined;
  const found = [...names].filter((name) => {
    if (pattern === undefined) return true;
    return matchGlob(pattern, 0, pattern.length, latin1Bytes(name), 0, name.length, false);
  });
  reply.array(found.length);
  for (const name of found) reply.bulkText(name);
}

function replyCounts(
  { argv, reply }: Call,
  subscribers: ReadonlyMap<string, ReadonlySet<Client>>,
): void {
  reply.array((argv.count - 2) * 2);
  for (let i = 2; i < argv.count; i++) {
    reply.bulkText(argv.text(i));
    reply.integer(subscribers.get(argv.text(i))?.size ?? 0);
  }
}

export const pubsubChannels = command({
  syntax: 'PUBSUB CHANNELS [pattern]',
  summary: 'Lists the channels that somebody listens to.',
  since: '2.8.0',
  complexity:
    'O(N) where N is the number of active channels, and assuming constant time pattern matching ' +
    '(relatively short channels and patterns)',
  flags: ASKING,
  run: (call) => replyNames(call, call.instance.pubsub.channels.keys()),
});

export const pubsubNumpat = command({
  syntax: 'PUBSUB NUMPAT',
  summary: 'Counts the patterns that somebody listens to.',
  since: '2.8.0',
  complexity: 'O(1)',
  flags: ASKING,
  run: ({ instance, reply }) => reply.integer(instance.pubsub.patterns.size),
});

export const pubsubNumsub = command({
  syntax: 'PUBSUB NUMSUB [channel [channel ...]]',
  summary: 'Counts who listens to channels.',
  since: '2.8.0',
  complexity: 'O(N) for the NUMSUB subcommand, where N is the number of requested channels',
  flags: ASKING,
  run: (call) => replyCounts(call, call.instance.pubsub.channels),
});

export const pubsubShardchannels = command({
  syntax: 'PUBSUB SHARDCHANNELS [pattern]',
  summary: 'Lists the shard channels that somebody listens to.',
  since: '7.0.0',
  complexity:
    'O(N) where N is the number of active shard channels, and assuming constant time pattern ' +
    'matching (relatively short shard channels).',
  flags: ASKING,
  run: (call) => replyNames(call, call.instance.pubsub.shards.keys()),
});

export const pubsubShardnumsub = command({
  syntax: 'PUBSUB SHARDNUMSUB [shardchannel [shardchannel ...]]',
  summary: 'Counts who listens to shard channels.',
  since: '7.0.0',
  complexity:
    'O(N) for the SHARDNUMSUB subcommand, where N is the number of requested shard channels',
  flags: ASKING,
  run: (call) => replyCounts(call, call.instance.pubsub.shards),
});
