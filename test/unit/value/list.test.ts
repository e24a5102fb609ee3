import { describe, expect, test } from 'vitest';
import { collect, heapWindows, Reply } from '../../../src/resp/reply.ts';
import { latin1Bytes, latin1Text } from '../../../src/std/ascii.ts';
import { SeededRandom } from '../../../src/std/random.ts';
import { auditList, List } from '../../../src/value/list.ts';
import { encodingName, TYPE_LIST } from '../../../src/value/type.ts';
import { audit } from '../../../src/zone/audit.ts';
import type { Zone } from '../../../src/zone/zone.ts';
import { find, KiB, MiB, put, zoneOf } from './support.ts';

const FILL = -2;

function elementsOf(texts: readonly string[]) {
  const bytes = latin1Bytes(texts.join(''));
  const starts = new Int32Array(texts.length);
  const ends = new Int32Array(texts.length);
  let at = 0;
  texts.forEach((text, i) => {
    starts[i] = at;
    at += text.length;
    ends[i] = at;
  });
  return { bytes, starts, ends };
}

function push(zone: Zone, key: string, texts: readonly string[], fill = FILL): boolean {
  const elements = elementsOf(texts);
  const count = texts.length;
  const list = new List();
  const entry = find(zone, key);
  if (entry === 0) {
    const size = list.contentSize(zone, elements, 0, count, fill);
    const isPacked = List.beginsPacked(elements, 0, count, fill);
    list.create(zone, put(zone, key, TYPE_LIST, size), isPacked, fill);
  } else {
    list.open(zone, entry);
  }
  return list.push(elements, 0, count, false, fill);
}

function open(zone: Zone, key: string): List {
  return new List().open(zone, find(zone, key));
}

function contents(list: List): string[] {
  const found: string[] = [];
  for (let more = list.seek(0); more; more = list.next()) {
    const bytes = new Uint8Array(list.currentSize);
    list.copyCurrent(bytes, 0);
    found.push(latin1Text(bytes));
  }
  return found;
}

function encodingOf(zone: Zone, key: string): string {
  return encodingName(zone, find(zone, key));
}

const numbered = (count: number, size: number): string[] =>
  Array.from({ length: count }, (_, i) => `${i}:`.padEnd(size, 'x'));

/** The text of the element popped. */
function pop(list: List, atFirst: boolean): string {
  const reply = new Reply(heapWindows());
  list.popEnd(atFirst, reply);
  return latin1Text(collect(reply)).replace(/^\$\d+\r\n|\r\n$/g, '');
}

test('a range is replied from any element to any other, large ones between', () => {
  const zone = zoneOf(4 * MiB);
  const texts = numbered(3000, 5).map((text, i) => (i % 400 === 399 ? 'y'.repeat(9000) : text));
  for (let i = 0; i < texts.length; i += 100) push(zone, 'k', texts.slice(i, i + 100));
  push(zone, 's', texts.slice(0, 20));
  for (const [key, count] of [
    ['k', 3000],
    ['s', 20],
  ] as const) {
    for (let first = 0; first < count; first += Math.ceil(count / 23)) {
      const wanted = texts.slice(first, count - (first % 3));
      const reply = new Reply(heapWindows());
      open(zone, key).writeRange(reply, first, wanted.length);
      expect(latin1Text(collect(reply))).toBe(
        wanted.map((text) => `$${text.length}\r\n${text}\r\n`).join(''),
      );
    }
  }
});

