import { describe, expect, test } from 'vitest';
import { SeededRandom } from '../../src/std/random.ts';
import { type Offline, openOffline } from '../support/offline.ts';

const OOM = "-OOM command not allowed when used memory > 'maxmemory'.\r\n";

interface Run {
  readonly seed: number;
  readonly operations: number;
  readonly maxmemory?: string;
  readonly policy?: string;
  readonly keys?: readonly string[];
  /** Entries, groups of a stream and consumers of a group there are at most. */
  readonly entries: number;
  readonly groups?: number;
  readonly consumers?: number;
  /** How long values and names may be. */
  readonly valueSize: number;
  readonly nameSize?: number;
  /** Entries of one request. */
  readonly batch: number;
  /** Refuses every n-th request for room. */
  readonly failEvery?: number;
  readonly auditEvery?: number;
}

interface Pending {
  consumer: string;
  count: number;
}

interface Group {
  lastId: number;
  readonly consumers: Set<string>;
  /** By id, in no order. */
  readonly pending: Map<number, Pending>;
}

interface StreamModel {
  lastId: number;
  readonly entries: Map<number, string>;
  readonly groups: Map<string, Group>;
}

const ascending = (a: number, b: number) => a - b;
const bulk = (text: string) => `$${text.length}\r\n${text}\r\n`;
const array = (items: readonly string[]) => `*${items.length}\r\n${items.join('')}`;
const idText = (id: number) => bulk(`${id}-0`);
const entryText = (id: number, value: string) =>
  array([idText(id), array([bulk('f'), bulk(value)])]);

