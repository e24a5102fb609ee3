/** Lists, by place: elements read, found, replaced, inserted and removed. */

import type { Call } from '../../src/dispatch/call.ts';
import { family } from '../../src/dispatch/command.ts';
import { events } from '../../src/keyspace/events.ts';
import { errors } from '../../src/resp/errors.ts';
import { INT64_MAX } from '../../src/std/int64.ts';
import { TYPE_LIST } from '../../src/value/type.ts';
import { fillOf, list, openForWrite } from './ends.ts';

const { command } = family('list');

/** Points `list` at the list of the key. False: there is none. */
function open({ argv, db }: Call): boolean {
  const entry = db.find(argv, 1);
  if (entry === 0) return false;
  db.expectType(entry, TYPE_LIST);
  list.open(db.zone, entry);
  return true;
}

/** Whether the element the walk is at is argument `index`. */
function isCurrent({ argv }: Call, index: number): boolean {
  return list.currentEquals(argv.bytes, argv.starts[index], argv.ends[index]);
}

// ── Reading ─────────────────────────────────────────────────────────────────────────────────────

export const lindex = command({
  syntax: 'LINDEX key index',
  summary: 'Tells the element of a list at an index; from -1, the last, below zero.',
  since: '1.0.0',
  complexity:
    'O(N) where N is the number of elements to traverse to get to the element at index. This ' +
    'makes asking for the first or the last element of the list O(1).',
  keys: 'RO access',
  run(call) {
    const { args, reply } = call;
    if (!open(call)) {
      reply.null();
      return;
    }
    if (list.seek(args.integerAt(2))) list.writeCurrent(reply);
    else reply.null();
  },
});

export const lrange = command({
  syntax: 'LRANGE key start stop',
  summary: 'Tells the elements of a list from one index to another.',
  since: '1.0.0',
  complexity:
    'O(S+N) where S is the distance of start offset from HEAD for small lists, from nearest end ' +
    '(HEAD or TAIL) for large lists; and N is the number of elements in the specified range.',
  keys: 'RO access',
  run(call) {
    const { args, reply } = call;
    const start = args.integerAt(2);
    const stop = args.integerAt(3);
    if (!open(call)) {
      reply.array(0);
      return;
    }
    const { count } = list;
    const first = Math.max(0, start < 0 ? count + start : start);
    const last = Math.min(count - 1, stop < 0 ? count + stop : stop);
    if (first > last) {
      reply.array(0);
      return;
    }
    reply.array(last - first + 1);
    list.writeRange(reply, first, last - first + 1);
  },
});

export const lpos = command({
  syntax: 'LPOS key element [RANK rank] [COUNT num-matches] [MAXLEN len]',
  summary: 'Finds where elements of a list are.',
  since: '6.0.6',
  complexity:
    'O(N) where N is the number of elements in the list, for the average case. When searching ' +
    'for elements near the head or the tail of the list, or when the MAXLEN option is provided, ' +
    'the command may run in constant time.',
  keys: 'RO access',
  run(call) {
    const { argv, args, reply } = call;
    let rank = 1;
    /** -1: one place is asked for, not an array of them. */
    let most = -1;
    let length = 0;
    for (let i = 3; i < argv.count; i += 2) {
      if (i + 1 === argv.count) throw errors.syntax;
      if (argv.is(i, 'RANK')) {
        rank = args.integerAt(i + 1);
        if (rank === 0) throw errors.rankZero;
        if (args.int64At(i + 1) < -INT64_MAX) throw errors.rankOutOfRange;
      } else if (argv.is(i, 'COUNT')) {
        most = args.integerFrom(i + 1, 0, errors.matchCountNegative);
      } else if (argv.is(i, 'MAXLEN')) {
        length = args.integerFrom(i + 1, 0, errors.maxlenNegative);
      } else {
        throw errors.syntax;
      }
    }
    if (!open(call)) {
      if (most < 0) reply.null();
      else reply.array(0);
      return;
    }

    const isForward = rank > 0;
    const { count } = list;
    const end = length === 0 ? count : Math.min(length, count);
    const token = most < 0 ? 0 : reply.deferArray();
    let skip = Math.abs(rank) - 1;
    let found = 0;
    list.seek(isForward ? 0 : -1);
    for (let i = 0; i < end; i++) {
      if (isCurrent(call, 2) && --skip < 0) {
        reply.integer(isForward ? i : count - 1 - i);
        found++;
        if (most < 0 || found === most) break;
      }
      if (isForward) list.next();
      else list.previous();
    }
    if (most >= 0) reply.endDefer(token, found);
    else if (found === 0) reply.null();
  },
});

// ── Writing ─────────────────────────────────────────────────────────────────────────────────────

