/** Sets, small and large: added to, removed from, drawn from, scanned, moved between, combined. */

import { conformance } from './harness.ts';

/** What is kept as an integer, at the edges of each width. */
const INTEGERS = [
  ...['0', '-1', '1', '127', '128', '-128', '-129', '255', '256', '32767', '32768', '-32768'],
  ...['-32769', '65535', '65536', '2147483647', '2147483648', '-2147483648', '-2147483649'],
  ...['4294967295', '4294967296', '-4294967296', '9007199254740991', '9007199254740992'],
  ...['9007199254740993', '-9007199254740993', '9223372036854775807', '-9223372036854775808'],
  ...['9223372036854775806', '-9223372036854775807', '1000000000000', '-1000000000000'],
];
const NOT_INTEGERS = [
  ...['', 'abc', '1.5', '1 ', ' 1', '01', '-0', '+1', '9223372036854775808', '--1', '0x1', '1e3'],
  ...['-9223372036854775809', '1\x00', '00', '-', '99999999999999999999999999', '-01', '1\n'],
];
/** So long that a set is a hashtable. */
const LONG = 'x'.repeat(65);
const TEXTS = ['', 'a', 'b c', '\x00\xff\r\n', 'y'.repeat(63), 'z'.repeat(64)];
const numbers = (count: number, from = 0, step = 1): string[] =>
  Array.from({ length: count }, (_, i) => String(from + i * step));
const names = (count: number, from = 0): string[] => numbers(count, from).map((n) => `m:${n}`);

