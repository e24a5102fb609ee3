import { describe, expect, test } from 'vitest';
import { SeededRandom } from '../../../src/std/random.ts';
import { audit } from '../../../src/zone/audit.ts';
import { POLICIES } from '../../../src/zone/recency.ts';
import type { Zone } from '../../../src/zone/zone.ts';
import {
  eachEntry,
  find,
  KiB,
  MiB,
  openZone,
  order,
  removalsOf,
  remove,
  rename,
  START,
  set,
  textOf,
  touch,
} from './support.ts';

function victimOf(zone: Zone, spared = ''): string {
  const entry = zone.recency.victim(spared === '' ? 0 : find(zone, spared));
  return entry === 0 ? '' : textOf(zone.key(entry));
}

/** Evicts all that may be, in order. */
function evictAll(zone: Zone): string[] {
  const keys: string[] = [];
  for (let entry = zone.recency.victim(0); entry !== 0; entry = zone.recency.victim(0)) {
    keys.push(textOf(zone.key(entry)));
    zone.evict(entry);
  }
  expect(audit(zone)).toBeUndefined();
  return keys;
}

const NAMES = ['a', 'b', 'c', 'd', 'e'];

describe('lru', () => {
  test('a use makes an entry the last to go; a look does not', () => {
    const zone = openZone({ policy: 'allkeys-lru' });
    for (const name of NAMES) set(zone, name, '1');
    touch(zone, 'b');
    find(zone, 'a');
    touch(zone, 'a');
    expect(order(zone)).toEqual(['c', 'd', 'e', 'b', 'a']);
    set(zone, 'd', 'a longer value, so that the entry moves to another slot');
    expect(evictAll(zone)).toEqual(['c', 'e', 'b', 'a', 'd']);
  });

  test('volatile-lru evicts only what has a deadline, by use', () => {
    const zone = openZone({ policy: 'volatile-lru' });
    for (const name of NAMES) set(zone, name, '1', name < 'd' ? START + 1000 : -1);
    touch(zone, 'a');
    zone.clearDeadline(find(zone, 'b'));
    zone.setDeadline(find(zone, 'e'), START + 5);
    expect(evictAll(zone)).toEqual(['c', 'a', 'e']);
    expect(victimOf(zone)).toBe('');
  });

  test('an idle time is the seconds since the last use', () => {
    const zone = openZone({ policy: 'allkeys-lru' });
    set(zone, 'a', '1');
    zone.tick(START + 12_345);
    expect(zone.recency.idleMs(find(zone, 'a'))).toBe(12_000);
    zone.recency.setIdle(find(zone, 'a'), 500);
    expect(zone.recency.idleMs(find(zone, 'a'))).toBe(500_000);
    touch(zone, 'a');
    expect(zone.recency.idleMs(find(zone, 'a'))).toBe(0);
  });

  test('renaming keeps the place in the order, long keys or not', () => {
    for (const name of ['x', 'y'.repeat(300), 'z'.repeat(3000)]) {
      const zone = openZone({ policy: 'allkeys-lru' });
      for (const key of NAMES) set(zone, key, '1');
      rename(zone, 'b', name);
      expect(order(zone)).toEqual(['a', name, 'c', 'd', 'e']);
      rename(zone, name, 'b');
      expect(order(zone)).toEqual(NAMES);
    }
  });
});

