/** What came packed from outside: kept as it lies only if it is as it would be here. */

import { describe, expect, test } from 'vitest';
import { ByteWriter } from '../../../src/persistence/byte-writer.ts';
import { signed } from '../../../src/persistence/dump.ts';
import { T_HASH_LISTPACK, T_LIST_QUICKLIST_2 } from '../../../src/persistence/format.ts';
import { latin1Text } from '../../../src/std/ascii.ts';
import { formatListpack, Listpack, validateListpack } from '../../../src/value/listpack.ts';
import { ListpackReview } from '../../../src/value/listpack-review.ts';
import { openOffline } from '../../support/offline.ts';

const text = (words: string): Uint8Array => Buffer.from(words, 'latin1');

/** A listpack as we make it. */
function own(...elements: string[]): Uint8Array {
  const bytes = new Uint8Array(100_000);
  formatListpack(bytes, 0);
  const listpack = new Listpack().open(bytes, 0);
  for (const element of elements) listpack.append(text(element), 0, element.length);
  return bytes.slice(0, listpack.size);
}

/** A listpack of elements that are written as they are given, the size behind each included. */
function forged(...elements: number[][]): Uint8Array {
  const inside = elements.flat();
  const size = inside.length + 7;
  return Uint8Array.from([size & 255, size >> 8, 0, 0, elements.length, 0, ...inside, 255]);
}

const TWELVE_AS_TEXT = [0x82, 0x31, 0x32, 3];
const FIVE_IN_16_BITS = [0xf1, 5, 0, 3];
const ABC_IN_12_BITS = [0xe0, 3, 0x61, 0x62, 0x63, 5];
const A = [0x81, 0x61, 2];

const review = new ListpackReview();

describe('what is written as it would be here', () => {
  test.each([
    [
      [
        'a',
        '1',
        'some text',
        '-5',
        '127',
        '128',
        '-4096',
        '4096',
        '70000',
        '9000000',
        '3000000000',
      ],
    ],
    [['9223372036854775807', '-9223372036854775808', '9223372036854775808', '01', '-0', '']],
    [['x'.repeat(63), 'y'.repeat(64), 'z'.repeat(4095), 'w'.repeat(4096)]],
  ])('is told: %#', (elements) => {
    const { isOwn, count, longest } = review.look(own(...elements), 0);
    expect({ isOwn, count }).toEqual({ isOwn: true, count: elements.length });
    expect(longest).toBeGreaterThanOrEqual(Math.max(...elements.map(({ length }) => length)));
  });

  test.each([
    ['an integer as text', TWELVE_AS_TEXT],
    ['a small integer in many bytes', FIVE_IN_16_BITS],
    ['a short text with a long size', ABC_IN_12_BITS],
  ])('is not %s', (_, element) => {
    const bytes = forged(A, element);
    expect(validateListpack(bytes, 0, bytes.length)).toBe(2);
    expect(review.look(bytes, 0).isOwn).toBe(false);
  });
});

test('what is there twice is found among few and among many', () => {
  for (const count of [2, 10, 40, 1000]) {
    const names = Array.from({ length: count }, (_, i) => `field ${i}`);
    const pairs = names.flatMap((name) => [name, 'same']);
    expect(review.look(own(...pairs), 0).hasTwice(2)).toBe(false);
    expect(review.look(own(...pairs), 0).hasTwice(1)).toBe(true);
    expect(review.look(own(...pairs, names[count >> 1], 'x'), 0).hasTwice(2)).toBe(true);
  }
});

describe('RESTORE of what is written otherwise', () => {
  function restore(type: number, write: (writer: ByteWriter) => void) {
    const server = openOffline();
    const writer = new ByteWriter(false);
    writer.byte(type);
    write(writer);
    const payload = signed(writer, 10);
    const said = server.run('RESTORE', 'k', '0', latin1Text(payload, 0, payload.length));
    return { server, said };
  }

  test('finds a field by its text', () => {
    const { server, said } = restore(T_HASH_LISTPACK, (writer) =>
      writer.bulk(forged(TWELVE_AS_TEXT, FIVE_IN_16_BITS)),
    );
    expect(said).toBe('+OK\r\n');
    expect(server.run('HGET', 'k', '12')).toBe('$1\r\n5\r\n');
    expect(server.run('HSET', 'k', '12', '6')).toBe(':0\r\n');
    expect(server.audit()).toBeUndefined();
  });

  test('refuses a field that is there twice, as text and as an integer', () => {
    const { said } = restore(T_HASH_LISTPACK, (writer) =>
      writer.bulk(forged(TWELVE_AS_TEXT, A, [12, 1], A)),
    );
    expect(said).toBe('-ERR Bad data format\r\n');
  });

  test('finds the elements of a list, of which one node is as it would be here', () => {
    const { server, said } = restore(T_LIST_QUICKLIST_2, (writer) => {
      writer.length(2);
      writer.length(2);
      writer.bulk(own('a', 'b'));
      writer.length(2);
      writer.bulk(forged(FIVE_IN_16_BITS, TWELVE_AS_TEXT));
    });
    expect(said).toBe('+OK\r\n');
    expect(server.run('LPOS', 'k', '12')).toBe(':3\r\n');
    expect(server.run('LRANGE', 'k', '0', '-1')).toBe(
      '*4\r\n$1\r\na\r\n$1\r\nb\r\n$1\r\n5\r\n$2\r\n12\r\n',
    );
    expect(server.audit()).toBeUndefined();
  });
});
