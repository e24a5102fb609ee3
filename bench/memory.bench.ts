/**
 * Memory: what an entry costs, all included, and what of it the garbage collector sees.
 *
 * The zone is made just large enough for what is stored, found by halving, so the figure counts
 * everything: headers, slots larger than their content, pages not quite full, deadlines, buckets.
 */

import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { SeededRandom } from '../src/std/random.ts';
import { C_PAGES, CLASS_WORDS, KiB, MiB } from '../src/zone/layout.ts';
import { Zone } from '../src/zone/zone.ts';

const SEED = new Uint8Array(16);
const NOW = 1_700_000_000_000;

interface Shape {
  readonly name: string;
  readonly keySize: number;
  readonly valueSize: number;
  readonly timed: boolean;
}

const SHAPES: readonly Shape[] = [
  { name: 'counter', keySize: 20, valueSize: 4, timed: false },
  { name: 'flag with a TTL', keySize: 24, valueSize: 1, timed: true },
  { name: 'session', keySize: 51, valueSize: 512, timed: true },
  { name: 'cached page', keySize: 40, valueSize: 12_000, timed: true },
];

/** One thing to find: the session of the requirement. */
const SESSIONS = 300_000;

function open(size: number): Zone {
  const zone = new Zone({ name: 'bench', size, random: new SeededRandom(1), seed: SEED });
  zone.tick(NOW);
  return zone;
}

/** Stores `count` entries. Answers whether all of them fit. */
function store(zone: Zone, shape: Shape, count: number): boolean {
  const { keySize, valueSize, timed } = shape;
  const key = new Uint8Array(keySize).fill(120);
  for (let i = 0; i < count; i++) {
    for (let at = 0, n = i; at < 8; at++, n = Math.floor(n / 26)) key[at] = 97 + (n % 26);
    const hash = zone.hashOf(0, key, 0, keySize);
    const entry = zone.put(0, 0, hash, key, 0, keySize, 0, valueSize, timed);
    if (entry === 0) return false;
    if (timed) zone.setDeadline(entry, NOW + 1000 + ((i * 7919) % 100_000));
  }
  return true;
}

/** The smallest zone that holds `count` entries, to the page. */
function smallestZone(shape: Shape, count: number): Zone {
  const content = (shape.keySize + shape.valueSize) * count;
  let low = content;
  let high = content + 200 * count + 2 * MiB;
  while (high - low > 64 * KiB) {
    const size = Math.ceil((low + high) / 2);
    if (store(open(size), shape, count)) high = size;
    else low = size;
  }
  const zone = open(high);
  store(zone, shape, count);
  return zone;
}

export function run(
  print: (line: string) => void = (line) => process.stdout.write(`${line}\n`),
  count = SESSIONS,
  heapCount = 1_000_000,
): void {
  print(`bytes per entry, the smallest zone for ${count} of them divided by their number`);
  print(`${''.padEnd(20)}key+value   zone/n  overhead`);
  let sessions: Zone | undefined;
  for (const shape of SHAPES) {
    const n = shape.valueSize > 4000 ? Math.ceil(count / 30) : count;
    const zone = smallestZone(shape, n);
    if (shape.name === 'session') sessions = zone;
    const payload = shape.keySize + shape.valueSize;
    const each = zone.size / n;
    print(
      shape.name.padEnd(20) +
        String(payload).padStart(9) +
        each.toFixed(1).padStart(9) +
        `${((each / payload - 1) * 100).toFixed(1)} %`.padStart(10),
    );
  }
  if (sessions !== undefined) explain(sessions, count, print);
  heapGrowth(heapCount, print);
}

/** Where the bytes of a session go. */
function explain(zone: Zone, count: number, print: (line: string) => void): void {
  const { layout, slab, deadlines, arena } = zone;
  const entry = zone.table.byRank(0);
  const sizeClass = slab.classOf(entry);
  const slot = slab.slotSize(sizeClass);
  const pages = arena.i32[layout.classes + sizeClass * CLASS_WORDS + C_PAGES];
  const parts: [string, number][] = [
    ['header with its place among deadlines', 32],
    ['key and value', 51 + 512],
    ['slot larger than that', slot - 32 - 51 - 512],
    ['page larger than its slots', (pages * layout.pageSize) / count - slot],
    ['place in the deadline heap', (deadlines.pageCount * layout.pageSize) / count],
    ['bucket', (2 ** layout.bucketBits * 4) / count],
    ['page table and the rest', 0],
  ];
  const total = zone.size / count;
  parts[6][1] = total - parts.reduce((sum, [, bytes]) => sum + bytes, 0);
  print(`a session, byte by byte (zone of ${zone.size} bytes, checksum ${zone.table.count})`);
  for (const [name, bytes] of parts) print(`  ${name.padEnd(38)}${bytes.toFixed(1).padStart(7)}`);
  print(`  ${'together'.padEnd(38)}${total.toFixed(1).padStart(7)}`);
}

/** What the JavaScript heap holds for a zone of many keys. */
function heapGrowth(count: number, print: (line: string) => void): void {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  const zone = open(Math.max(MiB, count * 100));
  collect();
  const before = process.memoryUsage().heapUsed;
  store(zone, { name: 'small', keySize: 24, valueSize: 10, timed: true }, count);
  collect();
  const grown = process.memoryUsage().heapUsed - before;
  print(
    `the JavaScript heap of ${zone.table.count} keys: ${(Math.max(0, grown) / KiB).toFixed(0)} KiB`,
  );
}
