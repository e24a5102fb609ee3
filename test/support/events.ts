/** What requests do to keys, as those hear it who are told of events. */

import type { Offline } from './offline.ts';

/** Runs a request. Answers its events, and how many changes it counted for. */
export type EventsOf = (...words: readonly string[]) => {
  /** Class, name and key, in the order they were told; 'gone' if the key was not there then. */
  readonly events: readonly string[];
  readonly changes: number;
};

/** Listens to a server from now on. */
export function watchEvents(server: Offline): EventsOf {
  const { keyspace } = server.instance;
  const { counts, observer } = keyspace;
  let seen: string[] = [];
  keyspace.observer = (db, argv, index, event) => {
    observer?.(db, argv, index, event);
    // What no notification tells of is nobody's event.
    if (event.bit === 0) return;
    const isThere = db.peek(argv, index) !== 0;
    seen.push(`${event.class} ${event.name} ${argv.text(index)}${isThere ? '' : ', gone'}`);
  };
  return (...words) => {
    const before = counts.dirty;
    seen = [];
    server.run(...words);
    return { events: seen, changes: counts.dirty - before };
  };
}
