/**
 * RDB files of every version, and every type each of them had: what is loaded is what was written,
 * and what redis-server loads from the same bytes.
 */

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { SeededRandom } from '../../src/std/random.ts';
import { type Offline, openOffline } from '../support/offline.ts';
import {
  type Bytes,
  big,
  binaryScore,
  bulk,
  bytesOf,
  compressedTwice,
  integer,
  intset,
  length,
  listpack,
  little,
  rdbFile,
  textScore,
  ziplist,
  zipmap,
} from '../support/rdb-file.ts';
import { findRedis, type Running, startRedis } from '../support/redis.ts';
import { RespClient } from '../support/resp-client.ts';
import { loadSnapshot } from '../support/snapshot.ts';

const LATEST = 11;
const LONG = 'long '.repeat(60);
const WIDE = 'w'.repeat(20_000);
/** Every size of an integer, and the text of one. */
const NUMBERS = [0, 12, 13, -1, 127, -128, 128, 4095, -4096, 4096, 32767, -32768, 8388607] as const;
const GREAT = [-8388608, 8388608, 2147483647, -2147483648, 9223372036854775807n] as const;
const MIXED = ['a', ...NUMBERS, ...GREAT, LONG, '', 'z'] as const;

/** A key: its type, its value, and what a command replies about it. */
interface Sample {
  readonly type: number;
  /** The version of the first files that had it. */
  readonly since: number;
  readonly value: Bytes;
  readonly read: readonly string[];
  readonly replies: readonly (string | number | bigint)[];
  /** Whether the order of the replies is theirs. */
  readonly isSorted?: boolean;
}

const string = (value: Bytes, text: string): Sample => ({
  type: 0,
  since: 1,
  value,
  read: ['GET'],
  replies: [text],
});
const listOf = (
  type: number,
  since: number,
  value: Bytes,
  replies: Sample['replies'] = MIXED,
): Sample => ({ type, since, value, read: ['LRANGE', '0', '-1'], replies });
const setOf = (type: number, since: number, value: Bytes, replies: Sample['replies']): Sample => ({
  type,
  since,
  value,
  read: ['SMEMBERS'],
  replies,
  isSorted: true,
});
const hashOf = (type: number, since: number, value: Bytes, replies: Sample['replies']): Sample => ({
  type,
  since,
  value,
  read: ['HGETALL'],
  replies,
  isSorted: true,
});
const sortedOf = (type: number, since: number, value: Bytes): Sample => ({
  type,
  since,
  value,
  read: ['ZRANGE', '0', '-1', 'WITHSCORES'],
  replies: SCORED.flatMap(([member, score]) => [member, scoreText(score)]),
});

const SCORED: readonly (readonly [string, number])[] = [
  ['least', Number.NEGATIVE_INFINITY],
  ['b', -2.5],
  ['a', 0],
  ['c', 3],
  ['d', 1e21],
  ['most', Number.POSITIVE_INFINITY],
];
const scoreText = (score: number): string =>
  Number.isFinite(score) ? String(score) : score > 0 ? 'inf' : '-inf';
const ALTERNATING = SCORED.flatMap(([member, score]) => [
  member,
  Number.isInteger(score) && score < 1e9 ? score : scoreText(score),
]);
const PAIRS = ['f', 'v', 'number', '-12', 'long', LONG.slice(0, 64), '', 'empty'];
const LONG_PAIRS = ['f', 'v', 'long', LONG];
const MEMBERS = ['a', '5', LONG.slice(0, 64)];
const many = Array.from({ length: 300 }, (_, i) => `element ${i}`);

/** An id as a key of the tree of nodes, and as it stands elsewhere. */
const rawId = (ms: number, seq: number): Bytes => [big(ms, 8), big(seq, 8)];
const id = (ms: number, seq: number): Bytes => [length(ms), length(seq)];

