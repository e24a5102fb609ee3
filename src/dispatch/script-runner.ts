/**
 * The script runner: what scripts and functions have in common while they run.
 *
 *   EVAL, FCALL ──► start() ──► a script in its sandbox ──redis.call──► a command, a reply
 *                      │               │ every 100,000 instructions: onHook()
 *                      ▼               ▼
 *                    reply      busy: left in the middle, and gone on with in slices
 *
 * A script runs to its end before anybody else is served, as long as it takes no longer than
 * `busy-reply-threshold`. From then on it is left every few milliseconds, so that others can be
 * told that the server is busy, and an operator can end it. Nothing else runs meanwhile, and what
 * the script has done so far nobody sees. Redis does the same from within the script, by serving
 * its event loop there; JavaScript's can only be gone back to.
 *
 * Commands come from scripts through perform(), as from EXEC. They have a client of their own, with
 * the rights of the one who called.
 */

import { createHash } from 'node:crypto';
import { Client } from '../instance/clients.ts';
import { FOR_ALL, FOR_FILE, FOR_REPLICAS } from '../instance/effects.ts';
import { REDIS_VERSION } from '../instance/version.ts';
import { Argv } from '../resp/argv.ts';
import { type ErrorReply, errors, scriptFaults } from '../resp/errors.ts';
import { heapWindows, Reply } from '../resp/reply.ts';
import { Lrand48 } from '../script/lrand48.ts';
import {
  type Library,
  type Lua,
  STATUS_OK,
  STATUS_YIELD,
  TYPE_BOOLEAN,
  TYPE_NUMBER,
  TYPE_STRING,
  TYPE_TABLE,
} from '../script/lua.ts';
import { LuaPanic, Sandbox } from '../script/sandbox.ts';
import { latin1Text } from '../std/ascii.ts';
import { copyBytes } from '../std/bytes.ts';
import { unixMicros } from '../std/clock.ts';
import { DOUBLE_TEXT_SIZE_MAX, writeDouble } from '../std/double.ts';
import { Args } from './arguments.ts';
import type { Call, Command, Instance, RunningScript, ScriptRuns } from './call.ts';
import { ScriptDebugger } from './debugger.ts';
import { Left } from './left.ts';
import { perform } from './perform.ts';
import { checkPermission, noteDenial, refusalOf } from './permissions.ts';
import { nowhere } from './replay.ts';
import {
  errorOf,
  pushErrorText,
  ReplyReader,
  type ReturnedError,
  replyValue,
  setIgnored,
} from './script-values.ts';
import { Wait } from './wait.ts';

/** Milliseconds that a busy script runs before others are served. */
const SLICE_MS = 5;
const MICROS_PER_MS = 1000;
/**
 * Milliseconds that a script which has not written goes on where it can't be left. Nobody is served
 * meanwhile who could end it.
 */
const STUCK_MS_MAX = 5000;
/** Bytes of arguments for which memory is kept. */
const ARGUMENTS_KEPT = 64 * 1024;
const ERROR = 0x2d;

const LOG_LEVELS = ['debug', 'verbose', 'notice', 'warning'] as const;

/** What is to run. */
export interface Runnable {
  readonly sandbox: Sandbox;
  readonly reference: number;
  /** What errors call it: the SHA1 of a script, the name of a function. */
  readonly name: string;
  readonly isFunction: boolean;
  /** Whether it may not write. */
  readonly isReadOnly: boolean;
  /** Whether it may add where nothing may be added. */
  readonly mayAdd: boolean;
  /** Forgets the sandbox, which is of no more use. */
  readonly discard: () => void;
  /** The text of a script, for its debugger. */
  readonly body?: Uint8Array;
}

interface Run extends Runnable {
  readonly caller: Client;
  isResp3: boolean;
  hasWritten: boolean;
  isKilled: boolean;
  /** Monotonic microseconds. */
  readonly began: number;
  /** Monotonic microseconds: until when it runs before others are served. */
  sliceEnd: number;
  isLeft: boolean;
  /** The request that called it, once it has been left. */
  argv: Argv | undefined;
  /** The session in which it is debugged, if it is. */
  debugger: ScriptDebugger | undefined;
}

