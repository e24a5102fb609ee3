/** Results as text: lines for a terminal, a chapter for docs/benchmarks.md. */

import type { CaseResult, Results, Series } from './results.ts';
import { pairedRatios, type Spread, spreadOf } from './statistics.ts';

const BEGIN = '<!-- wire: written by bench/wire.bench.ts from its results -->';
const END = '<!-- wire: end -->';

/** Cores. An idle machine shows a tenth or less: interrupts, and what ticks round away. */
const BUSY = 0.25;

/** 1234 as 1.23, 94321 as 94.3, 727000 as 727: three figures of thousands. */
export function thousands(value: number): string {
  return figures(value / 1000);
}

function figures(value: number): string {
  if (value >= 99.95) return value.toFixed(0);
  return value >= 9.995 ? value.toFixed(1) : value.toFixed(2);
}

function spreadText(spread: Spread, text: (value: number) => string): string {
  return `${text(spread.median)} (${text(spread.min)}–${text(spread.max)})`;
}

function speeds(series: Series): number[] {
  return series.samples.map(({ perSecond }) => perSecond);
}

function cpuText(series: Series): string {
  const micros = series.samples.map(({ cpuMicros }) => cpuMicros).filter((cpu) => cpu !== null);
  return micros.length === 0 ? '–' : figures(spreadOf(micros).median);
}

function labelOf({ server, variant }: Series): string {
  return variant === '' ? server : `${server}, ${variant}`;
}

/** One case as a few lines. */
export function caseLines({ name, unit, series }: CaseResult): string[] {
  const base = speeds(series[0]);
  const head = `${name.padEnd(34)}${`k ${unit}/s`.padEnd(24)}${'ratio'.padEnd(22)}CPU µs each`;
  const rows = series.map((side, i) => {
    const speed = spreadText(spreadOf(speeds(side)), thousands);
    const ratio = i === 0 ? '1' : spreadText(pairedRatios(speeds(side), base), figures);
    return `  ${labelOf(side).padEnd(32)}${speed.padEnd(24)}${ratio.padEnd(22)}${cpuText(side)}`;
  });
  return [head, ...rows];
}

/** Where it was measured and with what. */
export function methodLines(results: Results): string[] {
  const { machine, servers, redisBenchmark } = results;
  return [
    `${results.date}, ${machine.cores} × ${machine.cpu}, ${machine.memoryGiB} GiB, ` +
      `${machine.kernel}, load ${machine.load} before`,
    `node ${machine.node}, ${redisBenchmark}, ` +
      `${results.rounds} alternating rounds of about ${results.seconds} s each`,
    ...servers.map(({ name, version, command }) => `${name}: ${version}: ${command}`),
  ];
}

