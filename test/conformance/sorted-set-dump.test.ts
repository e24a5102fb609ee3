/** Dumps of sorted sets: ours restored by Redis, Redis's of all ages restored by us. */

import { Crc64 } from '../../src/std/crc64.ts';
import { openOffline } from '../support/offline.ts';
import { parse } from '../support/resp-client.ts';
import { conformance, type Verbs } from './harness.ts';

const bytes = (hex: string): Uint8Array => Uint8Array.from(Buffer.from(hex, 'hex'));
const LONG = 'x'.repeat(65);

/** Scores of every kind that a listpack or a tree keeps in its own way. */
const SCORES = [
  ...['0', '-0', '1', '-1', '127', '-129', '4095', '4096', '32767', '-32769', '8388607', '8388608'],
  ...[
    '2147483647',
    '-2147483649',
    '140737488355327',
    '140737488355328',
    '9007199254740991',
    '1e17',
  ],
  ...['4611686018427387904', '9223372036854775807', '1e20', '1e300', '-1e-300', '5e-324', '0.1'],
  ...['0.5', '-2.25', '3.4028234663852886e38', 'inf', '-inf', '0.3333333333333333'],
];
const MEMBERS = [
  '',
  '0',
  '-1',
  '12',
  '127',
  '128',
  '007',
  '4096',
  '9223372036854775807',
  '\x00\xff',
];
const MANY = Array.from({ length: 400 }, (_, i) => [`${(i * 7) % 50}.5`, `member ${i}`]).flat();

/** Sets that we dump, as pairs of score and member. */
const SETS: Record<string, readonly string[]> = {
  'one member': ['1', 'a'],
  'scores of all kinds, packed': SCORES.flatMap((score, i) => [score, `m${i}`]),
  'scores of all kinds, in a tree': ['1', LONG, ...SCORES.flatMap((score, i) => [score, `m${i}`])],
  'members that look like integers': MEMBERS.flatMap((member, i) => [String(i), member]),
  'a packed set in several pieces': MANY.slice(0, 250).map((word) => word.padEnd(60, '0')),
  'a tree': MANY,
  'long members': ['1', 'y'.repeat(5000), '2', LONG, '3', 'z'.repeat(70_000), '4', 'short'],
};

/** DUMP of a set of ours. */
function dumped(pairs: readonly string[]): Uint8Array {
  const server = openOffline();
  server.run('ZADD', 'z', ...pairs);
  const reply = parse(server.run('DUMP', 'z'), 0)?.tree.text ?? '';
  return Uint8Array.from(Buffer.from(reply, 'latin1'));
}

/** A dump of that type and value, of the version before listpacks. */
function signed(type: number, value: Uint8Array): Uint8Array {
  const dump = Uint8Array.of(type, ...value, 9, 0, ...new Uint8Array(8));
  const crc = new Crc64();
  crc.add(dump, 0, dump.length - 8);
  crc.writeTo(dump, dump.length - 8);
  return dump;
}

const text = (word: string): number[] => [word.length, ...Buffer.from(word, 'latin1')];

/** A ziplist of short texts, as a string of a dump. */
function ziplist(...words: string[]): Uint8Array {
  const entries: number[] = [];
  let previous = 0;
  let last = 0;
  for (const word of words) {
    last = entries.length;
    entries.push(previous, ...text(word));
    previous = word.length + 2;
  }
  const size = 10 + entries.length + 1;
  const all = [size, 0, 0, 0, 10 + last, 0, 0, 0, words.length, 0, ...entries, 255];
  return Uint8Array.of(size, ...all);
}

/** Dumps that we did not make. */
const DUMPS: Record<string, Uint8Array> = {
  'a listpack of Redis 7.0, compressed': bytes(
    '11c34047408110810000001000816302842d696e66058162200814322e3505816402000181610201010c0103' +
      '01e04078e03600134204018200ff03f400008a5d784563010980018320700104ff0a002f876544342a334b',
  ),
  'a skiplist of Redis 7.0': bytes(
    '050700000000000000f07fc3094041017878e0340001787800000000000010400161000000000000f03f0200' +
      'ff9a9999999999b93fc00c0000000000000000016200000000000004c00163000000000000f0ff0a00f63f' +
      '29ab887f8d79',
  ),
  'scores as text, of Redis 2': signed(
    3,
    Uint8Array.of(
      4,
      ...text('a'),
      ...text('1.5'),
      ...text('b'),
      254,
      ...text('c'),
      255,
      ...text('12'),
      ...text('-3'),
    ),
  ),
  'a ziplist, of Redis 6': signed(
    12,
    ziplist('low', '-1.5', 'zero', '0', 'tenth', '0.1', 'top', 'inf'),
  ),
};

/** Restores a dump and looks at the set from all sides. */
function restores({ same, sameDoubles, since }: Verbs, dump: Uint8Array): void {
  same(['RESTORE', 'z', '0', dump]);
  same('TYPE z');
  same('ZCARD z');
  same('ZRANGE z 0 -1');
  sameDoubles('ZRANGE z 0 -1 WITHSCORES');
  same('OBJECT ENCODING z');
  since('7.2').same('DEBUG DIGEST-VALUE z');
}

conformance('sorted set dump', ({ test }) => {
  for (const [name, pairs] of Object.entries(SETS)) {
    test(`what we dump is restored alike: ${name}`, (verbs) => {
      restores(verbs, dumped(pairs));
    });
  }

  for (const [name, dump] of Object.entries(DUMPS)) {
    test(`what others dumped is restored alike: ${name}`, (verbs) => {
      restores(verbs, dump);
    });
  }

  test('the encoding of what is restored is that of what it holds', ({ same }) => {
    const small = dumped(['1', 'a', '2', 'b', '3', 'c']);
    const large = dumped(MANY);
    for (const limit of [0, 2, 3, 128, 1000]) {
      same(`CONFIG SET zset-max-listpack-entries ${limit}`);
      same(['RESTORE', 'small', '0', small, 'REPLACE']);
      same(['RESTORE', 'large', '0', large, 'REPLACE']);
      same('OBJECT ENCODING small');
      same('OBJECT ENCODING large');
    }
    same('CONFIG SET zset-max-listpack-entries 128');
  });
});
