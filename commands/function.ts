/** Functions: libraries that are loaded once, and what they register, called by name. */

import { family } from '../src/dispatch/command.ts';
import { SCRIPTS_DIFFER } from '../src/dispatch/script-rules.ts';
import { dumpLibraries, readLibraries } from '../src/persistence/functions.ts';
import { errors } from '../src/resp/errors.ts';
import type { Reply } from '../src/resp/reply.ts';
import { SCRIPT_FLAGS } from '../src/script/flags.ts';
import { ENGINE_NAME, type Library, type LibraryFunction } from '../src/script/libraries.ts';
import { latin1Bytes } from '../src/std/ascii.ts';
import { matchGlob } from '../src/std/glob.ts';

const { command, container } = family('scripting');

const COMPLEXITY = 'Depends on the function that is executed.';
const UNKNOWN_USE = 'We cannot tell how the keys will be used so we assume the worst,';
const CALLING = ['noscript', 'skip_monitor', 'no_mandatory_keys', 'stale'] as const;
/** Commands that change what functions there are. */
const CHANGING_TIPS = ['request_policy:all_shards', 'response_policy:all_succeeded'] as const;

export const fcall = command({
  syntax: 'FCALL function numkeys [key [key ...]] [arg [arg ...]]',
  summary: 'Calls a function.',
  since: '7.0.0',
  complexity: COMPLEXITY,
  keys: { use: 'RW access update', notes: `${UNKNOWN_USE} RW and UPDATE` },
  notFlags: ['write'],
  flags: [...CALLING, 'may_replicate'],
  differs: SCRIPTS_DIFFER,
  run(call) {
    call.instance.functions.call(call, false);
  },
});

export const fcallReadOnly = command({
  syntax: 'FCALL_RO function numkeys [key [key ...]] [arg [arg ...]]',
  summary: 'Calls a function that may only read.',
  since: '7.0.0',
  complexity: COMPLEXITY,
  keys: { use: 'RO access', notes: `${UNKNOWN_USE} RO and ACCESS` },
  flags: CALLING,
  run(call) {
    call.instance.functions.call(call, true);
  },
});

export const functions = container({
  name: 'FUNCTION',
  summary: 'A container for commands about functions.',
  since: '7.0.0',
  help: [
    'LOAD [REPLACE] <FUNCTION CODE>',
    '    Create a new library with the given library name and code.',
    'DELETE <LIBRARY NAME>',
    '    Delete the given library.',
    'LIST [LIBRARYNAME PATTERN] [WITHCODE]',
    '    Return general information on all the libraries:',
    '    * Library name',
    '    * The engine used to run the Library',
    '    * Library description',
    '    * Functions list',
    '    * Library code (if WITHCODE is given)',
    '    It also possible to get only function that matches a pattern using LIBRARYNAME argument.',
    'STATS',
    '    Return information about the current function running:',
    '    * Function name',
    '    * Command used to run the function',
    '    * Duration in MS that the function is running',
    '    If no function is running, return nil',
    '    In addition, returns a list of available engines.',
    'KILL',
    '    Kill the current running function.',
    'FLUSH [ASYNC|SYNC]',
    '    Delete all the libraries.',
    '    When called without the optional mode argument, the behavior is determined by the',
    '    lazyfree-lazy-user-flush configuration directive. Valid modes are:',
    '    * ASYNC: Asynchronously flush the libraries.',
    '    * SYNC: Synchronously flush the libraries.',
    'DUMP',
    '    Return a serialized payload representing the current libraries, can be restored using FUNCTION RESTORE command',
    'RESTORE <PAYLOAD> [FLUSH|APPEND|REPLACE]',
    '    Restore the libraries represented by the given payload, it is possible to give a restore policy to',
    '    control how to handle existing libraries (default APPEND):',
    '    * FLUSH: delete all existing libraries.',
    '    * APPEND: appends the restored libraries to the existing libraries. On collision, abort.',
    '    * REPLACE: appends the restored libraries to the existing libraries, On collision, replace the old',
    '      libraries with the new libraries (notice that even on this option there is a chance of failure',
    '      in case of functions name collision with another library).',
  ],
  helpSince: '7.0.0',
});

export const functionDelete = command({
  syntax: 'FUNCTION DELETE library-name',
  summary: 'Deletes a library and its functions.',
  since: '7.0.0',
  complexity: 'O(1)',
  flags: ['noscript', 'write'],
  tips: CHANGING_TIPS,
  run({ argv, db, instance, reply }) {
    if (!instance.functions.libraries.delete(argv.text(2))) throw errors.noSuchLibrary;
    db.changed();
    reply.ok();
  },
});

export const functionDump = command({
  syntax: 'FUNCTION DUMP',
  summary: 'Replies with all libraries, as FUNCTION RESTORE takes them.',
  since: '7.0.0',
  complexity: 'O(N) where N is the number of functions',
  flags: ['noscript'],
  run({ instance, reply }) {
    const codes = [...instance.functions.libraries.all()].map(({ code }) => code);
    reply.bulk(dumpLibraries(codes, instance.config.values.rdbcompression));
  },
});

export const functionFlush = command({
  syntax: 'FUNCTION FLUSH [ASYNC | SYNC]',
  summary: 'Deletes all libraries and functions.',
  since: '7.0.0',
  complexity: 'O(N) where N is the number of functions deleted',
  flags: ['noscript', 'write'],
  tips: CHANGING_TIPS,
  run({ argv, db, instance, reply }) {
    if (argv.count > 3) throw errors.subcommandSyntax(argv);
    const isPlain = argv.count === 2;
    const hasMode = argv.count === 3 && (argv.is(2, 'ASYNC') || argv.is(2, 'SYNC'));
    if (!isPlain && !hasMode) throw errors.functionFlushMode;
    instance.functions.libraries.clear();
    db.changed();
    reply.ok();
  },
});

