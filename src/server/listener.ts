/**
 * Listeners: TCP and Unix sockets that accept clients.
 *
 * What sockets read goes into one window for all of them: it is parsed before the next read. Node
 * does that with the option `onread`, which accepted sockets lack; so an accepted socket gives its
 * handle up to a socket made with the option. Where a handle can't be had, bytes come as fresh
 * buffers instead ('data' events) and everything else is the same.
 */

import { accessSync, chmodSync, lstatSync, unlinkSync } from 'node:fs';
import { createServer, type Server, Socket } from 'node:net';
import { dirname } from 'node:path';
import { systemReason } from '../instance/config/files.ts';

/** Receives bytes[start, end) from a socket; they are borrowed. */
export type Receive = (bytes: Uint8Array, start: number, end: number) => void;

export interface ReadWindow {
  /** What sockets read into. */
  readonly buffer: Uint8Array;
  /** The array positions count in, and where the buffer begins in it. */
  readonly bytes: Uint8Array;
  readonly start: number;
}

interface Handle {
  useUserBuffer?(buffer: Uint8Array): void;
}

interface SocketWithHandle {
  _handle: Handle | null;
}

/** A socket whose bytes go to `receive`, which is given by `accept` once the client is made. */
export interface Accepted {
  readonly socket: Socket;
  /** Begins to read. */
  start(receive: Receive): void;
  /** Reads into the window's present buffer from now on: the old one can be given up. */
  renew(): void;
}

/** Takes an accepted socket over so that it reads into the window. */
export function adopt(accepted: Socket, window: () => ReadWindow, usesWindow = true): Accepted {
  const holder = accepted as unknown as SocketWithHandle;
  const handle = holder._handle;
  let receive: Receive = () => {};
  if (!usesWindow || handle === null || typeof handle.useUserBuffer !== 'function') {
    return {
      socket: accepted,
      start(to) {
        accepted.on('data', (bytes: Uint8Array) => to(bytes, 0, bytes.length));
        accepted.resume();
      },
      renew() {},
    };
  }
  holder._handle = null;
  const { buffer } = window();
  const socket = new Socket({
    handle,
    onread: {
      buffer,
      callback(size: number, filled: Uint8Array) {
        const { bytes, start, buffer: current } = window();
        // After the zone moved, a socket's last read may still be in the old window.
        if (filled === current) receive(bytes, start, start + size);
        else receive(filled, 0, size);
        return true;
      },
    },
  } as ConstructorParameters<typeof Socket>[0]);
  return {
    socket,
    start(to) {
      receive = to;
      socket.resume();
    },
    renew() {
      // The buffer is known to the handle and to the socket; both must name the same.
      const key = Object.getOwnPropertySymbols(socket).find((s) => s.description === 'kBuffer');
      if (key === undefined || socket.destroyed) return;
      (socket as unknown as Record<symbol, Uint8Array>)[key] = window().buffer;
      handle.useUserBuffer?.(window().buffer);
    },
  };
}

export interface TcpAddress {
  readonly host: string;
  readonly port: number;
  /** Whether it may be missing on this machine ('-' in front of it in `bind`). */
  readonly optional: boolean;
}

/** What `bind` says, as addresses to listen on. */
export function addressesOf(bind: readonly string[], port: number): TcpAddress[] {
  return bind.map((given) => {
    const optional = given.startsWith('-');
    const name = optional ? given.slice(1) : given;
    const host = name === '*' ? '0.0.0.0' : name === '::*' ? '::' : name;
    return { host, port, optional };
  });
}

/** What can't be listened on, and why, in one line. */
export class ListenError extends Error {
  override readonly name = 'ListenError';
  /** The system's, such as EADDRINUSE. */
  readonly code: string | undefined;

  constructor(where: string, cause: unknown) {
    const reason = systemReason(cause);
    super(`Could not listen on ${where}: ${reason.charAt(0).toLowerCase()}${reason.slice(1)}.`, {
      cause,
    });
    this.code = (cause as NodeJS.ErrnoException).code;
  }
}

function listening(server: Server, options: object): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(options, () => {
      server.off('error', reject);
      resolve();
    });
  });
}

/** Listens on an address. Answers undefined where an optional address is not there. */
export async function listenTcp(
  address: TcpAddress,
  backlog: number,
  onAccept: (socket: Socket) => void,
): Promise<Server | undefined> {
  const server = createServer({ pauseOnConnect: true, noDelay: true }, onAccept);
  const { host, port } = address;
  try {
    await listening(server, { host, port, backlog, ipv6Only: host.includes(':') });
    return server;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (address.optional && (code === 'EADDRNOTAVAIL' || code === 'EAFNOSUPPORT')) return undefined;
    throw new ListenError(`port ${port} of ${host}`, error);
  }
}

/** Listens on a Unix socket; a socket left behind by a server that died is replaced. */
export async function listenUnix(
  path: string,
  permissions: number,
  backlog: number,
  onAccept: (socket: Socket) => void,
): Promise<Server> {
  const server = createServer({ pauseOnConnect: true }, onAccept);
  try {
    removeSocket(path);
    // A folder that is missing, libuv calls a permission that is denied.
    accessSync(dirname(path));
    await listening(server, { path, backlog });
    if (permissions !== 0) chmodSync(path, permissions);
    return server;
  } catch (error) {
    server.close();
    throw new ListenError(`the Unix socket ${path}`, error);
  }
}

function removeSocket(path: string): void {
  try {
    if (lstatSync(path).isSocket()) unlinkSync(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
}
