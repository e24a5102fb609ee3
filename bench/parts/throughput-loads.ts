/** Loads that redis-benchmark can't make: several commands as one, and receivers that must keep up. */

import { type Address, encode } from '../../test/support/resp-client.ts';
import { closedLoop } from '../support/closed-loop.ts';
import { type Link, withLinks } from '../support/link.ts';

export interface LoadResult {
  readonly done: number;
  readonly seconds: number;
  readonly raw: string;
}

export interface OwnLoad {
  readonly name: string;
  readonly unit: 'transactions' | 'messages';
  /** How many the first guess at its speed takes. */
  readonly first: number;
  readonly run: (address: Address, count: number) => Promise<LoadResult>;
}

const TRANSACTION_SIZE = 10;
const SUBSCRIBERS = 100;
const PUBLISHERS = 10;
const CHANNEL = 'channel';
const KEYS = 1000;

/** MULTI, ten INCR of keys that differ between connections, EXEC: one write, twelve replies. */
export function transaction(connection: number): Uint8Array {
  const keys = Array.from(
    { length: TRANSACTION_SIZE },
    (_, i) => `counter:${(connection * TRANSACTION_SIZE + i) % KEYS}`,
  );
  const requests = [['MULTI'], ...keys.map((key) => ['INCR', key]), ['EXEC']];
  return Buffer.from(requests.map(encode).join(''), 'latin1');
}

async function transactions(address: Address, count: number): Promise<LoadResult> {
  const connections = 50;
  const works = Array.from({ length: connections }, (_, i) => ({
    bytes: transaction(i),
    replies: TRANSACTION_SIZE + 2,
  }));
  const result = await closedLoop(address, { connections, window: 1, count }, (i) => works[i]);
  return { ...result, raw: `generator load ${result.generatorLoad.toFixed(2)}` };
}

async function published(address: Address, count: number): Promise<LoadResult> {
  return withLinks(address, SUBSCRIBERS, async (subscribers) => {
    const message = {
      bytes: Buffer.from(encode(['PUBLISH', CHANNEL, 'VXK']), 'latin1'),
      replies: 1,
    };
    // Each confirms its subscription first, so none is missed of the messages that count.
    await received(subscribers, SUBSCRIBERS, () => {
      const request = Buffer.from(encode(['SUBSCRIBE', CHANNEL]), 'latin1');
      for (const link of subscribers) link.send(request);
    });
    const options = { connections: PUBLISHERS, window: 1, count };
    const begin = performance.now();
    const all = SUBSCRIBERS * count;
    const [{ generatorLoad }] = await Promise.all([
      closedLoop(address, options, () => message),
      received(subscribers, all),
    ]);
    const seconds = (performance.now() - begin) / 1000;
    const raw = `${all} received, generator load ${generatorLoad.toFixed(2)}`;
    return { done: count, seconds, raw };
  });
}

/** Resolves when so many replies came over all links. In RESP2 a message is an array like any other. */
function received(links: readonly Link[], count: number, begin = (): void => {}): Promise<void> {
  return new Promise((resolve, reject) => {
    let seen = 0;
    for (const link of links) {
      link.listen(() => {
        if (++seen === count) resolve();
      }, reject);
    }
    begin();
  });
}

export const OWN_LOADS: readonly OwnLoad[] = [
  { name: 'MULTI_10', unit: 'transactions', first: 500, run: transactions },
  { name: 'PUBLISH_100', unit: 'messages', first: 100, run: published },
];
