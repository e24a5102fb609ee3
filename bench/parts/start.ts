/** Start: how long it takes until a server answers, empty and with much to load. */

import { cpSync, existsSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Address } from '../../test/support/resp-client.ts';
import { sendAll } from '../support/link.ts';
import { fillingOfMix } from '../support/mix.ts';
import type { Part } from '../support/part.ts';
import { pinned } from '../support/pinning.ts';
import { barChart, type Plot } from '../support/plot.ts';
import { runProgram } from '../support/redis-benchmark.ts';
import { ask } from '../support/requests.ts';
import type { CaseResult, Results, Sample, Series } from '../support/results.ts';
import type { Candidate } from '../support/servers.ts';
import { type Setup, scaled } from '../support/setup.ts';
import type { Stage } from '../support/stage.ts';
import { spreadOf } from '../support/statistics.ts';
import { figures, markdownTable, spreadText } from '../support/text.ts';

const METHOD = `\
* *First PONG*: milliseconds from the start of the process until it has answered a \`PING\`; somebody
  tries to connect every two milliseconds. Servers take turns.
* *startServer()*: in a fresh Node process, milliseconds for importing the package, for the first
  \`startServer()\` until it listens, and for a second one in the same process, as a test suite has it.
* *Load*: the first server is filled with values of 512 bytes until its RDB file, without compression,
  has about so many bytes; then every server is started with that file, until it answers \`PING\` and
  has all keys. The file is in the system's cache, so the disk plays no part.`;

const FIRST_PONG = 'first PONG';
const IN_PROCESS = 'startServer()';
const LOAD = 'load of an RDB file';
const VALUE_SIZE = 512;
/** Keys of one GiB: 16 bytes of key, and some for types and lengths. */
const KEYS = 2_000_000;
const LOAD_MAX_MS = 600_000;
const FILE = 'load.rdb';

export const start: Part = {
  name: 'start',
  title: 'Start',
  method: METHOD,
  cases: casesOf,
  measure,
  tables,
  plots,
};

function entryOf({ distribution }: Setup): string {
  return join(distribution, 'index.js');
}

function casesOf(setup: Setup): string[] {
  const all = [FIRST_PONG, ...(existsSync(entryOf(setup)) ? [IN_PROCESS] : []), LOAD];
  return all.filter((name) => setup.wanted(`start/${name}`));
}

async function measure(stage: Stage, finished: (result: CaseResult) => void): Promise<void> {
  const { setup } = stage;
  for (const name of casesOf(setup)) {
    await stage.attempt(name, async () => {
      const result = await measureCase(stage, name);
      setup.print('');
      for (const line of tableOf(result)) setup.print(line);
      finished(result);
    });
  }
}

async function measureCase(stage: Stage, name: string): Promise<CaseResult> {
  if (name === LOAD) return await load(stage);
  const series = name === FIRST_PONG ? await pongs(stage) : await inProcess(stage.setup);
  return { name, group: 'start', series };
}

async function pongs(stage: Stage): Promise<Series[]> {
  const { candidates, rounds } = stage.setup;
  const samples: Sample[][] = candidates.map(() => []);
  for (let round = 1; round <= rounds; round++) {
    for (const [i, candidate] of candidates.entries()) {
      samples[i].push(
        await stage.withOne(candidate, [], async ({ readyMs }) => ({
          round,
          values: { ms: readyMs ?? null },
          raw: readyMs === undefined ? 'was there before' : '',
        })),
      );
    }
  }
  return candidates.map(({ name }, i) => ({ server: name, variant: '', samples: samples[i] }));
}

/** Prints, in milliseconds: the import, the first start, the second. */
function program(entry: string): string {
  return `
    const begin = performance.now();
    const { startServer } = await import(${JSON.stringify(pathToFileURL(entry).href)});
    const times = [performance.now() - begin];
    const servers = [];
    for (let i = 0; i < 2; i++) {
      const before = performance.now();
      servers.push(await startServer());
      times.push(performance.now() - before);
    }
    for (const server of servers) await server.close();
    process.stdout.write(JSON.stringify(times));
  `;
}

async function inProcess(setup: Setup): Promise<Series[]> {
  const node = [process.execPath, '--input-type=module', '-e', program(entryOf(setup))];
  const [path, ...args] = pinned(node, setup.pins?.server);
  const samples: Sample[] = [];
  for (let round = 1; round <= setup.rounds; round++) {
    const [imported, first, second] = JSON.parse(await runProgram(path, args, 60_000)) as number[];
    samples.push({ round, values: { import: imported, ms: first, second }, raw: '' });
  }
  return [{ server: 'zonis', variant: 'in process', samples }];
}

