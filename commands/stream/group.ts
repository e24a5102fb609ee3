/** Streams, in groups: consumer groups made, moved and ended, and the consumers in them. */

import type { Call } from '../../src/dispatch/call.ts';
import { family } from '../../src/dispatch/command.ts';
import { events } from '../../src/keyspace/events.ts';
import { errors } from '../../src/resp/errors.ts';
import { StreamId } from '../../src/value/stream-id.ts';
import { TYPE_STREAM } from '../../src/value/type.ts';
import { findConsumer, findGroup, groups, stream } from './open.ts';

const { command, container } = family('stream');

const id = new StreamId();

export const xgroup = container({
  name: 'XGROUP',
  summary: 'A container for commands on the consumer groups of streams.',
  since: '5.0.0',
  help: [
    'CREATE <key> <groupname> <id|$> [option]',
    '    Create a new consumer group. Options are:',
    '    * MKSTREAM',
    '      Create the empty stream if it does not exist.',
    '    * ENTRIESREAD entries_read',
    "      Set the group's entries_read counter (internal use).",
    'CREATECONSUMER <key> <groupname> <consumer>',
    '    Create a new consumer in the specified group.',
    'DELCONSUMER <key> <groupname> <consumer>',
    '    Remove the specified consumer.',
    'DESTROY <key> <groupname>',
    '    Remove the specified group.',
    'SETID <key> <groupname> <id|$> [ENTRIESREAD entries_read]',
    '    Set the current group ID and entries_read counter.',
  ],
});

// ── Groups ──────────────────────────────────────────────────────────────────────────────────────

/** What follows the id. */
const options = { makesStream: false, entriesRead: 0n };

function readOptions({ args, argv }: Call, mayMakeStream: boolean): void {
  options.makesStream = false;
  options.entriesRead = -1n;
  args.begin(5);
  while (!args.atEnd) {
    if (mayMakeStream && args.token('MKSTREAM')) {
      options.makesStream = true;
    } else if (args.remaining > 1 && args.token('ENTRIESREAD')) {
      options.entriesRead = args.int64();
      if (options.entriesRead < -1n) throw errors.entriesReadNegative;
    } else {
      throw errors.subcommandSyntax(argv);
    }
  }
}

/** Points at the stream of key 2. Answers false when there is none. */
function openStream({ argv, db }: Call): boolean {
  const entry = db.findForWrite(argv, 2);
  if (entry === 0) return false;
  db.expectType(entry, TYPE_STREAM);
  stream.open(db.zone, entry);
  return true;
}

/** Points at the stream of key 2 and at its group 3, which must be there. */
function openGroup(call: Call): void {
  if (!openStream(call)) throw errors.groupNeedsKey;
  if (!findGroup(call, 3)) throw errors.noGroupOfKey(call.argv.text(2), call.argv.text(3));
}

/** Reads argument 4, the id a group begins behind; `$` is the last of the stream. */
function readStart({ argv }: Call, hasStream: boolean, strict: boolean): void {
  const start = argv.starts[4];
  const end = argv.ends[4];
  if (argv.is(4, '$')) {
    if (hasStream) stream.lastId(id);
    else id.setMin();
  } else if (!id.parse(argv.bytes, start, end, false, strict)) {
    throw errors.invalidStreamId;
  }
}

export const xgroupCreate = command({
  syntax: 'XGROUP CREATE key group <id | $> [MKSTREAM] [ENTRIESREAD entries-read]',
  summary: 'Makes a consumer group.',
  since: '5.0.0',
  complexity: 'O(1)',
  keys: 'RW insert',
  flags: ['denyoom'],
  history: [['7.0.0', 'Added the `entries_read` named argument.']],
  run(call) {
    const { argv, db, reply } = call;
    readOptions(call, true);
    const isThere = openStream(call);
    if (!isThere && !options.makesStream) throw errors.groupNeedsKey;
    if (argv.count > 8) throw errors.subcommandSyntax(argv);
    readStart(call, isThere, true);
    if (!isThere) {
      const size = stream.sizeForGroup(db.zone, argv.size(3));
      stream.create(db.zone, db.put(argv, 2, 0, TYPE_STREAM, size));
    }
    if (findGroup(call, 3)) throw errors.busyGroup;
    if (isThere && !groups.reserveGroup(argv.size(3))) throw errors.outOfMemory;
    groups.create(argv.bytes, argv.starts[3], argv.ends[3], id, options.entriesRead);
    db.changedKey(argv, 2, events[isThere ? 'xgroup-create' : 'xgroup-create-stream']);
    reply.ok();
  },
});

export const xgroupSetid = command({
  syntax: 'XGROUP SETID key group <id | $> [ENTRIESREAD entries-read]',
  summary: 'Says which entry a group was given last.',
  since: '5.0.0',
  complexity: 'O(1)',
  arguments: { ENTRIESREAD: { name: 'entriesread' } },
  keys: 'RW update',
  history: [['7.0.0', 'Added the optional `entries_read` argument.']],
  run(call) {
    const { argv, db, reply } = call;
    readOptions(call, false);
    openGroup(call);
    if (argv.count !== 5 && argv.count !== 7) throw errors.subcommandSyntax(argv);
    readStart(call, true, false);
    groups.setLastId(id);
    groups.entriesRead = options.entriesRead;
    db.changedKey(argv, 2, events['xgroup-setid']);
    reply.ok();
  },
});

export const xgroupDestroy = command({
  syntax: 'XGROUP DESTROY key group',
  summary: 'Removes a consumer group.',
  since: '5.0.0',
  complexity: "O(N) where N is the number of entries in the group's pending entries list (PEL).",
  keys: 'RW delete',
  run(call) {
    const { argv, db, reply } = call;
    if (!openStream(call)) throw errors.groupNeedsKey;
    const isThere = findGroup(call, 3);
    if (isThere) {
      groups.destroy();
      stream.settle();
      db.changedKey(argv, 2, events['xgroup-destroy']);
    }
    reply.integer(isThere ? 1 : 0);
  },
});

// ── Consumers ───────────────────────────────────────────────────────────────────────────────────

export const xgroupCreateconsumer = command({
  syntax: 'XGROUP CREATECONSUMER key group consumer',
  summary: 'Makes a consumer in a group.',
  since: '6.2.0',
  complexity: 'O(1)',
  keys: 'RW insert',
  flags: ['denyoom'],
  run(call) {
    const { argv, db, reply } = call;
    openGroup(call);
    const isThere = findConsumer(call, 4);
    if (!isThere) {
      if (!groups.reserve(argv.size(4), 0, 0, true)) throw errors.outOfMemory;
      groups.createConsumer(argv.bytes, argv.starts[4], argv.ends[4], db.zone.now);
      db.changedKey(argv, 2, events['xgroup-createconsumer']);
    }
    reply.integer(isThere ? 0 : 1);
  },
});

export const xgroupDelconsumer = command({
  syntax: 'XGROUP DELCONSUMER key group consumer',
  summary: 'Removes a consumer from a group, and forgets what is pending for it.',
  since: '5.0.0',
  complexity: 'O(1)',
  keys: 'RW delete',
  run(call) {
    const { argv, db, reply } = call;
    openGroup(call);
    const isThere = findConsumer(call, 4);
    const pending = isThere ? groups.ownCount : 0;
    if (isThere) {
      groups.deleteConsumer();
      stream.settle();
      db.changedKey(argv, 2, events['xgroup-delconsumer']);
    }
    reply.integer(pending);
  },
});
