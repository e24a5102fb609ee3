import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { collect, heapWindows, Reply } from '../../../src/resp/reply.ts';
import { latin1Bytes, latin1Text } from '../../../src/std/ascii.ts';
import {
  EntryListpack,
  elementSize,
  elementSizeMax,
  formatListpack,
  integerElementSize,
  LISTPACK_EMPTY_SIZE,
  Listpack,
  NONE,
  validateListpack,
} from '../../../src/value/listpack.ts';
import { TYPE_LIST } from '../../../src/value/type.ts';
import { find, KiB, put, zoneOf } from './support.ts';

function empty(room: number): Listpack {
  const bytes = new Uint8Array(room + 16);
  // Not at 0, so that positions and offsets are not the same.
  formatListpack(bytes, 5);
  return new Listpack().open(bytes, 5);
}

function bytesOf(texts: readonly string[]): Uint8Array {
  const listpack = empty(texts.reduce((sum, text) => sum + text.length + 10, 16));
  for (const text of texts) listpack.append(latin1Bytes(text), 0, text.length);
  return listpack.bytes.slice(listpack.start, listpack.end + 1);
}

function hexOf(texts: readonly string[]): string {
  return Buffer.from(bytesOf(texts)).toString('hex');
}

function texts(listpack: Listpack): string[] {
  const found: string[] = [];
  for (let at = listpack.first; at < listpack.end; at = listpack.next) {
    listpack.read(at);
    found.push(latin1Text(listpack.copy()));
  }
  return found;
}

function textsBackwards(listpack: Listpack): string[] {
  const found: string[] = [];
  for (let at = listpack.last; at !== NONE; at = listpack.previousOf(at)) {
    listpack.read(at);
    found.unshift(latin1Text(listpack.copy()));
  }
  return found;
}

const anyText = fc.oneof(
  fc.integer().map(String),
  fc.integer({ min: -5000, max: 5000 }).map(String),
  fc.bigInt({ min: -(2n ** 63n) - 5n, max: 2n ** 63n + 5n }).map(String),
  fc.uint8Array({ maxLength: 12 }).map((bytes) => latin1Text(bytes)),
  fc.constantFrom('', '-', '-0', '007', '+1', '1 ', 'x'.repeat(63), 'y'.repeat(64)),
  fc.constantFrom('a'.repeat(125), 'b'.repeat(126), 'c'.repeat(4095), 'd'.repeat(4096)),
  fc.constantFrom('e'.repeat(16378), 'f'.repeat(16379), '\0\0', '\xff\xff'),
);

// What redis-server 7.2.6 says to DUMP, without what it puts around.

test('integers of every size, and what only looks like one, are the bytes Redis has', () => {
  const elements = [
    ...['0', '1', '127', '128', '-1', '4095', '4096', '-4096', '-4097', '32767', '32768'],
    ...['-32768', '-32769', '8388607', '8388608', '-8388608', '-8388609', '2147483647'],
    ...['2147483648', '-2147483648', '-2147483649', '9007199254740991', '9007199254740992'],
    ...['9223372036854775807', '-9223372036854775808', '9223372036854775808'],
    ...['-0', '01', '+1', ''],
  ];
  expect(hexOf(elements)).toBe(
    'b40000001e00000101017f01c08002dfff02cfff02f1001003d00002f1ffef03f1ff7f03f200800004f1008003' +
      'f2ff7fff04f2ffff7f04f30000800005f200008004f3ffff7fff05f3ffffff7f05f4000000800000000009' +
      'f30000008005f4ffffff7fffffffff09f4ffffffffffff1f0009f4000000000000200009f4ffffffffffff' +
      'ff7f09f400000000000000800993393232333337323033363835343737353830381482' +
      '2d300382303103822b31038001ff',
  );
});

test('hashes and sets are the bytes Redis has', () => {
  expect(hexOf(['field', 'value', 'n', '42', '', 'empty'])).toBe(
    '230000000600856669656c64068576616c756506816e022a01800185656d70747906ff',
  );
  expect(hexOf(['one', '2', 'three'])).toBe('150000000300836f6e6504020185746872656506ff');
});

