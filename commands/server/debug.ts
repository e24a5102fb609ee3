/**
 * DEBUG: what tests of servers and of clients ask for.
 *
 * Of Redis's subcommands these are the ones that mean something here, and the switches that tests
 * set on their way: those answer OK and change nothing. What crashes the server is left out.
 */

import type { Call } from '../../src/dispatch/call.ts';
import { family } from '../../src/dispatch/command.ts';
import { rewriteConfiguration } from '../../src/dispatch/rewrite.ts';
import { NO_DEADLINE } from '../../src/keyspace/database.ts';
import { keyspaceDigest, valueDigest } from '../../src/keyspace/digest.ts';
import { dumpValue } from '../../src/persistence/dump.ts';
import { Argv } from '../../src/resp/argv.ts';
import { errors } from '../../src/resp/errors.ts';
import { latin1Bytes } from '../../src/std/ascii.ts';
import { parseSafeInteger } from '../../src/std/int64.ts';
import { encodingName, referenceCount, TYPE_STRING } from '../../src/value/type.ts';

const { command } = family('server');

interface Subcommand {
  /** Arguments, DEBUG and the subcommand included: at least and at most. */
  readonly counts: readonly [least: number, most: number];
  readonly help: readonly string[];
  run(call: Call): void;
}

const LRU_CLOCK_MASK = 0xffffff;
/** What a dump has around a value: its type in front, version and checksum behind. */
const DUMP_FRAME_SIZE = 1 + 10;

function object({ argv, db, reply, instance }: Call): void {
  // It tells of keys past their deadline, too.
  const entry = db.findStale(argv, 2);
  if (entry === 0) throw errors.noSuchKey;
  const { zone } = db;
  const idle = Math.floor(zone.recency.idleMs(entry) / 1000);
  const lru = (Math.floor(zone.now / 1000) - idle) & LRU_CLOCK_MASK;
  const dump = dumpValue(db, entry, instance.config.values.rdbcompression);
  reply.simple(
    `Value at:0x${(entry * 8).toString(16)} refcount:${referenceCount(zone, entry)} ` +
      `encoding:${encodingName(zone, entry)} serializedlength:${dump.length - DUMP_FRAME_SIZE} ` +
      `lru:${lru} lru_seconds_idle:${idle}`,
  );
}

/** One string of Redis is a header and its bytes; key and value here share a slot with neither. */
function stringSizes({ argv, db, reply }: Call): void {
  const entry = db.peek(argv, 2);
  if (entry === 0) throw errors.noSuchKey;
  const { zone } = db;
  const isPlain = ['raw', 'embstr'].includes(encodingName(zone, entry));
  if (zone.type(entry) !== TYPE_STRING || !isPlain) throw errors.notPlainString;
  const keySize = argv.size(2);
  const size = zone.content.size(entry);
  reply.simple(
    `key_sds_len:${keySize}, key_sds_avail:0, key_zmalloc: ${keySize}, ` +
      `val_sds_len:${size}, val_sds_avail:0, val_zmalloc: ${zone.sizeOf(entry) - keySize}`,
  );
}

/** All databases of a zone share one table, which never grows. */
function tableSizes({ args, keyspace, reply }: Call): void {
  const db = keyspace.databases[args.integerAt(2)];
  if (db === undefined) throw errors.noSuchDatabase;
  const about = (count: number, size: number): string =>
    'Hash table 0 stats (main hash table):\n' +
    (count === 0
      ? 'No stats available for empty dictionaries\n'
      : ` table size: ${size}\n number of elements: ${count}\n`);
  const keys = about(db.size, 2 ** db.zone.layout.bucketBits);
  // Deadlines lie in a heap, which is as large as they are many.
  const deadlines = about(db.volatileSize, db.zone.deadlines.count);
  reply.verbatim('txt', `[Dictionary HT]\n${keys}[Expires HT]\n${deadlines}`);
}

function positiveAt({ bytes, starts, ends }: Argv, index: number): number {
  const value = parseSafeInteger(bytes, starts[index], ends[index]);
  if (!(value >= 0)) throw errors.notPositive;
  return value;
}

