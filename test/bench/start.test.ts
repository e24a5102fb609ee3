/** Who can't be started again, or does not load what it is given, is said to be so. */

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { start } from '../../bench/parts/start.ts';
import type { CaseResult } from '../../bench/support/results.ts';
import { Stage } from '../../bench/support/stage.ts';
import { findRedis, type Running, startRedis } from '../support/redis.ts';
import { setupFor } from './setup.ts';

const redisPath = findRedis();

describe.skipIf(redisPath === undefined)('a file to load', () => {
  let there: Running;

  beforeAll(async () => {
    there = await startRedis(redisPath!);
  });

  afterAll(async () => await there?.close());

  it('is made by the first server that is started, and loaded by all that can', async () => {
    const setup = setupFor(
      [
        { name: 'there', port: there.address.port },
        { name: 'redis', command: [redisPath!, '--save', ''] },
        // What is put behind are arguments of the shell, so this one hears of no file.
        { name: 'empty', command: ['sh', '-c', `exec "${redisPath}" --save "" --port {port}`] },
      ],
      ['start/'],
      { rounds: 1 },
    );
    const cases: CaseResult[] = [];
    await start.measure(new Stage(setup), (result) => void cases.push(result));
    const [pong, load] = cases;
    expect(pong.name).toBe('first PONG');
    expect(pong.series.map(({ samples }) => typeof samples[0].values.ms)).toEqual([
      ...['object', 'number', 'number'],
    ]);
    const [running, loaded, empty] = load.series.map(({ samples }) => samples[0]);
    expect(running.raw).toBe("can't: it runs already");
    expect(loaded.raw).toBe('');
    expect(loaded.values['MiB/s']).toBeGreaterThan(0);
    expect(empty.raw).toBe("can't: 0 keys of 200");
    const table = start.tables({ ...new Stage(setup).facts(), part: 'start', cases: [load] });
    expect(table.join('\n')).toContain("| empty | can't: 0 keys of 200 | – |");
  });
});
