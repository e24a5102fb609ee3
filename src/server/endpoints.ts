/**
 * Endpoints: where the server listens, at start and after CONFIG SET port or bind.
 *
 * Listening anew closes what was listened on first, as Redis does: one port can't be had for all
 * addresses while it is had for one of them. Whoever wants to connect in between waits in vain for
 * some microseconds; who is connected notices nothing. When the new addresses can't be had, the
 * configuration takes its old values back and asks again, and the old ones are listened on anew.
 *
 * Port 0 is no port. A server that was asked to take any port has the system choose one where 0 is
 * said at its start, and 0 stays that one.
 */

import type { AddressInfo, Server as NetServer, Socket } from 'node:net';
import type { Values } from '../instance/config/directives.ts';
import type { Log } from '../instance/log.ts';
import { addressesOf, listenTcp, listenUnix } from './listener.ts';

type Accept = (socket: Socket, isUnix: boolean) => void;

/** Configured to listen on no address and on no Unix socket. */
export class NowhereError extends Error {
  override readonly name = 'NowhereError';

  constructor() {
    super('Configured to not listen anywhere, exiting.'); // In Redis's words.
  }
}

export class Endpoints {
  readonly #accept: Accept;
  readonly #log: Log;
  readonly #takesAnyPort: boolean;
  #tcp: NetServer[] = [];
  #unix: NetServer | undefined;
  /** The port the system chose for port 0, or 0. */
  #chosen = 0;
  /** What TCP is listened on, to tell whether another wish differs; undefined when on nothing. */
  #current: string | undefined;
  /** The change under way, or the last one. */
  #change: Promise<unknown> = Promise.resolve();
  #isClosed = false;

  /** `takesAnyPort`: port 0 is one that the system chooses. */
  constructor(log: Log, takesAnyPort: boolean, accept: Accept) {
    this.#log = log;
    this.#takesAnyPort = takesAnyPort;
    this.#accept = accept;
  }

  /** The first address listened on with TCP. */
  get address(): AddressInfo | undefined {
    const address = this.#tcp[0]?.address();
    return address && typeof address === 'object' ? address : undefined;
  }

  /** The TCP port listened on, 0 for none. */
  get port(): number {
    return this.address?.port ?? 0;
  }

  /** Begins to listen. Rejects when an address can't be had, or none is wanted. */
  async open(values: Values): Promise<void> {
    const { port, unixsocket, unixsocketperm, tcpBacklog } = values;
    const hasUnix = unixsocket !== undefined && unixsocket !== '';
    if (port !== 0 || this.#takesAnyPort) {
      await this.#listen(values, port);
      if (port === 0) this.#chosen = this.port;
    }
    this.#current = this.#wish(values);
    if (this.#tcp.length === 0 && !hasUnix) throw new NowhereError();
    if (!hasUnix) return;
    const accept = (socket: Socket) => this.#accept(socket, true);
    this.#unix = await listenUnix(unixsocket, unixsocketperm, tcpBacklog, accept);
  }

  /** Listens on TCP as configured now. Answers false, listening on nothing, when it can't be. */
  follow(values: Values): Promise<boolean> {
    const done = this.#change.then(() => this.#follow(values));
    this.#change = done;
    return done;
  }

  async #follow(values: Values): Promise<boolean> {
    const wish = this.#wish(values);
    if (this.#current === wish || this.#isClosed) return true;
    this.#closeTcp();
    const port = this.#portOf(values);
    try {
      if (port !== 0) await this.#listen(values, port);
    } catch (error) {
      const { message } = error as Error;
      this.#log.warning('Could not listen', { bind: values.bind, port, reason: message });
      return false;
    }
    this.#current = wish;
    if (this.#isClosed) this.#closeTcp();
    return true;
  }

  #portOf({ port }: Values): number {
    return port === 0 ? this.#chosen : port;
  }

  #wish(values: Values): string {
    return [this.#portOf(values), ...values.bind].join(' ');
  }

  async #listen({ bind, tcpBacklog }: Values, port: number): Promise<void> {
    const accept = (socket: Socket) => this.#accept(socket, false);
    let chosen = port;
    try {
      for (const address of addressesOf(bind, port)) {
        const listener = await listenTcp({ ...address, port: chosen }, tcpBacklog, accept);
        if (listener === undefined) continue;
        this.#tcp.push(listener);
        // Port 0 lets the system choose once; the other addresses take the same.
        chosen = this.port;
      }
    } catch (error) {
      this.#closeTcp();
      throw error;
    }
  }

  #closeTcp(): void {
    for (const listener of this.#tcp) listener.close();
    this.#tcp = [];
    this.#current = undefined;
  }

  /** Stops listening, at once. Resolves when all is free. */
  async close(): Promise<void> {
    this.#isClosed = true;
    const listeners = this.#unix === undefined ? this.#tcp : [...this.#tcp, this.#unix];
    const closing = listeners.map(
      (listener) => new Promise<void>((resolve) => listener.close(() => resolve())),
    );
    this.#tcp = [];
    this.#unix = undefined;
    await Promise.all([...closing, this.#change]);
  }
}
