/** Sorted sets as results: what STORE puts under a key, in place of what was there. */

import type { Argv } from '../resp/argv.ts';
import { assert } from '../std/assert.ts';
import { Growth } from '../value/growth.ts';
import { ADDED, type PackedLimits, SortedSet } from '../value/sorted-set.ts';
import { TYPE_SORTED_SET } from '../value/type.ts';
import { type Database, NO_DEADLINE } from './database.ts';

export interface Scored {
  readonly member: Uint8Array;
  readonly score: number;
}

const set = new SortedSet();
const growth = new Growth();

/**
 * Makes the key argv[index] hold these members, at least one, each once, until `deadline` (Unix
 * milliseconds; for ever without one). Throws out of memory with nothing changed.
 */
export function storeSortedSet(
  database: Database,
  argv: Argv,
  index: number,
  members: readonly Scored[],
  limits: PackedLimits,
  deadline = NO_DEADLINE,
): void {
  const { zone } = database;
  growth.clear();
  for (const { member, score } of members) growth.add(member.length, score);
  const isTree = growth.count > limits.count || growth.memberSizeMax > limits.memberSize;
  const size = SortedSet.contentSize(zone, growth, isTree, limits);
  const existing = database.peek(argv, index);
  const entry = database.putUntil(argv, index, existing, TYPE_SORTED_SET, size, deadline);
  set.create(zone, entry, isTree);
  for (const { member, score } of members) {
    const outcome = set.add(member, 0, member.length, score, 0, limits);
    assert(outcome === ADDED, 'there is room for all of them');
  }
  set.settle();
}

/**
 * Makes the key argv[index] hold elements of a sorted set: what SortedSet.elements() answered, and
 * noted in `growth`. Throws out of memory with nothing changed.
 */
export function storeElements(
  database: Database,
  argv: Argv,
  index: number,
  elements: Uint8Array,
  growth: Growth,
  limits: PackedLimits,
): void {
  const { zone } = database;
  const isTree = SortedSet.loadsAsTree(growth, limits);
  const size = SortedSet.loadSize(zone, growth, isTree);
  const existing = database.peek(argv, index);
  const entry = database.putUntil(argv, index, existing, TYPE_SORTED_SET, size, NO_DEADLINE);
  set.load(zone, entry, elements, growth.count, isTree);
  set.settle();
}
