/**
 * Script rules: what a request may do that runs a script, by what the script says of itself.
 *
 *   EVAL "return 1" 0                       says nothing: it may replicate, as EVAL does
 *   EVAL "#!lua flags=no-writes\n…" 0       reads
 *   EVAL "#!lua\n…" 0                       writes
 *
 * The gates ask for it where it matters whether data changes: during a pause of writes, and when
 * there are not enough replicas. Nobody else reads a script twice.
 */

import type { Argv } from '../resp/argv.ts';
import type { Command, Instance } from './call.ts';

/** How all that runs scripts differs from Redis, for docs/compatibility.md. */
export const SCRIPTS_DIFFER =
  'A script that has not written and is busy for more than 5 seconds where it cannot be left (in a ' +
  'function that table.sort or string.gsub calls, say) is ended: nobody could be served who kills it.';

/** What a request does with data, as far as it can be told before it runs. */
export interface Intent {
  readonly writes: boolean;
  /** It may write or publish. */
  readonly mayReplicate: boolean;
}

const SHA_COMMANDS: ReadonlySet<string> = new Set(['evalsha', 'evalsha_ro']);
const TEXT_COMMANDS: ReadonlySet<string> = new Set(['eval', 'eval_ro']);
const FUNCTION_COMMANDS: ReadonlySet<string> = new Set(['fcall', 'fcall_ro']);

/** What the script of a request says of itself; undefined: nothing, or it runs none. */
function flagsOf(
  { scripts, functions }: Instance,
  { name }: Command,
  argv: Argv,
): ReadonlySet<string> | undefined {
  if (TEXT_COMMANDS.has(name)) return scripts.flagsOfText(argv.copy(1));
  if (SHA_COMMANDS.has(name)) return scripts.flagsOf(argv.text(1));
  if (FUNCTION_COMMANDS.has(name)) return functions.libraries.function(argv.text(1))?.flags;
  return undefined;
}

/** What the request in `argv`, of that command, does with data. */
export function intentOf(instance: Instance, command: Command, argv: Argv): Intent {
  const flags = flagsOf(instance, command, argv);
  const writes = flags === undefined ? command.flags.has('write') : !flags.has('no-writes');
  const mayReplicate = flags === undefined && command.flags.has('may_replicate');
  return { writes, mayReplicate: writes || mayReplicate };
}
