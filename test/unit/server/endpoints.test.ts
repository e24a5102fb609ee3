/** Listening anew: CONFIG SET port and bind, and what they leave when they can't be had. */

import { createServer, type Server } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type RunningServer, startServer } from '../../../src/index.ts';
import { freePort } from '../../support/redis.ts';
import { RespClient } from '../../support/resp-client.ts';

const OK = '+OK\r\n';
const CANNOT_LISTEN =
  "-ERR CONFIG SET failed (possibly related to argument 'port') - " +
  'Unable to listen on this port. Check server logs.\r\n';
const CANNOT_BIND =
  "-ERR CONFIG SET failed (possibly related to argument 'bind') - " +
  'Failed to bind to specified addresses.\r\n';

let server: RunningServer;
let admin: RespClient;
const clients: RespClient[] = [];

async function connect(port = server.address.port, host = '127.0.0.1'): Promise<RespClient> {
  const client = await RespClient.connect({ host, port });
  clients.push(client);
  return client;
}

/** What PING is answered there, or why nobody answers. */
async function pingAt(port: number, host = '127.0.0.1'): Promise<string> {
  try {
    const client = await connect(port, host);
    return (await client.call('PING')).raw;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? String(error);
  }
}

async function set(...pairs: string[]): Promise<string> {
  return (await admin.call('CONFIG', 'SET', ...pairs)).raw;
}

async function shown(name: string): Promise<string | null | undefined> {
  return (await admin.call('CONFIG', 'GET', name)).tree.items?.[1].text;
}

/** A port that somebody else has. */
async function takenPort(): Promise<{ port: number; other: Server }> {
  const other = createServer();
  const port = await freePort();
  await new Promise<void>((resolve) => other.listen(port, '127.0.0.1', resolve));
  return { port, other };
}

beforeEach(async () => {
  server = await startServer();
  admin = await connect();
});

afterEach(async () => {
  for (const client of clients.splice(0)) client.close();
  await server.close();
});

describe('CONFIG SET port', () => {
  it('listens on the new port and no more on the old one', async () => {
    const port = await freePort();
    expect(await set('port', String(port))).toBe(OK);
    expect(await pingAt(port)).toBe('+PONG\r\n');
    expect(await pingAt(server.address.port)).toBe('ECONNREFUSED');
    expect((await admin.call('INFO', 'server')).tree.text).toContain(`\ntcp_port:${port}\r\n`);
    expect(await shown('port')).toBe(String(port));
  });

  it('is answered in its place, and those connected stay so', async () => {
    const other = await connect();
    const port = await freePort();
    const replies = await admin.pipeline([
      ['PING', '1'],
      ['CONFIG', 'SET', 'port', String(port), 'timeout', '100'],
      ['PING', '2'],
      ['CONFIG', 'GET', 'timeout'],
    ]);
    expect(replies.map(({ raw }) => raw).join('')).toBe(
      `$1\r\n1\r\n${OK}$1\r\n2\r\n*2\r\n$7\r\ntimeout\r\n$3\r\n100\r\n`,
    );
    expect((await other.call('PING')).raw).toBe('+PONG\r\n');
  });

  it('is answered once where CLIENT REPLY skips the one before it', async () => {
    const port = await freePort();
    admin.send('CLIENT', 'REPLY', 'SKIP');
    admin.send('CONFIG', 'SET', 'port', String(port));
    expect((await admin.call('PING')).raw).toBe('+PONG\r\n');
    expect(await shown('port')).toBe(String(port));
  });

  it('of a port that somebody else has changes nothing', async () => {
    const { port, other } = await takenPort();
    expect(await set('timeout', '7', 'port', String(port), 'hz', '50')).toBe(CANNOT_LISTEN);
    expect(await pingAt(server.address.port)).toBe('+PONG\r\n');
    expect([await shown('port'), await shown('timeout'), await shown('hz')]).toEqual([
      '0',
      '0',
      '10',
    ]);
    await new Promise((resolve) => other.close(resolve));
    expect(await set('port', String(port))).toBe(OK);
    expect(await pingAt(port)).toBe('+PONG\r\n');
  });

  it('is taken back when another directive is refused after it', async () => {
    const port = await freePort();
    expect(await set('maxmemory', '4mb', 'maxmemory-policy', 'noeviction')).toBe(OK);
    expect(await set('port', String(port), 'maxmemory', '5gb')).toMatch(
      /^-ERR CONFIG SET failed \(possibly related to argument 'maxmemory'\) - a zone has at most/,
    );
    expect([await pingAt(port), await pingAt(server.address.port)]).toEqual([
      'ECONNREFUSED',
      '+PONG\r\n',
    ]);
    expect([await shown('port'), await shown('maxmemory')]).toEqual(['0', '4194304']);
  });

  it('of two clients at once happens one after the other', async () => {
    const second = await connect();
    const ports = [await freePort(), await freePort()];
    admin.send('CONFIG', 'SET', 'port', ports[0]);
    second.send('CONFIG', 'SET', 'port', ports[1]);
    expect([(await admin.reply()).raw, (await second.reply()).raw]).toEqual([OK, OK]);
    const last = Number(await shown('port'));
    expect(ports).toContain(last);
    expect(await pingAt(last)).toBe('+PONG\r\n');
    expect(await pingAt(ports[0] + ports[1] - last)).toBe('ECONNREFUSED');
  });

  it('happens even if its client leaves', async () => {
    const port = await freePort();
    const leaving = await connect();
    leaving.write(`CONFIG SET port ${port}\r\nQUIT\r\n`);
    expect(await leaving.rest()).toContain(OK);
    expect(await pingAt(port)).toBe('+PONG\r\n');
  });

  it('0 is the port the system chose, or none where one was given', async () => {
    const port = await freePort();
    await set('port', String(port));
    expect(await set('port', '0')).toBe(OK);
    expect(await pingAt(server.address.port)).toBe('+PONG\r\n');
    const given = await startServer({ port });
    const client = await connect(port);
    expect((await client.call('CONFIG', 'SET', 'port', '0')).raw).toBe(OK);
    expect(await pingAt(port)).toBe('ECONNREFUSED');
    expect((await client.call('CONFIG', 'SET', 'bind', '127.0.0.1 -::1')).raw).toBe(OK);
    expect(await pingAt(port)).toBe('ECONNREFUSED');
    await given.close();
  });

  it('under way when the server closes leaves nothing open', async () => {
    const port = await freePort();
    admin.send('CONFIG', 'SET', 'port', port);
    admin.send('SHUTDOWN', 'NOSAVE');
    await admin.rest();
    await server.close();
    expect([await pingAt(port), await pingAt(server.address.port)]).toEqual([
      'ECONNREFUSED',
      'ECONNREFUSED',
    ]);
  });
});

