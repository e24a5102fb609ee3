/**
 * Commands that find no room: all or nothing, whatever was refused.
 *
 * Every command runs against a small server without sockets. In one half each request for room is
 * refused in turn; in the other the zone is really full, but for a few slots, with more and more of
 * them free. A full dump, deadlines and encodings included, tells whether anything changed.
 */

import { describe, expect, test } from 'vitest';
import { SeededRandom } from '../../src/std/random.ts';
import { type Offline, openOffline } from '../support/offline.ts';
import { dump, find, keysOf } from '../unit/zone/support.ts';

const OOM = "-OOM command not allowed when used memory > 'maxmemory'.\r\n";

type Words = readonly string[];

function open(policy: string, maxmemory: string): Offline {
  return openOffline({
    maxmemory,
    'maxmemory-policy': policy,
    'zset-max-listpack-entries': '8',
  });
}

const LONG = 'l'.repeat(3000);

/** Keys of every kind: flat and in chunks, with deadline, annex and long key, and sorted sets. */
function furnished(policy: string, maxmemory = '512kb'): Offline {
  const server = open(policy, maxmemory);
  const { zone } = server;
  server.run('SET', 'flat', 'v'.repeat(100));
  server.run('SET', 'timed', 'v'.repeat(100), 'EX', '100');
  server.run('SET', 'annexed', 'v'.repeat(100), 'EX', '100');
  zone.setAnnexSize(find(zone, 'annexed'), 6);
  server.run('SET', 'large', 'v'.repeat(9000));
  server.run('SET', 'large timed', 'v'.repeat(9000), 'EX', '100');
  server.run('SET', LONG, 'v'.repeat(100), 'EX', '100');
  server.run('SET', 'integer', '99999999');
  server.run('SET', 'float', '10.5', 'EX', '100');
  for (let i = 0; i < 7; i++) server.run('ZADD', 'packed', String(i), `member:${i}`);
  for (let i = 0; i < 300; i++) server.run('ZADD', 'tree', String(i), `member:${i}`);
  server.run('EXPIRE', 'tree', '100');
  return server;
}

const pairs = (count: number, size: number, name: string): string[] =>
  Array.from({ length: count }, (_, i) => [String(i), `${name}${i}`.padEnd(size, '.')]).flat();

const OVER = (size: number): string[] =>
  ['flat', 'timed', 'annexed', 'large', 'large timed', LONG, 'tree'].flatMap((key) => [
    key,
    'w'.repeat(size),
  ]);

/** MSET asks once for all its pairs; what it stores then must not be refused, and is not. */
const JOINT: readonly Words[] = [
  ['MSET', 'a', '1', 'b', 'w'.repeat(500), 'c', 'w'.repeat(20_000), LONG.repeat(2), '1'],
  ['MSET', ...OVER(10)],
  ['MSET', ...OVER(400)],
  ['MSET', ...OVER(9100)],
  ['MSET', ...OVER(13_000), 'new', 'w'.repeat(400)],
  ['MSET', 'flat', 'w'.repeat(700), 'new', '1', 'flat', 'w'.repeat(100), 'new', 'w'.repeat(700)],
  ['MSET', 'large', '1', 'flat', 'w'.repeat(9000), 'large', 'w'.repeat(9000)],
  ['MSETNX', 'a', 'w'.repeat(300), 'b', 'w'.repeat(9000), 'c', '1'],
];

