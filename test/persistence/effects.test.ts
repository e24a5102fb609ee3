/**
 * Effects: what commands are to the append only file, byte for byte as Redis has it.
 *
 * The oracle writes its file after every command; ours goes to a stream. A scene is a list of
 * requests, and what is compared are the bytes they add. Times are alike when they are times.
 */

import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { families } from '../../commands/index.ts';
import { Registry } from '../../src/dispatch/registry.ts';
import { systemFiles } from '../../src/instance/config/files.ts';
import { loadConfiguration } from '../../src/instance/config/load.ts';
import { splitWords } from '../../src/instance/config/words.ts';
import { Config } from '../../src/instance/config.ts';
import { EffectStream, FOR_FILE } from '../../src/instance/effects.ts';
import { silentLog } from '../../src/instance/log.ts';
import { Server } from '../../src/server/server.ts';
import { latin1Text } from '../../src/std/ascii.ts';
import { systemClock } from '../../src/std/clock.ts';
import { SeededRandom, systemSeed } from '../../src/std/random.ts';
import { findRedis, isAtLeast, type Running, startRedis } from '../support/redis.ts';
import { type Address, RespClient } from '../support/resp-client.ts';

const binary = findRedis();

/** A server whose effects can be read. */
interface Side {
  readonly address: Address;
  /** What has been written since the last time. */
  take(): string;
  close(): Promise<void>;
}

async function openOurs(): Promise<Side> {
  const registry = new Registry(families);
  const config = new Config();
  const lines = ['port 0', 'bind 127.0.0.1', 'enable-debug-command yes', 'save ""'];
  loadConfiguration(
    config,
    { action: 'run', file: undefined, readsStdin: false, lines },
    { files: systemFiles, readStdin: () => '', renameCommand: () => undefined },
  );
  const server = new Server({
    config,
    clock: systemClock,
    random: new SeededRandom(systemSeed()),
    seed: systemSeed(),
    log: silentLog,
    registry,
    onShutdown() {},
    takesAnyPort: true,
  });
  await server.listen();
  const stream = new EffectStream(FOR_FILE);
  server.instance.effects.attach(stream);
  return {
    address: { host: '127.0.0.1', port: server.port },
    take() {
      const { writer } = stream;
      const text = latin1Text(writer.bytes, 0, writer.size);
      writer.clear();
      return text;
    },
    close: () => server.close(),
  };
}

