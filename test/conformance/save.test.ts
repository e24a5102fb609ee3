/** SAVE, BGSAVE, LASTSAVE, SHUTDOWN and DEBUG RELOAD, so far as nobody has to end for it. */

import { conformance } from './harness.ts';

conformance('save', ({ test }) => {
  test('SAVE and LASTSAVE', ({ same, fails, shape }) => {
    same('SET a 1');
    same('SAVE');
    shape('LASTSAVE');
    fails('SAVE now');
    fails('LASTSAVE now');
    fails('MULTI', 'x');
    same('MULTI');
    fails('SAVE');
    fails('EXEC');
  });

  test('SHUTDOWN that is none', ({ fails }) => {
    fails('SHUTDOWN x');
    fails('SHUTDOWN SAVE NOSAVE');
    fails('SHUTDOWN NOW ABORT');
    fails('SHUTDOWN ABORT');
    fails('SHUTDOWN ABORT ABORT');
  });

  test('DEBUG RELOAD and what it loads', ({ same, fails }) => {
    same('SET a 1');
    same('RPUSH l a b 3');
    same('HSET h f v n 12');
    same('SADD s 1 2 3');
    same('ZADD z 1.5 a 2 b');
    same('XADD x 1-1 f v');
    same('DEBUG DIGEST');
    same('DEBUG RELOAD');
    same('DEBUG DIGEST');
    same('SET a 2');
    same('SET b 3');
    same('DEBUG RELOAD NOSAVE NOFLUSH MERGE');
    same('MGET a b');
    same('DEBUG RELOAD nosave');
    same('MGET a b');
    fails('DEBUG RELOAD NOSAVE AND');
  });

  test('BGSAVE takes one option, and is nothing for scripts', ({ fails }) => {
    fails('BGSAVE x');
    fails('BGSAVE SCHEDULE x');
    fails(`EVAL "return redis.call('BGSAVE')" 0`);
  });

  // The last, and once: it goes on when the test is over.
  test(
    'BGSAVE in a transaction comes after it',
    ({ same }) => {
      same('MULTI');
      same('BGSAVE');
      same('EXEC');
    },
    { resp: 3 },
  );
});
