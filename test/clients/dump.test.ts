/** Values that travel by DUMP and RESTORE, from redis-server to here and back. */

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type RunningServer, startServer } from '../../src/index.ts';
import { findRedis, isAtLeast, type Running, startRedis } from '../support/redis.ts';
import { type Arg, RespClient } from '../support/resp-client.ts';

const words = (count: number, size: number): string[] =>
  Array.from({ length: count }, (_, i) => `${i}:${'w'.repeat(size)}`);
const zipped = (a: readonly Arg[], b: readonly Arg[]): Arg[] => a.flatMap((x, i) => [x, b[i]]);
const NUMBERS = [
  '0',
  '-1',
  '127',
  '128',
  '-32769',
  '2147483648',
  '9223372036854775807',
  '007',
  '1.5',
];

/** What makes the key `k`, by name. */
const VALUES: Record<string, readonly (readonly Arg[])[]> = {
  'an empty string': [['SET', 'k', '']],
  ...Object.fromEntries(NUMBERS.map((n) => [`the string ${n}`, [['SET', 'k', n]]])),
  bytes: [['SET', 'k', '\0\xff\r\n\x80']],
  'a string that packs well': [['SET', 'k', 'abc'.repeat(5000)]],
  'a string that does not': [['SET', 'k', words(300, 3).join('')]],
  'a string of 200,000 bytes': [['SET', 'k', words(3000, 61).join('')]],
  'a small list': [['RPUSH', 'k', 'a', '', '12', '-7', 'x'.repeat(70)]],
  'a long list': [['RPUSH', 'k', ...words(3000, 20)]],
  'a list with a large element': [['RPUSH', 'k', 'a', 'y'.repeat(20_000), 'b']],
  'a small hash': [['HSET', 'k', ...zipped(['a', '', '3'], ['1', 'x', ''])]],
  'a hash of one long value': [['HSET', 'k', 'f', 'v'.repeat(100)]],
  'a large hash': [['HSET', 'k', ...zipped(words(1000, 5), words(1000, 9))]],
  'a set of small integers': [['SADD', 'k', '5', '-3', '1000']],
  'a set of wide integers': [
    ['SADD', 'k', '9007199254740993', '-9223372036854775808', '9223372036854775807', '70000'],
  ],
  'a small set': [['SADD', 'k', 'b', '7', '', 'a', '007']],
  'a set with a long member': [['SADD', 'k', '1', 'a', 'v'.repeat(100)]],
  'a large set of integers': [['SADD', 'k', ...Array.from({ length: 700 }, (_, i) => `${i}`)]],
  'a large set': [['SADD', 'k', ...words(1000, 9)]],
  'a small sorted set': [
    ['ZADD', 'k', ...zipped(['1', '-2.5', 'inf', '1e300', '3'], ['a', '', 'b', '7', 'c'])],
  ],
  'a large sorted set': [
    [
      'ZADD',
      'k',
      ...zipped(
        words(500, 0).map((_, i) => String((i * 7919) % 101)),
        words(500, 8),
      ),
    ],
    ['ZADD', 'k', '-inf', 'least', 'inf', 'most', '0.1', 'tenth'],
  ],
  'a stream': [
    ['XADD', 'k', '1-1', 'field', 'value'],
    ['XADD', 'k', '1-2', 'field', '-12'],
    ['XADD', 'k', '5-18446744073709551615', 'other', '', 'fields', 'x'.repeat(200)],
    ['XADD', 'k', '18446744073709551615-1', 'field', 'value'],
    ['XDEL', 'k', '1-2'],
  ],
  'a stream without entries': [
    ['XADD', 'k', 'MAXLEN', '0', '7-7', 'field', 'value'],
    ['XGROUP', 'CREATE', 'k', 'g', '$', 'ENTRIESREAD', '1'],
  ],
};

