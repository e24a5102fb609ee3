/** GET and SET of random keys, written as bytes at a rate that text would not allow. */

import { SeededRandom } from '../../src/std/random.ts';
import { encode } from '../../test/support/resp-client.ts';
import type { Writer } from './open-loop.ts';

const DIGITS = 12;

/** The key of that number, as redis-benchmark names its own. */
export function keyOf(i: number, prefix = 'key:'): string {
  return `${prefix}${String(i).padStart(DIGITS, '0')}`;
}

export interface MixOptions {
  /** Keys are drawn from so many. */
  readonly keyCount: number;
  readonly valueSize: number;
  /** Share of requests that are SET. */
  readonly writes: number;
  readonly seed?: number;
}

/** A template of one request, and where its key's digits are. */
interface Form {
  readonly bytes: Uint8Array;
  readonly digits: number;
}

function formOf(argv: readonly string[]): Form {
  const bytes = Buffer.from(encode(argv), 'latin1');
  return { bytes, digits: bytes.indexOf(keyOf(0)) + keyOf(0).length - DIGITS };
}

export function mixOf({ keyCount, valueSize, writes, seed = 1 }: MixOptions): {
  readonly write: Writer;
  readonly requestMax: number;
} {
  const random = new SeededRandom(seed);
  const get = formOf(['GET', keyOf(0)]);
  const set = formOf(['SET', keyOf(0), 'x'.repeat(valueSize)]);
  const limit = writes * 2 ** 32;
  const write: Writer = (target, offset) => {
    const { bytes, digits } = random.u32() < limit ? set : get;
    target.set(bytes, offset);
    let number = Math.floor((random.u32() / 2 ** 32) * keyCount);
    for (let at = offset + digits + DIGITS - 1; number > 0; at--) {
      target[at] = 0x30 + (number % 10);
      number = Math.floor(number / 10);
    }
    return offset + bytes.length;
  };
  return { write, requestMax: Math.max(get.bytes.length, set.bytes.length) };
}

/** The requests that put every key there. */
export function* fillingOfMix(
  count: number,
  valueSize: number,
  prefix?: string,
): Generator<string[]> {
  const value = 'x'.repeat(valueSize);
  for (let i = 0; i < count; i++) yield ['SET', keyOf(i, prefix), value];
}