test('sizes of one, two and five bytes, in front and behind, are the bytes Redis has', () => {
  expect(hexOf(['x'.repeat(63), 'y'.repeat(64), 'z'.repeat(125), 'w'.repeat(126)])).toBe(
    `8d0100000400bf${'78'.repeat(63)}40e040${'79'.repeat(64)}42e07d${'7a'.repeat(125)}7f` +
      `e07e${'77'.repeat(126)}0180ff`,
  );
  const large = ['q'.repeat(4095), 'q'.repeat(4096), 'q'.repeat(16380), 'q'.repeat(16379)];
  const hash = createHash('sha1').update(bytesOf(large)).digest('hex');
  expect(hash).toBe('e2fa326ed68c0bc714f66f2fceb5f5f31fa77a9b');
});

test('what was put in is read back, forwards, backwards and by index', () => {
  fc.assert(
    fc.property(fc.array(anyText, { maxLength: 20 }), (elements) => {
      const bytes = bytesOf(elements);
      expect(validateListpack(bytes, 0, bytes.length)).toBe(elements.length);
      const listpack = new Listpack().open(bytes, 0);
      expect(listpack.count).toBe(elements.length);
      expect(listpack.isEmpty).toBe(elements.length === 0);
      expect(texts(listpack)).toEqual(elements);
      expect(textsBackwards(listpack)).toEqual(elements);
      for (let i = -elements.length; i < elements.length; i++) {
        listpack.read(listpack.seek(i));
        expect(latin1Text(listpack.copy())).toBe(elements.at(i));
      }
      expect(listpack.seek(elements.length)).toBe(NONE);
      expect(listpack.seek(-elements.length - 1)).toBe(NONE);
    }),
    { numRuns: 150, seed: 1 },
  );
});

test('the size of an element is told before it is put in', () => {
  fc.assert(
    fc.property(anyText, (text) => {
      const size = elementSize(latin1Bytes(text), 0, text.length);
      expect(bytesOf([text]).length).toBe(LISTPACK_EMPTY_SIZE + size);
      expect(size).toBeLessThanOrEqual(elementSizeMax(text.length));
    }),
    { numRuns: 300, seed: 2 },
  );
});

test('changed at any place in any way it is what an array is, and valid', () => {
  const step = fc.record({ kind: fc.nat(4), place: fc.nat(), text: anyText, count: fc.nat(3) });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
      const listpack = empty(30 * 17_000);
      const model: string[] = [];
      for (const { kind, place, text, count } of steps) {
        const index = model.length === 0 ? 0 : place % (model.length + 1);
        const at = index < model.length ? listpack.seek(index) : listpack.end;
        const bytes = latin1Bytes(text);
        if (kind < 2 || index === model.length) {
          listpack.insert(at, bytes, 0, bytes.length);
          model.splice(index, 0, text);
        } else if (kind === 2) {
          listpack.replace(at, bytes, 0, bytes.length);
          model[index] = text;
        } else {
          listpack.remove(at, count);
          model.splice(index, count);
        }
        expect(validateListpack(listpack.bytes, 5, listpack.size)).toBe(model.length);
      }
      expect(texts(listpack)).toEqual(model);
      listpack.clear();
      expect(listpack.isEmpty && listpack.size === LISTPACK_EMPTY_SIZE).toBe(true);
    }),
    { numRuns: 100, seed: 3 },
  );
});

test('integers go in and come out as numbers', () => {
  const listpack = empty(200);
  const numbers = [0, -1, 300, 2 ** 31, -(2 ** 53) + 1, 2n ** 63n - 1n, -(2n ** 63n)];
  for (const n of numbers) {
    const { size } = listpack;
    listpack.appendInteger(n);
    expect(listpack.size).toBe(size + integerElementSize(n));
  }
  expect(texts(listpack)).toEqual(numbers.map(String));
  numbers.forEach((n, i) => {
    listpack.read(listpack.seek(i));
    expect(listpack.isInteger).toBe(true);
    expect(listpack.integer64).toBe(BigInt(n));
    if (typeof n === 'number') expect(listpack.integer).toBe(n);
  });
  listpack.replaceInteger(listpack.first, -70_000);
  listpack.insertInteger(listpack.first, 5);
  expect(texts(listpack).slice(0, 3)).toEqual(['5', '-70000', '-1']);
});

