/**
 * Passwords: whether a client gave the right one.
 *
 * What is compared is digests of equal size, in constant time, so that neither the length nor a
 * prefix of the password shows in how long the answer takes.
 */

import { createHash, timingSafeEqual } from 'node:crypto';
import { latin1Bytes } from '../std/ascii.ts';

function digest(bytes: Uint8Array): Uint8Array {
  return createHash('sha256').update(bytes).digest();
}

/** Whether `given` is the password `wanted`, which is latin1 text. */
export function isPassword(given: Uint8Array, wanted: string): boolean {
  return timingSafeEqual(digest(given), digest(latin1Bytes(wanted)));
}
