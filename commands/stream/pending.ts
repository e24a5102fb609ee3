/** Streams, in groups: what was delivered and is not acknowledged yet. */

import type { Call } from '../../src/dispatch/call.ts';
import { family } from '../../src/dispatch/command.ts';
import { errors } from '../../src/resp/errors.ts';
import type { Reply } from '../../src/resp/reply.ts';
import { StreamId } from '../../src/value/stream-id.ts';
import {
  findConsumer,
  findGroup,
  groups,
  openGroup,
  openStream,
  readEnd,
  readId,
  readStart,
  replyDeliveries,
  stream,
} from './open.ts';

const { command } = family('stream');

const id = new StreamId();
const start = new StreamId();
const end = new StreamId();

export const xack = command({
  syntax: 'XACK key group id [id ...]',
  summary: 'Acknowledges entries: they are pending no more.',
  since: '5.0.0',
  complexity: 'O(1) for each message ID processed.',
  keys: 'RW update',
  flags: ['fast'],
  run(call) {
    const { argv, db, reply } = call;
    if (!openStream(call, 1) || !findGroup(call, 2)) {
      reply.integer(0);
      return;
    }
    // All must be ids before one is acknowledged.
    for (let i = 3; i < argv.count; i++) readId(call, i, id);
    let acknowledged = 0;
    for (let i = 3; i < argv.count; i++) {
      if (argv.count > 4) readId(call, i, id);
      if (!groups.findPending(id)) continue;
      groups.removePending(id);
      acknowledged++;
    }
    if (acknowledged > 0) {
      stream.settle();
      db.changed(acknowledged);
    }
    reply.integer(acknowledged);
  },
});

export const xpending = command({
  syntax: 'XPENDING key group [[IDLE min-idle-time] start end count [consumer]]',
  summary: 'Tells what is pending in a group, as a whole or entry by entry.',
  since: '5.0.0',
  complexity:
    'O(N) with N being the number of elements returned, so asking for a small fixed number of ' +
    'entries per call is O(1). O(M), where M is the total number of entries scanned when used ' +
    'with the IDLE filter. When the command returns just the summary and the list of consumers ' +
    'is small, it runs in O(1) time; otherwise, an additional O(N) time for iterating every ' +
    'consumer.',
  arguments: {
    'idle-block': { name: 'filters' },
    IDLE: { type: 'integer', since: '6.2.0' },
    start: { type: 'string' },
    end: { type: 'string' },
  },
  keys: 'RO access',
  tips: ['nondeterministic_output'],
  history: [['6.2.0', 'Added the `IDLE` option and exclusive range intervals.']],
  run(call) {
    const { argv } = call;
    if (argv.count === 3) {
      openGroup(call);
      replySummary(call.reply);
      return;
    }
    if (argv.count < 6 || argv.count > 9) throw errors.syntax;
    replyEntries(call);
  },
});

function replySummary(reply: Reply): void {
  reply.array(4);
  reply.integer(groups.pendingCount);
  if (!groups.seekFirstPending()) {
    reply.null();
    reply.null();
    reply.nullArray();
    return;
  }
  groups.readPendingId(id).writeTo(reply);
  groups.seekLastPending();
  groups.readPendingId(id).writeTo(reply);
  const array = reply.deferArray();
  let count = 0;
  for (let i = 0; i < groups.consumerCount; i++) {
    groups.goToConsumer(i);
    if (groups.ownCount === 0) continue;
    count++;
    reply.array(2);
    groups.writeConsumerName(reply);
    reply.bulkInteger(groups.ownCount);
  }
  reply.endDefer(array, count);
}

function replyEntries(call: Call): void {
  const { argv, args, db, reply } = call;
  let first = 3;
  let minIdle = 0;
  if (argv.is(3, 'IDLE')) {
    minIdle = args.integerAt(4);
    if (argv.count < 8) throw errors.syntax;
    first = 5;
  }
  let left = args.integerAt(first + 2);
  readStart(call, first, start);
  readEnd(call, first + 1, end);
  openGroup(call);
  const ofConsumer = first + 3 < argv.count;
  if (ofConsumer && !findConsumer(call, first + 3)) {
    reply.array(0);
    return;
  }
  const { now } = db.zone;
  const array = reply.deferArray();
  let count = 0;
  let more = ofConsumer ? groups.seekOwn(start) : groups.seekPending(start);
  for (; more && left > 0; more = ofConsumer ? groups.nextOwn() : groups.nextPending()) {
    if (ofConsumer) groups.readOwnId(id);
    else groups.readPendingId(id);
    if (id.compare(end) > 0) break;
    if (ofConsumer) groups.findPending(id);
    const idle = now - groups.deliveryTime;
    if (minIdle !== 0 && idle < minIdle) continue;
    count++;
    left--;
    reply.array(4);
    id.writeTo(reply);
    groups.writeOwnerName(reply);
    reply.integer(Math.max(0, idle));
    replyDeliveries(reply);
  }
  reply.endDefer(array, count);
}
