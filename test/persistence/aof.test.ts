/** The append only file: what is written is there at the next start, ours and Redis's. */

import { execFileSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ConfigWord } from '../../src/index.ts';
import { splitWords } from '../../src/instance/config/words.ts';
import { findRedis, type Running, startRedis } from '../support/redis.ts';
import { RespClient, type Tree } from '../support/resp-client.ts';
import { startOurs } from '../support/server.ts';

const binary = findRedis();

let folder: string;
let server: Running | undefined;
let client: RespClient;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'zonis-aof-'));
});

afterEach(async () => {
  await stop();
  rmSync(folder, { recursive: true, force: true });
});

type Settings = Record<string, ConfigWord>;

async function start(settings: Settings = {}): Promise<void> {
  const config = { dir: folder, appendonly: true, 'enable-debug-command': 'yes', ...settings };
  server = await startOurs({ config });
  client = await RespClient.connect(server.address);
}

async function startTheirs(args: readonly string[] = []): Promise<void> {
  const options = ['--dir', folder, '--appendonly', 'yes', ...args];
  server = await startRedis(binary as string, options);
  client = await RespClient.connect(server.address);
}

async function stop(): Promise<void> {
  client?.close();
  await server?.close();
  server = undefined;
}

/** What a request answers, as text: of arrays all that is in them. */
async function ask(line: string): Promise<string> {
  const { tree } = await client.call(...(splitWords(line) as string[]));
  return written(tree);
}

function written({ text, items }: Tree): string {
  return items === null ? String(text) : `[${items.map(written).join(' ')}]`;
}

async function info(name: string): Promise<string> {
  const text = await ask('INFO persistence');
  return new RegExp(`^${name}:(.*?)\\r?$`, 'm').exec(text)?.[1] ?? '';
}

/** Resolves when no rewrite is under way or to come. */
async function rewritten(): Promise<void> {
  for (;;) {
    const text = await ask('INFO persistence');
    if (/aof_rewrite_in_progress:0/.test(text) && /aof_rewrite_scheduled:0/.test(text)) return;
  }
}

const sorted = (array: string): string[] => array.slice(1, -1).split(' ').sort();
const files = (): string => join(folder, 'appendonlydir');
const manifest = (): string => readFileSync(join(files(), 'appendonly.aof.manifest'), 'latin1');

function writeFiles(contents: Record<string, string>): void {
  mkdirSync(files());
  for (const [name, text] of Object.entries(contents)) {
    writeFileSync(join(files(), name), text, 'latin1');
  }
}

/** Requests as they stand in a file. */
function requests(...lines: string[]): string {
  return lines
    .map((line) => {
      const words = splitWords(line) as string[];
      return `*${words.length}\r\n${words.map((word) => `$${word.length}\r\n${word}\r\n`).join('')}`;
    })
    .join('');
}

const INCREMENT = 'appendonly.aof.1.incr.aof';
const ONE_INCREMENT = { 'appendonly.aof.manifest': `file ${INCREMENT} seq 1 type i\n` };

/** A key of every kind, and what tells one data set from another. */
const everything = [
  'SET string v',
  'SET volatile v EX 1000',
  'INCRBYFLOAT number 1.5',
  'RPUSH list a b c',
  'SADD set a b c',
  'SADD integers 1 2 3',
  'ZADD sorted 1 a 2.5 b -inf c',
  'HSET hash a 1 b 2',
  'XADD stream 1-1 a 1',
  'XADD stream 2-1 a 1 b 2',
  'XGROUP CREATE stream group 0',
  'XREADGROUP GROUP group one COUNT 1 STREAMS stream >',
  'XGROUP CREATECONSUMER stream group two',
  'XGROUP CREATE empty group $ MKSTREAM',
  'SELECT 3',
  'SET other v',
  'SELECT 0',
  'FUNCTION LOAD "#!lua name=library\\nredis.register_function(\'f\', function() return 1 end)"',
];

