/** Scripts: EVAL and its relatives, and the cache of what they have been given. */

import { family } from '../src/dispatch/command.ts';
import { SCRIPTS_DIFFER } from '../src/dispatch/script-rules.ts';
import { errors } from '../src/resp/errors.ts';

const { command, container } = family('scripting');

// ── Scripts ─────────────────────────────────────────────────────────────────────────────────────

const COMPLEXITY = 'Depends on the script that is executed.';
const UNKNOWN_USE = 'We cannot tell how the keys will be used so we assume the worst,';
const RUNNING = ['noscript', 'skip_monitor', 'no_mandatory_keys', 'stale'] as const;

export const evaluate = command({
  syntax: 'EVAL script numkeys [key [key ...]] [arg [arg ...]]',
  summary: 'Runs a Lua script.',
  since: '2.6.0',
  complexity: COMPLEXITY,
  keys: { use: 'RW access update', notes: `${UNKNOWN_USE} RW and UPDATE` },
  notFlags: ['write'],
  flags: [...RUNNING, 'may_replicate'],
  differs: SCRIPTS_DIFFER,
  run(call) {
    call.instance.scripts.evaluate(call, false, false);
  },
});

export const evaluateReadOnly = command({
  syntax: 'EVAL_RO script numkeys [key [key ...]] [arg [arg ...]]',
  summary: 'Runs a Lua script that may only read.',
  since: '7.0.0',
  complexity: COMPLEXITY,
  keys: { use: 'RO access', notes: `${UNKNOWN_USE} RO and ACCESS` },
  flags: RUNNING,
  run(call) {
    call.instance.scripts.evaluate(call, false, true);
  },
});

export const evaluateSha = command({
  syntax: 'EVALSHA sha1 numkeys [key [key ...]] [arg [arg ...]]',
  summary: 'Runs a Lua script by the SHA1 of its text.',
  since: '2.6.0',
  complexity: COMPLEXITY,
  keys: 'RW access update',
  notFlags: ['write'],
  flags: [...RUNNING, 'may_replicate'],
  differs: SCRIPTS_DIFFER,
  run(call) {
    call.instance.scripts.evaluate(call, true, false);
  },
});

export const evaluateShaReadOnly = command({
  syntax: 'EVALSHA_RO sha1 numkeys [key [key ...]] [arg [arg ...]]',
  summary: 'Runs a Lua script that may only read by the SHA1 of its text.',
  since: '7.0.0',
  complexity: COMPLEXITY,
  keys: 'RO access',
  flags: RUNNING,
  run(call) {
    call.instance.scripts.evaluate(call, true, true);
  },
});

export const script = container({
  name: 'SCRIPT',
  summary: 'A container for commands about scripts.',
  since: '2.6.0',
  help: [
    'DEBUG (YES|SYNC|NO)',
    '    Set the debug mode for subsequent scripts executed.',
    'EXISTS <sha1> [<sha1> ...]',
    '    Return information about the existence of the scripts in the script cache.',
    'FLUSH [ASYNC|SYNC]',
    '    Flush the Lua scripts cache. Very dangerous on replicas.',
    '    When called without the optional mode argument, the behavior is determined by the',
    '    lazyfree-lazy-user-flush configuration directive. Valid modes are:',
    '    * ASYNC: Asynchronously flush the scripts cache.',
    '    * SYNC: Synchronously flush the scripts cache.',
    'KILL',
    '    Kill the currently executing Lua script.',
    'LOAD <script>',
    '    Load a script into the scripts cache without executing it.',
  ],
  helpSince: '5.0.0',
});

export const scriptDebug = command({
  syntax: 'SCRIPT DEBUG <YES | SYNC | NO>',
  summary: 'Sets whether the scripts of this client are debugged.',
  since: '3.2.0',
  complexity: 'O(1)',
  arguments: { 'yes-sync-no': { name: 'mode' } },
  flags: ['noscript'],
  differs:
    'YES is refused: there is no process that could be forked; and so is EVAL from then on, until SYNC ' +
    'or NO. Nothing stops where a function of C waits for the script, as table.sort does.',
  run({ argv, client, reply }) {
    if (reply.size > 0) throw errors.scriptDebugPipelined;
    const isForked = argv.is(2, 'YES');
    if (!isForked && !argv.is(2, 'NO') && !argv.is(2, 'SYNC')) throw errors.scriptDebugMode;
    client.runsNoScripts = isForked;
    if (isForked) throw errors.noScriptFork;
    client.debugsScripts = argv.is(2, 'SYNC');
    reply.ok();
  },
});

export const scriptExists = command({
  syntax: 'SCRIPT EXISTS sha1 [sha1 ...]',
  summary: 'Tells of SHA1s whether there are scripts of them.',
  since: '2.6.0',
  complexity:
    'O(N) with N being the number of scripts to check (so checking a single script is an O(1) operation).',
  flags: ['noscript'],
  tips: ['request_policy:all_shards', 'response_policy:agg_logical_and'],
  run({ argv, instance, reply }) {
    reply.array(argv.count - 2);
    for (let i = 2; i < argv.count; i++) reply.integer(instance.scripts.has(argv.text(i)) ? 1 : 0);
  },
});

export const scriptFlush = command({
  syntax: 'SCRIPT FLUSH [ASYNC | SYNC]',
  summary: 'Forgets all scripts.',
  since: '2.6.0',
  complexity: 'O(N) with N being the number of scripts in cache',
  arguments: { 'flush-type': { since: '6.2.0' } },
  flags: ['noscript'],
  tips: ['request_policy:all_nodes', 'response_policy:all_succeeded'],
  history: [['6.2.0', 'Added the `ASYNC` and `SYNC` flushing mode modifiers.']],
  run({ argv, instance, reply }) {
    const isPlain = argv.count === 2;
    const hasMode = argv.count === 3 && (argv.is(2, 'ASYNC') || argv.is(2, 'SYNC'));
    if (!isPlain && !hasMode) throw errors.scriptFlushOption;
    instance.scripts.flush();
    reply.ok();
  },
});

export const scriptKill = command({
  syntax: 'SCRIPT KILL',
  summary: 'Ends the script that is running and has not written.',
  since: '2.6.0',
  complexity: 'O(1)',
  flags: ['noscript', 'allow_busy'],
  tips: ['request_policy:all_shards', 'response_policy:one_succeeded'],
  run({ instance, reply }) {
    instance.scriptRuns.kill(false);
    reply.ok();
  },
});

export const scriptLoad = command({
  syntax: 'SCRIPT LOAD script',
  summary: 'Keeps a script, to be run by the SHA1 of its text.',
  since: '2.6.0',
  complexity: 'O(N) with N being the length in bytes of the script body.',
  flags: ['noscript', 'stale'],
  tips: ['request_policy:all_nodes', 'response_policy:all_succeeded'],
  run({ argv, instance, reply }) {
    reply.bulkText(instance.scripts.load(argv.copy(2)));
  },
});
