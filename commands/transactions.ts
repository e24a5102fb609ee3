/** Requests that run as one, and only if certain keys have not changed. */

import { family } from '../src/dispatch/command.ts';
import { endTransaction, runQueued } from '../src/dispatch/transaction.ts';
import { errors } from '../src/resp/errors.ts';

const { command } = family('transactions');

export const multi = command({
  syntax: 'MULTI',
  summary: 'Begins a transaction: what follows is queued.',
  since: '1.2.0',
  complexity: 'O(1)',
  flags: ['noscript', 'loading', 'stale', 'fast', 'allow_busy'],
  run({ client, reply, instance }) {
    if (client.queue !== undefined) throw errors.nestedMulti;
    client.queue = instance.queues.take();
    reply.ok();
  },
});

export const exec = command({
  syntax: 'EXEC',
  summary: 'Runs what has been queued, if no watched key has changed.',
  since: '1.2.0',
  complexity: 'Depends on commands in the transaction',
  flags: ['noscript', 'loading', 'stale', 'skip_slowlog'],
  run(call) {
    const { client, reply, instance } = call;
    const { queue, isAborted, watcher } = client;
    if (queue === undefined) throw errors.execWithoutMulti;
    const isBroken = instance.watches.isBroken(watcher);
    if (isAborted || isBroken) {
      endTransaction(client, instance);
      if (isAborted) throw errors.execAbort;
      reply.nullArray();
      return;
    }
    client.queue = undefined;
    endTransaction(client, instance);
    reply.array(queue.count);
    runQueued(call, queue);
  },
});

export const discard = command({
  syntax: 'DISCARD',
  summary: 'Ends a transaction without running it.',
  since: '2.0.0',
  complexity: 'O(N), when N is the number of queued commands',
  flags: ['noscript', 'loading', 'stale', 'fast', 'allow_busy'],
  run({ client, reply, instance }) {
    if (client.queue === undefined) throw errors.discardWithoutMulti;
    endTransaction(client, instance);
    reply.ok();
  },
});

export const watch = command({
  syntax: 'WATCH key [key ...]',
  summary: 'Lets the next transaction run only if these keys have not changed by then.',
  since: '2.2.0',
  complexity: 'O(1) for every key.',
  keys: 'RO',
  notFlags: ['readonly'],
  flags: ['noscript', 'loading', 'stale', 'fast', 'allow_busy'],
  run({ argv, db, client, reply, instance }) {
    if (client.queue !== undefined) throw errors.watchInMulti;
    // What is lost already needs no more watching.
    if (!client.watcher.isDirty) {
      for (let i = 1; i < argv.count; i++) instance.watches.watch(client.watcher, db, argv.copy(i));
    }
    reply.ok();
  },
});

export const unwatch = command({
  syntax: 'UNWATCH',
  summary: 'Forgets all watched keys.',
  since: '2.2.0',
  complexity: 'O(1)',
  flags: ['noscript', 'loading', 'stale', 'fast', 'allow_busy'],
  run({ client, reply, instance }) {
    instance.watches.forget(client.watcher);
    reply.ok();
  },
});
