/**
 * Effects: what a write is to those who do it again, the append only file and replicas.
 *
 *   request                    effect
 *   SET k v EX 10              SET k v PXAT 1700000010000
 *   SPOP s                     SREM s m
 *   GET k, k has expired       DEL k
 *   EVAL …                     MULTI, what the script wrote, EXEC
 *
 * A request that has changed something is its own effect, unless its handler says another one
 * (`instead`), further ones (`also`), or none (`withhold`). What one request has brought about, by
 * itself, in a transaction or in a script, is a unit: it is done whole or not at all, so two effects
 * stand between MULTI and EXEC. Evicted keys count for none: they may be gone sooner.
 *
 * An effect is written once for each stream, at once, as the request that it is. A stream is nothing
 * but bytes; who has attached it takes them when no unit is open.
 */

import type { Argv } from '../resp/argv.ts';
import { type Part, RequestWriter } from '../resp/request-writer.ts';
import type { Audience } from './audience.ts';

/** Whom an effect is for. */
export const FOR_FILE = 1;
export const FOR_REPLICAS = 2;
export const FOR_ALL = FOR_FILE | FOR_REPLICAS;

const MULTI = '*1\r\n$5\r\nMULTI\r\n';
const EXEC = '*1\r\n$4\r\nEXEC\r\n';
/** No database. */
const NONE = -1;

/** The command by which a key goes: lazily, what takes long to free is freed later. */
export function removal(isLazy: boolean): 'DEL' | 'UNLINK' {
  return isLazy ? 'UNLINK' : 'DEL';
}

export interface StreamOptions {
  /** Unix seconds, if effects are to be dated. */
  readonly seconds?: () => number;
  /** Whether the effects in a database are told; those of all are if absent. */
  readonly takes?: (database: number) => boolean;
}

/** The effects that one listener is told. */
export class EffectStream {
  readonly target: number;
  readonly writer = new RequestWriter();
  /** The database that the effect written last was for; none: the next says which. */
  selected = NONE;
  /** Where the unit that is open begins. */
  unitStart = 0;
  /** Called when a unit has ended that has effects. */
  onUnit: (() => void) | undefined = undefined;
  /** Whether the effects in a database are told. */
  readonly takes: (database: number) => boolean;
  readonly #seconds: (() => number) | undefined;
  #dated = 0;

  constructor(target: number, { seconds, takes = () => true }: StreamOptions = {}) {
    this.target = target;
    this.takes = takes;
    this.#seconds = seconds;
  }

  /** A unit begins here, dated when a second has passed since the last. */
  begin(): void {
    const { writer } = this;
    const seconds = this.#seconds?.() ?? 0;
    if (seconds > this.#dated) {
      this.#dated = seconds;
      writer.insert(writer.size, `#TS:${seconds}\r\n`);
    }
    this.unitStart = writer.size;
  }

  /** The first `size` bytes have been taken. */
  drop(size: number): void {
    this.writer.drop(size);
    this.unitStart -= size;
  }
}

export class Effects {
  /** Whether anybody wants to know. */
  isOn = false;
  /** Whom the effects of scripts are for, as redis.set_repl() has it. */
  scriptTarget = FOR_ALL;
  /** What the databases are called: the numbers of those that Redis has not may change. */
  nameOf: (database: number) => string = String;
  readonly #audience: Audience;
  #streams: readonly EffectStream[] = [];
  #targets = 0;
  /** Requests that run now, the one in the other: EXEC, and what it runs. */
  #depth = 0;
  /** Effects of the unit that is open, evicted keys left out; and whether those stand for it. */
  #count = 0;
  #isEmpty = true;
  /** What the request that runs says of itself. */
  readonly #own = new RequestWriter();
  #isWithheld = false;
  /** Whom it has an effect for even if it changes nothing. */
  #forcedFor = 0;
  /** Whom it has one for at most. */
  #allowed = FOR_ALL;

  constructor(audience: Audience) {
    this.#audience = audience;
  }

  attach(stream: EffectStream): void {
    this.#follow([...this.#streams, stream]);
  }

  detach(stream: EffectStream): void {
    this.#follow(this.#streams.filter((each) => each !== stream));
  }

