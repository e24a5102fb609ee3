/**
 * The zone by itself: what each operation costs, at a hundred thousand keys and at a million.
 *
 * Keys are visited at random, so that a million of them do not fit the processor's caches; hashing
 * is included, since every look-up pays for it. Best of several rounds; the checksum keeps the work
 * from being optimized away.
 */

import { SeededRandom } from '../src/std/random.ts';
import type { Policy } from '../src/zone/recency.ts';
import { Zone } from '../src/zone/zone.ts';

const KEY_SIZE = 16;
const VALUE_SIZE = 64;
const NOW = 1_700_000_000_000;
const ROUND_COUNT = 5;

/** Keys as they lie in requests: side by side in one array, which is the arena's in a server. */
interface Keys {
  readonly bytes: Uint8Array;
  readonly count: number;
}

function keysOf(count: number, first: number): Keys {
  const bytes = new Uint8Array(count * KEY_SIZE);
  for (let i = 0; i < count; i++) {
    const text = `key:${String(first + i).padStart(KEY_SIZE - 4, '0')}`;
    for (let at = 0; at < KEY_SIZE; at++) bytes[i * KEY_SIZE + at] = text.charCodeAt(at);
  }
  return { bytes, count };
}

function open(count: number, policy: Policy, room: number): Zone {
  const size = Math.floor(count * room) + 4 * 1024 * 1024;
  const random = new SeededRandom(1);
  const zone = new Zone({ name: 'bench', size, policy, random, seed: new Uint8Array(16) });
  zone.tick(NOW);
  return zone;
}

function find(zone: Zone, keys: Keys, i: number): number {
  const start = i * KEY_SIZE;
  const end = start + KEY_SIZE;
  return zone.find(0, zone.hashOf(0, keys.bytes, start, end), keys.bytes, start, end);
}

function put(zone: Zone, keys: Keys, i: number, deadline: number): number {
  const start = i * KEY_SIZE;
  const end = start + KEY_SIZE;
  const { bytes } = keys;
  const hash = zone.hashOf(0, bytes, start, end);
  const existing = zone.find(0, hash, bytes, start, end);
  const timed = deadline > 0;
  const entry = zone.put(existing, 0, hash, bytes, start, end, 0, VALUE_SIZE, timed);
  if (timed) zone.setDeadline(entry, deadline);
  return entry;
}

export function run(
  print: (line: string) => void = (line) => process.stdout.write(`${line}\n`),
  counts: readonly number[] = [100_000, 1_000_000],
): void {
  print(`ns per operation, key ${KEY_SIZE} and value ${VALUE_SIZE} bytes, node ${process.version}`);
  print(''.padEnd(34) + counts.map((count) => `${count} keys`.padStart(16)).join(''));
  const columns = counts.map((count) => measure(count));
  for (const [row, name] of columns[0].names.entries()) {
    print(name.padEnd(34) + columns.map(({ ns }) => ns[row].toFixed(0).padStart(16)).join(''));
  }
  print(`checksum ${columns.map(({ checksum }) => checksum % 1_000_003).join(' ')}`);
}

interface Column {
  readonly names: string[];
  readonly ns: number[];
  checksum: number;
}

function measure(count: number): Column {
  const column: Column = { names: [], ns: [], checksum: 0 };
  const keys = keysOf(count, 0);
  const others = keysOf(count, count);
  const random = new SeededRandom(2);
  const picks = Uint32Array.from({ length: Math.min(count, 200_000) }, () => random.below(count));
  /** Times `work` over random keys: best round of several. */
  const time = (name: string, work: (i: number) => number, rounds = ROUND_COUNT) => {
    let best = Number.POSITIVE_INFINITY;
    for (let round = 0; round < rounds; round++) {
      const before = process.hrtime.bigint();
      for (const i of picks) column.checksum += work(i);
      best = Math.min(best, Number(process.hrtime.bigint() - before) / picks.length);
    }
    column.names.push(name);
    column.ns.push(best);
  };
  /** Times `work` over all keys in turn, after `prepare`. */
  const timeAll = (name: string, prepare: () => Zone, work: (zone: Zone, i: number) => number) => {
    let best = Number.POSITIVE_INFINITY;
    for (let round = 0; round < 3; round++) {
      const zone = prepare();
      const before = process.hrtime.bigint();
      for (let i = 0; i < count; i++) column.checksum += work(zone, i);
      best = Math.min(best, Number(process.hrtime.bigint() - before) / count);
    }
    column.names.push(name);
    column.ns.push(best);
  };

  for (const policy of ['noeviction', 'allkeys-lru', 'allkeys-lfu'] as const) {
    const zone = open(count, policy, 160);
    for (let i = 0; i < count; i++) put(zone, keys, i, 0);
    if (policy === 'noeviction') {
      time('find, hit', (i) => find(zone, keys, i));
      time('find, miss', (i) => find(zone, others, i));
      time('put over an entry', (i) => put(zone, keys, i, 0));
      time('put over it, with a deadline', (i) => put(zone, keys, i, NOW + 1000 + i));
    }
    time(`find and touch, ${policy}`, (i) => {
      const entry = find(zone, keys, i);
      zone.touch(entry);
      return entry;
    });
  }
  timeAll(
    'put of a new key',
    () => open(count, 'noeviction', 160),
    (zone, i) => put(zone, keys, i, 0),
  );
  timeAll(
    'put of a new key and a deadline',
    () => open(count, 'noeviction', 200),
    (zone, i) => put(zone, keys, i, NOW + 1000 + i),
  );
  for (const policy of ['allkeys-lru', 'allkeys-lfu', 'allkeys-random', 'volatile-ttl'] as const) {
    timeAll(
      `put that evicts, ${policy}`,
      () => {
        const zone = open(count, policy, 60);
        for (let i = 0; i < count; i++) put(zone, keys, i, policy === 'volatile-ttl' ? NOW + i : 0);
        return zone;
      },
      (zone, i) => put(zone, others, i, policy === 'volatile-ttl' ? NOW + 5000 + i : 0),
    );
  }
  timeAll(
    'remove',
    () => {
      const zone = open(count, 'noeviction', 160);
      for (let i = 0; i < count; i++) put(zone, keys, i, 0);
      return zone;
    },
    (zone, i) => {
      zone.remove(find(zone, keys, i), 2);
      return 1;
    },
  );
  return column;
}
