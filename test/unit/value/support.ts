import { latin1Bytes } from '../../../src/std/ascii.ts';
import { SeededRandom } from '../../../src/std/random.ts';
import { Growth } from '../../../src/value/growth.ts';
import { type PackedLimits, SortedSet } from '../../../src/value/sorted-set.ts';
import { TYPE_SORTED_SET } from '../../../src/value/type.ts';
import type { Policy } from '../../../src/zone/recency.ts';
import { Zone } from '../../../src/zone/zone.ts';

export const KiB = 1024;
export const MiB = 1024 * KiB;
/** Redis's defaults. */
export const LIMITS: PackedLimits = { count: 128, memberSize: 64 };

export function zoneOf(size: number, policy: Policy = 'noeviction'): Zone {
  const seed = Uint8Array.from({ length: 16 }, (_, i) => i);
  return new Zone({ name: 'test', size, policy, random: new SeededRandom(1), seed });
}

export function find(zone: Zone, key: string): number {
  const bytes = latin1Bytes(key);
  return zone.find(0, zone.hashOf(0, bytes, 0, bytes.length), bytes, 0, bytes.length);
}

export function put(zone: Zone, key: string, type: number, size: number): number {
  const bytes = latin1Bytes(key);
  const end = bytes.length;
  return zone.put(0, 0, zone.hashOf(0, bytes, 0, end), bytes, 0, end, type, size, false);
}

/** Adds a member to the set of a key, which it makes if there is none. */
export function add(
  zone: Zone,
  key: string,
  score: number,
  member: string,
  flags = 0,
  limits = LIMITS,
): number {
  const set = new SortedSet();
  const entry = find(zone, key);
  if (entry !== 0) {
    set.open(zone, entry);
  } else {
    const growth = new Growth();
    growth.add(member.length, score);
    const isTree = SortedSet.beginsAsTree(growth, member.length, limits);
    const size = SortedSet.contentSize(zone, growth, isTree, limits);
    set.create(zone, put(zone, key, TYPE_SORTED_SET, size), isTree);
  }
  return set.add(latin1Bytes(member), 0, member.length, score, flags, limits);
}

export function open(zone: Zone, key: string): SortedSet {
  return new SortedSet().open(zone, find(zone, key));
}

export function scoreOf(zone: Zone, key: string, member: string): number {
  return open(zone, key).score(latin1Bytes(member), 0, member.length);
}