/** Random operations on streams with groups, and on maps; throws at the first difference. */
function run(options: Run): Offline {
  const { seed, keys = ['s'], groups: groupCount = 2, consumers: consumerCount = 3 } = options;
  const { auditEvery = 10, nameSize = 5, batch } = options;
  const random = new SeededRandom(seed);
  const server = openOffline({
    maxmemory: options.maxmemory ?? '8mb',
    'maxmemory-policy': options.policy ?? 'noeviction',
    'stream-node-max-entries': '20',
  });
  const { zone } = server;
  const model = new Map<string, StreamModel>();
  const one = <T>(from: readonly T[]): T => from[random.below(from.length)];
  const name = (kind: string, count: number) => {
    const i = random.below(count);
    return `${kind}${i}`.padEnd(i % 2 === 0 ? 0 : nameSize, '.');
  };

  const oneId = (stream: StreamModel) => 1 + random.below(stream.lastId + 3);
  const ownOf = (group: Group, consumer: string) =>
    [...group.pending]
      .filter(([, pending]) => pending.consumer === consumer)
      .map(([id]) => id)
      .toSorted(ascending);

  /** Runs a request that may find no room. Answers whether it did. */
  const tries = (words: readonly string[], wanted: () => string): boolean => {
    const reply = server.run(...words);
    if (reply === OOM) return false;
    expect(reply, words.join(' ').slice(0, 200)).toBe(wanted());
    return true;
  };

  const add = (key: string): void => {
    const stream = model.get(key) ?? { lastId: 0, entries: new Map(), groups: new Map() };
    const value = `${random.below(1000)}`.padEnd(random.below(options.valueSize), 'v');
    const id = stream.lastId + 1 + random.below(2);
    if (!tries(['XADD', key, `${id}-0`, 'f', value], () => idText(id))) return;
    model.set(key, stream);
    stream.lastId = id;
    stream.entries.set(id, value);
    if (stream.entries.size > options.entries) {
      const first = Math.min(...stream.entries.keys());
      expect(server.run('XDEL', key, `${first}-0`)).toBe(':1\r\n');
      stream.entries.delete(first);
    }
  };

  const manage = (key: string, stream: StreamModel): void => {
    const groupName = name('group', groupCount);
    const group = stream.groups.get(groupName);
    const consumer = name('consumer', consumerCount);
    if (group === undefined) {
      const lastId = random.below(stream.lastId + 1);
      if (tries(['XGROUP', 'CREATE', key, groupName, `${lastId}`], () => '+OK\r\n')) {
        stream.groups.set(groupName, { lastId, consumers: new Set(), pending: new Map() });
      }
      return;
    }
    const choice = random.below(10);
    if (choice < 2) {
      expect(server.run('XGROUP', 'DESTROY', key, groupName)).toBe(':1\r\n');
      stream.groups.delete(groupName);
    } else if (choice < 4) {
      group.lastId = random.below(stream.lastId + 1);
      expect(server.run('XGROUP', 'SETID', key, groupName, `${group.lastId}`)).toBe('+OK\r\n');
    } else if (choice < 6) {
      const own = ownOf(group, consumer);
      const reply = server.run('XGROUP', 'DELCONSUMER', key, groupName, consumer);
      expect(reply).toBe(`:${own.length}\r\n`);
      group.consumers.delete(consumer);
      for (const id of own) group.pending.delete(id);
    } else {
      const isNew = !group.consumers.has(consumer);
      const words = ['XGROUP', 'CREATECONSUMER', key, groupName, consumer];
      if (tries(words, () => `:${isNew ? 1 : 0}\r\n`)) group.consumers.add(consumer);
    }
  };

  const readNew = (key: string, stream: StreamModel, groupName: string, group: Group): void => {
    const consumer = name('consumer', consumerCount);
    const count = random.below(batch + 1);
    const isAcknowledged = random.below(5) === 0;
    const ids = [...stream.entries.keys()].filter((id) => id > group.lastId).toSorted(ascending);
    const read = count === 0 ? ids : ids.slice(0, count);
    const wanted = () =>
      read.length === 0
        ? '*-1\r\n'
        : array([
            array([
              bulk(key),
              array(read.map((id) => entryText(id, stream.entries.get(id) as string))),
            ]),
          ]);
    const words = ['XREADGROUP', 'GROUP', groupName, consumer, 'COUNT', `${count}`];
    if (isAcknowledged) words.push('NOACK');
    if (!tries([...words, 'STREAMS', key, '>'], wanted)) return;
    group.consumers.add(consumer);
    group.lastId = read.at(-1) ?? group.lastId;
    if (isAcknowledged) return;
    for (const id of read) group.pending.set(id, { consumer, count: 1 });
  };

  const readHistory = (key: string, stream: StreamModel, groupName: string, group: Group): void => {
    const consumer = name('consumer', consumerCount);
    const from = random.below(stream.lastId + 1);
    const read = ownOf(group, consumer)
      .filter((id) => id > from)
      .slice(0, batch);
    const shown = read.map((id) => {
      const value = stream.entries.get(id);
      return value === undefined ? array([idText(id), '*-1\r\n']) : entryText(id, value);
    });
    const wanted = () => array([array([bulk(key), array(shown)])]);
    const words = ['XREADGROUP', 'GROUP', groupName, consumer, 'COUNT', `${batch}`, 'STREAMS'];
    if (!tries([...words, key, `${from}`], wanted)) return;
    group.consumers.add(consumer);
    for (const id of read) {
      if (stream.entries.has(id)) (group.pending.get(id) as Pending).count++;
    }
  };

  const acknowledge = (key: string, stream: StreamModel, groupName: string, group: Group): void => {
    const ids = Array.from({ length: 1 + random.below(batch) }, () => oneId(stream));
    let count = 0;
    for (const id of ids) if (group.pending.delete(id)) count++;
    const reply = server.run('XACK', key, groupName, ...ids.map((id) => `${id}`));
    expect(reply).toBe(`:${count}\r\n`);
  };

  const claim = (key: string, stream: StreamModel, groupName: string, group: Group): void => {
    const consumer = name('consumer', consumerCount);
    const ids = Array.from({ length: 1 + random.below(batch) }, () => oneId(stream));
    const isForced = random.below(2) === 0;
    const after = new Map([...group.pending].map(([id, pending]) => [id, { ...pending }]));
    const shown: string[] = [];
    for (const id of ids) {
      const value = stream.entries.get(id);
      if (value === undefined) {
        after.delete(id);
        continue;
      }
      const pending = after.get(id);
      if (pending === undefined && !isForced) continue;
      after.set(id, { consumer, count: (pending?.count ?? 1) + 1 });
      shown.push(entryText(id, value));
    }
    const words = ['XCLAIM', key, groupName, consumer, '0', ...ids.map((id) => `${id}`)];
    if (isForced) words.push('FORCE');
    if (!tries(words, () => array(shown))) return;
    group.consumers.add(consumer);
    group.pending.clear();
    for (const [id, pending] of after) group.pending.set(id, pending);
  };

  const claimAll = (key: string, stream: StreamModel, groupName: string, group: Group): void => {
    const consumer = name('consumer', consumerCount);
    const from = random.below(stream.lastId + 1);
    const count = 1 + random.below(batch);
    const ids = [...group.pending.keys()].filter((id) => id >= from).toSorted(ascending);
    const taken = ids.slice(0, count);
    const gone = taken.filter((id) => !stream.entries.has(id));
    const kept = taken.filter((id) => stream.entries.has(id));
    const wanted = () =>
      array([
        ids.length > count ? idText(ids[count]) : bulk('0-0'),
        array(kept.map(idText)),
        array(gone.map(idText)),
      ]);
    const words = ['XAUTOCLAIM', key, groupName, consumer, '0', `${from}`, 'COUNT', `${count}`];
    if (!tries([...words, 'JUSTID'], wanted)) return;
    group.consumers.add(consumer);
    for (const id of gone) group.pending.delete(id);
    for (const id of kept) (group.pending.get(id) as Pending).consumer = consumer;
  };

  const expectSame = (key: string, stream: StreamModel): void => {
    for (const [groupName, group] of stream.groups) {
      const ids = [...group.pending.keys()].toSorted(ascending);
      const reply = server.run('XPENDING', key, groupName, '-', '+', '100000');
      const shown = reply.replaceAll(/:\d+\r\n(?=:)/g, '');
      const wanted = ids.map((id) => {
        const { consumer, count } = group.pending.get(id) as Pending;
        return `*4\r\n${idText(id)}${bulk(consumer)}:${count}\r\n`;
      });
      expect(shown).toBe(array(wanted));
      const own = [...group.consumers].toSorted().flatMap((consumer) => {
        const { length } = ownOf(group, consumer);
        return length === 0 ? [] : [array([bulk(consumer), bulk(`${length}`)])];
      });
      const summary =
        ids.length === 0
          ? '*4\r\n:0\r\n$-1\r\n$-1\r\n*-1\r\n'
          : array([`:${ids.length}\r\n`, idText(ids[0]), idText(ids[ids.length - 1]), array(own)]);
      expect(server.run('XPENDING', key, groupName)).toBe(summary);
    }
  };

  for (let step = 0; step < options.operations; step++) {
    const key = one(keys);
    if (options.policy !== undefined) {
      for (const known of model.keys()) {
        if (server.run('EXISTS', known) === ':0\r\n') model.delete(known);
      }
    }
    if (options.failEvery !== undefined && step % options.failEvery === 0) {
      zone.room.failIn = 1 + random.below(2);
    }
    const stream = model.get(key);
    const groupName = name('group', groupCount);
    const group = stream?.groups.get(groupName);
    const choice = random.below(20);
    if (stream === undefined || choice < 6) {
      add(key);
    } else if (group === undefined || choice === 6) {
      manage(key, stream);
    } else if (choice === 7) {
      const id = oneId(stream);
      expect(server.run('XDEL', key, `${id}`)).toBe(
        stream.entries.delete(id) ? ':1\r\n' : ':0\r\n',
      );
    } else {
      const acts = [readNew, readNew, acknowledge, acknowledge, readHistory, claim, claimAll];
      one(acts)(key, stream, groupName, group);
    }
    zone.room.failIn = 0;
    if (step % auditEvery === 0) {
      const fault = server.audit();
      if (fault !== undefined) throw new Error(`seed ${seed}, step ${step}: ${fault}`);
      for (const [known, its] of model) {
        if (server.run('EXISTS', known) === ':1\r\n') expectSame(known, its);
        else expect(options.policy).toBe('allkeys-lru');
      }
    }
    if (step % 97 === 0 && model.has('s') && options.policy === undefined) {
      if (server.run('COPY', 's', 'copy', 'REPLACE') === ':1\r\n') {
        expectSame('copy', model.get('s') as StreamModel);
        server.run('DEL', 'copy');
      }
    }
  }
  return server;
}