export const lset = command({
  syntax: 'LSET key index element',
  summary: 'Puts an element in place of the one at an index of a list.',
  since: '1.0.0',
  complexity:
    'O(N) where N is the length of the list. Setting either the first or the last element of the ' +
    'list is O(1).',
  keys: 'RW update',
  flags: ['denyoom'],
  run(call) {
    const { argv, args, db, reply } = call;
    if (!openForWrite(call, 1)) throw errors.noSuchKey;
    // Redis takes the low 32 bits for the index here, and only here.
    const index = Number(BigInt.asIntN(32, args.int64At(2)));
    const fill = fillOf(call);
    const isThere = list.seek(index);
    const { isPacked } = list;
    // Redis makes the list ready for the element before it looks for its place.
    const isReady = list.grow(argv.size(3), fill);
    if (!isThere) throw errors.indexOutOfRange;
    if (!isReady) throw errors.outOfMemory;
    if (list.isPacked !== isPacked) list.seek(index);
    if (!list.replace(argv.bytes, argv.starts[3], argv.ends[3])) throw errors.outOfMemory;
    reply.ok();
    db.changedKey(argv, 1, events.lset);
    list.shrink(fill);
    list.settle();
  },
});

export const linsert = command({
  syntax: 'LINSERT key <BEFORE | AFTER> pivot element',
  summary: 'Inserts an element beside the first that is equal to another, and tells the length.',
  since: '2.2.0',
  complexity:
    'O(N) where N is the number of elements to traverse before seeing the value pivot. This ' +
    'means that inserting somewhere on the left end on the list (head) can be considered O(1) ' +
    'and inserting somewhere on the right end (tail) is O(N).',
  keys: 'RW insert',
  flags: ['denyoom'],
  run(call) {
    const { argv, db, reply } = call;
    const isBehind = argv.is(2, 'AFTER');
    if (!isBehind && !argv.is(2, 'BEFORE')) throw errors.syntax;
    if (!openForWrite(call, 1)) {
      reply.integer(0);
      return;
    }
    let index = 0;
    list.seek(0);
    let isThere = isCurrent(call, 3);
    while (!isThere && list.next()) {
      index++;
      isThere = isCurrent(call, 3);
    }
    // Redis makes the list ready for the element before it looks for its place.
    const { isPacked } = list;
    const isReady = list.grow(argv.size(4), fillOf(call));
    if (!isThere) {
      reply.integer(-1);
      return;
    }
    if (!isReady) throw errors.outOfMemory;
    if (list.isPacked !== isPacked) list.seek(index);
    if (!list.insert(isBehind, argv.bytes, argv.starts[4], argv.ends[4])) throw errors.outOfMemory;
    db.changedKey(argv, 1, events.linsert);
    reply.integer(list.count);
    list.settle();
  },
});

export const lrem = command({
  syntax: 'LREM key count element',
  summary: 'Removes elements that are equal to one from a list, counted from either end.',
  since: '1.0.0',
  complexity: 'O(N+M) where N is the length of the list and M is the number of elements removed.',
  keys: 'RW delete',
  run(call) {
    const { argv, args, db, reply } = call;
    const count = args.integerAt(2);
    if (!openForWrite(call, 1)) {
      reply.integer(0);
      return;
    }
    const isForward = count >= 0;
    const most = Math.abs(count);
    let removed = 0;
    let goesOn = list.seek(isForward ? 0 : -1);
    while (goesOn) {
      if (isCurrent(call, 3)) {
        goesOn = list.removeCurrent(isForward);
        removed++;
        if (removed === most) break;
      } else {
        goesOn = isForward ? list.next() : list.previous();
      }
    }
    if (removed > 0) db.changedKey(argv, 1, events.lrem, removed);
    if (list.count === 0) {
      db.removeEmpty(argv, 1, list.entry);
    } else if (removed > 0) {
      list.shrink(fillOf(call));
      list.settle();
    }
    reply.integer(removed);
  },
});

export const ltrim = command({
  syntax: 'LTRIM key start stop',
  summary: 'Removes all elements of a list but those from one index to another.',
  since: '1.0.0',
  complexity: 'O(N) where N is the number of elements to be removed by the operation.',
  keys: 'RW delete',
  run(call) {
    const { argv, args, db, reply } = call;
    const start = args.integerAt(2);
    const stop = args.integerAt(3);
    if (!openForWrite(call, 1)) {
      reply.ok();
      return;
    }
    const { count } = list;
    const first = Math.max(0, start < 0 ? count + start : start);
    const last = Math.min(count - 1, stop < 0 ? count + stop : stop);
    const isEmpty = first > last;
    const infront = isEmpty ? count : first;
    const behind = isEmpty ? 0 : count - 1 - last;
    list.remove(count - behind, behind);
    list.remove(0, infront);
    reply.ok();
    db.changedKey(argv, 1, events.ltrim, infront + behind);
    if (list.count === 0) {
      db.removeEmpty(argv, 1, list.entry);
    } else {
      list.shrink(fillOf(call));
      list.settle();
    }
  },
});