async function fill(): Promise<void> {
  for (const line of everything) expect(await ask(line)).not.toMatch(/^ERR/);
}

async function state(): Promise<string[]> {
  return [
    await ask('DEBUG DIGEST'),
    await ask('XPENDING stream group'),
    await ask('PEXPIRETIME volatile'),
    await ask('FUNCTION STATS'),
    await ask('XINFO STREAM stream'),
  ];
}

describe('what is written', () => {
  for (const settings of [{}, { 'aof-use-rdb-preamble': false }] as Settings[]) {
    const kind = settings['aof-use-rdb-preamble'] === false ? 'commands' : 'a snapshot';
    it(`is there at the next start, rewritten as ${kind} and not`, async () => {
      await start(settings);
      await fill();
      const before = await state();
      await stop();
      await start(settings);
      expect(await state()).toEqual(before);
      await ask('BGREWRITEAOF');
      await ask('SET late v');
      await rewritten();
      await ask('DEL late');
      await stop();
      expect(manifest()).toMatch(
        /^file \S+\.2\.base\.\w+ seq 2 type b\nfile \S+\.2\.incr\.aof seq 2 type i\n$/,
      );
      await start(settings);
      expect(await state()).toEqual(before);
    });
  }

  it('is there when it was put into another zone, with the indexes of sessions', async () => {
    await start({ 'session-prefix': 'first' });
    await ask('SESSION.SET app one v 1000 META 1 site user');
    await ask('SESSION.SET app two v 1000 OLD one META 1 site user');
    await ask('SESSION.TOUCH app two 500');
    await ask('SESSION.SET app three v 1000 META 1 site user');
    await ask('SESSION.DEL app three');
    const sessions = async (): Promise<string[]> => [
      await ask('SESSION.META app site user PREFIX first'),
      await ask('SESSION.GET app two PREFIX first'),
      await ask('DEBUG DIGEST'),
    ];
    const before = await sessions();
    expect(before[0]).toContain('two');
    await stop();
    // What the configuration said then holds for what was done then.
    await start({ 'session-prefix': 'second' });
    expect(await sessions()).toEqual(before);
    await ask('BGREWRITEAOF');
    await rewritten();
    await stop();
    await start();
    expect(await sessions()).toEqual(before);
    await ask('SESSION.DELALL app site user PREFIX first');
    expect(await ask('SESSION.GET app two PREFIX first')).toBe('null');
  });

  it('is in its zone again, whatever its number is by then', async () => {
    await start({ zone: 'web 1mb' });
    await ask('SELECT 17');
    await ask('SET k web');
    await ask('SELECT 16');
    await ask('MULTI');
    await ask('SET k sessions');
    await ask('SELECT 17');
    await ask('SET in:transaction web');
    await ask('EXEC');
    for (const step of ['as it was written', 'rewritten']) {
      await stop();
      await start({ databases: 4, zone: 'web 1mb' });
      await ask('SELECT 5');
      expect([step, await ask('GET k')]).toEqual([step, 'web']);
      expect([step, await ask('GET in:transaction')]).toEqual([step, 'web']);
      await ask('SELECT 4');
      expect([step, await ask('GET k')]).toEqual([step, 'sessions']);
      await ask('BGREWRITEAOF');
      await rewritten();
    }
    await stop();
    await expect(start()).rejects.toThrow("keys of the zone 'web', which is not there");
  });

  it('is there as far as it was trimmed roughly', async () => {
    await start({ 'stream-node-max-entries': 3 });
    for (let id = 1; id <= 20; id++) {
      await ask(`XADD a MAXLEN ~ 5 LIMIT 4 ${id} f v`);
      await ask(`XADD b MINID ~ ${id - 4} LIMIT 3 ${id} f v`);
      await ask(`XADD c ${id} f v`);
    }
    await ask('XTRIM c MINID ~ 9 LIMIT 3');
    await ask('XTRIM c MINID ~ 100');
    const streams = async (): Promise<string[]> => [
      await ask('XRANGE a - +'),
      await ask('XRANGE b - +'),
      await ask('XRANGE c - +'),
    ];
    const before = await streams();
    await stop();
    await start({ 'stream-node-max-entries': 3 });
    expect(await streams()).toEqual(before);
  });

  it('is on the disk before it is answered, with appendfsync always', async () => {
    await start({ appendfsync: 'always' });
    expect(await ask('SET k v')).toBe('OK');
    expect(readFileSync(join(files(), INCREMENT), 'latin1')).toContain(requests('SET k v'));
    expect(await ask('WAITAOF 1 0 0')).toBe('[1 0]');
  });

  it('is on the disk soon after it is answered otherwise', async () => {
    await start();
    await ask('SET k v');
    expect(await ask('WAITAOF 1 0 0')).toBe('[1 0]');
    expect(readFileSync(join(files(), INCREMENT), 'latin1')).toContain(requests('SET k v'));
  });

  it('is begun again as often as its first base fails', async () => {
    await start({ appendonly: false });
    await fill();
    const before = await state();
    await ask('CONFIG SET rdb-key-save-delay 10000000');
    await ask('CONFIG SET appendonly yes');
    for (let i = 0; i < 30; i++) {
      // The file may be gone.
      const temporary = readdirSync(folder).filter((name) => name.startsWith('temp-'));
      expect(temporary.length).toBe(1);
      if (i % 2 === 0) rmSync(join(folder, temporary[0]));
      expect(await ask('DEBUG FAIL-BACKGROUND')).toBe('OK');
      expect(await info('aof_last_bgrewrite_status')).toBe('err');
      // It may have been begun again by itself by now.
      expect(await ask('BGREWRITEAOF')).toMatch(/started|already in progress/);
    }
    await ask('CONFIG SET rdb-key-save-delay 0');
    await ask('DEBUG FAIL-BACKGROUND');
    await ask('BGREWRITEAOF');
    await rewritten();
    expect(await info('aof_last_bgrewrite_status')).toBe('ok');
    expect(readdirSync(folder).filter((name) => name.startsWith('temp-'))).toEqual([]);
    await stop();
    await start();
    expect(await state()).toEqual(before);
  });

  it('has nothing on the disk before its first base is there', async () => {
    await start({ appendonly: false });
    await ask('SET k v');
    await ask('CONFIG SET rdb-key-save-delay 300000');
    await ask('CONFIG SET appendonly yes');
    expect(await ask('WAITAOF 1 0 20')).toBe('[0 0]');
    expect(await ask('WAITAOF 1 0 10000')).toBe('[1 0]');
    expect(await ask('INFO persistence')).toContain('aof_rewrite_in_progress:0');
  });

  it('is kept from the moment it is asked for, while the server runs', async () => {
    await start({ appendonly: false });
    expect(existsSync(files())).toBe(false);
    await fill();
    await ask('CONFIG SET appendonly yes');
    await ask('SET late v');
    await rewritten();
    const before = await state();
    await stop();
    await start();
    expect(await state()).toEqual(before);
    await ask('CONFIG SET appendonly no');
    expect(await ask('SET later v')).toBe('OK');
    expect(await ask('WAITAOF 1 0 0')).toContain('appendonly is disabled');
    await stop();
    await start();
    expect(await state()).toEqual(before);
  });

  it('has expired or was evicted at the next start if it was before', async () => {
    await start({ maxmemory: '1mb', 'maxmemory-policy': 'allkeys-lru' });
    for (let i = 0; i < 200; i++) await client.call('SET', `k${i}`, 'v'.repeat(10_000));
    const keys = await ask('KEYS *');
    await stop();
    await start({ maxmemory: '1mb', 'maxmemory-policy': 'allkeys-lru' });
    expect(sorted(await ask('KEYS *'))).toEqual(sorted(keys));
  });

  it('is read again by DEBUG LOADAOF', async () => {
    await start();
    await fill();
    const before = await state();
    expect(await ask('DEBUG LOADAOF')).toBe('OK');
    expect(await state()).toEqual(before);
    expect(await info('rdb_changes_since_last_save')).toBe('0');
    rmSync(join(files(), INCREMENT));
    expect(await ask('DEBUG LOADAOF')).toContain('Error trying to load the AOF files');
  });

  it('is rewritten when it has grown enough', async () => {
    await start({ 'auto-aof-rewrite-min-size': '2kb' });
    await client.call('SET', 'k', 'v'.repeat(3000));
    while ((await info('aof_rewrites')) === '0');
    await rewritten();
    expect(Number(await info('aof_base_size'))).toBeLessThan(2048);
    expect(manifest()).toContain('.2.base.rdb seq 2 type b');
    // What is history goes by and by.
    while (readdirSync(files()).some((name) => name.includes('.1.'))) await ask('PING');
  });
});

