/**
 * Keyspace notifications: what happens to keys, published to who listens.
 *
 *   __keyspace@<database>__:<key>      <event>       K
 *   __keyevent@<database>__:<event>    <key>         E
 *
 * `notify-keyspace-events` says which classes of events are published, and in which of these forms;
 * with neither, or no class, none is.
 */

import type { PubSub } from '../instance/pubsub.ts';
import type { Database } from '../keyspace/database.ts';
import { classBits, events, type KeyEvent } from '../keyspace/events.ts';
import type { Keyspace } from '../keyspace/keyspace.ts';
import type { Argv } from '../resp/argv.ts';
import { latin1Bytes } from '../std/ascii.ts';

/** What the letter A stands for. */
const ALL = 'g$lshzxetd';

export class Notifier {
  readonly #keyspace: Keyspace;
  readonly #pubsub: PubSub;
  /** Classes asked for; see classBits(). */
  #classes = 0;
  #tellsSpace = false;
  #tellsEvent = false;

  constructor(keyspace: Keyspace, pubsub: PubSub) {
    this.#keyspace = keyspace;
    this.#pubsub = pubsub;
  }

  /** Whether anything is published at all. */
  get isOn(): boolean {
    return this.#classes !== 0;
  }

  /** Letters as the directive has them. */
  set classes(letters: string) {
    this.#tellsSpace = letters.includes('K');
    this.#tellsEvent = letters.includes('E');
    const classes = classBits(letters.replace('A', ALL));
    this.#classes = this.#tellsSpace || this.#tellsEvent ? classes : 0;
    this.#keyspace.onMiss = this.#watcher(events.keymiss);
    this.#keyspace.onNew = this.#watcher(events.new);
  }

  #watcher(event: KeyEvent) {
    if ((this.#classes & event.bit) === 0) return undefined;
    return (database: Database, argv: Argv, index: number): void =>
      this.note(database, argv, index, event);
  }

  /** Publishes what happened to the key argv[index], if that is asked for. */
  note(database: Database, argv: Argv, index: number, event: KeyEvent): void {
    if ((this.#classes & event.bit) === 0) return;
    const { name } = event;
    const { number } = database;
    if (this.#tellsSpace) {
      const bytes = latin1Bytes(name);
      const channel = `__keyspace@${number}__:${argv.text(index)}`;
      this.#pubsub.publish('channel', channel, bytes, 0, bytes.length);
    }
    if (this.#tellsEvent) {
      const channel = `__keyevent@${number}__:${name}`;
      const { bytes, starts, ends } = argv;
      this.#pubsub.publish('channel', channel, bytes, starts[index], ends[index]);
    }
  }
}
