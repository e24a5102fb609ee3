/** Sets as results: what STORE and RESTORE put under a key, in place of what was there. */

import type { Argv } from '../resp/argv.ts';
import { MemberSet } from '../value/set.ts';
import type { SetDraft } from '../value/set-draft.ts';
import { TYPE_SET } from '../value/type.ts';
import type { Database } from './database.ts';

const set = new MemberSet();

/**
 * Makes the key argv[index] hold the members of a draft, at least one, until `deadline` (Unix
 * milliseconds, or NO_DEADLINE). Throws out of memory with nothing changed.
 */
export function storeSet(
  database: Database,
  argv: Argv,
  index: number,
  draft: SetDraft,
  deadline: number,
): void {
  const { zone } = database;
  const existing = database.peek(argv, index);
  const size = MemberSet.sizeOf(draft, zone);
  const entry = database.putUntil(argv, index, existing, TYPE_SET, size, deadline);
  set.createOf(draft, zone, entry);
  set.settle();
}
