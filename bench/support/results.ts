/** What a run leaves behind, as it lies in bench/results/. */

import { execFileSync } from 'node:child_process';
import { cpus, loadavg, release, totalmem, type } from 'node:os';
import type { Candidate } from './servers.ts';

export interface Sample {
  readonly round: number;
  readonly perSecond: number;
  /** Microseconds of the server's CPU time per request; null where it can't be seen. */
  readonly cpuMicros: number | null;
  readonly requests: number;
  /** Cores that neither server nor load generator used meanwhile; null where it can't be seen. */
  readonly othersLoad: number | null;
  /** What the measuring program printed, or how the work was verified. */
  readonly raw: string;
}

/** One side of a comparison. */
export interface Series {
  readonly server: string;
  /** What it was sent, where that differs between the sides. */
  readonly variant: string;
  readonly samples: readonly Sample[];
}

export interface CaseResult {
  readonly name: string;
  readonly unit: 'requests' | 'rotations';
  readonly args: readonly string[];
  /** See BenchmarkCase. */
  readonly isDefault?: boolean;
  /** The first is what the others are compared with. */
  readonly series: readonly Series[];
}

export interface ServerFacts {
  readonly name: string;
  readonly version: string;
  readonly command: string;
}

export interface MachineFacts {
  readonly cpu: string;
  readonly cores: number;
  readonly memoryGiB: number;
  readonly kernel: string;
  readonly node: string;
  /** Of the last minute, before the run began: what else the machine was doing. */
  readonly load: number;
}

export interface Results {
  /** ISO date and time, in UTC. */
  readonly date: string;
  readonly machine: MachineFacts;
  readonly redisBenchmark: string;
  readonly rounds: number;
  readonly seconds: number;
  readonly servers: readonly ServerFacts[];
  readonly cases: readonly CaseResult[];
}

export function machineFacts(): MachineFacts {
  const all = cpus();
  return {
    cpu: all[0]?.model.trim() ?? 'unknown',
    cores: all.length,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    kernel: `${type()} ${release()}`,
    node: process.version,
    load: Math.round(loadavg()[0] * 100) / 100,
  };
}

/** The commit of the project at `root`, with a + when its sources differ from it. */
export function commitOf(root: string): string {
  try {
    const git = (...args: string[]): string =>
      execFileSync('git', args, { cwd: root, stdio: ['ignore', 'pipe', 'ignore'] })
        .toString()
        .trim();
    const changed = git('status', '--porcelain', '--', 'src', 'commands');
    return git('rev-parse', '--short', 'HEAD') + (changed === '' ? '' : '+');
  } catch {
    return 'no commit';
  }
}

/** The name of a results file: one per machine and minute. */
export function resultsName({ date, machine }: Results): string {
  const cpu = machine.cpu
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-|-$/g, '');
  return `wire-${date.slice(0, 16).replace(/[T:]/g, '-')}-${cpu}-${machine.cores}.json`;
}

/** Names have to tell the sides of a table apart. */
export function assertDistinct(candidates: readonly Candidate[]): void {
  const names = candidates.map(({ name }) => name);
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice !== undefined) throw new Error(`two servers are called '${twice}'`);
}
