/** Large values are written in steps, as they were at the beginning, whatever is done meanwhile. */

import { describe, expect, test } from 'vitest';
import { LARGE_SIZE } from '../../../src/persistence/byte-writer.ts';
import { requestsOf } from '../../../src/server/contents.ts';
import { latin1Text } from '../../../src/std/ascii.ts';
import { SeededRandom } from '../../../src/std/random.ts';
import { type Offline, openOffline } from '../../support/offline.ts';
import { beginSnapshot, loadSnapshot } from '../../support/snapshot.ts';

const DIRECTIVES = { maxmemory: '64mb', 'enable-debug-command': 'yes' };
/** Elements of a large value. */
const COUNT = 10_000;
const numbers = Array.from({ length: COUNT }, (_, i) => i);
const random = new SeededRandom(1);
const noise = numbers.map(() => String.fromCharCode(random.below(256), random.below(256))).join('');

const pairs = (from: number): string[] =>
  numbers.slice(from, from + 1000).flatMap((i) => [`field:${i}`, `value of ${i}`]);
const thousands = numbers.filter((i) => i % 1000 === 0);

/** A kind of value: the requests that make one, and one that changes it. */
interface Kind {
  readonly make: readonly (readonly string[])[];
  readonly change: readonly string[];
  readonly directives?: Readonly<Record<string, string>>;
}

const kinds: Readonly<Record<string, Kind>> = {
  'a string': {
    make: [['SET', 'large', 'some text, and again '.repeat(COUNT * 10)]],
    change: ['SETRANGE', 'large', '7', 'other'],
  },
  'a string that can not be compressed': {
    make: [['SET', 'large', noise.repeat(30)]],
    change: ['APPEND', 'large', 'x'],
  },
  'a hash': {
    make: thousands.map((i) => ['HSET', 'large', ...pairs(i)]),
    change: ['HDEL', 'large', 'field:5', 'field:9999'],
  },
  'a hash that is a listpack': {
    make: thousands.map((i) => ['HSET', 'large', ...pairs(i)]).slice(0, 5),
    change: ['HSET', 'large', 'field:1', 'other'],
    directives: { 'hash-max-listpack-entries': '100000', 'hash-max-listpack-value': '1000' },
  },
  'a set': {
    make: thousands.map((i) => ['SADD', 'large', ...pairs(i)]),
    change: ['SPOP', 'large', '100'],
  },
  'a set of integers': {
    make: thousands.map((i) => [
      'SADD',
      'large',
      ...numbers.slice(i, i + 1000).map((n) => `${n}00000`),
    ]),
    change: ['SREM', 'large', '700000'],
    directives: { 'set-max-intset-entries': '100000' },
  },
  'a sorted set': {
    make: numbers.map((i) => ['ZADD', 'large', String(i / 8), `member:${i}`]),
    change: ['ZREMRANGEBYRANK', 'large', '10', '2500'],
  },
  'a list': {
    make: thousands.map((i) => ['RPUSH', 'large', ...pairs(i)]),
    change: ['LREM', 'large', '1', 'field:7500'],
  },
  'a stream': {
    make: [
      ...numbers.map((i) => ['XADD', 'large', `${i + 1}-1`, 'field', `value of ${i}`]),
      ['XGROUP', 'CREATE', 'large', 'group', '0'],
      ['XREADGROUP', 'GROUP', 'group', 'alice', 'COUNT', '2500', 'STREAMS', 'large', '>'],
      ['XREADGROUP', 'GROUP', 'group', 'bob', 'COUNT', '2500', 'STREAMS', 'large', '>'],
    ],
    change: ['XTRIM', 'large', 'MAXLEN', '10'],
  },
};

/** A server with a value of that kind, and keys beside it. */
function fill({ make, directives }: Kind): Offline {
  const server = openOffline({ ...DIRECTIVES, ...directives });
  for (const words of make) server.run(...words);
  server.run('PEXPIREAT', 'large', '1900000000000');
  for (let i = 0; i < 100; i++) server.run('SET', `key:${i}`, `value ${i}`);
  server.run('SELECT', '3');
  for (let i = 0; i < 100; i++) server.run('SET', `key:${i}`, `other ${i}`);
  server.run('SELECT', '0');
  return server;
}

function changeAll(server: Offline, { change }: Kind): void {
  expect(server.run(...change)).not.toMatch(/^-/);
  for (let i = 0; i < 100; i += 3) server.run('SET', `key:${i}`, 'changed');
  server.run('SELECT', '3');
  for (let i = 0; i < 100; i += 3) server.run('DEL', `key:${i}`);
  server.run('SELECT', '0');
}

function face(server: Offline): string[] {
  server.run('SELECT', '0');
  return [
    server.run('DEBUG', 'DIGEST'),
    server.run('PEXPIRETIME', 'large'),
    server.run('OBJECT', 'ENCODING', 'large'),
    server.run('XPENDING', 'large', 'group'),
  ];
}

/** Runs the requests of a file. */
function replay(server: Offline, bytes: Uint8Array): void {
  const text = latin1Text(bytes, 0, bytes.length);
  for (let at = 0; at < text.length; ) {
    const line = (): number => {
      const end = text.indexOf('\r\n', at);
      const value = Number(text.slice(at + 1, end));
      at = end + 2;
      return value;
    };
    const words = Array.from({ length: line() }, () => {
      const size = line();
      at += size + 2;
      return text.slice(at - size - 2, at - 2);
    });
    expect(server.run(...words)).not.toMatch(/^-/);
  }
}

describe.each(Object.entries(kinds))('%s', (_, kind) => {
  // After so many steps: while it is copied, while it is written, and never.
  test.each([0, 1, 9, 1 << 30])('goes to a snapshot as it was, changed after step %i', (after) => {
    const server = fill(kind);
    const before = face(server);
    const taking = beginSnapshot(server);
    let steps = 0;
    do {
      if (steps++ === after) changeAll(server, kind);
    } while (taking.step());
    const other = openOffline({ ...DIRECTIVES, ...kind.directives });
    loadSnapshot(other, taking.end());
    expect(face(other)).toEqual(before);
    expect(server.audit()).toBeUndefined();
    // A key beside it is a step, or none when it was written ahead; the value is many.
    if (after > steps) expect(steps).toBeGreaterThan(203);
    expect(taking.largest).toBeLessThan(4 * LARGE_SIZE);
  });

  test.each([0, 9])('goes to a file of requests as it was, changed after piece %i', (after) => {
    const server = fill(kind);
    const before = face(server);
    const made: Uint8Array[] = [];
    for (const piece of requestsOf(server.instance)) {
      if (made.length === after) changeAll(server, kind);
      made.push(piece);
    }
    const other = openOffline({ ...DIRECTIVES, ...kind.directives });
    replay(other, Buffer.concat(made));
    expect(face(other)).toEqual(before);
  });
});
