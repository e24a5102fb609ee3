/** Sorted sets, at their ends: the lowest and the highest members taken away. */

import type { Call } from '../../src/dispatch/call.ts';
import { family } from '../../src/dispatch/command.ts';
import { errors } from '../../src/resp/errors.ts';
import { openForWrite, popMany, popManyWithKey, popOne, readPops } from './ends.ts';

const { command } = family('sorted-set');

function pop(call: Call, fromLowest: boolean): void {
  const { argv, args, reply } = call;
  if (argv.count > 3) throw errors.syntax;
  const isSingle = argv.count === 2;
  const count = isSingle ? 1 : args.integerFrom(2, 0, errors.notPositive);
  if (!openForWrite(call, 1)) reply.array(0);
  else if (isSingle) popOne(call, 1, fromLowest);
  else popMany(call, 1, fromLowest, count);
}

/** What ZPOPMIN and ZPOPMAX have in common. */
const popping = {
  since: '5.0.0',
  complexity:
    'O(log(N)*M) with N being the number of elements in the sorted set, and M being the number of ' +
    'elements popped.',
  keys: 'RW access delete',
  flags: ['fast'],
} as const;

export const zpopmin = command({
  syntax: 'ZPOPMIN key [count]',
  summary: 'Removes the members with the lowest scores, and the sorted set with the last of them.',
  ...popping,
  run: (call) => pop(call, true),
});

export const zpopmax = command({
  syntax: 'ZPOPMAX key [count]',
  summary: 'Removes the members with the highest scores, and the sorted set with the last of them.',
  ...popping,
  run: (call) => pop(call, false),
});

export const zmpop = command({
  syntax: 'ZMPOP numkeys key [key ...] <MIN | MAX> [COUNT count]',
  summary: 'Removes members at one end of the first of some sorted sets that is there.',
  since: '7.0.0',
  complexity:
    'O(K) + O(M*log(N)) where K is the number of provided keys, N being the number of elements ' +
    'in the sorted set, and M being the number of elements popped.',
  keys: 'RW access delete',
  run(call) {
    const { first, end, fromLowest, count } = readPops(call, 1);
    for (let key = first; key < end; key++) {
      if (openForWrite(call, key)) return popManyWithKey(call, key, fromLowest, count);
    }
    call.reply.nullArray();
  },
});
