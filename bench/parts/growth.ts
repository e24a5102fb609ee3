/** Growth: how fast a server is with a thousand keys, and with ten million. */

import type { Address } from '../../test/support/resp-client.ts';
import { CpuMeter } from '../support/cpu.ts';
import { sendAll, withLinks } from '../support/link.ts';
import { fillingOfMix, mixOf } from '../support/mix.ts';
import { OpenLoop } from '../support/open-loop.ts';
import type { Part } from '../support/part.ts';
import { lineChart, type Plot } from '../support/plot.ts';
import { benchmarkArgs, parseCsv, runProgram } from '../support/redis-benchmark.ts';
import type { CaseResult, Results, Sample, Series } from '../support/results.ts';
import type { Subject } from '../support/servers.ts';
import { type Setup, scaled } from '../support/setup.ts';
import type { Stage } from '../support/stage.ts';
import { countFor, pairedRatios, spreadOf } from '../support/statistics.ts';
import { figures, markdownTable, short, spreadText, thousands } from '../support/text.ts';
import { warmUp } from '../support/warm-up.ts';

const VALUE_SIZE = 64;
/** Bytes of memory for each key, with as much again to spare. */
const ROOM = 400;
/** Modest: latency here is to show what a larger table costs, not what a queue does. */
const RATE = 20_000;
const QUICK_RATE = 2000;
const LINKS = 8;

const TESTS = ['get', 'set'] as const;
type Test = (typeof TESTS)[number];

const METHOD = `\
* Servers are filled to so many keys, with values of ${VALUE_SIZE} bytes, and take turns. Throughput: \`GET\` and
  \`SET\` of redis-benchmark, of keys drawn from all of them, \`-P 16 -c 50\`, warmed up as in the chapter
  on throughput. Latency: the open loop of the chapter on latency at ${RATE.toLocaleString('en')} requests per second, 80 % \`GET\`, in microseconds.
* *Fill* is how many keys per second the one connection that filled it brought in, once; it is
  nearly always as fast as the generator.`;

export const growth: Part = {
  name: 'growth',
  title: 'Growth',
  method: METHOD,
  cases: (setup) => sizesOf(setup).map(({ name }) => name),
  measure,
  tables,
  plots,
};

interface Size {
  readonly name: string;
  readonly keyCount: number;
}

function sizesOf(setup: Setup): Size[] {
  const powers = setup.scope === 'short' ? [3, 5, 6] : [3, 4, 5, 6, 7];
  return powers
    .map((power) => ({ name: `${short(10 ** power)} keys`, keyCount: scaled(10 ** power, setup) }))
    .filter(({ name }) => setup.wanted(`growth/${name}`));
}

async function measure(stage: Stage, finished: (result: CaseResult) => void): Promise<void> {
  const { setup } = stage;
  const sizes = sizesOf(setup);
  await stage.askBenchmark();
  for (const { name, keyCount } of sizes) {
    await stage.attempt(name, async () => {
      const room = Math.max(512, Math.ceil((keyCount * ROOM) / 2 ** 20));
      const series = await stage.withAll(['--maxmemory', `${room}mb`], (subjects) =>
        measureSize(setup, subjects, keyCount),
      );
      const result = { name, group: 'growth', given: { keyCount }, series };
      setup.print('');
      for (const line of markdownTable(HEAD, rowsOf(result), 2)) setup.print(line);
      finished(result);
    });
  }
}

async function measureSize(
  setup: Setup,
  subjects: readonly Subject[],
  keyCount: number,
): Promise<Series[]> {
  const fills: number[] = [];
  for (const { address } of subjects) {
    const begin = performance.now();
    await sendAll(address, fillingOfMix(keyCount, VALUE_SIZE));
    fills.push(keyCount / ((performance.now() - begin) / 1000));
  }
  const samples: Sample[][] = subjects.map(() => []);
  const counts: Record<Test, number>[] = [];
  for (const [i, subject] of subjects.entries()) {
    counts.push({ get: 0, set: 0 });
    for (const test of TESTS) {
      const take = async (count: number) =>
        (await bench(setup, subject, test, count, keyCount)).perSecond;
      counts[i][test] = countFor(await warmUp(take, setup.warmUpSeconds, 5000), setup.seconds);
    }
    await wait(setup, subject.address, keyCount, 0);
  }
  for (let round = 1; round <= setup.rounds; round++) {
    for (const [i, subject] of subjects.entries()) {
      const values: Record<string, number | null> = { fill: fills[i] };
      for (const test of TESTS) {
        const speed = await bench(setup, subject, test, counts[i][test], keyCount);
        values[test] = speed.perSecond;
        values[`${test} cpuMicros`] = speed.cpuMicros;
      }
      Object.assign(values, await wait(setup, subject.address, keyCount, round));
      samples[i].push({ round, values, raw: '' });
    }
  }
  return subjects.map(({ candidate }, i) => ({
    ...{ server: candidate.name, variant: '', samples: samples[i] },
  }));
}

