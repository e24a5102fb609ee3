import { describe, expect, test } from 'vitest';
import { latin1Bytes, latin1Text } from '../../../src/std/ascii.ts';
import { SeededRandom } from '../../../src/std/random.ts';
import { Stream } from '../../../src/value/stream.ts';
import type { StreamGroups } from '../../../src/value/stream-groups.ts';
import { StreamId } from '../../../src/value/stream-id.ts';
import { TYPE_STREAM } from '../../../src/value/type.ts';
import { MiB, put, zoneOf } from './support.ts';

const NOW = 1_700_000_000_000;

function streamIn(size: number): Stream {
  const zone = zoneOf(size);
  return new Stream().create(zone, put(zone, 's', TYPE_STREAM, Stream.emptySize));
}

function idOf(n: number): StreamId {
  return new StreamId().setNumbers(Math.floor(n / 4), n % 4);
}

function numberOf({ ms, seq }: StreamId): number {
  return ms * 4 + seq;
}

function find(groups: StreamGroups, name: string): boolean {
  return groups.find(latin1Bytes(name), 0, name.length);
}

function findConsumer(groups: StreamGroups, name: string): boolean {
  return groups.findConsumer(latin1Bytes(name), 0, name.length);
}

function create(groups: StreamGroups, name: string, lastId = 0): void {
  expect(find(groups, name)).toBe(false);
  expect(groups.reserveGroup(name.length)).toBe(true);
  groups.create(latin1Bytes(name), 0, name.length, idOf(lastId), -1n);
}

/** Goes to a consumer, made if there is none. */
function enter(groups: StreamGroups, name: string): void {
  if (findConsumer(groups, name)) return;
  expect(groups.reserve(name.length, 0, 0, true)).toBe(true);
  groups.createConsumer(latin1Bytes(name), 0, name.length, NOW);
}

function deliver(groups: StreamGroups, ...numbers: number[]): void {
  expect(groups.reserve(-1, numbers.length, numbers.length, false)).toBe(true);
  for (const n of numbers) groups.deliver(idOf(n), NOW + n, false);
}

/** Ids pending for the consumer gone to. */
function own(groups: StreamGroups): number[] {
  const found: number[] = [];
  for (let more = groups.seekOwn(idOf(0)); more; more = groups.nextOwn()) {
    found.push(numberOf(groups.readOwnId(new StreamId())));
  }
  return found;
}

interface Pending {
  consumer: string;
  time: number;
  deliveries: bigint;
}

class Collected {
  bytes = '';
  bulk(bytes: Uint8Array, start = 0, end = bytes.length): void {
    this.bytes = latin1Text(bytes, start, end);
  }
  bulkHeader(): void {
    this.bytes = '';
  }
  append(bytes: Uint8Array, start: number, end: number): void {
    this.bytes += latin1Text(bytes, start, end);
  }
  bulkEnd(): void {}
}

/** All that is pending in the group gone to. */
function pending(groups: StreamGroups): Map<number, Pending> {
  const found = new Map<number, Pending>();
  for (let more = groups.seekFirstPending(); more; more = groups.nextPending()) {
    const sink = new Collected();
    groups.writeOwnerName(sink);
    found.set(numberOf(groups.readPendingId(new StreamId())), {
      consumer: sink.bytes,
      time: groups.deliveryTime,
      deliveries: groups.deliveries,
    });
  }
  return found;
}

