/** Reloading: what a restart from a snapshot does to values, without the restart. */

import type { Values } from '../instance/config/directives.ts';
import type { Database } from '../keyspace/database.ts';
import { Argv } from '../resp/argv.ts';
import { assert } from '../std/assert.ts';
import { dumpValue, isSigned, readDump } from './dump.ts';
import { storeValue } from './store.ts';

/**
 * Dumps every key of a database, and makes each again of its dump, with its deadline, those first
 * that were used longest ago. Keys with an annex (sessions and their indexes) stay as they are.
 * Throws out of memory with the keys not reached yet as they were.
 */
export function reload(database: Database, config: Values): void {
  const { zone } = database;
  const keys: { key: Uint8Array; idle: number }[] = [];
  database.each((entry) => {
    if (zone.annexSize(entry) > 0) return;
    keys.push({ key: zone.key(entry), idle: zone.recency.idleMs(entry) });
  });
  keys.sort((a, b) => b.idle - a.idle);
  for (const { key } of keys) {
    const argv = Argv.of(key);
    const entry = database.peek(argv, 0);
    // Evicted to make room for one before it.
    if (entry === 0) continue;
    const bytes = dumpValue(database, entry, config.rdbcompression);
    const deadline = zone.deadline(entry);
    const exact = deadline >= 0 ? zone.deadlines.exactOf(entry) : undefined;
    const value = isSigned(bytes) ? readDump(bytes) : undefined;
    assert(value !== undefined);
    storeValue(database, argv, 0, value, deadline, config);
    // Beyond 2^53 a deadline is more than a number.
    if (exact !== undefined) zone.deadlines.setExact(database.peek(argv, 0), exact);
  }
}
