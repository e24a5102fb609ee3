/**
 * A call: a command with its arguments and its context, running.
 *
 * Command, Instance and Call stand in one file because each speaks of the next: a command runs
 * calls, a call knows the instance, and the instance its commands.
 */

import type { AclLog } from '../instance/acl/log.ts';
import type { Users } from '../instance/acl/users.ts';
import type { Audience } from '../instance/audience.ts';
import type { Client, Clients } from '../instance/clients.ts';
import type { Config } from '../instance/config.ts';
import type { Effects } from '../instance/effects.ts';
import type { LatencyMonitor } from '../instance/latency.ts';
import type { Log } from '../instance/log.ts';
import type { Monitors } from '../instance/monitors.ts';
import type { Pause } from '../instance/pause.ts';
import type { Peers } from '../instance/peers.ts';
import type { PubSub } from '../instance/pubsub.ts';
import type { SlowLog } from '../instance/slowlog.ts';
import type { CommandCounts, Stats } from '../instance/stats.ts';
import type { Tracking } from '../instance/tracking.ts';
import type { Blocking } from '../keyspace/blocking.ts';
import type { Database } from '../keyspace/database.ts';
import type { Keyspace } from '../keyspace/keyspace.ts';
import type { Sessions } from '../keyspace/sessions.ts';
import type { Watches } from '../keyspace/watches.ts';
import type { Argv } from '../resp/argv.ts';
import type { ErrorReply } from '../resp/errors.ts';
import type { Reply } from '../resp/reply.ts';
import type { SpareQueues } from '../resp/request-queue.ts';
import type { Libraries } from '../script/libraries.ts';
import type { Clock } from '../std/clock.ts';
import type { Random } from '../std/random.ts';
import type { Args } from './arguments.ts';
import type { Category, Flag, Group } from './categories.ts';
import type { ChannelUse, HasKeys, LegacyRange } from './keys.ts';
import type { Argument } from './syntax.ts';

/** A registered command: its definition, what follows from it, and what it has done. */
export interface Command extends HasKeys<Instance>, CommandCounts {
  /** Lower case, without the container: 'get'. */
  readonly name: string;
  /** 'get', 'config|get'. */
  readonly fullName: string;
  readonly nameBytes: Uint8Array;
  /** The usage line. */
  readonly usage: string;
  readonly group: Group;
  readonly summary: string;
  readonly since: string;
  readonly complexity: string | undefined;
  readonly arity: number;
  /** The same as bounds: how many arguments a request has, the name included. */
  readonly countMin: number;
  readonly countMax: number;
  readonly flags: ReadonlySet<Flag>;
  readonly categories: readonly Category[];
  readonly legacyRange: LegacyRange;
  /** What its arguments are, if they are channels. */
  readonly channels: ChannelUse | undefined;
  readonly arguments: readonly Argument[];
  readonly tips: readonly string[];
  readonly history: readonly (readonly [since: string, change: string])[];
  readonly deprecated: { readonly since: string; readonly use: string } | undefined;
  /** Marked as one for the system itself, not for applications. */
  readonly isSystem: boolean;
  readonly secrets: Secrets;
  readonly subcommandHelp: readonly string[];
  readonly differs: string | undefined;
  /** Undefined for a container that does nothing by itself. */
  readonly run: ((call: Call) => void) | undefined;
  readonly parent: Command | undefined;
  /** By name; empty for what is no container. */
  readonly subcommands: ReadonlyMap<string, Command>;

  // Flags that every call is asked about.
  readonly needsNoAuth: boolean;
  readonly isProtected: boolean;
  /** Whether it may not come between MULTI and EXEC, and whether it runs at once even there. */
  readonly isNoMulti: boolean;
  readonly runsAtOnce: boolean;
  /** Whether its calls need not be timed one by one. */
  readonly isShort: boolean;
}

/** Finds the arguments of a request that no log may show. */
export type Secrets = (argv: Argv, instance: Instance) => readonly number[];

