/** Lists, small and large: pushing, popping and moving at the ends, and places in between. */

import { conformance } from './harness.ts';

const INTEGERS = ['0', '-1', '5', '007', '4095', '4096', '9223372036854775807', '1e3', ' 1', '+1'];
const NOT_INTEGERS = ['', 'abc', '1.5', '1 ', '01', '9223372036854775808', '--1', '0x1'];
const LARGE = 'x'.repeat(5000);
/** Enough for a quicklist of several nodes. Some are equal, some are integers. */
const MANY = Array.from({ length: 900 }, (_, i) =>
  i % 7 === 0 ? String(i * 1001) : `element ${i % 50} ${'.'.repeat(i % 40)}`,
);
const EDGES = [
  ...['0', '1', '2', '-1', '-2', '-3', '100', '-100', '449', '450', '451', '-450', '898', '899'],
  ...['900', '-899', '-900', '-901', '9223372036854775807', '-9223372036854775808'],
];

conformance('list', ({ test }) => {
  test('LPUSH and RPUSH push one by one and tell the length', ({ same, fails, since }) => {
    same('RPUSH l a');
    same('RPUSH l b c d');
    same('LPUSH l z y x');
    same('LRANGE l 0 -1');
    same('LLEN l');
    same('TYPE l');
    since('7.2').same('OBJECT ENCODING l');
    same('RPUSH', 'l', '', '\x00\xff', ' ', '\r\n');
    same('LRANGE l -4 -1');
    same('LLEN none');
    fails('LPUSH l');
    fails('RPUSH');
    fails('LLEN');
    fails('LLEN a b');
    same('SET s v');
    fails('LPUSH s a');
    fails('RPUSH s a');
    fails('LLEN s');
    same('GET s');
  });

  test('LPUSHX and RPUSHX push only where there is a list', ({ same, fails }) => {
    same('LPUSHX l a');
    same('RPUSHX l a b');
    same('EXISTS l');
    same('RPUSH l a');
    same('LPUSHX l b c');
    same('RPUSHX l d e');
    same('LRANGE l 0 -1');
    same('SET s v');
    fails('LPUSHX s a');
    fails('RPUSHX s a');
    fails('LPUSHX l');
    fails('RPUSHX l');
  });

  test('integers come back as they were written', ({ same }) => {
    for (const integer of [...INTEGERS, ...NOT_INTEGERS]) {
      same('RPUSH', 'l', integer);
      same('LINDEX', 'l', -1);
      same('LPOS', 'l', integer);
    }
    same('LRANGE l 0 -1');
    same('RPUSH l -9223372036854775808 -9223372036854775809 2147483648 -2147483649 8388608');
    same('LRANGE l 0 -1');
    same('LREM l 0 5');
    same('LREM l 0 05');
    same('LREM l 0 007');
    same('LINSERT l BEFORE 9223372036854775807 x');
    same('LRANGE l 0 -1');
  });

  test('LPOP and RPOP take one, or so many', ({ same, fails }) => {
    same('RPUSH', 'l', ...MANY.slice(0, 30));
    for (const pop of ['LPOP', 'RPOP']) {
      same(`${pop} l`);
      same(`${pop} l 0`);
      same(`${pop} l 1`);
      same(`${pop} l 5`);
      same(`${pop} none`);
      same(`${pop} none 0`);
      same(`${pop} none 3`);
      fails(`${pop} l -1`);
      fails(`${pop} none -1`);
      for (const count of NOT_INTEGERS) fails(pop, 'l', count);
      fails(`${pop} l 1 2`);
      fails(`${pop}`);
      same('SET s v');
      fails(`${pop} s`);
      fails(`${pop} s 1`);
      fails(`${pop} s 0`);
      fails(`${pop} s -1`);
    }
    same('LRANGE l 0 -1');
    same('RPOP l 9223372036854775807');
    same('EXISTS l');
    same('RPUSH l a');
    same('LPOP l');
    same('EXISTS l');
  });

  test('LINDEX and LRANGE count from both ends', ({ same, fails, agrees }) => {
    same('RPUSH', 'large', ...MANY);
    same('RPUSH', 'small', ...MANY.slice(0, 10));
    same('OBJECT ENCODING large');
    for (const key of ['large', 'small', 'none']) {
      for (const index of EDGES) {
        same('LINDEX', key, index);
        for (const end of ['-1', '3', '-3', '450', '-450', '900', '-901']) {
          same('LRANGE', key, index, end);
        }
      }
    }
    for (const wrong of NOT_INTEGERS) {
      agrees('LINDEX', 'none', wrong);
      fails('LINDEX', 'small', wrong);
      fails('LRANGE', 'none', wrong, '1');
      fails('LRANGE', 'small', '0', wrong);
    }
    same('SET s v');
    fails('LINDEX s 0');
    fails('LINDEX s abc');
    fails('LRANGE s 0 1');
    fails('LRANGE s a b');
    fails('LRANGE small 0');
    fails('LINDEX small');
  });

  test('LSET replaces, at any size', ({ same, fails, since }) => {
    const encoding = () => since('7.2').same('OBJECT ENCODING l');
    fails('LSET none 0 a');
    fails('LSET none abc a');
    same('RPUSH l a b c');
    same('LSET l 0 first');
    same('LSET l -1 last');
    same('LSET l 1 12345');
    fails('LSET l 3 x');
    fails('LSET l -4 x');
    for (const wrong of NOT_INTEGERS) fails('LSET', 'l', wrong, 'x');
    same('LRANGE l 0 -1');
    same('LSET', 'l', '1', LARGE);
    encoding();
    same('LSET', 'l', '2', LARGE);
    encoding();
    same('LSET', 'l', '0', 'y'.repeat(70_000));
    same('LRANGE l 0 -1');
    same('LSET l 0 small');
    same('LSET l 2 small');
    encoding();
    same('LSET l 1 small');
    encoding();
    same('LRANGE l 0 -1');
    // Redis 7.2 takes the low 32 bits of the index.
    since('7.2').same('LSET l 9223372036854775807 low');
    since('7.2').same('LSET l 4294967297 bits');
    since('7.2').fails('LSET l 2147483648 x');
    since('7.2').same('LRANGE l 0 -1');
    same('SET s v');
    fails('LSET s 0 a');
    fails('LSET s abc a');
    fails('LSET l 0');
  });

  test('LTRIM leaves a range', ({ same, fails }) => {
    for (const elements of [MANY, MANY.slice(0, 10)]) {
      for (const start of ['0', '1', '5', '-3', '449', '-2000', '900', '9223372036854775807']) {
        for (const stop of ['-1', '-2', '3', '500', '2000', '-2000', '-9223372036854775808']) {
          same('DEL l');
          same('RPUSH', 'l', ...elements);
          same('LTRIM', 'l', start, stop);
          same('LRANGE l 0 -1');
          same('EXISTS l');
        }
      }
    }
    same('LTRIM none 0 1');
    for (const wrong of NOT_INTEGERS) {
      fails('LTRIM', 'none', wrong, '1');
      fails('LTRIM', 'none', '1', wrong);
    }
    same('SET s v');
    fails('LTRIM s 0 1');
    fails('LTRIM s a 1');
    fails('LTRIM s 0');
  });

  test('LREM removes equal elements from either end', ({ same, fails }) => {
    for (const elements of [MANY, MANY.slice(0, 20), ['a', 'b', 'a', 'c', 'a', '1', '01', '1']]) {
      for (const count of ['0', '1', '-1', '2', '-2', '3', '100', '-100', '-9223372036854775808']) {
        same('DEL l');
        same('RPUSH', 'l', ...elements);
        same('LREM', 'l', count, 'a');
        same('LREM', 'l', count, '1');
        same('LREM', 'l', count, MANY[3]);
        same('LREM', 'l', count, '7007');
        same('LREM l 0 none');
        same('LRANGE l 0 -1');
      }
    }
    same('DEL l');
    same('RPUSH l a a a');
    same('LREM l -5 a');
    same('EXISTS l');
    same('LREM none 0 a');
    for (const wrong of NOT_INTEGERS) fails('LREM', 'none', wrong, 'a');
    same('SET s v');
    fails('LREM s 0 a');
    fails('LREM s x a');
    fails('LREM l 0');
  });

  test('LINSERT puts an element beside the first equal one', ({ same, fails }) => {
    same('RPUSH l a b c b');
    same('LINSERT l BEFORE b x');
    same('LINSERT l after b y');
    same('LINSERT l BEFORE a first');
    same('LINSERT l AFTER c z');
    same('LINSERT l BEFORE none x');
    same('LINSERT none BEFORE a x');
    same('LINSERT l AFTER z 99');
    same('LINSERT l BEFORE 99 98');
    same('LRANGE l 0 -1');
    fails('LINSERT l BESIDE a x');
    fails('LINSERT none BESIDE a x');
    fails('LINSERT l BEFORE a');
    fails('LINSERT l BEFORE a x y');
    same('SET s v');
    fails('LINSERT s BEFORE a x');
    fails('LINSERT s BESIDE a x');
    same('RPUSH', 'large', ...MANY);
    for (let i = 0; i < 60; i++) {
      same('LINSERT', 'large', i % 2 === 0 ? 'BEFORE' : 'AFTER', MANY[(i * 37) % 50], `new ${i}`);
    }
    same('LINSERT', 'large', 'BEFORE', MANY[0], LARGE);
    same('LINSERT', 'large', 'AFTER', MANY[40], LARGE);
    same('LLEN large');
    same('LRANGE large 0 -1');
  });

  test('LPOS finds places from either end', ({ same, fails, agrees, since }) => {
    same('RPUSH', 'l', ...MANY);
    same('RPUSH s a b c 1 2 3 c c');
    const ranks = ['', 'RANK 1', 'RANK 2', 'RANK -1', 'RANK -2', 'RANK 5', 'RANK 9', 'RANK -9'];
    const counts = ['', 'COUNT 0', 'COUNT 1', 'COUNT 2', 'COUNT 100'];
    for (const rank of ranks) {
      for (const count of counts) {
        for (const length of ['', 'MAXLEN 0', 'MAXLEN 1', 'MAXLEN 6', 'MAXLEN 100']) {
          same(`LPOS s c ${rank} ${count} ${length}`);
          same(`LPOS none c ${length} ${count} ${rank}`);
          same('LPOS', 'l', MANY[3], ...`${rank} ${count} ${length}`.split(' ').filter(Boolean));
        }
      }
    }
    same('LPOS s 2');
    same('LPOS s 02');
    same('LPOS s c RANK 1 RANK 2');
    same('LPOS s c COUNT 1 COUNT 0');
    same('LPOS s c RANK 9223372036854775807');
    same('LPOS s c RANK -9223372036854775807');
    since('7.2').fails('LPOS s c RANK -9223372036854775808');
    for (const option of ['RANK', 'COUNT', 'MAXLEN']) {
      fails(`LPOS s c ${option}`);
      fails(`LPOS s c ${option} 1 junk`);
      agrees(`LPOS s c ${option} 0`);
      agrees(`LPOS s c ${option} -1`);
      for (const wrong of NOT_INTEGERS) fails('LPOS', 's', 'c', option, wrong);
    }
    fails('LPOS s c junk 1');
    fails('LPOS s c RANK 0 junk');
    fails('LPOS s');
    same('SET string v');
    fails('LPOS string c');
    fails('LPOS string c RANK 0');
  });

  test('LMOVE and RPOPLPUSH move elements between lists, and within one', ({ same, fails }) => {
    const sides = ['LEFT', 'RIGHT'];
    for (const elements of [['a', 'b', 'c', '4'], MANY]) {
      for (const from of sides) {
        for (const to of sides) {
          same('DEL a b');
          same('RPUSH', 'a', ...elements);
          same(`LMOVE a b ${from} ${to}`);
          same(`LMOVE a b ${from} ${to.toLowerCase()}`);
          same(`LMOVE a a ${from} ${to}`);
          same(`LMOVE a a ${from} ${to}`);
          same(`LMOVE none b ${from} ${to}`);
          same('LRANGE a 0 -1');
          same('LRANGE b 0 -1');
        }
      }
      same('RPOPLPUSH a b');
      same('RPOPLPUSH a a');
      same('RPOPLPUSH none a');
      same('LRANGE a 0 -1');
      same('LRANGE b 0 -1');
    }
    same('DEL a b');
    same('RPUSH a one');
    same('LMOVE a a LEFT RIGHT');
    same('LMOVE a b LEFT RIGHT');
    same('EXISTS a b');
    same('SET s v');
    fails('LMOVE b s LEFT RIGHT');
    fails('LMOVE s b LEFT RIGHT');
    fails('RPOPLPUSH b s');
    fails('RPOPLPUSH s b');
    same('RPOPLPUSH none s');
    same('LMOVE none s LEFT RIGHT');
    same('LRANGE b 0 -1');
    fails('LMOVE b b LEFT');
    fails('LMOVE b b LEFT UP');
    fails('LMOVE b b UP LEFT');
    fails('LMOVE s b UP LEFT');
    fails('RPOPLPUSH b');
  });

  test('LMPOP pops from the first list that has any', ({ same, fails }) => {
    same('RPUSH b 1 2 3 4 5 6');
    same('RPUSH', 'c', ...MANY.slice(0, 500));
    same('LMPOP 2 a b LEFT');
    same('LMPOP 3 a b c RIGHT COUNT 2');
    same('LMPOP 1 b left count 100');
    same('EXISTS b');
    same('LMPOP 2 a b LEFT COUNT 5');
    same('LMPOP 3 a b c RIGHT COUNT 300');
    same('LMPOP 3 a b c LEFT COUNT 9223372036854775807');
    same('EXISTS c');
    same('RPUSH b 1');
    same('SET s v');
    fails('LMPOP 2 s b LEFT');
    same('LMPOP 2 b s LEFT');
    fails('LMPOP 0 b LEFT');
    fails('LMPOP -1 b LEFT');
    fails('LMPOP x b LEFT');
    fails('LMPOP 2 b LEFT');
    fails('LMPOP 1 b UP');
    fails('LMPOP 1 b LEFT COUNT');
    fails('LMPOP 1 b LEFT COUNT 0');
    fails('LMPOP 1 b LEFT COUNT -1');
    fails('LMPOP 1 b LEFT COUNT x');
    fails('LMPOP 1 b LEFT COUNT 1 COUNT 1');
    fails('LMPOP 1 b LEFT junk');
    fails('LMPOP 9223372036854775807 b LEFT');
    fails('LMPOP 9223372036854775808 b LEFT');
    fails('LMPOP 1 b');
    fails('LMPOP 1');
  });

  test('the digest of a list is that of its elements in their order', ({ same }) => {
    same('RPUSH l a 1 b');
    same('DEBUG DIGEST-VALUE l');
    same('RPUSH', 'large', ...MANY);
    same('DEBUG DIGEST-VALUE large');
    same('LPUSH large a');
    same('DEBUG DIGEST-VALUE large');
    same('DEBUG DIGEST');
  });

  test('a list is copied, renamed and expires as a whole', ({ same }) => {
    for (const elements of [MANY, ['a', 'b']]) {
      same('DEL l m');
      same('RPUSH', 'l', ...elements);
      same('EXPIRE l 100');
      same('COPY l m');
      same('LPUSH m x');
      same('RENAME l n');
      same('RPUSH n y');
      same('DEBUG DIGEST-VALUE m n');
      same('TTL n');
      same('COPY n m');
      same('COPY n m REPLACE');
      same('MOVE n 3');
      same('EXISTS n');
      same('DEBUG DIGEST-VALUE m');
    }
  });
});

