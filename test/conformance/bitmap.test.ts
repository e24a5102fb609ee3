/** Bitmaps: single bits, counting, finding, joining, and fields of numbers. */

import { SeededRandom } from '../../src/std/random.ts';
import { conformance } from './harness.ts';

const INT64_MAX = '9223372036854775807';
const INT64_MIN = '-9223372036854775808';
const NOT_NUMBERS = ['', ' ', 'abc', '1.5', '+1', '01', '-0', ' 1', '1 ', '9223372036854775808'];
/** Beyond proto-max-bulk-len, the first of them by a bit. */
const TOO_FAR = ['4294967296', '9007199254740993', INT64_MAX];

/** Strings of every kind of length and filling, the same for all tests. */
function strings(): string[] {
  const random = new SeededRandom(1);
  const noise = (size: number): string => String.fromCharCode(...random.bytes(size));
  return [
    ...['', '\0', '\xff', 'a', 'foobar', '12345', '-7', '\xff\xf0\x00', '\x00\xff\xf0'],
    ...['\xff'.repeat(70), '\0'.repeat(70), `${'\0'.repeat(33)}\x10`, `${'\xff'.repeat(33)}\xfe`],
    ...[noise(3), noise(31), noise(64), noise(257), noise(9001)],
  ];
}

conformance('bitmap', ({ test }) => {
  test('SETBIT and GETBIT', ({ same }) => {
    for (const offset of ['0', '7', '8', '1', '100', '99', '7', '0', '1000', '80000']) {
      same(`GETBIT k ${offset}`);
      same(`SETBIT k ${offset} 1`);
      same(`GETBIT k ${offset}`);
      same('GET k');
    }
    for (const offset of ['7', '100', '2000', '0', '3000']) {
      same(`SETBIT k ${offset} 0`);
      same(`SETBIT k ${offset} 0`);
      same('STRLEN k');
    }
    same('GET k');
    same('GETBIT k 4294967295');
    same('SETBIT new 9 0');
    same('GET new');
    same('GETBIT none 0');
    same('EXISTS none');
  });

  test('SETBIT on a number, on text, and its encoding', ({ same }) => {
    for (const value of ['123', '-1', '', 'text', 'x'.repeat(44), 'x'.repeat(45)]) {
      same('SET', 'k', value);
      same('OBJECT ENCODING k');
      same('GETBIT k 2');
      same('OBJECT ENCODING k');
      same('SETBIT k 2 0');
      same('OBJECT ENCODING k');
      same('GET k');
      same('SETBIT k 6 1');
      same('SETBIT k 400 1');
      same('GET k');
    }
    same('SETBIT new 0 0');
    same('OBJECT ENCODING new');
  });

  test('SETBIT keeps the expiry', ({ same, near }) => {
    same('SET k v EX 100');
    same('SETBIT k 100 1');
    near(1, 'TTL k');
    same('BITFIELD k SET u8 0 1');
    near(1, 'TTL k');
  });

  test('SETBIT and GETBIT refuse what is no bit', ({ fails, same }) => {
    same('SET k before');
    for (const offset of [...NOT_NUMBERS, ...TOO_FAR, '-1', INT64_MIN, '#1']) {
      fails('SETBIT', 'k', offset, '1');
      fails('GETBIT', 'k', offset);
      fails('GETBIT', 'none', offset);
      fails('SETBIT', 'k', offset, '2');
    }
    for (const bit of [...NOT_NUMBERS, '2', '-1', '10', INT64_MAX, INT64_MIN]) {
      fails('SETBIT', 'k', '1', bit);
      fails('SETBIT', 'none', '1', bit);
    }
    same('GET k');
    same('EXISTS none');
    same('ZADD z 1 a');
    fails('SETBIT z 1 1');
    fails('GETBIT z 1');
    fails('SETBIT z -1 1');
    fails('SETBIT z 1 2');
    for (const line of ['SETBIT', 'SETBIT k', 'SETBIT k 1', 'SETBIT k 1 1 1', 'GETBIT k']) {
      fails(line);
    }
    fails('GETBIT k 1 1');
  });

  test('proto-max-bulk-len is how far a bit may lie', ({ fails, same }) => {
    same('CONFIG SET proto-max-bulk-len 1mb');
    same('SETBIT k 8388607 1');
    fails('SETBIT k 8388608 1');
    fails('GETBIT k 8388608');
    same('BITFIELD k GET u8 8388607');
    same('BITFIELD k SET u8 8388607 255');
    same('STRLEN k');
    fails('BITFIELD k GET u8 #1048576');
    same('CONFIG SET proto-max-bulk-len 512mb');
  });

  test('BITCOUNT of whole strings and of parts', ({ same, agrees }) => {
    const random = new SeededRandom(2);
    strings().forEach((value, i) => {
      same('SET', `k${i}`, value);
      same(`BITCOUNT k${i}`);
      const size = value.length;
      for (const unit of ['', 'BYTE', 'bit']) {
        const length = unit === 'bit' ? size * 8 : size;
        const far = length + 10;
        const bounds = [0, 1, 7, 8, -1, -8, length - 1, length, -length, -length - 1, far, -far];
        for (const from of bounds.slice(0, 7)) {
          for (const to of bounds.slice(3)) same(`BITCOUNT k${i} ${from} ${to} ${unit}`);
        }
        for (let n = 0; n < 10; n++) {
          const from = random.below(length * 2 + 1) - length;
          const to = random.below(length * 2 + 1) - length;
          agrees(`BITCOUNT k${i} ${from} ${to} ${unit}`);
        }
      }
    });
    same('BITCOUNT none');
    same('BITCOUNT none 0 -1 BIT');
  });

  test('BITCOUNT with indexes at the limits of 64 bits', ({ same }) => {
    same('SET k foobar');
    const limits = [INT64_MAX, INT64_MIN, '-9223372036854775807', '9223372036854775806', '0', '-1'];
    for (const from of limits) {
      for (const to of limits) {
        same(`BITCOUNT k ${from} ${to}`);
        same(`BITCOUNT k ${from} ${to} BIT`);
        same(`BITPOS k 1 ${from} ${to}`);
        same(`BITPOS k 0 ${from} ${to} BIT`);
      }
    }
  });

  test('BITCOUNT reports the first thing that is wrong', ({ fails, same }) => {
    same('SET k foobar');
    same('ZADD z 1 a');
    fails('BITCOUNT z');
    fails('BITCOUNT z junk');
    fails('BITCOUNT z a b');
    fails('BITCOUNT k 0');
    fails('BITCOUNT k 0 1 BIT more');
    fails('BITCOUNT k 0 1 junk');
    fails('BITCOUNT k junk 1 junk');
    same('BITCOUNT k -1 -2 junk');
    for (const index of NOT_NUMBERS) {
      fails('BITCOUNT', 'k', index, '1');
      fails('BITCOUNT', 'k', '0', index);
      fails('BITCOUNT', 'k', '0', index, 'junk');
      fails('BITPOS', 'k', index);
      fails('BITPOS', 'k', '1', index);
      fails('BITPOS', 'k', '1', '0', index);
      fails('BITPOS', 'k', '1', '0', index, 'junk');
    }
    same('BITCOUNT none junk');
    same('BITCOUNT none a b c d');
    fails('BITCOUNT');
  });

  test('BITPOS in whole strings and in parts', ({ same, agrees }) => {
    const random = new SeededRandom(3);
    strings().forEach((value, i) => {
      same('SET', `k${i}`, value);
      const size = value.length;
      for (const bit of [0, 1]) {
        same(`BITPOS k${i} ${bit}`);
        for (const from of [0, 1, -1, size - 1, size, -size - 1, size + 5, size >> 1]) {
          same(`BITPOS k${i} ${bit} ${from}`);
          for (const to of [0, 1, -1, size - 1, size, -2])
            same(`BITPOS k${i} ${bit} ${from} ${to}`);
        }
        for (let n = 0; n < 25; n++) {
          const from = random.below(size * 16 + 1) - size * 8;
          const to = random.below(size * 16 + 1) - size * 8;
          agrees(`BITPOS k${i} ${bit} ${from} ${to} BIT`);
          agrees(`BITPOS k${i} ${bit} ${Math.trunc(from / 8)} ${Math.trunc(to / 8)} byte`);
        }
      }
    });
    for (const args of ['0', '1', '0 5', '1 5 10', '0 0 -1 BIT', '1 0 -1 junk', '1 a b']) {
      same(`BITPOS none ${args}`);
    }
  });

  test('BITPOS reports the first thing that is wrong', ({ fails, same }) => {
    same('SET k foobar');
    same('ZADD z 1 a');
    for (const bit of ['2', '-1', INT64_MAX, INT64_MIN]) {
      fails('BITPOS', 'k', bit);
      fails('BITPOS', 'none', bit);
      fails('BITPOS', 'z', bit);
    }
    fails('BITPOS z 1');
    fails('BITPOS z 1 a b c');
    fails('BITPOS k 1 0 1 junk');
    fails('BITPOS k 1 0 a junk');
    fails('BITPOS k 1 a 1 junk');
    fails('BITPOS k 1 0 1 BIT more');
    fails('BITPOS k');
  });

  test('BITOP of strings of every length', ({ same }) => {
    const all = strings();
    all.forEach((value, i) => {
      same('SET', `k${i}`, value);
    });
    all.forEach((_, i) => {
      same(`BITOP NOT to k${i}`);
      same('GET to');
      for (const operation of ['AND', 'or', 'XOR']) {
        same(`BITOP ${operation} to k${i}`);
        same('GET to');
        for (const j of [0, 4, 9, 12, 16, 17]) {
          same(`BITOP ${operation} to k${i} k${j}`);
          same('GET to');
          same(`BITOP ${operation} to k${j} k${i} none`);
          same('GET to');
          same(`BITOP ${operation} to k${i} k${j} k13 k14 k${i}`);
          same('GET to');
        }
      }
    });
  });

  test('BITOP into one of its sources', ({ same }) => {
    const random = new SeededRandom(4);
    const all = strings();
    for (const operation of ['AND', 'OR', 'XOR']) {
      for (let n = 0; n < 20; n++) {
        same('SET', 'a', all[random.below(all.length)]);
        same('SET', 'b', all[random.below(all.length)]);
        same(`BITOP ${operation} a a b`);
        same('GET a');
        same(`BITOP ${operation} a b a b`);
        same('GET a');
        same(`BITOP ${operation} b b`);
        same('BITOP NOT b b');
        same('GET b');
      }
    }
  });

  test('BITOP replaces what was there, or deletes it', ({ same }) => {
    same('SET a foobar EX 100');
    same('SET to v EX 100');
    same('BITOP OR to a');
    same('TTL to');
    same('OBJECT ENCODING to');
    same('SET n 12345');
    same('BITOP OR to n');
    same('GET to');
    same('OBJECT ENCODING to');
    same('BITOP OR a a n');
    same('TTL a');
    same('BITOP AND to none');
    same('EXISTS to');
    same('BITOP AND to none');
    same('SET empty ""');
    same('ZADD z 1 a');
    same('BITOP NOT z empty');
    same('EXISTS z');
    same('ZADD z 1 a');
    same('BITOP NOT z a');
    same('TYPE z');
    same('GET z');
    same('DBSIZE');
  });

  test('BITOP of many sources', ({ same }) => {
    const names = Array.from({ length: 40 }, (_, i) => `k${i}`);
    for (const name of names) same('SET', name, name.repeat(30));
    for (const operation of ['AND', 'OR', 'XOR']) {
      same(['BITOP', operation, 'to', ...names]);
      same('GET to');
    }
  });

  test('BITOP reports the first thing that is wrong', ({ fails, same }) => {
    same('SET k foobar');
    same('ZADD z 1 a');
    same('SET to before');
    for (const line of ['junk to k', '"" to k', 'NAND to k', 'NOT to k k', 'NOT to none none']) {
      fails(`BITOP ${line}`);
    }
    fails('BITOP NOT to z k');
    fails('BITOP junk to z');
    fails('BITOP AND to z');
    fails('BITOP AND to k none z');
    fails('BITOP NOT to z');
    fails('BITOP AND to');
    fails('BITOP');
    same('GET to');
  });

  test('large strings in many pieces', ({ same }) => {
    same('SETBIT far 9000000 1');
    for (const line of ['BITCOUNT far', 'BITPOS far 1', 'BITPOS far 0 1125000', 'STRLEN far']) {
      same(line);
    }
    same('SETBIT other 5000001 1');
    for (const operation of ['AND', 'OR', 'XOR']) {
      same(`BITOP ${operation} to far other`);
      same('BITCOUNT to');
      same('BITPOS to 1');
      same('BITPOS to 1 625001');
      same('STRLEN to');
    }
    same('BITOP NOT to far');
    same('BITCOUNT to');
    same('BITPOS to 0');
    same('BITPOS to 0 5 -2');
    same('BITPOS to 0 1125000');
    same('BITCOUNT to 3 8999999 BIT');
    same('BITFIELD to GET u63 8999970 GET i64 8999999 SET i64 4194270 -2');
    same('BITPOS to 0');
  });

  // ── Fields ────────────────────────────────────────────────────────────────────────────────────

  test('BITFIELD reads, sets and adds in one request', ({ same }) => {
    same('BITFIELD k SET u8 0 255 SET u8 8 100 GET u8 0 GET i8 0 GET u4 #1 GET u16 0');
    same('GET k');
    same('BITFIELD k INCRBY u8 0 1 INCRBY i5 100 1 GET u4 0');
    same('GET k');
    same('BITFIELD k SET u8 #2 7 SET i16 #3 -2 GET i16 #3 GET u1 #0 GET u63 #0 GET i64 #0');
    same('GET k');
    same('bitfield k overflow sat incrby u2 102 1 overflow fail incrby u2 102 1');
    for (let n = 0; n < 4; n++) {
      same('BITFIELD wrap OVERFLOW SAT INCRBY u2 100 1 OVERFLOW FAIL INCRBY u2 102 1');
    }
    same('GET wrap');
    same('BITFIELD k');
    same('BITFIELD none');
    same('BITFIELD none GET u8 0 GET i64 100');
    same('BITFIELD none OVERFLOW SAT');
    same('EXISTS none');
    same('BITFIELD_RO k GET u8 0 GET i63 3');
    same('BITFIELD_RO k');
    same('BITFIELD_RO none GET u8 0');
    same('BITFIELD_RO k OVERFLOW SAT GET u8 0');
  });

  test('BITFIELD on numbers and text', ({ same }) => {
    for (const value of ['12345', '', 'x'.repeat(44), 'x'.repeat(9000)]) {
      same('SET', 'k', value);
      same('BITFIELD k GET u8 0 GET i32 4 GET u16 71996');
      same('OBJECT ENCODING k');
      same('BITFIELD k SET u8 0 49');
      same('OBJECT ENCODING k');
      same('GET k');
    }
  });

  test('BITFIELD makes room for what it refuses to set, too', ({ same }) => {
    same('BITFIELD k OVERFLOW FAIL SET u8 80 256');
    same('GET k');
    same('BITFIELD k OVERFLOW FAIL INCRBY i8 200 128 GET u8 0');
    same('GET k');
  });

  test('BITFIELD with every width, sign and kind of overflow', ({ same }) => {
    const random = new SeededRandom(5);
    const edges = (bits: number): bigint[] => {
      const half = 1n << BigInt(bits - 1);
      return [0n, 1n, -1n, half, half - 1n, -half, -half - 1n, half * 2n, half * 2n - 1n];
    };
    const limits = [BigInt(INT64_MAX), BigInt(INT64_MIN), BigInt(INT64_MAX) - 1n];
    const isInt64 = (n: bigint): boolean => BigInt.asIntN(64, n) === n;
    for (let bits = 1; bits <= 64; bits++) {
      for (const sign of bits === 64 ? ['i'] : ['i', 'u']) {
        const type = `${sign}${bits}`;
        const numbers = [...edges(bits), ...limits].filter(isInt64);
        for (const overflow of ['WRAP', 'SAT', 'FAIL']) {
          const offset = random.below(100);
          const words: string[] = ['BITFIELD', 'k', 'OVERFLOW', overflow];
          for (let n = 0; n < 12; n++) {
            const verb = n % 3 === 0 ? 'SET' : 'INCRBY';
            const near = BigInt(random.below(5) - 2);
            const number = BigInt.asIntN(64, numbers[random.below(numbers.length)] + near);
            words.push(verb, type, String(offset), String(number), 'GET', type, String(offset));
          }
          same(words);
        }
      }
    }
    same('GET k');
  });

  test('BITFIELD sets far out of range', ({ same }) => {
    for (const type of ['i1', 'i8', 'i32', 'i48', 'i49', 'i62', 'i63', 'i64', 'u1', 'u48', 'u63']) {
      for (const overflow of ['WRAP', 'SAT', 'FAIL']) {
        for (const number of [
          INT64_MIN,
          INT64_MAX,
          '-4611686018427387905',
          '-9223372036854775000',
        ]) {
          same(`BITFIELD k OVERFLOW ${overflow} SET ${type} 3 ${number} GET ${type} 3`);
        }
      }
    }
  });

  test('random fields in a string, compared whole', ({ same }) => {
    const random = new SeededRandom(6);
    for (const size of [20, 9000]) {
      same('SET', 'k', String.fromCharCode(...random.bytes(size)));
      for (let n = 0; n < 150; n++) {
        const words: string[] = ['BITFIELD', 'k'];
        for (let i = random.below(4); i >= 0; i--) {
          const isSigned = random.below(2) === 0;
          const bits = 1 + random.below(isSigned ? 64 : 63);
          const type = `${isSigned ? 'i' : 'u'}${bits}`;
          const offset =
            random.below(4) === 0 ? `#${random.below(5)}` : `${random.below(size * 8)}`;
          const wide = (BigInt(random.u32()) << 32n) | BigInt(random.u32());
          const number = BigInt.asIntN(1 + random.below(64), wide);
          const overflow = ['WRAP', 'SAT', 'FAIL'][random.below(3)];
          if (random.below(3) === 0) words.push('OVERFLOW', overflow);
          const verb = ['GET', 'SET', 'INCRBY'][random.below(3)];
          words.push(verb, type, offset, ...(verb === 'GET' ? [] : [String(number)]));
        }
        same(words);
      }
      same('GET k');
    }
  });

  test('BITFIELD refuses types, offsets and numbers that are none', ({ fails, same }) => {
    same('SET k before');
    for (const type of [
      ...['', 'i', 'u', '8', 'i0', 'u0', 'i65', 'u64', 'I8', 'U8', 'x8', 'i-1', 'i08', 'u8x'],
      ...['i 8', 'i8 ', `u${INT64_MAX}`, 'u\x008'],
    ]) {
      fails('BITFIELD', 'k', 'GET', type, '0');
      fails('BITFIELD', 'k', 'SET', type, '0', '1');
      fails('BITFIELD_RO', 'k', 'GET', type, 'junk');
    }
    same('BITFIELD', 'k', 'GET', 'u8\0junk', '0');
    const far = ['#536870912', `#${INT64_MAX}`, '#1152921504606846976', '#-1', '#', '##1', '# 1'];
    for (const offset of [...NOT_NUMBERS, ...TOO_FAR, ...far, '-1', INT64_MIN]) {
      fails('BITFIELD', 'k', 'GET', 'u8', offset);
      fails('BITFIELD', 'k', 'INCRBY', 'u8', offset, '1');
    }
    // A product that 64 bits don't hold is what is left of it.
    same('BITFIELD k GET u4 #4611686018427387904 GET u4 #4611686018427387905');
    fails('BITFIELD k GET u2 #9223372036854775807');
    for (const number of NOT_NUMBERS) {
      fails('BITFIELD', 'k', 'SET', 'u8', '0', number);
      fails('BITFIELD', 'k', 'INCRBY', 'u8', '0', number);
      fails('BITFIELD', 'none', 'INCRBY', 'u8', '0', number);
    }
    same('GET k');
    same('EXISTS none');
  });

  test('BITFIELD reports the first thing that is wrong', ({ fails, same }) => {
    same('SET k before');
    same('ZADD z 1 a');
    for (const words of [
      ...['junk', 'GET', 'GET u8', 'SET u8 0', 'INCRBY u8 0', 'OVERFLOW', 'OVERFLOW junk', 'SAT'],
      ...['GET u8 0 junk', 'SET u8 0 1 GET u8', 'OVERFLOW SAT OVERFLOW junk', 'GET u8 0 u8 8'],
      ...['SET junk junk junk', 'SET u8 junk junk', 'SET u8 0 junk junk', 'GET u8 0 0'],
      ...['SET u8 0 7 OVERFLOW junk', 'SET u8 0 7 SET u8 -1 7', 'SET u8 0 7 SET u65 0 7'],
    ]) {
      fails(`BITFIELD k ${words}`);
      fails(`BITFIELD z ${words}`);
      fails(`BITFIELD_RO k ${words}`);
    }
    for (const words of ['SET u8 0 7', 'INCRBY u8 0 7', 'GET u8 0 SET u8 0 7']) {
      fails(`BITFIELD_RO k ${words}`);
      fails(`BITFIELD_RO none ${words}`);
      fails(`BITFIELD_RO z ${words}`);
      fails(`BITFIELD z ${words}`);
    }
    fails('BITFIELD z');
    fails('BITFIELD z GET u8 0');
    fails('BITFIELD_RO z GET u8 0');
    fails('BITFIELD_RO z');
    fails('BITFIELD');
    fails('BITFIELD_RO');
    same('GET k');
  });

  test('which keys BITFIELD reads and which it writes', ({ same }) => {
    for (const words of [
      ...['', 'GET u8 0', 'GET u8 0 GET u8 1', 'OVERFLOW SAT', 'OVERFLOW SAT GET u8 0', 'GET u8'],
      ...['SET u8 0 1', 'GET u8 0 SET u8 0 1', 'INCRBY u8 0 1', 'SET u8 0', 'junk', 'OVERFLOW'],
    ]) {
      same(`COMMAND GETKEYSANDFLAGS BITFIELD k ${words}`);
      same(`COMMAND GETKEYS BITFIELD k ${words}`);
    }
  });

  test('random bits, counted and found', ({ same }) => {
    const random = new SeededRandom(7);
    for (let n = 0; n < 300; n++) {
      const key = `k${random.below(3)}`;
      const offset = random.below(2) === 0 ? random.below(64) : random.below(40_000);
      const choice = random.below(6);
      if (choice < 3) same(`SETBIT ${key} ${offset} ${random.below(4) === 0 ? 0 : 1}`);
      else if (choice === 3) same(`BITCOUNT ${key} ${offset - 20_000} ${offset} BIT`);
      else if (choice === 4) same(`BITPOS ${key} ${random.below(2)} ${offset} -1 BIT`);
      else same(`BITOP ${['AND', 'OR', 'XOR'][random.below(3)]} k${random.below(3)} k0 k1 k2`);
      if (n % 50 === 0) for (const k of ['k0', 'k1', 'k2']) same(`GET ${k}`);
    }
  });
});
