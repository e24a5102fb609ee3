/**
 * The process and the machine it runs in, as far as INFO tells of them: the only place that asks.
 */

import { arch, release, totalmem, type } from 'node:os';

export interface ProcessorTime {
  /** Seconds. */
  readonly user: number;
  readonly system: number;
}

/** Name, release and architecture, as `uname -srm` prints them. */
export const systemName = `${type()} ${release()} ${arch() === 'x64' ? 'x86_64' : arch()}`;
export const processId = process.pid;
/** Path of the program that runs this. */
export const executable = process.execPath;
export const nodeVersion = process.versions.node;
/** Bytes of memory the machine has. */
export const machineMemory = totalmem();

/** Bytes of this process that are in memory. */
export function residentSize(): number {
  return process.memoryUsage.rss();
}

/** Time this process has run for, all its threads together. */
export function processorTime(): ProcessorTime {
  const { user, system } = process.cpuUsage();
  return { user: user / 1e6, system: system / 1e6 };
}
