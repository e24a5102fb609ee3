import { describe, expect, test } from 'vitest';
import { latin1Bytes, latin1Text } from '../../../src/std/ascii.ts';
import { auditSet, MemberSet } from '../../../src/value/set.ts';
import { SetDraft } from '../../../src/value/set-draft.ts';
import {
  encodingName,
  SET_HASHTABLE,
  SET_INTSET,
  SET_LISTPACK,
  TYPE_SET,
} from '../../../src/value/type.ts';
import { audit } from '../../../src/zone/audit.ts';
import type { Zone } from '../../../src/zone/zone.ts';
import { find, KiB, MiB, put, zoneOf } from './support.ts';

/** Redis's defaults. */
const LIMITS = { integers: 512, count: 128, size: 64 };
const set = new MemberSet();

/** Adds members at once. Answers how many were new, or -1 when there was no room. */
function add(zone: Zone, key: string, members: readonly string[], limits = LIMITS): number {
  const all = members.map(latin1Bytes);
  const entry = find(zone, key);
  set.beginPlan(zone, entry, limits);
  for (const member of all) set.plan(member, 0, member.length);
  if (set.isNothing) return 0;
  if (entry === 0) set.create(zone, put(zone, key, TYPE_SET, set.contentSize));
  else if (!set.makeRoom()) return -1;
  let added = 0;
  for (const member of all) if (set.add(member, 0, member.length)) added++;
  set.settle();
  expect(audit(zone, auditSet)).toBe(undefined);
  return added;
}

function membersOf(zone: Zone, key: string): string[] {
  set.open(zone, find(zone, key));
  const members: string[] = [];
  set.begin();
  while (set.next()) {
    set.readMember();
    members.push(latin1Text(set.textBytes, set.textStart, set.textEnd));
  }
  return members;
}

const encodingOf = (zone: Zone, key: string): string => encodingName(zone, find(zone, key));
const isDictionary = (zone: Zone, key: string): boolean =>
  zone.encoding(find(zone, key)) === SET_HASHTABLE;
const numbers = (count: number): string[] => Array.from({ length: count }, (_, i) => `${i}`);
const names = (count: number): string[] => numbers(count).map((n) => `m:${n}`);
const LONG = 'x'.repeat(65);

/** Members that come first, those that come then, and the encoding there is at last. */
const CASES: readonly (readonly [readonly string[], readonly string[], string])[] = [
  [['1'], [], 'intset'],
  [['a'], [], 'listpack'],
  [[LONG], [], 'hashtable'],
  [['1', LONG], [], 'hashtable'],
  [['1'], ['a'], 'listpack'],
  [['1'], [LONG], 'hashtable'],
  [['a'], [LONG], 'hashtable'],
  [numbers(512), [], 'intset'],
  [numbers(513), [], 'hashtable'],
  [numbers(512), ['512'], 'hashtable'],
  [numbers(127), ['a'], 'listpack'],
  [numbers(128), ['a'], 'hashtable'],
  [numbers(128), ['a', 'b'], 'hashtable'],
  [names(128), [], 'listpack'],
  [names(129), [], 'hashtable'],
  [names(127), ['1'], 'listpack'],
  [names(128), ['1'], 'hashtable'],
  [names(128), ['m:1'], 'listpack'],
  [['1'], [...numbers(10), 'a', '9007199254740993'], 'listpack'],
];

const shown = (members: readonly string[]): string =>
  members.length > 3 ? `${members.length} such as ${members[0]}` : members.join(' and ');

describe('the encoding', () => {
  test.each(
    CASES.map(
      ([first, then, encoding]) => [shown(first), shown(then), encoding, first, then] as const,
    ),
  )('of %s, then %s, is %s', (_, __, encoding, first, then) => {
    const zone = zoneOf(MiB);
    expect(add(zone, 's', first)).toBe(first.length);
    if (then.length > 0) add(zone, 's', then);
    expect(encodingOf(zone, 's')).toBe(encoding);
    expect(new Set(membersOf(zone, 's'))).toEqual(new Set([...first, ...then]));
  });

  test('of a small hashtable becomes a dictionary with its 33rd member, or when it is large', () => {
    const zone = zoneOf(MiB);
    add(zone, 's', [LONG, ...names(31)]);
    expect(isDictionary(zone, 's')).toBe(false);
    expect(add(zone, 's', ['m:30'])).toBe(0);
    expect(add(zone, 's', ['one more'])).toBe(1);
    expect(isDictionary(zone, 's')).toBe(true);
    expect(membersOf(zone, 's').length).toBe(33);
    add(zone, 'large', ['x'.repeat(7600), '1']);
    expect(isDictionary(zone, 'large')).toBe(false);
    add(zone, 'large', ['x'.repeat(100)]);
    expect(isDictionary(zone, 'large')).toBe(true);
    expect(membersOf(zone, 'large').length).toBe(3);
  });

  test('of integers at their widest becomes a small hashtable without a byte too few', () => {
    // Each of these sizes lets the listpack end near the most that is kept as one.
    for (let size = 7300; size < 7700; size++) {
      const zone = zoneOf(MiB);
      add(zone, 's', numbers(10));
      const wide = Array.from({ length: 20 }, (_, i) => `-900719925474099${i}`);
      expect(add(zone, 's', [...wide, 'x'.repeat(size)])).toBe(21);
      expect(membersOf(zone, 's').length).toBe(31);
    }
  });

  test('changes although nothing is added, when so many were given', () => {
    const zone = zoneOf(MiB);
    add(zone, 's', ['a']);
    expect(
      add(
        zone,
        's',
        Array.from({ length: 129 }, () => 'a'),
      ),
    ).toBe(0);
    expect(encodingOf(zone, 's')).toBe('hashtable');
    add(zone, 'i', ['1']);
    expect(
      add(
        zone,
        'i',
        Array.from({ length: 513 }, () => '1'),
      ),
    ).toBe(0);
    expect(encodingOf(zone, 'i')).toBe('hashtable');
    expect(membersOf(zone, 'i')).toEqual(['1']);
  });
});