describe('lfu', () => {
  test('the victim is the least frequent of all, decay counted, the oldest of equals', () => {
    for (const policy of ['allkeys-lfu', 'volatile-lfu'] as const) {
      const random = new SeededRandom(7);
      const zone = openZone({ size: 512 * KiB, policy, random: new SeededRandom(8) });
      zone.recency.frequency.logFactor = 1;
      let now = START;
      for (let step = 0; step < 6000; step++) {
        const key = `key:${Math.floor(300 * (random.below(1000) / 1000) ** 3)}`;
        if (find(zone, key) === 0) set(zone, key, 'v', START * 2);
        else touch(zone, key);
        if (step % 40 === 0) zone.tick((now += random.below(90_000)));
        if (step % 50 === 49) {
          let least = 256;
          eachEntry(zone, (entry) => {
            least = Math.min(least, zone.recency.frequencyOf(entry));
          });
          const victim = zone.recency.victim(0);
          expect(zone.recency.frequencyOf(victim)).toBe(least);
          zone.evict(victim);
        }
      }
      expect(audit(zone)).toBeUndefined();
    }
  });

  test('the counter rises as the logarithm, decays by the minute and stops at its ends', () => {
    const zone = openZone({ policy: 'allkeys-lfu' });
    set(zone, 'a', '1');
    const frequency = () => zone.recency.frequencyOf(find(zone, 'a'));
    const initial = frequency();
    for (let i = 0; i < 100; i++) touch(zone, 'a');
    // Redis's table for a factor of 10: 100 hits make about 10.
    expect(frequency()).toBeGreaterThan(initial + 1);
    expect(frequency()).toBeLessThan(20);
    for (let i = 0; i < 600_000; i++) touch(zone, 'a');
    expect(frequency()).toBe(255);
    zone.tick(START + 60_000 * 100 + 1);
    expect(frequency()).toBe(155);
    zone.tick(START + 60_000 * 1000);
    expect(frequency()).toBe(0);
    zone.recency.setFrequency(find(zone, 'a'), 77);
    expect(frequency()).toBe(77);
    zone.recency.frequency.decayMinutes = 0;
    zone.tick(START + 60_000 * 5000);
    expect(frequency()).toBe(77);
    expect(audit(zone)).toBeUndefined();
  });

  test('what is used no more goes in time, however frequent it was', () => {
    for (const [decayMinutes, isThere] of [
      [1, false],
      [0, true],
    ] as const) {
      const zone = openZone({ policy: 'allkeys-lfu' });
      zone.recency.frequency.decayMinutes = decayMinutes;
      for (let i = 0; i < 10; i++) set(zone, `new:${i}`, 'v');
      set(zone, 'old', 'v');
      zone.recency.setFrequency(find(zone, 'old'), 15);
      // Ten entries are left each time, so a period has passed after 30 evictions.
      for (let i = 10; i < 10 + 30 * 9; i++) {
        zone.evict(zone.recency.victim(0));
        set(zone, `new:${i}`, 'v');
      }
      expect(find(zone, 'old')).not.toBe(0);
      expect(zone.recency.frequencyOf(find(zone, 'old'))).toBe(decayMinutes === 0 ? 15 : 6);
      for (let i = 0; i < 30 * 3; i++) {
        zone.evict(zone.recency.victim(0));
        set(zone, `newer:${i}`, 'v');
      }
      expect(find(zone, 'old') !== 0).toBe(isThere);
      expect(audit(zone)).toBeUndefined();
    }
  });

  test('a rename keeps the frequency', () => {
    for (const name of ['x', 'z'.repeat(3000)]) {
      const zone = openZone({ policy: 'allkeys-lfu' });
      for (const key of NAMES) set(zone, key, '1');
      zone.recency.setFrequency(find(zone, 'c'), 99);
      rename(zone, 'c', name);
      expect(zone.recency.frequencyOf(find(zone, name))).toBe(99);
      expect(audit(zone)).toBeUndefined();
      expect(evictAll(zone).at(-1)).toBe(name);
    }
  });
});

