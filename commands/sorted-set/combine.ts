/**
 * Sorted sets, combined: what is in any of some sets, in all of them, or in the first alone.
 *
 * The result is put together outside the zone (tally.ts), in full, before anything is written.
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
import { Growth } from '../../src/value/growth.ts';
import { ScoredSource } from '../../src/value/scored-source.ts';
import { Tally } from '../../src/value/tally.ts';
import type { Zone } from '../../src/zone/zone.ts';

const { command } = family('sorted-set');

// How scores of one member become one.
const SUM = 0;
const MIN = 1;
const MAX = 2;

const tally = new Tally();
const growth = new Growth();

// ── Reading the request ─────────────────────────────────────────────────────────────────────────

/** So many sources are kept to be used again. */
const SOURCES_KEPT = 16;
const pool: ScoredSource[] = [];

/** The request read last. Sources are in the order of the request, and then of their work. */
const request = {
  sources: [] as ScoredSource[],
  aggregate: SUM,
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
  const { sources } = request;
  sources.length = 0;
  for (let i = 0; i < count; i++) {
    const entry = db.find(argv, firstKey + i);
    if (entry !== 0 && !ScoredSource.takes(zone.type(entry))) throw errors.wrongType;
    if (i === pool.length) pool.push(new ScoredSource());
    const source = pool[i];
    source.entry = entry;
    source.weight = 1;
    sources.push(source);
  }
  readOptions(call, form, firstKey + count);
  if (zone.moves !== moves) {
    // One had expired, and what else its going changed nobody knows.
    for (let i = 0; i < count; i++) sources[i].entry = db.peek(argv, firstKey + i);
  }
  for (const source of sources) source.open(zone);
}

function readOptions({ argv, args }: Call, form: Form, from: number): void {
  const { sources } = request;
  request.aggregate = SUM;
  request.withScores = false;
  request.limit = 0;
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
      if (argv.is(i, 'SUM')) request.aggregate = SUM;
      else if (argv.is(i, 'MIN')) request.aggregate = MIN;
      else if (argv.is(i, 'MAX')) request.aggregate = MAX;
      else throw errors.syntax;
    } else if (form.mayShowScores && argv.is(i, 'WITHSCORES')) {
      request.withScores = true;
    } else if (form.hasLimit && behind >= 1 && argv.is(i, 'LIMIT')) {
      request.limit = args.integerFrom(++i, 0, errors.limitNegative);
    } else throw errors.syntax;
  }
}

/** Lets go of what only a large request needs. */
function release(): void {
  request.sources.length = 0;
  if (pool.length > SOURCES_KEPT) pool.length = SOURCES_KEPT;
  tally.release();
}

/** From the smallest to the largest; as they came where they are alike. */
function orderBySize(sources: ScoredSource[]): void {
  for (let i = 1; i < sources.length; i++) {
    if (sources[i - 1].count > sources[i].count) {
      sources.sort((a, b) => a.count - b.count);
      return;
    }
  }
}

// ── Combining ───────────────────────────────────────────────────────────────────────────────────

function weighed(score: number, weight: number): number {
  const product = score * weight;
  return Number.isNaN(product) ? 0 : product;
}

function aggregated(score: number, other: number): number {
  const { aggregate } = request;
  if (aggregate === SUM) {
    const sum = score + other;
    return Number.isNaN(sum) ? 0 : sum;
  }
  // Not Math.min: a NaN, 0 times infinity, changes nothing, nor does a zero of the other sign.
  const isChosen = aggregate === MIN ? other < score : other > score;
  return isChosen ? other : score;
}

/** Copies the member a source is at behind those of the tally. Answers its size. */
function draft(source: ScoredSource): number {
  const size = source.currentSize;
  const at = tally.draft(size);
  source.copyCurrent(tally.bytes, at);
  return size;
}

/** Members of any source. */
function unite(zone: Zone): void {
  const { sources } = request;
  orderBySize(sources);
  tally.index(sources[sources.length - 1].count);
  for (const source of sources) {
    for (let more = source.first(); more; more = source.next()) {
      const size = draft(source);
      const score = weighed(source.currentScore, source.weight);
      const found = tally.find(zone, size);
      if (found < 0) tally.enter(size, score);
      else tally.scores[found] = aggregated(tally.scores[found], score);
    }
  }
}

