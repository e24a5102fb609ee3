/** The strings of Redis: every option, which error wins, and what happens at the limits. */

import { conformance } from './harness.ts';

const INT64_MAX = '9223372036854775807';
const INT64_MIN = '-9223372036854775808';
/** Whole and broken numbers, as INCR and its kin may meet them in a value or an argument. */
const NUMBERS = [
  ...['0', '1', '-1', '12', INT64_MAX, INT64_MIN],
  ...['9223372036854775808', '-9223372036854775809', '18446744073709551616', '1e3', '1.0'],
  ...[
    '',
    ' ',
    ' 1',
    '1 ',
    '+1',
    '-0',
    '00',
    '01',
    '-01',
    '0x10',
    'abc',
    '-',
    '1a',
    '\x001',
    '1\x00',
  ],
];

conformance('string', ({ test }) => {
  test('SET and GET keep any bytes', ({ same }) => {
    const everyByte = String.fromCharCode(...Array.from({ length: 256 }, (_, i) => i));
    for (const text of ['', 'v', ' ', '\0', '\r\n', everyByte, 'é', 'x'.repeat(100_000)]) {
      same('SET', 'k', text);
      same('GET', 'k');
      same('STRLEN', 'k');
      same('SET', text, 'key');
      same('GET', text);
      same('EXISTS', text);
    }
    same('GET none');
    same('STRLEN none');
  });

  test('SET NX and XX look at the key first', ({ same }) => {
    same('SET k 1 XX');
    same('GET k');
    same('SET k 1 NX');
    same('SET k 2 NX');
    same('GET k');
    same('SET k 3 XX');
    same('GET k');
    same('SET k 4 nX');
    same('SET k 5 xx GeT');
    same('GET k');
  });

  test('SET GET answers the old value, set or not', ({ same, fails }) => {
    same('SET k 1 GET');
    same('SET k 2 GET');
    same('SET k 3 XX GET');
    same('SET k 4 NX GET');
    same('GET k');
    same('SET other 5 XX GET');
    same('EXISTS other');
    same('SET other 5 NX GET');
    same('GET other');
    same('SET k 6 GET GET GET');
    same('ZADD z 1 a');
    fails('SET z v GET');
    fails('SET z v NX GET');
    same('TYPE z');
    same('SET z v NX');
    same('SET z v XX');
    same('TYPE z');
  });

  test('SET gives a key its expiry, keeps it, or drops it', ({ same, near }) => {
    same('SET k v EX 100');
    near(1, 'TTL k');
    near(500, 'PTTL k');
    same('SET k v');
    same('TTL k');
    same('SET k v PX 100000');
    near(500, 'PTTL k');
    same('SET k v2 KEEPTTL');
    near(500, 'PTTL k');
    same('SET k v EXAT 33177117420');
    same('EXPIRETIME k');
    same('SET k v PXAT 33177117420123');
    same('PEXPIRETIME k');
    same('SET k v3 KEEPTTL GET XX');
    same('PEXPIRETIME k');
    same('SET k v NX EX 5');
    same('PEXPIRETIME k');
    same('SET k v XX GET PX 3000000');
    near(500, 'PTTL k');
    same('SET new v KEEPTTL');
    same('TTL new');
  });

  test('SET with a moment in the past leaves no key', ({ same }) => {
    for (const when of ['EXAT 1', 'PXAT 1', 'EXAT 1600000000', 'PXAT 1600000000000']) {
      same('SET k v');
      same(`SET k v2 ${when}`);
      same('EXISTS k');
      same('GET k');
      same('DBSIZE');
      same('SET k v');
      same(`SET k v2 ${when} GET`);
      same('GET k');
    }
  });

  test('SET options that exclude each other', ({ agrees, same }) => {
    const options = ['NX', 'XX', 'GET', 'KEEPTTL', 'EX 10', 'PX 10000', 'EXAT 33177117420'];
    for (const first of [...options, 'PXAT 33177117420000', 'PERSIST', 'junk']) {
      for (const second of [...options, 'PXAT 33177117420000', 'PERSIST', 'junk']) {
        agrees(`SET k v ${first} ${second}`);
        same('DEL k');
      }
    }
  });

  test('SET refuses what is no time', ({ fails, same }) => {
    same('SET k before');
    for (const option of ['EX', 'PX', 'EXAT', 'PXAT']) {
      for (const time of ['0', '-1', 'abc', '', '1.5', '+5', ' 5', '10 ', '1e3', INT64_MIN]) {
        fails('SET', 'k', 'v', option, time);
      }
      fails(`SET k v ${option}`);
      fails('SET', 'k', 'v', option, '9223372036854775808');
    }
    for (const option of ['EX', 'EXAT']) {
      fails(`SET k v ${option} ${INT64_MAX}`);
      fails(`SET k v ${option} 9223372036854776`);
    }
    fails(`SET k v PX ${INT64_MAX}`);
    fails('SET k v PX 9223372036854775000');
    same('GET k');
    same('TTL k');
    same(`SET k v PXAT ${INT64_MAX}`);
    same('PEXPIRETIME k');
    same('SET k v EXAT 9223372036854775');
    same('PEXPIRETIME k');
  });

  test('SET reports the first thing that is wrong', ({ fails, same }) => {
    fails('SET');
    fails('SET k');
    fails('SET k v junk');
    fails('SET k v EX');
    fails('SET k v EX abc junk');
    fails('SET k v NX EX 0');
    fails('SET k v NX XX EX abc');
    same('ZADD z 1 a');
    fails('SET z v GET EX 0');
    fails('SET z v GET EX abc');
    fails('SET z v GET junk');
    same('SET k v NX');
    fails('SET k v NX EX 0');
    fails('SET none v XX EX 0');
  });

  test('SETNX, SETEX, PSETEX and GETSET', ({ same, near, fails }) => {
    same('SETNX k 1');
    same('SETNX k 2');
    same('GET k');
    same('SETEX k 100 v');
    near(1, 'TTL k');
    same('PSETEX k 100000 w');
    near(500, 'PTTL k');
    same('SETNX k x');
    near(500, 'PTTL k');
    same('GETSET k new');
    same('TTL k');
    same('GETSET none v');
    same('GET none');
    for (const time of ['0', '-1', 'abc', '', '1.5', INT64_MAX, '9223372036854775808', INT64_MIN]) {
      fails('SETEX', 'k', time, 'v');
      fails('PSETEX', 'k', time, 'v');
    }
    same('GET k');
    same('ZADD z 1 a');
    fails('GETSET z v');
    same('SETNX z v');
    same('SETEX z 10 v');
    same('TYPE z');
    for (const name of ['SETNX', 'SETEX', 'PSETEX', 'GETSET', 'GET', 'STRLEN', 'GETDEL']) {
      fails(name);
      fails(`${name} a b c d`);
    }
    fails('SETNX k');
    fails('SETEX k 10');
  });

  test('GETEX reads and sets, clears or leaves the expiry', ({ same, near, fails }) => {
    same('GETEX none');
    same('GETEX none EX 10');
    same('EXISTS none');
    same('SET k v');
    same('GETEX k');
    same('TTL k');
    same('GETEX k EX 100');
    near(1, 'TTL k');
    same('GETEX k');
    near(1, 'TTL k');
    same('GETEX k PX 100000');
    near(500, 'PTTL k');
    same('GETEX k PERSIST');
    same('TTL k');
    same('GETEX k PERSIST');
    same('GETEX k EXAT 33177117420');
    same('PEXPIRETIME k');
    same('GETEX k PXAT 33177117420123');
    same('PEXPIRETIME k');
    for (const options of [
      ...['junk', 'EX', 'NX', 'XX', 'GET', 'KEEPTTL', 'PERSIST EX 10', 'EX 10 PERSIST'],
      ...['EX 10 PX 10', 'EXAT 1 PXAT 1', 'EX 10 junk', 'PX 1 EXAT 5'],
    ]) {
      fails(`GETEX k ${options}`);
    }
    for (const option of ['EX', 'PX', 'EXAT', 'PXAT']) {
      for (const time of ['0', '-1', 'abc', '', '1.5', INT64_MIN, '9223372036854775808']) {
        fails('GETEX', 'k', option, time);
        same('GETEX', 'none', option, '5');
      }
    }
    fails(`GETEX k EX ${INT64_MAX}`);
    fails(`GETEX k PX ${INT64_MAX}`);
    // Looked up before its time is judged.
    same('GETEX none EX 0');
    fails('GETEX none junk');
    same('PEXPIRETIME k');
    same('GETEX k EXAT 1');
    same('EXISTS k');
    same('SET k v');
    same('GETEX k PXAT 1');
    same('GET k');
    same('ZADD z 1 a');
    fails('GETEX z');
    fails('GETEX z EX 10');
    fails('GETEX z junk');
    fails('GETEX z EX 0');
    same('SET k v');
    same('GETEX k PERSIST PERSIST');
    fails('GETEX');
  });

  test('GETDEL', ({ same, fails }) => {
    same('GETDEL k');
    same('SET k v');
    same('GETDEL k');
    same('EXISTS k');
    same('ZADD z 1 a');
    fails('GETDEL z');
    same('EXISTS z');
  });

  test('commands on strings refuse a value of another type', ({ same, fails }) => {
    same('ZADD z 1 a');
    for (const line of [
      ...['GET z', 'STRLEN z', 'APPEND z x', 'INCR z', 'DECR z', 'INCRBY z 1', 'DECRBY z 1'],
      ...['INCRBYFLOAT z 1', 'GETRANGE z 0 1', 'SUBSTR z 0 1', 'SETRANGE z 0 x', 'LCS z none'],
      ...['INCRBY z abc', 'INCRBYFLOAT z abc', 'GETRANGE z a b', 'SETRANGE z -1 x', 'DECRBY z a'],
      ...['LCS none z', 'SETRANGE z 0 ""', 'SETRANGE z 536870912 x', `DECRBY z ${INT64_MIN}`],
    ]) {
      fails(line);
    }
    same('MGET z z');
    same('MSETNX z 1 y 2');
    same('MSET z 1');
    same('GET z');
  });

  test('MGET, MSET and MSETNX', ({ same, fails }) => {
    same('MSET a 1');
    same('MSET a 1 b 2 c "" "" d');
    same('MGET a');
    same('MGET a none b none "" c a a');
    same('MSET a 1 a 2 a 3');
    same('GET a');
    same('MSETNX x 1 a 2');
    same('EXISTS x');
    same('MSETNX x 1 y 2 x 3');
    same('MGET x y');
    same('EXPIRE a 100');
    same('MSET a 5');
    same('TTL a');
    fails('MSET');
    fails('MSET a');
    fails('MSET a 1 b');
    fails('MSET a 1 b 2 c');
    fails('MSETNX');
    fails('MSETNX n');
    fails('MSETNX n 1 b');
    same('EXISTS n');
    fails('MGET');
    const pairs = Array.from({ length: 500 }, (_, i) => [`key${i}`, `value${i}`]);
    same('MSET', ...pairs.flat());
    same('MGET', ...pairs.map(([key]) => key));
    same('DBSIZE');
  });

  test('INCR, DECR, INCRBY and DECRBY on any value', ({ same, fails, agrees }) => {
    for (const number of NUMBERS) {
      for (const command of ['INCR', 'DECR', 'INCRBY k 0', 'INCRBY k 5', 'DECRBY k 5']) {
        same('SET', 'k', number);
        const [name, ...rest] = command.split(' ');
        // Some are numbers and some are not: which, redis says.
        agrees([name, 'k', ...rest.slice(1)]);
        same('GET k');
      }
    }
    same('DEL k');
    same('INCR k');
    same('DECRBY k 10');
    same('INCRBY k 100');
    same('DECR k');
    same('GET k');
    fails('INCR');
    fails('INCR k 1');
    fails('INCRBY k');
    fails('DECRBY k 1 2');
  });

  test('INCRBY and DECRBY by any argument', ({ same, agrees }) => {
    for (const number of NUMBERS) {
      for (const name of ['INCRBY', 'DECRBY']) {
        for (const value of ['0', '-1', '1', INT64_MAX, INT64_MIN]) {
          same('SET', 'k', value);
          agrees([name, 'k', number]);
          same('GET k');
        }
      }
    }
  });

  test('counters keep the expiry, and a key made by them has none', ({ same, near }) => {
    same('SET k 1 EX 100');
    same('INCR k');
    near(1, 'TTL k');
    same('INCRBYFLOAT k 1.5');
    near(1, 'TTL k');
    same('APPEND k 5');
    near(1, 'TTL k');
    same('SETRANGE k 0 9');
    near(1, 'TTL k');
    same('GET k');
    same('INCR n');
    same('TTL n');
  });

  test('INCRBYFLOAT adds as long doubles and prints without exponent', ({ same, agrees }) => {
    const numbers = [
      ...[
        '0',
        '-0',
        '0.0',
        '1',
        '-1',
        '0.1',
        '0.2',
        '-0.1',
        '1.5',
        '10.50',
        '3.0e3',
        '5e-3',
        '1e20',
      ],
      ...[
        '1e-17',
        '123456789.123456789',
        '.5',
        '5.',
        '1E2',
        '0.30000000000000004',
        '1e-20',
        '-.1e1',
      ],
      ...[INT64_MAX, '9007199254740993', '0.00000000000000001', '100000000000000000000000', '1e25'],
    ];
    const broken = ['', ' ', 'abc', '1 ', ' 1', '1a', '--1', '1e', '+', '1\x00', '0x', 'e5'];
    const extreme = ['inf', '-inf', 'nan', 'Infinity', '1e5000', '0x1p4', '+1', '1e400', '1e4932'];
    for (const number of [...numbers, ...broken, ...extreme]) {
      for (const value of ['0', '1', '0.1', '-5.5', '3.14159265358979']) {
        same('SET', 'k', value);
        agrees(['INCRBYFLOAT', 'k', number]);
        same('GET k');
      }
      same('SET', 'k', number);
      agrees('INCRBYFLOAT k 1.25');
    }
  });

  test('INCRBYFLOAT makes keys, and keeps on adding', ({ same, fails }) => {
    same('INCRBYFLOAT k 10.5');
    for (let i = 0; i < 10; i++) same('INCRBYFLOAT k 0.1');
    same('GET k');
    same('INCRBYFLOAT k -11.5');
    same('GET k');
    same('INCRBYFLOAT k 0');
    same('INCR k');
    same('INCRBYFLOAT k 1.0e2');
    same('INCR k');
    same('INCRBYFLOAT k 0.5');
    fails('INCR k');
    fails('INCRBYFLOAT k');
    fails('INCRBYFLOAT k 1 2');
    fails('INCRBYFLOAT k inf');
    fails('INCRBYFLOAT k nan');
    same('GET k');
  });

  test('APPEND', ({ same, fails }) => {
    same('APPEND k ""');
    same('EXISTS k');
    same('APPEND k abc');
    same('APPEND k ""');
    same('APPEND k "\\x00\\xff"');
    same('GET k');
    same('SET n 12');
    same('APPEND n 3');
    same('INCR n');
    same('OBJECT ENCODING n');
    same('APPEND', 'long', 'x'.repeat(5000));
    same('APPEND', 'long', 'y'.repeat(5000));
    same('GET long');
    fails('APPEND k');
    fails('APPEND k a b');
  });

  test('GETRANGE and SUBSTR at every edge', ({ same, fails }) => {
    const edges = ['0', '1', '4', '5', '6', '-1', '-4', '-5', '-6', '-100', '100'];
    for (const [key, value] of [
      ['k', 'hello'],
      ['empty', ''],
      ['one', 'x'],
      ['n', '12345'],
    ]) {
      same('SET', key, value);
      for (const start of [...edges, INT64_MAX, INT64_MIN]) {
        for (const end of [...edges, INT64_MAX, INT64_MIN]) {
          same('GETRANGE', key, start, end);
        }
        same('SUBSTR', key, start, '-1');
      }
    }
    same('GETRANGE none 0 -1');
    same('SUBSTR none 0 -1');
    for (const index of ['', 'a', '1.5', '9223372036854775808', ' 1']) {
      fails('GETRANGE', 'k', index, '0');
      fails('GETRANGE', 'k', '0', index);
      fails('GETRANGE', 'none', '0', index);
    }
    fails('GETRANGE k 0');
    fails('SUBSTR k 0');
    fails('GETRANGE k 0 1 2');
  });

  test('SETRANGE pads with zero bytes', ({ same, fails }) => {
    same('SETRANGE k 0 ""');
    same('SETRANGE k 10 ""');
    same('EXISTS k');
    same('SETRANGE k 3 ab');
    same('GET k');
    same('SETRANGE k 0 xyz');
    same('SETRANGE k 4 "\\x00\\xff12"');
    same('GET k');
    same('SETRANGE k 2 ""');
    same('STRLEN k');
    same('SET n 12345');
    same('SETRANGE n 2 9');
    same('INCR n');
    same('SETRANGE k 5000 end');
    same('GET k');
    for (const offset of ['-1', INT64_MIN, 'abc', '', '1.5', '9223372036854775808']) {
      fails('SETRANGE', 'k', offset, 'x');
      fails('SETRANGE', 'none', offset, 'x');
    }
    fails('SETRANGE k -1 ""');
    fails('SETRANGE k 536870912 x');
    fails('SETRANGE none 536870912 x');
    fails('SETRANGE k 536870911 xy');
    fails(`SETRANGE k ${INT64_MAX} x`);
    same('SETRANGE none 536870912 ""');
    same('EXISTS none');
    same('STRLEN k');
    fails('SETRANGE k 0');
    fails('SETRANGE k 0 a b');
  });

  test('LCS in all its forms', ({ same, fails, unordered }) => {
    same('MSET a ohmytext b mynewtext c "" d ohmytext e zzz');
    same('SET', 'f', 'the quick brown fox jumps over the lazy dog');
    same('SET', 'g', 'a lazy fox quickly jumped over two brown dogs');
    for (const first of ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'none']) {
      for (const second of ['a', 'b', 'c', 'e', 'f', 'g', 'none']) {
        same(`LCS ${first} ${second}`);
        same(`LCS ${first} ${second} LEN`);
        unordered(`LCS ${first} ${second} IDX`);
        same(`LCS ${first} ${second} IDX`);
        same(`LCS ${first} ${second} IDX WITHMATCHLEN`);
        same(`LCS ${first} ${second} IDX MINMATCHLEN 4 WITHMATCHLEN`);
        same(`LCS ${first} ${second} MINMATCHLEN 2 IDX`);
      }
    }
    same('LCS a b idx minmatchlen 3 withmatchlen');
    same('LCS a b MINMATCHLEN 4');
    same('LCS a b WITHMATCHLEN');
    same('LCS a b IDX MINMATCHLEN -5');
    same('LCS a b IDX MINMATCHLEN 100');
    same('LCS a b LEN WITHMATCHLEN');
    same('LCS a b IDX IDX');
    fails('LCS a b LEN IDX');
    fails('LCS a b IDX LEN MINMATCHLEN 4');
    fails('LCS a b IDX MINMATCHLEN');
    fails('LCS a b IDX MINMATCHLEN x');
    fails('LCS a b junk');
    fails('LCS a');
    fails('LCS');
    same('ZADD z 1 a');
    fails('LCS z a');
    fails('LCS a z junk');
    fails('LCS z a LEN IDX');
    same('SET bin "\\x00\\xff\\x00a"');
    same('LCS bin bin');
    same('LCS bin a IDX');
  });

  test('the encoding follows the value', ({ same }) => {
    for (const value of [
      ...['', '1', '-1', '12345', '10000', '9999', INT64_MAX, INT64_MIN, '9223372036854775808'],
      ...['01', '+1', '1.5', ' 1', 'a', 'x'.repeat(20), 'x'.repeat(44), 'x'.repeat(45)],
      'x'.repeat(1000),
    ]) {
      same('SET', 'k', value);
      same('OBJECT ENCODING k');
      same('GETSET', 'g', value);
      same('OBJECT ENCODING g');
      same('MSET', 'm', value);
      same('OBJECT ENCODING m');
      same('SETEX', 'e', '100', value);
      same('OBJECT ENCODING e');
      same('SETNX', 'n', value);
      same('OBJECT ENCODING n');
      same('DEL n g');
    }
    same('SET k 1');
    same('INCR k');
    same('OBJECT ENCODING k');
    same('INCRBYFLOAT k 1');
    same('OBJECT ENCODING k');
    same('INCR k');
    same('OBJECT ENCODING k');
    same('APPEND k 0');
    same('OBJECT ENCODING k');
    same('SET s abc');
    same('SETRANGE s 1 x');
    same('OBJECT ENCODING s');
    same('APPEND new 12');
    same('OBJECT ENCODING new');
    same('SETRANGE fresh 0 12');
    same('OBJECT ENCODING fresh');
    same('SET k 5 KEEPTTL');
    same('OBJECT ENCODING k');
  });
});