describe('ttl and random', () => {
  test('volatile-ttl evicts exactly by deadline', () => {
    const zone = openZone({ size: 512 * KiB, policy: 'volatile-ttl' });
    const due = new Map<string, number>();
    for (let i = 0; i < 500; i++) {
      due.set(`key:${i}`, START + 1000 + ((i * 7919) % 1009));
      set(zone, `key:${i}`, 'v', due.get(`key:${i}`));
    }
    set(zone, 'for ever', 'v');
    const sorted = [...due].sort((a, b) => a[1] - b[1]).map(([key]) => key);
    expect(victimOf(zone, sorted[0])).toBe(sorted[1]);
    expect(evictAll(zone)).toEqual(sorted);
    expect(find(zone, 'for ever')).not.toBe(0);
  });

  test('volatile-ttl looks past the pinned and the spared, however many are first', () => {
    const zone = openZone({ size: 512 * KiB, policy: 'volatile-ttl' });
    for (let i = 0; i < 400; i++) set(zone, `key:${i}`, 'v', START + 1000 + ((i * 37) % 400));
    const byDeadline = (a: string, b: string) =>
      zone.deadline(find(zone, a)) - zone.deadline(find(zone, b));
    const sorted = Array.from({ length: 400 }, (_, i) => `key:${i}`).sort(byDeadline);
    const pinned = sorted.filter((_, i) => i < 90 || i % 5 === 0);
    for (const key of pinned) zone.setPinned(find(zone, key), true);
    const free = sorted.filter((key) => !pinned.includes(key));
    expect(victimOf(zone, free[0])).toBe(free[1]);
    const gone = evictAll(zone);
    expect(gone.slice(0, free.length)).toEqual(free);
    expect(gone.slice(free.length).sort()).toEqual([...pinned].sort());
  });

  test('random victims are any, each with the same chance, and never spared', () => {
    for (const policy of ['allkeys-random', 'volatile-random'] as const) {
      const zone = openZone({ size: 512 * KiB, policy, random: new SeededRandom(3) });
      for (let i = 0; i < 100; i++) set(zone, `key:${i}`, 'v', START + 1000);
      if (policy === 'volatile-random') for (let i = 0; i < 50; i++) set(zone, `else:${i}`, 'v');
      const hits = new Map<string, number>();
      for (let i = 0; i < 20_000; i++) {
        const key = victimOf(zone, 'key:7');
        hits.set(key, (hits.get(key) ?? 0) + 1);
      }
      expect(hits.has('key:7')).toBe(false);
      expect(hits.size).toBe(99);
      const expected = 20_000 / 99;
      let chiSquare = 0;
      for (const count of hits.values()) chiSquare += (count - expected) ** 2 / expected;
      // 98 degrees of freedom: above 150 once in 1,700 seeds.
      expect(chiSquare).toBeLessThan(150);
    }
  });
});

describe('every policy', () => {
  test.each(POLICIES)('%s: pinned entries go last, the spared one never', (policy) => {
    const zone = openZone({ size: MiB, policy });
    for (let i = 0; i < 300; i++) set(zone, `key:${i}`, 'v', START + 1000 + i);
    for (let i = 0; i < 300; i += 10) zone.setPinned(find(zone, `key:${i}`), true);
    zone.setPinned(find(zone, 'key:0'), false);
    if (policy === 'noeviction') {
      expect(victimOf(zone)).toBe('');
      return;
    }
    const gone = removalsOf(zone);
    for (let victim = victimOf(zone, 'key:5'); victim !== ''; victim = victimOf(zone, 'key:5')) {
      zone.evict(find(zone, victim));
      if (gone.length % 20 === 0) expect(audit(zone)).toBeUndefined();
    }
    expect(gone.length).toBe(299);
    const isPinned = (key: string) => key !== 'key:0' && Number(key.slice(4)) % 10 === 0;
    expect(gone.slice(0, 270).some(isPinned)).toBe(false);
    expect(gone.slice(270).every(isPinned)).toBe(true);
    expect(find(zone, 'key:5')).not.toBe(0);
  });

  test('a change of policy keeps what order there is', () => {
    for (const from of POLICIES) {
      for (const to of POLICIES) {
        const zone = openZone({ size: MiB, policy: from });
        for (let i = 0; i < 200; i++) {
          zone.tick(START + i * 2000);
          set(zone, `key:${i}`, 'v', i % 2 === 0 ? START * 2 + i : -1);
          if (i % 20 === 0) zone.setPinned(find(zone, `key:${i}`), true);
        }
        for (let i = 0; i < 100; i++) {
          zone.tick(START + 400_000 + i * 2000);
          touch(zone, `key:${i}`);
        }
        zone.recency.setPolicy(to);
        expect(audit(zone)).toBeUndefined();
        if (to === 'allkeys-lru' && !from.endsWith('lfu')) {
          const keys = order(zone).map((key) => Number(key.slice(4)));
          const wanted = [...Array(200).keys()].filter((i) => i % 20 !== 0);
          expect(keys).toEqual([
            ...wanted.filter((i) => i >= 100),
            ...wanted.filter((i) => i < 100),
          ]);
        }
        set(zone, 'new', 'v', START * 3);
        remove(zone, 'key:3');
        expect(audit(zone)).toBeUndefined();
      }
    }
  });
});
