/**
 * Snapshots while everything changes: the file is the moment at which it began.
 *
 *   fill ─▶ model = all keys ─▶ begin ─▶ request, slice, request, request, slice … ─▶ end ─▶ load
 *                                                                                     └─ = model
 *
 * ZONIS_SNAPSHOT_ROUNDS says how often; each round has a seed of its own.
 */

import { describe, expect, test } from 'vitest';
import { families } from '../../commands/index.ts';
import { Registry } from '../../src/dispatch/registry.ts';
import { valueDigest } from '../../src/keyspace/digest.ts';
import { dumpValue } from '../../src/persistence/dump.ts';
import { latin1Text } from '../../src/std/ascii.ts';
import { SeededRandom } from '../../src/std/random.ts';
import { TYPE_HASH, TYPE_SET, TYPE_SORTED_SET } from '../../src/value/type.ts';
import type { Zone } from '../../src/zone/zone.ts';
import { Grammar } from '../fuzz/grammar.ts';
import { isFuzzed, type Request } from '../fuzz/grammar-tables.ts';
import { type Offline, openOffline } from '../support/offline.ts';
import { beginSnapshot, loadSnapshot } from '../support/snapshot.ts';

const ROUNDS = Number(process.env.ZONIS_SNAPSHOT_ROUNDS ?? 300);
/** Rounds of a test. */
const BLOCK = 30;

/** What would wait, or is about connections and not about keys. */
const LEFT_OUT =
  /^(b[lrz]|wait|xread|x?.*subscribe|quit|reset|multi|exec|discard|watch|unwatch|select|client|hello|auth|config|swapdb|flush)/;
const TABLES: ReadonlySet<number> = new Set([TYPE_HASH, TYPE_SET, TYPE_SORTED_SET]);
const POLICIES = ['noeviction', 'allkeys-lru', 'volatile-lru', 'allkeys-lfu', 'allkeys-random'];
/** Bytes from which on a value is a large one, which is copied first: none, some, all. */
const LARGE_SIZES = [1 << 30, 100, 0];
const RELAY = 'return redis.pcall(unpack(ARGV))';

/** Names of the indexes that a session is in. */
function indexesOf(zone: Zone, entry: number): string {
  const names: string[] = [];
  const words = zone.annexWord(entry);
  for (let i = 1; i < zone.annexSize(entry); i++) {
    const index = zone.table.firstWithHash(zone.arena.i32[words + i]);
    if (index !== 0) names.push(latin1Text(zone.key(index), 0, zone.keySize(index)));
  }
  return names.sort().join();
}

/** What every key of a zone holds, by database and name. */
function contentOf({ instance }: Offline, zone: Zone): Map<string, string> {
  const content = new Map<string, string>();
  for (const database of instance.keyspace.databasesOf(zone)) {
    database.each((entry) => {
      const key = zone.key(entry);
      const type = zone.type(entry);
      // The order of what lies in a table is its own.
      const dump = dumpValue(database, entry, false);
      const value = TABLES.has(type) ? valueDigest(zone, entry) : latin1Text(dump, 0, dump.length);
      const deadline = zone.isVolatile(entry) ? zone.deadlines.exactOf(entry) : 'never';
      const name = `${database.number} ${latin1Text(key, 0, key.length)}`;
      const kind = `${type} ${zone.isPinned(entry)} ${indexesOf(zone, entry)}`;
      content.set(name, `${kind} ${deadline} ${value}`);
    });
  }
  return content;
}

/** What RESTORE can be given. */
function payloads(): string[] {
  const server = openOffline({ maxmemory: '1mb' });
  server.run('RPUSH', 'list', 'a', 'b', '3');
  server.run('SET', 'string', 'text');
  return ['list', 'string'].map((key) => server.run('DUMP', key).split('\r\n')[1]);
}

/** A server, and another that loads what the first one wrote. Opened once, for they take long. */
class Rounds {
  readonly #server = openOffline({ maxmemory: '1mb', databases: '4' });
  readonly #other = openOffline({ maxmemory: '4mb', databases: '4' }, { seed: 5 });
  readonly #grammar: Grammar;
  #random = new SeededRandom(0);
  #usesScripts = false;

  constructor(grammar: Grammar) {
    this.#grammar = grammar;
  }

