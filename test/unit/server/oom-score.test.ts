/** The score for the out-of-memory killer, in a file that stands for the system's. */

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { Config } from '../../../src/instance/config.ts';
import { silentLog } from '../../../src/instance/log.ts';
import { followOomScore } from '../../../src/server/oom-score.ts';

const folder = mkdtempSync(join(tmpdir(), 'zonis-oom-'));
afterAll(() => rmSync(folder, { recursive: true }));
const path = join(folder, 'oom_score_adj');

function set(config: Config, ...pairs: readonly (readonly [string, string])[]): unknown {
  return config.set(pairs, true);
}

test('the score follows the directives, and is as before when it is left alone again', () => {
  const score = (): number => Number(readFileSync(path, 'latin1'));
  writeFileSync(path, '22\n');
  const config = new Config();
  followOomScore(config, silentLog, path);
  set(config, ['oom-score-adj-values', '9 20 30']);
  expect(score()).toBe(22);
  set(config, ['oom-score-adj', 'yes']);
  expect(score()).toBe(31);
  set(config, ['oom-score-adj-values', '15 20 30']);
  expect(score()).toBe(37);
  set(config, ['oom-score-adj', 'absolute']);
  expect(score()).toBe(15);
  set(config, ['oom-score-adj-values', '2000 2000 2000']);
  expect(score()).toBe(1000);
  set(config, ['oom-score-adj', 'no']);
  expect(score()).toBe(22);
});

test('one that is asked for at the start is set then', () => {
  writeFileSync(path, '5\n');
  const config = new Config();
  config.load('oom-score-adj', ['relative'], true);
  config.load('oom-score-adj-values', ['100', '200', '300'], true);
  followOomScore(config, silentLog, path);
  expect(readFileSync(path, 'latin1')).toBe('105\n');
});

test('what the system refuses is refused, and changes nothing', () => {
  const lines: string[] = [];
  const config = new Config();
  const log = { ...silentLog, warning: (line: string) => void lines.push(line) };
  followOomScore(config, log, join(folder, 'not', 'there'));
  expect(set(config, ['oom-score-adj', 'yes'])).toEqual({
    argument: 'oom-score-adj',
    reason: 'Failed to set current oom_score_adj. Check server logs.',
  });
  expect(config.show('oom-score-adj')).toBe('no');
  expect(lines).toEqual(['Unable to read oom_score_adj: No such file or directory']);
});
