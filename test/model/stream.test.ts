import { expect, test } from 'vitest';
import { SeededRandom } from '../../src/std/random.ts';
import { type Offline, openOffline } from '../support/offline.ts';

const OOM = "-OOM command not allowed when used memory > 'maxmemory'.\r\n";

interface Run {
  readonly seed: number;
  readonly operations: number;
  readonly maxmemory?: string;
  readonly policy?: string;
  /** stream-node-max-entries and -bytes. */
  readonly limits?: readonly [count: number, size: number];
  readonly keys?: readonly string[];
  readonly valueSizes: readonly number[];
  /** Of ten operations so many add. */
  readonly adds?: number;
  /** Entries a stream is trimmed to. */
  readonly kept: number;
  /** Refuses every n-th request for room. */
  readonly failEvery?: number;
  readonly auditEvery?: number;
}

interface Entry {
  readonly ms: number;
  readonly seq: number;
  readonly fields: readonly string[];
}

interface Log {
  entries: Entry[];
  ms: number;
  seq: number;
}

const idOf = ({ ms, seq }: { ms: number; seq: number }): string => `${ms}-${seq}`;
const bulk = (text: string): string => `$${text.length}\r\n${text}\r\n`;

function replyOf(entries: readonly Entry[]): string {
  const texts = entries.map(
    (entry) =>
      `*2\r\n${bulk(idOf(entry))}*${entry.fields.length}\r\n${entry.fields.map(bulk).join('')}`,
  );
  return `*${texts.length}\r\n${texts.join('')}`;
}

/** Random operations on streams and on arrays; throws at the first difference. */
function run(options: Run): Offline {
  const { seed, valueSizes, keys = ['s'], adds = 6, kept, auditEvery = 20 } = options;
  const [count, size] = options.limits ?? [100, 4096];
  const random = new SeededRandom(seed);
  const server = openOffline({
    maxmemory: options.maxmemory ?? '4mb',
    'maxmemory-policy': options.policy ?? 'noeviction',
    'stream-node-max-entries': String(count),
    'stream-node-max-bytes': String(size),
  });
  const { zone } = server;
  const model = new Map<string, Log>(keys.map((key) => [key, { entries: [], ms: 0, seq: 0 }]));
  const one = <T>(from: readonly T[]): T => from[random.below(from.length)];
  const value = (): string =>
    random.below(3) === 0
      ? String(random.below(1 << 20) - 5000)
      : String(random.below(1000)).padEnd(one(valueSizes), 'v').slice(0, one(valueSizes));
  const fields = (): string[] => {
    const names = one([['a'], ['a'], ['a', 'b', '12'], ['other', value()]]);
    return names.flatMap((name) => [name, value()]);
  };

  const add = (key: string, log: Log): void => {
    const isSame = random.below(2) === 0;
    const ms = log.ms + (isSame ? 0 : 1 + random.below(random.below(50) === 0 ? 1e9 : 300));
    const seq = isSame ? log.seq + 1 + random.below(3) : random.below(3);
    const entry = { ms, seq: Math.max(seq, ms === 0 ? 1 : 0), fields: fields() };
    const reply = server.run('XADD', key, idOf(entry), ...entry.fields);
    if (reply === OOM) return;
    expect(reply).toBe(bulk(idOf(entry)));
    log.entries.push(entry);
    log.ms = ms;
    log.seq = entry.seq;
  };
  const remove = (key: string, log: Log): void => {
    const gone = Array.from({ length: 1 + random.below(5) }, () =>
      log.entries.length > 0 && random.below(5) > 0
        ? idOf(one(log.entries))
        : idOf({ ms: random.below(1000), seq: random.below(5) }),
    );
    const left = log.entries.filter((entry) => !gone.includes(idOf(entry)));
    const reply = server.run('XDEL', key, ...gone);
    expect(reply).toBe(`:${log.entries.length - left.length}\r\n`);
    log.entries = left;
  };
  const trim = (key: string, log: Log): void => {
    const isRough = random.below(2) === 0;
    const byId = random.below(2) === 0 && log.entries.length > 0;
    const rest = random.below(kept);
    const least = byId ? log.entries[Math.max(0, log.entries.length - rest - 1)] : undefined;
    const threshold = least === undefined ? String(rest) : idOf(least);
    const reply = server.run(
      'XTRIM',
      key,
      least === undefined ? 'MAXLEN' : 'MINID',
      isRough ? '~' : '=',
      threshold,
    );
    const removed = Number(reply.slice(1));
    const most = Math.max(0, log.entries.length - (least === undefined ? rest : rest + 1));
    if (isRough) expect(removed).toBeLessThanOrEqual(most);
    else expect(removed).toBe(most);
    log.entries = log.entries.slice(removed);
  };
  const look = (key: string, log: Log): void => {
    const { entries } = log;
    expect(server.run('XLEN', key)).toBe(`:${entries.length}\r\n`);
    if (entries.length === 0) return;
    const start = random.below(entries.length);
    const end = Math.min(entries.length, start + random.below(30));
    const range = entries.slice(start, end + 1);
    const [from, to] = [idOf(entries[start]), idOf(range[range.length - 1])];
    expect(server.run('XRANGE', key, from, to)).toBe(replyOf(range));
    expect(server.run('XREVRANGE', key, to, from)).toBe(replyOf(range.toReversed()));
    const first = server.run('XREAD', 'COUNT', '2', 'STREAMS', key, '0');
    expect(first).toBe(`*1\r\n*2\r\n${bulk(key)}${replyOf(entries.slice(0, 2))}`);
    const last = server.run('XREVRANGE', key, '+', '-', 'COUNT', '1');
    expect(last).toBe(replyOf(entries.slice(-1)));
  };

  for (let step = 0; step < options.operations; step++) {
    const key = one(keys);
    const log = model.get(key)!;
    // What was evicted is gone for the model too.
    if (log.ms + log.seq > 0 && server.run('EXISTS', key) === ':0\r\n') {
      expect(options.policy).toBe('allkeys-lru');
      model.set(key, { entries: [], ms: 0, seq: 0 });
      continue;
    }
    if (options.failEvery !== undefined && step % options.failEvery === 0) {
      zone.room.failIn = 1 + random.below(2);
    }
    const choice = random.below(10);
    if (choice < adds) add(key, log);
    else if (choice < 8) remove(key, log);
    else if (random.below(20) === 0) trim(key, log);
    else look(key, log);
    zone.room.failIn = 0;
    if (step % auditEvery === 0) expect(server.audit()).toBe(undefined);
  }
  for (const [key, { entries }] of model) {
    expect(server.run('XRANGE', key, '-', '+')).toBe(replyOf(entries));
    expect(server.run('XREVRANGE', key, '+', '-')).toBe(replyOf(entries.toReversed()));
  }
  expect(server.audit()).toBe(undefined);
  return server;
}

