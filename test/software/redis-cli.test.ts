/**
 * redis-cli in each of its modes: what it prints of us is what it prints of redis-server.
 *
 * What measures (--stat, --latency, --memkeys) is compared by its shape.
 */

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { eventually } from '../support/clock.ts';
import { findTool, type Outcome, type RunOptions, runProgram } from '../support/program.ts';
import { findRedis, type Running, startRedis } from '../support/redis.ts';
import { type Arg, RespClient } from '../support/resp-client.ts';
import { startOurs } from '../support/server.ts';

const oracle = findRedis();
const cli = findTool('redis-cli') as string;
const folder = mkdtempSync(join(tmpdir(), 'zonis-cli-'));
const script = join(folder, 'script.lua');
let servers: { ours: Running; theirs: Running };
let clients: RespClient[] = [];

const FILL: readonly (readonly Arg[])[] = [
  ['SET', 'text', 'h\xc3\xa9llo "quoted"\t\r\n'],
  ['SET', 'bytes', '\0\xff\x07\\'],
  ['SET', 'number', 12],
  ['SET', 'long', 'x'.repeat(300)],
  ['RPUSH', 'list', 'a', '', 'c d'],
  ['HSET', 'hash', 'f', 'v', 'g', '2'],
  ['SADD', 'set', 'only'],
  ['ZADD', 'zset', 1.5, 'a', 'inf', 'b', 3, 'c'],
  ['XADD', 'stream', '1-1', 'f', 'v', 'g', ''],
  ['XADD', 'stream', '1-2', 'f', 'w'],
  ['PFADD', 'hll', 'a', 'b'],
];

