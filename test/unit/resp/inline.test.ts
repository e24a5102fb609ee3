import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Argv } from '../../../src/resp/argv.ts';
import { splitInline } from '../../../src/resp/inline.ts';
import { latin1Bytes } from '../../../src/std/ascii.ts';

/** The arguments of a line, or undefined where redis-server says 'unbalanced quotes'. */
function split(line: string): string[] | undefined {
  const argv = new Argv();
  const bytes = latin1Bytes(`a${line}a`);
  const isWhole = splitInline(bytes, 1, bytes.length - 1, argv);
  expect([bytes[0], bytes[bytes.length - 1]]).toEqual([0x61, 0x61]);
  if (!isWhole) return undefined;
  return Array.from({ length: argv.count }, (_, i) => argv.text(i));
}

describe('inline requests', () => {
  // As redis-server 7.2.6 took them.
  const recorded: [string, string[] | undefined][] = [
    ['', []],
    [' \t\v\f\r ', []],
    ['PING', ['PING']],
    ['  SET  k\tv  ', ['SET', 'k', 'v']],
    ['echo a\rb', ['echo', 'a', 'b']],
    ['echo ""', ['echo', '']],
    ["echo ''", ['echo', '']],
    ['echo "a b"', ['echo', 'a b']],
    ['echo a"b c"', ['echo', 'ab c']],
    ['echo "a\\x41\\n\\t\\r\\a\\b\\q\\x4"', ['echo', 'aA\n\t\r\x07\bqx4']],
    ['echo "\xff\\xfF"', ['echo', '\xff\xff']],
    ['echo "\\\\"', ['echo', '\\']],
    ['echo "\\""', ['echo', '"']],
    ["echo 'a\\'b\\n'", ['echo', "a'b\\n"]],
    ["echo 'a\"b'", ['echo', 'a"b']],
    ['\vecho\f a', ['echo\f', 'a']],
    ['echo\va b', ['echo\va', 'b']],
    ['echo "a"\vb', ['echo', 'a', 'b']],
    ['echo \\x41', ['echo', '\\x41']],
    ['set a "b', undefined],
    ["set a 'b", undefined],
    ['set a "b"c', undefined],
    ['set a "b"\'c\'', undefined],
    ['echo \\"a', undefined],
    ['echo "a\\', undefined],
    ['echo "\\x4', undefined],
    ['echo "a\\"', undefined],
  ];
  for (const [line, args] of recorded) {
    const outcome = args === undefined ? 'is refused' : `has ${args.length} arguments`;
    it(`${JSON.stringify(line)} ${outcome}`, () => {
      expect(split(line)).toEqual(args);
    });
  }

  it('any bytes can be said in either kind of quotes, or by their numbers', () => {
    const byte = fc.integer({ min: 0, max: 255 });
    fc.assert(
      fc.property(fc.array(byte, { maxLength: 40 }), (bytes) => {
        const text = String.fromCharCode(...bytes);
        const hex = bytes.map((b) => `\\x${b.toString(16).padStart(2, '0')}`).join('');
        const double = text.replace(/[\\"]/g, '\\$&');
        expect(split(`"${hex}" "${double}"`)).toEqual([text, text]);
        // In single quotes a backslash in front of the closing quote cannot be said.
        const single = text.replaceAll('\\', '/');
        expect(split(`'${single.replaceAll("'", "\\'")}'`)).toEqual([single]);
      }),
      { numRuns: 200, seed: 7 },
    );
  });

  it('a line of many words has them all', () => {
    const words = Array.from({ length: 5000 }, (_, i) => `w${i}`);
    expect(split(words.join(' '))).toEqual(words);
  });
});
