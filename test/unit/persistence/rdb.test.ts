/** Snapshots: what was written is read again, and nothing else. */

import { describe, expect, test } from 'vitest';
import { type Log, silentLog } from '../../../src/instance/log.ts';
import { Corrupt } from '../../../src/persistence/byte-reader.ts';
import { isLoadFault, RdbLoad } from '../../../src/persistence/rdb-load.ts';
import { type ByteSource, bytesSource, RdbReader } from '../../../src/persistence/rdb-reader.ts';
import { latin1Bytes } from '../../../src/std/ascii.ts';
import { type Offline, openOffline } from '../../support/offline.ts';
import { loadSnapshot, takeSnapshot } from '../../support/snapshot.ts';

const SMALL = {
  maxmemory: '4mb',
  'hash-max-listpack-entries': '4',
  'zset-max-listpack-entries': '4',
  'set-max-listpack-entries': '4',
  'set-max-intset-entries': '4',
  'list-max-listpack-size': '4',
};

const LETTERS = [...'abcdefgh'];
const REPEATED = 'abc'.repeat(50);

/** A key of every type and encoding. */
const commands: readonly (readonly string[])[] = [
  ['SET', 'string', 'hello world'],
  ['SET', 'empty', ''],
  ['SET', 'integer', '-12345'],
  ['SET', 'wide', '123456789012'],
  ['SET', 'packed', REPEATED],
  ['SET', 'bytes', '\x00\xff\r\n'],
  ['SET', 'l'.repeat(9000), 'a long key'],
  ['SET', '', 'the empty key'],
  ['SET', 'large', 'x1y2'.repeat(20000)],
  ['RPUSH', 'list', 'a', '300', 'some text', '-5'],
  ['RPUSH', 'quicklist', ...LETTERS, ...LETTERS, 'z'.repeat(9000), ...LETTERS],
  ['SADD', 'intset', '1', '-70000', '3'],
  ['SADD', 'set', 'a', 'b', '3'],
  ['SADD', 'members', ...LETTERS],
  ['HSET', 'hash', 'a', '1', 'field', 'value'],
  ['HSET', 'table', ...LETTERS.flatMap((letter) => [letter, `${letter}${letter}`])],
  ['ZADD', 'zset', '1', 'a', '-2.5', 'bb', 'inf', 'c'],
  ['ZADD', 'tree', ...LETTERS.flatMap((letter, i) => [String(i / 3), letter])],
  ['XADD', 'stream', '5-1', 'field', 'value', 'n', '-12'],
  ['XADD', 'stream', '6-2', 'field', 'other', 'n', '7'],
  ['XDEL', 'stream', '5-1'],
  ['XGROUP', 'CREATE', 'stream', 'g', '0'],
  ['XREADGROUP', 'GROUP', 'g', 'alice', 'STREAMS', 'stream', '>'],
  ['SET', 'timed', 'soon gone', 'PX', '60000'],
  ['SET', 'forever', 'nearly', 'PXAT', '9223372036854775000'],
];

/** What DUMP tells of every key of every database, by number and name. */
function dumps(server: Offline): Record<string, string> {
  const all: Record<string, string> = {};
  for (let number = 0; number < 16; number++) {
    server.run('SELECT', String(number));
    const keys = server.run('KEYS', '*').split('\r\n').slice(1);
    for (let i = 1; i < keys.length; i += 2) {
      const key = keys[i];
      all[`${number} ${key}`] = `${server.run('DUMP', key)} ${server.run('PEXPIRETIME', key)}`;
    }
  }
  server.run('SELECT', '0');
  return all;
}

function filled(): Offline {
  const server = openOffline(SMALL);
  for (const words of commands) expect(server.run(...words)).not.toMatch(/^-/);
  server.run('SELECT', '9');
  server.run('SET', 'elsewhere', 'nine');
  server.run('SELECT', '0');
  return server;
}

describe('a snapshot', () => {
  const server = filled();
  const bytes = takeSnapshot(server);

  test('holds every key as it was', () => {
    const other = openOffline(SMALL);
    const load = loadSnapshot(other, bytes);
    expect(dumps(other)).toEqual(dumps(server));
    expect(other.audit()).toBeUndefined();
    expect(load.loaded).toBe(Object.keys(dumps(server)).length);
    expect(takeSnapshot(other).length).toBe(bytes.length);
  });
});

