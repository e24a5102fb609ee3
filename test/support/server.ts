/** Our server, in this process, on a port of its own choosing. */

import { type StartOptions, startServer } from '../../src/index.ts';
import { type Running, versionAt } from './redis.ts';

/** Starts a server for a test, which closes it. */
export async function startOurs(options: StartOptions = {}): Promise<Running> {
  const server = await startServer({ ...options, port: 0 });
  return {
    name: 'zonis',
    version: await versionAt(server.address),
    address: server.address,
    close: () => server.close(),
  };
}
