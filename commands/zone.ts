/** ZONE: the shared dict's own questions, in Redis's words. */

import type { Call } from '../src/dispatch/call.ts';
import { family } from '../src/dispatch/command.ts';
import { KEEP_DEADLINE, NO_DEADLINE } from '../src/keyspace/database.ts';
import { events } from '../src/keyspace/events.ts';
import { errors } from '../src/resp/errors.ts';
import { latin1Bytes } from '../src/std/ascii.ts';
import { addLongDoubles, formatLongDouble, parseLongDouble } from '../src/std/double.ts';
import { FROM_FLOAT, writeString } from '../src/value/string.ts';
import { TYPE_STRING } from '../src/value/type.ts';

const { command, container } = family('zone');

export const zone = container({
  name: 'ZONE',
  summary: 'A container for commands on zones.',
  since: '0.1.0',
  help: [
    'AUDIT [<zone>]',
    '    Walk everything in a zone. Return OK or the first broken invariant.',
    'FLUSHEXPIRED [<max>]',
    '    Remove expired keys of the zone, at most <max>. Return how many.',
    'GETSTALE <key>',
    '    Return the value of a key and whether it has expired.',
    'INCR <key> <increment> [INIT <value> [EX <seconds>]]',
    '    Add to a number, which begins as <value> if the key does not exist.',
    'LIST',
    '    Return the zones with their databases, sizes and policies.',
    'SET <key> <value> [EX <seconds> | PX <milliseconds>] [NX | XX] [SAFE]',
    '    Store a string. Return how many live keys were evicted for it.',
    'STATS [<zone>]',
    '    Return figures of a zone and of its size classes.',
  ],
});

/** The zone an optional argument names, else that of the selected database. */
function zoneAt({ argv, db, keyspace }: Call, index: number) {
  if (index >= argv.count) return db.zone;
  const name = argv.text(index);
  const found = keyspace.zone(name);
  if (found === undefined) throw errors.noSuchZone(name);
  return found;
}

const INT64_MAX_NUMBER = 2 ** 63;

/** Argument `index` as a time to live from now, in Unix milliseconds. */
function deadlineAt({ args, db }: Call, index: number, unitMs: number, name: string): number {
  const time = args.integerAt(index);
  const deadline = db.zone.now + time * unitMs;
  if (time <= 0 || deadline >= INT64_MAX_NUMBER) throw errors.invalidExpire(name);
  return deadline;
}

/** Options of the SET that is the effect of a command. */
function until(deadline: number): string[] {
  if (deadline === KEEP_DEADLINE) return ['KEEPTTL'];
  return deadline === NO_DEADLINE ? [] : ['PXAT', String(deadline)];
}

export const zoneSet = command({
  syntax: 'ZONE SET key value [EX seconds | PX milliseconds] [NX | XX] [SAFE]',
  summary: 'Stores a string and tells how many live keys were evicted to make room.',
  since: '0.1.0',
  complexity: 'O(1)',
  keys: 'OW update',
  flags: ['denyoom'],
  run(call) {
    const { argv, db, reply, instance } = call;
    let deadline = NO_DEADLINE;
    let nx = false;
    let xx = false;
    let safe = false;
    for (let i = 4; i < argv.count; i++) {
      const hasValue = i + 1 < argv.count;
      if (argv.is(i, 'NX') && !nx && !xx) nx = true;
      else if (argv.is(i, 'XX') && !nx && !xx) xx = true;
      else if (argv.is(i, 'SAFE') && !safe) safe = true;
      else if (hasValue && argv.is(i, 'EX') && deadline === NO_DEADLINE) {
        deadline = deadlineAt(call, ++i, 1000, 'zone|set');
      } else if (hasValue && argv.is(i, 'PX') && deadline === NO_DEADLINE) {
        deadline = deadlineAt(call, ++i, 1, 'zone|set');
      } else throw errors.syntax;
    }
    const entry = db.findForWrite(argv, 2);
    if ((nx && entry !== 0) || (xx && entry === 0)) return reply.null();
    const { room, counts } = db.zone;
    const evicted = counts.evicted;
    room.mayEvict = !safe;
    try {
      db.setString(argv, 2, entry, argv.bytes, argv.starts[3], argv.ends[3], deadline);
    } finally {
      room.mayEvict = true;
    }
    db.tell(argv, 2, events.set);
    if (deadline >= 0) db.tell(argv, 2, events.expire);
    const { effects } = instance;
    if (effects.isOn) effects.instead(argv, 'SET', 2, 3, ...until(deadline));
    reply.integer(counts.evicted - evicted);
  },
});

export const zoneGetstale = command({
  syntax: 'ZONE GETSTALE key',
  summary: 'Reads a string even past its deadline, while it is still there.',
  since: '0.1.0',
  complexity: 'O(1)',
  keys: 'RO access',
  run({ argv, db, reply }) {
    const entry = db.findStale(argv, 2);
    if (entry === 0) return reply.null();
    if (db.zone.type(entry) !== TYPE_STRING) throw errors.wrongType;
    reply.array(2);
    writeString(db.zone, entry, reply);
    reply.integer(db.zone.isExpired(entry) ? 1 : 0);
  },
});

