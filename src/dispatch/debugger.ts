/**
 * The debugger of scripts: SCRIPT DEBUG SYNC, then EVAL, then commands of the debugger.
 *
 *   a line is reached ─► stop? ─► the script is left ─► lines for the client ─► its commands
 *                                       ▲                                          │ step, continue
 *                                       └──────────────── gone on with ◄───────────┘
 *
 * The script is in the middle of what it does while it stands, as one that takes too long is
 * (script-runner.ts): others wait, but an operator can end it. Where a
 * function of C waits for the script (the comparison of table.sort), it can't be left: it stands at
 * the next line where it can.
 */

import type { DebugSession } from '../instance/clients.ts';
import { quoted } from '../instance/config/words.ts';
import type { Argv } from '../resp/argv.ts';
import { Inspection } from '../script/inspection.ts';
import { GLOBALS_INDEX, type Lua, STATUS_OK } from '../script/lua.ts';
import type { Sandbox } from '../script/sandbox.ts';
import { latin1Bytes, latin1Text } from '../std/ascii.ts';
import { humanReply } from './human-reply.ts';

const SOURCE = '@user_script';
const EVAL_SOURCE = '@ldb_eval';
// Kinds of hooks, and words of a lua_Debug.
const HOOK_COUNT = 3;
const D_EVENT = 0;
const D_LINE = 5;

const BREAKPOINTS_MAX = 64;
const LENGTH_MAX = 256;
const LENGTH_LEAST = 60;
const ARGUMENTS_SHOWN = 10;
const CONTEXT = 5;
/** Milliseconds that an `eval` may take where nothing says how long. */
const EVAL_MS_MAX = 5000;

const HELP = [
  'Redis Lua debugger help:',
  '[h]elp               Show this help.',
  '[s]tep               Run current line and stop again.',
  '[n]ext               Alias for step.',
  '[c]ontinue           Run till next breakpoint.',
  '[l]ist               List source code around current line.',
  '[l]ist [line]        List source code around [line].',
  '                     line = 0 means: current position.',
  '[l]ist [line] [ctx]  In this form [ctx] specifies how many lines',
  '                     to show before/after [line].',
  "[w]hole              List all source code. Alias for 'list 1 1000000'.",
  '[p]rint              Show all the local variables.',
  '[p]rint <var>        Show the value of the specified variable.',
  '                     Can also show global vars KEYS and ARGV.',
  '[b]reak              Show all breakpoints.',
  '[b]reak <line>       Add a breakpoint to the specified line.',
  '[b]reak -<line>      Remove breakpoint from the specified line.',
  '[b]reak 0            Remove all breakpoints.',
  '[t]race              Show a backtrace.',
  '[e]val <code>        Execute some Lua code (in a different callframe).',
  '[r]edis <cmd>        Execute a Redis command.',
  '[m]axlen [len]       Trim logged Redis replies and Lua var dumps to len.',
  '                     Specifying zero as <len> means unlimited.',
  '[a]bort              Stop the execution of the script. In sync',
  '                     mode dataset changes will be retained.',
  '',
  'Debugger functions you can call from Lua scripts:',
  'redis.debug()        Produce logs in the debugger console.',
  'redis.breakpoint()   Stop execution like if there was a breakpoint in the',
  '                     next line of code.',
];

/** What a session needs of the script that it is about, and of the client that debugs it. */
export interface DebugHost {
  readonly sandbox: Sandbox;
  readonly body: Uint8Array;
  /** Milliseconds that what is not stepped through may run; 0: as long as it likes. */
  readonly patienceMs: () => number;
  readonly nowMs: () => number;
  /** Raises an error in the script that runs. */
  raise(lua: Lua, text: string): never;
  /** Calls the command whose words are on the stack, in the script's place. */
  callCommand(lua: Lua): void;
  /** Sends lines. */
  send(lines: readonly string[]): void;
}

