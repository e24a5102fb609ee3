/** Replicas: a redis-server that follows us has what we have, and hears what we do. */

import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { splitWords } from '../../src/instance/config/words.ts';
import { findRedis, type Running, startRedis } from '../support/redis.ts';
import { RespClient } from '../support/resp-client.ts';
import { startOurs } from '../support/server.ts';

const binary = findRedis();

let server: Running;
let client: RespClient;

beforeEach(async () => {
  server = await startOurs({ config: { 'enable-debug-command': 'yes' } });
  client = await RespClient.connect(server.address);
});

afterEach(async () => {
  client.close();
  await server.close();
});

async function ask(line: string, asked = client): Promise<string | null> {
  return (await asked.call(...(splitWords(line) as string[]))).tree.text;
}

describe('a client that sends SYNC', () => {
  it('is sent all there is, and then what is done', async () => {
    await ask('SET before v');
    const replica = await RespClient.connect(server.address);
    expect(await ask('REPLCONF listening-port 7 capa eof', replica)).toBe('OK');
    replica.write('SYNC\r\n');
    // The snapshot is a bulk without an end.
    while (!(await ask('INFO replication'))?.includes('state=online'));
    expect(await ask('INFO replication')).toMatch(
      /connected_slaves:1\r\nslave0:ip=127.0.0.1,port=7,state=online,offset=0,lag=0\r\n/,
    );
    expect(await ask('CLIENT LIST TYPE replica')).toMatch(/flags=S .* cmd=sync /);
    for (const line of [
      'GET before',
      'SET a v EX 100',
      'SELECT 2',
      'SESSION.SET app one v 100',
      'PUBLISH channel message',
      'MULTI',
      'SET b v',
      'SELECT 16',
      'SET c v',
      'EXEC',
      'SET d v',
    ]) {
      await ask(line);
    }
    client.close();
    client = await RespClient.connect(server.address);
    await ask('CLIENT KILL TYPE replica');
    const received = await replica.rest();
    const [, size, rest] = /^\$(\d+)\r\n([\s\S]*)$/.exec(received) as RegExpExecArray;
    expect(rest.slice(0, 5)).toBe('REDIS');
    const effects = rest.slice(Number(size)).replace(/PXAT\r\n\$13\r\n\d+/, 'PXAT $13 MS');
    expect(
      effects
        .replace(/[*$]\d+\r\n/g, '')
        .trimEnd()
        .split('\r\n'),
    ).toEqual([
      ...['SELECT', '0', 'SET', 'a', 'v', 'PXAT $13 MS'],
      ...['SELECT', '2', 'PUBLISH', 'channel', 'message'],
      ...['MULTI', 'SET', 'b', 'v', 'EXEC'],
    ]);
    replica.close();
    expect(await ask('INFO replication')).toContain('connected_slaves:0');
  });
});

describe('a client that wants libraries of functions only', () => {
  const code = "#!lua name=library\\nredis.register_function('f', function() return 1 end)";

  it('is sent those', async () => {
    await ask('SET key v');
    await ask(`FUNCTION LOAD "${code}"`);
    const replica = await RespClient.connect(server.address);
    expect(await ask('REPLCONF rdb-filter-only functions', replica)).toBe('OK');
    replica.write('SYNC\r\n');
    while (!(await ask('INFO replication'))?.includes('state=online'));
    expect(await ask('INFO stats')).toContain('sync_full:1\r\n');
    client.close();
    client = await RespClient.connect(server.address);
    await ask('CLIENT KILL TYPE replica');
    const received = await replica.rest();
    replica.close();
    expect(received).toContain('#!lua name=library');
    expect(received).not.toContain('key');
  });

  it('is refused what nobody knows', async () => {
    expect(await ask('REPLCONF rdb-filter-only "functions keys"')).toBe(
      'ERR Unsupported rdb-filter-only option: keys',
    );
    expect(await ask(`REPLCONF rdb-filter-only '"'`)).toBe('ERR Missing rdb-filter-only values');
  });
});

describe.skipIf(binary === undefined)('a redis-server that follows us', () => {
  it('has what we have', async () => {
    for (const line of ['SET k v', 'RPUSH l a b c', 'ZADD z 1 a', 'XADD x 1-1 a 1'])
      await ask(line);
    const { host, port } = server.address as { host: string; port: number };
    const replica = await startRedis(binary as string, ['--replicaof', `${host} ${port}`]);
    const follower = await RespClient.connect(replica.address);
    try {
      while (!(await ask('INFO replication', follower))?.includes('master_link_status:up'));
      for (const line of ['INCRBYFLOAT n 1.5', 'SADD s a b c', 'SPOP s', 'SPOP s 1', 'LPOP l']) {
        await ask(line);
      }
      await ask("EVAL \"redis.call('SET', 'a', 1) redis.call('SET', 'b', 2)\" 0");
      await ask('FLUSHDB');
      await ask('SET last v');
      while ((await ask('GET last', follower)) !== 'v');
      expect(await ask('DEBUG DIGEST', follower)).toBe(await ask('DEBUG DIGEST'));
      for (const line of ['SADD s a b c d', 'SPOP s', 'XADD x * a 1', 'SET k v PX 100000']) {
        await ask(line);
      }
      await ask('SET end v');
      while ((await ask('GET end', follower)) !== 'v');
      expect(await ask('DEBUG DIGEST', follower)).toBe(await ask('DEBUG DIGEST'));
    } finally {
      follower.close();
      await replica.close();
    }
  });
});