describe('groups do what maps do', () => {
  test('when few entries are pending', () => {
    run({ seed: 1, operations: 1000, entries: 30, valueSize: 10, batch: 3 });
  });

  test('when many are', () => {
    run({ seed: 2, operations: 1000, entries: 2000, valueSize: 10, batch: 60, auditEvery: 30 });
  });

  test('of many names', () => {
    run({
      seed: 3,
      operations: 1500,
      entries: 100,
      groups: 20,
      consumers: 40,
      valueSize: 10,
      batch: 10,
      auditEvery: 30,
    });
  });

  test('of names and with values longer than a chunk', () => {
    run({
      seed: 4,
      operations: 800,
      entries: 60,
      groups: 4,
      consumers: 6,
      valueSize: 5000,
      nameSize: 5000,
      batch: 10,
    });
  });

  test('in a zone of large pages', () => {
    run({
      seed: 5,
      operations: 800,
      maxmemory: '64mb',
      keys: ['s', 't'],
      entries: 500,
      valueSize: 50,
      nameSize: 20_000,
      batch: 40,
      auditEvery: 40,
    });
  });
});

describe('groups without room', () => {
  test('stay as they were', () => {
    run({
      seed: 20,
      operations: 1500,
      keys: ['s', 't'],
      entries: 100,
      groups: 3,
      consumers: 5,
      valueSize: 30,
      nameSize: 100,
      batch: 12,
      failEvery: 2,
    });
  });

  test('fill a zone and are emptied in it', () => {
    run({
      seed: 21,
      operations: 1500,
      maxmemory: '256kb',
      keys: ['s', 't', 'u'],
      entries: 700,
      groups: 3,
      consumers: 5,
      valueSize: 60,
      nameSize: 300,
      batch: 20,
      auditEvery: 40,
    });
  });

  test('make others leave', () => {
    const server = run({
      seed: 22,
      operations: 1500,
      maxmemory: '256kb',
      policy: 'allkeys-lru',
      keys: Array.from({ length: 12 }, (_, i) => `key:${i}`),
      entries: 100,
      groups: 3,
      consumers: 5,
      valueSize: 400,
      nameSize: 300,
      batch: 10,
      auditEvery: 50,
    });
    expect(server.zone.counts.evicted).toBeGreaterThan(10);
  });
});
