/**
 * Endpoints: where the server listens, at start and after CONFIG SET port, tls-port or bind.
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

/** How a client comes in. */
export type Entrance = 'tcp' | 'unix' | 'tls';

type Accept = (socket: Socket, entrance: Entrance) => void;

/** Configured to listen on no address and on no Unix socket. */
export class NowhereError extends Error {
  override readonly name = 'NowhereError';

  constructor() {
    super('Configured to not listen anywhere, exiting.'); // In Redis's words.
  }
}

/** One port, on every address of `bind`. */
class Port {
  readonly #wanted: (values: Values) => number;
  readonly #accept: (socket: Socket) => void;
  readonly #takesAny: boolean;
  #listeners: NetServer[] = [];
  /** The port the system chose for port 0, or 0. */
  #chosen = 0;
  /** What is listened on, to tell whether another wish differs; undefined when on nothing. */
  #current: string | undefined;

  constructor(
    wanted: (values: Values) => number,
    takesAny: boolean,
    accept: (socket: Socket) => void,
  ) {
    this.#wanted = wanted;
    this.#takesAny = takesAny;
    this.#accept = accept;
  }

  /** The first address listened on. */
  get address(): AddressInfo | undefined {
    const address = this.#listeners[0]?.address();
    return address && typeof address === 'object' ? address : undefined;
  }

  get number(): number {
    return this.address?.port ?? 0;
  }

  /** Listens for the first time. Rejects when an address can't be had. */
  async open(values: Values): Promise<void> {
    if (this.#takesAny && this.#wanted(values) === 0) {
      await this.#listen(values, 0);
      this.#chosen = this.number;
      this.#current = this.#wish(values);
    } else {
      await this.listen(values);
    }
  }

  /** Whether what is listened on is not what is wanted now. */
  isStale(values: Values): boolean {
    return this.#current !== this.#wish(values);
  }

  /** Listens on what is wanted now. Rejects, listening on nothing, when an address can't be had. */
  async listen(values: Values): Promise<void> {
    const port = this.port(values);
    if (port !== 0) await this.#listen(values, port);
    this.#current = this.#wish(values);
  }

  /** The port wanted now. */
  port(values: Values): number {
    return this.#wanted(values) || this.#chosen;
  }

  #wish(values: Values): string {
    return [this.port(values), ...values.bind].join(' ');
  }

  async #listen({ bind, tcpBacklog }: Values, port: number): Promise<void> {
    let chosen = port;
    try {
      for (const address of addressesOf(bind, port)) {
        const listener = await listenTcp({ ...address, port: chosen }, tcpBacklog, this.#accept);
        if (listener === undefined) continue;
        this.#listeners.push(listener);
        // Port 0 lets the system choose once; the other addresses take the same.
        chosen = this.number;
      }
    } catch (error) {
      void this.close();
      throw error;
    }
  }

  /** Stops listening. Resolves when all is free. */
  async close(): Promise<void> {
    const closing = this.#listeners.map(closed);
    this.#listeners = [];
    this.#current = undefined;
    await Promise.all(closing);
  }
}

function closed(listener: NetServer): Promise<void> {
  return new Promise((resolve) => listener.close(() => resolve()));
}

export class Endpoints {
  readonly #accept: Accept;
  readonly #log: Log;
  readonly #tcp: Port;
  readonly #tls: Port;
  #unix: NetServer | undefined;
  /** The change under way, or the last one. */
  #change: Promise<unknown> = Promise.resolve();
  #isClosed = false;

  /** `takesAny`: where port 0 is one that the system chooses. */
  constructor(
    log: Log,
    takesAny: { readonly port: boolean; readonly tlsPort: boolean },
    accept: Accept,
  ) {
    this.#log = log;
    this.#accept = accept;
    this.#tcp = new Port(
      ({ port }) => port,
      takesAny.port,
      (socket) => accept(socket, 'tcp'),
    );
    this.#tls = new Port(
      ({ tlsPort }) => tlsPort,
      takesAny.tlsPort,
      (socket) => accept(socket, 'tls'),
    );
  }

  /** The first address listened on with TCP. */
  get address(): AddressInfo | undefined {
    return this.#tcp.address;
  }

  /** The first address listened on with TLS. */
  get tlsAddress(): AddressInfo | undefined {
    return this.#tls.address;
  }

  /** Begins to listen. Rejects when an address can't be had, or none is wanted. */
  async open(values: Values): Promise<void> {
    const { unixsocket, unixsocketperm, tcpBacklog } = values;
    const hasUnix = unixsocket !== undefined && unixsocket !== '';
    await this.#tcp.open(values);
    await this.#tls.open(values);
    if (this.#tcp.number === 0 && this.#tls.number === 0 && !hasUnix) throw new NowhereError();
    if (!hasUnix) return;
    const accept = (socket: Socket) => this.#accept(socket, 'unix');
    this.#unix = await listenUnix(unixsocket, unixsocketperm, tcpBacklog, accept);
  }

  /** Listens as configured now. Answers false when it can't be, listening on less than before. */
  follow(values: Values): Promise<boolean> {
    const done = this.#change.then(() => this.#follow(values));
    this.#change = done;
    return done;
  }

  async #follow(values: Values): Promise<boolean> {
    if (this.#isClosed) return true;
    const stale = [this.#tcp, this.#tls].filter((port) => port.isStale(values));
    // All of them first: one may be to have what another has.
    for (const port of stale) void port.close();
    for (const port of stale) {
      try {
        await port.listen(values);
      } catch (error) {
        const { message } = error as Error;
        const number = port.port(values);
        this.#log.warning('Could not listen', { bind: values.bind, port: number, reason: message });
        return false;
      }
    }
    if (this.#isClosed) for (const port of stale) void port.close();
    return true;
  }

  /** Stops listening, at once. Resolves when all is free. */
  async close(): Promise<void> {
    this.#isClosed = true;
    const unix = this.#unix;
    this.#unix = undefined;
    await Promise.all([
      this.#tcp.close(),
      this.#tls.close(),
      unix === undefined ? undefined : closed(unix),
      this.#change,
    ]);
  }
}