const SINGLE: readonly Words[] = [
  ['SET', 'new', 'w'.repeat(300)],
  ['SET', 'new', 'w'.repeat(300), 'PX', '5000', 'NX'],
  ['SET', 'flat', 'w'.repeat(300), 'XX', 'GET', 'EX', '5'],
  ['SET', 'flat', 'w'.repeat(100), 'EXAT', '1800000000'],
  ['SET', 'timed', 'w'.repeat(300), 'KEEPTTL', 'GET'],
  ['SET', 'annexed', 'w'.repeat(20_000), 'PXAT', '1800000000000', 'GET'],
  ['SET', LONG, 'w'.repeat(20_000), 'GET'],
  ['SET', 'tree', 'w'.repeat(60_000)],
  ['SETEX', 'large', '10', 'w'.repeat(20_000)],
  ['PSETEX', 'new', '10', '1'],
  ['GETSET', 'flat', 'w'.repeat(3000)],
  ['SETNX', 'new', 'w'.repeat(9000)],
  ['COPY', 'flat', 'new'],
  ['COPY', 'annexed', 'new'],
  ['COPY', 'large timed', 'flat', 'REPLACE'],
  ['COPY', 'tree', 'flat', 'REPLACE'],
  ['COPY', 'packed', 'new', 'DB', '3'],
  ['COPY', LONG, 'new'],
  ['RENAME', 'flat', 'a name so long that another slot is needed for it'.repeat(3)],
  ['RENAME', 'annexed', 'large'],
  ['RENAME', 'large timed', LONG],
  ['RENAME', LONG, 'short'],
  ['RENAME', 'tree', 'a name so long that another slot is needed for it'.repeat(20)],
  ['RENAMENX', 'packed', 'a name so long that another slot is needed for it'],
  ['APPEND', 'flat', 'w'.repeat(300)],
  ['APPEND', 'timed', 'w'.repeat(9000)],
  ['APPEND', LONG, 'w'.repeat(9000)],
  ['APPEND', 'new', 'w'.repeat(9000)],
  ['SETRANGE', 'flat', '500', 'w'],
  ['SETRANGE', 'annexed', '50', 'w'.repeat(9000)],
  ['SETRANGE', 'new', '9000', 'w'],
  ['GETEX', 'flat', 'EX', '5'],
  ['GETEX', 'large', 'PXAT', '1800000000000'],
  ['GETEX', 'timed', 'PERSIST'],
  ['EXPIRE', 'flat', '10'],
  ['EXPIRE', 'large', '10'],
  ['PEXPIREAT', 'packed', '9007199254740993'],
  ['EXPIRE', 'annexed', '10', 'XX'],
  ['PERSIST', 'annexed'],
  ['PERSIST', 'tree'],
  ['INCR', 'new'],
  ['INCR', 'integer'],
  ['INCRBY', 'integer', '9007199254740993'],
  ['INCRBYFLOAT', 'float', '1e30'],
  ['INCRBYFLOAT', 'new', '3.5'],
  ['ZADD', 'new', '1', 'a'],
  ['ZADD', 'new', '1', 'w'.repeat(500)],
  ['ZADD', 'new', ...pairs(8, 20, 'm')],
  ['ZADD', 'new', '1', 'a', '2', 'w'.repeat(500), '3', 'b'],
  ['ZADD', 'new', ...pairs(600, 40, 'm')],
  ['ZADD', 'packed', '9', 'another'],
  ['GEOADD', 'new', '13.4', '52.5', 'a', '13.5', '52.6', 'b'],
  ['GEOADD', 'tree', '13.4', '52.5', 'a', '13.5', '52.6', 'w'.repeat(500)],
  ['GEOSEARCHSTORE', 'new', 'tree', 'FROMLONLAT', '-180', '-85', 'BYRADIUS', '100', 'km'],
  ['GEOSEARCHSTORE', 'tree', 'tree', 'FROMLONLAT', '-180', '-85', 'BYRADIUS', '100', 'km'],
  ['GEOSEARCHSTORE', 'packed', 'tree', 'FROMLONLAT', '-180', '-85', 'BYRADIUS', '100', 'km'],
  ['ZADD', 'packed', '1.5', 'member:3'],
  ['ZADD', 'packed', '9', 'w'.repeat(500)],
  ['ZADD', 'packed', '9', 'another', '10', 'and another'],
  ['ZADD', 'packed', ...pairs(9, 20, 'm')],
  ['ZADD', 'packed', 'CH', '1e300', 'member:1', '10', 'w'.repeat(70), '2', 'member:0'],
  ['ZADD', 'packed', 'INCR', '3.25', 'member:1'],
  ['ZADD', 'tree', '9', 'w'.repeat(500)],
  ['ZADD', 'tree', '150.5', 'member:3'],
  ['ZADD', 'tree', 'CH', '9', 'another', '200', 'member:0', '100', 'member:290'],
  ['ZADD', 'tree', ...pairs(600, 40, 'm')],
];

const shown = (words: Words): string =>
  words
    .slice(0, 8)
    .map((word) => (word.length > 12 ? `${word.slice(0, 4)}…${word.length}` : word))
    .join(' ') + (words.length > 8 ? ' …' : '');

