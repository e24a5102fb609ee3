/** Files of snapshots, exchanged with redis-server both ways: every key is the same there and here. */

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { type RunningServer, startServer } from '../../src/index.ts';
import { findRedis, type Running, startRedis } from '../support/redis.ts';
import { type Address, RespClient } from '../support/resp-client.ts';

const binary = findRedis();
const folder = mkdtempSync(join(tmpdir(), 'zonis-interchange-'));
afterAll(() => rmSync(folder, { recursive: true }));

const many = (count: number, each: (i: number) => readonly (string | number)[]): string[] =>
  Array.from({ length: count }, (_, i) => each(i).map(String)).flat();
const LONG = 'x'.repeat(100);

/** A key of every type and encoding. */
const FILL: readonly (readonly string[])[] = [
  ['SET', 'string', 'hello'],
  ['SET', 'empty', ''],
  ['SET', 'integer', '-12345'],
  ['SET', 'long', '9223372036854775807'],
  ['SET', 'packed', 'abc'.repeat(1000)],
  ['SET', 'k'.repeat(70_000), 'long key'],
  ['SET', 'timed', 'x', 'PXAT', '4102444800123'],
  ['SETBIT', 'bits', '1000', '1'],
  ['PFADD', 'hll', ...many(50, (i) => [i])],
  ['RPUSH', 'list', 'a', '300', '-5', 'ä'],
  ['RPUSH', 'quicklist', ...many(3000, (i) => [`element ${i}`]), 'y'.repeat(10_000)],
  ['SADD', 'intset', '1', '-70000', '5000000000'],
  ['SADD', 'set', 'a', 'b', '3'],
  ['SADD', 'members', ...many(600, (i) => [`member ${i}`])],
  ['HSET', 'hash', 'a', '1', 'f', LONG.slice(40)],
  ['HSET', 'table', ...many(600, (i) => [`field ${i}`, i])],
  ['ZADD', 'zset', '1', 'a', '-2.5', 'b', 'inf', 'c', '0.1', 'd'],
  ['ZADD', 'tree', ...many(600, (i) => [i / 7, `member ${i}`])],
  ...Array.from({ length: 250 }, (_, i) => ['XADD', 'stream', `${i + 1}-1`, 'f', `v${i}`]),
  ['XDEL', 'stream', '3-1', '250-1'],
  ['XGROUP', 'CREATE', 'stream', 'g', '0'],
  ['XGROUP', 'CREATE', 'stream', 'empty', '$'],
  ['XREADGROUP', 'GROUP', 'g', 'alice', 'COUNT', '3', 'STREAMS', 'stream', '>'],
  ['XREADGROUP', 'GROUP', 'g', 'bob', 'COUNT', '2', 'STREAMS', 'stream', '>'],
  ['XADD', 'drained', '1-1', 'a', 'b'],
  ['XDEL', 'drained', '1-1'],
  ['FUNCTION', 'LOAD', "#!lua name=lib\nredis.register_function('f', function() return 7 end)"],
  ['SELECT', '9'],
  ['SET', 'elsewhere', 'nine'],
];

async function fill(address: Address): Promise<void> {
  const client = await RespClient.connect(address);
  for (const words of FILL) {
    const { tree } = await client.call(...words);
    expect([words[0], tree.type]).not.toEqual([words[0], 'error']);
  }
  await client.call('SAVE');
  client.close();
}

const READS: Readonly<Record<string, (key: string) => string[][]>> = {
  string: (key) => [['GET', key]],
  list: (key) => [['LRANGE', key, '0', '-1']],
  set: (key) => [['SORT', key, 'ALPHA']],
  hash: (key) => [['HGETALL', key]],
  zset: (key) => [['ZRANGE', key, '0', '-1', 'WITHSCORES']],
  stream: (key) => [
    ['XRANGE', key, '-', '+'],
    ['XINFO', 'STREAM', key, 'FULL', 'COUNT', '0'],
  ],
};

/** What a server tells of all its keys: values, deadlines, encodings, and streams in full. */
async function allOf(address: Address): Promise<Record<string, string>> {
  const client = await RespClient.connect(address);
  const ask = async (...words: string[]): Promise<string> =>
    JSON.stringify((await client.call(...words)).tree);
  const all: Record<string, string> = {};
  for (const database of ['0', '9']) {
    await client.call('SELECT', database);
    const { tree } = await client.call('KEYS', '*');
    for (const { text } of tree.items ?? []) {
      const key = text ?? '';
      const type = (await client.call('TYPE', key)).tree.text ?? '';
      const parts = [type, await ask('PEXPIRETIME', key), await ask('OBJECT', 'ENCODING', key)];
      for (const words of READS[type](key)) parts.push(await ask(...words));
      // The order of what lies in a table is its own.
      if (type === 'hash') parts[3] = String(parts[3].match(/"text":"[^"]*"/g)?.sort());
      all[`${database} ${key.slice(0, 20)}`] = parts.join(' ');
    }
  }
  all.functions = await ask('FUNCTION', 'LIST', 'WITHCODE');
  client.close();
  return all;
}

describe.skipIf(binary === undefined)('every key is the same', () => {
  const redis = (file: string): Promise<Running> =>
    startRedis(binary as string, ['--dir', folder, '--dbfilename', file]);
  const ours = (file: string): Promise<RunningServer> =>
    startServer({ config: { dir: folder, dbfilename: file } });

  /** Fills a server, has another load its file and save, and compares it with one that loads that. */
  async function wayThere(
    home: (file: string) => Promise<RunningServer | Running>,
    abroad: (file: string) => Promise<RunningServer | Running>,
    file: string,
  ): Promise<void> {
    const first = await home(file);
    await fill(first.address);
    const expected = await allOf(first.address);
    await first.close();
    const second = await abroad(file);
    const client = await RespClient.connect(second.address);
    expect((await client.call('SAVE')).raw).toBe('+OK\r\n');
    client.close();
    await second.close();
    const third = await home(file);
    const found = await allOf(third.address);
    await third.close();
    expect(Object.keys(expected).length).toBeGreaterThan(20);
    expect(found).toEqual(expected);
  }

  test('of redis-server, when we have loaded and saved its file', () =>
    wayThere(redis, ours, 'of-redis.rdb'));

  test('of ours, when redis-server has loaded and saved it', () =>
    wayThere(ours, redis, 'of-ours.rdb'));
});
