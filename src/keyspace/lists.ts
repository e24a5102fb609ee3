/** Lists as results: what STORE and RESTORE put under a key, in place of what was there. */

import type { Argv } from '../resp/argv.ts';
import { assert } from '../std/assert.ts';
import { List } from '../value/list.ts';
import { TYPE_LIST } from '../value/type.ts';
import type { Database } from './database.ts';

const list = new List();

/**
 * Makes the key argv[index] hold a list of these elements, at least one, until `deadline` (Unix
 * milliseconds, or NO_DEADLINE). `fill` is `list-max-listpack-size`. Throws out of memory with
 * nothing changed.
 */
export function storeList(
  database: Database,
  argv: Argv,
  index: number,
  parts: readonly Uint8Array[],
  deadline: number,
  fill: number,
): void {
  const { zone } = database;
  const elements = joined(parts);
  const count = parts.length;
  const existing = database.peek(argv, index);
  const size = list.contentSize(zone, elements, 0, count, fill);
  const entry = database.putUntil(argv, index, existing, TYPE_LIST, size, deadline);
  list.create(zone, entry, List.beginsPacked(elements, 0, count, fill), fill);
  assert(list.push(elements, 0, count, false, fill), 'there is room for all of them');
}

/** The same of the nodes of a list, each of them a listpack. */
export function storeNodes(
  database: Database,
  argv: Argv,
  index: number,
  nodes: readonly Uint8Array[],
  deadline: number,
  fill: number,
): void {
  const { zone } = database;
  const existing = database.peek(argv, index);
  const size = List.sizeOfNodes(nodes, zone, fill);
  const entry = database.putUntil(argv, index, existing, TYPE_LIST, size, deadline);
  list.createOfNodes(nodes, zone, entry, fill);
}

/** Byte strings side by side, as a request has its arguments. */
function joined(parts: readonly Uint8Array[]) {
  const size = parts.reduce((sum, { length }) => sum + length, 0);
  const bytes = new Uint8Array(size);
  const starts = new Int32Array(parts.length);
  const ends = new Int32Array(parts.length);
  let at = 0;
  for (const [i, part] of parts.entries()) {
    bytes.set(part, at);
    starts[i] = at;
    at += part.length;
    ends[i] = at;
  }
  return { bytes, starts, ends };
}