test('what is pushed in front one by one stands there, whatever is done next', () => {
  const next: ((list: List, texts: string[], zone: Zone) => void)[] = [
    (list, texts) => {
      list.push(elementsOf(['at the end']), 0, 1, false, FILL);
      texts.push('at the end');
    },
    (list, texts) => {
      expect(pop(list, true)).toBe(texts.shift());
    },
    (list, texts) => {
      list.seek(3);
      const bytes = latin1Bytes('between');
      expect(list.insert(true, bytes, 0, bytes.length)).toBe(true);
      texts.splice(4, 0, 'between');
    },
    (list, texts) => {
      list.remove(1, 4);
      texts.splice(1, 4);
    },
    (list, texts) => {
      list.push(elementsOf(['a', 'b', 'x'.repeat(3000)]), 0, 3, true, FILL);
      texts.unshift('x'.repeat(3000), 'b', 'a');
    },
    (list, texts, zone) => {
      list.remove(0, 900);
      texts.splice(0, 900);
      list.settle();
      list.open(zone, find(zone, 'k'));
    },
  ];
  for (const [i, change] of next.entries()) {
    const zone = zoneOf(4 * MiB);
    const texts = numbered(1500, 9);
    push(zone, 'k', texts);
    const list = open(zone, 'k');
    for (let round = 0; round < 40; round++) {
      for (let j = 0; j < 1 + ((round * 37) % 90); j++) {
        const text = j % 3 === 0 ? String(j) : `${i}-${round}-${j}`;
        expect(list.push(elementsOf([text]), 0, 1, true, FILL)).toBe(true);
        texts.unshift(text);
      }
      change(list, texts, zone);
      if (round % 4 === 3) expect(list.audit()).toBe(undefined);
      if (round % 7 === 6) expect(contents(list)).toEqual(texts);
      if (texts.length < 1200) {
        const more = numbered(1000, 8);
        list.push(elementsOf(more), 0, more.length, false, FILL);
        texts.push(...more);
      }
    }
    expect(contents(list)).toEqual(texts);
    expect(audit(zone, auditList)).toBe(undefined);
  }
});

test('elements pushed in front and popped there, and at the other end, keep their order', () => {
  const zone = zoneOf(4 * MiB);
  const texts = numbered(1500, 9);
  push(zone, 'k', texts);
  const list = open(zone, 'k');
  const random = new SeededRandom(5);
  for (let i = 0; i < 20_000; i++) {
    const atFirst = random.below(3) > 0;
    // Falls and rises, over the ends of nodes.
    if (random.below(100) < (i % 4000 < 2000 ? 60 : 40) && texts.length > 1) {
      expect(pop(list, atFirst)).toBe(atFirst ? texts.shift() : texts.pop());
    } else {
      const text = random.below(4) === 0 ? String(i) : 'x'.repeat(random.below(60));
      expect(list.push(elementsOf([text]), 0, 1, atFirst, FILL)).toBe(true);
      if (atFirst) texts.unshift(text);
      else texts.push(text);
    }
    if (i % 500 === 499) expect(list.audit()).toBe(undefined);
  }
  expect(contents(list)).toEqual(texts);
});

test('both ends are popped where they lie', () => {
  for (const atFirst of [true, false]) {
    const zone = zoneOf(4 * MiB);
    const texts = numbered(2000, 7);
    for (let i = 0; i < texts.length; i += 100) push(zone, 'k', texts.slice(i, i + 100));
    const list = open(zone, 'k');
    while (texts.length > 1) {
      expect(pop(list, atFirst)).toBe(atFirst ? texts.shift() : texts.pop());
      if (texts.length % 97 === 0) expect(list.audit()).toBe(undefined);
    }
    expect(contents(list)).toEqual(texts);
  }
});

describe('the encoding', () => {
  test('changes when the plain sizes of what comes say that a node is too small', () => {
    const zone = zoneOf(MiB);
    push(zone, 'k', numbered(80, 98));
    expect(zone.content.size(find(zone, 'k'))).toBe(8087);
    push(zone, 'k', ['x'.repeat(105)]);
    // Three bytes more than a node may have: they were not foreseen.
    expect(zone.content.size(find(zone, 'k'))).toBe(8195);
    expect(encodingOf(zone, 'k')).toBe('listpack');
    push(zone, 'k', ['']);
    expect(encodingOf(zone, 'k')).toBe('quicklist');
  });

  test('changes back when half a node is left', () => {
    const zone = zoneOf(MiB);
    push(zone, 'k', numbered(100, 98));
    const list = open(zone, 'k');
    list.remove(41, 59);
    list.shrink(FILL);
    expect(encodingOf(zone, 'k')).toBe('quicklist');
    list.remove(40, 1);
    list.shrink(FILL);
    expect(encodingOf(zone, 'k')).toBe('listpack');
    list.settle();
    expect(contents(open(zone, 'k'))).toEqual(numbered(40, 98));
    expect(zone.content.size(find(zone, 'k'))).toBe(4047);
  });

  test('stays what it is while two nodes are left, however small', () => {
    const zone = zoneOf(MiB);
    push(zone, 'k', numbered(120, 98));
    const list = open(zone, 'k');
    list.remove(5, 110);
    list.shrink(FILL);
    expect(list.count).toBe(10);
    expect(encodingOf(zone, 'k')).toBe('quicklist');
  });
});

