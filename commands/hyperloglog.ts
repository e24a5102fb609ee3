/** HyperLogLogs: about how many different elements there were, without keeping them. */

import type { Call } from '../src/dispatch/call.ts';
import { family } from '../src/dispatch/command.ts';
import type { Database } from '../src/keyspace/database.ts';
import { events } from '../src/keyspace/events.ts';
import type { Argv } from '../src/resp/argv.ts';
import { errors } from '../src/resp/errors.ts';
import {
  addToDense,
  DENSE,
  forgetCount,
  HyperLogLog,
  kindOf,
  noteCount,
  notedCount,
  OTHER,
  REGISTER_COUNT,
  SPARSE,
} from '../src/value/hyperloglog.ts';
import { FROM_EDIT } from '../src/value/string.ts';
import { TYPE_STRING } from '../src/value/type.ts';

const { command } = family('hyperloglog');

/** The value that a command reads or makes. */
const image = new HyperLogLog();
/** The registers of several values, joined. */
const union = new Uint8Array(REGISTER_COUNT);

/** DENSE or SPARSE; throws for what is no HyperLogLog. */
function expectKind(db: Database, entry: number): number {
  db.expectType(entry, TYPE_STRING);
  const kind = kindOf(db.zone, entry);
  if (kind === OTHER) throw errors.notHyperLogLog;
  return kind;
}

function load(db: Database, entry: number): void {
  if (!image.load(db.zone, entry)) throw errors.corruptedHyperLogLog;
}

/** Puts the image under the key argv[index], which holds `existing` now. Its deadline stays. */
function store(db: Database, argv: Argv, index: number, existing: number): void {
  const { zone } = db;
  const { size } = image;
  let entry = existing;
  if (existing === 0) entry = db.put(argv, index, 0, TYPE_STRING, size);
  else if (zone.content.size(existing) !== size) entry = db.resize(existing, size);
  zone.content.write(entry, 0, image.bytes, 0, size);
  zone.setEncoding(entry, FROM_EDIT);
}

function sparseSizeMax({ instance }: Call): number {
  return instance.config.values.hllSparseMaxBytes;
}

// ── Adding and counting ─────────────────────────────────────────────────────────────────────────

/** Adds the elements of a request to a dense value. Answers how many of them changed it. */
function addAllToDense({ argv, db }: Call, entry: number): number {
  const { zone } = db;
  let changes = 0;
  for (let i = 2; i < argv.count; i++) {
    if (addToDense(zone, entry, argv.bytes, argv.starts[i], argv.ends[i])) changes++;
  }
  if (changes > 0) forgetCount(zone, entry);
  zone.setEncoding(entry, FROM_EDIT);
  return changes;
}

/** The same for a sparse value, or for none: that it begins is a change, too. */
function addAllToSparse(call: Call, entry: number): number {
  const { argv, db } = call;
  const sizeMax = sparseSizeMax(call);
  let changes = 0;
  if (entry !== 0) load(db, entry);
  else {
    image.reset();
    changes = 1;
  }
  for (let i = 2; i < argv.count; i++) {
    const change = image.add(argv.bytes, argv.starts[i], argv.ends[i], sizeMax);
    if (change < 0) throw errors.corruptedHyperLogLog;
    changes += change;
  }
  if (changes > 0) {
    image.forgetCount();
    store(db, argv, 1, entry);
  } else {
    db.zone.setEncoding(entry, FROM_EDIT);
  }
  return changes;
}

export const pfadd = command({
  syntax: 'PFADD key [element [element ...]]',
  summary: 'Counts elements in.',
  since: '2.8.9',
  complexity: 'O(1) to add every element.',
  keys: 'RW insert',
  flags: ['denyoom', 'fast'],
  run(call) {
    const { argv, db, reply } = call;
    const entry = db.findForWrite(argv, 1);
    const isDense = entry !== 0 && expectKind(db, entry) === DENSE;
    const changes = isDense ? addAllToDense(call, entry) : addAllToSparse(call, entry);
    if (changes > 0) db.changedKey(argv, 1, events.pfadd, changes);
    reply.integer(changes > 0 ? 1 : 0);
  },
});

/** Joins the values of the keys from argument 1 on. Answers whether one of them is dense. */
function joinAll({ argv, db }: Call): boolean {
  let hasDense = false;
  union.fill(0);
  for (let i = 1; i < argv.count; i++) {
    const entry = db.find(argv, i);
    if (entry === 0) continue;
    if (expectKind(db, entry) === DENSE) hasDense = true;
    load(db, entry);
    if (!image.mergeInto(union)) throw errors.corruptedHyperLogLog;
  }
  return hasDense;
}

function replyCount({ reply }: Call, count: number): void {
  if (Number.isSafeInteger(count)) reply.integer(count);
  else reply.integer64(BigInt(count));
}

export const pfcount = command({
  syntax: 'PFCOUNT key [key ...]',
  summary: 'Tells how many different elements one key, or several together, were given, about.',
  since: '2.8.9',
  complexity:
    'O(1) with a very small average constant time when called with a single key. O(N) with N ' +
    'being the number of keys, and much bigger constant times, when called with multiple keys.',
  keys: {
    use: 'RW access',
    notes:
      'RW because it may change the internal representation of the key, and propagate to ' +
      'replicas',
  },
  // It writes only what is not seen: the count, into the value.
  flags: ['readonly', 'may_replicate'],
  run(call) {
    const { argv, db, reply } = call;
    if (argv.count > 2) {
      joinAll(call);
      return replyCount(call, image.countOf(union));
    }
    const entry = db.find(argv, 1);
    if (entry === 0) return reply.integer(0);
    expectKind(db, entry);
    db.zone.setEncoding(entry, FROM_EDIT);
    const noted = notedCount(db.zone, entry);
    if (noted !== undefined) return reply.integer64(noted);
    load(db, entry);
    const count = image.count();
    if (Number.isNaN(count)) throw errors.corruptedHyperLogLog;
    noteCount(db.zone, entry, count);
    db.changedKey(argv, 1, events.noted);
    replyCount(call, count);
  },
});

