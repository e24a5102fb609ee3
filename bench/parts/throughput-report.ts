/** Throughput as text: lines for a terminal, tables and charts for docs/benchmarks.md. */

import { type Bar, barChart, type Plot } from '../support/plot.ts';
import type { CaseResult, Results, Series } from '../support/results.ts';
import { geometricMean, pairedRatios, type Spread, spreadOf } from '../support/statistics.ts';
import { figures, spreadText, thousands } from '../support/text.ts';
import type { ThroughputGroup } from './throughput-cases.ts';

/** One measurement. */
export interface Speed {
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

export interface ThroughputCase extends Omit<CaseResult<Speed>, 'group'> {
  /** Of older results it follows from the rest. */
  readonly group?: ThroughputGroup;
  readonly unit: 'requests' | 'rotations' | 'transactions' | 'messages';
  readonly args: readonly string[];
  readonly isDefault?: boolean;
}

export const METHOD = `\
* Servers take turns (A B A B …), a few seconds at most for each measurement. A cell is the median
  of the rounds, with the least and the greatest in parentheses.
* The ratio is to the first server of the table, round by round: what slows the machine for a
  while slows both halves of a round. Its median and extremes are those of the ratios, so it
  is not exactly the quotient of two medians.
* Every server runs with the configuration printed below, on a port of its own on the loopback
  interface, and is warmed up with the load it is about to be measured with, until that does not
  make it faster any more.
* Load generator and server share the machine. Where it has two cores, each has one, and a
  server that uses more than one thread is held back by that.
* Server CPU is the process's user and system time over the measurement, divided by requests.
  It says what a request costs even where the load generator was the limit. It counts all
  threads (for Node, also those of its garbage collector and compiler).
* What other processes used meanwhile is measured too: all of the processor time less that of
  the server and the load generator.
* Keys are drawn from 100,000, or from 10,000 where values have 16,384 bytes. A measurement is
  shorter where its requests would leave more than 256 MiB behind.`;

/** Cores. An idle machine shows a tenth or less: interrupts, and what ticks round away. */
const BUSY = 0.25;

interface Group {
  readonly name: ThroughputGroup;
  readonly title: string;
  readonly text: string;
}

const GROUPS: readonly Group[] = [
  {
    name: 'strings',
    title: 'redis-benchmark',
    text: '`-P` is the number of requests a connection sends before it waits; without it, 1.',
  },
  {
    name: 'defaults',
    title: "redis-benchmark's default tests",
    text: `\
All tests that redis-benchmark runs when it is not told which. Before each measurement the server is
emptied, and where a test takes elements from a collection, one with as many elements as there will
be requests is made. (redis-benchmark by itself goes on with what the tests before have left, which
may be nothing.)`,
  },
  {
    name: 'pipelines',
    title: 'Other depths of pipelines',
    text: 'The same tests. `-P` is the number of requests a connection sends before it waits.',
  },
  { name: 'resp3', title: 'RESP3', text: 'The same tests after `HELLO 3`.' },
  {
    name: 'sizes',
    title: 'Other sizes',
    text: 'The tests whose requests or replies have a value.',
  },
  { name: 'connections', title: 'Other numbers of connections', text: 'The same tests.' },
  {
    name: 'others',
    title: 'Commands that redis-benchmark has no test of',
    text: `\
* *EVALSHA*: a script of one \`INCRBY\`. *EXPIRE*: of keys that are there. *HGETALL_10*: hashes of ten
  fields. *ZADD_1M*: new scores in a set of a million members. *XREAD_10*: ten entries of a thousand.
* *MULTI_10*: \`MULTI\`, ten \`INCR\`, \`EXEC\` in one write over 50 connections, by a generator of ours.
* *PUBLISH_100*: messages from ten connections, each received by 100 others before it counts.`,
  },
  {
    name: 'sessions',
    title: 'Session rotation',
    text: `\
What a web server does at every save of a session: store the record under a fresh id, leave
the old one 10 seconds, and bring the index of the user's sessions up to date. 1,000 users,
512-byte values, 43-byte ids, one audience; 20 connections, each with users of its own, each
waiting for one rotation before it begins the next.

* *stock*: as the Redis storage of lua-resty-session 4.1.5 does it: \`TTL\` of the old record,
  then one pipeline of \`SET\`, \`EXPIRE\`, \`ZREMRANGEBYSCORE\`, \`ZADD\`, \`ZREM\`, \`EXPIRE\`. Two
  round trips, seven commands.
* *SESSION.SET*: one command, one round trip, and all of it or nothing.

After every measurement all users' sessions and indexes are read back and compared with what
that many rotations must leave behind.`,
  },
];

function groupOf({ group, unit, isDefault }: ThroughputCase): ThroughputGroup {
  if (group !== undefined) return group;
  return unit === 'rotations' ? 'sessions' : isDefault ? 'defaults' : 'strings';
}

function speeds({ samples }: Series<Speed>): number[] {
  return samples.map(({ perSecond }) => perSecond);
}

function cpuText({ samples }: Series<Speed>): string {
  const micros = samples.map(({ cpuMicros }) => cpuMicros).filter((cpu) => cpu !== null);
  return micros.length === 0 ? '–' : figures(spreadOf(micros).median);
}

function labelOf({ server, variant }: Series<Speed>): string {
  return variant === '' ? server : `${server}, ${variant}`;
}

/** One case as a few lines. */
export function caseLines({ name, unit, series }: ThroughputCase): string[] {
  const base = speeds(series[0]);
  const head = `${name.padEnd(34)}${`k ${unit}/s`.padEnd(24)}${'ratio'.padEnd(22)}CPU µs each`;
  const rows = series.map((side, i) => {
    const speed = spreadText(spreadOf(speeds(side)), thousands);
    const ratio = i === 0 ? '1' : spreadText(pairedRatios(speeds(side), base), figures);
    return `  ${labelOf(side).padEnd(32)}${speed.padEnd(24)}${ratio.padEnd(22)}${cpuText(side)}`;
  });
  return [head, ...rows];
}

/** What else the machine did, for every measurement that could tell. */
export function othersLine(cases: readonly ThroughputCase[]): string {
  const loads = cases
    .flatMap(({ series }) => series.flatMap(({ samples }) => samples))
    .map(({ othersLoad }) => othersLoad)
    .filter((load) => load !== null);
  if (loads.length === 0) return 'What else the machine was doing could not be seen.';
  const { median, max } = spreadOf(loads);
  const advice = median > BUSY ? ' That is too much to compare anything: measure again.' : '';
  return (
    `Neither server nor load generator: ${median.toFixed(2)} cores in the middle measurement, ` +
    `${max.toFixed(2)} at worst.${advice}`
  );
}

function table(cases: readonly ThroughputCase[]): string[] {
  const rows = cases.flatMap(({ name, series }) => {
    const base = speeds(series[0]);
    return series.map((side, i) => {
      const cells = [
        i === 0 ? `**${name}**` : '',
        labelOf(side),
        spreadText(spreadOf(speeds(side)), thousands),
        i === 0 ? '1' : spreadText(pairedRatios(speeds(side), base), figures),
        cpuText(side),
      ];
      return `| ${cells.join(' | ')} |`;
    });
  });
  const units = [...new Set(cases.map(({ unit }) => unit))].join(' or ');
  return [
    `| test | server | thousand ${units} per second | ratio | server CPU, µs each |`,
    '|---|---|--:|--:|--:|',
    ...rows,
  ];
}

/** A case of one side beside the first server's. */
interface Comparison {
  readonly name: string;
  readonly ratio: Spread;
  /** Whether both were sent the same. */
  readonly isSame: boolean;
}

/** By server: how much faster it is than the first, case by case and variant by variant. */
export function comparisons(cases: readonly ThroughputCase[]): Map<string, Comparison[]> {
  const found = new Map<string, Comparison[]>();
  for (const { name, series } of cases) {
    for (const side of series.slice(1)) {
      // The same server's two ways to say one thing are not two servers.
      if (side.server === series[0].server) continue;
      const list = found.get(side.server) ?? [];
      const ratio = pairedRatios(speeds(side), speeds(series[0]));
      const isSame = side.variant === series[0].variant;
      list.push({ name: isSame ? name : `${name}, ${side.variant}`, ratio, isSame });
      found.set(side.server, list);
    }
  }
  return found;
}

/** Geometric mean of the ratios, and where they are below one. */
export function summary({
  cases,
  servers,
}: Pick<Results<ThroughputCase>, 'cases' | 'servers'>): string[] {
  const lines: string[] = [];
  for (const [server, all] of comparisons(cases)) {
    // What is sent otherwise is another question.
    const list = all.filter(({ isSame }) => isSame);
    if (list.length === 0) continue;
    const below = list.filter(({ ratio }) => ratio.median < 1);
    const mean = geometricMean(list.map(({ ratio }) => ratio.median));
    lines.push(
      `* **${server}** beside ${servers[0]?.name}: ${figures(mean)} in the geometric mean of ` +
        `${list.length} cases; below 1 in ${below.length}${below.length === 0 ? '.' : ':'}`,
    );
    const slowest = below.sort((a, b) => a.ratio.median - b.ratio.median);
    for (const { name, ratio } of slowest) {
      lines.push(`  * ${name}: ${spreadText(ratio, figures)}`);
    }
  }
  return lines;
}

export function tables(results: Results<ThroughputCase>): string[] {
  const lines = [othersLine(results.cases), '', ...summary(results)];
  for (const { name, title, text } of GROUPS) {
    const cases = results.cases.filter((item) => groupOf(item) === name);
    if (cases.length === 0) continue;
    const requests = cases.filter(({ args }) => args.length > 0);
    lines.push('', `### ${title}`, '');
    if (requests.length > 0) {
      lines.push(`${results.redisBenchmark}; ${benchmarkText(requests)}`, '');
    }
    lines.push(...text.split('\n'), '', ...table(cases));
  }
  return lines;
}

/** The arguments the cases have in common. */
function benchmarkText(cases: readonly ThroughputCase[]): string {
  const pairs = cases.map(({ args }) =>
    args.flatMap((arg, i) => (/^-[a-z]$/i.test(arg) ? [`${arg} ${args[i + 1] ?? ''}`.trim()] : [])),
  );
  const common = pairs[0].filter(
    (pair) => !pair.startsWith('-t') && pairs.every((other) => other.includes(pair)),
  );
  return `arguments: \`${common.join(' ')}\`.`;
}

/** A chart of ratios for each server and group of cases. */
export function plots({ cases, servers }: Results<ThroughputCase>): Plot[] {
  return GROUPS.flatMap(({ name, title }) => {
    const own = comparisons(cases.filter((item) => groupOf(item) === name));
    return [...own].map(([server, list]): Plot => {
      const bars = list.map(
        ({ name, ratio }): Bar => ({
          label: name,
          value: ratio.median,
          min: ratio.min,
          max: ratio.max,
        }),
      );
      const whole = `${title}: ${server}`;
      const unit = `throughput beside ${servers[0]?.name ?? 'the first'}, which is 1`;
      return { name: `${server}-${name}`, title: whole, svg: barChart(whole, bars, unit) };
    });
  });
}
