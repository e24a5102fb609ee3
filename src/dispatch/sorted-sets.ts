/** Sorted sets: what several families do with them in the same way. */

import { events, type KeyEvent } from '../keyspace/events.ts';
import { errors } from '../resp/errors.ts';
import { Growth } from '../value/growth.ts';
import { ADDED, NO_ROOM, type PackedLimits, SortedSet, UPDATED, XX } from '../value/sorted-set.ts';
import { TYPE_SORTED_SET } from '../value/type.ts';
import type { Call } from './call.ts';

const set = new SortedSet();
const growth = new Growth();

/** Up to where a sorted set stays packed, as configured. */
export function limitsOf({ instance }: Call): PackedLimits {
  const { zsetMaxListpackEntries, zsetMaxListpackValue } = instance.config.values;
  return { count: zsetMaxListpackEntries, memberSize: zsetMaxListpackValue };
}

/** Points `set` at the sorted set of a key, for reading. Answers false when there is none. */
export function openForRead({ argv, db }: Call, set: SortedSet, index = 1): boolean {
  const entry = db.find(argv, index);
  if (entry === 0) return false;
  db.expectType(entry, TYPE_SORTED_SET);
  set.open(db.zone, entry);
  return true;
}

/** The same, for changing it. */
export function openForWrite({ argv, db }: Call, set: SortedSet, index = 1): boolean {
  const entry = db.findForWrite(argv, index);
  if (entry === 0) return false;
  db.expectType(entry, TYPE_SORTED_SET);
  set.open(db.zone, entry);
  return true;
}

/** Says that members of the set of key 1 have gone, and removes the key with the last of them. */
export function tellRemoved(
  { argv, db }: Call,
  set: SortedSet,
  event: KeyEvent,
  count: number,
): void {
  db.changedKey(argv, 1, event, count);
  if (set.count === 0) db.removeEmpty(argv, 1, set.entry);
  else set.settle();
}

/** Deletes the key for a result that has no members, whatever it holds. */
export function removeTarget({ argv, db }: Call, index: number): void {
  const old = db.peek(argv, index);
  if (old === 0) return;
  db.removeEmpty(argv, index, old);
  db.changed();
}

/**
 * Adds the arguments `members` with these scores, none of them NaN, to the sorted set at key 1 as
 * the conditions in `flags` say (NX, XX, GT, LT): all of them, or none where there is no room.
 */
export function addMembers(
  call: Call,
  members: readonly number[],
  scores: readonly number[],
  flags: number,
): { readonly added: number; readonly updated: number } {
  const { argv, db } = call;
  const limits = limitsOf(call);
  growth.clear();
  for (let i = 0; i < members.length; i++) growth.add(argv.size(members[i]), scores[i]);
  const entry = db.findForWrite(argv, 1);
  if (entry !== 0) {
    db.expectType(entry, TYPE_SORTED_SET);
    set.open(db.zone, entry);
    if (!set.prepare(growth, limits)) throw errors.outOfMemory;
  } else {
    if ((flags & XX) !== 0) return { added: 0, updated: 0 };
    const isTree = SortedSet.beginsAsTree(growth, argv.size(members[0]), limits);
    const size = SortedSet.contentSize(db.zone, growth, isTree, limits);
    set.create(db.zone, db.put(argv, 1, 0, TYPE_SORTED_SET, size), isTree);
  }
  let added = 0;
  let updated = 0;
  for (let i = 0; i < members.length; i++) {
    const index = members[i];
    const outcome = set.add(
      argv.bytes,
      argv.starts[index],
      argv.ends[index],
      scores[i],
      flags,
      limits,
    );
    if (outcome === ADDED) added++;
    else if (outcome === UPDATED) updated++;
    else if (outcome === NO_ROOM) throw errors.outOfMemory;
  }
  set.settle();
  if (added + updated > 0) db.changedKey(argv, 1, events.zadd, added + updated);
  return { added, updated };
}
