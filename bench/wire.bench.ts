/**
 * Whole servers side by side, over sockets: redis-benchmark's requests, and session rotation.
 *
 *   round 1   redis ▇▇▇▇▇▇  zonis ▇▇▇▇▇▇        one measurement each, about two seconds
 *   round 2   redis ▇▇▇▇▇▇  zonis ▇▇▇▇▇▇        …
 *
 * A shared machine is faster at one minute than at the next, so servers are never measured one
 * after the other: they take turns, and every ratio is formed within a round.
 */

import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { type Address, RespClient } from '../test/support/resp-client.ts';
import {
  type BenchmarkCase,
  CASES,
  type Collection,
  fillingOf,
  KEY_COUNT,
  MORE_CASES,
} from './support/cases.ts';
import { benchmarkArgs, parseCsv, runProgram } from './support/redis-benchmark.ts';
import { caseLines, insertWire, methodLines, othersLine, renderWire } from './support/report.ts';
import {
  assertDistinct,
  type CaseResult,
  commitOf,
  machineFacts,
  type Results,
  resultsName,
  type Sample,
} from './support/results.ts';
import {
  logIn,
  ROTATION,
  type RotationOptions,
  type RotationStyle,
  rotate,
  verify,
} from './support/rotation.ts';
import {
  type Candidate,
  cpuSeconds,
  describeCommand,
  machineCpuSeconds,
  parseCandidate,
  type Subject,
  startSubject,
} from './support/servers.ts';
import { countFor } from './support/statistics.ts';

const USAGE = `make bench ONLY=wire, or node dist/bench/wire.bench.js with:
  --quick              a smoke run: one round of a tenth of a second
  --rounds N           alternating rounds (5)
  --seconds S          about so long for each measurement (2)
  --only TEXT          only cases whose name contains TEXT, such as GET or rotation
  --all                connections, sizes and RESP3 too
  --redis PATH         the redis-server to compare with (the one in the PATH)
  --peer NAME=COMMAND  another server; {port} in it, else --port N is put behind it; repeatable
  --peer NAME=PORT     another server that runs already; refused if it holds keys,
                       for they would be flushed
  --without NAME       leaves redis or zonis out
  --publish            keeps the results in bench/results/ and writes docs/benchmarks.md
  --report FILE        measures nothing: writes docs/benchmarks.md from a results file
`;

export interface Plan {
  readonly candidates: readonly Candidate[];
  readonly cases: readonly BenchmarkCase[];
  readonly hasRotation: boolean;
  readonly rounds: number;
  readonly seconds: number;
  /** How long each side is loaded before it is measured. */
  readonly warmUpSeconds: number;
  readonly rotation: Omit<RotationOptions, 'style'>;
  /** Path of redis-benchmark. */
  readonly redisBenchmark: string;
  /** Named in the results: what of ours was measured. */
  readonly commit: string;
  readonly print: (line: string) => void;
}

/** Measures what the plan says, printing as it goes. */
export async function measure(plan: Plan): Promise<Results> {
  assertDistinct(plan.candidates);
  const machine = machineFacts();
  const version = plan.cases.length > 0 ? await versionOfBenchmark(plan) : 'no redis-benchmark';
  const cases: CaseResult[] = [];
  let facts: Results['servers'] = [];
  const date = new Date().toISOString().slice(0, 19);
  const results = (): Results => ({
    ...{ date, machine, redisBenchmark: version, rounds: plan.rounds, seconds: plan.seconds },
    ...{ servers: facts, cases },
  });

  const withServers = async (work: (subjects: Subject[]) => Promise<void>): Promise<void> => {
    const subjects: Subject[] = [];
    try {
      for (const candidate of plan.candidates) subjects.push(await startSubject(candidate));
      if (facts.length === 0) {
        facts = subjects.map(({ candidate, version }) => ({
          name: candidate.name,
          version: candidate.hasSessions ? `${version} (${plan.commit})` : version,
          command: describeCommand(candidate),
        }));
        for (const line of methodLines(results())) plan.print(line);
      }
      await work(subjects);
    } finally {
      for (const subject of subjects) await subject.close();
    }
  };
  const finished = (result: CaseResult): void => {
    cases.push(result);
    plan.print('');
    for (const line of caseLines(result)) plan.print(line);
  };

  if (plan.cases.length > 0) {
    await withServers(async (subjects) => {
      let filled = -1;
      for (const item of plan.cases) {
        const isFilled = item.before === 'filled';
        if (isFilled && filled !== item.valueSize) {
          for (const { address } of subjects) await fill(address, item.valueSize);
        }
        filled = isFilled ? item.valueSize : -1;
        const lacking = await whoLacks(subjects, item);
        if (lacking !== undefined) {
          plan.print(`\n${item.name}: not measured, ${lacking} does not have it`);
          continue;
        }
        finished(await measureBenchmark(plan, subjects, item));
      }
    });
  }
  // In fresh processes: what a server's compiler learned from GET and SET is not measured here.
  if (plan.hasRotation) {
    await withServers(async (subjects) => finished(await measureRotation(plan, subjects)));
  }
  return results();
}