/** A log of 5-1 and 7-0, of which 6-2 was deleted, with a group of two consumers. */
function stream(type: number, since: number): Sample {
  const isNew = type >= 19;
  const nodes = [
    length(1),
    bulk(rawId(5, 1)),
    bulk(
      listpack([
        ...[2, 1, 1, 'f', 0],
        ...[2, 0, 0, 'v', 4],
        ...[3, 1, 1, 'gone', 4],
        ...[0, 2, -1, 2, 'f', 'w', 'n', 12, 8],
      ]),
    ),
  ];
  const log = [length(2), id(8, 0), isNew ? [id(5, 1), id(6, 2), length(3)] : []];
  const consumer = (name: string, ...pending: readonly Bytes[]): Bytes => [
    bulk(name),
    little(1_600_000_000_000, 8),
    type === 21 ? little(1_600_000_000_123, 8) : [],
    length(pending.length),
    pending,
  ];
  const group = [
    bulk('g'),
    id(7, 0),
    isNew ? length(3) : [],
    length(2),
    [rawId(5, 1), little(1_600_000_000_000, 8), length(3)],
    [rawId(7, 0), little(1_600_000_000_001, 8), length(1)],
    length(2),
    consumer('alice', rawId(5, 1), rawId(7, 0)),
    consumer('bob'),
  ];
  return {
    type,
    since,
    value: [nodes, log, length(1), group],
    read: ['XRANGE', '-', '+'],
    replies: ['5-1', 'f', 'v', '7-0', 'f', 'w', 'n', '12'],
  };
}

const SAMPLES: Readonly<Record<string, Sample>> = {
  'string: as it is': string(bulk('value'), 'value'),
  'string: empty': string(bulk(''), ''),
  'string: a length of 14 bits': string(bulk(LONG), LONG),
  'string: a length of 32 bits': string(bulk(WIDE), WIDE),
  'string: a length in more bytes than it takes': string([length(2, 9), 'ab'], 'ab'),
  'string: an integer of 8 bits': string(integer(-5, 1), '-5'),
  'string: an integer of 16 bits': string(integer(-1234, 2), '-1234'),
  'string: an integer of 32 bits': string(integer(-123456789, 4), '-123456789'),
  'string: compressed': string(compressedTwice('0123456789ab'), '0123456789ab0123456789ab'),
  list: listOf(1, 1, [length(3), bulk('a'), integer(7, 1), bulk(LONG)], ['a', 7, LONG]),
  'list: of many': listOf(1, 1, [length(300), many.map(bulk)], many),
  set: setOf(2, 1, [length(3), MEMBERS.map(bulk)], MEMBERS),
  'set: of integers': setOf(2, 1, [length(2), integer(3, 1), bulk('-70000')], [3, -70000]),
  'set: of many': setOf(2, 1, [length(300), many.map(bulk)], many),
  'sorted set': sortedOf(3, 1, [
    length(SCORED.length),
    SCORED.map(([member, score]) => [bulk(member), textScore(score)]),
  ]),
  hash: hashOf(4, 1, [length(4), PAIRS.map(bulk)], PAIRS),
  'hash: a long value': hashOf(4, 1, [length(2), LONG_PAIRS.map(bulk)], LONG_PAIRS),
  'hash: of many': hashOf(4, 1, [length(150), many.map(bulk)], many),
  'sorted set: binary scores': sortedOf(5, 8, [
    length(SCORED.length),
    SCORED.map(([member, score]) => [bulk(member), binaryScore(score)]),
  ]),
  zipmap: hashOf(9, 2, bulk(zipmap(PAIRS)), PAIRS),
  'zipmap: a long value': hashOf(9, 2, bulk(zipmap(LONG_PAIRS)), LONG_PAIRS),
  'zipmap: with free bytes': hashOf(9, 2, bulk(zipmap(PAIRS, 3)), PAIRS),
  'list: ziplist': listOf(10, 2, bulk(ziplist(MIXED))),
  'list: ziplist, wide': listOf(10, 2, bulk(ziplist([WIDE, 'b'])), [WIDE, 'b']),
  'set: intset of 16 bits': setOf(11, 2, bulk(intset([-32768n, 0n, 5n], 2)), [-32768, 0, 5]),
  'set: intset of 32 bits': setOf(11, 2, bulk(intset([-70000n, 2n], 4)), [-70000, 2]),
  'set: intset of 64 bits': setOf(11, 2, bulk(intset([-1n, 1n << 62n], 8)), [-1, 1n << 62n]),
  'sorted set: ziplist': sortedOf(12, 2, bulk(ziplist(ALTERNATING))),
  'hash: ziplist': hashOf(13, 4, bulk(ziplist(PAIRS)), PAIRS),
  quicklist: listOf(
    14,
    7,
    [length(2), bulk(ziplist(MIXED)), bulk(ziplist(['last']))],
    [...MIXED, 'last'],
  ),
  'quicklist: with a node of nothing': listOf(
    14,
    7,
    [length(2), bulk(ziplist([])), bulk(ziplist(['last']))],
    ['last'],
  ),
  stream: stream(15, 9),
  'hash: listpack': hashOf(16, 10, bulk(listpack(PAIRS)), PAIRS),
  'sorted set: listpack': sortedOf(17, 10, bulk(listpack(ALTERNATING))),
  'quicklist of listpacks': listOf(
    18,
    10,
    [length(3), length(2), bulk(listpack(MIXED)), 1, bulk(WIDE), 2, bulk(listpack(['last']))],
    [...MIXED, WIDE, 'last'],
  ),
  'stream, with what was deleted': stream(19, 10),
  'set: listpack': setOf(20, 11, bulk(listpack(MEMBERS)), MEMBERS),
  'stream, with when consumers were active': stream(21, 11),
};

