/** LZF: what is packed is unpacked as it was, in strings of any size and in pieces. */

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { compress, decompress } from '../../../src/persistence/lzf.ts';
import { latin1Bytes } from '../../../src/std/ascii.ts';
import { openOffline } from '../../support/offline.ts';

test('what is packed is shorter, and unpacked it is what it was, whatever was packed before', () => {
  const word = fc.constantFrom('a', 'ab', 'abc', 'session', '\x00\xff', '0123456789');
  const text = fc.array(word, { minLength: 30, maxLength: 400 }).map((words) => words.join(''));
  let packedOnce = 0;
  fc.assert(
    fc.property(text, fc.nat(50), (content, offset) => {
      const bytes = latin1Bytes(`${'#'.repeat(offset)}${content}##`);
      const end = offset + content.length;
      const packed = compress(bytes, offset, end, content.length - 4);
      if (packed === undefined) return;
      packedOnce++;
      expect(packed.length).toBeLessThan(content.length - 4);
      const copy = packed.slice();
      expect(decompress(copy, 0, copy.length, content.length)).toEqual(bytes.slice(offset, end));
      expect(decompress(copy, 0, copy.length, content.length + 1)).toBeUndefined();
    }),
    { seed: 7, numRuns: 500 },
  );
  expect(packedOnce).toBeGreaterThan(200);
});

test('what does not repeat is not packed', () => {
  const bytes = Uint8Array.from({ length: 200 }, (_, i) => i);
  expect(compress(bytes, 0, 200, 196)).toBeUndefined();
});

test('a string that lies in pieces is packed as one that does not', () => {
  const server = openOffline({ maxmemory: '1mb' });
  const text = 'the same again and '.repeat(6000);
  server.run('SET', 'k', text);
  const dump = server.run('DUMP', 'k');
  expect(dump.length).toBeLessThan(3000);
  server.run('RESTORE', 'copy', '0', dump.slice(dump.indexOf('\r\n') + 2, -2));
  expect(server.run('GET', 'copy')).toBe(`$${text.length}\r\n${text}\r\n`);
});