/** What else the machine did, for every measurement that could tell. */
export function othersLine({ cases }: Results): string {
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

function table(cases: readonly CaseResult[]): string[] {
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
  const unit = cases[0].unit;
  return [
    `| test | server | thousand ${unit} per second | ratio | server CPU, µs each |`,
    '|---|---|--:|--:|--:|',
    ...rows,
  ];
}

/** The chapter of docs/benchmarks.md that these results fill. */
export function renderWire(results: Results, file: string): string {
  const requests = results.cases.filter(({ unit, isDefault }) => unit === 'requests' && !isDefault);
  const defaults = results.cases.filter(({ isDefault }) => isDefault);
  const rotations = results.cases.filter(({ unit }) => unit === 'rotations');
  const { machine } = results;
  const lines = [
    BEGIN,
    '## Over the wire',
    '',
    '### Method',
    '',
    `* One run measures all servers. They take turns (A B A B …) for ${results.rounds} rounds of`,
    `  about ${results.seconds} seconds each. A cell is the median of the rounds, with the least`,
    '  and the greatest in parentheses.',
    '* The ratio is to the first server of the table, round by round: what slows the machine for a',
    '  while slows both halves of a round. Its median and extremes are those of the ratios, so it',
    '  is not exactly the quotient of two medians.',
    '* Every server runs with the configuration printed below, on a port of its own on the loopback',
    '  interface, and is warmed up with the load it is about to be measured with.',
    '* Load generator and server share the machine. Where it has two cores, each has one, and a',
    '  server that uses more than one thread is held back by that.',
    "* Server CPU is the process's user and system time over the measurement, divided by requests.",
    '  It says what a request costs even where the load generator was the limit. It counts all',
    '  threads (for Node, also those of its garbage collector and compiler).',
    '* What other processes used meanwhile is measured too: all of the processor time less that of',
    '  the server and the load generator.',
    '',
    `Machine: ${machine.cores} × ${machine.cpu}, ${machine.memoryGiB} GiB, ${machine.kernel}; ` +
      `load ${machine.load} before the run. Node ${machine.node}. ${results.date.slice(0, 10)}.`,
    othersLine(results),
    '',
    '| server | version | command |',
    '|---|---|---|',
    ...results.servers.map(
      ({ name, version, command }) => `| ${name} | ${version} | \`${command}\` |`,
    ),
    '',
    `Every single measurement is in [${file}](../bench/results/${file}). To repeat them:`,
    '',
    '```sh',
    'make bench ONLY=wire',
    '```',
  ];
  if (requests.length > 0) {
    lines.push(
      '',
      '### redis-benchmark',
      '',
      `${results.redisBenchmark}; ${benchmarkText(requests)} \`-P\` is the number of requests a`,
      'connection sends before it waits; without it, 1.',
      '',
      ...table(requests),
    );
  }
  if (defaults.length > 0) {
    const name = results.redisBenchmark;
    lines.push(
      '',
      "### redis-benchmark's default tests",
      '',
      `${name}; ${benchmarkText(defaults)} All tests that redis-benchmark runs when it is not told`,
      'which. Before each measurement the server is emptied, and where a test takes elements from a',
      'collection, one with as many elements as there will be requests is made. (redis-benchmark by',
      'itself goes on with what the tests before have left, which may be nothing.)',
      '',
      ...table(defaults),
    );
  }
  if (rotations.length > 0) {
    lines.push(
      '',
      '### Session rotation',
      '',
      'What a web server does at every save of a session: store the record under a fresh id, leave',
      "the old one 10 seconds, and bring the index of the user's sessions up to date. 1,000 users,",
      '512-byte values, 43-byte ids, one audience; 20 connections, each with users of its own, each',
      'waiting for one rotation before it begins the next.',
      '',
      '* *stock*: as the Redis storage of lua-resty-session 4.1.5 does it: `TTL` of the old record,',
      '  then one pipeline of `SET`, `EXPIRE`, `ZREMRANGEBYSCORE`, `ZADD`, `ZREM`, `EXPIRE`. Two',
      '  round trips, seven commands.',
      '* *SESSION.SET*: one command, one round trip, and all of it or nothing.',
      '',
      "After every measurement all users' sessions and indexes are read back and compared with what",
      'that many rotations must leave behind.',
      '',
      ...table(rotations),
    );
  }
  lines.push('', END);
  return lines.join('\n');
}

/** The arguments the cases have in common. */
function benchmarkText(cases: readonly CaseResult[]): string {
  const pairs = cases.map(({ args }) =>
    args.flatMap((arg, i) => (/^-[a-z]$/i.test(arg) ? [`${arg} ${args[i + 1] ?? ''}`.trim()] : [])),
  );
  const common = pairs[0].filter((pair) => pairs.every((other) => other.includes(pair)));
  return `arguments: \`${common.join(' ')}\`.`;
}

/** The chapter before any results are published. */
export const EMPTY = `${BEGIN}
## Over the wire

No results are published. To measure: \`make bench ONLY=wire\`.

${END}`;

const FRESH = `# Benchmarks

How fast the server is beside others, and how that was found out. How to run the benches and how to
read them: [bench/README.md](../bench/README.md).

${EMPTY}
`;

/** The page with its chapter replaced; the rest of it belongs to others and stays. */
export function insertWire(page: string | undefined, chapter: string): string {
  const before = page ?? FRESH;
  const begin = before.indexOf(BEGIN);
  const end = before.indexOf(END);
  if (begin < 0 || end < begin) throw new Error('docs/benchmarks.md has lost its wire markers');
  return before.slice(0, begin) + chapter + before.slice(end + END.length);
}

/** The chapter as it stands in a page. */
export function wireIn(page: string): string {
  return page.slice(page.indexOf(BEGIN), page.indexOf(END) + END.length);
}
