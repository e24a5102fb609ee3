/**
 * Sorted sets, combined: what is in any of some sets, in all of them, or in the first alone.
 *
 * The result is put together outside the zone (combination.ts), in full, before anything is written.
 * So a target may be one of the sources; and what leaves to make room for the result, a source
 * among it, is in the result as it was when the command began.
 */

import type { Call } from '../../src/dispatch/call.ts';
import { family } from '../../src/dispatch/command.ts';
import { limitsOf, removeTarget } from '../../src/dispatch/sorted-sets.ts';
import { events, type KeyEvent } from '../../src/keyspace/events.ts';
import { storeElements } from '../../src/keyspace/sorted-sets.ts';
import { errors } from '../../src/resp/errors.ts';
import type { Reply } from '../../src/resp/reply.ts';
import { parseDouble } from '../../src/std/double.ts';
import { Combination, MAX, MIN, SUM } from '../../src/value/combination.ts';
import { Growth } from '../../src/value/growth.ts';
import { ScoredSource } from '../../src/value/scored-source.ts';

const { command } = family('sorted-set');

/** What is combined: one command runs at a time. */
const combination = new Combination();
const { sources, tally } = combination;
const growth = new Growth();

// ── Reading the request ─────────────────────────────────────────────────────────────────────────

/** The options read last. */
const options = {
  withScores: false,
  /** 0 is without. */
  limit: 0,
};

/** What a command takes beside keys. */
interface Form {
  readonly name: string;
  /** Where the number of keys stands. */
  readonly keyCount: number;
  readonly weighs: boolean;
  readonly mayShowScores: boolean;
  readonly hasLimit: boolean;
}

/** Reads what to combine, and opens it. Errors come in Redis's order: keys before options. */
function readRequest(call: Call, form: Form): void {
  const { argv, args, db } = call;
  const count = args.integerAt(form.keyCount);
  const firstKey = form.keyCount + 1;
  if (count < 1) throw errors.noInputKey(form.name);
  if (count > argv.count - firstKey) throw errors.syntax;

  const { zone } = db;
  const { moves } = zone;
  combination.begin();
  for (let i = 0; i < count; i++) {
    const entry = db.find(argv, firstKey + i);
    if (entry !== 0 && !ScoredSource.takes(zone.type(entry))) throw errors.wrongType;
    combination.add(entry);
  }
  readOptions(call, form, firstKey + count);
  if (zone.moves !== moves) {
    // One had expired, and what else its going changed nobody knows.
    for (let i = 0; i < count; i++) sources[i].entry = db.peek(argv, firstKey + i);
  }
  combination.open(zone);
}

function readOptions({ argv, args }: Call, form: Form, from: number): void {
  options.withScores = false;
  options.limit = 0;
  for (let i = from; i < argv.count; i++) {
    const behind = argv.count - i - 1;
    if (form.weighs && behind >= sources.length && argv.is(i, 'WEIGHTS')) {
      for (const source of sources) {
        i++;
        source.weight = parseDouble(argv.bytes, argv.starts[i], argv.ends[i]);
        if (Number.isNaN(source.weight)) throw errors.weightNotFloat;
      }
    } else if (form.weighs && behind >= 1 && argv.is(i, 'AGGREGATE')) {
      i++;
      if (argv.is(i, 'SUM')) combination.aggregate = SUM;
      else if (argv.is(i, 'MIN')) combination.aggregate = MIN;
      else if (argv.is(i, 'MAX')) combination.aggregate = MAX;
      else throw errors.syntax;
    } else if (form.mayShowScores && argv.is(i, 'WITHSCORES')) {
      options.withScores = true;
    } else if (form.hasLimit && behind >= 1 && argv.is(i, 'LIMIT')) {
      options.limit = args.integerFrom(++i, 0, errors.limitNegative);
    } else throw errors.syntax;
  }
}

// ── Results ─────────────────────────────────────────────────────────────────────────────────────

function replyMembers(reply: Reply): void {
  const { withScores } = options;
  const { order, bytes, scores, left } = tally;
  const nests = withScores && reply.resp3;
  reply.array(withScores && !nests ? left * 2 : left);
  for (let rank = 0; rank < left; rank++) {
    const i = order[rank];
    if (nests) reply.array(2);
    reply.bulk(bytes, tally.startOf(i), tally.endOf(i));
    if (withScores) reply.double(scores[i]);
  }
}

function storeMembers(call: Call, event: KeyEvent): void {
  const { argv, db, reply } = call;
  const count = tally.left;
  if (count > 0) {
    storeElements(db, argv, 1, tally.elements(growth), growth, limitsOf(call));
    db.changedKey(argv, 1, event);
  } else {
    removeTarget(call, 1);
  }
  reply.integer(count);
}

const UNION = 0;
const INTERSECTION = 1;
const DIFFERENCE = 2;

/** Runs a command; its result is stored, with this event, or replied without one. */
function combine(call: Call, form: Form, how: number, event?: KeyEvent): void {
  try {
    readRequest(call, form);
    if (how === UNION) combination.unite();
    else if (how === INTERSECTION) combination.intersect();
    else combination.subtract();
    tally.sort();
    if (event !== undefined) storeMembers(call, event);
    else replyMembers(call.reply);
  } finally {
    combination.release();
  }
}

