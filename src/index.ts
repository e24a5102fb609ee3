/** The embedding entry: a server in this process. */

import { families } from '../commands/index.ts';
import { Registry } from './dispatch/registry.ts';
import { findDirective } from './instance/config/directives.ts';
import { systemFiles } from './instance/config/files.ts';
import { COMMAND_LINE, ConfigError, loadConfiguration } from './instance/config/load.ts';
import { quoted, toLatin1 } from './instance/config/words.ts';
import { Config } from './instance/config.ts';
import { type Log, silentLog } from './instance/log.ts';
import { Server } from './server/server.ts';
import { type Clock, systemClock } from './std/clock.ts';
import { SeededRandom, systemSeed } from './std/random.ts';

/** A word of a directive: `true` is yes, `false` is no. */
export type ConfigWord = string | number | boolean;

export interface StartOptions {
  /** TCP port; 0, the default, takes one that is free. */
  readonly port?: number;
  /**
   * TCP port for clients that use TLS; 0 takes one that is free. `config` says `tls-cert-file`,
   * `tls-key-file`, and `tls-auth-clients: 'no'` or `tls-ca-cert-file`. Without it there is no TLS.
   */
  readonly tlsPort?: number;
  /** Address to listen on: 127.0.0.1 unless said otherwise. */
  readonly host?: string;
  /**
   * Directives of redis.conf and Zonis' own, by name: `{ maxmemory: '64mb', save: '' }`. They come
   * after `port` and `host`. An array is several lines for a directive that gathers them
   * (`zone: ['web 64mb', 'api 8mb']`), and several words for one that does not
   * (`bind: ['127.0.0.1', '::1']`).
   */
  readonly config?: Readonly<Record<string, ConfigWord | readonly ConfigWord[] | undefined>>;
  readonly clock?: Clock;
  readonly log?: Log;
}

export interface RunningServer {
  /**
   * Where clients of this machine reach it: the first address it listens on, the loopback one where
   * that is all. Port 0 where it listens on a Unix socket or with TLS alone.
   */
  readonly address: { readonly host: string; readonly port: number };
  /** The same for those that use TLS. */
  readonly tlsAddress: RunningServer['address'];
  /** redis://host:port, or without that rediss://host:port, or without both unix:///path. */
  readonly url: string;
  /**
   * Answers what has been asked, closes every connection, and frees the port. With save points, all
   * keys are saved first.
   */
  close(): Promise<void>;
}

/** Who says one of these wants what is saved to be loaded. */
const PERSISTENT: ReadonlySet<string> = new Set(['save', 'dir', 'dbfilename', 'appendonly']);

/**
 * Starts a server. It keeps its keys in memory alone, unless it is told where they are to be saved
 * (`dir`, `dbfilename`) or when (`save`, `appendonly`): then what was saved is loaded first. Rejects
 * with a ConfigError when a directive is unknown or has a bad value, with a StartError when what was
 * saved can't be loaded or TLS can't be had with those files (its `cause` says why), and with an error that has the system's `code` when it can't listen.
 */
export async function startServer(options: StartOptions = {}): Promise<RunningServer> {
  const { port = 0, tlsPort, host = '127.0.0.1', clock = systemClock } = options;
  const { config: directives = {} } = options;
  const registry = new Registry(families);
  const isPersistent = Object.keys(directives).some((name) => PERSISTENT.has(name.toLowerCase()));
  // Who embeds a server and says nothing of files gets none.
  const all = { port, 'tls-port': tlsPort, bind: host, save: '', ...directives };
  const config = configure(all, registry);
  const isDirective = (name: string) =>
    Object.keys(directives).some((given) => given.toLowerCase() === name);
  const server = new Server({
    config,
    clock,
    random: new SeededRandom(systemSeed()),
    seed: systemSeed(),
    log: options.log ?? silentLog,
    registry,
    onShutdown: () => void server.close(),
    takesAnyPort: !isDirective('port'),
    takesAnyTlsPort: tlsPort === 0 && !isDirective('tls-port'),
    loads: isPersistent,
  });
  await server.listen();
  const address = reachable(server.address);
  const tlsAddress = reachable(server.tlsAddress);
  return {
    address,
    tlsAddress,
    url:
      address.port !== 0
        ? urlOf('redis', address)
        : tlsAddress.port !== 0
          ? urlOf('rediss', tlsAddress)
          : `unix://${config.values.unixsocket}`,
    async close() {
      if (server.savesAtEnd) await server.whenFree();
      // What can't be saved has been logged.
      server.prepareToEnd();
      return server.close();
    },
  };
}

function urlOf(scheme: string, { host, port }: RunningServer['address']): string {
  return `${scheme}://${host.includes(':') ? `[${host}]` : host}:${port}`;
}

function configure(directives: NonNullable<StartOptions['config']>, registry: Registry): Config {
  const config = new Config();
  const lines = Object.entries(directives).flatMap(([name, value]) => linesOf(name, value));
  try {
    loadConfiguration(
      config,
      { action: 'run', file: undefined, readsStdin: false, lines },
      {
        files: systemFiles,
        readStdin: () => '',
        renameCommand: (from, to) => registry.rename(from, to),
      },
    );
  } catch (error) {
    // No one who embeds knows of a line: its directive says where to look.
    const isOurs = error instanceof ConfigError && error.source === COMMAND_LINE;
    throw isOurs ? new ConfigError(`${error.text?.split(' ')[0]}: ${error.reason}`) : error;
  }
  return config;
}

/** A directive as a file would have it. */
function linesOf(name: string, value: ConfigWord | readonly ConfigWord[] | undefined): string[] {
  if (value === undefined) return [];
  const words = Array.isArray(value) ? value.map(wordOf) : [wordOf(value as ConfigWord)];
  const directive = findDirective(name)?.directive;
  const isOneLine = directive?.takesWords === true && directive.adds === undefined;
  return isOneLine ? [`${name} ${words.join(' ')}`] : words.map((word) => `${name} ${word}`);
}

function wordOf(word: ConfigWord): string {
  if (typeof word === 'boolean') return word ? 'yes' : 'no';
  return quoted(toLatin1(String(word)));
}

/** How clients of this machine reach what listens on an address. */
function reachable(
  listened: { readonly address: string; readonly port: number } | undefined,
): RunningServer['address'] {
  if (listened === undefined) return { host: '', port: 0 };
  const { address, port } = listened;
  const host = address === '0.0.0.0' ? '127.0.0.1' : address === '::' ? '::1' : address;
  return { host, port };
}
