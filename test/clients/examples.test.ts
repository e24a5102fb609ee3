/** The programs under examples/, run as their comments say. */

import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { startServer } from '../../src/index.ts';

const root = join(import.meta.dirname, '../..');

test('sessions.mjs logs in, rotates, lists and logs out', async () => {
  const server = await startServer();
  const program = [join(root, 'examples/sessions.mjs'), server.url];
  const { stdout } = await promisify(execFile)(process.execPath, program, { cwd: root });
  expect(stdout.trimEnd().split('\n')).toEqual([
    'logged in on 2 machines',
    'after a visit: {"user":"ann","on":"laptop","visits":1}',
    'a request on its way still finds laptop',
    'listed: the new one',
    'ended: 1',
    'the phone is logged out',
    'left: 0',
  ]);
  await server.close();
});
