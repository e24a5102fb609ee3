/** Sets, by chance: members drawn, and members popped. */

import type { Call } from '../../src/dispatch/call.ts';
import { family } from '../../src/dispatch/command.ts';
import { type Drawable, replyDrawn } from '../../src/dispatch/draw.ts';
import { limitsOf, openForRead, openForWrite } from '../../src/dispatch/sets.ts';
import { events } from '../../src/keyspace/events.ts';
import { errors } from '../../src/resp/errors.ts';
import { MemberSet } from '../../src/value/set.ts';
import { replyUnion } from './gather.ts';

const { command } = family('set');

/** The lens of these commands: they run one at a time. */
const set = new MemberSet();

// ── SRANDMEMBER ─────────────────────────────────────────────────────────────────────────────────

const drawable: Drawable = {
  open: (call) => openForRead(call, set),
  get count() {
    return set.count;
  },
  draw: (random) => set.draw(random),
  get mark() {
    return set.mark;
  },
  begin: () => set.begin(),
  next: () => set.next(),
  write: (reply) => set.writeMember(reply),
  writeMore() {},
};

export const srandmember = command({
  syntax: 'SRANDMEMBER key [count]',
  summary: 'Draws members of a set: different ones, or with a negative count any.',
  since: '1.0.0',
  complexity:
    'Without the count argument O(1), otherwise O(N) where N is the absolute value of the ' +
    'passed count.',
  arguments: { count: { since: '2.6.0' } },
  keys: 'RO access',
  tips: ['nondeterministic_output'],
  history: [['2.6.0', 'Added the optional `count` argument.']],
  differs: 'Members that repeat are no more than proto-max-bulk-len bytes of reply.',
  run(call) {
    if (call.argv.count > 3) throw errors.syntax;
    replyDrawn(call, drawable, '');
  },
});

// ── SPOP ────────────────────────────────────────────────────────────────────────────────────────

function popOne(call: Call): void {
  const { argv, db, reply, instance } = call;
  if (!openForWrite(call, set)) {
    reply.null();
    return;
  }
  set.draw(instance.random);
  set.writeMember(reply);
  set.removeCurrent();
  db.changedKey(argv, 1, events.spop);
  if (set.count === 0) db.removeEmpty(argv, 1, set.entry);
  else set.settle();
}

function popSeveral(call: Call): void {
  const { argv, args, db, reply, instance } = call;
  const wanted = args.integerFrom(2, 0, errors.notPositive);
  if (!openForWrite(call, set) || wanted === 0) {
    reply.set(0);
    return;
  }
  const { count, entry } = set;
  if (wanted >= count) {
    replyUnion(call, 1, 2);
    db.changedKey(argv, 1, events.spop, count);
    db.removeEmpty(argv, 1, entry);
    return;
  }
  reply.set(wanted);
  set.pop(wanted, limitsOf(call), instance.random, reply);
  db.changedKey(argv, 1, events.spop, wanted);
  set.settle();
}

export const spop = command({
  syntax: 'SPOP key [count]',
  summary: 'Draws members of a set and removes them, and the set with the last of them.',
  since: '1.0.0',
  complexity:
    'Without the count argument O(1), otherwise O(N) where N is the value of the passed count.',
  arguments: { count: { since: '3.2.0' } },
  keys: 'RW access delete',
  flags: ['fast'],
  tips: ['nondeterministic_output'],
  history: [['3.2.0', 'Added the `count` argument.']],
  run(call) {
    const { count } = call.argv;
    if (count > 3) throw errors.syntax;
    if (count === 2) popOne(call);
    else popSeveral(call);
  },
});
