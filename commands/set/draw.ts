/** Sets, by chance: members drawn, and members popped. */

import type { Call } from '../../src/dispatch/call.ts';
import { family } from '../../src/dispatch/command.ts';
import { type Drawable, replyDrawn } from '../../src/dispatch/draw.ts';
import { limitsOf, openForRead, openForWrite } from '../../src/dispatch/sets.ts';
import { removal } from '../../src/instance/effects.ts';
import { events } from '../../src/keyspace/events.ts';
import { errors } from '../../src/resp/errors.ts';
import type { Reply } from '../../src/resp/reply.ts';
import { MemberSet } from '../../src/value/set.ts';
import type { BulkSink } from '../../src/value/string.ts';
import { replyUnion } from './gather.ts';

const { command } = family('set');

/** Members that one effect of SPOP removes. */
const REMOVED_AT_ONCE = 1024;

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
  const { effects } = instance;
  if (effects.isOn) {
    set.readMember();
    effects.instead(argv, 'SREM', 1, set.textBytes.slice(set.textStart, set.textEnd));
  }
  set.removeCurrent();
  db.changedKey(argv, 1, events.spop);
  if (set.count === 0) db.removeEmpty(argv, 1, set.entry);
  else set.settle();
}

/** Replies members, and keeps them. */
class MemberSink implements BulkSink {
  readonly members: Uint8Array[] = [];
  readonly #reply: Reply;
  #pieces: Uint8Array[] = [];

  constructor(reply: Reply) {
    this.#reply = reply;
  }

  bulk(bytes: Uint8Array, start = 0, end = bytes.length): void {
    this.#reply.bulk(bytes, start, end);
    this.members.push(bytes.slice(start, end));
  }

  bulkHeader(size: number): void {
    this.#reply.bulkHeader(size);
    this.#pieces = [];
  }

  append(bytes: Uint8Array, start: number, end: number): void {
    this.#reply.append(bytes, start, end);
    this.#pieces.push(bytes.slice(start, end));
  }

  bulkEnd(): void {
    this.#reply.bulkEnd();
    this.members.push(Buffer.concat(this.#pieces));
  }
}

/** What SPOP has removed is gone for good, however often it is done again. */
function tellRemoved({ argv, db, instance }: Call, members: readonly Uint8Array[]): void {
  const { effects } = instance;
  for (let i = 0; i < members.length; i += REMOVED_AT_ONCE) {
    effects.also(db.number, argv, 'SREM', 1, ...members.slice(i, i + REMOVED_AT_ONCE));
  }
  effects.withhold();
}

function popSeveral(call: Call): void {
  const { argv, args, db, reply, instance } = call;
  const { effects } = instance;
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
    const isLazy = instance.config.values.lazyfreeLazyServerDel;
    if (effects.isOn) effects.instead(argv, removal(isLazy), 1);
    return;
  }
  reply.set(wanted);
  if (effects.isOn) {
    const popped = new MemberSink(reply);
    set.pop(wanted, limitsOf(call), instance.random, popped);
    tellRemoved(call, popped.members);
  } else {
    set.pop(wanted, limitsOf(call), instance.random, reply);
  }
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
