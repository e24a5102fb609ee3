/** Sorted sets as results: what STORE puts under a key, in place of what was there. */

import type { Argv } from '../resp/argv.ts';
import { compareBytes } from '../std/bytes.ts';
import { Growth } from '../value/growth.ts';
import { writePacked } from '../value/packed.ts';
import { type PackedLimits, SortedSet } from '../value/sorted-set.ts';
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
  growth.clear();
  for (const { member, score } of members) growth.add(member.length, score);
  const elements = new Uint8Array(growth.packedSize);
  let at = 0;
  for (const { member, score } of inOrder(members)) {
    at = writePacked(elements, at, score, member, 0, member.length);
  }
  storeElements(database, argv, index, elements, growth, limits, deadline);
}

/** Members from the least on. Files have the greatest first, or the least. */
function inOrder(members: readonly Scored[]): Iterable<Scored> {
  let ups = 0;
  let downs = 0;
  for (let i = 1; i < members.length; i++) {
    if (compare(members[i - 1], members[i]) < 0) ups++;
    else downs++;
  }
  if (downs === 0) return members;
  return ups === 0 ? members.toReversed() : members.toSorted(compare);
}

function compare(a: Scored, b: Scored): number {
  if (a.score !== b.score) return a.score < b.score ? -1 : 1;
  return compareBytes(a.member, 0, a.member.length, b.member, 0, b.member.length);
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
  deadline = NO_DEADLINE,
): void {
  const { zone } = database;
  const isTree = SortedSet.loadsAsTree(growth, limits);
  const size = SortedSet.loadSize(zone, growth, isTree);
  const existing = database.peek(argv, index);
  const entry = database.putUntil(argv, index, existing, TYPE_SORTED_SET, size, deadline);
  set.load(zone, entry, elements, growth.count, isTree);
  set.settle();
}
