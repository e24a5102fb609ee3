/** TLS with the clients people use, with redis-server beside us, and at the start of the program. */

import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { createClient } from 'redis';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type RunningServer, startServer } from '../../src/index.ts';
import { buildProgram } from '../support/built.ts';
import {
  type Certificates,
  connectTls,
  makeCertificates,
  openssl,
} from '../support/certificates.ts';
import { eventually } from '../support/clock.ts';
import { findTool, type Outcome, runProgram } from '../support/program.ts';
import { findRedis, freePort, type Running, startRedis } from '../support/redis.ts';
import { RespClient } from '../support/resp-client.ts';

const cli = findTool('redis-cli') as string;
const benchmark = findTool('redis-benchmark') as string;
const redisServer = findRedis();

let made: Certificates;
let server: RunningServer;
/** What a client of this process has to show and to trust. */
let shown: { ca: Buffer; cert: Buffer; key: Buffer };

beforeAll(async () => {
  made = makeCertificates();
  shown = { ca: made.ca, ...made.shownBy('client') };
  // Clients have to show a certificate: that is the default.
  server = await startServer({ tlsPort: 0, config: { ...made.directives, port: 0 } });
});

afterAll(async () => {
  await server.close();
  made.remove();
});

/** Whether a redis-server was built with TLS: one built from source is not by itself. */
function hasTls(binary: string): boolean {
  const { stdout } = spawnSync(binary, ['--tls-port', '1', '--port', '0'], {
    encoding: 'latin1',
    timeout: 5000,
  });
  return stdout.includes('tls-cert-file');
}

const oracle = redisServer !== undefined && hasTls(redisServer) ? redisServer : undefined;

describe('ioredis', () => {
  test.each([2, 3] as const)('RESP%i: pipelines, waiting, listening', async (protocol) => {
    const redis = new Redis(server.url, { tls: shown, protocol });
    const other = redis.duplicate();
    expect(await redis.set('a', 'v'.repeat(200_000))).toBe('OK');
    expect((await redis.getBuffer('a'))?.length).toBe(200_000);
    const replies = await redis.pipeline([...Array(500)].map(() => ['incr', 'n'])).exec();
    expect(replies?.at(-1)).toEqual([null, 500]);
    const waiting = other.blpop('list', 5);
    await redis.lpush('list', 'x');
    expect(await waiting).toEqual(['list', 'x']);
    const heard = new Promise((resolve) => other.once('message', (...words) => resolve(words)));
    await other.subscribe('news');
    await redis.publish('news', 'all well');
    expect(await heard).toEqual(['news', 'all well']);
    await redis.flushall();
    await Promise.all([redis.quit(), other.quit()]);
  });

  test('without a certificate it is not let in', async () => {
    const redis = new Redis(server.url, { tls: { ca: made.ca }, retryStrategy: () => null });
    redis.on('error', () => {});
    await expect(redis.ping()).rejects.toThrow();
    redis.disconnect();
  });
});

describe('node-redis', () => {
  test.each([2, 3] as const)('RESP%i', async (RESP) => {
    const socket = {
      tls: true as const,
      host: '127.0.0.1',
      port: server.tlsAddress.port,
      ...shown,
    };
    const redis = await createClient({ RESP, socket }).connect();
    expect(await redis.set('a', 'v')).toBe('OK');
    expect(await Promise.all([redis.get('a'), redis.incr('n'), redis.hSet('h', 'f', 'v')])).toEqual(
      ['v', 1, 1],
    );
    expect(await redis.sendCommand(['CLIENT', 'SETNAME', 'me'])).toBe('OK');
    await redis.flushAll();
    await redis.close();
  });
});

/** What tools that come with Redis are given to connect by. */
function toolOptions(port = server.tlsAddress.port): string[] {
  const files = [
    '--cacert',
    made.crt('ca'),
    '--cert',
    made.crt('client'),
    '--key',
    made.key('client'),
  ];
  return ['--tls', ...files, '-p', String(port)];
}

