/**
 * The benches still measure what they say they measure.
 *
 * Nothing here is about speed. The pure parts are tested as they are; the load generator and
 * redis-benchmark run a moment against a real redis-server, which knows best whether the requests
 * are right.
 */

import { existsSync, readFileSync } from 'node:fs';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { run as collections } from '../bench/collections.bench.ts';
import { CASES, fillingOf, MORE_CASES } from '../bench/support/cases.ts';
import { filling, QUESTIONS, SHAPES } from '../bench/support/collections.ts';
import { benchmarkArgs, parseCsv, runProgram } from '../bench/support/redis-benchmark.ts';
import {
  caseLines,
  EMPTY,
  insertWire,
  othersLine,
  renderWire,
  thousands,
  wireIn,
} from '../bench/support/report.ts';
import { assertDistinct, type Results, resultsName } from '../bench/support/results.ts';
import {
  Checksum,
  ID_SIZE,
  idOf,
  logIn,
  type RotationOptions,
  rotate,
  rotationTemplates,
  subjectOf,
  verify,
} from '../bench/support/rotation.ts';
import {
  busyTicks,
  cpuSeconds,
  cpuTicks,
  describeCommand,
  parseCandidate,
  startSubject,
} from '../bench/support/servers.ts';
import { countFor, pairedRatios, spreadOf } from '../bench/support/statistics.ts';
import { Template } from '../bench/support/template.ts';
import { measure, planOf } from '../bench/wire.bench.ts';
import { findRedis, type Running, startRedis } from './support/redis.ts';
import { encode, parse, RespClient } from './support/resp-client.ts';
import { startOurs } from './support/server.ts';

const root = join(import.meta.dirname, '..');

const redisPath = findRedis();
if (redisPath === undefined) {
  process.stdout.write('bench.smoke: no redis-server: the load generators are not tried\n');
}
const benchmarkPath = await findBenchmark();

/** redis-benchmark in the PATH; its absence is an error where CI=true. */
async function findBenchmark(): Promise<string | undefined> {
  try {
    await runProgram('redis-benchmark', ['--version'], 10_000);
    return 'redis-benchmark';
  } catch (error) {
    if (process.env.CI === 'true') throw error;
    process.stdout.write(`bench.smoke: redis-benchmark is not tried: ${String(error)}\n`);
    return undefined;
  }
}

/** Requests in bytes as the lists of their arguments. */
function requestsIn(bytes: Uint8Array): string[][] {
  const raw = Buffer.from(bytes).toString('latin1');
  const requests: string[][] = [];
  for (let at = 0; at < raw.length; ) {
    const parsed = parse(raw, at);
    if (parsed === undefined) throw new Error(`half a request: ${raw.slice(at)}`);
    requests.push((parsed.tree.items ?? []).map(({ text }) => text ?? ''));
    at = parsed.end;
  }
  return requests;
}

describe('statistics', () => {
  it('the median lies in the middle, whatever the order', () => {
    expect(spreadOf([5, 1, 3])).toEqual({ median: 3, min: 1, max: 5, count: 3 });
    expect(spreadOf([10, 9, 2, 1]).median).toBe(5.5);
    expect(() => spreadOf([])).toThrow('nothing was measured');
  });

  it('as many values lie above the median as below', () => {
    const values = fc.array(fc.double({ noNaN: true, min: 0, max: 1e9 }), { minLength: 1 });
    fc.assert(
      fc.property(values, (list) => {
        const { median, min, max } = spreadOf(list);
        expect(min).toBe(Math.min(...list));
        expect(max).toBe(Math.max(...list));
        expect(list.filter((value) => value < median).length).toBeLessThanOrEqual(list.length / 2);
        expect(list.filter((value) => value > median).length).toBeLessThanOrEqual(list.length / 2);
      }),
      { seed: 7, numRuns: 100 },
    );
  });

  it('ratios are formed within a round', () => {
    expect(pairedRatios([2, 40, 9], [1, 10, 3])).toEqual({ median: 3, min: 2, max: 4, count: 3 });
    expect(() => pairedRatios([1, 2], [1])).toThrow('without a partner');
  });

  it('a count keeps a server busy for so many seconds, and is never nothing', () => {
    expect(countFor(94_321, 2)).toBe(189_000);
    expect(countFor(3, 0.1)).toBe(1000);
  });
});