async function versionOfBenchmark(plan: Plan): Promise<string> {
  const text = await runProgram(plan.redisBenchmark, ['--version'], 10_000);
  return text.trim().replace(/ \(.*/, '');
}

/** One side of a case: measures so many requests and says how fast that was. */
interface Side {
  readonly server: string;
  readonly variant: string;
  readonly take: (requests: number, round: number) => Promise<Sample>;
}

/** Warms every side up, then lets them take turns. */
async function alternate(
  { rounds, seconds, warmUpSeconds }: Plan,
  sides: readonly Side[],
): Promise<CaseResult['series']> {
  const counts: number[] = [];
  for (const { take } of sides) {
    // The first guess is far off, and the compiler is not done either: the second is close. Of fewer
    // requests redis-benchmark may say that they took no time at all.
    let count = 5000;
    for (const share of [0.2, 1, seconds / warmUpSeconds]) {
      const { perSecond } = await take(count, 0);
      count = countFor(perSecond, warmUpSeconds * share);
    }
    counts.push(count);
  }
  const samples: Sample[][] = sides.map(() => []);
  for (let round = 1; round <= rounds; round++) {
    for (let i = 0; i < sides.length; i++) {
      samples[i].push(await sides[i].take(counts[i], round));
    }
  }
  return sides.map(({ server, variant }, i) => ({ server, variant, samples: samples[i] }));
}

async function measureBenchmark(
  plan: Plan,
  subjects: readonly Subject[],
  item: BenchmarkCase,
): Promise<CaseResult> {
  const sides = subjects.map(({ address, candidate, pid }): Side => {
    const take = async (requests: number, round: number): Promise<Sample> => {
      if (item.before !== 'filled') await flush(address);
      if (item.before !== 'filled' && item.before !== 'empty') {
        await fillCollection(address, item.before, requests);
      }
      const args = benchmarkArgs(address.port, requests, item.args);
      const meter = new CpuMeter(pid);
      const raw = await runProgram(plan.redisBenchmark, args, 60_000 + plan.seconds * 20_000);
      const cpu = meter.read(requests);
      // Some tests load their data first, and print that too.
      const { perSecond } = parseCsv(raw).at(-1)!;
      return { round, perSecond, ...cpu, requests, raw };
    };
    return { server: candidate.name, variant: '', take };
  });
  const series = await alternate(plan, sides);
  const result: CaseResult = { name: item.name, unit: 'requests', args: item.args, series };
  return item.isDefault ? { ...result, isDefault: true } : result;
}

async function measureRotation(plan: Plan, subjects: readonly Subject[]): Promise<CaseResult> {
  const side = ({ address, candidate, pid }: Subject, style: RotationStyle): Side => {
    const options: RotationOptions = { ...plan.rotation, style };
    const take = async (count: number, round: number): Promise<Sample> => {
      await flush(address);
      const now = Math.floor(Date.now() / 1000);
      await logIn(address, options, now);
      const meter = new CpuMeter(pid);
      const sample = await rotate(address, options, count, now);
      const cpu = meter.read(sample.rotations);
      const checksum = await verify(address, options, count);
      const evicted = await evictedBy(address);
      // What is left would expire during somebody else's turn.
      await flush(address);
      const { rotations, seconds, generatorLoad } = sample;
      return {
        round,
        perSecond: rotations / seconds,
        ...cpu,
        requests: rotations,
        raw:
          `${rotations} rotations in ${seconds.toFixed(3)} s, checksum ${checksum} as expected, ` +
          `generator load ${generatorLoad.toFixed(2)}, evicted so far ${evicted}`,
      };
    };
    return { server: candidate.name, variant: style === 'stock' ? 'stock' : 'SESSION.SET', take };
  };
  const sides = subjects.flatMap((subject) =>
    (subject.candidate.hasSessions ? (['stock', 'command'] as const) : (['stock'] as const)).map(
      (style) => side(subject, style),
    ),
  );
  const series = await alternate(plan, sides);
  for (const { server, variant, samples } of series) {
    plan.print(`${server}, ${variant}: ${samples.at(-1)?.raw}`);
  }
  return { name: 'rotation', unit: 'rotations', args: [], series };
}

/** Who used the processor between its making and its reading. */
class CpuMeter {
  readonly #pid: number | undefined;
  readonly #begin = performance.now();
  readonly #server: number | undefined;
  readonly #machine: ReturnType<typeof machineCpuSeconds>;

  constructor(pid: number | undefined) {
    this.#pid = pid;
    this.#server = this.#serverNow();
    this.#machine = machineCpuSeconds();
  }

  #serverNow(): number | undefined {
    return this.#pid === undefined ? undefined : cpuSeconds(this.#pid);
  }

  read(requests: number): Pick<Sample, 'cpuMicros' | 'othersLoad'> {
    const machine = machineCpuSeconds();
    const now = this.#serverNow();
    if (now === undefined || this.#server === undefined) {
      return { cpuMicros: null, othersLoad: null };
    }
    const server = now - this.#server;
    const cpuMicros = (server * 1e6) / requests;
    if (machine === undefined || this.#machine === undefined)
      return { cpuMicros, othersLoad: null };
    const others = machine.all - this.#machine.all - (machine.self - this.#machine.self) - server;
    const seconds = (performance.now() - this.#begin) / 1000;
    // Ticks are rounded for each process apart, so nobody can come out below nothing.
    return { cpuMicros, othersLoad: Math.max(0, others / seconds) };
  }
}

async function flush(address: Address): Promise<void> {
  const client = await RespClient.connect(address, 60_000);
  try {
    const { raw } = await client.call('FLUSHALL');
    if (raw !== '+OK\r\n') throw new Error(`FLUSHALL: ${raw}`);
  } finally {
    client.close();
  }
}

/** Puts every key there that redis-benchmark may draw, so that every GET hits. */
async function fill(address: Address, valueSize: number): Promise<void> {
  await flush(address);
  const client = await RespClient.connect(address);
  try {
    const value = 'x'.repeat(valueSize);
    for (let first = 0; first < KEY_COUNT; first += 500) {
      const keys = Array.from({ length: 500 }, (_, i) => String(first + i).padStart(12, '0'));
      await client.pipeline(keys.map((key) => ['SET', `key:${key}`, value]));
    }
    const { raw } = await client.call('DBSIZE');
    if (raw !== `:${KEY_COUNT}\r\n`) throw new Error(`filled with ${KEY_COUNT} keys, has ${raw}`);
  } finally {
    client.close();
  }
}

/** Makes a collection of so many elements. */
async function fillCollection(
  address: Address,
  collection: Collection,
  count: number,
): Promise<void> {
  const client = await RespClient.connect(address, 60_000);
  try {
    let requests: string[][] = [];
    const send = async (): Promise<void> => {
      for (const { raw } of await client.pipeline(requests)) {
        if (!raw.startsWith(':')) throw new Error(`filling ${collection}: ${raw}`);
      }
      requests = [];
    };
    for (const request of fillingOf(collection, count)) {
      if (requests.push(request) === 20) await send();
    }
    await send();
  } finally {
    client.close();
  }
}

/** Name of the first server that does not know the command of a case. */
async function whoLacks(
  subjects: readonly Subject[],
  { args }: BenchmarkCase,
): Promise<string | undefined> {
  // A test is called as its command, but for what is behind an underscore.
  const at = args.indexOf('-t');
  const word = at < 0 ? args.find((arg) => /^[A-Z]+$/.test(arg)) : args[at + 1].split(/[_,]/)[0];
  for (const { address, candidate } of subjects) {
    const client = await RespClient.connect(address);
    try {
      const { tree } = await client.call('COMMAND', 'INFO', word ?? '');
      const { items } = tree.items?.[0] ?? { items: null };
      if (items === null) return candidate.name;
    } finally {
      client.close();
    }
  }
  return undefined;
}

async function evictedBy(address: Address): Promise<string> {
  const client = await RespClient.connect(address);
  try {
    const { tree } = await client.call('INFO', 'stats');
    return /^evicted_keys:(\d+)/m.exec(tree.text ?? '')?.[1] ?? 'unknown';
  } finally {
    client.close();
  }
}

/** The folder of the project, from the sources as from dist/. */
function projectRoot(): string {
  let folder = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(folder, 'package.json'))) folder = dirname(folder);
  return folder;
}

