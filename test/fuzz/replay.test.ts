/**
 * What is done again comes out the same: the effects of any requests, run in an empty server, make
 * the keys that the requests have made.
 *
 *   make fuzz COMMANDS=1000000 SEED=7       as long, and which, as for the grammar
 */

import { expect, it } from 'vitest';
import { families } from '../../commands/index.ts';
import { Registry } from '../../src/dispatch/registry.ts';
import { Replay } from '../../src/dispatch/replay.ts';
import { EffectStream, FOR_FILE } from '../../src/instance/effects.ts';
import { keyspaceDigest, valueDigest } from '../../src/keyspace/digest.ts';
import { AofReader, READ } from '../../src/persistence/aof-reader.ts';
import { bytesSource } from '../../src/persistence/rdb-reader.ts';
import { latin1Text } from '../../src/std/ascii.ts';
import { SeededRandom } from '../../src/std/random.ts';
import { type Offline, openOffline } from '../support/offline.ts';
import { parse } from '../support/resp-client.ts';
import { Grammar } from './grammar.ts';
import { isFuzzed, type Request } from './grammar-tables.ts';
import { ways } from './grammar-ways.ts';

const COMMANDS = Number(process.env.FUZZ_COMMANDS ?? 10_000);
const SEED = Number(process.env.FUZZ_SEED ?? 1970);
const SCENE_SIZE = 300;
const TIMEOUT_MS = 60_000 + COMMANDS * 20;

const commands = [...new Registry(families).all()].filter(isFuzzed);

/** A value as DUMP tells it. */
function payload(...request: string[]): string {
  const server = openOffline();
  server.run(...request);
  return parse(server.run('DUMP', request[1]), 0)?.tree.text ?? '';
}

const grammar = new Grammar(commands, [
  payload('SET', 'k', 'hello'),
  payload('RPUSH', 'k', 'a', '300', 'text'),
  payload('ZADD', 'k', '1', 'a', '-2.5', 'b'),
  payload('XADD', 'k', '5-1', 'f', 'v'),
]);

/** A line for each key that is there: its value's digest, and when it expires. */
function state({ instance }: Offline): string[] {
  const { keyspace, clock } = instance;
  keyspace.tick(clock.now());
  const lines: string[] = [keyspaceDigest(keyspace)];
  for (const database of keyspace.databases) {
    const { zone } = database;
    database.each((entry) => {
      const key = latin1Text(zone.key(entry), 0, zone.keySize(entry));
      const until = zone.isVolatile(entry) ? zone.deadlines.exactOf(entry) : 'never';
      lines.push(`${database.number} ${JSON.stringify(key)} ${until} ${valueDigest(zone, entry)}`);
    });
  }
  return lines.sort();
}

/** Runs what was written in a server that is empty, of the same configuration, and as late. */
function replayed({ writer }: EffectStream, settings: readonly Request[], now: number): Offline {
  const server = openOffline();
  const { instance } = server;
  for (const setting of settings) server.run(...setting);
  server.clock.advance(now - server.clock.now());
  instance.keyspace.tick(now);
  for (const zone of instance.keyspace.zones) zone.heedsDeadlines = false;
  const replay = new Replay(instance);
  const reader = new AofReader(bytesSource(writer.bytes.subarray(0, writer.size)), 0);
  while (reader.next() === READ) {
    const { argv } = reader;
    const command = replay.find(argv);
    if (command === undefined) throw new Error(`no command: ${argv.text(0)}`);
    replay.run(command, argv, (_, refused, { text }) => {
      const words = Array.from({ length: refused.count }, (_, i) => refused.text(i));
      expect([words, text]).toEqual([words, undefined]);
    });
  }
  expect(reader.position).toBe(writer.size);
  expect(replay.isInTransaction).toBe(false);
  for (const zone of instance.keyspace.zones) zone.heedsDeadlines = true;
  return server;
}

type Units = readonly (readonly Request[])[];

/** Runs units of requests. Answers why what is done again is not the same, if it is not. */
function play(units: Units, settings: readonly Request[], seed: number): string | undefined {
  const random = new SeededRandom(Uint8Array.from({ length: 16 }, (_, i) => seed + i));
  const server = openOffline();
  const stream = new EffectStream(FOR_FILE);
  server.instance.effects.attach(stream);
  for (const setting of settings) server.run(...setting);
  for (const requests of units) {
    for (const request of requests) server.run(...request);
    // Some keys expire meanwhile.
    if (random.below(10) === 0) server.clock.advance(random.below(2000));
  }
  // What no EXEC follows is not done.
  server.run('DISCARD');
  const done = state(server);
  try {
    expect(state(replayed(stream, settings, server.clock.now()))).toEqual(done);
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/** The fewest units that are not done again the same. */
function fewest(units: Units, settings: readonly Request[], seed: number): Units {
  let few = units;
  for (let size = Math.ceil(few.length / 2); size > 0; size = Math.floor(size / 2)) {
    for (let at = 0; at < few.length; ) {
      const fewer = [...few.slice(0, at), ...few.slice(at + size)];
      if (play(fewer, settings, seed) === undefined) at += size;
      else few = fewer;
    }
  }
  return few;
}

for (const way of ways.filter(({ resp, clientCount }) => resp === 2 && clientCount === 1)) {
  const count = Math.ceil(COMMANDS * way.share);

  it(
    `${count} requests from seed ${SEED} are done again the same (${way.name})`,
    () => {
      for (let scene = 0, asked = 0; asked < count; scene++) {
        const seed = SEED * 1_000_003 + scene;
        const [settings, ...rest] = grammar.scene(seed, SCENE_SIZE);
        const units = way
          .arrange(rest, seed)
          .map(({ requests }) => requests.map((request) => way.sent(request)));
        const fault = play(units, settings, seed);
        if (fault !== undefined) {
          const few = fewest(units, settings, seed);
          throw new Error(
            `scene ${scene}: ${play(few, settings, seed)}\n${JSON.stringify([settings, few])}`,
          );
        }
        asked += units.reduce((sum, requests) => sum + requests.length, 0);
      }
    },
    TIMEOUT_MS,
  );
}
