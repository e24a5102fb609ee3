/** Saves: SAVE, BGSAVE, and when the last one was. */

import { family } from '../../src/dispatch/command.ts';
import { errors } from '../../src/resp/errors.ts';

const { command } = family('server');

const MORE_FILES = 'Each zone beyond the default one has a file of its own, if it holds anything.';

export const save = command({
  syntax: 'SAVE',
  summary: 'Writes all keys to files before it answers.',
  since: '1.0.0',
  complexity: 'O(N) where N is the total number of keys in all databases',
  flags: ['no_async_loading', 'admin', 'noscript', 'no_multi'],
  differs: MORE_FILES,
  run({ reply, instance: { saving } }) {
    if (saving.isRunning) throw errors.saveInProgress;
    if (!saving.save()) throw errors.saveFailed;
    reply.ok();
  },
});

export const bgsave = command({
  syntax: 'BGSAVE [SCHEDULE]',
  summary: 'Writes all keys, as they are now, to files while the server goes on.',
  since: '1.0.0',
  complexity: 'O(1)',
  arguments: { SCHEDULE: { since: '3.2.2' } },
  flags: ['no_async_loading', 'admin', 'noscript'],
  history: [['3.2.2', 'Added the `SCHEDULE` option.']],
  differs: `${MORE_FILES} There is no child process: the server writes by itself, in slices.`,
  run({ argv, client, reply, instance: { appendOnly, saving } }) {
    if (argv.count > 2 || (argv.count === 2 && !argv.is(1, 'SCHEDULE'))) throw errors.syntax;
    if (saving.isRunning) throw errors.saveInProgress;
    if (appendOnly.isRewriting && argv.count === 1 && client.mayBlock) {
      throw errors.otherChildActive;
    }
    if (!client.mayBlock || appendOnly.isRewriting) {
      // In a transaction: after it.
      saving.isScheduled = true;
      reply.simple('Background saving scheduled');
      return;
    }
    // Whoever can't begin has failed at once, where Redis's child would a moment later.
    saving.begin();
    reply.simple('Background saving started');
  },
});

export const lastsave = command({
  syntax: 'LASTSAVE',
  summary: 'Tells when the last save was, in Unix seconds.',
  since: '1.0.0',
  complexity: 'O(1)',
  flags: ['loading', 'stale', 'fast'],
  categories: ['admin', 'dangerous'],
  tips: ['nondeterministic_output'],
  run: ({ reply, instance }) => reply.integer(instance.saving.lastSave),
});