/** The commands there are. */
export interface Commands {
  /** The ACL categories there are. */
  readonly categories: readonly Category[];
  /** Top-level commands and containers that requests can name. */
  readonly commands: readonly Command[];
  /** The command that argument `index` names, a container for its subcommands; or undefined. */
  find(argv: Argv, index?: number): Command | undefined;
  /** The subcommand that argument `index` names, or undefined. */
  findSubcommand(container: Command, argv: Argv, index?: number): Command | undefined;
  /** By full name, in any case, as it is defined: 'get', 'config|get'. */
  byName(name: string): Command | undefined;
  /** The same, as requests name it: `rename-command` may say otherwise. */
  inUse(name: string): Command | undefined;
  /** Every command and subcommand that is defined, containers included. */
  all(): Iterable<Command>;
  /** Those of them that have been asked for: no other has been called. */
  asked(): Iterable<Command>;
}

/** A script or a function that takes too long. */
export interface RunningScript {
  readonly name: string;
  readonly isFunction: boolean;
  /** The request that called it. */
  readonly argv: Argv;
  readonly elapsedMs: number;
}

/** What runs scripts and functions. */
export interface ScriptRuns {
  /** What others are told while a script takes too long; undefined while none does. */
  readonly busy: ErrorReply | undefined;
  /** Whether what is busy is being debugged: then others wait. */
  readonly isDebugged: boolean;
  /** What is busy. */
  readonly running: RunningScript | undefined;
  /** Unix microseconds when the script that runs began: for it, time stands still. */
  readonly now: number;
  /** Whether scripts may call what they may not. */
  allowsAll: boolean;
  /** Ends the script, or the function, that is busy. Throws when that can't be. */
  kill(isFunction: boolean): void;
  /** Settled when none is busy. */
  whenFree(): Promise<void>;
  /** The server ends: what is busy is not gone on with. */
  stop(): void;
}

/** The scripts that EVAL was given. */
export interface ScriptCache {
  readonly count: number;
  /** Bytes of their texts, and of the interpreter that runs them. */
  readonly size: number;
  readonly memory: number;
  has(sha: string): boolean;
  /** What a script says of itself, by its SHA1 or its text; undefined: nothing, or there is none. */
  flagsOf(sha: string): ReadonlySet<string> | undefined;
  flagsOfText(body: Uint8Array): ReadonlySet<string> | undefined;
  /** Compiles a script unless it is there; answers its SHA1. */
  load(body: Uint8Array): string;
  flush(): void;
  /** Runs the script of a call: argument 1 is its text, or its SHA1. */
  evaluate(call: Call, isSha: boolean, isReadOnly: boolean): void;
}

/** The functions that libraries have registered. */
export interface FunctionCache {
  readonly libraries: Libraries;
  /** Bytes of the interpreter that runs them. */
  readonly memory: number;
  /** Runs the function of a call: argument 1 is its name. */
  call(call: Call, isReadOnly: boolean): void;
}

/** How a server is to end. */
export interface ShutdownOptions {
  /** Whether keys are saved first; undefined: if there are save points. */
  readonly saves?: boolean | undefined;
  /** Whether it ends even if they can't be. */
  readonly isForced?: boolean;
}

/** Saves of all keys: at once, and while the server goes on. */
export interface Saving {
  /** Unix seconds of the last that succeeded, or of the start. */
  readonly lastSave: number;
  /** Whether the last background save succeeded, and the seconds it took; -1: there was none. */
  readonly isLastOk: boolean;
  readonly lastTook: number;
  /** Bytes of keys that it took in ahead because they were about to change. */
  readonly lastAheadSize: number;
  /** How many were begun. */
  readonly count: number;
  /** Whether a background save goes on; seconds since it began, or -1; keys of it. */
  readonly isRunning: boolean;
  readonly currentTook: number;
  readonly progress: {
    readonly written: number;
    readonly count: number;
    readonly aheadSize: number;
  };
  /** Whether a background save is to be begun as soon as it can be. */
  isScheduled: boolean;
  /** Saves before it returns. False: the log says why. */
  save(): boolean;
  /** Begins a background save; there must be none. False: the log says why. */
  begin(): boolean;
  /** Gives a background save up. */
  abort(): void;
  /** Has a background save fail, for tests. */
  fail(error: Error): void;
  /** All keys of all databases are gone. */
  afterFlush(): void;
}

