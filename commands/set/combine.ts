/**
 * Sets, combined: what is in all of several sets, in any of them, or in the first alone.
 *
 * Which members come in which order is Redis's as long as a set has an order, as an intset or a
 * listpack does. An intersection walks the smallest set and asks the others. A difference either
 * does so with the first set, or removes the members of the others from a copy of it, whichever is
 * less work.
 */

import type { Call } from '../../src/dispatch/call.ts';
import { family } from '../../src/dispatch/command.ts';
import { limitsOf } from '../../src/dispatch/sets.ts';
import { events } from '../../src/keyspace/events.ts';
import { errors } from '../../src/resp/errors.ts';
import type { MemberSet } from '../../src/value/set.ts';
import { SET_INTSET, SET_LISTPACK } from '../../src/value/type.ts';
import { addCurrent, draft, openAll, replyDraft, replyUnion, storeDraft, unite } from './gather.ts';

const { command } = family('set');

// ── Intersections ───────────────────────────────────────────────────────────────────────────────

/** The sets of the keys, the smallest first, or undefined when one of them is missing. */
function openToIntersect(call: Call, first: number, end: number): MemberSet[] | undefined {
  const sets = openAll(call, first, end).filter((set) => set !== undefined);
  if (sets.length < end - first) return undefined;
  return sets.sort((a, b) => a.count - b.count);
}

/** Calls `visit` with the smallest set at each member that all of them have, until it says false. */
function intersect(sets: readonly MemberSet[], visit: (set: MemberSet) => boolean): void {
  const [smallest] = sets;
  const others = sets.filter(({ entry }) => entry !== smallest.entry);
  smallest.begin();
  while (smallest.next()) {
    let isInAll = true;
    for (let i = 0; i < others.length && isInAll; i++) isInAll = others[i].hasOf(smallest);
    if (isInAll && !visit(smallest)) return;
  }
}

const INTERSECTING =
  'O(N*M) worst case where N is the cardinality of the smallest set and M is the number of sets.';

export const sinter = command({
  syntax: 'SINTER key [key ...]',
  summary: 'Lists the members that are in all of several sets.',
  since: '1.0.0',
  complexity: INTERSECTING,
  keys: 'RO access',
  tips: ['nondeterministic_output_order'],
  run(call) {
    const { argv, reply } = call;
    const sets = openToIntersect(call, 1, argv.count);
    if (sets === undefined) {
      reply.set(0);
      return;
    }
    const token = reply.deferSet();
    let count = 0;
    intersect(sets, (set) => {
      set.writeMember(reply);
      count++;
      return true;
    });
    reply.endDefer(token, count);
  },
});

export const sintercard = command({
  syntax: 'SINTERCARD numkeys key [key ...] [LIMIT limit]',
  summary: 'Counts the members that are in all of several sets.',
  since: '7.0.0',
  complexity: INTERSECTING,
  keys: 'RO access',
  run(call) {
    const { argv, args, reply } = call;
    const end = 2 + args.integerFrom(1, 1, errors.keyCountNotPositive);
    if (end > argv.count) throw errors.tooManyKeys;
    let limit = 0;
    for (let i = end; i < argv.count; i += 2) {
      if (!argv.is(i, 'LIMIT') || i + 1 === argv.count) throw errors.syntax;
      limit = args.integerFrom(i + 1, 0, errors.limitNegative);
    }
    const sets = openToIntersect(call, 2, end);
    let count = 0;
    if (sets !== undefined) intersect(sets, () => ++count !== limit);
    reply.integer(count);
  },
});

export const sinterstore = command({
  syntax: 'SINTERSTORE destination key [key ...]',
  summary: 'Stores the members that are in all of several sets.',
  since: '1.0.0',
  complexity: INTERSECTING,
  keys: ['RW update', 'RO access'],
  flags: ['denyoom'],
  run(call) {
    const { argv, db } = call;
    const sets = openToIntersect(call, 2, argv.count);
    const isIntset = sets !== undefined && sets[0].encoding === SET_INTSET;
    draft.begin(db.zone, limitsOf(call), isIntset ? SET_INTSET : SET_LISTPACK);
    if (sets !== undefined) intersect(sets, addCurrent);
    draft.becomeIntegers();
    storeDraft(call, events.sinterstore);
  },
});

// ── Unions ──────────────────────────────────────────────────────────────────────────────────────

const ADDING_ALL = 'O(N) where N is the total number of elements in all given sets.';

export const sunion = command({
  syntax: 'SUNION key [key ...]',
  summary: 'Lists the members that are in any of several sets.',
  since: '1.0.0',
  complexity: ADDING_ALL,
  keys: 'RO access',
  tips: ['nondeterministic_output_order'],
  run(call) {
    replyUnion(call, 1, call.argv.count);
  },
});

export const sunionstore = command({
  syntax: 'SUNIONSTORE destination key [key ...]',
  summary: 'Stores the members that are in any of several sets.',
  since: '1.0.0',
  complexity: ADDING_ALL,
  keys: ['OW update', 'RO access'],
  flags: ['denyoom'],
  differs:
    'Near the limits of encodings a union is encoded as its members come; in Redis they come in the ' +
    'order of its hashtables.',
  run(call) {
    unite(call, openAll(call, 2, call.argv.count));
    storeDraft(call, events.sunionstore);
  },
});

// ── Differences ─────────────────────────────────────────────────────────────────────────────────

/** Gathers what is in the first of the sets of the keys from `first` on and in no other. */
function subtract(call: Call, first: number): void {
  const [whole, ...others] = openAll(call, first, call.argv.count);
  draft.begin(call.db.zone, limitsOf(call), SET_INTSET);
  if (whole === undefined) return;
  const sets = others.filter((set) => set !== undefined);
  if (sets.some(({ entry }) => entry === whole.entry)) return;
  const asking = (whole.count * (1 + sets.length)) / 2;
  const removing = sets.reduce((sum, { count }) => sum + count, whole.count);
  if (Math.floor(asking) <= removing) addUnlessIn(whole, sets);
  else addAndRemove(whole, sets);
}

function addUnlessIn(whole: MemberSet, sets: MemberSet[]): void {
  // What is in any is sooner found in the largest.
  sets.sort((a, b) => b.count - a.count);
  whole.begin();
  while (whole.next()) {
    let isInAny = false;
    for (let i = 0; i < sets.length && !isInAny; i++) isInAny = sets[i].hasOf(whole);
    if (!isInAny) addCurrent(whole);
  }
}

function addAndRemove(whole: MemberSet, sets: readonly MemberSet[]): void {
  whole.begin();
  while (whole.next()) addCurrent(whole);
  for (const set of sets) {
    set.begin();
    while (set.next() && draft.count > 0) {
      set.readMember();
      draft.remove(set.textBytes, set.textStart, set.textEnd);
    }
  }
}

export const sdiff = command({
  syntax: 'SDIFF key [key ...]',
  summary: 'Lists the members that are in the first of several sets alone.',
  since: '1.0.0',
  complexity: ADDING_ALL,
  keys: 'RO access',
  tips: ['nondeterministic_output_order'],
  run(call) {
    subtract(call, 1);
    replyDraft(call.reply);
  },
});

export const sdiffstore = command({
  syntax: 'SDIFFSTORE destination key [key ...]',
  summary: 'Stores the members that are in the first of several sets alone.',
  since: '1.0.0',
  complexity: ADDING_ALL,
  keys: ['OW update', 'RO access'],
  flags: ['denyoom'],
  run(call) {
    subtract(call, 2);
    storeDraft(call, events.sdiffstore);
  },
});
