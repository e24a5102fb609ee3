/** Our server, in this process, on a port of its own choosing. */

import { startServer } from '../../src/index.ts';
import { type Running, versionAt } from './redis.ts';

type Options = NonNullable<Parameters<typeof startServer>[0]>;

/** Starts a server for a test, which closes it. */
export async function startOurs(options: Partial<Options> = {}): Promise<Running> {
  const server = await startServer({ ...options, port: 0 });
  return {
    name: 'zonis',
    version: await versionAt(server.address),
    address: server.address,
    close: () => server.close(),
  };
}
