/**
 * The audit: walks everything in a zone and names the first broken invariant.
 *
 * Each structure is walked by itself and then against the others: what the buckets reach, the
 * recency lists reach, and the pages hold must be the same entries; deadlines, chunks and all
 * counters must agree with them. Model tests call it after every operation; ZONE AUDIT on demand.
 */

import {
  CHUNKED,
  databaseOf,
  E_HASH,
  E_META,
  E_NEWER,
  E_OLDER,
  E_PLACE,
  isVolatile,
} from './entry.ts';
import {
  BLOCK_SHIFT,
  C_LIVE,
  C_LIVE_VOLATILE,
  C_PAGES,
  C_PARTIAL,
  C_SLOTS,
  CLASS_WORDS,
  H_DEADLINE_PAGES,
  H_PAGES_FREE,
  H_PAGES_FREE_COUNT,
  H_PAGES_FRESH,
  LIST_COUNT,
  P_CLASS,
  P_LIVE,
  P_NEXT,
  PAGE_OF_DEADLINES,
  SUPERBLOCK_SHIFT,
} from './layout.ts';
import type { Zone } from './zone.ts';

/** Looks into one value: answers what is wrong with it, or undefined. Given by the layer above. */
export type ValueAudit = (zone: Zone, entry: number) => string | undefined;

/** Answers the first broken invariant, or undefined when all hold. */
export function audit(zone: Zone, valueAudit?: ValueAudit): string | undefined {
  const entries = new Set<number>();
  return (
    auditTable(zone, entries) ??
    auditPages(zone, entries) ??
    auditLists(zone, entries) ??
    auditDeadlines(zone, entries) ??
    auditChunks(zone, entries) ??
    auditCounts(zone, entries) ??
    auditValues(zone, entries, valueAudit)
  );
}

function auditTable(zone: Zone, entries: Set<number>): string | undefined {
  const { layout, table, arena } = zone;
  const { i32 } = arena;
  const superblocks = new Map<number, number>();
  for (let block = 0; block < layout.blockCount; block++) {
    let count = 0;
    for (let i = 0; i < 1 << BLOCK_SHIFT; i++) {
      const bucket = (block << BLOCK_SHIFT) + i;
      for (let entry = table.head(bucket); entry !== 0; entry = i32[entry * 2]) {
        if (entries.has(entry)) return `entry ${entry} is in two chains`;
        entries.add(entry);
        count++;
        const hash = i32[entry * 2 + E_HASH];
        if (hash >>> layout.bucketShift !== bucket) return `entry ${entry} is in a wrong bucket`;
        const key = zone.key(entry);
        if (zone.hashOf(zone.database(entry), key, 0, key.length) !== hash) {
          return `entry ${entry} has a hash that is not its key's`;
        }
      }
    }
    if (i32[layout.blocks + block] !== count) return `block ${block} counts wrongly`;
    const superblock = block >>> SUPERBLOCK_SHIFT;
    superblocks.set(superblock, (superblocks.get(superblock) ?? 0) + count);
  }
  for (const [superblock, count] of superblocks) {
    if (i32[layout.superblocks + superblock] !== count) {
      return `superblock ${superblock} counts wrongly`;
    }
  }
  if (table.count !== entries.size) return 'the table counts its entries wrongly';
  return undefined;
}

function auditPages(zone: Zone, entries: Set<number>): string | undefined {
  const { layout, slab, arena } = zone;
  const { i32 } = arena;
  const fresh = i32[layout.header + H_PAGES_FRESH];
  const live = new Int32Array(layout.slotSizes.length);
  const pages = new Int32Array(layout.slotSizes.length);
  const withRoom = new Set<number>();
  let free = 0;
  let deadlinePages = 0;
  for (let page = 0; page < fresh; page++) {
    const d = slab.descriptor(page);
    const owner = i32[d + P_CLASS];
    if (owner === 0) {
      free++;
      continue;
    }
    if (owner === PAGE_OF_DEADLINES) {
      deadlinePages++;
      continue;
    }
    const sizeClass = owner - 1;
    const slots = i32[layout.classes + sizeClass * CLASS_WORDS + C_SLOTS];
    let count = 0;
    for (let slot = 0; slot < slots; slot++) {
      if (!slab.isLive(page, sizeClass, slot)) continue;
      count++;
      const offset = slab.pageStart(page) + (slot * slab.slotSize(sizeClass)) / 8;
      if (sizeClass !== layout.chunkClass && !entries.has(offset)) {
        return `slot ${offset} is taken by no entry`;
      }
    }
    if (count !== i32[d + P_LIVE]) return `page ${page} counts its slots wrongly`;
    if (count === 0) return `page ${page} is empty and was not given back`;
    if (count < slots) withRoom.add(page);
    live[sizeClass] += count;
    pages[sizeClass]++;
  }
  for (let c = 0; c < layout.slotSizes.length; c++) {
    const word = layout.classes + c * CLASS_WORDS;
    if (i32[word + C_LIVE] !== live[c]) return `class ${c} counts its slots wrongly`;
    if (i32[word + C_PAGES] !== pages[c]) return `class ${c} counts its pages wrongly`;
    for (let page = i32[word + C_PARTIAL] - 1; page >= 0; ) {
      if (!withRoom.delete(page)) return `page ${page} is listed as having room and has none`;
      page = i32[slab.descriptor(page) + P_NEXT] - 1;
    }
  }
  if (withRoom.size > 0) return `page ${[...withRoom][0]} has room and is not listed`;
  if (deadlinePages !== i32[layout.header + H_DEADLINE_PAGES]) return 'deadline pages are lost';
  let listed = 0;
  for (let page = i32[layout.header + H_PAGES_FREE] - 1; page >= 0; listed++) {
    if (i32[slab.descriptor(page) + P_CLASS] !== 0) return `page ${page} is listed as free`;
    if (listed > free) return 'the list of free pages has a loop';
    page = i32[slab.descriptor(page) + P_NEXT] - 1;
  }
  if (listed !== free || i32[layout.header + H_PAGES_FREE_COUNT] !== free) {
    return 'free pages are lost';
  }
  if (slab.usedPages() > slab.pageLimit) return 'more pages are used than may be';
  return undefined;
}

