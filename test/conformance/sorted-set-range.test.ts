/** Sorted sets, by range: read forwards and backwards, stored, removed. */

import { conformance } from './harness.ts';

const RANKS = ['0', '1', '4', '5', '100', '-1', '-2', '-5', '-6', '-100', '9223372036854775807'];
const BAD_RANKS = ['a', '', '1.5', '(1', '-inf', '9223372036854775808', '1 ', '+1', '01'];
const SCORE_BOUNDS = ['-inf', '+inf', '1', '(1', '2', '(2', '4.5', '(4.5', '(-inf', '(+inf', '9'];
const BAD_SCORE_BOUNDS = ['nan', 'abc', '((1', '[1', '1 ', '(nan', '-', '+'];
const LEX_BOUNDS = ['-', '+', '[a', '(a', '[b', '(b', '[aaa', '(', '[', '[c', '[\xff', '(\x00'];
const BAD_LEX_BOUNDS = ['a', '', '1', '-a', '+a', '-inf', '{a'];
const LIMITS = [
  ...['0 1', '1 2', '0 0', '5 10', '0 -1', '2 -1', '-1 2', '-1 -1', '100 1', '1 -5', '6 1', '7 1'],
  ...['9223372036854775807 1', '0 9223372036854775807', '-9223372036854775808 1'],
];
const BAD_LIMITS = ['LIMIT', 'LIMIT 1', 'LIMIT a 1', 'LIMIT 1 a', 'LIMIT 1 2 3', 'LIMIT 1.5 1'];

const SCORED = 'ZADD z -inf low 1 a 2 b 2 bb 3 c 4.5 d inf high';
const NAMED = 'ZADD z 0 a 0 aa 0 b 0 c 0 d 0 "" 0 "\\xff" 0 "\\x00"';

/** Past the limits of a listpack. Scores repeat, so that names decide too. */
const MANY = 400;
const name = (i: number): string => `member:${String((i * 7919) % MANY).padStart(3, '0')}`;
const manyMembers = Array.from({ length: MANY }, (_, i) => [String((i * 37) % 50), name(i)]).flat();
const manyNames = Array.from({ length: MANY }, (_, i) => ['0', name(i)]).flat();

