import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { SeededRandom } from '../../src/std/random.ts';
import { audit } from '../../src/zone/audit.ts';
import { POLICIES } from '../../src/zone/recency.ts';
import { DELETED, EVICTED, EXPIRED, Zone } from '../../src/zone/zone.ts';

/**
 * Byte strings as programs: the first byte says under which policy, then each operation takes the
 * bytes it needs and any bytes mean something. A program that shows a fault is kept in the corpus,
 * as hexadecimal under a line that says what it showed, and run again for ever.
 */

const CORPUS = join(import.meta.dirname, 'corpus', 'zone');
const KiB = 1024;
const START = 1_700_000_000_000;
const DATABASES = 3;
const KEY_COUNT = 48;

interface Known {
  bytes: Uint8Array;
  deadline: number;
  type: number;
}

class Program {
  readonly #code: Uint8Array;
  #at = 0;

  constructor(code: Uint8Array) {
    this.#code = code;
  }

  get isDone(): boolean {
    return this.#at >= this.#code.length;
  }

  /** The next byte; 0 behind the end. */
  byte(): number {
    return this.#code[this.#at++] ?? 0;
  }

  /** Some size: mostly small, at times of many chunks. */
  size(): number {
    const kind = this.byte();
    if (kind < 160) return kind * 3;
    if (kind < 240) return (kind - 160) * 100 + this.byte();
    return (kind - 239) * 9000 + this.byte() * 11;
  }
}

/** Keys of all kinds: tiny ones, some of a slot of their own, long ones. */
function keyOf(index: number): Uint8Array {
  const size = index % 11 === 7 ? 2500 + index : index % 5 === 3 ? 300 : 1 + (index % 7);
  return new Uint8Array(size).fill(index).fill(65 + (index % 26), 1);
}

class Run {
  readonly zone: Zone;
  readonly model = new Map<string, Known>();
  readonly program: Program;
  /** Whether all keys share four hashes. The audit does not stand for that. */
  readonly #sharesHashes: boolean;
  #fault = '';
  #renaming = '';

  constructor(code: Uint8Array) {
    this.program = new Program(code);
    const first = this.program.byte();
    const policy = POLICIES[first % POLICIES.length];
    this.#sharesHashes = first >= 224;
    this.zone = new Zone({
      name: 'fuzz',
      size: 256 * KiB,
      databases: DATABASES,
      policy,
      random: new SeededRandom(1),
      seed: new Uint8Array(16),
    });
    this.zone.tick(START);
    this.zone.onRemove = (entry, cause) => this.#left(entry, cause);
  }

  #left(entry: number, cause: number): void {
    const { zone } = this;
    const name = this.#nameOf(entry);
    if (name === this.#renaming) return;
    const known = this.model.get(name);
    if (known === undefined) this.#fault ||= `${name} left and was not there`;
    const isDue = (known?.deadline ?? -1) >= 0 && known!.deadline <= zone.now;
    if (cause === EXPIRED && !isDue) this.#fault ||= `${name} expired early`;
    if (cause === EVICTED) {
      if (!zone.recency.evicts) this.#fault ||= `${name} was evicted under noeviction`;
      if (zone.recency.onlyVolatile && (known?.deadline ?? -1) < 0) {
        this.#fault ||= `${name} was evicted and is not volatile`;
      }
    }
    this.model.delete(name);
  }

