/**
 * Throughput: redis-benchmark's requests, and work that it has no words for.
 *
 *   round 1   redis ▇▇▇▇▇▇  zonis ▇▇▇▇▇▇        one measurement each, a second or two
 *   round 2   redis ▇▇▇▇▇▇  zonis ▇▇▇▇▇▇        …
 *
 * A shared machine is faster at one minute than at the next, so servers are never measured one
 * after the other: they take turns, and every ratio is formed within a round.
 */

import { createHash } from 'node:crypto';
import type { Address } from '../../test/support/resp-client.ts';
import { RespClient } from '../../test/support/resp-client.ts';
import { CpuMeter } from '../support/cpu.ts';
import { sendAll } from '../support/link.ts';
import type { Part } from '../support/part.ts';
import { benchmarkArgs, parseCsv, runProgram } from '../support/redis-benchmark.ts';
import { flush } from '../support/requests.ts';
import type { Series } from '../support/results.ts';
import { logIn, ROTATION, type RotationOptions, rotate, verify } from '../support/rotation.ts';
import type { Subject } from '../support/servers.ts';
import type { Setup } from '../support/setup.ts';
import type { Stage } from '../support/stage.ts';
import { countFor } from '../support/statistics.ts';
import { warmUp } from '../support/warm-up.ts';
import {
  type BenchmarkCase,
  benchmarkCases,
  fillingOf,
  fillingOfKeys,
} from './throughput-cases.ts';
import { OWN_LOADS, type OwnLoad } from './throughput-loads.ts';
import {
  caseLines,
  METHOD,
  othersLine,
  plots,
  type Speed,
  summary,
  type ThroughputCase,
  tables,
} from './throughput-report.ts';

export const throughput: Part<ThroughputCase> = {
  name: 'throughput',
  title: 'Throughput',
  method: METHOD,
  cases: (setup) => [
    ...casesOf(setup).map(({ name }) => name),
    ...loadsOf(setup).map(({ name }) => name),
    ...(wanted(setup, 'rotation') ? ['rotation'] : []),
  ],
  measure,
  tables,
  plots,
};

function wanted(setup: Setup, name: string): boolean {
  return setup.wanted(`throughput/${name}`);
}

function casesOf(setup: Setup): BenchmarkCase[] {
  const hash = (script: string): string => createHash('sha1').update(script).digest('hex');
  const { scope, isCross, scale } = setup;
  const all = benchmarkCases({ isFull: scope === 'full', isCross, scale, hash });
  return all.filter(({ name }) => wanted(setup, name));
}

function loadsOf(setup: Setup): OwnLoad[] {
  return OWN_LOADS.filter(({ name }) => wanted(setup, name));
}

async function measure(stage: Stage, tell: (result: ThroughputCase) => void): Promise<void> {
  const { setup } = stage;
  const cases: ThroughputCase[] = [];
  const finished = (result: ThroughputCase): void => {
    cases.push(result);
    tell(result);
    setup.print('');
    for (const line of caseLines(result)) setup.print(line);
  };
  const items = casesOf(setup);
  if (items.length > 0) await stage.askBenchmark();
  // Who fails may have taken a server along: the cases behind it get fresh ones.
  for (let next = 0; next < items.length; ) {
    await stage.withAll([], async (subjects) => {
      next = await measureItems(stage, subjects, items, next, finished);
    });
  }
  // In fresh processes: what a server's compiler learned from GET and SET is not measured here.
  for (const load of loadsOf(setup)) {
    await stage.attempt(load.name, () =>
      stage.withAll([], async (subjects) => finished(await measureLoad(setup, subjects, load))),
    );
  }
  if (wanted(setup, 'rotation')) {
    await stage.attempt('rotation', () =>
      stage.withAll([], async (subjects) => finished(await measureRotation(setup, subjects))),
    );
  }
  if (cases.length === 0) return;
  setup.print('');
  for (const line of [othersLine(cases), ...summary({ cases, ...stage.facts() })]) {
    setup.print(line);
  }
}