const SIZES = ['-1', '-2', '-3', '-5', '-9', '0', '1', '3', '10', '128', '100000'];

conformance('list', ({ test }) => {
  // Redis had no listpacks of its own for lists before 7.2: every list was a quicklist.
  for (const size of SIZES) {
    test(`encodings change as in Redis with list-max-listpack-size ${size}`, ({ since }) => {
      const { same, agrees } = since('7.2');
      same(`CONFIG SET list-max-listpack-size ${size}`);
      const keys = ['a', 'b', 'c'];
      let state = 1;
      const draw = (limit: number): number => {
        state = (Math.imul(state, 1103515245) + 12345) >>> 0;
        return Math.floor((state / 2 ** 32) * limit);
      };
      const element = (): string => {
        const kind = draw(12);
        if (kind < 4) return String(draw(100_000_000));
        if (kind < 10) return 'y'.repeat(draw(60)) + draw(20);
        return 'z'.repeat(draw(kind === 10 ? 900 : 5000));
      };
      const elements = (count: number): string[] => Array.from({ length: count }, element);
      for (let i = 0; i < 160; i++) {
        const key = keys[draw(3)];
        const side = draw(2) === 0 ? 'L' : 'R';
        switch (draw(11)) {
          case 0:
          case 1:
          case 2:
            same(`${side}PUSH`, key, ...elements(1 + draw(4)));
            break;
          case 3:
            same(`${side}PUSH`, key, ...elements(draw(40) + 1));
            break;
          case 4:
            same(`${side}POP`, key, draw(30));
            break;
          case 5:
            agrees('LSET', key, draw(12) - 6, element());
            break;
          case 6:
            same('LTRIM', key, draw(20), -1 - draw(20));
            break;
          case 7:
            same('LREM', key, draw(5) - 2, String(draw(20)));
            same('LREM', key, 1, `y${draw(20)}`);
            break;
          case 8:
            same('LINSERT', key, draw(2) === 0 ? 'BEFORE' : 'AFTER', 'mark', element());
            same(`${side}PUSH`, key, 'mark');
            same('LINSERT', key, draw(2) === 0 ? 'BEFORE' : 'AFTER', 'mark', element());
            break;
          case 9:
            same('LMOVE', key, keys[draw(3)], draw(2) === 0 ? 'LEFT' : 'RIGHT', 'LEFT');
            break;
          default:
            agrees('LSET', key, draw(100) - 50, element());
        }
        for (const one of keys) same('OBJECT', 'ENCODING', one);
      }
      same('DEBUG DIGEST');
      same('CONFIG SET list-max-listpack-size -2');
    });
  }
});
