/**
 * Scans: what SCAN, HSCAN, SSCAN and ZSCAN have in common, cursor and options.
 *
 *   HSCAN key 0 MATCH a* COUNT 100
 *
 * The reply is the cursor to go on with, 0 at the end, and what was found on the way there. A scan
 * goes twice over the same stretch, first to see where it ends and then to reply: what it finds
 * need not be kept.
 */

import type { Argv } from '../resp/argv.ts';
import { errors } from '../resp/errors.ts';
import { matchGlob } from '../std/glob.ts';
import { parseCursor } from '../std/int64.ts';
import { typeByName } from '../value/type.ts';
import type { Call } from './call.ts';

const COUNT = 10;
const STAR = 0x2a;
const none = new Uint8Array(0);

/** A value that can be scanned. */
export interface Scannable {
  /** Where a scan from `cursor` that sees about `count` elements ends; 0 at the end of all. */
  scanEnd(cursor: number, count: number): number;
  /** Begins a walk over the elements from `cursor` to where scanEnd() said. */
  beginScan(cursor: number, end: number): void;
  /** Goes to the next of them. Answers false at the end. */
  next(): boolean;
}

/** The cursor that argument `index` is. Beyond 2^53 only nearly: nobody was given such a one. */
export function cursorAt({ argv }: Call, index: number): number {
  const cursor = parseCursor(argv.bytes, argv.starts[index], argv.ends[index]);
  if (cursor === undefined) throw errors.invalidCursor;
  return Number(BigInt.asUintN(64, cursor));
}

/** What a scan was asked for beside its cursor. One serves a family: scans run one at a time. */
export class ScanOptions {
  /** About how many elements are to be looked at. */
  count = COUNT;
  /** Of SCAN: the type of value that is wanted, -1 for one that there is not, or undefined. */
  type: number | undefined = undefined;
  #bytes: Uint8Array = none;
  #start = 0;
  #end = 0;
  #isEverything = true;

  /** Reads the options from argument `first` on. Only SCAN `knowsTypes`. */
  read({ argv, args }: Call, first: number, knowsTypes = false): this {
    this.count = COUNT;
    this.type = undefined;
    this.#isEverything = true;
    for (let i = first; i < argv.count; i += 2) {
      const hasValue = i + 1 < argv.count;
      if (hasValue && argv.is(i, 'COUNT')) {
        this.count = args.integerAt(i + 1);
        if (this.count < 1) throw errors.syntax;
      } else if (hasValue && argv.is(i, 'MATCH')) {
        this.match(argv, i + 1);
      } else if (hasValue && knowsTypes && argv.is(i, 'TYPE')) {
        this.type = typeByName(argv.text(i + 1).toLowerCase());
      } else throw errors.syntax;
    }
    return this;
  }

  /** Takes argument `index` as the pattern. */
  match(argv: Argv, index: number): void {
    this.#bytes = argv.bytes;
    this.#start = argv.starts[index];
    this.#end = argv.ends[index];
    this.#isEverything = argv.size(index) === 1 && argv.bytes[this.#start] === STAR;
  }

  /** Whether bytes[start, end) are what MATCH asked for. */
  matches(bytes: Uint8Array, start: number, end: number): boolean {
    if (this.#isEverything) return true;
    return matchGlob(this.#bytes, this.#start, this.#end, bytes, start, end, false);
  }
}

/**
 * Replies a scan of `value` from `cursor` on. `write` is called at each element: it replies what
 * belongs to it, if its name matches, and answers how many replies that were.
 */
export function replyScan(
  { reply }: Call,
  value: Scannable,
  cursor: number,
  { count }: ScanOptions,
  write: () => number,
): void {
  const end = value.scanEnd(cursor, count);
  reply.array(2);
  reply.bulkText(String(end));
  const token = reply.deferArray();
  let written = 0;
  value.beginScan(cursor, end);
  while (value.next()) written += write();
  reply.endDefer(token, written);
}

/** Replies a scan of what is not there. */
export function replyNoScan({ reply }: Call): void {
  reply.array(2);
  reply.bulkText('0');
  reply.array(0);
}
