import { expect, test } from 'vitest';
import { audit } from '../../../src/zone/audit.ts';
import { dump, find, openZone, order, put, START, set } from './support.ts';

test('an entry that moves is found, ordered, due and whole where it lies then', () => {
  const zone = openZone({ policy: 'allkeys-lru' });
  for (const key of ['a', 'b', 'c', 'd']) set(zone, key, `value of ${key}`, START + 10);
  put(zone, 'large', new Uint8Array(20_000).fill(9), START + 5);
  const before = dump(zone);
  const inOrder = order(zone);
  for (const key of ['a', 'd', 'b', 'large']) {
    const from = find(zone, key);
    const sizeClass = zone.slab.classOf(from);
    if (!zone.slab.hasRoom(sizeClass)) zone.slab.growClass(sizeClass);
    const to = zone.slab.acquire(sizeClass);
    zone.spared = from;
    zone.moveEntry(from, to);
    zone.slab.release(from);
    expect(find(zone, key)).toBe(to);
    expect(zone.spared).toBe(to);
    zone.spared = 0;
    expect(audit(zone)).toBeUndefined();
  }
  expect(dump(zone)).toEqual(before);
  expect(order(zone)).toEqual(inOrder);
  expect(zone.deadlines.first()).toBe(find(zone, 'large'));
});

test('the bytes an entry takes are its slot, its chunks and its deadline', () => {
  const zone = openZone();
  set(zone, 'k', '');
  expect(zone.sizeOf(find(zone, 'k'))).toBe(32);
  set(zone, 'k', 'v', START + 1);
  expect(zone.sizeOf(find(zone, 'k'))).toBe(40 + 12);
  set(zone, 'k', 'v'.repeat(10_000));
  expect(zone.sizeOf(find(zone, 'k'))).toBeGreaterThan(10_000 + 28);
  expect(zone.sizeOf(find(zone, 'k'))).toBeLessThan(10_000 * 1.125 + 100);
});

test('a pin is kept through writes and taken off again', () => {
  const zone = openZone({ policy: 'allkeys-lru' });
  set(zone, 'a', '1');
  zone.setPinned(find(zone, 'a'), true);
  zone.setPinned(find(zone, 'a'), true);
  set(zone, 'a', '1'.repeat(500), START + 5);
  expect([zone.isPinned(find(zone, 'a')), order(zone)]).toEqual([true, []]);
  zone.setPinned(find(zone, 'a'), false);
  expect(order(zone)).toEqual(['a']);
  expect(audit(zone)).toBeUndefined();
});