describe('files as a crash leaves them', () => {
  it('are truncated where they are good', async () => {
    const text = requests('SET a 1', 'SET b 2');
    writeFiles({ ...ONE_INCREMENT, [INCREMENT]: text + requests('SET c 3').slice(0, -1) });
    await start();
    expect(await ask('MGET a b c')).toBe('[1 2 null]');
    await stop();
    expect(readFileSync(join(files(), INCREMENT), 'latin1')).toBe(text);
  });

  it('show nothing of a transaction that is not whole', async () => {
    const text = requests('SET a 1');
    writeFiles({ ...ONE_INCREMENT, [INCREMENT]: text + requests('MULTI', 'SET a 2', 'SET b 2') });
    await start();
    expect(await ask('MGET a b')).toBe('[1 null]');
    await stop();
    expect(readFileSync(join(files(), INCREMENT), 'latin1')).toBe(text);
  });

  it('are left alone and not loaded, unless aof-load-truncated allows it', async () => {
    const text = `${requests('SET a 1')}*2\r\n$3\r\n`;
    writeFiles({ ...ONE_INCREMENT, [INCREMENT]: text });
    await expect(start({ 'aof-load-truncated': false })).rejects.toThrow(
      /Unexpected end of file reading the append only file appendonly.aof.1.incr.aof at byte 27/,
    );
    expect(readFileSync(join(files(), INCREMENT), 'latin1')).toBe(text);
  });
});

