/** Sets, by member: added, removed, asked for, counted, listed, scanned and moved. */

import type { Call } from '../../src/dispatch/call.ts';
import { family } from '../../src/dispatch/command.ts';
import { cursorAt, replyNoScan, replyScan, ScanOptions } from '../../src/dispatch/scan.ts';
import { limitsOf, openForRead, openForWrite } from '../../src/dispatch/sets.ts';
import { events } from '../../src/keyspace/events.ts';
import { errors } from '../../src/resp/errors.ts';
import { MemberSet } from '../../src/value/set.ts';
import { TYPE_SET } from '../../src/value/type.ts';

const { command } = family('set');

/** The lenses of these commands: they run one at a time. */
const set = new MemberSet();
const other = new MemberSet();

/** Whether the open set has the member that argument `index` is. */
function hasMember({ argv }: Call, index: number): boolean {
  return set.has(argv.bytes, argv.starts[index], argv.ends[index]);
}

// ── Adding ──────────────────────────────────────────────────────────────────────────────────────

export const sadd = command({
  syntax: 'SADD key member [member ...]',
  summary: 'Adds members to a set, or makes a set of them.',
  since: '1.0.0',
  complexity:
    'O(1) for each element added, so O(N) to add N elements when the command is called with ' +
    'multiple arguments.',
  keys: 'RW insert',
  flags: ['denyoom', 'fast'],
  history: [['2.4.0', 'Accepts multiple `member` arguments.']],
  run(call) {
    const { argv, db, reply } = call;
    const { bytes, starts, ends, count } = argv;
    const entry = db.findForWrite(argv, 1);
    if (entry !== 0) db.expectType(entry, TYPE_SET);
    const limits = limitsOf(call);
    if (count === 3 && entry !== 0 && limits.integers > 0 && limits.count > 0) {
      // Most are there, of what is added one by one.
      if (set.open(db.zone, entry).has(bytes, starts[2], ends[2])) {
        reply.integer(0);
        return;
      }
      if (set.addAtOnce(bytes, starts[2], ends[2])) {
        db.changedKey(argv, 1, events.sadd);
        reply.integer(1);
        return;
      }
      set.planMissing(bytes, starts[2], ends[2], limits);
    } else {
      set.beginPlan(db.zone, entry, limits);
      for (let i = 2; i < count; i++) set.plan(bytes, starts[i], ends[i]);
    }
    if (set.isNothing) {
      reply.integer(0);
      return;
    }
    if (entry === 0) set.create(db.zone, db.put(argv, 1, 0, TYPE_SET, set.contentSize));
    else if (!set.makeRoom()) throw errors.outOfMemory;
    let added = 0;
    for (let i = 2; i < count; i++) if (set.add(bytes, starts[i], ends[i])) added++;
    set.settle();
    if (added > 0) db.changedKey(argv, 1, events.sadd, added);
    reply.integer(added);
  },
});

// ── Removing and moving ─────────────────────────────────────────────────────────────────────────

export const srem = command({
  syntax: 'SREM key member [member ...]',
  summary: 'Removes members from a set, and the set with the last of them.',
  since: '1.0.0',
  complexity: 'O(N) where N is the number of members to be removed.',
  keys: 'RW delete',
  flags: ['fast'],
  history: [['2.4.0', 'Accepts multiple `member` arguments.']],
  run(call) {
    const { argv, db, reply } = call;
    if (!openForWrite(call, set)) {
      reply.integer(0);
      return;
    }
    let removed = 0;
    for (let i = 2; i < argv.count && set.count > 0; i++) {
      if (set.remove(argv.bytes, argv.starts[i], argv.ends[i])) removed++;
    }
    if (removed > 0) {
      db.changedKey(argv, 1, events.srem, removed);
      if (set.count === 0) db.removeEmpty(argv, 1, set.entry);
      else set.settle();
    }
    reply.integer(removed);
  },
});

/** Adds the member that argument 3 is to the set of key 2. Answers whether it is new there. */
function addMoved(call: Call, target: number): boolean {
  const { argv, db } = call;
  const start = argv.starts[3];
  const end = argv.ends[3];
  other.beginPlan(db.zone, target, limitsOf(call));
  other.plan(argv.bytes, start, end);
  if (other.isNothing) return false;
  if (target === 0) other.create(db.zone, db.put(argv, 2, 0, TYPE_SET, other.contentSize));
  else if (!other.makeRoom()) throw errors.outOfMemory;
  return other.add(argv.bytes, start, end);
}