async function bench(
  setup: Setup,
  { address, pid }: Subject,
  test: Test,
  count: number,
  keyCount: number,
) {
  const shape = ['-r', keyCount, '-P', 16, '-c', 50, '-d', VALUE_SIZE].map(String);
  const args = benchmarkArgs(address.port, count, ['-t', test, ...shape]);
  const meter = new CpuMeter(pid);
  const output = await runProgram(setup.redisBenchmark, args, 60_000 + setup.seconds * 20_000);
  return { perSecond: parseCsv(output)[0].perSecond, ...meter.read(count) };
}

async function wait(
  setup: Setup,
  address: Address,
  keyCount: number,
  round: number,
): Promise<Record<string, number>> {
  const mix = mixOf({ keyCount, valueSize: VALUE_SIZE, writes: 0.2, seed: round });
  const rate = setup.rate ?? (setup.scope === 'quick' ? QUICK_RATE : RATE);
  return await withLinks(address, LINKS, async (links) => {
    const loop = new OpenLoop(links, { rate, ...mix });
    loop.start();
    const pause = (seconds: number): Promise<void> =>
      new Promise((resolve) => setTimeout(resolve, seconds * 1000));
    await pause(setup.seconds / 5);
    loop.countFromNow();
    await pause(setup.seconds * 2);
    return { ...(await loop.stop()).values };
  });
}

const LATENCIES = ['p50', 'p99', 'p99.9'];
const HEAD = [
  ...['keys', 'server', 'thousand GET per second', 'ratio', 'thousand SET per second', 'ratio'],
  ...[...LATENCIES, 'fill, thousand per second'],
];

function valuesOf({ samples }: Series, name: string): number[] {
  return samples.map(({ values }) => values[name]).filter((value) => typeof value === 'number');
}

function rowsOf({ name, series }: CaseResult): string[][] {
  const cell = (side: Series, column: string, text: (value: number) => string): string =>
    spreadText(spreadOf(valuesOf(side, column)), text);
  const ratio = (side: Series, column: string): string =>
    side === series[0]
      ? '1'
      : spreadText(pairedRatios(valuesOf(side, column), valuesOf(series[0], column)), figures);
  return series.map((side, i) => [
    ...[i === 0 ? `**${name}**` : '', side.server],
    ...TESTS.flatMap((test) => [cell(side, test, thousands), ratio(side, test)]),
    ...LATENCIES.map((column) => cell(side, column, figures)),
    thousands(spreadOf(valuesOf(side, 'fill')).median),
  ]);
}

function tables({ cases }: Results): string[] {
  return markdownTable(HEAD, cases.flatMap(rowsOf), 2);
}

/** Throughput and latency over the number of keys, a line for each server. */
function plots({ cases }: Results): Plot[] {
  const names = [...new Set(cases.flatMap(({ series }) => series.map(({ server }) => server)))];
  const chart = (name: string, title: string, unit: string, isLogarithmic: boolean): Plot => {
    const lines = names.map((server) => ({
      label: server,
      points: cases.flatMap(({ given, series }) => {
        const side = series.find((one) => one.server === server);
        if (side === undefined) return [];
        return [[given?.keyCount ?? 0, spreadOf(valuesOf(side, name)).median] as const];
      }),
    }));
    const x = { label: 'keys', isLogarithmic: true };
    return { name, title, svg: lineChart(title, lines, x, { label: unit, isLogarithmic }) };
  };
  if (cases.length === 0) return [];
  return [
    chart('get', 'GET -P 16 by the number of keys', 'requests per second', false),
    chart('set', 'SET -P 16 by the number of keys', 'requests per second', false),
    chart('p99.9', 'p99.9 by the number of keys', 'microseconds', true),
  ];
}