  #follow(streams: readonly EffectStream[]): void {
    this.#streams = streams;
    this.#targets = streams.reduce((all, { target }) => all | target, 0);
    const isOn = streams.length > 0;
    if (isOn !== this.isOn) this.#audience.count(isOn);
    this.isOn = isOn;
  }

  /** Bytes of a stream that are whole units: of one in the middle nobody may know. */
  wholeSize({ writer, unitStart }: EffectStream): number {
    return this.#isEmpty ? writer.size : unitStart;
  }

  /** What runs now has been told before: it has no effect, until the answer is called. */
  silence(): () => void {
    const streams = this.#streams;
    this.#follow([]);
    return () => this.#follow(streams);
  }

  // ── What handlers say ─────────────────────────────────────────────────────────────────────────

  /** The effect of the request that runs, if it changes anything: this, in place of itself. */
  instead(argv: Argv, ...parts: readonly Part[]): void {
    if (!this.isOn) return;
    this.#own.size = 0;
    this.#own.made(argv, parts);
  }

  /** An effect beside that of the request that runs. */
  also(database: number, argv: Argv, ...parts: readonly Part[]): void {
    if (!this.isOn) return;
    this.#open();
    for (const stream of this.#streams) {
      if (!stream.takes(database)) continue;
      this.#select(stream, database);
      stream.writer.made(argv, parts);
    }
    this.#count++;
  }

  /** The request that runs has no effect of its own. */
  withhold(): void {
    this.#isWithheld = true;
  }

  /** Its effect is for these alone. */
  only(target: number): void {
    this.#allowed = target;
  }

  /** It has one for these, even if it changes nothing. */
  force(target: number): void {
    this.#forcedFor |= target;
  }

  /** A key has gone by itself. */
  removed(database: number, key: Uint8Array, isLazy: boolean, isEvicted: boolean): void {
    this.#open();
    for (const stream of this.#streams) {
      if (!stream.takes(database)) continue;
      this.#select(stream, database);
      stream.writer.begin(2);
      stream.writer.bulkText(removal(isLazy));
      stream.writer.bulk(key);
    }
    if (!isEvicted) this.#count++;
    if (this.#depth === 0) this.#endUnit(true);
  }

  // ── Around requests ───────────────────────────────────────────────────────────────────────────

  /** A request begins to run. */
  enter(): void {
    this.#depth++;
    this.#reset();
  }

  /** It has run, and has an effect if `isChange`. */
  tell(database: number, argv: Argv, isChange: boolean, isFromScript: boolean): void {
    const allowed = isFromScript ? this.scriptTarget : FOR_ALL;
    const wanted = (isChange ? FOR_ALL : this.#forcedFor) & this.#allowed;
    const target = wanted & allowed & this.#targets;
    if (target !== 0 && !this.#isWithheld) {
      const own = this.#own;
      this.#open();
      for (const stream of this.#streams) {
        if ((stream.target & target) === 0 || !stream.takes(database)) continue;
        this.#select(stream, database);
        if (own.size > 0) stream.writer.raw(own.bytes, 0, own.size);
        else stream.writer.request(argv);
      }
      this.#count++;
    }
    this.#reset();
  }

  /** It has no effect of its own: it waits, or what it ran has told of itself. */
  abandon(): void {
    this.#reset();
  }

  /**
   * It is done, and with the outermost the unit. `isScattered`: what it removed by the way need not
   * be removed together.
   */
  leave(isScattered: boolean): void {
    this.#depth--;
    if (this.#depth === 0 && !this.#isEmpty) this.#endUnit(isScattered);
  }

  #reset(): void {
    this.#own.clear();
    this.#isWithheld = false;
    this.#forcedFor = 0;
    this.#allowed = FOR_ALL;
  }

  /** Has a stream go on with a database. */
  #select(stream: EffectStream, database: number): void {
    if (stream.selected === database) return;
    const { writer } = stream;
    stream.selected = database;
    writer.begin(2);
    writer.bulkText('SELECT');
    writer.bulkText(this.nameOf(database));
  }

  /** Begins the unit with its first effect. */
  #open(): void {
    if (!this.#isEmpty) return;
    this.#isEmpty = false;
    for (const stream of this.#streams) stream.begin();
  }

  #endUnit(isScattered: boolean): void {
    const isMany = this.#count > 1 && !isScattered;
    this.#count = 0;
    this.#isEmpty = true;
    for (const { writer, unitStart, onUnit } of this.#streams) {
      if (writer.size === unitStart) continue;
      if (isMany) {
        writer.insert(unitStart, MULTI);
        writer.insert(writer.size, EXEC);
      }
      onUnit?.();
    }
  }
}
