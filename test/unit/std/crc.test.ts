import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { latin1Bytes } from '../../../src/std/ascii.ts';
import { crc16, crc64, keySlot } from '../../../src/std/crc.ts';

/** Bit by bit over BigInt. */
function reference64(bytes: Uint8Array): bigint {
  let crc = 0n;
  for (const byte of bytes) {
    crc ^= BigInt(byte);
    for (let bit = 0; bit < 8; bit++) {
      crc = crc & 1n ? (crc >> 1n) ^ 0x95ac9329ac4bc9b5n : crc >> 1n;
    }
  }
  return crc;
}

const slot = (key: string) => keySlot(latin1Bytes(`{${key}}`), 1, 1 + key.length);

/** As CLUSTER KEYSLOT of redis-server 7.2.6 answers. */
const SLOTS: [string, number][] = [
  ['foo', 12182],
  ['', 0],
  ['{', 4092],
  ['{}', 15257],
  ['{}foo', 9500],
  ['foo{}{bar}', 8363],
  ['foo{bar}{zap}', 5061],
  ['foo{{bar}}zap', 4015],
  ['{user1000}.following', 3443],
  ['foo}{bar', 7624],
  ['foo{bar', 15278],
  ['foo}b{ar}', 9934],
  ['123456789', 12739],
];

describe('crc16', () => {
  it('has the check value of XMODEM', () => {
    expect(crc16(latin1Bytes('..123456789..'), 2, 11)).toBe(0x31c3);
    expect(crc16(new Uint8Array(0), 0, 0)).toBe(0);
  });
});

describe('crc64', () => {
  it('has the check value of Jones', () => {
    expect(crc64(latin1Bytes('..123456789..'), 2, 11)).toBe(0xe9c6d914c4b8d9can);
  });

  it('agrees with the definition, whole or in pieces', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), fc.nat(60), (bytes, cut) => {
        const expected = reference64(bytes);
        expect(crc64(bytes, 0, bytes.length)).toBe(expected);
        const middle = Math.min(cut, bytes.length);
        expect(crc64(bytes, middle, bytes.length, crc64(bytes, 0, middle))).toBe(expected);
      }),
      { seed: 1, numRuns: 300 },
    );
  });
});

describe('keySlot', () => {
  it.each(SLOTS)('puts %j into slot %d', (key, expected) => {
    expect(slot(key)).toBe(expected);
  });

  it('keeps keys with the same tag together', () => {
    expect(slot('{user1000}.following')).toBe(slot('{user1000}.followers'));
    expect(slot('foo{{bar}}zap')).toBe(slot('{bar'));
  });
});
