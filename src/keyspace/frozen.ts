/**
 * Frozen: a large value as it was at one moment, copied out of its zone.
 *
 *   zone     │ entry │ chunk │ chunk │ …        changes go on as soon as the bytes are copied
 *                │ bytes, a megabyte a step
 *   a zone of its own │ entry │ chunk │ …       written to a file in steps, which takes far longer
 *
 * Inside content everything is named by its address, so a copy of the bytes is a copy of the value,
 * if chunks are of the same size. While it is copied the value must not change; but its entry may
 * be moved, so each step finds it anew.
 */

import { assert } from '../std/assert.ts';
import { SeededRandom } from '../std/random.ts';
import { ZONE_SIZE_MAX } from '../zone/layout.ts';
import { Zone } from '../zone/zone.ts';

/** Bytes copied in a step. */
const STEP_SIZE = 1024 * 1024;
/** What a zone takes beside its content: some pages that are not full, and a part of all. */
const SPARE_PAGES = 32;
const SPARE_PART = 1 / 16;
const SEED = new Uint8Array(16);
const noName = new Uint8Array(0);

export class Frozen {
  /** The copy, once step() has answered false. */
  readonly zone: Zone;
  readonly entry: number;
  readonly #source: Zone;
  readonly #database: number;
  readonly #hash: number;
  readonly #key: Uint8Array;
  #copied = 0;

  /** Begins to copy what an entry holds, which canBeFrozen(). */
  constructor(source: Zone, entry: number) {
    this.#source = source;
    this.#database = source.database(entry);
    this.#hash = source.hash(entry);
    this.#key = source.key(entry).slice();
    const size = source.content.size(entry);
    this.zone = new Zone({
      name: source.name,
      size: zoneSizeFor(source, size),
      pageSize: source.layout.pageSize,
      databases: 1,
      random: new SeededRandom(0),
      seed: SEED,
    });
    this.entry = this.zone.put(0, 0, 0, noName, 0, 0, source.type(entry), size, false);
    this.zone.setEncoding(this.entry, source.encoding(entry));
  }

  /** Copies some of what is left. False when nothing is. */
  step(): boolean {
    const { zone, entry } = this;
    const source = this.#source;
    const size = zone.content.size(entry);
    const until = Math.min(size, this.#copied + STEP_SIZE);
    if (until === this.#copied) return false;
    const key = this.#key;
    const from = source.find(this.#database, this.#hash, key, 0, key.length);
    assert(from !== 0);
    for (let address = this.#copied; address < until; ) {
      const at = source.content.at(from, address);
      const run = Math.min(source.content.runAt(from, address), until - address);
      zone.content.write(entry, address, source.arena.u8, at, at + run);
      address += run;
    }
    this.#copied = until;
    return until < size;
  }

  /** Copies all that is left. */
  finish(): void {
    while (this.step());
  }
}

function zoneSizeFor({ layout }: Zone, size: number): number {
  return Math.ceil(size * (1 + SPARE_PART)) + SPARE_PAGES * layout.pageSize;
}

/** Whether there can be a zone for the content of an entry alone. */
export function canBeFrozen(zone: Zone, entry: number): boolean {
  return zoneSizeFor(zone, zone.content.size(entry)) <= ZONE_SIZE_MAX;
}