export class ScriptRunner implements ScriptRuns {
  /** What others are told while a script is busy. */
  busy: ErrorReply | undefined = undefined;
  now = 0;
  /** Whether scripts may call what they may not (DEBUG SET-DISABLE-DENY-SCRIPTS). */
  allowsAll = false;
  readonly #instance: Instance;
  readonly #call: Call;
  readonly #argv = new Argv();
  readonly #reader = new ReplyReader();
  readonly #random = new Lrand48();
  #run: Run | undefined = undefined;
  /** Monotonic microseconds: when what runs aside has taken too long. */
  #asideEnd = 0;
  #slice: NodeJS.Immediate | undefined = undefined;
  /** Who wants to know when none is busy. */
  #whenFree: (() => void)[] = [];

  /** Scripts will be part of that instance. */
  constructor(
    parts: Omit<
      Instance,
      'scriptRuns' | 'scripts' | 'functions' | 'saving' | 'loading' | 'appendOnly' | 'replicas'
    >,
  ) {
    const instance = parts as Instance;
    this.#instance = instance;
    const { keyspace, clock, users } = instance;
    const reply = new Reply(heapWindows());
    const client = new Client({
      id: 0,
      address: 'lua',
      localAddress: '',
      isUnix: false,
      reply,
      now: clock.now(),
      user: users.default,
    });
    client.connection = nowhere;
    client.mayBlock = false;
    client.isScript = true;
    const args = new Args();
    args.argv = this.#argv;
    const [db] = keyspace.databases;
    this.#call = { argv: this.#argv, args, db, keyspace, client, reply, instance };
  }

  get isDebugged(): boolean {
    const run = this.#run;
    // When its client is gone, it may still turn out to take too long.
    return run?.debugger !== undefined && !run.isLeft;
  }

  get running(): RunningScript | undefined {
    const run = this.#run;
    const argv = run?.argv;
    if (run === undefined || argv === undefined) return undefined;
    const { name, isFunction, began } = run;
    const elapsed = this.#instance.clock.monotonicMicros() - began;
    return { name, isFunction, argv, elapsedMs: Math.floor(elapsed / MICROS_PER_MS) };
  }

