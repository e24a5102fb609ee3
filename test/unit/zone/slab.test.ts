import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Arena } from '../../../src/zone/arena.ts';
import { layoutFor } from '../../../src/zone/layout.ts';
import { Slab } from '../../../src/zone/slab.ts';
import { find, KiB, openZone, remove, set } from './support.ts';

function openSlab(): { slab: Slab; trace: string[] } {
  const layout = layoutFor(256 * KiB, 1, 64);
  const slab = new Slab(new Arena(layout.zoneSize, 64), layout);
  slab.format();
  const trace: string[] = [];
  slab.trace = (page, sizeClass, change) =>
    trace.push(`${change > 0 ? '+' : '-'}${page}:${sizeClass}`);
  return { slab, trace };
}

/** Takes a slot as writers do, a page first when there is no room. */
function take(slab: Slab, sizeClass: number): number {
  if (!slab.hasRoom(sizeClass)) expect(slab.growClass(sizeClass)).toBe(true);
  return slab.acquire(sizeClass);
}

test('a page is taken with its first slot and given back with its last', () => {
  const { slab, trace } = openSlab();
  const sizeClass = slab.classFor(1000);
  const perPage = Math.floor((16 * KiB) / slab.slotSize(sizeClass));
  const slots = Array.from({ length: perPage * 2 + 1 }, () => take(slab, sizeClass));
  const c = `:${sizeClass}`;
  expect(trace).toEqual([`+0${c}`, `+1${c}`, `+2${c}`]);
  trace.length = 0;
  for (const slot of slots.slice(0, perPage - 1)) slab.release(slot);
  expect(trace).toEqual([]);
  slab.release(slots[perPage - 1]);
  expect(trace).toEqual([`-0${c}`]);
  slab.release(slots[perPage * 2]);
  expect(trace).toEqual([`-0${c}`, `-2${c}`]);
  expect(slab.usedPages()).toBe(1);
});

test('a page given back serves any other class, the last one first', () => {
  const { slab, trace } = openSlab();
  const small = slab.classFor(40);
  const large = slab.classFor(2000);
  const first = take(slab, small);
  const second = take(slab, large);
  slab.release(first);
  slab.release(second);
  trace.length = 0;
  take(slab, slab.classFor(500));
  take(slab, slab.classFor(600));
  take(slab, slab.classFor(700));
  expect(trace.map((line) => line.slice(0, 2))).toEqual(['+1', '+0', '+2']);
});

test('slots that were freed are used before pages are taken', () => {
  const { slab, trace } = openSlab();
  const sizeClass = slab.classFor(100);
  const slots = Array.from({ length: 400 }, () => take(slab, sizeClass));
  trace.length = 0;
  for (let i = 0; i < 400; i += 3) slab.release(slots[i]);
  for (let i = 0; i < 400; i += 3) slots[i] = take(slab, sizeClass);
  expect(trace).toEqual([]);
  expect(new Set(slots).size).toBe(400);
});

test('no more pages are taken than there are', () => {
  const { slab } = openSlab();
  const { pageCount } = slab.layout;
  for (let page = 0; page < pageCount; page++) expect(slab.growClass(3)).toBe(true);
  expect(slab.freePages()).toBe(0);
  expect(slab.growClass(3)).toBe(false);
  slab.giveEmptyPages(3);
  expect(slab.freePages()).toBe(pageCount);
});

test('slots never overlap, and each knows its page, class and place', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: -40, max: 2048 }), { maxLength: 300 }), (steps) => {
      const { slab } = openSlab();
      const taken = new Map<number, number>();
      for (const step of steps) {
        if (step <= 0) {
          const slot = [...taken.keys()][-step];
          if (slot === undefined) continue;
          slab.release(slot);
          taken.delete(slot);
          continue;
        }
        const sizeClass = slab.classFor(step);
        if (!slab.hasRoom(sizeClass) && !slab.growClass(sizeClass)) continue;
        const slot = slab.acquire(sizeClass);
        slab.arena.i32.fill(0, slot * 2, slot * 2 + slab.slotSize(sizeClass) / 4);
        taken.set(slot, sizeClass);
      }
      const all = [...taken].sort((a, b) => a[0] - b[0]);
      let end = 0;
      for (const [slot, sizeClass] of all) {
        expect(slot).toBeGreaterThanOrEqual(end);
        end = slot + slab.slotSize(sizeClass) / 8;
        expect(slab.classOf(slot)).toBe(sizeClass);
        const page = slab.pageOf(slot);
        expect(slab.isLive(page, sizeClass, slab.slotIndex(slot, page, sizeClass))).toBe(true);
      }
      for (let c = 0; c < slab.layout.chunkClass; c++) {
        expect(all.filter(([, sizeClass]) => sizeClass === c).length).toBe(
          slab.figures().find((row) => row['slot-size'] === slab.slotSize(c))?.used ?? 0,
        );
      }
    }),
    { seed: 1, numRuns: 60 },
  );
});

test('a zone whose values change size moves pages from class to class', () => {
  const zone = openZone({ policy: 'allkeys-lru' });
  for (let i = 0; i < 3000; i++) set(zone, `key:${i}`, 'v'.repeat(60));
  const trace: string[] = [];
  zone.slab.trace = (_, sizeClass, change) =>
    trace.push(`${change > 0 ? 'taken for' : 'given by'} ${zone.slab.slotSize(sizeClass)}`);
  set(zone, 'large', 'v'.repeat(1500));
  const small = zone.slab.slotSize(zone.slab.classOf(find(zone, 'key:2999')));
  const large = zone.slab.slotSize(zone.slab.classOf(find(zone, 'large')));
  expect(trace).toEqual([`given by ${small}`, `taken for ${large}`]);
  trace.length = 0;
  remove(zone, 'large');
  expect(trace).toEqual([`given by ${large}`]);
});
