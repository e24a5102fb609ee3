/**
 * Args: reads the arguments of a request as what they mean. One for each client, used again.
 *
 * Two ways to read. By index, where the places are fixed: `integerAt(2)`. And as a cursor, where
 * options may come in any order:
 *
 *   args.begin(3);
 *   while (!args.atEnd) {
 *     if (args.token('LIMIT')) limit = args.integer();
 *     else if (args.token('REV')) reverse = true;
 *     else throw errors.syntax;
 *   }
 *
 * What is not there or not what it should be is thrown as the error reply Redis has for it.
 */

import { Argv } from '../resp/argv.ts';
import { type ErrorReply, errors } from '../resp/errors.ts';
import { parseDouble } from '../std/double.ts';
import { INT64_MAX, INT64_MIN, parseInt64, parseSafeInteger } from '../std/int64.ts';

/** Below this neither a product with 1000 nor a sum with the time of day leaves 53 bits. */
const TIME_SAFE = 1e12;

/** The largest number below 2^63. */
const DEADLINE_MAX = 2 ** 63 - 1024;
const INT32_MIN = -(2 ** 31);
const INT32_MAX = 2 ** 31 - 1;

export class Args {
  argv: Argv = new Argv();
  /** The deadline read last, where it lies beyond 2^53. */
  exactDeadline: bigint | undefined = undefined;
  #at = 0;

  // ── By index ──────────────────────────────────────────────────────────────────────────────────

  /**
   * Argument `index` as a signed 64-bit integer. Beyond 2^53 the nearest number: callers clamp or
   * refuse long before that matters. Throws "not an integer".
   */
  integerAt(index: number): number {
    const { argv } = this;
    const start = argv.starts[index];
    const end = argv.ends[index];
    const value = parseSafeInteger(argv.bytes, start, end);
    if (!Number.isNaN(value)) return value;
    const big = parseInt64(argv.bytes, start, end);
    if (big === undefined) throw errors.notInteger;
    return Number(big);
  }

  /** The same, exactly. */
  int64At(index: number): bigint {
    const { argv } = this;
    const value = parseInt64(argv.bytes, argv.starts[index], argv.ends[index]);
    if (value === undefined) throw errors.notInteger;
    return value;
  }

  /** An integer within bounds; throws `refusal` otherwise. */
  integerBetween(
    index: number,
    min: number,
    max: number,
    refusal: ErrorReply = errors.outOfRange,
  ): number {
    const value = this.integerAt(index);
    if (value < min || value > max) throw refusal;
    return value;
  }

  /** An integer from `least` on; whatever else it is, `refusal` is thrown. */
  integerFrom(index: number, least: number, refusal: ErrorReply): number {
    const { argv } = this;
    const start = argv.starts[index];
    const end = argv.ends[index];
    let value = parseSafeInteger(argv.bytes, start, end);
    if (Number.isNaN(value)) value = Number(parseInt64(argv.bytes, start, end) ?? Number.NaN);
    if (!(value >= least)) throw refusal;
    return value;
  }

  /** Argument `index` as a 32-bit integer, as numbers of databases are read. */
  int32At(index: number): number {
    const value = this.integerAt(index);
    if (value < INT32_MIN || value > INT32_MAX) throw errors.notBetween(INT32_MIN, INT32_MAX);
    return value;
  }

  /** Argument `index` as a double: inf is one, nan is not. Throws "not a valid float". */
  doubleAt(index: number): number {
    const { argv } = this;
    const value = parseDouble(argv.bytes, argv.starts[index], argv.ends[index]);
    if (Number.isNaN(value)) throw errors.notFloat;
    return value;
  }

  /**
   * Argument `index`, a time in units of `unitMs` after `baseMs`, as a deadline in Unix
   * milliseconds. It may be long past. Throws "invalid expire time" of the command `name` where 64
   * bits don't hold it. Where a number does not hold it exactly, `exactDeadline` does.
   */
  deadlineAt(index: number, unitMs: number, baseMs: number, name: string): number {
    const { argv } = this;
    this.exactDeadline = undefined;
    const time = parseSafeInteger(argv.bytes, argv.starts[index], argv.ends[index]);
    if (Math.abs(time) < TIME_SAFE) return time * unitMs + baseMs;
    const big = this.int64At(index);
    const unit = BigInt(unitMs);
    const base = BigInt(baseMs);
    if (big > INT64_MAX / unit || big < INT64_MIN / unit || big * unit > INT64_MAX - base) {
      throw errors.invalidExpire(name);
    }
    const deadline = big * unit + base;
    if (deadline <= BigInt(Number.MAX_SAFE_INTEGER)) return Number(deadline);
    this.exactDeadline = deadline;
    return Math.min(Number(deadline), DEADLINE_MAX);
  }

  /** The same, for a time that must be above zero. */
  positiveDeadlineAt(index: number, unitMs: number, baseMs: number, name: string): number {
    if (this.integerAt(index) <= 0) throw errors.invalidExpire(name);
    return this.deadlineAt(index, unitMs, baseMs, name);
  }

  /**
   * Argument `index`, seconds or (with `unitMs` 1) whole milliseconds a command may wait, as the
   * Unix milliseconds at which it stops waiting; 0 is for ever and stays 0. As in timeout.c.
   */
  timeoutAt(index: number, unitMs: number, now: number): number {
    const { argv } = this;
    const start = argv.starts[index];
    const end = argv.ends[index];
    let milliseconds: number;
    if (unitMs === 1) {
      const whole = parseInt64(argv.bytes, start, end);
      if (whole === undefined) throw errors.timeoutNotInteger;
      milliseconds = Number(whole);
    } else {
      const seconds = parseDouble(argv.bytes, start, end);
      if (Number.isNaN(seconds)) throw errors.timeoutNotFloat;
      if (seconds * unitMs > Number(INT64_MAX)) throw errors.timeoutOutOfRange;
      milliseconds = Math.ceil(seconds * unitMs);
    }
    if (milliseconds < 0) throw errors.timeoutNegative;
    if (milliseconds > Number(INT64_MAX) - now) throw errors.timeoutOutOfRange;
    return milliseconds === 0 ? 0 : milliseconds + now;
  }

  // ── As a cursor ───────────────────────────────────────────────────────────────────────────────

  /** Puts the cursor on argument `index`. */
  begin(index: number): void {
    this.#at = index;
  }

  get remaining(): number {
    return this.argv.count - this.#at;
  }

  get atEnd(): boolean {
    return this.#at >= this.argv.count;
  }

  /** Whether the next argument is a token, in any case. Passes it if so. */
  token(token: string): boolean {
    if (!this.nextIs(token)) return false;
    this.#at++;
    return true;
  }

  /** The same, without passing it. */
  nextIs(token: string): boolean {
    return this.#at < this.argv.count && this.argv.is(this.#at, token);
  }

  /** Passes an argument and answers its index: a key's, or any bytes'. Throws at the end. */
  index(): number {
    if (this.#at >= this.argv.count) throw errors.syntax;
    return this.#at++;
  }

  integer(): number {
    return this.integerAt(this.index());
  }

  int64(): bigint {
    return this.int64At(this.index());
  }

  double(): number {
    return this.doubleAt(this.index());
  }

  text(): string {
    return this.argv.text(this.index());
  }

  /** Throws a syntax error if anything is left. */
  end(): void {
    if (this.#at < this.argv.count) throw errors.syntax;
  }
}
