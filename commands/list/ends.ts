/**
 * What list commands do at the ends of lists, those that wait for elements included.
 *
 * Nobody here replies that there is nothing: a command that waits says something else then.
 */

import type { Call } from '../../src/dispatch/call.ts';
import { events } from '../../src/keyspace/events.ts';
import type { Argv } from '../../src/resp/argv.ts';
import { errors } from '../../src/resp/errors.ts';
import { assert } from '../../src/std/assert.ts';
import { List } from '../../src/value/list.ts';
import { TYPE_LIST } from '../../src/value/type.ts';

/** The lens of these commands: they run one at a time. */
export const list = new List();
/** Of the list an element is moved to. */
const other = new List();
/** The element that is moved, as one of a request. */
const moved = { bytes: new Uint8Array(64), starts: new Int32Array(1), ends: new Int32Array(1) };
/** Memory for elements to be moved is kept up to this. */
const MOVED_SIZE_KEPT = 64 * 1024;

/** `list-max-listpack-size`. */
export function fillOf({ instance }: Call): number {
  return instance.config.values.listMaxListpackSize;
}

/** Whether argument `index` is LEFT, and not RIGHT. */
export function isLeft(argv: Argv, index: number): boolean {
  if (argv.is(index, 'LEFT')) return true;
  if (argv.is(index, 'RIGHT')) return false;
  throw errors.syntax;
}

/**
 * Points `list` at the list of a key that is going to be written. False: there is none. Pushes and
 * pops often come one after the other at one list: it is still open then.
 */
export function openForWrite({ argv, db, instance }: Call, key: number): boolean {
  const entry = db.findForWrite(argv, key);
  if (entry === 0) return false;
  if (list.isOpenFor(instance.stats.sequence, db.zone, entry)) return true;
  db.expectType(entry, TYPE_LIST);
  list.open(db.zone, entry);
  return true;
}

/** Pushes the arguments [first, end) to the list of a key, which is made if there is none. */
export function push(call: Call, key: number, first: number, end: number, atFirst: boolean): void {
  const { argv, db } = call;
  const fill = fillOf(call);
  if (!openForWrite(call, key)) {
    const size = list.contentSize(db.zone, argv, first, end, fill);
    const entry = db.put(argv, key, 0, TYPE_LIST, size);
    list.create(db.zone, entry, List.beginsPacked(argv, first, end, fill), fill);
  }
  if (!list.push(argv, first, end, atFirst, fill)) throw errors.outOfMemory;
  list.keepOpen(call.instance.stats.sequence + 1);
  db.changedKey(argv, key, atFirst ? events.lpush : events.rpush, end - first);
}

/** Tells that elements left the open list at one end, and removes it when none is left. */
function popped(call: Call, key: number, fromFirst: boolean, count: number): void {
  const { argv, db } = call;
  db.changedKey(argv, key, fromFirst ? events.lpop : events.rpop, count);
  if (list.count === 0) {
    db.removeEmpty(argv, key, list.entry);
  } else {
    list.shrink(fillOf(call));
    list.settle();
    list.keepOpen(call.instance.stats.sequence + 1);
  }
}

/** Replies one end of the open list, the list of a key, and removes it. */
export function popOne(call: Call, key: number, fromFirst: boolean): void {
  list.popEnd(fromFirst, call.reply);
  popped(call, key, fromFirst, 1);
}

/** The same, as BLPOP replies it: the key, then the element. */
export function popOneWithKey(call: Call, key: number, fromFirst: boolean): void {
  const { argv, reply, instance } = call;
  reply.array(2);
  reply.bulk(argv.bytes, argv.starts[key], argv.ends[key]);
  popOne(call, key, fromFirst);
  const { effects } = instance;
  if (effects.isOn) effects.instead(argv, fromFirst ? 'LPOP' : 'RPOP', key);
}

/** Replies up to `count` elements from one end of the open list, and removes them. */
export function popMany(call: Call, key: number, fromFirst: boolean, count: number): void {
  const { reply } = call;
  const all = list.count;
  const taken = Math.min(count, all);
  reply.array(taken);
  list.seek(fromFirst ? 0 : -1);
  for (let i = 0; i < taken; i++) {
    list.writeCurrent(reply);
    if (fromFirst) list.next();
    else list.previous();
  }
  list.remove(fromFirst ? 0 : all - taken, taken);
  popped(call, key, fromFirst, taken);
}

