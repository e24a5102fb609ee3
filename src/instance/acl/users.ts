/**
 * Users: all there are, by name. One of them, `default`, is who a client is before it says more.
 *
 *   ACL SETUSER ───────────────┐
 *   `user` lines of a file ────┼─▶ users ─▶ each client's user, and whether it may do everything
 *   the file of `aclfile` ─────┤
 *   requirepass ───────────────┘
 *
 * Whatever changes here reaches connected clients at once: what they may do, and whether they may
 * stay.
 */

import { userFaults } from '../../resp/errors.ts';
import type { Client, Clients } from '../clients.ts';
import { type Files, systemReason } from '../config/files.ts';
import { toLatin1 } from '../config/words.ts';
import { readUsers } from './file.ts';
import { hasSpaces } from './selector.ts';
import { mergeSelectors, User, type UserEnvironment } from './user.ts';

export const DEFAULT_USER = 'default';

/** A `user` line of a configuration: the name and its rules. */
export type UserDefinition = readonly [name: string, ...rules: string[]];

/** A user as there is one where nothing else is said: anybody, who may do everything. */
function openUser(environment: UserEnvironment): User {
  const user = new User(DEFAULT_USER, environment);
  user.set(['+@all', '~*', '&*', 'on', 'nopass']);
  return user;
}

export class Users {
  /** The same object all the time, whatever becomes of it. */
  readonly default: User;
  readonly #environment: UserEnvironment;
  readonly #clients: Clients;
  readonly #files: Files;
  #byName = new Map<string, User>();

  constructor(environment: UserEnvironment, clients: Clients, files: Files) {
    this.#environment = environment;
    this.#clients = clients;
    this.#files = files;
    this.default = openUser(environment);
    this.#byName.set(DEFAULT_USER, this.default);
  }

  find(name: string): User | undefined {
    return this.#byName.get(name);
  }

  /** In order of their names, byte by byte. */
  all(): User[] {
    const names = [...this.#byName.keys()].sort((a, b) => (a < b ? -1 : 1));
    return names.map((name) => this.#byName.get(name) as User);
  }

  /** Each user as a line of a file. */
  lines(): string[] {
    return this.all().map((user) => `user ${user.name} ${user.describe()}`);
  }

  /** Whether who has not said who it is may not run commands. */
  get areAsked(): boolean {
    return !this.default.needsNoPassword || !this.default.isEnabled;
  }

  /** Who gives that name and password, or undefined. */
  authenticate(name: string, password: Uint8Array): User | undefined {
    const user = this.#byName.get(name);
    return user?.admits(password) ? user : undefined;
  }

  // ── Changes ───────────────────────────────────────────────────────────────────────────────────

  /**
   * ACL SETUSER: makes a user, or changes one. Answers what is wrong with the rules; then nothing
   * has changed. Who listens to what is no longer allowed is closed; `current`, whose request this
   * is, after its reply.
   */
  set(name: string, rules: readonly string[], current?: Client): string | undefined {
    const there = this.#byName.get(name);
    const draft = there?.copy() ?? new User(name, this.#environment);
    const fault = draft.set(rules);
    if (fault !== undefined) return fault;
    if (there === undefined) {
      this.#byName.set(name, draft);
      return undefined;
    }
    this.#closeListeners(there, draft, current);
    there.become(draft);
    this.#settle(there);
    return undefined;
  }

  /** ACL DELUSER: its clients are closed; `current`, whose request this is, after its reply. */
  remove(name: string, current?: Client): boolean {
    const user = this.#byName.get(name);
    if (user === undefined) return false;
    this.#byName.delete(name);
    this.#closeClients(user, current);
    return true;
  }

  /** CONFIG SET requirepass: an empty one is none. */
  setDefaultPassword(password: string): void {
    this.default.set(password === '' ? ['resetpass', 'nopass'] : ['resetpass', `>${password}`]);
    this.#settle(this.default);
  }

  /** Takes the `user` lines of a configuration. Answers what is wrong with them. */
  define(definitions: readonly UserDefinition[]): string | undefined {
    for (const [name, ...rules] of definitions) {
      if (hasSpaces(name)) return userFaults.spacesInName;
      const user = this.#byName.get(name) ?? new User(name, this.#environment);
      user.apply('reset');
      // What has been checked closes its parentheses.
      for (const rule of mergeSelectors(rules) as string[]) {
        const fault = user.apply(rule);
        if (fault !== undefined) return userFaults.badRuleOf(name, rule, fault);
      }
      this.#byName.set(name, user);
    }
    return undefined;
  }

  /**
   * Takes the users of a file in place of all there are, if nothing is wrong in it; else answers
   * what is. Clients of all others than the default user are closed.
   */
  load(path: string, current?: Client): string | undefined {
    const name = toLatin1(path);
    let text: string;
    try {
      text = this.#files.read(path);
    } catch (error) {
      return userFaults.noFile(name, systemReason(error));
    }
    const read = readUsers(text, name, this.#environment);
    if (typeof read === 'string') return read;
    const old = this.#byName;
    this.default.become(read.get(DEFAULT_USER) ?? openUser(this.#environment));
    this.#byName = read.set(DEFAULT_USER, this.default);
    this.#settle(this.default);
    for (const user of old.values()) {
      if (user !== this.default) this.#closeClients(user, current);
    }
    return undefined;
  }

  /** Writes them to a file, whole or not at all. Answers the reason if it can't. */
  save(path: string): string | undefined {
    const text = this.lines().map((line) => `${line}\n`);
    try {
      this.#files.replace(path, text.join(''));
    } catch (error) {
      return systemReason(error);
    }
    return undefined;
  }

  // ── Clients ───────────────────────────────────────────────────────────────────────────────────

  /** Tells its clients what a user may do now. */
  #settle(user: User): void {
    for (const client of this.#clients.all()) {
      if (client.user === user) client.become(user, client.authenticated);
    }
  }

  #closeClients(user: User, current: Client | undefined): void {
    for (const client of [...this.#clients.all()]) {
      if (client.user !== user) continue;
      // Not even while it is being closed may it go on as someone who is gone.
      client.become(this.default, false);
      close(client, current);
    }
  }

  /** Closes who listens as `user` to what it may not listen to any more once it is `next`. */
  #closeListeners(user: User, next: User, current: Client | undefined): void {
    if (allowsAllChannels(next)) return;
    const channels = channelsOf(next);
    const isMore =
      !allowsAllChannels(user) && channelsOf(user).every((channel) => channels.includes(channel));
    if (isMore) return;
    const may = (name: string, isPattern: boolean): boolean =>
      next.selectors.some((selector) => selector.allowsChannel(name, isPattern));
    for (const client of [...this.#clients.all()]) {
      const { subscriptions } = client;
      if (client.user !== user || subscriptions === undefined) continue;
      const { channel, pattern, shard } = subscriptions;
      const isFine =
        [...pattern].every((name) => may(name, true)) &&
        [...channel, ...shard].every((name) => may(name, false));
      if (!isFine) close(client, current);
    }
  }
}

function close({ connection }: Client, current: Client | undefined): void {
  if (connection === current?.connection) connection.closeAfterReply();
  else connection.close();
}

function allowsAllChannels(user: User): boolean {
  return user.selectors.some((selector) => selector.allowsAllChannels);
}

function channelsOf(user: User): readonly string[] {
  return user.selectors.flatMap((selector) => selector.channels);
}
