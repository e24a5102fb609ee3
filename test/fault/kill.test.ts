/**
 * A process that is killed: with `appendfsync always` nothing that was answered is lost, with
 * `everysec` nothing but the last second's, and nobody ever sees half of a transaction, of a script or
 * of a SESSION.SET.
 *
 * Clients write all the time, each what it can check, and note what was answered. After so many
 * answers the program is killed, started again on the same files, and asked. Meanwhile the file is
 * rewritten, or a snapshot taken. ZONIS_KILL_ROUNDS says how often; ZONIS_KILL_SEED which moments.
 * docs/durability.md has the figures of many rounds.
 */

import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
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
const ANSWERS_MAX = 2000;
/** What `everysec` may lose, in milliseconds: a second, and one more while the disk is busy. */
const LOSS_MAX = 2000;

let folder: string;
let main: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'zonis-kill-'));
  main = buildProgram(folder);
}, 60_000);

afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A client that writes one number after the other, and what was answered so far. */
interface Writer {
  readonly name: string;
  answered: number;
  /** When each number was answered, from the first of this round on. */
  readonly times: Map<number, number>;
  /** One request or several that write a number, all of it or nothing. */
  requests(n: number): (readonly (string | number)[])[];
  /** The number that is found everywhere it was written. Fails when it is another here than there. */
  read(client: RespClient): Promise<number>;
}

const script =
  "redis.call('SET', KEYS[1], ARGV[1]) redis.call('HSET', KEYS[2], 'n', ARGV[1]) " +
  "redis.call('RPUSH', KEYS[3], ARGV[1])";

async function text(client: RespClient, ...request: string[]): Promise<string> {
  return (await client.call(...request)).tree.text ?? '';
}

/** All numbers, which must be the same. */
function same(...texts: readonly string[]): number {
  expect(texts).toEqual(texts.map(() => texts[0]));
  return Number(texts[0]);
}

function writers(): Writer[] {
  const made = (name: string, rest: Pick<Writer, 'requests' | 'read'>): Writer => ({
    ...{ name, answered: 0, times: new Map() },
    ...rest,
  });
  const plain = Array.from({ length: WRITERS }, (_, i) =>
    made('SET', {
      requests: (n) => [['SET', `plain:${i}`, n]],
      read: async (client) => Number(await text(client, 'GET', `plain:${i}`)),
    }),
  );
  const transaction = made('MULTI', {
    requests: (n) => [
      ['MULTI'],
      ['SET', 'first', n],
      ['SELECT', 1],
      ['SADD', 'aside', n],
      ['SELECT', 0],
      ['ZADD', 'board', n, 'member'],
      ['XADD', 'log', 'MAXLEN', 100, `${n}-0`, 'n', n],
      ['EXEC'],
    ],
    async read(client) {
      const numbers = [
        await text(client, 'GET', 'first'),
        await text(client, 'ZSCORE', 'board', 'member'),
        (await text(client, 'EVAL', lastId, '1', 'log')).split('-')[0],
      ];
      await client.call('SELECT', '1');
      numbers.push(await text(client, 'SCARD', 'aside'));
      await client.call('SELECT', '0');
      return same(...numbers);
    },
  });
  const scripted = made('EVAL', {
    requests: (n) => [['EVAL', script, 3, 'string', 'hash', 'list', n]],
    async read(client) {
      return same(
        await text(client, 'GET', 'string'),
        await text(client, 'HGET', 'hash', 'n'),
        await text(client, 'LINDEX', 'list', '-1'),
        await text(client, 'LLEN', 'list'),
      );
    },
  });
  // Each session replaces the one before, which is gone then, and is the only one its user has.
  const session = made('SESSION.SET', {
    requests: (n) => [
      ['SESSION.SET', 's', n, n, 3600, 'OLD', n - 1, 'STALE', 0, 'META', 1, 'site', 'user'],
    ],
    async read(client) {
      const { items } = (await client.call('SESSION.META', 's', 'site', 'user')).tree;
      expect(items).toHaveLength(2);
      await client.call('SELECT', 'sessions');
      expect(await text(client, 'DBSIZE')).toBe('2');
      await client.call('SELECT', '0');
      const key = items?.[0].text ?? '';
      return same(key, await text(client, 'SESSION.GET', 's', key));
    },
  });
  return [...plain, transaction, scripted, session];
}

