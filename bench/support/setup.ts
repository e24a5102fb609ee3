/** What a run is to do, as its command line says it. */

import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { type Pins, parsePins, pinsFor } from './pinning.ts';
import { commitOf } from './results.ts';
import { type Candidate, parseCandidate } from './servers.ts';

export const USAGE = `make bench, make bench-full, or node dist/bench/run.js with:
  --full               every case; without it, those of a few minutes
  --quick              a smoke run: one round of a tenth of a second, hardly any keys
  --only TEXT          only cases whose name contains TEXT: a part (latency), a case (GET);
                       repeatable
  --list               names the cases and measures nothing
  --cross              throughput: every combination instead of one axis at a time
  --rounds N           alternating rounds (5)
  --seconds S          about so long for each measurement (2)
  --scale X            so many times as many keys, 0.1 for a tenth
  --rate N             latency: requests per second, instead of half of what the first server can do
  --redis PATH         the redis-server to compare with (the one in the PATH)
  --peer NAME=COMMAND  another server; {port} in it, else --port N is put behind it; repeatable
  --peer NAME=PORT     another server that runs already; refused if it holds keys,
                       for they would be flushed
  --without NAME       leaves redis or zonis out
  --pin LIST/LIST      processors for the servers and for the load, such as 0-1/2-3
  --no-pin             leaves it to the system who runs where
  --publish            keeps the results in bench/results/ and writes docs/benchmarks.md
  --report             measures nothing: writes docs/benchmarks.md and its plots from bench/results/
node dist/bench/run.js engine [NAME...] runs the benches inside the process: bench/README.md
`;

/** quick: does the tool work; short: a few minutes; full: everything. */
export type Scope = 'quick' | 'short' | 'full';

export interface Setup {
  /** The first is what the others are compared with. */
  readonly candidates: readonly Candidate[];
  readonly scope: Scope;
  readonly isCross: boolean;
  /** Whether a case is asked for; its name begins with its part and a slash. */
  readonly wanted: (name: string) => boolean;
  readonly rounds: number;
  readonly seconds: number;
  /** How long each round of warming up takes. */
  readonly warmUpSeconds: number;
  /** Multiplies numbers of keys. */
  readonly scale: number;
  /** Requests per second of the open loop, where it is not to be found out. */
  readonly rate: number | undefined;
  readonly pins: Pins | undefined;
  /** Path of redis-benchmark. */
  readonly redisBenchmark: string;
  /** Named in the results: what of ours was measured. */
  readonly commit: string;
  /** Built program of ours, for what is measured in its process. */
  readonly distribution: string;
  readonly print: (line: string) => void;
}

/** What belongs to the run rather than to the measurements. */
export interface Invocation {
  readonly setup: Setup;
  readonly doesList: boolean;
  readonly doesReport: boolean;
  readonly doesPublish: boolean;
}

export function invocationOf(
  args: readonly string[],
  root: string,
  print: Setup['print'],
): Invocation {
  const { values } = parseArgs({
    args: [...args],
    options: {
      quick: { type: 'boolean', default: false },
      full: { type: 'boolean', default: false },
      cross: { type: 'boolean', default: false },
      list: { type: 'boolean', default: false },
      publish: { type: 'boolean', default: false },
      report: { type: 'boolean', default: false },
      'no-pin': { type: 'boolean', default: false },
      pin: { type: 'string' },
      rounds: { type: 'string' },
      seconds: { type: 'string' },
      scale: { type: 'string' },
      rate: { type: 'string' },
      only: { type: 'string', multiple: true, default: [] },
      redis: { type: 'string', default: 'redis-server' },
      peer: { type: 'string', multiple: true, default: [] },
      without: { type: 'string', multiple: true, default: [] },
    },
  });
  const scope: Scope = values.quick ? 'quick' : values.full ? 'full' : 'short';
  const preset = PRESETS[scope];
  const pins = values['no-pin'] ? undefined : values.pin ? parsePins(values.pin) : pinsFor();
  const only = values.only.map((text) => text.toLowerCase());
  const seconds = positive(values.seconds, '--seconds') ?? preset.seconds;
  const distribution = join(root, 'dist');
  const known: Candidate[] = [
    { name: 'redis', command: [values.redis, '--save', '', '--appendonly', 'no'] },
    {
      name: 'zonis',
      command: [process.execPath, join(distribution, 'main.js'), '--save', ''],
      shown: 'node dist/main.js --save ""',
      hasSessions: true,
    },
  ];
  const candidates = [
    ...known.filter(({ name }) => !values.without.includes(name)),
    ...values.peer.map(parseCandidate),
  ];
  const setup: Setup = {
    candidates: candidates.map((one) => (pins === undefined ? one : { ...one, cpus: pins.server })),
    scope,
    isCross: values.cross,
    wanted: (name) => {
      const lower = name.toLowerCase();
      return only.length === 0 || only.some((text) => lower.includes(text));
    },
    rounds: Math.ceil(positive(values.rounds, '--rounds') ?? preset.rounds),
    seconds,
    warmUpSeconds: Math.min(seconds, 1.5),
    scale: positive(values.scale, '--scale') ?? preset.scale,
    rate: positive(values.rate, '--rate'),
    pins,
    redisBenchmark: 'redis-benchmark',
    commit: commitOf(root),
    distribution,
    print,
  };
  return {
    setup,
    doesList: values.list,
    doesReport: values.report,
    doesPublish: values.publish,
  };
}

const PRESETS: Record<Scope, { rounds: number; seconds: number; scale: number }> = {
  quick: { rounds: 1, seconds: 0.1, scale: 0.001 },
  short: { rounds: 3, seconds: 0.5, scale: 1 },
  full: { rounds: 5, seconds: 2, scale: 1 },
};

function positive(text: string | undefined, name: string): number | undefined {
  if (text === undefined) return undefined;
  const number = Number(text);
  if (!(number > 0)) throw new Error(`${name} wants a number above 0, not '${text}'`);
  return number;
}

/** So many keys at this scale, and never none. */
export function scaled(count: number, { scale }: Pick<Setup, 'scale'>): number {
  return Math.max(1, Math.round(count * scale));
}