async function openTheirs(binary: string): Promise<Side & Pick<Running, 'version'>> {
  const folder = mkdtempSync(join(tmpdir(), 'zonis-effects-'));
  const redis = await startRedis(binary, [
    ...['--dir', folder, '--appendonly', 'yes', '--appendfsync', 'always'],
    ...['--aof-use-rdb-preamble', 'no'],
  ]);
  const files = join(folder, 'appendonlydir');
  const name = readdirSync(files).find((file) => file.endsWith('.incr.aof')) as string;
  let at = 0;
  return {
    address: redis.address,
    version: redis.version,
    take() {
      const text = readFileSync(join(files, name), 'latin1');
      const added = text.slice(at);
      at = text.length;
      return added;
    },
    async close() {
      await redis.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** What was written as lines, each a request; times and drawn members are all the same. */
function readable(text: string): string[] {
  const lines: string[] = [];
  let at = 0;
  const line = (): string => {
    const end = text.indexOf('\r\n', at);
    const found = text.slice(at, end);
    at = end + 2;
    return found;
  };
  while (at < text.length) {
    const count = line();
    expect(count).toMatch(/^\*\d+$/);
    const words: string[] = [];
    for (let i = Number(count.slice(1)); i > 0; i--) {
      const size = Number(line().slice(1));
      words.push(JSON.stringify(text.slice(at, at + size)));
      at += size + 2;
    }
    lines.push(words.join(' '));
  }
  return lines.map((words) =>
    words
      .replace(/\b1[0-9]{12}\b/g, 'MS')
      // Which members are drawn is not to be known, but how many are.
      .replace(/^("SREM" "drawn") (.*)$/, (_, begin, members) => {
        return `${begin} ${members.split(' ').length}`;
      }),
  );
}

/**
 * Runs requests. Those that begin with `2>` are a second client's, whose replies nobody waits for:
 * what it asks for first waits.
 */
async function run(side: Side, requests: readonly string[]): Promise<string[]> {
  const first = await RespClient.connect(side.address);
  const second = await RespClient.connect(side.address);
  side.take();
  try {
    for (const request of requests) {
      const isSecond = request.startsWith('2>');
      const words = splitWords(isSecond ? request.slice(2) : request) as string[];
      if (!isSecond) {
        await first.call(...words);
        continue;
      }
      second.send(...words);
      for (let isWaiting = false; !isWaiting; ) {
        const { tree } = await first.call('INFO', 'clients');
        isWaiting = /blocked_clients:1/.test(tree.text ?? '');
      }
    }
  } finally {
    first.close();
    second.close();
  }
  return readable(side.take());
}

const far = '99999999999';
/** What DUMP tells of the string v, as all versions from 7.0 on read it. */
const dumped = String.raw`"\x00\x01v\n\x00\x91\b\xce\xb2\x198\x8a\xce"`;

/** Scenes by what they are about. With `7.2` in front: what Redis has so since then. */
const scenes: Record<string, readonly string[]> = {
  'strings that expire': [
    'SET k v EX 100',
    'SET k v PX 100000 NX',
    'SET k v PX 100000 XX GET',
    `SET k v EXAT ${far}`,
    `SET k v PXAT ${far}999`,
    'SET k v GET',
    'SET k v XX GET KEEPTTL',
    'SET k v NX',
    'SET k v KEEPTTL',
    'SETEX k 100 v',
    'PSETEX k 100000 v',
    'SET k v EX 1000000 get',
    'SETNX k v',
    'SETNX l v',
    'GETSET k w',
    'MSET a 1 b 2',
    'MSETNX a 1 c 2',
    'MSETNX c 1 d 2',
  ],
  'strings that are read and changed': [
    'SET k v',
    'GETEX k',
    'GETEX k EX 100',
    'GETEX k PX 100000',
    `GETEX k EXAT ${far}`,
    `GETEX k PXAT ${far}000`,
    'GETEX k PERSIST',
    'GETEX k PERSIST',
    'GETEX k EXAT 1',
    'GETEX k EX 10',
    'SET k v',
    'GETDEL k',
    'GETDEL k',
  ],
  numbers: [
    'INCR n',
    'INCRBY n 5',
    'DECR n',
    'INCRBYFLOAT n 1.5',
    'INCRBYFLOAT n 1e3',
    'INCRBYFLOAT n nonsense',
    'HINCRBYFLOAT h f 0.1',
    'HINCRBYFLOAT h f 0.2',
    'HINCRBY h g 3',
    'APPEND s x',
    'APPEND s ""',
    'SETRANGE s 5 y',
    'SETRANGE s 5 ""',
    'SETBIT s 3 1',
    'SETBIT s 3 1',
    'BITFIELD s SET u8 0 255 GET u8 0',
    'BITFIELD s GET u8 0',
    'BITFIELD s INCRBY u8 0 1 OVERFLOW FAIL INCRBY u8 0 255',
    'BITOP NOT t s',
    'BITOP AND t none',
    'BITOP AND t none',
  ],
  deadlines: [
    'SET k v',
    'EXPIRE k 100',
    'EXPIRE k 200 GT',
    'EXPIRE k 100 gt',
    'PEXPIRE k 300000 xx',
    `EXPIREAT k ${far}`,
    `PEXPIREAT k ${far}000`,
    `PEXPIREAT k ${far}000 XX`,
    'PERSIST k',
    'PERSIST k',
    'EXPIRE k -1',
    'EXPIRE k 100',
    'SET k v',
    'PEXPIREAT k 1',
    'CONFIG SET lazyfree-lazy-expire yes',
    'SET k v',
    'EXPIREAT k 1',
    'SET k v',
    'GETEX k EXAT 1',
    'CONFIG SET lazyfree-lazy-expire no',
  ],
  'keys as they are': [
    'SET k v',
    'RENAME k l',
    'RENAME l l',
    'RENAMENX l m',
    'SET k v',
    'RENAMENX k m',
    'COPY k n',
    'COPY k n',
    'COPY k n REPLACE',
    'COPY k n DB 3',
    'MOVE k 3',
    'SELECT 3',
    'MOVE k 2',
    'DEL k n none',
    'DEL none',
    'UNLINK none',
    'SELECT 0',
    'TOUCH n',
    'UNLINK n m',
  ],
  'restored keys': [
    `RESTORE k 0 ${dumped}`,
    `RESTORE k 0 ${dumped}`,
    `RESTORE k 100000 ${dumped} REPLACE`,
    `RESTORE k ${far}000 ${dumped} REPLACE ABSTTL`,
    `RESTORE k 100000 ${dumped} replace IDLETIME 5`,
    `RESTORE k 1 ${dumped} REPLACE ABSTTL`,
    `RESTORE k 1 ${dumped} REPLACE ABSTTL`,
  ],
  'databases as a whole': [
    'SET k v',
    'SELECT 2',
    'SET k v',
    'SWAPDB 0 2',
    'SWAPDB 2 2',
    'FLUSHDB',
    'FLUSHDB ASYNC',
    'SET k v',
    'FLUSHALL',
    'FLUSHALL SYNC',
  ],
  lists: [
    'RPUSH l 1 2 3 4 5 6 7 8 9',
    'LPUSHX none 1',
    'LPUSHX l 0',
    'LPOP l',
    'RPOP l 2',
    'LPOP l 0',
    'LMPOP 2 none l LEFT COUNT 2',
    'LMPOP 1 none LEFT',
    'LMOVE l m LEFT RIGHT',
    'RPOPLPUSH l m',
    'RPOPLPUSH l l',
    'BLMOVE l m LEFT LEFT 0',
    'BRPOPLPUSH l m 0',
    'BLPOP none m 0',
    'BRPOP m 0',
    'BLMPOP 0 1 m LEFT COUNT 10',
    'RPUSH l a b c',
    'LSET l 0 x',
    'LINSERT l BEFORE none y',
    'LINSERT l BEFORE x y',
    'LREM l 0 none',
    'LREM l 0 y',
    'LTRIM l 0 -1',
    'LTRIM l 0 0',
    'LTRIM l 5 6',
    'BLPOP l 0.01',
  ],
  'clients that wait for lists': [
    '2>BLPOP l 0',
    'RPUSH l a b',
    '2>BRPOPLPUSH none m 0',
    'RPUSH none c',
    '2>BRPOPLPUSH none m 0',
    'MULTI',
    'RPUSH none d e',
    'SET k v',
    'EXEC',
    '2>BLMPOP 0 2 x y LEFT COUNT 2',
    'RPUSH y 1 2 3',
    '2>BZPOPMIN z 0',
    'ZADD z 1 a 2 b',
    '2>BZMPOP 0 1 w MAX COUNT 5',
    'ZADD w 1 a 2 b',
  ],
  '7.2: what is told in another way': [
    `SET k v PXAT ${far}999 GET`,
    '2>BLMOVE none m LEFT RIGHT 0',
    'RPUSH none d e',
    'XGROUP CREATE x g $ MKSTREAM',
    '2>XREADGROUP GROUP g d BLOCK 0 NOACK STREAMS x >',
    'XADD x 2 a 1',
    'SADD drawn a b c d e f',
    'SPOP drawn 2',
    `SADD drawn ${Array.from({ length: 3000 }, (_, i) => `member:${i}`).join(' ')}`,
    'SPOP drawn 2900',
  ],
  'keys that have expired': [
    'DEBUG SET-ACTIVE-EXPIRE 0',
    'MSET a 1 b 2 c 3 d 4 e 5 f 6',
    'PEXPIRE a 1',
    'PEXPIRE b 1',
    'PEXPIRE c 1',
    'PEXPIRE d 1',
    'PEXPIRE e 1',
    'SELECT 1',
    'SET k v PX 1',
    'BLPOP none 0.02',
    'SELECT 0',
    'GET a',
    'SET b v',
    'INCR c',
    'MGET d e',
    'SELECT 1',
    'CONFIG SET lazyfree-lazy-expire yes',
    'SCAN 0',
    'CONFIG SET lazyfree-lazy-expire no',
    'SET k v PX 1',
    'DEBUG SET-ACTIVE-EXPIRE 1',
    'BLPOP none 0.3',
    'SET end v',
  ],
  '7.2: sets that are freed lazily': [
    'CONFIG SET lazyfree-lazy-server-del yes',
    'SADD s 1',
    'SPOP s 5',
    'CONFIG SET lazyfree-lazy-server-del no',
  ],
  sets: [
    'SADD s a b c',
    'SADD s a',
    'SREM s none',
    'SREM s a',
    'SMOVE s t b',
    'SMOVE s t none',
    'SPOP s',
    'SPOP s',
    'SADD s 1',
    'SPOP s 5',
    'SPOP s 5',
    'SADD s 1 2 3',
    'SADD t 2 3 4',
    'SINTERSTORE d s t',
    'SUNIONSTORE d s t',
    'SDIFFSTORE d none t',
    'SDIFFSTORE d none t',
  ],
  'sorted sets': [
    'ZADD z 1 a 2 b 3 c 4 d 5 e 6 f',
    'ZADD z 1 a',
    'ZADD z XX CH 2 a',
    'ZADD z INCR 2 a',
    'ZINCRBY z 0 a',
    'ZINCRBY z 1.5 a',
    'ZREM z none',
    'ZREM z f',
    'ZPOPMIN z',
    'ZPOPMAX z 1',
    'ZPOPMAX none',
    'ZMPOP 2 none z MIN COUNT 1',
    'BZPOPMIN none z 0',
    'BZPOPMAX z 0',
    'ZADD z 1 a 2 b 3 c',
    'BZMPOP 0 1 z MAX COUNT 9',
    'ZADD z 1 a 2 b 3 c 4 d',
    'ZREMRANGEBYRANK z 0 0',
    'ZREMRANGEBYSCORE z 9 10',
    'ZREMRANGEBYSCORE z 2 2',
    'ZREMRANGEBYLEX z [c [c',
    'ZUNIONSTORE d 1 z',
    'ZINTERSTORE d 2 z none',
    'ZDIFFSTORE d 2 z none',
    'ZRANGESTORE d z 0 -1',
    'ZRANGESTORE d none 0 -1',
    'ZRANGESTORE d none 0 -1',
  ],
  places: [
    'GEOADD g 13.361389 38.115556 Palermo 15.087269 37.502669 Catania',
    'GEOADD g NX 13.361389 38.115556 Palermo',
    'GEOADD g XX CH 13.5 38.2 Palermo',
    'GEORADIUS g 15 37 200 km STORE d',
    'GEORADIUS g 15 37 200 km',
    'GEORADIUSBYMEMBER g Palermo 200 km STOREDIST d',
    'GEOSEARCHSTORE d g FROMLONLAT 15 37 BYRADIUS 200 km ASC',
    'GEOSEARCHSTORE d none FROMLONLAT 15 37 BYRADIUS 200 km ASC',
    'GEOSEARCHSTORE d none FROMLONLAT 15 37 BYRADIUS 200 km ASC',
  ],
  'hashes and others': [
    'HSET h a 1 b 2',
    'HSET h a 1',
    'HSETNX h a 1',
    'HSETNX h c 1',
    'HMSET h d 1',
    'HDEL h none',
    'HDEL h a b',
    'PFADD p a b c',
    'PFADD p a',
    'PFCOUNT p',
    'PFCOUNT p',
    'PFCOUNT p none',
    'PFMERGE q p',
    'SADD s 3 1 2',
    'SORT s STORE d',
    'SORT none STORE d',
    'SORT none STORE d',
    'SORT s',
  ],
  'streams as logs': [
    'XADD x * a 1',
    'XADD x 5-* a 1',
    'XADD y 5-* a 1',
    'XADD y 5-1 a 1',
    'XADD y 6 a 1',
    'XADD y MAXLEN 2 7 a 1',
    'XADD y MAXLEN ~ 1 8-* a 1',
    'XADD y MINID = 8 11 a 1',
    'XADD none NOMKSTREAM * a 1',
    'XTRIM y MAXLEN ~ 1',
    'XTRIM y MAXLEN 2',
    'XTRIM y MAXLEN 2',
    'XDEL y 99',
    'XDEL y 10',
    'XSETID y 20-1',
    'CONFIG SET stream-node-max-entries 2',
    'XADD t 1 a 1',
    'XADD t 2 a 1',
    'XADD t 3 a 1',
    'XADD t 4 a 1',
    'XADD t MAXLEN ~ 3 5 a 1',
    'XADD t MAXLEN ~ 2 LIMIT 100 * a 1',
    'XADD t MINID ~ 6 7777777777777777-* a 1',
    'XTRIM t MINID ~ 7777777777777777',
    'CONFIG SET stream-node-max-entries 100',
  ],
  'streams in groups': [
    'XGROUP CREATE x g 0 MKSTREAM',
    'XADD x 1 a 1',
    'XADD x 2 a 1',
    'XADD x 3 a 1',
    'XREADGROUP GROUP g c COUNT 2 STREAMS x >',
    'XREADGROUP GROUP g c STREAMS x 0',
    'XREADGROUP GROUP g n NOACK STREAMS x >',
    'XREADGROUP GROUP g n NOACK STREAMS x >',
    'XREADGROUP GROUP g m STREAMS x >',
    'XACK x g 1',
    'XACK x g 1',
    'XCLAIM x g d 0 2',
    'XCLAIM x g d 0 2 3 FORCE RETRYCOUNT 7 TIME 1000',
    'XCLAIM x g d 0 99 LASTID 100',
    'XDEL x 3',
    'XCLAIM x g e 0 2 3',
    'XCLAIM x g e 1000000 2',
    'XAUTOCLAIM x g f 0 0',
    'XAUTOCLAIM x g f 1000000 0',
    'XADD x 200 a 1',
    'XREADGROUP GROUP g c STREAMS x >',
    'XDEL x 200',
    'XAUTOCLAIM x g f 0 0 JUSTID',
    'XGROUP CREATECONSUMER x g z',
    'XGROUP CREATECONSUMER x g z',
    'XGROUP DELCONSUMER x g z',
    'XGROUP DELCONSUMER x g z',
    'XGROUP SETID x g 0',
    'XGROUP DESTROY x g',
    'XGROUP DESTROY x g',
  ],
  'clients that wait for streams': [
    'XGROUP CREATE x g $ MKSTREAM',
    '2>XREADGROUP GROUP g c BLOCK 0 STREAMS x >',
    'XADD x 1 a 1',
    '2>XREADGROUP GROUP g d BLOCK 0 STREAMS x >',
    'XADD x 2 a 1',
  ],
  transactions: [
    'MULTI',
    'SET k v',
    'GET k',
    'EXEC',
    'MULTI',
    'SET k v',
    'SELECT 4',
    'INCR n',
    'GET k',
    'EXEC',
    'MULTI',
    'GET k',
    'EXEC',
    'MULTI',
    'SPOP none',
    'SADD s a b c',
    'SPOP s 3',
    'LPUSH s x',
    'EXEC',
    'MULTI',
    'SET k v',
    'DISCARD',
    'SET k v',
  ],
  scripts: [
    'EVAL "redis.call(\'set\', KEYS[1], ARGV[1])" 1 k v',
    "EVAL \"redis.call('set', KEYS[1], ARGV[1]) redis.call('incr', 'n') return 1\" 1 k v",
    'EVAL "return redis.call(\'get\', KEYS[1])" 1 k',
    "EVAL \"redis.call('select', 5) redis.call('set', 'k', 1.5) return redis.call('get', 'k')\" 0",
    "EVAL \"redis.call('set', 'k', '1') redis.call('lpush', 'k', 1)\" 0",
    "EVAL \"redis.call('set', 'k', 1) error('no')\" 0",
    "EVAL \"redis.set_repl(redis.REPL_NONE) redis.call('set', 'k', 1) redis.set_repl(redis.REPL_ALL) redis.call('set', 'l', 1)\" 0",
    "EVAL \"redis.set_repl(redis.REPL_REPLICA) redis.call('set', 'k', 1) redis.set_repl(redis.REPL_AOF) redis.call('set', 'l', 1)\" 0",
    "EVAL \"redis.call('sadd', 's', 1, 2, 3) redis.call('spop', 's', 3) redis.call('expire', 'l', 100)\" 0",
    'MULTI',
    "EVAL \"redis.call('set', 'a', 1) redis.call('set', 'b', 1)\" 0",
    'SET c 1',
    'EXEC',
    'SCRIPT LOAD "return 1"',
    'SCRIPT FLUSH',
    "FUNCTION LOAD \"#!lua name=one\\nredis.register_function('f', function(keys) return redis.call('set', keys[1], 1) end)\"",
    'FUNCTION LOAD "#!lua name=one\\nredis.register_function(\'f\', function(keys) return 1 end)"',
    'FCALL f 1 k',
    'FUNCTION DELETE one',
    'FUNCTION FLUSH',
    'PUBLISH c m',
    'SPUBLISH c m',
  ],
};

describe.skipIf(binary === undefined)('effects are those of Redis:', () => {
  let ours: Side;
  let theirs: Side & { readonly version: string };

  beforeAll(async () => {
    ours = await openOurs();
    theirs = await openTheirs(binary as string);
  });

  afterAll(async () => {
    await ours.close();
    await theirs.close();
  });

  for (const [name, requests] of Object.entries(scenes)) {
    it(name, async ({ skip }) => {
      if (name.startsWith('7.2') && !isAtLeast(theirs.version, '7.2')) skip();
      const all = ['SELECT 0', 'FLUSHALL', ...requests];
      const expected = await run(theirs, all);
      expect(await run(ours, all)).toEqual(expected);
    });
  }
});
