/** Sets: what the files of their commands have in common. */

import type { MemberSet } from '../value/set.ts';
import type { SetLimits } from '../value/set-draft.ts';
import { TYPE_SET } from '../value/type.ts';
import type { Call } from './call.ts';

const limits = { integers: 0, count: 0, size: 0 };

/** Up to where a set has which encoding, as configured. Good until it is asked for again. */
export function limitsOf({ instance }: Call): SetLimits {
  const { values } = instance.config;
  limits.integers = values.setMaxIntsetEntries;
  limits.count = values.setMaxListpackEntries;
  limits.size = values.setMaxListpackValue;
  return limits;
}

/** Points `set` at the set of a key, for reading. Answers false when there is none. */
export function openForRead({ argv, db }: Call, set: MemberSet, index = 1): boolean {
  const entry = db.find(argv, index);
  if (entry === 0) return false;
  db.expectType(entry, TYPE_SET);
  set.open(db.zone, entry);
  return true;
}

/** The same, for changing it. */
export function openForWrite({ argv, db }: Call, set: MemberSet, index = 1): boolean {
  const entry = db.findForWrite(argv, index);
  if (entry === 0) return false;
  db.expectType(entry, TYPE_SET);
  set.open(db.zone, entry);
  return true;
}
