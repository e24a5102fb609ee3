/**
 * What sorted set commands do at the lowest and the highest end, those that wait included.
 *
 * Nobody here replies that there is nothing: a command that waits says something else then.
 */

import type { Call } from '../../src/dispatch/call.ts';
import { events } from '../../src/keyspace/events.ts';
import { errors } from '../../src/resp/errors.ts';
import { SortedSet } from '../../src/value/sorted-set.ts';
import { TYPE_SORTED_SET } from '../../src/value/type.ts';

/** The lens of these commands: they run one at a time. */
const set = new SortedSet();

/** Points at the sorted set of a key that is going to be written. False: there is none. */
export function openForWrite({ argv, db }: Call, key: number): boolean {
  const entry = db.findForWrite(argv, key);
  if (entry === 0) return false;
  db.expectType(entry, TYPE_SORTED_SET);
  set.open(db.zone, entry);
  return true;
}

/** Replies up to `count` members from one end of the open set, and removes them. */
function take(
  { argv, db, reply }: Call,
  key: number,
  fromLowest: boolean,
  count: number,
  nests: boolean,
): void {
  const all = set.count;
  // From the highest on places are asked for again and again.
  if (!fromLowest) set.indexRanks();
  set.seek(fromLowest ? 0 : all - 1);
  for (let left = count; ; ) {
    if (nests) reply.array(2);
    set.writeCurrent(reply);
    reply.double(set.currentScore);
    if (--left === 0) break;
    if (fromLowest) set.next();
    else set.previous();
  }
  const from = fromLowest ? 0 : all - count;
  if (count === 1) set.removeSought();
  else set.removeRanks(from, from + count);
  db.changedKey(argv, key, fromLowest ? events.zpopmin : events.zpopmax, count);
  if (set.count === 0) db.removeEmpty(argv, key, set.entry);
  else set.settle();
}

/** Replies the member at one end of the open set, the set of a key, and removes it. */
export function popOne(call: Call, key: number, fromLowest: boolean): void {
  call.reply.array(2);
  take(call, key, fromLowest, 1, false);
}

/** The same, as BZPOPMIN replies it: the key, the member and its score. */
export function popOneWithKey(call: Call, key: number, fromLowest: boolean): void {
  const { argv, reply } = call;
  reply.array(3);
  reply.bulk(argv.bytes, argv.starts[key], argv.ends[key]);
  take(call, key, fromLowest, 1, false);
  const { effects } = call.instance;
  if (effects.isOn) effects.instead(argv, fromLowest ? 'ZPOPMIN' : 'ZPOPMAX', key);
}

/** Replies up to `count` members from one end of the open set, and removes them. */
export function popMany(call: Call, key: number, fromLowest: boolean, count: number): void {
  const { reply } = call;
  const taken = Math.min(count, set.count);
  reply.array(reply.resp3 ? taken : taken * 2);
  if (taken > 0) take(call, key, fromLowest, taken, reply.resp3);
}

/** The same, as ZMPOP replies it: the key, then pairs of member and score. */
export function popManyWithKey(call: Call, key: number, fromLowest: boolean, count: number): void {
  const { argv, reply } = call;
  const taken = Math.min(count, set.count);
  reply.array(2);
  reply.bulk(argv.bytes, argv.starts[key], argv.ends[key]);
  reply.array(taken);
  take(call, key, fromLowest, taken, true);
  const { effects } = call.instance;
  if (effects.isOn) {
    effects.instead(argv, fromLowest ? 'ZPOPMIN' : 'ZPOPMAX', key, String(taken));
  }
}

/** Reads `numkeys key [key ...] <MIN | MAX> [COUNT count]` from argument `at` to the end. */
export function readPops({ argv, args }: Call, at: number) {
  const first = at + 1;
  const end = first + args.integerFrom(at, 1, errors.keyCountNotPositive);
  if (end >= argv.count) throw errors.syntax;
  const fromLowest = argv.is(end, 'MIN');
  if (!fromLowest && !argv.is(end, 'MAX')) throw errors.syntax;
  let count = 0;
  for (let i = end + 1; i < argv.count; i += 2) {
    if (count > 0 || !argv.is(i, 'COUNT') || i + 1 === argv.count) throw errors.syntax;
    count = args.integerFrom(i + 1, 1, errors.countNotPositive);
  }
  return { first, end, fromLowest, count: Math.max(1, count) };
}