conformance('sorted-set-range', ({ test }) => {
  test('ZREVRANGE', ({ same, fails }) => {
    same('ZADD z 1 a 2 b 3 c 3 d 3 bb');
    for (const start of RANKS) {
      for (const stop of RANKS) same(`ZREVRANGE z ${start} ${stop}`);
      same(`ZREVRANGE z ${start} -1 WITHSCORES`);
      same(`ZREVRANGE z 0 ${start} withscores`);
    }
    same('ZREVRANGE none 0 -1');
    same('ZREVRANGE none 0 -1 WITHSCORES');
    same('ZREVRANGE z 0 -1 WITHSCORES WITHSCORES');
    same('ZREVRANGE z 0 -1 LIMIT 0 -1');
    same('ZREVRANGE z 0 -1 LIMIT -5 -1');
    fails('ZREVRANGE z 0 -1 LIMIT 0 1');
    for (const rank of BAD_RANKS) {
      fails('ZREVRANGE', 'z', rank, '0');
      fails('ZREVRANGE', 'z', '0', rank);
      fails('ZREVRANGE', 'none', '0', rank);
    }
    for (const option of ['REV', 'BYSCORE', 'BYLEX', 'WITHSCORE', 'LIMIT 0', 'junk']) {
      fails(`ZREVRANGE z 0 -1 ${option}`);
      fails(`ZREVRANGE z a b ${option}`);
    }
    same('SET s v');
    fails('ZREVRANGE s 0 -1');
    fails('ZREVRANGE s a -1');
    for (const line of ['ZREVRANGE', 'ZREVRANGE z', 'ZREVRANGE z 0']) fails(line);
  });

  test('ZRANGEBYSCORE and ZREVRANGEBYSCORE', ({ same, fails, agrees }) => {
    same(SCORED);
    for (const min of SCORE_BOUNDS) {
      for (const max of SCORE_BOUNDS) {
        same(`ZRANGEBYSCORE z ${min} ${max}`);
        same(`ZREVRANGEBYSCORE z ${max} ${min}`);
      }
      same(`ZRANGEBYSCORE z ${min} +inf WITHSCORES`);
      same(`ZREVRANGEBYSCORE z +inf ${min} withscores`);
      for (const limit of LIMITS) {
        same(`ZRANGEBYSCORE z ${min} +inf LIMIT ${limit}`);
        same(`ZREVRANGEBYSCORE z +inf ${min} WITHSCORES LIMIT ${limit}`);
        same(`ZREVRANGEBYSCORE z 3 ${min} limit ${limit} WITHSCORES`);
      }
    }
    for (const command of ['ZRANGEBYSCORE', 'ZREVRANGEBYSCORE']) {
      same(`${command} none -inf +inf`);
      same(`${command} none -inf +inf WITHSCORES LIMIT 0 1`);
      same(`${command} z 1 2 LIMIT 0 1 LIMIT 1 2`);
      for (const bound of BAD_SCORE_BOUNDS) {
        fails(command, 'z', bound, '2');
        fails(command, 'z', '1', bound);
        fails(command, 'none', bound, '2');
      }
      for (const bound of ['', '(', '1\x00', ' 1', '1e400']) {
        agrees(command, 'z', bound, '2');
        agrees(command, 'z', '1', bound);
      }
      for (const limit of BAD_LIMITS) {
        fails(`${command} z 1 2 ${limit}`);
        fails(`${command} z a b ${limit}`);
      }
      for (const option of ['REV', 'BYSCORE', 'BYLEX', 'WITHSCORE', 'junk']) {
        fails(`${command} z 1 2 ${option}`);
        fails(`${command} z a b ${option}`);
      }
      same('SET s v');
      fails(`${command} s 1 2`);
      fails(`${command} s a 2`);
      fails(`${command} s 1 2 LIMIT a 1`);
      fails(`${command} z 1`);
      fails(command);
    }
  });

  test('ZRANGEBYLEX and ZREVRANGEBYLEX', ({ same, fails }) => {
    same(NAMED);
    for (const min of LEX_BOUNDS) {
      for (const max of LEX_BOUNDS) {
        same('ZRANGEBYLEX', 'z', min, max);
        same('ZREVRANGEBYLEX', 'z', max, min);
      }
      for (const limit of LIMITS) {
        same('ZRANGEBYLEX', 'z', min, '+', 'LIMIT', ...limit.split(' '));
        same('ZREVRANGEBYLEX', 'z', '+', min, 'limit', ...limit.split(' '));
      }
    }
    for (const command of ['ZRANGEBYLEX', 'ZREVRANGEBYLEX']) {
      same(`${command} none - +`);
      same(`${command} z - + LIMIT 0 1 LIMIT 1 2`);
      for (const bound of BAD_LEX_BOUNDS) {
        fails(command, 'z', bound, '+');
        fails(command, 'z', '-', bound);
        fails(command, 'none', bound, '+');
      }
      for (const limit of BAD_LIMITS) fails(`${command} z - + ${limit}`);
      for (const option of ['REV', 'BYSCORE', 'BYLEX', 'WITHSCORES', 'junk']) {
        fails(`${command} z - + ${option}`);
        fails(`${command} z a b ${option}`);
      }
      same('SET s v');
      fails(`${command} s - +`);
      fails(`${command} s a +`);
      fails(`${command} z -`);
      fails(command);
    }
  });

  test('ZREMRANGEBYRANK', ({ same, fails }) => {
    for (const start of RANKS) {
      for (const stop of RANKS) {
        same('ZADD z 1 a 2 b 3 c 3 d 3 bb');
        same(`ZREMRANGEBYRANK z ${start} ${stop}`);
        same('ZRANGE z 0 -1 WITHSCORES');
        same('EXISTS z');
      }
    }
    same('ZREMRANGEBYRANK none 0 1');
    for (const rank of BAD_RANKS) {
      fails('ZREMRANGEBYRANK', 'z', rank, '0');
      fails('ZREMRANGEBYRANK', 'z', '0', rank);
      fails('ZREMRANGEBYRANK', 'none', '0', rank);
    }
    same('SET s v');
    fails('ZREMRANGEBYRANK s 0 1');
    fails('ZREMRANGEBYRANK s a 1');
    for (const rest of ['', ' z', ' z 0', ' z 0 1 2']) fails(`ZREMRANGEBYRANK${rest}`);
  });

  test('ZREMRANGEBYLEX', ({ same, fails }) => {
    for (const min of LEX_BOUNDS) {
      for (const max of LEX_BOUNDS) {
        same(NAMED);
        same('ZREMRANGEBYLEX', 'z', min, max);
        same('ZRANGE z 0 -1');
      }
    }
    same('ZREMRANGEBYLEX z - +');
    same('EXISTS z');
    same('ZREMRANGEBYLEX none - +');
    same(NAMED);
    for (const bound of BAD_LEX_BOUNDS) {
      fails('ZREMRANGEBYLEX', 'z', bound, '+');
      fails('ZREMRANGEBYLEX', 'z', '-', bound);
      fails('ZREMRANGEBYLEX', 'none', bound, '+');
    }
    same('SET s v');
    fails('ZREMRANGEBYLEX s - +');
    fails('ZREMRANGEBYLEX s a +');
    for (const rest of ['', ' z', ' z -', ' z - + +']) fails(`ZREMRANGEBYLEX${rest}`);
  });

  test('ZRANGESTORE by rank', ({ same, fails }) => {
    same('ZADD z 1 a 2 b 3 c 3 d 3 bb');
    for (const start of RANKS) {
      for (const stop of RANKS) {
        same(`ZRANGESTORE d z ${start} ${stop}`);
        same('ZRANGE d 0 -1 WITHSCORES');
        same(`ZRANGESTORE d z ${start} ${stop} REV`);
        same('ZRANGE d 0 -1 WITHSCORES');
      }
    }
    same('ZRANGESTORE d z 0 -1 LIMIT 0 -1');
    fails('ZRANGESTORE d z 0 -1 LIMIT 0 1');
    fails('ZRANGESTORE d z 0 -1 REV REV');
    for (const option of ['WITHSCORES', 'BYSCORE BYLEX', 'LIMIT 0', 'junk']) {
      fails(`ZRANGESTORE d z 0 -1 ${option}`);
      fails(`ZRANGESTORE d z a b ${option}`);
    }
    for (const rank of BAD_RANKS) {
      fails('ZRANGESTORE', 'd', 'z', rank, '0');
      fails('ZRANGESTORE', 'd', 'none', '0', rank);
    }
    for (const rest of ['', ' d', ' d z', ' d z 0']) fails(`ZRANGESTORE${rest}`);
    same('ZRANGE d 0 -1 WITHSCORES');
  });

  test('ZRANGESTORE by score and by name', ({ same, fails }) => {
    same(SCORED);
    for (const min of SCORE_BOUNDS) {
      for (const max of ['3', '(4.5', '+inf']) {
        same(`ZRANGESTORE d z ${min} ${max} BYSCORE`);
        same('ZRANGE d 0 -1 WITHSCORES');
      }
      for (const limit of LIMITS) {
        same(`ZRANGESTORE d z ${min} +inf BYSCORE LIMIT ${limit}`);
        same('ZRANGE d 0 -1 WITHSCORES');
        same(`ZRANGESTORE d z +inf ${min} REV LIMIT ${limit} BYSCORE`);
        same('ZRANGE d 0 -1 WITHSCORES');
      }
    }
    same('DEL z');
    same(NAMED);
    for (const min of LEX_BOUNDS) {
      same('ZRANGESTORE', 'd', 'z', min, '[b', 'BYLEX');
      same('ZRANGE d 0 -1 WITHSCORES');
      same('ZRANGESTORE', 'd', 'z', '+', min, 'BYLEX', 'REV', 'LIMIT', '1', '3');
      same('ZRANGE d 0 -1 WITHSCORES');
    }
    fails('ZRANGESTORE d z a 2 BYSCORE');
    fails('ZRANGESTORE d z 1 2 BYLEX');
    fails('ZRANGESTORE d none a 2 BYSCORE');
    fails('ZRANGESTORE d z - + BYLEX WITHSCORES');
    fails('ZRANGESTORE d z - + BYLEX LIMIT 1');
  });

  test('ZRANGESTORE replaces what its target holds', ({ same, fails }) => {
    same('ZADD z 1 a 2 b 3 c');
    same('SET d v');
    same('EXPIRE d 100');
    same('ZRANGESTORE d z 0 -1');
    same('TTL d');
    same('TYPE d');
    same('EXPIRE z 100');
    same('ZRANGESTORE d z 1 1');
    same('TTL d');
    same('RPUSH l 1');
    same('ZRANGESTORE l none 0 -1');
    same('EXISTS l');
    same('ZRANGESTORE l none 0 -1');
    same('ZRANGESTORE d z 5 6');
    same('EXISTS d');
    same('ZRANGESTORE z z 0 1');
    same('ZRANGE z 0 -1 WITHSCORES');
    same('TTL z');
    same('ZRANGESTORE z z 5 6');
    same('EXISTS z');
    same('RPUSH l 1');
    same('ZADD d 1 a');
    fails('ZRANGESTORE d l 0 -1');
    fails('ZRANGESTORE d l a -1');
    same('ZRANGE d 0 -1');
    same('ZRANGESTORE l d 0 -1');
    same('ZRANGE l 0 -1');
  });

  test('ZRANGESTORE chooses the encoding by what it stores', ({ same }) => {
    const encodings = (line: string): void => {
      same(line);
      same('OBJECT ENCODING d');
      same('ZRANGE d 0 -1 WITHSCORES');
    };
    same('ZADD', 'z', ...manyMembers);
    encodings('ZRANGESTORE d z 0 127');
    encodings('ZRANGESTORE d z 0 128');
    encodings('ZRANGESTORE d z 0 -1 REV');
    encodings('ZRANGESTORE d z 0 10 BYSCORE');
    encodings('ZRANGESTORE d z -inf +inf BYSCORE LIMIT 100 128');
    encodings('ZRANGESTORE d z -inf +inf BYSCORE LIMIT 100 129');
    same('ZADD', 'w', '1', 'x'.repeat(64), '2', 'y'.repeat(65), '3', 'short');
    encodings('ZRANGESTORE d w 0 0');
    encodings('ZRANGESTORE d w 0 1');
    encodings('ZRANGESTORE d w 2 2');
    same('ZADD d 5 more');
    same('ZREM d short');
    same('ZRANGE d 0 -1 WITHSCORES');
    same('CONFIG SET zset-max-listpack-entries 0');
    encodings('ZRANGESTORE d w 0 0');
    same('CONFIG SET zset-max-listpack-entries 128');
  });

  test('the same of many members', ({ same }) => {
    same('ZADD', 'z', ...manyMembers);
    same('ZADD', 'names', ...manyNames);
    for (let i = 0; i < MANY; i += 29) {
      same(`ZREVRANGE z ${i} ${i + 10} WITHSCORES`);
      same('ZRANGEBYLEX', 'names', `[${name(i)}`, '+', 'LIMIT', '2', '5');
      same('ZREVRANGEBYLEX', 'names', `(${name(i)}`, '-', 'LIMIT', '1', '90');
    }
    for (let score = -4; score <= 52; score += 5) {
      same(`ZRANGEBYSCORE z ${score} ${score + 2} WITHSCORES`);
      same(`ZRANGEBYSCORE z (${score} (${score + 12} LIMIT 3 60`);
      same(`ZREVRANGEBYSCORE z ${score + 20} (${score} WITHSCORES LIMIT 1 70`);
    }
    for (let i = 0; i < 12; i++) {
      same(`ZREMRANGEBYRANK z ${i * 3} ${i * 5}`);
      same(`ZREMRANGEBYSCORE z ${i * 4} (${i * 4 + 1}`);
      same('ZREMRANGEBYLEX', 'names', `[member:${i * 30}`, `(member:${i * 30 + 17}`);
    }
    same('ZRANGE z 0 -1 WITHSCORES');
    same('ZRANGE names 0 -1 REV');
    same('ZREMRANGEBYRANK z 0 -1');
    same('ZREMRANGEBYLEX names - +');
    same('DBSIZE');
  });

  test('changes are seen by WATCH', ({ on, same }) => {
    for (const change of [
      ...['ZREMRANGEBYRANK z 0 0', 'ZREMRANGEBYRANK z 5 6', 'ZREMRANGEBYRANK z 0 -1'],
      ...['ZREMRANGEBYLEX z [a [a', 'ZREMRANGEBYLEX z [x [x', 'ZREMRANGEBYLEX z - +'],
      ...['ZRANGESTORE z z 0 0', 'ZRANGESTORE z z 7 8', 'ZRANGESTORE z none 0 1'],
      ...['ZRANGESTORE d z 0 0', 'ZREVRANGE z 0 -1', 'ZRANGEBYSCORE z 0 1', 'ZCOUNT z 0 1'],
    ]) {
      same('DEL z');
      same('ZADD z 0 a 0 b');
      same('WATCH z');
      on('other').same(change);
      same('MULTI');
      same('PING');
      same('EXEC');
    }
  });
});