/** The same, as LMPOP replies it: the key, then the elements. */
export function popManyWithKey(call: Call, key: number, fromFirst: boolean, count: number): void {
  const { argv, reply } = call;
  reply.array(2);
  reply.bulk(argv.bytes, argv.starts[key], argv.ends[key]);
  const taken = Math.min(count, list.count);
  popMany(call, key, fromFirst, count);
  const { effects } = call.instance;
  if (effects.isOn) effects.instead(argv, fromFirst ? 'LPOP' : 'RPOP', key, String(taken));
}

/** Reads `numkeys key [key ...] <LEFT | RIGHT> [COUNT count]` from argument `at` to the end. */
export function readPops({ argv, args }: Call, at: number) {
  const first = at + 1;
  const end = first + args.integerFrom(at, 1, errors.keyCountNotPositive);
  if (end >= argv.count) throw errors.syntax;
  const fromFirst = isLeft(argv, end);
  let count = 0;
  for (let i = end + 1; i < argv.count; i += 2) {
    if (count > 0 || !argv.is(i, 'COUNT') || i + 1 === argv.count) throw errors.syntax;
    count = args.integerFrom(i + 1, 1, errors.countNotPositive);
  }
  return { first, end, fromFirst, count: Math.max(1, count) };
}

/**
 * Moves an element from one end of a list to one of another, or of the same, and replies it.
 * Answers false when there is no list to take it from.
 */
export function move(
  call: Call,
  source: number,
  target: number,
  fromFirst: boolean,
  toFirst: boolean,
): boolean {
  const { argv, db, reply } = call;
  if (!openForWrite(call, source)) return false;
  const { entry } = list;
  const targetEntry = db.findForWrite(argv, target);
  if (targetEntry !== 0) db.expectType(targetEntry, TYPE_LIST);
  list.seek(fromFirst ? 0 : -1);
  const size = list.currentSize;
  if (moved.bytes.length < size) moved.bytes = new Uint8Array(size);
  list.copyCurrent(moved.bytes, 0);
  moved.ends[0] = size;

  if (targetEntry === entry) rotate(call, fromFirst, toFirst);
  else if (!moveAcross(call, source, target, targetEntry, fromFirst, toFirst)) return false;

  db.changedKey(argv, target, toFirst ? events.lpush : events.rpush, 0);
  reply.bulk(moved.bytes, 0, size);
  if (size > MOVED_SIZE_KEPT) moved.bytes = new Uint8Array(MOVED_SIZE_KEPT);
  popped(call, source, fromFirst, 1);
  return true;
}

/** Moves the element within the open list. */
function rotate(call: Call, fromFirst: boolean, toFirst: boolean): void {
  const fill = fillOf(call);
  if (!list.reserveRotation(fromFirst, toFirst, fill)) throw errors.outOfMemory;
  list.seek(fromFirst ? 0 : -1);
  list.removeCurrent(fromFirst);
  assert(list.push(moved, 0, 1, toFirst, fill), 'an element comes back where it was');
}

/**
 * Pushes the element to another list, then takes it away from its own. Answers false, and leaves
 * things as they are, when its own had to make room for it.
 */
function moveAcross(
  call: Call,
  source: number,
  target: number,
  targetEntry: number,
  fromFirst: boolean,
  toFirst: boolean,
): boolean {
  const { argv, db } = call;
  const { zone } = db;
  const fill = fillOf(call);
  if (targetEntry === 0) {
    const size = other.contentSize(zone, moved, 0, 1, fill);
    const made = db.put(argv, target, 0, TYPE_LIST, size);
    other.create(zone, made, List.beginsPacked(moved, 0, 1, fill), fill);
  } else {
    other.open(zone, targetEntry);
  }
  if (!other.push(moved, 0, 1, toFirst, fill)) throw errors.outOfMemory;
  const entry = db.peek(argv, source);
  if (entry === 0) {
    other.seek(toFirst ? 0 : -1);
    other.removeCurrent(toFirst);
    if (other.count === 0) db.removeEmpty(argv, target, other.entry);
    return false;
  }
  list.open(zone, entry);
  list.seek(fromFirst ? 0 : -1);
  list.removeCurrent(fromFirst);
  return true;
}