async function load(stage: Stage): Promise<CaseResult> {
  const { setup } = stage;
  const { candidates, rounds } = setup;
  const keyCount = scaled(setup.scope === 'short' ? KEYS / 8 : KEYS, setup);
  const room = [
    '--maxmemory',
    `${Math.max(512, Math.ceil((keyCount * 2 * VALUE_SIZE) / 2 ** 20))}mb`,
  ];
  const folder = mkdtempSync(join(tmpdir(), 'zonis-rdb-'));
  try {
    const file = join(folder, FILE);
    const source = candidates.find(({ command }) => command !== undefined);
    if (source === undefined) throw new Error('load: no server is started here to make the file');
    await stage.withOne(source, room, ({ address }) => makeFile(address, keyCount, file));
    const mebibytes = statSync(file).size / 2 ** 20;
    const args = ['--dir', folder, '--dbfilename', FILE, ...room];
    const samples: Sample[][] = candidates.map(() => []);
    // A large file says as much in three rounds as in more.
    for (let round = 1; round <= Math.min(3, rounds); round++) {
      for (const [i, candidate] of candidates.entries()) {
        const sample = await loadOnce(stage, candidate, args, keyCount, round);
        const { ms } = sample.values;
        const perSecond = typeof ms === 'number' ? (mebibytes * 1000) / ms : null;
        samples[i].push({ ...sample, values: { ms: ms ?? null, 'MiB/s': perSecond } });
      }
    }
    const series = candidates.map(({ name }, i) => ({
      ...{ server: name, variant: '', samples: samples[i] },
    }));
    return { name: LOAD, group: 'load', given: { keyCount, mebibytes }, series };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Has a server write its keys to a file, and puts that where all can find it. */
async function makeFile(address: Address, keyCount: number, file: string): Promise<void> {
  await sendAll(address, fillingOfMix(keyCount, VALUE_SIZE));
  await ask(address, 'CONFIG', 'SET', 'rdbcompression', 'no');
  await ask(address, 'SAVE');
  const { items } = await ask(address, 'CONFIG', 'GET', 'dir');
  cpSync(join(items?.[1]?.text ?? '.', 'dump.rdb'), file);
}

async function loadOnce(
  stage: Stage,
  candidate: Candidate,
  args: readonly string[],
  keyCount: number,
  round: number,
): Promise<Sample> {
  if (candidate.command === undefined) {
    return { round, values: {}, raw: "can't: it runs already" };
  }
  try {
    return await stage.withOne(
      candidate,
      args,
      async ({ address, readyMs }): Promise<Sample> => {
        const count = Number((await ask(address, 'DBSIZE')).text);
        if (count !== keyCount)
          return { round, values: {}, raw: `can't: ${count} keys of ${keyCount}` };
        return { round, values: { ms: readyMs ?? null }, raw: '' };
      },
      LOAD_MAX_MS,
    );
  } catch (error) {
    return { round, values: {}, raw: `can't: ${String(error).split('\n')[0]}` };
  }
}

const HEADS: Record<string, { head: string[]; columns: string[] }> = {
  [FIRST_PONG]: { head: ['', 'server', 'ms'], columns: ['ms'] },
  [IN_PROCESS]: {
    head: ['', 'server', 'import, ms', 'startServer(), ms', 'a second one, ms'],
    columns: ['import', 'ms', 'second'],
  },
  [LOAD]: { head: ['', 'server', 'ms', 'MiB per second'], columns: ['ms', 'MiB/s'] },
};

function valuesOf({ samples }: Series, name: string): number[] {
  return samples.map(({ values }) => values[name]).filter((value) => typeof value === 'number');
}

function tableOf({ name, given, series }: CaseResult): string[] {
  const { head, columns } = HEADS[name];
  const title = given === undefined ? name : `${name} of ${figures(given.mebibytes)} MiB`;
  const rows = series.map((side, i) => [
    ...[i === 0 ? `**${title}**` : '', side.server],
    ...columns.map((column, at) => {
      const values = valuesOf(side, column);
      if (values.length > 0) return spreadText(spreadOf(values), figures);
      return at === 0 ? (side.samples[0]?.raw ?? '–') : '–';
    }),
  ]);
  return markdownTable(head, rows, 2);
}

function tables({ cases }: Results): string[] {
  return cases.flatMap((item, i) => [...(i === 0 ? [] : ['']), ...tableOf(item)]);
}

/** Times beside those of the first server. */
function plots({ cases }: Results): Plot[] {
  const bars = cases.flatMap(({ name, series }) => {
    const [base] = valuesOf(series[0], 'ms').length > 0 ? series : [];
    if (base === undefined) return [];
    return series.slice(1).flatMap((side) => {
      const times = valuesOf(side, 'ms');
      if (times.length === 0) return [];
      const whole = spreadOf(valuesOf(base, 'ms')).median;
      const { median, min, max } = spreadOf(times);
      const label = `${name}: ${side.server}`;
      return [{ label, value: median / whole, min: min / whole, max: max / whole }];
    });
  });
  if (bars.length === 0) return [];
  const title = 'Time to start';
  const unit = 'time beside the first server, which is 1: less is better';
  return [{ name: 'times', title, svg: barChart(title, bars, unit, { isLessBetter: true }) }];
}
