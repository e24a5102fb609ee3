import { expect, it } from 'vitest';
import { sparkline } from '../../../src/std/sparkline.ts';

/** Recorded from LATENCY GRAPH of redis-server, of samples of 300, 402 and 501 ms. */
it('draws as Redis does', () => {
  const points = [
    { value: 300, label: '4s' },
    { value: 402, label: '3s' },
    { value: 501, label: '1s' },
  ];
  expect(sparkline(points)).toBe('  #\n _|\n ||\n_||\n   \n431\nsss\n');
});

it('draws one alone, and alike ones, on the ground', () => {
  expect(sparkline([{ value: 7, label: 'a' }])).toBe(' \n \n \n_\n \na\n');
  expect(
    sparkline([
      { value: 7, label: '' },
      { value: 7, label: 'b' },
    ]),
  ).toBe('  \n  \n  \n__\n  \n b\n');
});

it('goes on in another band after eighty', () => {
  const points = Array.from({ length: 81 }, (_, i) => ({ value: i, label: '' }));
  const lines = sparkline(points).split('\n');
  expect(lines[0]).toHaveLength(80);
  expect(lines[6]).toBe('#');
});
