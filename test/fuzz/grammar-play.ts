/**
 * Plays requests to two servers at once, and finds where they part.
 *
 *   units ─▶ pipelines of some hundred requests ─▶ both ─▶ judge reply by reply ─▶ then all data
 *                                                            └─ parted? leave out units until
 *                                                               none can be left out
 */

import { escaped, type Pair, shownAnswer, shownArgv } from '../conformance/harness.ts';
import { isAtLeast, type Running } from '../support/redis.ts';
import { type Answer, encode, NoAnswer, parse, RespClient } from '../support/resp-client.ts';
import {
  askedFirst,
  isAsked,
  isSameEncoding,
  judged,
  type Request,
  USUAL_LIMITS,
} from './grammar-tables.ts';
import type { Unit, Way } from './grammar-ways.ts';

const PIPELINE = 128;
/** Of pipelines: how often all data is compared. */
const LOOK_EVERY = 2;

export interface Parting {
  /** How many units were played, with the one that went wrong. */
  readonly units: number;
  /** The request that was answered otherwise; one that looks, where it was seen later. */
  readonly request: Request;
  readonly text: string;
}

interface Peer {
  readonly server: Running;
  readonly clients: readonly RespClient[];
  readonly inspector: RespClient;
}

/** Full name of what a request asks for: 'object|encoding'. */
export type NameOf = (request: Request) => string;

export class Players {
  readonly #pair: Pair;
  readonly #way: Way;
  readonly #nameOf: NameOf;

  constructor(pair: Pair, way: Way, nameOf: NameOf) {
    this.#pair = pair;
    this.#way = way;
    this.#nameOf = nameOf;
  }

