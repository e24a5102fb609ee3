/**
 * Sessions that find no room: all or nothing, whatever was refused.
 *
 * A small server without sockets holds sessions and indexes of every kind. In one half each request
 * for room is refused in turn, without and with eviction; in the other the zone is really full, and
 * more and more of it becomes free. What clients see tells whether anything changed, and what is
 * left when sessions are deleted afterwards tells whether they still know their indexes.
 */

import { describe, expect, test } from 'vitest';
import { SeededRandom } from '../../src/std/random.ts';
import { type Offline, openOffline } from '../support/offline.ts';
import { ask, type Value, type Visible, visible } from '../support/visible.ts';

const OOM = "-OOM command not allowed when used memory > 'maxmemory'.";
const LONG = 'l'.repeat(5000);
/** Longer than a packed index takes. */
const WIDE = 'w'.repeat(80);

/** Of members no SESSION.SET has entered: they say of no session that it is in that index. */
const STOCK_SCORE = 1_800_000_000;

type Words = readonly string[];
type Keys = ReadonlyMap<string, Visible>;

const value = (size: number): string => 'v'.repeat(size);
const index = (audience: string): string => `n:${audience}:s`;
const session = (key: string): string => `n:${key}`;
const meta = (...audiences: string[]): string[] => [
  'META',
  String(audiences.length),
  ...audiences.flatMap((audience) => [audience, 's']),
];

const set = (key: string, size: number, ...rest: Words): string[] => [
  'SESSION.SET',
  'n',
  key,
  value(size),
  '100',
  ...rest,
];

function open(maxmemory: string): Offline {
  return openOffline({
    maxmemory,
    'session-zone': 'default',
    zone: 'sessions 256kb',
    'zset-max-listpack-entries': '8',
  });
}

/** Zones that all of furnished() fits into, and little else, or some more. */
const TIGHT = '320kb';
const SMALL = '512kb';
/** All keys but those that only fill. */
const FURNITURE = '[^f]*';

/** Sessions asked about afterwards: in three indexes, in one of each kind, in none. */
const WITNESSES = ['many', 'few0', 'edge0', 'tree0', 'plain', 'x', WIDE];
const AUDIENCES = ['few', 'edge', 'tree', 'solo', 'stock', 'new', 'newer'];

/** Sessions in indexes that are packed, about to become a tree, trees, their own and another's. */
function furnished(maxmemory = '1mb'): Offline {
  const server = open(maxmemory);
  const run = (...words: Words): void => expect(server.run(...words)).not.toMatch(/^-/);
  run('SET', 'other', value(300));
  run('SET', 'other timed', value(300), 'EX', '500');
  run(...set('plain', 100));
  for (let i = 0; i < 4; i++) run(...set(`few${i}`, 100 + i * 70, ...meta('few')));
  for (let i = 0; i < 8; i++) run(...set(`edge${i}`, 100, ...meta('edge')));
  for (let i = 0; i < 10; i++) run(...set(`tree${i}`, 40, ...meta('tree')));
  run(...set('many', 200, ...meta('few', 'tree', 'solo')));
  run(...set('large', 9000, ...meta('few')));
  run(...set(LONG, 100, ...meta('few')));
  run('SET', session('forever'), value(100));
  run('ZADD', index('stock'), String(STOCK_SCORE), 'few0', String(STOCK_SCORE), 'nobody');
  run('EXPIRE', index('stock'), '3600');
  return server;
}

