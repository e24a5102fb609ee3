/** HyperLogLogs: the bytes after every change, the counts, and values that are none. */

import { SeededRandom } from '../../src/std/random.ts';
import { conformance, type Verbs } from './harness.ts';

const DENSE_SIZE = 12304;
const header = (encoding: number, ...count: readonly number[]): string =>
  `HYLL${String.fromCharCode(encoding, 0, 0, 0, ...(count.length === 8 ? count : UNKNOWN))}`;
const UNKNOWN = [0, 0, 0, 0, 0, 0, 0, 0x80];
const sparse = (...runs: readonly number[]): string => header(1) + String.fromCharCode(...runs);
const dense = (fill: string): string =>
  header(0) + fill.repeat(DENSE_SIZE).slice(0, DENSE_SIZE - 16);
/** Registers of zeroes, from the first to the last. */
const ZEROES = [0x7f, 0xff];

/** Elements made so that their hash has a run of 32 to 51; beyond 32 a run is never sparse. */
const LONG_RUNS: readonly string[] = [
  '\xba\x59\x27\x4b\x98\xd2\xd1\xba',
  '\xfa\xd4\xf6\xf1\x98\x7d\xd0\xfa',
  '\xf7\x90\x27\xc2\xae\x58\x70\x0d',
  '\x33\x56\x04\x90\x49\x1c\xf6\xe6',
  '\x8b\xfe\xef\x34\x32\x41\xd8\xc0',
  '\xea\xca\x95\x66\x10\xb2\x48\xeb',
];

const elements = (count: number, from = 0): string[] =>
  Array.from({ length: count }, (_, i) => `element:${from + i}`);

/** What a key holds, and what it counts. */
function look({ same }: Verbs, key: string): void {
  same('GET', key);
  same('PFCOUNT', key);
  same('GET', key);
  same('STRLEN', key);
}

