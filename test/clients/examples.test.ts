/** The programs under examples/, run as their comments say. */

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type RunningServer, startServer } from '../../src/index.ts';
import { type Outcome, type RunOptions, runProgram } from '../support/program.ts';

const folder = join(import.meta.dirname, '../../examples');
const run: string[] = [];
let server: RunningServer;

beforeAll(async () => {
  server = await startServer();
});

afterAll(async () => {
  await server.close();
});

/** Runs one of them against a server of its own. What it complains of is a failure. */
async function play(name: string, args: string[] = [], options?: RunOptions): Promise<Outcome> {
  run.push(name);
  const outcome = await runProgram(process.execPath, [join(folder, name), ...args], options);
  expect(outcome.stderr).toBe('');
  return outcome;
}

const lines = ({ stdout }: Outcome): string[] => stdout.trimEnd().split('\n');

test('sessions.mjs logs in, rotates, lists and logs out', async () => {
  expect(lines(await play('sessions.mjs', [server.url]))).toEqual([
    'logged in on 2 machines',
    'after a visit: {"user":"ann","on":"laptop","visits":1}',
    'a request on its way still finds laptop',
    'listed: the new one',
    'ended elsewhere: 1',
    'the phone is logged out',
    'left: 0',
  ]);
});

test('queue.mjs has its jobs done', async () => {
  expect(lines(await play('queue.mjs', [server.url]))).toEqual([
    'welcome to ann',
    'reminder to bob',
    'moody to eve',
    'news to ann, news to bob',
  ]);
});

test('cache.mjs reads once what it reads a thousand times', async () => {
  expect(lines(await play('cache.mjs', [server.url]))).toEqual([
    'read a thousand times: 1 from the server, 999 from here',
    'the server told of a change, and now it is 12',
  ]);
});

test('express.mjs knows who comes again', async () => {
  let visits: string[] = [];
  await play('express.mjs', [server.url, '0'], {
    until: async (output) => {
      const first = await fetch(output.trim());
      const cookie = first.headers.getSetCookie()[0].split(';')[0];
      const second = await fetch(output.trim(), { headers: { cookie } });
      visits = [await first.text(), await second.text()];
      return true;
    },
  });
  expect(visits).toEqual(['visit 1\n', 'visit 2\n']);
});

test('each was run', () => {
  expect(run.sort()).toEqual(readdirSync(folder).sort());
});

test.each(readdirSync(folder))('%s can be read at a glance', (name) => {
  const text = readFileSync(join(folder, name), 'utf8').trimEnd();
  expect(text.split('\n').length).toBeLessThanOrEqual(40);
});
