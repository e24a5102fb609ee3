/**
 * TLS: what the tls-* directives say, as contexts that connections are encrypted with.
 *
 *   files and directives ── Tls.configure ──▶ a context for whom we accept, one for whom we ask
 *
 * A context is made whole before it takes the place of the one before; who is connected keeps the
 * one it has. When a file is bad, the log says which and why, in Redis's words, and nothing changes.
 */

import { constants, X509Certificate } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createSecureContext, type SecureContext, type SecureContextOptions } from 'node:tls';
import type { Values } from '../instance/config/directives.ts';
import { systemReason } from '../instance/config/files.ts';
import { toNative } from '../instance/config/words.ts';
import type { Log } from '../instance/log.ts';

/** Each protocol by its name in `tls-protocols`, with the option of OpenSSL that rules it out. */
const PROTOCOLS: ReadonlyMap<string, number> = new Map([
  ['tlsv1', constants.SSL_OP_NO_TLSv1],
  ['tlsv1.1', constants.SSL_OP_NO_TLSv1_1],
  ['tlsv1.2', constants.SSL_OP_NO_TLSv1_2],
  ['tlsv1.3', constants.SSL_OP_NO_TLSv1_3],
]);
const DEFAULT_PROTOCOLS = ['tlsv1.2', 'tlsv1.3'];

/** OpenSSL's own choice, which is Redis's; that of Node would be another. */
const DEFAULT_CIPHERS = 'DEFAULT';
const DEFAULT_SUITES = 'TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256:TLS_AES_128_GCM_SHA256';

/** Nobody to trust. Where nothing is said, Node trusts whom browsers do. */
const NOBODY: string[] = [];

/** The names under which OpenSSL looks for certificates in a folder: hashes of their subjects. */
const HASHED_NAME = /^[0-9a-f]{8}\.\d+$/;
const CERTIFICATE =
  /-----BEGIN (TRUSTED |X509 )?CERTIFICATE-----[\s\S]*?-----END \1?CERTIFICATE-----/g;
const DH_PARAMETERS =
  /-----BEGIN (X9\.42 )?DH PARAMETERS-----([\s\S]*?)-----END \1?DH PARAMETERS-----/;
const DER_SEQUENCE = 0x30;

/** Why there is no context, in the words of Redis's log. */
class TlsFault extends Error {
  override readonly name = 'TlsFault';
}

/** A certificate with its key. */
interface Identity {
  readonly certificate: string;
  readonly key: string;
  /** One char per byte. */
  readonly passphrase: string | undefined;
}

/** Whether anything here uses TLS. */
export function usesTls({ tlsPort, tlsReplication, tlsCluster }: Values): boolean {
  return tlsPort !== 0 || tlsReplication || tlsCluster;
}

export class Tls {
  readonly #log: Log;
  /** What the last configuration was refused for. */
  fault: string | undefined;
  #isStale = false;
  #server: SecureContext | undefined;
  #client: SecureContext | undefined;

  constructor(log: Log) {
    this.#log = log;
  }

