/** CLIENT TRACKING: who is told that a key is not what it was, and when. */

import type { Tree } from '../support/resp-client.ts';
import { conformance, type Verbs } from './harness.ts';

/** The oracle's numbers of clients are its own: {id} stands for that of `name`. */
function listens({ on }: Verbs, name: string): Verbs {
  const listener = on(name);
  listener.keeps('id', 'CLIENT ID');
  listener.sends('SUBSCRIBE __redis__:invalidate');
  listener.receives();
  return listener;
}

conformance('tracking', ({ test }) => {
  test(
    'a key that was read and changes is told of once',
    ({ on, same }) => {
      const x = on('x');
      x.same('CLIENT TRACKING ON');
      same('SET k 1');
      x.same('GET k');
      same('SET k 2');
      x.receives();
      same('SET k 3');
      x.same('GET none');
      x.same('MGET k none');
      same('DEL k');
      x.receives();
      same('SET none x');
      x.receives();
      same('SADD s a b');
      x.same('SMISMEMBER s a');
      x.same('EXISTS s');
      same('EXPIRE s 100');
      x.receives();
      x.same('STRLEN none');
      same('RENAME none other');
      x.receives();
      x.fails('LLEN s');
      same('SREM s a b');
      x.receives();
      x.same('PING');
    },
    { resp: 3 },
  );

  test(
    'who changes a key is told behind the reply',
    ({ same, sends, receives }) => {
      same('CLIENT TRACKING ON');
      same('SET k 1');
      same('GET k');
      sends('INCR k');
      receives(2);
      same('GET k');
      same('SET l 1');
      same('GET l');
      same('MULTI');
      same('INCR k');
      same('GET l');
      same('DEL k l');
      sends('EXEC');
      receives(3);
      same('GET k');
      sends('FLUSHDB');
      receives(2);
      same('MULTI');
      same('FLUSHALL');
      sends('EXEC');
      receives(2);
      same('PING');
    },
    { resp: 3 },
  );

  test(
    'NOLOOP leaves out what the client changes itself',
    ({ on, same }) => {
      same('CLIENT TRACKING ON NOLOOP');
      same('MGET a b');
      same('SET a 1');
      on('x').same('SET a 2');
      on('x').same('SET b 2');
      on('r').same('PING');
      same('CLIENT TRACKINGINFO');
    },
    { resp: 3 },
  );

  test('another connection is told instead', (verbs) => {
    const { on, same } = verbs;
    const r = listens(verbs, 'r');
    same(['CLIENT', 'TRACKING', 'ON', 'REDIRECT', '{id}']);
    same('GET k');
    on('x').same('SET k 1');
    r.receives();
    same('GET k');
    same('GET l');
    same('SET k 2');
    r.receives();
    on('x').same('FLUSHALL');
    r.receives();
    same('CLIENT TRACKING OFF');
    same('CLIENT GETREDIR');
  });

  test('BCAST tells of all keys with a prefix', (verbs) => {
    const { on, same, fails, judge } = verbs;
    // All but the number of the other client.
    const info = (): void =>
      judge('CLIENT TRACKINGINFO', (ours, theirs) => {
        const of = (tree: Tree): string => JSON.stringify([tree.items?.[1], tree.items?.[5]]);
        return of(ours) === of(theirs) ? undefined : `${of(ours)} for ${of(theirs)}`;
      });
    const r = listens(verbs, 'r');
    same(['CLIENT', 'TRACKING', 'ON', 'REDIRECT', '{id}', 'BCAST']);
    on('x').same('MSET b 1 a 2 c 3');
    r.receives();
    same('SET k v');
    r.receives();
    fails('CLIENT TRACKING ON');
    same('CLIENT TRACKING OFF');
    same(['CLIENT', 'TRACKING', 'ON', 'REDIRECT', '{id}', 'BCAST', 'PREFIX', 'a:', 'PREFIX', 'b:']);
    on('x').same('MULTI');
    for (const key of ['b:2', 'a:1', 'b:1', 'c:1', 'a', 'a:']) on('x').same(`INCR ${key}`);
    on('x').same('EXEC');
    r.receives(2);
    info();
    same(['CLIENT', 'TRACKING', 'ON', 'REDIRECT', '{id}', 'BCAST', 'PREFIX', 'c:', 'NOLOOP']);
    same('SET c:1 x');
    on('x').same('SET c:2 x');
    r.receives();
    info();
    same('RESET');
    same('CLIENT TRACKINGINFO');
    on('x').same('SET c:2 x');
    r.sends('UNSUBSCRIBE');
    r.receives();
  });

  test(
    'OPTIN and OPTOUT depend on CLIENT CACHING',
    ({ on, same, fails }) => {
      same('CLIENT TRACKING ON OPTIN');
      same('GET k');
      same('CLIENT CACHING YES');
      same('CLIENT TRACKINGINFO');
      same('GET l');
      same('GET m');
      on('x').same('MSET k 1 m 1 l 1');
      same('CLIENT CACHING YES');
      same('MULTI');
      same('GET k');
      same('GET m');
      same('EXEC');
      same('CLIENT TRACKINGINFO');
      on('x').same('MSET k 1 m 1 l 1');
      same('CLIENT CACHING YES');
      same('PING');
      same('GET k');
      same('CLIENT CACHING YES');
      fails('GET');
      same('GET k');
      same('CLIENT CACHING YES');
      fails('NONE');
      same('GET k');
      on('x').same('SET k 1');
      fails('CLIENT CACHING NO');
      fails('CLIENT TRACKING ON OPTOUT');
      same('CLIENT TRACKING OFF');
      fails('CLIENT CACHING YES');
      same('CLIENT TRACKING ON OPTOUT');
      fails('CLIENT CACHING YES');
      fails('CLIENT CACHING x');
      same('CLIENT CACHING NO');
      same('CLIENT TRACKINGINFO');
      same('GET k');
      same('GET l');
      on('x').same('MSET k 1 l 1');
      same('PING');
    },
    { resp: 3 },
  );

  test('options that do not go together are refused', ({ on, same, fails }) => {
    fails('CLIENT TRACKING ON REDIRECT 999999999');
    fails('CLIENT TRACKING ON REDIRECT x');
    on('r').keeps('id', 'CLIENT ID');
    fails(['CLIENT', 'TRACKING', 'ON', 'REDIRECT', '{id}', 'REDIRECT', '{id}']);
    fails('CLIENT TRACKING ON PREFIX a');
    fails('CLIENT TRACKING ON PREFIX');
    fails('CLIENT TRACKING ON REDIRECT');
    fails('CLIENT TRACKING ON BCAST OPTIN');
    fails('CLIENT TRACKING ON BCAST OPTOUT');
    fails('CLIENT TRACKING ON OPTIN OPTOUT');
    fails('CLIENT TRACKING x');
    fails('CLIENT TRACKING ON x');
    fails('CLIENT TRACKING OFF PREFIX');
    same('CLIENT TRACKING OFF NOLOOP');
    fails('CLIENT TRACKING');
    fails('CLIENT TRACKING ON BCAST PREFIX foobar PREFIX foo');
    fails('CLIENT TRACKING ON BCAST PREFIX foo PREFIX foobar');
    same('CLIENT TRACKING ON BCAST PREFIX foo PREFIX bar');
    fails('CLIENT TRACKING ON BCAST PREFIX fo');
    fails('CLIENT TRACKING ON BCAST PREFIX barb');
    same('CLIENT TRACKING ON BCAST PREFIX q PREFIX z');
    same('CLIENT TRACKINGINFO');
    same('CLIENT TRACKING OFF');
    fails('CLIENT CACHING');
    fails('CLIENT GETREDIR x');
    fails('CLIENT TRACKINGINFO x');
  });

  test(
    'who is told by one that is gone learns of it',
    ({ on, same }) => {
      on('r').keeps('id', 'CLIENT ID');
      same(['CLIENT', 'TRACKING', 'ON', 'REDIRECT', '{id}']);
      same('GET k');
      on('r').same('QUIT');
      on('r').closes();
      on('x').same('SET k 1');
      same('PING');
      same('SET k 2');
    },
    { resp: 3 },
  );

  test(
    'pushes reach who wants no replies',
    ({ on, same, sends, receives }) => {
      same('CLIENT TRACKING ON');
      same('GET k');
      sends('CLIENT REPLY OFF');
      sends('PING');
      on('x').same('SET k 1');
      receives();
      same('CLIENT REPLY ON');
    },
    { resp: 3 },
  );

  test(
    'what is tracked is counted',
    ({ on, same, judge }) => {
      const counts = (line: string, wanted: RegExp): void =>
        judge(line, (ours, theirs) => {
          const [a, b] = [ours, theirs].map(({ text }) => (text ?? '').match(wanted)?.join());
          return a === b ? undefined : `${a} for ${b}`;
        });
      same('FLUSHALL');
      same('CLIENT TRACKING ON');
      same('MGET a b c');
      on('x').same('CLIENT TRACKING ON');
      on('x').same('GET b');
      on('y').same('CLIENT TRACKING ON BCAST PREFIX p PREFIX q');
      counts('INFO stats', /^tracking_\w+:\d+/gm);
      counts('INFO clients', /^tracking_clients:\d+/gm);
      counts('CLIENT LIST', / flags=\w+/g);
      same('SET b 1');
      counts('INFO stats', /^tracking_\w+:\d+/gm);
      same('CONFIG SET tracking-table-max-keys 1');
      same('PING');
      counts('INFO stats', /^tracking_\w+:\d+/gm);
      same('CONFIG SET tracking-table-max-keys 1000000');
      same('FLUSHALL');
      counts('INFO stats', /^tracking_\w+:\d+/gm);
      same('CLIENT TRACKING OFF');
      on('x').same('CLIENT TRACKING OFF');
      on('y').same('CLIENT TRACKING OFF');
      counts('INFO stats', /^tracking_\w+:\d+/gm);
      counts('INFO clients', /^tracking_clients:\d+/gm);
    },
    { resp: 2 },
  );

  test(
    'a script reads for the client that runs it',
    ({ on, same, sends, receives }) => {
      same('CLIENT TRACKING ON');
      same('EVAL', "redis.call('set', 'a', 'x')", 2, 'k', 'l');
      on('x').same('MSET k 1 l 1 a 1');
      same('EVAL', "redis.call('get', 'l')", 2, 'k', 'l');
      same('EVAL_RO', "return redis.call('get', 'k')", 1, 'k');
      on('x').same('MSET k 2 a 2');
      same('EVAL_RO', "return redis.call('ping')", 1, 'a');
      on('x').same('SET a 3');
      sends('EVAL', "return redis.call('set', 'l', 'y')", 1, 'l');
      receives(2);
      same('PING');
    },
    { resp: 3 },
  );

  test(
    'keys that expire are told of',
    ({ same, on }) => {
      same('DEBUG SET-ACTIVE-EXPIRE 0');
      same('SET k v PX 1');
      same('CLIENT TRACKING ON');
      same('SET l v PX 30');
      same('GET l');
      same('DEBUG SLEEP 0.05');
      on('x').same('GET l');
      same('PING');
      same('GET l');
      same('DEBUG SET-ACTIVE-EXPIRE 1');
    },
    { resp: 3 },
  );
});
