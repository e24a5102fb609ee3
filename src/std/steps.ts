/** Steps: work that takes long, done in parts between which others are served. */

/** Each value asked for does a part; it is done when there is none. */
export type Steps = Generator<undefined, void, undefined>;

/** Does all that is left at once. */
export function finish(steps: Steps): void {
  for (const _ of steps);
}