/** The same of what Redis 7.2 has more words for. */
const LATE: typeof VALUES = {
  'a long stream with groups': [
    ...words(250, 30).map((word, i) => ['XADD', 'k', `${i + 1}-0`, 'field', word]),
    ['XGROUP', 'CREATE', 'k', 'g', '0'],
    ['XGROUP', 'CREATE', 'k', '', '3', 'ENTRIESREAD', '3'],
    ['XREADGROUP', 'GROUP', 'g', 'a', 'COUNT', '100', 'STREAMS', 'k', '>'],
    ['XREADGROUP', 'GROUP', 'g', 'b', 'COUNT', '20', 'STREAMS', 'k', '>'],
    ['XACK', 'k', 'g', '3-0', '110-0'],
    ['XGROUP', 'CREATECONSUMER', 'k', 'g', 'never active'],
  ],
};

const oracle = findRedis();

describe.skipIf(oracle === undefined)('values go from one server to the other', () => {
  let redis: Running;
  let server: RunningServer;
  let theirs: RespClient;
  let ours: RespClient;

  beforeAll(async () => {
    redis = await startRedis(oracle as string);
    server = await startServer({ config: { 'enable-debug-command': 'yes' } });
    theirs = await RespClient.connect(redis.address);
    ours = await RespClient.connect(server.address);
  });

  afterAll(async () => {
    theirs?.close();
    ours?.close();
    await server?.close();
    await redis?.close();
  });

  async function fill(client: RespClient, requests: readonly (readonly Arg[])[]): Promise<void> {
    await client.call('FLUSHALL');
    for (const request of requests) {
      const { tree } = await client.call(...request);
      expect(tree.type).not.toBe('-');
    }
  }

  /** All that can be asked of the key, as text. */
  async function picture(client: RespClient): Promise<string> {
    const [type, encoding, digest, scores] = await client.pipeline([
      ['TYPE', 'k'],
      ['OBJECT', 'ENCODING', 'k'],
      ['DEBUG', 'DIGEST-VALUE', 'k'],
      ['ZRANGE', 'k', 0, -1, 'WITHSCORES'],
    ]);
    if (type.tree.text === 'stream') return `${digest.raw} ${await pictureOfGroups(client)}`;
    // Before 7.2 the smallest lists were quicklists, and sets of few words hashtables, too, and
    // digests had scores of 17 digits.
    if (type.tree.text === 'list') return `list ${digest.raw}`;
    if (type.tree.text === 'set') return `set ${encoding.tree.text === 'intset'} ${digest.raw}`;
    const shown = `${type.raw} ${encoding.raw}`;
    if (type.tree.text !== 'zset') return `${shown} ${digest.raw}`;
    const items = (scores.tree.items ?? []).map(({ text }) => text ?? '');
    return `${shown} ${items.map((text, at) => (at % 2 === 0 ? text : Number(text))).join(' ')}`;
  }

  async function pictureOfGroups(client: RespClient): Promise<string> {
    const answers = await client.pipeline([
      ['XINFO', 'GROUPS', 'k'],
      ['XPENDING', 'k', 'g'],
      ['XRANGE', 'k', '-', '+'],
    ]);
    return answers.map(({ raw }) => raw).join(' ');
  }

  async function travel(from: RespClient, to: RespClient): Promise<void> {
    const before = await picture(from);
    const { tree } = await from.call('DUMP', 'k');
    await to.call('FLUSHALL');
    const restored = await to.call('RESTORE', 'k', 0, tree.text ?? '');
    expect(restored.raw).toBe('+OK\r\n');
    expect(await picture(to)).toBe(before);
  }

  test.each(Object.keys(VALUES))('%s', async (name) => {
    await fill(ours, VALUES[name]);
    await travel(ours, theirs);
    await fill(theirs, VALUES[name]);
    await travel(theirs, ours);
  });

  test.each(Object.keys(LATE))('%s', async (name) => {
    await fill(theirs, LATE[name]);
    await travel(theirs, ours);
    await fill(ours, LATE[name]);
    if (isAtLeast(redis.version, '7.2')) return await travel(ours, theirs);
    const { tree } = await ours.call('DUMP', 'k');
    const refused = await theirs.call('RESTORE', 'late', 0, tree.text ?? '');
    expect(refused.raw).toBe('-ERR DUMP payload version or checksum are wrong\r\n');
  });
});