test('an element is equal to the text it prints, and to no other', () => {
  fc.assert(
    fc.property(fc.array(anyText, { minLength: 1, maxLength: 8 }), anyText, (elements, text) => {
      const listpack = new Listpack().open(bytesOf(elements), 0);
      elements.forEach((element, i) => {
        const at = listpack.seek(i);
        expect(listpack.equals(at, latin1Bytes(element), 0, element.length)).toBe(true);
        const isEqual = listpack.equals(at, latin1Bytes(text), 0, text.length);
        expect(isEqual).toBe(element === text);
      });
    }),
    { numRuns: 200, seed: 4 },
  );
});

test('the first equal element is found, or of every second', () => {
  fc.assert(
    fc.property(fc.array(anyText, { maxLength: 10 }), anyText, (elements, other) => {
      const listpack = new Listpack().open(bytesOf(elements), 0);
      for (const text of [...elements, other]) {
        const bytes = latin1Bytes(text);
        const at = listpack.find(listpack.first, bytes, 0, bytes.length);
        const index = elements.indexOf(text);
        expect(at).toBe(index < 0 ? NONE : listpack.seek(index));
        if (at !== NONE) expect(latin1Text(listpack.copy())).toBe(text);
        const field = elements.findIndex((element, i) => i % 2 === 0 && element === text);
        const fieldAt = listpack.find(listpack.first, bytes, 0, bytes.length, 1);
        expect(fieldAt).toBe(field < 0 ? NONE : listpack.seek(field));
      }
    }),
    { numRuns: 200, seed: 5 },
  );
});

test('an integer kept in more bytes than it needs, as others may write it, is found', () => {
  // 5 as 16 bits, and as text.
  const bytes = Uint8Array.from([0x0f, 0, 0, 0, 2, 0, 0xf1, 5, 0, 3, 0x81, 0x35, 2, 0xff]);
  bytes[0] = bytes.length;
  expect(validateListpack(bytes, 0, bytes.length)).toBe(2);
  const listpack = new Listpack().open(bytes, 0);
  const five = latin1Bytes('5');
  expect(listpack.find(listpack.first, five, 0, 1)).toBe(6);
  expect(listpack.find(10, five, 0, 1)).toBe(10);
});

test('more than 65,534 elements are counted one by one, until they are fewer again', () => {
  const listpack = empty(70_000 * 2);
  const one = latin1Bytes('1');
  for (let i = 0; i < 65_534; i++) listpack.append(one, 0, 1);
  const told = () => listpack.bytes[listpack.start + 4] | (listpack.bytes[listpack.start + 5] << 8);
  expect(told()).toBe(65_534);
  for (let i = 0; i < 10; i++) listpack.append(one, 0, 1);
  expect(told()).toBe(65_535);
  expect(listpack.count).toBe(65_544);
  expect(validateListpack(listpack.bytes, listpack.start, listpack.size)).toBe(65_544);
  expect(listpack.seek(65_543)).toBe(listpack.last);
  expect(listpack.seek(65_544)).toBe(NONE);
  listpack.remove(listpack.first, 100);
  expect(told()).toBe(65_535);
  expect(listpack.count).toBe(65_444);
  expect(told()).toBe(65_444);
});

test('bytes that are no listpack are refused, whatever they are', () => {
  const good = bytesOf(['a', '1', '70000', 'x'.repeat(70), 'y'.repeat(5000)]);
  fc.assert(
    fc.property(fc.nat(good.length - 1), fc.nat(255), (at, byte) => {
      const bad = good.slice();
      bad[at] = byte;
      const count = validateListpack(bad, 0, bad.length);
      // One that is still valid can be walked to its end.
      if (count < 0) return;
      const listpack = new Listpack().open(bad, 0);
      expect(texts(listpack).length).toBe(count);
      expect(textsBackwards(listpack).length).toBe(count);
    }),
    { numRuns: 500, seed: 6 },
  );
  for (let size = 0; size < good.length; size++) {
    expect(validateListpack(good.slice(0, size), 0, size)).toBe(-1);
  }
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
      if (bytes.length > 4) bytes[0] = bytes.length;
      validateListpack(bytes, 0, bytes.length);
    }),
    { numRuns: 500, seed: 7 },
  );
});