/** Unix milliseconds: seconds of 32 bits reach hardly further. */
const DEADLINE = 2_147_483_000_000;

/** Two databases with every sample there was by then, one with deadlines, and a library. */
function fileOf(version: number): Uint8Array {
  const keys = Object.entries(SAMPLES).filter(([, { since }]) => since <= version);
  const plain = keys.map(([name, { type, value }]) => [type, bulk(name), value]);
  const timed = keys.map(([name, { type, value }]) => [
    version < 3 ? [253, little(DEADLINE / 1000, 4)] : [252, little(DEADLINE + 123, 8)],
    version < 9 ? [] : [248, length(1000)],
    [type, bulk(name), value],
  ]);
  const aux = (name: string, value: string): Bytes => [250, bulk(name), bulk(value)];
  const code = "#!lua name=lib\nredis.register_function('f', function() return 7 end)";
  return rdbFile(
    version,
    version < 7 ? [] : [aux('redis-ver', '7.0.0'), aux('unheard-of', 'x')],
    version < 10 ? [] : [245, bulk(code)],
    [254, 0, version < 7 ? [] : [251, length(keys.length), 0], plain],
    [254, 5, version < 7 ? [] : [251, length(keys.length), length(keys.length)], timed],
  );
}

type Ask = (...words: readonly string[]) => Promise<string>;

/** Every bulk string of a reply. */
function textsOf(raw: string): string[] {
  const texts: string[] = [];
  for (let at = raw.indexOf('$'); at >= 0; ) {
    const begin = raw.indexOf('\r\n', at) + 2;
    const end = begin + Number(raw.slice(at + 1, begin - 2));
    texts.push(raw.slice(begin, end));
    at = raw.indexOf('$', end);
  }
  return texts;
}

async function tell(ask: Ask, name: string, { read, isSorted }: Sample): Promise<string[]> {
  const [command, ...rest] = read;
  const texts = textsOf(await ask(command, name, ...rest));
  return isSorted ? texts.sort() : texts;
}

