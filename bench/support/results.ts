/** What a run leaves behind, as it lies in bench/results/. */

import { execFileSync } from 'node:child_process';
import { cpus, loadavg, release, totalmem, type } from 'node:os';
import type { Candidate } from './servers.ts';

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

/** A case that was to be measured. */
export interface Failure {
  readonly name: string;
  readonly reason: string;
}

/** What holds for everything a run has measured. */
export interface RunFacts {
  /** ISO date and time, in UTC. */
  readonly date: string;
  readonly machine: MachineFacts;
  readonly redisBenchmark: string;
  readonly rounds: number;
  readonly seconds: number;
  /** Which processors servers and load had to themselves, in words. */
  readonly pins?: string;
  /** Numbers of keys were multiplied by this. */
  readonly scale?: number;
  readonly servers: readonly ServerFacts[];
  readonly failures?: readonly Failure[];
}

/** One measurement of one side. */
export interface Sample {
  readonly round: number;
  /** By name; the unit is in the name. null where it can't be seen. */
  readonly values: Readonly<Record<string, number | null>>;
  /** What else is known of it: how the work was verified, what was in the way. */
  readonly raw: string;
}

/** One side of a comparison. */
export interface Series<S = Sample> {
  readonly server: string;
  /** What it was sent or told, where that differs between the sides. */
  readonly variant: string;
  readonly samples: readonly S[];
}

export interface CaseResult<S = Sample> {
  readonly name: string;
  /** The table it is a row of. */
  readonly group: string;
  /** The first is what the others are compared with. */
  readonly series: readonly Series<S>[];
  /** What all sides were asked for, such as an offered rate. */
  readonly given?: Readonly<Record<string, number>>;
}

/** A results file of every part but throughput, which has cases of its own. */
export interface Results<C = CaseResult> extends RunFacts {
  readonly part: string;
  readonly cases: readonly C[];
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

/** The name of a results file: one per part, machine and minute. */
export function resultsName(part: string, { date, machine }: RunFacts): string {
  const cpu = machine.cpu
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-|-$/g, '');
  return `${part}-${date.slice(0, 16).replace(/[T:]/g, '-')}-${cpu}-${machine.cores}.json`;
}

/** Names have to tell the sides of a table apart. */
export function assertDistinct(candidates: readonly Candidate[]): void {
  const names = candidates.map(({ name }) => name);
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice !== undefined) throw new Error(`two servers are called '${twice}'`);
}
