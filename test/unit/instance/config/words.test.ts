import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { quoted, splitWords, toLatin1, toNative } from '../../../../src/instance/config/words.ts';

describe('words of a line', () => {
  const lines: [line: string, words: string[] | undefined][] = [
    ['', []],
    [' \t ', []],
    ['bind 127.0.0.1  ::1', ['bind', '127.0.0.1', '::1']],
    ['save ""', ['save', '']],
    [`a 'b c' "d e"`, ['a', 'b c', 'd e']],
    ['"\\x41\\n\\r\\t\\b\\a\\q\\x4"', ['A\n\r\t\b\x07qx4']],
    [`'it\\'s \\n'`, ["it's \\n"]],
    ['a"b c" d', ['ab c', 'd']],
    ['"open', undefined],
    ["'open", undefined],
    ['"a"b', undefined],
    [`'a'b`, undefined],
    ['"a\\"', undefined],
    ['a\vb', ['a\vb']],
    ['a \v b', ['a', 'b']],
  ];
  for (const [line, words] of lines) {
    it(`${JSON.stringify(line)} is ${JSON.stringify(words)}`, () => {
      expect(splitWords(line)).toEqual(words);
    });
  }

  it('a quoted word is that word again, whatever its bytes', () => {
    const word = fc.uint8Array({ maxLength: 20 }).map((b) => Buffer.from(b).toString('latin1'));
    fc.assert(
      fc.property(fc.array(word), (words) => {
        expect(splitWords(words.map(quoted).join(' '))).toEqual(words);
      }),
      { seed: 1, numRuns: 300 },
    );
  });

  it('a word is quoted as redis does', () => {
    expect(quoted('a "b"\\\n\x07\x00\xff~')).toBe('"a \\"b\\"\\\\\\n\\a\\x00\\xff~"');
  });

  it('text of the system is one char per byte, and back', () => {
    expect(toLatin1('ü')).toBe('\xc3\xbc');
    expect(toNative('\xc3\xbc')).toBe('ü');
  });
});
