/**
 * A process that is killed: with `appendfsync always` nothing that was answered is lost, with
 * `everysec` what was answered lately at most, and nobody ever sees half of a transaction, of a
 * script, or of a rotated session.
 *
 * Clients write all the time, each what it can check (kill-load.ts), while the files are rewritten
 * and saved. At some moment the program is killed, started again on the same files, and asked.
 * ZONIS_KILL_ROUNDS says how often; ZONIS_KILL_SEED which moments. Figures go to stdout then, and
 * docs/durability.md has those of many rounds.
 */

import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { SeededRandom } from '../../src/std/random.ts';
import type { StartedProgram } from '../support/built.ts';
import { NoAnswer, RespClient } from '../support/resp-client.ts';
import { useBuild } from '../support/restarts.ts';
import { clear, type Found, findAll, newWriters, type Progress, writeAll } from './kill-load.ts';

const ROUNDS = Number(process.env.ZONIS_KILL_ROUNDS ?? 3);
const SEED = Number(process.env.ZONIS_KILL_SEED ?? 1);
/** Milliseconds that clients write before the end. */
const LONGEST_MS = 500;
/** Rounds after which there is nothing again, or reading it all would take longest. */
const CLEARED_EVERY = 4;
/** Far more than `everysec` promises: a machine may be busy. */
const LOST_MS_MAX = 5000;

const build = useBuild();

/** Has files rewritten and saved one after the other until the server is gone. */
async function rewrite(program: StartedProgram): Promise<void> {
  const client = await RespClient.connect(program.address);
  try {
    for (let i = 0; ; i++) {
      await client.call(i % 3 === 2 ? 'BGSAVE' : 'BGREWRITEAOF');
      for (let turns = 0; turns < 10; turns++) await client.call('PING');
    }
  } catch (error) {
    if (!(error instanceof NoAnswer)) throw error;
  } finally {
    client.close();
  }
}

/** Lets all write for a while and kills the program. Answers when: monotonic milliseconds. */
async function runAndKill(
  program: StartedProgram,
  all: readonly Progress[],
  ms: number,
): Promise<number> {
  const writing = Promise.all([writeAll(program.address, all), rewrite(program)]);
  await Promise.race([setTimeout(ms), writing]);
  const ended = performance.now();
  await program.kill();
  await writing;
  return ended;
}

/** What was under way: drafts of files that were not in their place yet. */
function draftsIn(dir: string): string[] {
  const names = readdirSync(dir, { recursive: true }).map(String);
  return names.filter((name) => /temp-|\.new$/.test(name));
}

describe.each(['always', 'everysec'])('with appendfsync %s', (policy) => {
  it(
    `killed ${ROUNDS} times`,
    async () => {
      const random = new SeededRandom(Uint8Array.from({ length: 16 }, (_, i) => SEED + i));
      const dir = mkdtempSync(join(build.folder, 'data-'));
      const all = newWriters();
      const options = ['--appendonly', 'yes', '--appendfsync', policy, '--dir', dir, '--save', ''];
      options.push('--auto-aof-rewrite-min-size', '64kb', '--auto-aof-rewrite-percentage', '50');
      options.push('--enable-debug-command', 'yes');
      const start = () => build.start(options);
      const sum: Found = { answered: 0, unanswered: 0, found: 0, lost: 0, lostMs: 0 };
      const rounds = { withUnanswered: 0, withFound: 0, withLost: 0, withDrafts: 0, truncated: 0 };
      let program = await start();
      try {
        for (let round = 1; round <= ROUNDS; round++) {
          const ended = await runAndKill(program, all, 10 + random.below(LONGEST_MS));
          const drafts = draftsIn(dir);
          for (const name of drafts) rmSync(join(dir, name));
          program = await start();
          const found = await findAll(program.address, all, ended);
          for (const key of ['answered', 'unanswered', 'found', 'lost'] as const) {
            sum[key] += found[key];
          }
          sum.lostMs = Math.max(sum.lostMs, found.lostMs);
          if (found.unanswered > 0) rounds.withUnanswered++;
          if (found.found > 0) rounds.withFound++;
          if (found.lost > 0) rounds.withLost++;
          if (drafts.length > 0) rounds.withDrafts++;
          if (program.log.includes('Truncating the AOF')) rounds.truncated++;
          if (policy === 'always') expect(found.lost).toBe(0);
          if (round % CLEARED_EVERY === 0) await clear(program.address, all);
        }
      } finally {
        await program.kill();
      }
      if (process.env.ZONIS_KILL_ROUNDS !== undefined) {
        process.stdout.write(
          `${policy}: ${JSON.stringify({ rounds: ROUNDS, ...sum, ...rounds })}\n`,
        );
      }
      expect(sum.answered).toBeGreaterThan(0);
      expect(sum.lostMs).toBeLessThan(LOST_MS_MAX);
    },
    60_000 + ROUNDS * 20_000,
  );
});
