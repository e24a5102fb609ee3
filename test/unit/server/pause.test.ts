/** Keys whose time comes while clients are paused: nobody sees them, and they stay. */

import { expect, test } from 'vitest';
import { startServer } from '../../../src/index.ts';
import { ManualClock } from '../../../src/std/clock.ts';
import { eventually } from '../../support/clock.ts';
import { type Offline, openOffline } from '../../support/offline.ts';
import { RespClient } from '../../support/resp-client.ts';

/** A server in a pause of writes, with a key past its deadline and one that lives. */
function paused(mode = 'WRITE'): Offline {
  const server = openOffline();
  server.run('SET', 'old', 'v', 'PX', '100');
  server.run('SET', 'live', 'v', 'PX', '100000');
  server.run('CLIENT', 'PAUSE', '10000', mode);
  server.clock.advance(200);
  return server;
}

/** Keys that are there, those past their deadline included. */
const sizeOf = ({ instance }: Offline): number => instance.keyspace.databases[0].size;

test('reading a key past its deadline finds nothing and removes nothing', () => {
  const server = paused();
  const replies = [
    ['GET', 'old'],
    ['EXISTS', 'old', 'live'],
    ['PTTL', 'old'],
    ['TYPE', 'old'],
    ['KEYS', '*'],
    ['SCAN', '0'],
    ['DBSIZE'],
  ].map((words) => server.run(...words));
  expect(replies).toEqual([
    '$-1\r\n',
    ':1\r\n',
    ':-2\r\n',
    '+none\r\n',
    '*1\r\n$4\r\nlive\r\n',
    '*2\r\n$1\r\n0\r\n*1\r\n$4\r\nlive\r\n',
    ':2\r\n',
  ]);
  expect(server.zone.counts.expired).toBe(0);
});

test.each(['WRITE', 'ALL'])('keys do not expire by themselves in a pause of %s', (mode) => {
  const server = paused(mode);
  const { keyspace, pause, clock } = server.instance;
  keyspace.tick(clock.now());
  expect([keyspace.expireDue(10), sizeOf(server)]).toEqual([0, 2]);
  pause.end();
  expect([keyspace.expireDue(10), sizeOf(server)]).toEqual([1, 1]);
});

test('a pause that is over holds nothing, whoever comes first', () => {
  const server = paused('ALL');
  server.clock.advance(9_799);
  expect(server.run('GET', 'old')).toBe('');
  server.clock.advance(1);
  expect(server.run('GET', 'old')).toBe('$-1\r\n');
  expect(sizeOf(server)).toBe(1);
});

test('UNPAUSE lets what is due go', () => {
  const server = paused();
  server.run('CLIENT', 'UNPAUSE');
  server.run('GET', 'old');
  expect(sizeOf(server)).toBe(1);
});

test('RANDOMKEY names a key that lives, or none', () => {
  const server = paused();
  for (let i = 0; i < 20; i++) expect(server.run('RANDOMKEY')).toBe('$4\r\nlive\r\n');
  server.run('CLIENT', 'UNPAUSE');
  for (let i = 0; i < 400; i++) {
    server.run('SET', `old:${i}`, 'v', 'PX', '1000');
  }
  server.run('CLIENT', 'PAUSE', '1000000', 'WRITE');
  server.clock.advance(2000);
  for (let i = 0; i < 20; i++) expect(server.run('RANDOMKEY')).toBe('$4\r\nlive\r\n');
  server.clock.advance(200_000);
  expect(server.run('RANDOMKEY')).toBe('$-1\r\n');
  expect(sizeOf(server)).toBe(402);
});

test('what writes all the same takes the place of a key that was kept', () => {
  const server = openOffline({ 'enable-debug-command': 'yes' });
  server.run('SET', 'key:0', 'v', 'PX', '100');
  server.run('CLIENT', 'PAUSE', '10000', 'WRITE');
  server.clock.advance(200);
  expect(server.run('DEBUG', 'POPULATE', '1')).toBe('+OK\r\n');
  expect(server.run('GET', 'key:0')).toBe('$7\r\nvalue:0\r\n');
  expect([sizeOf(server), server.audit()]).toEqual([1, undefined]);
});

const READING = '#!lua flags=no-writes\nreturn 12';
const LIBRARY =
  '#!lua name=l\nredis.register_function{function_name="reads", ' +
  'callback=function() return 12 end, flags={"no-writes"}}\n' +
  'redis.register_function("writes", function() return 12 end)';

test('scripts that say that they write nothing run in a pause of writes, others wait', () => {
  const server = openOffline();
  server.run('FUNCTION', 'LOAD', LIBRARY);
  const sha = (text: string): string => server.run('SCRIPT', 'LOAD', text).slice(5, 45);
  const reading = sha(READING);
  const plain = sha('return 12');
  server.run('CLIENT', 'PAUSE', '10000', 'WRITE');
  const run = [
    ['EVAL', READING, '0'],
    ['EVALSHA', reading, '0'],
    ['EVAL_RO', 'return 12', '0'],
    ['EVALSHA_RO', plain, '0'],
    ['FCALL', 'reads', '0'],
    ['FCALL_RO', 'reads', '0'],
  ];
  for (const words of run) expect(server.run(...words)).toBe(':12\r\n');
  const waiting = [
    ['EVAL', 'return 12', '0'],
    ['EVAL', '#!lua\nreturn 12', '0'],
    ['EVAL', '#!lua flags=no-such', '0'],
    ['EVALSHA', plain, '0'],
    ['FCALL', 'writes', '0'],
  ];
  for (const words of waiting) expect(server.run(...words)).toBe('');
});

test('a transaction waits for the end of a pause if one of its scripts may write', () => {
  const server = openOffline();
  const { pause, clock } = server.instance;
  pause.begin(clock.now() + 10_000, false);
  server.run('MULTI');
  server.run('EVAL', READING, '0');
  expect(server.run('EXEC')).toBe('*1\r\n:12\r\n');
  pause.end();
  server.run('MULTI');
  server.run('EVAL', READING, '0');
  server.run('EVAL', 'return 12', '0');
  pause.begin(clock.now() + 10_000, false);
  expect(server.run('EXEC')).toBe('');
});

test('with sockets and timers: keys stay until the end, then go by themselves', async () => {
  const clock = new ManualClock();
  const server = await startServer({ clock });
  const client = await RespClient.connect(server.address);
  const size = async (): Promise<string> => (await client.call('DBSIZE')).raw;
  await client.call('SET', 'k', 'v', 'PX', 1);
  await client.call('CLIENT', 'PAUSE', 1000, 'WRITE');
  clock.advance(500);
  // As many turns as the timer of the deadline needs many times over.
  const began = performance.now();
  while (performance.now() - began < 20) expect(await size()).toBe(':1\r\n');
  clock.advance(500);
  await eventually('the key goes', async () => (await size()) === ':0\r\n');
  client.close();
  await server.close();
});
