/** A small file system in memory, which only those see that are started inside (built.ts). */

import { spawn } from 'node:child_process';
import { once } from 'node:events';

export interface SmallDisk {
  /** The process that holds it: it is gone when that ends. */
  readonly pid: number;
  /** Where we see a path of it. */
  seen(path: string): string;
  release(): Promise<void>;
}

/** Mounts one of so many bytes in a folder. Undefined where the system does not let us. */
export async function mountSmall(folder: string, size: number): Promise<SmallDisk | undefined> {
  const script = 'mount -t tmpfs -o size="$1" none "$0" && echo mounted && exec sleep 600';
  const holder = spawn('unshare', ['-rm', 'sh', '-c', script, folder, String(size)], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const ended = new Promise<void>((resolve) => {
    holder.once('close', () => resolve());
    holder.once('error', () => resolve());
  });
  const isMounted = await Promise.race([
    once(holder.stdout, 'data').then(() => true),
    ended.then(() => false),
  ]);
  const { pid } = holder;
  if (!isMounted || pid === undefined) return undefined;
  return {
    pid,
    seen: (path) => `/proc/${pid}/root${path}`,
    async release() {
      holder.kill('SIGKILL');
      await ended;
    },
  };
}