  /** Plays units on connections of their own, from empty databases. */
  async play(units: readonly Unit[]): Promise<Parting | undefined> {
    const { oracle, subject } = this.#pair;
    const peers = await Promise.all([subject, oracle].map((server) => this.#join(server)));
    try {
      return await this.#compare(units, peers);
    } finally {
      for (const { clients, inspector } of peers) {
        for (const client of clients) client.close();
        inspector.close();
      }
    }
  }

  async #join(server: Running): Promise<Peer> {
    const clients: RespClient[] = [];
    while (clients.length < this.#way.clientCount) {
      const client = await RespClient.connect(server.address);
      if (this.#way.resp === 3) await client.call('HELLO', '3');
      clients.push(client);
    }
    const inspector = await RespClient.connect(server.address);
    await inspector.pipeline([['FLUSHALL'], ...USUAL_LIMITS]);
    return { server, clients, inspector };
  }

  async #compare(units: readonly Unit[], peers: readonly Peer[]): Promise<Parting | undefined> {
    const { version } = this.#pair.oracle;
    /** What MULTI holds back, of each client. */
    const queues: (Request[] | undefined)[] = [];
    let pipelines = 0;
    for (let first = 0; first < units.length; ) {
      let last = first;
      const requests: { request: Request; unit: number }[] = [];
      const { client } = units[first];
      while (last < units.length && requests.length < PIPELINE && units[last].client === client) {
        for (const request of units[last].requests) {
          const name = this.#nameOf(request);
          if (!isAsked(name, request, version) || this.#isTooNew(name)) continue;
          for (const first of askedFirst(name, request, version)) {
            requests.push({ request: first, unit: last });
          }
          requests.push({ request, unit: last });
        }
        last++;
      }
      const [ours, theirs] = await Promise.all(
        peers.map(({ clients }) =>
          answersOf(
            clients[client],
            requests.map(({ request }) => this.#way.sent(request)),
          ),
        ),
      );
      for (const [i, { request, unit }] of requests.entries()) {
        const [our, their] = [ours[i], theirs[i]];
        const name = this.#nameOf(request);
        const queue = queues[client];
        let wrong: string | undefined;
        if (typeof our === 'string' || typeof their === 'string') wrong = 'no answer';
        else if (queue !== undefined && our.raw === '+QUEUED\r\n' && their.raw === our.raw) {
          queue.push(request);
        } else if (name === 'exec' && queue !== undefined) {
          wrong = this.#executed(queue, our, their);
          queues[client] = undefined;
        } else {
          wrong = judged(name, request, our, their, this.#pair.oracle.version);
          if (name === 'multi' && our.raw === '+OK\r\n') queues[client] = [];
          if (name === 'discard' && our.raw === '+OK\r\n') queues[client] = undefined;
        }
        if (wrong !== undefined) {
          return { units: unit + 1, request, text: this.#shown(request, wrong, our, their) };
        }
      }
      first = last;
      if (++pipelines % LOOK_EVERY === 0 || first >= units.length) {
        let wrong = await this.#look(peers);
        if (first >= units.length)
          wrong ??= (await this.#exchange(peers)) ?? (await audit(peers[0]));
        if (wrong !== undefined) return { units: last, request: ['DEBUG'], text: wrong };
      }
    }
    return undefined;
  }

  /** Whether the oracle can't be asked for a command in this way. */
  #isTooNew(name: string): boolean {
    const isNew = this.#way.since72?.test(name) ?? false;
    return isNew && !isAtLeast(this.#pair.oracle.version, '7.2');
  }

  #executed(queue: readonly Request[], ours: Answer, theirs: Answer): string | undefined {
    if (ours.raw === theirs.raw) return undefined;
    const [left, right] = [elementsOf(ours), elementsOf(theirs)];
    if (left?.length !== queue.length || right?.length !== queue.length) return 'not the same';
    for (const [i, request] of queue.entries()) {
      const { version } = this.#pair.oracle;
      const wrong = judged(this.#nameOf(request), request, left[i], right[i], version);
      if (wrong !== undefined) return this.#shown(request, wrong, left[i], right[i]);
    }
    return undefined;
  }

  #shown(
    request: Request,
    wrong: string,
    ours: Answer | string | undefined,
    theirs: Answer | string | undefined,
  ): string {
    const { oracle, subject } = this.#pair;
    return [
      `${shownArgv(request)}: ${wrong}`,
      `    ${oracle.name.padEnd(14)} ${shownAnswer(theirs, ours)}`,
      `    ${subject.name.padEnd(14)} ${shownAnswer(ours, theirs)}`,
    ].join('\n');
  }

  /** Compares every key of every database. */
  async #look(peers: readonly Peer[]): Promise<string | undefined> {
    const { version } = this.#pair.oracle;
    const infos = await Promise.all(
      peers.map(
        async ({ inspector }) => (await inspector.call('INFO', 'keyspace')).tree.text ?? '',
      ),
    );
    const dbs = new Set(
      [...infos.join('\n').matchAll(/^db(\d+):keys=[1-9]/gm)].map(([, db]) => db),
    );
    for (const db of dbs) {
      const [ours, theirs] = await Promise.all(peers.map((peer) => keysOf(peer, db)));
      if (ours.join() !== theirs.join()) {
        return `keys of database ${db}: ${escaped(theirs.join())}, we have ${escaped(ours.join())}`;
      }
      // Before 7.2 doubles had other text, and digests are made of text.
      const questions = (key: string): Request[] => [
        ['TYPE', key],
        ['OBJECT', 'ENCODING', key],
        ['PEXPIRETIME', key],
        ['ZRANGE', key, '0', '-1', 'WITHSCORES'],
        ['DEBUG', 'DIGEST-VALUE', key],
      ];
      const requests = ours.flatMap(questions);
      const [mine, yours] = await Promise.all(
        peers.map(({ inspector }) => inspector.pipeline(requests)),
      );
      for (const [k, key] of ours.entries()) {
        const [type, encoding, deadline, scores, digest] = [0, 1, 2, 3, 4].map((i) => ({
          request: requests[k * 5 + i],
          ours: mine[k * 5 + i],
          theirs: yours[k * 5 + i],
        }));
        const wrong = (it: typeof type): string =>
          `database ${db}, ${shownArgv([key])}: ${this.#shown(it.request, 'not the same', it.ours, it.theirs)}`;
        if (type.ours.raw !== type.theirs.raw) return wrong(type);
        const [a, b] = [encoding.ours.tree.text ?? '', encoding.theirs.tree.text ?? ''];
        if (!isSameEncoding(a, b, version, type.ours.tree.text ?? '')) return wrong(encoding);
        if (judged('pexpiretime', [], deadline.ours, deadline.theirs, version))
          return wrong(deadline);
        const isOldZset = type.ours.tree.text === 'zset' && !isAtLeast(version, '7.2');
        const content = isOldZset ? scores : digest;
        if (judged('zrange', [], content.ours, content.theirs, isOldZset ? version : '7.2')) {
          return wrong(content);
        }
      }
    }
    return undefined;
  }

  /** Each key of the first database comes through the other server as it was. */
  async #exchange(peers: readonly Peer[]): Promise<string | undefined> {
    const [all] = await Promise.all(peers.map((peer) => keysOf(peer, '0')));
    const types = await peers[0].inspector.pipeline(all.map((key) => ['TYPE', key]));
    // Redis 7.0 does not know the streams of today, and it makes fewer sorted sets large.
    const isOld = !isAtLeast(this.#pair.oracle.version, '7.2');
    const isLike = (i: number): boolean => !/^(stream|zset)$/.test(types[i].tree.text ?? '');
    const keys = all.filter((_, i) => !isOld || isLike(i));
    const dumps = await Promise.all(
      peers.map(({ inspector }) => inspector.pipeline(keys.map((key) => ['DUMP', key]))),
    );
    const told = await Promise.all(
      peers.map(({ inspector }, i) =>
        inspector.pipeline(
          keys.flatMap((key, k) => [
            // A digest knows whether there is a deadline.
            ['PERSIST', key],
            ['DEBUG', 'DIGEST-VALUE', key],
            ['RESTORE', key, '0', dumps[1 - i][k].tree.text ?? '', 'REPLACE'],
            ['DEBUG', 'DIGEST-VALUE', key],
          ]),
        ),
      ),
    );
    for (const [k, key] of keys.entries()) {
      const found = told.map((answers) => {
        const [, before, restored, after] = answers.slice(k * 4, k * 4 + 4);
        return restored.raw === '+OK\r\n' ? String(before.raw === after.raw) : restored.raw;
      });
      // Where both change it, -0 came from a skiplist into a listpack, which has none.
      if (found[0] !== found[1]) {
        return `${shownArgv([key])}, restored as the other dumps it, is the same: ${found.join(', ')}`;
      }
    }
    return undefined;
  }

  /** The fewest units that still make the two part, and how they part then. */
  async shrink(
    units: readonly Unit[],
    parting: Parting,
  ): Promise<{ units: readonly Unit[]; parting: Parting }> {
    let best = units.slice(0, parting.units);
    let how = parting;
    let tries = 0;
    for (let size = best.length >> 1; size >= 1; ) {
      let isShorter = false;
      for (let at = best.length - size; at > -size && tries < 600; at -= size) {
        const from = Math.max(0, at);
        const without = [...best.slice(0, from), ...best.slice(at + size)];
        if (without.length === 0) continue;
        tries++;
        const found = await this.play(without);
        if (found === undefined) continue;
        best = without.slice(0, found.units);
        how = found;
        isShorter = true;
      }
      if (size === 1 && !isShorter) break;
      size = size > 1 ? size >> 1 : 1;
    }
    return { units: best, parting: how };
  }
}

/** All answers, or why there is none. */
async function answersOf(
  client: RespClient,
  requests: readonly Request[],
): Promise<(Answer | string)[]> {
  const answers: (Answer | string)[] = [];
  try {
    client.write(requests.map(encode).join(''));
    while (answers.length < requests.length) answers.push(await client.reply());
  } catch (error) {
    if (!(error instanceof NoAnswer)) throw error;
    answers.push(error.message);
  }
  return answers;
}

/** The elements of an array as answers of their own; undefined for what is none. */
function elementsOf({ raw, tree }: Answer): Answer[] | undefined {
  if (tree.items === null) return undefined;
  let at = raw.indexOf('\r\n') + 2;
  return tree.items.map(() => {
    const parsed = parse(raw, at);
    if (parsed === undefined) throw new Error('an answer is whole');
    const element = { raw: raw.slice(at, parsed.end), tree: parsed.tree };
    at = parsed.end;
    return element;
  });
}

/** What is wrong inside our zone. */
async function audit({ inspector, server }: Peer): Promise<string | undefined> {
  if (server.name !== 'zonis') return undefined;
  const { raw } = await inspector.call('ZONE', 'AUDIT');
  return raw === '+OK\r\n' ? undefined : `ZONE AUDIT: ${raw}`;
}

async function keysOf({ inspector }: Peer, db: string): Promise<string[]> {
  await inspector.call('SELECT', db);
  const { tree } = await inspector.call('KEYS', '*');
  return (tree.items ?? []).map(({ text }) => text ?? '').sort();
}
