/** Hit ratio: how much of what is asked for a full cache has, by policy, beside the optimum. */

import { type Address, encode } from '../../test/support/resp-client.ts';
import { optimalHits } from '../support/belady.ts';
import { withLinks } from '../support/link.ts';
import { keyOf } from '../support/mix.ts';
import type { Part } from '../support/part.ts';
import { barChart, type Plot } from '../support/plot.ts';
import { NULL_BULK } from '../support/replies.ts';
import { ask } from '../support/requests.ts';
import type { CaseResult, Results, Sample, Series } from '../support/results.ts';
import { type Setup, scaled } from '../support/setup.ts';
import type { Stage } from '../support/stage.ts';
import { markdownTable, short } from '../support/text.ts';
import { TRACES, type Trace } from './traces.ts';

const VALUE_SIZE = 200;
const POLICIES = ['allkeys-lru', 'allkeys-lfu'];
/** Requests that only fill. */
const COLD = 0.2;
/** Requests of one round trip. */
const BATCH = 32;

const METHOD = `\
* A cache in front of something slow: every key is asked for with \`GET\`, and one that is not there
  is stored, which evicts. Keys have 16 bytes, values ${VALUE_SIZE}. All servers get the same requests, in
  the same order, with the same \`maxmemory\`, once per policy; the first fifth of them fills and is
  not counted. They go in pipelines of ${BATCH}, misses are stored with the next.
* *Zipf*: the r-th most popular key is asked for in proportion to r to the power of -0.9 or -0.99.
  *With a scan*: one request in five walks through as many keys again, in turn. *Moving working
  set*: of a tenth of the keys, by Zipf 0.99; it moves on until all have had their turn.
* *Keys held* is what the server held at the end: how much fits in the same memory. *Optimum* is what
  no policy can exceed with so many keys, computed from the whole of the requests (Belady's rule,
  which evicts what will be asked for last); *of it*, how much of that was reached.
* A run takes a minute or less, and Redis's \`allkeys-lfu\` forgets by the minute: what a working set
  leaves behind as it moves on is hardly forgotten within a run. Ours forgets by evictions too.`;

export const hits: Part = {
  name: 'hits',
  title: 'Hit ratio',
  method: METHOD,
  cases: (setup) => tracesOf(setup).map(({ name }) => name),
  measure,
  tables,
  plots,
};

function tracesOf(setup: Setup): Trace[] {
  return TRACES.filter(({ name }) => setup.wanted(`hits/${name}`));
}

interface Dimensions {
  readonly keyCount: number;
  readonly requests: number;
  readonly megabytes: number;
}

/** About a tenth of the keys fits. */
function dimensionsOf(setup: Setup): Dimensions {
  const share = setup.scope === 'short' ? 0.125 : 1;
  return {
    keyCount: scaled(800_000 * share, setup),
    requests: scaled(8_000_000 * share, setup),
    megabytes: Math.max(2, Math.round(24 * share * setup.scale)),
  };
}

async function measure(stage: Stage, finished: (result: CaseResult) => void): Promise<void> {
  const { setup } = stage;
  const { keyCount, requests, megabytes } = dimensionsOf(setup);
  for (const { name, make } of tracesOf(setup)) {
    await stage.attempt(name, async () => {
      const trace = make(keyCount, requests);
      const series: Series[] = [];
      for (const policy of POLICIES) {
        for (const candidate of setup.candidates) {
          const args = ['--maxmemory', `${megabytes}mb`, '--maxmemory-policy', policy];
          const sample = await stage.withOne(candidate, args, ({ address }) =>
            play(address, trace),
          );
          series.push({ server: candidate.name, variant: policy, samples: [sample] });
        }
      }
      const result = { name, group: 'hits', given: { keyCount, requests, megabytes }, series };
      setup.print('');
      for (const line of markdownTable(HEAD, rowsOf(result), 3)) setup.print(line);
      finished(result);
    });
  }
}

async function play(address: Address, trace: Uint32Array): Promise<Sample> {
  const first = Math.floor(trace.length * COLD);
  const hit = await replay(address, trace, first);
  const held = Number((await ask(address, 'DBSIZE')).text);
  const counted = trace.length - first;
  const optimum = optimalHits(trace, held, { first });
  return {
    round: 1,
    values: { ratio: hit / counted, keys: held, optimum: optimum / counted },
    raw: `${hit} of ${counted} requests hit, ${optimum} at best with ${held} keys`,
  };
}

/** Asks for every key in turn and stores what is missed; answers the hits from `first` on. */
export async function replay(address: Address, trace: Uint32Array, first: number): Promise<number> {
  const value = 'x'.repeat(VALUE_SIZE);
  return await withLinks(
    address,
    1,
    ([link]) =>
      new Promise((resolve, reject) => {
        let missed: number[] = [];
        let at = 0;
        let found = 0;
        /** Replies to what was stored come first. */
        let stores = 0;
        let answered = 0;
        let size = 0;
        const send = (): void => {
          size = Math.min(BATCH, trace.length - at);
          stores = missed.length;
          answered = 0;
          if (size + stores === 0) return resolve(found);
          const requests = missed.map((key) => ['SET', keyOf(key), value]);
          for (let i = 0; i < size; i++) requests.push(['GET', keyOf(trace[at + i])]);
          missed = [];
          link.send(Buffer.from(requests.map(encode).join(''), 'latin1'));
        };
        link.listen((type) => {
          const i = answered++ - stores;
          if (i >= 0) {
            if (type === NULL_BULK) missed.push(trace[at + i]);
            else if (at + i >= first) found++;
          }
          if (answered < stores + size) return;
          at += size;
          send();
        }, reject);
        send();
      }),
  );
}

const HEAD = ['requests', 'server', 'policy', 'hits, %', 'keys held', 'optimum, %', 'of it, %'];

function rowsOf({ name, series }: CaseResult): string[][] {
  return series.map(({ server, variant, samples }, i) => {
    const { ratio, keys, optimum } = samples[0].values as Record<string, number>;
    return [
      ...[i === 0 ? `**${name}**` : '', server, variant],
      ...[percent(ratio), short(keys), percent(optimum), percent(ratio / optimum)],
    ];
  });
}

function percent(share: number): string {
  return (share * 100).toFixed(2);
}

function tables({ cases }: Results): string[] {
  const { keyCount = 0, requests = 0, megabytes = 0 } = cases[0]?.given ?? {};
  return [
    `Here: ${short(requests)} requests for ${short(keyCount)} keys, \`maxmemory ${megabytes}mb\`.`,
    '',
    ...markdownTable(HEAD, cases.flatMap(rowsOf), 3),
  ];
}

function plots({ cases, servers }: Results): Plot[] {
  if (cases.length === 0) return [];
  const names = servers.map(({ name }) => name);
  const bars = cases.flatMap(({ name, series }) =>
    series.map(({ server, variant, samples }) => {
      const { ratio, optimum } = samples[0].values as Record<string, number>;
      const value = ratio / optimum;
      const colour = names.indexOf(server);
      return {
        label: `${name}: ${server} ${variant.slice(-3)}`,
        ...{ value, min: value, max: value, colour },
      };
    }),
  );
  const title = 'Hits beside the optimum with as many keys';
  return [{ name: 'optimum', title, svg: barChart(title, bars, 'of the optimum, which is 1') }];
}