describe('a file larger than what is read at once', () => {
  const server = openOffline({ maxmemory: '32mb', rdbcompression: 'no' });
  for (let i = 0; i < 3000; i++) server.run('SET', `key:${i}`, `${i} `.repeat(200));
  server.run('SET', 'large', 'xyz'.repeat(1_000_000));
  server.run('RPUSH', 'list', ...Array.from({ length: 3000 }, (_, i) => `element ${i}`.repeat(50)));
  const bytes = takeSnapshot(server);
  const load = (most: number): Offline => {
    const other = openOffline({ maxmemory: '32mb', rdbcompression: 'no' });
    const source = bytesSource(bytes);
    const { keyspace, config } = other.instance;
    const target = { databases: keyspace.databases, libraries: undefined, config: config.values };
    const taken = new RdbLoad(target);
    const slow: ByteSource = {
      size: bytes.length,
      read: (bytes, at, size) => source.read(bytes, at, Math.min(size, most)),
    };
    const reader = new RdbReader(slow, taken, true);
    while (reader.next());
    expect(reader.position).toBe(bytes.length);
    return other;
  };

  test.each([Number.POSITIVE_INFINITY, 100_003, 4096])('is read in pieces of %i bytes', (most) => {
    expect(bytes.length).toBeGreaterThan(4 * 1024 * 1024);
    const other = load(most);
    expect(other.run('DBSIZE')).toBe(':3002\r\n');
    for (const key of ['key:0', 'key:2999', 'large', 'list']) {
      expect(other.run('DUMP', key)).toBe(server.run('DUMP', key));
    }
  });

  test('that ends earlier than it said is refused', () => {
    const source = bytesSource(bytes.slice(0, -1000));
    const other = openOffline({ maxmemory: '32mb' });
    const { keyspace, config } = other.instance;
    const target = { databases: keyspace.databases, libraries: undefined, config: config.values };
    const reader = new RdbReader({ ...source, size: bytes.length }, new RdbLoad(target), true);
    expect(() => {
      while (reader.next());
    }).toThrow(/^Unexpected EOF reading RDB file at byte \d+/);
  });
});

const spare = openOffline({ maxmemory: '4mb' });

/** What is wrong with a file, as it is told. */
function faultOf(bytes: Uint8Array, directives?: Readonly<Record<string, string>>): string {
  const server = directives === undefined ? spare : openOffline(directives);
  server.run('FLUSHALL');
  server.run('FUNCTION', 'FLUSH');
  try {
    loadSnapshot(server, bytes);
  } catch (error) {
    expect(isLoadFault(error)).toBe(true);
    return (error as Error).message;
  }
  return '';
}

/** A file of this version that holds these bytes behind its header, without a checksum. */
function fileOf(version: string, ...bytes: readonly number[]): Uint8Array {
  const sum = Number(version) < 5 ? [] : [0, 0, 0, 0, 0, 0, 0, 0];
  return Uint8Array.from([...latin1Bytes(`REDIS${version}`), ...bytes, 255, ...sum]);
}

const text = (word: string): number[] => [word.length, ...latin1Bytes(word)];

describe('a torn file', () => {
  const server = openOffline({ maxmemory: '4mb' });
  for (const [command, key, ...rest] of commands) {
    if (rest.join('').length < 300) server.run(command, key.slice(0, 10), ...rest);
  }
  const bytes = takeSnapshot(server);

  test('is refused wherever it is cut', () => {
    for (let size = 0; size < bytes.length; size++) {
      expect(faultOf(bytes.slice(0, size))).toMatch(/ at byte \d+$/);
    }
  });

  test('is refused whichever byte is another', () => {
    for (let at = 0; at < bytes.length; at++) {
      const torn = bytes.slice();
      torn[at] ^= 1 << (at & 7);
      expect(faultOf(torn)).not.toBe('');
    }
  });

  test('without a checksum, it is refused or whole', () => {
    for (let at = 9; at < bytes.length - 8; at++) {
      const torn = bytes.slice();
      torn[at] ^= 1 << ((at * 5) & 7);
      torn.fill(0, bytes.length - 8);
      faultOf(torn);
      expect(spare.audit()).toBeUndefined();
    }
  });
});