describe('CONFIG SET bind', () => {
  it('listens on the new addresses, the same port on each', async () => {
    const { port } = server.address;
    expect(await pingAt(port, '127.0.0.2')).toBe('ECONNREFUSED');
    expect(await set('bind', '127.0.0.1 127.0.0.2 -192.0.2.1')).toBe(OK);
    expect(await pingAt(port, '127.0.0.2')).toBe('+PONG\r\n');
    expect(await pingAt(port)).toBe('+PONG\r\n');
    expect(await set('bind', '*')).toBe(OK);
    expect(await pingAt(port, '127.0.0.3')).toBe('+PONG\r\n');
    expect(await set('bind', '127.0.0.2')).toBe(OK);
    expect(await pingAt(port)).toBe('ECONNREFUSED');
    expect(await pingAt(port, '127.0.0.2')).toBe('+PONG\r\n');
    expect(await set('bind', '')).toBe(OK);
    expect(await pingAt(port, '127.0.0.2')).toBe('ECONNREFUSED');
    expect(await set('bind', 'localhost')).toBe(OK);
    expect(await pingAt(port, 'localhost')).toBe('+PONG\r\n');
  });

  it('to an address this machine has not changes nothing', async () => {
    expect(await set('bind', '127.0.0.1 192.0.2.1')).toBe(CANNOT_BIND);
    expect(await pingAt(server.address.port)).toBe('+PONG\r\n');
    expect(await shown('bind')).toBe('127.0.0.1');
  });

  it('with a port is one change', async () => {
    const port = await freePort();
    expect(await set('bind', '127.0.0.2', 'port', String(port))).toBe(OK);
    expect(await pingAt(port, '127.0.0.2')).toBe('+PONG\r\n');
    expect(await pingAt(server.address.port)).toBe('ECONNREFUSED');
  });
});

it('the Unix socket can not be set at run time', async () => {
  expect(await set('unixsocket', 'x.sock')).toBe(
    "-ERR CONFIG SET failed (possibly related to argument 'unixsocket') - " +
      "can't set immutable config\r\n",
  );
});
