/** The checksum of dumps. */

import { expect, test } from 'vitest';
import { latin1Bytes } from '../../../src/std/ascii.ts';
import { Crc64 } from '../../../src/std/crc64.ts';

function sumOf(bytes: Uint8Array, ...cuts: number[]): string {
  const crc = new Crc64();
  let from = 0;
  for (const cut of [...cuts, bytes.length]) {
    crc.add(bytes, from, cut);
    from = cut;
  }
  const sum = new Uint8Array(8);
  crc.writeTo(sum, 0);
  expect(crc.isAt(sum, 0)).toBe(true);
  sum[3] ^= 1;
  expect(crc.isAt(sum, 0)).toBe(false);
  sum[3] ^= 1;
  return Buffer.from(sum).reverse().toString('hex');
}

test('is that of Redis', () => {
  // From the tests in Redis's crc64.c.
  expect(sumOf(latin1Bytes('123456789'))).toBe('e9c6d914c4b8d9ca');
  const text =
    'This is a test of the emergency broadcast system. We now return you to your regularly ' +
    'scheduled programming.';
  expect(sumOf(latin1Bytes(text))).toBe(sumOf(latin1Bytes(text), 1, 2, 3, 10, 11, 40, 41, 100));
});

test('of nothing is nothing', () => {
  expect(sumOf(new Uint8Array(0))).toBe('0000000000000000');
});

test('is the same in pieces', () => {
  const bytes = Uint8Array.from({ length: 1000 }, (_, i) => (i * 131 + (i >> 3)) & 255);
  const whole = sumOf(bytes);
  for (let cut = 0; cut < 40; cut++) expect(sumOf(bytes, cut, cut + 17, 900 + cut)).toBe(whole);
});