export function planOf(args: readonly string[], root: string, print: Plan['print']): Plan {
  const { values } = parseArgs({
    args: [...args],
    options: {
      quick: { type: 'boolean', default: false },
      all: { type: 'boolean', default: false },
      publish: { type: 'boolean', default: false },
      rounds: { type: 'string' },
      seconds: { type: 'string' },
      only: { type: 'string', default: '' },
      redis: { type: 'string', default: 'redis-server' },
      peer: { type: 'string', multiple: true, default: [] },
      without: { type: 'string', multiple: true, default: [] },
    },
  });
  const ours = join(root, 'dist/src/main.js');
  const known: Candidate[] = [
    { name: 'redis', command: [values.redis, '--save', '', '--appendonly', 'no'] },
    {
      name: 'zonis',
      command: [process.execPath, ours, '--save', ''],
      shown: 'node dist/src/main.js',
      hasSessions: true,
    },
  ];
  const wanted = (name: string): boolean => name.toLowerCase().includes(values.only.toLowerCase());
  const seconds = positive(values.seconds ?? (values.quick ? '0.1' : '2'), '--seconds');
  return {
    candidates: [
      ...known.filter(({ name }) => !values.without.includes(name)),
      ...values.peer.map(parseCandidate),
    ],
    cases: [...CASES, ...(values.all ? MORE_CASES : [])].filter(({ name }) => wanted(name)),
    hasRotation: wanted('rotation'),
    rounds: Math.ceil(positive(values.rounds ?? (values.quick ? '1' : '5'), '--rounds')),
    seconds,
    warmUpSeconds: Math.min(seconds, 1.5),
    rotation: ROTATION,
    redisBenchmark: 'redis-benchmark',
    commit: commitOf(root),
    print,
  };
}