export class ScriptDebugger implements DebugSession {
  /** Whether it may still stop the script. */
  isActive = true;
  /** Whether the script stands. */
  isStopped = false;
  /** Called when the script is to be gone on with. */
  onResume: () => void = () => {};
  readonly #host: DebugHost;
  readonly #inspection: Inspection;
  readonly #source: readonly string[];
  readonly #breakpoints: number[] = [];
  #lines: string[] = [];
  #line = 0;
  #steps = true;
  #breaksNext = false;
  /** Whether the hook that the script was left at comes once more. */
  #isBack = false;
  /** The error to be raised then. */
  #fault: string | undefined = undefined;
  #isTimeout = false;
  /** Until when what runs aside may run; 0: nothing does. */
  #asideEnd = 0;
  #since: number;
  #lengthMax = LENGTH_MAX;
  #hasHinted = false;

  constructor(host: DebugHost) {
    this.#host = host;
    this.#inspection = new Inspection(host.sandbox.lua, quoted);
    this.#source = latin1Text(host.body)
      .replace(/[\r\n]+$/, '')
      .split('\n');
    this.#since = host.nowMs();
  }

  /** Whether what the script asks for is told. */
  get isTelling(): boolean {
    return this.isActive && this.#steps;
  }

  // ── Where the script is ───────────────────────────────────────────────────────────────────────

