/**
 * Scripting. There is no engine yet, and so no library a FUNCTION could be in: deleting all of them
 * is the one question about functions that has its true answer today. Test suites ask it first.
 */

import { family } from '../src/dispatch/command.ts';
import { errors } from '../src/resp/errors.ts';

const { command, container } = family('scripting');

export const functions = container({
  name: 'FUNCTION',
  summary: 'A container for function commands.',
  since: '7.0.0',
  help: [
    'FLUSH [ASYNC|SYNC]',
    '    Delete all the libraries.',
    '    When called without the optional mode argument, the behavior is determined by',
    '    the lazyfree-lazy-user-flush configuration directive. Valid modes are:',
    '    * ASYNC: Asynchronously flush the libraries.',
    '    * SYNC: Synchronously flush the libraries.',
  ],
});

export const functionFlush = command({
  syntax: 'FUNCTION FLUSH [ASYNC | SYNC]',
  summary: 'Deletes all libraries and functions.',
  since: '7.0.0',
  complexity: 'O(N) where N is the number of functions deleted',
  flags: ['noscript', 'write'],
  tips: ['request_policy:all_shards', 'response_policy:all_succeeded'],
  run({ argv, reply }) {
    if (argv.count > 3) throw errors.subcommandSyntax(argv);
    const isPlain = argv.count === 2;
    const hasMode = argv.count === 3 && (argv.is(2, 'ASYNC') || argv.is(2, 'SYNC'));
    if (!isPlain && !hasMode) throw errors.functionFlushMode;
    reply.ok();
  },
});
