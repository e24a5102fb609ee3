/** Hashes, small and large: set, read, counted with, drawn and scanned. */

import { conformance } from './harness.ts';

const INTEGERS = [
  ...['0', '-1', '5', '127', '128', '-4096', '4096', '32767', '-32769', '8388608', '2147483648'],
  ...['9007199254740991', '9007199254740993', '9223372036854775807', '-9223372036854775808'],
];
const NOT_INTEGERS = [
  ...['', 'abc', '1.5', '1 ', ' 1', '01', '-0', '+1', '9223372036854775808', '--1', '0x1', '1e3'],
  ...['-9223372036854775809', '1\x00', '00', '-', '99999999999999999999999999'],
];
const FLOATS = [
  ...['0', '1', '-1', '1.5', '3.0', '5e3', '1e-5', '0.1', '.5', '5.', '1e17', '-2.5e-3', '0x10'],
  ...['123456789012345678', '9007199254740993', '1e100', '0.30000000000000004', '-0', '+1', '200'],
];
const NOT_FLOATS = ['', 'abc', ' 1', '1 ', '1a', '--1', 'nan', '-nan', '1\x00', '1,5', 'e5'];
const INFINITE = ['inf', '-inf', '+inf', 'Infinity'];

/** So long that a hash is a hashtable. */
const LONG = 'x'.repeat(65);
const VALUES = ['', '0', 'a', '\x00\xff\r\n', LONG, 'y'.repeat(300), 'z'.repeat(5000)];
/** Enough fields for a hashtable. */
const MANY = Array.from({ length: 600 }, (_, i) => [`field:${i}`, `value ${i * 7}`]).flat();

