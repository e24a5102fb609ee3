/** Channels, patterns, shard channels, and what is told of keys. */

import { conformance, type Verbs } from './harness.ts';

/** Sends a request that is answered by `count` messages. */
function hears({ sends, receives }: Verbs, line: string, count = 1): void {
  sends(line);
  receives(count);
}

conformance('pubsub', ({ test }) => {
  test('a message reaches who listens, and PUBLISH says how many', ({ on, same }) => {
    same('PUBLISH a nobody');
    hears(on('x'), 'SUBSCRIBE a');
    hears(on('y'), 'SUBSCRIBE a b a', 3);
    hears(on('z'), 'PSUBSCRIBE a*');
    hears(on('w'), 'PSUBSCRIBE ?');
    same('PUBLISH a one');
    on('x').receives();
    on('y').receives();
    on('z').receives();
    on('w').receives();
    same('PUBLISH b ""');
    on('y').receives();
    on('w').receives();
    same(['PUBLISH', 'abc\xff\0', '\r\n\xfe']);
    on('z').receives();
    same('PUBLISH nothing x');
    hears(on('y'), 'UNSUBSCRIBE a');
    same('PUBLISH a two');
    on('x').receives();
    on('z').receives();
    on('w').receives();
  });

  test('what is not listened to can be left, one by one or all at once', ({ on, same }) => {
    hears(on('x'), 'UNSUBSCRIBE');
    hears(on('x'), 'PUNSUBSCRIBE');
    hears(on('x'), 'SUNSUBSCRIBE');
    hears(on('x'), 'UNSUBSCRIBE a b', 2);
    hears(on('x'), 'SUBSCRIBE a');
    hears(on('x'), 'PSUBSCRIBE p');
    hears(on('x'), 'SSUBSCRIBE s');
    hears(on('x'), 'UNSUBSCRIBE b');
    hears(on('x'), 'UNSUBSCRIBE');
    hears(on('x'), 'PUNSUBSCRIBE');
    hears(on('x'), 'SUNSUBSCRIBE');
    on('x').same('GET k');
    same('PUBSUB NUMPAT');
    same('PUBSUB CHANNELS');
  });

  test('shard channels are a world of their own', ({ on, same, fails }) => {
    hears(on('x'), 'SSUBSCRIBE a b', 2);
    hears(on('y'), 'SUBSCRIBE a');
    hears(on('z'), 'PSUBSCRIBE *');
    same('SPUBLISH a m');
    on('x').receives();
    same('PUBLISH a n');
    on('y').receives();
    on('z').receives();
    same('PUBSUB SHARDNUMSUB a b c');
    same('PUBSUB SHARDNUMSUB');
    same('PUBSUB SHARDCHANNELS b*');
    same('PUBSUB NUMSUB a b');
    hears(on('x'), 'SUNSUBSCRIBE a');
    same('SPUBLISH a m');
    same('SPUBLISH b m');
    on('x').receives();
    fails('SPUBLISH a');
    fails('PUBLISH a');
    fails('PUBLISH a b c');
    fails('SUBSCRIBE');
    fails('PSUBSCRIBE');
    fails('SSUBSCRIBE');
  });

  test('PUBSUB tells who listens', ({ on, same, unordered, fails, help }) => {
    same('PUBSUB CHANNELS');
    same('PUBSUB NUMSUB');
    same('PUBSUB NUMSUB none');
    hears(on('x'), 'SUBSCRIBE foo bar', 2);
    hears(on('y'), 'SUBSCRIBE foo');
    hears(on('y'), 'PSUBSCRIBE f* b*', 2);
    hears(on('x'), 'PSUBSCRIBE f*');
    unordered('PUBSUB CHANNELS');
    same('PUBSUB CHANNELS f*');
    same('PUBSUB CHANNELS [b]ar');
    same('PUBSUB CHANNELS x');
    same('PUBSUB NUMSUB foo bar none foo');
    same('PUBSUB NUMPAT');
    same('PUBSUB SHARDCHANNELS');
    fails('PUBSUB CHANNELS a b');
    fails('PUBSUB SHARDCHANNELS a b');
    fails('PUBSUB NUMPAT x');
    fails('PUBSUB NONE');
    fails('PUBSUB');
    help('PUBSUB HELP');
  });

  test(
    'who listens in RESP2 may do little else',
    ({ on }) => {
      const x = on('x');
      hears(x, 'SUBSCRIBE a');
      x.fails('GET k');
      x.fails('PUBLISH a m');
      x.fails('MULTI');
      x.fails('CLIENT ID');
      x.fails('HELLO 3');
      x.fails('NONE');
      x.same('PING');
      x.same('PING hi');
      hears(x, 'PSUBSCRIBE b');
      hears(x, 'UNSUBSCRIBE', 1);
      x.same('PING');
      hears(x, 'PUNSUBSCRIBE', 1);
      x.same('PING');
      x.same('SET k v');
      hears(x, 'SSUBSCRIBE s');
      x.fails('GET k');
      x.same('RESET');
      x.same('GET k');
    },
    { resp: 2 },
  );

  test(
    'who listens in RESP3 may do everything',
    ({ on, same, since }) => {
      const x = on('x');
      hears(x, 'SUBSCRIBE a');
      x.same('SET k v');
      x.same('PING');
      x.same('PING hi');
      same('PUBLISH a m');
      x.receives();
      // Since 7.2 what a client is told while its own request runs comes behind the reply.
      const later = since('7.2.0').on('x');
      later.sends('PUBLISH a own');
      later.receives(2);
      later.sends('MULTI');
      later.sends('PUBLISH a one');
      later.sends('PUBLISH a two');
      later.sends('EXEC');
      later.receives(6);
    },
    { resp: 3 },
  );

  test('subscribing inside a transaction', ({ on, same, sends, receives }) => {
    same('MULTI');
    same('SUBSCRIBE a b');
    same('PSUBSCRIBE p');
    sends('EXEC');
    receives(1);
    hears(on('y'), 'SUBSCRIBE z');
    on('y').sends('UNSUBSCRIBE');
    on('y').receives();
  });

  test('shard channels can not be listened to from inside a transaction', ({ same }) => {
    same('MULTI');
    same('SSUBSCRIBE a');
    same('UNSUBSCRIBE');
    same('EXEC');
  });

  test('CLIENT LIST and CLIENT KILL know who listens', ({ on, judge, same }) => {
    hears(on('x'), 'SUBSCRIBE a b', 2);
    hears(on('x'), 'PSUBSCRIBE p');
    hears(on('x'), 'SSUBSCRIBE s');
    judge('CLIENT LIST TYPE PUBSUB', (ours, theirs) => {
      const said = (tree: unknown): string =>
        /flags=(\S+) db=0 (sub=\d+ psub=\d+ ssub=\d+)/.exec(JSON.stringify(tree))?.[0] ?? '';
      return said(ours) === said(theirs) && said(ours) !== '' ? undefined : said(ours);
    });
    same('CLIENT KILL TYPE pubsub SKIPME yes');
    on('x').closes();
    same('PUBSUB NUMPAT');
    same('CLIENT LIST TYPE pubsub');
  });

  test('confirmations come even to who wants no replies', ({ on, same }) => {
    on('x').sends('CLIENT REPLY OFF');
    hears(on('x'), 'SUBSCRIBE a');
    same('PUBLISH a m');
    on('x').receives();
    on('x').sends('UNSUBSCRIBE a');
    on('x').receives();
    on('x').sends('CLIENT REPLY ON');
    on('x').receives();
  });
});

