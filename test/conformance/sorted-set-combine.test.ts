/** Sorted sets, combined: unions, intersections and differences, read, counted and stored. */

import { SeededRandom } from '../../src/std/random.ts';
import { conformance, type Verbs } from './harness.ts';

const random = new SeededRandom(11);

/** So many of the members m0 … m399, with scores that are written alike by every Redis. */
function some(count: number, from: number): string[] {
  const words: string[] = [];
  for (let i = 0; i < count; i++) {
    words.push(String(random.below(64) - 32 + random.below(4) / 4), `m${from + i * 2}`);
  }
  return words;
}

const SMALL = some(20, 0);
const MIDDLE = some(60, 4);
const LARGE = some(200, 0);
const OTHER = some(180, 100);
const LONG = ['1', 'm0', '2', 'l'.repeat(70)];

function fill({ same }: Verbs): void {
  same(['ZADD', 'small', ...SMALL]);
  same(['ZADD', 'middle', ...MIDDLE]);
  same(['ZADD', 'large', ...LARGE]);
  same(['ZADD', 'other', ...OTHER]);
  same(['ZADD', 'long', ...LONG]);
  same('ZADD a 1 a 2 b 3 c');
  same('ZADD b 1 b 2 c 3 d');
  same('ZADD ends -inf low inf high 0 zero -1 minus');
  same('ZADD sdne inf low -inf high 0 zero 1 minus');
  same('SET string v');
  same('RPUSH list a');
  same('SADD integers 1 2 3 70000 -5 10000000000');
  same('SADD words a b 3 m14 m20 -5');
  same(['SADD', 'table', ...LARGE.filter((_, i) => i % 2 === 1)]);
  same('ZADD numbers 1 1 2 3 5 -5 7 10000000000 8 01');
}

const SOURCES = [
  'a b',
  'b a',
  'a a',
  'a none',
  'none a',
  'none nil',
  'small',
  'small middle',
  'large small middle',
  'other large',
  'large other small middle a b',
  'long small',
  'large small large',
  'ends sdne',
  'ends sdne ends',
  'integers',
  'words',
  'a words',
  'words a',
  'integers words',
  'words integers numbers',
  'numbers integers',
  'integers integers',
  'table large other',
  'other table',
  'table small table',
  'small words table',
];

/** A command over some keys: the number of them, and they. */
function over(command: string, keys: string, options = ''): string {
  return `${command} ${keys.split(' ').length} ${keys} ${options}`.trim();
}