conformance('hash', ({ test }) => {
  test('HSET adds, replaces and counts what is new', ({ same, fails }) => {
    same('HSET h a 1');
    same('HSET h a 2');
    same('HSET h a 3 b 4 c 5');
    same('HSET h d 1 d 2 d 3');
    same('HGETALL h');
    same('HLEN h');
    same('TYPE h');
    same('HSET', 'h', '', '', '\x00', '\xff\xfe', 'a b', '\r\n');
    same('HGETALL h');
    same('HSET h 12 34 -5 6 007 008');
    same('HGETALL h');
    fails('HSET');
    fails('HSET h');
    fails('HSET h a');
    fails('HSET h a 1 b');
    fails('hset h a 1 b 2 c');
    same('HGETALL h');
    same('SET s v');
    fails('HSET s a 1');
    fails('HSET s a 1 b');
    fails('HSET none a 1 b');
    same('EXISTS none');
  });

  test('HMSET does the same and says OK', ({ same, fails }) => {
    same('HMSET h a 1 b 2 a 3');
    same('HGETALL h');
    fails('HMSET');
    fails('HMSET h');
    fails('HMSET h a');
    fails('HMSET h a 1 b');
    fails('hmset none a 1 b');
    same('SET s v');
    fails('HMSET s a 1');
  });

  test('HSETNX sets what is not there', ({ same, fails }) => {
    same('HSETNX h a 1');
    same('HSETNX h a 2');
    same('HSETNX h b 2');
    same('HGETALL h');
    same('HSETNX', 'h', 'a', LONG);
    same('OBJECT ENCODING h');
    same('HSETNX', 'h', 'long', LONG);
    same('OBJECT ENCODING h');
    same('HSETNX h a 3');
    same('HSETNX h long 3');
    same('HSETNX h c 3');
    same('HMGET h a long c');
    fails('HSETNX h a');
    fails('HSETNX h a 1 b');
    same('SET s v');
    fails('HSETNX s a 1');
  });

  test('HGET, HMGET, HSTRLEN and HEXISTS read fields', ({ same, fails }) => {
    for (const lead of ['v', LONG]) {
      same('DEL h');
      same('HSET', 'h', 'lead', lead);
      for (const [i, value] of VALUES.entries()) same('HSET', 'h', `f${i}`, value);
      for (const field of ['lead', 'f0', 'f1', 'f3', 'f6', 'none', '', 'F0', 'f']) {
        same('HGET', 'h', field);
        same('HSTRLEN', 'h', field);
        same('HEXISTS', 'h', field);
      }
      same('HMGET h f0 none f6 f0 lead');
    }
    same('HGET none f');
    same('HSTRLEN none f');
    same('HEXISTS none f');
    same('HMGET none f g');
    same('HLEN none');
    same('SET s v');
    for (const line of ['HGET s f', 'HSTRLEN s f', 'HEXISTS s f', 'HMGET s f', 'HLEN s']) {
      fails(line);
    }
    for (const name of ['HGET', 'HSTRLEN', 'HEXISTS', 'HMGET', 'HLEN']) {
      fails(name);
      fails(`${name} h a b c`.slice(0, name === 'HMGET' ? 7 : undefined));
    }
    fails('HGET h');
    fails('HMGET h');
    fails('HSTRLEN h');
    fails('HEXISTS h');
    fails('HLEN h x');
  });

  test('HDEL removes fields, and the hash with the last', ({ same, fails, unordered }) => {
    same('HSET h a 1 b 2 c 3 d 4');
    same('HDEL h b');
    same('HDEL h b');
    same('HDEL h none c c');
    same('HGETALL h');
    same('HDEL h a none d a d');
    same('EXISTS h');
    same('HDEL h a');
    same('HSET', 'h', ...MANY);
    same('HDEL', 'h', ...MANY.slice(0, 400));
    unordered('HGETALL h');
    same('OBJECT ENCODING h');
    same('HDEL', 'h', ...MANY.slice(300));
    same('HLEN h');
    same('HDEL', 'h', ...MANY);
    same('EXISTS h');
    fails('HDEL');
    fails('HDEL h');
    same('SET s v');
    fails('HDEL s a');
  });

  test('HGETALL, HKEYS and HVALS of small and large hashes', ({ same, fails, unordered }) => {
    same('HSET', 'h', 'z', '1', 'a', '-7', '12', '', '', '99999999999');
    same('HGETALL h');
    same('HKEYS h');
    same('HVALS h');
    same('HSET', 'large', ...MANY);
    unordered('HGETALL large');
    unordered('HKEYS large');
    unordered('HVALS large');
    for (const name of ['HGETALL', 'HKEYS', 'HVALS']) {
      same(`${name} none`);
      fails(name);
      fails(`${name} a b`);
      same('SET s v');
      fails(`${name} s`);
    }
  });

  test('the encoding changes when fields are too many or too long', ({ same, since }) => {
    same('HSET', 'h', ...MANY.slice(0, 1024));
    same('OBJECT ENCODING h');
    same('HSET h field:0 another');
    same('OBJECT ENCODING h');
    same('HSET h more 1');
    same('OBJECT ENCODING h');
    same('HDEL', 'h', ...MANY.slice(20));
    same('OBJECT ENCODING h');
    same('HSET', 'field', 'x'.repeat(64), 'y'.repeat(64));
    same('OBJECT ENCODING field');
    same('HSET', 'field', LONG, '1');
    same('OBJECT ENCODING field');
    same('HSET', 'value', 'a', '1');
    same('HSET', 'value', 'a', LONG);
    same('OBJECT ENCODING value');
    same('HSET value a 1');
    same('OBJECT ENCODING value');
    same('HMSET', 'more', 'a', '1', 'b', LONG);
    same('OBJECT ENCODING more');
    same('HSETNX', 'nx', 'a', LONG);
    same('OBJECT ENCODING nx');
    since('7.2').same('HINCRBY', 'counter', LONG, '1');
    since('7.2').same('OBJECT ENCODING counter');
    since('7.2').same('HSET', 'twice', ...Array.from({ length: 513 }, () => ['a', '1']).flat());
    since('7.2').same('OBJECT ENCODING twice');
    same('HSET old a 1');
    since('7.2').same('HINCRBYFLOAT', 'old', LONG, '1.5');
    since('7.2').same('OBJECT ENCODING old');
  });

  test('the limits are configured', ({ same, unordered }) => {
    same('CONFIG SET hash-max-listpack-entries 3 hash-max-listpack-value 5');
    same('HSET h a 1 b 2 c 3');
    same('OBJECT ENCODING h');
    same('HINCRBY h d 1');
    same('OBJECT ENCODING h');
    unordered('HGETALL h');
    same('HSET v a 12345');
    same('OBJECT ENCODING v');
    same('HSET v a 123456');
    same('OBJECT ENCODING v');
    same('HSET w a 1 b 2');
    same('CONFIG SET hash-max-listpack-entries 1');
    same('OBJECT ENCODING w');
    same('HSET w a 2');
    same('OBJECT ENCODING w');
    same('CONFIG SET hash-max-listpack-entries 0');
    same('HSET x a 2');
    same('OBJECT ENCODING x');
    same('HSET x b 1 c 2');
    unordered('HGETALL x');
    same('CONFIG SET hash-max-ziplist-entries 512 hash-max-ziplist-value 64');
    unordered('CONFIG GET hash-max-*');
  });

  test('a copy and a renamed hash hold the same', ({ same, unordered }) => {
    same('HSET small a 1 b 2');
    same('HSET', 'long', 'a', LONG, 'b', '2');
    same('HSET', 'large', ...MANY);
    for (const key of ['small', 'long', 'large']) {
      same(`COPY ${key} copy`);
      same('HSET copy a changed more 1');
      unordered(`HGETALL ${key}`);
      unordered('HGETALL copy');
      same('OBJECT ENCODING copy');
      same(`RENAME ${key} other`);
      unordered('HGETALL other');
      same('DEL copy');
      same('COPY other copy DB 2');
      same('MOVE other 3');
      same('SELECT 2');
      unordered('HGETALL copy');
      same('OBJECT ENCODING copy');
      same('DEL copy');
      same('SELECT 3');
      unordered('HGETALL other');
      same('DEL other');
      same('SELECT 0');
    }
  });
});

