/**
 * Admission: who has connected becomes a client, or is sent away.
 *
 *   tcp, unix   accepted ─▶ maxclients ─▶ protected mode ─▶ client
 *   tls         accepted ─▶ maxclients ─▶ client ─▶ handshake ─▶ protected mode ─▶ may speak
 *
 * As in Redis: who is still in its handshake is a client already, so that neither many of them nor
 * slow ones are more than others may be.
 */

import type { Socket } from 'node:net';
import { Args } from '../dispatch/arguments.ts';
import type { Instance } from '../dispatch/call.ts';
import { Client } from '../instance/clients.ts';
import { errors } from '../resp/errors.ts';
import { Reply } from '../resp/reply.ts';
import { RequestParser } from '../resp/request.ts';
import { SpareBuffers } from '../resp/spare-buffers.ts';
import { Connection, type ConnectionHost } from './connection.ts';
import type { Entrance } from './endpoints.ts';
import { beginHandshake } from './handshake.ts';
import { adopt, type ReadWindow } from './listener.ts';
import type { Tls } from './tls.ts';
import type { Windows } from './windows.ts';

const HANDSHAKE_TIMEOUT = 'handshake timeout';

export class Admission {
  readonly #instance: Instance;
  readonly #host: ConnectionHost;
  readonly #windows: Windows;
  readonly #readWindow: () => ReadWindow;
  readonly #tls: Tls;
  /** Each with what makes it read into the window as it is now. */
  readonly #connections = new Map<Connection, () => void>();
  /** Those that are not encrypted yet, and are to be. */
  readonly #handshakes = new Set<Connection>();
  /** Shared by all that read. */
  readonly #buffers = new SpareBuffers();
  #hasEnded = false;

  constructor(instance: Instance, host: ConnectionHost, windows: Windows, tls: Tls) {
    this.#instance = instance;
    this.#host = host;
    this.#windows = windows;
    this.#readWindow = () => windows.read;
    this.#tls = tls;
  }

  accept(accepted: Socket, entrance: Entrance): void {
    if (this.#hasEnded) return void accepted.destroy();
    if (entrance === 'tls') this.#acceptTls(accepted);
    else this.#acceptPlain(accepted, entrance === 'unix');
  }

  #acceptPlain(accepted: Socket, isUnix: boolean): void {
    const { config, clients, stats } = this.#instance;
    const { tcpKeepalive } = config.values;
    // The handle goes to another socket; this one must not count as open when the server closes.
    const { socket, start, renew } = adopt(accepted, this.#readWindow);
    if (socket !== accepted) accepted.destroy();
    stats.connectionsReceived++;
    const connection = this.#connect(socket, isUnix);
    this.#connections.set(connection, renew);
    if (tcpKeepalive > 0 && !isUnix) socket.setKeepAlive(true, tcpKeepalive * 1000);
    if (!isUnix) socket.setNoDelay(true);
    if (this.#isFull) return this.#refuse(connection, errors.maxClients);
    if (this.#isProtectedFrom(connection)) return this.#refuse(connection, errors.protectedMode);
    clients.add(connection.client);
    start((bytes, from, end) => connection.received(bytes, from, end));
  }

  #acceptTls(accepted: Socket): void {
    const { config, clients, stats } = this.#instance;
    const { tcpKeepalive, tlsAuthClients } = config.values;
    if (this.#isFull) {
      // Nothing that could be said now would be understood.
      stats.connectionsRejected++;
      return void accepted.destroy();
    }
    accepted.setNoDelay(true);
    if (tcpKeepalive > 0) accepted.setKeepAlive(true, tcpKeepalive * 1000);
    const { socket, start, renew, settled } = beginHandshake(
      accepted,
      this.#tls.server,
      tlsAuthClients,
    );
    accepted.destroy();
    const connection = this.#connect(socket, false);
    this.#connections.set(connection, renew);
    this.#handshakes.add(connection);
    clients.add(connection.client);
    settled((fault) => {
      // Who was closed from here has not failed.
      if (!this.#handshakes.delete(connection)) return;
      if (fault !== undefined) return this.#fail(connection, fault);
      if (this.#isProtectedFrom(connection)) return this.#refuse(connection, errors.protectedMode);
      stats.connectionsReceived++;
      start((bytes, from, end) => connection.received(bytes, from, end));
    });
  }

  /** Closes those who have had the time to become encrypted, and have not. */
  closeOverdue(now: number): void {
    const limit = this.#instance.config.values.tlsHandshakeTimeout * 1000;
    if (limit === 0) return;
    for (const connection of this.#handshakes) {
      if (now - connection.client.createdAt > limit) this.#fail(connection, HANDSHAKE_TIMEOUT);
    }
  }

  /** The zone with the windows has moved. */
  renewWindows(): void {
    for (const renew of this.#connections.values()) renew();
  }

  forget(connection: Connection): void {
    this.#connections.delete(connection);
    this.#handshakes.delete(connection);
  }

  /** Closes every connection at once. */
  closeAll(): void {
    for (const connection of this.#connections.keys()) connection.close();
  }

  /** Lets nobody in any more, and closes every connection when it has what it was replied. */
  end(): void {
    this.#hasEnded = true;
    for (const connection of this.#handshakes) connection.close();
    for (const connection of this.#connections.keys()) connection.closeAfterReply();
  }

  /** Whether there are as many clients as there may be. */
  get #isFull(): boolean {
    const { clients, config } = this.#instance;
    return clients.count >= config.values.maxclients;
  }

  #isProtectedFrom({ client }: Connection): boolean {
    const { config, users } = this.#instance;
    return config.values.protectedMode && users.default.needsNoPassword && !client.isLocal;
  }

  #refuse(connection: Connection, refusal: { readonly text: string }): void {
    this.#instance.stats.connectionsRejected++;
    connection.client.reply.error(refusal.text);
    connection.closeAfterReply();
  }

  /** A handshake has come to nothing. */
  #fail(connection: Connection, fault: string): void {
    const { address: addr, localAddress: laddr } = connection.client;
    this.#instance.log.warning(`Error accepting a client connection: ${fault}`, { addr, laddr });
    connection.close();
  }

  /** A connection with its client, which may not say anything yet. */
  #connect(socket: Socket, isUnix: boolean): Connection {
    const { clients, clock, config, keyspace, users } = this.#instance;
    const { values } = config;
    const path = `${values.unixsocket}:0`;
    const client = new Client({
      id: clients.takeId(),
      address: isUnix ? path : endpoint(socket.remoteAddress, socket.remotePort),
      localAddress: isUnix ? path : endpoint(socket.localAddress, socket.localPort),
      isUnix,
      reply: new Reply(this.#windows),
      now: clock.now(),
      user: users.default,
    });
    const limits = {
      bulkSizeMax: () => config.values.protoMaxBulkLen,
      authenticated: () => client.authenticated || !users.areAsked,
    };
    const parser = new RequestParser(limits, this.#buffers);
    const connection = new Connection(socket, parser, this.#host);
    client.connection = connection;
    const args = new Args();
    args.argv = parser.argv;
    connection.call = {
      argv: parser.argv,
      args,
      db: keyspace.databases[0],
      keyspace,
      client,
      reply: client.reply,
      instance: this.#instance,
    };
    return connection;
  }
}

function endpoint(address = '', port = 0): string {
  const host = address.startsWith('::ffff:') ? address.slice(7) : address;
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}