function populate({ argv, db, reply }: Call): void {
  const count = positiveAt(argv, 2);
  const prefix = argv.count > 3 ? argv.text(3) : 'key';
  const size = argv.count > 4 ? positiveAt(argv, 4) : 0;
  if (size > db.zone.size) throw errors.outOfMemory;
  for (let i = 0; i < count; i++) {
    const text = latin1Bytes(`value:${i}`);
    const value = size === 0 ? text : new Uint8Array(size);
    if (size > 0) value.set(text.subarray(0, size));
    const pair = Argv.of(`${prefix}:${i}`, value);
    if (db.findForWrite(pair, 0) !== 0) continue;
    db.setString(pair, 0, 0, pair.bytes, pair.starts[1], pair.ends[1], NO_DEADLINE);
  }
  reply.ok();
}

const SOME_DOUBLE = 3141 / 1000;
const ATTRIBUTE = latin1Bytes('|1\r\n');

/** A reply of each type there is, by its name. */
const PROTOCOL: Readonly<Record<string, (call: Call) => void>> = {
  string: ({ reply }) => reply.bulkText('Hello World'),
  integer: ({ reply }) => reply.integer(12345),
  double: ({ reply }) => reply.double(SOME_DOUBLE),
  bignum: ({ reply }) => reply.bigNumber('1234567999999999999999999999999999999'),
  null: ({ reply }) => reply.null(),
  array({ reply }) {
    reply.array(3);
    for (let i = 0; i < 3; i++) reply.integer(i);
  },
  set({ reply }) {
    reply.set(3);
    for (let i = 0; i < 3; i++) reply.integer(i);
  },
  map({ reply }) {
    reply.map(3);
    for (let i = 0; i < 3; i++) {
      reply.integer(i);
      reply.boolean(i === 1);
    }
  },
  attrib({ reply }) {
    if (reply.resp3) {
      reply.append(ATTRIBUTE, 0, ATTRIBUTE.length);
      reply.bulkText('key-popularity');
      reply.array(2);
      reply.bulkText('key:123');
      reply.integer(90);
    }
    reply.bulkText('Some real reply following the attribute');
  },
  push({ reply }) {
    if (!reply.resp3) throw errors.needsResp3;
    // A push answers nothing, and is sent behind the reply of the command that causes it.
    reply.bulkText('Some real reply following the push reply');
    reply.push(2);
    reply.bulkText('server-cpu-usage');
    reply.integer(42);
  },
  verbatim: ({ reply }) => reply.verbatim('txt', 'This is a verbatim\nstring'),
  true: ({ reply }) => reply.boolean(true),
  false: ({ reply }) => reply.boolean(false),
};

function protocol(call: Call): void {
  const write = PROTOCOL[call.argv.text(2).toLowerCase()];
  if (write === undefined) throw errors.unknownProtocolType;
  write(call);
}

/** An integer as C's atoi reads one: what is none is 0. */
function looseInteger(text: string): number {
  return Number.parseInt(text, 10) || 0;
}

function isMemory(text: string): boolean {
  return /^\d{1,10}([kmg]?b?)$/i.test(text);
}

const ok = ({ reply }: Call): void => reply.ok();