const lastId = "return redis.call('XINFO', 'STREAM', KEYS[1])[8]";

/** Has every client write the first number, so that all there is to read is there. */
async function begin(program: StartedProgram, all: readonly Writer[]): Promise<void> {
  const client = await RespClient.connect(program.address);
  for (const writer of all) {
    for (const request of writer.requests(1)) await client.call(...request);
    writer.answered = 1;
  }
  client.close();
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
      writer.times.set(numbers[i], performance.now());
      onAnswer();
    }
  }
}

/** Has all of them write, and the program do `aside` meanwhile, until there are so many answers. */
async function run(
  program: StartedProgram,
  all: readonly Writer[],
  answers: number,
  aside: string,
): Promise<void> {
  const clients: RespClient[] = [];
  let left = answers;
  const killed = new Promise<void>((resolve, reject) => {
    const onAnswer = (): void => {
      if (--left === 0) program.kill().then(resolve, reject);
    };
    for (const writer of all) {
      writer.times.clear();
      void RespClient.connect(program.address).then(async (client) => {
        clients.push(client);
        await write(client, writer, writer.answered, onAnswer).catch((error) => {
          if (!(error instanceof NoAnswer)) reject(error);
        });
      });
    }
    void RespClient.connect(program.address).then((client) => {
      clients.push(client);
      client.send(aside);
    });
  });
  await killed;
  for (const client of clients) client.close();
}

/** What many rounds have shown. */
interface Tally {
  answered: number;
  /** Answered and not there. */
  lost: number;
  /** Milliseconds from the answer to the kill, of what was lost longest before it. */
  lostBefore: number;
  /** Not answered and there all the same. */
  ahead: number;
}

async function check(
  program: StartedProgram,
  all: readonly Writer[],
  { killedAt, mayLose }: { killedAt: number; mayLose: boolean },
  tally: Tally,
): Promise<void> {
  const client = await RespClient.connect(program.address);
  for (const writer of all) {
    const found = await writer.read(client);
    tally.answered += writer.times.size;
    if (!mayLose) expect(found, writer.name).toBeGreaterThanOrEqual(writer.answered);
    for (let n = found + 1; n <= writer.answered; n++) {
      const before = killedAt - (writer.times.get(n) ?? 0);
      expect(before, writer.name).toBeLessThan(LOSS_MAX);
      tally.lost++;
      tally.lostBefore = Math.max(tally.lostBefore, before);
    }
    tally.ahead += Math.max(0, found - writer.answered);
    // It goes on behind what is there, answered or not.
    writer.answered = found;
  }
  for (const zone of ['default', 'sessions']) {
    expect(await text(client, 'ZONE', 'AUDIT', zone)).toBe('OK');
  }
  client.close();
}

for (const appendfsync of ['always', 'everysec']) {
  it(
    `${ROUNDS} times, appendfsync ${appendfsync}`,
    async () => {
      const random = new SeededRandom(Uint8Array.from({ length: 16 }, (_, i) => SEED + i));
      const dir = join(folder, appendfsync);
      mkdirSync(dir);
      const options = ['--appendonly', 'yes', '--appendfsync', appendfsync, '--dir', dir];
      const all = writers();
      const start = async () => startProgram(main, await freePort(), [...options, '--save', '']);
      const tally: Tally = { answered: 0, lost: 0, lostBefore: 0, ahead: 0 };
      let program = await start();
      try {
        await begin(program, all);
        for (let round = 0; round < ROUNDS; round++) {
          await run(
            program,
            all,
            1 + random.below(ANSWERS_MAX),
            round % 2 === 0 ? 'BGREWRITEAOF' : 'BGSAVE',
          );
          const killedAt = performance.now();
          program = await start();
          const mayLose = appendfsync !== 'always';
          await check(program, all, { killedAt, mayLose }, tally);
        }
      } finally {
        await program.kill();
      }
      if (ROUNDS > 3) console.info(`${appendfsync}, ${ROUNDS} rounds: ${JSON.stringify(tally)}`);
    },
    30_000 + ROUNDS * 10_000,
  );
}
