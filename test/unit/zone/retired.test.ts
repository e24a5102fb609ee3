import { expect, test } from 'vitest';
import { audit } from '../../../src/zone/audit.ts';
import type { Zone } from '../../../src/zone/zone.ts';
import { DELETED } from '../../../src/zone/zone.ts';
import { openOffline } from '../../support/offline.ts';
import { find, get, KiB, MiB, openZone, put, removalsOf, START, set } from './support.ts';

const large = 'l'.repeat(64 * KiB);

/** Frees in slices of `steps`, and answers in how many. */
function freeAll(zone: Zone, steps: number): number {
  let slices = 0;
  for (; !zone.retired.isEmpty; slices++) {
    zone.retired.free(steps);
    expect(audit(zone)).toBeUndefined();
  }
  return slices;
}

test('an entry that is unlinked is gone at once, its chunks are not', () => {
  const zone = openZone({ size: 4 * MiB });
  set(zone, 'small', 's');
  const used = zone.slab.usedPages();
  set(zone, 'large', 'x'.repeat(2 * MiB), START + 1000);
  const removals = removalsOf(zone);
  zone.unlink(find(zone, 'large'), DELETED);
  expect(removals).toHaveLength(1);
  expect(find(zone, 'large')).toBe(0);
  expect(zone.entryCount(0)).toBe(1);
  expect(zone.deadlines.count).toBe(0);
  expect(zone.retired.pending).toBe(1);
  expect(zone.slab.usedPages()).toBeGreaterThan(used + 100);
  expect(audit(zone)).toBeUndefined();

  // 1,024 chunks of 2 KiB, of which the last 257 go with their list.
  expect(freeAll(zone, 100)).toBe(9);
  expect(zone.slab.usedPages()).toBe(used);
  expect(zone.retired.freed).toBe(1);
  expect(removals).toHaveLength(1);
});

test('what lies in its slot alone is freed at once', () => {
  const zone = openZone();
  set(zone, 'small', 's');
  zone.unlink(find(zone, 'small'), DELETED);
  expect(zone.retired.isEmpty).toBe(true);
  expect(zone.slab.usedPages()).toBe(0);
});

test('an entry of very many chunks is retired whatever makes it go', () => {
  const zone = openZone({ size: 16 * MiB });
  set(zone, 'large', 'x'.repeat(10 * MiB), START + 1000);
  zone.tick(START + 1000);
  expect(zone.expireOne()).toBe(true);
  expect(zone.counts.expired).toBe(1);
  expect(zone.retired.pending).toBe(1);
  expect(freeAll(zone, 1000)).toBeGreaterThan(5);
});

test('the same key can be retired again and again', () => {
  const zone = openZone({ size: 4 * MiB });
  for (let i = 0; i < 5; i++) {
    set(zone, 'key', `${i}${large}`);
    zone.unlink(find(zone, 'key'), DELETED);
  }
  set(zone, 'key', 'now');
  expect(zone.retired.pending).toBe(5);
  expect(audit(zone)).toBeUndefined();
  zone.retired.free(30);
  expect(zone.retired.pending).toBe(4);
  freeAll(zone, 40);
  expect(get(zone, 'key')).toBe('now');
});

test('a write takes the room of what is retired before anything is evicted', () => {
  const zone = openZone({ size: MiB, policy: 'allkeys-lru' });
  set(zone, 'stays', large);
  while (set(zone, 'long', 'x'.repeat(700 * KiB))) {
    zone.unlink(find(zone, 'long'), DELETED);
    if (zone.retired.freed > 3) break;
  }
  expect(zone.retired.freed).toBeGreaterThan(3);
  expect(zone.counts.evicted).toBe(0);
  expect(get(zone, 'stays')).toBe(large);
  expect(audit(zone)).toBeUndefined();
});

test('retired entries are found after they were moved and the zone resized', () => {
  const zone = openZone({ size: 4 * MiB });
  for (let i = 0; i < 30; i++) put(zone, `k${i}`, new Uint8Array(5000 + i));
  for (let i = 0; i < 30; i += 2) zone.unlink(find(zone, `k${i}`), DELETED);
  expect(zone.resizeTo(2 * MiB)).toBe(true);
  expect(zone.retired.pending + zone.retired.freed).toBe(15);
  freeAll(zone, 7);
  expect(zone.table.count).toBe(15);
});

test('a database is retired whole, and its number used again when it is empty', () => {
  const zone = openZone({ size: 4 * MiB, databases: 2 });
  for (let round = 0; round < 40; round++) {
    let number = 1;
    put(zone, 'other', new Uint8Array(10), -1, 0, 0);
    for (let i = 0; i < 20; i++) put(zone, `k${i}`, new Uint8Array(i * 300), -1, 0, number);
    number = zone.retired.replace(1);
    expect(number).toBeGreaterThan(1);
    expect(zone.entryCount(number)).toBe(0);
    expect(zone.retired.pending).toBe(20);
    freeAll(zone, 9);
    expect(zone.table.count).toBe(1);
    // Shown as 1 again, for the next round.
    expect(zone.retired.replace(number)).toBeGreaterThan(0);
    freeAll(zone, 9);
  }
});

test('FLUSHDB ASYNC empties a database in slices, without a word to the others', () => {
  const server = openOffline({ 'enable-debug-command': 'yes' });
  const { zone } = server;
  server.run('SELECT', '1');
  server.run('SET', 'other', 'v');
  server.run('SELECT', '0');
  for (let round = 0; round < 20; round++) {
    for (let i = 0; i < 50; i++) server.run('SET', `key:${i}`, 'v', 'PX', '100');
    expect(server.run('FLUSHDB', 'ASYNC')).toBe('+OK\r\n');
    expect(server.run('DBSIZE')).toBe(':0\r\n');
    expect(server.run('GET', 'key:1')).toBe('$-1\r\n');
    expect(server.run('SCAN', '0', 'COUNT', '100000')).toBe('*2\r\n$1\r\n0\r\n*0\r\n');
    expect(server.audit()).toBeUndefined();
  }
  // There are numbers for 16 at a time: the rest was removed at once.
  expect(zone.retired.pending).toBe(16 * 50);
  server.clock.advance(200);
  server.instance.keyspace.tick(server.clock.now());
  server.instance.keyspace.expireDue(100);
  expect(server.run('INFO', 'memory')).toContain('lazyfree_pending_objects:700\r\n');
  server.instance.keyspace.freeRetired(100_000);
  expect(server.run('INFO', 'memory')).toContain('lazyfreed_objects:700\r\n');
  expect(zone.table.count).toBe(1);
  server.run('SELECT', '1');
  expect(server.run('GET', 'other')).toBe('$1\r\nv\r\n');
});

test('DEL and FLUSHDB free in slices when they are told to', () => {
  const server = openOffline();
  const { retired } = server.zone;
  const both = ['lazyfree-lazy-user-del', 'lazyfree-lazy-user-flush'];
  for (const [setting, count] of [
    ['no', 0],
    ['yes', 2],
  ] as const) {
    for (const directive of both) server.run('CONFIG', 'SET', directive, setting);
    server.run('SELECT', '1');
    server.run('SET', 'small', 'v');
    server.run('SELECT', '0');
    server.run('SET', 'large', large);
    server.run('DEL', 'large');
    server.run('SET', 'small', 'v');
    server.run('FLUSHDB');
    expect(retired.pending).toBe(count);
  }
  server.run('FLUSHALL');
  expect(retired.isEmpty).toBe(true);
  expect(server.zone.table.count).toBe(0);
  expect(server.audit()).toBeUndefined();
});