const REQUESTS: readonly Words[] = [
  set('x', 10),
  set('x', 600, ...meta('few')),
  set('x', 9000, ...meta('edge')),
  set('x', 60_000, ...meta('tree')),
  set('x', 10, ...meta('new')),
  set('x', 60_000, ...meta('few', 'new', 'tree', 'edge')),
  set('x', 10, ...meta('new', 'newer', 'new')),
  set('x', 10, ...meta('stock')),
  set(WIDE, 10, ...meta('few', 'new')),
  set(LONG.replace('l', 'x'), 300, ...meta('few', 'edge')),
  set('x', 600, 'OLD', 'many', ...meta('few')),
  set('x', 9000, 'OLD', 'many', ...meta('solo', 'edge')),
  set('x', 60_000, 'OLD', 'many', 'STALE', '0', ...meta('few', 'tree', 'solo')),
  set('x', 600, 'OLD', 'many', 'REMEMBER', ...meta('new')),
  set('x', 600, 'OLD', 'many'),
  set('x', 600, 'OLD', 'large', 'STALE', '0', ...meta('few')),
  set('x', 600, 'OLD', 'nobody', ...meta('few')),
  set('x', 600, 'OLD', 'x', ...meta('few', 'edge')),
  set('many', 600, 'OLD', 'many', ...meta('few', 'new')),
  set('many', 600, 'OLD', 'many', 'STALE', '0', ...meta('few')),
  set('many', 200),
  set('many', 9000, ...meta('edge')),
  set('many', 10, ...meta('new', 'newer')),
  set('many', 60_000, ...meta('few', 'edge', 'new', 'solo')),
  set('plain', 3000, ...meta('few', 'new')),
  set('large', 10, ...meta('edge')),
  set(LONG, 9000, ...meta('few', 'edge')),
  set('forever', 100),
  set('forever', 600, ...meta('new', 'tree')),
  ['SESSION.TOUCH', 'n', 'many', '500'],
  ['SESSION.TOUCH', 'n', 'plain', '0.5'],
  ['SESSION.TOUCH', 'n', 'forever', '500'],
  ['SESSION.TOUCH', 'n', LONG, '500'],
  ['SESSION.DEL', 'n', 'many'],
  ['SESSION.DEL', 'n', 'many', ...meta('few', 'stock')],
  ['SESSION.DELALL', 'n', 'few', 's'],
  ['SESSION.DELALL', 'n', 'tree', 's', 'EXCEPT', 'many'],
];

const shown = (words: Words): string =>
  words
    .map((word) => (word.length > 14 ? `${word.slice(0, 4)}…${word.length}` : word))
    .join(' ')
    .replace('SESSION.', '');

const named = (list: readonly Words[]): [string, Words][] =>
  list.map((words) => [shown(words), words]);

/** What there is after each witness has been deleted in turn: its indexes lose it with that. */
function afterlife(server: Offline): string[] {
  return WITNESSES.map((key) => {
    const gone = ask(server, 'DEL', session(key));
    const left = AUDIENCES.map((a) => ask(server, 'ZRANGE', index(a), '0', '-1')).join('|');
    return `${gone} ${left}`;
  });
}

interface Outcome {
  readonly keys: Keys;
  readonly afterlife: readonly string[];
}

function outcomeOf(server: Offline): Outcome {
  return { keys: visible(server, FURNITURE), afterlife: afterlife(server) };
}

/** Much cheaper than toEqual() while both are the same. */
function expectSame(outcome: Outcome, wanted: Outcome, when: string): void {
  const keys = [...outcome.keys];
  const isSame =
    JSON.stringify(keys) === JSON.stringify([...wanted.keys]) &&
    JSON.stringify(outcome.afterlife) === JSON.stringify(wanted.afterlife);
  if (!isSame) expect(outcome, when).toEqual(wanted);
}

/** What a request leads to where there is plenty of room. */
function wantedOf(words: Words): Outcome {
  const server = furnished('4mb');
  expect(server.run(...words)).not.toMatch(/^-/);
  return outcomeOf(server);
}

/** Runs a request, the nth request for room refused. Answers its reply and whether it came to that. */
function runRefusing(server: Offline, words: Words, nth: number): [Value, boolean] {
  const { room } = server.zone;
  room.failIn = nth;
  const reply = ask(server, ...words);
  const wasReached = room.failIn === 0;
  room.failIn = 0;
  expect(server.audit()).toBeUndefined();
  return [reply, wasReached];
}

describe('room refused artificially', () => {
  const untouched = outcomeOf(furnished());

  test.each(named(REQUESTS))('%s: all or nothing', (_, words) => {
    const wanted = wantedOf(words);
    for (let nth = 1; ; nth++) {
      const server = furnished();
      const [reply, wasReached] = runRefusing(server, words, nth);
      const when = `refused at ${nth}: ${reply}`;
      expectSame(outcomeOf(server), reply === OOM ? untouched : wanted, when);
      if (!wasReached) break;
    }
  });

  test('an old session for whose deadline there is no place goes at once, or nothing changes', () => {
    const words = set('x', 600, 'OLD', 'forever', ...meta('new'));
    const wanted = wantedOf(words);
    const without = new Map(wanted.keys);
    without.delete(session('forever'));
    for (let nth = 1; ; nth++) {
      const server = furnished();
      const [reply, wasReached] = runRefusing(server, words, nth);
      const keys = visible(server);
      if (reply === OOM) expect(keys).toEqual(untouched.keys);
      else expect([wanted.keys, without]).toContainEqual(keys);
      if (!wasReached) break;
    }
  });
});

// ── Where others go for it ──────────────────────────────────────────────────────────────────────