  /** A line is reached, or some time has passed. Answers whether the script is to be left. */
  onHook(lua: Lua, debug: number): boolean {
    if (this.#asideEnd > 0) {
      if (this.#host.nowMs() <= this.#asideEnd) return false;
      lua.pushText('timeout');
      return lua.throwTop();
    }
    const frame = this.#inspection.frame(lua.state, 0);
    if (frame?.source !== SOURCE) return false;
    const isCount = lua.words[(debug >> 2) + D_EVENT] === HOOK_COUNT;
    const line = isCount ? frame.line : lua.words[(debug >> 2) + D_LINE];
    if (this.#isBack) {
      this.#isBack = false;
      const fault = this.#fault;
      if (fault !== undefined) {
        this.isActive = false;
        this.#host.raise(lua, fault);
      }
      if (line === this.#line) return false;
    }
    this.#line = line;
    const isBreak = this.#breaksNext || this.#breakpoints.includes(line);
    const patience = this.#host.patienceMs();
    const isTimeout =
      isCount &&
      !isBreak &&
      !this.#steps &&
      patience > 0 &&
      this.#host.nowMs() - this.#since >= patience;
    if (!this.#steps && !isTimeout && (isCount || !isBreak)) return false;
    if (!this.#host.sandbox.canLeave) return false;
    this.#stop(isBreak, isTimeout);
    return true;
  }

  #stop(isBreak: boolean, isTimeout: boolean): void {
    let reason = 'step over';
    if (isBreak) reason = this.#breaksNext ? 'redis.breakpoint() called' : 'break point';
    else if (isTimeout) reason = 'timeout reached, infinite loop?';
    this.#steps = false;
    this.#breaksNext = false;
    this.#isTimeout = isTimeout;
    this.isStopped = true;
    this.#log(`* Stopped at ${this.#line}, stop reason = ${reason}`);
    this.#logLine(this.#line);
    this.#send();
  }

  #resume(fault?: string): void {
    this.#fault = fault;
    this.#isBack = true;
    this.isStopped = false;
    this.#since = this.#host.nowMs();
    this.onResume();
  }

  /** The client is gone, or the script is to end: it goes on by itself. */
  abandon(): void {
    const isEndless = this.isStopped && this.#isTimeout;
    this.isActive = isEndless;
    this.#steps = false;
    this.#breakpoints.length = 0;
    if (!this.isStopped) return;
    const fault = 'timeout during Lua debugging with client closing connection';
    this.#resume(isEndless ? fault : undefined);
  }

  /** The script has ended: what is left to be told goes in front of its reply. */
  end(): void {
    this.isActive = false;
    this.#inspection.close();
    this.#log('<endsession>');
    this.#send();
  }

  // ── What the script says ──────────────────────────────────────────────────────────────────────

  /** redis.breakpoint(). */
  breakNext(): void {
    this.#breaksNext = true;
  }

  /** redis.debug(): all that is on the stack. */
  logValues(lua: Lua): void {
    const values: string[] = [];
    for (let i = 1, count = lua.top(); i <= count; i++) {
      lua.pushCopy(i);
      values.push(this.#inspection.describe());
      lua.pop(1);
    }
    this.#log(`<debug> line ${this.#line}: ${values.join(', ')}`);
  }

  logRequest(argv: Argv): void {
    const words: string[] = [];
    for (let i = 0; i < Math.min(argv.count, ARGUMENTS_SHOWN); i++) words.push(argv.text(i));
    const more = argv.count - ARGUMENTS_SHOWN - 1;
    if (more >= 0) words.push(`... (${more} more)`);
    this.#log(`<redis> ${words.join(' ')}`);
  }

  logReply(reply: string): void {
    if (reply.startsWith('-')) this.logError(reply.slice(0, reply.indexOf('\r\n')));
    this.#logTrimmed(`<reply> ${humanReply(reply)}`);
  }

  logError(text: string): void {
    this.#log(`<error> ${text}`);
  }

  // ── Commands of the client ────────────────────────────────────────────────────────────────────

  command(argv: Argv): void {
    if (!this.isStopped) return;
    const words = Array.from({ length: argv.count }, (_, i) => argv.text(i));
    const [name, ...rest] = words;
    switch (name.toLowerCase()) {
      case 's':
      case 'step':
      case 'n':
      case 'next':
        this.#steps = true;
        return this.#resume();
      case 'c':
      case 'continue':
        return this.#resume();
      case 'a':
      case 'abort':
        return this.#resume('script aborted for user request');
      case 'h':
      case 'help':
        this.#lines.push(...HELP);
        break;
      case 't':
      case 'trace':
        this.#trace();
        break;
      case 'm':
      case 'maxlen':
        this.#setLength(rest);
        break;
      case 'b':
      case 'break':
        this.#break(rest);
        break;
      case 'e':
      case 'eval':
        this.#eval(rest.join(' '));
        break;
      case 'p':
      case 'print':
        if (rest.length === 1) this.#print(rest[0]);
        else this.#printAll();
        break;
      case 'l':
      case 'list':
        this.#list(toInteger(rest[0]) || this.#line, toInteger(rest[1] ?? String(CONTEXT)));
        break;
      case 'w':
      case 'whole':
        this.#list(1, Number.POSITIVE_INFINITY);
        break;
      case 'r':
      case 'redis':
        if (rest.length > 0) {
          this.#callCommand(rest);
          break;
        }
        this.#logUnknown();
        break;
      default:
        this.#logUnknown();
    }
    this.#send();
  }

  #logUnknown(): void {
    this.#log('<error> Unknown Redis Lua debugger command or wrong number of arguments.');
  }

  #list(around: number, context: number): void {
    for (let line = 1; line <= this.#source.length; line++) {
      if (Math.abs(around - line) <= context) this.#logLine(line);
    }
  }

  #break(words: readonly string[]): void {
    const { length } = this.#breakpoints;
    if (words.length === 0) {
      if (length === 0) return this.#log("No breakpoints set. Use 'b <line>' to add one.");
      this.#log(`${length} breakpoints set:`);
      for (const line of this.#breakpoints) this.#logLine(line);
    }
    for (const word of words) {
      if (/^(0|-?[1-9]\d{0,8})$/.test(word)) this.#setBreak(Number(word));
      else this.#log(`Invalid argument:'${word}'`);
    }
  }

  #setBreak(line: number): void {
    const points = this.#breakpoints;
    if (line === 0) {
      points.length = 0;
      return this.#log('All breakpoints removed.');
    }
    const at = points.indexOf(Math.abs(line));
    if (line < 0) {
      if (at >= 0) points.splice(at, 1);
      return this.#log(at >= 0 ? 'Breakpoint removed.' : 'No breakpoint in the specified line.');
    }
    if (points.length === BREAKPOINTS_MAX) return this.#log('Too many breakpoints set.');
    if (line > this.#source.length || at >= 0) return this.#log('Wrong line number.');
    points.push(line);
    this.#list(line, 1);
  }

  #setLength(words: readonly string[]): void {
    if (words.length === 1) {
      const length = toInteger(words[0]);
      this.#hasHinted = true;
      this.#lengthMax = length === 0 ? 0 : Math.max(LENGTH_LEAST, length);
    }
    this.#log(
      this.#lengthMax === 0
        ? '<value> replies are unlimited.'
        : `<value> replies are truncated at ${this.#lengthMax} bytes.`,
    );
  }

  /** Goes over the calls that have not returned, the innermost first, until one is enough. */
  #eachCall(see: (state: number, level: number) => boolean): void {
    const { left } = this.#host.sandbox;
    this.#inspection.atHook(left[0], () => {
      for (const state of left) {
        for (let level = 0; this.#inspection.frame(state, level) !== undefined; level++) {
          if (see(state, level)) return;
        }
      }
    });
  }

  #trace(): void {
    let isFirst = true;
    this.#eachCall((state, level) => {
      const frame = this.#inspection.frame(state, level);
      if (frame?.source === SOURCE) {
        this.#log(`${isFirst ? 'In' : 'From'} ${frame.name ?? 'top level'}:`);
        this.#logLine(frame.line);
      }
      isFirst = false;
      return false;
    });
  }

  #print(wanted: string): void {
    let found: string | undefined;
    this.#eachCall((state, level) => {
      this.#inspection.locals(state, level, (name, value) => {
        if (name === wanted) found ??= value();
        return found !== undefined;
      });
      return found !== undefined;
    });
    if (found === undefined && (wanted === 'KEYS' || wanted === 'ARGV')) {
      const { lua } = this.#host.sandbox;
      this.#aside(() => {
        lua.getField(GLOBALS_INDEX, wanted);
        found = this.#inspection.describe();
      });
    }
    if (found === undefined) this.#log('No such variable.');
    else this.#logTrimmed(`<value> ${found}`);
  }

  #printAll(): void {
    let count = 0;
    this.#eachCall((state, level) => {
      this.#inspection.locals(state, level, (name, value) => {
        if (name.includes('(*temporary)')) return false;
        count++;
        this.#logTrimmed(`<value> ${name} = ${value()}`);
        return false;
      });
      return true;
    });
    if (count === 0) this.#log('No local variables in the current context.');
  }

  #eval(code: string): void {
    const { sandbox } = this.#host;
    const { lua } = sandbox;
    let isOk = false;
    const fault = this.#aside(() => {
      isOk = sandbox.load(latin1Bytes(`return ${code}`), EVAL_SOURCE);
      if (!isOk) {
        lua.pop(1);
        isOk = sandbox.load(latin1Bytes(code), EVAL_SOURCE);
      }
      isOk &&= lua.x['lua_pcall'](lua.state, 0, 1, 0) === STATUS_OK;
      if (isOk) this.#logTrimmed(`<retval> ${this.#inspection.describe()}`);
      else this.logError(lua.text(-1) ?? this.#inspection.describe());
    });
    if (fault !== undefined) this.logError(fault);
  }

  #callCommand(words: readonly string[]): void {
    const { lua } = this.#host.sandbox;
    this.#steps = true;
    const fault = this.#aside(() => {
      if (!lua.reserveStack(words.length)) return this.logError('max lua stack reached');
      for (const word of words) lua.pushText(word);
      this.#host.callCommand(lua);
    });
    this.#steps = false;
    if (fault !== undefined) this.logError(fault);
  }

  /** Runs something in the interpreter while the script stands. */
  #aside(run: () => void): string | undefined {
    this.#asideEnd = this.#host.nowMs() + (this.#host.patienceMs() || EVAL_MS_MAX);
    try {
      return this.#host.sandbox.aside(run);
    } finally {
      this.#asideEnd = 0;
    }
  }

  // ── Lines for the client ──────────────────────────────────────────────────────────────────────

  #log(line: string): void {
    this.#lines.push(line);
  }

  #logTrimmed(line: string): void {
    const max = this.#lengthMax;
    if (max === 0 || line.length <= max) return this.#log(line);
    this.#log(`${line.slice(0, max)} ...`);
    if (this.#hasHinted) return;
    this.#hasHinted = true;
    this.#log("<hint> The above reply was trimmed. Use 'maxlen 0' to disable trimming.");
  }

  #logLine(line: number): void {
    const text = this.#source[line - 1] ?? '<out of range source code line>';
    const arrow = line === this.#line ? '->' : '  ';
    const point = this.#breakpoints.includes(line) ? '#' : ' ';
    this.#log(`${arrow}${point}${String(line).padEnd(3)} ${text}`);
  }

  #send(): void {
    const lines = this.#lines;
    this.#lines = [];
    this.#host.send(lines);
  }
}

/** As C's atoi. */
function toInteger(text: string | undefined): number {
  return Number.parseInt(text ?? '0', 10) || 0;
}
