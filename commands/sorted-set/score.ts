/** Sorted sets, by member: scores given, added to and asked for. */

import type { Call } from '../../src/dispatch/call.ts';
import { family } from '../../src/dispatch/command.ts';
import { openForRead } from '../../src/dispatch/sorted-sets.ts';
import { events } from '../../src/keyspace/events.ts';
import type { Argv } from '../../src/resp/argv.ts';
import { errors } from '../../src/resp/errors.ts';
import { Growth } from '../../src/value/growth.ts';
import {
  ADDED,
  GT,
  INCR,
  LT,
  NO_ROOM,
  NOT_A_NUMBER,
  NX,
  REFUSED,
  SortedSet,
  UPDATED,
  XX,
} from '../../src/value/sorted-set.ts';
import { TYPE_SORTED_SET } from '../../src/value/type.ts';

const { command } = family('sorted-set');

/** The lens of these commands: they run one at a time. */
const set = new SortedSet();
const growth = new Growth();
const limits = { count: 0, memberSize: 0 };
/** Scores of the request, parsed before anything is changed. */
let scores = new Float64Array(16);

const CH = 1 << 8;

// ── ZADD ────────────────────────────────────────────────────────────────────────────────────────

function optionOf(argv: Argv, index: number): number {
  if (argv.is(index, 'NX')) return NX;
  if (argv.is(index, 'XX')) return XX;
  if (argv.is(index, 'CH')) return CH;
  if (argv.is(index, 'INCR')) return INCR;
  if (argv.is(index, 'GT')) return GT;
  return argv.is(index, 'LT') ? LT : 0;
}

/** What is wrong with the options and the number of pairs, in Redis's order. */
function checkOptions(options: number, pairs: number): void {
  const has = (option: number): boolean => (options & option) !== 0;
  if (has(NX) && has(XX)) throw errors.zaddNxWithXx;
  if ((has(NX) && has(GT | LT)) || (has(GT) && has(LT))) throw errors.zaddConflict;
  if (has(INCR) && pairs > 1) throw errors.zaddIncrOnePair;
}

/** Opens the set of the key with room for what is in `growth`, or makes it. False: XX and no key. */
function openForAdding({ argv, db }: Call, firstMember: number, options: number): boolean {
  const { zone } = db;
  const entry = db.findForWrite(argv, 1);
  if (entry !== 0) {
    db.expectType(entry, TYPE_SORTED_SET);
    set.open(zone, entry);
    // A single member asks for its room itself, and knows better how much.
    if (growth.count > 1 && !set.prepare(growth, limits)) throw errors.outOfMemory;
    return true;
  }
  if ((options & XX) !== 0) return false;
  const isTree = SortedSet.beginsAsTree(growth, argv.size(firstMember), limits);
  const size = SortedSet.contentSize(zone, growth, isTree, limits);
  set.create(zone, db.put(argv, 1, 0, TYPE_SORTED_SET, size), isTree);
  return true;
}

/** Adds pairs `score member` from argument `first` on, as `options` say, and replies. */
function addPairs(call: Call, first: number, options: number): void {
  const { argv, args, db, reply, instance } = call;
  const { zsetMaxListpackEntries, zsetMaxListpackValue } = instance.config.values;
  limits.count = zsetMaxListpackEntries;
  limits.memberSize = zsetMaxListpackValue;
  const pairs = (argv.count - first) / 2;
  if (scores.length < pairs) scores = new Float64Array(pairs * 2);
  growth.clear();
  for (let i = 0; i < pairs; i++) {
    const score = args.doubleAt(first + i * 2);
    scores[i] = score;
    growth.add(argv.size(first + i * 2 + 1), score);
  }

  let added = 0;
  let updated = 0;
  let isRefused = true;
  if (openForAdding(call, first + 1, options)) {
    for (let i = 0; i < pairs; i++) {
      const member = first + i * 2 + 1;
      const start = argv.starts[member];
      const outcome = set.add(argv.bytes, start, argv.ends[member], scores[i], options, limits);
      if (outcome === ADDED) added++;
      else if (outcome === UPDATED) updated++;
      else if (outcome === NOT_A_NUMBER) throw errors.scoreNaN;
      else if (outcome === NO_ROOM) throw errors.outOfMemory;
      isRefused = outcome === REFUSED;
    }
    if (pairs > 1) set.settle();
    if (added + updated > 0) {
      const event = (options & INCR) !== 0 ? events.zincr : events.zadd;
      db.changedKey(argv, 1, event, added + updated);
    }
  }
  if ((options & INCR) === 0) reply.integer((options & CH) !== 0 ? added + updated : added);
  else if (isRefused) reply.null();
  else reply.double(set.result);
}

