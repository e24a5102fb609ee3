/** Files of snapshots, made and loaded without a file. */

import { RdbLoad } from '../../src/persistence/rdb-load.ts';
import { bytesSource, RdbReader } from '../../src/persistence/rdb-reader.ts';
import { RdbWriter } from '../../src/persistence/rdb-writer.ts';
import { Snapshot } from '../../src/persistence/snapshot.ts';
import type { Zone } from '../../src/zone/zone.ts';
import type { Offline } from './offline.ts';

/** A snapshot that is being taken. */
export interface Taking {
  /** Writes some of what is left; false when nothing is. */
  step(): boolean;
  /** Bytes of the largest step. */
  readonly largest: number;
  /** Writes the rest, and answers the file. */
  end(): Uint8Array;
}

/** Begins a snapshot of a zone; values of so many bytes are large ones. */
export function beginSnapshot(
  { instance, clock }: Offline,
  name = 'default',
  largeSize?: number,
): Taking {
  const { keyspace, functions, config } = instance;
  const zone = keyspace.zone(name) as Zone;
  const writer = new RdbWriter({ compresses: config.values.rdbcompression, sums: true });
  writer.begin({
    now: clock.now(),
    usedMemory: zone.usedSize,
    isAofBase: false,
    libraries: [...functions.libraries.all()].map(({ code }) => code),
  });
  const databases = keyspace.databases.filter((database) => database.zone === zone);
  const snapshot = new Snapshot(databases, writer, 0, largeSize);
  const chunks: Uint8Array[] = [];
  instance.audience.count(true);
  let largest = 0;
  return {
    get largest() {
      return largest;
    },
    step: () => {
      const more = snapshot.step();
      const chunk = writer.take();
      largest = Math.max(largest, chunk.length);
      chunks.push(chunk);
      return more;
    },
    end() {
      snapshot.finish();
      instance.audience.count(false);
      chunks.push(writer.end());
      return Uint8Array.from(Buffer.concat(chunks));
    },
  };
}

export function takeSnapshot(server: Offline, name = 'default'): Uint8Array {
  return beginSnapshot(server, name).end();
}

/** Loads a file. Throws what is wrong with it. */
export function loadSnapshot({ instance }: Offline, bytes: Uint8Array, name = 'default'): RdbLoad {
  const { keyspace, functions, config } = instance;
  const zone = keyspace.zone(name) as Zone;
  const databases = keyspace.databases.filter((database) => database.zone === zone);
  const load = new RdbLoad({
    databases,
    libraries: functions.libraries,
    config: config.values,
  });
  const reader = new RdbReader(bytesSource(bytes), load, true);
  while (reader.next());
  load.end();
  return load;
}
