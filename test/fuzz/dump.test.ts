/** Payloads that are torn: RESTORE refuses them, or makes a value of them that is whole. */

import { describe, expect, test } from 'vitest';
import { latin1Bytes, latin1Text } from '../../src/std/ascii.ts';
import { Crc64 } from '../../src/std/crc64.ts';
import { type Offline, openOffline } from '../support/offline.ts';

const FOOTER = 10;

/** A payload with this body, signed as one of Redis 7.0. */
function signed(body: Uint8Array): string {
  const bytes = new Uint8Array(body.length + FOOTER);
  bytes.set(body);
  bytes[body.length] = 10;
  const crc = new Crc64();
  crc.add(bytes, 0, body.length + 2);
  crc.writeTo(bytes, body.length + 2);
  return latin1Text(bytes, 0, bytes.length);
}

/** What DUMP tells of a key, unsigned. */
function bodyOf(server: Offline, key: string): Uint8Array {
  const reply = server.run('DUMP', key);
  const text = reply.slice(reply.indexOf('\r\n') + 2, -2);
  return latin1Bytes(text).slice(0, -FOOTER);
}

const REFUSED = '-ERR Bad data format\r\n';
const server = openOffline({
  maxmemory: '1mb',
  'hash-max-listpack-entries': '4',
  'zset-max-listpack-entries': '4',
});

const made: Record<string, readonly string[]> = {
  string: ['SET', 'string', 'hello world'],
  integer: ['SET', 'integer', '-12345'],
  packed: ['SET', 'packed', 'abcabcabcabcabcabcabcabcabcabcabc'],
  list: ['RPUSH', 'list', 'a', '300', 'some text', '-5'],
  hash: ['HSET', 'hash', 'a', '1', 'field', 'value'],
  table: ['HSET', 'table', ...['a', '1', 'b', '2', 'c', '3', 'd', '4', 'e', '5', 'f', '6']],
  zset: ['ZADD', 'zset', '1', 'a', '-2.5', 'bb'],
  tree: ['ZADD', 'tree', ...['1', 'a', '2', 'b', '3', 'c', '4', 'd', '5', 'e', '6', 'f']],
  stream: ['XADD', 'stream', '5-1', 'field', 'value', 'n', '-12'],
  group: ['XGROUP', 'CREATE', 'group', 'g', '0', 'MKSTREAM'],
  pending: ['XADD', 'pending', '1-1', 'a', 'b'],
};

for (const words of Object.values(made)) server.run(...words);
server.run('XADD', 'stream', '6-2', 'field', 'other', 'n', '7');
server.run('XADD', 'stream', '7-0', 'fields', 'of its own');
server.run('XDEL', 'stream', '6-2');
server.run('XGROUP', 'CREATE', 'pending', 'g', '0', 'ENTRIESREAD', '3');
server.run('XADD', 'pending', '2-1', 'a', 'c');
for (const consumer of ['a', 'bb']) {
  server.run('XREADGROUP', 'GROUP', 'g', consumer, 'COUNT', '1', 'STREAMS', 'pending', '>');
}

/** Restores a body and answers the reply; whatever came of it is whole. */
function restore(body: Uint8Array): string {
  const reply = server.run('RESTORE', 'torn', '0', signed(body), 'REPLACE');
  expect([REFUSED, '+OK\r\n']).toContain(reply);
  expect(server.audit()).toBeUndefined();
  // What can be restored can be told again.
  if (reply !== REFUSED) expect(server.run('DUMP', 'torn')).toMatch(/^\$\d/);
  return reply;
}

describe.each(Object.keys(made))('%s', (key) => {
  const body = bodyOf(server, key);

  test('whole, it comes back as it was', () => {
    expect(restore(body)).toBe('+OK\r\n');
    expect(bodyOf(server, 'torn')).toEqual(body);
  });

  test('cut short anywhere, it is refused', () => {
    for (let size = 0; size < body.length; size++) {
      expect(restore(body.slice(0, size))).toBe(REFUSED);
    }
  });

  test('with any byte changed to any other, it is refused or whole', () => {
    for (let at = 0; at < body.length; at++) {
      for (const change of [1, 2, 4, 8, 16, 32, 64, 128, 255, 127, 85]) {
        const torn = body.slice();
        torn[at] ^= change;
        restore(torn);
      }
    }
  });
});

