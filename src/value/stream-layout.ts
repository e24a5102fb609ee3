/** Where a stream keeps what: words of its region, and units of what every stream has. */

import { ID_WORDS } from './id-tree.ts';
import { REGION_WORDS } from './region.ts';

/** The id that was given to an entry last. */
export const LAST_ID = REGION_WORDS;
export const FIRST_ID = LAST_ID + ID_WORDS;
export const MAX_DELETED_ID = FIRST_ID + ID_WORDS;
/** All entries there ever were, the lower word first. */
export const ADDED = MAX_DELETED_ID + ID_WORDS;
export const LENGTH = ADDED + 2;
/** Root of the tree of nodes. */
export const LOG = LENGTH + 1;
// The last node: its id, its first segment, the one where it ends, and the bytes in front of that.
export const TAIL_ID = LOG + 1;
export const TAIL_FIRST = TAIL_ID + ID_WORDS;
export const TAIL_LAST = TAIL_FIRST + 1;
export const TAIL_FRONT = TAIL_LAST + 1;
/** For stream-groups.ts. */
export const GROUPS = TAIL_FRONT + 1;
export const HEADER_WORDS = GROUPS + 1;
export const HEADER_UNITS = Math.ceil(HEADER_WORDS / 2);
