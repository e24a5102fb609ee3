/** All there is at one moment, in pieces: a base of the append only file, or what a replica begins with. */

import type { Instance } from '../dispatch/call.ts';
import type { Frozen } from '../keyspace/frozen.ts';
import { requestSteps, writeDeadline, writeRequests } from '../persistence/aof-commands.ts';
import { RdbWriter } from '../persistence/rdb-writer.ts';
import { Snapshot, type SnapshotWriter } from '../persistence/snapshot.ts';
import { RequestWriter } from '../resp/request-writer.ts';
import type { Steps } from '../std/steps.ts';
import type { Zone } from '../zone/zone.ts';
import { NUMBERED_FIELD, ZONES_FIELD } from './aof-load.ts';

/** Bytes gathered before they are handed on. */
const PIECE_SIZE = 64 * 1024;
const MS_PER_SECOND = 1000;

/** An empty one says that something else may be done now. */
export type Pieces = Generator<Uint8Array, void, undefined>;

type PieceWriter = SnapshotWriter & { readonly size: number; take(): Uint8Array };

export interface ContentsOptions {
  readonly isAofBase?: boolean;
  /** Whether libraries of functions are in it. */
  readonly hasLibraries?: boolean;
}

/** All there is in these zones. The moment is that of the first piece. */
export function* snapshotOf(
  instance: Instance,
  zones: readonly Zone[],
  { isAofBase = false, hasLibraries = true }: ContentsOptions = {},
): Pieces {
  const { config, keyspace, clock } = instance;
  const { values } = config;
  const writer = new RdbWriter({ compresses: values.rdbcompression, sums: values.rdbchecksum });
  const usedMemory = keyspace.zones.reduce((sum, zone) => sum + zone.usedSize, 0);
  const libraries = hasLibraries ? codesOf(instance) : [];
  writer.begin({ now: clock.now(), usedMemory, isAofBase, libraries });
  if (isAofBase) {
    writer.aux(ZONES_FIELD, zones.map(({ name }) => name).join(' '));
    writer.aux(NUMBERED_FIELD, values.databases);
  }
  yield* write(instance, zones, writer);
  yield writer.end();
}

/** The same as requests: what they make are keys of the first zone. */
export function* requestsOf(instance: Instance): Pieces {
  const { clock, config, keyspace } = instance;
  const writer = new RequestsWriter();
  const { out } = writer;
  if (config.values.aofTimestampEnabled) {
    out.insert(0, `#TS:${Math.floor(clock.now() / MS_PER_SECOND)}\r\n`);
  }
  for (const code of codesOf(instance)) {
    out.begin(3);
    out.bulkText('FUNCTION');
    out.bulkText('LOAD');
    out.bulk(code);
  }
  yield* write(instance, keyspace.zones.slice(0, 1), writer);
  yield writer.take();
}

function codesOf({ functions }: Instance): Uint8Array[] {
  return Array.from(functions.libraries.all(), ({ code }) => code);
}

function* write(instance: Instance, zones: readonly Zone[], writer: PieceWriter): Pieces {
  const { audience, config, keyspace } = instance;
  let first = 0;
  // What changes values is to take them in before; see perform().
  audience.count(true);
  const snapshots = zones.map((zone) => {
    const databases = keyspace.databasesOf(zone);
    const snapshot = new Snapshot(databases, writer, first);
    first += databases.length;
    return snapshot;
  });
  try {
    yield writer.take();
    for (const snapshot of snapshots) {
      while (snapshot.step()) {
        const isPiece = writer.size >= PIECE_SIZE || snapshot.isInLarge;
        if (isPiece || config.values.rdbKeySaveDelay > 0) yield writer.take();
      }
    }
  } finally {
    for (const snapshot of snapshots) snapshot.end();
    audience.count(false);
  }
}

/** A large key that is made by requests, bit by bit. */
interface Making {
  readonly steps: Steps;
  readonly database: number;
}

/** Keys as requests. */
class RequestsWriter implements PieceWriter {
  readonly out = new RequestWriter();
  #selected = -1;
  readonly #large: Making[] = [];

  sizes(): void {}

  entry(zone: Zone, entry: number, database: number): void {
    this.#select(database);
    writeRequests(this.out, zone, entry);
  }

  large(zone: Zone, entry: number, database: number, value: Frozen): void {
    const key = zone.key(entry).slice();
    const deadline = zone.isVolatile(entry) ? zone.deadlines.exactOf(entry) : undefined;
    this.#large.push({ steps: this.#make(value, key, deadline), database });
  }

  *#make(value: Frozen, key: Uint8Array, deadline: bigint | undefined): Steps {
    while (value.step()) yield;
    yield* requestSteps(this.out, value.zone, value.entry, key);
    if (deadline !== undefined) writeDeadline(this.out, key, deadline);
  }

  step(): boolean {
    const [making] = this.#large;
    if (making === undefined) return false;
    this.#select(making.database);
    if (making.steps.next().done === true) this.#large.shift();
    return true;
  }

  #select(database: number): void {
    if (database === this.#selected) return;
    this.#selected = database;
    this.out.begin(2);
    this.out.bulkText('SELECT');
    this.out.bulkText(String(database));
  }

  get size(): number {
    return this.out.size;
  }

  take(): Uint8Array {
    const bytes = this.out.bytes.slice(0, this.out.size);
    this.out.clear();
    return bytes;
  }
}
