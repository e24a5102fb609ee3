/**
 * What clients write while a server is killed, and what must be true of it afterwards.
 *
 * Every writer counts: its n-th write leaves traces that say n. What is found after the load must be
 * the first m writes of it, all of them and whole, with m known from one trace and shown by all others.
 */

import { type Address, NoAnswer, RespClient } from '../support/resp-client.ts';

/** Requests that a writer has under way at once. */
const PIPELINE = 8;
/** Bytes that make a value take more than one write of the system. */
const PADDING = 'x'.repeat(20_000);
const SESSION_SECONDS = 10_000;

type Request = readonly (string | number)[];
type Ask = (...request: string[]) => Promise<string[]>;

export interface Writer {
  readonly name: string;
  /** What writes n, all of it or nothing. */
  requests(n: number): readonly Request[];
  /** How many of the first writes are there. Throws if they are not the first, or not whole. */
  count(ask: Ask): Promise<number>;
}

/** What a writer has sent, and when that was answered (monotonic milliseconds; from `first` on). */
export interface Progress {
  readonly writer: Writer;
  first: number;
  sent: number;
  readonly answeredAt: number[];
}

function same(what: string, values: readonly (string | number)[]): number {
  const [value] = values.map(Number);
  if (values.some((each) => Number(each) !== value)) throw new Error(`${what}: ${values.join()}`);
  return value;
}

/** Checks that a list is 1, 2, … and answers how long it is. */
function counted(what: string, values: readonly string[]): number {
  for (const [i, value] of values.entries()) {
    if (Number(value) !== i + 1) throw new Error(`${what}: ${value} in the place of ${i + 1}`);
  }
  return values.length;
}

const ascending = (values: readonly string[]): string[] =>
  [...values].sort((a, b) => Number(a) - Number(b));

/** One key of each type that is written to. */
function plain(): Writer[] {
  const writer = (
    name: string,
    request: (n: number) => Request,
    count: (ask: Ask) => Promise<number>,
  ): Writer => ({ name, requests: (n) => [request(n)], count });
  const sized = (name: string, values: (ask: Ask) => Promise<string[]>) => async (ask: Ask) =>
    counted(name, await values(ask));
  return [
    writer(
      'string',
      (n) => ['SET', 'string', `${n} ${n % 10 === 0 ? PADDING : ''} ${n}`],
      async (ask) => {
        const [text = ''] = await ask('GET', 'string');
        const words = text.split(' ');
        return text === '' ? 0 : same('string', [words[0], words[2]]);
      },
    ),
    writer(
      'counter',
      () => ['INCR', 'counter'],
      async (ask) => Number((await ask('GET', 'counter'))[0] ?? 0),
    ),
    writer(
      'list',
      (n) => ['RPUSH', 'list', n],
      sized('list', (ask) => ask('LRANGE', 'list', '0', '-1')),
    ),
    writer(
      'hash',
      (n) => ['HSET', 'hash', n, n],
      sized('hash', async (ask) => ascending(await ask('HVALS', 'hash'))),
    ),
    writer(
      'set',
      (n) => ['SADD', 'set', n],
      sized('set', async (ask) => ascending(await ask('SMEMBERS', 'set'))),
    ),
    writer(
      'sorted set',
      (n) => ['ZADD', 'sorted', n, n],
      sized('sorted set', (ask) => ask('ZRANGE', 'sorted', '0', '-1')),
    ),
    writer(
      'stream',
      (n) => ['XADD', 'stream', `${n}-0`, 'n', n],
      async (ask) => {
        const ids = await ask('EVAL', IDS, '1', 'stream');
        return counted(
          'stream',
          ids.map((id) => id.split('-')[0]),
        );
      },
    ),
    writer(
      'key after key',
      (n) => ['SET', `key:${n}`, n, 'EX', SESSION_SECONDS],
      sized('key after key', async (ask) => {
        const names = await ask('KEYS', 'key:*');
        return ascending(names.map((name) => name.slice('key:'.length)));
      }),
    ),
  ];
}

const IDS =
  "local ids = {} for i, item in ipairs(redis.call('XRANGE', KEYS[1], '-', '+')) do " +
  'ids[i] = item[1] end return ids';

/** Over two databases and two zones. */
const transaction: Writer = {
  name: 'transaction',
  requests: (n) => [
    ['MULTI'],
    ['SET', 'first', n],
    ['SELECT', 1],
    ['RPUSH', 'aside', n],
    ['SELECT', 16],
    ['SET', 'far', n],
    ['SELECT', 0],
    ['SET', 'padding', PADDING.slice(0, (n * 37) % PADDING.length)],
    ['SET', 'second', n],
    ['EXEC'],
  ],
  async count(ask) {
    const [first = 0] = await ask('GET', 'first');
    const [second = 0] = await ask('GET', 'second');
    await ask('SELECT', '1');
    const aside = counted('aside', await ask('LRANGE', 'aside', '0', '-1'));
    await ask('SELECT', '16');
    const [far = 0] = await ask('GET', 'far');
    await ask('SELECT', '0');
    return same('transaction', [first, second, aside, far]);
  },
};

const SCRIPT =
  "redis.call('SET', KEYS[1], ARGV[1]) redis.call('INCR', KEYS[2]) " +
  "redis.call('RPUSH', KEYS[3], ARGV[1]) redis.call('SET', KEYS[4], ARGV[1])";