/** ZADD, and ZINCRBY: which reads its increment as ZADD does, an option first. */
function add(call: Call, given: number): void {
  const { argv } = call;
  let options = given;
  let first = 2;
  for (; first < argv.count; first++) {
    const option = optionOf(argv, first);
    if (option === 0) break;
    options |= option;
  }
  const pairs = (argv.count - first) / 2;
  if (pairs === 0 || !Number.isInteger(pairs)) throw errors.syntax;
  if (options !== 0) checkOptions(options, pairs);
  addPairs(call, first, options);
}

export const zadd = command({
  syntax: 'ZADD key [NX | XX] [GT | LT] [CH] [INCR] score member [score member ...]',
  summary: 'Adds members with their scores to a sorted set, or gives members it has new scores.',
  since: '1.2.0',
  complexity: 'O(log(N)) for each item added, where N is the number of elements in the sorted set.',
  keys: 'RW update',
  flags: ['denyoom', 'fast'],
  arguments: {
    condition: { since: '3.0.2' },
    comparison: { since: '6.2.0' },
    CH: { name: 'change', since: '3.0.2' },
    INCR: { name: 'increment', since: '3.0.2' },
  },
  history: [
    ['2.4.0', 'Accepts multiple elements.'],
    ['3.0.2', 'Added the `XX`, `NX`, `CH` and `INCR` options.'],
    ['6.2.0', 'Added the `GT` and `LT` options.'],
  ],
  run: (call) => add(call, 0),
});

export const zincrby = command({
  syntax: 'ZINCRBY key increment member',
  summary: 'Adds to the score of a member of a sorted set; a new member begins at 0.',
  since: '1.2.0',
  complexity: 'O(log(N)) where N is the number of elements in the sorted set.',
  keys: 'RW access update',
  flags: ['denyoom', 'fast'],
  run: (call) => add(call, INCR),
});

// ── Asking ──────────────────────────────────────────────────────────────────────────────────────

/** Replies the score of the member that argument `index` names, in the open set if it is there. */
function replyScore({ argv, reply }: Call, isThere: boolean, index: number): void {
  const score = isThere ? set.score(argv.bytes, argv.starts[index], argv.ends[index]) : Number.NaN;
  if (Number.isNaN(score)) reply.null();
  else reply.double(score);
}

export const zscore = command({
  syntax: 'ZSCORE key member',
  summary: 'Tells the score of a member of a sorted set.',
  since: '1.2.0',
  complexity: 'O(1)',
  keys: 'RO access',
  flags: ['fast'],
  run: (call) => replyScore(call, openForRead(call, set), 2),
});

export const zmscore = command({
  syntax: 'ZMSCORE key member [member ...]',
  summary: 'Tells the scores of several members of a sorted set.',
  since: '6.2.0',
  complexity: 'O(N) where N is the number of members being requested.',
  keys: 'RO access',
  flags: ['fast'],
  run(call) {
    const { argv, reply } = call;
    const isThere = openForRead(call, set);
    reply.array(argv.count - 2);
    for (let i = 2; i < argv.count; i++) replyScore(call, isThere, i);
  },
});

export const zcard = command({
  syntax: 'ZCARD key',
  summary: 'Counts the members of a sorted set.',
  since: '1.2.0',
  complexity: 'O(1)',
  keys: 'RO',
  flags: ['fast'],
  run(call) {
    call.reply.integer(openForRead(call, set) ? set.count : 0);
  },
});
