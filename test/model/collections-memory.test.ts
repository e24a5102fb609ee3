import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, test } from 'vitest';
import { filling, SHAPES } from '../../bench/support/collections.ts';
import { MiB } from '../../src/zone/layout.ts';
import { openOffline } from '../support/offline.ts';

const COUNT = 100_000;

test('a hundred thousand elements of each type do not make the JavaScript heap grow', () => {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  const server = openOffline({ maxmemory: String(64 * MiB), 'maxmemory-policy': 'noeviction' });
  const fill = (count: number): void => {
    for (const shape of SHAPES) {
      for (const request of filling(shape, shape.type, count)) {
        expect(server.run(...request)[0]).not.toBe('-');
      }
    }
  };
  // What a type needs once, it has then.
  fill(2000);
  server.run('FLUSHALL');
  collect();
  const before = process.memoryUsage().heapUsed;
  fill(COUNT);
  collect();
  expect(process.memoryUsage().heapUsed - before).toBeLessThan(2 * MiB);
  expect(server.run('LLEN', 'list')).toBe(`:${COUNT}\r\n`);
  expect(server.run('DBSIZE')).toBe(`:${SHAPES.length}\r\n`);
  expect(server.audit()).toBe(undefined);
});