describe('groups of a stream', () => {
  test('are found by name, and stand in the order of names', () => {
    const stream = streamIn(MiB);
    const { groups } = stream;
    const names = ['b', '', 'a', 'ab', 'a\0', '\xff', 'x'.repeat(5000), 'B'];
    for (const name of names) create(groups, name);
    expect(stream.audit()).toBeUndefined();
    expect(groups.count).toBe(names.length);
    const told = names.map((_, i) => {
      groups.goTo(i);
      const sink = new Collected();
      groups.writeName(sink);
      return sink.bytes;
    });
    expect(told).toEqual(names.toSorted());
    for (const name of names) {
      expect(find(groups, name)).toBe(true);
      groups.destroy();
      expect(find(groups, name)).toBe(false);
      expect(stream.audit()).toBeUndefined();
    }
    expect(groups.count).toBe(0);
  });

  test('remember a last id, and how many entries were read up to it', () => {
    const { groups } = streamIn(MiB);
    create(groups, 'g', 7);
    expect(numberOf(groups.readLastId(new StreamId()))).toBe(7);
    expect(groups.entriesRead).toBe(-1n);
    expect(groups.knowsEntriesRead).toBe(false);
    for (const count of [0n, 2n ** 32n - 1n, 2n ** 63n - 2n]) {
      groups.entriesRead = count;
      groups.countRead();
      expect(groups.entriesRead).toBe(count + 1n);
      expect(groups.knowsEntriesRead).toBe(true);
    }
  });

  test('thousands of consumers are found', () => {
    const stream = streamIn(4 * MiB);
    const { groups } = stream;
    create(groups, 'g');
    const random = new SeededRandom(5);
    const names = new Set<string>();
    while (names.size < 3000) names.add(`consumer ${random.below(1e9)}`);
    for (const name of names) enter(groups, name);
    expect(groups.consumerCount).toBe(3000);
    expect(stream.audit()).toBeUndefined();
    for (const name of names) expect(findConsumer(groups, name)).toBe(true);
    for (const name of [...names].slice(0, 2990)) {
      findConsumer(groups, name);
      groups.deleteConsumer();
    }
    expect(groups.consumerCount).toBe(10);
    expect(stream.audit()).toBeUndefined();
    find(groups, 'g');
    groups.destroy();
    expect(stream.audit()).toBeUndefined();
  });
});

describe('what is pending', () => {
  test('belongs to the consumer it was delivered to last', () => {
    const stream = streamIn(MiB);
    const { groups } = stream;
    create(groups, 'g');
    enter(groups, 'a');
    deliver(groups, 1, 2, 3);
    enter(groups, 'b');
    deliver(groups, 3, 4);
    expect(own(groups)).toEqual([3, 4]);
    expect(groups.ownCount).toBe(2);
    findConsumer(groups, 'a');
    expect(own(groups)).toEqual([1, 2]);
    expect(groups.pendingCount).toBe(4);
    expect(pending(groups).get(3)).toEqual({ consumer: 'b', time: NOW + 3, deliveries: 1n });
    expect(stream.audit()).toBeUndefined();
  });

  test('goes with its consumer, or when it is acknowledged', () => {
    const stream = streamIn(MiB);
    const { groups } = stream;
    create(groups, 'g');
    enter(groups, 'a');
    deliver(groups, ...Array.from({ length: 500 }, (_, i) => i + 1));
    enter(groups, 'b');
    deliver(groups, 501, 502);
    for (let n = 100; n < 200; n++) {
      expect(groups.findPending(idOf(n))).toBe(true);
      groups.removePending(idOf(n));
    }
    findConsumer(groups, 'a');
    expect(groups.ownCount).toBe(400);
    groups.deleteConsumer();
    expect(groups.pendingCount).toBe(2);
    expect(stream.audit()).toBeUndefined();
  });

  test('counts deliveries up to 64 bits', () => {
    const { groups } = streamIn(MiB);
    create(groups, 'g');
    enter(groups, 'a');
    deliver(groups, 1);
    groups.findPending(idOf(1));
    expect(groups.fewDeliveries).toBe(1);
    for (const count of [2n ** 32n - 1n, 2n ** 63n - 2n]) {
      groups.deliveries = count;
      groups.countDelivery();
      expect(groups.deliveries).toBe(count + 1n);
      expect(groups.fewDeliveries).toBe(-1);
    }
  });

  test('room for it may be refused, and then nothing has changed', () => {
    const stream = streamIn(MiB);
    const { groups } = stream;
    create(groups, 'g');
    enter(groups, 'a');
    const { room } = stream.region.zone;
    room.failIn = 1;
    expect(groups.reserve(-1, 1000, 1000, true)).toBe(false);
    expect(groups.reserve(3000, 0, 0, true)).toBe(true);
    room.failIn = 1;
    expect(groups.reserveGroup(30_000)).toBe(false);
    room.failIn = 0;
    expect(stream.audit()).toBeUndefined();
    expect(groups.consumerCount).toBe(1);
  });
});