conformance('set', ({ test }) => {
  test('SADD adds, and counts what is new', ({ same, fails, unordered, since }) => {
    same('SADD s a');
    same('SADD s a');
    same('SADD s a b c b');
    same('SADD s 1 2 1 -3');
    same('SCARD s');
    same('TYPE s');
    unordered('SMEMBERS s');
    since('7.2').same('SMEMBERS s');
    same('SADD', 's', ...TEXTS);
    same('SADD', 's', ...TEXTS, LONG);
    same('SADD', 's', ...NOT_INTEGERS);
    same('SADD', 's', ...INTEGERS);
    same('SADD', 's', ...NOT_INTEGERS, ...INTEGERS);
    unordered('SMEMBERS s');
    fails('SADD');
    fails('SADD s');
    same('SET string v');
    fails('SADD string a');
    same('SADD', 'big', 'x'.repeat(100_000), 'y'.repeat(3000));
    same('SADD', 'big', 'x'.repeat(100_000));
    same('SADD', 'big', `${'x'.repeat(99_999)}y`);
    unordered('SMEMBERS big');
  });

  test('an intset keeps its order and its width', ({ same, agrees }) => {
    for (const integer of INTEGERS) {
      same('SADD', 's', integer);
      same('SADD', 's', integer);
      same('SISMEMBER', 's', integer);
      same('SMEMBERS s');
      same('OBJECT ENCODING s');
      agrees('SISMEMBER', 's', `${integer}0`);
    }
    for (const integer of INTEGERS.toReversed()) {
      same('SADD', 't', integer);
      same('SMEMBERS t');
    }
    for (const integer of INTEGERS) {
      for (const other of ['5', '-7', '40000', '3000000000']) {
        same('DEL u');
        same('SADD', 'u', other, integer);
        same('SREM', 'u', integer);
        same('SMEMBERS u');
      }
    }
  });

  test('what prints no integer makes no intset', ({ same, unordered }) => {
    for (const text of NOT_INTEGERS) {
      same('SADD s 1 2 3');
      same('SADD', 's', text);
      same('SISMEMBER', 's', text);
      same('SADD', 's', text);
      unordered('SMEMBERS s');
      same('SREM', 's', text);
      unordered('SMEMBERS s');
      same('SADD', 'other', text, '5', '7');
      same('SISMEMBER', 'other', text);
      same('SISMEMBER other 5');
      same('SMISMEMBER', 'other', ...NOT_INTEGERS, '5', '05');
      same('DEL s other');
    }
  });

  test('SREM removes members, and the set with the last', ({ same, fails, unordered }) => {
    for (const more of [[], ['a', 'b'], [LONG], names(200)]) {
      same('SADD', 's', '1', '2', '3', '5', ...more);
      same('SREM s 2');
      same('SREM s 2');
      same('SREM s none 3 none 3 1');
      same('SREM', 's', ...more, 'none');
      unordered('SMEMBERS s');
      same('SREM s 5 6 7');
      same('EXISTS s');
    }
    same('SREM none a');
    same('SET string v');
    fails('SREM string a');
    fails('SREM');
    fails('SREM s');
  });

  test('SISMEMBER, SMISMEMBER and SCARD', ({ same, fails }) => {
    for (const more of [[], ['a', 'b'], [LONG], names(200), numbers(600, 10)]) {
      same('SADD', 's', '1', '2', '-3', ...more);
      for (const member of ['1', '01', 'a', '-3', LONG, 'm:7', 'none', '', '609', '610']) {
        same('SISMEMBER', 's', member);
        same('SMISMEMBER', 's', member, 'none', '2', member);
      }
      same('SCARD s');
      same('DEL s');
    }
    same('SISMEMBER none a');
    same('SMISMEMBER none a b');
    same('SCARD none');
    same('SMEMBERS none');
    same('SET string v');
    fails('SISMEMBER string a');
    fails('SMISMEMBER string a');
    fails('SCARD string');
    fails('SMEMBERS string');
    fails('SISMEMBER s');
    fails('SISMEMBER s a b');
    fails('SMISMEMBER s');
    fails('SCARD');
    fails('SCARD s t');
    fails('SMEMBERS');
    fails('SMEMBERS s t');
  });

  test('SMOVE', ({ same, fails, unordered, since }) => {
    const sets = [
      ['1', '2'],
      ['1', 'a'],
      ['1', LONG],
      ['1', ...names(200)],
      ['1', ...numbers(600)],
    ];
    for (const source of sets) {
      for (const target of [[], ...sets]) {
        same('DEL s t');
        same('SADD', 's', ...source);
        if (target.length > 0) same('SADD', 't', ...target);
        same('SMOVE', 's', 't', source[1]);
        same('SMOVE', 's', 't', source[1]);
        same('SMOVE s t none');
        since('7.2').same('OBJECT ENCODING s');
        same('SCARD t');
        same('SMOVE s s 1');
        same('SMOVE s t 1');
        same('SCARD s');
        unordered('SMEMBERS t');
      }
    }
    same('DEL s t');
    same('SADD s 1');
    same('SMOVE s t 1');
    same('EXISTS s');
    same('SMEMBERS t');
    same('SMOVE t t 1');
    same('SMOVE t t 2');
    same('SMOVE none t 1');
    same('SMOVE none none 1');
    same('SET string v');
    same('SMOVE none string 1');
    fails('SMOVE string t 1');
    fails('SMOVE t string 1');
    fails('SMOVE t string none');
    fails('SMOVE string string 1');
    fails('SMOVE s t');
    fails('SMOVE s t a b');
    same('EXPIRE t 100');
    same('SADD s 5');
    same('SMOVE s t 5');
    same('TTL t');
  });

  test('encodings', ({ same, since }) => {
    const later = since('7.2');
    same('SADD', 's', ...numbers(512));
    same('OBJECT ENCODING s');
    same('SADD s 5');
    same('OBJECT ENCODING s');
    same('SADD s 512');
    same('OBJECT ENCODING s');
    same('SREM s 512');
    same('OBJECT ENCODING s');
    same('DEL s');
    same('SADD', 's', ...numbers(513));
    same('OBJECT ENCODING s');
    same('SCARD s');
    same('DEL s');
    same('SADD', 's', ...numbers(127));
    later.same('SADD s a');
    later.same('OBJECT ENCODING s');
    later.same('SADD s 1 2 3 a');
    later.same('OBJECT ENCODING s');
    later.same('SADD s b');
    later.same('OBJECT ENCODING s');
    same('DEL s');
    same('SADD', 's', ...numbers(128));
    same('SADD s a');
    same('OBJECT ENCODING s');
    same('DEL s');
    for (const count of [1, 127, 128, 129]) {
      later.same('SADD', 's', ...names(count));
      later.same('OBJECT ENCODING s');
      later.same('SADD s 1');
      later.same('OBJECT ENCODING s');
      later.same('SADD s 2');
      later.same('OBJECT ENCODING s');
      same('DEL s');
    }
    for (const size of [63, 64, 65]) {
      const member = 'x'.repeat(size);
      for (const first of [[], ['1'], ['a']]) {
        later.same('SADD', 's', ...first, member);
        later.same('OBJECT ENCODING s');
        same('DEL s');
        later.same('SADD', 's', member, ...first);
        later.same('OBJECT ENCODING s');
        same('DEL s');
      }
    }
    same('SADD', 's', LONG, '1');
    same('OBJECT ENCODING s');
    same('SREM', 's', LONG);
    same('OBJECT ENCODING s');
    // Redis looks at how many members there might be before it looks whether they are there.
    same('DEL s');
    same('SADD s 1');
    same('SADD', 's', ...Array.from({ length: 512 }, () => '1'));
    same('OBJECT ENCODING s');
    same('SADD', 's', ...Array.from({ length: 513 }, () => '1'));
    later.same('OBJECT ENCODING s');
    same('SCARD s');
    same('DEL s');
    later.same('SADD s a');
    later.same('SADD', 's', ...Array.from({ length: 129 }, () => 'a'));
    later.same('OBJECT ENCODING s');
    later.same('SCARD s');
  });

  test('the limits are configured', ({ same, unordered, since }) => {
    const later = since('7.2');
    same('CONFIG SET set-max-intset-entries 4');
    same('SADD s 1 2 3 4');
    same('OBJECT ENCODING s');
    same('SADD s 5');
    same('OBJECT ENCODING s');
    unordered('SMEMBERS s');
    later.same('SADD many 1 2 3 4 5');
    later.same('OBJECT ENCODING many');
    later.same('SMEMBERS many');
    same('CONFIG SET set-max-intset-entries 0');
    later.same('SADD none 1');
    later.same('OBJECT ENCODING none');
    same('CONFIG SET set-max-intset-entries 512');
    later.same('CONFIG SET set-max-listpack-entries 3 set-max-listpack-value 5');
    later.same('SADD a 1 2 3');
    later.same('SADD a x');
    later.same('OBJECT ENCODING a');
    later.same('SADD b 1 2');
    later.same('SADD b x');
    later.same('OBJECT ENCODING b');
    later.same('SADD b y');
    later.same('OBJECT ENCODING b');
    later.same('SADD c 123456');
    later.same('SADD c x');
    later.same('OBJECT ENCODING c');
    later.same('SADD d -12345');
    later.same('SADD d x');
    later.same('OBJECT ENCODING d');
    later.same('SADD e xxxxx');
    later.same('OBJECT ENCODING e');
    later.same('SADD e xxxxxx');
    later.same('OBJECT ENCODING e');
    later.same('SADD f x 123456');
    later.same('OBJECT ENCODING f');
    later.same('CONFIG SET set-max-listpack-entries 0');
    later.same('SADD g x');
    later.same('OBJECT ENCODING g');
    later.same('SADD h 1');
    later.same('OBJECT ENCODING h');
    later.same('SADD h x');
    later.same('OBJECT ENCODING h');
    later.same('SADD b 1');
    later.same('OBJECT ENCODING b');
    later.same('CONFIG SET set-max-listpack-entries 128 set-max-listpack-value 64');
    later.unordered('CONFIG GET set-max-*');
  });

  test('a copy and a renamed set hold the same', ({ same, unordered }) => {
    same('SADD', 'integers', ...numbers(100, -50, 999));
    same('SADD small a b 1 2');
    same('SADD', 'long', LONG, '1', 'a');
    same('SADD', 'large', ...names(500));
    for (const key of ['integers', 'small', 'long', 'large']) {
      same(`COPY ${key} copy`);
      same('SADD copy more');
      unordered(`SMEMBERS ${key}`);
      unordered('SMEMBERS copy');
      same(`RENAME ${key} other`);
      unordered('SMEMBERS other');
      same('DEL copy');
      same('COPY other copy DB 2');
      same('MOVE other 3');
      same('SELECT 2');
      unordered('SMEMBERS copy');
      same('DEL copy');
      same('SELECT 3');
      unordered('SMEMBERS other');
      same('DEL other');
      same('SELECT 0');
    }
  });

  test('the digests of sets', ({ same }) => {
    for (const members of [['1', '2'], ['a', '1'], [LONG, 'b'], names(300), numbers(600)]) {
      same('SADD', 's', ...members);
      same('DEBUG DIGEST-VALUE s');
      same('DEBUG DIGEST');
    }
  });
});

