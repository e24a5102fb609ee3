import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  equalIgnoringCase,
  hexDigit,
  isDigit,
  isSpace,
  isToken,
  latin1Bytes,
  latin1Text,
  toLower,
  toUpper,
  writeLatin1,
} from '../../../src/std/ascii.ts';

const everyByte = Array.from({ length: 256 }, (_, byte) => byte);
const runs = { seed: 1, numRuns: 200 };

describe('bytes as characters', () => {
  it('knows the classes of C', () => {
    const inClass = (is: (byte: number) => boolean) =>
      everyByte
        .filter(is)
        .map((byte) => String.fromCharCode(byte))
        .join('');
    expect(inClass(isDigit)).toBe('0123456789');
    expect(inClass(isSpace)).toBe('\t\n\v\f\r ');
    expect(inClass((byte) => hexDigit(byte) >= 0)).toBe('0123456789ABCDEFabcdef');
    expect(hexDigit(0x46)).toBe(15);
  });

  it('changes the case of A to Z alone', () => {
    for (const byte of everyByte) {
      const char = String.fromCharCode(byte);
      const isLetter = /[A-Za-z]/.test(char);
      expect(toUpper(byte)).toBe(isLetter ? char.toUpperCase().charCodeAt(0) : byte);
      expect(toLower(byte)).toBe(isLetter ? char.toLowerCase().charCodeAt(0) : byte);
    }
  });
});

describe('isToken', () => {
  it('ignores case and nothing else', () => {
    const bytes = latin1Bytes('..KeepTtl..');
    expect(isToken(bytes, 2, 9, 'KEEPTTL')).toBe(true);
    expect(isToken(bytes, 2, 8, 'KEEPTTL')).toBe(false);
    expect(isToken(bytes, 2, 9, 'KEEPTTX')).toBe(false);
    expect(isToken(bytes, 2, 2, '')).toBe(true);
    // 0x5b and 0x7b differ in the case bit but are no letters.
    expect(isToken(latin1Bytes('{'), 0, 1, '[')).toBe(false);
  });
});

describe('equalIgnoringCase', () => {
  it('agrees with lower-cased text', () => {
    const letters = fc.string({ unit: fc.constantFrom('a', 'A', 'b', '[', '{'), maxLength: 3 });
    fc.assert(
      fc.property(letters, letters, (a, b) => {
        const equal = equalIgnoringCase(
          latin1Bytes(`x${a}`),
          1,
          1 + a.length,
          latin1Bytes(b),
          0,
          b.length,
        );
        expect(equal).toBe(a.toLowerCase() === b.toLowerCase());
      }),
      runs,
    );
  });
});

describe('latin1', () => {
  it('brings every byte there and back, at any length', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => {
        const text = latin1Text(bytes);
        expect(text).toBe(String.fromCharCode(...bytes));
        expect(latin1Bytes(text)).toEqual(bytes);
      }),
      runs,
    );
  });

  it('reads a range', () => {
    const bytes = latin1Bytes('one two three four five six');
    expect(latin1Text(bytes, 4, 7)).toBe('two');
    expect(latin1Text(bytes, 4, 18)).toBe('two three four');
    expect(latin1Text(bytes, 4, 4)).toBe('');
  });

  it('writes in place and says where it ended', () => {
    for (const text of ['', 'ab', 'x'.repeat(40)]) {
      const target = new Uint8Array(50).fill(0xff);
      expect(writeLatin1(target, 3, text)).toBe(3 + text.length);
      expect(latin1Text(target, 3, 3 + text.length)).toBe(text);
      expect(target[2]).toBe(0xff);
      expect(target[3 + text.length]).toBe(0xff);
    }
  });

  it('keeps the low byte of a char beyond latin1, short or long', () => {
    expect(latin1Bytes('\u0141')).toEqual(Uint8Array.of(0x41));
    expect(latin1Bytes('\u0141'.repeat(30))).toEqual(new Uint8Array(30).fill(0x41));
  });
});
