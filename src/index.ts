/** The embedding entry: a server in this process. */

import { families } from '../commands/index.ts';
import { systemFiles } from './instance/config/files.ts';
import { loadConfiguration } from './instance/config/load.ts';
import { toLatin1 } from './instance/config/words.ts';
import { Config } from './instance/config.ts';
import { type Log, silentLog } from './instance/log.ts';
import { Server } from './server/server.ts';
import { type Clock, systemClock } from './std/clock.ts';
import { SeededRandom, systemSeed } from './std/random.ts';

export interface StartOptions {
  /** TCP port; 0, the default, takes one that is free. */
  readonly port?: number;
  /** Address to listen on. */
  readonly host?: string;
  /** Directives of redis.conf and Zonis' own, by name: `{ maxmemory: '64mb' }`. */
  readonly config?: Readonly<Record<string, string>>;
  readonly clock?: Clock;
  readonly log?: Log;
}

export interface RunningServer {
  readonly address: { readonly host: string; readonly port: number };
  /** redis://host:port */
  readonly url: string;
  /** Answers what has been asked, closes every connection, and frees the port. */
  close(): Promise<void>;
}

/**
 * Starts a server. Rejects when a directive is unknown or has a bad value, and with the system's
 * error when the port is taken.
 */
export async function startServer(options: StartOptions = {}): Promise<RunningServer> {
  const { port = 0, host = '127.0.0.1', config: directives = {}, clock = systemClock } = options;
  const config = new Config();
  const wanted = { port: String(port), bind: host, ...directives };
  const lines = Object.entries(wanted).map(([name, value]) => `${name} ${toLatin1(value) || '""'}`);
  loadConfiguration(
    config,
    { action: 'run', file: undefined, readsStdin: false, lines },
    { files: systemFiles, readStdin: () => '' },
  );
  const server = new Server({
    config,
    clock,
    random: new SeededRandom(systemSeed()),
    seed: systemSeed(),
    log: options.log ?? silentLog,
    families,
    onShutdown: () => void server.close(),
  });
  await server.listen();
  return {
    address: { host, port: server.port },
    url: `redis://${host}:${server.port}`,
    close: () => server.close(),
  };
}