conformance('set', ({ test }) => {
  test('SPOP and SRANDMEMBER of one member', ({ same }) => {
    for (const member of ['1', 'a', LONG]) {
      for (const count of ['0', '1', '2', '100', '-1', '-3', '9223372036854775807']) {
        same('SADD', 's', member);
        same('SRANDMEMBER s');
        same(`SRANDMEMBER s ${count}`);
        if (!count.startsWith('-')) same(`SPOP s ${count}`);
        same('SADD', 's', member);
        same('SPOP s');
        same('EXISTS s');
      }
    }
    for (const count of ['0', '1', '-1', '5']) same(`SRANDMEMBER none ${count}`);
    for (const count of ['0', '1', '5']) same(`SPOP none ${count}`);
    same('SRANDMEMBER none');
    same('SPOP none');
  });

  test('all members at once come in the order of the set', ({ same, unordered, since }) => {
    same('SADD s 3 1 2');
    same('SRANDMEMBER s 3');
    same('SRANDMEMBER s 9');
    same('SPOP s 3');
    since('7.2').same('SADD s b 5 3 a');
    since('7.2').same('SRANDMEMBER s 4');
    since('7.2').same('SPOP s 4');
    // A listpack whose first members are integers: Redis pops it by way of a union.
    since('7.2').same('SADD s b 5 3 a');
    since('7.2').same('SREM s b');
    since('7.2').same('SMEMBERS s');
    since('7.2').same('SPOP s 7');
    same('SADD', 's', ...names(300));
    unordered('SRANDMEMBER s 300');
    unordered('SPOP s 300');
    same('EXISTS s');
  });

  test('SPOP and SRANDMEMBER have the shape they should', ({ same, shape }) => {
    for (const members of [names(4), numbers(4), [LONG, ...names(5)], names(200), numbers(600)]) {
      same('DEL s');
      same('SADD', 's', ...members);
      shape('SRANDMEMBER s');
      for (const count of [0, 1, 2, 3, 4, 90, 150, 190, -1, -2, -50]) {
        shape(`SRANDMEMBER s ${count}`);
        same('SCARD s');
      }
      shape('SPOP s');
      shape('SPOP s 1');
      shape('SPOP s 0');
      same('SCARD s');
    }
  });

  test('SPOP of nearly all may change the encoding', ({ same, shape, since }) => {
    const later = since('7.2');
    for (const [members, counts] of [
      [numbers(600), [100, 490, 5]],
      [numbers(600), [570]],
      [names(300), [100, 195, 3]],
      [names(300), [240, 20, 35]],
      [names(2000), [1800, 150]],
      [[LONG, ...names(12)], [11]],
    ] as const) {
      same('DEL s');
      same('SADD', 's', ...members);
      for (const count of counts) {
        shape(`SPOP s ${count}`);
        same('SCARD s');
        if (!members.includes(LONG)) later.same('OBJECT ENCODING s');
      }
    }
  });

  test('SPOP and SRANDMEMBER: what is wrong', ({ same, fails, agrees }) => {
    same('SADD s a');
    same('SET string v');
    for (const name of ['SPOP', 'SRANDMEMBER']) {
      fails(name);
      fails(`${name} string`);
      fails(`${name} string 1`);
      fails(`${name} string 0`);
      fails(`${name} s 1 2`);
      fails(`${name} s abc def`);
      fails(`${name} none 1 2`);
      for (const count of [
        ...['', 'abc', '1.5', ' 1', '01', '9223372036854775808', '-9223372036854775808'],
        ...['-9223372036854775809', '-0', '+1'],
      ]) {
        agrees(name, 's', count);
        agrees(name, 'none', count);
        agrees(name, 'string', count);
      }
    }
    fails('SPOP s -1');
    fails('SPOP none -1');
    fails('SPOP string -1');
  });

  test('SRANDMEMBER of more than memory holds', ({ same, differs }) => {
    same('SADD', 's', 'm'.repeat(1000));
    same('CONFIG SET proto-max-bulk-len 1mb');
    differs('SRANDMEMBER s -2000', {
      because: 'one request could take all the memory of the process',
      ours: '-ERR value is out of range\r\n',
    });
    same('CONFIG SET proto-max-bulk-len 512mb');
  });

  test('SSCAN', ({ same, fails, unordered, since }) => {
    same('SADD s 1 2 3 10 -5');
    same('SSCAN s 0');
    same('SSCAN s 0 COUNT 1');
    same('SSCAN s 0 MATCH 1*');
    same('SSCAN s 17 MATCH ? COUNT 100');
    same('SADD s a b abc');
    unordered('SSCAN s 0 COUNT 100');
    since('7.2').same('SSCAN s 0');
    since('7.2').same('SSCAN s 0 COUNT 1 MATCH a*');
    unordered('SSCAN s 0 MATCH [ab]* COUNT 100');
    unordered('SSCAN s 0 MATCH "" COUNT 100');
    unordered('SSCAN s 0 MATCH A* COUNT 100');
    same('SADD', 's', ...names(300));
    unordered('SSCAN s 0 COUNT 10000');
    unordered('SSCAN s 0 COUNT 9223372036854775807 MATCH *:2?');
    same('SSCAN none 0');
    same('SSCAN none 5 COUNT 10 MATCH x');
    fails('SSCAN');
    fails('SSCAN s');
  });

  test('SSCAN refuses what is wrong in the order of its arguments', ({ same, agrees }) => {
    same('SADD s 1');
    same('SET string v');
    const cursors = ['0', '', ' 0', '0 ', '-1', 'abc', '1.5', '18446744073709551615'];
    const options = [
      ...['', 'COUNT', 'COUNT 0', 'COUNT -1', 'COUNT abc', 'MATCH', 'MATCH x COUNT', 'junk'],
      ...['COUNT 5 junk', 'TYPE set', 'COUNT 9223372036854775808', 'NOVALUES x'],
    ];
    for (const key of ['s', 'string', 'none']) {
      for (const cursor of [...cursors, '18446744073709551616', '99999999999999999999999']) {
        for (const option of options) {
          agrees(['SSCAN', key, cursor, ...option.split(' ').filter((word) => word !== '')]);
        }
      }
    }
  });
});