  /** For whom we accept. There must have been a configuration. */
  get server(): SecureContext {
    if (this.#server === undefined) throw new Error('TLS is not configured');
    return this.#server;
  }

  /** For whom we connect to. There must have been a configuration. */
  get client(): SecureContext {
    return this.#client ?? this.server;
  }

  /** Whether there are contexts, and such as the configuration asks for. */
  get isReady(): boolean {
    return this.#server !== undefined && !this.#isStale;
  }

  /** The configuration has changed while nobody needs contexts: they are made when somebody does. */
  expire(): void {
    this.#isStale = true;
  }

  /** Makes the contexts anew. Answers false, changing nothing, when they can't be. */
  configure(values: Values): boolean {
    try {
      const server = serverContext(values);
      const client = clientContext(values);
      this.#server = server;
      this.#client = client;
      this.#isStale = false;
      return true;
    } catch (error) {
      if (!(error instanceof TlsFault)) throw error;
      this.fault = error.message;
      this.#log.warning(error.message);
      return false;
    }
  }
}

function serverContext(values: Values): SecureContext {
  const { tlsCertFile: certificate, tlsKeyFile: key, tlsDhParamsFile: dhFile } = values;
  if (certificate === undefined) throw new TlsFault('No tls-cert-file configured!');
  if (key === undefined) throw new TlsFault('No tls-key-file configured!');
  const { tlsAuthClients, tlsCluster, tlsReplication, tlsCaCertFile, tlsCaCertDir } = values;
  const asksForCertificates = tlsAuthClients !== 'no' || tlsCluster || tlsReplication;
  if (asksForCertificates && tlsCaCertFile === undefined && tlsCaCertDir === undefined) {
    throw new TlsFault(
      'Either tls-ca-cert-file or tls-ca-cert-dir must be specified when tls-cluster, ' +
        'tls-replication or tls-auth-clients are enabled!',
    );
  }
  const options = baseOptions(values, { certificate, key, passphrase: values.tlsKeyFilePass });
  if (!values.tlsSessionCaching) options.secureOptions! |= constants.SSL_OP_NO_TICKET;
  return createSecureContext({
    ...options,
    honorCipherOrder: values.tlsPreferServerCiphers,
    sessionIdContext: 'redis',
    sessionTimeout: values.tlsSessionCacheTimeout,
    dhparam: dhFile === undefined ? 'auto' : dhParameters(dhFile),
  });
}

function clientContext(values: Values): SecureContext | undefined {
  const { tlsClientCertFile: certificate, tlsClientKeyFile: key } = values;
  if (certificate === undefined || key === undefined) return undefined;
  const passphrase = values.tlsClientKeyFilePass;
  return createSecureContext(baseOptions(values, { certificate, key, passphrase }));
}

/** What both contexts have in common, each part tried out by itself to tell which is bad. */
function baseOptions(values: Values, identity: Identity): SecureContextOptions {
  const { tlsCiphers = DEFAULT_CIPHERS, tlsCiphersuites = DEFAULT_SUITES } = values;
  const { certificate, key } = identity;
  const passphrase = identity.passphrase === undefined ? undefined : toNative(identity.passphrase);
  const cert = tried(`Failed to load certificate: ${certificate}`, () => {
    const cert = readFileSync(certificate);
    createSecureContext({ cert, ca: NOBODY });
    return cert;
  });
  const privateKey = tried(`Failed to load private key: ${key}`, () => {
    const bytes = readFileSync(key);
    createSecureContext({ cert, key: bytes, passphrase, ca: NOBODY });
    return bytes;
  });
  const ca = tried('Failed to configure CA certificate(s) file/directory', () =>
    authorities(values),
  );
  return {
    cert,
    key: privateKey,
    passphrase,
    ca,
    ciphers: `${cipherList(tlsCiphers)}:${cipherSuites(tlsCiphersuites)}`,
    minVersion: 'TLSv1',
    maxVersion: 'TLSv1.3',
    secureOptions: ruledOut(values.tlsProtocols),
  };
}

function tried<Result>(what: string, attempt: () => Result): Result {
  try {
    return attempt();
  } catch (error) {
    throw new TlsFault(`${what}: ${tlsReason(error)}`, { cause: error });
  }
}

/** The options of OpenSSL that leave only these protocols. */
function ruledOut(protocols: string | undefined): number {
  const wanted = protocols?.toLowerCase().split(' ') ?? DEFAULT_PROTOCOLS;
  if (wanted.some((name) => !PROTOCOLS.has(name))) {
    throw new TlsFault(
      "Invalid tls-protocols specified. Use a combination of 'TLSv1', 'TLSv1.1', 'TLSv1.2' and " +
        "'TLSv1.3'.",
    );
  }
  let options = 0;
  for (const [name, option] of PROTOCOLS) if (!wanted.includes(name)) options |= option;
  return options;
}

/** Ciphers of TLS 1.2 and before. Node takes what begins with TLS_ for suites of 1.3. */
function cipherList(given: string): string {
  const list = given
    .split(':')
    .filter((word) => !/^!?TLS_/.test(word))
    .join(':');
  try {
    if (list === '') throw new Error('no cipher of TLS 1.2');
    createSecureContext({ ciphers: `${list}:${DEFAULT_SUITES}`, ca: NOBODY });
  } catch (error) {
    throw new TlsFault(`Failed to configure ciphers: ${given}`, { cause: error });
  }
  return list;
}

/** Suites of TLS 1.3. */
function cipherSuites(given: string): string {
  try {
    const areSuites = given.split(':').every((word) => word.startsWith('TLS_'));
    if (!areSuites) throw new Error('not all of them are of TLS 1.3');
    createSecureContext({ ciphers: `${DEFAULT_CIPHERS}:${given}`, ca: NOBODY });
  } catch (error) {
    throw new TlsFault(`Failed to configure ciphersuites: ${given}`, { cause: error });
  }
  return given;
}

/** The certificates of those whose word is taken for who a peer is. */
function authorities({ tlsCaCertFile, tlsCaCertDir }: Values): string[] {
  const found: string[] = [];
  if (tlsCaCertFile !== undefined) {
    const text = readFileSync(tlsCaCertFile, 'latin1');
    found.push(...certificatesOf(text));
    if (found.length === 0) {
      throw new Error('error:05800088:x509 certificate routines::no certificate or crl found');
    }
  }
  if (tlsCaCertDir === undefined) return found;
  // One that is not there, or has nothing that OpenSSL would look for, is empty to it.
  for (const name of namesIn(tlsCaCertDir)) {
    if (!HASHED_NAME.test(name)) continue;
    found.push(...certificatesOf(readFileSync(join(tlsCaCertDir, name), 'latin1')));
  }
  return found;
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

/** Throws where one is no certificate. */
function certificatesOf(text: string): string[] {
  const found = text.match(CERTIFICATE) ?? [];
  for (const one of found) new X509Certificate(one);
  return found;
}

/** Node would leave out in silence what it can't read. */
function dhParameters(path: string): Buffer {
  let bytes: Buffer;
  try {
    bytes = readFileSync(path);
  } catch (error) {
    throw new TlsFault(`Failed to load ${path}: ${systemReason(error)}`, { cause: error });
  }
  const encoded = DH_PARAMETERS.exec(bytes.toString('latin1'))?.[2] ?? '';
  if (Buffer.from(encoded, 'base64')[0] !== DER_SEQUENCE) {
    throw new TlsFault(`${path}: failed to read DH params.`);
  }
  return tried(`Failed to load DH params file: ${path}`, () => {
    createSecureContext({ dhparam: bytes, ca: NOBODY });
    return bytes;
  });
}

/** OpenSSL's words for an error, without what differs from one build of it to the next. */
export function tlsReason(error: unknown): string {
  const { message = String(error), errno, code } = error as NodeJS.ErrnoException;
  const found = /error:([0-9A-F]{8}):([^:]*):[^:]*:([^:\n]*)/.exec(message);
  if (found !== null) return `error:${found[1]}:${found[2]}::${found[3]}`;
  if (errno === undefined || errno >= 0) return message;
  if (code === 'ECONNRESET' || code === 'EPIPE') return systemReason(error);
  const number = (0x80000000 - errno).toString(16).toUpperCase();
  return `error:${number}:system library::${systemReason(error)}`;
}
