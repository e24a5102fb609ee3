/** What the server tells of itself: INFO, TIME, LOLWUT; and that it may go: SHUTDOWN. */

import type { Call } from '../../src/dispatch/call.ts';
import { family } from '../../src/dispatch/command.ts';
import { infoText } from '../../src/dispatch/info.ts';
import { REDIS_VERSION } from '../../src/instance/version.ts';
import { errors } from '../../src/resp/errors.ts';
import { unixMicros } from '../../src/std/clock.ts';

const { command } = family('server');

export const info = command({
  syntax: 'INFO [section [section ...]]',
  summary: 'Tells about the server and what it has done.',
  since: '1.0.0',
  complexity: 'O(1)',
  flags: ['loading', 'stale'],
  categories: ['dangerous'],
  tips: ['nondeterministic_output', 'request_policy:all_shards', 'response_policy:special'],
  history: [['7.0.0', 'Added support for taking multiple section arguments.']],
  run({ argv, reply, instance }) {
    const asked: string[] = [];
    for (let i = 1; i < argv.count; i++) asked.push(argv.text(i));
    reply.verbatim('txt', infoText(instance, asked));
  },
});

export const time = command({
  syntax: 'TIME',
  summary: 'Tells the time: Unix seconds, and microseconds of the second.',
  since: '2.6.0',
  complexity: 'O(1)',
  flags: ['loading', 'stale', 'fast'],
  tips: ['nondeterministic_output'],
  run({ client, instance, reply }) {
    const now = client.isScript ? instance.scriptRuns.now : unixMicros(instance.clock);
    reply.array(2);
    reply.bulkInteger(Math.floor(now / 1_000_000));
    reply.bulkInteger(now % 1_000_000);
  },
});

const MAZE_SIDE_MAX = 1000;

/** Argument `index` as the width or height of a maze. */
function sideAt({ args, argv }: Call, index: number, otherwise: number): number {
  if (index >= argv.count) return otherwise;
  return Math.min(MAZE_SIDE_MAX, Math.max(1, args.integerAt(index)));
}

function maze({ instance: { random } }: Call, width: number, height: number): string {
  let text = '';
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) text += random.below(2) === 0 ? '/' : '\\';
    text += '\n';
  }
  return `${text}\n`;
}

export const lolwut = command({
  syntax: 'LOLWUT [VERSION version]',
  summary: 'Tells the version, and draws a maze for those of Redis that drew something.',
  since: '5.0.0',
  flags: ['readonly', 'fast'],
  run(call) {
    const { args, argv, reply } = call;
    const isNamed = argv.count > 2 && argv.is(1, 'VERSION');
    const version = isNamed ? args.integerAt(2) : 0;
    let drawing = '';
    if (version === 5) {
      const width = sideAt(call, 3, 66);
      for (let i = 4; i < Math.min(6, argv.count); i++) args.integerAt(i); // Squares, of which we have none.
      drawing = maze(call, width, 10);
    } else if (version === 6) {
      drawing = maze(call, sideAt(call, 3, 80), sideAt(call, 4, 20));
    }
    reply.verbatim('txt', `${drawing}Redis ver. ${REDIS_VERSION}\n`);
  },
});

export const shutdown = command({
  syntax: 'SHUTDOWN [NOSAVE | SAVE] [NOW] [FORCE] [ABORT]',
  summary: 'Ends the server in good order.',
  since: '1.0.0',
  complexity:
    'O(N) when saving, where N is the total number of keys in all databases when saving data, otherwise O(1)',
  flags: ['admin', 'noscript', 'loading', 'stale', 'no_multi', 'allow_busy'],
  arguments: {
    'nosave-save': { name: 'save-selector' },
    NOW: { since: '7.0.0' },
    FORCE: { since: '7.0.0' },
    ABORT: { since: '7.0.0' },
  },
  history: [['7.0.0', 'Added the `NOW`, `FORCE` and `ABORT` modifiers.']],
  run({ argv, instance }) {
    const given = new Set<string>();
    for (let i = 1; i < argv.count; i++) given.add(argv.text(i).toUpperCase());
    const isAbort = given.delete('ABORT');
    for (const word of given) {
      if (!['NOSAVE', 'SAVE', 'NOW', 'FORCE'].includes(word)) throw errors.syntax;
    }
    if (isAbort && given.size > 0) throw errors.syntax;
    if (given.has('NOSAVE') && given.has('SAVE')) throw errors.syntax;
    if (isAbort) throw errors.noShutdown;
    // What a script is in the middle of is not to be kept.
    const { busy } = instance.scriptRuns;
    if (busy !== undefined && !given.has('NOSAVE')) throw busy;
    const saves = given.has('SAVE') || (given.has('NOSAVE') ? false : undefined);
    const isForced = given.has('FORCE');
    instance.log.notice('User requested shutdown.');
    if (!instance.shutDown({ saves, isForced })) throw errors.shutdownFailed;
  },
});
