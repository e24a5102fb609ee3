/**
 * Collections of a thousand to a million elements: what requests cost, by their complexity, what an
 * element takes, beside redis-server, and what of it the garbage collector sees.
 *
 * Requests run in this process, without sockets, by way of the real gates, at five hundred places of
 * a collection again and again: what caches do to a million elements is to be seen over the wire.
 * Redis is asked for MEMORY USAGE of the same elements; where there is none, its column is empty.
 */

import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { Argv } from '../src/resp/argv.ts';
import { KiB, MiB } from '../src/zone/layout.ts';
import { type Offline, openOffline } from '../test/support/offline.ts';
import { RespClient } from '../test/support/resp-client.ts';
import { filling, GROWTH_MAX, QUESTIONS, type Question, SHAPES } from './support/collections.ts';
import { type Subject, startSubject } from './support/servers.ts';

const COUNTS = [1000, 10_000, 100_000, 1_000_000];
/** Different turns of a question, and how long each round of them lasts. */
const TURNS = 500;
const ROUND_MS = 30;
const ROUNDS = 3;

export interface Options {
  readonly counts?: readonly number[];
  readonly roundMs?: number;
  /** The redis-server to compare with; '' for none. */
  readonly redis?: string;
}

type Print = (line: string) => void;

const keyOf = (type: string, count: number): string => `${type}:${count}`;

/** A column's heading: 1k, 100k, 1M. */
function short(count: number): string {
  return count >= 1e6 ? `${count / 1e6}M` : `${count / 1000}k`;
}

/** 512 ns, 4.51 us, 8.20 ms. */
function time(ns: number): string {
  if (ns < 1000) return `${ns.toFixed(0)} ns`;
  return ns < 1e6 ? `${(ns / 1000).toFixed(2)} us` : `${(ns / 1e6).toFixed(2)} ms`;
}

export async function run(
  print: Print = (line) => process.stdout.write(`${line}\n`),
  { counts = COUNTS, roundMs = ROUND_MS, redis = 'redis-server' }: Options = {},
): Promise<void> {
  const largest = counts[counts.length - 1];
  const size = Math.max(64 * MiB, largest * 1200);
  const server = openOffline({ maxmemory: String(size), 'maxmemory-policy': 'noeviction' });
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  for (const shape of SHAPES) fill(server, shape.type, 1000, 'warm');
  server.run('DEL', 'warm');
  collect();
  const before = process.memoryUsage().heapUsed;
  for (const { type } of SHAPES) {
    for (const count of counts) fill(server, type, count, keyOf(type, count));
  }
  collect();
  const grown = Math.max(0, process.memoryUsage().heapUsed - before);

  await memory(server, counts, redis, print);
  print(
    `the JavaScript heap has grown by ${(grown / KiB).toFixed(0)} KiB for ` +
      `${SHAPES.length} collections of each size`,
  );
  print('');
  complexities(server, counts, roundMs, print);
}

function fill(server: Offline, type: string, count: number, key: string): void {
  const shape = SHAPES.find((each) => each.type === type);
  if (shape === undefined) throw new Error(`no shape ${type}`);
  if (key === 'warm') server.run('DEL', key);
  for (const request of filling(shape, key, count)) {
    const reply = server.run(...request);
    if (reply.startsWith('-')) throw new Error(`${request[0]} ${key}: ${reply}`);
  }
}

// ── What an element takes ───────────────────────────────────────────────────────────────────────

async function memory(
  server: Offline,
  counts: readonly number[],
  redis: string,
  print: Print,
): Promise<void> {
  const peer = redis === '' ? undefined : await startRedis(redis, print);
  try {
    const client = peer === undefined ? undefined : await RespClient.connect(peer.address, 60_000);
    print(
      `bytes per element by MEMORY USAGE${peer === undefined ? '' : `: ours, Redis ${peer.version}, ratio`}`,
    );
    print(''.padEnd(10) + counts.map((count) => short(count).padStart(24)).join(''));
    for (const shape of SHAPES) {
      const cells: string[] = [];
      for (const count of counts) {
        const key = keyOf(shape.type, count);
        const ours = usageIn(server.run('MEMORY', 'USAGE', key, 'SAMPLES', '0')) / count;
        if (client === undefined) {
          cells.push(ours.toFixed(1).padStart(24));
          continue;
        }
        await fillPeer(client, filling(shape, key, count));
        const { raw } = await client.call('MEMORY', 'USAGE', key, 'SAMPLES', '0');
        await client.call('DEL', key);
        const theirs = usageIn(raw) / count;
        const ratio = (ours / theirs).toFixed(2);
        cells.push(`${ours.toFixed(1)} ${theirs.toFixed(1)} ${ratio}`.padStart(24));
      }
      print(shape.type.padEnd(10) + cells.join(''));
    }
    client?.close();
  } finally {
    await peer?.close();
  }
}

