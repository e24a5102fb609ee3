/** The program, for tests that end it and start it again on the files it left. */

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach } from 'vitest';
import { buildProgram, type StartedProgram, type StartOptions, startProgram } from './built.ts';
import { freePort } from './redis.ts';
import { RespClient } from './resp-client.ts';

const BUILD_MS = 60_000;

/** The program as built for the tests of a file, and a folder that is gone with it. */
export interface Build {
  readonly folder: string;
  /** Starts it on a port of its own. */
  start(options: readonly string[], how?: StartOptions): Promise<StartedProgram>;
}

/** Builds the program before the first test of a file. */
export function useBuild(): Build {
  let folder = '';
  let main = '';
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'zonis-build-'));
    main = buildProgram(folder);
  }, BUILD_MS);
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  return {
    get folder() {
      return folder;
    },
    start: async (options, how) => startProgram(main, await freePort(), options, how),
  };
}

/** One folder with data, one program at a time that runs in it; both are new for each test. */
export interface Restarts {
  readonly dir: string;
  /** The program started last. */
  readonly program: StartedProgram;
  /** A client of it. */
  readonly client: RespClient;
  start(options: readonly string[], how?: StartOptions): Promise<void>;
  /** Another client of it. */
  connect(): Promise<RespClient>;
  /** What the client is answered. */
  say(...request: string[]): Promise<string>;
}

export function useRestarts(always: readonly string[] = []): Restarts {
  const build = useBuild();
  let dir = '';
  let program: StartedProgram | undefined;
  let clients: RespClient[] = [];
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'zonis-data-'));
  });
  const end = async (): Promise<void> => {
    for (const client of clients) client.close();
    clients = [];
    await program?.kill();
    program = undefined;
  };
  afterEach(async () => {
    await end();
    rmSync(dir, { recursive: true, force: true });
  });
  const started = <T>(it: T | undefined): T => {
    if (it === undefined) throw new Error('start() first');
    return it;
  };
  const restarts: Restarts = {
    get dir() {
      return dir;
    },
    get program() {
      return started(program);
    },
    get client() {
      return started(clients[0]);
    },
    start: async (options, how) => {
      await end();
      program = await build.start(['--dir', dir, ...always, ...options], how);
      await restarts.connect();
    },
    connect: async () => {
      const client = await RespClient.connect(restarts.program.address);
      clients.push(client);
      return client;
    },
    say: async (...request) => (await restarts.client.call(...request)).raw,
  };
  return restarts;
}