/** Members of all sources. */
function intersect(): void {
  const { sources } = request;
  orderBySize(sources);
  const [smallest] = sources;
  for (let more = smallest.first(); more; more = smallest.next()) {
    const size = draft(smallest);
    const score = scoreInAll(smallest, size);
    if (!Number.isNaN(score)) tally.keep(size, score);
  }
}

/** How many members all sources have, no more than the limit. */
function countCommon(): number {
  const { sources, limit } = request;
  orderBySize(sources);
  const [smallest] = sources;
  let count = 0;
  for (let more = smallest.first(); more; more = smallest.next()) {
    if (Number.isNaN(scoreInAll(smallest, draft(smallest)))) continue;
    if (++count === limit) break;
  }
  return count;
}

/** Score of the draft, of that size, as all sources together have it; NaN if one does not. */
function scoreInAll(smallest: ScoredSource, size: number): number {
  const { sources } = request;
  const at = tally.draftAt;
  const own = smallest.currentScore;
  let score = weighed(own, smallest.weight);
  for (let i = 1; i < sources.length; i++) {
    const source = sources[i];
    const isSame = source.entry === smallest.entry;
    const other = isSame ? own : source.score(tally.bytes, at, at + size);
    if (Number.isNaN(other)) return Number.NaN;
    score = aggregated(score, other * source.weight);
  }
  return score;
}

/** Members of the first source that no other has, in whichever way is less work. */
function subtract(zone: Zone): void {
  const { sources } = request;
  const [first] = sources;
  let total = 0;
  for (const source of sources) {
    if (source !== first && source.entry === first.entry) return;
    total += source.count;
  }
  if (first.count === 0) return;
  // Looking up has better constants, and ends early.
  if ((first.count * sources.length) / 2 <= total) subtractByLooking(first);
  else subtractByTaking(zone, first);
}

function subtractByLooking(first: ScoredSource): void {
  const others = request.sources.slice(1).sort((a, b) => b.count - a.count);
  for (let more = first.first(); more; more = first.next()) {
    const size = draft(first);
    const at = tally.draftAt;
    let isElsewhere = false;
    for (let i = 0; i < others.length && !isElsewhere; i++) {
      isElsewhere = !Number.isNaN(others[i].score(tally.bytes, at, at + size));
    }
    if (!isElsewhere) tally.keep(size, first.currentScore);
  }
}

function subtractByTaking(zone: Zone, first: ScoredSource): void {
  tally.index(first.count);
  for (let more = first.first(); more; more = first.next()) {
    const size = draft(first);
    tally.find(zone, size);
    tally.enter(size, first.currentScore);
  }
  for (const source of request.sources) {
    if (source === first) continue;
    for (let more = source.first(); more; more = source.next()) {
      const found = tally.find(zone, draft(source));
      if (found >= 0 && tally.takeOut(found) && tally.left === 0) return;
    }
  }
}

// ── Results ─────────────────────────────────────────────────────────────────────────────────────

function replyMembers(reply: Reply): void {
  const { withScores } = request;
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

/** Runs a command; its result is stored, with this event, or replied without one. */
function combine(call: Call, form: Form, how: (zone: Zone) => void, event?: KeyEvent): void {
  try {
    readRequest(call, form);
    tally.clear();
    how(call.db.zone);
    tally.sort();
    if (event !== undefined) storeMembers(call, event);
    else replyMembers(call.reply);
  } finally {
    release();
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
  run: (call) => combine(call, ZUNION, unite),
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
  run: (call) => combine(call, ZUNIONSTORE, unite, events.zunionstore),
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
  run: (call) => combine(call, ZINTER, intersect),
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
  run: (call) => combine(call, ZINTERSTORE, intersect, events.zinterstore),
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
      tally.clear();
      call.reply.integer(countCommon());
    } finally {
      release();
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
  run: (call) => combine(call, ZDIFF, subtract),
});

export const zdiffstore = command({
  syntax: 'ZDIFFSTORE destination numkeys key [key ...]',
  summary: 'Stores what is in the first of some sorted sets or sets and in no other.',
  since: '6.2.0',
  complexity: DIFFERENCE_COMPLEXITY,
  keys: ['OW update', 'RO access'],
  flags: ['denyoom'],
  run: (call) => combine(call, ZDIFFSTORE, subtract, events.zdiffstore),
});