export const smove = command({
  syntax: 'SMOVE source destination member',
  summary: 'Moves a member from one set to another.',
  since: '1.0.0',
  complexity: 'O(1)',
  keys: ['RW access delete', 'RW insert'],
  flags: ['fast'],
  run(call) {
    const { argv, db, reply } = call;
    const start = argv.starts[3];
    const end = argv.ends[3];
    const source = db.findForWrite(argv, 1);
    const target = db.findForWrite(argv, 2);
    if (source === 0) {
      reply.integer(0);
      return;
    }
    db.expectType(source, TYPE_SET);
    if (target !== 0) db.expectType(target, TYPE_SET);
    const isThere = set.open(db.zone, source).has(argv.bytes, start, end);
    if (!isThere || source === target) {
      reply.integer(isThere ? 1 : 0);
      return;
    }
    const isAdded = addMoved(call, target);
    if (isAdded) other.settle();
    const entry = db.peek(argv, 1);
    if (entry === 0) {
      // It had to make room for its member, which was in no set then.
      other.remove(argv.bytes, start, end);
      if (other.count === 0) db.removeEmpty(argv, 2, other.entry);
      reply.integer(0);
      return;
    }
    set.open(db.zone, entry).remove(argv.bytes, start, end);
    db.changedKey(argv, 1, events.srem);
    if (set.count === 0) db.removeEmpty(argv, 1, entry);
    else set.settle();
    if (isAdded) db.changedKey(argv, 2, events.sadd);
    reply.integer(1);
  },
});

// ── Reading ─────────────────────────────────────────────────────────────────────────────────────

export const sismember = command({
  syntax: 'SISMEMBER key member',
  summary: 'Tells whether a set has a member.',
  since: '1.0.0',
  complexity: 'O(1)',
  keys: 'RO',
  flags: ['fast'],
  run(call) {
    call.reply.integer(openForRead(call, set) && hasMember(call, 2) ? 1 : 0);
  },
});

export const smismember = command({
  syntax: 'SMISMEMBER key member [member ...]',
  summary: 'Tells which of several members a set has.',
  since: '6.2.0',
  complexity: 'O(N) where N is the number of elements being checked for membership',
  keys: 'RO access',
  flags: ['fast'],
  run(call) {
    const { argv, reply } = call;
    const isThere = openForRead(call, set);
    reply.array(argv.count - 2);
    for (let i = 2; i < argv.count; i++) reply.integer(isThere && hasMember(call, i) ? 1 : 0);
  },
});

export const scard = command({
  syntax: 'SCARD key',
  summary: 'Counts the members of a set.',
  since: '1.0.0',
  complexity: 'O(1)',
  keys: 'RO',
  flags: ['fast'],
  run(call) {
    call.reply.integer(openForRead(call, set) ? set.count : 0);
  },
});

export const smembers = command({
  syntax: 'SMEMBERS key',
  summary: 'Lists the members of a set.',
  since: '1.0.0',
  complexity: 'O(N) where N is the set cardinality.',
  keys: 'RO access',
  tips: ['nondeterministic_output_order'],
  run(call) {
    const { reply } = call;
    const isThere = openForRead(call, set);
    reply.set(isThere ? set.count : 0);
    if (!isThere) return;
    set.begin();
    while (set.next()) set.writeMember(reply);
  },
});

const options = new ScanOptions();

export const sscan = command({
  syntax: 'SSCAN key cursor [MATCH pattern] [COUNT count]',
  summary: 'Lists members a few at a time.',
  since: '2.8.0',
  complexity:
    'O(1) for every call. O(N) for a complete iteration, including enough command calls for the ' +
    'cursor to return back to 0. N is the number of elements inside the collection.',
  keys: 'RO access',
  tips: ['nondeterministic_output'],
  run(call) {
    const { reply } = call;
    const cursor = cursorAt(call, 2);
    if (!openForRead(call, set)) return replyNoScan(call);
    options.read(call, 3);
    replyScan(call, set, cursor, options, () => {
      set.readMember();
      if (!options.matches(set.textBytes, set.textStart, set.textEnd)) return 0;
      set.writeMember(reply);
      return 1;
    });
  },
});
