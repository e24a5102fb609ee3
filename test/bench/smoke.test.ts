/**
 * The tool from end to end, for a moment: every part measures, writes its file, and ends its servers.
 *
 * Nothing here is about speed.
 */

import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { measureParts, PARTS, publicationOf } from '../../bench/run.ts';
import { runProgram } from '../../bench/support/redis-benchmark.ts';
import type { Setup } from '../../bench/support/setup.ts';
import { findRedis } from '../support/redis.ts';
import { setupFor } from './setup.ts';

const redisPath = findRedis();
if (redisPath === undefined) process.stdout.write('bench: no redis-server: nothing is measured\n');

/** redis-benchmark in the PATH; its absence is an error where CI=true. */
async function hasBenchmark(): Promise<boolean> {
  try {
    await runProgram('redis-benchmark', ['--version'], 10_000);
    return true;
  } catch (error) {
    if (process.env.CI === 'true') throw error;
    process.stdout.write(`bench: redis-benchmark is not tried: ${String(error)}\n`);
    return false;
  }
}

const canMeasure = redisPath !== undefined && (await hasBenchmark());

/** Cases of each part that a moment is enough for; a part without any is not measured here. */
const TRIED: Record<string, readonly string[]> = {
  throughput: [
    'SET -P 16 -d 3',
    'LPOP -P 16 -d 3',
    'EVALSHA',
    'MULTI_10',
    'PUBLISH_100',
    'rotation',
  ],
  latency: ['10k keys', 'BGSAVE', 'expiry', 'UNLINK', 'eviction'],
  memory: [''],
  hits: [''],
  growth: ['1k', '10M'],
  start: [''],
};

describe.skipIf(!canMeasure)('every part', () => {
  let folder: string;
  let lines: string[];

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'zonis-results-'));
    lines = [];
  });

  afterEach(() => rmSync(folder, { recursive: true }));

  const setupOf = (part: string): Setup =>
    setupFor(
      [
        { name: 'redis', command: [redisPath!, '--save', ''] },
        { name: 'again', command: [redisPath!, '--save', ''] },
      ],
      TRIED[part].map((one) => `${part}/${one}`),
      { print: (line) => void lines.push(line) },
    );

  it.each(PARTS.map((part) => [part.name, part] as const))(
    '%s',
    async (name, part) => {
      const [file] = await measureParts([part], setupOf(name), folder);
      const results = JSON.parse(readFileSync(join(folder, file), 'utf8'));
      expect(results.servers.map((one: { name: string }) => one.name)).toEqual(['redis', 'again']);
      expect(results.failures).toBeUndefined();
      expect(results.cases.length).toBeGreaterThanOrEqual(TRIED[name].length);
      for (const { name: one, series } of results.cases) {
        expect(new Set(series.map(({ server }: { server: string }) => server)).size, one).toBe(2);
        for (const { samples } of series) expect(samples.length, one).toBeGreaterThan(0);
        expect(lines.join('\n')).toContain(one);
      }
      const { page, plots } = publicationOf(folder);
      expect(page).toContain(`(../bench/results/${file})`);
      for (const image of page.matchAll(/\]\((plots\/.+?)\)/g))
        expect(plots.has(image[1])).toBe(true);
      expect(plots.size).toBeGreaterThan(0);
    },
    120_000,
  );
});

it('the page and its charts are what the results files give', () => {
  const root = join(import.meta.dirname, '../..');
  const { page, plots } = publicationOf(join(root, 'bench/results'));
  const advice = 'make bench ARGS=--report writes them';
  expect(readFileSync(join(root, 'docs/benchmarks.md'), 'utf8'), advice).toBe(page);
  for (const [file, svg] of plots) {
    expect(existsSync(join(root, 'docs', file)), `${file}: ${advice}`).toBe(true);
    expect(readFileSync(join(root, 'docs', file), 'utf8'), advice).toBe(svg);
  }
});
