/** Conformance of scripts: lines that are EVAL with a script. */

import type { Verbs } from './harness.ts';

/** A script, with keys and arguments, that returns something, or raises an error, or either. */
export function inScripts({ same, fails, agrees }: Pick<Verbs, 'same' | 'fails' | 'agrees'>) {
  const line = (script: string, rest: readonly string[]): ['EVAL', ...string[]] => [
    'EVAL',
    script,
    ...(rest.length === 0 ? ['0'] : rest),
  ];
  return {
    returns: (script: string, ...rest: string[]) => same(...line(script, rest)),
    raises: (script: string, ...rest: string[]) => fails(...line(script, rest)),
    agrees: (script: string, ...rest: string[]) => agrees(...line(script, rest)),
  };
}
