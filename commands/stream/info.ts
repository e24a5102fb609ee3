/** Streams, looked into: the log, the groups, and who has what. */

import type { Call } from '../../src/dispatch/call.ts';
import { family } from '../../src/dispatch/command.ts';
import { errors } from '../../src/resp/errors.ts';
import type { Reply } from '../../src/resp/reply.ts';
import { StreamId } from '../../src/value/stream-id.ts';
import { UNKNOWN } from '../../src/value/stream-image.ts';
import {
  countUpTo,
  findGroup,
  groups,
  hasGapFrom,
  openStream,
  replyDeliveries,
  replyEntry,
  stream,
  walk,
} from './open.ts';

const { command, container } = family('stream');

const id = new StreamId();
const least = new StreamId();
const largest = new StreamId().setMax();

/** How much XINFO STREAM FULL shows of each part. */
const COUNT = 10;

export const xinfo = container({
  name: 'XINFO',
  summary: 'A container for commands that look into streams.',
  since: '5.0.0',
  help: [
    'CONSUMERS <key> <groupname>',
    '    Show consumers of <groupname>.',
    'GROUPS <key>',
    '    Show the stream consumer groups.',
    'STREAM <key> [FULL [COUNT <count>]',
    '    Show information about the stream.',
  ],
});

/** Points at the stream of key 2, which must be there. */
function open(call: Call): void {
  if (!openStream(call, 2)) throw errors.noSuchKey;
}

// ── Groups and consumers ────────────────────────────────────────────────────────────────────────

/** Replies how many entries the group has read, and how many there are that it has not. */
function replyProgress(reply: Reply): void {
  const { entriesRead } = groups;
  reply.bulkText('entries-read');
  if (entriesRead === UNKNOWN) reply.null();
  else reply.integer64(entriesRead);
  reply.bulkText('lag');
  const { added } = stream;
  groups.readLastId(id);
  const isExact = entriesRead !== UNKNOWN && !hasGapFrom(id);
  const read = isExact ? entriesRead : countUpTo(id);
  if (added === 0n) reply.integer(0);
  else if (read === UNKNOWN) reply.null();
  else reply.integer64(BigInt.asIntN(64, added - read));
}

export const xinfoGroups = command({
  syntax: 'XINFO GROUPS key',
  summary: 'Lists the groups of a stream.',
  since: '5.0.0',
  complexity: 'O(1)',
  keys: 'RO access',
  history: [['7.0.0', 'Added the `entries-read` and `lag` fields']],
  run(call) {
    const { reply } = call;
    open(call);
    const { count } = groups;
    reply.array(count);
    for (let i = 0; i < count; i++) {
      groups.goTo(i);
      reply.map(6);
      reply.bulkText('name');
      groups.writeName(reply);
      reply.bulkText('consumers');
      reply.integer(groups.consumerCount);
      reply.bulkText('pending');
      reply.integer(groups.pendingCount);
      reply.bulkText('last-delivered-id');
      groups.readLastId(id).writeTo(reply);
      replyProgress(reply);
    }
  },
});

export const xinfoConsumers = command({
  syntax: 'XINFO CONSUMERS key group',
  summary: 'Lists the consumers of a group.',
  since: '5.0.0',
  complexity: 'O(1)',
  keys: 'RO access',
  tips: ['nondeterministic_output'],
  history: [['7.2.0', 'Added the `inactive` field.']],
  run(call) {
    const { argv, db, reply } = call;
    open(call);
    if (!findGroup(call, 3)) throw errors.noGroupOfKey(argv.text(2), argv.text(3));
    const { now } = db.zone;
    const count = groups.consumerCount;
    reply.array(count);
    for (let i = 0; i < count; i++) {
      groups.goToConsumer(i);
      const { activeTime } = groups;
      reply.map(4);
      reply.bulkText('name');
      groups.writeConsumerName(reply);
      reply.bulkText('pending');
      reply.integer(groups.ownCount);
      reply.bulkText('idle');
      reply.integer(Math.max(0, now - groups.seenTime));
      reply.bulkText('inactive');
      reply.integer(activeTime === -1 ? -1 : now - activeTime);
    }
  },
});

// ── The stream ──────────────────────────────────────────────────────────────────────────────────

