/**
 * Wait: a request that can't be answered yet.
 *
 * A handler throws one when something outside must happen first. The request is then held, with all
 * that its client sent behind it, and runs again from its beginning once `until` is settled; others
 * are served meanwhile. So a handler must have changed nothing, or know on its second run that it
 * has: it is the next request of that client to run, if the client stays.
 */

export class Wait {
  readonly until: Promise<unknown>;

  constructor(until: Promise<unknown>) {
    this.until = until;
  }
}
