/**
 * Latency at a rate that is offered, not found: what waits while something is in the way.
 *
 * The rate is half of what the first server can do, found before anything else. Every server gets
 * that rate.
 */

import type { Address } from '../../test/support/resp-client.ts';
import { CpuMeter } from '../support/cpu.ts';
import { sendAll, withLinks } from '../support/link.ts';
import { fillingOfMix, mixOf } from '../support/mix.ts';
import { OpenLoop, PERCENTILES } from '../support/open-loop.ts';
import type { Part } from '../support/part.ts';
import { lineChart, type Plot } from '../support/plot.ts';
import { benchmarkArgs, parseCsv, runProgram } from '../support/redis-benchmark.ts';
import { flush } from '../support/requests.ts';
import type { CaseResult, Results, Sample, Series } from '../support/results.ts';
import type { Subject } from '../support/servers.ts';
import { type Setup, scaled } from '../support/setup.ts';
import type { Stage } from '../support/stage.ts';
import { countFor, spreadOf } from '../support/statistics.ts';
import { figures, markdownTable, spreadText } from '../support/text.ts';
import { type LatencyCase, latencyCases, VALUE_SIZE } from './latency-cases.ts';

const METHOD = `\
* An open loop of ours sends requests at a fixed rate over 8 sockets, when they are due, whether or
  not earlier ones are answered, and counts latency from when they were due: who comes during a
  pause waits for its end, and is counted. (No coordinated omission.)
* The rate is half of what the first server answers to redis-benchmark's \`GET\` over 50 connections
  without pipelining, found before anything else with a million keys. Every server gets that rate.
* Requests: 80 % \`GET\`, 20 % \`SET\`, of keys drawn uniformly, with values of ${VALUE_SIZE} bytes. Where keys are
  evicted, half are \`SET\`, of four times as many keys as there is room for.
* Servers take turns. A cell is the median of the rounds in microseconds, with the least and the
  greatest in parentheses; *max* is the longest wait of a round.
* An event is set off a fifth of the time into a measurement; what is due from then on counts, until
  the event is over, and at least for as long as measurements last. Before each the server is emptied
  and filled again. \`BGSAVE\`, \`FLUSHALL ASYNC\`: with a million keys; a gibibyte are 6.5 million.
  Expiry: of a million keys more, all at one moment; setting their deadlines is part of the load.
  \`DEL\`, \`UNLINK\`: of a set of 5 million members.
* *generator late* is the 99th percentile of how late requests were sent. It is part of the latency:
  what is not well above it was not the server. The generator spins on a processor of its own where
  it has one; where it has not, these figures say little.`;

const LINKS = 8;
/** A smoke run is no load for the machine it runs on. */
const QUICK_RATE = 5000;
/** Measurements last so many times as long as those of throughput: p99.99 wants many requests. */
const LONGER = 5;

export const latency: Part = {
  name: 'latency',
  title: 'Latency',
  method: METHOD,
  cases: (setup) => casesOf(setup).map(({ name }) => name),
  measure,
  tables,
  plots,
};

function casesOf(setup: Setup): LatencyCase[] {
  return latencyCases(setup).filter(({ name }) => setup.wanted(`latency/${name}`));
}

async function measure(stage: Stage, finished: (result: CaseResult) => void): Promise<void> {
  const { setup } = stage;
  const rate = setup.rate ?? (await findRate(stage));
  for (const item of casesOf(setup)) {
    await stage.attempt(item.name, async () => {
      setup.print(`\n${item.name}, ${Math.round(rate)} requests per second`);
      const series = await stage.withAll(item.args, (subjects) =>
        measureCase(setup, subjects, item, rate),
      );
      const result = { name: item.name, group: item.group, given: { rate }, series };
      const rows = rowsOf(result).map((row) => row.slice(1));
      for (const line of markdownTable(HEAD.slice(1), rows)) setup.print(line);
      finished(result);
    });
  }
}

/** Half of what redis-benchmark gets out of the first server without pipelining. */
async function findRate(stage: Stage): Promise<number> {
  const { setup } = stage;
  const keyCount = scaled(1_000_000, setup);
  await stage.askBenchmark();
  const most = await stage.withOne(setup.candidates[0], [], async ({ address, candidate }) => {
    await sendAll(address, fillingOfMix(keyCount, VALUE_SIZE));
    const speeds: number[] = [];
    let count = 1000;
    for (let round = 0; round <= setup.rounds; round++) {
      const own = ['-t', 'get', '-r', String(keyCount), '-c', '50', '-d', String(VALUE_SIZE)];
      const args = benchmarkArgs(address.port, count, own);
      const [{ perSecond }] = parseCsv(await runProgram(setup.redisBenchmark, args, 60_000));
      // The first only says how many keep it busy.
      if (round > 0) speeds.push(perSecond);
      count = countFor(perSecond, setup.seconds);
    }
    const { median } = spreadOf(speeds);
    setup.print(`${candidate.name} answers at most ${figures(median)} GET per second`);
    return median;
  });
  return setup.scope === 'quick' ? Math.min(QUICK_RATE, most / 2) : most / 2;
}