describe.skipIf(cli === undefined)('redis-cli', () => {
  const run = (args: string[], input?: string): Promise<Outcome> =>
    runProgram(cli, args, input === undefined ? {} : { input });

  test('asks, and reads large replies', async () => {
    expect((await run([...toolOptions(), 'echo', 'hello'])).stdout).toBe('hello\n');
    const large = await run([...toolOptions(), 'eval', "return ('x'):rep(5000000)", '0']);
    expect(large.stdout.length).toBe(5_000_001);
    const sessions = await run([...toolOptions(), '-3', 'session.set', 'web', 's1', 'v', '100']);
    expect(sessions.stdout).toBe('OK\n');
  });

  test('--pipe', async () => {
    const lines = [...Array(5000)].map((_, i) => `SET key:${i} ${i}\r\n`).join('');
    const { stdout } = await run([...toolOptions(), '--pipe'], lines);
    expect(stdout).toContain('errors: 0, replies: 5000');
    expect((await run([...toolOptions(), 'dbsize'])).stdout).toBe('5000\n');
    await run([...toolOptions(), 'flushall']);
  });

  test('chooses the version and the ciphers', async () => {
    const args = [...toolOptions(), '--tls-ciphers', 'ECDHE-RSA-AES128-GCM-SHA256'];
    expect((await run([...args, 'ping'])).stdout).toBe('PONG\n');
    const suites = [...toolOptions(), '--tls-ciphersuites', 'TLS_AES_128_GCM_SHA256'];
    expect((await run([...suites, 'ping'])).stdout).toBe('PONG\n');
  });

  test('is turned away without a certificate, or with one of somebody else', async () => {
    const port = ['-p', String(server.tlsAddress.port)];
    const ca = ['--tls', '--cacert', made.crt('ca')];
    const other = ['--cert', made.crt('other'), '--key', made.key('other')];
    for (const args of [ca, [...ca, ...other], []]) {
      // It may be gone by the time it is written to, which some versions die of.
      const { code } = await run([...port, ...args, 'ping']).catch(() => ({ code: 1 }));
      expect(code).toBe(1);
    }
    // And trusts nobody whom it should not.
    const wrong = await run([...port, '--tls', '--cacert', made.crt('other'), 'ping']);
    expect(wrong.stderr).toContain('certificate verify failed');
  });
});

test.skipIf(benchmark === undefined)('redis-benchmark', async () => {
  const common = ['-n', '1000', '-c', '20', '-t', 'set,get,lpush,lrange_100', '--csv'];
  for (const args of [[], ['-P', '16'], ['--threads', '2']]) {
    const { code, stdout, stderr } = await runProgram(benchmark, [
      ...toolOptions(),
      ...common,
      ...args,
    ]);
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout.trimEnd().split('\n').length).toBe(6);
  }
});