export const functionKill = command({
  syntax: 'FUNCTION KILL',
  summary: 'Ends the function that is running and has not written.',
  since: '7.0.0',
  complexity: 'O(1)',
  flags: ['noscript', 'allow_busy'],
  tips: ['request_policy:all_shards', 'response_policy:one_succeeded'],
  run({ instance, reply }) {
    instance.scriptRuns.kill(true);
    reply.ok();
  },
});

export const functionList = command({
  syntax: 'FUNCTION LIST [LIBRARYNAME library-name-pattern] [WITHCODE]',
  summary: 'Lists libraries and their functions.',
  since: '7.0.0',
  complexity: 'O(N) where N is the number of functions',
  flags: ['noscript'],
  tips: ['nondeterministic_output_order'],
  run({ argv, instance, reply }) {
    let pattern: Uint8Array | undefined;
    let withCode = false;
    for (let i = 2; i < argv.count; i++) {
      if (!withCode && argv.is(i, 'WITHCODE')) {
        withCode = true;
      } else if (pattern === undefined && argv.is(i, 'LIBRARYNAME')) {
        if (++i === argv.count) throw errors.functionListNoName;
        pattern = argv.copy(i);
      } else {
        throw errors.functionListArgument(argv.text(i));
      }
    }
    const found = [...instance.functions.libraries.all()].filter(
      ({ name }) => pattern === undefined || matchesName(pattern, name),
    );
    reply.array(found.length);
    for (const library of found) listLibrary(reply, library, withCode);
  },
});

function matchesName(pattern: Uint8Array, name: string): boolean {
  return matchGlob(pattern, 0, pattern.length, latin1Bytes(name), 0, name.length, true);
}

function listLibrary(reply: Reply, { name, functions, code }: Library, withCode: boolean): void {
  reply.map(withCode ? 4 : 3);
  reply.bulkText('library_name');
  reply.bulkText(name);
  reply.bulkText('engine');
  reply.bulkText(ENGINE_NAME);
  reply.bulkText('functions');
  reply.array(functions.size);
  for (const item of functions.values()) listFunction(reply, item);
  if (!withCode) return;
  reply.bulkText('library_code');
  reply.bulk(code);
}

function listFunction(reply: Reply, { name, description, flags }: LibraryFunction): void {
  reply.map(3);
  reply.bulkText('name');
  reply.bulkText(name);
  reply.bulkText('description');
  if (description === undefined) reply.null();
  else reply.bulkText(description);
  reply.bulkText('flags');
  reply.set(flags.size);
  for (const flag of SCRIPT_FLAGS) if (flags.has(flag)) reply.simple(flag);
}

export const functionLoad = command({
  syntax: 'FUNCTION LOAD [REPLACE] function-code',
  summary: 'Loads a library.',
  since: '7.0.0',
  complexity: 'O(1) (considering compilation time is redundant)',
  flags: ['noscript', 'write', 'denyoom'],
  tips: CHANGING_TIPS,
  run({ argv, db, instance, reply }) {
    const last = argv.count - 1;
    for (let i = 2; i < last; i++) {
      if (!argv.is(i, 'REPLACE')) throw errors.functionLoadOption(argv.text(i));
    }
    const name = instance.functions.libraries.load(argv.copy(last), last > 2);
    db.changed();
    reply.bulkText(name);
  },
});

export const functionRestore = command({
  syntax: 'FUNCTION RESTORE serialized-value [FLUSH | APPEND | REPLACE]',
  summary: 'Loads libraries that were dumped.',
  since: '7.0.0',
  complexity: 'O(N) where N is the number of functions on the payload',
  arguments: { 'flush-append-replace': { name: 'policy' } },
  flags: ['noscript', 'write', 'denyoom'],
  tips: CHANGING_TIPS,
  run({ argv, db, instance, reply }) {
    if (argv.count > 4) throw errors.subcommandSyntax(argv);
    const policy = ['APPEND', 'REPLACE', 'FLUSH'].find(
      (word) => argv.count === 3 || argv.is(3, word),
    );
    if (policy === undefined) throw errors.functionRestorePolicy;
    const codes = readLibraries(argv.copy(2), !instance.loading.skipsSums);
    instance.functions.libraries.restore(codes, policy === 'REPLACE', policy === 'FLUSH');
    db.changed();
    reply.ok();
  },
});

export const functionStats = command({
  syntax: 'FUNCTION STATS',
  summary: 'Tells of the function that is running, and of the engines.',
  since: '7.0.0',
  complexity: 'O(1)',
  flags: ['noscript', 'allow_busy'],
  tips: ['nondeterministic_output', 'request_policy:all_shards', 'response_policy:special'],
  run({ instance, reply }) {
    const { running } = instance.scriptRuns;
    if (running !== undefined && !running.isFunction) throw errors.busy;
    reply.map(2);
    reply.bulkText('running_script');
    if (running === undefined) {
      reply.null();
    } else {
      const { name, argv, elapsedMs } = running;
      reply.map(3);
      reply.bulkText('name');
      reply.bulkText(name);
      reply.bulkText('command');
      reply.array(argv.count);
      for (let i = 0; i < argv.count; i++) reply.bulk(argv.bytes, argv.starts[i], argv.ends[i]);
      reply.bulkText('duration_ms');
      reply.integer(elapsedMs);
    }
    const { libraries } = instance.functions;
    reply.bulkText('engines');
    reply.map(1);
    reply.bulkText(ENGINE_NAME);
    reply.map(2);
    reply.bulkText('libraries_count');
    reply.integer(libraries.count);
    reply.bulkText('functions_count');
    reply.integer(libraries.functionCount);
  },
});
