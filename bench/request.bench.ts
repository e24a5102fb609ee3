/**
 * The request parser: what framing costs, by the shape of the request.
 *
 * Requests lie side by side in a read window of 64 KiB at a high offset of an arena, as a pipeline
 * does, and are framed from one end to the other. 'cut' offers the window in reads of 1,460 bytes,
 * the payload of an Ethernet frame, so that nearly every read ends within a request and moves one.
 * Best of several rounds; the checksum keeps the work from being optimized away.
 */

import { READY, RequestParser } from '../src/resp/request.ts';
import { SpareBuffers } from '../src/resp/spare-buffers.ts';
import { latin1Bytes } from '../src/std/ascii.ts';

const WINDOW_SIZE = 64 * 1024;
const ARENA_SIZE = 64 * 1024 * 1024;
const ROUND_COUNT = 15;

const KEY = 'key:000000012345';

function request(...parts: string[]): string {
  return `*${parts.length}\r\n${parts.map((part) => `$${part.length}\r\n${part}\r\n`).join('')}`;
}

const SHAPES: [string, string, number][] = [
  ['SET, 512 bytes', request('SET', KEY, 'x'.repeat(512)), WINDOW_SIZE],
  ['SET, 3 bytes', request('SET', KEY, 'xxx'), WINDOW_SIZE],
  ['GET', request('GET', KEY), WINDOW_SIZE],
  ['PING', request('PING'), WINDOW_SIZE],
  ['PING inline', 'PING\r\n', WINDOW_SIZE],
  ['SET inline', `SET ${KEY} xxx\r\n`, WINDOW_SIZE],
  ['MSET of 10', request('MSET', ...Array(10).fill([KEY, 'xxx']).flat()), WINDOW_SIZE],
  ['SET, 20 KB', request('SET', KEY, 'x'.repeat(20_000)), WINDOW_SIZE],
  ['SET, 3 bytes, cut', request('SET', KEY, 'xxx'), 1460],
  ['SET, 512 bytes, cut', request('SET', KEY, 'x'.repeat(512)), 1460],
  ['SET, 20 KB, cut', request('SET', KEY, 'x'.repeat(20_000)), 1460],
];

export function run(
  print: (line: string) => void = (line) => process.stdout.write(`${line}\n`),
  requestCount = 40_000,
): void {
  const arena = new Uint8Array(ARENA_SIZE);
  const base = ARENA_SIZE - WINDOW_SIZE;
  const parser = new RequestParser(
    { bulkSizeMax: () => 2 ** 29, authenticated: () => true },
    new SpareBuffers(),
  );
  print(`node ${process.version}`);
  print(`${'ns per request'.padEnd(22)}${'best'.padStart(8)}`);
  let checksum = 0;
  const best = SHAPES.map(() => Number.POSITIVE_INFINITY);
  // Each round has all of them, as a server has: none is compiled for itself alone.
  for (let round = 0; round < ROUND_COUNT; round++) {
    SHAPES.forEach(([, text, readSize], shape) => {
      const count = Math.floor(WINDOW_SIZE / text.length);
      const end = base + count * text.length;
      const windowCount = Math.ceil(requestCount / count);
      arena.set(latin1Bytes(text.repeat(count)), base);
      const before = process.hrtime.bigint();
      for (let i = 0; i < windowCount; i++) checksum += frame(parser, arena, base, end, readSize);
      const ns = Number(process.hrtime.bigint() - before);
      best[shape] = Math.min(best[shape], ns / (windowCount * count));
    });
  }
  SHAPES.forEach(([name], shape) => {
    print(`${name.padEnd(22)}${best[shape].toFixed(1).padStart(8)}`);
  });
  print(`checksum ${checksum}`);
}

/** Offers bytes[start, end) in reads, and adds up what is found. */
function frame(
  parser: RequestParser,
  bytes: Uint8Array,
  start: number,
  end: number,
  readSize: number,
): number {
  const { argv } = parser;
  let sum = 0;
  for (let at = start; at < end; at += readSize) {
    parser.feed(bytes, at, Math.min(at + readSize, end));
    while (parser.next() === READY) sum += argv.count + argv.size(argv.count - 1);
  }
  return sum;
}
