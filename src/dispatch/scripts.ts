/** Scripts: what EVAL has been given, compiled once, under the SHA1 of their text. */

import { createHash } from 'node:crypto';
import { splitWords } from '../instance/config/words.ts';
import type { Argv } from '../resp/argv.ts';
import { ErrorReply, errors } from '../resp/errors.ts';
import { SCRIPT_FLAGS } from '../script/flags.ts';
import type { Sandbox } from '../script/sandbox.ts';
import { latin1Bytes, latin1Text } from '../std/ascii.ts';
import { equalBytes, indexOfByte } from '../std/bytes.ts';
import type { Call, ScriptCache } from './call.ts';
import type { ScriptRunner } from './script-runner.ts';

const LF = 0x0a;
const SHA_SIZE = 40;
const SOURCE = '@user_script';

interface Script {
  readonly sha: string;
  /** The same as requests have it, mostly. */
  readonly shaBytes: Uint8Array;
  readonly body: Uint8Array;
  /** What it says of itself; undefined: nothing, not even that it is Lua. */
  readonly flags: ReadonlySet<string> | undefined;
  /** Bytes of its first line, if that is not Lua. */
  readonly skipped: number;
  /** Where the sandbox has it compiled; 0: nowhere. */
  reference: number;
}

export class Scripts implements ScriptCache {
  readonly #runner: ScriptRunner;
  #sandbox: Sandbox | undefined = undefined;
  readonly #bySha = new Map<string, Script>();
  #bodySize = 0;
  /** The one that EVALSHA was asked for last. */
  #last: Script | undefined = undefined;

  constructor(runner: ScriptRunner) {
    this.#runner = runner;
  }

  get count(): number {
    return this.#bySha.size;
  }

  /** Bytes of their texts. */
  get size(): number {
    return this.#bodySize;
  }

  /** Bytes the interpreter uses. */
  get memory(): number {
    return this.#sandbox?.memory ?? 0;
  }

  has(sha: string): boolean {
    return this.#bySha.has(sha.toLowerCase());
  }

  flagsOf(sha: string): ReadonlySet<string> | undefined {
    return this.#bySha.get(sha.toLowerCase())?.flags;
  }

  flagsOfText(body: Uint8Array): ReadonlySet<string> | undefined {
    try {
      return readShebang(body).flags;
    } catch (error) {
      if (error instanceof ErrorReply) return undefined; // It will not run.
      throw error;
    }
  }

  /** Compiles a script unless it is there; answers its SHA1. */
  load(body: Uint8Array): string {
    return this.#load(body).sha;
  }

  flush(): void {
    this.#last = undefined;
    this.#bySha.clear();
    this.#bodySize = 0;
    this.#sandbox = undefined;
  }

