/** Peers behind TLS that are slow, vanish, leave half-way, or send what is no TLS. */

import { type AddressInfo, connect as connectTcp, createServer, type Socket } from 'node:net';
import type { ConnectionOptions, TLSSocket } from 'node:tls';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { type RunningServer, startServer } from '../../src/index.ts';
import { SeededRandom } from '../../src/std/random.ts';
import { type Certificates, connectTls, makeCertificates } from '../support/certificates.ts';
import { eventually, turn } from '../support/clock.ts';
import { encode, RespClient } from '../support/resp-client.ts';

const OK = '+OK\r\n';

let made: Certificates;
let server: RunningServer;
/** One that is served all the while. */
let client: RespClient;
const opened: Socket[] = [];

beforeAll(async () => {
  made = makeCertificates();
  const config = { ...made.directives, 'tls-auth-clients': 'no' };
  server = await startServer({ tlsPort: 0, config });
  client = RespClient.over(await connectTls(server.tlsAddress, { ca: made.ca }));
});

afterEach(async () => {
  for (const socket of opened.splice(0)) socket.destroy();
  await onlyClient();
  expect((await client.call('ZONE', 'AUDIT')).raw).toBe(OK);
});

afterAll(async () => {
  client.close();
  await server.close();
  made.remove();
});

async function open(options: ConnectionOptions = {}): Promise<TLSSocket> {
  const socket = await connectTls(server.tlsAddress, { ca: made.ca, ...options });
  opened.push(socket);
  return socket;
}

/** A connection that has not said anything yet. */
function openPlain(): Promise<Socket> {
  return new Promise((resolve) => {
    const socket = connectTcp(server.tlsAddress, () => resolve(socket));
    socket.on('error', () => {});
    opened.push(socket);
  });
}

async function clientList(): Promise<string> {
  return (await client.call('CLIENT', 'LIST')).tree.text ?? '';
}

async function onlyClient(): Promise<void> {
  await eventually('all others are forgotten', async () => {
    return (await clientList()).trim().split('\n').length === 1;
  });
}

/** What CLIENT LIST says of the client that names itself `slow`. */
async function fieldOfSlow(name: string): Promise<number> {
  return Number(new RegExp(`name=slow .*\\b${name}=(\\d+)`).exec(await clientList())?.[1]);
}

/** Reads until so many bytes have come, and answers them. */
async function read(socket: Socket, size: number): Promise<Buffer> {
  const pieces: Buffer[] = [];
  let received = 0;
  socket.on('data', (bytes) => {
    pieces.push(bytes);
    received += bytes.length;
  });
  socket.resume();
  await eventually(`${size} bytes`, () => received >= size, 20_000);
  return Buffer.concat(pieces);
}

test.each([
  ['all its replies are kept for it', '0'],
  ['it is not read further from client-output-pause on', '1mb'],
  ['it is not read further until it has taken every byte', '1'],
])('a reader that does not read holds nobody up, and gets everything: %s', async (_, pause) => {
  await client.call('CONFIG', 'SET', 'client-output-pause', pause);
  const value = 'v'.repeat(100_000);
  await client.call('SET', 'big', value);
  const slow = await open();
  slow.pause();
  const count = 300;
  slow.write(encode(['CLIENT', 'SETNAME', 'slow']));
  for (let i = 0; i < count; i++) slow.write(encode(['GET', 'big']));
  for (let i = 0; i < 50; i++) expect((await client.call('GET', 'big')).tree.text).toBe(value);
  const kept = await fieldOfSlow('omem');
  if (pause === '0') expect(kept).toBeGreaterThan(15_000_000);
  else expect(kept).toBeLessThan(3_000_000);
  const wanted = OK + `$${value.length}\r\n${value}\r\n`.repeat(count);
  const received = await read(slow, wanted.length);
  expect(received.equals(Buffer.from(wanted))).toBe(true);
  await client.call('CONFIG', 'SET', 'client-output-pause', '256mb');
});

test('a reader that does not read is closed at client-output-buffer-limit', async () => {
  await client.call('CONFIG', 'SET', 'client-output-buffer-limit', 'normal 1mb 0 0');
  await client.call('SET', 'big', 'v'.repeat(100_000));
  const slow = await open();
  slow.pause();
  const closed = new Promise((resolve) => slow.once('close', resolve));
  slow.write(encode(['GET', 'big']).repeat(300));
  await onlyClient();
  await client.call('CONFIG', 'SET', 'client-output-buffer-limit', 'normal 0 0 0');
  let received = 0;
  slow.on('data', (bytes) => {
    received += bytes.length;
  });
  slow.resume();
  await closed;
  expect(received).toBeLessThan(300 * 100_000);
});

