import { describe, expect, test } from 'vitest';
import { SeededRandom } from '../../src/std/random.ts';
import { audit } from '../../src/zone/audit.ts';
import type { Policy } from '../../src/zone/recency.ts';
import { DELETED, EVICTED, EXPIRED, Zone } from '../../src/zone/zone.ts';
import { ZoneModel } from './zone.model.ts';

const KiB = 1024;
const SEED = Uint8Array.from({ length: 16 }, (_, i) => i);

interface Run {
  readonly policy: Policy;
  readonly size: number;
  readonly operations: number;
  readonly seed: number;
  readonly valueMax: number;
  readonly keys: number;
  readonly auditEvery: number;
  /** Refuses every n-th request for room. */
  readonly failEvery?: number;
  /** Gives the zone another size, up to this, every 300 operations or so. */
  readonly sizeMax?: number;
  readonly shared?: boolean;
}

function bytesOf(text: string): Uint8Array {
  return Uint8Array.from(text, (c) => c.charCodeAt(0));
}

/** Random operations on a zone and its model; throws at the first difference. */
function run(options: Run): Zone {
  const random = new SeededRandom(options.seed);
  const zone = new Zone({
    name: 'test',
    size: options.size,
    policy: options.policy,
    random: new SeededRandom(options.seed + 1),
    shared: options.shared ?? false,
    seed: SEED,
  });
  const model = new ZoneModel();
  const now = { value: 1_700_000_000_000 };
  const onlyVolatile = options.policy.startsWith('volatile');
  let renaming = '';
  let grown = 0;
  let shrunk = 0;
  let problem = '';
  let writing = '';

  zone.onRemove = (entry, cause) => {
    const key = String.fromCharCode(...zone.key(entry).subarray(0, 40));
    const name = names.get(key) ?? key;
    const known = model.get(name);
    if (known === undefined) problem ||= `removed ${name}, which the model does not have`;
    if (cause === DELETED && name === renaming) return;
    if (cause === EVICTED) {
      const due = model.earliest();
      if (due <= now.value) problem ||= `evicted ${name} while something had expired`;
      if (options.policy.endsWith('lru')) {
        let oldest = model.oldest(onlyVolatile);
        if (oldest === writing) {
          model.touch(writing);
          oldest = model.oldest(onlyVolatile);
        }
        if (oldest !== name) problem ||= `evicted ${name}, the oldest was ${oldest}`;
      }
      if (onlyVolatile && (known?.deadline ?? -1) < 0) problem ||= `evicted ${name}: not volatile`;
    }
    if (cause === EXPIRED && (known?.deadline ?? -1) > now.value)
      problem ||= `${name} expired early`;
    model.entries.delete(name);
  };
  const names = new Map<string, string>();

  const keyFor = (i: number): Uint8Array => {
    // A few keys are longer than a slot.
    const text =
      i % 23 === 7 ? `key:${i}:`.padEnd(options.size < 33554432 ? 3000 : 9000, 'k') : `key:${i}`;
    const key = bytesOf(text);
    names.set(String.fromCharCode(...key.subarray(0, 40)), `key:${i}`);
    return key;
  };

  for (let step = 0; step < options.operations; step++) {
    const i = random.below(options.keys);
    const name = `key:${i}`;
    const key = keyFor(i);
    const hash = zone.hashOf(0, key, 0, key.length);
    zone.tick(now.value);
    if (options.failEvery !== undefined && step % options.failEvery === 0) zone.room.failIn = 1;
    let entry = zone.find(0, hash, key, 0, key.length);
    const known = model.get(name);
    if ((entry !== 0) !== (known !== undefined)) throw new Error(`step ${step}: find ${name}`);
    writing = name;
    const what = random.below(100);
    if (what < 45) {
      const size = random.below(10) === 0 ? random.below(options.valueMax) : random.below(600);
      const timed = random.below(3) === 0;
      const value = random.bytes(size);
      const deadline = timed ? now.value + random.below(20000) : -1;
      const wanted = zone.put(entry, 0, hash, key, 0, key.length, 0, size, timed);
      if (wanted !== 0) {
        zone.content.write(wanted, 0, value, 0, size);
        if (timed) zone.setDeadline(wanted, deadline);
        else zone.clearDeadline(wanted);
        zone.touch(wanted);
        model.put(name, value, deadline);
        model.touch(name);
      }
    } else if (what < 60 && entry !== 0) {
      zone.touch(entry);
      model.touch(name);
    } else if (what < 70 && entry !== 0) {
      zone.remove(entry, DELETED);
    } else if (what < 80 && entry !== 0) {
      const size = random.below(random.below(5) === 0 ? options.valueMax : 700);
      const old = model.get(name)!.value;
      const target = zone.resize(entry, size);
      if (target !== 0) {
        const value = new Uint8Array(size);
        value.set(old.subarray(0, size));
        model.get(name)!.value = value;
        zone.touch(target);
        model.touch(name);
      }
    } else if (what < 88 && entry !== 0) {
      const deadline = now.value + random.below(20000);
      const target = zone.setDeadline(entry, deadline);
      if (target !== 0) {
        model.get(name)!.deadline = deadline;
        zone.touch(target);
        model.touch(name);
      }
    } else if (what < 90 && entry !== 0) {
      zone.clearDeadline(entry);
      model.get(name)!.deadline = -1;
      zone.touch(entry);
      model.touch(name);
    } else if (what < 93 && entry !== 0) {
      const j = random.below(options.keys);
      const other = keyFor(j);
      const otherHash = zone.hashOf(0, other, 0, other.length);
      if (zone.find(0, otherHash, other, 0, other.length) === 0) {
        const source = { ...model.get(name)! };
        const copy = zone.copy(entry, 0, otherHash, other, 0, other.length);
        if (copy !== 0) {
          model.put(`key:${j}`, source.value, source.deadline);
          zone.touch(copy);
          model.touch(`key:${j}`);
        }
      }
    } else if (what < 94 && entry !== 0 && random.below(2) === 0) {
      const j = random.below(options.keys);
      const other = keyFor(j);
      const otherHash = zone.hashOf(0, other, 0, other.length);
      if (zone.find(0, otherHash, other, 0, other.length) === 0) {
        const source = model.get(name)!;
        renaming = name;
        const target = zone.rename(entry, 0, otherHash, other, 0, other.length);
        renaming = '';
        if (target !== 0) {
          model.rename(name, `key:${j}`);
          if (model.get(`key:${j}`) !== source) throw new Error(`step ${step}: rename`);
        }
      }
    } else if (what < 94 && entry !== 0) {
      const target = zone.setAnnexSize(entry, random.below(4));
      if (target !== 0) {
        zone.touch(target);
        model.touch(name);
      }
    } else if (what < 98) {
      now.value += random.below(400);
      zone.tick(now.value);
      while (zone.expireOne());
      if (model.earliest() <= now.value) throw new Error(`step ${step}: something has not expired`);
    } else if (what === 98 && options.sizeMax !== undefined && random.below(3) === 0) {
      writing = '';
      const size = options.size + random.below(options.sizeMax - options.size);
      const before = zone.size;
      const keys = model.entries.size;
      if (zone.resizeTo(size)) {
        if (zone.size !== size - (size % 8)) throw new Error(`step ${step}: size`);
        grown += zone.size > before ? 1 : 0;
        shrunk += zone.size < before ? 1 : 0;
      } else if (
        zone.size !== before ||
        (zone.counts.expired === 0 && model.entries.size !== keys)
      ) {
        throw new Error(`step ${step}: a resize that failed changed something`);
      }
    } else if (what === 99 && random.below(200) === 0) {
      zone.clear();
      model.entries.clear();
    }
    writing = '';
    zone.room.failIn = 0;
    if (problem !== '') throw new Error(`seed ${options.seed} step ${step}: ${problem}`);
    entry = zone.find(0, hash, key, 0, key.length);
    const now1 = model.get(name);
    if ((entry !== 0) !== (now1 !== undefined)) throw new Error(`step ${step}: ${name} after`);
    if (entry !== 0 && now1 !== undefined) {
      if (zone.content.size(entry) !== now1.value.length) throw new Error(`step ${step}: size`);
      const bytes = zone.content.slice(entry, 0, now1.value.length);
      if (Buffer.compare(bytes, now1.value) !== 0)
        throw new Error(`step ${step}: bytes of ${name}`);
      if (zone.deadline(entry) !== now1.deadline) throw new Error(`step ${step}: deadline`);
    }
    if (step % options.auditEvery === 0) {
      const fault = audit(zone);
      if (fault !== undefined) throw new Error(`seed ${options.seed} step ${step}: ${fault}`);
    }
  }
  for (const [name, { value }] of model.entries) {
    const key = keyFor(Number(name.slice(4)));
    const entry = zone.find(0, zone.hashOf(0, key, 0, key.length), key, 0, key.length);
    expect(Buffer.compare(zone.content.slice(entry, 0, value.length), value)).toBe(0);
  }
  expect(audit(zone)).toBeUndefined();
  if (options.sizeMax !== undefined) expect([grown > 5, shrunk > 5]).toEqual([true, true]);
  return zone;
}