describe('files of other versions', () => {
  function load(bytes: Uint8Array): Offline {
    const server = openOffline({ maxmemory: '4mb' });
    loadSnapshot(server, bytes);
    return server;
  }

  test('version 1 has no checksum and counts in seconds', () => {
    const server = load(
      fileOf('0001', 254, 3, 253, 0xff, 0xff, 0xff, 0x7f, 0, ...text('k'), ...text('v')),
    );
    expect(server.run('SELECT', '3')).toBe('+OK\r\n');
    expect(server.run('GET', 'k')).toBe('$1\r\nv\r\n');
    expect(server.run('EXPIRETIME', 'k')).toBe(':2147483647\r\n');
  });

  test('every version up to that of Redis 7.2 is read, and no other', () => {
    for (let version = 1; version <= 11; version++) {
      const server = load(fileOf(String(version).padStart(4, '0'), 0, ...text('k'), ...text('v')));
      expect(server.run('GET', 'k')).toBe('$1\r\nv\r\n');
    }
    expect(faultOf(fileOf('0012'))).toBe("Can't handle RDB format version 12 at byte 0");
    expect(faultOf(fileOf('0000'))).toBe("Can't handle RDB format version 0 at byte 0");
    expect(faultOf(fileOf('00x1'))).toBe("Can't handle RDB format version 0 at byte 0");
    expect(faultOf(latin1Bytes('RODIS0010\xff'))).toBe(
      'Wrong signature trying to load DB from file at byte 0',
    );
  });

  test('keys past their deadline, and those that hold nothing, are passed over', () => {
    const bytes = fileOf(
      '0009',
      ...[252, 1, 0, 0, 0, 0, 0, 0, 0, 0, ...text('gone'), ...text('v')],
      ...[1, ...text('empty'), 0],
      ...[0, ...text('there'), ...text('v')],
    );
    const server = openOffline({ maxmemory: '4mb' });
    const { loaded, expired, empty } = loadSnapshot(server, bytes);
    expect({ loaded, expired, empty }).toEqual({ loaded: 1, expired: 1, empty: 1 });
    expect(server.run('KEYS', '*')).toBe('*1\r\n$5\r\nthere\r\n');
  });

  test('how long a key was not used, or how often it was, goes where it means something', () => {
    const idle = fileOf('0009', 248, 100, 0, ...text('k'), ...text('v'));
    const often = fileOf('0009', 249, 77, 0, ...text('k'), ...text('v'));
    // 100 takes two bytes.
    const bytes = Uint8Array.from([...idle.slice(0, 10), 0x40, ...idle.slice(10)]);
    expect(load(bytes).run('OBJECT', 'IDLETIME', 'k')).toBe(':100\r\n');
    const server = openOffline({ maxmemory: '4mb', 'maxmemory-policy': 'allkeys-lfu' });
    loadSnapshot(server, often);
    expect(server.run('OBJECT', 'FREQ', 'k')).toBe(':77\r\n');
  });

  test('what it says of itself, and may be passed over, is', () => {
    const aux = [
      250,
      ...text('redis-ver'),
      ...text('3.2.0'),
      250,
      ...text('new'),
      ...text('thing'),
    ];
    const server = openOffline({ maxmemory: '4mb' });
    const { fields } = loadSnapshot(server, fileOf('0007', ...aux, 254, 0, 251, 1, 0));
    expect(fields.get('redis-ver')).toBe('3.2.0');
  });
});

