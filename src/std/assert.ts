/**
 * Assertions: what must hold if the program is right.
 *
 * A failed assertion is a mistake of ours, never of a client, so nobody catches it: the process
 * ends rather than write on from a state nobody foresaw. They stay on in production; a comparison
 * costs less than a silently damaged zone.
 *
 * Not here: errors a client can cause. Those are replies.
 */

/** Named, so that a log tells a broken invariant from any other error. */
export class AssertionError extends Error {
  override readonly name = 'AssertionError';
}

/** Throws unless `condition` holds; the compiler may rely on it afterwards. */
export function assert(condition: unknown, message = 'assertion failed'): asserts condition {
  if (!condition) throw new AssertionError(message);
}

/** For branches that types say can't be reached: a new variant turns into a compile error here. */
export function unreachable(value: never): never {
  throw new AssertionError(`unreachable: ${String(value)}`);
}