  /** A sandbox whose scripts call commands here; `further` is what its `redis` has beside. */
  newSandbox(further: Library['functions'] = {}): Sandbox {
    return new Sandbox({
      random: this.#random,
      memoryMax: this.#instance.config.values.luaMemoryLimit,
      redis: { name: 'redis', functions: { ...this.#functions(), ...further } },
      constants: {
        LOG_DEBUG: 0,
        LOG_VERBOSE: 1,
        LOG_NOTICE: 2,
        LOG_WARNING: 3,
        REPL_NONE: 0,
        REPL_AOF: FOR_FILE,
        REPL_SLAVE: FOR_REPLICAS,
        REPL_REPLICA: FOR_REPLICAS,
        REPL_ALL: FOR_ALL,
        REDIS_VERSION,
        REDIS_VERSION_NUM: versionNumber(REDIS_VERSION),
      },
      onHook: (sandbox, debug) => this.#onHook(sandbox, debug),
    });
  }

  /** Ends the script or function that is busy, at its next step. */
  kill(isFunction: boolean): void {
    const run = this.#run;
    if (run === undefined) throw errors.notBusy;
    if (run.hasWritten) throw errors.unkillable;
    if (run.isFunction !== isFunction) throw run.isFunction ? errors.busyFunction : errors.busy;
    run.isKilled = true;
    run.debugger?.abandon();
  }

  whenFree(): Promise<void> {
    return new Promise((resolve) => {
      this.#whenFree.push(resolve);
    });
  }

  stop(): void {
    clearImmediate(this.#slice);
  }

  /**
   * Runs what is to run with the `count` values as arguments that `prepare` pushes, and replies what
   * it returns.
   */
  start(call: Call, runnable: Runnable, prepare: (lua: Lua) => number): void {
    const { client, db } = call;
    const { clock } = this.#instance;
    const own = this.#call;
    own.db = db;
    own.client.user = client.user;
    own.client.isUnrestricted = client.isUnrestricted;
    own.client.noTouch = client.noTouch;
    own.client.database = db.number;
    own.client.resp3 = false;
    own.reply.resp3 = false;
    const began = clock.monotonicMicros();
    this.now = unixMicros(clock);
    this.#instance.effects.scriptTarget = FOR_ALL;
    // Field by field: spread, this took 10 us.
    const run: Run = {
      sandbox: runnable.sandbox,
      reference: runnable.reference,
      name: runnable.name,
      isFunction: runnable.isFunction,
      isReadOnly: runnable.isReadOnly,
      mayAdd: runnable.mayAdd,
      discard: runnable.discard,
      caller: client,
      isResp3: false,
      hasWritten: false,
      isKilled: false,
      began,
      sliceEnd: client.isReplaying
        ? Number.POSITIVE_INFINITY
        : began + this.#instance.config.values.busyReplyThreshold * MICROS_PER_MS,
      isLeft: false,
      argv: undefined,
      debugger: undefined,
    };
    this.#run = run;
    const { sandbox } = run;
    if (client.debugsScripts && runnable.body !== undefined && client.mayBlock) {
      this.#debug(run, call, runnable.body);
    }
    let status: number;
    try {
      status = sandbox.start(run.reference, prepare(sandbox.lua));
      if (status !== STATUS_YIELD) {
        this.#end(run, status, call.reply);
        return;
      }
    } catch (error) {
      throw this.#fail(run, error);
    }
    run.argv = call.argv.clone();
    const left = new Left(began);
    this.#goOn(run, call, left);
    throw left;
  }

  /** The error reply of a script whose sandbox can't be trusted any more. */
  #fail(run: Run, error: unknown): ErrorReply {
    const { message } = this.#panic(error);
    this.#endDebugging(run);
    run.discard();
    return errors.scriptFailed(run.name, message);
  }

  /**
   * Runs a compiled chunk that is no script: no commands, and no longer than that. Answers its
   * error, if there is one. Throws LuaPanic when the sandbox is of no more use.
   */
  runAside(sandbox: Sandbox, reference: number, timeoutMs: number): ErrorReply | undefined {
    const { lua } = sandbox;
    this.#asideEnd =
      timeoutMs === 0
        ? Number.POSITIVE_INFINITY
        : this.#instance.clock.monotonicMicros() + timeoutMs * MICROS_PER_MS;
    let status: number;
    try {
      status = sandbox.start(reference, 0);
    } catch (error) {
      throw this.#panic(error);
    }
    const failed = status !== STATUS_OK;
    try {
      if (!failed) return undefined;
      return lua.type(-1) === TYPE_TABLE
        ? errors.libraryFailed(errorOf(lua).text)
        : errors.libraryRaised(textOf(lua));
    } finally {
      sandbox.finish(failed);
    }
  }

  /** Goes on with a script that was left, in slices, until it has ended. */
  #goOn(run: Run, call: Call, left: Left): void {
    const { clock, config, keyspace, pubsub, stats } = this.#instance;
    const { client, db, reply } = call;
    const { now } = db.zone;
    this.busy = run.isFunction ? errors.busyFunction : errors.busy;
    const next = (): void => {
      const go = (): void => {
        this.#slice = setImmediate(slice);
      };
      if (run.debugger?.isStopped) run.debugger.onResume = go;
      else go();
    };
    const slice = (): void => {
      // Those who were told that it is busy have told the keys what time it is.
      keyspace.tick(now);
      const sliceMs = this.isDebugged ? config.values.busyReplyThreshold : SLICE_MS;
      run.sliceEnd = clock.monotonicMicros() + sliceMs * MICROS_PER_MS;
      pubsub.executing = client;
      try {
        const status = run.sandbox.resume();
        if (status === STATUS_YIELD) {
          next();
          return;
        }
        this.#end(run, status, reply);
      } catch (error) {
        const { text } = this.#fail(run, error);
        stats.noteError(text);
        reply.error(text);
      } finally {
        pubsub.executing = undefined;
      }
      this.busy = undefined;
      keyspace.tick(clock.now());
      left.end();
      if (this.busy !== undefined) return;
      for (const tell of this.#whenFree.splice(0)) tell();
    };
    next();
  }

  /** Begins a session of the debugger. */
  #debug(run: Run, { client, reply }: Call, body: Uint8Array): void {
    const { clock, config, log, pubsub } = this.#instance;
    const { sandbox } = run;
    log.notice('Redis synchronous debugging eval session started');
    run.debugger = new ScriptDebugger({
      sandbox,
      body,
      patienceMs: () => config.values.busyReplyThreshold,
      nowMs: () => clock.monotonicMicros() / MICROS_PER_MS,
      raise,
      callCommand: (lua) => {
        const { executing } = pubsub;
        pubsub.executing = client;
        this.#callCommand(lua, false);
        pubsub.executing = executing;
      },
      send(lines) {
        reply.array(lines.length);
        for (const line of lines) reply.simple(line.replace(/[\r\n]/g, ' '));
        client.connection.flushSoon();
      },
    });
    client.debugger = run.debugger;
    sandbox.debugNext();
  }

  /** Ends it: what is left to be told goes in front of the reply, and the client is closed behind. */
  #endDebugging({ debugger: session, caller }: Run): void {
    if (session === undefined) return;
    session.end();
    caller.debugger = undefined;
    this.#instance.log.notice('Redis synchronous debugging eval session ended');
    setImmediate(() => caller.connection.closeAfterReply());
  }