describe.skipIf(oracle === undefined)('beside redis-server', () => {
  let redis: Running;
  let port: number;

  /** A client of a server's TLS port. */
  async function connect(to: number): Promise<RespClient> {
    return RespClient.over(await connectTls({ host: '127.0.0.1', port: to }, shown));
  }

  function options(...more: string[]): string[] {
    const files = Object.entries(made.directives).flatMap(([name, path]) => [`--${name}`, path]);
    return ['--tls-port', String(port), ...files, ...more];
  }

  beforeAll(async () => {
    port = await freePort();
    redis = await startRedis(oracle as string, options());
  });

  afterAll(async () => {
    await redis.close();
  });

  test('MIGRATE connects with TLS where tls-cluster is on', async () => {
    const [ours, theirs] = [await connect(server.tlsAddress.port), await connect(port)];
    const migrate = ['MIGRATE', '127.0.0.1', port, 'k', 0, 1000];
    await ours.call('SET', 'k', 'moved');
    // In the clear it says nothing that is understood.
    expect((await ours.call(...migrate)).raw).toMatch(/^-IOERR/);
    expect((await ours.call('CONFIG', 'SET', 'tls-cluster', 'yes')).raw).toBe('+OK\r\n');
    expect((await ours.call(...migrate)).raw).toBe('+OK\r\n');
    expect((await theirs.call('GET', 'k')).tree.text).toBe('moved');
    const back = ['MIGRATE', '127.0.0.1', server.tlsAddress.port, 'k', 0, 1000];
    await theirs.call('CONFIG', 'SET', 'tls-cluster', 'yes');
    expect((await theirs.call(...back)).raw).toBe('+OK\r\n');
    expect((await ours.call('GET', 'k')).tree.text).toBe('moved');
    // Nobody listens there, and nobody who is trusted here: both answer alike.
    for (const client of [ours, theirs]) {
      await client.call('SET', 'k', 'v');
      const nowhere = ['MIGRATE', '127.0.0.1', await freePort(), 'k', 0, 1000];
      expect((await client.call(...nowhere)).raw).toBe(
        '-IOERR error or timeout connecting to the client\r\n',
      );
    }
    for (const client of [ours, theirs]) await client.call('CONFIG', 'SET', 'tls-cluster', 'no');
    await ours.call('FLUSHALL');
    ours.close();
    theirs.close();
  });

  test('it follows us by TLS', async () => {
    // Redis's tests/unit/tls.tcl: tls-cert-file is also used as a client cert if none specified.
    const [ours, theirs] = [await connect(server.tlsAddress.port), await connect(port)];
    await ours.call('SET', 'before', '1');
    await theirs.call('CONFIG', 'SET', 'tls-replication', 'yes');
    await theirs.call('REPLICAOF', '127.0.0.1', server.tlsAddress.port);
    const has = async (key: string): Promise<boolean> =>
      (await theirs.call('GET', key)).tree.text === '1';
    await eventually('what was there', () => has('before'));
    await ours.call('SET', 'after', '1');
    await eventually('what came later', () => has('after'));
    await theirs.call('REPLICAOF', 'NO', 'ONE');
    await theirs.call('CONFIG', 'SET', 'tls-replication', 'no');
    await ours.call('FLUSHALL');
    ours.close();
    theirs.close();
  });

  test('CONFIG SET is answered alike', async () => {
    const locked = join(made.folder, 'locked.key');
    openssl('rsa', '-in', made.key('server'), '-out', locked, '-aes256', '-passout', 'pass:1234');
    const [ours, theirs] = [await connect(server.tlsAddress.port), await connect(port)];
    for (const pairs of [
      ['tls-cert-file', '/none'],
      ['tls-cert-file', ''],
      ['tls-cert-file', made.crt('server2')],
      ['tls-key-file', made.key('server2')],
      ['tls-cert-file', made.crt('server2'), 'tls-key-file', made.key('server2')],
      ['tls-key-file', made.key('server'), 'tls-cert-file', made.crt('server')],
      ['tls-key-file', locked],
      ['tls-key-file-pass', '1234', 'tls-key-file', locked],
      ['tls-key-file-pass', '12'],
      ['tls-key-file', made.key('server'), 'tls-key-file-pass', ''],
      ['tls-ca-cert-file', ''],
      ['tls-auth-clients', 'no', 'tls-ca-cert-file', ''],
      ['tls-ca-cert-dir', '/none', 'tls-ca-cert-file', ''],
      ['tls-ca-cert-file', made.crt('ca'), 'tls-ca-cert-dir', ''],
      ['tls-auth-clients', 'maybe'],
      ['tls-auth-clients', 'YES'],
      ['tls-protocols', 'TLSv1.2'],
      ['tls-protocols', 'TLSv1.4'],
      ['tls-protocols', 'tlsv1.2 TLSv1.3'],
      ['tls-protocols', ' '],
      ['tls-protocols', ''],
      ['tls-ciphers', 'none'],
      ['tls-ciphers', 'AES128-SHA256:none'],
      ['tls-ciphers', 'DEFAULT, -AES128-SHA256'],
      ['tls-ciphers', ''],
      ['tls-ciphersuites', 'none'],
      ['tls-ciphersuites', 'TLS_AES_128_GCM_SHA256:TLS_NONE'],
      ['tls-ciphersuites', ''],
      ['tls-prefer-server-ciphers', 'yes'],
      ['tls-session-caching', 'no'],
      ['tls-session-cache-size', '-1'],
      ['tls-session-cache-size', '5'],
      ['tls-session-cache-timeout', '0'],
      ['tls-session-cache-timeout', '60'],
      ['tls-dh-params-file', '/none'],
      ['tls-dh-params-file', made.crt('ca')],
      ['tls-client-cert-file', '/none'],
      ['tls-client-key-file', '/none'],
      ['tls-client-cert-file', made.crt('client'), 'tls-client-key-file', made.key('server')],
      ['tls-client-cert-file', made.crt('client'), 'tls-client-key-file', made.key('client')],
      ['tls-replication', 'yes'],
      ['tls-cluster', 'yes', 'tls-replication', 'no'],
      ['tls-cluster', 'no'],
      ['timeout', '9', 'tls-key-file', '/none', 'hz', '20'],
    ]) {
      const names = [...pairs.filter((_, i) => i % 2 === 0), 'timeout', 'hz'];
      const said: string[][] = [];
      for (const client of [ours, theirs]) {
        const answer = await client.call('CONFIG', 'SET', ...pairs);
        const after: string[] = [];
        for (const name of names) after.push((await client.call('CONFIG', 'GET', name)).raw);
        said.push([pairs.join(' '), answer.raw, ...after]);
      }
      expect(said[0]).toEqual(said[1]);
    }
    ours.close();
    theirs.close();
  });
});

