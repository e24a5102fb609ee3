import { expect, it } from 'vitest';
import { Histogram } from '../../../src/std/histogram.ts';

/** Sixty values of all sizes. What they come to was recorded from HdrHistogram's own code. */
function filled(): Histogram {
  const histogram = new Histogram();
  for (let i = 0, value = 1; i < 60; i++) {
    histogram.record(value, 1);
    value = Math.min(1e9, Math.floor((value * 7) / 5) + 1);
  }
  return histogram;
}

it('tells percentiles as HdrHistogram does', () => {
  const histogram = filled();
  const percentiles = [0, 1, 25, 50, 75, 90, 99, 99.9, 100];
  expect(percentiles.map((percent) => histogram.percentile(percent))).toEqual([
    ...[1, 1, 267, 41727, 6488063, 134217727, 721420287, 1002438655, 1002438655],
  ]);
  expect(new Histogram().percentile(50)).toBe(0);
});

it('tells how many values there are up to each doubling', () => {
  const histogram = filled();
  expect(histogram.steps()).toEqual([
    ...[
      [1, 19],
      [2, 21],
      [4, 23],
      [8, 25],
      [16, 27],
      [33, 29],
      [66, 31],
      [132, 33],
    ],
    ...[
      [264, 35],
      [528, 37],
      [1056, 39],
      [2113, 41],
      [4227, 43],
      [8454, 45],
      [16908, 47],
    ],
    ...[
      [33816, 49],
      [67633, 51],
      [135266, 54],
      [270532, 56],
      [541065, 58],
      [1073741, 60],
    ],
  ]);
  histogram.record(100, 40);
  expect(histogram.total).toBe(100);
  expect(histogram.steps()[0]).toEqual([1, 59]);
  expect(new Histogram().steps()).toEqual([]);
});

it('takes nothing for one nanosecond and hours for a second', () => {
  const histogram = new Histogram();
  histogram.record(0, 1);
  histogram.record(1e13, 1);
  expect(histogram.percentile(50)).toBe(1);
  expect(histogram.percentile(100)).toBe(1002438655);
});
