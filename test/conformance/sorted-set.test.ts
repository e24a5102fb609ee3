/** Sorted sets, small and large: adding, removing, ranges by rank, score and name. */

import { conformance } from './harness.ts';

/** Scores as clients write them. */
const SCORES = [
  ...['0', '-0', '1', '-1', '1.5', '0.1', '0.2', '3.0', '1e3', '1e20', '1e21', '1e22', '1e-5'],
  ...[
    '1e-7',
    '123456789012345678',
    '9007199254740993',
    '0.30000000000000004',
    '1.7976931348623157e308',
  ],
  ...[
    '5e-324',
    '-1.5e-10',
    '100000000000000000000',
    '3.141592653589793',
    '2.5e15',
    '1e17',
    '.5',
    '5.',
  ],
  ...['inf', '+inf', '-inf', 'Infinity', '-INFINITY', 'INF', '0x10', '17179869184', '+1', '-5.0'],
];
/** What Redis 7.2 prints: before, it took 17 digits to say 0.1. */
const PRINTED: Record<string, string> = {
  '0': '0',
  '-0': '0',
  '1': '1',
  '-1': '-1',
  '1.5': '1.5',
  '0.1': '0.1',
  '0.2': '0.2',
  '0.3': '0.3',
  '0.30000000000000004': '0.30000000000000004',
  '3.0': '3',
  '1e3': '1000',
  '1e15': '1000000000000000',
  '1e16': '10000000000000000',
  '1e17': '100000000000000000',
  '1e20': '1e+20',
  '1e21': '1e+21',
  '1e22': '1e+22',
  '1e23': '99999999999999990000000',
  '1e-1': '0.1',
  '1e-5': '0.00001',
  '1e-6': '0.000001',
  '1e-7': '1e-7',
  '123456789012345678': '123456789012345680',
  '9007199254740993': '9007199254740992',
  '9007199254740991': '9007199254740991',
  '4503599627370497.5': '4503599627370498',
  '1.7976931348623157e308': '1.7976931348623157e+308',
  '5e-324': '5e-324',
  '2.2250738585072014e-308': '2.2250738585072014e-308',
  '-1.5e-10': '-1.5e-10',
  '3.141592653589793': '3.141592653589793',
  '2.5e15': '2500000000000000',
  '17179869184': '17179869184',
  '0.000123': '0.000123',
  '123456.789': '123456.789',
  '1e100': '1e+100',
  '1.5e300': '1.5e+300',
  '-123456789.125': '-123456789.125',
  '9223372036854775807': '9223372036854776000',
  '-9223372036854775808': '-9223372036854776000',
  '18446744073709551616': '18446744073709552000',
  '100000000000000000000': '1e+20',
  '1234567890123456789012': '1234567890123456800000',
  '1.234e25': '1.234e+25',
  inf: 'inf',
  '-inf': '-inf',
  '12345678.9': '12345678.9',
  '0.00001234': '1.234e-5',
  '999999999999999900000': '999999999999999900000',
  '4611686018427387904': '4611686018427387904',
  '4611686018427387905.5': '4611686018427387904',
};
const NOT_SCORES = [
  'nan',
  'NaN',
  '-nan',
  'abc',
  '',
  ' ',
  '1 ',
  ' 1',
  '1a',
  '--1',
  '(1',
  '1\x00',
  'e5',
];

const MANY = 300;
/** Enough members for a skiplist. Scores repeat, so that names decide too. */
const manyMembers = Array.from({ length: MANY }, (_, i) => [
  String((i * 37) % 50),
  `member:${String((i * 7919) % MANY).padStart(3, '0')}`,
]).flat();