describe('what the log is told', () => {
  test('of what a file says of itself', () => {
    const { instance, clock } = openOffline({ maxmemory: '4mb' });
    const lines: string[] = [];
    const note = (line: string): number => lines.push(line);
    const log: Log = { ...silentLog, notice: note, debug: (line) => note(`debug: ${line}`) };
    const { keyspace, config } = instance;
    const databases = keyspace.databases;
    const load = new RdbLoad({ databases, libraries: undefined, config: config.values, log });
    const fields = {
      'redis-ver': '3.2.0',
      'redis-bits': '64',
      ctime: String(clock.now() / 1000 - 90),
      'used-mem': '1572864',
      'aof-preamble': '1',
      'aof-base': '0',
      '%note': 'hello',
      other: 'x',
    };
    const aux = Object.entries(fields).flatMap(([name, value]) => [
      ...[250, ...text(name), ...text(value)],
    ]);
    const reader = new RdbReader(bytesSource(fileOf('0010', ...aux)), load, true);
    while (reader.next());
    expect(lines).toEqual([
      'Loading RDB produced by version 3.2.0',
      'RDB age 90 seconds',
      'RDB memory usage when created 1.50 Mb',
      'RDB has an AOF tail',
      "RDB '%note': hello",
      "debug: Unrecognized RDB AUX field: 'other'",
    ]);
  });

  test('of what is torn, in the words of Redis', () => {
    const linesOf = (...bytes: readonly number[]): readonly string[] => {
      try {
        loadSnapshot(spare, fileOf('0009', ...bytes));
      } catch (error) {
        if (error instanceof Corrupt) return error.lines;
      }
      return [];
    };
    expect(linesOf(13, ...text('k'), ...text('no ziplist'))).toEqual([
      'Internal error in RDB reading offset 23 -> Hash ziplist integrity check failed',
    ]);
    // A zipmap of nothing, which no version wrote.
    expect(linesOf(9, ...text('k'), 2, 0, 255)).toEqual([
      'Internal error in RDB reading offset 15 -> Zipmap integrity check failed',
    ]);
    expect(linesOf(0, ...text('k'), 60)).toEqual([
      'Short read or OOM loading DB. Unrecoverable error, aborting now.',
      'Internal error in RDB reading offset 13 -> Unexpected EOF reading RDB file',
    ]);
  });
});

test('a wrong checksum is none where it is not looked at', () => {
  const bytes = fileOf('0009', 0, ...text('k'), ...text('v'));
  bytes[bytes.length - 1] = 1;
  expect(faultOf(bytes)).toMatch(/^RDB CRC error at byte \d+/);
  const server = openOffline({ maxmemory: '4mb' });
  const { keyspace, config } = server.instance;
  const target = { databases: keyspace.databases, libraries: undefined, config: config.values };
  const reader = new RdbReader(bytesSource(bytes), new RdbLoad(target), false);
  while (reader.next());
  expect(server.run('GET', 'k')).toBe('$1\r\nv\r\n');
});

test('DEBUG SET-SKIP-CHECKSUM-VALIDATION: dumps need no checksum, but a version', () => {
  const server = openOffline({ maxmemory: '4mb', 'enable-debug-command': 'yes' });
  const payload = '\x00\x01v\x0a\x00\x01\x02\x03\x04\x05\x06\x07\x08';
  const wrong = '-ERR DUMP payload version or checksum are wrong\r\n';
  expect(server.run('RESTORE', 'k', '0', payload)).toBe(wrong);
  server.run('DEBUG', 'SET-SKIP-CHECKSUM-VALIDATION', '1');
  expect(server.run('RESTORE', 'k', '0', payload)).toBe('+OK\r\n');
  expect(server.run('RESTORE', 'other', '0', payload.replace('\x0a', '\x0c'))).toBe(wrong);
  server.run('DEBUG', 'SET-SKIP-CHECKSUM-VALIDATION', '0');
  expect(server.run('RESTORE', 'other', '0', payload)).toBe(wrong);
});

