/**
 * Certificates for a test: an authority, and who it has signed, made by openssl.
 *
 *   ca ──signs──▶ server, server2 (they say localhost, 127.0.0.1 and 127.0.0.2), client
 *   other: signed by itself
 */

import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import type { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ConnectionOptions, connect, type TLSSocket } from 'node:tls';

export type Person = 'ca' | 'server' | 'server2' | 'client' | 'other';

export interface Certificates {
  /** Where they are: a folder that goes with them. */
  readonly folder: string;
  /** Path of a certificate and of its key. */
  crt(of: Person): string;
  key(of: Person): string;
  /** The two as a client of this process takes them. */
  shownBy(of: Person): { readonly cert: Buffer; readonly key: Buffer };
  /** The certificate of the authority. */
  readonly ca: Buffer;
  /** What makes a server encrypt. */
  readonly directives: Readonly<Record<string, string>>;
  remove(): void;
}

const NEW_KEY = ['-newkey', 'rsa:2048', '-nodes', '-days', '30'];

/** Makes them: about a third of a second. */
export function makeCertificates(): Certificates {
  const folder = mkdtempSync(join(tmpdir(), 'zonis-tls-'));
  const crt = (of: Person) => join(folder, `${of}.crt`);
  const key = (of: Person) => join(folder, `${of}.key`);
  const self = (name: Person): void => {
    const files = ['-keyout', key(name), '-out', crt(name)];
    openssl('req', '-x509', ...NEW_KEY, ...files, '-subj', `/CN=${name}`);
  };
  const names = join(folder, 'names.cnf');
  writeFileSync(names, 'subjectAltName=DNS:localhost,IP:127.0.0.1,IP:127.0.0.2\n');
  self('ca');
  self('other');
  const signed: readonly Person[] = ['server', 'server2', 'client'];
  for (const [index, name] of signed.entries()) {
    const request = join(folder, `${name}.csr`);
    openssl(
      'req',
      ...NEW_KEY.slice(0, 3),
      '-keyout',
      key(name),
      '-out',
      request,
      '-subj',
      `/CN=${name}`,
    );
    const by = ['-CA', crt('ca'), '-CAkey', key('ca'), '-set_serial', String(index + 1)];
    openssl(
      'x509',
      '-req',
      '-in',
      request,
      ...by,
      '-days',
      '30',
      '-extfile',
      names,
      '-out',
      crt(name),
    );
  }
  return {
    folder,
    crt,
    key,
    shownBy: (of) => ({ cert: readFileSync(crt(of)), key: readFileSync(key(of)) }),
    ca: readFileSync(crt('ca')),
    directives: {
      'tls-cert-file': crt('server'),
      'tls-key-file': key('server'),
      'tls-ca-cert-file': crt('ca'),
    },
    remove: () => rmSync(folder, { recursive: true }),
  };
}

/** Runs openssl. Throws, with what it said, where it fails. */
export function openssl(...args: readonly string[]): void {
  execFileSync('openssl', args, { stdio: ['ignore', 'ignore', 'pipe'] });
}

/** A connection that is encrypted, or the reason there is none. */
export function connectTls(
  address: { readonly host: string; readonly port: number },
  options: ConnectionOptions = {},
  over?: Socket,
): Promise<TLSSocket> {
  return new Promise((resolve, reject) => {
    const to = over === undefined ? address : { socket: over };
    const socket = connect({ ...to, ...options });
    socket.once('error', reject);
    socket.once('secureConnect', () => {
      socket.off('error', reject);
      socket.on('error', () => {});
      resolve(socket);
    });
  });
}
