/** TLS: who is let in, what is agreed on, and what CONFIG SET changes for those who come next. */

import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ConnectionOptions, TLSSocket } from 'node:tls';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type RunningServer, type StartOptions, startServer } from '../../../src/index.ts';
import { type Log, type LogFields, silentLog } from '../../../src/instance/log.ts';
import { ManualClock } from '../../../src/std/clock.ts';
import {
  type Certificates,
  connectTls,
  makeCertificates,
  openssl,
} from '../../support/certificates.ts';
import { eventually } from '../../support/clock.ts';
import { runProgram } from '../../support/program.ts';
import { freePort } from '../../support/redis.ts';
import { RespClient } from '../../support/resp-client.ts';

const OK = '+OK\r\n';
const PONG = '+PONG\r\n';

let made: Certificates;
let server: RunningServer;
let admin: RespClient;
/** What the log warned of. */
let warnings: { message: string; fields: LogFields }[] = [];
const open: { destroy(): void }[] = [];

const log: Log = {
  ...silentLog,
  warning: (message, fields = {}) => void warnings.push({ message, fields }),
};

function refusal(argument: string, reason: string): string {
  return `-ERR CONFIG SET failed (possibly related to argument '${argument}') - ${reason}\r\n`;
}

const cannotUpdate = (argument: string): string =>
  refusal(argument, 'Unable to update TLS configuration. Check server logs.');

async function start(options: StartOptions = {}): Promise<void> {
  await server?.close();
  const { config } = options;
  server = await startServer({
    tlsPort: 0,
    log,
    ...options,
    config: { ...made.directives, 'tls-auth-clients': 'no', ...config },
  });
  if (server.address.port !== 0) {
    admin = await RespClient.connect(server.address);
    open.push({ destroy: () => admin.close() });
  }
}

beforeAll(() => {
  made = makeCertificates();
});

afterAll(() => {
  made.remove();
});

beforeEach(async () => {
  warnings = [];
  await start();
});

afterEach(async () => {
  for (const each of open.splice(0)) each.destroy();
  await server.close();
});

async function connect(options: ConnectionOptions = {}, address = server.tlsAddress) {
  const socket = await connectTls(address, { ca: made.ca, ...options });
  open.push(socket);
  return { socket, client: RespClient.over(socket) };
}

/** What PING is answered, or 'no' where there is no talking. */
async function ping(options?: ConnectionOptions, address?: RunningServer['address']) {
  try {
    const { client } = await connect(options, address);
    return (await client.call('PING')).raw;
  } catch {
    return 'no';
  }
}

async function set(...pairs: string[]): Promise<string> {
  return (await admin.call('CONFIG', 'SET', ...pairs)).raw;
}

async function shown(name: string): Promise<string | null | undefined> {
  return (await admin.call('CONFIG', 'GET', name)).tree.items?.[1].text;
}

async function info(section: string, client = admin): Promise<string> {
  return (await client.call('INFO', section)).tree.text ?? '';
}

function nameOn(socket: TLSSocket): string | undefined {
  return socket.getPeerX509Certificate()?.subject;
}