describe('drawing', () => {
  test.each([
    ['integers', numbers(7)],
    ['a listpack', names(7)],
    ['a dictionary', [...names(40), LONG]],
  ])('from %s finds each member as often as any', (_, members) => {
    const zone = zoneOf(MiB);
    add(zone, 's', members);
    const counts = new Map<string, number>();
    for (let i = 0; i < members.length * 200; i++) {
      // The first draw of a lens goes another way than the next ones do.
      if (i % 2 === 0) set.open(zone, find(zone, 's'));
      set.draw(zone.random);
      set.readMember();
      const member = latin1Text(set.textBytes, set.textStart, set.textEnd);
      counts.set(member, (counts.get(member) ?? 0) + 1);
    }
    const deviation = members.reduce((sum, m) => sum + ((counts.get(m) ?? 0) - 200) ** 2 / 200, 0);
    expect(deviation).toBeLessThan(members.length + 5 * Math.sqrt(2 * members.length));
  });
});

describe('a draft', () => {
  function drafted(zone: Zone, members: readonly string[], encoding = SET_INTSET): SetDraft {
    const draft = new SetDraft().begin(zone, LIMITS, encoding);
    for (const member of members) draft.add(latin1Bytes(member), 0, member.length);
    return draft;
  }

  function texts(draft: SetDraft): string[] {
    const all: string[] = [];
    draft.begun();
    while (draft.next()) all.push(latin1Text(draft.bytes, draft.start, draft.end));
    return all;
  }

  test.each([
    [['3', '-1', '2', '3'], SET_INTSET, ['-1', '2', '3']],
    [['3', '1', 'b', '0', 'a'], SET_LISTPACK, ['1', '3', 'b', '0', 'a']],
    [['b', '3', '1'], SET_LISTPACK, ['b', '3', '1']],
    [['1', LONG], SET_HASHTABLE, ['1', LONG]],
    [['9223372036854775807', '-9223372036854775808', '9007199254740993'], SET_INTSET, undefined],
  ])('of %j has an order and an encoding', (members, encoding, order) => {
    const draft = drafted(zoneOf(MiB), members);
    expect(draft.encoding).toBe(encoding);
    if (order !== undefined) expect(texts(draft)).toEqual(order);
    else expect(new Set(texts(draft))).toEqual(new Set(members));
  });

  test('forgets what is removed, and takes it again', () => {
    const draft = drafted(zoneOf(MiB), names(200));
    for (let i = 0; i < 200; i += 2)
      expect(draft.remove(latin1Bytes(`m:${i}`), 0, `m:${i}`.length)).toBe(true);
    expect(draft.remove(latin1Bytes('m:0'), 0, 3)).toBe(false);
    expect(draft.count).toBe(100);
    expect(draft.add(latin1Bytes('m:0'), 0, 3)).toBe(true);
    expect(draft.add(latin1Bytes('m:0'), 0, 3)).toBe(false);
    expect(new Set(texts(draft))).toEqual(
      new Set(['m:0', ...names(200).filter((_, i) => i % 2 === 1)]),
    );
  });

  test('becomes an intset when all it holds are integers', () => {
    const draft = drafted(zoneOf(MiB), ['70000', '1', '-5'], SET_LISTPACK);
    draft.becomeIntegers();
    expect([draft.encoding, draft.width]).toEqual([SET_INTSET, 4]);
    expect(texts(draft)).toEqual(['-5', '1', '70000']);
    const other = drafted(zoneOf(MiB), ['7', 'a'], SET_LISTPACK);
    other.becomeIntegers();
    expect(other.encoding).toBe(SET_LISTPACK);
  });

  test.each([
    ['integers', numbers(300)],
    ['names', names(100)],
    ['a long one', [LONG, 'a']],
    ['many', names(3000)],
    ['some in pieces', ['x'.repeat(9000), 'y'.repeat(40_000), ...names(50)]],
  ])('of %s is made a set', (_, members) => {
    for (const size of [MiB, 64 * MiB]) {
      const zone = zoneOf(size);
      const draft = drafted(zone, members);
      set.createOf(draft, zone, put(zone, 's', TYPE_SET, MemberSet.sizeOf(draft, zone)));
      expect(audit(zone, auditSet)).toBe(undefined);
      expect(new Set(membersOf(zone, 's'))).toEqual(new Set(members));
      expect(encodingOf(zone, 's')).toBe(['intset', 'listpack', 'hashtable'][draft.encoding]);
    }
  });
});

describe('another zone', () => {
  test.each([
    ['integers', numbers(300)],
    ['names', names(100)],
    ['a long one', [LONG, 'a']],
    ['many', names(1000)],
    ['some in pieces', ['x'.repeat(9000), 'y'.repeat(30_000), ...names(50)]],
  ])('takes a copy of %s', (_, members) => {
    const from = zoneOf(MiB);
    const to = zoneOf(64 * MiB);
    add(from, 's', members);
    for (const [source, target] of [
      [from, to],
      [to, zoneOf(512 * KiB)],
    ]) {
      set.open(source, find(source, 's'));
      const entry = put(target, 's', TYPE_SET, set.sizeIn(target));
      set.copyTo(target, entry);
      expect(audit(target, auditSet)).toBe(undefined);
      expect(new Set(membersOf(target, 's'))).toEqual(new Set(members));
      expect(encodingOf(target, 's')).toBe(encodingOf(from, 's'));
    }
  });
});