export const pfmerge = command({
  syntax: 'PFMERGE destkey [sourcekey [sourcekey ...]]',
  summary: 'Counts into one key what others have counted.',
  since: '2.8.9',
  complexity: 'O(N) to merge N HyperLogLogs, but with high constant times.',
  keys: ['RW access insert', 'RO access'],
  flags: ['denyoom'],
  run(call) {
    const { argv, db, reply } = call;
    const hasDense = joinAll(call);
    const entry = db.findForWrite(argv, 1);
    if (entry === 0) image.reset();
    else load(db, entry);
    if (hasDense) {
      // The registers of the target are among those joined.
      image.fillDense(union);
    } else {
      const sizeMax = sparseSizeMax(call);
      for (let i = 0; i < REGISTER_COUNT; i++) {
        if (union[i] !== 0) image.raise(i, union[i], sizeMax);
      }
    }
    image.forgetCount();
    store(db, argv, 1, entry);
    db.changedKey(argv, 1, events.pfadd);
    reply.ok();
  },
});

// ── Looking inside ──────────────────────────────────────────────────────────────────────────────

/** Makes a value dense. Answers whether it was not. */
function makeDense(call: Call, entry: number): boolean {
  const { argv, db } = call;
  if (kindOf(db.zone, entry) === DENSE) return false;
  load(db, entry);
  if (!image.promote()) throw errors.corruptedHyperLogLog;
  store(db, argv, 2, entry);
  db.changed();
  return true;
}

export const pfdebug = command({
  syntax: 'PFDEBUG subcommand key',
  summary:
    'Shows the insides of a HyperLogLog: GETREG, DECODE, ENCODING, or makes it dense: TODENSE.',
  since: '2.8.9',
  complexity: 'N/A',
  keys: 'RW access',
  flags: ['denyoom', 'admin'],
  isSystem: true,
  run(call) {
    const { argv, db, reply } = call;
    const entry = db.findForWrite(argv, 2);
    if (entry === 0) throw errors.noSpecifiedKey;
    const kind = expectKind(db, entry);
    db.zone.setEncoding(entry, FROM_EDIT);
    if (argv.is(1, 'GETREG')) {
      if (!makeDense(call, entry)) load(db, entry);
      union.fill(0);
      image.mergeInto(union);
      reply.array(REGISTER_COUNT);
      for (const value of union) reply.integer(value);
    } else if (argv.is(1, 'DECODE')) {
      if (kind !== SPARSE) throw errors.notSparse;
      load(db, entry);
      reply.bulkText(image.runs());
    } else if (argv.is(1, 'ENCODING')) {
      reply.simple(kind === DENSE ? 'dense' : 'sparse');
    } else if (argv.is(1, 'TODENSE')) {
      reply.integer(makeDense(call, entry) ? 1 : 0);
    } else {
      throw errors.unknownPfdebug(argv.text(1));
    }
  },
});

/** So many different elements a self-test counts, a tenth of what Redis's does. */
const TESTED_MAX = 1_000_000;
const TESTED_CYCLES = 20;
/** An estimate is off by more than six times this share once in hundreds of millions. */
const STANDARD_ERROR = 1.04 / Math.sqrt(REGISTER_COUNT);

export const pfselftest = command({
  syntax: 'PFSELFTEST',
  summary: 'Tests that HyperLogLogs keep registers and count well.',
  since: '2.8.9',
  complexity: 'N/A',
  flags: ['admin'],
  isSystem: true,
  run(call) {
    const { instance, reply } = call;
    const { random } = instance;
    const sizeMax = sparseSizeMax(call);
    const dense = new HyperLogLog();
    dense.reset();
    dense.promote();
    for (let cycle = 0; cycle < TESTED_CYCLES; cycle++) {
      const values = random.bytes(REGISTER_COUNT).map((byte) => byte & 63);
      dense.fillDense(union.fill(0));
      for (let i = 0; i < REGISTER_COUNT; i++) dense.raise(i, values[i], 0);
      dense.mergeInto(union);
      const wrong = union.findIndex((value, i) => value !== values[i]);
      if (wrong >= 0) {
        throw errors.selfTestFailed(
          `Register ${wrong} should be ${values[wrong]} but is ${union[wrong]}`,
        );
      }
    }

    dense.fillDense(union.fill(0));
    image.reset();
    const element = random.bytes(8);
    const words = new DataView(element.buffer);
    const start = words.getUint32(0, true);
    for (let i = 1, checked = 1; i <= TESTED_MAX; i++) {
      words.setUint32(0, start ^ i, true);
      dense.add(element, 0, 8, 0);
      image.add(element, 0, 8, sizeMax);
      if (i !== checked) continue;
      if (i < sizeMax / 2 && image.isDense) {
        throw errors.selfTestFailed('sparse encoding not used');
      }
      const count = dense.count();
      if (image.count() !== count) throw errors.selfTestFailed('dense/sparse disagree');
      // Of ten elements two may share a register.
      const errorMax = i === 10 ? 1 : Math.ceil(STANDARD_ERROR * 6 * i);
      const error = Math.abs(count - i);
      if (error > errorMax) {
        throw errors.selfTestFailed(`Too big error. card:${i} abserr:${error}`);
      }
      checked *= 10;
    }
    reply.ok();
  },
});