describe('where it listens', () => {
  it('is told, beside the plain port', async () => {
    const { address, tlsAddress, url } = server;
    expect(url).toBe(`redis://127.0.0.1:${address.port}`);
    expect(tlsAddress.port).toBeGreaterThan(0);
    expect(tlsAddress.port).not.toBe(address.port);
    expect((await admin.call('PING')).raw).toBe(PONG);
    expect(await ping()).toBe(PONG);
    expect(await info('server')).toMatch(
      new RegExp(
        `tcp_port:${address.port}\r\n[^]*` +
          `listener0:name=tcp,bind=127.0.0.1,port=${address.port}\r\n` +
          `listener2:name=tls,bind=127.0.0.1,port=${tlsAddress.port}\r\n`,
      ),
    );
  });

  it('may be nowhere else', async () => {
    await start({ config: { port: 0 } });
    const { port } = server.tlsAddress;
    expect(server.url).toBe(`rediss://127.0.0.1:${port}`);
    const { client } = await connect();
    expect(await info('server', client)).toContain(`tcp_port:${port}\r\n`);
  });

  it('is one port after the other', async () => {
    // Redis's tests/unit/tls.tcl: switch between tcp and tls ports.
    const port = await freePort();
    const address = { host: '127.0.0.1', port };
    expect(await set('tls-port', String(port))).toBe(OK);
    const { client } = await connect({}, address);
    expect((await client.call('CONFIG', 'SET', 'tls-port', '0')).raw).toBe(OK);
    expect((await client.call('CONFIG', 'SET', 'port', port)).raw).toBe(OK);
    const plain = await RespClient.connect(address);
    expect((await plain.call('PING')).raw).toBe(PONG);
    expect((await plain.call('CONFIG', 'SET', 'port', '0', 'tls-port', port)).raw).toBe(OK);
    plain.close();
    expect(await ping({}, address)).toBe(PONG);
    // Who was connected stayed so.
    expect((await client.call('PING')).raw).toBe(PONG);
  });

  it('changes hands in one CONFIG SET, whichever is named first', async () => {
    const [a, b] = [await freePort(), await freePort()];
    expect(await set('port', String(a), 'tls-port', String(b))).toBe(OK);
    expect(await set('port', String(b), 'tls-port', String(a))).toBe(OK);
    expect(await ping({}, { host: '127.0.0.1', port: a })).toBe(PONG);
    expect(await set('tls-port', String(b), 'port', String(a))).toBe(OK);
    expect(await ping({}, { host: '127.0.0.1', port: b })).toBe(PONG);
  });

  it('stays where it is when another port can not be had', async () => {
    const taken = await startServer();
    const port = String(taken.address.port);
    expect(await set('tls-port', port)).toBe(
      refusal('tls-port', 'Unable to listen on this port. Check server logs.'),
    );
    expect(await ping()).toBe(PONG);
    await taken.close();
  });

  it('follows bind', async () => {
    const { port } = server.tlsAddress;
    expect(await set('bind', '127.0.0.1 127.0.0.2')).toBe(OK);
    expect(await ping({}, { host: '127.0.0.2', port })).toBe(PONG);
  });
});

describe('TLS begins by CONFIG SET', () => {
  it('with all it takes', async () => {
    await start({ tlsPort: undefined, config: { 'tls-cert-file': undefined } });
    const port = await freePort();
    const address = { host: '127.0.0.1', port };
    expect(await set('tls-port', String(port))).toBe(cannotUpdate('tls-port'));
    expect(warnings.map(({ message }) => message)).toContain('No tls-cert-file configured!');
    // Nobody uses it: nobody looks whether it is there.
    expect(await set('tls-cert-file', '/none')).toBe(OK);
    expect(await set('tls-port', String(port))).toBe(cannotUpdate('tls-port'));
    expect(await shown('tls-port')).toBe('0');
    expect(await set('tls-cert-file', made.crt('server'), 'tls-port', String(port))).toBe(OK);
    expect(await ping({}, address)).toBe(PONG);
    // What is set while it is off counts when it is on again.
    expect(await set('tls-port', '0')).toBe(OK);
    expect(await set('tls-cert-file', made.crt('server2'))).toBe(OK);
    expect(await set('tls-key-file', made.key('server2'))).toBe(OK);
    expect(await set('tls-port', String(port))).toBe(OK);
    expect(nameOn((await connect({}, address)).socket)).toBe('CN=server2');
  });
});

it('is not begun with what it can not be had with, and the error says why', async () => {
  const config = { 'tls-cert-file': '/none', 'tls-key-file': '/none', 'tls-auth-clients': 'no' };
  await expect(startServer({ tlsPort: 0, config })).rejects.toMatchObject({
    name: 'StartError',
    message: 'Failed to configure TLS. Check logs for more info.',
    cause: expect.stringMatching(/^Failed to load certificate: \/none: .*No such file/),
  });
});

