/** Databases as a whole: how many keys, none any more, or another's. */

import type { Call } from '../../src/dispatch/call.ts';
import { family } from '../../src/dispatch/command.ts';
import { FOR_ALL } from '../../src/instance/effects.ts';
import { type ErrorReply, errors } from '../../src/resp/errors.ts';

const { command } = family('server');

export const dbsize = command({
  syntax: 'DBSIZE',
  summary: 'Counts the keys of the selected database.',
  since: '1.0.0',
  complexity: 'O(1)',
  flags: ['readonly', 'fast'],
  categories: ['keyspace'],
  tips: ['request_policy:all_shards', 'response_policy:agg_sum'],
  run({ db, reply }) {
    reply.integer(db.size);
  },
});

/** What FLUSHDB and FLUSHALL have in common. */
const flushing = {
  flags: ['write'],
  categories: ['keyspace', 'dangerous'],
  arguments: { ASYNC: { since: '4.0.0' }, SYNC: { since: '6.2.0' } },
  tips: ['request_policy:all_shards', 'response_policy:all_succeeded'],
  history: [
    ['4.0.0', 'Added the `ASYNC` flushing mode modifier.'],
    ['6.2.0', 'Added the `SYNC` flushing mode modifier.'],
  ],
} as const;

function isAsync({ argv, instance }: Call): boolean {
  if (argv.count === 1) return instance.config.values.lazyfreeLazyUserFlush;
  if (argv.count === 2 && argv.is(1, 'ASYNC')) return true;
  if (argv.count === 2 && argv.is(1, 'SYNC')) return false;
  throw errors.syntax;
}

export const flushdb = command({
  syntax: 'FLUSHDB [ASYNC | SYNC]',
  summary: 'Removes all keys of the selected database.',
  since: '1.0.0',
  complexity: 'O(N) where N is the number of keys in the selected database',
  ...flushing,
  run(call) {
    call.db.clear(isAsync(call));
    call.instance.effects.force(FOR_ALL);
    call.reply.ok();
  },
});

export const flushall = command({
  syntax: 'FLUSHALL [ASYNC | SYNC]',
  summary: 'Removes all keys of all databases, those of every zone included.',
  since: '1.0.0',
  complexity: 'O(N) where N is the total number of keys in all databases',
  ...flushing,
  run(call) {
    // A zone is emptied at once, without visiting what is in it: the modes are the same.
    isAsync(call);
    const { saving } = call.instance;
    // As in Redis: what is being saved is of no use any more.
    saving.abort();
    call.keyspace.clear();
    saving.afterFlush();
    call.instance.effects.force(FOR_ALL);
    call.reply.ok();
  },
});

const INT_MAX = 2 ** 31 - 1;

function numberAt({ args }: Call, index: number, refusal: ErrorReply): number {
  try {
    return args.integerBetween(index, -INT_MAX - 1, INT_MAX, refusal);
  } catch {
    throw refusal;
  }
}

export const swapdb = command({
  syntax: 'SWAPDB index1 index2',
  summary: 'Exchanges the keys of two databases of one zone.',
  since: '4.0.0',
  complexity:
    'O(N) where N is the count of clients watching or blocking on keys from both databases.',
  flags: ['write', 'fast'],
  categories: ['keyspace', 'dangerous'],
  run(call) {
    const { keyspace, reply } = call;
    const first = numberAt(call, 1, errors.invalidFirstDbIndex);
    const second = numberAt(call, 2, errors.invalidSecondDbIndex);
    const { databases } = keyspace;
    if (databases[first] === undefined || databases[second] === undefined) {
      throw errors.dbIndexOutOfRange;
    }
    keyspace.swap(first, second);
    reply.ok();
  },
});