/** The form of a command that does not say otherwise. */
const form: Form = {
  name: '',
  keyCount: 1,
  weighs: true,
  mayShowScores: false,
  hasLimit: false,
};

// ── Union ───────────────────────────────────────────────────────────────────────────────────────

const ZUNION: Form = { ...form, name: 'zunion', mayShowScores: true };
const ZUNIONSTORE: Form = { ...form, name: 'zunionstore', keyCount: 2 };

export const zunion = command({
  syntax:
    'ZUNION numkeys key [key ...] [WEIGHTS weight [weight ...]] [AGGREGATE <SUM | MIN | MAX>] ' +
    '[WITHSCORES]',
  summary: 'Reads what is in any of some sorted sets or sets.',
  since: '6.2.0',
  complexity:
    'O(N)+O(M*log(M)) with N being the sum of the sizes of the input sorted sets, and M being ' +
    'the number of elements in the resulting sorted set.',
  keys: 'RO access',
  run: (call) => combine(call, ZUNION, UNION),
});

export const zunionstore = command({
  syntax:
    'ZUNIONSTORE destination numkeys key [key ...] [WEIGHTS weight [weight ...]] ' +
    '[AGGREGATE <SUM | MIN | MAX>]',
  summary: 'Stores what is in any of some sorted sets or sets.',
  since: '2.0.0',
  complexity:
    'O(N)+O(M log(M)) with N being the sum of the sizes of the input sorted sets, and M being ' +
    'the number of elements in the resulting sorted set.',
  keys: ['OW update', 'RO access'],
  flags: ['denyoom'],
  run: (call) => combine(call, ZUNIONSTORE, UNION, events.zunionstore),
});

// ── Intersection ────────────────────────────────────────────────────────────────────────────────

const ZINTER: Form = { ...form, name: 'zinter', mayShowScores: true };
const ZINTERSTORE: Form = { ...form, name: 'zinterstore', keyCount: 2 };
const ZINTERCARD: Form = { ...form, name: 'zintercard', weighs: false, hasLimit: true };

const INTERSECTION_COMPLEXITY =
  'O(N*K)+O(M*log(M)) worst case with N being the smallest input sorted set, K being the number ' +
  'of input sorted sets and M being the number of elements in the resulting sorted set.';

export const zinter = command({
  syntax:
    'ZINTER numkeys key [key ...] [WEIGHTS weight [weight ...]] [AGGREGATE <SUM | MIN | MAX>] ' +
    '[WITHSCORES]',
  summary: 'Reads what is in all of some sorted sets or sets.',
  since: '6.2.0',
  complexity: INTERSECTION_COMPLEXITY,
  keys: 'RO access',
  run: (call) => combine(call, ZINTER, INTERSECTION),
});

export const zinterstore = command({
  syntax:
    'ZINTERSTORE destination numkeys key [key ...] [WEIGHTS weight [weight ...]] ' +
    '[AGGREGATE <SUM | MIN | MAX>]',
  summary: 'Stores what is in all of some sorted sets or sets.',
  since: '2.0.0',
  complexity: INTERSECTION_COMPLEXITY,
  keys: ['OW update', 'RO access'],
  flags: ['denyoom'],
  run: (call) => combine(call, ZINTERSTORE, INTERSECTION, events.zinterstore),
});

export const zintercard = command({
  syntax: 'ZINTERCARD numkeys key [key ...] [LIMIT limit]',
  summary: 'Counts what is in all of some sorted sets or sets, up to a limit.',
  since: '7.0.0',
  complexity:
    'O(N*K) worst case with N being the smallest input sorted set, K being the number of input ' +
    'sorted sets.',
  keys: 'RO access',
  run(call) {
    try {
      readRequest(call, ZINTERCARD);
      call.reply.integer(combination.countCommon(options.limit));
    } finally {
      combination.release();
    }
  },
});

// ── Difference ──────────────────────────────────────────────────────────────────────────────────

const ZDIFF: Form = { ...form, name: 'zdiff', weighs: false, mayShowScores: true };
const ZDIFFSTORE: Form = { ...form, name: 'zdiffstore', keyCount: 2, weighs: false };

const DIFFERENCE_COMPLEXITY =
  'O(L + (N-K)log(N)) worst case where L is the total number of elements in all the sets, N is ' +
  'the size of the first set, and K is the size of the result set.';

export const zdiff = command({
  syntax: 'ZDIFF numkeys key [key ...] [WITHSCORES]',
  summary: 'Reads what is in the first of some sorted sets or sets and in no other.',
  since: '6.2.0',
  complexity: DIFFERENCE_COMPLEXITY,
  keys: 'RO access',
  run: (call) => combine(call, ZDIFF, DIFFERENCE),
});

export const zdiffstore = command({
  syntax: 'ZDIFFSTORE destination numkeys key [key ...]',
  summary: 'Stores what is in the first of some sorted sets or sets and in no other.',
  since: '6.2.0',
  complexity: DIFFERENCE_COMPLEXITY,
  keys: ['OW update', 'RO access'],
  flags: ['denyoom'],
  run: (call) => combine(call, ZDIFFSTORE, DIFFERENCE, events.zdiffstore),
});