  /** Nothing of the sandbox can be trusted. */
  #panic(error: unknown): LuaPanic {
    this.#run = undefined;
    this.#call.reply.rewind(0);
    if (error instanceof LuaPanic) return error;
    if (error instanceof RangeError) return new LuaPanic('stack overflow');
    throw error;
  }

  #onHook(sandbox: Sandbox, debug: number): boolean {
    const run = this.#run;
    if (run === undefined) {
      if (this.#instance.clock.monotonicMicros() > this.#asideEnd) {
        this.#endAll(sandbox, 'FUNCTION LOAD timeout');
      }
      return false;
    }
    const { clock, config, log } = this.#instance;
    if (run.isKilled) {
      log.notice('Lua script killed by user with SCRIPT KILL.');
      this.#endAll(sandbox, scriptFaults.killed);
    }
    if (run.debugger?.isActive) return run.debugger.onHook(sandbox.lua, debug);
    const threshold = config.values.busyReplyThreshold;
    const now = clock.monotonicMicros();
    if (threshold === 0 || now < run.sliceEnd) return false;
    if (!sandbox.canLeave) {
      const isStuck = now > run.sliceEnd + STUCK_MS_MAX * MICROS_PER_MS;
      if (isStuck && !run.hasWritten) this.#endAll(sandbox, scriptFaults.stuck);
      return false;
    }
    if (run.isLeft) return true;
    const elapsed = Math.floor((now - run.began) / MICROS_PER_MS);
    log.warning(
      `Slow script detected: still in execution after ${elapsed} milliseconds. You can try ` +
        `killing the script using the ${run.isFunction ? 'FUNCTION KILL' : 'SCRIPT KILL'} ` +
        `command. Script name is: ${run.name}.`,
    );
    run.isLeft = true;
    return true;
  }

  /** Ends the script with an error, again and again, or who catches it could go on. */
  #endAll(sandbox: Sandbox, text: string): never {
    sandbox.hookLines();
    return raise(sandbox.lua, text);
  }

  /** A script has ended: replies what it returned, or its error. */
  #end(run: Run, status: number, reply: Reply): void {
    const { sandbox } = run;
    const { lua } = sandbox;
    this.#run = undefined;
    const failed = status !== STATUS_OK;
    this.#endDebugging(run);
    try {
      if (failed) {
        this.#refuse(run, reply);
      } else {
        // One result, or nil.
        lua.setTop(1);
        replyValue(lua, reply, run.isResp3, (error) => this.#replyError(run, reply, error));
      }
    } finally {
      sandbox.finish(failed);
    }
  }

  /** Replies the error on top. */
  #refuse(run: Run, reply: Reply): void {
    const { sandbox, name } = run;
    const { lua } = sandbox;
    const place = sandbox.errorPlace();
    if (lua.type(-1) !== TYPE_TABLE) pushErrorText(lua, textOf(lua));
    const { text, isCounted } = errorOf(lua);
    const where = place === undefined ? '' : ` script: ${name}, on ${place.source}:${place.line}.`;
    this.#replyError(run, reply, { text: text + where, isCounted });
  }

  /** An error takes one line. */
  #replyError({ caller }: Run, reply: Reply, { text, isCounted }: ReturnedError): void {
    const line = text.replace(/[\r\n]+$/, '').replace(/[\r\n]/g, ' ');
    reply.error(line);
    if (!isCounted) this.#instance.stats.noteError(line);
    const command = this.#instance.registry.byName(caller.lastCommand);
    if (command !== undefined) command.failed++;
  }

  // ── redis.* ───────────────────────────────────────────────────────────────────────────────────

  #functions(): NonNullable<Library['functions']> {
    return {
      call: (lua) => this.#callCommand(lua, true),
      pcall: (lua) => this.#callCommand(lua, false),
      log: (lua) => this.#log(lua),
      setresp: (lua) => this.#setResp(lua),
      sha1hex(lua) {
        if (lua.top() !== 1) return raise(lua, 'wrong number of arguments');
        const isText = lua.readBytes(1);
        const bytes = isText ? lua.memory.subarray(lua.start, lua.end) : new Uint8Array(0);
        lua.pushText(createHash('sha1').update(bytes).digest('hex'));
        return 1;
      },
      error_reply(lua) {
        if (lua.top() !== 1 || lua.type(1) !== TYPE_STRING) {
          pushErrorText(lua, 'wrong number or type of arguments');
          return 1;
        }
        const text = lua.text(1) as string;
        pushErrorText(lua, text.startsWith('-') ? text : `-${text}`);
        return 1;
      },
      status_reply(lua) {
        if (lua.top() !== 1 || lua.type(1) !== TYPE_STRING) {
          pushErrorText(lua, 'wrong number or type of arguments');
          return 1;
        }
        lua.newTable();
        lua.pushCopy(1);
        lua.setField(-2, 'ok');
        return 1;
      },
      set_repl: (lua) => {
        if (lua.top() !== 1) return raise(lua, 'redis.set_repl() requires one argument.');
        const flags = Math.trunc(lua.toNumber(1));
        if ((flags & ~FOR_ALL) === 0) {
          this.#instance.effects.scriptTarget = flags;
          return 0;
        }
        return raise(
          lua,
          'Invalid replication flags. Use REPL_AOF, REPL_REPLICA, REPL_ALL or REPL_NONE.',
        );
      },
      acl_check_cmd: (lua) => this.#mayCall(lua),
      replicate_commands(lua) {
        lua.pushBoolean(true);
        return 1;
      },
      breakpoint: (lua) => {
        const session = this.#run?.debugger;
        const stops = session?.isActive === true;
        if (stops) session.breakNext();
        lua.pushBoolean(stops);
        return 1;
      },
      debug: (lua) => {
        const session = this.#run?.debugger;
        if (session?.isActive) session.logValues(lua);
        return 0;
      },
    };
  }

  #log(lua: Lua): number {
    const count = lua.top();
    if (count < 2) return raise(lua, 'redis.log() requires two arguments or more.');
    if (!lua.isNumber(1)) return raise(lua, 'First argument must be a number (log level).');
    const level = LOG_LEVELS[Math.trunc(lua.toNumber(1))];
    if (level === undefined) return raise(lua, 'Invalid debug level.');
    const words: string[] = [];
    for (let i = 2; i <= count; i++) {
      const text = lua.text(i);
      if (text !== undefined) words.push(text);
    }
    this.#instance.log[level](words.join(' '));
    return 0;
  }

  #setResp(lua: Lua): number {
    if (lua.top() !== 1) return raise(lua, 'redis.setresp() requires one argument.');
    const version = Math.trunc(lua.toNumber(1));
    if (version !== 2 && version !== 3) return raise(lua, 'RESP version must be 2 or 3.');
    const run = this.#run as Run;
    run.isResp3 = version === 3;
    this.#call.client.resp3 = run.isResp3;
    this.#call.reply.resp3 = run.isResp3;
    return 0;
  }

  /** Reads the arguments of redis.call() as a request. Answers what is wrong with them. */
  #readRequest(lua: Lua): string | undefined {
    const argv = this.#argv;
    const count = lua.argumentCount();
    argv.count = 0;
    if (count === 0) return 'Please specify at least one argument for this redis lib call';
    if (argv.bytes.length > ARGUMENTS_KEPT) argv.bytes = new Uint8Array(0);
    argv.reserve(count);
    let at = 0;
    for (let i = 0; i < count; i++) {
      argv.starts[i] = at;
      const isString = lua.readString(i);
      // Of a number that is none Lua knows the sign, as C prints it.
      const isNumber =
        !isString && lua.type(i + 1) === TYPE_NUMBER && !Number.isNaN(lua.toNumber(i + 1));
      if (isNumber) {
        this.#makePlace(at, DOUBLE_TEXT_SIZE_MAX);
        at = writeDouble(argv.bytes, at, lua.toNumber(i + 1) + 0);
      } else {
        if (!isString && !lua.readBytes(i + 1)) {
          return 'Lua redis lib command arguments must be strings or integers';
        }
        const size = lua.end - lua.start;
        this.#makePlace(at, size);
        copyBytes(argv.bytes, at, lua.memory, lua.start, lua.end);
        at += size;
      }
      argv.ends[i] = at;
    }
    argv.count = count;
    lua.setTop(0);
    return undefined;
  }

  #makePlace(at: number, size: number): void {
    const argv = this.#argv;
    if (at + size <= argv.bytes.length) return;
    const bytes = new Uint8Array(Math.max(256, (at + size) * 2));
    copyBytes(bytes, 0, argv.bytes, 0, at);
    argv.bytes = bytes;
  }

  /** The command that the request names, a subcommand where it does. */
  #commandOf(): Command | undefined {
    const argv = this.#argv;
    const { registry } = this.#instance;
    const command = registry.find(argv);
    if (command === undefined || command.subcommands.size === 0 || argv.count === 1) return command;
    return registry.findSubcommand(command, argv);
  }

  #mayCall(lua: Lua): number {
    const fault = this.#readRequest(lua);
    if (fault !== undefined) return raise(lua, fault);
    const command = this.#commandOf();
    if (command === undefined) {
      return raise(lua, 'Invalid command passed to redis.acl_check_cmd()');
    }
    const { user } = (this.#run as Run).caller;
    const denial = checkPermission(user, command, this.#argv, this.#instance);
    lua.pushBoolean(denial === undefined);
    return 1;
  }

  #callCommand(lua: Lua, raises: boolean): number {
    const run = this.#run as Run;
    const fault = this.#readRequest(lua);
    if (fault !== undefined) {
      pushErrorText(lua, fault);
      return raises ? lua.throwTop() : 1;
    }
    const command = this.#commandOf();
    const session = run.debugger?.isTelling ? run.debugger : undefined;
    session?.logRequest(this.#argv);
    const refusal = this.#refusalOf(run, command);
    if (refusal !== undefined || command === undefined) {
      session?.logError((refusal as string).replace(/^-/, ''));
      this.#instance.stats.noteError(fromScript(refusal ?? ''));
      if (command !== undefined) command.rejected++;
      pushErrorText(lua, refusal as string);
      setIgnored(lua);
      return raises ? lua.throwTop() : 1;
    }
    if (command.flags.has('write')) run.hasWritten = true;
    const call = this.#call;
    const { reply } = call;
    try {
      perform(call, command, 0);
    } catch (error) {
      if (!(error instanceof Wait)) throw error;
      reply.rewind(0);
      reply.error(errors.notFromScript.text);
    }
    const { size } = reply;
    const bytes = this.#takeReply(reply);
    session?.logReply(latin1Text(bytes.bytes, bytes.start, bytes.start + size));
    this.#reader.push(lua, bytes.bytes, bytes.start);
    const isError = bytes.bytes[bytes.start] === ERROR;
    return isError && raises ? lua.throwTop() : 1;
  }

  readonly #taken = { bytes: new Uint8Array(0) as Uint8Array, start: 0 };

  /** The bytes of a reply in one piece. */
  #takeReply(reply: Reply): { readonly bytes: Uint8Array; readonly start: number } {
    const taken = this.#taken;
    let pieces = 0;
    const { size } = reply;
    let at = 0;
    reply.take((bytes, start, end, window) => {
      pieces++;
      if (end - start === size) {
        taken.bytes = bytes;
        taken.start = start;
      } else {
        if (pieces === 1) {
          taken.bytes = new Uint8Array(size);
          taken.start = 0;
        }
        copyBytes(taken.bytes, at, bytes, start, end);
        at += end - start;
      }
      window.release();
    });
    return taken;
  }

  /** Why a script may not call a command, or undefined. */
  #refusalOf(run: Run, command: Command | undefined): string | undefined {
    if (command === undefined) return 'Unknown Redis command called from script';
    const { count } = this.#argv;
    if (count < command.countMin || count > command.countMax) {
      return 'Wrong number of args calling Redis command from script';
    }
    const { flags } = command;
    if (flags.has('noscript') && !this.allowsAll)
      return 'This Redis command is not allowed from script';
    const call = this.#call;
    if (!call.client.isUnrestricted) {
      const denial = checkPermission(call.client.user, command, this.#argv, this.#instance);
      if (denial !== undefined) {
        noteDenial(call, denial, 'lua', run.caller);
        const { text } = refusalOf(denial, call.client.user);
        return `ACL failure in script: ${text.slice(text.indexOf(' ') + 1)}`;
      }
    }
    if (run.isReadOnly && (flags.has('write') || flags.has('may_replicate'))) {
      return 'Write commands are not allowed from read-only scripts.';
    }
    const { isOverLimit, lacksReplicas, writeFault } = this.#instance.keyspace;
    if (writeFault !== undefined && flags.has('write')) return `-${writeFault.text}`;
    if (lacksReplicas && flags.has('write')) return `-${errors.noReplicas.text}`;
    // What has begun to write goes on: half of it would be worse.
    if (isOverLimit && flags.has('denyoom') && !run.mayAdd && !run.hasWritten) {
      return `-${errors.outOfMemory.text}`;
    }
    return undefined;
  }
}

/** The value on top as tostring() has it, so far as it can be an error, without its address. */
function textOf(lua: Lua): string {
  if (lua.type(-1) === TYPE_BOOLEAN) return String(lua.toBoolean(-1));
  return lua.text(-1) ?? lua.typeName(-1);
}

/** The error reply that a refusal would be. */
function fromScript(refusal: string): string {
  return refusal.startsWith('-') ? refusal.slice(1) : errors.fromScript(refusal).text;
}

/** Raises an error as the functions of `redis` do. */
function raise(lua: Lua, text: string): never {
  pushErrorText(lua, text);
  return lua.throwTop();
}

/** 7.2.6 as 0x00070206. */
function versionNumber(version: string): number {
  return version.split('.').reduce((number, part) => number * 256 + Number(part), 0);
}