describe('redis-benchmark', () => {
  const HEAD = '"test","rps","avg_latency_ms","p50_latency_ms"';

  it('rows are read by the names of their columns', () => {
    expect(
      parseCsv(`${HEAD}\n"SET","100806.45","0.282","0.247"\n"say ""x""","7","1","2"\n`),
    ).toEqual([
      { test: 'SET', perSecond: 100_806.45, latencyMs: { avg: 0.282, p50: 0.247 } },
      { test: 'say "x"', perSecond: 7, latencyMs: { avg: 1, p50: 2 } },
    ]);
  });

  it('output that is no measurement is refused', () => {
    expect(() => parseCsv('Could not connect\n')).toThrow('no rows');
    expect(() => parseCsv('"SET","1"\n')).toThrow('before 7.0');
    expect(() => parseCsv(`${HEAD}\n"SET","inf","0","0"\n`)).toThrow('not a measurement');
    expect(() => parseCsv(`${HEAD}\n"SET","12"\n`)).toThrow('not a measurement');
  });

  it('a run that does not end is ended', async () => {
    const endless = ['-e', 'setInterval(() => {}, 1000)'];
    await expect(runProgram(process.execPath, endless, 50)).rejects.toThrow('no end within 50 ms');
    await expect(runProgram(process.execPath, ['-e', 'process.exit(3)'], 9_000)).rejects.toThrow(
      'ended with 3',
    );
  });

  it('what is taken from is filled to the last element', () => {
    expect([...fillingOf('mylist', 2)]).toEqual([['RPUSH', 'mylist', 'VXK', 'VXK']]);
    const members = [...fillingOf('myzset', 1001)].map((request) => request.slice(2));
    expect(members.map(({ length }) => length)).toEqual([1000, 1000, 2]);
    expect(new Set(members.flat().filter((word) => word.startsWith('el'))).size).toBe(1001);
  });

  it('every case has a name of its own and arguments redis-benchmark can take', () => {
    const all = [...CASES, ...MORE_CASES];
    expect(new Set(all.map(({ name }) => name)).size).toBe(all.length);
    for (const { args } of all) {
      // A test by its name, or at the end a request.
      if (!args.includes('-t')) expect(args.join(' ')).toMatch(/-d 3 (LRANGE|XADD) /);
    }
    expect(benchmarkArgs(7, 9, ['-t', 'set']).join(' ')).toBe(
      '-h 127.0.0.1 -p 7 -n 9 --csv -t set',
    );
  });
});

describe('collections', () => {
  it('every question is answered, and every shape is measured', async () => {
    const lines: string[] = [];
    await collections((line) => void lines.push(line), {
      counts: [20, 40],
      roundMs: 0.1,
      redis: redisPath ?? '',
    });
    const text = lines.join('\n');
    for (const { name } of QUESTIONS) expect(text).toMatch(new RegExp(`^${name} .*[num]s`, 'm'));
    for (const { type } of SHAPES) expect(text).toMatch(new RegExp(`^${type} +\\d+\\.\\d`, 'm'));
    expect(text).toMatch(/the JavaScript heap has grown by \d+ KiB/);
  });

  it('a filling brings each element once', () => {
    for (const shape of SHAPES) {
      const words = [...filling(shape, 'k', 501)].flatMap((request) => request.slice(2));
      expect(words).toEqual(Array.from({ length: 501 }, (_, i) => shape.element(i)).flat());
    }
  });
});

describe('candidates', () => {
  it('a peer is a command or a port', () => {
    expect(parseCandidate('old=7001')).toEqual({ name: 'old', port: 7001 });
    expect(parseCandidate(`valkey=bin/valkey-server --save "" --dir 'a b' --x="y z"`)).toEqual({
      name: 'valkey',
      command: ['bin/valkey-server', '--save', '', '--dir', 'a b', '--x=y z'],
    });
    expect(() => parseCandidate('7001')).toThrow('name=path args');
  });

  it('commands are printed without folders, and names are distinct', () => {
    const command = ['/opt/x/redis-server', '--save', ''];
    expect(describeCommand({ name: 'a', command })).toBe('redis-server --save ""');
    expect(() => assertDistinct([{ name: 'a' }, { name: 'a' }])).toThrow("called 'a'");
  });

  it('a program that ends at once is no server', async () => {
    const command = [process.execPath, '-e', 'process.exit(7)', 'x'];
    await expect(startSubject({ name: 'broken', command })).rejects.toThrow('broken ended with 7');
  });

  it('a program that never listens is given up', async () => {
    const command = [process.execPath, '-e', 'setInterval(() => {}, 1000)', 'x'];
    await expect(startSubject({ name: 'deaf', command }, 200)).rejects.toThrow(
      'not ready within 200 ms',
    );
  });

  it('the CPU time of a process is found behind any name', () => {
    const stat = `1 (a) b) S ${Array.from({ length: 10 }, (_, i) => i).join(' ')} 250 50 7 8 9\n`;
    expect(cpuTicks(stat)).toEqual({ own: 300, children: 15 });
    const machine = 'cpu  1 20 300 7777 7777 4000 50000 600000 7 7\ncpu0 1 1 1 1 1 1 1 1\n';
    expect(busyTicks(machine)).toBe(654_321);
    if (existsSync('/proc/self/stat')) expect(cpuSeconds(process.pid)).toBeGreaterThan(0);
    expect(cpuSeconds(2 ** 30)).toBeUndefined();
  });

  it('options choose servers, cases and lengths', () => {
    const print = (): void => {};
    const plan = planOf(
      ['--quick', '--only', 'get', '--peer', 'x=1', '--without', 'redis'],
      '',
      print,
    );
    expect(plan.candidates.map(({ name }) => name)).toEqual(['zonis', 'x']);
    expect(plan.cases.map(({ name }) => name)).toEqual([
      ...['GET', 'GET -P 16', 'GET -P 64', 'GET -P 16 -d 3'],
    ]);
    expect([plan.hasRotation, plan.rounds, plan.seconds]).toEqual([false, 1, 0.1]);
    expect(() => planOf(['--rounds', 'x'], '', print)).toThrow('--rounds');
    expect(() => planOf(['--nonsense'], '', print)).toThrow();
  });
});