conformance('hyperloglog', ({ test }) => {
  test('PFADD begins a key, and tells what changed', (verbs) => {
    const { same } = verbs;
    same('PFADD h');
    look(verbs, 'h');
    same('PFADD h');
    look(verbs, 'h');
    same('PFADD g a b c d e f g');
    look(verbs, 'g');
    same('PFADD g a b c');
    look(verbs, 'g');
    same('PFADD g a h');
    same('GET g');
    same('PFADD g h');
    same('OBJECT ENCODING g');
    same('TYPE g');
    same('PFCOUNT none');
    same('EXISTS none');
  });

  test('elements are any bytes of any length', (verbs) => {
    const { same } = verbs;
    const random = new SeededRandom(1);
    const everyByte = String.fromCharCode(...Array.from({ length: 256 }, (_, i) => i));
    for (let size = 0; size < 40; size++) {
      same('PFADD', 'h', String.fromCharCode(...random.bytes(size)));
      same('PFADD', 'h', '\xff'.repeat(size));
      same('PFADD', 'h', '\0'.repeat(size));
    }
    same('PFADD', 'h', everyByte, everyByte.repeat(50), '', '\0', '\r\n');
    look(verbs, 'h');
  });

  test('one after the other, from sparse to dense', (verbs) => {
    const { same } = verbs;
    for (let i = 0; i < 1400; i++) {
      same('PFADD', 'h', `element:${i}`);
      if (i % 10 === 0) same('GET h');
      if (i % 100 === 0) same('PFCOUNT h');
      if (i % 200 === 0) same('PFDEBUG DECODE h');
    }
    look(verbs, 'h');
    for (let n = 0; n < 5; n++) {
      same('PFADD', 'h', ...elements(3000, n * 2000));
      look(verbs, 'h');
    }
  });

  test('many at once, from nothing', (verbs) => {
    const { same } = verbs;
    for (const count of [1, 10, 100, 500, 900, 1000, 1100, 1500, 5000, 30_000]) {
      same('PFADD', `h${count}`, ...elements(count));
      look(verbs, `h${count}`);
      same('PFDEBUG', 'ENCODING', `h${count}`);
    }
  });

  test('hll-sparse-max-bytes tells when it becomes dense', (verbs) => {
    const { same } = verbs;
    for (const limit of [0, 15, 18, 19, 20, 21, 22, 100, 1000, 15_000, 16_000]) {
      same(`CONFIG SET hll-sparse-max-bytes ${limit}`);
      for (const count of [0, 1, 2, 3, 5, 50, 300, 4000]) {
        same('PFADD', `h${limit}:${count}`, ...elements(count));
        look(verbs, `h${limit}:${count}`);
        same('PFMERGE', `to${limit}:${count}`, `h${limit}:${count}`);
        look(verbs, `to${limit}:${count}`);
      }
    }
    same('CONFIG SET hll-sparse-max-bytes 3000');
    same('PFADD h15000:4000 more');
    look(verbs, 'h15000:4000');
  });

  test('an element with a run longer than 32 makes it dense', (verbs) => {
    const { same } = verbs;
    for (const element of LONG_RUNS) {
      same('DEL h');
      same('PFADD h a b c');
      same('PFADD', 'h', element);
      same('PFDEBUG ENCODING h');
      look(verbs, 'h');
    }
  });

  test('PFCOUNT of several keys counts them as one', (verbs) => {
    const { same } = verbs;
    same('PFADD', 'a', ...elements(100));
    same('PFADD', 'b', ...elements(100, 50));
    same('PFADD', 'c', ...elements(3000, 1000));
    for (const keys of ['a b', 'a a', 'a b c', 'c c', 'none c', 'none none', 'a none b none c']) {
      same(`PFCOUNT ${keys}`);
    }
    // Each keeps its count as it was: not known.
    for (const key of ['a', 'b', 'c']) same('GET', key);
  });

  test('PFMERGE', (verbs) => {
    const { same } = verbs;
    same('PFADD', 'small', ...elements(10));
    same('PFADD', 'medium', ...elements(700, 5));
    same('PFADD', 'large', ...elements(5000, 600));
    for (const sources of [
      ...['', 'none', 'small', 'small none', 'medium', 'small medium', 'large', 'small large'],
      ...['medium large small', 'medium medium', 'none none'],
    ]) {
      same(`PFMERGE to ${sources}`);
      look(verbs, 'to');
      same(`PFMERGE fresh:${sources.replaceAll(' ', ':')} ${sources}`);
      look(verbs, `fresh:${sources.replaceAll(' ', ':')}`);
      same('DEL to');
      same('PFADD to other');
    }
    same('PFMERGE small small');
    look(verbs, 'small');
    same('PFMERGE medium small medium');
    look(verbs, 'medium');
    same('PFMERGE small large');
    look(verbs, 'small');
    same('PFMERGE large small');
    look(verbs, 'large');
    same('OBJECT ENCODING to');
  });

  test('random merges and additions, compared whole', (verbs) => {
    const { same } = verbs;
    const random = new SeededRandom(2);
    for (const limit of [40, 300, 3000]) {
      same(`CONFIG SET hll-sparse-max-bytes ${limit}`);
      same('FLUSHDB');
      for (let n = 0; n < 80; n++) {
        const key = `h${random.below(4)}`;
        const choice = random.below(5);
        if (choice < 3) {
          const count = 1 + random.below(random.below(10) === 0 ? 900 : 20);
          same('PFADD', key, ...elements(count, random.below(10_000)));
        } else if (choice === 3) same('PFMERGE', key, `h${random.below(4)}`, `h${random.below(4)}`);
        else same('PFCOUNT', `h${random.below(4)}`);
        same('GET', key);
        if (n % 10 === 0) same('PFCOUNT h0 h1 h2 h3');
      }
      for (const key of ['h0', 'h1', 'h2', 'h3']) look(verbs, key);
    }
    same('CONFIG SET hll-sparse-max-bytes 3000');
  });

  test('a value that travelled by SET and APPEND goes on', (verbs) => {
    const { same } = verbs;
    same('SET', 'h', sparse(...ZEROES));
    same('OBJECT ENCODING h');
    same('PFCOUNT h');
    same('OBJECT ENCODING h');
    same('PFADD h a');
    look(verbs, 'h');
    same('SET', 'h', header(1, 1, 2, 3, 4, 5, 6, 7, 0));
    same('PFCOUNT h');
    same('SET', 'h', header(0, 255, 255, 255, 255, 255, 255, 31, 0).padEnd(DENSE_SIZE, '\0'));
    same('PFCOUNT h');
    same('SET', 'h', header(0, 255, 255, 255, 255, 255, 255, 255, 127).padEnd(DENSE_SIZE, '\0'));
    same('PFCOUNT h');
    same('PFADD h a');
    look(verbs, 'h');
    same('SET h x EX 100');
    same('SET', 'h', sparse(...ZEROES), 'KEEPTTL');
    same('PFADD', 'h', ...elements(2000));
    same('TTL h');
  });

  test('dense values with every content', (verbs) => {
    const { same } = verbs;
    const random = new SeededRandom(3);
    const fills = [
      '\0',
      '\x01',
      '\xff',
      '\x41\x10\x04',
      '\x0c\x00',
      '\xc3\x30\x0c',
      '\xb2\x2c\xcb',
    ];
    for (let n = 0; n < 4; n++) fills.push(String.fromCharCode(...random.bytes(300)));
    for (const fill of fills) {
      same('SET', 'h', dense(fill));
      look(verbs, 'h');
      same('PFADD', 'h', ...elements(50));
      look(verbs, 'h');
      same('PFCOUNT h none');
      same('PFDEBUG GETREG h');
      same('PFMERGE to h');
      same('GET to');
    }
  });

  test('sparse values of every shape', (verbs) => {
    const { same } = verbs;
    const random = new SeededRandom(4);
    const one = (): number[] => {
      const runs: number[] = [];
      for (let left = 16384; left > 0; ) {
        const kind = random.below(3);
        const length = 1 + random.below(Math.min(left, kind === 0 ? 64 : kind === 1 ? 3000 : 4));
        if (kind === 0) runs.push(length - 1);
        else if (kind === 1) runs.push(0x40 | ((length - 1) >> 8), (length - 1) & 0xff);
        else runs.push(0x80 | (random.below(32) << 2) | (length - 1));
        left -= length;
      }
      return runs;
    };
    for (let n = 0; n < 40; n++) {
      same('SET', 'h', sparse(...one()));
      same('PFDEBUG DECODE h');
      look(verbs, 'h');
      for (let i = 0; i < 10; i++) {
        same('PFADD', 'h', `${n}:${i}`, `${i}`);
        same('GET h');
      }
      look(verbs, 'h');
      same('PFMERGE to h');
      look(verbs, 'to');
      same('PFDEBUG TODENSE h');
      look(verbs, 'h');
    }
    // Runs of one register in two bytes, and neighbours that could be joined but are not.
    same('CONFIG SET hll-sparse-max-bytes 20000');
    for (let n = 0; n < 20; n++) {
      const runs = [];
      for (let i = 0; i < 6000; i++) {
        if (random.below(2) === 0) runs.push(0x40, 0x00);
        else runs.push(0x80);
      }
      same('SET', 'h', sparse(...runs, 0x40 | (10_383 >> 8), 10_383 & 0xff));
      same('PFADD', 'h', ...elements(50, n * 50));
      same('GET h');
      same('PFDEBUG DECODE h');
    }
    same('CONFIG SET hll-sparse-max-bytes 3000');
  });

  test('what is no HyperLogLog', ({ fails, same }) => {
    same('PFADD good a');
    for (const value of [
      ...['', 'text', '12345', 'HYLL', header(1).slice(0, 15), header(2), header(255)],
      ...[header(0), dense('\0').slice(1), `${dense('\0')}x`, dense('\0').slice(0, -1)],
      ...[header(1).replace('H', 'h'), header(1).replace('Y', 'y'), header(1).replace('L', 'l')],
    ]) {
      same('SET', 'bad', value);
      fails('PFADD bad');
      fails('PFADD bad a');
      fails('PFCOUNT bad');
      fails('PFCOUNT good bad');
      fails('PFMERGE to good bad');
      fails('PFMERGE bad good');
      fails('PFMERGE bad');
      fails('PFDEBUG ENCODING bad');
      fails('PFDEBUG junk bad');
      same('GET bad');
    }
    same('EXISTS to');
    same('ZADD z 1 a');
    for (const line of [
      ...['PFADD z a', 'PFADD z', 'PFCOUNT z', 'PFCOUNT good z', 'PFMERGE to z', 'PFMERGE z good'],
      ...['PFDEBUG DECODE z', 'PFDEBUG junk z', 'PFADD', 'PFCOUNT', 'PFMERGE', 'PFSELFTEST a'],
      ...['PFDEBUG', 'PFDEBUG DECODE', 'PFDEBUG DECODE good good'],
    ]) {
      fails(line);
    }
  });

  test('values whose runs are corrupted', ({ agrees, same }) => {
    const broken: readonly (readonly number[])[] = [
      ...[[], [0x7f], [0x7f, 0xfe], [0x00], [0x3f, 0x3f], [0x80], [0xff, 0xff]],
      ...[
        [...ZEROES, 0x00],
        [...ZEROES, 0x3f],
        [...ZEROES, ...ZEROES],
      ],
      ...[[...ZEROES, 0x40], [0x40], [0x41]],
      ...[
        [0x00, 0x7f, 0xff],
        [0x80, 0x7f, 0xff],
        [0x7f, 0xfd, 0x40],
      ],
    ];
    for (const runs of broken) {
      const value = sparse(...runs);
      const restore = (): void => same('SET', 'bad', value);
      restore();
      same('PFDEBUG DECODE bad');
      same('PFDEBUG ENCODING bad');
      agrees('PFCOUNT bad');
      agrees('PFCOUNT bad none');
      agrees('PFMERGE to bad');
      same('DEL to');
      same('GET bad');
      agrees('PFMERGE bad none');
      same('GET bad');
      restore();
      agrees('PFDEBUG TODENSE bad');
      same('GET bad');
      restore();
      agrees('PFDEBUG GETREG bad');
      same('GET bad');
      for (const element of ['a', 'b', 'c', 'element:3', ...LONG_RUNS]) {
        restore();
        agrees('PFADD', 'bad', element);
        same('GET bad');
      }
    }
    same('PFADD h a b c');
    same('APPEND h hello');
    agrees('PFCOUNT h');
    agrees('PFMERGE h h');
  });

  test('a value that goes on behind its last register', ({ fails, same }) => {
    // What Redis before 7.2.10 says of it otherwise depends on how it is read.
    for (const last of [[0x80], [0x83, 0xff], [0x80, 0x80], [0xff, 0x00]]) {
      same('SET', 'bad', sparse(...ZEROES, ...last));
      fails('PFCOUNT bad');
      same('SET', 'bad', sparse(0x7f, 0xfe, 0x80, ...last));
      fails('PFCOUNT bad');
    }
  });

  test('elements added before a corrupted run was met', ({ fails, same, differs }) => {
    // The first 8192 registers, and no more: `d` is among them and `b` is not.
    same('SET', 'bad', sparse(0x5f, 0xff));
    fails('PFADD bad d b');
    differs('GET bad', { because: 'A command that fails has changed nothing' });
  });

  test('PFDEBUG shows registers and makes dense', (verbs) => {
    const { same, fails } = verbs;
    same('PFADD', 'h', ...elements(20));
    same('PFDEBUG DECODE h');
    same('PFDEBUG encoding h');
    same('PFDEBUG TODENSE h');
    same('PFDEBUG todense h');
    same('PFDEBUG ENCODING h');
    fails('PFDEBUG DECODE h');
    look(verbs, 'h');
    same('PFADD', 'g', ...elements(20));
    same('PFDEBUG GETREG g');
    same('PFDEBUG ENCODING g');
    same('GET g');
    fails('PFDEBUG GETREG none');
    fails('PFDEBUG junk none');
    fails('PFDEBUG junk h');
    fails('PFDEBUG', 'ju\r\nnk', 'h');
    fails('PFDEBUG "" h');
  });

  test('PFSELFTEST', ({ same }) => {
    same('PFSELFTEST');
  });
});
