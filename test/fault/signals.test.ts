/**
 * SIGTERM and SIGINT, in the middle of what takes long or must not be seen by half: the files are whole
 * afterwards. What a full disk makes of them is in disk.test.ts, and so are saves, rewrites and loading.
 */

import { readdirSync } from 'node:fs';
import { expect, it } from 'vitest';
import { eventually } from '../support/clock.ts';
import { useRestarts } from '../support/restarts.ts';

const SAVING = ['--save', '3600 1000000'];
const BUSY = [...SAVING, '--busy-reply-threshold', '10'];
/** Writes a key, goes on until another client has said so, which it can't, or for so long. */
const SCRIPT =
  "redis.call('SET', 'first', '1') for i = 1, ARGV[1] do end redis.call('SET', 'second', '1') return 1";
/** What takes a second or so, and what takes for ever. */
const LONG = '60000000';
const ENDLESS = '1e15';

const server = useRestarts();
const { connect, start, say } = server;

/** Has a script run, and resolves when others are told that it does. */
async function runScript(iterations: string): Promise<void> {
  (await connect()).send('EVAL', SCRIPT, '0', iterations);
  await eventually('it is busy', async () => (await say('PING')).startsWith('-BUSY'));
}

const logged = (text: string) => eventually(text, () => server.program.log.includes(text));

for (const [name, options] of [
  ['saved', BUSY],
  ['in the append only file', [...BUSY, '--save', '', '--appendonly', 'yes']],
] as const) {
  it(`SIGTERM during a script waits for it, so that all of it is ${name}`, async () => {
    await start(options);
    await runScript(LONG);
    server.program.signal('SIGTERM');
    await logged('Received SIGTERM');
    expect(await say('PING')).toMatch(/^-BUSY/);
    server.program.signal('SIGTERM');
    expect(await server.program.ended).toBe(0);
    await start(options);
    expect(await say('MGET', 'first', 'second')).toBe('*2\r\n$1\r\n1\r\n$1\r\n1\r\n');
  });

  it(`a second SIGINT does not wait, and nothing of it is ${name}`, async () => {
    await start(options);
    await runScript(ENDLESS);
    server.program.signal('SIGINT');
    await logged('Received SIGINT');
    server.program.signal('SIGINT');
    expect(await server.program.ended).toBe(1);
    expect(server.program.log).toContain('You insist... exiting now.');
    expect(readdirSync(server.dir).filter((file) => /temp|rdb/.test(file))).toEqual([]);
    await start(options);
    expect(await say('EXISTS', 'first', 'second')).toBe(':0\r\n');
  });
}

for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  it(`${signal} while clients wait, or are paused, ends with all there is`, async () => {
    await start(SAVING);
    await say('SET', 'k', '1');
    (await connect()).send('BLPOP', 'list', '0');
    (await connect()).send('MULTI');
    await say('CLIENT', 'PAUSE', '100000', 'WRITE');
    (await connect()).send('SET', 'k', '2');
    const waits = async (): Promise<boolean> =>
      (await say('INFO', 'clients')).includes('blocked_clients:2');
    await eventually('two wait', waits);
    server.program.signal(signal);
    // A second SIGINT would not wait for the save.
    if (signal === 'SIGTERM') server.program.signal(signal);
    expect(await server.program.ended).toBe(0);
    expect(readdirSync(server.dir)).toEqual(['dump.rdb']);
    await start(SAVING);
    expect(await say('GET', 'k')).toBe('$1\r\n1\r\n');
  });
}

it('SIGINT during a background save ends with a save of all there is', async () => {
  await start([...SAVING, '--rdb-key-save-delay', '10000000']);
  for (let i = 0; i < 5; i++) await say('SET', `k${i}`, 'v');
  await say('BGSAVE');
  await say('CONFIG', 'SET', 'rdb-key-save-delay', '0');
  await say('SET', 'later', 'v');
  server.program.signal('SIGINT');
  expect(await server.program.ended).toBe(0);
  expect(readdirSync(server.dir)).toEqual(['dump.rdb']);
  await start(SAVING);
  expect(await say('DBSIZE')).toBe(':6\r\n');
});

it('SIGINT during the last save ends at once, and the file of before stays', async () => {
  await start([...SAVING, '--enable-debug-command', 'yes']);
  await say('SET', 'k', 'v');
  await say('SAVE');
  await say('DEBUG', 'POPULATE', '1000000');
  server.program.signal('SIGINT');
  await logged('Saving the final RDB snapshot');
  server.program.signal('SIGINT');
  expect(await server.program.ended).toBe('SIGINT');
  await start(SAVING);
  expect(await say('DBSIZE')).toBe(':1\r\n');
});
