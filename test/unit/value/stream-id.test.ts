import { expect, test } from 'vitest';
import { latin1Bytes, latin1Text } from '../../../src/std/ascii.ts';
import { GIVEN, INVALID, SEQ_OPEN, StreamId } from '../../../src/value/stream-id.ts';

const id = new StreamId();

function parsed(text: string, fillsUp = false, strict = false): string | undefined {
  const bytes = latin1Bytes(`x${text}y`);
  const isGiven = id.parse(bytes, 1, bytes.length - 1, fillsUp, strict);
  return isGiven ? String(id) : undefined;
}

test('an id is a time, or a time and a number', () => {
  expect(parsed('5-3')).toBe('5-3');
  expect(parsed('5')).toBe('5-0');
  expect(parsed('5', true)).toBe('5-18446744073709551615');
  expect(parsed('1700000000000-4294967296')).toBe('1700000000000-4294967296');
  expect(parsed('18446744073709551615-18446744073709551615')).toBe(
    '18446744073709551615-18446744073709551615',
  );
  for (const none of ['', 'a', '5-', '-5', '5-a', '5-3-1', '18446744073709551616', '1.5', '5-*']) {
    expect(parsed(none)).toBe(undefined);
  }
});

test('the smallest and the largest have a sign, where it need not be an id', () => {
  expect(parsed('-')).toBe('0-0');
  expect(parsed('+')).toBe('18446744073709551615-18446744073709551615');
  expect(parsed('-', false, true)).toBe(undefined);
  expect(parsed('+', false, true)).toBe(undefined);
});

test('numbers are read as C reads them', () => {
  expect(parsed('007-+3')).toBe('7-3');
  expect(parsed(' 7')).toBe('7-0');
  expect(parsed('7\0-9')).toBe('7-0');
  expect(parsed('0'.repeat(127))).toBe('0-0');
  expect(parsed('0'.repeat(128))).toBe(undefined);
});

test('the seq of a new id may be left open', () => {
  const answer = (text: string): number => {
    const bytes = latin1Bytes(text);
    return id.parseNew(bytes, 0, bytes.length);
  };
  expect(answer('5-*')).toBe(SEQ_OPEN);
  expect(String(id)).toBe('5-0');
  expect(answer('5-1')).toBe(GIVEN);
  expect(answer('5')).toBe(GIVEN);
  for (const none of ['*', '-', '+', '*-1', '5-**', 'x-*']) expect(answer(none)).toBe(INVALID);
});

test('the next and the previous id carry over all words', () => {
  const steps = [
    ['0-0', '0-1'],
    ['0-4294967295', '0-4294967296'],
    ['7-18446744073709551615', '8-0'],
    ['4294967295-18446744073709551615', '4294967296-0'],
    ['18446744073709551615-18446744073709551614', '18446744073709551615-18446744073709551615'],
  ];
  for (const [from, to] of steps) {
    parsed(from);
    expect(id.increment()).toBe(true);
    expect(String(id)).toBe(to);
    expect(id.decrement()).toBe(true);
    expect(String(id)).toBe(from);
  }
  expect([id.setMax().increment(), id.isMin, id.decrement(), id.isMax]).toEqual([
    false,
    true,
    false,
    true,
  ]);
});

test('ids are compared as numbers of 128 bits', () => {
  const texts = ['0-0', '0-1', '0-2147483648', '0-18446744073709551615', '1-0', '2147483648-0'];
  texts.push('4294967295-5', '4294967296-0', '9223372036854775808-0', '18446744073709551615-9');
  const ids = texts.map((text) => {
    parsed(text);
    return new StreamId().copy(id);
  });
  const words = new Int32Array(5);
  for (const [i, a] of ids.entries()) {
    for (const [j, b] of ids.entries()) {
      b.write(words, 1);
      expect([a.compare(b), a.compareAt(words, 1)]).toEqual([Math.sign(i - j), Math.sign(i - j)]);
    }
  }
});

test('its text is what it was parsed from', () => {
  const target = new Uint8Array(50);
  for (const text of ['0-0', '1700000000000-12', '18446744073709551615-9007199254740993']) {
    parsed(text);
    expect(latin1Text(target, 3, id.writeText(target, 3))).toBe(text);
    expect(new StreamId().set64(id.ms64, id.seq64)).toEqual(id);
  }
  parsed('1700000000000-12');
  expect([id.ms, id.seq, id.isMin, id.isMax]).toEqual([1_700_000_000_000, 12, false, false]);
  expect(id.setNumbers(2 ** 40 + 3, 2 ** 33).toString()).toBe('1099511627779-8589934592');
});
