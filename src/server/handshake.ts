/**
 * Handshake: an accepted socket on its way to being encrypted.
 *
 *   plain    descriptor ─▶ read window, descriptor ◀─ write windows
 *   TLS      descriptor ─▶ OpenSSL ─▶ buffers of its own, OpenSSL ◀─ write windows
 *
 * The client is there from the moment it is accepted, as in Redis: it counts for `maxclients`, it is
 * listed, it can be killed. Nothing of it is read as a request before `settled` has said that it is
 * encrypted, and who it is to be has shown its certificate.
 */

import { Socket } from 'node:net';
import { type SecureContext, TLSSocket } from 'node:tls';
import type { Values } from '../instance/config/directives.ts';
import { type Accepted, adopt } from './listener.ts';
import { tlsReason } from './tls.ts';

/** What `tls-auth-clients` says: whether clients show a certificate. */
export type CertificateRule = Values['tlsAuthClients'];

export interface Handshake extends Accepted {
  /** Has `done` told once how it ended: by a reason, unless it is encrypted now. */
  settled(done: (fault: string | undefined) => void): void;
}

/** Parts of sockets that Node has no public face for. */
interface Insides {
  _handle: { verifyError?(): Error | null | undefined } | null;
}

const CLOSED = 'Connection closed';
const NOT_VERIFIED = 'error:0A000086:SSL routines::certificate verify failed';
const NO_CERTIFICATE = 'error:0A0000C7:SSL routines::peer did not return a certificate';

/** Begins the handshake with whom was accepted, whose handle is taken over. */
export function beginHandshake(
  accepted: Socket,
  secureContext: SecureContext,
  rule: CertificateRule,
): Handshake {
  // As adopt() does: a listener that closes must not wait for those it has accepted.
  const holder = accepted as unknown as Insides;
  const handle = holder._handle;
  holder._handle = null;
  const socket = new TLSSocket(
    new Socket({ handle } as unknown as ConstructorParameters<typeof Socket>[0]),
    {
      isServer: true,
      secureContext,
      requestCert: rule !== 'no',
      rejectUnauthorized: rule === 'yes',
    },
  );
  socket.disableRenegotiation();
  let done: ((fault: string | undefined) => void) | undefined;
  const settle = (fault: string | undefined): void => {
    done?.(fault);
    done = undefined;
  };
  // Also what goes wrong later: after it there is no talking.
  socket.on('_tlsError', (error: Error) => {
    settle(tlsReason(error));
    socket.destroy();
  });
  socket.on('close', () => settle(CLOSED));
  socket.on('secure', () => settle(faultOf(socket, rule)));
  return {
    ...adopt(socket, neverRead, false),
    settled(then) {
      done = then;
    },
  };
}

function neverRead(): never {
  throw new Error('what is encrypted is not read into the window');
}

/** Why a client is not let in, of what it has shown. */
function faultOf(socket: TLSSocket, rule: CertificateRule): string | undefined {
  if (rule === 'no') return undefined;
  // One that resumes a session from when none was asked for has none.
  const hasCertificate = socket.getPeerX509Certificate() !== undefined;
  if (!hasCertificate) return rule === 'yes' ? NO_CERTIFICATE : undefined;
  const { _handle: handle } = socket as unknown as Insides;
  if (typeof handle?.verifyError !== 'function') return NOT_VERIFIED;
  return handle.verifyError() ? NOT_VERIFIED : undefined;
}
