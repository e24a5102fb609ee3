/**
 * The reply writer: what replies cost, by their type.
 *
 * Replies of a pipeline of 64 are written and taken, as a turn of a connection does, into windows of
 * 64 KiB in an arena. Values lie in the same arena, so that one is copied inside one array. Best of
 * several rounds; the checksum keeps the work from being optimized away.
 */

import { Reply, type Window, type WindowPool } from '../src/resp/reply.ts';

const WINDOW_SIZE = 64 * 1024;
const WINDOW_COUNT = 14;
const ARENA_SIZE = 64 * 1024 * 1024;
const PIPELINE = 64;
const ROUND_COUNT = 15;

type Write = (reply: Reply, arena: Uint8Array, i: number) => void;

/** Where the value of the i-th reply lies. */
function valueAt(i: number): number {
  return 2 * 1024 * 1024 + (i & 1023) * 32_771;
}

const SHAPES: [string, Write][] = [
  ['OK', (reply) => reply.ok()],
  ['integer, 1 digit', (reply, _, i) => reply.integer(i & 7)],
  ['integer, 6 digits', (reply, _, i) => reply.integer(100_000 + i)],
  ['null', (reply) => reply.null()],
  ['bulk, 3 bytes', (reply, arena, i) => reply.bulk(arena, valueAt(i), valueAt(i) + 3)],
  ['bulk, 64 bytes', (reply, arena, i) => reply.bulk(arena, valueAt(i), valueAt(i) + 64)],
  ['bulk, 512 bytes', (reply, arena, i) => reply.bulk(arena, valueAt(i), valueAt(i) + 512)],
  ['bulk, 20 KB', (reply, arena, i) => reply.bulk(arena, valueAt(i), valueAt(i) + 20_000)],
  ['error', (reply) => reply.error('ERR value is not an integer or out of range')],
  ['double', (reply, _, i) => reply.double(i + 0.25)],
  [
    'array of 10',
    (reply, arena, i) => {
      reply.array(10);
      for (let k = 0; k < 10; k++) reply.bulk(arena, valueAt(i), valueAt(i) + 16);
    },
  ],
  [
    'deferred array of 10',
    (reply, arena, i) => {
      const token = reply.deferArray();
      for (let k = 0; k < 10; k++) reply.bulk(arena, valueAt(i), valueAt(i) + 16);
      reply.endDefer(token, 10);
    },
  ],
];

class ArenaWindows implements WindowPool {
  readonly #free: Window[] = [];

  constructor(bytes: Uint8Array) {
    for (let i = 0; i < WINDOW_COUNT; i++) {
      const base = i * WINDOW_SIZE;
      const release = (): void => {
        this.#free.push(window);
      };
      const window: Window = { bytes, base, limit: base + WINDOW_SIZE, release };
      this.#free.push(window);
    }
  }

  acquire(): Window {
    const window = this.#free.pop();
    if (window === undefined) throw new Error('windows are not given back');
    return window;
  }
}

export function run(
  print: (line: string) => void = (line) => process.stdout.write(`${line}\n`),
  replyCount = 40_000,
): void {
  const arena = new Uint8Array(ARENA_SIZE).fill(0x78);
  const reply = new Reply(new ArenaWindows(arena));
  let checksum = 0;
  let chunkCount = 0;
  const take = (bytes: Uint8Array, start: number, end: number, window: Window | null): void => {
    checksum += end - start + bytes[start] + bytes[end - 2];
    chunkCount++;
    window?.release();
  };
  print(`node ${process.version}`);
  print(`${'ns per reply'.padEnd(22)}${'best'.padStart(8)}`);
  const best = SHAPES.map(() => Number.POSITIVE_INFINITY);
  const turnCount = Math.ceil(replyCount / PIPELINE);
  // Each round has all of them, as a server has: none is compiled for itself alone.
  for (let round = 0; round < ROUND_COUNT; round++) {
    SHAPES.forEach(([, write], shape) => {
      const before = process.hrtime.bigint();
      for (let turn = 0; turn < turnCount; turn++) {
        for (let i = 0; i < PIPELINE; i++) {
          write(reply, arena, turn * PIPELINE + i);
          if (reply.size >= WINDOW_SIZE) reply.take(take);
        }
        reply.take(take);
      }
      const ns = Number(process.hrtime.bigint() - before);
      best[shape] = Math.min(best[shape], ns / (turnCount * PIPELINE));
    });
  }
  SHAPES.forEach(([name], shape) => {
    print(`${name.padEnd(22)}${best[shape].toFixed(1).padStart(8)}`);
  });
  print(`checksum ${checksum}, ${chunkCount} chunks`);
}
