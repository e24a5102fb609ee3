/** Values as bytes that travel: DUMP and RESTORE. */

import type { Call } from '../src/dispatch/call.ts';
import { family } from '../src/dispatch/command.ts';
import { removal } from '../src/instance/effects.ts';
import { NO_DEADLINE } from '../src/keyspace/database.ts';
import { events } from '../src/keyspace/events.ts';
import { Corrupt } from '../src/persistence/byte-reader.ts';
import { dumpValue, isSigned, readDump } from '../src/persistence/dump.ts';
import { storeValue } from '../src/persistence/store.ts';
import { errors } from '../src/resp/errors.ts';
import { INT64_MAX } from '../src/std/int64.ts';

const { command } = family('generic');

export const dump = command({
  syntax: 'DUMP key',
  summary: 'Tells what a key holds in a form that RESTORE understands.',
  since: '2.6.0',
  complexity:
    'O(1) to access the key and additional O(N*M) to serialize it, where N is the number of ' +
    'Redis objects composing the value and M their average size. For small string values the ' +
    'time complexity is thus O(1)+O(1*M) where M is small, so simply O(1).',
  keys: 'RO access',
  tips: ['nondeterministic_output'],
  differs:
    'The format is that of Redis 7.0, so that it and all later ones can restore it; 7.2 writes its own. A stream whose consumers have read in vain needs 7.2.',
  run({ argv, db, reply, instance }) {
    const entry = db.find(argv, 1);
    if (entry === 0) reply.null();
    else reply.bulk(dumpValue(db, entry, instance.config.values.rdbcompression));
  },
});

interface Options {
  replace: boolean;
  isAbsolute: boolean;
  /** Seconds, or -1. */
  idle: number;
  /** 0 to 255, or -1. */
  frequency: number;
}

function readOptions({ argv, args }: Call): Options {
  const options = { replace: false, isAbsolute: false, idle: -1, frequency: -1 };
  for (let i = 4; i < argv.count; i++) {
    const hasValue = i + 1 < argv.count;
    if (argv.is(i, 'REPLACE')) options.replace = true;
    else if (argv.is(i, 'ABSTTL')) options.isAbsolute = true;
    else if (argv.is(i, 'IDLETIME') && hasValue && options.frequency < 0) {
      options.idle = args.integerAt(++i);
      if (options.idle < 0) throw errors.invalidIdleTime;
    } else if (argv.is(i, 'FREQ') && hasValue && options.idle < 0) {
      options.frequency = args.integerAt(++i);
      if (options.frequency < 0 || options.frequency > 255) throw errors.invalidFrequency;
    } else throw errors.syntax;
  }
  return options;
}

/** When the key is to expire. Redis adds without care: what 64 bits don't hold is long past. */
function deadlineOf({ args, db }: Call, isAbsolute: boolean): number {
  const base = isAbsolute ? 0 : db.zone.now;
  if (args.int64At(2) > INT64_MAX - BigInt(base)) return 0;
  return args.deadlineAt(2, 1, base, 'restore');
}

export const restore = command({
  syntax: 'RESTORE key ttl serialized-value [REPLACE] [ABSTTL] [IDLETIME seconds] [FREQ frequency]',
  summary: 'Makes a key of what DUMP told.',
  since: '2.6.0',
  complexity:
    'O(1) to create the new key and additional O(N*M) to reconstruct the serialized value, where ' +
    'N is the number of Redis objects composing the value and M their average size. For small ' +
    'string values the time complexity is thus O(1)+O(1*M) where M is small, so simply O(1). ' +
    'However for sorted set values the complexity is O(N*M*log(N)) because inserting values into ' +
    'sorted sets is O(log(N)).',
  arguments: {
    REPLACE: { since: '3.0.0' },
    ABSTTL: { since: '5.0.0' },
    IDLETIME: { since: '5.0.0' },
    FREQ: { since: '5.0.0' },
  },
  keys: 'OW update',
  flags: ['denyoom'],
  categories: ['dangerous'],
  history: [
    ['3.0.0', 'Added the `REPLACE` modifier.'],
    ['5.0.0', 'Added the `ABSTTL` modifier.'],
    ['5.0.0', 'Added the `IDLETIME` and `FREQ` options.'],
  ],
  run(call) {
    const { argv, args, db, reply, instance } = call;
    const { replace, isAbsolute, idle, frequency } = readOptions(call);
    if (!replace && db.find(argv, 1) !== 0) throw errors.busyKey;
    const ttl = args.integerAt(2);
    if (ttl < 0) throw errors.invalidTtl;
    const bytes = argv.copy(3);
    if (!isSigned(bytes, !instance.loading.skipsSums)) throw errors.wrongPayload;
    const value = readDump(bytes);
    if (value instanceof Corrupt) {
      for (const line of value.lines) instance.log.verbose(line);
      throw errors.badDataFormat;
    }

    const { zone } = db;
    const { effects } = instance;
    const deadline = ttl === 0 ? NO_DEADLINE : deadlineOf(call, isAbsolute);
    const exact = args.exactDeadline;
    if (ttl > 0 && deadline <= zone.dueBy) {
      const old = db.peek(argv, 1);
      if (old !== 0) {
        db.remove(old);
        db.tell(argv, 1, events.del);
        const isLazy = instance.config.values.lazyfreeLazyServerDel;
        if (effects.isOn) effects.instead(argv, removal(isLazy), 1);
      }
      reply.ok();
      return;
    }
    storeValue(db, argv, 1, value, deadline, instance.config.values);
    const entry = db.peek(argv, 1);
    if (ttl > 0 && exact !== undefined) zone.deadlines.setExact(entry, exact);
    if (idle >= 0 && !zone.recency.keepsFrequency) zone.recency.setIdle(entry, idle);
    if (frequency >= 0 && zone.recency.keepsFrequency) zone.recency.setFrequency(entry, frequency);
    db.changedKey(argv, 1, events.restore);
    if (effects.isOn && ttl > 0 && !isAbsolute) {
      const options = Array.from({ length: argv.count - 4 }, (_, i) => i + 4);
      effects.instead(argv, 0, 1, String(exact ?? deadline), 3, ...options, 'ABSTTL');
    }
    reply.ok();
  },
});
