/**
 * RDB writer: keys as the file of a snapshot, which any Redis from 7.0 on loads.
 *
 *   REDIS0010 │ aux … │ function … │ database │ sizes │ … │ key │ key │ … │ end │ CRC-64 │
 *
 *   key    aux of ours? │ deadline? │ idle or frequency? │ type │ name │ value
 *
 * Keys come in any order, and the database is named where it is another one than before. What was
 * written is taken in chunks, so that a file never lies in memory as a whole.
 *
 * A large key is written in steps. Keys that come meanwhile are laid aside, and follow it.
 */

import { REDIS_VERSION } from '../instance/version.ts';
import type { Database } from '../keyspace/database.ts';
import type { Frozen } from '../keyspace/frozen.ts';
import { latin1Bytes } from '../std/ascii.ts';
import { Crc64 } from '../std/crc64.ts';
import type { Steps } from '../std/steps.ts';
import { ByteWriter } from './byte-writer.ts';
import {
  MAGIC,
  OPCODE_AUX,
  OPCODE_DATABASE,
  OPCODE_DEADLINE,
  OPCODE_END,
  OPCODE_FREQUENCY,
  OPCODE_FUNCTION,
  OPCODE_IDLE,
  OPCODE_SIZES,
  VERSION_WRITTEN,
} from './format.ts';
import { EXTRAS_NAME, extrasOf } from './key-extras.ts';
import { contentSteps, writeKey, writeName } from './value-writer.ts';

type Zone = Database['zone'];

const SUM_SIZE = 8;
const MS_PER_SECOND = 1000;

export interface RdbFormat {
  /** rdbcompression */
  readonly compresses: boolean;
  /** rdbchecksum */
  readonly sums: boolean;
}

/** What a file says of itself. */
export interface RdbPreface {
  /** Unix milliseconds. */
  readonly now: number;
  readonly usedMemory: number;
  /** Whether commands follow, in files of their own. */
  readonly isAofBase: boolean;
  /** Codes of libraries. */
  readonly libraries: Iterable<Uint8Array>;
}

/** A large key: what is in front of its value, and that. */
interface Large {
  readonly head: Uint8Array;
  readonly value: Frozen;
  readonly database: number;
}

export class RdbWriter {
  /** Where keys go: to the file, or aside while a large one is written to it. */
  #out: ByteWriter;
  #file: ByteWriter;
  /** Large keys that wait, and what is done for the first. */
  readonly #large: Large[] = [];
  #steps: Steps | undefined = undefined;
  readonly #crc = new Crc64();
  readonly #sums: boolean;
  #database = -1;

  constructor({ compresses, sums }: RdbFormat) {
    this.#out = new ByteWriter(compresses);
    this.#file = this.#out;
    this.#sums = sums;
  }

  /** Bytes written and not taken. */
  get size(): number {
    return this.#file.size;
  }

  /** Takes what has been written. */
  take(): Uint8Array {
    const bytes = this.#file.written.slice();
    if (this.#sums) this.#crc.add(bytes, 0, bytes.length);
    this.#file.clear();
    return bytes;
  }

  /** Begins a file. */
  begin({ now, usedMemory, isAofBase, libraries }: RdbPreface): void {
    const magic = latin1Bytes(`${MAGIC}${String(VERSION_WRITTEN).padStart(4, '0')}`);
    this.#out.append(magic, 0, magic.length);
    this.aux('redis-ver', REDIS_VERSION);
    this.aux('redis-bits', 64);
    this.aux('ctime', Math.floor(now / MS_PER_SECOND));
    this.aux('used-mem', usedMemory);
    this.aux('aof-base', isAofBase ? 1 : 0);
    for (const code of libraries) this.library(code);
  }

  /** A field that says something of the file. Text is latin1. */
  aux(name: string, value: string | number | Uint8Array): void {
    this.#out.byte(OPCODE_AUX);
    this.#out.bulk(latin1Bytes(name));
    this.#out.bulk(value instanceof Uint8Array ? value : latin1Bytes(String(value)));
  }

  /** A library of functions. */
  library(code: Uint8Array): void {
    this.#out.byte(OPCODE_FUNCTION);
    this.#out.bulk(code);
  }

  /** How many keys of a database will follow. */
  sizes(database: number, keys: number, volatile: number): void {
    this.#select(database);
    this.#out.byte(OPCODE_SIZES);
    this.#out.length(keys);
    this.#out.length(volatile);
  }

  /** The key of an entry, which belongs to this database. */
  entry(zone: Zone, entry: number, database: number): void {
    this.#select(database);
    this.#writeState(zone, entry);
    writeKey(this.#out, zone, entry);
  }

  /** A large key of this database, whose value is copied first: step() writes it. */
  large(zone: Zone, entry: number, database: number, value: Frozen): void {
    const out = this.#out;
    const head = new ByteWriter(out.compresses);
    this.#out = head;
    this.#writeState(zone, entry);
    this.#out = out;
    writeName(head, zone, entry);
    this.#large.push({ head: head.written, value, database });
  }

  /** Writes some of the large keys that wait. False: there are none. */
  step(): boolean {
    if (this.#steps === undefined) {
      const large = this.#large.shift();
      if (large === undefined) return false;
      this.#steps = this.#writeLarge(large);
    }
    if (this.#steps.next().done === true) this.#steps = undefined;
    return true;
  }

  *#writeLarge({ head, value, database }: Large): Steps {
    while (value.step()) yield;
    this.#select(database);
    const file = this.#out;
    const aside = new ByteWriter(file.compresses);
    this.#out = aside;
    this.#database = -1;
    file.append(head, 0, head.length);
    yield* contentSteps(file, value.zone, value.entry);
    file.append(aside.bytes, 0, aside.size);
    if (aside.size === 0) this.#database = database;
    this.#out = file;
  }

  /** What a file says of a key in front of its type. */
  #writeState(zone: Zone, entry: number): void {
    const out = this.#out;
    const extras = extrasOf(zone, entry);
    if (extras !== undefined) this.aux(EXTRAS_NAME, extras);
    if (zone.isVolatile(entry)) {
      out.byte(OPCODE_DEADLINE);
      out.milliseconds64(zone.deadlines.exactOf(entry));
    }
    const { policy, keepsFrequency } = zone.recency;
    if (keepsFrequency) {
      out.byte(OPCODE_FREQUENCY);
      out.byte(zone.recency.frequencyOf(entry));
    } else if (policy.endsWith('lru')) {
      out.byte(OPCODE_IDLE);
      out.length(Math.floor(zone.recency.idleMs(entry) / MS_PER_SECOND));
    }
  }

  /** Nothing follows. Answers the last bytes of the file. */
  end(): Uint8Array {
    while (this.step());
    this.#out.byte(OPCODE_END);
    const rest = this.take();
    const last = new Uint8Array(rest.length + SUM_SIZE);
    last.set(rest);
    // Eight zeros say that there is none.
    if (this.#sums) this.#crc.writeTo(last, rest.length);
    return last;
  }

  #select(database: number): void {
    if (database === this.#database) return;
    this.#database = database;
    this.#out.byte(OPCODE_DATABASE);
    this.#out.length(database);
  }
}