conformance('sorted-set', ({ test }) => {
  test('ZADD adds, moves and counts', ({ same, fails }) => {
    same('ZADD z 1 a');
    same('ZADD z 1 a');
    same('ZADD z 2 a');
    same('ZADD z 3 a 1 b 2 c');
    same('ZRANGE z 0 -1 WITHSCORES');
    same('ZADD z 5 d 6 d 4 d');
    same('ZSCORE z d');
    same('ZADD z 0 "" 1 "\\x00\\xff"');
    same('ZRANGE z 0 -1 WITHSCORES');
    same('ZCARD z');
    same('ZADD z CH 3 a 9 b 9 new');
    same('TYPE z');
    fails('ZADD z');
    fails('ZADD z 1');
    fails('ZADD z 1 a 2');
    fails('ZADD z a 1');
    same('ZADD nx 1 nx');
    same('ZADD z 1 NX');
    same('ZSCORE z NX');
  });

  test('ZADD options decide which members change', ({ same, agrees }) => {
    const options = ['', 'NX', 'XX', 'GT', 'LT', 'CH', 'INCR', 'nx', 'junk'];
    for (const first of options) {
      for (const second of options) {
        for (const third of ['', 'CH', 'INCR', 'XX']) {
          const all = `${first} ${second} ${third}`;
          same('DEL z');
          same('ZADD z 10 a 20 b');
          agrees(`ZADD z ${all} 15 a`);
          agrees(`ZADD z ${all} 15 b`);
          agrees(`ZADD z ${all} 15 c`);
          agrees(`ZADD z ${all} 5 a 25 b 1 d`);
          agrees(`ZADD none ${all} 1 a`);
          agrees(`ZADD z ${all} abc a`);
          agrees(`ZADD z ${all}`);
          agrees(`ZADD z ${all} 1`);
          same('ZRANGE z 0 -1 WITHSCORES');
          same('DEL none');
        }
      }
    }
  });

  test('ZADD changes nothing when one score is wrong', ({ same, fails }) => {
    same('ZADD z 1 a');
    for (const score of NOT_SCORES) {
      fails('ZADD', 'z', '5', 'a', score, 'b');
      fails('ZADD', 'none', score, 'b');
      fails('ZADD', 'z', 'INCR', score, 'a');
    }
    same('EXISTS none');
    same('ZRANGE z 0 -1 WITHSCORES');
    fails('ZADD z NX XX 1 a');
    fails('ZADD z NX XX abc a');
    fails('ZADD z GT LT 1 a');
    fails('ZADD z NX GT 1 a');
    fails('ZADD z INCR 1 a 2 b');
    fails('ZADD z XX');
    same('SET s v');
    fails('ZADD s 1 a');
    fails('ZADD s abc a');
    fails('ZADD s NX XX 1 a');
    same('ZADD none XX 1 a');
    same('EXISTS none');
    same('ZADD none XX INCR 1 a');
    same('EXISTS none');
  });

  test('ZADD INCR adds to scores', ({ same, sameDoubles, fails }) => {
    same('ZADD z INCR 1.5 a');
    same('ZADD z INCR 1.5 a');
    same('ZADD z INCR -10 a');
    same('ZADD z NX INCR 1 a');
    same('ZADD z XX INCR 1 none');
    same('ZADD z GT INCR -1 a');
    same('ZADD z GT INCR 1 a');
    same('ZADD z LT INCR 1 a');
    sameDoubles('ZADD z INCR 0.1 f');
    sameDoubles('ZADD z INCR 0.2 f');
    same('ZADD z inf i');
    fails('ZADD z INCR -inf i');
    same('ZADD z INCR inf i');
    same('ZADD z INCR 5 i');
    fails('ZADD new INCR nan a');
    same('EXISTS new');
    sameDoubles('ZRANGE z 0 -1 WITHSCORES');
  });

  test('scores keep their value in both encodings', ({ same, sameDoubles, agrees }) => {
    for (const score of SCORES) {
      same('ZADD', 'z', score, score);
      sameDoubles('ZSCORE', 'z', score);
      sameDoubles('ZADD', 'other', 'INCR', score, score);
      sameDoubles('ZADD', 'other', 'INCR', '0.1', score);
      same('ZRANGE', 'z', score, score, 'BYSCORE');
    }
    for (const score of ['1e400', '-1e400', '1e-400', '1e309', '2.2250738585072014e-308']) {
      agrees('ZADD', 'z', score, score);
    }
    sameDoubles('ZRANGE z 0 -1 WITHSCORES');
    sameDoubles('ZRANGE other 0 -1 WITHSCORES');
    same('ZADD', 'z', ...manyMembers);
    same('OBJECT ENCODING z');
    sameDoubles('ZRANGE z 0 -1 WITHSCORES');
    for (const score of SCORES) sameDoubles('ZSCORE', 'z', score);
  });

  test('scores are printed as the shortest text that reads back', ({ same, expects }) => {
    for (const [score, text] of Object.entries(PRINTED)) {
      same('DEL z');
      same('ZADD', 'z', score, 'm');
      expects('ZSCORE z m', { resp2: `$${text.length}\r\n${text}\r\n`, resp3: `,${text}\r\n` });
    }
  });

  test('ZSCORE, ZCARD and ZREM', ({ same, fails }) => {
    same('ZSCORE none a');
    same('ZCARD none');
    same('ZREM none a');
    same('ZADD z 1 a 2 b 3 c');
    same('ZSCORE z a');
    same('ZSCORE z none');
    same('ZSCORE z ""');
    same('ZCARD z');
    same('ZREM z none');
    same('ZREM z a none a b');
    same('ZCARD z');
    same('ZREM z c');
    same('EXISTS z');
    same('SET s v');
    fails('ZSCORE s a');
    fails('ZCARD s');
    fails('ZREM s a');
    for (const line of ['ZSCORE', 'ZSCORE z', 'ZSCORE z a b', 'ZCARD', 'ZCARD z z', 'ZREM z']) {
      fails(line);
    }
  });

  test('an expiry stays while members change, and goes with the last', ({ same, near }) => {
    same('ZADD z 1 a');
    same('EXPIRE z 100');
    same('ZADD z 2 b');
    near(1, 'TTL z');
    same('ZREM z a');
    near(1, 'TTL z');
    same('ZREMRANGEBYSCORE z -inf +inf');
    same('ZADD z 1 a');
    same('TTL z');
  });

  test('changes are seen by WATCH, and what changes nothing is not', ({ on, same }) => {
    const exec = (change: string): void => {
      same('DEL z');
      same('ZADD z 1 a 2 b 3 c');
      same('WATCH z');
      on('other').same(change);
      same('MULTI');
      same('PING');
      same('EXEC');
    };
    for (const change of [
      ...['ZADD z 1 new', 'ZADD z 5 a', 'ZADD z 1 a', 'ZADD z NX 5 a', 'ZADD z XX 5 new'],
      ...['ZADD z INCR 1 a', 'ZADD z INCR 0 a', 'ZREM z a', 'ZREM z none', 'ZREM z a b c'],
      ...['ZREMRANGEBYSCORE z 1 2', 'ZREMRANGEBYSCORE z 5 6', 'ZREMRANGEBYSCORE z 1 3'],
      ...['ZSCORE z a', 'ZRANGE z 0 -1', 'ZCARD z'],
    ]) {
      exec(change);
    }
  });

  test('ZRANGE by rank', ({ same, fails }) => {
    same('ZADD z 1 a 2 b 3 c 3 d 3 bb');
    const ranks = ['0', '1', '4', '5', '100', '-1', '-2', '-5', '-6', '-100'];
    for (const start of ranks) {
      for (const stop of ranks) {
        same(`ZRANGE z ${start} ${stop}`);
        same(`ZRANGE z ${start} ${stop} REV`);
      }
      same(`ZRANGE z ${start} -1 WITHSCORES`);
      same(`ZRANGE z ${start} -1 REV WITHSCORES`);
      same(`ZRANGE z ${start} -1 withscores rev`);
    }
    same('ZRANGE none 0 -1');
    same('ZRANGE none 0 -1 WITHSCORES');
    fails('ZRANGE z 0 -1 REV REV');
    same('ZRANGE z 0 -1 WITHSCORES WITHSCORES');
    same('ZRANGE z -9223372036854775808 9223372036854775807');
    for (const rank of ['a', '', '1.5', '(1', '-inf', '9223372036854775808']) {
      fails('ZRANGE', 'z', rank, '0');
      fails('ZRANGE', 'z', '0', rank);
      fails('ZRANGE', 'none', '0', rank);
    }
    same('SET s v');
    fails('ZRANGE s 0 -1');
    fails('ZRANGE s a b');
    fails('ZRANGE s 0 -1 junk');
    fails('ZRANGE z 0');
    fails('ZRANGE z 0 -1 junk');
    fails('ZRANGE z 0 -1 LIMIT 0 1');
    fails('ZRANGE z 0 -1 REV LIMIT 0 1');
    fails('ZRANGE z 0 -1 LIMIT 0');
    fails('ZRANGE z 0 -1 LIMIT a b');
    fails('ZRANGE z 0 -1 BYSCORE BYLEX');
    same('ZRANGE z 0 -1 LIMIT 0 -1');
  });

  test('ZRANGE BYSCORE', ({ same, fails, agrees }) => {
    same('ZADD z -inf low 1 a 2 b 2 bb 3 c 4.5 d inf high');
    const bounds = [
      '-inf',
      '+inf',
      'inf',
      '1',
      '(1',
      '2',
      '(2',
      '4.5',
      '(4.5',
      '(-inf',
      '(+inf',
      '9',
    ];
    for (const min of bounds) {
      for (const max of bounds) {
        same(`ZRANGE z ${min} ${max} BYSCORE`);
        same(`ZRANGE z ${max} ${min} BYSCORE REV`);
      }
      same(`ZRANGE z ${min} +inf BYSCORE WITHSCORES`);
      same(`ZRANGE z +inf ${min} BYSCORE REV WITHSCORES`);
      for (const limit of ['0 1', '1 2', '0 0', '5 10', '0 -1', '2 -1', '-1 2', '100 1', '1 -5']) {
        same(`ZRANGE z ${min} +inf BYSCORE LIMIT ${limit}`);
        same(`ZRANGE z +inf ${min} REV BYSCORE WITHSCORES LIMIT ${limit}`);
      }
    }
    same('ZRANGE none -inf +inf BYSCORE');
    same('ZRANGE z -inf +inf BYSCORE LIMIT 0 1 LIMIT 1 2');
    same('ZRANGE z -inf +inf byscore limit 0 2 withscores');
    same('ZRANGE z 1e0 0x2 BYSCORE');
    for (const bound of ['nan', 'abc', '', '(', '((1', '[1', '1 ', ' 1', '( 1', '(nan', '-', '+']) {
      agrees('ZRANGE', 'z', bound, '2', 'BYSCORE');
      agrees('ZRANGE', 'z', '1', bound, 'BYSCORE');
      agrees('ZRANGE', 'none', bound, '2', 'BYSCORE');
    }
    fails('ZRANGE z a b BYSCORE');
    fails('ZRANGE z 1 2 BYSCORE LIMIT');
    fails('ZRANGE z 1 2 BYSCORE LIMIT 1');
    fails('ZRANGE z 1 2 BYSCORE LIMIT a 1');
    fails('ZRANGE z 1 2 BYSCORE LIMIT 1 a');
    fails('ZRANGE z 1 2 BYSCORE junk');
    fails('ZRANGE z a 2 BYSCORE junk');
    same('SET s v');
    fails('ZRANGE s 1 2 BYSCORE');
    fails('ZRANGE s a 2 BYSCORE');
    fails('ZRANGE s 1 2 BYSCORE LIMIT a 1');
  });

  test('ZRANGE BYLEX', ({ same, fails, agrees }) => {
    same('ZADD z 0 a 0 aa 0 b 0 c 0 d 0 "" 0 "\\xff" 0 "\\x00"');
    const bounds = [
      '-',
      '+',
      '[a',
      '(a',
      '[b',
      '(b',
      '[aaa',
      '(',
      '[',
      '[c',
      '(z',
      '[\xff',
      '(\x00',
    ];
    for (const min of bounds) {
      for (const max of bounds) {
        same('ZRANGE', 'z', min, max, 'BYLEX');
        same('ZRANGE', 'z', max, min, 'BYLEX', 'REV');
      }
      for (const limit of [
        ['0', '1'],
        ['1', '2'],
        ['0', '-1'],
        ['-1', '1'],
        ['100', '1'],
      ]) {
        same('ZRANGE', 'z', min, '+', 'BYLEX', 'LIMIT', ...limit);
        same('ZRANGE', 'z', '+', min, 'BYLEX', 'REV', 'LIMIT', ...limit);
      }
    }
    same('ZRANGE none - + BYLEX');
    for (const bound of ['a', '', '1', '-a', '+a', '-inf', '{a']) {
      agrees('ZRANGE', 'z', bound, '+', 'BYLEX');
      agrees('ZRANGE', 'z', '-', bound, 'BYLEX');
    }
    fails('ZRANGE z a + BYLEX');
    fails('ZRANGE z - + BYLEX WITHSCORES');
    fails('ZRANGE z a b BYLEX WITHSCORES');
    fails('ZRANGE z - + BYLEX LIMIT 1');
    agrees('ZRANGE z - + BYLEX BYSCORE');
    agrees('ZRANGE z 1 2 BYLEX BYSCORE');
  });

  test('ZREMRANGEBYSCORE', ({ same, fails, agrees }) => {
    const bounds = ['-inf', '+inf', '1', '(1', '2', '(2', '4.5', '(4.5', '(-inf', '(+inf'];
    for (const min of bounds) {
      for (const max of bounds) {
        same('ZADD z -inf low 1 a 2 b 2 bb 3 c 4.5 d inf high');
        same(`ZREMRANGEBYSCORE z ${min} ${max}`);
        same('ZRANGE z 0 -1 WITHSCORES');
        same('EXISTS z');
      }
    }
    same('ZREMRANGEBYSCORE none 0 1');
    for (const bound of ['nan', 'abc', '', '(', '((1', '[1', '1 ']) {
      agrees('ZREMRANGEBYSCORE', 'z', bound, '1');
      agrees('ZREMRANGEBYSCORE', 'z', '1', bound);
      agrees('ZREMRANGEBYSCORE', 'none', bound, '1');
    }
    same('SET s v');
    fails('ZREMRANGEBYSCORE s 0 1');
    fails('ZREMRANGEBYSCORE s a 1');
    fails('ZREMRANGEBYSCORE z 0');
    fails('ZREMRANGEBYSCORE z 0 1 2');
  });

  test('many members, past the threshold of the compact encoding', ({ same }) => {
    same('ZADD', 'z', ...manyMembers);
    same('OBJECT ENCODING z');
    same('ZCARD z');
    same('ZRANGE z 0 -1');
    same('ZRANGE z 0 -1 REV WITHSCORES');
    for (let i = 0; i < MANY; i += 23) {
      same(`ZRANGE z ${i} ${i + 10}`);
      same(`ZRANGE z -${i + 1} -1 REV`);
      same(`ZSCORE z member:${String(i).padStart(3, '0')}`);
    }
    for (let score = -1; score <= 50; score += 3) {
      same(`ZRANGE z ${score} ${score + 2} BYSCORE WITHSCORES`);
      same(`ZRANGE z (${score + 2} (${score} BYSCORE REV LIMIT 1 3`);
    }
    same('ZADD', 'z', 'CH', ...manyMembers.map((text, i) => (i % 2 === 0 ? String(-text) : text)));
    same('ZRANGE z 0 -1 WITHSCORES');
    same('ZREMRANGEBYSCORE z -10 (-5');
    same('ZCARD z');
    same('ZREM', 'z', ...manyMembers.filter((_, i) => i % 6 === 1));
    same('ZRANGE z 0 -1 WITHSCORES');
    same('COPY z y');
    same('RENAME y x');
    same('ZREMRANGEBYSCORE z -inf +inf');
    same('EXISTS z');
    same('ZRANGE x 0 -1 WITHSCORES');
    same('ZADD', 'lex', ...manyMembers.map((text, i) => (i % 2 === 0 ? '0' : text)));
    same('ZRANGE lex [member:100 (member:110 BYLEX');
    same('ZRANGE lex + (member:290 BYLEX REV LIMIT 2 4');
  });

  test('the encoding changes at 128 members and at 64 bytes', ({ same }) => {
    const numbered = (count: number): string[] =>
      Array.from({ length: count }, (_, i) => [String(i), `m${i}`]).flat();
    same('ZADD', 'z', ...numbered(127));
    same('OBJECT ENCODING z');
    same('ZADD z 127 m127');
    same('OBJECT ENCODING z');
    same('ZADD z 500 m127');
    same('OBJECT ENCODING z');
    same('ZADD z 128 m128');
    same('OBJECT ENCODING z');
    same('ZREM', 'z', ...numbered(120).filter((_, i) => i % 2 === 1));
    same('OBJECT ENCODING z');
    same('ZRANGE z 0 -1 WITHSCORES');
    same('ZADD', 'w', '1', 'x'.repeat(64));
    same('OBJECT ENCODING w');
    same('ZADD', 'w', '2', 'x'.repeat(65));
    same('OBJECT ENCODING w');
    same('ZRANGE w 0 -1 WITHSCORES');
    same('ZADD', 'v', '1', 'x'.repeat(65));
    same('OBJECT ENCODING v');
    same('ZADD', 'u', ...numbered(129));
    same('OBJECT ENCODING u');
  });
});
