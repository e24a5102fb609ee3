/** Args: reads the arguments of a request as what they mean. One for each client, used again. */

import { Argv } from '../resp/argv.ts';
import { errors } from '../resp/errors.ts';
import { parseDouble } from '../std/double.ts';
import { parseInt64, parseSafeInteger } from '../std/int64.ts';

export class Args {
  argv: Argv = new Argv();

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
  integerBetween(index: number, min: number, max: number, refusal = errors.outOfRange): number {
    const value = this.integerAt(index);
    if (value < min || value > max) throw refusal;
    return value;
  }

  /** Argument `index` as a double: inf is one, nan is not. Throws "not a valid float". */
  doubleAt(index: number): number {
    const { argv } = this;
    const value = parseDouble(argv.bytes, argv.starts[index], argv.ends[index]);
    if (Number.isNaN(value)) throw errors.notFloat;
    return value;
  }
}
