/** Memory: what a key takes, and what is left of that after much has come and gone. */

import { SeededRandom } from '../../src/std/random.ts';
import { type Address, RespClient } from '../../test/support/resp-client.ts';
import { sendAll } from '../support/link.ts';
import { fillingOfMix, keyOf } from '../support/mix.ts';
import type { Part } from '../support/part.ts';
import { barChart, type Plot } from '../support/plot.ts';
import { ask, infoNumber } from '../support/requests.ts';
import type { CaseResult, Results, Sample } from '../support/results.ts';
import { residentBytes, type Subject } from '../support/servers.ts';
import { type Setup, scaled } from '../support/setup.ts';
import type { Stage } from '../support/stage.ts';
import { figures, markdownTable } from '../support/text.ts';
import { SHAPES, STREAMS } from './memory-shapes.ts';

const MiB = 2 ** 20;

const METHOD = `\
* Every case has a server of its own, freshly started with \`--maxmemory 1gb\` (the shift: 64 MiB and
  \`allkeys-lru\`). Nothing is random that is not seeded: all servers get the same requests, once.
* *Used* is what a server has come to use since it was empty, divided by the number of keys. Redis
  is asked for \`used_memory\` of \`INFO\`, what it has allocated; ours for \`used\` of \`ZONE STATS\`, pages
  of the zone in use, with what is left unused in them. What a server takes before its first key is
  not in it: the table of a zone is made at the start and for its size, where Redis's grows with
  its keys. A second figure has it all.
* *Resident* is what the process's resident set has grown by, as the system has it. For ours that
  includes what the JavaScript engine has taken for the requests, which does not grow with keys.
* *Payload* is the bytes of keys, fields and elements themselves.
* Churn: strings of 8 to 512 bytes; five times a random half of them is deleted and made again with
  another size. The figure is bytes used per byte of payload.
* Shift: a full server of 100-byte values is written with 1,000-byte values, as many as its size
  divided by their payload, and then with 100-byte ones again. The figure is how much of its size
  holds payload of the size last written.`;

export const memory: Part = {
  name: 'memory',
  title: 'Memory',
  method: METHOD,
  cases: (setup) => casesOf(setup).map(({ name }) => name),
  measure,
  tables,
  plots,
};

interface MemoryCase {
  readonly name: string;
  readonly group: 'shapes' | 'churn' | 'shift';
  readonly args: readonly string[];
  readonly take: (subject: Subject) => Promise<Sample['values']>;
}

function casesOf(setup: Setup): MemoryCase[] {
  const room = ['--maxmemory', `${Math.max(1, Math.ceil(setup.scale))}gb`];
  const shapes = [
    ...SHAPES.map(({ name, count, payload, request }) => ({
      ...{ name, count, payload },
      *requests(keys: number): Generator<readonly string[]> {
        for (let i = 0; i < keys; i++) yield request(i);
      },
    })),
    STREAMS,
  ].map(({ name, count, payload, requests }): MemoryCase => {
    const keys = scaled(setup.scope === 'short' ? count / 5 : count, setup);
    return {
      ...{ name, group: 'shapes', args: room },
      take: async (subject) => await weigh(subject, requests(keys), keys, payload),
    };
  });
  const megabytes = Math.max(8, Math.ceil(64 * setup.scale));
  const all: MemoryCase[] = [
    ...shapes,
    {
      ...{ name: 'churn', group: 'churn', args: room },
      take: async (subject) => await churn(subject, scaled(500_000, setup)),
    },
    {
      ...{ name: 'shift', group: 'shift' },
      args: ['--maxmemory', `${megabytes}mb`, '--maxmemory-policy', 'allkeys-lru'],
      take: async ({ address }) => await shift(address, megabytes * MiB),
    },
  ];
  return all.filter(({ name }) => setup.wanted(`memory/${name}`));
}

async function measure(stage: Stage, finished: (result: CaseResult) => void): Promise<void> {
  const { setup } = stage;
  for (const { name, group, args, take } of casesOf(setup)) {
    await stage.attempt(name, async () => {
      const series: CaseResult['series'][number][] = [];
      for (const candidate of setup.candidates) {
        const values = await stage.withOne(candidate, args, take);
        series.push({
          server: candidate.name,
          variant: '',
          samples: [{ round: 1, values, raw: '' }],
        });
      }
      const result = { name, group, series };
      const { head, columns } = GROUPS[group];
      setup.print('');
      for (const line of markdownTable(head, rowsOf(result, columns), 2)) setup.print(line);
      finished(result);
    });
  }
}

interface Weight {
  readonly used: number;
  readonly resident: number;
}

async function weightOf({ address, pid, candidate }: Subject): Promise<Weight> {
  const used = candidate.hasSessions
    ? await zoneUsed(address)
    : await infoNumber(address, 'memory', 'used_memory');
  const claimed = await infoNumber(address, 'memory', 'used_memory_rss');
  if (used === undefined) throw new Error(`${candidate.name} does not say what it uses`);
  const resident = pid === undefined ? claimed : residentBytes(pid);
  return { used, resident: resident ?? claimed ?? Number.NaN };
}

/** Bytes of the zone that are not free, with those it needs for itself. */
async function zoneUsed(address: Address): Promise<number | undefined> {
  const { items } = await ask(address, 'ZONE', 'STATS');
  const at = items?.findIndex(({ text }) => text === 'used') ?? -1;
  return at < 0 ? undefined : Number(items?.[at + 1].text);
}