function positive(text: string, name: string): number {
  const number = Number(text);
  if (!(number > 0)) throw new Error(`${name} wants a number above 0, not '${text}'`);
  return number;
}

export async function run(args: readonly string[] = []): Promise<void> {
  const print = (line: string): void => void process.stdout.write(`${line}\n`);
  if (args.includes('--help')) {
    process.stdout.write(USAGE);
    return;
  }
  const root = projectRoot();
  const folder = join(root, 'bench/results');
  const page = join(root, 'docs/benchmarks.md');
  const writePage = (results: Results, file: string): void => {
    const before = existsSync(page) ? readFileSync(page, 'utf8') : undefined;
    writeFileSync(page, insertWire(before, renderWire(results, file)));
  };

  const report = args.indexOf('--report');
  if (report >= 0) {
    const file = args[report + 1]?.split('/').at(-1) ?? '';
    writePage(JSON.parse(readFileSync(join(folder, file), 'utf8')), file);
    return;
  }

  // Ends the servers too: they are killed on exit, which a signal alone would skip.
  const interrupt = (): void => process.exit(130);
  process.once('SIGINT', interrupt).once('SIGTERM', interrupt);
  const results = await measure(planOf(args, root, print)).finally(() => {
    process.off('SIGINT', interrupt).off('SIGTERM', interrupt);
  });
  const isPublished = args.includes('--publish');
  print(`\n${othersLine(results)}`);
  const target = isPublished ? folder : join(folder, 'tmp');
  const file = resultsName(results);
  mkdirSync(target, { recursive: true });
  writeFileSync(join(target, file), `${JSON.stringify(results, null, 1)}\n`);
  if (isPublished) writePage(results, file);
  print(`every measurement: bench/results/${isPublished ? '' : 'tmp/'}${file}`);
}

if (process.argv[1] !== undefined && resolve(process.argv[1]) === fileURLToPath(import.meta.url)) {
  await run(process.argv.slice(2)).catch((error: Error) => {
    process.stderr.write(`${error.message}\n`);
    process.exitCode = 1;
  });
}
