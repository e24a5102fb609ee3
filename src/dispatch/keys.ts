/** Which arguments of a request are keys, and how they are used. */

import type { Argv } from '../resp/argv.ts';
import { parseSafeInteger } from '../std/int64.ts';
import type { Command, KeySpec } from './command.ts';

export interface FoundKey {
  /** Index of the argument. */
  readonly index: number;
  readonly flags: readonly string[];
}

/** Whether a command can have keys at all. */
export function hasKeys(command: Command): boolean {
  return command.keySpecs.some((spec) => !spec.flags.includes('not_key'));
}

/**
 * The keys of a request, counting arguments from `first`, where the command's name is. Undefined
 * when the request contradicts itself (a numkeys that is not a number or too large).
 */
export function keysOf(command: Command, argv: Argv, first = 0): FoundKey[] | undefined {
  const found: FoundKey[] = [];
  const count = argv.count - first;
  for (const spec of command.keySpecs) {
    if (spec.flags.includes('not_key')) continue;
    const begin = beginOf(spec, argv, first, count);
    if (begin === 0) continue;
    if (!collect(spec, begin, argv, first, count, flagsFor(command, spec, argv, first), found)) {
      return undefined;
    }
  }
  return found;
}

function beginOf(spec: KeySpec, argv: Argv, first: number, count: number): number {
  const { begin } = spec;
  if (begin.type === 'index') return begin.index;
  if (begin.type !== 'keyword') return 0;
  const { keyword, startFrom } = begin;
  const step = startFrom > 0 ? 1 : -1;
  for (let i = startFrom > 0 ? startFrom : count + startFrom; i >= 1 && i < count; i += step) {
    if (argv.is(first + i, keyword)) return i + 1;
  }
  return 0;
}

function collect(
  spec: KeySpec,
  begin: number,
  argv: Argv,
  first: number,
  count: number,
  flags: readonly string[],
  found: FoundKey[],
): boolean {
  const { find } = spec;
  let from = begin;
  let last = begin;
  let step = 1;
  if (find.type === 'range') {
    step = find.step;
    if (find.lastKey >= 0) last = begin + find.lastKey;
    else if (find.limit === 0) last = count + find.lastKey;
    else last = begin + Math.floor((count - begin) / find.limit) + find.lastKey;
  } else if (find.type === 'keynum') {
    step = find.step;
    const at = first + begin + find.keyNumIndex;
    if (at >= argv.count) return false;
    const numKeys = parseSafeInteger(argv.bytes, argv.starts[at], argv.ends[at]);
    if (!(numKeys >= 0)) return false;
    from = begin + find.firstKey;
    last = from + (numKeys - 1) * step;
  } else {
    return true;
  }
  if (last >= count) return false;
  for (let i = from; i <= last; i += step) found.push({ index: first + i, flags });
  return true;
}

/** Flags that depend on the options of the request: SET with GET reads, without it only writes. */
function flagsFor(command: Command, spec: KeySpec, argv: Argv, first: number): readonly string[] {
  if (!spec.flags.includes('variable_flags') || command.fullName !== 'set') return spec.flags;
  for (let i = first + 3; i < argv.count; i++) {
    if (argv.is(i, 'GET')) return ['RW', 'access', 'update'];
  }
  return ['OW', 'update'];
}
