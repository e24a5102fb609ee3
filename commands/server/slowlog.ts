/** SLOWLOG: requests that took long. */

import { family } from '../../src/dispatch/command.ts';
import { errors } from '../../src/resp/errors.ts';
import { parseInt64 } from '../../src/std/int64.ts';

const { command, container } = family('server');

const COUNT_DEFAULT = 10;

export const slowlog = container({
  name: 'SLOWLOG',
  summary: 'A container for slow log commands.',
  since: '2.2.12',
  helpSince: '6.2.0',
  help: [
    'GET [<count>]',
    '    Return top <count> entries from the slowlog (default: 10, -1 mean all).',
    '    Entries are made of:',
    '    id, timestamp, time in microseconds, arguments array, client IP and port,',
    '    client name',
    'LEN',
    '    Return the length of the slowlog.',
    'RESET',
    '    Reset the slowlog.',
  ],
});

export const slowlogGet = command({
  syntax: 'SLOWLOG GET [count]',
  summary: 'Returns the last requests that took long.',
  since: '2.2.12',
  complexity: 'O(N) where N is the number of entries returned',
  flags: ['admin', 'loading', 'stale'],
  tips: ['request_policy:all_nodes', 'nondeterministic_output'],
  history: [['4.0.0', 'Added client IP address, port and name to the reply.']],
  run({ argv, reply, instance }) {
    if (argv.count > 3) throw errors.subcommandSyntax(argv);
    const { slowLog } = instance;
    let count = COUNT_DEFAULT;
    if (argv.count === 3) {
      const asked = parseInt64(argv.bytes, argv.starts[2], argv.ends[2]);
      if (asked === undefined || asked < -1n) throw errors.slowlogCount;
      count = asked === -1n ? slowLog.length : Number(asked);
    }
    const found = slowLog.newest(count);
    reply.array(found.length);
    for (const { id, time, micros, arguments: words, address, clientName } of found) {
      reply.array(6);
      reply.integer(id);
      reply.integer(time);
      reply.integer(micros);
      reply.array(words.length);
      for (const word of words) reply.bulkText(word);
      reply.bulkText(address);
      reply.bulkText(clientName);
    }
  },
});

export const slowlogLen = command({
  syntax: 'SLOWLOG LEN',
  summary: 'Returns how many requests the slow log has.',
  since: '2.2.12',
  complexity: 'O(1)',
  flags: ['admin', 'loading', 'stale'],
  tips: ['request_policy:all_nodes', 'response_policy:agg_sum', 'nondeterministic_output'],
  run({ reply, instance }) {
    reply.integer(instance.slowLog.length);
  },
});

export const slowlogReset = command({
  syntax: 'SLOWLOG RESET',
  summary: 'Empties the slow log.',
  since: '2.2.12',
  complexity: 'O(N) where N is the number of entries in the slowlog',
  flags: ['admin', 'loading', 'stale'],
  tips: ['request_policy:all_nodes', 'response_policy:all_succeeded'],
  run({ reply, instance }) {
    instance.slowLog.clear();
    reply.ok();
  },
});