describe('what is refused', () => {
  const ID = [0x81, 0x4b, 0x9b, 0x6d, 0x31, 0x44, 0x2d, 0x04, 0x01];

  test.each([
    ['an unknown type', [99, ...text('k')], /^Unknown RDB encoding type 99 at byte 12, in what/],
    [
      'a value of a module',
      [7, ...text('k'), ...ID],
      /no matching module type 'S[\w-]{8}' at byte/,
    ],
    ['a value of a module of old', [6, ...text('k')], /^Pre-release module format not supported/],
    ['data of a module', [247, ...ID], /AUX .*: no matching module 'S[\w-]{8}' at byte/],
    ['a function of old', [246], /^Pre-release function format not supported/],
    [
      'a database that is not there',
      [254, 16, 0, ...text('k'), ...text('v')],
      'Data file was created with a Redis server configured to handle more than 16 databases',
    ],
    [
      'a key twice',
      [0, ...text('k'), ...text('v'), 0, ...text('k'), ...text('w')],
      "RDB has duplicated key 'k' in DB 0",
    ],
    [
      'a string that ends nowhere',
      [0, ...text('k'), 50, 1],
      /^Unexpected EOF reading RDB file at byte 13/,
    ],
    [
      'more than a file can hold',
      [1, 1, 0x6b, 0x81, 127, 0, 0, 0, 0, 0, 0, 0],
      /^Unexpected EOF reading RDB file/,
    ],
    ['a library that is none', [245, ...text('return 1')], /^Failed loading library, Missing/],
  ])('%s', (_, bytes, message) => {
    expect(faultOf(fileOf('0010', ...bytes))).toMatch(message);
  });

  test('more than the zone holds, where nothing may be evicted', () => {
    const server = openOffline({ maxmemory: '4mb', rdbcompression: 'no' });
    for (let i = 0; i < 20; i++) server.run('SET', `key:${i}`, `${i}`.repeat(30_000));
    const bytes = takeSnapshot(server);
    expect(faultOf(bytes, { maxmemory: '256kb' })).toMatch(
      /^what the file holds does not fit in the zone 'default' of 262144 bytes/,
    );
    expect(faultOf(bytes, { maxmemory: '256kb', 'maxmemory-policy': 'allkeys-lru' })).toBe('');
  });
});

test('libraries of functions go along', () => {
  const code = "#!lua name=lib\nredis.register_function('f', function() return 7 end)";
  const server = openOffline({ maxmemory: '4mb' });
  server.run('FUNCTION', 'LOAD', code);
  const other = openOffline({ maxmemory: '4mb' });
  loadSnapshot(other, takeSnapshot(server));
  expect(other.run('FCALL', 'f', '0')).toBe(':7\r\n');
});

test('times consumers were active go along, which Redis 7.0 has no words for', () => {
  const server = openOffline({ maxmemory: '4mb' });
  server.run('XADD', 's', '1-1', 'a', 'b');
  server.run('XGROUP', 'CREATE', 's', 'g', '0');
  server.run('XREADGROUP', 'GROUP', 'g', 'c', 'STREAMS', 's', '>');
  server.clock.advance(1000);
  server.run('XREADGROUP', 'GROUP', 'g', 'c', 'STREAMS', 's', '>');
  const other = openOffline({ maxmemory: '4mb' });
  other.clock.advance(1000);
  loadSnapshot(other, takeSnapshot(server));
  expect(other.run('XINFO', 'CONSUMERS', 's', 'g')).toBe(
    server.run('XINFO', 'CONSUMERS', 's', 'g'),
  );
  expect(other.run('DUMP', 's')).toBe(server.run('DUMP', 's'));
});

test('sessions are in their indexes as before, and leave them as before', () => {
  const server = openOffline({ maxmemory: '4mb' });
  server.run('SESSION.SET', 'web', 'k1', 'v1', '60', 'META', '1', 'user', '7');
  server.run('SESSION.SET', 'web', 'k2', 'v2', '60', 'META', '1', 'user', '7');
  // Of another seed: its hashes are others.
  const other = openOffline({ maxmemory: '4mb' }, { seed: 2 });
  loadSnapshot(other, takeSnapshot(server, 'sessions'), 'sessions');
  other.run('SELECT', '16');
  expect(other.run('ZRANGE', 'web:user:7', '0', '-1')).toBe('*2\r\n$2\r\nk1\r\n$2\r\nk2\r\n');
  other.run('DEL', 'web:k1');
  expect(other.run('ZRANGE', 'web:user:7', '0', '-1')).toBe('*1\r\n$2\r\nk2\r\n');
  other.run('DEL', 'web:k2');
  expect(other.run('EXISTS', 'web:user:7')).toBe(':0\r\n');
});