export const xinfoStream = command({
  syntax: 'XINFO STREAM key [FULL [COUNT count]]',
  summary: 'Tells what there is to know of a stream.',
  since: '5.0.0',
  complexity: 'O(1)',
  keys: 'RO access',
  history: [
    ['6.0.0', 'Added the `FULL` modifier.'],
    [
      '7.0.0',
      'Added the `max-deleted-entry-id`, `entries-added`, `recorded-first-entry-id`, ' +
        '`entries-read` and `lag` fields',
    ],
    ['7.2.0', 'Added the `active-time` field, and changed the meaning of `seen-time`.'],
  ],
  differs: 'There is no radix tree; its nodes are told as if each key had one of its own.',
  run(call) {
    const { argv, args, reply } = call;
    open(call);
    const isFull = argv.count > 3;
    let limit = COUNT;
    if (isFull) {
      const isFine = argv.is(3, 'FULL') && (argv.count === 4 || argv.count === 6);
      if (!isFine || (argv.count === 6 && !argv.is(4, 'COUNT')))
        throw errors.subcommandSyntax(argv);
      if (argv.count === 6) limit = args.integerAt(5);
      if (limit < 0) limit = COUNT;
    }
    reply.map(isFull ? 9 : 10);
    replyLog(reply);
    if (isFull) {
      reply.bulkText('entries');
      replyEntries(reply, limit);
      reply.bulkText('groups');
      replyGroups(reply, limit);
      return;
    }
    reply.bulkText('groups');
    reply.integer(groups.count);
    for (const [name, isReverse] of [
      ['first-entry', false],
      ['last-entry', true],
    ] as const) {
      reply.bulkText(name);
      walk.begin(stream, least.setMin(), largest, isReverse);
      if (walk.next()) replyEntry(reply);
      else reply.null();
    }
  },
});

function replyLog(reply: Reply): void {
  const nodes = stream.nodeCount;
  reply.bulkText('length');
  reply.integer(stream.length);
  reply.bulkText('radix-tree-keys');
  reply.integer(nodes);
  reply.bulkText('radix-tree-nodes');
  reply.integer(nodes + 1);
  reply.bulkText('last-generated-id');
  stream.lastId(id).writeTo(reply);
  reply.bulkText('max-deleted-entry-id');
  stream.maxDeletedId(id).writeTo(reply);
  reply.bulkText('entries-added');
  reply.integer64(stream.added);
  reply.bulkText('recorded-first-entry-id');
  stream.firstId(id).writeTo(reply);
}

function replyEntries(reply: Reply, limit: number): void {
  const array = reply.deferArray();
  let count = 0;
  walk.begin(stream, least.setMin(), largest, false);
  while ((limit === 0 || count < limit) && walk.next()) {
    count++;
    replyEntry(reply);
  }
  reply.endDefer(array, count);
}

function replyGroups(reply: Reply, limit: number): void {
  const { count } = groups;
  reply.array(count);
  for (let i = 0; i < count; i++) {
    groups.goTo(i);
    reply.map(7);
    reply.bulkText('name');
    groups.writeName(reply);
    reply.bulkText('last-delivered-id');
    groups.readLastId(id).writeTo(reply);
    replyProgress(reply);
    reply.bulkText('pel-count');
    reply.integer(groups.pendingCount);
    reply.bulkText('pending');
    replyPending(reply, limit);
    reply.bulkText('consumers');
    replyConsumers(reply, limit);
  }
}

function replyPending(reply: Reply, limit: number): void {
  const count = limit === 0 ? groups.pendingCount : Math.min(limit, groups.pendingCount);
  reply.array(count);
  groups.seekFirstPending();
  for (let i = 0; i < count; i++) {
    reply.array(4);
    groups.readPendingId(id).writeTo(reply);
    groups.writeOwnerName(reply);
    reply.integer(groups.deliveryTime);
    replyDeliveries(reply);
    groups.nextPending();
  }
}

function replyConsumers(reply: Reply, limit: number): void {
  const count = groups.consumerCount;
  reply.array(count);
  for (let i = 0; i < count; i++) {
    groups.goToConsumer(i);
    reply.map(5);
    reply.bulkText('name');
    groups.writeConsumerName(reply);
    reply.bulkText('seen-time');
    reply.integer(groups.seenTime);
    reply.bulkText('active-time');
    reply.integer(groups.activeTime);
    reply.bulkText('pel-count');
    reply.integer(groups.ownCount);
    reply.bulkText('pending');
    const shown = limit === 0 ? groups.ownCount : Math.min(limit, groups.ownCount);
    reply.array(shown);
    groups.seekOwn(least.setMin());
    for (let j = 0; j < shown; j++) {
      groups.findPending(groups.readOwnId(id));
      reply.array(3);
      id.writeTo(reply);
      reply.integer(groups.deliveryTime);
      replyDeliveries(reply);
      groups.nextOwn();
    }
  }
}
