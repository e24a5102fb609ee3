/** Programs that talk to a server: run to their end, or until they have said enough. */

import { spawn } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { findRedis } from './redis.ts';

export interface RunOptions {
  /** What it reads. */
  readonly input?: string | Uint8Array;
  readonly env?: Readonly<Record<string, string>>;
  /** Asked at each piece it writes: once this is true of all it has written, it is ended. */
  readonly until?: (output: string) => boolean | Promise<boolean>;
}

export interface Outcome {
  /** Null if it was ended. */
  readonly code: number | null;
  /** One character per byte, as the server's replies have it. */
  readonly stdout: string;
  readonly stderr: string;
}

const LIMIT_MS = 20_000;

/** Runs a program without blocking this process, where the server is. */
export function runProgram(
  file: string,
  args: readonly string[],
  { input, env = {}, until }: RunOptions = {},
): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, {
      env: { ...process.env, ...env },
      stdio: 'pipe',
      timeout: LIMIT_MS,
      killSignal: 'SIGKILL',
    });
    const kill = (): void => void child.kill('SIGKILL');
    process.on('exit', kill);
    let stdout = '';
    let stderr = '';
    let isEnough = false;
    const ask = async (): Promise<void> => {
      if ((await until?.(stdout)) !== true) return;
      isEnough = true;
      kill();
    };
    child.stdout.setEncoding('latin1').on('data', (text: string) => {
      stdout += text;
      ask().catch((error: unknown) => {
        reject(error);
        kill();
      });
    });
    child.stderr.setEncoding('latin1').on('data', (text: string) => {
      stderr += text;
    });
    child.once('error', reject);
    child.once('close', (code, signal) => {
      process.off('exit', kill);
      if (signal === null || isEnough) return resolve({ code, stdout, stderr });
      reject(new Error(`${file} ${args.join(' ')}: ${signal}\n${stdout}${stderr}`));
    });
    // It may end without having read it all.
    child.stdin.on('error', () => {});
    child.stdin.end(input);
  });
}

/**
 * Path of a program that comes with redis-server: the one beside it, or the one in the PATH.
 * Undefined when there is none, which a build machine does not allow.
 */
export function findTool(name: 'redis-cli' | 'redis-benchmark'): string | undefined {
  const redis = findRedis();
  const folders = (process.env.PATH ?? '').split(delimiter).filter((folder) => folder !== '');
  if (redis !== undefined) folders.unshift(dirname(redis));
  const found = folders.map((folder) => join(folder, name)).find(isProgram);
  if (found === undefined && process.env.CI === 'true') {
    throw new Error(`no ${name} in PATH, and CI=true demands one`);
  }
  return found;
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