it('is what MIGRATE uses from tls-cluster on, whatever it used before', async () => {
  const port = await freePort();
  const config = { ...made.directives, 'tls-auth-clients': 'no' };
  const other = await startServer({ port, config });
  const there = await RespClient.connect(other.address);
  const migrate = async (key: string): Promise<string> => {
    await admin.call('SET', key, 'v');
    return (await admin.call('MIGRATE', '127.0.0.1', port, key, 0, 1000)).raw;
  };
  expect(await migrate('a')).toBe(OK);
  expect((await there.call('CONFIG', 'SET', 'port', '0', 'tls-port', port)).raw).toBe(OK);
  expect(await set('tls-cluster', 'yes')).toBe(OK);
  expect(await migrate('b')).toBe(OK);
  // The one that was kept would have done, in the clear.
  const list = (await there.call('CLIENT', 'LIST')).tree.text ?? '';
  expect(list.match(/cmd=restore/g)).toHaveLength(2);
  there.close();
  await other.close();
});

describe('who does not speak TLS', () => {
  it('is hung up on, and the log says why', async () => {
    // Redis's tests/unit/tls.tcl: not accepting non-TLS connections on a TLS port.
    const plain = await RespClient.connect(server.tlsAddress);
    plain.send('PING');
    expect(await plain.rest()).not.toContain('PONG');
    await eventually('a line', () => warnings.length === 1);
    expect(warnings[0].message).toBe(
      'Error accepting a client connection: error:0A00010B:SSL routines::wrong version number',
    );
    expect(warnings[0].fields).toMatchObject({ laddr: `127.0.0.1:${server.tlsAddress.port}` });
    expect(warnings[0].fields.addr).toMatch(/^127\.0\.0\.1:\d+$/);
    plain.close();
  });
});

describe('tls-auth-clients', () => {
  // Redis's tests/unit/tls.tcl: verify tls-auth-clients behaves as expected.
  const nobody = {};
  it.each([
    ['no', PONG, PONG, PONG],
    ['optional', PONG, PONG, 'no'],
    ['yes', 'no', PONG, 'no'],
  ])('%s: none %j, one of ours %j, one that is not %j', async (rule, none, ours, foreign) => {
    for (const maxVersion of ['TLSv1.3', 'TLSv1.2'] as const) {
      expect(await set('tls-auth-clients', rule)).toBe(OK);
      expect(await ping({ ...nobody, maxVersion })).toBe(none);
      expect(await ping({ ...made.shownBy('client'), maxVersion })).toBe(ours);
      expect(await ping({ ...made.shownBy('other'), maxVersion })).toBe(foreign);
    }
  });

  it('logs who was turned away, and forgets them', async () => {
    await set('tls-auth-clients', 'yes');
    expect(await ping()).toBe('no');
    expect(await ping(made.shownBy('other'))).toBe('no');
    await eventually('two lines', () => warnings.length === 2);
    expect(warnings.map(({ message }) => message.split('::')[1])).toEqual([
      'peer did not return a certificate',
      'certificate verify failed',
    ]);
    expect(await info('clients')).toContain('connected_clients:1\r\n');
  });

  it('counts for sessions from before, too', async () => {
    for (const maxVersion of ['TLSv1.3', 'TLSv1.2'] as const) {
      await set('tls-auth-clients', 'no');
      const { session } = await sessionOf({ maxVersion });
      const again = await connect({ maxVersion, session });
      expect(again.socket.isSessionReused()).toBe(true);
      await set('tls-auth-clients', 'yes');
      expect(await ping({ maxVersion, session })).toBe('no');
    }
  });

  it('knows who resumes a session by the certificate shown before', async () => {
    await set('tls-auth-clients', 'yes');
    for (const maxVersion of ['TLSv1.3', 'TLSv1.2'] as const) {
      const ours = { maxVersion, ...made.shownBy('client') };
      const { session } = await sessionOf(ours);
      const { socket, client } = await connect({ ...ours, session });
      expect((await client.call('PING')).raw).toBe(PONG);
      expect(socket.isSessionReused()).toBe(true);
      // New contexts know no sessions of the old ones.
      expect(await set('tls-cert-file', made.crt('server'))).toBe(OK);
      const after = await connect({ ...ours, session });
      expect((await after.client.call('PING')).raw).toBe(PONG);
      expect(after.socket.isSessionReused()).toBe(false);
    }
  });

  it('trusts nobody where no authority is named', async () => {
    await start({ config: { 'tls-ca-cert-file': undefined } });
    expect(await set('tls-auth-clients', 'yes')).toBe(OK);
    expect(await ping(made.shownBy('client'))).toBe('no');
  });

  it('knows authorities of a folder by hashed names', async () => {
    const folder = join(made.folder, 'authorities');
    mkdirSync(folder);
    copyFileSync(made.crt('ca'), join(folder, 'ca.pem'));
    const config = { 'tls-ca-cert-file': undefined, 'tls-ca-cert-dir': folder };
    await start({ config: { ...config, 'tls-auth-clients': 'yes' } });
    expect(await ping(made.shownBy('client'))).toBe('no');
    openssl('rehash', folder);
    expect(await set('tls-ca-cert-dir', folder)).toBe(OK);
    expect(await ping(made.shownBy('client'))).toBe(PONG);
  });
});