test('the listpack of an entry works the same in one piece and in several', () => {
  const zone = zoneOf(512 * KiB);
  const listpack = new EntryListpack();
  listpack.create(zone, put(zone, 'k', TYPE_LIST, LISTPACK_EMPTY_SIZE));
  const model: string[] = [];
  let wasChunked = false;
  for (let i = 0; i < 600; i++) {
    const text = i % 3 === 0 ? String(i * 1000) : `element ${i}`;
    const bytes = latin1Bytes(text);
    listpack.openEntry(zone, find(zone, 'k'));
    expect(listpack.reserve(elementSize(bytes, 0, bytes.length))).toBe(true);
    const index = (i * 7) % (model.length + 1);
    listpack.insert(
      index === model.length ? listpack.end : listpack.seek(index),
      bytes,
      0,
      bytes.length,
    );
    model.splice(index, 0, text);
    wasChunked ||= !zone.content.isFlat(listpack.entry);
  }
  expect(wasChunked).toBe(true);
  expect(texts(listpack.openEntry(zone, find(zone, 'k')))).toEqual(model);
  expect(zone.content.size(listpack.entry)).toBe(listpack.size);
  while (model.length > 0) {
    const index = (model.length * 5) % model.length;
    listpack.openEntry(zone, find(zone, 'k')).remove(listpack.seek(index), 3);
    model.splice(index, 3);
    listpack.settle();
    expect(listpack.audit()).toBe(undefined);
  }
  expect(listpack.openEntry(zone, find(zone, 'k')).isEmpty).toBe(true);
  expect(zone.content.size(listpack.entry)).toBeLessThan(64);
});

test('without room a listpack of an entry stays what it is', () => {
  const zone = zoneOf(256 * KiB);
  const listpack = new EntryListpack();
  listpack.create(zone, put(zone, 'k', TYPE_LIST, LISTPACK_EMPTY_SIZE));
  const bytes = latin1Bytes('x'.repeat(1000));
  let count = 0;
  while (listpack.reserve(elementSize(bytes, 0, bytes.length))) {
    listpack.append(bytes, 0, bytes.length);
    count++;
  }
  expect(count).toBeGreaterThan(50);
  listpack.openEntry(zone, find(zone, 'k'));
  expect(listpack.count).toBe(count);
  expect(listpack.audit()).toBe(undefined);
});

// ── Written as replies ──────────────────────────────────────────────────────────────────────────

test('a run of elements is replied as each of them is, across windows of any size', () => {
  const small = fc.integer({ min: -2, max: 300 }).map(String);
  fc.assert(
    fc.property(
      fc.array(fc.oneof(small, anyText), { minLength: 1, maxLength: 60 }),
      fc.integer({ min: 80, max: 400 }),
      fc.nat(),
      fc.nat(),
      (elements, windowSize, from, some) => {
        const listpack = empty(elements.reduce((sum, text) => sum + text.length + 12, 16));
        for (const text of elements) listpack.append(latin1Bytes(text), 0, text.length);
        const first = from % elements.length;
        const count = 1 + (some % elements.length);
        const wanted = elements.slice(first, first + count);

        const reply = new Reply(heapWindows(windowSize));
        expect(listpack.writeRun(reply, listpack.seek(first), count)).toBe(wanted.length);
        expect(listpack.next).toBe(
          first + count < elements.length ? listpack.seek(first + count) : listpack.end,
        );
        const replied = wanted.map((text) => `$${text.length}\r\n${text}\r\n`).join('');
        expect(latin1Text(collect(reply))).toBe(replied);
      },
    ),
    { numRuns: 300 },
  );
});
