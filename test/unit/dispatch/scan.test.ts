import { describe, expect, test } from 'vitest';
import { Args } from '../../../src/dispatch/arguments.ts';
import type { Call } from '../../../src/dispatch/call.ts';
import { cursorAt, replyScan, ScanOptions } from '../../../src/dispatch/scan.ts';
import { Argv } from '../../../src/resp/argv.ts';
import { errors } from '../../../src/resp/errors.ts';
import { collect, heapWindows, Reply } from '../../../src/resp/reply.ts';
import { latin1Bytes, latin1Text } from '../../../src/std/ascii.ts';
import { TYPE_HASH } from '../../../src/value/type.ts';

function callOf(line: string): Call {
  const args = new Args();
  args.argv = Argv.of(...line.split(' '));
  return { args, argv: args.argv, reply: new Reply(heapWindows()) } as unknown as Call;
}

const matches = (options: ScanOptions, text: string): boolean =>
  options.matches(latin1Bytes(text), 0, text.length);

describe('options', () => {
  test('begin anew with each scan', () => {
    const options = new ScanOptions();
    options.read(callOf('SCAN 0 COUNT 7 MATCH a? TYPE hash'), 2, true);
    expect([options.count, options.type]).toEqual([7, TYPE_HASH]);
    expect([matches(options, 'ab'), matches(options, 'b')]).toEqual([true, false]);
    options.read(callOf('SCAN 0'), 2, true);
    expect([options.count, options.type, matches(options, 'b')]).toEqual([10, undefined, true]);
  });

  test('a type that there is not is no error', () => {
    expect(new ScanOptions().read(callOf('SCAN 0 TYPE none'), 2, true).type).toBe(-1);
  });

  test.each(['COUNT', 'COUNT 0', 'MATCH', 'TYPE hash', 'x', 'COUNT 5 x'])(
    '%s is refused',
    (end) => {
      const call = callOf(`HSCAN key 0 ${end}`);
      expect(() => new ScanOptions().read(call, 3)).toThrow(
        expect.objectContaining({ text: errors.syntax.text }),
      );
    },
  );

  test('the last pattern counts, and * is every name', () => {
    const options = new ScanOptions().read(callOf('HSCAN key 0 MATCH a MATCH *'), 3);
    expect(matches(options, 'b')).toBe(true);
    expect(matches(options.read(callOf('HSCAN key 0 MATCH * MATCH a'), 3), 'b')).toBe(false);
  });
});

test('a cursor is any unsigned 64-bit integer', () => {
  expect(cursorAt(callOf('SCAN 4294967296'), 1)).toBe(2 ** 32);
  expect(cursorAt(callOf('SCAN 18446744073709551615'), 1)).toBe(2 ** 64);
  expect(() => cursorAt(callOf('SCAN x'), 1)).toThrow();
});

test('a scan replies where it ended, and what it found as it is written', () => {
  const call = callOf('HSCAN key 3 COUNT 2');
  let at = 0;
  let last = 0;
  const numbers = {
    scanEnd: (cursor: number, count: number) => cursor + count,
    beginScan(cursor: number, end: number) {
      at = cursor - 1;
      last = end - 1;
    },
    next: () => ++at <= last,
  };
  const options = new ScanOptions().read(call, 3);
  replyScan(call, numbers, cursorAt(call, 2), options, () => {
    call.reply.integer(at);
    return 1;
  });
  expect(latin1Text(collect(call.reply))).toBe('*2\r\n$1\r\n5\r\n*2\r\n:3\r\n:4\r\n');
});