/** Sets of every encoding that have some members in common. */
const SETS: Readonly<Record<string, readonly string[]>> = {
  few: ['3', '1', '2'],
  other: ['2', '4', '3', '-9223372036854775808'],
  wide: ['9223372036854775807', '3', '2', '9007199254740993', '9007199254740992'],
  texts: ['b', '2', 'a', '7', '3'],
  more: ['a', 'c', '3', 'b', 'e', 'd', '1'],
  mixed: [LONG, 'a', '3', '2'],
  integers: numbers(400, 0, 3),
  table: numbers(600, 0, 2),
  large: [...names(300), 'a', 'b', '3', '2'],
  larger: [...names(300, 100), 'b', '2'],
};
const KEYS = Object.keys(SETS);

conformance('set', ({ test }) => {
  const COMBINING = ['SINTER', 'SUNION', 'SDIFF'];

  test('SINTER, SUNION and SDIFF of any two', ({ same, unordered, since }) => {
    for (const key of KEYS) same('SADD', key, ...SETS[key]);
    // Of these each encoding, and so each order, is the same since Redis 2.6.
    for (const a of ['few', 'other', 'wide', 'integers']) {
      for (const b of ['few', 'other', 'wide', 'none']) {
        for (const name of COMBINING) same(`${name} ${a} ${b}`);
      }
    }
    for (const a of ['few', 'texts', 'more']) {
      for (const b of ['few', 'other', 'texts', 'more', 'none']) {
        for (const name of COMBINING) since('7.2').same(`${name} ${a} ${b}`);
      }
    }
    for (const a of [...KEYS, 'none']) {
      for (const name of COMBINING) unordered(`${name} ${a}`);
      for (const b of [...KEYS, 'none']) {
        for (const name of COMBINING) unordered(`${name} ${a} ${b}`);
      }
    }
  });

  test('SINTER, SUNION and SDIFF of several', ({ same, unordered }) => {
    for (const key of KEYS) same('SADD', key, ...SETS[key]);
    for (const line of [
      ...['few few few', 'few other wide', 'wide other few', 'few texts more mixed', 'few few'],
      ...['large larger texts', 'larger large', 'integers table', 'table integers few', 'few none'],
      ...['none few', 'none none', 'few other texts more mixed integers table large larger'],
      ...['large few other wide texts', 'few other texts larger large', 'table few table other'],
      ...['integers few other wide texts more', 'texts none more none', 'mixed mixed few mixed'],
    ]) {
      for (const name of COMBINING) unordered(`${name} ${line}`);
    }
    const all = KEYS.flatMap((key) => [key, key, 'none']);
    unordered('SUNION', ...all);
    unordered('SDIFF', ...all);
    unordered('SINTER', ...all);
    unordered('SINTER', ...KEYS, ...KEYS, ...KEYS);
  });

  test('what is stored', ({ same, unordered, since }) => {
    for (const key of KEYS) same('SADD', key, ...SETS[key]);
    for (const a of KEYS) {
      for (const b of [...KEYS, 'none']) {
        for (const name of COMBINING) {
          same(`${name}STORE target ${a} ${b}`);
          since('7.2').agrees('OBJECT ENCODING target');
          unordered('SMEMBERS target');
        }
      }
    }
    since('7.2').same('SINTERSTORE target texts more');
    since('7.2').same('SMEMBERS target');
    since('7.2').same('SUNIONSTORE target few texts more');
    since('7.2').same('SMEMBERS target');
    since('7.2').same('SDIFFSTORE target more few');
    since('7.2').same('SMEMBERS target');
  });

  test('a target that was there', ({ same, unordered }) => {
    for (const key of ['few', 'other', 'texts']) same('SADD', key, ...SETS[key]);
    for (const name of COMBINING) {
      same('SET target v EX 100');
      same(`${name}STORE target few other`);
      same('TTL target');
      same('TYPE target');
      same('SET target v');
      same(`${name}STORE target none none`);
      same('EXISTS target');
      same(`${name}STORE target none none`);
      same('SADD few 1 2 3');
      same(`${name}STORE few few other`);
      unordered('SMEMBERS few');
      same('DEL few');
      same('SADD few 1 2 3');
      same(`${name}STORE other few other`);
      unordered('SMEMBERS other');
      same('DEL other');
      same('SADD', 'other', ...SETS.other);
    }
    same('SDIFFSTORE few few few');
    same('EXISTS few');
  });

  test('SINTERCARD', ({ same, fails, agrees }) => {
    for (const key of KEYS) same('SADD', key, ...SETS[key]);
    for (const a of [...KEYS, 'none']) {
      same(`SINTERCARD 1 ${a}`);
      for (const b of KEYS) {
        for (const limit of ['0', '1', '2', '5', '1000']) {
          same(`SINTERCARD 2 ${a} ${b} LIMIT ${limit}`);
        }
        same(`SINTERCARD 2 ${a} ${b}`);
      }
    }
    same('SINTERCARD 2 few other limit 1 LIMIT 0');
    same('SINTERCARD 3 few other none');
    same('SET string v');
    fails('SINTERCARD');
    fails('SINTERCARD 1');
    fails('SINTERCARD 0 few');
    fails('SINTERCARD 2 few');
    fails('SINTERCARD 1 few other');
    fails('SINTERCARD 1 string');
    fails('SINTERCARD 1 few LIMIT');
    fails('SINTERCARD 1 few LIMIT 1 2');
    fails('SINTERCARD 2 none string');
    fails('SINTERCARD 1 string LIMIT x');
    for (const number of ['', '-1', 'abc', '1.5', '9223372036854775807', '9223372036854775808']) {
      agrees('SINTERCARD', number, 'few');
      agrees('SINTERCARD', number, 'string');
      agrees('SINTERCARD', '1', 'few', 'LIMIT', number);
      agrees('SINTERCARD', '1', 'string', 'LIMIT', number);
    }
  });

  test('what is no set is refused, wherever it is', ({ same, fails }) => {
    same('SADD s 1');
    same('SET string v');
    for (const name of COMBINING) {
      fails(name);
      fails(`${name} string`);
      fails(`${name} s string`);
      fails(`${name} none string`);
      fails(`${name} string none`);
      fails(`${name}STORE`);
      fails(`${name}STORE target`);
      fails(`${name}STORE target string`);
      fails(`${name}STORE target s string`);
      fails(`${name}STORE target none string`);
      fails(`${name}STORE string none string`);
    }
    same('EXISTS target');
    same('GET string');
  });

  test('SORT takes sets', ({ same, agrees }) => {
    same('SADD s 10 9 -5 100');
    same('SORT s');
    same('SORT s DESC LIMIT 1 2');
    same('SADD s b a');
    agrees('SORT s');
    same('SORT s ALPHA');
    same('SORT s ALPHA STORE t');
    same('LRANGE t 0 -1');
  });
});

conformance('set', ({ test }) => {
  test('sets are dumped and restored', ({ same, unordered, keeps, since }) => {
    for (const key of KEYS) {
      same('SADD', key, ...SETS[key]);
      keeps('dump', `DUMP ${key}`);
      same('RESTORE', 'restored', '0', '{dump}', 'REPLACE');
      unordered('SMEMBERS restored');
      since('7.2').same('OBJECT ENCODING restored');
    }
  });
});
