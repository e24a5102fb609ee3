import { describe, expect, test } from 'vitest';
import { compareBytes } from '../../../src/std/bytes.ts';
import { SeededRandom } from '../../../src/std/random.ts';
import { Growth } from '../../../src/value/growth.ts';
import { PackedReader } from '../../../src/value/packed.ts';
import { Tally } from '../../../src/value/tally.ts';
import { Zone } from '../../../src/zone/zone.ts';

const zone = new Zone({
  name: 'test',
  size: 1 << 20,
  random: new SeededRandom(1),
  seed: Uint8Array.from({ length: 16 }, (_, i) => i),
});

/** Drafts a member. Answers its size. */
function draft(tally: Tally, member: string): number {
  const at = tally.draft(member.length);
  for (let i = 0; i < member.length; i++) tally.bytes[at + i] = member.charCodeAt(i);
  return member.length;
}

function keep(tally: Tally, member: string, score: number): void {
  tally.keep(draft(tally, member), score);
}

function enter(tally: Tally, member: string, score: number): number {
  const size = draft(tally, member);
  const found = tally.find(zone, size);
  if (found < 0) tally.enter(size, score);
  return found;
}

function textAt(tally: Tally, i: number): string {
  return String.fromCharCode(...tally.bytes.subarray(tally.startOf(i), tally.endOf(i)));
}

function sorted(tally: Tally): [string, number][] {
  tally.sort();
  return Array.from(tally.order.subarray(0, tally.left), (i) => [
    textAt(tally, i),
    tally.scores[i],
  ]);
}

const byScore = (a: [string, number], b: [string, number]): number =>
  a[1] === b[1]
    ? compareBytes(Buffer.from(a[0]), 0, a[0].length, Buffer.from(b[0]), 0, b[0].length)
    : a[1] - b[1];

function cleared(): Tally {
  const tally = new Tally();
  tally.clear();
  return tally;
}

describe('sort', () => {
  const random = new SeededRandom(5);
  const upwards = (_: unknown, i: number): number => i;
  const downwards = (_: unknown, i: number): number => -i;
  const orders: [string, (_: unknown, i: number) => number][] = [
    ['upwards', upwards],
    ['downwards', downwards],
    ['all alike', () => 7],
    ['at random', () => random.below(1 << 20)],
    ['few different ones', () => random.below(5)],
    ['two sets behind each other', (_, i) => i % 500],
    ['up and down', (_, i) => Math.abs((i % 100) - 50)],
    ['infinities among them', (_, i) => [Infinity, -Infinity, 0, -0, i][i % 5]],
  ];
  test.each(orders)('scores that go %s', (_, score) => {
    for (const count of [0, 1, 2, 7, 8, 9, 16, 63, 64, 65, 1000, 3000]) {
      const tally = cleared();
      const elements = Array.from({ length: count }, (_, i): [string, number] => [
        `m${(i * 7919) % count}`,
        score(undefined, i),
      ]);
      for (const [member, score] of elements) keep(tally, member, score);
      expect(sorted(tally)).toEqual(elements.sort(byScore));
    }
  });

  test('what was taken out is left out', () => {
    const tally = cleared();
    tally.index(0);
    for (let i = 0; i < 300; i++) enter(tally, `m${i}`, (i * 37) % 300);
    for (let i = 0; i < 300; i += 3) {
      const found = enter(tally, `m${i}`, 0);
      expect(tally.takeOut(found)).toBe(true);
      expect(tally.takeOut(found)).toBe(false);
    }
    expect(tally.left).toBe(200);
    expect(sorted(tally).map(([member]) => member)).not.toContain('m3');
    expect(sorted(tally)).toHaveLength(200);
  });
});

describe('the table', () => {
  test('finds what was entered, however much that is, and nothing else', () => {
    const tally = cleared();
    for (const count of [10, 5000, 100]) {
      tally.clear();
      tally.index(count === 5000 ? 1 : count);
      for (let i = 0; i < count; i++) expect(enter(tally, `member ${i}`, i)).toBe(-1);
      for (let i = 0; i < count; i++) expect(enter(tally, `member ${i}`, 0)).toBe(i);
      expect(tally.find(zone, draft(tally, `member ${count}`))).toBe(-1);
      expect(tally.find(zone, draft(tally, ''))).toBe(-1);
      expect(tally.count).toBe(count);
    }
  });

  test('a draft that is not kept is written over', () => {
    const tally = cleared();
    draft(tally, 'x'.repeat(100_000));
    keep(tally, 'kept', 1);
    draft(tally, 'dropped');
    keep(tally, '', 0);
    expect(sorted(tally)).toEqual([
      ['', 0],
      ['kept', 1],
    ]);
  });
});

test('elements are packed in their order', () => {
  const tally = cleared();
  const growth = new Growth();
  const given: [string, number][] = [
    ['long'.repeat(100), 1.1],
    ['b', -0],
    ['a', Infinity],
    ['', 5e-324],
  ];
  for (const [member, score] of given) keep(tally, member, score);
  tally.sort();
  const elements = tally.elements(growth);
  expect(growth).toMatchObject({ count: 4, memberSizeMax: 400, packedSize: elements.length });
  const reader = new PackedReader();
  reader.bytes = elements;
  const read: [string, number][] = [];
  for (let at = 0; at < elements.length; at = reader.next) {
    reader.read(at);
    const { memberAt, memberSize, score } = reader;
    const member = elements.subarray(memberAt, memberAt + memberSize);
    read.push([String.fromCharCode(...member), score]);
  }
  expect(read).toEqual(given.sort(byScore));
});

test('release lets go of what has become large', () => {
  const tally = cleared();
  tally.index(1);
  for (let i = 0; i < 20_000; i++) enter(tally, `member:${i}`, i);
  tally.sort();
  tally.release();
  expect(tally.bytes.length).toBeLessThan(200_000);
  expect(tally.scores.length).toBeLessThan(5000);
  expect(tally.order.length).toBeLessThan(5000);
  tally.index(1);
  expect(enter(tally, 'again', 1)).toBe(-1);
  expect(sorted(tally)).toEqual([['again', 1]]);
});
