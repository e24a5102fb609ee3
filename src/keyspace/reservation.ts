/**
 * Reservation: room for all strings of an MSET, before any of them is stored.
 *
 * What a pair takes depends on what its key holds:
 *
 *   no key                        a new entry: a slot, and chunks for a large value
 *   same slot, as many chunks     nothing: the value is written over the old one
 *   another slot                  that slot, and the chunks that are more than before
 *
 * The last two keep deadline and annex of the key, so its slot is larger than a new entry's. Making
 * room may evict one of the very keys that were counted as there: then everything is counted anew.
 * It ends, as each round but the last leaves fewer entries.
 */

import type { Argv } from '../resp/argv.ts';
import { errors } from '../resp/errors.ts';
import { TYPE_STRING } from '../value/type.ts';
import { fixedSizeFor } from '../zone/shaping.ts';
import type { Zone } from '../zone/zone.ts';
import type { Database } from './database.ts';

/**
 * Finds room for the strings of pairs `key value` from argument `first` on. Storing them, in any
 * order and right afterwards, can't fail then. Throws out of memory with none of them stored.
 */
export function reserveStrings(database: Database, argv: Argv, first: number): void {
  const { zone } = database;
  const { room, slab, layout } = zone;
  const bytes = argv.ends[argv.count - 1] - argv.starts[first];
  // Far from full: each pair takes at most a page more than its bytes.
  if (slab.freePages() > argv.count + (2 * bytes) / layout.pageSize && room.failIn === 0) return;
  for (;;) {
    const { moves } = zone;
    room.begin();
    for (let i = first; i < argv.count; i += 2) {
      const existing = database.peek(argv, i);
      if (existing === 0) zone.addPut(argv.size(i), TYPE_STRING, argv.size(i + 1));
      else addOver(zone, existing, argv.size(i + 1));
    }
    if (!room.take()) throw errors.outOfMemory;
    if (zone.moves === moves) return;
  }
}

/** Adds what a string of `size` bytes takes in place of what an entry holds. */
function addOver(zone: Zone, entry: number, size: number): void {
  const { content, room, slab } = zone;
  const keyRoom = zone.keyAt(entry) < 0 ? 4 : zone.keySize(entry);
  const fixed = fixedSizeFor(zone.isVolatile(entry), keyRoom, zone.annexSize(entry));
  content.shapeFor(fixed, TYPE_STRING, size + content.startOf(entry));
  const { shapeSize, shapeChunks, shapeLists } = content;
  const chunks = content.chunkCount(entry);
  const isSame = chunks === shapeChunks && content.shapeFits;
  if (isSame && slab.classFor(shapeSize) === slab.classOf(entry)) return;
  room.addSlot(shapeSize);
  room.addChunks(
    Math.max(0, shapeChunks - chunks) + Math.max(0, shapeLists - content.listCount(entry)),
  );
}
