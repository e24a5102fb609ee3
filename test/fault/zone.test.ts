import { expect, test } from 'vitest';
import { SeededRandom } from '../../src/std/random.ts';
import { audit } from '../../src/zone/audit.ts';
import type { Policy } from '../../src/zone/recency.ts';
import type { Zone } from '../../src/zone/zone.ts';
import {
  bytesOf,
  dump,
  find,
  KiB,
  keysOf,
  openZone,
  order,
  put,
  START,
} from '../unit/zone/support.ts';

const LONG = 'l'.repeat(3000);

/** Entries of every kind: flat and chunked, with and without deadline, annex, pin, long key. */
function filled(policy: Policy): Zone {
  const zone = openZone({ size: 512 * KiB, policy });
  const random = new SeededRandom(5);
  for (let i = 0; i < 60; i++) {
    const size = i % 7 === 0 ? 5000 + i * 10 : 200 + i;
    const key = i % 13 === 5 ? `${LONG}${i}` : `key:${i}`;
    const entry = put(zone, key, random.bytes(size), i % 3 === 0 ? START + 1e6 : -1, i % 2);
    if (i % 5 === 0) zone.setAnnexSize(entry, 2);
    if (i % 17 === 0) zone.setPinned(find(zone, key), true);
  }
  return zone;
}

type Operation = (zone: Zone, entry: number) => number;

function putOver(size: number, timed: boolean, type = 0): Operation {
  return (zone, entry) => {
    const key = zone.key(entry);
    return zone.put(entry, 0, zone.hash(entry), key, 0, key.length, type, size, timed);
  };
}

function toKey(name: string, method: 'copy' | 'rename'): Operation {
  return (zone, entry) => {
    const key = bytesOf(name);
    const hash = zone.hashOf(0, key, 0, key.length);
    return zone[method](entry, 0, hash, key, 0, key.length);
  };
}

const OPERATIONS: Record<string, Operation> = {
  'put of a new key': (zone) => {
    const key = bytesOf('new');
    return zone.put(0, 0, zone.hashOf(0, key, 0, 3), key, 0, 3, 0, 900, false);
  },
  'put of a new key with a deadline': (zone) => {
    const key = bytesOf('new');
    return zone.put(0, 0, zone.hashOf(0, key, 0, 3), key, 0, 3, 0, 900, true);
  },
  'put of a large value': (zone) => {
    const key = bytesOf('new');
    return zone.put(0, 0, zone.hashOf(0, key, 0, 3), key, 0, 3, 0, 50_000, false);
  },
  'put of a long key': (zone) => {
    const key = bytesOf(`${LONG}new`);
    return zone.put(0, 0, zone.hashOf(0, key, 0, key.length), key, 0, key.length, 0, 9, false);
  },
  'put of a larger value over one that exists': putOver(1900, false),
  'put of a value of many chunks over one that exists': putOver(60_000, false),
  'put of another type, with a deadline': putOver(1500, true, 3),
  'resize by a few bytes': (zone, entry) => zone.resize(entry, zone.content.size(entry) + 400),
  'resize to many chunks': (zone, entry) => zone.resize(entry, zone.content.size(entry) + 40_000),
  setDeadline: (zone, entry) => zone.setDeadline(entry, START + 5),
  setAnnexSize: (zone, entry) => zone.setAnnexSize(entry, 40),
  copy: toKey('copied', 'copy'),
  'copy to a long key': toKey(`${LONG}copied`, 'copy'),
  rename: toKey('a name of another length, so that another slot is needed'.repeat(3), 'rename'),
  'rename to a long key': toKey(`${LONG}renamed`, 'rename'),
};

for (const policy of ['noeviction', 'allkeys-lru', 'volatile-lfu'] as const) {
  test.each(Object.entries(OPERATIONS))(
    `under ${policy}, %s changes nothing when room is refused`,
    (_, operation) => {
      const names = keysOf(filled(policy));
      let refusals = 0;
      for (const name of names.filter((_, i) => i % 4 === 0)) {
        for (let nth = 1; ; nth++) {
          const zone = filled(policy);
          const before = dump(zone);
          const orderBefore = order(zone);
          zone.room.failIn = nth;
          const result = operation(zone, find(zone, name));
          const wasReached = zone.room.failIn === 0;
          zone.room.failIn = 0;
          expect(audit(zone)).toBeUndefined();
          if (result === 0) {
            refusals++;
            expect(dump(zone)).toEqual(before);
            expect(order(zone)).toEqual(orderBefore);
          }
          if (!wasReached) break;
        }
      }
      expect(refusals).toBeGreaterThan(0);
    },
  );
}

test('a size for which there is no room changes nothing', () => {
  const zone = filled('noeviction');
  const before = dump(zone);
  expect(zone.resizeTo(256 * KiB)).toBe(true);
  expect(dump(zone)).toEqual(before);
  put(zone, 'more', new Uint8Array(zone.slab.freePages() * zone.layout.pageSize * 0.9));
  const full = dump(zone);
  expect(zone.resizeTo(256 * KiB - 8)).toBe(false);
  expect(zone.resizeTo(512 * KiB)).toBe(true);
  expect(zone.resizeTo(300 * KiB)).toBe(true);
  expect(dump(zone)).toEqual(full);
  expect(audit(zone)).toBeUndefined();
});

test('what only shrinks never fails, whatever room is refused', () => {
  const names = keysOf(filled('noeviction'));
  for (const name of names) {
    for (const share of [0, 0.3, 0.9]) {
      const zone = filled('noeviction');
      const entry = find(zone, name);
      const size = zone.content.size(entry);
      const bytes = zone.content.slice(entry, 0, size);
      const left = Math.floor(size * share);
      zone.room.failIn = 1;
      const target = zone.resize(entry, left);
      zone.room.failIn = 0;
      expect(target).not.toBe(0);
      expect(zone.content.size(target)).toBe(left);
      expect(Buffer.compare(zone.content.slice(target, 0, left), bytes.subarray(0, left))).toBe(0);
      expect(audit(zone)).toBeUndefined();
      // And it grows again, zeros behind what was kept.
      const grown = zone.resize(find(zone, name), size);
      expect(Buffer.compare(zone.content.slice(grown, 0, left), bytes.subarray(0, left))).toBe(0);
      expect(
        Buffer.compare(zone.content.slice(grown, left, size), new Uint8Array(size - left)),
      ).toBe(0);
      expect(audit(zone)).toBeUndefined();
    }
  }
});
