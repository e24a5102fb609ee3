/**
 * A real redis-server, for whoever compares with one.
 *
 * ZONIS_ORACLE names another binary than the one in the PATH, for example one of a later version.
 * Where there is none, comparisons are skipped and say so; on a build machine (CI=true) a missing
 * redis-server is a failure, or nothing would be compared and nobody would know.
 */

import { type ChildProcess, spawn } from 'node:child_process';
import { accessSync, constants, mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { type Address, RespClient } from './resp-client.ts';

/** A server that answers at an address until it is closed. */
export interface Running {
  readonly name: string;
  /** Of Redis, such as 7.0.15: what it is, or what it says it speaks. */
  readonly version: string;
  readonly address: Address;
  close(): Promise<void>;
}

/** Path of the redis-server to compare with; undefined when there is none and that is allowed. */
export function findRedis(env: NodeJS.ProcessEnv = process.env): string | undefined {
  const named = env.ZONIS_ORACLE;
  if (named !== undefined && named !== '') {
    if (!isExecutable(named)) throw new Error(`ZONIS_ORACLE: not a program: ${named}`);
    return named;
  }
  for (const folder of (env.PATH ?? '').split(delimiter)) {
    const path = join(folder, 'redis-server');
    if (folder !== '' && isExecutable(path)) return path;
  }
  if (env.CI === 'true') throw new Error('no redis-server in PATH, and CI=true demands one');
  return undefined;
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** Starts `binary` on a free port, without persistence and with DEBUG allowed. */
export async function startRedis(binary: string, args: readonly string[] = []): Promise<Running> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await startRedisAt(binary, await freePort(), args);
    } catch (error) {
      // Between finding the port free and taking it, another test may have been quicker.
      if (attempt === 5 || !String(error).includes('in use')) throw error;
    }
  }
}

async function startRedisAt(
  binary: string,
  port: number,
  args: readonly string[],
): Promise<Running> {
  const folder = mkdtempSync(join(tmpdir(), 'zonis-redis-'));
  const options = [
    ...['--port', String(port), '--bind', '127.0.0.1', '--dir', folder],
    ...['--save', '', '--appendonly', 'no', '--enable-debug-command', 'yes'],
  ];
  const child = spawn(binary, [...options, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  // A test run that dies takes its servers along.
  const kill = (): void => void child.kill('SIGKILL');
  process.on('exit', kill);
  const close = async (): Promise<void> => {
    child.kill('SIGKILL');
    if (child.exitCode === null && child.signalCode === null) {
      await new Promise((resolve) => child.once('exit', resolve));
    }
    process.off('exit', kill);
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    await isReady(child);
    const address = { host: '127.0.0.1', port };
    const version = await versionAt(address);
    return { name: `redis ${version}`, version, address, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Resolves once the server says so in its log. */
function isReady(child: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    let log = '';
    const read = (text: string): void => {
      log += text;
      if (log.includes('Ready to accept connections')) resolve();
    };
    child.stdout?.setEncoding('utf8').on('data', read);
    child.stderr?.setEncoding('utf8').on('data', read);
    child.once('error', reject);
    child.once('close', (code) => reject(new Error(`redis-server ended with ${code}:\n${log}`)));
  });
}

/** What the server at an address calls its version. */
export async function versionAt(address: Address): Promise<string> {
  const client = await RespClient.connect(address);
  try {
    const { tree } = await client.call('INFO', 'server');
    return /^redis_version:(.*?)\r?$/m.exec(tree.text ?? '')?.[1] ?? 'unknown';
  } finally {
    client.close();
  }
}

/** A TCP port that nobody has, for now. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => {
        if (address !== null && typeof address === 'object') resolve(address.port);
        else reject(new Error('no port'));
      });
    });
  });
}

/** Whether version `a` is `b` or later: '7.2' is met by 7.2.6, not by 7.0.15. */
export function isAtLeast(a: string, b: string): boolean {
  const [left, right] = [a, b].map((version) => version.split('.').map(Number));
  for (let i = 0; i < right.length; i++) {
    const difference = (left[i] ?? 0) - right[i];
    if (difference !== 0) return difference > 0;
  }
  return true;
}
