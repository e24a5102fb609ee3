/** The generators of load: replies are counted right, and latency is counted from the schedule. */

import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { closedLoop } from '../../bench/support/closed-loop.ts';
import { Link, sendAll, withLinks } from '../../bench/support/link.ts';
import { keyOf, mixOf } from '../../bench/support/mix.ts';
import { OpenLoop } from '../../bench/support/open-loop.ts';
import { NULL_BULK, ReplyCounter } from '../../bench/support/replies.ts';
import { type Address, parse } from '../support/resp-client.ts';

describe('replies', () => {
  const leaf = fc.oneof(
    fc.constantFrom(
      '+OK\r\n',
      ':12\r\n',
      ':-3\r\n',
      '$-1\r\n',
      '*-1\r\n',
      '_\r\n',
      ',1.5\r\n',
      '#t\r\n',
    ),
    fc
      .string({ unit: fc.constantFrom('a', '\r', '\n', '$', '*', '1') })
      .map((text) => `$${text.length}\r\n${text}\r\n`),
  );
  const { tree } = fc.letrec<{ tree: string }>((tie) => ({
    tree: fc.oneof(
      { maxDepth: 3 },
      leaf,
      fc
        .tuple(fc.constantFrom('*', '~', '%'), fc.array(tie('tree'), { maxLength: 4 }))
        .map(([type, items]) =>
          type === '%'
            ? `%${items.length}\r\n${items.map((item) => `+k\r\n${item}`).join('')}`
            : `${type}${items.length}\r\n${items.join('')}`,
        ),
    ),
  }));

  it('as many are counted as there are, however they are cut', () => {
    fc.assert(
      fc.property(
        fc.array(tree, { maxLength: 8 }),
        fc.integer({ min: 1, max: 9 }),
        (list, step) => {
          const types: number[] = [];
          const counter = new ReplyCounter((type) => void types.push(type));
          const bytes = Buffer.from(list.join(''), 'latin1');
          for (let at = 0; at < bytes.length; at += step) {
            const piece = bytes.subarray(at, at + step);
            counter.feed(piece, piece.length);
          }
          const expected = list.map((text) =>
            text === '$-1\r\n' ? NULL_BULK : text.charCodeAt(0),
          );
          expect(types).toEqual(expected);
        },
      ),
      { seed: 7, numRuns: 300 },
    );
  });

  it('a push is no reply, and the first error is kept', () => {
    const types: string[] = [];
    const counter = new ReplyCounter((type) => void types.push(String.fromCharCode(type)));
    const bytes = Buffer.from('>2\r\n+a\r\n$1\r\nb\r\n-ERR no 1\r\n-ERR two\r\n:1\r\n');
    counter.feed(bytes, bytes.length);
    expect(types).toEqual(['-', '-', ':']);
    expect(counter.error).toBe('-ERR no 1');
  });
});

it('a mix is GET and SET of keys in its range, in the share that is asked for', () => {
  const { write, requestMax } = mixOf({ keyCount: 1000, valueSize: 5, writes: 0.2 });
  const bytes = Buffer.alloc(10_000 * requestMax);
  let end = 0;
  for (let i = 0; i < 10_000; i++) end = write(bytes, end);
  const raw = bytes.toString('latin1', 0, end);
  const seen = new Set<string>();
  let sets = 0;
  for (let at = 0; at < raw.length; ) {
    const parsed = parse(raw, at)!;
    const [command, key, value] = parsed.tree.items!.map(({ text }) => text!);
    seen.add(key);
    if (command === 'SET') sets++;
    expect([command, value]).toEqual(command === 'SET' ? ['SET', 'xxxxx'] : ['GET', undefined]);
    at = parsed.end;
  }
  expect(sets).toBeGreaterThan(1800);
  expect(sets).toBeLessThan(2200);
  expect(seen.size).toBeGreaterThan(990);
  for (const key of seen) expect(key >= keyOf(0) && key <= keyOf(999)).toBe(true);
});

describe('against a server that only says what it is told', () => {
  let server: Server | undefined;

  const answering = async (onData: (socket: Socket, bytes: Buffer) => void): Promise<Address> => {
    server = createServer((socket) => {
      socket.setNoDelay(true);
      socket.on('error', () => {});
      socket.on('data', (bytes) => onData(socket, bytes));
    });
    await new Promise<void>((resolve) => server?.listen(0, '127.0.0.1', resolve));
    return { host: '127.0.0.1', port: (server.address() as AddressInfo).port };
  };

  const ok = (bytes: Buffer): string =>
    '+OK\r\n'.repeat(bytes.toString('latin1').split('*1').length - 1);
  const PING = Buffer.from('*1\r\n$4\r\nPING\r\n');
  const write = (target: Uint8Array, offset: number): number => {
    target.set(PING, offset);
    return offset + PING.length;
  };

  afterEach(() => server?.close());

  it('a pause makes everybody wait who comes meanwhile', async () => {
    const PAUSE = 200;
    let isPaused = false;
    const held: (() => void)[] = [];
    const address = await answering((socket, bytes) => {
      const answer = (): void => void socket.write(ok(bytes));
      if (isPaused) held.push(answer);
      else answer();
    });
    const rate = 2000;
    const { values, requests, seconds } = await withLinks(address, 3, async (links) => {
      const loop = new OpenLoop(links, { rate, write, requestMax: PING.length });
      loop.start();
      loop.countFromNow();
      await new Promise((resolve) => setTimeout(resolve, PAUSE / 2));
      isPaused = true;
      await new Promise((resolve) => setTimeout(resolve, PAUSE));
      isPaused = false;
      for (const answer of held) answer();
      await new Promise((resolve) => setTimeout(resolve, PAUSE));
      return await loop.stop();
    });
    // Sending went on during the pause, so its length is the longest wait and half of it is common.
    expect(requests).toBe(Math.round(seconds * rate));
    expect(requests).toBeGreaterThan((rate * 2 * PAUSE) / 1000);
    expect(values.max).toBeGreaterThan(PAUSE * 1000 * 0.8);
    expect(values['p99.99']).toBeLessThanOrEqual(values.max);
    expect(values.p99).toBeGreaterThan(PAUSE * 1000 * 0.5);
    expect(values.p50).toBeLessThan(values.p99);
  });

  it('a closed loop does so many pieces of work, each with its replies', async () => {
    let received = 0;
    const address = await answering((socket, bytes) => {
      const text = ok(bytes);
      received += text.length / 5;
      for (const char of text) socket.write(char);
    });
    const work = { bytes: Buffer.concat([PING, PING]), replies: 2 };
    const result = await closedLoop(address, { connections: 3, window: 2, count: 50 }, () => work);
    expect(result.done).toBe(50);
    expect(received).toBe(100);
  });

  it('a filling ends when all is answered, and says what was refused', async () => {
    const address = await answering((socket, bytes) => void socket.write(ok(bytes)));
    const requests = Array.from({ length: 20_000 }, () => ['x']);
    expect(await sendAll(address, requests)).toBe(20_000);
    expect(await sendAll(address, [])).toBe(0);
    server?.close();
    const refusing = await answering((socket) => void socket.write('-OOM no room\r\n'));
    await expect(sendAll(refusing, [['x']])).rejects.toThrow('refused: -OOM no room');
    server?.close();
    const mute = await answering((socket) => socket.destroy());
    await expect(sendAll(mute, [['x']])).rejects.toThrow('hung up');
    server?.close();
    await expect(Link.open({ host: '127.0.0.1', port: 1 })).rejects.toThrow();
  });
});
