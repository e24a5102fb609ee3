/** Clients that wait for a key: who is served, in which order, with what. */

import { conformance, type Verbs } from './harness.ts';

/** Lets `client` send a command that blocks, and makes sure that it waits before the test goes on. */
function waits({ on, same }: Verbs, client: string, line: string): void {
  on(client).sends(line);
  // Replies leave when all that had arrived has been run.
  same('PING');
}

conformance('blocking', ({ test }) => {
  test('what is there is taken at once', ({ same, fails }) => {
    same('RPUSH a 1 2 3');
    same('RPUSH b x y z');
    same('BLPOP none a b 0');
    same('BRPOP none b a 1.5');
    same('BLMOVE a b LEFT RIGHT 0');
    same('BRPOPLPUSH b a 1');
    same('BLMPOP 0 3 none a b LEFT COUNT 10');
    same('LRANGE b 0 -1');
    same('BLMPOP 0 2 none b RIGHT');
    same('BLPOP b 0');
    same('DBSIZE');
    same('SET s v');
    fails('BLPOP s 0');
    fails('BLPOP none s a 0');
    fails('BLMOVE s a LEFT LEFT 0');
    fails('BRPOPLPUSH s a 0');
    fails('BLMPOP 0 1 s LEFT');
    same('RPUSH a 1');
    same('BLPOP a s 0');
    same('RPUSH a 1');
    fails('BLMOVE a s LEFT LEFT 0');
    same('LRANGE a 0 -1');
  });

  test('timeouts are numbers of seconds', ({ same, fails, since }) => {
    for (const command of ['BLPOP k', 'BRPOP k', 'BLMOVE k d LEFT LEFT', 'BRPOPLPUSH k d']) {
      same(`${command} 0.01`);
      same(`${command} 1e-9`);
      for (const bad of ['-1', 'x', 'nan', '-inf', '-0.5', '""', '1x']) {
        fails(`${command} ${bad}`);
      }
      for (const bad of ['inf', '1e300', '9223372036854775807', '9223372036854775']) {
        since('7.2.0').fails(`${command} ${bad}`);
      }
    }
    same('BLMPOP 0.01 2 k l LEFT');
    fails('BLMPOP x 2 k l LEFT');
    fails('BLMPOP -1 2 k l LEFT');
    fails('BLMPOP 0.01 0 k LEFT');
    fails('BLMPOP 0.01 3 k LEFT');
    fails('BLMPOP x 0 k LEFT');
    fails('BLMPOP -1 1 k UP');
    fails('BLMPOP 0.01 1 k UP');
    fails('BLMPOP 0.01 1 k LEFT COUNT 0');
    fails('BLMPOP 0.01 1 k LEFT COUNT');
    fails('BLMOVE k d UP LEFT 0');
    fails('BLMOVE k d UP LEFT x');
    fails('BLMOVE k d LEFT LEFT x');
    fails('BLPOP 0');
    fails('BLPOP');
  });

  test('who came first is served first', (verbs) => {
    const { on, same } = verbs;
    waits(verbs, 'a', 'BLPOP k 0');
    waits(verbs, 'b', 'BRPOP other k 0');
    waits(verbs, 'c', 'BLMPOP 0 2 k other LEFT COUNT 5');
    same('RPUSH k 1');
    on('a').receives();
    same('RPUSH k 2 3');
    on('b').receives();
    on('c').receives();
    same('EXISTS k other');
    same('RPUSH k 4');
    same('LRANGE k 0 -1');
  });

  test('each is served what is there when its turn comes', (verbs) => {
    const { on, same } = verbs;
    waits(verbs, 'a', 'BLPOP k 0');
    waits(verbs, 'b', 'BLPOP k 0');
    waits(verbs, 'c', 'BRPOP k 0');
    same('RPUSH k 1 2 3 4 5');
    on('a').receives();
    on('b').receives();
    on('c').receives();
    same('LRANGE k 0 -1');
  });

  test('LPUSH of several is seen whole', (verbs) => {
    const { on, same } = verbs;
    waits(verbs, 'a', 'BLPOP k 0');
    same('LPUSH k a b c');
    on('a').receives();
    same('LRANGE k 0 -1');
  });

  test('moves feed one another', (verbs) => {
    const { on, same } = verbs;
    waits(verbs, 'a', 'BLMOVE one two LEFT RIGHT 0');
    waits(verbs, 'b', 'BRPOPLPUSH two three 0');
    waits(verbs, 'c', 'BLPOP three 0');
    same('RPUSH one x');
    on('a').receives();
    on('b').receives();
    on('c').receives();
    same('DBSIZE');
    waits(verbs, 'a', 'BLMOVE ring ring LEFT RIGHT 0');
    same('RPUSH ring 1 2 3');
    on('a').receives();
    same('LRANGE ring 0 -1');
  });

  test('a move to a key of another type fails, and what was pushed stays', (verbs) => {
    const { on, same } = verbs;
    same('SET d v');
    waits(verbs, 'a', 'BLMOVE k d LEFT LEFT 0');
    waits(verbs, 'b', 'BLPOP k 0');
    same('RPUSH k 1');
    on('a').receives();
    on('b').receives();
    same('EXISTS k');
  });

  test('a key of another type does not end the wait', (verbs) => {
    const { on, same } = verbs;
    waits(verbs, 'a', 'BLPOP k 0');
    same('SET k v');
    same('APPEND k w');
    same('DEL k');
    same('RPUSH k 1');
    on('a').receives();
  });

  test('a list that comes by another name, a copy, from a database or by a swap', (verbs) => {
    const { on, same } = verbs;
    same('RPUSH src 1 2 3 4');
    waits(verbs, 'a', 'BLPOP k 0');
    same('COPY src k');
    on('a').receives();
    same('DEL k');
    waits(verbs, 'a', 'BLPOP k 0');
    same('RENAME src k');
    on('a').receives();
    on('other').same('SELECT 1');
    waits(verbs, 'other', 'BLPOP k 0');
    same('MOVE k 1');
    on('other').receives();
    waits(verbs, 'a', 'BLPOP k 0');
    same('SWAPDB 0 1');
    on('a').receives();
    same('LRANGE k 0 -1');
  });

  test('what was sent behind a command that waits is run after it', (verbs) => {
    const { on, same } = verbs;
    on('a').sends('BLPOP k 0');
    on('a').sends('INCR n');
    on('a').sends('BLPOP k 0');
    on('a').sends('INCR n');
    same('PING');
    same('EXISTS n');
    same('RPUSH k 1');
    on('a').receives(2);
    same('RPUSH k 2');
    on('a').receives(2);
    same('GET n');
  });

  test('CLIENT UNBLOCK ends a wait, with or without an error', (verbs) => {
    const { on, same, keeps } = verbs;
    on('a').keeps('id', 'CLIENT ID');
    keeps('own', 'CLIENT ID');
    waits(verbs, 'a', 'BLPOP k 0');
    same('CLIENT UNBLOCK {id}');
    on('a').receives();
    waits(verbs, 'a', 'BLMOVE k d LEFT LEFT 0');
    same('CLIENT UNBLOCK {id} TIMEOUT');
    on('a').receives();
    waits(verbs, 'a', 'BLMPOP 0 1 k LEFT');
    same('CLIENT UNBLOCK {id} ERROR');
    on('a').receives();
    same('CLIENT UNBLOCK {id}');
    same('CLIENT UNBLOCK {own}');
    same('RPUSH k 1');
    on('a').same('PING');
    same('LLEN k');
  });

  test('a client that is gone takes nothing', (verbs) => {
    const { on, same } = verbs;
    on('a').keeps('id', 'CLIENT ID');
    waits(verbs, 'a', 'BLPOP k 0');
    waits(verbs, 'b', 'BLPOP k 0');
    same('CLIENT KILL ID {id}');
    same('RPUSH k 1');
    on('b').receives();
    same('EXISTS k');
  });

  test('a wait is not counted as idle, and shows', (verbs) => {
    const { on, same, judge } = verbs;
    waits(verbs, 'a', 'BLPOP k l 0');
    judge('CLIENT LIST', (ours) =>
      /flags=b .*cmd=blpop/.test(ours.text ?? '') ? undefined : 'no client is shown as waiting',
    );
    judge('INFO clients', (ours, theirs) => {
      const [here, there] = [ours, theirs].map(
        ({ text }) => /blocked_clients:\d+/.exec(text ?? '')?.[0],
      );
      return here === there ? undefined : `${here} is not ${there}`;
    });
    same('RPUSH l 1');
    on('a').receives();
  });
});
