/** A connection that sends bytes and counts replies; what generators of load are made of. */

import { connect, type Socket } from 'node:net';
import type { Address, Arg } from '../../test/support/resp-client.ts';
import { encode } from '../../test/support/resp-client.ts';
import { ERROR_REPLY, ReplyCounter } from './replies.ts';

const READ_SIZE = 256 * 1024;

export class Link {
  readonly #socket: Socket;
  readonly #counter: ReplyCounter;
  #onReply: (type: number) => void = () => {};
  #failed: (error: Error) => void = () => {};

  private constructor(socket: Socket, counter: ReplyCounter) {
    this.#socket = socket;
    this.#counter = counter;
  }

  static open(address: Address): Promise<Link> {
    return new Promise((resolve, reject) => {
      const counter = new ReplyCounter((type) => link.#took(type));
      const buffer = new Uint8Array(READ_SIZE);
      const socket = connect({
        ...address,
        noDelay: true,
        // One buffer for all that is read: no garbage while latency is measured.
        onread: {
          buffer,
          callback(size, bytes) {
            counter.feed(bytes, size);
            return true;
          },
        },
      });
      const link = new Link(socket, counter);
      socket.once('error', reject);
      socket.once('connect', () => {
        socket.off('error', reject);
        socket.on('error', (error) => link.#failed(error));
        socket.on('close', () => link.#failed(new Error('the server hung up')));
        resolve(link);
      });
    });
  }

  #took(type: number): void {
    if (type === ERROR_REPLY) this.#failed(new Error(`refused: ${this.#counter.error}`));
    this.#onReply(type);
  }

  /** Calls for every reply, and once if something goes wrong: an error reply is that, too. */
  listen(onReply: (type: number) => void, failed: (error: Error) => void): void {
    this.#onReply = onReply;
    this.#failed = failed;
  }

  /** Sends bytes. Answers whether they may be reused at once, because the system took them all. */
  send(bytes: Uint8Array): boolean {
    this.#socket.write(bytes);
    return this.#socket.writableLength === 0;
  }

  close(): void {
    this.#failed = () => {};
    this.#socket.destroy();
  }
}

export async function withLinks<T>(
  address: Address,
  count: number,
  work: (links: readonly Link[]) => Promise<T>,
): Promise<T> {
  const links: Link[] = [];
  try {
    for (let i = 0; i < count; i++) links.push(await Link.open(address));
    return await work(links);
  } finally {
    for (const link of links) link.close();
  }
}

/** Requests are gathered to so many bytes before they are sent. */
const BATCH = 128 * 1024;
/** Replies that may be owed before more is sent. */
const WINDOW = 8192;

/**
 * Sends all requests as fast as they are taken, and resolves when all are answered. An error reply
 * rejects. Answers how many there were.
 */
export function sendAll(address: Address, requests: Iterable<readonly Arg[]>): Promise<number> {
  return withLinks(
    address,
    1,
    ([link]) =>
      new Promise((resolve, reject) => {
        const source = requests[Symbol.iterator]();
        let sent = 0;
        let answered = 0;
        let isAtEnd = false;
        const sendMore = (): void => {
          while (!isAtEnd && sent - answered < WINDOW) {
            let text = '';
            while (text.length < BATCH) {
              const { value, done } = source.next();
              if (done === true) {
                isAtEnd = true;
                break;
              }
              text += encode(value);
              sent++;
            }
            if (text !== '') link.send(Buffer.from(text, 'latin1'));
          }
          if (isAtEnd && answered === sent) resolve(sent);
        };
        link.listen(() => {
          answered++;
          if (sent - answered === WINDOW >> 1 || answered === sent) sendMore();
        }, reject);
        sendMore();
      }),
  );
}
