import fc from 'fast-check';
import { expect, test } from 'vitest';
import { PackedReader, packedSize, writePacked } from '../../../src/value/packed.ts';

const anyScore = fc.oneof(
  fc.double({ noNaN: true }),
  fc.integer(),
  fc.integer({ min: -200, max: 200 }),
  fc.maxSafeInteger(),
  fc.constantFrom(0, 127, 128, -128, -129, 32767, 32768, -32769, 8388607, 8388608, -8388609),
  fc.constantFrom(2 ** 31, -(2 ** 31) - 1, 2 ** 47 - 1, 2 ** 47, -(2 ** 47) + 1, -(2 ** 47)),
  fc.constantFrom(0.5, 0.1, 1e308, 5e-324, Infinity, -Infinity),
);

test('an element is read back as it was written, in the size that was told', () => {
  const anyMember = fc.oneof(
    fc.uint8Array({ maxLength: 40 }),
    fc.uint8Array({ minLength: 280, maxLength: 290 }),
    fc.constant(new Uint8Array(70_000).fill(7)),
  );
  fc.assert(
    fc.property(anyScore, anyMember, (score, member) => {
      const reader = new PackedReader();
      reader.bytes = new Uint8Array(member.length + 32);
      const end = writePacked(reader.bytes, 3, score, member, 0, member.length);
      expect(end - 3).toBe(packedSize(member.length, score));
      reader.read(3);
      expect(reader.next).toBe(end);
      // Minus zero is kept as 0, as Redis's listpack does.
      expect(reader.score).toBe(score + 0);
      const memberEnd = reader.memberAt + reader.memberSize;
      expect(Buffer.compare(reader.bytes.subarray(reader.memberAt, memberEnd), member)).toBe(0);
    }),
    { numRuns: 500, seed: 1 },
  );
});

test('elements compare by score, then by member', () => {
  fc.assert(
    fc.property(anyScore, anyScore, fc.uint8Array(), fc.uint8Array(), (a, b, one, other) => {
      const reader = new PackedReader();
      reader.bytes = new Uint8Array(one.length + 32);
      writePacked(reader.bytes, 0, a, one, 0, one.length);
      reader.read(0);
      const order = a < b ? -1 : a > b ? 1 : Buffer.compare(one, other);
      expect(Math.sign(reader.compare(b, other, 0, other.length))).toBe(order);
    }),
    { numRuns: 300, seed: 2 },
  );
});

test('a member of ten bytes with a small score takes a seventh less than in a listpack', () => {
  // Redis: 1 + 10 + 1 bytes for the member, 2 to 10 for an integer.
  expect(packedSize(10, 100)).toBe(12);
  expect(packedSize(10, 1000)).toBe(13);
  expect(packedSize(10, 1_700_000_000)).toBe(15);
  expect(packedSize(10, 1_700_000_000_000)).toBe(17);
});