async function startRedis(redis: string, print: Print): Promise<Subject | undefined> {
  try {
    const command = [redis, '--save', '', '--appendonly', 'no'];
    return await startSubject({ name: 'redis', command });
  } catch (error) {
    print(`without redis-server: ${String(error)}`);
    return undefined;
  }
}

function usageIn(reply: string): number {
  if (!reply.startsWith(':')) throw new Error(`MEMORY USAGE: ${reply}`);
  return Number(reply.slice(1));
}

/** Requests of one pipeline to the peer. */
const PIPELINE = 200;

async function fillPeer(client: RespClient, requests: Iterable<string[]>): Promise<void> {
  let waiting: string[][] = [];
  const send = async (): Promise<void> => {
    for (const { raw } of await client.pipeline(waiting)) {
      if (raw.startsWith('-')) throw new Error(`filling redis: ${raw}`);
    }
    waiting = [];
  };
  for (const request of requests) {
    if (waiting.push(request) === PIPELINE) await send();
  }
  await send();
}

// ── What a request costs ────────────────────────────────────────────────────────────────────────

function complexities(
  server: Offline,
  counts: readonly number[],
  roundMs: number,
  print: Print,
): void {
  print('time of a turn, in process, by the number of elements; growth from the least to the most');
  const heads = counts.map((count) => short(count).padStart(10)).join('');
  print(`${''.padEnd(34)}${'O'.padStart(6)}${heads}${'growth'.padStart(10)}`);
  let checksum = 0;
  for (const question of QUESTIONS) {
    // For the compiler: the first column would be its own.
    measure(server, question, counts[0], roundMs);
    const times: number[] = [];
    for (const count of counts) {
      const { ns, bytes } = measure(server, question, count, roundMs);
      times.push(ns);
      checksum = (checksum * 31 + bytes) % 1_000_003;
    }
    const growth = times[times.length - 1] / times[0];
    const isMore = growth > GROWTH_MAX[question.complexity];
    print(
      question.name.padEnd(34) +
        question.complexity.padStart(6) +
        times.map((ns) => time(ns).padStart(10)).join('') +
        growth.toFixed(1).padStart(10) +
        (isMore ? '  more than that' : ''),
    );
  }
  print(`checksum ${checksum}`);
}

/** Nanoseconds of a turn, best of several rounds, and the bytes one round of turns replies. */
function measure(
  server: Offline,
  question: Question,
  count: number,
  roundMs: number,
): { ns: number; bytes: number } {
  const key = keyOf(question.type, count);
  const turns = Array.from({ length: TURNS }, (_, turn) => {
    // Anywhere, the same places in each run.
    const i = (turn * 7_368_787) % count;
    return question.requests(key, count, i, count + turn).map((words) => Argv.of(...words));
  });
  let bytes = 0;
  for (const argv of turns[0]) bytes += server.send(argv);
  let ns = Number.POSITIVE_INFINITY;
  for (let round = 0; round < ROUNDS; round++) {
    const begin = performance.now();
    let elapsed = 0;
    let done = 0;
    // In strides, so that what is short is not measured by the clock.
    for (let stride = 1; elapsed < roundMs; stride = Math.min(stride * 2, 64)) {
      for (let i = 0; i < stride; i++) {
        for (const argv of turns[(done + i) % TURNS]) server.send(argv);
      }
      done += stride;
      elapsed = performance.now() - begin;
    }
    ns = Math.min(ns, (elapsed * 1e6) / done);
  }
  return { ns, bytes };
}