/** A session that can be resumed. */
async function sessionOf(options: ConnectionOptions): Promise<{ session: Buffer | undefined }> {
  const { socket, client } = await connect(options);
  let session: Buffer | undefined;
  socket.on('session', (ticket) => {
    session = ticket;
  });
  await client.call('PING');
  return { session: session ?? socket.getSession() };
}

describe('sessions', () => {
  it('are resumed by tickets, unless tls-session-caching is no', async () => {
    for (const maxVersion of ['TLSv1.3', 'TLSv1.2'] as const) {
      for (const [caching, isReused] of [
        ['yes', true],
        ['no', false],
      ] as const) {
        expect(await set('tls-session-caching', caching)).toBe(OK);
        const { session } = await sessionOf({ maxVersion });
        const { socket } = await connect({ maxVersion, session });
        expect([maxVersion, caching, socket.isSessionReused()]).toEqual([
          maxVersion,
          caching,
          isReused,
        ]);
      }
    }
  });

  it('last as long as tls-session-cache-timeout says', async () => {
    expect(await set('tls-session-cache-timeout', '77')).toBe(OK);
    const to = ['-connect', `127.0.0.1:${server.tlsAddress.port}`, '-tls1_2'];
    const { stdout } = await runProgram('openssl', ['s_client', ...to], { input: 'Q\n' });
    expect(stdout).toContain('TLS session ticket lifetime hint: 77 (seconds)');
  });
});

