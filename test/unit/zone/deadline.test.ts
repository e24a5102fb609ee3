import fc from 'fast-check';
import { expect, test } from 'vitest';
import { audit } from '../../../src/zone/audit.ts';
import { find, KiB, openZone, remove, START, set, textOf } from './support.ts';

test('the next to expire is the head of the sorted array, whatever comes and goes', () => {
  const step = fc.tuple(
    fc.constantFrom('set', 'set', 'set', 'drop', 'expire'),
    fc.nat(150),
    fc.nat(1000),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 400 }), (steps) => {
      const zone = openZone({ size: 512 * KiB });
      const deadlines = new Map<string, number>();
      for (const [what, i, offset] of steps) {
        const key = `key:${i}`;
        if (what === 'set') {
          expect(set(zone, key, 'v', START + offset)).toBe(true);
          deadlines.set(key, START + offset);
        } else if (what === 'drop' && deadlines.has(key)) {
          zone.clearDeadline(find(zone, key));
          deadlines.delete(key);
        } else if (what === 'expire' && deadlines.size > 0) {
          const entry = zone.deadlines.first();
          deadlines.delete(textOf(zone.key(entry)));
          remove(zone, textOf(zone.key(entry)));
        }
        const sorted = [...deadlines.values()].sort((a, b) => a - b);
        const first = zone.deadlines.first();
        expect(first === 0 ? undefined : zone.deadline(first)).toBe(sorted[0]);
        expect(zone.deadlines.count).toBe(sorted.length);
      }
      expect(audit(zone)).toBeUndefined();
    }),
    { seed: 2, numRuns: 40 },
  );
});

test('entries expire in the order of their deadlines, each at its own and none before', () => {
  const zone = openZone({ size: 1024 * KiB });
  const due = Array.from({ length: 3000 }, (_, i) => START + ((i * 7919) % 3001));
  due.forEach((deadline, i) => {
    set(zone, `key:${i}`, 'v', deadline);
  });
  const seen: number[] = [];
  zone.onRemove = (entry) => seen.push(zone.deadline(entry));
  for (let now = START; now <= START + 3001; now++) {
    zone.tick(now);
    while (zone.expireOne());
    expect(seen.length).toBe(due.filter((deadline) => deadline <= now).length);
  }
  expect(seen).toEqual([...due].sort((a, b) => a - b));
});

test('deadlines beyond 32 bits, and of all ages, come back as they were set', () => {
  const zone = openZone();
  const values = [
    0,
    1,
    2 ** 31,
    2 ** 32 - 1,
    2 ** 32,
    START,
    2 ** 52 + 12345,
    9007199254740991 - 1,
  ];
  for (const value of values) {
    set(zone, `key:${value}`, 'v', value);
    expect(zone.deadline(find(zone, `key:${value}`))).toBe(value);
  }
  expect(zone.deadline(zone.deadlines.first())).toBe(0);
});

test('places take a page when there is none left, and give it back with some hysteresis', () => {
  const zone = openZone({ size: 4096 * KiB });
  const { perPage } = zone.deadlines;
  for (let i = 0; i < perPage * 2 + 1; i++) set(zone, `key:${i}`, '', START + i);
  expect(zone.deadlines.pageCount).toBe(3);
  for (let i = 0; i < perPage; i++) remove(zone, `key:${i}`);
  expect(zone.deadlines.pageCount).toBe(3);
  remove(zone, `key:${perPage}`);
  expect(zone.deadlines.pageCount).toBe(2);
  expect(zone.deadlines.trim()).toBe(true);
  expect(zone.deadlines.pageCount).toBe(1);
  expect(zone.deadlines.trim()).toBe(false);
  for (let i = perPage + 1; i <= perPage * 2; i++) remove(zone, `key:${i}`);
  expect(zone.deadlines.pageCount).toBe(0);
  expect(zone.slab.usedPages()).toBe(0);
});

test('a deadline that is set again moves, and one that is cleared never comes', () => {
  const zone = openZone();
  set(zone, 'a', '1', START + 10);
  set(zone, 'b', '1', START + 20);
  set(zone, 'c', '1', START + 30);
  zone.setDeadline(find(zone, 'a'), START + 40);
  zone.clearDeadline(find(zone, 'b'));
  const gone: string[] = [];
  zone.onRemove = (entry) => gone.push(textOf(zone.key(entry)));
  zone.tick(START + 100);
  while (zone.expireOne());
  expect(gone).toEqual(['c', 'a']);
  expect(zone.isVolatile(find(zone, 'b'))).toBe(false);
});