function auditLists(zone: Zone, entries: Set<number>): string | undefined {
  const { recency, arena } = zone;
  const { i32 } = arena;
  let count = 0;
  for (let list = 0; list < LIST_COUNT; list++) {
    let older = 0;
    for (let entry = recency.oldest(list); entry !== 0; entry = i32[entry * 2 + E_NEWER]) {
      if (!entries.has(entry)) return `list ${list} holds ${entry}, which is no entry`;
      if (i32[entry * 2 + E_OLDER] !== older) return `list ${list} is torn at ${entry}`;
      if (recency.listOf(entry) !== list) return `entry ${entry} is in the wrong list`;
      if (++count > entries.size) return `list ${list} has a loop`;
      older = entry;
    }
    if (i32[zone.layout.lists + list * 2] !== older) return `list ${list} has a wrong newest entry`;
  }
  if (count !== entries.size) return 'the recency lists have lost entries';
  return undefined;
}

function auditDeadlines(zone: Zone, entries: Set<number>): string | undefined {
  const { deadlines, arena } = zone;
  const { i32 } = arena;
  for (let place = 0; place < deadlines.count; place++) {
    const entry = deadlines.entryAt(place);
    if (!entries.has(entry)) return `deadline ${place} is of ${entry}, which is no entry`;
    if (!isVolatile(i32, entry)) return `deadline ${place} is of an entry that has none`;
    if (i32[entry * 2 + E_PLACE] !== place + 1) return `entry ${entry} names a wrong place`;
    const parent = (place - 1) >>> 2;
    if (place > 0 && deadlines.deadlineAt(parent) > deadlines.deadlineAt(place)) {
      return `deadline ${place} is earlier than its parent`;
    }
  }
  let count = 0;
  for (const entry of entries) if (isVolatile(i32, entry)) count++;
  if (count !== deadlines.count) return 'the deadline heap has lost entries';
  return undefined;
}

function auditChunks(zone: Zone, entries: Set<number>): string | undefined {
  const { content, slab, layout, arena } = zone;
  const { i32 } = arena;
  const seen = new Set<number>();
  for (const entry of entries) {
    if ((i32[entry * 2 + E_META] & CHUNKED) === 0) continue;
    const chunks = content.chunkCount(entry);
    if (chunks === 0) return `entry ${entry} is chunked and has no chunk`;
    const lists = content.listCount(entry);
    const first = content.chunkWord(entry, 0);
    for (let i = 0; i < chunks; i++) {
      const chunk = content.chunkAt(entry, i);
      if (slab.classOf(chunk) !== layout.chunkClass) return `entry ${entry} names no chunk`;
      if (seen.has(chunk)) return `chunk ${chunk} is held twice`;
      seen.add(chunk);
      const owner = slab.ownerOf(chunk);
      if (lists === 0 && owner !== entry) return `chunk ${chunk} names a wrong holder`;
      if (lists > 0) {
        if (i32.indexOf(chunk, owner * 2) >= owner * 2 + layout.chunkSize / 4) {
          return `chunk ${chunk} is not in the list it names`;
        }
        if (slab.ownerOf(owner) !== entry) return `list ${owner} names a wrong holder`;
        seen.add(owner);
      }
    }
    if (first < 0) return `entry ${entry} has no list of chunks`;
  }
  if (seen.size !== i32[layout.classes + layout.chunkClass * CLASS_WORDS + C_LIVE]) {
    return 'chunks are lost';
  }
  return undefined;
}

function auditCounts(zone: Zone, entries: Set<number>): string | undefined {
  const { layout, slab, content, arena } = zone;
  const { i32 } = arena;
  const perDatabase = new Int32Array(layout.databaseCount);
  const volatilePerDatabase = new Int32Array(layout.databaseCount);
  const volatilePerClass = new Int32Array(layout.slotSizes.length);
  for (const entry of entries) {
    const database = databaseOf(i32, entry);
    perDatabase[database]++;
    if (!isVolatile(i32, entry)) continue;
    volatilePerDatabase[database]++;
    volatilePerClass[slab.classOf(entry)]++;
    volatilePerClass[layout.chunkClass] += content.chunkCount(entry) + content.listCount(entry);
  }
  for (let d = 0; d < layout.databaseCount; d++) {
    if (zone.entryCount(d) !== perDatabase[d]) return `database ${d} counts its keys wrongly`;
    if (zone.volatileCount(d) !== volatilePerDatabase[d]) {
      return `database ${d} counts its keys with deadlines wrongly`;
    }
  }
  for (let c = 0; c < layout.slotSizes.length; c++) {
    if (i32[layout.classes + c * CLASS_WORDS + C_LIVE_VOLATILE] !== volatilePerClass[c]) {
      return `class ${c} counts its entries with deadlines wrongly`;
    }
  }
  return undefined;
}

function auditValues(
  zone: Zone,
  entries: Set<number>,
  valueAudit: ValueAudit | undefined,
): string | undefined {
  if (valueAudit === undefined) return undefined;
  for (const entry of entries) {
    // What is being freed in slices is no value any more.
    if (zone.retired.isSingle(entry)) continue;
    const fault = valueAudit(zone, entry);
    if (fault !== undefined) return `entry ${entry}: ${fault}`;
  }
  return undefined;
}