  #nameOf(entry: number): string {
    return `${this.zone.database(entry)}/${this.zone.key(entry)[0]}`;
  }

  #hash(database: number, key: Uint8Array): number {
    const hash = this.zone.hashOf(database, key, 0, key.length);
    return this.#sharesHashes ? hash & 0x30000000 : hash;
  }

  #find(database: number, index: number): number {
    const key = keyOf(index);
    return this.zone.find(database, this.#hash(database, key), key, 0, key.length);
  }

  step(): void {
    const { zone, program, model } = this;
    const op = program.byte() % 20;
    const index = program.byte() % KEY_COUNT;
    const database = index % 7 === 0 ? program.byte() % DATABASES : 0;
    const name = `${database}/${index}`;
    const entry = this.#find(database, index);
    const known = model.get(name);
    if ((entry !== 0) !== (known !== undefined)) throw new Error(`${name} is lost or found`);
    if (op < 6) this.#put(database, index, entry);
    else if (op === 6) this.#tick();
    else if (op === 7) zone.room.failIn = 1 + (program.byte() % 3);
    else if (op === 8) this.#resizeZone();
    else if (op === 9) this.#reserve();
    else if (op === 10 && program.byte() === 77) this.#clear();
    else if (entry !== 0 && known !== undefined) this.#change(op, entry, name, known);
    if (op !== 7) zone.room.failIn = 0;
    this.#check(name, database, index);
  }

  #put(database: number, index: number, existing: number): void {
    const { zone, program, model } = this;
    const key = keyOf(index);
    const size = program.size();
    const flags = program.byte();
    const type = flags & 3;
    const deadline = (flags & 4) !== 0 ? zone.now + (flags >>> 3) : -1;
    const hash = this.#hash(database, key);
    const timed = deadline >= 0;
    const entry = zone.put(existing, database, hash, key, 0, key.length, type, size, timed);
    if (entry === 0) return;
    const bytes = new Uint8Array(size).fill(flags ^ size);
    zone.content.write(entry, 0, bytes, 0, size);
    if (timed) zone.setDeadline(entry, deadline);
    else zone.clearDeadline(entry);
    model.set(`${database}/${index}`, { bytes, deadline, type });
  }

  #change(op: number, entry: number, name: string, known: Known): void {
    const { zone, program, model } = this;
    if (op === 11) zone.remove(entry, DELETED);
    else if (op === 12) zone.touch(entry);
    else if (op === 13) {
      const size = program.size();
      const shrinks = size <= known.bytes.length;
      if (zone.resize(entry, size) !== 0) {
        const bytes = new Uint8Array(size);
        bytes.set(known.bytes.subarray(0, size));
        known.bytes = bytes;
      } else if (shrinks) throw new Error(`${name} could not shrink`);
    } else if (op === 14) {
      const deadline = zone.now + program.byte();
      if (zone.setDeadline(entry, deadline) !== 0) known.deadline = deadline;
    } else if (op === 15) {
      zone.clearDeadline(entry);
      known.deadline = -1;
    } else if (op === 16 || op === 17) {
      const index = program.byte() % KEY_COUNT;
      if (this.#find(0, index) !== 0) return;
      const key = keyOf(index);
      const hash = this.#hash(0, key);
      this.#renaming = op === 17 ? name : '';
      const method = op === 17 ? 'rename' : 'copy';
      const copy = { ...known };
      const target = zone[method](entry, 0, hash, key, 0, key.length);
      this.#renaming = '';
      if (target === 0) return;
      if (op === 17) model.delete(name);
      model.set(`0/${index}`, copy);
    } else if (op === 18) zone.setAnnexSize(entry, program.byte() % 9);
    else if (op === 19) zone.setPinned(entry, (program.byte() & 1) === 0);
  }

  #tick(): void {
    const { zone, program } = this;
    const step = program.byte();
    zone.tick(zone.now + step);
    if (step % 2 === 0) while (zone.expireOne());
    if (step === 255) zone.recency.setPolicy(POLICIES[program.byte() % POLICIES.length]);
  }

  #resizeZone(): void {
    const { zone, program } = this;
    const size = (256 + program.byte() * 4) * KiB + program.byte();
    const before = zone.size;
    const { evicted } = zone.counts;
    if (zone.resizeTo(size)) return;
    if (zone.size !== before) throw new Error('a resize that failed changed the size');
    if (zone.counts.evicted !== evicted) throw new Error('a resize that failed evicted');
  }

  /** Room for many, of which none is used. */
  #reserve(): void {
    const { zone, program } = this;
    zone.room.begin();
    for (let left = program.byte() % 9; left > 0; left--) zone.addPut(20, 0, program.size());
    const { evicted } = zone.counts;
    if (!zone.room.take() && zone.counts.evicted !== evicted) throw new Error('a no evicted');
  }

  #clear(): void {
    this.zone.clear();
    this.model.clear();
  }

  #check(name: string, database: number, index: number): void {
    const { zone, model } = this;
    if (this.#fault !== '') throw new Error(this.#fault);
    const entry = this.#find(database, index);
    const known = model.get(name);
    if ((entry !== 0) !== (known !== undefined)) throw new Error(`${name} is lost or found after`);
    if (entry === 0 || known === undefined) return;
    const size = zone.content.size(entry);
    if (size !== known.bytes.length) throw new Error(`${name} has ${size} bytes`);
    const bytes = zone.content.slice(entry, 0, size);
    if (Buffer.compare(bytes, known.bytes) !== 0) throw new Error(`${name} has other bytes`);
    if (zone.deadline(entry) !== known.deadline) throw new Error(`${name} has another deadline`);
    if (zone.type(entry) !== known.type) throw new Error(`${name} has another type`);
  }

  /** Runs it all. `auditEvery` operations the whole zone is walked. */
  run(auditEvery: number): void {
    for (let step = 1; !this.program.isDone; step++) {
      this.step();
      const fault = step % auditEvery === 0 ? this.#audit() : undefined;
      if (fault !== undefined) throw new Error(`after ${step} operations: ${fault}`);
    }
    for (const name of this.model.keys()) {
      const [database, index] = name.split('/').map(Number);
      this.#check(name, database, index);
    }
    const fault = this.#audit();
    if (fault !== undefined) throw new Error(`at the end: ${fault}`);
    if (this.zone.table.count !== this.model.size) throw new Error('there are others');
  }

  #audit(): string | undefined {
    return this.#sharesHashes ? undefined : audit(this.zone);
  }
}

function keep(code: Uint8Array, message: string): string {
  const hex = Buffer.from(code).toString('hex');
  const path = join(CORPUS, `${createHash('sha256').update(hex).digest('hex').slice(0, 12)}.hex`);
  mkdirSync(CORPUS, { recursive: true });
  writeFileSync(path, `# ${message}\n${hex.replace(/.{100}/g, '$&\n')}\n`);
  return path;
}

test('programs that were kept run without a fault', () => {
  for (const file of readdirSync(CORPUS).filter((name) => name.endsWith('.hex'))) {
    const text = readFileSync(join(CORPUS, file), 'latin1').replace(/^#.*$/gm, '');
    new Run(new Uint8Array(Buffer.from(text.replace(/\s/g, ''), 'hex'))).run(1);
  }
});

test('any bytes are a program that a zone runs as its model does', () => {
  const code = fc.uint8Array({ minLength: 20, maxLength: 1500, size: 'max' });
  const result = fc.check(
    fc.property(code, (bytes) => new Run(bytes).run(7)),
    { seed: Number(process.env.FUZZ_SEED ?? 1), numRuns: Number(process.env.FUZZ_RUNS ?? 150) },
  );
  if (!result.failed) return;
  const [bytes] = result.counterexample ?? [new Uint8Array()];
  const message = String(result.errorInstance);
  expect.fail(`${message}\nkept as ${keep(bytes, message)}`);
});
