/** Sorted sets, in no order: members drawn at random, and scanned. */

import { conformance } from './harness.ts';

const LONG = 'x'.repeat(65);
/** Enough for a skiplist. */
const MANY = Array.from({ length: 600 }, (_, i) => [`${(i % 50) / 2}`, `member:${i}`]).flat();
const NOT_INTEGERS = [
  ...['', 'abc', '1.5', ' 1', '1 ', '01', '+1', '1e3', '0x1', '9223372036854775808'],
  ...['-9223372036854775809', '18446744073709551616'],
];
/** What a large set shows with 17 digits, and a small one as any reply does. */
const SCORES = [
  ...['0', '1', '-1', '1.5', '0.1', '0.2', '0.3', '1e15', '1e16', '1e17', '1e18', '1e20', '1e22'],
  ...['1e100', '1e-5', '1e-4', '0.00012345', '-0.1', '3.141592653589793', '123456789012345678'],
  ...['9007199254740991', '9007199254740993', '-9007199254740991', '5e-324', 'inf', '-inf'],
  ...['1.7976931348623157e308', '4503599627370497.5', '0.5', '100.25', '2.5e-7', '-12345.678'],
];

conformance('sorted set walk', ({ test }) => {
  test('ZRANDMEMBER of one member', ({ same }) => {
    for (const member of ['m', '', '12', '\x00\xff', LONG, 'y'.repeat(9000)]) {
      same('DEL z');
      same('ZADD', 'z', 1.5, member);
      same('ZRANDMEMBER z');
      for (const count of ['0', '1', '2', '100', '-1', '-3', '9223372036854775807']) {
        same(`ZRANDMEMBER z ${count}`);
      }
      for (const count of ['0', '1', '2', '100', '-1', '-3', '4611686018427387903']) {
        same(`ZRANDMEMBER z ${count} WITHSCORES`);
        same(`ZRANDMEMBER z ${count} withScores`);
      }
    }
  });

  test('ZRANDMEMBER of many members has the shape it should', ({ same, shape, unordered }) => {
    for (const more of [[], [1, LONG], MANY]) {
      same('DEL z');
      same('ZADD', 'z', 1, 'a', 2, 'b', 3, 'c', 4, 'd', ...more);
      shape('ZRANDMEMBER z');
      for (const count of ['1', '2', '3', '-1', '-10', '-700', '100', '400', '-1500']) {
        shape(`ZRANDMEMBER z ${count}`);
        shape(`ZRANDMEMBER z ${count} WITHSCORES`);
      }
      unordered('ZRANDMEMBER z 604');
      unordered('ZRANDMEMBER z 605 WITHSCORES');
      unordered('ZRANDMEMBER z 1000 WITHSCORES');
    }
  });

  test('ZRANDMEMBER of more than memory holds', ({ same, differs }) => {
    same('ZADD', 'z', 1, 'm'.repeat(1000));
    same('CONFIG SET proto-max-bulk-len 1mb');
    differs('ZRANDMEMBER z -2000', {
      because: 'one request could take all the memory of the process',
      ours: '-ERR value is out of range\r\n',
    });
    same('CONFIG SET proto-max-bulk-len 512mb');
  });

  test('ZRANDMEMBER of nothing and of what is no sorted set', ({ same, fails, agrees }) => {
    same('ZRANDMEMBER none');
    same('ZRANDMEMBER none 5');
    same('ZRANDMEMBER none -5');
    same('ZRANDMEMBER none 5 WITHSCORES');
    same('SET s v');
    same('ZADD z 1 a');
    for (const key of ['s', 'z', 'none']) {
      for (const count of [...NOT_INTEGERS, '0', '1', '-9223372036854775808']) {
        agrees('ZRANDMEMBER', key, count);
        agrees('ZRANDMEMBER', key, count, 'WITHSCORES');
        agrees('ZRANDMEMBER', key, count, 'junk');
        agrees('ZRANDMEMBER', key, count, 'WITHVALUES');
        agrees('ZRANDMEMBER', key, count, 'WITHSCORES', 'WITHSCORES');
      }
      for (const count of ['9223372036854775807', '-9223372036854775807']) {
        fails(`ZRANDMEMBER ${key} ${count} WITHSCORES`);
        fails(`ZRANDMEMBER ${key} ${count} WITHSCORES x`);
      }
      fails(`ZRANDMEMBER ${key} 4611686018427387904 WITHSCORES`);
      fails(`ZRANDMEMBER ${key} -4611686018427387904 WITHSCORES`);
    }
    fails('ZRANDMEMBER');
    fails('ZRANDMEMBER s');
  });

  test('ZSCAN of a small set lists it in one go and in order', ({ same, fails }) => {
    same('ZADD z 3 a 1 b -2 abc 4 12 5 ""');
    same('ZSCAN z 0');
    same('ZSCAN z 0 COUNT 1');
    same('ZSCAN z 17');
    same('ZSCAN z 0 MATCH a*');
    same('ZSCAN z 0 MATCH *');
    same('ZSCAN z 0 MATCH 1?');
    same('ZSCAN z 0 MATCH A');
    same('ZSCAN z 0 MATCH ""');
    same('ZSCAN z 0 MATCH none MATCH b');
    same('ZSCAN z 0 count 2 match [a-b] COUNT 5');
    same('ZSCAN none 0');
    same('ZSCAN none 5 COUNT 10 MATCH x');
    fails('ZSCAN');
    fails('ZSCAN z');
  });

  test('ZSCAN of a large set', ({ same, unordered, shape }) => {
    same('ZADD', 'z', ...MANY);
    unordered('ZSCAN z 0 COUNT 10000');
    unordered('ZSCAN z 0 MATCH member:1* COUNT 10000');
    unordered('ZSCAN z 0 MATCH MEMBER* COUNT 10000');
    unordered('ZSCAN z 0 COUNT 9223372036854775807 MATCH *:5?');
    shape('ZSCAN z 0 MATCH none COUNT 5');
    same('ZADD', 'few', 7, LONG);
    same('ZSCAN few 0');
    same('ZSCAN few 0 MATCH b');
    same('ZADD', 'few', 8, 'y'.repeat(9000), 9, '\x00\r\n');
    unordered('ZSCAN few 0 COUNT 1000');
    unordered('ZSCAN few 0 COUNT 1000 MATCH y*y');
  });

  test('ZSCAN shows a score as its encoding does', ({ same, unordered, since }) => {
    for (const score of SCORES) {
      same('ZADD', 'large', score, `${score} of all`);
      same('ZADD', 'small', score, `${score} of all`);
    }
    same('ZADD', 'large', 0, LONG);
    same('ZADD', 'large', '-0', 'minus zero');
    unordered('ZSCAN large 0 COUNT 1000');
    since('7.2').same('ZSCAN small 0');
  });

  test('ZSCAN refuses what is wrong in the order of its arguments', ({ same, agrees }) => {
    same('ZADD z 1 a');
    same('SET s v');
    const cursors = ['0', '', ' 0', '0 ', '-1', 'abc', '1.5', '18446744073709551615'];
    const options = [
      ...['', 'COUNT', 'COUNT 0', 'COUNT -1', 'COUNT abc', 'COUNT 1.5', 'MATCH', 'MATCH x COUNT'],
      ...['junk', 'COUNT 5 junk', 'TYPE zset', 'COUNT 9223372036854775808', 'NOSCORES x'],
    ];
    for (const key of ['z', 's', 'none']) {
      for (const cursor of [...cursors, '18446744073709551616', '99999999999999999999999']) {
        for (const option of options) {
          agrees(['ZSCAN', key, cursor, ...option.split(' ').filter((word) => word !== '')]);
        }
      }
    }
  });
});
