/** Commands that find no room: runs them again and again, and tells whether anything changed. */

import { expect } from 'vitest';
import { SeededRandom } from '../../src/std/random.ts';
import { dump, keysOf } from '../unit/zone/support.ts';
import type { Offline } from './offline.ts';

export type Words = readonly string[];

export const OOM = "-OOM command not allowed when used memory > 'maxmemory'.\r\n";

function shown(words: Words): string {
  const first = words
    .slice(0, 8)
    .map((word) => (word.length > 12 ? `${word.slice(0, 4)}…${word.length}` : word));
  return first.join(' ') + (words.length > 8 ? ' …' : '');
}

/** Requests with names, for test.each. */
export function named(list: readonly Words[]): [string, Words][] {
  return list.map((words) => [shown(words), words]);
}

/** Runs a request that may be refused. Answers whether it was. */
function isRefused(server: Offline, words: Words): boolean {
  const before = dump(server.zone);
  const reply = server.run(...words);
  expect(server.audit()).toBeUndefined();
  if (reply !== OOM) {
    expect(reply).not.toMatch(/^-/);
    return false;
  }
  expect(dump(server.zone)).toEqual(before);
  return true;
}

/** Refuses each request for room of a command in turn, each time on a server made anew. */
export function refuseInTurn(open: () => Offline, words: Words): void {
  for (let nth = 1; ; nth++) {
    const server = open();
    server.zone.room.failIn = nth;
    isRefused(server, words);
    if (server.zone.room.failIn !== 0) return;
  }
}

/** Fills what is free with strings, and frees more and more of it until the request is met. */
export function refuseUntilFree(server: Offline, words: Words): void {
  let name = 0;
  for (const size of [9000, 4000, 2000, 1500, 1000, 700, 500, 300, 200, 100, 50, 1]) {
    while (server.run('SET', `filling:${name}`, 'f'.repeat(size)) !== OOM) name++;
  }
  const filling = keysOf(server.zone).filter((key) => key.startsWith('filling:'));
  const random = new SeededRandom(words.length);
  for (let step = 1; isRefused(server, words); step += 1 + (step >> 2)) {
    // Space becomes free in all classes, a little at a time and then more.
    for (let i = 0; i < step; i++) {
      const [key] = filling.splice(random.below(filling.length), 1);
      expect(server.run('DEL', key)).toBe(':1\r\n');
    }
  }
}
