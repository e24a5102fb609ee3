import { expect, test } from 'vitest';
import { audit } from '../../../src/zone/audit.ts';
import {
  E_HASH,
  E_KEY,
  E_META,
  E_NEWER,
  E_OLDER,
  E_PLACE,
  PINNED,
} from '../../../src/zone/entry.ts';
import {
  C_LIVE,
  C_LIVE_VOLATILE,
  C_PAGES,
  C_PARTIAL,
  CLASS_WORDS,
  H_PAGES_FREE_COUNT,
  P_LIVE,
  P_OWNER,
} from '../../../src/zone/layout.ts';
import type { Zone } from '../../../src/zone/zone.ts';
import { find, openZone, put, remove, START, set } from './support.ts';

function sound(): Zone {
  const zone = openZone({ policy: 'allkeys-lru' });
  for (let i = 0; i < 20; i++) set(zone, `key:${i}`, 'v'.repeat(100), START + 1000 - i);
  put(zone, 'large', new Uint8Array(9000));
  set(zone, 'freed', 'v'.repeat(700));
  remove(zone, 'freed');
  return zone;
}

/** What each damage should be called. */
const DAMAGES: [string, RegExp, (zone: Zone, entry: number) => void][] = [
  ['a hash', /wrong bucket|hash that is not/, (z, e) => (z.arena.i32[e * 2 + E_HASH] ^= 1)],
  ['a key', /hash that is not its key/, (z, e) => z.arena.u8[z.keyAt(e)]++],
  ['a database', /hash that is not its key/, (z, e) => (z.arena.i32[e * 2 + E_KEY] ^= 1 << 20)],
  ['a bucket', /taken by no entry|counts/, (z, e) => z.table.unlink(e)],
  ['a block', /block \d+ counts wrongly/, (z) => z.arena.i32[z.layout.blocks]++],
  ['a superblock', /superblock \d+ counts wrongly/, (z) => z.arena.i32[z.layout.superblocks]++],
  ['a link to newer', /torn|wrong newest|lost/, (z, e) => (z.arena.i32[e * 2 + E_NEWER] = 0)],
  ['a link to older', /torn/, (z, e) => (z.arena.i32[e * 2 + E_OLDER] = 0)],
  ['a list', /wrong list/, (z, e) => (z.arena.i32[e * 2 + E_META] |= PINNED)],
  ['a place', /names a wrong place|lost/, (z, e) => z.arena.i32[e * 2 + E_PLACE]++],
  ['a deadline', /earlier than its parent/, (z, e) => (z.arena.i32[highWordOfDeadline(z, e)] = 0)],
  [
    'a page',
    /counts its slots wrongly/,
    (z, e) => z.arena.i32[z.slab.descriptor(z.slab.pageOf(e)) + P_LIVE]++,
  ],
  ['free pages', /free pages are lost/, (z) => z.arena.i32[z.layout.header + H_PAGES_FREE_COUNT]++],
  ['a class', /counts its slots wrongly/, (z, e) => z.arena.i32[classWord(z, e) + C_LIVE]++],
  ['pages of a class', /counts its pages/, (z, e) => z.arena.i32[classWord(z, e) + C_PAGES]++],
  [
    'a list of pages',
    /has room and is not listed/,
    (z, e) => (z.arena.i32[classWord(z, e) + C_PARTIAL] = 0),
  ],
  [
    'volatile slots',
    /with deadlines wrongly/,
    (z, e) => z.arena.i32[classWord(z, e) + C_LIVE_VOLATILE]++,
  ],
  ['keys', /database 0 counts its keys wrongly/, (z) => z.arena.i32[z.layout.databases]++],
  ['volatile keys', /keys with deadlines wrongly/, (z) => z.arena.i32[z.layout.databases + 1]++],
  ['a chunk', /chunk/, (z) => (z.arena.i32[chunkOwnerWord(z)] += 4)],
  ['a lost chunk', /slot|chunk|page/, (z) => (z.arena.i32[chunkOwnerWord(z)] = 0)],
];

/** Where the heap keeps the upper half of an entry's deadline: on its first page. */
function highWordOfDeadline(zone: Zone, entry: number): number {
  const { arena, layout, slab } = zone;
  const place = arena.i32[entry * 2 + E_PLACE] - 1;
  return slab.pageStart(arena.i32[layout.deadlineDirectory]) * 2 + place * 3 + 1;
}

function classWord(zone: Zone, entry: number): number {
  return zone.layout.classes + zone.slab.classOf(entry) * CLASS_WORDS;
}

function chunkOwnerWord(zone: Zone): number {
  const chunk = zone.content.chunkAt(find(zone, 'large'), 1);
  const page = zone.slab.pageOf(chunk);
  const slot = zone.slab.slotIndex(chunk, page, zone.layout.chunkClass);
  return zone.slab.descriptor(page) + P_OWNER + slot;
}

test('a sound zone has nothing to report', () => {
  expect(audit(sound())).toBeUndefined();
});

test.each(DAMAGES)('damage to %s is named', (_, name, damage) => {
  const zone = sound();
  damage(zone, find(zone, 'key:7'));
  expect(audit(zone)).toMatch(name);
});

test('the layer above says what is wrong inside a value', () => {
  const zone = sound();
  const bad = find(zone, 'key:3');
  const fault = audit(zone, (_, entry) => (entry === bad ? 'it is odd' : undefined));
  expect(fault).toBe(`entry ${bad}: it is odd`);
});