test('a small stream', () => {
  run({ seed: 1, operations: 2000, valueSizes: [0, 3, 20], kept: 20, adds: 5 });
});

test('many nodes of a few entries', () => {
  run({
    seed: 2,
    operations: 4000,
    limits: [5, 0],
    valueSizes: [3, 8],
    kept: 300,
    auditEvery: 100,
  });
});

test('nodes that end by their size', () => {
  const limits = [0, 700] as const;
  run({ seed: 3, operations: 3000, limits, valueSizes: [3, 70, 300], kept: 200, auditEvery: 50 });
});

test('nodes without end', () => {
  const limits = [0, 0] as const;
  run({ seed: 4, operations: 2000, limits, valueSizes: [3, 40], kept: 400, auditEvery: 100 });
});

test('entries in pieces', () => {
  const valueSizes = [3, 2000, 2040, 5000, 20_000];
  run({ seed: 5, operations: 1200, maxmemory: '16mb', valueSizes, kept: 40, auditEvery: 50 });
});

test('several streams, where room is refused now and then', () => {
  const keys = ['a', 'b', 'c'];
  run({ seed: 6, operations: 4000, keys, valueSizes: [3, 300], kept: 60, failEvery: 3 });
});

test('a zone that is full and evicts nothing', () => {
  const keys = ['a', 'b', 'c', 'd'];
  const valueSizes = [10, 300];
  run({ seed: 7, operations: 4000, maxmemory: '256kb', keys, valueSizes, kept: 500, adds: 7 });
});

test('a zone that is full and evicts', () => {
  const keys = ['a', 'b', 'c', 'd', 'e', 'f'];
  const policy = 'allkeys-lru';
  const valueSizes = [10, 300, 3000];
  run({
    seed: 8,
    operations: 4000,
    maxmemory: '256kb',
    policy,
    keys,
    valueSizes,
    kept: 500,
    adds: 7,
  });
});
