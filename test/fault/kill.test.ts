/**
 * A process that is killed: with `appendfsync always` nothing that was answered is lost, and nobody
 * ever sees half of a transaction.
 *
 * Clients write all the time, each what it can check, and note what was answered. After so many
 * answers the program is killed, started again on the same files, and asked. ZONIS_KILL_ROUNDS says
 * how often; ZONIS_KILL_SEED which moments.
 */

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { SeededRandom } from '../../src/std/random.ts';
import { buildProgram, type StartedProgram, startProgram } from '../support/built.ts';
import { freePort } from '../support/redis.ts';
import { NoAnswer, RespClient } from '../support/resp-client.ts';

const ROUNDS = Number(process.env.ZONIS_KILL_ROUNDS ?? 3);
const SEED = Number(process.env.ZONIS_KILL_SEED ?? 1);
const WRITERS = 4;
/** Requests that a client has under way at once. */
const PIPELINE = 5;
const ANSWERS_MAX = 400;

let folder: string;
let main: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'zonis-kill-'));
  main = buildProgram(folder);
}, 60_000);

afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A client that writes one number after the other, and what was answered so far. */
interface Writer {
  answered: number;
  /** One request or several that write a number, all of it or nothing. */
  requests(n: number): (readonly (string | number)[])[];
  /** What is read back, and is the number written last everywhere. */
  readonly keys: readonly string[];
}

const script =
  "redis.call('SET', KEYS[1], ARGV[1]) redis.call('HSET', KEYS[2], 'n', ARGV[1]) " +
  "redis.call('RPUSH', KEYS[3], ARGV[1])";

function writers(): Writer[] {
  const plain = Array.from({ length: WRITERS }, (_, i) => ({
    answered: 0,
    requests: (n: number) => [['SET', `plain:${i}`, n]],
    keys: [`plain:${i}`],
  }));
  const transaction = {
    answered: 0,
    requests: (n: number) => [
      ['MULTI'],
      ['SET', 'first', n],
      ['SELECT', 1],
      ['SET', 'aside', n],
      ['SELECT', 0],
      ['SET', 'second', n],
      ['EXEC'],
    ],
    keys: ['first', 'second'],
  };
  const scripted = {
    answered: 0,
    requests: (n: number) => [['EVAL', script, 3, 'string', 'hash', 'list', n]],
    keys: ['string'],
  };
  return [...plain, transaction, scripted];
}

/** Has a client write until it is answered no more. */
async function write(
  client: RespClient,
  writer: Writer,
  from: number,
  onAnswer: () => void,
): Promise<void> {
  for (let n = from + 1; ; n += PIPELINE) {
    const numbers = Array.from({ length: PIPELINE }, (_, i) => n + i);
    const batches = numbers.map((number) => writer.requests(number));
    for (const request of batches.flat()) client.send(...request);
    for (const [i, batch] of batches.entries()) {
      for (let replies = batch.length; replies > 0; replies--) await client.reply();
      writer.answered = numbers[i];
      onAnswer();
    }
  }
}

async function run(program: StartedProgram, all: readonly Writer[], answers: number) {
  const clients: RespClient[] = [];
  let left = answers;
  const killed = new Promise<void>((resolve, reject) => {
    const onAnswer = (): void => {
      if (--left === 0) program.kill().then(resolve, reject);
    };
    for (const writer of all) {
      void RespClient.connect(program.address).then(async (client) => {
        clients.push(client);
        await write(client, writer, writer.answered, onAnswer).catch((error) => {
          if (!(error instanceof NoAnswer)) reject(error);
        });
      });
    }
    void RespClient.connect(program.address).then((client) => {
      clients.push(client);
      client.send('BGREWRITEAOF');
    });
  });
  await killed;
  for (const client of clients) client.close();
}

async function check(program: StartedProgram, all: readonly Writer[]): Promise<void> {
  const client = await RespClient.connect(program.address);
  const ask = async (...request: string[]): Promise<number> =>
    Number((await client.call(...request)).tree.text);
  for (const writer of all) {
    const values = [];
    for (const key of writer.keys) values.push(await ask('GET', key));
    const [value] = values;
    expect(values).toEqual(values.map(() => value));
    expect(value).toBeGreaterThanOrEqual(writer.answered);
    // It was not answered, and is there: so it goes on behind it.
    writer.answered = value;
  }
  expect(await ask('HGET', 'hash', 'n')).toBe(await ask('GET', 'string'));
  expect(await ask('LINDEX', 'list', '-1')).toBe(await ask('GET', 'string'));
  const first = await ask('GET', 'first');
  await client.call('SELECT', '1');
  expect(await ask('GET', 'aside')).toBe(first);
  client.close();
}

it(
  `${ROUNDS} times`,
  async () => {
    const random = new SeededRandom(Uint8Array.from({ length: 16 }, (_, i) => SEED + i));
    const options = ['--appendonly', 'yes', '--appendfsync', 'always', '--dir', folder];
    const all = writers();
    const start = async () => startProgram(main, await freePort(), [...options, '--save', '']);
    let program = await start();
    try {
      for (let round = 0; round < ROUNDS; round++) {
        await run(program, all, 1 + random.below(ANSWERS_MAX));
        program = await start();
        await check(program, all);
      }
    } finally {
      await program.kill();
    }
  },
  30_000 + ROUNDS * 10_000,
);