describe('what is agreed on', () => {
  it('tls-protocols', async () => {
    // Redis's tests/unit/tls.tcl: verify tls-protocols behaves as expected.
    const only = (version: 'TLSv1.2' | 'TLSv1.3') => ({ minVersion: version, maxVersion: version });
    expect(await set('tls-protocols', 'TLSv1.2')).toBe(OK);
    expect(await ping(only('TLSv1.3'))).toBe('no');
    expect(await ping(only('TLSv1.2'))).toBe(PONG);
    expect(await set('tls-protocols', 'TLSv1.3')).toBe(OK);
    expect(await ping(only('TLSv1.3'))).toBe(PONG);
    expect(await ping(only('TLSv1.2'))).toBe('no');
    expect(await set('tls-protocols', '')).toBe(OK);
    expect((await connect()).socket.getProtocol()).toBe('TLSv1.3');
    expect(await ping(only('TLSv1.2'))).toBe(PONG);
    const old = {
      minVersion: 'TLSv1.1',
      maxVersion: 'TLSv1.1',
      ciphers: 'ALL@SECLEVEL=0',
    } as const;
    expect(await ping(old)).toBe('no');
    // One in the middle may be missing.
    expect(await set('tls-protocols', 'tlsv1.1 TLSv1.3', 'tls-ciphers', 'ALL@SECLEVEL=0')).toBe(OK);
    expect(await ping(old)).toBe(PONG);
    expect(await ping(only('TLSv1.2'))).toBe('no');
    expect(await ping(only('TLSv1.3'))).toBe(PONG);
  });

  it('tls-ciphers', async () => {
    // Redis's tests/unit/tls.tcl: verify tls-ciphers behaves as expected.
    const maxVersion = 'TLSv1.2' as const;
    const [small, large] = ['AES128-SHA256', 'AES256-SHA256'];
    await set('tls-protocols', 'TLSv1.2');
    expect(await set('tls-ciphers', `DEFAULT:-${small}`)).toBe(OK);
    expect(await ping({ maxVersion, ciphers: small })).toBe('no');
    expect(await ping({ maxVersion, ciphers: large })).toBe(PONG);
    expect(await set('tls-ciphers', 'DEFAULT')).toBe(OK);
    expect(await ping({ maxVersion, ciphers: small })).toBe(PONG);
  });

  it('tls-prefer-server-ciphers', async () => {
    // Redis's tests/unit/tls.tcl: verify tls-prefer-server-ciphers behaves as expected.
    const options = { maxVersion: 'TLSv1.2', ciphers: 'AES256-SHA256:AES128-SHA256' } as const;
    await set('tls-ciphers', 'AES128-SHA256:AES256-SHA256');
    expect((await connect(options)).socket.getCipher().name).toBe('AES256-SHA256');
    expect(await set('tls-prefer-server-ciphers', 'yes')).toBe(OK);
    expect((await connect(options)).socket.getCipher().name).toBe('AES128-SHA256');
  });

  it('tls-ciphersuites', async () => {
    expect(await set('tls-ciphersuites', 'TLS_CHACHA20_POLY1305_SHA256')).toBe(OK);
    expect((await connect()).socket.getCipher().name).toBe('TLS_CHACHA20_POLY1305_SHA256');
    expect(await ping({ minVersion: 'TLSv1.3', ciphers: 'TLS_AES_128_GCM_SHA256' })).toBe('no');
  });

  it('tls-dh-params-file', async () => {
    const options = { maxVersion: 'TLSv1.2', ciphers: 'DHE-RSA-AES256-GCM-SHA384' } as const;
    expect((await connect(options)).socket.getEphemeralKeyInfo()).toMatchObject({ type: 'DH' });
    const path = join(made.folder, 'dh.pem');
    openssl(
      'genpkey',
      '-genparam',
      '-algorithm',
      'DH',
      '-pkeyopt',
      'group:ffdhe3072',
      '-out',
      path,
    );
    expect(await set('tls-dh-params-file', path)).toBe(OK);
    const { socket } = await connect(options);
    expect(socket.getEphemeralKeyInfo()).toMatchObject({ type: 'DH', size: 3072 });
  });
});

