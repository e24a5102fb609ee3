/** redis-benchmark: each of its tests, in both protocols, deep pipelines, threads and random keys. */

import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { findTool, type Outcome, runProgram } from '../support/program.ts';
import type { Running } from '../support/redis.ts';
import { RespClient } from '../support/resp-client.ts';
import { startOurs } from '../support/server.ts';

const benchmark = findTool('redis-benchmark') as string;
const REQUESTS = 200;

/** What each test of its own calls, by the names of `-t`. */
const TESTS: Record<string, readonly string[]> = {
  ping_inline: ['ping'],
  ping_mbulk: ['ping'],
  set: ['set'],
  get: ['get'],
  incr: ['incr'],
  lpush: ['lpush'],
  rpush: ['rpush'],
  lpop: ['lpop'],
  rpop: ['rpop'],
  sadd: ['sadd'],
  hset: ['hset'],
  spop: ['spop'],
  zadd: ['zadd'],
  zpopmin: ['zpopmin'],
  lrange_100: ['lpush', 'lrange'],
  lrange_300: ['lpush', 'lrange'],
  lrange_500: ['lpush', 'lrange'],
  lrange_600: ['lpush', 'lrange'],
  mset: ['mset'],
};

let server: Running;
let client: RespClient;

describe.skipIf(benchmark === undefined)('redis-benchmark', () => {
  beforeAll(async () => {
    server = await startOurs();
  });

  afterAll(async () => {
    await server?.close();
  });

  beforeEach(async () => {
    client = await RespClient.connect(server.address);
    await client.pipeline([['FLUSHALL'], ['CONFIG', 'RESETSTAT']]);
  });

  afterEach(() => {
    client.close();
  });

  async function run(args: readonly string[]): Promise<Outcome> {
    const { port } = server.address;
    const common = ['-p', String(port), '-n', String(REQUESTS), '-c', '10'];
    const outcome = await runProgram(benchmark, [...common, ...args]);
    expect(outcome.code).toBe(0);
    expect(`${outcome.stdout}${outcome.stderr}`).not.toMatch(/error|could not/i);
    return outcome;
  }

  /** How often each command was called, and that none was refused. */
  async function calls(): Promise<Record<string, number>> {
    const { tree } = await client.call('INFO', 'commandstats');
    const text = tree.text ?? '';
    expect(text).not.toMatch(/(rejected|failed)_calls=[1-9]/);
    const lines = text.matchAll(/^cmdstat_([^:]+):calls=(\d+)/gm);
    return Object.fromEntries([...lines].map(([, name, count]) => [name, Number(count)]));
  }

  test.each([[[]], [['-3']]])('runs each of its tests %j', async (args) => {
    const { stdout } = await run([...args, '-t', Object.keys(TESTS).join(), '-P', '4', '--csv']);
    const [header, ...rows] = stdout.trimEnd().split('\n');
    expect(header).toMatch(/^"test","rps","avg_latency_ms"/);
    // One more for LPUSH, which fills the list that the LRANGEs read.
    expect(rows).toHaveLength(Object.keys(TESTS).length + 1);
    for (const row of rows) expect(row).toMatch(/^"[A-Z].*","\d+\.\d\d","\d+\.\d{3}"/);
    const counts = await calls();
    const expected: Record<string, number> = {};
    const once = Object.entries(TESTS).filter(([name]) => !name.startsWith('lrange'));
    for (const [, [name]] of once) expected[name] = (expected[name] ?? 0) + REQUESTS;
    Object.assign(expected, { lpush: 2 * REQUESTS, lrange: 4 * REQUESTS });
    // A pipeline of the last round may be longer than what was left to ask for.
    for (const [name, count] of Object.entries(expected)) {
      expect(counts[name], name).toBeGreaterThanOrEqual(count);
    }
    expect(args.length === 0 || counts.hello > 0).toBe(true);
  });

  test('asks for the configuration first, and names it', async () => {
    const { stdout } = await run(['-t', 'set']);
    expect((await calls())['config|get']).toBe(2);
    expect(stdout).toContain('host configuration "save"');
    expect(stdout).toContain('host configuration "appendonly": no');
    expect(stdout).toMatch(/throughput summary: \d+\.\d\d requests per second/);
  });

  test('random keys, a large value and several threads', async () => {
    await run(['-t', 'set', '-r', '50', '-d', '5000', '--threads', '2', '-q']);
    const { tree } = await client.call('DBSIZE');
    expect(Number(tree.text)).toBeGreaterThan(20);
    expect(Number(tree.text)).toBeLessThanOrEqual(50);
    expect((await calls()).set).toBe(REQUESTS);
  });

  test('a command of its own in another database, and a connection for each request', async () => {
    await run(['--dbnum', '3', '-P', '10', 'XADD', 's', 'MAXLEN', '~', '100', '*', 'f', 'v']);
    await run(['-k', '0', 'EVAL', "return redis.call('INCR', KEYS[1])", '1', 'n']);
    await client.call('SELECT', 3);
    expect(Number((await client.call('XLEN', 's')).tree.text)).toBeGreaterThanOrEqual(100);
    await client.call('SELECT', 0);
    expect((await client.call('GET', 'n')).tree.text).toBe(String(REQUESTS));
  });

  test('with tracking, and as a user', async () => {
    await client.call('ACL', 'SETUSER', 'ann', 'on', '>secret', '~*', '+@all');
    await run(['-t', 'get', '-3', '--enable-tracking', '--user', 'ann', '-a', 'secret']);
    expect((await calls())['client|tracking']).toBeGreaterThan(0);
    await client.call('ACL', 'DELUSER', 'ann');
  });

  test('a password it does not know ends it', async () => {
    await client.call('CONFIG', 'SET', 'requirepass', 'secret');
    const args = ['-p', String(server.address.port), '-n', '10', '-t', 'get'];
    const { code, stdout, stderr } = await runProgram(benchmark, args);
    expect([code, `${stdout}${stderr}`]).toEqual([1, expect.stringContaining('NOAUTH')]);
    await client.call('CONFIG', 'SET', 'requirepass', '');
  });
});