/** What is beside the value. `isOld`: as far as Redis 7.0 tells and does the same. */
async function factsOf(ask: Ask, name: string, sample: Sample, isOld: boolean): Promise<string[]> {
  const questions = [
    ['DEBUG', 'DIGEST-VALUE', name],
    ['TYPE', name],
    ['PEXPIRETIME', name],
  ];
  // Redis 7.2 has lists and sets of one listpack, and knows when a consumer was active.
  // There, what was a quicklist stays one until something is taken from it.
  if (!isOld && sample.read[0] !== 'LRANGE') questions.push(['OBJECT', 'ENCODING', name]);
  if (sample.read[0] === 'XRANGE') {
    questions.push(['XPENDING', name, 'g'], ['XINFO', 'GROUPS', name]);
    if (!isOld) questions.push(['XINFO', 'STREAM', name, 'FULL']);
  }
  const facts: string[] = [];
  for (const words of questions) {
    // The tree of nodes is Redis's own.
    facts.push((await ask(...words)).replace(/radix-tree-(keys|nodes)\r\n:\d+/g, ''));
  }
  return facts;
}

function loaded(bytes: Uint8Array): Offline {
  const server = openOffline({ maxmemory: '8mb', 'enable-debug-command': 'yes' });
  const { loaded, empty } = loadSnapshot(server, bytes);
  expect(empty).toBe(0);
  expect(loaded).toBeGreaterThan(10);
  expect(server.audit()).toBeUndefined();
  return server;
}

const versions = Array.from({ length: LATEST }, (_, i) => i + 1);

describe('a file of version', () => {
  test.each(versions)('%i holds what was written', async (version) => {
    const server = loaded(fileOf(version));
    const ask: Ask = (...words) => Promise.resolve(server.run(...words));
    for (const database of ['0', '5']) {
      server.run('SELECT', database);
      for (const [name, sample] of Object.entries(SAMPLES)) {
        if (sample.since > version) {
          expect(server.run('EXISTS', name)).toBe(':0\r\n');
          continue;
        }
        if (database === '5' && version >= 9) {
          expect(server.run('OBJECT', 'IDLETIME', name)).toBe(':1000\r\n');
        }
        const replies = sample.replies.map(String);
        if (sample.isSorted) replies.sort();
        expect([name, await tell(ask, name, sample)]).toEqual([name, replies]);
        const deadline = version < 3 ? DEADLINE : DEADLINE + 123;
        const expected = database === '0' ? -1 : deadline;
        expect(server.run('PEXPIRETIME', name)).toBe(`:${expected}\r\n`);
      }
    }
    if (version >= 10) expect(server.run('FCALL', 'f', '0')).toBe(':7\r\n');
  });
});

const binary = findRedis();

describe.skipIf(binary === undefined)('redis-server loads the same from a file of version', () => {
  const folder = mkdtempSync(join(tmpdir(), 'zonis-versions-'));
  let redis: Running;
  let client: RespClient;
  beforeAll(async () => {
    redis = await startRedis(binary as string, ['--dir', folder, '--dbfilename', 'dump.rdb']);
    client = await RespClient.connect(redis.address);
  });
  afterAll(async () => {
    client.close();
    await redis.close();
    rmSync(folder, { recursive: true });
  });

  test.for(versions)('%i', async (version, { skip }) => {
    const isOld = redis.version.startsWith('7.0');
    // It does not read what 7.2 writes.
    if (version === LATEST && isOld) skip();
    const bytes = fileOf(version);
    const server = loaded(bytes);
    writeFileSync(join(folder, 'dump.rdb'), bytes);
    const there: Ask = async (...words) => (await client.call(...words)).raw;
    expect(await there('DEBUG', 'RELOAD', 'NOSAVE')).toBe('+OK\r\n');
    const here: Ask = (...words) => Promise.resolve(server.run(...words));
    for (const database of ['0', '5']) {
      for (const ask of [here, there]) await ask('SELECT', database);
      expect(await here('DBSIZE')).toBe(await there('DBSIZE'));
      for (const [name, sample] of Object.entries(SAMPLES)) {
        if (sample.since > version) continue;
        const all = async (ask: Ask): Promise<string[]> => [
          ...(await tell(ask, name, sample)),
          ...(await factsOf(ask, name, sample, isOld)),
        ];
        expect([name, await all(here)]).toEqual([name, await all(there)]);
      }
    }
  });
});

