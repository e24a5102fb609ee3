/**
 * Sets gathered: the sets of several keys, and the members that are replied or stored.
 *
 * Members whose number is not known in front, or which must each be there once, are gathered in a
 * draft; so are all that are stored, because the target may be one of the keys.
 */

import type { Call } from '../../src/dispatch/call.ts';
import { limitsOf } from '../../src/dispatch/sets.ts';
import { NO_DEADLINE } from '../../src/keyspace/database.ts';
import type { KeyEvent } from '../../src/keyspace/events.ts';
import { storeSet } from '../../src/keyspace/sets.ts';
import type { Reply } from '../../src/resp/reply.ts';
import { MemberSet } from '../../src/value/set.ts';
import { SetDraft } from '../../src/value/set-draft.ts';
import { SET_HASHTABLE, SET_INTSET, TYPE_SET } from '../../src/value/type.ts';

/** So many lenses are kept. */
const KEPT = 16;
const lenses = Array.from({ length: KEPT }, () => new MemberSet());
/** What is to be stored, or can't be replied before all of it is known. */
export const draft = new SetDraft();

/** Opens the sets of the keys from `first` up to `end`: undefined where there is none. */
export function openAll({ argv, db }: Call, first: number, end: number): (MemberSet | undefined)[] {
  const entries: number[] = [];
  for (let i = first; i < end; i++) {
    const entry = db.find(argv, i);
    if (entry !== 0) db.expectType(entry, TYPE_SET);
    entries.push(entry);
  }
  return entries.map((entry, i) => {
    if (entry === 0) return undefined;
    const lens = i < KEPT ? lenses[i] : new MemberSet();
    return lens.open(db.zone, entry);
  });
}

/** Adds the member that a set is at to the draft. Answers whether it is new. */
export function addCurrent(set: MemberSet): boolean {
  set.readMember();
  return draft.add(set.textBytes, set.textStart, set.textEnd);
}

/** Replies the members of the draft. */
export function replyDraft(reply: Reply): void {
  reply.set(draft.count);
  draft.begun();
  while (draft.next()) reply.bulk(draft.bytes, draft.start, draft.end);
}

/** Makes key 1 hold the members of the draft, or nothing where there are none, and counts them. */
export function storeDraft({ argv, db, reply }: Call, event: KeyEvent): void {
  const { count } = draft;
  if (count > 0) {
    storeSet(db, argv, 1, draft, NO_DEADLINE);
    db.changedKey(argv, 1, event);
  } else {
    const existing = db.peek(argv, 1);
    if (existing !== 0) {
      db.removeEmpty(argv, 1, existing);
      db.changed();
    }
  }
  reply.integer(count);
}

/** Gathers what is in any of several sets. */
export function unite(call: Call, sets: readonly (MemberSet | undefined)[]): void {
  draft.begin(call.db.zone, limitsOf(call), SET_INTSET);
  for (const set of sets) {
    if (set === undefined) continue;
    set.begin();
    while (set.next()) addCurrent(set);
  }
}

/** Replies the members that are in any of the sets of the keys from `first` up to `end`. */
export function replyUnion(call: Call, first: number, end: number): void {
  const { reply } = call;
  const sets = openAll(call, first, end);
  const [set] = sets;
  if (sets.length === 1 && set !== undefined && set.encoding === SET_HASHTABLE) {
    reply.set(set.count);
    set.begin();
    while (set.next()) set.writeMember(reply);
    return;
  }
  unite(call, sets);
  replyDraft(reply);
}