describe('files that are broken', () => {
  const broken: Record<string, readonly [contents: string, message: RegExp]> = {
    'a request that is none': [
      `${requests('SET a 1')}!!!`,
      /Bad file format reading the append only file .* at byte 27/,
    ],
    'a negative size': ['*1\r\n$-1\r\n', /Bad file format/],
    'no arguments': ['*0\r\n', /Bad file format/],
    'a command that is none': [
      requests('SET a 1', 'NONE b'),
      /Unknown command 'NONE' reading the append only file .* at byte 27/,
    ],
    'a database that is none': [
      requests('SELECT 3', 'SET a 1', 'SELECT 16000', 'SET a 2'),
      /has keys of the database 16000 at byte 50, which is not there/,
    ],
    'a zone that is none': [requests('SELECT zone:none'), /database zone:none at byte 0/],
    'a broken snapshot': ['REDIS0010\xfe', /Error reading the RDB base file/],
  };
  for (const [name, [contents, message]] of Object.entries(broken)) {
    it(`are left alone, and say where: ${name}`, async () => {
      writeFiles({ ...ONE_INCREMENT, [INCREMENT]: contents });
      await expect(start()).rejects.toThrow(message);
      expect(readFileSync(join(files(), INCREMENT), 'latin1')).toBe(contents);
    });
  }

  it('keep what stands in them out of the log where that is asked for', async () => {
    writeFiles({ ...ONE_INCREMENT, [INCREMENT]: requests('SECRET b') });
    const starting = start({ 'hide-user-data-from-log': true });
    await expect(starting).rejects.toThrow("Unknown command '(redacted)' reading the append only");
  });

  const manifests: Record<string, string> = {
    'Found an empty AOF manifest': '',
    'Invalid AOF manifest file format': 'file a seq 1\n',
    'Unknown AOF file type': 'file a seq 1 type x\n',
    'Found a non-monotonic sequence number': 'file a seq 2 type i\nfile b seq 1 type i\n',
    'Found duplicate base file information': 'file a seq 1 type b\nfile b seq 2 type b\n',
    "File can't be a path, just a filename": 'file ../a seq 1 type b\n',
    'The AOF manifest file contains too long line': 'file a seq 1 type b',
    'No such file or directory': 'file a seq 1 type b\n',
  };
  for (const [message, text] of Object.entries(manifests)) {
    it(`or a manifest that is: ${message}`, async () => {
      writeFiles({ 'appendonly.aof.manifest': text });
      await expect(start()).rejects.toThrow(message);
    });
  }
});