/** Payloads that are torn and compared; TORN_PAYLOADS says how many, where there is time. */
const TORN = Number(process.env['TORN_PAYLOADS'] ?? 4000);
const BATCH = 100;
const EDGES = [0, 1, 127, 128, 254, 255];

/** Bytes with one to three of them changed, the first aside. */
function torn(random: SeededRandom, bytes: Uint8Array): Uint8Array {
  const copy = bytes.slice();
  for (let left = 1 + random.below(3); left > 0; left--) {
    const at = 1 + random.below(bytes.length - 1);
    const ways = [copy[at] ^ (1 << random.below(8)), random.below(256), copy[at] + 1, copy[at] - 1];
    const way = random.below(ways.length + 1);
    copy[at] = way < ways.length ? ways[way] : EDGES[random.below(EDGES.length)];
  }
  return copy;
}

test.skipIf(binary === undefined)(
  'of torn payloads nothing is taken but as Redis takes it',
  async () => {
    const redis = await startRedis(binary as string, ['--sanitize-dump-payload', 'yes']);
    const client = await RespClient.connect(redis.address);
    const isOld = redis.version.startsWith('7.0');
    const latest = isOld ? LATEST - 1 : LATEST;
    const server = openOffline({ maxmemory: '8mb', 'enable-debug-command': 'yes' });
    const skip = ['DEBUG', 'SET-SKIP-CHECKSUM-VALIDATION', '1'];
    server.run(...skip);
    await client.call(...skip);
    const bodies = Object.values(SAMPLES)
      // Redis 7.0 writes other digits of a score into a digest.
      .filter(({ since, read }) => since <= latest && !(isOld && read[0] === 'ZRANGE'))
      .map(({ type, value }) => bytesOf(type, value))
      .filter(({ length }) => length < 600);
    const random = new SeededRandom(7);
    let taken = 0;
    for (let done = 0; done < TORN; done += BATCH) {
      const payloads = Array.from({ length: BATCH }, () => {
        const body = torn(random, bodies[random.below(bodies.length)]);
        return Buffer.from(bytesOf(body, latest, 0, [0, 0, 0, 0, 0, 0, 0, 0]));
      });
      const requests = payloads.flatMap((payload) => [
        ['RESTORE', 'k', '0', payload, 'REPLACE'],
        ['DEBUG', 'DIGEST-VALUE', 'k'],
        ['DEL', 'k'],
      ]);
      const answers = await client.pipeline(requests);
      for (const [i, payload] of payloads.entries()) {
        const ours = server.run('RESTORE', 'k', '0', payload.toString('latin1'), 'REPLACE');
        const digest = server.run('DEBUG', 'DIGEST-VALUE', 'k');
        server.run('DEL', 'k');
        if (ours !== '+OK\r\n') continue;
        taken++;
        const theirs = [answers[i * 3].raw, answers[i * 3 + 1].raw];
        expect([payload.toString('hex'), ours, digest]).toEqual([
          payload.toString('hex'),
          ...theirs,
        ]);
      }
    }
    client.close();
    await redis.close();
    expect(taken).toBeGreaterThan(TORN / 5);
    expect(server.audit()).toBeUndefined();
  },
  60_000 + TORN,
);

test('compressed text is what it says', () => {
  expect(compressedTwice('0123456789ab').length).toBeLessThan(24);
  expect(bytesOf('a', [1, [2]])).toEqual(Uint8Array.of(97, 1, 2));
});
