/**
 * Blocked: a command that has nothing to answer yet, and waits for a key.
 *
 * A handler that finds nothing to take calls waitForKeys(), which ends it. Its request is held, with
 * all its client sent behind it, and runs again from its beginning when one of the keys may have
 * what it wants (keyspace/blocking.ts); so it must have changed nothing.
 */

import type { Wish } from '../keyspace/blocking.ts';
import type { Reply } from '../resp/reply.ts';
import type { Call } from './call.ts';

/** What every command that waits for a value says of itself. */
export const WAKES_FOR_VALUES =
  'A value stored over one of another type ends the wait; Redis wakes for new keys only.';

/** Thrown by a handler whose command waits. */
export class Blocked {
  readonly wish: Wish;
  /** Replies when the time is up. */
  readonly inVain: (reply: Reply) => void;

  constructor(wish: Wish, inVain = replyNothing) {
    this.wish = wish;
    this.inVain = inVain;
  }
}

function replyNothing(reply: Reply): void {
  reply.nullArray();
}

/**
 * Lets a command wait at the keys argv[first] to argv[end - 1] for one of them to hold a value of
 * `type`, until `deadline` (Unix milliseconds, 0 for ever). Where commands must not wait, in a
 * transaction or a script, answers null at once, as when time is up.
 */
export function waitForKeys(
  { argv, client, db, reply }: Call,
  first: number,
  end: number,
  type: number,
  deadline: number,
  untilGone = false,
): void {
  if (!client.mayBlock) {
    reply.nullArray();
    return;
  }
  const keys: Uint8Array[] = [];
  for (let i = first; i < end; i++) keys.push(argv.copy(i));
  throw new Blocked({ database: db, keys, type, deadline, untilGone });
}

/**
 * Lets a command wait until `deadline` (Unix milliseconds, 0 for ever) for what never comes, and
 * then answer; at once where commands must not wait.
 */
export function waitInVain(
  { client, db, reply }: Call,
  deadline: number,
  inVain: (reply: Reply) => void,
): void {
  if (!client.mayBlock) inVain(reply);
  else throw new Blocked({ database: db, keys: [], type: 0, deadline, untilGone: false }, inVain);
}