describe('rotation requests', () => {
  const OLD = idOf(3, 7);
  const NEW = idOf(3, 8);
  const NOW = 1_700_001_800;

  const filled = (template: Template | undefined): string[][] => {
    if (template === undefined) return [];
    for (const [hole, text] of [
      ['old', OLD],
      ['new', NEW],
      ['subject', subjectOf(3)],
    ]) {
      try {
        template.fill(hole, Buffer.from(text));
      } catch {
        // Not every request has every hole.
      }
    }
    return requestsIn(template.bytes);
  };

  it('are those of lua-resty-session, in its order', () => {
    const { ask, withExpire, without } = rotationTemplates('stock', 512, NOW);
    const index = `session:ZGVmYXVsdA:${subjectOf(3)}`;
    const pipeline = filled(withExpire);
    const value = pipeline[0][2];
    expect(filled(ask)).toEqual([['ttl', `session:${OLD}`]]);
    expect(pipeline).toEqual([
      ['set', `session:${NEW}`, value, 'EX', '3600'],
      ['expire', `session:${OLD}`, '10'],
      ['zremrangebyscore', index, '0', '1700001799'],
      ['zadd', index, '1700005400', NEW],
      ['zrem', index, OLD],
      ['expire', index, '3600'],
    ]);
    expect(filled(without)).toEqual(pipeline.filter((_, i) => i !== 1));
    expect(value).toHaveLength(512);
    expect(value).toContain(NEW);
  });

  it('are one SESSION.SET here', () => {
    const [request, ...others] = filled(rotationTemplates('command', 512, NOW).whole);
    expect(others).toEqual([]);
    expect(request.toSpliced(3, 1)).toEqual([
      ...['SESSION.SET', 'session', NEW, '3600', 'OLD', OLD],
      ...['META', '1', 'ZGVmYXVsdA', subjectOf(3)],
    ]);
    expect(request[3]).toHaveLength(512);
  });

  it('a filled template is what encoding the same text gives', () => {
    const size = fc.integer({ min: 1, max: 40 });
    const piece = fc.string({ unit: fc.constantFrom('a', ':', '\r', '\n', '$', '*', 'é') });
    fc.assert(
      fc.property(size, piece, piece, fc.integer({ min: 1, max: 4 }), (n, left, right, repeat) => {
        const hole = { hole: 'h', size: n };
        const request = [left, [left, hole, right, hole], [hole]];
        const template = new Template(...Array.from({ length: repeat }, () => request));
        const text = 'x'.repeat(n);
        template.fill('h', Buffer.from(text));
        const plain = encode([left, left + text + right + text, text]).repeat(repeat);
        expect(template.bytes.toString('latin1')).toBe(plain);
        expect(() => template.fill('other', Buffer.from(text))).toThrow("no hole 'other'");
      }),
      { seed: 7, numRuns: 100 },
    );
  });

  it('ids are 43 characters of base64url and never repeat', () => {
    const ids = new Set<string>();
    for (let user = 0; user < 300; user++) {
      for (let generation = 0; generation < 100; generation++) ids.add(idOf(user, generation));
    }
    expect(ids.size).toBe(30_000);
    for (const id of ids) expect(id).toMatch(/^[\w-]{43}$/);
    expect(ID_SIZE).toBe(43);
    expect(subjectOf(999)).toHaveLength(subjectOf(0).length);
  });
});

