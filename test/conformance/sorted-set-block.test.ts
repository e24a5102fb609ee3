/** Sorted sets, for those who wait: who is served, in which order, with what. */

import { conformance, type Verbs } from './harness.ts';

/** Lets `client` send a command that blocks, and makes sure that it waits before the test goes on. */
function waits({ on, same }: Verbs, client: string, line: string): void {
  on(client).sends(line);
  // Replies leave when all that had arrived has been run.
  same('PING');
}

conformance('sorted set block', ({ test }) => {
  test('what is there is taken at once', ({ same, fails }) => {
    same('ZADD a 1 x 2 y 3 z');
    same('ZADD b 10 k 20 l 30 m');
    same('BZPOPMIN none a b 0');
    same('BZPOPMAX none b a 1.5');
    same('BZMPOP 0 3 none a b MIN COUNT 10');
    same('BZMPOP 0 2 none b MAX');
    same('BZPOPMIN b 0');
    same('DBSIZE');
    same('SET s v');
    fails('BZPOPMIN s 0');
    fails('BZPOPMAX none s a 0');
    fails('BZMPOP 0 1 s MIN');
    same('ZADD a 1 x');
    same('BZPOPMAX a s 0');
    same('RPUSH l 1');
    fails('BZPOPMIN l 0.01');
  });

  test('a key of the wrong type is one before the time is up', ({ same, fails }) => {
    same('SET s v');
    fails('BZPOPMIN none s 0.01');
    fails('BZMPOP 0.01 2 none s MAX');
  });

  test('timeouts are numbers of seconds', ({ same, fails, since }) => {
    for (const command of ['BZPOPMIN k', 'BZPOPMAX k', 'BZPOPMIN k l k']) {
      same(`${command} 0.01`);
      same(`${command} 1e-9`);
      for (const bad of ['-1', 'x', 'nan', '-inf', '-0.5', '""', '1x']) {
        fails(`${command} ${bad}`);
      }
      for (const bad of ['inf', '1e300', '9223372036854775807', '9223372036854775']) {
        since('7.2.0').fails(`${command} ${bad}`);
      }
    }
    same('SET s v');
    fails('BZPOPMIN s x');
    fails('BZPOPMIN s -1');
    fails('BZPOPMIN 0');
    fails('BZPOPMAX');
    same('BZMPOP 0.01 2 k l MIN');
    same('BZMPOP 1e-9 1 k MAX COUNT 5');
    for (const bad of ['x', '-1', 'nan', '""', '-0.5']) {
      fails(`BZMPOP ${bad} 2 k l MIN`);
      fails(`BZMPOP ${bad} 1 s MIN`);
      fails(`BZMPOP ${bad} 0 k MIN`);
      fails(`BZMPOP ${bad} 1 k UP`);
      fails(`BZMPOP ${bad} 1 k MIN COUNT 0`);
    }
    fails('BZMPOP');
    fails('BZMPOP 0.01');
    fails('BZMPOP 0.01 1 k');
    fails('BZMPOP 0.01 0 k MIN');
    fails('BZMPOP 0.01 a k MIN');
    fails('BZMPOP 0.01 -1 k MIN');
    fails('BZMPOP 0.01 3 k MIN');
    fails('BZMPOP 0.01 2 k MIN');
    fails('BZMPOP 0.01 1 k UP');
    fails('BZMPOP 0.01 1 k MIN COUNT 0');
    fails('BZMPOP 0.01 1 k MIN COUNT -1');
    fails('BZMPOP 0.01 1 k MIN COUNT');
    fails('BZMPOP 0.01 1 k MIN COUNT 1 COUNT 2');
    fails('BZMPOP 0.01 1 k MIN MAX');
  });

  test('who came first is served first', (verbs) => {
    const { on, same } = verbs;
    waits(verbs, 'a', 'BZPOPMIN k 0');
    waits(verbs, 'b', 'BZPOPMAX other k 0');
    waits(verbs, 'c', 'BZMPOP 0 2 k other MIN COUNT 5');
    same('ZADD k 1 a');
    on('a').receives();
    same('ZADD k 2 b 3 c');
    on('b').receives();
    on('c').receives();
    same('EXISTS k other');
    same('ZADD k 4 d');
    same('ZRANGE k 0 -1 WITHSCORES');
  });

  test('ZADD of several is seen whole, and each takes what is left', (verbs) => {
    const { on, same } = verbs;
    waits(verbs, 'a', 'BZPOPMIN k 0');
    waits(verbs, 'b', 'BZPOPMAX k 0');
    waits(verbs, 'c', 'BZMPOP 0 1 k MAX COUNT 2');
    waits(verbs, 'd', 'BZPOPMIN k 0');
    same('ZADD k 5 e 1 a 3 c 2 b 4 d 6 f');
    on('a').receives();
    on('b').receives();
    on('c').receives();
    on('d').receives();
    same('ZRANGE k 0 -1 WITHSCORES');
  });

  test('of several keys the first that has a member counts, not the one that came first', (verbs) => {
    const { on, same, since } = verbs;
    waits(verbs, 'a', 'BZPOPMIN one two three 0');
    waits(verbs, 'b', 'BZMPOP 0 2 two one MAX COUNT 3');
    same('MULTI');
    same('ZADD three 3 c');
    same('ZADD two 2 b');
    same('ZADD one 1 a 2 b');
    same('EXEC');
    since('7.2').on('a').receives();
    since('7.2').on('b').receives();
    since('7.2').same('EXISTS one two three');
    on('c').same('PING');
  });

  test('a key named twice is waited at once', (verbs) => {
    const { on, same } = verbs;
    waits(verbs, 'a', 'BZPOPMIN k k k 0');
    same('ZADD k 1 a 2 b');
    on('a').receives();
    same('ZCARD k');
  });

  test('what comes and goes in one transaction was never there', (verbs) => {
    const { on, same } = verbs;
    waits(verbs, 'a', 'BZPOPMIN k 0');
    same('MULTI');
    same('ZADD k 1 a');
    same('DEL k');
    same('EXEC');
    same('MULTI');
    same('ZADD k 1 a');
    same('DEL k');
    same('ZADD k 2 b');
    same('EXEC');
    on('a').receives();
    same('EXISTS k');
  });

  test('a key of another type does not end the wait', (verbs) => {
    const { on, same } = verbs;
    waits(verbs, 'a', 'BZPOPMIN k 0');
    waits(verbs, 'b', 'BLPOP k 0');
    waits(verbs, 'c', 'BZMPOP 0 1 k MAX');
    same('SET k v');
    same('APPEND k w');
    same('DEL k');
    same('HSET k f v');
    same('DEL k');
    same('RPUSH k 1 2');
    on('b').receives();
    same('LRANGE k 0 -1');
    same('DEL k');
    same('ZADD k 1 a 2 b');
    on('a').receives();
    on('c').receives();
  });

  test('a key of another type in front fails once there is something to take', (verbs) => {
    const { same } = verbs;
    waits(verbs, 'a', 'BZPOPMIN one two 0');
    same('SET one v');
    same('ZADD two 1 a');
    verbs.since('7.2').on('a').receives();
    verbs.since('7.2').same('ZCARD two');
  });

  test('ZINCRBY and ZADD INCR make sets to take from', (verbs) => {
    const { on, same } = verbs;
    waits(verbs, 'a', 'BZPOPMIN k 0');
    same('ZADD k INCR 5 m');
    on('a').receives();
    same('EXISTS k');
    waits(verbs, 'a', 'BZMPOP 0 1 k MIN COUNT 2');
    same('ZADD k XX 5 m');
    same('ZADD k NX 6 m');
    on('a').receives();
  });

  test('a set that comes by another name, a copy, from a database or by a swap', (verbs) => {
    const { on, same } = verbs;
    same('ZADD src 1 a 2 b 3 c 4 d');
    waits(verbs, 'a', 'BZPOPMIN k 0');
    same('COPY src k');
    on('a').receives();
    same('DEL k');
    waits(verbs, 'a', 'BZPOPMAX k 0');
    same('RENAME src k');
    on('a').receives();
    on('other').same('SELECT 1');
    waits(verbs, 'other', 'BZPOPMAX k 0');
    same('MOVE k 1');
    on('other').receives();
    waits(verbs, 'a', 'BZMPOP 0 1 k MIN');
    same('SWAPDB 0 1');
    on('a').receives();
    same('ZRANGE k 0 -1');
    same('RENAME k src');
    waits(verbs, 'a', 'BZPOPMIN k 0');
    same('RENAMENX src k');
    on('a').receives();
  });

  test('a set that is restored', (verbs) => {
    const { on, same } = verbs;
    waits(verbs, 'a', 'BZPOPMIN k 0');
    // ZADD k 1 a 2 b, as Redis 7.0 dumps it.
    same(
      'RESTORE',
      'k',
      0,
      '\x11\x11\x11\x00\x00\x00\x04\x00\x81a\x02\x01\x01\x81b\x02\x02\x01\xff\n\x00' +
        '\xba\x07\xf2$\xa9\xd2\x8fU',
    );
    on('a').receives();
  });

  test('what GEO commands store', (verbs) => {
    const { on, same } = verbs;
    same('GEOADD places 13.361389 38.115556 Palermo 15.087269 37.502669 Catania');
    waits(verbs, 'a', 'BZPOPMIN k 0');
    same('GEOSEARCHSTORE k places FROMLONLAT 15 37 BYRADIUS 200 km');
    on('a').receives();
  });

  test('what ranges, unions, intersections and differences store', (verbs) => {
    const { on, same } = verbs;
    same('ZADD x 1 a 2 b 3 c');
    same('ZADD y 10 b 20 c 30 d');
    for (const store of [
      'ZRANGESTORE k x 1 2',
      'ZUNIONSTORE k 2 x y',
      'ZINTERSTORE k 2 x y WEIGHTS 2 3',
      'ZDIFFSTORE k 2 x y',
    ]) {
      waits(verbs, 'a', 'BZPOPMAX k 0');
      same('ZRANGESTORE k x 5 6');
      same('ZINTERSTORE k 2 x none');
      same(store);
      on('a').receives();
      same('ZRANGE k 0 -1 WITHSCORES');
      same('DEL k');
    }
  });

  test('in a transaction nobody waits', ({ same }) => {
    same('MULTI');
    same('BZPOPMIN k 0');
    same('BZPOPMAX k l 1');
    same('BZMPOP 0 2 k l MIN COUNT 3');
    same('ZADD k 1 a 2 b 3 c 4 d');
    same('BZPOPMIN k 0');
    same('BZPOPMAX l k 1');
    same('BZMPOP 0 2 k l MIN COUNT 3');
    same('BZPOPMIN k 0');
    same('EXEC');
  });

  test('what was sent behind a command that waits is run after it', (verbs) => {
    const { on, same } = verbs;
    on('a').sends('BZPOPMIN k 0');
    on('a').sends('INCR n');
    on('a').sends('BZMPOP 0 1 k MAX');
    on('a').sends('INCR n');
    same('PING');
    same('EXISTS n');
    same('ZADD k 1 a');
    on('a').receives(2);
    same('ZADD k 2 b');
    on('a').receives(2);
    same('GET n');
  });

  test('CLIENT UNBLOCK ends a wait, with or without an error', (verbs) => {
    const { on, same } = verbs;
    on('a').keeps('id', 'CLIENT ID');
    waits(verbs, 'a', 'BZPOPMIN k 0');
    same('CLIENT UNBLOCK {id}');
    on('a').receives();
    waits(verbs, 'a', 'BZMPOP 0 1 k MIN');
    same('CLIENT UNBLOCK {id} TIMEOUT');
    on('a').receives();
    waits(verbs, 'a', 'BZPOPMAX k l 0');
    same('CLIENT UNBLOCK {id} ERROR');
    on('a').receives();
    same('ZADD k 1 a');
    on('a').same('PING');
    same('ZCARD k');
  });

  test('a client that is gone takes nothing', (verbs) => {
    const { on, same } = verbs;
    on('a').keeps('id', 'CLIENT ID');
    waits(verbs, 'a', 'BZPOPMIN k 0');
    waits(verbs, 'b', 'BZPOPMAX k 0');
    same('CLIENT KILL ID {id}');
    same('ZADD k 1 a 2 b');
    on('b').receives();
    same('ZRANGE k 0 -1');
  });

  test('keys are found between timeout and options', ({ same }) => {
    same('COMMAND GETKEYS BZPOPMIN a b 0');
    same('COMMAND GETKEYS BZMPOP 0 2 a b MIN COUNT 3');
    same('COMMAND GETKEYSANDFLAGS BZMPOP 0 1 a MAX');
  });
});
