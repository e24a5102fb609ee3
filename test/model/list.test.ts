import { describe, expect, test } from 'vitest';
import { SeededRandom } from '../../src/std/random.ts';
import { type Offline, openOffline } from '../support/offline.ts';

const OOM = "-OOM command not allowed when used memory > 'maxmemory'.\r\n";
const KEYS = ['a', 'b', 'c'];

interface Run {
  readonly seed: number;
  readonly operations: number;
  readonly maxmemory?: string;
  readonly policy?: string;
  /** list-max-listpack-size */
  readonly fill?: number;
  readonly sizes: readonly number[];
  /** Elements of one push, at most. */
  readonly batch?: number;
  /** Up to how many elements a list is mostly pushed to. */
  readonly length?: number;
  readonly keys?: readonly string[];
  /** Refuses every n-th request for room. */
  readonly failEvery?: number;
  readonly auditEvery?: number;
}

const bulk = (text: string): string => `$${text.length}\r\n${text}\r\n`;
const array = (texts: readonly string[]): string =>
  `*${texts.length}\r\n${texts.map(bulk).join('')}`;
const integer = (n: number): string => `:${n}\r\n`;
const NIL = '$-1\r\n';

/** What lists must do, said with arrays. Each answers the reply. */
class Model {
  lists = new Map<string, string[]>();

  of(key: string): string[] {
    return this.lists.get(key) ?? [];
  }

  #store(key: string, list: string[]): void {
    if (list.length === 0) this.lists.delete(key);
    else this.lists.set(key, list);
  }

  push(key: string, elements: readonly string[], atFirst: boolean): string {
    const list = [...this.of(key)];
    for (const element of elements) {
      if (atFirst) list.unshift(element);
      else list.push(element);
    }
    this.#store(key, list);
    return integer(list.length);
  }

  pop(key: string, count: number, fromFirst: boolean): string {
    if (!this.lists.has(key)) return '*-1\r\n';
    const list = [...this.of(key)];
    const taken = fromFirst
      ? list.splice(0, count)
      : list.splice(Math.max(0, list.length - count), count).reverse();
    this.#store(key, list);
    return array(taken);
  }

  move(source: string, target: string, fromFirst: boolean, toFirst: boolean): string {
    if (!this.lists.has(source)) return NIL;
    const list = [...this.of(source)];
    const element = (fromFirst ? list.shift() : list.pop()) as string;
    this.#store(source, list);
    this.push(target, [element], toFirst);
    return bulk(element);
  }

  set(key: string, index: number, element: string): string {
    const list = [...this.of(key)];
    if (list.length === 0) return '-ERR no such key\r\n';
    const at = index < 0 ? list.length + index : index;
    if (at < 0 || at >= list.length) return '-ERR index out of range\r\n';
    list[at] = element;
    this.#store(key, list);
    return '+OK\r\n';
  }

  insert(key: string, isBehind: boolean, pivot: string, element: string): string {
    const list = [...this.of(key)];
    if (list.length === 0) return integer(0);
    const at = list.indexOf(pivot);
    if (at < 0) return integer(-1);
    list.splice(isBehind ? at + 1 : at, 0, element);
    this.#store(key, list);
    return integer(list.length);
  }

  remove(key: string, count: number, element: string): string {
    let list = [...this.of(key)];
    if (count < 0) list.reverse();
    let left = count === 0 ? list.length : Math.abs(count);
    const before = list.length;
    list = list.filter((own) => own !== element || left-- <= 0);
    if (count < 0) list.reverse();
    this.#store(key, list);
    return integer(before - list.length);
  }

  trim(key: string, start: number, stop: number): string {
    const list = this.of(key);
    const from = start < 0 ? Math.max(0, list.length + start) : start;
    const to = stop < 0 ? list.length + stop : stop;
    this.#store(key, list.slice(from, Math.max(from, to + 1)));
    return '+OK\r\n';
  }
}

