/** What is in the way while latency is measured, as data: what is prepared, what is set off. */

import type { Address } from '../../test/support/resp-client.ts';
import { sendAll } from '../support/link.ts';
import { fillingOfMix, keyOf } from '../support/mix.ts';
import { ask, infoNumber } from '../support/requests.ts';
import { type Scope, type Setup, scaled } from '../support/setup.ts';

export interface LatencyCase {
  readonly name: string;
  readonly group: 'keys' | 'events';
  /** Keys there are, and that requests draw from. */
  readonly keyCount: number;
  /** Requests draw from so many times as many. */
  readonly spread?: number;
  /** Share of requests that are SET. */
  readonly writes: number;
  /** Arguments that every server is started with. */
  readonly args: readonly string[];
  /** Makes what the event needs, beside the keys. */
  readonly prepare?: (address: Address) => Promise<void>;
  /** Sets it off and resolves when it is over, as far as that can be seen. */
  readonly event?: (address: Address) => Promise<void>;
}

export const VALUE_SIZE = 64;

const MILLION = 1_000_000;
/** So many keys with such values are a gibibyte, in redis-server's memory. */
const GIBIBYTE_KEYS = 6_500_000;
const POLL_MS = 20;
/** What is not over by then is measured as far as it has come. */
const EVENT_MAX_MS = 120_000;
const EXPIRING = 'expiring:';
const LARGE = 'large';

const READS: Pick<LatencyCase, 'writes'> = { writes: 0.2 };

/** Room for keys and for what else a case makes, with as much again to spare. */
function roomFor(keys: number): string[] {
  const megabytes = Math.max(512, Math.ceil((keys * 400) / 2 ** 20));
  return ['--maxmemory', `${megabytes}mb`];
}

async function until(isOver: () => Promise<boolean>): Promise<void> {
  const limit = performance.now() + EVENT_MAX_MS;
  while (performance.now() < limit && !(await isOver())) {
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}

async function save(address: Address): Promise<void> {
  await ask(address, 'BGSAVE');
  await until(async () => {
    const isSaving = await infoNumber(address, 'persistence', 'rdb_bgsave_in_progress');
    return isSaving !== 1;
  });
}

/** Keys that all end at one moment, which comes while the load is on. */
function* deadlines(count: number, at: number): Generator<string[]> {
  for (let i = 0; i < count; i++) yield ['PEXPIREAT', keyOf(i, EXPIRING), String(at)];
}

function expiry(count: number, keyCount: number): Pick<LatencyCase, 'prepare' | 'event'> {
  return {
    async prepare(address) {
      await sendAll(address, fillingOfMix(count, VALUE_SIZE, EXPIRING));
    },
    async event(address) {
      // Deadlines are set under load and so late that all of them are there before the first ends.
      const begin = Date.now();
      const probe = Math.ceil(count / 20);
      await sendAll(address, deadlines(probe, begin + 3_600_000));
      const at = Date.now() + (Date.now() - begin) * 40 + 200;
      await sendAll(address, deadlines(count, at));
      await until(async () => Number((await ask(address, 'DBSIZE')).text) <= keyCount);
    },
  };
}

function* members(count: number): Generator<string[]> {
  const most = 500;
  for (let first = 0; first < count; first += most) {
    const size = Math.min(most, count - first);
    yield ['SADD', LARGE, ...Array.from({ length: size }, (_, i) => `element:${first + i}`)];
  }
}

function removal(command: 'DEL' | 'UNLINK', count: number): Pick<LatencyCase, 'prepare' | 'event'> {
  return {
    async prepare(address) {
      await sendAll(address, members(count));
    },
    async event(address) {
      await ask(address, command, LARGE);
      await until(
        async () => !((await infoNumber(address, 'memory', 'lazyfree_pending_objects')) ?? 0),
      );
    },
  };
}

const SCOPES: readonly Scope[] = ['quick', 'short', 'full'];

/** Every case of a run, in the order of the page. */
export function latencyCases(setup: Pick<Setup, 'scope' | 'scale'>): LatencyCase[] {
  const isAtLeast = (scope: Scope): boolean =>
    setup.scope === 'quick' || SCOPES.indexOf(setup.scope) >= SCOPES.indexOf(scope);
  const many = scaled(MILLION, setup);
  const five = scaled(5 * MILLION, setup);
  const gibibyte = scaled(GIBIBYTE_KEYS, setup);
  const keys = (name: string, count: number): LatencyCase => ({
    ...{ name, group: 'keys', keyCount: scaled(count, setup), ...READS },
    args: roomFor(scaled(count, setup)),
  });
  const event = (
    name: string,
    more: Partial<LatencyCase>,
    size: number = 2 * many,
  ): LatencyCase => ({
    ...{ name, group: 'events', keyCount: many, ...READS, args: roomFor(size), ...more },
  });
  // A full server of 64 MiB, and four times as many keys as it has room for.
  const room = Math.max(4, Math.ceil(64 * Math.min(1, setup.scale)));
  return [
    keys('10k keys', 10_000),
    keys('1M keys', MILLION),
    ...(isAtLeast('full') ? [keys('5M keys', 5 * MILLION)] : []),
    event('BGSAVE', { event: save }),
    ...(isAtLeast('full')
      ? [
          event('BGSAVE of 1 GiB', { event: save, keyCount: gibibyte }, gibibyte),
          event('expiry of 1M keys', expiry(many, many)),
          event('FLUSHALL ASYNC', {
            event: async (address) => void (await ask(address, 'FLUSHALL', 'ASYNC')),
          }),
          event('DEL of 5M members', removal('DEL', five), many + five),
          event('UNLINK of 5M members', removal('UNLINK', five), many + five),
        ]
      : []),
    event('eviction', {
      keyCount: Math.ceil((room * 2 ** 20) / 100),
      spread: 4,
      writes: 0.5,
      args: ['--maxmemory', `${room}mb`, '--maxmemory-policy', 'allkeys-lru'],
    }),
  ];
}
