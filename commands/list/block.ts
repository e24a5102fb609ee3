/** Lists, for those who wait: the commands at the ends that block until there is an element. */

import { WAKES_FOR_VALUES, waitForKeys } from '../../src/dispatch/blocked.ts';
import type { Call } from '../../src/dispatch/call.ts';
import { family } from '../../src/dispatch/command.ts';
import { TYPE_LIST } from '../../src/value/type.ts';
import { isLeft, move, openForWrite, popManyWithKey, popOneWithKey, readPops } from './ends.ts';

const { command } = family('list');

const TIMEOUT_AS_DOUBLE = [
  '6.0.0',
  '`timeout` is interpreted as a double instead of an integer.',
] as const;

/** Argument `index`, seconds, as when to stop waiting. */
function deadlineAt({ args, db }: Call, index: number): number {
  return args.timeoutAt(index, 1000, db.zone.now);
}

function popOrWait(call: Call, fromFirst: boolean): void {
  const last = call.argv.count - 1;
  const deadline = deadlineAt(call, last);
  for (let key = 1; key < last; key++) {
    if (openForWrite(call, key)) return popOneWithKey(call, key, fromFirst);
  }
  waitForKeys(call, 1, last, TYPE_LIST, deadline);
}

export const blpop = command({
  syntax: 'BLPOP key [key ...] timeout',
  summary: 'Removes the first element of the first of some lists that has any, or waits for one.',
  since: '2.0.0',
  complexity: 'O(N) where N is the number of provided keys.',
  keys: 'RW access delete',
  flags: ['blocking'],
  differs: WAKES_FOR_VALUES,
  history: [TIMEOUT_AS_DOUBLE],
  run: (call) => popOrWait(call, true),
});

export const brpop = command({
  syntax: 'BRPOP key [key ...] timeout',
  summary: 'Removes the last element of the first of some lists that has any, or waits for one.',
  since: '2.0.0',
  complexity: 'O(N) where N is the number of provided keys.',
  keys: 'RW access delete',
  flags: ['blocking'],
  differs: WAKES_FOR_VALUES,
  history: [TIMEOUT_AS_DOUBLE],
  run: (call) => popOrWait(call, false),
});

export const blmpop = command({
  syntax: 'BLMPOP timeout numkeys key [key ...] <LEFT | RIGHT> [COUNT count]',
  summary: 'Removes elements from the first of some lists that has any, or waits for some.',
  since: '7.0.0',
  complexity:
    'O(N+M) where N is the number of provided keys and M is the number of elements returned.',
  keys: 'RW access delete',
  flags: ['blocking'],
  differs: WAKES_FOR_VALUES,
  run(call) {
    const { first, end, fromFirst, count } = readPops(call, 2);
    const deadline = deadlineAt(call, 1);
    for (let key = first; key < end; key++) {
      if (openForWrite(call, key)) return popManyWithKey(call, key, fromFirst, count);
    }
    waitForKeys(call, first, end, TYPE_LIST, deadline);
  },
});

function moveOrWait(call: Call, fromFirst: boolean, toFirst: boolean, timeout: number): void {
  const deadline = deadlineAt(call, timeout);
  if (move(call, 1, 2, fromFirst, toFirst)) {
    const { argv, instance } = call;
    const { effects } = instance;
    if (!effects.isOn) return;
    if (timeout === 5) effects.instead(argv, 'LMOVE', 1, 2, 3, 4);
    else effects.instead(argv, 'RPOPLPUSH', 1, 2);
    return;
  }
  if (call.client.mayBlock) waitForKeys(call, 1, 2, TYPE_LIST, deadline);
  else call.reply.null();
}

export const blmove = command({
  syntax: 'BLMOVE source destination <LEFT | RIGHT> <LEFT | RIGHT> timeout',
  summary: 'Moves an element from one end of a list to an end of another, or waits for one.',
  since: '6.2.0',
  complexity: 'O(1)',
  arguments: { where: { name: 'wherefrom' }, 'where 2': { name: 'whereto' } },
  keys: ['RW access delete', 'RW insert'],
  flags: ['denyoom', 'blocking'],
  differs: WAKES_FOR_VALUES,
  run(call) {
    const fromFirst = isLeft(call.argv, 3);
    moveOrWait(call, fromFirst, isLeft(call.argv, 4), 5);
  },
});

export const brpoplpush = command({
  syntax: 'BRPOPLPUSH source destination timeout',
  summary: 'Moves the last element of a list to the front of another, or waits for one.',
  since: '2.2.0',
  complexity: 'O(1)',
  keys: ['RW access delete', 'RW insert'],
  flags: ['denyoom', 'blocking'],
  differs: WAKES_FOR_VALUES,
  deprecated: { since: '6.2.0', use: '`BLMOVE` with the `RIGHT` and `LEFT` arguments' },
  history: [TIMEOUT_AS_DOUBLE],
  run: (call) => moveOrWait(call, false, true, 3),
});