const SUBCOMMANDS: Readonly<Record<string, Subcommand>> = {
  'AOF-FLUSH-SLEEP': {
    counts: [3, 3],
    help: [
      'AOF-FLUSH-SLEEP <microsec>',
      '    Server will sleep before flushing the AOF, this is used for testing.',
    ],
    run({ argv, instance, reply }) {
      instance.appendOnly.writeDelayMs = looseInteger(argv.text(2)) / 1000;
      reply.ok();
    },
  },
  'CHANGE-REPL-ID': {
    counts: [2, 2],
    help: ['CHANGE-REPL-ID', '    Does nothing: there is no replication.'],
    run: ok,
  },
  'CONFIG-REWRITE-FORCE-ALL': {
    counts: [2, 2],
    help: [
      'CONFIG-REWRITE-FORCE-ALL',
      '    Like CONFIG REWRITE but writes all configuration options, including',
      '    keywords not listed in original configuration file or default values.',
    ],
    run(call) {
      rewriteConfiguration(call, true);
      call.reply.ok();
    },
  },
  DIGEST: {
    counts: [2, 2],
    help: ['DIGEST', '    Output a hex signature representing the current DB content.'],
    run: ({ keyspace, reply }) => reply.simple(keyspaceDigest(keyspace)),
  },
  'DIGEST-VALUE': {
    counts: [2, Number.POSITIVE_INFINITY],
    help: [
      'DIGEST-VALUE <key> [<key> ...]',
      '    Output a hex signature of the values of all the specified keys.',
    ],
    run({ argv, db, reply }) {
      reply.array(argv.count - 2);
      for (let i = 2; i < argv.count; i++) reply.simple(valueDigest(db.zone, db.peek(argv, i)));
    },
  },
  ERROR: {
    counts: [3, 3],
    help: [
      'ERROR <string>',
      '    Return a Redis protocol error with <string> as message. Useful for clients',
      '    unit tests to simulate Redis errors.',
    ],
    run: ({ argv, reply }) => reply.error(argv.text(2)),
  },
  'FAIL-BACKGROUND': {
    counts: [2, 2],
    help: [
      'FAIL-BACKGROUND',
      '    Make the background save, and the rewrite of the AOF, that go on fail, as if the disk',
      '    had failed. Tests of Redis kill its child processes for this.',
    ],
    run({ instance, reply }) {
      const error = new Error('DEBUG FAIL-BACKGROUND');
      instance.saving.fail(error);
      instance.appendOnly.failRewrite(error);
      reply.ok();
    },
  },
  HTSTATS: {
    counts: [3, Number.POSITIVE_INFINITY],
    help: ['HTSTATS <dbid>', '    Return how large the table of keys is, and how many are in it.'],
    run: tableSizes,
  },
  LOADAOF: {
    counts: [2, 2],
    help: ['LOADAOF', '    Flush the AOF buffers on disk and reload the AOF in memory.'],
    run({ instance, reply }) {
      if (!instance.appendOnly.reload()) throw errors.aofNotLoaded;
      reply.ok();
    },
  },
  LOG: {
    counts: [3, 3],
    help: ['LOG <message>', '    Write <message> to the server log.'],
    run({ argv, reply, instance }) {
      instance.log.warning(`DEBUG LOG: ${argv.text(2)}`);
      reply.ok();
    },
  },
  LISTPACK: {
    counts: [3, 3],
    help: ['LISTPACK <key>', '    Tell whether <key> has the listpack encoding.'],
    run({ argv, db, reply }) {
      const entry = db.peek(argv, 2);
      if (entry === 0) throw errors.noSuchKey;
      if (encodingName(db.zone, entry) !== 'listpack') throw errors.notListpack;
      reply.simple('Listpack structure printed on stdout');
    },
  },
  OBJECT: {
    counts: [3, 3],
    help: ['OBJECT <key>', '    Show low level info about `key` and associated value.'],
    run: object,
  },
  'PAUSE-CRON': {
    counts: [3, 3],
    help: ['PAUSE-CRON <0|1>', '    Does nothing.'],
    run: ok,
  },
  POPULATE: {
    counts: [3, 5],
    help: [
      'POPULATE <count> [<prefix>] [<size>]',
      '    Create <count> string keys named key:<num>. If <prefix> is specified then',
      "    it is used instead of the 'key' prefix.",
    ],
    run: populate,
  },
  PROTOCOL: {
    counts: [3, 3],
    help: [
      'PROTOCOL <type>',
      '    Reply with a test value of the specified type. <type> can be: string,',
      '    integer, double, bignum, null, array, set, map, attrib, push, verbatim,',
      '    true, false.',
    ],
    run: protocol,
  },
  'QUICKLIST-PACKED-THRESHOLD': {
    counts: [3, 3],
    help: [
      'QUICKLIST-PACKED-THRESHOLD <size>',
      '    Does nothing: elements of any size are alike.',
    ],
    run(call) {
      if (!isMemory(call.argv.text(2))) throw errors.packedThreshold;
      call.reply.ok();
    },
  },
  RELOAD: {
    counts: [2, Number.POSITIVE_INFINITY],
    help: [
      'RELOAD [option ...]',
      '    Save the RDB on disk and reload it back to memory. Valid <option> values:',
      '    * MERGE: conflicting keys will be loaded from RDB.',
      '    * NOFLUSH: the existing database will not be removed before load, but',
      '      conflicting keys will generate an exception and kill the server.',
      '    * NOSAVE: the database will be loaded from an existing RDB file.',
    ],
    run({ argv, reply, instance }) {
      const options = { saves: true, flushes: true, merges: false };
      for (let i = 2; i < argv.count; i++) {
        if (argv.is(i, 'MERGE')) options.merges = true;
        else if (argv.is(i, 'NOFLUSH')) options.flushes = false;
        else if (argv.is(i, 'NOSAVE')) options.saves = false;
        else throw errors.reloadOptions;
      }
      instance.loading.reload(options);
      reply.ok();
    },
  },
  REPLYBUFFER: {
    counts: [4, 4],
    help: [
      'REPLYBUFFER PEAK-RESET-TIME <NEVER||RESET|time>',
      'REPLYBUFFER RESIZING <0|1>',
      '    Do nothing: reply buffers are lent and not resized.',
    ],
    run(call) {
      const { argv } = call;
      if (!argv.is(2, 'PEAK-RESET-TIME') && !argv.is(2, 'RESIZING')) {
        throw errors.subcommandSyntax(argv);
      }
      call.reply.ok();
    },
  },
  SDSLEN: {
    counts: [3, 3],
    help: ['SDSLEN <key>', '    Show the sizes of `key` and of the string it holds.'],
    run: stringSizes,
  },
  'SET-DISABLE-DENY-SCRIPTS': {
    counts: [3, 3],
    help: [
      'SET-DISABLE-DENY-SCRIPTS <0|1>',
      '    Setting it to 1 lets scripts call commands that they may not, as tests want to.',
    ],
    run({ argv, instance, reply }) {
      instance.scriptRuns.allowsAll = looseInteger(argv.text(2)) !== 0;
      reply.ok();
    },
  },
  'SET-ACTIVE-EXPIRE': {
    counts: [3, 3],
    help: [
      'SET-ACTIVE-EXPIRE <0|1>',
      '    Setting it to 0 disables expiring keys in background when they are not',
      '    accessed (otherwise the Redis behavior). Setting it to 1 reenables back the',
      '    default.',
    ],
    run({ argv, keyspace, reply }) {
      keyspace.expiresActively = looseInteger(argv.text(2)) !== 0;
      reply.ok();
    },
  },
  'SET-SKIP-CHECKSUM-VALIDATION': {
    counts: [3, 3],
    help: [
      'SET-SKIP-CHECKSUM-VALIDATION <0|1>',
      '    Setting it to 1 loads RDB files and RESTORE payloads whatever their checksum is.',
    ],
    run({ argv, instance, reply }) {
      instance.loading.skipsSums = looseInteger(argv.text(2)) !== 0;
      reply.ok();
    },
  },
  SLEEP: {
    counts: [3, 3],
    help: ['SLEEP <seconds>', '    Stop the server for <seconds>. Decimals allowed.'],
    run({ argv, reply, instance }) {
      const seconds = Number.parseFloat(argv.text(2));
      if (seconds > 0) instance.clock.stall(seconds * 1000);
      reply.ok();
    },
  },
  'STRINGMATCH-TEST': {
    counts: [2, 2],
    help: ['STRINGMATCH-TEST', '    Does nothing: patterns are tested where they are implemented.'],
    run: ({ reply }) => reply.simple('Apparently Redis did not crash: test passed'),
  },
};

