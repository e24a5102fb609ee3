/** The pure parts of the benches: what is sent, what is read from it, and what is said about it. */

import { existsSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { run as collections } from '../../bench/collections.bench.ts';
import { benchmarkCases, fillingOf } from '../../bench/parts/throughput-cases.ts';
import { filling, QUESTIONS, SHAPES } from '../../bench/support/collections.ts';
import { halvesOf, parsePins, pinned, processorsIn } from '../../bench/support/pinning.ts';
import { benchmarkArgs, parseCsv, runProgram } from '../../bench/support/redis-benchmark.ts';
import { assertDistinct } from '../../bench/support/results.ts';
import {
  busyTicks,
  cpuSeconds,
  cpuTicks,
  describeCommand,
  parseCandidate,
  startSubject,
} from '../../bench/support/servers.ts';
import { invocationOf } from '../../bench/support/setup.ts';
import { countFor, geometricMean, pairedRatios, spreadOf } from '../../bench/support/statistics.ts';
import { findRedis } from '../support/redis.ts';

const redisPath = findRedis();

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

  it('the mean of ratios is the same from either side', () => {
    expect(geometricMean([2, 0.5])).toBeCloseTo(1, 12);
    expect(geometricMean([4, 1])).toBeCloseTo(1 / geometricMean([1 / 4, 1]), 12);
    expect(() => geometricMean([])).toThrow('nothing was measured');
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
    expect([...fillingOf('mylist', 2, 3)]).toEqual([['RPUSH', 'mylist', 'VXK', 'VXK']]);
    const members = [...fillingOf('myzset', 1001, 3)].map((request) => request.slice(2));
    expect(members.map(({ length }) => length)).toEqual([1000, 1000, 2]);
    expect(new Set(members.flat().filter((word) => word.startsWith('el'))).size).toBe(1001);
    // Large elements come in requests of their own size.
    expect([...fillingOf('mylist', 9, 16_384)].map(({ length }) => length - 2)).toEqual([4, 4, 1]);
  });

  it('every case has a name of its own and arguments redis-benchmark can take', () => {
    const hash = (): string => 'f'.repeat(40);
    const count = (isFull: boolean, isCross: boolean): number => {
      const all = benchmarkCases({ isFull, isCross, scale: 1, hash });
      expect(new Set(all.map(({ name }) => name)).size).toBe(all.length);
      for (const { args, requestsMax, valueSize } of all) {
        // A test by its name, or at the end a request.
        if (!args.includes('-t')) expect(args.join(' ')).toMatch(/ -d \d+( -3)? [A-Z]{4,}( |$)/);
        expect(requestsMax * valueSize).toBeLessThanOrEqual(2 ** 28);
      }
      return all.length;
    };
    const short = count(false, false);
    const full = count(true, false);
    expect(full).toBeGreaterThan(4 * short);
    expect(count(false, true)).toBeGreaterThan(2 * full);
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
    const { setup, doesPublish } = invocationOf(
      ['--quick', '--only', 'GET', '--peer', 'x=1', '--without', 'redis', '--no-pin'],
      '',
      print,
    );
    expect(setup.candidates.map(({ name }) => name)).toEqual(['zonis', 'x']);
    expect(['throughput/GET -P 16', 'throughput/SET', 'get'].map(setup.wanted)).toEqual([
      ...[true, false, true],
    ]);
    expect([setup.rounds, setup.seconds, setup.pins, doesPublish]).toEqual([
      ...[1, 0.1, undefined, false],
    ]);
    expect(() => invocationOf(['--rounds', 'x'], '', print)).toThrow('--rounds');
    expect(() => invocationOf(['--nonsense'], '', print)).toThrow();
  });

  it('servers and load keep to processors of their own', () => {
    expect(processorsIn('0-2,5')).toEqual([0, 1, 2, 5]);
    expect(halvesOf([0, 1, 2, 5])).toEqual({ server: '0,1', load: '2,5' });
    expect(halvesOf([3])).toBeUndefined();
    expect(parsePins('0-1/2,3')).toEqual({ server: '0-1', load: '2,3' });
    expect(() => parsePins('0')).toThrow('--pin');
    expect(pinned(['a', 'b'], '0')).toEqual(['taskset', '-c', '0', 'a', 'b']);
    expect(pinned(['a'], undefined)).toEqual(['a']);
  });
});