describe('values of older versions', () => {
  const ziplist = (...entries: number[][]): number[] => {
    const body: number[] = [];
    let before = 0;
    let tail = 10;
    for (const entry of entries) {
      tail = 10 + body.length;
      body.push(before, ...entry);
      before = entry.length + 1;
    }
    const size = 11 + body.length;
    return [size, 0, 0, 0, tail, 0, 0, 0, entries.length, 0, ...body, 255];
  };
  const text = (word: string): number[] => [word.length, ...latin1Bytes(word)];
  const asString = (bytes: number[]): number[] => [bytes.length, ...bytes];
  const MIXED = [text('ab'), [0xf1 + 12], [0xfe, 0x80], [0xc0, 0, 1], [0xd0, 0, 0, 0, 0x80]];
  const BIG = [[0xf0, 0xff, 0xff, 0x7f], [0xe0, 0, 0, 0, 0, 0, 0, 0, 0x80], text('')];

  const lrange = (): string => server.run('LRANGE', 'torn', '0', '-1').replaceAll('\r\n', ' ');

  test('a list as a ziplist', () => {
    expect(restore(Uint8Array.of(10, ...asString(ziplist(...MIXED, ...BIG))))).toBe('+OK\r\n');
    expect(lrange()).toBe(
      '*8 $2 ab $2 12 $4 -128 $3 256 $11 -2147483648 $7 8388607 $20 -9223372036854775808 $0  ',
    );
  });

  test('a list of ziplists, and one of strings', () => {
    const nodes = [asString(ziplist(text('a'))), asString(ziplist(text('b'), text('c')))];
    expect(restore(Uint8Array.of(14, 2, ...nodes.flat()))).toBe('+OK\r\n');
    expect(lrange()).toBe('*3 $1 a $1 b $1 c ');
    expect(restore(Uint8Array.of(1, 2, ...text('x'), ...text('y')))).toBe('+OK\r\n');
    expect(lrange()).toBe('*2 $1 x $1 y ');
  });

  test('a hash as a ziplist, and as a zipmap', () => {
    expect(restore(Uint8Array.of(13, ...asString(ziplist(text('f'), text('v')))))).toBe('+OK\r\n');
    expect(server.run('HGETALL', 'torn')).toBe('*2\r\n$1\r\nf\r\n$1\r\nv\r\n');
    const zipmap = [2, ...text('a'), 1, 0, 0x31, ...text('b'), 1, 2, 0x32, 0, 0, 255];
    expect(restore(Uint8Array.of(9, ...asString(zipmap)))).toBe('+OK\r\n');
    expect(server.run('HGETALL', 'torn')).toBe(
      '*4\r\n$1\r\na\r\n$1\r\n1\r\n$1\r\nb\r\n$1\r\n2\r\n',
    );
  });

  test('a sorted set as a ziplist, and with scores as text', () => {
    const packed = ziplist(text('m'), text('1.5'), text('n'), [0xf1 + 7]);
    expect(restore(Uint8Array.of(12, ...asString(packed)))).toBe('+OK\r\n');
    expect(server.run('ZRANGE', 'torn', '0', '-1', 'WITHSCORES')).toBe(
      '*4\r\n$1\r\nm\r\n$3\r\n1.5\r\n$1\r\nn\r\n$1\r\n7\r\n',
    );
    const old = [3, 3, ...text('a'), ...text('0.25'), ...text('b'), 255, ...text('c'), 254];
    expect(restore(Uint8Array.from(old))).toBe('+OK\r\n');
    expect(server.run('ZRANGE', 'torn', '0', '-1', 'WITHSCORES')).toBe(
      '*6\r\n$1\r\nb\r\n$4\r\n-inf\r\n$1\r\na\r\n$4\r\n0.25\r\n$1\r\nc\r\n$3\r\ninf\r\n',
    );
  });

  test.each([
    ['a ziplist whose entries do not meet', [10, ...asString(ziplist(text('a'), text('b')))]],
    ['a ziplist with another tail', [10, ...asString(ziplist(text('a'), text('b')))]],
    ['a ziplist that counts wrongly', [10, ...asString(ziplist(text('a'), text('b')))]],
  ])('%s is refused', (what, bytes) => {
    const at = { meet: 12 + 3, tail: 2 + 4, wrongly: 2 + 8 }[what.split(' ').at(-1) ?? ''] ?? 0;
    bytes[at] ^= 1;
    expect(restore(Uint8Array.from(bytes))).toBe(REFUSED);
  });
});
