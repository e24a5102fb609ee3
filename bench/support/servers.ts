/**
 * The servers that are measured: started on a port of their own, asked who they are, ended by pid.
 */

import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { type Address, RespClient } from '../../test/support/resp-client.ts';
import { pinned } from './pinning.ts';

/** A server somebody wants measured: a command to start, or a port where it already listens. */
export interface Candidate {
  readonly name: string;
  readonly command?: readonly string[];
  readonly port?: number;
  /** How to print the command, where it names folders of this machine. */
  readonly shown?: string;
  /** Whether it has SESSION.SET. */
  readonly hasSessions?: boolean;
  /** Processors it may run on, as taskset has them. */
  readonly cpus?: string;
}

export interface Subject {
  readonly candidate: Candidate;
  readonly address: Address;
  /** As it describes itself. */
  readonly version: string;
  /** Milliseconds from its start until it first answered; undefined for one that was there. */
  readonly readyMs: number | undefined;
  /** To read its CPU time; undefined for a server we did not start and can't see. */
  readonly pid: number | undefined;
  close(): Promise<void>;
}

/** `name=path args` or `name=port`; `{port}` in the args, else `--port N` is put behind them. */
export function parseCandidate(text: string): Candidate {
  const match = /^([\w.-]+)=(.+)$/.exec(text);
  if (match === null) throw new Error(`--peer wants name=path args or name=port, not '${text}'`);
  const [, name, rest] = match;
  if (/^\d+$/.test(rest)) return { name, port: Number(rest) };
  return { name, command: wordsOf(rest) };
}

/** Words as a shell would split them, of quotes alone. */
export function wordsOf(line: string): string[] {
  return [...line.matchAll(/(?:"[^"]*"|'[^']*'|[^\s"'])+/g)].map(([word]) =>
    word.replace(/"([^"]*)"|'([^']*)'/g, (_, double, single) => double ?? single),
  );
}

/** How it was started, without the folders of this machine. */
export function describeCommand(candidate: Candidate): string {
  if (candidate.shown !== undefined) return candidate.shown;
  if (candidate.command === undefined) return `already there on port ${candidate.port}`;
  const [path, ...args] = candidate.command;
  return [basename(path), ...args.map((arg) => (arg === '' ? '""' : arg))].join(' ');
}

export async function startSubject(candidate: Candidate, timeoutMs = 10_000): Promise<Subject> {
  if (candidate.command === undefined) {
    const address = { host: '127.0.0.1', port: candidate.port ?? 6379 };
    const info = await infoOf(address, 'server');
    const keys = /^db\d+:keys=.*/m.exec(await infoOf(address, 'keyspace'))?.[0];
    // Measuring empties it, and nobody should lose data to a benchmark.
    if (keys !== undefined) throw new Error(`${candidate.name} is not empty: ${keys}`);
    return {
      candidate,
      address,
      version: versionIn(info),
      readyMs: undefined,
      pid: visiblePid(Number(/^process_id:(\d+)/m.exec(info)?.[1])),
      close: async () => {},
    };
  }
  const port = await freePort();
  const [path, ...args] = pinned(candidate.command, candidate.cpus);
  const own = args.some((arg) => arg.includes('{port}'))
    ? args.map((arg) => arg.replaceAll('{port}', String(port)))
    : [...args, '--port', String(port)];
  const folder = mkdtempSync(join(tmpdir(), 'zonis-bench-'));
  const begin = performance.now();
  const child = spawn(path, own, { stdio: ['ignore', 'ignore', 'pipe'], cwd: folder });
  let complaint = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    if (complaint.length < 4096) complaint += text;
  });
  // A run that dies takes its servers along.
  const kill = (): void => void child.kill('SIGKILL');
  process.on('exit', kill);
  const close = async (): Promise<void> => {
    child.kill('SIGKILL');
    await ended(child);
    process.off('exit', kill);
    rmSync(folder, { recursive: true, force: true });
  };
  const address = { host: '127.0.0.1', port };
  try {
    const failed = new Promise<never>((_, reject) => {
      child.once('error', reject);
      child.once('close', (code) =>
        reject(new Error(`${candidate.name} ended with ${code}: ${complaint}`)),
      );
    });
    // After the start nobody waits for it any more.
    failed.catch(() => {});
    await Promise.race([failed, isAnswering(address, timeoutMs)]);
    const readyMs = performance.now() - begin;
    const version = versionIn(await infoOf(address, 'server'));
    return { candidate, address, version, readyMs, pid: child.pid, close };
  } catch (error) {
    await close();
    throw error;
  }
}

