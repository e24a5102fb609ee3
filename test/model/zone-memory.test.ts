import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, test } from 'vitest';
import { MiB, openZone, START } from '../unit/zone/support.ts';

/** Stores entries of one size with a deadline. Answers how many there was room for. */
function store(
  zone: ReturnType<typeof openZone>,
  count: number,
  keySize: number,
  size: number,
): number {
  const key = new Uint8Array(keySize).fill(120);
  for (let i = 0; i < count; i++) {
    for (let at = 0, n = i; at < 8; at++, n = Math.floor(n / 26)) key[at] = 97 + (n % 26);
    const hash = zone.hashOf(0, key, 0, keySize);
    const entry = zone.put(0, 0, hash, key, 0, keySize, 0, size, true);
    if (entry === 0) return i;
    zone.setDeadline(entry, START + 1000 + ((i * 7919) % 100_000));
  }
  return count;
}

test('a session of 51 and 512 bytes with a deadline costs 640 bytes at most, all included', () => {
  // Sizes with the most and the fewest buckets for their bytes.
  for (const count of [112_000, 150_000, 165_000]) {
    const zone = openZone({ size: count * 640 });
    expect(store(zone, count, 51, 512)).toBe(count);
    expect(zone.counts.evicted).toBe(0);
  }
});

test('a million keys do not make the JavaScript heap grow', () => {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  const zone = openZone({ size: 100 * MiB });
  store(zone, 1000, 24, 10);
  collect();
  const before = process.memoryUsage().heapUsed;
  expect(store(zone, 1_000_000, 24, 10)).toBe(1_000_000);
  collect();
  expect(process.memoryUsage().heapUsed - before).toBeLessThan(2 * MiB);
});
