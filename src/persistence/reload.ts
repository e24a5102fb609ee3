/** Reloading: what a restart does to keys, without the restart. */

import type { Values } from '../instance/config/directives.ts';
import type { Database } from '../keyspace/database.ts';
import type { Libraries } from '../script/libraries.ts';
import { RdbLoad } from './rdb-load.ts';
import { bytesSource, RdbReader } from './rdb-reader.ts';
import { RdbWriter } from './rdb-writer.ts';
import { Snapshot } from './snapshot.ts';

/** Writes the databases of a zone, and the libraries, and makes all of them anew of that. */
export function reload(
  databases: readonly Database[],
  libraries: Libraries,
  config: Values,
  now: number,
): void {
  const [{ zone }] = databases;
  const writer = new RdbWriter({ compresses: config.rdbcompression, sums: config.rdbchecksum });
  const codes = [...libraries.all()].map(({ code }) => code);
  writer.begin({ now, usedMemory: zone.usedSize, isAofBase: false, libraries: codes });
  new Snapshot(databases, writer).finish();
  const bytes = writer.end();
  zone.clear();
  libraries.clear();
  const load = new RdbLoad({ databases, libraries, config });
  const reader = new RdbReader(bytesSource(bytes), load, config.rdbchecksum);
  while (reader.next());
  load.end();
}
