/**
 * Connections to other servers: each for one exchange, since they are rare.
 *
 *   connect ─► write all ─► read lines ─► close
 *
 * What the other side says is believed line by line: it may be anyone.
 */

import { connect, type Socket } from 'node:net';
import { connect as connectTls, type SecureContext } from 'node:tls';
import type { Exchange, Failure, Peers } from '../instance/peers.ts';

/** Timers of Node know no more. */
const IDLE_MAX = 2 ** 31 - 1;
/** Nobody who speaks our protocol has a line this long. */
const LINE_MAX = 64 * 1024;

export class PeerSockets implements Peers {
  readonly #open = new Set<Socket>();
  readonly #context: () => SecureContext | undefined;

  /** `context`: what to encrypt with, if that is to be. */
  constructor(context: () => SecureContext | undefined) {
    this.#context = context;
  }

  ask(
    host: string,
    port: number,
    requests: Uint8Array,
    count: number,
    idleMs: number,
  ): Promise<Exchange> {
    return new Promise((resolve) => {
      const lines: string[] = [];
      let stage: Failure = 'connecting';
      let text = '';
      const secureContext = this.#context();
      const socket =
        secureContext === undefined
          ? connect({ host, port, noDelay: true })
          : connectTls({ host, port, secureContext, checkServerIdentity: anyName });
      this.#open.add(socket);
      const end = (): void => {
        this.#open.delete(socket);
        socket.destroy();
        resolve({ lines, failure: lines.length < count ? stage : undefined });
      };
      socket.setEncoding('latin1');
      socket.setTimeout(Math.min(idleMs, IDLE_MAX), end);
      socket.on('error', (error: NodeJS.ErrnoException) => {
        // Redis does not see a refusal before it writes, which a handshake does.
        if (error.code === 'ECONNREFUSED' && secureContext === undefined) stage = 'writing';
        end();
      });
      socket.on('close', end);
      socket.on(secureContext === undefined ? 'connect' : 'secureConnect', () => {
        stage = 'writing';
        socket.write(requests, () => {
          stage = 'reading';
        });
      });
      socket.on('data', (more: string) => {
        text += more;
        for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n')) {
          lines.push(text.slice(0, at).replace(/\r$/, ''));
          text = text.slice(at + 1);
          if (lines.length === count) return end();
        }
        if (text.length > LINE_MAX) end();
      });
    });
  }

  /** Breaks off every exchange. */
  close(): void {
    for (const socket of this.#open) socket.destroy();
  }
}

/** Redis looks who has signed a certificate, and not which name is in it. */
function anyName(): undefined {
  return undefined;
}
