/**
 * Every command's grammar, walked at random, is answered as redis-server answers it.
 *
 * Scenes of some hundred requests are played to both, in RESP2 and in RESP3, plainly, in
 * transactions, in scripts and by two clients (grammar-ways.ts); the seed of a scene is all there is
 * to know of it. What ever went wrong is a script in corpus/grammar/, played first.
 *
 *   make fuzz COMMANDS=1000000 SEED=7       a run; a failure prints a script for the corpus
 *   FUZZ_GROUPS=list,generic                commands of these groups alone
 *   FUZZ_WAYS=scripts                       ways with this in their name alone, at full length
 *   ZONIS_ORACLE=…/redis-server             another oracle; one of 7.2 must agree in everything
 */

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, it } from 'vitest';
import { families } from '../../commands/index.ts';
import { Registry } from '../../src/dispatch/registry.ts';
import { comparison } from '../conformance/harness.ts';
import { openOffline } from '../support/offline.ts';
import { isAtLeast } from '../support/redis.ts';
import { parse, RespClient } from '../support/resp-client.ts';
import { Grammar } from './grammar.ts';
import { type Parting, Players } from './grammar-play.ts';
import { isFuzzed, type Request } from './grammar-tables.ts';
import { type Unit, ways } from './grammar-ways.ts';

const COMMANDS = Number(process.env.FUZZ_COMMANDS ?? 10_000);
const SEED = Number(process.env.FUZZ_SEED ?? 1970);
const GROUPS = process.env.FUZZ_GROUPS?.split(',');
const WAYS = process.env.FUZZ_WAYS;
const SCENE_SIZE = 500;
/** So many partings are enough to begin with. */
const REPORTS_MAX = 12;
const TIMEOUT_MS = 60_000 + COMMANDS * 20;
const CORPUS = join(import.meta.dirname, 'corpus', 'grammar');

const registry = new Registry(families);

/** Full name of the command asked for, or the first word. */
function nameOf([head, second = '']: Request): string {
  const command = registry.byName(head.replaceAll('|', ''));
  const sub = command?.subcommands.get(second.toLowerCase());
  return sub?.fullName ?? command?.fullName ?? head;
}

/** Values as DUMP tells them, and some that are torn. */
function payloads(version: string): string[] {
  const server = openOffline({
    'hash-max-listpack-entries': '3',
    'zset-max-listpack-entries': '3',
  });
  const made: Record<string, readonly string[]> = {
    string: ['SET', 'string', 'hello'],
    integer: ['SET', 'integer', '-12345'],
    repeated: ['SET', 'repeated', 'abc'.repeat(40)],
    list: ['RPUSH', 'list', 'a', '300', 'text', '-5'],
    hash: ['HSET', 'hash', 'f', '1', 'g', 'v'],
    table: ['HSET', 'table', 'a', '1', 'b', '2', 'c', '3', 'd', '4'],
    zset: ['ZADD', 'zset', '1', 'a', '-2.5', 'b'],
    tree: ['ZADD', 'tree', '1', 'a', '2', 'b', '3', 'c', '4', 'd'],
    set: ['SADD', 'set', 'a', 'b', 'text'],
    numbers: ['SADD', 'numbers', '1', '300', '-70000'],
    // An older oracle does not know the streams of today.
    ...(isAtLeast(version, '7.2') ? { stream: ['XADD', 'stream', '5-1', 'f', 'v'] } : {}),
  };
  const dumps = Object.entries(made).map(([key, words]) => {
    server.run(...words);
    return parse(server.run('DUMP', key), 0)?.tree.text ?? '';
  });
  return [...dumps, '', 'junk', dumps[0].slice(1), `${dumps[2].slice(0, 5)}x${dumps[2].slice(6)}`];
}

/** Text of a script: JSON whose strings have one character per byte. */
function scriptOf(units: readonly Unit[], because: string): string {
  const lines = units.flatMap(({ requests, client }) =>
    requests.map((request) => `    ${escapedJson(client === 0 ? request : [client, ...request])}`),
  );
  return `{\n  "because": ${escapedJson(because)},\n  "requests": [\n${lines.join(',\n')}\n  ]\n}\n`;
}

/** One request of a script, in front of which may stand the number of another client. */
function unitOf([first, ...rest]: readonly (string | number)[]): Unit {
  const words = rest.map(String);
  return typeof first === 'number'
    ? { requests: [words], client: first }
    : { requests: [[first, ...words]], client: 0 };
}

function escapedJson(value: unknown): string {
  return JSON.stringify(value).replace(
    /[\x7f-\xff]/g,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

comparison('the grammar', (pair) => {
  let grammar: Grammar;

  beforeAll(async () => {
    const client = await RespClient.connect(pair().oracle.address);
    const { tree } = await client.call('COMMAND', 'LIST');
    // Redis looks at timeouts when its timer wakes it.
    await client.call('CONFIG', 'SET', 'hz', '500');
    client.close();
    const theirs = new Set(tree.items?.map(({ text }) => text));
    const commands = [...registry.all()].filter(
      (command) =>
        isFuzzed(command) &&
        theirs.has(command.fullName) &&
        (GROUPS === undefined || GROUPS.includes(command.group)),
    );
    grammar = new Grammar(commands, payloads(pair().oracle.version));
  });

  /** What parted, with the fewest requests that part it. */
  async function report(
    players: Players,
    units: readonly Unit[],
    parting: Parting,
    place: string,
  ): Promise<string> {
    const { units: few, parting: how } = await players.shrink(units, parting);
    const lines = [`${place}, unit ${parting.units}: ${parting.text}`];
    if (how.text !== parting.text) lines.push(`with the fewest requests: ${how.text}`);
    return [...lines, scriptOf(few, '…')].join('\n');
  }

  for (const way of ways) {
    const { name } = way;
    if (WAYS !== undefined && !name.includes(WAYS)) continue;
    const commands = WAYS === undefined ? Math.ceil(COMMANDS * way.share) : COMMANDS;

    it.each(readdirSync(CORPUS))(`%s is answered alike (${name})`, async (file) => {
      const { requests } = JSON.parse(readFileSync(join(CORPUS, file), 'utf8')) as {
        requests: (string | number)[][];
      };
      const players = new Players(pair(), way, nameOf);
      const units = requests.map(unitOf);
      // What two clients did only they can do again.
      if (units.some(({ client }) => client >= way.clientCount)) return;
      expect((await players.play(units))?.text).toBeUndefined();
    });

    it(
      `${commands} requests from seed ${SEED} are answered alike (${name})`,
      async () => {
        const players = new Players(pair(), way, nameOf);
        const reports: string[] = [];
        const kinds = new Set<string>();
        for (let scene = 0, count = 0; count < commands; scene++) {
          const seed = SEED * 1_000_003 + scene;
          const units = way.arrange(grammar.scene(seed, SCENE_SIZE), seed);
          const parting = await players.play(units);
          if (parting !== undefined) {
            const place = `seed ${SEED}, scene ${scene}`;
            const kind = nameOf(parting.request);
            // One of a kind is enough.
            if (!kinds.has(kind)) reports.push(await report(players, units, parting, place));
            kinds.add(kind);
            if (reports.length === REPORTS_MAX) break;
          }
          count += units.reduce((sum, { requests }) => sum + requests.length, 0);
        }
        if (reports.length > 0) throw new Error(`\n${reports.join('\n')}`);
      },
      TIMEOUT_MS,
    );
  }
});