describe('CONFIG SET of files', () => {
  it('counts for who comes next, and leaves those who are there alone', async () => {
    const before = await connect();
    expect(nameOn(before.socket)).toBe('CN=server');
    expect(
      await set('tls-cert-file', made.crt('server2'), 'tls-key-file', made.key('server2')),
    ).toBe(OK);
    expect(nameOn((await connect()).socket)).toBe('CN=server2');
    expect((await before.client.call('PING')).raw).toBe(PONG);
  });

  it('reads a new file behind the same path', async () => {
    const [crt, key] = [join(made.folder, 'now.crt'), join(made.folder, 'now.key')];
    const put = (from: 'server' | 'server2'): void => {
      copyFileSync(made.crt(from), crt);
      copyFileSync(made.key(from), key);
    };
    put('server');
    await set('tls-cert-file', crt, 'tls-key-file', key);
    put('server2');
    expect(nameOn((await connect()).socket)).toBe('CN=server');
    expect(await set('tls-cert-file', crt)).toBe(OK);
    expect(nameOn((await connect()).socket)).toBe('CN=server2');
    // What is bad by now is not taken, and what is there stays.
    writeFileSync(crt, 'not a certificate');
    expect(await set('tls-cert-file', crt)).toBe(cannotUpdate('tls-cert-file'));
    expect(nameOn((await connect()).socket)).toBe('CN=server2');
  });

  it.each([
    [
      'tls-cert-file',
      '/none',
      /^Failed to load certificate: \/none: error:80000002:system library::No such file or directory$/,
    ],
    ['tls-cert-file', '', /^No tls-cert-file configured!$/],
    ['tls-key-file', '/none', /^Failed to load private key: \/none: error:80000002:/],
    [
      'tls-key-file',
      'KEY',
      /^Failed to load private key: .*client\.key: error:\w{8}:x509 certificate routines::key values mismatch$/,
    ],
    [
      'tls-ca-cert-file',
      '/none',
      /^Failed to configure CA certificate\(s\) file\/directory: error:80000002:/,
    ],
    ['tls-ca-cert-file', 'KEY', /^Failed to configure CA .*::no certificate or crl found$/],
    ['tls-dh-params-file', '/none', /^Failed to load \/none: No such file or directory$/],
    ['tls-dh-params-file', 'KEY', /client\.key: failed to read DH params\.$/],
    ['tls-protocols', 'TLSv1.2  TLSv1.3', /^Invalid tls-protocols specified\. Use a combination/],
    ['tls-ciphers', 'none', /^Failed to configure ciphers: none$/],
    ['tls-ciphers', 'TLS_AES_128_GCM_SHA256', /^Failed to configure ciphers: TLS_AES_128/],
    ['tls-ciphersuites', 'none', /^Failed to configure ciphersuites: none$/],
    ['tls-ciphersuites', 'AES128-SHA256', /^Failed to configure ciphersuites: AES128-SHA256$/],
  ])('%s %j is refused, with all that was to be set with it', async (name, given, reason) => {
    const value = given === 'KEY' ? made.key('client') : given;
    const before = await shown(name);
    expect(await set('timeout', '7', name, value, 'hz', '50')).toBe(cannotUpdate(name));
    expect(warnings[0].message).toMatch(reason);
    expect([await shown(name), await shown('timeout'), await shown('hz')]).toEqual([
      before,
      '0',
      '10',
    ]);
    expect(nameOn((await connect()).socket)).toBe('CN=server');
  });

  it('is taken back when another directive is refused after it', async () => {
    await set('maxmemory', '4mb', 'maxmemory-policy', 'noeviction');
    const pairs = ['tls-cert-file', made.crt('server2'), 'tls-key-file', made.key('server2')];
    expect(await set(...pairs, 'maxmemory', '5gb')).toMatch(/argument 'maxmemory'/);
    expect(nameOn((await connect()).socket)).toBe('CN=server');
  });

  it('asks for authorities where certificates are asked for', async () => {
    await start({ config: { 'tls-ca-cert-file': undefined } });
    expect(await set('tls-cluster', 'yes')).toBe(cannotUpdate('tls-cluster'));
    expect(warnings[0].message).toMatch(/^Either tls-ca-cert-file or tls-ca-cert-dir must be/);
    expect(await shown('tls-cluster')).toBe('no');
  });

  it('takes a key with a password', async () => {
    // Redis's tests/unit/tls.tcl: working with an encrypted keyfile.
    const path = join(made.folder, 'locked.key');
    const pass = ['-aes256', '-passout', 'pass:1234'];
    openssl('rsa', '-in', made.key('server'), '-out', path, ...pass);
    expect(await set('tls-key-file', path)).toBe(cannotUpdate('tls-key-file'));
    expect(await set('tls-key-file-pass', '1234')).toBe(OK);
    expect(await set('tls-key-file', path)).toBe(OK);
    expect(await ping()).toBe(PONG);
    expect(await set('tls-key-file-pass', '12')).toBe(cannotUpdate('tls-key-file-pass'));
    expect(await ping()).toBe(PONG);
    const odd = 'schlüssel für ☂';
    openssl('rsa', '-in', made.key('server'), '-out', path, '-aes256', '-passout', `pass:${odd}`);
    const request = ['CONFIG', 'SET', 'tls-key-file', path, 'tls-key-file-pass', Buffer.from(odd)];
    expect((await admin.call(...request)).raw).toBe(OK);
    expect(await ping()).toBe(PONG);
  });
});

