import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { latin1Bytes } from '../../../src/std/ascii.ts';
import { matchGlob } from '../../../src/std/glob.ts';
import { GLOBS } from './recorded/globs.ts';

function matches(pattern: string, text: string, ignoresCase = false): boolean {
  // Other bytes on both sides, which must not be read.
  const patterns = latin1Bytes(`*]${pattern}*]`);
  const texts = latin1Bytes(`ab${text}ab`);
  const end = 2 + pattern.length;
  return matchGlob(patterns, 2, end, texts, 2, 2 + text.length, ignoresCase);
}

describe('matchGlob', () => {
  it('matches as Redis 7.2.6 does', () => {
    for (const [pattern, text, mode, expected] of GLOBS) {
      const verdict = matches(pattern, text, mode === 'i') ? 'yes' : 'no';
      expect([pattern, text, mode, verdict]).toEqual([pattern, text, mode, expected]);
    }
  });

  it.each([
    ['h?llo', 'hello', true],
    ['h*llo', 'heeeello', true],
    ['h[ae]llo', 'hillo', false],
    ['h[^e]llo', 'hallo', true],
    ['h[a-b]llo', 'hbllo', true],
    ['h[b-a]llo', 'hallo', true],
    ['h\\?llo', 'h?llo', true],
    ['h\\?llo', 'hello', false],
    ['user:*', 'user:', true],
    ['user:**', 'user:', true],
    ['*', '', false],
    ['', '', true],
    ['', 'a', false],
    ['a', '', false],
    ['[', '[', false],
    ['[^', 'a', true],
    ['[a', 'a', true],
    ['[a-', '-', true],
    ['[a-]', ']', true],
    ['[]a]', 'a', false],
    ['[\\]]', ']', true],
    ['[\\', '\\', true],
    ['a\\', 'a\\', true],
    ['[a-z]*9', 'k1239', true],
  ])('says of %j and %j: %s', (pattern, text, expected) => {
    expect(matches(pattern, text)).toBe(expected);
  });

  it('ignores case on demand, but not of an escaped member of a class', () => {
    expect(matches('HeL*', 'hello', true)).toBe(true);
    expect(matches('HeL*', 'hello')).toBe(false);
    expect(matches('[A-C]', 'b', true)).toBe(true);
    expect(matches('[\\B]', 'b', true)).toBe(false);
    expect(matches('\\B', 'b', true)).toBe(true);
  });

  it('sorts bytes above 127 below 0 in a range', () => {
    expect(matches('[\x01-\xff]', '\x00')).toBe(true);
    expect(matches('[\x01-\xff]', '\x80')).toBe(false);
    expect(matches('[\x80-\x00]', '\xff')).toBe(true);
  });

  it('agrees with regular expressions on patterns of daily life', () => {
    const atoms: [string, string][] = [
      ['*', '[^]*'],
      ['?', '[^]'],
      ['a', 'a'],
      ['b', 'b'],
      ['[ab]', '[ab]'],
      ['[^a]', '[^a]'],
      ['[b-d]', '[b-d]'],
      ['\\*', '\\*'],
    ];
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom(...atoms), { maxLength: 8 }),
        fc.string({ unit: fc.constantFrom('a', 'b', 'c', '*'), minLength: 1, maxLength: 8 }),
        (tokens, text) => {
          const pattern = tokens.map(([glob]) => glob).join('');
          const expression = new RegExp(`^${tokens.map(([, regex]) => regex).join('')}$`);
          expect(matches(pattern, text)).toBe(expression.test(text));
        },
      ),
      { seed: 1, numRuns: 2000 },
    );
  });

  it('gives up beyond a thousand nested stars', () => {
    expect(matches('*a'.repeat(1000), 'a'.repeat(1000))).toBe(true);
    expect(matches('*a'.repeat(1001), 'a'.repeat(1001))).toBe(false);
  });

  it('does not take exponential time', () => {
    expect(matches(`${'a*'.repeat(40)}b`, 'a'.repeat(2000))).toBe(false);
  });
});
