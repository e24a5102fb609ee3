/**
 * Inline requests: a line as people type it → arguments.
 *
 *   SET  greeting "say \"hi\"\x21"        bare words, spaces between them
 *        'it\'s'                          quoted ones, in either kind of quotes
 *
 * What stays of a quoted argument is never longer than what was typed, so it is unescaped where it
 * stands and the arguments remain ranges of the bytes of the line. The rules, odd ones included,
 * are those of sdssplitargs in Redis's sds.c.
 *
 * Not here: where a line ends (request.ts).
 */

import { hexDigit, isSpace } from '../std/ascii.ts';
import type { Argv } from './argv.ts';

const SPACE = 0x20;
const TAB = 0x09;
const LF = 0x0a;
const CR = 0x0d;
const DOUBLE_QUOTE = 0x22;
const SINGLE_QUOTE = 0x27;
const BACKSLASH = 0x5c;
const LOWER_X = 0x78;

/** Splits bytes[start, end), which is overwritten. False: a quote is not closed, or not at a word's end. */
export function splitInline(bytes: Uint8Array, start: number, end: number, argv: Argv): boolean {
  argv.bytes = bytes;
  argv.count = 0;
  let at = start;
  for (;;) {
    while (at < end && isSpace(bytes[at])) at++;
    if (at === end) return true;
    const first = at;
    let to = at;
    // A bare word may turn into a quoted one (a"b c" is one argument); never back.
    while (at < end && !endsWord(bytes[at]) && !isQuote(bytes[at])) bytes[to++] = bytes[at++];
    if (at < end && isQuote(bytes[at])) {
      const quote = bytes[at++];
      while (at < end && bytes[at] !== quote) {
        if (bytes[at] === BACKSLASH && at + 1 < end) {
          if (quote === SINGLE_QUOTE) {
            if (bytes[at + 1] === SINGLE_QUOTE) at++;
            bytes[to++] = bytes[at++];
          } else if (isHexEscape(bytes, at, end)) {
            bytes[to++] = hexDigit(bytes[at + 2]) * 16 + hexDigit(bytes[at + 3]);
            at += 4;
          } else {
            bytes[to++] = unescaped(bytes[at + 1]);
            at += 2;
          }
        } else {
          bytes[to++] = bytes[at++];
        }
      }
      if (at === end) return false;
      at++;
      if (at < end && !isSpace(bytes[at])) return false;
    }
    const index = argv.count;
    argv.reserve(index + 1);
    argv.starts[index] = first;
    argv.ends[index] = to;
    argv.count = index + 1;
  }
}

/** Fewer bytes than are skipped between words: \v and \f may stand inside one. */
function endsWord(byte: number): boolean {
  return byte === SPACE || byte === TAB || byte === LF || byte === CR;
}

function isQuote(byte: number): boolean {
  return byte === DOUBLE_QUOTE || byte === SINGLE_QUOTE;
}

/** Whether '\xHH' stands at `at`. */
function isHexEscape(bytes: Uint8Array, at: number, end: number): boolean {
  return (
    at + 3 < end &&
    bytes[at + 1] === LOWER_X &&
    hexDigit(bytes[at + 2]) >= 0 &&
    hexDigit(bytes[at + 3]) >= 0
  );
}

function unescaped(byte: number): number {
  switch (byte) {
    case 0x6e: // n
      return LF;
    case 0x72: // r
      return CR;
    case 0x74: // t
      return TAB;
    case 0x62: // b
      return 0x08;
    case 0x61: // a
      return 0x07;
    default:
      return byte;
  }
}
