/** Our server, in this process, on a port of its own choosing. */

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type StartOptions, startServer } from '../../src/index.ts';
import { type Running, versionAt } from './redis.ts';

/** Starts a server for a test, which closes it. What it saves goes with it. */
export async function startOurs(options: StartOptions = {}): Promise<Running> {
  const folder = mkdtempSync(join(tmpdir(), 'zonis-ours-'));
  const config = { dir: folder, ...options.config };
  const server = await startServer({ ...options, config, port: 0 }).catch((error: unknown) => {
    rmSync(folder, { recursive: true });
    throw error;
  });
  return {
    name: 'zonis',
    version: await versionAt(server.address),
    address: server.address,
    async close() {
      await server.close();
      rmSync(folder, { recursive: true });
    },
  };
}