async function weigh(
  subject: Subject,
  requests: Iterable<readonly string[]>,
  keys: number,
  payload: number,
): Promise<Sample['values']> {
  const before = await weightOf(subject);
  await sendAll(subject.address, requests);
  const after = await weightOf(subject);
  return {
    keys,
    payload,
    used: (after.used - before.used) / keys,
    all: after.used / keys,
    resident: (after.resident - before.resident) / keys,
  };
}

const TURNS = 5;
const SIZE_MIN = 8;
const SIZE_MAX = 512;

/** Sizes of the values of all keys, as churn leaves them after every turn. */
export function* churned(count: number, sizes: Uint16Array): Generator<readonly string[]> {
  const random = new SeededRandom(1);
  const store = (i: number): readonly string[] => {
    sizes[i] = SIZE_MIN + random.below(SIZE_MAX - SIZE_MIN + 1);
    return ['SET', keyOf(i), 'x'.repeat(sizes[i])];
  };
  for (let i = 0; i < count; i++) yield store(i);
  for (let turn = 0; turn < TURNS; turn++) {
    const gone: number[] = [];
    for (let i = 0; i < count; i++) {
      if (random.below(2) === 0) continue;
      gone.push(i);
      yield ['DEL', keyOf(i)];
    }
    for (const i of gone) yield store(i);
  }
}

function sumOf(sizes: Uint16Array): number {
  return sizes.reduce((sum, size) => sum + size + keyOf(0).length, 0);
}

async function churn(subject: Subject, count: number): Promise<Sample['values']> {
  const sizes = new Uint16Array(count);
  const source = churned(count, sizes);
  const first = {
    *[Symbol.iterator]() {
      for (let i = 0; i < count; i++) yield source.next().value as readonly string[];
    },
  };
  const empty = await weightOf(subject);
  await sendAll(subject.address, first);
  const filled = await weightOf(subject);
  const before = sumOf(sizes);
  await sendAll(subject.address, source);
  const end = await weightOf(subject);
  const after = sumOf(sizes);
  return {
    keys: count,
    before: (filled.used - empty.used) / before,
    after: (end.used - empty.used) / after,
    'resident before': (filled.resident - empty.resident) / before,
    'resident after': (end.resident - empty.resident) / after,
  };
}

/** How many of the keys of that name are there. */
async function countOf(address: Address, prefix: string, count: number): Promise<number> {
  const client = await RespClient.connect(address, 60_000);
  const most = 500;
  try {
    let sum = 0;
    for (let first = 0; first < count; first += most) {
      const size = Math.min(most, count - first);
      const keys = Array.from({ length: size }, (_, i) => keyOf(first + i, prefix));
      sum += Number((await client.call('EXISTS', ...keys)).tree.text);
    }
    return sum;
  } finally {
    client.close();
  }
}

async function shift(address: Address, size: number): Promise<Sample['values']> {
  const steps = [
    // Until it is certainly full.
    ...([
      ['first', 100, 1.5],
      ['shifted', 1000, 1],
      ['back', 100, 1],
    ] as const),
  ];
  const values: Record<string, number> = {};
  for (const [name, valueSize, turns] of steps) {
    const prefix = `${name.padEnd(8, '-')}:`;
    const payload = keyOf(0, prefix).length + valueSize;
    const count = Math.ceil((size * turns) / payload);
    await sendAll(address, fillingOfMix(count, valueSize, prefix));
    values[name] = ((await countOf(address, prefix, count)) * payload) / size;
  }
  return values;
}

const GROUPS: Record<string, { title: string; head: string[]; columns: string[] }> = {
  shapes: {
    title: 'Bytes per key',
    head: ['what', 'server', 'payload', 'used', 'with the empty server', 'resident'],
    columns: ['payload', 'used', 'all', 'resident'],
  },
  churn: {
    title: 'After churn: bytes per byte of payload',
    head: ['what', 'server', 'used before', 'after', 'resident before', 'after'],
    columns: ['before', 'after', 'resident before', 'resident after'],
  },
  shift: {
    title: 'After a shift of sizes: share that serves the size last written',
    head: ['what', 'server', 'full of 100 bytes', 'then 1,000', 'then 100 again'],
    columns: ['first', 'shifted', 'back'],
  },
};

function rowsOf({ name, series }: CaseResult, columns: readonly string[]): string[][] {
  return series.map(({ server, samples }, i) => [
    i === 0 ? `**${name}**` : '',
    server,
    ...columns.map((column) => {
      const value = samples[0]?.values[column];
      return typeof value === 'number' && Number.isFinite(value) ? figures(value) : '–';
    }),
  ]);
}

function tables({ cases }: Results): string[] {
  return Object.entries(GROUPS).flatMap(([group, { title, head, columns }]) => {
    const own = cases.filter((item) => item.group === group);
    if (own.length === 0) return [];
    const rows = own.flatMap((item) => rowsOf(item, columns));
    return ['', `### ${title}`, '', ...markdownTable(head, rows, 2)];
  });
}

/** A chart for each server: bytes used for a key beside those of the first. */
function plots({ cases, servers }: Results): Plot[] {
  const shapes = cases.filter(({ group }) => group === 'shapes');
  return servers.slice(1).flatMap(({ name: server }): Plot[] => {
    const bars = shapes.flatMap(({ name, series }) => {
      const own = series.find((side) => side.server === server)?.samples[0]?.values.used;
      const base = series[0]?.samples[0]?.values.used;
      if (!own || !base) return [];
      const value = own / base;
      return [{ label: name, value, min: value, max: value }];
    });
    if (bars.length === 0) return [];
    const title = `Bytes per key: ${server}`;
    const unit = `bytes beside ${servers[0].name}, which is 1: less is better`;
    return [{ name: server, title, svg: barChart(title, bars, unit, { isLessBetter: true }) }];
  });
}
