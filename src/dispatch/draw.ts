/**
 * Draws: what HRANDFIELD and ZRANDMEMBER have in common, elements chosen at random.
 *
 *   HRANDFIELD key             one element
 *   HRANDFIELD key 5           five different ones, or all; each choice of them equally likely
 *   HRANDFIELD key -5          any five, one maybe twice
 *   … WITHVALUES               each with what belongs to it: WITHSCORES for a sorted set
 *
 * Few of many are drawn until enough of them differ. When most are wanted all are walked over, and
 * each is taken with the chance that is left to it; that needs no memory of those taken.
 */

import { errors } from '../resp/errors.ts';
import type { Reply } from '../resp/reply.ts';
import { INT64_MAX } from '../std/int64.ts';
import type { Random } from '../std/random.ts';
import type { Call } from './call.ts';

/** Bytes of reply after which it is asked whether the client may have more. */
const LIMIT_STEP = 64 * 1024;
/** With so many times the elements that are wanted, they are drawn; else all are walked over. */
const DRAWN_SHARE = 3;

/** A value whose elements can be drawn, the one of key 1. */
export interface Drawable {
  /** Points at the value of key 1, which is read. Answers false when there is none. */
  open(call: Call): boolean;
  readonly count: number;
  /** Goes to an element, each with the same chance. */
  draw(random: Random): void;
  /** Names the element gone to. */
  readonly mark: number;
  /** Begins a walk over all elements. */
  begin(): void;
  /** Goes to the next of them. Answers false at the end. */
  next(): boolean;
  /** Replies the element gone to. */
  write(reply: Reply): void;
  /** Replies what belongs to it. */
  writeMore(reply: Reply): void;
}

function writeHeader(reply: Reply, count: number, withMore: boolean): void {
  reply.array(withMore && !reply.resp3 ? count * 2 : count);
}

function writeElement(reply: Reply, value: Drawable, withMore: boolean): void {
  if (withMore && reply.resp3) reply.array(2);
  value.write(reply);
  if (withMore) value.writeMore(reply);
}

/**
 * Replies elements that may repeat, in any order. No more than a string may hold, nor than the
 * client may leave untaken: else one request could take all the memory of the process.
 */
function replyRepeating(
  { client, reply, instance }: Call,
  value: Drawable,
  count: number,
  withMore: boolean,
): void {
  const sizeMax = instance.config.values.protoMaxBulkLen;
  const start = reply.mark();
  let step = start + LIMIT_STEP;
  writeHeader(reply, count, withMore);
  for (let i = 0; i < count; i++) {
    value.draw(instance.random);
    writeElement(reply, value, withMore);
    if (reply.size < step) continue;
    step = reply.size + LIMIT_STEP;
    client.connection.checkLimits();
    if (client.closing) return reply.rewind(start);
    if (reply.size - start > sizeMax) {
      reply.rewind(start);
      throw errors.outOfRange;
    }
  }
}

/** Replies `count` different elements, each choice of them equally likely. */
function replyDifferent(
  { reply, instance }: Call,
  value: Drawable,
  count: number,
  withMore: boolean,
): void {
  const { random } = instance;
  const size = value.count;
  writeHeader(reply, Math.min(count, size), withMore);
  if (count * DRAWN_SHARE <= size) {
    const drawn = new Set<number>();
    while (drawn.size < count) {
      value.draw(random);
      if (drawn.has(value.mark)) continue;
      drawn.add(value.mark);
      writeElement(reply, value, withMore);
    }
    return;
  }
  let wanted = count;
  value.begin();
  for (let left = size; left > 0 && value.next(); left--) {
    if (wanted < left && random.below(left) >= wanted) continue;
    writeElement(reply, value, withMore);
    wanted--;
  }
}

/** Replies `key [count [token]]`: elements drawn from the value of key 1. */
export function replyDrawn(call: Call, value: Drawable, token: string): void {
  const { argv, args, reply, instance } = call;
  if (argv.count === 2) {
    if (!value.open(call)) return reply.null();
    value.draw(instance.random);
    value.write(reply);
    return;
  }
  const exact = args.int64At(2);
  if (exact < -INT64_MAX) throw errors.notBetween(-INT64_MAX, INT64_MAX);
  const withMore = argv.count === 4 && argv.is(3, token);
  if (argv.count > 3 && !withMore) throw errors.syntax;
  if (withMore && (exact < -(INT64_MAX / 2n) || exact > INT64_MAX / 2n)) throw errors.outOfRange;
  if (!value.open(call) || exact === 0n) return reply.array(0);
  const count = Number(exact);
  if (count < 0) replyRepeating(call, value, -count, withMore);
  else replyDifferent(call, value, count, withMore);
}
