/**
 * The score of this process for the out-of-memory killer of Linux, as `oom-score-adj` says.
 *
 * What the score was before is written down when it is changed first, and put back when it is to be
 * left alone again.
 */

import { readFileSync, writeFileSync } from 'node:fs';
import { systemReason } from '../instance/config/files.ts';
import type { Config } from '../instance/config.ts';
import type { Log } from '../instance/log.ts';

const PATH = '/proc/self/oom_score_adj';
const MAX = 1000;
const REFUSED = 'Failed to set current oom_score_adj. Check server logs.';

/** Has the score follow the directives, from now on. `path`: where it stands, for tests. */
export function followOomScore(config: Config, log: Log, path = PATH): void {
  let before: number | undefined;

  function set(): string | undefined {
    const { oomScoreAdj: mode, oomScoreAdjValues: scores } = config.values;
    let verb = 'read';
    try {
      let score: number;
      if (mode === 'no') {
        if (before === undefined) return undefined;
        score = before;
        before = undefined;
      } else {
        before ??= Number.parseInt(readFileSync(path, 'latin1'), 10);
        // The first is that of a server that follows no other.
        const wanted = scores[0] + (mode === 'absolute' ? 0 : before);
        score = Math.max(-MAX, Math.min(MAX, wanted));
      }
      verb = 'write';
      writeFileSync(path, `${score}\n`);
      return undefined;
    } catch (error) {
      log.warning(`Unable to ${verb} oom_score_adj: ${systemReason(error)}`);
      return REFUSED;
    }
  }

  set();
  config.onChange(['oom-score-adj', 'oom-score-adj-values'], { apply: set });
}
