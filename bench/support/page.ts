/**
 * docs/benchmarks.md: a chapter per part, each between markers of its own and written from its
 * newest results, so that a part can be measured again without the others.
 */

import type { Part } from './part.ts';
import type { CaseResult, Results, RunFacts } from './results.ts';

const HEAD = `# Benchmarks

How fast the server is beside others, and how that was found out. How to run the benches and how to
read them: [bench/README.md](../bench/README.md).
`;

function marks(part: string): { readonly begin: string; readonly end: string } {
  return {
    begin: `<!-- ${part}: written by bench/run.ts from its results -->`,
    end: `<!-- ${part}: end -->`,
  };
}

/** What is known of the machine and the servers, as a paragraph and a table. */
export function factLines(facts: RunFacts): string[] {
  const { machine, date, pins, scale, rounds, seconds, servers, failures = [] } = facts;
  const placed = pins === undefined ? '' : ` In this run, ${pins}.`;
  const shrunk = scale === undefined || scale === 1 ? '' : ` Numbers of keys times ${scale}.`;
  return [
    `Machine: ${machine.cores} × ${machine.cpu}, ${machine.memoryGiB} GiB, ${machine.kernel}; ` +
      `load ${machine.load} before the run. Node ${machine.node}. ${date.slice(0, 10)}. ` +
      `Rounds: ${rounds}, of about ${seconds} s each.${placed}${shrunk}`,
    '',
    '| server | version | command |',
    '|---|---|---|',
    ...servers.map(({ name, version, command }) => `| ${name} | ${version} | \`${command}\` |`),
    ...(failures.length === 0 ? [] : ['', 'Not measured:', '']),
    ...failures.map(({ name, reason }) => `* ${name}: ${reason}`),
  ];
}

/** The file of a chart, beside the page. */
export function plotFile(part: string, name: string): string {
  return `plots/${part}-${name}.svg`;
}

export interface Published<C> {
  readonly file: string;
  readonly results: Results<C>;
}

/** The chapter of a part, with its markers. */
export function chapterOf<C = CaseResult>(
  part: Part<C>,
  published: Published<C> | undefined,
): string {
  const { begin, end } = marks(part.name);
  const repeat = `make bench-full ONLY=${part.name}`;
  const head = [begin, `## ${part.title}`, '', ...part.method.split('\n'), ''];
  if (published === undefined) {
    return [...head, `No results are published. To measure: \`${repeat}\`.`, '', end].join('\n');
  }
  const { file, results } = published;
  const images = part
    .plots(results)
    .map(({ name, title }) => `![${title}](${plotFile(part.name, name)})`);
  return [
    ...head,
    ...factLines(results),
    '',
    `Every single measurement is in [${file}](../bench/results/${file}). To repeat them: ` +
      `\`${repeat}\`.`,
    '',
    ...part.tables(results),
    ...images.flatMap((image) => ['', image]),
    '',
    end,
  ].join('\n');
}

/** The whole page. */
export function pageOf(chapters: readonly string[]): string {
  return `${[HEAD, ...chapters].join('\n').replace(/(<!-- [a-z]+: end -->)\n/g, '$1\n\n')}\n`;
}

/** The newest results file of a part among these names. */
export function newestOf(part: string, files: readonly string[]): string | undefined {
  // What throughput was called before it had neighbours.
  const names = part === 'throughput' ? ['throughput', 'wire'] : [part];
  for (const name of names) {
    const own = files.filter((file) => file.startsWith(`${name}-`) && file.endsWith('.json'));
    if (own.length > 0) return own.sort().at(-1);
  }
  return undefined;
}