describe('files of other versions', () => {
  it('are taken over when they are one file', async () => {
    writeFileSync(join(folder, 'appendonly.aof'), requests('SELECT 2', 'SET a 1'));
    await start();
    await ask('SELECT 2');
    expect(await ask('GET a')).toBe('1');
    expect(existsSync(join(folder, 'appendonly.aof'))).toBe(false);
    expect(manifest()).toBe(`file appendonly.aof seq 1 type b\nfile ${INCREMENT} seq 1 type i\n`);
  });

  it('may have what was done to keys that have expired since', async () => {
    const lines = ['RPUSH l a', 'PEXPIREAT l 1000', 'RPUSH l b', 'SET k v PXAT 1000', 'APPEND k w'];
    writeFiles({ ...ONE_INCREMENT, [INCREMENT]: requests(...lines, 'SET end v') });
    await start();
    expect(await ask('KEYS *')).toBe('[end]');
  });

  it('may say when what is in them was done', async () => {
    const text = `#TS:1\r\n${requests('SET a 1')}#TS:2\r\n${requests('SET b 2')}#TS:3\r\n`;
    writeFiles({ ...ONE_INCREMENT, [INCREMENT]: text });
    await start({ 'aof-timestamp-enabled': true });
    expect(await ask('MGET a b')).toBe('[1 2]');
    await ask('SET c 3');
    await stop();
    const written = readFileSync(join(files(), INCREMENT), 'latin1').slice(text.length);
    expect(written).toMatch(/^#TS:\d{10}\r\n\*2/);
  });
});

describe.skipIf(binary === undefined)('files of redis-server', () => {
  for (const preamble of ['yes', 'no']) {
    it(`are loaded, and ours by it, with aof-use-rdb-preamble ${preamble}`, async () => {
      const settings = { 'aof-use-rdb-preamble': preamble };
      await startTheirs(['--aof-use-rdb-preamble', preamble]);
      await fill();
      await ask('BGREWRITEAOF');
      await rewritten();
      await ask('SET late v');
      const before = await state();
      await stop();
      await start(settings);
      const loaded = await state();
      expect(loaded.slice(0, 4)).toEqual(before.slice(0, 4));
      await ask('BGREWRITEAOF');
      await rewritten();
      await ask('SET later v');
      const after = await state();
      await stop();
      checkFiles();
      await startTheirs(['--aof-use-rdb-preamble', preamble]);
      expect((await state()).slice(0, 4)).toEqual(after.slice(0, 4));
    });
  }

  /** Has redis-check-aof, where there is one, say whether our files are good. */
  function checkFiles(): void {
    const checker = [dirname(binary as string), '/usr/bin']
      .map((path) => join(path, 'redis-check-aof'))
      .find((path) => existsSync(path));
    if (checker === undefined) return;
    const said = execFileSync(checker, [join(files(), 'appendonly.aof.manifest')]).toString();
    expect(said).toContain('All AOF files and manifest are valid');
  }
});