const named = (list: readonly Words[]): [string, Words][] =>
  list.map((words) => [shown(words), words]);

/** Runs a request that may be refused. Answers whether it was. */
function isRefused(server: Offline, words: Words): boolean {
  const before = dump(server.zone);
  const reply = server.run(...words);
  expect(server.audit()).toBeUndefined();
  if (reply !== OOM) {
    expect(reply).not.toMatch(/^-/);
    return false;
  }
  expect(dump(server.zone)).toEqual(before);
  return true;
}

describe.each(['noeviction', 'allkeys-lru'])('under %s, room refused artificially', (policy) => {
  test.each(named(SINGLE))('%s: all or nothing', (_, words) => {
    for (let nth = 1; ; nth++) {
      const server = furnished(policy);
      server.zone.room.failIn = nth;
      isRefused(server, words);
      if (server.zone.room.failIn !== 0) break;
    }
  });

  test.each(named(JOINT))('%s: all or nothing', (_, words) => {
    const server = furnished(policy);
    server.zone.room.failIn = 1;
    expect(isRefused(server, words)).toBe(true);
    expect(isRefused(server, words)).toBe(false);
  });
});

/** Fills what is free with values of all sizes, the large ones first, until none fits. */
function fill(server: Offline): void {
  let name = 0;
  for (const size of [9000, 4000, 2000, 1500, 1000, 700, 500, 300, 200, 100, 50, 1]) {
    while (server.run('SET', `filling:${name}`, 'f'.repeat(size)) !== OOM) name++;
  }
}

describe('in a zone that is full', () => {
  // What takes room without being a command that Redis refuses for want of it.
  test.each([
    ['expire', '100'],
    ['pexpire', '100000'],
    ['expireat', '1800000000'],
    ['pexpireat', '1800000000000'],
    ['getex', 'EX', '100'],
    ['rename', 'a name that is longer than any key had'],
    ['renamenx', 'a name that is longer than any key had'],
    ['move', '16'],
  ])('%s can be refused, which its definition says', (name, ...options) => {
    const server = openOffline({ maxmemory: '256kb', zone: "'sessions 256kb noeviction'" });
    server.run('SELECT', '16');
    fill(server);
    server.run('SELECT', '0');
    const sizes = Array.from({ length: 16 }, (_, i) => i * 4);
    for (const size of sizes) server.run('SET', `key:${size}`, 'v'.repeat(size));
    fill(server);
    const refused = sizes.filter((size) => isRefused(server, [name, `key:${size}`, ...options]));
    expect(refused).not.toEqual([]);
    const command = server.instance.registry.byName(name);
    expect(command?.flags.has('denyoom')).toBe(false);
    expect(command?.differs).toContain('it can answer OOM');
  });

  test.each(named([...JOINT, ...SINGLE]))('%s: all or nothing', (_, words) => {
    const server = furnished('noeviction', '384kb');
    fill(server);
    const filling = keysOf(server.zone).filter((key) => key.startsWith('filling:'));
    const random = new SeededRandom(words.length);
    for (let step = 1; isRefused(server, words); step += 1 + (step >> 2)) {
      // Space becomes free in all classes, a little at a time and then more.
      for (let i = 0; i < step; i++) {
        const [key] = filling.splice(random.below(filling.length), 1);
        expect(server.run('DEL', key)).toBe(':1\r\n');
      }
    }
  });

  test.each([
    ['an annex', 100],
    ['a deadline', 160],
    ['an annex', 200],
    ['a deadline', 250],
  ])('MSET over a key with %s needs a slot that a new key would not', (what, size) => {
    // Places are free for two new keys, and none of the next class for what goes along.
    for (let extra = 0; extra < 64; extra++) {
      const server = open('noeviction', '256kb');
      server.run('SET', 'key', '1', 'EX', '100');
      if (what === 'an annex') server.zone.setAnnexSize(find(server.zone, 'key'), 6);
      const value = 'w'.repeat(size + extra);
      let count = 0;
      while (server.run('SET', `other:${count}`, value) !== OOM) count++;
      for (let i = 0; i < 3; i++) server.run('DEL', `other:${i * 20}`);
      isRefused(server, ['MSET', 'new', value, 'key', value]);
    }
  });
});