describe('a zone does what its model does', () => {
  const policies: Policy[] = [
    'noeviction',
    'allkeys-lru',
    'volatile-lru',
    'allkeys-lfu',
    'volatile-lfu',
    'allkeys-random',
    'volatile-random',
    'volatile-ttl',
  ];
  for (const policy of policies) {
    test(`under ${policy}, audited after every operation`, () => {
      run({
        policy,
        size: 256 * KiB,
        operations: 1500,
        seed: 1,
        valueMax: 9000,
        keys: 400,
        auditEvery: 1,
      });
    });
    test(`under ${policy}, with every seventh request for room refused`, () => {
      run({
        policy,
        size: 512 * KiB,
        operations: 6000,
        seed: 2,
        valueMax: 30000,
        keys: 900,
        auditEvery: 50,
        failEvery: 7,
      });
    });
  }

  for (const policy of ['noeviction', 'allkeys-lru', 'volatile-ttl', 'allkeys-lfu'] as const) {
    test(`under ${policy}, growing and shrinking`, () => {
      run({
        policy,
        size: policy === 'noeviction' ? 512 * KiB : 256 * KiB,
        sizeMax: 2048 * KiB,
        operations: 8000,
        seed: 6,
        valueMax: 6000,
        keys: policy.startsWith('allkeys') ? 900 : 200,
        auditEvery: 20,
      });
    });
  }

  test('over a long run under allkeys-lru, the victims are exactly the oldest', () => {
    const zone = run({
      policy: 'allkeys-lru',
      size: 1024 * KiB,
      operations: 60000,
      seed: 3,
      valueMax: 5000,
      keys: 6000,
      auditEvery: 3000,
    });
    expect(zone.counts.evicted).toBeGreaterThan(1000);
  });

  test('with values of many chunks and lists of chunks', () => {
    run({
      policy: 'allkeys-lru',
      size: 4096 * KiB,
      operations: 3000,
      seed: 4,
      valueMax: 900_000,
      keys: 40,
      auditEvery: 50,
    });
  });

  test('in memory that is shared', () => {
    run({
      policy: 'allkeys-lru',
      size: 512 * KiB,
      operations: 8000,
      seed: 7,
      valueMax: 60_000,
      keys: 300,
      auditEvery: 100,
      sizeMax: 2048 * KiB,
      shared: true,
    });
  });

  test('with large pages', () => {
    run({
      policy: 'allkeys-lru',
      size: 64 * 1024 * KiB,
      operations: 5000,
      seed: 5,
      valueMax: 4_000_000,
      keys: 300,
      auditEvery: 500,
    });
  });
});