export const zoneIncr = command({
  syntax: 'ZONE INCR key increment [INIT value [EX seconds]]',
  summary: 'Adds to a number, which begins at a given value if the key does not exist.',
  since: '0.1.0',
  complexity: 'O(1)',
  keys: 'RW access update',
  flags: ['denyoom'],
  run(call) {
    const { argv, db, reply, instance } = call;
    let initial = 0;
    let deadline = NO_DEADLINE;
    if (argv.count > 4) {
      if (!argv.is(4, 'INIT') || argv.count < 6) throw errors.syntax;
      initial = 5;
      if (argv.count > 6) {
        if (!argv.is(6, 'EX') || argv.count !== 8) throw errors.syntax;
        deadline = deadlineAt(call, 7, 1000, 'zone|incr');
      }
    }
    const amount = parseLongDouble(argv.bytes, argv.starts[3], argv.ends[3]);
    const entry = db.findStringForWrite(argv, 2);
    let value: ReturnType<typeof parseLongDouble>;
    if (entry !== 0) {
      const bytes = db.zone.content.slice(entry, 0, db.zone.content.size(entry));
      value = parseLongDouble(bytes, 0, bytes.length);
    } else if (initial === 0) {
      return reply.null();
    } else {
      value = parseLongDouble(argv.bytes, argv.starts[initial], argv.ends[initial]);
    }
    if (amount === undefined || value === undefined) throw errors.notFloat;
    const sum = addLongDoubles(value, amount);
    if (sum === undefined) throw errors.nanOrInfinity;
    const text = latin1Bytes(formatLongDouble(sum));
    const kept = entry === 0 ? deadline : KEEP_DEADLINE;
    const stored = db.setString(argv, 2, entry, text, 0, text.length, kept);
    db.zone.setEncoding(stored, FROM_FLOAT);
    db.tell(argv, 2, events.incrbyfloat);
    const { effects } = instance;
    if (effects.isOn) effects.instead(argv, 'SET', 2, text, ...until(kept));
    reply.bulk(text);
  },
});

export const zoneFlushexpired = command({
  syntax: 'ZONE FLUSHEXPIRED [max]',
  summary: 'Removes expired keys of the zone.',
  since: '0.1.0',
  complexity: 'O(N*log(M)) with N keys removed of M with a deadline.',
  flags: ['write'],
  run({ argv, args, db, reply }) {
    const max = argv.count > 2 ? args.integerAt(2) : 0;
    if (max < 0) throw errors.notPositive;
    let count = 0;
    while ((max === 0 || count < max) && db.zone.expireOne()) count++;
    reply.integer(count);
  },
});

export const zoneList = command({
  syntax: 'ZONE LIST',
  summary: 'Lists the zones with their databases, sizes and policies.',
  since: '0.1.0',
  complexity: 'O(N) with N zones.',
  flags: ['readonly'],
  run({ keyspace, reply }) {
    reply.array(keyspace.zones.length);
    for (const found of keyspace.zones) {
      const numbers = keyspace.databases.filter((d) => d.zone === found);
      reply.map(5);
      reply.bulkText('name');
      reply.bulkText(found.name);
      reply.bulkText('database');
      reply.integer(numbers[0].number);
      reply.bulkText('databases');
      reply.integer(numbers.length);
      reply.bulkText('size');
      reply.integer(found.size);
      reply.bulkText('policy');
      reply.bulkText(found.recency.policy);
    }
  },
});

export const zoneStats = command({
  syntax: 'ZONE STATS [zone]',
  summary: 'Tells figures of a zone and of its size classes.',
  since: '0.1.0',
  complexity: 'O(N) with N size classes.',
  flags: ['readonly'],
  run(call) {
    const { reply } = call;
    const { classes, ...figures } = call.keyspace.figures(zoneAt(call, 2));
    const names = Object.keys(figures) as (keyof typeof figures)[];
    reply.map(names.length + 1);
    for (const name of names) {
      reply.bulkText(name);
      reply.integer(figures[name]);
    }
    reply.bulkText('classes');
    reply.array(classes.length);
    for (const sizeClass of classes) {
      const fields = Object.entries(sizeClass);
      reply.map(fields.length);
      for (const [name, value] of fields) {
        reply.bulkText(name);
        reply.integer(value);
      }
    }
  },
});

export const zoneAudit = command({
  syntax: 'ZONE AUDIT [zone]',
  summary: 'Walks everything in a zone and names the first broken invariant.',
  since: '0.1.0',
  complexity: 'O(N) with N keys and all they hold.',
  flags: ['admin', 'readonly'],
  run(call) {
    const fault = call.keyspace.audit(zoneAt(call, 2));
    if (fault === undefined) call.reply.ok();
    else throw errors.custom(fault);
  },
});