/** Measures cases until one fails; answers which is next. */
async function measureItems(
  stage: Stage,
  subjects: readonly Subject[],
  items: readonly BenchmarkCase[],
  first: number,
  finished: (result: ThroughputCase) => void,
): Promise<number> {
  let filled = '';
  for (let i = first; i < items.length; i++) {
    const item = items[i];
    const isFine = await stage.attempt(item.name, async () => {
      const lacking = await whoLacks(subjects, item);
      if (lacking !== undefined) return stage.skip(item.name, `${lacking} does not have it`);
      const isFilled = item.before === 'filled';
      const filling = isFilled ? `${item.keyCount} of ${item.valueSize}` : '';
      // What is filled stays for the case that wants the same.
      if (!isFilled || filling !== filled) {
        for (const { address } of subjects) await prepare(address, item);
      }
      filled = filling;
      finished(await measureBenchmark(stage.setup, subjects, item));
    });
    if (!isFine) return i + 1;
  }
  return items.length;
}

/** What lasts for all measurements of a case. */
async function prepare(address: Address, item: BenchmarkCase): Promise<void> {
  const { before } = item;
  await flush(address);
  if (before === 'filled') await sendAll(address, fillingOfKeys(item));
  else if (typeof before === 'function') await sendAll(address, before());
}

/** One side of a case: measures so many requests and says how fast that was. */
interface Side {
  readonly server: string;
  readonly variant: string;
  readonly take: (requests: number, round: number) => Promise<Speed>;
}

/** Warms every side up, then lets them take turns. */
async function alternate(
  { rounds, seconds, warmUpSeconds }: Setup,
  sides: readonly Side[],
  first = 5000,
): Promise<Series<Speed>[]> {
  const counts: number[] = [];
  for (const side of sides) {
    const take = async (requests: number) => (await side.take(requests, 0)).perSecond;
    counts.push(countFor(await warmUp(take, warmUpSeconds, first), seconds));
  }
  const samples: Speed[][] = sides.map(() => []);
  for (let round = 1; round <= rounds; round++) {
    for (let i = 0; i < sides.length; i++) {
      samples[i].push(await sides[i].take(counts[i], round));
    }
  }
  return sides.map(({ server, variant }, i) => ({ server, variant, samples: samples[i] }));
}

async function measureBenchmark(
  setup: Setup,
  subjects: readonly Subject[],
  item: BenchmarkCase,
): Promise<ThroughputCase> {
  const sides = subjects.map(({ address, candidate, pid }): Side => {
    const take = async (count: number, round: number): Promise<Speed> => {
      const requests = Math.min(count, item.requestsMax);
      const { before } = item;
      if (typeof before === 'string' && before !== 'filled') {
        await flush(address);
        if (before !== 'empty') {
          await sendAll(address, fillingOf(before, item.elements ?? requests, item.valueSize));
        }
      }
      const args = benchmarkArgs(address.port, requests, item.args);
      const meter = new CpuMeter(pid);
      const raw = await runProgram(setup.redisBenchmark, args, 60_000 + setup.seconds * 20_000);
      const cpu = meter.read(requests);
      // Some tests load their data first, and print that too.
      const { perSecond } = parseCsv(raw).at(-1)!;
      return { round, perSecond, ...cpu, requests, raw };
    };
    return { server: candidate.name, variant: '', take };
  });
  const series = await alternate(setup, sides);
  return { name: item.name, group: item.group, unit: 'requests', args: item.args, series };
}

async function measureLoad(
  setup: Setup,
  subjects: readonly Subject[],
  { name, unit, first, run }: OwnLoad,
): Promise<ThroughputCase> {
  const sides = subjects.map(({ address, candidate, pid }): Side => {
    const take = async (count: number, round: number): Promise<Speed> => {
      await flush(address);
      const meter = new CpuMeter(pid);
      const { done, seconds, raw } = await run(address, count);
      return { round, perSecond: done / seconds, ...meter.read(done), requests: done, raw };
    };
    return { server: candidate.name, variant: '', take };
  });
  const series = await alternate(setup, sides, first);
  return { name, group: 'others', unit, args: [], series };
}

async function measureRotation(
  setup: Setup,
  subjects: readonly Subject[],
): Promise<ThroughputCase> {
  const shape = setup.scope === 'quick' ? { ...ROTATION, users: 40 } : ROTATION;
  const side = ({ address, candidate, pid }: Subject, style: RotationOptions['style']): Side => {
    const options: RotationOptions = { ...shape, style };
    const take = async (count: number, round: number): Promise<Speed> => {
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
  const series = await alternate(setup, sides);
  for (const { server, variant, samples } of series) {
    setup.print(`${server}, ${variant}: ${samples.at(-1)?.raw}`);
  }
  return { name: 'rotation', group: 'sessions', unit: 'rotations', args: [], series };
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