/** Loads of what was saved. */
export interface LoadingProgress {
  /** Keys that the last took in from a snapshot, and those past their deadline. */
  loaded: number;
  expired: number;
  /** Unix seconds when it began. */
  readonly startedAt: number;
  /** Bytes to be read, and read. */
  readonly totalSize: number;
  readonly loadedSize: number;
  /** Bytes of memory used when the file was made, as it says. */
  readonly usedMemory: number;
  /** Whether the checksums of files and dumps need not be right, as tests want it. */
  skipsSums: boolean;
  /** Begins to tell of files of so many bytes, which the caller loads. */
  begin(totalSize: number): void;
  /** Tells how many bytes of those have been read. */
  reach(size: number): void;
  /** Saves, forgets every key, and loads them. Throws an error reply. */
  reload(options: { saves: boolean; flushes: boolean; merges: boolean }): void;
}

/** The append only file. */
export interface AppendOnly {
  readonly isOn: boolean;
  readonly isRewriting: boolean;
  /** Whether a rewrite begins when it can. */
  readonly isScheduled: boolean;
  /** How long the last rewrite took and the one that runs has, in seconds; or -1. */
  readonly lastRewriteSeconds: number;
  readonly rewriteSeconds: number;
  readonly isLastRewriteGood: boolean;
  readonly rewrites: number;
  /** Rewrites in a row that failed. */
  readonly failures: number;
  /** Whether what was done can be written. */
  readonly isGood: boolean;
  /** Bytes of all files, of those there were after the last rewrite, and not written yet. */
  readonly currentSize: number;
  readonly baseSize: number;
  readonly bufferSize: number;
  readonly isSyncing: boolean;
  /** Writes that did not wait for an fsync any longer. */
  readonly delayedSyncs: number;
  /** Whether all that has been done is on the disk. */
  readonly isSynced: boolean;
  /** What every write takes longer, for tests. */
  writeDelayMs: number;
  /** CONFIG RESETSTAT. */
  resetCounts(): void;
  /** Begins a rewrite. Answers whether it could. */
  rewrite(): boolean;
  /** Has a rewrite that goes on fail, for tests. */
  failRewrite(error: Error): void;
  /** Has a rewrite begin when it can. */
  schedule(): void;
  /** Forgets all there is and reads it from the files. Answers whether they could be read. */
  reload(): boolean;
  /** Settled when all that has been done is on the disk, or there is no file any more. */
  whenSynced(): Promise<void>;
}

/** One that follows this server. */
export interface Replica {
  readonly client: Client;
  /** Whether it has been sent all there was when it began to follow. */
  readonly isOnline: boolean;
}

export interface Replicas {
  readonly count: number;
  /** Bytes of effects there ever were while there was one. */
  readonly offset: number;
  all(): Iterable<Replica>;
  /** Makes a client one: it is sent all there is, and then every effect. */
  begin(client: Client): void;
  forget(client: Client): void;
}

/** One running server, as far as commands may touch it. */
export interface Instance {
  readonly config: Config;
  readonly keyspace: Keyspace;
  readonly sessions: Sessions;
  readonly blocking: Blocking;
  readonly watches: Watches;
  /** For transactions that begin. */
  readonly queues: SpareQueues;
  readonly clients: Clients;
  readonly users: Users;
  readonly aclLog: AclLog;
  readonly stats: Stats;
  readonly slowLog: SlowLog;
  readonly latency: LatencyMonitor;
  readonly audience: Audience;
  readonly monitors: Monitors;
  readonly effects: Effects;
  readonly tracking: Tracking;
  readonly registry: Commands;
  readonly pause: Pause;
  readonly peers: Peers;
  readonly pubsub: PubSub;
  readonly scriptRuns: ScriptRuns;
  readonly scripts: ScriptCache;
  readonly functions: FunctionCache;
  readonly appendOnly: AppendOnly;
  readonly replicas: Replicas;
  readonly log: Log;
  readonly clock: Clock;
  readonly random: Random;
  /** Unix milliseconds. */
  readonly startedAt: number;
  /** 40 hexadecimal digits that no other run of a server has. */
  readonly runId: string;
  readonly replicationId: string;
  /** The TCP port listened on, 0 for none. */
  tcpPort(): number;
  /** The one listened on with TLS, 0 for none. */
  tlsPort(): number;
  readonly saving: Saving;
  readonly loading: LoadingProgress;
  /** Ends the server in good order. False: what it has could not be saved. */
  shutDown(options: ShutdownOptions): boolean;
}

export interface Call {
  argv: Argv;
  readonly args: Args;
  /** The client's selected database. */
  db: Database;
  readonly keyspace: Keyspace;
  readonly client: Client;
  readonly reply: Reply;
  readonly instance: Instance;
}
