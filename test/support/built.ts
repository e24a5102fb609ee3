/** The program, built and started as people start it. */

import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
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
  /** Ends it without a warning. */
  kill(): Promise<void>;
}

/** Starts the program and resolves when it serves. */
export async function startProgram(
  main: string,
  port: number,
  options: readonly string[],
): Promise<StartedProgram> {
  const child = spawn('node', [main, '--port', String(port), ...options], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  // A test run that dies takes its servers along.
  const end = (): void => void child.kill('SIGKILL');
  process.on('exit', end);
  const kill = async (): Promise<void> => {
    child.kill('SIGKILL');
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
    process.off('exit', end);
  };
  try {
    await isReady(child);
  } catch (error) {
    await kill();
    throw error;
  }
  return { address: { host: '127.0.0.1', port }, kill };
}

/** Resolves once the program says so in its log. */
function isReady(child: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    let log = '';
    const read = (text: string): void => {
      log += text;
      if (log.includes('Ready to accept connections')) resolve();
    };
    child.stdout?.setEncoding('utf8').on('data', read);
    child.stderr?.setEncoding('utf8').on('data', read);
    child.once('close', (code) => reject(new Error(`it ended with ${code}:\n${log}`)));
  });
}
