/** Peers that are slow, vanish, or send one byte at a time. */

import { mkdtempSync, rmSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type RunningServer, startServer } from '../../src/index.ts';
import { eventually } from '../support/clock.ts';
import { encode, RespClient } from '../support/resp-client.ts';

let server: RunningServer;
let client: RespClient;

const folder = mkdtempSync(join(tmpdir(), 'zonis-sockets-'));
const unixsocket = join(folder, 'z.sock');

beforeAll(async () => {
  server = await startServer({ config: { unixsocket } });
  client = await RespClient.connect(server.address);
});

afterAll(async () => {
  client.close();
  await server.close();
  rmSync(folder, { recursive: true });
});

function open(address: { host: string; port: number } | { path: string } = server.address) {
  return new Promise<Socket>((resolve) => {
    const socket = connect(address, () => resolve(socket));
    socket.on('error', () => {});
  });
}

/** What CLIENT LIST says of the client that names itself `slow`. */
async function fieldOfSlow(name: string): Promise<number> {
  const list = (await client.call('CLIENT', 'LIST')).tree.text ?? '';
  return Number(new RegExp(`name=slow .*\\b${name}=(\\d+)`).exec(list)?.[1]);
}

test.each([
  ['all its replies are kept for it', '0'],
  ['it is not read further from client-output-pause on', '1mb'],
])('a reader that does not read holds nobody up, and gets everything: %s', async (_, pause) => {
  await client.call('CONFIG', 'SET', 'client-output-pause', pause);
  const value = 'v'.repeat(100_000);
  await client.call('SET', 'big', value);
  const slow = await open();
  slow.pause();
  const count = 300;
  slow.write(encode(['CLIENT', 'SETNAME', 'slow']));
  for (let i = 0; i < count; i++) slow.write(encode(['GET', 'big']));
  // Others are served while its replies, 30 MB, wait for it.
  for (let i = 0; i < 50; i++) expect((await client.call('GET', 'big')).tree.text).toBe(value);
  // The kernel holds some MB of them.
  const kept = await fieldOfSlow('omem');
  if (pause === '0') expect(kept).toBeGreaterThan(15_000_000);
  else expect(kept).toBeLessThan(3_000_000);
  let received = 0;
  slow.on('data', (bytes) => {
    received += bytes.length;
  });
  slow.resume();
  const wanted = 5 + count * (`$${value.length}\r\n`.length + value.length + 2);
  await eventually('all replies', () => received === wanted);
  slow.destroy();
});

test('replies stay in order and whole through many partial writes', async () => {
  const slow = await open();
  const requests: string[] = [];
  for (let i = 0; i < 3000; i++) requests.push(encode(['ECHO', `${i}:`.padEnd(700, 'x')]));
  slow.write(requests.join(''), 'latin1');
  let text = '';
  slow.setEncoding('latin1');
  slow.on('data', (piece) => {
    text += piece;
    slow.pause();
    setImmediate(() => slow.resume());
  });
  const wanted = 3000 * ('$700\r\n'.length + 702);
  await eventually('all replies', () => text.length === wanted);
  for (let i = 0; i < 3000; i++) {
    expect(text.slice(i * 708 + 6, i * 708 + 6 + 6)).toBe(`${i}:`.padEnd(700, 'x').slice(0, 6));
  }
  slow.destroy();
});

test('messages reach all who hear them whole and in order, fast and slow', async () => {
  const messages = Array.from({ length: 200 }, (_, i) => `${i}:`.padEnd(15_000 + i * 10, 'x'));
  const heard: string[] = ['', '', ''];
  // Of what waits at a Unix socket the kernel takes little.
  const sockets = await Promise.all([open(), open({ path: unixsocket }), open()]);
  const [fast, slow, resp3] = sockets;
  sockets.forEach((socket, i) => {
    socket.setEncoding('latin1');
    socket.on('data', (text) => {
      heard[i] += text;
    });
  });
  resp3.write(encode(['HELLO', '3']));
  for (const socket of sockets) socket.write(encode(['SUBSCRIBE', 'news']));
  await eventually('subscriptions', () => heard.every((text) => text.endsWith(':1\r\n')));
  slow.pause();
  const before = heard.map((text) => text.length);
  // One of them is told something else in between.
  for (let i = 0, count = 1; i < messages.length; i += count, count = (count % 8) + 1) {
    const some = messages.slice(i, i + count);
    const replies = client.pipeline(some.map((text) => ['PUBLISH', 'news', text]));
    fast.write(encode(['PING', 'x']));
    for (const { tree } of await replies) expect(tree.text).toBe('3');
  }
  slow.resume();
  const told = (mark: string) =>
    messages.map(
      (text) => `${mark}3\r\n$7\r\nmessage\r\n$4\r\nnews\r\n$${text.length}\r\n${text}\r\n`,
    );
  const size = told('*').join('').length;
  await eventually('all messages', () => heard.every((text, i) => text.length >= before[i] + size));
  const own = '*2\r\n$4\r\npong\r\n$1\r\nx\r\n';
  expect(heard[0].slice(before[0]).replaceAll(own, '') === told('*').join('')).toBe(true);
  expect(heard[1].slice(before[1]) === told('*').join('')).toBe(true);
  expect(heard[2].slice(before[2]) === told('>').join('')).toBe(true);
  for (const socket of sockets) socket.destroy();
});

test('a request that comes one byte at a time is answered once', async () => {
  const socket = await open();
  let text = '';
  socket.on('data', (bytes) => {
    text += bytes.toString('latin1');
  });
  socket.setNoDelay(true);
  for (const byte of encode(['SET', 'bytewise', 'value'])) {
    await new Promise<void>((resolve) => socket.write(byte, 'latin1', () => resolve()));
  }
  await eventually('an answer', () => text === '+OK\r\n');
  socket.destroy();
});

test('a peer that vanishes in the middle of a request leaves nothing behind', async () => {
  for (const cut of [1, 5, 17, 30, 1000, 70_000]) {
    const socket = await open();
    const raw = encode(['SET', 'vanished', 'x'.repeat(100_000)]);
    await new Promise<void>((resolve) => socket.write(raw.slice(0, cut), () => resolve()));
    socket.destroy();
  }
  await eventually('all are forgotten', async () => {
    const { text } = (await client.call('CLIENT', 'LIST')).tree;
    return text?.trim().split('\n').length === 1; // This client.
  });
  expect((await client.call('EXISTS', 'vanished')).raw).toBe(':0\r\n');
});

test('a zone that takes another size under load loses no request', async () => {
  const peers = await Promise.all(
    Array.from({ length: 4 }, () => RespClient.connect(server.address)),
  );
  for (const size of ['600mb', '300mb', '512mb']) {
    const answers = peers.map((peer, i) =>
      peer.pipeline(
        Array.from({ length: 200 }, (_, k) => ['SET', `r${i}:${k}`, `${size}:${i}:${k}`] as const),
      ),
    );
    expect((await client.call('CONFIG', 'SET', 'maxmemory', size)).raw).toBe('+OK\r\n');
    for (const replies of await Promise.all(answers)) {
      expect(replies.every(({ raw }) => raw === '+OK\r\n')).toBe(true);
    }
    for (const [i, peer] of peers.entries()) {
      expect((await peer.call('GET', `r${i}:199`)).tree.text).toBe(`${size}:${i}:199`);
    }
  }
  expect((await client.call('ZONE', 'AUDIT')).raw).toBe('+OK\r\n');
  for (const peer of peers) peer.close();
});
