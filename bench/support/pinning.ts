/**
 * Who may run where: servers on one half of the processors, the load on the other.
 *
 * Where they share a processor, a server that answers early is punished for it: the load generator
 * takes its place. Pinning needs taskset (util-linux) and two processors.
 */

import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** Lists of processors as taskset has them: 0-1,4. */
export interface Pins {
  readonly server: string;
  readonly load: string;
}

/** `0-1/2-3`: those of the servers and those of the load. */
export function parsePins(text: string): Pins {
  const match = /^([\d,-]+)\/([\d,-]+)$/.exec(text);
  if (match === null) throw new Error(`--pin wants processors like 0-1/2-3, not '${text}'`);
  return { server: match[1], load: match[2] };
}

/** 0-2,5 as [0, 1, 2, 5]. */
export function processorsIn(list: string): number[] {
  return list.split(',').flatMap((range) => {
    const [first, last = first] = range.split('-').map(Number);
    return Array.from({ length: last - first + 1 }, (_, i) => first + i);
  });
}

/** The lower half for the servers, the upper half for the load; undefined for one processor. */
export function halvesOf(processors: readonly number[]): Pins | undefined {
  const half = processors.length >> 1;
  if (half === 0) return undefined;
  return {
    server: processors.slice(0, half).join(','),
    load: processors.slice(half).join(','),
  };
}

/** What can be pinned on this machine by this process. */
export function pinsFor(): Pins | undefined {
  try {
    execFileSync('taskset', ['--version'], { stdio: 'ignore' });
    const status = readFileSync('/proc/self/status', 'latin1');
    const allowed = /^Cpus_allowed_list:\s*(\S+)/m.exec(status)?.[1];
    return allowed === undefined ? undefined : halvesOf(processorsIn(allowed));
  } catch {
    return undefined;
  }
}

/** Keeps this process, with all its threads and children to come, where the load belongs. */
export function pinSelf({ load }: Pins): void {
  execFileSync('taskset', ['-a', '-p', '-c', load, String(process.pid)], { stdio: 'ignore' });
}

/** A command that runs on these processors alone. The process is the command's own. */
export function pinned(command: readonly string[], cpus: string | undefined): readonly string[] {
  return cpus === undefined ? command : ['taskset', '-c', cpus, ...command];
}