test.each(['TLSv1.2', 'TLSv1.3'] as const)(
  'large requests and replies are whole: %s',
  async (maxVersion) => {
    const socket = await open({ maxVersion });
    const value = Buffer.alloc(24 * 2 ** 20);
    for (let i = 0; i < value.length; i += 4) value.writeUInt32LE((i * 2654435761) % 2 ** 32, i);
    socket.write(`*3\r\n$3\r\nSET\r\n$5\r\nlarge\r\n$${value.length}\r\n`);
    socket.write(value);
    socket.write(`\r\n${encode(['GET', 'large'])}`);
    const head = `${OK}$${value.length}\r\n`;
    const received = await read(socket, head.length + value.length + 2);
    expect(received.subarray(0, head.length).toString()).toBe(head);
    expect(received.subarray(head.length, -2).equals(value)).toBe(true);
    await client.call('DEL', 'large');
  },
);

test('replies stay in order through many small reads', async () => {
  const socket = await open();
  const texts = Array.from({ length: 3000 }, (_, i) => `${i}:`.padEnd(700, 'x'));
  socket.write(texts.map((text) => encode(['ECHO', text])).join(''), 'latin1');
  socket.on('data', () => {
    socket.pause();
    setImmediate(() => socket.resume());
  });
  const wanted = texts.map((text) => `$700\r\n${text}\r\n`).join('');
  expect((await read(socket, wanted.length)).toString('latin1')).toBe(wanted);
});

test('who says the last word with its requests is answered, then closed', async () => {
  for (let i = 0; i < 20; i++) {
    const socket = await open({ allowHalfOpen: true } as ConnectionOptions);
    let text = '';
    socket.on('data', (bytes) => {
      text += bytes.toString('latin1');
    });
    const ended = new Promise((resolve) => socket.once('end', resolve));
    socket.end(encode(['ECHO', 'last words']));
    await ended;
    expect(text).toBe('$10\r\nlast words\r\n');
  }
});

test('peers that vanish leave nothing behind', async () => {
  const raw = encode(['SET', 'vanished', 'x'.repeat(100_000)]);
  for (const cut of [1, 30, 1000, 70_000]) {
    const socket = await open();
    await new Promise<void>((resolve) => socket.write(raw.slice(0, cut), () => resolve()));
    socket.destroy();
  }
  // With replies on their way, and windows lent for them.
  await client.call('SET', 'big', 'v'.repeat(100_000));
  for (let i = 0; i < 10; i++) {
    const socket = await open();
    socket.pause();
    await new Promise<void>((resolve) => {
      socket.write(encode(['GET', 'big']).repeat(200), () => resolve());
    });
    for (let turns = 0; turns < i; turns++) await turn();
    socket.destroy();
  }
  await onlyClient();
  expect((await client.call('EXISTS', 'vanished')).raw).toBe(':0\r\n');
});

/** The first bytes that a client of TLS sends. */
function clientHello(): Promise<Buffer> {
  return new Promise((resolve) => {
    const listener = createServer((socket) => {
      socket.once('data', (bytes) => {
        socket.destroy();
        listener.close(() => resolve(bytes));
      });
    });
    listener.listen(0, '127.0.0.1', () => {
      const { port } = listener.address() as AddressInfo;
      connectTls({ host: '127.0.0.1', port }).catch(() => {});
    });
  });
}

test('handshakes that stop anywhere hold nobody up, and end with their peer', async () => {
  const hello = await clientHello();
  for (const cut of [0, 1, 5, 6, 50, hello.length]) {
    const socket = await openPlain();
    socket.write(hello.subarray(0, cut));
    expect((await client.call('PING')).raw).toBe('+PONG\r\n');
    if (cut % 2 === 0) socket.end();
    else socket.resetAndDestroy();
  }
});

test('what is no TLS ends the connection and nothing else', async () => {
  const random = new SeededRandom(1);
  const hello = await clientHello();
  for (let round = 0; round < 200; round++) {
    const socket = await openPlain();
    const bytes = Buffer.from(round % 2 === 0 ? hello : random.bytes(1 + random.below(2000)));
    for (let i = random.below(8); i >= 0; i--)
      bytes[random.below(bytes.length)] = random.below(256);
    socket.end(bytes);
  }
  expect((await client.call('PING')).raw).toBe('+PONG\r\n');
});

test('records that are forged later end the connection', async () => {
  const under = await openPlain();
  const socket = await connectTls(server.tlsAddress, { ca: made.ca }, under);
  opened.push(socket);
  const peer = RespClient.over(socket);
  expect((await peer.call('PING')).raw).toBe('+PONG\r\n');
  const header = Buffer.from('1703030020', 'hex');
  under.write(Buffer.concat([header, Buffer.alloc(0x20)]));
  await peer.rest();
});

test('nobody renegotiates', async () => {
  const socket = await open({ maxVersion: 'TLSv1.2' });
  const peer = RespClient.over(socket);
  expect((await peer.call('PING')).raw).toBe('+PONG\r\n');
  socket.renegotiate({}, () => {});
  await peer.rest();
});