describe('rotation', () => {
  const options: RotationOptions = { style: 'stock', connections: 4, users: 10, valueSize: 64 };
  const now = Math.floor(Date.now() / 1000);

  describe.skipIf(redisPath === undefined)('against redis-server', () => {
    let redis: Running;
    let client: RespClient;

    beforeAll(async () => {
      redis = await startRedis(redisPath!);
      client = await RespClient.connect(redis.address);
    });

    afterAll(async () => {
      client?.close();
      await redis?.close();
    });

    it('leaves behind what so many rotations must leave behind', async () => {
      await client.call('FLUSHALL');
      await client.call('CONFIG', 'RESETSTAT');
      await logIn(redis.address, options, now);
      const none = await verify(redis.address, options, 0).catch(String);
      expect(none).toContain('user 0 after 1 rotations');
      const { rotations } = await rotate(redis.address, options, 100, now);
      expect(rotations).toBe(100);
      const checksum = await verify(redis.address, options, 100);

      const stats = (await client.call('INFO', 'commandstats')).tree.text ?? '';
      const calls = (name: string): number =>
        Number(new RegExp(`cmdstat_${name}:calls=(\\d+)`).exec(stats)?.[1]);
      expect(calls('set')).toBe(110);
      // Each login, and each rotation twice: the old record and the index.
      expect(calls('expire')).toBe(10 + 200);
      expect(calls('zremrangebyscore')).toBe(100);
      expect(calls('zadd')).toBe(110);
      expect(calls('zrem')).toBe(100);

      // Work that is not the same is noticed.
      await expect(verify(redis.address, options, 104)).rejects.toThrow('rotations:');
      const id = idOf(9, 10);
      await client.call('ZADD', `session:ZGVmYXVsdA:${subjectOf(9)}`, 1, id);
      await expect(verify(redis.address, options, 100)).rejects.toThrow('user 9');

      await client.call('FLUSHALL');
      await logIn(redis.address, options, now);
      await rotate(redis.address, options, 100, now);
      expect(await verify(redis.address, options, 100)).toBe(checksum);
    });

    it('an error reply ends the run', async () => {
      await client.call('FLUSHALL');
      await client.call('SET', `session:ZGVmYXVsdA:${subjectOf(0)}`, 'no index');
      await expect(rotate(redis.address, options, 20, now)).rejects.toThrow("unexpected reply '-");
    });

    it('a server that runs already and holds keys is not measured: it would lose them', async () => {
      await client.call('SET', 'precious', 'data');
      const { port } = redis.address;
      await expect(startSubject({ name: 'there', port })).rejects.toThrow(
        'there is not empty: db0',
      );
      await client.call('FLUSHALL');
      const subject = await startSubject({ name: 'there', port });
      expect(subject.version).toBe(redis.version);
      await subject.close();
      expect((await client.call('PING')).raw).toBe('+PONG\r\n');
    });

    it.skipIf(benchmarkPath === undefined)('a small plan is measured from end to end', async () => {
      await client.call('FLUSHALL');
      const lines: string[] = [];
      const results = await measure({
        candidates: [
          { name: 'there', port: redis.address.port },
          { name: 'started', command: [redisPath!, '--save', ''] },
        ],
        cases: [{ name: 'tiny', args: ['-t', 'lpush,lpop'], before: 'empty', valueSize: 3 }],
        hasRotation: true,
        rounds: 2,
        seconds: 0.01,
        warmUpSeconds: 0.01,
        rotation: { connections: 2, users: 4, valueSize: 64 },
        redisBenchmark: benchmarkPath!,
        commit: 'none',
        print: (line) => lines.push(line),
      });
      expect(results.cases.map(({ name }) => name)).toEqual(['tiny', 'rotation']);
      for (const { series } of results.cases) {
        expect(series.map(({ server }) => server)).toEqual(['there', 'started']);
        for (const { samples } of series) {
          expect(samples.map(({ round }) => round)).toEqual([1, 2]);
          for (const { perSecond } of samples) expect(perSecond).toBeGreaterThan(0);
        }
      }
      expect(results.cases[0].series[0].samples[0].raw).toContain('"LPOP"');
      expect(results.cases[1].series[0].samples[0].raw).toContain('as expected');
      expect(results.servers[0].version).toBe(redis.version);
      expect(lines.join('\n')).toContain('started, stock');
      expect(renderWire(results, 'x.json')).toContain('### Session rotation');
    });
  });

  it('our server ends up the same by SESSION.SET and by the stock commands', async () => {
    const ours = await startOurs();
    const client = await RespClient.connect(ours.address);
    try {
      const checksums: string[] = [];
      for (const style of ['stock', 'command'] as const) {
        await client.call('FLUSHALL');
        await logIn(ours.address, { ...options, style }, now);
        await rotate(ours.address, { ...options, style }, 100, now);
        checksums.push(await verify(ours.address, { ...options, style }, 100));
        await expect(verify(ours.address, { ...options, style }, 104)).rejects.toThrow('user');
      }
      expect(checksums[1]).toBe(checksums[0]);
    } finally {
      client.close();
      await ours.close();
    }
  });

  describe('against a server that only says what it is told', () => {
    let server: Server | undefined;

    /** Answers every request by `reply`, in chunks of one byte. */
    const answering = async (reply: (request: string[]) => string) => {
      server = createServer((socket) => {
        socket.setNoDelay(true);
        socket.on('error', () => {});
        socket.on('data', (bytes) => {
          for (const request of requestsIn(bytes)) {
            for (const char of reply(request)) socket.write(char, 'latin1');
          }
        });
      });
      await new Promise<void>((resolve) => server?.listen(0, '127.0.0.1', resolve));
      return { host: '127.0.0.1', port: (server.address() as AddressInfo).port };
    };

    afterAll(() => server?.close());

    it('replies in any pieces count, and an old record about to end is left alone', async () => {
      const seen: string[] = [];
      const address = await answering((request) => {
        seen.push(request[0]);
        return request[0] === 'ttl' ? ':-2\r\n' : request[0] === 'set' ? '+OK\r\n' : ':1\r\n';
      });
      const { rotations } = await rotate(address, { ...options, connections: 1 }, 2, now);
      expect(rotations).toBe(2);
      const once = ['ttl', 'set', 'zremrangebyscore', 'zadd', 'zrem', 'expire'];
      expect(seen).toEqual([...once, ...once]);
    });
  });
});