/** Random commands on three lists and their model; throws at the first difference. */
function run(options: Run): Offline {
  const { seed, sizes, batch = 1, length = 40, keys = KEYS, failEvery, auditEvery = 1 } = options;
  const random = new SeededRandom(seed);
  const server = openOffline({
    maxmemory: options.maxmemory ?? '2mb',
    'maxmemory-policy': options.policy ?? 'noeviction',
    'list-max-listpack-size': String(options.fill ?? -1),
  });
  const { zone } = server;
  const model = new Model();
  const element = (): string => {
    const i = random.below(40);
    if (random.below(4) === 0) return String((i - 20) ** 5);
    const size = sizes[random.below(sizes.length)];
    return `${i}:`.padEnd(size, String.fromCharCode(97 + (i % 7)));
  };
  const known = (key: string): string => {
    const list = model.of(key);
    return list.length === 0 || random.below(8) === 0 ? element() : list[random.below(list.length)];
  };
  const index = (key: string): number =>
    random.below(model.of(key).length * 2 + 2) - random.below(3);
  const sides = ['LEFT', 'RIGHT'];

  for (let step = 0; step < options.operations; step++) {
    const key = keys[random.below(keys.length)];
    const other = keys[random.below(keys.length)];
    const isFirst = random.below(2) === 0;
    const toFirst = random.below(2) === 0;
    const before = new Map(model.lists);
    const isFull = model.of(key).length > length;
    const choice = random.below(isFull ? 24 : 16);
    let words: string[];
    let expected: string;
    if (choice < 8) {
      const elements = Array.from({ length: 1 + random.below(batch) }, element);
      words = [isFirst ? 'LPUSH' : 'RPUSH', key, ...elements];
      expected = model.push(key, elements, isFirst);
    } else if (choice === 8) {
      words = ['LSET', key, String(index(key)), element()];
      expected = model.set(key, Number(words[2]), words[3]);
    } else if (choice < 11) {
      words = ['LINSERT', key, isFirst ? 'AFTER' : 'BEFORE', known(key), element()];
      expected = model.insert(key, isFirst, words[3], words[4]);
    } else if (choice === 11) {
      words = ['LREM', key, String(random.below(5) - 2), known(key)];
      expected = model.remove(key, Number(words[2]), words[3]);
    } else if (choice < 15) {
      words = ['LMOVE', key, other, sides[isFirst ? 0 : 1], sides[toFirst ? 0 : 1]];
      expected = model.move(key, other, isFirst, toFirst);
    } else if (choice < 20) {
      const count = random.below(3) === 0 ? random.below(model.of(key).length + 2) : 1;
      words = [isFirst ? 'LPOP' : 'RPOP', key, String(count)];
      expected = model.pop(key, count, isFirst);
    } else {
      const from = random.below(Math.ceil(model.of(key).length / 3) + 1);
      words = ['LTRIM', key, String(from), String(-1 - random.below(10))];
      expected = model.trim(key, from, Number(words[3]));
    }

    if (failEvery !== undefined && step % failEvery === 0) zone.room.failIn = 1 + random.below(3);
    const { evicted } = zone.counts;
    const reply = server.run(...words);
    zone.room.failIn = 0;
    const place = `seed ${seed}, step ${step}: ${words[0]} ${words[1]}`;
    if (reply === OOM && expected !== OOM) model.lists = before;
    else if (zone.counts.evicted === evicted) expect(reply, place).toBe(expected);
    else if (reply !== expected) {
      // The list to take from has gone to make room for what was taken.
      expect([words[0], reply, server.run('EXISTS', key)], place).toEqual(['LMOVE', NIL, ':0\r\n']);
      model.lists = before;
    }
    if (zone.counts.evicted > evicted) {
      for (const one of keys) if (server.run('EXISTS', one) === ':0\r\n') model.lists.delete(one);
    }

    if (step % auditEvery === 0) {
      const fault = server.audit();
      if (fault !== undefined) throw new Error(`${place}: ${fault}`);
      for (const one of keys) {
        expect(server.run('LLEN', one), place).toBe(integer(model.of(one).length));
      }
      const list = model.of(key);
      expect(server.run('LRANGE', key, '0', '-1'), place).toBe(array(list));
      const at = random.below(list.length + 1);
      expect(server.run('LINDEX', key, String(at)), place).toBe(
        at < list.length ? bulk(list[at]) : NIL,
      );
      const probe = known(key);
      const found = list.lastIndexOf(probe);
      expect(server.run('LPOS', key, probe, 'RANK', '-1'), place).toBe(
        found < 0 ? NIL : integer(found),
      );
    }
  }
  return server;
}

describe('lists do what arrays do', () => {
  test('while they are listpacks', () => {
    run({ seed: 1, operations: 800, sizes: [4, 10, 63, 64, 130], fill: -5 });
  });

  test('with nodes of 4 KiB', () => {
    run({ seed: 2, operations: 1000, sizes: [4, 10, 100, 400], fill: -1, length: 300, batch: 4 });
  });

  test('with nodes of a few elements', () => {
    run({ seed: 3, operations: 1200, sizes: [4, 10, 100], fill: 3, length: 60 });
    run({ seed: 4, operations: 500, sizes: [4, 2100], fill: 1, length: 30 });
    run({ seed: 5, operations: 800, sizes: [4, 900], fill: 128, length: 200, batch: 9 });
  });

  test('with nodes of many parts', () => {
    const lists = { operations: 800, sizes: [10, 500, 1200], length: 150, batch: 6 };
    run({ ...lists, seed: 6, fill: -5 });
    run({ ...lists, seed: 7, fill: -2 });
  });

  test('with elements that are larger than a node, or than a chunk', () => {
    const sizes = [10, 2030, 2038, 2048, 5000, 9000, 40_000];
    run({ seed: 8, operations: 500, sizes, length: 12, maxmemory: '8mb' });
    run({ seed: 9, operations: 500, sizes, length: 12, maxmemory: '8mb', fill: 4 });
  });

  test('under a key longer than a chunk', () => {
    const keys = ['k'.repeat(5000), 'l'.repeat(700)];
    run({ seed: 10, operations: 800, sizes: [10, 300], keys, length: 100, batch: 5 });
  });

  test('in a zone of large pages', () => {
    run({
      ...{ seed: 11, operations: 300, sizes: [10, 300, 3000, 8190, 20_000], fill: -2 },
      ...{ length: 400, batch: 60, maxmemory: '64mb', auditEvery: 10 },
    });
  });
});

describe('lists without room', () => {
  const small = { maxmemory: '256kb', length: 200, batch: 5 };

  test('stay as they were when room is refused', () => {
    run({ seed: 20, operations: 1500, sizes: [5, 60, 400], failEvery: 2, length: 100, batch: 4 });
    run({ seed: 21, operations: 800, sizes: [5, 3000], failEvery: 2, length: 60, fill: 5 });
  });

  test('stay as they were in a zone that is full', () => {
    const server = run({ ...small, seed: 22, operations: 1500, sizes: [5, 60, 400, 1500] });
    expect(server.zone.counts.refused).toBeGreaterThan(20);
  });

  test('go as a whole when a zone that is full evicts', () => {
    const policy = 'allkeys-lru';
    const keys = [...'abcdefgh'];
    const full = { ...small, keys, seed: 23, operations: 1500, sizes: [60, 400, 1500], policy };
    const server = run({ ...full, length: 100, auditEvery: 2 });
    expect(server.zone.counts.evicted).toBeGreaterThan(20);
  });
});
