/** The program, built and started as people start it. */

import { execFileSync, spawn } from 'node:child_process';
import { readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Address } from './resp-client.ts';

const root = join(import.meta.dirname, '../..');

/** Builds the program in a folder and answers the path of its entry. */
export function buildProgram(folder: string): string {
  const tools = join(root, 'node_modules/.bin');
  const dist = join(folder, 'dist');
  const facts = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as object;
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ ...facts, version: '9.9.9' }));
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
  const project = ['-p', 'tsconfig.build.json', '--outDir', dist];
  execFileSync(join(tools, 'tsc'), project, { cwd: root });
  const config = ['-c', join(root, 'rolldown.config.js')];
  execFileSync(join(tools, 'rolldown'), config, { cwd: folder, stdio: 'ignore' });
  return join(dist, 'main.js');
}

export interface StartedProgram {
  readonly address: Address;
  /** All that it has said so far. */
  readonly log: string;
  /** Its exit code, or the signal that ended it. */
  readonly ended: Promise<number | string>;
  signal(name: NodeJS.Signals): void;
  /** Ends it without a warning. */
  kill(): Promise<void>;
}

export interface StartOptions {
  /** No file can become longer, in blocks of 512 bytes: as if the disk were full. */
  readonly fileBlocksMax?: number;
  /** A process whose file systems it sees, as it sees them (tmpfs.ts). */
  readonly inside?: number;
  /** Path of a configuration. */
  readonly config?: string;
  /** Whether to wait until it serves, and not only until it accepts connections. */
  readonly waits?: boolean;
  /** Whose process it is; ours if absent. */
  readonly uid?: number;
  /** Added to the environment. */
  readonly env?: Readonly<Record<string, string>>;
}

/** Starts the program and resolves when it serves. */
export async function startProgram(
  main: string,
  port: number,
  options: readonly string[],
  { fileBlocksMax, inside, config, waits = true, env = {}, uid }: StartOptions = {},
): Promise<StartedProgram> {
  const given = config === undefined ? [] : [config];
  const args = ['node', main, ...given, '--port', String(port), ...options];
  const limited = `trap '' XFSZ; ulimit -f ${fileBlocksMax}; exec "$@"`;
  const limit = fileBlocksMax === undefined ? [] : ['sh', '-c', limited, 'sh'];
  const enter = ['nsenter', '--target', `${inside}`, '--user', '--mount', '--preserve-credentials'];
  const [file, ...rest] = [...(inside === undefined ? [] : enter), ...limit, ...args];
  const child = spawn(file, rest, {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...env },
    ...(uid === undefined ? {} : { uid, gid: uid }),
  });
  // A test run that dies takes its servers along.
  const end = (): void => void child.kill('SIGKILL');
  process.on('exit', end);
  let log = '';
  const ended = new Promise<number | string>((resolve) => {
    child.once('close', (code, signal) => {
      process.off('exit', end);
      resolve(code ?? signal ?? '');
    });
  });
  const ready = new Promise<void>((resolve, reject) => {
    const read = (text: string): void => {
      log += text;
      if (log.includes(waits ? 'Ready to accept connections' : 'Listening on')) resolve();
    };
    child.stdout.setEncoding('utf8').on('data', read);
    child.stderr.setEncoding('utf8').on('data', read);
    void ended.then((how) => reject(new Error(`it ended with ${how}:\n${log}`)));
  });
  const kill = async (): Promise<void> => {
    child.kill('SIGKILL');
    await ended;
  };
  try {
    await ready;
  } catch (error) {
    await kill();
    throw error;
  }
  return {
    address: { host: '127.0.0.1', port },
    get log() {
      return log;
    },
    ended,
    signal: (name) => void child.kill(name),
    kill,
  };
}
