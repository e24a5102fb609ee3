/** Sorted sets, one member at a time: ZINCRBY, ZMSCORE, ranks, counts. */

import { conformance } from './harness.ts';

const NOT_SCORES = ['nan', '-nan', 'abc', '', ' ', '1 ', ' 1', '1a', '--1', '(1', '1\x00', 'e5'];
const INCREMENTS = ['1', '-1', '0', '-0', '0.5', '1e3', '3.0e-1', 'inf', '1e308', '0x10', '.25'];
const SCORE_BOUNDS = [
  ...['-inf', '+inf', 'inf', '1', '(1', '2', '(2', '4.5', '(4.5', '(-inf', '(+inf', '9', '-0'],
];
const BAD_SCORE_BOUNDS = ['nan', 'abc', '((1', '[1', '1 ', '(nan', '-', '+', '1(', '[', '-(1'];
const LEX_BOUNDS = ['-', '+', '[a', '(a', '[b', '(b', '[aaa', '(', '[', '[zz', '[\xff', '(\x00'];
const BAD_LEX_BOUNDS = ['a', '', '1', '-a', '+a', '-inf', '{a', '--'];

/** Past the limits of a listpack. Scores repeat, so that names decide too. */
const MANY = 400;
const name = (i: number): string => `member:${String((i * 7919) % MANY).padStart(3, '0')}`;
const manyMembers = Array.from({ length: MANY }, (_, i) => [String((i * 37) % 50), name(i)]).flat();
const manyNames = Array.from({ length: MANY }, (_, i) => ['0', name(i)]).flat();