/** Fills what is free with values of all sizes, the large ones first, until none fits. */
function fill(server: Offline, sizes: readonly number[]): string[] {
  const names: string[] = [];
  for (const size of sizes) {
    for (;;) {
      const name = `filling:${names.length}`;
      if (ask(server, 'SET', name, 'f'.repeat(size)) === OOM) break;
      names.push(name);
    }
  }
  return names;
}

/** What is left of keys when some of them go, and sessions leave their indexes with that. */
function without(keys: Keys, isThere: (key: string) => boolean): Map<string, Visible> {
  const left = new Map<string, Visible>();
  for (const [key, seen] of keys) {
    if (typeof seen.content === 'string') {
      if (isThere(key)) left.set(key, seen);
      continue;
    }
    // What no session has entered goes like any other key.
    if (key === index('stock') && !isThere(key)) continue;
    const members = seen.content.filter(
      ([member, score]) => score === STOCK_SCORE || isThere(session(member)),
    );
    if (members.length > 0) left.set(key, { ...seen, content: members });
  }
  return left;
}

const isTracked =
  (key: string) =>
  ([member, score]: readonly [string, number]): boolean =>
    member === key && score !== STOCK_SCORE;

/** All of it that does not depend on who left before. */
function lasting(keys: Keys): unknown[] {
  const sorted = [...keys].sort(([a], [b]) => (a < b ? -1 : 1));
  return sorted.map(([key, { content, deadline }]) =>
    typeof content === 'string' ? [key, content, deadline] : [key, content],
  );
}

/** Whether a request has left its session in all indexes it names. */
function isEntered(keys: Keys, words: Words): boolean {
  const at = words.indexOf('META');
  if (at < 0 || words[0] !== 'SESSION.SET') return true;
  const isRetired = words[words.indexOf('OLD') + 1] === words[2];
  return words
    .slice(at + 2)
    .filter((_, i) => i % 2 === 0)
    .every((audience) => {
      const content = keys.get(index(audience))?.content ?? [];
      const isIn = typeof content !== 'string' && content.some(([member]) => member === words[2]);
      return isIn !== isRetired;
    });
}

describe('room refused artificially where others go for it', () => {
  test.each(named(REQUESTS))('%s: a session is in all its indexes, or gone', (_, words) => {
    const wanted = wantedOf(words).keys;
    for (let nth = 1; ; nth++) {
      const server = furnished(TIGHT);
      fill(server, [9000, 2000, 700, 200]);
      expect(ask(server, 'CONFIG', 'SET', 'maxmemory-policy', 'allkeys-lru')).toBe('OK');
      // What is being written is no victim of age.
      server.run('TOUCH', session(words[2]));
      const before = visible(server, FURNITURE);
      const [reply, wasReached] = runRefusing(server, words, nth);
      const keys = visible(server, FURNITURE);
      const when = `refused at ${nth}: ${reply}`;
      const found = lasting(keys);
      const allowed = lasting(without(reply === OOM ? before : wanted, (key) => keys.has(key)));
      if (JSON.stringify(found) !== JSON.stringify(allowed)) expect(found, when).toEqual(allowed);
      const written = session(words[2]);
      if (reply === 'OK') {
        expect(keys.has(written), when).toBe(wanted.has(written));
        expect(isEntered(keys, words), when).toBe(true);
      }
      // It knows its indexes: they lose it with that.
      server.run('DEL', written);
      for (const { content } of visible(server, 'n:*:s').values()) {
        expect(typeof content === 'string' || !content.some(isTracked(words[2])), when).toBe(true);
      }
      if (!wasReached) break;
    }
  });
});

// ── Where there is none ─────────────────────────────────────────────────────────────────────────

describe('in a zone that is full', () => {
  test.each(named(REQUESTS))('%s: all or nothing', (_, words) => {
    const wanted = wantedOf(words);
    const server = furnished(SMALL);
    const random = new SeededRandom(words.length);
    const filling = fill(server, [9000, 2000, 700, 300, 100]);
    const before = { keys: visible(server, FURNITURE), afterlife: [] };
    for (let step = 1; ; step += 1 + (step >> 1)) {
      const reply = ask(server, ...words);
      expect(server.audit()).toBeUndefined();
      if (reply !== OOM) {
        expectSame(outcomeOf(server), wanted, 'done');
        break;
      }
      expectSame({ keys: visible(server, FURNITURE), afterlife: [] }, before, 'refused');
      for (let i = 0; i < step; i++) {
        const [name] = filling.splice(random.below(filling.length), 1);
        expect(ask(server, 'DEL', name)).toBe('1');
      }
    }
  });
});
