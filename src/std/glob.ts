/**
 * The pattern matcher of KEYS, SCAN, PSUBSCRIBE, CONFIG GET and ACL.
 *
 *   ?        one byte            [abc] [a-z] [^a-z]   one byte of a class, or not of it
 *   *        any bytes           \x                   x itself, also within a class
 *
 * It is Redis's stringmatchlen with all its corners, since clients see them: a class that is never
 * closed ends with the pattern, '[z-a]' is '[a-z]', bytes above 127 sort below 0 in a range (a C
 * char has a sign), '*' does not match the empty string, and beyond a thousand stars nested in each
 * other nothing matches.
 *
 * Why is it not exponential? Each '*' tries every rest of the text. But when the part behind the
 * last star matches nowhere in what is left, moving an earlier star on only leaves less: the search
 * is HOPELESS at once, all the way out. So it takes the product of both sizes, not more.
 */

import { toLower } from './ascii.ts';

const NO = 0;
const YES = 1;
const HOPELESS = 2;

const STAR = 0x2a;
const DASH = 0x2d;
const QUESTION = 0x3f;
const OPEN = 0x5b;
const BACKSLASH = 0x5c;
const CLOSE = 0x5d;
const CARET = 0x5e;

/** Stars that may be open at once. Redis's limit against patterns that exhaust the stack. */
const NESTING_MAX = 1000;

/** Whether text[textStart, textEnd) matches pattern[start, end). */
export function matchGlob(
  pattern: Uint8Array,
  start: number,
  end: number,
  text: Uint8Array,
  textStart: number,
  textEnd: number,
  ignoresCase: boolean,
): boolean {
  return match(pattern, start, end, text, textStart, textEnd, ignoresCase, 0) === YES;
}

function match(
  pattern: Uint8Array,
  start: number,
  end: number,
  text: Uint8Array,
  textStart: number,
  textEnd: number,
  ignoresCase: boolean,
  nesting: number,
): number {
  if (nesting > NESTING_MAX) return NO;
  let at = start;
  let textAt = textStart;
  while (at < end && textAt < textEnd) {
    const token = pattern[at];
    if (token === STAR) {
      return matchStar(pattern, at, end, text, textAt, textEnd, ignoresCase, nesting);
    }
    if (token === OPEN) {
      const verdict = matchClass(pattern, at, end, text[textAt], ignoresCase);
      if (verdict < 0) return NO;
      at = verdict;
    } else {
      if (token !== QUESTION) {
        // A backslash at the very end stands for itself.
        if (token === BACKSLASH && at + 1 < end) at++;
        const isSame = ignoresCase
          ? toLower(pattern[at]) === toLower(text[textAt])
          : pattern[at] === text[textAt];
        if (!isSame) return NO;
      }
      at++;
    }
    textAt++;
  }
  // Stars left over stand for nothing, but only behind a byte that matched.
  if (textAt === textEnd && textAt > textStart) {
    while (at < end && pattern[at] === STAR) at++;
  }
  return at === end && textAt === textEnd ? YES : NO;
}

function matchStar(
  pattern: Uint8Array,
  star: number,
  end: number,
  text: Uint8Array,
  textStart: number,
  textEnd: number,
  ignoresCase: boolean,
  nesting: number,
): number {
  let at = star + 1;
  while (at < end && pattern[at] === STAR) at++;
  if (at === end) return YES;
  for (let textAt = textStart; textAt < textEnd; textAt++) {
    const verdict = match(pattern, at, end, text, textAt, textEnd, ignoresCase, nesting + 1);
    if (verdict !== NO) return verdict;
  }
  return HOPELESS;
}

/** The position behind the class that opens at `open` if `byte` is in it, else -1. */
function matchClass(
  pattern: Uint8Array,
  open: number,
  end: number,
  byte: number,
  ignoresCase: boolean,
): number {
  let at = open + 1;
  const isNegated = at < end && pattern[at] === CARET;
  if (isNegated) at++;
  const wanted = ignoresCase ? toLower(byte) : byte;
  let isFound = false;
  // Never closed, it ends with the pattern.
  while (at < end) {
    const member = pattern[at];
    if (member === BACKSLASH && at + 1 < end) {
      // An escaped byte is compared as it is, whatever is said of case.
      if (pattern[at + 1] === byte) isFound = true;
      at += 2;
    } else if (member === CLOSE) {
      break;
    } else if (at + 2 < end && pattern[at + 1] === DASH) {
      if (isBetween(member, pattern[at + 2], byte, ignoresCase)) isFound = true;
      at += 3;
    } else {
      if ((ignoresCase ? toLower(member) : member) === wanted) isFound = true;
      at++;
    }
  }
  if (isFound === isNegated) return -1;
  return at < end ? at + 1 : end;
}

function isBetween(a: number, b: number, byte: number, ignoresCase: boolean): boolean {
  const first = signed(a);
  const second = signed(b);
  // Put in order first and lower-cased then, so '[Z-a]' is empty where case is ignored.
  let low = Math.min(first, second);
  let high = Math.max(first, second);
  let value = signed(byte);
  if (ignoresCase) {
    low = lowerSigned(low);
    high = lowerSigned(high);
    value = lowerSigned(value);
  }
  return value >= low && value <= high;
}

function signed(byte: number): number {
  return (byte << 24) >> 24;
}

/** C's tolower, as glibc has it: of a negative char it answers the byte, but -1 is left for EOF. */
function lowerSigned(char: number): number {
  return char === -1 ? -1 : toLower(char & 0xff);
}