conformance('hash', ({ test }) => {
  test('HINCRBY counts', ({ same, fails, agrees }) => {
    same('HINCRBY h f 5');
    same('HINCRBY h f -8');
    same('HINCRBY h f 0');
    same('HGET h f');
    for (const lead of ['v', LONG]) {
      same('HSET', 'h', 'lead', lead);
      for (const value of [...INTEGERS, ...NOT_INTEGERS]) {
        for (const amount of ['1', '-1', '9007199254740991', '9223372036854775807']) {
          same('HSET', 'h', 'n', value);
          agrees('HINCRBY', 'h', 'n', amount);
          same('HGET', 'h', 'n');
        }
      }
    }
    for (const amount of [...INTEGERS, ...NOT_INTEGERS]) {
      same('HSET h n 10');
      agrees('HINCRBY', 'h', 'n', amount);
      agrees('HINCRBY', 'none', 'n', amount);
      same('DEL none');
    }
    same('SET s v');
    fails('HINCRBY s f 1');
    fails('HINCRBY s f abc');
    fails('HINCRBY h f');
    fails('HINCRBY h f 1 2');
  });

  test('HINCRBYFLOAT counts', ({ same, fails, agrees }) => {
    same('HINCRBYFLOAT h f 5');
    same('HINCRBYFLOAT h f -8.25');
    same('HGET h f');
    for (const lead of ['v', LONG]) {
      same('HSET', 'h', 'lead', lead);
      for (const value of [...FLOATS, ...NOT_FLOATS, ...INFINITE]) {
        for (const amount of ['1', '-0.1', '1e20']) {
          same('HSET', 'h', 'n', value);
          agrees('HINCRBYFLOAT', 'h', 'n', amount);
          same('HGET', 'h', 'n');
        }
      }
    }
    for (const amount of [...FLOATS, ...NOT_FLOATS, ...INFINITE]) {
      same('HSET h n 10.5');
      agrees('HINCRBYFLOAT', 'h', 'n', amount);
      agrees('HINCRBYFLOAT', 'none', 'n', amount);
      same('DEL none');
    }
    same('HSET h n 1e4931');
    same('HINCRBYFLOAT h n 1e4931');
    same('HSTRLEN h n');
    fails('HINCRBYFLOAT h n 1e4932');
    same('SET s v');
    fails('HINCRBYFLOAT s f 1');
    fails('HINCRBYFLOAT s f inf');
    fails('HINCRBYFLOAT s f abc');
    fails('HINCRBYFLOAT h f');
    fails('HINCRBYFLOAT h f 1 2');
  });

  test('a field that is counted with and one that is set meet', ({ same }) => {
    same('HSET h n 1');
    same('HINCRBY h n 1');
    same('HINCRBYFLOAT h n 0.5');
    same('HINCRBYFLOAT h n 0.5');
    same('HINCRBY h n 1');
    same('HGETALL h');
    same('HSTRLEN h n');
  });
});

