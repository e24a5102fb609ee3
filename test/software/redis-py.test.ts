/** redis-py, as Debian has it: its own ways to check, from redis_py.py beside this file. */

import { join } from 'node:path';
import { expect, test } from 'vitest';
import { startServer } from '../../src/index.ts';
import { makeCertificates } from '../support/certificates.ts';
import { runProgram } from '../support/program.ts';

/** A Python that has it: the system's, where a package of the system installs it. */
async function findPython(): Promise<string | undefined> {
  for (const python of ['/usr/bin/python3', 'python3']) {
    const found = await runProgram(python, ['-c', 'import redis']).catch(() => undefined);
    if (found?.code === 0) return python;
  }
  if (process.env.CI === 'true') throw new Error('no redis-py, and CI=true demands it');
  return undefined;
}

test.for(['in the clear', 'by TLS'])('redis-py finds what it needs %s', async (way, { skip }) => {
  const python = await findPython();
  if (python === undefined) return skip('redis-py is missing: apt-get install python3-redis');
  const made = way === 'by TLS' ? makeCertificates() : undefined;
  const server = await startServer(
    made && { tlsPort: 0, config: { ...made.directives, 'tls-auth-clients': 'no' } },
  );
  const { host, port } = made === undefined ? server.address : server.tlsAddress;
  const authority = made === undefined ? [] : [made.crt('ca')];
  const script = join(import.meta.dirname, 'redis_py.py');
  const { code, stdout, stderr } = await runProgram(
    python,
    [script, host, String(port), ...authority],
    { env: { PYTHONDONTWRITEBYTECODE: '1' } },
  );
  await server.close();
  made?.remove();
  expect(stderr).toBe('');
  expect([code, stdout.trimEnd().split('\n')]).toEqual([
    0,
    [
      ...['values', 'introspection', 'transactions', 'locks', 'scripts', 'iteration', 'waiting'],
      ...['streams', 'listening', 'monitoring', 'users', 'concurrency'],
    ],
  ]);
});
