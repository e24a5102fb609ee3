/** MULTI, EXEC, DISCARD, WATCH: what is queued, what is run, and what is not. */

import { conformance } from './harness.ts';

conformance('transactions', ({ test }) => {
  test('what is queued is run as one', ({ same, fails, on }) => {
    same('MULTI');
    same('SET k 1');
    same('INCR k');
    same('GET k');
    on('other').same('GET k');
    same('EXEC');
    same('MULTI');
    same('EXEC');
    same('MULTI');
    same('PING');
    same('DISCARD');
    same('GET k');
    fails('EXEC');
    fails('DISCARD');
    same('UNWATCH');
    same('WATCH k');
    fails('WATCH');
    fails('MULTI x');
  });

  test('a subcommand is queued, whatever its name', ({ same, shape }) => {
    same('MULTI');
    same('SLOWLOG RESET');
    same('LATENCY RESET');
    same('CONFIG RESETSTAT');
    shape('EXEC');
  });

  test('PFCOUNT that remembers what it counted has changed the key', ({ same, on }) => {
    same('PFADD h a b c');
    same('WATCH h');
    on('other').same('PFCOUNT h');
    same('MULTI');
    same('EXEC');
    same('WATCH h');
    on('other').same('PFCOUNT h');
    same('MULTI');
    same('EXEC');
  });

  test('what fails while it runs leaves the others alone', ({ same, fails }) => {
    same('SET s text');
    same('MULTI');
    same('INCR s');
    same('LPUSH s x');
    same('SET s 5');
    same('INCR s');
    fails('SET s');
    same('GET s');
    same('DISCARD');
    same('MULTI');
    same('INCR s');
    same('RPUSH s x');
    same('SET s 7');
    same('EXEC');
    same('GET s');
  });

  test('what is refused while it is queued ends it', ({ same, fails }) => {
    for (const bad of ['NOSUCH', 'GET', 'CONFIG NOSUCH', 'INCR a b']) {
      same('MULTI');
      same('SET k 1');
      fails(bad);
      fails('EXEC');
      same('EXISTS k');
    }
    same('MULTI');
    fails('MULTI');
    fails('WATCH k');
    same('SET k 1');
    same('EXEC');
    same('MULTI');
    fails('NOSUCH');
    same('DISCARD');
    same('MULTI');
    same('PING');
    same('EXEC');
    same('MULTI');
    fails('NOSUCH');
    same('RESET');
    same('PING');
  });

  test('a watched key that changes ends it', ({ same, on }) => {
    const changes = [
      'SET k 2',
      'DEL k',
      'EXPIRE k 100',
      'APPEND k x',
      'RENAME k l',
      'COPY other k REPLACE',
      'MOVE k 1',
      'FLUSHDB',
      'FLUSHALL',
      'SWAPDB 0 1',
      'PERSIST k',
      'GETDEL k',
      'SETRANGE k 0 x',
    ];
    for (const change of changes) {
      same('FLUSHALL');
      same('SET k 1 EX 1000');
      same('SET other 3');
      same('WATCH k');
      on('other').same(change);
      same('MULTI');
      same('SET done 1');
      same('EXEC');
      same('EXISTS done');
    }
  });

  test('what is no change lets it run', ({ same, on }) => {
    const others = [
      'GET k',
      'SET other 2',
      'SETNX k 5',
      'DEL none',
      'PERSIST k',
      'EXPIRE none 5',
      'LPUSHX none x',
      'SWAPDB 2 3',
      'TOUCH k',
    ];
    for (const line of others) {
      same('SET k 1');
      same('WATCH k none2');
      on('other').same(line);
      same('MULTI');
      same('INCR runs');
      same('EXEC');
    }
    same('WATCH k');
    same('UNWATCH');
    on('other').same('SET k 2');
    same('MULTI');
    same('EXEC');
    same('WATCH k');
    same('MULTI');
    same('DISCARD');
    on('other').same('SET k 3');
    same('MULTI');
    same('PING');
    same('EXEC');
  });

  test('one’s own changes count, too', ({ same }) => {
    same('WATCH k');
    same('SET k 1');
    same('MULTI');
    same('PING');
    same('EXEC');
    same('MULTI');
    same('SET k 2');
    same('EXEC');
  });

  test('a watched key that expires ends it', ({ same }) => {
    same('SET k 1 PX 200');
    same('WATCH k');
    same('DEBUG SLEEP 0.25');
    same('MULTI');
    same('PING');
    same('EXEC');
    same('DEBUG SET-ACTIVE-EXPIRE 0');
    same('SET k 1 PX 1');
    same('DEBUG SLEEP 0.01');
    same('WATCH k');
    same('GET k');
    same('MULTI');
    same('PING');
    same('EXEC');
    same('DEBUG SET-ACTIVE-EXPIRE 1');
  });

  test('nothing waits inside', ({ same, on }) => {
    same('MULTI');
    for (const line of ['BLPOP none 0', 'BRPOP none 0', 'BLMPOP 0 1 none LEFT']) same(line);
    same('BLMOVE none d LEFT LEFT 0');
    same('BRPOPLPUSH none d 0');
    same('RPUSH k 1 2');
    same('BLPOP k 0');
    same('EXEC');
    on('waiter').sends('BLPOP w 0');
    same('PING');
    same('MULTI');
    same('RPUSH w 1');
    same('DEL w');
    same('RPUSH w 2 3');
    same('EXEC');
    on('waiter').receives();
    same('LRANGE w 0 -1');
  });

  test('databases and replies inside', ({ same }) => {
    same('MULTI');
    same('SELECT 3');
    same('SET k in3');
    same('HSET h f v');
    same('HGETALL h');
    same('LRANGE none 0 -1');
    same('CLIENT GETNAME');
    same('SELECT 99');
    same('EXEC');
    same('GET k');
    same('SELECT 0');
    same('EXISTS k');
  });
});
