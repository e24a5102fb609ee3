/**
 * Key extras: what a file says of a key beyond what Redis has words for.
 *
 *   aux field 'zonis-key' │ tag │ … │ tag │ …       of the key that comes next
 *
 *   active     when each consumer of a stream was active, which Redis 7.0 does not know
 *   annex      the words of a session: where its key stands, then the hashes of its indexes
 *   index      the hash of an index of sessions, which is kept while others are evicted
 *
 * Readers pass over the aux fields they don't know, so that any Redis loads such a file. Hashes are
 * those of the process that wrote it: KeyExtras.settle() puts those of this one in their place.
 */

import type { Database } from '../keyspace/database.ts';
import { Stream } from '../value/stream.ts';
import type { StreamImage } from '../value/stream-image.ts';
import { TYPE_SORTED_SET, TYPE_STREAM } from '../value/type.ts';
import { ByteReader } from './byte-reader.ts';
import { ByteWriter } from './byte-writer.ts';
import { needsActiveTimes } from './stream-groups.ts';

type Zone = Database['zone'];

/** Name of the aux field. */
export const EXTRAS_NAME = 'zonis-key';

const ACTIVE = 1;
const ANNEX = 2;
const INDEX = 3;

const WORD_SIZE = 4;
const TIME_SIZE = 8;

const out = new ByteWriter(false);
const stream = new Stream();
const word = new Int32Array(1);

/** What there is to say of an entry, or undefined. Good until the next call. */
export function extrasOf(zone: Zone, entry: number): Uint8Array | undefined {
  const type = zone.type(entry);
  out.clear();
  if (type === TYPE_STREAM) writeActiveTimes(zone, entry);
  const count = zone.annexSize(entry);
  if (count > 0) {
    out.byte(ANNEX);
    out.length(count);
    out.words(zone.arena.i32, zone.annexWord(entry), count);
  }
  if (type === TYPE_SORTED_SET && zone.isPinned(entry)) {
    word[0] = zone.hash(entry);
    out.byte(INDEX);
    out.words(word, 0, 1);
  }
  return out.size === 0 ? undefined : out.written;
}

function writeActiveTimes(zone: Zone, entry: number): void {
  stream.open(zone, entry);
  const groups = stream.groups.images();
  if (!needsActiveTimes(groups)) return;
  const consumers = groups.flatMap((group) => group.consumers);
  out.byte(ACTIVE);
  out.length(consumers.length);
  for (const { activeTime } of consumers) out.milliseconds(activeTime);
}

export interface Extras {
  readonly activeTimes: readonly number[] | undefined;
  readonly annex: Int32Array | undefined;
  /** Hash in the process that wrote the file. */
  readonly index: number | undefined;
}

/** Reads an aux field. Throws Corrupt. */
export function readExtras(bytes: Uint8Array): Extras {
  const reader = new ByteReader(bytes);
  let activeTimes: number[] | undefined;
  let annex: Int32Array | undefined;
  let index: number | undefined;
  while (reader.left > 0) {
    const tag = reader.byte();
    if (tag === ACTIVE) {
      activeTimes = [];
      for (let left = reader.count(TIME_SIZE); left > 0; left--) {
        activeTimes.push(reader.milliseconds());
      }
    } else if (tag === ANNEX) {
      annex = new Int32Array(reader.count(WORD_SIZE));
      reader.words(annex, 0, annex.length);
    } else if (tag === INDEX) {
      reader.words(word, 0, 1);
      index = word[0];
    } else {
      reader.fail('An unknown extra of a key');
    }
  }
  return { activeTimes, annex, index };
}

/** A stream whose consumers were active at other times, if there are as many of them. */
export function withActiveTimes(image: StreamImage, times: readonly number[]): StreamImage {
  const count = image.groups.reduce((sum, { consumers }) => sum + consumers.length, 0);
  if (count !== times.length) return image;
  let at = 0;
  const groups = image.groups.map((group) => ({
    ...group,
    consumers: group.consumers.map((consumer) => ({ ...consumer, activeTime: times[at++] })),
  }));
  return { ...image, groups };
}

/** What was said of the keys of one zone while a file is read. */
export class KeyExtras {
  readonly #zone: Zone;
  /** Hashes of indexes: as they were, as they are. */
  readonly #indexes = new Map<number, number>();
  #hasAnnexes = false;

  constructor(zone: Zone) {
    this.#zone = zone;
  }

  /** Takes what was said of an entry. Answers where the entry lies now, or 0: no room. */
  apply(entry: number, { annex, index }: Extras): number {
    const zone = this.#zone;
    let target = entry;
    if (annex !== undefined && annex.length > 0) {
      target = zone.setAnnexSize(entry, annex.length);
      if (target === 0) return 0;
      zone.arena.i32.set(annex, zone.annexWord(target));
      this.#hasAnnexes = true;
    }
    if (index !== undefined && zone.type(target) === TYPE_SORTED_SET) {
      zone.setPinned(target, true);
      this.#indexes.set(index, zone.hash(target));
    }
    return target;
  }

  /** Everything has been read: lets sessions know their indexes by the hashes of this process. */
  settle(): void {
    if (!this.#hasAnnexes) return;
    const { table, arena } = this.#zone;
    for (let b = table.nextOccupied(0); b < table.bucketCount; b = table.nextOccupied(b + 1)) {
      for (let entry = table.head(b); entry !== 0; entry = arena.i32[entry * 2]) {
        const count = this.#zone.annexSize(entry);
        const words = this.#zone.annexWord(entry);
        for (let i = 1; i < count; i++) {
          const hash = arena.i32[words + i];
          // What names no index any more does no harm; and some may have been here before.
          arena.i32[words + i] = this.#indexes.get(hash) ?? hash;
        }
      }
    }
  }
}
