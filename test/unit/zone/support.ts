/** A zone with keys and values of text, for the tests of its parts. */

import { copyBytes } from '../../../src/std/bytes.ts';
import { SeededRandom } from '../../../src/std/random.ts';
import { DELETED, Zone, type ZoneOptions } from '../../../src/zone/zone.ts';

export const KiB = 1024;
export const MiB = 1024 * 1024;
/** Some time in 2023. */
export const START = 1_700_000_000_000;

export const HASH_SEED = Uint8Array.from({ length: 16 }, (_, i) => i * 7 + 1);

export function openZone(options: Partial<ZoneOptions> = {}): Zone {
  const zone = new Zone({
    name: 'test',
    size: 256 * KiB,
    random: new SeededRandom(1),
    seed: HASH_SEED,
    ...options,
  });
  zone.tick(START);
  return zone;
}

export function bytesOf(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text, 'latin1'));
}

export function textOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1');
}

export function find(zone: Zone, key: string, database = 0): number {
  const bytes = bytesOf(key);
  const hash = zone.hashOf(database, bytes, 0, bytes.length);
  return zone.find(database, hash, bytes, 0, bytes.length);
}

/** Sets a key to a string as SET does. Answers whether there was room. */
export function set(zone: Zone, key: string, value: string | Uint8Array, deadline = -1): boolean {
  return put(zone, key, typeof value === 'string' ? bytesOf(value) : value, deadline) !== 0;
}

/** As set(), with a type and a database. Answers the entry, or 0. */
export function put(
  zone: Zone,
  key: string,
  value: Uint8Array,
  deadline = -1,
  type = 0,
  database = 0,
): number {
  const bytes = bytesOf(key);
  const hash = zone.hashOf(database, bytes, 0, bytes.length);
  const existing = zone.find(database, hash, bytes, 0, bytes.length);
  const timed = deadline >= 0;
  const size = value.length;
  const entry = zone.put(existing, database, hash, bytes, 0, bytes.length, type, size, timed);
  if (entry === 0) return 0;
  if (zone.content.isFlat(entry)) {
    copyBytes(zone.arena.u8, zone.content.flatAt(entry), value, 0, size);
  } else {
    zone.content.write(entry, 0, value, 0, size);
  }
  if (timed) zone.setDeadline(entry, deadline);
  else zone.clearDeadline(entry);
  zone.touch(entry);
  return entry;
}

export function get(zone: Zone, key: string, database = 0): string | undefined {
  const entry = find(zone, key, database);
  if (entry === 0) return undefined;
  return textOf(zone.content.slice(entry, 0, zone.content.size(entry)));
}

export function touch(zone: Zone, key: string): void {
  zone.touch(find(zone, key));
}

export function remove(zone: Zone, key: string): void {
  zone.remove(find(zone, key), DELETED);
}

export function rename(zone: Zone, from: string, to: string): boolean {
  const bytes = bytesOf(to);
  const hash = zone.hashOf(0, bytes, 0, bytes.length);
  return zone.rename(find(zone, from), 0, hash, bytes, 0, bytes.length) !== 0;
}

export function copy(zone: Zone, from: string, to: string): boolean {
  const bytes = bytesOf(to);
  const hash = zone.hashOf(0, bytes, 0, bytes.length);
  return zone.copy(find(zone, from), 0, hash, bytes, 0, bytes.length) !== 0;
}

export function eachEntry(zone: Zone, visit: (entry: number) => void): void {
  const { table } = zone;
  for (let b = table.nextOccupied(0); b < table.bucketCount; b = table.nextOccupied(b + 1)) {
    for (let e = table.head(b); e !== 0; e = zone.arena.i32[e * 2]) visit(e);
  }
}

export function keysOf(zone: Zone): string[] {
  const keys: string[] = [];
  eachEntry(zone, (entry) => keys.push(textOf(zone.key(entry))));
  return keys.sort();
}

/** Keys that have left, in order, from now on. */
export function removalsOf(zone: Zone): string[] {
  const keys: string[] = [];
  zone.onRemove = (entry) => keys.push(textOf(zone.key(entry)));
  return keys;
}

/** Everything a client could see of a zone, in an order of its own. */
export function dump(zone: Zone): string[] {
  const lines: string[] = [];
  eachEntry(zone, (entry) => {
    const { i32 } = zone.arena;
    const word = zone.annexWord(entry);
    const annex = [...i32.subarray(word, word + zone.annexSize(entry))];
    lines.push(
      JSON.stringify([
        zone.database(entry),
        textOf(zone.key(entry)),
        zone.type(entry),
        zone.encoding(entry),
        zone.deadline(entry),
        zone.isPinned(entry),
        zone.recency.idleMs(entry),
        annex,
        textOf(zone.content.slice(entry, 0, zone.content.size(entry))),
      ]),
    );
  });
  return lines.sort();
}

/** Keys in the order they would be evicted in under an LRU policy. */
export function order(zone: Zone): string[] {
  const keys: string[] = [];
  for (let e = zone.recency.oldest(); e !== 0; e = zone.recency.newer(e)) {
    keys.push(textOf(zone.key(e)));
  }
  return keys;
}