async function measureCase(
  setup: Setup,
  subjects: readonly Subject[],
  item: LatencyCase,
  rate: number,
): Promise<Series[]> {
  const isEvent = item.event !== undefined;
  if (!isEvent) for (const { address } of subjects) await fill(address, item);
  const series = subjects.map(({ candidate }) => ({
    ...{ server: candidate.name, variant: '' },
    samples: [] as Sample[],
  }));
  // Round 0 warms up and does not count.
  for (let round = 0; round <= setup.rounds; round++) {
    for (const [i, subject] of subjects.entries()) {
      if (round === 0 && isEvent) continue;
      if (isEvent) await fill(subject.address, item);
      const sample = await take(setup, subject, item, rate, round);
      if (round > 0) series[i].samples.push(sample);
      // A full one would slow down the machine for the others.
      if (isEvent) await flush(subject.address);
    }
  }
  return series;
}

async function fill(address: Address, item: LatencyCase): Promise<void> {
  await flush(address);
  await sendAll(address, fillingOfMix(item.keyCount, VALUE_SIZE));
  await item.prepare?.(address);
}

async function take(
  setup: Setup,
  { address, pid }: Subject,
  item: LatencyCase,
  rate: number,
  round: number,
): Promise<Sample> {
  const { keyCount, spread = 1, writes } = item;
  const mix = mixOf({
    keyCount: keyCount * spread,
    valueSize: VALUE_SIZE,
    writes,
    seed: round + 1,
  });
  const seconds = setup.seconds * LONGER;
  return await withLinks(address, LINKS, async (links): Promise<Sample> => {
    const loop = new OpenLoop(links, { rate, ...mix });
    loop.start();
    await rest(seconds / 5);
    loop.countFromNow();
    const meter = new CpuMeter(pid);
    const begin = performance.now();
    try {
      await item.event?.(address);
      const took = (performance.now() - begin) / 1000;
      await rest(seconds - took);
      const { values, requests } = await loop.stop();
      const { cpuMicros, othersLoad } = meter.read(requests);
      const raw = item.event === undefined ? '' : `over after ${took.toFixed(3)} s`;
      return { round, values: { ...values, requests, cpuMicros, othersLoad }, raw };
    } catch (error) {
      return { round, values: {}, raw: String(error) };
    }
  });
}

function rest(seconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, Math.max(0, seconds * 1000)));
}

const COLUMNS = [...PERCENTILES.map(([name]) => name), 'late p99', 'cpuMicros'];
const HEAD = [
  'case',
  'server',
  ...PERCENTILES.map(([name]) => name),
  'generator late',
  'CPU, µs each',
];

function rowsOf({ name, series }: CaseResult): string[][] {
  return series.map(({ server, samples }, i) => [
    i === 0 ? `**${name}**` : '',
    server,
    ...COLUMNS.map((column) => cellOf(samples, column)),
  ]);
}

function valuesOf(samples: readonly Sample[], name: string): number[] {
  return samples.map(({ values }) => values[name]).filter((value) => typeof value === 'number');
}

function cellOf(samples: readonly Sample[], column: string): string {
  const values = valuesOf(samples, column);
  if (values.length > 0) return spreadText(spreadOf(values), figures);
  return column === 'p50' ? (samples[0]?.raw ?? '–') : '–';
}

function tables({ cases }: Results): string[] {
  const groups = [
    ['keys', 'Beside nothing else, by the number of keys'],
    ['events', 'While something is in the way'],
  ] as const;
  return groups.flatMap(([group, title]) => {
    const own = cases.filter((item) => item.group === group);
    if (own.length === 0) return [];
    const rate = Math.round(own[0].given?.rate ?? 0).toLocaleString('en');
    return [
      ...['', `### ${title}`, '', `Offered: ${rate} requests per second. Microseconds.`, ''],
      ...markdownTable(HEAD, own.flatMap(rowsOf), 2),
    ];
  });
}

/** A chart for each case: how long the slowest in so many requests waits at least. */
function plots({ cases }: Results): Plot[] {
  return cases.map(({ name, series }) => {
    const lines = series.map(({ server, samples }) => ({
      label: server,
      points: PERCENTILES.flatMap(([column, percent]) => {
        const values = valuesOf(samples, column);
        if (percent === 100 || values.length === 0) return [];
        return [[100 / (100 - percent), spreadOf(values).median] as const];
      }),
    }));
    const x = { label: 'one request in so many waits longer', isLogarithmic: true };
    const y = { label: 'microseconds', isLogarithmic: true };
    const title = `Latency: ${name}`;
    const file = name.toLowerCase().replaceAll(' ', '-');
    return { name: file, title, svg: lineChart(title, lines, x, y) };
  });
}
