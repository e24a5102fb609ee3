import fc from 'fast-check';
import { expect, test } from 'vitest';
import { SeededRandom } from '../../../src/std/random.ts';
import { audit } from '../../../src/zone/audit.ts';
import { find, KiB, MiB, openZone, put, textOf } from './support.ts';

const LONG = 'k'.repeat(2500);

test('a value is read back as written, whatever its size, key and type', () => {
  const zone = openZone({ size: 4 * MiB });
  const random = new SeededRandom(1);
  const { chunkSize } = zone.layout;
  const sizes = [0, 1, 7, 8, 9, 100];
  for (const around of [chunkSize, chunkSize * 2, chunkSize * 256, chunkSize * 257]) {
    for (let offset = -60; offset <= 60; offset += 20) sizes.push(around + offset);
  }
  for (const size of sizes) {
    for (const key of ['k', 'k'.repeat(400), LONG]) {
      for (const type of [0, 1, 3]) {
        const bytes = random.bytes(size);
        const entry = put(zone, key, bytes, -1, type);
        expect(entry).not.toBe(0);
        expect(zone.content.size(entry)).toBe(size);
        expect(Buffer.compare(zone.content.slice(entry, 0, size), bytes)).toBe(0);
        expect(textOf(zone.key(entry))).toBe(key);
        if (type !== 0 && size > 0)
          expect(zone.content.at(entry, 0) % (type === 3 ? 8 : 4)).toBe(0);
        let isSame = true;
        for (let at = 0; at < size; ) {
          const run = zone.content.runAt(entry, at);
          const from = zone.content.at(entry, at);
          isSame &&= run > 0 && zone.arena.u8[from] === bytes[at];
          isSame &&= zone.arena.u8[from + run - 1] === bytes[at + run - 1];
          at += run;
        }
        expect(isSame).toBe(true);
      }
    }
  }
  expect(audit(zone)).toBeUndefined();
});

test('parts are read, written and cleared at any address', () => {
  const zone = openZone({ size: 2 * MiB });
  const model = new Uint8Array(600_000);
  const entry = put(zone, LONG, model);
  const part = fc.tuple(fc.nat(599_999), fc.nat(5000), fc.nat(255));
  fc.assert(
    fc.property(part, ([at, size, byte]) => {
      const end = Math.min(at + size, model.length);
      if (byte === 0) zone.content.clear(entry, at, end - at);
      else zone.content.write(entry, at, new Uint8Array(end - at).fill(byte), 0, end - at);
      model.fill(byte, at, end);
      const from = Math.max(0, at - 10);
      const to = Math.min(model.length, end + 10);
      expect(Buffer.compare(zone.content.slice(entry, from, to), model.slice(from, to))).toBe(0);
    }),
    { seed: 3, numRuns: 300 },
  );
  expect(Buffer.compare(zone.content.slice(entry, 0, model.length), model)).toBe(0);
});

test('a value grows and shrinks through every layout and keeps its bytes, new ones zero', () => {
  const zone = openZone({ size: 4 * MiB });
  const random = new SeededRandom(2);
  for (const key of ['short', LONG]) {
    let model = random.bytes(10);
    put(zone, key, model, -1, 1);
    for (let step = 0; step < 250; step++) {
      const size = random.below([100, 3000, 20_000, 1_200_000][random.below(4)]);
      const target = zone.resize(find(zone, key), size);
      expect(target).not.toBe(0);
      const wanted = new Uint8Array(size);
      wanted.set(model.subarray(0, size));
      expect(Buffer.compare(zone.content.slice(target, 0, size), wanted)).toBe(0);
      const fresh = random.bytes(Math.min(size, 3000));
      zone.content.write(target, size - fresh.length, fresh, 0, fresh.length);
      wanted.set(fresh, size - fresh.length);
      model = wanted;
      if (step % 10 === 0) expect(audit(zone)).toBeUndefined();
    }
  }
});

test('flatAt is where the value begins, be it flat or not', () => {
  const zone = openZone({ size: MiB });
  for (const key of ['k', LONG]) {
    const entry = put(zone, key, Uint8Array.of(55, 56));
    expect(zone.content.isFlat(entry)).toBe(key === 'k');
    const at = zone.content.flatAt(entry);
    expect([...zone.arena.u8.subarray(at, at + 2)]).toEqual([55, 56]);
  }
});

test('what a value takes is its slot and its chunks, and goes back when it goes', () => {
  const zone = openZone({ size: 4 * MiB });
  const entry = put(zone, 'key', new Uint8Array(2 * MiB));
  const { chunkSize } = zone.layout;
  expect(zone.content.chunkCount(entry)).toBe((2 * MiB) / chunkSize);
  expect(zone.content.listCount(entry)).toBe(2);
  expect(zone.sizeOf(entry)).toBeGreaterThan(2 * MiB);
  expect(zone.sizeOf(entry)).toBeLessThan(2 * MiB + 3 * chunkSize);
  zone.remove(entry, 2);
  expect(zone.slab.usedPages()).toBe(0);
});

test('a value as large as the free space is stored whatever the pages look like', () => {
  const zone = openZone({ size: MiB });
  for (let i = 0; put(zone, `key:${i}`, new Uint8Array(700)) !== 0; i++);
  // Every second entry goes: all pages stay half full, none is free.
  for (let i = 0; find(zone, `key:${i}`) !== 0; i += 2) zone.remove(find(zone, `key:${i}`), 2);
  expect(zone.slab.freePages()).toBe(0);
  const size = 440 * KiB;
  const bytes = new SeededRandom(3).bytes(size);
  const entry = put(zone, 'large', bytes);
  expect(entry).not.toBe(0);
  expect(Buffer.compare(zone.content.slice(entry, 0, size), bytes)).toBe(0);
  expect(zone.counts.evicted).toBe(0);
  expect(audit(zone)).toBeUndefined();
});