const script: Writer = {
  name: 'script',
  requests: (n) => [['EVAL', SCRIPT, 4, 's:string', 's:counter', 's:list', 's:last', n]],
  async count(ask) {
    const texts = await ask('MGET', 's:string', 's:counter', 's:last');
    const list = counted('list of scripts', await ask('LRANGE', 's:list', '0', '-1'));
    return same('script', [...(texts.length === 0 ? [0] : texts), list]);
  },
};

/** A login that rotates with every request: one session is listed, and the last one is readable. */
const sessions: Writer = {
  name: 'sessions',
  requests: (n) => [
    [
      ...['SESSION.SET', 'web', `s${n}`, `data ${n}`, SESSION_SECONDS, 'OLD', `s${n - 1}`],
      ...['STALE', 5000, 'META', 1, 'app', 'ann'],
    ],
  ],
  async count(ask) {
    const listed = await ask('SESSION.META', 'web', 'app', 'ann');
    if (listed.length === 0) return 0;
    if (listed.length !== 2) throw new Error(`sessions listed: ${listed.join()}`);
    const n = Number(listed[0].slice(1));
    const [data] = await ask('SESSION.GET', 'web', `s${n}`);
    if (data !== `data ${n}`) throw new Error(`session ${n}: ${data}`);
    await ask('SELECT', '16');
    const index = await ask('ZRANGE', 'web:app:ann', '0', '-1');
    // Each one that was rotated away can be read for a while, and was there for long before.
    const lives: number[] = [];
    for (const old of n === 1 ? [n] : [n - 1, n]) {
      lives.push(Number((await ask('TTL', `web:s${old}`))[0]));
    }
    const names = ascending(
      (await ask('KEYS', 'web:s*')).map((name) => name.slice('web:s'.length)),
    );
    await ask('SELECT', '0');
    counted('sessions', names);
    if (names.length !== n) throw new Error(`sessions: ${names.length} in the place of ${n}`);
    if (index.length !== 1) throw new Error(`sessions in the index: ${index.join()}`);
    const isStale = lives.length === 1 || lives[0] <= 5000;
    if (!isStale || (lives.at(-1) ?? 0) <= 5000) throw new Error(`lives: ${lives.join()}`);
    return n;
  },
};

export function newWriters(): Progress[] {
  return [...plain(), transaction, script, sessions].map((writer) => ({
    writer,
    first: 0,
    sent: 0,
    answeredAt: [],
  }));
}

/** Has a writer write until it is answered no more. */
async function write(client: RespClient, progress: Progress): Promise<void> {
  const { writer } = progress;
  const expected: number[] = [];
  const send = (): void => {
    const requests = writer.requests(++progress.sent);
    for (const request of requests) client.send(...request);
    expected.push(requests.length);
  };
  for (let i = 0; i < PIPELINE; i++) send();
  for (;;) {
    for (let replies = expected.shift() as number; replies > 0; replies--) {
      const { tree } = await client.reply();
      if (tree.type === '-') throw new Error(`${writer.name}: ${tree.text}`);
    }
    progress.answeredAt.push(performance.now());
    send();
  }
}

/** Has all of them write, each over a connection of its own, until the server is gone. */
export async function writeAll(address: Address, all: readonly Progress[]): Promise<void> {
  const clients = await Promise.all(all.map(() => RespClient.connect(address)));
  const ends = all.map(async (progress, i) => {
    try {
      await write(clients[i], progress);
    } catch (error) {
      if (!(error instanceof NoAnswer)) throw error;
    } finally {
      clients[i].close();
    }
  });
  await Promise.all(ends);
}

export interface Found {
  /** Writes that were answered, and of those that were sent and not answered, how many are there. */
  answered: number;
  unanswered: number;
  found: number;
  /** Answered writes that are not there, and how long before the end the first one was answered. */
  lost: number;
  lostMs: number;
}

/** Compares what is there with what was answered until `ended`; they go on from there. */
export async function findAll(
  address: Address,
  all: readonly Progress[],
  ended: number,
): Promise<Found> {
  const client = await RespClient.connect(address);
  const ask: Ask = async (...request) => {
    const { tree } = await client.call(...request);
    if (tree.type === '-') throw new Error(`${request.join(' ')}: ${tree.text}`);
    const texts = (tree.items ?? [tree]).map(({ text }) => text);
    return texts.filter((text) => text !== null);
  };
  const sum: Found = { answered: 0, unanswered: 0, found: 0, lost: 0, lostMs: 0 };
  for (const progress of all) {
    const { writer, first, sent, answeredAt } = progress;
    const count = await writer.count(ask);
    const answered = first + answeredAt.length;
    if (count > sent) throw new Error(`${writer.name}: ${count} of ${sent}`);
    sum.answered += answeredAt.length;
    sum.unanswered += sent - answered;
    sum.found += Math.max(0, count - answered);
    if (count < answered) {
      sum.lost += answered - count;
      if (count < first) throw new Error(`${writer.name}: ${count} after ${first} were there`);
      sum.lostMs = Math.max(sum.lostMs, ended - answeredAt[count - first]);
    }
    answeredAt.length = 0;
    progress.first = count;
    progress.sent = count;
  }
  for (const zone of ['default', 'sessions']) {
    const [verdict] = await ask('ZONE', 'AUDIT', zone);
    if (verdict !== 'OK') throw new Error(`ZONE AUDIT ${zone}: ${verdict}`);
  }
  client.close();
  return sum;
}

/** Begins anew: nothing is there. */
export async function clear(address: Address, all: readonly Progress[]): Promise<void> {
  const client = await RespClient.connect(address);
  await client.call('FLUSHALL');
  client.close();
  for (const progress of all) {
    progress.first = 0;
    progress.sent = 0;
  }
}