conformance('notifications', ({ test }) => {
  const all = 'KEA';

  test('changes of keys are told by key and by event', ({ on, same }) => {
    same(`CONFIG SET notify-keyspace-events ${all}`);
    hears(on('x'), 'PSUBSCRIBE __key*');
    for (const [line, count] of [
      ['SET k v', 2],
      ['SET k v EX 100', 4],
      ['GET k', 0],
      ['GET none', 0],
      ['APPEND k w', 2],
      ['INCR n', 2],
      ['EXPIRE n 100', 2],
      ['PERSIST n', 2],
      ['RENAME n m', 4],
      ['COPY m o', 2],
      ['MOVE o 1', 4],
      ['DEL k none m', 4],
      ['LPUSH l a b c', 2],
      ['LPOP l 2', 2],
      ['LMOVE l r LEFT RIGHT', 6],
      ['HSET h f v', 2],
      ['HDEL h f', 4],
      ['SADD s a b', 2],
      ['SREM s a b', 4],
      ['ZADD z 1 a 2 b', 2],
      ['ZINCRBY z 1 a', 2],
      ['ZPOPMIN z 5', 4],
      ['SETRANGE g 3 x', 2],
      ['PFADD p a', 2],
      ['MSET a 1 b 2', 4],
    ] as const) {
      same(line);
      if (count > 0) on('x').receives(count);
    }
    same('SELECT 1');
    same('SET in1 v');
    on('x').receives(2);
    same('CONFIG SET notify-keyspace-events ""');
  });

  test('classes choose what is told', ({ on, same, fails }) => {
    hears(on('x'), 'PSUBSCRIBE *');
    same('CONFIG SET notify-keyspace-events E$');
    same('SET k v');
    on('x').receives();
    same('LPUSH l a');
    same('DEL k');
    same('CONFIG SET notify-keyspace-events Klg');
    same('LPUSH l a');
    on('x').receives();
    same('DEL l');
    on('x').receives();
    same('CONFIG SET notify-keyspace-events A');
    same('SET k v');
    same('CONFIG SET notify-keyspace-events KEn');
    same('SET k v');
    same('SET new v');
    on('x').receives(2);
    same('RPUSH newlist v');
    on('x').receives(2);
    same('RPUSH newlist v');
    same('RENAME newlist other');
    on('x').receives(2);
    same('COPY other third');
    on('x').receives(2);
    same('CONFIG SET notify-keyspace-events Em');
    same('GET none');
    on('x').receives();
    same('MGET none k gone');
    on('x').receives(2);
    for (const line of ['LLEN none', 'TYPE none', 'TTL none', 'EXISTS none', 'TOUCH none']) {
      same(line);
      on('x').receives();
    }
    same('OBJECT ENCODING none');
    same('SET none2 v');
    same('CONFIG GET notify-keyspace-events');
    fails('CONFIG SET notify-keyspace-events Q');
    same('CONFIG SET notify-keyspace-events ""');
    same('PING');
  });

  test('a key that expires is told of when it does', ({ on, same }) => {
    same('CONFIG SET notify-keyspace-events Ex');
    hears(on('x'), 'PSUBSCRIBE *');
    same('SET k v PX 1');
    on('x').receives();
    same('CONFIG SET notify-keyspace-events ""');
  });
});
