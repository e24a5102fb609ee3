/**
 * Clients: the peers of a server with their state, whatever they are connected by.
 *
 * A client is what CLIENT LIST shows a line of. Its connection (the socket) is known here only by
 * what may be asked of it.
 */

import type { Argv } from '../resp/argv.ts';
import type { Reply } from '../resp/reply.ts';
import type { RequestQueue } from '../resp/request-queue.ts';
import type { User } from './acl/user.ts';

/** What a client may ask of its socket. */
export interface ClientConnection {
  /** Closes at once. */
  close(): void;
  /** Sends what has been replied, then closes; what the client sends from now on is not read. */
  closeAfterReply(): void;
  /** Sends what has been replied, once those who are being read have had their turn. */
  flushSoon(): void;
  /** Runs the request that was made to wait, and what was sent behind it. */
  resume(): void;
  /** Runs the request that was made to wait at once; if it is done, what is behind it goes on. */
  retry(): void;
  /** The request that was made to wait has been answered: what was sent behind it goes on. */
  release(): void;
  /** Closes it if what the peer has not taken is too much, or was for too long. */
  checkLimits(): void;
  /** Bytes received and not yet a whole request. */
  readonly querySize: number;
  /** Those of them that are not arguments yet. */
  readonly unparsedSize: number;
  /** Bytes allocated to hold them. */
  readonly queryBufferSize: number;
  /** Bytes replied that the peer has not taken. */
  readonly outputSize: number;
  /** File descriptor, or -1. */
  readonly fd: number;
}

/** A script that a client debugs: what it sends meanwhile are commands of the debugger. */
export interface DebugSession {
  command(argv: Argv): void;
  /** The client is gone. */
  abandon(): void;
}

/** CLIENT REPLY: everything, nothing, or nothing for the next command. */
export const REPLY_ON = 0;
export const REPLY_OFF = 1;
export const REPLY_SKIP_NEXT = 2;
export const REPLY_SKIP = 3;

export type SubscriptionKind = 'channel' | 'pattern' | 'shard';

/** What a client is subscribed to. */
export class Subscriptions {
  readonly channel = new Set<string>();
  readonly pattern = new Set<string>();
  readonly shard = new Set<string>();

  get count(): number {
    return this.channel.size + this.pattern.size + this.shard.size;
  }
}

/** How a client tracks keys. */
export interface ClientTracking {
  /** Whether it is told of keys by prefix, not of those it has read. */
  readonly isBroadcast: boolean;
  /** Latin-1, in BCAST mode. */
  readonly prefixes: Set<string>;
  /** Whether only what follows CLIENT CACHING YES is remembered. */
  readonly optIn: boolean;
  /** Whether all but what follows CLIENT CACHING NO is remembered. */
  readonly optOut: boolean;
  /** Whether it is not told of what it changes itself. */
  readonly noLoop: boolean;
  /** Number of the client that is told instead; 0: itself. */
  readonly redirectTo: number;
  /** Whether that client was found to be gone. */
  isBroken: boolean;
  /** Whether CLIENT CACHING was the command before. */
  hasCaching: boolean;
}