describe.skipIf(oracle === undefined || cli === undefined)('redis-cli', () => {
  beforeAll(async () => {
    writeFileSync(script, "return {KEYS[1], ARGV[1], #KEYS, redis.call('GET', KEYS[2])}\n");
    servers = { ours: await startOurs(), theirs: await startRedis(oracle as string) };
    clients = [];
    for (const { address } of [servers.ours, servers.theirs]) {
      clients.push(await RespClient.connect(address));
    }
  });

  afterAll(async () => {
    for (const client of clients) client.close();
    await servers?.ours.close();
    await servers?.theirs.close();
    rmSync(folder, { recursive: true });
  });

  beforeEach(async () => {
    for (const client of clients) {
      const answers = await client.pipeline([['FLUSHALL'], ...FILL]);
      expect(answers.filter(({ tree }) => tree.type === '-')).toEqual([]);
    }
  });

  async function run({ address }: Running, args: readonly string[], options?: RunOptions) {
    return await runProgram(cli, ['-p', String(address.port), ...args], options);
  }

  /** What is printed of both, which must be the same but for what `shape` takes out. */
  async function same(
    args: readonly string[],
    options: RunOptions = {},
    shape: (text: string) => unknown = (text) => text,
  ): Promise<Outcome> {
    const [ours, theirs] = await Promise.all(
      [servers.ours, servers.theirs].map(async (server) => {
        const { code, stdout, stderr } = await run(server, args, options);
        const plain = (text: string) => text.replaceAll(String(server.address.port), 'PORT');
        return { code, stdout: shape(plain(stdout)), stderr: plain(stderr) };
      }),
    );
    expect(ours).toEqual(theirs);
    return { ...ours, stdout: String(ours.stdout) };
  }

  const FORMATS = [
    ...[['--raw'], ['--no-raw'], ['--csv'], ['--json'], ['--quoted-json'], ['-3', '--no-raw']],
    ...[
      ['-3', '--csv'],
      ['-2', '--json'],
      ['-d', ';', '--raw'],
    ],
  ];

  test.each(FORMATS)('prints every kind of reply: %s %s', async (...format) => {
    const lines = [
      'PING',
      'GET text',
      'GET bytes',
      'GET none',
      'STRLEN long',
      'LRANGE list 0 -1',
      'HGETALL hash',
      'SMEMBERS set',
      'ZRANGE zset 0 -1 WITHSCORES',
      'ZSCORE zset a',
      'ZMPOP 1 none MIN',
      'XRANGE stream - +',
      'EVAL "return {1, {2, {}}, false}" 0',
      'CONFIG GET maxmemory-policy',
      'LOLWUT VERSION none',
      'GET "unbalanced',
      'NO SUCH "COMMAND"',
      'INCR list',
      'SET a "b c" PX 5000',
      'MULTI',
      'INCR n',
      'LPUSH n x',
      'EXEC',
    ];
    await same(format, { input: `${lines.join('\n')}\n` });
  });

  test('takes a command as its arguments, from its input, and again and again', async () => {
    expect((await same(['GET', 'text'])).stdout).toBe('h\xc3\xa9llo "quoted"\t\r\n\n');
    await same(['-x', 'SET', 'k'], { input: 'from\0input' });
    await same(['-X', 'TAG', 'SET', 'l', 'TAG', 'PX', '5000'], { input: 'tagged' });
    await same(['--no-raw', 'MGET', 'k', 'l']);
    await same(['--quoted-input', 'SET', '"\\x00key"', '"\\xff"']);
    expect((await same(['-r', '3', 'INCR', 'n'])).stdout).toBe('1\n2\n3\n');
    expect((await same(['-e', 'INCR', 'list'])).code).toBe(1);
    expect((await same(['INCR', 'list'])).code).toBe(0);
    expect((await same(['DUMP', 'n', '-D', ''])).code).toBe(0);
  });

  test('selects a database, and says when there is none', async () => {
    await same(['-n', '3', 'SET', 'k', 'three']);
    expect((await same(['-n', '3', 'GET', 'k'])).stdout).toBe('three\n');
    expect((await same(['GET', 'k'])).stdout).toBe('\n');
    await same(['-n', '99', 'GET', 'k']);
    await same(['SELECT', 'x']);
  });

  test('says who it is by password and by user, in either protocol', async () => {
    for (const client of clients) {
      await client.call('ACL', 'SETUSER', 'ann', 'on', '>secret', '~a', '+get', '+hello');
      await client.call('CONFIG', 'SET', 'requirepass', 'pass');
    }
    try {
      await same(['GET', 'text']);
      for (const resp of ['-2', '-3']) {
        expect((await same([resp, '-a', 'pass', 'GET', 'number'])).stdout).toBe('12\n');
        await same([resp, '-a', 'wrong', 'GET', 'number']);
        await same([resp, '--user', 'ann', '--pass', 'secret', '--no-auth-warning', 'GET', 'a']);
        const denied = [resp, '--user', 'ann', '-a', 'secret', '--no-auth-warning', 'GET', 'b'];
        // The words behind it are others since 7.2.
        const { stdout } = await same(denied, {}, (text) => text.split(' ')[0]);
        expect(stdout).toBe('NOPERM');
      }
      await same(['GET', 'number'], { env: { REDISCLI_AUTH: 'pass' } });
    } finally {
      for (const client of clients) {
        await client.call('CONFIG', 'SET', 'requirepass', '');
        await client.call('ACL', 'DELUSER', 'ann');
      }
    }
  });

  test('runs a script from a file', async () => {
    const { stdout } = await same(['--eval', script, 'k', 'number', ',', 'v']);
    expect(stdout).toBe('k\nv\n2\n12\n');
    await same(['--no-raw', '--eval', script, 'k', 'list']);
  });

  test('lists keys, all or by a pattern', async () => {
    const sorted = (text: string): unknown => text.split('\n').sort();
    await same(['--scan'], {}, sorted);
    await same(['--scan', '--pattern', '*s*t'], {}, sorted);
    await same(['--scan', '--quoted-pattern', '"\\x6c*"', '-i', '0.001'], {}, sorted);
  });

  test('finds the biggest of each type', async () => {
    // What comes before it is told as it is met.
    const summary = (text: string): unknown => text.slice(text.indexOf('---')).split('\n').sort();
    const { stdout } = await same(['--bigkeys'], {}, summary);
    expect(stdout).toContain('Biggest string found \'"long"\' has 300 bytes');
  });

  test('finds what takes the most memory', async () => {
    const shape = (text: string): unknown =>
      text
        .slice(text.indexOf('---'))
        .replace(/\d+(\.\d+)?/g, 'N')
        .split('\n')
        .sort();
    await same(['--memkeys'], {}, shape);
    await same(['--memkeys-samples', '0'], {}, shape);
  });

  test('finds the most used, where use is counted', async () => {
    await same(['--hotkeys']);
    for (const client of clients) {
      await client.call('CONFIG', 'SET', 'maxmemory-policy', 'allkeys-lfu');
      for (let i = 0; i < 200; i++) await client.call('GET', 'number');
    }
    try {
      const { stdout } = await run(servers.ours, ['--hotkeys']);
      expect(stdout).toMatch(/hot key found with counter: \d+\tkeyname: "number"/);
    } finally {
      for (const client of clients) {
        await client.call('CONFIG', 'SET', 'maxmemory-policy', 'noeviction');
      }
    }
  });

  test('loads a file of requests, and counts what went wrong', async () => {
    const requests = Array.from({ length: 5000 }, (_, i) => {
      const key = `pipe:${i}`;
      return `*3\r\n$3\r\nSET\r\n$${key.length}\r\n${key}\r\n$1\r\nv\r\n`;
    });
    const input = `${requests.join('')}INCR list\r\nSET inline "v w"\r\n`;
    const { stdout, code } = await same(['--pipe'], { input });
    expect(stdout).toContain('errors: 1, replies: 5002');
    expect(code).toBe(1);
    expect((await same(['DBSIZE'])).stdout).toBe(`${5001 + FILL.length - 1}\n`);
  });

  test('watches figures go by', async () => {
    const rows = (text: string): string[] => text.split('\n').filter((line) => /^\d/.test(line));
    const { stdout } = await run(servers.ours, ['--stat', '-i', '0.01'], {
      until: (text) => rows(text).length > 3,
    });
    expect(stdout).toContain('keys       mem      clients blocked requests            connections');
    // Keys, memory, clients, who is blocked, requests (+ of this round), connections.
    expect(rows(stdout)[1]).toMatch(/^10 +[\d.]+[KM] +\d+ +0 +\d+ \(\+1\) +\d+ *$/);
  });

  test('measures how long an answer takes', async () => {
    const { stdout, code } = await run(servers.ours, ['--latency', '--raw', '-i', '0.05']);
    expect(stdout).toMatch(/^\d+ \d+ \d+\.\d+ [1-9]\d*\n$/);
    expect(code).toBe(0);
    const csv = await run(servers.ours, ['-3', '--latency', '--csv', '-i', '0.05']);
    expect(csv.stdout).toMatch(/^\d+,\d+,\d+\.\d+,[1-9]\d*\n/);
  });

  /** Runs it while somebody does something, as soon as `isThere`. */
  async function watch(
    args: readonly string[],
    enough: string,
    isThere: (client: RespClient) => Promise<boolean>,
    act: (client: RespClient) => Promise<unknown>,
  ): Promise<string[]> {
    return await Promise.all(
      [servers.ours, servers.theirs].map(async (server, i) => {
        const running = run(server, args, { until: (text) => text.includes(enough) });
        await eventually('redis-cli is there', async () => await isThere(clients[i]));
        await act(clients[i]);
        return (await running).stdout;
      }),
    );
  }

  test.each([['-2'], ['-3'], ['-3', '--csv'], ['--json']])('subscribes: %s %s', async (...args) => {
    const [ours, theirs] = await watch(
      [...args, 'SUBSCRIBE', 'news', 'end'],
      'the end',
      async (client) => (await client.call('PUBSUB', 'NUMSUB', 'end')).raw.includes(':1'),
      async (client) => {
        await client.call('PUBLISH', 'news', 'h\xc3\xa9 "x"');
        await client.call('PUBLISH', 'end', 'the end');
      },
    );
    expect(ours).toBe(theirs);
    expect(ours).toContain('news');
  });

  test('listens to a pattern', async () => {
    const [ours, theirs] = await watch(
      ['PSUBSCRIBE', 'n*'],
      'the end',
      async (client) => (await client.call('PUBSUB', 'NUMPAT')).raw === ':1\r\n',
      async (client) => await client.call('PUBLISH', 'news', 'the end'),
    );
    expect(ours).toBe(theirs);
  });

  test('monitors', async () => {
    const outputs = await watch(
      ['MONITOR'],
      '"the end"',
      async (client) => (await client.call('CLIENT', 'LIST')).raw.includes('cmd=monitor'),
      async (client) => {
        await client.call('SET', 'k', 'a "b"\n\xff');
        await client.call('EVAL', "return redis.call('INCR', KEYS[1])", 1, 'n');
        await client.call('ECHO', 'the end');
      },
    );
    const [ours, theirs] = outputs.map((output) => {
      const lines = output.split('\n').filter((line) => !line.includes('"CLIENT"'));
      return lines.map((line) => line.replace(/^\d{10}\.\d{6} /, '').replace(/:\d+\]/, ':PORT]'));
    });
    expect(ours).toEqual(theirs);
    expect(ours).toContain('[0 lua] "INCR" "n"');
  });

  test('knows our commands, which it asks for when it starts', async () => {
    const { stdout } = await run(servers.ours, [], { input: 'help getdel\nhelp session.touch\n' });
    const colour = new RegExp(`${String.fromCharCode(27)}\\[\\d+m`, 'g');
    const plain = stdout.replace(colour, '');
    expect(plain).toContain('GETDEL key');
    expect(plain).toContain('since: 6.2.0');
    expect(plain).toContain('SESSION.TOUCH name key ttl');
  });

  test('is told that there is no cluster', async () => {
    const { stdout, stderr, code } = await run(servers.ours, [
      ...['--cluster', 'info', `127.0.0.1:${servers.ours.address.port}`],
    ]);
    expect(`${stdout}${stderr}`).toContain('is not configured as a cluster node');
    expect(code).toBe(1);
  });

  test('fetches a snapshot, and one of the functions alone', async () => {
    const path = join(folder, 'dump.rdb');
    const { code } = await run(servers.ours, ['--rdb', path]);
    expect(code).toBe(0);
    expect(readFileSync(path, 'latin1')).toMatch(/^REDIS00[\s\S]*zset/);
    const functions = join(folder, 'functions.rdb');
    expect((await run(servers.ours, ['--functions-rdb', functions])).code).toBe(0);
    expect(readFileSync(functions, 'latin1')).toMatch(/^REDIS00/);
    expect(readFileSync(functions, 'latin1')).not.toContain('zset');
  });

  test('is a replica that shows what it is sent', async () => {
    const [client] = clients;
    let isShown = false;
    const shown = run(servers.ours, ['--replica'], {
      until: (text) => text.includes('"SET","shown","v"'),
    });
    void shown.then(() => {
      isShown = true;
    });
    while (!isShown) await client.call('SET', 'shown', 'v');
    expect((await shown).stdout).toContain('"SELECT","0"');
  });

  test('is told why a script is not debugged in a process of its own', async () => {
    const { stdout } = await run(servers.ours, ['--ldb', '--eval', script, 'k', ',', 'v']);
    expect(stdout).toContain('Use SYNC (redis-cli --ldb-sync-mode)');
  });
});
