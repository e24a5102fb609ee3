/** The expected keys and flags are what COMMAND GETKEYSANDFLAGS of Redis 7.2.6 answers. */

import { describe, expect, it } from 'vitest';
import * as commandFamily from '../../../commands/server/command.ts';
import { family } from '../../../src/dispatch/command.ts';
import { keyAt, legacyRangeOf } from '../../../src/dispatch/keys.ts';
import { Registry } from '../../../src/dispatch/registry.ts';
import { errors } from '../../../src/resp/errors.ts';
import { latin1Bytes } from '../../../src/std/ascii.ts';
import { samples } from './samples.ts';
import { replyOf } from './support.ts';

const registry = new Registry([samples, Object.values(commandFamily)]);
const keysOf = (line: string) =>
  replyOf(registry, 'COMMAND', 'GETKEYS', ...line.split(' ')).replaceAll(/[*$]\d+ ?/g, '');
const usesOf = (line: string) =>
  replyOf(registry, 'COMMAND', 'GETKEYSANDFLAGS', ...line.split(' ')).replaceAll(/[*$~]\d+ ?/g, '');

const INVALID = '-ERR Invalid arguments specified for command';

describe('keys', () => {
  it('are found in ranges', () => {
    expect(keysOf('GET k')).toBe('k');
    expect(keysOf('gEt k')).toBe('k');
    expect(keysOf('MSET a 1 b 2 c 3')).toBe('a b c');
    expect(keysOf('MSET a 1 b')).toBe('a b');
    expect(keysOf('LCS a b IDX')).toBe('a b');
    expect(keysOf('BZPOPMIN a b c 0')).toBe('a b c');
    expect(keysOf('BITOP AND d a b')).toBe('d a b');
    expect(keysOf('PFMERGE d a b')).toBe('d a b');
  });

  it('are counted by numkeys', () => {
    expect(keysOf('ZUNIONSTORE d 2 a b WEIGHTS 1 2')).toBe('d a b');
    expect(keysOf('EVAL s 2 a b c')).toBe('a b');
  });

  it('are none where numkeys contradicts the request', () => {
    for (const count of ['0', '3', '-1', 'x', '9223372036854775807']) {
      expect(keysOf(`ZUNIONSTORE d ${count} a b`), count).toBe(INVALID);
      expect(keysOf(`EVAL s ${count} a b`), count).toBe('');
    }
  });

  it('are found behind keywords', () => {
    expect(keysOf('XREAD COUNT 1 streams a b 0 0')).toBe('a b');
    expect(keysOf('XREAD COUNT 1 STREAMS a b 0')).toBe('a');
    expect(keysOf('XREAD COUNT 1 STREAM a 0')).toBe(INVALID);
    expect(keysOf('GEORADIUS k 1 2 3 m STORE d')).toBe('k d');
    expect(keysOf('GEORADIUS k 1 2 3 m STOREDIST d STORE e')).toBe('k e d');
    expect(keysOf('GEORADIUS k 1 2 3 m STORE')).toBe('k');
  });

  it('are refused of what has none', () => {
    expect(keysOf('CONFIG GET a')).toBe('-ERR The command has no key arguments');
    expect(keysOf('QUIT')).toBe('-ERR The command has no key arguments');
    expect(keysOf('NONE k')).toBe('-ERR Invalid command specified');
    expect(keysOf('CONFIG NONE')).toBe('-ERR Invalid command specified');
    expect(keysOf('GET')).toBe('-ERR Invalid number of arguments specified for command');
    expect(keysOf('MSET k')).toBe('-ERR Invalid number of arguments specified for command');
  });

  it('come with how they are used', () => {
    expect(usesOf('GET k')).toBe('k +RO +access');
    expect(usesOf('ZUNIONSTORE d 1 a')).toBe('d +OW +update a +RO +access');
    expect(usesOf('GEORADIUS k 1 2 3 m STORE d')).toBe('k +RO +access d +OW +update');
  });
});

describe('a command that finds its keys itself', () => {
  const { command } = family('string');
  const facts = { summary: '', since: '1.0.0', run() {} };
  const own = new Registry([
    Object.values(commandFamily),
    [
      command({
        ...facts,
        syntax: 'STORE key [GET]',
        keys: 'RW access update variable_flags',
        findKeys: (argv, first) => [
          keyAt(argv, first + 1, argv.count - first > 2 ? ['RW', 'access'] : ['OW', 'update']),
        ],
      }),
      command({
        ...facts,
        syntax: 'JOIN a b',
        flags: ['readonly'],
        findKeys: (argv, first) => [latin1Bytes(`${argv.text(first + 1)}:${argv.text(first + 2)}`)],
      }),
      command({
        ...facts,
        syntax: 'FAIL a',
        flags: ['write'],
        findKeys: () => {
          throw errors.syntax;
        },
      }),
    ],
  ]);

  it('may use them by options', () => {
    const uses = (...words: string[]) => replyOf(own, 'COMMAND', 'GETKEYSANDFLAGS', ...words);
    expect(uses('STORE', 'k')).toBe('*1 *2 $1 k ~2 +OW +update');
    expect(uses('STORE', 'k', 'GET')).toBe('*1 *2 $1 k ~2 +RW +access');
  });

  it('may join names that stand nowhere in the request', () => {
    expect(replyOf(own, 'COMMAND', 'GETKEYS', 'JOIN', 'x', 'y')).toBe('*1 $3 x:y');
    expect(replyOf(own, 'COMMAND', 'GETKEYSANDFLAGS', 'JOIN', 'x', 'y')).toContain('+RO +access');
  });

  it('may refuse the request', () => {
    expect(replyOf(own, 'COMMAND', 'GETKEYS', 'FAIL', 'x')).toBe(INVALID);
  });
});

describe('first, last and step', () => {
  const range = (index: number, lastKey: number, step = 1) =>
    ({
      flags: ['RO'],
      begin: { type: 'index', index },
      find: { type: 'range', lastKey, step, limit: 0 },
    }) as const;

  it('join ranges that follow each other', () => {
    expect(legacyRangeOf([range(1, 0), range(2, 0)])).toMatchObject({ first: 1, last: 2, step: 1 });
    expect(legacyRangeOf([range(2, 0), range(3, -1)])).toMatchObject({ first: 2, last: -1 });
    expect(legacyRangeOf([range(1, -1, 2)])).toMatchObject({ first: 1, last: -1, step: 2 });
  });

  it('leave out what they cannot say', () => {
    expect(legacyRangeOf([range(1, 0), range(3, 0)])).toEqual({
      first: 1,
      last: 1,
      step: 1,
      isPartial: true,
    });
    expect(legacyRangeOf([])).toEqual({ first: 0, last: 0, step: 0, isPartial: false });
  });
});
