/** What the tool says about its measurements: tables, chapters, charts. */

import { describe, expect, it } from 'vitest';
import { throughput } from '../../bench/parts/throughput.ts';
import {
  caseLines,
  comparisons,
  othersLine,
  summary,
  type ThroughputCase,
} from '../../bench/parts/throughput-report.ts';
import { chapterOf, factLines, newestOf, pageOf } from '../../bench/support/page.ts';
import { barChart, escapeXml, lineChart, niceCeiling } from '../../bench/support/plot.ts';
import { type Results, resultsName } from '../../bench/support/results.ts';
import { Stage } from '../../bench/support/stage.ts';
import { figures, markdownTable, short, spreadText, thousands } from '../../bench/support/text.ts';
import { setupFor } from './setup.ts';

const sample = (round: number, perSecond: number, cpuMicros: number | null) => ({
  ...{ round, perSecond, cpuMicros, requests: 1000, othersLoad: cpuMicros === null ? null : 0.5 },
  raw: '',
});

const results: Results<ThroughputCase> = {
  part: 'throughput',
  date: '2025-01-02T03:04:05',
  machine: { cpu: 'A B (C)', cores: 2, memoryGiB: 8, kernel: 'Linux 6', node: 'v20', load: 0.5 },
  redisBenchmark: 'redis-benchmark 7.0.15',
  rounds: 3,
  seconds: 2,
  servers: [{ name: 'redis', version: '7.0.15', command: 'redis-server --save ""' }],
  cases: [
    {
      name: 'GET',
      unit: 'requests',
      args: ['-t', 'get', '-c', '50'],
      series: [
        {
          server: 'redis',
          variant: '',
          samples: [90_000, 100_000, 95_000].map((n, i) => sample(i, n, 10)),
        },
        {
          server: 'zonis',
          variant: '',
          samples: [99_000, 90_000, 95_000].map((n, i) => sample(i, n, null)),
        },
      ],
    },
  ],
};

describe('throughput', () => {
  it('a machine that was busy with something else is told of', () => {
    expect(othersLine(results.cases)).toMatch(/0\.50 cores .* 0\.50 at worst.* measure again/);
    expect(othersLine([])).toContain('could not be seen');
  });

  it('a row says median, extremes, ratio and CPU', () => {
    const text = caseLines(results.cases[0]).join('\n');
    expect(text).toMatch(/redis +95\.0 \(90\.0–100\) +1 +10\.0/);
    expect(text).toMatch(/zonis +95\.0 \(90\.0–99\.0\) +1\.00 \(0\.90–1\.10\) +–/);
    expect(resultsName('throughput', results)).toBe('throughput-2025-01-02-03-04-a-b-c-2.json');
  });

  it('the cases in which a server is slower are listed, the slowest first', () => {
    const [one] = results.cases;
    const slower = (name: string, perSecond: number): ThroughputCase => ({
      ...{ ...one, name },
      series: [
        one.series[0],
        { ...one.series[1], samples: [0, 1, 2].map((i) => sample(i, perSecond, 1)) },
      ],
    });
    const cases = [slower('A', 80_000), slower('B', 300_000), slower('C', 20_000)];
    expect(
      comparisons(cases)
        .get('zonis')
        ?.map(({ name }) => name),
    ).toEqual(['A', 'B', 'C']);
    const lines = summary({ ...results, cases });
    expect(lines[0]).toMatch(/\*\*zonis\*\* beside redis: 0\.82 .* of 3 cases; below 1 in 2:/);
    // One command in the place of seven is not the same work.
    const other = { ...cases[1].series[1], variant: 'other' };
    const two = [cases[0], { ...cases[1], series: [cases[1].series[0], other] }];
    expect(
      comparisons(two)
        .get('zonis')
        ?.map(({ name }) => name),
    ).toEqual(['A', 'B, other']);
    expect(summary({ ...results, cases: two })[0]).toContain(
      '0.84 in the geometric mean of 1 cases',
    );
    expect(lines.slice(1).map((line) => line.trim().split(':')[0])).toEqual(['* C', '* A']);
  });

  it('its chapter has method, machine, servers and a row for each side', () => {
    const chapter = chapterOf(throughput, { file: 'x.json', results });
    expect(chapter.indexOf('take turns')).toBeLessThan(chapter.indexOf('| **GET** |'));
    expect(chapter).toContain('2 × A B (C), 8 GiB, Linux 6; load 0.5 before the run. Node v20.');
    expect(chapter).toContain('| redis | 7.0.15 | `redis-server --save ""` |');
    expect(chapter).toContain('arguments: `-c 50`.');
    expect(chapter).toContain('(plots/throughput-zonis-strings.svg)');
  });
});

