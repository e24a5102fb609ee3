/**
 * Ways in which the requests of a scene are asked.
 *
 *   plainly              a b c d e f …
 *   in transactions      MULTI a b EXEC  MULTI c EXEC …
 *   in scripts           EVAL 'return redis.pcall(unpack(ARGV))' 0 a   EVAL … b …
 *   by two clients       1: a  2: WATCH k  1: b  2: MULTI c  1: d  2: EXEC …
 *
 * The scene is the same in every way: what is answered otherwise in one of them alone is a fault of
 * that way, and not of the command.
 */

import { SeededRandom } from '../../src/std/random.ts';
import type { Request } from './grammar-tables.ts';

/** Requests that stay together, of one client. */
export interface Unit {
  readonly requests: readonly Request[];
  readonly client: number;
}

export interface Way {
  readonly name: string;
  readonly resp: number;
  /** How many clients ask. */
  readonly clientCount: number;
  /** The part of the requests of a run that is asked like this. */
  readonly share: number;
  arrange(scene: readonly (readonly Request[])[], seed: number): Unit[];
  /** Commands that are not asked so before 7.2, by full name. */
  readonly since72?: RegExp;
  /** What is sent for a request. */
  sent(request: Request): Request;
}

/** A script that asks for what it is given. */
const RELAY = 'return redis.pcall(unpack(ARGV))';
const RELAY_RESP3 = `redis.setresp(3) ${RELAY}`;

const alone = (requests: readonly Request[]): Unit => ({ requests, client: 0 });

const asItIs = (request: Request): Request => request;

function inTransactions(scene: readonly (readonly Request[])[], seed: number): Unit[] {
  const random = new SeededRandom(seed);
  const units: Unit[] = [];
  for (let at = 0; at < scene.length; ) {
    const count = 1 + random.below(6);
    const requests = scene.slice(at, at + count).flat();
    units.push(alone([['MULTI'], ...requests, ['EXEC']]));
    at += count;
  }
  return units;
}

const [IDLE, WATCHING, QUEUING] = [0, 1, 2];

function byTwoClients(scene: readonly (readonly Request[])[], seed: number): Unit[] {
  const random = new SeededRandom(seed);
  const keys = scene.flat().flatMap(([, key]) => (key === undefined ? [] : [key]));
  const states = [IDLE, IDLE];
  const units: Unit[] = [];
  for (const requests of scene) {
    const client = random.below(2);
    if (random.below(3) === 0) {
      const [step, next] = transition(states[client], random, keys);
      units.push({ requests: [step], client });
      states[client] = next;
    }
    units.push({ requests, client });
  }
  return units;
}

/** What a client does about transactions, and what it is doing then. */
function transition(
  state: number,
  random: SeededRandom,
  keys: readonly string[],
): [Request, number] {
  const key = (): string => keys[random.below(keys.length)] ?? 'none';
  const luck = random.below(10);
  if (state === IDLE) return luck < 7 ? [['WATCH', key(), key()], WATCHING] : [['MULTI'], QUEUING];
  if (state === QUEUING) return luck < 8 ? [['EXEC'], IDLE] : [['DISCARD'], IDLE];
  if (luck < 2) return [['WATCH', key()], WATCHING];
  return luck < 3 ? [['UNWATCH'], IDLE] : [['MULTI'], QUEUING];
}

export const ways: readonly Way[] = [2, 3].flatMap((resp) => [
  {
    name: `RESP${resp}`,
    resp,
    clientCount: 1,
    share: 1,
    arrange: (scene) => scene.map(alone),
    sent: asItIs,
  },
  {
    name: `RESP${resp}, in transactions`,
    resp,
    clientCount: 1,
    share: 0.25,
    arrange: inTransactions,
    sent: asItIs,
  },
  {
    name: `RESP${resp}, in scripts`,
    resp,
    clientCount: 1,
    share: 0.25,
    arrange: (scene) => scene.map(alone),
    // What waits was not allowed in scripts; now it does not wait there.
    // And a map is told in the order of Lua's tables: one more pair in it changes all of that.
    since72: resp === 3 ? /^b[lrz](pop|mpop|move)|^xinfo/ : /^b[lrz](pop|mpop|move)/,
    sent: (request) => ['EVAL', resp === 3 ? RELAY_RESP3 : RELAY, '0', ...request],
  },
  {
    name: `RESP${resp}, by two clients`,
    resp,
    clientCount: 2,
    share: 0.25,
    arrange: byTwoClients,
    sent: asItIs,
  },
]);
