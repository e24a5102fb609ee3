/** Streams, followed: what came after the ids a client knows, or waits for. */

import { waitForKeys } from '../../src/dispatch/blocked.ts';
import type { Call } from '../../src/dispatch/call.ts';
import { family } from '../../src/dispatch/command.ts';
import { Argv } from '../../src/resp/argv.ts';
import { errors } from '../../src/resp/errors.ts';
import { StreamId } from '../../src/value/stream-id.ts';
import { TYPE_STREAM } from '../../src/value/type.ts';
import { openStream, readId, replyEntry, stream, walk } from './open.ts';

const { command } = family('stream');

/** In place of when to stop waiting: at once. */
const NO_WAIT = -1;

const last = new StreamId();
const end = new StreamId().setMax();

/** What a request asks for. Numbers of arguments, where nothing else is said. */
const request = {
  /** Entries of each stream at most, 0 for all. */
  limit: 0,
  deadline: NO_WAIT,
  /** The first key, and the first id. */
  keys: 0,
  ids: 0,
};
/** The id that each stream is followed from. */
const from: StreamId[] = [];

function readRequest({ argv, args, client, db }: Call): void {
  request.limit = 0;
  request.deadline = NO_WAIT;
  request.keys = 0;
  for (let i = 1; request.keys === 0; i++) {
    const behind = argv.count - i - 1;
    if (behind < 0) throw errors.syntax;
    if (behind > 0 && argv.is(i, 'BLOCK')) {
      if (client.isScript) throw errors.noBlockInScript(argv.text(0));
      request.deadline = args.timeoutAt(++i, 1, db.zone.now);
    } else if (behind > 0 && argv.is(i, 'COUNT')) {
      request.limit = Math.max(0, args.integerAt(++i));
    } else if (behind > 0 && argv.is(i, 'STREAMS')) {
      if (behind % 2 !== 0) throw errors.unbalancedStreams('xread', '$');
      request.keys = i + 1;
      request.ids = i + 1 + behind / 2;
    } else if (behind > 1 && argv.is(i, 'GROUP')) {
      throw errors.onlyForReadGroup('GROUP');
    } else if (argv.is(i, 'NOACK')) {
      throw errors.onlyForReadGroup('NOACK');
    } else {
      throw errors.syntax;
    }
  }
}

function isText({ argv }: Call, index: number, text: string): boolean {
  return argv.size(index) === 1 && argv.is(index, text);
}

function readIds(call: Call): void {
  const { keys, ids } = request;
  for (let i = 0; i < ids - keys; i++) {
    if (i === from.length) from.push(new StreamId());
    const isThere = openStream(call, keys + i);
    if (isText(call, ids + i, '$')) {
      if (isThere) stream.lastId(from[i]);
      else from[i].setMin();
    } else if (isText(call, ids + i, '>')) {
      throw errors.newIdOutsideGroup;
    } else {
      readId(call, ids + i, from[i]);
    }
  }
}

/** Says `$` as the ids they are now: the request will run again. */
function fixIds(call: Call): void {
  const { argv } = call;
  const { keys, ids } = request;
  const parts: (string | Uint8Array)[] = [];
  for (let i = 0; i < argv.count; i++) {
    const isLast = i >= ids && isText(call, i, '$');
    parts.push(isLast ? String(from[i - ids]) : argv.copy(i));
  }
  // What is given back to the client's parser is the request as it came.
  call.argv = Argv.of(...parts);
  waitForKeys(call, keys, ids, TYPE_STREAM, request.deadline);
}

export const xread = command({
  syntax: 'XREAD [COUNT count] [BLOCK milliseconds] STREAMS key [key ...] id [id ...]',
  summary: 'Tells the entries of streams behind given ids, or waits for one.',
  since: '5.0.0',
  keys: [
    {
      flags: ['RO', 'access'],
      begin: { type: 'keyword', keyword: 'STREAMS', startFrom: 1 },
      find: { type: 'range', lastKey: -1, step: 1, limit: 2 },
    },
  ],
  flags: ['blocking'],
  run(call) {
    const { argv, reply, client } = call;
    readRequest(call);
    readIds(call);
    const { keys, ids } = request;
    let token = -1;
    let streams = 0;
    for (let i = 0; i < ids - keys; i++) {
      if (!openStream(call, keys + i) || stream.length === 0) continue;
      if (stream.lastEntryId(last).compare(from[i]) <= 0) continue;
      if (token < 0) token = client.resp3 ? reply.deferMap() : reply.deferArray();
      streams++;
      last.copy(from[i]).increment();
      if (!client.resp3) reply.array(2);
      reply.bulk(argv.bytes, argv.starts[keys + i], argv.ends[keys + i]);
      replyEntries(call);
    }
    if (token >= 0) reply.endDefer(token, streams);
    else if (request.deadline !== NO_WAIT && client.mayBlock) fixIds(call);
    else reply.nullArray();
  },
});

/** Replies the entries from `last` on. */
function replyEntries({ reply }: Call): void {
  const token = reply.deferArray();
  let found = 0;
  walk.begin(stream, last, end, false);
  while (walk.next()) {
    replyEntry(reply);
    found++;
    if (found === request.limit) break;
  }
  reply.endDefer(token, found);
}