describe('clients', () => {
  it('are clients as others', async () => {
    const { client, socket } = await connect();
    await client.call('CLIENT', 'SETNAME', 'me');
    const line = /.*name=me.*/.exec((await admin.call('CLIENT', 'LIST')).tree.text ?? '')?.[0];
    expect(line).toContain(` addr=127.0.0.1:${socket.localPort} `);
    expect(line).toContain(` laddr=127.0.0.1:${server.tlsAddress.port} `);
    expect(Number(/ fd=(-?\d+) /.exec(line ?? '')?.[1])).toBeGreaterThan(2);
    const killed = ['CLIENT', 'KILL', 'LADDR', `127.0.0.1:${server.tlsAddress.port}`];
    expect((await admin.call(...killed)).raw).toBe(':1\r\n');
    await client.rest();
    expect(await info('clients')).toContain('connected_clients:1\r\n');
  });

  it('that have read the answer to QUIT are gone', async () => {
    for (let i = 0; i < 20; i++) {
      const { client } = await connect();
      expect((await client.call('QUIT')).raw).toBe(OK);
      expect(await info('clients')).toContain('connected_clients:1\r\n');
    }
  });

  it('are told that it is the end, however it comes', async () => {
    // openssl tells an end that was announced from one that may be somebody else's doing.
    const to = ['-connect', `127.0.0.1:${server.tlsAddress.port}`, '-ign_eof', '-quiet'];
    const ends: Record<string, (id: string) => Promise<unknown>> = {
      kill: (id) => admin.call('CLIENT', 'KILL', 'ID', id),
      quit: async () => {},
    };
    for (const [name, end] of Object.entries(ends)) {
      const input = `CLIENT ID\r\n${name === 'quit' ? 'QUIT\r\n' : ''}`;
      let isKilled = false;
      const { code, stderr } = await runProgram('openssl', ['s_client', ...to], {
        input,
        until: async (stdout) => {
          const id = /:(\d+)\r\n/.exec(stdout)?.[1];
          if (id !== undefined && !isKilled) {
            isKilled = true;
            await end(id);
          }
          return false;
        },
      });
      expect([name, code, stderr.includes('unexpected eof')]).toEqual([name, 0, false]);
    }
  });

  it('are counted and limited before the handshake', async () => {
    await set('maxclients', '2');
    const first = await connect();
    expect(await ping()).toBe('no');
    expect(await info('stats')).toContain('rejected_connections:1\r\n');
    expect((await first.client.call('PING')).raw).toBe(PONG);
    first.socket.destroy();
    await eventually('a free place', async () => (await ping()) === PONG);
  });

  it('hear of protected mode once they can', async () => {
    await set('protected-mode', 'yes', 'bind', '*');
    const { networkInterfaces } = await import('node:os');
    const outside = Object.values(networkInterfaces())
      .flat()
      .find((each) => each?.family === 'IPv4' && !each.internal)?.address;
    if (outside === undefined) return; // A machine without a network can't tell.
    const { port } = server.tlsAddress;
    const options = { checkServerIdentity: () => undefined };
    const { client } = await connect(options, { host: outside, port });
    expect(await client.rest()).toMatch(/^-DENIED Redis is running in protected mode/);
  });

  it('idle for longer than `timeout` are closed, in a handshake too', async () => {
    const clock = new ManualClock(1_700_000_000_000);
    await start({ clock, config: { timeout: 60, 'tls-handshake-timeout': 0 } });
    const { client } = await connect();
    const silent = await RespClient.connect(server.tlsAddress);
    await eventually('three', async () =>
      (await info('clients')).includes('connected_clients:3\r'),
    );
    clock.advance(61_000);
    await client.rest();
    expect(await silent.rest()).toBe('');
    silent.close();
  });

  it('that begin no handshake are closed by tls-handshake-timeout, and others served', async () => {
    const clock = new ManualClock(1_700_000_000_000);
    await start({ clock });
    const silent = await RespClient.connect(server.tlsAddress);
    const half = await RespClient.connect(server.tlsAddress);
    half.write('\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03');
    await eventually('three', async () =>
      (await info('clients')).includes('connected_clients:3\r'),
    );
    clock.advance(29_000);
    expect(await ping()).toBe(PONG);
    expect(await info('clients')).toContain('connected_clients:4\r\n');
    clock.advance(2_000);
    expect(await silent.rest()).toBe('');
    expect(await half.rest()).toBe('');
    expect(warnings.map(({ message }) => message)).toEqual([
      'Error accepting a client connection: handshake timeout',
      'Error accepting a client connection: handshake timeout',
    ]);
    silent.close();
    half.close();
  });

  it('in a handshake do not keep a server from ending', async () => {
    const silent = await RespClient.connect(server.tlsAddress);
    await eventually('two', async () => (await info('clients')).includes('connected_clients:2\r'));
    await server.close();
    expect(await silent.rest()).toBe('');
    expect(warnings).toEqual([]);
    silent.close();
  });
});