describe('the program', () => {
  let folder: string;
  let main: string;

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'zonis-'));
    main = buildProgram(folder);
  });

  afterAll(() => {
    rmSync(folder, { recursive: true });
  });

  const start = (binary: string, before: string[], args: string[]): Promise<Outcome> =>
    runProgram(binary, [...before, '--port', '0', '--tls-port', '1', '--dir', folder, ...args]);

  test.each([
    ['no certificate', [], 'No tls-cert-file configured!'],
    ['no key', ['tls-cert-file:server.crt'], 'No tls-key-file configured!'],
    [
      'no authority',
      ['tls-cert-file:server.crt', 'tls-key-file:server.key'],
      'Either tls-ca-cert-file or tls-ca-cert-dir must be specified when tls-cluster, ' +
        'tls-replication or tls-auth-clients are enabled!',
    ],
    [
      'a certificate that is none',
      ['tls-cert-file:server.key', 'tls-key-file:server.key', 'tls-ca-cert-file:ca.crt'],
      'server.key: error:0480006C:PEM routines::no start line',
    ],
    [
      'another key',
      ['tls-cert-file:server.crt', 'tls-key-file:client.key', 'tls-ca-cert-file:ca.crt'],
      'client.key: error:05800074:x509 certificate routines::key values mismatch',
    ],
    [
      'an authority that is not there',
      ['tls-cert-file:server.crt', 'tls-key-file:server.key', 'tls-ca-cert-file:none'],
      'Failed to configure CA certificate(s) file/directory: ' +
        'error:80000002:system library::No such file or directory',
    ],
  ])('does not start with %s, as redis-server does not', async (_, files, reason) => {
    const args = files.flatMap((file) => {
      const [name, path] = file.split(':');
      return [`--${name}`, join(made.folder, path)];
    });
    const ours = await start(process.execPath, [main], args);
    expect(ours.code).toBe(1);
    expect(ours.stdout).toContain(reason);
    expect(ours.stderr).toBe('Failed to configure TLS. Check logs for more info.\n');
    if (oracle === undefined) return;
    const theirs = await start(oracle, [], args);
    expect(theirs.code).toBe(1);
    expect(theirs.stdout).toContain(reason);
    expect(theirs.stdout).toContain(ours.stderr.trim());
  });
});