conformance('sorted-set', ({ test }) => {
  test('ZUNION, ZINTER and ZDIFF read in the order of scores', (verbs) => {
    const { sameDoubles } = verbs;
    fill(verbs);
    for (const keys of SOURCES) {
      for (const command of ['ZUNION', 'ZINTER', 'ZDIFF']) {
        sameDoubles(over(command, keys));
        sameDoubles(over(command, keys, 'WITHSCORES'));
        sameDoubles(over(command, keys, 'withscores WITHSCORES'));
      }
    }
  });

  test('ZUNIONSTORE, ZINTERSTORE and ZDIFFSTORE store the same', (verbs) => {
    const { same, sameDoubles } = verbs;
    fill(verbs);
    for (const keys of SOURCES) {
      for (const command of ['ZUNIONSTORE to', 'ZINTERSTORE to', 'ZDIFFSTORE to']) {
        same(over(command, keys));
        sameDoubles('ZRANGE to 0 -1 WITHSCORES');
        same('ZCARD to');
        same('ZRANK to m14');
        same('OBJECT ENCODING to');
      }
    }
  });

  test('ZINTERCARD counts up to its limit', (verbs) => {
    const { same } = verbs;
    fill(verbs);
    for (const keys of SOURCES) {
      same(over('ZINTERCARD', keys));
      for (const limit of ['0', '1', '3', '10', '1000', '9223372036854775807']) {
        same(over('ZINTERCARD', keys, `LIMIT ${limit}`));
      }
    }
    same('ZINTERCARD 2 large middle LIMIT 3 limit 5');
  });

  test('scores have weights, and become one by sum, least or greatest', (verbs) => {
    const { sameDoubles } = verbs;
    fill(verbs);
    const weights = [
      '1',
      '2',
      '-1',
      '0',
      '0.5',
      'inf',
      '-inf',
      '1e300',
      '-0',
      '3',
      '-0.25',
      '0x10',
    ];
    for (const keys of [
      'a b',
      'b a',
      'a a',
      'ends sdne',
      'ends none',
      'large small',
      'words a',
      'words integers',
    ]) {
      for (const command of ['ZUNION', 'ZINTER']) {
        for (const aggregate of ['', 'AGGREGATE SUM', 'aggregate min', 'AGGREGATE Max']) {
          for (let i = 0; i < weights.length; i++) {
            const chosen = keys.split(' ').map((_, k) => weights[(i + k * 5) % weights.length]);
            sameDoubles(over(command, keys, `WEIGHTS ${chosen.join(' ')} ${aggregate} WITHSCORES`));
          }
          sameDoubles(over(command, keys, `${aggregate} WITHSCORES`));
        }
      }
    }
  });

  test('the sign of zero', (verbs) => {
    const { same, sameDoubles } = verbs;
    same('ZADD z 0 a 1 b 0 c');
    sameDoubles('ZUNION 1 z WEIGHTS -1 WITHSCORES');
    sameDoubles('ZINTER 1 z WEIGHTS -1 WITHSCORES');
    sameDoubles('ZUNION 2 z z WEIGHTS -1 1 AGGREGATE MIN WITHSCORES');
    sameDoubles('ZUNION 2 z z WEIGHTS 1 -1 AGGREGATE MAX WITHSCORES');
    sameDoubles('ZINTER 2 z z WEIGHTS -1 -1 WITHSCORES');
    same('ZUNIONSTORE to 1 z WEIGHTS -1');
    sameDoubles('ZRANGE to 0 -1 WITHSCORES');
    same('CONFIG SET zset-max-listpack-entries 0');
    same('ZUNIONSTORE to 1 z WEIGHTS -1');
    sameDoubles('ZRANGE to 0 -1 WITHSCORES');
    sameDoubles('ZDIFF 1 to WITHSCORES');
    sameDoubles('ZUNION 2 to z WITHSCORES');
    sameDoubles('ZUNION 2 z to WITHSCORES');
    same('ZUNIONSTORE again 1 to');
    sameDoubles('ZRANGE again 0 -1 WITHSCORES');
  });

  test('sums that take more digits than there are', ({ sameDoubles }) => {
    sameDoubles('ZADD x 0.1 a 1e308 b 9007199254740992 c');
    sameDoubles('ZADD y 0.2 a 1e308 b 1 c');
    sameDoubles('ZADD w 0.3 a -1e308 b 1 c 5 d');
    for (const keys of ['x y w', 'w y x', 'y w x', 'x x y', 'w w x y']) {
      sameDoubles(over('ZUNION', keys, 'WITHSCORES'));
      sameDoubles(over('ZINTER', keys, 'WITHSCORES'));
      sameDoubles(over('ZUNION', keys, `WEIGHTS ${keys.replace(/\w/g, '1.1')} WITHSCORES`));
    }
  });

  test('members are bytes', ({ same }) => {
    same('ZADD x 1 "" 1 "\\x00" 1 "\\xff\\xfe" 1 a 1 A 2 1 2 01');
    same('ZADD y 0 "\\x00" 0 1 0 "a\\x00"');
    for (const command of ['ZUNION', 'ZINTER', 'ZDIFF']) {
      same(`${command} 2 x y WITHSCORES`);
      same(`${command} 2 y x WITHSCORES`);
    }
  });

  test('a target may be a source, or hold anything, and is deleted when nothing is left', (verbs) => {
    const { same } = verbs;
    fill(verbs);
    same('ZUNIONSTORE a 2 a b WEIGHTS 2 3');
    same('ZRANGE a 0 -1 WITHSCORES');
    same('ZINTERSTORE a 2 a b');
    same('ZRANGE a 0 -1 WITHSCORES');
    same('ZDIFFSTORE large 2 large small');
    same('ZRANGE large 0 -1 WITHSCORES');
    same('ZINTERSTORE small 2 small large');
    same('EXISTS small');
    same('EXPIRE b 100');
    same('ZUNIONSTORE b 1 b');
    same('TTL b');
    same('ZUNIONSTORE string 1 b');
    same('TYPE string');
    same('ZUNIONSTORE list 1 none');
    same('EXISTS list');
    same('ZINTERSTORE none 1 nil');
    same('ZDIFFSTORE b 2 b b');
    same('EXISTS b');
  });

  test('encodings follow the configuration', (verbs) => {
    const { same } = verbs;
    fill(verbs);
    for (const entries of ['0', '1', '2', '5', '128', '1000']) {
      same(['CONFIG', 'SET', 'zset-max-listpack-entries', entries]);
      for (const value of ['1', '2', '64', '70']) {
        same(['CONFIG', 'SET', 'zset-max-listpack-value', value]);
        for (const keys of ['a', 'a b', 'long', 'large', 'small']) {
          same(over('ZUNIONSTORE to', keys));
          same('OBJECT ENCODING to');
          same(over('ZINTERSTORE to', keys));
          same('OBJECT ENCODING to');
        }
      }
    }
  });

  test('what is wrong with numbers of keys', ({ same, fails }) => {
    same('ZADD a 1 a');
    const reads = ['ZUNION', 'ZINTER', 'ZDIFF', 'ZINTERCARD'];
    const stores = ['ZUNIONSTORE to', 'ZINTERSTORE to', 'ZDIFFSTORE to'];
    for (const command of [...reads, ...stores]) {
      fails(command);
      fails(`${command} 1`);
      for (const count of ['0', '-1', 'x', '1.5', '2', '3', '9223372036854775807', '']) {
        fails(`${command} "${count}" a`);
      }
      fails(`${command} 9223372036854775808 a`);
      fails(`${command} 2 a WEIGHTS 1`);
    }
  });

  test('what is wrong with options', (verbs) => {
    const { agrees } = verbs;
    fill(verbs);
    const options = [
      'WEIGHTS',
      'WEIGHTS 1',
      'WEIGHTS 1 2',
      'WEIGHTS 1 2 3',
      'WEIGHTS 1 nan',
      'WEIGHTS x 1',
      'WEIGHTS 1 ""',
      'WEIGHTS 1 " 1"',
      'WEIGHTS 1 2 WEIGHTS 3 4',
      'AGGREGATE',
      'AGGREGATE SUM',
      'AGGREGATE AVG',
      'AGGREGATE SUM AGGREGATE MAX',
      'AGGREGATE COUNT',
      'WITHSCORES',
      'WITHSCORES WITHSCORES',
      'WITHSCORE',
      'LIMIT',
      'LIMIT 1',
      'LIMIT -1',
      'LIMIT x',
      'LIMIT 1 1',
      'LIMIT 9223372036854775808',
      'c',
      'WITHSCORES WEIGHTS 1 2',
      'AGGREGATE MIN WEIGHTS 1 2',
      'WEIGHTS 1 2 AGGREGATE',
      'AGGREGATE MIN x',
    ];
    const reads = ['ZUNION', 'ZINTER', 'ZDIFF', 'ZINTERCARD'];
    const stores = ['ZUNIONSTORE to', 'ZINTERSTORE to', 'ZDIFFSTORE to'];
    for (const command of [...reads, ...stores]) {
      for (const option of options) agrees(`${command} 2 a b ${option}`);
    }
  });

  test('what is no collection is refused before the options are read', (verbs) => {
    const { same, fails } = verbs;
    fill(verbs);
    for (const command of ['ZUNION', 'ZINTER', 'ZDIFF', 'ZINTERCARD']) {
      fails(`${command} 1 string`);
      fails(`${command} 2 a list`);
      fails(`${command} 2 none string WEIGHTS nan`);
      fails(`${command} 3 none string`);
    }
    fails('ZUNIONSTORE to 2 a string');
    fails('ZINTERSTORE to 2 none string');
    fails('ZDIFFSTORE a 2 a string');
    same('ZCARD a');
  });

  test('reading counts hits and misses, storing wakes who waits', (verbs) => {
    const { same, judge, on } = verbs;
    fill(verbs);
    same('CONFIG RESETSTAT');
    same('ZUNION 3 a none b');
    same('ZINTERSTORE to 3 a none b');
    judge('INFO stats', (ours, theirs) => {
      const counts = (tree: unknown): string =>
        (JSON.stringify(tree).match(/keyspace_(hits|misses):\d+/g) ?? []).join(' ');
      return counts(ours) === counts(theirs) ? undefined : `${counts(ours)}, not ${counts(theirs)}`;
    });
    on('waiting').sends('BZPOPMIN to 0');
    same('ZUNIONSTORE to 2 a b');
    on('waiting').receives();
    same('ZRANGE to 0 -1 WITHSCORES');
  });
});
