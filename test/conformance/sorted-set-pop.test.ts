/** Sorted sets, at their ends: members taken from the lowest and the highest. */

import { conformance } from './harness.ts';

const COUNTS = ['0', '1', '2', '3', '4', '100', '9223372036854775807'];
const NO_COUNTS = [
  ...[
    '',
    'abc',
    '-1',
    '1.5',
    ' 1',
    '1 ',
    '01',
    '+1',
    '9223372036854775808',
    '-9223372036854775808',
  ],
  ...['1e3', '0x1', '\x00', '18446744073709551616'],
];
const POPS = ['ZPOPMIN', 'ZPOPMAX'];
/** Enough for a skiplist. Some scores are equal. */
const MANY = Array.from({ length: 300 }, (_, i) => [`${i % 40}`, `member ${i}`]).flat();

conformance('sorted set pop', ({ test }) => {
  test('ZPOPMIN and ZPOPMAX take one member, or as many as asked for', ({ same, fails }) => {
    for (const pop of POPS) {
      same('ZADD z 1 a 2 b 2 c 3 d 4 e -5 f');
      same(pop, 'z');
      same(pop, 'z', 2);
      same('ZRANGE z 0 -1 WITHSCORES');
      same(pop, 'z', 0);
      same(pop, 'z', 100);
      same('EXISTS z');
      same(pop, 'z');
      same(pop, 'z', 1);
      same(pop, 'z', 0);
      same('SET s v');
      fails(pop, 's');
      fails(pop, 's', 0);
      fails(pop, 's', 1);
      fails(pop);
      fails(pop, 'z', 1, 2);
      fails(pop, 'z', 'x', 2);
      fails(pop, 's', 1, 'WITHSCORES');
    }
  });

  test('a count is anything from 0 on', ({ same, fails }) => {
    for (const pop of POPS) {
      for (const count of COUNTS) {
        same('DEL z');
        same('ZADD z 1 a 2 b 3 c');
        same(pop, 'z', count);
        same('ZRANGE z 0 -1');
        same(pop, 'none', count);
      }
      same('SET s v');
      for (const count of NO_COUNTS) {
        fails(pop, 'z', count);
        fails(pop, 'none', count);
        fails(pop, 's', count);
      }
    }
  });

  test('members may be any bytes, scores any number', ({ same, sameDoubles }) => {
    for (const pop of POPS) {
      same('ZADD', 'z', 'inf', '', '-inf', '\x00\xff', '0', '\r\n', '-0', ' ', '3', '12');
      sameDoubles('ZADD', 'z', '0.1', 'x', '1e100', 'y', '-1.5e-10', 'z', '9007199254740993', 'w');
      for (let i = 0; i < 10; i++) sameDoubles(pop, 'z');
      sameDoubles('ZADD', 'z', '0.1', 'x', '1e100', 'y', '3.25', 'z');
      sameDoubles(pop, 'z', 5);
    }
  });

  test('large sets and long members are taken from in the same way', ({ same }) => {
    for (const pop of POPS) {
      same('DEL z');
      same('ZADD', 'z', ...MANY);
      same('ZADD', 'z', -1, 'x'.repeat(5000), 1000, 'y'.repeat(70_000));
      same('OBJECT ENCODING z');
      same(pop, 'z');
      same(pop, 'z', 50);
      same('ZCARD z');
      same('ZRANGE z 0 -1 WITHSCORES');
      same('OBJECT ENCODING z');
      same('ZMPOP', 2, 'none', 'z', 'MIN', 'COUNT', 100);
      same('ZMPOP', 2, 'none', 'z', 'MAX', 'COUNT', 100);
      same('ZRANGE z 0 -1');
      same(pop, 'z', 1000);
      same('EXISTS z');
    }
  });

  test('members of one score go in the order of their names', ({ same }) => {
    for (const pop of POPS) {
      same('ZADD z 0 b 0 a 0 aa 0 c 0 ab');
      for (let i = 0; i < 6; i++) same(pop, 'z');
    }
  });

  test('ZMPOP takes from the first set that is there', ({ same, fails }) => {
    same('ZADD z 1 a 2 b 3 c 4 d 5 e');
    same('ZADD y 10 k 20 l');
    same('ZMPOP 1 z MIN');
    same('ZMPOP 1 z max');
    same('ZMPOP 2 none y MIN COUNT 1');
    same('ZMPOP 2 y z MIN COUNT 10');
    same('ZMPOP 2 y z Max count 2');
    same('ZMPOP 3 y z z MAX COUNT 9223372036854775807');
    same('ZMPOP 3 y z z MAX');
    same('EXISTS y z');
    same('ZMPOP 1 none MIN COUNT 3');
    same('SET s v');
    same('ZADD z 1 a');
    same('ZMPOP 2 z s MIN');
    fails('ZMPOP 2 z s MIN');
    fails('ZMPOP 2 s z MIN');
    fails('ZMPOP 1 s MAX COUNT 2');
  });

  test('what ZMPOP refuses', ({ fails, same }) => {
    same('ZADD z 1 a');
    fails('ZMPOP');
    fails('ZMPOP 1');
    fails('ZMPOP 1 z');
    fails('ZMPOP 2 z MIN');
    fails('ZMPOP 3 z MIN');
    fails('ZMPOP 1 z LEFT');
    fails('ZMPOP 1 z MIN MAX');
    fails('ZMPOP 1 z MIN COUNT');
    fails('ZMPOP 1 z MIN COUNT 1 COUNT 2');
    fails('ZMPOP 1 z MIN COUNT 1 x');
    fails('ZMPOP 1 z MIN WITHSCORES');
    fails('ZMPOP 1 z x COUNT 1');
    fails('ZMPOP 1 z MINIMUM');
    fails('ZMPOP 9223372036854775807 z MIN');
    for (const count of NO_COUNTS) {
      fails('ZMPOP', count, 'z', 'MIN');
      fails('ZMPOP', count, 'z', 'WRONG');
      fails('ZMPOP', 1, 'z', 'MIN', 'COUNT', count);
      fails('ZMPOP', 1, 'z', 'WRONG', 'COUNT', count);
    }
    fails('ZMPOP 0 z MIN');
    fails('ZMPOP 1 z MIN COUNT 0');
    same('ZRANGE z 0 -1');
  });

  test('an expired set is none, and one that stays keeps its time', ({ same }) => {
    same('ZADD z 1 a 2 b');
    same('EXPIRE z 1000');
    same('ZPOPMIN z');
    same('TTL z');
    same('PEXPIREAT z 1');
    same('ZPOPMIN z');
    same('ZADD z 1 a');
    same('TTL z');
  });

  test('in transactions they take what earlier commands left', ({ same }) => {
    same('MULTI');
    same('ZADD z 1 a 2 b 3 c');
    same('ZPOPMAX z');
    same('ZPOPMIN z 1');
    same('ZMPOP 1 z MIN COUNT 5');
    same('ZPOPMIN z');
    same('ZMPOP 1 z MAX');
    same('EXEC');
  });

  test('keys of ZMPOP are found by their number', ({ same, fails }) => {
    same('COMMAND GETKEYS ZMPOP 2 a b MIN');
    same('COMMAND GETKEYSANDFLAGS ZPOPMIN a');
    same('COMMAND GETKEYSANDFLAGS ZMPOP 1 a MAX COUNT 2');
    fails('COMMAND GETKEYS ZMPOP 0 a MIN');
  });
});