function ended(child: ChildProcess): Promise<unknown> {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) {
    return Promise.resolve();
  }
  return new Promise((resolve) => child.once('exit', resolve));
}

const POLL_MS = 2;

/** Resolves once the server answers; what it answers is its own affair, unless it is loading. */
async function isAnswering(address: Address, timeoutMs: number): Promise<void> {
  const limit = performance.now() + timeoutMs;
  let seen = 'nothing';
  while (performance.now() < limit) {
    try {
      const client = await RespClient.connect(address, timeoutMs);
      seen = (await client.call('PING')).raw.trim();
      client.close();
      if (!seen.startsWith('-LOADING')) return;
    } catch (error) {
      seen = String(error);
    }
    // Who is loading has better things to do than to say so.
    const pause = seen.startsWith('-LOADING') ? 10 * POLL_MS : POLL_MS;
    await new Promise((resolve) => setTimeout(resolve, pause));
  }
  throw new Error(`not ready within ${timeoutMs} ms: ${seen}`);
}

async function infoOf(address: Address, section: string): Promise<string> {
  const client = await RespClient.connect(address);
  try {
    return (await client.call('INFO', section)).tree.text ?? '';
  } finally {
    client.close();
  }
}

function versionIn(info: string): string {
  for (const field of ['valkey_version', 'zonis_version', 'redis_version']) {
    const version = new RegExp(`^${field}:(.*?)\r?$`, 'm').exec(info)?.[1];
    if (version !== undefined) return version;
  }
  return 'unknown';
}

/** The pid a server claims, unless it runs where we can't see it. */
function visiblePid(pid: number): number | undefined {
  return Number.isInteger(pid) && cpuSeconds(pid) !== undefined ? pid : undefined;
}

/** A port nobody listens on at this moment. */
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

let ticksPerSecond: number | undefined;

function secondsOf(ticks: number): number {
  ticksPerSecond ??= Number(execFileSync('getconf', ['CLK_TCK'])) || 100;
  return ticks / ticksPerSecond;
}

function readProc(path: string): string | undefined {
  try {
    return readFileSync(`/proc/${path}`, 'latin1');
  } catch {
    return undefined;
  }
}

/** CPU time a process has used, user and system, all threads; undefined where /proc is not. */
export function cpuSeconds(pid: number): number | undefined {
  const stat = readProc(`${pid}/stat`);
  return stat === undefined ? undefined : secondsOf(cpuTicks(stat).own);
}

/** Resident set of a process; undefined where it can't be seen. */
export function residentBytes(pid: number): number | undefined {
  const kilobytes = /^VmRSS:\s*(\d+) kB/m.exec(readProc(`${pid}/status`) ?? '')?.[1];
  return kilobytes === undefined ? undefined : Number(kilobytes) * 1024;
}

/** CPU time of everybody on this machine, and of this process with the children it waited for. */
export function machineCpuSeconds(): { readonly all: number; readonly self: number } | undefined {
  const machine = readProc('stat');
  const self = readProc('self/stat');
  if (machine === undefined || self === undefined) return undefined;
  const { own, children } = cpuTicks(self);
  return { all: secondsOf(busyTicks(machine)), self: secondsOf(own + children) };
}

/** Times in a line of /proc/PID/stat. The name in parentheses may contain anything. */
export function cpuTicks(stat: string): { readonly own: number; readonly children: number } {
  const fields = stat
    .slice(stat.lastIndexOf(')') + 2)
    .split(' ')
    .map(Number);
  return { own: fields[11] + fields[12], children: fields[13] + fields[14] };
}

/** Ticks of all cores in /proc/stat in which somebody ran, here or beside this virtual machine. */
export function busyTicks(stat: string): number {
  const [user, nice, system, , , irq, softirq, steal] = stat
    .slice(0, stat.indexOf('\n'))
    .split(/ +/)
    .slice(1)
    .map(Number);
  return user + nice + system + irq + softirq + (steal || 0);
}