describe.each([
  { size: MiB, ids: 60, steps: 1500, longest: 3 },
  { size: MiB, ids: 4000, steps: 1000, longest: 4000 },
  { size: 64 * MiB, ids: 4000, steps: 1000, longest: 10_000 },
])('groups in $size bytes with up to $ids ids', ({ size, ids, steps, longest }) => {
  test('are what a map of maps is', () => {
    const random = new SeededRandom(size + ids);
    let stream = streamIn(size);
    let { groups } = stream;
    const model = new Map<string, Map<string, Set<number>>>();
    const name = (prefix: string) =>
      `${prefix}${random.below(4)}`.padEnd(random.below(2) * random.below(longest), '.');
    const consumersOf = (group: string) => {
      let consumers = model.get(group);
      if (find(groups, group)) {
        expect(consumers).toBeDefined();
      } else {
        expect(consumers).toBeUndefined();
        create(groups, group);
        consumers = new Map();
        model.set(group, consumers);
      }
      return consumers as Map<string, Set<number>>;
    };
    for (let step = 0; step < steps; step++) {
      const known = [...model.keys()];
      const group =
        known.length > 3 || (known.length > 0 && random.below(8) > 0)
          ? known[random.below(known.length)]
          : name('group');
      const consumers = consumersOf(group);
      const names = [...consumers.keys()];
      const consumer = names.length > 5 ? names[random.below(names.length)] : name('consumer');
      switch (random.below(100)) {
        case 0:
          groups.destroy();
          model.delete(group);
          break;
        case 1:
        case 2:
          if (findConsumer(groups, consumer)) groups.deleteConsumer();
          consumers.delete(consumer);
          break;
        case 3: {
          if (step % 3 > 0) break;
          const image = stream.image();
          const { zone } = stream.region;
          const to = zoneOf(random.below(2) === 0 ? MiB : 64 * MiB);
          const entry = put(to, 's', TYPE_STREAM, stream.sizeIn(to));
          stream.copyTo(to, entry);
          const copy = new Stream().open(to, entry);
          expect(copy.audit()).toBeUndefined();
          expect(copy.image()).toEqual(image);
          if (to.layout.chunkSize === zone.layout.chunkSize) {
            stream = copy;
            ({ groups } = stream);
          }
          break;
        }
        default: {
          enter(groups, consumer);
          const own = consumers.get(consumer) ?? new Set();
          consumers.set(consumer, own);
          const numbers = Array.from({ length: random.below(8) }, () => random.below(ids) + 1);
          if (random.below(5) < 2) {
            for (const n of numbers) {
              const isPending = groups.findPending(idOf(n));
              if (isPending) groups.removePending(idOf(n));
              expect([...consumers.values()].some((set) => set.delete(n))).toBe(isPending);
            }
          } else {
            deliver(groups, ...numbers);
            for (const n of numbers) {
              for (const set of consumers.values()) set.delete(n);
              own.add(n);
            }
          }
        }
      }
      if (step % 50 === 0) {
        stream.settle();
        expect(stream.audit()).toBeUndefined();
      }
      if (step % 100 === 0) expect(shown(groups)).toEqual(wanted(model));
    }
    expect(stream.audit()).toBeUndefined();
    expect(shown(groups)).toEqual(wanted(model));
  });
});

function shown(groups: StreamGroups): unknown {
  const sink = new Collected();
  return Array.from({ length: groups.count }, (_, i) => {
    groups.goTo(i);
    groups.writeName(sink);
    const name = sink.bytes;
    const consumers = Array.from({ length: groups.consumerCount }, (_, j) => {
      groups.goToConsumer(j);
      groups.writeConsumerName(sink);
      return [sink.bytes, own(groups)];
    });
    return [name, consumers];
  });
}

function wanted(model: Map<string, Map<string, Set<number>>>): unknown {
  return [...model.entries()]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, consumers]) => [
      name,
      [...consumers.entries()]
        .toSorted(([a], [b]) => (a < b ? -1 : 1))
        .map(([consumer, own]) => [consumer, [...own].toSorted((a, b) => a - b)]),
    ]);
}
