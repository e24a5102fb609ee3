import { describe, expect, it } from 'vitest';
import { LatencyMonitor, latencyFigures } from '../../../src/instance/latency.ts';

function monitor(threshold: number): LatencyMonitor {
  const latency = new LatencyMonitor();
  latency.threshold = threshold;
  return latency;
}

describe('the latency monitor', () => {
  it('notes what takes as long as its threshold, and nothing while that is 0', () => {
    const latency = monitor(0);
    latency.note('command', 5000, 1);
    expect(latency.series.size).toBe(0);
    latency.threshold = 100;
    latency.note('command', 99, 1);
    expect(latency.series.size).toBe(0);
    latency.note('command', 100, 1);
    expect(latency.series.get('command')).toEqual({ worst: 100, samples: [{ time: 1, ms: 100 }] });
  });

  it('keeps the longest of each second, of the last 160', () => {
    const latency = monitor(1);
    for (const ms of [3, 9, 4]) latency.note('e', ms, 50);
    expect(latency.series.get('e')?.samples).toEqual([{ time: 50, ms: 9 }]);
    for (let i = 0; i < 200; i++) latency.note('e', 2, 51 + i);
    const { samples, worst } = latency.series.get('e') ?? { samples: [], worst: 0 };
    expect([samples.length, samples[0].time, worst]).toEqual([160, 91, 9]);
  });

  it('forgets an event named in any case, or all of them', () => {
    const latency = monitor(1);
    for (const event of ['a', 'b', 'c']) latency.note(event, 1, 1);
    expect(latency.reset('B')).toBe(1);
    expect(latency.reset('B')).toBe(0);
    expect(latency.reset()).toBe(2);
    expect(latency.series.size).toBe(0);
  });

  it('makes figures of the samples', () => {
    const samples = [10, 20, 40].map((ms, i) => ({ time: 100 + i, ms }));
    const figures = latencyFigures({ worst: 40, samples }, 110);
    expect(figures).toEqual({ count: 3, average: 23, deviation: 11, period: 10 });
    expect(latencyFigures({ worst: 10, samples: samples.slice(0, 1) }, 100).period).toBe(1);
  });
});
