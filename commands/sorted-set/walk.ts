/** Sorted sets, in no order: members drawn at random, and scanned. */

import type { Call } from '../../src/dispatch/call.ts';
import { family } from '../../src/dispatch/command.ts';
import { type Drawable, replyDrawn } from '../../src/dispatch/draw.ts';
import {
  cursorAt,
  replyNoScan,
  replyScan,
  type Scannable,
  ScanOptions,
} from '../../src/dispatch/scan.ts';
import type { Reply } from '../../src/resp/reply.ts';
import { doubleText, doubleText17 } from '../../src/std/double.ts';
import { SortedSet } from '../../src/value/sorted-set.ts';
import { TYPE_SORTED_SET } from '../../src/value/type.ts';

const { command } = family('sorted-set');

/** The lens of these commands: they run one at a time. */
const set = new SortedSet();

/** Points at the sorted set of key 1. Answers false when there is none. */
function openForRead({ argv, db }: Call): boolean {
  const entry = db.find(argv, 1);
  if (entry === 0) return false;
  db.expectType(entry, TYPE_SORTED_SET);
  set.open(db.zone, entry);
  return true;
}

// ── ZRANDMEMBER ─────────────────────────────────────────────────────────────────────────────────

/** Rank of the member drawn last. */
let drawn = 0;

/** A member is drawn by its rank: finding it takes the logarithm of how many there are. */
const members: Drawable = {
  open: openForRead,
  get count() {
    return set.count;
  },
  draw(random) {
    set.indexRanks();
    drawn = random.below(set.count);
    set.seek(drawn);
  },
  get mark() {
    return drawn;
  },
  begin() {
    set.beginScan(0, 0);
  },
  next: () => set.nextScanned(),
  write(reply) {
    set.writeCurrent(reply);
  },
  writeMore(reply) {
    reply.double(set.currentScore);
  },
};

export const zrandmember = command({
  syntax: 'ZRANDMEMBER key [count [WITHSCORES]]',
  summary: 'Draws members of a sorted set: different ones, or with a negative count any.',
  since: '6.2.0',
  complexity: 'O(N) where N is the number of members returned',
  keys: 'RO access',
  tips: ['nondeterministic_output'],
  differs: 'Members that repeat are no more than proto-max-bulk-len bytes of reply.',
  run: (call) => replyDrawn(call, members, 'WITHSCORES'),
});

// ── ZSCAN ───────────────────────────────────────────────────────────────────────────────────────

const options = new ScanOptions();

const scannable: Scannable = {
  scanEnd: (cursor, count) => set.scanEnd(cursor, count),
  beginScan(cursor, end) {
    set.beginScan(cursor, end);
  },
  next: () => set.nextScanned(),
};

/** Replies the score as text, whatever the protocol; of large sets with 17 digits, as Redis. */
function writeScore(reply: Reply): void {
  const score = set.currentScore;
  if (Number.isSafeInteger(score) && score !== 0) reply.bulkInteger(score);
  else reply.bulkText(set.isPacked ? doubleText(score) : doubleText17(score));
}

export const zscan = command({
  syntax: 'ZSCAN key cursor [MATCH pattern] [COUNT count]',
  summary: 'Lists members with their scores a few at a time.',
  since: '2.8.0',
  complexity:
    'O(1) for every call. O(N) for a complete iteration, including enough command calls for the ' +
    'cursor to return back to 0. N is the number of elements inside the collection.',
  keys: 'RO access',
  tips: ['nondeterministic_output'],
  run(call) {
    const { reply } = call;
    const cursor = cursorAt(call, 2);
    if (!openForRead(call)) return replyNoScan(call);
    options.read(call, 3);
    replyScan(call, scannable, cursor, options, () => {
      set.readCurrent();
      if (!options.matches(set.textBytes, set.textStart, set.textEnd)) return 0;
      set.writeCurrent(reply);
      writeScore(reply);
      return 2;
    });
  },
});
