/** Cluster: what a server that is in none answers to those who ask. */

import type { Call } from '../src/dispatch/call.ts';
import { family } from '../src/dispatch/command.ts';
import { errors } from '../src/resp/errors.ts';

const { command } = family('cluster');

function refuse(_: Call): void {
  throw errors.noClusterSupport;
}

export const readonly = command({
  syntax: 'READONLY',
  summary: 'Lets a connection read from a replica of a cluster; there is no cluster.',
  since: '3.0.0',
  complexity: 'O(1)',
  flags: ['fast', 'loading', 'stale'],
  categories: ['connection'],
  run: refuse,
});

export const readwrite = command({
  syntax: 'READWRITE',
  summary: 'Ends READONLY; there is no cluster.',
  since: '3.0.0',
  complexity: 'O(1)',
  flags: ['fast', 'loading', 'stale'],
  categories: ['connection'],
  run: refuse,
});

export const asking = command({
  syntax: 'ASKING',
  summary: 'Says that the next request was sent here by another node; there is no cluster.',
  since: '3.0.0',
  complexity: 'O(1)',
  flags: ['fast'],
  categories: ['connection'],
  run: refuse,
});