export class Client {
  readonly id: number;
  /** 'host:port', '[v6]:port' or 'path:0'. */
  readonly address: string;
  readonly localAddress: string;
  readonly isUnix: boolean;
  /** Set once, right after the client was made for it. */
  connection!: ClientConnection;
  readonly reply: Reply;
  /** Unix milliseconds. */
  readonly createdAt: number;
  lastActiveAt: number;
  name = '';
  libName = '';
  libVersion = '';
  /** Who it acts as. */
  user!: User;
  authenticated!: boolean;
  /** Whether it has authenticated as a user who may do everything. */
  isUnrestricted!: boolean;
  resp3 = false;
  /** The selected database. */
  database = 0;
  noEvict = false;
  noTouch = false;
  replyMode: number = REPLY_ON;
  closing = false;
  /** Whether a request of it waits: for the end of a pause, or for what a blocking command wants. */
  isBlocked = false;
  /** Requests of the transaction it is in; undefined when it is in none. */
  queue: RequestQueue | undefined = undefined;
  /** Whether something was refused between MULTI and EXEC. */
  isAborted = false;
  /** What it watches keys by. */
  readonly watcher = { isDirty: false, keyCount: 0 };
  /** Whether it is sent every request that others make. */
  isMonitor = false;
  /** Whether its request has begun before, and waited. */
  hasBegun = false;
  /** How it tracks keys; undefined when it does not. */
  tracking: ClientTracking | undefined = undefined;
  /** What it listens to; undefined when that is nothing. */
  subscriptions: Subscriptions | undefined = undefined;
  /** Whether it follows this server: it is sent every effect. */
  isReplica = false;
  /** The TCP port that it says it listens on, if it is to be one; or 0. */
  replicaPort = 0;
  /** What of a snapshot it wants, if it is to be sent one. */
  readonly wanted = { keys: true, libraries: true };
  /** Whether it does again what was done before: no limits are asked, and nothing waits. */
  isReplaying = false;
  /** Whether it is the one that scripts call commands with. */
  isScript = false;
  /** Whether its commands may wait; not inside a transaction. */
  mayBlock = true;
  /** What its commands wait by, once one has. */
  waiter: { retry(): void; timeOut(): void } | undefined = undefined;
  /** Replies for the blocking command that waits, when its time is up. */
  inVain: (reply: Reply) => void = () => {};
  /** Ends the wait of a blocking command; absent while there is none. */
  unblock: ((withError: boolean) => void) | undefined = undefined;
  /** Whether the scripts it runs are debugged, and the one that is. */
  debugsScripts = false;
  /** Whether it runs none: what it asked for, that their changes are forgotten, is not to be had. */
  runsNoScripts = false;
  debugger: DebugSession | undefined = undefined;
  /** Unix milliseconds since which its output is over the soft limit; 0: it is not. */
  overSoftLimitSince = 0;
  /** Full name of the command run last ('client|list'). */
  lastCommand = 'NULL';

  constructor(options: {
    id: number;
    address: string;
    localAddress: string;
    isUnix: boolean;
    reply: Reply;
    now: number;
    /** Who it is before it says more: the default user. */
    user: User;
  }) {
    this.id = options.id;
    this.address = options.address;
    this.localAddress = options.localAddress;
    this.isUnix = options.isUnix;
    this.reply = options.reply;
    this.createdAt = options.now;
    this.lastActiveAt = options.now;
    this.beAnyone(options.user);
  }

  /** From now on it acts as `user`; or asks, if it has not authenticated, to act as the default. */
  become(user: User, authenticated: boolean): void {
    this.user = user;
    this.authenticated = authenticated;
    this.isUnrestricted = authenticated && user.isUnrestricted;
  }

  /** From now on it is who has not said who it is: the default user, if that needs no password. */
  beAnyone(user: User): void {
    this.become(user, user.needsNoPassword && user.isEnabled);
  }

  /** Whether the peer is on this machine. */
  get isLocal(): boolean {
    return this.isUnix || this.address.startsWith('127.') || this.address.startsWith('[::1]');
  }
}

/** What a client takes by itself, a request in its queue, a key it watches, a subscription. */
const CLIENT_SIZE = 2048;
const REQUEST_SIZE = 128;
const WATCH_SIZE = 128;
const SUBSCRIPTION_SIZE = 96;

/** About how many bytes a client takes, the request that runs left out. */
export function memoryOf(client: Client): number {
  const { connection, queue, watcher, subscriptions, tracking } = client;
  return (
    CLIENT_SIZE +
    connection.queryBufferSize +
    connection.outputSize +
    (queue?.size ?? 0) +
    (queue?.count ?? 0) * REQUEST_SIZE +
    watcher.keyCount * WATCH_SIZE +
    ((subscriptions?.count ?? 0) + (tracking?.prefixes.size ?? 0)) * SUBSCRIPTION_SIZE
  );
}

/** All clients of a server, in order of connection. */
export class Clients {
  readonly #byId = new Map<number, Client>();
  #nextId = 1;

  takeId(): number {
    return this.#nextId++;
  }

  add(client: Client): void {
    this.#byId.set(client.id, client);
  }

  remove(client: Client): void {
    this.#byId.delete(client.id);
  }

  find(id: number): Client | undefined {
    return this.#byId.get(id);
  }

  get count(): number {
    return this.#byId.size;
  }

  all(): IterableIterator<Client> {
    return this.#byId.values();
  }
}