conformance('hash', ({ test }) => {
  test('HRANDFIELD of one field', ({ same }) => {
    for (const value of ['1', LONG]) {
      same('HSET', 'h', 'f', value);
      same('HRANDFIELD h');
      for (const count of ['0', '1', '2', '100', '-1', '-3', '9223372036854775807']) {
        same(`HRANDFIELD h ${count}`);
      }
      for (const count of ['0', '1', '2', '100', '-1', '-3', '4611686018427387903']) {
        same(`HRANDFIELD h ${count} WITHVALUES`);
        same(`HRANDFIELD h ${count} withvalues`);
      }
    }
  });

  test('HRANDFIELD of many fields has the shape it should', ({ same, shape, unordered }) => {
    for (const more of [[], ['long', LONG], MANY]) {
      same('DEL h');
      same('HSET', 'h', 'a', 'v', 'b', 'w', 'c', 'x', 'd', 'y', ...more);
      shape('HRANDFIELD h');
      for (const count of ['1', '2', '3', '-1', '-10', '-700', '100', '400', '-1500']) {
        shape(`HRANDFIELD h ${count}`);
        shape(`HRANDFIELD h ${count} WITHVALUES`);
      }
      unordered('HRANDFIELD h 604');
      unordered('HRANDFIELD h 605 WITHVALUES');
      unordered('HRANDFIELD h 1000 WITHVALUES');
    }
  });

  test('HRANDFIELD of more than memory holds', ({ same, differs }) => {
    same('HSET', 'h', 'f'.repeat(1000), 'v');
    same('CONFIG SET proto-max-bulk-len 1mb');
    differs('HRANDFIELD h -2000', {
      because: 'one request could take all the memory of the process',
      ours: '-ERR value is out of range\r\n',
    });
    same('CONFIG SET proto-max-bulk-len 512mb');
  });

  test('HRANDFIELD of nothing and of what is no hash', ({ same, fails, agrees }) => {
    same('HRANDFIELD none');
    same('HRANDFIELD none 5');
    same('HRANDFIELD none -5');
    same('HRANDFIELD none 5 WITHVALUES');
    same('SET s v');
    same('HSET h a 1');
    for (const key of ['s', 'h', 'none']) {
      for (const count of [...NOT_INTEGERS, '0', '1', '-9223372036854775808']) {
        agrees('HRANDFIELD', key, count);
        agrees('HRANDFIELD', key, count, 'WITHVALUES');
        agrees('HRANDFIELD', key, count, 'junk');
        agrees('HRANDFIELD', key, count, 'WITHVALUES', 'WITHVALUES');
      }
      for (const count of ['9223372036854775807', '-9223372036854775807']) {
        fails(`HRANDFIELD ${key} ${count} WITHVALUES`);
        fails(`HRANDFIELD ${key} ${count} WITHVALUES x`);
      }
      fails(`HRANDFIELD ${key} 4611686018427387904 WITHVALUES`);
      fails(`HRANDFIELD ${key} -4611686018427387904 WITHVALUES`);
    }
    fails('HRANDFIELD');
    fails('HRANDFIELD s');
  });
});

conformance('hash', ({ test }) => {
  test('HSCAN of a small hash lists it in one go', ({ same, fails }) => {
    same('HSET h a 1 b 2 abc 3 12 4 "" 5');
    same('HSCAN h 0');
    same('HSCAN h 0 COUNT 1');
    same('HSCAN h 17');
    same('HSCAN h 0 MATCH a*');
    same('HSCAN h 0 MATCH *');
    same('HSCAN h 0 MATCH 1?');
    same('HSCAN h 0 MATCH A');
    same('HSCAN h 0 MATCH ""');
    same('HSCAN h 0 MATCH none MATCH b');
    same('HSCAN h 0 count 2 match [a-b] COUNT 5');
    same('HSCAN none 0');
    same('HSCAN none 5 COUNT 10 MATCH x');
    fails('HSCAN');
    fails('HSCAN h');
  });

  test('HSCAN of a large hash', ({ same, unordered, shape }) => {
    same('HSET', 'h', ...MANY);
    unordered('HSCAN h 0 COUNT 10000');
    unordered('HSCAN h 0 MATCH field:1* COUNT 10000');
    unordered('HSCAN h 0 MATCH FIELD* COUNT 10000');
    unordered('HSCAN h 0 COUNT 9223372036854775807 MATCH *:5?');
    shape('HSCAN h 0 MATCH none COUNT 5');
    same('HSET', 'few', 'a', LONG);
    same('HSCAN few 0');
    same('HSCAN few 0 MATCH b');
  });

  test('HSCAN refuses what is wrong in the order of its arguments', ({ same, agrees }) => {
    same('HSET h a 1');
    same('SET s v');
    const cursors = ['0', '', ' 0', '0 ', '-1', 'abc', '1.5', '18446744073709551615'];
    const options = [
      ...['', 'COUNT', 'COUNT 0', 'COUNT -1', 'COUNT abc', 'COUNT 1.5', 'MATCH', 'MATCH x COUNT'],
      ...['junk', 'COUNT 5 junk', 'TYPE hash', 'COUNT 9223372036854775808', 'NOVALUES x'],
    ];
    for (const key of ['h', 's', 'none']) {
      for (const cursor of [...cursors, '18446744073709551616', '99999999999999999999999']) {
        for (const option of options) {
          agrees(['HSCAN', key, cursor, ...option.split(' ').filter((word) => word !== '')]);
        }
      }
    }
  });

  test('DEBUG DIGEST-VALUE tells the fields and not their order', ({ same }) => {
    same('HSET h a 1 b 2 c 3');
    same('HSET', 'large', ...MANY);
    same('HSET', 'long', 'a', 'z'.repeat(5000), '', '');
    same('DEBUG DIGEST-VALUE h large long');
    same('DEBUG DIGEST');
  });
});