describe('report', () => {
  const sample = (round: number, perSecond: number, cpuMicros: number | null) => ({
    ...{ round, perSecond, cpuMicros, requests: 1000, othersLoad: cpuMicros === null ? null : 0.5 },
    raw: '',
  });
  const results: Results = {
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

  it('a machine that was busy with something else is told of', () => {
    expect(othersLine(results)).toMatch(/0\.50 cores .* 0\.50 at worst.* measure again/);
    expect(othersLine({ ...results, cases: [] })).toContain('could not be seen');
  });

  it('numbers have three figures', () => {
    expect([1234, 9996, 94_321, 99_960, 727_000].map(thousands)).toEqual([
      ...['1.23', '10.0', '94.3', '100', '727'],
    ]);
  });

  it('a row says median, extremes, ratio and CPU', () => {
    const text = caseLines(results.cases[0]).join('\n');
    expect(text).toMatch(/redis +95\.0 \(90\.0–100\) +1 +10\.0/);
    expect(text).toMatch(/zonis +95\.0 \(90\.0–99\.0\) +1\.00 \(0\.90–1\.10\) +–/);
    expect(resultsName(results)).toBe('wire-2025-01-02-03-04-a-b-c-2.json');
  });

  it('the chapter is replaced and the rest of the page stays', () => {
    const chapter = renderWire(results, 'x.json');
    const page = insertWire(undefined, chapter);
    expect(page).toMatch(/^# Benchmarks\n/);
    expect(wireIn(page)).toBe(chapter);
    expect(page.indexOf('Method')).toBeLessThan(page.indexOf('| **GET** |'));
    const grown = `${page}\n## Memory\n`;
    expect(insertWire(grown, chapter)).toBe(grown);
    expect(() => insertWire('# Other\n', chapter)).toThrow('markers');
  });

  it('docs/benchmarks.md is what its results file gives', () => {
    const page = readFileSync(join(root, 'docs/benchmarks.md'), 'utf8');
    const file = /\.\.\/bench\/results\/(wire-[\w.-]+\.json)/.exec(page)?.[1];
    const chapter =
      file === undefined
        ? EMPTY
        : renderWire(JSON.parse(readFileSync(join(root, 'bench/results', file), 'utf8')), file);
    const advice = 'node dist/bench/wire.bench.js --report FILE, or publish a new run';
    expect(wireIn(page), advice).toBe(chapter);
  });
});

it('checksums tell different work apart', () => {
  const sum = (text: string): string => {
    const checksum = new Checksum();
    checksum.add(text);
    return checksum.text;
  };
  // The published FNV-1a of these.
  expect([sum(''), sum('a'), sum('foobar')]).toEqual(['811c9dc5', 'e40c292c', 'bf9cf968']);
});