describe('a copy in another zone', () => {
  test.each([
    ['small pages', 'large', 2 * MiB, 64 * MiB],
    ['large pages', 'small', 64 * MiB, 4 * MiB],
  ])('from %s to %s ones is the same', (_, __, fromSize, toSize) => {
    const from = zoneOf(fromSize);
    const to = zoneOf(toSize);
    const texts = [
      ...numbered(300, 98),
      ...['x'.repeat(600), 'y'.repeat(1100), '17', 'z'.repeat(30_000)],
      ...numbered(50, 400),
    ];
    for (const key of ['a', 'b']) push(from, key, key === 'a' ? texts : texts.slice(0, 20));
    for (const key of ['a', 'b']) {
      const list = open(from, key);
      const made = put(to, key, TYPE_LIST, list.sizeIn(to));
      list.copyTo(to, made);
      expect(encodingOf(to, key)).toBe(encodingOf(from, key));
      expect(contents(open(to, key))).toEqual(contents(list));
      expect(audit(to, auditList)).toBe(undefined);
      expect(push(to, key, numbered(20, 98))).toBe(true);
      expect(audit(to, auditList)).toBe(undefined);
      expect(open(to, key).count).toBe(list.count + 20);
    }
  });
});

describe('memory', () => {
  test.each([
    ['a hundred bytes', 2000, 100, 1.04],
    ['ten bytes', 5000, 10, 1.05],
    ['three KiB', 500, 3000, 1.02],
    ['five KiB, two of which fill no chunk', 300, 5000, 1.02],
    ['70 KB, in pieces', 40, 70_000, 1.01],
  ])('elements of %s take hardly more than their listpacks', (_, count, size, share) => {
    const zone = zoneOf(64 * MiB);
    for (const text of numbered(count, size)) push(zone, 'k', [text]);
    const entry = find(zone, 'k');
    const bytes = count * (size + (size < 64 ? 2 : size < 127 ? 3 : size < 4096 ? 4 : 7));
    expect(zone.sizeOf(entry)).toBeLessThan(bytes * share + 1000);
    expect(audit(zone, auditList)).toBe(undefined);
  });

  test('a queue that moves on for long stays as large as what is in it', () => {
    const zone = zoneOf(4 * MiB);
    const sizes = [20, 300, 700, 3000, 9000];
    for (let i = 0; i < 3000; i++) {
      expect(push(zone, 'k', [`${i}`.padEnd(sizes[i % sizes.length], '.')])).toBe(true);
      const list = open(zone, 'k');
      if (list.count > 100) {
        list.remove(0, 1);
        list.settle();
      }
    }
    expect(open(zone, 'k').count).toBe(100);
    const bytes = (100 / sizes.length) * sizes.reduce((sum, size) => sum + size);
    expect(zone.sizeOf(find(zone, 'k'))).toBeLessThan(bytes * 1.6);
    expect(audit(zone, auditList)).toBe(undefined);
  });

  test('a list gives back what it needs no more', () => {
    const zone = zoneOf(4 * MiB);
    push(zone, 'k', numbered(10_000, 100));
    const before = zone.sizeOf(find(zone, 'k'));
    const list = open(zone, 'k');
    for (let i = 0; i < 9000; i++) {
      list.remove(i % 3 === 0 ? list.count - 1 : Math.floor(list.count / 2), 1);
      if (i % 10 === 0) list.settle();
    }
    list.settle();
    expect(zone.sizeOf(find(zone, 'k'))).toBeLessThan(before / 4);
    expect(audit(zone, auditList)).toBe(undefined);
  });
});

test('elements of a list whose zone has no room for more are all there', () => {
  const zone = zoneOf(256 * KiB);
  let count = 0;
  while (push(zone, 'k', [`${count}`.padEnd(120, '.')])) count++;
  expect(count).toBeGreaterThan(1000);
  const list = open(zone, 'k');
  expect(list.count).toBe(count);
  zone.room.failIn = 1; // Whoever asks fails.
  list.remove(10, count - 20);
  list.shrink(FILL);
  zone.room.failIn = 0;
  expect(open(zone, 'k').count).toBe(20);
  expect(audit(zone, auditList)).toBe(undefined);
});