  #begin(seed: number): void {
    const server = this.#server;
    this.#random = new SeededRandom(seed);
    this.#usesScripts = seed % 4 === 0;
    server.run('FLUSHALL');
    server.run('CONFIG', 'SET', 'maxmemory', this.#pick(['128kb', '256kb', '1mb']));
    server.run('CONFIG', 'SET', 'maxmemory-policy', this.#pick(POLICIES));
  }

  #pick<T>(items: readonly T[]): T {
    return items[this.#random.below(items.length)];
  }

  /** Plays so many requests, in one way or another. */
  #play(count: number, between: () => void = () => {}): void {
    const server = this.#server;
    const scene = this.#grammar.scene(this.#random.below(1 << 30), count).flat();
    for (const request of scene) {
      const luck = this.#random.below(100);
      if (luck < 3) this.#disturb();
      if (luck < 10) server.run('SELECT', String(this.#random.below(4)));
      this.#ask(request);
      between();
    }
    expect(server.audit()).toBeUndefined();
  }

  #ask(request: Request): void {
    const server = this.#server;
    const way = this.#random.below(5);
    // An interpreter takes as long to begin as a round.
    const mayWait = LEFT_OUT.test(request[0].toLowerCase());
    if (this.#usesScripts && (mayWait || way === 0)) {
      server.run('EVAL', RELAY, '0', ...request);
    } else if (mayWait) {
      return;
    } else if (way === 1) {
      server.run('MULTI');
      server.run(...request);
      server.run('EXEC');
    } else server.run(...request);
  }

  /** What happens to many keys at once. */
  #disturb(): void {
    const server = this.#server;
    const { keyspace } = server.instance;
    const number = (): string => String(this.#random.below(4));
    switch (this.#random.below(9)) {
      case 0:
        server.run('FLUSHDB', this.#pick(['SYNC', 'ASYNC']));
        return;
      case 1:
        server.run('FLUSHALL');
        return;
      case 2:
        server.run('SWAPDB', number(), number());
        return;
      case 3:
        server.clock.advance(this.#random.below(2000) * 1000);
        keyspace.tick(server.clock.now());
        keyspace.expireDue(100);
        return;
      case 4:
        keyspace.freeRetired(this.#random.below(10));
        return;
      case 5:
        server.run('CONFIG', 'SET', 'maxmemory', this.#pick(['128kb', '512kb', '1mb']));
        return;
      case 6:
        server.run('DEBUG', 'POPULATE', '50', `more:${number()}`, '300');
        return;
      default:
        // Large enough for others to be evicted.
        server.run('SET', `large:${number()}`, 'x'.repeat(this.#random.below(60_000)));
        if (this.#random.below(2) === 0) server.run('UNLINK', `large:${number()}`);
    }
  }

  /** What is not in the file that was there when it began, or the other way round. */
  difference(seed: number): string[] {
    this.#begin(seed);
    return this.#compare(this.#server.zone, (between) => this.#play(100, between));
  }

  /** The same of the zone of sessions. */
  differenceOfSessions(seed: number): string[] {
    this.#begin(seed);
    const zone = this.#server.instance.keyspace.zone('sessions') as Zone;
    return this.#compare(zone, (between) => this.#playSessions(100, between));
  }

  #playSessions(count: number, between: () => void): void {
    const server = this.#server;
    const key = (): string => `k${this.#random.below(30)}`;
    const pair = (): string[] => ['user', `${this.#random.below(5)}`];
    for (let i = 0; i < count; i++) {
      const life = String(1 + this.#random.below(500));
      const request = this.#pick([
        ['SESSION.SET', 'web', key(), 'v'.repeat(this.#random.below(200)), life],
        ['SESSION.SET', 'web', key(), 'v', life, 'META', '1', ...pair()],
        ['SESSION.SET', 'web', key(), 'v', life, 'META', '2', ...pair(), ...pair()],
        ['SESSION.SET', 'web', key(), 'v', life, 'OLD', key(), 'META', '1', ...pair()],
        ['SESSION.TOUCH', 'web', key(), life],
        ['SESSION.DEL', 'web', key()],
        ['SESSION.DELALL', 'web', ...pair()],
      ]);
      server.run(...request);
      if (this.#random.below(10) === 0) {
        server.clock.advance(this.#random.below(20) * 1000);
        server.instance.keyspace.tick(server.clock.now());
        server.instance.keyspace.expireDue(100);
      }
      between();
    }
  }

  #compare(zone: Zone, play: (between: () => void) => void): string[] {
    const server = this.#server;
    const other = this.#other;
    play(() => {});
    const model = contentOf(server, zone);
    const now = server.clock.now();
    const taking = beginSnapshot(server, zone.name, this.#pick(LARGE_SIZES));
    const slices = this.#random.below(40);
    play(() => {
      if (this.#random.below(100) < slices) taking.step();
    });
    const bytes = taking.end();
    expect(zone.table.guard).toBeUndefined();
    other.run('FLUSHALL');
    other.clock.set(now);
    other.instance.keyspace.tick(now);
    loadSnapshot(other, bytes, zone.name);
    const loaded = other.instance.keyspace.zone(zone.name) as Zone;
    expect(other.instance.keyspace.audit(loaded)).toBeUndefined();
    const found = contentOf(other, loaded);
    const names = new Set([...model.keys(), ...found.keys()]);
    return [...names].filter((name) => model.get(name) !== found.get(name));
  }
}

describe('a snapshot that is taken while everything changes', () => {
  const registry = new Registry(families);
  const commands = [...registry.all()].filter(isFuzzed);
  const grammar = new Grammar(commands, payloads());

  test.each(Array.from({ length: Math.ceil(ROUNDS / BLOCK) }, (_, i) => i))(
    'is the moment it began (%i)',
    (block) => {
      const rounds = new Rounds(grammar);
      for (let seed = block * BLOCK; seed < (block + 1) * BLOCK; seed++) {
        expect([seed, rounds.difference(seed)]).toEqual([seed, []]);
      }
    },
  );

  test('is the moment it began, of sessions and their indexes too', () => {
    const rounds = new Rounds(grammar);
    for (let seed = 0; seed < ROUNDS / 5; seed++) {
      expect([seed, rounds.differenceOfSessions(seed)]).toEqual([seed, []]);
    }
  });
});
