/**
 * The tool behind `make bench`: our server beside redis-server and others, part by part.
 *
 * It starts the servers, lets them take turns, ends them, and keeps every measurement in
 * bench/results/; docs/benchmarks.md and its charts are written from those files alone.
 * `run.js engine NAME…` runs the benches inside the process instead: files `name.bench.ts` here
 * that export `run()`.
 */

import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { growth } from './parts/growth.ts';
import { hits } from './parts/hits.ts';
import { latency } from './parts/latency.ts';
import { memory } from './parts/memory.ts';
import { start } from './parts/start.ts';
import { throughput } from './parts/throughput.ts';
import { chapterOf, factLines, newestOf, pageOf, plotFile } from './support/page.ts';
import type { Part } from './support/part.ts';
import { pinSelf } from './support/pinning.ts';
import { type Results, resultsName } from './support/results.ts';
import { invocationOf, type Setup, USAGE } from './support/setup.ts';
import { Stage } from './support/stage.ts';

/** In the order of the page. What a part's cases look like is its own affair. */
export const PARTS: readonly Part<unknown>[] = [throughput, latency, memory, hits, growth, start];

/** The folder of the project, from the sources as from dist/. */
function projectRoot(): string {
  let folder = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(folder, 'package.json'))) folder = dirname(folder);
  return folder;
}

/** What the results files of a folder make: the page, and its charts by their files' names. */
export function publicationOf(folder: string): {
  readonly page: string;
  readonly plots: ReadonlyMap<string, string>;
} {
  const files = existsSync(folder) ? readdirSync(folder) : [];
  const plots = new Map<string, string>();
  const chapters = PARTS.map((part) => {
    const file = newestOf(part.name, files);
    if (file === undefined) return chapterOf(part, undefined);
    const results = JSON.parse(readFileSync(join(folder, file), 'utf8')) as Results<unknown>;
    for (const { name, svg } of part.plots(results)) plots.set(plotFile(part.name, name), svg);
    return chapterOf(part, { file, results });
  });
  return { page: pageOf(chapters), plots };
}

function writePublication(root: string): void {
  const { page, plots } = publicationOf(join(root, 'bench/results'));
  const docs = join(root, 'docs');
  // Charts that nothing refers to any more go.
  rmSync(join(docs, 'plots'), { recursive: true, force: true });
  if (plots.size > 0) mkdirSync(join(docs, 'plots'), { recursive: true });
  for (const [file, svg] of plots) writeFileSync(join(docs, file), svg);
  writeFileSync(join(docs, 'benchmarks.md'), page);
}

/** Measures every part that has a case which is wanted; answers the names of the files made. */
export async function measureParts(
  parts: readonly Part<unknown>[],
  setup: Setup,
  folder: string,
): Promise<string[]> {
  const made: string[] = [];
  for (const part of parts) {
    if (part.cases(setup).length === 0) continue;
    setup.print(`\n── ${part.title} ${'─'.repeat(Math.max(0, 70 - part.title.length))}`);
    setup.print(part.method);
    const stage = new Stage(setup);
    const file = resultsName(part.name, stage.facts());
    const cases: unknown[] = [];
    const save = (): void => {
      const results = { part: part.name, ...stage.facts(), cases };
      writeFileSync(join(folder, file), `${JSON.stringify(results, null, 1)}\n`);
    };
    mkdirSync(folder, { recursive: true });
    // Kept as it goes: whoever interrupts hours of it has what was measured until then.
    await part.measure(stage, (result) => {
      cases.push(result);
      save();
    });
    setup.print('');
    for (const line of factLines(stage.facts())) setup.print(line);
    if (cases.length === 0) continue;
    save();
    made.push(file);
  }
  return made;
}

async function runEngine(names: readonly string[]): Promise<void> {
  const folder = dirname(fileURLToPath(import.meta.url));
  const there = readdirSync(folder)
    .map((file) => /^(.+)\.bench\.[jt]s$/.exec(file)?.[1])
    .filter((name) => name !== undefined)
    .sort();
  for (const name of names) {
    if (!there.includes(name)) throw new Error(`no bench '${name}': there are ${there.join(', ')}`);
  }
  for (const name of names.length === 0 ? there : names) {
    process.stdout.write(`── ${name} ${'─'.repeat(Math.max(0, 70 - name.length))}\n`);
    const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
    const bench = await import(pathToFileURL(join(folder, `${name}.bench.${extension}`)).href);
    await bench.run();
  }
}

async function main(args: readonly string[]): Promise<void> {
  const print = (line: string): void => void process.stdout.write(`${line}\n`);
  if (args[0] === 'engine') return await runEngine(args.slice(1));
  if (args.includes('--help')) return void process.stdout.write(USAGE);
  const root = projectRoot();
  const { setup, doesList, doesReport, doesPublish } = invocationOf(args, root, print);
  if (doesReport) return writePublication(root);
  const names = PARTS.flatMap(({ name, cases }) => cases(setup).map((one) => `${name}/${one}`));
  if (names.length === 0) throw new Error('no case has such a name: see --list');
  if (doesList) return void process.stdout.write(`${names.join('\n')}\n`);

  // Ends the servers too: they are killed on exit, which a signal alone would skip.
  const interrupt = (): void => process.exit(130);
  process.once('SIGINT', interrupt).once('SIGTERM', interrupt);
  if (setup.pins !== undefined) pinSelf(setup.pins);
  const shown = doesPublish ? 'bench/results' : 'bench/results/tmp';
  const files = await measureParts(PARTS, setup, join(root, shown)).finally(() => {
    process.off('SIGINT', interrupt).off('SIGTERM', interrupt);
  });
  if (doesPublish) writePublication(root);
  for (const file of files) print(`\nevery measurement: ${shown}/${file}`);
}

if (process.argv[1] !== undefined && resolve(process.argv[1]) === fileURLToPath(import.meta.url)) {
  await main(process.argv.slice(2)).catch((error: Error) => {
    process.stderr.write(`${error.message}\n`);
    process.exitCode = 1;
  });
}
