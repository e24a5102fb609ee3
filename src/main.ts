#!/usr/bin/env node
/**
 * The command line: argv → configuration → a server; signals; exit codes.
 *
 *   0  ended in good order (SIGTERM, SIGINT, SHUTDOWN)      1  could not start; one line says why
 */

import { readFileSync } from 'node:fs';
import { families } from '../commands/index.ts';
import { Registry } from './dispatch/registry.ts';
import { parseCommandLine, usage } from './instance/config/command-line.ts';
import { processDirectory, systemFiles } from './instance/config/files.ts';
import { ConfigError, loadConfiguration } from './instance/config/load.ts';
import { Config } from './instance/config.ts';
import { openLog } from './instance/log.ts';
import { version } from './instance/version.ts';
import { banner } from './server/banner.ts';
import { NowhereError } from './server/endpoints.ts';
import { ListenError } from './server/listener.ts';
import { followOomScore } from './server/oom-score.ts';
import { writePidfile } from './server/pidfile.ts';
import { showLoading } from './server/progress.ts';
import { Server, StartError } from './server/server.ts';
import { systemClock } from './std/clock.ts';
import { SeededRandom, systemSeed } from './std/random.ts';

const PROGRAM = 'zonis';
const PRODUCT = `Zonis ${version}`;

function fail(message: string): never {
  process.stderr.write(message.endsWith('\n') ? message : `${message}\n`);
  process.exit(1);
}

function configure(argv: readonly string[], registry: Registry): Config {
  const commandLine = parseCommandLine(argv);
  if (commandLine.action === 'version') {
    process.stdout.write(`${PRODUCT}\n`);
    process.exit(0);
  }
  if (commandLine.action === 'help') {
    process.stdout.write(usage(PROGRAM));
    process.exit(0);
  }
  const config = new Config({ directory: processDirectory, files: systemFiles });
  try {
    loadConfiguration(config, commandLine, {
      files: systemFiles,
      readStdin: () => readFileSync(0, 'latin1'),
      renameCommand: (from, to) => registry.rename(from, to),
    });
  } catch (error) {
    if (error instanceof ConfigError) fail(error.report(PRODUCT));
    throw error;
  }
  return config;
}

async function main(): Promise<void> {
  const registry = new Registry(families);
  const config = configure(process.argv.slice(2), registry);
  const { loglevel, logfile } = config.values;
  const log = openLog({
    level: loglevel,
    file: logfile,
    isTerminal: process.stdout.isTTY === true,
    clock: systemClock,
  });

  let isEnding = false;
  let removePidfile = (): void => {};
  const end = (): void => {
    if (isEnding) return;
    isEnding = true;
    void server.close().then(() => {
      removePidfile();
      log.notice('Zonis is now ready to exit, bye bye...');
      log.close();
      process.exit(0);
    });
  };

  let server: Server;
  try {
    server = new Server({
      config,
      clock: systemClock,
      random: new SeededRandom(systemSeed()),
      seed: systemSeed(),
      log,
      registry,
      loads: true,
      onShutdown: end,
      onLoading: process.stdout.isTTY ? showLoading : undefined,
      onFatal: () => process.exit(1),
    });
  } catch (error) {
    if (error instanceof StartError) fail(error.message);
    if (error instanceof RangeError) fail(`Could not open the zones: ${error.message}`);
    throw error;
  }
  let isAsked = false;
  const endBy = async (signal: 'SIGTERM' | 'SIGINT'): Promise<void> => {
    if (isEnding) return;
    if (isAsked) {
      if (signal === 'SIGTERM') return;
      log.warning('You insist... exiting now.');
      server.discardDrafts();
      process.exit(1);
    }
    const { shutdownOnSigterm, shutdownOnSigint } = config.values;
    const words: readonly string[] = signal === 'SIGTERM' ? shutdownOnSigterm : shutdownOnSigint;
    const { isLoading } = server.instance.keyspace;
    if (isLoading) log.warning('Received shutdown signal during loading, exiting now.');
    else log.notice(`Received ${signal}, shutting down.`);
    isAsked = true;
    await server.whenFree();
    isAsked = false;
    const saves = words.includes('save') || (words.includes('nosave') ? false : undefined);
    // It saves at once and hears nothing meanwhile: another SIGINT is left to the system to end it.
    process.off('SIGINT', interrupt);
    if (server.shutDown({ saves, isForced: words.includes('force') })) return;
    process.on('SIGINT', interrupt);
    log.warning(`${signal} received but errors trying to shut down the server, check the logs.`);
  };
  process.on('SIGTERM', () => void endBy('SIGTERM'));
  const interrupt = (): void => void endBy('SIGINT');
  process.on('SIGINT', interrupt);
  try {
    await server.listen(() => {
      // What is loaded comes after it, as with redis-server: tools wait for these words.
      if (logfile === '') process.stdout.write(banner(server.instance, PRODUCT));
      log.notice('Server initialized');
    });
  } catch (error) {
    if (error instanceof StartError) fail(error.message);
    if (error instanceof ListenError || error instanceof NowhereError) fail(error.message);
    throw error;
  }
  config.onChange('loglevel', {
    apply(values) {
      log.setLevel(values.loglevel);
      return undefined;
    },
  });
  followOomScore(config, log);
  if (config.values.pidfile) removePidfile = writePidfile(config.values.pidfile, log);
  for (const { name, reason } of config.withoutEffect()) {
    log.warning(`The directive ${name} has no effect: ${reason}`);
  }
  log.notice('Ready to accept connections');
}

await main();