conformance('sorted-set-score', ({ test }) => {
  test('ZINCRBY adds to scores', ({ same, sameDoubles, fails, agrees }) => {
    same('ZINCRBY z 1.5 a');
    same('ZINCRBY z 1.5 a');
    same('ZINCRBY z -10 a');
    same('ZINCRBY z 0 a');
    same('ZINCRBY z 0 new');
    same('ZINCRBY', 'z', '1', '');
    same('ZINCRBY', 'z', '1', '\x00\xff');
    sameDoubles('ZINCRBY z 0.1 f');
    sameDoubles('ZINCRBY z 0.2 f');
    sameDoubles('ZRANGE z 0 -1 WITHSCORES');
    for (const increment of INCREMENTS) {
      sameDoubles('ZINCRBY', 'y', increment, 'm');
      sameDoubles('ZINCRBY', 'y', increment, increment);
    }
    sameDoubles('ZRANGE y 0 -1 WITHSCORES');
    for (const increment of NOT_SCORES) {
      fails('ZINCRBY', 'z', increment, 'a');
      fails('ZINCRBY', 'none', increment, 'a');
    }
    same('EXISTS none');
    for (const option of ['NX', 'XX', 'GT', 'LT', 'CH', 'INCR', 'nx']) {
      agrees(`ZINCRBY z ${option} a`);
      agrees(`ZINCRBY z ${option} ${option}`);
      agrees(`ZINCRBY z 1 ${option}`);
    }
    same('SET s v');
    fails('ZINCRBY s 1 a');
    fails('ZINCRBY s abc a');
    for (const line of ['ZINCRBY', 'ZINCRBY z', 'ZINCRBY z 1', 'ZINCRBY z 1 a 2', 'zincrby z 1']) {
      fails(line);
    }
  });

  test('no score becomes NaN', ({ same, fails }) => {
    same('ZADD z inf a -inf b 1 c');
    fails('ZINCRBY z -inf a');
    fails('ZINCRBY z +inf b');
    fails('ZADD z INCR -inf a');
    fails('ZADD z XX INCR -inf a');
    fails('ZADD z GT INCR -inf a');
    same('ZINCRBY z +inf a');
    same('ZINCRBY z -inf b');
    same('ZINCRBY z -inf c');
    same('ZINCRBY z -inf new');
    same('ZRANGE z 0 -1 WITHSCORES');
    same('ZINCRBY z 1e308 d');
    same('ZINCRBY z 1e308 d');
    same('ZINCRBY z 1e308 d');
    same('ZRANGE z 0 -1 WITHSCORES');
  });

  test('ZMSCORE', ({ same, fails }) => {
    same('ZADD z 1 a 2 b inf c');
    same('ZMSCORE z a');
    same('ZMSCORE z a none b c a');
    same('ZMSCORE', 'z', '', 'a');
    same('ZMSCORE none a b');
    same('SET s v');
    fails('ZMSCORE s a');
    fails('ZMSCORE');
    fails('ZMSCORE z');
  });

  test('ZRANK and ZREVRANK', ({ same, fails }) => {
    same('ZADD z 1 a 2 b 2 bb 3 c -1 0 inf high -inf low');
    for (const member of ['a', 'b', 'bb', 'c', '0', 'high', 'low', 'none', '""']) {
      same(`ZRANK z ${member}`);
      same(`ZREVRANK z ${member}`);
      same(`ZRANK none ${member}`);
      same(`ZREVRANK none ${member}`);
    }
    same('SET s v');
    fails('ZRANK s a');
    fails('ZREVRANK s a');
    for (const line of ['ZRANK', 'ZRANK z', 'ZREVRANK', 'ZREVRANK z']) fails(line);
  });

  test('ZRANK and ZREVRANK WITHSCORE', ({ since }) => {
    const { same, fails } = since('7.2.0');
    same('ZADD z 1 a 2.5 b 2.5 bb 3 c inf high');
    for (const member of ['a', 'b', 'bb', 'c', 'high', 'none']) {
      same(`ZRANK z ${member} WITHSCORE`);
      same(`ZREVRANK z ${member} withscore`);
      same(`ZRANK none ${member} WITHSCORE`);
      same(`ZREVRANK none ${member} WITHSCORE`);
    }
    same('SET s v');
    fails('ZRANK s a WITHSCORE');
    for (const command of ['ZRANK', 'ZREVRANK', 'zrank']) {
      fails(`${command} z a WITHSCORES`);
      fails(`${command} z a junk`);
      fails(`${command} none a junk`);
      fails(`${command} s a junk`);
      fails(`${command} z a WITHSCORE more`);
      fails(`${command} s a b c`);
    }
  });

  test('ZCOUNT', ({ same, fails, agrees }) => {
    same('ZADD z -inf low 1 a 2 b 2 bb 3 c 4.5 d inf high 0 zero');
    for (const min of SCORE_BOUNDS) {
      for (const max of SCORE_BOUNDS) same(`ZCOUNT z ${min} ${max}`);
      same(`ZCOUNT none ${min} 5`);
    }
    for (const bound of BAD_SCORE_BOUNDS) {
      fails('ZCOUNT', 'z', bound, '2');
      fails('ZCOUNT', 'z', '1', bound);
      fails('ZCOUNT', 'none', bound, '2');
    }
    for (const bound of ['', '(', '1\x00', ' 1', '( 1', '1e400', '0x1p3', 'infinity', '1e']) {
      agrees('ZCOUNT', 'z', bound, '2');
      agrees('ZCOUNT', 'z', '1', bound);
    }
    same('SET s v');
    fails('ZCOUNT s 0 1');
    fails('ZCOUNT s a 1');
    for (const line of ['ZCOUNT', 'ZCOUNT z', 'ZCOUNT z 1', 'ZCOUNT z 1 2 3']) fails(line);
  });

  test('ZLEXCOUNT', ({ same, fails }) => {
    same('ZADD z 0 a 0 aa 0 b 0 c 0 d 0 "" 0 "\\xff" 0 "\\x00"');
    for (const min of LEX_BOUNDS) {
      for (const max of LEX_BOUNDS) same('ZLEXCOUNT', 'z', min, max);
      same('ZLEXCOUNT', 'none', min, '+');
    }
    for (const bound of BAD_LEX_BOUNDS) {
      fails('ZLEXCOUNT', 'z', bound, '+');
      fails('ZLEXCOUNT', 'z', '-', bound);
      fails('ZLEXCOUNT', 'none', bound, '+');
    }
    same('SET s v');
    fails('ZLEXCOUNT s - +');
    fails('ZLEXCOUNT s a +');
    for (const line of ['ZLEXCOUNT', 'ZLEXCOUNT z', 'ZLEXCOUNT z -', 'ZLEXCOUNT z - + +']) {
      fails(line);
    }
  });

  test('the same of many members', ({ same }) => {
    same('ZADD', 'z', ...manyMembers);
    same('ZADD', 'names', ...manyNames);
    for (let i = 0; i < MANY; i += 17) {
      same('ZRANK', 'z', name(i));
      same('ZREVRANK', 'z', name(i));
      same('ZINCRBY', 'z', String((i % 7) - 3), name(i));
      same('ZRANK', 'z', name(i));
      same('ZRANK', 'names', name(i));
      same('ZLEXCOUNT', 'names', `(${name(i)}`, '+');
      same('ZLEXCOUNT', 'names', '-', `[${name(i)}`);
      same('ZLEXCOUNT', 'names', `[${name(i)}`, `(${name(i + 1)}`);
    }
    for (let score = -4; score <= 52; score += 3) {
      same(`ZCOUNT z ${score} ${score + 2}`);
      same(`ZCOUNT z (${score} (${score + 10}`);
      same(`ZCOUNT z -inf ${score}.5`);
    }
    same('ZMSCORE', 'z', name(1), 'none', name(2), name(399));
    same('ZRANK z none');
  });

  test('changes are seen by WATCH', ({ on, same }) => {
    for (const change of ['ZINCRBY z 1 a', 'ZINCRBY z 0 a', 'ZINCRBY z 1 new', 'ZRANK z a']) {
      same('ZADD z 1 a');
      same('WATCH z');
      on('other').same(change);
      same('MULTI');
      same('PING');
      same('EXEC');
    }
  });
});