describe('the page', () => {
  it('says which cases were not measured, and why; the others are', async () => {
    const lines: string[] = [];
    const print = (line: string): void => void lines.push(line);
    const stage = new Stage(setupFor([{ name: 'a' }], [], { print }));
    expect(stage.facts().failures).toBeUndefined();
    const fail = async (): Promise<void> => {
      throw new Error('no room\nat line 1');
    };
    expect(await stage.attempt('SET', fail)).toBe(false);
    expect(await stage.attempt('GET', async () => {})).toBe(true);
    expect(lines).toEqual(['\nSET: not measured: no room']);
    const text = factLines({ ...results, ...stage.facts() }).join('\n');
    expect(text).toMatch(/\nNot measured:\n\n\* SET: no room$/);
    expect(factLines(results).join('\n')).not.toContain('Not measured');
  });

  it('has a chapter for each part, with results or without', () => {
    const chapter = chapterOf(throughput, undefined);
    expect(chapter).toContain('make bench-full ONLY=throughput');
    const page = pageOf([chapter, chapter]);
    expect(page).toMatch(/^# Benchmarks\n/);
    expect(page.split('## Throughput')).toHaveLength(3);
  });

  it('is written from the newest file of each part', () => {
    const files = ['wire-2027.json', 'latency-2025.json', 'latency-2026.json', 'latency-2026.txt'];
    expect(newestOf('latency', files)).toBe('latency-2026.json');
    expect(newestOf('throughput', files)).toBe('wire-2027.json');
    expect(newestOf('throughput', [...files, 'throughput-2026.json'])).toBe('throughput-2026.json');
    expect(newestOf('memory', files)).toBeUndefined();
  });

  it('numbers have three figures', () => {
    expect([1234, 9996, 94_321, 99_960, 727_000].map(thousands)).toEqual([
      ...['1.23', '10.0', '94.3', '100', '727'],
    ]);
    expect([1, 999, 10_000, 1_500_000].map(short)).toEqual(['1', '999', '10k', '1.5M']);
    const spread = { median: 2, min: 1, max: 3, count: 3 };
    expect(spreadText(spread, figures)).toBe('2.00 (1.00–3.00)');
    expect(spreadText({ ...spread, count: 1 }, figures)).toBe('2.00');
    expect(markdownTable(['a', 'b'], [['1', '2']])).toEqual([
      '| a | b |',
      '|---|--:|',
      '| 1 | 2 |',
    ]);
  });
});

describe('charts', () => {
  it('a bar is as long as its value, and text is escaped', () => {
    const bar = { label: 'GET <a> & "b"', value: 1, min: 0.9, max: 2 };
    const half = { ...bar, value: 0.5 };
    const svg = barChart('t', [bar, half, { ...half, colour: 1 }], 'unit');
    expect(svg).toContain('GET &lt;a&gt; &amp; &quot;b&quot;');
    const widths = [...svg.matchAll(/<rect [^>]*width="([\d.]+)"/g)].map(([, width]) =>
      Number(width),
    );
    expect(widths[0]).toBe(2 * widths[1]);
    // What is worse has a colour of its own, unless colours say whose it is.
    const colours = [...svg.matchAll(/<rect [^>]*fill="([^"]+)"/g)].map(([, colour]) => colour);
    expect(colours[0]).toBe(colours[2]);
    expect(colours[0]).not.toBe(colours[1]);
    expect(svg).not.toMatch(/NaN|undefined|Infinity/);
    expect(escapeXml("'")).toBe("'");
  });

  it('a line goes through its points: up is more, right is later', () => {
    const lines = [
      {
        label: 'a',
        points: [
          [1, 10],
          [100, 1000],
          [10_000, 100_000],
        ] as const,
      },
    ];
    const logarithmic = { label: 'x', isLogarithmic: true };
    const svg = lineChart('t', lines, logarithmic, { ...logarithmic, label: 'y' });
    const points = /<polyline points="([^"]+)"/
      .exec(svg)?.[1]
      .split(' ')
      .map((pair) => pair.split(',').map(Number));
    expect(points).toHaveLength(3);
    const [[x1, y1], [x2, y2], [x3, y3]] = points!;
    // Equal factors are equal distances.
    expect(x2 - x1).toBeCloseTo(x3 - x2, 0);
    expect(y1 - y2).toBeCloseTo(y2 - y3, 0);
    expect(x1).toBeLessThan(x2);
    expect(y1).toBeGreaterThan(y2);
  });

  it('axes end at round numbers, and nothing is a chart, too', () => {
    expect([0.03, 1, 1.2, 2.4, 7, 100].map(niceCeiling)).toEqual([0.05, 1, 2, 2.5, 10, 100]);
    expect(niceCeiling(0)).toBe(1);
    for (const svg of [barChart('t', [], ''), lineChart('t', [], { label: '' }, { label: '' })]) {
      expect(svg).toMatch(/^<svg [^>]+>\n<title>t<\/title>[\s\S]*<\/svg>\n$/);
      expect(svg).not.toMatch(/NaN|undefined|Infinity/);
    }
  });
});