  /** EVAL and its relatives: argument 1 is the script, or its SHA1. */
  evaluate(call: Call, isSha: boolean, isReadOnly: boolean): void {
    const { argv, args } = call;
    const runner = this.#runner;
    if (call.client.runsNoScripts) throw errors.noScriptFork;
    if (isSha && argv.size(1) !== SHA_SIZE) throw errors.noScript;
    const keys = args.integerAt(2);
    if (keys > argv.count - 3) throw errors.tooManyKeys;
    if (keys < 0) throw errors.negativeScriptKeys;
    const script = isSha ? this.#find(argv) : this.#load(argv.copy(1));
    if (script === undefined) throw errors.noScript;
    const { flags } = script;
    const isSaidReadOnly = flags?.has('no-writes') ?? false;
    if (flags !== undefined && isReadOnly && !isSaidReadOnly) throw errors.scriptMayWrite;
    const mayAdd = flags?.has('allow-oom') ?? false;
    const isFull = call.keyspace.isOverLimit && flags !== undefined;
    if (isFull && !mayAdd && !isSaidReadOnly) throw errors.scriptOutOfMemory;
    const isLost = call.keyspace.saveFault !== undefined && flags !== undefined;
    if (isLost && !isSaidReadOnly) throw errors.scriptNotSaved;
    const isAlone = call.keyspace.lacksReplicas && flags !== undefined;
    if (isAlone && !isSaidReadOnly) throw errors.noReplicas;
    this.#compile(script);
    runner.start(
      call,
      {
        sandbox: this.#sandbox as Sandbox,
        reference: script.reference,
        name: script.sha,
        isFunction: false,
        isReadOnly: isReadOnly || isSaidReadOnly,
        mayAdd,
        discard: this.#discard,
        body: script.body,
      },
      (lua) => {
        lua.newArray(keys);
        for (let i = 0; i < keys; i++) {
          lua.pushBytes(argv.bytes, argv.starts[3 + i], argv.ends[3 + i]);
          lua.rawSetIndex(-2, i + 1);
        }
        this.#sandbox?.setGlobal('KEYS');
        lua.newArray(argv.count - 3 - keys);
        for (let i = 3 + keys; i < argv.count; i++) {
          lua.pushBytes(argv.bytes, argv.starts[i], argv.ends[i]);
          lua.rawSetIndex(-2, i - 2 - keys);
        }
        this.#sandbox?.setGlobal('ARGV');
        return 0;
      },
    );
  }

  /** The texts are still here: the next one is compiled in an interpreter of its own. */
  readonly #discard = (): void => {
    this.#sandbox = undefined;
    for (const each of this.#bySha.values()) each.reference = 0;
  };

  /** The script of the SHA1 that argument 1 is; often it is the same as last time. */
  #find(argv: Argv): Script | undefined {
    const last = this.#last;
    const { bytes, starts, ends } = argv;
    if (last !== undefined && equalBytes(last.shaBytes, 0, SHA_SIZE, bytes, starts[1], ends[1])) {
      return last;
    }
    const script = this.#bySha.get(argv.text(1).toLowerCase());
    this.#last = script;
    return script;
  }

  #load(body: Uint8Array): Script {
    const sha = createHash('sha1').update(body).digest('hex');
    const known = this.#bySha.get(sha);
    if (known !== undefined) return known;
    const script: Script = {
      sha,
      shaBytes: latin1Bytes(sha),
      body,
      ...readShebang(body),
      reference: 0,
    };
    this.#compile(script);
    this.#bySha.set(sha, script);
    this.#bodySize += body.length + SHA_SIZE;
    return script;
  }

  #compile(script: Script): void {
    if (script.reference !== 0) return;
    this.#sandbox ??= this.#runner.newSandbox();
    const compiled = this.#sandbox.compile(script.body.subarray(script.skipped), SOURCE);
    if (typeof compiled === 'string') throw errors.scriptNotCompiled(compiled);
    script.reference = compiled;
  }
}

/** Reads the first line of a script: `#!lua flags=no-writes,allow-oom`. */
function readShebang(body: Uint8Array): Pick<Script, 'flags' | 'skipped'> {
  if (body[0] !== 0x23 || body[1] !== 0x21) return { flags: undefined, skipped: 0 };
  const end = indexOfByte(body, LF, 0, body.length);
  if (end < 0) throw errors.badShebang;
  const words = splitWords(latin1Text(body, 0, end));
  if (words === undefined || words.length === 0) throw errors.badShebangEngine;
  const [engine, ...options] = words;
  if (engine !== '#!lua') throw errors.unknownShebangEngine(engine);
  const flags = new Set<string>();
  for (const option of options) {
    if (!option.startsWith('flags=')) throw errors.unknownShebangOption(option);
    const list = option.slice('flags='.length);
    for (const flag of list === '' ? [] : list.split(',')) {
      if (!(SCRIPT_FLAGS as readonly string[]).includes(flag)) throw errors.unknownScriptFlag(flag);
      flags.add(flag);
    }
  }
  return { flags, skipped: end };
}