const SUBCOMMAND_HELP = Object.values(SUBCOMMANDS).flatMap(({ help }) => help);

const HELP: readonly string[] = [
  'DEBUG <subcommand> [<arg> [value] [opt] ...]. Subcommands are:',
  ...SUBCOMMAND_HELP,
  'HELP',
  '    Print this help.',
];

export const debug = command({
  syntax: 'DEBUG',
  summary: 'A container for debugging commands.',
  since: '1.0.0',
  complexity: 'Depends on subcommand.',
  // Its subcommands are no commands of their own: COMMAND does not list them.
  arity: -2,
  flags: ['admin', 'noscript', 'loading', 'stale', 'protected'],
  isSystem: true,
  subcommandHelp: SUBCOMMAND_HELP,
  differs:
    'Subcommands that end the server on purpose are left out, and those that look into structures ' +
    'which are not here; switches of such structures answer OK and do nothing. RELOAD NOSAVE ' +
    'leaves everything as it is when there is no file.',
  run(call) {
    const { argv, reply } = call;
    const name = argv.text(1).toUpperCase();
    if (name === 'HELP' && argv.count === 2) {
      reply.array(HELP.length);
      for (const line of HELP) reply.simple(line);
      return;
    }
    const subcommand = Object.hasOwn(SUBCOMMANDS, name) ? SUBCOMMANDS[name] : undefined;
    if (subcommand === undefined) throw errors.subcommandSyntax(argv);
    const [least, most] = subcommand.counts;
    if (argv.count < least || argv.count > most) throw errors.subcommandSyntax(argv);
    // What it does to keys is not for those who do it again.
    call.instance.effects.withhold();
    subcommand.run(call);
  },
});
