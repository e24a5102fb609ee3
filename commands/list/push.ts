/** Lists, at their ends: elements pushed, popped and moved from one to another. */

import type { Call } from '../../src/dispatch/call.ts';
import { family } from '../../src/dispatch/command.ts';
import { errors } from '../../src/resp/errors.ts';
import { TYPE_LIST } from '../../src/value/type.ts';
import {
  isLeft,
  list,
  move,
  openForWrite,
  popMany,
  popManyWithKey,
  popOne,
  push,
  readPops,
} from './ends.ts';

const { command } = family('list');

const PUSH_COMPLEXITY =
  'O(1) for each element added, so O(N) to add N elements when the command is called with ' +
  'multiple arguments.';

// ── LPUSH and RPUSH ─────────────────────────────────────────────────────────────────────────────

function pushAll(call: Call, atFirst: boolean): void {
  push(call, 1, 2, call.argv.count, atFirst);
  call.reply.integer(list.count);
}

function pushIfThere(call: Call, atFirst: boolean): void {
  if (openForWrite(call, 1)) pushAll(call, atFirst);
  else call.reply.integer(0);
}

export const lpush = command({
  syntax: 'LPUSH key element [element ...]',
  summary: 'Puts elements in front of a list, the last one first, or makes a list of them.',
  since: '1.0.0',
  complexity: PUSH_COMPLEXITY,
  keys: 'RW insert',
  flags: ['denyoom', 'fast'],
  history: [['2.4.0', 'Accepts multiple `element` arguments.']],
  run: (call) => pushAll(call, true),
});

export const rpush = command({
  syntax: 'RPUSH key element [element ...]',
  summary: 'Puts elements at the end of a list, or makes a list of them.',
  since: '1.0.0',
  complexity: PUSH_COMPLEXITY,
  keys: 'RW insert',
  flags: ['denyoom', 'fast'],
  history: [['2.4.0', 'Accepts multiple `element` arguments.']],
  run: (call) => pushAll(call, false),
});

export const lpushx = command({
  syntax: 'LPUSHX key element [element ...]',
  summary: 'Puts elements in front of a list that exists, the last one first.',
  since: '2.2.0',
  complexity: PUSH_COMPLEXITY,
  keys: 'RW insert',
  flags: ['denyoom', 'fast'],
  history: [['4.0.0', 'Accepts multiple `element` arguments.']],
  run: (call) => pushIfThere(call, true),
});

export const rpushx = command({
  syntax: 'RPUSHX key element [element ...]',
  summary: 'Puts elements at the end of a list that exists.',
  since: '2.2.0',
  complexity: PUSH_COMPLEXITY,
  keys: 'RW insert',
  flags: ['denyoom', 'fast'],
  history: [['4.0.0', 'Accepts multiple `element` arguments.']],
  run: (call) => pushIfThere(call, false),
});

// ── LPOP and RPOP ───────────────────────────────────────────────────────────────────────────────

function pop(call: Call, fromFirst: boolean): void {
  const { argv, args, reply } = call;
  const isSingle = argv.count === 2;
  if (argv.count > 3) throw errors.wrongArity(fromFirst ? 'lpop' : 'rpop');
  const count = isSingle ? 1 : args.integerFrom(2, 0, errors.notPositive);
  if (!openForWrite(call, 1)) {
    if (isSingle) reply.null();
    else reply.nullArray();
  } else if (isSingle) {
    popOne(call, 1, fromFirst);
  } else if (count === 0) {
    reply.array(0);
  } else {
    popMany(call, 1, fromFirst, count);
  }
}

export const lpop = command({
  syntax: 'LPOP key [count]',
  summary: 'Removes the first elements of a list and tells them.',
  since: '1.0.0',
  complexity: 'O(N) where N is the number of elements returned',
  keys: 'RW access delete',
  flags: ['fast'],
  arguments: { count: { since: '6.2.0' } },
  history: [['6.2.0', 'Added the `count` argument.']],
  run: (call) => pop(call, true),
});

export const rpop = command({
  syntax: 'RPOP key [count]',
  summary: 'Removes the last elements of a list and tells them, the last one first.',
  since: '1.0.0',
  complexity: 'O(N) where N is the number of elements returned',
  keys: 'RW access delete',
  flags: ['fast'],
  arguments: { count: { since: '6.2.0' } },
  history: [['6.2.0', 'Added the `count` argument.']],
  run: (call) => pop(call, false),
});

export const lmpop = command({
  syntax: 'LMPOP numkeys key [key ...] <LEFT | RIGHT> [COUNT count]',
  summary: 'Removes elements from the first of some lists that has any, and tells them.',
  since: '7.0.0',
  complexity:
    'O(N+M) where N is the number of provided keys and M is the number of elements returned.',
  keys: 'RW access delete',
  run(call) {
    const { first, end, fromFirst, count } = readPops(call, 1);
    for (let key = first; key < end; key++) {
      if (openForWrite(call, key)) return popManyWithKey(call, key, fromFirst, count);
    }
    call.reply.nullArray();
  },
});

// ── LMOVE ───────────────────────────────────────────────────────────────────────────────────────

export const lmove = command({
  syntax: 'LMOVE source destination <LEFT | RIGHT> <LEFT | RIGHT>',
  summary: 'Moves an element from one end of a list to an end of another, and tells it.',
  since: '6.2.0',
  complexity: 'O(1)',
  keys: ['RW access delete', 'RW insert'],
  flags: ['denyoom'],
  arguments: { where: { name: 'wherefrom' }, 'where 2': { name: 'whereto' } },
  run(call) {
    const fromFirst = isLeft(call.argv, 3);
    const toFirst = isLeft(call.argv, 4);
    if (!move(call, 1, 2, fromFirst, toFirst)) call.reply.null();
  },
});

export const rpoplpush = command({
  syntax: 'RPOPLPUSH source destination',
  summary: 'Moves the last element of a list to the front of another, and tells it.',
  since: '1.2.0',
  complexity: 'O(1)',
  keys: ['RW access delete', 'RW insert'],
  flags: ['denyoom'],
  deprecated: { since: '6.2.0', use: '`LMOVE` with the `RIGHT` and `LEFT` arguments' },
  run(call) {
    if (!move(call, 1, 2, false, true)) call.reply.null();
  },
});

export const llen = command({
  syntax: 'LLEN key',
  summary: 'Counts the elements of a list.',
  since: '1.0.0',
  complexity: 'O(1)',
  keys: 'RO',
  flags: ['fast'],
  run({ argv, db, reply }) {
    const entry = db.find(argv, 1);
    if (entry !== 0) db.expectType(entry, TYPE_LIST);
    reply.integer(entry === 0 ? 0 : list.open(db.zone, entry).count);
  },
});
